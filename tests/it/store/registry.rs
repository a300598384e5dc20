//! The registry in the database.

use skrynka::{
    domain::Actor,
    registry::Registry,
    store::{AuditAction, AuditFilter, StoreError},
};

use super::{Database, moment, on_each_engine, sample};

on_each_engine! {
    a_new_database_has_an_empty_registry,
    is_read_as_it_was_applied,
    the_same_registry_again_changes_nothing,
    what_is_gone_keeps_its_name_and_can_come_back,
    an_update_makes_one_text_of_the_rows_in_force,
    a_text_that_cannot_be_read_whole_is_refused,
    a_registry_that_would_not_be_read_back_is_not_applied,
}

async fn a_new_database_has_an_empty_registry(database: &Database) {
    let store = database.open().await;
    assert_eq!(store.registry().await.unwrap(), (0, Registry::default()));
}

async fn is_read_as_it_was_applied(database: &Database) {
    let store = database.open().await;
    let registry = sample::registry();
    let revision = store.apply_registry(&registry, &Actor::CommandLine, moment(0)).await.unwrap();
    assert_eq!(revision, 1);
    assert_eq!(store.registry().await.unwrap(), (1, registry));
    assert_eq!(store.registry_revision().await.unwrap(), 1);
    let audit = store.audit_rows(&AuditFilter::default(), 1).await.unwrap();
    assert_eq!(audit[0].entry.action, AuditAction::RegistryApplied);
    let detail = audit[0].entry.detail.as_deref().unwrap();
    assert!(detail.starts_with("revision 1\n"), "{detail}");
    assert!(detail.contains("\n+ branch library «Бібліотека»"), "{detail}");
}

async fn the_same_registry_again_changes_nothing(database: &Database) {
    let store = database.open().await;
    let registry = sample::registry();
    for second in 0..2 {
        let applied = store.apply_registry(&registry, &Actor::System, moment(second)).await;
        assert_eq!(applied.unwrap(), 1);
    }
    assert_eq!(store.audit_rows(&AuditFilter::default(), 9).await.unwrap().len(), 1);
}

async fn what_is_gone_keeps_its_name_and_can_come_back(database: &Database) {
    let store = database.open().await;
    let whole = sample::registry();
    let mut less = whole.clone();
    less.branches.remove(1);
    less.branches[0].services.clear();
    less.branches[0].addresses = vec!["library@docs.example.ua".parse().unwrap()];
    for (second, registry) in (0..).zip([&whole, &less, &whole]) {
        let at = moment(second);
        let revision = store.apply_registry(registry, &Actor::System, at).await.unwrap();
        assert_eq!(store.registry().await.unwrap(), (revision, registry.clone()));
        let names = store.names().await.unwrap();
        let library = "library".parse().unwrap();
        assert_eq!(names.branch(&library), Some("Бібліотека"));
        assert_eq!(names.service(&library, &"card".parse().unwrap()), Some("Запис до бібліотеки"));
        assert_eq!(names.branch(&"nowhere".parse().unwrap()), None);
    }
}

/// What the program of before wrote for the registry below, after one with another name, branch
/// and service.
const ROWS: &str = r#"
INSERT INTO registry_revisions (revision, organisation, applied_us)
    VALUES (1, 'Інша', 1), (2, 'Рада «Ї» "x" \ ''y''', 2);
INSERT INTO branches (id, position, name, in_force)
    VALUES ('gone', 0, 'Закрите', 0), ('office', 1, 'ЦНАП', 1), ('school', 0, 'Ліцей 🏫', 1);
INSERT INTO branch_addresses (branch_id, position, address)
    VALUES ('school', 1, 'school+b@x.ua'), ('school', 0, 'o''a@x.ua'), ('office', 0, 'пошта@x.ua');
INSERT INTO services (branch_id, id, position, name, legal_basis, legal_note, retention_days,
                      qr_issued_on, signers, max_copy_age_hours, require_fresh, active, in_force,
                      signers_by_default, accepts_jpeg, accepts_png)
    VALUES ('gone', 'old', 0, 'Колишня', 'law', NULL, 1, NULL, 'anchors', 1, 0, 1, 0, 0, 0, 0),
           ('school', 'old', 0, 'Давня', 'law', NULL, 1, NULL, 'anchors', 1, 0, 1, 0, 0, 0, 0),
           ('school', 'b', 1, 'Друга', 'law', 'п. 7 "\n"', 3650, '2026-09-01', 'pinned', 24, 1, 0, 1, 0, 1, 1),
           ('school', 'a', 0, 'Перша', 'duty', NULL, 1, NULL, 'anchors', 8760, 0, 1, 1, 1, 0, 0),
           ('school', 'c', 2, 'Третя', 'vital', NULL, 9, NULL, 'anchors', 72, 0, 1, 1, 0, 1, 0),
           ('school', 'd', 3, 'Ще', 'interest', NULL, 9, NULL, 'seal', 72, 0, 1, 1, 0, 0, 1),
           ('school', 'e', 4, 'Ще', 'consent', NULL, 9, NULL, 'person', 72, 0, 1, 1, 0, 0, 0),
           ('school', 'f', 5, 'Ще', 'contract', NULL, 9, NULL, 'seal-or-person', 72, 0, 1, 1, 0, 0, 0);
