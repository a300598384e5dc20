//! The sections of the file.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use serde::Deserialize;

use super::LogFilter;
use crate::{
    domain::{
        MailAddress, Network, OrganisationId, RevocationPolicy,
        section::{GIBIBYTE, section},
    },
    smtp, spool, web,
};

section! {
    /// `[smtp]`: where mail comes in.
    #[derive(Debug)]
    pub struct Smtp {
        /// Addresses to listen on; port 25 of all addresses is `["0.0.0.0:25", "[::]:25"]`.
        pub listen: Vec<SocketAddr> = vec![loopback(2525)];
        /// Addresses to listen on with TLS from the first byte (RFC 8314 §3) in place of STARTTLS;
        /// they need a certificate. Mail between servers does not come this way.
        pub listen_tls: Vec<SocketAddr> = Vec::new();
        /// Unix sockets on which one's own mail server hands over mail by LMTP (RFC 2033); their
        /// owner and group may connect.
        pub lmtp: Vec<PathBuf> = Vec::new();
        /// Networks of TCP balancers, as `10.0.0.0/8` or `192.0.2.7`: a connection from there must
        /// begin with a PROXY header of version 2. Taken over by a reload.
        pub proxy_from: Vec<Network> = Vec::new();
        /// Our own name in the greeting: the name that the MX record points to.
        pub hostname: String = "localhost".to_owned();
        /// The certificate chain for TLS, PEM; without one STARTTLS is not offered. Read again by a
        /// reload.
        pub certificate: Option<PathBuf> = None;
        /// Its private key, PEM (PKCS#8, PKCS#1 or SEC 1). Read again by a reload.
        pub private_key: Option<PathBuf> = None;
        /// The branch mailbox that mail for `<postmaster>` goes to. Default: the first address of
        /// the registry's first branch, which also stands in when no branch has this one.
        pub postmaster: Option<MailAddress> = None;
        /// What one client may ask for. Taken over by a reload.
        pub limits: smtp::Limits = smtp::Limits::default();
    }
}

section! {
    /// `[spool]`: accepted mail until it is judged.
    #[derive(Debug)]
    pub struct Spool {
        /// Where the segments lie: a local disk that keeps what `fdatasync` says it keeps.
        pub directory: PathBuf = "data/spool".into();
        /// Segment size and disk reserve.
        pub limits: spool::SpoolSettings = spool::SpoolSettings::default();
    }
}

