//! Both sides in figures, and what made the difference.

use std::fmt::Write as _;
use std::io;

use hpa_model::simulation::Outcome;
use oppscale_core::policy::Basis;

use super::race::{Race, Side};
use super::{DISCLAIMER, clock, cores, rules};
use crate::terminal::wrapped;

/// The figures of a race so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whose figures they are, column by column.
    pub names: Vec<&'static str>,
    /// Figures that are compared, and their values.
    pub rows: Vec<(&'static str, Vec<String>)>,
    /// The cause of the difference.
    pub reason: String,
    /// After how many simulated minutes.
    pub minutes: u64,
}

type Figure = fn(&Outcome) -> String;

/// Figures that are compared, the most important first.
const FIGURES: [(&str, Figure); 6] = [
    ("paid pods that waited", |o| o.paid_delayed.to_string()),
    ("longest wait", |o| format!("{} s", o.longest_delay_ms.div_ceil(1000))),
    ("core-hours harvested", |o| format!("{:.1}", o.harvested_core_hours())),
    ("filler pods deleted", |o| o.filler_deleted.to_string()),
    ("HPA changed direction", |o| o.reversals.to_string()),
    ("cluster in use", |o| format!("{:.1} %", o.utilisation_percent())),
];

/// The same on either basis.
const FIGURES_BY_USAGE: [(&str, Figure); 6] = [
    ("core-hours burnt", |o| format!("{:.1}", o.burnt_milli_core_hours as f64 / 1000.0)),
    ("idle CPU used", |o| format!("{:.1} %", o.idle_used_milli_percent as f64 / 1000.0)),
    ("paid core-s lost", |o| lost(o).to_string()),
    ("paid pods that waited", |o| o.paid_delayed.to_string()),
    ("longest wait", |o| format!("{} s", o.longest_delay_ms.div_ceil(1000))),
    ("filler pods deleted", |o| o.filler_deleted.to_string()),
];

/// Core-seconds that paid pods wanted and did not get.
fn lost(outcome: &Outcome) -> u64 {
    outcome.paid_lost_milli_core_seconds.div_ceil(1000)
}

/// The cause of the difference, as a sentence; tests compare it with the verdicts.
const ARTICLE: &str = "Why: the article's metric counts the filler's own pods as used. Each pod that \
the HPA adds lowers the metric, so the HPA removes pods, the metric rises, and it adds them again: it \
oscillates. Paid pods that come while the cluster is full wait until filler pods have ended.";
const OPPSCALE: &str = "oppscale's metric says how many filler pods fit beside the paid ones. Adding \
filler does not change it, so the HPA settles. Paid pods that find no room preempt filler pods at once.";

const REQUESTS: &str = "Why: paid pods request most of this cluster and use a part of it. The requests \
basis fills what is not requested: what they reserve and leave idle stays idle.";
const USAGE: &str = "The usage basis fills what is not used. A filler pod requests 10m of CPU, so it \
finds a place, and runs by weight: paid pods that want more CPU have it at once. The HPA takes filler \
pods away after the next reading.";

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
            rows: match race.basis {
                Basis::Requests => FIGURES.into_iter().map(row).collect(),
                Basis::Usage => FIGURES_BY_USAGE.into_iter().map(row).collect(),
            },
            reason: match race.basis {
                Basis::Requests => format!("{ARTICLE}\n{OPPSCALE}"),
                Basis::Usage => format!("{REQUESTS}\n{USAGE}"),
            },
            minutes: race.now_ms() / 60_000,
        }
    }

    /// Who is ahead, and by what: fewer paid pods that waited, or less CPU that they lost; then
    /// more work.
    #[must_use]
    pub fn score(race: &Race) -> String {
        let [left, right] = race.sides.as_slice() else { return String::new() };
        let (one, other) = (left.outcome(), right.outcome());
        if race.basis == Basis::Usage {
            let work = |outcome: &Outcome| outcome.burnt_milli_core_hours / 100;
            let key = |outcome: &Outcome| (lost(outcome), std::cmp::Reverse(work(outcome)));
            let leader = match key(&one).cmp(&key(&other)) {
                std::cmp::Ordering::Less => "the requests basis leads",
                std::cmp::Ordering::Equal => "level so far",
                std::cmp::Ordering::Greater => "the usage basis leads",
            };
            let hours = |outcome: &Outcome| outcome.burnt_milli_core_hours as f64 / 1000.0;
            return format!(
                "{leader}: core-hours burnt {:.1} to {:.1}, paid core-s lost {} to {}",
                hours(&one),
                hours(&other),
                lost(&one),
                lost(&other)
            );
        }
        let work = |outcome: &Outcome| outcome.harvested_milli_core_hours / 100;
        let key = |outcome: &Outcome| (outcome.paid_delayed, std::cmp::Reverse(work(outcome)));
        let leader = match key(&one).cmp(&key(&other)) {
            std::cmp::Ordering::Less => "the article leads",
            std::cmp::Ordering::Equal => "level so far",
            std::cmp::Ordering::Greater => "oppscale leads",
        };
        format!(
            "{leader}: paid pods waited {} to {}, core-hours harvested {:.1} to {:.1}",
            one.paid_delayed,
            other.paid_delayed,
            one.harvested_core_hours(),
            other.harvested_core_hours()
        )
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
        format!("{}\n\n{}\n", self.lines().join("\n"), wrapped(&self.reason, 80).join("\n"))
    }
}

