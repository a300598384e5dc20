//! What people can read of a text that a stranger wrote.
//!
//! Such a text can hide characters, turn the direction of writing, and pile up marks until they
//! paint over the lines around. The one table of such characters stands here, by Unicode 16: general
//! categories Cc, Cf, Zl and Zp, and the property `Default_Ignorable_Code_Point`. Letters that look
//! like other letters are not looked for.

use std::ops::RangeInclusive;

use unicode_normalization::char::is_combining_mark;

/// The most combining marks that one character carries. No living orthography of Europe needs more.
const MAX_MARKS: usize = 3;

/// Characters beside the control characters that do not show, or change how others show.
const HIDDEN: [RangeInclusive<char>; 25] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Each character of `text`, and whether people see it where it stands.
///
/// They do not see what is hidden, and no mark beyond the third on one character, at the beginning,
/// or after a space or a point, where an ending may begin.
pub fn legibility(text: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    let mut room = 0_usize;
    text.chars().map(move |sign| {
        let is_seen = if is_combining_mark(sign) {
            let is_carried = room > 0 && !is_hidden(sign);
            room = room.saturating_sub(usize::from(is_carried));
            is_carried
        } else {
            !is_hidden(sign)
        };
        if sign.is_whitespace() || sign == '.' {
            room = 0;
        } else if is_seen && !is_combining_mark(sign) {
            room = MAX_MARKS;
        }
        (sign, is_seen)
    })
}

/// `text` without what people do not see of it.
#[must_use]
pub fn legible(text: &str) -> String {
    legibility(text).filter_map(|(sign, is_seen)| is_seen.then_some(sign)).collect()
}

/// The greatest place in `text`, in bytes and at most `at`, that parts no character from its marks.
#[must_use]
pub fn whole_until(text: &str, at: usize) -> usize {
    let mut end = text.floor_char_boundary(at);
    while let Some((before, after)) = text.split_at_checked(end) {
        let Some(last) = before.chars().next_back() else { break };
        if !after.chars().next().is_some_and(is_combining_mark) {
            break;
        }
        end = end.saturating_sub(last.len_utf8());
    }
    end
}

/// The beginning of `text`: at most `count` characters, none of them parted from its marks.
#[must_use]
pub fn beginning(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.get(..whole_until(text, end)).unwrap_or_default()
}

fn is_hidden(sign: char) -> bool {
    sign.is_control() || HIDDEN.iter().any(|range| range.contains(&sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_what_people_write() {
        for text in [
            "Паспорт: копія № 1.pdf",
            "Е\u{301}ва Ї\u{301}жак и\u{306}\u{301}",
            "Nguye\u{302}\u{303}n e\u{323}\u{302}",
            "ДП «ДІЯ» – ЄДРПОУ\u{a0}00000000 ✔",
            "\u{fffd}",
            "",
        ] {
            assert_eq!(legible(text), text);
        }
    }

    #[test]
    fn hides_what_misleads() {
        for (text, expected) in [
            ("copy\u{202e}fdp.exe", "copyfdp.exe"),
            ("a\0b\r\n\t\u{85}c", "abc"),
            ("a\u{200b}\u{feff}\u{2066}\u{61c}\u{ad}b", "ab"),
            ("a\u{3164}\u{115f}\u{ffa0}\u{34f}\u{180b}b", "ab"),
            ("a\u{fe0f}\u{e0041}\u{e01ef}\u{e0fff}b", "ab"),
            ("a\u{301}\u{301}\u{301}\u{301}\u{301}b\u{301}", "a\u{301}\u{301}\u{301}b\u{301}"),
            ("a\u{301}\u{301}\u{200b}\u{301}\u{301}", "a\u{301}\u{301}\u{301}"),
            ("\u{301}a", "a"),
            ("a\t\u{301}b", "ab"),
            ("a \u{301}.\u{301}pdf", "a .pdf"),
        ] {
            assert_eq!(legible(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_names_nothing_twice() {
        for pair in HIDDEN.windows(2) {
            assert!(pair[0].end() < pair[1].start(), "{pair:?}");
        }
    }

    #[test]
    fn parts_no_character_from_its_marks() {
        for (text, at, expected) in [
            ("абв", 3, 2),
            ("аи\u{306}в", 4, 2),
            ("аи\u{306}в", 6, 6),
            ("и\u{306}", 2, 0),
            ("\u{306}\u{306}", 2, 0),
            ("ab", 9, 2),
            ("", 1, 0),
        ] {
            assert_eq!(whole_until(text, at), expected, "{text:?} {at}");
        }
    }

    #[test]
    fn a_beginning_is_counted_in_characters() {
        for (text, count, expected) in
            [("абв", 2, "аб"), ("абв", 3, "абв"), ("аи\u{306}в", 2, "а"), ("", 5, ""), ("а", 0, "")]
        {
            assert_eq!(beginning(text, count), expected, "{text:?} {count}");
        }
    }

    proptest! {
        #[test]
        fn what_is_legible_stays_so(text in "(.|[a. ]|[\u{300}-\u{36f}]|\u{202e}){0,60}") {
            let seen = legible(&text);
            prop_assert_eq!(&legible(&seen), &seen);
            let mut marks = 0;
            for sign in seen.chars() {
                marks = if is_combining_mark(sign) { marks + 1 } else { 0 };
                prop_assert!(marks <= MAX_MARKS && !is_hidden(sign));
            }
            // A part of it that begins where people can cut it is legible too.
            for part in [seen.trim(), seen.trim_start_matches(['.', ' '])] {
                prop_assert_eq!(&legible(part), part);
            }
        }

        #[test]
        fn a_cut_is_the_greatest_that_is_whole(
            text in "(a|я|[\u{300}-\u{303}]){0,20}",
            at in 0_usize..50,
        ) {
            let end = whole_until(&text, at);
            let is_whole = |at: usize| {
                text.is_char_boundary(at)
                    && !text[at..].chars().next().is_some_and(is_combining_mark)
            };
            prop_assert!(end <= at && (end == 0 || is_whole(end)));
            prop_assert!((end + 1..=at.min(text.len())).all(|other| !is_whole(other)));
        }
    }
}
