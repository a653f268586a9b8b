//! The whole screen: header, both sides, footer, and what lies over them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::comparison::Comparison;
use super::layout::{Layout, MIN_HEIGHT, MIN_WIDTH};
use super::view::View;
use super::{DISCLAIMER, clock, overlay, panel};

/// From this width on, words are written out.
const WORDY: u16 = 68;

/// Draws the view. Only the buffer changes.
pub(super) fn draw(view: &View, area: Rect, buf: &mut Buffer) {
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        too_small(view, area, buf);
        return;
    }
    if view.race.is_over() && !view.help {
        if area.height <= MIN_HEIGHT + 2 {
            overlay::comparison(&Comparison::of(&view.race), view.theme, area, buf);
            return;
        }
        sides(view, area, buf);
        overlay::comparison(&Comparison::of(&view.race), view.theme, below_header(area), buf);
        return;
    }
    sides(view, area, buf);
    if view.help {
        overlay::help(view.theme, below_header(area), buf);
    }
}

/// All but the header and the last line.
fn below_header(area: Rect) -> Rect {
    Rect { y: area.y + 2, height: area.height - 3, ..area }
}

fn sides(view: &View, area: Rect, buf: &mut Buffer) {
    let put = |buf: &mut Buffer, y: u16, text: &str, style: Style| {
        buf.set_string(area.x, y, view.theme.cut(text, area.width.into()), style);
    };
    let wordy = area.width >= WORDY;
    let title = if wordy { DISCLAIMER } else { "oppscale demo: simulated, no Kubernetes" };
    put(buf, area.y, title, view.theme.bold());
    put(buf, area.y + 1, &status(view, wordy), Style::default());

    let count = u16::try_from(view.race.sides.len()).unwrap_or(u16::MAX).max(1);
    let each = (area.width + 1) / count - 1;
    let nodes = view.race.sides.first().map_or(0, |side| side.nodes().count());
    let nodes = u16::try_from(nodes).unwrap_or(u16::MAX);
    let mut height = area.height - 3;
    let mut hidden = Layout::of(each, height, nodes).hidden();
    if !hidden.is_empty() {
        // A line is needed to say so.
        height -= 1;
        hidden = Layout::of(each, height, nodes).hidden();
        let words = if wordy { "too small to show" } else { "hidden" };
        let text = format!("{words}: {}", hidden.join(", "));
        put(buf, area.y + area.height - 2, &text, view.theme.dim());
    }
    let layout = Layout::of(each, height, nodes);
    for (at, side) in (0..count).zip(&view.race.sides) {
        let x = area.x + at * (each + 1);
        let place = Rect { x, y: area.y + 2, width: each, height };
        panel::panel(side, layout, view.race.end_ms, view.theme, place, buf);
        if at > 0 {
            for y in place.y..place.y + height {
                buf.set_stringn(x - 1, y, view.theme.separator(), 1, view.theme.dim());
            }
        }
    }
    let keys = if view.race.is_over() {
        "any key ends, and prints the comparison"
    } else if wordy {
        "space pause   s or → step 15 s   + - speed   ? help   q quit"
    } else {
        "space pause  s step  + -  ? help  q quit"
    };
    put(buf, area.y + area.height - 1, keys, view.theme.dim());
}

/// Where in the run we are.
fn status(view: &View, wordy: bool) -> String {
    let (now, end) = (clock(view.race.now_ms()), clock(view.race.end_ms));
    let (speed, state, phase) = (view.speed, view.state(), view.race.phase());
    if wordy {
        format!("minute {now} of {end}   {speed}x {state}   {phase}")
    } else {
        format!("{now}/{end} {speed}x {state} {phase}")
    }
}

