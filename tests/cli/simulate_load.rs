//! `oppscale simulate -f` for HPAs that follow load.

use std::io::{Read, Write};

use serde_json::Value;

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

fn run(env: &TestEnv, case: &str, args: &[&str]) -> CommandOutput {
    let file = fixture(&format!("hpa/{case}.yaml")).display().to_string();
    let output = env.run([&["simulate", "--hpa", &file], args].concat());
    assert_eq!(output.code, Some(0), "{output}");
    output
}

fn json(env: &TestEnv, case: &str, args: &[&str]) -> Value {
    serde_json::from_str(&run(env, case, &[args, &["-o", "json"]].concat()).stdout).unwrap()
}

/// An HPA and the Deployment that it scales.
fn web(behavior: &str, containers: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: \
         {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec:\n      terminationGracePeriodSeconds: 5\n      containers: {containers}\n---\n\
         apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  \
         scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}\n  minReplicas: 2\n  \
         maxReplicas: 20\n  metrics:\n  - type: Resource\n    resource: {{name: cpu, target: {{type: \
         Utilization, averageUtilization: 70}}}}\n  behavior: {behavior}\n"
    )
}

const CONTAINER: &str = "[{name: a, image: 'a:1', resources: {requests: {cpu: 500m, memory: 1Gi}, \
                         limits: {cpu: 800m}}, readinessProbe: {initialDelaySeconds: 20, \
                         periodSeconds: 5, httpGet: {port: 80}}}]";

#[test]
fn every_kind_of_metric_has_its_sentence() {
    for (case, args, words) in [
        ("s04-cpu", &[][..], "web: stable. At a constant load the HPA settles"),
        ("s03-v1", &[], "crunch: stable."),
        (
            "s02-v2beta1",
            &[],
            "crunch: no verdict. An HPA does not say what a metric measures. State it for",
        ),
        ("s30-two", &[], "rabbitmq_queue_messages_ready with --metric"),
        ("s40-kedahpa", &[], "s0-rabbitmq-jobs is assumed to be work that waits until"),
        ("s53-two", &[], "(AmbiguousSelector)"),
        ("s08-list", &[], "b scales the same target, so the controller stops both"),
        ("s13-emptydocs", &["--metric", "load"], "crunch: stable."),
        ("hpa-obj", &["--metric", "per-pod"], "crunch: stable."),
        ("hpa-obj", &["--metric", "load"], "crunch: saturated at 150. At every load"),
    ] {
        let output = run(&TestEnv::new(), case, args);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words), "{case}: {words}: {output}");
        assert!(output.stdout.lines().all(|line| line.chars().count() <= 100), "{output}");
        assert!(output.stdout.lines().count() <= 34, "one screen: {output}");
    }
}

#[test]
fn the_workload_beside_the_hpa_is_what_is_simulated() {
    let env = TestEnv::new();
    env.write("web.yaml", &web("{}", CONTAINER));
    let output = env.run(["simulate", "--hpa", "web.yaml"]);
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    // 10 s until it runs, 20 s and 5 s of its probe; its limit, and its grace period.
    let words = "A pod requests 0.5 cores, serves at most 0.8 cores of work, is ready after 35s, and gone \
                 5s after its deletion.";
    assert!(text.contains(words), "{output}");
    // The HPA cannot compute a share of a request that is not there.
    let bare =
        "[{name: a, image: 'a:1'}, {name: b, image: 'b:1', resources: {requests: {cpu: 1}}}]";
    env.write("bare.yaml", &web("{}", bare));
    let output = env.run(["simulate", "--hpa", "bare.yaml"]);
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("web: inert. The HPA never moves."), "{output}");
    assert!(text.contains("missing request"), "{output}");
    assert!(text.contains("has no cpu request in a,"), "{output}");
}

/// Memory alone, and a resource that metrics-server does not have: no load to follow.
#[test]
fn an_hpa_without_a_metric_of_load_has_no_verdict_or_is_inert() {
    let env = TestEnv::new();
    for (from, to, words) in [
        ("name: cpu", "name: memory", "web: no verdict. Memory seldom falls when pods are added"),
        (
            "name: cpu",
            "name: nvidia.com/gpu",
            "web: inert. The HPA never moves. FailedGetResourceMetric",
        ),
    ] {
        env.write("hpa.yaml", &web("{}", CONTAINER).replace(from, to));
        let output = env.run(["simulate", "--hpa", "hpa.yaml"]);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.starts_with(words), "{words}: {output}");
        assert!(text.contains("cores of work"), "{output}");
    }
}

