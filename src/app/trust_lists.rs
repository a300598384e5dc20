//! Trust lists on disk and from the network: which are accepted, how they are kept, and that only
//! an accepted one is used.
//!
//! A list lies in the trust directory as `NAME.xml` beside a note, `NAME.xml.verified`, that says
//! how it was verified and which bytes. A list without a note, or another one than the note
//! names, is not used; nor is one that the pins and the algorithm policy in force do not accept.

#[cfg(test)]
mod tests;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    algorithms::Policy,
    config,
    domain::{Sha256, Timestamp},
    trust::{ListError, ListSigner, TrustList},
};

/// What a list must fulfil.
#[derive(Clone, Debug)]
pub struct ListRules {
    /// Which algorithms its signature may rest on.
    pub algorithms: Arc<Policy>,
    /// The certificates that the configuration lets sign it.
    pub signers: Vec<Sha256>,
    /// Those that a person named for this list.
    pub named: Vec<Sha256>,
    /// The one issue that is accepted although its signature cannot be checked.
    pub sha256: Option<Sha256>,
    /// The digest that was published beside it.
    pub published: Option<Sha256>,
    /// The country that it must be of; `None`: any.
    pub territory: Option<String>,
}

/// How a list was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum HowVerified {
    /// By its own signature.
    Signature {
        /// The SHA-256 of the signer's certificate.
        signer: String,
        /// The algorithm.
        algorithm: String,
        /// Whether a person named the signer for this list, in place of the configuration. Notes of
        /// earlier versions do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_hand: Option<bool>,
    },
    /// By its digest, which a person compared; its signature was not checked.
    Digest {
        /// Why its signature was not checked.
        why: String,
    },
}

/// The note beside a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListNote {
    /// The country of the list.
    pub territory: String,
    /// The number of the issue.
    pub sequence: u64,
    /// The SHA-256 of the list.
    pub sha256: String,
    /// That of the list before it, while the one takes the other's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Where it was fetched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it was verified.
    pub verified: HowVerified,
    /// How the list before it was, as long as `previous` is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_verified: Option<HowVerified>,
}

/// What imported lists are held against each time that they are read.
#[derive(Clone, Debug)]
pub struct ListProof {
    algorithms: Arc<Policy>,
    /// `None`: no configuration is at hand that could say whom it pins.
    pins: Option<Vec<Sha256>>,
}

impl ListProof {
    /// The pins of this configuration, and this policy.
    #[must_use]
    pub fn configured(section: &config::Trust, algorithms: Arc<Policy>) -> Self {
        // A fingerprint that cannot be read matches no signer, so that a typing mistake does not lift
        // the pinning.
        let unreadable = Sha256::from_bytes([0; 32]);
        let pins = section.list_signers.iter().map(|pin| pin.parse().unwrap_or(unreadable));
        Self { algorithms, pins: Some(pins.collect()) }
    }

    /// A trust directory by itself: who signed a list when it was imported may have signed it.
    #[must_use]
    pub fn unconfigured(algorithms: Arc<Policy>) -> Self {
        Self { algorithms, pins: None }
    }

    /// Whether a list that was verified so at that moment still counts.
    fn check(
        &self,
        bytes: &[u8],
        verified: &HowVerified,
        accepted_at: Timestamp,
    ) -> Result<(), ListError> {
        let mut pins = self.pins.clone().unwrap_or_default();
        let is_unpinned = pins.is_empty();
        if let HowVerified::Signature { signer, by_hand, .. } = verified
            && (self.pins.is_none() || by_hand.unwrap_or(is_unpinned))
        {
            pins.extend(signer.parse::<Sha256>());
        }
        let Err(error) = TrustList::verify(bytes, &pins, &self.algorithms, accepted_at) else {
            return Ok(());
        };
        let is_of_digest = matches!(verified, HowVerified::Digest { .. });
        // The digest is what a person compared. What the signature is worth may speak against it.
        let is_open = error.is_unsupported()
            || matches!(error, ListError::WrongSignature { .. })
            || is_unpinned && matches!(error, ListError::UnknownSigner { .. });
        if is_of_digest && is_open { Ok(()) } else { Err(error) }
    }
}

/// A list that may be used.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The list.
    pub list: TrustList,
    /// The note to be kept beside it.
    pub note: ListNote,
}

