//! Tables for people, in the style of kubectl, as wide as the terminal allows.
//!
//! Where a terminal is too narrow, headings are shortened first and then columns left
//! out, never digits. Without a terminal nothing is left out.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets};
use oppscale_core::figures::{self, Context, Figure, Format, Tone, Value};
use oppscale_core::resources::{Amount, PODS, Resources};
use oppscale_core::units;
use oppscale_core::view::{Row, RowKind};
use ratatui::style as color;

use crate::palette::Palette;

use super::Report;
use crate::printer::{Printer, Style, harmless};

/// A column with its headings and cells.
pub(super) struct Column {
    pub(super) long: String,
    pub(super) short: String,
    /// The order in which columns are left out: the greatest first, 0 never.
    pub(super) drop: u8,
    pub(super) left: bool,
    pub(super) cells: Vec<(String, Style)>,
}

/// The table and its footer within the terminal's width, and a note of the columns that were left
/// out, if any were.
pub fn compact(
    report: &Report,
    show_unusable: bool,
    printer: &Printer,
) -> (String, Option<String>) {
    let mut columns = columns_of(report, show_unusable, Format::Table);
    let mut hidden = Vec::new();
    if let Some(width) = printer.width() {
        if table_width(&columns) > width {
            for column in &mut columns {
                column.long.clone_from(&column.short);
            }
        }
        while table_width(&columns) > width {
            let Some(drop) = columns.iter().map(|column| column.drop).max().filter(|d| *d > 0)
            else {
                break;
            };
            let at = columns.iter().position(|column| column.drop == drop);
            hidden.extend(at.map(|at| columns.remove(at).long));
        }
    }
    let mut text = lines(&columns, printer);
    text.push_str(&footer(report, show_unusable, false, printer));
    let hidden = hidden.join(", ");
    let note = format!("too narrow for {hidden}; -o wide shows all");
    (text, (!hidden.is_empty()).then_some(note))
}

/// The table with every column, however wide.
pub fn wide(report: &Report, show_unusable: bool, printer: &Printer) -> String {
    let columns = columns_of(report, show_unusable, Format::Wide);
    lines(&columns, printer) + &footer(report, show_unusable, true, printer)
}

fn columns_of(report: &Report, show_unusable: bool, format: Format) -> Vec<Column> {
    let kind = report.by.row_kind();
    let mut rows: Vec<&Row> = report.shown_rows(show_unusable).collect();
    if kind.is_of_nodes() {
        rows.extend(&report.totals);
    }
    // The count of pods has a column of its own.
    let names = report.resources.iter().enumerate();
    let names = names.filter(|(at, name)| *at == 0 || *name != PODS).map(|(_, name)| name);
    let column = |(figure, resource): (&'static Figure, Option<&str>)| {
        let prefix = match resource {
            Some(name) if report.resources.len() > 1 => name.to_uppercase() + "-",
            _ => String::new(),
        };
        let resource = resource.unwrap_or("");
        Column {
            long: prefix.clone() + figure.heading(kind, false),
            short: prefix + figure.heading(kind, true),
            drop: figure.drop[usize::from(!kind.is_of_nodes())],
            left: figure.is_text(),
            cells: rows.iter().map(|row| cell(figure, row, resource, format)).collect(),
        }
    };
    figures::columns(kind, format, report.usage, names).into_iter().map(column).collect()
}

/// The text of a cell and its style.
fn cell(figure: &Figure, row: &Row, resource: &str, format: Format) -> (String, Style) {
    let is_total = matches!(row.row_kind, RowKind::UsableTotal | RowKind::AllTotal);
    if figure.id == "name" {
        return (row.title(), if is_total { Style::Bold } else { Style::Plain });
    }
    let value = figure.of(row, &Context { resource, ..Context::default() });
    if is_total && value == Value::Absent && !figure.is_of_resource() {
        return (String::new(), Style::Plain);
    }
    let style = match figure.tone_of(row, &value) {
        Tone::Dim => Style::Dim,
        Tone::Warn => Style::Warn,
        Tone::Bad => Style::Bad,
        Tone::Plain | Tone::Strong | Tone::Good | Tone::Paid | Tone::Filler => Style::Plain,
    };
    (figure.kind.text(&value, resource, format == Format::Wide).into_owned(), style)
}

