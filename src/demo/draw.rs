//! The screen: header, both sides, footer and the boxes over them, drawn into a buffer.

use oppscale_core::resources::Amount;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear, Paragraph, Widget, Wrap};

use super::comparison::Comparison;
use super::side::{HISTORY_MS, Shares, Side, waiting};
use super::view::View;
use super::{DISCLAIMER, clock, cores};
use crate::terminal::{Part, Theme};

/// From this width on, words are written out.
const HEADER_WORDS_WIDTH: u16 = 68;

/// Draws the view. Only the buffer changes.
pub(super) fn draw(view: &View, area: Rect, buf: &mut Buffer) {
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        too_small(view, area, buf);
        return;
    }
    if view.race.is_over() && !view.help {
        if area.height <= MIN_HEIGHT + 2 {
            comparison_box(&Comparison::of(&view.race), view.theme, area, buf);
            return;
        }
        sides(view, area, buf);
        comparison_box(&Comparison::of(&view.race), view.theme, below_header(area), buf);
        return;
    }
    sides(view, area, buf);
    if view.help {
        help_box(view.theme, below_header(area), buf);
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
    let wordy = area.width >= HEADER_WORDS_WIDTH;
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
        panel(side, layout, view.race.end_ms, view.theme, place, buf);
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

/// From this width on, words stand with the figures.
const PANEL_WORDS_WIDTH: u16 = 37;

/// Draws a side from top to bottom; `end_ms` is the right edge of its history.
fn panel(side: &Side, layout: Layout, end_ms: u64, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen { theme, rest: area, buf };
    let (sample, shares) = (side.sample(), side.shares());
    pen.line(&format!("{}'s HPA", side.name), theme.bold());
    if layout.settings > 0 {
        pen.line(side.settings, theme.dim());
    }
    let Shares { paid, own, free, waiting: demand } = shares;
    let parts = [
        (Part::Paid, paid),
        (Part::Filler, own),
        (Part::Free, free),
        (Part::Overcommitted, demand),
    ];
    let row = pen.rows(1);
    bar(&parts, theme, row, pen.buf);
    pen.legend(shares);
    let per_mille = shares.utilisation_per_mille();
    let (running, asked) = (sample.filler_running, sample.filler_desired);
    pen.line(
        &if area.width >= PANEL_WORDS_WIDTH {
            format!(
                "miners {running} of {asked}, {}.{} % requested",
                per_mille / 10,
                per_mille % 10
            )
        } else {
            format!("miners {running}  {} %", per_mille / 10)
        },
        Style::default(),
    );
    let style = if sample.pending_paid > 0 { theme.bad() } else { theme.dim() };
    let mark = if sample.pending_paid > 0 { "! " } else { "" };
    pen.line(&format!("{mark}{}", waiting(sample.pending_paid)), style);
    if layout.chart > 0 {
        pen.line(&format!("miners over time, top {}", side.max_replicas), theme.dim());
        let rows = pen.rows(layout.chart - 1);
        let slots = usize::try_from(end_ms / HISTORY_MS).unwrap_or(usize::MAX).max(1);
        chart(&side.history, slots, side.max_replicas, theme, rows, pen.buf);
    }
    if layout.nodes > 0 {
        for (at, (requested, has)) in side.nodes().enumerate().take(layout.nodes.into()) {
            pen.node(at + 1, requested, has);
        }
    }
    let shown = side.notes.iter().rev().take(layout.notes.into());
    for (at, note) in shown.enumerate() {
        // The newest first; older ones step back.
        let style = if at == 0 { Style::default() } else { theme.dim() };
        pen.line(&format!("{} {}", clock(note.at_ms), note.text), style);
    }
}

/// Writes line after line into what is left of an area.
struct Pen<'a> {
    theme: Theme,
    rest: Rect,
    buf: &'a mut Buffer,
}

