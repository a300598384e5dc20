//! Who is asking: the session behind the cookie, and the cookies themselves.
//!
//! The cookie holds a random token; the database holds its digest. Over TLS the cookie is
//! `__Host-skrynka` with `Secure` (RFC 6265bis §4.1.3.2); for a browser on the server's own
//! machine, where there is no TLS, it is `skrynka` without.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

use super::{
    State,
    disclosure::Reader,
    headers::is_over_tls,
    pages::Frame,
    refusal::Refusal,
    secret::{Token, is_masked, masked, token_digest},
    texts::Texts,
};
use crate::{
    domain::{Actor, BranchScope, Language, Role, Sha256, Timestamp},
    store::NewSession,
};

/// A session ends after this long without a request, in seconds.
const IDLE_SECONDS: i64 = 30 * 60;
/// A session ends this long after signing in, in seconds.
const ABSOLUTE_SECONDS: i64 = 12 * 60 * 60;
/// A session's end is moved at most this often, in seconds: not every request writes.
const EXTEND_SECONDS: i64 = 60;

const SESSION_NAME: &str = "skrynka";
const DEVICE_NAME: &str = "skrynka-device";
const HOST_PREFIX: &str = "__Host-";
const LANGUAGE_NAME: &str = "skrynka-language";

/// Who is signed in. As an argument of a handler: nobody else gets in.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) scope: BranchScope,
    pub(super) t: Texts,
    pub(super) token_digest: Sha256,
    form_token: String,
    /// What the forms of this answer bear in its place.
    masked_token: String,
}

impl Viewer {
    /// What they may see.
    pub(super) fn reader(&self) -> Reader {
        Reader {
            actor: Actor::User(self.name.clone()),
            scope: self.scope.clone(),
            opens_documents: self.role.opens_documents(),
            opens_everything: self.role.opens_everything(),
        }
    }

    /// The frame of a page for them.
    pub(super) fn frame(&self, state: &State, here: &str) -> Frame {
        Frame::new(self.t, &state.organisation(), here)
            .with_user(self.t, &self.name, self.role, &self.masked_token)
            .with_trust(self.t, &state.trust.borrow())
            .with_clock(*state.standing.borrow(), self.role)
    }

    /// Refuses a form that does not bear the session's token.
    pub(super) fn check_form(&self, token: &str) -> Result<(), Refusal> {
        if is_masked(token, &self.form_token) { Ok(()) } else { Err(Refusal::StaleForm) }
    }

    /// The one who is signed in with the cookie of these headers, if anybody.
    pub(super) async fn find(state: &State, headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(digest) = session_digest(headers) else { return Ok(None) };
        let now = state.clock.now();
        let Some(session) = state.store.session(&digest, now).await? else { return Ok(None) };
        let end = end_of(session.created_at, now);
        if end.seconds_since(session.expires_at) >= EXTEND_SECONDS {
            state.store.extend_session(&digest, end).await?;
        }
        let masked_token = masked(&session.csrf).map_err(|error| Refusal::internal(&error))?;
        Ok(Some(Self {
            name: session.user.name,
            role: session.user.role,
            scope: session.user.scope,
            t: Texts::new(language(headers)),
            token_digest: digest,
            form_token: session.csrf,
            masked_token,
        }))
    }
}

impl FromRequestParts<State> for Viewer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        Self::find(state, &parts.headers).await?.ok_or(Refusal::SignIn)
    }
}

/// Starts a session for `user` and tells the header that brings it to their browser.
pub(super) async fn start(
    state: &State,
    headers: &HeaderMap,
    user: String,
) -> Result<HeaderValue, Refusal> {
    let now = state.clock.now();
    let token = Token::random().map_err(|error| Refusal::internal(&error))?;
    let form_token = Token::random().map_err(|error| Refusal::internal(&error))?;
    let session = NewSession {
        token_digest: token.digest(),
        user,
        csrf: form_token.as_str().to_owned(),
        created_at: now,
        expires_at: end_of(now, now),
    };
    state.store.start_session(&session).await?;
    cookie(headers, SESSION_NAME, token.as_str(), "")
}

/// The header that takes the session's cookie away.
pub(super) fn forget(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    cookie(headers, SESSION_NAME, "", "; Max-Age=0")
}

/// The digest of the token in the session's cookie.
pub(super) fn session_digest(headers: &HeaderMap) -> Option<Sha256> {
    own_cookie(headers, SESSION_NAME).map(token_digest)
}

