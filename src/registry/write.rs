//! Writing `registry.toml`.

use super::{AcceptedImages, Branch, Registry, Requirement, Service, SignerPolicy};

/// The keys of a table and their values as TOML; `None` is left out.
pub(super) type Fields = Vec<(&'static str, Option<String>)>;

impl Registry {
    /// The registry as the text of a `registry.toml`: [`Registry::parse`] of it gives the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = "[organisation]\n".to_owned();
        write_fields(&mut text, self.fields());
        for branch in &self.branches {
            text.push_str("\n[[branch]]\n");
            write_fields(&mut text, branch.fields());
            for service in &branch.services {
                text.push_str("\n[[branch.service]]\n");
                write_fields(&mut text, service.fields());
            }
        }
        text
    }

    /// The organisation's table.
    pub(super) fn fields(&self) -> Fields {
        vec![("name", Some(quoted(&self.organisation)))]
    }
}

impl Branch {
    /// The branch's table.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("id", Some(quoted(self.id.as_str()))),
            ("name", Some(quoted(&self.name))),
            ("addresses", Some(list(&self.addresses, |address| quoted(&address.to_string())))),
        ]
    }
}

impl Service {
    /// The service's table.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("id", Some(quoted(self.id.as_str()))),
            ("name", Some(quoted(&self.name))),
            ("legal_basis", Some(quoted(self.legal_basis.as_str()))),
            ("legal_note", self.legal_note.as_deref().map(quoted)),
            ("documents", Some(list(&self.documents, document))),
            ("retention_days", Some(self.retention_days.to_string())),
            ("qr_issued_on", self.qr_issued_on.map(|day| day.to_string())),
            ("signers", self.signers.as_ref().map(signers)),
            ("max_copy_age_hours", Some(self.max_copy_age_hours.to_string())),
            ("accept_images", images(self.accept_images)),
            ("require_fresh", Some(self.require_fresh.to_string())),
            ("active", Some(self.active.to_string())),
        ]
    }
}

fn write_fields(text: &mut String, fields: Fields) {
    for (key, value) in fields {
        if let Some(value) = value {
            text.extend([key, " = ", &value, "\n"]);
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
}

fn document(requirement: &Requirement) -> String {
    let optional = if requirement.optional { ", optional = true" } else { "" };
    match (requirement.any_of.as_slice(), requirement.optional) {
        ([code], false) => quoted(code.as_str()),
        ([code], true) => format!("{{ type = {}{optional} }}", quoted(code.as_str())),
        (codes, _) => {
            format!("{{ any_of = {}{optional} }}", list(codes, |code| quoted(code.as_str())))
        }
    }
}

/// Left out when none is accepted.
fn images(accepted: AcceptedImages) -> Option<String> {
    let names: Vec<&str> = accepted.names().collect();
    (!names.is_empty()).then(|| list(&names, |name| quoted(name)))
}

fn signers(policy: &SignerPolicy) -> String {
    match policy {
        SignerPolicy::Pinned(signers) => list(signers, |signer| quoted(&signer.to_string())),
        SignerPolicy::Anchors
        | SignerPolicy::Person
        | SignerPolicy::Seal
        | SignerPolicy::SealOrPerson => quoted(policy.as_str()),
    }
}
