//! Signing in and out, and the switch of language.

use axum::{
    Extension, Form,
    extract::{Query, State as Extract},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    super::{
        State,
        listener::Client,
        refusal::Refusal,
        session::{self, Viewer},
        sign_ins::Attempt,
        texts::Texts,
    },
    frame::Frame,
    login::{LoginPage, LoginReason},
    page,
};
use crate::{
    domain::{Actor, Language, Timestamp},
    metrics::SignInOutcome,
    store::{AuditAction, AuditEntry, LoginGate},
};

const MAX_NAME_LEN: usize = 128;
const MAX_PASSWORD_LEN: usize = 1024;
/// When it is worth another try where too many sign in.
const BUSY_SECONDS: u64 = 5;

#[derive(Deserialize)]
pub(super) struct SignIn {
    name: String,
    password: String,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
pub(super) struct Switch {
    language: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    token: String,
}

/// Where the login page is told to come back to.
#[derive(Deserialize)]
pub(super) struct Return {
    #[serde(default)]
    back: String,
}

/// The address of the login page that comes back to `here`.
pub(in crate::web) fn login_address(here: &str) -> String {
    let here = local(here);
    // Ours hold nothing that needs encoding but these.
    let encoded = here.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
    if here == "/" { "/login".to_owned() } else { format!("/login?back={encoded}") }
}

pub(super) async fn form(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    let back = Query::<Return>::try_from_uri(&uri).map_or_else(|_| String::new(), |q| q.0.back);
    let back = local(&back);
    if Viewer::find(&state, &headers).await?.is_some() {
        return Ok(Redirect::to(back).into_response());
    }
    let login = Login { state: &state, headers: &headers, back, name: "" };
    let reason =
        if session::lacks_https(&headers) { LoginReason::NeedsHttps } else { LoginReason::Start };
    Ok(login.page(StatusCode::OK, reason))
}

pub(super) async fn sign_in(
    Extract(state): Extract<State>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    Form(SignIn { name, password, back }): Form<SignIn>,
) -> Result<Response, Refusal> {
    let from = client.and_then(|Extension(Client(from))| from);
    let login = Login { state: &state, headers: &headers, back: local(&back), name: name.trim() };
    let too_long = login.name.len() > MAX_NAME_LEN || password.len() > MAX_PASSWORD_LEN;
    if too_long || login.name.is_empty() {
        return Ok(login.page(StatusCode::FORBIDDEN, LoginReason::Wrong));
    }
    let user = state.store.user(login.name).await?;
    let hash = user.as_ref().map(|user| user.password_hash.as_str());
    let marks = session::device_marks(&headers);
    let attempt = Attempt::new(state.archive.vault(), login.name, hash, from, marks);
    // First a turn, and then the count: who is sent away for want of room has tried nothing.
    let Some(turn) = state.sign_ins.checks().queue(attempt.asker()) else {
        return Ok(login.busy());
    };
    let now = state.clock.now();
    if let LoginGate::Locked { until } = state.store.attempt_login(&attempt.counts(), now).await? {
        // No line in the audit: the attempts that led here have theirs, and whoever sends these
        // could fill it.
        return Ok(login.locked(now, until));
    }
    let enabled = user.as_ref().filter(|user| user.disabled_at.is_none());
    let hash = enabled.map(|user| user.password_hash.clone());
    let right = state.sign_ins.checks().is_password(turn, password, hash).await?;
    let Some(enabled) = enabled.filter(|_| right) else {
        state.metrics.sign_in(SignInOutcome::Wrong);
        let name = user.as_ref().map(|user| user.name.clone());
        if let Some(first) = state.sign_ins.tally().note(name, from, now) {
            state.store.audit(&first).await?;
        }
        return Ok(login.page(StatusCode::FORBIDDEN, LoginReason::Wrong));
    };
    state.store.login_succeeded(&attempt.forgiven()).await?;
    if let Some(old) = session::session_digest(&headers) {
        state.store.end_session(&old).await?;
    }
    let actor = Actor::User(enabled.name.clone());
    state.store.audit(&AuditEntry::new(now, actor, AuditAction::SignedIn)).await?;
    let cookie = session::start(&state, &headers, enabled.name.clone()).await?;
    let marks = attempt.marks().map_err(|error| Refusal::internal(&error))?;
    let device = session::device_cookie(&headers, &marks)?;
    state.metrics.sign_in(SignInOutcome::SignedIn);
    let cookies = AppendHeaders([(header::SET_COOKIE, cookie), (header::SET_COOKIE, device)]);
    Ok((cookies, Redirect::to(login.back)).into_response())
}

pub(super) async fn sign_out(
    Extract(state): Extract<State>,
    viewer: Viewer,
    headers: HeaderMap,
    Form(SignOut { token }): Form<SignOut>,
) -> Result<Response, Refusal> {
    viewer.check_form(&token)?;
    state.store.end_session(&viewer.token_digest).await?;
    let actor = Actor::User(viewer.name);
    let entry = AuditEntry::new(state.clock.now(), actor, AuditAction::SignedOut);
    state.store.audit(&entry).await?;
    let login = Login { state: &state, headers: &headers, back: "/", name: "" };
    let mut response = login.page(StatusCode::OK, LoginReason::SignedOut);
    response.headers_mut().append(header::SET_COOKIE, session::forget(&headers)?);
    Ok(response)
}

pub(super) async fn switch_language(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Form(switch): Form<Switch>,
) -> Result<Response, Refusal> {
    if let Some(viewer) = Viewer::find(&state, &headers).await? {
        viewer.check_form(&switch.token)?;
    }
    let language: Language = switch
        .language
        .parse()
        .map_err(|_| Refusal::BadRequest("there are texts in uk and en".to_owned()))?;
    let cookie = session::language_cookie(&headers, language);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local(&switch.back))).into_response())
}

