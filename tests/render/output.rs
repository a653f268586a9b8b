//! Streams, folders, JSON, templates.

use super::{IMAGE, MINER, blog, objects, render};
use crate::support::bin::TestEnv;

#[test]
fn a_folder_has_a_file_each_and_a_kustomization() {
    let env = TestEnv::new();
    let output = render(&env, &[&MINER[..], &["--output-dir", "out/filler"]].concat());
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{output}");
    assert!(output.stderr.contains("kubectl apply -k out/filler"), "{output}");
    let folder = env.path("out/filler");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let kustomization = std::fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
    let listed = objects(&kustomization).remove(0)["resources"].as_array().unwrap().clone();
    assert_eq!(names.pop().unwrap(), "kustomization.yaml");
    assert_eq!(listed, names, "in the order in which they are applied");
    let stream = render(&env, &MINER).stdout;
    let files: Vec<_> =
        names.iter().map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect();
    assert_eq!(files.join("---\n"), stream);
    let secret = names.iter().find(|name| name.contains("secret")).unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&folder.join(secret).metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600, "a wallet is nobody else's business");
}

#[test]
fn json_is_the_same_list() {
    let env = TestEnv::new();
    let json = render(&env, &[&MINER[..], &["-o", "json"]].concat());
    let list: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(*list["items"].as_array().unwrap(), objects(&render(&env, &MINER).stdout));
}

#[test]
fn templates_are_written_out_and_take_the_place_of_the_programs_own() {
    let env = TestEnv::new();
    let output = env.run(["templates", "mine"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(env.run(["templates", "mine"]).code, Some(1), "nothing is written over");
    assert_eq!(env.run(["templates", "mine", "--force"]).code, Some(0));
    let own = || render(&env, &[&MINER[..], &["--templates", "mine"]].concat());
    assert_eq!(own().stdout, render(&env, &MINER).stdout, "they are the program's own");

    let hpa = std::fs::read_to_string(env.path("mine/hpa.yaml")).unwrap();
    env.write("mine/hpa.yaml", &hpa.replace("  maxReplicas", "  maxReplica"));
    let output = own();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"
    error: mine/hpa.yaml: HorizontalPodAutoscaler opportunistic/miner: unknown field spec.maxReplica
     hint: see how it is spelt: kubectl explain horizontalpodautoscaler --recursive
    ");

    env.write("mine/hpa.yaml", &hpa.replace("{{ max_replicas }}", "{{ max_replica }}"));
    let output = own();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"error: template mine/hpa.yaml: line 16: undefined value: maxReplicas: {{ max_replica }}");

    env.write(
        "mine/hpa.yaml",
        &hpa.replacen("{{ name }}", "other", 1).replacen("{{ target.name }}", "other", 1),
    );
    let output = own();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"error: HorizontalPodAutoscaler opportunistic/other: it scales Deployment other, which is not in the set");
}

#[test]
fn what_a_fillers_class_must_be_is_linted() {
    let env = TestEnv::new();
    assert_eq!(env.run(["templates", "mine"]).code, Some(0));
    let class = std::fs::read_to_string(env.path("mine/priority-class.yaml")).unwrap();
    env.write("mine/priority-class.yaml", &class.replace("{{ priority }}", "-10"));
    let output = render(&env, &[&MINER[..], &["--templates", "mine"]].concat());
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"error: Deployment opportunistic/miner: its PriorityClass opportunistic.miner has the value -10: at -10 and above Cluster Autoscaler buys nodes for its pods");
}

#[test]
fn without_a_version_a_saved_cluster_is_taken_for_1_36() {
    let output = TestEnv::new().run([
        "render-hpa",
        "--from",
        &blog(),
        "--image",
        IMAGE,
        "--name",
        "x",
        "-n",
        "idle",
    ]);
    insta::assert_snapshot!(output.stderr, @r"note: rendered for Kubernetes 1.36; name another with --kubernetes-version");
}

