//! What must hold at every moment of every simulation, looked at pod by pod.

use std::collections::BTreeMap;

use oppscale_core::headroom::{Query, measure};
use oppscale_core::ledger::Ledger;
use oppscale_core::model::{Node as NodeJson, Pod as PodJson};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::placement::Placement;
use oppscale_core::record::PodRecord;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{CPU, MEMORY, PODS, Resources};
use oppscale_core::selector::Selector;
use proptest::prelude::*;
use proptest::strategy::Strategy as Generate;

use super::metric::MetricUnit;
use super::pod::PodId;
use super::world::{FILLER, World};
use super::{
    BuiltInScenario, Configuration, DeletionCost, FillersInMetric, Load, MetricModel, NodePool,
    PaidApp, PodTemplate, Setup, Simulation, Strategy, simulate,
};

/// The distance of two looks, milliseconds.
const CHECK_STEP_MS: u64 = 250;
/// Only pods whose priority is below zero count as fillers by their label.
const BELOW_ZERO: i32 = 1_000_000;

fn footprint(world: &World, id: PodId) -> &Resources {
    world.workloads[world.pods[id].workload].template.replica.footprint()
}

/// Counts everything anew and compares it with the running sums.
fn check_sums(world: &World) {
    let (mut requested, mut paid) = (Resources::default(), Resources::default());
    for (at, node) in world.nodes.iter().enumerate() {
        let (mut here, mut paid_here) = (Resources::default(), Resources::default());
        for id in &node.pods {
            assert_eq!(world.pods[*id].node, Some(at));
            here.add(footprint(world, *id));
            if world.pods[*id].workload != FILLER {
                paid_here.add(footprint(world, *id));
            }
        }
        assert_eq!((&here, &paid_here), (&node.sums.requested, &node.sums.paid));
        for (name, amount) in here.iter() {
            assert!(
                amount <= node.sums.allocatable.get(name),
                "{name} of node {at} is overcommitted"
            );
        }
        let is_going =
            |id: &&PodId| world.pods[**id].deleting && world.pods[**id].workload == FILLER;
        assert_eq!(node.pods.iter().filter(is_going).count() as i128, node.terminating_fillers);
        requested.add(&here);
        paid.add(&paid_here);
    }
    assert_eq!((&requested, &paid), (&world.nodes.total.requested, &world.nodes.total.paid));
    for (at, workload) in world.workloads.iter().enumerate() {
        assert_eq!(world.with_pending.contains(&at), workload.pending() > 0);
        let without = workload.active.iter().filter(|id| world.pods[**id].node.is_none()).count();
        assert_eq!(without, workload.pending());
        let paid = world.workloads.iter().filter(|workload| !workload.is_filler);
        assert_eq!(world.paid_pending as usize, paid.map(|w| w.pending()).sum::<usize>());
        assert!(workload.ready <= workload.total && workload.working <= workload.ready);
    }
}

/// The same cluster in oppscale's ledger.
fn ledger(world: &World) -> Ledger {
    let mut ledger = Ledger::default();
    let list = |amounts: &Resources| {
        format!(
            r#"{{"cpu":"{}m","memory":"{}","pods":"{}"}}"#,
            amounts.get(CPU),
            amounts.get(MEMORY),
            amounts.get(PODS)
        )
    };
    for (at, node) in world.nodes.iter().enumerate() {
        let allocatable = list(&node.sums.allocatable);
        let json = format!(
            r#"{{"metadata":{{"name":"n{at:03}"}},"status":{{"allocatable":{allocatable}}}}}"#
        );
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<NodeJson<'_>>(&json).unwrap()));
    }
    let bound = world.nodes.iter().enumerate().flat_map(|(at, node)| {
        node.pods.iter().map(move |id| (*id, format!(r#""nodeName":"n{at:03}","#)))
    });
    let pending = world.workloads.iter().flat_map(|w| w.waiting.iter().chain(&w.nominated));
    for (id, node) in bound.chain(pending.map(|id| (*id, String::new()))) {
        let amounts = footprint(world, id);
        let (cpu, memory) = (amounts.get(CPU), amounts.get(MEMORY));
        let pod = &world.pods[id];
        let is_filler = pod.workload == FILLER;
        let template = &world.workloads[pod.workload].template;
        let priority = template.priority - BELOW_ZERO;
        let policy = if template.preempts { "PreemptLowerPriority" } else { "Never" };
        let nominated = pod.nominated.map(|at| format!("n{at:03}")).unwrap_or_default();
        let deleted =
            if pod.deleting { r#""deletionTimestamp":"2026-11-02T00:00:00Z","# } else { "" };
        let (hour, minute, second) = (pod.number / 3600, pod.number / 60 % 60, pod.number % 60);
        let json = format!(
            r#"{{"metadata":{{"name":"p{id}","namespace":"d",{deleted}"labels":{{"oppscale.dev/opportunistic":"{is_filler}"}},
            "creationTimestamp":"2026-11-01T{hour:02}:{minute:02}:{second:02}Z"}},
            "status":{{"nominatedNodeName":"{nominated}"}},
            "spec":{{{node}"priority":{priority},"preemptionPolicy":"{policy}","containers":[{{"name":"c","resources":{{"requests":{{"cpu":"{cpu}m","memory":"{memory}"}}}}}}]}}}}"#
        );
        let pod: PodJson<'_> = serde_json::from_str(&json).unwrap();
        ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
    }
    ledger
}

