//! The terminal: events in, frames out, and all as before at the end.

use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::Event;

use crate::terminal::{Input, Screen, ScreenExit, Signal, Signals};

use super::key::{Next, press};
use super::screen;
use super::view::View;

/// At most ten frames a second.
const FRAME: Duration = Duration::from_millis(100);
/// The most that passes between two frames: a machine that slept does not catch up.
const LONGEST: Duration = Duration::from_millis(500);

/// Shows the view until somebody ends it. The terminal is as before whenever this ends: with
/// a result, dropped half-way, or by a panic.
///
/// # Errors
/// When the terminal cannot be read or written.
pub async fn live(view: &mut View) -> io::Result<ScreenExit> {
    // Before the screen changes: a signal must not find it so.
    let mut signals = Signals::new()?;
    let mut screen = Screen::open(false)?;
    let mut input = Input::new();
    let mut frames = tokio::time::interval(FRAME);
    frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = Instant::now();
    let mut is_dirty = true;
    loop {
        let mut next = tokio::select! {
            signal = signals.next() => match signal {
                Signal::End => return Ok(ScreenExit::Interrupted),
                Signal::Stop => Next::Stop,
                Signal::Continued => {
                    screen.enter()?;
                    Next::Draw
                }
            },
            event = input.next() => match event? {
                Event::Key(key) => press(view, key),
                Event::Resize(..) => Next::Draw,
                _ => Next::Same,
            },
            _ = frames.tick() => Next::Same,
        };
        if next == Next::Stop {
            screen.leave();
            signals.stop().await;
            screen.enter()?;
            next = Next::Draw;
        }
        match next {
            Next::Same | Next::Stop => {}
            Next::Draw => is_dirty = true,
            Next::Quit => return Ok(ScreenExit::Quit),
            Next::Interrupt => return Ok(ScreenExit::Interrupted),
        }
        let passed = last.elapsed().min(LONGEST);
        last = Instant::now();
        is_dirty |= view.pass(u64::try_from(passed.as_millis()).unwrap_or(0));
        if std::mem::take(&mut is_dirty) {
            screen.draw(|area, buf| screen::draw(view, area, buf))?;
        }
    }
}
