//! Sharing between workloads, over random clusters: what must hold whatever they look like.

use std::collections::BTreeMap;

use oppscale_core::headroom::{self, Limit, Query};
use oppscale_core::ledger::{Group, Ledger};
use oppscale_core::model::{Node, Pod, PodSpec};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::{OwnWorkload, Ownership};
use oppscale_core::placement::Placement;
use oppscale_core::policy::{Basis, NamespaceLimits, Policy};
use oppscale_core::record::{PodKey, PodRecord};
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY};
use oppscale_core::selector::Selector;
use oppscale_core::share::{
    Allocation, Counting, Held, Share, ShareLimit, ShareRequest, SharedCapacity, Uptake,
};
use oppscale_core::usage::{NodeCpu, PaidUsage};
use proptest::prelude::*;

const GPU: &str = "nvidia.com/gpu";

#[derive(Debug, Clone)]
struct NodeSpec {
    cpu: u32,
    gpu: u32,
    pods: u32,
    zone: bool,
    cordoned: bool,
    /// Millicores that paid pods use at their peak, if that is known.
    used: Option<u32>,
}

#[derive(Debug, Clone)]
struct PodShape {
    node: Option<usize>,
    /// The workload that it belongs to; none is paid.
    owner: Option<usize>,
    cpu: u32,
    gpu: bool,
}

#[derive(Debug, Clone)]
struct Workload {
    cpu: u32,
    gpu: bool,
    zone: Option<bool>,
    reserve: &'static str,
    max: Option<u32>,
    weight: u32,
    priority: i32,
    namespace: u8,
    limits: NamespaceLimits,
    uptake: Uptake,
    /// Millicores that a replica burns; `None` on the requests basis.
    burn: Option<u32>,
    held: bool,
}

#[derive(Debug, Clone)]
struct Scene {
    nodes: Vec<NodeSpec>,
    pods: Vec<PodShape>,
    workloads: Vec<Workload>,
}

fn scene() -> impl Strategy<Value = Scene> {
    let node = (0_u32..16_000, 0_u32..3, 1_u32..12, any::<bool>(), prop::bool::weighted(0.1))
        .prop_map(|(cpu, gpu, pods, zone, cordoned)| NodeSpec {
            cpu,
            gpu,
            pods,
            zone,
            cordoned,
            used: None,
        });
    let pod = (prop::option::weighted(0.8, 0_usize..6), prop::option::of(0_usize..4), 0_u32..5000)
        .prop_flat_map(|(node, owner, cpu)| {
            prop::bool::weighted(0.2).prop_map(move |gpu| PodShape { node, owner, cpu, gpu })
        });
    let reserve = reserve();
    let workload = (
        0_u32..4000,
        prop::bool::weighted(0.2),
        prop::option::of(any::<bool>()),
        reserve,
        prop::option::of(0_u32..20),
        1_u32..5,
        -1_i32..2,
        0_u8..3,
        uptake(),
    )
        .prop_map(|(cpu, gpu, zone, reserve, max, weight, priority, namespace, uptake)| Workload {
            cpu,
            gpu,
            zone,
            reserve,
            max,
            weight,
            priority,
            namespace,
            limits: NamespaceLimits::default(),
            uptake,
            burn: None,
            held: false,
        });
    (
        prop::collection::vec(node, 1..6),
        prop::collection::vec(pod, 0..20),
        prop::collection::vec(workload, 1..5),
    )
        .prop_map(|(nodes, pods, workloads)| Scene { nodes, pods, workloads })
}

/// Scenes with workloads on either basis. Those on the usage basis request little.
fn scene_of_both() -> impl Strategy<Value = Scene> {
    let used = prop::collection::vec(prop::option::weighted(0.8, 0_u32..16_000), 6);
    let held = prop::bool::weighted(0.2);
    let burn = prop::collection::vec((prop::option::of(1_u32..4000), 0_u32..100, held), 5);
    (scene(), used, burn).prop_map(|(mut scene, used, burn)| {
        scene.nodes.iter_mut().zip(used).for_each(|(node, used)| node.used = used);
        for (workload, (burn, cpu, held)) in scene.workloads.iter_mut().zip(burn) {
            (workload.burn, workload.held) = (burn, held);
            workload.cpu = if burn.is_some() { cpu } else { workload.cpu };
        }
        scene
    })
}

fn usage(scene: &Scene) -> PaidUsage {
    let names: Vec<String> = (0..scene.nodes.len()).map(|number| format!("n{number}")).collect();
    let nodes = names.iter().zip(&scene.nodes);
    nodes.filter_map(|(name, node)| Some((&**name, NodeCpu::Peak(node.used?.into())))).collect()
}

fn reserve() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "0",
        "2",
        "7500m",
        "15%",
        "50%",
        "nvidia.com/gpu=1",
        "pod:cpu=2",
        "2xpod:cpu=1500m",
        "10%+pod:cpu=500m,nvidia.com/gpu=1",
    ])
}

fn uptake() -> impl Strategy<Value = Uptake> {
    prop_oneof![
        Just(Uptake::UNLIMITED),
        Just(Uptake::Unscaled),
        (0_i32..20, 0_i32..20)
            .prop_map(|(reach, max)| Uptake::Scaled { reach: reach.into(), max: max.into() }),
    ]
}

fn group(number: usize) -> Group {
    Group {
        namespace: "idle".into(),
        kind: "StatefulSet".into(),
        name: format!("w{number}").into(),
    }
}

fn ownership(number: usize) -> Ownership {
    Ownership::Workload(OwnWorkload {
        namespace: "idle".into(),
        kind: "StatefulSet".into(),
        name: format!("w{number}"),
        selector: Selector::default(),
        intermediates: Vec::new(),
        unknown_intermediates: false,
    })
}

