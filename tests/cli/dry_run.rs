//! `oppscale simulate --live`: an HPA beside the one in the cluster, and its recording.

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bin::{TestEnv, signal};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::fixture;
use crate::support::stream::JsonStream;
use crate::support::world::World;

const HPAS: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";
const SCALE: &str = "/apis/apps/v1/namespaces/shop/deployments/web/scale";
const PODS: &str = "/api/v1/namespaces/shop/pods";
const USAGE: &str = "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods";

fn answer(value: &Value) -> Answer {
    let text = Box::leak(value.to_string().into_boxed_str());
    Answer::Raw(200, vec![("content-type", "application/json")], text)
}

fn forbidden() -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
        "message": "pods.metrics.k8s.io is forbidden: User \"dev\" cannot list it", "code": 403
    });
    let text = Box::leak(status.to_string().into_boxed_str());
    Answer::Raw(403, vec![("content-type", "application/json")], text)
}

/// An HPA of web on cpu.
fn hpa(target: u32, window: u32) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2, "maxReplicas": 20,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": target}}}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": window}}
        }
    })
}

/// A cluster where web has `count` pods that use `milli` millicores together and request 500 each.
fn load(server: &FakeApiServer, count: u32, milli: u32) {
    let names = || (0..count).map(|at| format!("web-{at}"));
    let pods: Vec<_> = names()
        .map(|name| {
            json!({
                "metadata": {"name": name, "namespace": "shop", "labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app",
                    "resources": {"requests": {"cpu": "500m"}}}]},
                "status": {
                    "phase": "Running", "startTime": "2026-01-01T00:00:00Z",
                    "conditions": [{"type": "Ready", "status": "True",
                        "lastTransitionTime": "2026-01-01T00:00:10Z"}]
                }
            })
        })
        .collect();
    let usage: Vec<_> = names()
        .map(|name| {
            json!({
                "metadata": {"name": name, "namespace": "shop"},
                "timestamp": "2026-11-01T00:00:00Z", "window": "15.02s",
                "containers": [{"name": "app", "usage": {"cpu": format!("{}m", milli / count)}}]
            })
        })
        .collect();
    // In this order no reading in between makes another count of it.
    server.always(USAGE, answer(&json!({"kind": "PodMetricsList", "items": usage})));
    server.always(PODS, answer(&json!({"kind": "PodList", "apiVersion": "v1", "items": pods})));
    server.always(
        SCALE,
        answer(&json!({
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "web"},
            "spec": {"replicas": count},
            "status": {"replicas": count, "selector": "app=web"}
        })),
    );
}

fn start(server: &FakeApiServer, new: &Value) -> TestEnv {
    let env = TestEnv::of(server);
    env.write("new.yaml", &new.to_string());
    env.write("same.yaml", &hpa(70, 0).to_string());
    server.always(HPAS, answer(&json!({"items": [hpa(70, 0)]})));
    env
}

/// A cluster whose HPA has a status, for `why`, and may be run beside as `same.yaml`.
pub fn cluster() -> (FakeApiServer, TestEnv) {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 2400);
    let env = start(&server, &hpa(70, 0));
    let mut web = hpa(70, 0);
    web["spec"]["behavior"]["scaleUp"] = json!({"tolerance": "0.25"});
    web["status"] = json!({
        "currentReplicas": 4, "desiredReplicas": 4,
        "conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
            {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}
        ],
        "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu",
            "current": {"averageUtilization": 84, "averageValue": "420m"}}}]
    });
    server.always(&format!("{HPAS}/web"), answer(&web));
    server.always("/api/v1/namespaces/shop/events", answer(&json!({"items": []})));
    (server, env)
}

const LIVE: [&str; 6] = ["simulate", "--live", "--hpa", "new.yaml", "--sync-period", "200ms"];

fn counts(line: &Value) -> (u64, u64) {
    (line["cluster"].as_u64().unwrap_or(0), line["yours"].as_u64().unwrap_or(0))
}