impl Pen<'_> {
    /// The next rows; fewer, or none, at the end of the area.
    fn rows(&mut self, wanted: u16) -> Rect {
        let height = wanted.min(self.rest.height);
        let rows = Rect { height, ..self.rest };
        self.rest.y += height;
        self.rest.height -= height;
        rows
    }

    fn line(&mut self, text: &str, style: Style) {
        let row = self.rows(1);
        if row.height > 0 {
            let text = self.theme.cut(text, row.width.into());
            self.buf.set_string(row.x, row.y, text, style);
        }
    }

    /// What the characters of the bar mean, and how many cores each part has.
    fn legend(&mut self, shares: Shares) {
        let row = self.rows(1);
        if row.height == 0 {
            return;
        }
        let Shares { paid, own, free, waiting } = shares;
        let parts = [
            (Part::Paid, "paid", paid),
            (Part::Filler, "miner", own),
            (Part::Free, "free", free),
            (Part::Overcommitted, "wait", waiting),
        ];
        let end = row.x + row.width;
        let mut x = row.x;
        for (part, word, amount) in parts {
            if part == Part::Overcommitted && amount == 0 {
                continue;
            }
            let fill = self.theme.fill(part);
            let word =
                if row.width >= PANEL_WORDS_WIDTH { format!("{word} ") } else { String::new() };
            let text = format!("{fill}{word}{} ", cores(amount));
            let style = self.theme.style(part);
            x = self.buf.set_stringn(x, row.y, text, usize::from(end - x), style).0;
        }
    }

    /// A node with its bar.
    fn node(&mut self, number: usize, requested: i128, has: i128) {
        let row = self.rows(1);
        if row.height == 0 {
            return;
        }
        let name = format!("node-{number} ");
        let figures = format!(" {:>2}/{}", cores(requested), cores(has));
        let (x, _) = self.buf.set_stringn(row.x, row.y, &name, row.width.into(), Style::default());
        let room = (row.x + row.width).saturating_sub(x + figures.len() as u16);
        let parts = [(Part::Requested, requested), (Part::Free, has - requested)];
        bar(&parts, self.theme, Rect { x, width: room, ..row }, self.buf);
        let left = usize::from(row.width).saturating_sub(name.len() + usize::from(room));
        self.buf.set_stringn(x + room, row.y, &figures, left, Style::default());
    }
}

/// What the keys do.
const KEYS: [(&str, &str); 6] = [
    ("space", "pause, go on"),
    ("s or →", "one run of the HPA, 15 s"),
    ("+ -", "twice as fast, half as fast"),
    ("q", "quit, with the figures so far"),
    ("Ctrl-C", "quit, without"),
    ("?", "close this"),
];

/// Explains the keys.
fn help_box(theme: Theme, area: Rect, buf: &mut Buffer) {
    // In ASCII an arrow is wider.
    let lines = KEYS.iter().map(|(key, what)| format!("{:<7} {what}", theme.text(key))).collect();
    boxed(" keys ", lines, 42, theme, area, buf);
}

/// The figures at the end, and why they differ where there is room to say it.
fn comparison_box(comparison: &Comparison, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut lines = comparison.lines();
    if area.height >= 20 && area.width >= 60 {
        lines.push(String::new());
        lines.push(comparison.reason.clone());
        lines.push(String::new());
    }
    if area.height > 10 {
        lines.push("any key ends, and prints this".to_owned());
    }
    boxed(" the comparison ", lines, 64, theme, area, buf);
}

/// A box in the middle, or the whole area where it is too small for a frame.
fn boxed(title: &str, lines: Vec<String>, width: u16, theme: Theme, area: Rect, buf: &mut Buffer) {
    let width = width.min(area.width);
    let inner = usize::from(width.saturating_sub(4)).max(1);
    // Wrapping at words takes a row more than counting characters says, now and then.
    let rows = |line: &String| match line.chars().count().div_ceil(inner) {
        0 | 1 => 1,
        more => more + 1,
    };
    let rows = u16::try_from(lines.iter().map(rows).sum::<usize>()).unwrap_or(u16::MAX);
    let text = Text::from(lines.into_iter().map(Line::from).collect::<Vec<_>>());
    let paragraph = Paragraph::new(text).wrap(Wrap { trim: false });
    if width < 42 || rows + 2 > area.height {
        Clear.render(area, buf);
        paragraph.style(Style::default()).render(area, buf);
        return;
    }
    let height = rows + 2;
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buf);
    let set = theme.border();
    let frame = Block::bordered().border_set(set).title(title).title_style(theme.bold());
    let padded = frame.padding(ratatui::widgets::Padding::horizontal(1));
    paragraph.block(padded).render(place, buf);
}

/// The least that makes sense: the comparison at the end and the keys need as much.
const MIN_WIDTH: u16 = 40;
/// The least that makes sense.
const MIN_HEIGHT: u16 = 9;

/// The rows that each part of a panel gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Layout {
    pub(super) settings: u16,
    pub(super) chart: u16,
    pub(super) nodes: u16,
    pub(super) notes: u16,
}