fn request(workload: &Workload) -> ShareRequest {
    let gpu = if workload.gpu { ",nvidia.com/gpu=1" } else { "" };
    let mut replica: Replica = format!("cpu={}m{gpu}", workload.cpu.max(1)).parse().unwrap();
    if workload.cpu == 0 {
        replica = Replica::from_footprint(replica.footprint().clone().with(CPU, 0));
    }
    let spec = workload.zone.map_or_else(
        || "{}".to_owned(),
        |zone| format!(r#"{{"nodeSelector":{{"zone":"{zone}"}}}}"#),
    );
    let spec: PodSpec<'_> = serde_json::from_str(&spec).unwrap();
    ShareRequest {
        namespace: format!("ns{}", workload.namespace).into(),
        limits: workload.limits,
        replica,
        placement: Placement::of(&spec).unwrap().into(),
        pod_priority: None,
        cpu_limit: 0,
        policy: Policy {
            reserve: workload.reserve.parse().unwrap(),
            max_replicas: workload.max,
            weight: workload.weight,
            priority: workload.priority,
            basis: if workload.burn.is_some() { Basis::Usage } else { Basis::Requests },
            burn: workload.burn.map(i64::from),
        },
        uptake: workload.uptake,
    }
}

fn apply_node(ledger: &mut Ledger, json: &str) {
    ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(json).unwrap()));
}

fn apply_pod(ledger: &mut Ledger, json: &str, ownership: &Ownership) {
    let pod: Pod<'_> = serde_json::from_str(json).unwrap();
    ledger.apply_pod(PodRecord::of(&pod, ownership));
}

/// The ledger of a scene, filled in another order when `reversed`.
fn ledger(scene: &Scene, ownership: &Ownership, reversed: bool, with_own: bool) -> Ledger {
    let mut ledger = Ledger::default();
    let groups: Vec<Group> = (0..scene.workloads.len()).map(group).collect();
    if !reversed {
        ledger.track(groups.iter().cloned().zip(0..));
    }
    let nodes: Vec<String> = scene.nodes.iter().zip(0..).map(|(n, i)| node_json(n, i)).collect();
    let pods = scene.pods.iter().zip(0..).filter(|(pod, _)| {
        with_own || pod.owner.is_none_or(|owner| owner >= scene.workloads.len())
    });
    let pods: Vec<String> = pods.map(|(pod, i)| pod_json(pod, i, scene.nodes.len())).collect();
    if reversed {
        pods.iter().rev().for_each(|json| apply_pod(&mut ledger, json, ownership));
        nodes.iter().rev().for_each(|json| apply_node(&mut ledger, json));
        ledger.track(groups.iter().cloned().zip(0..));
    } else {
        nodes.iter().for_each(|json| apply_node(&mut ledger, json));
        pods.iter().for_each(|json| apply_pod(&mut ledger, json, ownership));
    }
    ledger
}

fn node_json(node: &NodeSpec, number: usize) -> String {
    format!(
        r#"{{"metadata":{{"name":"n{number}","uid":"n{number}","labels":{{"zone":"{}"}}}},
            "spec":{{"unschedulable":{}}},
            "status":{{"allocatable":{{"cpu":"{}m","memory":"8Gi","pods":"{}","{GPU}":"{}"}},
            "conditions":[{{"type":"Ready","status":"True"}}]}}}}"#,
        node.zone, node.cordoned, node.cpu, node.pods, node.gpu
    )
}

fn pod_json(pod: &PodShape, number: usize, nodes: usize) -> String {
    let node = pod.node.map(|n| format!(r#""nodeName":"n{}","#, n % nodes)).unwrap_or_default();
    let gpu = if pod.gpu { r#","nvidia.com/gpu":"1""# } else { "" };
    let owner = pod.owner.map(|owner| {
        format!(
            r#","ownerReferences":[{{"kind":"StatefulSet","name":"w{owner}","uid":"u{owner}",
                "controller":true}}]"#
        )
    });
    format!(
        r#"{{"metadata":{{"name":"p{number}","namespace":"idle","uid":"p{number}"{}}},
            "spec":{{{node}"containers":[{{"name":"c","resources":{{"requests":
            {{"cpu":"{}m"{gpu}}}}}}}]}},"status":{{"phase":"Running"}}}}"#,
        owner.unwrap_or_default(),
        pod.cpu
    )
}

fn requests(scene: &Scene) -> Vec<Result<ShareRequest, Held>> {
    let of = |workload: &Workload| match workload.held {
        false => Ok(request(workload)),
        true => Err(Held { cpu: kept_busy(workload), ..Held::default() }),
    };
    scene.workloads.iter().map(of).collect()
}

fn shares(ledger: &Ledger, requests: &[Result<ShareRequest, Held>]) -> Vec<Share> {
    SharedCapacity::of(ledger, requests, &PaidUsage::default())
        .divide()
        .into_iter()
        .flatten()
        .collect()
}

/// Millicores that a replica keeps busy.
fn kept_busy(workload: &Workload) -> Amount {
    workload.burn.unwrap_or(workload.cpu).into()
}

fn can_use(workload: &Workload, node: &NodeSpec) -> bool {
    let is_known = workload.burn.is_none() || node.used.is_some();
    is_known
        && !workload.held
        && !node.cordoned
        && workload.zone.is_none_or(|zone| zone == node.zone)
}

/// How many pods of a workload run on nodes that it cannot use, or whose idle CPU is unknown.
fn elsewhere(scene: &Scene, number: usize) -> Amount {
    let own = scene.pods.iter().filter(|pod| pod.owner == Some(number));
    let nodes = own.filter_map(|pod| Some(&scene.nodes[pod.node? % scene.nodes.len()]));
    nodes.filter(|node| !can_use(&scene.workloads[number], node)).count() as Amount
}

