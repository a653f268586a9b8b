//! Strings stay strings: read back by a YAML 1.1 reader, which kubectl is.

use std::process::Command;

use serde_json::Value;

use super::{IMAGE, MINER, object, objects, render};
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::Setup;
use crate::support::tools::tool;
use crate::support::world::World;

/// What YAML takes for something else, and what would break out of a scalar.
const TRICKY: [&str; 24] = [
    "on",
    "no",
    "y",
    "~",
    "null",
    "true",
    "1_000",
    "12:30",
    "1e3",
    "0644",
    "0x1f",
    ".5",
    "",
    "a: b",
    "# no",
    "'",
    "\"",
    "{{ name }}",
    "{% if x %}",
    "x\n  injected: true\n---\nkind: Pod",
    "\u{85}\u{2028}\u{feff}",
    "\\",
    "%y",
    "- a",
];

/// What kubectl makes of the text; every object, as JSON.
fn kubectl_reads(kubectl: &std::path::Path, text: &str) -> Vec<Value> {
    let server = Setup::new(World::nodes_alone()).plain().start();
    let env = TestEnv::of(&server);
    env.write("manifests.yaml", text);
    let output = Command::new(kubectl)
        .current_dir(env.path(""))
        .env("HOME", env.path(""))
        .env("KUBECONFIG", env.path(".kube/config"))
        .args([
            "create",
            "--dry-run=client",
            "--validate=false",
            "-o",
            "json",
            "-f",
            "manifests.yaml",
        ])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}{text}");
    // Old ones print one object after the other, new ones a list.
    let mut read = Vec::new();
    for value in serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>() {
        match value.unwrap() {
            Value::Object(mut list) if list.get("kind").is_some_and(|kind| kind == "List") => {
                read.extend(list.remove("items").unwrap().as_array().unwrap().clone());
            }
            object => read.push(object),
        }
    }
    read
}

/// What kubectl read says the same as what was rendered, whatever it adds.
fn assert_same(read: &[Value], text: &str) {
    let rendered = objects(text);
    assert_eq!(read.len(), rendered.len(), "{text}");
    for (read, rendered) in read.iter().zip(&rendered) {
        for field in ["kind", "spec", "data", "stringData", "value"] {
            if !rendered[field].is_null() {
                assert_eq!(read[field], rendered[field], "{field} of {}", rendered["kind"]);
            }
        }
        for field in ["name", "namespace", "labels", "annotations"] {
            assert_eq!(read["metadata"][field], rendered["metadata"][field]);
        }
    }
}

#[test]
#[ignore = "slow: runs kubectl for each set"]
fn every_golden_set_is_read_by_kubectl_as_it_was_meant() {
    let Some(kubectl) = tool("kubectl") else { return };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render");
    let mut sets = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert_same(&kubectl_reads(&kubectl, &text), &text);
        sets += 1;
    }
    assert!(sets > 15, "{sets}");
}

