//! The drawing in `ARCHITECTURE.md` holds: who imports whom, which modules stay pure, and that a
//! crate which is a boundary is named in one module only.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each module and the modules that it may name. The same lines stand in `ARCHITECTURE.md`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("metrics", &["domain"]),
    ("sealing", &["domain"]),
    ("asn1", &[]),
    ("xml", &[]),
    ("content", &["domain"]),
    ("dstu", &[]),
    ("algorithms", &["domain", "dstu"]),
    ("trust", &["algorithms", "asn1", "domain", "xml"]),
    ("envelope", &["algorithms", "asn1", "domain", "dstu", "trust"]),
    ("message", &["domain"]),
    ("signature", &["algorithms", "asn1", "content", "domain", "trust", "xml"]),
    ("bundle", &["algorithms", "content", "domain", "envelope", "message", "signature", "trust"]),
    ("sender", &["domain"]),
    ("registry", &["domain"]),
    ("matching", &["bundle", "domain", "registry", "signature"]),
    ("spool", &["domain", "metrics", "sealing"]),
    ("vault", &["domain", "sealing"]),
    ("store", &["domain", "matching", "registry"]),
    (
        "archive",
        &["bundle", "domain", "matching", "sealing", "signature", "store", "trust", "vault"],
    ),
    ("tls", &[]),
    ("smtp", &["clock", "domain", "metrics", "tls"]),
    ("retention", &["archive", "clock", "domain", "metrics", "store"]),
    (
        "pipeline",
        &[
            "archive",
            "bundle",
            "clock",
            "domain",
            "envelope",
            "matching",
            "message",
            "metrics",
            "registry",
            "sealing",
            "sender",
            "signature",
            "smtp",
            "spool",
            "store",
            "trust",
            "vault",
        ],
    ),
    (
        "web",
        &[
            "archive", "clock", "content", "domain", "metrics", "registry", "sealing", "store",
            "tls", "trust", "vault",
        ],
    ),
    ("sample", &["domain", "dstu"]),
    ("config", &["domain", "smtp", "spool", "web"]),
    (
        "app",
        &[
            "algorithms",
            "archive",
            "clock",
            "config",
            "domain",
            "envelope",
            "matching",
            "metrics",
            "pipeline",
            "registry",
            "retention",
            "sealing",
            "sender",
            "smtp",
            "spool",
            "store",
            "tls",
            "trust",
            "vault",
            "web",
        ],
    ),
    (
        "cli",
        &[
            "algorithms",
            "app",
            "archive",
            "bundle",
            "clock",
            "config",
            "domain",
            "envelope",
            "metrics",
            "registry",
            "retention",
            "sample",
            "sealing",
            "signature",
            "smtp",
            "spool",
            "store",
            "tls",
            "trust",
            "vault",
            "web",
        ],
    ),
];

/// Modules without async, clock, environment, files and logging.
const PURE: &[&str] = &[
    "algorithms",
    "asn1",
    "bundle",
    "content",
    "domain",
    "dstu",
    "envelope",
    "matching",
    "message",
    "registry",
    "signature",
    "trust",
    "xml",
];

/// What a pure module does not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "SystemTime",
    "Instant::now",
    "tokio::",
    "tracing::",
    "async fn",
    ".await",
    "getrandom",
];

/// Crates that are a boundary, and the modules that may name them.
const BOUNDARIES: &[(&str, &[&str])] = &[
    ("aes_gcm", &["envelope"]),
    ("aes_kw", &["envelope"]),
    ("argon2", &["web"]),
    ("askama", &["web"]),
    ("axum", &["web"]),
    ("cbc", &["envelope"]),
    ("ed25519_dalek", &["algorithms", "sample"]),
    ("fluent_templates", &["web"]),
    ("hmac", &["envelope", "sealing"]),
    ("hyper", &["web"]),
    ("hyper_util", &["web"]),
    ("instant_acme", &["app"]),
    ("jiff", &["domain"]),
    ("kupyna", &["dstu"]),
    ("mail_auth", &["sender"]),
    ("mail_parser", &["message"]),
    ("object_store", &["vault"]),
    ("p256", &["algorithms", "envelope", "sample"]),
    ("p384", &["algorithms"]),
    ("pbkdf2", &["envelope"]),
    ("prometheus", &["metrics"]),
    ("rcgen", &["tls"]),
    ("ring", &["sealing"]),
    ("roxmltree", &["xml"]),
    ("rsa", &["algorithms"]),
    ("rustls", &["tls"]),
    ("sd_listen_fds", &["cli"]),
    ("smtp_proto", &["smtp"]),
    ("sqlx", &["store"]),
    ("tower", &["web"]),
    ("tower_http", &["web"]),
    ("unicode_normalization", &["domain"]),
    ("ureq", &["app"]),
    ("x509_cert", &["algorithms", "sample", "signature", "trust"]),
    ("x509_parser", &["trust"]),
    ("zune_jpeg", &["content"]),
    ("zxcvbn", &["cli"]),
];