/// Amounts by node and resource.
type Free = BTreeMap<String, BTreeMap<&'static str, Amount>>;

/// What is free on each node beside pods of no workload, and those that run where they cannot be
/// placed, by name.
fn free(scene: &Scene) -> Free {
    let mut free = Free::new();
    for (node, number) in scene.nodes.iter().zip(0..) {
        let of = [(CPU, node.cpu.into()), ("pods", node.pods.into()), (GPU, node.gpu.into())];
        free.insert(format!("n{number}"), of.into());
    }
    for pod in &scene.pods {
        let theirs = |node: &usize| match pod.owner.and_then(|owner| scene.workloads.get(owner)) {
            Some(owner) => !can_use(owner, &scene.nodes[node % scene.nodes.len()]),
            None => true,
        };
        if let Some(node) = pod.node.filter(theirs) {
            let node = free.get_mut(&format!("n{}", node % scene.nodes.len())).unwrap();
            *node.get_mut(CPU).unwrap() -= Amount::from(pod.cpu);
            *node.get_mut("pods").unwrap() -= 1;
            *node.get_mut(GPU).unwrap() -= Amount::from(pod.gpu);
        }
    }
    free
}

/// Takes replicas off what is free, which must suffice.
fn take(free: &mut Free, scene: &Scene, offer: Allocation<'_>) {
    let workload = &scene.workloads[offer.request];
    let node = free.get_mut(offer.node).unwrap();
    for (name, need) in [(CPU, workload.cpu.into()), ("pods", 1), (GPU, workload.gpu.into())] {
        let left = node.get_mut(name).unwrap();
        *left -= need * offer.replicas;
        assert!(need == 0 || *left >= 0, "{name} of {} is claimed twice", offer.node);
    }
}

