//! HPAs of applications under load: what each kind of metric makes them do.

use hpa_model::application::{
    Application, ApplicationSetup, Demand, Measure, MetricPath, Shape, SteadyState, Target, judge,
    simulate,
};
use hpa_model::simulation::SyncTiming;
use hpa_model::{
    Behavior, ControllerConfig, HpaSpec, MetricIdentifier, MetricSource, MetricSpec, MetricTarget,
    ResourceName, ScalingRules, SelectPolicy, Tolerance,
};

const HOUR_MS: u64 = 3_600_000;

fn setup(source: MetricSource, target: MetricTarget, path: MetricPath) -> ApplicationSetup {
    ApplicationSetup {
        spec: HpaSpec {
            min_replicas: Some(2),
            max_replicas: 40,
            metrics: vec![MetricSpec { source, target }],
            behavior: None,
        },
        config: ControllerConfig::default(),
        timing: SyncTiming::default(),
        application: Application {
            request_milli: Some(1000),
            reserved_milli: 1000,
            request_bytes: None,
            target_load: 0.7,
            capacity: 1.0,
            milli_per_unit: 1000.0,
            start_ms: 20_000,
            warmup_ms: 0,
            cold_share: 1.0,
            grace_ms: 30_000,
            queues: false,
        },
        demand: Demand::constant(7.0),
        metrics: vec![path],
        target: Target::Scalable,
        start_replicas: 2,
        end_ms: 2 * HOUR_MS,
        sample_ms: 60_000,
        seed: 1,
    }
}

/// Demand in cores, 70 % of a request of one core.
fn cpu() -> ApplicationSetup {
    setup(
        MetricSource::Resource(ResourceName::Cpu),
        MetricTarget::average_utilization(70),
        MetricPath::metrics_server(Measure::Cpu),
    )
}

/// An External metric with a target of 10 for each pod.
fn external(target: MetricTarget, measure: Measure) -> ApplicationSetup {
    let jobs = MetricSource::External(MetricIdentifier::named("jobs"));
    let mut setup = setup(jobs, target, MetricPath::prometheus(measure));
    setup.application = Application {
        target_load: 10.0,
        capacity: 15.0,
        milli_per_unit: 50.0,
        ..setup.application
    };
    setup.demand = Demand::constant(100.0);
    setup
}

#[test]
fn cpu_utilization_follows_a_step() {
    let mut setup = cpu();
    setup.demand = Demand::shaped(Shape::Step, (2.0, 14.0), 2 * HOUR_MS, 1);
    setup.start_replicas = 3;
    let run = simulate(&setup).unwrap();
    // 14 cores at 70 % are 20 pods. The tolerance leaves it at 18: 77 % after cutting to whole
    // per cent, which is 1.1 times the target.
    let high: Vec<_> = run
        .samples
        .iter()
        .filter(|s| (HOUR_MS..HOUR_MS * 4 / 3 - 60_000).contains(&s.at_ms))
        .collect();
    assert!(high.iter().all(|sample| (18..=22).contains(&sample.ready)), "{high:?}");
    // The step is six times what the pods of before can do: they are overloaded, but not for long.
    let outcome = &run.outcome;
    assert!((30_000..300_000).contains(&outcome.longest_overload_ms), "{outcome:?}");
    assert!(outcome.longest_shortfall_ms < 400_000, "{outcome:?}");
    assert!(outcome.longest_shortfall_ms >= outcome.longest_overload_ms, "{outcome:?}");
    assert_eq!(outcome.reversals, 1, "{:?}", run.rescales);
    assert!(run.samples.last().unwrap().desired <= 4);
}

/// The controller counts unready pods as idle on the way up, so it does not add pods for load
/// that those it waits for will take.
#[test]
fn slow_pods_do_not_make_it_add_more_than_it_needs() {
    let mut setup = cpu();
    setup.application.start_ms = 240_000;
    let run = simulate(&setup).unwrap();
    assert!(run.outcome.most_replicas <= 12, "{:?}", run.rescales);
    assert!(run.outcome.overloaded_ms >= 240_000);
}

