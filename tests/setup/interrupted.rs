//! `oppscale init` where it cannot go on, or is not let: what is done is said, the next run
//! finishes.

use serde_json::json;

use crate::support::answer::Answer;
use crate::support::bin::{TestEnv, signal};

use super::install::{CONFIG_MAP, DEPLOYMENT, SERVICE, init, server};

#[test]
fn a_namespace_that_is_being_deleted_is_not_filled() {
    let server = server();
    server.store().change(|store| {
        store.put("/api/v1/namespaces/oppscale", "x", json!({
            "kind": "Namespace", "metadata": {"name": "oppscale"},
            "status": {"phase": "Terminating", "conditions": [{"type": "NamespaceDeletionDiscoveryFailure", "status": "True", "message": "Discovery failed for some groups"}]}
        }));
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output
            .stderr
            .contains("namespace oppscale is being deleted: Discovery failed for some groups"),
        "{output}"
    );
    assert!(server.writes().is_empty());
}

#[test]
fn without_the_front_proxys_ca_nothing_is_begun() {
    let server = server();
    server.store().change(|store| store.objects.remove(CONFIG_MAP));
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("error: OPP-AGG-001: ConfigMap kube-system/"), "{output}");
    assert!(server.writes().is_empty());
}

#[test]
fn the_kind_of_a_failure_decides_the_exit_code_and_not_its_words() {
    let server = server();
    let words = r#"{"kind":"Status","message":"no answer from etcd","code":500}"#;
    server.always("/version", Answer::Raw(500, vec![], words));
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("error: OPP-CON-001: get the server's version: "), "{output}");
    assert!(output.stderr.contains("note: nothing was changed"), "{output}");
    server.always("/version", Answer::Silence);
    let output = init(&server, &["--request-timeout", "300ms"]);
    assert_eq!(output.code, Some(124), "{output}");
    assert!(server.writes().is_empty());
}

#[test]
fn pods_that_do_not_start_end_it_in_time_and_the_api_is_not_handed_over() {
    let server = server();
    server.store().change(|store| store.deployments_start = false);
    let output = init(&server, &["--timeout", "1s"]);
    assert_eq!(output.code, Some(124), "{output}");
    assert!(output.stderr.contains("0 of 2 pods are available"), "{output}");
    assert!(output.stderr.contains("changes were made"), "{output}");
    assert!(server.store().object(SERVICE).is_none());
    // Once they start, the next run finishes.
    server.store().change(|store| {
        store.deployments_start = true;
        let deployment = store.objects.remove(DEPLOYMENT).unwrap();
        store.put(DEPLOYMENT, "oppscale", deployment.value);
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(server.store().object(SERVICE).is_some());
}

#[test]
fn a_pod_that_does_not_start_is_quoted() {
    let server = server();
    server.store().change(|store| {
        store.deployments_start = false;
        store.put("/api/v1/namespaces/oppscale/pods/oppscale-1", "kubelet", json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "oppscale-1", "namespace": "oppscale",
                         "labels": {"app.kubernetes.io/instance": "oppscale"}},
            "status": {
                "phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [{
                    "name": "oppscale", "image": "i", "imageID": "", "ready": false, "restartCount": 3,
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}
                }]
            }
        }));
    });
    let log = "/api/v1/namespaces/oppscale/pods/oppscale-1/log";
    server.always(log, Answer::Raw(200, vec![], "starting\nerror: cannot bind port 10250\n"));
    let output = init(&server, &["--timeout", "1s"]);
    assert_eq!(output.code, Some(124), "{output}");
    for words in [
        "0 of 2 pods are available",
        "pod oppscale-1: CrashLoopBackOff: back-off 40s",
        "error: cannot bind port 10250",
        "hint: find the cause: kubectl describe pods",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
}

