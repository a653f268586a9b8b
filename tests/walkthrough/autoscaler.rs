//! The HPA controller of the simulated cluster: oppscale's model of it, fed with what
//! oppscale really answers and what the sample application has really counted.

use hpa_model::{
    Action, Controller, ControllerConfig, KubernetesVersion, MetricSource, Observation, Phase,
    PodReading, Pods, ReadyCondition, ReadyStatus, Sample, Scale, Selector,
};
use oppscale::scenario::{Manifest, SourceFile, manifests};
use serde_json::{Value, json};

use super::cluster::{Cluster, HPAS, milli};
use super::pods::Pod;
use crate::serve::client::Connection;
use crate::serve::rig::{HPA, Oppscale};

impl Cluster {
    /// One run.
    pub(super) fn scale(&mut self) {
        let paths = self.server.store().paths();
        for path in paths.iter().filter(|path| path.contains(HPAS)) {
            let hpa = self.server.store().object(path).unwrap();
            let version: KubernetesVersion = "1.36".parse().unwrap();
            let document = SourceFile::new("hpa", spec_alone(&hpa).to_string());
            let manifest = manifests(&document, version.default_gates()).unwrap().remove(0);
            let namespace = hpa["metadata"]["namespace"].as_str().unwrap();
            let name = &manifest.autoscaler.target().name;
            let target = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
            let seen: Vec<_> = self.of(name).map(|pod| self.observed(pod)).collect();
            let readings: Vec<_> = vec![self.reading(seen.len()); seen.len()];
            let items = [self.metric(&manifest, namespace).unwrap_or_default()];
            let sample = match &manifest.spec.metrics[0].source {
                MetricSource::Pods(_) => Sample::Pods(&readings),
                MetricSource::External(_) => Sample::External(&items),
                other => panic!("{other:?}"),
            };
            let replicas = self.replicas[&target];
            let pods = u32::try_from(seen.len()).unwrap();
            let observation = Observation {
                scale: Some(Scale { spec_replicas: replicas, status_replicas: pods }),
                selector: Selector::Valid,
                pods: Pods::Listed(&seen),
                metrics: &[sample],
                update_accepted: true,
            };
            let config = ControllerConfig::of(version);
            let known = self.controllers.entry(path.clone());
            let controller = known.or_insert_with(|| Controller::new(config));
            let outcome = controller.run(self.now * 1000, &manifest.spec, &observation);
            if let Action::Rescaled { to, .. } = outcome.action {
                self.replicas.insert(target, to);
            }
            let condition = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason});
            let status = json!({
                "currentReplicas": pods, "desiredReplicas": outcome.desired_replicas,
                "conditions": [
                    condition("AbleToScale", "ReadyForNewScale"),
                    condition("ScalingActive", "ValidMetricFound")
                ]
            });
            self.server.store().change(|store| {
                store.objects.get_mut(path).unwrap().value["status"] = status;
            });
        }
    }

    fn observed(&self, pod: &Pod) -> hpa_model::Pod {
        let since_ms = pod.bound.unwrap_or(self.now) * 1000;
        hpa_model::Pod {
            phase: if pod.is_waiting() { Phase::Pending } else { Phase::Running },
            deleting: false,
            started_ms: pod.bound.map(|at| at * 1000),
            ready: Some(ReadyCondition {
                status: if pod.is_waiting() { ReadyStatus::False } else { ReadyStatus::True },
                since_ms,
            }),
        }
    }

    /// What prometheus-adapter would say of one of so many pods behind a Service.
    fn reading(&self, pods: usize) -> PodReading {
        let value = self.load.rate_milli() / i64::try_from(pods.max(1)).unwrap();
        PodReading {
            value: Some(value),
            request: None,
            timestamp_ms: self.now * 1000,
            window_ms: 120_000,
        }
    }

    /// What oppscale says, asked as the front proxy asks for the HPA controller.
    fn metric(&self, manifest: &Manifest, namespace: &str) -> Option<i64> {
        let MetricSource::External(metric) = &manifest.spec.metrics[0].source else { return None };
        let (oppscale, tls) = self.serve.as_ref()?;
        self.catch_up(oppscale);
        let mut connection = Connection::open(oppscale.api, Some(tls)).unwrap();
        let path = format!(
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/{}?labelSelector=deployment%3D{}",
            metric.name,
            manifest.autoscaler.target().name
        );
        let answer = connection.get(&path, &HPA).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let value = answer.json()["items"][0]["value"].as_str().unwrap().to_owned();
        let fit = Box::leak(value.clone().into_boxed_str());
        self.server.store().change(|store| store.metric = Some(fit));
        Some(milli(&value))
    }

    /// Waits until the server has seen the last change: what it counts is what is there.
    fn catch_up(&self, oppscale: &Oppscale) {
        let bound = self.pods.iter().filter(|pod| !pod.is_waiting());
        let cores = bound.map(|pod| pod.cpu_milli).sum::<i64>() as f64 / 1000.0;
        let waiting = self.pods.iter().filter(|pod| pod.is_waiting()).count() as f64;
        for _ in 0..2000 {
            let mut connection = Connection::open(oppscale.web, None).unwrap();
            let text = connection.get("/metrics", &[]).unwrap().body;
            let of = |name: &str| -> f64 {
                let lines = text.lines().filter_map(|line| line.strip_prefix(name));
                lines.map(|rest| rest.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
            };
            if of("oppscale_cluster_requested_cpu_cores{") == cores
                && of("oppscale_cluster_waiting_pods ") == waiting
            {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("oppscale has not seen {cores} cores and {waiting} pods that wait");
    }
}

/// An HPA as it was applied.
fn spec_alone(hpa: &Value) -> Value {
    json!({
        "apiVersion": hpa["apiVersion"], "kind": hpa["kind"],
        "metadata": {"name": hpa["metadata"]["name"], "namespace": hpa["metadata"]["namespace"]},
        "spec": hpa["spec"]
    })
}
