//! `-o csv`: the rows, with integers; a cell is empty where a figure is unknown.

use oppscale_core::figures::{self, AmountStyle, Column, Format, Kind, Value};
use oppscale_core::resources::{Unit, unit_of};
use oppscale_core::units::decimal;
use oppscale_core::view::{Row, RowKind};

use super::Report;

/// The rows of the report as CSV (RFC 4180, with plain newlines).
pub fn csv(report: &Report) -> String {
    let kinds = &report.kinds;
    let mut columns =
        figures::columns(kinds, Format::Data, &report.choice, report.resources.iter());
    if kinds.contains(&RowKind::Resource) {
        // Each row has the amounts of the resource that it is below.
        columns.retain(|column| {
            column.resource.is_none_or(|resource| Some(resource) == first(report))
        });
    }
    let mut text = String::new();
    if report.has_headings {
        line(&mut text, header(report, &columns));
    }
    for row in &report.rows {
        line(&mut text, cells(report, &columns, row));
    }
    text
}

fn first(report: &Report) -> Option<&str> {
    report.resources.first().map(String::as_str)
}

fn header(report: &Report, columns: &[Column<'_>]) -> Vec<String> {
    let name = |column: &Column<'_>| {
        let figure = column.figure;
        match (column.resource, figure.kind) {
            (Some(resource), _) => {
                let resource = match report.kinds.contains(&RowKind::Resource) {
                    true => "",
                    false => &format!("{resource}_"),
                };
                let unit = match (column.form, column.resource.map(unit_of)) {
                    (AmountStyle::Percent, _) => "_percent",
                    _ if !resource.is_empty() && figure.kind == Kind::Share => "_permille",
                    (_, Some(Unit::Millicores)) if !resource.is_empty() => "_millicores",
                    (_, Some(Unit::Bytes)) if !resource.is_empty() => "_bytes",
                    _ => "",
                };
                vec![format!("{resource}{}{unit}", figure.id)]
            }
            (None, Kind::CountOf) => vec![format!("usable_{}", figure.id), figure.id.to_owned()],
            (None, _) => vec![figure.id.to_owned()],
        }
    };
    let tree = ["depth", "level", "resource"].into_iter().filter(|_| report.is_tree);
    let tree = tree.map(str::to_owned);
    let labels = report.labels.iter().map(|label| format!("label:{label}"));
    let slots = report.further.iter().map(|(replica, _)| format!("slots:{replica}"));
    tree.chain(columns.iter().flat_map(name)).chain(labels).chain(slots).collect()
}

fn cells(report: &Report, columns: &[Column<'_>], row: &Row) -> Vec<String> {
    let text = |column: &Column<'_>| {
        let of_row = row.resource.as_deref();
        let column = Column { resource: of_row.or(column.resource), ..*column };
        let context = report.context("");
        match column.of(row, &context) {
            Value::Absent | Value::Unknown => vec![String::new()],
            Value::Amount(per_mille) if column.form == AmountStyle::Percent => {
                vec![decimal(per_mille, 1)]
            }
            Value::Amount(amount) => vec![amount.to_string()],
            Value::CountOf(part, whole) => {
                vec![part.map(|part| part.to_string()).unwrap_or_default(), whole.to_string()]
            }
            value => vec![column.figure.kind.text(&value, "", true).into_owned()],
        }
    };
    let tree = [
        row.depth.to_string(),
        row.row_kind.noun().to_owned(),
        row.resource.clone().unwrap_or_default(),
    ];
    let tree = tree.into_iter().filter(|_| report.is_tree);
    let labels = report.labels.iter().map(|key| row.labels.get(key).cloned().unwrap_or_default());
    let slots = (0..report.further.len()).map(|at| {
        let slots = row.further_slots.get(at).copied().flatten();
        slots.map(|slots| slots.to_string()).unwrap_or_default()
    });
    tree.chain(columns.iter().flat_map(text)).chain(labels).chain(slots).collect()
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
