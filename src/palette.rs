//! The colours of tables and screens: by theme, and in as many colours as the terminal has.

use clap::ValueEnum;
use ratatui::style::Color;

/// The colours that a user chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ThemeChoice {
    /// Colours that are legible on any background.
    #[default]
    Auto,
    /// Brighter colours for a dark background.
    Dark,
    /// Darker colours for a light background.
    Light,
    /// The 16 colours that the terminal itself is set to.
    Ansi,
}

/// The number of colours that a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorDepth {
    /// The 16 of ANSI.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits a colour.
    Rgb,
}

impl ColorDepth {
    /// The depth that the environment of a terminal promises.
    pub fn of_terminal() -> Self {
        let value = |name| std::env::var(name).unwrap_or_default();
        Self::of(&value("TERM"), &value("COLORTERM"))
    }

    fn of(term: &str, colorterm: &str) -> Self {
        if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::Rgb
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// The colours of the foreground. [`Color::Reset`] is the terminal's own foreground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Requests of paid pods, as an area: its text has the terminal's foreground.
    pub paid: Color,
    /// Requests of the filler, as an area.
    pub filler: Color,
    /// Paid pods that wait, and overcommitted requests, as an area.
    pub waiting: Color,
    /// Text about a success.
    pub good: Color,
    /// Text about something that needs attention.
    pub warn: Color,
    /// Text about an error.
    pub bad: Color,
}

/// No colour of 16 is readable on every background, but red and magenta.
const ANSI: Palette = Palette {
    paid: Color::Reset,
    filler: Color::Magenta,
    waiting: Color::Red,
    good: Color::Reset,
    warn: Color::Reset,
    bad: Color::Red,
};
/// Of medium luminance, so that they stand out from black and from white.
const ANY: Palette = Palette {
    paid: rgb(0x1f7fc4),
    filler: rgb(0xcc6a00),
    waiting: rgb(0xd0317f),
    good: rgb(0x0f8a5f),
    warn: rgb(0xb36200),
    bad: rgb(0xd93a2b),
};
const DARK: Palette = Palette {
    paid: rgb(0x56b4e9),
    filler: rgb(0xe69f00),
    waiting: rgb(0xff7fb4),
    good: rgb(0x3cc08e),
    warn: rgb(0xf0c000),
    bad: rgb(0xff7c6e),
};
const LIGHT: Palette = Palette {
    paid: rgb(0x0063a6),
    filler: rgb(0xad6200),
    waiting: rgb(0xb0125b),
    good: rgb(0x00684a),
    warn: rgb(0x855000),
    bad: rgb(0xb3241a),
};

const fn rgb(hex: u32) -> Color {
    Color::from_u32(hex)
}

impl Palette {
    /// The colours of a theme on a terminal of this depth. 16 colours are always the terminal's
    /// own: a background that goes with others is unknown there.
    pub fn of(choice: ThemeChoice, depth: ColorDepth) -> Self {
        let palette = match choice {
            _ if depth == ColorDepth::Sixteen => return ANSI,
            ThemeChoice::Ansi => return ANSI,
            ThemeChoice::Auto => ANY,
            ThemeChoice::Dark => DARK,
            ThemeChoice::Light => LIGHT,
        };
        if depth == ColorDepth::Rgb { palette } else { palette.map(indexed) }
    }

