//! `oppscale simulate`: recorded series, the comparison, and its outputs.

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;
use crate::support::world::World;

const BLOG: &str = "blog-cluster/nodes-pods.kubectl.json";

fn simulate(args: &[&str]) -> CommandOutput {
    TestEnv::new().run([&["simulate"], args].concat())
}

fn json(args: &[&str]) -> Value {
    let output = simulate(&[args, &["-o", "json"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    serde_json::from_str(&output.stdout).unwrap()
}

/// The configurations of a comparison by name.
fn named<'a>(value: &'a Value, name: &str) -> &'a Value {
    let list = value["configurations"].as_array().unwrap();
    list.iter().find(|one| one["name"] == name).unwrap()
}

fn golden(name: &str) -> String {
    format!("{}/crates/hpa-model/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// `(seconds, replicas)` at each change of the replicas.
fn changes(csv: &str, column: usize) -> Vec<(f64, u32)> {
    let mut changes: Vec<(f64, u32)> = Vec::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let replicas = cells[column].parse().unwrap();
        if changes.last().map(|change| change.1) != Some(replicas) {
            changes.push((cells[0].parse().unwrap(), replicas));
        }
    }
    changes
}

#[test]
fn every_recorded_series_is_reproduced_within_a_sync_period() {
    for name in [
        "avg-default",
        "avg-milli",
        "avg-negative",
        "avg-policies",
        "avg-tolerance",
        "avg-window0",
        "blog-avg-fixed",
        "blog-closed",
        "value-open",
    ] {
        let output = simulate(&["--series", &golden(&format!("{name}.json"))]);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{name}");
        assert!(output.stdout.starts_with("t_seconds,spec_replicas\n0.000,"), "{name}");
        let recorded = std::fs::read_to_string(golden(&format!("{name}.csv"))).unwrap();
        let (ours, theirs) = (changes(&output.stdout, 1), changes(&recorded, 2));
        let replicas = |list: &[(f64, u32)]| list.iter().map(|one| one.1).collect::<Vec<_>>();
        assert_eq!(replicas(&ours), replicas(&theirs), "{name}");
        for (our, their) in ours.iter().zip(&theirs) {
            assert!((our.0 - their.0).abs() <= 15.0, "{name}: {our:?} but {their:?}");
        }
    }
}

#[test]
fn the_table_of_the_design_comes_out_in_its_main_findings() {
    let value = json(&[]);
    assert_eq!(value["schemaVersion"], 1);
    let figure = |name: &str, key: &str| named(&value, name)["outcome"][key].as_u64().unwrap();
    let finding = |name: &str| named(&value, name)["verdict"]["finding"].as_str().unwrap();
    // The article's HPA swings between its rails, for ever.
    assert_eq!(finding("naive"), "oscillates");
    assert!(figure("naive", "reversals") > 20);
    let to =
        named(&value, "naive")["rescales"].as_array().unwrap().iter().map(|r| r["to"].as_u64());
    let to: Vec<_> = to.flatten().collect();
    assert!(to.contains(&15) && to.contains(&150), "{to:?}");
    // Value on a metric without own pods runs to the maximum and stays.
    assert_eq!(finding("saturated"), "pinned");
    assert_eq!(named(&value, "saturated")["verdict"]["pinnedAt"], 150);
    assert_eq!(figure("saturated", "reversals"), 0);
    assert!(figure("saturated", "paidDelayed") >= 14);
    // AverageValue with the reserve taken off settles; without a window nobody waits.
    assert!(figure("settles", "paidDelayed") > 0);
    assert_eq!(figure("settles-fast", "paidDelayed"), 0);
    assert!(figure("settles-fast", "ownKilled") * 10 < figure("naive", "ownKilled"));
    // oppscale's own is stable, fuller than all that delays nobody, and waits its grace.
    assert_eq!(finding("oppscale"), "stable");
    assert!(figure("oppscale", "longestDelayMilliseconds") <= 6_000);
    assert!(
        figure("oppscale", "utilisationMilliPercent")
            > figure("settles-fast", "utilisationMilliPercent")
    );
}

#[test]
fn the_report_says_everything_in_80_columns() {
    let output = simulate(&["--config", "naive"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    for part in [
        "HPA    VERDICT      UTIL%",
        "naive on blog: the article's HPA",
        "cores over time: # paid, + opportunistic, . free",
        "Verdict: oscillating.",
        "Reserve this loop needs: 92.4 cores",
        "paid growth in 375s: metric 30s, sync 15s, window 5m, grace 30s  75",
        "what the tolerance ignores                                       12.4",
        "- Use a target of type AverageValue.",
        "--corrected prints the corrected manifest.",
    ] {
        assert!(output.stdout.contains(part), "{part}: {output}");
    }
    assert!(output.stdout.is_ascii(), "no locale was set");
    for line in output.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_chart_takes_utf_8_where_the_locale_does() {
    let env = TestEnv::new();
    let run = |term: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_oppscale"));
        command.env_clear().env("HOME", env.path("")).env("LANG", "C.UTF-8").env("TERM", term);
        let output = command.args(["simulate", "--config", "settles-fast"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("xterm").contains("█ paid, ▒ opportunistic, · free"));
    assert!(run("dumb").contains("# paid, + opportunistic, . free"));
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let run = |seed: &str| simulate(&["--config", "eager", "--seed", seed, "-o", "json"]).stdout;
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}

#[test]
fn csv_holds_the_table_in_integers() {
    let output = simulate(&["--config", "settles-fast", "--config", "oppscale", "-o", "csv"]);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("name,verdict,length_seconds,utilisation_milli_percent,"));
    assert!(lines[1].starts_with("settles-fast,within tolerance,6000,"), "{output}");
    assert!(lines[2].starts_with("oppscale,stable,6000,"), "{output}");
    assert_eq!(lines.len(), 3);
}

/// Whether tags are closed in the order in which they were opened.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('&') || text.contains(';'), "{text}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split([' ', '/']).next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name.to_owned())),
            None if tag.ends_with('/') => {}
            None => open.push(name.to_owned()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_picture_is_written_whole_and_well_formed() {
    let env = TestEnv::new();
    let output = env.run(["simulate", "--config", "naive", "--svg", "out.svg"]);
    assert_eq!(output.code, Some(0), "{output}");
    let svg = std::fs::read_to_string(env.path("out.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert_well_formed(&svg);
    for word in [">paid<", ">opportunistic<", ">free<", ">cores<", ">time<", "<title>naive on blog"]
    {
        assert!(svg.contains(word), "{word}");
    }
    let files: Vec<_> = std::fs::read_dir(env.path("")).unwrap().collect();
    assert_eq!(files.len(), 1, "nothing is left beside it");
    // A link is followed, and what is no file stays what it is.
    std::os::unix::fs::symlink(env.path("out.svg"), env.path("link.svg")).unwrap();
    std::fs::write(env.path("out.svg"), "old").unwrap();
    assert_eq!(env.run(["simulate", "--config", "naive", "--svg", "link.svg"]).code, Some(0));
    assert!(env.path("link.svg").is_symlink());
    assert!(std::fs::read_to_string(env.path("out.svg")).unwrap().starts_with("<svg"));
    assert_eq!(env.run(["simulate", "--config", "naive", "--svg", "/dev/null"]).code, Some(0));
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    let output = env.run(["simulate", "--config", "naive", "--svg", "no/such/out.svg"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.contains("cannot write no/such/out.svg"), "{output}");
}

#[test]
fn a_saved_cluster_is_the_start_of_a_simulation() {
    let file = fixture(BLOG);
    let value = json(&["--from", file.to_str().unwrap(), "--config", "oppscale"]);
    let samples = named(&value, "oppscale")["samples"].as_array().unwrap();
    assert_eq!(samples[0]["allocatableMillicores"], 184_000);
    assert_eq!(samples[0]["paidMillicores"], 32_750);
    assert_eq!(samples[0]["opportunisticMillicores"], 90_000);
}

#[test]
fn ctrl_c_ends_a_long_run() {
    let env = TestEnv::new();
    let child = env.start(["simulate", "--scenario", "day", "--duration", "3000d"]);
    std::thread::sleep(std::time::Duration::from_millis(700));
    crate::support::bin::signal("INT", child.id());
    let output = env.finish(child);
    assert_eq!((output.code, output.stdout.as_str()), (Some(130), ""));
}

/// The example of `docs/series.md` prints what the page says.
#[test]
fn the_documented_series_runs() {
    let page = include_str!("../../docs/series.md");
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    let env = TestEnv::new();
    env.write("series.json", block("json"));
    let output = env.run(["simulate", "--series", "series.json"]);
    assert_eq!((output.stdout.as_str(), output.code), (block("csv"), Some(0)), "{output}");
}

#[test]
fn the_usage_basis_tells_what_is_burnt_and_lost() {
    let env = TestEnv::new();
    let output = env.run(["simulate", "--basis", "usage", "--paid-usage", "25%", "-o", "json"]);
    assert_eq!(output.code, Some(0), "{output}");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let configurations = report["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 1, "only one counts replicas");
    let outcome = &configurations[0]["outcome"];
    assert!(outcome["burntMilliCoreHours"].as_u64().unwrap() > 0, "{outcome}");
    assert_eq!(outcome["paidLostMilliCoreSeconds"], 0);
    let table = env.run(["simulate", "--basis", "usage"]);
    for heading in ["BURNT", "IDLE%", "LOST"] {
        assert!(table.stdout.contains(heading), "{table}");
    }
    let refused = env.run(["simulate", "--basis", "usage", "--config", "naive"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("--config oppscale"), "{refused}");
}

/// The outcomes of a comparison.
fn outcomes(env: &TestEnv, args: &[&str]) -> Vec<Value> {
    let output = env.run([&["simulate", "-o", "json"], args].concat());
    assert_eq!(output.code, Some(0), "{output}");
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let all = report["configurations"].as_array().unwrap();
    all.iter().map(|one| one["outcome"].clone()).collect()
}

#[test]
fn flags_of_the_usage_basis_replace_only_what_they_state() {
    let env = TestEnv::new();
    env.write(
        "busy.yaml",
        "nodes: [{count: 2, cpu: 16, memory: 64Gi}]\n\
         paid: [{name: web, cpu: 1, rows: [{at: 0, replicas: 30}]}]\n\
         paid_usage: [{at: 0, percent: 75}]\n\
         filler: {cpu: 1, basis: usage, burn: 2}\n",
    );
    let busy = ["--scenario", "busy.yaml"];
    let own = outcomes(&env, &busy);
    assert_eq!(outcomes(&env, &[&busy[..], &["--basis", "usage"]].concat()), own);
    assert_eq!(outcomes(&env, &[&busy[..], &["--paid-usage", "75%", "--burn", "2"]].concat()), own);
    assert_ne!(outcomes(&env, &[&busy[..], &["--paid-usage", "25%"]].concat()), own);
    assert_ne!(outcomes(&env, &[&busy[..], &["--burn", "1"]].concat()), own);
    let nothing = env.run(["simulate", "--burn", "1"]);
    assert_eq!(nothing.code, Some(2), "{nothing}");
    assert!(nothing.stderr.contains("--burn: no filler is on the usage basis"), "{nothing}");
}

/// The article's cluster, whose miner requests 10m and has these annotations and CPU limit.
fn cluster_with_miner(annotations: Value, limit: Option<&str>) -> String {
    let mut world = World::blog();
    let miner = world.deployment_mut("electroneum");
    miner["metadata"]["annotations"] = annotations;
    let resources = &mut miner["spec"]["template"]["spec"]["containers"][0]["resources"];
    resources["requests"]["cpu"] = "10m".into();
    if let Some(limit) = limit {
        resources["limits"]["cpu"] = limit.into();
    }
    world.saved()
}

#[test]
fn the_workload_of_a_saved_cluster_tells_its_basis_and_burn() {
    let env = TestEnv::new();
    let of = |annotations: Value, limit: Option<&str>, more: &[&str]| {
        env.write("cluster.json", &cluster_with_miner(annotations, limit));
        let from = ["--from", "cluster.json", "-n", "opportunistic"];
        let args = [&from[..], &["--workload", "deployment/electroneum"], more].concat();
        outcomes(&env, &args)[0].clone()
    };
    let (usage, with_burn) = (
        json!({"oppscale.dev/basis": "usage"}),
        json!({"oppscale.dev/basis": "usage", "oppscale.dev/burn": "2"}),
    );
    let own = of(with_burn.clone(), None, &[]);
    assert!(own["burntMilliCoreHours"].as_u64().unwrap() > 0, "{own}");
    assert_eq!(of(with_burn.clone(), None, &["--basis", "usage", "--paid-usage", "25%"]), own);
    assert_ne!(of(with_burn.clone(), None, &["--burn", "1"]), own);
    assert_ne!(of(with_burn.clone(), None, &["--paid-usage", "75%"]), own);
    // The CPU limit tells what the annotation does not, and without either nothing does.
    assert_eq!(of(usage.clone(), Some("2"), &[]), own);
    env.write("cluster.json", &cluster_with_miner(usage, None));
    let args = ["simulate", "--from", "cluster.json", "-n", "opportunistic", "--workload"];
    let refused = env.run([&args[..], &["deployment/electroneum"]].concat());
    assert!(refused.stderr.contains("the cores that a replica uses are unknown"), "{refused}");
    env.write("cluster.json", &cluster_with_miner(with_burn, None));
    let refused = env.run([&args[..], &["deployment/electroneum", "--basis", "requests"]].concat());
    assert_eq!(refused.code, Some(2), "{refused}");
    // Its basis is an annotation in a list, not a field of a scenario.
    assert!(refused.stderr.contains("take oppscale.dev/basis out of its annotations"), "{refused}");
}

/// Pods that want the same port of the host do not share one of the 6 nodes.
#[test]
fn a_simulated_node_holds_one_pod_of_those_that_keep_apart() {
    let env = TestEnv::new();
    let of = |change: &dyn Fn(&mut Value)| {
        let mut world = World::blog();
        change(&mut world.deployment_mut("electroneum")["spec"]["template"]["spec"]);
        env.write("cluster.json", &world.saved());
        let from = ["simulate", "--from", "cluster.json", "-n", "opportunistic", "-o", "json"];
        let args = ["--workload", "deployment/electroneum", "--config", "oppscale"];
        let output = env.run([&from[..], &args].concat());
        assert!(output.code.is_some_and(|code| code < 2), "{output}");
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        (document["configurations"][0]["outcome"].clone(), output.stderr)
    };
    let (shared, notes) = of(&|_| {});
    assert!(!notes.contains("do not consider"), "{notes}");
    let (alone, _) = of(&|pod| {
        pod["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    });
    let harvested = |outcome: &Value| outcome["harvestedMilliCoreHours"].as_u64().unwrap();
    assert_eq!((harvested(&shared), harvested(&alone)), (141_696, 6_000));
    let (_, notes) = of(&|pod| {
        pod["topologySpreadConstraints"] =
            json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]);
    });
    assert!(notes.contains("topologySpreadConstraints, which slots do not consider"), "{notes}");
}

#[test]
fn the_workload_beside_an_hpa_tells_its_basis_and_burn() {
    let env = TestEnv::new();
    let render = |more: &[&str]| {
        let cluster = fixture(BLOG);
        let args = ["render-hpa", "--workload", "batch", "--image", "ghcr.io/acme/batch:1"];
        let from = ["--replica", "cpu=2,memory=64Mi", "--from", cluster.to_str().unwrap()];
        let output = env.run([&args[..], &from, more].concat());
        assert_eq!(output.code, Some(0), "{output}");
        output.stdout
    };
    // Pods that want the same port of the host go one to each of 6 nodes.
    let plain = render(&[]);
    let image = plain.lines().find(|line| line.contains("image: ")).unwrap();
    let indent = " ".repeat(image.find("image").unwrap());
    let ports = format!("{image}\n{indent}ports: [{{containerPort: 80, hostPort: 80}}]");
    env.write("plain.yaml", &plain);
    env.write("ports.yaml", &plain.replace(image, &ports));
    let [shared, alone] = ["plain.yaml", "ports.yaml"].map(|file| {
        let args = ["simulate", "-o", "json", "-f", file];
        let report: Value = serde_json::from_str(&env.run(args).stdout).unwrap();
        let outcome = &report["configurations"][0]["outcome"];
        outcome["harvestedMilliCoreHours"].as_u64().unwrap()
    });
    assert_eq!((shared, alone), (211_084, 20_000));
    let usage = render(&["--basis", "usage"]);
    env.write("usage.yaml", &usage);
    let of_file =
        |more: &[&str]| outcomes(&env, &[&["-f", "usage.yaml"], more].concat())[0].clone();
    let own = of_file(&[]);
    assert!(own["burntMilliCoreHours"].as_u64().unwrap() > 0, "{own}");
    assert_eq!(of_file(&["--basis", "usage", "--burn", "2", "--paid-usage", "25%"]), own);
    assert_ne!(of_file(&["--burn", "1"]), own);
    // Without the annotation, the CPU limit tells; without either nothing does, as when served.
    let annotation = usage.lines().find(|line| line.contains("oppscale.dev/burn")).unwrap();
    let unknown = usage.replace(&format!("{annotation}\n"), "");
    env.write("unknown.yaml", &unknown);
    let refused = env.run(["simulate", "-f", "unknown.yaml"]);
    assert!(refused.stderr.contains("unknown.yaml: batch: the cores that a replica"), "{refused}");
    // One that requests its cores is put on the basis by the flag.
    env.write("requests.yaml", &render(&[]));
    let put = outcomes(&env, &["-f", "requests.yaml", "--basis", "usage"])[0].clone();
    assert_eq!(put["burntMilliCoreHours"], own["burntMilliCoreHours"]);
    let contradiction = env.run(["simulate", "-f", "usage.yaml", "--basis", "requests"]);
    assert_eq!(contradiction.code, Some(2), "{contradiction}");
}
