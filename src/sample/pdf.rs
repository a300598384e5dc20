//! A small PDF (PDF 1.4, ISO 32000-1) of one A4 page with lines of Latin text.
//!
//! The text is drawn in Helvetica, one of the fonts that every viewer has, so nothing is embedded.
//! Letters outside printable ASCII are drawn as `?`.

const HEADER: &str = "%PDF-1.4\n";

/// A page with `lines` from the top down; the first is the title, in larger letters.
#[must_use]
pub fn page(lines: &[&str]) -> Vec<u8> {
    let drawing = drawing(lines);
    let objects = [
        "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n".to_owned(),
        "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n".to_owned(),
        "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>\nendobj\n"
            .to_owned(),
        format!("4 0 obj\n<< /Length {} >>\nstream\n{drawing}\nendstream\nendobj\n", drawing.len()),
        "5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n".to_owned(),
    ];

    let mut offset = HEADER.len();
    let mut rows = Vec::new();
    for object in &objects {
        // §7.5.4: each row of the table is exactly 20 bytes long.
        rows.push(format!("{offset:010} 00000 n \n"));
        offset += object.len();
    }
    let size = objects.len() + 1;
    let table = format!("xref\n0 {size}\n0000000000 65535 f \n{}", rows.concat());
    let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{offset}\n%%EOF\n");
    [HEADER, &objects.concat(), &table, &trailer].concat().into_bytes()
}

/// The page's content stream (§9.4): the title at the top, the other lines 24 points apart.
fn drawing(lines: &[&str]) -> String {
    let shown = |line: &&str| format!("({}) Tj\nT*\n", escape(line));
    let (title, rest) = lines.split_at(lines.len().min(1));
    let title: String = title.iter().map(shown).collect();
    let rest: String = rest.iter().map(shown).collect();
    format!("BT\n/F1 20 Tf\n24 TL\n56 770 Td\n{title}/F1 12 Tf\nT*\n{rest}ET")
}

/// §7.3.4.2: parentheses and backslashes are escaped in a literal string.
fn escape(line: &str) -> String {
    let mut escaped = String::new();
    for letter in line.chars() {
        match letter {
            '(' | ')' | '\\' => escaped.extend(['\\', letter]),
            ' '..='~' => escaped.push(letter),
            _ => escaped.push('?'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_table_points_at_each_object() {
        let file = String::from_utf8(page(&["Title (one)", "back\\slash", "Україна"])).unwrap();
        let (_, start) = file.rsplit_once("startxref\n").unwrap();
        let start: usize = start.lines().next().unwrap().parse().unwrap();
        let mut rows = file[start..].lines();
        assert_eq!(rows.next(), Some("xref"));
        assert_eq!(rows.next(), Some("0 6"));
        assert_eq!(rows.next(), Some("0000000000 65535 f "));
        for number in 1..=5 {
            let offset: usize = rows.next().unwrap()[..10].parse().unwrap();
            assert!(file[offset..].starts_with(&format!("{number} 0 obj\n")), "object {number}");
        }
        assert!(file.contains(r"(Title \(one\)) Tj"));
        assert!(file.contains(r"(back\\slash) Tj"));
        assert!(file.contains("(???????) Tj"));
    }

    #[test]
    fn poppler_opens_it() {
        if Command::new("pdfinfo").arg("-v").output().is_err() {
            eprintln!("skipped: pdfinfo (poppler-utils) is not installed");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("page.pdf");
        std::fs::write(&path, page(&["Title", "Text"])).unwrap();
        let info = Command::new("pdfinfo").arg(&path).output().unwrap();
        let shown = String::from_utf8(info.stdout).unwrap();
        assert!(info.status.success() && shown.contains("Pages:           1"), "{shown}");
        // A table that had to be rebuilt is complained of here.
        assert!(info.stderr.is_empty(), "{}", String::from_utf8_lossy(&info.stderr));
    }

    #[test]
    fn the_stream_is_as_long_as_it_says() {
        let file = String::from_utf8(page(&["A", "B"])).unwrap();
        let (_, rest) = file.split_once("/Length ").unwrap();
        let (length, rest) = rest.split_once(" >>\nstream\n").unwrap();
        let (stream, _) = rest.split_once("\nendstream").unwrap();
        assert_eq!(stream.len(), length.parse::<usize>().unwrap());
    }
}
