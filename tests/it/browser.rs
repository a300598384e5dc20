//! The dashboard in a real browser: Chromium, driven by `WebDriver`, does what a member of staff
//! does. Screenshots are left in `target/screenshots`.

mod barriers;

use std::{fs, path::PathBuf};

use crate::support::{
    installation::{Installation, both, skrynka},
    registries::{SCHOOL, school_and_library},
    webdriver::Browser,
};

const PASSWORD: &str = "a long pass phrase";

#[test]
fn an_operator_logs_in_and_reads_a_share_of_their_branch_only() {
    let documents = r#"["birth-certificate", "internal-passport"]"#;
    let registry = school_and_library(documents, r#"["student-id-card"]"#);
    let installation = Installation::new(&registry);
    let added = installation.run(
        &["user", "add", "school", "--role", "operator", "--branch", "school"],
        &format!("{PASSWORD}\n"),
    );
    assert!(added.status.success(), "{}", both(&added));
    // The authority's certificate must be trusted before the server judges what it signed.
    let seed = installation.path().join("sample.seed");
    let root = installation.path().join("trust/sample.pem");
    let made = skrynka()
        .args(["send", "--to", "nobody@docs.example.ua", "--server", "127.0.0.1:9"])
        .args(["--document", "internal-passport", "--authority"])
        .args([&seed, &PathBuf::from("--root"), &root])
        .output()
        .unwrap();
    assert!(!made.status.success() && root.exists(), "{}", both(&made));
    let server = installation.start();
    for (to, documents) in [
        ("school", &["birth-certificate", "internal-passport"][..]),
        ("school", &["birth-certificate"]),
        ("library", &["student-id-card"]),
    ] {
        let mut command = skrynka();
        command.args(["send", "--server", &server.smtp.to_string(), "--authority"]).arg(&seed);
        command.args(["--to", &format!("{to}@docs.example.ua")]);
        for document in documents {
            command.args(["--document", document]);
        }
        let sent = command.output().unwrap();
        assert!(sent.status.success(), "{}", both(&sent));
    }
    server.wait_until_judged();

    let browser = Browser::start();
    browser.open(&format!("http://{}/", server.web));
    assert!(browser.has("input[name=password]"), "who is not logged in is asked to");
    browser.fill("input[name=name]", "school");
    browser.fill("input[name=password]", "a wrong pass phrase");
    browser.follow("main button[type=submit]");
    assert!(browser.has("input[name=password]"), "a wrong password opens nothing");
    browser.fill("input[name=name]", "school");
    browser.fill("input[name=password]", PASSWORD);
    browser.follow("main button[type=submit]");

    let list = browser.text("main");
    assert!(list.contains("Вступ до навчального закладу"), "{list}");
    assert!(!list.contains("Тестова бібліотека"), "other branches are not shown: {list}");
    picture(&browser, "shares");

    let complete = browser.links("main a[href^='/shares/']");
    assert_eq!(complete.len(), 2, "the two shares of the school: {complete:?}");
    // The newest is on top, so the complete one is the second.
    browser.open(&format!("http://{}{}", server.web, complete[1]));
    browser.click("main details summary");
    let page = browser.text("main");
    for shown in ["Тестова установа", "ECDSA P-256", "Паспорт громадянина України"]
    {
        assert!(page.contains(shown), "{shown} is not on the page:\n{page}");
    }
    assert!(browser.has("a[href$='/documents/1']"), "the copy can be downloaded");
    picture(&browser, "share");

    browser.follow("form[action='/language'] button, a[href*='language']");
    assert!(browser.has("html[lang=en]"), "the page is in English");
}

/// A browser trusts a name of the network less than a loopback address, and says less to it.
#[test]
fn who_opens_the_dashboard_without_tls_by_a_name_is_told_that_https_is_needed() {
    let installation = Installation::new(SCHOOL);
    let server = installation.start();
    let browser = Browser::start_with(&["--host-resolver-rules=MAP skrynka.lan 127.0.0.1"]);
    browser.open(&format!("http://skrynka.lan:{}/", server.web.port()));
    let page = browser.text("main");
    assert!(page.contains("Сторінку відкрито без HTTPS"), "{page}");
    browser.fill("input[name=name]", "school");
    browser.fill("input[name=password]", PASSWORD);
    browser.follow("main button[type=submit]");
    let page = browser.text("main");
    assert!(page.contains("Потрібен HTTPS"), "{page}");
    picture(&browser, "needs-https");
}

/// Keeps a picture of the page where a person can look at it.
fn picture(browser: &Browser, name: &str) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(format!("{name}.png")), browser.screenshot()).unwrap();
}
