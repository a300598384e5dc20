//! The configuration file `skrynka.toml`, and the environment over it.
//!
//! Every key has a default, an unknown key is refused with its line, and paths are relative to
//! the file. `SKRYNKA_SECTION__KEY` in the environment overrides `key` in `[section]`. Secrets
//! are named by file and never stand in the configuration itself.

mod check;
mod environment;
mod location;
mod log_filter;
mod reload;
mod sections;

use std::path::{Path, PathBuf};

use check::Misfit;
pub use location::Location;
pub use log_filter::{LogFilter, LogFilterError};
pub use sections::{
    Acme, Envelope, Log, LogFormat, MetricsPage, Retention, Sender, Signatures, Smtp, Spool, Store,
    Trust, Vault, Web,
};

use crate::domain::section::{Number, Section as _, section};

section! {
    /// The whole configuration, with paths made absolute or relative to the working directory.
    #[derive(Debug)]
    pub struct Config {
        /// `[envelope]`
        pub envelope: Envelope = Envelope::default();
        /// `[log]`
        pub log: Log = Log::default();
        /// `[metrics]`
        pub metrics: MetricsPage = MetricsPage::default();
        /// `[retention]`
        pub retention: Retention = Retention::default();
        /// `[sender]`
        pub sender: Sender = Sender::default();
        /// `[signatures]`
        pub signatures: Signatures = Signatures::default();
        /// `[smtp]`
        pub smtp: Smtp = Smtp::default();
        /// `[spool]`
        pub spool: Spool = Spool::default();
        /// `[store]`
        pub store: Store = Store::default();
        /// `[trust]`
        pub trust: Trust = Trust::default();
        /// `[vault]`
        pub vault: Vault = Vault::default();
        /// `[web]`
        pub web: Web = Web::default();
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each sentence says what it is about")]
pub enum ConfigError {
    #[error("the environment does not fit the configuration ({names}): {detail}")]
    Environment {
        /// The variables that were applied.
        names: String,
        detail: String,
    },
    #[error("{path}: {detail}", path = path.display())]
    File { path: PathBuf, detail: String },
    #[error("cannot read the configuration {path}: {source}{advice}", path = path.display(),
            advice = advice(source))]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}{location}: {detail}", path = path.display())]
    Values { path: PathBuf, location: Location, detail: String },
}

impl Config {
    /// Reads the file at `path` and applies the variables in `environment` to it.
    ///
    /// # Errors
    /// [`ConfigError`], always with the file or variable at fault.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::read(path, &text, environment)
    }

    /// What [`load`](Self::load) makes of a file at `path` that has this text.
    ///
    /// # Errors
    /// As [`load`](Self::load), but for what cannot be read.
    pub fn read(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let environment: Vec<_> = environment.into_iter().collect();
        let mut config = Self::parse(path, text, environment.iter().cloned())?;
        match check::misfit(&mut config) {
            None => {
                config.resolve(path.parent().unwrap_or_else(|| Path::new("")));
                Ok(config)
            }
            Some(Misfit { key, detail }) => {
                let location = Location::find(&key, text, environment);
                Err(ConfigError::Values { path: path.to_owned(), location, detail })
            }
        }
    }

    /// The name that browsers open the dashboard by.
    #[must_use]
    pub fn web_hostname(&self) -> &str {
        let first = self.web.acme.as_ref().and_then(|acme| acme.domains.first());
        self.web.hostname.as_ref().or(first).unwrap_or(&self.smtp.hostname)
    }

    /// The names that a certificate is got for by ACME.
    #[must_use]
    pub fn acme_domains(&self) -> Vec<String> {
        match &self.web.acme {
            Some(acme) if !acme.domains.is_empty() => acme.domains.clone(),
            _ => vec![self.web_hostname().to_owned()],
        }
    }

    fn parse(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let refuse = |error: toml::de::Error| ConfigError::File {
            path: path.to_owned(),
            detail: error.to_string(),
        };
        let from_file: Self = toml::from_str(text).map_err(refuse)?;
        let overrides = environment::overrides(environment);
        if overrides.is_empty() {
            return Ok(from_file);
        }
        // The file alone was read first, for only that reading knows its lines.
        let mut table: toml::Table = toml::from_str(text).map_err(refuse)?;
        let names = overrides.iter().map(|o| o.variable.as_str()).collect::<Vec<_>>().join(", ");
        environment::apply(&mut table, overrides);
        table.try_into().map_err(|error: toml::de::Error| ConfigError::Environment {
            names,
            detail: error.to_string(),
        })
    }

    /// All paths, with their keys.
    fn paths(&mut self) -> Vec<(&'static str, &mut PathBuf)> {
        let Self { envelope, retention, signatures, smtp, spool, store, trust, vault, web, .. } =
            self;
        let acme = web.acme.iter_mut().flat_map(|acme| {
            let ca_file = acme.ca_file.iter_mut().map(|path| ("web.acme.ca_file", path));
            ca_file.chain([("web.acme.cache", &mut acme.cache)])
        });
        let optional = [
            ("envelope.password_file", &mut envelope.password_file),
            ("signatures.policy", &mut signatures.policy),
            ("smtp.certificate", &mut smtp.certificate),
            ("smtp.private_key", &mut smtp.private_key),
            ("store.url_file", &mut store.url_file),
            ("web.certificate", &mut web.certificate),
            ("web.private_key", &mut web.private_key),
        ];
        let optional = optional.into_iter().filter_map(|(key, path)| Some((key, path.as_mut()?)));
        let keys = envelope.keys.iter_mut().map(|path| ("envelope.keys", path));
        let lmtp = smtp.lmtp.iter_mut().map(|path| ("smtp.lmtp", path));
        [
            ("retention.synchronized_file", &mut retention.synchronized_file),
            ("signatures.revocation_directory", &mut signatures.revocation_directory),
            ("spool.directory", &mut spool.directory),
            ("trust.directory", &mut trust.directory),
            ("vault.directory", &mut vault.directory),
            ("vault.master_key", &mut vault.master_key),
        ]
        .into_iter()
        .chain(optional)
        .chain(keys)
        .chain(lmtp)
        .chain(acme)
        .collect()
    }

    fn resolve(&mut self, base: &Path) {
        for (_, path) in self.paths() {
            *path = base.join(&path);
        }
        if let Some(file) = self.store.url.strip_prefix("sqlite:") {
            self.store.url = format!("sqlite:{}", base.join(file).display());
        }
    }

    /// The numbers that have a range, with their sections.
    fn numbers(&self) -> impl Iterator<Item = (&'static str, Number)> {
        [
            ("smtp.limits", self.smtp.limits.numbers()),
            ("spool.limits", self.spool.limits.numbers()),
            ("sender", self.sender.numbers()),
            ("signatures", self.signatures.numbers()),
            ("web.limits", self.web.limits.numbers()),
            ("retention", self.retention.numbers()),
            ("envelope", self.envelope.numbers()),
            ("log", self.log.numbers()),
            ("metrics", self.metrics.numbers()),
            ("smtp", self.smtp.numbers()),
            ("spool", self.spool.numbers()),
            ("store", self.store.numbers()),
            ("trust", self.trust.numbers()),
            ("vault", self.vault.numbers()),
            ("web", self.web.numbers()),
        ]
        .into_iter()
        .flat_map(|(section, numbers)| numbers.into_iter().map(move |number| (section, number)))
    }
}

