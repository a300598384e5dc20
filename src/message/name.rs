//! File names as senders write them, made fit to show and to keep.

/// The greatest length of a name, in characters.
const MAX_LEN: usize = 255;
/// How much of a longer name's end is kept: its suffixes tell a signature from a document.
const KEPT_END: usize = 64;

/// `name` without path parts, control characters and characters that change how the rest is
/// shown; `None` when nothing is left.
///
/// A longer name keeps its beginning, which tells the type, and its end, which tells the format.
pub(super) fn clean(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: Vec<char> = last.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    let shown: String = if shown.len() > MAX_LEN {
        let start = shown.iter().take(MAX_LEN.saturating_sub(KEPT_END));
        start.chain(shown.iter().skip(shown.len().saturating_sub(KEPT_END))).collect()
    } else {
        shown.into_iter().collect()
    };
    let shown = shown.trim();
    (!shown.is_empty() && !shown.bytes().all(|byte| byte == b'.')).then(|| shown.to_owned())
}

/// Unicode's format characters that hide or reorder text, such as U+202E, and the sign that
/// stands for bytes that are no text.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}'
            | '\u{061c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
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
}
