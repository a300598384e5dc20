//! Claims about the vault.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{
    domain::{MailId, Timestamp},
    sealing::SealingError,
};

fn master(digit: &str) -> MasterKey {
    MasterKey::parse(&format!("skrynka-master-key-1 {}", digit.repeat(64))).unwrap()
}

fn open() -> (TempDir, Vault) {
    let directory = tempfile::tempdir().unwrap();
    let vault = Vault::make(&directory.path().join("vault"), &master("a")).unwrap();
    (directory, vault)
}

fn share(n: u8) -> ShareId {
    let mail = MailId::new(Timestamp::from_seconds(1_790_000_000), [n; 10]);
    ShareId::of(mail, &"school-5".parse().unwrap())
}

/// Every file below `directory` but the marker.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("skrynka-vault") {
            found.push(path);
        }
    }
    found
}

fn path_of(
    directory: &TempDir,
    share: ShareId,
    term: Term,
    name: ObjectName,
    key: &Key,
) -> PathBuf {
    let relative = path(share, term, &name, key).to_string();
    directory.path().join("vault").join(relative)
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let (_directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let names = [ObjectName::mail(), ObjectName::document(1), ObjectName::signature(1, 2)];
    let long = (0..=255).cycle().take(SEALED_INLINE + 1).collect::<Vec<u8>>();
    let contents = [b"".as_slice(), b"%PDF-1.7 \xff\0", &long];
    for (name, content) in names.iter().zip(contents) {
        vault.put(share(1), Term::Share, name, &key, content).await.unwrap();
    }
    for (name, content) in names.iter().zip(contents) {
        assert_eq!(vault.read(share(1), Term::Share, name, &key).await.unwrap(), content);
    }
}

#[tokio::test]
async fn an_object_put_again_is_replaced() {
    let (_directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let name = ObjectName::document(1);
    for content in [b"first".as_slice(), b"second"] {
        vault.put(share(1), Term::Share, &name, &key, content).await.unwrap();
    }
    assert_eq!(vault.read(share(1), Term::Share, &name, &key).await.unwrap(), b"second".as_slice());
}

#[tokio::test]
async fn an_object_in_anothers_place_does_not_open() {
    let (directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let one = ObjectName::document(1);
    vault.put(share(1), Term::Share, &one, &key, b"content").await.unwrap();
    let stored = path_of(&directory, share(1), Term::Share, one, &key);
    for (share, term, name) in [
        (share(1), Term::Share, ObjectName::document(2)),
        (share(1), Term::Share, ObjectName::signature(1, 1)),
        (share(1), Term::Short, one),
        (share(2), Term::Share, one),
    ] {
        let place = path_of(&directory, share, term, name, &key);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&stored, &place).unwrap();
        let error = vault.read(share, term, &name, &key).await.unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "{error:?}");
    }
    assert!(vault.read(share(1), Term::Share, &one, &key).await.is_ok());
}

#[tokio::test]
async fn a_missing_and_a_changed_object_are_told_apart() {
    let (directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let name = ObjectName::mail();
    let read = || vault.read(share(1), Term::Share, &name, &key);
    assert!(matches!(read().await, Err(VaultError::Missing { .. })));
    vault.put(share(1), Term::Share, &name, &key, b"content").await.unwrap();
    let stored = path_of(&directory, share(1), Term::Share, name, &key);
    let bytes = fs::read(&stored).unwrap();
    for bytes in [&bytes[..bytes.len() - 1], b"", &[bytes.as_slice(), b"x"].concat()] {
        fs::write(&stored, bytes).unwrap();
        assert!(matches!(read().await, Err(VaultError::Damaged { .. })));
    }
    let (other, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    fs::write(&stored, bytes).unwrap();
    assert!(read().await.is_ok());
    fs::copy(&stored, path_of(&directory, share(1), Term::Share, name, &other)).unwrap();
    let error = vault.read(share(1), Term::Share, &name, &other).await.unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }));
}

