//! Which values cannot work, alone or together: what `serve` would fail by, or do without a word.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use super::{Config, Smtp, Store, Web};
use crate::domain::{MailAddress, section::Number};

/// A value that cannot work.
pub(super) struct Misfit {
    /// Its key, `smtp.hostname` for example.
    pub(super) key: String,
    /// What is wrong, and what to do.
    pub(super) detail: String,
}

/// The first value that cannot work.
pub(super) fn misfit(config: &mut Config) -> Option<Misfit> {
    let found = smtp(&config.smtp)
        .or_else(|| web(&config.web))
        .or_else(|| acme(config))
        .or_else(|| envelope(config))
        .or_else(|| addresses(config))
        .or_else(|| places(config))
        .or_else(|| database(&config.store));
    let found = found.map(|(key, detail)| Misfit { key: key.to_owned(), detail });
    found.or_else(|| out_of_range(config).next())
}

/// The numbers that lie outside of their ranges: there the server would take no mail, break RFC
/// 5321, or have no limit where one is meant.
fn out_of_range(config: &Config) -> impl Iterator<Item = Misfit> {
    let out = config.numbers().filter(|(_, number)| !number.range.contains(&number.value));
    out.map(|(section, Number { key, range, value })| {
        let (from, to) = (range.start(), range.end());
        let detail = format!("[{section}] {key} is from {from} to {to}, not {value}");
        Misfit { key: format!("{section}.{key}"), detail }
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
    if !is_host_name(hostname) {
        let detail = format!(
            "[smtp] hostname is the name that the MX record points to, such as mx.example.ua, and \
             {hostname:?} is no host name"
        );
        return Some(("smtp.hostname", detail));
    }
    let keys = ["smtp.certificate", "smtp.private_key"];
    if let Some(half) = half_a_pair(keys, certificate.as_ref(), private_key.as_ref()) {
        return Some(half);
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

fn is_host_name(name: &str) -> bool {
    name.is_ascii() && format!("postmaster@{name}").parse::<MailAddress>().is_ok()
}

/// A certificate without its key, or a key without its certificate.
fn half_a_pair(
    keys: [&'static str; 2],
    certificate: Option<&PathBuf>,
    private_key: Option<&PathBuf>,
) -> Option<Wrong> {
    let key = match (certificate, private_key) {
        (Some(_), None) => keys[0],
        (None, Some(_)) => keys[1],
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let section = key.split('.').next().unwrap_or_default();
    let detail =
        format!("[{section}] certificate and private_key go together: name both, or neither");
    Some((key, detail))
}

fn web(section: &Web) -> Option<Wrong> {
    let Web { acme, certificate, hostname, insecure_lan, listen, private_key, .. } = section;
    let is_name = |name: &String| is_host_name(name) || name.parse::<IpAddr>().is_ok();
    if let Some(hostname) = hostname.as_ref().filter(|hostname| !is_name(hostname)) {
        let detail = format!(
            "[web] hostname is the name that browsers open the dashboard by, in ASCII as the DNS has \
             it (xn--…), or an IP address, and {hostname:?} is neither"
        );
        return Some(("web.hostname", detail));
    }
    let keys = ["web.certificate", "web.private_key"];
    if let Some(half) = half_a_pair(keys, certificate.as_ref(), private_key.as_ref()) {
        return Some(half);
    }
    let is_within =
        certificate.is_some() || acme.is_some() || listen.ip().to_canonical().is_loopback();
    let detail = format!(
        "[web] listen: without TLS only a loopback address is listened on, and {listen} is none: \
         passwords and copies would cross the network in the clear. Name certificate and \
         private_key, or let [web.acme] get them; or, where a proxy with TLS stands on another \
         machine or in another container, write insecure_lan = true"
    );
    (!is_within && !insecure_lan).then_some(("web.listen", detail))
}

fn acme(config: &Config) -> Option<Wrong> {
    let section = config.web.acme.as_ref()?;
    if config.web.certificate.is_some() {
        let detail = "[web] certificate names a certificate, and [web.acme] gets one: take one of both \
                      out";
        return Some(("web.certificate", detail.to_owned()));
    }
    if !section.agree_to_terms {
        let detail = format!(
            "[web.acme] agree_to_terms is to be true: read the terms of service of the authority at \
             {}, and agree to them",
            section.directory
        );
        return Some(("web.acme.agree_to_terms", detail));
    }
    if !section.directory.starts_with("https://") {
        let detail = "[web.acme] directory is an address that begins with https://";
        return Some(("web.acme.directory", detail.to_owned()));
    }
    let domains = config.acme_domains();
    let is_domain = |name: &&String| is_host_name(name) && name.parse::<IpAddr>().is_err();
    if let Some(domain) = domains.iter().find(|domain| !is_domain(domain)) {
        let detail = format!(
            "[web.acme] domains are names of this server as the DNS has them, without *, and \
             {domain:?} is none; without domains it is [web] hostname, or else [smtp] hostname"
        );
        return Some(("web.acme.domains", detail));
    }
    let hostname = config.web_hostname();
    let is_named = domains.iter().any(|domain| domain.eq_ignore_ascii_case(hostname));
    let detail =
        format!("[web.acme] domains: [web] hostname {hostname} is not among them: name it there");
    (!is_named).then_some(("web.acme.domains", detail))
}

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
fn places(config: &mut Config) -> Option<Wrong> {
    let mut paths = config.paths().into_iter();
    paths.find(|(_, path)| is_address(path)).map(|(key, _)| (key, not_an_address(key)))
}

fn is_address(path: &Path) -> bool {
    path.to_string_lossy().contains("://")
}

fn not_an_address(key: &str) -> String {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
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

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
    };

    use super::*;
    use crate::domain::section::Section;

    #[test]
    fn the_defaults_lie_in_their_ranges() {
        assert_eq!(out_of_range(&Config::default()).count(), 0);
    }

    #[test]
    fn numbers_that_make_no_sense_are_named_with_their_range() {
        for (section, text, expected) in [
            (
                "smtp.limits",
                "max_message_bytes = 0",
                "max_message_bytes is from 65536 to 1073741824, not 0",
            ),
            (
                "smtp.limits",
                "max_text_line_bytes = 999",
                "max_text_line_bytes is from 1000 to 1073741824, not 999",
            ),
            (
                "smtp.limits",
                "max_received_fields = 99",
                "max_received_fields is from 100 to 1000000, not 99",
            ),
            ("smtp.limits", "max_recipients = 99", "max_recipients is from 100 to 10000, not 99"),
            ("smtp.limits", "max_connections = 0", "max_connections is from 1 to 1000000, not 0"),
            (
                "smtp.limits",
                "command_timeout_seconds = 86401",
                "command_timeout_seconds is from 1 to 86400, not 86401",
            ),
            (
                "smtp.limits",
                "data_bytes_per_second = 0",
                "data_bytes_per_second is from 1 to 1073741824, not 0",
            ),
            (
                "smtp.limits",
                "tarpit_milliseconds = 60001",
                "tarpit_milliseconds is from 0 to 60000, not 60001",
            ),
            (
                "web.limits",
                "head_timeout_seconds = 0",
                "head_timeout_seconds is from 1 to 300, not 0",
            ),
            (
                "spool.limits",
                "segment_bytes = 0",
                "segment_bytes is from 65536 to 17179869184, not 0",
            ),
            ("retention", "quarantine_days = 0", "quarantine_days is from 1 to 3650, not 0"),
            ("sender", "timeout_seconds = 61", "timeout_seconds is from 1 to 60, not 61"),
            (
                "signatures",
                "fetch_max_bytes = 1023",
                "fetch_max_bytes is from 1024 to 1073741824, not 1023",
            ),
        ] {
            let config: Config = toml::from_str(&format!("[{section}]\n{text}")).unwrap();
            let found: Vec<_> = out_of_range(&config).map(|misfit| misfit.detail).collect();
            assert_eq!(found, [format!("[{section}] {expected}")], "{text}");
        }
        let edges = "max_message_bytes = 65536\nmax_recipients = 100\ndrain_timeout_seconds = 0";
        let edges = format!("[smtp.limits]\n{edges}");
        assert_eq!(out_of_range(&toml::from_str(&edges).unwrap()).count(), 0);
    }

    /// The rows of the table in the manual: for each key in its section, the default and the words.
    fn manual() -> BTreeMap<String, [String; 2]> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/OPERATING.md");
        let manual = fs::read_to_string(path).unwrap();
        let (_, table) =
            manual.split_once("| section | key | default | what |\n|---|---|---|---|\n").unwrap();
        let mut section = "";
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let [_, named, key, default, words] = row.splitn(5, '|').collect::<Vec<_>>()[..] else {
                panic!("a row of four columns: {row}")
            };
            if !named.trim().is_empty() {
                section = named.trim_matches([' ', '`', '[', ']']);
            }
            let key = key.trim_matches([' ', '`']);
            (format!("{section}.{key}"), [default.trim().to_owned(), words.to_owned()])
        })
        .collect()
    }

    fn keys<S: Section>(section: &str, _: &S) -> Vec<String> {
        let own = S::KEYS.iter().filter(|key| !matches!(**key, "acme" | "limits"));
        own.map(|key| format!("{section}.{key}")).collect()
    }

    #[test]
    fn the_manual_has_every_key_and_of_numbers_the_default_and_the_range() {
        let manual = manual();
        let config = Config::default();
        let known: BTreeSet<_> = [
            keys("envelope", &config.envelope),
            keys("log", &config.log),
            keys("metrics", &config.metrics),
            keys("retention", &config.retention),
            keys("sender", &config.sender),
            keys("signatures", &config.signatures),
            keys("smtp", &config.smtp),
            keys("smtp.limits", &config.smtp.limits),
            keys("spool", &config.spool),
            keys("spool.limits", &config.spool.limits),
            keys("store", &config.store),
            keys("trust", &config.trust),
            keys("vault", &config.vault),
            keys("web", &config.web),
            keys("web.acme", &super::super::Acme::default()),
            keys("web.limits", &config.web.limits),
        ]
        .concat()
        .into_iter()
        .collect();
        assert_eq!(manual.keys().cloned().collect::<BTreeSet<_>>(), known);
        for (section, Number { key, range, value }) in config.numbers() {
            let [default, words] = &manual[&format!("{section}.{key}")];
            assert_eq!(*default, value.to_string(), "[{section}] {key}");
            let range = format!("{} to {}", range.start(), range.end());
            assert!(words.contains(&range), "[{section}] {key} is from {range}: {words}");
        }
    }
}
