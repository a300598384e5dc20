//! A server with an intake that keeps mails in memory and can be told to misbehave.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
};

use skrynka::{
    clock::Clock,
    domain::{Envelope, MailAddress, MailId, Timestamp},
    metrics::Metrics,
    smtp::{Intake, IntakeError, Limits, Listener, Mail, Reception, Settings},
    tls::TlsConfig,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::support::smtp_client::SmtpClient;

/// Keeps what comes for `branch@x.ua`, and for the postmaster of `z.ua`. Mail for the other
/// addresses at `x.ua` meets what their names say: `failed`, `full`, `never`, `panic`, `wait`.
#[derive(Debug, Default)]
pub(super) struct Office {
    count: AtomicU8,
    /// The room on the disk that was asked for last.
    pub(super) asked: AtomicU64,
    /// Set when the disk is to be full.
    pub(super) is_full: AtomicBool,
    mails: Mutex<Vec<(Envelope, Vec<u8>)>>,
    /// Told when a mail for `wait` has come; such a mail is kept once `go_on` is told.
    pub(super) waiting: Notify,
    pub(super) go_on: Notify,
    queued: AtomicUsize,
}

impl Office {
    /// What was kept so far, in order.
    pub(super) fn mails(&self) -> Vec<(Envelope, Vec<u8>)> {
        self.mails.lock().expect("no test panics while it keeps a mail").clone()
    }

    /// The bytes of the only mail that was kept.
    pub(super) fn only_message(&self) -> Vec<u8> {
        let mails = self.mails();
        assert_eq!(mails.len(), 1, "one mail was sent");
        mails.into_iter().map(|(_, message)| message).next().unwrap_or_default()
    }
}

impl Intake for Office {
    fn knows(&self, recipient: &MailAddress) -> bool {
        let names = ["branch", "failed", "full", "never", "panic", "postmaster", "wait"];
        recipient.domain() == "x.ua" && names.contains(&recipient.split_sub_address().0.local())
    }

    fn serves(&self, domain: &str) -> bool {
        ["x.ua", "z.ua"].contains(&domain)
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.asked.store(bytes, Ordering::SeqCst);
        !self.is_full.load(Ordering::SeqCst)
    }

    fn queued(&self) -> usize {
        self.queued.load(Ordering::SeqCst)
    }

    fn postmaster(&self) -> Option<MailAddress> {
        "branch@x.ua".parse().ok()
    }

    async fn accept(&self, mail: Mail) -> Result<MailId, IntakeError> {
        let Mail { envelope, message } = mail;
        match envelope.recipients.first().map(MailAddress::local) {
            Some("failed") => return Err(IntakeError::Failed),
            Some("full") => return Err(IntakeError::Full),
            Some("never") => std::future::pending().await,
            Some("panic") => panic!("as the test wants"),
            Some("wait") => {
                self.queued.fetch_add(1, Ordering::SeqCst);
                self.waiting.notify_one();
                self.go_on.notified().await;
                self.queued.fetch_sub(1, Ordering::SeqCst);
            }
            _ => {}
        }
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let id = MailId::new(envelope.received_at, [number; 10]);
        self.mails.lock().expect("no test panics while it keeps a mail").push((envelope, message));
        Ok(id)
    }
}

/// A server on a free port. It ends with the test's runtime, or before by [`Server::stop`].
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) metrics: Metrics,
    pub(super) office: Arc<Office>,
    pub(super) reception: Reception<Office>,
    serving: JoinHandle<()>,
    shutdown: watch::Sender<bool>,
}

/// A listener on a free port of the loopback address.
pub(super) fn any_port() -> Listener {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    Listener::bind(any_port).expect("loopback has a free port")
}

/// Settings without balancers.
pub(super) fn settings(limits: Limits, tls: Option<Arc<TlsConfig>>) -> Settings {
    Settings { hostname: "x.ua".into(), limits, proxy_from: Vec::new(), tls }
}

/// The moment at which everything happens here.
pub(super) fn now() -> Timestamp {
    Timestamp::from_seconds(1_790_000_000)
}

impl Server {
    pub(super) fn start() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(super) fn with_limits(limits: Limits) -> Self {
        Self::with_settings(limits, None)
    }

    pub(super) fn with_settings(limits: Limits, tls: Option<Arc<TlsConfig>>) -> Self {
        Self::serve(any_port(), settings(limits, tls))
    }

    /// Serves on a listener that is bound already.
    pub(super) fn serve(listener: Listener, settings: Settings) -> Self {
        let (shutdown, stopping) = watch::channel(false);
        let (metrics, office) = (Metrics::new(), Arc::new(Office::default()));
        let address = listener.local_addr();
        let clock = Clock::fixed(now());
        let reception = Reception::new(Arc::clone(&office), settings, clock, metrics.clone());
        let serving = tokio::spawn(listener.serve(reception.clone(), stopping));
        Self { address, metrics, office, reception, serving, shutdown }
    }

    /// Asks the server to stop.
    pub(super) fn stop(&self) {
        self.shutdown.send_replace(true);
    }

    /// What tells that the server stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.shutdown.subscribe()
    }

    /// Waits for the server to have ended.
    pub(super) async fn ended(self) {
        self.serving.await.expect("the server ends in order");
    }

    /// Sends one mail to `recipient` and gives the reply to its dot.
    pub(super) async fn mail(&self, recipient: &str) -> u16 {
        let mut client = SmtpClient::in_data(self.address, recipient).await;
        client.command("Hello\r\n.").await.code
    }

    /// The value of a metric, labels and all.
    pub(super) fn metric(&self, name: &str) -> String {
        let text = self.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.expect("the metric is there from the start").to_owned()
    }

    /// Waits until a metric has this value.
    pub(super) async fn metric_becomes(&self, name: &str, value: &str) {
        let waiting = async {
            while self.metric(name) != value {
                tokio::task::yield_now().await;
            }
        };
        let minute = std::time::Duration::from_mins(1);
        timeout(minute, waiting).await.expect("the metric becomes what it should");
    }
}
