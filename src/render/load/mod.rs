//! What came of a load: for people, and for scripts.

mod json;
mod text;

pub use json::json;
pub use text::text;

use hdrhistogram::Histogram;

/// The percentiles that are told, as they are called and as a share.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// A bar of the histogram.
struct Bar {
    /// Upper bound, microseconds, itself included.
    to: u64,
    count: u64,
}

/// Bounds of 1, 2 and 5 and their tenfolds, from the first bar with something in it to the
/// last: as fine as an eye compares, and few. A time that is kept to three digits stands for a
/// few; it is in the bar of the least of them.
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
            // Between others, an empty bar is told, too.
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
