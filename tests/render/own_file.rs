//! What else the file of a Deployment brings, and what of it is told to be better left out.

use serde_json::{Value, json};

use super::{object, objects, render};
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fixture;

/// A Deployment `w` in the namespace `farm`, with these lines in its pod spec and in its
/// container, and these documents after it.
fn file(pod: &str, container: &str, more: &[&str]) -> String {
    let container = match container {
        "" => "resources: {requests: {cpu: 1, memory: 1Gi}}",
        given => given,
    };
    let pod = if pod.is_empty() { String::new() } else { format!("      {pod}\n") };
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w, namespace: farm}}\nspec:\n  \
         selector: {{matchLabels: {{app: w}}}}\n  template:\n    metadata: {{labels: {{app: w}}}}\n    \
         spec:\n{pod}      containers:\n      - name: c\n        image: ghcr.io/acme/w:1\n        \
         {container}\n"
    );
    more.iter().fold(deployment, |text, document| format!("{text}---\n{document}\n"))
}

fn with(text: &str, more: &[&str]) -> CommandOutput {
    let env = TestEnv::new();
    env.write("own.yaml", text);
    render(&env, &[&["--workload", "own.yaml"], more].concat())
}

fn rendered(text: &str, more: &[&str]) -> CommandOutput {
    let output = with(text, more);
    assert_eq!(output.code, Some(0), "{output}");
    output
}

fn refused(text: &str, more: &[&str]) -> String {
    let output = with(text, more);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output}");
    output.stderr
}

/// The only object of this kind and name.
fn named(text: &str, kind: &str, name: &str) -> Value {
    let mut all = objects(text);
    all.retain(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    assert_eq!(all.len(), 1, "{kind} {name} in {text}");
    all.remove(0)
}

#[test]
fn what_kubectl_printed_of_a_cluster_can_be_applied_again() {
    let printed = r#"
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    annotations:
      deployment.kubernetes.io/revision: "3"
      kubectl.kubernetes.io/last-applied-configuration: "{}"
    creationTimestamp: "2026-11-01T00:00:00Z"
    generation: 3
    managedFields: []
    name: w
    namespace: farm
    resourceVersion: "12345"
    uid: 0f0f0f0f-0000-0000-0000-000000000000
  spec:
    replicas: 3
    selector: {matchLabels: {app: w}}
    strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
    template:
      metadata: {creationTimestamp: null, labels: {app: w}}
      spec:
        containers:
        - {name: c, image: x, resources: {requests: {cpu: "1", memory: 1Gi}}}
  status: {replicas: 3}
- apiVersion: v1
  kind: Service
  metadata: {name: w, namespace: farm, uid: "1", resourceVersion: "2"}
  spec: {clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], selector: {app: w}, ports: [{port: 80}]}
  status: {loadBalancer: {}}
"#;
    let output = rendered(printed, &[]);
    let servers = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"];
    for (kind, name) in [("Deployment", "w"), ("Service", "w")] {
        let object = named(&output.stdout, kind, name);
        assert!(object["status"].is_null(), "{object:#}");
        for field in servers {
            assert!(object["metadata"].get(field).is_none(), "{kind}: {field}");
        }
    }
    assert!(!output.stdout.contains("last-applied"), "{output}");
    assert!(!output.stdout.contains("creationTimestamp"), "{output}");
    assert!(!output.stdout.contains("10.96.0.7"), "the address is taken: {output}");
    insta::assert_snapshot!(output.stderr, @r"
    note: Deployment farm/w, Service farm/w: what a server had filled in is left out (status, uid, resourceVersion, ...)
    note: Deployment w: spec.replicas 3 is left out: they are the HPA's, and every apply would reset them
    note: Deployment w: a rollout makes pods beyond the slots (maxSurge 25%); set it to 0
    ");
}

#[test]
fn its_namespace_and_its_class_stand_in_place_of_the_rendered() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: farm\n  labels: {team: \"no\", \
        pod-security.kubernetes.io/enforce: privileged}";
    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: low}\n\
        value: -50\npreemptionPolicy: Never";
    let text = file("priorityClassName: low", "", &[namespace, class]);
    let output = rendered(&text, &["--explain=table"]);
    let labels = named(&output.stdout, "Namespace", "farm")["metadata"]["labels"].clone();
    assert_eq!(labels["team"], "no");
    assert_eq!(labels["oppscale.dev/opportunistic"], "true");
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "privileged", "as it says itself");
    assert_eq!(object(&output.stdout, "PriorityClass")["value"], -50);
    let quota = named(&output.stdout, "ResourceQuota", "w")["spec"].clone();
    assert_eq!(quota["scopeSelector"]["matchExpressions"][0]["values"], json!(["low"]));
    assert!(output.stderr.contains("none: priority -50"), "{output}");
    let kinds: Vec<_> = objects(&output.stdout).into_iter().map(|o| o["kind"].clone()).collect();
    assert_eq!(kinds[..2], ["Namespace", "PriorityClass"], "what others need comes first");

    let high = file("priorityClassName: low", "", &[&class.replace("-50", "-5")]);
    assert!(refused(&high, &[]).contains("has the value -5: at -10 and above"));
    let evicting =
        file("priorityClassName: low", "", &[&class.replace("Never", "PreemptLowerPriority")]);
    assert!(refused(&evicting, &[]).contains("may evict: set preemptionPolicy: Never"));
}

