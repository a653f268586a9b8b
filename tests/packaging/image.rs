//! The image: what it is built from is all there, and what it says of itself holds.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn dockerfile() -> String {
    std::fs::read_to_string(root().join("Dockerfile")).unwrap().replace("\\\n", " ")
}

/// The words of the instructions of this name, a list each.
fn instructions<'a>(text: &'a str, name: &str) -> Vec<Vec<&'a str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.first() == Some(&name))
        .map(|words| words[1..].to_vec())
        .collect()
}

/// What is copied from the repository.
fn copied(text: &str) -> Vec<&str> {
    instructions(text, "COPY")
        .into_iter()
        .filter(|words| !words[0].starts_with("--from"))
        .flat_map(|words| words[..words.len() - 1].to_vec())
        .collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_the_build_needs_is_copied() {
    let text = dockerfile();
    let folder = tempfile::tempdir().unwrap();
    let ignored = std::fs::read_to_string(root().join(".dockerignore")).unwrap();
    for path in copied(&text) {
        assert!(ignored.lines().any(|line| line == format!("!{path}")), "{path} is ignored");
        copy(&root().join(path), &folder.path().join(path));
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Files that become part of the program; those of unit tests do not.
    let mut files = Vec::new();
    sources(&folder.path().join("src"), &mut files);
    assert!(files.len() > 100);
    let mut included = 0;
    for file in files.iter().filter(|file| !file.ends_with("tests.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        for part in text.split("include_str!(").skip(1) {
            let path = part.trim_start_matches("concat!(").split('"').nth(1).unwrap();
            let path = file.parent().unwrap().join(path);
            assert!(path.exists(), "{} is not copied", path.display());
            included += 1;
        }
    }
    assert!(included > 5);
}

#[test]
fn the_image_runs_as_nobody_and_says_what_it_is() {
    let text = dockerfile();
    let user = instructions(&text, "USER");
    let (id, group) = user[0][0].split_once(':').unwrap();
    assert!(id.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0, "{user:?}");
    let version = format!("VERSION={}", env!("CARGO_PKG_VERSION"));
    assert!(instructions(&text, "ARG").contains(&vec![version.as_str()]), "{version}");
    let label = instructions(&text, "LABEL").concat().join(" ");
    for name in ["title", "description", "licenses", "version", "revision"] {
        assert!(label.contains(&format!("org.opencontainers.image.{name}=")), "{name}");
    }
    // Nothing but the program is in it, so it must be static.
    assert!(text.contains("FROM scratch") && text.contains("-unknown-linux-musl"));
}
