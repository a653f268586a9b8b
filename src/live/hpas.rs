//! HorizontalPodAutoscalers, as they say of themselves how they fare.

use std::borrow::Cow;

use serde::Deserialize;

use oppscale_cluster::{Action, Cluster, fold_list};
use oppscale_core::figures::{Figure, Kind, Tone, Value};
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

use super::pods::{age, seconds};
use super::query::{QueryError, QueryResult};

/// An HPA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HpaItem {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Kind and name of what it scales.
    pub(super) target: (String, String),
    pub(super) current: i64,
    pub(super) desired: i64,
    pub(super) min: i64,
    pub(super) max: i64,
    /// Each metric with its value and its target: `oppscale_fit_replicas 121/1 avg`.
    pub(super) metrics: Vec<String>,
    /// When it scaled last, in seconds since 1970.
    pub(super) scaled: Option<i64>,
    pub(super) conditions: Vec<Condition>,
    /// Whether it is marked as the HPA of opportunistic work.
    pub(super) marked: bool,
}

/// What an HPA says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Condition {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) message: String,
}

impl Condition {
    /// Whether it says that something is wrong. `ScalingLimited` is the one that is good
    /// when it is false.
    pub(super) fn is_bad(&self) -> bool {
        match self.kind.as_str() {
            "ScalingLimited" => false,
            _ => self.status != "True",
        }
    }
}

impl HpaItem {
    /// Reads an HPA.
    #[cfg(test)]
    pub(super) fn parse(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json).map(item)
    }

    /// Whether it is on its way to another number. One that cannot compute a number, or has
    /// not begun to, reports 0.
    pub(super) fn moves(&self) -> bool {
        let is_active = |c: &Condition| c.kind == "ScalingActive" && c.status == "True";
        let knows = self.desired > 0 || self.conditions.iter().any(is_active);
        knows && self.current != self.desired
    }

    /// One word for how it fares: the reason of what is wrong, or of what limits it.
    pub(super) fn status(&self) -> &str {
        let bad = self.conditions.iter().find(|condition| condition.is_bad());
        let limited = || {
            let limited = |c: &&Condition| c.kind == "ScalingLimited" && c.status == "True";
            self.conditions.iter().find(limited)
        };
        match bad.or_else(limited) {
            Some(condition) if !condition.reason.is_empty() => &condition.reason,
            Some(condition) => &condition.kind,
            None if self.conditions.is_empty() => "Unknown",
            None => "OK",
        }
    }
}

/// The columns of a table of HPAs.
pub(super) static FIGURES: [Figure<HpaItem>; 8] = [
    Figure {
        id: "namespace",
        heading: "NAMESPACE",
        drop: [2, 2],
        value: |hpa, _| Value::Text(Cow::Borrowed(&hpa.namespace)),
        ..Figure::BASE
    },
    Figure {
        id: "name",
        heading: "HPA",
        letter: Some('n'),
        value: |hpa, _| Value::Text(Cow::Borrowed(&hpa.name)),
        ..Figure::BASE
    },
    Figure {
        id: "target",
        heading: "TARGET",
        letter: Some('t'),
        drop: [7, 7],
        width: 10,
        stretch: 20,
        value: |hpa, _| {
            Value::Text(format!("{}/{}", hpa.target.0.to_lowercase(), hpa.target.1).into())
        },
        ..Figure::BASE
    },
    Figure {
        id: "replicas",
        heading: "REPLICAS",
        kind: Kind::Change,
        letter: Some('r'),
        width: 9,
        value: |hpa, _| {
            let to = if hpa.moves() { hpa.desired } else { hpa.current };
            Value::CountOf(Some(hpa.current.into()), to.into())
        },
        tone: |hpa| if hpa.moves() { Tone::Strong } else { Tone::Plain },
        ..Figure::BASE
    },
    Figure {
        id: "range",
        heading: "MIN/MAX",
        kind: Kind::CountOf,
        sorts: false,
        drop: [6, 6],
        width: 7,
        value: |hpa, _| Value::CountOf(Some(hpa.min.into()), hpa.max.into()),
        ..Figure::BASE
    },
    Figure {
        id: "scaled",
        heading: "SCALED",
        kind: Kind::Age,
        drop: [5, 5],
        width: 6,
        value: |hpa, context| age(hpa.scaled, context),
        ..Figure::BASE
    },
    Figure {
        id: "status",
        heading: "STATUS",
        letter: Some('s'),
        drop: [1, 1],
        width: 8,
        stretch: 24,
        value: |hpa, _| Value::Text(Cow::Borrowed(hpa.status())),
        tone: |hpa| if hpa.status() == "OK" { Tone::Good } else { Tone::Warn },
        ..Figure::BASE
    },
    Figure {
        id: "metric",
        heading: "METRIC",
        sorts: false,
        drop: [2, 2],
        width: 12,
        stretch: 40,
        value: |hpa, _| Value::Text(hpa.metrics.join(", ").into()),
        ..Figure::BASE
    },
];

