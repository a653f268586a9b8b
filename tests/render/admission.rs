//! Files of workloads with what decides where their pods may run, and with objects beside them.

use serde_json::Value;

use super::{object, objects, render};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

/// Renders a file of `tests/fixtures/render/workloads` into the namespace `video`.
fn rendered(file: &str) -> CommandOutput {
    let path = fixture(&format!("render/workloads/{file}.yaml"));
    let output = render(&TestEnv::new(), &["--workload", path.to_str().unwrap(), "-n", "video"]);
    assert_eq!(output.code, Some(0), "{file}: {output}");
    output
}

/// Renders a file after an edit.
fn edited(file: &str, from: &str, to: &str) -> CommandOutput {
    let text = std::fs::read_to_string(fixture(&format!("render/workloads/{file}.yaml"))).unwrap();
    assert!(text.contains(from), "{text}");
    let env = TestEnv::new();
    env.write("own.yaml", &text.replace(from, to));
    let output = render(&env, &["--workload", "own.yaml", "-n", "video"]);
    assert_eq!(output.code, Some(0), "{output}");
    output
}

fn max_replicas(output: &CommandOutput) -> u64 {
    object(&output.stdout, "HorizontalPodAutoscaler")["spec"]["maxReplicas"].as_u64().unwrap()
}

#[test]
fn one_replica_to_a_node_where_two_would_refuse_each_other() {
    let output = rendered("anti-affinity");
    assert_eq!(max_replicas(&output), 6);
    assert!(output.stderr.contains("slots do not consider topologySpreadConstraints:"), "{output}");
    let other_port = edited("anti-affinity", "app: aff}}, topologyKey", "app: x}}, topologyKey");
    assert_eq!(max_replicas(&other_port), 6, "the port of the node is taken once");
    let without = edited("anti-affinity", ", hostPort: 80", "");
    assert_eq!(max_replicas(&without), 6, "they keep apart by host name");
    let env = TestEnv::new();
    let text = std::fs::read_to_string(fixture("render/workloads/anti-affinity.yaml")).unwrap();
    let text = text.replace(", hostPort: 80", "").replace("kubernetes.io/hostname", "zone");
    env.write("own.yaml", &text);
    let zone = render(&env, &["--workload", "own.yaml", "-n", "video"]);
    assert_eq!(max_replicas(&zone), 172, "by zone is not counted");
    assert!(zone.stderr.contains("do not consider a required podAntiAffinity"), "{zone}");
}

#[test]
fn the_overhead_of_a_runtime_class_is_counted() {
    let output = rendered("overhead");
    assert_eq!(max_replicas(&output), 138, "1250m each");
    let quota = &objects(&output.stdout)[2];
    assert_eq!(quota["spec"]["hard"]["requests.cpu"], "172500m", "{quota}");
    let elsewhere = edited("overhead", "metadata: {name: kata}", "metadata: {name: gvisor}");
    assert_eq!(max_replicas(&elsewhere), 172);
    assert!(elsewhere.stderr.contains("the overhead of its RuntimeClass kata is not counted"));
}

#[test]
fn pods_that_name_their_node_fit_on_that_one() {
    let output = rendered("node-name");
    assert_eq!(max_replicas(&output), 18);
    assert!(output.stderr.contains("its pods name their node, fake-00005"), "{output}");
    let affinity = &object(&output.stdout, "Deployment")["spec"]["template"]["spec"]["affinity"];
    assert!(affinity.is_null(), "the pod itself stays as it is");
}

