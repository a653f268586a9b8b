//! `oppscale check`: what is told of clusters that are well, and of those that are not.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::fixture;
use crate::support::review::Rights;
use crate::support::served;
use crate::support::store::Inner;
use crate::support::world::World;

const CONFIG_MAP: &str =
    "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

fn front_proxy(pem: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
        "data": {
            "requestheader-client-ca-file": pem,
            "requestheader-allowed-names": "[\"front-proxy-client\"]",
            "requestheader-username-headers": "[\"X-Remote-User\"]",
            "requestheader-group-headers": "[\"X-Remote-Group\"]",
            "requestheader-extra-headers-prefix": "[\"X-Remote-Extra-\"]"
        }
    })
}

fn ca() -> String {
    oppscale::certificates::issue(
        &oppscale::certificates::CertificateSpec::new("a", "b"),
        1_790_000_000,
    )
    .unwrap()
    .ca
}

pub fn server() -> FakeApiServer {
    let server = Setup::new(World::blog()).storing().start();
    server.store().change(|store| {
        store.put(CONFIG_MAP, "kube-apiserver", front_proxy(&ca()));
        store.flags = Some(served::flags());
    });
    server
}

pub fn check(server: &FakeApiServer, args: &[&str]) -> CommandOutput {
    TestEnv::of(server).run([&["check"], args].concat())
}

/// The result and message of a check.
pub fn of(output: &CommandOutput, id: &str) -> (String, String) {
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = json["categories"].as_array().unwrap().iter();
    let mut checks = checks.flat_map(|category| category["checks"].as_array().unwrap());
    let check = checks.find(|check| check["id"] == id).unwrap_or_else(|| panic!("{id}: {output}"));
    let text = |field: &str| check[field].as_str().unwrap_or_default().to_owned();
    (text("result"), format!("{} | {}", text("message"), text("fix")))
}

#[test]
fn a_cluster_without_oppscale_has_nothing_wrong() {
    let server = server();
    let output = check(&server, &["-o", "json"]);
    assert_eq!(output.code, Some(0), "{output}");
    for (id, result) in [
        ("OPP-CON-001", "success"),
        ("OPP-CON-002", "success"),
        ("OPP-CON-003", "success"),
        ("OPP-RBA-001", "success"),
        ("OPP-RBA-003", "success"),
        ("OPP-RBA-004", "success"),
        ("OPP-RBA-005", "success"),
        ("OPP-AGG-001", "success"),
        ("OPP-AGG-002", "success"),
        ("OPP-AGG-005", "success"),
        ("OPP-AGG-006", "success"),
        ("OPP-MET-001", "warning"),
        ("OPP-PRO-001", "skipped"),
        ("OPP-OWN-001", "success"),
        ("OPP-CRT-001", "skipped"),
        ("OPP-SRV-001", "skipped"),
        ("OPP-CAP-001", "success"),
        ("OPP-OLD-001", "success"),
        ("OPP-OLD-003", "skipped"),
    ] {
        assert_eq!(of(&output, id).0, result, "{id}: {output}");
    }
    assert!(server.writes().is_empty());
    assert_eq!(check(&server, &["-o", "short", "--only", "aggregation"]).stdout, "");
}

