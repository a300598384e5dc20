//! The same copy again: the later mail is the duplicate, also when both are judged side by side.

use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use skrynka::{
    clock::Clock,
    domain::{
        BranchScope, FindingCode, MailAddress, MailId, ShareId, ShareRow, Timestamp, TypeCode,
        Verdict,
    },
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        client::Client,
        copy::Copy,
        mail::{Attachment, Draft},
        sign,
    },
};

use crate::support::{
    container,
    installation::{Installation, wait_for},
    registries::school_and_library,
};

const CERTIFICATE: &str = r#"["birth-certificate"]"#;
const PAIRS: u64 = 25;

#[test]
fn of_two_mails_with_the_same_copy_the_later_one_is_the_duplicate() {
    let installation = Installation::new(&school_and_library(CERTIFICATE, CERTIFICATE));
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
fn of_one_mail_to_two_branches_the_second_recipient_gets_the_duplicate() {
    let installation = Installation::new(&school_and_library(CERTIFICATE, CERTIFICATE));
    let token = |name: &str, branch: &str| {
        let made = ["token", "add", name, "--scope", "shares:read", "--branch", branch];
        let words = String::from_utf8(installation.run(&made, "").stdout).unwrap();
        words.lines().last().unwrap().to_owned()
    };
    let tokens = [("school", token("a", "school")), ("library", token("b", "library"))];
    let all = installation.token();
    let server = installation.start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let orders = [["school", "library"], ["library", "school"]];
    let mails = runtime.block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.example.ua").await.unwrap();
        let mut mails = Vec::new();
        for (number, order) in (0..).zip(orders) {
            mails.push(send(&mut client, number, 0, &order).await);
        }
        mails
    });
    wait_for("both mails are judged at both branches", || {
        let list = server.json("/api/v1/shares", &all);
        (list["items"].as_array().unwrap().len() == 4).then_some(())
    });
    let told = |share: ShareId, token: &str| -> Vec<String> {
        let share = server.json(&format!("/api/v1/shares/{share}"), token);
        let findings = share["findings"].as_array().unwrap();
        let duplicates = findings.iter().filter(|finding| finding["code"] == "duplicate");
        duplicates.map(|finding| finding["detail"].as_str().unwrap().to_owned()).collect()
    };
    for (mail, [first, second]) in mails.into_iter().zip(orders) {
        assert!(told(at(first, mail), &all).is_empty(), "{first}");
        let duplicate = at(second, mail);
        assert_eq!(told(duplicate, &all), [at(first, mail).to_string()], "{second}");
        // Whoever sees the second branch alone is not told the share at the first.
        let (_, own) = tokens.iter().find(|(branch, _)| *branch == second).unwrap();
        assert_eq!(told(duplicate, own), ["other-branch"]);
        let list = server.json("/api/v1/shares", own).to_string();
        assert!(!list.contains(&at(first, mail).to_string()), "{list}");
    }
}

/// What a copy may come as.
const FORMS: [&str; 9] = [
    "without a signature",
    "signature around it",
    "signature beside it",
    "signed at another time",
    "signature in PEM",
    "signature in base64",
    "signature around the signature",
    "container",
    "packed again",
];

#[test]
fn a_copy_in_another_form_is_the_same_copy() {
    let installation = Installation::new(&school_and_library(CERTIFICATE, CERTIFICATE));
    let now = Clock::system().now();
    let validity = Validity { from: now.plus_seconds(-30 * 86_400), to: now.plus_days(300) };
    let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
    let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
    installation.trust("root.pem", authority.certificate_pem().unwrap());
    let server = installation.start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Each form is the first one once, for a copy of its own.
    let rounds = runtime.block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.example.ua").await.unwrap();
        let mut rounds = Vec::new();
        for (number, first) in (0..).zip(0..FORMS.len()) {
            let copy = Copy::new(&"birth-certificate".parse().unwrap(), number, now);
            let mut mails = Vec::new();
            for place in (first..FORMS.len()).chain(0..first) {
                let attachments = in_form(FORMS[place], &copy, &signer, now);
                let message_id = format!("{number}-{place}@mail.example.ua");
                let mail = send_all(&mut client, message_id, attachments, &["school"]).await;
                mails.push((FORMS[place], mail));
            }
            rounds.push(mails);
        }
        rounds
    });
    server.wait_until_judged();
    assert!(server.stop().success());
    runtime.block_on(async {
        let store = installation.open().await.store().clone();
        for mails in rounds {
            let (first_form, first) = mails[0];
            for (form, mail) in &mails {
                let share = store.share(at("school", *mail), &BranchScope::All).await.unwrap();
                let share = share.unwrap();
                let is_signed = *form != FORMS[0];
                let expected = if is_signed { Verdict::Verified } else { Verdict::Unsigned };
                assert_eq!(share.verdict, expected, "{form}: {:?}", share.findings);
                let found = duplicates_of(share);
                if *mail == first {
                    assert!(found.is_empty(), "{form}: {found:?}");
                } else {
                    let first = at("school", first).to_string();
                    assert_eq!(found, [first], "{form} after {first_form}");
                }
            }
        }
    });
}