#[test]
fn the_same_hpa_has_the_same_count_all_the_time_and_its_recording_too() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let env = start(&server, &hpa(70, 0));
    let args = [&LIVE[..], &["-o", "json", "--record", "run.jsonl"]].concat();
    let mut stream = JsonStream::start(&env, &args);
    // 70 % of the requests, on target; then load that needs 7 pods, then 3.
    let first = stream.until("equal", |line| counts(line) == (4, 4));
    assert_eq!(
        first["because"],
        "cpu is 70 % of the requests, its target 70 %, near enough to keep 4"
    );
    for (cluster, milli, wanted) in [(4, 2400, 7), (7, 1050, 3)] {
        load(&server, cluster, milli);
        // The dry run decides; then the controller of the cluster does the same.
        stream.until("decided", |line| counts(line) == (u64::from(cluster), u64::from(wanted)));
        load(&server, wanted, milli);
        for _ in 0..4 {
            stream.until("followed", |line| line["cluster"] == wanted);
            assert_eq!(counts(stream.next()), (u64::from(wanted), u64::from(wanted)));
        }
    }
    signal("INT", stream.id());
    let summary = stream.until("summed up", |line| line["summary"].is_object());
    let summary = &summary["summary"];
    assert_eq!(summary["hpa"], "shop/web");
    assert_eq!(summary["failed"], 0);
    assert_eq!(summary["yours"]["changes"], 2, "{summary}");
    assert!(summary["equal"].as_u64() >= Some(9), "{summary}");
    assert!(server.writes().is_empty(), "{:?}", server.writes());

    let replayed = env.run(["simulate", "--series", "run.jsonl", "-o", "json"]);
    assert_eq!(replayed.code, Some(0), "{replayed}");
    let last: Value = serde_json::from_str(replayed.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(&last["summary"], summary, "the replay has the same counts");

    // The load that was read, in cores: at first 1.4.
    let loaded = env.run(["simulate", "--hpa", "same.yaml", "--load", "run.jsonl", "-o", "json"]);
    assert_eq!(loaded.code, Some(0), "{loaded}");
    assert!(loaded.stdout.contains("run.jsonl"), "{loaded}");

    // Another HPA on the same readings: at a target of 35 % it wants twice as much.
    env.write("other.yaml", &hpa(35, 0).to_string());
    let other = env.run(["simulate", "--series", "run.jsonl", "--hpa", "other.yaml"]);
    assert_eq!(other.code, Some(0), "{other}");
    assert!(other.stdout.starts_with("TIME                    NOW  YOURS  BECAUSE\n"), "{other}");
    assert!(other.stdout.contains("Furthest apart:"), "{other}");
    let again = env.run([&LIVE[..], &["--record", "run.jsonl"]].concat());
    assert_eq!(again.code, Some(2), "{again}");
    assert!(again.stderr.contains("run.jsonl: the file exists"), "{again}");
}

