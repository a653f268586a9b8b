//! The screen: header, both sides, footer and the boxes over them, drawn into a buffer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use oppscale_core::units;

use super::comparison::Comparison;
use super::live::View;
use super::race::{HISTORY_MS, Shares, Side, waiting};
use super::{DISCLAIMER, clock, cores, rules};
use crate::terminal::{Part, Pen, bar, centered, wrapped};

/// From this width on, words are written out.
const HEADER_WORDS_WIDTH: u16 = 68;

/// Draws the view. Only the buffer changes.
pub(super) fn draw(view: &View, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view.theme, buf);
    let pen = &mut pen;
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        // What to do comes first: there may be one line only.
        let needs = format!("needs {MIN_WIDTH}x{MIN_HEIGHT}, q quits");
        let lines = [needs, "simulated".to_owned(), clock(view.race.now_ms())];
        pen.lines(area, lines.map(|line| (line, Style::default())));
        return;
    }
    // All but the header and the last line.
    let below_header = Rect { y: area.y + 1, height: area.height - 2, ..area };
    let is_over = view.race.is_over() && !view.help;
    let fills_screen = is_over && area.height <= MIN_HEIGHT + 2;
    if !fills_screen {
        sides(view, area, pen);
    }
    if is_over {
        let place = if fills_screen { area } else { below_header };
        comparison_box(&Comparison::of(&view.race), place, pen);
    } else if view.help {
        help_box(below_header, pen);
    }
}

fn sides(view: &View, area: Rect, pen: &mut Pen<'_>) {
    let line = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let wordy = area.width >= HEADER_WORDS_WIDTH;
    let title = if wordy { DISCLAIMER } else { "oppscale demo: simulated, no Kubernetes" };
    pen.put(line(0), title, pen.theme.bold());
    pen.put(line(1), &status(view, wordy), Style::default());
    // The rules first; once there is a score, the score.
    let score = Comparison::score(&view.race);
    let is_early = view.race.now_ms() < RULES_MS;
    let text = if is_early && wordy { rules(view.race.basis)[0] } else { score.as_str() };
    pen.put(line(2), text, pen.theme.bold());

    let count = u16::try_from(view.race.sides.len()).unwrap_or(u16::MAX).max(1);
    let each = (area.width + 1) / count - 1;
    let nodes = view.race.sides.first().map_or(0, |side| side.nodes().count());
    let nodes = u16::try_from(nodes).unwrap_or(u16::MAX);
    let mut height = area.height - HEADER - 1;
    if !Layout::of(each, height, nodes).hidden().is_empty() {
        // A line is needed to say so.
        height -= 1;
        let hidden = Layout::of(each, height, nodes).hidden().join(", ");
        let words = if wordy { "too small to show" } else { "hidden" };
        pen.put(line(area.height - 2), &format!("{words}: {hidden}"), pen.theme.dim());
    }
    let layout = Layout::of(each, height, nodes);
    for (at, side) in (0..count).zip(&view.race.sides) {
        let x = area.x + at * (each + 1);
        let place = Rect { x, y: area.y + HEADER, width: each, height };
        panel(side, layout, view.race.end_ms, place, pen);
        if at > 0 {
            let between = Rect { x: x - 1, width: 1, ..place };
            let mark = (pen.theme.separator(), pen.theme.dim());
            pen.lines(between, std::iter::repeat_n(mark, height.into()));
        }
    }
    let keys = if view.race.is_over() {
        "← goes back, any other key ends and prints the comparison"
    } else if wordy {
        "space pause   ← → 15 s   PgUp PgDn 5 min   + - speed   ? help   q quit"
    } else {
        "space pause  ← →  + -  ? help  q quit"
    };
    pen.put(line(area.height - 1), keys, pen.theme.dim());
}

/// The line with the progress of the run.
fn status(view: &View, wordy: bool) -> String {
    let (now, end) = (clock(view.race.now_ms()), clock(view.race.end_ms));
    let (speed, state, phase) = (view.speed, view.state(), view.race.phase());
    if wordy {
        format!("minute {now} of {end}   {speed}x {state}   {phase}")
    } else {
        format!("{now}/{end} {speed}x {state} {phase}")
    }
}

/// From this width on, words stand with the figures.
const PANEL_WORDS_WIDTH: u16 = 37;
/// Lines above the panels: what this is, when, and who leads.
const HEADER: u16 = 3;
/// Simulated time for which the rules stand where the score will be.
const RULES_MS: u64 = 5 * 60_000;

