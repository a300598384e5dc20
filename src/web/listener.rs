//! Serving a router over TCP, or over TLS, with bounds: so many connections in all and from one
//! address, and none that dawdles.
//!
//! HTTP/1.1 (RFC 9112) by hyper. Where there is a certificate, a connection begins with TLS, within
//! the same limits. A request's head has a time limit, which is also how long a
//! connection may wait for its next request; bodies have theirs in [`guard`](super::guard), and a
//! client that takes an answer too slowly is cut off by [`paced`].

mod admission;
mod handshake;
mod paced;

use std::{convert::Infallible, io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt as _;

use self::{
    admission::{Admission, Place},
    paced::{Paced, Speech},
};
use super::headers::PROTOCOL;
use crate::{
    domain::{
        Network,
        section::{MANY, section},
    },
    metrics::{Metrics, WebRefusal},
    tls::TlsConfig,
};

/// The greatest head of a request, in bytes, and how much of one is read ahead.
const HEAD_LIMIT: usize = 32 * 1024;
/// The most fields in a head.
const MAX_FIELDS: usize = 64;

/// What is said to a connection for which there is no place, when it takes it at once.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n\
    Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\n\r\n\
    too many connections now";

section! {
    /// What a client of the dashboard may use up.
    #[derive(Debug)]
    pub struct Limits {
        /// Seconds for the body of a request.
        pub body_timeout_seconds: u64 = 10, 1..=300;
        /// Seconds for the head of a request, from the beginning of the connection or the answer
        /// before; and before it as many for the handshake of TLS.
        pub head_timeout_seconds: u64 = 10, 1..=300;
        /// Connections in all.
        pub max_connections: usize = 1024, 1..=MANY;
        /// Connections from one IPv4 address, or from one IPv6 network of 64 bits; a trusted proxy
        /// has no such limit.
        pub max_connections_per_address: usize = 64, 1..=MANY;
    }
}

impl Limits {
    /// Those of the page of metrics and probes: few ask, and often.
    #[must_use]
    pub fn for_metrics() -> Self {
        Self { max_connections: 128, max_connections_per_address: 32, ..Self::default() }
    }

    fn head_timeout(&self) -> Duration {
        Duration::from_secs(self.head_timeout_seconds)
    }

    pub(super) fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds)
    }
}

/// By which terms connections are taken.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What clients may use up.
    pub limits: Limits,
    /// Proxies: `X-Forwarded-For` of a request from there names the client.
    pub proxy_from: Vec<Network>,
    /// The certificate in force, for connections from then on; with none they are in the clear.
    pub tls: watch::Receiver<Option<Arc<TlsConfig>>>,
    /// Where connections are counted.
    pub metrics: Metrics,
}

/// Where a request comes from: the connection's other end, or what a trusted proxy says. `None`
/// when such a proxy says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client(pub(super) Option<IpAddr>);

/// Serves `router` on `listener` until `stop` turns true, then ends open requests and returns.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    terms: Terms,
    mut stop: watch::Receiver<bool>,
) {
    let terms = Arc::new(terms);
    let admission = Admission::new(&terms);
    // A set, for its tasks end with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let peer = peer.ip().to_canonical();
                    match admission.admit(peer) {
                        Ok(place) => {
                            let (router, terms) = (router.clone(), Arc::clone(&terms));
                            let stop = stop.clone();
                            let connection = Connection { peer, place, router, terms, stop };
                            connections.spawn(connection.serve(stream));
                        }
                        // Whoever does not take it at once is not waited for.
                        Err(_) => drop(stream.try_write(NO_PLACE)),
                    }
                }
                Err(error) => outlast(&error).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Returns when the server stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone stops it too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A failure to accept is the connection's own, or passes when others end.
async fn outlast(error: &io::Error) {
    let is_of_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    );
    if !is_of_connection {
        tracing::error!(%error, "no web connection can be accepted");
        sleep(Duration::from_secs(1)).await;
    }
}

