//! One table: its rows, sorted and filtered, and the selected row.

use oppscale_core::figures::{self, AmountStyle, Context, FIGURES, Figure, Kind, Tone, Value};
use oppscale_core::resources::Resources;
use oppscale_core::view::Row;

use super::column::Column;
use super::hpas::{self, HpaItem};
use super::pods::{self, PodItem};
use super::view::View;

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Pane {
    pub(super) view: View,
    pub(super) items: Items,
    pub(super) order: Order,
    filter: Filter,
    /// Indices of the visible rows, in order.
    shown: Vec<usize>,
    /// Position of the selected row among them.
    cursor: usize,
    /// Identity of the row that the user selected: it stays selected when rows move.
    chosen: Option<Identity>,
    /// Position of the first row on the screen.
    offset: usize,
    /// Widths of the longest name and the longest namespace among the visible rows.
    pub(super) longest: (u16, u16),
    /// Columns in which every row has zero or nothing.
    pub(super) blank: Vec<Column>,
    /// Width of the screen, and the most lines that the details of any row need at that width.
    /// Cached, as computing it for every key takes too long.
    pub(super) detail: Option<(u16, usize)>,
}

impl Pane {
    pub(super) fn new(view: View) -> Self {
        Self {
            order: view.order(),
            view,
            items: Items::Unknown,
            filter: Filter::default(),
            shown: Vec::new(),
            cursor: 0,
            chosen: None,
            offset: 0,
            longest: (0, 0),
            blank: Vec::new(),
            detail: None,
        }
    }

    /// Measures the names of the visible rows. A table that is empty for a moment, as while a
    /// filter is typed, keeps its widths.
    fn measure_names(&mut self) {
        if self.shown.is_empty() {
            return;
        }
        self.longest = (0, 0);
        for at in &self.shown {
            let (namespace, kind, name) = self.items.names(*at);
            let kind = if kind.is_empty() { 0 } else { width(kind) + 1 };
            // The title of nodes without a pool.
            let name = if name.is_empty() { "(none)" } else { name };
            self.longest.0 = self.longest.0.max(kind + width(name));
            self.longest.1 = self.longest.1.max(width(namespace));
        }
    }

    /// Sorts and filters the rows. The selected row stays selected; if it is gone, its neighbour
    /// is.
    pub(super) fn arrange(&mut self, keep: impl Fn(&Items, usize) -> bool, by: Measure<'_>) {
        let items = &self.items;
        let is_wanted = |at: &usize| {
            keep(items, *at)
                && (self.filter.is_empty() || self.filter.matches(&items.full_name(*at)))
        };
        let shown = (0..items.len()).filter(is_wanted);
        let order = self.order;
        // Each value once: thousands of rows are sorted within a frame.
        let mut valued: Vec<_> =
            shown.map(|at| (items.value(at, order.column, by).0, at)).collect();
        valued.sort_by(|(a, at), (b, other)| {
            let by_value = a.compare(b, order.descending);
            by_value.then_with(|| items.names(*at).cmp(&items.names(*other)))
        });
        self.shown = valued.into_iter().map(|(_, at)| at).collect();
        self.measure_names();
        self.detail = None;
        let place =
            |identity: &Identity| self.shown.iter().position(|at| self.items.is(*at, identity));
        match self.chosen.as_ref().map(place) {
            Some(Some(cursor)) => self.cursor = cursor,
            Some(None) => _ = self.choose(self.cursor),
            // Before the user selects a row, the first one is selected.
            None => self.cursor = 0,
        }
    }

