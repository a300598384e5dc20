//! SPF, DKIM and DMARC against a DNS zone on loopback, and one mail through the real server.

mod server;

use std::{
    net::{IpAddr, SocketAddr},
    process::Command,
    sync::LazyLock,
    time::Duration,
};

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use mail_auth::{
    common::{
        crypto::{Ed25519Key, RsaKey, Sha256, SigningKey},
        headers::HeaderWriter as _,
    },
    dkim::DkimSigner,
};
use rustls::pki_types::PrivateKeyDer;
use skrynka::{
    domain::{Finding, FindingCode, Severity, Timestamp},
    sender::{Checks, Origin, Settings},
};

use crate::support::zone::{Manner, Zone};

/// The address that `diia.test` sends from.
const OWN: &str = "127.0.0.1";
const FOREIGN: &str = "192.0.2.7";

const MAIL: &str = "From: Testova Osoba <share@diia.test>\r\n\
                    To: school@docs.example.ua\r\n\
                    Subject: copies\r\n\
                    \r\n\
                    Enclosed are the copies.\r\n";

/// The key of `sel._domainkey.diia.test`, made for this run.
static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| Ed25519Key::generate_pkcs8().unwrap());

fn zone_of(manner: Manner) -> Zone {
    let public = Ed25519Key::from_pkcs8_der(&KEY).unwrap().public_key();
    let key = format!("v=DKIM1; k=ed25519; p={}", Base64::encode_string(&public));
    Zone::start(
        manner,
        &[
            ("diia.test", "v=spf1 ip4:127.0.0.1 ip6:2001:db8::1 -all"),
            ("_dmarc.diia.test", "v=DMARC1; p=reject"),
            ("sel._domainkey.diia.test", &key),
            ("soft.test", "v=spf1 ip4:127.0.0.1 ~all"),
            ("neutral.test", "v=spf1 ?all"),
            ("broken.test", "v=spf1 ip4:not-an-address -all"),
            ("helo.test", "v=spf1 ip4:127.0.0.1 -all"),
        ],
    )
}

fn zone() -> Zone {
    zone_of(Manner::Answers)
}

fn asking(server: SocketAddr, seconds: u64) -> Checks {
    Checks::new(&Settings { server: Some(server), timeout: Duration::from_secs(seconds) })
}

fn from(peer: &str, sender: &str) -> Origin {
    Origin {
        peer: Some(peer.parse::<IpAddr>().unwrap()),
        helo: "mail.diia.test".to_owned(),
        sender: (!sender.is_empty()).then(|| sender.parse().unwrap()),
        received_at: Timestamp::from_seconds(1_800_000_000),
    }
}

fn from_diia(peer: &str) -> Origin {
    from(peer, "share@diia.test")
}

fn signed_with(key: impl SigningKey<Hasher = Sha256>, headers: &[&str], mail: &str) -> String {
    let signature = DkimSigner::from_key(key)
        .domain("diia.test")
        .selector("sel")
        .headers(headers.iter().copied())
        .sign(mail.as_bytes())
        .unwrap();
    format!("{}{mail}", signature.to_header())
}

fn signed(mail: &str) -> String {
    let key = Ed25519Key::from_pkcs8_der(&KEY).unwrap();
    signed_with(key, &["From", "To", "Subject"], mail)
}

/// What is found, as `dkim pass (diia.test)`, in the order that a share shows it.
async fn found(checks: &Checks, origin: Origin, mail: &str) -> Vec<String> {
    let mut findings = checks.findings(origin, Bytes::from(mail.to_owned())).await;
    findings.sort();
    findings.iter().map(words).collect()
}

fn words(finding: &Finding) -> String {
    assert_eq!((finding.severity, finding.document), (Severity::Info, None));
    let check = finding.code.as_str().strip_prefix("sender_").unwrap();
    format!("{check} {}", finding.detail.as_ref().unwrap())
}

