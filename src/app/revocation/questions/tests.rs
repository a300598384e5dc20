use std::sync::LazyLock;

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

/// Seconds after one moment of this process.
fn second(number: i64) -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    *START + Duration::from_secs(u64::try_from(number).unwrap())
}

/// Asks a question again with a wall clock that runs true.
fn put_back(questions: &mut Questions, question: Question, answer: Answer, at: i64) {
    questions.put_back(question, answer, second(at), moment(at));
}

fn wanted() -> Wanted {
    let validity = Validity::days(moment(0), 365);
    let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
    let signer = authority.signer(Subject::Person, KeyAlgorithm::P256, validity).unwrap();
    let certificate = Certificate::parse(signer.certificate()).unwrap();
    Wanted::new(certificate, Certificate::parse(authority.certificate()).unwrap(), moment(0))
}

/// A list that is true from `from` for a day.
fn list(from: i64) -> Kept {
    Kept {
        kind: RevocationKind::Crl,
        issuer: "CN=Тестовий центр сертифікації".to_owned(),
        this_update: moment(from),
        next_update: Some(moment(from).plus_days(1)),
        sha256: Sha256::of(b"list"),
        good: None,
    }
}

fn answered(list: Option<Kept>) -> Answer {
    Answer { this_update: Some(moment(0)), list, retry_at: None }
}

/// About a certificate of its own.
fn numbered(number: usize, wanted: &Wanted) -> Wanted {
    let mut der = wanted.certificate.der().to_vec();
    // The last octets are its signature, which is of no matter here.
    let end = der.len();
    der[end - 8..].copy_from_slice(&number.to_be_bytes());
    Wanted::new(Certificate::parse(&der).unwrap(), wanted.issuer.clone(), wanted.since)
}

#[test]
fn a_question_that_finds_no_room_is_dropped_until_another_is_answered() {
    let wanted = wanted();
    let mut questions = Questions::default();
    for number in 0..MAX_QUESTIONS {
        assert!(questions.take(numbered(number, &wanted), second(0)));
    }
    let another = numbered(MAX_QUESTIONS, &wanted);
    assert!(!questions.take(another.clone(), second(0)));
    assert!(questions.take(numbered(0, &wanted), second(0)), "what waits goes on waiting");
    let question = questions.due(second(0)).unwrap();
    put_back(&mut questions, question, answered(None), 1);
    assert!(questions.take(another, second(2)));
}

#[test]
fn a_question_is_asked_once_however_often_it_comes() {
    let mut questions = Questions::default();
    assert!(questions.take(wanted(), second(0)) && questions.take(wanted(), second(0)));
    let question = questions.due(second(0)).unwrap();
    assert!(questions.take(wanted(), second(1)), "while it is asked");
    assert!(questions.due(second(1)).is_none());
    put_back(&mut questions, question, answered(None), 2);
    assert!(questions.take(wanted(), second(3)));
    assert!(questions.due(second(3)).is_none(), "it was answered a moment ago");
    assert!(questions.take(wanted(), second(62)));
    assert!(questions.due(second(62)).is_some(), "the answer did not help");
}

/// Which certificate of the issuer is at hand may be a sender's choice, and it is in the question's words.
#[test]
fn the_same_certificate_below_another_one_of_its_issuer_is_another_question() {
    let validity = Validity::days(moment(0), 400);
    let again = Authority::root(Seed::from([7; 32]), validity).unwrap();
    let again = Certificate::parse(again.certificate()).unwrap();
    let first = wanted();
    assert_eq!(again.public_key(), first.issuer.public_key());
    let other = Wanted::new(first.certificate.clone(), again, moment(0));
    let mut questions = Questions::default();
    assert!(questions.take(first, second(0)) && questions.take(other, second(0)));
    let both = [questions.due(second(0)).unwrap(), questions.due(second(0)).unwrap()];
    assert_ne!(both[0].wanted.issuer, both[1].wanted.issuer);
}

#[test]
fn what_failed_is_asked_again_when_that_may_be() {
    let mut questions = Questions::default();
    questions.take(wanted(), second(0));
    let question = questions.due(second(0)).unwrap();
    let failed = Answer { retry_at: Some(second(15)), ..Answer::default() };
    put_back(&mut questions, question, failed, 1);
    questions.take(wanted(), second(2));
    assert!(questions.due(second(14)).is_none());
    let question = questions.due(second(15)).unwrap();
    assert!(!question.is_refresh());
    put_back(&mut questions, question, Answer::default(), 16);
    assert!(questions.due(second(3615)).is_none(), "nobody can be asked");
    assert!(questions.due(second(3616)).is_some());
}

