//! The words about a file: the information dictionary (ISO 32000-1 §14.3.3) and the XMP packet
//! (ISO 16684-1). Readers show the title among them in place of the file's name, so what was added
//! after the signature may change nothing of them but when and by what program the file was changed.

use std::collections::BTreeSet;

use crate::{
    content::pdf::{Dictionary, Object},
    xml::{Limits, Node, parse},
};

/// A packet has some kilobytes.
const LIMITS: Limits = Limits { bytes: 1 << 20, nodes: 1 << 14 };

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// What a program that changes a file writes anew, by namespace and name (ISO 16684-1 §8).
const OF_THE_CHANGE: [(&str, &str); 6] = [
    ("adobe:ns:meta/", "xmptk"),
    ("http://ns.adobe.com/pdf/1.3/", "Producer"),
    ("http://ns.adobe.com/xap/1.0/", "CreatorTool"),
    ("http://ns.adobe.com/xap/1.0/", "MetadataDate"),
    ("http://ns.adobe.com/xap/1.0/", "ModifyDate"),
    ("http://ns.adobe.com/xap/1.0/mm/", "InstanceID"),
];

/// Whether an information dictionary says the same as the one before it.
pub(super) fn is_same_information(old: &Dictionary, new: &Dictionary) -> bool {
    let is_of_the_change = |key: &[u8]| matches!(key, b"ModDate" | b"Producer");
    let is_kept = |(key, value): (&Vec<u8>, &Object)| {
        is_of_the_change(key) || new.get(key).is_some_and(|now| is_same_value(value, now))
    };
    let is_known = |(key, value): (&Vec<u8>, &Object)| {
        if is_of_the_change(key) {
            matches!(value, Object::Text(_))
        } else {
            old.get(key).is_some()
        }
    };
    old.entries.iter().all(is_kept) && new.entries.iter().all(is_known)
}

fn is_same_value(old: &Object, new: &Object) -> bool {
    match (old, new) {
        (Object::Text(old), Object::Text(new)) => {
            let is_same = old.is_hex == new.is_hex && old.raw == new.raw;
            is_same || old.octets() == new.octets() && (new.is_hex || is_plain_text(&new.raw))
        }
        _ => old == new,
    }
}

/// Whether a text in parentheses is read alike by every reader: pdf.js keeps octal digits of more than a
/// byte.
fn is_plain_text(raw: &[u8]) -> bool {
    let mut rest = raw.iter();
    while let Some(byte) = rest.next() {
        let is_plain = match byte {
            b'\\' => matches!(rest.next(), Some(b'\\' | b'(' | b')')),
            b'\r' | b'\n' => false,
            _ => true,
        };
        if !is_plain {
            return false;
        }
    }
    true
}

/// Whether the stream of a packet is called the same as the one before it, and as the standard has it
/// where there was none (ISO 32000-1 §14.3.2): pdf.js reads no other.
pub(super) fn is_same_stream(old: Option<&Dictionary>, new: &Dictionary) -> bool {
    const OF_THE_BYTES: [&[u8]; 3] = [b"DecodeParms", b"Filter", b"Length"];
    let names = |stream: &Dictionary| {
        let entries = stream.entries.iter();
        let named = entries.filter(|(key, _)| !OF_THE_BYTES.contains(&key.as_slice()));
        named.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
    };
    match old {
        Some(old) => names(old) == names(new),
        None => names(new).len() == 2 && new.is(b"Type", b"Metadata") && new.is(b"Subtype", b"XML"),
    }
}

