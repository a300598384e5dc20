use super::*;
use crate::{
    sample::{
        Seed,
        authority::{Authority, Validity},
    },
    trust::revocation_sample::{AnswerDraft, ListDraft, Said},
};

const URL: &str = "http://ca.example.ua/full.crl";

fn moment(days: u32) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000).plus_days(days)
}

fn authority() -> Authority {
    Authority::root(Seed::from([7; 32]), Validity::days(moment(0), 365)).unwrap()
}

/// A list that is true from day `from` for a week.
fn list(from: u32) -> Vec<u8> {
    authority().revocation_list(from, &[], Validity::days(moment(from), 7)).unwrap()
}

/// What was fetched from `url` and written down.
fn written(bytes: &[u8], url: &str, directory: &Path) -> Entry {
    let mut entry = Entry::fetched(bytes.to_vec(), url).unwrap();
    entry.write(directory).unwrap();
    entry
}

/// A cache that holds the lists of these days.
fn cache(directory: &Path, days: &[u32]) -> Cache {
    let mut cache = Cache::open(directory).unwrap();
    for day in days {
        cache.insert(written(&list(*day), URL, directory));
    }
    cache
}

#[test]
fn what_was_kept_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = cache(directory.path(), &[0, 7, 7]);
    assert!(first.take_change());
    assert_eq!((first.len(), first.snapshot().len()), (2, 2), "the same list is kept once");
    let mut again = Cache::open(directory.path()).unwrap();
    assert_eq!((again.len(), again.snapshot().len()), (2, 2));
    assert!(!again.take_change(), "reading is no change");
}

#[test]
fn where_a_list_is_from_is_kept_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let files = || fs::read_dir(directory.path()).unwrap().count();
    let from = |cache: &Cache| cache.entries.values().next().unwrap().from.clone();
    let mut first = cache(directory.path(), &[0]);
    assert!(first.take_change());
    let again = |url| written(&list(0), url, directory.path());
    first.insert(again(URL));
    assert!(!first.take_change(), "the same address");
    let other = "http://ca.example.ua/other.crl";
    first.insert(again(other));
    assert!(first.take_change(), "another address is news");
    let both = [URL, other].map(str::to_owned).into();
    assert_eq!((first.len(), from(&first), files()), (1, both, 3));
    let mut read = Cache::open(directory.path()).unwrap();
    assert_eq!((read.len(), from(&read)), (1, from(&first)));
    // Newer lists take its place, and its addresses go with it.
    read.insert(written(&list(7), URL, directory.path()));
    read.sweep(moment(38));
    assert_eq!((read.len(), files()), (1, 2));
    // One whose list or content is another says nothing.
    let list = read.entries.keys().next().unwrap().to_string();
    for (list, url) in [("0".repeat(64), URL), (list, other)] {
        fs::write(directory.path().join(address_name(&list, url)), URL).unwrap();
    }
    let read = Cache::open(directory.path()).unwrap();
    assert_eq!((from(&read), files()), ([URL.to_owned()].into(), 2));
    let answer = AnswerDraft::new(Said::Good, "0615").der();
    written(&answer, URL, directory.path());
    assert_eq!(files(), 3, "an answer says itself whom it is about");
}

#[test]
fn files_that_cannot_be_used_are_removed_and_those_of_others_stay() {
    let directory = tempfile::tempdir().unwrap();
    let garbage = b"garbage".as_slice();
    let [good, other] = [Sha256::of(garbage).to_string(), "0".repeat(64)];
    fs::write(directory.path().join(&good), garbage).unwrap();
    fs::write(directory.path().join(&other), list(0)).unwrap();
    fs::write(directory.path().join("README"), garbage).unwrap();
    assert_eq!(Cache::open(directory.path()).unwrap().len(), 0);
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].file_name(), "README");
}

#[test]
fn a_list_stays_for_thirty_days_after_its_end_and_the_newest_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let mut cache = cache(directory.path(), &[0, 7]);
    cache.sweep(moment(37));
    assert_eq!(cache.len(), 2);
    cache.sweep(moment(38));
    assert_eq!(cache.len(), 1, "the first ended on day 7");
    cache.sweep(moment(300));
    assert_eq!(cache.len(), 1, "there is no newer one");
    assert_eq!(Cache::open(directory.path()).unwrap().len(), 1);
}

