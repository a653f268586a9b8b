//! Upstream's cases for Object and External metrics, with its numbers.

use super::replica_calculator::outcome;
use super::support::lab::*;
use hpa_model::*;

#[test]
fn object_and_external_metrics() {
    let largest = 2_147_483_647;
    let (value, average) = (MetricTarget::value, MetricTarget::average_value);
    for (name, of, target, pods, usage, replicas, status) in [
        (
            "ObjectUp",
            object as fn(MetricTarget) -> MetricSpec,
            value(15_000),
            "RRR",
            20_000,
            4,
            20_000,
        ),
        ("ObjectPerPodUp", object, average(5_000), "RRR", 20_000, 4, 6_667),
        ("ObjectUnready", object, value(10_000), "URU", 50_000, 5, 50_000),
        ("ObjectOverflow", object, value(1), "RRR", i64::MAX, largest, i64::MAX),
        ("ObjectPerPodDown", object, average(2_000), "RRRRR", 6_000, 3, 1_200),
        ("ObjectTolerance", object, value(20_000), "RRR", 20_666, 3, 20_666),
        ("ObjectPerPodTolerance", object, average(5_000), "RRRR", 20_166, 4, 5_042),
        ("ExternalUnready", external, value(4_400), "URU", 8_600, 2, 8_600),
        ("ExternalPerPodUp", external, average(2_150), "RRR", 8_600, 4, 2_867),
        ("ExternalDown", external, value(14_334), "RRRRR", 8_600, 3, 8_600),
        ("ExternalPerPodDown", external, average(2_867), "RRRRR", 8_600, 3, 1_720),
        ("ExternalPerPodReplicaOverflow", external, average(1), "R", i64::MAX, largest, i64::MAX),
        ("ExternalPerPodUsageOverflow", external, average(i64::MAX), "R", i64::MAX, 1, i64::MAX),
    ] {
        let items = [usage];
        let metric = of(target);
        let sample = match metric.source {
            MetricSource::Object { .. } => Sample::Object(usage),
            _ => Sample::External(&items),
        };
        let status = match target.kind {
            TargetType::Value => MetricValue::Value(status),
            _ => MetricValue::AverageValue(status),
        };
        let found = outcome(metric, pods.len() as u32, pods, sample);
        assert_eq!(found, Ok((replicas, status)), "{name}");
    }
}
