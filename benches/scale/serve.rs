//! (g) to (i): the server on a large cluster with 200 workloads: start and memory, requests
//! a second, and how soon an event is in the value.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::follow::{Percentiles, Process};
use super::generate::Size;
use super::server::Server;

const WORKLOADS: usize = 200;
/// Namespaces in which the generated pods are.
const NAMESPACES: usize = 60;
/// Events of pods a second.
const RATE: usize = 1000;
const MEASURED: Duration = Duration::from_secs(10);
const PROBES: usize = 200;
/// Between two questions: a client that asks without pause would slow what it measures.
const PAUSE: Duration = Duration::from_millis(1);
/// An event that is not in the value after this never came.
const LOST: Duration = Duration::from_secs(1);
const NAME: &str = "oppscale.oppscale.svc";

/// A client that the server believes.
struct Client(BufReader<StreamOwned<ClientConnection, TcpStream>>);

struct Identities {
    folder: tempfile::TempDir,
    config: Arc<ClientConfig>,
    config_map: Value,
}

pub fn run(size: Size) {
    let identities = Identities::new();
    println!("(g) serving {} nodes, {} pods, {WORKLOADS} workloads", size.nodes, size.pods);
    let mut server = Server::start_with(size, 0, &objects(&identities.config_map));
    for how in ["paged lists", "streamed lists"] {
        if how == "streamed lists" {
            server.stream_lists();
        }
        let start = Instant::now();
        let (child, address) = serve(&server, &identities, &[]);
        let ready = start.elapsed().as_secs_f64();
        let mut client = Client::connect(&identities, &address);
        // Everything that is ever held is held once somebody has asked.
        client.value("team-0", "filler");
        std::thread::sleep(Duration::from_secs(1));
        let memory = Process(child.0.id());
        println!(
            "    {how:20} {ready:6.2} s to ready  {:4.0} MiB resident, {:4.0} at most",
            memory.mib("VmRSS"),
            memory.mib("VmHWM")
        );
    }
    println!("(h) requests on one connection, the server on one core and the client on another");
    let (child, address) = serve(&server, &identities, &["taskset", "-c", "0"]);
    pin("1", std::process::id());
    for (what, rate) in [("at rest", 0), ("under events", RATE)] {
        server.tell(&format!("rate {rate}"));
        std::thread::sleep(Duration::from_secs(1));
        let mut client = Client::connect(&identities, &address);
        let (start, cpu) = (Instant::now(), Process(child.0.id()).cpu());
        let mut times = Vec::new();
        while start.elapsed() < MEASURED {
            let asked = Instant::now();
            client.value("team-1", "filler");
            times.push(asked.elapsed());
        }
        let (took, count) = (start.elapsed().as_secs_f64(), times.len() as f64);
        println!(
            "    {what:14} {:6.0} requests a second  {}  {:3.0} % CPU",
            count / took,
            Percentiles::of(times),
            100.0 * (Process(child.0.id()).cpu() - cpu) / took
        );
    }
    drop(child);
    println!("(i) from an event to the value, {RATE} events a second, asked every {PAUSE:?}");
    pin("0,1", std::process::id());
    let (child, address) = serve(&server, &identities, &[]);
    let mut client = Client::connect(&identities, &address);
    let before = Process(child.0.id()).cpu();
    let start = Instant::now();
    let (mut times, mut lost) = (Vec::new(), 0);
    for number in 0..PROBES {
        let old = client.value("team-0", "filler");
        let event = if number % 2 == 0 { "cordon 1" } else { "cordon 0" };
        server.tell(event);
        let mut sent = Instant::now();
        while client.value("team-0", "filler") == old {
            std::thread::sleep(PAUSE);
            // This API server has no history: what happens between two watches is lost.
            if sent.elapsed() > LOST {
                lost += 1;
                assert!(lost < PROBES / 10, "the value never changes");
                server.tell(event);
                sent = Instant::now();
            }
        }
        times.push(sent.elapsed());
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "    {PROBES} probes, {lost} lost  {}  {:3.0} % CPU  {:4.0} MiB resident",
        Percentiles::of(times),
        100.0 * (Process(child.0.id()).cpu() - before) / took,
        Process(child.0.id()).mib("VmRSS")
    );
}

