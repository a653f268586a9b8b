//! Against an API server: what it tells of itself, and what applying would change.

use serde_json::json;

use super::{MINER, object, objects};
use crate::support::answer::Answer;
use crate::support::bin::{CommandOutput, TestEnv};
use crate::support::fake_apiserver::FakeApiServer;
use crate::support::world::World;

fn run(server: &FakeApiServer, more: &[&str]) -> CommandOutput {
    TestEnv::of(server).run([&["render-hpa"], &MINER[..], more].concat())
}

fn running(version: &str) -> World {
    let mut world = World::blog();
    world.version["gitVersion"] = version.into();
    world.version["minor"] = version.split('.').nth(1).unwrap().into();
    world
}

#[test]
fn the_servers_version_decides_about_the_tolerance() {
    let idle = ["-n", "idle"];
    let new = run(&FakeApiServer::start(running("v1.36.2")), &idle);
    assert_eq!(new.code, Some(0), "{new}");
    assert_eq!(new.stderr, "");
    assert!(new.stdout.contains("tolerance: \"0\""));
    let old = run(&FakeApiServer::start(running("v1.34.9+k3s1")), &idle);
    assert!(!old.stdout.contains("tolerance:"), "{old}");
    let oldest = run(&FakeApiServer::start(running("v1.30.1-eks-5e0fdde")), &idle);
    assert_eq!(
        oldest.stderr,
        "note: the server is v1.30.1-eks-5e0fdde; rendered as for Kubernetes 1.33\n"
    );
    let next = run(&FakeApiServer::start(running("v1.40.0")), &idle);
    assert_eq!(next.stderr, "note: the server is v1.40.0; rendered as for Kubernetes 1.37\n");
}

#[test]
fn it_is_sized_as_from_a_saved_list() {
    let server = FakeApiServer::start(running("v1.36.2"));
    let live = run(&server, &[]).stdout;
    assert_eq!(live, super::render(&TestEnv::new(), &MINER).stdout);
    let log = server.log();
    assert!(log.lines().all(|line| line.starts_with("GET ")), "it only reads: {log}");
}

#[test]
fn who_adds_nodes_is_detected() {
    let guard = |server: &FakeApiServer| {
        let output = run(server, &["--explain=table"]);
        assert_eq!(output.code, Some(0), "{output}");
        let line = output.stderr.lines().find(|line| line.starts_with("autoscaler")).unwrap();
        (line.to_owned(), object(&output.stdout, "Deployment")["spec"]["template"].clone())
    };
    let (line, _) = guard(&FakeApiServer::start(running("v1.36.2")));
    assert!(line.contains("none was found"), "{line}");

    let mut world = running("v1.36.2");
    world.objects.push(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "cluster-autoscaler-status", "namespace": "kube-system"}
    }));
    let (line, template) = guard(&FakeApiServer::start(world));
    assert!(line.contains("cluster-autoscaler-status"), "{line}");
    let safe = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    assert_eq!(template["metadata"]["annotations"][safe], "true");

    let server = FakeApiServer::start(running("v1.36.2"));
    server.always("/apis/karpenter.sh", Answer::Raw(200, vec![], "{\"kind\":\"APIGroup\"}"));
    let (line, template) = guard(&server);
    assert!(line.contains("its API is there"), "{line}");
    assert!(template["spec"]["affinity"].to_string().contains("oppscale.dev/harvest"));

    let mut world = running("v1.36.2");
    world.nodes[0]["metadata"]["labels"]["karpenter.sh/nodepool"] = "default".into();
    let (line, _) = guard(&FakeApiServer::start(world));
    assert!(line.contains("detected by labels and taints of nodes"), "{line}");

    let server = FakeApiServer::start(running("v1.36.2"));
    let status = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status";
    server.always(status, Answer::Recorded("403-pods"));
    let output = run(&server, &[]);
    assert!(output.stderr.contains("whether Cluster Autoscaler runs is unknown"), "{output}");
}

