//! `skrynka check`: would the server start, and would it do its work.

mod places;

use std::{fmt::Display, process::ExitCode};

use clap::Args;

use super::{ConfigFile, say};
use crate::{
    algorithms::Policy,
    app::{
        Audience, algorithm_policy, certificate_by_acme, check_spool, examine_certificate, issuers,
        open_archive, read_algorithm_policy, read_organisation_keys, read_trust,
        recipient_certificates,
    },
    clock::Clock,
    config::{Acme, Config},
    tls::{TlsConfig, https_config, tls_config},
    trust::TrustStore,
};

/// Checks an installation: configuration, keys, certificates, database, registry.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  skrynka check -c /srv/skrynka/skrynka.toml")]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    failed: bool,
}

impl Findings {
    fn good(what: &str) {
        say(&format!("ok       {what}"));
    }

    fn advise(what: &dyn Display) {
        say(&format!("advice   {what}"));
    }

    fn bad(&mut self, what: &dyn Display) {
        self.failed = true;
        say(&format!("PROBLEM  {what}"));
    }
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load()?;
    let mut findings = Findings::default();
    Findings::good(&format!("configuration {}", arguments.config.config.display()));
    places::check(&config, &mut findings);
    check_tls(&config, &mut findings);
    check_https(&config, &mut findings);
    check_trust(&config, &mut findings);
    check_issuers(&config);
    check_algorithms(&config, &mut findings);
    check_organisation_keys(&config, &mut findings);
    check_keeping(&config, &mut findings).await;
    Ok(if findings.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn check_tls(config: &Config, findings: &mut Findings) {
    match (&config.smtp.certificate, &config.smtp.private_key) {
        (Some(certificate), Some(key)) => match tls_config(certificate, key) {
            Ok(tls) => {
                check_certificate(&tls, Audience::Senders, &config.smtp.hostname, findings);
            }
            Err(error) => findings.bad(&error),
        },
        _ => Findings::advise(&"no [smtp] certificate: mail comes in without encryption"),
    }
}

fn check_https(config: &Config, findings: &mut Findings) {
    let section = &config.web;
    if let Some(acme) = &section.acme {
        return check_acme(config, acme, findings);
    }
    match (&section.certificate, &section.private_key) {
        (Some(certificate), Some(key)) => match https_config(certificate, key) {
            Ok(tls) => {
                check_certificate(&tls, Audience::Browsers, config.web_hostname(), findings);
            }
            Err(error) => findings.bad(&error),
        },
        _ if section.insecure_lan => Findings::advise(&format_args!(
            "[web] insecure_lan: the dashboard is served in the clear on {}; nobody can sign in there \
             but through a proxy with TLS, and API tokens can be read on the way",
            section.listen
        )),
        _ => {
            Findings::good(
                "the dashboard in the clear, for this machine or a proxy with TLS on it",
            );
        }
    }
}

fn check_acme(config: &Config, section: &Acme, findings: &mut Findings) {
    if config.web.listen.port() != 443 {
        Findings::advise(&format_args!(
            "[web.acme]: the authority connects to port 443 of {}; have it lead to {}",
            config.acme_domains().join(", "),
            config.web.listen
        ));
    }
    match certificate_by_acme(&section.cache) {
        Ok(Some(tls)) => {
            check_certificate(&tls, Audience::Browsers, config.web_hostname(), findings);
        }
        Ok(None) => {
            Findings::advise(&"[web.acme]: there is no certificate yet; the server gets it");
        }
        Err(error) => findings.bad(&error),
    }
}

fn check_certificate(tls: &TlsConfig, whose: Audience, hostname: &str, findings: &mut Findings) {
    let found = examine_certificate(tls, whose, hostname, Clock::system().now());
    let path = tls.path().display();
    for problem in &found.problems {
        let line = format_args!("{path}: {problem}");
        if problem.is_urgent() { findings.bad(&line) } else { Findings::advise(&line) }
    }
    if let ([], Some(end)) = (&*found.problems, found.expires_at) {
        let what = match whose {
            Audience::Browsers => "HTTPS",
            Audience::Senders => "STARTTLS",
        };
        Findings::good(&format!("{what} as {hostname}, with a certificate and key valid to {end}"));
    }
}

fn check_trust(config: &Config, findings: &mut Findings) {
    // What is wrong with the policy is told by itself.
    let policy = algorithm_policy(&config.signatures).unwrap_or_else(|_| Policy::built_in());
    match read_trust(&config.trust, &policy, None) {
        Ok(read) => {
            for problem in &read.problems {
                findings.bad(problem);
            }
            match read.store.len() {
                0 => findings.bad(&format_args!(
                    "{} holds no certificate: no signature can be verified; put the \
                     authorities' certificates there",
                    config.trust.directory.display()
                )),
                count => Findings::good(&format!("trusted certificates: {count}")),
            }
            check_list(&read.store, config.trust.list_grace_days);
        }
        Err(error) => findings.bad(&error),
    }
}

fn check_issuers(config: &Config) {
    let issuers = issuers(&config.signatures);
    let ids: Vec<String> = issuers.ids().iter().map(ToString::to_string).collect();
    let ids = ids.join(", ");
    if ids.is_empty() {
        Findings::advise(
            &"[signatures] issuers is an empty list: no seal counts as issuing copies, except where \
              a service names its signers",
        );
    } else if issuers.is_unconfirmed() {
        Findings::advise(&format_args!(
            "seals that count as issuing copies: {ids}; the program knows no better, and no real \
             copy has confirmed it. When the first one is here, look in its report whose seal it \
             bears, and name that in [signatures] issuers"
        ));
    } else {
        Findings::good(&format!("seals that count as issuing copies: {ids}"));
    }
}

fn check_algorithms(config: &Config, findings: &mut Findings) {
    let Some(path) = &config.signatures.policy else { return };
    match read_algorithm_policy(path) {
        Ok(policy) => Findings::good(&format!(
            "algorithm policy: {}, version {}, issued on {}",
            policy.name(),
            policy.version(),
            policy.issued()
        )),
        Err(error) => findings.bad(&error),
    }
}

fn check_list(trust: &TrustStore, grace_days: u16) {
    let now = Clock::system().now();
    match trust.newest_list() {
        Some(list) if trust.lacks_list_at(now) => {
            let until = if list.is_outdated_at(now) {
                "it grants nothing any more, and nothing is called qualified".to_owned()
            } else {
                format!("{grace_days} days after it, it grants nothing any more")
            };
            Findings::advise(&format_args!(
                "the trust list of {} is past its next update: run `skrynka trust update`; {until}",
                list.issued_at
            ));
        }
        Some(list) => Findings::good(&format!("trust list of {}", list.issued_at)),
        None if trust.expects_list() => Findings::advise(
            &"the trust list is missing or is not used: run `skrynka trust update`; meanwhile \
              nothing is called qualified",
        ),
        None => Findings::advise(
            &"no trust list: signatures are not told apart as qualified and advanced",
        ),
    }
}

fn check_organisation_keys(config: &Config, findings: &mut Findings) {
    let section = &config.envelope;
    let keys = match read_organisation_keys(&section.keys, section.password_file.as_deref()) {
        Ok(keys) if keys.is_empty() => {
            return Findings::good("no [envelope] keys: encrypted copies stay closed");
        }
        Ok(keys) => keys,
        Err(error) => return findings.bad(&error),
    };
    Findings::good(&format!("keys that open encrypted copies: {}", keys.len()));
    let mut named = false;
    for (certificate, expired) in recipient_certificates(&keys, Clock::system().now()) {
        named = true;
        let (subject, serial) = (certificate.subject(), certificate.serial());
        let (from, to) = (certificate.not_before(), certificate.not_after());
        if expired {
            Findings::advise(&format_args!(
                "copies encrypted for {subject}, certificate {serial}: it expired at {to}, so \
                 nobody will encrypt for it; get a new one and keep this key too"
            ));
        } else {
            Findings::good(&format!(
                "copies encrypted for {subject}, certificate {serial}, valid {from} to {to}"
            ));
        }
    }
    if !named {
        Findings::advise(
            &"no certificate beside the keys in [envelope]: a damaged copy for them cannot be \
              told from one for others",
        );
    }
}

async fn check_keeping(config: &Config, findings: &mut Findings) {
    let archive = match open_archive(config).await {
        Ok(opened) => opened,
        Err(error) => return findings.bad(&error),
    };
    match archive.vault().check().await {
        Ok(()) => Findings::good("master key, database and vault"),
        Err(error) => findings.bad(&error),
    }
    match check_spool(config) {
        Ok(damaged) if damaged.is_empty() => Findings::good("spool"),
        Ok(damaged) => {
            for file in damaged {
                findings.bad(&format!(
                    "{} holds what was damaged in the spool, perhaps an accepted mail; see \
                     SkrynkaSpoolDamaged in OPERATING.md, and remove it when it is dealt with",
                    file.display()
                ));
            }
        }
        Err(error) => findings.bad(&error),
    }
    match archive.store().registry().await {
        Ok((_, registry)) if registry.branches.is_empty() => findings
            .bad(&"no branch is registered, so all mail is put off; use `skrynka registry apply`"),
        Ok((revision, registry)) => {
            let count = registry.branches.len();
            Findings::good(&format!("registry revision {revision}, branches: {count}"));
            for advice in registry.advice(Clock::system().now().day_in_kyiv()) {
                Findings::advise(&advice);
            }
        }
        Err(error) => findings.bad(&error),
    }
}