#[test]
fn modules_import_only_what_the_drawing_shows() {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        MAY_IMPORT.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        let Some(may) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: module `{module}` is not in the drawing", file.display()));
            continue;
        };
        for named in modules_named(&code, allowed.keys().copied()) {
            if named != module && !may.contains(named) {
                wrong.push(format!("{}: `{module}` names `{named}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the drawing does not show:\n{}", wrong.join("\n"));
}

#[test]
fn pure_modules_stay_pure() {
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        if PURE.contains(&module.as_str()) {
            let named = IMPURE.iter().filter(|sign| code.contains(**sign));
            wrong.extend(named.map(|sign| format!("{}: {sign}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "pure modules name:\n{}", wrong.join("\n"));
}

#[test]
fn a_boundary_crate_is_named_in_its_module_only() {
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        for (name, homes) in BOUNDARIES {
            let used = words(&code).any(|(word, next)| word == *name && next == "::");
            if used && !homes.contains(&module.as_str()) {
                wrong.push(format!("{}: `{module}` names the crate `{name}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "crates named outside their module:\n{}", wrong.join("\n"));
}

#[test]
fn the_drawing_in_the_document_is_this_one() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (module, may) in MAY_IMPORT {
        let line = if may.is_empty() {
            format!("{module}: nothing")
        } else {
            format!("{module}: {}", may.join(" "))
        };
        assert!(document.contains(&line), "ARCHITECTURE.md lacks the line\n{line}");
    }
}

#[test]
fn every_decision_is_listed_by_its_title() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let decisions = fs::read_dir(root().join("docs/decisions")).unwrap();
    let names = decisions.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    let lines: Vec<_> =
        document.lines().filter(|line| line.contains("](docs/decisions/")).collect();
    assert_eq!(lines.len(), names.len(), "ARCHITECTURE.md lists what is there");
    for (line, name) in lines.into_iter().zip(names) {
        let text = fs::read_to_string(root().join("docs/decisions").join(&name)).unwrap();
        let title = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap();
        assert_eq!(line, format!("- [{title}](docs/decisions/{name})"));
        let date = text.lines().nth(2).and_then(|line| line.strip_prefix("Since ")).unwrap();
        assert!(date.trim_end_matches('.').parse::<jiff::civil::Date>().is_ok(), "{name}: {date}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file: its top-level module, its path, its code without comments and tests.
fn sources() -> Vec<(String, PathBuf, String)> {
    let source = root().join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    let tests = test_modules(&files);
    files
        .into_iter()
        .filter(|file| !tests.iter().any(|test| file.starts_with(test)))
        .filter_map(|file| {
            let relative = file.strip_prefix(&source).unwrap();
            let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            if module == "lib" || module == "main" {
                return None;
            }
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let code: String = code
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default())
                .collect::<Vec<_>>()
                .join("\n");
            Some((module, file.clone(), code))
        })
        .collect()
}

/// The files and directories of modules that are declared for tests only.
fn test_modules(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            let name = pair[1].rsplit_once("mod ").and_then(|(_, rest)| rest.strip_suffix(';'));
            if let (true, Some(name)) = (pair[0] == "#[cfg(test)]", name) {
                let directory = file.with_extension("");
                found.push(directory.join(name));
                found.push(directory.join(format!("{name}.rs")));
            }
        }
    }
    found
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules of ours that a file names behind `crate::`, also inside braces.
fn modules_named<'a>(code: &str, modules: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let flat = code.split_whitespace().collect::<String>();
    let mut groups = Vec::new();
    for (at, _) in flat.match_indices("crate::") {
        let rest = &flat[at + "crate::".len()..];
        groups.push(match rest.strip_prefix('{') {
            Some(inside) => top_level(inside),
            None => vec![identifier(rest)],
        });
    }
    let named: BTreeSet<&str> = groups.iter().flatten().map(String::as_str).collect();
    modules.filter(|module| named.contains(module)).collect()
}

/// The first identifier of each item of a brace group.
fn top_level(group: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let mut items = vec![String::new()];
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ if depth == 0 => items.last_mut().unwrap().push(letter),
            _ => {}
        }
    }
    items.iter().map(|item| identifier(item)).collect()
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Each identifier of the code with the two signs that follow it.
fn words(code: &str) -> impl Iterator<Item = (String, String)> + '_ {
    code.char_indices().filter_map(move |(at, letter)| {
        let before = code[..at].chars().next_back();
        let starts = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        if !starts || !(letter.is_alphabetic() || letter == '_') {
            return None;
        }
        let word = identifier(&code[at..]);
        let next = code[at + word.len()..].chars().take(2).collect();
        Some((word, next))
    })
}
