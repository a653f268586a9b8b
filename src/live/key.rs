//! What a key means.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::column::Column;
use super::draw::help_lines;
use super::source::Steer;
use super::state::State;
use super::view::{TABS, View};

#[cfg(test)]
mod tests;

/// What follows for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing has changed.
    Same,
    /// It must be drawn again.
    Draw,
    /// Something else must be measured first.
    Measure,
    /// The source must do something.
    Steer(Steer),
    /// It is enough.
    Quit,
    /// It is enough, and the program was interrupted.
    Interrupt,
    /// The program is to be stopped until it is continued.
    Stop,
}

/// Does what the key says.
pub fn press(state: &mut State, key: KeyEvent) -> Next {
    if key.kind == KeyEventKind::Release {
        return Next::Same;
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
    if next != Next::Same {
        state.settle();
    }
    next
}

fn control(state: &mut State, code: KeyCode) -> Next {
    match code {
        KeyCode::Char('c') => Next::Interrupt,
        KeyCode::Char('z') => Next::Stop,
        KeyCode::Char('f') => moved(state, |state, page| state.pane_mut().step(page)),
        KeyCode::Char('b') => moved(state, |state, page| state.pane_mut().step(-page)),
        KeyCode::Char('w') if !state.prompt => wide(state),
        KeyCode::Char('u') if state.prompt => filter(state, String::new()),
        _ => Next::Same,
    }
}

fn in_help(state: &mut State, code: KeyCode) -> Next {
    match code {
        KeyCode::Char('q') => Next::Quit,
        KeyCode::Char('?') | KeyCode::F(1) | KeyCode::Esc | KeyCode::Enter => help(state),
        _ => {
            let (lines, page) = help_lines(state, state.area);
            let last = lines - page;
            // The screen may have become larger.
            let present = state.help_from.min(last);
            let from = match code {
                KeyCode::Down | KeyCode::Char('j') => present + 1,
                KeyCode::Up | KeyCode::Char('k') => present.saturating_sub(1),
                KeyCode::PageDown => present + page,
                KeyCode::PageUp => present.saturating_sub(page),
                KeyCode::Home | KeyCode::Char('g') => 0,
                KeyCode::End | KeyCode::Char('G') => lines,
                _ => return Next::Same,
            };
            state.help_from = from.min(last);
            if state.help_from == present { Next::Same } else { Next::Draw }
        }
    }
}

fn pressed(state: &mut State, code: KeyCode) -> Next {
    match code {
        KeyCode::Char('q') => Next::Quit,
        KeyCode::Char('?') | KeyCode::F(1) => help(state),
        KeyCode::Char('/') => {
            state.prompt = true;
            Next::Draw
        }
        KeyCode::Esc => escape(state),
        KeyCode::Enter if state.open() => Next::Measure,
        KeyCode::Tab => tab(state, state.tab() + 1),
        KeyCode::BackTab => tab(state, state.tab() + TABS.len() - 1),
        KeyCode::Char(digit @ '1'..='5') => tab(state, digit as usize - '1' as usize),
        KeyCode::Char('f') => freeze(state),
        KeyCode::Char(' ') if state.replay.is_none() => freeze(state),
        KeyCode::Char(' ') => Next::Steer(Steer::Pause),
        KeyCode::Char('+' | '=') => pace(state, true),
        KeyCode::Char('-' | '_') => pace(state, false),
        KeyCode::Right if state.replay.is_some() => Next::Steer(Steer::Forward),
        KeyCode::Left if state.replay.is_some() => Next::Steer(Steer::Back),
        KeyCode::Char('R') => {
            state.ask_anew();
            Next::Steer(Steer::Reconnect)
        }
        KeyCode::Char('w') => wide(state),
        KeyCode::Char('u') => {
            state.show_unusable = !state.show_unusable;
            if state.pane().view == View::Hpas {
                // All of them may be more than were asked for.
                state.ask_anew();
            }
            state.arrange();
            Next::Draw
        }
        KeyCode::Char('x') => look_at(state, (state.focus + 1) % state.resources().len().max(1)),
        KeyCode::Char('c' | 'C') => named(state, "cpu"),
        KeyCode::Char('m' | 'M') => named(state, "memory"),
        KeyCode::Char('<') => neighbour(state, false),
        KeyCode::Char('>') => neighbour(state, true),
        KeyCode::Char('I') => {
            let pane = state.pane_mut();
            pane.order = pane.order.inverted();
            state.arrange();
            Next::Draw
        }
        _ => match navigate(state, code) {
            Next::Same => sort(state, code),
            next => next,
        },
    }
}

/// Moves the choice.
fn navigate(state: &mut State, code: KeyCode) -> Next {
    match code {
        KeyCode::Down | KeyCode::Char('j') => moved(state, |state, _| state.pane_mut().step(1)),
        KeyCode::Up | KeyCode::Char('k') => moved(state, |state, _| state.pane_mut().step(-1)),
        KeyCode::PageDown => moved(state, |state, page| state.pane_mut().step(page)),
        KeyCode::PageUp => moved(state, |state, page| state.pane_mut().step(-page)),
        KeyCode::Home | KeyCode::Char('g') => moved(state, |state, _| state.pane_mut().choose(0)),
        KeyCode::End | KeyCode::Char('G') => {
            moved(state, |state, _| state.pane_mut().choose(usize::MAX))
        }
        _ => Next::Same,
    }
}

fn moved(state: &mut State, go: impl FnOnce(&mut State, isize) -> bool) -> Next {
    let page = isize::try_from(state.page().saturating_sub(1).max(1)).unwrap_or(1);
    if go(state, page) { Next::Draw } else { Next::Same }
}

/// Sorts by the column with this letter; the same one again, or a capital, inverts.
fn sort(state: &mut State, code: KeyCode) -> Next {
    let KeyCode::Char(letter) = code else { return Next::Same };
    let column = state
        .sortable()
        .into_iter()
        .find(|(_, own)| *own == Some(letter.to_ascii_lowercase()))
        .map(|(column, _)| column);
    match column {
        Some(column) => sort_by(state, column, letter.is_ascii_uppercase()),
        None => Next::Same,
    }
}

fn sort_by(state: &mut State, column: Column, inverted: bool) -> Next {
    state.pane_mut().sort_by(column, inverted);
    state.arrange();
    Next::Draw
}

/// Sorts by the column beside the present one.
fn neighbour(state: &mut State, right: bool) -> Next {
    let columns = state.sortable();
    let present = state.pane().order.column;
    let at = columns.iter().position(|(column, _)| *column == present).unwrap_or(0);
    let to = if right { at + 1 } else { at + columns.len().saturating_sub(1) };
    match columns.get(to % columns.len().max(1)) {
        Some((column, _)) if *column != present => sort_by(state, *column, false),
        _ => Next::Same,
    }
}

fn named(state: &mut State, resource: &str) -> Next {
    match state.resources().iter().position(|name| name == resource) {
        Some(at) => look_at(state, at),
        None => Next::Same,
    }
}

fn look_at(state: &mut State, number: usize) -> Next {
    state.look_at(number);
    Next::Draw
}

/// A popup is closed first, then the filter cleared, then the way went back. It never quits.
fn escape(state: &mut State) -> Next {
    if !state.pane().filter().is_empty() {
        return filter(state, String::new());
    }
    if state.back() { Next::Measure } else { Next::Same }
}

/// A key while the filter is typed.
fn typed(state: &mut State, code: KeyCode) -> Next {
    let mut text = state.pane().filter().text().to_owned();
    match code {
        KeyCode::Enter => {
            state.prompt = false;
            Next::Draw
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
        _ => Next::Same,
    }
}

fn filter(state: &mut State, text: String) -> Next {
    state.pane_mut().set_filter(&text);
    state.arrange();
    Next::Draw
}

fn tab(state: &mut State, tab: usize) -> Next {
    state.open_tab(tab);
    Next::Measure
}

fn help(state: &mut State) -> Next {
    state.help = !state.help;
    state.help_from = 0;
    Next::Draw
}

fn wide(state: &mut State) -> Next {
    state.wide = !state.wide;
    Next::Draw
}

fn freeze(state: &mut State) -> Next {
    state.frozen = !state.frozen;
    if state.frozen { Next::Draw } else { Next::Measure }
}

/// `+` and `-` change the speed of a record, otherwise the time between frames.
fn pace(state: &mut State, more: bool) -> Next {
    if state.replay.is_some() {
        return Next::Steer(if more { Steer::Faster } else { Steer::Slower });
    }
    state.change_pace(more);
    Next::Draw
}