#[tokio::test]
async fn tells_whose_mail_it_is() {
    let zone = zone();
    let checks = asking(zone.address, 30);
    let good = signed(MAIL);
    let altered = good.replace("Enclosed", "Included");
    let unsigned = MAIL.to_owned();
    let other_author = signed(&MAIL.replace("share@diia.test", "share@other.test"));
    for (peer, mail, expected) in [
        (OWN, &good, ["dkim pass (diia.test)", "dmarc pass (diia.test)", "spf pass (diia.test)"]),
        (
            OWN,
            &altered,
            ["dkim fail (diia.test)", "dmarc pass (diia.test)", "spf pass (diia.test)"],
        ),
        (OWN, &unsigned, ["dkim none", "dmarc pass (diia.test)", "spf pass (diia.test)"]),
        // Forwarded on the way: the signature stays good.
        (
            FOREIGN,
            &good,
            ["dkim pass (diia.test)", "dmarc pass (diia.test)", "spf fail (diia.test)"],
        ),
        (
            FOREIGN,
            &altered,
            ["dkim fail (diia.test)", "dmarc fail (diia.test)", "spf fail (diia.test)"],
        ),
        (FOREIGN, &unsigned, ["dkim none", "dmarc fail (diia.test)", "spf fail (diia.test)"]),
        // Another author under the signature of the domain proves nothing of that author.
        (
            OWN,
            &other_author,
            ["dkim pass (diia.test)", "dmarc none (other.test)", "spf pass (diia.test)"],
        ),
    ] {
        assert_eq!(found(&checks, from_diia(peer), mail).await, expected, "from {peer}: {mail}");
    }
}

#[tokio::test]
async fn a_signature_with_rsa_passes() {
    let Some((private, public)) = rsa_key() else { return };
    let key = format!("v=DKIM1; k=rsa; p={}", Base64::encode_string(&public));
    let zone = Zone::start(Manner::Answers, &[("sel._domainkey.diia.test", &key)]);
    let private = PrivateKeyDer::try_from(private).unwrap();
    let key = RsaKey::<Sha256>::from_key_der(private).unwrap();
    let mail = signed_with(key, &["From", "Subject"], MAIL);
    let checks = asking(zone.address, 30);
    let expected = ["dkim pass (diia.test)", "dmarc none (diia.test)", "spf none (diia.test)"];
    assert_eq!(found(&checks, from_diia(OWN), &mail).await, expected);
}

#[tokio::test]
async fn spf_says_what_the_domain_of_the_sender_says() {
    let zone = zone();
    let checks = asking(zone.address, 30);
    for (origin, expected) in [
        (from("::ffff:127.0.0.1", "a@diia.test"), "spf pass (diia.test)"),
        (from("2001:db8::1", "a@diia.test"), "spf pass (diia.test)"),
        (from("2001:db8::2", "a@diia.test"), "spf fail (diia.test)"),
        (from(FOREIGN, "a@soft.test"), "spf softfail (soft.test)"),
        (from(FOREIGN, "a@neutral.test"), "spf neutral (neutral.test)"),
        (from(FOREIGN, "a@broken.test"), "spf permerror (broken.test)"),
        (from(FOREIGN, "a@nowhere.test"), "spf none (nowhere.test)"),
        (from(FOREIGN, "a@[192.0.2.7]"), "spf none"),
        // RFC 7208 §2.4: the null sender stands for postmaster at the name in EHLO.
        (Origin { helo: "helo.test".to_owned(), ..from(OWN, "") }, "spf pass (helo.test)"),
        (Origin { helo: "[127.0.0.1]".to_owned(), ..from(OWN, "") }, "spf none (unknown)"),
        (Origin { helo: "a) pass (gov.ua".to_owned(), ..from(OWN, "") }, "spf none (unknown)"),
        (Origin { peer: None, ..from_diia(OWN) }, "spf none (diia.test)"),
    ] {
        let found = found(&checks, origin.clone(), MAIL).await;
        assert_eq!(found.last().map(String::as_str), Some(expected), "{origin:?}");
    }
}

