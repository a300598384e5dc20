//! What a stranger's bytes cost to read: never much more for each byte when there are more bytes,
//! and nothing beyond the budget of a mail. One shape for each known way to make a reader do
//! something again and again.

use std::{fs, time::Duration};

use bytes::Bytes;
use skrynka::{
    bundle::{self, Opening},
    domain::{Indication, Timestamp},
    envelope::OrganisationKeys,
    message,
    signature::{Conditions, Signed, examine},
    trust::{Certificate, RevocationStore, TrustList, TrustStore},
};

use crate::support::{
    cpu::{self, assert_grows_with_its_bytes},
    interop,
};

type Make = fn(usize) -> Vec<u8>;

fn judge(content: &[u8]) {
    let signed = Signed { content: Some(Bytes::copy_from_slice(content)), signatures: Vec::new() };
    let trust = TrustStore::empty();
    let examined =
        examine(&signed, &Conditions::new(&trust, Timestamp::from_seconds(1_790_000_000)));
    assert_ne!(examined.report().indication, Some(Indication::TotalPassed));
}

fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

/// An archive of stored files (APPNOTE 4.3).
fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let sizes = [crc32(content).to_le_bytes(), long(content.len()), long(content.len())];
        let common = [&[0; 4][..], &[0; 4], &sizes.concat(), &short(name.len()), &[0; 2]].concat();
        directory.extend(b"PK\x01\x02\x14\0\x14\0".iter().chain(&common));
        directory.extend([0; 10]);
        directory.extend(long(archive.len()));
        directory.extend(name.bytes());
        archive.extend(b"PK\x03\x04\x14\0".iter().chain(&common));
        archive.extend(name.bytes().chain(content.iter().copied()));
    }
    let (at, length) = (archive.len(), directory.len());
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([short(files.len()), short(files.len())].concat());
    archive.extend([long(length), long(at)].concat());
    archive.extend([0; 2]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

fn container(manifest: &str) -> Vec<u8> {
    archive(&[
        ("mimetype".to_owned(), b"application/vnd.etsi.asic-e+zip".to_vec()),
        ("a.txt".to_owned(), b"a".to_vec()),
        ("META-INF/ASiCManifest.xml".to_owned(), manifest.as_bytes().to_vec()),
        ("META-INF/signature.p7s".to_owned(), vec![0x30, 0]),
    ])
}

fn manifest(attributes: &str, inside: &str) -> String {
    format!(
        "<a:ASiCManifest xmlns:a='http://uri.etsi.org/02918/v1.2.1#'{attributes}>{inside}\
         </a:ASiCManifest>"
    )
}

/// Shapes of XML, as a manifest.
const MARKUP: [(&str, usize, Make); 8] = [
    ("attributes", 10_000, |n| container(&manifest(&many(n, |at| format!(" b{at}=''")), ""))),
    ("elements with all the attributes that are allowed", 500, |n| {
        let element = format!("<b{}/>", many(32, |at| format!(" b{at}=''")));
        container(&manifest("", &element.repeat(n)))
    }),
    ("namespaces that each element adds one to", 500, |n| {
        let declared = many(n.min(1000), |at| format!(" xmlns:n{at}='u'"));
        container(&manifest(&declared, &"<b xmlns:m='u'/>".repeat(n)))
    }),
    ("declarations of namespaces", 1000, |n| {
        container(&manifest("", &many(n, |at| format!("<b xmlns:n{at}='u{at}'/>"))))
    }),
    ("long names of namespaces", 200, |n| {
        let (uri, names) = ("u".repeat(200), many(30, |at| format!(" n:b{at}=''")));
        container(&manifest(&format!(" xmlns:n='{uri}'"), &format!("<b{names}/>").repeat(n)))
    }),
    ("nesting", 5000, |n| container(&manifest("", &("<b>".repeat(n) + &"</b>".repeat(n))))),
    ("pieces of text", 2000, |n| {
        container(&manifest("", &"a<![CDATA[b]]>&amp;<!--c-->".repeat(n)))
    }),
    ("references", 100, |n| {
        let reference = |at| {
            format!(
                "<a:DataObjectReference URI='{at}'><DigestMethod xmlns='http://www.w3.org/2000/09/\
                 xmldsig#' Algorithm='urn:oid:1'/><DigestValue xmlns='http://www.w3.org/2000/09/\
                 xmldsig#'>AA==</DigestValue></a:DataObjectReference>"
            )
        };
        let named = "<a:SigReference URI='META-INF/signature.p7s'/>";
        container(&manifest("", &(named.to_owned() + &many(n, reference))))
    }),
];

/// A PDF file with a signature over its first revision, whose object 6 a reader is shown, and with
/// a second revision. The signature is none; what is over it is read and compared all the same.
fn pdf(first: &[String], second: &[(usize, String)]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let fixed = [
        CATALOG,
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R>>",
        "<</FT/Sig/T(S)/V 5 0 R>>",
        "<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 AAAAAAAA BBBBBBBB CCCCCCCC]\
         /Contents<3000>>>",
    ];
    let fixed = fixed.into_iter().map(str::to_owned);
    let first: Vec<_> = (1..).zip(fixed.chain(first.iter().cloned())).collect();
    let table = end_revision(&mut file, &first, None);
    let gap = memchr::memmem::find(&file, b"<3000>").unwrap();
    for (mark, number) in
        [("AAAAAAAA", gap), ("BBBBBBBB", gap + 6), ("CCCCCCCC", file.len() - gap - 6)]
    {
        let at = memchr::memmem::find(&file, mark.as_bytes()).unwrap();
        file[at..at + 8].copy_from_slice(format!("{number:08}").as_bytes());
    }
    end_revision(&mut file, second, Some(table));
    file
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>/X 6 0 R>>";

/// Adds objects by their numbers and the table of them; where that stands.
fn end_revision(file: &mut Vec<u8>, objects: &[(usize, String)], previous: Option<usize>) -> usize {
    let mut table = "xref\n".to_owned();
    for (number, object) in objects {
        table.extend([format!("{number} 1\n{:010} 00000 n \n", file.len())]);
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let at = file.len();
    let previous = previous.map(|previous| format!("/Prev {previous}")).unwrap_or_default();
    let size = objects.iter().map(|(number, _)| number + 1).max().unwrap_or_default().max(99);
    let trailer = format!("trailer\n<</Size {size}/Root 1 0 R{previous}>>\n");
    table.extend([trailer, format!("startxref\n{at}\n%%EOF\n")]);
    file.extend(table.bytes());
    at
}

fn great_object(keys: usize, inside: &str) -> String {
    format!("<<{inside}{}>>", many(keys, |at| format!("/K{at} 0")))
}

const PDF: [(&str, usize, Make); 7] = [
    ("mentions of a signature in one object", 2000, |n| {
        format!("%PDF-1.7\n1 0 obj [{}{}", "1 ".repeat(n), "/SubFilter ".repeat(64)).into_bytes()
    }),
    ("strings inside each other", 2000, |n| {
        ["%PDF-1.7\n1 0 obj ", &"(/SubFilter obj ".repeat(n)].concat().into_bytes()
    }),
    ("keys of a dictionary that two revisions have", 1000, |n| {
        pdf(&[great_object(n, "")], &[(9, "0".to_owned())])
    }),
    ("references to one great object", 300, |n| {
        let references = format!("[{}]", "7 0 R ".repeat(n));
        pdf(&[references, great_object(10 * n, "")], &[(9, "0".to_owned())])
    }),
    ("fields of one great value", 100, |n| {
        let fields: String = many(n, |at| format!(" {} 0 R", 10 + at));
        let catalog = CATALOG.replace("4 0 R", &format!("4 0 R{fields}"));
        let great = great_object(20 * n, "/ByteRange 0/Contents 0");
        let field = |at| (10 + at, "<</FT/Sig/Rect[0 0 0 0]/V 9 0 R>>".to_owned());
        let fields = (0..n).map(field);
        let second: Vec<_> = [(1, catalog), (9, great)].into_iter().chain(fields).collect();
        pdf(&["0".to_owned()], &second)
    }),
    ("fields that share one lock, in many revisions", 48, |n| {
        let fields: String = many(n, |at| format!(" {} 0 R", 10 + at));
        let catalog = CATALOG.replace("4 0 R", &format!("4 0 R{fields}"));
        let lock = format!("[{}]", "0 ".repeat(50 * n));
        let field = |at| (10 + at, format!("<</FT/Sig/T(N{at})/Rect[0 0 0 0]/Lock 9 0 R>>"));
        let fields = (0..n).map(field);
        let second: Vec<_> = [(1, catalog), (9, lock)].into_iter().chain(fields).collect();
        let mut file = pdf(&["0".to_owned()], &second);
        for later in 0..n / 8 {
            let previous = memchr::memmem::rfind(&file, b"\nxref\n").unwrap() + 1;
            end_revision(&mut file, &[(10 + n + later, "0".to_owned())], Some(previous));
        }
        file
    }),
    ("streams of one length behind white space", 100, |n| {
        let length = format!("{}0", " ".repeat(100 * n));
        let streams = format!("[{}]", many(n, |at| format!("{} 0 R ", 8 + at)));
        let stream = || "<</Length 7 0 R>>stream\n\nendstream".to_owned();
        let first: Vec<_> = [streams, length].into_iter().chain((0..n).map(|_| stream())).collect();
        pdf(&first, &[(7, "0".to_owned())])
    }),
];

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_be_bytes();
    let octets: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
    let head = match (octets.as_slice(), value.len()) {
        (_, length @ 0..0x80) => vec![u8::try_from(length).unwrap()],
        (octets, _) => [&[0x80 | u8::try_from(octets.len()).unwrap()], octets].concat(),
    };
    [&[tag], head.as_slice(), value].concat()
}

/// A `SignedData` (RFC 5652 §5.1) with these algorithms, certificates and lists, and no signer.
fn signed_data(algorithms: &[u8], certificates: &[u8], lists: &[u8]) -> Vec<u8> {
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    const DATA: &[u8] = b"\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x04\x00";
    let parts = [
        b"\x02\x01\x01",
        &element(0x31, algorithms)[..],
        DATA,
        &element(0xa0, certificates),
        &element(0xa1, lists),
        b"\x31\x00",
    ];
    let inside = element(0xa0, &element(0x30, &parts.concat()));
    element(0x30, &[SIGNED_DATA, &inside].concat())
}

const CMS: [(&str, usize, Make); 5] = [
    ("pieces of a string", 5000, |n| {
        [b"\x30\x80\x24\x80", &b"\x04\x01a".repeat(n)[..], &[0; 4]].concat()
    }),
    ("elements inside each other", 5000, |n| b"\x30\x80".repeat(n)),
    ("digest algorithms", 5000, |n| {
        signed_data(&element(0x30, b"\x06\x01\x2a").repeat(n), b"", b"")
    }),
    ("certificates", 5000, |n| signed_data(b"", &element(0x30, b"\x30\x00").repeat(n), b"")),
    ("revocation lists", 2000, |n| signed_data(b"", b"", &element(0x30, b"\x30\x00").repeat(n))),
];

/// A mail whose only part has this header and body.
fn mail(header: &str, body: &str) -> Vec<u8> {
    format!("Subject: a\r\nMIME-Version: 1.0\r\n{header}\r\n\r\n{body}\r\n").into_bytes()
}

const MAIL: [(&str, usize, Make); 8] = [
    ("pieces of a name (RFC 2231)", 2000, |n| {
        mail(
            &format!("Content-Disposition: a{}", many(n, |at| format!(";\r\n filename*{at}=b"))),
            "",
        )
    }),
    ("encoded words (RFC 2047)", 2000, |n| {
        mail(&format!("Subject:{}", "\r\n =?utf-8?B?0LA=?=".repeat(n)), "")
    }),
    ("comments inside each other", 5000, |n| mail(&format!("Content-Type: {}", "(".repeat(n)), "")),
    ("fields of one name", 2000, |n| mail(&"Content-Type: a/b\r\n".repeat(n), "")),
    ("boundaries", 200, |n| {
        mail("Content-Type: multipart/mixed; boundary=b", &"--b\r\n\r\na\r\n".repeat(n))
    }),
    ("lines that only look like boundaries", 20_000, |n| {
        mail("Content-Type: multipart/mixed; boundary=b", &"-- \r\n--".repeat(n))
    }),
    ("base64 with junk in it", 20_000, |n| {
        mail("Content-Transfer-Encoding: base64", &"QUJD*\r\n".repeat(n))
    }),
    ("quoted-printable that is none", 20_000, |n| {
        mail("Content-Transfer-Encoding: quoted-printable", &"=\t =q ".repeat(n))
    }),
];

fn open(raw: &[u8]) {
    let raw = Bytes::copy_from_slice(raw);
    let Ok(message) = message::open(raw, &message::Limits::default()) else { return };
    let keys = OrganisationKeys::empty();
    let mut opening = Opening::new(&keys, &[]);
    drop(bundle::assemble(&message, &mut opening, &bundle::Limits::default()));
}

const LISTS: [(&str, usize, Make); 2] = [
    ("services", 200, |n| {
        let service = "<TSPService><ServiceInformation><ServiceName><Name>a</Name></ServiceName>\
                       </ServiceInformation></TSPService>";
        let services = service.repeat(n);
        list(&format!(
            "<TrustServiceProviderList><TrustServiceProvider><TSPServices>{services}</TSPServices>\
             </TrustServiceProvider></TrustServiceProviderList>"
        ))
    }),
    ("elements that each declare a namespace", 1000, |n| {
        list(&"<b xmlns:c='u'><d/></b>".repeat(n))
    }),
];

fn list(inside: &str) -> Vec<u8> {
    format!(
        "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\"><SchemeInformation>\
         <TSLVersionIdentifier>5</TSLVersionIdentifier><TSLSequenceNumber>7</TSLSequenceNumber>\
         <SchemeTerritory>UA</SchemeTerritory>\
         <ListIssueDateTime>2026-11-01T00:00:00Z</ListIssueDateTime><NextUpdate/>\
         </SchemeInformation>{inside}</TrustServiceStatusList>"
    )
    .into_bytes()
}

#[test]
fn xml_in_containers_grows_with_its_bytes() {
    for (what, size, make) in MARKUP {
        assert_grows_with_its_bytes(what, size, make, judge);
    }
}

#[test]
fn an_archive_grows_with_its_bytes() {
    let files = |n| archive(&(0..n).map(|at| (format!("{at}"), vec![0; 100])).collect::<Vec<_>>());
    assert_grows_with_its_bytes("files", 30, files, judge);
}

#[test]
fn a_pdf_file_grows_with_its_bytes() {
    for (what, size, make) in PDF {
        assert_grows_with_its_bytes(what, size, make, judge);
    }
}

#[test]
fn a_signature_file_grows_with_its_bytes() {
    for (what, size, make) in CMS {
        assert_grows_with_its_bytes(what, size, make, |file| {
            judge(file);
            let _ = Certificate::parse(file);
            let _ = RevocationStore::empty().add(file);
        });
    }
}

#[test]
fn a_mail_grows_with_its_bytes() {
    for (what, size, make) in MAIL {
        assert_grows_with_its_bytes(what, size, make, open);
    }
}

#[test]
fn a_trust_list_grows_with_its_bytes() {
    for (what, size, make) in LISTS {
        assert_grows_with_its_bytes(what, size, make, |list| drop(TrustList::read(list)));
    }
}

/// Archives that were met, with what is said of them.
#[test]
fn known_archives_cost_next_to_nothing() {
    /// Without optimisation the server's own code takes ten times as long; the parser, which took
    /// 1.7 seconds, is always optimised.
    const MOST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 50 });
    let Some(folder) = interop::data() else { return };
    let folder = folder.join("field/archive");
    let table = fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv");
    let rows: Vec<_> = table.lines().skip(1).filter_map(|row| row.split_once('\t')).collect();
    assert!(!rows.is_empty());
    for (file, expected) in rows {
        assert!(expected.ends_with("under 50 ms of CPU"), "{file}: {expected}");
        let bytes = fs::read(folder.join(file)).expect(file);
        let least = (0..3).map(|_| cpu::time(|| judge(&bytes))).min().unwrap();
        println!("{file}: {least:?}");
        assert!(least < MOST, "{file}: {least:?}");
    }
}
