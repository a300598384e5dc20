//! Reading `registry.toml`, with every mistake named and placed.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{
    AcceptedImages, Branch, LegalBasis, Registry, Requirement, Service, SignerPolicy,
    entry::DocumentEntry,
};
use crate::domain::{BranchId, Date, MailAddress, ServiceId, TypeCode};

/// The greatest length of a name or note, in characters.
const MAX_TEXT: usize = 300;
const RETENTION_DAYS: Range<i64> = 1..3651;
const COPY_AGE_HOURS: Range<i64> = 1..8761;
pub(super) const DEFAULT_COPY_AGE_HOURS: u32 = 72;

/// Why a text is not a registry. Shown as a sentence that names the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two branches have one address.
    #[error(
        "line {line}: the address {address} stands at branch {first} and again at branch {second}; mail to it must have one place to go"
    )]
    AddressTaken {
        /// Where the second branch says so.
        line: usize,
        /// The address.
        address: String,
        /// The branch that has it first.
        first: BranchId,
        /// The branch that has it too.
        second: BranchId,
    },
    /// Two branches, or two services of one branch, have one id.
    #[error("line {line}: the id {id} is taken by another {kind}; every {kind} needs its own")]
    IdTaken {
        /// Where it is used again.
        line: usize,
        /// `branch` or `service`.
        kind: &'static str,
        /// The id.
        id: String,
    },
    /// A list that must hold something is empty.
    #[error("line {line}: {key} is an empty list; put at least one entry in it")]
    ListEmpty {
        /// Where.
        line: usize,
        /// The key.
        key: &'static str,
    },
    /// A day that is a moment, or not in the calendar.
    #[error("line {line}: {key} is a day such as 2026-09-01, not {found}")]
    NotADay {
        /// Where.
        line: usize,
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
    },
    /// Every document of a service is optional.
    #[error(
        "line {line}: every document of service {service} is optional; at least one must be asked for"
    )]
    NothingRequired {
        /// Where.
        line: usize,
        /// The service.
        service: ServiceId,
    },
    /// A number is outside what makes sense.
    #[error("line {line}: {key} is {found}; it must be {min} to {max}")]
    OutOfRange {
        /// Where.
        line: usize,
        /// The key.
        key: &'static str,
        /// What stands there.
        found: i64,
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// It is not TOML, or a key is unknown, missing, or of the wrong kind.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Where.
        line: usize,
        /// What the TOML reader says.
        problem: String,
    },
    /// A name or note is empty, too long, or has control characters.
    #[error("line {line}: {key} must be 1 to {MAX_TEXT} characters in one line")]
    Text {
        /// Where.
        line: usize,
        /// The key.
        key: &'static str,
    },
    /// A service asks for one type twice, so that a copy could count for two things.
    #[error("line {line}: the type {code} is asked for twice; ask for each type once")]
    TypeTwice {
        /// Where it is asked for again.
        line: usize,
        /// The type.
        code: TypeCode,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    organisation: OrganisationTable,
    #[serde(default)]
    branch: Vec<BranchTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationTable {
    name: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BranchTable {
    id: Spanned<BranchId>,
    name: Spanned<String>,
    addresses: Spanned<Vec<Spanned<MailAddress>>>,
    #[serde(default)]
    service: Vec<ServiceTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceTable {
    id: Spanned<ServiceId>,
    name: Spanned<String>,
    legal_basis: LegalBasis,
    legal_note: Option<Spanned<String>>,
    documents: Spanned<Vec<Spanned<DocumentEntry>>>,
    retention_days: Spanned<i64>,
    qr_issued_on: Option<Spanned<Datetime>>,
    #[serde(default)]
    signers: Option<SignerPolicy>,
    max_copy_age_hours: Option<Spanned<i64>>,
    #[serde(default)]
    accept_images: AcceptedImages,
    #[serde(default)]
    require_fresh: bool,
    #[serde(default = "active")]
    active: bool,
}

fn active() -> bool {
    true
}

impl Registry {
    /// Reads a registry from the text of a `registry.toml`.
    ///
    /// # Errors
    /// The first mistake found, with its line.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let file: FileTable = toml::from_str(text).map_err(|error| RegistryError::Syntax {
            line: Place(text).line(error.span().map_or(0, |span| span.start)),
            problem: error.message().trim().replace('\n', "; "),
        })?;
        Place(text).registry(file)
    }
}

/// The text that positions are counted in; turns what TOML holds into plain values.
struct Place<'a>(&'a str);

