//! The login page.

use askama::Template;

use super::{super::texts::Texts, frame::Frame};
use crate::domain::Timestamp;

/// The page.
#[derive(Template)]
#[template(path = "login.html")]
pub(in crate::web) struct LoginPage {
    t: Texts,
    frame: Frame,
    notes: Vec<Note>,
    name: String,
    back: String,
}

struct Note {
    tone: &'static str,
    role: &'static str,
    text: String,
}

/// Why the login page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum LoginReason {
    /// Too many sign in now; nothing was looked at.
    Busy,
    /// Too many attempts failed.
    Locked {
        /// When it is now.
        now: Timestamp,
        /// When the next attempt is looked at.
        until: Timestamp,
    },
    /// The page was opened without TLS over a network: nobody can sign in there.
    NeedsHttps,
    /// They signed out.
    SignedOut,
    /// Nobody is signed in.
    Start,
    /// The name or the password is wrong; which one is not told.
    Wrong,
}

impl LoginPage {
    /// The page, with the name that was given last time and the address to come back to.
    pub(in crate::web) fn new(
        t: Texts,
        frame: Frame,
        reason: LoginReason,
        name: &str,
        back: &str,
    ) -> Self {
        let note = match reason {
            LoginReason::Busy => {
                Some(Note { tone: "bad", role: "alert", text: t.say("login-busy") })
            }
            LoginReason::Locked { now, until } => {
                let minutes = until.seconds_since(now).max(0) / 60 + 1;
                let text = t.say_with("login-locked", [("minutes", minutes.into())]);
                Some(Note { tone: "bad", role: "alert", text })
            }
            LoginReason::NeedsHttps => {
                Some(Note { tone: "bad", role: "alert", text: t.say("login-needs-https") })
            }
            LoginReason::SignedOut => {
                Some(Note { tone: "mute", role: "status", text: t.say("logged-out") })
            }
            LoginReason::Start => None,
            LoginReason::Wrong => {
                Some(Note { tone: "bad", role: "alert", text: t.say("login-wrong") })
            }
        };
        Self {
            t,
            frame,
            notes: note.into_iter().collect(),
            name: name.to_owned(),
            back: back.to_owned(),
        }
    }
}