/// What becomes another one between two counts, with its number.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Node(usize),
    DeletedNode(usize),
    Pod(usize),
    DeletedPod(usize),
    Requests,
    /// Of a replica of each workload.
    Size,
    Usage,
    Tracked,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        4 => (0_usize..6).prop_map(Edit::Node),
        1 => (0_usize..6).prop_map(Edit::DeletedNode),
        6 => (0_usize..20).prop_map(Edit::Pod),
        4 => (0_usize..20).prop_map(Edit::DeletedPod),
        1 => Just(Edit::Requests),
        1 => Just(Edit::Size),
        1 => Just(Edit::Usage),
        1 => Just(Edit::Tracked),
    ];
    prop::collection::vec(edit, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 2))]

    #[test]
    fn a_count_that_goes_on_is_one_that_begins(
        scenes in (scene_of_both(), scene_of_both()),
        edits in edits(),
        steps in prop::collection::vec(any::<(bool, bool)>(), 20),
    ) {
        let mut scenes = [scenes.0, scenes.1];
        let ownership = Ownership::default();
        let mut live = ledger(&scenes[0], &ownership, false, true);
        let (mut requested, mut used, mut tracked) = (0, 0, 0);
        let mut counting = Counting::default();
        for (edit, (prepares, counts)) in edits.into_iter().zip(steps) {
            // What the other scene has, if it has so many.
            let other = &scenes[1];
            match edit {
                Edit::Node(number) => if let Some(node) = other.nodes.get(number) {
                    apply_node(&mut live, &node_json(node, number));
                },
                Edit::DeletedNode(number) => drop(live.delete_node(&format!("n{number}"))),
                Edit::Pod(number) => if let Some(pod) = other.pods.get(number) {
                    apply_pod(&mut live, &pod_json(pod, number, other.nodes.len()), &ownership);
                },
                Edit::DeletedPod(number) => {
                    let name = format!("p{number}");
                    live.delete_pod(&PodKey::of_parts(&name, "idle", &name));
                }
                Edit::Requests => requested = 1 - requested,
                Edit::Size => {
                    let workloads = &mut scenes[requested].workloads;
                    workloads.iter_mut().for_each(|workload| workload.cpu += 500);
                }
                Edit::Usage => used = 1 - used,
                Edit::Tracked => {
                    tracked = 1 - tracked;
                    let groups = (0..scenes[tracked].workloads.len()).map(group);
                    live.track(groups.zip(0..));
                }
            }
            counting.update(&mut live);
            if prepares {
                counting.prepare();
            }
            // Changes of several updates may be counted together.
            if !counts {
                continue;
            }
            let (requests, usage) = (requests(&scenes[requested]), usage(&scenes[used]));
            let mut fresh = Counting::default();
            fresh.update(&mut live);
            prop_assert_eq!(counting.pod_counts(5), fresh.pod_counts(5));
            prop_assert_eq!(counting.disruption(), fresh.disruption());
            prop_assert_eq!(
                counting.capacity(&requests, &usage),
                &SharedCapacity::of(&live, &requests, &usage)
            );
        }
    }

    #[test]
    fn nobody_is_offered_what_another_was(scene in scene()) {
        let requests = requests(&scene);
        let capacity = SharedCapacity::of(&ledger(&scene, &Ownership::default(), false, true), &requests, &PaidUsage::default());
        let mut free = free(&scene);
        let total: Amount = free.values().map(|node| node[CPU].max(0)).sum();
        let mut offered = vec![0; requests.len()];
        let shares = capacity.divide_with(|offer| {
            offered[offer.request] += offer.replicas;
            take(&mut free, &scene, offer);
        });
        let mut remaining = 0;
        for (number, workload) in scene.workloads.iter().enumerate() {
            let share = shares[number].as_ref().unwrap();
            let fit = offered[number] + elsewhere(&scene, number);
            prop_assert_eq!(share.fit, workload.max.map_or(fit, |most| fit.min(most.into())));
            remaining += share.remaining.get(CPU);
            // Nothing is left that it could use.
            let has_demand = scene.pods.iter().any(|pod| pod.node.is_none());
            if share.limit == ShareLimit::Headroom(Limit::Slots) && !has_demand {
                for (node, spec) in (0..).zip(&scene.nodes).filter(|(_, spec)| can_use(workload, spec)) {
                    let node = &free[&format!("n{node}")];
                    let has_place = node[CPU] >= workload.cpu.into()
                        && node["pods"] >= 1
                        && node[GPU] >= workload.gpu.into();
                    prop_assert!(!has_place, "{:?} has a place on {:?}", workload, spec);
                }
            }
        }
        prop_assert!(remaining <= total, "{} of {} cores remain", remaining, total);
    }

    #[test]
    fn no_core_is_claimed_twice_on_either_basis(scene in scene_of_both()) {
        let requests = requests(&scene);
        let ledger = ledger(&scene, &Ownership::default(), false, true);
        let capacity = SharedCapacity::of(&ledger, &requests, &usage(&scene));
        let mut free = free(&scene);
        let mut taken: BTreeMap<String, (Amount, bool)> = BTreeMap::new();
        let mut offered = vec![0; requests.len()];
        let shares = capacity.divide_with(|offer| {
            offered[offer.request] += offer.replicas;
            take(&mut free, &scene, offer);
            let workload = &scene.workloads[offer.request];
            let (taken, may_yield) = taken.entry(offer.node.to_owned()).or_default();
            *taken += kept_busy(workload) * offer.replicas;
            *may_yield |= workload.burn.is_some() && workload.uptake != Uptake::Unscaled;
        });
        for (number, node) in (0..).zip(&scene.nodes) {
            let idle = node.used.map_or(0, |used| Amount::from(node.cpu) - Amount::from(used));
            // Fillers that are held, or may not use the node any more, keep cores busy, too.
            let here = scene.pods.iter().filter(|pod| pod.node.map(|n| n % scene.nodes.len()) == Some(number));
            let owners = here.filter_map(|pod| scene.workloads.get(pod.owner?));
            let unseated: Amount =
                owners.filter(|owner| !can_use(owner, node)).map(kept_busy).sum();
            let idle = idle - unseated;
            let taken = taken.get(&format!("n{number}")).copied().unwrap_or_default();
            prop_assert!(!taken.1 || taken.0 <= idle, "{:?} of {} idle on n{}", taken, idle, number);
        }
        for (number, (share, workload)) in shares.iter().zip(&scene.workloads).enumerate() {
            prop_assert_eq!(share.is_none(), workload.held);
            let Some(share) = share else { continue };
            prop_assert_eq!(share.idle.is_some(), workload.burn.is_some());
            let fit = offered[number] + elsewhere(&scene, number);
            prop_assert_eq!(share.fit, workload.max.map_or(fit, |most| fit.min(most.into())));
        }
        // Usage is of no account on the requests basis.
        if scene.workloads.iter().all(|workload| workload.burn.is_none()) {
            let capacity = SharedCapacity::of(&ledger, &requests, &PaidUsage::default());
            prop_assert_eq!(shares, capacity.divide());
        }
    }

    #[test]
    fn a_single_workload_has_what_the_headroom_says(mut scene in scene()) {
        scene.workloads.truncate(1);
        let requests = requests(&scene);
        let share = &shares(&ledger(&scene, &Ownership::default(), false, true), &requests)[0];
        let request = requests[0].clone().unwrap();
        let query = Query {
            replica: request.replica,
            reserve: request.policy.reserve,
            placement: (*request.placement).clone(),
            is_of_workload: true,
            ..Query::default()
        };
        let headroom = headroom::measure(&ledger(&scene, &ownership(0), false, true), &query);
        let fit = headroom.fit.unwrap().replicas;
        prop_assert_eq!(share.fit, scene.workloads[0].max.map_or(fit, |most| fit.min(most.into())));
        let remaining = headroom.remaining.unwrap();
        for name in [CPU, MEMORY] {
            prop_assert_eq!(share.remaining.get(name), remaining.get(name).max(0), "{}", name);
        }
        prop_assert_eq!(&share.allocatable, &headroom.usable.allocatable);
        prop_assert_eq!(&share.demand, &headroom.demand.unwrap().placeable);
    }

    #[test]
    fn the_order_of_events_makes_no_difference(scene in scene()) {
        let requests = requests(&scene);
        let of = |reversed| {
            shares(&ledger(&scene, &Ownership::default(), reversed, true), &requests)
        };
        prop_assert_eq!(&of(true), &of(false));
    }

    /// Whatever the annotations of one namespace say, another has its half.
    #[test]
    fn no_annotations_take_the_fair_share_of_another_namespace(
        nodes in 1_usize..6,
        mut others in prop::collection::vec(
            (250_u32..4000, reserve(), prop::option::of(0_u32..99), 1_u32..1_000_000, -9_i32..9),
            1..9
        ),
        placed in prop::collection::vec((0_usize..6, 0_usize..9), 0..60),
    ) {
        let mut scene = empty(nodes);
        let workload = |(cpu, reserve, max, weight, priority)| Workload {
            cpu, reserve, max, weight, priority, namespace: 1,
            limits: NamespaceLimits::default(), ..plain()
        };
        let victim = Workload { weight: 100, limits: NamespaceLimits::default(), ..plain() };
        scene.workloads = vec![victim];
        scene.workloads.extend(others.drain(..).map(workload));
        // Pods that the scheduler placed: on nodes with room for them.
        let mut room = vec![10_000_u32; nodes];
        for (node, owner) in placed {
            let (node, owner) = (node % nodes, owner % scene.workloads.len());
            let cpu = scene.workloads[owner].cpu;
            if let Some(left) = room[node].checked_sub(cpu) {
                room[node] = left;
                scene.pods.push(PodShape { node: Some(node), owner: Some(owner), cpu, gpu: false });
            }
        }
        let fit = fits(&scene)[0];
        // Less than a replica of each node is of no use to it. Of the rest of 9 cores a node, the
        // others have no more than it has and the replica that came last, of 4 cores at most.
        let fair = 9 * nodes as Amount - 4;
        prop_assert!(2 * fit >= fair, "{} of {}", fit, 10 * nodes);
    }

    #[test]
    fn what_one_leaves_goes_to_the_other(mut scene in scene()) {
        scene.workloads.truncate(2);
        prop_assume!(scene.workloads.len() == 2);
        let alone = |scene: &Scene| {
            let mut requests = requests(scene);
            requests[0] = Err(Held::default());
            // A held workload's pods stay where they are; here there are none.
            shares(&ledger(scene, &Ownership::default(), false, false), &requests)[0].clone()
        };
        let mut stopped = scene.clone();
        stopped.workloads[0].max = Some(0);
        let requests = requests(&stopped);
        let both = shares(&ledger(&stopped, &Ownership::default(), false, false), &requests);
        prop_assert_eq!(both[1].fit, alone(&scene).fit);
    }
}

