//! Saved lists as people have them: parts of lists, dumps, redacted and recoded files. A part never
//! passes for the whole, and what is not counted is named.

use std::io::Write;

use serde_json::{Value, json};

use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

/// Runs `oppscale top --from FILES ARGS` on cases of `fixtures/saved-lists`.
fn top_cases(names: &[&str], args: &[&str]) -> CommandOutput {
    let files = names.iter().map(|name| fixture(&format!("saved-lists/{name}")));
    let files: Vec<_> = files.map(|path| path.to_str().unwrap().to_owned()).collect();
    let all = ["top", "--from"].into_iter().chain(files.iter().map(String::as_str));
    TestEnv::new().run(all.chain(args.iter().copied()))
}

/// Runs `oppscale top --from list ARGS` on this text.
fn top_text(text: &str, args: &[&str]) -> CommandOutput {
    top_bytes(text.as_bytes(), args)
}

fn top_bytes(bytes: &[u8], args: &[&str]) -> CommandOutput {
    let env = TestEnv::new();
    std::fs::write(env.path("list"), bytes).unwrap();
    env.run(["top", "--from", "list"].iter().chain(args))
}

/// Millicores of paid pods, and replicas that fit.
fn requested_and_fit(output: &CommandOutput) -> (i64, i64) {
    assert_eq!(output.code, Some(0), "{output}");
    let counted: Value = serde_json::from_str(&output.stdout).unwrap();
    let cpu = &counted["totals"]["usable"]["resources"]["cpu"];
    (cpu["others"].as_i64().unwrap(), counted["totals"]["usable"]["slots"].as_i64().unwrap())
}

