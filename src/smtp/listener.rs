//! Accepting connections, and letting them end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use super::{
    Intake, Settings, SmtpError,
    admission::{Admission, Memory},
    connection::{Connection, Desk, turned_true},
    reply::Reply,
    session::Rules,
};
use crate::{
    clock::Clock,
    metrics::{ConnectionRefusal, Metrics, Part},
};

/// A socket that listens for mail.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    socket: TcpListener,
}

/// What serves the clients of all listeners: the limits on connections and memory hold for all of
/// them together. Cloning is cheap.
pub struct Reception<I>(Arc<Desk<I>>);

impl<I> Clone for Reception<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I: Intake> Reception<I> {
    /// Hands what clients send to `intake`.
    #[must_use]
    pub fn new(intake: Arc<I>, settings: Settings, clock: Clock, metrics: Metrics) -> Self {
        let Settings { hostname, limits, tls } = settings;
        Self(Arc::new(Desk {
            admission: Arc::new(Admission::new(&limits)),
            clock,
            intake,
            memory: Memory::new(&limits, metrics.clone()),
            metrics,
            rules: Arc::new(Rules::new(&hostname, &limits, tls.is_some())),
            tls: tls.map(Into::into),
            limits,
        }))
    }
}

/// Connections that the system holds until we accept them. With the usual 128, a few hundred
/// clients at once overflow it and wait a second for their next try.
const BACKLOG: u32 = 4096;

/// The pause after a failed accept: when files run out, trying at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long telling a client that it is not served may take.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(100);

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
        Ok(Self { address, socket })
    }

    /// The address and port that clients reach.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves clients until `shutdown` turns true, or its sender is dropped.
    ///
    /// Then no more are accepted, idle ones are told `421`, and messages in transit are given
    /// [`super::Limits::drain_timeout_seconds`] to be kept; whatever is left is cut off.
    pub async fn serve<I: Intake>(
        self,
        reception: Reception<I>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let Reception(desk) = reception;
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                () = turned_true(&mut shutdown) => break,
                Some(ended) = clients.join_next() => note_panic(ended, &desk.metrics),
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => match desk.admission.admit(peer.ip()) {
                        Ok(place) => {
                            let open = desk.metrics.connection_opened();
                            let connection = Connection::new(
                                Arc::clone(&desk),
                                peer.ip().to_canonical(),
                                shutdown.clone(),
                            );
                            clients.spawn(async move {
                                connection.serve(stream).await;
                                drop((place, open));
                            });
                        }
                        Err(why) => turn_away(stream, why, &desk.metrics).await,
                    },
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.socket);
        let drained = timeout(desk.limits.drain_timeout(), async {
            while let Some(ended) = clients.join_next().await {
                note_panic(ended, &desk.metrics);
            }
        });
        if drained.await.is_err() {
            tracing::warn!(connections = clients.len(), "connections cut off by the shutdown");
            clients.shutdown().await;
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => {
            let socket = TcpSocket::new_v6()?;
            // Or `[::]:25` takes IPv4 too, and `0.0.0.0:25` beside it is refused.
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
            socket
        }
    };
    // Restarting must not wait for the old connections' last minute to pass.
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn note_panic(ended: Result<(), JoinError>, metrics: &Metrics) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("an SMTP connection panicked; the others are not touched");
        metrics.failure(Part::Smtp);
    }
}

async fn turn_away(mut stream: TcpStream, why: ConnectionRefusal, metrics: &Metrics) {
    let reply = match why {
        ConnectionRefusal::PerAddress => Reply::TooManyConnectionsFromAddress,
        ConnectionRefusal::Total => Reply::TooManyConnections,
    };
    metrics.connection_refused(why);
    metrics.reply(reply.code());
    let mut output = Vec::new();
    reply.write_to(&mut output);
    // A fresh socket has room for one line; one that has not belongs to a client that is gone.
    drop(timeout(REFUSAL_TIMEOUT, stream.write_all(&output)).await);
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::{
        domain::{Envelope, MailAddress, MailId, Timestamp},
        smtp::{IntakeError, Limits},
    };

    #[tokio::test]
    async fn one_port_serves_both_families() {
        let four = Listener::bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let port = four.local_addr().port();
        let six = Listener::bind(SocketAddr::new("::".parse().unwrap(), port)).unwrap();
        assert_eq!(six.local_addr().port(), port);
    }

    #[tokio::test]
    async fn limits_hold_for_all_listeners_together() {
        let limits = Limits { max_connections: 1, ..Limits::default() };
        let settings = Settings { hostname: "x.ua".to_owned(), limits, tls: None };
        let clock = Clock::fixed(Timestamp::default());
        let reception = Reception::new(Arc::new(Nobody), settings, clock, Metrics::new());
        let (_shutdown, stop) = watch::channel(false);
        let mut clients = Vec::new();
        for reply in ["220 ", "421 "] {
            let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = listener.local_addr();
            tokio::spawn(listener.serve(reception.clone(), stop.clone()));
            let mut client = TcpStream::connect(address).await.unwrap();
            let mut code = [0; 4];
            client.read_exact(&mut code).await.unwrap();
            assert_eq!(str::from_utf8(&code).unwrap(), reply);
            clients.push(client);
        }
    }

    /// Knows no mailbox.
    struct Nobody;

    impl Intake for Nobody {
        fn knows(&self, _: &MailAddress) -> bool {
            false
        }

        async fn accept(&self, _: Envelope, _: Vec<u8>) -> Result<MailId, IntakeError> {
            Err(IntakeError::Failed)
        }
    }
}
