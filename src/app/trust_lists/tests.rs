use super::*;
use crate::{
    app::{read_trust, read_trust_directory},
    config,
};

const NOW: &str = "2026-12-01T00:00:00Z";

fn list(territory: &str, sequence: u32) -> Vec<u8> {
    format!(
        "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\"><SchemeInformation>\
         <TSLVersionIdentifier>5</TSLVersionIdentifier>\
         <TSLSequenceNumber>{sequence}</TSLSequenceNumber>\
         <SchemeTerritory>{territory}</SchemeTerritory>\
         <ListIssueDateTime>2026-11-01T00:00:00Z</ListIssueDateTime><NextUpdate/>\
         </SchemeInformation></TrustServiceStatusList>"
    )
    .into_bytes()
}

fn section(directory: &Path) -> config::Trust {
    config::Trust { directory: directory.to_owned(), ..config::Trust::default() }
}

fn proof() -> ListProof {
    ListProof::unconfigured(Policy::built_in())
}

/// What somebody who believes any bytes would have accepted.
fn accepted(bytes: &[u8]) -> Accepted {
    let verified = HowVerified::Digest { why: "a test".to_owned() };
    let list = TrustList::read(bytes).unwrap();
    let note = ListNote {
        territory: list.territory.clone(),
        sequence: list.sequence,
        sha256: Sha256::of(bytes).to_string(),
        previous: None,
        accepted_at: NOW.parse().unwrap(),
        url: None,
        verified,
        previous_verified: None,
    };
    Accepted { list, note }
}

#[test]
fn an_unsigned_list_is_never_accepted_while_a_signer_is_pinned() {
    let bytes = list("UA", 1);
    let digest = Some(Sha256::of(&bytes));
    let rules = ListRules {
        algorithms: Policy::built_in(),
        signers: vec![Sha256::of(b"pinned")],
        named: Vec::new(),
        sha256: digest,
        published: digest,
        territory: None,
    };
    let refused = accept_list(&bytes, &rules, NOW.parse().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("exactly one signature"), "{refused}");
}

#[test]
fn a_list_takes_the_place_of_an_older_one_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("list.xml");
    let store = |bytes: &[u8]| {
        store_list(&path, bytes, &accepted(bytes)).map_err(|refusal| refusal.to_string())
    };
    assert_eq!(store(&list("UA", 5)), Ok(()));
    assert_eq!(store(&list("UA", 5)), Ok(()));
    assert!(store(&list("UA", 4)).unwrap_err().contains("older"));
    assert!(store(&list("PL", 6)).unwrap_err().contains("of PL"));
    let mut same = list("UA", 5);
    same.push(b'\n');
    assert!(store(&same).unwrap_err().contains("same issue number"));
    assert_eq!(read_imported(&path, &proof()).unwrap().0.sequence, 5);
    assert_eq!(store(&list("UA", 6)), Ok(()));
    let (read, note) = read_imported(&path, &proof()).unwrap();
    assert_eq!((read.sequence, note.previous), (6, None));
    let names = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(names, 2, "the list and its note");
}

#[test]
fn a_list_that_changed_or_has_no_note_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("list.xml");
    fs::write(&path, list("UA", 1)).unwrap();
    assert!(matches!(read_imported(&path, &proof()), Err(ListRefusal::NoNote)));
    store_list(&path, &list("UA", 1), &accepted(&list("UA", 1))).unwrap();
    fs::write(&path, list("UA", 2)).unwrap();
    assert!(matches!(read_imported(&path, &proof()), Err(ListRefusal::Changed { .. })));
}

#[test]
fn a_published_digest_is_read_as_octets_and_as_text() {
    let digest = Sha256::of(b"");
    assert_eq!(published_digest(digest.as_bytes()), Some(digest));
    assert_eq!(published_digest(format!("{digest}  TL.xml\n").as_bytes()), Some(digest));
    assert_eq!(published_digest(b"<html>"), None);
}