fn node(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name},
        "status": {"allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn pod(namespace: &str, name: &str, cpu: &str, node: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}")},
        "spec": {"nodeName": node, "containers": [
            {"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"phase": "Running"}})
}

/// Two nodes of 8 cores, and pods of 1 and 0.5 cores in two namespaces: 14 replicas fit.
fn cluster() -> Vec<Value> {
    vec![node("n1"), node("n2"), pod("shop", "a", "1", "n1"), pod("kube-system", "b", "500m", "n2")]
}

fn list(items: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

const COUNTED: (i64, i64) = (1500, 14);

#[test]
fn every_case_is_counted_or_named() {
    for (name, counted, words) in [
        ("27-no-A.json", (1000, 15), "all pods are of namespace default; without -A"),
        ("d-cid.txt", COUNTED, "all pods are of namespace shop"),
        ("f-items.json", COUNTED, ""),
        ("f-listlist.json", COUNTED, ""),
        ("f-nullitem.json", COUNTED, "item number 3 of"),
        ("f-utf16le.json", COUNTED, ""),
        ("g-kl.json", COUNTED, "2 objects without a kind, counted as Pods: shop/a, shop/b"),
        ("g-lh.json", COUNTED, "1 Node of longhorn.io not counted"),
        ("g-red.json", COUNTED, "pods of different names have the same uid (redacted?)"),
        ("g-rn.json", COUNTED, "1 Node of management.cattle.io not counted"),
        ("y-merge2.yaml", COUNTED, ""),
        ("y-num4.yaml", COUNTED, ""),
    ] {
        let output = top_cases(&[name], &["-o", "json"]);
        assert_eq!(requested_and_fit(&output), counted, "{name}: {output}");
        assert!(output.stderr.contains(words), "{name}: {output}");
        let counted: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(counted["totals"]["all"]["resources"]["cpu"]["allocatable"], 16_000, "{name}");
    }
    for (names, words) in [
        (&["g-n.json", "g-cont.json"][..], "only a part of a PodList: 4711 more items follow"),
        (&["f-table.json"], "holds a Table"),
        (&["f-status.json"], "holds a Status in place of objects: nodes is forbidden"),
    ] {
        let output = top_cases(names, &[]);
        assert_eq!((output.code, &*output.stdout), (Some(1), ""), "{output}");
        assert!(output.stderr.contains(words), "{output}");
        assert!(output.stderr.contains("kubectl get nodes,pods -A -o json"), "{output}");
    }
}

/// The same case for every command that reads saved lists.
#[test]
fn all_commands_read_saved_lists_alike() {
    let run = |name: &str, command: &[&str]| {
        let file = fixture(&format!("saved-lists/{name}"));
        let (first, rest) = command.split_first().unwrap();
        let all = [*first, "--from", file.to_str().unwrap()];
        TestEnv::new().run(all.iter().chain(rest))
    };
    for command in
        [&["render-hpa", "--workload", "sample-app", "--image", "a/b:1"][..], &["simulate"]]
    {
        let foreign = run("g-lh.json", command);
        assert!(foreign.stderr.contains("1 Node of longhorn.io not counted"), "{foreign}");
        let part = run("g-cont.json", command);
        assert_eq!(part.code, Some(1), "{part}");
        assert!(part.stderr.contains("4711 more items follow"), "{part}");
        let item = run("f-nullitem.json", command);
        assert!(item.stderr.contains("number 3 of"), "{item}");
    }
}

#[test]
fn every_form_of_a_list_is_read() {
    let all = cluster();
    let (nodes, pods) = all.split_at(2);
    let typed = |kind: &str, items: &[Value]| {
        let bare: Vec<_> = items
            .iter()
            .cloned()
            .map(|mut item| {
                let members = item.as_object_mut().unwrap();
                members.remove("kind");
                members.remove("apiVersion");
                item
            })
            .collect();
        json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": bare})
    };
    let yaml = |value: &Value| serde_saphyr::to_string(value).unwrap();
    let (node_list, pod_list) = (typed("NodeList", nodes), typed("PodList", pods));
    let whole: Value = serde_json::from_str(&list(&all)).unwrap();
    let lines: String = all.iter().map(|item| format!("{item}\n")).collect();
    let documents: String = all.iter().map(|item| format!("---\n{}", yaml(item))).collect();
    let dump = |objects: &str| {
        format!(
            "{objects}==== START logs for container c of pod shop/a ====\n{{\"kind\": \"Pod\"\n\
             ---\n- [ ==== END logs\nlast line==== END logs for container c of pod shop/a ====\n{objects}"
        )
    };
    for (what, text) in [
        ("indented", format!("{whole:#}")),
        ("one line after another", lines.clone()),
        ("one after another", lines.replace('\n', "")),
        ("typed", format!("{node_list}{pod_list}")),
        ("a list of lists", list(&[node_list.clone(), pod_list.clone()])),
        ("an array of lists", json!([node_list, pod_list]).to_string()),
        ("arrays", format!("{}\n{}", json!(nodes), json!(pods))),
        ("arrays of arrays", json!([nodes, pods]).to_string()),
        ("a list without a kind", json!({"items": all}).to_string()),
        ("an empty list besides", format!("{whole}{}", typed("EventList", &[]))),
        ("YAML", yaml(&whole)),
        ("YAML with the kind behind", {
            let items = yaml(&json!({"items": all}));
            format!("---\napiVersion: v1\n{items}kind: List\nmetadata:\n  resourceVersion: \"\"\n")
        }),
        ("YAML typed", format!("---\n{}---\n{}", yaml(&node_list), yaml(&pod_list))),
        ("YAML documents", documents.clone()),
        ("YAML with CRLF", yaml(&whole).replace('\n', "\r\n")),
        ("YAML sequence", yaml(&json!(all))),
        ("YAML in flow style", format!("# saved\n{{kind: List, items: {}}}", json!(all))),
        ("YAML, items indented", {
            let items = yaml(&json!(all)).replace('\n', "\n  ");
            format!("apiVersion: v1\nkind: List\nitems:\n  {}\n", items.trim_end())
        }),
        ("JSON and YAML documents", format!("# c\n---\n{}\n---\n{documents}", list(nodes))),
        ("a dump", dump(&format!("{node_list:#}\n{pod_list:#}\n"))),
        ("a dump in YAML", dump(&format!("{}---\n{}", yaml(&node_list), yaml(&pod_list)))),
        ("watched", format!("{lines}{}", all[2])),
    ] {
        let output = top_text(&text, &["-o", "json"]);
        assert_eq!(requested_and_fit(&output), COUNTED, "{what}: {output}");
        let is_said = what == "a list without a kind";
        assert_eq!(output.stderr.contains("1 list without a kind"), is_said, "{what}: {output}");
        assert!(is_said || output.stderr.is_empty() || what.contains("dump"), "{what}: {output}");
    }
}

#[test]
fn every_encoding_is_read() {
    let text = list(&cluster());
    let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    for bytes in [
        format!("\u{feff}{text}").into_bytes(),
        utf16(b"\xff\xfe", u16::to_le_bytes),
        utf16(b"\xfe\xff", u16::to_be_bytes),
        utf16(b"", u16::to_le_bytes),
        gzip.clone(),
        [gzip.clone(), Vec::new()].concat(),
    ] {
        assert_eq!(requested_and_fit(&top_bytes(&bytes, &["-o", "json"])), COUNTED);
    }
    for (bytes, words) in [
        (&gzip[..gzip.len() / 2], "truncated?"),
        (b"PK\x03\x04 and so on", "a zip archive"),
        (b"k8s\0\n\x0f", "Kubernetes protobuf"),
        (b"{\"kind\": \"\xff\"}", "is not valid UTF-8"),
        (b"\xff\xfe{", "is not valid UTF-16"),
    ] {
        let output = top_bytes(bytes, &[]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains(words), "{output}");
    }
}

#[test]
fn what_is_broken_or_missing_is_said() {
    let all = cluster();
    let whole = list(&all);
    for (text, words) in [
        (whole[..whole.len() - 40].to_owned(), "list is not valid JSON (truncated?): EOF"),
        (format!("{whole}\nError from server"), "list is not valid JSON (truncated?)"),
        (format!("{whole}}}"), "list is not valid JSON (truncated?)"),
        (
            format!("{whole}\n==== START logs for container c of pod a/b ====\nx\n"),
            "ends in the logs",
        ),
        ("# a comment\n---\n".to_owned(), "list is empty"),
        ("NAME   STATUS\nn1     Ready\n".to_owned(), "no Kubernetes object"),
        ("node/n1\nnode/n2\n".to_owned(), "no Kubernetes object"),
        ("\"text\"".to_owned(), "no Kubernetes object"),
        ("Name:  n1\nRoles:  <none>\n".to_owned(), "an object without a kind"),
        ("{\"kind\": \"PodList\", \"apiVersion\": \"v1\"}".to_owned(), "a PodList without items"),
        ("{\"kind\": \"List\", \"items\": {\"a\": 1}}".to_owned(), "whose items are no array"),
        (list(&all[2..]), "there are no nodes"),
        (
            "items:\n- kind: Node\n  metadata: {name: n1\n- kind: Pod\nkind: List\n".to_owned(),
            "at line 4",
        ),
        (format!("{}{}{}", "[".repeat(40), whole, "]".repeat(40)), "lists in lists"),
    ] {
        let output = top_text(&text, &[]);
        assert_eq!((output.code, &*output.stdout), (Some(1), ""), "{text}: {output}");
        assert!(output.stderr.contains(words), "{text}: {output}");
        assert!(output.stderr.contains("kubectl get nodes,pods -A -o json"), "{output}");
    }
    let only_nodes = top_text(&list(&all[..2]), &["-o", "json"]);
    assert!(only_nodes.stderr.contains("pods are unknown"), "{only_nodes}");
}

#[test]
fn a_part_of_a_list_does_not_pass_for_the_whole() {
    let all = cluster();
    let part = |kind: &str, metadata: Value, items: &[Value]| {
        json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "items": items}).to_string()
    };
    let yaml = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        serde_saphyr::to_string(&value).unwrap()
    };
    for metadata in [
        json!({"continue": "x"}),
        json!({"remainingItemCount": 3}),
        json!({"continue": "x", "remainingItemCount": 3}),
    ] {
        let nodes = part("NodeList", metadata.clone(), &all[..1]);
        let of_all = part("List", metadata.clone(), &all);
        for text in [nodes.clone(), of_all.clone(), yaml(&nodes), yaml(&of_all)] {
            let output = top_text(&text, &[]);
            assert_eq!((output.code, &*output.stdout), (Some(1), ""), "{output}");
            assert!(output.stderr.contains("holds only a part of a"), "{output}");
        }
    }
    let events = part("EventList", json!({"continue": "x"}), &[]);
    for text in [
        part("List", json!({"continue": "", "remainingItemCount": null}), &all),
        format!("{}{events}", list(&all)),
    ] {
        let output = top_text(&text, &["-o", "json"]);
        assert_eq!(requested_and_fit(&output), COUNTED, "{output}");
    }
    // Namespaces that are saved, but none of their pods.
    let mut more = all.clone();
    for name in ["shop", "kube-system", "media"] {
        more.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    }
    let output = top_text(&list(&more), &["-o", "json"]);
    assert!(output.stderr.contains("pods of 2 of 3 namespaces are saved"), "{output}");
}

