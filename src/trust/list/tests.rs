#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};

use super::{canonical::Method, *};
use crate::trust::{Certificate, Purpose, Question, Said, ServiceKind, TrustStore, sample::Draft};

mod extensions;

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A service of a synthetic list: type, certificate, status and its beginning, history.
fn service(kind: &str, certificate: &Certificate, status: &str, from: &str, rest: &str) -> String {
    let der = Base64::encode_string(certificate.der());
    format!(
        "<TSPService><ServiceInformation>\
         <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/{kind}</ServiceTypeIdentifier>\
         <ServiceName><Name xml:lang=\"en\">Signing</Name><Name xml:lang=\"uk\">Підпис</Name>\
         </ServiceName><ServiceDigitalIdentity><DigitalId><X509Certificate>{der}</X509Certificate>\
         </DigitalId><DigitalId><X509SKI>AQID</X509SKI></DigitalId></ServiceDigitalIdentity>\
         <ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/{status}</ServiceStatus>\
         <StatusStartingTime>{from}</StatusStartingTime></ServiceInformation>{rest}</TSPService>"
    )
}

fn history(kind: &str, status: &str, from: &str) -> String {
    format!(
        "<ServiceHistory><ServiceHistoryInstance>\
         <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/{kind}</ServiceTypeIdentifier>\
         <ServiceStatus>http://x/Svcstatus/{status}</ServiceStatus>\
         <StatusStartingTime>{from}</StatusStartingTime></ServiceHistoryInstance></ServiceHistory>"
    )
}

/// A list in canonical form with a gap before its end, where the signature goes.
fn unsigned(services: &str) -> [String; 2] {
    let head = format!(
        "<TrustServiceStatusList xmlns=\"{LIST}\" Id=\"list\"><SchemeInformation>\
         <TSLVersionIdentifier>5</TSLVersionIdentifier><TSLSequenceNumber>7</TSLSequenceNumber>\
         <SchemeTerritory>UA</SchemeTerritory>\
         <ListIssueDateTime>2026-11-01T00:00:00Z</ListIssueDateTime>\
         <NextUpdate><dateTime>2027-05-01T00:00:00Z</dateTime></NextUpdate></SchemeInformation>\
         <TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName>\
         <Name xml:lang=\"uk\">КНЕДП  «Зразок»</Name></TSPName></TSPInformation>\
         <TSPServices>{services}</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
    );
    [head, "</TrustServiceStatusList>".to_owned()]
}

fn signer() -> Certificate {
    Draft::signer("Підписувач списку", 40, ("Схема", 40)).make()
}

/// How a signature is made, right in everything or not.
struct Seal<'a> {
    uri: &'a str,
    transforms: &'a [&'a str],
    digest: &'a str,
    key: u8,
    extra: &'a str,
}

const RIGHT: Seal<'_> = Seal {
    uri: "",
    transforms: &[ENVELOPED, EXCLUSIVE],
    digest: "http://www.w3.org/2001/04/xmlenc#sha256",
    key: 40,
    extra: "",
};

impl Seal<'_> {
    /// The signature over a canonical text, made without the code under test.
    fn over(&self, covered: &str) -> String {
        let transform = |uri: &&str| format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>");
        let transforms = self.transforms.iter().map(transform).collect::<Vec<_>>().concat();
        let digest = Base64::encode_string(Sha256::of(covered.as_bytes()).as_bytes());
        let info = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519\">\
             </ds:SignatureMethod><ds:Reference URI=\"{}\"><ds:Transforms>{transforms}\
             </ds:Transforms><ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>{}</ds:SignedInfo>",
            self.uri, self.digest, self.extra
        );
        let namespace = format!("xmlns:ds=\"{}\"", xml::SIGNATURE);
        let to_sign = format!("<ds:SignedInfo {namespace}>{info}");
        let key = SigningKey::from_bytes(&[self.key; 32]);
        let value = Base64::encode_string(&key.sign(to_sign.as_bytes()).to_bytes());
        let certificate = Base64::encode_string(signer().der());
        format!(
            "<ds:Signature {namespace}><ds:SignedInfo>{info}\
             <ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </ds:Signature>"
        )
    }

    fn list(&self, services: &str) -> String {
        let [head, tail] = unsigned(services);
        let signature = self.over(&format!("{head}{tail}"));
        format!("{head}{signature}{tail}")
    }
}

fn authority() -> Certificate {
    Draft::authority("Надавач", 2, ("Root", 1)).make()
}

fn granted() -> String {
    service("CA/QC", &authority(), "granted", "2020-01-01T00:00:00Z", "")
}

