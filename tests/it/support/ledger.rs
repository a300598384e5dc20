//! What was acknowledged, held against what is kept: each mail once for each branch that it came to,
//! byte for byte, and of two with the same copy the later one a duplicate of the earlier.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use skrynka::{
    archive::Archive,
    domain::{
        BranchScope, FindingCode, MailAddress, MailId, Sha256, ShareId, ShareRow, Timestamp,
        without_trace,
    },
    metrics::Metrics,
    sample::{
        authority::Signer,
        copy::Copy,
        mail::{Attachment, Draft},
    },
    sealing::MasterKey,
    spool::{Spool, SpoolSettings},
    store::ShareFilter,
};

use super::{installation::Installation, registries::school_and_library};

/// A school and a library.
pub(crate) fn registry() -> String {
    school_and_library("[\"birth-certificate\"]", "[\"student-id-card\"]")
}

/// Whom a mail is for, by turns, and the branches that must have it.
pub(crate) const RECIPIENTS: [(&[&str], &[&str]); 3] = [
    (&["school@docs.example.ua"], &["school"]),
    (&["school@docs.example.ua", "library@docs.example.ua"], &["school", "library"]),
    (&["library+card@docs.example.ua", "library@docs.example.ua"], &["library"]),
];

/// An acknowledged mail.
pub(crate) struct Sent {
    pub(crate) message: Sha256,
    pub(crate) branches: &'static [&'static str],
    /// The mail acknowledged before this one was sent that has the same copy. Both are for the first
    /// of their branches alone.
    pub(crate) first: Option<MailId>,
}

/// All that was acknowledged, by the id in the reply.
pub(crate) type Ledger = BTreeMap<MailId, Sent>;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) acknowledged: usize,
    pub(crate) lost: usize,
    pub(crate) changed: usize,
    pub(crate) duplicated: usize,
    /// Those whose link to the first mail with the same copy is missing, wrong, or too much.
    pub(crate) misordered: usize,
    pub(crate) stuck: usize,
}

impl Counts {
    /// What is to be found when so many mails were acknowledged.
    pub(crate) fn faultless(acknowledged: usize) -> Self {
        Self { acknowledged, ..Self::default() }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            acknowledged: self.acknowledged + other.acknowledged,
            lost: self.lost + other.lost,
            changed: self.changed + other.changed,
            duplicated: self.duplicated + other.duplicated,
            misordered: self.misordered + other.misordered,
            stuck: self.stuck + other.stuck,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} mails acknowledged, {} lost, {} changed, {} duplicated, {} out of order, {} stuck",
            self.acknowledged,
            self.lost,
            self.changed,
            self.duplicated,
            self.misordered,
            self.stuck
        )
    }
}

/// Looks at all that an installation keeps; its server must not run. A mail of one name is sent once,
/// so it is there once for a branch, also when its 250 did not come through.
pub(crate) async fn compare(installation: &Installation, ledger: &Ledger) -> Counts {
    let archive = installation.open().await;
    let kept = everything(&archive).await;
    let mut names = BTreeMap::<_, usize>::new();
    for share in kept.values() {
        *names.entry((&share.row.branch, &share.name)).or_default() += 1;
    }
    let mut counts = Counts::faultless(ledger.len());
    counts.duplicated = names.values().map(|times| times - 1).sum();
    for (mail, sent) in ledger {
        for branch in sent.branches {
            let at = |mail| ShareId::of(mail, &branch.parse().unwrap());
            let Some(share) = kept.get(&at(*mail)) else {
                counts.lost += 1;
                continue;
            };
            counts.changed += usize::from(share.message != sent.message);
            let first: Vec<_> = sent.first.map(|first| at(first).to_string()).into_iter().collect();
            counts.misordered += usize::from(duplicates_of(&share.row) != first);
        }
    }
    counts.stuck = left_in_the_spool(installation);
    counts
}

/// A share with its mail's name and bytes.
struct Kept {
    row: ShareRow,
    name: String,
    message: Sha256,
}

