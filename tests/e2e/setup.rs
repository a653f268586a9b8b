//! `init`, `check`, `certs renew` and `uninstall` on a real control plane.
//!
//! Set `OPPSCALE_E2E_IMAGE` to an image of oppscale that the cluster can pull: this test
//! installs it, renews its certificates while requests are sent, and takes it away again.

use std::process::{Command, Stdio};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::tools::skip;

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