#[test]
fn a_recording_has_no_values_of_other_metrics() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let env = start(&server, &hpa(70, 0));
    let output = env.run([&LIVE[..], &["--record", "a.jsonl", "--duration", "500ms"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("both counts were equal in "), "{output}");
    let mut memory = hpa(70, 0);
    memory["spec"]["metrics"][0]["resource"]["name"] = "memory".into();
    env.write("memory.yaml", &memory.to_string());
    let output = env.run(["simulate", "--series", "a.jsonl", "--hpa", "memory.yaml"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("a.jsonl has no values of the metric memory"), "{output}");
}

#[test]
fn other_values_give_another_count_and_the_reason() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let env = start(&server, &hpa(50, 0));
    let mut stream = JsonStream::start(&env, &[&LIVE[..], &["-o", "json"]].concat());
    let line = stream.until("apart", |line| counts(line) == (4, 6));
    assert_eq!(line["because"], "cpu is 70 % of the requests, its target 50 %, so it asks for 6");
    // With six pods the same usage is 46 %, within the tolerance.
    let line = stream.next();
    assert_eq!(counts(line), (4, 6));
    assert_eq!(
        line["because"],
        "cpu is 46 % of the requests, its target 50 %, near enough to keep 6"
    );
}

#[test]
fn what_fails_is_a_line_and_the_count_stays() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let env = start(&server, &hpa(70, 0));
    let mut stream = JsonStream::start(&env, &[&LIVE[..], &["-o", "json"]].concat());
    stream.until("running", |line| counts(line) == (4, 4));
    server.always(USAGE, forbidden());
    let line = stream.until("forbidden", |line| {
        line["because"].as_str().is_some_and(|text| text.contains("cpu cannot be read"))
    });
    assert_eq!(counts(&line), (4, 4));
    let because = line["because"].as_str().unwrap();
    assert!(because.contains("so the count stays (list pods.metrics.k8s.io in shop"), "{because}");
    server.always(USAGE, answer(&json!({"items": []})));
    stream.until("empty", |line| line["because"] == "cpu has no value, so the count stays");
    server.always(SCALE, Answer::HangUp);
    let line = stream.until("without a scale", |line| line["cluster"].is_null());
    assert_eq!(line["yours"], 4);
    load(&server, 4, 1400);
    stream.until("back", |line| counts(line) == (4, 4));
    signal("INT", stream.id());
    let summary = stream.until("summed up", |line| line["summary"].is_object());
    assert!(summary["summary"]["failed"].as_u64() >= Some(2), "{summary}");
    let (code, _) = stream.interrupt();
    assert_eq!(code, Some(130));
}

#[test]
fn it_says_what_it_stands_beside() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let env = start(&server, &hpa(70, 0));
    let once = || env.run([&LIVE[..], &["--duration", "1ms"]].concat());
    assert_eq!(once().stderr, "");
    server.always(HPAS, answer(&json!({"items": []})));
    let output = once();
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("no HPA in the cluster scales Deployment shop/web"), "{output}");
    let mut old = hpa(70, 0);
    old["metadata"]["name"] = "old".into();
    server.always(HPAS, answer(&json!({"items": [&old]})));
    let output = once();
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("HPA old scales Deployment shop/web now"), "{output}");
    assert!(said.contains("AmbiguousSelector"), "{output}");
    let mut older = old.clone();
    older["metadata"]["name"] = "older".into();
    server.always(HPAS, answer(&json!({"items": [old, older]})));
    let output = once();
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "HPAs old, older scale Deployment shop/web, so the controller stops them all \
                 (AmbiguousSelector); delete them when you apply web";
    assert!(said.contains(words), "{output}");
    server.always(HPAS, forbidden());
    let output = once();
    assert!(output.stderr.contains("permission to list HPAs in shop is missing"), "{output}");
}

