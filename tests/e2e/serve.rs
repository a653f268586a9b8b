//! `oppscale serve` behind a real aggregator: APIService, HPA, rotation, namespace deletion.
//!
//! Beside `OPPSCALE_E2E_KUBECONFIG` it needs, as the control plane is:
//!
//! * `OPPSCALE_E2E_HOST`: a name under which the API server reaches this machine, for an
//!   ExternalName Service (`localhost` where both are on one machine and the aggregator
//!   routes by Service, `--enable-aggregator-routing=false`);
//! * for the rotation, `OPPSCALE_E2E_ROTATE`: a shell command that rotates the front proxy's
//!   CA and certificate, and returns when the API server uses it.
//!
//! It writes to the cluster: two APIServices, two namespaces, a Deployment, an HPA.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::serve::rig::{Oppscale, write_certificate};
use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::tools::skip;

const PATIENCE: Duration = Duration::from_secs(180);
const VERSIONS: [&str; 2] = ["v1beta1", "v1beta2"];
const FIT: &str = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/oppscale-e2e/\
                   deployments.apps/filler/oppscale_fit_replicas";

struct Kubectl(String);

impl Kubectl {
    fn run(&self, args: &[&str], input: &str) -> Result<String, String> {
        let mut child = Command::new("kubectl")
            .args(["--kubeconfig", &self.0])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl is on the PATH");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn apply(&self, objects: &[Value]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.run(&["apply", "-f", "-"], &list.to_string()).unwrap();
    }

    fn json(&self, args: &[&str]) -> Option<Value> {
        let text = self.run(&[args, &["-o", "json"]].concat(), "").ok()?;
        serde_json::from_str(&text).ok()
    }

    fn fit(&self) -> Result<Value, String> {
        let text = self.run(&["get", "--raw", FIT], "")?;
        let answer: Value = serde_json::from_str(&text).unwrap();
        Ok(answer["items"][0]["value"].clone())
    }

    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "never {what}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// The way to the API server, which can be blocked.
struct Way {
    port: u16,
    is_blocked: Arc<AtomicBool>,
}

impl Way {
    fn to(host: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_blocked = Arc::new(AtomicBool::new(false));
        let blocked = Arc::clone(&is_blocked);
        std::thread::spawn(move || {
            for here in listener.incoming().map_while(Result::ok) {
                let Ok(there) = TcpStream::connect(&host) else { continue };
                for (from, to) in [(&here, &there), (&there, &here)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let blocked = Arc::clone(&blocked);
                    std::thread::spawn(move || {
                        let mut chunk = [0; 65536];
                        while let Ok(read @ 1..) = from.read(&mut chunk) {
                            // Nothing is refused and nothing comes, as on a cut line.
                            while blocked.load(Ordering::Relaxed) {
                                std::thread::sleep(Duration::from_millis(50));
                            }
                            if to.write_all(&chunk[..read]).is_err() {
                                return;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        Self { port, is_blocked }
    }

    /// The kubeconfig of `kubectl`, by this way.
    fn kubeconfig(kubectl: &Kubectl) -> (Self, Value) {
        let mut config =
            kubectl.json(&["config", "view", "--raw", "--flatten", "--minify"]).unwrap();
        let cluster = &mut config["clusters"][0]["cluster"];
        let server = cluster["server"].as_str().unwrap().trim_start_matches("https://").to_owned();
        let server = server.trim_end_matches('/').to_owned();
        let (name, _) = server.rsplit_once(':').expect("a server with a port");
        cluster["tls-server-name"] = name.into();
        let way = Self::to(server.clone());
        cluster["server"] = format!("https://127.0.0.1:{}", way.port).into();
        (way, config)
    }
}

/// Takes everything back, the APIServices first: without a server behind them they would
/// keep every namespace from going.
struct CleanUp<'k>(&'k Kubectl);

impl Drop for CleanUp<'_> {
    fn drop(&mut self) {
        for version in VERSIONS {
            let name = format!("{version}.custom.metrics.k8s.io");
            let _ = self.0.run(&["delete", "apiservice", &name, "--ignore-not-found"], "");
        }
        for namespace in ["oppscale-e2e", "oppscale-e2e-doomed"] {
            let arguments =
                ["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"];
            let _ = self.0.run(&arguments, "");
        }
    }
}

fn objects(host: &str, port: u16, authority: &Authority) -> Vec<Value> {
    let namespace =
        |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let encoded = base64(authority.pem().as_bytes());
    let api_service = |(version, priority): (&str, u32)| {
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": format!("{version}.custom.metrics.k8s.io")},
            "spec": {
                "group": "custom.metrics.k8s.io", "version": version, "caBundle": encoded,
                "groupPriorityMinimum": 100, "versionPriority": priority,
                // The name that the serving certificate is for.
                "service": {"namespace": "oppscale-e2e", "name": "oppscale", "port": port}
            }
        })
    };
    let labels = json!({"app": "filler", "oppscale.dev/opportunistic": "true"});
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "filler"});
    let at_once = json!({"stabilizationWindowSeconds": 0});
    let mut all = vec![
        namespace("oppscale-e2e"),
        namespace("oppscale-e2e-doomed"),
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "oppscale", "namespace": "oppscale-e2e"},
            "spec": {"type": "ExternalName", "externalName": host, "ports": [{"port": port}]}
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "filler", "namespace": "oppscale-e2e", "labels": labels,
                "annotations": {"oppscale.dev/max-replicas": "3"}
            },
            "spec": {
                "replicas": 1, "selector": {"matchLabels": {"app": "filler"}},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
                    "name": "filler", "image": "registry.k8s.io/pause:3.10",
                    "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}}
                }]}}
            }
        }),
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "filler", "namespace": "oppscale-e2e"},
            "spec": {
                "scaleTargetRef": object, "minReplicas": 1, "maxReplicas": 10,
                "metrics": [{"type": "Object", "object": {
                    "describedObject": object, "metric": {"name": "oppscale_fit_replicas"},
                    "target": {"type": "AverageValue", "averageValue": "1"}
                }}],
                "behavior": {"scaleUp": at_once, "scaleDown": at_once}
            }
        }),
    ];
    all.extend([("v1beta1", 100), ("v1beta2", 200)].map(api_service));
    all
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| -> String {
        let bits = three.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b));
        let bits = bits << (8 * (3 - three.len()));
        (0..4)
            .map(|at| match at <= three.len() {
                true => DIGITS[(bits >> (18 - 6 * at) & 63) as usize] as char,
                false => '=',
            })
            .collect()
    };
    bytes.chunks(3).map(group).collect()
}

