//! The whole of `skrynka serve`, which also judges what it takes: for information, as no peer
//! does that.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    thread,
};

use crate::{
    process::Processes,
    role,
    server::{Server, Synced, of_the_unit, wait_until},
};

/// Killed when dropped.
pub(super) struct Whole {
    smtp: SocketAddr,
    metrics: SocketAddr,
    child: Child,
}

impl Whole {
    /// Makes an installation in `directory` and starts its server.
    pub(super) fn start(directory: &Path) -> Self {
        let any = "127.0.0.1:0";
        let place = directory.to_str().unwrap();
        run(&["init", place, "--smtp", any, "--web", any, "--metrics", any]);
        let (config, registry) = (directory.join("skrynka.toml"), directory.join("registry.toml"));
        fs::write(&registry, role::registry()).unwrap();
        let (config, registry) = (config.to_str().unwrap(), registry.to_str().unwrap());
        run(&["registry", "apply", "--yes", "-c", config, registry]);
        let mut child = program(&["serve", "-c", config])
            .env("SKRYNKA_LOG__FORMAT", "json")
            .env("SKRYNKA_SENDER__CHECK", "false")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (smtp, metrics) = addresses(child.stderr.take().unwrap());
        Self { smtp, metrics, child }
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.metrics).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }
}

impl Server for Whole {
    fn name(&self) -> &'static str {
        "skrynka serve"
    }

    fn address(&self) -> SocketAddr {
        self.smtp
    }

    fn processes(&self) -> Processes {
        Processes { root: self.child.id() }
    }

    fn rest(&mut self) -> Synced {
        let mut text = String::new();
        let sum = |text: &str, name: &str| -> u64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
        };
        wait_until("every mail is judged", || {
            text = self.metrics();
            sum(&text, "skrynka_shares_total{") >= sum(&text, "skrynka_accepted_messages_total ")
        });
        Synced {
            mails: sum(&text, "skrynka_spool_batch_messages_sum "),
            batches: sum(&text, "skrynka_spool_batch_messages_count "),
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This program in the place of `skrynka`.
fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(arguments).envs(of_the_unit()).stdin(Stdio::null()).stdout(Stdio::null());
    program
}

fn run(arguments: &[&str]) {
    let ran = program(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// Where mail and the metrics are, from the log; the rest of the log is read and thrown away, as
/// the server must not wait for it to be taken.
fn addresses(log: ChildStderr) -> (SocketAddr, SocketAddr) {
    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let mut find = |field: &str| -> SocketAddr {
        let name = format!("\"{field}\":\"");
        let mut found = lines.by_ref().filter_map(|line| {
            let (_, rest) = line.split_once(&name)?;
            rest.split('"').next()?.parse().ok()
        });
        found.next().expect("the server says where it listens")
    };
    let both = (find("smtp.address"), find("metrics.address"));
    thread::spawn(move || lines.for_each(drop));
    both
}
