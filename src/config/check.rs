//! Which values cannot work, alone or together: what `serve` would fail by, or do without a word.

use std::{net::SocketAddr, path::Path};

use super::{Config, Smtp, Store, ranges};
use crate::domain::MailAddress;

/// A value that cannot work.
pub(super) struct Misfit {
    /// Its key, `smtp.hostname` for example.
    pub(super) key: String,
    /// What is wrong, and what to do.
    pub(super) detail: String,
}

/// The first value that cannot work.
pub(super) fn misfit(config: &Config) -> Option<Misfit> {
    let found = smtp(&config.smtp)
        .or_else(|| envelope(config))
        .or_else(|| addresses(config))
        .or_else(|| places(config))
        .or_else(|| database(&config.store));
    let found = found.map(|(key, detail)| Misfit { key: key.to_owned(), detail });
    found.or_else(|| {
        let ranges::Ranged { key, range, value } =
            ranges::out_of_range(config).into_iter().next()?;
        let (section, name) = key.rsplit_once('.').unwrap_or(("", &key));
        let (from, to) = (range.start(), range.end());
        let detail = format!("[{section}] {name} is from {from} to {to}, not {value}");
        Some(Misfit { key, detail })
    })
}

/// A key, and what is wrong with its value.
type Wrong = (&'static str, String);

fn smtp(section: &Smtp) -> Option<Wrong> {
    let Smtp { certificate, hostname, listen, listen_tls, lmtp, private_key, .. } = section;
    if !hostname.is_ascii() {
        let detail = format!(
            "[smtp] hostname is the name that the MX record points to, in ASCII as the DNS has it \
             (xn--…), not {hostname:?}"
        );
        return Some(("smtp.hostname", detail));
    }
    if format!("postmaster@{hostname}").parse::<MailAddress>().is_err() {
        let detail = format!(
            "[smtp] hostname is the name that the MX record points to, such as mx.example.ua, and \
             {hostname:?} is no host name"
        );
        return Some(("smtp.hostname", detail));
    }
    match (certificate, private_key) {
        (Some(_), None) => return Some(("smtp.certificate", PAIR.to_owned())),
        (None, Some(_)) => return Some(("smtp.private_key", PAIR.to_owned())),
        (Some(_), Some(_)) | (None, None) => {}
    }
    if listen.is_empty() && listen_tls.is_empty() && lmtp.is_empty() {
        let detail = "[smtp] names nothing to listen on, neither in listen nor in listen_tls nor in \
                      lmtp, so no mail could ever arrive";
        return Some(("smtp.listen", detail.to_owned()));
    }
    let is_bare = !listen_tls.is_empty() && certificate.is_none();
    let detail = "[smtp] listen_tls needs a certificate and its private_key: name both";
    is_bare.then(|| ("smtp.listen_tls", detail.to_owned()))
}

const PAIR: &str = "[smtp] certificate and private_key go together: name both, or neither";

fn envelope(config: &Config) -> Option<Wrong> {
    let is_idle = config.envelope.password_file.is_some() && config.envelope.keys.is_empty();
    let detail = "[envelope] password_file opens keys: name them too";
    is_idle.then(|| ("envelope.password_file", detail.to_owned()))
}

/// One address cannot be listened on twice; port 0 is another one each time.
fn addresses(config: &Config) -> Option<Wrong> {
    let Smtp { listen, listen_tls, .. } = &config.smtp;
    let named = |key, addresses: &[SocketAddr]| -> Vec<(&'static str, SocketAddr)> {
        addresses.iter().map(|address| (key, *address)).collect()
    };
    let all = [
        named("smtp.listen", listen),
        named("smtp.listen_tls", listen_tls),
        named("web.listen", &[config.web.listen]),
        named("metrics.listen", &[config.metrics.listen]),
    ]
    .concat();
    let taken = |place: usize, address: SocketAddr| {
        all.iter().take(place).any(|(_, other)| address.port() != 0 && *other == address)
    };
    all.iter().enumerate().find(|(place, (_, address))| taken(*place, *address)).map(
        |(_, (key, address))| {
            (*key, format!("{address} is named twice to listen on: give each a port of its own"))
        },
    )
}

/// A path is one of this machine: what looks like the address of something else would become a
/// directory of that name.
fn places(config: &Config) -> Option<Wrong> {
    let some = [
        ("retention.synchronized_file", &config.retention.synchronized_file),
        ("signatures.revocation_directory", &config.signatures.revocation_directory),
        ("spool.directory", &config.spool.directory),
        ("trust.directory", &config.trust.directory),
        ("vault.directory", &config.vault.directory),
        ("vault.master_key", &config.vault.master_key),
    ];
    let perhaps = [
        ("envelope.password_file", &config.envelope.password_file),
        ("signatures.policy", &config.signatures.policy),
        ("smtp.certificate", &config.smtp.certificate),
        ("smtp.private_key", &config.smtp.private_key),
        ("store.url_file", &config.store.url_file),
    ];
    let perhaps = perhaps.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?)));
    let keys = config.envelope.keys.iter().map(|path| ("envelope.keys", path));
    let lmtp = config.smtp.lmtp.iter().map(|path| ("smtp.lmtp", path));
    let mut all = some.into_iter().chain(perhaps).chain(keys).chain(lmtp);
    all.find(|(_, path)| is_address(path)).map(|(key, _)| (key, not_an_address(key)))
}

fn is_address(path: &Path) -> bool {
    path.to_string_lossy().contains("://")
}

fn not_an_address(key: &str) -> String {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    format!(
        "[{section}] {name} is a path on this machine, not an address with ://; what lies elsewhere \
         is mounted first"
    )
}

/// Says nothing of a URL but its scheme: it may have a password.
fn database(section: &Store) -> Option<Wrong> {
    let (scheme, rest) = section.url.split_once(':').unwrap_or((&section.url, ""));
    match scheme {
        _ if section.url_file.is_some() => None,
        "postgres" | "postgresql" => None,
        "sqlite" => is_address(Path::new(rest)).then(|| ("store.url", not_an_address("store.url"))),
        _ => {
            let detail = "[store] url is sqlite:PATH or postgres://…; a URL with a password stands in \
                          a file, which url_file names";
            Some(("store.url", detail.to_owned()))
        }
    }
}
