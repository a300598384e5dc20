//! Passwords on the command line: typed twice without being shown, or read from standard input;
//! never an argument.

mod rules;
mod terminal;

use std::io::IsTerminal as _;

use anyhow::{Context as _, ensure};
use zeroize::Zeroizing;

use crate::domain::normal_password;

/// The password that somebody chooses for the user of this name, in the form that is hashed.
///
/// # Errors
/// When none can be read, the two are not the same, or the rules refuse it.
pub(super) fn read(user: &str, organisation: &str) -> anyhow::Result<Zeroizing<String>> {
    let given = if std::io::stdin().is_terminal() { typed(user)? } else { line()? };
    let password = normal_password(&given);
    rules::check(&password, user, organisation)?;
    Ok(password)
}

/// One line of standard input.
fn line() -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line).context("cannot read the password")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn typed(user: &str) -> anyhow::Result<Zeroizing<String>> {
    let hidden = terminal::Hidden::start().context("the terminal would show the password")?;
    let least = rules::MIN_CHARS;
    let first = hidden.ask(&format!(
        "New password of {user}, at least {least} characters, several words for example (not shown): "
    ))?;
    let again = hidden.ask("The same once more: ")?;
    ensure!(*first == *again, "the two passwords are not the same: nothing is changed, try again");
    Ok(first)
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
