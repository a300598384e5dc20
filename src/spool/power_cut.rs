//! What a power cut leaves: the names and the contents that were synced, and nothing else. Compiled
//! for tests only.
//!
//! Each sync of a process that was told to keep an image of the disk copies what it made durable to
//! a directory of its own; a file is known by its inode, as the disk knows it. A sync that is left
//! out leaves the image as it was.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::{fd::AsRawFd as _, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Where the image of the disk is: one for the process.
static IMAGE: Mutex<Option<PathBuf>> = Mutex::new(None);

const NAMES: &str = "names";

/// Keeps what is synced from now on in `image`, beginning with all of `directory`.
pub(super) fn begin(image: &Path, directory: &Path) {
    fs::create_dir_all(image).unwrap();
    *place() = Some(image.to_owned());
    for path in entries(directory) {
        keep_file(&File::open(path).unwrap());
    }
    keep_names(directory);
}

/// The bytes of `file` are on the disk.
pub(super) fn keep_file(file: &File) {
    let Some(image) = &*place() else { return };
    // It may be open for writing only.
    let content = fs::read(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
    put(&image.join(file.metadata().unwrap().ino().to_string()), &content);
}

/// The names in `directory` are on the disk.
pub(super) fn keep_names(directory: &Path) {
    let Some(image) = &*place() else { return };
    let names = entries(directory).into_iter().filter_map(|path| {
        let inode = fs::metadata(&path).ok()?.ino();
        Some(format!("{inode} {}\n", path.file_name()?.to_str()?))
    });
    put(&image.join(NAMES), names.collect::<String>().as_bytes());
}

/// Leaves in `directory` what is on `image`, as the next start finds it. A disk may have more than
/// what was synced: of files with an inode that `has_more` all that was written is there.
pub(super) fn restore(image: &Path, directory: &Path, has_more: impl Fn(u64) -> bool) {
    for path in entries(directory) {
        let inode = fs::metadata(&path).unwrap().ino();
        if has_more(inode) {
            fs::copy(&path, image.join(inode.to_string())).unwrap();
        }
    }
    fs::remove_dir_all(directory).unwrap();
    fs::create_dir(directory).unwrap();
    let names = fs::read_to_string(image.join(NAMES)).unwrap();
    let names: BTreeMap<_, _> = names.lines().filter_map(|line| line.split_once(' ')).collect();
    for (inode, name) in names {
        // A name that is durable before its file's content is that of an empty file.
        let content = match fs::read(image.join(inode)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            content => content.unwrap(),
        };
        fs::write(directory.join(name), content).unwrap();
    }
}

/// Puts a file in place in one step: the process can end at any time.
fn put(path: &Path, content: &[u8]) {
    let beside = path.with_extension("new");
    fs::write(&beside, content).unwrap();
    fs::rename(beside, path).unwrap();
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn place() -> std::sync::MutexGuard<'static, Option<PathBuf>> {
    IMAGE.lock().unwrap_or_else(PoisonError::into_inner)
}
