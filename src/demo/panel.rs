//! One side of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bar::bar;
use super::chart::chart;
use super::layout::Layout;
use super::side::{HISTORY_MS, Shares, Side, waiting};
use super::{clock, cores};
use crate::terminal::{Part, Theme};

/// From this width on, words stand with the figures.
const WORDY: u16 = 37;

/// Draws a side from top to bottom; `end_ms` is the right edge of its history.
pub(super) fn panel(
    side: &Side,
    layout: Layout,
    end_ms: u64,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
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
        &if area.width >= WORDY {
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
            let word = if row.width >= WORDY { format!("{word} ") } else { String::new() };
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
