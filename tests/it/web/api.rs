//! The API: shapes, filters, tokens and refusals.

use axum::http::StatusCode;
use serde_json::{Value, json};
use skrynka::{
    domain::{Actor, Role, ShareId},
    store::AuditAction,
};

use super::{Copy, House, house::encoded};

fn both() -> [Copy; 2] {
    [Copy::signed("birth-certificate"), Copy::signed("internal-passport")]
}

#[tokio::test]
async fn a_share_has_the_documented_form() {
    let house = House::new().await;
    let token = house.add_token("journal", &["school-5"]).await;
    let share = house.keep(1, "school-5", &both()[..1]).await;
    let answer = house.call(&format!("/api/v1/shares/{share}"), &token).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    let document = &body["documents"][0];
    let missing = json!({
        "code": "missing_document",
        "severity": "error",
        "document": null,
        "detail": "internal-passport",
    });
    // The sample authority publishes no revocation lists.
    let unchecked = json!({
        "code": "revocation_unchecked",
        "severity": "warning",
        "document": 1,
        "detail": null,
    });
    let by_name = json!({
        "code": "type_by_name",
        "severity": "info",
        "document": 1,
        "detail": null,
    });
    assert_eq!(
        body,
        json!({
            "id": share,
            "message_id": "share-1@mail.example.ua",
            "branch": "school-5",
            "service": "enrolment",
            "verdict": "incomplete",
            "assurance": "sealed",
            "received_at": "2026-11-22T08:30:01Z",
            "judged_at": "2026-11-22T08:30:02Z",
            "verdict_before": null,
            "verdict_changed_at": null,
            "destroy_on": "2026-12-22",
            "sender": "testova.osoba@mail.example.ua",
            "findings": [missing, &unchecked, &by_name],
            "documents": [{
                "n": 1,
                "name": document["name"],
                "type": "birth-certificate",
                "type_source": "name",
                "size": document["size"],
                "sha256": document["sha256"],
                "added": 0,
                "indication": "TOTAL_PASSED",
                "findings": [unchecked, by_name],
            }],
        })
    );
    assert!(document["name"].as_str().unwrap().starts_with("birth-certificate-"));
    let bytes = house.call(&format!("/api/v1/shares/{share}/documents/1"), &token).await;
    assert_eq!(bytes.status, StatusCode::OK);
    assert_eq!(document["size"], bytes.body.len());
    let digest = skrynka::domain::Sha256::of(&bytes.body).to_string();
    assert_eq!(document["sha256"], digest);
    let lines = house.audit(AuditAction::DocumentOpened).await;
    assert_eq!(lines[0].entry.actor, Actor::Token("journal".to_owned()));
}

