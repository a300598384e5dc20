//! What stands around every page: brand, navigation, who is signed in, language, warnings.

use std::sync::LazyLock;

use super::{super::texts::Texts, words::role_key};
use crate::{
    domain::{ClockStanding, ClockState, Language, Role, Sha256, Timestamp},
    trust::TrustStore,
};

/// The stylesheet, served from our own origin.
pub(in crate::web) const STYLE: &str = include_str!("../assets/style.css");
/// The icon of the browser's tab.
pub(in crate::web) const ICON: &str = include_str!("../assets/icon.svg");

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::of(STYLE.as_bytes()).to_string();
    format!("/assets/style.css?v={}", digest.get(..12).unwrap_or_default())
});

/// The frame of a page.
#[derive(Clone, Debug)]
pub(in crate::web) struct Frame {
    pub(super) lang: &'static str,
    pub(super) style: &'static str,
    pub(super) organisation: String,
    /// Who is signed in; nobody on the login page and on error pages.
    pub(super) user: Option<FrameUser>,
    /// There is no trusted certificate, so nothing can be verified.
    pub(super) trust_empty: bool,
    /// Why nothing is destroyed, as a key of the texts; not for operators.
    pub(super) clock_alarm: Option<&'static str>,
    /// Which trust list is known; `None` on the login page and on error pages.
    pub(super) trust_list: Option<String>,
    /// Where the switch of language comes back to.
    pub(super) here: String,
    pub(super) other_language: OtherLanguage,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(super) struct FrameUser {
    pub(super) signed_in_as: String,
    /// What forms bring along.
    pub(super) form_token: String,
}

/// The language that the page can be switched to.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtherLanguage {
    pub(super) code: &'static str,
    pub(super) key: &'static str,
}

impl Frame {
    /// A frame with nobody in it, for the page at `here`.
    pub(in crate::web) fn new(t: Texts, organisation: &str, here: &str) -> Self {
        let other_language = match t.language() {
            Language::Uk => OtherLanguage { code: Language::En.as_str(), key: "language-en" },
            Language::En => OtherLanguage { code: Language::Uk.as_str(), key: "language-uk" },
        };
        Self {
            lang: t.language().as_str(),
            style: STYLE_PATH.as_str(),
            organisation: organisation.to_owned(),
            user: None,
            trust_empty: false,
            clock_alarm: None,
            trust_list: None,
            here: here.to_owned(),
            other_language,
        }
    }

    /// The same for somebody who is signed in.
    pub(in crate::web) fn with_user(
        self,
        t: Texts,
        name: &str,
        role: Role,
        form_token: &str,
    ) -> Self {
        let role = t.say(&role_key(role));
        let signed_in_as =
            t.say_with("signed-in-as", [("name", name.into()), ("role", role.into())]);
        let user = FrameUser { signed_in_as, form_token: form_token.to_owned() };
        Self { user: Some(user), ..self }
    }

    /// The same with what is trusted: a warning when it is nothing, and the trust list's days.
    pub(in crate::web) fn with_trust(self, t: Texts, trust: &TrustStore) -> Self {
        let day = |moment: Timestamp| t.day(moment.day_in_kyiv());
        let list = match trust.newest_list() {
            Some(list) => {
                let next = list.next_update.map_or_else(|| "—".to_owned(), day);
                let issued = day(list.issued_at);
                t.say_with("trust-list", [("issued", issued.into()), ("next", next.into())])
            }
            None => t.say("trust-list-none"),
        };
        Self { trust_empty: trust.is_empty(), trust_list: Some(list), ..self }
    }

    /// The same with a warning while nothing is destroyed for the clock. An operator could only
    /// worry.
    pub(in crate::web) fn with_clock(self, state: ClockState, role: Role) -> Self {
        let clock_alarm = match (role, state.standing()) {
            (Role::Operator, _) | (_, ClockStanding::Accepted) => None,
            (_, ClockStanding::Ahead) => Some("clock-ahead"),
            (_, ClockStanding::Behind) => Some("clock-behind"),
        };
        Self { clock_alarm, ..self }
    }
}
