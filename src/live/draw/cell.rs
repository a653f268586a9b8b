//! What stands in one cell.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bar::bar;
use super::pen::Pen;
use crate::live::ask::hpas::HpaItem;
use crate::live::ask::pods::PodItem;
use crate::live::column::{Column, Figure, Head};
use crate::live::item::UNKNOWN;
use crate::live::item::{self, Items, Measure};
use crate::live::state::State;
use crate::terminal::Part;
use oppscale_core::resources::{Amount, PODS, Resources};
use oppscale_core::units;
use oppscale_core::view::Row;

/// Draws the cell of row number `at`.
pub(super) fn cell(state: &State, at: usize, head: &Head, place: Rect, pen: &mut Pen<'_>) {
    let items = &state.pane().items;
    match (head.column, items) {
        (Column::Name, _) => return name(state, at, place, pen),
        (Column::Namespace, _) => {
            pen.put(place, items.names(at).0, Style::default());
            return;
        }
        (Column::Bar(resource), Items::Rows(rows)) => {
            if let Some(row) = rows.get(at) {
                row_bar(state, row, resource, place, pen);
            }
            return;
        }
        _ => {}
    }
    let (text, style) = match items {
        Items::Unknown => return,
        Items::Rows(rows) => {
            let Some(row) = rows.get(at) else { return };
            of_row(state, row, head.column, pen)
        }
        Items::Pods(pods) => {
            let Some(pod) = pods.get(at) else { return };
            of_pod(state, pod, head.column, pen)
        }
        Items::Hpas(hpas) => {
            let Some(hpa) = hpas.get(at) else { return };
            of_hpa(state, hpa, head.column, pen)
        }
    };
    match head.right {
        true => drop(pen.put_right(place, &text, style)),
        false => drop(pen.put(place, &text, style)),
    }
}

/// The name, with what the filter found in it.
fn name(state: &State, at: usize, place: Rect, pen: &mut Pen<'_>) {
    let pane = state.pane();
    let (_, kind, name) = pane.items.names(at);
    let text = match (kind, name) {
        ("", "") => "(none)".to_owned(),
        ("", name) => name.to_owned(),
        (kind, name) => format!("{}/{name}", kind.to_lowercase()),
    };
    pen.put(place, &text, Style::default());
    // Only where a byte is a column.
    if !pane.filter().is_empty() && text.is_ascii() {
        for (from, to) in pane.filter().found(&text) {
            let (from, to) = (from.min(place.width.into()), to.min(place.width.into()));
            let found = Rect {
                x: place.x + from as u16,
                width: (to - from) as u16,
                height: place.height.min(1),
                ..place
            };
            pen.buf.set_style(found, pen.look.warn());
        }
    }
}

fn of_row(state: &State, row: &Row, column: Column, pen: &Pen<'_>) -> (String, Style) {
    let plain = Style::default();
    let measured = state.measured.as_ref();
    let whole = measured.map(|measured| &measured.usable.allocatable);
    let by = Measure { resources: state.resources(), whole };
    let count = |count: Option<Amount>| match count {
        Some(count) => (count.to_string(), plain),
        None => (UNKNOWN.to_owned(), pen.look.warn()),
    };
    match column {
        Column::State => {
            let style = if row.usable == Some(true) { plain } else { pen.look.warn() };
            (row.state.unwrap_or(UNKNOWN).to_owned(), style)
        }
        Column::Nodes => {
            let (usable, all) = row.nodes.unwrap_or_default();
            (format!("{usable}/{all}"), if usable < all { pen.look.warn() } else { plain })
        }
        Column::Sum(figure, resource) => {
            let name = by.name(resource).unwrap_or_default();
            figure_text(item::sum(row, figure, name), figure, name, pen)
        }
        Column::Percent(resource) => match item::per_mille(row, by, resource) {
            Some(per_mille) => (format!("{}", per_mille / 10), plain),
            None => (UNKNOWN.to_owned(), pen.look.warn()),
        },
        Column::Slots => count(row.slots),
        Column::Pods => match &row.allocatable {
            Some(allocatable) => {
                let (text, style) = count(row.pods());
                (format!("{text}/{}", allocatable.get(PODS)), style)
            }
            None => count(row.pods()),
        },
        Column::Why => (row.reasons.join("; "), pen.look.dim()),
        _ => (String::new(), plain),
    }
}

