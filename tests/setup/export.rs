//! What `oppscale init` exports: manifests that kubectl takes, Helm values, no secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::render::{IMAGE, objects, render};
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::tools::tool;
use crate::support::world::World;

use super::install::{CONFIG_MAP, DEPLOYMENT, SERVICE, init, put_prometheus, server};

#[test]
fn exported_manifests_are_what_init_applies_and_kubectl_takes_them() {
    let Some(kubectl) = tool("kubectl") else { return };
    let applied = server();
    let env = TestEnv::of(&applied);
    let args = ["init", "--image", "registry.example/oppscale:0.1"];
    let text = env.run([&args[..], &["--output-dir", "-", "--export-secrets"]].concat());
    assert_eq!(text.code, Some(0), "{text}");
    assert!(applied.requests().is_empty(), "an export asks no cluster");
    env.write("all.yaml", &text.stdout);
    // By kubectl on one server, by init on another.
    let server = Setup::new(World::nodes_alone()).plain().storing().start();
    let kubectl_env = TestEnv::of(&server);
    let output = std::process::Command::new(kubectl)
        .args(["apply", "--server-side", "--field-manager=oppscale", "--validate=false", "-f"])
        .arg(env.path("all.yaml"))
        .env("KUBECONFIG", kubectl_env.path(".kube/config"))
        .env("HOME", kubectl_env.path(""))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}\n{}", server.log());
    assert_eq!(init(&applied, &[]).code, Some(0));
    let strip = |mut value: Value| {
        value["metadata"]["resourceVersion"] = Value::Null;
        if value["kind"] == "Secret" {
            value["data"] = Value::Null;
        }
        if value["kind"] == "APIService" {
            value["spec"]["caBundle"] = Value::Null;
        }
        value
    };
    let mut paths = applied.store().paths();
    paths.retain(|path| path != CONFIG_MAP);
    assert_eq!(server.store().paths(), paths);
    for path in paths {
        let of = |server: &FakeApiServer| strip(server.store().object(&path).unwrap());
        assert_eq!(of(&server), of(&applied), "{path}");
    }
}

