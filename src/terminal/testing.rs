//! Pictures of screens, for tests and for the README.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::Theme;
use crate::palette::{ColorDepth, Palette, ThemeChoice};

/// A theme with all characters, and the colours of any background.
pub fn theme() -> Theme {
    Theme { unicode: true, palette: Some(Palette::of(ThemeChoice::Auto, ColorDepth::Rgb)) }
}

/// The colours that a terminal is set to: background, foreground, and the 16 of ANSI.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    /// Its name.
    pub name: &'static str,
    /// The background, as 0xRRGGBB.
    pub background: u32,
    /// The foreground.
    pub foreground: u32,
    /// The colours 0 to 15.
    pub ansi: [u32; 16],
}

const XTERM: [u32; 16] = [
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f,
    0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
];
const SOLARIZED: [u32; 16] = [
    0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36,
    0xcb4b16, 0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3,
];

/// Common colour schemes of terminals.
pub const SCHEMES: [Scheme; 4] = [
    Scheme { name: "dark", background: 0x0d1117, foreground: 0xe6edf3, ansi: XTERM },
    Scheme { name: "light", background: 0xffffff, foreground: 0x1f2328, ansi: XTERM },
    Scheme { name: "solarized-dark", background: 0x002b36, foreground: 0x839496, ansi: SOLARIZED },
    Scheme { name: "solarized-light", background: 0xfdf6e3, foreground: 0x657b83, ansi: SOLARIZED },
];

/// Size of a cell in pixels.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const FONT: f64 = 14.0;
/// Space around the screen.
const MARGIN: f64 = 14.0;

impl Scheme {
    fn color(&self, color: Color, otherwise: u32) -> u32 {
        match color {
            Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
            Color::Red => self.ansi[1],
            Color::Magenta => self.ansi[5],
            Color::Indexed(index @ 16..=231) => {
                let level = |at: u32| [0, 95, 135, 175, 215, 255][(at % 6) as usize];
                let at = u32::from(index) - 16;
                level(at / 36) << 16 | level(at / 6) << 8 | level(at)
            }
            _ => otherwise,
        }
    }

    /// Foreground, background and opacity of a cell.
    fn colors(&self, cell: &Cell) -> (u32, u32, f64) {
        let (front, back) =
            (self.color(cell.fg, self.foreground), self.color(cell.bg, self.background));
        let opacity = if cell.modifier.contains(Modifier::DIM) { 0.55 } else { 1.0 };
        match cell.modifier.contains(Modifier::REVERSED) {
            true => (back, front, opacity),
            false => (front, back, opacity),
        }
    }
}

/// A picture of a screen. Areas are drawn as such: fonts draw them with gaps.
pub fn svg(buffer: &Buffer, scheme: &Scheme, title: &str) -> String {
    let area = buffer.area;
    let (width, height) = (
        f64::from(area.width) * WIDTH + 2.0 * MARGIN,
        f64::from(area.height) * HEIGHT + 2.0 * MARGIN,
    );
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n\
         <style>text{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans \
         Mono\",monospace;white-space:pre}}.b{{font-weight:700}}.u{{text-decoration:underline}}\
         </style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#{:06x}\"/>\n",
        scheme.background
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &buffer[(x, y)];
            let same = |cell: &Cell| {
                (cell.fg, cell.bg, cell.modifier) == (first.fg, first.bg, first.modifier)
                    && shape(cell.symbol()).is_some() == shape(first.symbol()).is_some()
                    && (shape(first.symbol()).is_none() || cell.symbol() == first.symbol())
            };
            let mut end = x + 1;
            while end < area.width && same(&buffer[(end, y)]) {
                end += 1;
            }
            let cells: Vec<&Cell> = (x..end).map(|x| &buffer[(x, y)]).collect();
            run(&mut text, scheme, &cells, f64::from(x), f64::from(y));
            x = end;
        }
    }
    text.push_str("</svg>\n");
    text
}

/// Draws cells of one style.
fn run(text: &mut String, scheme: &Scheme, cells: &[&Cell], x: f64, y: f64) {
    let (front, back, opacity) = scheme.colors(cells[0]);
    let (left, top) = (MARGIN + x * WIDTH, MARGIN + y * HEIGHT);
    let width = cells.len() as f64 * WIDTH;
    let mut area = |x: f64, y: f64, width: f64, height: f64, color: u32, opacity: f64| {
        let opacity = match opacity < 1.0 {
            true => format!(" opacity=\"{opacity}\""),
            false => String::new(),
        };
        let _ = writeln!(
            text,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"#{color:06x}\"{opacity}/>"
        );
    };
    if back != scheme.background {
        area(left, top, width, HEIGHT, back, 1.0);
    }
    if let Some(shape) = shape(cells[0].symbol()) {
        let top = top + HEIGHT * (1.0 - shape.height);
        let opacity = opacity * shape.opacity;
        match shape.width < 1.0 {
            true => (0..cells.len()).for_each(|at| {
                let left = left + at as f64 * WIDTH;
                area(left, top, WIDTH * shape.width, HEIGHT * shape.height, front, opacity);
            }),
            false => area(left, top, width, HEIGHT * shape.height, front, opacity),
        }
        return;
    }
    let shown: String = cells.iter().map(|cell| cell.symbol()).collect();
    if shown.trim().is_empty() {
        return;
    }
    let blank = shown.len() - shown.trim_start().len();
    let (left, shown) = (left + blank as f64 * WIDTH, shown.trim());
    let width = shown.chars().count() as f64 * WIDTH;
    let modifier = cells[0].modifier;
    let class = match (modifier.contains(Modifier::BOLD), modifier.contains(Modifier::UNDERLINED)) {
        (true, true) => " class=\"b u\"",
        (true, false) => " class=\"b\"",
        (false, true) => " class=\"u\"",
        (false, false) => "",
    };
    let opacity = if opacity < 1.0 { format!(" opacity=\"{opacity}\"") } else { String::new() };
    let escaped = shown.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        text,
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"#{front:06x}\"\
         {class}{opacity}>{escaped}</text>",
        top + FONT
    );
}

/// The part of a cell that a character fills from the left and from below.
struct Shape {
    width: f64,
    height: f64,
    opacity: f64,
}

fn shape(symbol: &str) -> Option<Shape> {
    let of = |width: u32, height: u32, opacity| {
        let part = |eighths: u32| f64::from(eighths) / 8.0;
        Some(Shape { width: part(width), height: part(height), opacity })
    };
    let from_left = "▏▎▍▌▋▊▉";
    let from_below = "▁▂▃▄▅▆▇";
    let at = |set: &str| set.chars().position(|c| symbol == c.to_string());
    match symbol {
        "█" => of(8, 8, 1.0),
        "▓" => of(8, 8, 0.75),
        "▒" => of(8, 8, 0.5),
        "░" => of(8, 8, 0.25),
        _ => match (at(from_left), at(from_below)) {
            (Some(at), _) => of(at as u32 + 1, 8, 1.0),
            (_, Some(at)) => of(8, at as u32 + 1, 1.0),
            _ => None,
        },
    }
}

/// Compares a picture of the README with what the program draws, or draws it anew with
/// `OPPSCALE_REGENERATE=1`.
pub fn pin_screenshot(name: &str, buffer: &Buffer, title: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images").join(name);
    let drawn = svg(buffer, &SCHEMES[0], title);
    if std::env::var_os("OPPSCALE_REGENERATE").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).is_ok_and(|kept| kept == drawn),
        "{} is out of date; renew it with OPPSCALE_REGENERATE=1 cargo test --lib screenshot",
        path.display()
    );
}
