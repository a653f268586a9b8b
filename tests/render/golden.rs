//! Every workload and pipeline, byte for byte; renewed as all artefacts are.

use super::{IMAGE, MINER, render, render_for};
use crate::artefacts::pin;
use crate::support::bin::TestEnv;

/// oppscale's own image, in which the sample application is.
const SELF: &str = "ghcr.io/acme/oppscale:0.1.0";

/// Every workload with every pipeline: what it is called, and its arguments.
pub fn sets() -> Vec<(&'static str, Vec<String>)> {
    let image = ["--image", IMAGE];
    let own = crate::support::fixture("render/own-deployment.yaml");
    let own = own.to_str().unwrap();
    let with = |more: &[&'static str]| -> Vec<&str> { image.iter().chain(more).copied().collect() };
    let miner =
        |more: &[&'static str]| -> Vec<&str> { MINER.iter().chain(more).copied().collect() };
    let sets: Vec<(&str, Vec<&str>)> = vec![
        ("miner-native", miner(&["--explain"])),
        ("miner-keda", miner(&["--pipeline", "keda", "--config-as", "args"])),
        ("miner-prometheus", miner(&["--pipeline", "prometheus", "--explain"])),
        ("transcode-native", with(&["--workload", "transcode"])),
        ("transcode-keda", with(&["--workload", "transcode", "--pipeline", "keda"])),
        ("transcode-prometheus", with(&["--workload", "transcode", "--pipeline", "prometheus"])),
        ("batch-native", with(&["--workload", "batch", "--autoscaler", "karpenter"])),
        ("batch-keda", with(&["--workload", "batch", "--pipeline", "keda"])),
        ("batch-prometheus", with(&["--workload", "batch", "--pipeline", "prometheus"])),
        ("cache-native", with(&["--workload", "cache", "--autoscaler", "cluster-autoscaler"])),
        ("cache-keda", with(&["--workload", "cache", "--pipeline", "keda"])),
        ("cache-prometheus", with(&["--workload", "cache", "--pipeline", "prometheus"])),
        (
            "any-native",
            with(&[
                "--name",
                "sweep",
                "--port",
                "8080",
                "--node-port",
                "30880",
                "--admission-policy",
                "--network-policy",
                "--egress-port",
                "6379",
                "--replica",
                "cpu=2,memory=4Gi",
                "--target-utilization",
                "85%",
                "--env",
                "QUEUE=redis",
                "--secret-env",
                "KEY=s3",
                "--label",
                "team=no",
                "--annotation",
                "at=12:30",
            ]),
        ),
        ("any-keda", with(&["--pipeline", "keda", "--admission-policy"])),
        ("any-prometheus", with(&["--pipeline", "prometheus", "--port", "8080"])),
        ("sample-app-native", vec!["--workload", "sample-app", "--image", SELF]),
        (
            "sample-app-prometheus",
            vec![
                "--workload",
                "sample-app",
                "--image",
                SELF,
                "--pipeline",
                "prometheus",
                "--node-port",
                "30081",
                "--monitor-label",
                "release=monitoring",
            ],
        ),
        ("batch-external", with(&["--workload", "batch", "--pipeline", "external"])),
        ("own-native", vec!["--workload", own, "--autoscaler", "cluster-autoscaler", "--explain"]),
        ("own-keda", vec!["--workload", own, "--pipeline", "keda"]),
        ("own-prometheus", vec!["--workload", own, "--pipeline", "prometheus"]),
    ];
    let owned = |args: Vec<&str>| args.into_iter().map(str::to_owned).collect();
    sets.into_iter().map(|(name, args)| (name, owned(args))).collect()
}

#[test]
fn artefacts_of_every_workload_and_pipeline() {
    for (name, args) in sets() {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = render(&TestEnv::new(), &args);
        assert_eq!(output.code, Some(0), "{name}: {output}");
        pin(&format!("tests/golden/render/{name}.yaml"), &output.stdout);
    }
    for version in ["1.34", "1.37"] {
        let mut args = MINER.to_vec();
        args.push("--explain");
        let output = render_for(&TestEnv::new(), version, &args);
        pin(&format!("tests/golden/render/miner-native-{version}.yaml"), &output.stdout);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let first = render(&TestEnv::new(), &MINER);
    let again = render(&TestEnv::new(), &MINER);
    assert_eq!(first.stdout, again.stdout);
    assert!(!first.stdout.contains("creationTimestamp"), "nothing that changes");
}
