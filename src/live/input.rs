//! The meaning of keys and of the mouse.

use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

use super::column::Column;
use super::draw::{Layout, help_lines};
use super::source::SourceCommand;
use super::state::State;
use super::view::{TABS, View};

/// The effect of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing has changed.
    None,
    /// The screen must be redrawn.
    Redraw,
    /// A measurement is needed before the screen is redrawn.
    Measure,
    /// The source must carry out a command.
    Command(SourceCommand),
    /// The user quits.
    Quit,
    /// The user interrupts the program.
    Interrupt,
    /// The program stops until it is continued.
    Suspend,
}

/// Handles a key.
pub fn handle_key(state: &mut State, key: KeyEvent) -> Effect {
    if key.kind == KeyEventKind::Release {
        return Effect::None;
    }
    let next = if key.modifiers.contains(KeyModifiers::CONTROL) {
        control(state, key.code)
    } else if state.prompt {
        typed(state, key.code)
    } else if state.help {
        in_help(state, key.code)
    } else {
        pressed(state, key.code)
    };
    if next != Effect::None {
        state.settle();
    }
    next
}

fn control(state: &mut State, code: KeyCode) -> Effect {
    match code {
        KeyCode::Char('c') => Effect::Interrupt,
        KeyCode::Char('z') => Effect::Suspend,
        KeyCode::Char('f') => moved(state, |state, page| state.pane_mut().step(page)),
        KeyCode::Char('b') => moved(state, |state, page| state.pane_mut().step(-page)),
        KeyCode::Char('w') if !state.prompt => wide(state),
        KeyCode::Char('u') if state.prompt => filter(state, String::new()),
        _ => Effect::None,
    }
}

fn in_help(state: &mut State, code: KeyCode) -> Effect {
    match code {
        KeyCode::Char('?' | 'q') | KeyCode::F(1) | KeyCode::Esc | KeyCode::Enter => help(state),
        _ => {
            let (lines, page) = help_lines(state, state.area);
            let last = lines - page;
            // The screen may have grown.
            let present = state.help_from.min(last);
            let from = match code {
                KeyCode::Down | KeyCode::Char('j') => present + 1,
                KeyCode::Up | KeyCode::Char('k') => present.saturating_sub(1),
                KeyCode::PageDown => present + page,
                KeyCode::PageUp => present.saturating_sub(page),
                KeyCode::Home | KeyCode::Char('g') => 0,
                KeyCode::End | KeyCode::Char('G') => lines,
                _ => return Effect::None,
            };
            state.help_from = from.min(last);
            if state.help_from == present { Effect::None } else { Effect::Redraw }
        }
    }
}

