//! Which nodes are usable, and why not.

use oppscale_core::model::{Node, PodSpec};
use oppscale_core::node::{NodeRecord, Unusable};
use oppscale_core::placement::Placement;

fn node(json: &str) -> NodeRecord {
    NodeRecord::of(serde_json::from_str::<Node<'_>>(json).unwrap())
}

fn reasons(json: &str, pod_spec: &str) -> Vec<String> {
    let spec: PodSpec<'_> = serde_json::from_str(pod_spec).unwrap();
    let placement = Placement::of(&spec).unwrap();
    node(json).unusable(&placement).iter().map(Unusable::to_string).collect()
}

fn ready(extra_spec: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"n","uid":"u","labels":{{"pool":"std","cores":"32"}}}},
        "spec":{{{extra_spec}}},
        "status":{{"allocatable":{{"cpu":"4"}},"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
    )
}

#[test]
fn each_reason_is_found_and_said_once() {
    let cases = [
        (ready(""), "{}", vec![]),
        (
            ready(
                r#""unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]"#,
            ),
            "{}",
            vec!["cordoned"],
        ),
        (
            ready(r#""taints":[{"key":"gpu","value":"present","effect":"NoSchedule"}]"#),
            "{}",
            vec!["taint gpu=present:NoSchedule"],
        ),
        (
            ready(r#""taints":[{"key":"gpu","value":"present","effect":"PreferNoSchedule"}]"#),
            "{}",
            vec![],
        ),
        (
            ready(
                r#""taints":[{"key":"ToBeDeletedByClusterAutoscaler","value":"1","effect":"NoSchedule"}]"#,
            ),
            r#"{"tolerations":[{"operator":"Exists"}]}"#,
            vec!["draining: taint ToBeDeletedByClusterAutoscaler"],
        ),
        (ready("").replace("\"True\"", "\"Unknown\""), "{}", vec!["not ready"]),
        (
            ready("").replace(r#""allocatable":{"cpu":"4"},"#, ""),
            "{}",
            vec!["unknown: status.allocatable: is missing"],
        ),
        (
            ready("").replace(r#""cpu":"4""#, r#""cpu":"4x""#),
            "{}",
            vec![
                "unknown: status.allocatable.cpu: \"4x\" has the unknown suffix \"x\"; expected one of \
                  n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent",
            ],
        ),
        (
            ready("").replace(
                r#""uid":"u","#,
                r#""uid":"u","deletionTimestamp":"2026-11-23T00:00:00Z","#,
            ),
            "{}",
            vec!["being deleted"],
        ),
        (
            ready(""),
            r#"{"nodeSelector":{"pool":"gpu"}}"#,
            vec!["not selected by the workload's node selector or affinity"],
        ),
    ];
    for (json, spec, expected) in cases {
        assert_eq!(reasons(&json, spec), expected, "{json} {spec}");
    }
}

#[test]
fn tolerations_cover_as_the_scheduler_has_it() {
    let tainted = ready(r#""taints":[{"key":"gpu","value":"present","effect":"NoSchedule"}]"#);
    for (toleration, covered) in [
        (r#"{"key":"gpu","operator":"Exists"}"#, true),
        (r#"{"key":"gpu","value":"present"}"#, true),
        (r#"{"key":"gpu","operator":"Equal","value":"other"}"#, false),
        (r#"{"key":"gpu","operator":"Exists","effect":"NoExecute"}"#, false),
        (r#"{"operator":"Exists"}"#, true),
        (r#"{"key":"fpga","operator":"Exists"}"#, false),
    ] {
        let spec = format!(r#"{{"tolerations":[{toleration}]}}"#);
        assert_eq!(reasons(&tainted, &spec).is_empty(), covered, "{toleration}");
    }
}

#[test]
fn required_affinity_selects_by_label_and_name() {
    let affinity = |terms: &str| {
        format!(
            r#"{{"affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":{terms}}}}}}}}}"#
        )
    };
    for (terms, selected) in [
        (r#"[{"matchExpressions":[{"key":"pool","operator":"In","values":["std","big"]}]}]"#, true),
        (r#"[{"matchExpressions":[{"key":"cores","operator":"Gt","values":["16"]}]}]"#, true),
        (r#"[{"matchExpressions":[{"key":"cores","operator":"Lt","values":["16"]}]}]"#, false),
        (r#"[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}]"#, true),
        (r#"[{"matchFields":[{"key":"metadata.name","operator":"In","values":["m"]}]}]"#, false),
        (
            r#"[{"matchExpressions":[{"key":"pool","operator":"Exists"},{"key":"x","operator":"Exists"}]}]"#,
            false,
        ),
        (
            r#"[{"matchExpressions":[{"key":"x","operator":"Exists"}]},{"matchExpressions":[{"key":"pool","operator":"Exists"}]}]"#,
            true,
        ),
        ("[]", false),
        ("[{}]", false),
    ] {
        assert_eq!(reasons(&ready(""), &affinity(terms)).is_empty(), selected, "{terms}");
    }
}

#[test]
fn a_node_written_by_hand_without_conditions_is_ready() {
    let by_hand = r#"{"metadata":{"name":"n"},"status":{"allocatable":{"cpu":"4"}}}"#;
    assert!(reasons(by_hand, "{}").is_empty());
    let stored = by_hand.replace(r#""name":"n""#, r#""name":"n","uid":"u""#);
    assert_eq!(reasons(&stored, "{}"), ["not ready"]);
}

#[test]
fn a_recorded_node_keeps_the_pool_of_its_annotations() {
    let node = node(
        r#"{"metadata": {"name": "a", "annotations": {"cluster.x-k8s.io/owner-kind": "MachineSet",
            "cluster.x-k8s.io/owner-name": "md-0-x7k2p"}},
            "status": {"allocatable": {"cpu": "8"}, "conditions": [{"type": "Ready", "status": "True"}]}}"#,
    );
    assert_eq!(node.annotated_pool.as_deref(), Some("md-0"));
    let object = node.to_object().to_string();
    assert_eq!(NodeRecord::of(serde_json::from_str::<Node<'_>>(&object).unwrap()), node);
}