/// Asks for the HPAs of a namespace, or of all.
pub(super) async fn list(cluster: &Cluster, namespace: Option<&str>) -> QueryResult<Vec<HpaItem>> {
    let words = "list HorizontalPodAutoscalers";
    let right = "--verb=list --resource=horizontalpodautoscalers.autoscaling";
    let action = Action { words, right };
    let base = match namespace {
        Some(namespace) => format!("/apis/autoscaling/v2/namespaces/{namespace}"),
        None => "/apis/autoscaling/v2".to_owned(),
    };
    let path = format!("{base}/horizontalpodautoscalers");
    let body = cluster.get(&action, &path).await?;
    let text =
        std::str::from_utf8(&body).map_err(|error| QueryError::garbage(words, cluster, &error))?;
    let mut hpas = Vec::new();
    fold_list(text, |hpa: Hpa| hpas.push(item(hpa)))
        .map_err(|error| QueryError::garbage(words, cluster, &error))?;
    Ok(hpas)
}

#[derive(Deserialize)]
struct Hpa {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    labels: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    scale_target_ref: Target,
    #[serde(default)]
    min_replicas: Option<i64>,
    #[serde(default)]
    max_replicas: i64,
    #[serde(default)]
    metrics: Option<Vec<Metric>>,
}

#[derive(Deserialize, Default)]
struct Target {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    current_replicas: Option<i64>,
    #[serde(default)]
    desired_replicas: Option<i64>,
    #[serde(default)]
    last_scale_time: Option<String>,
    #[serde(default)]
    current_metrics: Option<Vec<Metric>>,
    #[serde(default)]
    conditions: Option<Vec<Condition>>,
}

/// A metric in a spec, with its target, or in a status, with its value. Which of the five
/// fields is there depends on the type; each has the same shape as far as it is shown.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(alias = "pods", alias = "object", alias = "external", alias = "containerResource")]
    #[serde(default)]
    resource: Option<Source>,
}

#[derive(Deserialize, Default)]
struct Source {
    /// Of Resource and ContainerResource.
    #[serde(default)]
    name: Option<String>,
    /// Of the others.
    #[serde(default)]
    metric: Option<Named>,
    #[serde(alias = "current", default)]
    target: Option<MetricValue>,
}

#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct MetricValue {
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    average_value: Option<String>,
    #[serde(default)]
    average_utilization: Option<i64>,
}

impl Source {
    fn name(&self) -> &str {
        self.metric.as_ref().map_or(self.name.as_deref().unwrap_or(""), |metric| &metric.name)
    }
}

fn item(hpa: Hpa) -> HpaItem {
    let status = hpa.status.unwrap_or_default();
    let current = status.current_metrics.unwrap_or_default();
    let wanted = hpa.spec.metrics.unwrap_or_default();
    let metrics = wanted.iter().enumerate().filter_map(|(at, metric)| {
        let wanted = metric.resource.as_ref()?;
        let same = |metric: &&Metric| {
            metric.resource.as_ref().is_some_and(|now| now.name() == wanted.name())
        };
        // The controller reports them in the order of the spec, of which two may have one
        // name; only behind a change of the spec is it another one.
        let now = current.get(at).filter(same).or_else(|| current.iter().find(same));
        Some(metric_text(wanted, now.and_then(|metric| metric.resource.as_ref())))
    });
    let labels = hpa.metadata.labels.unwrap_or_default();
    HpaItem {
        metrics: metrics.collect(),
        marked: labels.get(OPPORTUNISTIC_LABEL).is_some_and(|value| value == "true"),
        namespace: hpa.metadata.namespace,
        name: hpa.metadata.name,
        target: (hpa.spec.scale_target_ref.kind, hpa.spec.scale_target_ref.name),
        current: status.current_replicas.unwrap_or(0),
        desired: status.desired_replicas.unwrap_or(0),
        // The API server's default.
        min: hpa.spec.min_replicas.unwrap_or(1),
        max: hpa.spec.max_replicas,
        scaled: status.last_scale_time.and_then(|time| seconds(&time)),
        conditions: status.conditions.unwrap_or_default(),
    }
}

