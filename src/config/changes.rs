//! Which changes of the configuration a running server cannot take over.

use super::{Config, Smtp};

impl Config {
    /// What is different in `new` and stays as it is until the server is started again, by the
    /// names in the file. The certificate, limits and balancers in `[smtp]` are not among it.
    #[must_use]
    pub fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        // Named one by one, so that a new section is not forgotten here.
        let Self {
            envelope,
            log,
            metrics,
            retention,
            sender,
            signatures,
            smtp,
            spool,
            store,
            trust,
            vault,
            web,
        } = self;
        let Smtp {
            listen,
            listen_tls,
            lmtp,
            hostname,
            postmaster,
            certificate: _,
            limits: _,
            private_key: _,
            proxy_from: _,
        } = smtp;
        [
            ("[smtp] listen", *listen != new.smtp.listen),
            ("[smtp] listen_tls", *listen_tls != new.smtp.listen_tls),
            ("[smtp] lmtp", *lmtp != new.smtp.lmtp),
            ("[smtp] hostname", *hostname != new.smtp.hostname),
            ("[smtp] postmaster", *postmaster != new.smtp.postmaster),
            ("[envelope]", *envelope != new.envelope),
            ("[log]", *log != new.log),
            ("[metrics]", *metrics != new.metrics),
            ("[retention]", *retention != new.retention),
            ("[sender]", *sender != new.sender),
            ("[signatures]", *signatures != new.signatures),
            ("[spool]", *spool != new.spool),
            ("[store]", *store != new.store),
            ("[trust]", *trust != new.trust),
            ("[vault]", *vault != new.vault),
            ("[web]", *web != new.web),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_or_opened_at_the_start_needs_a_restart() {
        let old: Config = toml::from_str("").unwrap();
        for (text, needed) in [
            ("", &[][..]),
            ("[smtp]\nlisten = [\"[::]:25\"]", &["[smtp] listen"]),
            ("[smtp]\nhostname = \"mx.x.ua\"\nlmtp = [\"a\"]", &["[smtp] lmtp", "[smtp] hostname"]),
            ("[spool]\ndirectory = \"b\"\n[web]\nlisten = \"[::]:80\"", &["[spool]", "[web]"]),
            ("[smtp]\ncertificate = \"a\"\nproxy_from = [\"::1\"]", &[]),
            ("[smtp.limits]\nmax_connections = 7", &[]),
        ] {
            let new: Config = toml::from_str(text).unwrap();
            assert_eq!(old.needs_restart(&new), needed, "{text}");
        }
    }
}
