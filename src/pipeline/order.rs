//! Mails with the same copy are judged in the order that they came in.
//!
//! Judged side by side, each of them would find that the copy was never here before, and the
//! second use of a copy would go unseen. Mails with different copies wait for nothing but for the
//! examination of those before them.
//!
//! A mail that has come may wait for something else, as long as no other [is in want of its
//! place](Position::is_wanted). It said what it holds before, so mails with other copies go past it,
//! and one with the same copy still comes after it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::Fingerprint;

/// The mails in hand, in the order that they were taken in.
#[derive(Default)]
pub(super) struct Order {
    open: Mutex<Open>,
    changed: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    mails: Mails,
}

/// What each mail holds; `None` while it is being examined.
type Mails = BTreeMap<u64, Option<Vec<Fingerprint>>>;

/// A mail's place in the order, until it is dropped.
pub(super) struct Position {
    order: Arc<Order>,
    number: u64,
}

impl Order {
    /// The place after all that are taken.
    pub(super) fn take(self: &Arc<Self>) -> Position {
        let mut open = self.lock();
        let number = open.next;
        open.next = open.next.wrapping_add(1);
        open.mails.insert(number, None);
        Position { order: Arc::clone(self), number }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Each change is one statement, so a panic elsewhere leaves the order whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Position {
    /// Says what the mail holds, and returns once no mail before it is in hand that holds some of
    /// the same, or may still turn out to.
    pub(super) async fn come(&self, content: Vec<Fingerprint>) {
        self.order.lock().mails.insert(self.number, Some(content.clone()));
        self.order.changed.notify_waiters();
        self.until(|mails| {
            mails
                .range(..self.number)
                .all(|(_, before)| before.as_ref().is_some_and(|held| !overlap(held, &content)))
        })
        .await;
    }

    /// Returns once a mail behind this one, which has come, has said that it holds some of the
    /// same: it waits until this one is dropped.
    pub(super) async fn is_wanted(&self) {
        self.until(|mails| {
            let own = mails.get(&self.number).and_then(Option::as_ref);
            let behind = mails.range(self.number..).skip(1);
            own.is_some_and(|own| {
                behind.filter_map(|(_, held)| held.as_ref()).any(|held| overlap(held, own))
            })
        })
        .await;
    }

    async fn until(&self, fact: impl Fn(&Mails) -> bool) {
        loop {
            let changed = self.order.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, or a change in between would be missed.
            changed.as_mut().enable();
            if fact(&self.order.lock().mails) {
                return;
            }
            changed.await;
        }
    }
}

fn overlap(one: &[Fingerprint], other: &[Fingerprint]) -> bool {
    one.iter().any(|fingerprint| other.contains(fingerprint))
}

impl Drop for Position {
    fn drop(&mut self) {
        self.order.lock().mails.remove(&self.number);
        self.order.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    fn content(name: u8) -> Vec<Fingerprint> {
        vec![Fingerprint([name; 32])]
    }

    /// Whether the future is ready when it is asked once.
    async fn is_ready(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        let mut future = Some(future);
        std::future::poll_fn(|context| {
            let asked = future.take().expect("asked once");
            Poll::Ready(asked.poll(context).is_ready())
        })
        .await
    }

    #[tokio::test]
    async fn the_same_content_waits_for_the_mail_before() {
        let order = Arc::new(Order::default());
        let (first, second) = (order.take(), order.take());
        let mut waiting = std::pin::pin!(second.come(content(1)));
        assert!(!is_ready(waiting.as_mut()).await, "the first may hold the same");
        first.come(content(1)).await;
        assert!(!is_ready(waiting.as_mut()).await, "the first holds the same");
        drop(first);
        waiting.await;
    }

    #[tokio::test]
    async fn other_content_waits_for_the_examination_alone() {
        let order = Arc::new(Order::default());
        let (first, second) = (order.take(), order.take());
        let mut waiting = std::pin::pin!(second.come(content(2)));
        assert!(!is_ready(waiting.as_mut()).await);
        first.come(content(1)).await;
        waiting.await;
        drop(first);
    }

    #[tokio::test]
    async fn a_mail_that_is_given_up_lets_the_next_go() {
        let order = Arc::new(Order::default());
        let (first, second) = (order.take(), order.take());
        let mut waiting = std::pin::pin!(second.come(content(1)));
        assert!(!is_ready(waiting.as_mut()).await);
        drop(first);
        waiting.await;
    }

    #[tokio::test]
    async fn a_mail_is_wanted_by_those_behind_it_with_the_same_content() {
        let order = Arc::new(Order::default());
        let (first, second, third) = (order.take(), order.take(), order.take());
        first.come(content(1)).await;
        second.come(content(2)).await;
        let mut wanted = std::pin::pin!(first.is_wanted());
        assert!(!is_ready(wanted.as_mut()).await, "nobody behind it holds the same");
        let mut waiting = std::pin::pin!(third.come(content(1)));
        assert!(!is_ready(waiting.as_mut()).await);
        wanted.await;
        let mut wanted = std::pin::pin!(second.is_wanted());
        assert!(!is_ready(wanted.as_mut()).await, "those are of others");
    }
}
