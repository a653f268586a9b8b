//! Every rendered set is accepted by a real API server's server-side dry run.

use crate::render::{IMAGE, golden, render};
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

/// The policy of claims, by dry runs in namespaces of its own; it is taken away again.
#[test]
fn claims_are_admitted_within_what_the_namespace_allows() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let Some(kubectl) = tool("kubectl") else { return };
    let env = TestEnv::new();
    let run = |args: &[&str], input: &str| {
        env.write("in.yaml", input);
        let file = env.path("in.yaml");
        let output = std::process::Command::new(&kubectl)
            .args(["--kubeconfig", &kubeconfig])
            .args(args)
            .args(["-f", file.to_str().unwrap()])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let rendered = render(&env, &["--image", IMAGE, "--admission-policy"]);
    assert_eq!(rendered.code, Some(0), "{rendered}");
    let of_claims =
        rendered.stdout.split("\n---\n").filter(|text| text.contains("claims.oppscale.dev"));
    let policy = of_claims.collect::<Vec<_>>().join("\n---\n");
    // Other tests run beside this one.
    let selector = "matchResources: {namespaceSelector: {matchExpressions: [{key: \
                    kubernetes.io/metadata.name, operator: In, values: [claims-open, claims-limited, \
                    claims-shut]}]}}";
    let binding = "  validationActions:";
    let policy = policy.replace(binding, &format!("  {selector}\n{binding}"));
    let namespaces = "\
apiVersion: v1
kind: Namespace
metadata: {name: claims-open, labels: {oppscale.dev/opportunistic: \"true\"}}
---
apiVersion: v1
kind: Namespace
metadata:
  name: claims-limited
  labels: {oppscale.dev/opportunistic: \"true\"}
  annotations: {oppscale.dev/max-priority: \"50\", oppscale.dev/max-weight: \" 300 \"}
---
apiVersion: v1
kind: Namespace
metadata: {name: claims-shut}
";
    for objects in [&*policy, namespaces] {
        let (is_applied, words) = run(&["apply", "--server-side"], objects);
        assert!(is_applied, "{words}");
    }
    // Admission sees a new policy within a second or so.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let mut wrong = String::new();
    let note = format!("note: '{}'", "why ".repeat(30));
    for (namespace, label, claims, admitted) in [
        ("claims-open", "true", "", true),
        ("claims-shut", "true", "", false),
        ("claims-shut", "no", "weight: '9999999'", true),
        ("claims-open", "true", "priority: '0'", true),
        ("claims-open", "true", "priority: '1'", false),
        ("claims-open", "true", "priority: '-1000001'", false),
        ("claims-open", "true", "priority: '1000000'", false),
        ("claims-open", "true", "weight: '100'", true),
        ("claims-open", "true", "weight: '101'", false),
        ("claims-open", "true", "weight: '0'", false),
        ("claims-open", "true", "weight: many", false),
        ("claims-limited", "true", "weight: ' 300 '", true),
        ("claims-limited", "true", "weight: '301'", false),
        ("claims-limited", "true", "priority: '50'", true),
        ("claims-limited", "true", "priority: '51'", false),
        ("claims-open", "true", "reserve: 12.5%", true),
        ("claims-open", "true", "reserve: 101%", false),
        ("claims-open", "true", "reserve: 500m", true),
        ("claims-open", "true", "reserve: '-1'", false),
        ("claims-open", "true", "reserve: 'cpu=30,memory=64Gi'", true),
        ("claims-open", "true", "reserve: 'memory=1Gi'", true),
        ("claims-open", "true", "reserve: 'cpu=1,cpu=2'", false),
        ("claims-open", "true", "reserve: 'gpu=1'", false),
        ("claims-open", "true", "reserve: 'pod:cpu=4,memory=8Gi'", true),
        ("claims-open", "true", "reserve: '15%+2xpod:cpu=4'", true),
        ("claims-open", "true", "reserve: '15%,nvidia.com/gpu=1'", true),
        ("claims-open", "true", "reserve: 'cpu=15%'", true),
        ("claims-open", "true", "reserve: 'nvidia.com/gpu=10%'", true),
        ("claims-open", "true", "reserve: 'nvidia.com/gpu=101%'", false),
        ("claims-open", "true", "reserve: '11xpod:cpu=4'", false),
        ("claims-open", "true", "reserve: 'pod:cpu=4+15%'", false),
        ("claims-open", "true", "reserve: 'pod:'", false),
        ("claims-open", "true", "reserve: 'device:gpu.nvidia.com=1'", true),
        ("claims-open", "true", "target-utilization: 85%", true),
        ("claims-open", "true", "target-utilization: '85'", false),
        ("claims-open", "true", "burn: 500m", true),
        ("claims-open", "true", "burn: '0'", false),
        ("claims-open", "true", "basis: usage", true),
        ("claims-open", "true", "basis: Usage", false),
        ("claims-open", "true", "max-replicas: '0'", true),
        ("claims-open", "true", "max-replicas: '2147483648'", false),
        ("claims-open", "true", "prioritty: '0'", true),
        ("claims-open", "true", "max-priority: '0'", true),
        ("claims-open", "true", &note, true),
        ("claims-open", "true", &format!("weight: '{:70}'", 5), true),
        ("claims-open", "true", &format!("reserve: '1{}'", "0".repeat(128)), false),
        ("claims-open", "no", "prioritty: '0'", true),
    ] {
        let claims = match claims.is_empty() {
            true => "weight: '1'",
            false => claims,
        };
        let deployment = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n  namespace: {namespace}\n  \
             labels: {{oppscale.dev/opportunistic: '{label}'}}\n  annotations:\n    oppscale.dev/{claims}\n\
             spec:\n  replicas: 0\n  selector: {{matchLabels: {{app: x}}}}\n  template:\n    \
             metadata: {{labels: {{app: x}}}}\n    spec: {{containers: [{{name: c, image: pause}}]}}\n"
        );
        let (is_admitted, words) = run(&["create", "--dry-run=server"], &deployment);
        if is_admitted != admitted || !admitted && !words.contains("claims.oppscale.dev") {
            wrong.push_str(&format!("{namespace} {label} {claims}: {words}\n"));
        }
        let is_unknown =
            ["prioritty", "max-priority", "note"].iter().any(|name| claims.starts_with(name));
        if words.contains("oppscale reads no other annotations") != (is_unknown && label == "true")
        {
            wrong.push_str(&format!("{namespace} {label} {claims}: warning: {words}\n"));
        }
    }
    for objects in [&*policy, namespaces] {
        let _ = run(&["delete", "--wait=false"], objects);
    }
    assert_eq!(wrong, "");
}

/// KEDA, the Prometheus operator and prometheus-adapter's namespace need not be there.
fn is_of_what_is_not_installed(line: &str) -> bool {
    let kinds = ["ScaledObject", "ServiceMonitor"];
    line.contains("namespaces \"monitoring\" not found")
        || line == "ensure CRDs are installed first"
        || kinds.iter().any(|kind| line.contains(&format!("no matches for kind \"{kind}\"")))
}