const MINUTE_MS: u64 = 60_000;

/// Runs the whole race and hands its lines to `write`, as they come.
///
/// # Errors
/// What `write` answers.
pub fn plain(race: &mut Race, mut write: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let mut say = |text: &str| write(&ascii(text));
    let rules = rules(race.basis).join("\n");
    say(&format!("{DISCLAIMER}\n{rules}\n\n{}\n\n", race.cluster()))?;
    for side in &race.sides {
        say(&format!("{}. {}.\n", side.title, side.settings))?;
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
    let sides = race.sides.iter().map(|side| format!(" | {:<9} FILLER   USED WAITING", side.name));
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
    fn the_words_are_those_of_the_verdicts_and_figures() {
        let mut race = Race::new(Basis::Requests, 1).unwrap();
        let stability = |at: usize| race.sides[at].verdict.as_ref().unwrap().stability.to_string();
        assert_eq!((stability(0), stability(1)), ("oscillating".to_owned(), "stable".to_owned()));
        assert!(ARTICLE.contains("it oscillates") && OPPSCALE.contains("the HPA settles"));
        assert!(Comparison::score(&race).starts_with("level so far: "));
        race.advance_to(u64::MAX);
        let comparison = Comparison::of(&race);
        assert_eq!(comparison.lines().len(), 7);
        for line in comparison.lines() {
            assert_eq!(line.len(), 39, "{line}");
        }
        let of = |label| comparison.rows.iter().find(|row| row.0 == label).unwrap().1.clone();
        let number = |text: &str| text.split(' ').next().unwrap().parse::<f64>().unwrap();
        for label in ["paid pods that waited", "longest wait", "filler pods deleted"] {
            let cells = of(label);
            assert!(number(&cells[1]) < number(&cells[0]), "{label}: {cells:?}");
        }
        let waited = of("paid pods that waited");
        let expected = format!("oppscale leads: paid pods waited {} to {}", waited[0], waited[1]);
        assert!(Comparison::score(&race).starts_with(&expected));
        assert!(Comparison::score(&race).len() <= 80, "{}", Comparison::score(&race));
    }

    fn lines(seed: u64) -> String {
        let mut text = String::new();
        let mut race = Race::new(Basis::Requests, seed).unwrap();
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
        assert!(text.contains("both: burst begins: 2->17 paid pods"), "{text}");
        assert!(text.contains(": paid pods begin to wait"), "{text}");
    }

    #[test]
    fn a_seed_gives_the_same_bytes_and_another_one_others() {
        assert_eq!(lines(7), lines(7));
        assert_ne!(lines(7), lines(8));
    }

    #[test]
    fn it_stops_when_nobody_reads() {
        let mut race = Race::new(Basis::Requests, 1).unwrap();
        let closed = |_: &str| Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(plain(&mut race, closed).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(race.now_ms(), 0);
    }
}
