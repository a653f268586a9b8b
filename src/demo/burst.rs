//! When the paid work comes and goes, told from its script.

use hpa_model::simulation::{Load, PaidScaling, Setup};
use oppscale_core::resources::Amount;

/// A rise of paid work and its end; times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Replicas before and after.
    pub low: u32,
    /// Replicas at the top.
    pub high: u32,
    /// Millicores of each.
    pub each_milli: Amount,
    /// The first change.
    pub begins_ms: u64,
    /// The top is reached.
    pub top_ms: u64,
    /// The first step down.
    pub ends_ms: u64,
    /// As before.
    pub over_ms: u64,
}

/// The distance of two looks at the script.
const LOOK_MS: u64 = 1_000;

impl Burst {
    /// The burst of the first scripted application that has one.
    #[must_use]
    pub fn of(setup: &Setup) -> Option<Self> {
        setup.paid.iter().find_map(|app| match &app.scaling {
            PaidScaling::Scripted(load) => Self::in_load(load, app.template.cpu_milli(), setup),
            PaidScaling::Autoscaled(_) => None,
        })
    }

    fn in_load(load: &Load, each_milli: Amount, setup: &Setup) -> Option<Self> {
        let looks = || (0..=setup.end_ms / LOOK_MS).map(|at| at * LOOK_MS);
        let (low, high) = (load.level(0), looks().map(|ms| load.level(ms)).max()?);
        let begins_ms = looks().find(|ms| load.level(*ms) > low)?;
        let top_ms = looks().find(|ms| load.level(*ms) == high)?;
        let after = |from: u64, at_most: u32| {
            looks().find(|ms| *ms > from && load.level(*ms) <= at_most).unwrap_or(u64::MAX)
        };
        let ends_ms = after(top_ms, high.saturating_sub(1));
        let over_ms = after(ends_ms, low);
        Some(Self { low, high, each_milli, begins_ms, top_ms, ends_ms, over_ms })
    }

    /// What is going on at this moment, in a few words.
    #[must_use]
    pub fn phase(&self, at_ms: u64) -> String {
        let Self { low, high, .. } = self;
        if at_ms < self.begins_ms {
            format!("quiet: {low} paid replicas before the burst")
        } else if at_ms < self.top_ms {
            format!("burst: paid work grows {low}→{high} replicas")
        } else if at_ms < self.ends_ms {
            format!("peak: paid work stays at {high} replicas")
        } else if at_ms < self.over_ms {
            format!("ebb: paid work shrinks {high}→{low} replicas")
        } else {
            format!("quiet: {low} paid replicas after the burst")
        }
    }

    /// What begins within `(after_ms, until_ms]`.
    #[must_use]
    pub fn news(&self, after_ms: u64, until_ms: u64) -> Option<String> {
        let Self { low, high, .. } = self;
        let within = |ms: u64| ms > after_ms && ms <= until_ms;
        if within(self.begins_ms) {
            Some(format!("burst begins: {low}→{high} replicas"))
        } else if within(self.top_ms) {
            Some(format!("burst at its top: {high} replicas"))
        } else if within(self.ends_ms) {
            Some(format!("burst ends: {high}→{low} replicas"))
        } else if within(self.over_ms) {
            Some(format!("burst is over: {low} replicas"))
        } else {
            None
        }
    }
}