async fn everything(archive: &Archive) -> BTreeMap<ShareId, Kept> {
    let (store, filter) = (archive.store(), ShareFilter::default());
    let mut kept = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = store.shares(&BranchScope::All, &filter, cursor, 200).await.unwrap();
        for share in page.items {
            let share = archive.open(share.id, &BranchScope::All).await.unwrap().unwrap();
            // One whose mail is not there or does not open is a changed one.
            let mail = share.mail().await.ok().flatten().unwrap_or_default();
            let row = share.row().clone();
            let sent = without_trace(&mail);
            let (name, message) = (name_in(sent), Sha256::of(sent));
            assert!(kept.insert(row.id, Kept { row, name, message }).is_none());
        }
        cursor = page.next;
        if cursor.is_none() {
            return kept;
        }
    }
}

/// The first receipts that the duplicates of a share are linked to.
fn duplicates_of(share: &ShareRow) -> Vec<String> {
    let duplicates = share.findings.iter().filter(|found| found.code == FindingCode::Duplicate);
    duplicates.filter_map(|finding| finding.detail.clone()).collect()
}

fn name_in(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: "));
    id.unwrap_or_default().to_owned()
}

/// How many mails a new start would find.
fn left_in_the_spool(installation: &Installation) -> usize {
    let master = MasterKey::load(&installation.path().join("master.key")).unwrap();
    let directory = installation.path().join("data/spool");
    let settings = SpoolSettings::default();
    Spool::open(&directory, master.key("spool"), settings, Metrics::new()).unwrap().backlog().0
}

/// Lets segments be closed, drained and written again all the time.
pub(crate) fn use_small_segments(installation: &Installation) {
    let path = installation.config_file();
    let config = std::fs::read_to_string(&path).unwrap();
    let limits = format!("{config}\n[spool.limits]\nsegment_bytes = {}\n", 256 << 10);
    std::fs::write(&path, limits).unwrap();
}

/// A mail without a copy, of about `size` bytes.
pub(crate) fn letter(name: &str, size: usize) -> Vec<u8> {
    let mut text = format!(
        "Message-ID: <{name}@mail.example.ua>\r\nSubject: {name}\r\n\r\n.a line with a dot\r\n"
    );
    while text.len() < size {
        let _ = write!(text, "{name} {}\r\n", text.len());
    }
    text.into_bytes()
}

/// A mail with the copy of this number; signed where there is a signer.
pub(crate) fn with_copy(name: &str, copy: u64, signer: Option<&Signer>) -> Vec<u8> {
    let date: Timestamp = "2026-09-01T10:00:00Z".parse().unwrap();
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), copy, date);
    let attachment = |signer: &Signer| -> Attachment { copy.attached(signer, date).unwrap() };
    let attachments = vec![signer.map_or_else(|| copy.unsigned(), attachment)];
    let draft = Draft {
        message_id: format!("{name}@mail.example.ua"),
        from: sender(),
        to: "school@docs.example.ua".parse().unwrap(),
        date,
        subject: "copies".to_owned(),
        text: String::new(),
        attachments,
    };
    draft.compose()
}

/// Who sends.
pub(crate) fn sender() -> MailAddress {
    "testova.osoba@mail.example.ua".parse().unwrap()
}

/// Numbers that follow from a seed; `SplitMix64`.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A seed that differs from run to run, or the one in `SKRYNKA_SEED`; said aloud.
    #[expect(clippy::print_stdout, reason = "the seed belongs into the test's output")]
    pub(crate) fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the variable repeats a run")]
        let seed = std::env::var("SKRYNKA_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = seed.unwrap_or_else(|| {
            let mut seed = [0; 8];
            getrandom::fill(&mut seed).unwrap();
            u64::from_le_bytes(seed)
        });
        println!("seed {seed}");
        Self(seed)
    }

    /// Others, that follow from these and a number.
    pub(crate) fn fork(&self, number: u64) -> Self {
        let mut fork = Self(self.0 ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        fork.next();
        fork
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