#[tokio::test]
async fn what_one_key_sealed_stays_when_another_seals_and_is_discarded() {
    let (directory, vault) = open();
    let (kept, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let (lost, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let name = ObjectName::mail();
    let read = |key| vault.read(share(1), Term::Share, &name, key);
    vault.put(share(1), Term::Share, &name, &kept, b"kept").await.unwrap();
    assert!(matches!(read(&lost).await, Err(VaultError::Missing { .. })));
    vault.put(share(1), Term::Share, &name, &lost, b"lost").await.unwrap();
    let leftover = path_of(&directory, share(1), Term::Share, name, &lost);
    fs::write(format!("{}#1", leftover.display()), b"half").unwrap();
    assert_eq!(read(&kept).await.unwrap(), b"kept".as_slice());

    vault.discard(share(1), Term::Share, &lost).await.unwrap();
    assert_eq!(files(directory.path()).len(), 1);
    assert_eq!(read(&kept).await.unwrap(), b"kept".as_slice());
    vault.discard(share(1), Term::Share, &kept).await.unwrap();
    vault.discard(share(1), Term::Share, &kept).await.unwrap();
    let shelf = path_of(&directory, share(1), Term::Share, name, &kept);
    assert!(!shelf.ancestors().nth(2).unwrap().exists(), "no empty directory stays");
}

#[tokio::test]
async fn destroying_a_term_leaves_no_file_of_it_and_all_of_the_other() {
    let (directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    for term in Term::ALL {
        for name in [ObjectName::mail(), ObjectName::document(1)] {
            vault.put(share(1), term, &name, &key, b"content").await.unwrap();
        }
    }
    // What an interrupted write leaves, which the object store itself never lists.
    let leftover = path_of(&directory, share(1), Term::Short, ObjectName::document(2), &key);
    fs::write(leftover.with_file_name("document-2#1"), b"half").unwrap();

    assert_eq!(vault.destroy(share(1), Term::Short).await.unwrap(), 3);
    assert_eq!(files(directory.path()).len(), 2);
    assert_eq!(vault.destroy(share(1), Term::Short).await.unwrap(), 0);
    assert!(vault.read(share(1), Term::Share, &ObjectName::mail(), &key).await.is_ok());

    assert_eq!(vault.destroy(share(1), Term::Share).await.unwrap(), 2);
    assert!(files(directory.path()).is_empty());
    assert_eq!(vault.destroy(share(1), Term::Share).await.unwrap(), 0);
    assert_eq!(vault.destroy(share(9), Term::Share).await.unwrap(), 0, "there never was one");
}

#[tokio::test]
async fn no_plain_text_is_on_disk() {
    let (directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let content = "Тестова Особа, 1990".as_bytes();
    vault.put(share(1), Term::Share, &ObjectName::document(1), &key, content).await.unwrap();
    let stored = files(directory.path());
    assert_eq!(stored.len(), 1);
    let bytes = fs::read(&stored[0]).unwrap();
    assert_eq!(memchr::memmem::find(&bytes, "Особа".as_bytes()), None);
}

#[test]
fn a_data_key_is_bound_to_share_term_and_master_key() {
    let (directory, vault) = open();
    let (key, wrapped) = vault.new_data_key(share(1), Term::Share).unwrap();
    assert_eq!(vault.data_key(share(1), Term::Share, &wrapped).unwrap(), key);
    assert!(vault.data_key(share(1), Term::Short, &wrapped).is_err());
    assert!(vault.data_key(share(2), Term::Share, &wrapped).is_err());
    let other = Vault::open(&directory.path().join("vault"), &master("b")).unwrap();
    assert!(other.data_key(share(1), Term::Share, &wrapped).is_err());
}

#[test]
fn details_open_as_what_they_were_sealed_as() {
    let (_directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let value = ("Тестова Особа".to_owned(), 7_u32);
    let sealed = vault.seal_details(share(1), Term::Share, "share", &key, &value).unwrap();
    let open =
        |share, term, kind| vault.open_details::<(String, u32)>(share, term, kind, &key, &sealed);
    assert_eq!(open(share(1), Term::Share, "share").unwrap(), value);
    for (share, term, kind) in [
        (share(2), Term::Share, "share"),
        (share(1), Term::Short, "share"),
        (share(1), Term::Share, "document-1"),
    ] {
        let error = open(share, term, kind).unwrap_err();
        assert!(matches!(error, VaultError::Sealing(SealingError::DoesNotOpen)), "{error:?}");
    }
    let wrong = vault.open_details::<u32>(share(1), Term::Share, "share", &key, &sealed);
    assert!(matches!(wrong, Err(VaultError::Details { .. })));
}

#[test]
fn a_fingerprint_tells_content_and_kind_and_needs_the_key() {
    let (directory, vault) = open();
    let print = vault.fingerprint("document", b"content");
    assert_eq!(vault.fingerprint("document", b"content"), print);
    assert_ne!(vault.fingerprint("document", b"contents"), print);
    assert_ne!(vault.fingerprint("message-id", b"content"), print);
    let other = Vault::open(&directory.path().join("vault"), &master("b")).unwrap();
    assert_ne!(other.fingerprint("document", b"content"), print);
}

#[test]
fn the_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let (directory, _vault) = open();
    let mode = fs::metadata(directory.path().join("vault")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// The directory of a volume that is not mounted.
#[tokio::test]
async fn what_was_put_while_its_volume_was_away_is_not_in_the_vault() {
    let (directory, vault) = open();
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let name = ObjectName::mail();
    let confirm = async || vault.confirm(share(1), Term::Share, &name, &key).await;
    assert!(matches!(confirm().await, Err(VaultError::Missing { .. })));
    let (mounted, away) = (directory.path().join("vault"), directory.path().join("away"));
    vault.put(share(1), Term::Share, &name, &key, b"beneath").await.unwrap();
    confirm().await.unwrap();
    // The write went on after the volume had gone.
    fs::rename(&mounted, &away).unwrap();
    assert!(matches!(confirm().await, Err(VaultError::NotThere { .. })));
    fs::create_dir(&mounted).unwrap();
    fs::copy(away.join("skrynka-vault"), mounted.join("skrynka-vault")).unwrap();
    assert!(matches!(confirm().await, Err(VaultError::Missing { .. })));
}

#[tokio::test]
async fn without_its_marker_the_vault_is_not_there() {
    type Enter = fn(&Path);
    let (directory, vault) = open();
    let path = directory.path().join("vault");
    let (key, _) = vault.new_data_key(share(1), Term::Share).unwrap();
    let name = ObjectName::document(1);
    vault.put(share(1), Term::Share, &name, &key, b"copy").await.unwrap();
    let marker = fs::read(path.join("skrynka-vault")).unwrap();
    let volume = directory.path().join("volume");
    fs::rename(&path, &volume).unwrap();
    let other = |path: &Path| fs::write(path.join("skrynka-vault"), "skrynka-vault-1 0\n").unwrap();
    let states: [(&str, Enter, bool); 4] = [
        ("gone", |_| (), false),
        ("empty", |path| fs::create_dir(path).unwrap(), false),
        ("lost on the disk", |path| fs::write(path.join("skrynka-vault"), [0; 9]).unwrap(), false),
        ("another", other, true),
    ];
    for (what, enter, is_of_another) in states {
        enter(&path);
        let before = files(directory.path());
        for result in [
            vault.check().await,
            vault.put(share(2), Term::Share, &name, &key, b"copy").await,
            vault.read(share(1), Term::Share, &name, &key).await.map(drop),
            vault.destroy(share(1), Term::Share).await.map(drop),
        ] {
            let Err(VaultError::NotThere { is_of_another: told, .. }) = result else {
                panic!("{what}: {result:?}");
            };
            assert_eq!(told, is_of_another, "{what}");
        }
        assert_eq!(files(directory.path()), before, "{what}");
    }
    fs::remove_dir_all(&path).unwrap();
    fs::rename(&volume, &path).unwrap();
    assert_eq!(fs::read(path.join("skrynka-vault")).unwrap(), marker);
    assert_eq!(vault.read(share(1), Term::Share, &name, &key).await.unwrap(), "copy");
    assert_eq!(vault.destroy(share(1), Term::Share).await.unwrap(), 1);
    let reopened = Vault::make(&path, &master("a")).unwrap();
    reopened.check().await.unwrap();
    let other = Vault::open(&path, &master("b")).unwrap().check().await;
    assert!(matches!(other, Err(VaultError::NotThere { is_of_another: true, .. })));
}

/// What is left is for the database, and for a purge on a disk that is full.
#[tokio::test]
async fn there_is_no_room_for_copies_beyond_the_floor() {
    let directory = tempfile::tempdir().unwrap();
    let vault = Vault::make(directory.path(), &MasterKey::generate().unwrap()).unwrap();
    vault.check_room(0).unwrap();
    let Err(VaultError::Full { free, .. }) = vault.check_room(u64::MAX) else { panic!() };
    assert!(matches!(vault.check_room(free), Err(VaultError::Full { .. })));
}
