//! Names that nothing in the cluster has: errors with the nearest name, never zeros.

use serde_json::json;

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::fixture;
use crate::support::stream::JsonStream;
use crate::support::world::World;

const BLOG: &str = "blog-cluster/nodes-pods.kubectl.json";
const MIXED: &str = "mixed-cluster/nodes-pods.kubectl.json";

fn saved(command: &str, name: &str, args: &[&str]) -> CommandOutput {
    let file = fixture(name);
    let from = [command, "--from", file.to_str().unwrap()];
    TestEnv::new().run(from.iter().chain(args))
}

/// Asserts that `output` is a usage error of these words, and nothing else.
#[track_caller]
fn assert_refused(output: &CommandOutput, message: &str, hint: &str) {
    assert_eq!(output.code, Some(2), "{output}");
    assert_eq!(output.stdout, "", "{output}");
    assert!(output.stderr.contains(&format!("error: {message}")), "{message}: {output}");
    assert!(output.stderr.contains(hint), "{hint}: {output}");
}

/// As of `-n "$NAMESPACE"` without the variable: a selection must not become all.
#[test]
fn an_empty_value_is_an_error_that_names_its_flag() {
    let env = TestEnv::new();
    for (line, flag) in [
        (&["top", "-n", ""][..], "--namespace <NAMESPACE>"),
        (&["top", "--without="], "--without <NODE|LABELS>"),
        (&["top", "--explain", ""], "--explain <[NAMESPACE/]POD>"),
        (&["top", "-l", ""], "--selector <LABELS>"),
        (&["top", "--pod-selector", ""], "--pod-selector <LABELS>"),
        (&["top", "--from", ""], "--from <FILE>..."),
        (&["top", "--context", ""], "--context <NAME>"),
        (&["top", "--resource", "cpu,"], "--resource <NAMES>"),
        (&["render-hpa", "--workload", "app.yaml", "-n", ""], "--namespace <NAMESPACE>"),
        (&["why", ""], "<[NAMESPACE/]NAME>"),
        (&["why", "web", "-n", ""], "--namespace <NAMESPACE>"),
        (&["check", "-f", ""], "--filename <FILE>"),
        (&["certs", "status", "-n", ""], "--namespace <NAME>"),
        (&["simulate", "--show", ""], "--show <NAME>"),
        (&["serve", "--namespaces", ""], "--namespaces <NAMESPACES>"),
    ] {
        let output = env.run(line);
        assert_refused(&output, "", &format!(" for '{flag}'"));
    }
    // The levels of a tree have a default, and what is passed on may be empty.
    let tree = saved("top", BLOG, &["--tree"]);
    assert_eq!(tree.code, Some(0), "{tree}");
    let sent = env.run(["load", "http://127.0.0.1:1", "--body", "", "--duration", "1s"]);
    assert_ne!(sent.code, Some(2), "{sent}");
}

#[test]
fn top_refuses_names_that_nothing_in_a_saved_list_has() {
    for (args, message, hint) in [
        (
            &["--resource", "mem"][..],
            "--resource: no node has the resource mem, and no pod requests it",
            "did you mean memory?",
        ),
        (&["--resource", "cpu,gpu"], "--resource: no node has the resource gpu", "nvidia.com/gpu?"),
        (&["--fail-below", "mem=10Gi"], "--fail-below: no node has the resource mem", "memory?"),
        (&["--fail-below", "replica=1"], "--fail-below: no node has", "did you mean replicas?"),
        (&["--replica", "cpus=1"], "--replica: no node has the resource cpus", "mean cpu?"),
        (&["-l", "pol=gpu"], "-l: no node has the labels pol=gpu", "did you mean pool?"),
        (&["-l", "pool=gpus"], "-l: no node has the labels pool=gpus", "pool: did you mean gpu?"),
        (&["-n", "shopp"], "-n: no pod is in the namespace shopp", "did you mean shop?"),
        (&["-n", "shopp", "-o", "json"], "-n: no pod is in the namespace shopp", "shop?"),
        (&["--by", "pool=pol"], "--by pool=pol: no node has this label", "did you mean pool?"),
        (
            &["--workload", "app=chekout"],
            "--workload: no pod has the labels app=chekout",
            "app: did you mean checkout?",
        ),
        (&["--workload", "ap=checkout"], "--workload: no pod has", "did you mean app?"),
        (
            &["--workload", "shop/depoy/checkout"],
            "the saved lists hold no",
            "mean deploy/checkout?",
        ),
        (
            &["--explain", "shp/resizing"],
            "the saved lists hold no pod shp/resizing",
            "did you mean shop/resizing?",
        ),
        (&["--explain", "resizing"], "the saved lists hold no pod", "mean shop/resizing?"),
        (&["--columns", "name,gpu.requests"], "--columns: no node has the resource gpu", "gpu?"),
        (&["--sort-by", "mem.requests"], "--sort-by: no node has the resource mem", "memory?"),
        (&["--reserve", "example.com/gpu=1"], "--reserve: no node has the resource", "fpga?"),
        (&["--reserve", "pod:cpu=1,example.com/gpu=1"], "--reserve: no node has", "fpga?"),
        (&["--price", "cpu=1,cpu=2"], "invalid value", "cpu is given twice"),
        (&["--price", "cpu=1e308,memory=1e308"], "invalid value", "expected prices per hour"),
        (&["--taint", "gpu"], "--taint: no node has the taint gpu", "did you mean nvidia.com/gpu?"),
        (
            &["--pod-selector", "app=chekout"],
            "--pod-selector: no pod has the labels",
            "show-labels",
        ),
        (
            &["--namespace-selector", "team=shop"],
            "--namespace-selector: the saved lists hold no namespaces",
            "kubectl get nodes,pods,namespaces -A -o json",
        ),
        (&["--add", "1xcpu=1,taint=a:NoSchedul"], "invalid value", "did you mean NoSchedule?"),
        (&["--add", "1xcpu=1,taint=:NoSchedule"], "invalid value", "expected COUNTxcpu=32"),
        (&["--add", "1xcpu=1,gpuu=3"], "invalid value", "nodes have no resource \"gpuu\""),
        (&["--sort", "remainig"], "invalid value", "did you mean remaining?"),
        (&["--by", "nodess"], "invalid value", "did you mean node?"),
    ] {
        assert_refused(&saved("top", MIXED, args), message, hint);
    }
}