/// Draws a side from top to bottom; `end_ms` is the right edge of its history.
fn panel(side: &Side, layout: Layout, end_ms: u64, area: Rect, pen: &mut Pen<'_>) {
    let mut rest = area;
    let mut rows = |wanted: u16| {
        let height = wanted.min(rest.height);
        let rows = Rect { height, ..rest };
        rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        rows
    };
    let wordy = area.width >= PANEL_WORDS_WIDTH;
    let (sample, shares, theme) = (side.sample(), side.shares(), pen.theme);
    pen.put(rows(1), side.title, theme.bold());
    if layout.settings > 0 {
        pen.put(rows(1), side.settings, theme.dim());
    }
    let parts = shares.parts();
    bar(&parts, shares.whole(), rows(1), pen);
    let mut legend = rows(1);
    for ((part, amount), word) in parts.into_iter().zip(["paid", "filler", "free"]) {
        let word = if wordy { format!(" {word} ") } else { String::new() };
        let text = format!("{word}{} ", cores(amount));
        legend = pen.legend(legend, part, &text, Style::default());
    }
    // The line of those that wait is their legend.
    let text = waiting(sample.pending_paid);
    let line = rows(1);
    if sample.pending_paid == 0 {
        pen.put(line, &text, Style::default());
    } else {
        let place = pen.put(line, "! ", theme.style(Part::Waiting));
        pen.put(
            place,
            &format!("{text} for {}", units::counted(&cores(shares.waiting).to_string(), "core")),
            theme.bad(),
        );
    }
    let outcome = side.outcome();
    let (waited, work) = (outcome.paid_delayed, outcome.harvested_core_hours());
    let text = match wordy {
        true => format!("score: {waited} waited, {work:.1} core-hours"),
        false => format!("{waited} waited {work:.1} h"),
    };
    pen.put(rows(1), &text, theme.bold());
    if layout.chart > 0 {
        let caption = if wordy { "cores over the hour, waiting on top" } else { "the hour" };
        pen.put(rows(1), caption, theme.dim());
        let slots = usize::try_from(end_ms / HISTORY_MS).unwrap_or(usize::MAX).max(1);
        chart(&side.history, slots, rows(layout.chart - 1), pen);
    }
    for (at, (paid, filler, has)) in side.nodes().enumerate().take(layout.nodes.into()) {
        let figures = format!(" {:>2}/{}", cores(paid + filler), cores(has));
        let place = pen.put_right(rows(1), &figures, Style::default());
        let place = pen.put(place, &format!("node-{} ", at + 1), Style::default());
        let free = has - paid - filler;
        bar(&[(Part::Paid, paid), (Part::Filler, filler), (Part::Free, free)], has, place, pen);
    }
    // The newest first; older ones step back.
    let notes = side.notes.iter().rev().take(layout.notes.into()).enumerate().map(|(at, note)| {
        let style = if at == 0 { Style::default() } else { theme.dim() };
        (format!("{} {}", clock(note.at_ms), note.text), style)
    });
    pen.lines(rows(layout.notes), notes);
}

/// The line with the keys.
const KEYS: [(&str, &str); 8] = [
    ("space", "pause, go on"),
    ("← →", "15 s, a run of the HPA"),
    ("PgUp Dn", "5 minutes back, forward"),
    ("Home", "back to the start"),
    ("+ -", "twice as fast, half as fast"),
    ("q", "quit, with the figures so far"),
    ("Ctrl-C", "quit, without"),
    ("?", "close this"),
];

/// Explains the keys.
fn help_box(area: Rect, pen: &mut Pen<'_>) {
    // In ASCII an arrow is wider.
    let text = |(key, what)| format!("{:<7} {what}", pen.theme.text(key));
    boxed(" keys ", KEYS.map(text).to_vec(), 42, area, pen);
}

/// The figures at the end, and why they differ where there is room to say it.
fn comparison_box(comparison: &Comparison, area: Rect, pen: &mut Pen<'_>) {
    let mut lines = comparison.lines();
    if area.height >= 20 && area.width >= 60 {
        let reason = comparison.reason.lines().map(str::to_owned);
        lines.extend(std::iter::once(String::new()).chain(reason).chain([String::new()]));
    }
    if area.height > 9 {
        lines.push("← goes back, any other key ends and prints this".to_owned());
    }
    boxed(" the result ", lines, 76, area, pen);
}

/// A box in the middle, or the whole area where it is too small for a frame.
fn boxed(title: &str, lines: Vec<String>, width: u16, area: Rect, pen: &mut Pen<'_>) {
    let wrap = |width: u16| -> Vec<String> {
        let line = |line: &String| match line.is_empty() {
            true => vec![String::new()],
            false => wrapped(line, width.max(1).into()),
        };
        lines.iter().flat_map(line).collect()
    };
    let framed = wrap(width.min(area.width).saturating_sub(4));
    let place = centered(width, u16::try_from(framed.len() + 2).unwrap_or(u16::MAX), area);
    let has_frame = place.width >= 42 && framed.len() + 2 <= area.height.into();
    let inner = pen.popup(title, place, area, has_frame);
    let (inner, lines) = match has_frame {
        true => (Rect { x: inner.x + 1, width: inner.width - 2, ..inner }, framed),
        false => (inner, wrap(area.width)),
    };
    pen.lines(inner, lines.iter().map(|line| (line, Style::default())));
}

