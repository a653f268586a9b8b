//! The chart with Helm itself, on a real control plane.
//!
//! With `helm` (3.18 or later) on the PATH and `OPPSCALE_E2E_IMAGE` as for `setup`: installs the
//! chart into the namespace oppscale-e2e-helm, changes its values, and takes it away again.

use std::process::Command;

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::tools::{on_path, skip};

const NAMESPACE: &str = "oppscale-e2e-helm";
const API: &str = "v1beta1.external.metrics.k8s.io";

#[test]
fn a_release_is_installed_changed_judged_and_uninstalled() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let Ok(image) = std::env::var("OPPSCALE_E2E_IMAGE") else {
        return skip("OPPSCALE_E2E_IMAGE names no image");
    };
    let Some(helm) = on_path("helm") else {
        return skip("helm is not on the PATH");
    };
    let env = TestEnv::new();
    let oppscale = |words: &str| -> CommandOutput {
        env.run(words.split(' ').chain(["--namespace", NAMESPACE, "--kubeconfig", &kubeconfig]))
    };
    let run = |program: &std::path::Path, words: &str| -> Result<String, String> {
        let output = Command::new(program)
            .args(words.split(' '))
            .args(["--namespace", NAMESPACE, "--kubeconfig", &kubeconfig])
            .current_dir(env.path(""))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    };
    let helm = |words: &str| run(&helm, words);
    let kubectl = |words: &str| run("kubectl".as_ref(), words);
    let exported = env.run([
        "init",
        "--image",
        &image,
        "--apis",
        "external",
        "--namespace",
        NAMESPACE,
        "--output-dir",
        "chart",
        "--chart",
        "--export-secrets",
    ]);
    assert_eq!(exported.code, Some(0), "{exported}");
    let upgrade = "upgrade --install oppscale chart --create-namespace --wait --timeout 3m \
                   --values chart/tls.values.yaml";
    helm(upgrade).unwrap();
    let well = "check --only server,certificates -o short --wait --timeout 1m";
    let judged = oppscale(well);
    assert_eq!((judged.code, judged.stdout.as_str()), (Some(0), ""), "{judged}");
    // Nothing changed: no pod is replaced.
    let template = "get deployment oppscale -o jsonpath={.metadata.generation}";
    let generation = kubectl(template).unwrap();
    helm(upgrade).unwrap();
    assert_eq!(kubectl(template).unwrap(), generation);
    // It is Helm's, and so are its certificates.
    for words in [format!("init --image {image} --apis external --yes"), "uninstall --yes".into()] {
        let refused = oppscale(&words);
        assert_eq!(refused.code, Some(4), "{words}: {refused}");
    }
    let renewed = oppscale("certs renew --force");
    assert_eq!(renewed.code, Some(4), "{renewed}");
    assert!(renewed.stderr.contains("let helm upgrade take the new values"), "{renewed}");
    // What no value may be, and what no API server would be asked.
    let error = helm(&format!("{upgrade} --set replicas=0")).unwrap_err();
    assert!(error.contains("replicas"), "{error}");
    helm(&format!("{upgrade} --set pipeline=keda")).unwrap();
    assert!(kubectl(&format!("get apiservice {API}")).is_err());
    helm(upgrade).unwrap();
    let judged = oppscale(well);
    assert_eq!(judged.code, Some(0), "{judged}");
    helm("uninstall oppscale --wait").unwrap();
    assert!(kubectl(&format!("get apiservice {API}")).is_err());
    let ours = "-l app.kubernetes.io/part-of=oppscale -o name";
    let inside = "get deployments,services,secrets,serviceaccounts,poddisruptionbudgets";
    assert_eq!(kubectl(&format!("{inside} {ours}")).unwrap(), "");
    // Another installation may have its own.
    let left = kubectl(&format!("get clusterroles,clusterrolebindings {ours}")).unwrap();
    assert!(!left.contains(NAMESPACE), "{left}");
    kubectl(&format!("delete namespace {NAMESPACE} --timeout=120s")).unwrap();
}
