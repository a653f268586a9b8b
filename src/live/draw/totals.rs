//! A bar for each resource of the usable nodes, and the history of the remaining amount.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::header::WORDY;
use crate::live::column::{letter_of, short_name};
use crate::live::measurement::Measurement;
use crate::live::state::State;
use crate::terminal::Part;
use crate::terminal::{Pen, bar, split};
use oppscale_core::figures::{self, Context};
use oppscale_core::resources::Amount;
use oppscale_core::units;
use oppscale_core::view::Row;

/// Width below which a bar is left out.
const SHORTEST: u16 = 8;

/// Draws one line for each resource.
pub(super) fn bars(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let Some(measured) = &state.measured else { return };
    let shown: Vec<_> = order(state).take(place.height.into()).collect();
    let lines: Vec<_> = shown.iter().map(|name| Line::of(name, measured, state)).collect();
    let labels = lines.iter().map(|line| pen.width(&line.label)).max().unwrap_or(0);
    // Figures of all resources are aligned.
    let count = lines.iter().map(|line| line.figures.len()).max().unwrap_or(0);
    let widest = |at: usize, wordy: bool, pen: &Pen<'_>| {
        let of = |line: &Line| line.figures.get(at).map_or(0, |f| 1 + pen.width(&f.text(wordy)));
        lines.iter().map(of).max().unwrap_or(0)
    };
    let wordy = place.width >= WORDY;
    let widths: Vec<u16> = (0..count).map(|at| widest(at, wordy, pen)).collect();
    let figures: u16 = widths.iter().map(|width| width + 1).sum();
    let room = place.width.saturating_sub(labels + 1 + figures);
    let mut rest = place;
    for line in &lines {
        let (row, below) = split(rest);
        rest = below;
        let style = if line.is_focus { pen.theme.bold() } else { Style::default() };
        pen.put(Rect { width: labels.min(row.width), ..row }, &line.label, style);
        if line.has_key {
            // The key that selects the resource.
            pen.underline(Rect { width: row.width.min(1), ..row });
        }
        let start = (labels + 1).min(row.width);
        let row = Rect { x: row.x + start, width: row.width - start, ..row };
        let length = if room >= SHORTEST { room } else { 0 };
        bar(&line.parts, line.whole, Rect { width: length, ..row }, pen);
        let mut x = row.x + length + u16::from(length > 0);
        for (figure, width) in line.figures.iter().zip(&widths) {
            let left = (row.x + row.width).saturating_sub(x);
            let cell = Rect { x, width: (*width).min(left), ..row };
            pen.legend(cell, figure.part, &figure.text(wordy), figure.style(pen));
            x = x.saturating_add(width + 1);
        }
    }
}

/// The resources in order: the selected one first.
fn order(state: &State) -> impl Iterator<Item = &str> {
    let focus = state.resource();
    let others = state.resources().iter().map(String::as_str).filter(move |name| *name != focus);
    std::iter::once(focus).chain(others)
}

/// The line of a resource.
struct Line {
    label: String,
    is_focus: bool,
    /// Whether its first letter is the key that selects it.
    has_key: bool,
    parts: Vec<(Part, Amount)>,
    whole: Amount,
    figures: Vec<FigureText>,
}

/// A figure behind a bar.
struct FigureText {
    part: Part,
    word: &'static str,
    amount: String,
    is_bad: bool,
}