/// A hole in a scene of few small nodes: cores of each node, of the workloads' replicas and of the
/// hole's pod in halves, and where replicas run.
type HoleScene = (Vec<u32>, Vec<u32>, (u32, u32), Vec<(usize, usize)>);

fn hole_scene() -> impl Strategy<Value = HoleScene> {
    (
        prop::collection::vec(1_u32..14, 1..4),
        prop::collection::vec(1_u32..6, 1..3),
        (1_u32..3, 1_u32..8),
        prop::collection::vec((0_usize..4, 0_usize..2), 0..8),
    )
}

/// Holes of `hole` halves of a core that some placement of further replicas leaves, at least.
fn fewest_holes(free: &[u32], sizes: &[u32], further: &[usize], hole: u32) -> u32 {
    // Replicas that are used up, and the fewest holes on the nodes so far.
    let mut placed: BTreeMap<(usize, usize), u32> = [((0, 0), 0)].into();
    let second = sizes.get(1).copied().unwrap_or(u32::MAX);
    let most = |at: usize| further.get(at).copied().unwrap_or(0);
    for free in free {
        let mut next = BTreeMap::new();
        for ((a, b), holes) in &placed {
            for x in 0..=(most(0) - a).min((free / sizes[0]) as usize) {
                let left = free - sizes[0] * x as u32;
                for y in 0..=(most(1) - b).min((left / second) as usize) {
                    let left = left - second.saturating_mul(y as u32);
                    let sum = holes + left / hole;
                    let fewest = next.entry((a + x, b + y)).or_insert(sum);
                    *fewest = sum.min(*fewest);
                }
            }
        }
        placed = next;
    }
    placed.values().copied().min().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 4))]

    /// Compared with all placements: a hole that is free stays free wherever the scheduler places
    /// what is offered, and one replica more of a single workload could close it.
    #[test]
    fn offered_replicas_leave_the_hole_wherever_they_go((nodes, sizes, (count, hole), running) in hole_scene()) {
        let mut scene = empty(nodes.len());
        for (node, halves) in scene.nodes.iter_mut().zip(&nodes) {
            node.cpu = halves * 500;
        }
        let reserve = format!("{count}xpod:cpu={}m", hole * 500);
        let reserve: &'static str = Box::leak(reserve.into_boxed_str());
        let workload = |halves: &u32| Workload { cpu: halves * 500, reserve, ..plain() };
        scene.workloads = sizes.iter().map(workload).collect();
        let mut free = nodes.clone();
        let mut standing = vec![0_usize; sizes.len()];
        for (node, owner) in running {
            let (node, owner) = (node % nodes.len(), owner % sizes.len());
            if let Some(left) = free[node].checked_sub(sizes[owner]) {
                free[node] = left;
                standing[owner] += 1;
                let cpu = sizes[owner] * 500;
                scene.pods.push(PodShape { node: Some(node), owner: Some(owner), cpu, gpu: false });
            }
        }
        let offered = fits(&scene);
        let further = |more: usize| -> Vec<usize> {
            let fit = offered.iter().zip(&standing);
            fit.map(|(fit, standing)| (usize::try_from(*fit).unwrap() + more).saturating_sub(*standing)).collect()
        };
        let now: u32 = free.iter().map(|free| free / hole).sum();
        let ends_at_hole = shares(
            &ledger(&scene, &Ownership::default(), false, true),
            &requests(&scene),
        )[0].limit == ShareLimit::Headroom(Limit::Hole);
        if now >= count {
            let fewest = fewest_holes(&free, &sizes, &further(0), hole);
            prop_assert!(fewest >= count, "{:?} offered, {} of {} holes", offered, fewest, count);
            if sizes.len() == 1 && ends_at_hole {
                prop_assert!(fewest_holes(&free, &sizes, &further(1), hole) < count);
            }
        } else if sizes.len() == 1 {
            // Given up until a hole can be there, and none if none can.
            let empty: u32 = nodes.iter().map(|cores| cores / hole).sum();
            prop_assert_eq!(offered[0] == 0 || empty >= count, true, "{:?} offered", offered);
            prop_assert!((offered[0] as usize) < standing[0].max(1), "{:?} of {:?}", offered, standing);
        }
    }
}

