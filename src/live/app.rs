//! The event loop of the live screen: events in, frames out.
//!
//! Keys are handled at once. Changes of the cluster are measured on another thread, at most ten
//! times a second and for at most a tenth of the time. Nothing runs while nothing changes.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ratatui::crossterm::event::Event;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use crate::terminal::{Input, Screen, ScreenExit, Signal, Signals};
use oppscale_cluster::ResolvedWorkload;
use oppscale_cluster::follow::{ClusterState, Health};
use oppscale_core::usage::PaidUsage;

use super::connection;
use super::draw;
use super::hpas::{self, HpaItem};
use super::input::{self, Effect};
use super::measurement::{Measurement, MeasurementRequest};
use super::pods::{self, PodItem};
use super::query::QueryResult;
use super::query::QuerySchedule;
use super::source::Source;
use super::state::{FRAME, Setup, State};
use super::usage::{Readings, UsageFollower};
use super::view::View;

/// Measurements take at most one part in this many of the time.
const MEASURING: u32 = 10;
/// Time after which a newly opened table is drawn without rows: a user would notice a longer one.
const EMPTY_TABLE_DELAY: Duration = Duration::from_millis(60);
/// Interval at which the time of a recording is redrawn while it plays.
const PLAYING: Duration = Duration::from_millis(500);

/// Shows the source until the user quits. The terminal is restored however this ends: with a
/// result, dropped, or by a panic.
///
/// # Errors
/// When the terminal cannot be read or written.
pub async fn live(source: Arc<dyn Source>, setup: Setup) -> std::io::Result<ScreenExit> {
    // Handlers first: a signal must not end the program while the screen is open.
    let mut signals = Signals::new()?;
    let state = State::new(setup, Instant::now());
    let mut changes = source.cluster_state().changes();
    let mut turns = source.cluster_state().health_changes();
    let mut workload = source.workload();
    let screen = Screen::open(true)?;
    let mut input = Input::new();
    let (sender, mut answers) = mpsc::channel(1);
    let mut app = App {
        state,
        screen,
        source,
        sender,
        measuring: None,
        is_dirty: true,
        is_urgent: false,
        measured_at: None,
        cost: Duration::ZERO,
        queries: QuerySchedule::default(),
        usage: UsageFollower::default(),
    };
    app.measure_soon().await?;
    app.draw()?;
    loop {
        app.ask();
        app.ask_usage();
        let wake = app.next_wake();
        tokio::select! {
            biased;
            event = input.next() => {
                let mut next = app.event(event?);
                // Events that are queued are answered by one frame.
                while matches!(next, Effect::None | Effect::Redraw)
                    && let Some(event) = input.waiting()
                {
                    let more = app.event(event?);
                    next = if more == Effect::None { next } else { more };
                }
                if let Some(left) = app.follow(next, &mut signals).await? {
                    return Ok(left);
                }
            }
            signal = signals.next() => match signal {
                Signal::End => return Ok(ScreenExit::Interrupted),
                Signal::Stop => { app.follow(Effect::Suspend, &mut signals).await?; }
                Signal::Continued => app.again()?,
            },
            done = finished(&mut app.measuring) => {
                app.take(done);
                app.draw()?;
            }
            Some(answer) = answers.recv() => {
                app.take_answer(answer);
                app.draw()?;
            }
            Ok(()) = turns.changed() => {
                turns.mark_unchanged();
                app.is_dirty = true;
                app.is_urgent = true;
            }
            Ok(()) = changes.changed() => {
                changes.mark_unchanged();
                app.is_dirty = true;
            }
            resolved = changed(&mut workload) => {
                app.state.setup.resolved = resolved;
                app.is_dirty = true;
                app.is_urgent = true;
            }
            () = sleep_until(wake.into()) => app.awake()?,
        }
        app.measure();
    }
}

/// Waits for the running measurement.
async fn finished(measuring: &mut Option<JoinHandle<Done>>) -> Option<Done> {
    match measuring {
        Some(under_way) => {
            let done = under_way.await.ok();
            *measuring = None;
            done
        }
        None => std::future::pending().await,
    }
}

