//! One client's connection: reading, writing, time limits, TLS, and the end.
//!
//! What is said is [`super::dialogue`]'s; this module carries its steps out.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Intake, IntakeError, Limits, Mail,
    admission::{Admission, Memory, Reservation},
    dialogue::{Dialogue, Step},
    reply::Reply,
    session::{Rules, Surroundings},
};
use crate::{
    clock::Clock,
    domain::{Envelope, MailAddress},
    metrics::{Metrics, Part},
};

/// What all connections have in common, whichever listener they came by.
pub(super) struct Desk<I> {
    pub(super) admission: Arc<Admission>,
    pub(super) clock: Clock,
    pub(super) intake: Arc<I>,
    pub(super) limits: Limits,
    pub(super) memory: Memory,
    pub(super) metrics: Metrics,
    pub(super) rules: Arc<Rules>,
    pub(super) tls: Option<TlsAcceptor>,
}

impl<I: Intake> Surroundings for Desk<I> {
    fn knows(&self, recipient: &MailAddress) -> bool {
        self.intake.knows(recipient)
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.memory.has_room(bytes)
    }
}

/// A client's connection.
pub(super) struct Connection<I> {
    desk: Arc<Desk<I>>,
    dialogue: Dialogue,
    ends_by: Instant,
    output: Vec<u8>,
    peer: IpAddr,
    reservation: Reservation,
    stopping: watch::Receiver<bool>,
    /// When our latest reply was made, from which on the client has time for its next command.
    turn_began: Instant,
}

/// How a conversation over one stream ends.
enum End {
    Close,
    StartTls,
}

/// What came of waiting for the client.
enum Heard {
    Bytes,
    HungUp,
    Nothing(Reply),
}

const READ_LEN: usize = 16 * 1024;

/// What may wait to be sent before the client has to read.
const MAX_OUTPUT_LEN: usize = 16 * 1024;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long, and for how many bytes, we listen to a client that we have hung up on: closing with
/// bytes unread resets the connection, and our last reply would be lost.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
const LINGER_LEN: usize = 1024 * 1024;

impl<I: Intake> Connection<I> {
    pub(super) fn new(desk: Arc<Desk<I>>, peer: IpAddr, stopping: watch::Receiver<bool>) -> Self {
        let now = Instant::now();
        Self {
            dialogue: Dialogue::new(Arc::clone(&desk.rules)),
            ends_by: now + desk.limits.session_timeout(),
            output: Vec::new(),
            peer,
            reservation: desk.memory.reservation(),
            stopping,
            turn_began: now,
            desk,
        }
    }

    /// Serves the client to its end. Errors of the socket end it too, and are nobody's fault.
    pub(super) async fn serve(mut self, mut stream: TcpStream) {
        if let Err(error) = self.serve_stream(&mut stream).await {
            tracing::debug!(peer.ip = %self.peer, %error, "the client is gone");
        }
    }

    async fn serve_stream(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        if let End::Close = self.converse(stream).await? {
            return hang_up(stream).await;
        }
        let Some(acceptor) = self.desk.tls.clone() else { return hang_up(stream).await };
        let mut stream = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
        self.desk.metrics.tls_session();
        self.dialogue.tls_started();
        self.turn_began = Instant::now();
        // There is no TLS within TLS: the session refuses a second STARTTLS.
        self.converse(&mut stream).await?;
        hang_up(&mut stream).await
    }

