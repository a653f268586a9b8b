//! Checks that would be easy to get wrong: what is not known must not be called right, and a fix
//! must be one that works.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::store::Inner;

use super::checks::{check, of, server};
use super::install::{self, init};

fn put_prometheus(store: &mut Inner, namespaces: Value) {
    install::put_prometheus(
        store,
        json!({
            "serviceMonitorSelector": {"matchLabels": {"release": "monitoring"}},
            "serviceMonitorNamespaceSelector": namespaces
        }),
    );
}

#[test]
fn a_prometheus_that_does_not_look_in_the_namespace_selects_nothing_there() {
    for (namespaces, result) in [
        (json!({}), "success"),
        (Value::Null, "error"),
        (json!({"matchLabels": {"team": "a"}}), "error"),
        (json!({"matchLabels": {"kubernetes.io/metadata.name": "oppscale"}}), "success"),
    ] {
        let server = install::server();
        server.store().change(|store| put_prometheus(store, namespaces.clone()));
        let output = init(&server, &["--pipeline", "prometheus"]);
        assert_eq!(output.code, Some(if result == "error" { 1 } else { 0 }), "{output}");
        let output = check(&server, &["-o", "json", "--only", "prometheus"]);
        let (found, text) = of(&output, "OPP-PRO-002");
        assert_eq!(found, result, "{namespaces}: {output}");
        if result == "error" {
            assert!(text.contains("does not look in namespace oppscale"), "{text}");
        }
    }
}

#[test]
fn a_server_without_an_api_is_not_missed_one() {
    let server = install::server();
    let output = init(&server, &["--pipeline", "keda"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output.stderr.contains("render-hpa --workload FILE --reserve 15% --pipeline keda --metrics-url http://oppscale.oppscale:8080/metrics"),
        "{output}"
    );
    let output = check(&server, &["-o", "json", "--only", "server"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(of(&output, "OPP-SRV-001").0, "success");
    assert_eq!(of(&output, "OPP-SRV-002").0, "skipped");
}

#[test]
fn one_pod_of_two_is_worth_a_warning() {
    let server = install::server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        store.objects.get_mut(install::DEPLOYMENT).unwrap().value["status"]["readyReplicas"] =
            1.into();
    });
    let output = check(&server, &["-o", "json", "--only", "server"]);
    assert_eq!(output.code, Some(0), "{output}");
    let (result, text) = of(&output, "OPP-SRV-001");
    assert_eq!(result, "warning", "{text}");
    assert!(text.contains("1 of 2 pods are ready"), "{text}");
}

/// What Go's network library and the aggregator say, and what is made of it.
#[test]
fn an_apis_condition_is_put_into_its_cause() {
    let cases = [
        (
            "Get \"https://10.0.0.1:443/x\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            "cannot reach the pods",
            "TCP 10250",
        ),
        (
            "Get \"https://10.0.0.1:443/x\": context deadline exceeded",
            "cannot reach the pods",
            "TCP 10250",
        ),
        ("dial tcp 10.0.0.1:443: i/o timeout", "cannot reach the pods", "TCP 10250"),
        (
            "bad status from https://10.0.0.1:443/x: 403",
            "does not trust its front proxy",
            "--only aggregation",
        ),
        (
            "bad status from https://10.0.0.1:443/x: 401",
            "does not trust its front proxy",
            "--only aggregation",
        ),
        (
            "bad status from https://10.4.0.3:443/x/403: 500",
            "FailedDiscoveryCheck",
            "endpointslices",
        ),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "nothing listens", "endpointslices"),
        (
            "x509: certificate signed by unknown authority",
            "not signed by a CA in the APIService's caBundle",
            "oppscale certs renew",
        ),
    ];
    let reasons = [
        (
            "ServiceNotFound",
            "service/oppscale in \"oppscale\" is not present",
            "its Service does not exist",
            "oppscale init",
        ),
        (
            "ServicePortError",
            "service/oppscale in \"oppscale\" is not listening on port 443",
            "its Service has no such port",
            "oppscale init",
        ),
        (
            "EndpointsNotFound",
            "cannot find endpointslices for service/oppscale in \"oppscale\"",
            "no pod behind its Service is ready",
            "endpointslices",
        ),
        (
            "MissingEndpoints",
            "endpointslices for service/oppscale in \"oppscale\" have no addresses with port name \"https\"",
            "no pod behind its Service is ready",
            "endpointslices",
        ),
    ];
    let failed = cases.map(|(message, text, fix)| ("FailedDiscoveryCheck", message, text, fix));
    let server = install::server();
    let _ = init(&server, &[]);
    for (reason, message, text, fix) in failed.into_iter().chain(reasons) {
        server.store().change(|store| {
            let service = store.objects.get_mut(install::SERVICE).unwrap();
            service.value["status"]["conditions"] = json!([{
                "type": "Available", "status": "False", "reason": reason,
                "message": format!("failing or missing response from https://10.0.0.1:443/x: {message}")
            }]);
        });
        let output = check(&server, &["-o", "json", "--only", "server"]);
        let (result, words) = of(&output, "OPP-SRV-002");
        assert_eq!(result, "error", "{output}");
        assert!(words.contains(text) && words.contains(fix), "{message}: {words}");
    }
    // What is Helm's, Helm puts back: init refuses to.
    server.store().change(|store| {
        let service = &mut store.objects.get_mut(install::SERVICE).unwrap().value;
        service["metadata"]["annotations"] = json!({
            "meta.helm.sh/release-name": "fill", "meta.helm.sh/release-namespace": "oppscale"
        });
        service["status"]["conditions"][0]["reason"] = "ServiceNotFound".into();
    });
    let output = check(&server, &["-o", "json", "--only", "server"]);
    let (_, words) = of(&output, "OPP-SRV-002");
    assert!(words.contains("helm upgrade") && !words.contains("oppscale init"), "{words}");
}

