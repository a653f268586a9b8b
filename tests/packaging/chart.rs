//! The Helm chart renders the objects that `oppscale init --output-dir` writes.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oppscale::certificates::{CaBundle, SecretString};
use oppscale::manifest::{Templates, stream};
use oppscale::setup::config::{InstallConfig, Pipeline, Trust};
use serde_json::{Value, json};

use crate::support::bin::TestEnv;

use super::engine::{Case, by_engine, by_helm, objects, objects_of, yaml};

/// A way to install: what init is told, and what the values of any chart are told.
struct Way {
    flags: &'static str,
    namespace: &'static str,
    values: fn() -> Value,
}

const WAYS: [Way; 13] = [
    Way { flags: "", namespace: "oppscale", values: || json!({}) },
    Way {
        flags: "--apis external --replicas 3 --image registry.example/a/b:1@sha256:00",
        namespace: "oppscale",
        values: || {
            json!({
                "apis": {"custom": false, "external": true}, "replicas": 3,
                "image": "registry.example/a/b:1@sha256:00"
            })
        },
    },
    Way {
        flags: "--apis custom,external --namespace metrics",
        namespace: "metrics",
        values: || json!({"apis": {"external": true}}),
    },
    Way {
        flags: "--priority-class high=1000000000 --http-from monitoring --http-from 1 --image-pull-secret registry --node-selector pool=system \
                --toleration dedicated=system:NoSchedule --toleration gpu \
                --requests cpu=100m,memory=1Gi --limits memory=1Gi \
                --workload-kind leaderworkersets.leaderworkerset.x-k8s.io \
                --extra-arg=--node-metrics --extra-arg=--pressure-guard=kubelet",
        namespace: "oppscale",
        values: || {
            json!({
                "priorityClassName": "high", "priorityClassValue": 1_000_000_000,
                "httpFrom": ["monitoring", "1"], "imagePullSecrets": ["registry"],
                "nodeSelector": {"pool": "system"},
                "tolerations": [
                    {"key": "dedicated", "operator": "Equal", "value": "system", "effect": "NoSchedule"},
                    {"key": "gpu", "operator": "Exists"}
                ],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}
                },
                "workloadKinds": ["leaderworkersets.leaderworkerset.x-k8s.io"],
                "extraArgs": ["--node-metrics", "--pressure-guard=kubelet"]
            })
        },
    },
    Way {
        flags: "--priority-class= --network-policy off --pipeline keda --extra-arg=--namespaces=a,b --extra-arg=--pressure-guard --extra-arg=proxy",
        namespace: "oppscale",
        values: || {
            json!({
                "pipeline": "keda", "priorityClassName": "", "networkPolicy": false, "extraArgs": ["--namespaces=a,b", "--pressure-guard", "proxy"]
            })
        },
    },
    Way {
        flags: "--extra-arg=--pressure-guard=kubelet --extra-arg=--kubelet-certificate-authority \
                --extra-arg=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt \
                --extra-arg=--certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
        namespace: "oppscale",
        values: || {
            let authority = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
            json!({"extraArgs": [
                "--pressure-guard=kubelet", "--kubelet-certificate-authority", authority,
                format!("--certificate-authority={authority}")
            ]})
        },
    },
    Way {
        flags: "--http-auth token-review --namespace metrics",
        namespace: "metrics",
        values: || json!({"httpAuth": "token-review"}),
    },
    Way {
        flags: "--distribution gke --namespace metrics",
        namespace: "metrics",
        values: || {
            json!({
                "priorityClassName": "metrics-oppscale", "priorityClassValue": 1_000_000_000
            })
        },
    },
    Way {
        flags: "--service fill --namespace fill",
        namespace: "fill",
        values: || json!({"service": "fill"}),
    },
    Way {
        flags: "--certificates cert-manager --service fill --namespace metrics",
        namespace: "metrics",
        values: || json!({"certManager": true, "service": "fill"}),
    },
    Way {
        flags: "--certificates cert-manager --apis external,custom",
        namespace: "oppscale",
        values: || json!({"certManager": true, "apis": {"external": true}}),
    },
    Way {
        flags: "--pipeline prometheus --namespace monitoring",
        namespace: "monitoring",
        values: || json!({"pipeline": "prometheus"}),
    },
    Way {
        flags: "--pipeline keda --certificates cert-manager",
        namespace: "oppscale",
        values: || json!({"pipeline": "keda", "certManager": true}),
    },
];

fn export(env: &TestEnv, flags: &str, to: &[&str]) -> String {
    let image = if flags.contains("--image ") { "" } else { "--image i" };
    let args = format!("init {image} {flags}");
    let output = env.run(args.split_whitespace().chain(to.iter().copied()));
    assert_eq!(output.code, Some(0), "{args}: {output}");
    output.stdout
}