#[test]
fn under_karpenter_labelled_nodes_alone_count() {
    let mut world = running("v1.36.2");
    world.nodes[0]["metadata"]["labels"]["oppscale.dev/harvest"] = "true".into();
    let output = run(&FakeApiServer::start(world), &["--autoscaler", "karpenter", "-n", "idle"]);
    assert_eq!(output.code, Some(0), "{output}");
    let max = &object(&output.stdout, "HorizontalPodAutoscaler")["spec"]["maxReplicas"];
    assert!(max.as_u64().unwrap() < 32, "one node of 32 cores, not {max}");
    assert_eq!(output.stderr, "", "nothing is left to be labelled");
}

#[test]
fn two_hpas_on_one_target_are_refused() {
    // The article's HPA scales the Deployment electroneum and is called so.
    let server = FakeApiServer::start(running("v1.36.2"));
    let output = run(&server, &["--name", "electroneum"]);
    assert_eq!(output.code, Some(0), "its own HPA may stay: {output}");
    let mut world = running("v1.36.2");
    world.hpas[0]["metadata"]["name"] = "old-hpa".into();
    let output = run(&FakeApiServer::start(world), &["--name", "electroneum"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(output.stderr, @r"
    error: HorizontalPodAutoscaler opportunistic/old-hpa scales Deployment electroneum already: two would fight
     hint: delete it first: kubectl -n opportunistic delete hpa old-hpa
           or call this workload something else with --name
    ");
    let output = run(&server, &["--name", "electroneum", "--pipeline", "keda"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "KEDA makes one of its own");
}

#[test]
fn a_difference_is_shown_and_is_a_finding() {
    let server = FakeApiServer::start(running("v1.36.2"));
    let nothing_there = run(&server, &["--diff"]);
    assert_eq!(nothing_there.code, Some(1), "{nothing_there}");
    assert!(nothing_there.stdout.contains("+++ merged/Namespace/opportunistic\n"));
    assert!(nothing_there.stdout.contains("+++ merged/Deployment/opportunistic/miner\n"));
    assert!(!nothing_there.stdout.contains(MINER[7]), "no secret is shown");

    // The same as it is rendered: applied, and then nothing differs.
    let mut world = running("v1.36.2");
    world.objects = objects(&run(&server, &[]).stdout).into();
    for object in world.objects.iter_mut() {
        object["metadata"]["uid"] = "0".into();
        object["metadata"]["resourceVersion"] = "12".into();
        object["status"] = json!({"replicas": 3});
    }
    let applied = FakeApiServer::start(world);
    let same = run(&applied, &["--diff"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""), "{same}");

    let other = run(&applied, &["--diff", "--max", "99"]);
    assert_eq!(other.code, Some(1));
    insta::assert_snapshot!(other.stdout, @r#"
    --- live/ResourceQuota/opportunistic/miner
    +++ merged/ResourceQuota/opportunistic/miner
    @@ -7,9 +7,9 @@
       namespace: opportunistic
     spec:
       hard:
    -    pods: "172"
    -    requests.cpu: "172"
    -    requests.memory: 43Gi
    +    pods: "99"
    +    requests.cpu: "99"
    +    requests.memory: 25344Mi
       scopeSelector:
         matchExpressions:
         - operator: In
    --- live/Deployment/opportunistic/miner
    +++ merged/Deployment/opportunistic/miner
    @@ -2,7 +2,7 @@
     kind: Deployment
     metadata:
       annotations:
    -    oppscale.dev/max-replicas: "172"
    +    oppscale.dev/max-replicas: "99"
         oppscale.dev/reserve: "10"
       labels:
         app.kubernetes.io/managed-by: oppscale
    --- live/HorizontalPodAutoscaler/opportunistic/miner
    +++ merged/HorizontalPodAutoscaler/opportunistic/miner
    @@ -26,7 +26,7 @@
           selectPolicy: Max
           stabilizationWindowSeconds: 60
           tolerance: "0"
    -  maxReplicas: 172
    +  maxReplicas: 99
       metrics:
       - object:
           describedObject:
    "#);
    let log = applied.log();
    assert!(log.lines().all(|l| l.starts_with("GET ") || l.contains("dryRun=All")), "{log}");
}

#[test]
fn a_difference_that_may_not_be_asked_for_names_the_right() {
    let server = FakeApiServer::start(running("v1.36.2"));
    server.always("/api/v1/namespaces/opportunistic", Answer::Recorded("403-nodes"));
    let output = run(&server, &["--diff"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(3), ""), "{output}");
    assert!(output.stderr.contains("--verb=get,create,patch --resource=namespaces"), "{output}");
}

#[test]
fn a_class_that_is_there_with_another_value_is_refused() {
    let class = |value: i32, policy: &str| {
        let mut world = running("v1.36.2");
        world.objects.push(json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": "opportunistic"}, "value": value, "preemptionPolicy": policy
        }));
        run(&FakeApiServer::start(world), &["-n", "idle", "--priority-class", "opportunistic"])
    };
    assert_eq!(class(-1000, "Never").code, Some(0));
    let output = class(-100, "PreemptLowerPriority");
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output}");
    insta::assert_snapshot!(output.stderr, @r"
    error: PriorityClass opportunistic is there already, with value -100 and preemptionPolicy PreemptLowerPriority: fillers need -1000 and Never, and a class cannot be changed
     hint: name another one: --priority-class NAME
    ");
}

/// `kubectl delete -f` of one filler must not take the class of another.
#[test]
fn each_filler_has_a_class_of_its_own_and_one_that_changes_it_is_told() {
    let class = |more: &[&str]| {
        let output = run(&FakeApiServer::start(running("v1.36.2")), more);
        object(&output.stdout, "PriorityClass")["metadata"]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(class(&["-n", "idle"]), "idle.miner");
    assert_eq!(class(&["-n", "idle", "--name", "other"]), "idle.other");
    assert_eq!(class(&["-n", "idle", "--priority-class", "shared"]), "shared");

    // One that runs with the class that all fillers once had.
    let mut world = running("v1.36.2");
    let deployment = |class: &str| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "miner", "namespace": "idle"},
            "spec": {"template": {"spec": {"priorityClassName": class, "containers": []}}}
        })
    };
    world.objects.push(deployment("opportunistic"));
    let server = FakeApiServer::start(world);
    let told = run(&server, &["-n", "idle"]);
    let note = "note: the pods of Deployment idle/miner have the PriorityClass opportunistic: \
                applying this replaces them";
    assert!(told.stderr.contains(note), "{told}");
    assert!(told.stderr.contains("kubectl delete priorityclass opportunistic"), "{told}");
    let kept = run(&server, &["-n", "idle", "--priority-class", "opportunistic"]);
    assert_eq!(kept.stderr, "", "{kept}");
}