#[test]
fn objects_of_other_groups_are_not_counted_and_said() {
    let mut all = cluster();
    let mut foreign = node("n3");
    foreign["apiVersion"] = "management.cattle.io/v3".into();
    let mut pods = pod("shop", "c", "1", "n1");
    pods["apiVersion"] = "acme.example/v1".into();
    all.extend([foreign.clone(), pods]);
    // A typed list of another group whose items do not say what they are.
    foreign.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    let typed = json!({"apiVersion": "longhorn.io/v1", "kind": "NodeList", "items": [foreign]});
    let output = top_text(&format!("{}{typed}", list(&all)), &["-o", "json"]);
    assert_eq!(requested_and_fit(&output), COUNTED, "{output}");
    for words in
        ["1 Node of longhorn.io", "1 Node of management.cattle.io", "1 Pod of acme.example"]
    {
        assert!(output.stderr.contains(&format!("{words} not counted")), "{output}");
    }
    // The workload of --workload is of its group, too.
    let deployment = |api: &str| {
        json!({"apiVersion": api, "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {"containers": [
                {"name": "c", "resources": {"requests": {"cpu": "2"}}}]}}}})
    };
    for (api, code) in [("apps/v1", 0), ("acme.example/v1", 1)] {
        let text = list(&[cluster(), vec![deployment(api)]].concat());
        let output = top_text(&text, &["--workload", "shop/deploy/web", "-o", "json"]);
        assert_eq!(output.code, Some(code), "{output}");
    }
}