impl Place<'_> {
    fn line(&self, offset: usize) -> usize {
        self.0.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    fn line_of<T>(&self, value: &Spanned<T>) -> usize {
        self.line(value.span().start)
    }

    fn registry(&self, file: FileTable) -> Result<Registry, RegistryError> {
        let organisation = self.text("name", file.organisation.name)?;
        let mut branches: Vec<Branch> = Vec::new();
        let mut taken: HashMap<String, BranchId> = HashMap::new();
        for table in file.branch {
            let line = self.line_of(&table.id);
            let id = table.id.into_inner();
            if branches.iter().any(|branch| branch.id == id) {
                return Err(RegistryError::IdTaken { line, kind: "branch", id: id.to_string() });
            }
            let addresses = self.addresses(&id, table.addresses, &mut taken)?;
            let name = self.text("name", table.name)?;
            let mut services: Vec<Service> = Vec::new();
            for table in table.service {
                let line = self.line_of(&table.id);
                let service = self.service(table)?;
                if services.iter().any(|other| other.id == service.id) {
                    let id = service.id.to_string();
                    return Err(RegistryError::IdTaken { line, kind: "service", id });
                }
                services.push(service);
            }
            branches.push(Branch { id, name, addresses, services });
        }
        Ok(Registry { organisation, branches })
    }

    fn addresses(
        &self,
        branch: &BranchId,
        entries: Spanned<Vec<Spanned<MailAddress>>>,
        taken: &mut HashMap<String, BranchId>,
    ) -> Result<Vec<MailAddress>, RegistryError> {
        let line = self.line_of(&entries);
        let mut addresses = Vec::new();
        for entry in entries.into_inner() {
            let line = self.line_of(&entry);
            let address = entry.into_inner();
            if let Some(first) = taken.insert(address.key(), branch.clone()) {
                let (address, second) = (address.to_string(), branch.clone());
                return Err(RegistryError::AddressTaken { line, address, first, second });
            }
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(RegistryError::ListEmpty { line, key: "addresses" });
        }
        Ok(addresses)
    }

    fn service(&self, table: ServiceTable) -> Result<Service, RegistryError> {
        let copy_age = table
            .max_copy_age_hours
            .map(|hours| self.number("max_copy_age_hours", &hours, COPY_AGE_HOURS));
        Ok(Service {
            documents: self.documents(table.id.get_ref(), table.documents)?,
            id: table.id.into_inner(),
            name: self.text("name", table.name)?,
            legal_basis: table.legal_basis,
            legal_note: table.legal_note.map(|note| self.text("legal_note", note)).transpose()?,
            retention_days: self.number("retention_days", &table.retention_days, RETENTION_DAYS)?,
            qr_issued_on: table
                .qr_issued_on
                .map(|day| self.day("qr_issued_on", &day))
                .transpose()?,
            signers: table.signers,
            max_copy_age_hours: copy_age.transpose()?.unwrap_or(DEFAULT_COPY_AGE_HOURS),
            accept_images: table.accept_images,
            require_fresh: table.require_fresh,
            active: table.active,
        })
    }

    fn documents(
        &self,
        service: &ServiceId,
        entries: Spanned<Vec<Spanned<DocumentEntry>>>,
    ) -> Result<Vec<Requirement>, RegistryError> {
        let line = self.line_of(&entries);
        let mut documents: Vec<Requirement> = Vec::new();
        let mut seen = HashSet::new();
        for entry in entries.into_inner() {
            let line = self.line_of(&entry);
            let DocumentEntry(requirement) = entry.into_inner();
            for code in &requirement.any_of {
                if !seen.insert(code.clone()) {
                    return Err(RegistryError::TypeTwice { line, code: code.clone() });
                }
            }
            documents.push(requirement);
        }
        if documents.is_empty() {
            return Err(RegistryError::ListEmpty { line, key: "documents" });
        }
        if documents.iter().all(|requirement| requirement.optional) {
            return Err(RegistryError::NothingRequired { line, service: service.clone() });
        }
        Ok(documents)
    }

    fn text(&self, key: &'static str, value: Spanned<String>) -> Result<String, RegistryError> {
        let line = self.line_of(&value);
        let text = value.into_inner();
        let length = text.chars().count();
        if text.trim().is_empty() || length > MAX_TEXT || text.chars().any(char::is_control) {
            return Err(RegistryError::Text { line, key });
        }
        Ok(text)
    }

    fn number(
        &self,
        key: &'static str,
        value: &Spanned<i64>,
        range: Range<i64>,
    ) -> Result<u32, RegistryError> {
        let found = *value.get_ref();
        u32::try_from(found).ok().filter(|_| range.contains(&found)).ok_or_else(|| {
            let (min, max) = (range.start, range.end - 1);
            RegistryError::OutOfRange { line: self.line_of(value), key, found, min, max }
        })
    }

    fn day(&self, key: &'static str, value: &Spanned<Datetime>) -> Result<Date, RegistryError> {
        let found = value.get_ref();
        let day = found.date.filter(|_| found.time.is_none()).and_then(|date| {
            let year = i16::try_from(date.year).ok()?;
            let month = i8::try_from(date.month).ok()?;
            Date::new(year, month, i8::try_from(date.day).ok()?).ok()
        });
        day.ok_or_else(|| RegistryError::NotADay {
            line: self.line_of(value),
            key,
            found: found.to_string(),
        })
    }
}