/// Why a list is not accepted, or not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListRefusal {
    /// The list lies there and was changed after it was accepted.
    #[error(
        "the list is not the one that was verified (SHA-256 {actual}, verified {noted}); import it again"
    )]
    Changed {
        /// What lies there.
        actual: Sha256,
        /// What was verified.
        noted: String,
    },
    /// It cannot be fetched.
    #[error("cannot fetch {url}: {problem}")]
    Fetch {
        /// From where.
        url: String,
        /// Why.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The list is no list, or not proved.
    #[error(transparent)]
    List(#[from] ListError),
    /// It was accepted once, and would not be by the pins and the algorithm policy in force.
    #[error(
        "{0}; it was accepted when it was imported, and the configuration has changed since: import a \
         list that it accepts, or name the signer with --signer"
    )]
    NoLonger(#[source] ListError),
    /// It lies in the trust directory and nobody imported it.
    #[error("nobody has verified this list; import it with `skrynka trust import`")]
    NoNote,
    /// An older issue than the one at hand.
    #[error("issue {given} is older than issue {at_hand}, which is at hand")]
    Older {
        /// Its number.
        given: u64,
        /// The number of the one at hand.
        at_hand: u64,
    },
    /// The next issue is overdue.
    #[error("the list was to be replaced by {next_update}; it is {now}")]
    Overdue {
        /// When the next was due.
        next_update: Timestamp,
        /// The moment of the check.
        now: Timestamp,
    },
    /// The digest is another than the one that was asked for.
    #[error("the list has SHA-256 {actual}, and {expected} {whose}")]
    OtherDigest {
        /// That of the bytes.
        actual: Sha256,
        /// That asked for.
        expected: Sha256,
        /// Where the other comes from.
        whose: &'static str,
    },
    /// The list of another country.
    #[error("the list is of {given}, and one of {wanted} is wanted")]
    OtherTerritory {
        /// Its country.
        given: String,
        /// The one wanted.
        wanted: String,
    },
    /// The same number on other bytes.
    #[error("another list with the same issue number {sequence} is at hand")]
    SameNumber {
        /// The number.
        sequence: u64,
    },
    /// The signature was not checked, and no digest says that the list is the right one.
    #[error(
        "{source}; compare the list's SHA-256, {actual}, with what the authority publishes, put the \
         published .sha2 file beside it, and name the digest with --sha256"
    )]
    Unproved {
        /// Why the signature was not checked.
        source: ListError,
        /// The digest.
        actual: Sha256,
    },
}

/// Judges the bytes of a list: its signature by a pinned certificate, or, where this program
/// cannot check it, the digest that was published and the one that a person named.
///
/// # Errors
/// Why it is not accepted.
pub fn accept_list(
    bytes: &[u8],
    rules: &ListRules,
    now: Timestamp,
) -> Result<Accepted, ListRefusal> {
    let actual = Sha256::of(bytes);
    for (expected, whose) in
        [(rules.published, "was published beside it"), (rules.sha256, "was asked for")]
    {
        if let Some(expected) = expected.filter(|expected| *expected != actual) {
            return Err(ListRefusal::OtherDigest { actual, expected, whose });
        }
    }
    let signers = [&rules.signers[..], &rules.named].concat();
    let verified = match TrustList::verify(bytes, &signers, &rules.algorithms, now) {
        Ok(ListSigner { certificate, algorithm, .. }) => {
            let signer = certificate.sha256();
            let by_hand = Some(!rules.signers.contains(&signer));
            HowVerified::Signature { signer: signer.to_string(), algorithm, by_hand }
        }
        Err(error) => {
            let not_asked = matches!(error, ListError::UnknownSigner { .. }) && signers.is_empty();
            if !not_asked && !error.is_unsupported() {
                return Err(error.into());
            }
            if rules.sha256.is_none() || rules.published.is_none() {
                return Err(ListRefusal::Unproved { source: error, actual });
            }
            HowVerified::Digest { why: error.to_string() }
        }
    };
    let list = TrustList::read(bytes)?;
    if let Some(wanted) = rules.territory.as_ref().filter(|wanted| **wanted != list.territory) {
        let given = list.territory;
        return Err(ListRefusal::OtherTerritory { given, wanted: wanted.clone() });
    }
    let note = ListNote {
        territory: list.territory.clone(),
        sequence: list.sequence,
        sha256: actual.to_string(),
        previous: None,
        accepted_at: now,
        url: None,
        verified,
        previous_verified: None,
    };
    Ok(Accepted { list, note })
}

/// Puts an accepted list into the trust directory in place of the one of the same name. A running
/// server has the old one or the new one, at no time neither.
///
/// # Errors
/// When the one at hand is newer, or has the same number and is another, or a file cannot be
/// written. The one at hand stays.
pub fn store_list(path: &Path, bytes: &[u8], accepted: &Accepted) -> Result<(), ListRefusal> {
    let mut note = accepted.note.clone();
    if let Some(old) = read_note(path) {
        let (given, at_hand) = (note.sequence, old.sequence);
        if old.territory != note.territory {
            return Err(ListRefusal::OtherTerritory {
                given: note.territory,
                wanted: old.territory,
            });
        }
        if given < at_hand {
            return Err(ListRefusal::Older { given, at_hand });
        }
        let own = old.sha256 == note.sha256;
        if given == at_hand && !own {
            return Err(ListRefusal::SameNumber { sequence: given });
        }
        if !own {
            note.previous = Some(old.sha256);
            note.previous_verified = Some(old.verified);
        }
    }
    let beside = note_path(path);
    if note.previous.is_some() {
        replace(&beside, written(&note).as_bytes())?;
        note.previous = None;
        note.previous_verified = None;
        replace(path, bytes)?;
        return replace(&beside, written(&note).as_bytes());
    }
    replace(&beside, written(&note).as_bytes())?;
    replace(path, bytes)
}

