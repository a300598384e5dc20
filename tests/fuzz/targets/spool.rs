#![no_main]
//! Recovery: whatever a crash left in a segment, the scan finds records in it or none.

use libfuzzer_sys::fuzz_target;
use skrynka::spool::scan;

fuzz_target!(|segment: &[u8]| {
    let found = scan(segment);
    let length = u64::try_from(segment.len()).unwrap();
    let places: Vec<u64> = found.records.iter().map(|record| record.offset).collect();
    assert!(places.is_sorted(), "records out of order: {places:?}");
    for place in places {
        assert!(place < found.end && found.end <= length, "a record behind the end");
        assert!(!found.damaged.iter().any(|damage| damage.contains(&place)));
    }
});
