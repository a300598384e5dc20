//! Counts, before anything is parsed, what makes a mail expensive to open.
//!
//! One pass over the raw bytes, without a notion of structure: a bomb is refused at the price of
//! reading it once. What evades the count by an odd spelling still meets the limits of the walk.

use memchr::{memchr_iter, memmem};

use super::{Limits, MessageError, check_limit};

/// Refuses `raw` when its mentions of nested structure pass the limits.
pub(super) fn check(raw: &[u8], limits: &Limits) -> Result<(), MessageError> {
    let mut forwarded = 0_usize;
    let mut multipart = 0_usize;
    for slash in memchr_iter(b'/', raw) {
        let Some((before, after)) = raw.split_at_checked(slash) else { continue };
        if ends_with(before, b"multipart") {
            multipart = multipart.saturating_add(1);
        } else if ends_with(before, b"message")
            && (starts_with(after, b"/rfc822") || starts_with(after, b"/global"))
        {
            forwarded = forwarded.saturating_add(1);
        }
    }
    check_limit("forwarded_mentions", forwarded, limits.forwarded_mentions)?;
    check_limit("multipart_mentions", multipart, limits.multipart_mentions)?;
    check_limit("boundary_lines", boundary_lines(raw), limits.boundary_lines)
}

fn boundary_lines(raw: &[u8]) -> usize {
    let first = usize::from(raw.starts_with(b"--"));
    memmem::find_iter(raw, b"\n--").count().saturating_add(first)
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn ends_with(text: &[u8], word: &[u8]) -> bool {
    text.len()
        .checked_sub(word.len())
        .and_then(|start| text.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_mentions_in_any_case_and_place() {
        let limits = Limits { forwarded_mentions: 1, multipart_mentions: 1, ..Limits::default() };
        let refused = |raw: &str| {
            check(raw.as_bytes(), &limits).map_err(|error| match error {
                MessageError::LimitExceeded { limit, found, .. } => (limit, found),
                MessageError::Empty => ("empty", 0),
            })
        };
        assert_eq!(refused("message/rfc822 message/delivery-status multipart/mixed"), Ok(()));
        assert_eq!(refused("Message/RFC822xMESSAGE/global"), Err(("forwarded_mentions", 2)));
        assert_eq!(refused("multipart/Multipart/"), Err(("multipart_mentions", 2)));
    }

    #[test]
    fn counts_lines_that_look_like_a_boundary() {
        assert_eq!(boundary_lines(b"--a\r\n--b\n -- \n-\n--"), 3);
    }
}
