//! A number over the whole run as an area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::terminal::{Part, Theme};

/// Draws `history`, of `slots` entries when complete, below `max`; the run's start is on the
/// left and its end on the right, so that the area grows with time.
pub(super) fn chart(
    history: &[u32],
    slots: usize,
    max: u32,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
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
    use super::*;

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
