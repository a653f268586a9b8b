//! The areas of the screen for its size, and the parts that are hidden.

use ratatui::layout::Rect;

use super::{header, table};
use crate::live::state::State;

/// The parts of the screen with their areas, or with their heights while it is divided. A part
/// without height is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::live) struct Layout<T = Rect> {
    pub(in crate::live) title: T,
    pub(in crate::live) fit: T,
    pub(in crate::live) bars: T,
    pub(in crate::live) history: T,
    pub(in crate::live) notices: T,
    pub(in crate::live) tabs: T,
    pub(in crate::live) head: T,
    pub(in crate::live) rows: T,
    pub(in crate::live) detail: T,
    pub(in crate::live) hidden: T,
    pub(in crate::live) footer: T,
    /// Names of the parts for which there is no room.
    pub(in crate::live) missing: Vec<&'static str>,
}

type Heights = Layout<u16>;

/// The heights that the content would need.
#[derive(Clone, Copy, Debug, Default)]
struct WantedHeights {
    bars: u16,
    notices: u16,
    detail: u16,
    /// Number of rows of the table, without its filter: typing one moves nothing.
    rows: u16,
    /// Whether columns are hidden, so that a line lists them.
    narrow: bool,
    /// Whether there is anything to chart: a saved list and an empty cluster have no history.
    chart: bool,
}

/// Number of rows that is kept before optional parts are shown.
const SOME_ROWS: u16 = 3;
/// Number of rows that is kept before optional parts grow.
const ENOUGH_ROWS: u16 = 8;
/// Height from which there is a chart beside a table of any length.
const TALL: u16 = 36;
/// Rows of a chart: on a tall screen, and at most.
const CHART: u16 = 6;
const LARGEST_CHART: u16 = 14;
/// Fewer rows show nothing.
const SMALLEST_CHART: u16 = 3;

impl Layout {
    pub(in crate::live) fn of(state: &State, area: Rect) -> Self {
        let detail = table::height(state, area.width);
        let wanted = WantedHeights {
            bars: u16::try_from(state.resources().len()).unwrap_or(u16::MAX),
            notices: u16::try_from(header::lines(state, area.width).len()).unwrap_or(u16::MAX),
            detail: u16::try_from(detail).unwrap_or(u16::MAX),
            rows: u16::try_from(state.matches().1).unwrap_or(u16::MAX),
            narrow: !state.table().within(area.width).hidden.is_empty(),
            chart: !state.setup.is_saved && state.matches().1 > 0,
        };
        let heights = Heights::of(area.height, wanted);
        heights.place(area, wanted)
    }
}

impl Heights {
    /// Divides the screen; the least important parts are left out first.
    fn of(height: u16, wanted: WantedHeights) -> Self {
        let all = Self::within(height, wanted);
        if !wanted.narrow && all.missing(wanted).is_empty() || height < 4 {
            return all;
        }
        // One line lists what is hidden.
        Self { hidden: 1, ..Self::within(height - 1, wanted) }
    }

