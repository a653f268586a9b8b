//! Tables for people, in the style of kubectl, as wide as the terminal allows.
//!
//! Where a terminal is too narrow, headings are shortened first and then columns left
//! out, never digits. Without a terminal nothing is left out.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets};
use oppscale_core::demand::what_if::{Loss, Outcome, UnplacedPod};
use oppscale_core::figures::{self, AmountStyle, Format, Kind, Tone, Value};
use oppscale_core::headroom::Headroom;
use oppscale_core::price::Cost;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, MEMORY, PODS, Resources};
use oppscale_core::units;
use oppscale_core::view::{By, Row, RowKind};
use ratatui::style as color;

use crate::palette::Palette;

use super::Report;
use crate::printer::{Printer, Style, sanitize};

/// A column with its headings and cells.
pub(super) struct Column {
    pub(super) long: String,
    pub(super) short: String,
    /// The order in which columns are left out: the greatest first, 0 never.
    pub(super) drop: u8,
    pub(super) left: bool,
    pub(super) cells: Vec<(String, Style)>,
}

impl Column {
    /// A column that is neither shortened nor left out.
    pub(super) fn fixed(heading: &str, left: bool, cells: Vec<(String, Style)>) -> Self {
        Self { long: heading.to_owned(), short: heading.to_owned(), drop: 0, left, cells }
    }
}

/// Columns that are left out before the amounts of further resources: those of this order on.
const LEAST: u8 = 7;

/// The table and its footer within the terminal's width, and a note of the columns that were left
/// out, if any were.
pub fn compact(
    report: &Report,
    show_unusable: bool,
    printer: &Printer,
) -> (String, Option<String>) {
    let rows = shown_rows(report, show_unusable);
    let usual: Vec<&str> = amount_resources(report).collect();
    let mut columns = columns_of(report, &rows, Format::Table, &usual, printer);
    let mut hidden = Vec::new();
    if let Some(width) = printer.width() {
        shorten(&mut columns, width);
        leave_out(&mut columns, width, LEAST, &mut hidden);
        if table_width(&columns) > width && usual.len() > 1 && report.choice.columns.is_none() {
            // Of further resources only what share of them is requested.
            columns = columns_of(report, &rows, Format::Table, &usual[..1], printer);
            shorten(&mut columns, width);
            let further = usual[1..].iter().filter(|name| **name != MEMORY);
            hidden = further.map(|name| format!("amounts of {name}")).collect();
        }
        leave_out(&mut columns, width, 1, &mut hidden);
        // The percentage of memory would show amounts that were not requested.
        hidden.sort_by_key(|heading| heading.ends_with("-REQ%"));
    }
    let mut text = lines(&columns, report.has_headings, printer);
    text.push_str(&footer(report, show_unusable, false, printer));
    let hidden = hidden.join(", ");
    let note = format!("too narrow for {hidden}; -o wide shows all");
    (text, (!hidden.is_empty()).then_some(note))
}

/// The table with every column, however wide.
pub fn wide(report: &Report, show_unusable: bool, printer: &Printer) -> String {
    let rows = shown_rows(report, show_unusable);
    let resources: Vec<&str> = amount_resources(report).collect();
    let columns = columns_of(report, &rows, Format::Wide, &resources, printer);
    lines(&columns, report.has_headings, printer) + &footer(report, show_unusable, true, printer)
}

fn shorten(columns: &mut [Column], width: usize) {
    if table_width(columns) > width {
        for column in columns {
            column.long.clone_from(&column.short);
        }
    }
}

/// Leaves columns out while the table is too wide, the greatest order first, down to `least`.
fn leave_out(columns: &mut Vec<Column>, width: usize, least: u8, hidden: &mut Vec<String>) {
    while table_width(columns) > width {
        let Some(drop) = columns.iter().map(|column| column.drop).max().filter(|d| *d >= least)
        else {
            break;
        };
        let at = columns.iter().position(|column| column.drop == drop);
        hidden.extend(at.map(|at| columns.remove(at).long));
    }
}

fn shown_rows(report: &Report, show_unusable: bool) -> Vec<&Row> {
    let mut rows: Vec<&Row> = report.shown_rows(show_unusable || report.is_tree).collect();
    if report.kinds.iter().all(|kind| kind.is_of_nodes()) {
        rows.extend(&report.totals);
    }
    rows.extend(&report.rows_total);
    rows
}

