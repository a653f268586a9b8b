//! Results of a load test, for people and for scripts.

use hdrhistogram::Histogram;
use oppscale_core::units::{duration, latency};
use serde_json::{Map, Value, json};

use crate::load::{Plan, Summary};
use crate::printer::{Printer, Style};

/// The reported percentiles: name and share.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// A bar of the histogram.
struct Bar {
    /// Upper bound, microseconds, itself included.
    to: u64,
    count: u64,
}

/// Bounds of 1, 2 and 5 and their tenfolds, from the first bar with something in it to the
/// last: fine enough to compare, and few. Latencies are kept to three digits; a value is
/// counted in the bar of its lower bound.
fn bars(histogram: &Histogram<u64>) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    let mut bounds = (0..).flat_map(|power| {
        [1_u64, 2, 5].map(|step| step.saturating_mul(10_u64.saturating_pow(power)))
    });
    let mut to = bounds.next().unwrap_or(u64::MAX);
    for recorded in histogram.iter_recorded() {
        let least = histogram.lowest_equivalent(recorded.value_iterated_to());
        while least > to {
            to = bounds.next().unwrap_or(u64::MAX);
            // Empty bars between others are shown.
            if !bars.is_empty() {
                bars.push(Bar { to, count: 0 });
            }
        }
        let count = recorded.count_since_last_iteration();
        match bars.last_mut() {
            Some(bar) => bar.count += count,
            None => bars.push(Bar { to, count }),
        }
    }
    bars
}

/// Changes when a field is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// The figures, indented, with a newline at the end. `is_whole` says that the run was not
/// interrupted.
pub fn json(plan: &Plan, summary: &Summary, is_whole: bool) -> String {
    let statuses: Map<_, _> =
        summary.statuses.iter().map(|(status, n)| (status.to_string(), json!(n))).collect();
    let failures: Map<_, _> = summary
        .failures
        .iter()
        .map(|(kind, (count, first))| {
            (kind.key().to_owned(), json!({"count": count, "first": first}))
        })
        .collect();
    let value = json!({
        "schemaVersion": SCHEMA_VERSION,
        "url": plan.url.to_string(),
        "method": plan.method.as_str(),
        "wanted": {
            "rateMilli": plan.rate.milli(),
            "durationMilliseconds": millis(plan.duration),
            "requests": plan.total(),
        },
        "interrupted": !is_whole,
        "sent": summary.sent,
        "sendingMilliseconds": millis(summary.sending),
        "rateMilli": summary.rate_milli(),
        "answered": summary.answered(),
        "failed": summary.failed(),
        "underWayAtTheEnd": summary.abandoned,
        "bodyBytes": summary.bytes,
        "statuses": statuses,
        "failures": failures,
        "latencyMicroseconds": latency_json(summary),
        "sentLateMicroseconds": {"p99": summary.late.value_at_quantile(0.99)},
        "histogram": bars(&summary.latency).iter()
            .map(|bar| json!({"toMicroseconds": bar.to, "count": bar.count}))
            .collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

/// `null` where nothing was answered.
fn latency_json(summary: &Summary) -> Value {
    let times = &summary.latency;
    if times.is_empty() {
        return Value::Null;
    }
    let mut value = json!({"min": times.min(), "mean": times.mean() as u64});
    for (name, share) in QUANTILES {
        value[name.replace('.', "")] = times.value_at_quantile(share).into();
    }
    value["max"] = times.max().into();
    value
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The widest bar; with its figures it fits into 80 columns.
const WIDTH: u64 = 40;

/// The figures. `is_whole` says that the run was not interrupted.
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
        // A count above zero gets at least one character.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_every_time_once() {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).unwrap();
        // Some are beside a bound, where three digits do not tell them apart.
        let times = [90, 100, 101, 450, 501, 4_999, 5_000, 5_001, 5_003, 50_000, 70_000, 100_000];
        for micros in times {
            histogram.record(micros).unwrap();
        }
        let bars: Vec<_> = bars(&histogram).iter().map(|bar| (bar.to, bar.count)).collect();
        assert_eq!(bars.first(), Some(&(100, 2)));
        assert_eq!(bars.last(), Some(&(100_000, 2)));
        assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), 12);
        assert!(super::bars(&Histogram::new_with_bounds(1, 10, 3).unwrap()).is_empty());
    }
}
