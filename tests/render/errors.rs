//! Bad input: a clear error, and nothing on stdout.

use serde_json::json;

use super::{IMAGE, MINER, render};
use crate::support::bin::TestEnv;

fn refused(env: &TestEnv, code: i32, args: &[&str]) -> String {
    let output = render(env, args);
    assert_eq!((output.code, output.stdout.as_str()), (Some(code), ""), "{output}");
    output.stderr
}

fn batch(more: &[&str]) -> String {
    let args = [&["--workload", "batch", "--image", IMAGE], more].concat();
    refused(&TestEnv::new(), 1, &args)
}

#[test]
fn a_replica_that_fits_no_node() {
    insta::assert_snapshot!(batch(&["--replica", "cpu=4,memory=100Gi"]), @r"
    error: a replica of cpu=4,memory=100Gi fits no usable node: node fake-00000 comes closest, with 98040Mi of memory where it needs 100Gi
     hint: ask for less with --replica, or let --replica auto find a shape
    ");
    insta::assert_snapshot!(batch(&["--replica", "cpu=1,memory=1Gi,nvidia.com/gpu=1"]), @r"
    error: a replica of cpu=1,memory=1Gi,nvidia.com/gpu=1 fits no usable node: node fake-00000 comes closest, with 0 of nvidia.com/gpu where it needs 1
     hint: ask for less with --replica, or let --replica auto find a shape
    ");
}

#[test]
fn nodes_too_small_for_any_shape() {
    let env = TestEnv::new();
    let list = r#"{"kind":"List","apiVersion":"v1","items":[
        {"kind":"Node","metadata":{"name":"a"},
         "status":{"allocatable":{"cpu":"200m","memory":"16Gi","pods":"110"}}},
        {"kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"a","containers":[{"name":"c"}]}}]}"#;
    env.write("cluster.json", list);
    let output =
        env.run(["render-hpa", "--from", "cluster.json", "--workload", "batch", "--image", IMAGE]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"
    error: a replica of cpu=250m,memory=512Mi fits no usable node: node a comes closest, with 200m of cpu where it needs 250m
     hint: ask for less with --replica, or let --replica auto find a shape
    ");
}

#[test]
fn a_reserve_above_capacity() {
    insta::assert_snapshot!(batch(&["--reserve", "200"]), @r"
    error: the reserve of 200 leaves nothing: the usable nodes have 182.5 cores beside DaemonSets, and a replica takes cpu=1,memory=2Gi
     hint: keep less free with --reserve; see what there is: oppscale top
    ");
    insta::assert_snapshot!(batch(&["--reserve", "100%"]), @r"
    error: the reserve of 100% leaves nothing: the usable nodes have 182.5 cores beside DaemonSets, and a replica takes cpu=1,memory=2Gi
     hint: keep less free with --reserve; see what there is: oppscale top
    ");
}

#[test]
fn min_above_slots() {
    insta::assert_snapshot!(batch(&["--min", "500"]), @r"
    error: min 500 is above the 172 replicas that can run at zero paid load (178 slots, less the reserve, within any quota)
     hint: lower --min, or ask for less with --replica
    ");
    let said = batch(&["--min", "500"]);
    assert_eq!(batch(&["--min", "500", "--max", "600"]), said, "whatever the most may be");
    insta::assert_snapshot!(batch(&["--min", "6", "--max", "5"]), @r"
    error: min 6 is above max 5
     hint: lower --min, or raise --max
    ");
}

#[test]
fn min_zero_where_an_hpa_cannot_go_to_zero() {
    insta::assert_snapshot!(batch(&["--min", "0"]), @r"
    error: min 0: before Kubernetes 1.37 an HPA keeps one replica at least
     hint: leave --min out, or let KEDA go to zero: --pipeline keda
    ");
    let env = TestEnv::new();
    let zero = ["--workload", "batch", "--image", IMAGE, "--min", "0"];
    let keda = render(&env, &[&zero[..], &["--pipeline", "keda"]].concat());
    assert_eq!(keda.code, Some(0), "{keda}");
    assert_eq!(super::render_for(&env, "1.37", &zero).code, Some(0));
    let sample = refused(&env, 2, &["--workload", "sample-app", "--min", "0"]);
    assert!(sample.contains("--min 0 is for fillers"), "{sample}");
}

#[test]
fn a_quota_below_a_replica_or_below_max() {
    insta::assert_snapshot!(batch(&["--quota", "cpu=500m"]), @r"
    error: the quota of 500m cpu holds no replica of cpu=1,memory=2Gi
     hint: raise --quota, or ask for less with --replica
    ");
    insta::assert_snapshot!(batch(&["--quota", "cpu=50", "--max", "99"]), @r"
    error: max 99 is above the 50 replicas that the quota of 50 cpu holds
     hint: lower --max, or raise --quota
    ");
}

#[test]
fn a_replica_without_cpu() {
    insta::assert_snapshot!(batch(&["--replica", "memory=1Gi"]), @r"
    error: a replica of memory=1Gi requests no cpu: the loop is one of cores
     hint: add cpu to --replica, or to resources.requests of the pods
    ");
}

/// Its pods would be given some, and be larger than what is counted.
#[test]
fn a_replica_without_memory() {
    let args = ["--workload", "batch", "--image", IMAGE, "--replica", "cpu=1"];
    insta::assert_snapshot!(refused(&TestEnv::new(), 2, &args), @r"
    error: --replica cpu=1 has no memory request
     hint: add what a replica needs: --replica cpu=1,memory=1Gi
    ");
}

#[test]
fn a_cluster_with_no_usable_node() {
    let env = TestEnv::new();
    let list = r#"{"kind":"List","apiVersion":"v1","items":[
        {"kind":"Node","metadata":{"name":"a"},"spec":{"unschedulable":true},
         "status":{"allocatable":{"cpu":"8","memory":"16Gi","pods":"110"}}},
        {"kind":"Node","metadata":{"name":"b"},"status":{}},
        {"kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"a","containers":[{"name":"c"}]}}]}"#;
    env.write("cluster.json", list);
    let output =
        env.run(["render-hpa", "--from", "cluster.json", "--workload", "batch", "--image", IMAGE]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"
    error: no node of 2 is usable: 1 Cordoned, 1 Unknown
     hint: see each node's reason: oppscale top --show-unusable -o wide
    ");
}

#[test]
fn a_cluster_whose_pods_are_not_in_the_list() {
    let env = TestEnv::new();
    env.write("nodes.json", r#"{"kind":"NodeList","apiVersion":"v1","items":[]}"#);
    let output =
        env.run(["render-hpa", "--from", "nodes.json", "--workload", "batch", "--image", IMAGE]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.starts_with("error: paid work is unknown"), "{output}");
}

#[test]
fn a_miner_has_no_default_wallet() {
    let env = TestEnv::new();
    insta::assert_snapshot!(refused(&env, 2, &["--workload", "miner"]), @r"
    error: --workload miner needs --image, --pool, --wallet, --worker
     hint: there is no default: it would mine for somebody else. Give all four:
           --image IMAGE --pool stratum+tcp://HOST:PORT --wallet ADDRESS --worker NAME
    ");
    let without_wallet: Vec<_> =
        MINER.iter().enumerate().filter(|(at, _)| *at != 6 && *at != 7).map(|(_, w)| *w).collect();
    assert!(
        refused(&env, 2, &without_wallet).starts_with("error: --workload miner needs --wallet\n")
    );
    for placeholder in [" ", "<WALLET>", "CHANGEME", "your-wallet", "TODO", "wallet"] {
        let mut args = MINER;
        args[7] = placeholder;
        let stderr = refused(&env, 2, &args);
        assert!(stderr.contains("is a placeholder"), "{placeholder:?}: {stderr}");
    }
}

/// What stands on the command line is in the process list and in the shell's history.
#[test]
fn secrets_come_from_files_and_from_standard_input() {
    let env = TestEnv::new();
    fn with<'a>(wallet: &[&'a str]) -> Vec<&'a str> {
        [&MINER[..6], wallet, &MINER[8..]].concat()
    }
    let direct = render(&env, &with(&["--wallet", "48edfHu7V9Z84YzzMa6", "--secret-env", "A=b c"]));
    assert_eq!(direct.code, Some(0), "{direct}");
    env.write("wallet", "48edfHu7V9Z84YzzMa6\n");
    env.write("a", "b c\r\n");
    let files = render(&env, &with(&["--wallet-file", "wallet", "--secret-env", "A=@a"]));
    assert_eq!(files.stdout, direct.stdout, "{files}");
    env.write("empty", "\n");
    std::fs::write(env.path("binary"), [0xff, 0xfe, 0]).unwrap();
    for (args, sentence) in [
        (&["--wallet-file", "empty"][..], "error: --wallet-file: empty is empty"),
        (&["--wallet-file", "binary"], "error: --wallet-file: binary is not valid UTF-8"),
        (
            &["--wallet-file", "-", "--secret-env", "A=@-"],
            "error: standard input (-) can be read only once",
        ),
        (&["--wallet-file", "-"], "error: --wallet-file: standard input is empty"),
    ] {
        let stderr = refused(&env, 2, &with(args));
        assert!(stderr.starts_with(sentence), "{stderr}");
    }
    let stderr = refused(&env, 1, &with(&["--wallet-file", "nowhere"]));
    assert!(stderr.starts_with("error: cannot read nowhere"), "{stderr}");
}

#[test]
fn placeholders_for_images_are_refused() {
    let env = TestEnv::new();
    for workload in ["transcode", "batch", "cache"] {
        let stderr = refused(&env, 2, &["--workload", workload]);
        assert!(stderr.contains(&format!("--workload {workload} needs --image")), "{stderr}");
    }
    for image in ["IMAGE", "<image>", "registry.example/filler", "ghcr.io/acme/x@sha256:..."] {
        let stderr = refused(&env, 2, &["--workload", "batch", "--image", image]);
        assert!(stderr.contains("is a placeholder"), "{image}: {stderr}");
    }
}

#[test]
fn slips_on_the_command_line() {
    let env = TestEnv::new();
    let mut all = String::new();
    for args in [
        &["--workload", "minor", "--image", IMAGE][..],
        &["--workload", "batch", "--image", IMAGE, "--wallet", "x"],
        &["--workload", "batch", "--image", IMAGE, "-n", "kube-system"],
        &["--workload", "batch", "--image", IMAGE, "--reserve", "30", "--growth", "1/s"],
        &["--workload", "sample-app", "--reserve", "30"],
        &["--workload", "batch", "--image", IMAGE, "--node-port", "30880"],
        &["--image", IMAGE, "--label", "app.kubernetes.io/name=x"],
        &["--image", IMAGE, "--label", "oppscale.dev/opportunistic=false"],
        &["--image", IMAGE, "--annotation", "oppscale.dev/reserve=5"],
        &["--image", IMAGE, "--label", "a=1", "--label", "a=2"],
        &["--image", IMAGE, "--env", "A=1", "--secret-env", "A=2"],
        &[&MINER[..], &["--env", "WALLET=x"]].concat(),
        &[&MINER[..], &["--secret-env", "wallet=x"]].concat(),
        &["--workload", "-", "--from", "-"],
    ] {
        all.push_str(&refused(&env, 2, args));
    }
    insta::assert_snapshot!(all, @r#"
    error: "minor" is not a workload
     hint: did you mean miner? expected miner, transcode, batch, cache, sample-app, or the file of a Deployment
    error: --wallet is for --workload miner
    error: namespace kube-system is shared: the LimitRange and the quota of objects of a filler would bind all in it
     hint: give the filler a namespace of its own: --namespace opportunistic
    error: --growth is for --reserve auto
     hint: leave --reserve out, or give --reserve auto
    error: --reserve is for fillers; sample-app is paid work
    error: --node-port 30880 leads nowhere: batch serves no port
     hint: name the port that the program serves, too: --port PORT
    error: --label app.kubernetes.io/name is set by oppscale itself
     hint: it follows --name
    error: --label oppscale.dev/opportunistic is set by oppscale itself
     hint: leave it out
    error: --annotation oppscale.dev/reserve is set by oppscale itself
     hint: it follows --reserve
    error: --label a is there twice
     hint: leave out one of the two
    error: variable A is there twice
     hint: leave out one of the two
    error: variable WALLET is there twice
     hint: leave out one of the two
    error: --secret-env wallet is there twice
     hint: leave out one of the two
    error: standard input (-) can be read only once
    "#);
}

#[test]
fn names_that_the_api_does_not_take() {
    let env = TestEnv::new();
    let long = "x".repeat(254);
    let no_deployment = "not a name that a Deployment can have";
    for (flag, value, why) in [
        ("--name", "1_000", no_deployment),
        ("--name", "12:30", no_deployment),
        ("--name", "~", no_deployment),
        ("--name", &long, no_deployment),
        ("--priority-class", "x_y", "not a name that a PriorityClass can have"),
        ("--priority-class", "system-node-critical", "begin with system- are the cluster's own"),
        ("--annotation", "/x=c", "not a key that an annotation can have"),
        ("--env", "Ä=c", "not a name that an environment variable can have"),
        ("--secret-env", "A B=c", "not a key that a Secret can have: letters, digits, -, _ and ."),
        ("-n", "No", "not a name that a Namespace can have"),
        ("--label", "tier=12:30", "expected KEY=VALUE, as objects have labels"),
        ("--label", "a b=c", "expected KEY=VALUE, as objects have labels"),
        ("--monitor-label", "a b=c", "expected KEY=VALUE, as objects have labels"),
    ] {
        let output = refused(&env, 2, &["--workload", "cache", "--image", IMAGE, flag, value]);
        assert!(output.starts_with(&format!("error: invalid value '{value}' for '--")), "{output}");
        assert!(output.contains(why), "{output}");
    }
    let escaped = refused(&env, 2, &["--image", IMAGE, "--name", "a\u{1b}[2J\nb"]);
    assert!(!escaped.contains('\u{1b}'), "{escaped}");
    let web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"/x": "c"}},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": IMAGE,
                "env": [{"name": "A B\n", "value": "c"}],
                "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}
        }}
    });
    env.write("web.yaml", &web.to_string());
    insta::assert_snapshot!(refused(&env, 1, &["--workload", "web.yaml"]), @r#"
    error: Deployment shop/web: "/x" is not a name of an annotation
           Deployment shop/web: "A B\n" is not a name of an environment variable
    "#);
}

#[test]
fn two_hpas_on_one_target_of_saved_lists() {
    let env = TestEnv::new();
    let hpas = std::fs::read_to_string(crate::support::fixture("blog-cluster/hpa.json")).unwrap();
    env.write(
        "hpa.json",
        &hpas.replace("\"name\":\"electroneum\",\"namespace\"", "\"name\":\"old\",\"namespace\""),
    );
    let run = |namespace: &str| {
        let args = ["render-hpa", "--from", &super::blog(), "hpa.json", "--kubernetes-version"];
        let rest = ["1.36", "--image", IMAGE, "--name", "electroneum", "-n", namespace];
        env.run([&args[..], &rest].concat())
    };
    let output = run("opportunistic");
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output}");
    insta::assert_snapshot!(output.stderr, @r"
    error: HorizontalPodAutoscaler opportunistic/old scales Deployment electroneum already: two would fight
     hint: delete it first: kubectl -n opportunistic delete hpa old
           or call this workload something else with --name
    ");
    assert_eq!(run("idle").code, Some(0), "it is in another namespace");
}