#[tokio::test]
async fn what_a_mail_says_of_itself_is_not_read() {
    let zone = zone();
    let forged = format!(
        "Authentication-Results: docs.example.ua; spf=pass smtp.mailfrom=diia.test;\r\n \
         dkim=pass header.d=diia.test; dmarc=pass header.from=diia.test\r\n\
         Received-SPF: pass\r\n{MAIL}"
    );
    let found = found(&asking(zone.address, 30), from_diia(FOREIGN), &forged).await;
    assert_eq!(found, ["dkim none", "dmarc fail (diia.test)", "spf fail (diia.test)"]);
}

#[tokio::test]
async fn a_signature_that_leaves_the_author_open_is_none() {
    let zone = zone();
    let key = Ed25519Key::from_pkcs8_der(&KEY).unwrap();
    let mail = signed_with(key, &["To", "Subject"], MAIL);
    let found = found(&asking(zone.address, 30), from_diia(FOREIGN), &mail).await;
    let expected = ["dkim permerror (diia.test)", "dmarc fail (diia.test)", "spf fail (diia.test)"];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn two_authors_of_two_domains_are_no_domains_mail() {
    let zone = zone();
    let mail = signed(&format!("From: other@other.test\r\n{MAIL}"));
    let found = found(&asking(zone.address, 30), from_diia(OWN), &mail).await;
    assert_eq!(found[1], "dmarc none");
}

#[tokio::test]
async fn of_many_signatures_a_few_are_tried() {
    let zone = zone();
    let key = signed(MAIL);
    let field = key.strip_suffix(MAIL).unwrap();
    let fields: String =
        (0..100).map(|n| field.replace("d=diia.test", &format!("d=diia{n}.test"))).collect();
    let found = found(&asking(zone.address, 30), from_diia(OWN), &format!("{fields}{MAIL}")).await;
    let tried = found.iter().filter(|words| words.starts_with("dkim permerror (diia"));
    assert_eq!((tried.count(), found.len()), (5, 7), "{found:?}");
    assert!(zone.asked().len() < 20, "{:?}", zone.asked());
}

#[tokio::test]
async fn a_header_beyond_the_limits_is_not_read() {
    let zone = zone();
    let mail = format!("{}{}", "X: a\r\n".repeat(1000), signed(MAIL));
    let found = found(&asking(zone.address, 30), from_diia(OWN), &mail).await;
    assert_eq!(found, ["dkim permerror", "dmarc permerror", "spf pass (diia.test)"]);
    assert_eq!(zone.asked(), ["diia.test"]);
}

/// RFC 7208 §4.6.4 and RFC 9989 §4.10.
#[tokio::test]
async fn a_domain_that_leads_to_many_others_has_few_of_them_asked() {
    let names: Vec<String> = (0..20).map(|number| format!("i{number}.many.test")).collect();
    let many = format!("v=spf1 include:{} -all", names.join(" include:"));
    let mut texts = vec![("many.test", many.as_str())];
    texts.extend(names.iter().map(|name| (name.as_str(), "v=spf1 -all")));
    let zone = Zone::start(Manner::Answers, &texts);
    let mail = MAIL.replace("diia.test", &format!("{}deep.test", "a.".repeat(50)));
    let found = found(&asking(zone.address, 30), from(OWN, "a@many.test"), &mail).await;
    assert_eq!(found.last().map(String::as_str), Some("spf permerror (many.test)"));
    let asked = zone.asked();
    let included = asked.iter().filter(|name| name.ends_with(".many.test")).count();
    let policies = asked.iter().filter(|name| name.starts_with("_dmarc.")).count();
    assert_eq!((included, policies), (10, 8), "{asked:?}");
}

#[tokio::test]
async fn an_answer_is_kept() {
    let zone = zone();
    let checks = asking(zone.address, 30);
    let first = found(&checks, from_diia(OWN), &signed(MAIL)).await;
    let asked = zone.asked();
    assert_eq!(found(&checks, from_diia(OWN), &signed(MAIL)).await, first);
    assert_eq!(zone.asked(), asked);
}

#[tokio::test]
async fn a_server_that_does_not_answer_makes_temporary_errors_and_is_then_left_alone() {
    let zone = zone_of(Manner::Silent);
    let checks = asking(zone.address, 1);
    for mail in 0..3 {
        let found = found(&checks, from_diia(OWN), &signed(MAIL)).await;
        let expected =
            ["dkim temperror (diia.test)", "dmarc temperror", "spf temperror (diia.test)"];
        assert_eq!(found, expected, "mail {mail}");
    }
    let asked = zone.asked();
    assert_eq!(asked.last().map(String::as_str), Some(""), "the server itself is in doubt");
    let found = found(&checks, from_diia(OWN), &signed(MAIL)).await;
    assert_eq!(found, ["dkim temperror", "dmarc temperror", "spf temperror (diia.test)"]);
    assert_eq!(zone.asked(), asked, "nothing is asked any more");
}

#[tokio::test]
async fn a_server_that_answers_for_others_is_not_left_alone() {
    let zone = zone_of(Manner::ServerFailure);
    let checks = asking(zone.address, 2);
    for mail in 0..4 {
        let asked = zone.asked().len();
        let found = found(&checks, from_diia(OWN), MAIL).await;
        assert_eq!(found[2], "spf temperror (diia.test)", "mail {mail}");
        assert!(zone.asked().len() > asked, "mail {mail}");
    }
}

#[tokio::test]
async fn without_any_server_there_are_temporary_errors() {
    // Nobody listens on a port that was just given back.
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = found(&asking(closed, 1), from_diia(OWN), MAIL).await;
    assert_eq!(found[2], "spf temperror (diia.test)");
}

#[tokio::test]
async fn bytes_that_are_no_answer_are_none() {
    let zone = zone_of(Manner::Garbage);
    let found = found(&asking(zone.address, 1), from_diia(OWN), &signed(MAIL)).await;
    assert_eq!(found[2], "spf temperror (diia.test)");
    assert!(found[0].starts_with("dkim temperror"), "{found:?}");
}

#[tokio::test]
async fn hostile_mails_have_their_findings_too() {
    let zone = zone();
    let checks = asking(zone.address, 30);
    let long_list = format!("DKIM-Signature: v=1; h={}\r\n{MAIL}", "a:".repeat(100_000));
    for mail in [
        "",
        "\r\n",
        "\r\n\r\n",
        "no header at all",
        "DKIM-Signature:\r\n\r\n",
        "DKIM-Signature: v=1; a=rsa-sha256; d=; s=; h=; bh=; b=\r\nFrom:\r\n\r\n",
        "From: <<<@@@>>>\r\nFrom: \0\r\n\r\n",
        &long_list,
    ] {
        let mut findings = checks.findings(from_diia(OWN), Bytes::from(mail.to_owned())).await;
        findings.sort();
        let codes: Vec<FindingCode> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, FindingCode::OF_SENDER, "{mail:.60}");
    }
}

/// A fresh key of 2048 bits: the private one as PKCS#8 or PKCS#1, the public one as it stands in a zone.
/// `None`, said aloud, without OpenSSL; in CI it is a must.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn rsa_key() -> Option<(Vec<u8>, Vec<u8>)> {
    if Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI needs the package openssl");
        eprintln!("SKIPPED: openssl is not installed");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.der");
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let bits = "rsa_keygen_bits:2048";
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", bits, "-outform", "DER", "-out"]);
    let public = openssl(&["pkey", "-inform", "DER", "-pubout", "-outform", "DER", "-in"]);
    Some((std::fs::read(&path).unwrap(), public))
}
