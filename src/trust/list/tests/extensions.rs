//! Extensions of listed services (ETSI TS 119 612 §5.5.9), and what they change.

use super::*;
use crate::{
    domain::Qualification as Kind,
    trust::{
        CertificateUse, PathLimits, PathRequest, Purpose, TrustStore, qualification,
        sample::{name, object_identifier, tlv},
        validate,
    },
};

const INFO: &str = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/";
const QUALIFICATIONS: &str =
    "xmlns=\"http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#\"";
const ADDITIONAL: &str = "xmlns=\"http://uri.etsi.org/02231/v2/additionaltypes#\"";
const XADES: &str = "xmlns=\"http://uri.etsi.org/01903/v1.3.2#\"";

const COMPLIANCE: &str = "0.4.0.1862.1.1";
const DEVICE: &str = "0.4.0.1862.1.4";
const SIGNED_AT: &str = "2027-01-01T00:00:00Z";
const SINCE: &str = "2020-01-01T00:00:00Z";

fn extension(critical: &str, content: &str) -> String {
    format!(
        "<ServiceInformationExtensions><Extension{critical}>{content}</Extension>\
         </ServiceInformationExtensions>"
    )
}

const CRITICAL: &str = " Critical=\"true\"";
const HARMLESS: &str = " Critical=\"false\"";

fn uses(names: &[&str]) -> String {
    let one = |name: &&str| {
        let uri = format!("<URI xml:lang=\"en\">{INFO}{name}</URI>");
        format!("<AdditionalServiceInformation>{uri}</AdditionalServiceInformation>")
    };
    names.iter().map(one).collect()
}

fn qualified_as(qualifiers: &[&str], criteria: &str) -> String {
    let one = |name: &&str| format!("<Qualifier uri=\"{INFO}{name}\"></Qualifier>");
    let qualifiers: String = qualifiers.iter().map(one).collect();
    format!(
        "<Qualifications {QUALIFICATIONS}><QualificationElement><Qualifiers>{qualifiers}\
         </Qualifiers>{criteria}</QualificationElement></Qualifications>"
    )
}

fn criteria(assert: &str, all: &[&str]) -> String {
    format!("<CriteriaList assert=\"{assert}\">{}</CriteriaList>", all.concat())
}

const SIGNS: &str = "<KeyUsage><KeyUsageBit name=\"nonRepudiation\">true</KeyUsageBit>\
                     <KeyUsageBit name=\"keyAgreement\">false</KeyUsageBit></KeyUsage>";
const AGREES: &str = "<KeyUsage><KeyUsageBit name=\"keyAgreement\">true</KeyUsageBit></KeyUsage>";
const UNKNOWN: &str = "<MoonPhase></MoonPhase>";

fn policy_set(oids: &[&str]) -> String {
    let one = |oid: &&str| {
        format!("<PolicyIdentifier><Identifier {XADES}>{oid}</Identifier></PolicyIdentifier>")
    };
    format!("<PolicySet>{}</PolicySet>", oids.iter().map(one).collect::<String>())
}

fn other(element: &str, inner: &str, oid: &str) -> String {
    let identifier = format!("<{inner}><Identifier {XADES}>{oid}</Identifier></{inner}>");
    format!(
        "<otherCriteriaList><{element} {ADDITIONAL}>{identifier}</{element}></otherCriteriaList>"
    )
}

/// A list with one authority that has these extensions now, and `rest` after them.
fn list(extensions: &str, since: &str, rest: &str) -> TrustList {
    let listed = service("CA/QC", &authority(), "granted", since, rest);
    let end = "</ServiceInformation>";
    read(&RIGHT.list(&listed.replacen(end, &format!("{extensions}{end}"), 1)))
}

