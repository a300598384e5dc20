//! The dashboard's certificate from a real authority of ACME: Pebble, which Let's Encrypt made for tests.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::json;
use skrynka::clock::Clock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    certificate::{Wanted, issue, self_signed},
    installation::{Installation, Server, both, wait_for},
    registries,
    smtp_client::SmtpClient,
    tls_client,
};

/// What the machine's own resolver finds on the loopback address, as Pebble does.
const HOST: &str = "localhost";

/// An authority that looks at a domain at one port. Killed when dropped.
struct Pebble {
    child: Child,
    directory: String,
    files: TempDir,
}

impl Pebble {
    /// `None`, said aloud, where it is not installed; in CI it is a must.
    #[expect(clippy::print_stderr, reason = "a test that skips says so")]
    fn start(looks_at: SocketAddr) -> Option<Self> {
        let files = TempDir::new().unwrap();
        let own = self_signed(HOST, 5);
        let path = |name: &str| files.path().join(name);
        fs::write(path("pebble.pem"), &own.chain_pem).unwrap();
        fs::write(path("pebble.key"), &own.key_pem).unwrap();
        let address = free_address();
        let settings = json!({ "pebble": {
            "listenAddress": address.to_string(),
            "managementListenAddress": "",
            "certificate": path("pebble.pem"),
            "privateKey": path("pebble.key"),
            "httpPort": looks_at.port(),
            "tlsPort": looks_at.port(),
        }});
        fs::write(path("pebble.json"), settings.to_string()).unwrap();
        let started = Command::new("pebble")
            .arg("-config")
            .arg(path("pebble.json"))
            .envs([
                // It looks at once, at every order anew, and takes every nonce.
                ("PEBBLE_VA_NOSLEEP", "1"),
                ("PEBBLE_AUTHZREUSE", "0"),
                ("PEBBLE_WFE_NONCEREJECT", "0"),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else {
            assert!(std::env::var_os("CI").is_none(), "CI needs the package pebble");
            eprintln!("SKIPPED: pebble is not installed");
            return None;
        };
        let mut words = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = words.find(|line| line.contains("Listening on"));
        assert!(said.is_some(), "Pebble did not start");
        // Read to the end, so that it never waits for its words to be taken.
        thread::spawn(move || words.for_each(drop));
        let directory = format!("https://{HOST}:{}/dir", address.port());
        Some(Self { child, directory, files })
    }

    fn certificate(&self) -> PathBuf {
        self.files.path().join("pebble.pem")
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An installation whose dashboard is at `listen`, with a certificate from the authority there.
fn installation(listen: SocketAddr, directory: &str, ca_file: &Path) -> Installation {
    let installation = Installation::new(registries::SCHOOL);
    let file = installation.config_file();
    let text = fs::read_to_string(&file).unwrap();
    let section = format!(
        "\n[web.acme]\nagree_to_terms = true\ncontact = \"admin@example.ua\"\ndomains = [\"{HOST}\"]\n\
         directory = \"{directory}\"\nca_file = '{}'\n",
        ca_file.display()
    );
    let text = text.replacen("127.0.0.1:0", "SMTP", 1).replacen("127.0.0.1:0", "WEB", 1);
    let text = text.replace("SMTP", "127.0.0.1:0").replace("WEB", &listen.to_string());
    fs::write(&file, text + &section).unwrap();
    installation
}

/// The certificates in the cache, the server's own first.
fn cached(installation: &Installation) -> Vec<CertificateDer<'static>> {
    let path = installation.path().join("data/acme/certificate.pem");
    CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect()
}

fn private(path: &Path) -> bool {
    matches!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600 | 0o700)
}

/// What the readiness says of the certificate.
fn standing(server: &Server) -> String {
    let url = format!("http://{}/readyz", server.metrics);
    let mut answer = ureq::get(&url).call().unwrap();
    let answer: serde_json::Value = answer.body_mut().read_json().unwrap();
    assert_eq!(answer["ready"], true, "{answer}");
    answer["checks"]["certificate"].as_str().unwrap().to_owned()
}

/// The certificate that the server shows to who trusts `root`, and its login page.
async fn login_page(server: &Server, root: &[u8]) -> Option<(Vec<u8>, String)> {
    let stream = tokio::net::TcpStream::connect(server.web).await.unwrap();
    let mut stream = tls_client::handshake(stream, HOST, root, &["http/1.1"]).await.ok()?;
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let request = "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    Some((shown, page))
}

#[tokio::test]
async fn a_certificate_is_got_kept_and_renewed() {
    let listen = free_address();
    let Some(pebble) = Pebble::start(listen) else { return };
    let installation = installation(listen, &pebble.directory, &pebble.certificate());
    let server = installation.start();
    server.wait_for_log("the dashboard has a new certificate", 1);
    assert_eq!(standing(&server), "ok");
    let first = cached(&installation);
    assert!(first.len() > 1, "the chain is there");
    let (shown, page) = login_page(&server, &first[1]).await.unwrap();
    assert_eq!(shown, *first[0]);
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains("strict-transport-security: "), "{page}");
    let end = "skrynka_tls_expiry_timestamp_seconds{listener=\"web\"} ";
    wait_for("the end is told", || server.metrics_text().contains(end).then_some(()));
    let cache = installation.path().join("data/acme");
    let account = fs::read(cache.join("account.json")).unwrap();
    for path in ["", "account.json", "certificate.pem"] {
        assert!(private(&cache.join(path)), "{path}");
    }
    // Nobody but the authority is shown what answers its challenge.
    let stream = tokio::net::TcpStream::connect(server.web).await.unwrap();
    assert!(tls_client::handshake(stream, HOST, &first[1], &["acme-tls/1"]).await.is_err());
    assert!(server.stop().success());
    let checked = both(&installation.run(&["check"], ""));
    assert!(checked.contains("HTTPS as localhost, with a certificate"), "{checked}");
    assert!(checked.contains("port 443 of localhost"), "{checked}");

    // A start asks nobody while the certificate is good.
    let server = installation.start();
    let (shown, _) = login_page(&server, &first[1]).await.unwrap();
    assert_eq!(shown, *first[0]);
    assert!(!server.log().contains("a new certificate"), "{}", server.log());
    assert!(server.stop().success());

    // One that has a tenth of its time left.
    let now = Clock::system().now();
    let (from, to) = (now.plus_seconds(-90 * 86_400), now.plus_seconds(10 * 86_400));
    let hosts = [HOST];
    let wanted = Wanted { subject: HOST, hosts: &hosts, from, to, seed: 6, is_authority: false };
    let old = issue(wanted, wanted);
    let both = format!("{}{}", old.chain_pem, old.key_pem);
    fs::write(cache.join("certificate.pem"), both).unwrap();
    let server = installation.start();
    server.wait_for_log("the dashboard has a new certificate", 1);
    let renewed = cached(&installation);
    assert!(*renewed[0] != *first[0] && *renewed[0] != old.chain_der);
    let (shown, _) = login_page(&server, &renewed[1]).await.unwrap();
    assert_eq!(shown, *renewed[0]);
    assert_eq!(fs::read(cache.join("account.json")).unwrap(), account, "the account stays");
    assert!(server.stop().success());
}

#[tokio::test]
async fn without_the_authority_mail_is_taken_and_the_dashboard_opens_for_nobody() {
    let (files, own) = (TempDir::new().unwrap(), self_signed(HOST, 5));
    let root = files.path().join("root.pem");
    fs::write(&root, &own.chain_pem).unwrap();
    let nobody = format!("https://{HOST}:{}/dir", free_address().port());
    let installation = installation(free_address(), &nobody, &root);
    let server = installation.start();
    let told = server.wait_for_log("the dashboard's certificate was not got", 1);
    assert_eq!(told["level"], "ERROR");
    assert!(told.to_string().contains(&nobody), "{told}");
    assert!(standing(&server).contains("no certificate yet"), "{}", standing(&server));
    assert!(login_page(&server, &own.chain_der).await.is_none());
    assert!(!server.metrics_text().contains("listener=\"web\""));
    let mut client = SmtpClient::in_data(server.smtp, "school@docs.example.ua").await;
    assert_eq!(client.command("Subject: a\r\n\r\nHello\r\n.").await.code, 250);
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_domain_that_leads_elsewhere_is_named() {
    // There listens nobody.
    let Some(pebble) = Pebble::start(free_address()) else { return };
    let listen = free_address();
    let installation = installation(listen, &pebble.directory, &pebble.certificate());
    let server = installation.start();
    let told = server.wait_for_log("the dashboard's certificate was not got", 1).to_string();
    for words in ["could not see that localhost is this server", "port 443 of that name"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(server.stop().success());
}

#[test]
fn a_wrong_file_of_authorities_is_named_before_anything_starts() {
    let installation =
        installation(free_address(), "https://localhost/dir", Path::new("/nothing.pem"));
    let refused = installation.run(&["serve"], "");
    assert!(!refused.status.success());
    assert!(both(&refused).contains("/nothing.pem"), "{}", both(&refused));
}