#[test]
fn an_external_metric_is_read_too() {
    let server = install::server();
    let output = init(&server, &["--apis", "external"]);
    assert_eq!(output.code, Some(0), "{output}");
    server.store().change(|store| {
        store.put("/apis/apps/v1/namespaces/idle/deployments/filler", "x", json!({
            "kind": "Deployment", "metadata": {"name": "filler", "namespace": "idle", "labels": {"oppscale.dev/opportunistic": "true"}}
        }));
    });
    let output = check(&server, &["-o", "json", "--only", "server"]);
    // The recorded value is old, and that is said with it.
    assert!(of(&output, "OPP-SRV-003").1.starts_with("17 for idle/filler"), "{output}");
    let asked = server.requests().into_iter().any(|request| {
        request.path
            == "/apis/external.metrics.k8s.io/v1beta1/namespaces/idle/oppscale_fit_replicas"
            && request.parameter("labelSelector") == Some("deployment=filler")
    });
    assert!(asked, "{}", server.log());
}

fn hpa(kind: &str) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "filler", "namespace": "idle"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": "filler"},
            "minReplicas": 3, "maxReplicas": 9,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]
        }
    })
}

#[test]
fn hpas_of_workloads_that_may_not_be_listed_are_unknown_and_stateful_sets_count() {
    let path = "/apis/autoscaling/v2/namespaces/idle/horizontalpodautoscalers/filler";
    let blind = server();
    blind.store().change(|store| {
        store.put(path, "x", hpa("Deployment"));
        store.rights.deny("list", "deployments.apps");
    });
    let output = check(&blind, &["-o", "json", "--only", "autoscaling"]);
    let (result, text) = of(&output, "OPP-HPA-004");
    assert_eq!(result, "unknown", "{output}");
    assert!(text.contains("missing permission: --verb=list --resource=deployments.apps"), "{text}");
    assert_eq!(output.code, Some(3), "{output}");
    let server = server();
    server.store().change(|store| {
        store.put(path, "x", hpa("StatefulSet"));
        store.put("/apis/apps/v1/namespaces/idle/statefulsets/filler", "x", json!({
            "kind": "StatefulSet", "metadata": {"name": "filler", "namespace": "idle", "labels": {"oppscale.dev/opportunistic": "true"}}
        }));
    });
    let output = check(&server, &["-o", "json", "--only", "autoscaling"]);
    assert!(of(&output, "OPP-HPA-004").1.contains("minReplicas is 3"), "{output}");
}

#[test]
fn flags_that_may_not_be_read_are_unknown() {
    let server = server();
    server.store().change(|store| {
        store.flags = None;
        store.rights.deny("list", "pods");
    });
    let output = check(&server, &["-o", "json", "--only", "aggregation,leftovers"]);
    for id in ["OPP-AGG-005", "OPP-AGG-006", "OPP-OLD-003"] {
        let (result, text) = of(&output, id);
        assert_eq!(result, "unknown", "{id}: {output}");
        assert!(
            text.contains("missing permission: --verb=list --resource=pods, in kube-system"),
            "{text}"
        );
    }
    assert_eq!(output.code, Some(3), "{output}");
}