    /// Whether every visible row has zero or nothing in a column. A bar is never blank: it shows
    /// what is free.
    pub(super) fn is_blank(&self, column: Column, by: Measure<'_>) -> bool {
        let is_nothing = |value: Value<'_>| match value {
            Value::Absent | Value::Amount(0) | Value::CountOf(Some(0), 0) => true,
            Value::Text(text) => text.is_empty(),
            Value::Sentences(sentences) => sentences.is_empty(),
            _ => false,
        };
        let value = |at: &usize| self.items.value(*at, column, by).0;
        column.kind != Kind::Bar && self.shown.iter().all(|at| is_nothing(value(at)))
    }

    /// Sorts by a column, or inverts the order of the sorted one.
    pub(super) fn sort_by(&mut self, column: Column, inverted: bool) {
        let order = Order::by(column);
        self.order = match (self.order.column == column, inverted) {
            (true, _) => self.order.inverted(),
            (false, true) => order.inverted(),
            (false, false) => order,
        };
    }

    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(super) fn set_filter(&mut self, text: &str) {
        self.filter = Filter::new(text);
    }

    /// Number of visible rows.
    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Index of the visible row at this position.
    pub(super) fn row(&self, place: usize) -> Option<usize> {
        self.shown.get(place).copied()
    }

    /// Position of the selected row.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Index of the selected row.
    pub(super) fn chosen(&self) -> Option<usize> {
        self.row(self.cursor)
    }

    /// Identity of the selected row.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.items.identity(self.chosen()?)
    }

    /// Selects the visible row at this position, or the last one. Returns whether that is another.
    pub(super) fn choose(&mut self, place: usize) -> bool {
        let before = self.cursor;
        self.cursor = place.min(self.shown.len().saturating_sub(1));
        let chosen = self.identity();
        // A table that is empty for a moment keeps the selection.
        if chosen.is_some() {
            self.chosen = chosen;
        }
        self.cursor != before
    }

    /// Moves the selection by `rows`. Returns whether it moved.
    pub(super) fn step(&mut self, rows: isize) -> bool {
        self.choose(self.cursor.saturating_add_signed(rows))
    }

    /// Position of the first row on a screen of `rows`: the table scrolls only as far as the
    /// selected row requires.
    pub(super) fn offset(&self, rows: usize) -> usize {
        let rows = rows.max(1);
        let last = self.shown.len().saturating_sub(rows);
        let low = (self.cursor + 1).saturating_sub(rows);
        self.offset.clamp(low, self.cursor.max(low)).min(last.max(low))
    }

    /// Stores the scroll position for a screen of `rows`.
    pub(super) fn settle(&mut self, rows: usize) {
        self.offset = self.offset(rows);
    }

    /// Scrolls by `by` rows, and moves the selection only as far as it must.
    pub(super) fn scroll(&mut self, by: isize, rows: usize) -> bool {
        let before = (self.offset(rows), self.cursor);
        let last = self.shown.len().saturating_sub(rows.max(1));
        self.offset = before.0.saturating_add_signed(by).min(last);
        let cursor = self.cursor.clamp(self.offset, self.offset + rows.saturating_sub(1));
        self.choose(cursor);
        before != (self.offset, self.cursor)
    }
}

fn width(text: &str) -> u16 {
    u16::try_from(unicode_width::UnicodeWidthStr::width(text)).unwrap_or(u16::MAX)
}

/// The order of rows: a column and a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) descending: bool,
}

impl Order {
    /// The first order of a column: text from A, amounts from the greatest.
    pub(super) fn by(column: Column) -> Self {
        Self { column, descending: !column.is_text() }
    }

    /// The inverted order.
    pub(super) fn inverted(self) -> Self {
        Self { descending: !self.descending, ..self }
    }
}

/// Words that must all occur in a name, in any order and case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    text: String,
    words: Vec<String>,
}

impl Filter {
    pub(super) fn new(text: &str) -> Self {
        let words = text.split_whitespace().map(str::to_lowercase).collect();
        Self { text: text.to_owned(), words }
    }

    /// The text as the user typed it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.is_empty() || {
            let name = name.to_lowercase();
            self.words.iter().all(|word| name.contains(word.as_str()))
        }
    }

    /// Ranges of bytes of the words in `name`; empty where lower case changes the length.
    pub(super) fn found(&self, name: &str) -> Vec<(usize, usize)> {
        let lower = name.to_lowercase();
        if lower.len() != name.len() {
            return Vec::new();
        }
        let place = |word: &String| lower.find(word.as_str()).map(|at| (at, at + word.len()));
        self.words.iter().filter_map(place).collect()
    }
}

/// The rows of a table.
#[derive(Debug, Clone, Default)]
pub(super) enum Items {
    /// Not known yet.
    #[default]
    Unknown,
    Rows(Vec<Row>),
    Pods(Vec<PodItem>),
    Hpas(Vec<HpaItem>),
}

/// The identity of a row across updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// The context of the values of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) resources: &'a [String],
    /// Allocatable resources of the usable nodes.
    pub(super) whole: Option<&'a Resources>,
    /// The present, in seconds since 1970.
    pub(super) now: i64,
    /// Whether amounts are in thousandths of allocatable.
    pub(super) percent: bool,
}