#[test]
fn custom_and_external_metrics_are_asked_for_as_the_controller_asks() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let custom = "/apis/custom.metrics.k8s.io";
    server.always(
        custom,
        answer(&json!({
            "kind": "APIGroup", "name": "custom.metrics.k8s.io",
            "versions": [{"groupVersion": "custom.metrics.k8s.io/v1beta1", "version": "v1beta1"}],
            "preferredVersion":
                {"groupVersion": "custom.metrics.k8s.io/v1beta1", "version": "v1beta1"}
        })),
    );
    let value = |name: &str, value: &str| {
        json!({"describedObject": {"kind": "Pod", "name": name}, "metricName": "rps",
            "timestamp": "2026-11-01T00:00:00Z", "value": value})
    };
    let of_pods = format!("{custom}/v1beta1/namespaces/shop/pods/*/rps");
    let values: Vec<_> = (0..4).map(|at| value(&format!("web-{at}"), "40")).collect();
    server.always(&of_pods, answer(&json!({"items": values})));
    let of_object = format!("{custom}/v1beta1/namespaces/shop/services/web/hits");
    server.always(&of_object, answer(&json!({"items": [value("web", "100")]})));
    let external = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/jobs";
    server.always(
        external,
        answer(&json!({"items": [{"metricName": "jobs", "value": "50"},
            {"metricName": "jobs", "value": "30"}]})),
    );
    let mut new = hpa(70, 0);
    let series = json!({"name": "jobs", "selector": {"matchLabels": {"queue": "mails"}}});
    new["spec"]["metrics"] = json!([
        {"type": "Pods", "pods": {"metric": {"name": "rps"},
            "target": {"type": "AverageValue", "averageValue": "20"}}},
        {"type": "Object", "object": {"metric": {"name": "hits"},
            "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "web"},
            "target": {"type": "AverageValue", "averageValue": "20"}}},
        {"type": "External", "external": {"metric": series,
            "target": {"type": "AverageValue", "averageValue": "10"}}},
    ]);
    let env = start(&server, &new);
    let output = env.run([&LIVE[..], &["--duration", "1ms"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output.stdout.contains(
            "4      8  rps is 40 a pod, its target 20 and asks for the most of 3 metrics, so it \
             asks for 8"
        ),
        "{output}"
    );
    let asked: Vec<_> = server.requests().iter().map(ToString::to_string).collect();
    for part in ["pods/*/rps?labelSelector=app=web", "jobs?labelSelector=queue=mails"] {
        assert!(asked.iter().any(|line| line.contains(part)), "{part}: {asked:#?}");
    }
    let unknown = env.run([&LIVE[..], &["--metric", "includes-own"]].concat());
    assert_eq!(unknown.code, Some(2), "{unknown}");
}

#[test]
fn why_reads_the_metrics_of_this_moment_too() {
    let (server, env) = cluster();
    let output = env.run(["why", "shop/web"]);
    assert_eq!(output.code, Some(0), "{output}");
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "1.20 times, within the tolerance of 25 %, so it asks for the 4 that there are.",
        "Read now: cpu is 120 % of the requests, its target 70 %, so it asks for 7.",
        "Next sync: up towards 7,",
    ] {
        assert!(text.contains(part), "{part}: {output}");
    }
    assert!(server.writes().is_empty(), "{:?}", server.writes());
}

/// A second HPA stops both, be it so new that no condition tells of it.
#[test]
fn why_names_another_hpa_of_the_target() {
    let (server, env) = cluster();
    let output = env.run(["why", "shop/web"]);
    assert!(!output.stdout.contains(", too"), "{output}");
    let mut second = hpa(70, 0);
    second["metadata"]["name"] = json!("old");
    server.always(HPAS, answer(&json!({"items": [hpa(70, 0), second]})));
    let output = env.run(["why", "shop/web"]);
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("old scales Deployment web, too, so the controller stops"), "{output}");
    assert!(text.contains("Next sync: it stays at 4 until that is mended."), "{output}");
    server.always(HPAS, forbidden());
    let output = env.run(["why", "shop/web"]);
    assert!(output.stderr.contains("permission to list HPAs in shop is missing"), "{output}");
}