/// What belongs to one connection.
struct Connection {
    peer: IpAddr,
    place: Place,
    router: Router,
    terms: Arc<Terms>,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn serve(mut self, stream: TcpStream) {
        let tls = self.terms.tls.borrow().clone();
        let (stream, speech) = Paced::new(stream);
        let Some(tls) = tls else { return self.speak(stream, &speech, false).await };
        let head_timeout = self.terms.limits.head_timeout();
        let begun = tokio::select! {
            begun = timeout(head_timeout, handshake::begin(stream, &tls)) => begun,
            () = stopped(&mut self.stop) => return,
        };
        match begun {
            Ok(Some(stream)) => self.speak(stream, &speech, true).await,
            Ok(None) => {}
            Err(_) => self.note_slow(&speech),
        }
    }

    /// Speaks HTTP until the connection ends.
    async fn speak(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        speech: &Speech,
        is_over_tls: bool,
    ) {
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            let client = client_of(self.peer, request.headers(), &self.terms.proxy_from);
            request.extensions_mut().insert(Client(client));
            if is_over_tls {
                // What a proxy in front would say: pages look in one place.
                request.headers_mut().insert(PROTOCOL, HeaderValue::from_static("https"));
            }
            let router = self.router.clone();
            async move { Ok::<_, Infallible>(answer(router, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.terms.limits.head_timeout())
            .max_buf_size(HEAD_LIMIT)
            .max_headers(MAX_FIELDS)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut self.stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if ended.is_err_and(|error| error.is_timeout()) {
            self.note_slow(speech);
        }
    }

    /// Counts a client whose time is over. A browser that connects ahead and says nothing, or has had
    /// its answer, is no slow one.
    fn note_slow(&self, speech: &Speech) {
        if speech.is_unfinished() {
            self.place.note(WebRefusal::SlowHead);
        }
    }
}

async fn answer(router: Router, request: Request) -> axum::response::Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Where a request comes from. In `X-Forwarded-For` each proxy puts behind what was there the
/// address that it saw, so the last one that is not a proxy's own is the client's; what stands
/// before it is the client's word.
fn client_of(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let is_proxy = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    if !is_proxy(peer) {
        return Some(peer);
    }
    let lines = headers.get_all("x-forwarded-for").iter();
    let entries = lines.flat_map(|line| line.to_str().unwrap_or_default().split(','));
    // What cannot be read ends the way back: nothing before it can be believed.
    let addresses = entries.rev().map_while(|entry| address_of(entry.trim()));
    addresses.into_iter().find(|address| !is_proxy(*address))
}

/// An address, with or without a port.
fn address_of(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse().ok().map(|address: std::net::SocketAddr| address.ip());
    entry.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_trusted_proxy_names_the_client_and_only_its_own_word_counts() {
        let proxies = ["127.0.0.1", "10.0.0.0/8"].map(|network| network.parse().unwrap());
        for (peer, lines, client) in [
            ("192.0.2.1", &["198.51.100.7"][..], Some("192.0.2.1")),
            ("127.0.0.1", &[], None),
            ("127.0.0.1", &["198.51.100.7"], Some("198.51.100.7")),
            ("::ffff:127.0.0.1", &["::ffff:198.51.100.7"], Some("198.51.100.7")),
            ("127.0.0.1", &["203.0.113.9, 198.51.100.7"], Some("198.51.100.7")),
            ("127.0.0.1", &["203.0.113.9", "198.51.100.7, 10.1.2.3"], Some("198.51.100.7")),
            ("127.0.0.1", &["198.51.100.7:4711"], Some("198.51.100.7")),
            ("127.0.0.1", &["[2001:db8::7]:4711"], Some("2001:db8::7")),
            ("127.0.0.1", &["203.0.113.9, unknown"], None),
            ("127.0.0.1", &["203.0.113.9, unknown, 10.1.2.3"], None),
            ("127.0.0.1", &["10.1.2.3"], None),
        ] {
            let headers = lines.iter().map(|line| HeaderValue::from_static(line));
            let name = axum::http::HeaderName::from_static("x-forwarded-for");
            let mut given = HeaderMap::new();
            for line in headers {
                given.append(&name, line);
            }
            let peer = peer.parse::<IpAddr>().unwrap().to_canonical();
            let expected = client.map(|client| client.parse().unwrap());
            assert_eq!(client_of(peer, &given, &proxies), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(NO_PLACE).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    }
}