/// Width that the comparison at the end and the keys need, columns.
const MIN_WIDTH: u16 = 40;
/// Height that the screen needs, rows.
const MIN_HEIGHT: u16 = 10;

/// The rows that each part of a panel gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Layout {
    settings: u16,
    chart: u16,
    nodes: u16,
    notes: u16,
}

/// Title, bar, legend, who waits, score.
const ESSENTIAL: u16 = 5;
/// A caption and two rows: less shows nothing.
const SMALLEST_CHART: u16 = 3;
/// More says no more.
const LARGEST_CHART: u16 = 13;
/// The notes that are worth a part of the chart.
const SOME_NOTES: u16 = 3;
/// Panels below this width cut a line of settings, so it is not shown.
const SETTINGS_WIDTH: u16 = 34;

impl Layout {
    /// Divides the rows of a panel; what matters least is left out first.
    fn of(width: u16, height: u16, nodes: u16) -> Self {
        let mut left = height.saturating_sub(ESSENTIAL);
        let mut take = |wanted: u16, at_least: u16| {
            let taken = if left >= at_least { wanted.min(left) } else { 0 };
            left -= taken;
            taken
        };
        let first_note = take(1, 1);
        let settings = if width >= SETTINGS_WIDTH { take(1, 1) } else { 0 };
        let chart = take(SMALLEST_CHART, SMALLEST_CHART);
        let nodes = take(nodes, nodes);
        let notes = take(SOME_NOTES - 1, 1);
        let more_chart = if chart > 0 { take(LARGEST_CHART - chart, 1) } else { 0 };
        let more_notes = take(u16::MAX, 1);
        Self { settings, chart: chart + more_chart, nodes, notes: first_note + notes + more_notes }
    }

    /// The names of what there is no room for.
    fn hidden(self) -> Vec<&'static str> {
        let parts = [
            ("settings", self.settings),
            ("history", self.chart),
            ("nodes", self.nodes),
            ("events", self.notes),
        ];
        parts.into_iter().filter(|(_, rows)| *rows == 0).map(|(name, _)| name).collect()
    }
}

/// Draws `history`, of `slots` entries when complete: the run's start is on the left and its end
/// on the right, so that the area grows with time.
fn chart(history: &[Shares], slots: usize, area: Rect, pen: &mut Pen<'_>) {
    let width = usize::from(area.width);
    for (column, x) in (0..width).zip(area.x..) {
        let from = column * slots / width.max(1);
        let to = ((column + 1) * slots / width.max(1)).max(from + 1);
        let Some(seen) = history.get(from..to.min(history.len())).filter(|s| !s.is_empty()) else {
            break;
        };
        // The mean of a column: a swing within it must not look like a plateau.
        let shares = Shares::mean(seen);
        pen.stack(&shares.parts(), shares.whole(), Rect { x, width: 1, ..area });
    }
}

#[cfg(test)]
mod tests {
    use super::super::race::Race;
    use oppscale_core::policy::Basis;

    use super::*;
    use crate::terminal::Theme;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Color;