/// Whether an XMP packet says the same as the one before it, if there was one: element by element, but
/// for those of the change that stand directly in a description and hold plain text.
pub(super) fn is_same_packet(old: Option<&[u8]>, new: &[u8]) -> bool {
    if old == Some(new) {
        return true;
    }
    if !is_plain(new) {
        return false;
    }
    let read = |packet| parse(packet, LIMITS).ok();
    let empty = old.is_none().then_some(&b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"[..]);
    let (Some(before), Some(now)) = (old.or(empty).and_then(read), read(new)) else {
        return false;
    };
    is_same_node(before.root(), now.root())
}

/// Whether a packet is the same to readers that look into it before they take it for XML: pdf.js turns
/// what begins like text in octal digits, up to the next element, into characters. So it has no
/// comment and no section, no instruction but the two around a packet, and no digits like that.
fn is_plain(packet: &[u8]) -> bool {
    const INSTRUCTIONS: [&[u8]; 2] = [b"xpacket ", b"xml "];
    let has = |word: &[u8]| memchr::memmem::find(packet, word).is_some();
    let is_plain_instruction = |at: usize| {
        let inside = packet.get(at..).and_then(|rest| rest.strip_prefix(b"<?"));
        let end = inside.and_then(|inside| memchr::memmem::find(inside, b"?>"));
        let inside = inside.zip(end).and_then(|(inside, end)| inside.get(..end));
        inside.is_some_and(|inside| {
            INSTRUCTIONS.iter().any(|name| inside.starts_with(name))
                && !inside.iter().any(|byte| matches!(byte, b'<' | b'>'))
        })
    };
    !has(b"<!") && !has(b"\\") && memchr::memmem::find_iter(packet, b"<?").all(is_plain_instruction)
}

fn is_same_node(old: Node<'_, '_>, new: Node<'_, '_>) -> bool {
    let (mut before, mut now) = (parts(old), parts(new));
    (old.is_root() || qualified(old) == qualified(new))
        && old.tag_name() == new.tag_name()
        && attributes(old) == attributes(new)
        && loop {
            match (before.next(), now.next()) {
                (None, None) => break true,
                (Some(old), Some(new)) if old.is_text() && new.is_text() => {
                    if old.text().map(str::trim) != new.text().map(str::trim) {
                        break false;
                    }
                }
                (Some(old), Some(new)) if old.is_element() && new.is_element() => {
                    if !is_same_node(old, new) {
                        break false;
                    }
                }
                _ => break false,
            }
        }
}

/// The name as it is written: pdf.js goes by prefixes.
fn qualified<'d>(node: Node<'d, '_>) -> &'d str {
    let written = node.document().input_text().get(node.range()).unwrap_or_default();
    let name = written.strip_prefix('<').unwrap_or_default();
    name.split([' ', '\t', '\r', '\n', '/', '>']).next().unwrap_or_default()
}

/// What a node holds, without white space and what may change. A description that says nothing is
/// none, and neither is what holds nothing else.
fn parts<'d, 'i>(node: Node<'d, 'i>) -> impl Iterator<Item = Node<'d, 'i>> {
    node.children().filter(|part| {
        let is_white = part.text().is_none_or(|text| text.trim().is_empty());
        (part.is_element() && !is_of_the_change(*part) && !is_frame(*part))
            || (part.is_text() && !is_white)
    })
}

/// What a program that changes a file writes into a description, as plain text.
fn is_of_the_change(node: Node<'_, '_>) -> bool {
    let name = node.tag_name();
    let is_text = |part: Node<'_, '_>| {
        part.is_text() && !part.text().unwrap_or_default().contains(['<', '>'])
    };
    let is_plain = node.children().all(is_text) && node.attributes().len() == 0;
    is_plain
        && node.parent().is_some_and(is_description)
        && OF_THE_CHANGE.contains(&(name.namespace().unwrap_or_default(), name.name()))
}

/// A description that stands directly in a packet: pdf.js takes all text below a title for the title.
fn is_description(node: Node<'_, '_>) -> bool {
    let stands_right = node.parent().is_some_and(|around| around.has_tag_name((RDF, "RDF")));
    node.has_tag_name((RDF, "Description")) && stands_right
}

/// A packet, or a description in it, that says nothing. Of two packets pdf.js takes the first.
fn is_frame(node: Node<'_, '_>) -> bool {
    let is_packet = |node: Node<'_, '_>| node.has_tag_name((RDF, "RDF"));
    let is_only = || {
        let packets = node.document().descendants().filter(|other| is_packet(*other));
        packets.take(2).count() == 1
    };
    let is_structure = is_description(node) || is_packet(node) && is_only();
    is_structure && attributes(node).is_empty() && parts(node).next().is_none()
}

/// The attributes in order, without what may change.
fn attributes<'d>(node: Node<'d, '_>) -> BTreeSet<(&'d str, &'d str, &'d str)> {
    let of = node.attributes();
    let named = of.map(|one| (one.namespace().unwrap_or_default(), one.name(), one.value()));
    let says = |(namespace, name, value): &(&str, &str, &str)| {
        let is_known =
            OF_THE_CHANGE.contains(&(*namespace, *name)) || (*namespace, *name) == (RDF, "about");
        !is_known || value.contains(['<', '>'])
    };
    named.filter(says).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::pdf::Reader;

    #[test]
    fn the_information_may_only_say_when_and_by_what_it_was_changed() {
        let read = |text: &str| {
            Reader::strict(text.as_bytes(), 0).object().unwrap().dictionary().unwrap().clone()
        };
        let signed = "<</Title(Signed)/ModDate(D:2026)/Author(A)>>";
        for (old, new, is_same) in [
            (signed, signed, true),
            (signed, "<</Title<5369676e6564>/ModDate(D:2027)/Author(A)/Producer(P)>>", true),
            (signed, "<</Title(Other)/ModDate(D:2026)/Author(A)>>", false),
            (signed, "<</Title(S\\151gned)/ModDate(D:2026)/Author(A)>>", false),
            (signed, "<</Title(\\523igned)/ModDate(D:2026)/Author(A)>>", false),
            ("<</Title(S\\151gned)>>", "<</Title(S\\151gned)>>", true),
            (signed, "<</ModDate(D:2026)/Author(A)>>", false),
            (signed, "<</Title(Signed)/ModDate(D:2026)/Author(A)/Subject(S)>>", false),
            (signed, "<</Title(Signed)/ModDate(D:2026)/Author(A)/Producer 9 0 R>>", false),
            (signed, "<</Title 9 0 R/ModDate(D:2026)/Author(A)>>", false),
            (signed, "<</Title(Signed)/ModDate 9 0 R/Author(A)>>", false),
            ("<<>>", "<</Producer(P)/ModDate(D:2027)>>", true),
            ("<<>>", "<</Title(Title)>>", false),
            ("<<>>", "<</GTS_PDFXVersion(PDF/X-3:2002)>>", false),
        ] {
            assert_eq!(is_same_information(&read(old), &read(new)), is_same, "{old} {new}");
        }
    }

    fn packet(inside: &str) -> String {
        format!(
            "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/' \
             x:xmptk='A'><rdf:RDF xmlns:rdf='{RDF}'><rdf:Description rdf:about='' \
             xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:pdf='http://ns.adobe.com/pdf/1.3/' \
             xmlns:xmp='http://ns.adobe.com/xap/1.0/'{inside}</rdf:Description></rdf:RDF>\
             </x:xmpmeta><?xpacket end='w'?>"
        )
    }

    #[test]
    fn the_stream_of_a_packet_is_called_what_it_was() {
        let read = |text: &str| {
            Reader::strict(text.as_bytes(), 0).object().unwrap().dictionary().unwrap().clone()
        };
        let named = "<</Type/Metadata/Subtype/XML/Length 9>>";
        for (old, new, is_same) in [
            (Some(named), "<</Type/Metadata/Subtype/XML/Length 7/Filter/FlateDecode>>", true),
            (Some(named), "<</Type/Metadata/Length 7>>", false),
            (Some(named), "<</Subtype/XML/Length 7>>", false),
            (Some(named), "<</Type/Metadata/Subtype/XML/Length 7/Name/A>>", false),
            (Some("<</Length 9>>"), "<</Length 7>>", true),
            (Some("<</Length 9>>"), named, false),
            (None, named, true),
            (None, "<</Type/Metadata/Length 9>>", false),
            (None, "<</Type/Page/Subtype/XML/Length 9>>", false),
        ] {
            let old = old.map(read);
            assert_eq!(is_same_stream(old.as_ref(), &read(new)), is_same, "{old:?} {new}");
        }
    }

    #[test]
    fn a_packet_may_only_say_when_and_by_what_it_was_changed() {
        let title = |title| {
            format!("<dc:title><rdf:Alt><rdf:li xml:lang='x'>{title}</rdf:li></rdf:Alt></dc:title>")
        };
        let change = "<xmp:ModifyDate>2027</xmp:ModifyDate><pdf:Producer>P</pdf:Producer>";
        let signed = packet(&format!(">{}", title("Signed")));
        for (what, inside, is_same) in [
            ("the same", format!(">{}", title("Signed")), true),
            ("and the change", format!(">{change}{}", title("Signed")), true),
            ("the change shortly", format!(" xmp:ModifyDate='2027'>{}", title("Signed")), true),
            ("other white space", format!(">\n {}\n ", title("Signed")), true),
            ("another title", format!(">{}", title("Other")), false),
            ("no title", format!(">{change}"), false),
            ("another beside it", format!(">{}{}", title("Signed"), title("Other")), false),
            ("in another order", format!(">{}{}", title("Other"), title("Signed")), false),
            ("an author", format!(" dc:creator='A'>{}", title("Signed")), false),
            ("an empty entry", format!("><dc:source/>{}", title("Signed")), false),
            ("within the date", format!("><xmp:ModifyDate>{}</xmp:ModifyDate>", title("O")), false),
            (
                "a title in the date beside it",
                format!(">{0}<xmp:ModifyDate>{0}</xmp:ModifyDate>", title("Signed")),
                false,
            ),
            (
                "a producer in the title",
                format!(
                    ">{}",
                    title("Signed")
                        .replace("<dc:title>", "<dc:title><pdf:Producer>O</pdf:Producer>")
                ),
                false,
            ),
            (
                "a producer in the list",
                format!(
                    ">{}",
                    title("Signed").replace("<rdf:Alt>", "<rdf:Alt><pdf:Producer>O</pdf:Producer>")
                ),
                false,
            ),
            (
                "a producer in a description in the title",
                format!(
                    ">{}",
                    title("Signed").replace(
                        "<dc:title>",
                        "<dc:title><rdf:Description><pdf:Producer>O</pdf:Producer></rdf:Description>"
                    )
                ),
                false,
            ),
            (
                "the list beside the title",
                format!(
                    ">{}",
                    title("Signed").replace("<dc:title>", "<dc:title/>").replace("</dc:title>", "")
                ),
                false,
            ),
            (
                "another prefix",
                format!(
                    ">{}",
                    title("Signed")
                        .replace("<dc:title", "<d:title xmlns:d='http://purl.org/dc/elements/1.1/'")
                        .replace("</dc:", "</d:")
                ),
                false,
            ),
        ] {
            let new = packet(&inside);
            assert_eq!(is_same_packet(Some(signed.as_bytes()), new.as_bytes()), is_same, "{what}");
        }
        for (what, inside) in [
            ("a comment", "<!-- x -->"),
            ("what pdf.js reads on behind", "<!-- >\\376\\377 -->"),
            ("an instruction", "<?x y?>"),
            ("another packet's instruction", "<?xpacket >?>"),
            ("a section", "<![CDATA[ ]]>"),
            ("octal digits", "<pdf:Producer>\\376\\377</pdf:Producer>"),
            ("the end of a comment", "<pdf:Producer>--&gt;</pdf:Producer>"),
        ] {
            let new = packet(&format!(">{inside}{}", title("Signed")));
            assert!(!is_same_packet(Some(signed.as_bytes()), new.as_bytes()), "{what}");
        }
        let attribute = packet(&format!(" xmp:ModifyDate='-->'>{}", title("Signed")));
        assert!(!is_same_packet(Some(signed.as_bytes()), attribute.as_bytes()));
        assert!(is_same_packet(None, packet(&format!(">{change}")).as_bytes()));
        let empty = format!("<rdf:RDF xmlns:rdf='{RDF}'/><rdf:RDF");
        let in_front = signed.replacen("<rdf:RDF", &empty, 1);
        assert!(!is_same_packet(Some(signed.as_bytes()), in_front.as_bytes()));
        let root = format!(
            "<pdf:Producer xmlns:pdf='http://ns.adobe.com/pdf/1.3/'>{signed}</pdf:Producer>"
        );
        assert!(!is_same_packet(
            None,
            root.replace("<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>", "").as_bytes()
        ));
        assert!(!is_same_packet(None, signed.as_bytes()));
        assert!(is_same_packet(Some(b"no packet"), b"no packet"));
        assert!(!is_same_packet(Some(b"no packet"), signed.as_bytes()));
        assert!(!is_same_packet(Some(signed.as_bytes()), b"no packet"));
    }
}
