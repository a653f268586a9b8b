//! Both clusters on one clock.

use hpa_model::simulation::{
    BuiltInScenario, Configuration, Load, Outcome, PaidApp, PaidScaling, PodTemplate, Sample,
    Setup, SetupError, Simulation, UsageModel,
};
use hpa_model::verdict::{LoopContext, Verdict, judge};
use oppscale_core::policy::Basis;
use oppscale_core::resources::{Amount, CPU, Resources};

use crate::terminal::Part;

/// An hour shows the start, the burst of minutes 20 to 45, and what comes after it.
pub(super) const LENGTH_MS: u64 = 60 * 60_000;
/// The steps in which news is looked for; a delay of less than a second counts as none.
pub(super) const STEP_MS: u64 = 1_000;
/// From one run of the HPA to the next.
pub(super) const SYNC_MS: u64 = 15_000;

/// One of the two that are compared.
#[derive(Clone, Copy)]
struct Contestant {
    /// Key of its configuration.
    key: &'static str,
    name: &'static str,
    title: &'static str,
    settings: &'static str,
    /// Its basis, if usage is shown.
    basis: Option<Basis>,
}

/// The article's HPA and oppscale's.
const HPAS: [Contestant; 2] = [
    Contestant {
        key: "naive",
        name: "article",
        title: "article's HPA",
        settings: "Its metric counts the filler's own pods",
        basis: None,
    },
    Contestant {
        key: "oppscale",
        name: "oppscale",
        title: "oppscale's HPA",
        settings: "Its metric: filler pods that fit",
        basis: None,
    },
];

/// oppscale's HPA on either basis.
const BASES: [Contestant; 2] = [
    Contestant {
        key: "oppscale",
        name: "requests",
        title: "requests basis",
        settings: "Fills what paid pods do not request",
        basis: Some(Basis::Requests),
    },
    Contestant {
        key: "oppscale",
        name: "usage",
        title: "usage basis",
        settings: "Fills what they do not use, by weight",
        basis: Some(Basis::Usage),
    },
];

/// Further paid pods of a core each, so that most of the cluster is requested.
const RESERVED: u32 = 70;

/// Usage of paid pods, in thousandths of their requests: more in the burst.
fn paid_usage() -> Load {
    let minute = |minute: u64| minute * 60_000;
    let quiet = Load::constant(250).step(minute(20), 250).ramp(minute(25), 600);
    quiet.step(minute(40), 600).ramp(minute(45), 250)
}

/// Two clusters under the same paid load.
#[derive(Clone, Debug)]
pub struct Race {
    /// The article's HPA, then oppscale's; or oppscale's on the requests basis, then on usage.
    pub sides: Vec<Side>,
    /// Comparison: two HPAs on the requests basis, or the requests basis with the usage basis.
    pub basis: Basis,
    /// Time of the burst of paid work.
    pub burst: Option<Burst>,
    /// The last moment, milliseconds.
    pub end_ms: u64,
    cluster: Setup,
    now_ms: u64,
}

impl Race {
    /// Both at their start, with the chances of this seed.
    ///
    /// # Errors
    /// When a built-in setup contradicts itself, which tests rule out.
    pub fn new(basis: Basis, seed: u64) -> Result<Self, SetupError> {
        let mut cluster = Setup { seed, end_ms: LENGTH_MS, ..BuiltInScenario::Blog.setup() };
        let contestants = match basis {
            Basis::Requests => HPAS,
            Basis::Usage => {
                let reserved = Load::constant(RESERVED);
                cluster.paid.push(PaidApp::scripted("reserved", PodTemplate::paid(1000), reserved));
                BASES
            }
        };
        let known = contestants
            .into_iter()
            .filter_map(|contestant| Some((contestant, Configuration::named(contestant.key)?)));
        let sides = known
            .map(|(contestant, configuration)| Side::new(contestant, &configuration, &cluster))
            .collect::<Result<_, _>>()?;
        let burst = Burst::of(&cluster);
        Ok(Self { sides, basis, burst, end_ms: cluster.end_ms, cluster, now_ms: 0 })
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Whether it has come to its end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.now_ms >= self.end_ms
    }

