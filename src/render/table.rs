//! Tables for people: kubectl's look, as wide as the terminal allows.
//!
//! Where a terminal is too narrow, headings are shortened first and then columns left
//! out, never digits. Without a terminal nothing is left out.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets};

use crate::printer::{Printer, Style, harmless};
use oppscale_core::headroom::Totals;
use oppscale_core::replica::exact_text;
use oppscale_core::resources::{Amount, PODS, Resources, Unit, unit_of};
use oppscale_core::view::{By, Row};

use super::footer::footer;
use super::{Report, is_shown, usage_of};

/// What stands for an unknown figure.
const UNKNOWN: &str = "?";
/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// A column: its headings, its cells from the top, and when it is left out.
pub(super) struct Column {
    pub(super) long: String,
    pub(super) short: String,
    /// The greater, the sooner it is left out; 0 never.
    pub(super) spare: u8,
    pub(super) left: bool,
    pub(super) cells: Vec<(String, Style)>,
}

/// The table and what follows it, within the terminal's width; and a note of the columns
/// that were left out, if any were.
pub fn compact(
    report: &Report,
    show_unusable: bool,
    printer: &Printer,
) -> (String, Option<String>) {
    let mut columns = columns_of(report, show_unusable, false);
    let mut hidden = Vec::new();
    if let Some(width) = printer.width() {
        if table_width(&columns) > width {
            for column in &mut columns {
                column.long.clone_from(&column.short);
            }
        }
        while table_width(&columns) > width {
            let Some(spare) = columns.iter().map(|column| column.spare).max().filter(|s| *s > 0)
            else {
                break;
            };
            let at = columns.iter().position(|column| column.spare == spare);
            hidden.extend(at.map(|at| columns.remove(at).long));
        }
    }
    let mut text = lines(&columns, printer);
    text.push_str(&footer(report, show_unusable, printer));
    let hidden = hidden.join(", ");
    let note = format!("too narrow for {hidden}; -o wide shows all");
    (text, (!hidden.is_empty()).then_some(note))
}

/// The table with every column, however wide.
pub fn wide(report: &Report, show_unusable: bool, printer: &Printer) -> String {
    let columns = columns_of(report, show_unusable, true);
    lines(&columns, printer) + &footer(report, show_unusable, printer)
}

fn columns_of(report: &Report, show_unusable: bool, wide: bool) -> Vec<Column> {
    let rows: Vec<&Row> =
        report.rows.iter().filter(|row| is_shown(row, &report.by, show_unusable)).collect();
    let mut columns = identity(report, &rows);
    let several = report.resources.len() > 1;
    for (number, resource) in report.resources.iter().enumerate() {
        // The count of pods has a column of its own.
        if resource == PODS && number > 0 {
            continue;
        }
        for figure in figures(report, wide) {
            columns.push(figure_column(report, &rows, resource, *figure, several));
        }
    }
    if has_nodes(report) {
        columns.push(slots_column(report, &rows));
    }
    columns.push(pods_column(report, &rows));
    if wide && report.by == By::Node {
        let reason = |row: &&Row| (row.reasons.join("; "), Style::Dim);
        columns.push(Column {
            long: "WHY".into(),
            short: "WHY".into(),
            spare: 0,
            left: true,
            cells: pad(rows.iter().map(reason).collect(), totals_of(report).len()),
        });
    }
    columns
}

