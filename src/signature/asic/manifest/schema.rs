//! What a manifest is made of (ETSI EN 319 162-1 annex A.4), and nothing else: whoever signed a file
//! with more in it may have seen that, as a page in a browser, and not the files that it names.

use crate::xml::{Node, SIGNATURE};

/// An element that may stand there.
struct Rule {
    /// The elements that it stands in; none for the root.
    within: &'static [&'static str],
    is_of_signatures: bool,
    name: &'static str,
    attributes: &'static [&'static str],
}

const ROOT: &str = "ASiCManifest";
const FILE: &str = "DataObjectReference";
const DIGEST: &str = "DigestValue";
const EXTENSIONS: [&str; 2] = ["ASiCManifestExtensions", "DataObjectReferenceExtensions"];

/// An extension may hold anything by the schema. Nothing in one is read, so each is empty.
const RULES: [Rule; 8] = [
    Rule::own(&[], ROOT, &[]),
    Rule::own(&[ROOT], "SigReference", &["URI", "MimeType"]),
    Rule::own(&[ROOT], FILE, &["URI", "MimeType", "Rootfile"]),
    Rule { is_of_signatures: true, ..Rule::own(&[FILE], "DigestMethod", &["Algorithm"]) },
    Rule { is_of_signatures: true, ..Rule::own(&[FILE], DIGEST, &[]) },
    Rule::own(&[ROOT], EXTENSIONS[0], &[]),
    Rule::own(&[FILE], EXTENSIONS[1], &[]),
    Rule::own(&EXTENSIONS, "Extension", &["Critical"]),
];

impl Rule {
    const fn own(
        within: &'static [&'static str],
        name: &'static str,
        attributes: &'static [&'static str],
    ) -> Self {
        Self { within, is_of_signatures: false, name, attributes }
    }

    fn fits(&self, node: Node<'_, '_>, namespace: &str) -> bool {
        let due = if self.is_of_signatures { SIGNATURE } else { namespace };
        let tag = node.tag_name();
        let stands = match node.parent_element() {
            Some(parent) => self.within.contains(&parent.tag_name().name()),
            None => self.within.is_empty(),
        };
        stands && tag.name() == self.name && tag.namespace() == Some(due)
    }
}

/// Each of the four namespaces by two names.
const MAX_PREFIXES: usize = 8;

/// Whether all of it is of the schema, whose namespace is `namespace`. What the text of a digest is, is its
/// reader's to say.
pub(super) fn holds(file: &[u8], root: Node<'_, '_>, namespace: &str) -> bool {
    let is_right = |node: Node<'_, '_>| {
        if node.is_text() {
            let is_digest = node.parent_element().is_some_and(|it| it.tag_name().name() == DIGEST);
            return is_digest || node.text().is_none_or(|text| text.trim_ascii().is_empty());
        }
        let rule = RULES.iter().find(|rule| node.is_element() && rule.fits(node, namespace));
        // What does not begin with a letter is no tag to a browser, and all in it a text.
        let is_named = node.namespaces().len() <= MAX_PREFIXES
            && node.namespaces().all(|one| is_namespace(one.name(), one.uri(), namespace));
        rule.filter(|_| is_named).is_some_and(|rule| {
            node.attributes().all(|attribute| {
                let is_known = rule.attributes.contains(&attribute.name());
                is_known
                    && attribute.namespace().is_none()
                    && is_value(attribute.name(), attribute.value())
            })
        })
    };
    // Beside the root: comments and instructions.
    let outside = root.document().root().children().filter(|node| *node != root);
    has_plain_declaration(file)
        && has_little_white_space(file)
        && root.descendants().chain(outside).all(is_right)
}

/// Whether a namespace that is declared is one that is used, by a name that is no text.
fn is_namespace(prefix: Option<&str>, uri: &str, own: &str) -> bool {
    const MAX_PREFIX: usize = 16;
    const XML: &str = "http://www.w3.org/XML/1998/namespace";
    // Declared where some writers sign by a schema; nothing of it is used.
    const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
    let prefix = prefix.unwrap_or_default();
    [own, SIGNATURE, XML, INSTANCE].contains(&uri)
        && prefix.len() <= MAX_PREFIX
        && prefix.bytes().next().is_none_or(|first| first.is_ascii_alphabetic())
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Names are those of files in the container, and algorithms known ones: their readers see to that.
fn is_value(attribute: &str, value: &str) -> bool {
    match attribute {
        "MimeType" => is_media_type(value),
        "Critical" | "Rootfile" => ["true", "false", "1", "0"].contains(&value),
        "URI" => !value.contains(|letter: char| letter.is_whitespace() || letter.is_control()),
        _ => true,
    }
}

/// `type/subtype` (RFC 6838 §4.2), with at most a `charset`. A text of several words is none.
fn is_media_type(value: &str) -> bool {
    /// The longest that is registered has 91.
    const MAX_LENGTH: usize = 100;
    const MAX_CHARSET: usize = 20;
    let is_token = |text: &str| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte);
        !text.is_empty() && text.bytes().all(is_sign)
    };
    let (media_type, parameter) = value.split_once(';').unwrap_or((value, "charset=utf-8"));
    let parameter = parameter.strip_prefix(' ').unwrap_or(parameter);
    let charset =
        parameter.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let is_charset = |(_, value): (_, &str)| value.len() <= MAX_CHARSET && is_token(value);
    media_type.len() <= MAX_LENGTH
        && media_type.split_once('/').is_some_and(|(of, name)| is_token(of) && is_token(name))
        && charset.is_some_and(is_charset)
}

/// Who signs it as a text sees what white space leaves on the screen: it indents elements and breaks lines,
/// and moves nothing away.
fn has_little_white_space(file: &[u8]) -> bool {
    /// Two ends of lines and what indents four levels by tabs or blanks.
    const MAX_RUN: usize = 40;
    let is_white = |byte: &u8| byte.is_ascii_whitespace();
    let white = file.iter().filter(|byte| is_white(byte)).count();
    let mut runs = file.split(|byte| !is_white(byte));
    white <= file.len().div_euclid(2) && runs.all(|run| run.len() <= MAX_RUN)
}

/// A browser that reads it as HTML takes the declaration for a comment up to the first `>`, and the parser
/// takes any text for the name of an encoding.
fn has_plain_declaration(file: &[u8]) -> bool {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let Some(declaration) = file.strip_prefix(b"<?xml") else { return true };
    let length = memchr::memmem::find(declaration, b"?>").unwrap_or(declaration.len());
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" \t\r\n=.\"'_-".contains(byte);
    declaration.get(..length).unwrap_or_default().iter().all(is_plain)
}
