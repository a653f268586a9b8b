//! Every rendered set is accepted by a real API server's server-side dry run.

use crate::render::{IMAGE, MINER};
use crate::support::bin::TestEnv;
use crate::support::tools::tool;

#[test]
fn every_rendered_set_is_accepted_by_a_server_side_dry_run() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let Some(kubectl) = tool("kubectl") else { return };
    let own = crate::support::fixture("render/own-deployment.yaml");
    let own = own.to_str().unwrap();
    // KEDA's and the Prometheus operator's kinds are there only where those are installed.
    let sets: [Vec<&str>; 6] = [
        MINER.to_vec(),
        [&MINER[..], &["--pipeline", "prometheus", "--config-as", "args"]].concat(),
        vec!["--workload", "transcode", "--image", IMAGE, "--autoscaler", "karpenter"],
        vec!["--workload", "batch", "--image", IMAGE, "--admission-policy", "--network-policy"],
        vec!["--workload", "cache", "--image", IMAGE, "--node-port", "30977"],
        vec!["--workload", own, "--autoscaler", "cluster-autoscaler"],
    ];
    // A dry run makes no namespace, and what goes into one needs it to be there.
    let namespace = ["create", "namespace", "opportunistic"];
    let run = |args: &[&str], input: &str| {
        use std::io::Write;
        let mut child = std::process::Command::new(&kubectl)
            .args(["--kubeconfig", &kubeconfig])
            .args(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (made, words) = run(&namespace, "");
    assert!(made || words.contains("AlreadyExists"), "{words}");
    let mut failures = String::new();
    for args in sets {
        let env = TestEnv::new();
        let output = env.run([&["render-hpa", "--kubeconfig", &kubeconfig], &args[..]].concat());
        assert_eq!(output.code, Some(0), "{output}");
        let apply = [
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            "--field-manager=oppscale",
            "--force-conflicts",
            "-f",
            "-",
        ];
        let (accepted, words) = run(&apply, &output.stdout);
        // prometheus-adapter's namespace need not be there. Pods that run in the namespace
        // already may not meet its new pod-security level, of which the server warns.
        let expected = words
            .lines()
            .filter(|line| !line.starts_with("Warning: "))
            .all(|line| line.contains("namespaces \"monitoring\" not found"));
        if !accepted && !expected {
            failures.push_str(&format!("{args:?}: {words}\n"));
        }
    }
    if made {
        let _ = run(&["delete", "namespace", "opportunistic", "--wait=false"], "");
    }
    assert_eq!(failures, "");
}
