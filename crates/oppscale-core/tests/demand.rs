//! Placement of waiting pods against an oracle that looks at every node for every pod.

use std::cmp::Reverse;

use oppscale_core::demand::{DemandState, PlacedPod, place_for};
use oppscale_core::headroom::{Query, measure};
use oppscale_core::ledger::Ledger;
use oppscale_core::model::{Node, Pod};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::record::PodRecord;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, Resources};
use proptest::prelude::*;
use serde_json::json;

const FILLER: i32 = -1000;

/// A node, its pool, and what stands on it, in cores and GiB.
#[derive(Debug, Clone)]
struct Host {
    pool: u8,
    size: [u8; 2],
    taint: bool,
    cordoned: bool,
    daemon: u8,
    paid: u8,
    filler: u8,
}

#[derive(Debug, Clone)]
struct Waiter {
    size: [u8; 2],
    pool: Option<u8>,
    tolerates: bool,
    priority: i32,
    preempts: bool,
    nominated: Option<u8>,
    age: u8,
}

fn host() -> impl Strategy<Value = Host> {
    let size = [1_u8..9, 1_u8..9];
    let flags = (prop::bool::weighted(0.15), prop::bool::weighted(0.15));
    (0_u8..3, size, flags, 0_u8..3, 0_u8..5, 0_u8..5).prop_map(
        |(pool, size, (taint, cordoned), daemon, paid, filler)| Host {
            pool,
            size,
            taint,
            cordoned,
            daemon,
            paid,
            filler,
        },
    )
}

fn waiter() -> impl Strategy<Value = Waiter> {
    let priority = prop::sample::select(vec![0, 0, 0, 5, -500, FILLER, -1_000_000]);
    let rules = (prop::option::weighted(0.4, 0_u8..4), any::<bool>());
    (
        [0_u8..6, 0_u8..6],
        rules,
        priority,
        prop::bool::weighted(0.8),
        prop::option::weighted(0.2, 0_u8..6),
        0_u8..4,
    )
        .prop_map(|(size, (pool, tolerates), priority, preempts, nominated, age)| Waiter {
            size,
            pool,
            tolerates,
            priority,
            preempts,
            nominated,
            age,
        })
}

fn requests([cpu, memory]: [u8; 2]) -> serde_json::Value {
    json!([{"name": "c", "resources": {"requests": {"cpu": cpu.to_string(), "memory": format!("{memory}Gi")}}}])
}

fn ledger(hosts: &[Host], waiters: &[Waiter]) -> Ledger {
    let mut ledger = Ledger::default();
    let mut pods = Vec::new();
    for (at, host) in hosts.iter().enumerate() {
        let taints =
            if host.taint { json!([{"key": "t", "effect": "NoSchedule"}]) } else { json!([]) };
        let node = json!({
            "metadata": {"name": format!("n{at}"), "uid": "u", "labels": {"pool": host.pool.to_string()}},
            "spec": {"taints": taints, "unschedulable": host.cordoned},
            "status": {
                "allocatable": {"cpu": host.size[0].to_string(), "memory": format!("{}Gi", host.size[1]), "pods": "9"},
                "conditions": [{"type": "Ready", "status": "True"}]
            }
        })
        .to_string();
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&node).unwrap()));
        for (kind, cpu) in [("DaemonSet", host.daemon), ("Job", host.paid), ("Filler", host.filler)]
        {
            if cpu > 0 {
                pods.push(json!({
                    "metadata": {
                        "name": format!("{kind}-{at}"), "namespace": "n", "uid": format!("{kind}-{at}"),
                        "labels": {"oppscale.dev/opportunistic": (kind == "Filler").to_string()},
                        "ownerReferences": [{"kind": kind, "name": "o", "controller": true}]
                    },
                    "spec": {"nodeName": format!("n{at}"), "containers": requests([cpu, 0])}
                }));
            }
        }
    }
    for (at, waiter) in waiters.iter().enumerate() {
        let mut pod = json!({
            "metadata": {
                "name": format!("w{at}"), "namespace": "n", "uid": format!("w{at}"),
                "creationTimestamp": format!("2026-11-29T09:00:0{}Z", waiter.age)
            },
            "spec": {
                "containers": requests(waiter.size), "priority": waiter.priority,
                "preemptionPolicy": if waiter.preempts { "PreemptLowerPriority" } else { "Never" },
            },
            "status": {"nominatedNodeName": waiter.nominated.map_or(String::new(), |n| format!("n{n}"))}
        });
        if let Some(pool) = waiter.pool {
            pod["spec"]["nodeSelector"] = json!({"pool": pool.to_string()});
        }
        if waiter.tolerates {
            pod["spec"]["tolerations"] = json!([{"key": "t", "operator": "Exists"}]);
        }
        pods.push(pod);
    }
    for pod in pods {
        let text = pod.to_string();
        let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
        ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
    }
    ledger
}

/// Cores, GiB and places of a node that are left.
type Room = [i64; 3];

impl Host {
    fn less(&self, cpu: u8, pods: &[u8]) -> Room {
        let places = pods.iter().filter(|cpu| **cpu > 0).count() as i64;
        [i64::from(self.size[0]) - i64::from(cpu), self.size[1].into(), 9 - places]
    }

    fn is_usable(&self) -> bool {
        !self.taint && !self.cordoned
    }
}

impl Waiter {
    fn needs(&self) -> Room {
        [self.size[0].into(), self.size[1].into(), 1]
    }

    fn fits(&self, room: Room) -> bool {
        room.iter().zip(self.needs()).all(|(room, need)| need == 0 || need <= *room)
    }

    fn is_selected(&self, host: &Host) -> bool {
        self.pool.is_none_or(|pool| pool == host.pool)
    }

