//! What is read as a manifest, and what is none.

use super::*;

fn manifest(body: &str) -> String {
    format!(
        "<a:ASiCManifest xmlns:a='http://uri.etsi.org/02918/v1.2.1#' \
         xmlns='http://www.w3.org/2000/09/xmldsig#'>{body}</a:ASiCManifest>"
    )
}

const NAMED: &str = "<a:SigReference URI='META-INF/signature.p7s'/>";
const FILE: &str = "<a:DataObjectReference URI='%D0%B0%20b.txt'><DigestMethod \
    Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><DigestValue>\n\
    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</DigestValue></a:DataObjectReference>";

fn parse(manifest: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(manifest.as_bytes(), &Budget::new(&crate::signature::Limits::default()))
}

#[test]
fn reads_names_and_digests() {
    let read = parse(&manifest(&[NAMED, FILE].concat())).unwrap();
    assert_eq!(read.signature, "META-INF/signature.p7s");
    let [reference] = read.references.as_slice() else { panic!("one file") };
    assert_eq!(reference.name, "а b.txt");
    assert_eq!(reference.fits(b""), Ok(Some(Used::digest(DigestAlgorithm::Sha256))));
    assert_eq!(reference.fits(b"x"), Ok(None));
}

/// A manifest with everything that the schema has.
const WHOLE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n\
    <a:ASiCManifest xmlns:a='http://uri.etsi.org/02918/v1.2.1#' \
    xmlns='http://www.w3.org/2000/09/xmldsig#'>\
    <a:SigReference URI='META-INF/signature.p7s' MimeType='application/pkcs7-signature'>\
    </a:SigReference>\
    <a:DataObjectReference URI='a.txt' MimeType='text/plain; charset=utf-8' Rootfile='true'>\
    <DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'></DigestMethod>\
    <DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</DigestValue>\
    <a:DataObjectReferenceExtensions><a:Extension Critical='0'></a:Extension>\
    </a:DataObjectReferenceExtensions></a:DataObjectReference>\
    <a:ASiCManifestExtensions><a:Extension Critical='false'></a:Extension>\
    </a:ASiCManifestExtensions></a:ASiCManifest>";

/// `WHOLE` with `more` in each place behind one of these, but for that behind the declaration.
fn with(more: &str, behind: fn(&str) -> bool) -> Vec<String> {
    let places = WHOLE.char_indices().map(|(place, _)| WHOLE.split_at(place));
    places
        .filter(|(before, _)| before.contains("<a:") && behind(before))
        .map(|(before, after)| [before, more, after].concat())
        .chain(behind(WHOLE).then(|| [WHOLE, more].concat()))
        .collect()
}

/// Who signed a file that a browser shows as a page did not sign the files that it names.
#[test]
fn nothing_stands_in_a_manifest_but_what_the_schema_has() {
    assert_eq!(parse(WHOLE).map(|read| read.references.len()), Ok(1));
    let is_behind_tag = |before: &str| before.ends_with('>');
    for white in with("\n ", is_behind_tag) {
        assert!(parse(&white).is_ok(), "{white}");
    }
    for more in [
        "<a:img src='data:image/png;base64,'/>",
        "<a:script src='data:text/javascript,'></a:script>",
        "<script src='data:text/javascript,'/>",
        "<h1 xmlns='http://uri.etsi.org/02918/v1.2.1#'/>",
        "<p xmlns='http://www.w3.org/1999/xhtml'/>",
        "<x:a xmlns:x='http://uri.etsi.org/01903/v1.3.2#'/>",
        "<a:DigestValue>AAAA</a:DigestValue>",
        "<DigestValue>AAAA</DigestValue>",
        "<DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>",
        "<a:ASiCManifest/>",
        "<a:DataObjectReference/>",
        "HARMLESS: a text",
        "&#72;",
        "<!-- -->",
        "<![CDATA[ ]]>",
        "<?xml-stylesheet href='a.css'?>",
        "<!--%PDF-1.7-->",
    ] {
        let all = with(more, is_behind_tag);
        assert_eq!(all.len(), 18, "{more}");
        for manifest in all {
            assert!(parse(&manifest).is_err(), "{manifest}");
        }
    }
    let is_behind_name = |before: &str| {
        let tag = before.rsplit('<').next().unwrap_or_default();
        let is_name = |letter: char| letter.is_ascii_alphabetic() || letter == ':';
        tag.chars().all(is_name) && WHOLE[before.len()..].starts_with([' ', '>'])
    };
    for more in [" style='x'", " src='x'", " onload='x'", " Id='x'", " xml:lang='uk'", " a:URI='x'"]
    {
        let all = with(more, is_behind_name);
        assert_eq!(all.len(), 9, "{more}");
        for manifest in all {
            assert!(parse(&manifest).is_err(), "{manifest}");
        }
    }
}