fn too_small(view: &View, area: Rect, buf: &mut Buffer) {
    // What to do comes first: there may be one line only.
    let needs = format!("needs {MIN_WIDTH}x{MIN_HEIGHT}, q quits");
    let lines = [needs, "simulated".to_owned(), clock(view.race.now_ms())];
    for (y, line) in (area.y..area.y + area.height).zip(lines) {
        let line = view.theme.cut(&line, area.width.into());
        buf.set_string(area.x, y, line, Style::default());
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Color;

    use super::super::race::Race;
    use super::*;
    use crate::terminal::Theme;

    /// The view after so many simulated seconds, and its screen.
    fn view(seconds: u64) -> View {
        let theme = Theme { unicode: true, color: true };
        let mut view = View::new(Race::new(1).unwrap(), 1, theme);
        view.pass(seconds * 1000);
        view
    }

    fn terminal(view: &View, width: u16, height: u16) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(view, frame.area(), frame.buffer_mut())).unwrap();
        terminal
    }

    fn lines(view: &View, width: u16, height: u16) -> Vec<String> {
        let terminal = terminal(view, width, height);
        let buffer = terminal.backend().buffer();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(line).collect()
    }

    #[test]
    fn eighty_by_twenty_four_shows_everything() {
        let lines = lines(&view(24 * 60), 80, 24);
        let text = lines.join("\n");
        assert!(lines[0].starts_with(DISCLAIMER), "{text}");
        assert!(lines[1].starts_with("minute 24:00 of 60:00   1x running   burst: "), "{text}");
        assert!(lines[2].contains("article's HPA") && lines[2].contains("│oppscale's HPA"));
        for part in [
            "Value 30, metric counts fillers",
            "AverageValue 1, fillers excluded",
            "█paid",
            "▒miner",
            "·free",
            "miners over time, top 150",
            "node-1 ",
            "node-6 ",
            "burst begins: 2→17 replicas",
            "HPA: ",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("too small"), "{text}");
        assert!(lines[23].starts_with("space pause   s or → step 15 s   + - speed"), "{text}");
    }

    #[test]
    fn forty_by_ten_keeps_the_figures_and_says_what_is_hidden() {
        let lines = lines(&view(24 * 60), 40, 10);
        let text = lines.join("\n");
        assert!(lines[0].contains("simulated, no Kubernetes"), "{text}");
        assert!(lines[1].starts_with("24:00/60:00"), "{text}");
        assert!(text.matches("miners ").count() == 2, "{text}");
        assert!(lines[8].starts_with("hidden: settings, history, nodes "), "{text}");
        assert!(lines[9].contains("q quit"), "{text}");
    }

    #[test]
    fn what_is_cut_is_seen_to_be() {
        let narrow = lines(&view(24 * 60), 40, 10);
        assert!(narrow[1].trim_end().ends_with('…'), "{narrow:?}");
        let (width, height) = (MIN_WIDTH, MIN_HEIGHT);
        let end = lines(&view(3600), width, height).join("\n");
        assert!(end.contains("filler core-hours"), "the last line is there: {end}");
        let mut view = view(60);
        assert!(lines(&view, width, height)[8].ends_with("q quit"));
        view.help = true;
        let text = lines(&view, width, height).join("\n");
        assert!(text.contains("?       close this"), "the last key is there: {text}");
    }

    #[test]
    fn more_room_shows_more() {
        let lines = lines(&view(24 * 60), 120, 40);
        let text = lines.join("\n");
        let small = self::lines(&view(24 * 60), 80, 24).join("\n");
        let notes = |text: &str| text.matches("HPA: ").count();
        assert!(notes(&text) > notes(&small), "{text}");
        assert!(!text.contains("too small"), "{text}");
    }

    #[test]
    fn waiting_pods_are_told_in_words_and_by_a_sign() {
        let mut view = view(20 * 60);
        while view.race.sides[0].sample().pending_paid == 0 {
            assert!(view.pass(1000), "no pod ever waits");
        }
        let text = lines(&view, 80, 24).join("\n");
        assert!(text.contains("! 1 paid pod waits") || text.contains("paid pods wait"), "{text}");
        assert!(text.contains("!wait"), "{text}");
    }

    #[test]
    fn without_unicode_all_is_ascii_and_without_colour_nothing_is_coloured() {
        for seconds in [0, 24 * 60, 3600] {
            for (width, height) in [(80, 24), (40, 10), (120, 40)] {
                let mut view = view(seconds);
                view.theme = Theme { unicode: false, color: false };
                for help in [false, true] {
                    view.help = help;
                    let text = lines(&view, width, height).join("\n");
                    assert!(text.is_ascii(), "{text}");
                    let terminal = terminal(&view, width, height);
                    let plain = |color| color == Color::Reset;
                    let cells = &terminal.backend().buffer().content;
                    assert!(cells.iter().all(|cell| plain(cell.fg) && plain(cell.bg)));
                }
            }
        }
    }

    #[test]
    fn the_end_shows_the_comparison_at_any_size() {
        for (width, height) in [(80, 24), (40, 10), (120, 40), (80, 12)] {
            let text = lines(&view(3600), width, height).join("\n");
            for row in ["utilisation requested", "reversals", "longest wait", "core-hours"] {
                assert!(text.contains(row), "{row} at {width}x{height}: {text}");
            }
            assert!(text.contains("any key ends") || height == 10, "{text}");
        }
        assert!(lines(&view(3600), 80, 24).join(" ").contains("What made the difference"));
    }

    #[test]
    fn help_names_the_keys() {
        let mut view = view(60);
        view.help = true;
        let text = lines(&view, 80, 24).join("\n");
        assert!(text.contains("┌ keys ─"), "{text}");
        view.theme = Theme { unicode: false, color: false };
        let ascii = lines(&view, 80, 24).join("\n");
        assert!(ascii.contains("s or -> one run") && ascii.contains("q       quit"), "{ascii}");
        for word in ["pause, go on", "one run of the HPA", "Ctrl-C", "twice as fast"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn no_size_is_too_small_to_draw() {
        for seconds in [0, 24 * 60, 3600] {
            let mut view = view(seconds);
            for help in [false, true] {
                view.help = help;
                for width in (0..90).step_by(3) {
                    for height in 0..30 {
                        let area = Rect::new(0, 0, width, height);
                        draw(&view, area, &mut Buffer::empty(area));
                    }
                }
            }
        }
        assert!(lines(&view(0), 20, 1)[0].starts_with("needs 40x9, q quits"));
    }
}
