//! What `.ci/package` writes: an archive that is the same each time, and a krew manifest.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::tools::tool;

use super::engine::yaml;

const BASE: &str = "https://downloads.example/oppscale";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs it with a program that is built already: a script in its place, so that it is small.
fn package(env: &TestEnv, target: &str, out: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let line = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_oppscale"));
    env.write("oppscale", &line);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(env.path("oppscale"), mode).unwrap();
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/package"))
        .args([BASE.as_ref(), env.path(out).as_os_str()])
        .env("BINARY", env.path("oppscale"))
        .env("TARGET", target)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn run(program: &str, args: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "slow: collects the licences of all crates four times"]
fn an_archive_is_the_same_each_time_and_krew_can_install_it() {
    if tool("jq").is_none() {
        return;
    }
    let env = TestEnv::new();
    let said = package(&env, "x86_64-unknown-linux-musl", "out");
    assert!(said.starts_with(&format!("oppscale {VERSION}\n")), "{said}");
    package(&env, "x86_64-unknown-linux-musl", "again");
    let name = format!("oppscale-{VERSION}-x86_64-unknown-linux-musl");
    for file in [format!("{name}.tar.gz"), "SHA256SUMS".to_owned(), "oppscale.yaml".to_owned()] {
        let read = |folder: &str| std::fs::read(env.path(folder).join(&file)).unwrap();
        assert!(read("out") == read("again"), "{file} differs from run to run");
    }
    let archive = format!("{name}.tar.gz");
    let listed = run("tar", &["--list", "--verbose", "--file", &archive], &env.path("out"));
    for line in listed.lines() {
        assert!(line.contains("0/0") && line.contains("2023-11-14"), "{line}");
    }
    for page in ["oppscale-certs-generate.1", "oppscale-init.1", "oppscale.1"] {
        assert!(listed.contains(&format!("{name}/man/man1/{page}\n")), "{listed}");
    }
    for script in ["kubectl_complete-oppscale", "oppscale.bash", "oppscale.ps1", "oppscale.zsh"] {
        assert!(listed.contains(&format!("{name}/completions/{script}\n")), "{listed}");
    }
    // The licences of what is linked, and an SBOM, in the archive and beside it.
    let out = env.path("out");
    let inside = |file: &str| {
        let path = format!("{name}/{file}");
        run("tar", &["--extract", "--to-stdout", "--file", &archive, &path], &out)
    };
    let licences = inside("THIRD-PARTY-LICENSES.txt");
    for words in ["\n  ring 0.17", "\n  rustls 0.23", "Apache License", "ISC License"] {
        assert!(licences.contains(words), "{words}");
    }
    let sbom = inside("oppscale.cdx.json");
    assert_eq!(sbom, std::fs::read_to_string(out.join(format!("{name}.cdx.json"))).unwrap());
    let sbom: Value = serde_json::from_str(&sbom).unwrap();
    assert_eq!((&sbom["bomFormat"], &sbom["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let components = sbom["components"].as_array().unwrap();
    let named = |name: &str| components.iter().find(|one| one["name"] == name);
    assert!(named("rustls").is_some_and(|one| one["hashes"][0]["content"].is_string()));
    assert!(components.iter().all(|one| one["licenses"][0]["expression"].is_string()));
    assert!(named("insta").is_none(), "crates of tests are not handed out");
    // A second machine's archive joins the first; one that is not static does not replace it.
    package(&env, "aarch64-unknown-linux-musl", "out");
    package(&env, "x86_64-unknown-linux-gnu", "out");
    let sums = std::fs::read_to_string(env.path("out/SHA256SUMS")).unwrap();
    let sums: BTreeMap<_, _> =
        sums.lines().map(|line| line.split_once("  ").unwrap()).map(|(a, b)| (b, a)).collect();
    assert_eq!(sums.len(), 3);
    let manifest = yaml(&env.path("out/oppscale.yaml"));
    let platforms = verify(&manifest);
    let targets = ["aarch64-unknown-linux-musl", "x86_64-unknown-linux-musl"];
    assert_eq!(platforms.len(), targets.len());
    for ((platform, target), arch) in platforms.iter().zip(targets).zip(["arm64", "amd64"]) {
        let archive = format!("oppscale-{VERSION}-{target}.tar.gz");
        assert_eq!(platform["uri"], format!("{BASE}/{archive}"));
        assert_eq!(platform["sha256"], sums[archive.as_str()]);
        assert_eq!(platform["selector"]["matchLabels"]["os"], "linux");
        assert_eq!(platform["selector"]["matchLabels"]["arch"], arch);
        install(platform, &env.path("out").join(&archive));
    }
}

/// What krew's validation asks of a manifest.
fn verify(manifest: &Value) -> Vec<Value> {
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    assert_eq!(manifest["metadata"]["name"], "oppscale");
    let spec = &manifest["spec"];
    let text = |field: &str| spec[field].as_str().unwrap().trim().to_owned();
    let version = text("version");
    let parts: Vec<_> = version.strip_prefix('v').unwrap().split('.').collect();
    assert!(parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok()), "{version}");
    let short = text("shortDescription");
    assert!(short.len() < 50 && !short.ends_with('.') && !short.contains('\n'), "{short}");
    assert!(text("homepage").starts_with("https://"));
    assert!(!text("description").is_empty() && !text("caveats").is_empty());
    assert!(!manifest.to_string().contains('@'), "{manifest}");
    spec["platforms"].as_array().unwrap().clone()
}

/// Moves files as krew does: from the archive to the plugin's folder, and calls what is there.
fn install(platform: &Value, archive: &Path) {
    let folder = tempfile::tempdir().unwrap();
    run("tar", &["--extract", "--file", archive.to_str().unwrap()], folder.path());
    let plugin = folder.path().join("plugin");
    std::fs::create_dir(&plugin).unwrap();
    for one in platform["files"].as_array().unwrap() {
        assert_eq!(one["to"], ".");
        let from = folder.path().join(one["from"].as_str().unwrap());
        std::fs::rename(&from, plugin.join(from.file_name().unwrap())).unwrap();
    }
    assert!(plugin.join("LICENSE").is_file(), "krew wants a licence in the plugin's folder");
    let program = plugin.join(platform["bin"].as_str().unwrap());
    let said = run(program.to_str().unwrap(), &["--version"], folder.path());
    assert_eq!(said, format!("oppscale {VERSION}\n"));
}

#[test]
fn an_archive_is_not_made_for_an_address_that_krew_refuses() {
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/package"))
        .arg("http://downloads.example")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