/// The metric is what oppscale measures on the same cluster.
fn check_metric(world: &World, reserve: &Reserve) {
    let replica = &world.workloads[FILLER].template.replica;
    let query = Query {
        replica: replica.clone(),
        reserve: reserve.clone(),
        is_of_workload: true,
        placement: Placement::default(),
        filler_priority: Some(world.workloads[FILLER].template.priority - BELOW_ZERO),
        nodes: Selector::default(),
        pods_unknown: false,
        ..Query::default()
    };
    let headroom = measure(&ledger(world), &query);
    let fit = MetricModel::oppscale(reserve.clone());
    let demand = world.place_demand((0, 0), MetricUnit::FitReplicas);
    let served = fit.value_milli(&world.nodes, &demand, replica);
    assert_eq!(i128::from(served), headroom.fit.unwrap().replicas * 1000);
    let cores =
        MetricModel { unit: MetricUnit::Cores, filler_pods: FillersInMetric::Excluded, ..fit };
    let served = cores.value_milli(&world.nodes, &demand, replica);
    assert_eq!(i128::from(served), headroom.remaining.unwrap().get(CPU).max(0));
}

/// Since when each waiting paid pod could have had room if filler pods went.
#[derive(Default)]
struct Waits(BTreeMap<u64, u64>);

impl Waits {
    /// No paid pod waits for room that filler pods have for longer than it takes them to go.
    fn check(&mut self, world: &World) {
        let mut now_waiting = BTreeMap::new();
        for workload in world.workloads.iter().filter(|workload| !workload.is_filler) {
            for id in workload.waiting.iter().chain(&workload.nominated) {
                let number = world.pods[*id].number;
                let request = workload.request(number);
                let could =
                    world.nodes.iter().any(|node| node.fits_beside(request, &node.sums.paid));
                if could {
                    let since = *self.0.get(&number).unwrap_or(&world.now);
                    now_waiting.insert(number, since);
                    let grace = world.workloads[FILLER].template.grace_ms;
                    // One turn of the scheduler, one of the controllers, and one look.
                    let cycle = 100 + CHECK_STEP_MS;
                    assert!(
                        world.now - since <= grace + cycle,
                        "pod {number} waits since {since} at {}",
                        world.now
                    );
                }
            }
        }
        self.0 = now_waiting;
    }
}

fn loads() -> impl Generate<Value = Load> {
    let points = prop::collection::vec((0_u64..40_000, 0_u32..12, any::<bool>()), 1..6);
    points.prop_map(|points| {
        let mut at_ms = 0;
        points.into_iter().fold(Load::default(), |load, (gap, level, ramp)| {
            at_ms += gap;
            if ramp { load.ramp(at_ms, level) } else { load.step(at_ms, level) }
        })
    })
}