/// The certificates of an export as values of a chart.
fn tls(objects: &[(String, Value)]) -> Value {
    let Some((_, secret)) = objects.iter().find(|(key, _)| key.starts_with("Secret ")) else {
        return json!({});
    };
    let pem = |name: &str| {
        let encoded = secret["data"][name].as_str().unwrap();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    };
    json!({"ca": pem("ca.crt"), "crt": pem("tls.crt"), "key": pem("tls.key")})
}

#[test]
#[ignore = "slow: exports each way to install"]
fn a_chart_renders_what_init_exports() {
    let env = TestEnv::new();
    export(&env, "--image another --replicas 5", &["--output-dir", "chart", "--chart"]);
    let mut cases = Vec::new();
    let mut expected = Vec::new();
    for (number, way) in WAYS.iter().enumerate() {
        let mut wanted =
            objects(&export(&env, way.flags, &["--output-dir", "-", "--export-secrets"]));
        // prometheus-adapter's key is no value of this chart, which installs no adapter.
        wanted.retain(|(key, _)| !key.contains("oppscale-adapter-tls"));
        let tls = tls(&wanted);
        let own = format!("own-{number}");
        export(&env, way.flags, &["--output-dir", &own, "--chart"]);
        // Its own chart by its defaults, and that of other flags by values.
        let mut values = json!({"image": "i", "replicas": 2});
        for (key, value) in (way.values)().as_object().unwrap() {
            values[key] = value.clone();
        }
        for (chart, mut values) in [(own.as_str(), json!({})), ("chart", values)] {
            values["tls"] = tls.clone();
            values["createNamespace"] = json!(true);
            let namespace = way.namespace.to_owned();
            cases.push(Case { chart: env.path(chart), namespace, values });
            expected.push((format!("{chart}: {}", way.flags), wanted.clone()));
        }
    }
    same(&cases, &expected);
}

#[test]
fn labels_of_a_service_monitor_are_what_prometheus_wants() {
    let env = TestEnv::new();
    export(&env, "", &["--output-dir", "chart", "--chart"]);
    let labels = [("release", "monitoring"), ("a/b", "on"), ("n", "1")];
    let mut config = InstallConfig::new("oppscale", "oppscale", "i");
    config.pipeline = Pipeline::Prometheus;
    config.monitor_labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    let trust = Trust { secret: None, bundle: None };
    let desired = config.render(&Templates::new(None).unwrap(), &trust).unwrap();
    let values = json!({
        "pipeline": "prometheus", "createNamespace": true,
        "serviceMonitor": {"labels": {"release": "monitoring", "a/b": "on", "n": "1"}}
    });
    let case = Case { chart: env.path("chart"), namespace: "oppscale".to_owned(), values };
    same(&[case], &[("labels".to_owned(), objects(&stream(&desired.all())))]);
}

/// Each case renders these objects, and no others.
fn same(cases: &[Case], expected: &[(String, Vec<(String, Value)>)]) {
    let Some(rendered) = by_engine(cases) else { return };
    for ((case, rendered), (name, wanted)) in cases.iter().zip(rendered).zip(expected) {
        let files = rendered.unwrap_or_else(|error| panic!("{name}: {error}"));
        compare(name, &objects_of(&files), wanted);
        assert!(files.iter().any(|(file, _)| file == "NOTES.txt"), "{name}");
        if let Some(rendered) = by_helm(case) {
            compare(&format!("helm: {name}"), &objects(&rendered.unwrap()), wanted);
        }
    }
}

fn compare(name: &str, actual: &[(String, Value)], wanted: &[(String, Value)]) {
    let keys = |all: &[(String, Value)]| all.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
    assert_eq!(keys(actual), keys(wanted), "{name}");
    for (actual, wanted) in actual.iter().zip(wanted) {
        assert_eq!(actual, wanted, "{name}");
    }
}

