//! Claims about the scan of a segment's bytes.

use proptest::prelude::*;

use super::*;

#[test]
fn what_an_earlier_segment_left_in_the_file_is_no_record() {
    let (old, begins) = segment_with(3);
    let (new, ends) = segment_with(2);
    assert_eq!(begins[..2], ends[..], "the second segment ends where a record of the first begins");
    let mut bytes = old;
    bytes[..new.len()].copy_from_slice(&new);
    let scan = scan(&bytes);
    assert_eq!(ids(&scan), [id(0), id(1)]);
    assert_eq!(scan.end, u64::try_from(new.len()).unwrap());
    assert!(!scan.torn && scan.damaged.is_empty());
}

/// The bytes of a segment with these mails, cut behind the last record, and where each begins.
fn segment_with(count: u32) -> (Vec<u8>, Vec<usize>) {
    let place = Place::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let spool = place.open();
        for n in 0..count {
            append(&spool, n).await;
        }
    });
    let mut bytes = fs::read(place.segments().pop().unwrap()).unwrap();
    let scan = scan(&bytes);
    bytes.truncate(usize::try_from(scan.end).unwrap());
    let begins = scan.records.iter().map(|record| usize::try_from(record.offset).unwrap());
    (bytes, begins.collect())
}

fn ids(scan: &Scan) -> Vec<MailId> {
    scan.records.iter().map(|record| record.id).collect()
}

#[test]
fn a_tail_torn_at_any_byte_costs_the_torn_record_alone() {
    let (bytes, begins) = segment_with(3);
    let last = begins[2];
    for cut in last..bytes.len() {
        let short = scan(&bytes[..cut]);
        let mut overwritten = bytes.clone();
        overwritten[cut..].iter_mut().for_each(|byte| *byte ^= 0x5a);
        let overwritten = scan(&overwritten);
        for torn in [short, overwritten] {
            assert_eq!(ids(&torn), [id(0), id(1)], "cut at {cut}");
            assert_eq!(torn.end, u64::try_from(last).unwrap());
            assert_eq!(torn.torn, cut >= last + 44, "cut at {cut}");
            assert!(torn.damaged.is_empty());
        }
    }
}

#[test]
fn damage_to_any_byte_of_a_record_hides_no_neighbour() {
    let (bytes, begins) = segment_with(3);
    let stretch = u64::try_from(begins[1]).unwrap()..u64::try_from(begins[2]).unwrap();
    for at in begins[1]..begins[2] {
        for change in [0x01, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            let scan = scan(&damaged);
            assert_eq!(ids(&scan), [id(0), id(2)], "byte {at}");
            assert_eq!(scan.damaged, std::slice::from_ref(&stretch));
            assert!(!scan.torn);
        }
    }
}

#[test]
fn pages_that_never_reached_the_disk_hide_no_later_record() {
    let (bytes, begins) = segment_with(3);
    let mut holed = bytes;
    holed[begins[0]..begins[2]].fill(0);
    assert_eq!(ids(&scan(&holed)), [id(2)]);
}

#[test]
fn allocated_zeroes_are_not_a_torn_tail() {
    let (mut bytes, _) = segment_with(1);
    let end = u64::try_from(bytes.len()).unwrap();
    bytes.resize(1 << 20, 0);
    let scan = scan(&bytes);
    assert_eq!((scan.end, scan.torn), (end, false));
}

proptest! {
    #[test]
    fn survives_arbitrary_bytes(bytes: Vec<u8>) {
        let scan = scan(&bytes);
        prop_assert!(scan.records.is_empty());
        prop_assert_eq!(scan.end, segment::FIRST_RECORD);
    }

    #[test]
    fn whatever_happens_to_a_segment_the_scan_stays_within_it(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        length in any::<prop::sample::Index>(),
    ) {
        let (mut bytes, _) = SEGMENT.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.index(bytes.len()));
        let scan = scan(&bytes);
        let mut from = segment::FIRST_RECORD;
        for record in &scan.records {
            prop_assert!(record.offset >= from);
            from = record.offset + 44;
        }
        prop_assert!(scan.end >= from);
        prop_assert!(scan.records.is_empty() || scan.end <= u64::try_from(bytes.len()).unwrap());
    }
}

static SEGMENT: std::sync::LazyLock<(Vec<u8>, Vec<usize>)> =
    std::sync::LazyLock::new(|| segment_with(3));