/// Reads a list of the trust directory with its note.
///
/// # Errors
/// When it is not what was verified, is not proved by what is in force now, or cannot be read.
pub fn read_imported(path: &Path, proof: &ListProof) -> Result<(TrustList, ListNote), ListRefusal> {
    let refuse = |source| ListRefusal::File { path: path.to_owned(), source };
    let length = fs::metadata(path).map_err(refuse)?.len();
    if let Some(length) = usize::try_from(length).ok().filter(|length| *length > TrustList::MAX_LEN)
    {
        return Err(ListError::TooLong { length }.into());
    }
    let note = read_note(path).ok_or(ListRefusal::NoNote)?;
    let bytes = fs::read(path).map_err(refuse)?;
    let actual = Sha256::of(&bytes);
    let text = actual.to_string();
    let is_own = text == note.sha256;
    if !is_own && note.previous.as_ref() != Some(&text) {
        return Err(ListRefusal::Changed { actual, noted: note.sha256 });
    }
    let before = note.previous_verified.as_ref().filter(|_| !is_own);
    proof
        .check(&bytes, before.unwrap_or(&note.verified), note.accepted_at)
        .map_err(ListRefusal::NoLonger)?;
    Ok((TrustList::read(&bytes)?, note))
}

/// Whether a list at `path` was imported once: a note is there, readable or not.
pub(super) fn has_note(path: &Path) -> bool {
    note_path(path).symlink_metadata().is_ok()
}

/// The note beside the list at `path`; `None` when it cannot be read. The list itself is not read.
pub(super) fn read_note(path: &Path) -> Option<ListNote> {
    toml::from_str(&fs::read_to_string(note_path(path)).ok()?).ok()
}

/// Fetches a list, and the digest that is published beside it if there is one (`NAME.sha2`).
/// Blocks; at most a minute for each.
///
/// # Errors
/// When the list cannot be had whole, or the address is neither `https` nor on this machine.
/// A redirect is an error: the address in the configuration is the one that is meant.
pub fn download_list(url: &str) -> Result<(Vec<u8>, Option<Sha256>), ListRefusal> {
    let refuse = |problem: &str| ListRefusal::Fetch { url: url.into(), problem: problem.into() };
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    if !url.starts_with("https://") && !local.iter().any(|start| url.starts_with(start)) {
        return Err(refuse("the address must begin with https://"));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_mins(1)))
        .max_redirects(0)
        .max_redirects_will_error(true)
        .http_status_as_error(true)
        .build()
        .into();
    let fetch = |url: &str, limit: usize| {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut response = agent.get(url).call()?;
        // Some servers answer a redirect without a place to go to.
        if response.status() != 200 {
            return Err(ureq::Error::StatusCode(response.status().as_u16()));
        }
        response.body_mut().with_config().limit(limit).read_to_vec()
    };
    let bytes = fetch(url, TrustList::MAX_LEN).map_err(|error| refuse(&error.to_string()))?;
    let stem = url.strip_suffix(".xml").unwrap_or(url);
    let beside = fetch(&format!("{stem}.sha2"), 4096).ok();
    Ok((bytes, beside.and_then(|bytes| published_digest(&bytes))))
}

/// The digest in a `.sha2` file: 32 octets (ETSI TS 119 612 §6.1), or as text.
#[must_use]
pub fn published_digest(bytes: &[u8]) -> Option<Sha256> {
    if let Ok(octets) = <[u8; 32]>::try_from(bytes) {
        return Some(Sha256::from_bytes(octets));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn note_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".verified");
    name.into()
}

fn written(note: &ListNote) -> String {
    toml::to_string(note).expect("a note of texts can be written")
}

/// The whole new file or the whole old one, whatever happens meanwhile.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), ListRefusal> {
    let refuse = |source| ListRefusal::File { path: path.to_owned(), source };
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    // Public, and read by the server, which may run as another user than who imports.
    let readable = fs::Permissions::from_mode(0o644);
    let mut builder = tempfile::Builder::new();
    let mut file =
        builder.prefix(".new-").permissions(readable).tempfile_in(directory).map_err(refuse)?;
    file.write_all(bytes).map_err(refuse)?;
    file.as_file().sync_all().map_err(refuse)?;
    file.persist(path).map_err(|error| refuse(error.error))?;
    Ok(())
}