    /// Lets both run until `at_ms`, in whole seconds, or to the end if that is earlier.
    pub fn advance_to(&mut self, at_ms: u64) {
        while self.now_ms + STEP_MS <= at_ms.min(self.end_ms) {
            let before_ms = self.now_ms;
            self.now_ms += STEP_MS;
            let news = self.burst.as_ref().and_then(|b| b.news(before_ms, self.now_ms));
            for side in &mut self.sides {
                if let Some(news) = &news {
                    side.note(self.now_ms, true, news.clone());
                }
                side.advance_to(self.now_ms);
            }
        }
    }

    /// The phase of the run, as a short label.
    #[must_use]
    pub fn phase(&self) -> String {
        if self.is_over() {
            return "finished".to_owned();
        }
        self.burst.as_ref().map(|burst| burst.phase(self.now_ms)).unwrap_or_default()
    }

    /// Requests of paid pods now, with a node or without, in millicores.
    #[must_use]
    pub fn paid_milli(&self) -> Amount {
        let of_app = self.cluster.paid.iter().map(|app| match &app.scaling {
            PaidScaling::Scripted(load) => {
                Amount::from(load.level(self.now_ms)) * app.template.cpu_milli()
            }
            PaidScaling::Autoscaled(_) => 0,
        });
        of_app.sum()
    }

    /// The cluster in two lines.
    #[must_use]
    pub fn cluster(&self) -> String {
        let pools = &self.cluster.nodes;
        let nodes: u32 = pools.iter().map(|pool| pool.count).sum();
        let milli: Amount =
            pools.iter().map(|pool| Amount::from(pool.count) * pool.allocatable.get(CPU)).sum();
        let filler = &self.cluster.filler;
        let limits = &filler.autoscaler.spec;
        let burst = self.burst.as_ref().map_or_else(String::new, |burst| {
            let (low, high, each) = (burst.low, burst.high, burst.each_milli / 1000);
            format!(", then {low}→{high} pods of {each} cores")
        });
        let used = match self.basis {
            Basis::Requests => "",
            Basis::Usage => "; 25 % is used, 60 % in the burst",
        };
        format!(
            "{nodes} nodes, {} cores; filler: pods of {} core, {} to {} of them\npaid: {} \
             cores{burst}{used}",
            milli / 1000,
            filler.template.cpu_milli() / 1000,
            limits.min_replicas.unwrap_or(1),
            limits.max_replicas,
            self.cluster_start_milli() / 1000,
        )
    }

    fn cluster_start_milli(&self) -> Amount {
        let start = Self { now_ms: 0, sides: Vec::new(), burst: None, ..self.clone() };
        start.paid_milli()
    }
}

/// One cluster.
#[derive(Clone, Debug)]
pub struct Side {
    /// Whose HPA it has, or on which basis, in one word.
    pub name: &'static str,
    /// The same as a title.
    pub title: &'static str,
    /// Settings of the HPA.
    pub settings: &'static str,
    /// The verdict on it before the run; `None` if it cannot be judged.
    pub verdict: Option<Verdict>,
    /// Events of the run, the oldest first.
    pub notes: Vec<Note>,
    /// Who had what, every 10 s from the start.
    pub(super) history: Vec<Shares>,
    simulation: Simulation,
    /// Reserve that the metric leaves free, millicores.
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
    /// Requests of paid pods without a node.
    pub(super) waiting: Amount,
}