#[test]
fn the_verdict_says_what_a_behavior_does() {
    for (behavior, words) in [
        (
            "{scaleDown: {selectPolicy: Disabled}}",
            "web: only up. scaleDown has selectPolicy Disabled",
        ),
        (
            "{scaleUp: {selectPolicy: Disabled}}",
            "web: only down. scaleUp has selectPolicy Disabled",
        ),
        (
            "{scaleUp: {selectPolicy: Disabled}, scaleDown: {selectPolicy: Disabled}}",
            "web: inert. Both directions have selectPolicy Disabled.",
        ),
        ("{scaleDown: {stabilizationWindowSeconds: 3600}}", "within 3625s from maxReplicas 20"),
    ] {
        let env = TestEnv::new();
        env.write("web.yaml", &web(behavior, CONTAINER));
        let output = env.run(["simulate", "--hpa", "web.yaml"]);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words), "{words}: {output}");
    }
}

#[test]
fn a_load_comes_from_a_shape_or_a_file() {
    let env = TestEnv::new();
    let day = json(&env, "s04-cpu", &["--load", "day:1..5"]);
    let outcome = &day["configurations"][0]["outcome"];
    assert_eq!(outcome["lengthSeconds"], 86_400, "{outcome}");
    assert_eq!((&outcome["leastReplicas"], &outcome["mostReplicas"]), (&2.into(), &7.into()));
    env.write("load.csv", "time,cores\n0,1\n600,5\n1200,5\n");
    let recorded = json(&env, "s04-cpu", &["--load", "load.csv"]);
    assert_eq!(recorded["load"], "load.csv");
    assert_eq!(recorded["configurations"][0]["outcome"]["lengthSeconds"], 1_200);
    let samples = recorded["configurations"][0]["samples"].as_array().unwrap();
    assert_eq!(samples.last().unwrap()["demandMilli"], 5_000);
    env.write("long.csv", "0,1\n9999999,1\n");
    env.write("high.csv", "0,1\n600,1e300\n");
    for (load, code, words) in [
        ("steps", 2, "did you mean step? expected step, ramp, day"),
        ("step:5", 2, "expected levels such as step:5..40"),
        ("step:1..1e308", 2, "expected levels such as step:5..40"),
        ("step:9..5", 2, "expected levels such as"),
        ("long.csv", 2, "at most 31 days can be simulated"),
        ("high.csv", 1, "a load of 1e300: expected 0 to 1e15"),
        ("none.csv", 1, "none.csv"),
    ] {
        let file = fixture("hpa/s04-cpu.yaml").display().to_string();
        let output = env.run(["simulate", "--hpa", &file, "--load", load]);
        assert_eq!(output.code, Some(code), "{output}");
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
    for (flags, words) in [
        (&["--reserve-in-metric", "5"][..], "--reserve-in-metric is for HPAs of fillers"),
        (&["--corrected"], "without --scenario, --from, --config, --corrected and --metric"),
    ] {
        let file = fixture("hpa/s04-cpu.yaml").display().to_string();
        let output = env.run(["simulate", "--hpa", &file].iter().chain(flags));
        assert_ne!(output.code, Some(0), "{output}");
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
}

#[test]
fn a_sweep_finds_the_front_and_prints_the_best() {
    let env = TestEnv::new();
    let sweeps =
        ["--sweep", "target=50%..80%:10", "--sweep", "scaleDown.stabilizationWindowSeconds=0,300"];
    let found = json(&env, "s04-cpu", &sweeps);
    let all = found["configurations"].as_array().unwrap();
    assert_eq!(all.len(), 8);
    let figure = |entry: &Value, name: &str| entry["outcome"][name].as_u64().unwrap();
    let figures = |entry: &Value| {
        (figure(entry, "overloadedSeconds"), figure(entry, "requestedMilliCoreHours"))
    };
    let front: Vec<_> = all.iter().filter(|entry| entry["pareto"] == true).collect();
    assert!(!front.is_empty() && front.len() < 8, "{}", front.len());
    for entry in &front {
        let own = figures(entry);
        let is_better = |other: &Value| {
            let other = figures(other);
            other.0 < own.0 && other.1 < own.1
        };
        assert!(!all.iter().any(is_better));
    }
    let best = run(&env, "s04-cpu", &[&sweeps[..], &["--corrected"]].concat()).stdout;
    let shown = all.iter().find(|entry| entry["name"] == found["shown"]).unwrap();
    let target = shown["swept"]["target"].as_str().unwrap().trim_end_matches('%').to_owned();
    assert!(best.contains(&format!("averageUtilization: {target}\n")), "{best}");
    assert!(best.contains("stabilizationWindowSeconds: "), "{best}");
    let table = run(&env, "s04-cpu", &sweeps).stdout;
    assert!(table.contains("8 configurations;"), "{table}");
    let file = fixture("hpa/s04-cpu.yaml").display().to_string();
    for (sweep, words) in [
        ("target=0%", "spec.metrics[0].resource.target.averageUtilization: Invalid value"),
        ("maxReplica=5", "spec.maxReplica: unknown field"),
        ("scaleUp.policies[0].value=5", "there is no scaleUp.policies[0].value"),
        ("target", "expected FIELD=A,B,C or FIELD=FROM..TO:STEP"),
    ] {
        let output = env.run(["simulate", "--hpa", &file, "--sweep", sweep]);
        assert!(output.code.is_some_and(|code| code > 0), "{output}");
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
}

#[test]
fn several_hpas_share_one_load_and_one_picture() {
    let env = TestEnv::new();
    env.write("a.yaml", &web("{}", CONTAINER));
    let window = "{scaleDown: {stabilizationWindowSeconds: 0}}";
    env.write("b.yaml", &web(window, CONTAINER));
    let args = ["simulate", "--hpa", "a.yaml", "--hpa", "b.yaml", "--svg", "web.svg"];
    let output = env.run(args);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("\nweb ") && output.stdout.contains("\nweb (2) "), "{output}");
    let svg = std::fs::read_to_string(env.path("web.svg")).unwrap();
    for part in
        ["<svg xmlns", ">needed</text>", ">web</text>", ">web (2)</text>", "ready pods", "</svg>"]
    {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    let csv = env.run([&args[..5], &["-o", "csv"]].concat());
    assert_eq!(csv.stdout.lines().count(), 3, "{csv}");
    // A filler beside it is another simulation.
    let filler = fixture("hpa/s31-expr.yaml").display().to_string();
    let output = env.run(["simulate", "--hpa", "a.yaml", "--hpa", &filler]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("these are two simulations"), "{output}");
}

/// A Prometheus that gives every request the same answer.
fn prometheus(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
        stream.write_all((head + answer).as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    (url, served)
}

#[test]
fn a_load_is_read_from_prometheus() {
    let env = TestEnv::new();
    let query = "sum(rate(requests_total[2m]))";
    let args = |url: &str| {
        ["--prometheus", url, "--query", query, "--since", "2h", "-o", "json"].map(str::to_owned)
    };
    let (url, served) = prometheus(
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},
            "values":[[1700000000,"1"],[1700003600,"5"],[1700007200,"1"]]}]}}"#,
    );
    let file = fixture("hpa/s04-cpu.yaml").display().to_string();
    let run = |url: &str| {
        let words = ["simulate", "--hpa", &file].map(str::to_owned);
        env.run([&words[..], &args(url)].concat())
    };
    let output = run(&url);
    assert_eq!(output.code, Some(0), "{output}");
    let found: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(found["load"], query);
    assert_eq!(found["configurations"][0]["outcome"]["lengthSeconds"], 7_200);
    assert_eq!(found["configurations"][0]["outcome"]["mostReplicas"], 7);
    let request = served.join().unwrap();
    let path = "GET /api/v1/query_range?query=sum%28rate%28requests%5Ftotal%5B2m%5D%29%29&start=";
    assert!(request.starts_with(path) || request.contains("query_range?query=sum"), "{request}");
    assert!(request.contains("&step=15"), "{request}");
    for (answer, words) in [
        (r#"{"status":"error","error":"parse error: x"}"#, "Prometheus answered: parse error: x"),
        (r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, "matched no series"),
        ("<html>", "answered 200"),
    ] {
        let (url, served) = prometheus(answer);
        let output = run(&url);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains(words), "{words}: {output}");
        served.join().unwrap();
    }
    let output = run("http://127.0.0.1:1");
    assert!(output.stderr.contains("does not answer"), "{output}");
    let output = env.run(["simulate", "--hpa", &file, "--prometheus", "http://x"]);
    assert_eq!(output.code, Some(2), "{output}");
}

