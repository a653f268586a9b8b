//! All that the screen depends on.

use super::race::{Race, SYNC_MS};
use crate::terminal::Theme;

/// The fastest that a person may ask for, simulated seconds a second.
pub const MAX_SPEED: u32 = 3_600;

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct View {
    /// What is shown.
    pub race: Race,
    /// Simulated milliseconds that were asked for: the race is there, to the second.
    clock_ms: u64,
    /// Simulated seconds a second.
    pub speed: u32,
    /// Whether time stands still.
    pub paused: bool,
    /// Whether the keys are explained.
    pub help: bool,
    /// How it is drawn.
    pub theme: Theme,
}

impl View {
    /// A race before its start.
    #[must_use]
    pub fn new(race: Race, speed: u32, theme: Theme) -> Self {
        Self {
            clock_ms: race.now_ms(),
            race,
            speed: speed.clamp(1, MAX_SPEED),
            paused: false,
            help: false,
            theme,
        }
    }

    /// So much real time has passed; says whether anything has changed.
    pub fn pass(&mut self, real_ms: u64) -> bool {
        if self.paused || self.race.is_over() {
            return false;
        }
        self.advance(real_ms.saturating_mul(u64::from(self.speed)))
    }

    /// Stops, one run of the HPA later.
    pub fn step(&mut self) {
        self.paused = true;
        self.advance(SYNC_MS);
    }

    /// Twice as fast, or half.
    pub fn change_speed(&mut self, faster: bool) {
        let speed = if faster { self.speed * 2 } else { self.speed / 2 };
        self.speed = speed.clamp(1, MAX_SPEED);
    }

    fn advance(&mut self, simulated_ms: u64) -> bool {
        let before_ms = self.race.now_ms();
        self.clock_ms = self.clock_ms.saturating_add(simulated_ms).min(self.race.end_ms);
        self.race.advance_to(self.clock_ms);
        self.race.now_ms() != before_ms
    }

    /// What time does.
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
    use super::*;

    fn view() -> View {
        let theme = Theme { unicode: true, color: true };
        View::new(Race::new(1).unwrap(), 60, theme)
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