/// The language chosen with the switch.
pub(super) fn language(headers: &HeaderMap) -> Language {
    cookie_value(headers, LANGUAGE_NAME).and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// The header that remembers the language for a year.
pub(super) fn language_cookie(headers: &HeaderMap, language: Language) -> HeaderValue {
    let text = match (language, is_secure(headers)) {
        (Language::Uk, true) => {
            "skrynka-language=uk; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"
        }
        (Language::En, true) => {
            "skrynka-language=en; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"
        }
        (Language::Uk, false) => {
            "skrynka-language=uk; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
        }
        (Language::En, false) => {
            "skrynka-language=en; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
        }
    };
    HeaderValue::from_static(text)
}

/// The host that the client asked for, with its port.
pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// The end of a session that began at `created_at` and is used at `now`.
fn end_of(created_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus_seconds(IDLE_SECONDS).min(created_at.plus_seconds(ABSOLUTE_SECONDS))
}

/// The header that marks the device as one that its user signed in from, for a year.
pub(super) fn device_cookie(headers: &HeaderMap, marks: &str) -> Result<HeaderValue, Refusal> {
    cookie(headers, DEVICE_NAME, marks, "; Max-Age=31536000")
}

/// The marks that the device bears.
pub(super) fn device_marks(headers: &HeaderMap) -> &str {
    own_cookie(headers, DEVICE_NAME).unwrap_or_default()
}

/// The value of the cookie that [`cookie`] makes of this name.
fn own_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    if is_secure(headers) {
        cookie_value(headers, &format!("{HOST_PREFIX}{name}"))
    } else {
        cookie_value(headers, name)
    }
}

fn cookie(
    headers: &HeaderMap,
    name: &str,
    value: &str,
    more: &str,
) -> Result<HeaderValue, Refusal> {
    let text = if is_secure(headers) {
        format!("{HOST_PREFIX}{name}={value}; Path=/; HttpOnly; SameSite=Lax; Secure{more}")
    } else {
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{more}")
    };
    let mut header = HeaderValue::try_from(text).map_err(|error| Refusal::internal(&error))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Whether the cookie must be kept to TLS: always, but for a browser on this machine.
fn is_secure(headers: &HeaderMap) -> bool {
    is_over_tls(headers) || !host(headers).is_some_and(is_loopback)
}

/// Whether a browser that asks does so without TLS over a network: it says nothing of where its requests
/// come from then, and keeps no cookie of a session. Programs pass for one; they sign in nowhere.
pub(super) fn lacks_https(headers: &HeaderMap) -> bool {
    // Behind a proxy that does not say how the browser came, what it says of itself tells.
    is_secure(headers) && !is_over_tls(headers) && !headers.contains_key("sec-fetch-site")
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "[::1]", "localhost"].contains(&name)
}

fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, value)| *given == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))])
    }

    #[test]
    fn the_cookie_is_kept_to_tls_but_on_this_machine() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "localhost:1"] {
            assert!(!is_secure(&headers(host)), "{host}");
        }
        for host in [
            "skrynka.example.ua",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "localhost:x",
        ] {
            assert!(is_secure(&headers(host)), "{host}");
        }
        assert!(is_secure(&HeaderMap::new()));
        let mut proxied = headers("127.0.0.1:8080");
        proxied.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert!(is_secure(&proxied), "a proxy that names us by our own address");
    }

    #[test]
    fn finds_its_cookie_among_others() {
        let mut given = headers("localhost");
        given.append(header::COOKIE, HeaderValue::from_static("a=b; skrynka-x=1"));
        given.append(header::COOKIE, HeaderValue::from_static("skrynka-language=en;skrynka=t"));
        assert_eq!(cookie_value(&given, SESSION_NAME), Some("t"));
        assert_eq!(language(&given), Language::En);
        assert_eq!(language(&HeaderMap::new()), Language::Uk);
    }

    #[test]
    fn a_session_ends_when_idle_and_after_a_working_day() {
        let start = Timestamp::from_seconds(0);
        assert_eq!(end_of(start, start).as_seconds(), IDLE_SECONDS);
        let late = Timestamp::from_seconds(ABSOLUTE_SECONDS - 5);
        assert_eq!(end_of(start, late).as_seconds(), ABSOLUTE_SECONDS);
    }
}
