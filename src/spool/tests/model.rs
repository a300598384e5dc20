//! The spool against a model of it: whatever is done in whatever order, and however often it is
//! opened again, it holds the mails that were appended and not settled, and nothing else.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Append { bytes: usize },
    Attempt(prop::sample::Index),
    CloseDrained,
    Compact,
    EndAttempt(prop::sample::Index),
    Reopen,
    Settle(prop::sample::Index),
    SettleAll,
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3000_usize).prop_map(|bytes| Step::Append { bytes }),
        2 => any::<prop::sample::Index>().prop_map(Step::Attempt),
        1 => Just(Step::CloseDrained),
        1 => Just(Step::Compact),
        1 => any::<prop::sample::Index>().prop_map(Step::EndAttempt),
        1 => Just(Step::Reopen),
        4 => any::<prop::sample::Index>().prop_map(Step::Settle),
        1 => Just(Step::SettleAll),
        2 => Just(Step::Take),
    ]
}

/// What is known of an unsettled mail.
struct Known {
    message: Vec<u8>,
    attempts: u32,
    taken: bool,
}

struct Model {
    place: Place,
    spool: Option<Spool>,
    mails: BTreeMap<u32, Known>,
    appended: u32,
}

impl Model {
    fn new() -> Self {
        let place = Place::with_segments_of(4096);
        let spool = Some(place.open());
        Self { place, spool, mails: BTreeMap::new(), appended: 0 }
    }

    fn spool(&self) -> &Spool {
        self.spool.as_ref().unwrap()
    }

    fn pick(&self, index: prop::sample::Index) -> Option<u32> {
        (!self.mails.is_empty())
            .then(|| *self.mails.keys().nth(index.index(self.mails.len())).unwrap())
    }

    async fn settle(&mut self, n: u32) {
        self.mails.remove(&n);
        self.spool().settle(id(n)).await.unwrap();
    }

    async fn take(&mut self) {
        let Some((n, known)) = self.mails.iter_mut().find(|(_, known)| !known.taken) else {
            return;
        };
        known.taken = true;
        let expected = Pending { id: id(*n), received_at: moment(*n), attempts: known.attempts };
        let message = known.message.clone();
        let pending = self.spool().next().await;
        assert_eq!(pending, expected);
        assert_eq!(self.spool().read(pending.id).await.unwrap().message, message);
    }

    async fn apply(&mut self, step: Step) {
        match step {
            Step::Append { bytes } => {
                let n = self.appended;
                self.appended += 1;
                let message = vec![u8::try_from(n % 251).unwrap(); bytes];
                self.spool().append(id(n), envelope(n), message.clone()).await.unwrap();
                self.mails.insert(n, Known { message, attempts: 0, taken: false });
            }
            Step::Attempt(index) => {
                if let Some(n) = self.pick(index) {
                    let attempts = self.spool().begin_attempt(id(n)).await.unwrap();
                    let known = self.mails.get_mut(&n).unwrap();
                    known.attempts += 1;
                    assert_eq!(attempts, known.attempts);
                }
            }
            Step::Compact => self.spool().compact(moment(u32::MAX)).await.unwrap(),
            Step::CloseDrained => self.spool().close_drained().await.unwrap(),
            Step::EndAttempt(index) => {
                if let Some(n) = self.pick(index) {
                    self.spool().end_attempt(id(n)).await.unwrap();
                    self.mails.get_mut(&n).unwrap().attempts = 0;
                }
            }
            Step::Reopen => {
                self.spool = None;
                self.spool = Some(self.place.open());
                self.mails.values_mut().for_each(|known| known.taken = false);
            }
            Step::Settle(index) => {
                if let Some(n) = self.pick(index) {
                    self.settle(n).await;
                }
            }
            Step::SettleAll => {
                while let Some(n) = self.mails.keys().next().copied() {
                    self.settle(n).await;
                }
            }
            Step::Take => self.take().await,
        }
        let oldest = self.mails.keys().next().map(|n| moment(*n));
        assert_eq!(self.spool().backlog(), (self.mails.len(), oldest));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn holds_what_was_appended_and_not_settled(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new();
            for step in steps {
                model.apply(step).await;
            }
            model.apply(Step::Reopen).await;
            for _ in 0..model.mails.len() {
                model.take().await;
            }
            model.apply(Step::SettleAll).await;
            model.apply(Step::CloseDrained).await;
            model.apply(Step::Reopen).await;
            assert_eq!(model.place.segments().len(), 1, "the active one");
        });
    }
}
