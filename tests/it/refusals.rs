//! What cannot work is refused before it does harm: by `check` as by `serve`, with a sentence and
//! the line.

use std::{
    fs::{self, OpenOptions},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
};

use crate::support::{
    installation::{Installation, both, skrynka},
    registries,
};

#[test]
fn check_and_serve_refuse_the_same_configuration() {
    let installation = Installation::new(registries::SCHOOL);
    let config = installation.config_file();
    let good = fs::read_to_string(&config).unwrap();
    for (key, value, sentence) in [
        ("hostname = ", "hostname = \"\"", "[smtp] hostname is the name that the MX record"),
        ("hostname = ", "hostname = \"a.ua\\r\\nb\"", "is no host name"),
        ("hostname = ", "hostname = \"пошта.ua\"", "in ASCII as the DNS has it"),
        ("directory = \"data/spool\"", "limits.segment_bytes = 0", "segment_bytes is from 65536"),
        (
            "directory = \"data/objects\"",
            "directory = \"s3://copies\"",
            "[vault] directory is a path",
        ),
        ("quarantine_days = ", "quarantine_days = 0", "[retention] quarantine_days is from 1"),
        ("revocation = ", "fetch_max_bytes = 1", "[signatures] fetch_max_bytes is from 1024"),
    ] {
        let line = good.lines().position(|line| line.starts_with(key)).unwrap() + 1;
        let lines = good.lines().map(|line| if line.starts_with(key) { value } else { line });
        fs::write(&config, lines.collect::<Vec<_>>().join("\n")).unwrap();
        for command in ["check", "serve", "user"] {
            let arguments: &[&str] = if command == "user" { &["user", "list"] } else { &[command] };
            let refused = installation.run(arguments, "");
            assert_eq!(refused.status.code(), Some(1), "{command}: {value}");
            let words = both(&refused);
            assert!(words.contains(sentence), "{words}");
            assert!(words.contains(&format!("skrynka.toml, line {line}: ")), "{words}");
        }
    }
    assert!(!installation.path().join("s3:").exists());
}

#[test]
fn check_says_where_the_server_could_not_listen_or_write() {
    let installation = Installation::new(registries::SCHOOL);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let file = installation.path().join("a-file");
    fs::write(&file, "").unwrap();
    for (variable, value, sentence) in [
        ("SKRYNKA_METRICS__LISTEN", "192.0.2.1:0", "PROBLEM  nobody can listen on 192.0.2.1:0"),
        ("SKRYNKA_METRICS__LISTEN", &taken, "is in use: by the running server"),
        (
            "SKRYNKA_SMTP__LMTP",
            "[\"no/such/socket\"]",
            "PROBLEM  [smtp] lmtp: there is no directory",
        ),
        ("SKRYNKA_SPOOL__DIRECTORY", "a-file/spool", "which [spool] names: not a directory"),
    ] {
        let config = installation.config_file();
        let shown = skrynka().args(["check", "-c"]).arg(config).env(variable, value).output();
        let shown = both(&shown.unwrap());
        assert!(shown.contains(sentence), "{variable}: {shown}");
    }
}

#[test]
fn a_file_with_the_database_s_url_is_not_for_everybody() {
    let installation = Installation::new(registries::SCHOOL);
    let file = installation.path().join("url");
    let database = installation.path().join("data/skrynka.db");
    fs::write(&file, format!("sqlite:{}\n", database.display())).unwrap();
    let config = installation.config_file();
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("url = \"sqlite:data/skrynka.db\"", "url_file = \"url\""))
        .unwrap();
    let run = |mode| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        installation.run(&["user", "list"], "")
    };
    for mode in [0o644, 0o604, 0o602] {
        let refused = run(mode);
        assert_eq!(refused.status.code(), Some(1));
        assert!(both(&refused).contains("chmod 640"), "{}", both(&refused));
    }
    for mode in [0o600, 0o640] {
        assert!(run(mode).status.success(), "{mode:o}");
    }
}

#[test]
fn what_cannot_be_written_fails_the_command() {
    let installation = Installation::new(registries::SCHOOL);
    let config = installation.config_file();
    let file = config.to_str().unwrap();
    let add = ["token", "add", "-c", file, "lost", "--scope", "shares:read", "--all-branches"];
    for arguments in [
        &["--help"][..],
        &["policy", "show"],
        &["check", "-c", file],
        &["user", "list", "-c", file],
        &["registry", "export", "-c", file, "-"],
        &add,
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = skrynka().args(arguments).stdout(full).output().unwrap();
        let words = both(&ended);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(words.contains("cannot be written: No space left"), "{arguments:?}: {words}");
    }
    // Whoever reads has gone: that is no failure, unless something was to be shown once.
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let ended = skrynka().args(["policy", "show"]).stdout(gone()).output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", both(&ended));
    let ended = skrynka().args(add).stdout(gone()).output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", both(&ended));
    assert!(both(&ended).contains("the token is not made"), "{}", both(&ended));
    let tokens = both(&installation.run(&["token", "list"], ""));
    assert!(!tokens.contains("lost"), "{tokens}");
}
