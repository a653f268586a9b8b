//! What takes up the share of each workload: its autoscaler, and how far that gets at its next
//! sync.
//!
//! A claim is what a workload may take from others. It ends at what the autoscaler can have after
//! its next sync: its policies of `behavior.scaleUp` beyond the replicas that it had when their
//! period began. A claim that starts no new replica within [`GRACE`] halves every [`HALF_LIFE`],
//! down to one replica; when that one runs, the claim is whole again. A pod that replaces one that
//! ended is not new.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use hpa_model::{HpaSpec, PolicyType, SelectPolicy};
use oppscale_core::resources::Amount;
use oppscale_core::share::Uptake;

use super::autoscalers::{Scaler, Targets};
use super::workloads::{ServedWorkload, WorkloadId};

/// Time for which a claim counts in full: two syncs of the HPA controller, and the 30 s that other
/// pods may take to terminate.
const GRACE: Duration = Duration::from_secs(60);
/// Time in which a claim that is not taken up halves thereafter.
const HALF_LIFE: Duration = Duration::from_secs(60);
/// `behavior` absent: the controller doubles, and goes to 4 at least (`scaleUpLimitFactor` and
/// `scaleUpLimitMinimum` of `pkg/controller/podautoscaler`, 1.36).
const DOUBLING_MINIMUM: Amount = 4;
/// Claims that decay, and policies whose period ends, are worked out anew this often.
pub(crate) const REFRESH: Duration = Duration::from_secs(1);

/// Remembers how the replicas of each workload changed.
#[derive(Debug, Default)]
pub(crate) struct UptakeTracker(HashMap<WorkloadId, Progress>);

#[derive(Debug)]
struct Progress {
    /// Desired replicas, as last seen.
    replicas: i64,
    /// Replicas that were added or, below 0, removed, and when.
    changes: Vec<(Instant, Amount)>,
    /// Running replicas, as last seen.
    running: Amount,
    /// Highest number of running replicas, of those that are still desired.
    most: Amount,
    /// Time at which one more ran than ever before, or the claim began.
    grew_at: Instant,
    /// Whether it claimed more than it ran.
    is_behind: bool,
}

impl UptakeTracker {
    /// How far replicas take up the share of a workload that runs `running` of them; `hpas` is
    /// `None` if the HPAs are unknown.
    pub(crate) fn of(
        &mut self,
        workload: &ServedWorkload,
        running: Amount,
        hpas: Option<&Targets<'_>>,
        now: Instant,
    ) -> Uptake {
        // Without the right to read HPAs, each workload may have one.
        let Some(hpas) = hpas else { return Uptake::UNLIMITED };
        let progress = self.0.entry(workload.id.clone()).or_insert_with(|| Progress {
            replicas: workload.replicas,
            changes: Vec::new(),
            running,
            most: running,
            grew_at: now,
            is_behind: false,
        });
        progress.observe(workload.replicas, running, now);
        let WorkloadId { namespace, kind, name } = &workload.id;
        let scalers = hpas.get(&(&**namespace, kind.name, &**name));
        let scalers = scalers.into_iter().flatten();
        let reaches = scalers.filter_map(|scaler| {
            let max = Amount::from(scaler.hpa.bounds().1.max(0));
            Some((progress.reach(scaler, now)?.min(max), max))
        });
        let Some((reach, max)) = reaches.max() else {
            progress.is_behind = false;
            return Uptake::Unscaled;
        };
        Uptake::Scaled { reach: progress.decayed(reach, now), max }
    }

    /// Forgets all workloads but these.
    pub(crate) fn retain(&mut self, workloads: &[ServedWorkload]) {
        // Each of them has just been asked for, if HPAs are known.
        if self.0.is_empty() || self.0.len() == workloads.len() {
            return;
        }
        let known: HashSet<&WorkloadId> = workloads.iter().map(|workload| &workload.id).collect();
        self.0.retain(|id, _| known.contains(id));
    }

