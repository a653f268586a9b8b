//! Placement, preemption, pace, deletion cost, and applications with an HPA of their own.

use hpa_model::simulation::{
    BuiltInScenario, Configuration, DeletionCost, Load, NodePool, PaidApp, PaidAutoscaler,
    PaidScaling, PodTemplate, Setup, SetupError, Simulation, Strategy, SyncTiming, simulate,
};
use hpa_model::{HpaSpec, MetricSource, MetricSpec, MetricTarget, ResourceName};
use oppscale_core::resources::CPU;

/// Four nodes of 8 cores; a filler that wants no more than it has.
fn small(key: &str, replicas: u32) -> Setup {
    let mut setup = Configuration::named(key).unwrap().apply(BuiltInScenario::Step.setup());
    setup.nodes = vec![NodePool::new(4, 8_000, 32 << 30)];
    setup.filler.start_replicas = replicas;
    setup.filler.autoscaler.spec.min_replicas = Some(replicas);
    setup.filler.autoscaler.spec.max_replicas = replicas;
    setup.paid.clear();
    setup.end_ms = 120_000;
    setup
}

fn requested(simulation: &Simulation) -> Vec<i128> {
    let mut list: Vec<_> = simulation.nodes().map(|node| node.requested.get(CPU)).collect();
    list.sort_unstable();
    list
}

#[test]
fn least_allocated_spreads_and_most_allocated_packs() {
    let mut setup = small("watched-preempted", 8);
    assert_eq!(requested(&Simulation::new(&setup).unwrap()), [2_000; 4]);
    setup.scheduler.strategy = Strategy::MostAllocated;
    assert_eq!(requested(&Simulation::new(&setup).unwrap()), [0, 0, 0, 8_000]);
}

#[test]
fn a_preempting_pod_waits_exactly_the_grace_period_and_nobody_takes_its_room() {
    let mut setup = small("watched-preempted", 32);
    let load = Load::constant(0).step(10_000, 3);
    setup.paid.push(PaidApp::scripted("paid", PodTemplate::paid(4_000), load));
    let run = simulate(&setup).unwrap();
    assert_eq!(run.outcome.paid_delayed, 3);
    assert_eq!(run.outcome.longest_delay_ms, 5_000);
    assert_eq!(run.outcome.filler_preempted, 12, "no more than needed");
    let end = run.samples.last().unwrap();
    assert_eq!((end.filler_running, end.pending_filler, end.pending_paid), (20, 12, 0));
}

#[test]
fn without_a_lower_priority_nobody_makes_room() {
    let mut setup = small("naive", 32);
    let load = Load::constant(0).step(10_000, 3);
    setup.paid.push(PaidApp::scripted("paid", PodTemplate::paid(4_000), load));
    let outcome = simulate(&setup).unwrap().outcome;
    assert_eq!((outcome.paid_never_started, outcome.longest_delay_ms), (3, 109_800));
    assert_eq!(outcome.filler_deleted, 0);
}

#[test]
fn a_pod_that_fits_nowhere_asks_for_nothing() {
    let mut setup = Configuration::named("oppscale").unwrap().apply(BuiltInScenario::Step.setup());
    let before = simulate(&setup).unwrap();
    setup.paid.push(PaidApp::scripted("typo", PodTemplate::paid(40_000), Load::constant(2)));
    let run = simulate(&setup).unwrap();
    assert_eq!(run.rescales, before.rescales, "the filler does not starve");
    assert_eq!(run.outcome.paid_never_started, 2);
    assert_eq!(run.outcome.filler_preempted, before.outcome.filler_preempted);
}

#[test]
fn the_scheduler_keeps_its_pace() {
    let mut setup = small("watched-preempted", 1);
    setup.nodes = vec![NodePool::new(4, 100_000, 32 << 30)];
    let load = Load::constant(0).step(10_000, 200);
    setup.paid.push(PaidApp::scripted("paid", PodTemplate::paid(1_000), load));
    assert_eq!(simulate(&setup).unwrap().outcome.longest_delay_ms, 0);
    setup.scheduler.pods_per_second = Some(100);
    assert_eq!(simulate(&setup).unwrap().outcome.longest_delay_ms, 1_990);
}

#[test]
fn deletion_cost_makes_holes_that_large_pods_fit_into() {
    let largest_hole = |cost| {
        let mut setup = small("naive", 30);
        setup.filler.deletion_cost = cost;
        setup.filler.autoscaler.spec.min_replicas = Some(24);
        setup.filler.autoscaler.spec.max_replicas = 24;
        let mut simulation = Simulation::new(&setup).unwrap();
        simulation.advance_to(setup.end_ms);
        8_000 - requested(&simulation)[0]
    };
    assert!(largest_hole(DeletionCost::Unset) <= 3_000);
    assert!(largest_hole(DeletionCost::LargestHoleFirst) >= 7_000);
}

