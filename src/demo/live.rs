//! The terminal of the demonstration: events in, frames out, and restored at the end.

use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::draw::draw;
use super::race::{Race, SYNC_MS};
use crate::terminal::{Input, Screen, ScreenExit, Signal, Signals, Theme};

/// At most ten frames a second.
const FRAME: Duration = Duration::from_millis(100);
/// Longest time between two frames: a machine that slept does not catch up.
const LONGEST: Duration = Duration::from_millis(500);

/// Shows the view until the user ends it. Restores the terminal on every end: a result, a drop, a
/// panic.
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
            screen.draw(|area, buf| draw(view, area, buf))?;
        }
    }
}

/// Effect of a key on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing has changed.
    Same,
    /// It must be drawn again.
    Draw,
    /// It is enough.
    Quit,
    /// It is enough, and the program was interrupted.
    Interrupt,
    /// The program is to be stopped until it is continued.
    Stop,
}

/// Does what the key says.
pub(super) fn press(view: &mut View, key: KeyEvent) -> Next {
    if key.kind == KeyEventKind::Release {
        return Next::Same;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Next::Interrupt,
            KeyCode::Char('z') => Next::Stop,
            _ => Next::Same,
        };
    }
    if view.race.is_over() && !view.help && !is_back(key.code) {
        // Whatever is pressed at the end: the comparison has been seen.
        return if key.code == KeyCode::Char('?') { help(view) } else { Next::Quit };
    }
    match key.code {
        KeyCode::Esc | KeyCode::Char('q') if view.help => return help(view),
        KeyCode::Char('q') => return Next::Quit,
        KeyCode::Char('?') | KeyCode::F(1) => return help(view),
        KeyCode::Char(' ') => view.paused = !view.paused,
        KeyCode::Char('s') | KeyCode::Right => view.step(),
        KeyCode::Left => view.back(SYNC_MS),
        KeyCode::PageDown => view.forward(JUMP_MS),
        KeyCode::PageUp => view.back(JUMP_MS),
        KeyCode::Home => view.back(u64::MAX),
        KeyCode::Char('+' | '=') => view.change_speed(true),
        KeyCode::Char('-' | '_') => view.change_speed(false),
        _ => return Next::Same,
    }
    Next::Draw
}

/// Whether a key goes back in time.
fn is_back(code: KeyCode) -> bool {
    matches!(code, KeyCode::Left | KeyCode::PageUp | KeyCode::Home)
}

fn help(view: &mut View) -> Next {
    view.help = !view.help;
    Next::Draw
}

/// Jump of PgUp and PgDn, in simulated milliseconds.
const JUMP_MS: u64 = 5 * 60_000;
/// From one state that is kept, to go back to, to the next.
const KEPT_MS: u64 = 60_000;

/// Greatest speed, in simulated seconds a second.
pub const MAX_SPEED: u32 = 3_600;

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct View {
    /// The race that is shown.
    pub race: Race,
    /// The race at its start and after each minute, to go back to.
    kept: Vec<Race>,
    /// Simulated time to which the race has been advanced, in milliseconds.
    clock_ms: u64,
    /// Simulated seconds a second.
    pub speed: u32,
    /// Whether the run is paused.
    pub paused: bool,
    /// Whether the keys are explained.
    pub help: bool,
    /// Colours.
    pub theme: Theme,
}

impl View {
    /// A race before its start.
    #[must_use]
    pub fn new(race: Race, speed: u32, theme: Theme) -> Self {
        Self {
            clock_ms: race.now_ms(),
            kept: vec![race.clone()],
            race,
            speed: speed.clamp(1, MAX_SPEED),
            paused: false,
            help: false,
            theme,
        }
    }

    /// Advances by this much real time. Returns whether anything has changed.
    pub fn pass(&mut self, real_ms: u64) -> bool {
        if self.paused || self.race.is_over() {
            return false;
        }
        self.advance(real_ms.saturating_mul(u64::from(self.speed)))
    }

    /// Stops, one run of the HPA later.
    pub fn step(&mut self) {
        self.forward(SYNC_MS);
    }

    /// Stops, so much later.
    fn forward(&mut self, simulated_ms: u64) {
        self.paused = true;
        self.advance(simulated_ms);
    }

    /// Stops, so much earlier: at the last state that was kept before, and on from there.
    pub fn back(&mut self, simulated_ms: u64) {
        self.paused = true;
        let to_ms = self.race.now_ms().saturating_sub(simulated_ms);
        let is_before = |race: &&Race| race.now_ms() <= to_ms;
        if let Some(race) = self.kept.iter().rfind(is_before) {
            self.race = race.clone();
        }
        self.race.advance_to(to_ms);
        self.clock_ms = to_ms;
    }

    /// Twice as fast, or half.
    pub fn change_speed(&mut self, faster: bool) {
        let speed = if faster { self.speed * 2 } else { self.speed / 2 };
        self.speed = speed.clamp(1, MAX_SPEED);
    }

