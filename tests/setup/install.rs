//! `oppscale init` and `uninstall`: fresh, again, drifted, refused, interrupted, taken away.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::{CommandOutput, TestEnv, signal};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::tools::tool;
use crate::support::world::World;

pub const CONFIG_MAP: &str =
    "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
const SERVICE: &str = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.custom.metrics.k8s.io";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/oppscale/deployments/oppscale";
const SECRET: &str = "/api/v1/namespaces/oppscale/secrets/oppscale-tls";

pub fn server() -> FakeApiServer {
    let server = Setup::new(World::nodes_alone()).storing().start();
    let ca =
        oppscale::certificates::mint(&oppscale::certificates::Recipe::new("a", "b"), 1_790_000_000);
    server.store().change(|store| {
        store.put(
            CONFIG_MAP,
            "kube-apiserver",
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
                "data": {
                    "requestheader-client-ca-file": ca.unwrap().ca,
                    "requestheader-allowed-names": "[\"front-proxy-client\"]",
                    "requestheader-username-headers": "[\"X-Remote-User\"]",
                    "requestheader-group-headers": "[\"X-Remote-Group\"]"
                }
            }),
        );
    });
    server
}

fn init(server: &FakeApiServer, args: &[&str]) -> CommandOutput {
    let args = [&["init", "--image", "registry.example/oppscale:0.1", "--yes"], args].concat();
    TestEnv::of(server).run(args)
}

