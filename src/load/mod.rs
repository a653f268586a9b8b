//! A load generator with a constant rate, for the paid demand of the walkthrough and for
//! measuring latency.
//!
//! The model is open: the schedule of requests is fixed, and a slow server gets the next one
//! on time, as it would from independent users. Latency counts from the scheduled time, so a
//! stall shows in every request that it delayed.
//!
//! ```text
//! Plan ─→ pacer (a thread: sleeps to the microsecond) ─→ run ─→ a task a request ─→ Tally
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `rate` | [`Rate`]: an exact request rate |
//! | `plan` | [`Plan`]: target, rate, duration |
//! | `client` | [`Client`]: connections, TLS, one request, [`Failure`] |
//! | `tally` | [`Tally`]: counts and latencies |

mod client;
mod plan;
mod rate;
mod tally;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

pub use client::{Client, ClientError, Exchange, Failure};
pub use plan::{Plan, PlanError};
pub use rate::Rate;
pub use tally::{Summary, Tally};

/// Time limit of open requests after an interrupt.
const GRACE_PERIOD: Duration = Duration::from_millis(500);

/// Sends the requests of `plan` until its end or until `stop`; returns whether it was stopped.
pub async fn run(
    plan: &Plan,
    client: &Client,
    tally: &Arc<Tally>,
    stop: impl Future<Output = ()>,
) -> bool {
    let mut pacer = pace(plan.clone());
    tally.begin(Instant::now());
    let mut under_way = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let interrupted = loop {
        tokio::select! {
            // Otherwise a flood of due requests would keep Ctrl-C waiting.
            biased;
            () = &mut stop => break true,
            due = pacer.recv() => {
                let Some(due) = due else { break false };
                while under_way.try_join_next().is_some() {}
                if under_way.len() >= plan.most_under_way {
                    tally.not_sent();
                } else {
                    tally.sent(due.elapsed());
                    let (client, tally) = (client.clone(), Arc::clone(tally));
                    under_way.spawn(async move {
                        let exchange = client.send().await;
                        tally.add(due.elapsed(), exchange);
                    });
                }
            }
        }
    };
    // Requests that were due and not yet taken from the queue.
    pacer.close();
    while pacer.try_recv().is_ok() {
        tally.not_sent();
    }
    tally.sent_all(if interrupted { None } else { Some(plan.duration) });
    // Each request has its own timeout; an interrupt does not wait for it.
    let interrupted = interrupted
        || tokio::select! {
            () = rest(&mut under_way) => false,
            () = &mut stop => true,
        };
    if interrupted {
        let _ = tokio::time::timeout(GRACE_PERIOD, rest(&mut under_way)).await;
    }
    tally.abandon(under_way.len());
    interrupted
}

/// Waits for the requests under way.
async fn rest(under_way: &mut JoinSet<()>) {
    while under_way.join_next().await.is_some() {}
}

/// Starts a thread that sends the scheduled time of each request of `plan` when it is due. The
/// channel closes at the end of the plan. A thread, because the timer of the runtime counts in
/// milliseconds, which would show in every latency.
fn pace(plan: Plan) -> UnboundedReceiver<Instant> {
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
        // The plan ends after its duration, not with its last request.
        thread::sleep((start + plan.duration).saturating_duration_since(Instant::now()));
    });
    receiver
}
