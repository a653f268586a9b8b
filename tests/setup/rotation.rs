//! Certificates in a cluster: the Secret, whom the APIServices trust, and their renewal.

use oppscale::certificates::Bundle;
use serde_json::{Value, json};

use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::world::World;

pub const API_SERVICE: &str =
    "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.custom.metrics.k8s.io";
const SECRET: &str = "/api/v1/namespaces/oppscale/secrets/oppscale-tls";

fn server() -> FakeApiServer {
    let server = Setup::new(World::nodes_alone()).storing().start();
    server.store().change(|store| {
        store.put(
            "/api/v1/namespaces/oppscale",
            "oppscale",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "oppscale"}}),
        );
        store.put(
            "/api/v1/namespaces/oppscale/pods/oppscale-1",
            "kubelet",
            json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "name": "oppscale-1", "namespace": "oppscale",
                    "labels": {"app.kubernetes.io/instance": "oppscale"}
                },
                "status": {"phase": "Running"}
            }),
        );
    });
    server
}

fn with_api_service(server: &FakeApiServer) {
    let secret = server.store().object(SECRET).unwrap();
    let ca = secret["data"]["ca.crt"].clone();
    server.store().change(|store| {
        store.put(
            API_SERVICE,
            "oppscale",
            json!({
                "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
                "metadata": {"name": "v1beta1.custom.metrics.k8s.io", "labels": {
                    "app.kubernetes.io/managed-by": "oppscale"
                }},
                "spec": {
                    "group": "custom.metrics.k8s.io", "version": "v1beta1",
                    "service": {"namespace": "oppscale", "name": "oppscale", "port": 443},
                    "groupPriorityMinimum": 100, "versionPriority": 100,
                    "insecureSkipTLSVerify": false, "caBundle": ca
                }
            }),
        );
    });
}

fn bundle(server: &FakeApiServer) -> Bundle {
    let service = server.store().object(API_SERVICE).unwrap();
    Bundle::decode(service["spec"]["caBundle"].as_str().unwrap()).unwrap()
}

/// The bundles that were written, in order, and where the Secret came in between.
fn story(server: &FakeApiServer) -> Vec<String> {
    let patches = server.requests().into_iter().filter(|request| request.is_write());
    let told = patches.map(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        match body["spec"]["caBundle"].as_str() {
            Some(text) => format!("trust {}", Bundle::decode(text).unwrap().len()),
            None => format!("store {}", body["metadata"]["name"].as_str().unwrap()),
        }
    });
    told.collect()
}

#[test]
fn a_secret_is_made_once() {
    let server = server();
    let env = TestEnv::of(&server);
    let output = env.run(["certs", "generate", "--to-secret"]);
    assert_eq!(output.code, Some(0), "{output}");
    let secret = server.store().object(SECRET).unwrap();
    assert_eq!(secret["type"], "kubernetes.io/tls");
    assert_eq!(secret["data"].as_object().unwrap().len(), 3);
    let writes = server.writes().len();
    let again = env.run(["certs", "generate", "--to-secret"]);
    assert!(again.stdout.starts_with("kept: "), "{again}");
    assert_eq!(server.writes().len(), writes);
}

#[test]
fn trust_grows_before_the_certificate_changes_and_shrinks_when_all_pods_serve_it() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["certs", "generate", "--to-secret"]);
    with_api_service(&server);
    let first = bundle(&server);
    let status = env.run(["certs", "status"]);
    assert_eq!(status.code, Some(0), "{status}");
    let kept = env.run(["certs", "renew"]);
    assert!(kept.stdout.starts_with("kept: "), "{kept}");
    assert_eq!(story(&server), ["store oppscale-tls"]);
    // The certificates' ends are compared by the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    // One look before, to know the old one; then it is served twice more.
    server.store().change(|store| store.lag = 0);
    let _ = env.run(["certs", "renew", "--force", "-vvv"]);
    let second = bundle(&server);
    assert_eq!((second.len(), first.len()), (1, 1));
    assert!(!second.holds(&first));
    assert_eq!(story(&server), ["store oppscale-tls", "trust 2", "store oppscale-tls", "trust 1"]);
    let status = env.run(["certs", "status"]);
    assert_eq!(status.code, Some(0), "{status}");
}

#[test]
fn a_renewal_that_was_interrupted_is_finished_by_the_next_run() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["certs", "generate", "--to-secret"]);
    with_api_service(&server);
    let _ = env.run(["certs", "renew", "--force"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    server.store().change(|store| store.lag = 1000);
    let late = env.run(["certs", "renew", "--force", "--timeout", "1s"]);
    assert_eq!(late.code, Some(1), "{late}");
    assert!(late.stderr.contains("pods still serve the old certificate: oppscale-1"), "{late}");
    assert_eq!(bundle(&server).len(), 2, "nothing fails meanwhile");
    let status = env.run(["certs", "status"]);
    assert_eq!(status.code, Some(0), "{status}");
    assert!(status.stdout.contains("a renewal is under way"), "{status}");
    server.store().change(|store| store.lag = 0);
    let output = env.run(["certs", "renew"]);
    assert!(output.stdout.starts_with("finished the renewal"), "{output}");
    assert_eq!(bundle(&server).len(), 1);
}

#[test]
fn a_secret_of_somebody_else_is_left_alone() {
    let server = server();
    server.store().change(|store| {
        store.put(
            SECRET,
            "helm",
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                "metadata": {"name": "oppscale-tls", "namespace": "oppscale"},
                "data": {"tls.crt": "eA==", "tls.key": "eA=="}
            }),
        );
    });
    let output = TestEnv::of(&server).run(["certs", "generate", "--to-secret"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains("helm owns .data.tls.crt"), "{output}");
    let forced =
        TestEnv::of(&server).run(["certs", "generate", "--to-secret", "--force-conflicts"]);
    assert_eq!(forced.code, Some(0), "{forced}");
}

#[test]
fn keys_do_not_leave_for_the_log() {
    let server = server();
    let env = TestEnv::of(&server);
    let outputs = [
        env.run(["certs", "generate", "--to-secret", "-vvv"]),
        env.run(["certs", "status", "-vvv"]),
        env.run(["certs", "renew", "--force", "-vvv"]),
    ];
    let secret = server.store().object(SECRET).unwrap();
    let key = secret["data"]["tls.key"].as_str().unwrap();
    for output in outputs {
        let text = output.to_string();
        assert!(!text.contains("PRIVATE") && !text.contains(&key[..60]), "{text}");
    }
}

#[test]
fn without_the_right_the_rule_that_grants_it_is_told() {
    let server = server();
    server.store().change(|store| store.rights.deny("get", "secrets"));
    let output = TestEnv::of(&server).run(["certs", "status"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(output.stderr.contains("--verb=get --resource=secrets"), "{output}");
}