#[test]
fn an_export_holds_no_secret_unless_asked_and_its_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    let output = env.run(["init", "--image", "i", "--output-dir", "out", "--kustomize"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("out/kustomization.yaml"), "{output}");
    assert!(
        !output.stdout.contains("secret") && !output.stdout.contains("api-service"),
        "{output}"
    );
    assert!(
        output.stderr.contains("the Secret and the APIServices of oppscale are left out"),
        "{output}"
    );
    let output = env.run(["init", "--image", "i", "--output-dir", "with", "--export-secrets"]);
    let secret = output.stdout.lines().find(|line| line.contains("secret")).unwrap().to_owned();
    let mode = std::fs::metadata(env.path(&secret)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let manager =
        env.run(["init", "--image", "i", "--output-dir", "-", "--certificates", "cert-manager"]);
    assert!(
        manager.stdout.contains("cert-manager.io/inject-ca-from: \"oppscale/oppscale-tls\""),
        "{manager}"
    );
    assert!(!manager.stdout.contains("caBundle"), "{manager}");
}

#[test]
fn helm_values_hold_only_what_differs_and_no_key_unless_asked() {
    let env = TestEnv::new();
    let output = env.run([
        "init",
        "--image",
        "i",
        "--pipeline",
        "prometheus",
        "--output-dir",
        "out",
        "--with",
        "metrics-server",
        "--with",
        "prometheus-stack",
        "--distribution",
        "kind",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    let read = |name: &str| -> (String, Value) {
        let text = std::fs::read_to_string(env.path(&format!("out/{name}"))).unwrap();
        let value = serde_yaml::from_str(&text).unwrap();
        (text, value)
    };
    let (text, adapter) = read("prometheus-adapter.values.yaml");
    assert_eq!(adapter["rules"], json!({"default": false, "existing": "oppscale-adapter-config"}));
    assert_eq!(adapter["prometheus"], json!({"url": "http://prometheus-operated.monitoring.svc"}));
    // Defaults of the chart.
    assert!(adapter["tls"].is_null() && adapter["metricsRelistInterval"].is_null(), "{text}");
    assert!(!text.contains("PRIVATE"));
    // ConfigMap and Secret are where the server is; the adapter must be there too.
    assert!(text.contains("--version 5.3.0 -n oppscale -f this"), "{text}");
    // Rules that change must restart it.
    let hash = adapter["podAnnotations"]["oppscale.dev/config-sha256"].as_str().unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{hash}");
    assert_eq!(
        read("metrics-server.values.yaml").1,
        json!({"replicas": 2, "args": ["--kubelet-insecure-tls"]})
    );
    assert_eq!(
        read("kube-prometheus-stack.values.yaml").1["prometheus"]["prometheusSpec"],
        json!({
            "serviceMonitorSelectorNilUsesHelmValues": false,
            "ruleSelectorNilUsesHelmValues": false
        })
    );
    assert!(!env.path("out/prometheus-adapter.with-key.values.yaml").exists());
    let output = env.run([
        "init",
        "--image",
        "i",
        "--pipeline",
        "prometheus",
        "--output-dir",
        "k",
        "--export-secrets",
    ]);
    assert!(!output.to_string().contains("PRIVATE"), "{output}");
    let text =
        std::fs::read_to_string(env.path("k/prometheus-adapter.with-key.values.yaml")).unwrap();
    assert!(text.contains("BEGIN PRIVATE KEY"));
    // The rule is the same by values, by init's ConfigMap and by render-hpa's.
    let with_key: Value = serde_yaml::from_str(&text).unwrap();
    let config = |text: &str| -> Value {
        let all = objects(text);
        let config = all.iter().find_map(|object| object["data"]["config.yaml"].as_str());
        serde_yaml::from_str(config.unwrap()).unwrap()
    };
    let ours = env.run(["init", "--image", "i", "--pipeline", "prometheus", "--output-dir", "-"]);
    let args = ["--workload", "batch", "--image", IMAGE, "--pipeline", "prometheus"];
    let rendered = render(&env, &args);
    let rules = &with_key["rules"]["custom"];
    let query = rules[0]["metricsQuery"].as_str().unwrap();
    // A StatefulSet of that name has no say.
    assert!(query.contains("kind=\"Deployment\""), "{query}");
    assert_eq!(config(&ours.stdout)["rules"], *rules);
    assert_eq!(config(&rendered.stdout)["rules"], *rules, "{rendered}");
    // Either file of values goes with the same certificate.
    let api = std::fs::read_to_string(env.path("k/prometheus-adapter.api-service.yaml")).unwrap();
    let api: Value = serde_yaml::from_str(&api).unwrap();
    let secret = output.stdout.lines().find(|line| line.contains("secret")).unwrap();
    assert!(secret.ends_with("secret-oppscale-adapter-tls.yaml"), "{output}");
    let secret: Value =
        serde_yaml::from_str(&std::fs::read_to_string(env.path(secret)).unwrap()).unwrap();
    assert_eq!(api["spec"]["caBundle"], secret["data"]["ca.crt"]);
    assert_eq!(api["spec"]["caBundle"], STANDARD.encode(with_key["tls"]["ca"].as_str().unwrap()));
    assert_eq!(api["spec"]["service"]["name"], "prometheus-adapter");
    assert!(
        !output.stdout.contains("-api-service-"),
        "not among what is applied at once: {output}"
    );
}

#[test]
fn a_servicemonitor_gets_the_labels_that_prometheus_wants() {
    let server = server();
    server.store().change(|store| {
        put_prometheus(
            store,
            json!({
                "serviceMonitorSelector": {"matchLabels": {"release": "monitoring"}},
                "serviceMonitorNamespaceSelector": {}
            }),
        );
    });
    let output = init(&server, &["--pipeline", "prometheus"]);
    assert_eq!(output.code, Some(0), "{output}");
    let monitor = server
        .store()
        .object("/apis/monitoring.coreos.com/v1/namespaces/oppscale/servicemonitors/oppscale")
        .unwrap();
    assert_eq!(monitor["metadata"]["labels"]["release"], "monitoring");
    // Else Prometheus puts its own namespace over the workload's.
    assert_eq!(monitor["spec"]["endpoints"][0]["honorLabels"], true);
    assert!(server.store().object(SERVICE).is_none());
    let deployment = server.store().object(DEPLOYMENT).unwrap();
    assert!(deployment.to_string().contains("--apis=none"));
    let both = TestEnv::new().run([
        "init",
        "--image",
        "i",
        "--output-dir",
        "-",
        "--pipeline",
        "keda",
        "--apis",
        "external",
    ]);
    assert_eq!(both.code, Some(2), "{both}");
    assert!(both.stderr.contains("--apis is for --pipeline native"), "{both}");
}

#[test]
fn kubectls_own_dry_run_takes_what_is_exported() {
    let Some(kubectl) = tool("kubectl") else { return };
    let server = Setup::new(World::nodes_alone()).plain().storing().start();
    server.store().change(|store| store.groups.insert("monitoring.coreos.com".to_owned()));
    let env = TestEnv::of(&server);
    for (args, objects) in [
        (&["--export-secrets"][..], 12),
        (&["--export-secrets", "--apis", "custom,external", "-n", "cap", "--service", "opp"], 13),
        (&["--pipeline", "prometheus"], 11),
        (&["--pipeline", "keda"], 9),
        (&[], 9),
    ] {
        let text = env.run([&["init", "--image", "i", "--output-dir", "-"], args].concat());
        assert_eq!(text.code, Some(0), "{text}");
        env.write("all.yaml", &text.stdout);
        let output = std::process::Command::new(&kubectl)
            .args(["create", "--dry-run=client", "--validate=false", "-o", "name", "-f"])
            .arg(env.path("all.yaml"))
            .env("KUBECONFIG", env.path(".kube/config"))
            .env("HOME", env.path(""))
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {words}");
        let names = String::from_utf8_lossy(&output.stdout);
        assert_eq!(names.lines().count(), objects, "{args:?}: {names}");
    }
    assert!(server.writes().is_empty());
}
