//! What a fake API server holds: recorded objects, which a test may change.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::fixture;

/// Objects of one kind. Copies share them until one of them changes: nearly every test begins with
/// the same ones, and few change more than one kind.
#[derive(Clone, Default)]
pub struct List(Arc<Vec<Value>>);

/// The objects of a cluster.
#[derive(Clone)]
pub struct World {
    pub nodes: List,
    pub pods: List,
    pub deployments: List,
    pub replica_sets: List,
    pub stateful_sets: List,
    pub hpas: List,
    /// Whole objects of any kind, which can be read and applied as a dry run.
    pub objects: List,
    pub config_maps: List,
    /// Those that the server lists and watches: of the filler, and one that is closed.
    pub namespaces: List,
    pub runtime_classes: List,
    /// Objects of `resource.k8s.io`; `None` where that is not served.
    pub devices: Option<Devices>,
    /// What `/version` says.
    pub version: Value,
    /// NodeMetrics and PodMetrics; `None` where metrics-server is not installed.
    pub metrics: Option<Metrics>,
}

/// Objects of Dynamic Resource Allocation.
#[derive(Clone, Default)]
pub struct Devices {
    pub classes: List,
    pub slices: List,
    pub claims: List,
    pub templates: List,
}

/// What metrics-server would say.
#[derive(Clone)]
pub struct Metrics {
    pub nodes: Vec<Value>,
    pub pods: Vec<Value>,
}

