//! `--pipeline prometheus`: prometheus-adapter answers, and gets the API once it is there.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::tools::tool;

use super::checks::{check, of};
use super::install::{SERVICE, init, put_prometheus, server};

const ADAPTER: &str = "/apis/apps/v1/namespaces/oppscale/deployments/prometheus-adapter";
const SECRET: &str = "/api/v1/namespaces/oppscale/secrets/oppscale-adapter-tls";
const FILLER: &str = "/apis/apps/v1/namespaces/idle/deployments/filler";
const VALUE: &str = "/apis/custom.metrics.k8s.io/v1beta1/namespaces/idle/deployments.apps/filler/\
                     oppscale_fit_replicas";
const PROMETHEUS: [&str; 2] = ["--pipeline", "prometheus"];

/// A cluster with a Prometheus that scrapes everything, and a filler.
fn scraped() -> FakeApiServer {
    let server = server();
    server.store().change(|store| {
        let all = json!({"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {}});
        put_prometheus(store, all);
        store.put(
            FILLER,
            "x",
            json!({
                "kind": "Deployment",
                "metadata": {
                    "name": "filler", "namespace": "idle",
                    "labels": {"oppscale.dev/opportunistic": "true"}
                }
            }),
        );
    });
    server
}

/// What the chart installs of the adapter.
fn put_adapter(server: &FakeApiServer) {
    server.store().change(|store| {
        store.put(
            ADAPTER,
            "helm",
            json!({
                "kind": "Deployment",
                "metadata": {"name": "prometheus-adapter", "namespace": "oppscale"}
            }),
        );
    });
}

#[test]
fn the_api_is_handed_over_when_the_adapter_is_there_and_taken_back_first() {
    let server = scraped();
    // A plan says so before anything is asked.
    let env = TestEnv::of(&server);
    let plan = env.run(["init", "--image", "i", "--pipeline", "prometheus", "--dry-run=server"]);
    assert!(plan.stderr.contains("is handed over when there is a Deployment"), "{plan}");
    let first = init(&server, &PROMETHEUS);
    assert_eq!(first.code, Some(0), "{first}");
    assert!(first.stdout.contains("create  Secret oppscale/oppscale-adapter-tls\n"), "{first}");
    assert!(
        first.stderr.contains("when there is a Deployment oppscale/prometheus-adapter"),
        "{first}"
    );
    assert!(server.store().object(SERVICE).is_none(), "nobody would answer");
    put_adapter(&server);
    let writes = server.writes().len();
    let second = init(&server, &PROMETHEUS);
    assert_eq!(second.code, Some(0), "{second}");
    assert_eq!(server.writes()[writes..], [format!("PATCH {SERVICE}")]);
    let api = server.store().object(SERVICE).unwrap();
    let secret = server.store().object(SECRET).unwrap();
    assert_eq!(api["spec"]["caBundle"], secret["data"]["ca.crt"]);
    assert!(api["spec"].get("insecureSkipTLSVerify").is_none(), "two who apply it conflict");
    assert_eq!(
        api["spec"]["service"],
        json!({"namespace": "oppscale", "name": "prometheus-adapter", "port": 443})
    );
    let third = init(&server, &PROMETHEUS);
    assert!(third.stdout.contains("nothing to change"), "{third}");
    assert_eq!(server.writes().len(), writes + 1);
    // The certificate is one that the API server takes, under the adapter's own name.
    let verification = check(&server, &["-o", "json", "--only", "certificates"]);
    assert_eq!(of(&verification, "OPP-CRT-002").1, "prometheus-adapter.oppscale.svc | ");
    assert_eq!(of(&verification, "OPP-CRT-004").0, "success", "{verification}");
    assert_snapshot!(TestEnv::of(&server).run(["uninstall", "--dry-run"]), @"
    delete  APIService v1beta1.custom.metrics.k8s.io
    delete  ServiceMonitor oppscale/oppscale
    delete  Deployment oppscale/oppscale
    delete  PodDisruptionBudget oppscale/oppscale
    delete  NetworkPolicy oppscale/oppscale
    delete  Service oppscale/oppscale
    delete  Secret oppscale/oppscale-adapter-tls
    delete  ConfigMap oppscale/oppscale-adapter-config
    delete  RoleBinding kube-system/oppscale-auth-reader
    delete  ClusterRoleBinding oppscale
    delete  ClusterRole oppscale
    delete  ServiceAccount oppscale/oppscale
    ------- stderr -------
    note: namespace oppscale is kept: it has other tenants: Deployment prometheus-adapter
    [EOF]
    ");
}

#[test]
fn an_adapter_that_does_not_come_up_gets_no_api() {
    let server = scraped();
    server.store().change(|store| store.deployments_start = false);
    put_adapter(&server);
    server.store().change(|store| store.deployments_start = true);
    let output = init(&server, &["--pipeline", "prometheus", "--timeout", "1s"]);
    assert_eq!(output.code, Some(124), "{output}");
    assert!(
        output.stderr.contains("Deployment oppscale/prometheus-adapter was not ready"),
        "{output}"
    );
    assert!(server.store().object(SERVICE).is_none());
}

/// One of kube-prometheus', or what the chart makes by itself of values that hold the key.
#[test]
fn an_api_that_somebody_else_gave_to_an_adapter_is_left_alone() {
    for namespace in ["monitoring", "oppscale"] {
        let server = scraped();
        put_adapter(&server);
        let theirs = json!({
            "kind": "APIService",
            "metadata": {
                "name": "v1beta1.custom.metrics.k8s.io",
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {
                    "meta.helm.sh/release-name": "adapter",
                    "meta.helm.sh/release-namespace": namespace
                }
            },
            "spec": {"service": {"namespace": namespace, "name": "prometheus-adapter"}}
        });
        server.store().change(|store| store.put(SERVICE, "helm", theirs));
        let before = server.store().object(SERVICE);
        let output = init(&server, &PROMETHEUS);
        assert_eq!(output.code, Some(0), "{output}");
        assert_eq!(server.store().object(SERVICE), before);
        assert!(server.store().object(SECRET).is_none(), "a key that nobody would use");
        let words = format!("Helm release {namespace}/adapter: that is left as it is");
        assert!(output.stderr.contains(&words), "{output}");
    }
}

/// Else its APIs would lead to a server that serves none, and no namespace could be deleted.
#[test]
fn a_server_that_answers_the_api_is_not_told_to_serve_none() {
    let server = scraped();
    let _ = init(&server, &[]);
    let writes = server.writes().len();
    for pipeline in ["prometheus", "keda"] {
        let output = init(&server, &["--pipeline", pipeline]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains("leads to oppscale, which would not answer it"), "{output}");
        assert!(output.stderr.contains("oppscale uninstall --keep-namespace first"), "{output}");
    }
    assert_eq!(server.writes().len(), writes);
}

#[test]
fn where_the_way_through_prometheus_ends_is_told() {
    let server = scraped();
    let _ = init(&server, &PROMETHEUS);
    let looked = |id: &str| -> (String, String) {
        of(&check(&server, &["-o", "json", "--only", "server"]), id)
    };
    let (result, text) = looked("OPP-SRV-002");
    assert_eq!(result, "warning", "{text}");
    assert!(text.contains("there is no prometheus-adapter yet"), "{text}");
    put_adapter(&server);
    let (result, text) = looked("OPP-SRV-002");
    assert_eq!(result, "warning", "{text}");
    assert!(text.contains("custom.metrics.k8s.io is not registered for it"), "{text}");
    assert!(text.ends_with("| oppscale init --pipeline prometheus"), "{text}");
    let _ = init(&server, &PROMETHEUS);
    assert_eq!(looked("OPP-SRV-002").0, "success");
    // As the real adapter 0.12 answers: what it has not seen, and while Prometheus is away.
    for (status, body, words) in [
        (
            404,
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the metric oppscale_fit_replicas for deployments.apps","reason":"NotFound","code":404}"#,
            "see that Prometheus scrapes oppscale",
        ),
        (
            500,
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Internal error occurred: unable to fetch metrics","reason":"InternalError","details":{"causes":[{"message":"unable to fetch metrics"}]},"code":500}"#,
            "it cannot query Prometheus",
        ),
    ] {
        server.always(VALUE, Answer::Raw(status, vec![("content-type", "application/json")], body));
        let (result, text) = looked("OPP-SRV-003");
        assert_eq!(result, "error", "{text}");
        assert!(text.contains(words), "{text}");
        assert!(text.contains("kubectl -n oppscale logs deploy/prometheus-adapter"), "{text}");
    }
    server.store().change(|store| {
        let api = store.objects.get_mut(SERVICE).unwrap();
        api.value["status"]["conditions"] = json!([{
            "type": "Available", "status": "False", "reason": "ServiceNotFound",
            "message": "service/prometheus-adapter in \"oppscale\" is not present"
        }]);
    });
    let (result, text) = looked("OPP-SRV-002");
    assert_eq!(result, "error", "{text}");
    assert!(text.contains("kubectl delete apiservice v1beta1.custom.metrics.k8s.io"), "{text}");
}

#[test]
fn cert_manager_makes_the_adapters_certificate_too() {
    let env = TestEnv::new();
    let args = ["init", "--image", "i", "--pipeline", "prometheus", "--output-dir", "out"];
    let output = env.run([&args[..], &["--certificates", "cert-manager"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(env.path(name)).unwrap();
        serde_yaml::from_str(&text).unwrap()
    };
    let api = read("out/prometheus-adapter.api-service.yaml");
    assert_eq!(
        api["metadata"]["annotations"]["cert-manager.io/inject-ca-from"],
        "oppscale/oppscale-adapter-tls"
    );
    let file = output.stdout.lines().find(|line| line.contains("certificate-oppscale-adapter"));
    let certificate = read(file.unwrap());
    assert_eq!(certificate["spec"]["dnsNames"][0], "prometheus-adapter.oppscale.svc");
}

/// What the adapter asks Prometheus by a rule, for objects whose label `object` is matched so.
fn query(rule: &Value, object: &str, matcher: &str) -> String {
    let series = rule["seriesQuery"].as_str().unwrap().split('{').next().unwrap();
    rule["metricsQuery"]
        .as_str()
        .unwrap()
        .replace("<<.Series>>", series)
        .replace("<<.LabelMatchers>>", &format!("namespace=\"a\",{object}{matcher}"))
        .replace("<<.GroupBy>>", object)
}

#[test]
fn the_adapters_rules_give_the_lower_number_of_the_right_workload() {
    let Some(promtool) = tool("promtool") else { return };
    let config: Value = serde_yaml::from_str(oppscale::manifest::ADAPTER_RULES).unwrap();
    let [deployment, set, requests] = &config["rules"].as_array().unwrap()[..] else {
        panic!("{config}")
    };
    let fit = |kind: &str, pod: &str, value: u32| {
        json!({
            "series": format!(
                "oppscale_fit_replicas{{namespace=\"a\",kind=\"{kind}\",workload=\"w\",pod=\"{pod}\"}}"
            ),
            "values": format!("{value}x40")
        })
    };
    let counted = |pod: &str, values: &str| {
        json!({
            "series": format!("http_requests_total{{namespace=\"a\",pod=\"{pod}\"}}"),
            "values": values
        })
    };
    let gives = |expression: String, samples: &[(&str, f64)]| {
        let samples: Vec<_> = samples
            .iter()
            .map(|(labels, value)| json!({"labels": labels, "value": value}))
            .collect();
        json!({"expr": expression, "eval_time": "10m", "exp_samples": samples})
    };
    let tests = json!({"rule_files": [], "tests": [{
        "interval": "15s",
        "input_series": [
            // Two servers, one of which has not heard the last event; a StatefulSet of that name.
            fit("Deployment", "one", 12), fit("Deployment", "two", 9), fit("StatefulSet", "one", 3),
            counted("p", "0+30x40"), counted("q", "0+6x40")
        ],
        "promql_expr_test": [
            gives(query(deployment, "workload", "=\"w\""), &[("{workload=\"w\"}", 9.0)]),
            gives(query(set, "workload", "=\"w\""), &[("{workload=\"w\"}", 3.0)]),
            gives(
                query(requests, "pod", "=~\"p|q\""),
                &[("{pod=\"p\"}", 2.0), ("{pod=\"q\"}", 0.4)]
            )
        ]
    }]});
    let env = TestEnv::new();
    env.write("tests.yaml", &tests.to_string());
    let output = std::process::Command::new(promtool)
        .args(["test", "rules"])
        .arg(env.path("tests.yaml"))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
