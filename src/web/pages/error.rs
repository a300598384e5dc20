//! The page for what cannot be shown: fixed texts, and an incident code when we failed.

use askama::Template;

use super::{super::texts::Texts, frame::Frame};

/// The page.
#[derive(Template)]
#[template(path = "error.html")]
pub(in crate::web) struct ErrorPage {
    t: Texts,
    frame: Frame,
    status: u16,
    title: String,
    text: String,
    incident: Option<String>,
}

impl ErrorPage {
    /// The page with the texts of `key`.
    pub(in crate::web) fn new(
        t: Texts,
        frame: Frame,
        status: u16,
        key: &str,
        incident: Option<String>,
    ) -> Self {
        Self { t, frame, status, title: t.say(key), text: t.say(&format!("{key}.text")), incident }
    }
}
