//! The figures of a load for people.

use crate::load::{Plan, Summary};
use crate::printer::{Printer, Style};
use oppscale_core::units::{duration, latency};

use super::{QUANTILES, bars};

/// The widest bar; with its figures it fits into 80 columns.
const WIDTH: u64 = 40;

/// The figures. `is_whole` says that nobody cut the run short.
pub fn text(plan: &Plan, summary: &Summary, is_whole: bool, printer: &Printer) -> String {
    let heading = printer.paint(Style::Bold, &format!("{} {}", plan.method, plan.url));
    let cut = if is_whole { "" } else { ", interrupted" };
    let mut text = format!("{heading}: {} for {}{cut}\n\n", plan.rate, duration(plan.duration));
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
    let of = |share| latency(summary.latency.value_at_quantile(share));
    let mut latencies: Vec<_> =
        QUANTILES.iter().map(|(name, share)| format!("{name} {}", of(*share))).collect();
    latencies.push(format!("max {}", latency(summary.latency.max())));
    line("latency", Style::Plain, &latencies.join("   "));
    let late = latency(summary.late.value_at_quantile(0.99));
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
        let row = format!("{:>7} {drawn}{pad} {:>9}  {share:5.1} %", latency(bar.to), bar.count);
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}
