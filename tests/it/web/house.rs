//! A house to ask: a router with a database, a vault, staff, tokens and shares of its own.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use bytes::Bytes;
use skrynka::{
    archive::{Archive, Contents},
    bundle::Document,
    clock::Clock,
    domain::{
        Actor, BranchScope, ClockState, MailId, Role, Sha256, ShareDetails, ShareId, Timestamp,
        TokenScope, TypeSource,
    },
    matching::{Case, ExaminedDocument, JudgedDocument, Judgement, Policy, judge},
    metrics::{Metrics, Task},
    registry::Registry,
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        copy, sign,
    },
    sealing::MasterKey,
    signature::{Conditions, Signed, examine},
    store::{
        AuditAction, AuditFilter, AuditRow, Grounds, Inserted, KnownBy, NewShare, NewToken,
        NewUser, Store,
    },
    trust::{TrustStore, read_certificates},
    vault::Vault,
    web,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::support::registries;

pub(crate) const PASSWORD: &str = "сім слонів пішли спати";

static HASH: LazyLock<String> = LazyLock::new(|| password_auth::generate_hash(PASSWORD));

pub(crate) struct House {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) trust: watch::Sender<Arc<TrustStore>>,
    pub(crate) readiness: web::Readiness,
    pub(crate) missing: watch::Sender<Option<Task>>,
    pub(crate) standing: watch::Sender<ClockState>,
    pub(crate) state: web::State,
    router: Router,
    registry: Arc<Registry>,
    archive: Archive,
    signer: Signer,
    /// The watches end with their senders.
    _registry: watch::Sender<Arc<Registry>>,
    directory: TempDir,
}

/// A copy to be in a share.
#[derive(Clone, Copy)]
pub(crate) struct Copy {
    pub(crate) type_code: &'static str,
    /// Signed with the seal of the house's authority.
    pub(crate) signed: bool,
    /// The file's name; the sample's own when empty.
    pub(crate) name: &'static str,
    /// The file; the sample's own when empty.
    pub(crate) content: &'static [u8],
}

impl Copy {
    pub(crate) fn signed(type_code: &'static str) -> Self {
        Self { type_code, signed: true, name: "", content: &[] }
    }
}

/// What the router answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The header with which a browser sends back the mark of its device.
    pub(crate) fn device(&self) -> String {
        let lines = self.headers.get_all(header::SET_COOKIE).iter();
        let mut marks = lines.filter_map(|line| line.to_str().unwrap().split(';').next());
        let mark = marks.find(|cookie| cookie.contains("skrynka-device=")).unwrap();
        format!("cookie: {mark}")
    }

    /// The value of the first cookie that is set, with its name: what a browser sends back.
    pub(crate) fn cookie(&self) -> String {
        let line = self.header(header::SET_COOKIE.as_str());
        line.split(';').next().unwrap().to_owned()
    }
}