/// The resources whose amounts have columns: in a tree by resource, each row has its own.
fn amount_resources(report: &Report) -> impl Iterator<Item = &str> {
    let has_own = report.kinds.contains(&RowKind::Resource);
    let names = report.resources.iter().map(String::as_str).enumerate();
    // The count of pods has a column of its own.
    let is_shown = move |(at, name): &(usize, &str)| *at == 0 || !has_own && *name != PODS;
    names.filter(is_shown).map(|(_, name)| name)
}

/// The columns, with the amounts of `resources` and the requested share of the others.
fn columns_of(
    report: &Report,
    rows: &[&Row],
    format: Format,
    resources: &[&str],
    printer: &Printer,
) -> Vec<Column> {
    let kind = report.kinds.first().copied().unwrap_or_default();
    let of_owners = usize::from(!kind.is_of_nodes());
    let names: Vec<String> = resources.iter().map(|name| (*name).to_owned()).collect();
    let mut figures = figures::columns(&report.kinds, format, &report.choice, names.iter());
    let is_named = report.choice.columns.is_some();
    if report.is_tree && !is_named {
        // The rows above a row say the same.
        let has = |kind| report.kinds.contains(&kind);
        figures.retain(|column| match column.figure.id {
            "namespace" => false,
            "node" => !has(RowKind::Node) && !has(RowKind::NodeOfWorkload),
            "owner" => !has(RowKind::Workload),
            _ => true,
        });
    }
    if !is_named {
        let amounts = amount_resources(report).filter(|name| !resources.contains(name));
        let share = figures::find("share").filter(|figure| figure.rows.contains(&kind));
        let share = share.map(|figure| {
            let column = |name| figures::Column {
                figure,
                resource: Some(name),
                form: AmountStyle::default(),
            };
            amounts.map(column).collect::<Vec<_>>()
        });
        let after = figures.iter().rposition(|column| column.resource.is_some());
        let after = after.map_or(figures.len(), |at| at + 1);
        figures.splice(after..after, share.unwrap_or_default());
    }
    let distinct = |column: &figures::Column<'_>| column.resource != resources.first().copied();
    let has_prefix =
        figures.iter().any(|c| distinct(c) && c.figure.kind != Kind::Share && c.resource.is_some());
    let column = |of: figures::Column<'_>| {
        let resource = of.resource.unwrap_or("");
        let is_first = Some(resource) == resources.first().copied();
        let is_further = !resource.is_empty() && !is_first;
        let needs_prefix = !resource.is_empty()
            && (has_prefix || !is_first)
            && !report.kinds.contains(&RowKind::Resource);
        let prefix = |name: &str| match needs_prefix {
            true => name.to_uppercase() + "-",
            false => String::new(),
        };
        let percent = if of.form == AmountStyle::Percent { "%" } else { "" };
        let heading = |is_short| match of.figure.id {
            "name" if report.is_tree => tree_heading(report),
            "slots" if !report.further.is_empty() => format!("SLOTS {}", report.query.replica),
            _ => format!("{}{percent}", of.figure.heading(kind, is_short)),
        };
        let short = if resource == MEMORY { "mem" } else { resource };
        let order = of.figure.drop[of_owners];
        Column {
            long: prefix(resource) + &heading(false),
            short: prefix(short) + &heading(true),
            drop: if is_named || order == 0 { 0 } else { order + u8::from(is_further) },
            left: of.figure.is_text(),
            cells: rows.iter().map(|row| cell(&of, row, report, format, printer)).collect(),
        }
    };
    let slots = figures.iter().position(|column| column.figure.id == "slots");
    let labels = figures.iter().position(|column| column.resource.is_some());
    let labels = labels.unwrap_or(figures.len());
    let mut columns: Vec<Column> = figures.into_iter().map(column).collect();
    if let Some(slots) = slots {
        let further = report.further.iter().enumerate().map(|(at, (replica, _))| {
            let cell = |row: &&Row| match row.further_slots.get(at) {
                Some(Some(slots)) => (slots.to_string(), Style::Plain),
                _ => ("?".to_owned(), Style::Warn),
            };
            let heading = replica.to_string();
            let cells = rows.iter().map(cell).collect();
            Column::fixed(&heading, false, cells)
        });
        columns.splice(slots + 1..slots + 1, further);
    }
    let label = |key: &String| {
        // As `kubectl -L` has it: without what stands before the slash.
        let heading = key.rsplit('/').next().unwrap_or(key).to_uppercase();
        let cell = |row: &&Row| (row.labels.get(key).cloned().unwrap_or_default(), Style::Plain);
        let cells = rows.iter().map(cell).collect();
        Column::fixed(&heading, true, cells)
    };
    columns.splice(labels..labels, report.labels.iter().map(label));
    columns
}

