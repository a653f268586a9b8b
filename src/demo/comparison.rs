//! Both sides in figures, and what made the difference.

use std::fmt::Write as _;

use hpa_model::simulation::Outcome;
use hpa_model::verdict::Verdict;

use super::race::Race;
use super::side::Side;

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
            let _ = writeln!(text, "\n{}", wrapped(&self.reason));
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

/// The same in lines of at most 80 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, String::len);
        if line > 0 && line + 1 + word.len() > 80 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
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
}
