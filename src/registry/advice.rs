//! What the partner rules of Diia.QR, or plain care, would object to in a registry.
//!
//! Advice never stops a registry from being used. The rules are those that Diia publishes for
//! organisations: what branches and services may be called, how long a code lives, and that
//! somebody who lacks one document of a set cannot share the rest.

mod text;
mod words;

use std::fmt;

use self::words::{DOCUMENTS, GENERIC_PLACES, NO_PURPOSE, Words};
use super::{Branch, LegalBasis, QrTerm, Registry, Service};
use crate::domain::{BranchId, Date, Language, ServiceId, TypeCode};

/// The greatest length of a branch's name that Diia takes, in characters.
const BRANCH_NAME_LEN: usize = 32;

/// One thing to look at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// The branch.
    pub branch: BranchId,
    /// The service; `None` when it is about the branch.
    pub service: Option<ServiceId>,
    /// What, and with what values.
    pub kind: AdviceKind,
}

/// What to look at again; [`AdviceKind::text`] says it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdviceKind {
    BranchNameGeneric,
    BranchNameTooLong { length: usize, max: usize },
    BranchNameTwice,
    LegalNoteMissing,
    NamesTheApp,
    NamesDocuments,
    NoPurpose,
    NamesTheOrganisation,
    NoService,
    QrExpired { since: Date },
    QrNotSet,
    QrRenew { until: Date },
    SeveralDocuments { count: usize },
    TypeUnlisted { code: TypeCode },
}

/// One English line: where, and the sentence.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Some(service) => write!(f, "service {}/{service}: ", self.branch)?,
            None => write!(f, "branch {}: ", self.branch)?,
        }
        f.write_str(&self.kind.text(Language::En))
    }
}

impl Registry {
    /// All advice on the day `today`, in the order of the file.
    pub(crate) fn advice(&self, today: Date) -> Vec<Advice> {
        self.branches
            .iter()
            .flat_map(|branch| {
                let whole = self.on_branch(branch).into_iter().map(|kind| (None, kind));
                let services = branch.active_services().flat_map(move |service| {
                    let kinds = self.on_service(branch, service, today).into_iter();
                    kinds.map(|kind| (Some(service.id.clone()), kind))
                });
                whole.chain(services).map(|(service, kind)| Advice {
                    branch: branch.id.clone(),
                    service,
                    kind,
                })
            })
            .collect()
    }

    fn on_branch(&self, branch: &Branch) -> Vec<AdviceKind> {
        let mut kinds = Vec::new();
        let length = branch.name.chars().count();
        let name = Words::of(&branch.name);
        let others = || self.branches.iter().filter(|other| other.id != branch.id);
        if length > BRANCH_NAME_LEN {
            kinds.push(AdviceKind::BranchNameTooLong { length, max: BRANCH_NAME_LEN });
        }
        if name.mention_the_app() {
            kinds.push(AdviceKind::NamesTheApp);
        }
        if name.all_among(GENERIC_PLACES) {
            kinds.push(AdviceKind::BranchNameGeneric);
        }
        if others().count() > 0 && name == Words::of(&self.organisation) {
            kinds.push(AdviceKind::NamesTheOrganisation);
        }
        if others().any(|other| Words::of(&other.name) == name) {
            kinds.push(AdviceKind::BranchNameTwice);
        }
        if branch.active_services().next().is_none() {
            kinds.push(AdviceKind::NoService);
        }
        kinds
    }