fn signer(statements: &[&str], is_seal: bool) -> Certificate {
    let mut draft = Draft::signer("Тестова Особа", 9, ("Надавач", 2));
    if is_seal {
        draft.subject = name(&[("2.5.4.10", "Тестова Установа")]);
        draft.purposes = &["1.2.804.2.1.1.1.3.9"];
    }
    let listed: Vec<_> =
        statements.iter().map(|oid| tlv(0x30, &[object_identifier(oid)])).collect();
    draft.others.push(("1.3.6.1.5.5.7.1.3", false, tlv(0x30, &listed)));
    let policy = tlv(0x30, &[object_identifier("1.2.804.2.1.1.1.2.2")]);
    draft.others.push(("2.5.29.32", false, tlv(0x30, &[policy])));
    draft.make()
}

fn store(list: TrustList) -> TrustStore {
    TrustStore::empty().with_list(list)
}

fn kind_at(certificate: &Certificate, trust: &TrustStore, at: &str) -> Kind {
    qualification(certificate, Some(&authority()), trust, at.parse().unwrap()).kind
}

/// What a certificate by the listed authority is worth: with the right statements, a person's or a
/// seal's.
fn kinds(extensions: &str) -> [Kind; 2] {
    let trust = store(list(extensions, SINCE, ""));
    [false, true].map(|seal| kind_at(&signer(&[COMPLIANCE, DEVICE], seal), &trust, SIGNED_AT))
}

fn is_anchored(trust: &TrustStore, at: &str) -> bool {
    passes(false, trust, at)
}

fn passes(is_seal: bool, trust: &TrustStore, at: &str) -> bool {
    let signer = signer(&[COMPLIANCE, DEVICE], is_seal);
    let (at, limits) = (at.parse().unwrap(), PathLimits::default());
    let request = PathRequest {
        signer: &signer,
        purpose: Purpose::Document,
        intermediates: &[],
        at,
        clock_tolerance_seconds: 0,
        limits,
    };
    validate(&request, trust).reason.is_none()
}

const BOTH: [Kind; 2] = [Kind::QualifiedSignature, Kind::QualifiedSeal];

#[test]
fn what_an_authority_is_for_limits_what_its_certificates_are() {
    use CertificateUse::{Seals, Signatures, WebSites};
    let no = Kind::NotQualified;
    for (names, read_as, anchored, due) in [
        (&[][..], vec![], true, BOTH),
        (&["ForeSignatures"], vec![Signatures], true, [BOTH[0], no]),
        (&["ForeSeals"], vec![Seals], true, [no, BOTH[1]]),
        (&["ForeSignatures", "ForeSeals"], vec![Signatures, Seals], true, BOTH),
        (&["ForWebSiteAuthentication"], vec![WebSites], false, [no, no]),
        (&["ForWebSiteAuthentication", "ForeSeals"], vec![WebSites, Seals], true, [no, BOTH[1]]),
        (&["RootCA-QC"], vec![], true, BOTH),
    ] {
        for critical in [CRITICAL, HARMLESS, ""] {
            let extensions = extension(critical, &uses(names));
            let extensions = if names.is_empty() { "" } else { &extensions };
            let trust = list(extensions, SINCE, "");
            assert_eq!(trust.problems, [""; 0]);
            assert_eq!(trust.services[0].history[0].extensions.uses, read_as, "{names:?}");
            let trust = store(trust);
            assert_eq!(is_anchored(&trust, SIGNED_AT), anchored, "{names:?}");
            assert_eq!(kinds(extensions), due, "{names:?}");
        }
    }
}

