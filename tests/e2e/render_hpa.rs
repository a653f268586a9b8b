//! Every rendered set is accepted by a real API server's server-side dry run.

use crate::render::golden;
use crate::support::bin::TestEnv;
use crate::support::tools::tool;

#[test]
fn every_rendered_set_is_accepted_by_a_server_side_dry_run() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let Some(kubectl) = tool("kubectl") else { return };
    // A dry run makes no namespace, and what goes into one needs it to be there.
    let namespaces = ["opportunistic", "sample-app"];
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
    let mut made = Vec::new();
    for namespace in namespaces {
        let (is_new, words) = run(&["create", "namespace", namespace], "");
        assert!(is_new || words.contains("AlreadyExists"), "{words}");
        made.extend(is_new.then_some(namespace));
    }
    let mut failures = String::new();
    for (name, args) in golden::sets() {
        let env = TestEnv::new();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = env.run([&["render-hpa", "--kubeconfig", &kubeconfig], &args[..]].concat());
        if output.code != Some(0) {
            failures.push_str(&format!("{name}: {output}\n"));
            continue;
        }
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
        // Pods that run in the namespace already may not meet its new pod-security level, of
        // which the server warns.
        let lines = words.lines().filter(|line| !line.starts_with("Warning: "));
        if !accepted && !lines.clone().all(is_of_what_is_not_installed) {
            failures.push_str(&format!("{name}: {words}\n"));
        }
    }
    for namespace in made {
        let _ = run(&["delete", "namespace", namespace, "--wait=false"], "");
    }
    assert_eq!(failures, "");
}

/// KEDA, the Prometheus operator and prometheus-adapter's namespace need not be there.
fn is_of_what_is_not_installed(line: &str) -> bool {
    let kinds = ["ScaledObject", "ServiceMonitor"];
    line.contains("namespaces \"monitoring\" not found")
        || line == "ensure CRDs are installed first"
        || kinds.iter().any(|kind| line.contains(&format!("no matches for kind \"{kind}\"")))
}
