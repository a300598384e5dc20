//! Postfix in directories of its own: it syncs each mail to its queue, which is what it always
//! does before its 250, and delivers it to `discard`. The system's Postfix is not touched.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    process::Processes,
    server::{Server, Synced, wait_until},
};

/// Stopped when dropped.
pub(super) struct Postfix {
    address: SocketAddr,
    configuration: PathBuf,
    queue: PathBuf,
    processes: Processes,
}

/// What could slow it down without need is off: name look-ups, anvil's limits, the pause when
/// mail comes faster than it goes, and the end of a process after a hundred clients.
const SETTINGS: &str = "
compatibility_level = 3.6
myhostname = mx.example.ua
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = docs.example.ua
relay_transport = discard:
default_transport = discard:
local_transport = discard:
alias_maps =
alias_database =
local_recipient_maps =
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_forbid_bare_newline = yes
smtpd_forbid_unauth_pipelining = yes
in_flow_delay = 0
message_size_limit = 33554432
default_process_limit = 250
max_use = 100000
max_idle = 3600s
";

/// Every service of a running Postfix. None is in a chroot, which would need copies of libraries.
const SERVICES: &str = "
pickup     unix  n  -  n  60    1  pickup
cleanup    unix  n  -  n  -     0  cleanup
qmgr       unix  n  -  n  300   1  qmgr
tlsmgr     unix  -  -  n  1000? 1  tlsmgr
rewrite    unix  -  -  n  -     -  trivial-rewrite
bounce     unix  -  -  n  -     0  bounce
defer      unix  -  -  n  -     0  bounce
trace      unix  -  -  n  -     0  bounce
verify     unix  -  -  n  -     1  verify
flush      unix  n  -  n  1000? 0  flush
proxymap   unix  -  -  n  -     -  proxymap
proxywrite unix  -  -  n  -     1  proxymap
showq      unix  n  -  n  -     -  showq
error      unix  -  -  n  -     -  error
retry      unix  -  -  n  -     -  error
discard    unix  -  -  n  -     -  discard
anvil      unix  -  -  n  -     1  anvil
scache     unix  -  -  n  -     1  scache
";

impl Postfix {
    /// Starts an instance whose files all lie below `directory`.
    pub(super) fn start(directory: &Path) -> Self {
        let [configuration, queue, data] =
            ["configuration", "queue", "data"].map(|name| directory.join(name));
        for made in [&configuration, &queue, &data] {
            fs::create_dir_all(made).unwrap();
        }
        let owned = Command::new("chown").arg("postfix").arg(&data).status().unwrap();
        assert!(owned.success(), "the package postfix makes the user postfix");
        let address = free_address();
        let places = [("queue_directory", &queue), ("data_directory", &data)];
        let places = places.map(|(name, path)| format!("{name} = {}\n", path.display())).concat();
        fs::write(configuration.join("main.cf"), format!("{places}{SETTINGS}")).unwrap();
        let listening = format!("{address} inet n - n - - smtpd");
        fs::write(configuration.join("master.cf"), format!("{listening}{SERVICES}")).unwrap();
        command(&configuration, "start");
        let pid_file = queue.join("pid/master.pid");
        let root = fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
        Self { address, configuration, queue, processes: Processes { root } }
    }

    fn is_queue_empty(&self) -> bool {
        ["incoming", "active"]
            .iter()
            .all(|name| fs::read_dir(self.queue.join(name)).unwrap().next().is_none())
    }
}

impl Server for Postfix {
    fn name(&self) -> &'static str {
        "Postfix"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn processes(&self) -> Processes {
        self.processes
    }

    fn rest(&mut self) -> Synced {
        wait_until("Postfix has delivered its queue", || self.is_queue_empty());
        let deferred = fs::read_dir(self.queue.join("deferred")).unwrap().count();
        assert_eq!(deferred, 0, "discarding does not fail");
        Synced::default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        command(&self.configuration, "stop");
    }
}

fn command(configuration: &Path, word: &str) {
    let ran = Command::new("postfix").arg("-c").arg(configuration).arg(word).output().unwrap();
    assert!(ran.status.success(), "postfix {word}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