#[test]
fn what_is_critical_and_not_understood_keeps_the_service_out() {
    let right = criteria("all", &[SIGNS]);
    let unknown_use = uses(&["ForMoonTravel"]);
    let more = uses(&["ForeSeals"])
        .replace("</URI>", "</URI><OtherInformation><a></a></OtherInformation>");
    let cases = [
        ("another extension", "<MoonPhase></MoonPhase>".to_owned(), BOTH),
        ("nothing inside", String::new(), BOTH),
        ("another use", unknown_use, BOTH),
        ("more on a use", more, [Kind::NotQualified, BOTH[1]]),
        ("another qualifier", qualified_as(&["QCForMoon"], &right), BOTH),
        (
            "another qualifier beside",
            qualified_as(&["NotQualified", "QCForMoon"], &right),
            [Kind::NotQualified; 2],
        ),
        (
            "another criterion",
            qualified_as(&["NotQualified"], &criteria("all", &[UNKNOWN])),
            [Kind::Undetermined; 2],
        ),
        ("no criteria", qualified_as(&["NotQualified"], ""), [Kind::Undetermined; 2]),
        (
            "empty criteria",
            qualified_as(&["NotQualified"], &criteria("all", &[])),
            [Kind::Undetermined; 2],
        ),
        (
            "another assertion",
            qualified_as(&["NotQualified"], &criteria("most", &[SIGNS])),
            [Kind::Undetermined; 2],
        ),
        (
            "another bit",
            qualified_as(
                &["NotQualified"],
                &criteria(
                    "all",
                    &["<KeyUsage><KeyUsageBit name=\"moon\">true</KeyUsageBit></KeyUsage>"],
                ),
            ),
            [Kind::Undetermined; 2],
        ),
        (
            "no dotted identifier",
            qualified_as(&["NotQualified"], &criteria("all", &[&policy_set(&["moon"])])),
            [Kind::Undetermined; 2],
        ),
        (
            "another other criterion",
            qualified_as(&["NotQualified"], &criteria("all", &[&other("Moon", "Phase", "1.2")])),
            [Kind::Undetermined; 2],
        ),
    ];
    for (what, content, harmless) in cases {
        for critical in [CRITICAL, " Critical=\"1\"", " Critical=\"TRUE\"", ""] {
            let read = list(&extension(critical, &content), SINCE, "");
            assert!(!read.services.iter().any(TrustService::is_anchor), "{what} {critical}");
            let [problem] = &read.problems[..] else { panic!("{what}: {:?}", read.problems) };
            assert!(problem.contains("critical extension that is not understood"), "{problem}");
            assert!(!is_anchored(&store(read), SIGNED_AT));
        }
        for critical in [HARMLESS, " Critical=\"0\""] {
            assert_eq!(kinds(&extension(critical, &content)), harmless, "{what}");
        }
    }
}

#[test]
fn what_is_known_and_changes_nothing_may_be_critical() {
    let taken = format!(
        "<TakenOverBy {ADDITIONAL}><TSPName xmlns=\"{LIST}\"><Name xml:lang=\"uk\">Інший</Name>\
         </TSPName></TakenOverBy>"
    );
    let expired =
        "<ExpiredCertsRevocationInfo>2019-01-01T00:00:00Z</ExpiredCertsRevocationInfo>".to_owned();
    for content in [taken, expired] {
        assert_eq!(kinds(&extension(CRITICAL, &content)), BOTH, "{content}");
    }
}