#[test]
fn a_paid_application_follows_its_own_hpa() {
    let mut setup = small("watched-preempted", 1);
    setup.nodes = vec![NodePool::new(4, 32_000, 32 << 30)];
    setup.end_ms = 20 * 60_000;
    let source = MetricSource::Resource(ResourceName::Cpu);
    let spec = HpaSpec {
        min_replicas: Some(2),
        max_replicas: 20,
        metrics: vec![MetricSpec { source, target: MetricTarget::average_utilization(50) }],
        behavior: None,
    };
    let scaler = PaidAutoscaler {
        spec,
        config: Default::default(),
        timing: SyncTiming::default(),
        work: Load::constant(2_000).step(120_000, 12_000).step(600_000, 2_000),
        age_ms: 15_000,
        start_replicas: 2,
    };
    setup.paid.push(PaidApp {
        name: "web".to_owned(),
        template: PodTemplate::paid(2_000),
        scaling: PaidScaling::Autoscaled(Box::new(scaler)),
    });
    let run = simulate(&setup).unwrap();
    let paid_at = |minute: u64| {
        run.samples.iter().find(|s| s.at_ms == minute * 60_000).unwrap().paid_milli / 2_000
    };
    assert_eq!((paid_at(1), paid_at(9), paid_at(19)), (2, 12, 2));
}

#[test]
fn rows_of_pod_sizes_become_applications() {
    let rows = [(0, 2, 1_000), (60_000, 1, 4_000)];
    let apps = PaidApp::from_rows("app", &PodTemplate::paid(1_000), &rows);
    let mut setup = small("watched-preempted", 1);
    setup.paid = apps;
    let run = simulate(&setup).unwrap();
    let paid = |ms| run.samples.iter().find(|s| s.at_ms == ms).unwrap().paid_milli;
    assert_eq!((paid(30_000), paid(110_000)), (2_000, 4_000));
}

#[test]
fn setups_that_contradict_themselves_are_refused() {
    let refuse = |change: fn(&mut Setup)| {
        let mut setup = BuiltInScenario::Step.setup();
        change(&mut setup);
        simulate(&setup).unwrap_err()
    };
    assert_eq!(refuse(|s| s.nodes.clear()), SetupError::NoNodes);
    assert_eq!(refuse(|s| s.sample_ms = 0), SetupError::NotPositive("the sample interval"));
    let metrics = refuse(|s| s.filler.autoscaler.spec.metrics.clear());
    assert_eq!(metrics, SetupError::Metric(0));
    let order = refuse(|s| {
        s.paid[0].scaling = PaidScaling::Scripted(Load::constant(1).step(5, 1).step(4, 1));
    });
    assert_eq!(order.to_string(), "the load of base goes back in time");
    let limits = refuse(|s| s.filler.autoscaler.spec.max_replicas = 3);
    assert!(limits.to_string().starts_with("the HPA of the filler is invalid: "), "{limits}");
    let amount = refuse(|s| s.paid[1].template = PodTemplate::paid(-4));
    assert_eq!(amount.to_string(), "sample has cpu -4; expected 0 to 2^53");
    assert!(matches!(refuse(|s| s.end_ms = u64::MAX), SetupError::TooLarge { .. }));
}

#[test]
fn scenarios_have_names() {
    for scenario in BuiltInScenario::ALL {
        assert_eq!(scenario.name().parse::<BuiltInScenario>().unwrap(), scenario);
        assert!(!scenario.setup().nodes.is_empty());
    }
    let error = "dya".parse::<BuiltInScenario>().unwrap_err();
    assert_eq!(error.to_string(), "\"dya\" is not a scenario: expected blog, burst, day or step");
}

/// Upstream lets a promised pod wait for later promises of the same priority as well, so each
/// newcomer's victims would be waited for by all.
#[test]
fn a_promised_pod_waits_for_its_own_victims_only() {
    let mut setup = small("watched-preempted", 2);
    setup.nodes = vec![NodePool::new(1, 13_000, 2 << 30)];
    setup.filler.template = PodTemplate { priority: -1000, ..PodTemplate::paid(1_091) };
    setup.filler.template.grace_ms = 5_000;
    setup.filler.template.preempts = false;
    let load = Load::constant(0).ramp(4_726, 6);
    setup.paid.push(PaidApp::scripted("paid", PodTemplate::paid(2_164), load));
    let outcome = simulate(&setup).unwrap().outcome;
    assert_eq!((outcome.paid_delayed, outcome.longest_delay_ms), (2, 5_000));
}