fn tree_heading(report: &Report) -> String {
    report.kinds.iter().map(|kind| kind.heading()).collect::<Vec<_>>().join("/")
}

/// The text of a cell and its style.
fn cell(
    column: &figures::Column<'_>,
    row: &Row,
    report: &Report,
    format: Format,
    printer: &Printer,
) -> (String, Style) {
    let figure = column.figure;
    if figure.id == "name" {
        let style = if row.row_kind.is_total() { Style::Bold } else { Style::Plain };
        // In a tree without a level of namespaces, the name needs its own.
        let namespace = row
            .namespace
            .as_ref()
            .filter(|_| report.is_tree && !report.kinds.contains(&RowKind::Namespace));
        let namespace = namespace.map(|name| format!("{name}/")).unwrap_or_default();
        return (branch(row, printer) + &namespace + &row.title(), style);
    }
    let resource = row.resource.as_deref().or(column.resource).unwrap_or("");
    let context = report.context(resource);
    let value = figure.of(row, &context);
    let has_none = value == Value::Absent && !figure.is_of_resource();
    if has_none && (row.row_kind.is_total() || report.is_tree) {
        return (String::new(), Style::Plain);
    }
    let style = match figure.tone_of(row, &value) {
        Tone::Dim => Style::Dim,
        Tone::Warn => Style::Warn,
        Tone::Bad => Style::Bad,
        Tone::Plain | Tone::Strong | Tone::Good | Tone::Paid | Tone::Filler => Style::Plain,
    };
    (column.text(row, &context, format == Format::Wide), style)
}

/// The branches before the name of a row of a tree.
fn branch(row: &Row, printer: &Printer) -> String {
    let sign = if printer.is_unicode() { "└ " } else { "- " };
    match row.depth {
        0 => String::new(),
        depth => "  ".repeat(depth - 1) + sign,
    }
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

pub(super) fn lines(columns: &[Column], has_headings: bool, printer: &Printer) -> String {
    let mut table = plain_table();
    if printer.is_colored() {
        table.enforce_styling();
    }
    if has_headings {
        table.set_header(columns.iter().map(|column| styled(&column.long, Style::Bold, printer)));
    }
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
    let cell = Cell::new(sanitize(text).replace('\n', "\u{fffd}"));
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
    let is_whole = show_unusable || report.is_tree;
    let hidden = report.rows.len() - report.shown_rows(is_whole).count();
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
    // What is kept or short matters whether or not its resource has a column.
    let listed =
        |resources: &Resources| text(&mut resources.present().filter(|(name, _)| *name != PODS));
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
    if let Some((hole, free)) = report.query.reserve.hole().zip(headroom.holes) {
        let places = units::plural(hole.count as usize, "place");
        lines.push(format!("{places} for a paid pod of {}: {free} free now", hole.pod));
    }
    // Each filler has a replica of its own, whose fit is in its row.
    if report.by != By::Filler {
        lines.push(fit_line(&report.query.replica, headroom));
        lines.extend(report.further.iter().map(|(replica, headroom)| fit_line(replica, headroom)));
        if headroom.fit.as_ref().is_some_and(|fit| fit.replicas == 0) {
            lines.extend(misfit_lines(report, &listed));
        }
    }
    if !report.prices.is_empty() {
        lines.push(cost_line(report.cost()));
    }
    if let Some(outcome) = &report.what_if {
        lines.extend(what_if_lines(outcome, &listed, printer));
    }
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n{}\n", lines.join("\n")),
    }
}

