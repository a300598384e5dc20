//! Shares whose verdict follows what becomes known later: revocation lists that are fetched, and
//! certificates that are put into the trust directory.

mod clock;

use std::{fs, time::Duration};

use skrynka::{
    clock::Clock,
    domain::{
        BranchScope, DocumentReport, Indication, MailAddress, MailId, RetentionReason,
        RevocationSource, RevocationStatus, Sha256, ShareId, ShareRow, Timestamp, WarningCode,
    },
    sample::{
        Seed,
        authority::{Addresses, Authority, KeyAlgorithm, Revoked, Signer, Subject, Validity},
        client::Client,
        copy::Copy,
        mail::{Attachment, Draft},
        sign, time_stamp,
    },
    store::{AuditAction, AuditFilter},
};

use crate::support::{
    authority_server::{AuthorityServer, Reply},
    installation::{Installation, Server, wait_for},
    registries,
};

const LIST: &str = "/list.crl";
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// Seconds by which an authority's clock may be ahead.
const LATER: i64 = 500;

/// Lists are fetched, from this machine too, and soon given up.
const FETCH: [(&str, &str); 3] = [
    ("SKRYNKA_SIGNATURES__FETCH_PRIVATE_ADDRESSES", "true"),
    ("SKRYNKA_SIGNATURES__FETCH_MAX_BYTES", "65536"),
    ("SKRYNKA_SIGNATURES__FETCH_TIMEOUT_SECONDS", "5"),
];
const REQUIRE: (&str, &str) = ("SKRYNKA_SIGNATURES__REVOCATION", "require");

/// An installation, the authority that it may trust, and the authority's web server.
struct House {
    installation: Installation,
    authority: Authority,
    signer: Signer,
    web: AuthorityServer,
    now: Timestamp,
}

impl House {
    fn new() -> Self {
        let now = Clock::system().now();
        let web = AuthorityServer::start();
        let validity = Validity { from: now.plus_seconds(-30 * 86_400), to: now.plus_days(300) };
        let addresses = Addresses { lists: vec![web.url(LIST)], responders: Vec::new() };
        let mut authority =
            Authority::root(Seed::random().unwrap(), validity).unwrap().with_addresses(addresses);
        let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        Self { installation: Installation::new(registries::SCHOOL), authority, signer, web, now }
    }

    /// One whose authority is trusted.
    fn trusting() -> Self {
        let house = Self::new();
        house.trust();
        house
    }

    fn trust(&self) {
        self.installation.trust("root.pem", self.authority.certificate_pem().unwrap());
    }

    fn start(&self, environment: &[(&str, &str)]) -> Server {
        Server::start(&self.installation.config_file(), environment)
    }

    /// A list that is true from `from` on, in seconds from the beginning of the test, for a week.
    /// It revokes the signer's certificate from `revoked` on, likewise.
    fn list_of(&self, from: i64, revoked: Option<i64>) -> Vec<u8> {
        let revoked = revoked.map(|since| Revoked {
            signer: &self.signer,
            since: self.now.plus_seconds(since),
            compromised: None,
        });
        let validity = Validity::days(self.now.plus_seconds(from), 7);
        self.authority.revocation_list(1, revoked.as_slice(), validity).unwrap()
    }

    /// A list made after anything that is received in a test, and within what clocks may differ by.
    /// It revokes the signer's certificate since an hour, or nothing.
    fn list(&self, is_revoked: bool) -> Vec<u8> {
        self.list_of(LATER, is_revoked.then_some(-HOUR))
    }

    /// Puts a list into the cache, as if it had been fetched. The server must not run.
    fn cache(&self, list: &[u8]) {
        let directory = self.installation.path().join("data/revocation");
        fs::create_dir_all(&directory).unwrap();
        let (name, url) = (Sha256::of(list).to_string(), self.web.url(LIST));
        let address = format!("{name}.{}", Sha256::of(url.as_bytes()));
        fs::write(directory.join(address), url).unwrap();
        fs::write(directory.join(name), list).unwrap();
    }