/// Title, bar, legend, miners, who waits.
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
    pub(super) fn of(width: u16, height: u16, nodes: u16) -> Self {
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
    pub(super) fn hidden(self) -> Vec<&'static str> {
        let parts = [
            ("settings", self.settings),
            ("history", self.chart),
            ("nodes", self.nodes),
            ("events", self.notes),
        ];
        parts.into_iter().filter(|(_, rows)| *rows == 0).map(|(name, _)| name).collect()
    }
}

/// Fills the first line of `area` with the parts in proportion.
fn bar(parts: &[(Part, Amount)], theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut x = area.x;
    for ((part, _), cells) in parts.iter().zip(cells(parts, area.width)) {
        for _ in 0..cells {
            buf.set_stringn(x, area.y, theme.fill(*part), 1, theme.style(*part));
            x += 1;
        }
    }
}

/// How many cells each part gets: all of them together the whole width.
fn cells(parts: &[(Part, Amount)], width: u16) -> Vec<u16> {
    let whole = parts.iter().map(|(_, amount)| (*amount).max(0)).sum::<Amount>().max(1);
    let edge = |sum: Amount| {
        u16::try_from((sum * Amount::from(width) + whole / 2) / whole).unwrap_or(width)
    };
    let (mut sum, mut at) = (0, 0);
    let of_part = |(_, amount): &(Part, Amount)| {
        sum += (*amount).max(0);
        let cells = edge(sum) - at;
        at += cells;
        cells
    };
    parts.iter().map(of_part).collect()
}

/// Draws `history`, of `slots` entries when complete, below `max`; the run's start is on the
/// left and its end on the right, so that the area grows with time.
fn chart(history: &[u32], slots: usize, max: u32, theme: Theme, area: Rect, buf: &mut Buffer) {
    let (width, rows) = (usize::from(area.width), u32::from(area.height));
    for column in 0..width {
        let from = column * slots / width.max(1);
        let to = ((column + 1) * slots / width.max(1)).max(from + 1);
        let Some(seen) = history.get(from..to.min(history.len())).filter(|s| !s.is_empty()) else {
            break;
        };
        // The mean of a column: a swing within it must not look like a plateau.
        let mean = seen.iter().sum::<u32>() / u32::try_from(seen.len()).unwrap_or(1).max(1);
        let filled = (mean * rows * 8).div_ceil(max.max(1));
        for row in 0..rows {
            let eighths = filled.saturating_sub((rows - 1 - row) * 8).min(8);
            let (x, y) = (area.x + column as u16, area.y + row as u16);
            buf.set_stringn(x, y, theme.level(eighths), 1, theme.style(Part::Filler));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::race::Race;
    use super::*;
    use crate::terminal::Theme;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Color;

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

    #[test]
    fn eighty_by_twenty_four_hides_nothing() {
        // A header of two lines, a footer of one.
        let layout = Layout::of(39, 21, 6);
        assert_eq!(layout.hidden(), Vec::<&str>::new());
        assert_eq!(layout.settings + layout.chart + layout.nodes + layout.notes, 21 - ESSENTIAL);
        assert!(layout.chart >= 5, "{layout:?}");
    }

    #[test]
    fn little_room_hides_the_nodes_first() {
        assert_eq!(Layout::of(39, 14, 6).hidden(), ["nodes"]);
        assert_eq!(Layout::of(19, 6, 6).hidden(), ["settings", "history", "nodes"]);
        assert_eq!(Layout::of(19, 0, 6).hidden().len(), 4);
    }

    #[test]
    fn parts_fill_the_width_in_proportion() {
        let parts = |paid, own, free| [(Part::Paid, paid), (Part::Filler, own), (Part::Free, free)];
        assert_eq!(cells(&parts(50, 25, 25), 40), [20, 10, 10]);
        assert_eq!(cells(&parts(1, 1, 1), 10).iter().sum::<u16>(), 10);
        assert_eq!(cells(&parts(-5, 10, 0), 8), [0, 8, 0]);
        assert_eq!(cells(&parts(0, 0, 0), 8), [0, 0, 0]);
        assert_eq!(cells(&parts(1, 1, 1), 0), [0, 0, 0]);
    }

    #[test]
    fn the_area_grows_from_left_to_right() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buf = Buffer::empty(area);
        let theme = Theme { unicode: true, color: false };
        chart(&[0, 4, 8], 4, 8, theme, area, &mut buf);
        let row = |y: u16| (0..4).map(|x| buf[(x, y)].symbol()).collect::<String>();
        assert_eq!((row(0).as_str(), row(1).as_str()), ("  █ ", " ██ "));
        chart(&[1, 2, 3], 4, 8, theme, Rect::new(0, 0, 0, 0), &mut buf);
    }
}
