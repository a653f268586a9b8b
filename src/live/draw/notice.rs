//! Notices: problems and hints.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::{Pen, split, wrapped};
use crate::live::connection;
use crate::live::state::State;
use oppscale_cluster::follow::Phase;

/// A line of a problem or of its hint.
pub(super) struct Notice {
    text: String,
    is_trouble: bool,
}

/// Number of uncountable objects that are named; the one-shot table names all.
const NAMED: usize = 2;

/// All notices, wrapped to `width`.
pub(super) fn lines(state: &State, width: u16) -> Vec<Notice> {
    let mut notices: Vec<(String, bool)> = Vec::new();
    let mut say = |text: &str, is_trouble: bool| notices.push((text.to_owned(), is_trouble));
    if let Some(refusal) = &state.refusal {
        say(&format!("! {}", refusal.why), true);
        if let Some(hint) = &refusal.hint {
            say(hint, false);
        }
    }
    if let Some(measured) = &state.measured {
        if state.replay.is_some() {
            if let Phase::Reconnecting { why, .. } = &measured.health.nodes.phase {
                say(&format!("! {why}"), true);
            }
        } else {
            for (trouble, hint) in connection::troubles(&measured.health) {
                say(&format!("! {trouble}"), true);
                if let Some(hint) = hint {
                    say(hint, false);
                }
            }
        }
        if let Some(why) = &measured.pods_unknown
            && !notices.iter().any(|(text, _)| text.contains(why))
        {
            notices.push((format!("! pods are unknown: {why}"), true));
        }
        let unknown = &measured.unknown;
        for what in unknown.iter().take(NAMED) {
            notices.push((format!("! {what}"), true));
        }
        if unknown.len() > NAMED {
            let more = unknown.len() - NAMED;
            notices.push((format!("! {more} more cannot be counted; oppscale top --once"), true));
        }
    }
    let wrap = |(text, is_trouble): (String, bool)| {
        let lines = wrapped(&text, usize::from(width)).into_iter();
        lines.map(move |text| Notice { text, is_trouble })
    };
    notices.into_iter().flat_map(wrap).collect()
}

/// Draws the notices for which there is room.
pub(super) fn notices(state: &State, place: Rect, pen: &mut Pen<'_>) {
    let mut rest = place;
    for notice in lines(state, place.width).into_iter().take(place.height.into()) {
        let (row, below) = split(rest);
        let style = if notice.is_trouble { pen.theme.warn() } else { Style::default() };
        pen.put(row, &notice.text, style);
        rest = below;
    }
}
