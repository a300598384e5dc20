//! Members of staff as the command line makes, changes and disables them.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::{Output, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};

use crate::support::{
    installation::{Installation, both, skrynka},
    registries,
};

const PASSWORD: &str = "зелений трамвай везе кавун\n";

#[test]
fn whose_shares_are_seen_is_said_aloud() {
    let installation = Installation::new(registries::SCHOOL);
    for arguments in [
        &["user", "add", "olena", "--role", "operator"][..],
        &["user", "add", "olena", "--role", "operator", "--branch", "school", "--all-branches"],
        &["user", "branches", "olena"],
        &["token", "add", "register", "--scope", "shares:read"],
    ] {
        let refused = installation.run(arguments, PASSWORD);
        assert_eq!(refused.status.code(), Some(2), "{}", both(&refused));
        assert!(both(&refused).contains("--all-branches"), "{}", both(&refused));
    }
    let words = refuses(
        &installation
            .run(&["user", "add", "olena", "--role", "operator", "--branch", "schol"], PASSWORD),
    );
    assert!(words.contains("schol") && words.contains("it has: school"), "{words}");
}

#[test]
fn a_user_is_changed_disabled_enabled_and_renamed() {
    let installation = Installation::new(registries::SCHOOL);
    let add = ["user", "add", "olena", "--role", "operator", "--branch", "school"];
    does(&installation, &add, "olena (operator, school) can log in");
    does(&installation, &["user", "role", "olena", "supervisor"], "olena is supervisor\n");
    does(
        &installation,
        &["user", "branches", "olena", "--all-branches"],
        "olena sees every branch\n",
    );
    does(&installation, &["user", "disable", "olena"], "olena can no longer log in");
    for change in [
        &["user", "password", "olena"][..],
        &["user", "role", "olena", "operator"],
        &["user", "branches", "olena", "--branch", "school"],
        &["user", "rename", "olena", "koval"],
    ] {
        let words = both(&installation.run(change, PASSWORD));
        let now = if change.contains(&"koval") { "koval" } else { "olena" };
        let stays = format!("stays disabled: `skrynka user enable {now}` lets them log in");
        assert!(words.contains(&stays), "{words}");
    }
    does(&installation, &["user", "enable", "koval"], "koval (operator, school) can log in");
    let list = both(&installation.run(&["user", "list"], ""));
    for line in ["koval  operator  school        active", "is koval now"] {
        assert!(list.contains(line), "{list}");
    }
    let words = refuses(&installation.run(&["user", "enable", "olena"], ""));
    assert!(words.contains("is called \"koval\" now; give that name"), "{words}");
    for command in ["enable", "disable", "password"] {
        let words = refuses(&installation.run(&["user", command, "nobody"], PASSWORD));
        assert!(words.contains("`skrynka user list`") && words.contains("nobody"), "{words}");
    }
}

#[test]
fn a_password_that_is_tried_first_is_refused_and_nothing_is_changed() {
    let installation = Installation::new(registries::SCHOOL);
    let add = ["user", "add", "olena.koval", "--role", "admin", "--all-branches"];
    for (password, sentence) in [
        ("", "has 0 characters, at least 15 are needed: take several words"),
        ("password1234", "has 12 characters"),
        ("qwerty123456789", "tried first"),
        ("olena.koval 2026 рік", "contains the user's name"),
        ("тестова установа 2026", "contains the organisation's name"),
    ] {
        let words = refuses(&installation.run(&add, &format!("{password}\n")));
        assert!(words.contains(sentence), "{password}: {words}");
        assert!(password.is_empty() || !words.contains(password), "{words}");
    }
    assert!(!both(&installation.run(&["user", "list"], "")).contains("olena"));
    for name in ["", " olena", "ol\u{7}ena", &"о".repeat(65)] {
        let add = ["user", "add", name, "--role", "admin", "--all-branches"];
        let refused = installation.run(&add, PASSWORD);
        assert_eq!(refused.status.code(), Some(2), "{name:?}: {}", both(&refused));
    }
}

#[test]
fn a_typed_password_is_asked_twice_and_never_shown() {
    let installation = Installation::new(registries::SCHOOL);
    let add = ["user", "add", "olena", "--role", "admin", "--all-branches"];
    let (shown, done) = typed(&installation, &add, &[PASSWORD, "інше речення про кавун\n"]);
    assert!(!done && shown.contains("are not the same: nothing is changed"), "{shown}");
    let (shown, done) = typed(&installation, &add, &["зелений\u{3}"]);
    assert!(!done && shown.contains("no password was given: nothing is changed"), "{shown}");
    let (shown, done) = typed(&installation, &add, &[PASSWORD, PASSWORD]);
    assert!(done && shown.contains("olena (admin, every branch) can log in"), "{shown}");
    assert!(shown.contains("at least 15 characters"), "{shown}");
    assert!(!shown.contains("кавун") && !shown.contains("зелений"), "{shown}");
}

/// Runs a command at a terminal, answers its questions in order, and tells what the terminal
/// shows and whether the command was done.
fn typed(installation: &Installation, arguments: &[&str], answers: &[&str]) -> (String, bool) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let terminal = openpt(flags).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let far = ioctl_tiocgptpeer(&terminal, flags).unwrap();
    let mut terminal = File::from(terminal);
    let mut child = skrynka()
        .args(arguments)
        .arg("-c")
        .arg(installation.config_file())
        .stdin(Stdio::from(far.try_clone().unwrap()))
        .stdout(Stdio::from(far.try_clone().unwrap()))
        .stderr(Stdio::from(far))
        .spawn()
        .unwrap();
    let mut shown = Vec::new();
    let mut byte = [0];
    for answer in answers {
        // A question ends so, and by then nothing that is typed is shown.
        while !shown.ends_with(b": ") {
            assert_eq!(terminal.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
            shown.extend(byte);
        }
        terminal.write_all(answer.as_bytes()).unwrap();
        shown.push(b'\n');
    }
    // Once nobody holds the far end, reading fails.
    while terminal.read(&mut byte).is_ok_and(|length| length == 1) {
        shown.extend(byte);
    }
    (String::from_utf8_lossy(&shown).into_owned(), child.wait().unwrap().success())
}

fn does(installation: &Installation, arguments: &[&str], sentence: &str) {
    let done = installation.run(arguments, PASSWORD);
    assert!(done.status.success() && both(&done).contains(sentence), "{}", both(&done));
}

fn refuses(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", both(output));
    both(output)
}