    fn map(self, of: fn(Color) -> Color) -> Self {
        let Self { paid, filler, waiting, good, warn, bad } = self;
        Self {
            paid: of(paid),
            filler: of(filler),
            waiting: of(waiting),
            good: of(good),
            warn: of(warn),
            bad: of(bad),
        }
    }
}

/// The levels of red, green and blue in the cube of xterm's 256 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// Index of the first colour of the cube.
const CUBE: u8 = 16;

/// The colour of xterm's cube that is nearest to a 24-bit colour.
fn indexed(color: Color) -> Color {
    let Color::Rgb(red, green, blue) = color else { return color };
    let nearest = |value: u8| {
        (0..).zip(LEVELS).min_by_key(|(_, level)| level.abs_diff(value)).map_or(0, |(at, _)| at)
    };
    Color::Indexed(CUBE + 36 * nearest(red) + 6 * nearest(green) + nearest(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Linear = [f64; 3];

    /// Backgrounds: black, white, and both of Solarized.
    const BLACK: u32 = 0;
    const WHITE: u32 = 0xffffff;
    const SOLARIZED_DARK: u32 = 0x002b36;
    const SOLARIZED_LIGHT: u32 = 0xfdf6e3;

    /// Red, green and blue in linear light.
    fn linear(color: Color) -> Linear {
        let levels = match color {
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Indexed(index) => {
                let at = usize::from(index - CUBE);
                [LEVELS[at / 36], LEVELS[at / 6 % 6], LEVELS[at % 6]]
            }
            other => panic!("{other} depends on the terminal"),
        };
        levels.map(|level| {
            let level = f64::from(level) / 255.0;
            if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// The contrast of WCAG 2.1, from 1 to 21.
    fn contrast(color: Color, background: u32) -> f64 {
        let luminance = |[r, g, b]: Linear| 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        let (a, b) = (luminance(linear(color)), luminance(linear(rgb(background))));
        a.max(b) / a.min(b)
    }

    /// What people without the cones for red, green or blue see: Machado and others (2009).
    const DEFICIENCIES: [[Linear; 3]; 3] = [
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    /// The distance of two colours in CIELAB for a person with a colour deficiency.
    fn distance(one: Color, other: Color, seen: &[Linear; 3]) -> f64 {
        let lab = |color: Color| -> Linear {
            let from = linear(color);
            let [r, g, b] = seen
                .map(|row| row.iter().zip(from).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0));
            let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
            let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
            let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
            let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        let squares = lab(one).into_iter().zip(lab(other)).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }

    #[test]
    fn every_colour_is_readable_on_its_backgrounds() {
        let every: &[u32] = &[BLACK, WHITE, SOLARIZED_DARK, SOLARIZED_LIGHT];
        for depth in [ColorDepth::Rgb, ColorDepth::Indexed] {
            for (choice, backgrounds, least) in [
                (ThemeChoice::Auto, every, 3.0),
                (ThemeChoice::Dark, &[BLACK, SOLARIZED_DARK], 4.5),
                (ThemeChoice::Light, &[WHITE, SOLARIZED_LIGHT], 4.5),
            ] {
                let palette = Palette::of(choice, depth);
                // 3 is enough for areas.
                let areas = [palette.paid, palette.filler, palette.waiting].map(|c| (c, 3.0));
                let texts = [palette.good, palette.warn, palette.bad].map(|c| (c, least));
                for (color, least) in areas.into_iter().chain(texts) {
                    for background in backgrounds {
                        let contrast = contrast(color, *background);
                        assert!(
                            contrast >= least,
                            "{choice:?} {depth:?}: {color} on {background:06x}: {contrast:.1}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn colour_blind_people_tell_the_parts_of_a_bar_apart() {
        for depth in [ColorDepth::Rgb, ColorDepth::Indexed] {
            for choice in [ThemeChoice::Auto, ThemeChoice::Dark, ThemeChoice::Light] {
                let Palette { paid, filler, waiting, .. } = Palette::of(choice, depth);
                for (one, other) in [(paid, filler), (paid, waiting), (filler, waiting)] {
                    for seen in &DEFICIENCIES {
                        let distance = distance(one, other, seen);
                        assert!(
                            distance >= 15.0,
                            "{choice:?} {depth:?}: {one} and {other}: {distance:.0}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn sixteen_colours_leave_text_to_the_terminal() {
        for choice in [ThemeChoice::Auto, ThemeChoice::Dark, ThemeChoice::Light] {
            assert_eq!(Palette::of(choice, ColorDepth::Sixteen), ANSI);
        }
    }

    #[test]
    fn the_environment_tells_the_depth() {
        assert_eq!(ColorDepth::of("xterm-256color", "truecolor"), ColorDepth::Rgb);
        assert_eq!(ColorDepth::of("xterm-direct", ""), ColorDepth::Rgb);
        assert_eq!(ColorDepth::of("tmux-256color", ""), ColorDepth::Indexed);
        assert_eq!(ColorDepth::of("linux", ""), ColorDepth::Sixteen);
        assert_eq!(ColorDepth::of("", ""), ColorDepth::Sixteen);
    }
}