/// Noon of a day of 2026.
fn noon(day: &str) -> Timestamp {
    format!("2026-{}-{}T12:00:00Z", &day[..2], &day[2..]).parse().unwrap()
}

#[test]
fn what_revokes_stays_as_long_as_what_clears() {
    let until = |said: Said| {
        AnswerDraft { next_update: Some("0616"), ..AnswerDraft::new(said, "0615") }.der()
    };
    let named = |from, to| ListDraft::new(from, to).with(&[(9, "0610", Some(1), None)]).der();
    let silent = |from, to| ListDraft::new(from, to).der();
    // Each ended on the 16th of June, and 120 days later is the 14th of October.
    let alone = [until(Said::Good), until(Said::Revoked("0610", 1)), named("0609", "0616")];
    for (place, data) in alone.iter().enumerate() {
        let directory = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(directory.path()).unwrap();
        for bytes in [data, &silent("0622", "0629")] {
            cache.insert(written(bytes, URL, directory.path()));
        }
        for (now, kept) in [("0717", 2), ("1014", 2), ("1015", 1)] {
            cache.sweep(noon(now));
            assert_eq!(cache.len(), kept, "{place} on {now}");
        }
    }
    // What the newest list by the same key says too is not needed for that.
    let directory = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(directory.path()).unwrap();
    let named = |from, to| {
        let identifier = [&[0x30, 22, 0x80, 20][..], &[1; 20]].concat();
        let draft = ListDraft::new(from, to).with(&[(9, "0610", Some(1), None)]);
        ListDraft { others: vec![("2.5.29.35", false, identifier)], ..draft }.der()
    };
    for bytes in [named("0609", "0616"), named("0622", "0629")] {
        cache.insert(written(&bytes, URL, directory.path()));
    }
    cache.sweep(noon("0716"));
    assert_eq!(cache.len(), 2);
    cache.sweep(noon("0717"));
    assert_eq!(cache.len(), 1);
}

#[test]
fn where_there_is_too_much_what_revokes_goes_last() {
    let directory = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(directory.path()).unwrap();
    let revoked =
        written(&AnswerDraft::new(Said::Revoked("0601", 1), "0605").der(), URL, directory.path());
    let digest = revoked.digest;
    cache.insert(revoked);
    for day in ["0610", "0611", "0612"] {
        let unknown = AnswerDraft::new(Said::Unknown, day).der();
        cache.insert(written(&unknown, URL, directory.path()));
    }
    for (files, left) in [(3, 3), (1, 1)] {
        cache.max_files = files;
        cache.sweep(noon("0613"));
        assert_eq!(cache.len(), left);
        assert!(cache.entries.contains_key(&digest), "the oldest, and it revokes");
    }
}

#[test]
fn what_could_not_be_written_down_is_there_and_written_when_it_can_be() {
    let above = tempfile::tempdir().unwrap();
    let directory = above.path().join("revocation");
    let mut cache = Cache::open(&directory).unwrap();
    fs::remove_dir(&directory).unwrap();
    // Somebody's file stands for a disk that takes nothing.
    fs::write(&directory, "").unwrap();
    let mut entry = Entry::fetched(list(0), URL).unwrap();
    assert!(entry.write(&directory).is_err());
    cache.insert(entry);
    assert!(cache.take_change());
    assert_eq!((cache.len(), cache.snapshot().len()), (1, 1));
    assert!(cache.write_down().is_err());
    fs::remove_file(&directory).unwrap();
    cache.write_down().unwrap();
    let again = Cache::open(&directory).unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again.entries.values().next().unwrap().from, [URL.to_owned()].into());
    // The directory that it lies in is not made again: a volume may be missing there.
    fs::remove_dir_all(above.path()).unwrap();
    assert!(cache.write_down().is_err());
    assert!(!directory.exists());
}