#[test]
fn a_fresh_cluster_is_set_up_in_the_safe_order_and_a_second_run_writes_nothing() {
    let server = server();
    let output = init(&server, &[]);
    assert_snapshot!(output, @"
    create  Namespace oppscale
    create  ServiceAccount oppscale/oppscale
    create  ClusterRole oppscale
    create  ClusterRoleBinding oppscale
    create  RoleBinding kube-system/oppscale-auth-reader
    create  Secret oppscale/oppscale-tls
    create  Service oppscale/oppscale
    create  Deployment oppscale/oppscale
    create  PodDisruptionBudget oppscale/oppscale
    create  APIService v1beta1.custom.metrics.k8s.io
    create  APIService v1beta2.custom.metrics.k8s.io
    11 changes made
    ------- stderr -------
    note: the API answers; what fills the cluster comes next:
          oppscale render-hpa --reserve 15%
    [EOF]
    ");
    assert_snapshot!(server.writes().join("\n"), @"
    PATCH /api/v1/namespaces/oppscale
    PATCH /api/v1/namespaces/oppscale/serviceaccounts/oppscale
    PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale
    PATCH /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/oppscale
    PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/oppscale-auth-reader
    PATCH /api/v1/namespaces/oppscale/secrets/oppscale-tls
    PATCH /api/v1/namespaces/oppscale/services/oppscale
    PATCH /apis/apps/v1/namespaces/oppscale/deployments/oppscale
    PATCH /apis/policy/v1/namespaces/oppscale/poddisruptionbudgets/oppscale
    PATCH /apis/apiregistration.k8s.io/v1/apiservices/v1beta1.custom.metrics.k8s.io
    PATCH /apis/apiregistration.k8s.io/v1/apiservices/v1beta2.custom.metrics.k8s.io
    ");
    let writes = server.writes().len();
    let secret = server.store().object(SECRET).unwrap();
    let again = init(&server, &[]);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stdout.contains("nothing to change"), "{again}");
    assert_eq!(server.writes().len(), writes, "a second run writes nothing");
    assert_eq!(server.store().object(SECRET).unwrap(), secret);
    // Nor is anybody asked when there is nothing to do.
    let env = TestEnv::of(&server);
    let asked = env.run(["init", "--image", "registry.example/oppscale:0.1"]);
    assert_eq!(asked.code, Some(0), "{asked}");
}

#[test]
fn what_drifted_is_shown_as_a_diff_and_put_right() {
    let server = server();
    let _ = init(&server, &[]);
    let plan = TestEnv::of(&server).run([
        "init",
        "--image",
        "registry.example/oppscale:0.2",
        "--dry-run=server",
    ]);
    assert_eq!(plan.code, Some(0), "{plan}");
    assert!(plan.stdout.contains("change  Deployment oppscale/oppscale\n"), "{plan}");
    assert!(
        plan.stdout.contains("-        image: \"registry.example/oppscale:0.1\"")
            || plan.stdout.contains("image: registry.example/oppscale:0.1"),
        "{plan}"
    );
    assert!(plan.stdout.contains("registry.example/oppscale:0.2"), "{plan}");
    let before = server.writes().len();
    let output =
        TestEnv::of(&server).run(["init", "--image", "registry.example/oppscale:0.2", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(server.writes()[before..], [format!("PATCH {DEPLOYMENT}")]);
}

#[test]
fn without_a_terminal_and_yes_nothing_is_changed() {
    let server = server();
    let output = TestEnv::of(&server).run(["init", "--image", "registry.example/oppscale:0.1"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("and nobody can be asked"), "{output}");
    assert!(output.stderr.contains("--yes makes them without asking"), "{output}");
    assert!(server.writes().is_empty());
    let output = TestEnv::of(&server).run(["init"]);
    assert_snapshot!(output, @"
    ------- stderr -------
    error: which image is the metrics server's?
     hint: --image REGISTRY/oppscale:VERSION
    [EOF]
    [exit status: 2]
    ");
}

#[test]
fn a_foreign_owner_is_named_and_left_alone() {
    let server = server();
    server.store().change(|store| {
        store.put(
            SERVICE,
            "helm",
            json!({
                "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
                "metadata": {
                    "name": "v1beta1.custom.metrics.k8s.io",
                    "annotations": {
                        "meta.helm.sh/release-name": "adapter",
                        "meta.helm.sh/release-namespace": "monitoring"
                    }
                },
                "spec": {
                    "group": "custom.metrics.k8s.io", "version": "v1beta1",
                    "service": {"namespace": "monitoring", "name": "prometheus-adapter"},
                    "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": true
                }
            }),
        );
    });
    for args in [&[][..], &["--force-conflicts"]] {
        let output = init(&server, args);
        assert_eq!(output.code, Some(4), "{output}");
        assert!(output.stderr.contains(
            "APIService v1beta1.custom.metrics.k8s.io belongs to Service monitoring/prometheus-adapter, Helm release monitoring/adapter"
        ), "{output}");
        assert!(output.stderr.contains("--apis external"), "{output}");
        assert!(server.writes().is_empty());
    }
    // The other API is free.
    let output = init(&server, &["--apis", "external"]);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn fields_of_helm_are_a_conflict_unless_they_are_taken_over() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        let object = store.objects.get_mut(DEPLOYMENT).unwrap();
        let fields = object.owners.remove("oppscale").unwrap();
        object.owners.insert("helm".to_owned(), fields);
        object.value["spec"]["replicas"] = 3.into();
    });
    let writes = server.writes().len();
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(
        output.stderr.contains("Deployment oppscale/oppscale: helm owns .spec.replicas"),
        "{output}"
    );
    assert_eq!(server.writes().len(), writes);
    let output = init(&server, &["--force-conflicts"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(server.store().object(DEPLOYMENT).unwrap()["spec"]["replicas"], 2);
}

#[test]
fn an_object_of_helm_is_told_by_its_label() {
    let server = server();
    server.store().change(|store| {
        store.put("/api/v1/namespaces/oppscale", "x", json!({"kind": "Namespace", "metadata": {"name": "oppscale"}}));
        store.put(DEPLOYMENT, "helm", json!({
            "kind": "Deployment", "metadata": {"name": "oppscale", "namespace": "oppscale", "labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "opp"}}
        }));
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(
        output.stderr.contains("Deployment oppscale/oppscale belongs to Helm (release opp)"),
        "{output}"
    );
    assert!(server.writes().is_empty());
}

/// Each right that an installation takes, missing in turn.
#[test]
fn each_missing_right_is_named_with_the_smallest_grant() {
    for (resource, rule) in [
        ("namespaces", "namespaces"),
        ("clusterroles.rbac.authorization.k8s.io", "clusterroles"),
        ("clusterrolebindings.rbac.authorization.k8s.io", "clusterrolebindings"),
        ("rolebindings.rbac.authorization.k8s.io", "rolebindings"),
        ("apiservices.apiregistration.k8s.io", "apiservices"),
        ("secrets", "secrets"),
        ("services", "services"),
        ("serviceaccounts", "serviceaccounts"),
        ("deployments.apps", "deployments"),
        ("poddisruptionbudgets.policy", "poddisruptionbudgets"),
    ] {
        let server = server();
        server.store().change(|store| {
            store.rights.deny("patch", resource);
            store.user = "dev".to_owned();
        });
        let output = init(&server, &[]);
        assert_eq!(output.code, Some(3), "{resource}: {output}");
        let refusal = format!("cannot patch resource \"{rule}\"");
        let words = [refusal, format!("you may not patch {rule}")];
        assert!(words.iter().any(|text| output.stderr.contains(text)), "{output}");
        assert!(
            output.stdout.contains("kind: ClusterRole\n") || output.stdout.contains("kind: Role\n"),
            "{output}"
        );
        assert!(output.stdout.contains("name: oppscale-installer"), "{output}");
        assert!(output.stdout.contains("name: dev"), "{output}");
        assert!(!output.stdout.contains("cluster-admin"), "{output}");
        assert!(output.stdout.contains(rule), "{output}");
        assert!(server.writes().is_empty());
    }
}

#[test]
fn who_may_nothing_is_told_all_of_it() {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("*", "*");
        store.user = "dev".to_owned();
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(3), "{output}");
    for resource in
        ["namespaces", "secrets", "services", "deployments", "apiservices", "poddisruptionbudgets"]
    {
        assert!(output.stdout.contains(resource), "{resource}: {output}");
    }
    assert!(server.writes().is_empty());
}

#[test]
fn cluster_admin_is_granted_only_when_asked_and_taken_back() {
    let server = server();
    let output = init(&server, &["--grant-cluster-admin"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output
            .stderr
            .contains("undo it with: kubectl delete clusterrolebinding oppscale-bootstrap-admin"),
        "{output}"
    );
    let binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/oppscale-bootstrap-admin";
    assert!(server.writes().contains(&format!("DELETE {binding}")));
    assert!(server.store().object(binding).is_none());
}

#[test]
fn a_namespace_that_is_being_deleted_is_not_filled() {
    let server = server();
    server.store().change(|store| {
        store.put("/api/v1/namespaces/oppscale", "x", json!({
            "kind": "Namespace", "metadata": {"name": "oppscale"},
            "status": {"phase": "Terminating", "conditions": [{"type": "NamespaceDeletionDiscoveryFailure", "status": "True", "message": "Discovery failed for some groups"}]}
        }));
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output
            .stderr
            .contains("namespace oppscale is being deleted: Discovery failed for some groups"),
        "{output}"
    );
    assert!(server.writes().is_empty());
}

#[test]
fn without_the_front_proxys_ca_nothing_is_begun() {
    let server = server();
    server.store().change(|store| store.objects.remove(CONFIG_MAP));
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("error: OPP-AGG-001: ConfigMap kube-system/"), "{output}");
    assert!(server.writes().is_empty());
}

#[test]
fn pods_that_do_not_start_end_it_in_time_and_the_api_is_not_handed_over() {
    let server = server();
    server.store().change(|store| store.deployments_start = false);
    let output = init(&server, &["--timeout", "1s"]);
    assert_eq!(output.code, Some(124), "{output}");
    assert!(output.stderr.contains("0 of 2 pods are available"), "{output}");
    assert!(output.stderr.contains("changes were made"), "{output}");
    assert!(server.store().object(SERVICE).is_none());
    // Once they start, the next run finishes.
    server.store().change(|store| {
        store.deployments_start = true;
        let deployment = store.objects.remove(DEPLOYMENT).unwrap();
        store.put(DEPLOYMENT, "oppscale", deployment.value);
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(server.store().object(SERVICE).is_some());
}

#[test]
fn an_api_that_does_not_become_available_is_taken_back() {
    let server = server();
    server.store().change(|store| {
        store.available = Some((
            "False",
            "FailedDiscoveryCheck",
            "x509: certificate signed by unknown authority",
        ));
    });
    let output = init(&server, &["--timeout", "2s"]);
    assert_eq!(output.code, Some(124), "{output}");
    assert!(
        output.stderr.contains("deleted APIService v1beta1.custom.metrics.k8s.io again"),
        "{output}"
    );
    assert!(server.store().object(SERVICE).is_none(), "namespaces could not be deleted otherwise");
}

#[test]
fn ctrl_c_says_what_was_done_and_the_next_run_finishes() {
    let cases: [(&str, &str); 3] = [
        ("/version", "nothing was changed"),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale", "nothing was changed"),
        (DEPLOYMENT, "changes were made"),
    ];
    for (path, words) in cases {
        let server = server();
        if words == "changes were made" {
            // The plan asks twice before: what it is, and what would become of it.
            server.next(path, [Answer::Serve, Answer::Serve]);
        }
        server.always(path, Answer::Silence);
        let env = TestEnv::of(&server);
        let running = env.start(["init", "--image", "i", "--yes"]);
        match words {
            "changes were made" => {
                let at = std::time::Instant::now();
                while server.writes().iter().filter(|w| w.contains(DEPLOYMENT)).count() == 0 {
                    assert!(at.elapsed().as_secs() < 50);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
            _ => server.wait_for(path),
        }
        signal("INT", running.id());
        let output = env.finish(running);
        assert_eq!(output.code, Some(130), "{path}: {output}");
        if path != "/version" {
            assert!(output.stderr.contains(words), "{path}: {output}");
        }
        server.always(path, Answer::Serve);
        let output = env.run(["init", "--image", "i", "--yes"]);
        assert_eq!(output.code, Some(0), "{output}");
    }
}

#[test]
fn exported_manifests_are_what_init_applies_and_kubectl_takes_them() {
    let Some(kubectl) = tool("kubectl") else { return };
    let applied = server();
    let env = TestEnv::of(&applied);
    let args = ["init", "--image", "registry.example/oppscale:0.1"];
    let text = env.run([&args[..], &["--export", "-", "--export-secrets"]].concat());
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
    let output = env.run(["init", "--image", "i", "--export", "out", "--kustomize"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("out/kustomization.yaml"), "{output}");
    assert!(
        !output.stdout.contains("secret") && !output.stdout.contains("api-service"),
        "{output}"
    );
    assert!(output.stderr.contains("the Secret and the APIServices are left out"), "{output}");
    let output = env.run(["init", "--image", "i", "--export", "with", "--export-secrets"]);
    let secret = output.stdout.lines().find(|line| line.contains("secret")).unwrap().to_owned();
    let mode = std::fs::metadata(env.path(&secret)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let manager =
        env.run(["init", "--image", "i", "--export", "-", "--certificates", "cert-manager"]);
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
        "--export",
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
    assert_eq!(adapter["tls"], json!({"enable": false}));
    assert!(!text.contains("PRIVATE"));
    assert_eq!(
        read("metrics-server.values.yaml").1,
        json!({"replicas": 2, "args": ["--kubelet-insecure-tls"]})
    );
    assert_eq!(
        read("kube-prometheus-stack.values.yaml").1["prometheus"]["prometheusSpec"],
        json!({"serviceMonitorSelectorNilUsesHelmValues": false})
    );
    assert!(!env.path("out/prometheus-adapter.with-key.values.yaml").exists());
    let output = env.run([
        "init",
        "--image",
        "i",
        "--pipeline",
        "prometheus",
        "--export",
        "k",
        "--export-secrets",
    ]);
    assert!(!output.to_string().contains("PRIVATE"), "{output}");
    let text =
        std::fs::read_to_string(env.path("k/prometheus-adapter.with-key.values.yaml")).unwrap();
    assert!(text.contains("BEGIN PRIVATE KEY"));
}

#[test]
fn a_servicemonitor_gets_the_labels_that_prometheus_wants() {
    let server = server();
    server.store().change(|store| {
        store.groups.insert("monitoring.coreos.com".to_owned());
        store.put(
            "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses/k8s",
            "x",
            json!({
                "kind": "Prometheus", "metadata": {"name": "k8s", "namespace": "monitoring"},
                "spec": {"serviceMonitorSelector": {"matchLabels": {"release": "monitoring"}}}
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
    assert!(server.store().object(SERVICE).is_none());
    let deployment = server.store().object(DEPLOYMENT).unwrap();
    assert!(deployment.to_string().contains("--apis=none"));
}

#[test]
fn no_key_is_shown_at_any_verbosity() {
    let server = server();
    let output = init(&server, &["-vvv"]);
    let secret = server.store().object(SECRET).unwrap();
    let key = secret["data"]["tls.key"].as_str().unwrap();
    assert!(!output.to_string().contains("PRIVATE") && !output.to_string().contains(&key[..40]));
    // A key that was replaced is not shown by the difference either.
    server.store().change(|store| {
        store.objects.get_mut(SECRET).unwrap().value["data"]["tls.crt"] = "eA==".into();
    });
    let output = TestEnv::of(&server).run(["init", "--image", "i", "--dry-run=server", "-vvv"]);
    assert!(output.stdout.contains("change  Secret"), "{output}");
    assert!(!output.to_string().contains(&key[..40]), "{output}");
}

#[test]
fn uninstalling_deletes_the_api_first_and_leaves_nothing_of_ours() {
    let server = server();
    let _ = init(&server, &[]);
    let before = server.writes().len();
    let plan = TestEnv::of(&server).run(["uninstall", "--dry-run"]);
    assert_snapshot!(plan, @"
    delete  APIService v1beta1.custom.metrics.k8s.io
    delete  APIService v1beta2.custom.metrics.k8s.io
    delete  Deployment oppscale/oppscale
    delete  PodDisruptionBudget oppscale/oppscale
    delete  Service oppscale/oppscale
    delete  Secret oppscale/oppscale-tls
    delete  RoleBinding kube-system/oppscale-auth-reader
    delete  ClusterRoleBinding oppscale
    delete  ClusterRole oppscale
    delete  ServiceAccount oppscale/oppscale
    delete  Namespace oppscale
    [EOF]
    ");
    let refused = TestEnv::of(&server).run(["uninstall"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert_eq!(server.writes().len(), before);
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(0), "{output}");
    let deleted = &server.writes()[before..];
    assert!(
        deleted[0].contains("/apiservices/") && deleted[1].contains("/apiservices/"),
        "{deleted:?}"
    );
    assert!(deleted.last().unwrap().ends_with("/namespaces/oppscale"), "{deleted:?}");
    assert_eq!(server.store().paths(), [CONFIG_MAP]);
    let again = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(again.stdout, "nothing to delete\n");
}

#[test]
fn uninstalling_touches_only_what_carries_our_labels() {
    let server = server();
    let _ = init(&server, &[]);
    server.store().change(|store| {
        store.put("/api/v1/namespaces/oppscale/configmaps/theirs", "x", json!({"kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "oppscale"}}));
        store.put("/apis/apps/v1/namespaces/opp/deployments/miner", "x", json!({"kind": "Deployment", "metadata": {"name": "miner", "namespace": "opp", "labels": {"app.kubernetes.io/managed-by": "oppscale"}}}));
    });
    let output = TestEnv::of(&server).run(["uninstall", "--yes", "--keep-namespace"]);
    assert_eq!(output.code, Some(0), "{output}");
    let mut left = server.store().paths();
    left.retain(|path| path != CONFIG_MAP);
    assert_eq!(
        left,
        [
            "/api/v1/namespaces/oppscale",
            "/api/v1/namespaces/oppscale/configmaps/theirs",
            "/apis/apps/v1/namespaces/opp/deployments/miner",
        ]
    );
}

#[test]
fn uninstalling_without_rights_changes_nothing() {
    let server = server();
    let _ = init(&server, &[]);
    let before = server.writes().len();
    server.store().change(|store| store.rights.deny("list", "apiservices.apiregistration.k8s.io"));
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert_eq!(server.writes().len(), before);
}