impl Items {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::Rows(rows) => rows.len(),
            Self::Pods(pods) => pods.len(),
            Self::Hpas(hpas) => hpas.len(),
        }
    }

    /// Namespace, kind and name, empty where there are none.
    pub(super) fn names(&self, at: usize) -> (&str, &str, &str) {
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => rows.get(at).map(Row::names),
            Self::Pods(pods) => pods.get(at).map(|pod| (&*pod.namespace, "", &*pod.name)),
            Self::Hpas(hpas) => hpas.get(at).map(|hpa| (&*hpa.namespace, "", &*hpa.name)),
        }
        .unwrap_or_default()
    }

    pub(super) fn identity(&self, at: usize) -> Option<Identity> {
        (at < self.len()).then(|| {
            let (namespace, kind, name) = self.names(at);
            Identity {
                namespace: namespace.to_owned(),
                kind: kind.to_owned(),
                name: name.to_owned(),
            }
        })
    }

    pub(super) fn is(&self, at: usize, identity: &Identity) -> bool {
        self.names(at) == (&*identity.namespace, &*identity.kind, &*identity.name)
    }

    /// The text that the filter matches.
    pub(super) fn full_name(&self, at: usize) -> String {
        match self.names(at) {
            ("", "", name) => name.to_owned(),
            (namespace, "", name) => format!("{namespace}/{name}"),
            (namespace, kind, name) => format!("{namespace}/{kind}/{name}"),
        }
    }

    /// The value of a row in a column, and how it is emphasised.
    pub(super) fn value(&self, at: usize, column: Column, by: Measure<'_>) -> (Value<'_>, Tone) {
        fn of<'a, R>(
            figures: &'static [Figure<R>],
            row: Option<&'a R>,
            column: Column,
            context: &Context<'_>,
        ) -> Option<(Value<'a>, Tone)> {
            let (figure, row) = (figures.iter().find(|figure| figure.id == column.id)?, row?);
            let value = (figure.value)(row, context);
            let tone = figure.tone_of(row, &value);
            Some((value, tone))
        }
        let context = by.context(column);
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => rows.get(at).and_then(|row| {
                let figure = FIGURES.iter().find(|figure| figure.id == column.id)?;
                let form = by.form(figure);
                let column = figures::Column { figure, resource: None, form };
                let value = column.of(row, &context);
                let tone = figure.tone_of(row, &value);
                Some((value, tone))
            }),
            Self::Pods(pods) => of(&pods::FIGURES, pods.get(at), column, &context),
            Self::Hpas(hpas) => of(&hpas::FIGURES, hpas.get(at), column, &context),
        }
        .unwrap_or((Value::Unknown, Tone::Plain))
    }
}

impl<'a> Measure<'a> {
    /// Format of the amounts of a figure.
    fn form(self, figure: &Figure) -> AmountStyle {
        match self.percent && figure.has_percent() {
            true => AmountStyle::Percent,
            false => AmountStyle::Absolute,
        }
    }

    /// The value of a column as people read it.
    pub(super) fn text(self, value: &Value<'_>, column: Column) -> String {
        let is_percent = figures::find(column.id)
            .is_some_and(|figure| self.form(figure) == AmountStyle::Percent);
        match (value, is_percent) {
            (Value::Amount(_), true) => format!("{}%", Kind::Share.text(value, "", false)),
            _ => column.kind.text(value, self.context(column).resource, false).into_owned(),
        }
    }

    pub(super) fn context(self, column: Column) -> Context<'a> {
        let resource = self.resources.get(column.resource).map_or("", String::as_str);
        Context { resource, cluster: self.whole, now: self.now }
    }
}

#[cfg(test)]
mod tests {
    use oppscale_core::resources::{CPU, Resources};
    use oppscale_core::view::Row;

    use super::*;

    fn pane(rows: &[(&str, i128)]) -> Pane {
        let mut pane = Pane::new(View::Nodes { pool: None });
        fill(&mut pane, rows);
        pane
    }

    fn fill(pane: &mut Pane, rows: &[(&str, i128)]) {
        let row = |(name, cpu): &(&str, i128)| Row {
            name: (*name).to_owned(),
            remaining: (*cpu != 0).then(|| Resources::default().with(CPU, *cpu)),
            ..Row::default()
        };
        let resources = [CPU.to_owned()];
        let by = Measure { resources: &resources, whole: None, now: 0, percent: false };
        pane.items = Items::Rows(rows.iter().map(row).collect());
        pane.arrange(|_, _| true, by);
    }