/// Some names need not match: a list of prices fits many clusters, a phase or a taint is there at
/// times.
#[test]
fn top_warns_of_what_need_not_match() {
    for (args, warning) in [
        (&["--price", "cpu=1,pool=spto"][..], "--price: no node is in the pool spto"),
        (
            &["--price", "cpu=1,example.com/tpu=3"],
            "--price: no node has the resource example.com/tpu",
        ),
        (
            &["--price", "cpus=1"],
            "--price: no node has the resource cpus, and no pod requests it; did",
        ),
        (&["--phase", "Unknown"], "--phase: no pod is Unknown"),
        (&["-n", "shop", "--phase", "Unknown"], "--phase: no pod is Unknown in these namespaces"),
        (
            &["-n", "shop", "--pod-selector", "a=b"],
            "--pod-selector: no pod has the labels a=b in these namespaces",
        ),
        (
            &["--phase", "Unknown", "--pod-selector", "app=checkout"],
            "--pod-selector: no pod that is Unknown has the labels app=checkout",
        ),
        // Taints that come and go, another value of one that is there, and one like no other.
        (
            &["--taint", "node.kubernetes.io/unschedulable"],
            "--taint: no node has the taint node.kubernetes.io/unschedulable\n",
        ),
        (&["--taint", "node.kubernetes.io/memory-pressure"], "--taint: no node has the taint node"),
        (&["--taint", "karpenter.sh/unregistered"], "--taint: no node has the taint karpenter"),
        (&["--taint", "nvidia.com/gpu=x:NoExecute"], "--taint: no node has the taint nvidia"),
        (&["--taint", "dedicated=batch"], "--taint: no node has the taint dedicated=batch"),
    ] {
        let output = saved("top", MIXED, args);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(output.stderr.contains(&format!("warning: {warning}")), "{warning}: {output}");
    }
    let output = saved("top", BLOG, &["--price", "cpu=0.031,memory=0.004,gpu=2"]);
    assert_eq!((output.code, output.stderr.contains("--price")), (Some(0), false), "{output}");
}

#[test]
fn words_of_other_tools_are_understood() {
    for (args, tip) in [
        (&["version"][..], "the version is printed by --version"),
        (&["nodes"], "nodes are shown by oppscale top"),
        (&["install"], "a cluster is set up by oppscale init"),
        (&["top", "nodes"], "rows are nodes by default; --by chooses others"),
        (&["top", "pods"], "rows of pods: --by pod"),
        (&["top", "deploy"], "rows of workloads: --by workload"),
        (&["-n", "shop", "top"], "flags follow their command: oppscale top -n"),
        (&["--context=prod", "top"], "flags follow their command: oppscale top --context"),
        (&["top", "--sort-b", "name"], "--sort-by"),
        (&["top", "--all"], "--all-namespaces"),
        (&["top", "--no-header"], "--no-headers"),
    ] {
        let output = TestEnv::new().run(args);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stderr.contains(tip), "{tip}: {output}");
    }
    // What follows the command is its own.
    let output = TestEnv::new().run(["top", "--nonsense", "top"]);
    assert!(!output.stderr.contains("flags follow"), "{output}");
}