fn verified(list: &str) -> Result<ListSigner, ListError> {
    verified_by(list.as_bytes(), &[signer().sha256()])
}

fn verified_by(list: &[u8], pins: &[Sha256]) -> Result<ListSigner, ListError> {
    let at = "2026-11-01T10:00:00Z".parse().unwrap();
    TrustList::verify(list, pins, &algorithms::Policy::built_in(), at)
}

#[test]
fn a_list_whose_algorithms_prove_nothing_any_more_is_refused() {
    let list = RIGHT.list(&granted());
    for name in ["Ed25519", "SHA-256"] {
        let policy = algorithms::Policy::built_in_but(&[(name, "2026-10-31")]);
        for (at, expected) in [("2026-10-31T23:59:59Z", true), ("2026-11-01T00:00:00Z", false)] {
            let at = at.parse().unwrap();
            let judged = TrustList::verify(list.as_bytes(), &[signer().sha256()], &policy, at);
            assert_eq!(judged.is_ok(), expected, "{name} {at}: {judged:?}");
            assert!(judged.err().is_none_or(|error| !error.is_unsupported()));
        }
    }
}

fn read(list: &str) -> TrustList {
    TrustList::read(list.as_bytes()).unwrap()
}

#[test]
fn reads_a_list_and_says_who_signed_it() {
    let list = RIGHT.list(&granted());
    let read = read(&list);
    assert_eq!((read.territory.as_str(), read.sequence), ("UA", 7));
    assert_eq!(read.issued_at.to_string(), "2026-11-01T00:00:00Z");
    assert_eq!(read.next_update.unwrap().to_string(), "2027-05-01T00:00:00Z");
    assert_eq!(read.problems, [""; 0]);
    let [service] = &read.services[..] else { panic!("{read:?}") };
    assert_eq!(service.kind, ServiceKind::QualifiedAuthority);
    assert_eq!((service.provider.as_str(), service.name.as_str()), ("КНЕДП «Зразок»", "Підпис"));
    assert_eq!(service.certificates, [authority()]);
    assert_eq!(service.key_ids, ["010203"]);
    assert_eq!(verified(&list).unwrap().certificate, signer());
}

#[test]
fn no_byte_of_a_signed_list_can_be_changed_unnoticed() {
    let list = RIGHT.list(&granted());
    let right = read(&list);
    let mut refused = 0_usize;
    for at in 0..list.len() {
        let mut changed = list.clone().into_bytes();
        changed[at] ^= 1;
        let pins = [signer().sha256()];
        match verified_by(&changed, &pins) {
            Err(_) => refused += 1,
            // Blank space inside a tag, and the like: the same list in another spelling.
            Ok(_) => assert_eq!(TrustList::read(&changed).as_ref(), Ok(&right), "byte {at}"),
        }
    }
    assert!(refused > list.len() * 9 / 10, "{refused} of {}", list.len());
}

#[test]
fn no_element_of_a_signed_list_can_be_taken_out_or_doubled() {
    let list = RIGHT.list(&granted());
    let document = Document::parse(&list).unwrap();
    for node in document.root_element().descendants().skip(1).filter(Node::is_element) {
        let range = node.range();
        let name = node.tag_name().name();
        let [before, own, after] = [&list[..range.start], &list[range.clone()], &list[range.end..]];
        assert!(verified(&format!("{before}{after}")).is_err(), "without {name}");
        let doubled = verified(&format!("{before}{own}{own}{after}"));
        let of_signature = node.tag_name().namespace() == Some(xml::SIGNATURE);
        let key = ["KeyInfo", "X509Data", "X509Certificate"].contains(&name);
        let unsigned = of_signature && key;
        assert_eq!(doubled.is_err(), !unsigned, "{name} doubled: {doubled:?}");
    }
}

#[test]
fn refuses_every_other_signer_and_key() {
    let list = RIGHT.list(&granted());
    for pins in [vec![], vec![authority().sha256()]] {
        let found = vec![signer().sha256()];
        let refused = verified_by(list.as_bytes(), &pins);
        assert_eq!(refused, Err(ListError::UnknownSigner { found }));
    }
    let list = Seal { key: 41, ..RIGHT }.list(&granted());
    assert_eq!(verified(&list), Err(ListError::Unverifiable(algorithms::Failure::Mismatch)));
}

#[test]
fn accepts_a_reference_to_the_root_by_its_id() {
    assert!(verified(&Seal { uri: "#list", ..RIGHT }.list(&granted())).is_ok());
}

