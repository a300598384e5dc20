//! Revocation data: what authorities say of certificates, kept on disk and fetched when a
//! judgement lacks it.
//!
//! Nothing waits for it. A mail is judged by what is at hand; what it lacks is put on a bounded
//! list of questions, asked in the background, and the pipeline judges the share again when the
//! answer is there. Nothing is believed for being in the cache: signatures and times are proved
//! at each judgement. Addresses come from certificates on proved paths alone, which `signature`
//! guarantees for every [`Wanted`].

mod address;
mod cache;
mod client;
mod pace;
mod questions;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};

use self::{
    cache::{Cache, Entry},
    client::{Client, ClientError},
    pace::{Leave, Pace},
    questions::{Answer, Question, Questions},
};
use crate::{
    app::AppError,
    clock::{Clock, Witnesses},
    config,
    domain::{ClockState, RevocationKind},
    metrics::{FetchKind, FetchOutcome, Metrics, Part},
    trust::{Kept, RevocationStore, TrustStore, Wanted},
    web::{Part as ReadyPart, Readiness, Standing},
};

/// How many questions may wait to be taken up; a mail that finds no room does not wait.
const QUEUE: usize = 256;

/// How many authorities are asked at once.
const CONCURRENCY: usize = 2;

/// How often the cache is cleared of what nothing needs any more.
const SWEEP: Duration = Duration::from_mins(1);

/// How many addresses of one kind are tried for a certificate.
const MAX_URLS: usize = 3;

/// How often a question that is due is looked for.
const TICK: Duration = Duration::from_millis(500);

/// The cache and what keeps it filled.
pub(super) struct Revocation {
    snapshot: watch::Sender<Arc<RevocationStore>>,
    questions: Option<mpsc::Receiver<Wanted>>,
    standing: watch::Receiver<ClockState>,
    asker: Asker,
}

/// What the pipeline holds of it.
pub(super) struct Handle {
    /// The data of the moment.
    pub(super) snapshot: watch::Receiver<Arc<RevocationStore>>,
    /// Takes questions; `None` when nothing is fetched.
    pub(super) wanted: Option<mpsc::Sender<Wanted>>,
    /// Whether nothing is at hand.
    pub(super) is_empty: bool,
}

/// Everything that one question needs to be asked. Cloning is cheap.
#[derive(Clone)]
struct Asker {
    cache: Arc<Mutex<Cache>>,
    client: Client,
    clock: Clock,
    metrics: Metrics,
    pace: Arc<Mutex<Pace>>,
    trust: watch::Receiver<Arc<TrustStore>>,
    witnesses: Witnesses,
}

impl Revocation {
    /// Opens the cache of `section`. Nothing in it ends by a clock that is not accepted; what is
    /// fetched is a witness for the clock.
    ///
    /// # Errors
    /// [`AppError::RevocationCache`] when its directory cannot be made or read.
    pub(super) fn open(
        section: &config::Signatures,
        trust: watch::Receiver<Arc<TrustStore>>,
        clock: Clock,
        (standing, witnesses): (watch::Receiver<ClockState>, Witnesses),
        metrics: Metrics,
    ) -> Result<(Self, Handle), AppError> {
        let directory = &section.revocation_directory;
        let cache = Cache::open(directory)
            .map_err(|source| AppError::RevocationCache { path: directory.clone(), source })?;
        let is_empty = cache.len() == 0;
        let (snapshot, receiver) = watch::channel(Arc::new(cache.snapshot()));
        let (wanted, questions) = if section.fetch {
            let (sender, receiver) = mpsc::channel(QUEUE);
            (Some(sender), Some(receiver))
        } else {
            (None, None)
        };
        let asker = Asker {
            cache: Arc::new(Mutex::new(cache)),
            client: Client::new(section),
            clock,
            metrics,
            pace: Arc::default(),
            trust,
            witnesses,
        };
        Ok((
            Self { snapshot, questions, standing, asker },
            Handle { snapshot: receiver, wanted, is_empty },
        ))
    }

