//! Canonical XML 1.0 (W3C REC-xml-c14n-20010315) and Exclusive XML Canonicalization 1.0 (W3C
//! REC-xml-exc-c14n-20020718), both without comments: the bytes that an XML signature is over.
//!
//! Made for whole elements with all that is in them, one of them perhaps left out, as the
//! enveloped signature is. Not made: arbitrary sets of nodes.

use std::collections::BTreeMap;

use super::xml::{Attribute, MAX_DEPTH, Node, XML};

/// Which of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Names of namespaces as they are in force.
    Inclusive,
    /// Only those used, and those with these prefixes (empty: the default namespace).
    Exclusive { prefixes: Vec<String> },
}

/// The prefixes that the output has declared, with their namespaces.
type Declared = BTreeMap<String, String>;

/// The canonical form of `node`, an element or a whole document, without `left_out`. `None` when
/// it is nested deeper than a list may be.
pub(super) fn canonical(
    node: Node<'_, '_>,
    left_out: Option<Node<'_, '_>>,
    method: &Method,
) -> Option<Vec<u8>> {
    let mut writer = Writer { output: String::new(), left_out, method, apex: node };
    if node.is_root() {
        let mut after_element = false;
        for child in node.children() {
            if child.is_element() {
                writer.element(child, &Declared::new(), MAX_DEPTH)?;
                after_element = true;
            } else if child.is_pi() {
                if after_element {
                    writer.output.push('\n');
                }
                writer.instruction(child);
                if !after_element {
                    writer.output.push('\n');
                }
            }
        }
    } else {
        writer.element(node, &Declared::new(), MAX_DEPTH)?;
    }
    Some(writer.output.into_bytes())
}

struct Writer<'a, 'input> {
    output: String,
    left_out: Option<Node<'a, 'input>>,
    method: &'a Method,
    apex: Node<'a, 'input>,
}

impl<'a, 'input> Writer<'a, 'input> {
    fn element(
        &mut self,
        element: Node<'a, 'input>,
        declared: &Declared,
        depth_left: usize,
    ) -> Option<()> {
        if Some(element) == self.left_out {
            return Some(());
        }
        let depth_left = depth_left.checked_sub(1)?;
        let name = written_name(element)?;
        let attributes = self.attributes(element);
        let wanted = self.namespaces(element, prefix_of(name), &attributes);
        let mut declared = declared.clone();
        self.output.push('<');
        self.output.push_str(name);
        for (prefix, uri) in wanted {
            let known = declared.get(&prefix).map_or("", String::as_str);
            if known == uri && (declared.contains_key(&prefix) || prefix.is_empty()) {
                continue;
            }
            self.output.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.output.push_str(&prefix);
            self.output.push_str("=\"");
            self.escape(&uri, true);
            self.output.push('"');
            declared.insert(prefix, uri);
        }
        for (attribute, name) in attributes {
            self.output.push(' ');
            self.output.push_str(&name);
            self.output.push_str("=\"");
            self.escape(attribute.value(), true);
            self.output.push('"');
        }
        self.output.push('>');
        for child in element.children() {
            if child.is_element() {
                self.element(child, &declared, depth_left)?;
            } else if child.is_text() {
                self.escape(child.text().unwrap_or_default(), false);
            } else if child.is_pi() {
                self.instruction(child);
            }
        }
        self.output.push_str("</");
        self.output.push_str(name);
        self.output.push('>');
        Some(())
    }

    /// The attributes in order of namespace and name, each with its name as written.
    fn attributes(&self, element: Node<'a, 'input>) -> Vec<(Attribute<'a, 'input>, String)> {
        let mut attributes: Vec<_> = element.attributes().collect();
        // Canonical XML 1.0 §2.4: `xml:lang` and the like are inherited by what is cut out.
        if *self.method == Method::Inclusive && element == self.apex {
            for ancestor in element.ancestors().skip(1) {
                for attribute in ancestor.attributes() {
                    let is_new = || !attributes.iter().any(|own| same_name(own, &attribute));
                    if attribute.namespace() == Some(XML) && is_new() {
                        attributes.push(attribute);
                    }
                }
            }
        }
        attributes.sort_by_key(|one| (one.namespace().unwrap_or_default(), one.name()));
        let source = element.document().input_text();
        let named = attributes.into_iter().map(|attribute| {
            let written = source.get(attribute.range_qname()).unwrap_or_else(|| attribute.name());
            (attribute, written.to_owned())
        });
        named.collect()
    }

    /// The namespaces that the element must have declared, in order of prefix.
    fn namespaces(
        &self,
        element: Node<'a, 'input>,
        prefix: &str,
        attributes: &[(Attribute<'a, 'input>, String)],
    ) -> Declared {
        let in_scope = element.namespaces().filter(|namespace| namespace.name() != Some("xml"));
        let in_scope = in_scope.map(|namespace| {
            (namespace.name().unwrap_or_default().to_owned(), namespace.uri().to_owned())
        });
        let mut in_scope: Declared = in_scope.collect();
        in_scope.entry(String::new()).or_default();
        if let Method::Exclusive { prefixes } = self.method {
            let used = |wanted: &str| {
                wanted == prefix
                    || prefixes.iter().any(|one| one == wanted)
                    || (!wanted.is_empty()
                        && attributes.iter().any(|(_, name)| prefix_of(name) == wanted))
            };
            in_scope.retain(|wanted, _| used(wanted));
        }
        in_scope
    }

    fn instruction(&mut self, node: Node<'_, '_>) {
        let Some(instruction) = node.pi() else { return };
        self.output.push_str("<?");
        self.output.push_str(instruction.target);
        if let Some(value) = instruction.value.filter(|value| !value.is_empty()) {
            self.output.push(' ');
            self.output.push_str(value);
        }
        self.output.push_str("?>");
    }

    fn escape(&mut self, text: &str, is_attribute: bool) {
        for letter in text.chars() {
            match (letter, is_attribute) {
                ('&', _) => self.output.push_str("&amp;"),
                ('<', _) => self.output.push_str("&lt;"),
                ('>', false) => self.output.push_str("&gt;"),
                ('"', true) => self.output.push_str("&quot;"),
                ('\t', true) => self.output.push_str("&#x9;"),
                ('\n', true) => self.output.push_str("&#xA;"),
                ('\r', _) => self.output.push_str("&#xD;"),
                _ => self.output.push(letter),
            }
        }
    }
}

/// The name with its prefix, as the start tag has it.
fn written_name<'a>(element: Node<'a, '_>) -> Option<&'a str> {
    let source = element.document().input_text().get(element.range())?;
    let name = source.strip_prefix('<')?;
    name.get(..name.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?)
}

fn prefix_of(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

fn same_name(one: &Attribute<'_, '_>, other: &Attribute<'_, '_>) -> bool {
    one.name() == other.name() && one.namespace() == other.namespace()
}