#[test]
fn what_it_brings_is_let_into_the_namespace() {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n\
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}";
    let balanced = "apiVersion: v1\nkind: Service\nmetadata: {name: w}\n\
        spec: {type: LoadBalancer, selector: {app: w}, ports: [{name: a, port: 80}, {name: b, port: 81}]}";
    let queue = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: redis}\n\
        spec: {serviceName: r, replicas: 2, selector: {matchLabels: {app: r}}, template: {metadata: \
        {labels: {app: r}}, spec: {containers: [{name: r, image: r, resources: {limits: {memory: 8Gi}}, \
        securityContext: {privileged: true}}]}}, \
        volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]}";
    let output = rendered(&file("", "", &[claim, balanced, queue]), &[]);
    let hard = named(&output.stdout, "ResourceQuota", "no-side-effects")["spec"]["hard"].clone();
    let expected = json!({
        "persistentvolumeclaims": "3", "services.loadbalancers": "1", "services.nodeports": "2"
    });
    assert_eq!(hard, expected);
    let limits = object(&output.stdout, "LimitRange")["spec"]["limits"][0].clone();
    assert_eq!(limits["max"]["memory"], "8Gi", "what redis may use");
    let namespace = object(&output.stdout, "Namespace")["metadata"]["labels"].clone();
    assert_eq!(namespace["pod-security.kubernetes.io/enforce"], "privileged", "redis is");
    insta::assert_snapshot!(output.stderr, @r"note: the quota no-side-effects lets through what the file brings: volume claims 3, load balancers 1, node ports 2");
    // A claim a pod.
    let volume = "volumes: [{name: t, ephemeral: {volumeClaimTemplate: {spec: {accessModes: \
        [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]";
    let output = rendered(&file(volume, "", &[]), &["--max", "7"]);
    let hard = named(&output.stdout, "ResourceQuota", "no-side-effects")["spec"]["hard"].clone();
    assert_eq!(hard["persistentvolumeclaims"], "7");
}

#[test]
fn what_a_filler_would_better_be_without_is_told() {
    let advice = |text: &str| rendered(text, &[]).stderr;
    let surge = "strategy: {rollingUpdate: {maxSurge: 2}}\n  selector:";
    let apart = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
        [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: w}}}]}}\n      \
        topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
        labelSelector: {matchLabels: {app: w}}}]";
    let port = "ports: [{containerPort: 80, hostPort: 80}]\n        \
        resources: {requests: {cpu: 1, memory: 1Gi}}";
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: w}\n\
        spec: {minAvailable: 1, selector: {matchLabels: {app: w}}}";
    let all = advice(&file("", "", &[]).replace("selector:", surge))
        + &advice(&file("terminationGracePeriodSeconds: 0", "", &[]))
        + &advice(&file("terminationGracePeriodSeconds: 60", "", &[]))
        + &advice(&file("", "resources: {limits: {cpu: 1, memory: 1Gi}}", &[]))
        + &advice(&file("", "resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 2}}", &[]))
        + &advice(&file(apart, port, &[]))
        + &advice(&file("", "", &[budget]));
    insta::assert_snapshot!(all, @r"
    note: Deployment w: a rollout makes pods beyond the slots (maxSurge 2); set it to 0
    note: Deployment w: its pods are forgotten before they are gone (terminationGracePeriodSeconds 0); give them a few seconds
    note: Deployment w: paid pods wait up to 60 s for its pods to go (terminationGracePeriodSeconds)
    note: Deployment w: its pods are Guaranteed, and with the static CPU manager take cores that nobody else may use; leave the cpu limit out
    note: Deployment w: container c has a cpu limit: cores that nobody else wants stay idle
    note: Deployment w: slots do not consider topologySpreadConstraints: fewer pods may fit, and the rest wait for a node
    note: PodDisruptionBudget w: the scheduler spares pods with a budget and evicts better ones, and drains wait for them; take it out
    ");
    assert_eq!(advice(&file("", "", &[])), "");
}