    async fn converse<S>(&mut self, stream: &mut S) -> io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        loop {
            match self.dialogue.next(self.desk.as_ref()) {
                Step::Close => {
                    self.flush(stream).await?;
                    return Ok(End::Close);
                }
                Step::Commit(mail) => self.commit(mail).await,
                Step::Read => {
                    self.flush(stream).await?;
                    match self.listen(stream).await? {
                        Heard::Bytes => {}
                        Heard::HungUp => self.dialogue.hung_up(),
                        Heard::Nothing(reply) => self.dialogue.end(reply),
                    }
                }
                Step::Reply(reply) => {
                    self.say(&reply);
                    if self.output.len() >= MAX_OUTPUT_LEN {
                        self.flush(stream).await?;
                    }
                }
                Step::Reserve(bytes) => match self.reservation.grow(bytes).await {
                    Some(held) => self.dialogue.grant(held),
                    None => self.dialogue.starve(),
                },
                Step::StartTls => {
                    self.flush(stream).await?;
                    return Ok(End::StartTls);
                }
            }
            if !self.dialogue.holds_message() {
                self.reservation.release();
            }
        }
    }

    async fn commit(&mut self, mail: Mail) {
        let began = Instant::now();
        let len = mail.message.len();
        let envelope = Envelope {
            received_at: self.desk.clock.now(),
            peer: self.peer,
            helo: mail.helo,
            tls: mail.tls,
            sender: mail.sender,
            recipients: mail.recipients,
        };
        let keeping = self.desk.intake.accept(envelope, mail.message);
        let outcome = timeout(self.desk.limits.commit_timeout(), keeping).await;
        let outcome = outcome.unwrap_or_else(|_| {
            tracing::error!(
                size_bytes = len,
                duration_ms = began.elapsed().as_millis(),
                "keeping a mail took too long, the client is asked to try again"
            );
            self.desk.metrics.failure(Part::Smtp);
            Err(IntakeError::Failed)
        });
        if let Ok(id) = outcome {
            tracing::info!(message.id = %id, peer.ip = %self.peer, size_bytes = len, "mail accepted");
            self.desk.metrics.mail_accepted(len, began.elapsed());
        }
        self.dialogue.settle(outcome);
    }

    /// Waits for more input, for the end of the client's time, and for the end of the server's.
    async fn listen<S>(&mut self, stream: &mut S) -> io::Result<Heard>
    where
        S: AsyncRead + Send + Unpin,
    {
        let limits = &self.desk.limits;
        let (allowed, interruptible) = match self.dialogue.received() {
            Some(received) => (limits.data_timeout(received), false),
            None => (limits.command_timeout(), true),
        };
        let deadline = self.ends_by.min(self.turn_began + allowed);
        let too_late =
            if deadline == self.ends_by { Reply::SessionTooLong } else { Reply::TimedOut };
        // A client that always has more to read would never be found waiting.
        if deadline <= Instant::now() {
            return Ok(Heard::Nothing(too_late));
        }
        let input = self.dialogue.input();
        tokio::select! {
            biased;
            () = turned_true(&mut self.stopping), if interruptible => {
                Ok(Heard::Nothing(Reply::ShuttingDown))
            }
            read = timeout_at(deadline, read_more(stream, input)) => match read {
                Ok(Ok(0)) => Ok(Heard::HungUp),
                Ok(Ok(_)) => Ok(Heard::Bytes),
                Ok(Err(error)) => Err(error),
                Err(_) => Ok(Heard::Nothing(too_late)),
            },
        }
    }

    fn say(&mut self, reply: &Reply) {
        self.turn_began = Instant::now();
        self.desk.metrics.reply(reply.code());
        if *reply == Reply::BareLineFeed {
            tracing::info!(peer.ip = %self.peer, "connection closed for a bare line feed");
            self.desk.metrics.bare_line_feed();
        }
        reply.write_to(&mut self.output);
    }

    async fn flush<S>(&mut self, stream: &mut S) -> io::Result<()>
    where
        S: AsyncWrite + Send + Unpin,
    {
        if self.output.is_empty() {
            return Ok(());
        }
        let sending = async {
            stream.write_all(&self.output).await?;
            stream.flush().await
        };
        timeout(self.desk.limits.command_timeout(), sending).await??;
        self.output.clear();
        Ok(())
    }
}

/// Returns once the flag is true, or can no longer become so because its owner is gone.
pub(super) async fn turned_true(flag: &mut watch::Receiver<bool>) {
    drop(flag.wait_for(|stop| *stop).await);
}

async fn read_more<S>(stream: &mut S, input: &mut BytesMut) -> io::Result<usize>
where
    S: AsyncRead + Send + Unpin,
{
    input.reserve(READ_LEN);
    stream.read_buf(input).await
}

/// Says that nothing more will come, then listens for a moment.
async fn hang_up<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let farewell = async {
        stream.shutdown().await?;
        let mut ignored = vec![0; READ_LEN];
        let mut left = LINGER_LEN;
        while left > 0 {
            match stream.read(&mut ignored).await? {
                0 => break,
                len => left = left.saturating_sub(len),
            }
        }
        Ok(())
    };
    timeout(LINGER_TIMEOUT, farewell).await.unwrap_or(Ok(()))
}
