//! `-o json` and `-o yaml`: integers, a schema version, and `null` for what is unknown.
//!
//! The schema is described in docs/json.md. Fields are only added within a version.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};

use oppscale_cluster::follow::{Health, WatchStatus};
use oppscale_core::demand::what_if::{Loss, Outcome, UnplacedPod};
use oppscale_core::figures::{self, AmountStyle, Column, Format};
use oppscale_core::headroom::{Fit, Headroom, Totals};
use oppscale_core::price::Cost;
use oppscale_core::replica::Replica;
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
    usable["limitedBy"] = headroom.fit.as_ref().map_or(Value::Null, limited_by);
    let mut root = Map::new();
    root.insert("schemaVersion".into(), json!(SCHEMA_VERSION));
    root.insert("replica".into(), amounts(report.query.replica.footprint()));
    root.insert("reserve".into(), amounts(&headroom.reserve));
    if let Some(hole) = report.query.reserve.hole() {
        let free = headroom.holes.map_or(Value::Null, integer);
        let pod = amounts(hole.pod.footprint());
        root.insert("hole".into(), json!({"count": hole.count, "pod": pod, "free": free}));
    }
    if let Some(usage) = &report.query.usage {
        let idle = headroom.idle.map_or(Value::Null, integer);
        let basis = json!({"idleCpuMilli": idle, "burnMilli": integer(usage.burn)});
        root.insert("usageBasis".into(), basis);
    }
    if has_rows && report.is_tree {
        root.insert("tree".into(), Value::Array(tree(report, &report.rows)));
    } else if has_rows {
        let rows = report.rows.iter().map(|row| self::row(report, row)).collect();
        root.insert(field(report).into(), Value::Array(rows));
    }
    let all = totals(report, all, &headroom.all);
    if !report.further.is_empty() {
        usable["shapes"] = shapes(report);
    }
    let mut totals = json!({ "usable": usable, "all": all });
    if let Some(sum) = &report.rows_total {
        totals["rows"] = json!({
            "rows": report.rows.len(),
            "resources": resources(report, sum, RowKind::RowsTotal),
        });
    }
    root.insert("totals".into(), totals);
    if let Some(outcome) = &report.what_if {
        root.insert("whatIf".into(), what_if(outcome));
    }
    if !report.prices.is_empty() {
        root.insert("monthlyCost".into(), cost(report));
    }
    root.insert("paidDemand".into(), demand);
    root.insert("pods".into(), json!(if report.query.pods_unknown { "unknown" } else { "known" }));
    root.insert("unknown".into(), Value::Array(unknown));
    let unoffered: Vec<_> = headroom.unoffered.names().collect();
    root.insert("unknownResources".into(), json!(unoffered));
    Value::Object(root)
}

/// The field of the rows.
fn field(report: &Report) -> &'static str {
    match report.by {
        By::Node => "nodes",
        By::Pool(_) => "pools",
        By::Namespace => "namespaces",
        By::Workload => "workloads",
        // `pods` tells whether pods are known.
        By::Pod => "podRows",
        By::Container => "containers",
        By::Filler => "fillers",
    }
}

/// Rows with those below them.
fn tree(report: &Report, rows: &[Row]) -> Vec<Value> {
    let mut values = Vec::new();
    let mut rest = rows;
    while let Some((first, below)) = rest.split_first() {
        let children = below.iter().take_while(|row| row.depth > first.depth).count();
        let (children, after) = below.split_at(children);
        let mut value = row(report, first);
        value["level"] = json!(first.row_kind.noun());
        if !children.is_empty() {
            value["children"] = Value::Array(tree(report, children));
        }
        values.push(value);
        rest = after;
    }
    values
}

