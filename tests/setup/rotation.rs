//! Certificates in a cluster: the Secret, whom the APIServices trust, and their renewal.

use oppscale::certificates::CaBundle;
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

fn bundle(server: &FakeApiServer) -> CaBundle {
    let service = server.store().object(API_SERVICE).unwrap();
    CaBundle::decode(service["spec"]["caBundle"].as_str().unwrap()).unwrap()
}

/// The bundles that were written, in order, and where the Secret came in between.
fn story(server: &FakeApiServer) -> Vec<String> {
    let patches = server.requests().into_iter().filter(|request| request.is_write());
    let told = patches.map(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        match body["spec"]["caBundle"].as_str() {
            Some(text) => format!("trust {}", CaBundle::decode(text).unwrap().len()),
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
    assert!(!second.contains_all(&first));
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
fn certificates_that_are_values_of_a_chart_are_left_to_helm() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["certs", "generate", "--to-secret"]);
    with_api_service(&server);
    server.store().change(|store| {
        let annotations = json!({
            "meta.helm.sh/release-name": "fill", "meta.helm.sh/release-namespace": "oppscale"
        });
        let service = &mut store.objects.get_mut(API_SERVICE).unwrap().value;
        service["metadata"]["annotations"] = annotations;
    });
    let trusted = bundle(&server);
    let output = env.run(["certs", "renew", "--force"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains("is of Helm release oppscale/fill"), "{output}");
    assert!(output.stderr.contains("let helm upgrade take the new"), "{output}");
    assert_eq!(bundle(&server), trusted);
    // No circle: each of the two used to send to the other.
    let output = env.run(["certs", "generate", "--to-secret", "--force"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("let helm upgrade take the new"), "{output}");
    server.store().change(|store| {
        let service = &mut store.objects.get_mut(API_SERVICE).unwrap().value;
        service["spec"]["caBundle"] = Value::Null;
    });
    let output = env.run(["check", "--only", "certificates", "-o", "short"]);
    assert!(output.stdout.contains("they are values of Helm release oppscale/fill"), "{output}");
    assert!(!output.stdout.contains("oppscale certs renew"), "{output}");
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

/// Where nothing was verified so far, what pods serve until they take up the new certificate
/// must be trusted too.
#[test]
fn an_api_that_trusted_anybody_trusts_the_old_authority_meanwhile() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["certs", "generate", "--to-secret"]);
    with_api_service(&server);
    server.store().change(|store| {
        let spec = &mut store.objects.get_mut(API_SERVICE).unwrap().value["spec"];
        spec["insecureSkipTLSVerify"] = true.into();
        spec.as_object_mut().unwrap().remove("caBundle");
    });
    let output = env.run(["certs", "renew", "--force"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(story(&server), ["store oppscale-tls", "trust 2", "store oppscale-tls", "trust 1"]);
}

/// Making new certificates for a Secret in use would cut off every request.
#[test]
fn certificates_in_use_are_not_replaced_by_some_that_nobody_trusts() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["certs", "generate", "--to-secret"]);
    with_api_service(&server);
    let before = server.store().object(SECRET).unwrap();
    let output = env.run(["certs", "generate", "--to-secret", "--force", "--output-dir", "certs"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output
            .stderr
            .contains("hint: oppscale certs renew --force replaces both without a failed request"),
        "{output}"
    );
    assert_eq!(server.store().object(SECRET).unwrap(), before);
    assert!(!env.path("certs").exists());
    // Without an API that leads to it, nobody asks.
    server.store().change(|store| store.objects.remove(API_SERVICE));
    let output = env.run(["certs", "generate", "--to-secret", "--force"]);
    assert_eq!(output.code, Some(0), "{output}");
}

/// Kubelet and the server take up to three minutes: who may not ask pods and waited less does
/// not know, and must not drop the old authority.
#[test]
fn without_a_look_at_pods_little_time_drops_no_authority() {
    let server = server();
    let env = TestEnv::of(&server);
    let _ = env.run(["certs", "generate", "--to-secret"]);
    with_api_service(&server);
    server.store().change(|store| store.rights.deny("get", "pods/proxy"));
    let output = env.run(["certs", "renew", "--force", "--timeout", "1s"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("longer than 1 s. Both CAs stay trusted"), "{output}");
    assert_eq!(bundle(&server).len(), 2);
    server.store().change(|store| store.rights.denied.clear());
    let output = env.run(["certs", "renew"]);
    assert!(output.stdout.starts_with("finished the renewal"), "{output}");
    assert_eq!(bundle(&server).len(), 1);
}

/// Two installations may share a namespace: a renewed Secret must not lose whose it is.
#[test]
fn a_renewed_secret_keeps_its_labels() {
    let server = super::install::server();
    assert_eq!(super::install::init(&server, &[]).code, Some(0));
    let labels = || server.store().object(SECRET).unwrap()["metadata"]["labels"].clone();
    let before = labels();
    assert_eq!(before["app.kubernetes.io/instance"], "oppscale");
    let output = TestEnv::of(&server).run(["certs", "renew", "--force"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(labels(), before);
    // And then there is nothing to change.
    let writes = server.writes().len();
    let again = super::install::init(&server, &[]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
    assert_eq!(server.writes().len(), writes);
}

#[test]
fn a_key_of_another_certificate_is_replaced_by_init() {
    let server = super::install::server();
    assert_eq!(super::install::init(&server, &[]).code, Some(0));
    let other = oppscale::certificates::issue(
        &oppscale::certificates::CertificateSpec::new("a", "b"),
        1_790_000_000,
    );
    use base64::Engine as _;
    let key = base64::engine::general_purpose::STANDARD.encode(other.unwrap().key.expose());
    server.store().change(|store| {
        store.objects.get_mut(SECRET).unwrap().value["data"]["tls.key"] = key.into();
    });
    let output = super::install::init(&server, &[]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("change  Secret oppscale/oppscale-tls"), "{output}");
}