/// Inputs like those of public repositories, each with what an expert would say of it.
#[test]
fn hpas_like_those_of_public_repositories_are_judged_as_by_an_expert() {
    const WINDOW: &str = "Most of that is the scaleUp.stabilizationWindowSeconds of 300: without,";
    const HOUR: &str =
        "Most of SPARE is the scaleDown.stabilizationWindowSeconds of 3600: without,";
    for (case, args, parts) in [
        (
            "nginx-ingress",
            &[][..],
            &[
                "ingress-nginx-controller: stable.",
                WINDOW,
                "More pods do not lower it: what stays above its target takes the HPA to \
                 maxReplicas 11, and it stays there.",
                "gone 5m after its deletion",
            ][..],
        ),
        (
            "celery-keda",
            &[],
            &[
                "keda-hpa-celery-worker: oscillating.",
                "--pod-capacity states it.",
                "A queue tells how much waits, not how much comes in",
            ],
        ),
        (
            "jvm-service",
            &[],
            &["orders: stable.", "maxReplicas 12, and it stays there.", "requests 1 core, serves"],
        ),
        (
            "kafka-consumer",
            &[],
            &["clicks-consumer: no verdict.", "State it for kafka_consumergroup_lag"],
        ),
        ("kafka-consumer", &["--metric", "queue"], &["clicks-consumer: oscillating."]),
        (
            "gpu-inference",
            &[],
            &["llm: stable.", "Most of that is the 200s until a new pod is ready and warm"],
        ),
        ("github-runners", &["--metric", "load"], &["runners: stable.", HOUR]),
        (
            "nightly-batch",
            &[],
            &[
                "keda-hpa-nightly: stable.",
                "s0-cron is a schedule; its time is taken not to have come.",
            ],
        ),
        ("canary", &[], &["checkout: inert.", "AmbiguousSelector"]),
        ("latency", &["--metric", "per-pod"], &["frontend: stable."]),
        ("php-apache", &[], &["php-apache: stable."]),
        (
            "no-requests",
            &[],
            &["api: inert.", "missing request for cpu", "has no cpu request in log-shipper"],
        ),
    ] {
        let output = run(&TestEnv::new(), &format!("public/{case}"), args);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(text.contains(part), "{case}: {part}: {output}");
        }
    }
}

