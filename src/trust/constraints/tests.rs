use crate::{
    domain::{SubIndication, Timestamp},
    trust::{
        Certificate, PathLimits, PathRequest, Purpose, ServiceKind, ServiceStatus, TrustService,
        TrustStore,
        sample::{COMMON_NAME, Draft, ISSUING, SIGNING, attribute, name, object_identifier, tlv},
        validate,
    },
};

const AT: &str = "2027-01-01T00:00:00Z";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const ALTERNATIVE_NAME: &str = "2.5.29.17";
const ANY: &str = "2.5.29.32.0";

type Extension = (&'static str, Vec<u8>);

/// Why root → middle → person is refused with these extensions on the latter two.
fn refusal(middle: &[Extension], person: &[Extension]) -> Option<String> {
    refusal_of(Draft::signer("Тестова Особа", 9, ("Middle", 2)), middle, person)
}

fn refusal_of(signer: Draft, middle: &[Extension], person: &[Extension]) -> Option<String> {
    let with = |mut draft: Draft, others: &[Extension]| {
        draft.others.extend(others.iter().map(|(oid, value)| (*oid, false, value.clone())));
        draft.make()
    };
    let signer = with(signer, person);
    let intermediates = [with(Draft::authority("Middle", 2, ("Root", 1)), middle)];
    let trust = TrustStore::new(vec![Draft::authority("Root", 1, ("Root", 1)).make()]);
    let outcome = validate(
        &PathRequest {
            signer: &signer,
            purpose: Purpose::Document,
            intermediates: &intermediates,
            at: AT.parse().unwrap(),
            limits: PathLimits::default(),
            clock_tolerance_seconds: 0,
        },
        &trust,
    );
    let sub_indication = outcome.reason.as_ref().map(|_| SubIndication::ChainConstraintsFailure);
    assert_eq!(outcome.sub_indication, sub_indication, "{:?}", outcome.reason);
    outcome.reason
}

fn directory(common_name: &str) -> Vec<u8> {
    tlv(0xa4, &[name(&[(COMMON_NAME, common_name)])])
}

fn text(tag: u8, value: &str) -> Vec<u8> {
    tlv(tag, &[value.as_bytes().to_vec()])
}

fn limits(part: u8, base: Vec<u8>) -> Extension {
    (NAME_CONSTRAINTS, tlv(0x30, &[tlv(part, &[tlv(0x30, &[base])])]))
}

fn names(list: &[Vec<u8>]) -> Extension {
    (ALTERNATIVE_NAME, tlv(0x30, list))
}

#[test]
fn names_stay_where_the_authority_may_issue() {
    const PERMITTED: u8 = 0xa0;
    const EXCLUDED: u8 = 0xa1;
    const EMAIL: u8 = 0x81;
    const DNS: u8 = 0x82;
    const URI: u8 = 0x86;
    const ADDRESS: u8 = 0x87;
    let network = tlv(ADDRESS, &[vec![10, 0, 0, 0, 255, 0, 0, 0]]);
    let host = |last| tlv(ADDRESS, &[vec![last, 1, 2, 3]]);
    for (part, base, own, allowed) in [
        (PERMITTED, directory("тестова  особа"), None, true),
        (PERMITTED, directory("Інша Особа"), None, false),
        (EXCLUDED, directory("Тестова Особа"), None, false),
        (EXCLUDED, tlv(0xa4, &[name(&[])]), None, false),
        (PERMITTED, text(DNS, "example.ua"), None, true),
        (PERMITTED, text(DNS, "example.ua"), Some(text(DNS, "a.EXAMPLE.ua")), true),
        (PERMITTED, text(DNS, "example.ua"), Some(text(DNS, "badexample.ua")), false),
        (EXCLUDED, text(DNS, "example.ua"), Some(text(DNS, "a.example.ua")), false),
        (PERMITTED, text(EMAIL, "example.ua"), Some(text(EMAIL, "a@example.ua")), true),
        (PERMITTED, text(EMAIL, "example.ua"), Some(text(EMAIL, "a@b.example.ua")), false),
        (PERMITTED, text(EMAIL, ".example.ua"), Some(text(EMAIL, "a@b.example.ua")), true),
        (PERMITTED, text(EMAIL, "a@example.ua"), Some(text(EMAIL, "b@example.ua")), false),
        (EXCLUDED, text(EMAIL, "example.ua"), Some(text(EMAIL, "no address")), false),
        (PERMITTED, text(URI, ".example.ua"), Some(text(URI, "https://a.example.ua:1/b")), true),
        (PERMITTED, text(URI, "example.ua"), Some(text(URI, "https://example.ua@b.ua/")), false),
        (PERMITTED, text(URI, "example.ua"), Some(text(URI, "urn:example.ua")), false),
        (PERMITTED, network.clone(), Some(host(10)), true),
        (PERMITTED, network.clone(), Some(host(11)), false),
        (EXCLUDED, network, Some(host(10)), false),
        (EXCLUDED, tlv(0xa0, &[]), Some(tlv(0xa0, &[vec![5, 0]])), false),
    ] {
        let own: Vec<_> = own.into_iter().map(|own| names(&[own])).collect();
        let refused = refusal(&[limits(part, base.clone())], &own);
        assert_eq!(refused.is_none(), allowed, "{base:?} {own:?} {refused:?}");
        if let Some(reason) = refused {
            assert!(reason.contains("does not allow the name"), "{reason}");
        }
    }
}

#[test]
fn names_that_cannot_be_read_are_refused_only_under_constraints() {
    let unreadable = (ALTERNATIVE_NAME, vec![0x30, 0x05]);
    assert_eq!(refusal(&[], std::slice::from_ref(&unreadable)), None);
    let constrained = limits(0xa0, text(0x82, "example.ua"));
    assert!(refusal(&[constrained], &[unreadable]).unwrap().contains("cannot be read"));
    for broken in [tlv(0x30, &[]), vec![], tlv(0x30, &[tlv(0xa5, &[])])] {
        let reason = refusal(&[(NAME_CONSTRAINTS, broken)], &[]).unwrap();
        assert!(reason.contains("nameConstraints (2.5.29.30) that cannot be read"), "{reason}");
    }
}

/// A name in a string of another kind may be one that the authority must not give.
#[test]
fn a_part_of_a_name_that_cannot_be_read_is_held_against_constraints() {
    const EMAIL: &str = "1.2.840.113549.1.9.1";
    let named = |string: u8, domain: &str| {
        let parts = [
            attribute(COMMON_NAME, string, b"Director"),
            attribute(EMAIL, string, format!("boss@{domain}").as_bytes()),
        ];
        tlv(0x30, &parts.map(|part| tlv(0x31, &[part])))
    };
    let excluded = tlv(0xa4, &[name(&[(COMMON_NAME, "director")])]);
    let other = tlv(0xa4, &[name(&[(COMMON_NAME, "Other")])]);
    for (part, base, string, domain, allowed) in [
        (0xa0, text(0x81, "firm.ua"), 0x16, "firm.ua", true),
        (0xa0, text(0x81, "firm.ua"), 0x16, "bank.ua", false),
        (0xa0, text(0x81, "firm.ua"), 0x1a, "bank.ua", false),
        (0xa1, text(0x81, "bank.ua"), 0x1a, "bank.ua", false),
        (0xa1, excluded.clone(), 0x16, "firm.ua", false),
        (0xa1, excluded, 0x1a, "firm.ua", false),
        (0xa1, other, 0x16, "firm.ua", true),
    ] {
        let mut signer = Draft::signer("", 9, ("Middle", 2));
        signer.subject = named(string, domain);
        let refused = refusal_of(signer, &[limits(part, base)], &[]);
        assert_eq!(refused.is_none(), allowed, "{string:#x} {domain} {refused:?}");
    }
}

fn policies(list: &[&str]) -> Extension {
    let each: Vec<_> = list.iter().map(|oid| tlv(0x30, &[object_identifier(oid)])).collect();
    ("2.5.29.32", tlv(0x30, &each))
}

fn mapping(from: &str, to: &str) -> Extension {
    let pair = tlv(0x30, &[object_identifier(from), object_identifier(to)]);
    ("2.5.29.33", tlv(0x30, &[pair]))
}

#[test]
fn a_policy_that_an_authority_demands_must_be_valid_all_the_way() {
    let demand = |skip: u8| ("2.5.29.36", tlv(0x30, &[tlv(0x80, &[vec![skip]])]));
    let no_any = || ("2.5.29.54", tlv(0x02, &[vec![0]]));
    for (middle, person, allowed) in [
        (vec![], vec![policies(&["1.2.3"])], true),
        (vec![policies(&["1.2.3"])], vec![policies(&["1.2.4"])], true),
        (vec![demand(0), policies(&["1.2.3"])], vec![policies(&["1.2.3", "1.2.4"])], true),
        (vec![demand(0), policies(&["1.2.3"])], vec![policies(&["1.2.4"])], false),
        (vec![demand(0), policies(&["1.2.3"])], vec![], false),
        (vec![demand(0)], vec![policies(&["1.2.3"])], false),
        (vec![demand(1), policies(&["1.2.3"])], vec![], false),
        (vec![demand(2), policies(&["1.2.3"])], vec![], true),
        (vec![demand(0), policies(&[ANY])], vec![policies(&["1.2.4"])], true),
        (vec![demand(0), policies(&["1.2.3"])], vec![policies(&[ANY])], true),
        (vec![demand(0), no_any(), policies(&["1.2.3"])], vec![policies(&[ANY])], false),
        (
            vec![demand(0), policies(&["1.2.3"]), mapping("1.2.3", "1.2.9")],
            vec![policies(&["1.2.9"])],
            true,
        ),
        (
            vec![demand(0), policies(&["1.2.3"]), mapping("1.2.3", "1.2.9")],
            vec![policies(&["1.2.3"])],
            false,
        ),
    ] {
        let refused = refusal(&middle, &person);
        assert_eq!(refused.is_none(), allowed, "{middle:?} {person:?} {refused:?}");
    }
    let any = refusal(&[mapping(ANY, "1.2.3")], &[]).unwrap();
    assert!(any.contains("policyMappings (2.5.29.33) that cannot be read"), "{any}");
}

fn granted(kind: ServiceKind, certificate: Certificate) -> TrustService {
    TrustService {
        kind,
        provider: String::new(),
        name: String::new(),
        certificates: vec![certificate],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: vec![ServiceStatus::new("2020-01-01T00:00:00Z".parse().unwrap(), true)],
    }
}

#[test]
fn a_list_trusts_each_service_for_what_it_does() {
    let both_uses = Some(ISSUING | SIGNING);
    let root = Draft { key_usage: both_uses, ..Draft::authority("Root", 1, ("Root", 1)) }.make();
    let person = Draft::signer("Тестова Особа", 9, ("Root", 1)).make();
    let stamps = Draft { purposes: &["1.3.6.1.5.5.7.3.8"], ..Draft::signer("TSA", 8, ("Root", 1)) };
    let bare = Draft::signer("Service", 7, ("Other", 3)).make();
    let (issues, time) = (ServiceKind::QualifiedAuthority, ServiceKind::QualifiedTimeStamping);
    for (kind, listed, signer, purpose, words) in [
        (&issues, &root, &person, Purpose::Document, None),
        (&time, &root, &person, Purpose::Document, Some("has not granted its service")),
        (&time, &root, &stamps.make(), Purpose::TimeStamping, None),
        (&issues, &root, &root, Purpose::Document, Some("not for what it signs itself")),
        (&time, &bare, &bare, Purpose::Document, Some("not for what it signs itself")),
        (&issues, &bare, &bare, Purpose::Document, Some("not for what it signs itself")),
    ] {
        let trust = TrustStore::empty().with_services(vec![granted(kind.clone(), listed.clone())]);
        let request = PathRequest {
            signer,
            purpose,
            intermediates: &[],
            at: "2026-06-01T00:00:00Z".parse().unwrap(),
            limits: PathLimits::default(),
            clock_tolerance_seconds: 0,
        };
        let reason = validate(&request, &trust).reason;
        let told = reason.as_deref().unwrap_or_default();
        assert_eq!(reason.is_some(), words.is_some(), "{kind:?} {told}");
        assert!(told.contains(words.unwrap_or_default()), "{told}");
    }
}

#[test]
fn an_authority_of_a_list_is_trusted_while_it_is_granted() {
    let service = TrustService {
        kind: ServiceKind::QualifiedAuthority,
        provider: String::new(),
        name: String::new(),
        certificates: vec![Draft::authority("Root", 1, ("Root", 1)).make()],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: [("2020-01-01T00:00:00Z", true), ("2027-01-01T00:00:00Z", false)]
            .map(|(from, is_granted)| ServiceStatus::new(from.parse().unwrap(), is_granted))
            .to_vec(),
    };
    let root = service.certificates.clone();
    let listed = TrustStore::empty().with_services(vec![service.clone()]);
    let both = TrustStore::new(root).with_services(vec![service]);
    let merged = listed.clone().merged(both.clone());
    let signer = Draft::signer("Тестова Особа", 9, ("Root", 1)).make();
    for (trust, at, right) in [
        (&listed, "2026-12-31T23:59:59Z", true),
        (&listed, "2027-01-01T00:00:00Z", false),
        (&both, "2027-01-01T00:00:00Z", true),
        (&merged, "2027-01-01T00:00:00Z", true),
    ] {
        let request = PathRequest {
            signer: &signer,
            purpose: Purpose::Document,
            intermediates: &[],
            at: at.parse().unwrap(),
            limits: PathLimits::default(),
            clock_tolerance_seconds: 0,
        };
        let outcome = validate(&request, trust);
        assert_eq!(outcome.reason.is_none(), right, "{:?}", outcome.reason);
    }
}

#[test]
fn a_withdrawn_authority_does_not_come_back_under_another_certificate() {
    // Listed and withdrawn, and certified for the same key by an authority that is granted, or
    // that the operator trusts.
    let other = || Draft::authority("Other", 20, ("Other", 20)).make();
    let withdrawn = Draft::authority("Надавач", 2, ("Root", 1)).make();
    let kind = || ServiceKind::QualifiedAuthority;
    let mut service = granted(kind(), withdrawn.clone());
    let end: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    service.history.push(ServiceStatus::new(end, false));
    let list = vec![service.clone(), granted(kind(), other())];
    let by_list = TrustStore::empty().with_services(list);
    let by_operator = TrustStore::new(vec![other()]).with_services(vec![service.clone()]);
    // A list names the issuing authority's certificate at its time-stamping service, too.
    let stamps = granted(ServiceKind::QualifiedTimeStamping, withdrawn);
    let stamping = TrustStore::new(vec![other()]).with_services(vec![service, stamps]);
    for (what, trust, name) in [
        ("a list", &by_list, "Надавач"),
        ("the operator", &by_operator, "Надавач"),
        ("under another name", &by_operator, "Надавач інакше"),
        ("still granted for time-stamps", &stamping, "Надавач"),
    ] {
        let again = Draft::authority(name, 2, ("Other", 20)).make();
        let signer = Draft::signer("Тестова Особа", 9, (name, 2)).make();
        for (at, due) in [
            ("2026-05-31T23:59:59Z", None),
            ("2026-06-01T00:00:00Z", Some(SubIndication::ChainConstraintsFailure)),
        ] {
            let request = PathRequest {
                signer: &signer,
                purpose: Purpose::Document,
                intermediates: std::slice::from_ref(&again),
                at: at.parse().unwrap(),
                limits: PathLimits::default(),
                clock_tolerance_seconds: 0,
            };
            let outcome = validate(&request, trust);
            assert_eq!(outcome.sub_indication, due, "{what}, {at}: {:?}", outcome.reason);
        }
    }
}
