//! The server as a process: signals, sockets that it is handed, the disk's reserve.

use std::{fs, net::TcpListener, process::Command};

use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpStream, UnixStream},
};

use super::tls::{handshake, write};
use crate::support::{
    certificate::{Certificate, self_signed},
    installation::{Installation, Server, skrynka},
    registries,
    smtp_client::SmtpClient,
};

/// A server with the certificate in `files`, which is rewritten there for its successors.
fn with_certificate(files: &TempDir, environment: &[(&str, &str)]) -> (Installation, Server) {
    let (chain, key) = put(files, &self_signed("mx.x.ua", 7));
    let installation = Installation::new(registries::SCHOOL);
    let tls = [("SKRYNKA_SMTP__CERTIFICATE", &*chain), ("SKRYNKA_SMTP__PRIVATE_KEY", &*key)];
    let environment = [&tls, environment].concat();
    let server = Server::start(&installation.config_file(), &environment);
    (installation, server)
}

fn put(files: &TempDir, certificate: &Certificate) -> (String, String) {
    let (chain, key) = write(files, &certificate.chain_pem, &certificate.key_pem);
    (chain.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned())
}

/// Asserts that STARTTLS is answered with this certificate.
async fn meets(server: &Server, expected: &Certificate) {
    let mut client = SmtpClient::greeted(server.smtp).await;
    assert_eq!(client.codes(&["EHLO a", "STARTTLS"]).await, [250, 220]);
    let stream = handshake(client.into_stream(), expected).await;
    let (_, session) = stream.get_ref();
    assert_eq!(&*session.peer_certificates().unwrap()[0], expected.chain_der);
}

#[tokio::test]
async fn sighup_takes_over_a_new_certificate_and_keeps_the_old_one_when_the_new_is_bad() {
    let files = TempDir::new().unwrap();
    let (_installation, server) = with_certificate(&files, &[]);
    let (old, new) = (self_signed("mx.x.ua", 7), self_signed("mx.x.ua", 8));
    meets(&server, &old).await;
    put(&files, &new);
    meets(&server, &old).await;
    server.signal("HUP");
    server.wait_for_log("are read again", 1);
    meets(&server, &new).await;

    write(&files, &old.chain_pem, &new.key_pem);
    server.signal("HUP");
    let told = server.wait_for_log("the one in force stays", 1).to_string();
    assert!(told.contains("does not belong to the certificate"), "{told}");
    meets(&server, &new).await;
    write(&files, "not PEM", &new.key_pem);
    server.signal("HUP");
    server.wait_for_log("the one in force stays", 2);
    meets(&server, &new).await;
    assert!(server.stop().success());
}

#[tokio::test]
async fn sighup_takes_over_limits_and_names_what_needs_a_restart() {
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    let size = async |server: &Server| {
        let mut client = SmtpClient::greeted(server.smtp).await;
        let text = client.command("EHLO a").await.text;
        let size = text.lines().find_map(|line| line.get(4..)?.strip_prefix("SIZE "));
        size.unwrap().to_owned()
    };
    assert_eq!(size(&server).await, "33554432");
    let file = installation.config_file();
    let text = fs::read_to_string(&file).unwrap();
    let limits = format!("{text}\n[smtp.limits]\nmax_message_bytes = 100000\n");

    fs::write(&file, limits.replace("quarantine_days = 30", "quarantine_days = 31")).unwrap();
    server.signal("HUP");
    let told = server.wait_for_log("needs a restart", 1);
    assert_eq!(told["fields"]["keys"], "[retention]");
    assert_eq!(size(&server).await, "100000");

    for (number, bad) in [(1, "\"many\""), (2, "0")] {
        fs::write(&file, limits.replace("100000", bad)).unwrap();
        server.signal("HUP");
        let told = server.wait_for_log("the one in force stays", number).to_string();
        assert!(told.contains("max_message_bytes"), "{told}");
        assert_eq!(size(&server).await, "100000");
    }
    assert!(server.stop().success());
}

#[tokio::test]
async fn sigterm_drains_for_as_long_as_is_allowed() {
    let installation = Installation::new(registries::SCHOOL);
    let limit = [("SKRYNKA_SMTP__LIMITS__DRAIN_TIMEOUT_SECONDS", "1")];
    let server = Server::start(&installation.config_file(), &limit);
    let mut client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
    server.signal("TERM");
    let status = tokio::task::spawn_blocking(|| server.wait()).await.unwrap();
    assert!(status.success());
    assert_eq!(client.codes_to_the_end().await, [421]);
}

