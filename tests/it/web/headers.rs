//! The headers of every route, limits, probes, and what a hostile request gets.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use serde_json::json;
use skrynka::{
    domain::{ClockState, Role},
    metrics::Task,
    trust::TrustStore,
    web::{self, Part, Standing},
};
use std::sync::Arc;
use tower::ServiceExt as _;

use super::{Copy, House};

#[tokio::test]
async fn every_route_bears_the_headers_that_keep_browsers_in_check() {
    let house = House::new().await;
    house.add_user("operator", Role::Operator, &["school-5"]).await;
    let share = house.keep(1, "school-5", &[Copy::signed("birth-certificate")]).await;
    let cookie = house.sign_in("operator").await;
    let paths = [
        "/".to_owned(),
        "/login".to_owned(),
        "/nothing".to_owned(),
        "/?verdict=none".to_owned(),
        "/livez".to_owned(),
        "/readyz".to_owned(),
        "/assets/style.css".to_owned(),
        "/api/v1/shares".to_owned(),
        "/api/v1/openapi.json".to_owned(),
        format!("/shares/{share}"),
        format!("/shares/{share}/mail"),
        format!("/shares/{share}/documents/1"),
    ];
    for path in paths {
        for cookie in [cookie.as_str(), "skrynka=0"] {
            let answer = house.get(&path, cookie).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            let caching = answer.header("cache-control");
            let of_everybody = path.starts_with("/assets");
            assert_eq!(caching == "no-store", !of_everybody, "{path}: {caching}");
            assert!(!answer.headers.contains_key("server"), "{path}");
        }
    }
}

/// The content of a gzip file without optional fields (RFC 1952 §2.3).
fn unzipped(file: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec(&file[10..file.len() - 8]).unwrap()
}