    /// Whether a claim changes with time alone.
    pub(crate) fn is_moving(&self) -> bool {
        self.0.values().any(|progress| progress.is_behind || !progress.changes.is_empty())
    }
}

impl Progress {
    fn observe(&mut self, replicas: i64, running: Amount, now: Instant) {
        let change = Amount::from(replicas - self.replicas);
        self.replicas = replicas;
        if change != 0 {
            self.changes.push((now, change));
        }
        // The longest period that a policy may have.
        let longest = Duration::from_secs(1800);
        self.changes.retain(|(at, _)| now.saturating_duration_since(*at) < longest);
        if change < 0 {
            // What the autoscaler took, it may take up again.
            self.most = self.most.min(replicas.into());
        }
        if running > self.most {
            self.most = running;
            self.grew_at = now;
        }
        self.running = running;
    }

    /// Replicas that an HPA can have after its next sync; `None` if it does not scale now.
    fn reach(&self, Scaler { hpa, spec }: &Scaler, now: Instant) -> Option<Amount> {
        let current = Amount::from(self.replicas.max(0));
        let (min, _) = hpa.bounds();
        if current == 0 {
            // An HPA does not scale from 0, unless it may scale to it. KEDA does, by 1.
            let starts = min == 0 || hpa.scaled_object().is_some();
            return starts.then_some(1);
        }
        let limit =
            spec.as_ref().map_or(Amount::MAX, |spec| self.scale_up_limit(spec, current, now));
        Some(limit.max(Amount::from(min)).max(current))
    }

    /// `calculateScaleUpLimitWithScalingRules` of `pkg/controller/podautoscaler` (1.36), with the
    /// rescales that were seen here.
    fn scale_up_limit(&self, spec: &HpaSpec, current: Amount, now: Instant) -> Amount {
        let Some(behavior) = &spec.behavior else {
            return (2 * current).max(DOUBLING_MINIMUM);
        };
        let rules = behavior.up();
        let limits = rules.policies.iter().map(|policy| {
            let period = Duration::from_secs(u64::try_from(policy.period_seconds).unwrap_or(0));
            let recent =
                self.changes.iter().filter(|(at, _)| now.saturating_duration_since(*at) < period);
            let start = current - recent.map(|(_, change)| change).sum::<Amount>();
            let value = Amount::from(policy.value);
            match policy.kind {
                PolicyType::Pods => start + value,
                PolicyType::Percent => start + (start * value + 99) / 100,
            }
        });
        let limit = match rules.select {
            SelectPolicy::Disabled => None,
            SelectPolicy::Max => limits.max(),
            SelectPolicy::Min => limits.min(),
        };
        limit.unwrap_or(current)
    }

    /// The claim, less what was not taken up for long.
    fn decayed(&mut self, reach: Amount, now: Instant) -> Amount {
        let behind = reach - self.running;
        if behind <= 0 {
            self.is_behind = false;
            return reach;
        }
        if !std::mem::replace(&mut self.is_behind, true) {
            self.grew_at = now;
        }
        let idle = now.saturating_duration_since(self.grew_at).saturating_sub(GRACE);
        let halvings = (idle.as_secs() / HALF_LIFE.as_secs()).min(100) as u32;
        let within = idle.as_secs_f64() / HALF_LIFE.as_secs_f64() - f64::from(halvings);
        // Linear between two halvings, so that the claim falls a little at a time.
        let left = (behind >> halvings.min(100)) as f64 * (1.0 - within / 2.0);
        self.running + (left.ceil() as Amount).max(1)
    }
}

#[cfg(test)]
mod tests {
    use oppscale_cluster::Autoscaler;
    use serde_json::json;

    use super::*;

    fn progress(replicas: i64, now: Instant) -> Progress {
        let running = replicas.into();
        let changes = Vec::new();
        Progress { replicas, changes, running, most: running, grew_at: now, is_behind: false }
    }

