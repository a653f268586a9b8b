//! Lines for pipes and files: one a simulated minute, one for each turn of events.
//!
//! ASCII only: whoever reads a pipe has not been asked for a locale.

use std::io;

use super::comparison::Comparison;
use super::race::Race;
use super::{DISCLAIMER, clock, cores};

const MINUTE_MS: u64 = 60_000;

/// Runs the whole race and hands its lines to `write`, as they come.
///
/// # Errors
/// What `write` answers.
pub fn plain(race: &mut Race, mut write: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let mut say = |text: &str| write(&ascii(text));
    say(&format!("{DISCLAIMER}\n{}\n", race.cluster()))?;
    for side in &race.sides {
        say(&format!("{}: {}\n", side.name, side.settings))?;
    }
    say("\n")?;
    say(&heading(race))?;
    let mut told = vec![0; race.sides.len()];
    loop {
        say(&minute(race))?;
        if race.is_over() {
            break;
        }
        race.advance_to(race.now_ms() + MINUTE_MS);
        say(&news(race, &mut told))?;
    }
    say(&format!("\n{}", Comparison::of(race).text()))
}

fn heading(race: &Race) -> String {
    let sides = race.sides.iter().map(|side| format!(" | {:<9} MINERS   UTIL WAITING", side.name));
    format!("TIME   PAID{}\n", sides.collect::<String>())
}

/// The state of both sides in one line.
fn minute(race: &Race) -> String {
    let sides = race.sides.iter().map(|side| {
        let (sample, per_mille) = (side.sample(), side.shares().utilisation_per_mille());
        let percent = format!("{}.{} %", per_mille / 10, per_mille % 10);
        format!(" | {:>16} {percent:>6} {:>7}", sample.filler_running, sample.pending_paid)
    });
    let paid = cores(race.paid_milli());
    format!("{} {paid:>5}{}\n", clock(race.now_ms()), sides.collect::<String>())
}

/// What happened since it was told last, in its order; what happens to both is told once.
fn news(race: &Race, told: &mut [usize]) -> String {
    let mut lines: Vec<(u64, String, Vec<&str>)> = Vec::new();
    for (side, told) in race.sides.iter().zip(told) {
        for note in side.notes.iter().skip(*told).filter(|note| note.is_major) {
            match lines.iter_mut().find(|line| (line.0, &line.1) == (note.at_ms, &note.text)) {
                Some(line) => line.2.push(side.name),
                None => lines.push((note.at_ms, note.text.clone(), vec![side.name])),
            }
        }
        *told = side.notes.len();
    }
    lines.sort_by_key(|line| line.0);
    let line = |(at_ms, text, names): (u64, String, Vec<&str>)| {
        let whose = if names.len() == race.sides.len() { "both" } else { names[0] };
        format!("{} {whose}: {text}\n", clock(at_ms))
    };
    lines.into_iter().map(line).collect()
}

/// The same without characters beyond ASCII.
pub(super) fn ascii(text: &str) -> String {
    text.replace('→', "->")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(seed: u64) -> String {
        let mut text = String::new();
        let mut race = Race::new(seed).unwrap();
        plain(&mut race, |line| {
            text.push_str(line);
            Ok(())
        })
        .unwrap();
        text
    }

    #[test]
    fn every_minute_has_its_line_and_all_is_ascii() {
        let text = lines(1);
        assert!(text.is_ascii(), "{text}");
        for minute in 0..=60 {
            let time = format!("{minute:02}:00");
            let line = text.lines().find(|line| line.starts_with(&time) && line.contains('|'));
            assert!(line.is_some(), "{time}: {text}");
        }
        assert!(text.contains("both: burst begins: 2->17 replicas"), "{text}");
        assert!(text.contains(": paid pods begin to wait"), "{text}");
    }

    #[test]
    fn a_seed_gives_the_same_bytes_and_another_one_others() {
        assert_eq!(lines(7), lines(7));
        assert_ne!(lines(7), lines(8));
    }

    #[test]
    fn it_stops_when_nobody_reads() {
        let mut race = Race::new(1).unwrap();
        let closed = |_: &str| Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(plain(&mut race, closed).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(race.now_ms(), 0);
    }
}