INSERT INTO service_requirements (branch_id, service_id, position, alternative, type_code, optional)
    SELECT branch_id, id, 0, 0, 'u-id', 0 FROM services;
INSERT INTO service_requirements (branch_id, service_id, position, alternative, type_code, optional)
    VALUES ('school', 'b', 10, 0, 'pension-card', 0), ('school', 'b', 2, 1, 'a', 1),
           ('school', 'b', 2, 0, 'z', 1), ('school', 'b', 3, 0, 'taxpayer-card', 1);
INSERT INTO service_signers (branch_id, service_id, position, signer)
    VALUES ('school', 'b', 1, 'NTRUA-00000001'),
           ('school', 'b', 0, '1111111111111111111111111111111111111111111111111111111111111111');
"#;

const AS_A_FILE: &str = r#"
[organisation]
name = "Рада «Ї» \"x\" \\ 'y'"
[[branch]]
id = "school"
name = "Ліцей 🏫"
addresses = ["o'a@x.ua", "school+b@x.ua"]
[[branch.service]]
id = "a"
name = "Перша"
legal_basis = "duty"
documents = ["u-id"]
retention_days = 1
max_copy_age_hours = 8760
[[branch.service]]
id = "b"
name = "Друга"
legal_basis = "law"
legal_note = 'п. 7 "\n"'
documents = ["u-id", { any_of = ["z", "a"], optional = true },
             { type = "taxpayer-card", optional = true }, "pension-card"]
retention_days = 3650
qr_issued_on = 2026-09-01
signers = ["1111111111111111111111111111111111111111111111111111111111111111", "NTRUA-00000001"]
max_copy_age_hours = 24
accept_images = ["jpeg", "png"]
require_fresh = true
active = false
[[branch.service]]
id = "c"
name = "Третя"
legal_basis = "vital"
documents = ["u-id"]
retention_days = 9
signers = "anchors"
accept_images = ["jpeg"]
[[branch.service]]
id = "d"
name = "Ще"
legal_basis = "interest"
documents = ["u-id"]
retention_days = 9
signers = "seal"
accept_images = ["png"]
[[branch.service]]
id = "e"
name = "Ще"
legal_basis = "consent"
documents = ["u-id"]
retention_days = 9
signers = "person"
[[branch.service]]
id = "f"
name = "Ще"
legal_basis = "contract"
documents = ["u-id"]
retention_days = 9
signers = "seal-or-person"
[[branch]]
id = "office"
name = "ЦНАП"
addresses = ["пошта@x.ua"]
"#;

async fn an_update_makes_one_text_of_the_rows_in_force(database: &Database) {
    database.of_schema(19).await;
    database.tamper(ROWS).await;
    let store = database.open().await;
    let registry = Registry::parse(AS_A_FILE).unwrap();
    assert_eq!(store.registry().await.unwrap(), (2, registry.clone()));
    let names = store.names().await.unwrap();
    let (gone, old) = ("gone".parse().unwrap(), "old".parse().unwrap());
    assert_eq!(names.branch(&gone), Some("Закрите"));
    assert_eq!(names.service(&gone, &old), Some("Колишня"));
    assert_eq!(store.apply_registry(&registry, &Actor::System, moment(0)).await.unwrap(), 2);
    let less = Registry { branches: Vec::new(), ..registry };
    assert_eq!(store.apply_registry(&less, &Actor::System, moment(1)).await.unwrap(), 3);
    assert_eq!(store.registry().await.unwrap(), (3, less));
}

async fn a_text_that_cannot_be_read_whole_is_refused(database: &Database) {
    let store = database.open().await;
    let registry = sample::registry();
    store.apply_registry(&registry, &Actor::System, moment(0)).await.unwrap();
    for (was, is) in [
        ("require_fresh", "require_seal"),
        ("retention_days = 90", ""),
        ("\"contract\"", "\"whim\""),
        ("signers = [", "signers = [] #"),
    ] {
        let whole = registry.to_toml();
        for (text, is_whole) in [(whole.replace(was, is), false), (whole, true)] {
            let text = text.replace('\'', "''");
            database.tamper(&format!("UPDATE registry_revisions SET document = '{text}'")).await;
            let read = store.registry().await;
            let again = store.apply_registry(&registry, &Actor::System, moment(1)).await;
            for result in [read.map(|read| read.0), again] {
                match result {
                    Ok(revision) => assert_eq!((is_whole, revision), (true, 1), "{is}"),
                    Err(StoreError::Registry { revision: 1, .. }) => assert!(!is_whole, "{is}"),
                    Err(error) => panic!("{is}: {error}"),
                }
            }
        }
    }
}

async fn a_registry_that_would_not_be_read_back_is_not_applied(database: &Database) {
    let store = database.open().await;
    let mut registry = sample::registry();
    registry.branches[0].addresses.clear();
    let refused = store.apply_registry(&registry, &Actor::System, moment(0)).await;
    assert!(matches!(refused, Err(StoreError::Registry { revision: 1, .. })), "{refused:?}");
    assert_eq!(store.registry().await.unwrap(), (0, Registry::default()));
}