#[test]
fn null_is_as_if_it_were_not_there() {
    let deployment = object(&rendered("nulls").stdout, "Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 5);
    assert_eq!(pod["tolerations"].as_array().unwrap().len(), 2);
    assert_eq!(deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"], 0);
}

/// A Deployment of one container, with these lines in its metadata, spec and pod.
fn deployment(metadata: &str, spec: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n{metadata}spec:\n{spec}  \
         selector: {{matchLabels: {{app: x}}}}\n  template:\n    metadata: {{labels: {{app: x}}}}\n    \
         spec:\n{pod}      containers:\n      - name: c\n        image: registry.k8s.io/pause:3.10\n        \
         resources: {{requests: {{cpu: 500m, memory: 512Mi}}}}\n        ports: [{{containerPort: 80}}]\n"
    )
}

fn render_text(text: &str) -> CommandOutput {
    let env = TestEnv::new();
    env.write("own.yaml", text);
    let output = render(&env, &["--workload", "own.yaml", "-n", "video"]);
    assert_eq!(output.code, Some(0), "{output}");
    output
}

/// As charts render what is not set.
#[test]
fn an_empty_name_is_as_if_it_were_not_there() {
    let plain = render_text(&deployment("", "", ""));
    let empty = render_text(&deployment(
        "  namespace: \"\"\n  labels:\n  annotations: {oppscale.dev/reserve: \"\", \
         oppscale.dev/max-replicas: \"\"}\n",
        "  replicas:\n  strategy: {type: \"\"}\n",
        "      priorityClassName: \"\"\n      nodeName: \"\"\n      runtimeClassName: \"\"\n      \
         schedulerName: \"\"\n      serviceAccountName: \"\"\n      nodeSelector:\n      affinity:\n      \
         tolerations:\n      terminationGracePeriodSeconds:\n",
    ));
    assert_eq!(objects(&empty.stdout), objects(&plain.stdout), "{empty}");
    assert_eq!(empty.stderr, plain.stderr);
    let claim = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, namespace: \
                 \"\"}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    let output = render_text(&format!("{}{claim}", deployment("", "", "")));
    assert_eq!(object(&output.stdout, "PersistentVolumeClaim")["metadata"]["namespace"], "video");
}

#[test]
fn a_port_in_the_network_of_the_host_is_there_once_on_a_node() {
    let shared = render_text(&deployment("", "", "      hostNetwork: true\n"));
    assert_eq!(max_replicas(&shared), 6, "{shared}");
    let affinity = |more: &str| {
        deployment(
            "",
            "",
            &format!(
                "      affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: \
                 [{{topologyKey: kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: \
                 x}}}}{more}}}]}}}}\n"
            ),
        )
    };
    assert_eq!(max_replicas(&render_text(&affinity(", namespaceSelector: {}"))), 6);
    let others = render_text(&affinity(", mismatchLabelKeys: [pod-template-hash]"));
    assert!(max_replicas(&others) > 6, "{others}");
}

#[test]
fn a_stateful_set_may_have_a_claim_for_each_replica() {
    let text = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x}\nspec:\n  replicas: 2\n  \
        serviceName: x\n  selector: {matchLabels: {app: x}}\n  template:\n    metadata: {labels: {app: \
        x}}\n    spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 2, memory: \
        1Gi}}}]}\n  volumeClaimTemplates:\n  - metadata: {name: d}\n    spec: {accessModes: \
        [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    let output = render_text(text);
    let max = max_replicas(&output);
    let quotas = objects(&output.stdout).into_iter().filter(|o| o["kind"] == "ResourceQuota");
    let claims: Vec<Value> =
        quotas.map(|q| q["spec"]["hard"]["persistentvolumeclaims"].clone()).collect();
    assert!(claims.contains(&max.to_string().into()), "{max}: {claims:?}");
    let hpa = object(&output.stdout, "HorizontalPodAutoscaler");
    assert_eq!(hpa["spec"]["scaleTargetRef"]["kind"], "StatefulSet");
}

#[test]
fn limit_ranges_and_quotas_of_the_file_are_told() {
    let output = rendered("limit-range-and-quota");
    let told = [
        "LimitRange lr refuses every pod: container c requests 700m of cpu, and its limit becomes 500m",
        "ResourceQuota rq ends at 5 replicas, with 4 of requests.cpu; maxReplicas is 247",
    ];
    assert!(told.iter().all(|text| output.stderr.contains(text)), "{output}");
    let cases = [
        ("requests.cpu: \"4\"", "requests.cpu: 1k", "ends at 16 replicas, with 8 of limits.cpu"),
        ("pods: \"20\"", "pods: 3", "ends at 3 replicas, with 3 of pods"),
        ("default: {cpu: 500m, ", "default: {cpu: 2, ", "has a limit of 2 of cpu, above 1"),
        ("max: {cpu: \"1\"}", "min: {cpu: \"1\"}", "its limit becomes 500m"),
        ("default: {cpu: 500m, memory: 512Mi}, ", "min: {cpu: 800m}, ", "700m of cpu, below 800m"),
        (
            "type: Container",
            "type: Pod",
            "LimitRange lr refuses every pod: a container has no limit",
        ),
    ];
    for (from, to, text) in cases {
        let output = edited("limit-range-and-quota", from, to);
        assert!(output.stderr.contains(text), "{text}: {output}");
    }
    let elsewhere = edited("limit-range-and-quota", "{name: lr}", "{name: lr, namespace: other}");
    assert!(!elsewhere.stderr.contains("LimitRange"), "{elsewhere}");
    let last = |output: &CommandOutput| output.stderr.lines().last().unwrap().to_owned();
    let name = "Deployment rq";
    assert!(last(&output).contains("the API server will admit no pod of "), "{output}");
    assert!(last(&elsewhere).contains("will admit 5 of up to 247 pods of "), "{name} {elsewhere}");
    let all = rendered("volume-claim");
    assert!(!all.stderr.contains("the API server will admit"), "{all}");
}

#[test]
fn pods_that_the_namespace_of_the_file_would_refuse_are_told() {
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: video, labels: \
                     {pod-security.kubernetes.io/enforce: restricted}}\n";
    let text = std::fs::read_to_string(fixture("render/workloads/volume-claim.yaml")).unwrap();
    let env = TestEnv::new();
    env.write("own.yaml", &format!("{text}\n{namespace}"));
    let output = render(&env, &["--workload", "own.yaml", "-n", "video"]);
    assert_eq!(output.code, Some(0), "{output}");
    let told = "Namespace video enforces the pod-security level restricted, and its pods meet";
    assert!(
        output.stderr.contains(told) && output.stderr.contains("will admit no pod"),
        "{output}"
    );
}

