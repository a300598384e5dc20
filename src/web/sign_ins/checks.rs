//! Looking at passwords: a few at a time, and few waiting.
//!
//! One check takes 19 MiB and a good part of a processor's tenth of a second. So two run at once,
//! whoever comes in between waits, and who finds a full queue is sent away. One asker has a few
//! places in it alone, so that a flood from one network leaves the others theirs.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Semaphore, task::spawn_blocking};
use zeroize::Zeroize as _;

use super::{super::refusal::Refusal, Device};

/// So many are looked at at a time.
const AT_ONCE: usize = 2;
/// So many of one asker are looked at or wait.
const OF_ONE: usize = 4;
/// So many of all strangers are.
const OF_ALL: usize = 32;

/// What the password of a name that nobody has is compared with, so that it takes as long: a
/// hash that no password is known for.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2tyeW5rYS1kZWNveS1zYWx0$\
                     AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Who wants a password looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::web) enum Asker {
    /// Somebody on a device that the user has signed in from.
    Known(Device),
    /// Somebody else, at this IPv4 address or IPv6 network; `None` when no proxy says.
    Stranger(Option<IpAddr>),
}

/// The queue.
#[derive(Debug)]
pub(in crate::web) struct Checks {
    free: Semaphore,
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    by_asker: HashMap<Asker, usize>,
    strangers: usize,
}

/// A place in the queue; given back when dropped.
#[derive(Debug)]
pub(in crate::web) struct Turn {
    asker: Asker,
    places: Arc<Mutex<Places>>,
}

impl Default for Checks {
    fn default() -> Self {
        Self { free: Semaphore::new(AT_ONCE), places: Arc::default() }
    }
}

impl Checks {
    /// A place in the queue, unless there is none.
    pub(in crate::web) fn queue(&self, asker: Asker) -> Option<Turn> {
        let mut places = lock(&self.places);
        let of_asker = places.by_asker.get(&asker).copied().unwrap_or(0);
        let is_stranger = matches!(asker, Asker::Stranger(_));
        if of_asker >= OF_ONE || (is_stranger && places.strangers >= OF_ALL) {
            return None;
        }
        places.by_asker.insert(asker, of_asker + 1);
        places.strangers += usize::from(is_stranger);
        Some(Turn { asker, places: Arc::clone(&self.places) })
    }

    /// Whether `password` is the one of `hash`; of nobody when there is none. `turn` is held until
    /// it is looked at, also when nobody waits for the answer any more.
    pub(in crate::web) async fn is_password(
        &self,
        turn: Turn,
        mut password: String,
        hash: Option<String>,
    ) -> Result<bool, Refusal> {
        let _permit = self.free.acquire().await.map_err(|error| Refusal::internal(&error))?;
        spawn_blocking(move || {
            let of_somebody = hash.is_some();
            let hash = hash.as_deref().unwrap_or(DECOY);
            let right = password_auth::verify_password(&password, hash).is_ok();
            password.zeroize();
            drop(turn);
            right && of_somebody
        })
        .await
        .map_err(|error| Refusal::internal(&error))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut places = lock(&self.places);
        if matches!(self.asker, Asker::Stranger(_)) {
            places.strangers = places.strangers.saturating_sub(1);
        }
        let left = places.by_asker.get(&self.asker).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            places.by_asker.remove(&self.asker);
        } else {
            places.by_asker.insert(self.asker, left);
        }
    }
}

fn lock(places: &Mutex<Places>) -> MutexGuard<'_, Places> {
    // Counts are whole after every statement, so a panic elsewhere leaves them right.
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(last: u8) -> Asker {
        Asker::Stranger(Some([192, 0, 2, last].into()))
    }

    #[test]
    fn one_network_leaves_room_for_others_and_strangers_for_those_who_are_known() {
        let checks = Checks::default();
        let mut turns: Vec<_> = (0..OF_ONE).map(|_| checks.queue(stranger(1)).unwrap()).collect();
        assert!(checks.queue(stranger(1)).is_none());
        for last in 2..=8 {
            turns.extend((0..OF_ONE).map(|_| checks.queue(stranger(last)).unwrap()));
        }
        assert!(checks.queue(stranger(9)).is_none(), "the queue is full");
        let known = Asker::Known(Device::from([7; 16]));
        turns.extend((0..OF_ONE).map(|_| checks.queue(known).unwrap()));
        assert!(checks.queue(known).is_none());
        turns.clear();
        assert!(checks.queue(stranger(1)).is_some());
        assert!(lock(&checks.places).by_asker.is_empty());
        assert_eq!(lock(&checks.places).strangers, 0);
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let checks = Checks::default();
        let ask = |password: &str, hash: Option<&str>| {
            let turn = checks.queue(stranger(1)).unwrap();
            checks.is_password(turn, password.to_owned(), hash.map(str::to_owned))
        };
        assert!(!ask("будь-який", None).await.unwrap());
        let hash = password_auth::generate_hash("правильний");
        assert!(ask("правильний", Some(&hash)).await.unwrap());
        assert!(!ask("інший", Some(&hash)).await.unwrap());
    }

    #[test]
    fn nobodys_password_takes_as_long_as_anybodys() {
        let own = password_auth::generate_hash("будь-який");
        let parameters =
            |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(DECOY), parameters(&own));
        let found = password_auth::verify_password("будь-який", DECOY);
        assert!(matches!(found, Err(password_auth::VerifyError::PasswordInvalid)), "{found:?}");
    }
}
