//! Sizes of an opportunistic workload.

use hpa_model::KubernetesVersion;
use hpa_model::sizing::{
    Growth, GrowthSource, Origins, Pipeline, ReplicaChoice, ReserveChoice, Sizing, SizingRequest,
    size,
};
use hpa_model::verdict::Stability;
use oppscale_core::ledger::Ledger;
use oppscale_core::model::{Node, Pod};
use oppscale_core::node::NodeRecord;
use oppscale_core::ownership::Ownership;
use oppscale_core::placement::Placement;
use oppscale_core::record::PodRecord;
use oppscale_core::resources::{CPU, PODS, Resources};
use oppscale_core::selector::Selector;
use proptest::prelude::*;

const GIB: i128 = 1 << 30;

/// Nodes of so many millicores and GiB, and pods `(node, millicores, kind of owner)`.
fn ledger(nodes: &[(u32, u32)], pods: &[(usize, u32, &str)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (at, (milli, gib)) in nodes.iter().enumerate() {
        let json = format!(
            r#"{{"metadata":{{"name":"n{at}"}},"status":{{"allocatable":
            {{"cpu":"{milli}m","memory":"{gib}Gi","pods":"110"}}}}}}"#
        );
        ledger.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(&json).unwrap()));
    }
    for (at, (node, milli, kind)) in pods.iter().enumerate() {
        let json = format!(
            r#"{{"metadata":{{"name":"p{at}","namespace":"d","uid":"{at}","ownerReferences":
            [{{"kind":"{kind}","name":"o{at}","uid":"o{at}","controller":true}}]}},
            "spec":{{"nodeName":"n{node}","containers":[{{"name":"c","resources":
            {{"requests":{{"cpu":"{milli}m"}}}}}}]}}}}"#
        );
        let pod: Pod<'_> = serde_json::from_str(&json).unwrap();
        ledger.apply_pod(PodRecord::of(&pod, &Ownership::default()));
    }
    ledger
}

fn ask(replica: &str) -> SizingRequest {
    SizingRequest {
        replica: ReplicaChoice::Given(replica.parse().unwrap()),
        reserve: ReserveChoice::Given("0".parse().unwrap()),
        min: None,
        max: None,
        quota: Resources::default(),
        placement: Placement::default(),
        one_per_node: false,
        priority: None,
        nodes: Selector::default(),
        version: KubernetesVersion::V1_36,
        pipeline: Pipeline::Native,
        grace_ms: 5_000,
        origins: Origins::default(),
    }
}

fn auto(ledger: &Ledger, per_core: i128) -> Sizing {
    let replica = ReplicaChoice::Auto { memory_per_core: per_core };
    size(ledger, &SizingRequest { replica, ..ask("cpu=1") }).unwrap()
}

#[test]
fn at_zero_paid_load_daemons_stand_and_paid_pods_do_not() {
    let ledger = ledger(
        &[(8000, 32), (8000, 32)],
        &[(0, 500, "DaemonSet"), (1, 500, "Node"), (0, 6000, "ReplicaSet")],
    );
    let sizing = size(&ledger, &ask("cpu=1")).unwrap();
    assert_eq!(sizing.max, 14);
    let wide = size(&ledger, &ask("cpu=4")).unwrap();
    assert_eq!(wide.max, 2, "3.5 cores are left over on each");
}

#[test]
fn the_reserve_and_the_quota_cap_what_fits() {
    let ledger = ledger(&[(8000, 32), (8000, 32)], &[]);
    let reserve = ReserveChoice::Given("5".parse().unwrap());
    assert_eq!(size(&ledger, &SizingRequest { reserve, ..ask("cpu=1") }).unwrap().max, 11);
    let quota = Resources::default().with(CPU, 6000);
    let capped = size(&ledger, &SizingRequest { quota, ..ask("cpu=1") }).unwrap();
    assert_eq!((capped.max, capped.quota.get(CPU), capped.quota.get(PODS)), (6, 6000, 6));
    // The API server refuses storage in a quota of a PriorityClass.
    let stored = "cpu=1,memory=1Gi,ephemeral-storage=1Gi";
    let quota =
        SizingRequest { reserve: ReserveChoice::Given("0".parse().unwrap()), ..ask(stored) };
    let json = r#"{"metadata":{"name":"n"},"status":{"allocatable":
        {"cpu":"4","memory":"8Gi","pods":"110","ephemeral-storage":"9Gi"}}}"#;
    let mut large = Ledger::default();
    large.apply_node(NodeRecord::of(serde_json::from_str::<Node<'_>>(json).unwrap()));
    let counted = size(&large, &quota).unwrap().quota;
    let names: Vec<_> = counted.present().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["cpu", "memory", "pods"]);
    let given = size(&ledger, &SizingRequest { max: Some(3), ..ask("cpu=2,memory=1Gi") }).unwrap();
    assert_eq!((given.max, given.quota.get(CPU), given.quota.get(PODS)), (3, 6000, 3));
}

