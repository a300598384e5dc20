//! XML read with bounds: no document type, no deep nesting, no endless tags.

use roxmltree::{Document, Node, ParsingOptions};

use super::ListError;

/// Elements inside elements; a list has about 15.
pub(super) const MAX_DEPTH: usize = 64;
/// Bytes of one tag: the parser compares each attribute with all others.
const MAX_TAG: usize = 16 * 1024;
const MAX_NODES: u32 = 1_000_000;

pub(super) const LIST: &str = "http://uri.etsi.org/02231/v2#";
pub(super) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(super) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The document in these bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Document<'_>, ListError> {
    if bytes.len() > super::TrustList::MAX_LEN {
        return Err(ListError::TooLong { length: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    check_shape(text)?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| malformed(&error.to_string()))
}

fn malformed(problem: &str) -> ListError {
    ListError::Malformed { problem: problem.to_owned() }
}

/// The parser takes time and memory that grow with the square of the depth and of the number of
/// attributes of one tag; so both are bounded before it runs.
fn check_shape(text: &str) -> Result<(), ListError> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some((_, markup)) = rest.split_once('<') {
        let past = |end: &str| markup.split_once(end).map_or("", |(_, after)| after);
        if markup.starts_with("!--") {
            rest = past("-->");
            continue;
        }
        if markup.starts_with("![CDATA[") {
            rest = past("]]>");
            continue;
        }
        if markup.starts_with('?') {
            rest = past("?>");
            continue;
        }
        let mut quote = None;
        let end = markup.bytes().take(MAX_TAG).position(|byte| match (byte, quote) {
            (b'>', None) => true,
            (b'"' | b'\'', None) => {
                quote = Some(byte);
                false
            }
            (byte, Some(open)) if byte == open => {
                quote = None;
                false
            }
            _ => false,
        });
        let Some((tag, after)) = end.and_then(|end| markup.split_at_checked(end)) else {
            return Err(malformed("a tag does not end, or is longer than any tag of a list"));
        };
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.ends_with('/') {
            depth = depth.saturating_add(1);
        }
        if depth > MAX_DEPTH {
            return Err(malformed("its elements are nested deeper than those of any list"));
        }
        rest = after;
    }
    Ok(())
}

/// The child elements of this name.
pub(super) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: (&'static str, &'static str),
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.has_tag_name(name))
}

/// The first child element of this name.
pub(super) fn child<'a, 'input>(
    node: Node<'a, 'input>,
    name: (&'static str, &'static str),
) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

/// The child element of this name when there is exactly one.
pub(super) fn only<'a, 'input>(
    node: Node<'a, 'input>,
    name: (&'static str, &'static str),
) -> Option<Node<'a, 'input>> {
    let mut found = children(node, name);
    found.next().filter(|_| found.next().is_none())
}

/// All text inside, trimmed. Comments are not signed, so one in the middle of a text must not cut
/// it: the pieces are put together as the canonical form has them.
pub(super) fn text(node: Node<'_, '_>) -> String {
    let pieces = node.children().filter(Node::is_text).filter_map(|piece| piece.text());
    pieces.collect::<String>().trim().to_owned()
}
