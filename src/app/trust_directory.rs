//! Reading the trust directory: certificates, and the trust lists that were imported into it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::trust_lists::{ListProof, ListRefusal, has_note, read_imported, read_note};
use crate::{
    algorithms::Policy,
    app::AppError,
    config,
    trust::{self, Certificate, TrustList, TrustStore},
};

/// The largest file that is read as a certificate, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a trust directory holds.
#[derive(Clone, Debug)]
pub struct TrustDirectory {
    /// The certificates and the services of the lists.
    pub store: TrustStore,
    /// Files that are not used, each with the reason.
    pub problems: Vec<String>,
    /// Files that cannot be read now, for a reason that may pass: what they held is in force.
    pub unread: Vec<String>,
    files: Files,
}

/// What each file of a trust directory held when it was last read, or why it is not used.
type Files = BTreeMap<PathBuf, Result<Held, String>>;

#[derive(Clone, Debug)]
enum Held {
    Certificates(Vec<Certificate>),
    /// A list, and where it was fetched from.
    List(TrustList, Option<String>),
}

/// Reads every file of `directory` whose name does not begin with a dot, in order of names. A
/// file that is not a certificate is named as a problem and does not stop the others. A trust list
/// (`.xml`) counts only while it is what was verified when it was imported, and `proof` accepts it.
///
/// # Errors
/// [`AppError::TrustDirectory`] when the directory, or a file in it, cannot be read for a reason that
/// may pass.
pub fn read_trust_directory(
    directory: &Path,
    proof: &ListProof,
) -> Result<TrustDirectory, AppError> {
    read_after(directory, proof, None)
}

/// The same after it was read `before`: of a file that cannot be read now, for a reason that may pass,
/// what it held then stays in force. What is gone by name is gone.
fn read_after(
    directory: &Path,
    proof: &ListProof,
    before: Option<&TrustDirectory>,
) -> Result<TrustDirectory, AppError> {
    let refuse = |source| AppError::TrustDirectory { path: directory.to_owned(), source };
    let mut paths = fs::read_dir(directory)
        .map_err(refuse)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    paths.sort();
    let (mut files, mut unread) = (Files::new(), Vec::new());
    for path in &paths {
        let read = if is_list_file(path) {
            read_list(path, proof)
        } else if is_certificate_file(path) {
            read_certificate_file(path)
        } else {
            continue;
        };
        let held = match (read, before) {
            (Ok(held), _) => held,
            (Err(source), None) => {
                return Err(AppError::TrustDirectory { path: path.clone(), source });
            }
            (Err(error), Some(before)) => {
                let why = format!("{}: {error}", path.display());
                let held = before.files.get(path).cloned();
                unread.push(why);
                held.unwrap_or_else(|| Err(error.to_string()))
            }
        };
        files.insert(path.clone(), held);
    }
    for note in paths.iter().filter(|path| is_note_file(path)) {
        let list = note.with_extension("");
        if !paths.contains(&list) {
            files.insert(list, Err("the list is gone, and its note is there".to_owned()));
        }
    }
    Ok(TrustDirectory::of(files, unread))
}

/// A list, or why it is not used.
fn read_list(path: &Path, proof: &ListProof) -> io::Result<Result<Held, String>> {
    match read_imported(path, proof) {
        Ok((list, note)) => Ok(Ok(Held::List(list, note.url))),
        Err(ListRefusal::File { source, .. }) if may_pass(&source) => Err(source),
        Err(why) => Ok(Err(why.to_string())),
    }
}

/// The certificates of a file, or why they are not used.
fn read_certificate_file(path: &Path) -> io::Result<Result<Held, String>> {
    match read(path) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| {
            let found = trust::read_certificates(&bytes);
            found.map(Held::Certificates).map_err(|error| error.to_string())
        })),
        Err(source) if may_pass(&source) => Err(source),
        Err(error) => Ok(Err(error.to_string())),
    }
}

