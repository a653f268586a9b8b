//! The demonstration's cluster as a capacity history, for the live screen of `top`.

use std::collections::BTreeMap;

use hpa_model::simulation::{
    BuiltInScenario, Configuration, PodTemplate, Setup, SetupError, SimulatedPod, Simulation,
};
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::units::quantity_text;
use serde_json::{Value, json};

use super::race::{Burst, LENGTH_MS, STEP_MS};

/// Simulated time before the burst, in milliseconds: enough to see the quiet cluster.
const LEAD_MS: u64 = 5 * 60_000;
/// Time after which all pods of the burst have nodes, in milliseconds.
const PLACED_MS: u64 = 60_000;

/// A capacity history of the simulated cluster, from shortly before its burst on.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The history, as docs/history.md describes it.
    pub history: Vec<u8>,
    /// Time at which all pods of the burst have nodes, in milliseconds since the history begins.
    pub top_ms: u64,
}

impl Recording {
    /// Simulates the cluster with oppscale's HPA.
    ///
    /// # Errors
    /// When a built-in setup contradicts itself, which tests rule out.
    pub fn new(seed: u64) -> Result<Self, SetupError> {
        let setup = setup(seed);
        let burst = Burst::of(&setup);
        let starts_ms = burst.as_ref().map_or(0, |burst| burst.begins_ms.saturating_sub(LEAD_MS));
        let mut simulation = Simulation::new(&setup)?;
        let mut lines = Lines::begin(&setup, &simulation);
        let mut now_ms = starts_ms;
        while now_ms <= setup.end_ms {
            simulation.advance_to(now_ms);
            lines.moment(&setup, &simulation, now_ms - starts_ms);
            now_ms += STEP_MS;
        }
        Ok(Self {
            history: lines.text,
            top_ms: burst.map_or(0, |burst| (burst.top_ms + PLACED_MS).saturating_sub(starts_ms)),
        })
    }

    /// Reserve of the cluster's HPA.
    pub fn reserve() -> Reserve {
        setup(0).filler.autoscaler.metric.reserve
    }
}

/// The cluster with oppscale's HPA.
fn setup(seed: u64) -> Setup {
    let cluster = Setup { seed, end_ms: LENGTH_MS, ..BuiltInScenario::Blog.setup() };
    match Configuration::named("oppscale") {
        Some(configuration) => configuration.apply(cluster),
        None => cluster,
    }
}

/// Name, namespace and template of a workload: the filler, then the paid applications.
fn workload(setup: &Setup, at: usize) -> (&str, &'static str, &PodTemplate) {
    match at.checked_sub(1).and_then(|at| setup.paid.get(at)) {
        Some(app) => (&app.name, "shop", &app.template),
        None => ("filler", "opportunistic", &setup.filler.template),
    }
}

fn amounts(resources: &Resources) -> BTreeMap<&str, Amount> {
    resources.present().collect()
}

/// The lines of the history, and the pods as the lines so far have them.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// The number of each pod, in this order, and its node.
    pods: Vec<(u64, Option<usize>)>,
}

impl Lines {
    /// Writes the workloads and the nodes, which do not change.
    fn begin(setup: &Setup, simulation: &Simulation) -> Self {
        let mut lines = Self::default();
        let server = "a simulated cluster";
        // The date of the article.
        let started = "2018-08-02T09:00:00Z";
        lines.write(&json!({"history": {"version": 1, "started": started, "server": server}}));
        let filler = &setup.filler.template;
        let replica = amounts(filler.replica.footprint());
        lines.write(&json!({"workload": {
            "replica": replica, "placement": {}, "priority": filler.priority
        }}));
        for at in 0..=setup.paid.len() {
            let (name, namespace, template) = workload(setup, at);
            lines.write(&json!({"group": [at, namespace, "Deployment", name]}));
            lines.write(&json!({"footprint": [at, amounts(template.replica.footprint())]}));
        }
        for (at, node) in simulation.nodes().enumerate() {
            let name = format!("node-{}", at + 1);
            lines.write(&json!({"host": [at, name]}));
            let allocatable: BTreeMap<_, _> = node
                .allocatable
                .present()
                .map(|(name, amount)| (name, quantity_text(name, amount)))
                .collect();
            lines.write(&json!({"node": {
                "metadata": {"name": name},
                "spec": {},
                "status": {
                    "allocatable": allocatable,
                    "conditions": [{"type": "Ready", "status": "True"}]
                },
            }}));
        }
        lines.write(
            &json!({"connection": {"nodes": ["following", null], "pods": ["following", null]}}),
        );
        lines
    }

    /// Writes the changes since the last moment.
    fn moment(&mut self, setup: &Setup, simulation: &Simulation, at_ms: u64) {
        let mut now: Vec<SimulatedPod> = simulation.pods().collect();
        now.sort_unstable_by_key(|pod| pod.number);
        let pods = now.iter().map(|pod| (pod.number, pod.node)).collect();
        let before = std::mem::replace(&mut self.pods, pods);
        // Most often nothing has changed.
        if before != self.pods {
            let is_here = |number| now.binary_search_by_key(&number, |pod| pod.number).is_ok();
            for (number, _) in before.iter().filter(|(number, _)| !is_here(*number)) {
                self.write(&json!({"gone": key(*number)}));
            }
            let has_changed =
                |pod: &&SimulatedPod| before.binary_search(&(pod.number, pod.node)).is_err();
            for pod in now.iter().filter(has_changed) {
                self.pod(setup, pod);
            }
        }
        self.write(&json!({"t": at_ms}));
    }

    fn pod(&mut self, setup: &Setup, pod: &SimulatedPod) {
        let own = u8::from(pod.workload == 0);
        if let Some(node) = pod.node {
            self.write(&json!({"pod": [key(pod.number), node, pod.workload, pod.workload, own]}));
            return;
        }
        let (name, _, template) = workload(setup, pod.workload);
        self.write(&json!({"waiting": {
            "key": key(pod.number),
            "name": format!("{name}-{}", pod.number),
            "group": pod.workload,
            "footprint": pod.workload,
            "own": own,
            "gated": false,
            "placement": {},
            "priority": template.priority,
            "preempts": template.preempts,
        }}));
    }

    fn write(&mut self, line: &Value) {
        self.text.extend_from_slice(line.to_string().as_bytes());
        self.text.push(b'\n');
    }
}

/// The key of a pod.
fn key(number: u64) -> String {
    format!("={number}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use oppscale_cluster::history::Player;
    use oppscale_core::resources::CPU;

    use super::*;

    #[test]
    fn the_history_shows_the_simulated_cluster() {
        let recording = Recording::new(1).unwrap();
        let top_ms = recording.top_ms;
        let mut player = Player::of(Path::new("demo"), recording.history).unwrap();
        assert_eq!(player.end() - player.start(), Duration::from_secs(44 * 60 + 40));
        let cpu = |player: &Player, own: bool| -> Amount {
            player.cluster_state().read(|snapshot, _| {
                let bound = snapshot.ledger.bound().filter(|pod| pod.opportunistic == own);
                bound.map(|pod| pod.footprint.get(CPU)).sum()
            })
        };
        assert_eq!((cpu(&player, false), cpu(&player, true)), (30_000, 146_000));
        player.seek(Duration::from_millis(top_ms)).unwrap();
        assert_eq!((cpu(&player, false), cpu(&player, true)), (90_000, 86_000));
        player.seek(player.end()).unwrap();
        assert_eq!((cpu(&player, false), cpu(&player, true)), (30_000, 146_000));
    }
}
