//! The terminal: events in, frames out, and all as before at the end.

use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event};
use ratatui::{DefaultTerminal, Frame};

use super::key::{Next, press};
use super::screen;
use super::view::View;

/// At most ten frames a second.
const FRAME: Duration = Duration::from_millis(100);
/// The most that passes between two frames: a machine that slept does not catch up.
const LONGEST: Duration = Duration::from_millis(500);

/// How the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// By a key that asks for it, or after the end.
    Quit,
    /// By Ctrl-C, or by a signal that ends programs.
    Interrupted,
}

/// Shows the view until somebody ends it. The terminal is as before whenever this ends: with
/// a result, dropped half-way, or by a panic.
///
/// # Errors
/// When the terminal cannot be read or written.
pub async fn live(view: &mut View) -> io::Result<Left> {
    // Before the screen changes: a signal must not find it so.
    let mut ended = Termination::new()?;
    let mut screen = Screen::open()?;
    let mut frames = tokio::time::interval(FRAME);
    frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = Instant::now();
    let mut is_dirty = true;
    loop {
        tokio::select! {
            () = ended.wait() => return Ok(Left::Interrupted),
            _ = frames.tick() => {}
        }
        while event::poll(Duration::ZERO)? {
            let next = match event::read()? {
                Event::Key(key) => press(view, key),
                Event::Resize(..) => Next::Draw,
                _ => Next::Same,
            };
            match next {
                Next::Same => {}
                Next::Draw => is_dirty = true,
                Next::Quit => return Ok(Left::Quit),
                Next::Interrupt => return Ok(Left::Interrupted),
            }
        }
        let passed = last.elapsed().min(LONGEST);
        last = Instant::now();
        is_dirty |= view.pass(u64::try_from(passed.as_millis()).unwrap_or(0));
        if std::mem::take(&mut is_dirty) {
            screen.0.draw(|frame: &mut Frame<'_>| {
                let area = frame.area();
                screen::draw(view, area, frame.buffer_mut());
            })?;
        }
    }
}

/// The alternate screen in raw mode; the normal one again when it is dropped.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> io::Result<Self> {
        // Also installs a panic hook that restores the terminal before the message.
        let opened = ratatui::try_init().map(Self);
        if opened.is_err() {
            let _ = ratatui::try_restore();
        }
        opened
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = self.0.show_cursor();
        let _ = ratatui::try_restore();
    }
}

/// The signals that end a program, SIGINT apart, which is waited for elsewhere.
#[cfg(unix)]
struct Termination {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Termination {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, hang_up: signal(SignalKind::hangup())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Termination;

#[cfg(not(unix))]
impl Termination {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        std::future::pending().await
    }
}