#[tokio::test]
async fn pages_are_compressed_but_not_files_nor_what_another_site_asked_for() {
    let house = House::new().await;
    house.add_user("supervisor", Role::Supervisor, &[]).await;
    let share = house.keep(1, "school-5", &[Copy::signed("birth-certificate")]).await;
    let cookie = format!("cookie: {}", house.sign_in("supervisor").await);
    let (zip, own) = ("accept-encoding: gzip", "sec-fetch-site: same-origin");
    for (path, headers, is_compressed) in [
        ("/login", vec![zip], true),
        ("/assets/style.css", vec![zip], true),
        ("/nothing", vec![zip], true),
        ("/api/v1/openapi.json", vec![zip], true),
        ("/login", vec![], false),
        ("/livez", vec![zip], false),
        ("/?verdict=verified", vec![zip, &cookie, own], true),
        ("/?verdict=verified", vec![zip, &cookie, "sec-fetch-site: none"], true),
        ("/?verdict=verified", vec![zip, &cookie, "sec-fetch-site: cross-site"], false),
        ("/?verdict=verified", vec![zip, &cookie, "sec-fetch-site: same-site"], false),
        ("/?verdict=verified", vec![zip, &cookie], false),
        (&format!("/shares/{share}/mail"), vec![zip, &cookie, own], false),
        (&format!("/shares/{share}/documents/1"), vec![zip, &cookie, own], false),
    ] {
        let answer = house.ask(&format!("GET {path}"), &headers, "").await;
        let encoding = answer.header("content-encoding");
        assert_eq!(encoding, if is_compressed { "gzip" } else { "" }, "{path} {headers:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    let plain = house.ask("GET /login", &[], "").await;
    let small = house.ask("GET /login", &[zip], "").await;
    assert_eq!(unzipped(&small.body), plain.body);
}

#[tokio::test]
async fn an_address_that_is_none_gets_a_page_or_a_problem() {
    let house = House::new().await;
    for path in ["/nothing", "/shares", "/assets/../Cargo.toml", "/%00", "/shares/%ff"] {
        let answer = house.get(path, "").await;
        let known = [StatusCode::NOT_FOUND, StatusCode::SEE_OTHER, StatusCode::BAD_REQUEST];
        assert!(known.contains(&answer.status), "{path}: {}", answer.status);
    }
    let page = house.get("/nothing", "").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("Сторінку не знайдено"));
    let problem = house.get("/api/v2", "").await;
    assert_eq!(problem.status, StatusCode::NOT_FOUND);
    assert_eq!(problem.header("content-type"), "application/problem+json");
    let method = house.ask("DELETE /login", &["sec-fetch-site: same-origin"], "").await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.header("allow").contains("POST"));
    assert!(method.text().contains("<!doctype html>"));
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused() {
    let house = House::new().await;
    let form = format!("name=a&password={}", "b".repeat(20_000));
    let answer = house.post("/login", &[], &form).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_foreign_host_name_is_never_given_back() {
    let house = House::new().await;
    for host in ["evil.example", "\"><script>", "127.0.0.1@evil.example"] {
        let line = format!("host: {host}");
        for request in ["GET /", "GET /login", "GET /nothing"] {
            let answer = house.ask(request, &[&line], "").await;
            assert!(!answer.text().contains(host), "{request} for {host}");
            assert!(!answer.header("location").contains(host), "{request} for {host}");
        }
    }
}

#[tokio::test]
async fn the_probes_answer_without_a_sign_in() {
    let house = House::new().await;
    assert_eq!(house.get("/livez", "").await.status, StatusCode::OK);
    assert_eq!(house.get("/readyz", "").await.status, StatusCode::OK);
    house.store.close().await;
    assert_eq!(house.get("/livez", "").await.status, StatusCode::OK);
    assert_eq!(house.get("/readyz", "").await.status, StatusCode::OK, "mail needs no database");
    house.readiness.set(Part::Registry, Standing::Works);
    house.readiness.set(Part::Database, Standing::Impaired("it cannot be read"));
    let impaired = house.get("/readyz", "").await;
    assert_eq!(impaired.status, StatusCode::OK);
    let checks = json!({ "database": "it cannot be read", "registry": "ok" });
    assert_eq!(impaired.json(), json!({ "ready": true, "checks": checks }));
    house.readiness.set(Part::Spool, Standing::Refuses("there is no room"));
    let refusing = house.get("/readyz", "").await;
    assert_eq!(refusing.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refusing.header("content-type"), "application/json");
    assert_eq!(refusing.json()["ready"], false);
    assert_eq!(refusing.json()["checks"]["spool"], "there is no room");
    house.missing.send_replace(Some(Task::Judging));
    let dead = house.get("/livez", "").await;
    assert_eq!(dead.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(dead.text().contains("judging"), "{}", dead.text());
}

#[tokio::test]
async fn a_failure_of_ours_shows_an_incident_and_nothing_of_the_inside() {
    let house = House::new().await;
    house.store.close().await;
    let answer = house.get("/", "skrynka=1").await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    for inside in ["sqlx", "pool", "database", "SQL"] {
        assert!(!answer.text().to_lowercase().contains(inside), "{inside}");
    }
}

#[tokio::test]
async fn an_empty_trust_directory_is_announced_to_all_who_are_signed_in() {
    let house = House::new().await;
    house.add_user("operator", Role::Operator, &["school-5"]).await;
    let cookie = house.sign_in("operator").await;
    let warning = "Каталог довірених сертифікатів порожній";
    assert!(!house.get("/", &cookie).await.text().contains(warning));
    house.trust.send_replace(Arc::new(TrustStore::empty()));
    assert!(house.get("/", &cookie).await.text().contains(warning));
}

#[tokio::test]
async fn a_clock_that_is_not_accepted_is_announced_to_all_but_operators() {
    let house = House::new().await;
    let warning = "Доки час не підтверджено, сервер нічого не знищує";
    let roles = [Role::Operator, Role::Supervisor, Role::Auditor, Role::Admin];
    for role in roles {
        house.add_user(role.as_str(), role, &[]).await;
    }
    let accepted = *house.standing.borrow();
    let now = accepted.now.plus_days(3650);
    for (state, is_warned) in [(accepted, false), (ClockState { now, ..accepted }, true)] {
        house.standing.send_replace(state);
        for role in roles {
            let cookie = house.sign_in(role.as_str()).await;
            let shown = house.get("/", &cookie).await.text().contains(warning);
            assert_eq!(shown, is_warned && role != Role::Operator, "{role} {state}");
            assert_eq!(house.get("/readyz", "").await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn the_metrics_have_a_listener_of_their_own_with_the_probes_and_nothing_else() {
    let house = House::new().await;
    assert_eq!(house.get("/metrics", "").await.status, StatusCode::NOT_FOUND);
    let router = web::metrics_router(house.state.clone());
    for (path, words) in [
        ("/metrics", "skrynka_build_info"),
        ("/livez", "alive"),
        ("/readyz", "\"ready\":true"),
        ("/login", ""),
        ("/api/v1/services", ""),
    ] {
        let request = Request::get(path).header("host", "127.0.0.1:9464");
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let expected = if words.is_empty() { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(response.status(), expected, "{path}");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains(words), "{path}");
    }
}