impl TrustDirectory {
    fn of(files: Files, unread: Vec<String>) -> Self {
        let mut problems = Vec::new();
        let (mut certificates, mut lists, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
        for (path, held) in &files {
            match held {
                Ok(Held::Certificates(found)) => certificates.extend(found.iter().cloned()),
                Ok(Held::List(list, url)) => {
                    let told = list.problems.iter();
                    problems.extend(told.map(|problem| format!("{}: {problem}", path.display())));
                    lists.push((path, list, url));
                }
                Err(why) => {
                    problems.push(format!("{}: {why}", path.display()));
                    unusable.extend(is_list_file(path).then_some(path));
                }
            }
        }
        let mut store = TrustStore::new(certificates);
        for path in unusable {
            store = if has_note(path) {
                store.with_lost_list(read_note(path).map(|note| (note.territory, note.sequence)))
            } else {
                // Nobody has imported it, so nothing was ever believed by it.
                store.expecting_list()
            };
        }
        for (_, list, url) in &lists {
            store = store.with_list_from((*list).clone(), (*url).clone());
        }
        for (path, list, _) in &lists {
            if let Some(newest) = store.newer_issue(list) {
                problems.push(format!(
                    "{}: issue {} of the trust list of {} is not used but for what it has withdrawn: \
                     issue {newest} is there, and of several issues the newest alone counts",
                    path.display(),
                    list.sequence,
                    list.territory,
                ));
            }
        }
        Self { store, problems, unread, files }
    }
}

/// The same by what `[trust]` says of its lists, and by this algorithm policy. Where the directory was
/// read `before`, a file that cannot be read now, for a reason that may pass, holds what it held then.
///
/// # Errors
/// As [`read_trust_directory`]; after it was read before, only when the directory cannot be listed.
pub fn read_trust(
    section: &config::Trust,
    algorithms: &Arc<Policy>,
    before: Option<&TrustDirectory>,
) -> Result<TrustDirectory, AppError> {
    const SECONDS_PER_DAY: i64 = 86_400;
    let proof = ListProof::configured(section, Arc::clone(algorithms));
    let read = read_after(&section.directory, &proof, before)?;
    let store = read.store.with_algorithms(Arc::clone(algorithms));
    let store = store.with_grace(i64::from(section.list_grace_days) * SECONDS_PER_DAY);
    let store = if section.expects_list() { store.expecting_list() } else { store };
    Ok(TrustDirectory { store, ..read })
}

/// The algorithm policy of an installation: its own, or the one that is built in.
///
/// # Errors
/// As [`read_algorithm_policy`].
pub fn algorithm_policy(section: &config::Signatures) -> Result<Arc<Policy>, AppError> {
    section.policy.as_deref().map_or_else(|| Ok(Policy::built_in()), read_algorithm_policy)
}

/// Reads an algorithm policy.
///
/// # Errors
/// [`AppError::AlgorithmPolicyFile`] when there is no such file, [`AppError::AlgorithmPolicy`] with
/// the line of a mistake in it.
pub fn read_algorithm_policy(path: &Path) -> Result<Arc<Policy>, AppError> {
    let text = fs::read_to_string(path)
        .map_err(|source| AppError::AlgorithmPolicyFile { path: path.to_owned(), source })?;
    let policy = Policy::parse(&text)
        .map_err(|source| AppError::AlgorithmPolicy { path: path.to_owned(), source })?;
    Ok(Arc::new(policy))
}

fn is_certificate_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let other = ["md", "txt", "xml", "verified"];
    let other = path.extension().is_some_and(|found| other.iter().any(|name| found == *name));
    path.is_file() && !hidden && !other
}

fn is_list_file(path: &Path) -> bool {
    // By its name alone: one that leads nowhere is a list that cannot be used.
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|extension| extension == "xml")
}

/// A note without its list: that was here once.
fn is_note_file(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".xml.verified")
}

/// The bytes of a certificate file, unless it is too long.
fn read(path: &Path) -> io::Result<Result<Vec<u8>, String>> {
    let length = fs::metadata(path)?.len();
    if length > MAX_FILE_BYTES {
        let text = format!("{length} bytes, a certificate file has at most {MAX_FILE_BYTES}");
        return Ok(Err(text));
    }
    fs::read(path).map(Ok)
}

/// Whether the next try may succeed: no descriptor was left, or the disk failed. What the file would
/// say is not known then, so nothing may change by it.
fn may_pass(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
    )
}
