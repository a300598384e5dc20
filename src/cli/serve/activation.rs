//! Sockets that systemd opened for us (`sd_listen_fds(3)`): a restart then loses no connection, and
//! port 25 needs no privilege of ours.
//!
//! `FileDescriptorName=` of the socket unit says what a socket is for: `smtp`, `smtps` or `lmtp`. One
//! without any name is for LMTP when it is a Unix socket, otherwise for SMTP.

use std::os::fd::OwnedFd;

use anyhow::{Context as _, bail, ensure};
use rustix::{
    io::{FdFlags, fcntl_setfd},
    net::{AddressFamily, SocketType, sockopt},
};

use crate::app::Sockets;

/// The sockets that were handed to this process; none when it was started otherwise.
pub(super) fn sockets() -> anyhow::Result<Sockets> {
    let handed = sd_listen_fds::get()
        .context("LISTEN_FDS and LISTEN_PID in the environment are not as systemd writes them")?;
    let mut sockets = Sockets::default();
    for (name, socket) in handed {
        sort(name.as_deref(), socket.into_std(), &mut sockets)?;
    }
    Ok(sockets)
}

fn sort(name: Option<&str>, socket: OwnedFd, sockets: &mut Sockets) -> anyhow::Result<()> {
    let shown = name.unwrap_or("(without a name)");
    let unusable = || format!("the socket {shown} that was handed over cannot be used");
    // The server starts no programs; one that it might would keep the port open.
    fcntl_setfd(&socket, FdFlags::CLOEXEC).with_context(unusable)?;
    let listens = sockopt::socket_type(&socket).with_context(unusable)? == SocketType::STREAM
        && sockopt::socket_acceptconn(&socket).with_context(unusable)?;
    ensure!(listens, "the socket {shown} that was handed over does not listen: use ListenStream=");
    let is_unix = sockopt::socket_domain(&socket).with_context(unusable)? == AddressFamily::UNIX;
    match (name, is_unix) {
        (Some("smtp") | None, false) => sockets.smtp.push(socket.into()),
        (Some("smtps"), false) => sockets.smtps.push(socket.into()),
        (Some("lmtp") | None, true) => sockets.lmtp.push(socket.into()),
        (Some("smtp" | "smtps"), true) => bail!("the socket {shown} is to be one of TCP"),
        (Some("lmtp"), false) => bail!("the socket lmtp is to be a Unix socket"),
        (Some(other), _) => bail!(
            "a socket named {other} was handed over: set FileDescriptorName= in its unit to smtp, \
             smtps or lmtp"
        ),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, UdpSocket},
        os::unix::net::UnixListener,
    };

    use super::*;

    fn tcp() -> OwnedFd {
        TcpListener::bind("127.0.0.1:0").unwrap().into()
    }

    #[test]
    fn a_socket_serves_what_its_name_says() {
        let directory = tempfile::tempdir().unwrap();
        let unix = |name: &str| -> OwnedFd {
            UnixListener::bind(directory.path().join(name)).unwrap().into()
        };
        let mut sockets = Sockets::default();
        for (name, socket) in [
            (Some("smtp"), tcp()),
            (None, tcp()),
            (Some("smtps"), tcp()),
            (Some("lmtp"), unix("a")),
            (None, unix("b")),
        ] {
            sort(name, socket, &mut sockets).unwrap();
        }
        let counts = [sockets.smtp.len(), sockets.smtps.len(), sockets.lmtp.len()];
        assert_eq!(counts, [2, 1, 2]);
        for (name, socket, words) in [
            (Some("skrynka.socket"), tcp(), "set FileDescriptorName="),
            (Some("lmtp"), tcp(), "is to be a Unix socket"),
            (Some("smtps"), unix("c"), "is to be one of TCP"),
            (Some("smtp"), UdpSocket::bind("127.0.0.1:0").unwrap().into(), "does not listen"),
            (None, tempfile::tempfile().unwrap().into(), "cannot be used"),
        ] {
            let error = sort(name, socket, &mut Sockets::default()).unwrap_err();
            assert!(error.to_string().contains(words), "{name:?}: {error}");
        }
    }
}
