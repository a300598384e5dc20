//! `mailin-embedded` in front of our intake, with what makes it as fast as it can be: a thread for
//! each of the clients, and a queue of connections that holds them all.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread,
};

use mailin_embedded::{Handler, Response, Server, SslConfig, response};
use skrynka::{
    clock::Clock,
    domain::{Envelope, MailAddress, TransmissionType},
    pipeline::SpoolIntake,
    smtp::{Intake as _, Mail},
};
use tokio::runtime::Handle;

/// As many as the sessions of the greatest load.
const THREADS: u32 = 200;

/// Of connections that wait to be accepted; as long as our receiver's.
const BACKLOG: i32 = 4096;

/// Serves until the process ends; the address it listens on.
pub(super) fn serve(intake: Arc<SpoolIntake>, runtime: &Handle) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // A second call changes nothing but the length of the queue.
    rustix::net::listen(&listener, BACKLOG).unwrap();
    let address = listener.local_addr().unwrap();
    let session = Session {
        intake,
        runtime: runtime.clone(),
        helo: String::new(),
        sender: None,
        recipients: Vec::new(),
        message: Vec::new(),
    };
    thread::spawn(move || {
        let mut server = Server::new(session);
        server.with_name("mx.example.ua").with_num_threads(THREADS).with_tcp_listener(listener);
        server.with_ssl(SslConfig::None).unwrap();
        server.serve().unwrap();
    });
    address
}

/// One client's session; the server clones it for each.
#[derive(Clone)]
struct Session {
    intake: Arc<SpoolIntake>,
    runtime: Handle,
    helo: String,
    sender: Option<MailAddress>,
    recipients: Vec<MailAddress>,
    message: Vec<u8>,
}

impl Handler for Session {
    fn helo(&mut self, _: IpAddr, domain: &str) -> Response {
        domain.clone_into(&mut self.helo);
        response::OK
    }

    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.sender = from.parse().ok();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        match to.parse() {
            Ok(recipient) if self.intake.knows(&recipient) => {
                self.recipients.push(recipient);
                response::OK
            }
            _ => response::NO_MAILBOX,
        }
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.message.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let envelope = Envelope {
            peer: Some(IpAddr::from(Ipv4Addr::LOCALHOST)),
            helo: self.helo.clone(),
            protocol: TransmissionType::Smtp,
            sender: self.sender.take(),
            ..Envelope::new(Clock::system().now(), std::mem::take(&mut self.recipients))
        };
        let message = std::mem::take(&mut self.message);
        match self.runtime.block_on(self.intake.accept(Mail { envelope, message })) {
            Ok(id) => Response::custom(250, format!("2.0.0 {id}")),
            Err(_) => Response::custom(451, "4.3.0 The mail could not be kept".to_owned()),
        }
    }
}