#[test]
fn the_shape_that_loses_least_is_found() {
    // Nodes of 4 cores with half a core of daemons hold seven halves, and no half is lost.
    let small = ledger(
        &[(4000, 16); 3],
        &[(0, 500, "DaemonSet"), (1, 500, "DaemonSet"), (2, 500, "DaemonSet")],
    );
    assert_eq!(auto(&small, GIB).replica.to_string(), "cpu=500m,memory=512Mi");
    // On whole nodes every shape loses nothing, so the largest is taken.
    assert_eq!(
        auto(&ledger(&[(32_000, 128); 2], &[]), GIB).replica.to_string(),
        "cpu=16,memory=16Gi"
    );
    // Few pods a node: small replicas would leave it half empty.
    assert_eq!(auto(&ledger(&[(3000, 64)], &[]), GIB).replica.footprint().get(CPU), 1000);
    // A lean node sets what there is for a core.
    let lean = ledger(&[(9000, 9), (9500, 64)], &[]);
    assert_eq!(auto(&lean, 4 * GIB).replica.to_string(), "cpu=1,memory=1Gi");
}

#[test]
fn the_reserve_is_what_the_loop_needs() {
    let ledger = ledger(&[(32_000, 64); 4], &[(0, 4000, "ReplicaSet")]);
    let growth = Growth { milli_per_second: 1000, source: GrowthSource::Given };
    let of = |pipeline, version| {
        let reserve = ReserveChoice::Auto(Some(growth.clone()));
        let sizing =
            size(&ledger, &SizingRequest { reserve, pipeline, version, ..ask("cpu=1") }).unwrap();
        (sizing.reserve.to_string(), sizing.stability)
    };
    // 21 s of growth, the largest paid pod, one replica.
    assert_eq!(
        of(Pipeline::Native, KubernetesVersion::V1_36),
        ("26".to_owned(), Stability::Stable)
    );
    assert_eq!(of(Pipeline::Keda, KubernetesVersion::V1_36).0, "26");
    // 51 s: the metric waits for a scrape and the adapter.
    assert_eq!(of(Pipeline::Prometheus, KubernetesVersion::V1_36).0, "56");
    // A tenth of 128 replicas more.
    let (old, finding) = of(Pipeline::Native, KubernetesVersion::V1_34);
    assert_eq!((old.as_str(), finding), ("39", Stability::WithinTolerance));
}

#[test]
fn the_node_that_comes_closest_is_named() {
    let ledger = ledger(&[(4000, 64), (8000, 4), (6000, 30)], &[]);
    let closest = |replica: &str, node: &str, resource: &str| {
        let problem = size(&ledger, &ask(replica)).unwrap_err().to_string();
        let said = [format!("node {node} comes closest"), format!(" of {resource} where")];
        assert!(said.iter().all(|part| problem.contains(part)), "{problem}");
    };
    closest("cpu=8,memory=32Gi", "n2", "cpu");
    closest("cpu=5,memory=60Gi", "n0", "cpu");
    closest("cpu=1,memory=70Gi", "n0", "memory");
}

proptest! {
    /// Whatever the cluster: as many replicas as maxReplicas fit, the quota lets them, and
    /// what they leave is the reserve at least.
    #[test]
    fn what_is_rendered_fits(
        nodes in proptest::collection::vec((1000_u32..40_000, 4_u32..256), 1..8),
        daemons in 0_u32..900,
        shape in (100_u32..6000, 1_u32..8),
        reserve in 0_u32..40,
    ) {
        let pods: Vec<_> = (0..nodes.len()).map(|node| (node, daemons, "DaemonSet")).collect();
        let ledger = ledger(&nodes, &pods);
        let wanted = SizingRequest {
            reserve: ReserveChoice::Given(format!("{reserve}").parse().unwrap()),
            ..ask(&format!("cpu={}m,memory={}Gi", shape.0, shape.1))
        };
        if let Ok(sizing) = size(&ledger, &wanted) {
            let fits: u32 = nodes.iter().map(|(milli, gib)| {
                (milli.saturating_sub(daemons) / shape.0).min(gib / shape.1).min(109)
            }).sum();
            prop_assert!((1..=fits).contains(&sizing.max), "{} of {fits}", sizing.max);
            let all: i128 = nodes.iter().map(|n| i128::from(n.0.saturating_sub(daemons))).sum();
            let taken = i128::from(sizing.max) * i128::from(shape.0);
            prop_assert!(taken + i128::from(reserve) * 1000 <= all);
            prop_assert_eq!(sizing.quota.get(CPU), taken);
            prop_assert_eq!(sizing.quota.get(PODS), i128::from(sizing.max));
            prop_assert!(sizing.min <= sizing.max);
        }
    }
}
