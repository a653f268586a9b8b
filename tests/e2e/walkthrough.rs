//! The walkthrough on a real control plane: every command of docs/walkthrough.md in order, and
//! a burst of paid work, of which no pod may wait longer than the miner's grace period.
//!
//! Set `OPPSCALE_E2E_IMAGE` to an image of oppscale that the cluster can pull. The cluster
//! needs room for 20 replicas of 4 cores. Where it has no Prometheus operator, a definition of
//! ServiceMonitor is lent to it meanwhile; nobody scrapes there, so the burst is made by hand,
//! as the page says.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::tools::{say, skip};
use crate::walkthrough::page::{Piece, Shell, pieces};

const PATIENCE: Duration = Duration::from_secs(240);
/// The miner's grace period, and a second of rounding at both ends: conditions are told in
/// whole seconds.
const LONGEST: i64 = 5 + 2;

struct Kubectl(String);

impl Kubectl {
    fn run(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("kubectl")
            .args(["--kubeconfig", &self.0])
            .args(args)
            .output()
            .expect("kubectl is on the PATH");
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn pods(&self, namespace: &str) -> Vec<Value> {
        let text = self.run(&["get", "pods", "-n", namespace, "-o", "json"]).unwrap_or_default();
        let list: Value = serde_json::from_str(&text).unwrap_or_default();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    fn running(&self, namespace: &str) -> usize {
        let pods = self.pods(namespace);
        pods.iter().filter(|pod| pod["status"]["phase"] == "Running").count()
    }

    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "never {what}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// What was lent is taken back, and of what a failure has left that which is in the way of
/// others: the API, and namespaces.
struct CleanUp<'k>(&'k Kubectl, bool);

impl Drop for CleanUp<'_> {
    fn drop(&mut self) {
        let service = "v1beta1.external.metrics.k8s.io";
        let _ = self.0.run(&["delete", "apiservice", service, "--ignore-not-found"]);
        let namespaces = ["opportunistic", "sample-app", "oppscale"];
        if self.1 {
            let crd = "servicemonitors.monitoring.coreos.com";
            let _ = self.0.run(&["delete", "crd", crd, "--ignore-not-found"]);
        }
        for namespace in namespaces {
            let line = ["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"];
            let _ = self.0.run(&line);
        }
    }
}

const SERVICE_MONITOR: &str = r#"{"apiVersion": "apiextensions.k8s.io/v1",
"kind": "CustomResourceDefinition",
"metadata": {"name": "servicemonitors.monitoring.coreos.com"},
"spec": {"group": "monitoring.coreos.com", "scope": "Namespaced",
"names": {"plural": "servicemonitors", "kind": "ServiceMonitor"},
"versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}}"#;

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let Ok(image) = std::env::var("OPPSCALE_E2E_IMAGE") else {
        skip("OPPSCALE_E2E_IMAGE names no image");
        return;
    };
    let kubectl = Kubectl(kubeconfig.clone());
    let env = TestEnv::new();
    env.write("crd.json", SERVICE_MONITOR);
    let lends = kubectl.run(&["get", "--raw", "/apis/monitoring.coreos.com/v1"]).is_none();
    let _clean_up = CleanUp(&kubectl, lends);
    if lends {
        let file = env.path("crd.json");
        kubectl.run(&["apply", "-f", file.to_str().unwrap()]).expect("a definition can be lent");
        kubectl.until("known as a kind", |k| k.run(&["get", "servicemonitors", "-A"]).is_some());
    }
    let bin = env.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_oppscale"), bin.join("oppscale")).unwrap();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/walkthrough.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut shell = Shell::new(&env);
    let _ = shell.run(&format!("export KUBECONFIG={kubeconfig}"));
    let mut waits = 0;
    for piece in pieces(&page) {
        match piece {
            Piece::Text(_) => {}
            Piece::Console(commands) => {
                for command in commands {
                    let command = command.trim_end();
                    match command.starts_with("export IMAGE=") {
                        true => drop(shell.run(&format!("export IMAGE={image}"))),
                        false => say(&format!("$ {command}\n{}", shell.run(command))),
                    }
                }
            }
            Piece::Wait(_) => {
                waits += 1;
                match waits {
                    1 => fill(&kubectl),
                    2 => kubectl.until("at the sample", |k| k.running("sample-app") >= 2),
                    3 => burst(&kubectl),
                    _ => ebb(&kubectl),
                }
            }
        }
    }
    assert_eq!(waits, 4);
    kubectl.until("gone", |k| k.run(&["get", "namespace", "oppscale"]).is_none());
}

/// Until the miner grows no more: for longer than its window of a minute and a sync.
fn fill(kubectl: &Kubectl) {
    let (start, mut last, mut since) = (Instant::now(), 0, Instant::now());
    while last <= 15 || since.elapsed() < Duration::from_secs(80) {
        assert!(start.elapsed() < 4 * PATIENCE, "never full of miners: {last}");
        std::thread::sleep(Duration::from_secs(1));
        let now = kubectl.running("opportunistic");
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

/// 17 replicas, which the miner makes room for.
fn burst(kubectl: &Kubectl) {
    // The Job that was applied before has begun to ask.
    kubectl.until("asked by the load", |k| k.running("sample-app") >= 3);
    let full = kubectl.running("opportunistic");
    let scale = ["scale", "-n", "sample-app", "deployment/sample-app", "--replicas", "17"];
    // Without this, an HPA that cannot read its metric holds what it is told.
    kubectl.run(&scale).unwrap();
    let samples = |kubectl: &Kubectl| -> Vec<Value> {
        let mut pods = kubectl.pods("sample-app");
        pods.retain(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "sample-app");
        pods
    };
    kubectl.until("at 17 replicas", |k| {
        samples(k).iter().filter(|pod| pod["status"]["phase"] == "Running").count() == 17
    });
    let waits = samples(kubectl).iter().map(wait).collect::<Vec<_>>();
    say(&format!("paid pods waited {waits:?} s for a node; {full} miners before"));
    assert!(waits.iter().all(|wait| *wait <= LONGEST), "{waits:?}");
}

/// Back to 2, and the miner takes what is free again.
fn ebb(kubectl: &Kubectl) {
    let yielded = kubectl.running("opportunistic");
    let scale = ["scale", "-n", "sample-app", "deployment/sample-app", "--replicas", "2"];
    kubectl.run(&scale).unwrap();
    kubectl.until("back", |k| k.running("opportunistic") > yielded + 10);
}

/// How long a pod had no node, seconds.
fn wait(pod: &Value) -> i64 {
    let seconds = |text: &Value| -> i64 {
        let time: k8s_openapi::jiff::Timestamp = text.as_str().unwrap().parse().unwrap();
        time.as_second()
    };
    let conditions = pod["status"]["conditions"].as_array().unwrap();
    let scheduled = conditions.iter().find(|c| c["type"] == "PodScheduled").unwrap();
    seconds(&scheduled["lastTransitionTime"]) - seconds(&pod["metadata"]["creationTimestamp"])
}