/// Waits for a change of the opportunistic workload.
async fn changed(workload: &mut Option<watch::Receiver<ResolvedWorkload>>) -> ResolvedWorkload {
    if let Some(receiver) = workload {
        if receiver.changed().await.is_ok() {
            return receiver.borrow_and_update().clone();
        }
        // The sender is gone.
        *workload = None;
    }
    std::future::pending().await
}

/// A measurement and the time it took.
struct Done {
    measured: Measurement,
    cost: Duration,
}

/// An answer of the API server.
enum Answer {
    Pods(String, QueryResult<Vec<PodItem>>),
    Hpas(QueryResult<Vec<HpaItem>>),
    Usage(Readings, Result<PaidUsage, String>),
}

struct App {
    state: State,
    screen: Screen,
    source: Arc<dyn Source>,
    sender: mpsc::Sender<Answer>,
    measuring: Option<JoinHandle<Done>>,
    /// Whether something has changed since the last measurement began.
    is_dirty: bool,
    /// Whether the change is more than new figures: the state of the connection, for example.
    is_urgent: bool,
    /// Start of the last measurement, and the time it took.
    measured_at: Option<Instant>,
    cost: Duration,
    queries: QuerySchedule,
    usage: UsageFollower,
}

impl App {
    /// Draws the screen.
    fn draw(&mut self) -> std::io::Result<()> {
        let state = &mut self.state;
        state.now = Instant::now();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        state.unix_now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        state.replay = self.source.replay();
        self.screen.draw(|area, buf| {
            if state.area != area {
                state.area = area;
                state.settle();
            }
            draw::draw(state, area, buf);
        })
    }

    /// Redraws everything: other programs may have written to the terminal.
    fn again(&mut self) -> std::io::Result<()> {
        self.screen.enter()?;
        self.is_dirty = true;
        self.draw()
    }

    fn event(&mut self, event: Event) -> Effect {
        match event {
            Event::Key(key) => input::handle_key(&mut self.state, key),
            Event::Mouse(mouse) => input::handle_mouse(&mut self.state, mouse),
            Event::Resize(..) => Effect::Redraw,
            _ => Effect::None,
        }
    }

    /// Carries out the effect of an event.
    async fn follow(
        &mut self,
        next: Effect,
        signals: &mut Signals,
    ) -> std::io::Result<Option<ScreenExit>> {
        match next {
            Effect::None => {}
            Effect::Redraw => self.draw()?,
            Effect::Measure => {
                self.measure_soon().await?;
                self.draw()?;
            }
            Effect::Command(steer) => {
                self.source.steer(steer);
                self.draw()?;
            }
            Effect::Quit => return Ok(Some(ScreenExit::Quit)),
            Effect::Interrupt => return Ok(Some(ScreenExit::Interrupted)),
            Effect::Suspend => {
                self.screen.leave();
                signals.stop().await;
                self.again()?;
            }
        }
        Ok(None)
    }

    /// Shortest time between two measurements. A long `--interval` delays neither the first figures
    /// nor the notice that the connection is lost.
    fn interval(&self) -> Duration {
        let is_ready = self.state.health().is_some_and(Health::is_ready);
        let least = if self.is_urgent || !is_ready { FRAME } else { self.state.min_interval };
        least.max(self.cost * MEASURING)
    }

