//! The command line from the outside: the first steps of a newcomer, and what each mistake says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::support::{
    installation::{Installation, Server, both, skrynka, wait_for},
    registries::SCHOOL,
};

#[test]
fn every_subcommand_explains_itself_with_an_example() {
    for command in [
        "check", "clock", "demo", "init", "policy", "purge", "registry", "send", "serve", "token",
        "trust", "user", "verify",
    ] {
        let shown = skrynka().args([command, "--help"]).output().unwrap();
        let words = both(&shown);
        assert!(shown.status.success() && words.contains("Example"), "{command}: {words}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [&["verify"][..], &["serve", "--port"], &["nonsense"], &[]] {
        let refused = skrynka().args(arguments).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", both(&refused));
    }
}

#[test]
fn a_level_of_the_log_that_is_none_is_refused_and_not_taken_for_silence() {
    let installation = Installation::without_registry();
    let config = installation.config_file();
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[log]\nlevel = \"loud\"\n")).unwrap();
    for command in ["check", "serve"] {
        let refused = installation.run(&[command], "");
        assert_eq!(refused.status.code(), Some(1), "{command}");
        let words = both(&refused);
        assert!(words.contains("«loud» is not a level of the log: write off, error"), "{words}");
        assert!(words.contains("line ") && words.contains("skrynka.toml"), "{words}");
    }
}

#[test]
fn the_algorithm_policy_is_shown_taken_from_a_file_and_its_mistakes_are_named() {
    let installation = Installation::without_registry();
    let own = installation.path().join("policy.toml");
    let plain = installation.path().join("plain.pdf");
    fs::write(&plain, "%PDF-1.7").unwrap();
    let run = |arguments: &[&str]| skrynka().args(arguments).output().unwrap();
    let file = own.to_str().unwrap();

    let shown = run(&["policy", "show"]);
    assert!(shown.status.success());
    let words = both(&shown);
    for line in ["DSTU 4145 from 257 bits", "RSA from 2047 bits", "2028-12-31", "2029-01-01"] {
        assert!(words.contains(line), "{line}: {words}");
    }
    let toml = run(&["policy", "show", "--toml"]).stdout;
    let renamed = String::from_utf8(toml).unwrap().replace("\"Skrynka\"", "\"Ours\"");
    fs::write(&own, &renamed).unwrap();
    assert!(both(&run(&["policy", "show", "--policy", file])).starts_with("Ours, version 1"));
    let report = run(&["verify", "--json", "--policy", file, plain.to_str().unwrap()]);
    assert!(both(&report).contains("\"name\": \"Ours\""), "{}", both(&report));

    fs::write(&own, renamed.replace("accepted_until", "until")).unwrap();
    for arguments in [
        &["verify", "--policy", file, plain.to_str().unwrap()][..],
        &["policy", "show", "--policy", file],
    ] {
        let refused = run(arguments);
        assert!(!refused.status.success());
        assert!(both(&refused).contains("unknown field `until`"), "{}", both(&refused));
        assert!(both(&refused).contains("line "), "{}", both(&refused));
    }
    let missing = both(&run(&["verify", "--policy", "nothing.toml", plain.to_str().unwrap()]));
    assert!(missing.contains("skrynka policy show --toml"), "{missing}");
}

#[test]
fn verify_does_not_pass_over_a_content_that_was_named() {
    let installation = Installation::without_registry();
    let [one, other] = ["one.pdf", "other.pdf"].map(|name| installation.path().join(name));
    for file in [&one, &other] {
        fs::write(file, "%PDF-1.7").unwrap();
    }
    let refused = skrynka().arg("verify").args([Path::new("--content"), &other, &one]).output();
    let refused = refused.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(both(&refused).contains("one.pdf is no signature file"), "{}", both(&refused));
}

#[test]
fn verify_reports_every_file_also_beside_one_that_cannot_be_read() {
    let installation = Installation::without_registry();
    let plain = installation.path().join("plain.pdf");
    fs::write(&plain, "%PDF-1.7").unwrap();
    let missing = installation.path().join("missing.p7s");
    let verify = || {
        let mut command = skrynka();
        command.arg("verify").arg("--json").args([&missing, &plain]);
        command
    };
    let shown = verify().output().unwrap();
    assert_eq!(shown.status.code(), Some(1), "{}", both(&shown));
    let report: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| file["indication"].is_null()), "{report}");
    assert!(String::from_utf8_lossy(&shown.stderr).contains("missing.p7s"));

    for option in ["--trust", "--content"] {
        let refused = verify().arg(option).arg(installation.path().join("no")).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{option}: {}", both(&refused));
    }
}

