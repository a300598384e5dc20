//! Serving a router over TCP with bounds: so many connections in all and from one address, and none
//! that dawdles.
//!
//! HTTP/1.1 (RFC 9112) by hyper. A request's head has a time limit, which is also how long a
//! connection may wait for its next request; bodies have theirs in [`guard`](super::guard), and a
//! client that takes an answer too slowly is cut off by [`paced`].

mod admission;
mod paced;

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::sleep,
};
use tower::ServiceExt as _;

use self::{
    admission::{Admission, Place},
    paced::Paced,
};
use crate::{
    domain::Network,
    metrics::{Metrics, WebRefusal},
};

/// The greatest head of a request, in bytes, and how much of one is read ahead.
const HEAD_LIMIT: usize = 32 * 1024;
/// The most fields in a head.
const MAX_FIELDS: usize = 64;

/// What is said to a connection for which there is no place, when it takes it at once.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n\
    Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\n\r\n\
    too many connections now";

/// What a client of the dashboard may use up. Every number in the file of settings replaces a
/// default given here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Seconds for the body of a request. Default 10.
    pub body_timeout_seconds: u64,
    /// Seconds for the head of a request, from the beginning of the connection or the answer
    /// before. Default 10.
    pub head_timeout_seconds: u64,
    /// Connections in all. Default 1024.
    pub max_connections: usize,
    /// Connections from one IPv4 address, or from one IPv6 network of 64 bits; a trusted proxy has
    /// no such limit. Default 64.
    pub max_connections_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_timeout_seconds: 10,
            head_timeout_seconds: 10,
            max_connections: 1024,
            max_connections_per_address: 64,
        }
    }
}

impl Limits {
    /// Those of the page of metrics and probes: few ask, and often.
    #[must_use]
    pub fn for_metrics() -> Self {
        Self { max_connections: 128, max_connections_per_address: 32, ..Self::default() }
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
    /// Proxies: their connections are not counted by address.
    pub proxy_from: Vec<Network>,
    /// Where connections are counted.
    pub metrics: Metrics,
}

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
                            connections.spawn(converse(stream, router, terms, place, stop));
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

async fn converse(
    stream: TcpStream,
    router: Router,
    terms: Arc<Terms>,
    place: Place,
    mut stop: watch::Receiver<bool>,
) {
    let (stream, speech) = Paced::new(stream);
    let head_timeout = Duration::from_secs(terms.limits.head_timeout_seconds);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (router, request) = (router.clone(), request.map(Body::new));
        async move { Ok::<_, Infallible>(answer(router, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(HEAD_LIMIT)
        .max_headers(MAX_FIELDS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A browser that connects ahead and says nothing, or has had its answer, is no slow one.
    if ended.is_err_and(|error| error.is_timeout()) && speech.is_unfinished() {
        place.note(WebRefusal::SlowHead);
    }
}

async fn answer(router: Router, request: Request) -> axum::response::Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(NO_PLACE).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    }
}
