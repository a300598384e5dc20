//! Every file of the folder that `SKRYNKA_INTEROP_DATA` names, each with the result that its list
//! of origins states, as one table. Without the folder this says that it is skipped.
//!
//! A row passes, is skipped for a reason, or is a known difference for a reason; a known difference
//! that is one no longer fails as any other surprise does, and so does a file without a row.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::support::interop;

mod check;
mod rows;

use self::check::Check;

/// One file and one claim about it.
struct Row {
    /// Its path inside the folder.
    file: &'static str,
    /// What is claimed of it.
    claim: &'static str,
    check: Check,
    expected: Expected,
}

/// How a row has to come out.
enum Expected {
    /// As the list of origins says.
    Pass,
    /// Otherwise than it says, for this reason.
    Difference(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Pass,
    Skip,
    KnownDifference,
    UnexpectedFailure,
    UnexpectedSuccess,
}

impl Outcome {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Pass, "pass"),
        (Self::Skip, "skip"),
        (Self::KnownDifference, "known difference"),
        (Self::UnexpectedFailure, "UNEXPECTED FAILURE"),
        (Self::UnexpectedSuccess, "UNEXPECTED SUCCESS"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).unwrap().1
    }

    fn is_surprise(self) -> bool {
        matches!(self, Self::UnexpectedFailure | Self::UnexpectedSuccess)
    }
}

impl Row {
    fn outcome(&self, data: &Path) -> (Outcome, String) {
        if let Check::Nothing(reason) = &self.check {
            return (Outcome::Skip, (*reason).to_owned());
        }
        // A check may be a test elsewhere, which panics to say that it failed.
        let checked = catch_unwind(AssertUnwindSafe(|| self.check.run(data, self.file)))
            .unwrap_or_else(|_| Err("the check panicked".to_owned()));
        match (checked, &self.expected) {
            (Ok(()), Expected::Pass) => (Outcome::Pass, String::new()),
            (Err(why), Expected::Pass) => (Outcome::UnexpectedFailure, why),
            (Err(_), Expected::Difference(reason)) => {
                (Outcome::KnownDifference, (*reason).to_owned())
            }
            (Ok(()), Expected::Difference(reason)) => {
                (Outcome::UnexpectedSuccess, format!("differs no longer: {reason}"))
            }
        }
    }
}

#[test]
fn every_file_of_other_software_gives_the_result_that_it_is_known_for() {
    let Some(data) = interop::data() else { return };
    let rows = rows::all();
    let mut outcomes = Vec::new();
    let mut table = String::new();
    for row in &rows {
        let (outcome, why) = row.outcome(&data);
        let Row { file, claim, .. } = row;
        let why = if why.is_empty() { why } else { format!(" ({why})") };
        writeln!(table, "{:18} {file}: {claim}{why}", outcome.name()).unwrap();
        outcomes.push(outcome);
    }
    let named: BTreeSet<&str> = rows.iter().map(|row| row.file).collect();
    let here = files(&data);
    writeln!(table, "\n{} files, {} rows", here.len(), rows.len()).unwrap();
    for (outcome, name) in Outcome::ALL {
        let count = outcomes.iter().filter(|own| **own == outcome).count();
        writeln!(table, "{count:5} {name}").unwrap();
    }
    println!("{table}");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    fs::write(target.join("interop.txt"), &table).unwrap();

    let nameless: Vec<_> = here.iter().filter(|file| !named.contains(file.as_str())).collect();
    assert!(nameless.is_empty(), "no row names {nameless:?}");
    let absent: Vec<_> = named.iter().filter(|file| !here.contains(**file)).collect();
    assert!(absent.is_empty(), "these files are gone: {absent:?}");
    assert!(!outcomes.iter().any(|outcome| outcome.is_surprise()), "{table}");
}

/// The paths of all files below `folder`.
/// All files but those that have a table of their own beside them.
fn files(folder: &Path) -> BTreeSet<String> {
    let own_tables = ["field", "suites"].map(|name| folder.join(name));
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if own_tables.contains(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}
