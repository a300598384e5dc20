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
