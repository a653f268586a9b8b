//! The core stays pure: no client, runtime, clock, file or environment in it.

use std::path::{Path, PathBuf};

/// What reaches out of the program, or brings something in that is no parameter.
const IMPURE: [&str; 14] = [
    "kube::",
    "k8s_openapi",
    "tokio",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "rand::",
    "println!",
    "env!(",
];

#[test]
fn the_core_imports_nothing_impure() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    let files = rust_files(&core);
    assert!(files.len() > 10, "found the core");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE {
                assert!(
                    !code.contains(word),
                    "{}:{}: {word} in the core",
                    file.display(),
                    number + 1
                );
            }
            assert!(
                !code.contains("crate::") || code.contains("crate::core"),
                "{}:{}: an arrow out of the core",
                file.display(),
                number + 1
            );
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}
