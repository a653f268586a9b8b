//! `oppscale render-hpa`: the real program, its manifests, and kubectl reading them.

mod admission;
mod errors;
pub mod golden;
mod live;
mod loops;
mod output;
mod own;
mod own_file;
mod strings;
mod usage;

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

/// A digest, so that no note asks for one.
pub const IMAGE: &str =
    "ghcr.io/acme/worker@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The saved list of the article's cluster.
pub fn blog() -> String {
    fixture("blog-cluster/nodes-pods.kubectl.json").to_str().unwrap().to_owned()
}

/// Runs `render-hpa` on the article's cluster, for 1.36.
pub fn render(env: &TestEnv, args: &[&str]) -> CommandOutput {
    render_for(env, "1.36", args)
}

/// The same for another version.
pub fn render_for(env: &TestEnv, version: &str, args: &[&str]) -> CommandOutput {
    let blog = blog();
    let mut all = vec!["render-hpa", "--from", &blog, "--kubernetes-version", version];
    all.extend(args);
    env.run(all)
}

/// The miner's flags.
pub const MINER: [&str; 10] = [
    "--workload",
    "miner",
    "--image",
    IMAGE,
    "--pool",
    "stratum+tcp://pool.acme.io:3333",
    "--wallet",
    "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLw",
    "--worker",
    "idle-1",
];

/// The objects of a stream.
pub fn objects(text: &str) -> Vec<serde_json::Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    documents.map(|document| serde::Deserialize::deserialize(document).unwrap()).collect()
}

/// The only object of this kind.
pub fn object(text: &str, kind: &str) -> serde_json::Value {
    let mut found: Vec<_> = objects(text).into_iter().filter(|o| o["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {text}");
    found.remove(0)
}
