use proptest::prelude::*;

use super::*;
use crate::domain::Sha256;

const TEXT: &str = r#"
[organisation]
name = "Тестова міська рада"

[[branch]]
id = "school-5"
name = "Ліцей № 5"
addresses = ["School5@docs.example.ua", "пошта@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
documents = ["birth-certificate"]
retention_days = 90

[[branch]]
id = "library"
name = "Бібліотека"
addresses = ["school5+books@docs.example.ua"]
"#;

#[test]
fn finds_the_branch_and_the_service_of_an_address() {
    let registry = Registry::parse(TEXT).unwrap();
    for (address, expected) in [
        ("school5@docs.example.ua", Some(("school-5", None, true))),
        ("SCHOOL5@DOCS.EXAMPLE.UA", Some(("school-5", None, true))),
        ("ПОШТА@docs.example.ua", Some(("school-5", None, true))),
        ("school5+enrolment@docs.example.ua", Some(("school-5", Some("enrolment"), false))),
        ("School5+Enrolment@docs.example.ua", Some(("school-5", Some("enrolment"), false))),
        ("school5+fund@docs.example.ua", Some(("school-5", None, false))),
        ("school5+@docs.example.ua", Some(("school-5", None, false))),
        ("school5+books@docs.example.ua", Some(("library", None, true))),
        ("school5+books+x@docs.example.ua", Some(("school-5", None, false))),
        ("school6@docs.example.ua", None),
        ("school5@example.ua", None),
    ] {
        let found = registry.find(&address.parse().unwrap()).map(|found| {
            (found.branch.id.as_str(), found.service.map(|s| s.id.as_str()), found.exact)
        });
        assert_eq!(found, expected, "{address}");
    }
}

/// The text above with `field` put into the service.
fn with_service_field(field: &str) -> String {
    TEXT.replacen("retention_days = 90", &format!("{field}\nretention_days = 90"), 1)
}

fn with_documents(list: &str) -> String {
    TEXT.replacen("[\"birth-certificate\"]", list, 1)
}

fn only_service(text: &str) -> Service {
    Registry::parse(text).unwrap().branches.remove(0).services.remove(0)
}

#[test]
fn reads_every_form_of_a_document() {
    let list = r#"["birth-certificate", "passport", { any_of = ["pension-card", "u-id"] },
        { type = "taxpayer-card", optional = true }]"#;
    let service = only_service(&with_documents(list));
    let shown: Vec<_> = service.documents.iter().map(|r| (r.to_string(), r.optional)).collect();
    assert_eq!(
        shown,
        [
            ("birth-certificate".to_owned(), false),
            ("internal-passport|foreign-passport".to_owned(), false),
            ("pension-card|u-id".to_owned(), false),
            ("taxpayer-card".to_owned(), true),
        ]
    );
}

#[test]
fn fills_in_what_a_service_leaves_out() {
    let service = only_service(TEXT);
    assert_eq!(service.signers, None);
    assert_eq!(service.max_copy_age_hours, 72);
    assert_eq!((service.require_fresh, service.active), (false, true));
    assert_eq!((service.qr_issued_on, service.legal_note), (None, None));
}

