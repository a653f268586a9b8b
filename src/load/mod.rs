//! Load at a constant rate: the paid demand of the walkthrough, and a measuring of answers.
//!
//! An open model: when each request is due is laid down beforehand, and a server that is
//! slow gets the next one all the same, as it would from people. Latency counts from when a
//! request was due, so a stall shows in every request that it held up, not in one alone.
//!
//! ```text
//! Plan ─→ pacer (a thread: sleeps to the microsecond) ─→ run ─→ a task a request ─→ Tally
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `rate` | [`Rate`]: requests in a time, exactly |
//! | `plan` | [`Plan`]: what is asked, how often, for how long |
//! | `pacer` | the thread that tells when the next is due |
//! | `client` | [`Client`]: connections, TLS, one request |
//! | `failure` | [`Failure`]: why there was no answer |
//! | `tally` | [`Tally`]: what came of it all |

mod client;
mod failure;
mod pacer;
mod plan;
mod rate;
mod tally;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

pub use client::{Asked, Client, ClientError};
pub use failure::Failure;
pub use plan::{Plan, PlanError};
pub use rate::Rate;
pub use tally::{Summary, Tally};

/// How long a request that is still under way has when it all is interrupted.
const FAREWELL: Duration = Duration::from_millis(500);

/// Sends what `plan` says until its end, or until `stop` says so.
pub async fn run(
    plan: &Plan,
    client: &Client,
    tally: &Arc<Tally>,
    stop: impl Future<Output = ()>,
) -> Ended {
    let mut pacer = pacer::start(plan.clone());
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
                    under_way.spawn(one(client.clone(), Arc::clone(tally), due));
                }
            }
        }
    };
    // What was due and has not even been looked at.
    pacer.close();
    while pacer.try_recv().is_ok() {
        tally.not_sent();
    }
    tally.sent_all(if interrupted { None } else { Some(plan.duration) });
    // Each has its own time limit; who interrupts does not wait for it.
    let interrupted = interrupted
        || tokio::select! {
            () = rest(&mut under_way) => false,
            () = &mut stop => true,
        };
    if interrupted {
        let _ = tokio::time::timeout(FAREWELL, rest(&mut under_way)).await;
    }
    tally.abandon(under_way.len());
    if interrupted { Ended::Interrupted } else { Ended::Whole }
}

/// Waits for what is under way.
async fn rest(under_way: &mut JoinSet<()>) {
    while under_way.join_next().await.is_some() {}
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything was sent, and answered or given up.
    Whole,
    /// Somebody wanted no more.
    Interrupted,
}

async fn one(client: Client, tally: Arc<Tally>, due: Instant) {
    let asked = client.ask().await;
    tally.add(due.elapsed(), asked);
}
