//! The shares that the demo sends, each with the verdict it must get.

mod attacks;

use anyhow::Context as _;

use super::installation::Authorities;
use crate::{
    domain::{BranchId, FindingCode, MailAddress, ShareRow, Timestamp, TypeCode, Verdict},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        copy::Copy,
        mail::{Attachment, Draft},
    },
};

/// One share.
pub(super) struct Scenario {
    /// What it shows.
    pub(super) title: &'static str,
    /// Where it goes.
    pub(super) branch: BranchId,
    pub(super) to: MailAddress,
    /// Whom it comes from.
    pub(super) from: MailAddress,
    /// The mail.
    pub(super) message: Vec<u8>,
    /// The verdict it must get.
    pub(super) expected: Verdict,
    /// A finding it must have.
    pub(super) finding: Option<FindingCode>,
}

impl Scenario {
    /// Whether the share was judged as it must be.
    pub(super) fn fits(&self, share: &ShareRow) -> bool {
        let found = |code| share.findings.iter().any(|finding| finding.code == code);
        share.verdict == self.expected && self.finding.is_none_or(found)
    }
}

/// In seconds.
const DAY: i64 = 86_400;

/// How long the demo's certificates are valid: they sign old copies too, and it may be left
/// running.
pub(super) fn validity(now: Timestamp) -> Validity {
    Validity::days(now.plus_seconds(-60 * DAY), 90)
}

/// All scenarios in the order that they are sent in. `authorities` are those that the demo trusts.
pub(super) fn all(authorities: &mut Authorities, now: Timestamp) -> anyhow::Result<Vec<Scenario>> {
    let validity = validity(now);
    let Authorities { ordinary: authority, national, time } = authorities;
    let mut stranger = Authority::root(Seed::random()?, validity)?;
    let seal = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity)?;
    let person = authority.signer(Subject::Person, KeyAlgorithm::Ed25519, validity)?;
    let national_seal = national.signer(Subject::Organisation, KeyAlgorithm::Dstu4145, validity)?;
    let national_person = national.signer(Subject::Person, KeyAlgorithm::Dstu4145, validity)?;
    let forger = stranger.signer(Subject::Organisation, KeyAlgorithm::P256, validity)?;
    let mut post = Post { now, sent: 0, scenarios: Vec::new() };

    let whole =
        [post.sealed("birth-certificate", &seal)?, post.sealed("internal-passport", &seal)?]
            .concat();
    post.send("whole set, sealed", "school", whole.clone(), Verdict::Verified, None)?;
    post.send(
        "the same set again",
        "school",
        whole,
        Verdict::Verified,
        Some(FindingCode::Duplicate),
    )?;

    let copy = post.copy("student-id-card")?;
    let signed = vec![copy.attached(&person, now)?];
    post.send("signed by the person, Ed25519", "library", signed, Verdict::Verified, None)?;

    let national_copies = [
        post.sealed("birth-certificate", &national_seal)?,
        post.sealed("internal-passport", &national_seal)?,
    ]
    .concat();
    post.send("whole set, DSTU 4145 seal", "school", national_copies, Verdict::Verified, None)?;

    let copy = post.copy("student-id-card")?;
    let signed = vec![copy.attached(&national_person, now)?];
    post.send("signed by the person, DSTU 4145", "library", signed, Verdict::Verified, None)?;

    let half = post.sealed("birth-certificate", &seal)?;
    post.send(
        "passport missing",
        "school",
        half,
        Verdict::Incomplete,
        Some(FindingCode::MissingDocument),
    )?;

    let bare = vec![post.copy("internal-passport")?.unsigned()];
    post.send(
        "no signature",
        "cnap+residence",
        bare,
        Verdict::Unsigned,
        Some(FindingCode::UnsignedDocument),
    )?;

    for (title, signer) in
        [("changed after signing", &seal), ("changed after signing with DSTU 4145", &national_seal)]
    {
        let mut tampered = post.sealed("internal-passport", signer)?;
        let pdf = tampered.first_mut().context("a sealed copy is a PDF and its signature")?;
        let digit = pdf.content.iter_mut().rev().find(|byte| byte.is_ascii_digit());
        *digit.context("a PDF has digits")? = b'7';
        post.send(
            title,
            "cnap+residence",
            tampered,
            Verdict::Invalid,
            Some(FindingCode::SignatureInvalid),
        )?;
    }

    let own = post.sealed("internal-passport", &person)?;
    post.send(
        "wrong signer: a person for a seal",
        "cnap+residence",
        own,
        Verdict::Invalid,
        Some(FindingCode::SignerNotAccepted),
    )?;

    attacks::send(&mut post, authority, time, &seal)?;

    let copies = post.sealed("internal-passport", &forger)?;
    post.send(
        "signer of an unknown authority",
        "cnap+residence",
        copies,
        Verdict::Undetermined,
        Some(FindingCode::SignatureUndetermined),
    )?;

    let excess = [
        post.sealed("reference-internally-displaced-person", &seal)?,
        post.sealed("pension-card", &seal)?,
    ]
    .concat();
    post.send(
        "one copy too many",
        "cnap+idp",
        excess,
        Verdict::Verified,
        Some(FindingCode::ExcessDocument),
    )?;

    let picture = Attachment {
        name: "offer.png".to_owned(),
        media_type: "image/png".to_owned(),
        content: b"\x89PNG\r\n\x1a\n and no picture".to_vec(),
    };
    post.send(
        "plain spam",
        "library",
        vec![picture],
        Verdict::Unrecognised,
        Some(FindingCode::NoDocument),
    )?;
    post.send_raw(
        "mail inside mail, 33 000 deep",
        "library",
        "Content-Type: message/rfc822\r\n\r\n".repeat(33_000).into_bytes(),
        Verdict::Malformed,
        Some(FindingCode::LimitExceeded),
    )?;
    Ok(post.scenarios)
}