#[test]
fn a_real_aggregator_and_a_real_hpa() {
    let Some(kubeconfig) = super::kubeconfig() else { return };
    let host = std::env::var("OPPSCALE_E2E_HOST").unwrap_or_else(|_| "localhost".to_owned());
    let kubectl = Kubectl(kubeconfig);
    let env = TestEnv::new();
    let authority = Authority::new("oppscale-e2e");
    let serving = authority.signed(|params| {
        let name = "oppscale.oppscale-e2e.svc".try_into().unwrap();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    write_certificate(&env, &serving);
    let (way, config) = Way::kubeconfig(&kubectl);
    env.write("kubeconfig", &config.to_string());
    let arguments = ["--kubeconfig=kubeconfig", "--max-staleness=5s"];
    let any = "0.0.0.0:0".parse().unwrap();
    let oppscale = Oppscale::launch(&env, &arguments, any, any);
    let _clean_up = CleanUp(&kubectl);
    kubectl.apply(&objects(&host, oppscale.api.port(), &authority));
    for version in VERSIONS {
        let name = format!("{version}.custom.metrics.k8s.io");
        kubectl.until(&format!("{name} is available"), |kubectl| {
            let service = kubectl.json(&["get", "apiservice", &name]).unwrap();
            let conditions = service["status"]["conditions"].as_array().cloned();
            conditions.is_some_and(|c| c[0]["type"] == "Available" && c[0]["status"] == "True")
        });
    }
    kubectl.until("3 fit", |kubectl| kubectl.fit().as_ref() == Ok(&json!("3")));
    let replicas = |kubectl: &Kubectl, wanted: i64| {
        let get = ["get", "deployment", "filler", "-n", "oppscale-e2e"];
        kubectl.json(&get).is_some_and(|d| d["spec"]["replicas"] == wanted)
    };
    kubectl.until("the HPA has scaled up", |kubectl| replicas(kubectl, 3));
    let annotate = ["annotate", "deployment", "filler", "-n", "oppscale-e2e", "--overwrite"];
    kubectl.run(&[&annotate[..], &["oppscale.dev/max-replicas=2"]].concat(), "").unwrap();
    kubectl.until("the HPA has scaled down", |kubectl| replicas(kubectl, 2));
    match std::env::var("OPPSCALE_E2E_ROTATE") {
        Err(_) => skip("OPPSCALE_E2E_ROTATE rotates no front proxy"),
        Ok(rotate) => {
            let mut rotation = Command::new("sh").args(["-c", &rotate]).spawn().unwrap();
            while rotation.try_wait().unwrap().is_none() {
                if kubectl.run(&["get", "--raw", "/readyz"], "").is_ok() {
                    assert_eq!(kubectl.fit(), Ok(json!("2")));
                }
            }
            assert_eq!(kubectl.fit(), Ok(json!("2")));
        }
    }
    // While it is blind, metrics are refused, and namespaces can be deleted all the same.
    way.is_blocked.store(true, Ordering::Relaxed);
    kubectl.until("stale", |kubectl| kubectl.fit().is_err_and(|said| said.contains("the data is")));
    kubectl.run(&["delete", "namespace", "oppscale-e2e-doomed", "--timeout=120s"], "").unwrap();
    assert!(kubectl.fit().is_err());
    assert!(replicas(&kubectl, 2), "the HPA holds");
    way.is_blocked.store(false, Ordering::Relaxed);
    kubectl.until("2 fit again", |kubectl| kubectl.fit().as_ref() == Ok(&json!("2")));
}
