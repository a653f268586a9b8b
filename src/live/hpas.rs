//! HorizontalPodAutoscalers with their metrics and conditions.

use std::borrow::Cow;

use k8s_openapi::api::autoscaling::v2;
use oppscale_cluster::autoscaler::MetricStatus;
use oppscale_cluster::{Autoscaler, Cluster};
use oppscale_core::figures::{Figure, Kind, Tone, Value};
use oppscale_core::kinds;

use super::pods::age;
use super::query::QueryResult;

pub(super) use v2::HorizontalPodAutoscalerCondition as Condition;

/// An HPA.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HpaItem {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Kind and name of its target.
    pub(super) target: (String, String),
    pub(super) current: i64,
    pub(super) desired: i64,
    pub(super) min: i64,
    pub(super) max: i64,
    /// Each metric with its value and its target: `oppscale_fit_replicas 121/1 avg`.
    pub(super) metrics: Vec<String>,
    /// Time of the last scaling, in seconds since 1970.
    pub(super) scaled: Option<i64>,
    pub(super) conditions: Vec<Condition>,
    /// Whether its label marks it as the HPA of an opportunistic workload.
    pub(super) marked: bool,
}

/// Whether a condition reports a problem. Others than these are good when they are false, as
/// `ScalingLimited` and `ScaledToZero` (1.36), or unknown here.
pub(super) fn is_bad(condition: &Condition) -> bool {
    matches!(condition.type_.as_str(), "AbleToScale" | "ScalingActive")
        && condition.status != "True"
}

impl HpaItem {
    /// Reads an HPA.
    #[cfg(test)]
    pub(super) fn parse(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json).map(item)
    }

    /// Whether the number of replicas is changing. An HPA that cannot compute a number reports 0.
    pub(super) fn moves(&self) -> bool {
        let is_active = |c: &Condition| c.type_ == "ScalingActive" && c.status == "True";
        let knows = self.desired > 0 || self.conditions.iter().any(is_active);
        knows && self.current != self.desired
    }

    /// Its status in one word: the reason of a problem or of a limit.
    pub(super) fn status(&self) -> &str {
        let bad = self.conditions.iter().find(|condition| is_bad(condition));
        let limited = || {
            let limited = |c: &&Condition| c.type_ == "ScalingLimited" && c.status == "True";
            self.conditions.iter().find(limited)
        };
        match bad.or_else(limited) {
            Some(condition) => condition
                .reason
                .as_deref()
                .filter(|reason| !reason.is_empty())
                .unwrap_or(&condition.type_),
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

/// Lists the HPAs of a namespace, or of all.
pub(super) async fn list(cluster: &Cluster, namespace: Option<&str>) -> QueryResult<Vec<HpaItem>> {
    let hpas = cluster.list(&kinds::HPA, namespace, "").await?;
    Ok(hpas.into_iter().map(item).collect())
}

fn item(hpa: Autoscaler) -> HpaItem {
    let status = hpa.0.status.as_ref();
    let metrics = hpa.readings().map(metric_text).collect();
    let scaled = status.and_then(|status| status.last_scale_time.as_ref());
    let (target, (min, max), (current, desired)) = (hpa.target(), hpa.bounds(), hpa.replicas());
    HpaItem {
        metrics,
        marked: hpa.is_opportunistic(),
        namespace: hpa.namespace().to_owned(),
        name: hpa.name().to_owned(),
        target: (target.kind.clone(), target.name.clone()),
        current: current.into(),
        desired: desired.into(),
        min: min.into(),
        max: max.into(),
        scaled: scaled.map(|time| time.0.as_second()),
        conditions: hpa.conditions().to_vec(),
    }
}

/// A metric with its value and its target, as `kubectl describe hpa` names them.
fn metric_text(metric: MetricStatus<'_>) -> String {
    let MetricStatus { name, target, value: now, .. } = metric;
    let known = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    if let Some(target) = target.average_utilization {
        let now = now.and_then(|now| now.average_utilization);
        format!("{name} {}/{target}%", known(now.map(|percent| format!("{percent}%"))))
    } else if let Some(target) = &target.average_value {
        let now = now.and_then(|now| now.average_value.as_ref());
        format!("{name} {}/{} avg", known(now.map(|value| value.0.clone())), target.0)
    } else if let Some(target) = &target.value {
        let now = now.and_then(|now| now.value.as_ref());
        format!("{name} {}/{}", known(now.map(|value| value.0.clone())), target.0)
    } else {
        format!("{name} unknown")
    }
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
        // Not scaled to zero (1.36), and what a later version may say, are no problem.
        let awake = r#"{"spec": {}, "status": {"conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
            {"type": "ScaledToZero", "status": "False", "reason": "NotScaledToZero"},
            {"type": "Unheard", "status": "False", "reason": "Whatever"}]}}"#;
        assert_eq!(HpaItem::parse(awake).unwrap().status(), "OK");
        let twins = r#"{
            "spec": {"metrics": [
                {"type": "ContainerResource", "containerResource": {"name": "cpu",
                    "container": "a", "target": {"averageUtilization": 80}}},
                {"type": "ContainerResource", "containerResource": {"name": "cpu",
                    "container": "b", "target": {"averageUtilization": 60}}}]},
            "status": {"currentMetrics": [
                {"type": "ContainerResource", "containerResource": {"name": "cpu",
                    "current": {"averageUtilization": 20}}},
                {"type": "ContainerResource", "containerResource": {"name": "cpu",
                    "current": {"averageUtilization": 55}}}]}}"#;
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
