//! The source of the live screen: a followed cluster or a recording.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use oppscale_cluster::follow::{ClusterState, Follower, Health, Phase, WatchStatus};
use oppscale_cluster::history::{HistoryError, Player};
use oppscale_cluster::{Cluster, ResolvedWorkload, Snapshot, compute};

/// A followed cluster, or a recording that is played.
pub trait Source: Send + Sync {
    /// The cluster state.
    fn cluster_state(&self) -> &ClusterState;

    /// The API server, if there is one.
    fn cluster(&self) -> Option<&Cluster> {
        None
    }

    /// The opportunistic workload and its changes; `None` if it never changes.
    fn workload(&self) -> Option<watch::Receiver<ResolvedWorkload>> {
        None
    }

    /// The position in a recording; `None` for a cluster.
    fn replay(&self) -> Option<Replay> {
        None
    }

    /// Carries out a command.
    fn steer(&self, _steer: SourceCommand) {}
}

/// The position in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Name of the recording.
    pub name: String,
    /// Time since its beginning.
    pub position: Duration,
    /// Its length.
    pub length: Duration,
    /// Recorded seconds per second.
    pub speed: f64,
    /// Whether it is paused.
    pub paused: bool,
}

/// A command of the user to the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceCommand {
    /// Reconnect at once, without waiting for the backoff.
    Reconnect,
    /// Pause a recording, or continue it.
    Pause,
    /// Play faster.
    Faster,
    /// Play slower.
    Slower,
    /// Jump forward.
    Forward,
    /// Jump back.
    Back,
}

impl Source for Follower {
    fn cluster_state(&self) -> &ClusterState {
        Self::cluster_state(self)
    }

    fn cluster(&self) -> Option<&Cluster> {
        Some(Self::cluster(self))
    }

    fn workload(&self) -> Option<watch::Receiver<ResolvedWorkload>> {
        Some(Self::workload(self))
    }

    fn steer(&self, steer: SourceCommand) {
        if steer == SourceCommand::Reconnect {
            self.reconnect();
        }
    }
}

/// A cluster that was read once and does not change.
pub struct Saved(ClusterState);

impl Saved {
    /// The cluster of a saved list.
    pub fn new(snapshot: Snapshot) -> Self {
        let fresh_at = Some(std::time::Instant::now());
        let whole = || WatchStatus { phase: Phase::Following, fresh_at, restarts: 0 };
        Self(ClusterState::new(snapshot, Health { nodes: whole(), pods: whole(), version: None }))
    }
}

impl Source for Saved {
    fn cluster_state(&self) -> &ClusterState {
        &self.0
    }
}

/// Greatest speed: a day per second.
const FASTEST: f64 = 86_400.0;
/// Least speed: real time.
const SLOWEST: f64 = 1.0;
/// A jump is one part in this many of the recording.
const JUMPS: u32 = 20;
/// Least length of a jump.
const SHORTEST_JUMP: Duration = Duration::from_secs(1);

/// A recording that is played. Dropping it stops the playback.
pub struct Playback {
    deck: Arc<Deck>,
    cluster_state: ClusterState,
    workload: watch::Receiver<ResolvedWorkload>,
    name: String,
    task: AbortHandle,
}

/// The state that commands and the playing task share.
struct Deck {
    player: Mutex<Player>,
    /// First and last moment, which the drawing thread reads while the player is busy.
    start: Duration,
    end: Duration,
    pace: Mutex<PlaybackClock>,
    /// Wakes the playing task after a command.
    steered: Notify,
}

/// The position when the speed last changed, and the speed since.
#[derive(Clone, Copy)]
struct PlaybackClock {
    since: Instant,
    position: Duration,
    speed: f64,
    paused: bool,
}

impl Deck {
    /// Plays up to `to`, or back to it, which reads the recording from its start. Returns when the
    /// next moment is due, and the workload.
    fn seek(&self, to: Duration) -> (Option<Duration>, ResolvedWorkload) {
        let mut player = lock(&self.player);
        if let Err(error) = player.seek(to) {
            damaged(&player, &error);
            lock(&self.pace).change(|pace| pace.paused = true);
        }
        (player.next_at(), player.workload())
    }
}

