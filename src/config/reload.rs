//! What a running server takes over of a changed configuration.

use super::Config;
use crate::domain::section::Section as _;

impl Config {
    /// Takes over what `new` says about the certificate, limits and balancers in `[smtp]`. Gives the
    /// names of what differs still, as in the file: that waits for a restart.
    pub(crate) fn take_over(&mut self, new: &Self) -> Vec<String> {
        let smtp = &mut self.smtp;
        smtp.certificate.clone_from(&new.smtp.certificate);
        smtp.limits.clone_from(&new.smtp.limits);
        smtp.private_key.clone_from(&new.smtp.private_key);
        smtp.proxy_from.clone_from(&new.smtp.proxy_from);
        let web = &mut self.web;
        // No certificate may be right for another address alone: this one would be served in the clear.
        if (web.listen, &web.acme) == (new.web.listen, &new.web.acme) {
            web.certificate.clone_from(&new.web.certificate);
            web.private_key.clone_from(&new.web.private_key);
            web.insecure_lan = new.web.insecure_lan;
        }
        let keys = self.smtp.changes(&new.smtp).into_iter().map(|key| format!("[smtp] {key}"));
        let sections = self.changes(new).into_iter().filter(|section| *section != "smtp");
        keys.chain(sections.map(|section| format!("[{section}]"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_or_opened_at_the_start_needs_a_restart() {
        for (text, needed) in [
            ("", &[][..]),
            ("[smtp]\nlisten = [\"[::]:25\"]", &["[smtp] listen"]),
            ("[smtp]\nhostname = \"mx.x.ua\"\nlmtp = [\"a\"]", &["[smtp] lmtp", "[smtp] hostname"]),
            ("[spool]\ndirectory = \"b\"\n[web]\nlisten = \"[::]:80\"", &["[spool]", "[web]"]),
            ("[smtp]\ncertificate = \"a\"\nproxy_from = [\"::1\"]", &[]),
            ("[smtp.limits]\nmax_connections = 7", &[]),
            ("[web]\ncertificate = \"a\"\nprivate_key = \"b\"", &[]),
            ("[web]\nhostname = \"a.ua\"\ncertificate = \"a\"", &["[web]"]),
        ] {
            let new: Config = toml::from_str(text).unwrap();
            assert_eq!(Config::default().take_over(&new), needed, "{text}");
        }
    }
}
