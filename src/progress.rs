//! Progress on stderr.
//!
//! Nothing is drawn during the first 250 ms, and nothing at all where stderr is not a terminal.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, WeakProgressBar};

use crate::printer::Printer;

/// Delay before progress is shown.
const DELAY: Duration = Duration::from_millis(250);
/// Interval between redraws.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// A line without a count.
const PLAIN: &str = "{spinner} {msg} ({elapsed})";
/// A line with a count.
const COUNTING: &str = "{spinner} {msg} {human_pos} ({elapsed})";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// The line that was created last, which may stand on the terminal.
static LATEST: Mutex<Option<WeakProgressBar>> = Mutex::new(None);

/// Writes to stderr. The line of progress is cleared first, and drawn again below the text.
pub(crate) fn suspend<R>(write: impl FnOnce() -> R) -> R {
    let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let line = latest.as_ref().and_then(WeakProgressBar::upgrade);
    drop(latest);
    match line.filter(|line| !line.is_finished()) {
        Some(line) => line.suspend(write),
        None => write(),
    }
}

/// A line on the terminal, shown after a delay and removed when it is dropped.
struct Line(ProgressBar);

impl Line {
    fn new(length: Option<u64>, template: &str, is_unicode: bool) -> Self {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let style = style(template);
        bar.set_style(if is_unicode { style } else { style.progress_chars("##-") });
        let latest = Some(bar.downgrade());
        *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = latest;
        let shown = bar.clone();
        std::thread::spawn(move || {
            std::thread::sleep(DELAY);
            if !shown.is_finished() {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(REDRAW_INTERVAL);
            }
        });
        Self(bar)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line with the current phase and a count; clones share it.
#[derive(Clone)]
pub struct Progress(Option<Arc<Line>>);

impl Progress {
    /// A line that is drawn if `shown`.
    pub fn new(shown: bool) -> Self {
        let line = || Line::new(None, PLAIN, true);
        Self(shown.then(|| Arc::new(line())))
    }

    /// Starts a phase, without a count yet.
    pub fn phase(&self, name: impl Into<Cow<'static, str>>) {
        if let Some(line) = &self.0 {
            line.0.set_style(style(PLAIN));
            line.0.set_message(name);
            line.0.set_position(0);
        }
    }

    /// Sets the count.
    pub fn count(&self, count: u64) {
        if let Some(line) = &self.0 {
            if line.0.position() == 0 {
                line.0.set_style(style(COUNTING));
            }
            line.0.set_position(count);
        }
    }

    /// Removes the line, before anything else is printed.
    pub fn finish(&self) {
        if let Some(line) = &self.0 {
            line.0.finish_and_clear();
        }
    }
}

impl oppscale_cluster::ReadProgress for Progress {
    fn phase(&self, name: &'static str) {
        Progress::phase(self, name);
    }

    fn count(&self, pods: u64) {
        Progress::count(self, pods);
    }

    fn finish(&self) {
        Progress::finish(self);
    }
}

/// A bar of elapsed time, for a run of known duration.
pub struct Meter(Option<Line>);

impl Meter {
    /// A bar that is full after `duration`, where progress is shown.
    pub fn new(printer: &Printer, duration: Duration) -> Self {
        let template = "{elapsed} {wide_bar} {msg}";
        let line = || Line::new(Some(millis(duration)), template, printer.is_unicode());
        Self(printer.shows_progress().then(line))
    }

    /// Moves the bar to the elapsed time and sets its message.
    pub fn update(&self, message: String) {
        if let Some(Line(bar)) = &self.0 {
            bar.set_position(millis(bar.elapsed()));
            bar.set_message(message);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
