//! Both clusters on one clock.

use hpa_model::simulation::{Configuration, PaidScaling, Scenario, Setup, SetupError};
use oppscale_core::resources::{Amount, CPU};

use super::side::Burst;
use super::side::Side;

/// An hour shows the start, the burst of minutes 20 to 45, and what comes after it.
const LENGTH_MS: u64 = 60 * 60_000;
/// The steps in which news is looked for; a delay of less than a second counts as none.
const STEP_MS: u64 = 1_000;
/// From one run of the HPA to the next.
pub(super) const SYNC_MS: u64 = 15_000;

/// The configurations that are compared: key, name and settings.
const SIDES: [(&str, &str, &str); 2] = [
    ("B", "article", "Value 30, metric counts fillers"),
    ("oppscale", "oppscale", "AverageValue 1, fillers excluded"),
];

/// Two clusters under the same paid load.
#[derive(Clone, Debug)]
pub struct Race {
    /// The article's HPA, then oppscale's.
    pub sides: Vec<Side>,
    /// When the paid work comes and goes.
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
    pub fn new(seed: u64) -> Result<Self, SetupError> {
        let cluster = Setup { seed, end_ms: LENGTH_MS, ..Scenario::Blog.setup() };
        let known = SIDES.into_iter().filter_map(|(key, name, settings)| {
            Configuration::named(key).map(|configuration| (configuration, name, settings))
        });
        let sides = known
            .map(|(configuration, name, settings)| {
                Side::new(name, settings, &configuration, &cluster)
            })
            .collect::<Result<_, _>>()?;
        let burst = Burst::of(&cluster);
        Ok(Self { sides, burst, end_ms: cluster.end_ms, cluster, now_ms: 0 })
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

    /// What is going on, in a few words.
    #[must_use]
    pub fn phase(&self) -> String {
        if self.is_over() {
            return "finished".to_owned();
        }
        self.burst.as_ref().map(|burst| burst.phase(self.now_ms)).unwrap_or_default()
    }

    /// What paid work asks for now, with a node or without, millicores.
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
            format!(", burst {low}→{high} replicas of {each} cores")
        });
        format!(
            "{nodes} nodes, {} cores; miner: {} core, min {}, max {}\npaid: {} cores{burst}",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_cluster_runs_twice_under_the_articles_burst() {
        let race = Race::new(1).unwrap();
        assert_eq!(race.sides.len(), 2);
        let burst = race.burst.as_ref().unwrap();
        assert_eq!((burst.low, burst.high, burst.each_milli), (2, 17, 4000));
        assert_eq!(
            race.cluster(),
            "6 nodes, 184 cores; miner: 1 core, min 15, max 150\npaid: 30 cores, \
             burst 2→17 replicas of 4 cores"
        );
        for side in &race.sides {
            assert!(side.verdict.is_some(), "{}", side.name);
        }
    }

    #[test]
    fn a_race_in_steps_is_the_race_at_once() {
        let (mut steps, mut once) = (Race::new(3).unwrap(), Race::new(3).unwrap());
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
        let mut race = Race::new(1).unwrap();
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