/// The adapter reads one ConfigMap: whoever writes it last must not take a rule away.
#[test]
fn every_set_brings_all_of_the_adapters_rules() {
    let rules = |args: &[&str]| -> serde_json::Value {
        let output = render(&TestEnv::new(), &[args, &["--pipeline", "prometheus"]].concat());
        let config_map = objects(&output.stdout)
            .into_iter()
            .find(|object| object["metadata"]["name"] == "oppscale-adapter-rules")
            .unwrap();
        assert_eq!(config_map["metadata"]["namespace"], "monitoring");
        serde_yaml::from_str(config_map["data"]["config.yaml"].as_str().unwrap()).unwrap()
    };
    let config = rules(&MINER);
    assert_eq!(config, rules(&["--workload", "sample-app", "--image", IMAGE]));
    let served = config["rules"].as_array().unwrap().iter().map(|rule| {
        let workload = &rule["resources"]["overrides"]["workload"]["resource"];
        (rule["name"]["as"].as_str().unwrap(), workload.as_str().unwrap_or("pod"))
    });
    // The labels are those that `serve` gives its series.
    assert_eq!(
        served.collect::<Vec<_>>(),
        [
            ("oppscale_fit_replicas", "deployment"),
            ("oppscale_fit_replicas", "statefulset"),
            ("http_requests", "pod")
        ]
    );
    // Of two servers that disagree, the lower number; of a StatefulSet of the same name, nothing.
    let query = config["rules"][0]["metricsQuery"].as_str().unwrap();
    assert!(query.starts_with("min(") && query.contains("kind=\"Deployment\""), "{query}");
}

#[test]
fn what_a_cluster_may_refuse_or_cut_off_is_noted() {
    let note = |args: &[&str]| render(&TestEnv::new(), args).stderr;
    let port = note(&["--image", IMAGE, "--port", "80", "--node-port", "8080"]);
    assert!(port.contains("node port 8080 is outside of 30000-32767"), "{port}");
    let mut args = MINER.to_vec();
    args[5] = "pool.acme.io";
    args.push("--network-policy");
    let pool = note(&args);
    assert!(pool.contains("the pool's URL has no port"), "{pool}");
}