#[test]
fn values_that_make_an_api_nobody_can_answer_are_refused() {
    let env = TestEnv::new();
    export(&env, "", &["--output-dir", "chart", "--chart"]);
    let refused = [
        (json!({}), "tls.ca is missing: the API server must know which CA to trust. oppscale init"),
        (json!({"tls": {"ca": "x", "crt": "y"}}), "tls.key is missing"),
        (json!({"tls": {"ca": "x", "key": "y"}}), "tls.crt is missing"),
        (json!({"tls": {"ca": "x"}, "apis": {"custom": false}}), "serves apis.custom"),
        (json!({"pipeline": "keda", "image": ""}), "which image is the metrics server's?"),
        (json!({"pipeline": "kafka"}), "pipeline kafka is not known"),
        (json!({"pipeline": "keda", "httpAuth": "token-review"}), "KEDA reads /metrics without"),
        (
            json!({"pipeline": "prometheus", "httpAuth": "token-review"}),
            "Prometheus cannot verify the server",
        ),
        (json!({"extraArgs": ["-v", "--apis=none"]}), "extraArgs may not set --apis=none"),
        (json!({"extraArgs": ["--http-auth", "none"]}), "extraArgs may not set --http-auth"),
        (json!({"extraArgs": ["--listen=127.0.0.1:1"]}), "extraArgs may not set --listen"),
        (json!({"extraArgs": ["--listen-http=[::]:8080"]}), "extraArgs may not set --listen-http"),
        (json!({"extraArgs": ["--self-signed"]}), "extraArgs may not set --self-signed"),
        (json!({"extraArgs": ["--tls-cert-file=c"]}), "extraArgs may not set --tls-cert-file"),
        (json!({"extraArgs": ["--tls-private-key-file=k"]}), "may not set --tls-private-key"),
        (json!({"extraArgs": ["--workload-kind=a.b"]}), "extraArgs may not set --workload-kind"),
        (
            json!({"extraArgs": ["--pressure-guard=kubelet", "--kubelet-certificate-authority=c"]}),
            "--kubelet-certificate-authority=c: the server's pods have no such file",
        ),
        (json!({"extraArgs": ["--kubeconfig", "k"]}), "extraArgs may not set --kubeconfig=k: the"),
        (json!({"extraArgs": ["-v", "--kubeconfig"]}), "extraArgs may not set --kubeconfig: the"),
        (
            json!({"extraArgs": ["--client-key=/var/run/secrets/kubernetes.io/serviceaccount/../k"]}),
            "/../k: the server's pods have no such file",
        ),
        (json!({"extraArgs": ["--certificate-authority=c"]}), "the server's pods have no such"),
        (json!({"extraArgs": ["--client-certificate=c"]}), "the server's pods have no such file"),
        (json!({"extraArgs": ["--client-key=k"]}), "the server's pods have no such file"),
        (json!({"priorityClassName": "", "priorityClassValue": 5}), "priorityClassName is missing"),
    ];
    let case = |values: &Value| Case {
        chart: env.path("chart"),
        namespace: "oppscale".to_owned(),
        values: values.clone(),
    };
    let cases: Vec<_> = refused.iter().map(|(values, _)| case(values)).collect();
    let Some(rendered) = by_engine(&cases) else { return };
    for (rendered, (values, words)) in rendered.into_iter().zip(&refused) {
        let error = rendered.unwrap_err();
        assert!(error.contains(words), "{values}: {error}");
    }
    // A Secret that is there already needs no key in the values.
    let case = case(&json!({"tls": {"ca": "x"}, "serviceMonitor": {"enabled": true}}));
    let rendered = by_engine(&[case]).unwrap().remove(0).unwrap();
    let keys: Vec<_> = objects_of(&rendered).into_iter().map(|(key, _)| key).collect();
    assert!(!keys.iter().any(|key| key.starts_with("Secret")), "{keys:?}");
    assert!(keys.contains(&"APIService v1beta1.custom.metrics.k8s.io".to_owned()), "{keys:?}");
    assert!(keys.contains(&"ServiceMonitor oppscale/oppscale".to_owned()), "{keys:?}");
}

#[test]
fn a_key_is_in_a_file_of_its_own_and_only_if_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    let output = env.run(["init", "--image", "i", "--output-dir", "out", "--chart"]);
    assert!(output.stderr.contains("certificates are left out"), "{output}");
    assert!(!env.path("out/tls.values.yaml").exists());
    let words =
        "init --image i --output-dir out --chart --export-secrets --namespace n --service s";
    let output = env.run(words.split(' '));
    let line =
        "helm upgrade --install s out --namespace n --create-namespace -f out/tls.values.yaml";
    assert!(output.stderr.contains(line), "{output}");
    assert!(!output.to_string().contains("PRIVATE"), "{output}");
    let path = env.path("out/tls.values.yaml");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let tls = &yaml(&path)["tls"];
    let text = |name: &str| tls[name].as_str().unwrap().to_owned();
    // They are what the server and the API server will read.
    CaBundle::parse(&text("ca")).unwrap();
    let key = SecretString::new(text("key"));
    assert_eq!(oppscale::certificates::key_matches(&text("crt"), &key), Some(true));
    for entry in std::fs::read_dir(env.path("out/templates")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("PRIVATE") && !text.contains("marker"), "{text}");
    }
    assert!(
        std::fs::read_to_string(env.path("out/.helmignore")).unwrap().contains("*.values.yaml")
    );
}

#[test]
fn a_chart_is_a_folder() {
    let env = TestEnv::new();
    let output = env.run(["init", "--image", "i", "--output-dir", "-", "--chart"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("a chart is a folder: --output-dir DIR"), "{output}");
    assert!(!Path::new(&env.path("-")).exists());
    let output = env.run(["init", "--image", "i", "--output-dir", "x", "--chart", "--kustomize"]);
    assert_eq!(output.code, Some(2), "{output}");
    let args = ["init", "--image", "i", "--output-dir", "x", "--chart", "--with", "alerts"];
    let output = env.run(args);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output.stderr.contains("the chart contains neither --with dashboard nor --with alerts"),
        "{output}"
    );
    assert!(!env.path("x").exists(), "nothing is half-written");
}
