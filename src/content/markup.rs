//! Whether a browser may find a page in bytes that are none: it looks for tags in whatever a file is that
//! is called one, and shows the rest as text between them.

use std::{collections::HashSet, sync::LazyLock};

use memchr::{memchr_iter, memmem};

/// Elements of HTML by which something is shown, hidden or run. Those of one or two letters, but for headings,
/// only change how the text inside looks; one that HTML does not know does nothing without an attribute of
/// [`hides_or_runs`].
const ELEMENTS: &str = "\
    abbr acronym address applet area article aside audio base basefont bdi bdo bgsound big blink \
    blockquote body button canvas caption center cite code col colgroup data datalist del \
    details dfn dialog dir div embed fencedframe fieldset figcaption figure font footer form \
    frame frameset h1 h2 h3 h4 h5 h6 head header hgroup html iframe image img input ins isindex \
    kbd keygen label legend link listing main map mark marquee math menu meta meter nav nobr \
    noembed noframes noscript object optgroup option output param picture plaintext portal pre \
    progress rtc ruby samp script search section select slot small source spacer span strike \
    strong style sub summary sup svg table tbody template textarea tfoot thead time title track \
    var video wbr xmp";
/// The same to look them up: a file may have a million tags.
static KNOWN: LazyLock<HashSet<&[u8]>> =
    LazyLock::new(|| ELEMENTS.split_ascii_whitespace().map(str::as_bytes).collect());
/// The longest of them.
const MAX_NAME: usize = 11;

/// Whether there is a tag by which a browser shows, hides or runs something. Among bytes that mean nothing, such
/// as digests and keys, there is one in some 50 million by calculation.
pub(crate) fn has_page(bytes: &[u8]) -> bool {
    finds(bytes, 1)
}

/// The same for compressed data, where names of three letters, handlers of five and the beginning of a comment
/// stand by chance: there is one of what is left in some 30,000 million bytes.
pub(super) fn has_long_tag(bytes: &[u8]) -> bool {
    finds(bytes, LONG)
}

/// So many letters has a name that stands in megabytes of compressed data by no chance.
const LONG: usize = 4;

fn finds(bytes: &[u8], least: usize) -> bool {
    let mut tags = after_brackets(bytes);
    let is_page = |after: &[u8]| {
        let begins = |with: &[u8]| {
            after.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        let start = after.get(..=MAX_NAME).unwrap_or(after);
        let length = start.iter().position(|byte| is_end_of_name(*byte));
        let name = length.and_then(|length| start.get(..length));
        let name = name.filter(|name| is_tag(after) && name.len() >= least);
        let is_element =
            name.is_some_and(|name| KNOWN.contains(name.to_ascii_lowercase().as_slice()));
        is_element || least < LONG && begins(b"!--") || begins(b"!doctype")
    };
    let least_handler = least.saturating_add(b"on".len());
    tags.clone().any(is_page)
        || tags.find(|after| is_tag(after)).is_some_and(|rest| hides_or_runs(rest, least_handler))
}

/// Whether there is anything that begins as a tag does.
pub(crate) fn has_tag(bytes: &[u8]) -> bool {
    after_brackets(bytes)
        .any(|after| is_tag(after) || matches!(after.first(), Some(b'!' | b'/' | b'?')))
}

/// What stands behind each `<`.
fn after_brackets(bytes: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    memchr_iter(b'<', bytes).filter_map(|at| bytes.get(at.checked_add(1)?..))
}

fn is_tag(after: &[u8]) -> bool {
    after.first().is_some_and(u8::is_ascii_alphabetic)
}

/// White space is that of HTML.
fn is_end_of_name(byte: u8) -> bool {
    is_white(byte) || matches!(byte, b'/' | b'>')
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

/// Whether there is an attribute that any element may have and that hides what follows, or runs something.
fn hides_or_runs(bytes: &[u8], least_handler: usize) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let stands = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| lower.get(before));
        before.is_some_and(|byte| is_white(*byte) || matches!(byte, b'/' | b'"' | b'\''))
    };
    let has_value = |end: usize| {
        let mut rest = lower.get(end..).unwrap_or_default().iter();
        rest.find(|byte| !is_white(**byte)) == Some(&b'=')
    };
    let words = [&b"style"[..], b"hidden", b"popover"].into_iter().any(|word| {
        memmem::find_iter(&lower, word).filter(|at| stands(*at)).any(|at| {
            let end = at.saturating_add(word.len());
            has_value(end)
                || word != b"style" && lower.get(end).is_some_and(|byte| is_end_of_name(*byte))
        })
    });
    words
        || memmem::find_iter(&lower, b"on").filter(|at| stands(*at)).any(|at| {
            let name = lower.get(at..).unwrap_or_default();
            let letters = name.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
            letters >= least_handler && has_value(at.saturating_add(letters))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_in_whatever_bytes_it_stands() {
        for (page, is_page, is_tag) in [
            ("<h1>a page", true, true),
            ("<H1 >a page", true, true),
            ("<plaintext\n>", true, true),
            ("<img/src=x>", true, true),
            ("<!--", true, true),
            ("<!DocType html>", true, true),
            ("<p style=\"position:fixed\">", true, true),
            ("<x\tSTYLE = 'x'>", true, true),
            ("<x a='b'hidden>", true, true),
            ("<x/onfocus=alert(1) autofocus tabindex=1>", true, true),
            ("<p>a text<br>", false, true),
            ("<unknown>", false, true),
            ("<h1", false, true),
            ("</p>", false, true),
            ("<?x", false, true),
            ("a < b > c", false, false),
            ("1<2, style=x", false, false),
            ("cn=a?on=1&version=2", false, false),
            ("", false, false),
        ] {
            for around in [&b""[..], b"\x31\x82\x01\x00", b"\x00\xff"] {
                let bytes = [around, page.as_bytes(), around].concat();
                assert_eq!(has_page(&bytes), is_page, "{page:?}");
                assert_eq!(has_tag(&bytes), is_tag, "{page:?}");
            }
        }
    }

    /// No honest signature is doubted for the bytes of its keys and digests.
    #[test]
    fn bytes_that_mean_nothing_are_no_page() {
        let mut state = 1_u64;
        let random = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        let bytes: Vec<u8> = (0..200_000).map(random).collect();
        assert!(has_tag(&bytes));
        assert!(!has_page(&bytes));
        for by_chance in ["<h1>", "<!--", "<div\n", "<a onxy="] {
            assert!(has_page(by_chance.as_bytes()) && !has_long_tag(by_chance.as_bytes()));
        }
        for meant in ["<html>", "<div style=x>", "<script ", "<!DOCTYPE", "<img src='' onerror=x"] {
            assert!(has_long_tag(meant.as_bytes()), "{meant}");
        }
    }
}