/// A program as kubectl calls it.
fn as_plugin(env: &TestEnv, args: &[&str]) -> (String, String) {
    let plugin = env.path("kubectl-oppscale");
    if !plugin.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_oppscale"), &plugin).unwrap();
    }
    let mut command = std::process::Command::new(plugin);
    let output = command.args(args).env_clear().env("HOME", env.path("")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn help_and_hints_name_the_command_that_was_typed() {
    let env = TestEnv::new();
    for command in crate::artefacts::visible_commands() {
        let words: Vec<_> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let (help, _) = as_plugin(&env, &words);
        for line in help.lines() {
            let commands = line.match_indices("oppscale ").filter(|(at, _)| {
                let (before, rest) = line.split_at(*at);
                let next = rest["oppscale ".len()..].split_whitespace().next().unwrap_or_default();
                let is_command = oppscale::cli::is_command(next) || next.starts_with("--");
                is_command && !before.ends_with("kubectl ")
            });
            assert_eq!(commands.count(), 0, "{words:?}: {line}");
            assert!(line.chars().count() <= 88, "{words:?}: {line}");
        }
        assert!(help.contains("kubectl oppscale"), "{help}");
    }
    let (_, stderr) = as_plugin(&env, &["top"]);
    assert!(stderr.contains("| kubectl oppscale top --from -"), "{stderr}");
    let (_, stderr) = as_plugin(&env, &["nodes"]);
    assert!(stderr.contains("nodes are shown by kubectl oppscale top"), "{stderr}");
    let itself = env.run(["top"]);
    assert!(itself.stderr.contains("| oppscale top --from -"), "{itself}");
}

#[test]
fn pages_that_help_names_have_an_address_and_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let address = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");
    let mut pages = 0;
    for command in crate::artefacts::visible_commands() {
        let words: Vec<_> = command.iter().map(String::as_str).chain(["--help"]).collect();
        // An address may be too long for a line.
        let help: String = TestEnv::new().run(words).stdout.split_whitespace().collect();
        for (at, _) in help.match_indices("docs/") {
            assert!(help[..at].ends_with(address), "{command:?}: {help}");
            let end = help[at..].find(".md").unwrap() + at + 3;
            assert!(root.join(&help[at..end]).is_file(), "{command:?}: {}", &help[at..end]);
            pages += 1;
        }
    }
    assert!(pages >= 5, "{pages}");
}

#[test]
fn names_that_exist_are_none_though_nothing_of_them_counts() {
    // A resource that nodes report with 0, a namespace whose pods have ended, and one that waits.
    let list = json!({"kind": "List", "items": [
        {"kind": "Node", "metadata": {"name": "a", "uid": "1"},
         "status": {"allocatable": {"cpu": "4", "pods": "9", "amd.com/gpu": "0"}}},
        {"kind": "Pod", "metadata": {"name": "done", "namespace": "batch", "labels": {"app": "done"}, "uid": "2"},
         "spec": {"nodeName": "a", "containers": [{"name": "c"}]}, "status": {"phase": "Succeeded"}},
        {"kind": "Pod", "metadata": {"name": "w", "namespace": "waits", "uid": "3"},
         "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]}}
    ]});
    let env = TestEnv::new();
    env.write("list", &list.to_string());
    for args in [
        &["--resource", "amd.com/gpu,ephemeral-storage"][..],
        &["-n", "batch"],
        &["-n", "waits"],
        &["--workload", "app=done"],
        &["--replica", "amd.com/gpu=1"],
    ] {
        let output = env.run([&["top", "--from", "list"], args].concat());
        assert_eq!(output.code, Some(0), "{args:?}: {output}");
    }
    let selected = ["top", "--by", "pod", "--pod-selector", "app=done"];
    let output = env.run([&selected[..], &["--from", "list"]].concat());
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output.stderr.contains(
            "warning: --pod-selector: no running or waiting pod has the labels app=done; --phase \
             Succeeded,Failed shows those that have ended\n"
        ),
        "{output}"
    );
    let shown =
        env.run([&selected[..], &["--phase", "Succeeded,Failed", "--from", "list"]].concat());
    assert!(shown.stdout.contains("done") && shown.stderr.is_empty(), "{shown}");
    let ended = env.run(["top", "--from", "list", "--explain", "batch/done"]);
    assert!(ended.stdout.starts_with("batch/done: has ended (Succeeded)"), "{ended}");
    assert!(!ended.stdout.contains("TOTAL"), "{ended}");
}

