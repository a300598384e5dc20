//! Claims about what is read and what is refused. What reading costs is measured in
//! `tests/it/cost.rs`.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { bytes: 1 << 20, nodes: 10_000 };

fn read(text: &str) -> Result<(), XmlError> {
    parse(text.as_bytes(), LIMITS).map(drop)
}

/// `count` pieces that are told apart by their numbers.
fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

#[test]
fn what_stands_at_a_limit_is_read_and_one_more_is_not() {
    type Shape = fn(usize) -> String;

    let long = |length: usize| "n".repeat(length);
    let shapes: [(&str, usize, Shape); 5] = [
        ("attributes in one element", MAX_ATTRIBUTES, |count| {
            format!("<a{}/>", many(count, |n| format!(" b{n}='>'")))
        }),
        ("elements inside each other", MAX_DEPTH, |count| {
            format!("{}{}", "<a b = '/>'>".repeat(count), "</a >".repeat(count))
        }),
        ("namespaces in force", MAX_NAMESPACES, |count| {
            let declared = |from, to| many(to - from, |n| format!("\nxmlns:p{}=\"u\"", from + n));
            let (first, second, third) = (declared(0, 30), declared(30, 60), declared(60, count));
            format!("<a{first}><b{second}><c{third}/></b><b{second}/></a>")
        }),
        ("declarations of namespaces", MAX_DECLARATIONS, |count| {
            let ten = many(10, |n| format!(" xmlns:p{n}='u'"));
            let one = "<b xmlns='u'/>".repeat(count % 10);
            format!("<r>{}{one}</r>", format!("<a{ten}/>").repeat(count / 10))
        }),
        ("bytes", LIMITS.bytes, |count| format!("<a>{}</a>", " ".repeat(count - 7))),
    ];
    for (things, max, shape) in shapes {
        let told = Err(XmlError::TooMuch { things, max });
        assert_eq!(read(&shape(max)), Ok(()), "{things}");
        assert_eq!(read(&shape(max + 1)), told);
    }
    for (things, max, shape) in [
        ("bytes in a name", MAX_NAME, format!("<{}/>", long(MAX_NAME + 2))),
        ("bytes in a name", MAX_NAME, format!("<a {}='b'/>", long(MAX_NAME + 2))),
        (
            "bytes in the name of a namespace",
            MAX_NAME,
            format!("<a xmlns:b='{}'/>", long(MAX_NAME + 1)),
        ),
        ("bytes in a tag", MAX_TAG - 1, format!("<a b='{}'/>", long(MAX_TAG))),
        ("bytes in a tag", MAX_TAG - 1, format!("<a {}/>", " ".repeat(MAX_TAG))),
    ] {
        assert_eq!(read(&shape), Err(XmlError::TooMuch { things, max }));
    }
}

#[test]
fn a_document_type_is_refused_before_anything_it_declares_is_read() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<?xml version='1.0'?><!-- <a> --><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<a><!ELEMENT b></a>",
    ] {
        assert_eq!(read(text), Err(XmlError::DocumentType), "{text}");
    }
    assert!(matches!(read("<a>&b;</a>"), Err(XmlError::Malformed { .. })));
}

#[test]
fn what_only_looks_like_a_tag_is_not_counted() {
    let (deep, wide) = ("<b>".repeat(100), many(100, |n| format!(" b{n}=''")));
    for text in [
        format!("<a><!--{deep}{wide}--></a>"),
        format!("<a><![CDATA[{deep}{wide}]]></a>"),
        format!("<?p {deep}{wide}?><a/>"),
        format!("\u{feff}<a b=\"{}\"/>", ">".repeat(1000)),
    ] {
        assert_eq!(read(&text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_no_document_is_not_read() {
    for text in ["", "text", "<a", "<a b='", "<a></b>", "<a b='' b=''/>", "<!-- <a/>", "<a/><a/>"] {
        assert!(matches!(read(text), Err(XmlError::Malformed { .. })), "{text}");
    }
    assert!(matches!(parse(b"\xff", LIMITS), Err(XmlError::Malformed { .. })));
}

#[test]
fn a_text_is_whole_whatever_lies_between_its_pieces() {
    let document = parse(b"<a> b<!--c-->d<![CDATA[e]]>&amp; <f>g</f></a>", LIMITS).unwrap();
    assert_eq!(text(document.root_element()), "bde&");
}

/// An element with others inside it, in one of the spellings that XML has.
fn element() -> impl Strategy<Value = String> {
    let attribute = prop_oneof![
        Just(""),
        Just(" b='<!--'"),
        Just("\n b = \"'/>\""),
        Just(" xmlns:p='u'"),
        Just(" p='1' q=\"2\""),
    ];
    let attribute = attribute.prop_map(|text| text.replace("<!--", "-- "));
    let leaf = prop_oneof![
        Just("text".to_owned()),
        Just("<!-- <x -->".to_owned()),
        Just("<![CDATA[<x y='>]]>".to_owned()),
        Just("<?p x <?>".to_owned()),
        attribute.clone().prop_map(|attribute| format!("<c{attribute}/>")),
    ];
    let inside = leaf.prop_recursive(5, 40, 5, move |inside| {
        (attribute.clone(), prop::collection::vec(inside, 0..5))
            .prop_map(|(attribute, inside)| format!("<e{attribute}>{}</e >", inside.concat()))
    });
    prop::collection::vec(inside, 0..5).prop_map(|inside| format!("<r>{}</r>", inside.concat()))
}

proptest! {
    /// The count and the parser agree: within the limits nothing is refused that is XML.
    #[test]
    fn what_is_well_formed_and_small_is_read(text in element()) {
        prop_assert_eq!(read(&text), Ok(()));
    }
}