impl List {
    /// Whether it is a copy that has not changed, nor this.
    pub fn is_copy_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for List {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

impl DerefMut for List {
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Vec<Value>> for List {
    fn from(objects: Vec<Value>) -> Self {
        Self(Arc::new(objects))
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(objects: I) -> Self {
        Vec::from_iter(objects).into()
    }
}

impl World {
    /// The article's six nodes, with 90 opportunistic pods.
    pub fn blog() -> Self {
        // Parsed once, for nearly every test begins with it.
        static BLOG: LazyLock<World> = LazyLock::new(|| World::recorded("blog-cluster"));
        BLOG.clone()
    }

    /// One of its Deployments.
    pub fn deployment_mut(&mut self, name: &str) -> &mut Value {
        self.deployments.iter_mut().find(|one| one["metadata"]["name"] == name).unwrap()
    }

    /// Its nodes, pods and Deployments, as `kubectl get -o json` writes them.
    pub fn saved(&self) -> String {
        let kinds = [
            ("v1", "Node", &self.nodes),
            ("v1", "Pod", &self.pods),
            ("apps/v1", "Deployment", &self.deployments),
        ];
        let items = kinds.into_iter().flat_map(|(version, kind, objects)| {
            objects.iter().map(move |object| {
                let mut object = object.clone();
                (object["apiVersion"], object["kind"]) = (version.into(), kind.into());
                object
            })
        });
        let items: Vec<Value> = items.collect();
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    }

    /// Its nodes alone, where only the connection matters.
    pub fn nodes_alone() -> Self {
        Self { pods: List::default(), replica_sets: List::default(), ..Self::blog() }
    }

    fn recorded(folder: &str) -> Self {
        let items = |file: &str| -> Vec<Value> {
            let mut list: Value = json_of(&format!("{folder}/{file}"));
            serde_json::from_value(list["items"].take()).unwrap()
        };
        let (pods, deployments) = (items("pods.json"), items("deployments.json"));
        let replica_sets = replica_sets(&pods, &deployments);
        let (nodes, version) = (items("nodes.json"), json_of("blog-cluster/version.json"));
        // Only the article's cluster has one.
        let hpas = match folder {
            "blog-cluster" => items("hpa.json"),
            _ => Vec::new(),
        };
        Self {
            nodes: nodes.into(),
            pods: pods.into(),
            deployments: deployments.into(),
            replica_sets: replica_sets.into(),
            objects: List::default(),
            stateful_sets: List::default(),
            hpas: hpas.into(),
            config_maps: List::default(),
            namespaces: List::from(vec![
                json!({"metadata": {"name": "opportunistic", "uid": "ns-1",
                    "labels": {"oppscale.dev/opportunistic": "true"}}}),
                json!({"metadata": {"name": "shop", "uid": "ns-2"}}),
            ]),
            runtime_classes: List::default(),
            devices: None,
            version,
            metrics: None,
        }
    }

    /// The lists that can be watched, by the last part of their path.
    pub fn collections(&self) -> Vec<(&'static str, &List)> {
        let devices = self.devices.iter().flat_map(|devices| {
            [
                ("deviceclasses", &devices.classes),
                ("resourceslices", &devices.slices),
                ("resourceclaims", &devices.claims),
                ("resourceclaimtemplates", &devices.templates),
            ]
        });
        let all = [
            ("nodes", &self.nodes),
            ("pods", &self.pods),
            ("deployments", &self.deployments),
            ("replicasets", &self.replica_sets),
            ("statefulsets", &self.stateful_sets),
            ("horizontalpodautoscalers", &self.hpas),
            ("configmaps", &self.config_maps),
            ("namespaces", &self.namespaces),
            ("runtimeclasses", &self.runtime_classes),
        ];
        all.into_iter().chain(devices).collect()
    }

    /// One of them.
    pub fn collection_mut(&mut self, path: &str) -> &mut List {
        match path {
            "runtimeclasses" => &mut self.runtime_classes,
            "deviceclasses" => &mut self.devices.get_or_insert_default().classes,
            "resourceslices" => &mut self.devices.get_or_insert_default().slices,
            "resourceclaims" => &mut self.devices.get_or_insert_default().claims,
            "resourceclaimtemplates" => &mut self.devices.get_or_insert_default().templates,
            "nodes" => &mut self.nodes,
            "pods" => &mut self.pods,
            "replicasets" => &mut self.replica_sets,
            "statefulsets" => &mut self.stateful_sets,
            "horizontalpodautoscalers" => &mut self.hpas,
            "configmaps" => &mut self.config_maps,
            "namespaces" => &mut self.namespaces,
            _ => &mut self.deployments,
        }
    }

    /// The same with metrics-server: node number n uses n + 0.5 cores and n + 1 GiB, each
    /// container 250m and 64Mi.
    #[must_use]
    pub fn with_metrics(mut self) -> Self {
        let nodes = self.nodes.iter().zip(0_u64..).map(|(node, number)| {
            json!({
                "metadata": {"name": node["metadata"]["name"]},
                "timestamp": "2026-11-23T20:00:00Z", "window": "10.062s",
                // metrics-server writes nanocores and KiB.
                "usage": {
                    "cpu": format!("{}n", number * 1_000_000_000 + 500_000_000),
                    "memory": format!("{}Ki", (number + 1) << 20)
                }
            })
        });
        let pods = self.pods.iter().filter(|pod| pod["status"]["phase"] == "Running").map(|pod| {
            let usage = json!({"cpu": "250000000n", "memory": "65536Ki"});
            let containers = pod["spec"]["containers"].as_array().unwrap().iter();
            let containers: Vec<_> =
                containers.map(|c| json!({"name": c["name"], "usage": usage})).collect();
            json!({
                "metadata": {
                    "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
                    "labels": pod["metadata"]["labels"]
                },
                "timestamp": "2026-11-23T20:00:00Z", "window": "15.1s", "containers": containers
            })
        });
        self.metrics = Some(Metrics { nodes: nodes.collect(), pods: pods.collect() });
        self
    }

    /// The article's cluster, whose fillers spread over the zones.
    pub fn spread() -> Self {
        let mut world = Self::blog();
        let filler = world.deployment_mut("electroneum");
        filler["spec"]["template"]["spec"]["topologySpreadConstraints"] = json!([{
            "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "electroneum"}}
        }]);
        world
    }

    /// A pod of others on the first node, of so many cores.
    pub fn guest(&self, name: &str, cores: u32) -> Value {
        let mut pod = self.pods[0].clone();
        pod["metadata"] =
            json!({"name": name, "namespace": "paid", "uid": format!("uid-of-{name}")});
        pod["spec"] = json!({
            "nodeName": self.nodes[0]["metadata"]["name"],
            "containers": [{"name": "c", "resources": {"requests": {"cpu": cores.to_string()}}}]
        });
        pod["status"] = json!({"phase": "Running"});
        pod
    }

    /// Adds such a pod.
    pub fn add_guest(&mut self, name: &str, cores: u32) {
        let guest = self.guest(name, cores);
        self.pods.push(guest);
    }

    /// The first pod whose name starts so.
    pub fn pod(&mut self, prefix: &str) -> &mut Value {
        let named = |pod: &&mut Value| {
            pod["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(prefix))
        };
        self.pods.iter_mut().find(named).unwrap()
    }
}

/// What a JSON file of `tests/fixtures` holds.
pub fn json_of(path: &str) -> Value {
    let path = fixture(path);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

/// The ReplicaSets between pods and Deployments, which were not recorded: a pod's
/// controller, owned by the Deployment whose name it begins with.
fn replica_sets(pods: &[Value], deployments: &[Value]) -> Vec<Value> {
    let mut sets: Vec<Value> = Vec::new();
    for pod in pods {
        let (metadata, owner) = (&pod["metadata"], &pod["metadata"]["ownerReferences"][0]);
        if owner["kind"] != "ReplicaSet"
            || sets.iter().any(|set| set["metadata"]["uid"] == owner["uid"])
        {
            continue;
        }
        let deployment = deployments.iter().find(|deployment| {
            let name = owner["name"].as_str().and_then(|name| name.rsplit_once('-'));
            name.is_some_and(|(name, _)| deployment["metadata"]["name"] == name)
                && deployment["metadata"]["namespace"] == metadata["namespace"]
        });
        let deployment = &deployment.unwrap()["metadata"];
        sets.push(json!({
            "metadata": {
                "name": owner["name"], "namespace": metadata["namespace"], "uid": owner["uid"],
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": deployment["name"],
                    "uid": deployment["uid"], "controller": true, "blockOwnerDeletion": true
                }]
            },
            "spec": {"selector": {"matchLabels": metadata["labels"]}}
        }));
    }
    sets
}