    /// Fetches what is wanted and keeps the cache in order, until the server stops.
    pub(super) async fn run(mut self, readiness: Readiness, mut stop: watch::Receiver<bool>) {
        let mut open = Questions::default();
        let mut running = JoinSet::new();
        let mut sweep = tokio::time::interval(SWEEP);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                wanted = receive(&mut self.questions) => {
                    if !open.take(wanted, Instant::now()) {
                        self.asker.metrics.revocation_question_dropped();
                    }
                }
                Some(ended) = running.join_next() => match ended {
                    Ok((question, answer)) => {
                        open.put_back(question, answer, Instant::now(), self.asker.clock.now());
                        self.publish();
                        self.write_down(&readiness);
                    }
                    Err(_) => self.asker.metrics.failure(Part::Revocation),
                },
                _ = sweep.tick() => {
                    let now = self.asker.clock.now();
                    // What lies here proves things that cannot be had again. Held against this very
                    // moment, for the clock may have been set since it was last looked at.
                    let greatest = self.standing.borrow().greatest;
                    self.asker.cache().sweep(ClockState { now, greatest }.surely_past());
                    open.forget(Instant::now());
                    let (answers, oldest) = (self.asker.cache().len(), open.oldest_list(now));
                    self.asker.metrics.revocation_cache(answers, oldest);
                    self.publish();
                    self.write_down(&readiness);
                }
                _ = tick.tick() => {}
            }
            while running.len() < CONCURRENCY
                && let Some(question) = open.due(Instant::now())
            {
                let (this, stop) = (self.asker.clone(), stop.clone());
                running.spawn_blocking(move || {
                    let answer = this.ask(&question, &stop);
                    (question, answer)
                });
            }
        }
    }

    /// Writes down what could not be written before, and says whether that is possible.
    fn write_down(&self, readiness: &Readiness) {
        let is_kept = self.asker.cache().write_down().is_ok();
        readiness.set(ReadyPart::Revocation, if is_kept { Standing::Works } else { NOT_KEPT });
    }

    /// Gives out what the cache holds, when that is news.
    fn publish(&self) {
        let mut cache = self.asker.cache();
        if cache.take_change() {
            self.snapshot.send_replace(Arc::new(cache.snapshot()));
        }
    }
}

const NOT_KEPT: Standing = Standing::Impaired(
    "what authorities say cannot be written down: it counts until the server stops",
);

/// The next question; never when nothing is fetched.
async fn receive(questions: &mut Option<mpsc::Receiver<Wanted>>) -> Wanted {
    if let Some(questions) = questions
        && let Some(wanted) = questions.recv().await
    {
        return wanted;
    }
    std::future::pending().await
}

impl Asker {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Each change of the cache is whole before the next begins.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for one certificate: its OCSP responders, then the issuer's lists, until one gives an
    /// answer that is new enough; and for the changes since, when it was a list. Blocks for as long
    /// as that takes.
    fn ask(&self, question: &Question, stop: &watch::Receiver<bool>) -> Answer {
        let wanted = &question.wanted;
        let mut answer = Answer::default();
        if !question.is_refresh() {
            self.ask_one_of(wanted, FetchKind::Ocsp, wanted.ocsp_urls(), &mut answer, stop);
        }
        if !answer.is_given(wanted.since) {
            let mut lists = Answer::default();
            self.ask_one_of(wanted, FetchKind::Crl, wanted.crl_urls(), &mut lists, stop);
            if lists.this_update.is_some() {
                // The list alone is an answer: that its changes are missing is no failure.
                let mut changes = Answer::default();
                let urls = wanted.delta_crl_urls();
                self.ask_one_of(wanted, FetchKind::DeltaCrl, urls, &mut changes, stop);
                lists.list = lists.list.or(changes.list);
                lists.this_update = lists.this_update.max(changes.this_update);
            }
            answer = Answer {
                this_update: answer.this_update.max(lists.this_update),
                list: lists.list,
                retry_at: [answer.retry_at, lists.retry_at].into_iter().flatten().min(),
            };
        }
        answer
    }

