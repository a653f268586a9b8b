//! A stacked bar: parts of a whole, one beside the other, to an eighth of a cell.

use ratatui::layout::Rect;

use crate::terminal::Part;
use oppscale_core::resources::Amount;

use super::pen::Pen;

/// Parts of a bar, each with its amount.
pub(super) type Parts = [(Part, Amount)];

/// Fills the first line of `place` with the parts in proportion to `whole`; what is left of
/// it stays empty.
pub(super) fn bar(parts: &Parts, whole: Amount, place: Rect, pen: &mut Pen<'_>) {
    if place.height == 0 {
        return;
    }
    let edges = edges(parts, whole, place.width);
    for column in 0..place.width {
        let cell = Rect { x: place.x + column, width: 1, ..place };
        let shares = shares(&edges, u32::from(column) * 8);
        let Some(first) = shares.iter().position(|share| *share > 0) else { return };
        let is_solid = matches!(parts[first].0, Part::Paid | Part::Taken);
        let style = pen.look.style(parts[first].0);
        if let Some(edge) = pen.look.edge(shares[first]).filter(|_| is_solid) {
            // What lies behind is seen through the rest of the cell.
            let behind = shares.iter().rposition(|share| *share > 0).map(|at| parts[at].0);
            let behind = behind.filter(|part| *part == Part::Own && pen.look.color);
            let behind = behind.and_then(|part| pen.look.style(part).fg);
            let style = behind.map_or(style, |color| style.bg(color));
            pen.put(cell, edge, style);
            continue;
        }
        // Otherwise the cell is its that has most of it, or stays empty.
        let empty = 8 - shares.iter().sum::<u32>();
        let most = (0..parts.len()).rev().max_by_key(|at| shares[*at]);
        if let Some(most) = most.filter(|most| shares[*most] >= empty) {
            pen.put(cell, pen.look.fill(parts[most].0), pen.look.style(parts[most].0));
        }
    }
}

/// How many eighths of the cell that begins at `from` each part has.
fn shares(edges: &[u32], from: u32) -> Vec<u32> {
    let within = |edge: u32| edge.clamp(from, from + 8) - from;
    let mut start = 0;
    let share = |edge: &u32| {
        let share = within(*edge) - start;
        start += share;
        share
    };
    edges.iter().map(share).collect()
}

/// Where each part ends, in eighths of a cell. What is short is always to be seen.
fn edges(parts: &Parts, whole: Amount, width: u16) -> Vec<u32> {
    let total = Amount::from(width) * 8;
    let sum: Amount = parts.iter().map(|(_, amount)| (*amount).max(0)).sum();
    let whole = whole.max(sum).max(1);
    let mut reached = 0;
    let mut edges: Vec<u32> = Vec::with_capacity(parts.len());
    for (_, amount) in parts {
        reached += (*amount).max(0);
        let edge = (reached * total + whole / 2) / whole;
        edges.push(u32::try_from(edge).unwrap_or(u32::MAX));
    }
    let is_short = parts.last().is_some_and(|(part, amount)| *part == Part::Short && *amount > 0);
    if is_short && width > 0 {
        let last = (u32::from(width) - 1) * 8;
        let end = u32::from(width) * 8;
        let before = edges.len() - 1;
        for edge in &mut edges[..before] {
            *edge = (*edge).min(last);
        }
        edges[before] = end;
    }
    edges
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::terminal::Look;

    fn drawn(parts: &Parts, whole: Amount, width: u16, unicode: bool) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        bar(parts, whole, area, &mut Pen::new(Look { unicode, color: false }, &mut buf));
        (0..width).map(|x| buf[(x, 0)].symbol()).collect()
    }

    #[test]
    fn parts_fill_the_width_to_an_eighth() {
        let parts = |paid, own, free| [(Part::Paid, paid), (Part::Own, own), (Part::Free, free)];
        assert_eq!(drawn(&parts(50, 25, 25), 100, 8, true), "████▒▒··");
        assert_eq!(drawn(&parts(50, 25, 25), 100, 8, false), "####++..");
        assert_eq!(drawn(&parts(3, 0, 13), 16, 2, true), "▍·", "three eighths of a cell");
        assert_eq!(drawn(&parts(11, 0, 21), 32, 4, true), "█▍··");
        assert_eq!(drawn(&parts(11, 0, 21), 32, 4, false), "#...");
        assert_eq!(drawn(&parts(1, 1, 0), 8, 8, true), "█▒      ", "the rest is empty");
        assert_eq!(drawn(&parts(-5, 10, 0), 10, 4, true), "▒▒▒▒");
        assert_eq!(drawn(&parts(0, 0, 0), 0, 4, true), "    ");
        assert_eq!(drawn(&parts(1, 1, 1), 3, 0, true), "");
    }

    #[test]
    fn what_is_short_is_always_seen() {
        let parts = |short| [(Part::Paid, 1000), (Part::Free, 0), (Part::Short, short)];
        assert_eq!(drawn(&parts(1), 1000, 4, true), "███!");
        assert_eq!(drawn(&parts(1000), 1000, 4, true), "██!!");
        assert_eq!(drawn(&parts(0), 1000, 4, true), "████");
        assert_eq!(drawn(&parts(1), 1000, 1, false), "!");
    }
}
