//! The figures of a load for scripts: integers, in thousandths or microseconds.
//!
//! The schema is described in docs/load.md. Fields are only added within a version.

use serde_json::{Map, Value, json};

use crate::load::{Plan, Summary};

use super::{QUANTILES, bars};

/// Changes when a field is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// The figures, indented, with a newline at the end. `is_whole` says that nobody cut the run
/// short.
pub fn json(plan: &Plan, summary: &Summary, is_whole: bool) -> String {
    let statuses: Map<_, _> =
        summary.statuses.iter().map(|(status, n)| (status.to_string(), json!(n))).collect();
    let failures: Map<_, _> = summary
        .failures
        .iter()
        .map(|(kind, (count, first))| {
            (kind.key().to_owned(), json!({"count": count, "first": first}))
        })
        .collect();
    let value = json!({
        "schemaVersion": SCHEMA_VERSION,
        "url": plan.url.to_string(),
        "method": plan.method.as_str(),
        "wanted": {
            "rateMilli": plan.rate.milli(),
            "durationMilliseconds": millis(plan.duration),
            "requests": plan.total(),
        },
        "interrupted": !is_whole,
        "sent": summary.sent,
        "sendingMilliseconds": millis(summary.sending),
        "rateMilli": summary.rate_milli(),
        "answered": summary.answered(),
        "failed": summary.failed(),
        "underWayAtTheEnd": summary.abandoned,
        "bodyBytes": summary.bytes,
        "statuses": statuses,
        "failures": failures,
        "latencyMicroseconds": latency(summary),
        "sentLateMicroseconds": {"p99": summary.late.value_at_quantile(0.99)},
        "histogram": bars(&summary.latency).iter()
            .map(|bar| json!({"toMicroseconds": bar.to, "count": bar.count}))
            .collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

/// `null` where nothing was answered.
fn latency(summary: &Summary) -> Value {
    let times = &summary.latency;
    if times.is_empty() {
        return Value::Null;
    }
    let mut value = json!({"min": times.min(), "mean": times.mean() as u64});
    for (name, share) in QUANTILES {
        value[name.replace('.', "")] = times.value_at_quantile(share).into();
    }
    value["max"] = times.max().into();
    value
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