#[test]
fn json_names_what_slows_the_shown_configuration_down_as_the_table_does() {
    let of = |case: &str, args: &[&str]| -> Value {
        let args = [args, &["-o", "json"]].concat();
        let output = run(&TestEnv::new(), &format!("public/{case}"), &args);
        let value: Value = serde_json::from_str(&output.stdout).unwrap();
        value["configurations"][0].clone()
    };
    let slow = of("nginx-ingress", &[]);
    let up = &slow["slowedBy"]["up"];
    assert_eq!(up["cause"], "scaleUp.stabilizationWindowSeconds", "{up}");
    assert_eq!(up["seconds"], 300, "{up}");
    let why =
        "Most of the longest shortfall is the scaleUp.stabilizationWindowSeconds of 300: without,";
    assert!(up["why"].as_str().unwrap().starts_with(why), "{up}");
    let short = |outcome: &Value| outcome["longestShortfallSeconds"].as_u64().unwrap();
    assert!(short(&up["outcomeWithout"]) * 3 < short(&slow["outcome"]) * 2, "{up}");

    let down = &of("github-runners", &["--metric", "load"])["slowedBy"]["down"];
    assert_eq!(down["cause"], "scaleDown.stabilizationWindowSeconds", "{down}");
    let why =
        "Most of the pods to spare is the scaleDown.stabilizationWindowSeconds of 3600: without,";
    assert!(down["why"].as_str().unwrap().starts_with(why), "{down}");

    let up = &of("gpu-inference", &[])["slowedBy"]["up"];
    assert_eq!((&up["cause"], &up["seconds"]), (&"podStart".into(), &200.into()), "{up}");
    let none = of("canary", &[]);
    assert!(none["slowedBy"].is_object() && none["slowedBy"]["up"].is_null(), "{none}");
}

