//! The same copy again: the later mail is the duplicate, also when both are judged side by side.

use std::time::Duration;

use skrynka::{
    domain::{BranchScope, FindingCode, MailAddress, MailId, ShareId, Timestamp, TypeCode},
    sample::{
        client::Client,
        copy::Copy,
        mail::{Attachment, Draft},
    },
};

use crate::support::installation::Installation;

const REGISTRY: &str = r#"
[organisation]
name = "Тестова установа"

[[branch]]
id = "school"
name = "Тестовий ліцей"
addresses = ["school@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
documents = ["birth-certificate"]
retention_days = 90

[[branch]]
id = "library"
name = "Тестова бібліотека"
addresses = ["library@docs.example.ua"]

[[branch.service]]
id = "card"
name = "Видача читацького квитка"
legal_basis = "consent"
documents = ["birth-certificate"]
retention_days = 14
"#;

const PAIRS: u64 = 25;

#[test]
fn of_two_mails_with_the_same_copy_the_later_one_is_the_duplicate() {
    let installation = Installation::new(REGISTRY);
    let server = installation.start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mails = runtime.block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.example.ua").await.unwrap();
        let mut mails = Vec::new();
        for pair in 0..PAIRS {
            // The first of each pair takes longer to examine than the second.
            let first = send(&mut client, pair, 12, &["school"]).await;
            let second = send(&mut client, pair, 0, &["school"]).await;
            mails.push((first, second));
        }
        mails
    });
    server.wait_until_judged();
    assert!(server.stop().success());
    runtime.block_on(async {
        for (first, second) in mails {
            let (first, second) = (at("school", first), at("school", second));
            assert!(duplicates(&installation, first).await.is_empty(), "{first}");
            assert_eq!(duplicates(&installation, second).await, [first.to_string()], "{second}");
        }
    });
}

#[test]
fn one_mail_to_two_branches_is_no_duplicate_of_itself() {
    let installation = Installation::new(REGISTRY);
    let server = installation.start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mail = runtime.block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.example.ua").await.unwrap();
        send(&mut client, 0, 0, &["school", "library"]).await
    });
    server.wait_until_judged();
    assert!(server.stop().success());
    for branch in ["school", "library"] {
        let found = runtime.block_on(duplicates(&installation, at(branch, mail)));
        assert!(found.is_empty(), "{branch}: {found:?}");
    }
}

fn at(branch: &str, mail: MailId) -> ShareId {
    ShareId::of(mail, &branch.parse().unwrap())
}

/// Sends copy `number` in one mail, with `beside` other copies that no other mail has.
async fn send(client: &mut Client, number: u64, beside: u64, to: &[&str]) -> MailId {
    let made_at: Timestamp = "2026-09-01T10:00:00Z".parse().unwrap();
    let from: MailAddress = "testova.osoba@mail.example.ua".parse().unwrap();
    let recipients: Vec<MailAddress> =
        to.iter().map(|name| format!("{name}@docs.example.ua").parse().unwrap()).collect();
    let attachment = |code: &str, number| -> Attachment {
        let code: TypeCode = code.parse().unwrap();
        Copy::new(&code, number, made_at).unsigned()
    };
    let mut attachments = vec![attachment("birth-certificate", number)];
    attachments.extend((1..=beside).map(|n| attachment("pension-card", number * 100 + n)));
    let draft = Draft {
        message_id: format!("{number}-{beside}@mail.example.ua"),
        from: from.clone(),
        to: recipients[0].clone(),
        date: made_at,
        subject: "copies".to_owned(),
        text: String::new(),
        attachments,
    };
    let sent = client.send(Some(&from), &recipients, &draft.compose()).await.unwrap();
    assert!(sent.is_accepted(), "{}", sent.last());
    let words = sent.last().lines.join(" ");
    words.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

/// The first receipts that the duplicates of a share are linked to.
async fn duplicates(installation: &Installation, share: ShareId) -> Vec<String> {
    let (store, _) = installation.open().await;
    let share = store.share(share, &BranchScope::All).await.unwrap().unwrap();
    share
        .findings
        .into_iter()
        .filter(|finding| finding.code == FindingCode::Duplicate)
        .filter_map(|finding| finding.detail)
        .collect()
}