#[test]
fn a_container_without_a_request_makes_the_hpa_inert() {
    let mut setup = cpu();
    setup.application.request_milli = None;
    let verdict = judge(&setup).unwrap();
    assert_eq!(verdict.steady_state, SteadyState::Inert);
    assert!(verdict.why.contains("missing request"), "{}", verdict.why);
}

#[test]
fn a_queue_is_drained_by_as_many_pods_as_it_needs() {
    let mut setup = external(MetricTarget::average_value(10_000), Measure::Queue(1.0));
    setup.application = Application { target_load: 15.0, queues: true, ..setup.application };
    let run = simulate(&setup).unwrap();
    let last = run.samples.last().unwrap();
    assert!(run.outcome.longest_queue_milli > 0);
    assert!(last.queue < 1000.0 && last.ready >= 6, "{last:?} {:?}", run.rescales);
}

#[test]
fn the_verdict_is_what_the_metric_and_its_target_make_of_it() {
    let average = MetricTarget::average_value(10_000);
    let value = MetricTarget::value(10_000);
    // A total that the replicas do not change, divided among them: it settles.
    let settles = judge(&external(average, Measure::Demand(1.0))).unwrap();
    assert!(matches!(settles.steady_state, SteadyState::Settles { .. }), "{settles:?}");
    // The same total as a Value multiplies the replicas for ever.
    let runs_away = judge(&external(value, Measure::Demand(1.0))).unwrap();
    assert_eq!(runs_away.steady_state, SteadyState::Saturated { at: 40 }, "{runs_away:?}");
    // A load for each pod falls as pods are added.
    let settles = judge(&external(value, Measure::DemandPerPod(1.0))).unwrap();
    assert!(matches!(settles.steady_state, SteadyState::Settles { .. }), "{settles:?}");
    // Read through a rate window of ten minutes, and scaled down at once, it swings.
    let mut late = external(value, Measure::DemandPerPod(1.0));
    late.metrics[0].window_ms = 600_000;
    let at_once = ScalingRules { stabilization_window_seconds: Some(0), ..ScalingRules::default() };
    late.spec.behavior = Some(Behavior { scale_down: Some(at_once), ..Behavior::default() });
    let swings = judge(&late).unwrap();
    assert!(matches!(swings.steady_state, SteadyState::Oscillates { .. }), "{swings:?}");
    // Without a way down it only goes up.
    let mut up = cpu();
    let disabled =
        ScalingRules { select_policy: Some(SelectPolicy::Disabled), ..ScalingRules::default() };
    up.spec.behavior = Some(Behavior { scale_down: Some(disabled), ..Behavior::default() });
    assert_eq!(judge(&up).unwrap().steady_state, SteadyState::OneWay { up: true });
    let mut inert = cpu();
    inert.spec.min_replicas = Some(40);
    assert_eq!(judge(&inert).unwrap().steady_state, SteadyState::Inert);
}

/// The target of an HPA with these bounds and of another one.
fn shared(own: (u32, u32), other: (u32, u32)) -> Target {
    Target::Shared { others: vec!["other".to_owned()], bounds: [own, other].into_iter().collect() }
}

/// The controller applies the bounds of an HPA before it looks for others with its pods.
#[test]
fn hpas_of_one_target_move_it_between_bounds_that_exclude_each_other() {
    let mut setup = cpu();
    let bounds = (setup.spec.effective_min(), setup.spec.max_replicas);
    let (min, max) = (bounds.1 + 5, bounds.1 + 10);
    setup.target = shared(bounds, (min, max));
    let verdict = judge(&setup).unwrap();
    let swing = SteadyState::Oscillates { least: bounds.1, most: min };
    assert_eq!(verdict.steady_state, swing);
    let words = format!("sets {} and {min} replicas in turn. Keep one", bounds.1);
    assert!(verdict.why.contains(&words), "{}", verdict.why);
    setup.start_replicas = min;
    let run = simulate(&setup).unwrap();
    assert!(run.outcome.reversals > 100, "{:?}", run.outcome);
    assert_eq!((run.outcome.least_replicas, run.outcome.most_replicas), (bounds.1, min));
    // The same for the other one.
    setup.spec.min_replicas = Some(min);
    setup.spec.max_replicas = max;
    setup.target = shared((min, max), bounds);
    assert_eq!(judge(&setup).unwrap().steady_state, swing);
    let run = simulate(&setup).unwrap();
    assert_eq!((run.outcome.least_replicas, run.outcome.most_replicas), (bounds.1, min));
    assert!(run.outcome.reversals > 100, "{:?}", run.outcome);
}

