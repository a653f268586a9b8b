//! The first two lines: cluster, connection, and replicas that fit.

use oppscale_core::figures::Tone;
use oppscale_core::resources::{CPU, PODS};
use oppscale_core::units;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::live::connection;
use crate::live::measurement::Measurement;
use crate::live::source::Replay;
use crate::live::state::{FRAME, State};
use crate::live::view::{TABS, View};
use crate::terminal::{Pen, wrapped};

/// Width from which words are written out.
pub(super) const WORDY: u16 = 70;

/// The first line: the cluster on the left, the state of the connection on the right.
pub(super) fn title(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let (text, tone) = connection_text(state);
    let mut rest = pen.put_right(place, &text, pen.theme.tone(tone));
    rest.width = rest.width.saturating_sub(2);
    if place.width >= WORDY {
        rest = pen.put(rest, "oppscale top  ", pen.theme.bold());
    }
    let mut parts = Vec::new();
    if !state.setup.context.is_empty() {
        // A long context must leave room for the rest of the line.
        parts.push(pen.tail(&state.setup.context, place.width / 3));
    }
    let measured = state.measured.as_ref();
    if let Some(measured) = measured {
        parts.extend(measured.health.version.clone());
        parts.push(nodes(measured, place.width >= WORDY));
    }
    pen.put(rest, &parts.join("  "), Style::default());
}

fn nodes(measured: &Measurement, wordy: bool) -> String {
    let (usable, all) = (measured.headroom.usable.nodes, measured.headroom.nodes.len());
    if !wordy {
        return format!("{usable}/{all} nodes");
    }
    let mut text = match usable == all {
        true => format!("{} usable", units::plural(all, "node")),
        false => {
            format!("{} of {} usable", units::count(usable as u64), units::plural(all, "node"))
        }
    };
    for (number, (word, count)) in measured.unusable.iter().enumerate() {
        let separator = if number == 0 { ": " } else { ", " };
        text.push_str(&format!("{separator}{count} {word}"));
    }
    text
}

/// The state of the connection, or the position in a recording.
fn connection_text(state: &State) -> (String, Tone) {
    let (mut text, mut tone) = match (&state.replay, state.health()) {
        (Some(replay), _) => (replayed(replay), Tone::Plain),
        (None, Some(_)) if state.setup.is_saved => ("saved list".to_owned(), Tone::Plain),
        (None, Some(health)) => {
            let words = connection::state(health, state.setup.max_staleness, state.now);
            (words.text, words.tone)
        }
        (None, None) => ("connecting…".to_owned(), Tone::Plain),
    };
    if state.replay.is_none() && state.min_interval > FRAME {
        let millis = state.min_interval.as_millis();
        let every =
            if millis < 1000 { format!("{millis}ms") } else { units::age(state.min_interval) };
        text = format!("every {every}  {text}");
    }
    if state.frozen {
        text = format!("FROZEN  {text}");
        tone = Tone::Warn;
    }
    (text, tone)
}

fn replayed(replay: &Replay) -> String {
    let (position, length) = (units::clock(replay.position), units::clock(replay.length));
    let state = match (replay.position >= replay.length, replay.paused) {
        (true, _) => " at the end",
        (false, true) => " paused",
        (false, false) => "",
    };
    format!("replay {position} of {length} {}x{state}", replay.speed)
}

/// The second line: the replicas that fit, their limit, and waiting paid pods.
pub(super) fn fit(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let Some(measured) = &state.measured else { return };
    let wordy = place.width >= WORDY;
    let replica = &state.query().replica;
    let Some(fit) = &measured.headroom.fit else {
        let text = match state.usage_problem() {
            Some(problem) => format!("usage basis: idle CPU is unknown: {problem}"),
            None => format!("replicas of {replica} that fit: unknown"),
        };
        pen.put(place, &text, pen.theme.warn());
        return;
    };
    let limit = &fit.limit;
    let running = measured.total.opportunistic.as_ref().map_or(0, |own| own.get(PODS));
    let rest = match wordy {
        true => {
            let replicas = units::counted(&fit.replicas.to_string(), "replica");
            let rest = pen.put(place, &replicas, pen.theme.bold());
            let fits = if fit.replicas == 1 { "fits" } else { "fit" };
            let text = format!(" of {replica} {fits} ({limit}), {running} run");
            pen.put(rest, &text, Style::default())
        }
        false => {
            let rest = pen.put(place, &format!("fit {}", fit.replicas), pen.theme.bold());
            pen.put(rest, &format!(" ({limit}), {running} run"), Style::default())
        }
    };
    let surplus = running - fit.replicas;
    let rest = match surplus > 0 {
        true => pen.put(rest, &format!(", {surplus} too many"), pen.theme.bad()),
        false => rest,
    };
    let rest = match usage_basis(state, measured, wordy) {
        Some(text) => pen.put(rest, &text, Style::default()),
        None => rest,
    };
    if let Some(demand) = demand(state, measured, wordy) {
        pen.put(rest, &demand, pen.theme.warn());
    }
}