    fn within(height: u16, wanted: WantedHeights) -> Self {
        let mut left = height;
        fn take_from(left: &mut u16, wanted: u16) -> u16 {
            let taken = wanted.min(*left);
            *left -= taken;
            taken
        }
        let title = take_from(&mut left, 1);
        let first_row = take_from(&mut left, 1);
        let head = take_from(&mut left, 1);
        let footer = take_from(&mut left, 1);
        let bar = take_from(&mut left, wanted.bars.min(1));
        let fit = take_from(&mut left, 1);
        let tabs = take_from(&mut left, 1);
        let notice = take_from(&mut left, wanted.notices.min(1));
        // With details below, the table is no higher than its rows.
        let least = if wanted.detail > 0 { wanted.rows.min(SOME_ROWS) } else { SOME_ROWS };
        let some_rows = take_from(&mut left, least.saturating_sub(1));
        let second_bar = take_from(&mut left, wanted.bars.saturating_sub(bar).min(1));
        let history = take_from(&mut left, 1);
        let detail = take_from(&mut left, wanted.detail.min(3));
        let notices = take_from(&mut left, wanted.notices.saturating_sub(notice).min(4));
        let most = if wanted.detail > 0 { wanted.rows.min(ENOUGH_ROWS) } else { ENOUGH_ROWS };
        let more_rows = take_from(&mut left, most.saturating_sub(SOME_ROWS));
        let more_detail = take_from(&mut left, (wanted.detail - detail).min(height / 3));
        let more_bars =
            take_from(&mut left, wanted.bars.saturating_sub(bar + second_bar).min(height / 8));
        let more_notices =
            take_from(&mut left, wanted.notices.saturating_sub(notice + notices).min(height / 6));
        let rows = first_row + some_rows + more_rows;
        // A short table leaves its room to the chart, and keeps some for nodes to come.
        let unused = left.saturating_sub(wanted.rows.saturating_sub(rows) + 2);
        let chart = match wanted.detail {
            0 if wanted.chart => unused.min(LARGEST_CHART).min(height / 3),
            _ => 0,
        };
        let chart = if height >= TALL && wanted.chart { chart.max(CHART) } else { chart };
        let more_history = if chart >= SMALLEST_CHART { take_from(&mut left, chart) } else { 0 };
        // Details stand directly below the rows, not at the end of the screen.
        let most_rows = if wanted.detail > 0 {
            take_from(&mut left, wanted.rows.saturating_sub(rows))
        } else {
            0
        };
        let most_detail = take_from(&mut left, wanted.detail - detail - more_detail);
        Self {
            title,
            fit,
            bars: bar + second_bar + more_bars,
            history: history + more_history,
            notices: notice + notices + more_notices,
            tabs,
            head,
            rows: rows + most_rows + if wanted.detail > 0 { 0 } else { left },
            detail: detail + more_detail + most_detail + if wanted.detail > 0 { left } else { 0 },
            hidden: 0,
            footer,
            missing: Vec::new(),
        }
    }

    fn missing(&self, wanted: WantedHeights) -> Vec<&'static str> {
        let parts = [
            ("keys", self.footer == 0),
            ("what fits", self.fit == 0),
            ("totals", self.bars == 0),
            ("other resources", self.bars > 0 && self.bars < wanted.bars),
            ("views", self.tabs == 0),
            ("history", self.history == 0),
            ("details", self.detail < wanted.detail.min(2)),
            ("notices", self.notices < wanted.notices),
        ];
        parts.into_iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| name).collect()
    }

    fn place(self, area: Rect, wanted: WantedHeights) -> Layout {
        let mut y = area.y;
        let mut next = |height: u16| {
            let place = Rect { y, height, ..area };
            y += height;
            place
        };
        Layout {
            title: next(self.title),
            fit: next(self.fit),
            bars: next(self.bars),
            history: next(self.history),
            notices: next(self.notices),
            tabs: next(self.tabs),
            head: next(self.head),
            rows: next(self.rows),
            detail: next(self.detail),
            hidden: next(self.hidden),
            footer: next(self.footer),
            missing: self.missing(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: WantedHeights =
        WantedHeights { bars: 2, notices: 0, detail: 0, rows: 99, narrow: false, chart: true };

    fn sum(heights: Heights) -> u16 {
        let Heights { title, fit, bars, history, notices, tabs, head, rows, detail, .. } = heights;
        let above = title + fit + bars + history + notices + tabs;
        above + head + rows + detail + heights.hidden + heights.footer
    }

    #[test]
    fn twenty_four_rows_show_everything() {
        let heights = Heights::of(24, USUAL);
        assert_eq!(heights.missing(USUAL), Vec::<&str>::new());
        assert_eq!((heights.rows, heights.bars, heights.hidden), (16, 2, 0));
        let detail = WantedHeights { detail: 9, notices: 2, ..USUAL };
        let heights = Heights::of(24, detail);
        assert_eq!(heights.missing(detail), Vec::<&str>::new());
        assert!(heights.rows >= 5 && heights.detail >= 4, "{heights:?}");
    }

    #[test]
    fn ten_rows_keep_the_table_and_say_what_is_hidden() {
        let heights = Heights::of(10, USUAL);
        assert_eq!(heights.missing(USUAL), ["other resources", "history"]);
        assert_eq!((heights.rows, heights.bars, heights.hidden), (3, 1, 1));
    }

    #[test]
    fn every_height_is_divided() {
        for height in 0..100 {
            for notices in [0, 1, 30] {
                for detail in [0, 9] {
                    let wanted = WantedHeights { notices, detail, ..USUAL };
                    assert_eq!(sum(Heights::of(height, wanted)), height);
                }
            }
        }
    }
}