    fn on_service(&self, branch: &Branch, service: &Service, today: Date) -> Vec<AdviceKind> {
        let mut kinds = Vec::new();
        let name = Words::of(&service.name);
        if name.mention_the_app() {
            kinds.push(AdviceKind::NamesTheApp);
        } else if name.all_among(DOCUMENTS) {
            kinds.push(AdviceKind::NamesDocuments);
        } else if name.all_among(NO_PURPOSE)
            || name == Words::of(&branch.name)
            || name == Words::of(&self.organisation)
        {
            kinds.push(AdviceKind::NoPurpose);
        }
        let named_by_law = matches!(
            service.legal_basis,
            LegalBasis::Law | LegalBasis::Contract | LegalBasis::Duty
        );
        if named_by_law && service.legal_note.is_none() {
            kinds.push(AdviceKind::LegalNoteMissing);
        }
        let count = service.documents.iter().filter(|document| !document.optional).count();
        if count > 1 {
            kinds.push(AdviceKind::SeveralDocuments { count });
        }
        let types = service.documents.iter().flat_map(|document| &document.any_of);
        let unlisted = types.filter(|code| !code.is_listed());
        kinds.extend(unlisted.map(|code| AdviceKind::TypeUnlisted { code: code.clone() }));
        match service.qr_term(today) {
            QrTerm::Fine => {}
            QrTerm::NotSet => kinds.push(AdviceKind::QrNotSet),
            QrTerm::Renew { until } => kinds.push(AdviceKind::QrRenew { until }),
            QrTerm::Expired { since } => kinds.push(AdviceKind::QrExpired { since }),
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(branch: &str, service: &str) -> Registry {
        let text = format!(
            r#"
[organisation]
name = "Тестова громада"
[[branch]]
id = "one"
name = "{branch}"
addresses = ["one@x.ua"]
[[branch.service]]
id = "x"
name = "{service}"
legal_basis = "consent"
documents = ["internal-passport"]
retention_days = 1
qr_issued_on = 2026-09-01
[[branch]]
id = "two"
name = "Музей"
addresses = ["two@x.ua"]
[[branch.service]]
id = "x"
name = "Екскурсія"
legal_basis = "consent"
documents = ["pension-card"]
retention_days = 1
qr_issued_on = 2026-09-01
"#
        );
        Registry::parse(&text).unwrap()
    }

    fn kinds(registry: &Registry) -> Vec<AdviceKind> {
        let today = Date::new(2026, 9, 2).unwrap();
        registry.advice(today).into_iter().map(|advice| advice.kind).collect()
    }

    #[test]
    fn accepts_names_that_say_the_purpose_and_the_place() {
        for (branch, service) in [
            ("Бібліотека № 3", "Вступ до навчального закладу"),
            ("ЦНАП Тестової громади", "Надання адміністративних послуг у ЦНАПі"),
            ("Готель «Тестовий»", "для поселення у готель"),
            ("Ліцей № 5", "Видача довідки про доходи"),
        ] {
            assert_eq!(kinds(&registry(branch, service)), [], "{branch}, {service}");
        }
    }

    #[test]
    fn objects_to_the_names_that_diia_refuses_and_their_likes() {
        for (service, kind) in [
            ("Впровадження Дії", AdviceKind::NamesTheApp),
            ("Дія готель", AdviceKind::NamesTheApp),
            ("Дія", AdviceKind::NamesTheApp),
            ("Е-паспорт", AdviceKind::NamesDocuments),
            ("Паспорт / РНОКПП", AdviceKind::NamesDocuments),
            ("Копії документів", AdviceKind::NamesDocuments),
            ("Свідоцтво та ID-картка", AdviceKind::NamesDocuments),
            ("QR-код 2", AdviceKind::NoPurpose),
            ("Бібліотека", AdviceKind::NoPurpose),
        ] {
            assert_eq!(kinds(&registry("Бібліотека", service)), [kind], "{service}");
        }
    }

    #[test]
    fn objects_to_names_of_branches_that_do_not_tell_the_place() {
        for (branch, kind) in [
            ("Відділення № 2", AdviceKind::BranchNameGeneric),
            ("Тестова громада", AdviceKind::NamesTheOrganisation),
            ("МУЗЕЙ", AdviceKind::BranchNameTwice),
            ("Дія.QR бібліотеки", AdviceKind::NamesTheApp),
            (
                "Комунальний заклад «Бібліотека»  3",
                AdviceKind::BranchNameTooLong { length: 34, max: 32 },
            ),
        ] {
            assert_eq!(kinds(&registry(branch, "Запис")).first(), Some(&kind), "{branch}");
        }
    }

    #[test]
    fn advises_on_the_term_the_ground_and_the_number_of_documents() {
        let mut registry = registry("Бібліотека", "Запис");
        let service = &mut registry.branches[0].services[0];
        service.legal_basis = LegalBasis::Duty;
        service.qr_issued_on = Some(Date::new(2026, 3, 2).unwrap());
        let mut second = service.documents[0].clone();
        second.any_of = vec!["pension-card".parse().unwrap()];
        service.documents.push(second);
        service.documents[0].any_of.push("inner-passport".parse().unwrap());
        registry.branches[1].services[0].active = false;
        let misspelt = "inner-passport".parse().unwrap();
        assert_eq!(
            kinds(&registry),
            [
                AdviceKind::LegalNoteMissing,
                AdviceKind::SeveralDocuments { count: 2 },
                AdviceKind::TypeUnlisted { code: misspelt },
                AdviceKind::QrExpired { since: Date::new(2026, 9, 2).unwrap() },
                AdviceKind::NoService,
            ]
        );
    }

    #[test]
    fn speaks_both_languages_in_one_line() {
        let since = Date::new(2026, 9, 2).unwrap();
        let advice = Advice {
            branch: "one".parse().unwrap(),
            service: Some("x".parse().unwrap()),
            kind: AdviceKind::QrExpired { since },
        };
        assert_eq!(
            advice.to_string(),
            "service one/x: The QR code has not worked since 2026-09-02: make and print a new one."
        );
        assert!(advice.kind.text(Language::Uk).starts_with("QR-код не діє з 2026-09-02"));
    }
}