#[test]
fn what_the_server_itself_may_not_read_is_told_by_access_reviews() {
    let server = super::install::server();
    assert_eq!(super::install::init(&server, &[]).code, Some(0));
    let look = || of(&check(&server, &["-o", "json", "--only", "server"]), "OPP-SRV-004");
    assert_eq!(look().0, "success");
    server.store().change(|store| store.account_rights.deny("watch", "pods"));
    let (result, text) = look();
    assert_eq!(result, "error");
    assert!(text.contains("system:serviceaccount:oppscale:oppscale may not watch pods"), "{text}");
    // Values do not depend on Events.
    server.store().change(|store| {
        store.account_rights = Rights::default();
        store.account_rights.deny("create", "events");
    });
    let (result, text) = look();
    assert_eq!(result, "warning", "{text}");
    assert!(text.contains("may not create events, so held workloads get no Events"), "{text}");
    // Reviews are needed where tokens are asked for.
    server.store().change(|store| {
        store.account_rights = Rights::default();
        store.account_rights.deny("create", "tokenreviews.authentication.k8s.io");
    });
    assert_eq!(look().0, "success");
    let denied = server.store().change(|store| std::mem::take(&mut store.account_rights));
    assert_eq!(super::install::init(&server, &["--http-auth", "token-review"]).code, Some(0));
    server.store().change(|store| store.account_rights = denied);
    let (result, text) = look();
    assert_eq!(result, "error", "{text}");
    assert!(text.contains("may not create tokenreviews.authentication.k8s.io"), "{text}");
    // What the pressure guard reads, where it is on. Values do not depend on it.
    server.store().change(|store| store.account_rights = Rights::default());
    let on = ["--extra-arg=--pressure-guard=kubelet", "--http-auth", "none"];
    assert_eq!(super::install::init(&server, &on).code, Some(0));
    assert_eq!(look().0, "success");
    server.store().change(|store| store.account_rights.deny("get", "nodes/stats"));
    let (result, text) = look();
    assert_eq!(result, "warning", "{text}");
    assert!(text.contains("may not get nodes/stats, so the pressure guard knows"), "{text}");
}

#[test]
fn fillers_whose_pods_cannot_be_created_are_told_with_the_cause() {
    let server = server();
    let filler = |name: &str, class: &str, conditions: Value| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "idle",
                         "labels": {"oppscale.dev/opportunistic": "true"}},
            "spec": {"replicas": 3, "template": {"spec": {"priorityClassName": class, "containers": []}}},
            "status": {"conditions": conditions}
        })
    };
    server.store().change(|store| {
        store.put(
            "/apis/scheduling.k8s.io/v1/priorityclasses/opportunistic",
            "x",
            json!({"kind": "PriorityClass", "metadata": {"name": "opportunistic"}, "value": -1000}),
        );
        store.deployments_start = false;
        let quota = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": "pods \"b-1\" is forbidden: exceeded quota: idle"}]);
        for (name, class, conditions) in [
            ("a", "opportunistic", json!([{"type": "Available", "status": "False"}])),
            ("b", "opportunistic", quota),
            ("c", "gone", json!([])),
        ] {
            let path = format!("/apis/apps/v1/namespaces/idle/deployments/{name}");
            store.put(&path, "x", filler(name, class, conditions));
        }
    });
    let output = check(&server, &["-o", "json", "--only", "OPP-CAP-004"]);
    assert_eq!(output.code, Some(1), "{output}");
    for words in [
        "exceeded quota: idle",
        "there is no PriorityClass gone, without which none of its pods is created",
    ] {
        assert!(output.stdout.contains(words), "{output}");
    }
    assert!(!output.stdout.contains("idle/a"), "{output}");
    assert!(
        output.stdout.contains("Deployment idle/b") && output.stdout.contains("Deployment idle/c")
    );
}

