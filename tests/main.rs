//! One integration binary: a test file is a module here, and a guard finds forgotten ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod artefacts;
mod cli;
mod docs;
mod e2e;
mod packaging;
mod render;
mod serve;
mod setup;
mod support;
pub mod walkthrough;
mod workload_kinds;

/// Every `.rs` file of a folder of tests must be a module of it, or its tests never run.
#[test]
fn no_test_file_is_forgotten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (folder, index) in [
        ("", "main.rs"),
        ("cli", "mod.rs"),
        ("e2e", "mod.rs"),
        ("packaging", "mod.rs"),
        ("setup", "mod.rs"),
        ("render", "mod.rs"),
        ("serve", "mod.rs"),
        ("support", "mod.rs"),
        ("walkthrough", "mod.rs"),
        ("../crates/oppscale-core/tests", "main.rs"),
        ("../crates/oppscale-cluster/tests", "main.rs"),
        ("../crates/hpa-model/tests", "main.rs"),
        ("../crates/hpa-model/tests/hpa", "mod.rs"),
        ("../crates/hpa-model/tests/hpa/support", "mod.rs"),
        ("../crates/hpa-model/tests/simulation", "mod.rs"),
    ] {
        let folder = root.join(folder);
        let modules = std::fs::read_to_string(folder.join(index)).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
            if let Some(module) = name.strip_suffix(".rs").filter(|_| name != index) {
                assert!(
                    modules.contains(&format!("mod {module};")),
                    "{} is no module",
                    path.display()
                );
            }
        }
    }
}