    fn ask_one_of(
        &self,
        wanted: &Wanted,
        kind: FetchKind,
        urls: &[String],
        answer: &mut Answer,
        stop: &watch::Receiver<bool>,
    ) {
        for url in urls.iter().take(MAX_URLS) {
            if *stop.borrow() {
                return;
            }
            let host = client::host(url);
            // Two certificates of one responder are two questions, of one list they are one.
            let own = format!("{url} {}", wanted.key());
            let subject = match kind {
                FetchKind::Ocsp => own.clone(),
                FetchKind::Crl | FetchKind::DeltaCrl => url.clone(),
            };
            // The list may say nothing of this certificate, and something of others.
            let paused = self.pace().paused(&own, Instant::now());
            if let Some(moment) = paused.filter(|_| kind != FetchKind::Ocsp) {
                answer.retry_at = Some(answer.retry_at.map_or(moment, |at| at.min(moment)));
                continue;
            }
            // A host whose responder is broken may have good lists.
            let service = format!("{} {host}", kind.as_str());
            let leave = self.pace().leave(&subject, &service, Instant::now());
            match leave {
                Leave::Go => {}
                Leave::Answered(this_update) => {
                    answer.add(this_update);
                    return;
                }
                Leave::NotBefore(moment) => {
                    answer.retry_at = Some(answer.retry_at.map_or(moment, |at| at.min(moment)));
                    continue;
                }
            }
            let fetched = self.fetch(wanted, kind, url);
            let now = Instant::now();
            let outcome = match &fetched {
                Ok(Fetched::Answer(_)) => FetchOutcome::Accepted,
                Ok(Fetched::OfOthers(_)) => FetchOutcome::Useless,
                Err(outcome) => *outcome,
            };
            self.metrics.revocation_fetched(kind, outcome);
            tracing::info!(
                kind = kind.as_str(),
                host,
                outcome = outcome.as_str(),
                "revocation data was asked for"
            );
            let spared = match fetched {
                Ok(Fetched::Answer(kept)) => {
                    self.pace().answered(&subject, &service, kept.this_update, now);
                    answer.add(kept.this_update);
                    let is_overdue = kept.next_update.is_some_and(|next| next < self.clock.now());
                    answer.list = Some(kept).filter(|kept| is_list(kept.kind));
                    if is_overdue {
                        // It revokes; another address may have what was said since.
                        continue;
                    }
                    return;
                }
                Ok(Fetched::OfOthers(kept)) => {
                    self.pace().answered(&subject, &service, kept.this_update, now);
                    &own
                }
                // One that answers, but not this question, is asked others.
                Err(FetchOutcome::Useless) => &subject,
                Err(_) => &service,
            };
            let moment = self.pace().failed(&subject, spared, now);
            answer.retry_at = Some(answer.retry_at.map_or(moment, |at| at.min(moment)));
        }
    }

    /// Fetches from one address and keeps what proves to be an answer, or a list of the issuer.
    fn fetch(&self, wanted: &Wanted, kind: FetchKind, url: &str) -> Result<Fetched, FetchOutcome> {
        let received = match kind {
            FetchKind::Ocsp => self.client.ask_responder(url, &wanted.ocsp_request(None)),
            FetchKind::Crl | FetchKind::DeltaCrl => self.client.get(url),
        };
        let bytes = received.map_err(|error| {
            tracing::debug!(%error, "revocation data cannot be had");
            match error {
                ClientError::Forbidden(_) => FetchOutcome::Forbidden,
                ClientError::Failed(_) => FetchOutcome::Failed,
            }
        })?;
        let trust = Arc::clone(&self.trust.borrow());
        let now = self.clock.now();
        let fetched = match wanted.answers(&bytes, now, &trust) {
            Ok(kept) => Fetched::Answer(kept),
            Err(error) => {
                tracing::debug!(%error, "what came is no answer");
                let of_others = wanted.list_of_issuer(&bytes, now, &trust);
                Fetched::OfOthers(of_others.ok_or(FetchOutcome::Useless)?)
            }
        };
        let directory = self.cache().directory().to_owned();
        let (Fetched::Answer(kept) | Fetched::OfOthers(kept)) = &fetched;
        self.witnesses.note_signed(kept.this_update);
        let failed = |error: &io::Error| {
            self.metrics.failure(Part::Revocation);
            tracing::error!(%error, "revocation data cannot be kept; it counts until the server stops");
        };
        let mut entry = Entry::fetched(bytes, url).map_err(|error| {
            failed(&error);
            FetchOutcome::Failed
        })?;
        if let Err(error) = entry.write(&directory) {
            failed(&error);
        }
        self.cache().insert(entry);
        Ok(fetched)
    }
}

/// What was fetched.
enum Fetched {
    Answer(Kept),
    /// A list of the issuer that says nothing of the certificate.
    OfOthers(Kept),
}

fn is_list(kind: RevocationKind) -> bool {
    matches!(kind, RevocationKind::Crl | RevocationKind::DeltaCrl)
}
