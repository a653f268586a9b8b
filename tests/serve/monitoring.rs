//! The dashboard and the alerts, held against what the server tells, and against promtool.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::promql::parts;
use super::rig::{Rig, world};
use super::scraper::Prometheus;
use super::tenants::copy_of_miner;
use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::Setup;
use crate::support::fixture;
use crate::support::tools::tool;
use crate::support::world::World;

/// The files that an export writes, by name.
fn exported() -> (TestEnv, BTreeMap<String, String>) {
    let env = TestEnv::new();
    let output = env.run(
        "init --image i --output-dir out --kustomize --with alerts --with dashboard".split(' '),
    );
    assert_eq!(output.code, Some(0), "{output}");
    let files = std::fs::read_dir(env.path("out")).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        (entry.file_name().into_string().unwrap(), text)
    });
    let files = files.collect();
    (env, files)
}

fn file<'f>(files: &'f BTreeMap<String, String>, end: &str) -> &'f str {
    files.iter().find(|(name, _)| name.ends_with(end)).map(|(_, text)| text.as_str()).unwrap()
}

/// The rules as Prometheus itself takes them: what the operator makes of the object.
fn rules(files: &BTreeMap<String, String>) -> Value {
    let rule: Value = serde_yaml::from_str(file(files, "prometheus-rule-oppscale.yaml")).unwrap();
    assert_eq!(rule["kind"], "PrometheusRule");
    rule["spec"].clone()
}

fn alerts(rules: &Value) -> Vec<&Value> {
    let groups = rules["groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap()).collect()
}

fn dashboard(files: &BTreeMap<String, String>) -> Value {
    serde_json::from_str(&files["grafana-dashboard.json"]).unwrap()
}

/// The expressions of a dashboard with panel and letter, its variables replaced.
fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let name = format!("{} {}", panel["title"].as_str().unwrap(), target["refId"]);
            all.push((name, replaced(target["expr"].as_str().unwrap())));
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        if let Some(expression) = annotation["expr"].as_str() {
            all.push(("annotation".to_owned(), replaced(expression)));
        }
    }
    all
}

fn replaced(expression: &str) -> String {
    let mut text = expression.to_owned();
    for (variable, value) in
        [("$namespace", ".*"), ("$workload", ".*"), ("$__rate_interval", "30s"), ("$__range", "5m")]
    {
        text = text.replace(variable, value);
    }
    assert!(!text.contains('$'), "{text}");
    text
}

/// A server that has something to tell of everything.
fn telling() -> Rig {
    let proxies = Authority::new("front-proxy-ca");
    let mut world = world(&proxies);
    world.hpas = World::blog().hpas;
    let filler = |d: &&mut Value| d["metadata"]["name"] == "electroneum";
    let filler = world.deployments.iter_mut().find(filler).unwrap();
    filler["metadata"]["annotations"]["oppscale.dev/reserve"] = "15%".into();
    filler["metadata"]["annotations"]["oppscale.dev/max-replicas"] = "150".into();
    // One beside it is on the usage basis.
    let basis = json!({"oppscale.dev/basis": "usage", "oppscale.dev/burn": "1"});
    let harvester = copy_of_miner(&world, "opportunistic", "harvester", basis);
    world.deployments.push(harvester);
    let rig = Rig::with(proxies, Setup::new(world.with_metrics()), &["--pressure-guard=proxy"]);
    rig.fit().unwrap();
    rig.until("HPAs are told of", |rig| rig.web("/metrics").body.contains("oppscale_hpa_"));
    rig.until("usage is read", |rig| rig.web("/metrics").body.contains("oppscale_usage_age_"));
    rig
}

/// The names of all samples of a text, with the labels of each.
fn samples(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut samples: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (found, _) = parts(series);
        for one in found {
            samples.entry(one.name).or_default().extend(one.labels);
        }
    }
    samples
}

