use super::*;
use crate::{
    domain::RevocationKind,
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Subject, Validity},
    },
    trust::Certificate,
};

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn wanted() -> Wanted {
    let validity = Validity::days(moment(0), 365);
    let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
    let signer = authority.signer(Subject::Person, KeyAlgorithm::P256, validity).unwrap();
    Wanted {
        certificate: Certificate::parse(signer.certificate()).unwrap(),
        issuer: Certificate::parse(authority.certificate()).unwrap(),
    }
}

/// A list that is true from `from` for a day.
fn list(from: i64) -> Kept {
    Kept {
        kind: RevocationKind::Crl,
        issuer: "CN=Тестовий центр сертифікації".to_owned(),
        this_update: moment(from),
        next_update: Some(moment(from).plus_days(1)),
        sha256: Sha256::of(b"list"),
    }
}

fn answered(list: Option<Kept>) -> Answer {
    Answer { is_given: true, list, retry_at: None }
}

#[test]
fn a_question_is_asked_once_however_often_it_comes() {
    let mut questions = Questions::default();
    assert!(questions.take(wanted(), moment(0)) && questions.take(wanted(), moment(0)));
    let question = questions.due(moment(0)).unwrap();
    assert!(questions.take(wanted(), moment(1)), "while it is asked");
    assert!(questions.due(moment(1)).is_none());
    questions.put_back(question, answered(None), moment(2));
    assert!(questions.take(wanted(), moment(3)));
    assert!(questions.due(moment(3)).is_none(), "it was answered a moment ago");
    assert!(questions.take(wanted(), moment(62)));
    assert!(questions.due(moment(62)).is_some(), "the answer did not help");
}

#[test]
fn what_failed_is_asked_again_when_that_may_be() {
    let mut questions = Questions::default();
    questions.take(wanted(), moment(0));
    let question = questions.due(moment(0)).unwrap();
    let failed = Answer { retry_at: Some(moment(15)), ..Answer::default() };
    questions.put_back(question, failed, moment(1));
    questions.take(wanted(), moment(2));
    assert!(questions.due(moment(14)).is_none());
    let question = questions.due(moment(15)).unwrap();
    assert!(!question.is_refresh());
    questions.put_back(question, Answer::default(), moment(16));
    assert!(questions.due(moment(3615)).is_none(), "nobody can be asked");
    assert!(questions.due(moment(3616)).is_some());
}

#[test]
fn a_list_is_fetched_anew_before_it_ends_while_somebody_needs_it() {
    const DAY: i64 = 86_400;
    let mut questions = Questions::default();
    questions.take(wanted(), moment(0));
    let question = questions.due(moment(0)).unwrap();
    questions.put_back(question, answered(Some(list(0))), moment(1));
    assert_eq!(questions.oldest_list(moment(60)), Duration::from_mins(1));
    assert!(questions.due(moment(DAY - 3601)).is_none());
    let question = questions.due(moment(DAY - 3600)).unwrap();
    assert!(question.is_refresh());
    // The authority has none newer yet: not at once again.
    questions.put_back(question, answered(Some(list(0))), moment(DAY - 3600));
    assert!(questions.due(moment(DAY - 3001)).is_none());
    assert!(questions.due(moment(DAY - 3000)).is_some());
}

#[test]
fn what_nobody_has_asked_for_a_day_is_forgotten() {
    let mut questions = Questions::default();
    questions.take(wanted(), moment(0));
    questions.forget(moment(86_399));
    assert!(questions.due(moment(86_399)).is_some());
    let mut questions = Questions::default();
    questions.take(wanted(), moment(0));
    questions.forget(moment(86_400));
    assert!(questions.due(moment(86_400)).is_none());
}
