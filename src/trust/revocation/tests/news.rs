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
