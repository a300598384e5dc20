//! Mails with forged copies, and genuine ones that differ in one point, to compare.

use super::{DAY, Post, validity};
use crate::{
    domain::{FindingCode, Timestamp, Verdict},
    sample::{
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        mail::Attachment,
        time_stamp,
    },
};

/// Adds them to `post`. The demo trusts `authority` and `time`; `seal` is that of the issuer of copies.
pub(super) fn send(
    post: &mut Post,
    authority: &mut Authority,
    time: &Signer,
    seal: &Signer,
) -> anyhow::Result<()> {
    made_up(post, authority)?;
    time_stamped(post, authority, time)?;
    renamed(post, seal)?;
    no_document(post, seal)
}

/// A firm's seal is genuine, and says nothing of what it seals.
fn made_up(post: &mut Post, authority: &mut Authority) -> anyhow::Result<()> {
    let firm = authority.signer(Subject::Firm, KeyAlgorithm::P256, validity(post.now))?;
    let made_up = post.sealed("internal-passport", &firm)?;
    post.send(
        "made up, under a firm's own seal",
        "cnap+residence",
        made_up,
        Verdict::Undetermined,
        Some(FindingCode::OtherIssuer),
    )
}

/// The issuer's certificate ended a day ago. What it sealed before is proved by a time-stamp,
/// unless whoever made that may have made it today: its time is only its authority's word.
fn time_stamped(post: &mut Post, authority: &mut Authority, time: &Signer) -> anyhow::Result<()> {
    let ended = Validity { to: post.now.plus_seconds(-DAY), ..validity(post.now) };
    let old_seal = authority.signer(Subject::Organisation, KeyAlgorithm::P256, ended)?;
    let old_time = authority.signer(Subject::TimeStamping, KeyAlgorithm::P256, ended)?;
    let before = post.now.plus_seconds(-2 * DAY);
    for (title, stamper, verdict, finding) in [
        ("seal that ended since, stamped in time", time, Verdict::Verified, None),
        (
            "seal that ended, stamp dated back",
            &old_time,
            Verdict::Undetermined,
            Some(FindingCode::SignatureUndetermined),
        ),
    ] {
        let copies = stamped(post, &old_seal, stamper, before)?;
        post.send(title, "cnap+residence", copies, verdict, finding)?;
    }
    Ok(())
}

/// A copy sealed at `at`, with a time-stamp that says so too.
fn stamped(
    post: &mut Post,
    seal: &Signer,
    stamper: &Signer,
    at: Timestamp,
) -> anyhow::Result<Vec<Attachment>> {
    let [copy, mut signature] = post.copy_of("internal-passport", at)?.detached(seal, at)?;
    signature.content = time_stamp::stamped(&signature.content, stamper, at)?;
    Ok(vec![copy, signature])
}

/// The name of a copy is its sender's word; when it was sealed is the issuer's.
fn renamed(post: &mut Post, seal: &Signer) -> anyhow::Result<()> {
    let fresh = post.sealed("internal-passport", seal)?;
    post.send("fresh copy, as asked for", "cnap+benefit", fresh, Verdict::Verified, None)?;

    let new_name = post.copy("internal-passport")?.name().to_owned();
    let made_at = post.now.plus_seconds(-21 * DAY);
    let old = post.copy_of("internal-passport", made_at)?.renamed(&new_name);
    post.send(
        "old copy, renamed as of today",
        "cnap+benefit",
        old.detached(seal, made_at)?.to_vec(),
        Verdict::Undetermined,
        Some(FindingCode::StaleCopy),
    )
}

/// The issuer seals other files than documents too.
fn no_document(post: &mut Post, seal: &Signer) -> anyhow::Result<()> {
    let text = "Тестова Особа. Паспорт громадянина України, серія і номер – вигадані.\n";
    let named = post.copy("internal-passport")?.with_content(text.as_bytes());
    post.send(
        "sealed text with a passport's name",
        "cnap+residence",
        named.detached(seal, post.now)?.to_vec(),
        Verdict::Undetermined,
        Some(FindingCode::NotADocument),
    )
}
