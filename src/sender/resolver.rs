//! The DNS resolver: which server it asks, how long, and what it keeps.

use std::{fmt, net::SocketAddr, time::Duration};

use mail_auth::{
    MessageAuthenticator,
    hickory_resolver::{
        config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
        net::NetError,
        proto::rr::{Name, RecordType},
        system_conf::read_system_conf,
    },
};

/// How many answers are kept, each for its own time to live within [`LONGEST_TTL`].
const CACHED_ANSWERS: u64 = 1024;

/// The longest that an answer is kept.
const LONGEST_TTL: Duration = Duration::from_hours(1);

/// The longest that "there is no such name" is kept.
const LONGEST_NEGATIVE_TTL: Duration = Duration::from_mins(5);

/// How often a question is sent within its time.
const TRIES: u32 = 3;

/// How long a server may take that is asked whether it is there.
const PROBE: Duration = Duration::from_secs(1);

/// Which DNS server is asked, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server; `None` for those of the system (`/etc/resolv.conf`).
    pub server: Option<SocketAddr>,
    /// The time for all questions about one mail together.
    pub timeout: Duration,
}

/// A resolver with a bounded cache.
pub(super) struct Resolver {
    authenticator: MessageAuthenticator,
    /// The same servers without a cache.
    probe: MessageAuthenticator,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl Resolver {
    /// # Errors
    /// The system's configuration cannot be read.
    pub(super) fn new(settings: &Settings) -> Result<Self, NetError> {
        let (config, mut options) = match settings.server {
            Some(server) => (only(server), ResolverOpts::default()),
            None => read_system_conf()?,
        };
        options.timeout = settings.timeout.checked_div(TRIES).unwrap_or(settings.timeout);
        // One more than there is time for: what goes unanswered ends with the time, not just before.
        options.attempts = usize::try_from(TRIES).unwrap_or(1);
        options.cache_size = CACHED_ANSWERS;
        options.positive_max_ttl = Some(LONGEST_TTL);
        options.negative_max_ttl = Some(LONGEST_NEGATIVE_TTL);
        // Keys and policies are what the domain publishes, whatever this machine's own file says.
        options.use_hosts_file = ResolveHosts::Never;
        options.edns0 = true;
        let mut uncached = options.clone();
        uncached.cache_size = 0;
        uncached.timeout = PROBE;
        uncached.attempts = 0;
        Ok(Self {
            probe: MessageAuthenticator::new(config.clone(), uncached)?,
            authenticator: MessageAuthenticator::new(config, options)?,
        })
    }

    pub(super) fn authenticator(&self) -> &MessageAuthenticator {
        &self.authenticator
    }

    /// Whether a server answers at all, be it that it refuses.
    pub(super) async fn answers(&self) -> bool {
        let question = self.probe.resolver().lookup(Name::root(), RecordType::NS);
        let answer = tokio::time::timeout(PROBE, question).await;
        matches!(answer, Ok(Ok(_) | Err(NetError::Dns(_))))
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}
