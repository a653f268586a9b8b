//! Idle CPU from readings of usage.

use std::time::Duration;

use oppscale_core::resources::Amount;
use oppscale_core::usage::{NodeCpu, NodeSample, OwnPod, UsageReading, UsageTracker};
use proptest::prelude::*;

const NODE: &str = "n1";
/// Allocatable millicores of the node.
const ALLOCATABLE: Amount = 10_000;

/// A tracker with one node and its clock, which a reading moves on.
#[derive(Default)]
struct Lab {
    tracker: UsageTracker,
    now: Duration,
    readings: u32,
}

impl Lab {
    /// Reads 15 s later: the usage of the node, and of own pods that have a reading.
    fn read(&mut self, node: Amount, own: &[(&str, Option<Amount>)]) -> NodeCpu {
        self.now += Duration::from_secs(15);
        self.readings += 1;
        let sample = NodeSample {
            cpu: node,
            timestamp: Some(format!("t{}", self.readings).into()),
            window: Duration::from_secs(15),
        };
        let pods = own.iter().filter_map(|(id, used)| Some(((*id).to_owned(), (*used)?)));
        let reading =
            UsageReading { nodes: [(NODE.to_owned(), sample)].into(), pods: pods.collect() };
        self.apply(&reading, own)
    }

    fn apply(&mut self, reading: &UsageReading, own: &[(&str, Option<Amount>)]) -> NodeCpu {
        let own =
            own.iter().map(|(id, _)| OwnPod { id: (*id).into(), node: NODE.into(), burn: 1000 });
        let own: Vec<OwnPod> = own.collect();
        self.tracker.apply(self.now, reading, &own, |name| (name == NODE).then_some(ALLOCATABLE));
        self.known()
    }

    fn known(&self) -> NodeCpu {
        self.tracker.paid(self.now).of(NODE).unwrap()
    }
}

#[test]
fn a_peak_rises_at_once_and_falls_slowly() {
    let mut lab = Lab::default();
    assert_eq!(lab.read(2000, &[]), NodeCpu::Peak(2000));
    assert_eq!(lab.read(7000, &[]), NodeCpu::Peak(7000));
    // It stands for the 5 minutes of the window.
    for _ in 0..20 {
        assert_eq!(lab.read(2000, &[]), NodeCpu::Peak(7000));
    }
    // Then it falls by a tenth of allocatable a minute, 250m in 15 s.
    assert_eq!(lab.read(2000, &[]), NodeCpu::Peak(6750));
    assert_eq!(lab.read(6800, &[]), NodeCpu::Peak(6800));
}

#[test]
fn usage_of_own_pods_is_not_paid() {
    let mut lab = Lab::default();
    assert_eq!(lab.read(3000, &[("ns/a", Some(1000))]), NodeCpu::Peak(2000));
    // A pod that has just started is in the node's usage, and has no reading of its own yet.
    assert_eq!(lab.read(4000, &[("ns/a", Some(1000)), ("ns/b", None)]), NodeCpu::Peak(2000));
    // One that has just ended still is, whether it had a reading or not.
    assert_eq!(lab.read(4000, &[("ns/a", Some(1000))]), NodeCpu::Peak(2000));
    assert_eq!(lab.read(3000, &[]), NodeCpu::Peak(2000));
    // In the end it counts.
    for _ in 0..4 {
        lab.read(3500, &[]);
    }
    assert_eq!(lab.known(), NodeCpu::Peak(3500));
}

#[test]
fn a_pod_that_never_has_a_reading_counts_as_paid() {
    let mut lab = Lab::default();
    lab.read(2000, &[]);
    for _ in 0..6 {
        assert_eq!(lab.read(3000, &[("ns/a", None)]), NodeCpu::Peak(2000));
    }
    assert_eq!(lab.read(3000, &[("ns/a", None)]), NodeCpu::Peak(3000));
}