#[test]
fn writes_what_people_write() {
    let text = r#"[organisation]
name = 'Тестова "рада"'

[[branch]]
id = "school-5"
name = "Ліцей № 5"
addresses = ["School5@docs.example.ua", "пошта@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ"
legal_basis = "contract"
legal_note = "Договір"
documents = ["birth-certificate", { any_of = ["pension-card", "u-id"] }, { type = "taxpayer-card", optional = true }]
retention_days = 90
qr_issued_on = 2026-09-01
signers = ["NTRUA-00000001"]
max_copy_age_hours = 24
accept_images = ["jpeg", "png"]
require_fresh = true
active = false

[[branch.service]]
id = "meals"
name = "Харчування"
legal_basis = "duty"
documents = [{ any_of = ["pension-card", "u-id"] }]
retention_days = 1
signers = "seal-or-person"
max_copy_age_hours = 72
require_fresh = false
active = true
"#;
    assert_eq!(Registry::parse(text).unwrap().to_toml(), text);
}

#[test]
fn reads_whose_signatures_count() {
    let hash = Sha256::of(b"certificate");
    let pinned = SignerPolicy::Pinned(vec![PinnedSigner::Certificate(hash)]);
    let named = SignerPolicy::Pinned(vec![
        PinnedSigner::Organisation("NTRUA-00000001".parse().unwrap()),
        PinnedSigner::Certificate(hash),
    ]);
    let upper = hash.to_string().to_uppercase();
    for (value, policy) in [
        ("\"seal\"", SignerPolicy::Seal),
        ("\"person\"", SignerPolicy::Person),
        ("\"seal-or-person\"", SignerPolicy::SealOrPerson),
        ("\"anchors\"", SignerPolicy::Anchors),
        (&format!("[\"NTRUA-00000001\", \"{hash}\"]"), named.clone()),
        (&format!("[\"00000001\", \"{hash}\"]"), named),
        (&format!("[\"{hash}\"]"), pinned.clone()),
        (&format!("[\"{}:{}\"]", &upper[..2], &upper[2..]), pinned),
    ] {
        let service = only_service(&with_service_field(&format!("signers = {value}")));
        assert_eq!(service.signers, Some(policy), "{value}");
    }
}

#[test]
fn a_service_that_says_nothing_accepts_less_once_a_trust_list_is_loaded() {
    for (field, has_list, name) in [
        ("", false, "default-anchors"),
        ("", true, "default-seal-or-person"),
        ("signers = \"anchors\"", true, "anchors"),
        ("signers = \"seal\"", false, "seal"),
    ] {
        let service = only_service(&with_service_field(field));
        assert_eq!(service.accepted_signers(has_list).to_string(), name, "{field} {has_list}");
    }
}

#[test]
fn says_what_is_wrong_and_where() {
    let again = TEXT.replace("library", "school-5");
    let shared = TEXT.replace("school5+books@", "SCHOOL5@");
    let service =
        TEXT.split("[[branch.service]]").nth(1).unwrap().split("[[branch]]").next().unwrap();
    let twice = TEXT.replacen(
        "[[branch]]\nid = \"library\"",
        &format!("[[branch.service]]{service}[[branch]]\nid = \"library\""),
        1,
    );
    for (text, sentence) in [
        (with_service_field("retention = 3"), "line 15: unknown field `retention`"),
        (
            with_service_field("signers = \"anyone\""),
            "line 15: invalid value: string \"anyone\", expected \"anchors\"",
        ),
        (with_service_field("signers = []"), "line 15: signers is an empty list"),
        (with_service_field("signers = [\"ab\"]"), "line 15: \"ab\" is neither the SHA-256"),
        (with_service_field("qr_issued_on = 2026-13-01"), "line 15: "),
        (with_service_field("qr_issued_on = 2026-02-30"), "line 15: "),
        (
            with_service_field("qr_issued_on = 2026-09-01T10:00:00Z"),
            "line 15: qr_issued_on is a day such as 2026-09-01, not 2026-09-01T10:00:00Z",
        ),
        (with_service_field("qr_issued_on = \"2026-09-01\""), "line 15: "),
        (
            with_service_field("max_copy_age_hours = 0"),
            "line 15: max_copy_age_hours is 0; it must be 1 to 8760",
        ),
        (
            with_service_field("legal_note = \"\""),
            "line 15: legal_note must be 1 to 300 characters",
        ),
        (TEXT.replace("= 90", "= 0"), "line 15: retention_days is 0; it must be 1 to 3650"),
        (TEXT.replace("= 90", "= 3651"), "line 15: retention_days is 3651; it must be 1 to 3650"),
        (TEXT.replace("= 90", "= -1"), "line 15: retention_days is -1"),
        (TEXT.replace("= 90", "= \"90\""), "line 15: invalid type: string \"90\""),
        (TEXT.replace("retention_days = 90", ""), "line 10: missing field `retention_days`"),
        (TEXT.replace("\"contract\"", "\"whim\""), "line 13: unknown variant `whim`"),
        (TEXT.replace("\"Ліцей № 5\"", "\" \""), "line 7: name must be 1 to 300 characters"),
        (TEXT.replace("\"school-5\"", "\"School 5\""), "line 6: \"School 5\" is not an identifier"),
        (
            TEXT.replace("\"пошта@docs.example.ua\"", "\"пошта\""),
            "line 8: an address is written name@domain",
        ),
        (
            TEXT.replace("[\"school5+books@docs.example.ua\"]", "[]"),
            "line 20: addresses is an empty list",
        ),
        (with_documents("[]"), "line 14: documents is an empty list"),
        (with_documents("[{ any_of = [] }]"), "line 14: any_of is an empty list"),
        (
            with_documents("[{ type = \"u-id\", any_of = [\"a\"] }]"),
            "line 14: a document has either type or any_of",
        ),
        (with_documents("[{ optional = true }]"), "line 14: a document has either type or any_of"),
        (with_documents("[{ type = \"u-id\", option = true }]"), "line 14: unknown field `option`"),
        (
            with_documents("[{ type = \"u-id\", optional = true }]"),
            "line 14: every document of service enrolment is optional",
        ),
        (
            with_documents("[\"passport\", \"internal-passport\"]"),
            "line 14: the type internal-passport is asked for twice",
        ),
        (with_documents("[\"unknown\"]"), "line 14: \"unknown\" is not a type to ask for"),
        (with_documents("[\"Паспорт\"]"), "line 14: \"Паспорт\" is not a type code"),
        (
            shared,
            "line 20: the address SCHOOL5@docs.example.ua stands at branch school-5 and again at branch library",
        ),
        (again, "line 18: the id school-5 is taken by another branch"),
        (twice, "line 18: the id enrolment is taken by another service"),
        ("[organisation]\nname = \"x\"\n[branches]".to_owned(), "line 3: unknown field `branches`"),
        ("[organisation]\nname = ".to_owned(), "line 2: "),
        (String::new(), "line 1: missing field `organisation`"),
    ] {
        let error = Registry::parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(sentence), "{error}\nnot: {sentence}");
        assert!(!error.contains('\n'), "{error}");
    }
}