#[test]
fn an_api_that_does_not_become_available_is_taken_back() {
    let server = server();
    server.store().change(|store| {
        store.available = Some((
            "False",
            "FailedDiscoveryCheck",
            "x509: certificate signed by unknown authority",
        ));
    });
    let output = init(&server, &["--timeout", "2s"]);
    assert_eq!(output.code, Some(124), "{output}");
    assert!(
        output.stderr.contains("deleted APIService v1beta1.custom.metrics.k8s.io again"),
        "{output}"
    );
    assert!(server.store().object(SERVICE).is_none(), "namespaces could not be deleted otherwise");
    // What was taken back does not count as done.
    assert!(output.stderr.contains("10 of 12 changes were made"), "{output}");
    assert!(!output.stderr.contains("applied APIService"), "{output}");
}

#[test]
fn ctrl_c_says_what_was_done_and_the_next_run_finishes() {
    let cases: [(&str, &str); 3] = [
        ("/version", "nothing was changed"),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles/oppscale", "nothing was changed"),
        (DEPLOYMENT, "changes were made"),
    ];
    for (path, words) in cases {
        let server = server();
        if words == "changes were made" {
            // The plan asks twice before: what it is, and what would become of it.
            server.next(path, [Answer::Serve, Answer::Serve]);
        }
        server.always(path, Answer::Silence);
        let env = TestEnv::of(&server);
        let running = env.start(["init", "--image", "i", "--yes"]);
        match words {
            "changes were made" => {
                let at = std::time::Instant::now();
                while server.writes().iter().filter(|w| w.contains(DEPLOYMENT)).count() == 0 {
                    assert!(at.elapsed().as_secs() < 50);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
            _ => server.wait_for(path),
        }
        signal("INT", running.id());
        let output = env.finish(running);
        assert_eq!(output.code, Some(130), "{path}: {output}");
        if path != "/version" {
            assert!(output.stderr.contains(words), "{path}: {output}");
        }
        server.always(path, Answer::Serve);
        let output = env.run(["init", "--image", "i", "--yes"]);
        assert_eq!(output.code, Some(0), "{output}");
    }
}

/// A request without an answer may have changed the cluster: "nothing was changed" would be a
/// guess.
#[test]
fn a_change_whose_answer_did_not_come_is_not_called_none() {
    const NAMESPACE: &str = "/api/v1/namespaces/oppscale";
    const UNKNOWN: &str = "note: 0 of 12 changes were made:\n      it is not known whether one more \
                           was made: applied Namespace oppscale\n";
    let refusal = Answer::Raw(422, Vec::new(), r#"{"kind":"Status","message":"no","code":422}"#);
    let overload =
        Answer::Raw(429, Vec::new(), r#"{"kind":"Status","message":"later","code":429}"#);
    for (name, answer, words) in [
        ("INT", Answer::Silence, UNKNOWN),
        ("TERM", Answer::Silence, UNKNOWN),
        ("HUP", Answer::Silence, UNKNOWN),
        ("", Answer::HangUp, UNKNOWN),
        ("", refusal, "note: nothing was changed\n"),
        ("", overload, "note: nothing was changed\n"),
    ] {
        let server = server();
        // Whether it exists, what it is, and what would become of it.
        server.next(NAMESPACE, [Answer::Serve, Answer::Serve, Answer::Serve]);
        server.always(NAMESPACE, answer);
        let env = TestEnv::of(&server);
        let running = env.start(["init", "--image", "i", "--yes"]);
        if !name.is_empty() {
            let at = std::time::Instant::now();
            while server.writes().is_empty() {
                assert!(at.elapsed().as_secs() < 50, "{name}");
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            signal(name, running.id());
        }
        let output = env.finish(running);
        assert_eq!(output.code, Some(if name.is_empty() { 1 } else { 130 }), "{name}: {output}");
        assert!(output.stderr.contains(words), "{name}: {output}");
    }
    // The same of deletions.
    let server = server();
    let _ = init(&server, &[]);
    server.always(SERVICE, Answer::HangUp);
    let output = TestEnv::of(&server).run(["uninstall", "--yes"]);
    assert_eq!(output.code, Some(1), "{output}");
    let words = "was made: deleted APIService v1beta1.custom.metrics.k8s.io\n";
    assert!(output.stderr.contains(words), "{output}");
}

/// In each phase after the first write, too: what was done is said, and the next run finishes.
#[test]
fn ctrl_c_while_waiting_says_what_was_done_and_the_next_run_finishes() {
    type Change = fn(&mut crate::support::store::Inner);
    let metrics = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/idle/deployments.apps/filler/oppscale_fit_replicas";
    let cases: [(&str, Change, &[&str]); 3] = [
        ("pods", |store| store.deployments_start = false, &["10 of 12 changes were made"]),
        (
            "the API",
            |store| store.available = Some(("False", "MissingEndpoints", "none")),
            &[
                "12 of 12 changes were made",
                "kubectl delete apiservice v1beta1.custom.metrics.k8s.io v1beta2.custom.metrics.k8s.io",
            ],
        ),
        ("the proof", |_| {}, &[]),
    ];
    for (phase, change, words) in cases {
        let server = server();
        server.store().change(|store| {
            change(store);
            store.put("/apis/apps/v1/namespaces/idle/deployments/filler", "x", json!({
                "kind": "Deployment", "metadata": {"name": "filler", "namespace": "idle", "labels": {"oppscale.dev/opportunistic": "true"}}
            }));
        });
        server.always(metrics, Answer::Silence);
        let env = TestEnv::of(&server);
        let running = env.start(["init", "--image", "i", "--yes"]);
        let at = std::time::Instant::now();
        let last = match phase {
            "pods" => "poddisruptionbudgets",
            _ => "v1beta2.custom",
        };
        while !server.writes().iter().any(|write| write.contains(last)) {
            assert!(at.elapsed().as_secs() < 50, "{phase}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        if phase == "the proof" {
            server.wait_for(metrics);
        } else {
            // A look at what is waited for.
            std::thread::sleep(std::time::Duration::from_millis(700));
        }
        signal("INT", running.id());
        let output = env.finish(running);
        assert_eq!(output.code, Some(130), "{phase}: {output}");
        for text in words {
            assert!(output.stderr.contains(text), "{phase}: {output}");
        }
        server.always(metrics, Answer::Serve);
        server.store().change(|store| {
            store.deployments_start = true;
            store.available = Some(("True", "Passed", "all checks passed"));
            for path in store.objects.keys().cloned().collect::<Vec<_>>() {
                if path == DEPLOYMENT || path.contains("/apiservices/") {
                    // What a controller would have made of it by now.
                    let object = store.objects.get(&path).cloned().unwrap();
                    store.put(&path, "x", object.value);
                    store.objects.get_mut(&path).unwrap().owners = object.owners;
                }
            }
        });
        let output = env.run(["init", "--image", "i", "--yes"]);
        assert_eq!(output.code, Some(0), "{phase}: {output}");
        assert!(server.store().object(SERVICE).is_some());
    }
}

#[test]
fn kinds_that_the_cluster_lacks_are_told_before_anything_is_written() {
    let server = server();
    for (args, words) in [
        (&["--certificates", "cert-manager"][..], "there is no cert-manager in this cluster"),
        (&["--pipeline", "prometheus"], "there is no Prometheus operator in this cluster"),
    ] {
        let output = init(&server, args);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains(words), "{output}");
        assert!(server.writes().is_empty());
    }
}

/// An API that somebody else takes in the same moment is theirs: it is not deleted as ours.
#[test]
fn an_api_that_fails_to_be_handed_over_takes_only_ours_back() {
    let server = server();
    let second = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta2.custom.metrics.k8s.io";
    server.next(second, [Answer::Serve, Answer::Serve, Answer::Raw(500, Vec::new(), "{}")]);
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(1), "{output}");
    let writes = server.writes();
    assert!(writes.contains(&format!("DELETE {SERVICE}")), "{writes:?}");
    assert!(!writes.contains(&format!("DELETE {second}")), "{writes:?}");
}