#[test]
fn a_list_is_expected_where_one_is_set_up_or_lies_usable_or_not() {
    type Make = fn(&Path);
    let cases: [(&str, Make, bool, bool); 5] = [
        ("nothing", |_| {}, false, false),
        (
            "a list",
            |directory| {
                let path = directory.join("list.xml");
                store_list(&path, &list("UA", 1), &accepted(&list("UA", 1))).unwrap();
            },
            true,
            false,
        ),
        (
            "one that nobody verified",
            |directory| fs::write(directory.join("list.xml"), list("UA", 1)).unwrap(),
            true,
            true,
        ),
        (
            "the note of one that is gone",
            |directory| fs::write(directory.join("list.xml.verified"), "").unwrap(),
            true,
            true,
        ),
        (
            "something else",
            |directory| fs::write(directory.join("README.txt"), "").unwrap(),
            false,
            false,
        ),
    ];
    let now = NOW.parse().unwrap();
    for (what, make, expected, lacking) in cases {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        let store =
            read_trust(&section(directory.path()), &Policy::built_in(), None).unwrap().store;
        assert_eq!(store.expects_list(), expected, "{what}");
        assert_eq!(store.lacks_list_at(now), lacking, "{what}");
    }
    let directory = tempfile::tempdir().unwrap();
    let empty = || section(directory.path());
    for section in [
        config::Trust { list_url: Some("https://example.org/UA-TL.xml".to_owned()), ..empty() },
        config::Trust { list_signers: vec!["00".repeat(32)], ..empty() },
        config::Trust { list_sha256: Some("00".repeat(32)), ..empty() },
    ] {
        let store = read_trust(&section, &Policy::built_in(), None).unwrap().store;
        assert!(store.expects_list() && store.lacks_list_at(now), "{section:?}");
    }
}

/// Whoever takes the newer issue away, or spoils it, gives nothing back that it withdrew.
#[test]
fn an_older_issue_says_nothing_while_a_newer_one_is_there_and_cannot_be_used() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, Option<u64>, bool); 5] = [
        (
            "a link that leads nowhere",
            |list| {
                fs::remove_file(list).unwrap();
                std::os::unix::fs::symlink("/nowhere/UA.xml", list).unwrap();
            },
            None,
            true,
        ),
        ("whole", |_| {}, Some(8), false),
        ("another", |list| fs::write(list, "<another/>").unwrap(), None, true),
        ("gone, and its note is there", |list| fs::remove_file(list).unwrap(), None, true),
        (
            "its note is damaged: which issue it was is not known",
            |list| fs::write(note_path(list), "").unwrap(),
            None,
            true,
        ),
    ];
    for (what, spoil, used, lacking) in cases {
        let directory = tempfile::tempdir().unwrap();
        for (name, sequence) in [("a.xml", 7), ("b.xml", 8)] {
            let list = list("UA", sequence);
            store_list(&directory.path().join(name), &list, &accepted(&list)).unwrap();
        }
        spoil(&directory.path().join("b.xml"));
        let store = read_trust_directory(directory.path(), &proof()).unwrap().store;
        assert_eq!(store.newest_list().map(|list| list.sequence), used, "{what}");
        assert_eq!(store.lacks_list_at(NOW.parse().unwrap()), lacking, "{what}");
    }
}

#[test]
fn a_list_that_nobody_imported_takes_nothing_from_the_others() {
    let directory = tempfile::tempdir().unwrap();
    store_list(&directory.path().join("a.xml"), &list("UA", 7), &accepted(&list("UA", 7))).unwrap();
    fs::write(directory.path().join("b.xml"), list("UA", 8)).unwrap();
    let read = read_trust_directory(directory.path(), &proof()).unwrap();
    assert_eq!(read.store.newest_list().map(|list| list.sequence), Some(7));
    assert!(!read.store.lacks_list_at(NOW.parse().unwrap()));
    assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
}

