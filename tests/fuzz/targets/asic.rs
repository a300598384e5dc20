#![no_main]
//! Reading a ZIP archive: entries stay within the limits, and no name is there twice.

use std::collections::BTreeSet;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::signature::asic::{Archive, ArchiveLimits};

fuzz_target!(|bytes: &[u8]| {
    let file = Bytes::copy_from_slice(bytes);
    if let Ok(archive) = Archive::read(&file, &ArchiveLimits::default()) {
        let names: BTreeSet<&str> =
            archive.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names.len(), archive.entries().len());
    }
});