    fn names(pane: &Pane) -> Vec<&str> {
        (0..pane.len()).filter_map(|at| Some(pane.items.names(pane.row(at)?).2)).collect()
    }

    fn chosen(pane: &Pane) -> String {
        pane.identity().map(|identity| identity.name).unwrap_or_default()
    }

    #[test]
    fn the_greatest_comes_first_and_the_unknown_last() {
        let pane = pane(&[("a", 1), ("b", 0), ("c", 3), ("d", 3)]);
        assert_eq!(names(&pane), ["c", "d", "a", "b"]);
    }

    #[test]
    fn the_choice_stays_on_its_row_and_goes_to_the_neighbour() {
        let mut pane = pane(&[("a", 3), ("b", 2), ("c", 1)]);
        assert_eq!(chosen(&pane), "a");
        fill(&mut pane, &[("a", 3), ("b", 9), ("c", 1)]);
        assert_eq!(chosen(&pane), "b", "the first one, as nobody has chosen yet");
        fill(&mut pane, &[("a", 3), ("b", 2), ("c", 1)]);
        assert!(pane.step(1));
        fill(&mut pane, &[("a", 1), ("b", 9), ("c", 5)]);
        assert_eq!((chosen(&pane), pane.cursor()), ("b".to_owned(), 0));
        fill(&mut pane, &[("a", 1), ("c", 5)]);
        assert_eq!(chosen(&pane), "c", "who is at its place now");
        fill(&mut pane, &[]);
        assert_eq!(pane.identity(), None);
        fill(&mut pane, &[("a", 9), ("c", 5)]);
        assert_eq!(chosen(&pane), "c", "an empty table forgets nothing");
        assert!(!pane.step(9) && pane.step(-9));
    }

    #[test]
    fn the_table_moves_only_as_far_as_it_must() {
        let rows: Vec<(String, i128)> = (0..20).map(|n| (format!("{n:02}"), 100 - n)).collect();
        let rows: Vec<_> = rows.iter().map(|(name, cpu)| (name.as_str(), *cpu)).collect();
        let mut pane = pane(&rows);
        let mut step = |by| {
            pane.step(by);
            pane.settle(5);
            pane.offset(5)
        };
        assert_eq!([step(4), step(1), step(-3), step(-2), step(99)], [0, 1, 1, 0, 15]);
        assert_eq!(pane.offset(100), 0, "a larger screen shows all");
        assert!(pane.scroll(-15, 5));
        assert_eq!((pane.offset(5), pane.cursor()), (0, 4), "the choice stays on the screen");
        for rows in 0..30 {
            let offset = pane.offset(rows);
            assert!(offset <= pane.cursor() && pane.cursor() < offset + rows.max(1));
        }
    }

    #[test]
    fn only_names_that_are_shown_take_room() {
        let mut pane = pane(&[("web-1", 3), ("a-node-with-a-long-name", 2)]);
        let resources = [CPU.to_owned()];
        let by = Measure { resources: &resources, whole: None, now: 0, percent: false };
        assert_eq!(pane.longest.0, 23);
        pane.arrange(|items, at| items.names(at).2 == "web-1", by);
        assert_eq!(pane.longest.0, 5, "the other one is hidden");
        pane.set_filter("nothing");
        pane.arrange(|_, _| true, by);
        assert_eq!(pane.longest.0, 5, "an empty table keeps its columns");
    }

    #[test]
    fn a_filter_keeps_what_matches() {
        let mut pane = pane(&[("web-1", 3), ("db-1", 2), ("web-2", 1)]);
        pane.set_filter("WEB");
        let resources = [CPU.to_owned()];
        pane.arrange(
            |_, _| true,
            Measure { resources: &resources, whole: None, now: 0, percent: false },
        );
        assert_eq!(names(&pane), ["web-1", "web-2"]);
    }

    #[test]
    fn every_word_must_be_there() {
        let filter = Filter::new("Web  prod");
        assert!(filter.matches("prod/deployment/web-1"));
        assert!(!filter.matches("prod/deployment/db"));
        assert_eq!(filter.found("prod/web"), [(5, 8), (0, 4)]);
        assert!(Filter::new("  ").matches("anything"));
    }
}