impl PlaybackClock {
    fn at(&self, now: Instant) -> Duration {
        if self.paused {
            return self.position;
        }
        let passed = now.saturating_duration_since(self.since).as_secs_f64() * self.speed;
        self.position + Duration::try_from_secs_f64(passed).unwrap_or(Duration::MAX / 2)
    }

    /// Time until the position is reached.
    fn when(&self, position: Duration) -> Instant {
        let ahead = position.saturating_sub(self.position).as_secs_f64() / self.speed;
        self.since + Duration::from_secs_f64(ahead)
    }

    /// Changes speed or position from now on.
    fn change(&mut self, change: impl FnOnce(&mut Self)) {
        let now = Instant::now();
        (self.position, self.since) = (self.at(now), now);
        change(self);
    }
}

impl Playback {
    /// Starts to play from the beginning of the recording.
    pub fn start(player: Player, name: String, speed: u32) -> Self {
        let pace = PlaybackClock {
            since: Instant::now(),
            position: player.position(),
            speed: speed.into(),
            paused: false,
        };
        let cluster_state = player.cluster_state().clone();
        let (sender, workload) = watch::channel(player.workload());
        let deck = Deck {
            start: player.start(),
            end: player.end(),
            player: Mutex::new(player),
            pace: Mutex::new(pace),
            steered: Notify::new(),
        };
        let deck = Arc::new(deck);
        let task = tokio::spawn(run(Arc::clone(&deck), sender)).abort_handle();
        Self { deck, cluster_state, workload, name, task }
    }

    /// The opportunistic workload of the recording.
    pub fn resolved(&self) -> ResolvedWorkload {
        self.workload.borrow().clone()
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Source for Playback {
    fn cluster_state(&self) -> &ClusterState {
        &self.cluster_state
    }

    fn workload(&self) -> Option<watch::Receiver<ResolvedWorkload>> {
        Some(self.workload.clone())
    }

    fn replay(&self) -> Option<Replay> {
        let pace = *lock(&self.deck.pace);
        let Deck { start, end, .. } = *self.deck;
        Some(Replay {
            name: self.name.clone(),
            position: pace.at(Instant::now()).min(end).saturating_sub(start),
            length: end.saturating_sub(start),
            speed: pace.speed,
            paused: pace.paused,
        })
    }

    fn steer(&self, steer: SourceCommand) {
        let Deck { start, end, .. } = *self.deck;
        let jump = (end.saturating_sub(start) / JUMPS).max(SHORTEST_JUMP);
        lock(&self.deck.pace).change(|pace| match steer {
            SourceCommand::Reconnect => {}
            // At the end, continuing starts from the beginning.
            SourceCommand::Pause if pace.position >= end => {
                (pace.position, pace.paused) = (start, false)
            }
            SourceCommand::Pause => pace.paused = !pace.paused,
            SourceCommand::Faster => pace.speed = (pace.speed * 2.0).min(FASTEST),
            SourceCommand::Slower => pace.speed = (pace.speed / 2.0).max(SLOWEST),
            SourceCommand::Forward => pace.position = (pace.position + jump).min(end),
            SourceCommand::Back => pace.position = pace.position.saturating_sub(jump).max(start),
        });
        self.deck.steered.notify_one();
    }
}

/// Plays what is due, until the task is aborted.
async fn run(deck: Arc<Deck>, workload: watch::Sender<ResolvedWorkload>) {
    loop {
        let pace = *lock(&deck.pace);
        let to = pace.at(Instant::now());
        let playing = Arc::clone(&deck);
        let (next, now) = compute(move || playing.seek(to)).await;
        workload.send_if_modified(|known| std::mem::replace(known, now.clone()) != now);
        match next {
            Some(next) if !pace.paused => tokio::select! {
                () = sleep_until(pace.when(next)) => {}
                () = deck.steered.notified() => {}
            },
            _ => {
                if next.is_none() {
                    lock(&deck.pace).change(|pace| pace.paused = true);
                }
                deck.steered.notified().await;
            }
        }
    }
}

/// Shows an error of the recording as a lost connection.
fn damaged(player: &Player, error: &HistoryError) {
    player.cluster_state().change(|_, health| {
        health.nodes.phase =
            Phase::Reconnecting { why: error.to_string(), tries: 0, next_try: None };
        true
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves a usable position.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