    /// Sends a signed copy and waits for its first verdict.
    fn send(&self, server: &Server) -> ShareId {
        self.send_stapled(&[], server)
    }

    /// The same with lists that the signature brings.
    fn send_stapled(&self, lists: &[Vec<u8>], server: &Server) -> ShareId {
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, self.now);
        let content = sign::stapled(copy.content(), lists, &self.signer, self.now).unwrap();
        self.send_signed(copy.name(), content, server)
    }

    /// The same with a signature file of one's own.
    fn send_signed(&self, name: &str, content: Vec<u8>, server: &Server) -> ShareId {
        let from: MailAddress = "testova.osoba@mail.example.ua".parse().unwrap();
        let to: MailAddress = "school@docs.example.ua".parse().unwrap();
        let signed = Attachment {
            name: format!("{name}.p7s"),
            media_type: "application/pkcs7-signature".to_owned(),
            content,
        };
        let draft = Draft {
            message_id: "1@mail.example.ua".to_owned(),
            from: from.clone(),
            to: to.clone(),
            date: self.now,
            subject: "copies".to_owned(),
            text: String::new(),
            attachments: vec![signed],
        };
        let mail: MailId = runtime().block_on(async {
            let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
            client.hello("mail.example.ua").await.unwrap();
            let sent = client.send(Some(&from), &[to], &draft.compose()).await.unwrap();
            assert!(sent.is_accepted(), "{}", sent.last());
            let words = sent.last().lines.join(" ");
            words.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
        });
        server.wait_until_judged();
        ShareId::of(mail, &"school".parse().unwrap())
    }

    /// How many lists and answers are kept, without the files that say where lists are from.
    fn cached(&self) -> usize {
        let files = fs::read_dir(self.installation.path().join("data/revocation")).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().is_none()).count()
    }

    /// The share as it is kept, and the report on its document. The server must not run.
    fn kept(&self, id: ShareId) -> (ShareRow, DocumentReport) {
        runtime().block_on(async {
            let archive = self.installation.open().await;
            let kept = archive.open(id, &BranchScope::All).await.unwrap().unwrap();
            let row = kept.rows().await.unwrap().remove(0);
            let details = kept.document(row).unwrap().details.unwrap();
            (kept.row().clone(), details.report)
        })
    }

    /// The audit's lines about judging the share again.
    fn rejudged(&self, share: ShareId) -> Vec<String> {
        runtime().block_on(async {
            let archive = self.installation.open().await;
            let filter = AuditFilter {
                share: Some(share),
                action: Some(AuditAction::ShareRejudged),
                ..AuditFilter::default()
            };
            let mut rows = archive.store().audit_rows(&filter, 100).await.unwrap();
            rows.reverse();
            rows.into_iter().filter_map(|row| row.entry.detail).collect()
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

fn share(id: ShareId, token: &str, server: &Server) -> serde_json::Value {
    server.json(&format!("/api/v1/shares/{id}"), token)
}

fn wait_for_verdict(verdict: &str, id: ShareId, token: &str, server: &Server) -> serde_json::Value {
    wait_for(&format!("the share is {verdict}"), || {
        Some(share(id, token, server)).filter(|share| share["verdict"] == verdict)
    })
}

/// How many fetches of lists ended so.
fn fetched(outcome: &str, server: &Server) -> u64 {
    let name = format!("skrynka_revocation_fetches_total{{kind=\"crl\",outcome=\"{outcome}\"}} ");
    let text = server.metrics_text();
    text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap()
}

#[test]
fn a_root_that_is_added_decides_the_shares_that_missed_it() {
    let house = House::new();
    let token = house.installation.token();
    let server = house.start(&[("SKRYNKA_SIGNATURES__FETCH", "false")]);
    let id = house.send(&server);
    let before = share(id, &token, &server);
    assert_eq!(before["verdict"], "undetermined");
    house.trust();
    let after = wait_for_verdict("verified", id, &token, &server);
    assert_eq!(after["received_at"], before["received_at"]);
    assert_eq!(after["documents"][0]["indication"], "TOTAL_PASSED");
    assert!(server.stop().success());
    assert_eq!(house.rejudged(id), ["undetermined -> verified"]);
    let (kept, report) = house.kept(id);
    assert_eq!(kept.retention.reason, RetentionReason::Service);
    assert_eq!(kept.retention.destroy_at, kept.received_at.plus_days(90));
    assert_eq!(report.indication, Some(Indication::TotalPassed));
    assert_eq!(report.signatures[0].best_time, kept.received_at, "judged for the receipt");
}

#[test]
fn of_two_shares_with_one_copy_the_later_stays_the_duplicate() {
    let house = House::new();
    let token = house.installation.token();
    let server = house.start(&[]);
    let (first, second) = (house.send(&server), house.send(&server));
    house.trust();
    let duplicates = |id| {
        let share = wait_for_verdict("verified", id, &token, &server);
        let findings = share["findings"].as_array().unwrap().clone();
        let duplicates = findings.into_iter().filter(|finding| finding["code"] == "duplicate");
        duplicates.map(|finding| finding["detail"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(duplicates(second), [first.to_string()]);
    assert!(duplicates(first).is_empty());
}

#[test]
fn what_was_added_while_the_server_was_down_counts_at_its_start() {
    let house = House::new();
    let token = house.installation.token();
    let server = house.start(&[]);
    let id = house.send(&server);
    assert!(server.stop().success());
    house.trust();
    let server = house.start(&[]);
    wait_for_verdict("verified", id, &token, &server);
}

/// The authority's next list is a day late, and what it gives out revokes the signer.
#[test]
fn an_overdue_list_that_is_fetched_revokes_like_one_at_hand() {
    const SECOND: &str = "/second.crl";
    for policy in ["prefer", "require"] {
        for is_cached in [true, false] {
            let mut house = House::new();
            let validity =
                Validity { from: house.now.plus_seconds(-30 * DAY), to: house.now.plus_days(300) };
            let lists = [LIST, SECOND].map(|path| house.web.url(path)).to_vec();
            let addresses = Addresses { lists, responders: Vec::new() };
            let authority = Authority::root(Seed::random().unwrap(), validity).unwrap();
            house.authority = authority.with_addresses(addresses);
            let signer =
                house.authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity);
            house.signer = signer.unwrap();
            house.trust();
            let list = house.list_of(-8 * DAY, Some(-9 * DAY));
            if is_cached {
                house.cache(&list);
            }
            house.web.reply(LIST, Reply::Bytes(list));
            let token = house.installation.token();
            let policy = [("SKRYNKA_SIGNATURES__REVOCATION", policy)];
            let server = house.start(&[FETCH.as_slice(), &policy].concat());
            let id = house.send(&server);
            wait_for_verdict("invalid", id, &token, &server);
            if !is_cached {
                // It is old, and another address may have a newer one.
                wait_for("the other address", || {
                    house.web.asked().contains(&SECOND.to_owned()).then_some(())
                });
            }
        }
    }
}

/// The list of today says nothing of a certificate that has ended, and is an answer for others.
#[test]
fn old_copies_keep_no_list_from_others() {
    let mut house = House::trusting();
    let long = Validity { from: house.now.plus_seconds(-30 * DAY), to: house.now.plus_days(300) };
    let past = Validity { to: house.now.plus_seconds(-DAY), ..long };
    let mut other = Authority::root(Seed::random().unwrap(), long).unwrap();
    let stamps = other.signer(Subject::TimeStamping, KeyAlgorithm::P256, long).unwrap();
    house.installation.trust("other.pem", other.certificate_pem().unwrap());
    let ended = house.authority.signer(Subject::Person, KeyAlgorithm::P256, past).unwrap();
    let at = house.now.plus_seconds(-10 * DAY);
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 2, at);
    let signature = sign::attached(copy.content(), &ended, at).unwrap();
    let signature = time_stamp::stamped(&signature, &stamps, at).unwrap();
    house.web.reply(LIST, Reply::Bytes(house.list(true)));
    let token = house.installation.token();
    let server = house.start(&FETCH);
    house.send_signed(copy.name(), signature, &server);
    wait_for("the list", || (fetched("useless", &server) == 1).then_some(()));
    let id = house.send(&server);
    wait_for_verdict("invalid", id, &token, &server);
    assert_eq!(fetched("accepted", &server), 0, "it was there");
}

/// Somebody cleared the cache, or its disk takes nothing any more.
#[test]
fn what_an_authority_says_counts_although_it_cannot_be_written_down() {
    for is_in_the_way in [false, true] {
        let house = House::trusting();
        house.web.reply(LIST, Reply::Bytes(house.list(true)));
        let token = house.installation.token();
        let server = house.start(&FETCH);
        let directory = house.installation.path().join("data/revocation");
        fs::remove_dir_all(&directory).unwrap();
        if is_in_the_way {
            let file = house.installation.path().join("in-the-way");
            fs::write(&file, "").unwrap();
            // The server may make the directory anew meanwhile.
            while fs::rename(&file, &directory).is_err() {
                let _ = fs::remove_dir_all(&directory);
            }
        }
        let id = house.send(&server);
        wait_for_verdict("invalid", id, &token, &server);
        if is_in_the_way {
            wait_for("the part that does not work", || {
                let (status, told) = server.readiness();
                let how = told["checks"]["revocation"].as_str().unwrap_or_default();
                (status == 200 && how.contains("cannot be written down")).then_some(())
            });
        } else {
            assert_eq!(house.cached(), 1);
        }
    }
}

#[test]
fn a_list_that_arrives_verifies_the_shares_that_required_it() {
    let house = House::trusting();
    house.web.reply(LIST, Reply::Held);
    let token = house.installation.token();
    let server = house.start(&[FETCH.as_slice(), &[REQUIRE]].concat());
    let id = house.send(&server);
    let before = share(id, &token, &server);
    assert_eq!(before["verdict"], "undetermined");
    assert_eq!(before["findings"][0]["detail"], "TRY_LATER");
    house.web.reply(LIST, Reply::Bytes(house.list(false)));
    wait_for_verdict("verified", id, &token, &server);
    assert_eq!(house.cached(), 1);
    assert_eq!(fetched("accepted", &server), 1);

    // The cache outlives the server, and serves the next mail at once.
    assert!(server.stop().success());
    assert_eq!(house.rejudged(id), ["undetermined -> verified"]);
    let revocation = house.kept(id).1.signatures[0].chain[0].revocation.clone().unwrap();
    assert_eq!(revocation.status, RevocationStatus::Good);
    assert_eq!(revocation.source, Some(RevocationSource::Cache));
    let server = house.start(&[FETCH.as_slice(), &[REQUIRE]].concat());
    let next = house.send(&server);
    assert_eq!(share(next, &token, &server)["verdict"], "verified");
    assert_eq!(fetched("accepted", &server), 0);
}

#[test]
fn a_list_that_revokes_the_signer_makes_the_share_invalid() {
    let house = House::trusting();
    house.web.reply(LIST, Reply::Held);
    let token = house.installation.token();
    let server = house.start(&FETCH);
    let id = house.send(&server);
    assert_eq!(share(id, &token, &server)["verdict"], "verified", "it is preferred only");
    house.web.reply(LIST, Reply::Bytes(house.list(true)));
    let after = wait_for_verdict("invalid", id, &token, &server);
    // The time that the signer claims proves nothing, for him or against him.
    assert_eq!(after["findings"][0]["detail"], "REVOKED_NO_POE");
    assert!(server.stop().success());
    assert_eq!(house.rejudged(id), ["verified -> invalid"]);
    let (kept, _) = house.kept(id);
    let promised = kept.received_at.plus_days(90);
    assert_eq!(kept.retention.destroy_at, promised, "no term moves nearer");
}

#[test]
fn an_authority_that_does_not_behave_harms_no_mail() {
    for (reply, outcome) in [
        (Reply::Bytes(b"garbage".to_vec()), "useless"),
        (Reply::Endless, "failed"),
        (Reply::Redirect("file:///etc/passwd".to_owned()), "failed"),
        (Reply::Silent, "failed"),
    ] {
        let house = House::trusting();
        house.web.reply(LIST, reply.clone());
        let token = house.installation.token();
        let server = house.start(&FETCH);
        let id = house.send(&server);
        assert_eq!(share(id, &token, &server)["verdict"], "verified", "{reply:?}");
        wait_for(&format!("the fetch of {reply:?} ended"), || {
            (fetched(outcome, &server) > 0).then_some(())
        });
        assert_eq!(house.cached(), 0, "{reply:?}");
        assert_eq!(share(id, &token, &server)["verdict"], "verified", "{reply:?}");
    }
}

#[test]
fn a_list_of_another_authority_is_not_kept() {
    let (house, other) = (House::trusting(), House::new());
    house.web.reply(LIST, Reply::Bytes(other.list(false)));
    let server = house.start(&[FETCH.as_slice(), &[REQUIRE]].concat());
    house.send(&server);
    wait_for("the list was fetched", || (fetched("useless", &server) > 0).then_some(()));
    assert_eq!(house.cached(), 0);
}

#[test]
fn the_own_network_is_not_asked_unless_it_is_allowed() {
    let house = House::trusting();
    house.web.reply(LIST, Reply::Bytes(house.list(false)));
    let server = house.start(&[]);
    house.send(&server);
    wait_for("the fetch is refused", || (fetched("forbidden", &server) > 0).then_some(()));
    assert!(house.web.asked().is_empty(), "{:?}", house.web.asked());
    assert_eq!(house.cached(), 0);
}

/// What a warning of the only signature says of revocation.
fn is_unchecked(report: &DocumentReport) -> bool {
    let warnings = &report.signatures[0].warnings;
    warnings.iter().any(|warning| warning.code == WarningCode::RevocationUnchecked)
}

#[test]
fn a_list_of_before_the_receipt_is_no_answer_for_it() {
    for (policy, before) in [("prefer", "verified"), ("require", "undetermined")] {
        for (list, after) in [(true, "invalid"), (false, "verified")] {
            let house = House::trusting();
            house.cache(&house.list_of(-2 * HOUR, None));
            house.web.reply(LIST, Reply::Held);
            let token = house.installation.token();
            let policy = [("SKRYNKA_SIGNATURES__REVOCATION", policy)];
            let server = house.start(&[FETCH.as_slice(), &policy].concat());
            let id = house.send(&server);
            let first = share(id, &token, &server);
            assert_eq!(first["verdict"], before);
            assert_eq!(first["verdict_before"], serde_json::Value::Null);
            house.web.reply(LIST, Reply::Bytes(house.list(list)));
            wait_for("it is judged by the new list", || {
                let told = share(id, &token, &server)["judged_at"] != first["judged_at"];
                told.then_some(())
            });
            let last = share(id, &token, &server);
            assert_eq!(last["verdict"], after, "{policy:?}");
            if before != after {
                assert_eq!(last["verdict_before"], before);
                assert_eq!(last["verdict_changed_at"], last["judged_at"]);
            }
            assert!(server.stop().success());
            let (_, report) = house.kept(id);
            assert!(!is_unchecked(&report));
            assert_eq!(house.rejudged(id), [format!("{before} -> {after}")]);
        }
    }
}

#[test]
fn an_answer_that_the_sender_chose_does_not_stand_for_the_authoritys() {
    for (policy, before) in [("prefer", "verified"), ("require", "undetermined")] {
        let house = House::trusting();
        house.web.reply(LIST, Reply::Held);
        let token = house.installation.token();
        let policy = [("SKRYNKA_SIGNATURES__REVOCATION", policy)];
        let server = house.start(&[FETCH.as_slice(), &policy].concat());
        // One of before the revocation, and one that the authority's fast clock dates too late.
        let lists = [house.list_of(-2 * HOUR, None), house.list_of(LATER, None)];
        let id = house.send_stapled(&lists, &server);
        assert_eq!(share(id, &token, &server)["verdict"], before);
        house.web.reply(LIST, Reply::Bytes(house.list(true)));
        wait_for_verdict("invalid", id, &token, &server);
        assert!(server.stop().success());
        assert_eq!(house.rejudged(id), [format!("{before} -> invalid")]);
    }
}

#[test]
fn a_stapled_answer_and_an_authority_that_is_away_leave_the_question_open() {
    for (policy, verdict) in [("prefer", "verified"), ("require", "undetermined")] {
        let house = House::trusting();
        house.web.reply(LIST, Reply::Silent);
        let token = house.installation.token();
        let policy = [("SKRYNKA_SIGNATURES__REVOCATION", policy)];
        let server = house.start(&[FETCH.as_slice(), &policy].concat());
        let list = house.list_of(-HOUR, None);
        let id = house.send_stapled(&[list], &server);
        wait_for("the authority is asked", || house.web.asked().first().map(|_| ()));
        assert_eq!(share(id, &token, &server)["verdict"], verdict);
        assert!(server.stop().success());
        let (_, report) = house.kept(id);
        assert_eq!(is_unchecked(&report), verdict == "verified");
        let told = report.signatures[0].chain[0].revocation.clone().unwrap();
        assert_eq!(told.status, RevocationStatus::Unchecked);
        assert_eq!(told.source, Some(RevocationSource::Signature));
        let since = house.now.plus_seconds(-HOUR).as_micros() / 1_000_000;
        assert_eq!(told.this_update, Some(Timestamp::from_seconds(since)), "good as of then");
    }
}

#[test]
fn a_root_that_is_taken_away_and_put_back_changes_what_passed() {
    let house = House::trusting();
    let token = house.installation.token();
    let server = house.start(&[("SKRYNKA_SIGNATURES__FETCH", "false")]);
    let id = house.send(&server);
    assert_eq!(share(id, &token, &server)["verdict"], "verified");
    fs::remove_file(house.installation.path().join("trust/root.pem")).unwrap();
    let gone = wait_for_verdict("undetermined", id, &token, &server);
    assert_eq!(gone["verdict_before"], "verified");
    house.trust();
    let back = wait_for_verdict("verified", id, &token, &server);
    assert_eq!(back["verdict_before"], "undetermined");
    // The same while the server is stopped.
    assert!(server.stop().success());
    fs::remove_file(house.installation.path().join("trust/root.pem")).unwrap();
    let server = house.start(&[("SKRYNKA_SIGNATURES__FETCH", "false")]);
    wait_for_verdict("undetermined", id, &token, &server);
    assert!(server.stop().success());
    assert_eq!(
        house.rejudged(id),
        ["verified -> undetermined", "undetermined -> verified", "verified -> undetermined"]
    );
}

#[test]
fn a_revocation_that_is_published_later_reaches_back_to_its_own_date() {
    for (revoked, after) in [(-HOUR, "invalid"), (HOUR, "verified")] {
        let house = House::trusting();
        house.web.reply(LIST, Reply::Bytes(house.list(false)));
        let token = house.installation.token();
        let server = house.start(&[FETCH.as_slice(), &[REQUIRE]].concat());
        let id = house.send(&server);
        wait_for_verdict("verified", id, &token, &server);
        // Nothing is asked about this share any more. The list comes for another one.
        assert!(server.stop().success());
        house.cache(&house.list_of(LATER + 1, Some(revoked)));
        let server = house.start(&[("SKRYNKA_SIGNATURES__FETCH", "false"), REQUIRE]);
        wait_for("it is judged again", || {
            let text = server.metrics_text();
            let name = "skrynka_shares_rejudged_total";
            let counts = text.lines().filter(|line| line.starts_with(name));
            let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
            (counts.sum::<f64>() > 0.0).then_some(())
        });
        assert_eq!(share(id, &token, &server)["verdict"], after, "revoked at {revoked}");
    }
}
