//! Trust lists signed by xmlsec1, imported from a file and fetched from a server.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::Command,
    thread,
};

use base64ct::{Base64, Encoding as _};
use skrynka::{
    algorithms::Policy,
    domain::Sha256,
    trust::{ListError, ListSigner, TrustList, TrustStore, read_certificates},
};

use crate::support::{
    installation::{both, skrynka},
    interop,
};

const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// A place with a signer's key and certificate, and lists signed with it.
struct Scheme {
    directory: tempfile::TempDir,
}

impl Scheme {
    /// `None`, said aloud, where xmlsec1 or openssl is not installed; in CI it is a must.
    #[expect(clippy::print_stderr, reason = "a test that skips says so")]
    fn new(key: &[&str]) -> Option<Self> {
        let has = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
        if !has("xmlsec1") || !has("openssl") {
            assert!(std::env::var_os("CI").is_none(), "CI needs xmlsec1 and openssl");
            eprintln!("SKIPPED: xmlsec1 or openssl is not installed");
            return None;
        }
        let scheme = Self { directory: tempfile::tempdir().unwrap() };
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=Sample scheme"])
            .args(key)
            .arg("-keyout")
            .arg(scheme.path("key.pem"))
            .arg("-out")
            .arg(scheme.path("cert.pem"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", both(&made));
        fs::create_dir(scheme.path("trust")).unwrap();
        Some(scheme)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn pin(&self) -> Sha256 {
        read_certificates(&fs::read(self.path("cert.pem")).unwrap()).unwrap()[0].sha256()
    }

    /// Signs with xmlsec1, which also checks its own work.
    fn sign(&self, unsigned: &str) -> Vec<u8> {
        let [template, signed] = ["template.xml", "signed.xml"].map(|name| self.path(name));
        fs::write(&template, unsigned).unwrap();
        let key = format!("{},{}", self.path("key.pem").display(), self.path("cert.pem").display());
        let id = "--id-attr:Id";
        let properties = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties";
        let made = Command::new("xmlsec1")
            .args(["--sign", "--privkey-pem", &key, id, properties, "--output"])
            .args([&signed, &template])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", both(&made));
        fs::read(signed).unwrap()
    }

    /// `skrynka trust …` with this place's trust directory: whether it succeeds, and what it says.
    fn trust(&self, arguments: &[&str]) -> (bool, String) {
        let (command, rest) = arguments.split_first().unwrap();
        let directory = self.path("trust");
        let done = skrynka()
            .args(["trust", command, "--trust"])
            .arg(&directory)
            .args(rest)
            .output()
            .unwrap();
        (done.status.success(), both(&done))
    }
}

/// A list with everything that makes canonical forms hard, and an empty signature of this kind.
fn template(certificate: &[u8], sequence: u32, method: &str, canonical: &str) -> String {
    let encoded = Base64::encode_string(certificate);
    let digest = Base64::encode_string(Sha256::of(certificate).as_bytes());
    format!(
        r##"<?xml version="1.0" encoding="UTF-8"?>
<?note before?>
<!-- not signed -->
<tsl:TrustServiceStatusList xmlns:tsl="http://uri.etsi.org/02231/v2#" xmlns="http://uri.etsi.org/02231/v2#"
    xmlns:unused="urn:unused" xmlns:ds="{XMLDSIG}" TSLTag='http://uri.etsi.org/19612/TSLTag' Id="tl">
  <SchemeInformation>
    <TSLVersionIdentifier>5</TSLVersionIdentifier>
    <TSLSequenceNumber>{sequence}</TSLSequenceNumber>
    <SchemeTerritory>UA</SchemeTerritory>
    <PolicyOrLegalNotice z="&quot;&#9;&lt;>" a='"' unused:b="1"><![CDATA[<&>]]> &#13; "й"</PolicyOrLegalNotice>
    <ListIssueDateTime>2026-11-01T10:00:00Z</ListIssueDateTime>
    <NextUpdate><dateTime>2099-05-01T00:00:00Z</dateTime></NextUpdate>
  </SchemeInformation>
  <tsl:TrustServiceProviderList>
    <TrustServiceProvider>
      <TSPInformation><TSPName><Name xml:lang="uk">КНЕДП «Зразок»</Name></TSPName></TSPInformation>
      <TSPServices><TSPService><ServiceInformation>
        <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>
        <ServiceName><Name xml:lang="en">CA</Name></ServiceName>
        <ServiceDigitalIdentity><DigitalId><X509Certificate>
          {encoded}
        </X509Certificate></DigitalId></ServiceDigitalIdentity>
        <ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus>
        <StatusStartingTime>2020-01-01T00:00:00Z</StatusStartingTime>
        <empty xmlns=""/><?inside it?><!-- not signed -->
      </ServiceInformation></TSPService></TSPServices>
    </TrustServiceProvider>
  </tsl:TrustServiceProviderList>
  <ds:Signature Id="sig">
    <ds:SignedInfo>
      <ds:CanonicalizationMethod Algorithm="{canonical}"/>
      <ds:SignatureMethod Algorithm="{method}"/>
      <ds:Reference URI="">
        <ds:Transforms>
          <ds:Transform Algorithm="{XMLDSIG}enveloped-signature"/>
          <ds:Transform Algorithm="{canonical}"/>
        </ds:Transforms>
        <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>
      </ds:Reference>
      <ds:Reference URI="#properties" Type="http://uri.etsi.org/01903#SignedProperties">
        <ds:Transforms><ds:Transform Algorithm="{canonical}"/></ds:Transforms>
        <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/><ds:DigestValue/>
      </ds:Reference>
    </ds:SignedInfo>
    <ds:SignatureValue/>
    <ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo>
    <ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#sig">
      <xades:SignedProperties Id="properties"><xades:SignedSignatureProperties>
        <xades:SigningTime>2026-11-01T10:00:00Z</xades:SigningTime>
        <xades:SigningCertificateV2><xades:Cert><xades:CertDigest>
          <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
          <ds:DigestValue>{digest}</ds:DigestValue>
        </xades:CertDigest></xades:Cert></xades:SigningCertificateV2>
      </xades:SignedSignatureProperties></xades:SignedProperties>
    </xades:QualifyingProperties></ds:Object>
  </ds:Signature>
</tsl:TrustServiceStatusList>
<?note after?>
"##
    )
}

fn of_scheme(scheme: &Scheme, sequence: u32, method: &str, canonical: &str) -> Vec<u8> {
    let pem = fs::read(scheme.path("cert.pem")).unwrap();
    let certificate = read_certificates(&pem).unwrap().remove(0);
    scheme.sign(&template(certificate.der(), sequence, &format!("{MORE}{method}"), canonical))
}

const RSA: &[&str] = &["-newkey", "rsa:2048"];
const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

#[test]
fn proves_lists_signed_by_xmlsec1() {
    for (key, method) in [
        (RSA, "rsa-sha256"),
        (RSA, "rsa-sha512"),
        (P256, "ecdsa-sha256"),
        (P384, "ecdsa-sha384"),
        (P384, "ecdsa-sha512"),
    ] {
        let Some(scheme) = Scheme::new(key) else { return };
        for canonical in [INCLUSIVE, EXCLUSIVE] {
            let list = of_scheme(&scheme, 1, method, canonical);
            let signer = verified(&list, &[scheme.pin()])
                .unwrap_or_else(|error| panic!("{method} {canonical}: {error}"));
            assert_eq!(signer.certificate.sha256(), scheme.pin());
            assert_eq!(signer.signed_at.unwrap().to_string(), "2026-11-01T10:00:00Z");
            let read = TrustList::read(&list).unwrap();
            assert_eq!((read.services.len(), read.problems.len()), (1, 0));
        }
    }
}

fn verified(list: &[u8], pins: &[Sha256]) -> Result<ListSigner, ListError> {
    let at = "2026-11-01T10:00:00Z".parse().unwrap();
    TrustList::verify(list, pins, &Policy::built_in(), at)
}

#[test]
fn no_byte_of_a_list_by_xmlsec1_can_be_changed_unnoticed() {
    let Some(scheme) = Scheme::new(P256) else { return };
    let list = of_scheme(&scheme, 1, "ecdsa-sha256", EXCLUSIVE);
    let right = TrustList::read(&list).unwrap();
    let mut refused = 0;
    for at in 0..list.len() {
        let mut changed = list.clone();
        changed[at] ^= 1;
        match verified(&changed, &[scheme.pin()]) {
            Err(_) => refused += 1,
            Ok(_) => assert_eq!(TrustList::read(&changed).as_ref(), Ok(&right), "byte {at}"),
        }
    }
    assert!(refused > list.len() * 3 / 4, "{refused} of {}", list.len());
}

#[test]
fn a_list_is_imported_with_its_signature_or_with_both_digests() {
    let Some(scheme) = Scheme::new(RSA) else { return };
    let list = of_scheme(&scheme, 5, "rsa-sha256", EXCLUSIVE);
    let file = scheme.path("TL-UA.xml");
    fs::write(&file, &list).unwrap();
    let (file, pin) = (file.to_str().unwrap(), scheme.pin().to_string());
    let digest = Sha256::of(&list).to_string();

    let (done, said) = scheme.trust(&["import", file]);
    assert!(!done && said.contains(&digest) && said.contains("--sha256"), "{said}");
    let (done, said) = scheme.trust(&["import", file, "--sha256", &digest]);
    assert!(!done && said.contains(".sha2 file"), "{said}");
    fs::write(scheme.path("TL-UA.sha2"), Sha256::of(b"other").as_bytes()).unwrap();
    let (done, said) = scheme.trust(&["import", file, "--sha256", &digest]);
    assert!(!done && said.contains("was published beside it"), "{said}");
    fs::write(scheme.path("TL-UA.sha2"), Sha256::of(&list).as_bytes()).unwrap();
    let (done, said) = scheme.trust(&["import", file, "--sha256", &digest]);
    assert!(done && said.contains("NOT checked"), "{said}");
    let (_, said) = scheme.trust(&["show", "TL-UA.xml"]);
    assert!(said.contains("NOT checked") && said.contains("КНЕДП «Зразок»"), "{said}");

    let (done, said) = scheme.trust(&["import", file, "--signer", &pin]);
    assert!(done && said.contains("verified by its signature"), "{said}");
    let (done, said) = scheme.trust(&["list"]);
    assert!(
        done && said.contains("trust list of UA, issue 5") && said.contains("Sample scheme"),
        "{said}"
    );
    let (_, said) = scheme.trust(&["show", &pin[..16]]);
    assert!(said.contains("CN=Sample scheme") && said.contains("authority  yes"), "{said}");

    let imported = scheme.path("trust/TL-UA.xml");
    fs::write(&imported, of_scheme(&scheme, 6, "rsa-sha256", EXCLUSIVE)).unwrap();
    let (_, said) = scheme.trust(&["list"]);
    assert!(said.contains("not the one that was verified"), "{said}");
    fs::remove_file(scheme.path("trust/TL-UA.xml.verified")).unwrap();
    let (_, said) = scheme.trust(&["list"]);
    assert!(said.contains("nobody has verified this list"), "{said}");
}

/// The policy of an installation holds for its trust lists as for everything else.
#[test]
fn a_list_is_signed_by_what_the_policy_of_the_installation_accepts() {
    let Some(scheme) = Scheme::new(RSA) else { return };
    let list = of_scheme(&scheme, 5, "rsa-sha256", EXCLUSIVE);
    let file = scheme.path("TL-UA.xml");
    fs::write(&file, &list).unwrap();
    let url = serve(vec![("/list.xml", 200, list)]) + "/list.xml";
    let (config, pin) = (scheme.path("skrynka.toml"), scheme.pin().to_string());
    let own = |name: &str, end: &str| {
        let mut policy: toml::Table = Policy::BUILT_IN.parse().unwrap();
        let lines = policy["algorithm"].as_array_mut().unwrap();
        for line in lines.iter_mut().filter(|line| line["name"].as_str() == Some(name)) {
            line.as_table_mut().unwrap().insert("accepted_until".to_owned(), end.into());
        }
        policy.to_string()
    };
    for (policy, refused) in [
        (None, None),
        (Some(own("RSA", "no end")), None),
        (Some(own("RSA", "never")), Some("RSA")),
        (Some(own("RSA", "2025-12-31")), Some("RSA")),
        (Some(own("SHA-256", "never")), Some("SHA-256")),
    ] {
        let named = if policy.is_some() { "[signatures]\npolicy = \"policy.toml\"\n" } else { "" };
        fs::write(&config, format!("{named}[trust]\ndirectory = \"trust\"\n")).unwrap();
        fs::write(scheme.path("policy.toml"), policy.as_deref().unwrap_or_default()).unwrap();
        for what in [&["import", file.to_str().unwrap()][..], &["update", "--url", &url]] {
            let done = skrynka()
                .args(["trust", what[0], "-c"])
                .arg(&config)
                .args(&what[1..])
                .args(["--signer", &pin])
                .output()
                .unwrap();
            let said = both(&done);
            assert_eq!(done.status.success(), refused.is_none(), "{what:?}: {said}");
            assert!(said.contains(refused.unwrap_or("issue 5")), "{what:?}: {said}");
            let kept = fs::read_dir(scheme.path("trust")).unwrap().count();
            assert_eq!(kept > 0, refused.is_none(), "{what:?}");
            for entry in fs::read_dir(scheme.path("trust")).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
    }
}

/// A list that was imported once counts as long as what is in force now would take it.
#[test]
fn a_list_that_is_pinned_no_more_or_weak_by_now_is_not_used() {
    let Some(scheme) = Scheme::new(RSA) else { return };
    let file = scheme.path("TL-UA.xml");
    fs::write(&file, of_scheme(&scheme, 5, "rsa-sha256", EXCLUSIVE)).unwrap();
    let (config, pin) = (scheme.path("skrynka.toml"), scheme.pin().to_string());
    let own = |end: &str| {
        let mut policy: toml::Table = Policy::BUILT_IN.parse().unwrap();
        let lines = policy["algorithm"].as_array_mut().unwrap();
        for line in lines.iter_mut().filter(|line| line["name"].as_str() == Some("SHA-256")) {
            line.as_table_mut().unwrap().insert("accepted_until".to_owned(), end.into());
        }
        fs::write(scheme.path("policy.toml"), policy.to_string()).unwrap();
        "[signatures]\npolicy = \"policy.toml\"\n"
    };
    let pinning = |pins: &[&str], policy: &str| {
        let text = format!("{policy}[trust]\ndirectory = \"trust\"\nlist_signers = {pins:?}\n");
        fs::write(&config, text).unwrap();
    };
    let trust = |arguments: &[&str]| {
        let done = skrynka().args(arguments).arg("-c").arg(&config).output().unwrap();
        both(&done)
    };
    let other = "11".repeat(32);
    for (by_hand, pins, policy, refused) in [
        (false, vec![&*pin], "", None),
        (false, vec![&*other, &*pin], "", None),
        (false, vec![&*other], "", Some("not pinned")),
        (false, vec![], "", Some("not pinned")),
        (false, vec![&*pin], own("2020-01-01"), Some("SHA-256")),
        (true, vec![], "", None),
        // A person named it for this list.
        (true, vec![&*other], "", None),
        (true, vec![], own("2020-01-01"), Some("SHA-256")),
    ] {
        let what = format!("by hand: {by_hand}, {pins:?}, {policy:?}");
        let named = ["--signer", &*pin];
        let import = ["trust", "import", file.to_str().unwrap()];
        let at_first = if by_hand { vec![] } else { vec![&*pin] };
        pinning(&at_first, "");
        let said = trust(&[&import[..], if by_hand { &named[..] } else { &[] }].concat());
        assert!(said.contains("verified by its signature"), "{what}: {said}");
        pinning(&pins, policy);
        let used = trust(&["trust", "list"]);
        let is_used = used.contains("Sample scheme");
        assert_eq!(is_used, refused.is_none(), "{what}: {used}");
        let checked = trust(&["check"]);
        for said in [&used, &checked] {
            let is_told = said.contains("the configuration has changed since");
            assert_eq!(is_told, refused.is_some(), "{what}: {said}");
            assert!(said.contains(refused.unwrap_or_default()), "{what}: {said}");
        }
        for entry in fs::read_dir(scheme.path("trust")).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}

/// Answers each request with the file of its path, one after another.
fn serve(files: Vec<(&'static str, u16, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let missing = ("", 404, Vec::new());
            let found = files.iter().find(|(name, ..)| *name == path).unwrap_or(&missing);
            let (_, status, body) = found;
            let head = format!(
                "HTTP/1.1 {status} X\r\nLocation: /list.xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body);
        }
    });
    format!("http://{address}")
}

#[test]
fn an_update_takes_only_a_newer_list_without_any_doubt() {
    let Some(scheme) = Scheme::new(P256) else { return };
    let list = |sequence| of_scheme(&scheme, sequence, "ecdsa-sha256", INCLUSIVE);
    let change = |from: &str, to: &str| {
        let pem = fs::read(scheme.path("cert.pem")).unwrap();
        let certificate = read_certificates(&pem).unwrap().remove(0);
        let method = format!("{MORE}ecdsa-sha256");
        scheme.sign(&template(certificate.der(), 9, &method, EXCLUSIVE).replace(from, to))
    };
    let fifth = list(5);
    let sha2 = Sha256::of(&fifth).to_string().into_bytes();
    let mut cut = list(7);
    cut.truncate(cut.len() - 40);
    let url = serve(vec![
        ("/list.xml", 200, fifth.clone()),
        ("/list.sha2", 200, sha2),
        ("/older/list.xml", 200, list(4)),
        ("/same/list.xml", 200, change(">9<", ">5<")),
        ("/foreign/list.xml", 200, change(">UA<", ">PL<")),
        ("/overdue/list.xml", 200, change("2099-05-01", "2026-01-01")),
        ("/cut/list.xml", 200, cut),
        ("/moved/list.xml", 302, Vec::new()),
        ("/torn/list.xml", 200, list(8)),
        ("/torn/list.sha2", 200, vec![0; 32]),
        ("/newer/list.xml", 200, list(6)),
    ]);
    let pin = scheme.pin().to_string();
    let update =
        |path: &str| scheme.trust(&["update", "--url", &format!("{url}{path}"), "--signer", &pin]);
    let (done, said) = update("/list.xml");
    assert!(done && said.contains("issue 5"), "{said}");
    let kept = fs::read(scheme.path("trust/list.xml")).unwrap();
    assert_eq!(kept, fifth);
    for (path, words) in [
        ("/older/list.xml", "issue 4 is older than issue 5"),
        ("/same/list.xml", "same issue number 5"),
        ("/foreign/list.xml", "is of PL, and one of UA is wanted"),
        ("/overdue/list.xml", "was to be replaced by 2026-01-01"),
        ("/cut/list.xml", "cannot be read"),
        ("/moved/list.xml", "cannot fetch"),
        ("/missing/list.xml", "cannot fetch"),
        ("/torn/list.xml", "was published beside it"),
    ] {
        let (done, said) = update(path);
        assert!(!done && said.contains(words), "{path}: {said}");
        assert_eq!(fs::read(scheme.path("trust/list.xml")).unwrap(), fifth, "{path}");
    }
    let other = Sha256::of(b"another").to_string();
    let newer = format!("{url}/newer/list.xml");
    let (done, said) = scheme.trust(&["update", "--url", &newer, "--signer", &other]);
    assert!(!done && said.contains("not pinned") && said.contains("the old list stays"), "{said}");
    let (done, said) = scheme.trust(&["update", "--url", "http://example.org/a.xml"]);
    assert!(!done && said.contains("must begin with https://"), "{said}");
    let (done, said) = update("/newer/list.xml");
    assert!(done && said.contains("issue 6"), "{said}");
}

#[test]
fn a_bundle_brings_authorities_and_no_test_ones() {
    let Some(data) = interop::data() else { return };
    let scheme = tempfile::tempdir().unwrap();
    let bundle = data.join("trust/CACertificates-iit-2024-12.p7b");
    let import = |more: &[&str]| {
        let done = skrynka()
            .args(["trust", "import", "--trust"])
            .args([scheme.path(), &bundle])
            .args(more)
            .output()
            .unwrap();
        (done.status.success(), both(&done), fs::read_dir(scheme.path()).unwrap().count())
    };
    let (whole, said, real) = import(&[]);
    assert!(!whole && said.contains("--include-test"), "{said}");
    let (whole, _, all) = import(&["--include-test"]);
    assert!(whole && real > 100 && real < all, "{real} {all}");
}

#[test]
fn a_list_of_the_real_roots_is_read() {
    let Some(data) = interop::data() else { return };
    let mut roots: Vec<_> = fs::read_dir(data.join("trust")).unwrap().flatten().collect();
    roots.retain(|entry| entry.file_name().to_string_lossy().starts_with("czo-root-"));
    let mut trust = TrustStore::empty();
    for root in &roots {
        let certificate = read_certificates(&fs::read(root.path()).unwrap()).unwrap().remove(0);
        let list = template(certificate.der(), 1, "none", EXCLUSIVE);
        let list = TrustList::read(list.as_bytes()).unwrap();
        assert_eq!(list.problems, [""; 0]);
        trust = trust.with_list(list);
        assert!(trust.contains(&certificate));
    }
    assert_eq!((trust.len(), trust.services().len()), (7, 7));
}
