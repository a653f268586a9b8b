//! Demand over time: named shapes and recordings.

use std::f64::consts::TAU;
use std::str::FromStr;

use thiserror::Error;

use crate::simulation::Prng;

/// Demand over time, in units of work per second, or in whatever unit the first metric has.
///
/// It runs in a straight line from one point to the next; two points at one moment are a step.
/// Before the first point and after the last it does not change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demand {
    points: Vec<(u64, f64)>,
}

/// A named shape of demand between a low and a high level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The high level all the time.
    Constant,
    /// From low to high at a sixth of the time, and back at two thirds.
    Step,
    /// In a line from low to high over a third of the time, and back over another.
    Ramp,
    /// A day after another: low at night, high in the afternoon.
    Day,
    /// Low, but for a spike of two minutes in every half hour.
    Spike,
    /// Halfway between low and high, with noise from minute to minute.
    Noise,
}

/// A word that is not the name of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name:?} is not a shape of load")]
pub struct UnknownShape {
    /// The word.
    pub name: String,
}

/// The highest level of a demand. Sums of higher ones over time have no digits left.
pub const MAX_LEVEL: f64 = 1e15;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 86_400_000;
/// From one spike to the next.
const SPIKE_EVERY_MS: u64 = 30 * MINUTE_MS;
/// Length of a spike.
const SPIKE_MS: u64 = 2 * MINUTE_MS;

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 6] =
        [Self::Constant, Self::Step, Self::Ramp, Self::Day, Self::Spike, Self::Noise];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Step => "step",
            Self::Ramp => "ramp",
            Self::Day => "day",
            Self::Spike => "spike",
            Self::Noise => "noise",
        }
    }

    /// Default length of a simulation, milliseconds.
    #[must_use]
    pub fn usual_length_ms(self) -> u64 {
        match self {
            Self::Day => DAY_MS,
            Self::Constant | Self::Step | Self::Ramp | Self::Spike | Self::Noise => 120 * MINUTE_MS,
        }
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|shape| shape.name() == name);
        found.ok_or_else(|| UnknownShape { name: name.to_owned() })
    }
}

impl Demand {
    /// A demand that never changes.
    #[must_use]
    pub fn constant(level: f64) -> Self {
        Self { points: vec![(0, level)] }
    }

    /// A recording: moments in milliseconds since its start, in any order, and levels. Values
    /// that are not finite, such as Prometheus' `NaN`, are left out; negative ones count as 0.
    #[must_use]
    pub fn recorded(points: impl IntoIterator<Item = (u64, f64)>) -> Self {
        let known = points.into_iter().filter(|(_, level)| level.is_finite());
        let mut points: Vec<_> = known.map(|(at, level)| (at, level.max(0.0))).collect();
        points.sort_by_key(|(at, _)| *at);
        Self { points }
    }

    /// A named shape over `length_ms`.
    #[must_use]
    pub fn shaped(shape: Shape, (low, high): (f64, f64), length_ms: u64, seed: u64) -> Self {
        let part = |parts: u64| length_ms / 6 * parts;
        let mut points = vec![(0, low)];
        match shape {
            Shape::Constant => points = vec![(0, high)],
            Shape::Step => {
                points.extend([(part(1), low), (part(1), high), (part(4), high), (part(4), low)]);
            }
            Shape::Ramp => points.extend([(part(1), low), (part(3), high), (part(5), low)]),
            Shape::Day => {
                let moments = (0..=length_ms).step_by(usize::try_from(5 * MINUTE_MS).unwrap_or(1));
                points = moments
                    .map(|at| {
                        let phase = (at % DAY_MS) as f64 / DAY_MS as f64;
                        // Lowest at 03:00, highest at 15:00.
                        let height = 0.5 - 0.5 * (TAU * (phase - 0.125)).cos();
                        (at, low + (high - low) * height)
                    })
                    .collect();
            }
            Shape::Spike => {
                let mut at = SPIKE_EVERY_MS / 2;
                while at < length_ms {
                    let end = at.saturating_add(SPIKE_MS);
                    points.extend([(at, low), (at, high), (end, high), (end, low)]);
                    at = at.saturating_add(SPIKE_EVERY_MS);
                }
            }
            Shape::Noise => {
                let mut prng = Prng::new(seed);
                let (middle, reach) = ((low + high) / 2.0, (high - low) / 2.0);
                let mut deviation = 0.0;
                points = (0..=length_ms / MINUTE_MS)
                    .map(|minute| {
                        let random = prng.below(2_000_001) as f64 / 1_000_000.0 - 1.0;
                        // Half of a deviation is left a minute later.
                        deviation = 0.5 * deviation + random * 0.5;
                        (minute * MINUTE_MS, (middle + reach * deviation).max(0.0))
                    })
                    .collect();
            }
        }
        Self { points }
    }

    /// The points in order of time.
    #[must_use]
    pub fn points(&self) -> &[(u64, f64)] {
        &self.points
    }

    /// The last moment at which it is known, milliseconds.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.points.last().map_or(0, |(at, _)| *at)
    }

    /// The highest level.
    #[must_use]
    pub fn highest(&self) -> f64 {
        self.points.iter().map(|(_, level)| *level).fold(0.0, f64::max)
    }

    /// The level at a moment.
    #[must_use]
    pub fn at(&self, ms: u64) -> f64 {
        let next = self.points.partition_point(|(at, _)| *at <= ms);
        let before = next.checked_sub(1).and_then(|at| self.points.get(at));
        match (before, self.points.get(next)) {
            (Some((from, low)), Some((to, high))) => {
                let passed = (ms - from) as f64 / (to - from).max(1) as f64;
                low + (high - low) * passed
            }
            (Some((_, level)), None) | (None, Some((_, level))) => *level,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_moment_and_a_ramp_is_a_line() {
        let step = Demand::shaped(Shape::Step, (1.0, 5.0), 60_000, 1);
        assert_eq!((step.at(9_999), step.at(10_000), step.at(39_999)), (1.0, 5.0, 5.0));
        assert_eq!((step.at(40_000), step.at(90_000)), (1.0, 1.0));
        let ramp = Demand::shaped(Shape::Ramp, (0.0, 4.0), 60_000, 1);
        assert_eq!((ramp.at(10_000), ramp.at(20_000), ramp.at(30_000)), (0.0, 2.0, 4.0));
    }

    #[test]
    fn every_shape_stays_between_its_levels_and_repeats_with_its_seed() {
        for shape in Shape::ALL {
            let length = shape.usual_length_ms();
            let demand = Demand::shaped(shape, (2.0, 10.0), length, 7);
            assert_eq!(demand, Demand::shaped(shape, (2.0, 10.0), length, 7));
            assert_eq!(shape.name().parse(), Ok(shape));
            for at in (0..length).step_by(30_000) {
                let level = demand.at(at);
                assert!((2.0..=10.0).contains(&level), "{shape:?} at {at}: {level}");
            }
        }
        let day = Demand::shaped(Shape::Day, (2.0, 10.0), DAY_MS, 1);
        assert!((day.at(3 * 3_600_000) - 2.0).abs() < 0.01);
        assert!((day.at(15 * 3_600_000) - 10.0).abs() < 0.01);
    }

    #[test]
    fn a_recording_has_gaps_and_no_order() {
        let demand = Demand::recorded([(2_000, 4.0), (0, -1.0), (1_000, f64::NAN)]);
        assert_eq!(demand.points(), [(0, 0.0), (2_000, 4.0)]);
        assert_eq!((demand.at(1_000), demand.highest(), demand.end_ms()), (2.0, 4.0, 2_000));
    }
}
