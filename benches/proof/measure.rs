//! Turns, medians and CPU time.

use std::fmt;

use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 5;
/// How long one turn lasts, in seconds of CPU time.
const TURN: f64 = 0.4;

/// Something that is measured.
pub(super) struct Subject<'a> {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    /// Does a batch of work and says how much it was: signatures, or bytes.
    pub(super) run: Box<dyn FnMut() -> usize + 'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Unit {
    PerSecond,
    MegabytesPerSecond,
}

/// What was measured, sorted.
pub(super) struct Figure {
    pub(super) name: String,
    unit: Unit,
    values: Vec<f64>,
}

impl Figure {
    pub(super) fn new(name: impl Into<String>, unit: Unit, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { name: name.into(), unit, values }
    }

    pub(super) fn median(&self) -> f64 {
        self.values[self.values.len() / 2]
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.values[0], self.values[self.values.len() - 1]);
        let unit = match self.unit {
            Unit::PerSecond => "/s",
            Unit::MegabytesPerSecond => "MB/s",
        };
        write!(f, "{:<38} {:>10.0} {unit:<4} ({least:.0} to {most:.0})", self.name, self.median())
    }
}

/// All subjects in turns.
pub(super) fn rounds(subjects: &mut [Subject<'_>]) -> Vec<Figure> {
    let mut values = vec![Vec::new(); subjects.len()];
    // The first round fills caches and tables and does not count.
    for round in 0..=ROUNDS {
        for (subject, values) in subjects.iter_mut().zip(&mut values) {
            let value = turn(subject);
            if round > 0 {
                values.push(value);
            }
        }
    }
    subjects
        .iter()
        .zip(values)
        .map(|(subject, values)| Figure::new(subject.name, subject.unit, values))
        .collect()
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "figures have few digits")]
fn turn(subject: &mut Subject<'_>) -> f64 {
    let start = cpu_seconds();
    let mut done = 0;
    loop {
        done += (subject.run)();
        let elapsed = cpu_seconds() - start;
        if elapsed >= TURN {
            let per_second = done as f64 / elapsed;
            return match subject.unit {
                Unit::PerSecond => per_second,
                Unit::MegabytesPerSecond => per_second / 1e6,
            };
        }
    }
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "seconds of a short run")]
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