/// Two HPAs on one target stop each other, and a target without a scale stops its HPA.
#[test]
fn a_target_that_cannot_be_scaled_keeps_its_replicas() {
    for (target, reason) in [
        (shared((1, 20), (2, 30)), "AmbiguousSelector"),
        (Target::NoScale("Job of batch/v1 has no scale".to_owned()), "FailedGetScale"),
    ] {
        let setup = ApplicationSetup { target, ..cpu() };
        let verdict = judge(&setup).unwrap();
        assert_eq!(verdict.steady_state, SteadyState::Inert);
        assert!(verdict.why.contains(reason), "{}", verdict.why);
        let run = simulate(&setup).unwrap();
        assert!(run.rescales.is_empty() && run.failed_syncs > 100, "{}", run.failed_syncs);
        let failure = run.failure.unwrap();
        assert!(failure.starts_with(&format!("{reason}: ")), "{failure}");
    }
}

/// A cpu limit at the target keeps the usage from ever exceeding it.
#[test]
fn pods_that_cannot_exceed_their_target_are_never_joined_by_others() {
    let mut setup = cpu();
    setup.application.capacity = 0.75;
    let verdict = judge(&setup).unwrap();
    assert_eq!(verdict.steady_state, SteadyState::Saturated { at: 2 });
    assert!(verdict.why.contains("A pod can do no more than its target"), "{}", verdict.why);
}

/// The tolerance is the HPA's own where it has one: 0.75 of 0.7 is within the flag's tenth.
#[test]
fn an_own_tolerance_decides_what_exceeds_the_target() {
    let mut setup = cpu();
    setup.application.capacity = 0.75;
    let tolerance = Some(Tolerance::from_nano(50_000_000));
    let scale_up = Some(ScalingRules { tolerance, ..ScalingRules::default() });
    setup.spec.behavior = Some(Behavior { scale_up, ..Behavior::default() });
    assert_ne!(judge(&setup).unwrap().steady_state, SteadyState::Saturated { at: 2 });
}

#[test]
fn absurd_numbers_are_refused() {
    let refused = |change: fn(&mut ApplicationSetup)| {
        let mut setup = cpu();
        change(&mut setup);
        simulate(&setup).unwrap_err().to_string()
    };
    assert!(refused(|s| s.spec.max_replicas = 2_000_000_000).contains("maxReplicas is 2000000000"));
    assert!(refused(|s| s.end_ms = u64::MAX).contains("the length in milliseconds"));
    assert!(refused(|s| s.application.capacity = f64::NAN).contains("a pod's capacity"));
    assert!(refused(|s| s.application.target_load = 0.0).contains("a pod's load at its target"));
    // Without a list of pods their number does not matter.
    let mut many = external(MetricTarget::average_value(10_000), Measure::Demand(1.0));
    many.spec.max_replicas = 2_000_000_000;
    assert!(judge(&many).is_ok());
}

/// Memory does not fall when pods are added: the HPA sits at a bound.
#[test]
fn memory_is_not_a_load() {
    let mut setup = setup(
        MetricSource::Resource(ResourceName::Memory),
        MetricTarget::average_utilization(80),
        MetricPath::metrics_server(Measure::Memory(950e6)),
    );
    setup.application.request_bytes = Some(1_000_000_000);
    assert_eq!(judge(&setup).unwrap().steady_state, SteadyState::Saturated { at: 40 });
}

#[test]
fn the_same_seed_gives_the_same_run_and_the_figures_add_up() {
    let mut setup = cpu();
    setup.demand = Demand::shaped(Shape::Noise, (2.0, 14.0), 2 * HOUR_MS, 3);
    let run = simulate(&setup).unwrap();
    assert_eq!(run, simulate(&setup).unwrap());
    let pod_hours = run.outcome.requested_milli_ms / 1000 / HOUR_MS;
    assert!((4..=80).contains(&pod_hours), "{pod_hours}");
    assert_eq!(run.outcome.scale_events, run.rescales.len() as u64);
}
