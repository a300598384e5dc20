//! Both languages say the same things, and everything there is has a text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::Texts;
use crate::domain::{Language, Timestamp};

type Messages = BTreeMap<String, BTreeSet<String>>;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|given| given == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Each message and attribute of a language with the variables in it.
fn messages(language: Language) -> Messages {
    let folder = sources().join("locales").join(language.as_str());
    let mut messages = Messages::new();
    for file in files_below(&folder, "ftl") {
        let text = fs::read_to_string(&file).unwrap();
        let (mut message, mut key) = (String::new(), String::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.trim_start().split_once(" =") {
                if let Some(attribute) = name.strip_prefix('.') {
                    key = format!("{message}.{attribute}");
                } else if !line.starts_with(' ') {
                    name.clone_into(&mut message);
                    key.clone_from(&message);
                }
                assert!(!messages.contains_key(&key), "{key} stands twice, again in {file:?}");
            }
            if !key.is_empty() {
                messages.entry(key.clone()).or_default().extend(variables(line));
            }
        }
    }
    messages
}

fn variables(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split('$')
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect())
}

/// All templates and sources but tests.
fn code() -> String {
    let files = files_below(&sources(), "html").into_iter().chain(files_below(&sources(), "rs"));
    files
        .filter(|file| !file.components().any(|part| part.as_os_str() == "tests"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
}

#[test]
fn both_languages_have_the_same_texts_that_leave_the_same_open() {
    assert_eq!(messages(Language::Uk), messages(Language::En));
}

#[test]
fn every_text_that_a_template_says_exists() {
    let known = messages(Language::Uk);
    for file in files_below(&sources().join("templates"), "html") {
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("t.say(\"").skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(known.contains_key(key), "{key} in {file:?}");
        }
    }
}

#[test]
fn no_text_is_left_over() {
    // Keys that are put together from a name in a closed set; the tests of the pages walk those.
    const SETS: [&str; 19] = [
        "assurance-",
        "finding-",
        "indication-",
        "instead-",
        "legal-basis-",
        "limit-",
        "list-empty",
        "retention-",
        "role-",
        "severity-",
        "signal-",
        "signer-kind-",
        "signers-",
        "sub-",
        "type-source-",
        "type-unknown",
        "unreadable-",
        "verdict-",
        "warning-",
    ];
    let code = code();
    for key in messages(Language::Uk).into_keys() {
        let message = key.split('.').next().unwrap_or_default();
        let of_a_set = SETS.iter().any(|set| message.starts_with(set));
        assert!(of_a_set || code.contains(&format!("\"{message}\"")), "{key} is said nowhere");
    }
}

#[test]
fn every_text_can_be_said() {
    for language in Language::ALL {
        let t = Texts::new(language);
        for (key, variables) in messages(language) {
            let arguments: Vec<(&'static str, _)> = variables
                .into_iter()
                .map(|name| (&*Box::leak(name.into_boxed_str()), 2.into()))
                .collect();
            let said = t.find(&key, arguments);
            assert!(said.is_some_and(|text| !text.trim().is_empty()), "{key} {language:?}");
        }
    }
}

#[test]
fn the_name_of_the_app_is_written_as_its_maker_asks() {
    for file in files_below(&sources().join("locales/uk"), "ftl") {
        let text = fs::read_to_string(&file).unwrap();
        for wrong in ["«Дія»", "ДІЯ", "додаток Дія", "додатку Дія", "застосунку «"]
        {
            assert!(!text.contains(wrong), "{wrong} in {file:?}");
        }
    }
}

#[test]
fn writes_a_moment_by_the_clock_in_kyiv() {
    let at: Timestamp = "2026-11-22T22:05:59Z".parse().unwrap();
    assert_eq!(Texts::new(Language::Uk).moment(at), "23.11.2026, 00:05");
    assert_eq!(Texts::new(Language::En).moment(at), "23 Nov 2026, 00:05");
}

#[test]
fn counts_in_both_languages_plurals() {
    let uk = Texts::new(Language::Uk);
    for (count, said) in [
        (1, "Показано 1 надходження"),
        (3, "Показано 3 надходження"),
        (5, "Показано 5 надходжень"),
        (21, "Показано 21 надходження"),
    ] {
        assert_eq!(uk.say_with("list-shown", [("count", count.into())]), said);
    }
    let minutes = uk.say_with("login-locked", [("minutes", 2.into())]);
    assert!(minutes.ends_with("через 2 хвилини."), "{minutes}");
    let en = Texts::new(Language::En);
    assert_eq!(en.say_with("list-shown", [("count", 1.into())]), "1 received shown");
}

#[test]
fn writes_national_algorithms_as_people_do() {
    let name = "DSTU 4145 with GOST 34.311";
    assert_eq!(Texts::new(Language::Uk).algorithm(name), "ДСТУ 4145 із ГОСТ 34.311");
    assert_eq!(Texts::new(Language::En).algorithm(name), name);
    assert_eq!(Texts::new(Language::Uk).algorithm("ECDSA P-256"), "ECDSA P-256");
}

#[test]
fn writes_sizes_that_people_read() {
    let uk = Texts::new(Language::Uk);
    let cases = [
        (0, "0 Б"),
        (1023, "1023 Б"),
        (1025, "2 КБ"),
        (1_572_864, "1,5 МБ"),
        (1_048_576, "1,0 МБ"),
    ];
    for (bytes, said) in cases {
        assert_eq!(uk.size(bytes).replace('\u{a0}', " "), said);
    }
    assert!(!uk.size(u64::MAX).is_empty());
}
