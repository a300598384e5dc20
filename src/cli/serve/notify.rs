//! Telling systemd how far the service is (`sd_notify(3)`), when it asked to be told.

use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// Where the states of the service are told.
pub(super) struct Notifier(Option<(UnixDatagram, SocketAddr)>);

impl Notifier {
    /// The socket in `NOTIFY_SOCKET`; without it nothing is told to anybody.
    pub(super) fn from_environment() -> Self {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return Self(None) };
        match open(&name) {
            Ok(socket) => Self(Some(socket)),
            Err(error) => {
                tracing::warn!(%error, "NOTIFY_SOCKET cannot be used; systemd is not told a state");
                Self(None)
            }
        }
    }

    /// Mail is accepted, by what is in force now.
    pub(super) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The configuration is being read again.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let seconds = Duration::from_secs(u64::try_from(now.tv_sec).unwrap_or(0));
        let now = seconds + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0));
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros()));
    }

    /// The server stops.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, state: &str) {
        let Some((socket, address)) = &self.0 else { return };
        if let Err(error) = socket.send_to_addr(state.as_bytes(), address) {
            tracing::warn!(%error, state, "systemd could not be told");
        }
    }
}

/// A path, or behind an `@` a name without a file.
fn open(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    Ok((UnixDatagram::unbound()?, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_told_as_sd_notify_writes_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier(Some(open(path.as_os_str()).unwrap()));
        let heard = || {
            let mut state = [0; 128];
            let len = systemd.recv(&mut state).unwrap();
            String::from_utf8(state[..len].to_vec()).unwrap()
        };
        notifier.ready();
        assert_eq!(heard(), "READY=1");
        notifier.reloading();
        let reloading = heard();
        let moment = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(moment.parse::<u64>().unwrap() > 0);
        notifier.stopping();
        assert_eq!(heard(), "STOPPING=1");
        drop(systemd);
        notifier.ready();
    }
}
