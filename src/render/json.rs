//! `-o json` and `-o yaml`: integers, a schema version, and `null` for what is unknown.
//!
//! The schema is described in docs/json.md. Fields are only added within a version.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};

use oppscale_cluster::follow::{Health, WatchStatus};
use oppscale_core::figures::{self, Context, Format};
use oppscale_core::headroom::{Limit, Totals};
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::view::{By, Row, RowKind};

use super::Report;

/// Changes when a field is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// The report as JSON, indented, with a newline at its end.
pub fn json(report: &Report) -> String {
    format!("{:#}\n", value(report, true))
}

/// The report in one line, with the state of the watches, and with its rows if `has_rows`.
pub fn line(report: &Report, health: &Health, has_rows: bool) -> String {
    let mut value = value(report, has_rows);
    value["connection"] = json!({ "nodes": feed(&health.nodes), "pods": feed(&health.pods) });
    value.to_string()
}

/// A line with its time in front and a newline at its end.
pub fn timed(line: &str, time: Timestamp) -> String {
    let rest = line.strip_prefix('{').unwrap_or(line);
    format!("{{\"time\":\"{time:.3}\",{rest}\n")
}

fn feed(feed: &WatchStatus) -> Value {
    let mut value = json!({ "state": feed.phase.word() });
    if let Some(why) = feed.phase.why() {
        value["why"] = json!(why);
    }
    value
}

/// The report as YAML.
///
/// # Errors
/// Never, in practice.
pub fn yaml(report: &Report) -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string(&value(report, true))?)
}

fn value(report: &Report, has_rows: bool) -> Value {
    let headroom = &report.headroom;
    let demand = headroom.demand.as_ref().map_or(Value::Null, |demand| {
        json!({
            "placeable": amounts(&demand.placeable),
            "elsewhere": amounts(&demand.elsewhere),
            "blocked": amounts(&demand.blocked),
            "outranked": amounts(&demand.outranked),
            "gated": demand.gated,
            "unplaceable": demand.unplaceable.iter().map(|pod| json!({
                "namespace": pod.namespace,
                "name": pod.name,
                "reason": pod.reason,
                "requests": pod.asks.iter()
                    .map(|(name, amount)| (name.clone(), integer(*amount)))
                    .collect::<Map<_, _>>(),
            })).collect::<Vec<_>>(),
        })
    });
    let unknown: Vec<_> = report
        .unknown
        .iter()
        .map(|unknown| {
            json!({
                "kind": unknown.kind,
                "namespace": unknown.namespace,
                "name": unknown.name,
                "node": unknown.node,
                "resource": unknown.resource,
                "problem": unknown.problem,
            })
        })
        .collect();
    let [usable, all] = &report.totals;
    let mut usable = totals(report, usable, &headroom.usable);
    usable["fitReplicas"] = headroom.fit.as_ref().map_or(Value::Null, |f| integer(f.replicas));
    usable["limitedBy"] = headroom.fit.as_ref().map_or(Value::Null, |fit| match &fit.limit {
        Limit::Slots => json!("slots"),
        Limit::Remaining(name) => json!(name),
    });
    let mut root = Map::new();
    root.insert("schemaVersion".into(), json!(SCHEMA_VERSION));
    root.insert("replica".into(), amounts(report.query.replica.footprint()));
    root.insert("reserve".into(), amounts(&headroom.reserve));
    if has_rows {
        let (plural, rows) = rows(report);
        root.insert(plural.into(), Value::Array(rows));
    }
    let all = totals(report, all, &headroom.all);
    root.insert("totals".into(), json!({ "usable": usable, "all": all }));
    root.insert("paidDemand".into(), demand);
    root.insert("pods".into(), json!(if report.query.pods_unknown { "unknown" } else { "known" }));
    root.insert("unknown".into(), Value::Array(unknown));
    let unoffered: Vec<_> = headroom.unoffered.names().collect();
    root.insert("unknownResources".into(), json!(unoffered));
    Value::Object(root)
}

/// The field of the rows, and the rows.
fn rows(report: &Report) -> (&'static str, Vec<Value>) {
    let field = match report.by {
        By::Node => "nodes",
        By::Pool(_) => "pools",
        By::Namespace => "namespaces",
        By::Workload => "workloads",
    };
    (field, report.rows.iter().map(|row| self::row(report, row)).collect())
}

fn row(report: &Report, row: &Row) -> Value {
    let mut fields = Map::new();
    for figure in figures::shown(row.row_kind, Format::Data, report.usage) {
        if !figure.is_of_resource() {
            fields.insert(figure.id.to_owned(), json_of(&figure.of(row, &Context::default())));
        } else if !fields.contains_key("resources") {
            fields.insert("resources".to_owned(), resources(report, row, row.row_kind));
        }
    }
    Value::Object(fields)
}

/// The figures of `row` for each resource: those that rows of this kind have.
fn resources(report: &Report, row: &Row, kind: RowKind) -> Value {
    let of = |resource: &String| {
        let context = Context { resource, ..Context::default() };
        let figures = figures::shown(kind, Format::Data, report.usage);
        let figures = figures.filter(|figure| figure.is_of_resource());
        let fields = figures.map(|f| (f.id.to_owned(), json_of(&f.of(row, &context))));
        (resource.clone(), Value::Object(fields.collect()))
    };
    Value::Object(report.resources.iter().map(of).collect())
}

fn totals(report: &Report, row: &Row, totals: &Totals) -> Value {
    let overcommit = |name: &String| {
        let is_unknown = totals.unknown.iter().any(|unknown| **unknown == **name);
        let overcommit = totals.overcommit.as_ref().filter(|_| !is_unknown);
        let amount = overcommit.map(|resources| resources.get(name));
        (name.clone(), amount.map_or(Value::Null, integer))
    };
    json!({
        "nodes": totals.nodes,
        // Figures of usable nodes only are null for all nodes.
        "resources": resources(report, row, RowKind::UsableTotal),
        "slots": row.slots.map_or(Value::Null, integer),
        "overcommit": report.resources.iter().map(overcommit).collect::<Map<_, _>>(),
    })
}

/// A value of a figure.
fn json_of(value: &figures::Value<'_>) -> Value {
    match value {
        figures::Value::Absent | figures::Value::Unknown => Value::Null,
        figures::Value::Text(text) => json!(text),
        figures::Value::Sentences(sentences) => json!(sentences),
        figures::Value::Flag(flag) => json!(flag),
        figures::Value::Amount(amount) => integer(*amount),
        figures::Value::CountOf(part, whole) => {
            json!({ "usable": part.map(integer), "all": integer(*whole) })
        }
    }
}

fn amounts(resources: &Resources) -> Value {
    Value::Object(resources.present().map(|(name, a)| (name.to_owned(), integer(a))).collect())
}

/// A JSON integer. A sum beyond 64 bits is cut to their end: no cluster has 8 EiB.
fn integer(amount: Amount) -> Value {
    let end = if amount < 0 { i64::MIN } else { i64::MAX };
    Value::from(i64::try_from(amount).unwrap_or(end))
}