    /// The view after so many simulated seconds, and its screen.
    fn view(seconds: u64) -> View {
        let theme = crate::terminal::testing::theme();
        let mut view = View::new(Race::new(Basis::Requests, 1).unwrap(), 1, theme);
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
    fn the_screenshot_of_the_readme_is_what_is_drawn() {
        let terminal = terminal(&view(26 * 60), 100, 26);
        let title = "oppscale demo: two HPAs side by side";
        crate::terminal::testing::pin_screenshot("demo.svg", terminal.backend().buffer(), title);
    }

    #[test]
    fn eighty_by_twenty_four_shows_everything() {
        let lines = lines(&view(24 * 60), 80, 24);
        let text = lines.join("\n");
        assert!(lines[0].starts_with(DISCLAIMER), "{text}");
        assert!(lines[1].starts_with("minute 24:00 of 60:00   1x running   burst: "), "{text}");
        assert!(lines[3].contains("article's HPA") && lines[3].contains("│oppscale's HPA"));
        for part in [
            "Its metric counts the filler's own pods",
            "Its metric: filler pods that fit",
            "paid pods waited",
            "core-hours harvested",
            "score: ",
            "█ paid",
            "▓ filler",
            "· free",
            "cores over the hour, waiting on top",
            "node-1 ",
            "node-6 ",
            "burst begins: 2→17 paid pods",
            "HPA: ",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("too small"), "{text}");
        assert!(lines[23].starts_with("space pause   ← → 15 s"), "{text}");
    }

    #[test]
    fn forty_by_ten_keeps_the_figures_and_says_what_is_hidden() {
        let lines = lines(&view(24 * 60), 40, 10);
        let text = lines.join("\n");
        assert!(lines[0].contains("simulated, no Kubernetes"), "{text}");
        assert!(lines[1].starts_with("24:00/60:00"), "{text}");
        assert!(text.matches(" waited ").count() >= 2, "{text}");
        assert!(lines[8].starts_with("hidden: settings, history, nodes, events"), "{text}");
        assert!(lines[9].contains("q quit"), "{text}");
    }

    #[test]
    fn what_is_cut_is_seen_to_be() {
        let narrow = lines(&view(24 * 60), 40, 10);
        assert!(narrow[1].trim_end().ends_with('…'), "{narrow:?}");
        let (width, height) = (MIN_WIDTH, MIN_HEIGHT);
        let end = lines(&view(3600), width, height).join("\n");
        assert!(end.contains("cluster in use"), "the last line is there: {end}");
        let mut view = view(60);
        assert!(lines(&view, width, height)[9].contains("q quit"));
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
        assert!(text.contains(" for 4 cores"), "{text}");
    }

    #[test]
    fn without_unicode_all_is_ascii_and_without_colour_nothing_is_coloured() {
        for seconds in [0, 24 * 60, 3600] {
            for (width, height) in [(80, 24), (40, 10), (120, 40)] {
                let mut view = view(seconds);
                view.theme = Theme { unicode: false, palette: None };
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
            for row in ["paid pods that waited", "longest wait", "core-hours", "cluster in use"] {
                assert!(text.contains(row), "{row} at {width}x{height}: {text}");
            }
            assert!(text.contains("any other key ends") || height == 10, "{text}");
        }
        assert!(lines(&view(3600), 80, 24).join(" ").contains("Why: the article's metric"));
    }

    #[test]
    fn help_names_the_keys() {
        let mut view = view(60);
        view.help = true;
        let text = lines(&view, 80, 24).join("\n");
        assert!(text.contains("┌ keys ─"), "{text}");
        view.theme = Theme { unicode: false, palette: None };
        let ascii = lines(&view, 80, 24).join("\n");
        assert!(
            ascii.contains("15 s, a run of the HPA") && ascii.contains("q       quit"),
            "{ascii}"
        );
        for word in ["pause, go on", "a run of the HPA", "Ctrl-C", "twice as fast"] {
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
                    // Even heights and odd ones in turn.
                    for height in (width % 2..30).step_by(2) {
                        let area = Rect::new(0, 0, width, height);
                        draw(&view, area, &mut Buffer::empty(area));
                    }
                }
            }
        }
        assert!(lines(&view(0), 20, 1)[0].starts_with("needs 40x10, q quits"));
    }

    #[test]
    fn eighty_by_twenty_four_hides_nothing() {
        // A header of three lines, a footer of one.
        let layout = Layout::of(39, 20, 6);
        assert_eq!(layout.hidden(), Vec::<&str>::new());
        assert_eq!(layout.settings + layout.chart + layout.nodes + layout.notes, 20 - ESSENTIAL);
        assert!(layout.chart >= 5, "{layout:?}");
    }

    #[test]
    fn little_room_hides_the_nodes_first() {
        assert_eq!(Layout::of(39, 14, 6).hidden(), ["nodes"]);
        assert_eq!(Layout::of(19, 6, 6).hidden(), ["settings", "history", "nodes"]);
        assert_eq!(Layout::of(19, 0, 6).hidden().len(), 4);
    }

    #[test]
    fn the_area_grows_from_left_to_right() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buf = Buffer::empty(area);
        let theme = Theme { unicode: true, palette: None };
        let of = |paid, own, free, waiting| Shares { paid, own, free, waiting };
        let history = [of(0, 4, 4, 0), of(4, 4, 0, 0), of(8, 0, 0, 1)];
        chart(&history, 4, area, &mut Pen::new(theme, &mut buf));
        let row = |y: u16| (0..4).map(|x| buf[(x, y)].symbol()).collect::<String>();
        assert_eq!((row(0).as_str(), row(1).as_str()), ("·▒! ", "▒██ "));
        let nowhere = Rect::new(0, 0, 0, 0);
        chart(&history, 4, nowhere, &mut Pen::new(theme, &mut buf));
    }
}