#[test]
fn items_that_are_none_are_named() {
    let mut all = cluster();
    all.extend([
        json!(null),
        json!("x"),
        json!(7),
        json!({}),
        json!({"metadata": {"name": "odd"}}),
    ]);
    let mut bare = node("n9");
    bare.as_object_mut().unwrap().remove("kind");
    all.push(bare);
    let output = top_text(&list(&all), &[]);
    insta::assert_snapshot!(output.stderr, @r#"
    note: 1 object without a kind, counted as Node: n9
    warning: item number 5 of list is unknown: null is no object
    warning: item number 6 of list is unknown: "x" is no object
    warning: item number 7 of list is unknown: 7 is no object
    warning: item number 8 of list is unknown: it has no kind
    warning: item odd is unknown: it has no kind
    "#);
    let counted = top_text(&list(&all), &["-o", "json"]);
    assert_eq!(requested_and_fit(&counted), (1500, 22), "{counted}");
}

#[test]
fn redacted_uids_do_not_make_two_pods_one() {
    let redacted = |namespace: &str, name: &str| {
        let mut pod = pod(namespace, name, "1", "n1");
        pod["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000".into();
        pod
    };
    let pods = [redacted("a", "x"), redacted("a", "y"), redacted("b", "x")];
    let output = top_text(&list(&[&[node("n1")], &pods[..]].concat()), &["-o", "json"]);
    assert_eq!(requested_and_fit(&output), (3000, 5), "{output}");
    // The same list twice is the same list.
    let twice = list(&[&[node("n1")], &pods[..], &pods[..]].concat());
    assert_eq!(requested_and_fit(&top_text(&twice, &["-o", "json"])), (3000, 5));
}

#[test]
fn a_directory_is_read_to_its_leaves() {
    let env = TestEnv::new();
    let all = cluster();
    let yaml = |value: &Value| serde_saphyr::to_string(value).unwrap();
    let typed =
        |kind: &str, items: &[Value]| json!({"apiVersion": "v1", "kind": kind, "items": items});
    // kubectl cluster-info dump -A --output-directory=dump
    env.write("dump/nodes.json", &typed("NodeList", &all[..2]).to_string());
    for (namespace, pods) in [("shop", &all[2..3]), ("kube-system", &all[3..]), ("empty", &[])] {
        env.write(&format!("dump/{namespace}/pods.json"), &typed("PodList", pods).to_string());
        env.write(&format!("dump/{namespace}/events.json"), &typed("EventList", &[]).to_string());
    }
    env.write("dump/shop/a/logs.txt", "{\"kind\": \"Pod\"");
    let output = env.run(["top", "--from", "dump", "-o", "json"]);
    assert_eq!(requested_and_fit(&output), COUNTED, "{output}");
    assert!(output.stderr.contains("1 file skipped that hold"), "{output}");
    // oc adm must-gather: an object a file, and the same pods in a list.
    let root = "gather/quay-io-openshift-sha256-1";
    for (at, node) in all[..2].iter().enumerate() {
        let path = format!("{root}/cluster-scoped-resources/core/nodes/n{at}.yaml");
        env.write(&path, &format!("---\n{}", yaml(node)));
    }
    for pod in &all[2..] {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap();
        let home = format!("{root}/namespaces/{namespace}");
        env.write(
            &format!("{home}/core/pods.yaml"),
            &yaml(&typed("PodList", std::slice::from_ref(pod))),
        );
        env.write(&format!("{home}/pods/x/x.yaml"), &format!("---\n{}", yaml(pod)));
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        env.write(&format!("{home}/{namespace}.yaml"), &yaml(&object));
    }
    env.write(
        &format!("{root}/etcd_info/health.json"),
        "[{\"endpoint\": \"x\", \"health\": true}]",
    );
    env.write(&format!("{root}/timestamp"), "2026-11-29");
    env.write(&format!("{root}/version.yaml"), "just words\n");
    let output = env.run(["top", "--from", "gather", "-o", "json"]);
    assert_eq!(requested_and_fit(&output), COUNTED, "{output}");
    assert!(output.stderr.contains("2 files skipped that hold no Kubernetes object"), "{output}");
    // The same as an archive, packed or not.
    for (args, name) in [("cf", "gather.tar"), ("czf", "gather.tgz")] {
        let status = std::process::Command::new("tar")
            .args([args, name, "gather"])
            .current_dir(env.home().path())
            .status();
        assert!(status.unwrap().success());
        let archive = env.run(["top", "--from", name, "-o", "json"]);
        assert_eq!(requested_and_fit(&archive), COUNTED, "{archive}");
        assert!(archive.stderr.contains("2 files skipped that hold"), "{archive}");
    }
    let whole = std::fs::read(env.path("gather.tar")).unwrap();
    std::fs::write(env.path("cut.tar"), &whole[..612]).unwrap();
    let cut = env.run(["top", "--from", "cut.tar"]);
    assert_eq!(cut.code, Some(1), "{cut}");
    assert!(cut.stderr.contains("cut.tar is a tar archive that ends early or is damaged"), "{cut}");
    // A broken file of a directory is no reason to leave it out.
    env.write("dump/shop/pods.json", "{\"kind\": \"PodList\", \"items\": [");
    let broken = env.run(["top", "--from", "dump"]);
    assert_eq!(broken.code, Some(1), "{broken}");
    assert!(broken.stderr.contains("pods.json is not valid JSON (truncated?)"), "{broken}");
    std::fs::create_dir_all(env.path("none/of")).unwrap();
    let none = env.run(["top", "--from", "none"]);
    assert!(none.stderr.contains("none holds no file that ends in .json"), "{none}");
}
