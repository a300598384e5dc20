//! `docs/conformance.md`, `docs/judging.md` and `SECURITY.md` name tests, and each of them exists.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use skrynka::domain::{FindingCode, WarningCode};

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

/// A document that names tests between backticks, wherever it likes.
struct Document {
    path: &'static str,
    /// Words of it that are written like the names of tests: keys of settings, of the registry, of
    /// reports and of the API, and metrics.
    others: &'static [&'static str],
    /// It names more tests than this.
    tests: usize,
}

const DOCUMENTS: [Document; 2] = [
    Document {
        path: "docs/judging.md",
        others: &[
            "invalid_since",
            "judged_at",
            "max_copy_age_hours",
            "require_fresh",
            "type_source",
            "verdict_before",
            "verdict_changed_at",
        ],
        tests: 80,
    },
    Document {
        path: "SECURITY.md",
        others: &[
            "max_copy_age_hours",
            "require_fresh",
            "skrynka_sign_ins_total",
            "skrynka_smtp_bare_line_feeds_total",
            "synchronized_file",
            "type_source",
        ],
        tests: 100,
    },
];

#[test]
fn every_test_behind_a_rule_or_an_answer_exists() {
    let tests = paths_of_tests();
    for Document { path, others, tests: least } in DOCUMENTS {
        let document = fs::read_to_string(root().join(path)).unwrap();
        let words = words_of_code(&document);
        let known: BTreeSet<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
        let known_of_warnings = WarningCode::ALL.iter().map(|code| code.as_str());
        let known: BTreeSet<&str> =
            known.into_iter().chain(known_of_warnings).chain(others.iter().copied()).collect();
        let named = |word: &&str| is_like_a_test(word) && !known.contains(*word);
        let (named, missing): (Vec<&str>, Vec<&str>) =
            words.iter().copied().filter(named).partition(|word| is_test_or_module(word, &tests));
        assert!(missing.is_empty(), "no such tests in {path}: {missing:?}");
        assert!(named.len() > least, "{path}: {}", named.len());
        let unused: Vec<_> = others.iter().filter(|other| !words.contains(**other)).collect();
        assert!(unused.is_empty(), "not in {path}: {unused:?}");
    }
}

/// Threats whose answer no test of this package shows.
const ANSWERED_ELSEWHERE: [&str; 1] = ["Supply chain"];

#[test]
fn every_threat_names_its_tests_or_is_not_stopped() {
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let (_, chapter) = document.split_once("\n## Threats and answers\n").unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let rows: Vec<Vec<String>> =
        chapter.lines().map(cells).filter(|cells| !cells.is_empty()).skip(2).collect();
    assert!(rows.len() > 40, "{}", rows.len());
    let tests = paths_of_tests();
    let mut elsewhere = BTreeSet::from(ANSWERED_ELSEWHERE);
    for row in &rows {
        let [threat, answer] = row.as_slice() else { panic!("two columns: {row:?}") };
        let words = words_of_code(answer);
        let shows = |word: &&&str| is_like_a_test(word) && is_test_or_module(word, &tests);
        let named = words.iter().filter(shows).count();
        assert!(named <= 4, "the most telling ones of {named}: {threat}");
        let is_stopped = !answer.to_lowercase().contains("*not stopped");
        let name = threat.split("**").nth(1).unwrap_or_default();
        let is_elsewhere = elsewhere.remove(name);
        assert!(named == 0 || !is_elsewhere, "it has tests: {threat}");
        assert!(named > 0 || !is_stopped || is_elsewhere, "no test shows it: {threat}");
    }
    assert!(elsewhere.is_empty(), "no such threats: {elsewhere:?}");
}

/// What stands between backticks.
fn words_of_code(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Whether a word between backticks is written like the name or the path of a function.
fn is_like_a_test(word: &str) -> bool {
    let is_plain = word
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | ':' | '…'));
    is_plain && word.len() > 1 && (word.contains('_') || word.contains("::"))
}

/// Whether `word` is a test or a module with tests: its name, its whole path (`it::` stands for
/// `tests/it`), or the end of that after `…`.
fn is_test_or_module(word: &str, tests: &BTreeSet<String>) -> bool {
    let (word, is_whole) = match word.strip_prefix("…::") {
        Some(end) => (end, false),
        None => (word, word.contains("::")),
    };
    let is_named = |path: &str| {
        path == word || !is_whole && path.strip_suffix(word).is_some_and(|p| p.ends_with("::"))
    };
    tests.iter().any(|test| {
        let ends = test.match_indices("::").map(|(end, _)| end).chain([test.len()]);
        ends.into_iter().any(|end| is_named(&test[..end]))
    })
}

#[test]
fn a_test_is_found_by_name_path_and_module_and_by_nothing_else() {
    let tests = ["trust::path::tests::is_right", "it::revocation::is_asked"].map(str::to_owned);
    let tests = BTreeSet::from(tests);
    for (word, is_found) in [
        ("is_right", true),
        ("trust::path::tests::is_right", true),
        ("…::tests::is_right", true),
        ("trust::path::tests", true),
        ("it::revocation", true),
        ("it::revocation::is_asked", true),
        ("…::revocation::is_asked", true),
        ("is_wrong", false),
        ("right", false),
        ("s_right", false),
        ("path::tests::is_right", false),
        ("…::path::is_right", false),
        ("trust::list::tests::is_right", false),
        ("it::revocation::is_right", false),
        ("trust::path::tests::is", false),
    ] {
        assert_eq!(is_test_or_module(word, &tests), is_found, "{word}");
    }
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
    let paths = paths_of_tests();
    paths.iter().filter_map(|path| Some(path.rsplit_once("::")?.1.to_owned())).collect()
}

/// The same with the module of the file that each is in.
fn paths_of_tests() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for (directory, crate_name) in [("src", None), ("tests/it", Some("it"))] {
        let directory = root().join(directory);
        for file in files(&directory) {
            let inside = file.strip_prefix(&directory).unwrap().with_extension("");
            let parts = inside.iter().map(|part| part.to_str().unwrap());
            let module: Vec<&str> = crate_name.into_iter().chain(parts).collect();
            let tests = tests_in(&fs::read_to_string(&file).unwrap());
            paths.extend(tests.iter().map(|test| format!("{}::{test}", module.join("::"))));
        }
    }
    paths
}

/// The names of the functions with an attribute that makes them tests and none that leaves them out,
/// and of those in the list of tests that run on each database.
fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut is_test, mut is_ignored) = (false, false);
    let mut is_list = false;
    for line in source.lines().map(str::trim_start) {
        is_list = (is_list && line != "}") || line == "on_each_engine! {";
        if is_list {
            names.extend(line.strip_suffix(',').map(str::to_owned));
        }
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
                  #[ignore]\n#[test]\nfn d() {}\nproptest! {\n    #[test]\n    fn e(x in 0..1) {}\n}\n\
                  on_each_engine! {\n    f,\n    g,\n}\nasync fn h() {}";
    assert_eq!(tests_in(source), ["a", "b", "e", "f", "g"]);
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