/// One visit to the login page.
struct Login<'a> {
    state: &'a State,
    headers: &'a HeaderMap,
    back: &'a str,
    name: &'a str,
}

impl Login<'_> {
    fn page(&self, status: StatusCode, reason: LoginReason) -> Response {
        let t = Texts::new(session::language(self.headers));
        let frame = Frame::new(t, &self.state.organisation(), &login_address(self.back));
        page(status, &LoginPage::new(t, frame, reason, self.name, self.back))
    }

    fn locked(&self, now: Timestamp, until: Timestamp) -> Response {
        self.state.metrics.sign_in(SignInOutcome::Locked);
        let seconds = until.seconds_since(now).max(1);
        let mut response =
            self.page(StatusCode::TOO_MANY_REQUESTS, LoginReason::Locked { now, until });
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        response
    }

    fn busy(&self) -> Response {
        self.state.metrics.sign_in(SignInOutcome::Busy);
        let mut response = self.page(StatusCode::TOO_MANY_REQUESTS, LoginReason::Busy);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(BUSY_SECONDS));
        response
    }
}

/// An address on this server as given, or the list: a redirect must never lead elsewhere.
fn local(address: &str) -> &str {
    const MAX_LEN: usize = 1024;
    let visible = address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if address.starts_with('/') && !address.starts_with("//") && visible && address.len() <= MAX_LEN
    {
        address
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leads_elsewhere() {
        for address in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x",
            "/школа",
            "javascript:alert(1)",
        ] {
            assert_eq!(local(address), "/", "{address:?}");
        }
        assert_eq!(local("/shares/1?a=b"), "/shares/1?a=b");
    }

    #[test]
    fn the_login_page_knows_the_way_back() {
        assert_eq!(login_address("/"), "/login");
        assert_eq!(login_address("/shares/1"), "/login?back=/shares/1");
        assert_eq!(login_address("/?a=b&c=%41"), "/login?back=/?a=b%26c=%2541");
        assert_eq!(login_address("//x"), "/login");
    }
}
