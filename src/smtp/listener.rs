//! Accepting connections, and letting them end.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use super::{
    Intake, Protocol, Settings, SmtpError,
    connection::{ClientStream, Connection, Shutdown, own_address, turned_true},
    proxy::{ProxySource, receive_proxy_header},
    reply::Reply,
    server_state::ServerState,
    session::Peer,
};
use crate::{
    clock::Clock,
    metrics::{ConnectionRefusal, Metrics, Part},
};

mod lmtp;

pub use lmtp::LmtpListener;

/// A socket that listens for mail by SMTP.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    begins_with_tls: bool,
    socket: TcpListener,
}

/// What serves the clients of all listeners: the limits on connections and memory hold for all of
/// them together. Cloning is cheap.
pub struct Reception<I>(Arc<ServerState<I>>);

impl<I> Clone for Reception<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I> fmt::Debug for Reception<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reception").finish_non_exhaustive()
    }
}

impl<I: Intake> Reception<I> {
    /// Hands what clients send to `intake`.
    #[must_use]
    pub fn new(intake: Arc<I>, settings: Settings, clock: Clock, metrics: Metrics) -> Self {
        Self(Arc::new(ServerState::new(intake, settings, clock, metrics)))
    }

    /// Applies other settings to connections from now on. Open connections keep the name,
    /// certificate and times that they began with; counts of connections and memory follow the new
    /// limits at once, and no connection is closed for them.
    pub fn apply(&self, settings: Settings) {
        self.0.apply(settings);
    }
}

/// Connections that the system holds until we accept them. With the usual 128, a few hundred
/// clients at once overflow it and wait a second for their next try.
const BACKLOG: u16 = 4096;

/// The pause after a failed accept: when files run out, trying at once would only cost time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long telling a client that it is not served may take.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(100);

/// How long the last `421` may take to clients whose mail did not end in time.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a balancer may take for its PROXY header.
const PROXY_TIMEOUT: Duration = Duration::from_secs(5);

impl Listener {
    /// Listens on `address`; with port 0 on a free one, which [`Listener::local_addr`] tells.
    /// An address of IPv6 takes clients of IPv6 only, `[::]` too.
    ///
    /// # Errors
    /// When the system refuses: the port is taken, or needs privileges.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind(address: SocketAddr) -> Result<Self, SmtpError> {
        let socket = listen(address).map_err(|source| SmtpError::Bind { address, source })?;
        let address = socket.local_addr().map_err(|source| SmtpError::Bind { address, source })?;
        Ok(Self { address, begins_with_tls: false, socket })
    }

    /// Takes over a socket that listens already, from systemd for example.
    ///
    /// # Errors
    /// When it is none that can be accepted from.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn inherited(socket: std::net::TcpListener) -> Result<Self, SmtpError> {
        let prepared = || {
            rustix::net::sockopt::set_tcp_nodelay(&socket, true)?;
            socket.set_nonblocking(true)?;
            let address = socket.local_addr()?;
            Ok((address, TcpListener::from_std(socket)?))
        };
        let (address, socket) = prepared().map_err(|source| SmtpError::Inherited { source })?;
        Ok(Self { address, begins_with_tls: false, socket })
    }

    /// The same, with TLS from the first byte instead of STARTTLS (RFC 8314 §3). Connections that
    /// come while the settings have no certificate are closed.
    #[must_use]
    pub fn with_tls(self) -> Self {
        Self { begins_with_tls: true, ..self }
    }

    /// The address and port that clients reach.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves clients until `shutdown` turns true, or its sender is dropped.
    ///
    /// Then no more are accepted, idle ones are told `421`, and messages in transit are given
    /// [`super::Limits::drain_timeout_seconds`] to be kept; the clients that are left are told `421`
    /// too, and cut off two seconds later.
    pub async fn serve<I: Intake>(self, reception: Reception<I>, shutdown: watch::Receiver<bool>) {
        serve(self, reception, shutdown).await;
    }
}

/// A listening socket, of whatever kind.
trait Acceptor: Send + Sync {
    type Stream: ClientStream + 'static;

    const PROTOCOL: Protocol;

    fn begins_with_tls(&self) -> bool;

    /// The next client, and its address where it has one.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<IpAddr>)>> + Send;
}

impl Acceptor for Listener {
    type Stream = TcpStream;

    const PROTOCOL: Protocol = Protocol::Smtp;

    fn begins_with_tls(&self) -> bool {
        self.begins_with_tls
    }

    async fn accept(&self) -> io::Result<(TcpStream, Option<IpAddr>)> {
        let (stream, peer) = self.socket.accept().await?;
        Ok((stream, Some(peer.ip().to_canonical())))
    }
}