/// What `why` says of its status alone, and what it says of what it could not read.
#[test]
fn why_names_what_it_cannot_read_and_goes_by_the_status() {
    const EVENTS: &str = "/api/v1/namespaces/shop/events";
    let html = "<html><title>Log in</title></html>";
    let faults = || {
        [
            ("(403 Forbidden)", forbidden()),
            ("answered 500", Answer::Raw(500, Vec::new(), "no")),
            ("within 1 s", Answer::Silence),
            ("the connection to", Answer::HangUp),
            ("is not valid", Answer::Raw(200, Vec::new(), "[1, 2")),
            ("HTML page", Answer::Raw(200, vec![("content-type", "text/html")], html)),
        ]
    };
    for (path, action) in [
        (SCALE, "get the scale of Deployment shop/web"),
        (PODS, "list pods:"),
        (USAGE, "list pods.metrics.k8s.io in shop"),
        (EVENTS, "list events"),
    ] {
        for (reason, answer) in faults() {
            let (server, env) = cluster();
            let what = format!("{path}: {reason}");
            server.always(path, answer);
            let output = env.run(["why", "shop/web", "--request-timeout", "1s", "--quiet"]);
            assert_eq!(output.code, Some(0), "{what}: {output}");
            let told = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.starts_with("warning: "), "{what}: {output}");
            assert!(told.contains(action) && told.contains(reason), "{what}: {output}");
            assert!(output.stdout.contains("cpu is 84 % of the requests"), "{what}: {output}");
            let next = if path == EVENTS { "up towards 7," } else { "it stays at 4." };
            assert!(output.stdout.contains(&format!("Next sync: {next}")), "{what}: {output}");
            let is_read = output.stdout.contains("Read now: cpu is 120 %");
            assert_eq!(is_read, path == EVENTS, "{what}: {output}");
            let goes_on = told.ends_with("; the answer goes by the status of the HPA alone");
            assert_eq!(goes_on, path != EVENTS, "{what}: {output}");
        }
    }
    let (server, env) = cluster();
    server.always(SCALE, answer(&json!({})));
    let output = env.run(["why", "shop/web"]);
    assert!(output.stderr.contains("get the scale of Deployment shop/web"), "{output}");
    assert!(!output.stdout.contains("Read now"), "an answer without a spec is no scale: {output}");
}

/// A slip in what is typed is found without a cluster.
#[test]
fn why_refuses_what_is_no_name_before_it_connects() {
    let env = TestEnv::new();
    for (args, wanted) in [
        (&["why", "a/b/c"][..], "\"a/b/c\" is not [NAMESPACE/]NAME of an HPA"),
        (&["why", "/web"], "\"/web\" is not [NAMESPACE/]NAME of an HPA"),
        (&["why", "shop/"], "\"shop/\" is not [NAMESPACE/]NAME of an HPA"),
        (&["why", "web", "-n", "No"], "'No' for '--namespace <NAMESPACE>': not a name that a"),
        (&["why", "shop/web", "-n", "other"], "shop/web is in namespace shop, and -n names other"),
    ] {
        let output = env.run(args);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stderr.contains(wanted), "{output}");
    }
}

/// Ten minutes beside kube-controller-manager 1.36.2, which ran the same HPA on cpu: the usage was
/// a load of 2 to 7.9 cores spread over the ready pods, measured every 15 s.
#[test]
fn beside_a_real_controller_the_same_hpa_has_the_same_counts() {
    let file = fixture("hpa/beside-1.36.2.jsonl").display().to_string();
    let output = TestEnv::new().run(["simulate", "--series", &file, "-o", "json"]);
    assert_eq!(output.code, Some(0), "{output}");
    let lines: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, steps) = lines.split_last().unwrap();
    assert!(steps.len() >= 38, "{output}");
    for pair in steps.windows(2) {
        let ((cluster, own), (next, _)) = (counts(&pair[0]), counts(&pair[1]));
        assert!(own == cluster || own == next, "more than a period apart: {pair:#?}");
    }
    assert_eq!(summary["summary"]["yours"]["changes"], summary["summary"]["cluster"]["changes"]);
    assert!(summary["summary"]["yours"]["changes"].as_u64() >= Some(5), "{summary}");
}

