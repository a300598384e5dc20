//! File names as senders write them, made fit to show and to keep.

use crate::domain::{beginning, legible};

/// The greatest length of a name, in characters.
const MAX_LEN: usize = 255;
/// How much of a longer name's end is kept: its suffixes tell a signature from a document.
const KEPT_END: usize = 64;
/// Stands where a longer name lost its middle.
const LEFT_OUT: char = '…';

/// `name` without path parts and without what people do not see of it; `None` when nothing is
/// left.
///
/// A longer name keeps its beginning, which tells the type, and its end, which tells the format.
pub(super) fn clean(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = legible(last);
    let shown = shortened(seen.trim());
    (!shown.is_empty() && !shown.bytes().all(|byte| byte == b'.')).then_some(shown)
}

fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_LEN {
        return name.to_owned();
    }
    let start = beginning(name, MAX_LEN.saturating_sub(KEPT_END).saturating_sub(1));
    let end: String = name.chars().skip(length.saturating_sub(KEPT_END)).collect();
    // Marks whose character is left out go with it.
    format!("{start}{LEFT_OUT}{}", legible(&end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn removes_what_misleads() {
        for (sent, kept) in [
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Temp\\a.pdf", Some("a.pdf")),
            ("a\0b\r\n.pdf", Some("ab.pdf")),
            ("copy\u{202e}fdp.exe", Some("copyfdp.exe")),
            ("  taxpayer-card-1.pdf ", Some("taxpayer-card-1.pdf")),
            ("Паспорт: копія.pdf", Some("Паспорт: копія.pdf")),
            ("..", None),
            ("a/..", None),
            ("a\u{301}\u{301}\u{301}\u{301}\u{301}.\u{301}pdf", Some("a\u{301}\u{301}\u{301}.pdf")),
            ("\u{200b}\t", None),
            ("", None),
        ] {
            assert_eq!(clean(sent).as_deref(), kept, "{sent:?}");
        }
    }

    #[test]
    fn keeps_both_ends_of_a_long_name() {
        let long = format!("internal-passport-{}.pdf.p7s", "я".repeat(1000));
        let name = clean(&long).unwrap();
        assert_eq!(name.chars().count(), MAX_LEN);
        assert!(name.starts_with("internal-passport-") && name.ends_with(".pdf.p7s"));
    }
    #[test]
    fn a_cut_name_parts_no_letter_and_says_that_it_is_cut() {
        let long = format!("{}{}{}.pdf", "a".repeat(189), "и\u{306}".repeat(100), "b".repeat(59));
        let name = clean(&long).unwrap();
        assert_eq!(name, format!("{}…{}.pdf", "a".repeat(189), "b".repeat(59)));
    }

    proptest! {
        #[test]
        fn every_name_stays_short_legible_and_of_its_format(
            stem in "(.|[a-я \u{300}-\u{304}]){0,600}",
            ending in "(\\.[a-z0-9]{1,9}){1,3}",
        ) {
            let name = clean(&format!("x{stem}{ending}")).unwrap();
            prop_assert!(name.chars().count() <= MAX_LEN && name.ends_with(&ending), "{name}");
            prop_assert_eq!(&legible(&name), &name);
            prop_assert_eq!(clean(&name), Some(name));
        }
    }
}