#[test]
fn init_and_serve_and_send_work_one_after_the_other() {
    let installation = Installation::new(SCHOOL);
    let token = installation.token();
    let server = installation.start();
    let seed = installation.path().join("sample.seed");
    let root = installation.path().join("trust/sample.pem");
    let verdict_on = |id: &str, document: &str| {
        let sent = skrynka()
            .args(["send", "--to", "school@docs.example.ua", "--message-id", id])
            .args(["--server", &server.smtp.to_string(), "--document", document])
            .args([Path::new("--authority"), &seed, Path::new("--root"), &root])
            .output()
            .unwrap();
        assert!(sent.status.success(), "{}", both(&sent));
        verdict(&server, &token, id)
    };
    // The trust directory is read again by itself; the certificate is there once a share is
    // no longer undetermined for the lack of it.
    let mut tries = 0;
    let first = wait_for("the sample authority is trusted", || {
        tries += 1;
        let found = verdict_on(&format!("try-{tries}@mail.example.ua"), "birth-certificate");
        (found != "undetermined").then_some(found)
    });
    assert_eq!(first, "verified");
    assert_eq!(verdict_on("missing@mail.example.ua", "pension-card"), "incomplete");
    assert!(server.stop().success(), "SIGTERM ends the server with exit code 0");
}

#[test]
fn a_directory_with_an_installation_is_left_as_it_is() {
    let installation = Installation::without_registry();
    let before = bytes_of(installation.path());
    let refused = skrynka().arg("init").arg(installation.path()).output().unwrap();
    assert!(!refused.status.success());
    assert!(both(&refused).contains("nothing is changed"), "{}", both(&refused));
    assert_eq!(bytes_of(installation.path()), before);
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let installation = Installation::without_registry();
    let config = installation.config_file();
    let text = fs::read_to_string(&config).unwrap().replace("hostname", "hostnam");
    let line = text.lines().position(|line| line.starts_with("hostnam")).unwrap() + 1;
    fs::write(&config, text).unwrap();
    let refused = installation.run(&["check"], "");
    let words = refuses(&refused);
    assert!(words.contains(&format!("line {line}")) && words.contains("hostnam"), "{words}");
}

#[test]
fn a_certificate_file_that_is_not_one_is_refused() {
    let installation = Installation::without_registry();
    let config = installation.config_file();
    let text = fs::read_to_string(&config).unwrap().replace(
        "hostname =",
        "certificate = \"skrynka.toml\"\nprivate_key = \"master.key\"\nhostname =",
    );
    fs::write(&config, text).unwrap();
    let words = refuses(&installation.run(&["serve"], ""));
    assert!(words.contains("skrynka.toml") && words.contains("certificate"), "{words}");
}

#[test]
fn two_branches_on_one_address_are_refused_by_name() {
    let installation = Installation::without_registry();
    let file = installation.path().join("registry.toml");
    let second = SCHOOL.split("[[branch]]").nth(1).unwrap().replace("\"school\"", "\"library\"");
    fs::write(&file, format!("{SCHOOL}\n[[branch]]{second}")).unwrap();
    let refused = skrynka().args(["registry", "check"]).arg(&file).output().unwrap();
    let words = refuses(&refused);
    for named in ["school@docs.example.ua", "school", "library"] {
        assert!(words.contains(named), "{words}");
    }
}

#[test]
fn what_changes_in_the_registry_is_shown_and_needs_a_yes() {
    let installation = Installation::new(SCHOOL);
    let file = installation.path().join("next.toml");
    fs::write(&file, SCHOOL.replace("retention_days = 90", "retention_days = 30")).unwrap();
    let config = installation.config_file();
    let apply = |yes: &[&str]| {
        skrynka()
            .args(["registry", "apply", "-c"])
            .args([&config, &file])
            .args(yes)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    };
    let asked = apply(&[]);
    assert!(!asked.status.success());
    assert!(both(&asked).contains("--yes") && both(&asked).contains("30"), "{}", both(&asked));
    assert!(exported(&installation).contains("retention_days = 90"));
    assert!(apply(&["--yes"]).status.success());
    assert!(exported(&installation).contains("retention_days = 30"));
    assert!(both(&apply(&["--yes"])).contains("nothing changes"));
}

#[test]
fn an_empty_trust_directory_is_said_loudly() {
    let installation = Installation::new(SCHOOL);
    let server = installation.start();
    assert!(server.log().contains("NO signature can be verified"), "{}", server.log());
    assert!(server.metrics_text().contains("\nskrynka_trust_anchors 0\n"));
    let words = refuses(&installation.run(&["check"], ""));
    assert!(words.contains("no signature can be verified"), "{words}");
}

#[test]
fn a_wrong_master_key_refuses_to_start_and_touches_nothing() {
    let installation = Installation::new(SCHOOL);
    let other = Installation::without_registry();
    installation.start().stop();
    fs::copy(other.path().join("master.key"), installation.path().join("master.key")).unwrap();
    let before = bytes_of(installation.path());
    let words = refuses(&installation.run(&["serve"], ""));
    assert!(words.contains("master key"), "{words}");
    // SQLite may lay empty side files beside the database that it looks into.
    let after = bytes_of(installation.path());
    for (path, bytes) in before {
        assert!(after.get(&path) == Some(&bytes), "{} is not what it was", path.display());
    }
}