fn in_form(form: &str, copy: &Copy, signer: &Signer, now: Timestamp) -> Vec<Attachment> {
    let attached = copy.attached(signer, now).unwrap();
    let with = |content: Vec<u8>| vec![Attachment { content, ..attached.clone() }];
    let base64 = || {
        let lines = Base64::encode_string(&attached.content);
        let lines = lines.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let container = |level| {
        let signature = sign::detached(copy.content(), signer, now).unwrap();
        vec![Attachment {
            name: copy.name().replace(".pdf", ".asics"),
            media_type: "application/vnd.etsi.asic-s+zip".to_owned(),
            content: container::simple("copy.pdf", copy.content(), &signature, level),
        }]
    };
    match form {
        "without a signature" => vec![copy.unsigned()],
        "signature around it" => vec![attached],
        "signature beside it" => copy.detached(signer, now).unwrap().to_vec(),
        "signed at another time" => vec![copy.attached(signer, now.plus_seconds(-60)).unwrap()],
        "signature in PEM" => {
            let label = |word| format!("-----{word} PKCS7-----\r\n");
            let text = [label("BEGIN"), base64(), "\r\n".to_owned(), label("END")].concat();
            with(text.into_bytes())
        }
        "signature in base64" => with(base64().into_bytes()),
        "signature around the signature" => {
            with(sign::attached(&attached.content, signer, now).unwrap())
        }
        "container" => container(1),
        "packed again" => container(9),
        other => panic!("no form {other}"),
    }
}

fn at(branch: &str, mail: MailId) -> ShareId {
    ShareId::of(mail, &branch.parse().unwrap())
}

/// Sends copy `number` in one mail, with `beside` other copies that no other mail has.
async fn send(client: &mut Client, number: u64, beside: u64, to: &[&str]) -> MailId {
    let made_at: Timestamp = "2026-09-01T10:00:00Z".parse().unwrap();
    let attachment = |code: &str, number| -> Attachment {
        let code: TypeCode = code.parse().unwrap();
        Copy::new(&code, number, made_at).unsigned()
    };
    let mut attachments = vec![attachment("birth-certificate", number)];
    attachments.extend((1..=beside).map(|n| attachment("pension-card", number * 100 + n)));
    send_all(client, format!("{number}-{beside}@mail.example.ua"), attachments, to).await
}

async fn send_all(
    client: &mut Client,
    message_id: String,
    attachments: Vec<Attachment>,
    to: &[&str],
) -> MailId {
    let from: MailAddress = "testova.osoba@mail.example.ua".parse().unwrap();
    let recipients: Vec<MailAddress> =
        to.iter().map(|name| format!("{name}@docs.example.ua").parse().unwrap()).collect();
    let draft = Draft {
        message_id,
        from: from.clone(),
        to: recipients[0].clone(),
        date: "2026-09-01T10:00:00Z".parse().unwrap(),
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
    let store = installation.open().await.store().clone();
    duplicates_of(store.share(share, &BranchScope::All).await.unwrap().unwrap())
}

fn duplicates_of(share: ShareRow) -> Vec<String> {
    let duplicates = share.findings.into_iter().filter(|f| f.code == FindingCode::Duplicate);
    duplicates.filter_map(|finding| finding.detail).collect()
}
