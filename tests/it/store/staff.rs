//! Users, sessions, tokens, sign-ins and the audit.

use skrynka::{
    domain::{Actor, BranchScope, Fingerprint, Role, Sha256, Timestamp, TokenScope},
    store::{
        AuditAction, AuditEntry, AuditFilter, LoginCount, LoginGate, NewSession, NewToken, NewUser,
        Store, StoreError, User,
    },
};

use super::{Database, moment, on_each_engine};

on_each_engine! {
    a_user_is_read_as_added,
    a_name_is_not_given_twice,
    refuses_a_user_of_a_branch_that_never_was,
    a_session_ends_on_its_moment,
    a_session_ends_when_the_user_is_disabled_or_the_password_changes,
    a_disabled_user_starts_no_session,
    an_enabled_user_has_what_they_had,
    role_and_branches_are_in_force_in_open_sessions,
    a_renamed_user_keeps_everything_but_the_name,
    a_former_name_is_nobody_s,
    a_token_opens_until_it_is_revoked,
    the_fifth_failure_locks_and_a_success_forgets,
    an_attempt_under_a_lock_counts_nowhere,
    failures_of_yesterday_do_not_count,
    the_audit_is_read_newest_first_and_by_filter,
    every_action_can_be_written_and_read,
    the_database_refuses_to_change_the_audit,
    names_the_row_that_cannot_be_read,
}

fn user(name: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        password_hash: "$argon2id$invented".to_owned(),
        role: Role::Supervisor,
        scope: BranchScope::All,
    }
}

fn session(user: &str, token: &str) -> NewSession {
    NewSession {
        token_digest: Sha256::of(token.as_bytes()),
        user: user.to_owned(),
        csrf: "form".to_owned(),
        created_at: moment(0),
        expires_at: moment(3600),
    }
}

async fn add(name: &str, store: &Store) {
    store.add_user(&user(name), &Actor::CommandLine, moment(0)).await.unwrap();
}

async fn signed_in(token: &str, now: Timestamp, store: &Store) -> bool {
    store.session(&Sha256::of(token.as_bytes()), now).await.unwrap().is_some()
}

async fn a_user_is_read_as_added(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    let found = store.user("olena").await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.role), ("olena", Role::Supervisor));
    assert_eq!(found.password_hash, "$argon2id$invented");
    assert_eq!(found.scope, BranchScope::All);
    assert_eq!((found.created_at, found.disabled_at), (moment(0), None));
    assert!(store.users().await.unwrap() == [found]);
    assert!(store.user("nobody").await.unwrap().is_none());
    let audit = store.audit_rows(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(audit[0].entry.action, AuditAction::UserAdded);
    assert_eq!(audit[0].entry.actor, Actor::CommandLine);
    assert_eq!(audit[0].entry.detail.as_deref(), Some("olena (supervisor, every branch)"));
}

async fn a_name_is_not_given_twice(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    store.disable_user("olena", &Actor::System, moment(1)).await.unwrap();
    let again = store.add_user(&user("olena"), &Actor::System, moment(2)).await;
    assert!(matches!(again, Err(StoreError::NameTaken { kind: "user", name }) if name == "olena"));
}

async fn refuses_a_user_of_a_branch_that_never_was(database: &Database) {
    let store = database.open().await;
    let scope = BranchScope::Only(vec!["school-5".parse().unwrap()]);
    let refused =
        store.add_user(&NewUser { scope, ..user("olena") }, &Actor::System, moment(0)).await;
    assert!(matches!(refused, Err(StoreError::Unknown { kind: "branch", .. })));
    assert!(store.users().await.unwrap().is_empty());
}

async fn a_session_ends_on_its_moment(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    store.start_session(&session("olena", "token")).await.unwrap();
    let last = Timestamp::from_micros(moment(3600).as_micros() - 1);
    let found = store.session(&Sha256::of(b"token"), last).await.unwrap().unwrap();
    assert_eq!((found.user.name.as_str(), found.csrf.as_str()), ("olena", "form"));
    assert!(!signed_in("token", moment(3600), &store).await);
    store.extend_session(&Sha256::of(b"token"), moment(7200)).await.unwrap();
    assert!(signed_in("token", moment(7199), &store).await);
    store.end_session(&Sha256::of(b"token")).await.unwrap();
    assert!(!signed_in("token", moment(1), &store).await);
}