#[test]
fn a_list_is_fetched_anew_before_it_ends_while_somebody_needs_it() {
    const DAY: i64 = 86_400;
    let mut questions = Questions::default();
    questions.take(wanted(), second(0));
    let question = questions.due(second(0)).unwrap();
    put_back(&mut questions, question, answered(Some(list(0))), 1);
    assert_eq!(questions.oldest_list(moment(60)), Duration::from_mins(1));
    assert!(questions.due(second(DAY - 3601)).is_none());
    let question = questions.due(second(DAY - 3600)).unwrap();
    assert!(question.is_refresh());
    // The authority has none newer yet: not at once again.
    put_back(&mut questions, question, answered(Some(list(0))), DAY - 3600);
    assert!(questions.due(second(DAY - 3001)).is_none());
    assert!(questions.due(second(DAY - 3000)).is_some());
}

#[test]
fn what_nobody_has_asked_for_a_day_is_forgotten() {
    let mut questions = Questions::default();
    questions.take(wanted(), second(0));
    questions.forget(second(86_399));
    assert!(questions.due(second(86_399)).is_some());
    let mut questions = Questions::default();
    questions.take(wanted(), second(0));
    questions.forget(second(86_400));
    assert!(questions.due(second(86_400)).is_none());
}

/// Whatever came of a question, and wherever the wall clock stood for a moment.
#[test]
fn a_wall_clock_that_is_wrong_once_keeps_no_authority_from_being_asked() {
    const HOUR: i64 = 3600;
    for leap in [-240 * HOUR, 0, 240 * HOUR, 100_000 * HOUR] {
        let failed = Answer { retry_at: Some(second(15)), ..Answer::default() };
        let list_of_now =
            Answer { this_update: Some(moment(leap)), list: Some(list(leap)), retry_at: None };
        for (what, answer, hours) in [
            ("it failed", failed, 1),
            ("nobody can be asked", Answer::default(), 1),
            ("it was too old", answer_of(-604_800), 1),
            ("a list", list_of_now, 24),
            ("a list of before", answered(Some(list(0))), 7 * 24),
        ] {
            let mut questions = Questions::default();
            questions.take(wanted(), second(0));
            let question = questions.due(second(0)).unwrap();
            questions.put_back(question, answer, second(1), moment(leap));
            let is_due = questions.due(second(1 + hours * HOUR)).is_some();
            assert!(is_due, "{what}, {leap}");
            // Whoever asks for something newer is heard within a minute, whatever was answered.
            let mut questions = Questions::default();
            questions.take(wanted(), second(0));
            let question = questions.due(second(0)).unwrap();
            questions.put_back(question, answered(None), second(1), moment(leap));
            questions.take(wanted_since(60), second(2));
            assert!(questions.due(second(61)).is_some(), "{what}, {leap}");
        }
    }
}

fn wanted_since(since: i64) -> Wanted {
    let mut wanted = wanted();
    wanted.since = moment(since);
    wanted
}

fn answer_of(this_update: i64) -> Answer {
    Answer { this_update: Some(moment(this_update)), ..Answer::default() }
}

#[test]
fn an_answer_of_before_is_asked_for_again_with_growing_pauses() {
    let mut questions = Questions::default();
    questions.take(wanted_since(0), second(0));
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let question = questions.due(second(now)).unwrap();
        assert!(!question.is_refresh());
        put_back(&mut questions, question, answer_of(-604_800), now);
        let next = (now..)
            .step_by(60)
            .find(|at| questions.open.values().any(|question| question.due() <= Some(second(*at))));
        pauses.push((next.unwrap() - now) / 60);
        now = next.unwrap();
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    let question = questions.due(second(now)).unwrap();
    put_back(&mut questions, question, answer_of(0), now);
    assert!(questions.due(second(now + 86_000)).is_none(), "it is answered");
}

#[test]
fn an_authority_whose_clock_is_behind_is_asked_each_minute_and_not_left() {
    let mut questions = Questions::default();
    questions.take(wanted_since(0), second(0));
    let mut now = 0;
    for _ in 0..5 {
        // Somebody new asks each time, and each answer is five minutes behind.
        let question = questions.due(second(now)).unwrap();
        put_back(&mut questions, question, answer_of(now - 300), now);
        questions.take(wanted_since(now + 1), second(now + 1));
        assert!(questions.due(second(now + 59)).is_none());
        now += 60;
    }
}

#[test]
fn many_shares_of_one_signer_are_one_question_a_minute() {
    let mut questions = Questions::default();
    questions.take(wanted_since(0), second(0));
    let question = questions.due(second(0)).unwrap();
    for at in 1..5 {
        questions.take(wanted_since(at), second(at));
    }
    // It was asked before the later ones came.
    put_back(&mut questions, question, answer_of(0), 5);
    for at in 6..65 {
        questions.take(wanted_since(at), second(at));
        assert!(questions.due(second(at)).is_none(), "{at}");
    }
    let question = questions.due(second(65)).unwrap();
    put_back(&mut questions, question, answer_of(65), 65);
    questions.take(wanted_since(66), second(66));
    assert!(questions.due(second(124)).is_none());
    assert!(questions.due(second(125)).is_some(), "the next minute's");
}
