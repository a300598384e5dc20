//! One client's connection: reading, writing, time limits, TLS, and the end.
//!
//! What is said is [`super::dialogue`]'s; this module carries its steps out.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::server::TlsStream;

use super::{
    Intake, IntakeError, Mail, Protocol, Settings,
    admission::Reservation,
    dialogue::{Dialogue, Step},
    pressure::Level,
    reply::Reply,
    server_state::ServerState,
    session::{Peer, Rules, ServerView},
};
use crate::{domain::MailId, metrics::Part};

mod stream;
mod waiting;

pub(super) use stream::ClientStream;
pub(super) use stream::own_address;
use stream::{give_back, hang_up, has_input, read_more};
use waiting::within;
pub(super) use waiting::{Shutdown, turned_true};

pub(super) struct Connection<I> {
    /// When it began.
    began: Instant,
    server: Arc<ServerState<I>>,
    dialogue: Dialogue,
    level: watch::Receiver<Level>,
    peer: Peer,
    shutdown: Shutdown,
    output: Vec<u8>,
    reservation: Reservation,
    settings: Arc<Settings>,
    /// When our latest reply was made: the client's time for its next command begins then. While a
    /// message comes, later by the time that its bytes make up for.
    waiting_since: Instant,
}

/// How the conversation over one stream ends.
enum End {
    Close,
    /// The client has said QUIT and nothing after it.
    Leave,
    StartTls,
}

/// What came of waiting for the client.
enum Input {
    Bytes,
    HungUp,
    Nothing(Reply),
}

/// Bytes made room for when a command is awaited: most clients wait most of the time, and a group
/// of commands fits.
const COMMAND_READ_LEN: usize = 2 * 1024;

const DATA_READ_LEN: usize = 16 * 1024;

/// The same once a message has shown that it is long: its memory is counted by then, and this is
/// no more than that. At 200 KiB a mail it saves half of the reads.
const LONG_DATA_READ_LEN: usize = 64 * 1024;

/// From how many bytes on a message is long.
const LONG_MESSAGE: u64 = 64 * 1024;

/// What may wait to be sent before the client has to read.
const MAX_OUTPUT_LEN: usize = 16 * 1024;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

impl<I: Intake> Connection<I> {
    pub(super) fn new(
        server: Arc<ServerState<I>>,
        settings: Arc<Settings>,
        peer: Peer,
        network: Option<IpAddr>,
        shutdown: Shutdown,
    ) -> Self {
        let now = Instant::now();
        // The client over a Unix socket is on this machine.
        let offers_tls = settings.tls.is_some() && peer.protocol == Protocol::Smtp;
        let rules = Rules { peer, offers_tls, settings: Arc::clone(&settings) };
        Self {
            began: now,
            peer,
            dialogue: Dialogue::new(rules),
            shutdown,
            level: server.pressure.level(),
            output: Vec::new(),
            reservation: server.memory.reservation(network),
            settings,
            waiting_since: now,
            server,
        }
    }

    /// Serves the client to its end. Errors of the socket end it too: the client is gone then.
    pub(super) async fn serve<S: ClientStream>(mut self, mut stream: S) {
        let served = if self.peer.begins_with_tls {
            self.serve_in_tls(&mut stream).await
        } else {
            self.serve_stream(&mut stream).await
        };
        if let Err(error) = served {
            tracing::debug!(peer.ip = self.peer(), %error, "the client is gone");
        }
    }

    async fn serve_stream<S: ClientStream>(&mut self, stream: &mut S) -> io::Result<()> {
        let spoke = has_input(stream);
        self.await_silence(stream, spoke).await?;
        match self.converse(stream).await? {
            End::Close => return hang_up(stream).await,
            // It sends nothing more that closing could collide with.
            End::Leave => return Ok(()),
            End::StartTls => {}
        }
        let Some(mut stream) = self.handshake(stream).await? else { return Ok(()) };
        // There is no TLS within TLS: the session refuses a second STARTTLS.
        self.converse(&mut stream).await?;
        hang_up(&mut stream).await
    }

    async fn serve_in_tls<S: ClientStream>(&mut self, stream: &mut S) -> io::Result<()> {
        let Some(mut stream) = self.handshake(stream).await? else { return Ok(()) };
        self.await_silence(&mut stream, false).await?;
        self.converse(&mut stream).await?;
        hang_up(&mut stream).await
    }