fn pressed(state: &mut State, code: KeyCode) -> Effect {
    match code {
        KeyCode::Char('q') => Effect::Quit,
        KeyCode::Char('?') | KeyCode::F(1) => help(state),
        KeyCode::Char('/') => {
            state.prompt = true;
            Effect::Redraw
        }
        KeyCode::Esc => escape(state),
        KeyCode::Enter if state.open() => Effect::Measure,
        KeyCode::Tab => tab(state, state.tab() + 1),
        KeyCode::BackTab => tab(state, state.tab() + TABS.len() - 1),
        KeyCode::Char(digit @ '1'..='5') => tab(state, digit as usize - '1' as usize),
        KeyCode::Char('f') => freeze(state),
        KeyCode::Char(' ') if state.replay.is_none() => freeze(state),
        KeyCode::Char(' ') => Effect::Command(SourceCommand::Pause),
        KeyCode::Char('+' | '=') => pace(state, true),
        KeyCode::Char('-' | '_') => pace(state, false),
        KeyCode::Right if state.replay.is_some() => Effect::Command(SourceCommand::Forward),
        KeyCode::Left if state.replay.is_some() => Effect::Command(SourceCommand::Back),
        KeyCode::Char('R') => {
            state.requery();
            Effect::Command(SourceCommand::Reconnect)
        }
        KeyCode::Char('w') => wide(state),
        KeyCode::Char('%') => {
            state.percent = !state.percent;
            state.arrange();
            Effect::Redraw
        }
        KeyCode::Char('!') => dismiss(state),
        KeyCode::Char('b') if state.setup.has_cluster => {
            state.switch_basis();
            Effect::Measure
        }
        KeyCode::Char('u') => {
            state.setup.show_unusable = !state.setup.show_unusable;
            if state.pane().view == View::Hpas {
                // The last query may have been limited to a namespace.
                state.requery();
            }
            state.arrange();
            Effect::Redraw
        }
        KeyCode::Char('x') => {
            state.select_resource((state.focus + 1) % state.resources().len().max(1));
            Effect::Redraw
        }
        KeyCode::Char('c' | 'C') => named(state, "cpu"),
        KeyCode::Char('m' | 'M') => named(state, "memory"),
        KeyCode::Char('<') => neighbour(state, false),
        KeyCode::Char('>') => neighbour(state, true),
        KeyCode::Char('I') => {
            let pane = state.pane_mut();
            pane.order = pane.order.inverted();
            state.arrange();
            Effect::Redraw
        }
        _ => match navigate(state, code) {
            Effect::None => sort(state, code),
            next => next,
        },
    }
}

/// Moves the selection.
fn navigate(state: &mut State, code: KeyCode) -> Effect {
    match code {
        KeyCode::Down | KeyCode::Char('j') => moved(state, |state, _| state.pane_mut().step(1)),
        KeyCode::Up | KeyCode::Char('k') => moved(state, |state, _| state.pane_mut().step(-1)),
        KeyCode::PageDown => moved(state, |state, page| state.pane_mut().step(page)),
        KeyCode::PageUp => moved(state, |state, page| state.pane_mut().step(-page)),
        KeyCode::Home | KeyCode::Char('g') => moved(state, |state, _| state.pane_mut().choose(0)),
        KeyCode::End | KeyCode::Char('G') => {
            moved(state, |state, _| state.pane_mut().choose(usize::MAX))
        }
        _ => Effect::None,
    }
}

fn moved(state: &mut State, go: impl FnOnce(&mut State, isize) -> bool) -> Effect {
    let page = isize::try_from(state.page().saturating_sub(1).max(1)).unwrap_or(1);
    if go(state, page) { Effect::Redraw } else { Effect::None }
}

/// Sorts by the column with this letter. The same letter again, or a capital, inverts the order.
fn sort(state: &mut State, code: KeyCode) -> Effect {
    let KeyCode::Char(letter) = code else { return Effect::None };
    let is_key = |(_, key): &(Column, Option<char>)| *key == Some(letter.to_ascii_lowercase());
    match state.sortable().into_iter().find(is_key) {
        Some((column, _)) => sort_by(state, column, letter.is_ascii_uppercase()),
        None => Effect::None,
    }
}

fn sort_by(state: &mut State, column: Column, inverted: bool) -> Effect {
    state.pane_mut().sort_by(column, inverted);
    state.arrange();
    Effect::Redraw
}

/// Sorts by the column beside the sorted one.
fn neighbour(state: &mut State, right: bool) -> Effect {
    let columns = state.sortable();
    let present = state.pane().order.column;
    let at = columns.iter().position(|(column, _)| *column == present).unwrap_or(0);
    let to = if right { at + 1 } else { at + columns.len().saturating_sub(1) };
    match columns.get(to % columns.len().max(1)) {
        Some((column, _)) if *column != present => sort_by(state, *column, false),
        _ => Effect::None,
    }
}

fn named(state: &mut State, resource: &str) -> Effect {
    match state.resources().iter().position(|name| name == resource) {
        Some(at) => {
            state.select_resource(at);
            Effect::Redraw
        }
        None => Effect::None,
    }
}