/// A metric with its value and its target, as `kubectl describe hpa` names them.
fn metric_text(wanted: &Source, now: Option<&Source>) -> String {
    let target = wanted.target.as_ref();
    let now = now.and_then(|now| now.target.as_ref());
    let of = |get: fn(&MetricValue) -> Option<String>| {
        let value = now.and_then(get).unwrap_or_else(|| "unknown".to_owned());
        Some((value, target.and_then(get)?))
    };
    let percent =
        |value: &MetricValue| value.average_utilization.map(|percent| format!("{percent}%"));
    let text = if let Some((now, target)) = of(percent) {
        format!("{now}/{target}")
    } else if let Some((now, target)) = of(|value| value.average_value.clone()) {
        format!("{now}/{target} avg")
    } else if let Some((now, target)) = of(|value| value.value.clone()) {
        format!("{now}/{target}")
    } else {
        "unknown".to_owned()
    };
    format!("{} {text}", wanted.name())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::live::input::Effect;
    use crate::live::testing::Bench;

    #[test]
    fn an_hpa_is_read_with_its_metric_and_what_is_wrong() {
        let json = r#"{
            "metadata": {"name": "miner", "namespace": "idle",
                "labels": {"oppscale.dev/opportunistic": "true"}},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "miner"},
                "minReplicas": 0, "maxReplicas": 150,
                "metrics": [
                    {"type": "Object", "object": {
                        "metric": {"name": "oppscale_fit_replicas"},
                        "describedObject": {"kind": "Deployment", "name": "miner"},
                        "target": {"type": "AverageValue", "averageValue": "1"}}},
                    {"type": "Resource", "resource": {"name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": 80}}}]},
            "status": {"currentReplicas": 90, "desiredReplicas": 121,
                "lastScaleTime": "2026-11-24T03:00:00Z",
                "currentMetrics": [{"type": "Object", "object": {
                    "metric": {"name": "oppscale_fit_replicas"},
                    "current": {"averageValue": "1344m"}}}],
                "conditions": [
                    {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
                    {"type": "ScalingActive", "status": "False",
                     "reason": "FailedGetObjectMetric", "message": "no answer"}]}}"#;
        let hpa = HpaItem::parse(json).unwrap();
        assert_eq!(hpa.metrics, ["oppscale_fit_replicas 1344m/1 avg", "cpu unknown/80%"]);
        assert_eq!((hpa.current, hpa.desired, hpa.min, hpa.max), (90, 121, 0, 150));
        assert_eq!((hpa.status(), hpa.marked), ("FailedGetObjectMetric", true));
        let twins = r#"{
            "spec": {"metrics": [
                {"type": "ContainerResource", "containerResource": {"name": "cpu",
                    "container": "a", "target": {"averageUtilization": 80}}},
                {"type": "ContainerResource", "containerResource": {"name": "cpu",
                    "container": "b", "target": {"averageUtilization": 60}}}]},
            "status": {"currentMetrics": [
                {"containerResource": {"name": "cpu", "current": {"averageUtilization": 20}}},
                {"containerResource": {"name": "cpu", "current": {"averageUtilization": 55}}}]}}"#;
        assert_eq!(HpaItem::parse(twins).unwrap().metrics, ["cpu 20%/80%", "cpu 55%/60%"]);
        let fresh = HpaItem::parse(r#"{"spec": {"maxReplicas": 3}}"#).unwrap();
        assert_eq!((fresh.status(), fresh.min), ("Unknown", 1));
    }

    #[test]
    fn keys_are_answered_at_once_among_thousands_of_hpas() {
        let mut bench = Bench::blog();
        bench.type_in("5");
        let hpa = |number| {
            let condition = r#"{"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale",
                "message": "recommended size matches current size"}"#;
            let json = format!(
                r#"{{"metadata": {{"name": "hpa-{number:04}",
                "labels": {{"oppscale.dev/opportunistic": "true"}}}},
                "status": {{"conditions": [{condition}, {condition}, {condition}]}}}}"#
            );
            HpaItem::parse(&json).unwrap()
        };
        let hpas: Vec<_> = (0..2000).map(hpa).collect();
        let start = Instant::now();
        bench.state.take_hpas(Ok(hpas));
        let once = start.elapsed();
        let start = Instant::now();
        for _ in 0..20 {
            assert_eq!(bench.type_in("j"), Effect::Redraw);
            bench.draw(80, 24);
        }
        assert_eq!(bench.chosen(), "hpa-0020");
        let keys = start.elapsed();
        assert!(keys < once * 5, "20 keys took {keys:?}, all HPAs {once:?}");
    }
}