async fn a_session_ends_when_the_user_is_disabled_or_the_password_changes(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    store.start_session(&session("olena", "one")).await.unwrap();
    store.set_password("olena", "$argon2id$other", &Actor::CommandLine, moment(1)).await.unwrap();
    assert!(!signed_in("one", moment(2), &store).await);
    store.start_session(&session("olena", "two")).await.unwrap();
    assert!(signed_in("two", moment(2), &store).await);
    store.disable_user("olena", &Actor::CommandLine, moment(3)).await.unwrap();
    assert!(!signed_in("two", moment(4), &store).await);
    let unknown = store.set_password("nobody", "x", &Actor::System, moment(5)).await;
    assert!(matches!(unknown, Err(StoreError::Unknown { kind: "user", .. })));
}

async fn a_disabled_user_starts_no_session(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    store.disable_user("olena", &Actor::System, moment(1)).await.unwrap();
    let refused = store.start_session(&session("olena", "token")).await;
    assert!(matches!(refused, Err(StoreError::Unknown { kind: "user", .. })));
}

async fn an_enabled_user_has_what_they_had(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    let before = store.user("olena").await.unwrap().unwrap();
    store.disable_user("olena", &Actor::CommandLine, moment(1)).await.unwrap();
    store.enable_user("olena", &Actor::CommandLine, moment(2)).await.unwrap();
    store.enable_user("olena", &Actor::CommandLine, moment(3)).await.unwrap();
    assert!(store.user("olena").await.unwrap() == Some(before));
    store.start_session(&session("olena", "token")).await.unwrap();
    assert_eq!(newest(&store).await, (AuditAction::UserEnabled, "olena".to_owned()));
    let unknown = store.enable_user("nobody", &Actor::System, moment(5)).await;
    assert!(matches!(unknown, Err(StoreError::Unknown { kind: "user", .. })));
}

async fn role_and_branches_are_in_force_in_open_sessions(database: &Database) {
    let store = database.open().await;
    for id in ["school-5", "library"] {
        database.tamper(&format!("INSERT INTO branches (id, name) VALUES ('{id}', '{id}')")).await;
    }
    add("olena", &store).await;
    store.start_session(&session("olena", "token")).await.unwrap();
    let by = Actor::CommandLine;
    store.set_role("olena", Role::Auditor, &by, moment(1)).await.unwrap();
    assert_eq!(
        newest(&store).await,
        (AuditAction::UserRoleSet, "olena: supervisor → auditor".to_owned())
    );
    let both = BranchScope::Only(vec!["library".parse().unwrap(), "school-5".parse().unwrap()]);
    store.set_scope("olena", &both, &by, moment(2)).await.unwrap();
    let one = BranchScope::Only(vec!["library".parse().unwrap()]);
    store.set_scope("olena", &one, &by, moment(3)).await.unwrap();
    assert_eq!(
        newest(&store).await,
        (AuditAction::UserBranchesSet, "olena: library, school-5 → library".to_owned())
    );
    let user = store.session(&Sha256::of(b"token"), moment(4)).await.unwrap().unwrap().user;
    assert_eq!((user.role, user.scope), (Role::Auditor, one.clone()));
    let nowhere = BranchScope::Only(vec!["nowhere".parse().unwrap()]);
    let refused = store.set_scope("olena", &nowhere, &by, moment(5)).await;
    assert!(matches!(refused, Err(StoreError::Unknown { kind: "branch", .. })));
    assert_eq!(store.user("olena").await.unwrap().unwrap().scope, one);
}

async fn a_renamed_user_keeps_everything_but_the_name(database: &Database) {
    let store = database.open().await;
    database.tamper("INSERT INTO branches (id, name) VALUES ('library', 'x')").await;
    let scope = BranchScope::Only(vec!["library".parse().unwrap()]);
    let user = NewUser { scope, ..user("olena") };
    store.add_user(&user, &Actor::CommandLine, moment(0)).await.unwrap();
    store.start_session(&session("olena", "token")).await.unwrap();
    let before = store.user("olena").await.unwrap().unwrap();
    store.rename_user("olena", "koval", &Actor::CommandLine, moment(1)).await.unwrap();
    assert_eq!(newest(&store).await, (AuditAction::UserRenamed, "olena → koval".to_owned()));
    let now = store.user("koval").await.unwrap().unwrap();
    assert!(now == User { name: "koval".to_owned(), ..before });
    assert!(!signed_in("token", moment(2), &store).await);
    store.start_session(&session("koval", "token")).await.unwrap();
}