/// Clears the filter, or goes back. Esc never quits.
fn escape(state: &mut State) -> Effect {
    if !state.pane().filter().is_empty() {
        return filter(state, String::new());
    }
    if state.back() { Effect::Measure } else { Effect::None }
}

/// Handles a key while the filter is typed.
fn typed(state: &mut State, code: KeyCode) -> Effect {
    let mut text = state.pane().filter().text().to_owned();
    match code {
        KeyCode::Enter => {
            state.prompt = false;
            Effect::Redraw
        }
        KeyCode::Esc => {
            state.prompt = false;
            filter(state, String::new())
        }
        KeyCode::Backspace => {
            state.prompt = text.pop().is_some();
            filter(state, text)
        }
        KeyCode::Char(c) => {
            text.push(c);
            filter(state, text)
        }
        KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => navigate(state, code),
        _ => Effect::None,
    }
}

fn filter(state: &mut State, text: String) -> Effect {
    state.pane_mut().set_filter(&text);
    state.arrange();
    Effect::Redraw
}

fn tab(state: &mut State, tab: usize) -> Effect {
    state.open_tab(tab);
    Effect::Measure
}

fn help(state: &mut State) -> Effect {
    state.help = !state.help;
    state.help_from = 0;
    Effect::Redraw
}

fn wide(state: &mut State) -> Effect {
    state.wide = Some(!state.is_wide());
    Effect::Redraw
}

/// Hides the notices of now, or shows them again. A notice that is new is shown all the same.
fn dismiss(state: &mut State) -> Effect {
    let notices: Vec<String> = state.notices().into_iter().map(|notice| notice.text).collect();
    let is_shown = |text: &String| !state.dismissed.contains(text);
    state.dismissed = if notices.iter().any(is_shown) { notices } else { Vec::new() };
    Effect::Redraw
}

fn freeze(state: &mut State) -> Effect {
    state.frozen = !state.frozen;
    if state.frozen { Effect::Redraw } else { Effect::Measure }
}

/// Changes the speed of a recording, or the time between frames.
fn pace(state: &mut State, more: bool) -> Effect {
    if state.replay.is_some() {
        return Effect::Command(if more { SourceCommand::Faster } else { SourceCommand::Slower });
    }
    state.change_pace(more);
    Effect::Redraw
}

/// Rows per notch of the wheel, as in other terminal programs.
const NOTCH: isize = 3;

/// Handles a mouse event.
pub(super) fn handle_mouse(state: &mut State, mouse: MouseEvent) -> Effect {
    if state.help {
        return Effect::None;
    }
    let layout = Layout::of(state, state.area);
    let page = usize::from(layout.rows.height);
    let changed = match mouse.kind {
        MouseEventKind::ScrollDown => state.pane_mut().scroll(NOTCH, page),
        MouseEventKind::ScrollUp => state.pane_mut().scroll(-NOTCH, page),
        MouseEventKind::Down(MouseButton::Left) => {
            let at = Position::new(mouse.column, mouse.row);
            if layout.rows.contains(at) {
                let place = state.pane().offset(page) + usize::from(at.y - layout.rows.y);
                place < state.pane().len() && state.pane_mut().choose(place)
            } else if layout.head.contains(at) {
                return sort_at(state, at.x - layout.head.x, layout.head.width);
            } else {
                false
            }
        }
        _ => false,
    };
    if changed { Effect::Redraw } else { Effect::None }
}

/// Sorts by the column whose heading is at `x`.
fn sort_at(state: &mut State, x: u16, width: u16) -> Effect {
    let mut from = 0;
    for head in state.table().within(width).heads {
        if (from..from + head.width).contains(&x) && head.sorts {
            state.pane_mut().sort_by(head.column, false);
            state.arrange();
            return Effect::Redraw;
        }
        from += head.width + 1;
    }
    Effect::None
}

#[cfg(test)]
mod tests;
