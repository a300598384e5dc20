//! The receiver's sockets: opened as the configuration says, or handed over by whoever started us.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
};

use tokio::sync::watch::Receiver;

use super::supervisor::Supervisor;
use crate::{
    config,
    metrics::Task,
    pipeline::SpoolIntake,
    smtp::{Listener, LmtpListener, Reception, SmtpError},
};

/// Sockets that listen already. When there is one, the addresses in the configuration are not
/// listened on.
#[derive(Debug, Default)]
pub struct Sockets {
    /// For SMTP with STARTTLS.
    pub smtp: Vec<TcpListener>,
    /// For SMTP within TLS.
    pub smtps: Vec<TcpListener>,
    /// For LMTP.
    pub lmtp: Vec<UnixListener>,
}

impl Sockets {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.smtp.is_empty() && self.smtps.is_empty() && self.lmtp.is_empty()
    }
}

/// All listeners of a receiver, open and not yet served.
#[derive(Debug)]
pub(super) struct Listeners {
    smtp: Vec<Listener>,
    smtps: Vec<Listener>,
    lmtp: Vec<LmtpListener>,
}

impl Listeners {
    pub(super) fn open(section: &config::Smtp, sockets: Sockets) -> Result<Self, SmtpError> {
        if sockets.is_empty() {
            let bind = |address: &SocketAddr| Listener::bind(*address);
            return Ok(Self {
                smtp: section.listen.iter().map(bind).collect::<Result<_, _>>()?,
                smtps: section.listen_tls.iter().map(bind).collect::<Result<_, _>>()?,
                lmtp: section
                    .lmtp
                    .iter()
                    .map(|path| LmtpListener::bind(path))
                    .collect::<Result<_, _>>()?,
            });
        }
        tracing::info!(
            "sockets were handed over: [smtp] listen, listen_tls and lmtp are not looked at"
        );
        let Sockets { smtp, smtps, lmtp } = sockets;
        Ok(Self {
            smtp: smtp.into_iter().map(Listener::inherited).collect::<Result<_, _>>()?,
            smtps: smtps.into_iter().map(Listener::inherited).collect::<Result<_, _>>()?,
            lmtp: lmtp.into_iter().map(LmtpListener::inherited).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn smtp(&self) -> Vec<SocketAddr> {
        self.smtp.iter().map(Listener::local_addr).collect()
    }

    pub(super) fn smtps(&self) -> Vec<SocketAddr> {
        self.smtps.iter().map(Listener::local_addr).collect()
    }

    pub(super) fn lmtp(&self) -> Vec<PathBuf> {
        self.lmtp.iter().map(LmtpListener::path).map(Path::to_owned).collect()
    }

    /// Serves them all, as tasks of their own.
    pub(super) fn serve(
        self,
        reception: &Reception<SpoolIntake>,
        stop: &Receiver<bool>,
        tasks: &mut Supervisor,
    ) {
        let within_tls = self.smtps.into_iter().map(Listener::with_tls);
        for listener in self.smtp.into_iter().chain(within_tls) {
            tasks.need(Task::Smtp, listener.serve(reception.clone(), stop.clone()));
        }
        for listener in self.lmtp {
            tasks.need(Task::Lmtp, listener.serve(reception.clone(), stop.clone()));
        }
    }
}