#[test]
fn held_workloads_are_told_with_what_holds_them() {
    let server = server();
    let labels = json!({"oppscale.dev/opportunistic": "true"});
    server.store().change(|store| {
        store.put(
            "/api/v1/namespaces/idle",
            "x",
            json!({
                "kind": "Namespace", "metadata": {"name": "idle", "labels": labels}
            }),
        );
        for (namespace, name, reserve) in
            [("idle", "good", "30"), ("idle", "typo", "30 cores"), ("closed", "shut", "0")]
        {
            store.put(
                &format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
                "x",
                json!({
                    "apiVersion": "apps/v1", "kind": "Deployment",
                    "metadata": {"name": name, "namespace": namespace, "labels": labels,
                                 "annotations": {"oppscale.dev/reserve": reserve}},
                    "spec": {"template": {"spec": {"containers": []}}}
                }),
            );
        }
    });
    let output = check(&server, &["-o", "json", "--only", "OPP-CAP-005"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stdout.contains("Deployment idle/typo"), "{output}");
    assert!(output.stdout.contains("it is held, and its HPA keeps the replicas"), "{output}");
    assert!(output.stdout.contains("no administrator opened them: closed"), "{output}");
    assert!(!output.stdout.contains("idle/good"), "{output}");
}

/// The server is gone, with its Deployment: as after kubectl delete namespace.
#[test]
fn a_dead_api_of_a_server_that_is_gone_is_a_failure() {
    let server = server();
    server.store().change(|store| {
        let service = json!({
            "kind": "APIService", "metadata": {"name": "v1beta1.custom.metrics.k8s.io"},
            "spec": {"group": "custom.metrics.k8s.io", "version": "v1beta1",
                     "service": {"namespace": "oppscale", "name": "oppscale"}},
            "status": {"conditions": [{"type": "Available", "status": "False",
                       "reason": "ServiceNotFound", "message": "service/oppscale is not present"}]}
        });
        store.available = Some(("False", "ServiceNotFound", "service/oppscale is not present"));
        store.put(super::install::SERVICE, "oppscale", service);
    });
    for args in [&["-o", "json"][..], &["-o", "json", "--only", "owners"]] {
        let output = check(&server, args);
        assert_eq!(output.code, Some(1), "{output}");
        let (result, text) = of(&output, "OPP-OWN-003");
        assert_eq!(result, "error", "{output}");
        assert!(text.contains("no namespace of this cluster can be deleted"), "{text}");
        assert!(text.contains("kubectl delete apiservice v1beta1.custom.metrics.k8s.io"), "{text}");
    }
}

#[test]
fn a_server_that_cannot_be_reached_ends_it_with_a_hint() {
    let env = TestEnv::new();
    env.write(
        "k",
        r#"{"apiVersion":"v1","kind":"Config","current-context":"c",
        "clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],
        "users":[{"name":"u","user":{}}],
        "contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}]}"#,
    );
    let output = env.run(["check", "--kubeconfig", "k", "-o", "json"]);
    assert_eq!(output.code, Some(1), "{output}");
    let (result, text) = of(&output, "OPP-CON-001");
    assert_eq!(result, "error");
    assert!(text.contains("is the cluster up"), "{text}");
    assert!(!output.stdout.contains("OPP-RBA-001"), "nothing else makes sense");
}

#[test]
fn who_may_read_nothing_gets_unknowns_and_code_3() {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("*", "*");
        store.user = "dev".to_owned();
        store.flags = None;
    });
    let output = check(&server, &["-o", "json"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert_eq!(of(&output, "OPP-RBA-001"), ("success".to_owned(), "dev | ".to_owned()));
    for id in
        ["OPP-AGG-001", "OPP-OWN-001", "OPP-CRT-001", "OPP-SRV-001", "OPP-CAP-003", "OPP-HPA-001"]
    {
        let (result, text) = of(&output, id);
        assert_eq!(result, "unknown", "{id}: {text}");
        assert!(text.contains("missing permission: --verb="), "{id}: {text}");
    }
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(json["summary"]["failed"], 0);
}

/// Each way to be wrong, and what is said of it.
#[test]
fn what_is_wrong_is_told_with_its_fix() {
    type Change = fn(&mut Inner);
    let cases: [(&str, Change, &str, &str, &str); 9] = [
        (
            "aggregation",
            |s| {
                s.objects.remove(CONFIG_MAP);
            },
            "OPP-AGG-001",
            "error",
            "aggregates nothing",
        ),
        (
            "aggregation",
            |s| {
                s.put(
                    CONFIG_MAP,
                    "x",
                    json!({"kind": "ConfigMap", "metadata": {}, "data": {"client-ca-file": "x"}}),
                )
            },
            "OPP-AGG-001",
            "error",
            "holds no requestheader-client-ca-file",
        ),
        (
            "aggregation",
            |s| {
                s.put(CONFIG_MAP, "x", {
                    let mut map = front_proxy(&ca());
                    map["data"]["requestheader-allowed-names"] = "[]".into();
                    map
                })
            },
            "OPP-AGG-004",
            "warning",
            "every certificate of that CA may speak for any user",
        ),
        (
            "aggregation",
            |s| s.flags = Some(json!({"flags": {"requestheader-client-ca-file": "x"}})),
            "OPP-AGG-005",
            "error",
            "proxy-client-cert-file, proxy-client-key-file",
        ),
        (
            "aggregation",
            |s| {
                s.flags = Some(
                    json!({"flags": {"requestheader-client-ca-file": "x", "proxy-client-cert-file": "x", "proxy-client-key-file": "x", "requestheader-allowed-names": "[aggregator]"}}),
                )
            },
            "OPP-AGG-006",
            "error",
            "it runs with the name aggregator, which is not published",
        ),
        (
            "owners",
            |s| {
                s.put(
                    "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io",
                    "helm",
                    keda(),
                )
            },
            "OPP-OWN-002",
            "success",
            "Service keda/keda-operator-metrics-apiserver, Helm release keda/keda",
        ),
        (
            "owners",
            |s| {
                s.available = Some(("False", "MissingEndpoints", "no endpoints"));
                s.put(
                    "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io",
                    "helm",
                    keda(),
                );
            },
            "OPP-OWN-003",
            "error",
            "no namespace of this cluster can be deleted",
        ),
        (
            "leftovers",
            |s| {
                s.put("/apis/apps/v1/namespaces/kube-system/deployments/heapster", "x", json!({"kind": "Deployment", "metadata": {"name": "heapster", "namespace": "kube-system"}}))
            },
            "OPP-OLD-001",
            "warning",
            "metrics-server took its place",
        ),
        (
            "leftovers",
            |s| {
                s.put("/api/v1/namespaces/kube-system/pods/kcm", "x", json!({"kind": "Pod", "metadata": {"name": "kcm", "labels": {"component": "kube-controller-manager"}}, "spec": {"containers": [{"command": ["kube-controller-manager", "--horizontal-pod-autoscaler-upscale-delay=1m"]}]}}))
            },
            "OPP-OLD-003",
            "error",
            "behavior.scaleUp",
        ),
    ];
    for (category, change, id, result, text) in cases {
        let server = server();
        server.store().change(change);
        let output = check(&server, &["-o", "json", "--only", category]);
        let (found, words) = of(&output, id);
        assert_eq!(found, result, "{id}: {output}");
        assert!(words.contains(text), "{id}: {words}");
        assert_eq!(output.code, Some(if result == "error" { 1 } else { 0 }), "{output}");
    }
}

fn keda() -> Value {
    json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {
            "name": "v1beta1.external.metrics.k8s.io",
            "annotations": {"meta.helm.sh/release-name": "keda", "meta.helm.sh/release-namespace": "keda"}
        },
        "spec": {
            "group": "external.metrics.k8s.io", "version": "v1beta1",
            "service": {"namespace": "keda", "name": "keda-operator-metrics-apiserver"},
            "groupPriorityMinimum": 100, "versionPriority": 100
        }
    })
}

