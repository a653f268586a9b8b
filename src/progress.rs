//! Progress on stderr, for those who wait and watch.
//!
//! Nothing is drawn for the first 250 ms: what is quick needs no bar. Nothing is drawn
//! at all where stderr is no terminal.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

/// How long a list may take before its progress is shown.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often it is redrawn: often enough to look alive, too seldom to cost.
const TICK: Duration = Duration::from_millis(100);

/// A progress line; clones are the same line.
#[derive(Clone)]
pub struct Progress(Option<Arc<Line>>);

struct Line {
    bar: ProgressBar,
}

impl Progress {
    /// A line that appears after a while, if `shown` at all.
    pub fn new(shown: bool) -> Self {
        if !shown {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} ({elapsed})") {
            bar.set_style(style);
        }
        show_later(&bar);
        Self(Some(Arc::new(Line { bar })))
    }

    /// Begins something.
    pub fn phase(&self, what: &'static str) {
        if let Some(line) = &self.0 {
            line.bar.set_message(what);
            line.bar.set_position(0);
        }
    }

    /// Tells how many have come.
    pub fn count(&self, count: u64) {
        if let Some(line) = &self.0 {
            line.bar.set_position(count);
        }
    }

    /// Takes the line away, before anything else is printed.
    pub fn finish(&self) {
        if let Some(line) = &self.0 {
            line.bar.finish_and_clear();
        }
    }
}

/// Draws a line that is hidden, if it is still wanted after a while.
fn show_later(bar: &ProgressBar) {
    let late = bar.clone();
    std::thread::spawn(move || {
        std::thread::sleep(PATIENCE);
        if !late.is_finished() {
            late.set_draw_target(ProgressDrawTarget::stderr());
            late.enable_steady_tick(TICK);
        }
    });
}

/// A bar of time, for what takes as long as it was told to.
pub struct Meter(Option<ProgressBar>);

impl Meter {
    /// A bar that is full after `duration`, where progress is shown; after a while, as all.
    pub fn new(printer: &Printer, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let bar = printer
            .shows_progress()
            .then(|| ProgressBar::with_draw_target(Some(millis), ProgressDrawTarget::hidden()));
        if let Some(bar) = &bar {
            if let Ok(style) = ProgressStyle::with_template("{elapsed} {wide_bar} {msg}") {
                bar.set_style(match printer.is_unicode() {
                    true => style,
                    false => style.progress_chars("##-"),
                });
            }
            show_later(bar);
        }
        Self(bar)
    }

    /// Moves it to now, and tells how it goes.
    pub fn tell(&self, how: String) {
        if let Some(bar) = &self.0 {
            bar.set_position(u64::try_from(bar.elapsed().as_millis()).unwrap_or(u64::MAX));
            bar.set_message(how);
        }
    }
}

impl Drop for Meter {
    /// Takes it away, before anything else is printed.
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl oppscale_cluster::ReadProgress for Progress {
    fn phase(&self, what: &'static str) {
        Progress::phase(self, what);
    }

    fn count(&self, pods: u64) {
        Progress::count(self, pods);
    }

    fn finish(&self) {
        Progress::finish(self);
    }
}
