//! What is shown at which size, and what is hidden.

/// The least that makes sense: the comparison at the end and the keys need as much.
pub(super) const MIN_WIDTH: u16 = 40;
/// The least that makes sense.
pub(super) const MIN_HEIGHT: u16 = 9;

/// The rows that each part of a panel gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
