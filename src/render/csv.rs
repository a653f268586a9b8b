//! `-o csv`: the rows, with integers; a cell is empty where a figure is unknown.

use oppscale_core::resources::{Amount, Resources, Unit, unit_of};
use oppscale_core::view::{By, Row};

use super::{Report, usage_of};

/// The rows of the report as CSV (RFC 4180, with plain newlines).
pub fn csv(report: &Report) -> String {
    let mut text = String::new();
    line(&mut text, header(report));
    for row in &report.rows {
        line(&mut text, cells(report, row));
    }
    text
}

fn header(report: &Report) -> Vec<String> {
    let mut names: Vec<String> = match report.by {
        By::Node => ["name", "usable", "state", "reasons"].map(String::from).to_vec(),
        By::Pool(_) => ["name", "usable_nodes", "nodes"].map(String::from).to_vec(),
        By::Namespace => vec!["name".into()],
        By::Workload => ["namespace", "kind", "name"].map(String::from).to_vec(),
    };
    for resource in &report.resources {
        let unit = match unit_of(resource) {
            Unit::Millicores => "_millicores",
            Unit::Bytes => "_bytes",
            Unit::Count => "",
        };
        for figure in figures(report) {
            names.push(format!("{resource}_{figure}{unit}"));
        }
    }
    if has_slots(report) {
        names.push("slots".into());
    }
    names
}

fn cells(report: &Report, row: &Row) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut cells = match report.by {
        By::Node => vec![
            row.name.clone(),
            row.usable.map(|usable| usable.to_string()).unwrap_or_default(),
            row.state.unwrap_or_default().to_owned(),
            row.reasons.join("; "),
        ],
        By::Pool(_) => {
            let (usable, all) = row.nodes.unwrap_or_default();
            vec![row.name.clone(), usable.to_string(), all.to_string()]
        }
        By::Namespace => vec![row.name.clone()],
        By::Workload => vec![text(&row.namespace), text(&row.kind), row.name.clone()],
    };
    for resource in &report.resources {
        for figure in figures(report) {
            let of = |resources: &Option<Resources>| Some(resources.as_ref()?.get(resource));
            cells.push(number(match *figure {
                "allocatable" => of(&row.allocatable),
                "others" => of(&row.others),
                "opportunistic" => of(&row.opportunistic),
                "usage" => usage_of(row, resource),
                _ => of(&row.remaining),
            }));
        }
    }
    if has_slots(report) {
        cells.push(number(row.slots));
    }
    cells
}

fn figures(report: &Report) -> &'static [&'static str] {
    match (has_slots(report), report.usage) {
        (true, false) => &["allocatable", "others", "opportunistic", "remaining"],
        (true, true) => &["allocatable", "others", "opportunistic", "remaining", "usage"],
        (false, false) => &["others", "opportunistic"],
        (false, true) => &["others", "opportunistic", "usage"],
    }
}

fn has_slots(report: &Report) -> bool {
    matches!(report.by, By::Node | By::Pool(_))
}

fn number(amount: Option<Amount>) -> String {
    amount.map(|amount| amount.to_string()).unwrap_or_default()
}

/// One line, quoted where it must be.
pub(super) fn line(text: &mut String, cells: Vec<String>) {
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}
