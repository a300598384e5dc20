//! Signing in, staying in, signing out, and forms from elsewhere.

use axum::http::StatusCode;
use skrynka::{
    domain::{Actor, Role},
    store::AuditAction,
};

use super::{Answer, House, PASSWORD, house::encoded};

async fn house() -> House {
    let house = House::new().await;
    house.add_user("operator", Role::Operator, &["school-5"]).await;
    house
}

async fn attempt(house: &House, name: &str, password: &str) -> Answer {
    let form = format!("name={}&password={}", encoded(name), encoded(password));
    house.post("/login", &[], &form).await
}

/// What forms of the session bear along.
fn form_token(page: &Answer) -> String {
    let text = page.text();
    let at = text.find("name=\"token\" value=\"").unwrap();
    text[at..].split('"').nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn nobody_sees_anything_before_signing_in_and_comes_back_after() {
    let house = house().await;
    let answer = house.get("/", "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/login");
    let share = "/shares/01990000-0000-7000-8000-000000000000";
    let answer = house.get(share, "skrynka=guess").await;
    assert_eq!(answer.header("location"), format!("/login?back={share}"));
    let form = format!("name=operator&password={}&back={share}", encoded(PASSWORD));
    let answer = house.post("/login", &[], &form).await;
    assert_eq!(answer.header("location"), share);
    let form = format!("name=operator&password={}&back=//evil.example", encoded(PASSWORD));
    let answer = house.post("/login", &[], &form).await;
    assert_eq!(answer.header("location"), "/");
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    let house = house().await;
    let unknown = attempt(&house, "nobody", PASSWORD).await;
    let wrong = attempt(&house, "operator", "не той пароль").await;
    assert_eq!(unknown.status, StatusCode::FORBIDDEN);
    assert_eq!(wrong.status, unknown.status);
    assert_eq!(wrong.text().replace("operator", "nobody"), unknown.text());
    assert!(!wrong.headers.contains_key("set-cookie"));
    assert!(!wrong.text().contains("не той пароль"));
    let lines = house.audit(AuditAction::SignInRefused).await;
    assert_eq!(lines[0].entry.actor, Actor::User("operator".to_owned()));
    assert_eq!(lines[1].entry.actor, Actor::System, "a name of nobody is not kept");
}

#[tokio::test]
async fn failed_attempts_lock_for_a_while_even_with_the_right_password() {
    let house = house().await;
    let mut last = attempt(&house, "operator", "не той").await;
    for _ in 0..10 {
        last = attempt(&house, "operator", "не той").await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.header("retry-after").parse::<u32>().unwrap() > 0);
    assert!(last.text().contains("Забагато невдалих спроб"));
    let right = attempt(&house, "operator", PASSWORD).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    house.clock.set(house.clock.now().plus_seconds(16 * 60));
    assert_eq!(attempt(&house, "operator", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

/// Fails until the name is locked for whoever comes from nowhere in particular.
async fn lock(house: &House) {
    for _ in 0..5 {
        assert_eq!(attempt(house, "operator", "не той").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(attempt(house, "operator", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_device_that_the_user_signed_in_from_passes_the_lock_of_the_name() {
    let house = house().await;
    house.add_user("another", Role::Operator, &["school-5"]).await;
    let form = |name| format!("name={name}&password={}", encoded(PASSWORD));
    let device = house.post("/login", &[], &form("operator")).await.device();
    lock(&house).await;
    let again = house.post("/login", &[&device], &form("operator")).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(again.device(), device, "the mark stays");
    // The device does not let its holder guess without end, nor at the names of others.
    for _ in 0..5 {
        house.post("/login", &[&device], "name=operator&password=guess").await;
    }
    let guessed = house.post("/login", &[&device], &form("operator")).await;
    assert_eq!(guessed.status, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..5 {
        attempt(&house, "another", "не той").await;
    }
    let other = house.post("/login", &[&device], &form("another")).await;
    assert_eq!(other.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_mark_of_a_device_is_kept_as_the_session_is() {
    let house = house().await;
    let form = format!("name=operator&password={}", encoded(PASSWORD));
    let there = house.post("/login", &["host: skrynka.example.ua"], &form).await;
    let cookies: Vec<_> = there.headers.get_all("set-cookie").iter().collect();
    let cookie = cookies[1].to_str().unwrap();
    assert!(cookie.starts_with("__Host-skrynka-device="), "{cookie}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
}

#[tokio::test]
async fn a_new_password_lifts_the_lock_and_forgets_the_devices() {
    let house = house().await;
    let form = |password| format!("name=operator&password={}", encoded(password));
    let device = house.post("/login", &[], &form(PASSWORD)).await.device();
    lock(&house).await;
    let new = "вісім слонів прокинулися";
    let hash = password_auth::generate_hash(new);
    let now = house.clock.now();
    house.store.set_password("operator", &hash, &Actor::CommandLine, now).await.unwrap();
    let right = attempt(&house, "operator", new).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    for _ in 0..5 {
        house.post("/login", &[&device], "name=operator&password=guess").await;
    }
    let locked = attempt(&house, "operator", new).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS, "the old mark is nobody's");
}

#[tokio::test]
async fn refused_sign_ins_are_one_row_of_the_audit_a_minute_with_their_number() {
    let house = house().await;
    for number in 0..30 {
        attempt(&house, &format!("nobody-{number}"), PASSWORD).await;
    }
    assert_eq!(house.audit(AuditAction::SignInRefused).await.len(), 1);
    house.state.sign_ins.tell_now(&house.store, &house.clock).await;
    let lines = house.audit(AuditAction::SignInRefused).await;
    assert_eq!(lines.len(), 2);
    assert!(lines[0].entry.detail.as_ref().unwrap().starts_with("29 more from "), "{lines:?}");
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_cannot_come_back() {
    let house = house().await;
    let cookie = house.sign_in("operator").await;
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK);
    let now = house.clock.now();
    house.store.disable_user("operator", &Actor::CommandLine, now).await.unwrap();
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(attempt(&house, "operator", PASSWORD).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_cookie_is_kept_to_tls_but_on_the_servers_own_machine() {
    let house = house().await;
    let form = format!("name=operator&password={}", encoded(PASSWORD));
    let there = house.post("/login", &["host: skrynka.example.ua"], &form).await;
    let cookie = there.header("set-cookie");
    assert!(cookie.starts_with("__Host-skrynka="), "{cookie}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    for host in ["127.0.0.1:8080", "localhost", "[::1]:8080"] {
        let here = house.post("/login", &[&format!("host: {host}")], &form).await;
        let cookie = here.header("set-cookie");
        assert!(cookie.starts_with("skrynka="), "{host}: {cookie}");
        assert!(cookie.contains("; HttpOnly") && !cookie.contains("Secure"), "{host}: {cookie}");
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let house = house().await;
    let first = house.sign_in("operator").await;
    let form = format!("name=operator&password={}", encoded(PASSWORD));
    let again = house.post("/login", &[&format!("cookie: {first}")], &form).await;
    assert_ne!(again.cookie(), first);
    assert_eq!(house.get("/", &first).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get("/", &again.cookie()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_a_working_day_of_use() {
    let house = house().await;
    let idle = house.sign_in("operator").await;
    house.clock.set(house.clock.now().plus_seconds(30 * 60));
    assert_eq!(house.get("/", &idle).await.status, StatusCode::SEE_OTHER);
    let busy = house.sign_in("operator").await;
    let mut hours = 0;
    while house.get("/", &busy).await.status == StatusCode::OK {
        house.clock.set(house.clock.now().plus_seconds(20 * 60));
        hours += 1;
        assert!(hours <= 36, "a session in use ends after twelve hours");
    }
    assert_eq!(hours, 36);
}

#[tokio::test]
async fn signing_out_wants_the_forms_token_and_ends_the_session() {
    let house = house().await;
    let cookie = house.sign_in("operator").await;
    let line = format!("cookie: {cookie}");
    for form in ["token=", "token=0", "", &format!("token={}", "0".repeat(64))] {
        let refused = house.post("/logout", &[&line], form).await;
        assert!(refused.status.is_client_error(), "{form:?}: {}", refused.status);
    }
    let token = form_token(&house.get("/", &cookie).await);
    let other = form_token(&house.get("/", &cookie).await);
    assert_ne!(token, other, "what a compressed page is as long as tells nothing of it");
    let out = house.post("/logout", &[&line], &format!("token={token}")).await;
    assert_eq!(out.status, StatusCode::OK);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.audit(AuditAction::SignedOut).await.len(), 1);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_the_login_form_too() {
    let house = house().await;
    let form = format!("name=operator&password={}", encoded(PASSWORD));
    for foreign in [
        "sec-fetch-site: cross-site",
        "sec-fetch-site: same-site",
        "origin: https://evil.example",
        "origin: null",
    ] {
        for path in ["/login", "/logout", "/language"] {
            let answer = house.post(path, &[foreign], &form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {foreign}");
            assert!(!answer.headers.contains_key("set-cookie"));
        }
    }
    let own = ["origin: null", "sec-fetch-site: same-origin"];
    assert_eq!(house.post("/login", &own, &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_language_is_switched_and_remembered() {
    let house = house().await;
    let page = house.get("/login", "").await;
    assert!(page.text().contains("<html lang=\"uk\">"));
    let answer = house.post("/language", &[], "language=en&back=/login").await;
    assert_eq!(answer.header("location"), "/login");
    let page = house.get("/login", &answer.cookie()).await;
    assert!(page.text().contains("<html lang=\"en\">") && page.text().contains("Sign in"));
    let unknown = house.post("/language", &[], "language=xx&back=/login").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let cookie = house.sign_in("operator").await;
    let answer = house.post("/language", &[&format!("cookie: {cookie}")], "language=en").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "within a session its token is wanted");
}

#[tokio::test]
async fn who_signs_in_without_tls_over_a_network_is_told_that_https_is_needed() {
    let house = house().await;
    let form = format!("name=operator&password={}", encoded(PASSWORD));
    // What a browser sends from a page at such an address: RFC 6454 §7.3, and nothing of Fetch Metadata.
    for (language, title, words, warning) in [
        ("uk", "Потрібен HTTPS", "що починається з https://", "Сторінку відкрито без HTTPS"),
        ("en", "HTTPS is needed", "that begins with https://", "opened without HTTPS"),
    ] {
        let cookie = format!("cookie: skrynka-language={language}");
        for host in ["192.168.1.5:8080", "skrynka.lan", "docs.example.ua"] {
            let host = format!("host: {host}");
            for origin in ["origin: null", "origin: http://docs.example.ua"] {
                let answer = house.post("/login", &[&host, origin, &cookie], &form).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host} {origin}");
                assert!(answer.text().contains(title), "{}", answer.text());
                assert!(answer.text().contains(words), "{}", answer.text());
                assert!(!answer.headers.contains_key("set-cookie"), "{host} {origin}");
            }
            let page = house.ask("GET /login", &[&host, &cookie], "").await;
            assert!(page.text().contains(warning), "{}", page.text());
        }
    }
}

#[tokio::test]
async fn who_comes_by_tls_or_from_this_machine_is_not_told_of_https() {
    let house = house().await;
    let form = format!("name=operator&password={}", encoded(PASSWORD));
    let name = "host: docs.example.ua";
    let own = "sec-fetch-site: same-origin";
    let by_proxy = "x-forwarded-proto: https";
    for headers in [
        // A proxy that says nothing of TLS, before a browser that knows Fetch Metadata, or none.
        &[name, own, "origin: null"][..],
        &[name, "origin: https://docs.example.ua"],
        &[name, own, by_proxy, "origin: null"],
        &[name, by_proxy, "origin: https://docs.example.ua"],
        &["host: localhost:8080", own, "origin: null"],
    ] {
        let page = house.ask("GET /login", headers, "").await;
        let is_unsure = headers.len() == 2 && !headers.contains(&by_proxy);
        let is_told = page.text().contains("Сторінку відкрито без HTTPS");
        assert_eq!(is_told, is_unsure, "{headers:?}");
        let answer = house.post("/login", headers, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{headers:?}: {}", answer.text());
    }
}