impl Side {
    /// A cluster at its start.
    fn new(
        contestant: Contestant,
        configuration: &Configuration,
        cluster: &Setup,
    ) -> Result<Self, SetupError> {
        let Contestant { name, title, settings, basis, .. } = contestant;
        let mut setup = configuration.apply(cluster.clone());
        match basis {
            Some(Basis::Usage) => setup.on_usage_basis(None, paid_usage()),
            Some(basis @ Basis::Requests) => {
                let burn_milli = setup.filler.template.cpu_milli();
                setup.usage = Some(UsageModel { basis, burn_milli, paid: paid_usage() });
            }
            None => {}
        }
        let scaler = &setup.filler.autoscaler;
        let around = LoopContext::of(&setup);
        let allocatable = Resources::default().with(CPU, around.allocatable_milli);
        let simulation = Simulation::new(&setup)?;
        let asked = simulation.sample().filler_desired;
        let mut side = Self {
            name,
            title,
            settings,
            verdict: judge(&scaler.spec, &scaler.config, &scaler.metric, &around).ok(),
            notes: Vec::new(),
            history: Vec::new(),
            held_milli: scaler.metric.reserve.of(&allocatable).get(CPU),
            waiting_since_ms: None,
            asked,
            simulation,
        };
        side.history.push(side.shares());
        Ok(side)
    }

