//! The log stops nothing: whatever becomes of standard error, mail is taken, pages are served, and the
//! server ends when it is asked to.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead as _, BufReader, PipeReader, pipe},
    net::SocketAddr,
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    },
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::support::{
    installation::{Installation, Server, skrynka, wait_for},
    registries,
    smtp_client::SmtpClient,
};

fn serve(installation: &Installation, standard_error: impl Into<Stdio>) -> Command {
    let mut command = skrynka();
    command.args(["serve", "-c"]).arg(installation.config_file()).stderr(standard_error);
    command
}

/// Sends a mail, which is accepted.
fn send(smtp: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = SmtpClient::in_data(smtp, "school@docs.example.ua").await;
        assert_eq!(client.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
    });
}

/// Mail, pages and metrics are there.
fn works(server: &Server) {
    send(server.smtp);
    assert_eq!(server.get("/readyz", "").0, 200);
    server.wait_until_judged();
}

/// How many lines the metrics call lost.
fn lost(server: &Server) -> u64 {
    let text = server.metrics_text();
    let mut lines = text.lines();
    let count = lines.find_map(|line| line.strip_prefix("skrynka_log_lines_lost_total "));
    count.unwrap().parse().unwrap()
}

/// A server that logs into a pipe, and the other end of that, once lines are lost. Each line tells of
/// a configuration that cannot be taken over, and shows what is wrong with it, which is long.
fn with_a_reader_that_sleeps(installation: &Installation) -> (Server, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    let mut command = serve(installation, writer);
    let drain = "SKRYNKA_SMTP__LIMITS__DRAIN_TIMEOUT_SECONDS";
    command.env(drain, "3600");
    let server = Server::start_unheard(command);
    works(&server);
    let good = fs::read(installation.config_file()).unwrap();
    fs::write(installation.config_file(), format!("{} = 1", "x".repeat(200_000))).unwrap();
    wait_for("lines are lost", || {
        server.signal("HUP");
        (lost(&server) > 0).then_some(())
    });
    fs::write(installation.config_file(), good).unwrap();
    (server, reader)
}

#[test]
fn a_server_whose_standard_error_takes_nothing_works_and_counts_what_is_lost() {
    let (reader, without_reader) = pipe().unwrap();
    drop(reader);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (what, standard_error) in
        [("a full disk", OwnedFd::from(full)), ("no reader", without_reader.into())]
    {
        let installation = Installation::new(registries::SCHOOL);
        let server = Server::start_unheard(serve(&installation, standard_error));
        works(&server);
        assert!(lost(&server) > 0, "{what}");
        assert!(server.stop().success(), "{what}");
    }
}

#[test]
fn a_server_without_standard_error_works() {
    let installation = Installation::new(registries::SCHOOL);
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"exec "$@" 2>&-"#, "sh"])
        .arg(skrynka().get_program())
        .args(["serve", "-c"])
        .arg(installation.config_file())
        .env("SKRYNKA_SENDER__CHECK", "false");
    let server = Server::start_unheard(command);
    works(&server);
    assert!(server.stop().success());
}

#[test]
fn a_reader_that_sleeps_stops_nothing_and_is_told_what_it_missed() {
    let installation = Installation::new(registries::SCHOOL);
    let (server, reader) = with_a_reader_that_sleeps(&installation);
    works(&server);

    let (sender, notes) = mpsc::channel();
    let awake = thread::spawn(move || {
        for line in BufReader::new(reader).lines() {
            let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            if event["fields"]["message"]
                .as_str()
                .is_some_and(|it| it.starts_with("lines of the log"))
            {
                assert_eq!(event["level"], "WARN");
                sender.send(event["fields"]["lines"].as_u64().unwrap()).unwrap();
            }
        }
    });
    let told = notes.recv_timeout(Duration::from_mins(1)).unwrap();
    let all = lost(&server);
    assert!(server.stop().success());
    awake.join().unwrap();
    // What is lost while the reader catches up has a line of its own.
    assert_eq!(told + notes.into_iter().sum::<u64>(), all);
}