#[test]
fn the_articles_manifests_are_told_to_be_old_without_a_cluster() {
    let env = TestEnv::new();
    env.write("old/a.yaml", "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: miner}\n---\napiVersion: autoscaling/v2beta1\nkind: HorizontalPodAutoscaler\nmetadata: {name: miner}\n");
    env.write("old/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fine}\n");
    let output = env.run(["check", "-f", "old", "--only", "leftovers"]);
    insta::assert_snapshot!(output, @"
    leftovers
      xx OPP-OLD-004 no manifest has a retired API version or flag (old/a.yaml: Deployment miner)
           apps/v1beta1 of Deployment was removed after 1.15: every later server refuses it
           fix: write apps/v1
           see  docs/checks.md#opp-old-004
      xx OPP-OLD-004 no manifest has a retired API version or flag (old/a.yaml: HorizontalPodAutoscaler miner)
           autoscaling/v2beta1 of HorizontalPodAutoscaler was removed after 1.24: every later server refuses it
           fix: write autoscaling/v2: metric{name,selector}, target{type,value,averageValue}
           see  docs/checks.md#opp-old-004

    2 failed
    [EOF]
    [exit status: 1]
    ");
    let fine = env.run(["check", "-f", "old/b.yaml", "--only", "leftovers"]);
    assert_eq!(fine.code, Some(0), "{fine}");
}

#[test]
fn hpas_in_files_are_judged_without_a_cluster() {
    let env = TestEnv::new();
    let case = |name: &str| std::fs::read_to_string(fixture(&format!("hpa/{name}.yaml"))).unwrap();
    for name in ["s04-cpu", "s53-two", "s31-expr", "s30-two", "refused/07-nameslash"] {
        env.write(&format!("hpas/{}.yaml", name.trim_start_matches("refused/")), &case(name));
    }
    env.write("hpas/template.yaml", "kind: {{ .Values.kind }}\n  - x: [\n");
    env.write("hpas/z.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fine}\n");
    let output = env.run(["check", "-f", "hpas", "--only", "leftovers,OPP-HPA-001", "-o", "json"]);
    assert_eq!(output.code, Some(1), "{output}");
    for words in [
        "07-nameslash.yaml, line",
        "spec.scaleTargetRef.name: Invalid value",
        "At a constant load the HPA settles",
        "down scales the same target, so the controller stops both",
        "it fills idle capacity, so its verdict depends on the cluster",
        "State it for rabbitmq_queue_messages_ready",
        "hpas/template.yaml",
    ] {
        assert!(output.stdout.contains(words), "{words}: {output}");
    }
}

#[test]
fn flags_in_kubeadms_configuration_are_looked_at() {
    let env = TestEnv::new();
    for (version, args) in [
        ("v1beta3", "{insecure-port: \"0\", profiling: \"false\"}"),
        ("v1beta4", "[{name: insecure-port, value: \"0\"}]"),
    ] {
        let text = format!(
            "apiVersion: kubeadm.k8s.io/{version}\nkind: ClusterConfiguration\napiServer:\n  extraArgs: {args}\n"
        );
        env.write("kubeadm.yaml", &text);
        let output = env.run(["check", "-f", "kubeadm.yaml", "--only", "leftovers"]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stdout.contains("--insecure-port is refused today"), "{output}");
        assert!(output.stdout.contains(", kube-apiserver)"), "{output}");
    }
}

#[test]
fn waiting_ends_when_it_is_right_or_when_time_is_up() {
    let server = server();
    server.store().change(|store| {
        store.objects.remove(CONFIG_MAP);
    });
    let args = ["--only", "aggregation", "--wait", "--timeout", "1s", "-o", "short"];
    let output = check(&server, &args);
    assert_eq!(output.code, Some(124), "{output}");
    let env = TestEnv::of(&server);
    let running = env.start(["check", "--only", "aggregation", "--wait", "--timeout", "50s"]);
    server.wait_for(CONFIG_MAP);
    server.store().change(|store| store.put(CONFIG_MAP, "x", front_proxy(&ca())));
    assert_eq!(env.finish(running).code, Some(0));
}

#[test]
fn manifests_that_are_none_are_not_taken_for_good_ones() {
    let env = TestEnv::new();
    env.write("empty", "");
    let output = env.run(["check", "--only", "leftovers", "-f", "empty"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.starts_with("error: empty holds no manifest\n"), "{output}");
}

#[test]
fn distributions_are_recognized_and_can_be_named() {
    for (version, name) in [
        ("v1.36.2+k3s1", "k3s"),
        ("v1.35.0-eks-abc", "eks"),
        ("v1.34.1-gke.100", "gke"),
        ("v1.33.0+rke2r1", "rke2"),
    ] {
        let mut world = World::nodes_alone();
        world.version["gitVersion"] = version.into();
        let server = Setup::new(world).storing().start();
        let output = check(&server, &["-o", "json", "--only", "connection,aggregation"]);
        assert!(of(&output, "OPP-CON-004").1.starts_with(name), "{output}");
    }
    let server = Setup::new(World::nodes_alone()).storing().start();
    let output =
        check(&server, &["-o", "json", "--only", "aggregation", "--distribution", "charmed"]);
    assert!(
        of(&output, "OPP-AGG-001").1.contains("juju config kubernetes-control-plane"),
        "{output}"
    );
    assert!(of(&output, "OPP-AGG-001").1.contains("replaces, it does not add"));
    let wrong = check(&server, &["--distribution", "slackware"]);
    assert_eq!(wrong.code, Some(2));
}

#[test]
fn single_checks_are_selected_by_id_and_an_unknown_id_is_a_usage_error() {
    let server = server();
    let output = check(&server, &["-o", "json", "--only", "OPP-AGG-003"]);
    assert_eq!(of(&output, "OPP-AGG-003").0, "success");
    assert!(!output.stdout.contains("OPP-AGG-002"), "{output}");
    let output = check(&server, &["--only", "OPP-AGG-009"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("did you mean OPP-AGG-001?"), "{output}");
}

/// IDs in the code, in the catalog and in the docs are the same.
#[test]
fn every_id_is_documented_and_every_documented_id_exists() {
    use oppscale_core::check::{Category, CheckId};
    use std::collections::BTreeSet;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalog: BTreeSet<String> = CheckId::ALL.iter().map(|id| format!("{id:?}")).collect();
    let mut used = BTreeSet::new();
    for entry in std::fs::read_dir(root.join("src/checks")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let variants = text.split("CheckId::").skip(1).filter_map(|rest| {
            let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
            name.starts_with(char::is_uppercase).then(|| name.to_owned())
        });
        used.extend(variants);
    }
    assert_eq!(used, catalog);
    let page = std::fs::read_to_string(root.join("docs/checks.md")).unwrap();
    let headings = page.lines().filter(|line| line.starts_with("## ") || line.starts_with("### "));
    let expected = Category::ALL.iter().flat_map(|category| {
        let checks = category.checks().map(|id| format!("### {id}"));
        std::iter::once(format!("## {}", category.name())).chain(checks)
    });
    assert_eq!(headings.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// The failures and warnings of OPP-CAP-006 for one filler on the usage basis: its burn, the
/// resources of its containers, and sidecars.
fn usage_basis(
    burn: Option<&str>,
    resources: Value,
    sidecars: Value,
    change: impl FnOnce(&mut World),
) -> (Option<i32>, String) {
    let mut world = World::blog().with_metrics();
    change(&mut world);
    let server = Setup::new(world).storing().start();
    let mut annotations = json!({"oppscale.dev/basis": "usage"});
    if let Some(burn) = burn {
        annotations["oppscale.dev/burn"] = burn.into();
    }
    let filler = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "filler", "namespace": "idle", "annotations": annotations,
                     "labels": {"oppscale.dev/opportunistic": "true"}},
        "spec": {"template": {"spec": {"initContainers": sidecars, "containers": [
            {"name": "work", "image": "registry.example/work:1", "resources": resources}
        ]}}}
    });
    let path = "/apis/apps/v1/namespaces/idle/deployments/filler";
    server.store().change(|store| store.put(path, "x", filler));
    let output = check(&server, &["-o", "json", "--only", "OPP-CAP-006"]);
    (output.code, output.stdout)
}

fn small() -> Value {
    json!({"requests": {"cpu": "10m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}})
}

#[test]
fn a_filler_on_the_usage_basis_passes_as_it_is_rendered() {
    let (code, text) = usage_basis(Some("1"), small(), json!([]), |_| {});
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\"1 workload\""), "{text}");
}

#[test]
fn a_server_without_the_pressure_guard_is_noted() {
    let of_server = |args: Value| {
        let server = Setup::new(World::blog().with_metrics()).storing().start();
        let put = |name: &str, namespace: &str, more: Value, pod: Value| {
            let mut metadata = json!({"name": name, "namespace": namespace});
            for (key, value) in more.as_object().unwrap() {
                metadata[key] = value.clone();
            }
            let deployment = json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
                "spec": {"template": {"spec": pod}}
            });
            let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
            server.store().change(|store| store.put(&path, "x", deployment));
        };
        let container =
            json!({"name": "work", "image": "registry.example/work:1", "resources": small()});
        let basis = json!({
            "labels": {"oppscale.dev/opportunistic": "true"},
            "annotations": {"oppscale.dev/basis": "usage", "oppscale.dev/burn": "1"}
        });
        put("filler", "idle", basis, json!({"containers": [container]}));
        let pod = json!({"containers": [{"name": "oppscale", "image": "i", "args": args}]});
        put("oppscale", "oppscale", json!({}), pod);
        let output = check(&server, &["-o", "json", "--only", "OPP-CAP-006"]);
        assert_eq!(output.code, Some(0), "{output}");
        output.stdout.contains("the pressure guard is off")
    };
    assert!(of_server(json!(["serve"])));
    assert!(!of_server(json!(["serve", "--pressure-guard=kubelet"])));
}

#[test]
fn the_usage_basis_needs_metrics_server_and_memory() {
    let (code, text) = usage_basis(Some("1"), small(), json!([]), |world| world.metrics = None);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("metrics.k8s.io is not served"), "{text}");
    assert!(text.contains("metrics-server"), "{text}");
    // Nodes of 96Gi; what a sidecar requests counts, too.
    let sidecar = |memory: &str| {
        let resources = json!({"requests": {"memory": memory}, "limits": {"memory": memory}});
        json!([{"name": "side", "image": "registry.example/side:1", "restartPolicy": "Always",
            "resources": resources}])
    };
    let (_, text) = usage_basis(Some("1"), small(), sidecar("96Gi"), |_| {});
    assert!(text.contains("no node has 97Gi of memory left beside paid pods"), "{text}");
    let (code, text) = usage_basis(Some("1"), small(), sidecar("1Gi"), |_| {});
    assert_eq!(code, Some(0), "{text}");
    let more = json!({"requests": {"cpu": "10m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}});
    let (_, text) = usage_basis(Some("1"), more, json!([]), |_| {});
    assert!(text.contains("container work may use more memory than it requests"), "{text}");
}

#[test]
fn the_cpu_of_a_filler_on_the_usage_basis_is_judged_as_it_is_counted() {
    let limited = |cpu: &str| json!({"requests": {"cpu": "10m", "memory": "1Gi"}, "limits": {"cpu": cpu, "memory": "1Gi"}});
    let (_, text) = usage_basis(Some("2"), limited("500m"), json!([]), |_| {});
    assert!(text.contains("its CPU limit 500m throttles a replica below the 2"), "{text}");
    // The limit is the burn, unless a sidecar has none: then the server holds the workload.
    let (code, text) = usage_basis(None, limited("1"), json!([]), |_| {});
    assert_eq!(code, Some(0), "{text}");
    let sidecar = |resources: Value| {
        json!([{"name": "side", "image": "registry.example/side:1", "restartPolicy": "Always",
            "resources": resources}])
    };
    let of_memory = json!({"requests": {"memory": "64Mi"}, "limits": {"memory": "64Mi"}});
    let (code, text) = usage_basis(None, limited("1"), sidecar(of_memory), |_| {});
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the cores that a replica uses are unknown"), "{text}");
    let both = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
    let (code, text) = usage_basis(None, both.clone(), json!([]), |_| {});
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("its pods are Guaranteed"), "{text}");
    // An init container without limits makes them Burstable.
    let init = json!([{"name": "init", "image": "registry.example/init:1"}]);
    let (_, text) = usage_basis(None, both, init, |_| {});
    assert!(!text.contains("Guaranteed"), "{text}");
    assert!(text.contains("a replica requests 1 of cpu"), "{text}");
}

/// Under the static CPU manager policy, which no object of the API tells.
#[test]
fn paid_pods_of_whole_cores_are_told() {
    let (code, text) = usage_basis(Some("1"), small(), json!([]), |world| {
        let is_paid = |pod: &&mut Value| {
            let is_running = pod["status"]["phase"] == "Running";
            is_running && pod["metadata"]["labels"]["app"] != "electroneum"
        };
        let pod = world.pods.iter_mut().find(is_paid).unwrap();
        let list = json!({"cpu": "2", "memory": "1Gi"});
        pod["spec"]["containers"] = json!([{"name": "db", "image": "db",
            "resources": {"requests": list, "limits": list}}]);
        for field in ["initContainers", "resources", "overhead"] {
            pod["spec"].as_object_mut().unwrap().remove(field);
        }
    });
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 Guaranteed paid pod with 2 whole cores in all"), "{text}");
}

#[test]
fn paid_pods_without_requests_are_told() {
    let (_, text) = usage_basis(Some("1"), small(), json!([]), |world| {
        let is_paid = |pod: &&mut Value| pod["metadata"]["labels"]["app"] != "electroneum";
        let pod = world.pods.iter_mut().find(is_paid).unwrap();
        for container in pod["spec"]["containers"].as_array_mut().unwrap() {
            container.as_object_mut().unwrap().remove("resources");
        }
        pod["spec"].as_object_mut().unwrap().remove("resources");
    });
    assert!(text.contains("1 paid pod with a request of less than 10m of cpu"), "{text}");
}
