//! Whether what a new list says of a certificate was known.
//!
//! A revocation that is said again is none that nobody has heard of. But it is when something between
//! said that the certificate was good: shares were cleared by that. So it is when what said it first may
//! be worth less than the new list: by another key or algorithm, which may be refused, or of another part
//! of the authority's certificates. What is news for nothing costs a judgement, what is missed a verdict.

use std::collections::BTreeMap;

use super::{
    list::{List, significant},
    parts::State,
    store::{Origin, RevocationStore},
};
use crate::domain::Timestamp;

/// What is known where a new list comes.
pub(super) struct Known<'a> {
    /// The lists by its key that say the same by being silent: those of its part.
    of_part: Vec<&'a List>,
    /// All lists by its key: what stands on one counts whatever it is of.
    by_key: Vec<&'a List>,
    /// Those whose word is worth what the new one's is.
    alike: Vec<&'a List>,
    /// The serial numbers that an answer calls good, and from when the latest is. Whose they are is not
    /// told apart.
    good: BTreeMap<&'a [u8], Timestamp>,
}

impl<'a> Known<'a> {
    /// What was known `before` of what `list` is about, and what else came with it.
    pub(super) fn of(
        list: &List,
        origin: &Origin,
        before: &'a RevocationStore,
        now: &'a RevocationStore,
    ) -> Self {
        let is_of_part = |(known, from): &(&List, &Origin)| {
            known.has_scope_of(list) && (known.states_its_part() || from.is_of(origin))
        };
        let by_key = |store: &'a RevocationStore| {
            store.lists().filter(|(known, _)| known.is_by_key_of(list))
        };
        let all = || by_key(before).chain(by_key(now));
        let mut good = BTreeMap::new();
        for single in before.answers().chain(now.answers()).flat_map(|answer| &answer.singles) {
            if single.state == State::Good {
                let latest = good.entry(significant(single.serial())).or_insert(single.this_update);
                *latest = single.this_update.max(*latest);
            }
        }
        Self {
            of_part: all().filter(is_of_part).map(|(known, _)| known).collect(),
            by_key: all().map(|(known, _)| known).collect(),
            alike: by_key(before)
                .filter(|known| is_of_part(known) && known.0.is_signed_like(list))
                .map(|(known, _)| known)
                .collect(),
            good,
        }
    }

    /// Whether that is known of the certificate with this serial number, and nothing that was made
    /// since says otherwise.
    pub(super) fn is_said_last(&self, serial: &[u8], state: State) -> bool {
        let says_it = self.alike.iter().filter(|known| known.state(serial) == state);
        let Some(said_at) = says_it.map(|known| known.this_update).max() else { return false };
        let differs = |known: &List| known.this_update >= said_at && known.state(serial) != state;
        let is_silent = |known: &&&List| !known.is_delta() && !known.lists(serial);
        let is_left_out = self.of_part.iter().filter(is_silent).any(|known| differs(known));
        let is_otherwise = |known: &&List| known.lists(serial) && differs(known);
        let is_good = self.good.get(serial).is_some_and(|good| *good >= said_at);
        !(is_left_out || is_good || self.by_key.iter().any(is_otherwise))
    }
}
