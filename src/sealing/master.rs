//! The master key: the one secret that is not in the database.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use zeroize::Zeroizing;

use super::{Key, SealingError, hex};

const LABEL: &str = "skrynka-master-key-1";
/// The length of a master key's line, its end included.
const MAX_LEN: usize = LABEL.len() + 1 + 64 + 2;
const PERMISSIONS: u32 = 0o7777;
const OTHERS: u32 = 0o077;

/// The key that all other keys are made from or wrapped with. Whoever has it and the data can
/// read everything; without it the data are noise.
///
/// Written as one line of text: `skrynka-master-key-1`, a space, and 64 hexadecimal digits.
pub struct MasterKey(Key);

impl MasterKey {
    /// A new random master key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, SealingError> {
        Key::random().map(Self)
    }

    /// Reads the line of text; white space around it does not matter.
    ///
    /// # Errors
    /// [`SealingError::NotAMasterKey`] for anything else.
    pub fn parse(text: &str) -> Result<Self, SealingError> {
        let (label, digits) = text.trim().split_once(' ').ok_or(SealingError::NotAMasterKey)?;
        if label != LABEL {
            return Err(SealingError::NotAMasterKey);
        }
        hex::decode(digits).map(|bytes| Self(Key(bytes))).ok_or(SealingError::NotAMasterKey)
    }

    /// The line of text, without a line end.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let digits = hex::encode(self.0.0.as_slice());
        let mut text = Zeroizing::new(String::with_capacity(MAX_LEN));
        text.push_str(LABEL);
        text.push(' ');
        text.push_str(&digits);
        text
    }

    /// Reads the key from its file.
    ///
    /// # Errors
    /// When the file cannot be read, gives any permission to group or others, or does not hold
    /// a master key.
    pub fn load(path: &Path) -> Result<Self, SealingError> {
        let file = File::open(path).map_err(failed("open", path))?;
        // Asked of the open file, not of the path: nobody can exchange it in between.
        let mode = file.metadata().map_err(failed("inspect", path))?.mode() & PERMISSIONS;
        if mode & OTHERS != 0 {
            return Err(SealingError::ReadableByOthers { path: path.to_owned(), mode });
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN + 1));
        let limit = u64::try_from(MAX_LEN + 1).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map_err(failed("read", path))?;
        std::str::from_utf8(&bytes).map_err(|_| SealingError::NotAMasterKey).and_then(Self::parse)
    }

    /// Writes the key to a new file that only its owner can read, and syncs file and directory.
    ///
    /// # Errors
    /// When the file exists already, or cannot be written.
    pub fn create_file(&self, path: &Path) -> Result<(), SealingError> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed("create", path))?;
        let mut line = self.to_text();
        line.push('\n');
        file.write_all(line.as_bytes()).map_err(failed("write", path))?;
        file.sync_all().map_err(failed("sync", path))?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed("sync the directory of", path))
    }

    /// The key for one purpose.
    #[must_use]
    pub fn key(&self, purpose: &str) -> Key {
        self.0.derive(purpose)
    }

    /// Sixteen hexadecimal digits that tell whether a master key is this one, and nothing else
    /// of it. Kept beside what was sealed, so that another key is refused before it does harm.
    #[must_use]
    pub fn check_value(&self) -> String {
        self.0.check_value()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

fn failed<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> SealingError + use<'a> {
    move |source| SealingError::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn reads_back_the_file_it_creates_and_never_overwrites_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let key = MasterKey::generate().unwrap();
        key.create_file(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & PERMISSIONS, 0o600);
        assert_eq!(MasterKey::load(&path).unwrap().0, key.0);

        let before = fs::read(&path).unwrap();
        assert!(matches!(key.create_file(&path), Err(SealingError::File { action: "create", .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn refuses_a_file_that_others_can_use_and_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        MasterKey::generate().unwrap().create_file(&path).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o601, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = MasterKey::load(&path).unwrap_err();
            assert!(matches!(error, SealingError::ReadableByOthers { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(MasterKey::load(&path).is_ok());
    }

    #[test]
    fn refuses_text_that_is_not_a_master_key_without_repeating_it() {
        let zeros = "0".repeat(64);
        for text in [
            String::new(),
            zeros.clone(),
            format!("skrynka-master-key-2 {zeros}"),
            format!("skrynka-master-key-1{zeros}"),
            format!("skrynka-master-key-1  {zeros}"),
            format!("skrynka-master-key-1 {zeros}0"),
            format!("skrynka-master-key-1 {}", &zeros[1..]),
            format!("skrynka-master-key-1 {}g", &zeros[1..]),
            format!("skrynka-master-key-1 {zeros}\nskrynka-master-key-1 {zeros}"),
        ] {
            let error = MasterKey::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with("this is not a master key"), "{error}");
            assert!(!error.contains("0000"), "{error}");
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        fs::write(&path, "x".repeat(1 << 20)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(MasterKey::load(&path), Err(SealingError::NotAMasterKey)));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = MasterKey::load(Path::new("/nowhere/master.key")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/master.key"), "{error}");
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = MasterKey::parse(&format!("skrynka-master-key-1 {}", "ab".repeat(32))).unwrap();
        assert!(!format!("{key:?}").contains("ab"));
        assert!(!format!("{:?}", key.key("spool")).contains("ab"));
    }
}
