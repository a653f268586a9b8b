//! Notices: problems and hints.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::{Pen, wrapped};
use crate::live::connection;
use crate::live::state::State;
use oppscale_cluster::follow::Phase;

/// Number of uncountable objects that are named; the one-shot table names all.
const NAMED: usize = 2;

/// The lines of all notices, wrapped to `width`, each with whether it is a problem or a hint.
pub(super) fn lines(state: &State, width: u16) -> Vec<(String, bool)> {
    let mut problems: Vec<(String, Option<&str>)> = Vec::new();
    if let Some(error) = &state.query_error {
        problems.push((error.why.clone(), error.hint.as_deref()));
    }
    if let Some(measured) = &state.measured {
        match (&state.replay, &measured.health.nodes.phase) {
            (None, _) => problems.extend(connection::troubles(&measured.health)),
            (Some(_), Phase::Reconnecting { why, .. }) => problems.push((why.clone(), None)),
            (Some(_), _) => {}
        }
        if let Some(why) = &measured.pods_unknown
            && !problems.iter().any(|(text, hint)| text.contains(why) || *hint == Some(why))
        {
            problems.push((format!("pods are unknown: {why}"), None));
        }
        let unknown = &measured.unknown;
        problems.extend(unknown.iter().take(NAMED).map(|text| (text.clone(), None)));
        if unknown.len() > NAMED {
            let more = unknown.len() - NAMED;
            problems.push((format!("{more} more cannot be counted; oppscale top --once"), None));
        }
    }
    let lines = |text: &str, is_problem| {
        wrapped(text, width.into()).into_iter().map(move |line| (line, is_problem))
    };
    problems
        .iter()
        .flat_map(|(problem, hint)| {
            let hint = hint.iter().flat_map(move |hint| lines(hint, false));
            lines(&format!("! {problem}"), true).chain(hint)
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