prop_compose! {
    fn setups()(
        pools in prop::collection::vec((1_u32..4, 4_i128..20, 0_i128..3), 1..4),
        apps in prop::collection::vec((500_i128..6_000, 0_i128..2, loads(), 0_u64..9_000, 0_i32..3), 1..4),
        key in prop::sample::select(vec!["naive", "eager", "preempted", "saturated", "settles-fast", "watched", "watched-preempted", "settles-preempted", "oppscale"]),
        most in any::<bool>(),
        hole in any::<bool>(),
        rate in prop::option::of(50_u32..400),
        replica in 300_i128..2_500,
        memory in 0_i128..2,
        limits in (1_u32..5, 5_u32..60),
        seed in any::<u64>(),
    ) -> Setup {
        let mut setup = Configuration::named(key).unwrap().apply(BuiltInScenario::Step.setup());
        setup.nodes = pools
            .into_iter()
            .map(|(count, cores, memory)| NodePool::new(count, cores * 1000, (memory + 2) << 30))
            .collect();
        setup.paid = apps
            .into_iter()
            .enumerate()
            .map(|(at, (cpu, memory, load, grace_ms, priority))| {
                let mut template = PodTemplate::paid(cpu);
                let amounts = template.replica.footprint().clone().with(MEMORY, memory << 29);
                template.replica = oppscale_core::replica::Replica::from_footprint(amounts);
                template.grace_ms = grace_ms;
                template.priority = priority / 2 * 100;
                PaidApp::scripted(&format!("app-{at}"), template, load)
            })
            .collect();
        let filler = &mut setup.filler;
        let amounts = Resources::default().with(CPU, replica).with(MEMORY, memory << 28);
        filler.template.replica = oppscale_core::replica::Replica::from_footprint(amounts);
        filler.start_replicas = limits.0;
        filler.autoscaler.spec.min_replicas = Some(limits.0);
        filler.autoscaler.spec.max_replicas = limits.1;
        if most { setup.scheduler.strategy = Strategy::MostAllocated; }
        if hole { filler.deletion_cost = DeletionCost::LargestHoleFirst; }
        setup.scheduler.pods_per_second = rate;
        setup.end_ms = 240_000;
        setup.sample_ms = 20_000;
        setup.seed = seed;
        setup
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 3 / 8))]

    #[test]
    fn sums_are_right_and_no_node_is_overcommitted(setup in setups(), place in 500..6_000) {
        let mut simulation = Simulation::new(&setup).unwrap();
        let (min, max) = (
            setup.filler.autoscaler.spec.effective_min(),
            setup.filler.autoscaler.spec.max_replicas,
        );
        for look in 0..setup.end_ms / CHECK_STEP_MS {
            simulation.advance_to(look * CHECK_STEP_MS);
            check_sums(&simulation.world);
            let desired = simulation.sample().filler_desired;
            prop_assert!((min..=max).contains(&desired), "{desired} replicas");
            if look % 80 == 0 {
                let reserve = &setup.filler.autoscaler.metric.reserve;
                check_metric(&simulation.world, reserve);
                let with_holes = format!("{reserve}+2xpod:cpu={place}m");
                check_metric(&simulation.world, &with_holes.parse().unwrap());
            }
        }
    }

    #[test]
    fn no_paid_pod_waits_for_room_that_own_pods_could_make(mut setup in setups()) {
        setup.filler.template.priority = -1000;
        setup.filler.template.grace_ms = 5_000;
        // More important paid pods may take the room that others were promised.
        setup.paid.iter_mut().for_each(|app| app.template.priority = 0);
        // At a limited rate a pod waits for its turn as well.
        setup.scheduler.pods_per_second = None;
        let mut simulation = Simulation::new(&setup).unwrap();
        let mut waits = Waits::default();
        for look in 0..setup.end_ms / CHECK_STEP_MS {
            simulation.advance_to(look * CHECK_STEP_MS);
            waits.check(&simulation.world);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes(setup in setups()) {
        let bytes = |setup: &Setup| format!("{:?}", simulate(setup).unwrap());
        let whole = bytes(&setup);
        prop_assert_eq!(&whole, &bytes(&setup));
        let mut stepped = Simulation::new(&setup).unwrap();
        for at_ms in (0..=setup.end_ms).step_by(777) {
            stepped.advance_to(at_ms);
        }
        stepped.advance_to(setup.end_ms);
        prop_assert_eq!(whole, format!("{:?}", stepped.finish()));
    }
}

#[test]
fn the_scale_down_order_is_that_of_the_replica_set_controller() {
    let mut setup = BuiltInScenario::Step.setup();
    setup.paid.clear();
    setup.nodes = vec![NodePool::new(2, 4_000, 4 << 30)];
    // 8 fit, 2 wait; no HPA runs within the first second.
    setup.filler.start_replicas = 10;
    let mut simulation = Simulation::new(&setup).unwrap();
    let world = &mut simulation.world;
    let gone = |world: &mut World, replicas: u32| {
        let before = world.workloads[FILLER].active.clone();
        world.workloads[FILLER].desired = replicas;
        world.reconcile(FILLER);
        let stays = &world.workloads[FILLER].active;
        let mut gone: Vec<_> = before.iter().filter(|id| !stays.contains(id)).copied().collect();
        gone.sort_unstable();
        gone
    };
    assert_eq!(gone(world, 8), [8, 9], "those without a node, whatever their age");
    world.pods[2].stage = super::pod::PodStage::Starting;
    assert_eq!(gone(world, 7), [2], "one that is not Ready, before newer ones that are");
    let node_of_2 = world.pods[2].node;
    let doubled_up = gone(world, 6);
    assert_ne!(world.pods[doubled_up[0]].node, node_of_2, "one beside 3 others, not beside 2");
    let oldest_there = (0..8).filter(|id| world.pods[*id].node != node_of_2).min();
    assert_ne!(doubled_up.first().copied(), oldest_there, "the newest of them");
    let rest = gone(world, 0);
    assert_eq!(rest.len(), 6);
}