#[test]
fn a_namespace_with_another_filler_is_told() {
    let mut world = running("v1.36.2");
    world.hpas[0]["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "oppscale".into();
    let server = FakeApiServer::start(world);
    let shared = run(&server, &[]);
    let note = "note: namespace opportunistic also has Deployment electroneum: kubectl delete -f";
    assert!(shared.stderr.contains(note), "{shared}");
    // Each quota is of one PriorityClass.
    let bound = "a LimitRange of either bounds the containers of both";
    assert!(shared.stderr.contains(bound), "{shared}");
    let paid = ["render-hpa", "--workload", "sample-app", "--image", "i:1", "-n", "opportunistic"];
    let paid = TestEnv::of(&server).run(paid);
    assert_eq!(paid.code, Some(0), "{paid}");
    assert!(paid.stderr.contains(note) && paid.stderr.contains(bound), "{paid}");
    let alone = run(&server, &["-n", "idle"]);
    assert!(!alone.stderr.contains("also has"), "{alone}");
}

#[test]
fn kedas_hpa_of_a_long_name_may_stay() {
    let long = "x".repeat(80);
    let keda = ["--name", &long, "--pipeline", "keda"];
    let scaled = run(&FakeApiServer::start(running("v1.36.2")), &keda);
    let name = object(&scaled.stdout, "ScaledObject")["metadata"]["name"].clone();
    let mut world = running("v1.36.2");
    world.hpas[0]["metadata"]["name"] = format!("keda-hpa-{}", name.as_str().unwrap()).into();
    world.hpas[0]["spec"]["scaleTargetRef"]["name"] = long.as_str().into();
    let again = run(&FakeApiServer::start(world), &keda);
    assert_eq!(again.code, Some(0), "it is KEDA's own: {again}");
}
