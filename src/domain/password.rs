//! One way to write a password.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The password as it is hashed and compared: in Unicode's normal form KC, so that it does not
/// matter which keyboard or system wrote it (NIST SP 800-63B-4, §3.1.1.2).
#[must_use]
pub fn normal_password(given: &str) -> Zeroizing<String> {
    // No reallocation, which would leave a copy behind: no letter grows more than this (UAX #15).
    let mut normal = Zeroizing::new(String::with_capacity(given.len().saturating_mul(11)));
    normal.extend(given.nfkc());
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_in_two_pieces_is_the_letter() {
        assert_eq!(*normal_password("мій \u{438}\u{306}од, i\u{308}ї"), "мій йод, ïї");
        assert_eq!(*normal_password("Ｆｕｌｌ wide №5"), "Full wide No5");
    }
}
