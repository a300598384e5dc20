//! Which passwords may be set (NIST SP 800-63B-4, §3.1.1.2): long ones, with all that Unicode has,
//! that are not among the first to be tried. Nothing is asked of which signs they are made of.
//!
//! `zxcvbn` tells how many tries somebody needs who knows lists of common passwords, words and
//! names, keyboards and dates. Its lists are English; what was typed with Ukrainian keys is looked
//! at as those keys read in Latin too, for so do Ukrainian words stand in the lists of passwords.

use anyhow::{bail, ensure};
use zxcvbn::zxcvbn;

/// The least length, in code points: where the password is all that there is, it is 15.
pub(super) const MIN_CHARS: usize = 15;

/// The greatest length, in code points; at least 64 must be taken. The login page takes 1024 bytes.
const MAX_CHARS: usize = 128;

/// Fewer tries than ten to the power of this are too few: `zxcvbn`'s scores 0 to 2, "somewhat
/// guessable" the best of them.
const MIN_TRIES_LOG10: f64 = 8.0;

/// A name of fewer letters may be in a password by chance.
const MIN_NAME_CHARS: usize = 3;

/// Words that whoever tries to get in here tries first.
const OUR_WORDS: &[&str] =
    &["skrynka", "скринька", "diia", "дія", "пароль", "document", "документ", "копія"];

/// Refuses a password, in the form that is hashed, that the user of this name must not have.
pub(super) fn check(password: &str, user: &str, organisation: &str) -> anyhow::Result<()> {
    let length = password.chars().count();
    ensure!(
        length >= MIN_CHARS,
        "the password has {length} characters, at least {MIN_CHARS} are needed: take several words, \
         with spaces between them"
    );
    ensure!(
        length <= MAX_CHARS,
        "the password has {length} characters, at most {MAX_CHARS} are taken"
    );
    ensure!(
        !password.chars().any(char::is_control),
        "the password has a control character, as of an arrow key: the login page does not take it"
    );
    let lower = password.to_lowercase();
    for (name, whose) in [(user, "user's"), (organisation, "organisation's")] {
        let name = name.to_lowercase();
        if name.chars().count() >= MIN_NAME_CHARS && lower.contains(&name) {
            bail!("the password contains the {whose} name: take words that nobody expects of them");
        }
    }
    let names = format!("{user} {organisation}").to_lowercase();
    let words: Vec<&str> = names.split_whitespace().chain(OUR_WORDS.iter().copied()).collect();
    let tries = |text: &str| zxcvbn(text, &words).guesses_log10();
    ensure!(
        tries(&lower).min(tries(&in_latin(&lower))) >= MIN_TRIES_LOG10,
        "the password is one of those that are tried first, or made of them: take several words that \
         have nothing to do with each other"
    );
    Ok(())
}

/// What the keys of a Ukrainian keyboard say in Latin.
fn in_latin(text: &str) -> String {
    const UKRAINIAN: &str = "йцукенгшщзхїґфівапролджєячсмитьбю'";
    const LATIN: &str = "qwertyuiop[]\\asdfghjkl;'zxcvbnm,.`";
    let key = |letter| UKRAINIAN.chars().zip(LATIN.chars()).find(|(here, _)| *here == letter);
    text.chars().map(|letter| key(letter).map_or(letter, |(_, there)| there)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORGANISATION: &str = "Ліцей № 5";

    #[test]
    fn long_passwords_of_any_letters_are_taken() {
        for good in [
            "a long pass phrase",
            "correct horse battery staple",
            "зелений трамвай везе кавун",
            "yb9u7-h4e2x-q8kcz-wm3tp",
            "ƀ漢字🦊 кілька слів тут",
            &"кавун летить! ".repeat(9),
        ] {
            check(good, "olena", ORGANISATION).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
    }

    #[test]
    fn a_refusal_says_what_to_take() {
        for (bad, sentence) in [
            ("password1234", "has 12 characters, at least 15"),
            ("чотирнадцять б", "has 14 characters, at least 15"),
            (&*"кавун летить! ".repeat(10), "has 140 characters, at most 128"),
            ("кілька слів\u{1b}[D тут", "a control character"),
            ("це Olena, і її кавун", "the user's name"),
            ("наш ліцей № 5 і кавун", "the organisation's name"),
            ("passwordpassword", "tried first"),
            ("qwertyuiopasdfgh", "tried first"),
            ("qwerty123456789", "tried first"),
            ("1q2w3e4r5t6y7u8i", "tried first"),
            ("administrator1234", "tried first"),
            ("йцукенгшщзхїфівапролдж", "tried first"),
            ("парольпарольпароль", "tried first"),
            ("Пароль Пароль Пароль", "tried first"),
            ("Скринька12345678", "tried first"),
            ("ґґґґґґґґґґґґґґґґ", "tried first"),
        ] {
            let error = check(bad, "olena", ORGANISATION).expect_err(bad).to_string();
            assert!(error.contains(sentence), "{bad}: {error}");
        }
    }
}
