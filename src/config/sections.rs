//! The sections of the file.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use serde::Deserialize;

use super::LogFilter;
use crate::{
    domain::{MailAddress, Network, OrganisationId, RevocationPolicy},
    smtp, spool, web,
};

/// `[smtp]`: where mail comes in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Addresses to listen on. Default: `["127.0.0.1:2525"]`; port 25 of all addresses is
    /// `["0.0.0.0:25", "[::]:25"]`.
    pub listen: Vec<SocketAddr>,
    /// Addresses to listen on with TLS from the first byte (RFC 8314 §3) in place of STARTTLS; they
    /// need a certificate. Mail between servers does not come this way. Default: none.
    pub listen_tls: Vec<SocketAddr>,
    /// Unix sockets on which one's own mail server hands over mail by LMTP (RFC 2033); their owner
    /// and group may connect. Default: none.
    pub lmtp: Vec<PathBuf>,
    /// Networks of TCP balancers, as `10.0.0.0/8` or `192.0.2.7`: a connection from there must begin
    /// with a PROXY header of version 2. Default: none. Taken over by a reload.
    pub proxy_from: Vec<Network>,
    /// Our own name in the greeting: the name that the MX record points to. Default: `localhost`.
    pub hostname: String,
    /// The certificate chain for TLS, PEM. Default: none, and STARTTLS is not offered. Read again by
    /// a reload.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM (PKCS#8, PKCS#1 or SEC 1). Read again by a reload.
    pub private_key: Option<PathBuf>,
    /// The branch mailbox that mail for `<postmaster>` goes to. Default: the first address of the
    /// registry's first branch, which also stands in when no branch has this one.
    pub postmaster: Option<MailAddress>,
    /// What one client may ask for. Taken over by a reload.
    pub limits: smtp::Limits,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            listen: vec![loopback(2525)],
            listen_tls: Vec::new(),
            lmtp: Vec::new(),
            proxy_from: Vec::new(),
            hostname: "localhost".to_owned(),
            certificate: None,
            private_key: None,
            postmaster: None,
            limits: smtp::Limits::default(),
        }
    }
}

/// `[spool]`: accepted mail until it is judged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    /// Where the segments lie: a local disk that keeps what `fdatasync` says it keeps.
    /// Default: `data/spool`.
    pub directory: PathBuf,
    /// Segment size and disk reserve.
    pub limits: spool::SpoolSettings,
}

impl Default for Spool {
    fn default() -> Self {
        Self { directory: "data/spool".into(), limits: spool::SpoolSettings::default() }
    }
}

/// `[store]`: the database.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// `sqlite:PATH` or `postgres://…`. Default: `sqlite:data/skrynka.db`.
    pub url: String,
    /// A file whose first line is the URL, for one with a password in it. Goes before `url`.
    pub url_file: Option<PathBuf>,
}

impl Default for Store {
    fn default() -> Self {
        Self { url: "sqlite:data/skrynka.db".to_owned(), url_file: None }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may hold a password.
        let engine = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Store")
            .field("url", &format_args!("{engine}:…"))
            .field("url_file", &self.url_file)
            .finish()
    }
}

/// `[envelope]`: what opens encrypted copies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Envelope {
    /// Files with the organisation's private keys (PKCS#12, PKCS#8 or SEC 1), readable by the
    /// server's user alone. Default: none, and encrypted copies stay closed.
    pub keys: Vec<PathBuf>,
    /// A file whose first line is the password of those that have one, likewise private.
    pub password_file: Option<PathBuf>,
}

/// `[vault]`: sealed copies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vault {
    /// Where the sealed objects lie. Default: `data/objects`.
    pub directory: PathBuf,
    /// The master key's file, readable by the server's user alone. Default: `master.key`.
    pub master_key: PathBuf,
}

impl Default for Vault {
    fn default() -> Self {
        Self { directory: "data/objects".into(), master_key: "master.key".into() }
    }
}

/// `[trust]`: whom signatures are believed by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    /// Certificates of authorities and pinned signers, PEM or DER. Read again when it changes.
    /// Default: `trust`.
    pub directory: PathBuf,
    /// Where `skrynka trust update` fetches the trust list (ETSI TS 119 612) from. Default: none.
    pub list_url: Option<String>,
    /// SHA-256 of the certificates that may sign it, hexadecimal. Default: none, and then no list
    /// is accepted by its signature.
    pub list_signers: Vec<String>,
    /// SHA-256 of the one issue that is accepted although its signature cannot be checked,
    /// hexadecimal. Default: none.
    pub list_sha256: Option<String>,
    /// The country that it must be of. Default: `UA`.
    pub list_territory: String,
    /// Days after its next issue was due in which the list still grants its authorities and tells
    /// qualified signatures from others. Default: 7.
    pub list_grace_days: u16,
}

