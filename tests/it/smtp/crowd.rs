//! Thousands of clients that only hold their connections.

use std::{process::Command, time::Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{
    installation::{Installation, Server, skrynka},
    registries,
    smtp_client::SmtpClient,
};

const CROWD: usize = 4000;

/// Files that the server needs for them: connections, and its own.
const SERVER_FILES: u64 = 8_612;

/// What the server may have in memory with the crowd, in bytes.
const MEMORY: u64 = 100 << 20;

#[tokio::test]
async fn among_4000_idle_connections_an_ordinary_client_is_served_in_100_mib() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if maximum.is_some_and(|maximum| maximum < SERVER_FILES) {
        eprintln!("SKIPPED: only {maximum:?} open files are allowed here");
        return;
    }
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let installation = Installation::new(registries::SCHOOL);
    let mut command = Command::new("sh");
    // With fewer files than the crowd: the server raises its own limit.
    command
        .args(["-c", r#"ulimit -S -n 1024; exec "$@""#, "sh"])
        .arg(skrynka().get_program())
        .args(["serve", "-c"])
        .arg(installation.config_file());
    let server = Server::start_by(command);
    let before = server.memory("VmRSS");
    let mut crowd = Vec::with_capacity(CROWD);
    for _ in 0..CROWD {
        crowd.push(SmtpClient::connect(server.smtp).await);
    }
    for client in &mut crowd {
        assert_eq!(client.reply().await.code, 220);
    }
    for client in crowd.iter_mut().step_by(10) {
        assert_eq!(client.command("EHLO client.example.ua").await.code, 250);
    }
    let began = Instant::now();
    let mut client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
    assert_eq!(client.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
    eprintln!("{CROWD} idle connections: an ordinary client needs {:?}", began.elapsed());
    let with = server.memory("VmRSS");
    eprintln!("{CROWD} idle connections: {before} bytes without them, {with} with them");
    assert!(server.metrics_text().contains("skrynka_smtp_connections_open 4001\n"));
    assert!(with < MEMORY, "{with} bytes with {CROWD} idle connections, {before} without");
    assert!(server.memory("VmHWM") < MEMORY);
    let last = crowd.last_mut().unwrap();
    assert_eq!(last.command("NOOP").await.code, 250, "nobody was sent away");
    assert!(server.stop().success());
}
