//! The wrapper that Ukrainian reporting programs transport files in: sections, each a name that
//! ends with a zero byte, a length in four bytes, the lowest first, and so many bytes of content.
//!
//! No standard describes it; this reads what those programs write. A header with lines of text and
//! the sender's certificate may stand before the file, and nobody signs them.

/// Sections that say how the file travels.
const BESIDE: &[&[u8]] = &[b"TRANSPORTABLE", b"ZPOSTTRANSPORTABLE", b"CERTCRYPT"];
/// Sections that are the file: signed, or encrypted.
const FILE: &[&[u8]] = &[b"UA1_SIGN", b"UA1_CRYPT"];

struct Section<'a> {
    name: &'a [u8],
    content: &'a [u8],
}

/// Whether `file` begins as such a wrapper does.
pub(crate) fn is_transport(file: &[u8]) -> bool {
    BESIDE
        .iter()
        .chain(FILE)
        .any(|name| file.strip_prefix(*name).is_some_and(|rest| rest.first() == Some(&0)))
}

/// The one file in the wrapper; `None` when there is another number of them, or anything that is
/// not known.
pub(super) fn unwrap(file: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    let mut rest = file;
    while !rest.is_empty() {
        let section;
        (section, rest) = next(rest)?;
        if FILE.contains(&section.name) {
            if found.replace(section.content).is_some() {
                return None;
            }
        } else if !BESIDE.contains(&section.name) {
            return None;
        }
    }
    found
}

fn next(rest: &[u8]) -> Option<(Section<'_>, &[u8])> {
    let end = BESIDE.iter().chain(FILE).map(|name| name.len()).max()?;
    let end = rest.get(..=end).unwrap_or(rest).iter().position(|byte| *byte == 0)?;
    let (name, rest) = rest.split_at_checked(end)?;
    let (_, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Section { name, content }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [name.as_bytes(), b"\0", &length, content].concat()
    }

    #[test]
    fn opens_the_one_file_in_it() {
        let header = section("TRANSPORTABLE", b"FROM=sender\r\n\0");
        let file = section("UA1_SIGN", b"0\0");
        for (name, wrapper, inside) in [
            ("alone", file.clone(), Some(&b"0\0"[..])),
            ("encrypted", section("UA1_CRYPT", b"0\x80"), Some(b"0\x80")),
            (
                "after a header and a certificate",
                [&header[..], &section("CERTCRYPT", b"0\x01"), &file].concat(),
                Some(b"0\0"),
            ),
            ("two files", [&file[..], &file].concat(), None),
            ("no file", header.clone(), None),
            ("an unknown section", [&file[..], &section("OTHER", b"")].concat(), None),
            ("a cut file", b"UA1_SIGN\0\x02\0\0\x000".to_vec(), None),
            ("a byte more", [&file[..], b"\0"].concat(), None),
            ("a long name", section("TRANSPORTABLE_AND_MUCH_MORE", b""), None),
            ("a name without an end", b"UA1_SIGN".to_vec(), None),
            ("nothing", Vec::new(), None),
        ] {
            assert_eq!(unwrap(&wrapper), inside, "{name}");
        }
        assert!(is_transport(&header) && is_transport(&file));
        assert!(!is_transport(b"UA1_SIGNED\0") && !is_transport(b"UA1_SIGN"));
    }
}