#[test]
fn a_database_of_a_newer_version_refuses_to_start() {
    let installation = Installation::new(SCHOOL);
    let database = installation.path().join("data/skrynka.db");
    let added = std::process::Command::new("sqlite3")
        .arg(&database)
        .arg(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
             execution_time) VALUES (99990101000000, 'from the future', 1, x'00', 0)",
        )
        .output()
        .expect("sqlite3 is installed (./ci/test does it)");
    assert!(added.status.success(), "{}", both(&added));
    let words = refuses(&installation.run(&["serve"], ""));
    assert!(words.contains("later version"), "{words}");
}

/// A mistyped path, or a volume that is not mounted: an empty database would refuse all mail for good.
#[test]
fn a_new_database_beside_the_spool_of_another_is_refused() {
    let installation = Installation::new(SCHOOL);
    installation.start().stop();
    let [database, lost] =
        ["skrynka.db", "lost.db"].map(|name| installation.path().join("data").join(name));
    fs::rename(&database, &lost).unwrap();
    let before = bytes_of(installation.path());
    for command in ["serve", "check", "purge"] {
        let words = refuses(&installation.run(&[command], ""));
        let expected = ["there is no database", "data/skrynka.db", "data/spool", "backup"];
        assert!(expected.iter().all(|part| words.contains(part)), "{command}: {words}");
        assert_eq!(bytes_of(installation.path()), before, "{command}");
    }
    fs::rename(&lost, &database).unwrap();
    assert!(installation.start().stop().success());
}

/// An empty spool in the place of one whose volume is not mounted: nobody would judge what is in that.
#[test]
fn another_spool_than_the_installations_own_is_refused() {
    let installation = Installation::new(SCHOOL);
    installation.start().stop();
    let [spool, away] = ["spool", "away"].map(|name| installation.path().join("data").join(name));
    fs::rename(&spool, &away).unwrap();
    let mut marker = String::new();
    for is_empty in [false, true] {
        if is_empty {
            fs::create_dir(&spool).unwrap();
        }
        for command in ["serve", "check"] {
            let words = refuses(&installation.run(&[command], ""));
            assert!(words.contains("data/spool") && words.contains("volume"), "{command}: {words}");
            let line = words.split("skrynka-spool-1 ").nth(1).unwrap();
            marker = format!("skrynka-spool-1 {}\n", line.split_whitespace().next().unwrap());
        }
        assert_eq!(spool.exists(), is_empty);
    }
    // A new one on purpose, as the sentence says.
    fs::write(spool.join("skrynka-spool"), marker).unwrap();
    assert!(installation.start().stop().success());
    fs::remove_dir_all(&spool).unwrap();
    fs::rename(&away, &spool).unwrap();
    assert!(installation.start().stop().success());
}

/// As long as it lies there, whatever is started meanwhile.
#[test]
fn what_was_set_aside_as_damaged_is_told_until_it_is_taken_away() {
    let installation = Installation::new(SCHOOL);
    let aside = installation.path().join("data/spool/0000000001.damaged");
    let server = installation.start();
    assert!(server.metrics_text().contains("\nskrynka_spool_damaged_files 0\n"));
    assert!(server.stop().success());
    fs::write(&aside, "what a mail was").unwrap();
    for _ in 0..2 {
        let server = installation.start();
        assert!(server.metrics_text().contains("\nskrynka_spool_damaged_files 1\n"));
        assert!(server.stop().success());
    }
    let words = refuses(&installation.run(&["check"], ""));
    assert!(words.contains("0000000001.damaged"), "{words}");
    fs::remove_file(&aside).unwrap();
    let words = both(&installation.run(&["check"], ""));
    assert!(!words.contains("damaged"), "{words}");
}

/// A backup in the place of a database, beside what a stop left to be written into that one.
#[test]
fn a_backup_beside_the_log_of_another_database_is_refused() {
    let installation = Installation::new(SCHOOL);
    let [database, backup, log] = ["skrynka.db", "backup.db", "skrynka.db-wal"]
        .map(|name| installation.path().join("data").join(name));
    let copied = std::process::Command::new("sqlite3")
        .arg(&database)
        .arg(format!(
            "CREATE TABLE apart AS SELECT randomblob(9999) AS a, * FROM installation; \
                      VACUUM INTO '{}'; DROP TABLE apart",
            backup.display()
        ))
        .output()
        .expect("sqlite3 is installed (./ci/test does it)");
    assert!(copied.status.success(), "{}", both(&copied));
    let server = installation.start();
    let arguments = ["user", "add", "olena", "--role", "auditor", "--all-branches"];
    let added = installation.run(&arguments, "a long pass phrase\n");
    assert!(added.status.success(), "{}", both(&added));
    server.kill();
    assert!(fs::metadata(&log).unwrap().len() > 0);
    fs::rename(&backup, &database).unwrap();
    for command in ["check", "serve"] {
        let words = refuses(&installation.run(&[command], ""));
        assert!(words.contains("skrynka.db-wal beside it"), "{command}: {words}");
    }
}

