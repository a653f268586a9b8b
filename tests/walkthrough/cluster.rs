//! A simulated cluster behind the fake API server: the article's six nodes, and what
//! kube-controller-manager, kube-scheduler and kubelets would do with what is applied.
//!
//! Its time is its own: it goes on when a test lets it. Everything of oppscale is real: what
//! `init` installs is run, with the certificates that it made, and the HPA asks it over TLS as
//! the front proxy does.

use std::collections::BTreeMap;
use std::sync::Arc;

use hpa_model::Controller;
use oppscale_core::quantity::Quantity;
use serde_json::{Value, json};

use super::load::Load;
use super::pods::{self, HASH, Pod};
use crate::serve::client::Tls;
use crate::serve::rig::{self, Oppscale};
use crate::setup::install::CONFIG_MAP;
use crate::support::authority::Authority;
use crate::support::bin::TestEnv;
use crate::support::fake_apiserver::{FakeApiServer, Setup};
use crate::support::kubeconfig::Kubeconfig;
use crate::support::served::flags;
use crate::support::world::World;

/// Seconds between two runs of the HPA controller.
const SYNC: u64 = 15;
/// What the path of an HPA has in it.
pub(super) const HPAS: &str = "/horizontalpodautoscalers/";

pub struct Cluster {
    pub server: FakeApiServer,
    pub env: TestEnv,
    proxies: Authority,
    nodes: Vec<(String, i64)>,
    pub(super) pods: Vec<Pod>,
    /// What each Deployment should have, by its path.
    pub(super) replicas: BTreeMap<String, u32>,
    pub(super) controllers: BTreeMap<String, Controller>,
    pub(super) serve: Option<(Oppscale, Tls)>,
    pub(super) load: Load,
    pub(super) now: u64,
    born: u64,
    /// The longest that a paid pod has waited for a node, seconds.
    pub longest_wait: u64,
    /// Pods that were preempted.
    pub preempted: u64,
}

