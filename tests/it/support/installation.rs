//! An installation made by the program's own commands, and its server as a process.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use skrynka::{archive::Archive, config::Config};
use tempfile::TempDir;

/// What the time service of an installation touches; it is not there unless a test makes it.
pub(crate) const SYNCHRONIZED: &str = "synchronized";

/// How long a server may take to start, on a machine with other work to do.
const START: Duration = Duration::from_mins(1);

/// The program under test. It asks no DNS and no time service unless the test sets that differently.
pub(crate) fn skrynka() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_skrynka"));
    program.env("SKRYNKA_SENDER__CHECK", "false");
    program.env("SKRYNKA_RETENTION__SYNCHRONIZED_FILE", SYNCHRONIZED);
    program
}

/// A fresh installation. Gone when dropped.
pub(crate) struct Installation {
    directory: TempDir,
}

impl Installation {
    /// `init` with ports that the system chooses, and `registry apply` of `registry`.
    pub(crate) fn new(registry: &str) -> Self {
        let installation = Self::without_registry();
        let file = installation.path().join("registry.toml");
        fs::write(&file, registry).unwrap();
        let config = installation.config_file();
        let applied = skrynka()
            .args(["registry", "apply", "--yes", "-c"])
            .args([&config, &file])
            .output()
            .unwrap();
        assert!(applied.status.success(), "{}", both(&applied));
        installation
    }

    /// `init` alone.
    pub(crate) fn without_registry() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let any = "127.0.0.1:0";
        let made = skrynka()
            .arg("init")
            .arg(directory.path())
            .args(["--smtp", any, "--web", any, "--metrics", any])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", both(&made));
        Self { directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.path().join("skrynka.toml")
    }

    /// Puts a certificate into the trust directory.
    pub(crate) fn trust(&self, name: &str, certificate: impl AsRef<[u8]>) {
        fs::write(self.path().join("trust").join(name), certificate).unwrap();
    }

    /// Runs a subcommand that takes `-c`, with `input` on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = skrynka()
            .args(arguments)
            .arg("-c")
            .arg(self.config_file())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses its arguments does not read; its own words are what counts.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// An API token for every branch.
    pub(crate) fn token(&self) -> String {
        let made =
            self.run(&["token", "add", "tests", "--scope", "shares:read", "--all-branches"], "");
        assert!(made.status.success(), "{}", both(&made));
        let words = String::from_utf8(made.stdout).unwrap();
        words.lines().last().unwrap().to_owned()
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(&self) -> Server {
        Server::start(&self.config_file(), &[])
    }

    /// The same with variables of the environment over its configuration.
    pub(crate) fn start_with(&self, environment: &[(&str, &str)]) -> Server {
        Server::start(&self.config_file(), environment)
    }

    /// The same with a clock that is set to `moment` (UTC) and goes on from there, and nothing
    /// asked of authorities. `None`, said aloud, without libfaketime; in CI it is a must.
    pub(crate) fn start_at(&self, moment: &str) -> Option<Server> {
        self.start_at_with(moment, &[("SKRYNKA_SIGNATURES__FETCH", "false")])
    }

    /// The same with other variables of the environment over its configuration.
    pub(crate) fn start_at_with(
        &self,
        moment: &str,
        environment: &[(&str, &str)],
    ) -> Option<Server> {
        let mut command = skrynka();
        command.args(["serve", "-c"]).arg(self.config_file()).envs(environment.iter().copied());
        Some(Server::start_by(at(moment, command)?))
    }

    /// Runs a subcommand that takes `-c` by such a clock.
    pub(crate) fn run_at(&self, moment: &str, arguments: &[&str]) -> Option<Output> {
        let mut command = skrynka();
        command.args(arguments).arg("-c").arg(self.config_file());
        Some(at(moment, command)?.output().unwrap())
    }

    /// What is kept, for a look from the inside. The server must not run.
    pub(crate) async fn open(&self) -> Archive {
        let config = Config::load(&self.config_file(), []).unwrap();
        skrynka::app::open_archive(&config).await.unwrap()
    }
}

/// The command by a clock that is set to `moment` and goes on from there.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn at(moment: &str, mut command: Command) -> Option<Command> {
    let Some(library) = faketime_library() else {
        assert!(std::env::var_os("CI").is_none(), "CI needs the package faketime");
        eprintln!("SKIPPED: libfaketime is not installed");
        return None;
    };
    command.env("LD_PRELOAD", library).env("FAKETIME", format!("@{moment}")).envs([
        // Waiting is counted by this clock, and it has no date.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        // What files say of their times is what a test has set.
        ("NO_FAKE_STAT", "1"),
        ("TZ", "UTC"),
    ]);
    Some(command)
}

