//! Passwords on the command line: read from standard input, never an argument.

use anyhow::{Context as _, ensure};

/// The least length of a password, in characters (NIST SP 800-63B, revision 3, §5.1.1.2). Guessing
/// is slowed by Argon2id and the lock on failed logins.
const MIN_CHARS: usize = 8;

/// Reads one line from standard input.
pub(super) fn read() -> anyhow::Result<String> {
    use std::io::IsTerminal as _;
    if std::io::stdin().is_terminal() {
        super::complain(&format!("Password, at least {MIN_CHARS} characters (it is shown):"));
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(
        password.chars().count() >= MIN_CHARS,
        "the password has {} characters, at least {MIN_CHARS} are needed; give it on standard \
         input, for example: echo 'a long pass phrase' | skrynka user add …",
        password.chars().count()
    );
    Ok(password)
}

/// A password that nobody chose: 20 letters and digits that are hard to misread, 99 bits.
pub(super) fn make() -> anyhow::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 20];
    getrandom::fill(&mut random).context("the system gives no random numbers")?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().map(char::from);
    let letters: String = random.iter().filter_map(letter).collect();
    let groups: Vec<&str> = (0..4).filter_map(|n| letters.get(n * 5..n * 5 + 5)).collect();
    Ok(groups.join("-"))
}
