//! Which table it is, how it is sorted and filtered.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::header::WORDY;
use super::pen::Pen;
use crate::live::state::State;
use crate::live::view::TABS;

/// The line above the table.
pub(super) fn tabs(state: &State, place: Rect, pen: &mut Pen<'_>) {
    if place.height == 0 {
        return;
    }
    let rest = pen.put_right(place, &found(state), Style::default());
    let mut rest = Rect { width: rest.width.saturating_sub(1), ..rest };
    let wordy = place.width >= WORDY;
    if let Some(pane) = state.opened().last() {
        let mut path: Vec<String> = Vec::new();
        if wordy {
            path.push(TABS[state.tab()].title());
            let before = &state.opened()[..state.opened().len() - 1];
            path.extend(before.iter().map(|pane| pane.view.title()));
        }
        for part in path {
            rest = pen.put(rest, &format!("{part} > "), pen.look.dim());
        }
        pen.cut(rest, &pane.view.title(), pen.look.bold());
        return;
    }
    for (number, tab) in TABS.iter().enumerate() {
        let is_open = number == state.tab();
        if !wordy && !is_open {
            rest = pen.put(rest, &format!("{} ", number + 1), pen.look.dim());
            continue;
        }
        let style = if is_open { pen.look.chosen() } else { Style::default() };
        rest = pen.put(rest, &format!(" {} {} ", number + 1, tab.tab()), style);
    }
}

/// How many rows there are, and how many match the filter.
fn found(state: &State) -> String {
    let (matching, all) = state.matches();
    let filter = state.pane().filter().text();
    let mut text = match filter.trim().is_empty() {
        true => format!("({all})"),
        false => format!("/{filter} ({matching}/{all})"),
    };
    let (left_out, others) = (state.left_out(), state.other_hpas);
    if left_out > 0 {
        text = format!("{text}, {left_out} unusable hidden");
    }
    if others > 0 && matches!(state.pane().view, crate::live::view::View::Hpas) {
        text = format!("{text}, {others} others hidden");
    }
    text
}
