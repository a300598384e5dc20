//! Reading `registry.toml`, with every mistake named and placed, and writing it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize};
use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{Branch, Registry, Service, entry};
use crate::domain::{BranchId, ServiceId, TypeCode};

/// Why a text is not a registry. Shown as a sentence that names the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {mistake}")]
pub struct RegistryError {
    line: usize,
    mistake: Mistake,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Mistake {
    #[error(
        "the address {address} stands at branch {first} and again at branch {second}; mail to it must have one place to go"
    )]
    AddressTaken { address: String, first: BranchId, second: BranchId },
    #[error("the id {id} is taken by another {kind}; every {kind} needs its own")]
    IdTaken { kind: &'static str, id: String },
    #[error("{key} is an empty list; put at least one entry in it")]
    ListEmpty { key: &'static str },
    #[error("every document of service {service} is optional; at least one must be asked for")]
    NothingRequired { service: ServiceId },
    /// What the reader of TOML, or of a single value, says.
    #[error("{problem}")]
    Syntax { problem: String },
    #[error("the type {code} is asked for twice; ask for each type once")]
    TypeTwice { code: TypeCode },
}

/// A mistake, and the way to the value that makes it: keys and numbers with `.` between them.
type Placed = (String, Mistake);

impl Registry {
    /// Reads a registry from the text of a `registry.toml`.
    ///
    /// # Errors
    /// The first mistake found, with its line.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let registry: Self = toml::from_str(text).map_err(|error| {
            let problem = error.message().trim().replace('\n', "; ");
            let start = error.span().map_or(0, |span| span.start);
            RegistryError { line: line(text, start), mistake: Mistake::Syntax { problem } }
        })?;
        let placed =
            |(place, mistake): Placed| RegistryError { line: line_of(text, &place), mistake };
        registry.check().map_err(placed)?;
        Ok(registry)
    }

    /// The registry as the text of a `registry.toml`: [`Registry::parse`] of it gives the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = "[organisation]\n".to_owned();
        write(&mut text, &self.fields());
        for branch in &self.branches {
            text.push_str("\n[[branch]]\n");
            write(&mut text, &branch.fields());
            for service in &branch.services {
                text.push_str("\n[[branch.service]]\n");
                write(&mut text, &service.fields());
            }
        }
        text
    }

    /// The organisation's table.
    pub(super) fn fields(&self) -> Table {
        fields(&Organisation { name: self.organisation.clone() })
    }

    /// What no value shows by itself.
    fn check(&self) -> Result<(), Placed> {
        let mut ids = HashSet::new();
        let mut taken = HashMap::new();
        for (number, branch) in self.branches.iter().enumerate() {
            let at = |(place, mistake): Placed| (format!("branch.{number}.{place}"), mistake);
            if !ids.insert(&branch.id) {
                let id = branch.id.to_string();
                return Err(at(("id".to_owned(), Mistake::IdTaken { kind: "branch", id })));
            }
            for (number, address) in branch.addresses.iter().enumerate() {
                if let Some(first) = taken.insert(address.key(), &branch.id) {
                    let (first, second) = (BranchId::clone(first), branch.id.clone());
                    let address = address.to_string();
                    let mistake = Mistake::AddressTaken { address, first, second };
                    return Err(at((format!("addresses.{number}"), mistake)));
                }
            }
            branch.check().map_err(at)?;
        }
        Ok(())
    }
}

impl Branch {
    /// The branch's table, without its services.
    pub(super) fn fields(&self) -> Table {
        let mut fields = fields(self);
        fields.remove("service");
        fields
    }

    fn check(&self) -> Result<(), Placed> {
        if self.addresses.is_empty() {
            return Err(("addresses".to_owned(), Mistake::ListEmpty { key: "addresses" }));
        }
        let mut ids = HashSet::new();
        for (number, service) in self.services.iter().enumerate() {
            let at = |(place, mistake): Placed| (format!("service.{number}.{place}"), mistake);
            service.check().map_err(at)?;
            if !ids.insert(&service.id) {
                let id = service.id.to_string();
                return Err(at(("id".to_owned(), Mistake::IdTaken { kind: "service", id })));
            }
        }
        Ok(())
    }
}

impl Service {
    /// The service's table.
    pub(super) fn fields(&self) -> Table {
        let mut fields = fields(self);
        // `Table::try_from` knows no days.
        if let Some(day) = self.qr_issued_on.and_then(|day| day.to_string().parse().ok()) {
            fields.insert("qr_issued_on".to_owned(), Value::Datetime(day));
        }
        fields
    }

    fn check(&self) -> Result<(), Placed> {
        let mut seen = HashSet::new();
        for (number, requirement) in self.documents.iter().enumerate() {
            if let Some(code) = requirement.any_of.iter().find(|code| !seen.insert(*code)) {
                let mistake = Mistake::TypeTwice { code: code.clone() };
                return Err((format!("documents.{number}"), mistake));
            }
        }
        let mistake = if self.documents.is_empty() {
            Mistake::ListEmpty { key: "documents" }
        } else if self.documents.iter().all(|requirement| requirement.optional) {
            Mistake::NothingRequired { service: self.id.clone() }
        } else {
            return Ok(());
        };
        Err(("documents".to_owned(), mistake))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    #[serde(deserialize_with = "entry::name")]
    name: String,
}

pub(super) fn organisation<'de, D: Deserializer<'de>>(table: D) -> Result<String, D::Error> {
    Organisation::deserialize(table).map(|organisation| organisation.name)
}

/// The keys of a table that have a value, in the order of the type.
fn fields(table: &impl Serialize) -> Table {
    Table::try_from(table).expect("every value of a registry has a form in TOML")
}

fn write(text: &mut String, fields: &Table) {
    for (key, value) in fields {
        text.extend([key, " = ", &value.to_string(), "\n"]);
    }
}

/// The line where the value at `place` begins.
fn line_of(text: &str, place: &str) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 1 };
    let root = Spanned::new(document.span(), DeValue::Table(document.into_inner()));
    let value = place.split('.').try_fold(&root, |value, key| match key.parse::<usize>() {
        Ok(number) => value.get_ref().get(number),
        Err(_) => value.get_ref().get(key),
    });
    line(text, value.map_or(0, |value| value.span().start))
}

fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
