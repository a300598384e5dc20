//! Looking at passwords: a few at a time, and few waiting.
//!
//! One check takes 19 MiB and a good part of a processor's tenth of a second. So two run at once,
//! whoever comes in between waits, and who finds a full queue is sent away. One asker has a few
//! places in it alone, so that a flood from one network leaves the others theirs.
//!
//! They run on two threads of their own, in memory that each keeps for the next check: taken anew
//! each time, it scatters the system's allocator over gigabytes.

use std::{
    collections::HashMap,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    thread,
};

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{super::refusal::Refusal, Device};
use crate::domain::normal_password;

/// So many are looked at at a time, each by a thread.
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

/// The queue, and those who look.
#[derive(Debug, Default)]
pub(in crate::web) struct Checks {
    /// Where checks are handed over; the threads begin with the first and end with this.
    desk: OnceLock<mpsc::Sender<Check>>,
    places: Arc<Mutex<Places>>,
}

/// A password to be looked at.
struct Check {
    password: Zeroizing<String>,
    /// The hash that it is compared with; without one it is nobody's.
    hash: Option<String>,
    /// Held until it is looked at, also when nobody waits for the answer any more.
    turn: Turn,
    answer: oneshot::Sender<bool>,
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

    /// Whether `password` is the one of `hash`; of nobody when there is none.
    pub(in crate::web) async fn is_password(
        &self,
        turn: Turn,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Refusal> {
        let (answer, answered) = oneshot::channel();
        let check = Check { password: Zeroizing::new(password), hash, turn, answer };
        self.desk.get_or_init(open).send(check).map_err(|error| Refusal::internal(&error))?;
        answered.await.map_err(|error| Refusal::internal(&error))
    }
}

impl Check {
    fn look(self, memory: &mut Vec<Block>) {
        let Self { password, hash, turn, answer } = self;
        let of_somebody = hash.is_some();
        let hash = hash.as_deref().unwrap_or(DECOY);
        let right = is_right(&normal_password(&password), hash, memory).unwrap_or(false);
        drop(turn);
        // Whoever asked may have gone.
        let _ = answer.send(right && of_somebody);
    }
}

/// Whether `hash`, a PHC string, is of `password`; `None` when it is no hash of Argon2.
fn is_right(password: &str, hash: &str, memory: &mut Vec<Block>) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let algorithm = Algorithm::try_from(hash.algorithm).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash).ok()?);
    let mut salt = [0; 64];
    let salt = hash.salt?.decode_b64(&mut salt).ok()?;
    let expected = hash.hash?;
    let mut found = vec![0; expected.len()];
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let memory = memory.get_mut(..blocks)?;
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut found, memory).ok()?;
    Some(expected.as_bytes().ct_eq(&found).into())
}

/// Starts the threads. One that cannot be started leaves its work to the other; without any, nobody
/// takes what is handed over, and that is an error of each request.
fn open() -> mpsc::Sender<Check> {
    let (desk, checks) = mpsc::channel::<Check>();
    let checks = Arc::new(Mutex::new(checks));
    for _ in 0..AT_ONCE {
        let checks = Arc::clone(&checks);
        let work = move || {
            let mut memory = Vec::new();
            loop {
                // The lock is held while it waits, and not while it looks.
                let next = checks.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(check) = next else { return };
                // A panic is the failure of one request, whose answer is dropped with it.
                let _ = catch_unwind(AssertUnwindSafe(|| check.look(&mut memory)));
            }
        };
        if let Err(error) = thread::Builder::new().name("password".to_owned()).spawn(work) {
            tracing::error!(%error, "a thread that looks at passwords cannot be started");
        }
    }
    desk
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
        let hash = password_auth::generate_hash("гай");
        assert!(ask("га\u{438}\u{306}", Some(&hash)).await.unwrap());
    }

    #[test]
    fn nobodys_password_takes_as_long_as_anybodys() {
        let own = password_auth::generate_hash("будь-який");
        let parameters =
            |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(DECOY), parameters(&own));
        let mut memory = Vec::new();
        assert_eq!(is_right("будь-який", DECOY, &mut memory), Some(false));
        assert_eq!(is_right("будь-який", &own, &mut memory), Some(true));
        assert_eq!(is_right("будь-який", "$argon2id$", &mut memory), None);
    }
}
