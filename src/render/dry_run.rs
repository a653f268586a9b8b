//! The output of a dry run: a line for each sync, and a summary at its end.

use hpa_model::DryRunStep;
use k8s_openapi::jiff::Timestamp;
use oppscale_core::units;
use serde_json::{Value, json};

use super::csv;
use crate::printer::{Printer, Style, sanitize};

/// Width of `2026-11-29T16:00:00Z`.
const TIME_WIDTH: usize = 20;

/// The dry run of one HPA, added up.
#[derive(Debug)]
pub struct Summary {
    /// `NAMESPACE/NAME` of the HPA.
    pub name: String,
    syncs: u32,
    equal: u32,
    failed: u32,
    changes: [u32; 2],
    /// Replica-milliseconds of the cluster and of the dry run.
    replica_ms: [u128; 2],
    compared_ms: u64,
    start_ms: Option<u64>,
    last: Option<DryRunStep>,
    /// The step at which the counts differed most.
    widest: Option<DryRunStep>,
}

impl Summary {
    /// Nothing has run yet.
    pub fn new(name: String) -> Self {
        Self {
            name,
            syncs: 0,
            equal: 0,
            failed: 0,
            changes: [0; 2],
            replica_ms: [0; 2],
            compared_ms: 0,
            start_ms: None,
            last: None,
            widest: None,
        }
    }

    /// Adds a step.
    pub fn add(&mut self, step: &DryRunStep) {
        self.syncs += 1;
        self.failed += u32::from(step.has_failed);
        self.start_ms.get_or_insert(step.at_ms);
        let counts = |step: &DryRunStep| Some([step.cluster_replicas?, step.replicas?]);
        let apart = |step: &DryRunStep| counts(step).map_or(0, |[a, b]| a.abs_diff(b));
        if let Some([cluster, own]) = counts(step) {
            self.equal += u32::from(cluster == own);
        }
        if apart(step) > self.widest.as_ref().map_or(0, apart) {
            self.widest = Some(step.clone());
        }
        if let Some(last) = &self.last
            && let (Some(before), Some(now)) = (counts(last), counts(step))
        {
            let time = step.at_ms.saturating_sub(last.at_ms);
            self.compared_ms += time;
            for (at, (before, now)) in before.into_iter().zip(now).enumerate() {
                self.changes[at] += u32::from(before != now);
                self.replica_ms[at] += u128::from(before) * u128::from(time);
            }
        }
        self.last = Some(step.clone());
    }

    /// Average count of the cluster and of the dry run, thousandths.
    fn averages(&self) -> Option<[u64; 2]> {
        let time = u128::from(self.compared_ms);
        let average = |sum: u128| (sum * 1000).checked_div(time).and_then(|n| n.try_into().ok());
        Some([average(self.replica_ms[0])?, average(self.replica_ms[1])?])
    }

    fn length(&self) -> std::time::Duration {
        let end = self.last.as_ref().map_or(0, |last| last.at_ms);
        std::time::Duration::from_millis(end.saturating_sub(self.start_ms.unwrap_or(end)))
    }

    /// The summary in sentences.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {} in {}; both counts were equal in {}.",
            self.name,
            units::plural(self.syncs as usize, "sync"),
            units::duration(self.length()),
            self.equal
        );
        if let Some(DryRunStep { at_ms, cluster_replicas, replicas, .. }) = &self.widest {
            let number = |count: &Option<u32>| count.unwrap_or_default();
            text.push_str(&format!(
                " Furthest apart: {} in the cluster, yours {}, at {}.",
                number(cluster_replicas),
                number(replicas),
                time(*at_ms)
            ));
        }
        if let Some([cluster, own]) = self.averages() {
            let replicas = |milli: u64| units::decimal(i128::from(milli / 10), 2);
            text.push_str(&format!(
                " On average: {} in the cluster ({}), yours {} ({}).",
                units::counted(&replicas(cluster), "replica"),
                units::plural(self.changes[0] as usize, "change"),
                replicas(own),
                units::plural(self.changes[1] as usize, "change")
            ));
        }
        if self.failed > 0 {
            let syncs = units::plural(self.failed as usize, "sync");
            text.push_str(&format!(" {syncs} could not read everything."));
        }
        text
    }

    /// The summary as an object.
    fn value(&self) -> Value {
        let averages = self.averages();
        let side = |at: usize| {
            json!({
                "averageReplicasMilli": averages.map(|averages| averages[at]),
                "changes": self.changes[at],
            })
        };
        json!({ "summary": {
            "hpa": self.name,
            "syncs": self.syncs,
            "equal": self.equal,
            "failed": self.failed,
            "cluster": side(0),
            "yours": side(1),
        }})
    }

    /// The summary as a line of JSON.
    pub fn json(&self) -> String {
        format!("{}\n", self.value())
    }
}

/// The headings of the table; `names` are those of the HPAs.
pub fn heading(names: &[String], printer: &Printer) -> String {
    let hpa = match names {
        [_] => String::new(),
        names => format!("{:<width$}  ", "HPA", width = width(names)),
    };
    let text = format!("{:<TIME_WIDTH$}  {hpa}  NOW  YOURS  BECAUSE", "TIME");
    printer.paint(Style::Bold, &text) + "\n"
}

/// A line of the table.
pub fn row(names: &[String], hpa: usize, step: &DryRunStep, printer: &Printer) -> String {
    let name = names.get(hpa).map(|name| sanitize(name)).unwrap_or_default();
    let hpa = match names {
        [_] => String::new(),
        names => format!("{name:<width$}  ", width = width(names)),
    };
    let count = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let own = format!("{:>5}", count(step.replicas));
    let own = match step.replicas == step.cluster_replicas {
        true => own,
        false => printer.paint(Style::Warn, &own),
    };
    format!(
        "{:<TIME_WIDTH$}  {hpa}{:>5}  {own}  {}\n",
        time(step.at_ms),
        count(step.cluster_replicas),
        sanitize(&step.reason).replace('\n', " ")
    )
}

fn width(names: &[String]) -> usize {
    names.iter().map(|name| name.chars().count()).max().unwrap_or(0)
}

/// A line of JSON.
pub fn json(name: &str, step: &DryRunStep) -> String {
    let value = json!({
        "time": time(step.at_ms),
        "hpa": name,
        "cluster": step.cluster_replicas,
        "yours": step.replicas,
        "because": step.reason,
    });
    format!("{value}\n")
}

/// The header of the CSV.
pub const CSV_HEADER: &str = "time,hpa,cluster,yours,because\n";

/// A line of CSV.
pub fn csv(name: &str, step: &DryRunStep) -> String {
    let count = |count: Option<u32>| count.map_or_else(String::new, |n| n.to_string());
    let mut text = String::new();
    let counts = [count(step.cluster_replicas), count(step.replicas)];
    let [cluster, own] = counts;
    csv::line(
        &mut text,
        vec![time(step.at_ms), name.to_owned(), cluster, own, step.reason.clone()],
    );
    text
}

/// Milliseconds since 1970 as RFC 3339 in whole seconds.
fn time(at_ms: u64) -> String {
    let second = i64::try_from(at_ms / 1000).unwrap_or(i64::MAX);
    Timestamp::from_second(second).unwrap_or_default().to_string()
}