    /// Lets a little time pass, and notes what has changed since.
    pub(super) fn advance_to(&mut self, at_ms: u64) {
        self.simulation.advance_to(at_ms);
        let sample = self.sample();
        if at_ms.is_multiple_of(HISTORY_MS) {
            self.history.push(self.shares());
        }
        if sample.filler_desired != self.asked {
            self.note(
                at_ms,
                false,
                format!("HPA: {}→{} filler pods", self.asked, sample.filler_desired),
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
                self.note(at_ms, true, format!("no paid pod waits, after {seconds} s"));
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

    /// Millicores that paid and filler pods have of each node, and what it has: what they use,
    /// where that is told, or what they request.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (Amount, Amount, Amount)> {
        let nodes = self.simulation.nodes();
        nodes.map(|node| (node.paid_used, node.burnt, node.allocatable.get(CPU)))
    }

    /// Who has what, millicores.
    pub(super) fn shares(&self) -> Shares {
        let Sample { allocatable_milli, paid_milli, remaining_milli, .. } = self.sample();
        let add = |(paid, own), (of_paid, of_own, _)| (paid + of_paid, own + of_own);
        let (paid, own) = self.nodes().fold((0, 0), add);
        Shares {
            paid,
            own,
            free: allocatable_milli - paid - own,
            // What the metric leaves out for them is what they ask for.
            waiting: (allocatable_milli - paid_milli - self.held_milli - remaining_milli).max(0),
        }
    }
}

/// Number of waiting paid pods, as text.
pub(super) fn waiting(pods: u32) -> String {
    match pods {
        0 => "no paid pod waits".to_owned(),
        1 => "1 paid pod waits".to_owned(),
        _ => format!("{pods} paid pods wait"),
    }
}

impl Shares {
    /// The parts of a bar: paid, filler, free, and waiting.
    pub(super) fn parts(self) -> [(Part, Amount); 4] {
        let Self { paid, own, free, waiting } = self;
        [(Part::Paid, paid), (Part::Filler, own), (Part::Free, free), (Part::Waiting, waiting)]
    }

    /// Allocatable CPU of the cluster.
    pub(super) fn whole(self) -> Amount {
        self.paid + self.own + self.free
    }

    /// The mean of several; zeros of none.
    pub(super) fn mean(shares: &[Self]) -> Self {
        let count = Amount::try_from(shares.len()).unwrap_or(1).max(1);
        let of = |of: fn(&Self) -> Amount| shares.iter().map(of).sum::<Amount>() / count;
        Self {
            paid: of(|shares| shares.paid),
            own: of(|shares| shares.own),
            free: of(|shares| shares.free),
            waiting: of(|shares| shares.waiting),
        }
    }

    /// Requests or usage, in tenths of a percent of the cluster.
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

/// Step at which the script is sampled, in milliseconds.
const SAMPLE_MS: u64 = 1_000;

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
        let samples = || (0..=setup.end_ms / SAMPLE_MS).map(|at| at * SAMPLE_MS);
        let (low, high) = (load.level(0), samples().map(|ms| load.level(ms)).max()?);
        let begins_ms = samples().find(|ms| load.level(*ms) > low)?;
        let top_ms = samples().find(|ms| load.level(*ms) == high)?;
        let after = |from: u64, at_most: u32| {
            samples().find(|ms| *ms > from && load.level(*ms) <= at_most).unwrap_or(u64::MAX)
        };
        let ends_ms = after(top_ms, high.saturating_sub(1));
        let over_ms = after(ends_ms, low);
        Some(Self { low, high, each_milli, begins_ms, top_ms, ends_ms, over_ms })
    }

    /// The phase at this moment, as a short label.
    #[must_use]
    pub fn phase(&self, at_ms: u64) -> String {
        let Self { low, high, .. } = self;
        if at_ms < self.begins_ms {
            format!("quiet: {low} paid pods run")
        } else if at_ms < self.top_ms {
            format!("burst: paid work grows from {low} to {high} pods")
        } else if at_ms < self.ends_ms {
            format!("peak: {high} paid pods must run")
        } else if at_ms < self.over_ms {
            format!("ebb: paid work shrinks from {high} to {low} pods")
        } else {
            format!("quiet: {low} paid pods run, the burst is over")
        }
    }

    /// Phases that begin within `(after_ms, until_ms]`.
    #[must_use]
    pub fn news(&self, after_ms: u64, until_ms: u64) -> Option<String> {
        let Self { low, high, .. } = self;
        let within = |ms: u64| ms > after_ms && ms <= until_ms;
        if within(self.begins_ms) {
            Some(format!("burst begins: {low}→{high} paid pods"))
        } else if within(self.top_ms) {
            Some(format!("burst at its top: {high} paid pods"))
        } else if within(self.ends_ms) {
            Some(format!("burst ends: {high}→{low} paid pods"))
        } else if within(self.over_ms) {
            Some(format!("burst is over: {low} paid pods"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_cluster_runs_twice_under_the_articles_burst() {
        let race = Race::new(Basis::Requests, 1).unwrap();
        assert_eq!(race.sides.len(), 2);
        let burst = race.burst.as_ref().unwrap();
        assert_eq!((burst.low, burst.high, burst.each_milli), (2, 17, 4000));
        assert_eq!(
            race.cluster(),
            "6 nodes, 184 cores; filler: pods of 1 core, 15 to 150 of them\npaid: 30 cores, \
             then 2→17 pods of 4 cores"
        );
        for side in &race.sides {
            assert!(side.verdict.is_some(), "{}", side.name);
        }
    }

    #[test]
    fn a_race_in_steps_is_the_race_at_once() {
        let (mut steps, mut once) =
            (Race::new(Basis::Requests, 3).unwrap(), Race::new(Basis::Requests, 3).unwrap());
        for at in 0..=2_000 {
            steps.advance_to(at * 1_700);
        }
        once.advance_to(u64::MAX);
        steps.advance_to(u64::MAX);
        assert!(once.is_over());
        for (one, other) in steps.sides.iter().zip(&once.sides) {
            assert_eq!((one.outcome(), &one.notes), (other.outcome(), &other.notes));
        }
    }

    #[test]
    fn shares_add_up_to_the_cluster_and_waiting_pods_are_counted() {
        let mut race = Race::new(Basis::Requests, 1).unwrap();
        let mut waited = 0;
        while !race.is_over() {
            race.advance_to(race.now_ms() + 5_000);
            for side in &race.sides {
                let (shares, sample) = (side.shares(), side.sample());
                assert_eq!(shares.paid + shares.own + shares.free, 184_000);
                assert_eq!(shares.waiting, Amount::from(sample.pending_paid) * 4_000);
                waited += sample.pending_paid;
            }
        }
        assert!(waited > 0);
    }
}
