//! Judging what a mail brought to one branch, and keeping it.

use std::time::Instant;

use crate::{
    archive::Contents,
    domain::{ServiceId, ShareDetails, ShareId, Timestamp},
    matching::{self, Case, ExaminedDocument, Judgement},
    metrics::Stage,
    registry::Branch,
    spool::SpooledMail,
    store::NewShare,
};

use super::{
    Pipeline, PipelineError, Target,
    examine::{Content, Opened, Sources},
};

impl Pipeline {
    /// Judges the mail for one branch, which has no share of it yet, and keeps the share.
    pub(super) async fn keep(
        &self,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
        sources: &Sources,
    ) -> Result<(), PipelineError> {
        let share = ShareId::of(mail.id, &target.branch.id);
        let start = Instant::now();
        let (received_at, named) = (mail.envelope.received_at, target.service.as_ref());
        let judgement = self.judgement_on(share, &target.branch, named, received_at, opened);
        let judgement = judgement.noting(opened.signals.iter().cloned());
        self.metrics.stage(Stage::Match, start.elapsed());
        let start = Instant::now();
        self.put_away(mail, target, opened, sources, &judgement).await?;
        self.metrics.stage(Stage::Keep, start.elapsed());
        self.metrics.share_judged(judgement.verdict());
        tracing::info!(share.id = %share, branch = %target.branch.id,
            verdict = %judgement.verdict(), "a share is judged");
        Ok(())
    }

    /// Judges what a mail turned out to hold, for a share of one branch.
    pub(super) fn judgement_on(
        &self,
        share: ShareId,
        branch: &Branch,
        named: Option<&ServiceId>,
        received_at: Timestamp,
        opened: &Opened,
    ) -> Judgement {
        let (documents, findings) = match &opened.content {
            Content::Malformed(finding) => {
                let finding = finding.clone();
                return Judgement::malformed(share, &branch.id, received_at, finding, &self.policy);
            }
            Content::Documents { documents, findings } => (documents, findings),
        };
        let documents = documents
            .iter()
            .map(|examination| ExaminedDocument {
                document: examination.document.clone(),
                examined: examination.examined.clone(),
            })
            .collect();
        matching::judge(Case {
            share,
            branch,
            named,
            received_at,
            has_trust_list: opened.has_trust_list,
            documents,
            opening: findings.clone(),
            policy: &self.policy,
        })
    }

    async fn put_away(
        &self,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
        sources: &Sources,
        judgement: &Judgement,
    ) -> Result<(), PipelineError> {
        let details = ShareDetails {
            sender: mail.envelope.sender.clone(),
            recipients: target.recipients.clone(),
            message_id: opened.message_id.clone(),
            subject: opened.subject.clone(),
            peer: mail.envelope.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        };
        let contents = Contents {
            mail: mail.envelope.stamp(mail.id, &self.hostname, &mail.message),
            details: &details,
            records: &opened.records(&[]),
        };
        let new = NewShare {
            judgement,
            mail: mail.id,
            mail_place: target.place,
            judged_at: self.clock.now(),
            mail_bytes: u64::try_from(mail.message.len()).unwrap_or(u64::MAX),
            known_by: opened.known_by(stale_from(judgement, &target.branch)),
            grounds: self.grounds(mail.envelope.received_at, sources, opened),
            branch: &target.branch,
        };
        self.archive.keep(&new, contents).await?;
        Ok(())
    }
}

/// When the copies of a share are too old to be taken for fresh where it was judged.
pub(super) fn stale_from(judgement: &Judgement, branch: &Branch) -> Timestamp {
    let hours = branch.max_copy_age_hours(judgement.service());
    judgement.received_at().plus_seconds(i64::from(hours) * 3600)
}