#[test]
fn a_rollout_that_says_nothing_of_surge_has_none() {
    let strategy = |text: &str| {
        let text = file("", "", &[]).replace("selector:", &format!("{text}\n  selector:"));
        object(&rendered(&text, &[]).stdout, "Deployment")["spec"]["strategy"].clone()
    };
    let none = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}});
    assert_eq!(strategy("strategy: {type: RollingUpdate}"), none);
    assert_eq!(strategy("strategy: {type: Recreate}"), json!({"type": "Recreate"}));
    // The API takes no rollout that may have neither more nor fewer pods.
    let kept = json!({"rollingUpdate": {"maxUnavailable": 0}});
    assert_eq!(strategy("strategy: {rollingUpdate: {maxUnavailable: 0}}"), kept);
}

#[test]
fn its_own_most_replicas_are_kept() {
    let text = file("", "", &[]).replace(
        "namespace: farm",
        "namespace: farm, annotations: {oppscale.dev/max-replicas: \"20\"}",
    );
    let output = rendered(&text, &["--explain=table"]);
    assert_eq!(object(&output.stdout, "HorizontalPodAutoscaler")["spec"]["maxReplicas"], 20);
    assert!(output.stderr.contains("as the Deployment has it; found: 1"), "{output}");
    let given = rendered(&text, &["--max", "30"]);
    assert_eq!(object(&given.stdout, "HorizontalPodAutoscaler")["spec"]["maxReplicas"], 30);
    let wrong = refused(&text.replace("\"20\"", "many"), &[]);
    assert!(wrong.contains("max-replicas: \"many\" is not a number of replicas"), "{wrong}");
}

#[test]
fn a_limit_range_makes_no_pod_larger_than_it_was_counted() {
    // One sidecar that says what it takes, and an init container that does not.
    let init = "initContainers:\n      - {name: s, image: s, restartPolicy: Always, resources: \
        {requests: {cpu: 500m, memory: 1Gi}}}\n      - {name: i, image: i}";
    let output = rendered(&file(init, "", &[]), &["--explain=table"]);
    assert!(output.stderr.contains("cpu=1500m,memory=2Gi"), "{output}");
    let limits = object(&output.stdout, "LimitRange")["spec"]["limits"][0].clone();
    assert_eq!(limits["defaultRequest"], json!({"cpu": "1", "memory": "1Gi"}), "{limits:#}");
    let silent = init.replace(", resources: {requests: {cpu: 500m, memory: 1Gi}}", "");
    let refused = refused(&file(&silent, "", &[]), &[]);
    assert!(refused.contains("container s requests no cpu"), "{refused}");
}

#[test]
fn what_a_pod_asks_for_as_a_whole_is_divided_among_its_containers() {
    // The API server takes no pod whose containers ask for more together, or may use more
    // each; a LimitRange fills in both.
    let whole = "resources: {requests: {cpu: 3, memory: 4Gi}, limits: {memory: 5Gi}}";
    let one =
        "resources: {requests: {cpu: 1}}\n      - {name: d, image: d}\n      - {name: e, image: e}";
    let output = rendered(&file(whole, one, &[]), &["--explain=table"]);
    assert!(output.stderr.contains("cpu=3,memory=4Gi"), "{output}");
    let limits = object(&output.stdout, "LimitRange")["spec"]["limits"][0].clone();
    // 4 GiB by three, rounded down.
    assert_eq!(limits["defaultRequest"], json!({"cpu": "1", "memory": "1431655765"}));
    assert_eq!(limits["default"], json!({"memory": "5Gi"}));
    assert_eq!(limits["max"], json!({"memory": "8Gi"}));
}