#[test]
fn what_another_set_left_in_the_folder_is_told() {
    let env = TestEnv::new();
    let first = render(&env, &["--image", IMAGE, "-n", "idle", "--output-dir", "out"]);
    assert!(!first.stderr.contains("not of this set"), "{first}");
    let args = ["--image", IMAGE, "-n", "idle", "--network-policy", "--output-dir", "out"];
    let second = render(&env, &args);
    insta::assert_snapshot!(second.stderr, @r"
    note: out holds files that are not of this set, and that kustomization.yaml does not name: 06-deployment-filler.yaml, 07-horizontal-pod-autoscaler-filler.yaml
    note: wrote 9 files; apply them with: kubectl apply -k out
    ");
}

/// Words that say what a field is of, and need no reason of their own.
const SCHEMA: [&str; 12] = [
    "apiVersion",
    "kind",
    "name",
    "namespace",
    "key",
    "operator",
    "values",
    "type",
    "port",
    "protocol",
    "effect",
    "value",
];

/// The names of all fields that hold something, and the keys of labels and annotations.
fn fields(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let is_leaf = !value.is_object()
                    && !value.as_array().is_some_and(|list| list.iter().any(|v| v.is_object()));
                if is_leaf {
                    found.insert(key.clone());
                } else if !["data", "stringData"].contains(&key.as_str()) {
                    fields(value, found);
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn the_documents_give_a_reason_for_every_field() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/manifests.md")).unwrap();
    let reasons = text.split("## Why each field is as it is").nth(1).unwrap();
    let reasons = reasons.split("## Node autoscalers").next().unwrap();
    let mut named = std::collections::BTreeSet::new();
    for code in reasons.split('`').skip(1).step_by(2) {
        named.insert(code.to_owned());
        named.extend(code.split([' ', ':', '.', '[']).map(str::to_owned));
        named.extend(code.split(':').next().map(str::to_owned));
    }
    let mut found = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(root.join("tests/golden/render")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // What is the user's is theirs to explain.
        if !name.starts_with("own-") && !name.starts_with("sample-app") {
            let text = std::fs::read_to_string(path).unwrap();
            objects(&text).iter().for_each(|object| fields(object, &mut found));
        }
    }
    assert!(found.contains("maxUnavailable") && found.contains("valueLocation"), "{found:?}");
    let users = ["team", "at"];
    let unexplained: Vec<_> = found
        .iter()
        .map(String::as_str)
        .filter(|field| {
            !named.contains(*field) && !SCHEMA.contains(field) && !users.contains(field)
        })
        .collect();
    assert!(unexplained.is_empty(), "docs/manifests.md says nothing of {unexplained:?}");
}

#[test]
fn a_quota_in_part_given_says_which_part() {
    let args = ["--image", IMAGE, "--quota", "memory=3Gi", "--explain=table"];
    let output = render(&TestEnv::new(), &args);
    assert!(
        output.stderr.contains("memory as given; else 3 replicas of cpu=1,memory=1Gi"),
        "{output}"
    );
}

#[test]
fn what_leads_nowhere_is_linted() {
    let env = TestEnv::new();
    assert_eq!(env.run(["templates", "mine"]).code, Some(0));
    let mut all = String::new();
    for (file, from, to) in [
        (
            "deployment.yaml",
            "    matchLabels:\n      app.kubernetes.io/name: {{ app }}",
            "    matchLabels:\n      app: x",
        ),
        ("hpa.yaml", "maxReplicas: {{ max_replicas }}", "maxReplicas: 0"),
        ("resource-quota.yaml", "{{ resource }}: {{ amount }}", "{{ resource }}: 1x"),
        ("service.yaml", "targetPort: {{ port.name }}", "targetPort: web"),
        (
            "priority-class.yaml",
            "preemptionPolicy: Never",
            "preemptionPolicy: PreemptLowerPriority",
        ),
        ("namespace.yaml", "kind: Namespace", "kind: Namespase"),
    ] {
        let path = format!("mine/{file}");
        let text = std::fs::read_to_string(env.path(&path)).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        env.write(&path, &text.replace(from, to));
        let args = ["--workload", "cache", "--image", IMAGE, "--templates", "mine"];
        let output = render(&env, &args);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{file}: {output}");
        all.push_str(output.stderr.lines().next().unwrap());
        all.push('\n');
        env.write(&path, &text);
    }
    insta::assert_snapshot!(all, @r#"
    error: Deployment opportunistic/cache: its selector asks for the label app: "x", which its pods do not have
    error: HorizontalPodAutoscaler opportunistic/cache: minReplicas 1 and maxReplicas 0 leave no room
    error: ResourceQuota opportunistic/cache: /spec/hard: pods: "1x" is not a quantity such as 1, 500m or 512Mi
    error: Service opportunistic/cache: its targetPort "web" is no port of the pods
    error: Deployment opportunistic/cache: its PriorityClass opportunistic.cache may evict: set preemptionPolicy: Never
    error: mine/namespace.yaml: Namespase opportunistic: v1 Namespase is not a kind that can be checked
    "#);
}

/// A name that the server passes over, such as a tenant's note, must not be refused.
#[test]
fn the_admission_policy_only_warns_of_annotations_that_nothing_reads() {
    let output = render(&TestEnv::new(), &["--image", IMAGE, "--admission-policy"]);
    assert_eq!(output.code, Some(0), "{output}");
    let all = objects(&output.stdout);
    let named = |kind: &str, name: &str| {
        all.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == name).unwrap()
    };
    let validations =
        |name: &str| named("ValidatingAdmissionPolicy", name)["spec"]["validations"].to_string();
    assert!(!validations("claims.oppscale.dev").contains("startsWith"));
    let warns = "names.claims.oppscale.dev";
    assert!(validations(warns).contains("startsWith"));
    for name in oppscale_core::policy::NAMES {
        let name = format!("oppscale.dev/{name}");
        assert!(validations(warns).contains(&name), "{name}");
        assert!(validations("claims.oppscale.dev").contains(&name), "{name}");
    }
    let actions = |name: &str| {
        named("ValidatingAdmissionPolicyBinding", name)["spec"]["validationActions"].to_string()
    };
    assert_eq!(actions(warns), "[\"Warn\"]");
    assert_eq!(actions("claims.oppscale.dev"), "[\"Deny\"]");
}