/// An authority may publish several lists for its country, each with numbers of its own.
#[test]
fn a_list_that_cannot_be_used_is_missed_whatever_number_another_has() {
    for number in [6, 7, 8] {
        let directory = tempfile::tempdir().unwrap();
        for (name, sequence) in [("a.xml", 7), ("b.xml", number)] {
            let list = list("UA", sequence);
            store_list(&directory.path().join(name), &list, &accepted(&list)).unwrap();
        }
        fs::write(directory.path().join("a.xml"), "<another/>").unwrap();
        let store = read_trust_directory(directory.path(), &proof()).unwrap().store;
        assert!(store.lacks_list_at(NOW.parse().unwrap()), "beside {number}");
    }
}

/// An older issue does not take the place of one that is damaged.
#[test]
fn an_older_issue_is_not_stored_in_place_of_a_damaged_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("list.xml");
    let (old, new) = (list("UA", 7), list("UA", 8));
    store_list(&path, &new, &accepted(&new)).unwrap();
    fs::write(&path, "<another/>").unwrap();
    let refused = store_list(&path, &old, &accepted(&old));
    assert!(matches!(refused, Err(ListRefusal::Older { given: 7, at_hand: 8 })), "{refused:?}");
    store_list(&path, &new, &accepted(&new)).unwrap();
    assert_eq!(read_imported(&path, &proof()).unwrap().0.sequence, 8);
}

/// An update from another address keeps the list by another name.
#[test]
fn an_older_issue_beside_a_newer_one_is_told_and_not_used() {
    for (lists, unused) in [
        (vec![("UA", 7), ("UA", 8)], Some("0.xml: issue 7 of the trust list of UA is not used")),
        (vec![("UA", 8), ("UA", 7)], Some("1.xml: issue 7 of the trust list of UA is not used")),
        (vec![("UA", 7), ("UA", 7)], None),
        (vec![("UA", 7), ("PL", 8)], None),
    ] {
        let directory = tempfile::tempdir().unwrap();
        for (place, (territory, sequence)) in lists.iter().enumerate() {
            let list = list(territory, *sequence);
            let path = directory.path().join(format!("{place}.xml"));
            store_list(&path, &list, &accepted(&list)).unwrap();
        }
        let read = read_trust_directory(directory.path(), &proof()).unwrap();
        let told = read.problems.iter().any(|told| unused.is_some_and(|due| told.contains(due)));
        assert_eq!((told, read.problems.len()), (unused.is_some(), usize::from(unused.is_some())));
    }
}

/// What a list withdrew is not given back when the list is not believed any more.
#[test]
fn a_list_that_is_refused_by_now_counts_as_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("list.xml");
    let bytes = list("UA", 7);
    let mut given = accepted(&bytes);
    let (signer, algorithm) = (Sha256::of(b"signer").to_string(), "RSA".to_owned());
    given.note.verified = HowVerified::Signature { signer, algorithm, by_hand: None };
    store_list(&path, &bytes, &given).unwrap();
    let read = read_trust(&section(directory.path()), &Policy::built_in(), None).unwrap();
    assert!(read.store.has_lost_list() && read.store.lacks_list_at(NOW.parse().unwrap()));
    assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
    assert!(read.problems[0].contains("import a list that it accepts"), "{:?}", read.problems);
}

/// A running server has the old one or the new one, however each was verified.
#[test]
fn while_a_list_takes_the_place_of_another_the_other_counts_as_it_was_verified() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("list.xml");
    let (old, new) = (list("UA", 7), list("UA", 8));
    let mut note = accepted(&new).note;
    let (signer, algorithm) = (Sha256::of(b"signer").to_string(), "RSA".to_owned());
    note.verified = HowVerified::Signature { signer, algorithm, by_hand: Some(true) };
    note.previous = Some(Sha256::of(&old).to_string());
    note.previous_verified = Some(accepted(&old).note.verified);
    fs::write(&path, &old).unwrap();
    fs::write(note_path(&path), written(&note)).unwrap();
    assert_eq!(read_imported(&path, &proof()).unwrap().0.sequence, 7);
    fs::write(&path, &new).unwrap();
    let refused = read_imported(&path, &proof());
    assert!(matches!(refused, Err(ListRefusal::NoLonger(_))), "{refused:?}");
}
