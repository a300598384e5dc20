//! Whether mail offered now would be taken: what `/readyz` says, and what a client is told.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use crate::support::{
    installation::{Installation, Server, both, skrynka, wait_for},
    registries,
    smtp_client::SmtpClient,
};

fn says<'a>(told: &'a serde_json::Value, part: &str) -> &'a str {
    told["checks"][part].as_str().unwrap_or_default()
}

/// Waits until `/readyz` has this status and says these words of the spool.
fn wait_for_spool(server: &Server, status: u16, words: &str) {
    wait_for(words, || {
        let (now, told) = server.readiness();
        (now == status && says(&told, "spool").contains(words)).then_some(())
    });
}

async fn offer(server: &Server) -> u16 {
    let mut client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
    client.command("Hello\r\n.").await.code
}

#[tokio::test]
async fn mail_is_put_off_until_there_is_a_registry_and_then_taken() {
    let installation = Installation::without_registry();
    let server = installation.start();
    let (status, told) = server.readiness();
    assert_eq!((status, &told["ready"]), (503, &false.into()));
    assert!(says(&told, "registry").contains("451"), "{told}");
    assert_eq!(says(&told, "spool"), "ok");
    let mut client = SmtpClient::greeted(server.smtp).await;
    let recipients = [
        "RCPT TO:<school@docs.example.ua>",
        "RCPT TO:<nobody@docs.example.ua>",
        "RCPT TO:<postmaster>",
    ];
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    for recipient in recipients {
        let reply = client.command(recipient).await;
        assert!(reply.text.starts_with("451 4.3.0 "), "{recipient}: {}", reply.text);
    }

    let (config, file) = (installation.config_file(), installation.path().join("registry.toml"));
    fs::write(&file, registries::SCHOOL).unwrap();
    let mut apply = skrynka();
    apply.args(["registry", "apply", "--yes", "-c"]).args([&config, &file]);
    let applied = apply.output().unwrap();
    assert!(applied.status.success(), "{}", both(&applied));
    server.wait_for_log("a new registry is in force", 1);
    assert_eq!(client.codes(&recipients).await, [250, 550, 250]);
    let (status, told) = server.readiness();
    assert_eq!((status, says(&told, "registry")), (200, "ok"));
    assert!(server.stop().success());
}

/// No file takes a byte, as on a file system that turned read-only: first a mail shows it, then,
/// without any, the server's own try.
#[tokio::test]
async fn a_spool_that_cannot_be_written_is_not_ready_until_a_write_succeeds() {
    let installation = Installation::new(registries::SCHOOL);
    let mut command = Command::new("sh");
    // A program that the shell becomes ignores what the shell ignores.
    command.args(["-c", r#"trap '' XFSZ; exec "$0" serve -c "$1""#]);
    command.arg(skrynka().get_program()).arg(installation.config_file());
    command.env("SKRYNKA_SENDER__CHECK", "false");
    let server = Server::start_by(command);
    assert_eq!(server.readiness().0, 200);
    assert_eq!(offer(&server).await, 250);
    server.wait_until_judged();

    server.limit_files(Some(0));
    assert_eq!(offer(&server).await, 451);
    wait_for_spool(&server, 503, "cannot be written");
    assert_eq!(offer(&server).await, 451);
    assert_eq!(server.readiness().0, 503);
    server.limit_files(None);
    wait_for_spool(&server, 200, "ok");
    assert_eq!(offer(&server).await, 250);

    server.limit_files(Some(0));
    wait_for_spool(&server, 503, "cannot be written");
    server.limit_files(None);
    wait_for_spool(&server, 200, "ok");
    assert_eq!(offer(&server).await, 250);
    server.wait_until_judged();
    assert!(server.stop().success());
}

/// Its volume is away, and its directory is there and empty.
#[tokio::test]
async fn a_spool_that_is_away_is_not_ready_until_it_is_back() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    assert_eq!(offer(&server).await, 250);
    server.wait_until_judged();
    let [spool, away] = ["spool", "away"].map(|name| installation.path().join("data").join(name));
    fs::rename(&spool, &away).unwrap();
    fs::create_dir(&spool).unwrap();
    assert_eq!(offer(&server).await, 451);
    wait_for_spool(&server, 503, "cannot be written");
    assert_eq!(offer(&server).await, 451);
    fs::remove_dir_all(&spool).unwrap();
    fs::rename(&away, &spool).unwrap();
    wait_for_spool(&server, 200, "ok");
    assert_eq!(offer(&server).await, 250);
    server.wait_until_judged();
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_spool_without_room_is_not_ready() {
    let installation = Installation::new(registries::SCHOOL);
    let reserve = [("SKRYNKA_SPOOL__LIMITS__RESERVE_BYTES", "1000000000000000")];
    let server = installation.start_with(&reserve);
    let (status, told) = server.readiness();
    assert_eq!((status, &told["ready"]), (503, &false.into()));
    assert!(says(&told, "spool").contains("452"), "{told}");
    assert!(server.stop().success());
}

/// What only keeps mail from being judged is told, and mail is taken.
#[tokio::test]
async fn a_database_or_trust_that_is_not_there_is_told_and_mail_is_taken() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    let wait_for_words = |part: &str, words: &str| {
        wait_for(words, || {
            let (status, told) = server.readiness();
            (status == 200 && says(&told, part).contains(words)).then_some(())
        });
    };
    wait_for_words("trust", "not verified");
    wait_for_words("database", "ok");
    let rename = |from: &str, to: &str| {
        let mut sqlite = Command::new("sqlite3");
        sqlite.args(["-cmd", ".timeout 10000"]);
        sqlite.arg(installation.path().join("data/skrynka.db"));
        let renamed = sqlite
            .arg(format!("ALTER TABLE {from} RENAME TO {to}"))
            .output()
            .expect("sqlite3 is installed (./ci/test does it)");
        assert!(renamed.status.success(), "{}", both(&renamed));
    };
    rename("registry_revisions", "away");
    wait_for_words("database", "mail is kept and judged later");
    assert_eq!(offer(&server).await, 250);
    rename("away", "registry_revisions");
    wait_for_words("database", "ok");
    assert!(server.stop().success());
}

/// Somebody else holds the one lock there is to write: reading goes on, and no write succeeds.
#[tokio::test]
async fn a_database_that_is_read_and_not_written_is_told_and_mail_is_taken() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    let wait_for_words = |words: &str, up: &str| {
        wait_for(words, || {
            let (status, told) = server.readiness();
            let up = format!("skrynka_database_up {up}\n");
            let is_so = status == 200 && says(&told, "database").contains(words);
            (is_so && server.metrics_text().contains(&up)).then_some(())
        });
    };
    wait_for_words("ok", "1");
    let mut holder = Command::new("sqlite3")
        .args(["-cmd", ".timeout 10000"])
        .arg(installation.path().join("data/skrynka.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed (./ci/test does it)");
    let mut commands = holder.stdin.take().unwrap();
    commands.write_all(b"BEGIN IMMEDIATE;\nSELECT 'held';\n").unwrap();
    let mut answer = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, "held\n");
    wait_for_words("cannot be written: mail is kept and judged later", "0");
    assert_eq!(offer(&server).await, 250);

    drop(commands);
    assert!(holder.wait().unwrap().success());
    wait_for_words("ok", "1");
    server.wait_until_judged();
    assert!(server.stop().success());
}