#[test]
fn a_hole_costs_what_closes_it_on_every_node() {
    // Spread evenly, 130 replicas leave 3 cores on each of ten nodes of 16.
    let mut scene = empty(10);
    scene.nodes.iter_mut().for_each(|node| node.cpu = 16_000);
    scene.workloads = vec![Workload { reserve: "pod:cpu=4", ..plain() }];
    assert_eq!(fits(&scene), [129]);
    // Whole nodes: each replica closes one, wherever it goes.
    scene.workloads[0].reserve = "10xpod:cpu=16";
    assert_eq!(fits(&scene), [0]);
    scene.workloads[0].reserve = "9xpod:cpu=16";
    assert_eq!(fits(&scene), [1]);
    // A node that cannot have the hole costs nothing once replicas run there.
    scene.workloads[0].reserve = "pod:cpu=4";
    scene.nodes[1..].iter_mut().for_each(|node| node.cpu = 3000);
    assert_eq!(fits(&scene), [12]);
    let on = |node| PodShape { node: Some(node), owner: Some(0), cpu: 1000, gpu: false };
    scene.pods = (1..10).flat_map(|node| vec![on(node); 3]).collect();
    assert_eq!(fits(&scene), [27 + 12]);
    // A paid pod takes the hole: the replicas go that make the next.
    scene.pods.extend(vec![on(0); 12]);
    assert_eq!(fits(&scene), [39]);
    scene.pods.push(PodShape { node: Some(0), owner: None, cpu: 4000, gpu: false });
    assert_eq!(fits(&scene), [35]);
    // No node can have it.
    scene.workloads[0].reserve = "pod:cpu=17";
    assert_eq!(fits(&scene), [0]);
    scene.workloads[0].reserve = "pod:nvidia.com/gpu=1";
    assert_eq!(fits(&scene), [0]);
}

#[test]
fn a_replica_that_fits_nowhere_closes_no_hole() {
    let mut scene = empty(1);
    scene.workloads = vec![
        Workload { reserve: "pod:cpu=2", ..plain() },
        // More than three times of all that is free.
        Workload { cpu: 32_000, ..plain() },
    ];
    assert_eq!(fits(&scene), [8, 0]);
}

/// Nodes of 10 cores, and nothing on them.
fn empty(nodes: usize) -> Scene {
    let node = NodeSpec { cpu: 10_000, gpu: 0, pods: 100, zone: true, cordoned: false, used: None };
    Scene { nodes: vec![node; nodes], pods: Vec::new(), workloads: Vec::new() }
}

fn plain() -> Workload {
    Workload {
        cpu: 1000,
        gpu: false,
        zone: None,
        reserve: "0",
        max: None,
        weight: 1,
        priority: 0,
        namespace: 0,
        limits: NamespaceLimits { max_priority: 1, ..NamespaceLimits::default() },
        uptake: Uptake::UNLIMITED,
        burn: None,
        held: false,
    }
}

/// A workload on the usage basis.
fn burning(milli: u32) -> Workload {
    Workload { cpu: 10, burn: Some(milli), ..plain() }
}

fn usage_shares(scene: &Scene) -> Vec<Share> {
    let ledger = ledger(scene, &Ownership::default(), false, true);
    let capacity = SharedCapacity::of(&ledger, &requests(scene), &usage(scene));
    capacity.divide().into_iter().flatten().collect()
}

#[test]
fn idle_cpu_counts_by_node_and_memory_by_requests() {
    // Nodes of 10 cores, of which 9.5 are requested.
    let mut scene = empty(3);
    let paid = |node| PodShape { node: Some(node), owner: None, cpu: 9500, gpu: false };
    scene.pods = (0..3).map(paid).collect();
    scene.nodes[0].used = Some(2500);
    scene.nodes[1].used = Some(7000);
    scene.workloads = vec![burning(1000)];
    let share = &usage_shares(&scene)[0];
    assert_eq!(share.fit, 7 + 3, "the third node has no reading");
    let idle = share.idle.unwrap();
    assert_eq!((idle.millicores, idle.burn, idle.unknown_nodes), (10_500, 1000, 1));
    assert_eq!(share.limit, ShareLimit::IdleCpu);
    // A reserve stays free on each node by its size: 30 % of 10 cores.
    scene.workloads[0].reserve = "30%";
    assert_eq!(usage_shares(&scene)[0].fit, 4);
    scene.workloads[0].reserve = "6";
    assert_eq!(usage_shares(&scene)[0].fit, 5 + 1);
    scene.workloads[0].reserve = "0";
    // Requests bound it as ever: 500m are left beside paid pods.
    scene.workloads[0].cpu = 200;
    assert_eq!(usage_shares(&scene)[0].fit, 2 + 2);
    scene.workloads[0].cpu = 10;
    scene.nodes[0].pods = 5;
    assert_eq!(usage_shares(&scene)[0].fit, 4 + 3);
}

#[test]
fn own_pods_beyond_the_idle_cpu_of_their_node_are_crowded() {
    let mut scene = empty(2);
    scene.workloads = vec![burning(1000)];
    let own = |node| PodShape { node: Some(node), owner: Some(0), cpu: 10, gpu: false };
    scene.pods = vec![own(0), own(0), own(0), own(1)];
    scene.nodes[0].used = Some(9000);
    scene.nodes[1].used = Some(8000);
    let share = &usage_shares(&scene)[0];
    assert_eq!((share.fit, share.running, share.idle.unwrap().crowded), (3, 4, 2));
}

