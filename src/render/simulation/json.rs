//! `-o json` of `simulate`: integers, thousandths where a figure is finer than one.
//!
//! The schema is described in docs/simulate.md. Fields are only added within a version.

use serde_json::{Value, json};

use hpa_model::simulation::{Outcome, Rescale, Sample};
use hpa_model::verdict::{ReserveNeed, Stability, Verdict, VerdictError};

use super::{Comparison, Entry, Figure, OUTCOME};

/// Changes when a field is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// The comparison as JSON, indented, with a newline at its end.
///
/// # Errors
/// Never, in practice.
pub fn json(comparison: &Comparison) -> anyhow::Result<String> {
    let value = json!({
        "schemaVersion": SCHEMA_VERSION,
        "scenario": comparison.scenario,
        "seed": comparison.seed,
        "shown": comparison.shown().name,
        "configurations": comparison.entries.iter().map(entry).collect::<Vec<_>>(),
    });
    Ok(format!("{value:#}\n"))
}

fn entry(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "title": entry.title,
        "verdict": verdict(&entry.verdict),
        "correctedManifest": entry.correction().and(entry.corrected.as_ref()).map(|hpa| &hpa.object),
        "outcome": outcome(&entry.run.outcome),
        "rescales": entry.run.rescales.iter().map(rescale).collect::<Vec<_>>(),
        "samples": entry.run.samples.iter().map(sample).collect::<Vec<_>>(),
    })
}

fn verdict(verdict: &Result<Verdict, VerdictError>) -> Value {
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(why) => return json!({ "finding": null, "why": why.to_string() }),
    };
    let (finding, at) = match verdict.stability {
        Stability::Oscillating => ("oscillates", None),
        Stability::Saturated { at } => ("pinned", Some(at)),
        Stability::Stable => ("stable", None),
        Stability::WithinTolerance => ("stableWithinTolerance", None),
        Stability::SlowToYield => ("slowToYield", None),
        Stability::OneWay { up: true } => ("onlyUp", None),
        Stability::OneWay { up: false } => ("onlyDown", None),
        Stability::Inert => ("inert", None),
    };
    let control = &verdict.control;
    let milli = |figure: f64| (figure * 1000.0).round() as i64;
    let correction = verdict.correction.as_ref();
    json!({
        "finding": finding,
        "pinnedAt": at,
        "why": verdict.why,
        "gainMilli": milli(control.gain),
        "gainLimitMilli": milli(control.gain_limit),
        "marginMilli": control.stability_margin.map(milli),
        "delaySyncs": control.delay_syncs,
        "restsAtReplicas": control.settles_at,
        "reserveNeeded": reserve(&verdict.reserve),
        "correctedReserveNeeded": correction.map(|c| reserve(&c.reserve)),
        "changes": correction.map(|c| c.changes.iter().map(|c| c.text()).collect::<Vec<_>>()),
    })
}

fn reserve(need: &ReserveNeed) -> Value {
    let milli = |amount: i128| i64::try_from(amount).unwrap_or(i64::MAX);
    json!({
        "totalMillicores": milli(need.total_milli()),
        "growthMillicores": milli(need.growth_milli),
        "largestPaidPodMillicores": milli(need.largest_paid_milli),
        "toleranceMillicores": milli(need.tolerance_milli),
        "roundingMillicores": milli(need.rounding_milli),
        "metricAgeMilliseconds": need.metric_age_ms,
        "syncMilliseconds": need.sync_ms,
        "windowMilliseconds": need.window_ms,
        "graceMilliseconds": need.grace_ms,
        "preemptionMilliseconds": need.preemption_ms,
    })
}

fn outcome(outcome: &Outcome) -> Value {
    let figure = |figure: &Figure| (figure.json.to_owned(), json!((figure.of)(outcome)));
    Value::Object(OUTCOME.iter().map(figure).collect())
}

fn rescale(rescale: &Rescale) -> Value {
    json!({ "atMilliseconds": rescale.at_ms, "from": rescale.from, "to": rescale.to })
}

fn sample(sample: &Sample) -> Value {
    let milli = |amount: i128| i64::try_from(amount).unwrap_or(i64::MAX);
    json!({
        "atMilliseconds": sample.at_ms,
        "allocatableMillicores": milli(sample.allocatable_milli),
        "paidMillicores": milli(sample.paid_milli),
        "opportunisticMillicores": milli(sample.filler_milli),
        "remainingMillicores": milli(sample.remaining_milli),
        "runningReplicas": sample.filler_running,
        "desiredReplicas": sample.filler_desired,
        "pendingPaidPods": sample.pending_paid,
        "pendingReplicas": sample.pending_filler,
    })
}