    /// Makes the handshake; `None` when the server stops, or has no certificate.
    async fn handshake<'a, S: ClientStream>(
        &mut self,
        stream: &'a mut S,
    ) -> io::Result<Option<TlsStream<&'a mut S>>> {
        let Some(tls) = &self.settings.tls else { return Ok(None) };
        let acceptor = tls.acceptor();
        let limit = |level| self.settings.limits.command_timeout(level).min(HANDSHAKE_TIMEOUT);
        let stream = tokio::select! {
            biased;
            () = turned_true(&mut self.shutdown.begun) => return Ok(None),
            made = within(&mut self.level, limit, acceptor.accept(stream)) => {
                made.inspect_err(|_| self.server.metrics.tls_failure())?
            }
        };
        self.server.metrics.tls_session();
        self.dialogue.tls_started();
        self.waiting_since = Instant::now();
        Ok(Some(stream))
    }

    /// Waits for as long as a client must be silent before its greeting. One that is not does not
    /// follow the protocol (RFC 5321 §3.1): it is a program that sends without listening.
    async fn await_silence<S>(&mut self, stream: &mut S, spoke: bool) -> io::Result<()>
    where
        S: AsyncRead + Send + Unpin,
    {
        // Before what it said is judged: a stop leaves the header of a balancer unread.
        if *self.shutdown.begun.borrow() {
            self.dialogue.end(Reply::ShuttingDown);
            return Ok(());
        }
        if spoke {
            self.dialogue.end(Reply::SpokeTooSoon);
            return Ok(());
        }
        let delay = self.settings.limits.greeting_delay();
        // Over a Unix socket comes one's own mail server.
        if delay.is_zero() || self.peer.address.is_none() {
            return Ok(());
        }
        let input = self.dialogue.input();
        tokio::select! {
            biased;
            () = turned_true(&mut self.shutdown.begun) => self.dialogue.end(Reply::ShuttingDown),
            read = timeout(delay, read_more(stream, input, COMMAND_READ_LEN)) => match read {
                Ok(Ok(0)) => self.dialogue.hung_up(),
                Ok(Ok(_)) => self.dialogue.end(Reply::SpokeTooSoon),
                Ok(Err(error)) => return Err(error),
                Err(_) => {}
            },
        }
        self.waiting_since = Instant::now();
        Ok(())
    }

    async fn converse<S>(&mut self, stream: &mut S) -> io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        loop {
            let Self { server, dialogue, reservation, .. } = self;
            let step = dialogue.next(&ServerView {
                clock: &server.clock,
                has_memory: &|bytes| reservation.has_room(bytes),
                intake: &*server.intake,
            });
            // A mail that is handed over still takes up what its message held.
            if !matches!(step, Step::Commit(_)) && !self.dialogue.holds_message() {
                self.reservation.release();
            }
            match step {
                Step::Close => {
                    self.flush(stream).await?;
                    return Ok(End::Close);
                }
                Step::Commit(mail) => self.commit(mail).await,
                Step::Leave => {
                    self.flush(stream).await?;
                    return Ok(End::Leave);
                }
                Step::Read => {
                    self.flush(stream).await?;
                    match self.listen(stream).await? {
                        Input::Bytes => {}
                        Input::HungUp => self.dialogue.hung_up(),
                        Input::Nothing(reply) => self.dialogue.end(reply),
                    }
                }
                Step::Reply(reply) => {
                    self.say(&reply);
                    if self.output.len() >= MAX_OUTPUT_LEN {
                        self.flush(stream).await?;
                    }
                }
                Step::Reserve { needed, wanted } => {
                    let began = Instant::now();
                    match self.reservation.grow(needed, wanted).await {
                        Some(held) => self.dialogue.grant(held),
                        None => self.dialogue.refuse_memory(),
                    }
                    // The wait is ours, not the client's.
                    self.waiting_since += began.elapsed();
                }
                Step::StartTls => {
                    self.flush(stream).await?;
                    return Ok(End::StartTls);
                }
                Step::Tarpit => {
                    self.flush(stream).await?;
                    tokio::select! {
                        () = turned_true(&mut self.shutdown.begun) => {}
                        () = sleep(self.settings.limits.tarpit()) => {}
                    }
                }
            }
        }
    }

    async fn commit(&mut self, mail: Mail) {
        let began = Instant::now();
        let len = mail.message.len();
        let outcome = self.keep(mail).await;
        if let Ok(id) = outcome {
            // The number of the mail leads to the share: with the address, a log that is kept for longer
            // would say who was here.
            tracing::info!(message.id = %id, size_bytes = len, "mail accepted");
            tracing::debug!(message.id = %id, peer.ip = self.peer(), "mail accepted from there");
            self.server.metrics.mail_accepted(len, began.elapsed());
        }
        self.dialogue.settle(outcome);
    }

    /// Gives a mail to the intake and waits for it, for as long as the client is to wait.
    async fn keep(&mut self, mail: Mail) -> Result<MailId, IntakeError> {
        let server = Arc::clone(&self.server);
        let mut keeping = Box::pin(async move {
            server.pressure.queued(|| server.intake.queued().saturating_add(1));
            let outcome = server.intake.accept(mail).await;
            server.pressure.queued(|| server.intake.queued());
            outcome
        });
        let limit = self.settings.limits.commit_timeout();
        if let Ok(outcome) = timeout(limit, &mut keeping).await {
            return outcome;
        }
        tracing::error!(
            duration_ms = limit.as_millis(),
            "keeping a mail took too long, the client is asked to try again"
        );
        self.server.metrics.failure(Part::Smtp);
        // The intake still has the message. Its memory counts as used until that is over.
        let reservation = self.reservation.take();
        tokio::spawn(async move {
            let late = keeping.await;
            drop(reservation);
            tracing::warn!(
                kept = late.is_ok(),
                "a mail whose client was asked to try again is through; it may come twice"
            );
        });
        Err(IntakeError::Failed)
    }

    /// Waits for more input, for the end of the client's time, and for the end of the server's.
    async fn listen<S>(&mut self, stream: &mut S) -> io::Result<Input>
    where
        S: AsyncRead + Send + Unpin,
    {
        let received = self.dialogue.received();
        let is_message = received.is_some();
        let len = match received {
            None => COMMAND_READ_LEN,
            Some(0..LONG_MESSAGE) => DATA_READ_LEN,
            Some(_) => LONG_DATA_READ_LEN,
        };
        if !is_message {
            give_back(self.dialogue.input());
        }
        loop {
            let level = *self.level.borrow_and_update();
            let (deadline, too_late) = self.deadline(level);
            // A client that always has more to read would never be found waiting.
            if deadline <= Instant::now() {
                return Ok(Input::Nothing(too_late));
            }
            let input = self.dialogue.input();
            tokio::select! {
                biased;
                () = self.shutdown.comes(is_message) => {
                    return Ok(Input::Nothing(Reply::ShuttingDown));
                }
                read = timeout_at(deadline, read_more(stream, input, len)) => match read {
                    Ok(Ok(0)) => return Ok(Input::HungUp),
                    Ok(Ok(len)) => {
                        if is_message {
                            self.credit(len);
                        }
                        return Ok(Input::Bytes);
                    }
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Ok(Input::Nothing(too_late)),
                },
                // The deadline is computed again. The sender lives as long as the server's state.
                Ok(()) = self.level.changed() => {}
            }
        }
    }

    /// Makes up for time with `len` bytes of a message. Not for time to come: a client that sends
    /// fast and then falls silent would hold memory for hours.
    fn credit(&mut self, len: usize) {
        let level = *self.level.borrow();
        let earned = self.settings.limits.data_earned(len, level);
        self.waiting_since = (self.waiting_since + earned).min(Instant::now());
    }

    /// Until when the client has time now, and what it is told then.
    fn deadline(&self, level: Level) -> (Instant, Reply) {
        let limits = &self.settings.limits;
        let (wait, session) = match self.dialogue.received() {
            // A client that is sending keeps its time: pressure shortens the session of those that
            // hold a connection between their mails.
            Some(_) => (limits.data_timeout(level), limits.session_timeout(Level::default())),
            None => (limits.command_timeout(level), limits.session_timeout(level)),
        };
        let (wait_ends, session_ends) = (self.waiting_since + wait, self.began + session);
        if session_ends <= wait_ends {
            (session_ends, Reply::SessionTooLong)
        } else {
            (wait_ends, Reply::TimedOut)
        }
    }

    fn say(&mut self, reply: &Reply) {
        self.waiting_since = Instant::now();
        self.server.metrics.reply(reply.code());
        if *reply == Reply::BareLineFeed {
            tracing::info!(peer.ip = self.peer(), "connection closed for a bare line feed");
            self.server.metrics.bare_line_feed();
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
        let limit = |level| self.settings.limits.command_timeout(level);
        within(&mut self.level, limit, sending).await?;
        self.output.clear();
        Ok(())
    }

    /// The client's address for the log; nothing over a Unix socket.
    fn peer(&self) -> Option<tracing::field::DisplayValue<IpAddr>> {
        self.peer.address.map(tracing::field::display)
    }
}