#[test]
fn criteria_hold_as_their_list_asserts() {
    let own = policy_set(&["1.2.804.2.1.1.1.2.2"]);
    let urn = policy_set(&["urn:oid:1.2.804.2.1.1.1.2.2"]);
    let two = policy_set(&["1.2.804.2.1.1.1.2.2", "1.2.3"]);
    let has_name = other("CertSubjectDNAttribute", "AttributeOID", "2.5.4.3");
    let has_street = other("CertSubjectDNAttribute", "AttributeOID", "urn:oid:2.5.4.9");
    let purpose = other("ExtendedKeyUsage", "KeyPurposeId", "1.3.6.1.5.5.7.3.4");
    let inner = criteria("none", &[AGREES]);
    let deep = (0..20).fold(SIGNS.to_owned(), |inner, _| criteria("all", &[&inner]));
    for (assert, all, due) in [
        ("all", vec![SIGNS], Some(true)),
        ("all", vec![AGREES], Some(false)),
        ("all", vec![SIGNS, AGREES], Some(false)),
        ("all", vec![SIGNS, &own, &has_name], Some(true)),
        ("all", vec![&urn], Some(true)),
        ("all", vec![&two], Some(false)),
        ("all", vec![&has_street], Some(false)),
        ("all", vec![&purpose], Some(false)),
        ("all", vec![&inner, SIGNS], Some(true)),
        ("all", vec![UNKNOWN, AGREES], Some(false)),
        ("all", vec![UNKNOWN, SIGNS], None),
        ("all", vec![&deep], None),
        ("atLeastOne", vec![AGREES, SIGNS], Some(true)),
        ("atLeastOne", vec![AGREES, &two], Some(false)),
        ("atLeastOne", vec![UNKNOWN, SIGNS], Some(true)),
        ("atLeastOne", vec![UNKNOWN, AGREES], None),
        ("none", vec![AGREES, &two], Some(true)),
        ("none", vec![AGREES, SIGNS], Some(false)),
        ("none", vec![UNKNOWN, SIGNS], Some(false)),
        ("none", vec![UNKNOWN, AGREES], None),
    ] {
        let content = qualified_as(&["NotQualified"], &criteria(assert, &all));
        let [person, _] = kinds(&extension(HARMLESS, &content));
        let due = match due {
            Some(true) => Kind::NotQualified,
            Some(false) => Kind::QualifiedSignature,
            None => Kind::Undetermined,
        };
        assert_eq!(person, due, "{assert} {all:?}");
    }
}

#[test]
fn what_the_list_says_of_a_certificate_goes_before_its_own_words() {
    const WEB: &str = "0.4.0.1862.1.6.3";
    let plain = &[][..];
    let both = &[COMPLIANCE, DEVICE][..];
    for (qualifiers, statements, person, seal) in [
        (&["NotQualified"][..], both, Kind::NotQualified, Kind::NotQualified),
        (
            &["QCStatement"],
            plain,
            Kind::AdvancedWithQualifiedCertificate,
            Kind::AdvancedSealWithQualifiedCertificate,
        ),
        (&["QCStatement", "QCWithSSCD"], plain, BOTH[0], BOTH[1]),
        (&["QCStatement", "QCWithQSCD"], plain, BOTH[0], BOTH[1]),
        (&["QCStatement", "QCQSCDManagedOnBehalf"], plain, BOTH[0], BOTH[1]),
        (
            &["QCNoSSCD"],
            both,
            Kind::AdvancedWithQualifiedCertificate,
            Kind::AdvancedSealWithQualifiedCertificate,
        ),
        (
            &["QCNoQSCD"],
            both,
            Kind::AdvancedWithQualifiedCertificate,
            Kind::AdvancedSealWithQualifiedCertificate,
        ),
        (&["QCSSCDStatusAsInCert"], both, BOTH[0], BOTH[1]),
        (
            &["QCQSCDStatusAsInCert"],
            &[COMPLIANCE],
            Kind::AdvancedWithQualifiedCertificate,
            Kind::AdvancedSealWithQualifiedCertificate,
        ),
        (&["QCForESeal"], both, Kind::QualifiedSeal, Kind::QualifiedSeal),
        (&["QCForLegalPerson"], both, Kind::QualifiedSeal, Kind::QualifiedSeal),
        (&["QCForESig"], both, Kind::QualifiedSignature, Kind::QualifiedSignature),
        (&["QCForWSA"], both, Kind::NotQualified, Kind::NotQualified),
        (&["QCForESig", "QCForESeal"], both, Kind::Undetermined, Kind::Undetermined),
        (&["NotQualified", "QCStatement"], both, Kind::Undetermined, Kind::Undetermined),
        (&["QCWithQSCD", "QCNoQSCD"], both, Kind::Undetermined, Kind::Undetermined),
    ] {
        let content = qualified_as(qualifiers, &criteria("all", &[SIGNS]));
        let trust = store(list(&extension(CRITICAL, &content), SINCE, ""));
        for (is_seal, due) in [(false, person), (true, seal)] {
            let found = kind_at(&signer(statements, is_seal), &trust, SIGNED_AT);
            assert_eq!(found, due, "{qualifiers:?} {statements:?} {is_seal}");
        }
        // Of the others nothing is said.
        let content = qualified_as(qualifiers, &criteria("all", &[AGREES]));
        let trust = store(list(&extension(CRITICAL, &content), SINCE, ""));
        assert_eq!(kind_at(&signer(both, false), &trust, SIGNED_AT), BOTH[0]);
    }
    // A certificate for web sites makes no signature on a document.
    let mut web = Draft::signer("Тестова Особа", 9, ("Надавач", 2));
    let kind =
        tlv(0x30, &[object_identifier("0.4.0.1862.1.6"), tlv(0x30, &[object_identifier(WEB)])]);
    let own = [tlv(0x30, &[object_identifier(COMPLIANCE)]), kind];
    web.others.push(("1.3.6.1.5.5.7.1.3", false, tlv(0x30, &own)));
    assert_eq!(kind_at(&web.make(), &store(list("", SINCE, "")), SIGNED_AT), Kind::NotQualified);
    let as_signature = qualified_as(&["QCForESig"], &criteria("all", &[SIGNS]));
    let contradicted = store(list(&extension(CRITICAL, &as_signature), SINCE, ""));
    assert_eq!(kind_at(&web.make(), &contradicted, SIGNED_AT), Kind::Undetermined);
}