impl Trust {
    /// Whether a list is to be had, at hand or not.
    #[must_use]
    pub fn expects_list(&self) -> bool {
        self.list_url.is_some() || !self.list_signers.is_empty() || self.list_sha256.is_some()
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            directory: "trust".into(),
            list_url: None,
            list_signers: Vec::new(),
            list_sha256: None,
            list_territory: "UA".to_owned(),
            list_grace_days: 7,
        }
    }
}

/// `[sender]`: what is asked of the DNS about the senders of mail (SPF, DKIM, DMARC).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sender {
    /// Whether it is asked at all. Default: true.
    pub check: bool,
    /// The DNS server, `IP:PORT`. Default: those of `/etc/resolv.conf`.
    pub resolver: Option<SocketAddr>,
    /// Seconds for all questions about one mail together. Default: 5.
    pub timeout_seconds: u64,
}

impl Default for Sender {
    fn default() -> Self {
        Self { check: true, resolver: None, timeout_seconds: 5 }
    }
}

/// `[signatures]`: what a signature must prove, and what is asked of the authorities for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signatures {
    /// `prefer` or `require`: whether a signature may pass when nobody can say whether a
    /// certificate in its chain was revoked. Default: `prefer`.
    pub revocation: RevocationPolicy,
    /// The organisations whose seals count as issuing copies, by their identifiers as certificates
    /// have them: `NTRUA-12345678`, or the ЄДРПОУ code. Default: those that the program knows, see
    /// `skrynka check`.
    pub issuers: Option<Vec<OrganisationId>>,
    /// A file with an algorithm policy (`skrynka policy show --toml` prints the form). Read when the
    /// server starts; a reload names it as what needs a restart. Default: the policy that is built in.
    pub policy: Option<PathBuf>,
    /// Whether lists and answers are fetched from the addresses in the certificates of proved
    /// chains. Default: true.
    pub fetch: bool,
    /// Seconds for one download, from the first look-up to the last byte. Default: 10.
    pub fetch_timeout_seconds: u64,
    /// The greatest list or answer, in bytes. Default: 33554432.
    pub fetch_max_bytes: u64,
    /// Whether addresses of the own network (loopback, private, link-local) are asked too: only
    /// where an authority really stands there. Default: false.
    pub fetch_private_addresses: bool,
    /// Where fetched lists and answers lie. Default: `data/revocation`.
    pub revocation_directory: PathBuf,
}

impl Default for Signatures {
    fn default() -> Self {
        Self {
            revocation: RevocationPolicy::Prefer,
            issuers: None,
            policy: None,
            fetch: true,
            fetch_timeout_seconds: 10,
            fetch_max_bytes: 32 << 20,
            fetch_private_addresses: false,
            revocation_directory: "data/revocation".into(),
        }
    }
}

/// `[retention]`: how long what no service's term covers is kept, and by which clock things end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days that a share which is not verified is kept, and a copy nobody asked for.
    /// Default: 30.
    pub quarantine_days: u32,
    /// The file that the machine's time service touches whenever it has set the clock: a witness
    /// that the clock is right. Default: `/run/systemd/timesync/synchronized`.
    pub synchronized_file: PathBuf,
}

impl Default for Retention {
    fn default() -> Self {
        Self { quarantine_days: 30, synchronized_file: "/run/systemd/timesync/synchronized".into() }
    }
}

/// `[web]`: the dashboard and the API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Address to listen on, in the clear: put a TLS proxy before it unless it is a loopback
    /// address. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Networks of the proxies in front: `X-Forwarded-For` of their requests names the client, and
    /// their connections are not counted by address. Default: `["127.0.0.1", "::1"]`.
    pub proxy_from: Vec<Network>,
    /// What one client may use up.
    pub limits: web::Limits,
}

impl Default for Web {
    fn default() -> Self {
        let proxies = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        Self {
            listen: loopback(8080),
            proxy_from: proxies.map(Network::from).into(),
            limits: web::Limits::default(),
        }
    }
}

/// `[metrics]`: the page for Prometheus, and the probes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsPage {
    /// Address to listen on. Default: `127.0.0.1:9464`.
    pub listen: SocketAddr,
}

impl Default for MetricsPage {
    fn default() -> Self {
        Self { listen: loopback(9464) }
    }
}

/// `[log]`: what the server says on standard error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`. Default: `text`.
    pub format: LogFormat,
    /// Which events: `info`, or a filter such as `info,skrynka::smtp=debug`. Default: `info`.
    pub level: LogFilter,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
