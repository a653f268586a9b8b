//! `init`, `check`, `certs renew` and `uninstall` on a real control plane.
//!
//! Set `OPPSCALE_E2E_IMAGE` to an image of oppscale that the cluster can pull: this test
//! installs it, sees an HPA scale by it, renews its certificates while requests are sent, and
//! takes it away again. It makes the namespaces oppscale and oppscale-e2e-filler; the cluster
//! must have room for four pods of 10m.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::tools::skip;

const FILLER: &str = "oppscale-e2e-filler";
/// Images are pulled, pods start, the HPA controller looks every 15 s.
const PATIENCE: Duration = Duration::from_secs(180);

/// A workload that asks for next to nothing, and its HPA.
fn filler(image: &str) -> Value {
    let metadata = |labels: Value| json!({"name": "filler", "namespace": FILLER, "labels": labels});
    let labels = json!({"app": "filler", "oppscale.dev/opportunistic": "true"});
    let mut deployment = metadata(labels.clone());
    deployment["annotations"] =
        json!({"oppscale.dev/reserve": "1%", "oppscale.dev/max-replicas": "4"});
    json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FILLER}},
        {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": deployment,
            "spec": {
                "selector": {"matchLabels": {"app": "filler"}},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{
                        "name": "c", "image": image, "args": ["serve", "--apis=none"],
                        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}
                    }]}
                }
            }
        },
        {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": metadata(json!({})),
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "filler"},
                "minReplicas": 1, "maxReplicas": 4,
                "metrics": [{"type": "Object", "object": {
                    "describedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "filler"},
                    "metric": {"name": "oppscale_fit_replicas"},
                    "target": {"type": "AverageValue", "averageValue": "1"}
                }}]
            }
        }
    ]})
}

#[test]
fn what_is_installed_works_is_renewed_under_load_and_leaves_nothing_behind() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let Ok(image) = std::env::var("OPPSCALE_E2E_IMAGE") else {
        skip("OPPSCALE_E2E_IMAGE names no image");
        return;
    };
    let run = |args: &[&str]| -> CommandOutput {
        TestEnv::new().run([args, &["--kubeconfig", &kubeconfig]].concat())
    };
    let kubectl = |args: &[&str]| {
        Command::new("kubectl").args(["--kubeconfig", &kubeconfig]).args(args).output().unwrap()
    };
    let installed = run(&["init", "--image", &image, "--yes"]);
    assert_eq!(installed.code, Some(0), "{installed}");
    let again = run(&["init", "--image", &image, "--yes"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    let check = run(&["check", "--only", "certificates,server", "-o", "short"]);
    assert_eq!(check.code, Some(0), "{check}");
    // The loop is closed: what fits is what the HPA asks for.
    let mut apply = Command::new("kubectl")
        .args(["--kubeconfig", &kubeconfig, "apply", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    apply.stdin.take().unwrap().write_all(filler(&image).to_string().as_bytes()).unwrap();
    assert!(apply.wait().unwrap().success());
    let replicas = || {
        let path = "jsonpath={.spec.replicas}";
        let output = kubectl(&["-n", FILLER, "get", "deploy", "filler", "-o", path]);
        String::from_utf8_lossy(&output.stdout).parse::<u32>().unwrap_or(0)
    };
    let start = Instant::now();
    while replicas() < 2 {
        let why = || kubectl(&["-n", FILLER, "describe", "hpa"]).stdout;
        assert!(start.elapsed() < PATIENCE, "{}", String::from_utf8_lossy(&why()));
        std::thread::sleep(Duration::from_secs(1));
    }
    let judged = run(&["check", "--only", "server", "-o", "short"]);
    assert_eq!(judged.code, Some(0), "{judged}");
    // A request every 100 ms while certificates change: none may fail.
    let load = "while sleep 0.1; do kubectl --kubeconfig \"$0\" get --raw \
                /apis/custom.metrics.k8s.io/v1beta2 >/dev/null || echo failed; done";
    let mut load = Command::new("sh")
        .args(["-c", load, &kubeconfig])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let renewed = run(&["certs", "renew", "--force"]);
    load.kill().unwrap();
    let output = load.wait_with_output().unwrap();
    assert_eq!(renewed.code, Some(0), "{renewed}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "requests failed meanwhile");
    let gone = run(&["uninstall", "--yes"]);
    assert_eq!(gone.code, Some(0), "{gone}");
    assert!(replicas() >= 2, "workloads go on running");
    let _ = kubectl(&["delete", "namespace", FILLER, "--timeout=120s"]);
    let namespace = kubectl(&["get", "namespace", "oppscale", "-o", "name", "--ignore-not-found"]);
    // Deleted, or about to be.
    let wait = ["wait", "--for=delete", "namespace/oppscale", "--timeout=120s"];
    let is_gone = namespace.stdout.is_empty() || kubectl(&wait).status.success();
    assert!(is_gone, "the namespace is still there");
    let left = kubectl(&[
        "get",
        "apiservices,clusterroles,clusterrolebindings,rolebindings",
        "-A",
        "-l",
        "app.kubernetes.io/part-of=oppscale",
        "-o",
        "name",
    ]);
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
}
