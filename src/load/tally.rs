//! Counts and latencies of a load.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::client::{Exchange, Failure};

/// Upper bound of a histogram, in microseconds: one hour, the maximum timeout.
const MAX_MICROS: u64 = 3_600_000_000;
/// Significant decimal digits in a histogram.
const DIGITS: u8 = 3;

/// Collects results while requests are under way.
#[derive(Debug)]
pub struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    began: Option<Instant>,
    summary: Summary,
}

/// The counts so far.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Number of requests sent.
    pub sent: u64,
    /// Time spent sending.
    pub sending: Duration,
    /// Number of responses by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Number of failed requests by kind, with the first error message of each.
    pub failures: BTreeMap<Failure, (u64, String)>,
    /// Number of requests under way at an interrupt.
    pub abandoned: u64,
    /// Total size of the response bodies.
    pub bytes: u64,
    /// From the scheduled time to the last byte of the response, in microseconds.
    pub latency: Histogram<u64>,
    /// From the scheduled time to sending, in microseconds.
    pub late: Histogram<u64>,
}

impl Tally {
    /// An empty tally; `None` if there is not enough memory.
    pub fn new() -> Option<Self> {
        let histogram = || Histogram::new_with_bounds(1, MAX_MICROS, DIGITS).ok();
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

    /// The results so far.
    pub fn summary(&self) -> Summary {
        let state = self.state();
        let mut summary = state.summary.clone();
        if summary.sending.is_zero() {
            summary.sending = state.elapsed();
        }
        summary
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.state().elapsed()
    }

    /// Responses, failures, and the 99th percentile of latency in microseconds.
    pub fn progress(&self) -> (u64, u64, u64) {
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
        self.fail(Failure::NotSent, "the maximum number of requests was under way".to_owned());
    }

    pub(super) fn add(&self, latency: Duration, exchange: Exchange) {
        self.state().summary.bytes += exchange.bytes;
        match exchange.result {
            Ok(status) => {
                let mut state = self.state();
                *state.summary.statuses.entry(status.as_u16()).or_default() += 1;
                state.summary.latency.saturating_record(micros(latency));
            }
            Err((failure, message)) => self.fail(failure, message),
        }
    }

    /// Ends the sending time: the `planned` duration, or the elapsed time.
    pub(super) fn sent_all(&self, planned: Option<Duration>) {
        let elapsed = self.elapsed();
        let mut state = self.state();
        // The pacer may oversleep a little at the end.
        let slack = Duration::from_millis(5);
        state.summary.sending = match planned {
            Some(planned) if elapsed <= planned + slack => planned,
            _ => elapsed,
        };
    }

    pub(super) fn abandon(&self, requests: usize) {
        self.state().summary.abandoned += requests as u64;
    }

    fn fail(&self, failure: Failure, message: String) {
        self.state().summary.failures.entry(failure).or_insert((0, message)).0 += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn elapsed(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }
}

impl Summary {
    /// Number of responses of any status.
    pub fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Number of requests without a response, including those not sent.
    pub fn failed(&self) -> u64 {
        self.failures.values().map(|(count, _)| count).sum()
    }

    /// Number of responses with a status of 400 or above.
    pub fn refused(&self) -> u64 {
        self.statuses.range(400..).map(|(_, count)| count).sum()
    }

    /// Rate of sending, in thousandths of a request per second.
    pub fn rate_milli(&self) -> u64 {
        let nanos = self.sending.as_nanos().max(1);
        u64::try_from(u128::from(self.sent) * 1_000_000_000_000 / nanos).unwrap_or(u64::MAX)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}
