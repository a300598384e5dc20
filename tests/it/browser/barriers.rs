//! Pages for everybody: no barrier that axe-core finds, in both languages, light, dark and in forced
//! colours, on a phone and on a desk; and what strangers wrote stays where it belongs.

use std::{env, fs, path::Path};

use tempfile::TempDir;

use super::{PASSWORD, picture};
use crate::support::{
    installation::{Server, both, skrynka},
    webdriver::{Browser, Look},
};

const DESK: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (360, 740);
const LANGUAGES: [&str; 2] = ["uk", "en"];

/// What the demo sends, kept and shown in a browser.
struct Demo {
    browser: Browser,
    server: Server,
    _files: TempDir,
}

impl Demo {
    fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let directory = files.path().join("demo");
        let made = skrynka().args(["demo", "--once", "--keep"]).arg(&directory).output().unwrap();
        assert!(made.status.success(), "{}", both(&made));
        let config = directory.join("skrynka.toml");
        add_supervisor(&config);
        Self { browser: Browser::start(), server: Server::start(&config, &[]), _files: files }
    }

    fn open(&self, path: &str) {
        self.browser.open(&format!("http://{}{path}", self.server.web));
    }

    fn sign_in(&self) {
        self.open("/login");
        self.browser.fill("input[name=name]", "olena");
        self.browser.fill("input[name=password]", PASSWORD);
        self.browser.follow("main button[type=submit]");
    }

    /// Every page from here on is in this language.
    fn speak(&self, language: &str) {
        self.open("/");
        if self.browser.script("return document.documentElement.lang") != language {
            self.browser.follow("form[action='/language'] button");
        }
    }

    fn shares(&self) -> Vec<String> {
        self.open("/");
        self.browser.links("main .shares a[href^='/shares/']")
    }
}