#[test]
fn fixes_name_what_was_checked_and_are_commands_that_run() {
    let server = server();
    let named = ["-n", "cap", "--service", "opp", "--secret", "opp-tls"];
    let args = [&["-o", "json", "--only", "certificates,rights"][..], &named].concat();
    server.store().change(|store| {
        store.user = "dev".to_owned();
        store.rights.deny("list", "nodes");
        store.put(
            "/api/v1/namespaces/cap/secrets/opp-tls",
            "x",
            json!({
                "kind": "Secret", "metadata": {"name": "opp-tls", "namespace": "cap"}, "data": {}
            }),
        );
    });
    let output = check(&server, &args);
    let text = of(&output, "OPP-CRT-001").1;
    assert!(
        text.contains(
            "oppscale certs generate --to-secret --force -n cap --service opp --secret opp-tls"
        ),
        "{text}"
    );
    assert!(of(&output, "OPP-RBA-002").1.contains("--user='dev'"), "{output}");
    // Every command that is told must parse: an image is not optional where nobody is asked.
    for args in [
        &[
            "init",
            "--image",
            "IMAGE",
            "--with",
            "metrics-server",
            "--output-dir",
            "DIR",
            "--distribution",
            "kind",
        ][..],
        &["init", "--image", "IMAGE", "--dry-run=server"],
    ] {
        let output = TestEnv::of(&server).run(args);
        assert!(matches!(output.code, Some(0 | 1 | 3)), "{output}");
    }
    let server = install::server();
    for (distribution, told) in
        [("kind", "--distribution kind"), ("charmed", "--distribution charmed")]
    {
        let output = check(
            &server,
            &["-o", "json", "--only", "metrics-server", "--distribution", distribution],
        );
        let text = of(&output, "OPP-MET-001").1;
        assert!(
            text.contains("oppscale init --image IMAGE --with metrics-server --output-dir DIR"),
            "{text}"
        );
        assert!(text.contains(told), "{text}");
    }
}

fn files(yaml: &str) -> CommandOutput {
    let env = TestEnv::new();
    env.write("m.yaml", yaml);
    env.run(["check", "--only", "leftovers", "-f", "m.yaml"])
}

#[test]
fn retired_flags_are_found_in_scripts_and_for_the_component_that_lacks_them() {
    let script = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  run.sh: |\n    kube-apiserver \\\n    --insecure-port=0\n";
    let output = files(script);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stdout.contains("--insecure-port is refused today"), "{output}");
    let pod = |program: &str| {
        files(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: c\n    command: [{program}, --enable-aggregator-routing=true]\n"
        ))
    };
    let manager = pod("kube-controller-manager");
    assert_eq!(manager.code, Some(1), "{manager}");
    assert!(manager.stdout.contains("--enable-aggregator-routing is refused today"), "{manager}");
    assert_eq!(pod("kube-apiserver").code, Some(0));
}

#[test]
fn a_karpenter_that_is_not_seen_is_not_called_absent() {
    let server: FakeApiServer = server();
    server.change(|world| {
        let pod = &mut world.pods[0];
        pod["metadata"]["labels"]["oppscale.dev/opportunistic"] = "true".into();
    });
    server.always("/apis/karpenter.sh", crate::support::answer::Answer::Raw(503, Vec::new(), "{}"));
    let output = check(&server, &["-o", "json", "--only", "node-autoscaler"]);
    assert_eq!(of(&output, "OPP-NOD-001").0, "unknown", "{output}");
}

/// What keeps a fix from doing harm: the charm's names, and a CA that no renewal touches.
#[test]
fn fixes_of_the_front_proxy_are_those_of_the_distribution() {
    for (distribution, names, renewal) in [
        ("charmed", "requestheader-allowed-names=system:kube-apiserver,client", "juju run"),
        ("k3s", "requestheader-allowed-names=system:auth-proxy", "k3s certificate rotate-ca"),
        ("kubeadm", "value: \"front-proxy-client\"", "kubeadm init phase certs front-proxy-ca"),
        ("microk8s", "--requestheader-allowed-names=front-proxy-client", "microk8s refresh-certs"),
    ] {
        let server = server();
        let old = oppscale::certificates::issue(
            &oppscale::certificates::CertificateSpec::new("a", "b"),
            1_400_000_000,
        );
        server.store().change(|store| {
            let map = &mut store.objects.get_mut(install::CONFIG_MAP).unwrap().value["data"];
            map["requestheader-allowed-names"] = "[]".into();
            map["requestheader-client-ca-file"] = old.unwrap().ca.into();
        });
        let args = ["-o", "json", "--only", "aggregation", "--distribution", distribution];
        let output = check(&server, &args);
        assert!(of(&output, "OPP-AGG-004").1.contains(names), "{distribution}: {output}");
        let (result, text) = of(&output, "OPP-AGG-002");
        assert_eq!(result, "error", "{output}");
        assert!(text.contains(renewal), "{distribution}: {text}");
    }
}
