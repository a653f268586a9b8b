//! `-o json` and `-o yaml`: integers, a schema version, and `null` for what is unknown.
//!
//! The schema is described in docs/json.md. Fields are only added within a version.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};

use oppscale_cluster::follow::{Feed, Health};
use oppscale_core::headroom::{Limit, Totals};
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::view::{By, Row};

use super::{Report, usage_of};

/// Changes when a field is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// The report as JSON, indented, with a newline at its end.
///
/// # Errors
/// Never, in practice: the value has only string keys.
pub fn json(report: &Report) -> anyhow::Result<String> {
    Ok(format!("{:#}\n", value(report, true)))
}

/// The report in one line, with how well the cluster is heard. `has_rows` tells whether
/// the rows are in it.
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

fn feed(feed: &Feed) -> Value {
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
    let names = &report.resources;
    let demand = headroom.demand.as_ref().map_or(Value::Null, |demand| {
        json!({
            "placeable": amounts(&demand.placeable),
            "elsewhere": amounts(&demand.elsewhere),
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
                "problem": unknown.problem,
            })
        })
        .collect();
    let mut usable = totals(&headroom.usable, names, headroom.remaining.as_ref());
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
    root.insert(
        "totals".into(),
        json!({ "usable": usable, "all": totals(&headroom.all, names, headroom.all.remaining.as_ref()) }),
    );
    root.insert("paidDemand".into(), demand);
    root.insert("pods".into(), json!(if report.query.pods_unknown { "unknown" } else { "known" }));
    root.insert("unknown".into(), Value::Array(unknown));
    Value::Object(root)
}

fn rows(report: &Report) -> (&'static str, Vec<Value>) {
    let names = &report.resources;
    let rows = report.rows.iter();
    match report.by {
        By::Node => ("nodes", rows.map(|row| node(row, names, report.usage)).collect()),
        By::Pool(_) => ("pools", rows.map(|row| pool(row, names, report.usage)).collect()),
        By::Namespace => ("namespaces", rows.map(|row| owner(row, names, report.usage)).collect()),
        By::Workload => ("workloads", rows.map(|row| owner(row, names, report.usage)).collect()),
    }
}

fn node(row: &Row, names: &[String], usage: bool) -> Value {
    json!({
        "name": row.name,
        "usable": row.usable,
        "state": row.state,
        "reasons": row.reasons,
        "resources": resources(row, names, usage),
        "slots": optional(row.slots),
    })
}

fn pool(row: &Row, names: &[String], usage: bool) -> Value {
    let (usable, all) = row.nodes.unwrap_or_default();
    json!({
        "name": row.name,
        "nodes": { "usable": usable, "all": all },
        "resources": resources(row, names, usage),
        "slots": optional(row.slots),
    })
}

fn owner(row: &Row, names: &[String], usage: bool) -> Value {
    let mut value = json!({ "name": row.name, "resources": Map::new() });
    if let (Some(namespace), Some(kind)) = (&row.namespace, &row.kind) {
        value["namespace"] = json!(namespace);
        value["kind"] = json!(kind);
    }
    for name in names {
        let mut amounts = json!({
            "others": of(&row.others, name),
            "opportunistic": of(&row.opportunistic, name),
        });
        if usage {
            amounts["usage"] = usage_of(row, name).map_or(Value::Null, integer);
        }
        value["resources"][name] = amounts;
    }
    value
}

fn resources(row: &Row, names: &[String], usage: bool) -> Value {
    let each = names.iter().map(|name| {
        let mut amounts = json!({
            "allocatable": of(&row.allocatable, name),
            "others": of(&row.others, name),
            "opportunistic": of(&row.opportunistic, name),
            "remaining": of(&row.remaining, name),
        });
        if usage {
            amounts["usage"] = usage_of(row, name).map_or(Value::Null, integer);
        }
        (name.clone(), amounts)
    });
    Value::Object(each.collect())
}

fn totals(totals: &Totals, names: &[String], remaining: Option<&Resources>) -> Value {
    let each = names.iter().map(|name| {
        let amounts = json!({
            "allocatable": integer(totals.allocatable.get(name)),
            "others": of(&totals.others, name),
            "opportunistic": of(&totals.opportunistic, name),
            "remaining": optional(remaining.map(|r| r.get(name))),
        });
        (name.clone(), amounts)
    });
    let resources: Map<_, _> = each.collect();
    let overcommit: Map<_, _> =
        names.iter().map(|name| (name.clone(), of(&totals.overcommit, name))).collect();
    json!({
        "nodes": totals.nodes,
        "resources": resources,
        "slots": optional(totals.slots),
        "overcommit": overcommit,
    })
}

fn amounts(resources: &Resources) -> Value {
    Value::Object(resources.present().map(|(name, a)| (name.to_owned(), integer(a))).collect())
}

fn of(resources: &Option<Resources>, name: &str) -> Value {
    optional(resources.as_ref().map(|resources| resources.get(name)))
}

fn optional(amount: Option<Amount>) -> Value {
    amount.map_or(Value::Null, integer)
}

/// A JSON integer. A sum beyond 64 bits is cut to their end: no cluster has 8 EiB.
fn integer(amount: Amount) -> Value {
    let end = if amount < 0 { i64::MIN } else { i64::MAX };
    Value::from(i64::try_from(amount).unwrap_or(end))
}
