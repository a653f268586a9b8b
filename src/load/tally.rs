//! What came of it all.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::client::Asked;
use super::failure::Failure;

/// The longest time that is told apart, microseconds: an hour. A timeout is shorter.
const LONGEST: u64 = 3_600_000_000;
/// Decimal digits of a time that are kept.
const DIGITS: u8 = 3;

/// Counts while requests come and go.
#[derive(Debug)]
pub struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    began: Option<Instant>,
    summary: Summary,
}

/// What was counted.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Requests that were sent.
    pub sent: u64,
    /// Over how long they were sent.
    pub sending: Duration,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without an answer by kind, and the first one's words.
    pub failures: BTreeMap<Failure, (u64, String)>,
    /// Requests that were still under way when all was interrupted.
    pub abandoned: u64,
    /// Bytes of the answers' bodies.
    pub bytes: u64,
    /// From when a request was due to the last byte of its answer, microseconds.
    pub latency: Histogram<u64>,
    /// From when a request was due to when it was sent, microseconds.
    pub late: Histogram<u64>,
}

impl Tally {
    /// Nothing yet; `None` if there is no memory for it.
    pub fn new() -> Option<Self> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, DIGITS).ok();
        let summary = Summary {
            sent: 0,
            sending: Duration::ZERO,
            statuses: BTreeMap::new(),
            failures: BTreeMap::new(),
            abandoned: 0,
            bytes: 0,
            latency: histogram()?,
            late: histogram()?,
        };
        Some(Self(Mutex::new(State { began: None, summary })))
    }

    /// What has been counted so far.
    pub fn summary(&self) -> Summary {
        let state = self.state();
        let mut summary = state.summary.clone();
        if summary.sending.is_zero() {
            let elapsed = state.began.map_or(Duration::ZERO, |began| began.elapsed());
            summary.sending = elapsed;
        }
        summary
    }

    /// How long it has been going on.
    pub fn elapsed(&self) -> Duration {
        self.state().began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    /// What a line of progress tells: answers, failures, the 99th percentile in microseconds.
    pub fn glance(&self) -> (u64, u64, u64) {
        let summary = &self.state().summary;
        (summary.answered(), summary.failed(), summary.latency.value_at_quantile(0.99))
    }

    pub(super) fn begin(&self, now: Instant) {
        self.state().began = Some(now);
    }

    pub(super) fn sent(&self, late: Duration) {
        let mut state = self.state();
        state.summary.sent += 1;
        state.summary.late.saturating_record(micros(late));
    }

    pub(super) fn not_sent(&self) {
        let words = "as many requests were under way as there may be".to_owned();
        self.fail(Failure::NotSent, words);
    }

    pub(super) fn add(&self, took: Duration, asked: Asked) {
        match asked.outcome {
            Ok(status) => {
                let mut state = self.state();
                *state.summary.statuses.entry(status.as_u16()).or_default() += 1;
                state.summary.latency.saturating_record(micros(took));
                state.summary.bytes += asked.bytes;
            }
            Err((failure, words)) => {
                self.state().summary.bytes += asked.bytes;
                self.fail(failure, words);
            }
        }
    }

    /// No more will be sent: at least `planned` has gone by, or whatever it is until now.
    pub(super) fn sent_all(&self, planned: Option<Duration>) {
        let elapsed = self.elapsed();
        let mut state = self.state();
        // What the pacer slept too long at the end is not sending.
        let slack = Duration::from_millis(5);
        state.summary.sending = match planned {
            Some(planned) if elapsed <= planned + slack => planned,
            _ => elapsed,
        };
    }

    pub(super) fn abandon(&self, requests: usize) {
        self.state().summary.abandoned += requests as u64;
    }

    fn fail(&self, failure: Failure, words: String) {
        self.state().summary.failures.entry(failure).or_insert((0, words)).0 += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Summary {
    /// Requests that were answered, whatever the status.
    pub fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Requests that were due and got no answer, those that were not sent included.
    pub fn failed(&self) -> u64 {
        self.failures.values().map(|(count, _)| count).sum()
    }

    /// Answers that say that something went wrong: status 400 and above.
    pub fn refused(&self) -> u64 {
        self.statuses.range(400..).map(|(_, count)| count).sum()
    }

    /// Thousandths of a request a second that were sent.
    pub fn rate_milli(&self) -> u64 {
        let nanos = self.sending.as_nanos().max(1);
        u64::try_from(u128::from(self.sent) * 1_000_000_000_000 / nanos).unwrap_or(u64::MAX)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}