    fn is_admitted(&self, host: &Host) -> bool {
        self.is_selected(host) && !host.cordoned && (!host.taint || self.tolerates)
    }
}

/// Checks each pod, in the order of the queue, against all nodes as the pods before it left them.
fn check(hosts: &[Host], waiters: &[Waiter], placed: &[PlacedPod<'_>]) {
    let mut turns: Vec<usize> = (0..waiters.len()).collect();
    turns.sort_by_key(|at| {
        let pod = &waiters[*at];
        (Reverse(pod.priority), pod.nominated.is_none(), pod.age, format!("w{at}"))
    });
    let order: Vec<String> = turns.iter().map(|at| format!("w{at}")).collect();
    let names: Vec<&str> = placed.iter().map(|pod| &*pod.pod.name).collect();
    assert_eq!(names, order);
    let of = |room: &dyn Fn(&Host) -> Room| -> Vec<Room> { hosts.iter().map(room).collect() };
    let standing = of(&|host| host.less(host.daemon, &[host.daemon]));
    let mut open = of(&|host| host.less(host.daemon + host.paid, &[host.daemon, host.paid]));
    let mut free = of(&|host| {
        let pods = [host.daemon, host.paid, host.filler];
        host.less(pods.iter().sum(), &pods)
    });
    for (at, found) in turns.into_iter().zip(placed) {
        let pod = &waiters[at];
        let admitting: Vec<usize> =
            (0..hosts.len()).filter(|at| pod.is_admitted(&hosts[*at])).collect();
        let with = |room: &[Room]| -> Vec<usize> {
            admitting.iter().copied().filter(|at| pod.fits(room[*at])).collect()
        };
        let (beside_all, beside_paid, ever) = (with(&free), with(&open), with(&standing));
        let elsewhere =
            (0..hosts.len()).any(|at| pod.is_selected(&hosts[at]) && pod.fits(standing[at]));
        let is_outranked = pod.priority <= FILLER;
        let choices = match () {
            () if is_outranked => &[][..],
            () if pod.preempts => &beside_paid,
            () => &beside_all,
        };
        let Some(node) = found.node else {
            assert!(
                choices.is_empty(),
                "{pod:?} is called {:?}, and fits {choices:?}",
                found.state
            );
            let expected = match () {
                () if !ever.is_empty() && is_outranked => DemandState::Outranked,
                () if !ever.is_empty() => DemandState::Blocked,
                () if elsewhere => DemandState::Elsewhere,
                () => DemandState::Unplaceable,
            };
            assert_eq!(found.state, expected, "{pod:?}");
            assert_eq!(found.reason.is_some(), expected == DemandState::Unplaceable);
            continue;
        };
        let node: usize = node[1..].parse().unwrap();
        let is_nominated = pod.nominated.map(usize::from) == Some(node);
        assert!(choices.contains(&node), "{pod:?} on {node}: {choices:?}");
        assert_eq!(found.preempts, !beside_all.contains(&node), "{pod:?}");
        let share = |at: usize| {
            let room = if pod.preempts { open[at] } else { free[at] };
            let of = |name: usize| room[name].max(0) << 20;
            of(0) / i64::from(hosts[at].size[0]) + of(1) / i64::from(hosts[at].size[1])
        };
        let best = choices.iter().map(|at| share(*at)).max().unwrap();
        assert!(is_nominated || share(node) == best, "{pod:?} on {node}: {choices:?}");
        let state = match hosts[node].is_usable() {
            true => DemandState::Placeable,
            false => DemandState::Elsewhere,
        };
        assert_eq!(found.state, state);
        for room in [&mut free[node], &mut open[node]] {
            room.iter_mut().zip(pod.needs()).for_each(|(room, need)| *room -= need);
        }
    }
}

fn amounts(of: &Resources) -> [Amount; 2] {
    [of.get(CPU) / 1000, of.get(MEMORY) >> 30]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 8))]

    #[test]
    fn no_pod_is_called_placeable_that_is_not(
        hosts in prop::collection::vec(host(), 0..6),
        waiters in prop::collection::vec(waiter(), 0..9),
        replica in [1_u8..4, 0_u8..4],
    ) {
        let ledger = ledger(&hosts, &waiters);
        let footprint = Resources::default()
            .with(CPU, Amount::from(replica[0]) * 1000)
            .with(MEMORY, Amount::from(replica[1]) << 30);
        let query = Query { replica: Replica::from_footprint(footprint), ..Query::default() };
        let placed = place_for(&ledger, &query);
        check(&hosts, &waiters, &placed);
        // Never a slot that is not there: all replicas, paid pods and placed pods are on the node.
        let headroom = measure(&ledger, &query);
        for node in &headroom.nodes {
            let at: usize = node.name[1..].parse().unwrap();
            let here = placed.iter().filter(|pod| pod.node == Some(&node.name));
            let kept = here.fold(Resources::default(), |mut sum, pod| {
                sum.add(&pod.pod.footprint);
                sum
            });
            let slots = node.slots.unwrap();
            prop_assert!(hosts[at].is_usable() || slots == 0);
            if slots > 0 {
                let [cpu, memory] = amounts(&kept);
                let host = &hosts[at];
                let paid = Amount::from(host.daemon + host.paid);
                prop_assert!(paid + cpu + slots * Amount::from(replica[0]) <= host.size[0].into());
                prop_assert!(memory + slots * Amount::from(replica[1]) <= host.size[1].into());
            }
        }
        let slots: Amount = headroom.nodes.iter().map(|node| node.slots.unwrap()).sum();
        prop_assert!(headroom.fit.unwrap().replicas <= slots);
    }
}