/// Name, and for nodes the state.
fn identity(report: &Report, rows: &[&Row]) -> Vec<Column> {
    let heading = match report.by {
        By::Node => "NODE",
        By::Pool(_) => "POOL",
        By::Namespace => "NAMESPACE",
        By::Workload => "WORKLOAD",
    };
    let name = |row: &&Row| {
        let name = match &row.kind {
            Some(kind) => format!("{}/{}", kind.to_lowercase(), row.name),
            None if row.name.is_empty() => "(none)".to_owned(),
            None => row.name.clone(),
        };
        (name, Style::Plain)
    };
    let left = |heading: &str, spare, cells| Column {
        long: heading.to_owned(),
        short: heading.to_owned(),
        spare,
        left: true,
        cells,
    };
    let mut names: Vec<_> = rows.iter().map(name).collect();
    names.extend(totals_of(report).into_iter().map(|(label, _, _)| (label, Style::Bold)));
    let mut columns = Vec::new();
    if report.by == By::Workload {
        let cells =
            rows.iter().map(|row| (row.namespace.clone().unwrap_or_default(), Style::Plain));
        columns.push(left("NAMESPACE", 0, cells.collect()));
    }
    columns.push(left(heading, 0, names));
    if report.by == By::Node {
        let state = |row: &&Row| {
            let style = if row.usable == Some(true) { Style::Plain } else { Style::Warn };
            (row.state.unwrap_or(UNKNOWN).to_owned(), style)
        };
        let cells = pad(rows.iter().map(state).collect(), totals_of(report).len());
        columns.push(left("STATE", 2, cells));
    }
    if matches!(report.by, By::Pool(_)) {
        let nodes = |row: &&Row| {
            let (usable, all) = row.nodes.unwrap_or_default();
            (format!("{usable}/{all}"), Style::Plain)
        };
        let cells = pad(rows.iter().map(nodes).collect(), totals_of(report).len());
        columns.push(left("NODES", 2, cells));
    }
    columns
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Figure {
    Allocatable,
    Others,
    Opportunistic,
    Remaining,
    Free,
    Usage,
}

fn figures(report: &Report, wide: bool) -> &'static [Figure] {
    use Figure::{Allocatable, Free, Opportunistic, Others, Remaining, Usage};
    match (has_nodes(report), wide, report.usage) {
        (true, false, false) => &[Allocatable, Others, Opportunistic, Remaining],
        (true, false, true) => &[Allocatable, Others, Opportunistic, Remaining, Usage],
        (true, true, false) => &[Allocatable, Others, Opportunistic, Remaining, Free],
        (true, true, true) => &[Allocatable, Others, Opportunistic, Remaining, Free, Usage],
        (false, _, false) => &[Others, Opportunistic],
        (false, _, true) => &[Others, Opportunistic, Usage],
    }
}

impl Figure {
    /// Long and short heading, and how soon the column may go.
    fn heading(self) -> (&'static str, &'static str, u8) {
        match self {
            Self::Allocatable => ("ALLOCATABLE", "ALLOC", 4),
            Self::Others => ("OTHERS", "OTHERS", 3),
            Self::Opportunistic => ("OPPORTUNISTIC", "OPP", 1),
            Self::Remaining => ("REMAINING", "REMAIN", 0),
            Self::Free => ("FREE", "FREE", 0),
            Self::Usage => ("USAGE", "USAGE", 6),
        }
    }

    fn of_row(self, row: &Row) -> Option<Resources> {
        match self {
            Self::Allocatable => row.allocatable.clone(),
            Self::Others => row.others.clone(),
            Self::Opportunistic => row.opportunistic.clone(),
            Self::Remaining => row.remaining.clone(),
            Self::Free => Some(row.remaining.as_ref()?.minus(row.opportunistic.as_ref()?)),
            Self::Usage => row.usage.clone(),
        }
    }

    fn of_totals(self, totals: &Totals, remaining: Option<&Resources>) -> Option<Resources> {
        match self {
            Self::Allocatable => Some(totals.allocatable.clone()),
            Self::Others => totals.others.clone(),
            Self::Opportunistic => totals.opportunistic.clone(),
            Self::Remaining => remaining.cloned(),
            Self::Free => {
                let occupied = totals.others.as_ref()?;
                Some(totals.allocatable.minus(occupied).minus(totals.opportunistic.as_ref()?))
            }
            Self::Usage => None,
        }
    }
}

fn figure_column(
    report: &Report,
    rows: &[&Row],
    resource: &str,
    figure: Figure,
    several: bool,
) -> Column {
    let (long, short, spare) = figure.heading();
    let prefix = if several { format!("{}-", resource.to_uppercase()) } else { String::new() };
    let get = |resources: Option<Resources>| resources.map(|resources| resources.get(resource));
    let cell = |amount: Option<Amount>| match (amount, figure) {
        (None, Figure::Usage) => (NOTHING.to_owned(), Style::Dim),
        (None, _) => (UNKNOWN.to_owned(), Style::Warn),
        (Some(amount), _) => {
            let style = if amount < 0 { Style::Bad } else { Style::Plain };
            (amount_text(resource, amount), style)
        }
    };
    let of_row = |row: &&Row| match figure {
        Figure::Usage => usage_of(row, resource),
        _ => get(figure.of_row(row)),
    };
    let mut cells: Vec<_> = rows.iter().map(|row| cell(of_row(row))).collect();
    let totals = totals_of(report);
    let of_totals =
        |(at, (_, totals, left)): (usize, &(String, &Totals, Option<&Resources>))| match figure {
            Figure::Usage => usage_total(report, resource, at == 0),
            _ => get(figure.of_totals(totals, *left)),
        };
    cells.extend(totals.iter().enumerate().map(|total| cell(of_totals(total))));
    Column { long: prefix.clone() + long, short: prefix + short, spare, left: false, cells }
}

