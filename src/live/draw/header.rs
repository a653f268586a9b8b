//! The first two lines: cluster, connection, and replicas that fit.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::Pen;
use crate::live::connection;
use crate::live::measurement::Measurement;
use crate::live::source::Replay;
use crate::live::state::{FRAME, State};
use oppscale_core::figures::Tone;
use oppscale_core::resources::PODS;
use oppscale_core::units;

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
        pen.put(place, &format!("replicas of {replica} that fit: unknown"), pen.theme.warn());
        return;
    };
    let limit = &fit.limit;
    let running = measured.total.opportunistic.as_ref().map_or(0, |own| own.get(PODS));
    let rest = match wordy {
        true => {
            let replicas = if fit.replicas == 1 { "replica" } else { "replicas" };
            let rest = pen.put(place, &format!("{} {replicas}", fit.replicas), pen.theme.bold());
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
    if let Some(demand) = demand(state, measured, wordy) {
        pen.put(rest, &demand, pen.theme.warn());
    }
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
    if demand.gated > 0 {
        parts.push(format!("{} gated", demand.gated));
    }
    (!parts.is_empty()).then(|| format!("; {}", parts.join(", ")))
}
