//! The pods of one node, each with the derivation of its footprint.

use std::borrow::Cow;

use oppscale_cluster::{Cluster, Encoding, Listing, list_objects};
use oppscale_core::explain::{self, Line};
use oppscale_core::figures::{Context, Figure, Kind, Tone, Value};
use oppscale_core::kinds::percent_encode;
use oppscale_core::model::Pod;
use oppscale_core::ownership::Ownership;
use oppscale_core::resources::Resources;

use super::query::QueryResult;

/// A pod that occupies a node.
#[derive(Debug, Clone)]
pub(super) struct PodItem {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) is_filler: bool,
    /// Phase, or `Deleting`.
    pub(super) phase: String,
    /// Footprint and its derivation, or why the pod cannot be counted.
    pub(super) count: Result<(Resources, Vec<Line>), String>,
    /// Creation time, in seconds since 1970.
    pub(super) created: Option<i64>,
}

/// The columns of a table of pods.
pub(super) static FIGURES: [Figure<PodItem>; 6] = [
    Figure {
        id: "namespace",
        heading: "NAMESPACE",
        drop: [2, 2],
        value: |pod, _| Value::Text(Cow::Borrowed(&pod.namespace)),
        ..Figure::BASE
    },
    Figure {
        id: "name",
        heading: "POD",
        letter: Some('n'),
        value: |pod, _| Value::Text(Cow::Borrowed(&pod.name)),
        ..Figure::BASE
    },
    Figure {
        id: "whose",
        heading: "WHOSE",
        letter: Some('t'),
        drop: [4, 4],
        width: 6,
        value: |pod, _| Value::Text(Cow::Borrowed(if pod.is_filler { "filler" } else { "others" })),
        tone: |pod| if pod.is_filler { Tone::Filler } else { Tone::Paid },
        ..Figure::BASE
    },
    Figure {
        id: "request",
        value: |pod, context| match &pod.count {
            Ok((total, _)) => Value::Amount(total.get(context.resource)),
            Err(_) => Value::Unknown,
        },
        ..Figure::AMOUNT
    },
    Figure {
        id: "phase",
        heading: "PHASE",
        drop: [3, 3],
        width: 9,
        value: |pod, _| Value::Text(Cow::Borrowed(&pod.phase)),
        tone: |pod| if pod.phase == "Running" { Tone::Plain } else { Tone::Warn },
        ..Figure::BASE
    },
    Figure {
        id: "age",
        heading: "AGE",
        kind: Kind::Age,
        drop: [4, 4],
        width: 5,
        value: |pod, context| age(pod.created, context),
        ..Figure::BASE
    },
];

/// The time since `then`.
pub(super) fn age(then: Option<i64>, context: &Context<'_>) -> Value<'static> {
    // The local clock may be behind the server's.
    then.map_or(Value::Absent, |then| Value::Amount((context.now - then).max(0).into()))
}

/// Lists the pods of a node. `ownership` decides which of them are opportunistic.
pub(super) async fn of_node(
    cluster: &Cluster,
    node: &str,
    ownership: &Ownership,
) -> QueryResult<Vec<PodItem>> {
    let selector = format!("spec.nodeName={node},status.phase!=Succeeded,status.phase!=Failed");
    let query = format!("fieldSelector={}", percent_encode(&selector));
    let listing = Listing { query, ..Listing::pods() };
    // An item that is not a pod is left out: the count names it.
    let pods = list_objects(cluster, &listing, Encoding::Protobuf, |object| {
        object.decode().map(|pod| item(&pod, ownership))
    });
    Ok(pods.await?)
}

/// The fields of a pod that are shown.
fn item(pod: &Pod<'_>, ownership: &Ownership) -> PodItem {
    let count = explain::explain(pod)
        .map(|explanation| (explanation.total, explanation.lines))
        .map_err(|problem| problem.to_string());
    let phase = match &pod.metadata.deletion_timestamp {
        Some(_) => "Deleting",
        None => &pod.status.phase,
    };
    PodItem {
        namespace: pod.metadata.namespace.to_string(),
        name: pod.metadata.name.to_string(),
        is_filler: ownership.owns(&pod.metadata),
        phase: phase.to_owned(),
        count,
        created: seconds(&pod.metadata.creation_timestamp),
    }
}

/// An RFC 3339 time in seconds since 1970.
pub(super) fn seconds(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use oppscale_cluster::EncodedObject;
    use oppscale_core::resources::CPU;

    #[test]
    fn a_pod_comes_with_its_steps() {
        let json = r#"{
            "metadata": {"name": "a", "namespace": "shop", "uid": "u",
                "creationTimestamp": "2026-11-24T03:00:00Z",
                "labels": {"oppscale.dev/opportunistic": "true"}},
            "spec": {"nodeName": "n", "containers": [
                {"name": "app", "resources": {"requests": {"cpu": "250m"}}}]},
            "status": {"phase": "Running"}}"#;
        let pod = EncodedObject::Json(json).decode().unwrap();
        let pod = item(&pod, &Ownership::default());
        assert_eq!((pod.phase.as_str(), pod.is_filler), ("Running", true));
        assert_eq!(pod.created, Some(1_795_489_200));
        let (total, lines) = pod.count.unwrap();
        assert_eq!((total.get(CPU), lines[0].what.as_str()), (250, "container app"));
    }

    #[test]
    fn selectors_are_encoded() {
        assert_eq!(percent_encode("a=b,c!=d").to_string(), "a%3Db%2Cc%21%3Dd");
    }
}
