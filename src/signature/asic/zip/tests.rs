//! Archives, and every way to bend one.

#![expect(clippy::indexing_slicing, reason = "a test that counts wrongly fails")]

use proptest::prelude::*;

use super::*;
use crate::signature::asic::sample::{Plan, archive};

fn read(file: Vec<u8>) -> Result<Archive, ArchiveError> {
    Archive::read(&file.into(), &ArchiveLimits::default())
}

fn name(name: &str) -> ArchiveError {
    ArchiveError::Name { name: name.to_owned() }
}

#[test]
fn reads_stored_and_deflated_files_with_and_without_descriptors() {
    for (deflated, descriptor) in [(false, false), (true, false), (true, true), (false, true)] {
        let plan = |name, content| Plan { deflated, descriptor, ..Plan::new(name, content) };
        let file = archive(&[plan("a.txt", b"aaaa"), plan("каталог/б.txt", b"")]);
        let read = read(file).unwrap();
        assert_eq!(read.entry("a.txt").unwrap().content, &b"aaaa"[..]);
        assert_eq!(read.entry("a.txt").unwrap().is_plain, !deflated);
        assert_eq!(read.entries()[1].name, "каталог/б.txt");
    }
}

#[test]
fn refuses_names_that_lead_elsewhere() {
    for bad in ["../a", "a/../b", "/a", "a\\b", "C:a", "./a", "a//b", "a\u{7}", ""] {
        let shown: String = bad.escape_debug().collect();
        assert_eq!(read(archive(&[Plan::new(bad, b"x")])), Err(name(&shown)), "{bad}");
    }
}

#[test]
fn refuses_two_files_of_one_name_in_whatever_letters() {
    for second in ["a.txt", "A.TXT"] {
        let file = archive(&[Plan::new("a.txt", b"x"), Plan::new(second, b"y")]);
        assert_eq!(read(file), Err(ArchiveError::Duplicate { name: second.to_owned() }));
    }
}

#[test]
fn refuses_headers_that_disagree_with_the_directory() {
    let disagreement = || Err(ArchiveError::Disagreement { name: "a.txt".to_owned() });
    for at in [6, 8, 14, 18, 22, 30] {
        let mut file = archive(&[Plan::new("a.txt", b"aaaa")]);
        file[at] ^= if at == 6 { 2 } else { 1 };
        assert_eq!(read(file), disagreement(), "byte {at}");
    }
    let mut file = archive(&[Plan { descriptor: true, ..Plan::new("a.txt", b"aaaa") }]);
    // The descriptor's CRC-32, after the header, the name, the data and a signature.
    file[30 + 5 + 4 + 4] ^= 1;
    assert_eq!(read(file), disagreement());
}

#[test]
fn refuses_bytes_that_nothing_accounts_for() {
    let file = archive(&[Plan::new("a.txt", b"aaaa"), Plan::new("b.txt", b"bbbb")]);
    let leading = [b"PK", &file[..]].concat();
    assert!(read(leading).is_err());
    let trailing = [&file[..], b"x"].concat();
    assert!(matches!(read(trailing), Err(ArchiveError::Gap { .. })));
    let gap = archive(&[Plan::new("a.txt", b"aaaa"), Plan { gap: 3, ..Plan::new("b.txt", b"b") }]);
    assert!(matches!(read(gap), Err(ArchiveError::Gap { .. })));
    let deflated = Plan { deflated: true, trailing: 1, ..Plan::new("a.txt", b"aaaa") };
    assert_eq!(read(archive(&[deflated])), Err(ArchiveError::Damaged { name: "a.txt".into() }));
}

#[test]
fn refuses_entries_that_overlap() {
    let mut file = archive(&[Plan::new("a.txt", b"aaaa"), Plan::new("b.txt", b"aaaa")]);
    let second = memchr::memmem::rfind(&file, &CENTRAL.to_le_bytes()).unwrap();
    // Both entries of the directory point at the first file.
    file[second + 42..second + 46].fill(0);
    assert!(matches!(read(file), Err(ArchiveError::Gap { .. })));
}

#[test]
fn refuses_what_it_does_not_support_by_name() {
    let directory = |at: usize, value: u8| {
        let mut file = archive(&[Plan::new("a.txt", b"aaaa")]);
        let start = memchr::memmem::find(&file, &CENTRAL.to_le_bytes()).unwrap();
        file[start + at] = value;
        read(file).unwrap_err()
    };
    for (at, value, feature) in [
        (8, 1, "encryption"),
        (8, 32, "an unknown flag"),
        (10, 12, "a compression other than deflate"),
        (10, 99, "a compression other than deflate"),
    ] {
        assert_eq!(directory(at, value), ArchiveError::Unsupported { feature });
    }
    for (extra, feature) in
        [(&[1, 0, 1, 0, 9][..], "ZIP64"), (&[0x75, 0x70, 0, 0], "a second name for a file")]
    {
        let plan = Plan { extra: extra.to_vec(), ..Plan::new("a.txt", b"aaaa") };
        assert_eq!(read(archive(&[plan])), Err(ArchiveError::Unsupported { feature }));
    }
}

#[test]
fn stops_at_its_limits() {
    let many: Vec<String> = (0..257).map(|number| format!("{number}.txt")).collect();
    let plans: Vec<Plan<'_>> = many.iter().map(|name| Plan::new(name, b"x")).collect();
    assert_eq!(read(archive(&plans)), Err(ArchiveError::TooMuch { things: "files", max: 256 }));
    let zeros = vec![0; 2 << 20];
    let bomb = archive(&[Plan { deflated: true, ..Plan::new("a.txt", &zeros) }]);
    assert_eq!(
        read(bomb),
        Err(ArchiveError::TooMuch { things: "times the deflated size", max: 200 })
    );
    let limits = ArchiveLimits { total_bytes: 7, ..ArchiveLimits::default() };
    let file = archive(&[Plan::new("a.txt", b"aaaa"), Plan::new("b.txt", b"bbbb")]);
    assert_eq!(
        Archive::read(&file.into(), &limits),
        Err(ArchiveError::TooMuch { things: "bytes in all files", max: 7 })
    );
}

proptest! {
    #[test]
    fn never_panics_and_never_gives_bytes_that_are_not_there(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let plans = [
            Plan { deflated: true, descriptor: true, ..Plan::new("a.txt", b"aaaa") },
            Plan::new("b.txt", b"bbbb"),
        ];
        let mut file = archive(&plans);
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Ok(read) = read(file.clone()) {
            for entry in read.entries() {
                prop_assert!(entry.content == b"aaaa"[..] || entry.content == b"bbbb"[..]);
            }
        }
        file.truncate(cut.index(file.len()));
        prop_assert!(read(file).is_err());
    }
}