section! {
    /// `[store]`: the database.
    pub struct Store {
        /// `sqlite:PATH` or `postgres://…`.
        pub url: String = "sqlite:data/skrynka.db".to_owned();
        /// A file whose first line is the URL, for one with a password in it. Goes before `url`.
        pub url_file: Option<PathBuf> = None;
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

section! {
    /// `[envelope]`: what opens encrypted copies.
    #[derive(Debug)]
    pub struct Envelope {
        /// Files with the organisation's private keys (PKCS#12, PKCS#8 or SEC 1), readable by the
        /// server's user alone; without them encrypted copies stay closed.
        pub keys: Vec<PathBuf> = Vec::new();
        /// A file whose first line is the password of those that have one, likewise private.
        pub password_file: Option<PathBuf> = None;
    }
}

section! {
    /// `[vault]`: sealed copies.
    #[derive(Debug)]
    pub struct Vault {
        /// Where the sealed objects lie.
        pub directory: PathBuf = "data/objects".into();
        /// The master key's file, readable by the server's user alone.
        pub master_key: PathBuf = "master.key".into();
    }
}

section! {
    /// `[trust]`: whom signatures are believed by.
    #[derive(Debug)]
    pub struct Trust {
        /// Certificates of authorities and pinned signers, PEM or DER. Read again when it changes.
        pub directory: PathBuf = "trust".into();
        /// Where `skrynka trust update` fetches the trust list (ETSI TS 119 612) from.
        pub list_url: Option<String> = None;
        /// SHA-256 of the certificates that may sign it, hexadecimal; without them no list is
        /// accepted by its signature.
        pub list_signers: Vec<String> = Vec::new();
        /// SHA-256 of the one issue that is accepted although its signature cannot be checked,
        /// hexadecimal.
        pub list_sha256: Option<String> = None;
        /// The country that it must be of.
        pub list_territory: String = "UA".to_owned();
        /// Days after its next issue was due in which the list still grants its authorities and
        /// tells qualified signatures from others.
        pub list_grace_days: u16 = 7;
    }
}

impl Trust {
    /// Whether a list is to be had, at hand or not.
    #[must_use]
    pub fn expects_list(&self) -> bool {
        self.list_url.is_some() || !self.list_signers.is_empty() || self.list_sha256.is_some()
    }
}

section! {
    /// `[sender]`: what is asked of the DNS about the senders of mail (SPF, DKIM, DMARC).
    #[derive(Debug)]
    pub struct Sender {
        /// Whether it is asked at all.
        pub check: bool = true;
        /// The DNS server, `IP:PORT`. Default: those of `/etc/resolv.conf`.
        pub resolver: Option<SocketAddr> = None;
        /// Seconds for all questions about one mail together.
        pub timeout_seconds: u64 = 5, 1..=60;
    }
}

section! {
    /// `[signatures]`: what a signature must prove, and what is asked of the authorities for it.
    #[derive(Debug)]
    pub struct Signatures {
        /// Whether a signature may pass when nobody can say whether a certificate in its chain was
        /// revoked.
        pub revocation: RevocationPolicy = RevocationPolicy::Prefer;
        /// The organisations whose seals count as issuing copies, by their identifiers as
        /// certificates have them: `NTRUA-12345678`, or the ЄДРПОУ code. Default: those that the
        /// program knows, see `skrynka check`.
        pub issuers: Option<Vec<OrganisationId>> = None;
        /// A file with an algorithm policy (`skrynka policy show --toml` prints the form). Read when
        /// the server starts; a reload names it as what needs a restart. Default: the policy that
        /// is built in.
        pub policy: Option<PathBuf> = None;
        /// Whether lists and answers are fetched from the addresses in the certificates of proved
        /// chains.
        pub fetch: bool = true;
        /// Seconds for one download, from the first look-up to the last byte.
        pub fetch_timeout_seconds: u64 = 10, 1..=300;
        /// The greatest list or answer, in bytes.
        pub fetch_max_bytes: u64 = 32 << 20, 1024..=GIBIBYTE;
        /// Whether addresses of the own network (loopback, private, link-local) are asked too: only
        /// where an authority really stands there.
        pub fetch_private_addresses: bool = false;
        /// Where fetched lists and answers lie.
        pub revocation_directory: PathBuf = "data/revocation".into();
    }
}

section! {
    /// `[retention]`: how long what no service's term covers is kept, and by which clock things end.
    #[derive(Debug)]
    pub struct Retention {
        /// Days that a share which is not verified is kept, and a copy nobody asked for.
        pub quarantine_days: u32 = 30, 1..=3650;
        /// The file that the machine's time service touches whenever it has set the clock: a
        /// witness that the clock is right.
        pub synchronized_file: PathBuf = "/run/systemd/timesync/synchronized".into();
    }
}

section! {
    /// `[web]`: the dashboard and the API.
    #[derive(Debug)]
    pub struct Web {
        /// Address to listen on. Without TLS it is a loopback address.
        pub listen: SocketAddr = loopback(8080);
        /// The name that browsers open the dashboard by: what its certificate is for. Left out: that
        /// of `[smtp] hostname`.
        pub hostname: Option<String> = None;
        /// The certificate chain for HTTPS, PEM. Left out: the dashboard is served in the clear. Read
        /// again by a reload.
        pub certificate: Option<PathBuf> = None;
        /// Its private key, PEM (PKCS#8, PKCS#1 or SEC 1). Read again by a reload.
        pub private_key: Option<PathBuf> = None;
        /// `[web.acme]`: the certificate is got from an authority. Left out: it is not.
        pub acme: Option<Acme> = None;
        /// Whether another address than a loopback one is listened on without TLS: for a proxy with
        /// TLS that is on another machine or in another container.
        pub insecure_lan: bool = false;
        /// Networks of the proxies in front: `X-Forwarded-For` of their requests names the client,
        /// and their connections are not counted by address.
        pub proxy_from: Vec<Network> = vec![
            Network::from(IpAddr::from(Ipv4Addr::LOCALHOST)),
            Network::from(IpAddr::from(Ipv6Addr::LOCALHOST)),
        ];
        /// What one client may use up.
        pub limits: web::Limits = web::Limits::default();
    }
}

section! {
    /// `[web.acme]`: the dashboard's certificate, got from an authority by ACME (RFC 8555).
    #[derive(Debug)]
    pub struct Acme {
        /// Whether the organisation agrees to the authority's terms of service, which it has to.
        pub agree_to_terms: bool = false;
        /// Certificates that the authority's own HTTPS is believed by, PEM, in place of the public
        /// ones: for an authority of one's own.
        pub ca_file: Option<PathBuf> = None;
        /// Where account and certificate lie, with their keys.
        pub cache: PathBuf = "data/acme".into();
        /// Whom the authority may write to.
        pub contact: Option<MailAddress> = None;
        /// The authority's directory: that of Let's Encrypt.
        pub directory: String = "https://acme-v02.api.letsencrypt.org/directory".to_owned();
        /// The names that the certificate is for. Left out: `[web] hostname`, or that of `[smtp]`.
        pub domains: Vec<String> = Vec::new();
    }
}

section! {
    /// `[metrics]`: the page for Prometheus, and the probes.
    #[derive(Debug)]
    pub struct MetricsPage {
        /// Address to listen on.
        pub listen: SocketAddr = loopback(9464);
    }
}

section! {
    /// `[log]`: what the server says on standard error.
    #[derive(Debug)]
    pub struct Log {
        /// The form of its lines.
        pub format: LogFormat = LogFormat::Text;
        /// Which events: `info`, or a filter such as `info,skrynka::smtp=debug`.
        pub level: LogFilter = LogFilter::default();
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
