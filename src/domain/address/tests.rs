use proptest::prelude::*;

use super::*;

#[test]
fn splits_the_sub_address_off() {
    let address: MailAddress = "School5+vstup+2@Docs.Example.UA".parse().unwrap();
    let (mailbox, detail) = address.split_sub_address();
    assert_eq!(mailbox.key(), "school5@docs.example.ua");
    assert_eq!(detail, Some("vstup+2"));
}

#[test]
fn refuses_what_is_not_an_address() {
    let long = format!("{}@x.ua", "a".repeat(65));
    for text in [
        "",
        "@",
        "a@",
        "@b",
        "no-at-sign",
        "a b@x",
        "a\0b@x",
        "a@b..c",
        "a@-b",
        "a<@b",
        "a@b c",
        "a@[]",
        "a@[127.0.0.1",
        "a@[127.0.0.256]",
        "a@[::1]",
        "a@[IPv6:127.0.0.1]",
        "a@[tag:x]",
        "\"a\"b\"@x",
        "\"a\\\"@x",
        &long,
    ] {
        assert!(text.parse::<MailAddress>().is_err(), "{text:?}");
    }
}

#[test]
fn rfc5321_4_1_2_all_quoted_forms_are_one_mailbox() {
    for (text, shown) in [
        ("\"school5+vstup\"@x.ua", "school5+vstup@x.ua"),
        ("\"\\s\\chool5\"@x.ua", "school5@x.ua"),
        ("\"a b\"@x.ua", "\"a b\"@x.ua"),
        ("\"\\a\\ b\"@x.ua", "\"a b\"@x.ua"),
        ("\"a\\\"\\\\\"@x.ua", "\"a\\\"\\\\\"@x.ua"),
        ("\"a@b\"@x.ua", "\"a@b\"@x.ua"),
        ("\".a\"@x.ua", "\".a\"@x.ua"),
        ("\"\"@x.ua", "\"\"@x.ua"),
    ] {
        let address: MailAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), shown, "{text}");
        assert_eq!(address, shown.parse().unwrap(), "{text}");
    }
    let address: MailAddress = "\"school5+vstup\"@x.ua".parse().unwrap();
    assert_eq!(address.split_sub_address().1, Some("vstup"));
}

#[test]
fn refuses_a_second_way_to_write_the_same_letters() {
    for text in [
        "и\u{306}@x.ua",
        "a@пошти\u{306}.укр",
        "\"e\u{301}\"@x.ua",
        "\u{212b}@x.ua",
        "a@\u{212a}.ua",
    ] {
        assert_eq!(text.parse::<MailAddress>(), Err(AddressError::NotNormal), "{text:?}");
    }
}

#[test]
fn letters_that_only_a_backslash_keeps_apart_are_refused() {
    for text in ["\"e\\\u{301}\"@y.ua", "\"\u{1100}\\\u{1161}\"@y.ua"] {
        assert_eq!(text.parse::<MailAddress>(), Err(AddressError::NotNormal), "{text:?}");
    }
}

#[test]
fn signs_that_turn_the_text_around_them_are_refused() {
    for text in ["a\u{202e}b@x.ua", "\"a\u{2067}b\"@x.ua"] {
        assert_eq!(text.parse::<MailAddress>(), Err(AddressError::LocalPart), "{text:?}");
    }
    assert_eq!("a@x\u{202d}.ua".parse::<MailAddress>(), Err(AddressError::Domain));
}

#[test]
fn rfc6531_3_3_any_letters_beyond_ascii_are_taken() {
    for text in [
        "📄@x.example",
        "हिन्दी@उदाहरण.भारत",
        "क\u{94d}ष@x.example",
        "x\u{331}@x.example",
        "a@📮.example",
        "👩\u{200d}💻@x.example",
    ] {
        assert!(text.parse::<MailAddress>().is_ok(), "{text:?}");
    }
}

#[test]
fn an_address_that_is_kept_can_be_read_back() {
    for text in ["a@İ.ua", "Ῥ@ΑΣ.ΑΣ", "A@[IPV6:2001:DB8::A]", "ǅ@ẞ.ua", "\"a\\é\"@x.ua"]
    {
        assert_reads_back(&text.parse().unwrap());
    }
}

fn assert_reads_back(address: &MailAddress) {
    let json = serde_json::to_string(address).unwrap();
    let again: MailAddress = serde_json::from_str(&json).unwrap();
    assert_eq!(again.to_string(), address.to_string(), "{json}");
}

/// Letters that compose with each other, that quotes and case treat in their own way, and plain
/// ones.
fn letter() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => prop::sample::select(vec![
            'a', 'A', 'e', 'K', '.', '+', ' ', '=', 'é', 'й', 'И', 'İ', 'Σ', 'ß', '\u{212a}',
            '\u{1100}', '\u{1161}', '\u{11a8}', '\u{301}', '\u{306}', '\u{307}', '\u{323}',
            '\u{338}', '\u{94d}', '\u{200d}', '📄',
        ]),
        2 => prop::sample::select(vec!['\\', '"', '@']),
        1 => any::<char>(),
    ]
}

proptest! {
    #[test]
    fn whatever_is_accepted_can_be_read_back(
        local in prop::collection::vec(letter(), 1..10),
        quoted in any::<bool>(),
        domain in prop::collection::vec(letter(), 1..6),
    ) {
        let quote = if quoted { "\"" } else { "" };
        let (local, domain) = (String::from_iter(local), String::from_iter(domain));
        if let Ok(address) = format!("{quote}{local}{quote}@{domain}").parse() {
            assert_reads_back(&address);
        }
    }
}

#[test]
fn accepts_what_real_mailboxes_are_called() {
    for text in [
        "a@b",
        "o'neil@x.ua",
        "\"a b\"@x.ua",
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        "a@[ipv6:2001:DB8::1]",
        "тест@пошта.укр",
        "й@пошти.укр",
        ".a..b.@docomo.example",
        "a+b@x.ua",
    ] {
        assert!(text.parse::<MailAddress>().is_ok(), "{text:?}");
    }
}
