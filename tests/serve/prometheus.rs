//! `/metrics`, as Prometheus and promtool see it.

use std::io::Write;
use std::process::{Command, Stdio};

use super::rig::Rig;
use super::scraper::Prometheus;
use crate::support::tools::tool;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The value of a series.
pub(super) fn series(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(str::to_owned)
}

pub(super) fn promtool(text: &str, extra: &[&str]) -> Option<(Option<i32>, String)> {
    let mut child = Command::new(tool("promtool")?)
        .args(["check", "metrics"])
        .args(extra)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.code(), String::from_utf8(said).unwrap()))
}

#[test]
fn promtool_has_nothing_to_say_about_the_text() {
    let rig = Rig::start(&["--node-metrics"]);
    // So that counters and histograms have something to tell.
    rig.fit().unwrap();
    let answer = rig.web("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let workload = r#"{namespace="opportunistic",kind="Deployment",workload="electroneum"}"#;
    for (name, value) in [
        (format!("oppscale_fit_replicas{workload}"), "121"),
        (format!("oppscale_remaining_cpu_cores{workload}"), "121.25"),
        (format!("oppscale_workload_held{workload}"), "0"),
        (r#"oppscale_cluster_requested_cpu_cores{class="paid"}"#.to_owned(), "32.75"),
        (r#"oppscale_cluster_requested_cpu_cores{class="opportunistic"}"#.to_owned(), "90"),
        ("oppscale_cluster_allocatable_cpu_cores".to_owned(), "184"),
        (r#"oppscale_node_remaining_cpu_cores{node="fake-00002"}"#.to_owned(), "26.75"),
        (
            r#"oppscale_api_requests_total{group="custom.metrics.k8s.io",code="200"}"#.to_owned(),
            "1",
        ),
        ("oppscale_blind".to_owned(), "0"),
    ] {
        assert_eq!(series(&answer.body, &name).as_deref(), Some(value), "{name}\n{}", answer.body);
    }
    let Some((code, said)) = promtool(&answer.body, &[]) else { return };
    assert_eq!((code, &*said), (Some(0), ""), "{}", answer.body);
}

#[test]
fn openmetrics_comes_for_those_who_ask() {
    let rig = Rig::start(&[]);
    rig.fit().unwrap();
    let answer = rig.web_with("/metrics", &[("Accept", OPENMETRICS)]);
    assert_eq!(answer.header("content-type"), Some(OPENMETRICS));
    let body = &answer.body;
    assert!(body.ends_with("# EOF\n"));
    assert!(body.contains("# TYPE oppscale_api_requests counter\n"));
    assert!(body.contains("\noppscale_api_requests_total{"));
    assert!(body.contains("# UNIT oppscale_remaining_cpu_cores cores\n"));
    // promtool has no check of this format; what it imports must be of it, and have times.
    let Some(promtool) = tool("promtool") else { return };
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let timed = |line: &str| match line.starts_with('#') {
        true => format!("{line}\n"),
        false => format!("{line} {now}\n"),
    };
    let import = |name: &str, text: &str| {
        rig.env.write(name, text);
        let mut command = Command::new(&promtool);
        command.args(["tsdb", "create-blocks-from", "openmetrics"]);
        command.args([rig.env.path(name), rig.env.path("blocks")]).output().unwrap()
    };
    let output = import("metrics", &body.lines().map(timed).collect::<String>());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = rig.web("/metrics").body;
    let output = import("text", &text.lines().map(timed).collect::<String>());
    assert!(!output.status.success(), "the other format is told apart");
}

#[test]
fn the_articles_gauges_are_there_on_request() {
    let rig = Rig::start(&["--legacy-metrics"]);
    let text = rig.web("/metrics").body;
    for (name, value) in [
        ("cpu_capacity_total", "184000"),
        ("cpu_allocatable_total", "184000"),
        ("pod_capacity_total", "660"),
        ("pod_allocatable_total", "660"),
        // Everybody's, the filler's too, as the article had it.
        ("cpu_requests_total", "122750"),
        ("cpu_capacity_remaining", "61250"),
    ] {
        assert_eq!(series(&text, name).as_deref(), Some(value), "{name}");
        assert!(text.contains(&format!("# TYPE {name} gauge\n")));
    }
    let number = |name| series(&text, name).unwrap().parse::<f64>().unwrap();
    for what in ["mem_capacity_total", "mem_allocatable_total", "mem_requests_total"] {
        assert!(number(what) > 1e6, "{what} in KiB");
    }
    let left = number("mem_allocatable_total") - number("mem_requests_total");
    assert!((left - number("mem_capacity_remaining")).abs() < 1.0);
    assert_eq!(text.matches(" gauge\ncpu_").count() + text.matches(" gauge\nmem_").count(), 8);
    // promtool minds gauges that end in _total (3), as the article named them; it can read
    // them (which it says with 1 if not).
    let Some((code, said)) = promtool(&text, &[]) else { return };
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.lines().all(|line| line.contains("_total\"") || line.contains("abbreviated")),
        "{said}"
    );
}

#[test]
fn what_is_not_known_is_left_out() {
    let rig = Rig::start(&["--max-staleness=3s"]);
    rig.server.silence_watches(true);
    rig.until("stale", |rig| rig.web("/metrics").body.contains("\noppscale_blind 1\n"));
    let text = rig.web("/metrics").body;
    assert!(!text.contains("oppscale_fit_replicas"), "{text}");
    assert!(!text.contains("oppscale_cluster_"), "{text}");
    let age: f64 = series(&text, "oppscale_state_age_seconds").unwrap().parse().unwrap();
    assert!(age > 3.0, "{age}");
    rig.server.silence_watches(false);
    rig.until("seen again", |rig| rig.web("/metrics").body.contains("oppscale_fit_replicas"));
}

#[test]
fn a_real_prometheus_answers_what_remains() {
    let rig = Rig::start(&[]);
    let Some(prometheus) = Prometheus::of(&rig) else { return };
    let result = prometheus.ask("sum(oppscale_remaining_cpu_cores) by (workload)");
    // Only OpenMetrics has units: this is what it asked for, and could read.
    let metadata = prometheus.metadata("oppscale_remaining_cpu_cores");
    assert_eq!((&metadata["type"], &metadata["unit"]), (&"gauge".into(), &"cores".into()));
    assert_eq!(result.len(), 1);
    assert_eq!(result[0]["metric"]["workload"], "electroneum");
    assert_eq!(result[0]["value"][1], "121.25");
}
