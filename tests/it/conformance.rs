//! `docs/conformance.md` and `docs/judging.md` name tests, and each of them exists.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The column of each table that names tests.
const TESTS: &str = "test";

#[test]
fn every_test_that_the_document_names_exists() {
    let document = fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let named = tests_named(&document);
    assert!(named.len() > 50, "the document has tables with a column `{TESTS}`");
    let existing = tests_in_the_sources();
    let missing: Vec<_> = named.difference(&existing).map(String::as_str).collect();
    assert!(missing.is_empty(), "no such tests:\n{}", missing.join("\n"));
}

#[test]
fn every_rule_that_the_document_names_has_a_test_or_a_reason() {
    let document = fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    for row in document.lines().filter(|line| line.starts_with('|')) {
        let last = cells(row).pop().unwrap_or_default();
        assert!(!last.is_empty(), "{row}");
    }
}

#[test]
fn every_test_behind_a_rule_of_judging_exists() {
    let document = fs::read_to_string(root().join("docs/judging.md")).unwrap();
    let words =
        document.split('`').skip(1).step_by(2).map(|word| word.rsplit("::").next().unwrap());
    // A name that is a sentence is a test's; findings and keys are shorter.
    let is_sentence = |word: &&str| {
        word.matches('_').count() > 3
            && !word.contains(|c: char| c.is_whitespace() || c.is_uppercase())
    };
    let named: BTreeSet<&str> = words.filter(is_sentence).collect();
    assert!(named.len() > 80, "{}", named.len());
    let mut existing = BTreeSet::new();
    for directory in ["src", "tests/it"] {
        for file in files(&root().join(directory)) {
            let source = fs::read_to_string(file).unwrap();
            // Tests that run on both databases are named in a list and have no attribute.
            let functions = source.lines().filter_map(|line| line.split_once("fn "));
            let defined = functions.filter_map(|(_, rest)| rest.split(['(', '<']).next());
            existing.extend(defined.map(str::to_owned));
        }
    }
    let missing: Vec<_> = named.iter().filter(|name| !existing.contains(**name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

/// What stands between backticks in the last column of tables whose last column is for tests.
fn tests_named(document: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut has_tests = false;
    for line in document.lines() {
        let cells = cells(line);
        let Some(last) = cells.last() else {
            has_tests = false;
            continue;
        };
        has_tests = has_tests || last == TESTS;
        if has_tests {
            named.extend(last.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    named
}

fn cells(row: &str) -> Vec<String> {
    let inside = row.strip_prefix('|').and_then(|row| row.strip_suffix('|'));
    inside.map_or_else(Vec::new, |row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// The names of all functions that the test runner runs.
fn tests_in_the_sources() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for directory in ["src", "tests/it"] {
        for file in files(&root().join(directory)) {
            names.extend(tests_in(&fs::read_to_string(file).unwrap()));
        }
    }
    names
}

/// The names of the functions with an attribute that makes them tests and none that leaves them out.
fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut is_test, mut is_ignored) = (false, false);
    for line in source.lines().map(str::trim_start) {
        is_test |= ["#[test]", "#[tokio::test"].iter().any(|test| line.starts_with(test));
        is_ignored |= line.starts_with("#[ignore");
        let line = line.strip_prefix("async ").unwrap_or(line);
        let name = line.strip_prefix("fn ").map(|rest| rest.split(['(', '<']).next());
        if let Some(name) = name {
            names.extend(name.filter(|_| is_test && !is_ignored).map(str::to_owned));
            (is_test, is_ignored) = (false, false);
        }
    }
    names
}

#[test]
fn only_what_the_test_runner_runs_is_a_test() {
    let source = "#[test]\nfn a() {}\nfn helper() {}\n#[tokio::test(start_paused = true)]\n\
                  #[cfg(unix)]\nasync fn b() {}\n#[test]\n#[ignore = \"slow\"]\nfn c() {}\n\
                  #[ignore]\n#[test]\nfn d() {}\nproptest! {\n    #[test]\n    fn e(x in 0..1) {}\n}";
    assert_eq!(tests_in(source), ["a", "b", "e"]);
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
