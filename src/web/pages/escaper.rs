//! How a value is written into a page: no markup, and nothing that people do not see.

use std::fmt;

use askama::filters::{Escaper, Html};

use crate::domain::legibility;

/// Escapes a value for HTML, with one sign for each run of characters that people do not see where
/// they stand. Templates use it for every value, whoever wrote it.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Legible;

impl Escaper for Legible {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        if !string.bytes().any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
            return Html.write_escaped_str(dest, string);
        }
        let mut is_run = false;
        for (sign, is_seen) in legibility(string) {
            // Texts of several lines.
            let is_seen = is_seen || sign == '\n';
            if is_seen {
                Html.write_escaped_char(&mut dest, sign)?;
            } else if !is_run {
                dest.write_char(char::REPLACEMENT_CHARACTER)?;
            }
            is_run = !is_seen;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_people_see() {
        for (value, written) in [
            ("Ліцей № 5 <b>", "Ліцей № 5 &#60;b&#62;"),
            ("two\nlines & more", "two\nlines &#38; more"),
            ("copy\u{202e}\u{202e}fdp.exe", "copy\u{fffd}fdp.exe"),
            ("a\0<", "a\u{fffd}&#60;"),
        ] {
            let mut page = String::new();
            Legible.write_escaped_str(&mut page, value).unwrap();
            assert_eq!(page, written);
        }
        let mut page = String::new();
        let pile = format!("e{}f", "\u{336}".repeat(500));
        Legible.write_escaped_str(&mut page, &pile).unwrap();
        assert_eq!(page, "e\u{336}\u{336}\u{336}\u{fffd}f");
    }
}