#[test]
fn a_reader_that_sleeps_keeps_no_server_from_its_end() {
    let installation = Installation::new(registries::SCHOOL);
    let (server, reader) = with_a_reader_that_sleeps(&installation);
    assert!(server.stop().success());
    drop(reader);

    let (server, reader) = with_a_reader_that_sleeps(&installation);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let in_transit = SmtpClient::in_data(server.smtp, "school@docs.example.ua");
    let _in_transit = runtime.block_on(in_transit);
    server.signal("TERM");
    let smtp = server.smtp;
    wait_for("the first signal is seen", || std::net::TcpStream::connect(smtp).err());
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(1));
    drop(reader);
}

#[test]
fn a_reader_that_comes_back_is_told_what_it_missed() {
    let installation = Installation::new(registries::SCHOOL);
    let path = installation.path().join("log");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap();
    let read = || OpenOptions::new().read(true).custom_flags(nonblocking).open(&path).unwrap();
    let reader = read();
    let writer = OpenOptions::new().write(true).open(&path).unwrap();
    let server = Server::start_unheard(serve(&installation, writer));
    works(&server);
    drop(reader);
    wait_for("a line is lost", || {
        server.signal("HUP");
        (lost(&server) > 0).then_some(())
    });
    let mut reader = BufReader::new(read());
    let mut text = String::new();
    let told = wait_for("the line that tells of it", || {
        server.signal("HUP");
        // There is nothing to read yet, or there is.
        let _ = reader.read_line(&mut text);
        let mut events = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        events.find_map(|event: serde_json::Value| event["fields"]["lines"].as_u64())
    });
    assert_eq!(told, lost(&server));
    assert!(server.stop().success());
}

#[test]
fn in_the_journal_each_line_begins_with_its_priority() {
    let installation = Installation::new(registries::SCHOOL);
    let path = installation.path().join("journal");
    for (is_journal, format) in [(true, "text"), (true, "json"), (false, "text")] {
        let file = File::create(&path).unwrap();
        let metadata = file.metadata().unwrap();
        let inode = metadata.ino() + u64::from(!is_journal);
        let mut command = serve(&installation, file);
        command
            .env("JOURNAL_STREAM", format!("{}:{inode}", metadata.dev()))
            .env("SKRYNKA_VAULT__MASTER_KEY", "missing.key")
            .env("SKRYNKA_LOG__FORMAT", format);
        assert_eq!(command.status().unwrap().code(), Some(1));
        let log = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = log.lines().collect();
        let (first, last) = (lines[0], *lines.last().unwrap());
        let (sixth, third) = if is_journal { ("<6>", "<3>") } else { ("", "") };
        let first = first.strip_prefix(sixth).unwrap();
        assert!(first.starts_with(if format == "json" { "{" } else { "20" }), "{log}");
        let last = last.strip_prefix(third).unwrap();
        assert!(
            last.starts_with("skrynka: the server cannot start") && last.contains("missing.key")
        );
    }
}

#[test]
fn the_first_line_says_what_starts() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    let log = server.log();
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let fields = &first["fields"];
    assert_eq!(fields["message"], "the server starts");
    assert_eq!(fields["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(fields["config.path"], installation.config_file().to_str().unwrap());
    assert!(server.stop().success());
}

/// The number of a mail leads to its share, so the address that it came from does not stand beside it.
#[test]
fn the_log_does_not_say_where_an_accepted_mail_came_from() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    send(server.smtp);
    server.wait_until_judged();
    let accepted = server.wait_for_log("mail accepted", 1);
    assert!(accepted["fields"]["message.id"].is_string(), "{accepted}");
    let log = server.log();
    assert!(!log.contains("peer.ip"), "{log}");
    assert!(server.stop().success());
}