#[test]
fn every_series_that_is_asked_for_is_served() {
    let text = telling().web("/metrics").body;
    if let Some((code, said)) = super::prometheus::promtool(&text, &[]) {
        assert_eq!((code, &*said), (Some(0), ""), "{text}");
    }
    let served = samples(&text);
    let (_env, files) = exported();
    let dashboard = dashboard(&files);
    let mut all = expressions(&dashboard);
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["definition"].as_str() {
            let query = query.strip_prefix("label_values(").unwrap();
            all.push(("variable".to_owned(), replaced(query.split_once(", ").unwrap().0)));
        }
    }
    let rules = rules(&files);
    for alert in alerts(&rules) {
        let name = alert["alert"].as_str().unwrap().to_owned();
        all.push((name, alert["expr"].as_str().unwrap().to_owned()));
    }
    // What Prometheus itself adds to each series, and its own series.
    let added = ["instance", "namespace"];
    let its_own = ["up", "ALERTS"];
    for (name, expression) in all {
        let (series, labels) = parts(&expression);
        assert!(!series.is_empty(), "{name}: {expression}");
        let mut known: BTreeSet<&str> = added.into();
        for one in series.iter().filter(|one| !its_own.contains(&&*one.name)) {
            let Some(has) = served.get(&one.name) else {
                panic!("{name} asks for {}, which is not served", one.name)
            };
            for label in &one.labels {
                assert!(has.contains(label), "{name}: {} has no label {label}", one.name);
            }
            known.extend(has.iter().map(String::as_str));
        }
        for label in labels {
            assert!(known.contains(&*label), "{name}: nothing has the label {label}");
        }
    }
}

#[test]
fn the_dashboard_is_sound() {
    let (_env, files) = exported();
    let dashboard = dashboard(&files);
    assert_eq!((&dashboard["uid"], &dashboard["id"]), (&json!("oppscale"), &Value::Null));
    let map: Value = serde_yaml::from_str(file(&files, "oppscale-dashboard.yaml")).unwrap();
    assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
    assert_eq!(map["data"]["oppscale.json"], files["grafana-dashboard.json"].as_str());
    for listed in ["oppscale-dashboard.yaml", "prometheus-rule-oppscale.yaml"] {
        assert!(files["kustomization.yaml"].contains(listed), "{}", files["kustomization.yaml"]);
    }
    let variables: Vec<_> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, ["datasource", "namespace", "workload"]);
    let mut taken: BTreeMap<(u64, u64), &Value> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = &panel["title"];
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        let (x, y, w, h) = (place("x"), place("y"), place("w"), place("h"));
        assert!(x + w <= 24, "{title} is wider than the grid");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            let other = taken.insert(cell, title);
            assert!(other.is_none(), "{title} lies on {other:?}");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().is_some_and(|text| text.len() > 20), "{title}");
        let units = ["/fieldConfig/defaults/unit", "/options/yAxis/unit"];
        assert!(units.iter().any(|path| panel.pointer(path).is_some()), "{title} has no unit");
        let mut letters = BTreeSet::new();
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            assert!(letters.insert(target["refId"].as_str().unwrap()), "{title}");
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
    }
    // No holes either.
    let rows = taken.keys().map(|(_, y)| y + 1).max().unwrap();
    assert_eq!(taken.len() as u64, rows * 24);
}

#[test]
fn promtool_takes_every_expression_of_the_dashboard() {
    let (env, files) = exported();
    let rules: Vec<Value> = expressions(&dashboard(&files))
        .iter()
        .enumerate()
        .map(|(number, (_, expression))| {
            json!({"record": format!("dashboard:target:{number}"), "expr": expression})
        })
        .collect();
    let groups = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    env.write("dashboard.yml", &groups.to_string());
    promtool(&["check", "rules", "dashboard.yml"], &env);
}