fn names() -> impl Strategy<Value = String> {
    "[\\PC]{0,20}[а-яіїє\"\\\\'#=«»]"
}

fn pinned_signers() -> impl Strategy<Value = PinnedSigner> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|sha256| PinnedSigner::Certificate(Sha256::from_bytes(sha256))),
        "[A-Z]{5}-[0-9]{1,10}".prop_map(|id| PinnedSigner::Organisation(id.parse().unwrap())),
    ]
}

fn services() -> impl Strategy<Value = Service> {
    let signers = prop_oneof![
        Just(SignerPolicy::Anchors),
        Just(SignerPolicy::Seal),
        Just(SignerPolicy::Person),
        Just(SignerPolicy::SealOrPerson),
        proptest::collection::vec(pinned_signers(), 1..3).prop_map(SignerPolicy::Pinned),
    ];
    let signers = proptest::option::of(signers);
    let days = (2000_i16..2100, 1_i8..13, 1_i8..29);
    let day = days.prop_map(|(year, month, day)| Date::new(year, month, day).unwrap());
    (
        names(),
        proptest::sample::select(&LegalBasis::ALL),
        proptest::option::of(names()),
        proptest::collection::vec((1_usize..4, any::<bool>()), 0..4),
        1_u32..3651,
        proptest::option::of(day),
        signers,
        (1_u32..8761, any::<bool>(), any::<bool>(), any::<(bool, bool)>()),
    )
        .prop_map(
            |(
                name,
                legal_basis,
                legal_note,
                groups,
                retention_days,
                qr_issued_on,
                signers,
                rest,
            )| {
                let mut codes = 0..;
                let mut take = |count: usize| {
                    codes
                        .by_ref()
                        .take(count)
                        .map(|n| format!("type-{n}").parse().unwrap())
                        .collect()
                };
                let mut documents = vec![Requirement { any_of: take(1), optional: false }];
                documents.extend(
                    groups
                        .into_iter()
                        .map(|(count, optional)| Requirement { any_of: take(count), optional }),
                );
                let (max_copy_age_hours, require_fresh, active, (jpeg, png)) = rest;
                Service {
                    name,
                    legal_basis,
                    legal_note,
                    documents,
                    retention_days,
                    qr_issued_on,
                    signers,
                    max_copy_age_hours,
                    accept_images: AcceptedImages { jpeg, png },
                    require_fresh,
                    active,
                    ..only_service(TEXT)
                }
            },
        )
}

fn registries() -> impl Strategy<Value = Registry> {
    let branches =
        proptest::collection::vec((names(), proptest::collection::vec(services(), 0..3)), 0..3);
    (names(), branches).prop_map(|(organisation, branches)| {
        let branches = branches.into_iter().enumerate().map(|(number, (name, services))| Branch {
            id: format!("branch-{number}").parse().unwrap(),
            name,
            addresses: vec![format!("b{number}@x.ua").parse().unwrap()],
            services: services
                .into_iter()
                .enumerate()
                .map(|(number, service)| Service {
                    id: format!("s-{number}").parse().unwrap(),
                    ..service
                })
                .collect(),
        });
        Registry { organisation, branches: branches.collect() }
    })
}

proptest! {
    #[test]
    fn reads_back_what_it_writes(registry in registries()) {
        let text = registry.to_toml();
        let read = Registry::parse(&text);
        prop_assert_eq!(read.as_ref(), Ok(&registry), "{}", text);
        prop_assert!(Registry::changes(&registry, &read.unwrap()).is_empty());
    }

    #[test]
    fn reads_or_refuses_every_text(text in "([\\PC\n]{0,10}(\\[\\[branch(.service)?\\]\\]\n|id = \"a\"\n|documents = \\[|\\{ type = )?){0,6}") {
        if let Err(error) = Registry::parse(&text) {
            prop_assert!(error.to_string().starts_with("line "));
        }
    }
}