/// What held at the moment asked counts: the certificate is of the beginning of 2026.
#[test]
fn each_period_has_its_own_extensions() {
    let not_qualified =
        extension(CRITICAL, &qualified_as(&["NotQualified"], &criteria("all", &[SIGNS])));
    let web = extension(CRITICAL, &uses(&["ForWebSiteAuthentication"]));
    let strange = extension(CRITICAL, "<MoonPhase></MoonPhase>");
    let without_device =
        extension(CRITICAL, &qualified_as(&["QCNoQSCD"], &criteria("all", &[SIGNS])));
    let (before, after) = ("2026-05-01T00:00:00Z", "2026-07-01T00:00:00Z");
    let advanced = Kind::AdvancedWithQualifiedCertificate;
    let (yes, no) = (Kind::QualifiedSignature, Kind::NotQualified);
    for (what, then, now, kinds, anchored) in [
        ("nothing", "", "", [yes, yes], [true, true]),
        ("not qualified since", "", &*not_qualified, [yes, no], [true, true]),
        ("not qualified until", &*not_qualified, "", [no, no], [true, true]),
        ("device until", "", &*without_device, [yes, advanced], [true, true]),
        ("device since", &*without_device, "", [advanced, advanced], [true, true]),
        ("web sites since", "", &*web, [yes, no], [true, false]),
        ("web sites until", &*web, "", [no, no], [false, true]),
        ("strange until", &*strange, "", [no, no], [false, true]),
    ] {
        let end = "</ServiceHistoryInstance>";
        let rest = history("CA/QC", "granted", SINCE).replacen(end, &format!("{then}{end}"), 1);
        let listed = list(now, "2026-06-01T00:00:00Z", &rest);
        assert_eq!(listed.problems.len(), usize::from(then == strange), "{what}");
        let trust = store(listed);
        let person = signer(&[COMPLIANCE, DEVICE], false);
        let found = [before, after].map(|at| kind_at(&person, &trust, at));
        assert_eq!(found, kinds, "{what}");
        assert_eq!([before, after].map(|at| is_anchored(&trust, at)), anchored, "{what}");
    }
}

