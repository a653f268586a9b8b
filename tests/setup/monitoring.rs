//! The dashboard and the alerts, as `init` brings them and `uninstall` takes them away.

use serde_json::json;

use crate::support::answer::Answer;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::FakeApiServer;

use super::install::{CONFIG_MAP, init, put_prometheus, server};

const RULE: &str = "/apis/monitoring.coreos.com/v1/namespaces/oppscale/prometheusrules/oppscale";
const MONITOR: &str = "/apis/monitoring.coreos.com/v1/namespaces/oppscale/servicemonitors/oppscale";
const DASHBOARD: &str = "/api/v1/namespaces/oppscale/configmaps/oppscale-dashboard";
const BOTH: [&str; 4] = ["--with", "alerts", "--with", "dashboard"];

/// A cluster with a Prometheus that selects by labels.
fn monitored() -> FakeApiServer {
    let server = server();
    server.store().change(|store| {
        put_prometheus(
            store,
            json!({
                "serviceMonitorSelector": {"matchLabels": {"release": "monitoring"}},
                "ruleSelector": {"matchLabels": {"release": "monitoring", "role": "alerts"}}
            }),
        );
    });
    server
}

#[test]
fn both_are_brought_with_the_labels_that_are_wanted_and_taken_away() {
    let server = monitored();
    let before = server.store().paths();
    let plan = TestEnv::of(&server)
        .run([&["init", "--image", "i", "--dry-run=server"][..], &BOTH].concat());
    for line in [
        "create  ServiceMonitor oppscale/oppscale\n",
        "create  PrometheusRule oppscale/oppscale\n",
        "create  ConfigMap oppscale/oppscale-dashboard\n",
    ] {
        assert!(plan.stdout.contains(line), "{plan}");
    }
    let output = init(&server, &BOTH);
    assert_eq!(output.code, Some(0), "{output}");
    let object = |path| server.store().object(path).unwrap();
    let labels = object(RULE)["metadata"]["labels"].clone();
    assert_eq!((&labels["release"], &labels["role"]), (&json!("monitoring"), &json!("alerts")));
    // The API is served natively; it is scraped all the same.
    assert_eq!(object(MONITOR)["metadata"]["labels"]["release"], "monitoring");
    assert_eq!(object(MONITOR)["spec"]["endpoints"][0]["honorLabels"], true);
    assert_eq!(object(DASHBOARD)["metadata"]["labels"]["grafana_dashboard"], "1");
    let writes = server.writes().len();
    let again = init(&server, &BOTH);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    assert_eq!(server.writes().len(), writes);
    // What was not asked for again stays.
    let without = init(&server, &[]);
    assert_eq!((without.code, server.writes().len()), (Some(0), writes), "{without}");
    let gone = TestEnv::of(&server).run(["uninstall", "--yes", "--keep-namespace"]);
    assert_eq!(gone.code, Some(0), "{gone}");
    let mut left = server.store().paths();
    left.retain(|path| path != "/api/v1/namespaces/oppscale");
    assert_eq!(left, before);
    assert!(left.contains(&CONFIG_MAP.to_owned()));
}

#[test]
fn without_the_operator_alerts_are_refused_before_anything_is_done() {
    let server = server();
    server.always("/apis/monitoring.coreos.com/v1", Answer::Recorded("404-path"));
    for args in [&["--with", "alerts"][..], &["--pipeline", "prometheus"]] {
        let output = init(&server, args);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(
            output.stderr.contains("there is no Prometheus operator in this cluster"),
            "{output}"
        );
        assert!(output.stderr.contains("hint: install one first"), "{output}");
        assert!(server.writes().is_empty(), "{}", server.log());
    }
    // The dashboard is a ConfigMap, which every cluster takes.
    let output = init(&server, &["--with", "dashboard"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(server.store().object(DASHBOARD).is_some());
}

#[test]
fn manifests_go_to_stdout_and_values_to_files_only() {
    let env = TestEnv::new();
    let init = ["init", "--image", "i"];
    let output = env.run([&init[..], &["--output-dir", "-"], &BOTH].concat());
    assert_eq!(output.code, Some(0), "{output}");
    for kind in ["PrometheusRule", "ServiceMonitor", "ConfigMap"] {
        assert!(output.stdout.contains(&format!("\nkind: {kind}\n")), "{kind}");
    }
    assert!(output.stdout.contains("{{ $labels.workload }}"), "Prometheus fills that in");
    let without = env.run([&init[..], &["--output-dir", "-"]].concat());
    assert!(!without.stdout.contains("monitoring.coreos.com"), "{without}");
    let values = env.run([&init[..], &["--with", "alerts", "--with", "metrics-server"]].concat());
    assert_eq!(values.code, Some(2), "{values}");
    assert!(values.stderr.contains("--with writes Helm values"), "{values}");
    let client = env.run([&init[..], &["--dry-run=client"], &BOTH].concat());
    assert!(client.stdout.contains("apply  PrometheusRule oppscale/oppscale\n"), "{client}");
}