/// What is written to a file that has no name is gone with the server.
#[test]
fn a_database_that_is_taken_away_or_replaced_ends_the_server() {
    for replaced in [false, true] {
        let installation = Installation::new(SCHOOL);
        let server = installation.start();
        let [database, lost] =
            ["skrynka.db", "lost.db"].map(|name| installation.path().join("data").join(name));
        fs::rename(&database, &lost).unwrap();
        if replaced {
            fs::copy(&lost, &database).unwrap();
        }
        let status = server.wait();
        assert_eq!(status.code(), Some(70), "{replaced}: {status}");
    }
}

/// What is received while the vault's volume is not mounted waits for it.
#[test]
fn without_its_vault_a_server_takes_mail_and_judges_it_later() {
    let installation = Installation::new(SCHOOL);
    let token = installation.token();
    installation.start().stop();
    let [vault, volume] =
        ["data/objects", "volume"].map(|directory| installation.path().join(directory));
    fs::rename(&vault, &volume).unwrap();
    fs::create_dir(&vault).unwrap();
    let words = refuses(&installation.run(&["check"], ""));
    assert!(words.contains("Mount its volume"), "{words}");
    let server = installation.start();
    let sent = skrynka()
        .args(["send", "--to", "school@docs.example.ua", "--message-id", "1@mail.example.ua"])
        .args(["--server", &server.smtp.to_string(), "--document", "birth-certificate"])
        .output()
        .unwrap();
    assert!(sent.status.success(), "{}", both(&sent));
    server.wait_for_log("the vault is not in", 2);
    let says = |words: &str| {
        let (status, ready) = server.readiness();
        assert_eq!(status, 200, "mail is taken: {ready}");
        ready["checks"]["vault"].as_str().unwrap().contains(words).then_some(())
    };
    wait_for("the vault is missed", || says("not there"));
    assert_eq!(fs::read_dir(&vault).unwrap().count(), 0, "nothing is written");
    fs::remove_dir(&vault).unwrap();
    fs::rename(&volume, &vault).unwrap();
    assert_eq!(verdict(&server, &token, "1@mail.example.ua"), "undetermined");
    wait_for("the vault is there again", || says("ok"));
}

#[test]
fn a_second_server_on_the_same_spool_is_refused() {
    let installation = Installation::new(SCHOOL);
    let _server = installation.start();
    let words = refuses(&installation.run(&["serve"], ""));
    assert!(words.contains("spool"), "{words}");
}

#[test]
fn the_demo_finds_what_it_expects() {
    let ended = skrynka().args(["demo", "--once"]).output().unwrap();
    assert!(ended.status.success(), "{}", both(&ended));
    let table = String::from_utf8(ended.stdout).unwrap();
    for verdict in [
        "verified",
        "incomplete",
        "unsigned",
        "invalid",
        "undetermined",
        "unrecognised",
        "malformed",
    ] {
        assert!(table.contains(verdict), "{verdict} is not in\n{table}");
    }
    assert!(!table.lines().any(|line| line.ends_with("NO")), "{table}");
    for (attack, finding) in [
        ("made up, under a firm's own seal", "other_issuer (NTRUA-00000001)"),
        ("seal that ended, stamp dated back", "signature_undetermined (OUT_OF_BOUNDS_NO_POE)"),
        ("old copy, renamed as of today", "stale_copy (504)"),
        ("sealed text with a passport's name", "not_a_document (text)"),
    ] {
        let line = table.lines().find(|line| line.starts_with(attack)).unwrap();
        assert!(line.contains(finding) && !line.contains("verified"), "{line}");
    }
}

fn verdict(server: &Server, token: &str, message_id: &str) -> String {
    wait_for("the share is judged", || {
        let page = server.json(&format!("/api/v1/shares?message_id={message_id}"), token);
        page["items"][0]["verdict"].as_str().map(str::to_owned)
    })
}

fn refuses(output: &Output) -> String {
    let words = both(output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    words
}

fn exported(installation: &Installation) -> String {
    let exported = installation.run(&["registry", "export", "-"], "");
    assert!(exported.status.success(), "{}", both(&exported));
    String::from_utf8(exported.stdout).unwrap()
}

/// Every file below a directory with its bytes.
fn bytes_of(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(bytes_of(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}