async fn a_former_name_is_nobody_s(database: &Database) {
    let store = database.open().await;
    for name in ["olena", "petro"] {
        add(name, &store).await;
    }
    let by = Actor::CommandLine;
    let taken = store.rename_user("olena", "petro", &by, moment(1)).await;
    assert!(matches!(taken, Err(StoreError::NameTaken { kind: "user", .. })));
    store.rename_user("olena", "koval", &by, moment(1)).await.unwrap();
    let taken = store.add_user(&user("olena"), &by, moment(2)).await;
    assert!(matches!(taken, Err(StoreError::NameTaken { kind: "user", .. })));
    let taken = store.rename_user("petro", "olena", &by, moment(2)).await;
    assert!(matches!(taken, Err(StoreError::NameTaken { kind: "user", .. })));
    let hash = "$argon2id$other";
    for refused in [
        store.enable_user("olena", &by, moment(3)).await,
        store.disable_user("olena", &by, moment(3)).await,
        store.set_password("olena", hash, &by, moment(3)).await,
        store.set_role("olena", Role::Admin, &by, moment(3)).await,
        store.set_scope("olena", &BranchScope::All, &by, moment(3)).await,
        store.rename_user("olena", "third", &by, moment(3)).await,
    ] {
        assert!(matches!(refused, Err(StoreError::Renamed { now, .. }) if now == "koval"));
    }
    let former = store.user("olena").await.unwrap().unwrap();
    assert_eq!((former.disabled_at, &*former.password_hash), (Some(moment(1)), ""));
    let refused = store.start_session(&session("olena", "token")).await;
    assert!(matches!(refused, Err(StoreError::Unknown { kind: "user", .. })));
}

/// What the last line of the audit says was done, and its detail.
async fn newest(store: &Store) -> (AuditAction, String) {
    let row = store.audit_rows(&AuditFilter::default(), 1).await.unwrap().remove(0);
    (row.entry.action, row.entry.detail.unwrap_or_default())
}

async fn a_token_opens_until_it_is_revoked(database: &Database) {
    let store = database.open().await;
    let token = NewToken {
        name: "registry".to_owned(),
        digest: Sha256::of(b"token"),
        scope: TokenScope::SharesRead,
        branches: BranchScope::All,
    };
    store.add_token(&token, &Actor::CommandLine, moment(0)).await.unwrap();
    let found = store.token(&token.digest).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.scope), ("registry", TokenScope::SharesRead));
    assert!(store.token(&Sha256::of(b"other")).await.unwrap().is_none());
    store.revoke_token("registry", &Actor::CommandLine, moment(1)).await.unwrap();
    store.revoke_token("registry", &Actor::CommandLine, moment(2)).await.unwrap();
    assert!(store.token(&token.digest).await.unwrap().is_none());
    assert_eq!(store.tokens().await.unwrap()[0].revoked_at, Some(moment(1)));
    let again = store.add_token(&token, &Actor::CommandLine, moment(3)).await;
    assert!(matches!(again, Err(StoreError::NameTaken { kind: "token", .. })));
}

/// A count of five failures a day; `who` is where its fingerprint begins.
fn count(who: u8) -> LoginCount {
    LoginCount { of: Fingerprint([who; 32]), limit: 5, memory_seconds: 24 * 60 * 60 }
}

async fn the_fifth_failure_locks_and_a_success_forgets(database: &Database) {
    let store = database.open().await;
    let (olena, petro) = ([count(1)], [count(2)]);
    for second in 0..5 {
        assert_eq!(store.attempt_login(&olena, moment(second)).await.unwrap(), LoginGate::Open);
    }
    let until = moment(4 + 60);
    let locked = LoginGate::Locked { until };
    assert_eq!(store.attempt_login(&olena, moment(5)).await.unwrap(), locked);
    assert_eq!(store.attempt_login(&petro, moment(5)).await.unwrap(), LoginGate::Open);
    assert_eq!(store.attempt_login(&olena, until).await.unwrap(), LoginGate::Open);
    let until = until.plus_seconds(120);
    let locked = LoginGate::Locked { until };
    assert_eq!(store.attempt_login(&olena, moment(70)).await.unwrap(), locked);
    assert_eq!(store.attempt_login(&olena, until).await.unwrap(), LoginGate::Open);
    store.login_succeeded(&olena).await.unwrap();
    assert_eq!(store.attempt_login(&olena, until).await.unwrap(), LoginGate::Open);
}