#[test]
fn a_workload_that_is_not_saved_is_named_with_its_nearest() {
    let file = |name: &str| fixture(&format!("mixed-cluster/{name}")).to_str().unwrap().to_owned();
    let from = ["nodes.json", "pods.json", "deployments.json"].map(file);
    for (workload, hint) in [
        ("shop/deploy/checkot", "did you mean shop/deployment/checkout?"),
        ("shp/deploy/checkout", "did you mean shop/deployment/checkout?"),
    ] {
        for command in [&["top"][..], &["simulate", "--config", "settles"]] {
            let args = [command, &["--workload", workload, "--from"]].concat();
            let args: Vec<_> = args.into_iter().map(str::to_owned).chain(from.clone()).collect();
            assert_refused(&TestEnv::new().run(args), "the saved lists hold no", hint);
        }
    }
    // The lists hold no StatefulSet at all, so it may exist.
    let output = saved("top", MIXED, &["--workload", "shop/sts/x"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("save it too"), "{output}");
}

#[test]
fn other_commands_refuse_them_too() {
    let simulated = saved("simulate", BLOG, &["--workload", "app=mner", "--config", "settles"]);
    assert_refused(&simulated, "--workload: no pod has the labels app=mner", "hint:");
    let run = |args: &[&str]| TestEnv::new().run(args);
    assert_refused(&run(&["simulate", "--scenario", "blg"]), "\"blg\"", "did you mean blog?");
    assert_refused(&run(&["simulate", "--config", "opscale"]), "\"opscale\"", "mean oppscale?");
    let shown = run(&["simulate", "--config", "settles", "--show", "setles"]);
    assert_refused(&shown, "--show setles", "did you mean settles?");
    let image = ["--workload", "batch", "--image", "ghcr.io/acme/w:1"];
    let rendered =
        saved("render-hpa", BLOG, &[&image[..], &["--replica", "cpu=1,mem=1Gi"]].concat());
    assert_refused(&rendered, "--replica: no node has the resource mem", "memory?");
    let quota = ["--quota", "nvidia.com/gpus=9"];
    let rendered = saved("render-hpa", MIXED, &[&image[..], &quota].concat());
    let message = "--quota: no node has the resource nvidia.com/gpus";
    assert_refused(&rendered, message, "did you mean nvidia.com/gpu?");
    let rendered = saved("render-hpa", BLOG, &["--workload", "minr"]);
    assert_refused(&rendered, "\"minr\" is not a workload", "did you mean miner?");
}

#[test]
fn a_live_cluster_is_asked_what_was_meant() {
    let server = FakeApiServer::start(World::blog());
    let run = |args: &[&str]| TestEnv::of(&server).run([&["top"], args].concat());
    assert_refused(&run(&["--resource", "mem"]), "--resource: no node has", "memory?");
    assert_refused(&run(&["-n", "shopp"]), "-n: no pod is in", "did you mean shop?");
    assert_refused(&run(&["--workload", "shop/deploy/chekout"]), "get Deployment", "checkout?");
    assert_refused(&run(&["--explain", "shp/x"]), "get pod shp/x: not found", "hint:");
    // It is not asked for pods that have ended, whose labels these may be.
    let output = run(&["--by", "pod", "--pod-selector", "job-name=backup"]);
    assert_eq!(output.code, Some(0), "{output}");
    // A filler whose pods have all ended is none of now; labels of no pod are a slip, as in lists.
    let mut world = World::blog();
    let mut ended = world.pods[0].clone();
    ended["metadata"]["name"] = json!("done");
    ended["metadata"]["uid"] = json!("0d0d0d0d-0000-4000-8000-000000000000");
    ended["metadata"]["labels"] = json!({"app": "done"});
    ended["status"]["phase"] = json!("Succeeded");
    world.pods.push(ended);
    let with_ended = FakeApiServer::start(world);
    let of_workload = |labels: &str| TestEnv::of(&with_ended).run(["top", "--workload", labels]);
    let done = of_workload("app=done");
    assert_eq!(done.code, Some(0), "{done}");
    assert_refused(&of_workload("app=dome"), "--workload: no pod has the labels app=dome", "hint:");
    let warning =
        "warning: --pod-selector: no running or waiting pod has the labels job-name=backup";
    assert!(output.stderr.contains(warning), "{output}");
}

#[test]
fn what_may_yet_come_is_only_warned_of() {
    let server = FakeApiServer::start(World::blog());
    let env = TestEnv::of(&server);
    let args = [&super::top_watch::WATCH[..], &["--resource", "mem", "-n", "shopp"]].concat();
    let mut stream = JsonStream::start(&env, &args);
    stream.until("following", super::top_watch::is_following);
    let (code, stderr) = stream.interrupt();
    assert_eq!(code, Some(130));
    assert_eq!(
        stderr,
        "warning: --resource: no node has the resource mem, and no pod requests it; did you mean \
         memory?\nwarning: -n: no pod is in the namespace shopp; did you mean shop?\n"
    );
}
