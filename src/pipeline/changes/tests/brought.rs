//! Claims about what a sender brings, or another mail left in the cache: it silences no question.

use super::*;
use crate::{
    domain::FindingCode,
    sample::{sign, time_stamp},
};

const HOUR: i64 = 3600;

/// Where an answer from between the time-stamp and the receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stale {
    Nowhere,
    Brought,
    Fetched,
    BroughtAndFetched,
}

impl House {
    /// Accepts a copy that was time-stamped two hours before the receipt; an hour before it the
    /// authority still said that all was good.
    async fn send_stamped(&mut self, stale: Stale) -> ShareId {
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let stamping =
            self.authority.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap();
        // As a trust list names it.
        let mut trusted = read_certificates(self.authority.certificate()).unwrap();
        trusted.push(Certificate::parse(stamping.certificate()).unwrap());
        self.trust(TrustStore::new(trusted));
        if matches!(stale, Stale::Fetched | Stale::BroughtAndFetched) {
            self.list(-HOUR, None);
        }
        let validity = Validity::days(moment(-HOUR), 7);
        let list = self.authority.revocation_list(1, &[], validity).unwrap();
        let is_brought = matches!(stale, Stale::Brought | Stale::BroughtAndFetched);
        let lists = if is_brought { vec![list] } else { Vec::new() };
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
        let at = moment(-2 * HOUR);
        let signed = sign::stapled(copy.content(), &lists, &self.signer, at).unwrap();
        let content = time_stamp::stamped(&signed, &stamping, at).unwrap();
        let attachment = Attachment { content, ..copy.attached(&self.signer, moment(0)).unwrap() };
        self.send_all(vec![attachment]).await
    }

    async fn is_unchecked(&self, share: ShareId) -> bool {
        let row = self.row(share).await;
        row.findings.iter().any(|finding| finding.code == FindingCode::RevocationUnchecked)
    }
}

/// A key is stolen and used; its owner reports it, and the revocation is published after the receipt.
#[tokio::test]
async fn no_answer_from_before_the_receipt_lets_a_stolen_key_pass() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for stale in [Stale::Nowhere, Stale::Brought, Stale::Fetched, Stale::BroughtAndFetched] {
            for (revoked, expected) in
                [(Some(-3 * HOUR), Verdict::Invalid), (None, Verdict::Verified)]
            {
                let mut house = House::new(policy).await;
                let share = house.send_stamped(stale).await;
                let what = format!("{policy:?} {stale:?} {revoked:?}");
                match policy {
                    RevocationPolicy::Require => {
                        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{what}");
                    }
                    RevocationPolicy::Prefer => {
                        assert!(house.is_unchecked(share).await, "{what}");
                    }
                }
                assert_eq!(house.wanted_since(), [0], "{what}");
                house.pipeline.clock.set(moment(HOUR));
                house.list(HOUR, revoked);
                house.follow().await;
                assert_eq!(house.verdict(share).await, expected, "{what}");
                assert!(!house.is_unchecked(share).await, "{what}: the authority was heard");
                assert!(house.wanted_since().is_empty(), "{what}");
            }
        }
    }
}