/// The width of the table, as [`lines`] writes it.
fn table_width(columns: &[Column]) -> usize {
    let widest = |column: &Column| {
        let cells = column.cells.iter().map(|(text, _)| console::measure_text_width(text));
        cells.chain([column.long.len()]).max().unwrap_or(0)
    };
    columns.iter().map(widest).sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

/// Spaces between columns, as in kubectl.
const GAP: usize = 2;

pub(super) fn lines(columns: &[Column], printer: &Printer) -> String {
    let mut table = plain_table();
    if printer.is_colored() {
        table.enforce_styling();
    }
    table.set_header(columns.iter().map(|column| styled(&column.long, Style::Bold, printer)));
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for row in 0..rows {
        table.add_row(columns.iter().map(|column| {
            let (text, style) = &column.cells[row];
            styled(text, *style, printer)
        }));
    }
    for (column, of) in table.column_iter_mut().zip(columns) {
        if !of.left {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    finish(&mut table)
}

fn styled(text: &str, style: Style, printer: &Printer) -> Cell {
    // A line break would look like another row.
    let cell = Cell::new(harmless(text).replace('\n', "\u{fffd}"));
    let of = |color: fn(Palette) -> color::Color| printer.palette().map(color);
    let color = match style {
        Style::Plain => return cell,
        Style::Bold => return cell.add_attribute(Attribute::Bold),
        Style::Dim => return cell.add_attribute(Attribute::Dim),
        Style::Warn => of(|palette| palette.warn),
        Style::Bad => of(|palette| palette.bad),
    };
    match color {
        Some(color::Color::Rgb(r, g, b)) => cell.fg(Color::Rgb { r, g, b }),
        Some(color::Color::Indexed(index)) => cell.fg(Color::AnsiValue(index)),
        Some(color::Color::Red) => cell.fg(Color::DarkRed),
        // The terminal's own foreground.
        _ => cell.add_attribute(Attribute::Bold),
    }
}

/// Plain rows in columns, without a heading.
pub fn columns(rows: Vec<Vec<String>>) -> String {
    let mut table = plain_table();
    table.add_rows(rows);
    finish(&mut table)
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table
}

fn finish(table: &mut Table) -> String {
    let last = table.column_count().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at == last { 0 } else { GAP as u16 }));
    }
    let mut text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if table.row_count() == 0 && table.header().is_none() {
        text.clear();
    }
    text
}

/// Hidden nodes, overcommit, demand, reserve, and how many replicas fit.
pub(super) fn footer(
    report: &Report,
    show_unusable: bool,
    is_exact: bool,
    printer: &Printer,
) -> String {
    let headroom = &report.headroom;
    let mut lines = Vec::new();
    let hidden = report.rows.len() - report.shown_rows(show_unusable).count();
    if hidden > 0 {
        let nodes = if hidden == 1 { "1 node is" } else { &format!("{hidden} nodes are") };
        lines.push(format!("{nodes} not usable and not shown (--show-unusable)"));
    }
    let amount_text = if is_exact { units::exact_amount } else { units::amount };
    let text = |amounts: &mut dyn Iterator<Item = (&str, Amount)>| {
        let parts: Vec<_> = amounts
            .filter(|(_, amount)| *amount != 0)
            .map(|(name, amount)| format!("{name} {}", amount_text(name, amount)))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    };
    let listed = |resources: &Resources| {
        text(&mut report.resources.iter().map(|name| (name.as_str(), resources.get(name))))
    };
    // A shortage matters whether or not its resource has a column.
    let overcommit = headroom.usable.overcommit.as_ref();
    if let Some(overcommit) = overcommit.and_then(|short| text(&mut short.present())) {
        lines.push(printer.paint(Style::Bad, &format!("overcommitted: {overcommit}")));
    }
    let unoffered: Vec<_> = headroom.unoffered.names().collect();
    if !unoffered.is_empty() {
        lines.push(format!(
            "unknown: the remaining {}, which no node has in status.allocatable",
            unoffered.join(", ")
        ));
    }
    if let Some(demand) = &headroom.demand {
        if let Some(placeable) = listed(&demand.placeable) {
            lines.push(format!("waiting paid pods request {placeable}"));
        }
        for (amounts, why) in [
            (&demand.blocked, "wait for other paid pods to end"),
            (
                &demand.outranked,
                "have no higher priority than the filler, so they cannot preempt it",
            ),
        ] {
            let pods = amounts.get(PODS);
            if pods > 0 {
                let asks = listed(amounts).map_or_else(String::new, |asks| format!(" for {asks}"));
                let pods = units::plural(usize::try_from(pods).unwrap_or(usize::MAX), "paid pod");
                lines.push(format!("nothing is kept{asks}: {pods} {why}"));
            }
        }
        for pod in &demand.unplaceable {
            let text = format!("unplaceable: pod {}/{} {}", pod.namespace, pod.name, pod.reason);
            lines.push(printer.paint(Style::Warn, &text));
        }
    }
    if let Some(reserve) = listed(&headroom.reserve) {
        lines.push(format!("reserve: {reserve}"));
    }
    lines.push(fit_line(report));
    format!("\n{}\n", lines.join("\n"))
}

fn fit_line(report: &Report) -> String {
    let replica = &report.query.replica;
    let headroom = &report.headroom;
    let Some(fit) = &headroom.fit else {
        return format!("replicas of {replica} that fit: unknown");
    };
    let running = headroom.usable.opportunistic.as_ref().map_or(0, |own| own.get(PODS));
    let (pods, verb) = match running {
        1 => ("pod", "is"),
        _ => ("pods", "are"),
    };
    format!(
        "{} replicas of {replica} fit ({}); {running} opportunistic {pods} {verb} on these nodes",
        fit.replicas, fit.limit
    )
}
