//! What is done with a client's bytes, whatever they mean.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd,
    time::Duration,
};

use bytes::BytesMut;
use rustix::net::RecvFlags;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

/// A socket with a client at its other end.
pub(in crate::smtp) trait ClientStream:
    AsyncRead + AsyncWrite + AsFd + Send + Sync + Unpin
{
}

impl<S: AsyncRead + AsyncWrite + AsFd + Send + Sync + Unpin> ClientStream for S {}

/// How long, and for how many bytes, we listen to a client that we have hung up on: closing with
/// bytes unread resets the connection, and our last reply would be lost.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
const LINGER_LEN: usize = 1024 * 1024;
const LINGER_READ_LEN: usize = 4 * 1024;

/// Whether there is something to read now. The runtime learns of it too late: it has not asked
/// the system yet about a socket that was just accepted.
pub(super) fn has_input<S: AsFd>(socket: &S) -> bool {
    let mut byte = [0; 1];
    let looking = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    rustix::net::recv(socket, &mut byte, looking).is_ok_and(|(len, _)| len > 0)
}

/// Our own address, that the client has connected to; `None` over a Unix socket.
pub(in crate::smtp) fn own_address<S: AsFd>(socket: &S) -> Option<IpAddr> {
    let address = rustix::net::getsockname(socket).ok()?;
    SocketAddr::try_from(address).ok().map(|address| address.ip().to_canonical())
}

/// Reads into `input`, in which there is room for `len` bytes at least; 0 when nothing more comes.
pub(super) async fn read_more<S>(
    stream: &mut S,
    input: &mut BytesMut,
    len: usize,
) -> io::Result<usize>
where
    S: AsyncRead + Send + Unpin,
{
    input.reserve(len);
    stream.read_buf(input).await
}

/// Gives back the memory of a message's reads when nothing of it is in use: a client that waits
/// between its mails holds little.
pub(super) fn give_back(input: &mut BytesMut) {
    const KEPT: usize = 16 * 1024;
    if input.is_empty() && input.capacity() > KEPT {
        *input = BytesMut::new();
    }
}

/// Says that nothing more will come, then listens for a moment.
pub(super) async fn hang_up<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let farewell = async {
        stream.shutdown().await?;
        let mut ignored = vec![0; LINGER_READ_LEN];
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
