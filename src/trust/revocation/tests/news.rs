//! What new data says that was not known.

use super::{
    super::{
        News, Topic,
        sample::{AnswerDraft, Entry, ListDraft, Said},
    },
    *,
};
use crate::trust::sample::tlv;

fn about(serials: &[u8]) -> Vec<Topic> {
    serials.iter().map(|serial| Topic::Certificate(vec![*serial])).collect()
}

#[test]
fn only_what_is_newly_revoked_is_news() {
    let by = |key: u8, this, entries: &[Entry]| {
        let id = tlv(0x30, &[tlv(0x80, &[vec![key; 20]])]);
        let draft = ListDraft::new(this, "0701").with(entries);
        ListDraft { others: vec![("2.5.29.35", false, id)], ..draft }.der()
    };
    let list = |this, entries: &[Entry]| by(1, this, entries);
    let entry = |serial, at| (serial, at, None, None);
    let first = list("0601", &[entry(9, "0501"), entry(8, "0502")]);
    for (what, before, after, revoked) in [
        ("all of a first list", vec![], vec![first.clone()], vec![8, 9]),
        ("nothing of the same", vec![first.clone()], vec![first.clone()], vec![]),
        (
            "the new entry",
            vec![first.clone()],
            vec![list("0602", &[entry(9, "0501"), entry(8, "0502"), entry(7, "0601")])],
            vec![7],
        ),
        (
            "one that was moved",
            vec![first.clone()],
            vec![list("0602", &[entry(9, "0401"), entry(8, "0502")])],
            vec![9],
        ),
        // What is said by one key of the issuer is news where another key is asked.
        (
            "the same by another key",
            vec![first.clone()],
            vec![by(2, "0602", &[entry(9, "0501")])],
            vec![9],
        ),
        (
            "the same by nobody knows which key",
            vec![first.clone()],
            vec![ListDraft::new("0602", "0701").with(&[entry(9, "0501")]).der()],
            vec![9],
        ),
        ("nothing of a shorter list", vec![first], vec![list("0602", &[])], vec![]),
        (
            "an answer that revokes",
            vec![],
            vec![AnswerDraft::new(Said::Revoked("0601", 1), "0602").der()],
            vec![9],
        ),
        ("no good answer", vec![], vec![AnswerDraft::new(Said::Good, "0602").der()], vec![]),
    ] {
        let News { revoked: found, .. } = store(&after).news_since(&store(&before));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), about(&revoked), "{what}");
    }
}

#[test]
fn a_certificate_has_the_topics_of_the_data_about_it() {
    let topics = Topic::of(&person(), issuer().subject());
    for data in [ListDraft::new("0601", "0701").der(), AnswerDraft::new(Said::Good, "0602").der()] {
        let news = store(&[data]).news_since(&RevocationStore::empty());
        assert_eq!(news.topics.len(), 1);
        assert!(news.topics.iter().all(|topic| topics.contains(topic)), "{news:?}");
    }
}

/// Shares were cleared by what stood between.
#[test]
fn what_is_said_again_after_something_else_is_news() {
    let id = tlv(0x30, &[tlv(0x80, &[vec![1; 20]])]);
    let draft = |this, is_held: bool| {
        let held: &[Entry] = if is_held { &[(9, "0501", Some(6), None)] } else { &[] };
        let others = vec![("2.5.29.35", false, id.clone())];
        ListDraft { others, ..ListDraft::new(this, "0701").with(held) }
    };
    let list = |this, is_held| draft(this, is_held).der();
    let (held, again) = (list("0601", true), list("0605", true));
    let good = AnswerDraft::new(Said::Good, "0603").der();
    let lifted: &[Entry] = &[(9, "0603", Some(8), None)];
    let lifted = ListDraft { entries: lifted.to_vec(), ..draft("0603", false).delta() }.der();
    let delta = |this, is_held| draft(this, is_held).delta().der();
    for (what, known, is_news) in [
        ("nothing between", vec![held.clone()], false),
        ("the same between", vec![held.clone(), list("0603", true)], false),
        ("a list without it", vec![held.clone(), list("0603", false)], true),
        ("a list without it, before it was said", vec![held.clone(), list("0530", false)], false),
        (
            "a list without it, and said again",
            vec![held.clone(), list("0602", false), list("0603", true)],
            false,
        ),
        ("an answer that says good", vec![held.clone(), good], true),
        ("a delta list that is silent", vec![held.clone(), delta("0603", false)], false),
        ("a delta list that lifts it", vec![held.clone(), lifted], true),
    ] {
        let news =
            store(&[&known[..], std::slice::from_ref(&again)].concat()).news_since(&store(&known));
        assert_eq!(news.revoked.len(), usize::from(is_news), "{what}");
    }
    // What comes with it may have cleared a mail before anybody looked.
    let both = store(&[held.clone(), list("0603", false), again]);
    assert_eq!(both.news_since(&store(&[held])).revoked.len(), 1);
}

/// Lists of other parts of the authority's certificates know nothing of this one, and come and go.
#[test]
fn a_list_of_another_part_makes_nothing_news() {
    let id = tlv(0x30, &[tlv(0x80, &[vec![1; 20]])]);
    let list = |this, entries: &[Entry]| {
        let others = vec![("2.5.29.35", false, id.clone())];
        ListDraft { others, ..ListDraft::new(this, "0701").with(entries) }.der()
    };
    let held: &[Entry] = &[(9, "0501", Some(6), None)];
    let at = |all: &[(Vec<u8>, &str)]| {
        let mut store = RevocationStore::empty();
        for (list, url) in all {
            store.add_fetched(list, &[(*url).to_owned()].into()).unwrap();
        }
        store
    };
    let known = [(list("0601", held), "http://one"), (list("0603", &[]), "http://two")];
    let again = (list("0605", held), "http://one");
    let after = at(&[&known[..], &[again]].concat());
    assert_eq!(after.news_since(&at(&known)).revoked.len(), 0);
    // What is on the list of another part clears by other rules, and is news here.
    let elsewhere = (list("0605", held), "http://two");
    let after = at(&[&known[..], &[elsewhere]].concat());
    assert_eq!(after.news_since(&at(&known)).revoked.len(), 1);
}
