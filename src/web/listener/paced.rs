//! A connection that is cut off when its client takes an answer too slowly.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

/// How far a client may fall behind [`BYTES_PER_SECOND`] with one answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// The slowest that an answer may be taken: a copy of 10 MiB then takes the better part of an hour.
const BYTES_PER_SECOND: u64 = 4096;

/// The stream. Reading has its limits elsewhere.
pub(super) struct Paced {
    stream: TcpStream,
    /// When the client is too slow; looked at only while a write waits.
    deadline: Pin<Box<Sleep>>,
    /// What it took since it was first waited for.
    taken: Option<Taken>,
    speech: Speech,
    patience: Duration,
}

struct Taken {
    since: Instant,
    bytes: u64,
}

/// Whether the client said something that was not answered.
#[derive(Clone)]
pub(super) struct Speech(Arc<AtomicBool>);

impl Speech {
    pub(super) fn is_unfinished(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Paced {
    pub(super) fn new(stream: TcpStream) -> (Self, Speech) {
        let speech = Speech(Arc::default());
        let deadline = Box::pin(sleep(PATIENCE));
        (Self { stream, deadline, taken: None, speech: speech.clone(), patience: PATIENCE }, speech)
    }

    /// The first byte that comes, which stays there to be read.
    pub(super) async fn first_byte(&self) -> io::Result<u8> {
        let mut first = [0];
        match self.stream.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(first[0]),
        }
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let taken = self.taken.get_or_insert_with(|| Taken { since: Instant::now(), bytes: 0 });
        let end = taken.since + allowed(self.patience, taken.bytes);
        if self.deadline.deadline() != end {
            self.deadline.as_mut().reset(end);
        }
        ready!(self.deadline.as_mut().poll(context));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_ready() && buffer.filled().len() > before {
            // Another request begins, and with it another answer.
            self.taken = None;
            self.speech.0.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(outcome) => {
                self.speech.0.store(false, Ordering::Relaxed);
                if let (Some(taken), Ok(count)) = (&mut self.taken, &outcome) {
                    taken.bytes += u64::try_from(*count).unwrap_or(u64::MAX);
                }
                Poll::Ready(outcome)
            }
            Poll::Pending => self.wait(context).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// How long an answer of which so many `bytes` were taken may have been waited for.
fn allowed(patience: Duration, bytes: u64) -> Duration {
    patience + Duration::from_millis(bytes.saturating_mul(1000) / BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[test]
    fn what_is_taken_earns_time() {
        for (bytes, seconds) in [(0, 60), (4096, 61), (10 << 20, 60 + 2560)] {
            assert_eq!(allowed(PATIENCE, bytes).as_secs(), seconds, "{bytes}");
        }
    }

    /// Sends more than any socket holds to a client that `takes` it, or does not.
    async fn send(patience: Duration, takes: bool) -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut client = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        let (mut paced, _) = Paced::new(stream);
        paced.patience = patience;
        let content = vec![0; 32 << 20];
        let taking = async {
            let mut bite = vec![0; 64 << 10];
            while takes && client.read(&mut bite).await.is_ok_and(|count| count > 0) {}
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = taking => unreachable!("it never ends"),
            outcome = paced.write_all(&content) => outcome,
        }
    }

    #[tokio::test]
    async fn a_client_that_takes_its_answer_has_it_and_one_that_does_not_is_cut_off() {
        send(PATIENCE, true).await.unwrap();
        let cut = send(Duration::ZERO, false).await.unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
    }
}