#[test]
fn a_container_metric_looks_at_the_requests_of_its_container() {
    let env = TestEnv::new();
    let containers = "[{name: app, image: 'a:1', resources: {requests: {cpu: 500m}}}, \
                      {name: log, image: 'l:1'}]";
    let whole = web("{}", containers);
    env.write("whole.yaml", &whole);
    let output = env.run(["simulate", "--hpa", "whole.yaml"]);
    assert!(output.stdout.starts_with("web: inert."), "{output}");
    let one = whole.replace(
        "- type: Resource\n    resource: {name: cpu,",
        "- type: ContainerResource\n    containerResource: {name: cpu, container: app,",
    );
    env.write("one.yaml", &one);
    let output = env.run(["simulate", "--hpa", "one.yaml"]);
    assert!(output.stdout.starts_with("web: stable."), "{output}");
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("A pod requests 0.5 cores, serves"), "{output}");
    env.write("none.yaml", &one.replace("container: app", "container: proxy"));
    let output = env.run(["simulate", "--hpa", "none.yaml"]);
    assert!(output.stdout.starts_with("web: inert."), "{output}");
}

#[test]
fn the_load_of_a_capacity_history_is_what_the_recorded_replicas_serve() {
    let env = TestEnv::new();
    // Four pods of web, and after half an hour twelve; one of another workload.
    let mut text = String::from(
        r#"{"history":{"version":1,"started":"2026-11-24T03:00:00Z","server":"https://x"}}
{"workload":{"replica":{"cpu":1000,"pods":1},"placement":{}}}
{"node":{"metadata":{"name":"a"},"spec":{},"status":{"allocatable":{"cpu":"64","memory":"64Gi","pods":"110"},"conditions":[{"type":"Ready","status":"True"}]}}}
{"host":[0,"a"]}
{"group":[0,"shop","Deployment","web"]}
{"group":[1,"shop","Deployment","other"]}
{"footprint":[0,{"cpu":500,"pods":1}]}
{"pod":["000000000000000000000000000000ff",0,1,0,0]}
"#,
    );
    let pods = |numbers: std::ops::Range<u32>| -> String {
        numbers.map(|at| format!("{{\"pod\":[\"{at:032x}\",0,0,0,0]}}\n")).collect()
    };
    text.push_str(&format!("{}{{\"t\":0}}\n", pods(0..4)));
    text.push_str(&format!("{}{{\"t\":1800000}}\n{{\"t\":3600000}}\n", pods(4..12)));
    env.write("history", &text);
    env.write("web.yaml", &web("{}", CONTAINER));
    let args = ["simulate", "--hpa", "web.yaml", "--load", "history"];
    let output = env.run([&args[..], &["-o", "json"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    let value: Value = serde_json::from_str(&output.stdout).unwrap();
    let configuration = &value["configurations"][0];
    let needed = |at: usize| configuration["samples"][at]["neededReplicas"].as_u64();
    let samples = configuration["samples"].as_array().unwrap().len();
    assert_eq!(configuration["outcome"]["lengthSeconds"], 3600);
    assert_eq!((needed(0), needed(samples - 1)), (Some(4), Some(12)), "{output}");
    env.write("api.yaml", &web("{}", CONTAINER).replace("name: web}", "name: api}"));
    let output = env.run(["simulate", "--hpa", "api.yaml", "--load", "history"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("history has no pods of Deployment api"), "{output}");
}

/// It neither follows load nor fills anything, so it fits beside every other.
#[test]
fn an_hpa_that_the_controller_stops_is_of_no_kind() {
    let env = TestEnv::new();
    let filler = std::fs::read_to_string(fixture("hpa/s31-expr.yaml")).unwrap();
    let stopped = filler.replace("kind: Deployment", "kind: deployment");
    let stopped = stopped.replace("name: crunch,", "name: halted,");
    assert_ne!(filler, stopped);
    env.write("both.yaml", &format!("{filler}\n---\n{stopped}"));
    let output = env.run(["simulate", "-f", "both.yaml"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("warning: halted is left out: The controller"), "{output}");
    assert!(output.stdout.contains("crunch"), "{output}");
    env.write("stopped.yaml", &stopped);
    for flags in [&["--burn", "1"][..], &["--basis", "usage"], &["--reserve-in-metric", "10%"]] {
        let output = env.run([&["simulate", "-f", "stopped.yaml"], flags].concat());
        assert_eq!(output.code, Some(0), "{flags:?}: {output}");
        assert!(output.stdout.contains("halted: inert."), "{flags:?}: {output}");
    }
    // Nor does its verdict depend on how fast a pod works.
    let queue = std::fs::read_to_string(fixture("hpa/public/celery-keda.yaml")).unwrap();
    env.write(
        "queue.yaml",
        &queue.replace("scaleTargetRef: {", "scaleTargetRef: {kind: deployment, "),
    );
    let output = env.run(["simulate", "-f", "queue.yaml", "--metric", "queue"]);
    assert!(output.stdout.contains(": inert."), "{output}");
    assert!(!output.stdout.contains("how fast a pod works"), "{output}");
}

/// What chooses a cluster to fill is for HPAs that move, and configurations move.
#[test]
fn flags_that_no_hpa_uses_are_named() {
    let env = TestEnv::new();
    let filler = std::fs::read_to_string(fixture("hpa/s31-expr.yaml")).unwrap();
    let stopped = filler.replace("kind: Deployment", "kind: deployment");
    env.write("stopped.yaml", &stopped);
    let output = env.run(["simulate", "-f", "stopped.yaml", "--scenario", "blog"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("crunch: inert."), "{output}");
    let words = "warning: --scenario is left out: no HPA that is given changes its replicas";
    assert!(output.stderr.contains(words), "{output}");
    let flags = ["--basis=usage", "--burn=1", "--paid-usage=9%", "--reserve-in-metric=1"];
    let output = env.run([&["simulate", "-f", "stopped.yaml"][..], &flags].concat());
    assert_eq!(output.code, Some(0), "{output}");
    for flag in flags {
        let flag = flag.split('=').next().unwrap();
        assert!(output.stderr.contains(&format!("warning: {flag} is left out")), "{output}");
    }
    // No correction makes a stopped HPA move.
    let output = env.run(["simulate", "-f", "stopped.yaml", "--corrected"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output}");
    let text = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("error: crunch has no correction: The controller"), "{output}");
    let output = env.run(["simulate", "-f", "stopped.yaml", "--config", "naive"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("naive"), "{output}");
    assert!(output.stderr.contains("warning: crunch is left out: The controller"), "{output}");
    let flags = ["--sweep=target=1,2", "--pod-capacity=3", "--ready-after=1s", "--warm-up=1s"];
    let args = ["simulate", "-f", "stopped.yaml", "--config", "naive"];
    let output = env.run([&args[..], &flags].concat());
    assert_eq!(output.code, Some(0), "{output}");
    for flag in flags {
        let flag = flag.split('=').next().unwrap();
        let words = format!("warning: {flag} is left out: no HPA is simulated under load");
        assert!(output.stderr.contains(&words), "{output}");
    }
    env.write("web.yaml", &web("{}", CONTAINER));
    let output = env.run(["simulate", "-f", "web.yaml", "--metric=load", "--scenario=blog"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("--scenario is for HPAs of fillers"), "{output}");
}

/// KEDA deletes the HPA of a paused ScaledObject.
#[test]
fn a_paused_scaled_object_keeps_its_replicas() {
    let env = TestEnv::new();
    let file = std::fs::read_to_string(fixture("hpa/public/celery-keda.yaml")).unwrap();
    for (annotations, expected) in [
        ("autoscaling.keda.sh/paused: 'true'", Some("keda.sh/paused), so KEDA deletes the HPA")),
        ("autoscaling.keda.sh/paused: 'yes'", Some("the replicas stay what they are.")),
        ("autoscaling.keda.sh/paused-replicas: '3'", Some("the replicas stay at 3.")),
        ("autoscaling.keda.sh/paused-replicas: 'abc'", Some("keda.sh/paused-replicas), so KEDA")),
        ("autoscaling.keda.sh/paused-replicas: ''", Some("the replicas stay what they are.")),
        ("autoscaling.keda.sh/paused: 'false'", None),
    ] {
        let metadata = format!("namespace: shop, annotations: {{{annotations}}}}}");
        env.write("so.yaml", &file.replace("namespace: shop}", &metadata));
        let output = env.run(["simulate", "-f", "so.yaml", "--metric", "queue"]);
        assert_eq!(output.code, Some(0), "{output}");
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        match expected {
            Some(words) => {
                assert!(text.contains("keda-hpa-celery-worker: inert. Its Scaled"), "{output}");
                assert!(text.contains(words), "{words}: {output}");
            }
            None => assert!(!text.contains("inert"), "{output}"),
        }
        assert_eq!(
            text.contains("3 replicas all the time"),
            annotations.ends_with("'3'"),
            "{text}"
        );
    }
}

/// KEDA disables that direction in its HPA, whatever policies the ScaledObject has for it.
#[test]
fn a_scaled_object_may_be_paused_in_one_direction() {
    let env = TestEnv::new();
    let file = std::fs::read_to_string(fixture("hpa/public/celery-keda.yaml")).unwrap();
    let behavior = "advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: \
                    {selectPolicy: Min}}}}";
    for (annotations, expected) in [
        ("autoscaling.keda.sh/paused-scale-in: 'true'", "only up. scaleDown has selectPolicy"),
        ("autoscaling.keda.sh/paused-scale-out: 'yes'", "only down. scaleUp has selectPolicy"),
        (
            "autoscaling.keda.sh/paused-scale-in: '1', autoscaling.keda.sh/paused-scale-out: ''",
            "inert. Both directions have selectPolicy Disabled.",
        ),
        ("autoscaling.keda.sh/paused-scale-in: 'false'", "oscillating."),
    ] {
        let metadata = format!("namespace: shop, annotations: {{{annotations}}}}}");
        let file = file.replace("namespace: shop}", &metadata);
        env.write("so.yaml", &file.replace("  triggers:", &format!("  {behavior}\n  triggers:")));
        let output = env.run(["simulate", "-f", "so.yaml", "--metric", "queue"]);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = format!("keda-hpa-celery-worker: {expected}");
        assert!(text.starts_with(&words), "{words}: {output}");
    }
}

/// KEDA deletes its HPA, so that another one of the same target runs alone.
#[test]
fn a_paused_scaled_object_does_not_stop_another_hpa() {
    let env = TestEnv::new();
    let scaled_object = |annotations: &str| {
        format!(
            "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: web, \
             annotations: {{{annotations}}}}}\nspec:\n  scaleTargetRef: {{name: web}}\n  triggers:\n  \
             - {{type: cpu, metricType: Utilization, metadata: {{value: '50'}}}}\n"
        )
    };
    let run = |annotations: &str| {
        env.write("web.yaml", &(web("{}", CONTAINER) + &scaled_object(annotations)));
        let check = env.run(["check", "-f", "web.yaml", "--only", "OPP-HPA-001"]);
        (env.run(["simulate", "-f", "web.yaml"]).stdout, check.stdout)
    };
    let (simulation, check) = run("autoscaling.keda.sh/paused: 'true'");
    assert!(simulation.starts_with("web: stable."), "{simulation}");
    assert!(!check.contains("AmbiguousSelector"), "{check}");
    let (simulation, check) = run("");
    assert!(simulation.starts_with("web: inert."), "{simulation}");
    assert!(check.contains("AmbiguousSelector"), "{check}");
}

/// Upstream, `reconcileAutoscaler` applies the bounds before it looks at selectors.
#[test]
fn hpas_of_one_target_with_other_bounds_move_it_for_ever() {
    let env = TestEnv::new();
    let one = web("{}", CONTAINER);
    let hpa = one.split_once("---\n").unwrap().1;
    let other = hpa.replace("metadata: {name: web}", "metadata: {name: more}");
    let other = other
        .replace("minReplicas: 2", "minReplicas: 30")
        .replace("maxReplicas: 20", "maxReplicas: 40");
    env.write("web.yaml", &format!("{one}---\n{other}"));
    let words = "more scales the same target, so the controller applies only the bounds of both \
                 (AmbiguousSelector), which exclude each other, and sets 20 and 30 replicas in turn";
    let output = env.run(["simulate", "-f", "web.yaml"]);
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with(&format!("web: oscillating. {words}.")), "{output}");
    assert!(text.contains("20 to 30 replicas"), "{output}");
    let check = env.run(["check", "-f", "web.yaml", "--only", "OPP-HPA-001"]);
    let text = check.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(words), "{check}");
    // Bounds that overlap hold it.
    let other = other.replace("minReplicas: 30", "minReplicas: 19");
    env.write("web.yaml", &format!("{one}---\n{other}"));
    let output = env.run(["simulate", "-f", "web.yaml"]);
    assert!(output.stdout.starts_with("web: inert. more scales the same target"), "{output}");
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("19 replicas all the time"), "{output}");
}

/// As `kubectl create` accepts it: the API server completes the name.
#[test]
fn a_generated_name_is_its_prefix_before_it_exists() {
    let env = TestEnv::new();
    let one = web("{}", CONTAINER).replace(
        "kind: HorizontalPodAutoscaler\nmetadata: {name: web",
        "kind: HorizontalPodAutoscaler\nmetadata: {generateName: web-",
    );
    assert!(one.contains("generateName"), "{one}");
    env.write("one.yaml", &one);
    let output = env.run(["simulate", "-f", "one.yaml"]);
    assert!(output.stdout.starts_with("web-*: stable."), "{output}");
    env.write("two.yaml", &format!("{one}\n---\n{one}"));
    let output = env.run(["simulate", "-f", "two.yaml"]);
    assert!(output.stdout.contains("web-* scales the same target"), "{output}");
    env.write("three.yaml", &format!("{one}\n---\n{one}\n---\n{one}"));
    let output = env.run(["simulate", "-f", "three.yaml"]);
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "web-*, web-* scale the same target, so the controller stops them all";
    assert!(text.contains(words), "{output}");
    let old = one.replace("{generateName", "{name: '', generateName");
    env.write("old.yaml", &old.replace("autoscaling/v2", "autoscaling/v2beta2"));
    let output = env.run(["simulate", "-f", "old.yaml"]);
    assert!(output.stderr.contains("warning: web-: autoscaling/v2beta2 is retired"), "{output}");
}

/// Upstream finds the resource of a target by group and exact kind; such an HPA never moves.
#[test]
fn an_hpa_whose_target_has_no_scale_is_inert() {
    let env = TestEnv::new();
    for (api_version, kind, words) in [
        (
            "extensions/v1beta1",
            "Deployment",
            "extensions/v1beta1 has no kind Deployment; apps/v1 has",
        ),
        (
            "apps/v1",
            "deployment",
            "apps/v1 has no kind deployment; apps/v1 has the kind Deployment.",
        ),
        ("apps/v1", "DaemonSet", "DaemonSet of apps/v1 has no scale."),
        ("batch/v1", "Job", "Job of batch/v1 has no scale."),
    ] {
        let file = std::fs::read_to_string(fixture("hpa/s04-cpu.yaml")).unwrap();
        let file = file.replace("apiVersion: apps/v1", &format!("apiVersion: {api_version}"));
        let file = file.replace("kind: Deployment", &format!("kind: {kind}"));
        env.write("hpa.yaml", &file);
        let output = env.run(["simulate", "--hpa", "hpa.yaml"]);
        let said = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(": inert. The controller cannot read the scale"), "{output}");
        assert!(said.contains(words), "{words}: {output}");
        let check = env.run(["check", "-f", "hpa.yaml", "--only", "OPP-HPA-001"]);
        assert_eq!(check.code, Some(1), "{check}");
        let said = check.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("cannot read the scale of its target"), "{check}");
    }
    env.write(
        "hpa.yaml",
        &std::fs::read_to_string(fixture("hpa/s04-cpu.yaml"))
            .unwrap()
            .replace("apiVersion: apps/v1", "apiVersion: apps/v1beta2"),
    );
    let output = env.run(["simulate", "--hpa", "hpa.yaml"]);
    assert!(output.stdout.contains(": stable."), "the version does not matter: {output}");
}
