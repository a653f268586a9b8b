//! The figures of a load for people.

use std::time::Duration;

use crate::load::{Plan, Summary};
use crate::printer::{Printer, Style};
use crate::scenario::Span;

use super::{QUANTILES, bars};

/// The widest bar; with its figures it fits into 80 columns.
const WIDTH: u64 = 40;

/// The figures. `is_whole` says that nobody cut the run short.
pub fn text(plan: &Plan, summary: &Summary, is_whole: bool, printer: &Printer) -> String {
    let heading = printer.paint(Style::Bold, &format!("{} {}", plan.method, plan.url));
    let cut = if is_whole { "" } else { ", interrupted" };
    let mut text = format!("{heading}: {} for {}{cut}\n\n", plan.rate, span(plan.duration));
    let mut line = |name: &str, style, value: &str| {
        text.push_str(&format!("{name:<10} {}\n", printer.paint(style, value)));
    };
    let mut requests = format!("{} of {} sent", summary.sent, plan.total());
    requests.push_str(&format!(", {} answered, {} failed", summary.answered(), summary.failed()));
    if summary.abandoned > 0 {
        requests.push_str(&format!(", {} under way at the end", summary.abandoned));
    }
    line("requests", Style::Plain, &requests);
    let seconds = summary.sending.as_secs_f64();
    let rate = summary.rate_milli();
    let rate = format!("{}.{:03} a second over {seconds:.1} s", rate / 1000, rate % 1000);
    line("rate", Style::Plain, &rate);
    let statuses: Vec<_> = summary.statuses.iter().map(|(s, n)| format!("{s}: {n}")).collect();
    if !statuses.is_empty() {
        let style = if summary.refused() > 0 { Style::Warn } else { Style::Plain };
        line("status", style, &statuses.join(", "));
    }
    for (at, (failure, (count, words))) in summary.failures.iter().enumerate() {
        let name = if at == 0 { "failures" } else { "" };
        line(name, Style::Bad, &format!("{failure}: {count} ({words})"));
    }
    if summary.latency.is_empty() {
        return text;
    }
    let of = |share| micros(summary.latency.value_at_quantile(share));
    let mut latency: Vec<_> =
        QUANTILES.iter().map(|(name, share)| format!("{name} {}", of(*share))).collect();
    latency.push(format!("max {}", micros(summary.latency.max())));
    line("latency", Style::Plain, &latency.join("   "));
    let late = micros(summary.late.value_at_quantile(0.99));
    line("sent late", Style::Plain, &format!("p99 {late}, which is part of the latency"));
    text.push('\n');
    text.push_str(&histogram(summary, printer));
    text
}

fn histogram(summary: &Summary, printer: &Printer) -> String {
    let bars = bars(&summary.latency);
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let all = summary.latency.len().max(1);
    let fill = if printer.is_unicode() { "█" } else { "#" };
    let mut text = String::new();
    for bar in &bars {
        // What is there is to be seen, however little.
        let cells = (bar.count * WIDTH).div_ceil(most);
        let drawn = fill.repeat(usize::try_from(cells).unwrap_or(0));
        let pad = " ".repeat(usize::try_from(WIDTH - cells).unwrap_or(0));
        let share = bar.count as f64 * 100.0 / all as f64;
        let row = format!("{:>7} {drawn}{pad} {:>9}  {share:5.1} %", micros(bar.to), bar.count);
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// A time as it is typed.
pub fn span(duration: Duration) -> Span {
    Span { ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) }
}

/// Microseconds in the unit that suits them, to three digits.
pub fn micros(micros: u64) -> String {
    let digits = |value: f64, unit: &str| match value {
        value if value < 10.0 => format!("{value:.2}{unit}"),
        value if value < 100.0 => format!("{value:.1}{unit}"),
        _ => format!("{value:.0}{unit}"),
    };
    match micros {
        0..1_000 => format!("{micros}us"),
        1_000..1_000_000 => digits(micros as f64 / 1e3, "ms"),
        _ => digits(micros as f64 / 1e6, "s"),
    }
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn times_have_three_digits() {
        let shown: Vec<_> = [0, 999, 1_000, 12_345, 999_999, 1_000_000, 75_000_000]
            .into_iter()
            .map(micros)
            .collect();
        assert_eq!(shown, ["0us", "999us", "1.00ms", "12.3ms", "1000ms", "1.00s", "75.0s"]);
    }
}
