//! A Deployment of the user's own: completed, otherwise as it was.

use serde_json::{Value, json};

use super::{object, objects, render};
use crate::support::bin::TestEnv;
use crate::support::fixture;

fn deployment() -> String {
    std::fs::read_to_string(fixture("render/own-deployment.yaml")).unwrap()
}

/// Runs with this file.
fn with(text: &str, more: &[&str]) -> crate::support::bin::CommandOutput {
    let env = TestEnv::new();
    env.write("own.yaml", text);
    render(&env, &[&["--workload", "own.yaml"], more].concat())
}

#[test]
fn what_it_had_is_as_it_was_and_what_it_lacked_is_there() {
    let output = with(&deployment(), &["--autoscaler", "cluster-autoscaler"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("spec.replicas 3 is left out"), "{output}");
    let mut after = object(&output.stdout, "Deployment");
    assert_eq!(after["metadata"]["labels"]["oppscale.dev/opportunistic"].take(), "true");
    let pod = &mut after["spec"]["template"];
    assert_eq!(pod["metadata"]["labels"]["oppscale.dev/opportunistic"].take(), "true");
    let safe = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    assert_eq!(pod["metadata"]["annotations"][safe], "true");
    assert_eq!(pod["spec"]["priorityClassName"].take(), "opportunistic.render-farm");
    assert_eq!(pod["spec"]["terminationGracePeriodSeconds"].take(), 5);
    assert_eq!(pod["spec"]["tolerations"].take().as_array().unwrap().len(), 2);
    assert_eq!(after["spec"]["strategy"].take()["rollingUpdate"]["maxSurge"], 0);
    assert_eq!(after["metadata"]["namespace"].take(), "opportunistic");
    assert!(after["metadata"]["annotations"]["oppscale.dev/reserve"].is_string());
    // Without what was added, and with what was taken, it is what it was.
    for path in ["/metadata", "/spec/template/metadata"] {
        after.pointer_mut(path).unwrap().as_object_mut().unwrap().remove("annotations");
    }
    after["spec"]["replicas"] = 3.into();
    let mut before = objects(&deployment()).remove(1);
    // 0644 is octal to kubectl.
    before["spec"]["template"]["spec"]["volumes"][0]["configMap"]["defaultMode"] = 420.into();
    assert_eq!(without_null(after), before);
    let map = objects(&output.stdout).into_iter().find(|o| o["kind"] == "ConfigMap").unwrap();
    assert_eq!(map["data"]["frames.conf"], "first: 0010\nlast: 12:30\n");
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key, without_null(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        Value::Array(list) => list.into_iter().map(without_null).collect(),
        other => other,
    }
}

#[test]
fn what_it_says_itself_is_kept() {
    let text = deployment()
        .replace("metadata:\n  name: render-farm", "metadata:\n  annotations: {oppscale.dev/reserve: 20%}\n  namespace: farm\n  name: render-farm")
        .replace("    spec:\n", "    spec:\n      terminationGracePeriodSeconds: 60\n      tolerations: [{key: gpu, operator: Exists}]\n");
    let output = with(&text, &["--explain=table"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("as the Deployment has it: 36.8 of 184 cores"), "{output}");
    let after = object(&output.stdout, "Deployment");
    assert_eq!(after["metadata"]["namespace"], "farm");
    assert_eq!(after["metadata"]["annotations"]["oppscale.dev/reserve"], "20%");
    let spec = &after["spec"]["template"]["spec"];
    assert_eq!(spec["terminationGracePeriodSeconds"], 60);
    assert_eq!(spec["tolerations"][0], json!({"key": "gpu", "operator": "Exists"}));
    assert!(output.stderr.contains("paid pods wait up to 60 s"), "{output}");
    let namespace = object(&output.stdout, "Namespace");
    let level = &namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
    assert_eq!(level, "baseline", "its containers are not restricted");
}

#[test]
fn under_karpenter_every_alternative_of_its_affinity_asks_for_the_label() {
    let affinity = "    spec:\n      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
        {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux]}]}, \
        {matchFields: [{key: metadata.name, operator: In, values: [fake-00000]}]}]}}}\n";
    let output =
        with(&deployment().replace("    spec:\n", affinity), &["--autoscaler", "karpenter"]);
    assert_eq!(output.code, Some(0), "{output}");
    let terms = object(&output.stdout, "Deployment")
        .pointer("/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms")
        .unwrap()
        .clone();
    let label = json!({"key": "oppscale.dev/harvest", "operator": "In", "values": ["true"]});
    for term in terms.as_array().unwrap() {
        assert!(term["matchExpressions"].as_array().unwrap().contains(&label), "{terms:#}");
    }
    assert!(output.stderr.contains("kubectl label nodes fake-00000"), "{output}");
}

