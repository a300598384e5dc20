use tokio::io::AsyncReadExt as _;

use super::*;
use crate::{
    domain::{MailAddress, MailId, Timestamp},
    smtp::{IntakeError, Limits, Mail},
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
    let settings =
        Settings { hostname: "x.ua".to_owned(), limits, proxy_from: Vec::new(), tls: None };
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

    fn serves(&self, _: &str) -> bool {
        false
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }

    fn queued(&self) -> usize {
        0
    }

    fn postmaster(&self) -> Option<MailAddress> {
        None
    }

    async fn accept(&self, _: Mail) -> Result<MailId, IntakeError> {
        Err(IntakeError::Failed)
    }
}