/// `oppscale serve`, ended with this.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server and waits until it is ready.
fn serve(server: &Server, identities: &Identities, before: &[&str]) -> (Served, String) {
    let words = [before, &[env!("CARGO_BIN_EXE_oppscale")]].concat();
    let file = |name: &str| identities.folder.path().join(name).display().to_string();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .args(["serve", "--log-format=json", "--kubeconfig", &server.kubeconfig])
        .args(["--listen=127.0.0.1:0", "--listen-http=127.0.0.1:0"])
        .args(["--tls-cert-file", &file("tls.crt"), "--tls-private-key-file", &file("tls.key")])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut address = String::new();
    for line in lines.by_ref() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        match line["message"].as_str().unwrap_or_default() {
            "serving the metrics API" => address = line["address"].as_str().unwrap().to_owned(),
            "ready" => break,
            message if line["level"] == "WARN" => println!("    {message}"),
            _ => {}
        }
    }
    // The log is read on, or the server would wait for room in the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (Served(child), address)
}

fn pin(cores: &str, id: u32) {
    let id = id.to_string();
    let done = Command::new("taskset").args(["-a", "-cp", cores, &id]).output().unwrap();
    assert!(done.status.success());
}

/// Workloads, the first ones with pods, and the front proxy's ConfigMap.
fn objects(config_map: &Value) -> Value {
    let workloads: Vec<Value> = (0..WORKLOADS)
        .map(|number| {
            let round = number / NAMESPACES;
            let name = if round == 0 { "filler".to_owned() } else { format!("idle-{round}") };
            // The one that is probed takes first, so that every node shows in its value.
            let priority = if number == 0 { "1" } else { "0" };
            json!({
                "metadata": {
                    "name": name, "namespace": format!("team-{}", number % NAMESPACES),
                    "uid": format!("00000005-0000-4000-8000-{number:012}"),
                    "labels": {"oppscale.dev/opportunistic": "true"},
                    "annotations": {
                        "oppscale.dev/reserve": "5%", "oppscale.dev/priority": priority,
                        "oppscale.dev/weight": format!("{}", 1 + number % 7)
                    }
                },
                "spec": {"replicas": 3, "selector": {"matchLabels": {"app": name}}, "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "web", "resources": {"requests": {
                        "cpu": format!("{}m", 1000 + 250 * (number % 4)), "memory": "1Gi"
                    }}}]}
                }}
            })
        })
        .collect();
    let namespaces = (0..NAMESPACES).map(|number| {
        let uid = format!("00000007-0000-4000-8000-{number:012}");
        let labels = json!({"oppscale.dev/opportunistic": "true"});
        json!({"metadata": {"name": format!("team-{number}"), "uid": uid, "labels": labels}})
    });
    let list = |kind: &str, version: &str, items: Vec<Value>| {
        json!({
            "kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "123456"},
            "items": items
        })
    };
    json!({
        "/api/v1/namespaces": list("NamespaceList", "v1", namespaces.collect()),
        "/apis/apps/v1/deployments": list("DeploymentList", "apps/v1", workloads),
        "/apis/apps/v1/statefulsets": list("StatefulSetList", "apps/v1", vec![]),
        "/apis/apps/v1/replicasets": list("ReplicaSetList", "apps/v1", vec![]),
        "/apis/autoscaling/v2/horizontalpodautoscalers":
            list("HorizontalPodAutoscalerList", "autoscaling/v2", vec![]),
        "/api/v1/namespaces/kube-system/configmaps":
            list("ConfigMapList", "v1", vec![config_map.clone()])
    })
}

impl Identities {
    fn new() -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(params, authority_key);
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = signed(NAME);
        std::fs::write(folder.path().join("tls.crt"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("tls.key"), key.serialize_pem()).unwrap();
        let (client, key) = signed("front-proxy-client");
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![client.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        let config_map = json!({
            "metadata": {
                "name": "extension-apiserver-authentication", "namespace": "kube-system",
                "uid": "00000006-0000-4000-8000-000000000001"
            },
            "data": {
                "requestheader-client-ca-file": authority.pem(),
                "requestheader-allowed-names": "[\"front-proxy-client\"]",
                "requestheader-username-headers": "[\"X-Remote-User\"]",
                "requestheader-group-headers": "[\"X-Remote-Group\"]"
            }
        });
        Self { folder, config: Arc::new(config), config_map }
    }
}

impl Client {
    fn connect(identities: &Identities, address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        let session = ClientConnection::new(Arc::clone(&identities.config), name).unwrap();
        Self(BufReader::new(StreamOwned::new(session, stream)))
    }

    /// The fit replicas of a Deployment.
    fn value(&mut self, namespace: &str, name: &str) -> String {
        let request = format!(
            "GET /apis/custom.metrics.k8s.io/v1beta2/namespaces/{namespace}/deployments.apps/\
             {name}/oppscale_fit_replicas HTTP/1.1\r\nHost: oppscale\r\n\
             X-Remote-User: system:serviceaccount:kube-system:horizontal-pod-autoscaler\r\n\
             X-Remote-Group: system:authenticated\r\n\r\n"
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["items"][0]["value"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }
}