    fn advance(&mut self, simulated_ms: u64) -> bool {
        let before_ms = self.race.now_ms();
        self.clock_ms = self.clock_ms.saturating_add(simulated_ms).min(self.race.end_ms);
        while self.race.now_ms() < self.clock_ms {
            let next_ms = self.kept.last().map_or(0, |race| race.now_ms() + KEPT_MS);
            let is_kept = self.race.now_ms() < next_ms && next_ms <= self.clock_ms;
            let now_ms = self.race.now_ms();
            self.race.advance_to(if is_kept { next_ms } else { self.clock_ms });
            if is_kept {
                self.kept.push(self.race.clone());
            }
            if self.race.now_ms() == now_ms {
                break;
            }
        }
        self.race.now_ms() != before_ms
    }

    /// State of the clock.
    pub(super) fn state(&self) -> &'static str {
        match (self.race.is_over(), self.paused) {
            (true, _) => "done",
            (false, true) => "paused",
            (false, false) => "running",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::race::{Race, Side};
    use oppscale_core::policy::Basis;

    use super::*;

    #[test]
    fn keys_do_what_the_footer_says() {
        let theme = crate::terminal::testing::theme();
        let mut view = View::new(Race::new(Basis::Requests, 1).unwrap(), 60, theme);
        let mut press = |code: KeyCode| {
            let next = super::press(&mut view, KeyEvent::new(code, KeyModifiers::NONE));
            (next, view.paused, view.speed, view.race.now_ms(), view.help)
        };
        assert_eq!(press(KeyCode::Char(' ')), (Next::Draw, true, 60, 0, false));
        assert_eq!(press(KeyCode::Char('s')), (Next::Draw, true, 60, 15_000, false));
        assert_eq!(press(KeyCode::Right), (Next::Draw, true, 60, 30_000, false));
        assert_eq!(press(KeyCode::Char('+')), (Next::Draw, true, 120, 30_000, false));
        assert_eq!(press(KeyCode::Char('-')), (Next::Draw, true, 60, 30_000, false));
        assert_eq!(press(KeyCode::Char('?')), (Next::Draw, true, 60, 30_000, true));
        assert_eq!(press(KeyCode::Esc), (Next::Draw, true, 60, 30_000, false));
        assert_eq!(press(KeyCode::Esc).0, Next::Same, "Esc never quits");
        assert_eq!(press(KeyCode::Char('x')).0, Next::Same);
        assert_eq!(press(KeyCode::Char('q')).0, Next::Quit);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(super::press(&mut view, interrupt), Next::Interrupt);
        let stop = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
        assert_eq!(super::press(&mut view, stop), Next::Stop);
    }

    fn view() -> View {
        let theme = crate::terminal::testing::theme();
        View::new(Race::new(Basis::Requests, 1).unwrap(), 60, theme)
    }

    #[test]
    fn time_passes_as_fast_as_asked_and_stands_still_when_paused() {
        let mut view = view();
        assert!(!view.pass(10), "less than a simulated second changes nothing");
        assert!(view.pass(990));
        assert_eq!(view.race.now_ms(), 60_000);
        view.paused = true;
        assert!(!view.pass(1_000));
        view.step();
        assert_eq!(view.race.now_ms(), 75_000);
        view.paused = false;
        view.change_speed(true);
        view.pass(500);
        assert_eq!(view.race.now_ms(), 135_000);
    }

    #[test]
    fn time_goes_back_to_what_was() {
        let mut view = view();
        view.forward(24 * 60_000);
        let was = view.race.sides.iter().map(Side::outcome).collect::<Vec<_>>();
        view.forward(u64::MAX);
        assert!(view.race.is_over() && view.paused);
        let left = KeyEvent::new(KeyCode::Left, KeyModifiers::NONE);
        assert_eq!(super::press(&mut view, left), Next::Draw, "the end is no end of keys");
        assert_eq!(view.race.now_ms(), 3_600_000 - SYNC_MS);
        view.back(view.race.now_ms() - 24 * 60_000);
        assert_eq!(view.race.now_ms(), 24 * 60_000);
        assert_eq!(view.race.sides.iter().map(Side::outcome).collect::<Vec<_>>(), was);
        view.back(u64::MAX);
        assert_eq!((view.race.now_ms(), view.kept.len()), (0, 61));
        view.forward(1_000);
        assert_eq!(view.race.now_ms(), 1_000);
    }

    #[test]
    fn speed_keeps_within_its_limits() {
        let mut view = view();
        for _ in 0..20 {
            view.change_speed(false);
        }
        assert_eq!(view.speed, 1);
        for _ in 0..20 {
            view.change_speed(true);
        }
        assert_eq!(view.speed, MAX_SPEED);
    }

    #[test]
    fn it_ends() {
        let mut view = view();
        view.pass(u64::MAX);
        assert!(view.race.is_over());
        assert!(!view.pass(1_000), "nothing changes after the end");
        assert_eq!(view.state(), "done");
    }
}