fn row(report: &Report, row: &Row) -> Value {
    let mut fields = Map::new();
    for figure in figures::shown(&[row.row_kind], Format::Data, &report.choice) {
        if !figure.is_of_resource() {
            fields.insert(figure.id.to_owned(), json_of(&figure.of(row, &report.context(""))));
        } else if !fields.contains_key("resources") {
            fields.insert("resources".to_owned(), resources(report, row, row.row_kind));
        }
    }
    if !report.labels.is_empty() {
        fields.insert("labels".to_owned(), json!(row.labels));
    }
    if !row.further_slots.is_empty() {
        let slots = report.further.iter().zip(&row.further_slots);
        let of = |(replica, slots): (&Replica, Option<Amount>)| {
            (replica.to_string(), slots.map_or(Value::Null, integer))
        };
        let slots = slots.map(|((replica, _), slots)| of((replica, *slots)));
        fields.insert("furtherSlots".to_owned(), Value::Object(slots.collect()));
    }
    Value::Object(fields)
}

/// The figures of `row` for each resource: those that rows of this kind have.
fn resources(report: &Report, row: &Row, kind: RowKind) -> Value {
    let of = |resource: &String| {
        let context = report.context(resource);
        let mut fields = Map::new();
        let kinds = [kind];
        let figures = figures::shown(&kinds, Format::Data, &report.choice);
        for figure in figures.filter(|figure| figure.is_of_resource()) {
            fields.insert(figure.id.to_owned(), json_of(&figure.of(row, &context)));
            if report.choice.percent && figure.has_percent() {
                let column =
                    Column { figure, resource: Some(resource), form: AmountStyle::Percent };
                let percent = column.of(row, &context).number();
                let percent = percent.map_or(Value::Null, |p| json!(p as f64 / 10.0));
                fields.insert(format!("{}Percent", figure.id), percent);
            }
        }
        (resource.clone(), Value::Object(fields))
    };
    let is_of_row = |name: &&String| row.resource.as_ref().is_none_or(|own| own == *name);
    Value::Object(report.resources.iter().filter(is_of_row).map(of).collect())
}

/// Number of replicas of each further shape that fit.
fn shapes(report: &Report) -> Value {
    let shape = |(replica, headroom): &(Replica, Headroom)| {
        json!({
            "replica": amounts(replica.footprint()),
            "slots": headroom.usable.slots.map_or(Value::Null, integer),
            "fitReplicas": headroom.fit.as_ref().map_or(Value::Null, |fit| integer(fit.replicas)),
            "limitedBy": headroom.fit.as_ref().map_or(Value::Null, limited_by),
        })
    };
    report.further.iter().map(shape).collect()
}

fn limited_by(fit: &Fit) -> Value {
    json!(fit.limit.word())
}

fn what_if(outcome: &Outcome) -> Value {
    let unplaced = |pods: &[UnplacedPod]| -> Value {
        let pod = |pod: &UnplacedPod| json!({ "namespace": pod.namespace, "name": pod.name, "reason": pod.reason });
        pods.iter().map(pod).collect()
    };
    let loss = |loss: &Loss| {
        json!({
            "nodes": loss.nodes,
            "displacedPods": loss.displaced,
            "displaced": amounts(&loss.requests),
            "lostFillers": loss.fillers,
            "withoutPlace": unplaced(&loss.unplaced),
        })
    };
    let mut value = json!({ "passed": outcome.is_passed(), "addedNodes": outcome.added });
    match &outcome.loss {
        Some(lost) => value["without"] = loss(lost),
        None if outcome.added > 0 => value["withoutPlace"] = unplaced(&outcome.unplaced),
        None => {}
    }
    if let Some(survival) = &outcome.survival {
        value["survive"] = json!({
            "domain": survival.domain,
            "tried": survival.tried,
            "notSurvived": survival.fatal,
            "worst": { "name": survival.worst, "loss": loss(&survival.loss) },
        });
    }
    value
}

fn cost(report: &Report) -> Value {
    // To the cent, which is finer than any price.
    let cents = |amount: f64| json!((amount * 100.0).round() / 100.0);
    let of = |cost: Cost| {
        json!({
            "allocatable": cents(cost.allocatable),
            "idle": cents(cost.idle),
            "opportunistic": cents(cost.opportunistic),
        })
    };
    let pools = report.costs_of_pools();
    let pools: Map<_, _> =
        pools.into_iter().map(|(pool, cost)| (pool.to_owned(), of(cost))).collect();
    json!({ "usable": of(report.cost()), "pools": pools })
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
