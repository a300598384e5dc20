//! Makes calls to the file system of a server fail, from outside: `shim.c`, compiled here and loaded
//! before the C library.

use std::{fs::File, os::unix::fs::FileExt as _, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::support::installation::both;

/// The kinds of call, as `shim.c` has them.
pub(super) mod calls {
    pub(in super::super) const OPEN: u32 = 1;
    pub(in super::super) const READ: u32 = 2;
    pub(in super::super) const WRITE: u32 = 4;
    pub(in super::super) const SYNC: u32 = 8;
    pub(in super::super) const RESIZE: u32 = 16;
    pub(in super::super) const LOCK: u32 = 32;
    pub(in super::super) const RENAME: u32 = 64;
    pub(in super::super) const MKDIR: u32 = 128;
}

/// Which calls fail, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// The sum of their kinds.
    pub(super) calls: u32,
    /// With which errno; 0: they do not fail, and only take long.
    pub(super) error: i32,
    /// So many milliseconds longer than they would.
    pub(super) delay: u32,
    /// So many go through first.
    pub(super) skip: u32,
    /// Then so many fail; 0: all.
    pub(super) count: u32,
    /// Whether a write that fails first writes half.
    pub(super) halved: bool,
    /// What is in the paths that are meant.
    pub(super) word: &'static str,
}

/// The shim of one server.
pub(super) struct Shim {
    library: PathBuf,
    control: File,
    path: PathBuf,
    _directory: TempDir,
}

const WORD: u64 = 8 * 4;
const LENGTH: u64 = WORD + 100;
const FAILED: u64 = 7 * 4;

impl Shim {
    pub(super) fn build() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let library = directory.path().join("shim.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/shim.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"]).arg(&library);
        let output = compiler.args([source, "-ldl"]).output();
        let output = output.expect("the C compiler that the program was built with");
        assert!(output.status.success(), "{}", both(&output));
        let path = directory.path().join("faults");
        let control =
            File::options().create(true).truncate(true).read(true).write(true).open(&path);
        let control = control.unwrap();
        control.set_len(LENGTH).unwrap();
        Self { library, control, path, _directory: directory }
    }

    pub(super) fn load_into(&self, server: &mut Command) {
        server.env("LD_PRELOAD", &self.library).env("SKRYNKA_FAULTS", &self.path);
    }

    /// From now on these calls fail.
    pub(super) fn begin(&self, fault: Fault) {
        self.end();
        let Fault { calls, error, delay, skip, count, halved, word } = fault;
        let mut text = [0; 100];
        text[..word.len()].copy_from_slice(word.as_bytes());
        self.control.write_all_at(&text, WORD).unwrap();
        let error = u32::try_from(error).unwrap();
        let numbers = [error, skip, count, delay, u32::from(halved), 0, 0].map(u32::to_ne_bytes);
        self.control.write_all_at(numbers.as_flattened(), 4).unwrap();
        // Last, for it is what the server looks at first.
        self.control.write_all_at(&calls.to_ne_bytes(), 0).unwrap();
    }

    /// From now on none fails.
    pub(super) fn end(&self) {
        self.control.write_all_at(&[0; 4], 0).unwrap();
    }

    /// How many failed since the fault began.
    pub(super) fn failed(&self) -> u32 {
        let mut number = [0; 4];
        self.control.read_exact_at(&mut number, FAILED).unwrap();
        u32::from_ne_bytes(number)
    }
}
