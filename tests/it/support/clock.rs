//! Times that things are destroyed by.

use skrynka::{
    domain::{ClockWitness, Timestamp},
    store::{AcceptedTime, Store},
};

/// A moment that a witness agrees with.
pub(crate) async fn agreed(moment: Timestamp, store: &Store) -> AcceptedTime {
    store.take_time(moment, Some(ClockWitness::SignedAnswer)).await.unwrap().unwrap()
}