#[test]
fn the_metrics_of_a_scaled_object_are_those_of_the_hpa_that_keda_made() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"name": "web"}, "maxReplicaCount": 20,
            "triggers": [{"type": "rabbitmq", "metadata":
                {"queueName": "jobs", "mode": "QueueLength", "value": "10"}}]}
    });
    let env = start(&server, &object);
    let mut made = hpa(70, 0);
    made["metadata"] = json!({"name": "keda-hpa-web", "namespace": "shop", "ownerReferences": [
        {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "web", "uid": "1"}]});
    let series = json!({"name": "s0-rabbitmq-jobs",
        "selector": {"matchLabels": {"scaledobject.keda.sh/name": "web"}}});
    made["spec"]["metrics"] = json!([{"type": "External", "external": {"metric": series,
        "target": {"type": "AverageValue", "averageValue": "20"}}}]);
    server.always(HPAS, answer(&json!({"items": [made]})));
    server.always(
        "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/s0-rabbitmq-jobs",
        answer(&json!({"items": [{"metricName": "s0-rabbitmq-jobs", "value": "80"}]})),
    );
    let output = env.run([&LIVE[..], &["--duration", "1ms", "--metric", "queue"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    let wanted = "4      8  s0-rabbitmq-jobs is 20 a pod, its target 10, so it asks for 8";
    assert!(output.stdout.contains(wanted), "{output}");
}

/// KEDA sorts the metrics of its HPA by type: External comes before Resource.
#[test]
fn the_triggers_of_a_scaled_object_may_stand_in_another_order_than_the_metrics() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let trigger = |queue: &str| {
        json!({"type": "rabbitmq", "metadata":
        {"queueName": queue, "mode": "QueueLength", "value": "10"}})
    };
    let object = |triggers: Value| {
        json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"scaleTargetRef": {"name": "web"}, "maxReplicaCount": 20,
                "triggers": triggers}
        })
    };
    let cpu = json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}});
    let env = start(&server, &object(json!([trigger("jobs"), cpu, trigger("mails")])));
    let mut made = hpa(70, 0);
    made["metadata"] = json!({"name": "keda-hpa-web", "namespace": "shop", "ownerReferences": [
        {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "web", "uid": "1"}]});
    let external = |name: &str| {
        json!({"type": "External", "external": {"metric": {"name": name,
            "selector": {"matchLabels": {"scaledobject.keda.sh/name": "web"}}},
            "target": {"type": "AverageValue", "averageValue": "20"}}})
    };
    let resource = made["spec"]["metrics"][0].clone();
    made["spec"]["metrics"] =
        json!([external("s0-rabbitmq-jobs"), external("s2-rabbitmq-mails"), resource]);
    server.always(HPAS, answer(&json!({"items": [made]})));
    for (name, value) in [("s0-rabbitmq-jobs", "50"), ("s2-rabbitmq-mails", "80")] {
        server.always(
            &format!("/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/{name}"),
            answer(&json!({"items": [{"metricName": name, "value": value}]})),
        );
    }
    let args = [&LIVE[..], &["--duration", "1ms", "--metric", "queue"]].concat();
    let output = env.run(&args);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output}");
    let wanted = "4      8  s2-rabbitmq-mails is 20 a pod, its target 10 and asks for the most of \
                  3 metrics, so it asks for 8";
    assert!(output.stdout.contains(wanted), "{output}");

    env.write("new.yaml", &object(json!([trigger("jobs")])).to_string());
    let output = env.run(&args);
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("has 1 External metrics, the HPA that KEDA made has 2: their names are"),
        "{output}"
    );
}

#[test]
fn a_pod_whose_metrics_lack_the_container_fails_a_container_resource_metric() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 2400);
    let usage = |container: &str, at: u32| {
        json!({
            "metadata": {"name": format!("web-{at}"), "namespace": "shop"},
            "timestamp": "2026-11-01T00:00:00Z", "window": "15s",
            "containers": [{"name": container, "usage": {"cpu": "600m"}}]
        })
    };
    let mut new = hpa(70, 0);
    new["spec"]["metrics"] = json!([{"type": "ContainerResource", "containerResource": {
        "name": "cpu", "container": "app",
        "target": {"type": "Utilization", "averageUtilization": 70}}}]);
    let env = start(&server, &new);
    let once = || env.run([&LIVE[..], &["--duration", "1ms"]].concat());
    assert!(once().stdout.contains("4      7  cpu"), "{}", once());
    let lacking = [usage("app", 0), usage("app", 1), usage("other", 2), usage("app", 3)];
    server.always(USAGE, answer(&json!({"items": lacking})));
    let output = once();
    let wanted = "so the count stays (the metrics of pod web-2 lack container app)";
    assert!(output.stdout.contains(wanted), "{output}");
    assert!(output.stdout.contains("      4      4  cpu"), "{output}");
}