#[test]
fn values_survive_as_the_strings_that_they_are() {
    let env = TestEnv::new();
    let mut args: Vec<String> = MINER.iter().map(|word| (*word).to_owned()).collect();
    for (at, text) in TRICKY.iter().enumerate() {
        args.push(format!("--env=V{at}={text}"));
        args.push(format!("--secret-env=S{at}={text}"));
        args.push(format!("--annotation=a{at}={text}"));
        args.push(format!("--arg={text}"));
    }
    let labels = ["on", "no", "y", "null", "true", "1_000", "1e3", "0644", "0x1f"];
    for (at, text) in labels.iter().enumerate() {
        args.push(format!("--label=l{at}={text}"));
        args.push(format!("--label={text}=x"));
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = render(&env, &args);
    assert_eq!(output.code, Some(0), "{output}");
    let check = |objects: &[Value]| {
        let of = |kind: &str| objects.iter().find(|o| o["kind"] == kind).unwrap();
        let deployment = of("Deployment");
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        for (at, text) in TRICKY.iter().enumerate() {
            let mut env = container["env"].as_array().unwrap().iter();
            let variable = env.find(|variable| variable["name"] == format!("V{at}")).unwrap();
            assert_eq!(variable["value"], *text);
            assert_eq!(of("Secret")["stringData"][format!("S{at}")], *text);
            assert_eq!(deployment["metadata"]["annotations"][format!("a{at}")], *text);
            assert_eq!(container["args"][at], *text);
        }
        for (at, text) in labels.iter().enumerate() {
            assert_eq!(deployment["metadata"]["labels"][format!("l{at}")], *text);
            assert_eq!(deployment["metadata"]["labels"][*text], "x");
        }
    };
    check(&objects(&output.stdout));
    let Some(kubectl) = tool("kubectl") else { return };
    check(&kubectl_reads(&kubectl, &output.stdout));
}

#[test]
#[ignore = "slow: runs kubectl for each name"]
fn names_survive_as_the_strings_that_they_are() {
    let kubectl = tool("kubectl");
    let long = format!("{}z", "x".repeat(252));
    for name in ["on", "no", "y", "null", "true", "1e3", "007", "0x1f", "1.5", &long] {
        let output = render(
            &TestEnv::new(),
            &["--workload", "cache", "--image", IMAGE, "--name", name, "--priority-class", name],
        );
        assert_eq!(output.code, Some(0), "{name}: {output}");
        let read = kubectl.as_ref().map(|kubectl| kubectl_reads(kubectl, &output.stdout));
        let read = read.unwrap_or_else(|| objects(&output.stdout));
        let of = |kind: &str| read.iter().find(|o| o["kind"] == kind).unwrap();
        assert_eq!(of("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"], name);
        assert_eq!(of("Deployment")["metadata"]["name"], name);
        assert_eq!(of("Deployment")["spec"]["template"]["spec"]["priorityClassName"], name);
        assert_eq!(of("PriorityClass")["metadata"]["name"], name);
        assert!(of("Service")["metadata"]["name"].as_str().unwrap().len() <= 63);
        let keda = ["--image", IMAGE, "--name", name, "--pipeline", "keda"];
        let scaled = object(&render(&TestEnv::new(), &keda).stdout, "ScaledObject");
        // KEDA names its HPA after it, and refuses a name that is too long for a label.
        let hpa = format!("keda-hpa-{}", scaled["metadata"]["name"].as_str().unwrap());
        assert!(hpa.len() <= 63, "{hpa}");
        assert_eq!(scaled["spec"]["scaleTargetRef"]["name"], name);
    }
}

#[test]
fn no_flag_adds_an_object() {
    let injected = "x\"\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: evil}\n#";
    let args = [
        "--workload",
        "miner",
        "--image",
        IMAGE,
        "--pool",
        injected,
        "--wallet",
        injected,
        "--worker",
        injected,
        "--arg",
        injected,
        "--annotation",
        &format!("a={injected}"),
        "--explain",
    ];
    let output = render(&TestEnv::new(), &args);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(objects(&output.stdout).iter().all(|object| object["kind"] != "Pod"));
    assert_eq!(object(&output.stdout, "Secret")["stringData"]["wallet"], injected);
    assert_eq!(object(&output.stdout, "ConfigMap")["data"]["pool"], injected);
}

#[test]
fn a_miners_arguments_name_no_variable_of_their_own() {
    let mut args = MINER.to_vec();
    args[5] = "stratum+tcp://$(WALLET):3333";
    args.extend(["--config-as", "args"]);
    let output = render(&TestEnv::new(), &args);
    let deployment = object(&output.stdout, "Deployment");
    let words = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    assert_eq!(words[0], "--url=stratum+tcp://$$(WALLET):3333");
    assert!(!output.stdout.contains("ConfigMap"), "{output}");
    assert!(!words.to_string().contains(MINER[7]), "the wallet is in the Secret alone");
}