fn figure_text(
    amount: Option<Amount>,
    figure: Figure,
    resource: &str,
    pen: &Pen<'_>,
) -> (String, Style) {
    match amount {
        None => (UNKNOWN.to_owned(), pen.look.warn()),
        Some(amount) => {
            let style = match figure {
                _ if amount < 0 => pen.look.bad(),
                Figure::Remain => pen.look.bold(),
                Figure::Own if amount > 0 => pen.look.style(Part::Own),
                _ => Style::default(),
            };
            (units::amount(resource, amount), style)
        }
    }
}

fn row_bar(state: &State, row: &Row, resource: usize, place: Rect, pen: &mut Pen<'_>) {
    let Some(name) = state.resources().get(resource) else { return };
    let of = |resources: &Option<Resources>| resources.as_ref().map(|r| r.get(name));
    let Some((others, own)) = of(&row.others).zip(of(&row.opportunistic)) else {
        pen.put(place, UNKNOWN, pen.look.warn());
        return;
    };
    let usable = state.measured.as_ref().map(|measured| measured.usable.allocatable.get(name));
    match (of(&row.allocatable), usable) {
        (Some(whole), _) => {
            let short = (others + own - whole).max(0);
            let parts = [
                (Part::Paid, others - short.min(others)),
                (Part::Own, own),
                (Part::Free, (whole - others - own).max(0)),
                (Part::Short, short),
            ];
            bar(&parts, whole, place, pen);
        }
        (None, Some(whole)) if row.usable.is_none() => {
            bar(&[(Part::Paid, others), (Part::Own, own)], whole, place, pen)
        }
        (None, _) => drop(pen.put(place, UNKNOWN, pen.look.warn())),
    }
}

fn of_pod(state: &State, pod: &PodItem, column: Column, pen: &Pen<'_>) -> (String, Style) {
    let plain = Style::default();
    match column {
        Column::Whose if pod.own => ("opp".to_owned(), pen.look.style(Part::Own)),
        Column::Whose => ("others".to_owned(), pen.look.style(Part::Paid)),
        Column::Request(resource) => {
            let name = state.resources().get(resource).map_or("", String::as_str);
            let amount = pod.count.as_ref().ok().map(|(total, _)| total.get(name));
            figure_text(amount, Figure::Alloc, name, pen)
        }
        Column::Phase if pod.phase == "Running" => (pod.phase.clone(), plain),
        Column::Phase => (pod.phase.clone(), pen.look.warn()),
        Column::Age => (ago(state, pod.created), plain),
        _ => (String::new(), plain),
    }
}

fn of_hpa(state: &State, hpa: &HpaItem, column: Column, pen: &Pen<'_>) -> (String, Style) {
    let plain = Style::default();
    let text = match column {
        Column::Target => format!("{}/{}", hpa.target.0.to_lowercase(), hpa.target.1),
        Column::Replicas if !hpa.moves() => hpa.current.to_string(),
        Column::Replicas => {
            return (format!("{}→{}", hpa.current, hpa.desired), pen.look.bold());
        }
        Column::Range => format!("{}/{}", hpa.min, hpa.max),
        Column::Metric => hpa.metrics.join(", "),
        Column::Scaled => ago(state, hpa.scaled),
        Column::Status => {
            let is_good = hpa.status() == "OK";
            let style = if is_good { pen.look.good() } else { pen.look.warn() };
            return (hpa.status().to_owned(), style);
        }
        _ => String::new(),
    };
    (text, plain)
}

/// How long ago something was; nothing where it never was.
pub(super) fn ago(state: &State, then: Option<i64>) -> String {
    let Some(then) = then else { return "-".to_owned() };
    // A clock that is behind the server's is no reason for a negative age.
    let seconds = u64::try_from(state.wall - then).unwrap_or(0);
    units::age(Duration::from_secs(seconds))
}
