//! A registry and shares to keep.

use std::sync::LazyLock;

use bytes::Bytes;
use skrynka::{
    bundle::Document,
    domain::{Fingerprint, MailId, Sha256, ShareId, Term, Timestamp, TypeSource},
    matching::{Case, ExaminedDocument, Judgement, Policy, judge},
    registry::{Branch, Registry},
    sample::pdf,
    signature::{Conditions, Signed, examine},
    store::{Grounds, Inserted, KnownBy, NewKey, NewShare, Sealed, SealedDocument, Store},
    trust::TrustStore,
};

use super::moment;

/// Grounds that nothing changes.
pub(super) fn grounds() -> Grounds {
    Grounds { trust: Sha256::of(b"trust"), look_at: None, topics: Vec::new() }
}

pub(super) const REGISTRY: &str = r#"
[organisation]
name = "Тестова міська рада"

[[branch]]
id = "school-5"
name = "Ліцей № 5"
addresses = ["school5@docs.example.ua", "liceum5@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
legal_note = "Договір про надання освітніх послуг"
documents = ["birth-certificate", { any_of = ["internal-passport", "foreign-passport"] }, { type = "taxpayer-card", optional = true }]
retention_days = 90
qr_issued_on = 2026-09-01
signers = ["1111111111111111111111111111111111111111111111111111111111111111"]
max_copy_age_hours = 24
require_fresh = true

[[branch]]
id = "library"
name = "Бібліотека"
addresses = ["library@docs.example.ua"]

[[branch.service]]
id = "card"
name = "Запис до бібліотеки"
legal_basis = "consent"
documents = ["student-id-card"]
retention_days = 10
"#;

pub(super) fn registry() -> Registry {
    Registry::parse(REGISTRY).unwrap()
}

pub(super) fn branch(id: &str) -> &'static Branch {
    static ALL: LazyLock<Registry> = LazyLock::new(registry);
    ALL.branch(&id.parse().unwrap()).unwrap()
}

/// What a share is made of. Nothing in it is signed, so it is kept for the quarantine's days.
pub(super) struct Sample {
    pub(super) number: u8,
    pub(super) branch: &'static str,
    /// When it is received, in seconds after [`moment`]`(0)`.
    pub(super) second: i64,
    pub(super) types: &'static [&'static str],
}

impl Sample {
    pub(super) fn received_at(&self) -> Timestamp {
        moment(self.second)
    }

    pub(super) fn mail(&self) -> MailId {
        MailId::new(self.received_at(), [self.number; 10])
    }

    pub(super) fn share(&self) -> ShareId {
        ShareId::of(self.mail(), &self.branch.parse().unwrap())
    }

    pub(super) fn judgement(&self) -> Judgement {
        let registry = registry();
        let branch: &Branch = registry.branch(&self.branch.parse().unwrap()).unwrap();
        let documents = self.types.iter().map(|code| self.document(code)).collect();
        judge(Case {
            share: self.share(),
            branch,
            named: None,
            received_at: self.received_at(),
            has_trust_list: false,
            documents,
            opening: Vec::new(),
            policy: &Policy { quarantine_days: 30, issuers: crate::support::registries::issuers() },
        })
    }

    pub(super) fn content(&self, code: &str) -> Vec<u8> {
        pdf::page(&[code, &format!("of share {}", self.number)])
    }

    /// Texts in the place of what the archive would seal.
    pub(super) fn sealed(&self, judgement: &Judgement) -> Sealed {
        let key = |term: Term| NewKey { term, wrapped: self.text("key", term.as_str()) };
        let document = |document: &skrynka::matching::JudgedDocument| SealedDocument {
            number: document.number(),
            details: self.text("document", &document.number().to_string()),
            signature_files: 0,
        };
        Sealed {
            keys: Term::ALL.map(key).into(),
            details: self.text("share", ""),
            message_id: Some(fingerprint(&[self.number])),
            records: Vec::new(),
            documents: judgement.documents().iter().map(document).collect(),
        }
    }

    pub(super) fn new_share<'a>(&self, judgement: &'a Judgement) -> NewShare<'a> {
        let known_by = |document: &skrynka::matching::JudgedDocument| {
            let content = self.content(document.type_code().as_str());
            (document.number(), vec![fingerprint(&content)])
        };
        NewShare {
            judgement,
            mail: self.mail(),
            mail_place: 0,
            judged_at: self.received_at().plus_seconds(2),
            mail_bytes: 4096,
            known_by: KnownBy {
                documents: judgement.documents().iter().map(known_by).collect(),
                stale_from: self.received_at().plus_days(3),
            },
            grounds: grounds(),
            branch: branch(self.branch),
        }
    }

    pub(super) async fn keep(&self, store: &Store) -> Inserted {
        let judgement = self.judgement();
        store.insert_share(&self.new_share(&judgement), &self.sealed(&judgement)).await.unwrap()
    }

    /// Bytes that are easily found again.
    pub(super) fn text(&self, kind: &str, name: &str) -> Vec<u8> {
        format!("sealed {kind} {name} of share {}", self.number).into_bytes()
    }

    fn document(&self, code: &str) -> ExaminedDocument {
        let content = Bytes::from(self.content(code));
        let signed = Signed { content: Some(content), signatures: Vec::new() };
        let trust = TrustStore::empty();
        let examined = examine(&signed, &Conditions::new(&trust, self.received_at()));
        let document = Document {
            name: format!("{code}.pdf"),
            type_code: code.parse().unwrap(),
            type_source: Some(TypeSource::Name),
            made_at: None,
            signed,
            signature_names: Vec::new(),
            encrypted: Vec::new(),
        };
        ExaminedDocument { document, examined }
    }
}

pub(super) fn fingerprint(content: &[u8]) -> Fingerprint {
    Fingerprint(*Sha256::of(content).as_bytes())
}
