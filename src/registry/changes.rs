//! What differs between two registries, one line for each thing.

use std::fmt;

use toml::{Table, Value};

use super::{Branch, Registry, Service};

/// One difference. Shown as one line that begins with `+`, `-` or `~`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added {
        subject: String,
    },
    Altered {
        subject: String,
        /// The key in `registry.toml`.
        key: String,
        /// The value of the older registry, as TOML; `None` when not set.
        old: Option<String>,
        /// The value of the newer registry.
        new: Option<String>,
    },
    /// Something that is gone. Its shares stay until their own term ends.
    Removed {
        subject: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { subject } => write!(f, "+ {subject}"),
            Self::Removed { subject } => write!(f, "- {subject}"),
            Self::Altered { subject, key, old, new } => {
                let old = old.as_deref().unwrap_or("not set");
                let new = new.as_deref().unwrap_or("not set");
                write!(f, "~ {subject} {key}: {old} → {new}")
            }
        }
    }
}

impl Registry {
    /// What changes when `new` takes the place of `old`, in the order of the file.
    pub(crate) fn changes(old: &Self, new: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        altered(&mut changes, "organisation", &old.fields(), &new.fields());
        for gone in old.branches.iter().filter(|branch| new.branch(&branch.id).is_none()) {
            whole_branch(&mut changes, gone, |subject| Change::Removed { subject });
        }
        for branch in &new.branches {
            match old.branch(&branch.id) {
                Some(before) => branch_changes(&mut changes, before, branch),
                None => whole_branch(&mut changes, branch, |subject| Change::Added { subject }),
            }
        }
        changes
    }
}

fn whole_branch(changes: &mut Vec<Change>, branch: &Branch, change: fn(String) -> Change) {
    let addresses: Vec<_> = branch.addresses.iter().map(ToString::to_string).collect();
    changes.push(change(format!(
        "branch {} «{}», {}",
        branch.id,
        branch.name,
        addresses.join(", ")
    )));
    changes.extend(branch.services.iter().map(|service| change(summary(branch, service))));
}

fn branch_changes(changes: &mut Vec<Change>, old: &Branch, new: &Branch) {
    altered(changes, &format!("branch {}", new.id), &old.fields(), &new.fields());
    for gone in old.services.iter().filter(|service| new.service(&service.id).is_none()) {
        changes.push(Change::Removed { subject: summary(old, gone) });
    }
    for service in &new.services {
        match old.service(&service.id) {
            Some(before) => {
                let subject = format!("service {}/{}", new.id, service.id);
                altered(changes, &subject, &before.fields(), &service.fields());
            }
            None => changes.push(Change::Added { subject: summary(new, service) }),
        }
    }
}

fn summary(branch: &Branch, service: &Service) -> String {
    let documents: Vec<_> = service.documents.iter().map(ToString::to_string).collect();
    format!(
        "service {}/{} «{}»: {}; {} days",
        branch.id,
        service.id,
        service.name,
        documents.join(", "),
        service.retention_days
    )
}

fn altered(changes: &mut Vec<Change>, subject: &str, old: &Table, new: &Table) {
    let mut keys: Vec<&String> = new.keys().collect();
    for (place, key) in old.keys().enumerate().filter(|(_, key)| !new.contains_key(*key)) {
        keys.insert(place.min(keys.len()), key);
    }
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        if old != new {
            let [old, new] = [old, new].map(|value| value.map(Value::to_string));
            changes.push(Change::Altered {
                subject: subject.to_owned(),
                key: key.clone(),
                old,
                new,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"
[organisation]
name = "Тестова міська рада"
[[branch]]
id = "school-5"
name = "Ліцей № 5"
addresses = ["school5@docs.example.ua"]
[[branch.service]]
id = "enrolment"
name = "Вступ"
legal_basis = "contract"
documents = ["birth-certificate"]
retention_days = 90
[[branch.service]]
id = "meals"
name = "Пільгове харчування"
legal_basis = "duty"
documents = ["veteran-certificate"]
retention_days = 30
[[branch]]
id = "library"
name = "Бібліотека"
addresses = ["library@docs.example.ua"]
"#;

    #[test]
    fn shows_one_line_for_each_difference() {
        let old = Registry::parse(OLD).unwrap();
        let mut new = old.clone();
        new.branches.pop();
        let school = new.branches.first_mut().unwrap();
        "office@docs.example.ua".parse().map(|address| school.addresses.push(address)).unwrap();
        school.services.pop();
        let service = school.services.first_mut().unwrap();
        service.retention_days = 30;
        service.legal_note = Some("Договір".to_owned());
        let mut other = service.clone();
        other.id = "transfer".parse().unwrap();
        school.services.push(other);
        let lines: Vec<_> = Registry::changes(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "- branch library «Бібліотека», library@docs.example.ua",
                "~ branch school-5 addresses: [\"school5@docs.example.ua\"] → \
                 [\"school5@docs.example.ua\", \"office@docs.example.ua\"]",
                "- service school-5/meals «Пільгове харчування»: veteran-certificate; 30 days",
                "~ service school-5/enrolment legal_note: not set → \"Договір\"",
                "~ service school-5/enrolment retention_days: 90 → 30",
                "+ service school-5/transfer «Вступ»: birth-certificate; 30 days",
            ]
        );
        assert_eq!(Registry::changes(&new, &new), []);
    }
}
