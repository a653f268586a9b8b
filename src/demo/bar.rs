//! A stacked bar: parts of a whole, one beside the other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use oppscale_core::resources::Amount;

use crate::terminal::{Part, Theme};

/// Fills the first line of `area` with the parts in proportion.
pub(super) fn bar(parts: &[(Part, Amount)], theme: Theme, area: Rect, buf: &mut Buffer) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_width_in_proportion() {
        let parts = |paid, own, free| [(Part::Paid, paid), (Part::Filler, own), (Part::Free, free)];
        assert_eq!(cells(&parts(50, 25, 25), 40), [20, 10, 10]);
        assert_eq!(cells(&parts(1, 1, 1), 10).iter().sum::<u16>(), 10);
        assert_eq!(cells(&parts(-5, 10, 0), 8), [0, 8, 0]);
        assert_eq!(cells(&parts(0, 0, 0), 8), [0, 0, 0]);
        assert_eq!(cells(&parts(1, 1, 1), 0), [0, 0, 0]);
    }
}