#[tokio::test]
async fn the_list_has_whole_shares_and_is_turned_over_to_the_end() {
    let house = House::new().await;
    let token = house.add_token("journal", &["school-5"]).await;
    let mut kept: Vec<ShareId> = Vec::new();
    for number in 1..=5 {
        kept.insert(0, house.keep(number, "school-5", &both()).await);
    }
    house.keep(6, "library", &[Copy::signed("student-id-card")]).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/shares?limit=2".to_owned();
    loop {
        let page = house.call(&path, &token).await.json();
        for item in page["items"].as_array().unwrap() {
            let path = format!("/api/v1/shares/{}", item["id"].as_str().unwrap());
            assert_eq!(*item, house.call(&path, &token).await.json());
            seen.push(item["id"].clone());
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/shares?limit=2&cursor={}", encoded(next));
    }
    assert_eq!(seen, kept.iter().map(|id| json!(id)).collect::<Vec<Value>>());
    // Each share has its line, once for the list and once for itself.
    assert_eq!(house.audit(AuditAction::ShareOpened).await.len(), 10);
}

#[tokio::test]
async fn the_filters_find_what_they_say() {
    let house = House::new().await;
    let token = house.add_token("journal", &[]).await;
    let complete = house.keep(1, "school-5", &both()).await;
    let lacking = house.keep(2, "school-5", &both()[..1]).await;
    let card = house.keep(3, "library", &[Copy::signed("student-id-card")]).await;
    let cases: [(&str, &[ShareId]); 12] = [
        ("", &[card, lacking, complete]),
        ("branch=library", &[card]),
        ("service=enrolment", &[lacking, complete]),
        ("verdict=incomplete", &[lacking]),
        ("verdict=invalid", &[]),
        ("message_id=share-1@mail.example.ua", &[complete]),
        ("message_id=%3Cshare-1%40mail.example.ua%3E", &[complete]),
        ("message_id=share-9@mail.example.ua", &[]),
        ("from=2026-11-22T08:30:02Z", &[card, lacking]),
        ("to=2026-11-22T08:30:02Z", &[complete]),
        ("from=2026-11-22&to=2026-11-22", &[card, lacking, complete]),
        ("branch=school-5&verdict=verified", &[complete]),
    ];
    for (query, wanted) in cases {
        let page = house.call(&format!("/api/v1/shares?{query}"), &token).await.json();
        let ids: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, wanted.iter().map(|id| json!(id)).collect::<Vec<_>>(), "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn refusals_are_problems_with_a_sentence() {
    let house = House::new().await;
    let token = house.add_token("journal", &["school-5"]).await;
    let theirs = house.keep(1, "library", &[Copy::signed("student-id-card")]).await;
    let ours = house.keep(2, "school-5", &both()[..1]).await;
    for (path, status) in [
        ("/api/v1/shares?colour=red".to_owned(), 400),
        ("/api/v1/services?x=".to_owned(), 400),
        (format!("/api/v1/shares/{ours}?x=1"), 400),
        ("/api/v1/shares?limit=1000".to_owned(), 400),
        (format!("/api/v1/shares/{theirs}"), 404),
        (format!("/api/v1/shares/{theirs}/documents/1"), 404),
        (format!("/api/v1/shares/{ours}/documents/2"), 404),
        (format!("/api/v1/shares/{ours}/documents/0"), 404),
        ("/api/v1/shares/x".to_owned(), 404),
    ] {
        let answer = house.call(&path, &token).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(' '), "{path}");
    }
    let named = house.call("/api/v1/shares?colour=red", &token).await.json();
    assert!(named["detail"].as_str().unwrap().contains("colour"));
}

#[tokio::test]
async fn only_a_living_token_opens_the_api() {
    let house = House::new().await;
    let token = house.add_token("journal", &[]).await;
    house.add_user("operator", Role::Operator, &["school-5"]).await;
    let none = house.get("/api/v1/shares", "").await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"skrynka\"");
    let cookie = house.sign_in("operator").await;
    let session = house.get("/api/v1/shares", &cookie).await;
    assert_eq!(session.status, StatusCode::UNAUTHORIZED, "a session is for pages");
    for header in ["Bearer", "Bearer ", "Bearer x", "Basic abc", &format!("Token {token}")] {
        let line = format!("authorization: {header}");
        let answer = house.ask("GET /api/v1/shares", &[&line], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        assert!(answer.header("www-authenticate").contains("invalid_token"), "{header}");
    }
    assert_eq!(house.call("/api/v1/shares", &token).await.status, StatusCode::OK);
    let now = house.clock.now();
    house.store.revoke_token("journal", &Actor::CommandLine, now).await.unwrap();
    assert_eq!(house.call("/api/v1/shares", &token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_copy_that_nobody_asked_for_is_listed_without_name_and_bytes() {
    let house = House::new().await;
    let token = house.add_token("journal", &[]).await;
    let copies = [both()[0], both()[1], Copy::signed("taxpayer-card")];
    let share = house.keep(1, "school-5", &copies).await;
    let body = house.call(&format!("/api/v1/shares/{share}"), &token).await.json();
    let excess = &body["documents"][2];
    assert_eq!(excess["type"], "taxpayer-card");
    assert_eq!((&excess["name"], &excess["sha256"]), (&Value::Null, &Value::Null));
    assert_eq!(excess["findings"][0]["code"], "excess_document");
    let bytes = house.call(&format!("/api/v1/shares/{share}/documents/3"), &token).await;
    assert_eq!(bytes.status, StatusCode::FORBIDDEN);
    assert_eq!(bytes.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn the_services_are_those_of_the_tokens_branches() {
    let house = House::new().await;
    let token = house.add_token("journal", &["library"]).await;
    let body = house.call("/api/v1/services", &token).await.json();
    assert_eq!(body["items"].as_array().unwrap().len(), 1);
    let service = &body["items"][0];
    assert_eq!(service["id"], "card");
    assert_eq!(service["documents"], json!([{ "any_of": ["student-id-card"], "optional": false }]));
    assert_eq!(
        (&service["signers"], &service["signers_by_default"]),
        (&json!("anchors"), &json!(true))
    );
}

#[tokio::test]
async fn every_answer_has_what_the_description_requires() {
    let house = House::new().await;
    let token = house.add_token("journal", &[]).await;
    let share = house.keep(1, "school-5", &both()[..1]).await;
    let description = house.get("/api/v1/openapi.json", "").await.json();
    let required = |schema: &str| description["components"]["schemas"][schema]["required"].clone();
    let body = house.call(&format!("/api/v1/shares/{share}"), &token).await.json();
    let services = house.call("/api/v1/services", &token).await.json();
    let problem = house.call("/api/v1/shares/x", &token).await.json();
    for (schema, value) in [
        ("Share", &body),
        ("Document", &body["documents"][0]),
        ("Finding", &body["findings"][0]),
        ("Service", &services["items"][0]),
        ("Problem", &problem),
    ] {
        let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = required(schema);
        let mut wanted: Vec<&str> =
            wanted.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{schema}");
    }
}