fn fit_line(replica: &Replica, headroom: &Headroom) -> String {
    let Some(fit) = &headroom.fit else {
        return format!("replicas of {replica} that fit: unknown");
    };
    let running = headroom.usable.opportunistic.as_ref().map_or(0, |own| own.get(PODS));
    let (pods, verb) = match running {
        1 => ("pod", "is"),
        _ => ("pods", "are"),
    };
    let fits = if fit.replicas == 1 { "fits" } else { "fit" };
    format!(
        "{} of {replica} {fits} ({}); {running} opportunistic {pods} {verb} on these nodes",
        units::counted(&fit.replicas.to_string(), "replica"),
        fit.limit
    )
}

/// Why no replica fits, and where one would.
fn misfit_lines(report: &Report, listed: &dyn Fn(&Resources) -> Option<String>) -> Vec<String> {
    let (headroom, replica) = (&report.headroom, &report.query.replica);
    let mut lines = Vec::new();
    if let Some((node, lacking)) = headroom.nearest_fit(replica)
        && let Some(lacking) = listed(&lacking)
    {
        lines.push(format!("node {node} comes nearest; it lacks {lacking}"));
    }
    for room in headroom.tainted_room(&report.query) {
        let nodes = units::plural(room.nodes, "node");
        let flags: Vec<_> = room.taints.iter().map(|key| format!("--tolerate {key}")).collect();
        let (taints, flags) = (room.taints.join(" and "), flags.join(" "));
        lines.push(format!("{} would on {nodes} tainted {taints}: {flags}", room.replicas));
    }
    lines
}

fn cost_line(cost: Cost) -> String {
    let money = |amount: f64| units::count(amount.round() as u64);
    let share = |part: f64, whole: f64| match whole > 0.0 {
        true => format!("{:.0}%", 100.0 * part / whole),
        false => "-".to_owned(),
    };
    format!(
        "a month of usable nodes costs {}; {} of it idles without fillers ({}), of which fillers use {} ({})",
        money(cost.allocatable),
        money(cost.idle),
        share(cost.idle, cost.allocatable),
        money(cost.opportunistic),
        share(cost.opportunistic, cost.idle),
    )
}

/// The lines on paid pods after changes of nodes.
fn what_if_lines(
    outcome: &Outcome,
    listed: &dyn Fn(&Resources) -> Option<String>,
    printer: &Printer,
) -> Vec<String> {
    let moved = |loss: &Loss| {
        let pods = units::plural(loss.displaced, "paid pod");
        match listed(&loss.requests) {
            Some(requests) => format!("{pods} ({requests})"),
            None => pods,
        }
    };
    let mut lines = Vec::new();
    let mut name = |pods: &[UnplacedPod]| {
        for UnplacedPod { namespace, name, reason } in pods {
            let line = format!("no place for pod {namespace}/{name}: {reason}");
            lines.push(printer.paint(Style::Bad, &line));
        }
    };
    let added = match outcome.added {
        0 => String::new(),
        added => format!("with {} more, ", units::plural(added, "node")),
    };
    let verdict = |pods: &[UnplacedPod]| match pods.len() {
        0 => "all find a place".to_owned(),
        few => format!("{few} find no place"),
    };
    let mut sentences = Vec::new();
    if let Some(loss) = &outcome.loss {
        name(&loss.unplaced);
        let (nodes, moved) = (loss.nodes.join(", "), moved(loss));
        let verdict = verdict(&loss.unplaced);
        let fillers = units::plural(loss.fillers, "filler");
        sentences.push(format!(
            "{added}without {nodes}: {moved} must move, {verdict}; {fillers} would be lost"
        ));
    } else if !added.is_empty() {
        name(&outcome.unplaced);
        sentences.push(match outcome.unplaced.len() {
            0 => format!("{added}every paid pod has a place"),
            few => format!("{added}{} still without a place", units::plural(few, "paid pod")),
        });
    }
    if let Some(survival) = &outcome.survival {
        let (domain, worst, moved) = (&survival.domain, &survival.worst, moved(&survival.loss));
        name(&survival.loss.unplaced);
        let tried = survival.tried;
        sentences.push(match survival.fatal.len() {
            0 => format!(
                "the loss of any one {domain} is survived ({tried} tried); the worst is {worst}: \
                 {moved} must move"
            ),
            fatal => format!(
                "the loss of one {domain} is not survived ({fatal} of {tried} tried); the worst is \
                 {worst}: {moved} must move, {}",
                verdict(&survival.loss.unplaced)
            ),
        });
    }
    lines.extend(sentences);
    lines
}
