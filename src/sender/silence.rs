//! Remembers for a minute which questions to the DNS went unanswered.
//!
//! Decides by what it is told; asks nobody and reads no clock.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long an unanswered question is not asked again.
const PAUSE: Duration = Duration::from_mins(1);

/// How many are remembered at once. Those beyond are asked again.
const REMEMBERED: usize = 1024;

/// Bytes of the longest that is remembered: a few names of the longest kind.
const LONGEST: usize = 1024;

/// Questions that went unanswered, each with the end of its pause.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<HashMap<String, Instant>>);

impl Silence {
    /// Whether the question went unanswered within the last minute.
    pub(super) fn covers(&self, question: &str, now: Instant) -> bool {
        self.questions().get(question).is_some_and(|until| now < *until)
    }

    /// The question went unanswered.
    pub(super) fn note(&self, question: String, now: Instant) {
        let mut questions = self.questions();
        if questions.len() >= REMEMBERED {
            questions.retain(|_, until| now < *until);
        }
        if questions.len() < REMEMBERED && question.len() <= LONGEST {
            questions.insert(question, now.checked_add(PAUSE).unwrap_or(now));
        }
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_remembered_for_a_minute() {
        let (silence, start) = (Silence::default(), Instant::now());
        silence.note("silent.test".to_owned(), start);
        let at = |seconds| silence.covers("silent.test", start + Duration::from_secs(seconds));
        assert_eq!([at(0), at(59), at(60)], [true, true, false]);
        assert!(!silence.covers("other.test", start));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_makes_room_after_a_minute() {
        let (silence, start) = (Silence::default(), Instant::now());
        silence.note("a".repeat(LONGEST + 1), start);
        assert_eq!(silence.questions().len(), 0);
        for number in 0..=REMEMBERED {
            silence.note(number.to_string(), start);
        }
        assert_eq!(silence.questions().len(), REMEMBERED);
        silence.note("late.test".to_owned(), start + PAUSE);
        assert!(silence.covers("late.test", start + PAUSE));
        assert_eq!(silence.questions().len(), 1);
    }
}