#[test]
fn refuses_signatures_that_do_not_cover_all_of_the_list() {
    const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
    const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let other = "<ds:Reference URI=\"\"></ds:Reference>";
    let properties = "<ds:Reference Type=\"http://uri.etsi.org/01903#SignedProperties\" \
                      URI=\"#list\"></ds:Reference>";
    for (seal, words) in [
        (Seal { uri: "#inner", ..RIGHT }, "does not cover the whole document"),
        (Seal { uri: "#", ..RIGHT }, "does not cover the whole document"),
        (Seal { uri: "https://example.org/", ..RIGHT }, "does not cover the whole document"),
        (Seal { transforms: &[EXCLUSIVE], ..RIGHT }, "does not leave the signature out"),
        (Seal { transforms: &[XPATH], ..RIGHT }, "REC-xpath-19991116 is not supported"),
        (Seal { transforms: &[EXCLUSIVE, ENVELOPED], ..RIGHT }, "more transforms"),
        (Seal { digest: SHA1, ..RIGHT }, "xmldsig#sha1 is not supported"),
        (Seal { extra: other, ..RIGHT }, "two references"),
        (Seal { extra: properties, ..RIGHT }, "names others"),
    ] {
        let said = verified(&seal.list(&granted())).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn refuses_a_right_signature_in_a_wrong_place() {
    let [head, tail] = unsigned(&granted());
    let signature = RIGHT.over(&format!("{head}{tail}"));
    let inner = head.replace("<TSPServices>", &format!("<TSPServices>{signature}"));
    let twice = format!("{head}{signature}{signature}{tail}");
    let same_id = RIGHT.list(&granted().replace("<TSPService>", "<TSPService Id=\"list\">"));
    // The signed list inside a forged one: what is signed and what is read are two things.
    let whole = format!("{head}{signature}{tail}");
    let forged = head.replace("<SchemeInformation>", &format!("{whole}<SchemeInformation>"));
    for (list, words) in [
        (format!("{inner}{tail}"), "does not lie directly in the root"),
        (twice, "exactly one signature"),
        (format!("{head}{tail}"), "exactly one signature"),
        (same_id, "the same id"),
        (format!("{forged}{tail}"), "the same id"),
        (format!("{forged}{tail}").replacen(" Id=\"list\"", "", 1), "directly in the root"),
        (format!("<a>{whole}</a>"), "no readable TrustServiceStatusList"),
    ] {
        let said = verified(&list).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_comment_cuts_no_text() {
    let list = RIGHT.list(&granted());
    let commented = list.replace("Svcstatus/granted", "Svcstatus/gran<!-- x -->ted");
    assert_eq!(read(&commented), read(&list));
    assert!(verified(&commented).is_ok());
    let withdrawn = RIGHT.list(&granted().replace("Svcstatus/granted", "Svcstatus/not/granted"));
    let cut = withdrawn.replace("/not/granted", "<!-- --><!-- -->/not/granted");
    assert_eq!(read(&cut), read(&withdrawn));
}

#[test]
fn a_service_that_cannot_be_read_is_named_and_the_others_stay() {
    let good = granted();
    for (bad, words) in [
        (good.replace("Svctype/CA/QC", "nothing"), "its type cannot be read"),
        (good.replace("2020-01-01", "2020-13-01"), "the beginning of a status"),
        (good.replace("<X509Certificate>MII", "<X509Certificate>AII"), "one of its certificates"),
        (good.replace("AQID", "A"), "a key identifier cannot be read"),
        (good.replace("ServiceStatus>", "Service>"), "a status is missing"),
        (good.replace("ServiceDigitalIdentity>", "Identity>"), "no digital identity"),
    ] {
        let read = read(&RIGHT.list(&format!("{bad}{good}")));
        assert_eq!(read.services.iter().filter(|one| one.is_anchor()).count(), 1, "{words}");
        let [problem] = &read.problems[..] else { panic!("{:?}", read.problems) };
        assert!(problem.starts_with("service 1 of КНЕДП «Зразок»: "), "{problem}");
        assert!(problem.contains(words), "{problem}");
    }
}

/// The authority lies below a root of the trust directory, so nothing but the list speaks against it.
#[test]
fn whatever_keeps_a_withdrawn_service_from_being_read_gives_nothing_back() {
    let (old, new) = ("2018-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    let before = history("CA/QC", "granted", old);
    let of_kind = |kind| service(kind, &authority(), "withdrawn", new, &before);
    let withdrawn = of_kind("CA/QC");
    let with = |place: &str, more: &str| withdrawn.replace(place, &format!("{more}{place}"));
    let critical = "<ServiceInformationExtensions><Extension Critical=\"true\"><Moon></Moon></Extension>\
                    </ServiceInformationExtensions>";
    let broken = "<DigitalId><X509Certificate>AAAA</X509Certificate></DigitalId>";
    let at = "2026-11-01T00:00:00Z".parse().unwrap();
    let lacks_grant = |services: &str| {
        let store = TrustStore::empty().with_list(read(&RIGHT.list(services)));
        store.said_of(&authority(), Question { purpose: Purpose::Document, used: None, at })
            == Said::Withdrawn
    };
    for (what, listed) in [
        ("as it is", withdrawn.clone()),
        ("a critical extension", with("</ServiceInformation>", critical)),
        ("a certificate that cannot be read", with("</ServiceDigitalIdentity>", broken)),
        ("of another type now", of_kind("CA/PKC")),
        ("of no type", withdrawn.replacen("Svctype/CA/QC", "nothing", 1)),
        ("of no type now and another once", {
            let other = history("TSA/QTST", "granted", old);
            service("nothing", &authority(), "withdrawn", new, &other)
                .replace("Svctype/nothing", "nothing")
        }),
        ("two periods of one moment", withdrawn.replace(old, new)),
        ("a bad date", withdrawn.replace(new, "2020-13-01T00:00:00Z")),
        ("a bad key identifier", withdrawn.replace("AQID", "A")),
        ("no status", withdrawn.replacen("ServiceStatus>", "Service>", 2)),
    ] {
        assert!(lacks_grant(&listed), "{what}");
        assert!(!lacks_grant(&format!("{listed}{}", granted())), "{what}, granted beside");
    }
    let never = service("CA/PKC", &authority(), "withdrawn", new, "");
    assert!(!lacks_grant(&never), "never an authority for qualified certificates");
    assert!(!lacks_grant(&never.replace("AQID", "A")), "likewise, and unreadable");
}

/// The entry of one key has another type since 2020.
#[test]
fn a_service_that_changed_its_type_was_granted_and_is_withdrawn_as_what_it_was() {
    use Purpose::{Document, TimeStamping};
    let (old, new) = ("2018-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    for (before, since, documents, stamps) in [
        ("CA/QC", "TSA/QTST", [true, false], [true, true]),
        ("TSA/QTST", "CA/QC", [false, true], [true, true]),
        ("CA/QC", "CA/PKC", [true, false], [true, false]),
        ("CA/PKC", "CA/QC", [false, true], [false, true]),
    ] {
        let listed = service(since, &authority(), "granted", new, &history(before, "granted", old));
        let store = TrustStore::empty().with_list(read(&RIGHT.list(&listed)));
        for (purpose, due) in [(Document, documents), (TimeStamping, stamps)] {
            for (at, due) in ["2019-01-01T00:00:00Z", "2021-01-01T00:00:00Z"].into_iter().zip(due) {
                let question = Question { purpose, used: None, at: at.parse().unwrap() };
                let said = store.said_of(&authority(), question);
                let due = if due { Said::Granted } else { Said::Withdrawn };
                assert_eq!(said, due, "{before}, then {since}: {purpose:?} at {at}");
            }
        }
    }
}

#[test]
fn only_granted_counts_and_supervision_until_july_2016() {
    let on = |status: &str, from: &str, rest: &str, at: &str| {
        let listed = service("CA/QC", &authority(), status, from, rest);
        read(&RIGHT.list(&listed)).services[0].is_granted_at(at.parse().unwrap())
    };
    let (old, new) = ("2010-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    let (in_2012, in_2017, in_2021) =
        ("2012-01-01T00:00:00Z", "2017-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    assert!(on("granted", new, "", in_2021));
    assert!(!on("granted", new, "", in_2017));
    assert!(!on("withdrawn", new, "", in_2021));
    assert!(!on("notgranted", new, "", in_2021));
    for supervised in ["undersupervision", "accredited"] {
        assert!(on(supervised, old, "", in_2012));
        assert!(!on(supervised, old, "", in_2017));
        assert!(!on(supervised, new, "", in_2021));
    }
    let before = history("CA/QC", "granted", old);
    assert!(on("withdrawn", new, &before, in_2017));
    assert!(!on("withdrawn", new, &before, in_2021));
    let then = history("CA/QC", "undersupervision", old);
    assert!(on("granted", "2016-07-01T00:00:00Z", &then, in_2017));
    // What issued other certificates then did not issue qualified ones.
    assert!(!on("withdrawn", new, &history("CA/PKC", "granted", old), in_2017));
}

#[test]
fn refuses_hostile_xml_before_it_costs_much() {
    let attributes = (0..5_000).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
    for (bytes, words) in [
        (b"\xff".to_vec(), "not UTF-8"),
        (b"".to_vec(), "cannot be read"),
        (b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_vec(), "document type"),
        (b"<a>".repeat(100_000), "inside each other"),
        (format!("<a{attributes}/>").into_bytes(), "attributes in one element"),
        (vec![b' '; TrustList::MAX_LEN + 1], "at most"),
        (b"<a/>".to_vec(), "no readable TrustServiceStatusList"),
    ] {
        let said = TrustList::read(&bytes).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn names_what_a_list_lacks() {
    let list = RIGHT.list("");
    for (from, to, words) in [
        (">UA<", ">Україна<", "SchemeTerritory"),
        (">7<", ">-7<", "TSLSequenceNumber"),
        (">5<", ">9<", "TSLVersionIdentifier"),
        ("2026-11-01T", "2026-11-41T", "ListIssueDateTime"),
        ("2027-05-01T", "soon", "NextUpdate"),
    ] {
        let said = TrustList::read(list.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn writes_canonical_xml() {
    let inclusive = Method::Inclusive;
    let exclusive = |prefixes: &[&str]| Method::Exclusive {
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    };
    for (source, method, expected) in [
        (
            "<?xml version='1.0'?>\n<?a b?>\n<e/>\n<!-- c --><?d?>",
            &inclusive,
            "<?a b?>\n<e></e>\n<?d?>",
        ),
        ("<e b='2' a = \"1\"  />", &inclusive, "<e a=\"1\" b=\"2\"></e>"),
        ("<e>&lt;&gt;&amp;\"&#13;<![CDATA[<]]></e>", &inclusive, "<e>&lt;&gt;&amp;\"&#xD;&lt;</e>"),
        (
            "<e a='&quot;&lt;>&#9;&#10;&#13;'/>",
            &inclusive,
            "<e a=\"&quot;&lt;>&#x9;&#xA;&#xD;\"></e>",
        ),
        (
            "<e xmlns:b='u:b' xmlns='u' b:z='1' xmlns:a='u:a' a:y='2' x='3'><f xmlns='u'/></e>",
            &inclusive,
            "<e xmlns=\"u\" xmlns:a=\"u:a\" xmlns:b=\"u:b\" x=\"3\" a:y=\"2\" b:z=\"1\"><f></f></e>",
        ),
        ("<e xmlns='u'><f xmlns=''/></e>", &inclusive, "<e xmlns=\"u\"><f xmlns=\"\"></f></e>"),
        (
            "<e xmlns='u' xmlns:a='u:a' xmlns:b='u:b'><a:f b:c=''/></e>",
            &exclusive(&[]),
            "<e xmlns=\"u\"><a:f xmlns:a=\"u:a\" xmlns:b=\"u:b\" b:c=\"\"></a:f></e>",
        ),
        ("<e xmlns='u' xmlns:a='u:a'/>", &exclusive(&["a"]), "<e xmlns=\"u\" xmlns:a=\"u:a\"></e>"),
        (
            "<a:e xmlns='u' xmlns:a='u:a'/>",
            &exclusive(&[""]),
            "<a:e xmlns=\"u\" xmlns:a=\"u:a\"></a:e>",
        ),
    ] {
        let document = Document::parse(source).unwrap();
        let written = canonical::canonical(document.root(), None, method).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}

#[test]
fn what_is_cut_out_inherits_namespaces_and_language() {
    let source = "<e xmlns='u' xmlns:a='u:a' xml:lang='uk'><f a='1'/></e>";
    let document = Document::parse(source).unwrap();
    let inner = document.root_element().first_element_child().unwrap();
    for (method, expected) in [
        (Method::Inclusive, "<f xmlns=\"u\" xmlns:a=\"u:a\" a=\"1\" xml:lang=\"uk\"></f>"),
        (Method::Exclusive { prefixes: Vec::new() }, "<f xmlns=\"u\" a=\"1\"></f>"),
    ] {
        let written = canonical::canonical(inner, None, &method).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}

#[test]
fn services_are_anchors_by_what_they_do() {
    for (kind, status, is_anchor) in [
        ("CA/QC", "granted", true),
        ("TSA/QTST", "granted", true),
        ("CA/QC", "withdrawn", false),
        ("CA/PKC", "granted", false),
        ("Certstatus/OCSP/QC", "granted", false),
    ] {
        let listed = service(kind, &authority(), status, "2020-01-01T00:00:00Z", "");
        let trust = TrustStore::empty().with_list(read(&RIGHT.list(&listed)));
        assert_eq!(trust.contains(&authority()), is_anchor, "{kind} {status}");
        assert_eq!(trust.newest_list().map(|list| list.sequence), Some(7));
    }
}