impl House {
    /// A house with the certificate of its authority trusted.
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-22T08:30:00Z".parse().unwrap();
        let clock = Clock::fixed(now);
        let master = MasterKey::generate().unwrap();
        let url = format!("sqlite:{}", directory.path().join("skrynka.db").display());
        let store = Store::open(&url, &master.check_value()).await.unwrap();
        let vault = Vault::make(&directory.path().join("vault"), &master).unwrap();
        let archive = Archive::new(store.clone(), vault);
        let registry = Arc::new(Registry::parse(registries::TOWN).unwrap());
        store.apply_registry(&registry, &Actor::CommandLine, now).await.unwrap();
        let validity = Validity::days(now.plus_seconds(-86_400), 365);
        let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
        let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let anchors = read_certificates(authority.certificate()).unwrap();
        let (trust, trust_seen) = watch::channel(Arc::new(TrustStore::new(anchors)));
        let (registry_sender, registry_seen) = watch::channel(Arc::clone(&registry));
        let readiness = web::Readiness::default();
        let (missing, missing_seen) = watch::channel(None);
        let state = ClockState { now, greatest: Some(now) };
        let (standing, standing_seen) = watch::channel(state);
        let state = web::State {
            store: store.clone(),
            archive: archive.clone(),
            registry: registry_seen,
            trust: trust_seen,
            readiness: readiness.clone(),
            missing: missing_seen,
            standing: standing_seen,
            clock: clock.clone(),
            metrics: Metrics::new(),
            limits: web::Limits::default(),
            sign_ins: web::SignIns::default(),
        };
        let router = web::router(state.clone());
        Self {
            clock,
            store,
            trust,
            readiness,
            missing,
            standing,
            router,
            state,
            registry,
            archive,
            signer,
            _registry: registry_sender,
            directory,
        }
    }

    /// Adds a member of staff with [`PASSWORD`].
    pub(crate) async fn add_user(&self, name: &str, role: Role, branches: &[&str]) {
        let user = NewUser {
            name: name.to_owned(),
            password_hash: HASH.clone(),
            role,
            scope: scope(branches),
        };
        self.store.add_user(&user, &Actor::CommandLine, self.clock.now()).await.unwrap();
    }

    /// Adds an API token and tells it.
    pub(crate) async fn add_token(&self, name: &str, branches: &[&str]) -> String {
        let token = web::Token::random().unwrap();
        let row = NewToken {
            name: name.to_owned(),
            digest: token.digest(),
            scope: TokenScope::SharesRead,
            branches: scope(branches),
        };
        self.store.add_token(&row, &Actor::CommandLine, self.clock.now()).await.unwrap();
        token.as_str().to_owned()
    }

    /// Where the vault keeps the objects of a share: their files end with these names.
    pub(crate) fn object(&self, share: ShareId, name: &str) -> PathBuf {
        let mut folders = vec![self.directory.path().join("vault")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let words = path.to_string_lossy();
                if path.is_dir() {
                    folders.push(path);
                } else if words.contains(&share.to_string()) && words.contains(name) {
                    return path;
                }
            }
        }
        panic!("the vault has no {name} of {share}");
    }

    /// Sends a request; headers are given as `name: value`.
    pub(crate) async fn ask(&self, request: &str, headers: &[&str], body: &str) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let mut builder = Request::builder().method(method).uri(path);
        if headers.iter().all(|line| !line.starts_with("host:")) {
            builder = builder.header(header::HOST, "127.0.0.1:8080");
        }
        for line in headers {
            let (name, value) = line.split_once(": ").unwrap();
            builder = builder.header(name, value);
        }
        let request = builder.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[&format!("cookie: {cookie}")], "").await
    }

    /// GET with an API token.
    pub(crate) async fn call(&self, path: &str, token: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[&format!("authorization: Bearer {token}")], "").await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, headers: &[&str], form: &str) -> Answer {
        let mut headers = headers.to_vec();
        headers.push("content-type: application/x-www-form-urlencoded");
        self.ask(&format!("POST {path}"), &headers, form).await
    }

    /// Signs in and tells the cookie.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let form = format!("name={name}&password={}", encoded(PASSWORD));
        let answer = self.post("/login", &[], &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        answer.cookie()
    }

    /// The lines of the audit with this action, the latest first.
    pub(crate) async fn audit(&self, action: AuditAction) -> Vec<AuditRow> {
        let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
        self.store.audit_rows(&filter, 1000).await.unwrap()
    }

    /// Judges and keeps a share as the pipeline does. The number makes it unlike others and the
    /// later the greater.
    pub(crate) async fn keep(&self, number: u8, branch: &str, copies: &[Copy]) -> ShareId {
        let received_at = self.clock.now().plus_seconds(i64::from(number));
        let mail = MailId::new(received_at, [number; 10]);
        let branch = self.registry.branch(&branch.parse().unwrap()).unwrap();
        let share = ShareId::of(mail, &branch.id);
        let documents = copies
            .iter()
            .zip(1_u64..)
            .map(|(copy, place)| self.examine(*copy, u64::from(number) * 10 + place, received_at))
            .collect();
        let judgement = judge(Case {
            share,
            branch,
            named: None,
            received_at,
            has_trust_list: false,
            documents,
            opening: Vec::new(),
            policy: &Policy { quarantine_days: 30, issuers: registries::issuers() },
        });
        self.insert(number, mail, &judgement).await;
        share
    }

    fn examine(&self, wanted: Copy, number: u64, at: Timestamp) -> ExaminedDocument {
        let type_code = wanted.type_code.parse().unwrap();
        let copy = copy::Copy::new(&type_code, number, at);
        let name = if wanted.name.is_empty() { copy.name() } else { wanted.name };
        let content = if wanted.content.is_empty() { copy.content() } else { wanted.content };
        let mut signatures = Vec::new();
        if wanted.signed {
            signatures.push(Bytes::from(sign::detached(content, &self.signer, at).unwrap()));
        }
        let signed = Signed { content: Some(Bytes::copy_from_slice(content)), signatures };
        let trust = Arc::clone(&self.trust.borrow());
        let examined = examine(&signed, &Conditions::new(&trust, at));
        let signature_names = signed.signatures.iter().map(|_| format!("{name}.p7s")).collect();
        let document = Document {
            name: name.to_owned(),
            type_code,
            type_source: Some(TypeSource::Name),
            made_at: Some(at),
            signed,
            signature_names,
            encrypted: Vec::new(),
        };
        ExaminedDocument { document, examined }
    }

    async fn insert(&self, number: u8, id: MailId, judgement: &Judgement) {
        let message_id = format!("share-{number}@mail.example.ua");
        let details = ShareDetails {
            sender: Some("testova.osoba@mail.example.ua".parse().unwrap()),
            recipients: vec![format!("{}@docs.example.ua", judgement.branch()).parse().unwrap()],
            message_id: Some(message_id),
            subject: Some("Тестова тема".to_owned()),
            peer: "192.0.2.1".to_owned(),
        };
        let mail = raw_mail(number);
        let new = NewShare {
            judgement,
            mail: id,
            mail_place: 0,
            judged_at: judgement.received_at().plus_seconds(1),
            mail_bytes: u64::try_from(mail.len()).unwrap(),
            known_by: self.known_by(judgement),
            grounds: Grounds { trust: Sha256::of(b"trust"), look_at: None, topics: Vec::new() },
            branch: self.registry.branch(judgement.branch()).unwrap(),
        };
        let contents = Contents { mail, details: &details, records: &[] };
        assert_eq!(self.archive.keep(&new, contents).await.unwrap(), Inserted::New);
    }

    /// Each document by its content.
    fn known_by(&self, judgement: &Judgement) -> KnownBy {
        let of_document = |judged: &JudgedDocument| {
            let content = judged.examined().content();
            (judged.number(), vec![self.archive.fingerprint("document-content", content)])
        };
        let documents = judgement.documents().iter().map(of_document).collect();
        KnownBy { documents, stale_from: judgement.received_at().plus_days(3) }
    }
}

/// The bytes of the mail that the share of that number came in.
pub(crate) fn raw_mail(number: u8) -> Vec<u8> {
    let mut raw = format!("Message-ID: <share-{number}@mail.example.ua>\r\n\r\n").into_bytes();
    raw.extend([0x00, 0xff, b'\n', b'\r']);
    raw
}

/// The bytes of the sample copy with that number.
pub(crate) fn content(type_code: &str, number: u64, at: Timestamp) -> Vec<u8> {
    copy::Copy::new(&type_code.parse().unwrap(), number, at).content().to_vec()
}

/// Percent-encoded for a form.
pub(crate) fn encoded(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    bytes.concat()
}

fn scope(branches: &[&str]) -> BranchScope {
    if branches.is_empty() {
        return BranchScope::All;
    }
    BranchScope::Only(branches.iter().map(|id| id.parse().unwrap()).collect())
}
