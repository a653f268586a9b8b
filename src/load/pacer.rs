//! Tells when the next request is due.
//!
//! A thread of its own that sleeps: the runtime's timer counts in whole milliseconds, and at
//! 2,000 requests a second every latency would be up to a millisecond longer for it.

use std::thread;
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::plan::Plan;

/// Starts now, and sends the time at which each request of `plan` was due, when it is. Ends
/// after the last, or when nobody listens any more.
pub(super) fn start(plan: Plan) -> UnboundedReceiver<Instant> {
    let (sender, receiver) = unbounded_channel();
    thread::spawn(move || {
        let start = Instant::now();
        for number in 0..plan.total() {
            let due = start + plan.rate.due(number);
            let wait = due.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                thread::sleep(wait);
            }
            if sender.send(due).is_err() {
                return;
            }
        }
        // The plan's end, not its last request's: a rate lasts.
        thread::sleep((start + plan.duration).saturating_duration_since(Instant::now()));
    });
    receiver
}
