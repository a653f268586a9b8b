//! The terminal: events in, frames out, and all as before at the end.
//!
//! Keys are answered at once. What changed in the cluster is measured on another thread, at
//! most ten times a second and for at most a tenth of the time. Nothing happens while nothing
//! changes.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ratatui::crossterm::event::Event;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use crate::terminal::{Input, Screen, ScreenExit, Signal, Signals};
use oppscale_cluster::ResolvedWorkload;
use oppscale_cluster::follow::{Health, Picture};

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
use super::view::View;

/// RunningMeasurement may take this share of the time: one part of so many.
const MEASURING: u32 = 10;
/// Another table is drawn without rows when measuring it takes longer than an eye notices.
const PATIENCE: Duration = Duration::from_millis(60);
/// How often a record's time is drawn while it plays.
const PLAYING: Duration = Duration::from_millis(500);

/// Shows the source until somebody ends it. The terminal is as before whenever this ends: with
/// a result, dropped half-way, or by a panic.
///
/// # Errors
/// When the terminal cannot be read or written.
pub async fn live(source: Arc<dyn Source>, setup: Setup) -> std::io::Result<ScreenExit> {
    // Before the screen changes: a signal must not find it so.
    let mut signals = Signals::new()?;
    let state = State::new(setup, Instant::now());
    let mut changes = source.picture().changes();
    let mut turns = source.picture().turns();
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
        question: QuerySchedule::default(),
    };
    app.measure_soon().await?;
    app.draw()?;
    loop {
        app.ask();
        let wake = app.next_wake();
        tokio::select! {
            biased;
            event = input.next() => {
                let mut next = app.event(event?);
                // What has come meanwhile is answered by one frame.
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
                app.state.resolve(resolved);
                app.is_dirty = true;
                app.is_urgent = true;
            }
            () = sleep_until(wake.into()) => app.awake()?,
        }
        app.measure();
    }
}

/// The end of a measurement that is under way.
async fn finished(measuring: &mut Option<RunningMeasurement>) -> Option<Done> {
    match measuring {
        Some(under_way) => {
            let done = (&mut under_way.task).await.ok();
            *measuring = None;
            done
        }
        None => std::future::pending().await,
    }
}

/// The opportunistic workload when it has changed.
async fn changed(workload: &mut Option<watch::Receiver<ResolvedWorkload>>) -> ResolvedWorkload {
    if let Some(receiver) = workload {
        if receiver.changed().await.is_ok() {
            return receiver.borrow_and_update().clone();
        }
        // Nobody is left who could change it.
        *workload = None;
    }
    std::future::pending().await
}

struct RunningMeasurement {
    task: JoinHandle<Done>,
}

/// What was measured, and what it cost.
struct Done {
    measured: Measurement,
    cost: Duration,
}

/// What was answered on demand.
enum Answer {
    Pods(String, QueryResult<Vec<PodItem>>),
    Hpas(QueryResult<Vec<HpaItem>>),
}

struct App {
    state: State,
    screen: Screen,
    source: Arc<dyn Source>,
    sender: mpsc::Sender<Answer>,
    measuring: Option<RunningMeasurement>,
    /// Whether something has changed since the last measurement began.
    is_dirty: bool,
    /// Whether that is more than new figures: how well the cluster is heard, say.
    is_urgent: bool,
    /// When the last measurement began, and what it cost.
    measured_at: Option<Instant>,
    cost: Duration,
    question: QuerySchedule,
}

impl App {
    /// Draws the screen as it is now.
    fn draw(&mut self) -> std::io::Result<()> {
        let state = &mut self.state;
        state.now = Instant::now();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        state.wall = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        state.replay = self.source.replay();
        self.screen.draw(|area, buf| {
            if state.area != area {
                state.area = area;
                state.settle();
            }
            draw::draw(state, area, buf);
        })
    }

    /// Everything again: others may have written on the terminal.
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

    /// Does what follows from an event.
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

    /// The least time between two measurements. A person who wants figures seldom still wants
    /// to know at once that they are there, or that they are no longer heard.
    fn interval(&self) -> Duration {
        let is_ready = self.state.health().is_some_and(Health::is_ready);
        let least = if self.is_urgent || !is_ready { FRAME } else { self.state.least };
        least.max(self.cost * MEASURING)
    }

    /// Begins to measure, if there is something new and it is time.
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
        let (picture, asked) = (self.source.picture().clone(), self.state.asked());
        let measure = move || measured(&picture, &asked);
        self.measuring = Some(RunningMeasurement { task: tokio::task::spawn_blocking(measure) });
    }

    /// Measures at once, for another table than the last time, and waits a moment for it.
    async fn measure_soon(&mut self) -> std::io::Result<()> {
        // One for the old table is of no use any more.
        self.measuring = None;
        self.begin();
        if let Ok(done) = timeout(PATIENCE, finished(&mut self.measuring)).await {
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

    /// When something is to be done though nothing has come.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        // Nothing to do is looked at again in a day.
        let mut wake = now + Duration::from_secs(86_400);
        let mut at = |time: Instant| wake = wake.min(time);
        if self.is_dirty && !self.state.frozen && self.measuring.is_none() {
            at(self.measured_at.map_or(now, |at| at + self.interval()));
        }
        match (&self.state.replay, self.state.health()) {
            (Some(replay), _) if !replay.paused => at(now + PLAYING),
            (Some(_), _) | (None, None) => {}
            (None, Some(health)) => {
                if let Some(next) = connection::next_change(health, self.state.fresh, now) {
                    at(now + next);
                }
            }
        }
        if let Some(time) = self.question.due(&self.state, now) {
            at(time);
        }
        wake
    }

    /// Something is due: a measurement begins after this, and ages are drawn anew.
    fn awake(&mut self) -> std::io::Result<()> {
        let is_due = self.measured_at.is_none_or(|at| at.elapsed() >= self.interval());
        let is_measured = self.is_dirty && is_due && !self.state.frozen;
        if is_measured { Ok(()) } else { self.draw() }
    }

    /// Asks what the open table needs, if it is time.
    fn ask(&mut self) {
        let now = Instant::now();
        if self.question.due(&self.state, now).is_none_or(|at| at > now) {
            return;
        }
        let Some(cluster) = self.source.cluster().cloned() else { return };
        let view = self.state.pane().view.clone();
        let sender = self.sender.clone();
        self.question.ask(&self.state, now);
        match view {
            View::OnNode { name } => {
                let ownership = self.state.ownership.clone();
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
            // Nothing else asks.
            _ => {}
        }
    }

    fn take_answer(&mut self, told: Answer) {
        let has_failed = match &told {
            Answer::Pods(_, answer) => answer.is_err(),
            Answer::Hpas(answer) => answer.is_err(),
        };
        self.question.answered(has_failed, Instant::now());
        match told {
            Answer::Pods(node, answer) => self.state.take_pods(&node, answer),
            Answer::Hpas(answer) => self.state.take_hpas(answer),
        }
    }
}

/// Measures, and tells how long that took: waiting for the picture is not work.
fn measured(picture: &Picture, asked: &MeasurementRequest) -> Done {
    picture.look(|snapshot, health| {
        let start = Instant::now();
        let measured = Measurement::of(snapshot, health, asked);
        Done { measured, cost: start.elapsed() }
    })
}
