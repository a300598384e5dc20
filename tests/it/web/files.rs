//! Downloads: the very bytes, to those who may, after the audit has its line.

use std::{fs, sync::LazyLock, thread};

use axum::http::StatusCode;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use skrynka::{
    domain::{Actor, Role, Sha256, Term},
    store::AuditAction,
    trust::{TrustStore, read_certificates},
};
use tokio::{runtime::Runtime, task::yield_now};

use crate::support::{clock::agreed, interop};

use super::{
    Copy, House,
    house::{content, raw_mail},
};

const ASKED: &str = "birth-certificate";
const NOT_ASKED: &str = "taxpayer-card";

async fn house() -> House {
    let house = House::new().await;
    house.add_user("operator", Role::Operator, &["school-5"]).await;
    house.add_user("supervisor", Role::Supervisor, &["school-5"]).await;
    house.add_user("auditor", Role::Auditor, &[]).await;
    house.add_user("admin", Role::Admin, &[]).await;
    house
}

#[tokio::test]
async fn a_document_is_handed_out_byte_for_byte_as_a_file_to_keep() {
    let house = house().await;
    let name = "Свідоцтво \"1\".pdf";
    let copy = Copy { name, ..Copy::signed(ASKED) };
    let share = house.keep(1, "school-5", &[copy]).await;
    let cookie = house.sign_in("operator").await;
    let answer = house.get(&format!("/shares/{share}/documents/1"), &cookie).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, content(ASKED, 11, house.clock.now().plus_seconds(1)));
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"_________ _1_.pdf\""), "{disposition}");
    assert!(disposition.contains("filename*=UTF-8''%D0%A1%D0%B2"), "{disposition}");
    let lines = house.audit(AuditAction::DocumentOpened).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].entry.actor, Actor::User("operator".to_owned()));
    assert_eq!(lines[0].entry.share, Some(share));
    assert_eq!(lines[0].entry.document, Some(1));
}

/// Nobody signed what was added, so nobody is shown it with the signer's name beside it.
#[tokio::test]
async fn of_a_signed_pdf_file_the_signed_revision_is_handed_out() {
    static FILES: LazyLock<Option<[Vec<u8>; 2]>> = LazyLock::new(|| {
        let signed = fs::read(interop::data()?.join("pades/dev-rsa-pades-b.pdf")).unwrap();
        let store = "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/DSS<<>>/Extensions<<>>>>";
        let added = interop::added(&signed, &[(1, store)]);
        Some([signed, added])
    });
    let Some([signed, file]) = &*FILES else { return };
    let root = fs::read(interop::data().unwrap().join("ossl/dev-ca.pem")).unwrap();
    let house = house().await;
    house.trust.send_replace(TrustStore::new(read_certificates(&root).unwrap()).into());
    let copy = Copy { signed: false, content: file, ..Copy::signed(ASKED) };
    let share = house.keep(1, "school-5", &[copy]).await;
    let cookie = house.sign_in("supervisor").await;
    let answer = house.get(&format!("/shares/{share}/documents/1"), &cookie).await;
    assert_eq!(answer.body, signed);
    let page = house.get(&format!("/shares/{share}"), &cookie).await;
    assert!(page.text().contains("Додано після підписання"));
    let token = house.add_token("register", &["school-5"]).await;
    let path = format!("/api/v1/shares/{share}");
    let told = house.call(&path, &token).await.json();
    let document = &told["documents"][0];
    assert_eq!(document["indication"], "TOTAL_PASSED");
    assert_eq!(document["size"], signed.len());
    assert_eq!(document["added"], file.len() - signed.len());
    assert_eq!(document["sha256"], Sha256::of(signed).to_string());
    let answer = house.call(&format!("{path}/documents/1"), &token).await;
    assert_eq!(answer.body, signed);
}

