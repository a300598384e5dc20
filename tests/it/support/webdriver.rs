//! A small client of W3C's `WebDriver` (§6–§17) for Debian's chromedriver.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::StatusCode;

use crate::support::installation::wait_for;

/// The key under which `WebDriver` names an element (§12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How somebody wants pages to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Light,
    Dark,
    /// The colours of the reader's own scheme, whatever the page wants: high contrast.
    ForcedColours,
}

/// A headless Chromium with a profile of its own. Ended when dropped.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments for Chromium.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (./ci/test does it)");
        let words = BufReader::new(driver.stdout.take().unwrap());
        let port: u16 = words
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let rest = line.split_once("started successfully on port ")?.1;
                rest.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .into();
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1200,1000",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let arguments = [&arguments[..], more].concat();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            // A page that is being loaded has no elements yet.
            "timeouts": {"implicit": 10_000},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let base = format!("http://127.0.0.1:{port}");
        let made = call(agent.post(format!("{base}/session")).send_json(wanted));
        let id = made["sessionId"].as_str().unwrap();
        let session = format!("{base}/session/{id}");
        Self { driver, session, agent, _profile: profile }
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// Shows pages in a window of this size, in CSS pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.command("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Shows pages to somebody who prefers `look`.
    pub(crate) fn look(&self, look: Look) {
        let (scheme, forced) = match look {
            Look::Light => ("light", "none"),
            Look::Dark => ("dark", "none"),
            Look::ForcedColours => ("dark", "active"),
        };
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "forced-colors", "value": forced},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.command("Emulation.setEmulatedMedia", &features);
    }

    /// What this script returns, in the page.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What this script gives to its last argument, a function, in the page.
    pub(crate) fn awaited(&self, script: &str) -> Value {
        self.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    pub(crate) fn has(&self, selector: &str) -> bool {
        !self.elements(selector).is_empty()
    }

    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/clear"), &json!({}));
        self.post(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Clicks what leads to another page, and waits until the page that it was on is gone: the click
    /// alone may answer before the next page is there.
    pub(crate) fn follow(&self, selector: &str) {
        let old = self.element("html");
        self.click(selector);
        let name = format!("{}/element/{old}/name", self.session);
        wait_for("the next page is there", || {
            let (status, answer) = answer(self.agent.get(&name).call());
            (!status.is_success()).then(|| assert!(is_gone(&answer["value"]), "{answer}"))
        });
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        self.get(&format!("element/{element}/text")).as_str().unwrap().to_owned()
    }

    /// The targets of the links, in order, each once.
    pub(crate) fn links(&self, selector: &str) -> Vec<String> {
        let mut targets: Vec<String> =
            self.elements(selector).iter().map(|link| self.attribute_of(link, "href")).collect();
        targets.dedup();
        targets
    }

    /// The visible page as PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        use base64ct::{Base64, Encoding as _};
        Base64::decode_vec(self.get("screenshot").as_str().unwrap()).unwrap()
    }

    /// A part of the page as PNG.
    pub(crate) fn picture_of(&self, selector: &str) -> Vec<u8> {
        use base64ct::{Base64, Encoding as _};
        let element = self.element(selector);
        let picture = self.get(&format!("element/{element}/screenshot"));
        Base64::decode_vec(picture.as_str().unwrap()).unwrap()
    }

    /// A command of Chromium's own.
    fn command(&self, name: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": name, "params": parameters }));
    }

    fn attribute_of(&self, element: &str, name: &str) -> String {
        let value = self.get(&format!("element/{element}/attribute/{name}"));
        value.as_str().unwrap_or_default().to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.elements(selector).into_iter().next();
        found.unwrap_or_else(|| panic!("{selector} is not on the page:\n{}", self.get("source")))
    }

    fn elements(&self, selector: &str) -> Vec<String> {
        let found = self.post("elements", &json!({ "using": "css selector", "value": selector }));
        let elements = found.as_array().unwrap();
        elements.iter().map(|element| element[ELEMENT].as_str().unwrap().to_owned()).collect()
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        call(self.agent.post(format!("{}/{command}", self.session)).send_json(body))
    }

    fn get(&self, command: &str) -> Value {
        call(self.agent.get(format!("{}/{command}", self.session)).call())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Whether the error says that the page of an element is left. In the midst of the change Chromium
/// has words of its own for it.
fn is_gone(error: &Value) -> bool {
    let words = error["message"].as_str().unwrap_or_default();
    error["error"] == "stale element reference" || words.contains("does not belong to the document")
}

type Answered = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn call(answered: Answered) -> Value {
    let (status, body) = answer(answered);
    assert!(status.is_success(), "WebDriver: {status}: {body}");
    body["value"].clone()
}

fn answer(answered: Answered) -> (StatusCode, Value) {
    let mut response = answered.unwrap();
    let body = response.body_mut().with_config().limit(1 << 26).read_json().unwrap_or_default();
    (response.status(), body)
}
