//! Tasks that run for ever, and the proof that they do.
//!
//! A task that panicked, waits for a lock for ever or blocks its thread would go unnoticed: the
//! process goes on and serves what it knew. So each task has a [`Heartbeat`], which a liveness
//! probe reads without a lock, and the end of one is a failure of all.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

/// Interval at which a task is polled at least.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Time since the last poll from which a task counts as blocked: far longer than the longest
/// count of a large cluster on a throttled processor.
const MAX_POLL_AGE: Duration = Duration::from_secs(30);

/// The signs of life of a task. Clones share them.
#[derive(Debug, Clone)]
pub struct Heartbeat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    start: Instant,
    /// Last poll that returned, in milliseconds since `start`.
    polled: AtomicU64,
    /// Last progress, in milliseconds since `start`.
    progressed: AtomicU64,
    /// Longest time without progress; `None` if the task makes none of its own.
    max_pause: Option<Duration>,
    ended: AtomicBool,
}

impl Heartbeat {
    /// The heartbeat of a task that waits for what others do.
    pub fn new(name: &'static str) -> Self {
        Self::with(name, None)
    }

    /// The heartbeat of a task that calls [`Heartbeat::progress`] at least so often.
    pub fn progressing(name: &'static str, max_pause: Duration) -> Self {
        Self::with(name, Some(max_pause))
    }

    fn with(name: &'static str, max_pause: Option<Duration>) -> Self {
        Self(Arc::new(Inner {
            name,
            start: Instant::now(),
            polled: AtomicU64::new(0),
            progressed: AtomicU64::new(0),
            max_pause,
            ended: AtomicBool::new(false),
        }))
    }

    /// Notes that the task has come a step further.
    pub fn progress(&self) {
        self.0.progressed.store(self.now(), Ordering::Relaxed);
    }

    /// Why the task is not alive; `None` if it is.
    pub fn problem(&self) -> Option<String> {
        let Inner { name, polled, progressed, max_pause, ended, .. } = &*self.0;
        if ended.load(Ordering::Relaxed) {
            return Some(format!("task {name:?} has ended"));
        }
        let age = |time: &AtomicU64| {
            Duration::from_millis(self.now().saturating_sub(time.load(Ordering::Relaxed)))
        };
        let blocked = age(polled);
        if blocked > MAX_POLL_AGE {
            return Some(format!("task {name:?} has been blocked for {} s", blocked.as_secs()));
        }
        let pause = age(progressed);
        match max_pause {
            Some(max) if pause > *max => {
                Some(format!("task {name:?} has made no progress for {} s", pause.as_secs()))
            }
            _ => None,
        }
    }

    /// Runs `task` and notes each poll of it, of which there is one a second at least.
    pub async fn monitor<T>(self, task: impl Future<Output = T>) -> T {
        let _end = End(&self);
        let mut task = pin!(task);
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        std::future::poll_fn(|context| {
            let polled = task.as_mut().poll(context);
            self.0.polled.store(self.now(), Ordering::Relaxed);
            if polled.is_pending() {
                while ticks.poll_tick(context).is_ready() {}
            }
            polled
        })
        .await
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Notes the end of a task, by a panic too.
struct End<'h>(&'h Heartbeat);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.0.ended.store(true, Ordering::Relaxed);
    }
}

/// Tasks that run until their owner is dropped.
#[derive(Debug, Default)]
pub struct Tasks {
    running: Vec<(Heartbeat, AbortHandle)>,
    /// Name of the first task that ended.
    failed: watch::Sender<Option<&'static str>>,
}

impl Tasks {
    /// Starts a task.
    pub fn spawn(&mut self, heartbeat: Heartbeat, task: impl Future<Output = ()> + Send + 'static) {
        let failure = Failure(heartbeat.0.name, self.failed.clone());
        let monitored = heartbeat.clone().monitor(task);
        let task = tokio::spawn(async move {
            let _failure = failure;
            monitored.await;
        });
        self.running.push((heartbeat, task.abort_handle()));
    }

    /// The heartbeats of the tasks so far.
    pub fn heartbeats(&self) -> impl Iterator<Item = Heartbeat> {
        self.running.iter().map(|(heartbeat, _)| heartbeat.clone())
    }

    /// Waits until a task ends, which none should, and returns its name.
    pub fn failed(&self) -> impl Future<Output = &'static str> + Send + use<> {
        let mut failed = self.failed.subscribe();
        async move {
            let name = failed.wait_for(Option::is_some).await.ok().and_then(|name| *name);
            match name {
                Some(name) => name,
                // The owner has been dropped.
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.running.iter().for_each(|(_, task)| task.abort());
    }
}

/// Reports the end of a task when it is dropped.
struct Failure(&'static str, watch::Sender<Option<&'static str>>);

impl Drop for Failure {
    fn drop(&mut self) {
        self.1.send_if_modified(|failed| failed.is_none() && failed.replace(self.0).is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_or_panics_is_a_failure() {
        let mut tasks = Tasks::default();
        tasks.spawn(Heartbeat::new("waits"), std::future::pending());
        let failed = tasks.failed();
        let timeout = Duration::from_millis(50);
        assert!(tokio::time::timeout(timeout, tasks.failed()).await.is_err());
        assert!(tasks.heartbeats().all(|heartbeat| heartbeat.problem().is_none()));
        tasks.spawn(Heartbeat::new("panics"), async { panic!("as the test wants") });
        assert_eq!(failed.await, "panics");
        let problems: Vec<_> = tasks.heartbeats().filter_map(|beat| beat.problem()).collect();
        assert_eq!(problems, ["task \"panics\" has ended"]);
        let mut tasks = Tasks::default();
        tasks.spawn(Heartbeat::new("returns"), async {});
        assert_eq!(tasks.failed().await, "returns");
    }

    #[test]
    fn a_task_without_progress_is_noticed() {
        let heartbeat = Heartbeat::progressing("feed", Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        assert!(heartbeat.problem().unwrap().contains("no progress for 0 s"));
        let ample = Heartbeat::progressing("feed", Duration::from_secs(60));
        assert_eq!(ample.problem(), None);
    }

    /// A task that waits is polled all the same; one that blocks its thread is not.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn only_a_blocked_task_is_not_polled() {
        let (waits, blocks) = (Heartbeat::new("waits"), Heartbeat::new("blocks"));
        let mut tasks = Tasks::default();
        tasks.spawn(waits.clone(), std::future::pending());
        tasks.spawn(blocks.clone(), async {
            std::thread::sleep(POLL_INTERVAL * 3);
            std::future::pending().await
        });
        tokio::time::sleep(POLL_INTERVAL * 5 / 2).await;
        let polled = |heartbeat: &Heartbeat| heartbeat.0.polled.load(Ordering::Relaxed);
        assert!(polled(&waits) >= 900, "{}", polled(&waits));
        assert_eq!(polled(&blocks), 0);
    }
}
