//! Listening for one's own mail server: LMTP (RFC 2033) over a Unix socket.

use std::{
    fs, io,
    net::IpAddr,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::{fs::FileTypeExt as _, net::UnixStream as StdUnixStream},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, chmod, fchmod},
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with},
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
};

use super::{Acceptor, BACKLOG, Reception};
use crate::smtp::{Intake, Protocol, SmtpError};

/// A Unix socket that listens for mail by LMTP. Every user who may write to the socket's file is
/// trusted as a client: such clients count among all connections and have no address.
#[derive(Debug)]
pub struct LmtpListener {
    path: PathBuf,
    socket: UnixListener,
}

impl LmtpListener {
    /// Listens on a socket at `path`, which its owner and its group may connect to (mode 0660).
    /// The file of a server that is gone is replaced in one step; the file of one that answers is
    /// not, nor anything else that is there.
    ///
    /// # Errors
    /// When another server listens there, when something else is there, when the system refuses.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind(path: &Path) -> Result<Self, SmtpError> {
        let owned = || path.to_owned();
        match fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(SmtpError::LmtpOccupied { path: owned() });
            }
            Ok(_) if StdUnixStream::connect(path).is_ok() => {
                return Err(SmtpError::LmtpTaken { path: owned() });
            }
            Ok(_) | Err(_) => {}
        }
        let socket =
            listen_at(path).map_err(|source| SmtpError::BindLmtp { path: owned(), source })?;
        Ok(Self { path: owned(), socket })
    }

    /// Takes over a socket that listens already, from systemd for example.
    ///
    /// # Errors
    /// When it is none that can be accepted from.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn inherited(socket: std::os::unix::net::UnixListener) -> Result<Self, SmtpError> {
        let prepared = || {
            socket.set_nonblocking(true)?;
            let path = socket.local_addr()?.as_pathname().map(Path::to_owned).unwrap_or_default();
            Ok((path, UnixListener::from_std(socket)?))
        };
        let (path, socket) = prepared().map_err(|source| SmtpError::Inherited { source })?;
        Ok(Self { path, socket })
    }

    /// The path that clients connect to.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As [`super::Listener::serve`].
    pub async fn serve<I: Intake>(self, reception: Reception<I>, shutdown: watch::Receiver<bool>) {
        super::serve(self, reception, shutdown).await;
    }
}

impl Acceptor for LmtpListener {
    type Stream = UnixStream;

    const PROTOCOL: Protocol = Protocol::Lmtp;

    fn begins_with_tls(&self) -> bool {
        false
    }

    async fn accept(&self) -> io::Result<(UnixStream, Option<IpAddr>)> {
        let (stream, _) = self.socket.accept().await?;
        Ok((stream, None))
    }
}

fn listen_at(path: &Path) -> io::Result<UnixListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP;
    // The file takes the mode that the socket has when it is bound, less the umask: so it is never
    // open to more users than it should be.
    fchmod(&socket, mode)?;
    // Bound under another name, it replaces a dead socket without a moment in which there is none.
    let temporary = temporary(path, &socket);
    remove_if_there(&temporary)?;
    bind(&socket, &SocketAddrUnix::new(&temporary)?)?;
    let placed = chmod(&temporary, mode)
        .and_then(|()| listen(&socket, BACKLOG.into()))
        .map_err(io::Error::from)
        .and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = placed {
        remove_if_there(&temporary)?;
        return Err(error);
    }
    UnixListener::from_std(socket.into())
}

/// A name in the directory of `path` that no other socket of this process takes at the same time.
fn temporary(path: &Path, socket: &OwnedFd) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{}", std::process::id(), socket.as_raw_fd()));
    name.into()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
