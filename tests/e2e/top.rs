//! `oppscale top` beside `kubectl describe nodes`, on the same cluster.

use std::process::Command;

use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::describe::{assert_as_described, described};

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
        assert_as_described(node, &described);
    }
}
