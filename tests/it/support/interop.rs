//! Files made by other people's software, read where they lie.

use std::path::PathBuf;

/// The folder that `SKRYNKA_INTEROP_DATA` names. `None`, said aloud, when it names none: a plain
/// checkout has no such files. In CI (`CI` is set) it is a must.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn data() -> Option<PathBuf> {
    let named = std::env::var_os("SKRYNKA_INTEROP_DATA");
    if named.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI needs SKRYNKA_INTEROP_DATA");
        eprintln!("SKIPPED: SKRYNKA_INTEROP_DATA names no folder of files by other software");
    }
    named.map(PathBuf::from)
}

/// A PDF file with a later revision that has these objects.
pub(crate) fn added(file: &[u8], objects: &[(u32, &str)]) -> Vec<u8> {
    let mut updated = file.to_vec();
    let mut table = "xref\n".to_owned();
    for (number, body) in objects {
        let row = format!("{number} 1\n{:010} 00000 n \n", updated.len());
        table.push_str(&row);
        updated.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    let text = String::from_utf8_lossy(file);
    let last = text.rsplit("startxref\n").next().and_then(|rest| rest.lines().next());
    let previous = last.expect("a table");
    let at = updated.len();
    let trailer =
        format!("trailer\n<</Size 30/Root 1 0 R/Prev {previous}>>\nstartxref\n{at}\n%%EOF\n");
    table.push_str(&trailer);
    updated.extend(table.bytes());
    updated
}