/// The idle CPU of the usage basis, and what a replica burns of it.
fn usage_basis(state: &State, measured: &Measurement, wordy: bool) -> Option<String> {
    let idle = measured.headroom.idle.filter(|_| state.is_by_usage())?;
    let idle = units::amount(CPU, idle);
    Some(match (wordy, state.burn()) {
        (true, Some(burn)) => {
            let idle = units::counted(&idle, "core");
            format!(", usage basis: {idle} idle, burn {}", units::amount(CPU, burn))
        }
        _ => format!(", usage: {idle} idle"),
    })
}

/// Waiting paid demand.
fn demand(state: &State, measured: &Measurement, wordy: bool) -> Option<String> {
    let demand = measured.headroom.demand.as_ref()?;
    let mut parts = Vec::new();
    let pods = demand.placeable.get(PODS);
    if pods > 0 {
        let asks: Vec<_> = state
            .resources()
            .iter()
            .map(|name| (name, demand.placeable.get(name)))
            .filter(|(_, amount)| *amount > 0)
            .map(|(name, amount)| format!("{name} {}", units::amount(name, amount)))
            .collect();
        let verb = if pods == 1 { "paid pod waits" } else { "paid pods wait" };
        parts.push(match wordy {
            true => format!("{pods} {verb} for {}", asks.join(", ")),
            false => format!("{pods} wait"),
        });
    }
    if !demand.unplaceable.is_empty() {
        let count = demand.unplaceable.len();
        parts.push(if pods > 0 || !wordy {
            format!("{count} unplaceable")
        } else {
            let pods = if count == 1 { "paid pod" } else { "paid pods" };
            format!("{count} {pods} unplaceable")
        });
    }
    for (pods, word) in
        [(demand.blocked.get(PODS), "blocked"), (demand.outranked.get(PODS), "outranked")]
    {
        if pods > 0 {
            parts.push(format!("{pods} {word}"));
        }
    }
    if demand.gated > 0 {
        parts.push(format!("{} gated", demand.gated));
    }
    (!parts.is_empty()).then(|| format!("; {}", parts.join(", ")))
}

/// The lines of the notices that are not dismissed, wrapped to `width`, each with whether it is a
/// problem or a hint.
pub(super) fn lines(state: &State, width: u16) -> Vec<(String, bool)> {
    let lines = |text: &str, is_problem| {
        wrapped(text, width.into()).into_iter().map(move |line| (line, is_problem))
    };
    let notices = state.notices();
    let shown = notices.iter().filter(|notice| !state.dismissed.contains(&notice.text));
    shown
        .flat_map(|notice| {
            let hint = notice.hint.iter().flat_map(move |hint| lines(hint, false));
            lines(&format!("! {}", notice.text), true).chain(hint)
        })
        .collect()
}

/// Draws the notices for which there is room.
pub(super) fn notices(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let (problem, hint) = (pen.theme.warn(), Style::default());
    let lines = lines(state, place.width).into_iter();
    pen.lines(
        place,
        lines.map(|(text, is_problem)| (text, if is_problem { problem } else { hint })),
    );
}

/// Width that is kept for the number of rows and the end of the filter.
const BEHIND: u16 = 20;