#[test]
fn files_that_cannot_be_used() {
    let requests = "          requests: {cpu: 1500m, memory: 2Gi}\n";
    let hpa = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\n\
        spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: render-farm}}\n";
    let twice = format!("{0}---\n{0}", deployment());
    let cases = [
        ("without requests", deployment().replace(requests, "          requests: {memory: 1Gi}\n")),
        ("two HPAs", format!("{}{hpa}", deployment())),
        ("no Deployment", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n".to_owned()),
        ("two Deployments", twice),
        ("an unknown field", deployment().replace("      containers:", "      containrs:")),
        ("a wrong type", deployment().replace("replicas: 3", "replicas: many")),
        ("a bad quantity", deployment().replace("1500m", "1x")),
        (
            "a class of its own",
            deployment().replace("    spec:\n", "    spec:\n      priorityClassName: gold\n"),
        ),
        ("no YAML", "a: [".to_owned()),
        ("no object", "- 1\n".to_owned()),
    ];
    let mut all = String::new();
    for (what, text) in cases {
        let output = with(&text, &[]);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{what}: {output}");
        all.push_str(&format!("{what}:\n{}", output.stderr));
    }
    insta::assert_snapshot!(all, @r#"
    without requests:
    error: own.yaml: Deployment render-farm: container render requests no cpu: what a replica takes is unknown
     hint: write resources.requests with cpu and memory, or name them for a workload of one container: --replica cpu=1,memory=1Gi
    two HPAs:
    error: own.yaml: HorizontalPodAutoscaler h scales Deployment render-farm already: two would fight
     hint: take it out of the file; the one that is rendered takes its place
    no Deployment:
    error: own.yaml: it holds no Deployment of apps/v1, nor another workload that an HPA can scale
     hint: oppscale render-hpa --workload FILE takes the file of a Deployment, a StatefulSet, or a custom resource with a pod template and a /scale subresource
    two Deployments:
    error: own.yaml: it holds several Deployments: render-farm and render-farm
     hint: put each into a file of its own; each has an HPA of its own
    an unknown field:
    error: own.yaml: Deployment render-farm: unknown field spec.template.spec.containrs
     hint: see how it is spelt: kubectl explain deployment --recursive
    a wrong type:
    error: own.yaml: Deployment render-farm: spec.replicas: invalid type: string "many", expected i32
    a bad quantity:
    error: own.yaml: Deployment render-farm: spec.containers[0] "render".resources.requests.cpu: "1x" has the unknown suffix "x"; expected one of n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent
     hint: see https://example.com/oppscale/oppscale/blob/main/docs/how-it-counts.md
    a class of its own:
    error: own.yaml: Deployment render-farm has the PriorityClass gold already
     hint: take it out, add the class to the file, or let oppscale render it: --priority-class gold
    no YAML:
    error: own.yaml: did not find expected node content, while parsing a flow node at line 2
    no object:
    error: own.yaml: document 1 is not a Kubernetes object: it is not a mapping
    "#);
}

#[test]
fn requests_may_be_given_for_it() {
    let text = deployment()
        .replace("          requests: {cpu: 1500m, memory: 2Gi}\n", "          requests: {}\n");
    let output = with(&text, &["--replica", "cpu=3,memory=1Gi"]);
    assert_eq!(output.code, Some(0), "{output}");
    let container =
        object(&output.stdout, "Deployment")["spec"]["template"]["spec"]["containers"][0].clone();
    assert_eq!(container["resources"]["requests"], json!({"cpu": "3", "memory": "1Gi"}));
    let both = with(&deployment(), &["--replica", "cpu=3"]);
    assert!(both.stderr.contains("has requests of its own, and --replica is given"), "{both}");
}