/// Collects the scenarios and numbers their copies.
struct Post {
    now: Timestamp,
    sent: u64,
    scenarios: Vec<Scenario>,
}

impl Post {
    /// A copy like no other, made some minutes ago.
    fn copy(&mut self, type_code: &str) -> anyhow::Result<Copy> {
        self.copy_of(type_code, self.now.plus_seconds(-300))
    }

    /// A copy like no other, made at `made_at`.
    fn copy_of(&mut self, type_code: &str, made_at: Timestamp) -> anyhow::Result<Copy> {
        self.sent += 1;
        let type_code: TypeCode = type_code.parse()?;
        Ok(Copy::new(&type_code, self.sent, made_at))
    }

    /// A copy and its detached signature.
    fn sealed(&mut self, type_code: &str, signer: &Signer) -> anyhow::Result<Vec<Attachment>> {
        Ok(self.copy(type_code)?.detached(signer, self.now)?.to_vec())
    }

    fn send(
        &mut self,
        title: &'static str,
        mailbox: &str,
        attachments: Vec<Attachment>,
        expected: Verdict,
        finding: Option<FindingCode>,
    ) -> anyhow::Result<()> {
        let draft = Draft {
            message_id: format!("demo-{}@mail.example.ua", self.scenarios.len() + 1),
            from: "testova.osoba@mail.example.ua".parse()?,
            to: format!("{mailbox}@docs.example.ua").parse()?,
            date: self.now,
            subject: "Копії документів із застосунку Дія".to_owned(),
            text: "Надсилаю копії документів.".to_owned(),
            attachments,
        };
        self.send_raw(title, mailbox, draft.compose(), expected, finding)
    }

    fn send_raw(
        &mut self,
        title: &'static str,
        mailbox: &str,
        message: Vec<u8>,
        expected: Verdict,
        finding: Option<FindingCode>,
    ) -> anyhow::Result<()> {
        let branch = mailbox.split('+').next().unwrap_or(mailbox);
        self.scenarios.push(Scenario {
            title,
            branch: branch.parse()?,
            to: format!("{mailbox}@docs.example.ua").parse()?,
            from: "testova.osoba@mail.example.ua".parse()?,
            message,
            expected,
            finding,
        });
        Ok(())
    }
}