/// Draws the line above the table.
pub(super) fn tabs(state: &State, place: Rect, pen: &mut Pen<'_>) {
    if place.height == 0 {
        return;
    }
    let names = match state.opened().last() {
        Some(_) => path(state, place.width >= WORDY, pen),
        None => names(state, place.width, pen),
    };
    let width: u16 = names.iter().map(|(text, _)| pen.width(text)).sum();
    let room = place.width.saturating_sub(width + 1).max(BEHIND.min(place.width / 2));
    let rest = pen.put_right(place, &found(state, room, pen), Style::default());
    let mut rest = Rect { width: rest.width.saturating_sub(1), ..rest };
    for (text, style) in names {
        if pen.width(&text) > rest.width {
            // A title that is too long is cut, and nothing follows it.
            pen.put(rest, &text, style);
            return;
        }
        rest = pen.put(rest, &text, style);
    }
}

/// The path to the open table.
fn path(state: &State, wordy: bool, pen: &Pen<'_>) -> Vec<(String, Style)> {
    let opened = state.opened();
    let title = |view: &View| view.title(state.setup.has_cluster);
    let mut parts = Vec::new();
    if wordy {
        let before = &opened[..opened.len().saturating_sub(1)];
        let before = before.iter().map(|pane| title(&pane.view));
        let way = std::iter::once(title(&TABS[state.tab()])).chain(before);
        parts.extend(way.map(|part| (format!("{part} > "), pen.theme.dim())));
    }
    parts.extend(opened.last().map(|pane| (title(&pane.view), pen.theme.bold())));
    parts
}

/// The views by name; without room, the others by number or not at all.
fn names(state: &State, width: u16, pen: &Pen<'_>) -> Vec<(String, Style)> {
    let open = |number: usize, tab: &View| format!(" {} {} ", number + 1, tab.tab());
    let all = |others: fn(usize, &View) -> String| -> Vec<(String, Style)> {
        let tab = |(number, tab): (usize, &View)| match number == state.tab() {
            true => (open(number, tab), pen.theme.chosen()),
            false => (others(number, tab), Style::default()),
        };
        TABS.iter().enumerate().map(tab).collect()
    };
    let behind = pen.width(&found(state, width, pen)).min(BEHIND);
    let room = width.saturating_sub(behind + 1);
    let fits = |names: &Vec<(String, Style)>| {
        names.iter().map(|(text, _)| pen.width(text)).sum::<u16>() <= room
    };
    let written = all(|number, tab| format!(" {} {} ", number + 1, tab.tab()));
    if width >= WORDY && fits(&written) {
        return written;
    }
    let mut numbered = all(|number, _| format!("{} ", number + 1));
    for (number, (_, style)) in numbered.iter_mut().enumerate() {
        if number != state.tab() {
            *style = pen.theme.dim();
        }
    }
    match fits(&numbered) {
        true => numbered,
        false => vec![(open(state.tab(), &TABS[state.tab()]), pen.theme.chosen())],
    }
}

/// The filter and the number of rows that match. Of a long filter the end is shown, where the
/// user types.
fn found(state: &State, room: u16, pen: &Pen<'_>) -> String {
    let (matching, all) = state.matches();
    let filter = state.pane().filter();
    let count = match filter.is_empty() {
        true => format!("({all})"),
        false => format!("({matching}/{all})"),
    };
    let (left_out, others) = (state.hidden_nodes(), state.other_hpas);
    let behind = match (left_out, others, filter.is_empty()) {
        (1.., _, false) => {
            let verb = if left_out == 1 { "matches" } else { "match" };
            vec![format!(", {left_out} hidden {verb}: u"), format!(", {left_out} hidden: u")]
        }
        (1.., _, true) => {
            vec![format!(", {left_out} unusable hidden"), format!(", {left_out} hidden")]
        }
        (0, 1.., _) if matches!(state.pane().view, View::Hpas) => {
            vec![format!(", {others} others hidden"), format!(", {others} hidden")]
        }
        _ => Vec::new(),
    };
    // Width of the shortest useful end of a filter.
    let least = if filter.is_empty() { 0 } else { 6 };
    let fits = |text: &&String| pen.width(&count) + pen.width(text) + least <= room;
    let behind = match behind.iter().find(fits) {
        Some(behind) => behind,
        None if behind.is_empty() => "",
        None => ", …",
    };
    let text = format!("{count}{behind}");
    if filter.is_empty() {
        return text;
    }
    let left = room.saturating_sub(pen.width(&text) + 2);
    format!("/{} {text}", pen.tail(filter.text(), left))
}
