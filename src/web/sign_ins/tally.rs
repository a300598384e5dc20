//! Refused sign-ins as the audit tells them: the first from an address at once, and what follows
//! as one row a minute with a number.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{Actor, Timestamp},
    store::{AuditAction, AuditEntry},
};

/// So many addresses and names are told apart in a minute; the rest is one row.
const MAX_ROWS: usize = 1024;

/// What is not told yet.
#[derive(Debug, Default)]
pub(in crate::web) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// By where they came from, and the user that they were for.
    rows: HashMap<(Option<IpAddr>, Option<String>), u64>,
    elsewhere: u64,
}

impl Tally {
    /// Counts a refusal. Gives the row that is to be written at once, when it is the first from
    /// there. A name that nobody has is left out: it may well be a password typed into the wrong
    /// field.
    pub(in crate::web) fn note(
        &self,
        user: Option<String>,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<AuditEntry> {
        let mut counts = self.lock();
        let key = (from, user);
        if let Some(count) = counts.rows.get_mut(&key) {
            *count += 1;
            return None;
        }
        if counts.rows.len() >= MAX_ROWS {
            counts.elsewhere += 1;
            return None;
        }
        counts.rows.insert(key.clone(), 0);
        Some(entry(key.1, format!("from {}", place(from)), now))
    }

    /// The rows for what came since the last time. An address that goes on has no first row again.
    pub(in crate::web) fn take(&self, now: Timestamp) -> Vec<AuditEntry> {
        let mut counts = self.lock();
        counts.rows.retain(|_, count| *count > 0);
        let mut entries: Vec<_> = counts
            .rows
            .iter_mut()
            .map(|((from, user), count)| {
                let more = std::mem::take(count);
                entry(user.clone(), format!("{more} more from {}", place(*from)), now)
            })
            .collect();
        let elsewhere = std::mem::take(&mut counts.elsewhere);
        if elsewhere > 0 {
            entries.push(entry(None, format!("{elsewhere} from other addresses"), now));
        }
        entries
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(user: Option<String>, detail: String, now: Timestamp) -> AuditEntry {
    let actor = user.map_or(Actor::System, Actor::User);
    AuditEntry { detail: Some(detail), ..AuditEntry::new(now, actor, AuditAction::SignInRefused) }
}

fn place(from: Option<IpAddr>) -> String {
    from.map_or_else(|| "an address that no proxy names".to_owned(), |from| from.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_row_at_once_and_then_one_a_minute_with_a_number() {
        let (tally, now) = (Tally::default(), Timestamp::from_seconds(0));
        let note = |user: Option<&str>, last: u8| {
            tally.note(user.map(str::to_owned), Some([192, 0, 2, last].into()), now)
        };
        let told = |entries: Vec<AuditEntry>| {
            let told = entries.into_iter().map(|e| format!("{} {}", e.actor, e.detail.unwrap()));
            let mut told: Vec<_> = told.collect();
            told.sort();
            told
        };
        let first = note(None, 1).unwrap();
        assert_eq!(told(vec![first]), ["system from 192.0.2.1"]);
        for _ in 0..70 {
            assert_eq!(note(None, 1), None);
        }
        assert!(note(Some("olena"), 1).is_some() && note(None, 2).is_some());
        assert_eq!(told(tally.take(now)), ["system 70 more from 192.0.2.1"]);
        assert_eq!(note(None, 1), None, "it goes on");
        assert_eq!(told(tally.take(now)), ["system 1 more from 192.0.2.1"]);
        assert!(tally.take(now).is_empty());
        assert!(note(None, 1).is_some(), "it begins again");
    }

    #[test]
    fn addresses_without_end_take_no_memory_without_end() {
        let (tally, now) = (Tally::default(), Timestamp::from_seconds(0));
        let addresses = (0..5000_u32).map(|number| IpAddr::V4(number.into()));
        let rows = addresses.filter_map(|from| tally.note(None, Some(from), now)).count();
        assert_eq!(rows, MAX_ROWS);
        let told = tally.take(now);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].detail.as_deref(), Some("3976 from other addresses"));
    }
}