impl Line {
    fn of(name: &str, measured: &Measurement, state: &State) -> Self {
        let value = |id| figure(&measured.total, id, name);
        let whole = value("allocatable").unwrap_or(0);
        let line = |percent: &str, parts, figures| Self {
            label: format!("{:<4}{percent:>5}", short_name(name)),
            is_focus: name == state.resource(),
            has_key: letter_of(name).is_some(),
            parts,
            whole,
            figures,
        };
        let text = |part, word, amount| FigureText::of(part, word, name, amount);
        let Some((others, own)) = value("others").zip(value("opportunistic")) else {
            let unknown = text(Part::Paid, "paid", None);
            let all = text(Part::Free, "allocatable", Some(whole));
            return line("? ", Vec::new(), vec![unknown, all]);
        };
        let headroom = &measured.headroom;
        let short_by = headroom.usable.overcommit.as_ref().map_or(0, |over| over.get(name));
        let reserve = headroom.reserve.get(name);
        let demand = headroom.demand.as_ref().map_or(0, |demand| demand.placeable.get(name));
        // Free capacity on nodes that have any.
        let beyond = (whole - others + short_by - own).max(0);
        let held = (reserve + demand).min(beyond);
        let parts = vec![
            (Part::Paid, others - short_by),
            (Part::Filler, own),
            (Part::Reserve, held),
            (Part::Free, beyond - held),
            (Part::Waiting, short_by),
        ];
        let mut figures = vec![
            text(Part::Paid, "paid", Some(others)),
            text(Part::Filler, "filler", Some(own)),
            text(Part::Reserve, "reserve", Some(reserve)),
            text(Part::Free, "free", value("free")),
        ];
        if short_by > 0 {
            figures.push(text(Part::Waiting, "over", Some(short_by)));
        }
        let percent = units::percent(others + own, whole);
        // No usable node has the resource.
        let percent = percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent}%"));
        line(&percent, parts, figures)
    }
}

/// A figure of a row.
fn figure(row: &Row, id: &str, resource: &str) -> Option<Amount> {
    let context = Context { resource, ..Context::default() };
    figures::find(id)?.of(row, &context).number()
}

impl FigureText {
    fn of(part: Part, word: &'static str, resource: &str, amount: Option<Amount>) -> Self {
        let text = amount.map_or_else(|| "?".to_owned(), |a| units::amount(resource, a));
        let is_bad = part == Part::Waiting || amount.is_some_and(|amount| amount < 0);
        Self { part, word, amount: text, is_bad }
    }

    /// The text beside the swatch.
    fn text(&self, wordy: bool) -> String {
        match wordy {
            true => format!(" {} {}", self.word, self.amount),
            false => self.amount.clone(),
        }
    }

    fn style(&self, pen: &Pen<'_>) -> Style {
        if self.is_bad { pen.theme.bad() } else { Style::default() }
    }
}

/// Draws the remaining amount with its range, and who had what over time: as an area where there
/// are several rows, otherwise as a sparkline of what remained.
pub(super) fn history(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let Some(measured) = state.measured.as_ref().filter(|_| place.height > 0) else { return };
    let name = state.resource();
    let label = format!("{:<4} remaining ", short_name(name));
    let (row, below) = split(place);
    let rest = pen.put(row, &label, Style::default());
    let now = figure(&measured.total, "remaining", name);
    let text = now.map_or_else(|| "?".to_owned(), |amount| units::amount(name, amount));
    let rest = pen.put(rest, &text, pen.theme.bold());
    let elapsed = state.elapsed();
    let Some((least, most)) = state.history.range(name) else { return };
    let span = units::age(state.history.span(elapsed));
    let (least_text, most_text) = (units::amount(name, least), units::amount(name, most));
    let range = match place.width >= WORDY {
        _ if span == "0s" => String::new(),
        true if least == most => format!(" for {span}"),
        true => format!(" {least_text} to {most_text} in {span}"),
        false => format!(" {span}"),
    };
    let rest = pen.put_right(rest, &range, Style::default());
    if state.setup.is_saved {
        return;
    }
    let is_area = below.height > 1;
    let graph = match is_area {
        true => below,
        false => Rect { x: rest.x + 1, width: rest.width.saturating_sub(1), ..rest },
    };
    let columns = state.history.columns(name, elapsed, graph.width.into());
    let start = graph.x + graph.width - u16::try_from(columns.len()).unwrap_or(graph.width);
    for (x, share) in (start..).zip(columns) {
        let Some(share) = share else { continue };
        let column = Rect { x, width: 1, ..graph };
        if is_area {
            let taken = share.paid + share.filler;
            let kept = share.kept.clamp(0, (share.allocatable - taken).max(0));
            let free = share.allocatable - taken - kept;
            let parts = [
                (Part::Paid, share.paid),
                (Part::Filler, share.filler),
                (Part::Reserve, kept),
                (Part::Free, free),
            ];
            pen.stack(&parts, share.allocatable, column);
        } else {
            // Any amount above zero is visible.
            let filled = (share.remaining().max(0) * 8 + most.max(1) - 1) / most.max(1);
            pen.column(column, x, filled);
        }
    }
}
