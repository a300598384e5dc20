//! XML read with bounds, and the few ways in which its readers look into it.
//!
//! The parser takes time that grows with the square of the attributes of one element, and with the
//! namespaces in force times the elements that declare one; memory grows with the nesting. So what
//! a document has of each is counted first, in one pass over its bytes. A document type is refused:
//! with one, a document can stand for other text than it shows (XML 1.0 §2.8, §4.4).
//!
//! Nothing is judged here: which elements a document must have is its reader's to say.

pub(crate) use roxmltree::{Attribute, Document, Node};

use roxmltree::ParsingOptions;

/// How many bytes are hashed in the time in which a byte of one of the worst XML is read.
pub(crate) const WEIGHT: usize = 32;

/// Elements inside elements; a trust list has about 15, a manifest 4.
pub(crate) const MAX_DEPTH: usize = 64;
/// Attributes of one element, the declarations of namespaces among them.
const MAX_ATTRIBUTES: usize = 32;
/// Namespaces declared by one element and those around it.
const MAX_NAMESPACES: usize = 64;
/// Declarations of namespaces in all. The parser keeps each of them once, in order.
const MAX_DECLARATIONS: usize = 1 << 14;
/// Bytes of a name, and of the name of a namespace: the parser compares them often.
const MAX_NAME: usize = 256;
/// Bytes of one tag.
const MAX_TAG: usize = 16 << 10;

/// The namespace of `xml:lang` and the like.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of XML signatures.
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// How long a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Its bytes.
    pub(crate) bytes: usize,
    /// Its elements, texts and comments.
    pub(crate) nodes: u32,
}

/// Why bytes are not read as XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    /// It can stand for other text than it shows.
    #[error("it has a document type")]
    DocumentType,
    /// Not XML.
    #[error("{problem}")]
    Malformed {
        /// What is wrong, as the parser says it.
        problem: String,
    },
    /// Over a limit.
    #[error("it has more than {max} {things}")]
    TooMuch {
        /// Of what.
        things: &'static str,
        /// The limit.
        max: usize,
    },
}

/// The document in these bytes, which are UTF-8.
///
/// # Errors
/// It is not well-formed, it has a document type, or more of something than the `limits` or those of
/// every document allow.
pub(crate) fn parse(bytes: &[u8], limits: Limits) -> Result<Document<'_>, XmlError> {
    within(bytes.len(), limits.bytes, "bytes")?;
    let malformed = |problem: String| XmlError::Malformed { problem };
    let text = str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_shape(text)?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: limits.nodes, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| malformed(error.to_string()))
}

fn within(count: usize, max: usize, things: &'static str) -> Result<(), XmlError> {
    if count <= max { Ok(()) } else { Err(XmlError::TooMuch { things, max }) }
}

/// Goes from tag to tag as the parser does. As far as a document is well-formed both find the same
/// tags, and the parser reads no further than that.
fn check_shape(text: &str) -> Result<(), XmlError> {
    // How many namespaces each open element has declared.
    let mut open = Vec::new();
    let (mut in_force, mut declared) = (0_usize, 0_usize);
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
        if markup.starts_with('!') {
            return Err(XmlError::DocumentType);
        }
        let tag = Tag::read(markup)?;
        rest = markup.get(tag.length..).unwrap_or_default();
        if tag.is_end {
            in_force = in_force.saturating_sub(open.pop().unwrap_or_default());
            continue;
        }
        declared = declared.saturating_add(tag.namespaces);
        within(declared, MAX_DECLARATIONS, "declarations of namespaces")?;
        within(in_force.saturating_add(tag.namespaces), MAX_NAMESPACES, "namespaces in force")?;
        if !tag.is_empty {
            in_force = in_force.saturating_add(tag.namespaces);
            open.push(tag.namespaces);
            within(open.len(), MAX_DEPTH, "elements inside each other")?;
        }
    }
    Ok(())
}

/// What is counted of a tag.
struct Tag {
    /// Its bytes up to `>`.
    length: usize,
    is_end: bool,
    is_empty: bool,
    namespaces: usize,
}

impl Tag {
    /// Reads a tag that begins before `markup`.
    fn read(markup: &str) -> Result<Self, XmlError> {
        let bytes = markup.as_bytes();
        let mut tag = Self { length: 0, is_end: false, is_empty: false, namespaces: 0 };
        tag.is_end = bytes.first() == Some(&b'/');
        let mut attributes = 0_usize;
        // Where the name that is being read began, or the last one.
        let (mut name, mut at) = (0, 0);
        let mut last = b' ';
        loop {
            let Some(&byte) = bytes.get(at).filter(|_| at < MAX_TAG) else {
                within(at, MAX_TAG.saturating_sub(1), "bytes in a tag")?;
                return Err(XmlError::Malformed { problem: "a tag does not end".to_owned() });
            };
            match byte {
                b'>' => break,
                b'"' | b'\'' => {
                    let value = bytes.get(at.saturating_add(1)..).unwrap_or_default();
                    let value = value.get(..MAX_TAG.min(value.len())).unwrap_or_default();
                    let length = memchr::memchr(byte, value).unwrap_or(value.len());
                    attributes = attributes.saturating_add(1);
                    within(attributes, MAX_ATTRIBUTES, "attributes in one element")?;
                    if bytes.get(name..).is_some_and(|name| name.starts_with(b"xmlns")) {
                        tag.namespaces = tag.namespaces.saturating_add(1);
                        within(length, MAX_NAME, "bytes in the name of a namespace")?;
                    }
                    at = at.saturating_add(length).saturating_add(1);
                }
                b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'/' => {}
                _ => {
                    if matches!(last, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'/') {
                        name = at;
                    }
                    within(at.saturating_sub(name), MAX_NAME, "bytes in a name")?;
                }
            }
            last = byte;
            at = at.saturating_add(1);
        }
        tag.length = at;
        tag.is_empty = last == b'/';
        Ok(tag)
    }
}

/// The child elements of this namespace and name.
pub(crate) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: (&'a str, &'a str),
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| {
        let (namespace, local) = name;
        let tag = child.tag_name();
        child.is_element() && tag.name() == local && tag.namespace() == Some(namespace)
    })
}

/// The first child element of this namespace and name.
pub(crate) fn child<'a, 'input>(
    node: Node<'a, 'input>,
    name: (&'a str, &'a str),
) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

/// The child element of this namespace and name when there is exactly one.
pub(crate) fn only<'a, 'input>(
    node: Node<'a, 'input>,
    name: (&'a str, &'a str),
) -> Option<Node<'a, 'input>> {
    let mut found = children(node, name);
    found.next().filter(|_| found.next().is_none())
}

/// All text inside, trimmed. Comments are not signed, so one in the middle of a text must not cut
/// it: the pieces are put together as the canonical form has them.
pub(crate) fn text(node: Node<'_, '_>) -> String {
    let pieces = node.children().filter(Node::is_text).filter_map(|piece| piece.text());
    pieces.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
