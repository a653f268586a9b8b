//! The usage basis: what fillers burn, and what paid pods lose by it.

use hpa_model::simulation::{
    BuiltInScenario, Configuration, Load, Setup, Simulation, UsageModel, simulate,
};
use oppscale_core::policy::Basis;
use oppscale_core::resources::{Amount, CPU};
use proptest::prelude::*;

/// The article's cluster under oppscale's HPA; paid pods use so much of their requests.
fn setup(paid: Option<Load>) -> Setup {
    let mut setup = BuiltInScenario::Blog.setup();
    if let Some(paid) = paid {
        setup.on_usage_basis(None, paid);
    }
    Configuration::named("oppscale").unwrap().apply(setup)
}

#[test]
fn idle_cpu_is_burnt_and_paid_pods_lose_nothing_that_they_use() {
    let by_requests = simulate(&setup(None)).unwrap().outcome;
    let quarter = setup(Some(Load::constant(250)));
    let by_usage = simulate(&quarter).unwrap().outcome;
    // Ready replicas burn a core each, and request 10m.
    let ready = by_usage.harvested_milli_core_hours * 100;
    let burnt = by_usage.burnt_milli_core_hours;
    assert!(burnt * 100 >= ready * 95, "{by_usage:?}");
    assert!(by_usage.idle_used_milli_percent > 70_000, "{by_usage:?}");
    assert_eq!(by_usage.paid_lost_milli_core_seconds, 0, "{by_usage:?}");
    assert!(by_usage.idle_used_milli_percent <= 100_000, "{by_usage:?}");
    assert_eq!(by_requests.burnt_milli_core_hours, 0);
    // Equal seeds give equal runs.
    assert_eq!(simulate(&quarter).unwrap().outcome, by_usage);
}

#[test]
fn usage_that_rises_to_requests_leaves_what_the_requests_basis_has() {
    let half_ms = 3_000_000;
    let paid = Load::default().step(0, 250).step(half_ms, 1000);
    let run = simulate(&setup(Some(paid))).unwrap();
    let desired =
        |at_ms: u64| run.samples.iter().rfind(|s| s.at_ms <= at_ms).map_or(0, |s| s.filler_desired);
    assert!(desired(half_ms + 60_000) < desired(half_ms), "{:?}", run.rescales);
    // By weight fillers of 10m get one part in a hundred of what paid pods want.
    let all = 184_000 * (run.outcome.length_ms / 1000);
    let lost = run.outcome.paid_lost_milli_core_seconds;
    assert!(lost * 50 < all, "{lost} of {all}");
}

#[test]
fn usage_that_is_only_told_changes_nothing_on_the_requests_basis() {
    let by_requests = simulate(&setup(None)).unwrap();
    let mut told = setup(None);
    let burn_milli = told.filler.template.cpu_milli();
    let paid = Load::constant(250);
    told.usage = Some(UsageModel { basis: Basis::Requests, burn_milli, paid });
    let told = simulate(&told).unwrap();
    assert_eq!(told.rescales, by_requests.rescales);
    assert_eq!(told.outcome.paid_delayed, by_requests.outcome.paid_delayed);
    assert_eq!(told.outcome.paid_lost_milli_core_seconds, 0);
    // Pods that start or end burn, too.
    let burnt = told.outcome.burnt_milli_core_hours;
    assert!(burnt >= by_requests.outcome.harvested_milli_core_hours, "{:?}", told.outcome);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 8))]

    /// Whatever paid pods use, at each moment and on each node.
    #[test]
    fn nobody_uses_a_core_twice_and_what_paid_pods_lose_is_counted(
        levels in prop::collection::vec(0_u32..1000, 1..6),
        is_by_usage in any::<bool>(),
        seed in 0_u64..1000,
    ) {
        let step_ms = 600_000;
        let paid = (0_u64..).zip(&levels);
        let paid = paid.fold(Load::default(), |load, (at, level)| load.step(at * step_ms, *level));
        let mut setup = setup(is_by_usage.then(|| paid.clone()));
        if !is_by_usage {
            let burn_milli = setup.filler.template.cpu_milli();
            setup.usage = Some(UsageModel { basis: Basis::Requests, burn_milli, paid: paid.clone() });
        }
        setup.seed = seed;
        let mut simulation = Simulation::new(&setup).unwrap();
        let mut lost = 0;
        for at_ms in (0..step_ms * 6).step_by(15_000) {
            simulation.advance_to(at_ms);
            let level = Amount::from(paid.level(at_ms));
            for node in simulation.nodes() {
                let allocatable = node.allocatable.get(CPU);
                prop_assert!(node.paid_used + node.burnt <= allocatable, "{:?}", node);
                let wanted = node.paid.get(CPU) * level / 1000;
                prop_assert!(node.paid_used <= wanted, "{:?} of {}", node, wanted);
                lost += wanted - node.paid_used;
                // Beyond what is idle, fillers have no more than their weight gives them.
                let weight = node.requested.get(CPU) - node.paid.get(CPU);
                let part = allocatable * weight / node.requested.get(CPU).max(1);
                prop_assert!(node.burnt <= (allocatable - wanted).max(part), "{:?}", node);
            }
        }
        let outcome = simulation.outcome();
        prop_assert!(lost == 0 || outcome.paid_lost_milli_core_seconds > 0, "{:?}", outcome);
        prop_assert!(is_by_usage || lost == 0, "what is requested is a pod's own: {:?}", outcome);
    }
}

#[test]
fn a_replica_that_burns_nothing_is_refused() {
    let mut setup = setup(Some(Load::constant(250)));
    setup.usage.as_mut().unwrap().burn_milli = 0;
    assert!(simulate(&setup).is_err());
}