#[test]
fn fillers_stay_on_a_node_whose_usage_is_unknown() {
    // 4 nodes of 32 cores that use 8, with 24 fillers each.
    let mut scene = empty(4);
    for node in &mut scene.nodes {
        (node.cpu, node.used) = (32_000, Some(8000));
    }
    scene.workloads = vec![burning(1000)];
    let own =
        |number: usize| PodShape { node: Some(number % 4), owner: Some(0), cpu: 10, gpu: false };
    scene.pods = (0..96).map(own).collect();
    assert_eq!(usage_shares(&scene)[0].fit, 96);
    // A kubelet is not scraped: neither are its fillers deleted, nor does it get more.
    scene.nodes[0].used = None;
    let share = &usage_shares(&scene)[0];
    let idle = share.idle.unwrap();
    assert_eq!((share.fit, share.running), (96, 96));
    assert_eq!((idle.crowded, idle.unknown_nodes), (0, 1));
    scene.workloads[0].max = Some(90);
    assert_eq!(usage_shares(&scene)[0].fit, 90);
    scene.workloads[0].max = None;
    // What they request there stays theirs; elsewhere the requests basis goes first.
    scene.workloads.push(Workload { cpu: 32_000, ..plain() });
    let fits: Vec<Amount> = usage_shares(&scene).iter().map(|share| share.fit).collect();
    assert_eq!(fits, [24, 3]);
}

/// Their usage is not that of paid pods, and their cores are busy all the same.
#[test]
fn cpu_of_fillers_that_share_nothing_is_not_idle() {
    let mut scene = empty(1);
    (scene.nodes[0].cpu, scene.nodes[0].used) = (32_000, Some(8000));
    scene.workloads = vec![burning(1000), plain()];
    scene.pods = vec![PodShape { node: Some(0), owner: Some(1), cpu: 10, gpu: false }; 16];
    let ledger = ledger(&scene, &Ownership::default(), false, true);
    let mut requests = requests(&scene);
    // Paid pods use 8 of 32 cores, and the held filler 16, whatever it requests.
    requests[1] = Err(Held { cpu: 1000, ..Held::default() });
    let fit = |requests: &[_]| {
        let capacity = SharedCapacity::of(&ledger, requests, &usage(&scene));
        capacity.divide()[0].as_ref().unwrap().fit
    };
    assert_eq!(fit(&requests), 8);
    // The usage of one whose burn is unknown is part of the peak.
    requests[1] = Err(Held::default());
    assert_eq!(fit(&requests), 24);
    // One that may use the node no longer keeps its cores, too.
    scene.workloads[1].zone = Some(!scene.nodes[0].zone);
    let fits: Vec<Amount> = usage_shares(&scene).iter().map(|share| share.fit).collect();
    assert_eq!(fits, [8, 16]);
}

#[test]
fn the_requests_basis_goes_first_and_no_core_is_claimed_twice() {
    let mut scene = empty(1);
    scene.nodes[0].pods = 100;
    scene.pods = vec![PodShape { node: Some(0), owner: None, cpu: 6500, gpu: false }];
    scene.nodes[0].used = Some(1000);
    scene.workloads = vec![burning(1000), plain()];
    let fits: Vec<Amount> = usage_shares(&scene).iter().map(|share| share.fit).collect();
    // 3 replicas fit into what is not requested; of 9 idle cores the other 6 remain.
    assert_eq!(fits, [6, 3]);
    scene.workloads[0].priority = 1;
    let fits: Vec<Amount> = usage_shares(&scene).iter().map(|share| share.fit).collect();
    assert_eq!(fits, [6, 3]);
}

fn fits(scene: &Scene) -> Vec<Amount> {
    let ledger = ledger(scene, &Ownership::default(), false, true);
    shares(&ledger, &requests(scene)).iter().map(|share| share.fit).collect()
}

#[test]
fn weights_divide_and_priorities_go_first() {
    let mut scene = empty(6);
    scene.workloads = vec![plain(), plain()];
    assert_eq!(fits(&scene), [30, 30]);
    scene.workloads[1].weight = 3;
    assert_eq!(fits(&scene), [15, 45]);
    scene.workloads[1].cpu = 3000;
    assert_eq!(fits(&scene), [15, 15], "weights count what is taken, not replicas");
    scene.workloads[0].priority = 1;
    assert_eq!(fits(&scene), [60, 0]);
    scene.workloads[0].max = Some(7);
    // 53 cores are left on nodes of 10, in holes of which one in three is lost.
    assert!(fits(&scene)[1] >= 15, "{:?}", fits(&scene));
}

#[test]
fn a_smaller_reserve_goes_on_where_a_larger_stops() {
    let mut scene = empty(6);
    scene.workloads = vec![Workload { reserve: "30", ..plain() }, plain()];
    let fits = fits(&scene);
    assert_eq!(fits.iter().sum::<Amount>(), 60);
    assert_eq!(fits[0], 15, "half of the 30 that its reserve lets be taken");
}

#[test]
fn who_may_go_anywhere_leaves_the_only_place_to_who_may_not() {
    let mut scene = empty(4);
    scene.nodes[0].zone = false;
    scene.workloads = vec![plain(), Workload { zone: Some(false), ..plain() }];
    // The second may use one node of 10 cores; the fair half of all is more than that.
    assert_eq!(fits(&scene), [30, 10]);
}

#[test]
fn a_held_workload_keeps_what_it_stands_on() {
    let mut scene = empty(1);
    scene.workloads = vec![plain(), plain()];
    scene.pods = vec![PodShape { node: Some(0), owner: Some(0), cpu: 4000, gpu: false }];
    let ledger = ledger(&scene, &Ownership::default(), false, true);
    let mut requests = requests(&scene);
    requests[0] = Err(Held::default());
    assert_eq!(shares(&ledger, &requests)[0].fit, 6);
    assert!(SharedCapacity::of(&ledger, &requests, &PaidUsage::default()).divide()[0].is_none());
}

/// A cluster in which a workload runs `replicas` pods of a core each, on nodes of 10 cores.
fn running(nodes: usize, replicas: usize) -> Scene {
    let mut scene = empty(nodes);
    scene.workloads = vec![plain()];
    let pod = |number: usize| PodShape {
        node: Some(number % nodes),
        owner: Some(0),
        cpu: 1000,
        gpu: false,
    };
    scene.pods = (0..replicas).map(pod).collect();
    scene
}