/// The objects of a file that are not rendered by oppscale, by kind and name.
fn brought(output: &CommandOutput, kind: &str, name: &str) -> Value {
    let all = objects(&output.stdout).into_iter();
    let mut all = all.filter(|o| o["kind"] == kind && o["metadata"]["name"] == name);
    all.next().unwrap_or_else(|| panic!("no {kind} {name} in {output}"))
}

#[test]
fn what_the_file_brings_is_in_the_namespace_of_the_filler() {
    let claim = brought(&rendered("volume-claim"), "PersistentVolumeClaim", "scratch");
    assert_eq!(claim["metadata"]["namespace"], "video");
    let output = rendered("custom-resources");
    for (kind, name) in [("Foo", "foo"), ("CronJob", "nightly")] {
        assert_eq!(brought(&output, kind, name)["metadata"]["namespace"], "video", "{kind}");
    }
    let definition = brought(&output, "CustomResourceDefinition", "foos.acme.io");
    assert!(definition["metadata"]["namespace"].is_null());
    let told = "TriggerAuthentication t: whether this kind is namespaced is unknown here";
    assert!(output.stderr.contains(told), "{output}");
    let cluster = edited("custom-resources", "scope: Namespaced", "scope: Cluster");
    assert!(brought(&cluster, "Foo", "foo")["metadata"]["namespace"].is_null());
    assert!(!cluster.stderr.contains("Foo"), "{cluster}");
}

#[test]
fn custom_resources_and_objects_of_others_pass_untouched() {
    let cases = [
        ("service-monitor", "ServiceMonitor", "crunch"),
        ("certificate", "Certificate", "crunch"),
        ("other-scaled-object", "ScaledObject", "otherthing"),
        ("knative", "Service", "fn"),
        ("node-pool", "NodePool", "batch"),
        ("other-service", "Service", "db"),
    ];
    for (file, kind, name) in cases {
        let text = std::fs::read_to_string(fixture(&format!("render/workloads/{file}.yaml")));
        let before = objects(&text.unwrap()).into_iter().find(|o| o["kind"] == kind).unwrap();
        let after = brought(&rendered(file), kind, name);
        assert_eq!(after["spec"], before["spec"], "{file}");
    }
    let note = "note: Service video/db: its selector matches no pods of the set";
    assert!(rendered("other-service").stderr.contains(note));
}