#[test]
fn another_hpa_decides_on_a_recording_as_it_does_beside_the_cluster() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    server.always(
        "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/jobs",
        answer(&json!({"items": [{"metricName": "jobs", "value": "80"}]})),
    );
    let with = |target: Value| {
        let mut hpa = hpa(70, 0);
        hpa["spec"]["behavior"]["scaleUp"] =
            json!({"policies": [{"type": "Percent", "value": 900, "periodSeconds": 15}]});
        hpa["spec"]["metrics"] = json!([{"type": "External", "external": {"metric": {"name": "jobs"}, "target": target}}]);
        hpa
    };
    let env = start(&server, &with(json!({"type": "AverageValue", "averageValue": "20"})));
    env.write("value.yaml", &with(json!({"type": "Value", "value": "40"})).to_string());
    let highest = |args: &[&str]| {
        let output = env.run([args, &["-o", "json"]].concat());
        assert_eq!(output.code, Some(0), "{output}");
        let lines = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.map(|line: Value| counts(&line).1).max().unwrap()
    };
    // At 40 with a target of 40 it stops at 8, if the value falls as pods are added.
    for (stated, wanted) in [(&[][..], 8), (&["--metric", "load"][..], 20)] {
        let name = format!("run-{wanted}.jsonl");
        let record = ["--duration", "1s", "--record", &name];
        assert_eq!(highest(&[&LIVE[..], &record, stated].concat()), 4);
        let beside = ["simulate", "--live", "--hpa", "value.yaml", "--sync-period", "200ms"];
        assert_eq!(highest(&[&beside[..], &["--duration", "1s"], stated].concat()), wanted);
        let replay = ["simulate", "--series", &name, "--hpa", "value.yaml"];
        assert_eq!(highest(&replay), wanted, "{stated:?}");
    }
}

#[test]
fn a_dry_run_refuses_what_only_a_simulation_has() {
    let env = TestEnv::new();
    env.write("new.yaml", &hpa(70, 0).to_string());
    for mode in [["--live", "--hpa", "new.yaml"].as_slice(), &["--series", "run.jsonl"]] {
        for other in [["--basis", "usage"], ["--burn", "2"], ["--paid-usage", "10%"]] {
            let output = env.run([&["simulate"], mode, &other].concat());
            assert_eq!(output.code, Some(2), "{output}");
            let wanted = format!("'{} <", other[0]);
            assert!(output.stderr.contains("cannot be used with"), "{output}");
            assert!(output.stderr.contains(&wanted), "{output}");
        }
    }
}

#[test]
fn several_hpas_run_beside_the_cluster_at_once() {
    let server = FakeApiServer::start(World::blog());
    load(&server, 4, 1400);
    let env = start(&server, &hpa(50, 0));
    let args = [&LIVE[..], &["--hpa", "same.yaml", "--duration", "1ms", "--record", "two.jsonl"]];
    let output = env.run(args.concat());
    assert_eq!(output.code, Some(0), "{output}");
    for part in [
        "TIME                  HPA             NOW  YOURS  BECAUSE\n",
        "  shop/web          4      6  cpu is 70 % of the requests, its target 50 %, so it asks for 6\n",
        "  shop/web (2)      4      4  cpu is 70 % of the requests, its target 70 %, near enough",
        "shop/web (2): ",
    ] {
        assert!(output.stdout.contains(part), "{part}: {output}");
    }
    let replayed = env.run(["simulate", "--series", "two.jsonl"]);
    assert_eq!(replayed.code, Some(0), "{replayed}");
    assert!(replayed.stdout.contains("  shop/web (2)      4      4  cpu is 70 %"), "{replayed}");
    let one = env.run(["simulate", "--series", "two.jsonl", "--hpa", "new.yaml"]);
    assert_eq!(one.code, Some(2), "{one}");
}