fn scaled(reach: Amount, max: Amount) -> Uptake {
    Uptake::Scaled { reach, max }
}

#[test]
fn a_workload_that_comes_takes_only_what_it_can_take_up() {
    let mut scene = running(6, 60);
    scene.workloads.push(Workload { uptake: scaled(11, 150), namespace: 1, ..plain() });
    assert_eq!(fits(&scene), [49, 11]);
    scene.workloads[1].uptake = scaled(21, 150);
    assert_eq!(fits(&scene), [39, 21]);
    scene.workloads[1].uptake = scaled(51, 150);
    assert_eq!(fits(&scene), [30, 30], "no more than its half");
    // It ends at its maximum, and the other has the rest.
    scene.workloads[1].uptake = scaled(51, 5);
    assert_eq!(fits(&scene), [55, 5]);
}

#[test]
fn what_nothing_scales_claims_nothing() {
    let mut scene = running(6, 60);
    let idle = Workload { uptake: Uptake::Unscaled, namespace: 1, weight: 1_000_000, ..plain() };
    scene.workloads.extend(std::iter::repeat_n(idle, 99));
    assert_eq!(fits(&scene)[0], 60);
    // What the others cannot have is offered to them; their pods keep their place.
    scene.workloads[0].uptake = scaled(60, 40);
    let offered = fits(&scene);
    assert_eq!((offered[0], offered[1..].iter().sum::<Amount>()), (60, 0), "it still runs 60");
    scene.pods.truncate(40);
    scene.pods.push(PodShape { node: Some(0), owner: Some(7), cpu: 1000, gpu: false });
    let offered = fits(&scene);
    assert_eq!((offered[0], offered.iter().sum::<Amount>()), (40, 60));
    assert!(offered[7] >= 1);
}

#[test]
fn the_lowest_priority_makes_place_first() {
    // A node of two cores, with one replica each of two workloads that claim none any more.
    let mut scene = empty(1);
    scene.nodes[0].cpu = 2000;
    let of = |priority, reach| Workload { priority, uptake: scaled(reach, 1), ..plain() };
    let own = |owner| PodShape { node: Some(0), owner: Some(owner), cpu: 1000, gpu: false };
    scene.workloads = vec![of(1, 0), of(0, 0), of(0, 1)];
    scene.pods = vec![own(0), own(1)];
    assert_eq!(fits(&scene), [1, 0, 1]);
    scene.workloads.swap(0, 1);
    scene.pods = vec![own(1), own(0)];
    assert_eq!(fits(&scene), [0, 1, 1]);
}

#[test]
fn replicas_on_unusable_nodes_are_part_of_the_fit() {
    let mut scene = running(6, 60);
    scene.nodes[2].cordoned = true;
    assert_eq!(fits(&scene), [60], "none is deleted elsewhere");
    scene.workloads[0].max = Some(55);
    assert_eq!(fits(&scene), [55]);
    scene.workloads[0].max = None;
    scene.pods.retain(|pod| pod.node != Some(2));
    assert_eq!(fits(&scene), [50]);
}

#[test]
fn the_division_starts_from_where_pods_stand() {
    // 3-core pods stand such that each node has one core left: a fresh division would mix the
    // shapes and offer the large ones less.
    let mut scene = running(5, 0);
    scene.workloads[0].cpu = 3000;
    scene.workloads.push(plain());
    let pods =
        (0..15).map(|n| PodShape { node: Some(n % 5), owner: Some(0), cpu: 3000, gpu: false });
    scene.pods = pods.collect();
    scene.workloads[1].uptake = scaled(5, 5);
    assert_eq!(fits(&scene), [15, 5]);
}

#[test]
fn a_namespace_ends_at_its_share_and_counts_as_one() {
    let mut scene = empty(6);
    let third = NamespaceLimits { max_share: 333_333_334, ..NamespaceLimits::default() };
    scene.workloads = vec![Workload { limits: third, ..plain() }];
    assert_eq!(fits(&scene), [20]);
    // Many in one namespace are as one beside another.
    scene.workloads = vec![Workload { weight: 100, ..plain() }];
    let many = Workload { namespace: 1, weight: 100, ..plain() };
    scene.workloads.extend(std::iter::repeat_n(many, 30));
    assert_eq!(fits(&scene)[0], 30);
    // A priority that the namespace does not allow orders within it only.
    for workload in &mut scene.workloads[1..] {
        workload.limits = NamespaceLimits::default();
    }
    scene.workloads[5].priority = 9;
    let offered = fits(&scene);
    assert_eq!((offered[0], offered[5]), (30, 30));
}

#[test]
fn amounts_count_up_to_all_that_64_bits_hold() {
    let mut scene = empty(3);
    scene.workloads = vec![plain(), plain()];
    let mut ledger = ledger(&scene, &Ownership::default(), false, true);
    // Of memory, four pods request 32 EB on the first node, and the last one has 9 EB.
    for number in 0..4 {
        let pod = pod_json(&PodShape { node: Some(0), owner: None, cpu: 0, gpu: false }, number, 3);
        apply_pod(&mut ledger, &pod.replace(r#""cpu":"0m""#, r#""memory":"8E""#), &ownership(0));
    }
    let node = node_json(&scene.nodes[2], 2).replace("8Gi", "9223372036854775807");
    apply_node(&mut ledger, &node);
    let mut requests = requests(&scene);
    for (request, shape) in requests.iter_mut().zip(["cpu=1,memory=1Gi", "cpu=1,memory=8E"]) {
        request.as_mut().unwrap().replica = shape.parse().unwrap();
    }
    let fits: Vec<_> = shares(&ledger, &requests).iter().map(|share| share.fit).collect();
    assert_eq!(fits, [8 + 9, 1]);
}