async fn an_attempt_under_a_lock_counts_nowhere(database: &Database) {
    let store = database.open().await;
    let shared = LoginCount { limit: 10, ..count(3) };
    for _ in 0..50 {
        let _ = store.attempt_login(&[count(1), shared], moment(0)).await.unwrap();
    }
    for _ in 0..4 {
        let open = store.attempt_login(&[count(2), shared], moment(0)).await.unwrap();
        assert_eq!(open, LoginGate::Open, "five are counted under the shared count");
    }
}

async fn failures_of_yesterday_do_not_count(database: &Database) {
    let store = database.open().await;
    let olena = [count(1)];
    for second in 0..4 {
        assert_eq!(store.attempt_login(&olena, moment(second)).await.unwrap(), LoginGate::Open);
    }
    let tomorrow = moment(4 + 24 * 60 * 60);
    for _ in 0..5 {
        assert_eq!(store.attempt_login(&olena, tomorrow).await.unwrap(), LoginGate::Open);
    }
    let locked = store.attempt_login(&olena, tomorrow).await.unwrap();
    assert!(matches!(locked, LoginGate::Locked { .. }));
}

async fn the_audit_is_read_newest_first_and_by_filter(database: &Database) {
    let store = database.open().await;
    let entry = |second, action| AuditEntry {
        branch: Some("school-5".parse().unwrap()),
        document: Some(2),
        ..AuditEntry::new(moment(second), Actor::User("olena".to_owned()), action)
    };
    let opened = entry(1, AuditAction::DocumentOpened);
    store.audit(&opened).await.unwrap();
    store.audit(&entry(2, AuditAction::SignedOut)).await.unwrap();
    let all = store.audit_rows(&AuditFilter::default(), 10).await.unwrap();
    let actions: Vec<_> = all.iter().map(|row| row.entry.action).collect();
    assert_eq!(actions, [AuditAction::SignedOut, AuditAction::DocumentOpened]);
    let filters = [
        AuditFilter { action: Some(AuditAction::DocumentOpened), ..AuditFilter::default() },
        AuditFilter { to: Some(moment(2)), ..AuditFilter::default() },
        AuditFilter { before: Some(all[0].number), ..AuditFilter::default() },
    ];
    for filter in filters {
        let rows = store.audit_rows(&filter, 10).await.unwrap();
        assert_eq!(rows.len(), 1, "{filter:?}");
        assert_eq!(rows[0].entry, opened, "{filter:?}");
    }
}

async fn every_action_can_be_written_and_read(database: &Database) {
    let store = database.open().await;
    for (second, action) in (0..).zip(AuditAction::ALL) {
        store.audit(&AuditEntry::new(moment(second), Actor::System, action)).await.unwrap();
    }
    let mut rows = store.audit_rows(&AuditFilter::default(), 100).await.unwrap();
    rows.reverse();
    let actions: Vec<_> = rows.iter().map(|row| row.entry.action).collect();
    assert_eq!(actions, AuditAction::ALL);
}

async fn the_database_refuses_to_change_the_audit(database: &Database) {
    let store = database.open().await;
    add("olena", &store).await;
    for sql in ["UPDATE audit SET detail = 'x'", "DELETE FROM audit"] {
        let refused = database.try_to_tamper(sql).await.unwrap_err();
        assert!(refused.contains("rows of the audit are never"), "{refused}");
    }
    assert_eq!(store.audit_rows(&AuditFilter::default(), 10).await.unwrap().len(), 1);
}

async fn names_the_row_that_cannot_be_read(database: &Database) {
    let store = database.open().await;
    let entry = AuditEntry::new(moment(0), Actor::System, AuditAction::SignedIn);
    store.audit(&entry).await.unwrap();
    database
        .tamper("INSERT INTO audit (at_us, actor_kind, action) VALUES (0, 'system', 'dreamt')")
        .await;
    let error = store.audit_rows(&AuditFilter::default(), 10).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Corrupt { table: "audit", column: "action", row } if row == "2"),
        "{error}"
    );
}
