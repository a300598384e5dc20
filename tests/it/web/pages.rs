//! The list and the page of a share, by who looks.

use axum::http::StatusCode;
use skrynka::{
    domain::{Role, Term, Verdict},
    store::AuditAction,
};

use crate::support::clock::agreed;

use super::{Copy, House};

async fn house() -> House {
    let house = House::new().await;
    house.add_user("operator", Role::Operator, &["school-5"]).await;
    house.add_user("supervisor", Role::Supervisor, &["school-5"]).await;
    house.add_user("auditor", Role::Auditor, &[]).await;
    house
}

fn both() -> [Copy; 2] {
    [Copy::signed("birth-certificate"), Copy::signed("internal-passport")]
}

#[tokio::test]
async fn the_list_shows_the_shares_of_the_readers_branches_in_words() {
    let house = house().await;
    let verified = house.keep(1, "school-5", &both()).await;
    let incomplete = house.keep(2, "school-5", &both()[..1]).await;
    let theirs = house.keep(3, "library", &[Copy::signed("student-id-card")]).await;
    let cookie = house.sign_in("operator").await;
    let page = house.get("/", &cookie).await;
    let text = page.text();
    assert_eq!(page.status, StatusCode::OK);
    assert!(text.contains(&format!("href=\"/shares/{verified}\"")));
    assert!(text.find(&incomplete.to_string()) < text.find(&verified.to_string()), "newest first");
    assert!(!text.contains(&theirs.to_string()) && !text.contains("Тестова бібліотека"));
    assert!(text.contains("Бракує: Паспорт громадянина України (ID-картка)"));
    assert!(text.contains("Тестовий ліцей") && text.contains("Вступ до навчального закладу"));
    assert!(text.contains("22.11.2026, 10:30"), "the clock in Kyiv");
    assert!(text.contains("Показано 2 надходження"));
    let auditor = house.sign_in("auditor").await;
    assert!(house.get("/", &auditor).await.text().contains(&theirs.to_string()));
}

#[tokio::test]
async fn the_list_is_filtered_and_turned_over_page_by_page() {
    let house = house().await;
    for number in 1..=53 {
        house.keep(number, "school-5", &both()[..1]).await;
    }
    let verified = house.keep(60, "school-5", &both()).await;
    let cookie = house.sign_in("operator").await;
    let page = house
        .get("/?branch=&service=enrolment&verdict=verified&from=2026-11-22&to=", &cookie)
        .await;
    assert_eq!(page.text().matches("href=\"/shares/").count(), 1);
    assert!(page.text().contains(&verified.to_string()));
    let none = house.get("/?from=2026-11-23", &cookie).await;
    assert!(none.text().contains("За цим фільтром нічого не знайдено"));
    let first = house.get("/", &cookie).await;
    assert_eq!(first.text().matches("href=\"/shares/").count(), 50);
    let older = first.text().split("href=\"").find(|rest| rest.starts_with("/?cursor=")).unwrap();
    let second = house.get(older.split('"').next().unwrap(), &cookie).await;
    assert_eq!(second.text().matches("href=\"/shares/").count(), 4);
    for bad in ["/?cursor=1", "/?verdict=green", "/?from=yesterday"] {
        assert_eq!(house.get(bad, &cookie).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn the_page_of_a_share_tells_who_signed_and_leaves_a_line_in_the_audit() {
    let house = house().await;
    let share = house.keep(1, "school-5", &both()).await;
    let cookie = house.sign_in("operator").await;
    let page = house.get(&format!("/shares/{share}"), &cookie).await;
    let text = page.text();
    for shown in [
        Verdict::Verified.as_str().replace("verified", "Підтверджено").as_str(),
        "Тестова установа",
        "ECDSA P-256",
        "Печатка організації",
        "testova.osoba@mail.example.ua",
        "Тестова тема",
        "укладення та виконання договору. Договір про надання освітніх послуг",
        "20.02.2027: строк зберігання, установлений для послуги",
        &format!("/shares/{share}/documents/2"),
    ] {
        assert!(text.contains(shown), "{shown} in\n{text}");
    }
    assert!(!text.contains("/mail\""), "the raw mail is for supervisors");
    let lines = house.audit(AuditAction::ShareOpened).await;
    assert_eq!((lines.len(), lines[0].entry.share), (1, Some(share)));
}

#[tokio::test]
async fn copies_nobody_asked_for_are_counted_for_operators_and_shown_to_supervisors() {
    let house = house().await;
    let copies = [both()[0], both()[1], Copy::signed("taxpayer-card")];
    let share = house.keep(1, "school-5", &copies).await;
    let operator = house.sign_in("operator").await;
    let page = house.get(&format!("/shares/{share}"), &operator).await;
    assert!(page.text().contains("Надійшла ще 1 копія, не потрібна для цієї послуги"));
    assert!(!page.text().contains("/documents/3") && !page.text().contains("taxpayer-card-"));
    let supervisor = house.sign_in("supervisor").await;
    let page = house.get(&format!("/shares/{share}"), &supervisor).await;
    assert!(page.text().contains("/documents/3\""));
    assert!(page.text().contains(&format!("/shares/{share}/mail\"")));
}

#[tokio::test]
async fn auditors_see_the_share_without_personal_details() {
    let house = house().await;
    let share = house.keep(1, "school-5", &both()).await;
    let cookie = house.sign_in("auditor").await;
    let page = house.get(&format!("/shares/{share}"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Підтверджено"));
    for personal in ["testova.osoba", "Тестова тема", "/documents/", ".pdf", "Тестова установа"]
    {
        assert!(!page.text().contains(personal), "{personal}");
    }
    assert_eq!(house.audit(AuditAction::ShareOpened).await.len(), 1);
}

#[tokio::test]
async fn a_destroyed_share_shows_what_the_ledger_keeps() {
    let house = house().await;
    let share = house.keep(1, "school-5", &both()).await;
    house.clock.set(house.clock.now().plus_days(91));
    for term in Term::ALL {
        let _ = house
            .store
            .destroy_key(share, term, agreed(house.clock.now(), &house.store).await)
            .await
            .unwrap();
    }
    let cookie = house.sign_in("supervisor").await;
    let page = house.get(&format!("/shares/{share}"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Копії знищено"));
    assert!(!page.text().contains("testova.osoba") && !page.text().contains("/documents/1"));
    for path in ["documents/1", "documents/1/signatures/1", "mail"] {
        let answer = house.get(&format!("/shares/{share}/{path}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::GONE, "{path}");
    }
}

#[tokio::test]
async fn a_name_in_the_place_of_a_type_is_for_those_who_open_the_copy() {
    const NAMED: Copy = Copy {
        type_code: "petrenko-olena",
        signed: false,
        name: "petrenko-olena-1234567890123-22.11.2026-10:31:55.pdf",
        content: &[],
    };
    let house = house().await;
    let [certificate, passport] = both();
    let share = house.keep(1, "school-5", &[certificate, passport, NAMED]).await;
    for (name, is_shown) in [("supervisor", true), ("operator", false), ("auditor", false)] {
        let cookie = house.sign_in(name).await;
        let page = house.get(&format!("/shares/{share}"), &cookie).await;
        assert_eq!(page.text().contains("petrenko-olena"), is_shown, "{name}");
    }
    let token = house.add_token("register", &["school-5"]).await;
    let share = house.call(&format!("/api/v1/shares/{share}"), &token).await;
    assert!(!share.text().contains("petrenko"), "{}", share.text());
}