/// What to do about a configuration that cannot be read.
fn advice(source: &std::io::Error) -> &'static str {
    if source.kind() == std::io::ErrorKind::NotFound {
        "; make one with `skrynka init`"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::parse(Path::new("skrynka.toml"), text, environment)
    }

    #[test]
    fn an_empty_file_is_a_whole_configuration() {
        let config = parse("", &[]).unwrap();
        assert_eq!(config.retention.quarantine_days, 30);
        assert_eq!(config.smtp.limits.max_message_bytes, 32 << 20);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = parse("[smtp]\nhostname = \"a.ua\"\nhostnam = \"b.ua\"\n", &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 3") && text.contains("hostnam"), "{text}");
    }

    #[test]
    fn the_environment_stands_over_the_file() {
        let config = parse(
            "[smtp]\nhostname = \"a.ua\"\n",
            &[
                ("SKRYNKA_SMTP__HOSTNAME", "b.ua"),
                ("SKRYNKA_RETENTION__QUARANTINE_DAYS", "7"),
                ("SKRYNKA_SMTP__LISTEN", "[\"127.0.0.1:25\"]"),
                ("SKRYNKA_INTEROP_DATA", "/somewhere"),
            ],
        )
        .unwrap();
        assert_eq!(config.smtp.hostname, "b.ua");
        assert_eq!(config.retention.quarantine_days, 7);
        assert_eq!(config.smtp.listen, ["127.0.0.1:25".parse().unwrap()]);
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let error = parse("", &[("SKRYNKA_SMTP__HOSTNAM", "x")]).unwrap_err().to_string();
        assert!(error.contains("SKRYNKA_SMTP__HOSTNAM") && error.contains("hostnam"), "{error}");
    }

    #[test]
    fn half_a_tls_key_pair_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("skrynka.toml");
        std::fs::write(&path, "[smtp]\ncertificate = \"cert.pem\"\n").unwrap();
        let error = Config::load(&path, []).unwrap_err().to_string();
        assert!(error.contains("go together"), "{error}");
    }

    fn load(text: &str) -> Result<Config, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("skrynka.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path, [])
    }

    const ACME: &str = "[web.acme]\nagree_to_terms = true\n";

    #[test]
    fn values_that_could_not_work_are_refused_with_what_to_do() {
        for (text, words) in [
            ("[smtp]\nlisten = []\n", "no mail could ever arrive"),
            ("[smtp]\nlisten_tls = [\"[::]:465\"]\n", "needs a certificate"),
            (
                "[smtp.limits]\nmax_message_bytes = 0\n",
                "[smtp.limits] max_message_bytes is from 65536 to 1073741824, not 0",
            ),
            (
                "[web.limits]\nhead_timeout_seconds = 0\n",
                "[web.limits] head_timeout_seconds is from 1 to 300, not 0",
            ),
            ("[web]\nproxy_from = [\"10.1.0.0/8\"]\n", "the network is 10.0.0.0/8"),
            ("[smtp]\nproxy_from = [\"10.1.0.0/8\"]\n", "the network is 10.0.0.0/8"),
            ("\n[smtp]\nhostname = \"\"\n", "skrynka.toml, line 3: [smtp] hostname is the name"),
            ("[smtp]\nhostname = \"a.ua\\r\\nb\"\n", "is no host name"),
            ("[smtp]\nhostname = \"mx a\"\n", "is no host name"),
            (
                "[smtp]\nhostname = \"пошта.ua\"\n",
                "line 2: [smtp] hostname is the name that the MX",
            ),
            ("[spool.limits]\nsegment_bytes = 0\n", "line 2: [spool.limits] segment_bytes is from"),
            ("[vault]\ndirectory = \"s3://b/x\"\n", "line 2: [vault] directory is a path on this"),
            ("[store]\nurl = \"sqlite:s3://b\"\n", "line 2: [store] url is a path on this"),
            ("[store]\nurl = \"mysql://u:pass@h\"\n", "line 2: [store] url is sqlite:PATH or"),
            ("[web]\nlisten = \"127.0.0.1:9464\"\n", "127.0.0.1:9464 is named twice"),
            ("[web]\nlisten = \"0.0.0.0:80\"\n", "line 2: [web] listen: without TLS"),
            ("[web]\nlisten = \"[::]:80\"\nhostname = \"a.ua\"\n", "insecure_lan = true"),
            ("[web]\nlisten = \"192.168.1.5:80\"\n", "certificate and private_key"),
            ("[web]\nprivate_key = \"k\"\n", "line 2: [web] certificate and private_key go"),
            ("[web]\nhostname = \"a b\"\n", "line 2: [web] hostname is the name that browsers"),
            ("[web.acme]\ndomains = [\"a.ua\"]\n", "[web.acme] agree_to_terms is to be true"),
            (&format!("{ACME}directory = \"http://a.ua\"\n"), "line 3: [web.acme] directory"),
            (&format!("{ACME}domains = [\"*.ua\"]\n"), "line 3: [web.acme] domains are names"),
            (&format!("{ACME}domains = [\"192.0.2.1\"]\n"), "line 3: [web.acme] domains are"),
            (&format!("[web]\nhostname = \"b.ua\"\n{ACME}domains = [\"a.ua\"]\n"), "b.ua is not"),
            (
                &format!("[web]\ncertificate = \"c\"\nprivate_key = \"k\"\n{ACME}"),
                "line 2: [web] certificate names a certificate, and [web.acme] gets one",
            ),
            (
                "[web]\nhostname = \"пошта.ua\"\n",
                "line 2: [web] hostname is the name that browsers",
            ),
            ("[sender]\ntimeout_seconds = 0\n", "line 2: [sender] timeout_seconds is from 1 to 60"),
            ("[log]\nlevel = \"loud\"\n", "line 2, column 9"),
            ("[log]\nlevel = \"loud\"\n", "«loud» is not a level of the log: write off, error,"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
            assert!(!error.contains("pass@"), "{error}");
        }
        for text in [
            "[smtp]\nlisten = []\nlmtp = [\"lmtp.socket\"]\n",
            "[smtp]\nlisten_tls = [\"[::]:465\"]\ncertificate = \"c\"\nprivate_key = \"k\"\n",
            "[smtp]\nproxy_from = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n",
            "[web]\nlisten = \"0.0.0.0:443\"\ncertificate = \"c\"\nprivate_key = \"k\"\n",
            "[web]\nlisten = \"0.0.0.0:80\"\ninsecure_lan = true\n",
            &format!("[web]\nlisten = \"[::]:443\"\n{ACME}domains = [\"a.ua\"]\n"),
            &format!("[web]\nhostname = \"b.ua\"\n{ACME}"),
            "[web]\nlisten = \"[::1]:80\"\nhostname = \"192.168.1.5\"\n",
            "[web]\nlisten = \"127.7.7.7:80\"\n",
        ] {
            load(text).unwrap();
        }
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("skrynka.toml");
        std::fs::write(&path, "[store]\nurl = \"sqlite:data/skrynka.db\"\n").unwrap();
        let config = Config::load(&path, []).unwrap();
        assert_eq!(config.trust.directory, directory.path().join("trust"));
        let url = format!("sqlite:{}", directory.path().join("data/skrynka.db").display());
        assert_eq!(config.store.url, url);
    }
}