impl Cluster {
    /// The article's cluster: 184 cores, 22 of them taken.
    pub fn start() -> Self {
        let proxies = Authority::new("front-proxy-ca");
        let mut world = World::nodes_alone();
        world.deployments.clear();
        world.hpas.clear();
        world.config_maps.push(rig::config_map(&[&proxies.pem()]));
        let nodes = world.nodes.iter().map(|node| {
            let cpu = node["status"]["allocatable"]["cpu"].as_str().unwrap();
            (node["metadata"]["name"].as_str().unwrap().to_owned(), milli(cpu))
        });
        let nodes = nodes.collect();
        let server = Setup::new(world).storing().start();
        // kubectl asks a user without credentials for a password.
        let kubeconfig = Kubeconfig::of_user(&server, json!({"token": "of-the-reader"}));
        let env = TestEnv::with(&server, &kubeconfig);
        server.store().change(|store| {
            for group in ["batch", "monitoring.coreos.com"] {
                store.groups.insert(group.to_owned());
            }
            store.put(CONFIG_MAP, "kube-apiserver", {
                let mut map = rig::config_map(&[&proxies.pem()]);
                map["apiVersion"] = "v1".into();
                map["kind"] = "ConfigMap".into();
                map["data"].as_object_mut().unwrap().remove("client-ca-file");
                map
            });
            store.flags = Some(flags());
            // As the chart of Prometheus has made it.
            let monitoring = json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}
            });
            store.put("/api/v1/namespaces/monitoring", "helm", monitoring);
            let shop = json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "shop", "namespace": "shop"},
                "spec": {
                    "replicas": 11, "selector": {"matchLabels": {"app": "shop"}},
                    "template": {
                        "metadata": {"labels": {"app": "shop"}},
                        "spec": {"containers": [{"name": "shop", "image": "shop:9", "resources": {
                            "requests": {"cpu": "2", "memory": "1Gi"}
                        }}]}
                    }
                }
            });
            store.put("/apis/apps/v1/namespaces/shop/deployments/shop", "shop", shop);
        });
        let load = Load::new(&env);
        let mut cluster = Self {
            server,
            env,
            proxies,
            nodes,
            pods: Vec::new(),
            replicas: BTreeMap::new(),
            controllers: BTreeMap::new(),
            serve: None,
            load,
            now: 0,
            born: 0,
            longest_wait: 0,
            preempted: 0,
        };
        cluster.settle();
        cluster
    }

    /// Lets so many seconds go by.
    pub fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now += 1;
            if self.now.is_multiple_of(SYNC) {
                self.load.send(self.now - SYNC, self.now);
                self.scale();
            }
            self.settle();
        }
    }

    /// What was applied or taken away takes effect.
    pub fn settle(&mut self) {
        let paths = self.server.store().paths();
        for path in paths.iter().filter(|path| path.contains("/jobs/")) {
            self.load.begin(&self.server.store().object(path).unwrap(), self.now);
        }
        let before = self.pods.clone();
        let deployments: Vec<_> = paths
            .iter()
            .filter(|path| path.contains("/deployments/") && !path.contains("/oppscale/"))
            .map(|path| (path.clone(), self.server.store().object(path).unwrap()))
            .collect();
        for (path, deployment) in &deployments {
            self.replicate(path, deployment);
        }
        self.pods.retain(|pod| {
            deployments.iter().any(|(_, d)| {
                let metadata = &d["metadata"];
                metadata["name"] == *pod.app && metadata["namespace"] == *pod.namespace
            })
        });
        let allocatable: Vec<_> = self.nodes.iter().map(|(_, cpu)| *cpu).collect();
        self.preempted += pods::schedule(&mut self.pods, &allocatable, self.now);
        for pod in self.pods.iter().filter(|pod| pod.priority >= 0) {
            let wait = pod.bound.unwrap_or(self.now) - pod.created;
            self.longest_wait = self.longest_wait.max(wait);
        }
        if self.pods != before {
            self.tell(&deployments);
        }
        self.run();
    }

    /// Pods of an application that are there to stay.
    pub fn count(&self, app: &str) -> usize {
        self.pods.iter().filter(|pod| pod.app == app && pod.gone_by.is_none()).count()
    }

    /// Those of them that have a node.
    pub fn running(&self, app: &str) -> usize {
        self.of(app).filter(|pod| !pod.is_waiting()).count()
    }

    pub(super) fn of(&self, app: &str) -> impl Iterator<Item = &Pod> {
        let app = app.to_owned();
        self.pods.iter().filter(move |pod| pod.app == app && pod.gone_by.is_none())
    }

    /// The ReplicaSet controller.
    fn replicate(&mut self, path: &str, deployment: &Value) {
        let of = |field: &str| deployment["metadata"][field].as_str().unwrap().to_owned();
        let (name, namespace) = (of("name"), of("namespace"));
        let asked = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        let wanted = *self.replicas.entry(path.to_owned()).or_insert(asked as u32) as usize;
        let template = &deployment["spec"]["template"];
        let spec = &template["spec"];
        let class = spec["priorityClassName"].as_str().map(|class| {
            let path = format!("/apis/scheduling.k8s.io/v1/priorityclasses/{class}");
            self.server.store().object(&path).unwrap()["value"].as_i64().unwrap()
        });
        let requests = &spec["containers"][0]["resources"]["requests"]["cpu"];
        let owner = Arc::new(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
            "name": format!("{name}-{HASH}"), "uid": format!("uid-of-set-{name}")
        }));
        let shared_template = Arc::new(template.clone());
        for _ in self.count(&name)..wanted {
            self.born += 1;
            self.pods.push(Pod {
                namespace: namespace.clone(),
                app: name.clone(),
                name: format!("{name}-{HASH}-{:05}", self.born),
                template: Arc::clone(&shared_template),
                owner: Arc::clone(&owner),
                cpu_milli: milli(requests.as_str().unwrap()),
                priority: class.unwrap_or(0),
                grace: spec["terminationGracePeriodSeconds"].as_u64().unwrap_or(30),
                created: self.now,
                bound: None,
                gone_by: None,
                node: None,
            });
        }
        // Those that have no node yet go first, then the newest.
        let mut there: Vec<usize> = (0..self.pods.len())
            .filter(|at| self.pods[*at].app == name && self.pods[*at].gone_by.is_none())
            .collect();
        there.sort_by_key(|at| std::cmp::Reverse((self.pods[*at].bound.is_none(), *at)));
        for at in there.into_iter().take(self.count(&name).saturating_sub(wanted)) {
            let pod = &mut self.pods[at];
            pod.gone_by = Some(self.now + if pod.is_waiting() { 0 } else { pod.grace });
        }
        self.pods.retain(|pod| pod.gone_by.is_none_or(|by| by > self.now));
    }

    /// Those who watch are told.
    fn tell(&self, deployments: &[(String, Value)]) {
        let names: Vec<_> = self.nodes.iter().map(|(name, _)| name.clone()).collect();
        let sets = deployments.iter().map(|(_, d)| {
            let (name, metadata) = (d["metadata"]["name"].as_str().unwrap(), &d["metadata"]);
            json!({
                "metadata": {
                    "name": format!("{name}-{HASH}"), "namespace": metadata["namespace"],
                    "uid": format!("uid-of-set-{name}"),
                    // Those of its pods, the opportunistic one too.
                    "labels": d["spec"]["template"]["metadata"]["labels"],
                    "ownerReferences": [{
                        "apiVersion": "apps/v1", "kind": "Deployment", "controller": true,
                        "name": name, "uid": metadata["uid"]
                    }]
                },
                "spec": d["spec"]
            })
        });
        let hpas = self.server.store().paths().into_iter().filter(|path| path.contains(HPAS));
        let hpas = hpas.map(|path| self.server.store().object(&path).unwrap());
        let (sets, hpas) = (sets.collect(), hpas.collect());
        self.server.change(|world| {
            world.pods = self.pods.iter().map(|pod| pod.json(&names)).collect();
            world.deployments = deployments.iter().map(|(_, d)| d.clone()).collect();
            (world.replica_sets, world.hpas) = (sets, hpas);
        });
    }

    /// The kubelet: what `init` has installed runs, for as long as it is there.
    fn run(&mut self) {
        let object = |path: &str| self.server.store().object(path);
        let deployment = object("/apis/apps/v1/namespaces/oppscale/deployments/oppscale");
        let Some(deployment) = deployment else {
            self.serve = None;
            return;
        };
        if self.serve.is_some() {
            return;
        }
        let secret = object("/api/v1/namespaces/oppscale/secrets/oppscale-tls").unwrap();
        let of = |key: &str| {
            use base64::Engine as _;
            let text = secret["data"][key].as_str().unwrap();
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        self.env.write("tls.crt", &of("tls.crt"));
        self.env.write("tls.key", &of("tls.key"));
        let words = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
        let apis = words.as_array().unwrap().iter().filter_map(Value::as_str);
        let apis: Vec<_> = apis.filter(|word| word.starts_with("--apis=")).collect();
        let proxy = rig::client(&self.proxies, "front-proxy-client");
        let tls = Tls::new(&of("ca.crt"), Some(&proxy));
        self.serve = Some((Oppscale::start(&self.env, &apis), tls));
    }
}

/// Thousandths.
pub(super) fn milli(text: &str) -> i64 {
    text.parse::<Quantity>().unwrap().milli_value().value
}
