//! What a key means.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::view::View;

/// What follows for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing has changed.
    Same,
    /// It must be drawn again.
    Draw,
    /// It is enough.
    Quit,
    /// It is enough, and the program was interrupted.
    Interrupt,
    /// The program is to be stopped until it is continued.
    Stop,
}

/// Does what the key says.
pub(super) fn press(view: &mut View, key: KeyEvent) -> Next {
    if key.kind == KeyEventKind::Release {
        return Next::Same;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Next::Interrupt,
            KeyCode::Char('z') => Next::Stop,
            _ => Next::Same,
        };
    }
    if view.race.is_over() && !view.help {
        // Whatever is pressed at the end: the comparison has been seen.
        return if key.code == KeyCode::Char('?') { help(view) } else { Next::Quit };
    }
    match key.code {
        KeyCode::Char('q') => return Next::Quit,
        KeyCode::Char('?') | KeyCode::F(1) => return help(view),
        KeyCode::Esc if view.help => return help(view),
        KeyCode::Char(' ') => view.paused = !view.paused,
        KeyCode::Char('s') | KeyCode::Right => view.step(),
        KeyCode::Char('+' | '=') => view.change_speed(true),
        KeyCode::Char('-' | '_') => view.change_speed(false),
        _ => return Next::Same,
    }
    Next::Draw
}

fn help(view: &mut View) -> Next {
    view.help = !view.help;
    Next::Draw
}

#[cfg(test)]
mod tests {
    use super::super::race::Race;
    use super::*;
    use crate::terminal::Theme;

    #[test]
    fn keys_do_what_the_footer_says() {
        let theme = Theme { unicode: true, color: true };
        let mut view = View::new(Race::new(1).unwrap(), 60, theme);
        let mut press = |code: KeyCode| {
            let next = super::press(&mut view, KeyEvent::new(code, KeyModifiers::NONE));
            (next, view.paused, view.speed, view.race.now_ms(), view.help)
        };
        assert_eq!(press(KeyCode::Char(' ')), (Next::Draw, true, 60, 0, false));
        assert_eq!(press(KeyCode::Char('s')), (Next::Draw, true, 60, 15_000, false));
        assert_eq!(press(KeyCode::Right), (Next::Draw, true, 60, 30_000, false));
        assert_eq!(press(KeyCode::Char('+')), (Next::Draw, true, 120, 30_000, false));
        assert_eq!(press(KeyCode::Char('-')), (Next::Draw, true, 60, 30_000, false));
        assert_eq!(press(KeyCode::Char('?')), (Next::Draw, true, 60, 30_000, true));
        assert_eq!(press(KeyCode::Esc), (Next::Draw, true, 60, 30_000, false));
        assert_eq!(press(KeyCode::Esc).0, Next::Same, "Esc never quits");
        assert_eq!(press(KeyCode::Char('x')).0, Next::Same);
        assert_eq!(press(KeyCode::Char('q')).0, Next::Quit);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(super::press(&mut view, interrupt), Next::Interrupt);
        let stop = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
        assert_eq!(super::press(&mut view, stop), Next::Stop);
    }
}
