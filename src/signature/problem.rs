//! What is wrong with one signature, and the conclusion from all of it.

use super::budget::Spent;
use crate::{
    algorithms::{Failure, Policy, Used},
    domain::{Indication, SubIndication, Timestamp},
};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    indication: Indication,
    sub_indication: SubIndication,
    /// A clause: no capital letter, no full stop.
    text: String,
    /// The algorithm for whose sake nothing can be said.
    unsupported: Option<String>,
}

/// When something that is right has to count.
#[derive(Clone, Copy, Debug)]
pub(super) struct When<'a> {
    /// What says whether its algorithms are accepted.
    pub(super) policy: &'a Policy,
    /// The moment at which it is proved to have existed.
    pub(super) at: Timestamp,
    /// It cannot have been made before this moment.
    pub(super) not_before: Timestamp,
}

/// Everything that is wrong, in the order of ETSI EN 319 102-1 §5.3.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// The signature is wrong, whatever else may become known.
    pub(super) fn fail(&mut self, sub_indication: SubIndication, text: impl Into<String>) {
        self.push(Indication::TotalFailed, sub_indication, text);
    }

    /// The signature cannot be judged.
    pub(super) fn doubt(&mut self, sub_indication: SubIndication, text: impl Into<String>) {
        self.push(Indication::Indeterminate, sub_indication, text);
    }

    /// What cannot be computed says nothing. `what` begins the sentence about it.
    pub(super) fn uncomputed(&mut self, failure: &Failure, what: &str) {
        self.0.push(Problem {
            indication: Indication::Indeterminate,
            sub_indication: SubIndication::CryptoConstraintsFailure,
            text: format!("{what}{failure}"),
            unsupported: failure.unsupported().map(str::to_owned),
        });
    }

    /// The first algorithm for whose sake nothing can be said.
    pub(super) fn unsupported(&self) -> Option<&str> {
        self.0.iter().find_map(|problem| problem.unsupported.as_deref())
    }

    /// ETSI EN 319 102-1 §5.2.8: something is right, and counts if the policy accepts what it rests
    /// on. `what` begins the sentence about it.
    pub(super) fn rely(&mut self, used: &Used, when: When<'_>, what: &str) {
        if let Err(refused) = when.policy.check(used, when.at) {
            self.doubt(refused.sub_indication(when.not_before), format!("{what}{refused}"));
        }
    }

    /// Nothing more may be done: the mail asks for too much.
    pub(super) fn spent(&mut self, spent: Spent) {
        self.fail(SubIndication::FormatFailure, spent.to_string());
    }

    pub(super) fn push(
        &mut self,
        indication: Indication,
        sub_indication: SubIndication,
        text: impl Into<String>,
    ) {
        let text = text.into();
        self.0.push(Problem { indication, sub_indication, text, unsupported: None });
    }

    pub(super) fn extend(&mut self, problems: Self) {
        self.0.extend(problems.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The worst of them; the first where several are as bad. A failure that mathematics proves
    /// wins over what cannot be decided, and of that a revoked signer, against whom the authority
    /// spoke, over what nobody could say. The sentence begins with it and tells the others.
    pub(super) fn conclusion(&self) -> (Indication, Option<SubIndication>, Option<String>) {
        let gravity = |problem: &&Problem| {
            (problem.indication, problem.sub_indication == SubIndication::RevokedNoPoe)
        };
        let Some(worst) = self.0.iter().rev().max_by_key(gravity) else {
            return (Indication::TotalPassed, None, None);
        };
        let mut clauses = vec![worst.text.as_str()];
        for problem in &self.0 {
            if !clauses.contains(&problem.text.as_str()) {
                clauses.push(&problem.text);
            }
        }
        (worst.indication, Some(worst.sub_indication), Some(sentence(&clauses.join("; "))))
    }
}

/// A clause as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    let clause = clause.trim_end_matches('.');
    let mut letters = clause.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proved_failure_wins_over_doubt_and_all_is_told() {
        let mut problems = Problems::default();
        problems.doubt(SubIndication::NoCertificateChainFound, "the issuer is unknown");
        problems.fail(SubIndication::HashFailure, "the content was changed");
        problems.fail(SubIndication::SigCryptoFailure, "the value is wrong");
        assert_eq!(
            problems.conclusion(),
            (
                Indication::TotalFailed,
                Some(SubIndication::HashFailure),
                Some(
                    "The content was changed; the issuer is unknown; the value is wrong."
                        .to_owned()
                )
            )
        );
    }

    #[test]
    fn a_revoked_signer_is_no_matter_of_what_else_is_in_doubt() {
        let mut problems = Problems::default();
        problems.doubt(SubIndication::SigConstraintsFailure, "something was added");
        problems.doubt(SubIndication::RevokedNoPoe, "the signer was revoked");
        problems.doubt(SubIndication::TryLater, "the authority is not known to be good");
        let (_, sub_indication, text) = problems.conclusion();
        assert_eq!(sub_indication, Some(SubIndication::RevokedNoPoe));
        let text = text.unwrap();
        assert!(text.starts_with("The signer was revoked; something was added"), "{text}");
        problems.fail(SubIndication::HashFailure, "the content was changed");
        assert_eq!(problems.conclusion().1, Some(SubIndication::HashFailure));
    }

    #[test]
    fn without_a_problem_it_passes() {
        assert_eq!(Problems::default().conclusion(), (Indication::TotalPassed, None, None));
    }
}