#[test]
fn no_value_in_a_manifest_is_free() {
    for (value, other) in [
        ("UTF-8", "><h1>a page</h1>"),
        ("UTF-8", ">HARMLESS"),
        ("'text/plain; charset=utf-8'", "'>HARMLESS'"),
        ("text/plain; charset=utf-8", "I promise to pay"),
        ("text/plain; charset=utf-8", "I promise/to pay"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8; a=I-promise"),
        ("text/plain; charset=utf-8", "text/plain; title=I-promise"),
        ("text/plain; charset=utf-8", "text/plain; charset=I promise"),
        ("text/plain; charset=utf-8", "text/plain;   charset=utf-8"),
        ("text/plain; charset=utf-8", "\n text/plain"),
        ("text/plain; charset=utf-8", "text/\u{a0}plain"),
        ("text/plain; charset=utf-8", "text"),
        ("text/plain; charset=utf-8", ""),
        ("'a.txt'", "'a b.txt'"),
        ("'a.txt'", "'a.txt\n'"),
        ("'a.txt'", "'a\u{3000}b.txt'"),
        ("Rootfile='true'", "Rootfile='HARMLESS'"),
        ("Critical='0'", "Critical='HARMLESS'"),
        ("47DEQ", "<b/>47DEQ"),
        ("47DEQ", "a page: 47DEQ"),
        ("</a:ASiCManifest>", "</a:ASiCManifest>text"),
    ] {
        let manifest = WHOLE.replacen(value, other, 1);
        assert!(manifest != WHOLE && parse(&manifest).is_err(), "{manifest}");
    }
    let long = format!("application/{}", "a".repeat(100));
    let manifest = WHOLE.replacen("text/plain; charset=utf-8", &long, 1);
    assert!(parse(&manifest).is_err(), "{manifest}");
    for value in [
        "text/plain",
        "text/plain;charset=windows-1251",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.etsi.asic-e+zip",
        "application/x-pkcs7-signature",
    ] {
        let manifest = WHOLE.replacen("text/plain; charset=utf-8", value, 1);
        assert!(parse(&manifest).is_ok(), "{manifest}");
    }
    // To a browser `<_` is text, and a name of a namespace too.
    for manifest in [
        WHOLE.replace("a:", "_:").replace("xmlns:a=", "xmlns:_="),
        WHOLE.replacen("xmlns=", "xmlns:t='HARMLESS' xmlns=", 1),
        WHOLE.replacen("<a:SigReference ", "<a:SigReference xmlns:t='HARMLESS' ", 1),
        WHOLE.replacen("'text/plain; charset=utf-8'", "'text/plain; charset=\"utf-8\"'", 1),
    ] {
        assert!(manifest != WHOLE && parse(&manifest).is_err(), "{manifest}");
    }
    assert!(parse(&WHOLE.replace("a:", "asic-2:").replace("xmlns:a=", "xmlns:asic-2=")).is_ok());
}

/// Who signs it as a text sees the beginning of its lines, and the first of them.
#[test]
fn white_space_moves_nothing_out_of_sight() {
    const DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let pretty = WHOLE.replace("><", ">\r\n\t\t\t<");
    assert!(parse(&pretty).is_ok());
    for blank in [" ", "\n", "\t", "\r\n"] {
        let blanks = blank.repeat(41);
        let letters = DIGEST.chars().map(|letter| format!("{letter}{}", blank.repeat(20)));
        for manifest in [
            [WHOLE, &blanks].concat(),
            WHOLE.replacen("<a:SigReference ", &format!("<a:SigReference{blanks}"), 1),
            WHOLE.replacen("47DEQ", &format!("47{blanks}DEQ"), 1),
            WHOLE.replacen("?>", &format!("{blanks}?>"), 1),
            WHOLE.replacen(DIGEST, &letters.collect::<String>(), 1),
        ] {
            assert!(parse(&manifest).is_err(), "{}", manifest.escape_debug());
        }
    }
}

#[test]
fn a_manifest_names_each_file_once() {
    let other = FILE.replace("b.txt", "c.txt");
    assert!(parse(&manifest(&[NAMED, FILE, &other].concat())).is_ok());
    for again in [FILE, &FILE.replace("%20b", "%20%62")] {
        let twice = manifest(&[NAMED, FILE, again].concat());
        let error = ManifestError::Malformed { part: "DataObjectReference" };
        assert_eq!(parse(&twice), Err(error));
    }
}

#[test]
fn knows_digests_by_uri_and_by_object_identifier() {
    for (identifier, digest) in [
        ("http://www.w3.org/2001/04/xmlenc#sha256", DigestAlgorithm::Sha256),
        ("http://www.w3.org/2001/04/xmlenc#sha512", DigestAlgorithm::Sha512),
        ("urn:oid:2.16.840.1.101.3.4.2.2", DigestAlgorithm::Sha384),
        ("http://www.w3.org/2000/09/xmldsig#sha1", DigestAlgorithm::Sha1),
        ("http://www.w3.org/2007/05/xmldsig-more#sha3-256", DigestAlgorithm::Sha3_256),
    ] {
        assert_eq!(digest_algorithm(identifier), Ok(digest));
    }
    let md5 = Failure::Unsupported { name: "MD5".to_owned() };
    for identifier in ["http://www.w3.org/2001/04/xmldsig-more#md5", "urn:oid:1.2.840.113549.2.5"] {
        assert_eq!(digest_algorithm(identifier), Err(md5.clone()), "{identifier}");
    }
}

#[test]
fn refuses_what_could_be_read_in_two_ways() {
    let malformed = |part| ManifestError::Malformed { part };
    for (file, error) in [
        ("<!DOCTYPE a []><a/>".to_owned(), ManifestError::Xml),
        ("<ASiCManifest/>".to_owned(), malformed("root element")),
        (manifest(FILE), malformed("SigReference")),
        (manifest(&[NAMED, NAMED, FILE].concat()), malformed("SigReference")),
        (manifest(NAMED), malformed("list of files")),
        (
            manifest(&[NAMED, &FILE.replace("DigestValue", "Value")].concat()),
            malformed("list of elements"),
        ),
        (manifest(&[NAMED, &FILE.replace("%D0", "%D")].concat()), malformed("DataObjectReference")),
        (
            manifest(&[NAMED, FILE, "<a:x Critical='true'/>"].concat()),
            ManifestError::CriticalExtension,
        ),
        (manifest(&[NAMED, FILE, "text"].concat()), malformed("list of elements")),
        (
            manifest(&[NAMED, FILE, "<p xmlns='http://www.w3.org/1999/xhtml'/>"].concat()),
            malformed("list of elements"),
        ),
        (
            manifest(&[NAMED, FILE, "<!--><h1>a page</h1>-->"].concat()),
            malformed("list of elements"),
        ),
        ([&manifest(&[NAMED, FILE].concat()), "<!-- -->"].concat(), malformed("list of elements")),
        (manifest(&[NAMED, FILE, "<![CDATA[ ]]>"].concat()), malformed("text")),
        (manifest(&[NAMED, FILE, "<!--%PDF-1.7-->"].concat()), malformed("list of elements")),
        (
            manifest(&[NAMED, FILE, "<?xml-stylesheet href='a.xsl'?>"].concat()),
            malformed("list of elements"),
        ),
        (
            ["<?xml-stylesheet href='a.css'?>", &manifest(&[NAMED, FILE].concat())].concat(),
            malformed("list of elements"),
        ),
    ] {
        assert_eq!(parse(&file), Err(error), "{file}");
    }
}