async fn serve<E: Acceptor, I: Intake>(
    acceptor: E,
    reception: Reception<I>,
    mut shutdown: watch::Receiver<bool>,
) {
    let Reception(server) = reception;
    let mut clients = JoinSet::new();
    let (drained, is_drained) = watch::channel(false);
    loop {
        tokio::select! {
            () = turned_true(&mut shutdown) => break,
            Some(ended) = clients.join_next() => note_panic(ended, &server.metrics),
            accepted = acceptor.accept() => match accepted {
                Ok((stream, address)) => {
                    let peer = Peer {
                        address,
                        begins_with_tls: acceptor.begins_with_tls(),
                        protocol: E::PROTOCOL,
                        reached: None,
                    };
                    match server.admission.admit() {
                        Ok(permit) => {
                            let admitted = Admitted { peer, server: Arc::clone(&server), permit };
                            let ending =
                                Shutdown { begun: shutdown.clone(), drained: is_drained.clone() };
                            clients.spawn(admitted.receive(stream, ending));
                        }
                        Err(why) => turn_away(stream, &peer, why, &server.metrics).await,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(acceptor);
    let mut all_end = async |limit| {
        let ends = async {
            while let Some(ended) = clients.join_next().await {
                note_panic(ended, &server.metrics);
            }
        };
        timeout(limit, ends).await.is_ok()
    };
    if all_end(server.settings().limits.drain_timeout()).await {
        return;
    }
    drained.send_replace(true);
    if !all_end(FAREWELL_TIMEOUT).await {
        tracing::warn!(connections = clients.len(), "connections cut off by the shutdown");
        clients.shutdown().await;
    }
}

/// A client whose connection is counted.
struct Admitted<I> {
    peer: Peer,
    server: Arc<ServerState<I>>,
    permit: super::admission::ConnectionPermit,
}

impl<I: Intake> Admitted<I> {
    /// Finds out the client's address, then serves it or turns it away.
    async fn receive<S: ClientStream>(mut self, mut stream: S, mut shutdown: Shutdown) {
        let _open = self.server.metrics.connection_opened();
        let settings = self.server.settings();
        if let Err(error) = self.read_proxy(&mut stream, &settings, &mut shutdown.begun).await {
            // The balancer is configured wrongly, or something else has its address.
            tracing::warn!(peer.ip = self.peer.address.map(tracing::field::display), %error,
                "a connection without the PROXY header that its address must send is closed");
            return;
        }
        if let Some(address) = self.peer.address
            && let Err(why) = self.permit.assign(address)
        {
            return turn_away(stream, &self.peer, why, &self.server.metrics).await;
        }
        let reached = self.peer.reached.or_else(|| own_address(&stream));
        let peer = Peer { reached, ..self.peer };
        let network = self.permit.network();
        Connection::new(Arc::clone(&self.server), settings, peer, network, shutdown)
            .serve(stream)
            .await;
    }

    /// Takes the client's address from the PROXY header when the connection comes from a balancer.
    async fn read_proxy<S: ClientStream>(
        &mut self,
        stream: &mut S,
        settings: &Settings,
        stopping: &mut watch::Receiver<bool>,
    ) -> io::Result<()> {
        if !self.peer.address.is_some_and(|address| settings.is_proxy(address)) {
            return Ok(());
        }
        tokio::select! {
            biased;
            // The client is told so, whatever its address.
            () = turned_true(stopping) => {}
            header = timeout(PROXY_TIMEOUT, receive_proxy_header(stream)) => match header?? {
                ProxySource::Client { address, reached } => {
                    self.peer.address = Some(address);
                    self.peer.reached = Some(reached);
                }
                ProxySource::Connection => {}
            },
        }
        Ok(())
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => {
            let socket = TcpSocket::new_v6()?;
            // Or `[::]:25` takes IPv4 too, and `0.0.0.0:25` is refused.
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
            socket
        }
    };
    // A restart must not wait until the system forgets the old connections.
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG.into())
}

fn note_panic(ended: Result<(), JoinError>, metrics: &Metrics) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("an SMTP connection panicked; the others are not touched");
        metrics.failure(Part::Smtp);
    }
}

async fn turn_away<S>(mut stream: S, peer: &Peer, why: ConnectionRefusal, metrics: &Metrics)
where
    S: AsyncWrite + Unpin,
{
    metrics.connection_refused(why);
    if peer.begins_with_tls {
        // A client that waits for a handshake cannot read words; making one costs too much.
        return;
    }
    let reply = match why {
        ConnectionRefusal::PerAddress => Reply::TooManyConnectionsFromAddress,
        ConnectionRefusal::Total => Reply::TooManyConnections,
    };
    metrics.reply(reply.code());
    let mut output = Vec::new();
    reply.write_to(&mut output);
    // A fresh socket has room for one line; one without room belongs to a client that is gone.
    drop(timeout(REFUSAL_TIMEOUT, stream.write_all(&output)).await);
}

#[cfg(test)]
mod tests;
