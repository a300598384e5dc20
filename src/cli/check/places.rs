//! Whether the server could listen where it is told to, and write where it has to.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener},
    path::Path,
};

use rustix::fs::{Access, access};

use super::Findings;
use crate::config::Config;

pub(super) fn check(config: &Config, findings: &mut Findings) {
    let sections = [("spool", &config.spool.directory)];
    let fetched = ("signatures", &config.signatures.revocation_directory);
    let acme = config.web.acme.as_ref().map(|acme| ("web.acme", &acme.cache));
    for (section, directory) in sections.into_iter().chain([fetched]).chain(acme) {
        if let Err(error) = is_writable(directory) {
            findings.bad(&format_args!(
                "nothing can be written to {}, which [{section}] names: {error}",
                directory.display()
            ));
        }
    }
    for path in &config.smtp.lmtp {
        let directory = path.parent().unwrap_or_else(|| Path::new("."));
        if !directory.is_dir() {
            findings.bad(&format_args!(
                "[smtp] lmtp: there is no directory {} for the socket {}",
                directory.display(),
                path.display()
            ));
        }
    }
    let smtp = config.smtp.listen.iter().chain(&config.smtp.listen_tls);
    let rest = [&config.web.listen, &config.metrics.listen];
    for address in smtp.chain(rest) {
        check_address(*address, findings);
    }
}

fn check_address(address: SocketAddr, findings: &mut Findings) {
    // Gone at once: what is asked is whether it could be had.
    match TcpListener::bind(address) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AddrInUse => Findings::advise(&format_args!(
            "{address} is in use: by the running server, or the server cannot start"
        )),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Findings::advise(&format_args!(
                "this user may not listen on {address}: right where the service is given the \
                 capability CAP_NET_BIND_SERVICE or its sockets, as deploy/skrynka.service and \
                 skrynka.socket do"
            ));
        }
        Err(error) => findings.bad(&format_args!("nobody can listen on {address}: {error}")),
    }
}

/// Whether files can be made in the directory, or it can be made.
fn is_writable(directory: &Path) -> io::Result<()> {
    let there = directory.ancestors().find(|path| path.exists());
    let there = there.unwrap_or_else(|| Path::new("."));
    if !there.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(access(there, Access::WRITE_OK | Access::EXEC_OK)?)
}