#[test]
fn an_authority_may_have_a_service_for_signatures_and_one_for_seals() {
    let services = |second: &str| {
        let of = |names: &[&str], status| {
            let listed = service("CA/QC", &authority(), status, SINCE, "");
            let end = "</ServiceInformation>";
            listed.replacen(end, &format!("{}{end}", extension(CRITICAL, &uses(names))), 1)
        };
        let both = [of(&["ForeSignatures"], "granted"), of(&["ForeSeals"], second)].concat();
        store(read(&RIGHT.list(&both)))
    };
    for (second, due) in
        [("granted", BOTH), ("withdrawn", [Kind::QualifiedSignature, Kind::NotQualified])]
    {
        let trust = services(second);
        let found = [false, true]
            .map(|seal| kind_at(&signer(&[COMPLIANCE, DEVICE], seal), &trust, SIGNED_AT));
        assert_eq!(found, due, "{second}");
    }
}

/// One key has two services. The first is withdrawn and the second is granted: who signs and who
/// seals below it?
#[test]
fn what_a_service_ever_was_for_another_gives_back_by_name_alone() {
    let of = |names: &[&str], status, more: &str, rest: &str| {
        let listed = service("CA/QC", &authority(), status, "2026-06-01T00:00:00Z", rest);
        let end = "</ServiceInformation>";
        let uses = names.iter().map(|name| format!("<Extension>{}</Extension>", uses(&[name])));
        let all = uses.chain([more.to_owned()]).collect::<String>();
        let all = format!("<ServiceInformationExtensions>{all}</ServiceInformationExtensions>");
        let all = if names.is_empty() && more.is_empty() { "" } else { &all };
        listed.replacen(end, &format!("{all}{end}"), 1)
    };
    let before = |content: &str| {
        let end = "</ServiceHistoryInstance>";
        let extensions = extension(CRITICAL, content);
        history("CA/QC", "granted", SINCE).replacen(end, &format!("{extensions}{end}"), 1)
    };
    let nothing_before = history("CA/QC", "granted", SINCE);
    let (signs, seals) = (&["ForeSignatures"][..], &["ForeSeals"][..]);
    let web = &["ForWebSiteAuthentication"];
    let signed_before = before(&uses(signs));
    let moon = "<Extension Critical=\"true\"><Moon></Moon></Extension>";
    let withdrawn = |names: &[&str], rest: &str| of(names, "withdrawn", "", rest);
    let unreadable = withdrawn(signs, &signed_before).replace("AQID", "A");
    let (seal_alone, nobody) = ([false, true], [false, false]);
    for (what, first, for_seals, for_all) in [
        // Whether each passes beside a second service for seals, and beside one for everything.
        ("granted", of(signs, "granted", "", &signed_before), [true; 2], [true; 2]),
        ("for signatures", withdrawn(signs, &signed_before), seal_alone, seal_alone),
        ("once for signatures", withdrawn(&[], &signed_before), seal_alone, seal_alone),
        ("lately for signatures", withdrawn(signs, &nothing_before), seal_alone, nobody),
        ("once for signatures, then seals", withdrawn(seals, &signed_before), seal_alone, nobody),
        ("for everything", withdrawn(&[], &nothing_before), seal_alone, nobody),
        ("now for web sites", of(web, "granted", "", &signed_before), seal_alone, seal_alone),
        ("critical", of(signs, "withdrawn", moon, &signed_before), seal_alone, nobody),
        ("once critical", withdrawn(seals, &before("<Moon></Moon>")), seal_alone, nobody),
        ("a bad key identifier", unreadable, seal_alone, nobody),
    ] {
        for (names, due) in
            [(seals, for_seals), (&["ForeSignatures", "ForeSeals"], [true; 2]), (&[][..], for_all)]
        {
            let second = of(names, "granted", "", &nothing_before);
            let trust = store(read(&RIGHT.list(&format!("{first}{second}"))));
            let found = [false, true].map(|is_seal| passes(is_seal, &trust, SIGNED_AT));
            assert_eq!(found, due, "{what}, beside one for {names:?}");
        }
    }
}