#[tokio::test]
async fn a_signature_file_is_handed_out_too_and_none_that_is_not_there() {
    let house = house().await;
    let share = house.keep(1, "school-5", &[Copy::signed(ASKED)]).await;
    let cookie = house.sign_in("operator").await;
    let path = format!("/shares/{share}/documents/1/signatures");
    let answer = house.get(&format!("{path}/1"), &cookie).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/pkcs7-signature");
    assert!(answer.header("content-disposition").contains(".pdf.p7s"));
    assert!(answer.body.starts_with(&[0x30]), "DER");
    for place in ["0", "2", "01", "-1", "4294967297", "x"] {
        let answer = house.get(&format!("{path}/{place}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{place}");
    }
}

#[tokio::test]
async fn the_raw_mail_is_for_supervisors_and_comes_byte_for_byte() {
    let house = house().await;
    let share = house.keep(3, "school-5", &[Copy::signed(ASKED)]).await;
    let path = format!("/shares/{share}/mail");
    for (name, status) in [
        ("operator", StatusCode::FORBIDDEN),
        ("auditor", StatusCode::FORBIDDEN),
        ("admin", StatusCode::FORBIDDEN),
        ("supervisor", StatusCode::OK),
    ] {
        let cookie = house.sign_in(name).await;
        let answer = house.get(&path, &cookie).await;
        assert_eq!(answer.status, status, "{name}");
        if status == StatusCode::OK {
            assert_eq!(answer.body, raw_mail(3));
            assert!(answer.header("content-disposition").contains(".eml"));
        }
    }
    assert_eq!(house.audit(AuditAction::MailOpened).await.len(), 1);
}

#[tokio::test]
async fn a_copy_that_nobody_asked_for_opens_to_supervisors_alone() {
    let house = house().await;
    let share = house.keep(1, "school-5", &[Copy::signed(ASKED), Copy::signed(NOT_ASKED)]).await;
    let path = format!("/shares/{share}/documents/2");
    let operator = house.sign_in("operator").await;
    assert_eq!(house.get(&path, &operator).await.status, StatusCode::FORBIDDEN);
    let signature = format!("{path}/signatures/1");
    assert_eq!(house.get(&signature, &operator).await.status, StatusCode::FORBIDDEN);
    assert!(house.audit(AuditAction::DocumentOpened).await.is_empty());
    let supervisor = house.sign_in("supervisor").await;
    assert_eq!(house.get(&path, &supervisor).await.status, StatusCode::OK);
}

#[tokio::test]
async fn auditors_and_admins_open_no_document() {
    let house = house().await;
    let share = house.keep(1, "school-5", &[Copy::signed(ASKED)]).await;
    for name in ["auditor", "admin"] {
        let cookie = house.sign_in(name).await;
        for path in ["documents/1", "documents/1/signatures/1", "mail"] {
            let answer = house.get(&format!("/shares/{share}/{path}"), &cookie).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
    }
    assert!(house.audit(AuditAction::DocumentOpened).await.is_empty());
}

#[tokio::test]
async fn a_share_of_another_branch_looks_like_none() {
    let house = house().await;
    let theirs = house.keep(1, "library", &[Copy::signed("student-id-card")]).await;
    let cookie = house.sign_in("supervisor").await;
    for path in ["", "/documents/1", "/documents/1/signatures/1", "/mail"] {
        let other = house.get(&format!("/shares/{theirs}{path}"), &cookie).await;
        let none = house
            .get(&format!("/shares/01990000-0000-7000-8000-000000000000{path}"), &cookie)
            .await;
        assert_eq!(other.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(other.body, none.body, "{path}");
    }
}

/// The vault's file is a pipe, which shows that somebody has the key and begins to read. Nothing
/// else runs on the test's thread until the key is destroyed.
#[tokio::test]
async fn what_the_purge_takes_away_while_it_is_read_is_gone_and_was_not_opened() {
    let house = house().await;
    let share = house.keep(1, "school-5", &[Copy::signed(ASKED)]).await;
    house.clock.set(house.clock.now().plus_days(91));
    let cookie = house.sign_in("supervisor").await;
    let file = house.object(share, "document-1");
    fs::remove_file(&file).unwrap();
    mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let path = format!("/shares/{share}/documents/1");
    let destroyed = async {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK;
        while open(&file, flags, Mode::empty()).is_err() {
            yield_now().await;
        }
        let (store, now) = (house.store.clone(), house.clock.now());
        let destroy = async move {
            for term in Term::ALL {
                let _ = store.destroy_key(share, term, agreed(now, &store).await).await.unwrap();
            }
        };
        thread::spawn(|| Runtime::new().unwrap().block_on(destroy)).join().unwrap();
    };
    let (answer, ()) = tokio::join!(house.get(&path, &cookie), destroyed);
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(answer.text().contains("<html"), "{}", answer.text());
    assert!(house.audit(AuditAction::DocumentOpened).await.is_empty());
}
