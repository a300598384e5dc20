//! The registry in the database.

use skrynka::{
    domain::Actor,
    registry::Registry,
    store::{AuditAction, AuditFilter},
};

use super::{Database, moment, on_each_engine, sample};

on_each_engine! {
    a_new_database_has_an_empty_registry,
    is_read_as_it_was_applied,
    the_same_registry_again_changes_nothing,
    what_is_gone_keeps_its_name_and_can_come_back,
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
