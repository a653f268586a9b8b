//! Both sides in figures, and what made the difference.

use std::fmt::Write as _;
use std::io;

use hpa_model::simulation::Outcome;
use hpa_model::verdict::Verdict;

use super::race::{Race, Side};
use super::{DISCLAIMER, clock, cores};
use crate::terminal::wrapped;

/// The figures of a race so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whose figures they are, column by column.
    pub names: Vec<&'static str>,
    /// What is compared, and its figures.
    pub rows: Vec<(&'static str, Vec<String>)>,
    /// What made the difference, in one sentence; empty when there is nothing to say.
    pub reason: String,
    /// After how many simulated minutes.
    pub minutes: u64,
}

type Figure = fn(&Outcome) -> String;

/// What is compared.
const FIGURES: [(&str, Figure); 7] = [
    ("utilisation requested", |o| format!("{:.1} %", o.utilisation_percent())),
    ("scale events", |o| o.scale_events.to_string()),
    ("reversals", |o| o.reversals.to_string()),
    ("filler pods deleted", |o| o.filler_deleted.to_string()),
    ("paid pods delayed", |o| o.paid_delayed.to_string()),
    ("longest wait", |o| format!("{} s", o.longest_delay_ms.div_ceil(1000))),
    ("filler core-hours", |o| format!("{:.1}", o.harvested_core_hours())),
];

impl Comparison {
    /// The figures of the race so far.
    #[must_use]
    pub fn of(race: &Race) -> Self {
        let outcomes: Vec<_> = race.sides.iter().map(Side::outcome).collect();
        let row = |(label, figure): (&'static str, Figure)| {
            (label, outcomes.iter().map(figure).collect())
        };
        Self {
            names: race.sides.iter().map(|side| side.name).collect(),
            rows: FIGURES.into_iter().map(row).collect(),
            reason: reason(&race.sides),
            minutes: race.now_ms() / 60_000,
        }
    }

    /// The table's lines, heading first, for a width of 39 columns.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |label: &str, cells: &mut dyn Iterator<Item = &str>| {
            cells.fold(format!("{label:<21}"), |mut line, cell| {
                let _ = write!(line, "{cell:>9}");
                line
            })
        };
        let heading = format!("after {} minutes", self.minutes);
        let heading = line(&heading, &mut self.names.iter().copied());
        let rows = self
            .rows
            .iter()
            .map(|(label, cells)| line(label, &mut cells.iter().map(String::as_str)));
        std::iter::once(heading).chain(rows).collect()
    }

    /// Table and reason as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.lines().join("\n");
        text.push('\n');
        if !self.reason.is_empty() {
            let _ = writeln!(text, "\n{}", wrapped(&self.reason, 80).join("\n"));
        }
        text
    }
}

fn reason(sides: &[Side]) -> String {
    let [article, oppscale] = sides else { return String::new() };
    let (Some(theirs), Some(ours)) = (&article.verdict, &oppscale.verdict) else {
        return String::new();
    };
    let clause = |verdict: &Verdict| {
        let why = verdict.why.trim_end_matches('.');
        let mut letters = why.chars();
        let first = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
        format!("is {} because {first}{}", verdict.stability, letters.as_str())
    };
    format!(
        "What made the difference: the article's HPA {}; oppscale's {}, and paid pods that find \
         no room preempt the miner.",
        clause(theirs),
        clause(ours)
    )
}

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

/// New events in order; an event of both sides is written once.
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

    #[test]
    fn the_difference_is_told_by_the_verdicts() {
        let mut race = Race::new(1).unwrap();
        race.advance_to(u64::MAX);
        let comparison = Comparison::of(&race);
        for clause in [
            "article's HPA is oscillating because the metric falls when the HPA adds replicas",
            "oppscale's is stable because the metric states how many replicas fit",
        ] {
            assert!(comparison.reason.contains(clause), "{}", comparison.reason);
        }
        assert_eq!(comparison.lines().len(), 8);
        for line in comparison.lines() {
            assert_eq!(line.len(), 39, "{line}");
        }
        let of = |label| comparison.rows.iter().find(|row| row.0 == label).unwrap().1.clone();
        let number = |text: &str| text.split(' ').next().unwrap().parse::<f64>().unwrap();
        for label in ["reversals", "filler pods deleted", "longest wait"] {
            let cells = of(label);
            assert!(number(&cells[1]) < number(&cells[0]), "{label}: {cells:?}");
        }
    }

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