/// A container that restarts has no reading until metrics-server has two samples of it.
#[test]
fn a_pod_that_restarts_is_expected_to_use_what_it_used() {
    let mut lab = Lab::default();
    assert_eq!(lab.read(5000, &[("ns/a", Some(3000))]), NodeCpu::Peak(2000));
    assert_eq!(lab.read(5000, &[("ns/a", None)]), NodeCpu::Peak(2000));
    assert_eq!(lab.read(5000, &[("ns/a", Some(3000))]), NodeCpu::Peak(2000));
}

/// Pods that are waiting for their image use nothing, whatever their workload says they burn.
#[test]
fn expected_usage_lowers_no_paid_usage() {
    let waiting = [("ns/a", None), ("ns/b", None), ("ns/c", None), ("ns/d", None)];
    let mut lab = Lab::default();
    assert_eq!(lab.read(3000, &waiting), NodeCpu::Peak(3000), "the first reading");
    // Longer than the window and the decay after it.
    for _ in 0..40 {
        assert_eq!(lab.read(3000, &[]), NodeCpu::Peak(3000));
    }
    for _ in 0..5 {
        assert_eq!(lab.read(3000, &waiting), NodeCpu::Peak(3000));
    }
    let mut new = Lab::default();
    for round in 0..60 {
        let id = format!("ns/{round}");
        assert_eq!(new.read(3000, &[(&*id, None)]), NodeCpu::Peak(3000), "{round}");
    }
}

#[test]
fn usage_that_stands_still_grows_stale() {
    let mut lab = Lab::default();
    let sample = NodeSample {
        cpu: 1000,
        timestamp: Some("2026-11-29T12:00:00Z".into()),
        window: Duration::from_secs(15),
    };
    let reading = UsageReading { nodes: [(NODE.to_owned(), sample)].into(), ..Default::default() };
    assert_eq!(lab.apply(&reading, &[]), NodeCpu::Peak(1000));
    lab.now += Duration::from_secs(45);
    assert_eq!(lab.apply(&reading, &[]), NodeCpu::Peak(1000));
    lab.now += Duration::from_secs(1);
    assert_eq!(lab.apply(&reading, &[]), NodeCpu::Stale);
    assert!(!lab.tracker.paid(lab.now).is_known());
    assert_eq!(lab.tracker.paid(lab.now).idle(NODE, ALLOCATABLE), None);
    // metrics-server that samples once a minute is given three minutes.
    let mut slow = reading.clone();
    let node = slow.nodes.get_mut(NODE).unwrap();
    (node.timestamp, node.window) = (Some("2026-11-29T12:01:00Z".into()), Duration::from_secs(60));
    assert_eq!(lab.apply(&slow, &[]), NodeCpu::Peak(1000));
    lab.now += Duration::from_secs(180);
    assert_eq!(lab.apply(&slow, &[]), NodeCpu::Peak(1000));
    // Without times, each answer is a sample.
    let mut plain = reading;
    plain.nodes.get_mut(NODE).unwrap().timestamp = None;
    for _ in 0..3 {
        lab.now += Duration::from_secs(40);
        assert_eq!(lab.apply(&plain, &[]), NodeCpu::Peak(1000));
    }
}

#[test]
fn a_node_that_is_gone_is_forgotten() {
    let mut lab = Lab::default();
    lab.read(2000, &[]);
    lab.tracker.apply(lab.now, &UsageReading::default(), &[], |_| None);
    assert_eq!(lab.tracker.paid(lab.now).of(NODE), None);
}

proptest! {
    #[test]
    fn a_peak_is_never_below_usage_and_falls_by_steps(
        paid in prop::collection::vec(0_i64..10_000, 1..60),
    ) {
        let mut lab = Lab::default();
        let (mut before, mut largest) = (0, 0);
        for paid in paid.into_iter().map(Amount::from) {
            let NodeCpu::Peak(peak) = lab.read(paid, &[]) else { panic!("stale") };
            largest = largest.max(paid);
            prop_assert!((paid..=largest).contains(&peak), "{} of {}", peak, paid);
            prop_assert!(before - peak <= ALLOCATABLE / 40, "from {} to {}", before, peak);
            before = peak;
        }
    }
}
