//! `-o csv`: the rows, with integers; a cell is empty where a figure is unknown.

use oppscale_core::figures::{self, Context, Figure, Format, Kind, Value};
use oppscale_core::resources::{Unit, unit_of};
use oppscale_core::view::Row;

use super::Report;

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
    let name = |figure: &Figure, resource: Option<&str>| match (resource, figure.kind) {
        (Some(resource), _) => {
            let unit = match unit_of(resource) {
                Unit::Millicores => "_millicores",
                Unit::Bytes => "_bytes",
                Unit::Count => "",
            };
            vec![format!("{resource}_{}{unit}", figure.id)]
        }
        (None, Kind::CountOf) => vec![format!("usable_{}", figure.id), figure.id.to_owned()],
        (None, _) => vec![figure.id.to_owned()],
    };
    columns(report).into_iter().flat_map(|(figure, resource)| name(figure, resource)).collect()
}

fn cells(report: &Report, row: &Row) -> Vec<String> {
    let text = |figure: &Figure, resource: Option<&str>| {
        let context = Context { resource: resource.unwrap_or(""), ..Context::default() };
        match figure.of(row, &context) {
            Value::Absent | Value::Unknown => vec![String::new()],
            Value::Amount(amount) => vec![amount.to_string()],
            Value::CountOf(part, whole) => {
                vec![part.map(|part| part.to_string()).unwrap_or_default(), whole.to_string()]
            }
            value => vec![figure.kind.text(&value, "", true).into_owned()],
        }
    };
    columns(report).into_iter().flat_map(|(figure, resource)| text(figure, resource)).collect()
}

fn columns(report: &Report) -> Vec<(&'static Figure, Option<&str>)> {
    let kind = report.by.row_kind();
    figures::columns(kind, Format::Data, report.usage, report.resources.iter())
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
