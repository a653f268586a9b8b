//! One cluster of the two: its history, its events, and the burst of its paid work.

use hpa_model::simulation::{
    Configuration, Load, Outcome, PaidScaling, Sample, Setup, SetupError, Simulation,
};
use hpa_model::verdict::{LoopContext, Verdict, judge};
use oppscale_core::resources::{Amount, CPU, Resources};

/// One cluster.
#[derive(Clone, Debug)]
pub struct Side {
    /// Whose HPA it has, in one word.
    pub name: &'static str,
    /// How that HPA is set up.
    pub settings: &'static str,
    /// What the verdict says of it beforehand; `None` when it cannot be judged.
    pub verdict: Option<Verdict>,
    /// What happened, the oldest first.
    pub notes: Vec<Note>,
    /// Own pods that ran, every 10 s from the start.
    pub history: Vec<u32>,
    /// The most replicas that the HPA may ask for.
    pub max_replicas: u32,
    simulation: Simulation,
    /// What the metric keeps back, millicores.
    held_milli: Amount,
    /// Since when paid pods wait.
    waiting_since_ms: Option<u64>,
    asked: u32,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at_ms: u64,
    /// What.
    pub text: String,
    /// Whether everybody should know, or only who follows the HPA step by step.
    pub is_major: bool,
}

/// From one entry of the history to the next.
pub(super) const HISTORY_MS: u64 = 10_000;

/// Paid pods and cores without a node, and what everybody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) paid: Amount,
    pub(super) own: Amount,
    pub(super) free: Amount,
    /// What paid pods without a node ask for.
    pub(super) waiting: Amount,
}

impl Side {
    /// A cluster at its start.
    pub(super) fn new(
        name: &'static str,
        settings: &'static str,
        configuration: &Configuration,
        cluster: &Setup,
    ) -> Result<Self, SetupError> {
        let setup = configuration.apply(cluster.clone());
        let scaler = &setup.filler.autoscaler;
        let around = LoopContext::of(&setup);
        let allocatable = Resources::default().with(CPU, around.allocatable_milli);
        let simulation = Simulation::new(&setup)?;
        let start = simulation.sample();
        Ok(Self {
            name,
            settings,
            verdict: judge(&scaler.spec, &scaler.config, &scaler.metric, &around).ok(),
            notes: Vec::new(),
            history: vec![start.filler_running],
            max_replicas: scaler.spec.max_replicas,
            held_milli: scaler.metric.reserve.of(&allocatable).get(CPU),
            waiting_since_ms: None,
            asked: start.filler_desired,
            simulation,
        })
    }

    /// Lets a little time pass, and notes what has changed since.
    pub(super) fn advance_to(&mut self, at_ms: u64) {
        self.simulation.advance_to(at_ms);
        let sample = self.sample();
        if at_ms.is_multiple_of(HISTORY_MS) {
            self.history.push(sample.filler_running);
        }
        if sample.filler_desired != self.asked {
            self.note(
                at_ms,
                false,
                format!("HPA: {}→{} miners", self.asked, sample.filler_desired),
            );
            self.asked = sample.filler_desired;
        }
        match (self.waiting_since_ms, sample.pending_paid) {
            (None, 1..) => {
                self.waiting_since_ms = Some(at_ms);
                self.note(at_ms, true, "paid pods begin to wait".to_owned());
            }
            (Some(since_ms), 0) => {
                self.waiting_since_ms = None;
                let seconds = (at_ms - since_ms) / 1000;
                self.note(at_ms, true, format!("all paid pods run, after {seconds} s"));
            }
            _ => {}
        }
    }

    pub(super) fn note(&mut self, at_ms: u64, is_major: bool, text: String) {
        self.notes.push(Note { at_ms, text, is_major });
    }

    /// The cluster as it is now.
    #[must_use]
    pub fn sample(&self) -> Sample {
        self.simulation.sample()
    }

    /// The figures so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.simulation.outcome()
    }

    /// Millicores requested of each node, and what it has.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (Amount, Amount)> {
        self.simulation.nodes().map(|(requested, has)| (requested.get(CPU), has.get(CPU)))
    }

    /// Who has what, millicores.
    pub(super) fn shares(&self) -> Shares {
        let Sample { allocatable_milli, paid_milli, filler_milli, remaining_milli, .. } =
            self.sample();
        Shares {
            paid: paid_milli,
            own: filler_milli,
            free: allocatable_milli - paid_milli - filler_milli,
            // What the metric leaves out for them is what they ask for.
            waiting: (allocatable_milli - paid_milli - self.held_milli - remaining_milli).max(0),
        }
    }
}

/// How many paid pods wait, in words.
pub(super) fn waiting(pods: u32) -> String {
    match pods {
        0 => "no paid pod waits".to_owned(),
        1 => "1 paid pod waits".to_owned(),
        _ => format!("{pods} paid pods wait"),
    }
}

impl Shares {
    /// What is requested, in tenths of a per cent of the cluster.
    pub(super) fn utilisation_per_mille(&self) -> Amount {
        let all = (self.paid + self.own + self.free).max(1);
        (self.paid + self.own) * 1000 / all
    }
}

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
