//! `oppscale top` beside `kubectl describe nodes`, on the same cluster.

use std::process::Command;

use oppscale::core::quantity::Quantity;
use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::describe::described;

#[test]
fn every_node_of_a_live_cluster_has_what_kubectl_describe_says() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let output = TestEnv::new().run(["top", "-o", "json", "--kubeconfig", &kubeconfig]);
    assert_eq!(output.code, Some(0), "{output}");
    let counted: Value = serde_json::from_str(&output.stdout).unwrap();
    let describe = Command::new("kubectl")
        .args(["--kubeconfig", &kubeconfig, "describe", "nodes"])
        .output()
        .expect("kubectl is on the PATH");
    let described = described(&String::from_utf8(describe.stdout).unwrap());
    let nodes = counted["nodes"].as_array().unwrap();
    assert!(!nodes.is_empty());
    for node in nodes {
        let name = node["name"].as_str().unwrap();
        let (cpu, memory, pods) = &described[name];
        let sum = |resource: &str| {
            let of = &node["resources"][resource];
            of["others"].as_i64().unwrap() + of["opportunistic"].as_i64().unwrap()
        };
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        assert_eq!(sum("cpu"), quantity(cpu).milli_value().value, "cpu of {name}");
        assert_eq!(sum("memory"), quantity(memory).value().value, "memory of {name}");
        assert_eq!(sum("pods"), i64::try_from(*pods).unwrap(), "pods of {name}");
    }
}
