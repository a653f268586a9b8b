//! Upstream's cases for Object and External metrics, with its numbers.

use super::replica_calculator::outcome;
use super::support::lab::*;
use hpa_model::*;

#[test]
fn object_and_external_metrics() {
    let largest = 2_147_483_647;
    let value = |milli| MetricValue::Value(milli);
    let average = |milli| MetricValue::AverageValue(milli);
    for (name, metric, current, pods, usage, expected) in [
        ("ObjectUp", object(MetricTarget::value(15_000)), 3, "RRR", 20_000, (4, value(20_000))),
        (
            "ObjectPerPodUp",
            object(MetricTarget::average_value(5_000)),
            3,
            "RRR",
            20_000,
            (4, average(6_667)),
        ),
        (
            "ObjectUnready",
            object(MetricTarget::value(10_000)),
            3,
            "URU",
            50_000,
            (5, value(50_000)),
        ),
        (
            "ObjectOverflow",
            object(MetricTarget::value(1)),
            3,
            "RRR",
            i64::MAX,
            (largest, value(i64::MAX)),
        ),
        (
            "ObjectPerPodDown",
            object(MetricTarget::average_value(2_000)),
            5,
            "RRRRR",
            6_000,
            (3, average(1_200)),
        ),
        (
            "ObjectTolerance",
            object(MetricTarget::value(20_000)),
            3,
            "RRR",
            20_666,
            (3, value(20_666)),
        ),
        (
            "ObjectPerPodTolerance",
            object(MetricTarget::average_value(5_000)),
            4,
            "RRRR",
            20_166,
            (4, average(5_042)),
        ),
        (
            "ExternalUnready",
            external(MetricTarget::value(4_400)),
            3,
            "URU",
            8_600,
            (2, value(8_600)),
        ),
        (
            "ExternalPerPodUp",
            external(MetricTarget::average_value(2_150)),
            3,
            "RRR",
            8_600,
            (4, average(2_867)),
        ),
        (
            "ExternalDown",
            external(MetricTarget::value(14_334)),
            5,
            "RRRRR",
            8_600,
            (3, value(8_600)),
        ),
        (
            "ExternalPerPodDown",
            external(MetricTarget::average_value(2_867)),
            5,
            "RRRRR",
            8_600,
            (3, average(1_720)),
        ),
        (
            "ExternalPerPodReplicaOverflow",
            external(MetricTarget::average_value(1)),
            1,
            "R",
            i64::MAX,
            (largest, average(i64::MAX)),
        ),
        (
            "ExternalPerPodUsageOverflow",
            external(MetricTarget::average_value(i64::MAX)),
            1,
            "R",
            i64::MAX,
            (1, average(i64::MAX)),
        ),
    ] {
        let items = [usage];
        let sample = match metric.source {
            MetricSource::Object { .. } => Sample::Object(usage),
            _ => Sample::External(&items),
        };
        assert_eq!(outcome(metric, current, pods, sample), Ok(expected), "{name}");
    }
}