fn add_supervisor(config: &Path) {
    use std::{io::Write as _, process::Stdio};
    let mut added = skrynka()
        .args(["user", "add", "olena", "--role", "supervisor", "--all-branches", "-c"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(added.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(added.wait().unwrap().success());
}

#[test]
fn no_page_has_a_barrier_that_axe_finds() {
    let Some(axe) = axe() else { return };
    let demo = Demo::new();
    let browser = &demo.browser;
    let mut found = Vec::new();
    let mut look_at = |page: &str, (width, height): (u32, u32), look: Look| {
        let language = browser.script("return document.documentElement.lang");
        let place = format!("{page} {language} {width}x{height} {look:?}");
        if language == "uk" && page.starts_with(['l', 's']) {
            picture(browser, &format!("{page}-{width}-{look:?}").to_lowercase());
        }
        browser.script("for (const one of document.querySelectorAll('details')) one.open = true");
        browser.script(&axe);
        let barriers = browser.awaited(AXE);
        found.extend(barriers.as_array().unwrap().iter().map(|one| format!("{place}: {one}")));
        if browser.script(SIDEWAYS) == true {
            found.push(format!("{place}: scrolls sideways"));
        }
    };
    let every = || {
        [Look::Light, Look::Dark, Look::ForcedColours]
            .into_iter()
            .flat_map(|look| [DESK, PHONE].map(|size| (size, look)))
    };
    let show = |path: &str, size: (u32, u32), look| {
        browser.resize(size.0, size.1);
        browser.look(look);
        demo.open(path);
    };

    for language in LANGUAGES {
        demo.speak(language);
        for (size, look) in every() {
            show("/login", size, look);
            look_at("login", size, look);
        }
    }
    browser.fill("input[name=name]", "olena");
    browser.fill("input[name=password]", "a wrong pass phrase");
    browser.follow("main button[type=submit]");
    look_at("login-wrong", PHONE, Look::ForcedColours);
    demo.sign_in();
    let shares = demo.shares();
    assert!(shares.len() > 10, "the demo sends many kinds: {shares:?}");
    for language in LANGUAGES {
        demo.speak(language);
        for (name, path) in
            [("list", "/"), ("list-none", "/?branch=school&from=2999-01-01"), ("error", "/nowhere")]
        {
            for (size, look) in every() {
                show(path, size, look);
                look_at(name, size, look);
            }
        }
    }
    // Each share in one of the ways, so that all ways are seen.
    let ways = every().flat_map(|way| LANGUAGES.map(|language| (way, language)));
    for (number, (path, ((size, look), language))) in shares.iter().zip(ways.cycle()).enumerate() {
        demo.speak(language);
        show(path, size, look);
        look_at(&format!("share-{number}"), size, look);
    }
    assert!(found.is_empty(), "{} barriers:\n{}", found.len(), found.join("\n"));
}

/// What axe finds, whatever its impact, and where.
const AXE: &str = r"
    const done = arguments[0];
    axe.run(document, { resultTypes: ['violations'] }).then(
        (all) => done(all.violations.map((one) => ({
            rule: one.id, impact: one.impact, help: one.help,
            where: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
            why: one.nodes[0].failureSummary,
        }))),
        (error) => done([String(error)]),
    );
";

/// Whether the page is wider than its window.
const SIDEWAYS: &str =
    "const page = document.documentElement; return page.scrollWidth > page.clientWidth";

/// The text of axe-core. `None`, said aloud, where `ci/test` did not fetch it; in CI it is a must.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn axe() -> Option<String> {
    let Some(file) = env::var_os("SKRYNKA_AXE") else {
        assert!(env::var_os("CI").is_none(), "CI needs axe-core: ci/axe fetches it");
        eprintln!("SKIPPED: SKRYNKA_AXE names no file with axe-core (ci/axe fetches it)");
        return None;
    };
    Some(fs::read_to_string(file).unwrap())
}

#[test]
fn the_newest_share_is_seen_without_scrolling() {
    let demo = Demo::new();
    demo.sign_in();
    for language in LANGUAGES {
        demo.speak(language);
        for ((width, height), most) in [(DESK, 450), (PHONE, 300)] {
            demo.browser.resize(width, height);
            demo.open("/");
            let place = "document.querySelector('.shares tbody tr').getBoundingClientRect()";
            let top = demo.browser.script(&format!("return {place}.top")).as_f64().unwrap();
            let bottom = demo.browser.script(&format!("return {place}.bottom")).as_f64().unwrap();
            assert!(top < f64::from(most), "{language} {width}: begins at {top}");
            assert!(bottom < f64::from(height), "{language} {width}: ends at {bottom}");
        }
    }
}

#[test]
fn whoever_signs_in_can_type_at_once() {
    let demo = Demo::new();
    let focused = || demo.browser.script("return document.activeElement.name");
    demo.open("/login");
    assert_eq!(focused(), "name");
    demo.browser.fill("input[name=name]", "olena");
    demo.browser.fill("input[name=password]", "a wrong pass phrase");
    demo.browser.follow("main button[type=submit]");
    assert_eq!(focused(), "password", "the name is kept");
}

/// The server leaves three marks on a letter; the page itself holds a thousand.
#[test]
fn what_strangers_wrote_does_not_paint_over_other_lines() {
    let demo = Demo::new();
    demo.sign_in();
    let browser = &demo.browser;
    let has_a_file = |path: &String| {
        demo.open(path);
        browser.script("return document.body.innerText.includes('.pdf')") == true
    };
    assert!(demo.shares().iter().any(has_a_file));
    browser.script(
        "const of = (text) => [...document.querySelectorAll('.facts > div')]
             .find((one) => one.querySelector('bdi')?.textContent.includes(text));
         const row = of('.pdf');
         row.previousElementSibling.id = 'above';
         row.nextElementSibling.id = 'below';
         row.id = 'row';
         row.scrollIntoView({ block: 'center' });",
    );
    let around = || ["#above", "#below"].map(|place| browser.picture_of(place));
    let (before, own) = (around(), browser.picture_of("#row"));
    browser.script(
        "document.querySelector('#row bdi').textContent =
             'a' + '\\u0301'.repeat(1000) + 'b' + '\\u0323'.repeat(1000)",
    );
    assert!(browser.picture_of("#row") != own, "the marks are painted in their box");
    assert!(around() == before, "and nowhere else");
}