/// The library itself: its command starts a program as a child of its own, which would outlive it.
fn faketime_library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    let mut libraries = folders.map(|own| own.path().join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.exists())
}

/// Standard output and standard error of a program that ended.
pub(crate) fn both(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A server process. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) smtp: SocketAddr,
    pub(crate) web: SocketAddr,
    pub(crate) metrics: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts `serve` and reads from its log where it listens.
    pub(crate) fn start(config: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = skrynka();
        command.args(["serve", "-c"]).arg(config).envs(environment.iter().copied());
        Self::start_by(command)
    }

    /// The same by a command that ends in `serve`.
    pub(crate) fn start_by(mut command: Command) -> Self {
        let mut child = command
            .env("SKRYNKA_LOG__FORMAT", "json")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&log);
        let (sender, ready) = mpsc::channel();
        thread::spawn(move || {
            // Read to the end, so that the server never waits for its log to be taken.
            let mut smtp = None;
            for line in stderr.lines().map_while(Result::ok) {
                let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                let field = |name: &str| event["fields"][name].as_str()?.parse().ok();
                smtp = smtp.or_else(|| field("smtp.address"));
                if let (Some(smtp), Some(web), Some(metrics)) =
                    (smtp, field("web.address"), field("metrics.address"))
                {
                    let _ = sender.send(Some((smtp, web, metrics)));
                }
                seen.lock().unwrap().push(line);
            }
            let _ = sender.send(None);
        });
        match ready.recv_timeout(START) {
            Ok(Some((smtp, web, metrics))) => Self { child, smtp, web, metrics, log },
            Ok(None) => {
                panic!("the server ended before it was ready:\n{}", log.lock().unwrap().join("\n"))
            }
            Err(error) => panic!("the server was not ready within {START:?}: {error}"),
        }
    }

    /// The same for a server whose standard error belongs to the test. It says nothing of where it
    /// listens, so that is seen from outside: each listener has an address of its own.
    pub(crate) fn start_unheard(mut command: Command) -> Self {
        let child = command
            .env("SKRYNKA_LOG__FORMAT", "json")
            .env("SKRYNKA_SMTP__LISTEN", r#"["127.0.0.1:0"]"#)
            .env("SKRYNKA_WEB__LISTEN", "127.0.0.2:0")
            .env("SKRYNKA_METRICS__LISTEN", "127.0.0.3:0")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // What was handed to the child stays open in the command.
        drop(command);
        // From here on it is killed when a wait is in vain.
        let nowhere = SocketAddr::from(([0; 4], 0));
        let log = Arc::default();
        let mut server = Self { child, smtp: nowhere, web: nowhere, metrics: nowhere, log };
        let id = server.child.id();
        [server.smtp, server.web, server.metrics] = [1, 2, 3].map(|last| {
            let ip = Ipv4Addr::new(127, 0, 0, last);
            wait_for(&format!("the server listens on {ip}"), || {
                listening(id).into_iter().find(|address| address.ip() == ip)
            })
        });
        server
    }

    /// What it logged, a JSON object a line.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// SIGKILL, as a power cut that spares the disk's cache.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and its exit status.
    pub(crate) fn stop(self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal: `HUP`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the end, and gives its exit status.
    pub(crate) fn wait(mut self) -> ExitStatus {
        wait_for("the server has ended", || self.child.try_wait().unwrap())
    }

    /// Waits until the log has `count` lines with `words` in them, and gives the last one.
    pub(crate) fn wait_for_log(&self, words: &str, count: usize) -> serde_json::Value {
        wait_for(words, || {
            let log = self.log();
            let line =
                log.lines().filter(|line| line.contains(words)).nth(count.checked_sub(1)?)?;
            serde_json::from_str(line).ok()
        })
    }

    /// A line of `/proc/PID/status` that tells of memory, such as `VmRSS`, in bytes.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let value = lines.next().unwrap().trim().strip_suffix(" kB").unwrap();
        value.parse::<u64>().unwrap() * 1024
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().count()
    }

    /// GET on the dashboard's port with a bearer token: status and body.
    pub(crate) fn get(&self, path: &str, token: &str) -> (u16, Vec<u8>) {
        get(&format!("http://{}{path}", self.web), Some(token))
    }

    /// GET on the dashboard's port with a bearer token: a JSON body of a 200.
    pub(crate) fn json(&self, path: &str, token: &str) -> serde_json::Value {
        let (status, body) = self.get(path, token);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// The metrics page.
    pub(crate) fn metrics_text(&self) -> String {
        let (status, body) = get(&format!("http://{}/metrics", self.metrics), None);
        assert_eq!(status, 200);
        String::from_utf8(body).unwrap()
    }

    /// What `/readyz` says: its status, whether mail is taken, and how each part is.
    pub(crate) fn readiness(&self) -> (u16, serde_json::Value) {
        let (status, body) = get(&format!("http://{}/readyz", self.web), None);
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// From now on no file may be written behind so many bytes; `None`: as far as anybody wants. A
    /// server that was not started to ignore SIGXFSZ ends by it.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).unwrap();
    }

    /// Waits until no accepted mail is without a verdict: neither one found at the start, nor one
    /// accepted since, which the gauge shows a moment later.
    pub(crate) fn wait_until_judged(&self) {
        wait_for("every mail has its verdict", || {
            let text = self.metrics_text();
            let sum = |name: &str| -> u64 {
                let lines = text.lines().filter(|line| line.starts_with(name));
                lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
            };
            let judged = sum("skrynka_shares_total{") >= sum("skrynka_accepted_messages_total ");
            (judged && sum("skrynka_pending_messages ") == 0).then_some(())
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a process listens for TCP over IPv4.
fn listening(process: u32) -> Vec<SocketAddr> {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let own: Vec<_> = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok()).collect();
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let listener = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let is_listening = columns[3] == "0A";
        let socket = PathBuf::from(format!("socket:[{}]", columns[9]));
        let (ip, port) = columns[1].split_once(':')?;
        // The bytes of the address as one number of this machine.
        let ip = u32::from_str_radix(ip, 16).unwrap().to_ne_bytes();
        let port = u16::from_str_radix(port, 16).unwrap();
        (is_listening && own.contains(&socket)).then(|| SocketAddr::from((ip, port)))
    };
    table.lines().skip(1).filter_map(listener).collect()
}

/// Asks `fact` until it gives something; fails after a minute and a half.
pub(crate) fn wait_for<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let (_held, pause) = mpsc::channel::<()>();
    for _ in 0..3000 {
        if let Some(value) = fact() {
            return value;
        }
        let _ = pause.recv_timeout(Duration::from_millis(30));
    }
    panic!("waited in vain until {what}");
}

fn get(url: &str, token: Option<&str>) -> (u16, Vec<u8>) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let mut request = agent.get(url);
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut response = request.call().unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().with_config().limit(1 << 28).read_to_vec().unwrap())
}