    fn hpa(behavior: serde_json::Value) -> Scaler {
        let hpa: Autoscaler = serde_json::from_value(json!({
            "metadata": {"name": "filler", "namespace": "idle"},
            "spec": {"maxReplicas": 150, "behavior": behavior,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "filler"},
                "metrics": [{"type": "Object", "object": {
                    "describedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "filler"},
                    "metric": {"name": "oppscale_fit_replicas"},
                    "target": {"type": "AverageValue", "averageValue": "1"}}}]}
        }))
        .unwrap();
        Scaler { spec: hpa.spec().ok(), hpa }
    }

    #[test]
    fn a_claim_ends_where_the_next_sync_does() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let ten = hpa(json!({"scaleUp": {"policies":
            [{"type": "Pods", "value": 10, "periodSeconds": 30}]}}));
        let mut filler = progress(1, start);
        assert_eq!(filler.reach(&ten, start), Some(11));
        filler.observe(11, 1, after(15));
        assert_eq!(filler.reach(&ten, after(16)), Some(11), "the period's 10 are used up");
        assert_eq!(filler.reach(&ten, after(45)), Some(21));
        let disabled = hpa(json!({"scaleUp": {"selectPolicy": "Disabled"}}));
        assert_eq!(filler.reach(&disabled, after(45)), Some(11));
        assert_eq!(progress(1, start).reach(&hpa(json!(null)), start), Some(4));
        assert_eq!(progress(9, start).reach(&hpa(json!(null)), start), Some(18));
        assert_eq!(progress(0, start).reach(&ten, start), None, "an HPA does not scale from 0");
    }

    #[test]
    fn what_was_removed_in_the_period_may_come_back() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let ten = hpa(json!({"scaleUp": {"policies":
            [{"type": "Pods", "value": 10, "periodSeconds": 30}]}}));
        let mut filler = progress(40, start);
        filler.observe(10, 10, after(15));
        assert_eq!(filler.reach(&ten, after(16)), Some(50), "the period began with 40");
        filler.observe(12, 12, after(17));
        assert_eq!(filler.reach(&ten, after(18)), Some(50));
        assert_eq!(filler.reach(&ten, after(46)), Some(20), "it begins with 10 now");
        let doubling = hpa(json!({"scaleUp": {"policies":
            [{"type": "Percent", "value": 100, "periodSeconds": 60}]}}));
        assert_eq!(filler.reach(&doubling, after(50)), Some(80));
    }

    #[test]
    fn a_pod_in_the_place_of_another_takes_nothing_up() {
        let start = Instant::now();
        let mut filler = progress(10, start);
        let mut last = filler.decayed(110, start);
        for second in 1..600 {
            let now = start + Duration::from_secs(second);
            let running = 10 - Amount::from(second % 2 == 0);
            filler.observe(10, running, now);
            last = filler.decayed(110, now) - running;
        }
        assert!(last <= 2, "it claims {last} more");
        let later = start + Duration::from_secs(600);
        filler.observe(4, 4, later);
        assert!(filler.decayed(110, later) <= 6, "that fewer are desired takes nothing up");
        filler.observe(4, 5, later);
        assert_eq!(filler.decayed(110, later), 110, "one more than were left does");
    }

    #[test]
    fn what_is_not_taken_up_decays_to_one() {
        let start = Instant::now();
        let mut filler = progress(10, start);
        let claim = |filler: &mut Progress, seconds: u64, running: Amount| {
            let now = start + Duration::from_secs(seconds);
            filler.observe(10, running, now);
            filler.decayed(110, now)
        };
        assert_eq!(claim(&mut filler, 0, 10), 110);
        assert_eq!(claim(&mut filler, 60, 10), 110);
        assert_eq!(claim(&mut filler, 90, 10), 85);
        assert_eq!(claim(&mut filler, 120, 10), 60);
        assert_eq!(claim(&mut filler, 180, 10), 35);
        assert_eq!(claim(&mut filler, 3600, 10), 11);
        assert_eq!(claim(&mut filler, 3610, 11), 110, "it takes up again");
        assert_eq!(claim(&mut filler, 1_000_000, 110), 110);
    }
}