/// What the nodes use together, the usable ones or all; `None` when one has no figure.
fn usage_total(report: &Report, resource: &str, usable: bool) -> Option<Amount> {
    let counts = |row: &&Row| row.usable == Some(true) || !usable;
    let nodes = report.rows.iter().filter(|_| report.by == By::Node).filter(counts);
    let used: Option<Vec<Amount>> = nodes.map(|row| usage_of(row, resource)).collect();
    used.filter(|used| !used.is_empty()).map(|used| used.iter().sum())
}

/// An amount for the eye: exact, but for bytes that only a number of ten digits and more
/// could write. Those are cut to a tenth of a GiB; `-o json` has the bytes.
pub(super) fn amount_text(resource: &str, amount: Amount) -> String {
    let exact = exact_text(resource, amount);
    if unit_of(resource) != Unit::Bytes || exact.len() < 10 {
        return exact;
    }
    let tenths = amount * 10 / (1 << 30);
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{}Gi", tenths.abs() / 10, tenths.abs() % 10)
}

fn slots_column(report: &Report, rows: &[&Row]) -> Column {
    let cell = |slots: Option<Amount>| match slots {
        Some(slots) => (slots.to_string(), Style::Plain),
        None => (UNKNOWN.to_owned(), Style::Warn),
    };
    let mut cells: Vec<_> = rows.iter().map(|row| cell(row.slots)).collect();
    cells.extend(totals_of(report).iter().map(|(_, totals, _)| cell(totals.slots)));
    Column { long: "SLOTS".into(), short: "SLOTS".into(), spare: 0, left: false, cells }
}

fn pods_column(report: &Report, rows: &[&Row]) -> Column {
    let text = |pods: Option<Amount>, of: Option<&Resources>| {
        let pods = pods.map_or_else(|| UNKNOWN.to_owned(), |pods| pods.to_string());
        let text = match of {
            Some(allocatable) => format!("{pods}/{}", allocatable.get(PODS)),
            None => pods,
        };
        (text, Style::Plain)
    };
    let mut cells: Vec<_> =
        rows.iter().map(|row| text(row.pods(), row.allocatable.as_ref())).collect();
    for (_, totals, _) in totals_of(report) {
        let pods = totals.others.as_ref().zip(totals.opportunistic.as_ref());
        let pods = pods.map(|(others, own)| others.get(PODS) + own.get(PODS));
        cells.push(text(pods, Some(&totals.allocatable)));
    }
    Column { long: "PODS".into(), short: "PODS".into(), spare: 5, left: false, cells }
}

/// The rows of totals: label, sums, and what remains.
fn totals_of(report: &Report) -> Vec<(String, &Totals, Option<&Resources>)> {
    if !has_nodes(report) {
        return Vec::new();
    }
    let headroom = &report.headroom;
    let row = |label: &str, totals: &Totals| format!("{label} ({})", totals.nodes_text());
    vec![
        (row("usable", &headroom.usable), &headroom.usable, headroom.usable.remaining.as_ref()),
        (row("all", &headroom.all), &headroom.all, headroom.all.remaining.as_ref()),
    ]
}

fn has_nodes(report: &Report) -> bool {
    matches!(report.by, By::Node | By::Pool(_))
}

fn pad(mut cells: Vec<(String, Style)>, totals: usize) -> Vec<(String, Style)> {
    cells.extend(std::iter::repeat_n((String::new(), Style::Plain), totals));
    cells
}

/// The width of the table, as [`lines`] writes it.
fn table_width(columns: &[Column]) -> usize {
    let widest = |column: &Column| {
        let cells = column.cells.iter().map(|(text, _)| console::measure_text_width(text));
        cells.chain([column.long.len()]).max().unwrap_or(0)
    };
    columns.iter().map(widest).sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

/// Spaces between columns, as kubectl has it at the least.
const GAP: usize = 2;

pub(super) fn lines(columns: &[Column], printer: &Printer) -> String {
    let mut table = plain_table();
    if printer.is_colored() {
        table.enforce_styling();
    }
    table.set_header(columns.iter().map(|column| styled(&column.long, Style::Bold)));
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for row in 0..rows {
        table.add_row(columns.iter().map(|column| {
            let (text, style) = &column.cells[row];
            styled(text, *style)
        }));
    }
    for (column, of) in table.column_iter_mut().zip(columns) {
        if !of.left {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    finish(&mut table)
}

fn styled(text: &str, style: Style) -> Cell {
    // A line of its own would be another row.
    let cell = Cell::new(harmless(text).replace('\n', "\u{fffd}"));
    match style {
        Style::Plain => cell,
        Style::Bold => cell.add_attribute(Attribute::Bold),
        Style::Dim => cell.add_attribute(Attribute::Dim),
        Style::Warn => cell.fg(Color::DarkYellow),
        Style::Bad => cell.fg(Color::DarkRed),
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
