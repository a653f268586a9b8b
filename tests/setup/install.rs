//! `oppscale init`: fresh, again, drifted, owned by somebody else.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::store::Inner;
use crate::support::world::World;

pub const CONFIG_MAP: &str =
    "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
pub const SERVICE: &str =
    "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.custom.metrics.k8s.io";
pub const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/oppscale/deployments/oppscale";
pub const SECRET: &str = "/api/v1/namespaces/oppscale/secrets/oppscale-tls";

pub fn server() -> FakeApiServer {
    of_world(World::nodes_alone())
}

/// The same, of another Kubernetes version.
fn server_of(version: &str) -> FakeApiServer {
    let mut world = World::nodes_alone();
    world.version["gitVersion"] = version.into();
    of_world(world)
}

fn of_world(world: World) -> FakeApiServer {
    let server = Setup::new(world).storing().start();
    let ca = oppscale::certificates::issue(
        &oppscale::certificates::CertificateSpec::new("a", "b"),
        1_790_000_000,
    );
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

/// A Prometheus of the operator, in the namespace `monitoring`.
pub fn put_prometheus(store: &mut Inner, spec: Value) {
    store.groups.insert("monitoring.coreos.com".to_owned());
    store.put(
        "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses/k8s",
        "x",
        json!({
            "kind": "Prometheus", "metadata": {"name": "k8s", "namespace": "monitoring"},
            "spec": spec
        }),
    );
}

pub fn init(server: &FakeApiServer, args: &[&str]) -> CommandOutput {
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
    create  NetworkPolicy oppscale/oppscale
    create  Service oppscale/oppscale
    create  Deployment oppscale/oppscale
    create  PodDisruptionBudget oppscale/oppscale
    create  APIService v1beta1.custom.metrics.k8s.io
    create  APIService v1beta2.custom.metrics.k8s.io
    12 changes made
    ------- stderr -------
    note: the API answers; next, render the filler:
          oppscale render-hpa --workload FILE --reserve 15%
    [EOF]
    ");
    assert_snapshot!(server.writes().join("\n"), @"
    PATCH /api/v1/namespaces/oppscale
    PATCH /api/v1/namespaces/oppscale/serviceaccounts/oppscale
    PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale
    PATCH /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/oppscale
    PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/oppscale-auth-reader
    PATCH /api/v1/namespaces/oppscale/secrets/oppscale-tls
    PATCH /apis/networking.k8s.io/v1/namespaces/oppscale/networkpolicies/oppscale
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
    assert!(output.stderr.contains("12 changes to confirm, and there is no terminal"), "{output}");
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

/// An API that the server no longer answers keeps every namespace of the cluster from being
/// deleted.
#[test]
fn an_api_in_use_is_not_left_without_an_answer() {
    let server = server();
    assert_eq!(init(&server, &["--apis", "custom,external"]).code, Some(0));
    let before = server.writes().len();
    let output = init(&server, &["--apis", "custom"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output.stderr.contains(
            "APIService v1beta1.external.metrics.k8s.io leads to oppscale, which would not answer \
             it with these --apis"
        ),
        "{output}"
    );
    assert!(output.stderr.contains("kubectl delete apiservice"), "{output}");
    assert_eq!(server.writes().len(), before);
}

/// The API server drops a false one, so that two who apply it conflict for ever.
#[test]
fn what_is_applied_says_nothing_of_skipped_verification() {
    let output = crate::support::bin::TestEnv::new().run([
        "init",
        "--image",
        "i",
        "--apis",
        "custom,external",
        "--output-dir",
        "-",
        "--export-secrets",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("kind: APIService"), "{output}");
    assert!(!output.stdout.contains("insecureSkipTLSVerify"), "{output}");
}

#[test]
fn token_reviews_take_tls_probes_and_permissions_along() {
    let server = server();
    let role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale";
    let service = "/api/v1/namespaces/oppscale/services/oppscale";
    let looks = || {
        let store = server.store();
        let container =
            store.object(DEPLOYMENT).unwrap()["spec"]["template"]["spec"]["containers"][0].clone();
        let rules = store.object(role).unwrap()["rules"].to_string();
        let port = store.object(service).unwrap()["spec"]["ports"][1]["appProtocol"].clone();
        let of = |probe: &str| container[probe]["httpGet"]["scheme"].clone();
        let args = container["args"].to_string();
        (
            args.contains("--http-auth=token-review"),
            rules.contains("tokenreviews") && rules.contains("subjectaccessreviews"),
            [of("readinessProbe"), of("livenessProbe")],
            port,
        )
    };
    assert_eq!(init(&server, &[]).code, Some(0));
    assert_eq!(looks(), (false, false, [json!("HTTP"), json!("HTTP")], json!(null)));
    assert_eq!(init(&server, &["--http-auth", "token-review"]).code, Some(0));
    let with = (true, true, [json!("HTTPS"), json!("HTTPS")], json!("https"));
    assert_eq!(looks(), with);
    // A second run remembers it.
    let again = TestEnv::of(&server).run(["init", "--yes"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    assert_eq!(looks(), with);
    assert_eq!(init(&server, &["--http-auth", "none"]).code, Some(0));
    assert_eq!(looks(), (false, false, [json!("HTTP"), json!("HTTP")], json!(null)));
    let lacking = self::server();
    lacking.store().change(|store| {
        store.rights.deny("create", "tokenreviews.authentication.k8s.io");
        store.rights.deny("escalate", "clusterroles.rbac.authorization.k8s.io");
    });
    assert_eq!(init(&lacking, &["--dry-run=server"]).code, Some(0));
    lacking.store().change(|store| {
        store.user = "dev".to_owned();
        store.not_held = Some(
            "{APIGroups:[\"authentication.k8s.io\"], Resources:[\"tokenreviews\"], Verbs:[\"create\"]}",
        );
    });
    let missing = init(&lacking, &["--http-auth", "token-review"]);
    assert_eq!(missing.code, Some(3), "{missing}");
    assert!(missing.stdout.contains("- tokenreviews\n"), "{missing}");
    assert!(lacking.writes().is_empty());
}

/// A scraper sends no token, or would send it to a server that it cannot verify.
#[test]
fn token_reviews_need_a_server_that_scrapers_can_verify() {
    for (pipeline, words) in [
        ("keda", "KEDA reads /metrics without a token"),
        ("prometheus", "Prometheus cannot verify the server"),
    ] {
        let server = server();
        let args = ["--http-auth", "token-review", "--pipeline", pipeline];
        let refused = init(&server, &args);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains(words), "{refused}");
        assert!(refused.stderr.contains("give --http-auth none"), "{refused}");
        assert!(server.writes().is_empty());
    }
    let flags = ["--http-auth", "token-review", "--with", "alerts", "--output-dir", "-"];
    let output = TestEnv::new().run(["init", "--image", "i"].iter().chain(&flags));
    assert_eq!(output.code, Some(0), "{output}");
    let monitor =
        output.stdout.split("\n---\n").find(|one| one.contains("bearerTokenFile")).unwrap();
    assert!(monitor.contains("serverName: \"oppscale.oppscale.svc\""), "{monitor}");
    assert!(!monitor.contains("insecureSkipVerify"), "{monitor}");
}

/// Pods with such arguments end at once.
#[test]
fn arguments_that_the_server_refuses_are_refused_before_anything_is_applied() {
    let server = server();
    for (args, words) in [
        (
            &["--extra-arg=--foo"][..],
            "oppscale serve refuses its arguments: unexpected argument '--foo'",
        ),
        (&["--extra-arg=--max-stalenes=1m"], "did you mean --max-staleness?"),
        (&["--extra-arg=--max-staleness=soon"], "invalid value 'soon' for '--max-staleness"),
        (&["--extra-arg=--max-staleness=0s"], "--max-staleness must be more than 0"),
        (&["--extra-arg=--apis=external"], "give init --apis, or another --pipeline"),
        (&["--extra-arg=--self-signed"], "give init --certificates"),
        (&["--extra-arg=--tls-cert-file=c"], "give init --certificates"),
        (
            &["--extra-arg=--tls-private-key-file=k", "--pipeline=keda"],
            "--extra-arg may not set --tls-private-key-file",
        ),
        (
            &["--extra-arg=--http-auth=token-review"],
            "--extra-arg may not set --http-auth, which the installation sets",
        ),
        (&["--extra-arg", "--http-auth", "--extra-arg", "none"], "give init --http-auth itself"),
        (
            &["--extra-arg=-v", "--extra-arg=--workload-kind=jobsets.jobset.x-k8s.io"],
            "give init --workload-kind itself",
        ),
        (&["--extra-arg=--listen=0.0.0.0:10250"], "leave --listen and --listen-http out"),
        (
            &[
                "--extra-arg=--pressure-guard=kubelet",
                "--extra-arg=--kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt",
            ],
            "may not set --kubelet-certificate-authority: the server's pods have no such file",
        ),
        (
            &[
                "--extra-arg=--pressure-guard=kubelet",
                "--extra-arg=--kubelet-certificate-authority",
                "--extra-arg=/var/run/secrets/kubernetes.io/serviceaccount/../ca.crt",
            ],
            "may not set --kubelet-certificate-authority: the server's pods have no such file",
        ),
        (&["--extra-arg", "--kubeconfig", "--extra-arg", "k"], "may not set --kubeconfig: the"),
        (&["--extra-arg=--client-key=k"], "may not set --client-key: the server's pods have no"),
        (&["--extra-arg=nodes"], "unexpected argument 'nodes'"),
        (&["--extra-arg=--help"], "would print a text and end"),
        (&["--extra-arg=--listen-http=127.0.0.1:8080"], "leave --listen and --listen-http out"),
        (&["--extra-arg", "--log-format", "--extra-arg", "xml"], "invalid value 'xml'"),
    ] {
        let output = init(&server, args);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stderr.contains(words), "{words}: {output}");
        let planned =
            TestEnv::new().run(["init", "--image", "i", "--output-dir", "d"].iter().chain(args));
        assert_eq!(planned.code, Some(2), "{planned}");
    }
    assert!(server.writes().is_empty());
    let output =
        init(&server, &["--extra-arg", "--log-format", "--extra-arg", "json", "--extra-arg=-v"]);
    assert_eq!(output.code, Some(0), "{output}");
    // A file that every pod has.
    let authority = "--extra-arg=--kubelet-certificate-authority=\
                     /var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
    let output = init(&server, &["--extra-arg=--pressure-guard=kubelet", authority]);
    assert_eq!(output.code, Some(0), "{output}");
}

/// A second run keeps the choices of the first.
#[test]
fn flags_that_are_left_out_are_those_of_the_installation() {
    let server = server();
    let first = init(
        &server,
        &[
            "--apis",
            "custom,external",
            "--replicas",
            "3",
            "--priority-class",
            "mine",
            "--image-pull-secret",
            "registry",
            "--node-selector",
            "pool=system",
            "--toleration",
            "dedicated=system:NoSchedule",
            "--requests",
            "cpu=1",
            "--limits",
            "memory=1Gi",
            "--extra-arg=--node-metrics",
            "--workload-kind",
            "leaderworkersets.leaderworkerset.x-k8s.io",
        ],
    );
    assert_eq!(first.code, Some(0), "{first}");
    let deployment = server.store().object(DEPLOYMENT).unwrap();
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["priorityClassName"], "mine");
    assert_eq!(pod["imagePullSecrets"], json!([{"name": "registry"}]));
    let role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale";
    let rules = server.store().object(role).unwrap()["rules"].to_string();
    assert!(rules.contains("leaderworkersets"), "{rules}");
    let before = server.writes().len();
    let second = TestEnv::of(&server).run(["init", "--yes"]);
    assert_eq!(second.code, Some(0), "{second}");
    assert!(second.stdout.contains("nothing to change"), "{second}");
    assert_eq!(server.writes().len(), before);
    // One flag changes one thing.
    let third = TestEnv::of(&server).run(["init", "--yes", "--priority-class="]);
    assert_eq!(third.code, Some(0), "{third}");
    let changed = server.store().object(DEPLOYMENT).unwrap();
    let pod = &changed["spec"]["template"]["spec"];
    assert!(pod.get("priorityClassName").is_none(), "{pod}");
    assert_eq!(changed["spec"]["replicas"], 3);
    assert_eq!(
        pod["containers"][0]["args"],
        deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    );
}

const POLICY: &str = "/apis/networking.k8s.io/v1/namespaces/oppscale/networkpolicies/oppscale";

/// Only the server's ports are open, and port 8080 only to the namespaces that were named.
#[test]
fn a_network_policy_comes_with_the_server_and_its_choice_stays() {
    let server = server();
    assert_eq!(init(&server, &[]).code, Some(0));
    let spec = server.store().object(POLICY).unwrap()["spec"].clone();
    assert_eq!(spec["podSelector"]["matchLabels"]["app.kubernetes.io/instance"], "oppscale");
    assert_eq!(
        spec["ingress"],
        json!([
            {"ports": [{"protocol": "TCP", "port": 10250}]},
            {"ports": [{"protocol": "TCP", "port": 8080}]}
        ])
    );
    // No address: the API server may be on the host network, and its port is unknown.
    assert!(spec["egress"][0].get("to").is_none(), "{spec}");
    let again = TestEnv::of(&server).run(["init", "--yes"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");

    let narrow = init(&server, &["--http-from", "monitoring", "--http-from", "keda"]);
    assert_eq!(narrow.code, Some(0), "{narrow}");
    let peer = |name: &str| json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}});
    let from = server.store().object(POLICY).unwrap()["spec"]["ingress"][1]["from"].clone();
    assert_eq!(from, json!([peer("monitoring"), peer("keda")]));
    let again = TestEnv::of(&server).run(["init", "--yes"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    let open = TestEnv::of(&server).run(["init", "--yes", "--http-from="]);
    assert_eq!(open.code, Some(0), "{open}");
    let rule = server.store().object(POLICY).unwrap()["spec"]["ingress"][1].clone();
    assert!(rule.get("from").is_none(), "{rule}");

    let refused = init(&server, &["--network-policy", "off", "--http-from", "a"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    let off = init(&server, &["--network-policy", "off"]);
    assert_eq!(off.code, Some(0), "{off}");
    let note = "NetworkPolicy oppscale/oppscale is kept: kubectl delete networkpolicy -n oppscale";
    assert!(off.stderr.contains(note), "{off}");
    server.store().change(|store| {
        store.objects.remove(POLICY);
    });
    let again = TestEnv::of(&server).run(["init", "--yes"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    let on = TestEnv::of(&server).run(["init", "--yes", "--network-policy", "on"]);
    assert!(on.stdout.contains("create  NetworkPolicy oppscale/oppscale"), "{on}");
}

/// A class with a value is an object of the installation: it comes before the pods that need it,
/// stays what it is, and goes with the installation.
#[test]
fn a_priority_class_with_a_value_belongs_to_the_installation() {
    const CLASS: &str = "/apis/scheduling.k8s.io/v1/priorityclasses/server";
    let server = server();
    let first = init(&server, &["--priority-class", "server=900000000"]);
    assert_eq!(first.code, Some(0), "{first}");
    let created = first.stdout.find("create  PriorityClass server").unwrap();
    assert!(created < first.stdout.find("create  Deployment").unwrap(), "{first}");
    let class = server.store().object(CLASS).unwrap();
    assert_eq!(class["value"], 900_000_000);
    for args in [&["init", "--yes"][..], &["init", "--yes", "--priority-class", "server"]] {
        let again = TestEnv::of(&server).run(args);
        assert!(again.stdout.contains("keep    PriorityClass server"), "{again}");
        assert!(again.stdout.contains("nothing to change"), "{again}");
    }
    let other = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": -1000,
        "metadata": {"name": "fillers", "labels": {"app.kubernetes.io/managed-by": "oppscale"}}
    });
    server.store().change(|store| {
        store.put("/apis/scheduling.k8s.io/v1/priorityclasses/fillers", "oppscale", other);
    });
    let gone = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert!(gone.stdout.contains("delete  PriorityClass server\n"), "{gone}");
    assert!(!gone.stdout.contains("fillers"), "{gone}");
}

/// GKE admits `system-cluster-critical` only where a ResourceQuota allows it.
#[test]
fn on_gke_the_server_has_a_priority_class_of_its_own() {
    let server = server_of("v1.34.1-gke.100");
    let first = init(&server, &[]);
    assert_eq!(first.code, Some(0), "{first}");
    assert!(first.stdout.contains("create  PriorityClass oppscale\n"), "{first}");
    let deployment = server.store().object(DEPLOYMENT).unwrap();
    let class = &deployment["spec"]["template"]["spec"]["priorityClassName"];
    assert_eq!(class, "oppscale");
    let again = TestEnv::of(&server).run(["init", "--yes"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    let chosen = server_of("v1.34.1-gke.100");
    let first = init(&chosen, &["--priority-class", "system-cluster-critical"]);
    assert!(!first.stdout.contains("PriorityClass"), "{first}");
}

/// Paid pods of a positive priority would preempt both servers.
#[test]
fn the_server_is_as_critical_as_the_clusters_own_components() {
    let server = server();
    assert_eq!(init(&server, &[]).code, Some(0));
    let deployment = server.store().object(DEPLOYMENT).unwrap();
    let class = &deployment["spec"]["template"]["spec"]["priorityClassName"];
    assert_eq!(class, "system-cluster-critical");
    for (flag, value) in [
        ("--toleration", "a:Sometimes"),
        ("--requests", "cpu=much"),
        ("--workload-kind", "lws"),
        ("--node-selector", "pool"),
        ("--priority-class", "system-mine=5"),
        ("--priority-class", "mine=1000000001"),
        ("--priority-class", "mine=0"),
        ("--priority-class", "=5"),
        // Names that no object has.
        ("--priority-class", "A_b=5"),
        ("--priority-class", "A_b"),
        ("--image-pull-secret", "A_b"),
        ("--http-from", "a.b"),
        ("--node-selector", "po ol=x"),
        ("--node-selector", "pool=x y"),
        ("--tolerate", "a b"),
        ("--tolerate", "a=b c:NoSchedule"),
        ("--tolerate", "=b"),
    ] {
        let output = init(&server, &[flag, value]);
        assert_eq!(output.code, Some(2), "{flag} {value}: {output}");
    }
}

/// The value of a PriorityClass stays what it was, as the role of a binding does.
#[test]
fn what_cannot_be_changed_is_said_before_anything_is_written() {
    const CLASS: &str = "/apis/scheduling.k8s.io/v1/priorityclasses/server";
    let server = server();
    let first = init(&server, &["--priority-class", "server=900"]);
    assert_eq!(first.code, Some(0), "{first}");
    let writes = server.writes().len();
    let refusal = r#"{"kind":"Status","code":422,"message":"PriorityClass.scheduling.k8s.io \"server\" is invalid: value: Forbidden: may not be changed in an update."}"#;
    for (path, args, hint) in [
        (
            CLASS,
            ["--priority-class", "server=500"],
            "choose another name with --priority-class NAME=VALUE, or delete PriorityClass server",
        ),
        (
            DEPLOYMENT,
            ["--image", "other"],
            "hint: delete Deployment oppscale/oppscale if it may not",
        ),
    ] {
        // The installation and the plan read it before the dry run.
        server.next(path, [Answer::Serve, Answer::Serve]);
        server.always(path, Answer::Raw(422, Vec::new(), refusal));
        let output = TestEnv::of(&server).run([&["init", "--yes"], &args[..]].concat());
        assert_eq!(output.code, Some(1), "{path}: {output}");
        assert!(output.stderr.contains("may not be changed in an update"), "{output}");
        assert!(output.stderr.contains(hint), "{output}");
        assert_eq!(server.writes().len(), writes, "{output}");
        server.heal();
    }
}

/// Where `off` is remembered, there is no flag to leave out.
#[test]
fn http_from_without_the_policy_names_both_ways_out() {
    let server = server();
    let first = init(&server, &["--network-policy", "off"]);
    assert_eq!(first.code, Some(0), "{first}");
    let output = TestEnv::of(&server).run(["init", "--yes", "--http-from", "monitoring"]);
    assert_eq!(output.code, Some(2), "{output}");
    let hint = "hint: leave --http-from out, or install the policy: --network-policy on\n";
    assert!(output.stderr.contains(hint), "{output}");
}

/// What cannot be read is not forgotten: a policy that opens again what it had closed, another
/// pipeline, another number of pods.
#[test]
fn an_installation_that_cannot_be_read_is_left_as_it_is() {
    let chosen = ["--http-from", "monitoring", "--pipeline", "keda", "--replicas", "3"];
    for path in [POLICY, DEPLOYMENT, "/apis/apiregistration.k8s.io/v1/apiservices"] {
        for args in [&["init", "--yes"][..], &["init", "--yes", "--image", "i:2"]] {
            let server = server();
            assert_eq!(init(&server, &chosen).code, Some(0));
            let before = server.writes();
            server.next(path, [Answer::Raw(500, Vec::new(), "no")]);
            let output = TestEnv::of(&server).run(args);
            assert_eq!(output.code, Some(1), "{path}: {output}");
            assert!(output.stderr.contains("note: nothing was changed"), "{path}: {output}");
            assert_eq!(server.writes(), before, "{path}: {output}");
        }
    }
    let flags = TestEnv::of(&server()).run(["init", "--yes"]);
    assert_eq!(flags.code, Some(2), "a new installation takes an image: {flags}");
}

#[test]
fn an_installation_that_may_not_be_read_is_left_as_it_is_until_a_grant() {
    let chosen = ["--http-from", "monitoring", "--pipeline", "keda", "--replicas", "3"];
    for resource in ["networkpolicies.networking.k8s.io", "deployments.apps"] {
        let server = server();
        assert_eq!(init(&server, &chosen).code, Some(0));
        let before = server.writes();
        server.store().change(|store| {
            store.rights.deny("get", resource);
            store.user = "dev".to_owned();
        });
        let output = TestEnv::of(&server).run(["init", "--yes"]);
        assert_eq!(output.code, Some(3), "{resource}: {output}");
        assert!(output.stdout.contains("name: oppscale-installer"), "{resource}: {output}");
        assert_eq!(server.writes(), before, "{resource}: {output}");
        let granted = TestEnv::of(&server).run(["init", "--yes", "--grant-cluster-admin"]);
        // The verification follows the grant, and may not read either.
        assert!(granted.stdout.contains("nothing to change"), "{resource}: {granted}");
    }
}
