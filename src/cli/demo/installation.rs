//! The demo's installation: made as `init`, `registry apply` and `user add` make a real one.

use std::{fs, net::SocketAddr, path::Path};

use anyhow::Context as _;

use super::scenarios::validity;
use crate::{
    cli::{init, open_store, password},
    clock::Clock,
    config::Config,
    domain::{Actor, BranchId, BranchScope, Role},
    registry::Registry,
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, ORGANISATION, Signer, Subject},
    },
    store::NewUser,
};

/// A member of the demo's staff.
pub(super) struct Login {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) sees: &'static str,
}

/// The authorities that the demo trusts.
pub(super) struct Authorities {
    /// With ECDSA.
    pub(super) ordinary: Authority,
    /// With DSTU 4145.
    pub(super) national: Authority,
    /// Makes time-stamps. Its certificate is itself in the trust directory: the demo publishes no
    /// revocation data, and a time-stamping authority under a root would be unchecked, so that its
    /// time-stamps would not outlive a certificate.
    pub(super) time: Signer,
}

/// What the demo's server is started with.
pub(super) struct Installation {
    pub(super) config: Config,
    /// Their certificates lie in the trust directory; their keys end with the demo.
    pub(super) authorities: Authorities,
    pub(super) logins: Vec<Login>,
}

/// Writes the demo's own settings into the file, so that a server that is started later on what
/// `--keep` leaves judges as the demo did: its issuer, and no questions to the DNS.
fn configure(path: &Path) -> anyhow::Result<()> {
    let mut config: toml::Table = fs::read_to_string(path)?.parse()?;
    for (section, key, value) in [
        ("sender", "check", toml::Value::from(false)),
        ("signatures", "issuers", toml::Value::from(vec![ORGANISATION])),
    ] {
        let section = config.entry(section).or_insert_with(|| toml::Table::new().into());
        let section = section.as_table_mut().context("a section of the file is no table")?;
        section.insert(key.to_owned(), value);
    }
    Ok(fs::write(path, toml::to_string(&config)?)?)
}

const STAFF: &[(&str, Role, Option<&str>, &str)] = &[
    ("school", Role::Operator, Some("school"), "the school's shares"),
    ("cnap", Role::Operator, Some("cnap"), "the ЦНАП's shares"),
    ("library", Role::Operator, Some("library"), "the library's shares"),
    ("supervisor", Role::Supervisor, None, "every share, and copies nobody asked for"),
    ("auditor", Role::Auditor, None, "which shares there were, no document"),
    ("admin", Role::Admin, None, "which shares there were, no document"),
];

impl Installation {
    /// Lays an installation out in `directory`, on loopback ports that the system chooses.
    pub(super) async fn make(directory: &Path) -> anyhow::Result<Self> {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let addresses = init::Addresses { smtp: any_port, web: any_port, metrics: any_port };
        let path = init::lay_out(directory, &addresses, "demo.example.ua")?;
        configure(&path).context("cannot write the demo's configuration")?;
        let config = Config::load(&path, [])?;
        let now = Clock::system().now();
        let mut ordinary = Authority::root(Seed::random()?, validity(now))?;
        let national = Authority::national_root(Seed::random()?, validity(now))?;
        let time = ordinary.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity(now))?;
        for (file, certificate) in [
            ("demo-root.pem", ordinary.certificate_pem()?),
            ("demo-national-root.pem", national.certificate_pem()?),
            ("demo-time.pem", time.certificate_pem()?),
        ] {
            fs::write(config.trust.directory.join(file), certificate)
                .context("cannot write a demo authority's certificate")?;
        }
        let authorities = Authorities { ordinary, national, time };

        let store = open_store(&config).await?;
        let registry = Registry::parse(include_str!("registry.toml"))
            .context("the demo's registry is refused")?;
        store.apply_registry(&registry, &Actor::CommandLine, now).await?;
        let mut logins = Vec::new();
        for (name, role, branch, sees) in STAFF {
            let password = password::make()?;
            let scope = match branch {
                None => BranchScope::All,
                Some(branch) => BranchScope::Only(vec![branch.parse::<BranchId>()?]),
            };
            let user = NewUser {
                name: (*name).to_owned(),
                password_hash: password_auth::generate_hash(&password),
                role: *role,
                scope,
            };
            store.add_user(&user, &Actor::CommandLine, now).await?;
            logins.push(Login { name: (*name).to_owned(), password, sees });
        }
        store.close().await;
        Ok(Self { config, authorities, logins })
    }
}