#[test]
fn a_real_prometheus_has_an_answer_for_every_panel() {
    let rig = telling();
    let Some(prometheus) = Prometheus::of(&rig) else { return };
    rig.server.change(|world| {
        let mut pod = world.guest("burst", 1);
        pod["spec"]["nodeName"] = Value::Null;
        world.pods.push(pod);
    });
    // Each must have been scraped as it was before it can have grown.
    let zero = "oppscale_paid_pod_wait_seconds_count == 0 and on () oppscale_paid_waiting_pods{state=\"placeable\"} == 1";
    assert_eq!(prometheus.ask(zero).len(), 1);
    rig.server.change(|world| {
        let node = world.nodes[0]["metadata"]["name"].clone();
        world.pod("burst")["spec"]["nodeName"] = node;
    });
    rig.fit().unwrap();
    assert_eq!(prometheus.ask("oppscale_paid_pod_wait_seconds_count == 1").len(), 1);
    let (_env, files) = exported();
    // No alert fires here, and no own pod waits.
    let empty = ["annotation", "Fit and actual replicas \"D\""];
    for (name, expression) in expressions(&dashboard(&files)) {
        if empty.contains(&&*name) {
            continue;
        }
        let result = prometheus.ask(&expression);
        assert!(!result.is_empty(), "{name}: {expression}");
        for one in result {
            let value = one["value"][1].as_str().unwrap();
            assert_ne!(value, "NaN", "{name}: {expression}");
        }
    }
}

/// Runs promtool in the home of `env`.
fn promtool(args: &[&str], env: &TestEnv) {
    let Some(program) = tool("promtool") else { return };
    let output = Command::new(program).args(args).current_dir(env.path("")).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && !said.contains("FAILED"), "{said}");
}

fn unit_tests() -> (PathBuf, Value) {
    let path = fixture("alerts/tests.yaml");
    let tests = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    (path, tests)
}

#[test]
#[ignore = "slow: promtool, over days of series"]
fn alerts_fire_when_they_should_and_only_then() {
    let (env, files) = exported();
    let rules = rules(&files);
    env.write("rules.yml", &rules.to_string());
    promtool(&["check", "rules", "rules.yml"], &env);
    let (path, tests) = unit_tests();
    std::fs::copy(path, env.path("tests.yml")).unwrap();
    promtool(&["test", "rules", "tests.yml"], &env);
    // Each is tested to fire, at each of its severities, and not to.
    let mut fires = BTreeSet::new();
    let mut rests = BTreeSet::new();
    for test in tests["tests"].as_array().unwrap() {
        for asked in test["alert_rule_test"].as_array().unwrap() {
            let name = asked["alertname"].as_str().unwrap();
            let expected = asked["exp_alerts"].as_array().unwrap();
            for alert in expected {
                let severity = alert["exp_labels"]["severity"].as_str().unwrap();
                fires.insert((name.to_owned(), severity.to_owned()));
            }
            if expected.is_empty() {
                rests.insert(name.to_owned());
            }
        }
    }
    for alert in alerts(&rules) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (name, severity) = (text(&alert["alert"]), text(&alert["labels"]["severity"]));
        assert!(rests.contains(&name), "{name} is not tested to rest");
        assert!(fires.contains(&(name.clone(), severity)), "{name} is not tested to fire");
    }
}

#[test]
fn every_alert_is_explained() {
    let (_env, files) = exported();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alerts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let sections: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let rules = rules(&files);
    let mut named = BTreeSet::new();
    for alert in alerts(&rules) {
        let name = alert["alert"].as_str().unwrap();
        named.insert(name);
        assert!(
            ["info", "warning", "critical"].map(Value::from).contains(&alert["labels"]["severity"])
        );
        for annotation in ["summary", "description"] {
            assert!(alert["annotations"][annotation].is_string(), "{name} has no {annotation}");
        }
        let runbook = format!("docs/alerts.md#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook"], runbook);
    }
    assert_eq!(sections, named);
}