#[test]
fn an_admission_policy_that_would_refuse_its_pods_is_refused() {
    let policy = ["--admission-policy"];
    let other = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: log}\n\
        spec: {selector: {matchLabels: {app: l}}, template: {metadata: {labels: {app: l}}, \
        spec: {containers: [{name: l, image: l}]}}}";
    let plain = file("", "", &[]);
    let heavy = plain.replacen("name: w,", "name: w, annotations: {oppscale.dev/weight: '0'},", 1);
    assert_ne!(heavy, plain);
    let all = refused(&file("terminationGracePeriodSeconds: 60", "", &[]), &policy)
        + &refused(&file("volumes: [{name: h, hostPath: {path: /x}}]", "", &[]), &policy)
        + &refused(&file("", "resources: {limits: {cpu: 1, memory: 1Gi}}", &[]), &policy)
        + &refused(&file("", "", &[other]), &policy)
        + &refused(&heavy, &policy);
    insta::assert_snapshot!(all, @r#"
    error: own.yaml: Deployment w: its pods may take 60 s to go, and the policy allows 30
     hint: change it, or leave out --admission-policy
    error: own.yaml: Deployment w: its pods mount paths of their node, which the policy refuses
     hint: change it, or leave out --admission-policy
    error: own.yaml: Deployment w: the cpu limit of container c is no more than its request, which the policy refuses
     hint: change it, or leave out --admission-policy
    error: own.yaml: DaemonSet log: its pods are not of the PriorityClass farm.w, and the policy lets none into the namespace that would not yield
     hint: change it, or leave out --admission-policy
    error: own.yaml: Deployment w: annotation oppscale.dev/weight: "0" is not a whole number from 1 to 1000000
     hint: change it, or leave out --admission-policy
    "#);
    let _ = rendered(&file("", "", &[]), &policy);
}

#[test]
fn odd_shapes_are_read_as_kubectl_reads_them() {
    let cpu = |text: &str| {
        let container = format!("resources: {{requests: {{cpu: {text}, memory: 1Gi}}}}");
        rendered(&file("", &container, &[]), &["--explain=table", "--reserve", "0"]).stderr
    };
    assert!(cpu("2").contains("cpu=2,memory=1Gi"));
    assert!(cpu("0.5").contains("cpu=500m,memory=1Gi"));
    let old = file("", "", &[]).replace("apps/v1", "extensions/v1beta1");
    assert!(refused(&old, &[]).contains("holds no Deployment of apps/v1"));
    let shared = with(&file("", "", &[]).replace("farm", "default"), &[]);
    assert!(shared.stderr.contains("take namespace: default out of own.yaml"), "{shared}");
    let critical = refused(&file("priorityClassName: system-node-critical", "", &[]), &[]);
    assert!(critical.contains("take it out: its pods would evict others"), "{critical}");
    // Another kind of the same name may have its HPA.
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: s}\n\
        spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: w}}";
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: w}\nspec: {serviceName: w, \
        selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, \
        spec: {containers: [{name: s, image: s}]}}}";
    let _ = rendered(&file("", "", &[set, scaler]), &[]);
}

/// The container `b`, `d` has the requests of the one that it is merged with, as for kubectl.
#[test]
fn merge_keys_are_read_as_kubectl_reads_them() {
    for (name, container, replica) in [
        ("w18b.yaml", "d", "cpu=2,memory=2Gi"),
        ("dep-merge2.yaml", "b", "cpu=1500m,memory=2Gi"),
        ("dep-merge3.yaml", "b", "cpu=1500m,memory=2Gi"),
    ] {
        let text = std::fs::read_to_string(fixture(&format!("saved-lists/{name}"))).unwrap();
        let output = with(&text, &["--explain=table", "--reserve", "0"]);
        assert_eq!(output.code, Some(0), "{name}: {output}");
        assert!(output.stderr.contains(&format!("{replica} ")), "{name}: {output}");
        let set = objects(&output.stdout);
        let deployment = set.iter().find(|object| object["kind"] == "Deployment").unwrap();
        let containers = &deployment["spec"]["template"]["spec"]["containers"];
        assert_eq!(containers[1]["name"], container, "{name}");
    }
    // In YAML 1.1 a leading zero makes a number octal, and `on` is true.
    let more = ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: farm}\n\
        immutable: on\ndata: {a: b}"];
    let _ = rendered(&file("enableServiceLinks: no", "", &more), &[]);
    let modes =
        "volumes: [{name: v, emptyDir: {}}, {name: m, configMap: {name: m, defaultMode: 0640}}]";
    let _ = rendered(&file(modes, "", &more), &[]);
}