#[tokio::test]
async fn a_second_sigterm_ends_the_server_at_once() {
    let installation = Installation::new(registries::SCHOOL);
    let limit = [("SKRYNKA_SMTP__LIMITS__DRAIN_TIMEOUT_SECONDS", "3600")];
    let server = Server::start(&installation.config_file(), &limit);
    let _client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
    server.signal("TERM");
    server.wait_for_log("stopping", 1);
    server.signal("TERM");
    let status = tokio::task::spawn_blocking(|| server.wait()).await.unwrap();
    assert_eq!(status.code(), Some(1));
}

#[tokio::test]
async fn mail_comes_by_every_listener_of_one_server() {
    let files = TempDir::new().unwrap();
    let (installation, server) = with_certificate(
        &files,
        &[
            ("SKRYNKA_SMTP__LISTEN", r#"["127.0.0.1:0", "127.0.0.1:0"]"#),
            ("SKRYNKA_SMTP__LISTEN_TLS", r#"["127.0.0.1:0"]"#),
            ("SKRYNKA_SMTP__LMTP", r#"["lmtp"]"#),
        ],
    );
    let address = |field: &str, count| -> std::net::SocketAddr {
        let line = server.wait_for_log(&format!("\"{field}\""), count);
        line["fields"][field].as_str().unwrap().parse().unwrap()
    };
    let (second, within_tls) = (address("smtp.address", 2), address("smtps.address", 1));
    assert_ne!(second, server.smtp);
    for address in [server.smtp, second] {
        let mut client = SmtpClient::in_data(address, "school@docs.example.ua").await;
        assert_eq!(client.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
    }
    let stream = TcpStream::connect(within_tls).await.unwrap();
    let mut client = SmtpClient::over(handshake(stream, &self_signed("mx.x.ua", 7)).await);
    assert_eq!(client.reply().await.code, 220);
    client.begin_mail("school@docs.example.ua").await;
    assert_eq!(client.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
    let stream = UnixStream::connect(installation.path().join("lmtp")).await.unwrap();
    let mut client = SmtpClient::over(stream);
    let to = "RCPT TO:<school@docs.example.ua>";
    assert_eq!(client.reply().await.code, 220);
    let lines = ["LHLO a", "MAIL FROM:<>", to, "DATA", "Subject: a\r\n\r\nHello\r\n."];
    assert_eq!(client.codes(&lines).await, [250, 250, 250, 354, 250]);
    server.wait_until_judged();
    let told = server.metrics_text();
    assert!(told.contains("skrynka_accepted_messages_total 4\n"), "{told}");
    assert!(server.stop().success());
}

/// Whoever reads the log is gone: each line fails from then on.
#[tokio::test]
async fn mail_is_taken_and_judged_while_the_log_cannot_be_written() {
    let installation = Installation::new(registries::SCHOOL);
    let mut command = Command::new("bash");
    command.arg("-c").arg("exec \"$0\" serve -c \"$1\" 2> >(sed -u '/\"ready\"/q' >&2)");
    command.arg(skrynka().get_program()).arg(installation.config_file());
    let server = Server::start_by(command);
    for _ in 0..5 {
        let mut client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
        assert_eq!(client.command("Hello\r\n.").await.code, 250);
    }
    server.wait_until_judged();
    let told = server.metrics_text();
    assert!(told.contains("skrynka_shares_total{verdict=\"unrecognised\"} 5\n"), "{told}");
    assert!(server.stop().success());
}

#[tokio::test]
async fn mail_is_put_off_before_the_disk_has_only_its_reserve_left() {
    let installation = Installation::new(registries::SCHOOL);
    let reserve = [("SKRYNKA_SPOOL__LIMITS__RESERVE_BYTES", "1000000000000000")];
    let server = Server::start(&installation.config_file(), &reserve);
    let mut client = SmtpClient::greeted(server.smtp).await;
    client.command("EHLO a").await;
    for line in ["MAIL FROM:<> SIZE=10", "MAIL FROM:<>"] {
        let reply = client.command(line).await;
        assert!(reply.text.starts_with("452 4.3.1 "), "{line}: {}", reply.text);
    }
}

/// The server, started as systemd does: with a socket as file 3, and its own number told.
fn activated(installation: &Installation, socket: TcpListener, names: &str) -> Command {
    let mut command = Command::new("sh");
    // The shell puts the socket in its place and then becomes the server, under the same number.
    let script = r#"LISTEN_PID=$$ exec "$@" 3<&0 0</dev/null"#;
    command
        .args(["-c", script, "sh"])
        .arg(skrynka().get_program())
        .args(["serve", "-c"])
        .arg(installation.config_file())
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDNAMES", names)
        .stdin(std::os::fd::OwnedFd::from(socket));
    command
}

#[tokio::test]
async fn a_socket_that_systemd_opened_is_served_in_place_of_the_configured_ones() {
    let installation = Installation::new(registries::SCHOOL);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // Whoever connects before the server is there waits for it.
    let early = TcpStream::connect(address).await.unwrap();
    let server = Server::start_by(activated(&installation, socket, "smtp"));
    assert_eq!(server.smtp, address);
    server.wait_for_log("are not looked at", 1);
    let mut early = SmtpClient::over(early);
    assert_eq!(early.reply().await.code, 220);
    early.begin_mail("school@docs.example.ua").await;
    assert_eq!(early.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
    assert!(server.stop().success());
}

#[test]
fn a_socket_of_an_unknown_name_is_not_guessed_about() {
    let installation = Installation::new(registries::SCHOOL);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = activated(&installation, socket, "skrynka.socket").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("set FileDescriptorName= in its unit to smtp, smtps or lmtp"), "{told}");
}

/// What systemd hears of a server that is started with this in its environment.
struct Systemd {
    socket: tokio::net::UnixDatagram,
    server: Server,
    installation: Installation,
}

impl Systemd {
    fn start(environment: &[(&str, &str)]) -> Self {
        let installation = Installation::new(registries::SCHOOL);
        let path = installation.path().join("notify");
        let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
        let environment = [environment, &[("NOTIFY_SOCKET", path.to_str().unwrap())]].concat();
        let server = Server::start(&installation.config_file(), &environment);
        Self { socket, server, installation }
    }

    async fn hears(&self) -> String {
        let mut state = [0; 1024];
        let len = self.socket.recv(&mut state).await.unwrap();
        String::from_utf8(state[..len].to_vec()).unwrap()
    }

    async fn hears_of_the_end(self) {
        self.server.signal("TERM");
        // In a test of the watchdog, signs of life may be under way.
        while self.hears().await != "STOPPING=1\n" {}
        let status = tokio::task::spawn_blocking(|| self.server.wait()).await.unwrap();
        assert!(status.success());
    }
}

#[tokio::test]
async fn systemd_is_told_when_the_server_is_ready_reloads_and_stops() {
    let systemd = Systemd::start(&[]);
    assert_eq!(systemd.hears().await, "READY=1\n");
    systemd.server.signal("HUP");
    assert!(systemd.hears().await.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(systemd.hears().await, "READY=1\n");
    let file = systemd.installation.config_file();
    let config = fs::read_to_string(&file).unwrap();
    fs::write(&file, config.replace("hostname = ", "hostname = \"\" #")).unwrap();
    systemd.server.signal("HUP");
    let status = systemd.hears().await;
    assert!(status.starts_with("STATUS=The configuration was refused"), "{status}");
    assert!(status.contains("[smtp] hostname"), "{status}");
    fs::write(&file, config).unwrap();
    systemd.server.signal("HUP");
    assert!(systemd.hears().await.ends_with("\nSTATUS=\n"));
    assert_eq!(systemd.hears().await, "READY=1\n");
    systemd.hears_of_the_end().await;
}

#[tokio::test]
async fn systemd_hears_that_the_server_lives_where_it_watches() {
    let systemd = Systemd::start(&[("WATCHDOG_USEC", "20000")]);
    assert_eq!(systemd.hears().await, "READY=1\n");
    for _ in 0..3 {
        assert_eq!(systemd.hears().await, "WATCHDOG=1\n");
    }
    systemd.hears_of_the_end().await;
}

#[tokio::test]
async fn within_tls_nothing_is_listened_on_without_a_certificate() {
    let installation = Installation::new(registries::SCHOOL);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let output = activated(&installation, socket, "smtps").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("name [smtp] certificate and private_key"), "{told}");
    let mut stream = match TcpStream::connect(address).await {
        Ok(stream) => stream,
        Err(error) => return assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused),
    };
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
}
