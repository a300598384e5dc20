//! What is a document, by files that other people's software wrote.

use std::{cell::Cell, fs, path::Path, time::Duration};

use skrynka::{
    content::{self, Purse},
    domain::{DocumentForm, NotADocument},
    sample::client::Client,
};

use crate::support::{
    installation::{Installation, Server, wait_for},
    interop,
};

/// Everything may be read.
struct Rich(Cell<usize>);

impl Purse for Rich {
    fn spend(&self, bytes: usize) -> bool {
        self.0.set(self.0.get() + bytes);
        true
    }

    fn affords(&self, _: usize) -> bool {
        true
    }
}

fn judge(file: &Path) -> Result<DocumentForm, NotADocument> {
    let bytes = fs::read(file).unwrap();
    let purse = Rich(Cell::new(0));
    let judged = content::document(&bytes, &purse);
    let cost = purse.0.get();
    assert!(cost < (bytes.len() + 2048) * 64, "{} costs {cost}", file.display());
    judged
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_other_programs_write_is_a_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/content");
    let mut read = 0;
    for file in files(&folder) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = match file.extension().and_then(|ending| ending.to_str()) {
            // Also those that open without a password: nobody can compare what they show.
            Some("pdf") if name.starts_with("encrypted") => Err(NotADocument::PdfEncrypted),
            Some("pdf") => Ok(DocumentForm::Pdf),
            Some("jpg") => Ok(DocumentForm::Jpeg),
            Some("png") => Ok(DocumentForm::Png),
            _ => continue,
        };
        assert_eq!(judge(&file), expected, "{name}");
        read += 1;
    }
    assert!(read > 20, "{read} files");
}

#[test]
fn signed_pdf_files_of_other_programs_are_documents() {
    let Some(data) = interop::data() else { return };
    let mut read = 0;
    for folder in ["pades", "field/signature", "uapki-gen"] {
        let folder = data.join(folder);
        if !folder.is_dir() {
            continue;
        }
        for file in files(&folder) {
            if file.extension().is_some_and(|ending| ending == "pdf") {
                assert_eq!(judge(&file), Ok(DocumentForm::Pdf), "{}", file.display());
                read += 1;
            }
        }
    }
    assert!(read > 5, "{read} files");
}

/// The rows of `field/mail` that stand for what was signed and what it is called.
#[test]
fn mails_of_the_field_end_as_their_content_says() {
    let Some(data) = interop::data().map(|data| data.join("field/mail")) else { return };
    let registry = fs::read_to_string(data.join("registry.toml")).unwrap();
    let installation = Installation::new(&registry);
    installation.trust("ca.pem", fs::read(data.join("trust/ca.pem")).unwrap());
    let token = installation.token();
    let server = installation.start();
    for (file, id, verdict, finding) in [
        (
            "F1-taxpayer-card-renamed-passport",
            "F1-renamed@fc354b.example",
            "verified",
            "type_by_name",
        ),
        ("c21-empty-pdf-signed-empty", "", "undetermined", "not_a_document:empty"),
        ("c30-text-signed-as-passport", "", "undetermined", "not_a_document:text"),
        ("g09-opaque-named-as-copy", "", "undetermined", "not_a_document:mail"),
    ] {
        let id = if id.is_empty() { format!("{file}@f0797b.example") } else { id.to_owned() };
        let mail = fs::read(data.join(format!("{file}.eml"))).unwrap();
        send(&server, &mail);
        let share = wait_for("the share is judged", || {
            let page = server.json(&format!("/api/v1/shares?message_id={id}"), &token);
            page["items"].get(0).cloned()
        });
        let findings: Vec<String> =
            share["findings"].as_array().unwrap().iter().map(said).collect();
        assert_eq!(share["verdict"], verdict, "{file}: {share:#}");
        assert!(findings.iter().any(|said| said == finding), "{file}: {findings:?}");
        assert_eq!(share["documents"][0]["type"], "internal-passport", "{file}");
        assert_eq!(share["documents"][0]["type_source"], "name", "{file}");
    }
}

/// A finding as its code, with its detail behind a colon.
fn said(finding: &serde_json::Value) -> String {
    let code = finding["code"].as_str().unwrap();
    finding["detail"].as_str().map_or_else(|| code.to_owned(), |detail| format!("{code}:{detail}"))
}

fn send(server: &Server, mail: &[u8]) {
    let from = "testova.osoba@mail.example.ua".parse().unwrap();
    let to = "lib1@docs.example.ua".parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.example.ua").await.unwrap();
        let sent = client.send(Some(&from), &[to], mail).await.unwrap();
        assert!(sent.is_accepted(), "{}", sent.last());
    });
}