    /// Starts a measurement if there is something new and the interval has passed.
    fn measure(&mut self) {
        let is_due = self.measured_at.is_none_or(|at| at.elapsed() >= self.interval());
        if self.is_dirty && is_due && !self.state.frozen && self.measuring.is_none() {
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.is_dirty = false;
        self.is_urgent = false;
        self.measured_at = Some(Instant::now());
        let (cluster_state, asked) = (self.source.cluster_state().clone(), self.state.asked());
        let measure = move || measured(&cluster_state, &asked);
        self.measuring = Some(tokio::task::spawn_blocking(measure));
    }

    /// Measures for a newly opened table at once, and waits a moment for the result.
    async fn measure_soon(&mut self) -> std::io::Result<()> {
        // A measurement for the old table is of no use.
        self.measuring = None;
        self.begin();
        if let Ok(done) = timeout(EMPTY_TABLE_DELAY, finished(&mut self.measuring)).await {
            self.take(done);
        }
        Ok(())
    }

    fn take(&mut self, done: Option<Done>) {
        self.state.now = Instant::now();
        self.state.replay = self.source.replay();
        if let Some(Done { measured, cost }) = done {
            self.cost = cost;
            self.state.take(measured);
        }
    }

    /// The next time at which something is due without an event.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let mut wake = now + Duration::from_secs(86_400);
        let mut at = |time: Instant| wake = wake.min(time);
        if self.is_dirty && !self.state.frozen && self.measuring.is_none() {
            at(self.measured_at.map_or(now, |at| at + self.interval()));
        }
        match (&self.state.replay, self.state.health()) {
            (Some(replay), _) if !replay.paused => at(now + PLAYING),
            (Some(_), _) | (None, None) => {}
            (None, Some(_)) if self.state.setup.is_saved => {}
            (None, Some(health)) => {
                if let Some(next) =
                    connection::next_change(health, self.state.setup.max_staleness, now)
                {
                    at(now + next);
                }
            }
        }
        let due = [self.queries.due(&self.state, now), self.usage.due(&self.state, now)];
        due.into_iter().flatten().for_each(&mut at);
        wake
    }

    /// Redraws ages, unless a measurement starts next and will redraw everything.
    fn awake(&mut self) -> std::io::Result<()> {
        let is_due = self.measured_at.is_none_or(|at| at.elapsed() >= self.interval());
        let is_measured = self.is_dirty && is_due && !self.state.frozen;
        if is_measured { Ok(()) } else { self.draw() }
    }

    /// Sends the query of the open table if it is due.
    fn ask(&mut self) {
        let now = Instant::now();
        if self.queries.due(&self.state, now).is_none_or(|at| at > now) {
            return;
        }
        let Some(cluster) = self.source.cluster().cloned() else { return };
        let view = self.state.pane().view.clone();
        let sender = self.sender.clone();
        self.queries.sent(&self.state, now);
        match view {
            View::OnNode { name } => {
                let ownership = self.state.setup.resolved.ownership.clone();
                tokio::spawn(async move {
                    let answer = pods::of_node(&cluster, &name, &ownership).await;
                    let _ = sender.send(Answer::Pods(name, answer)).await;
                });
            }
            View::Hpas => {
                let namespace = self.state.hpa_namespace();
                tokio::spawn(async move {
                    let answer = hpas::list(&cluster, namespace.as_deref()).await;
                    let _ = sender.send(Answer::Hpas(answer)).await;
                });
            }
            // Other views have no query.
            _ => {}
        }
    }

    /// Asks for the usage of nodes if it is due.
    fn ask_usage(&mut self) {
        let now = Instant::now();
        if self.usage.due(&self.state, now).is_none_or(|at| at > now) {
            return;
        }
        let Some(cluster) = self.source.cluster().cloned() else { return };
        let Some(readings) = self.usage.begin(now) else { return };
        let (sender, own) = (self.sender.clone(), self.state.setup.resolved.ownership.clone());
        let cluster_state = self.source.cluster_state().clone();
        let burn = self.state.burn().unwrap_or(0);
        tokio::spawn(async move {
            let (readings, paid) = readings.read(&cluster, &own, cluster_state, burn).await;
            let _ = sender.send(Answer::Usage(readings, paid)).await;
        });
    }

    fn take_answer(&mut self, told: Answer) {
        match told {
            Answer::Pods(node, answer) => {
                self.queries.answered(answer.is_err(), Instant::now());
                self.state.take_pods(&node, answer);
            }
            Answer::Hpas(answer) => {
                self.queries.answered(answer.is_err(), Instant::now());
                self.state.take_hpas(answer);
            }
            Answer::Usage(readings, paid) => {
                self.usage.finish(readings);
                self.state.take_usage(paid);
                (self.is_dirty, self.is_urgent) = (true, true);
            }
        }
    }
}

/// Measures, without counting the wait for the lock as cost.
fn measured(cluster_state: &ClusterState, asked: &MeasurementRequest) -> Done {
    cluster_state.read(|snapshot, health| {
        let start = Instant::now();
        let measured = Measurement::of(snapshot, health, asked);
        Done { measured, cost: start.elapsed() }
    })
}
