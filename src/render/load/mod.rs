//! What came of a load: for people, and for scripts.

mod json;
mod text;

pub use json::json;
pub use text::{micros, span, text};

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
/// last: as fine as an eye compares, and few.
fn bars(histogram: &Histogram<u64>) -> Vec<Bar> {
    let mut bars = Vec::new();
    let (mut from, mut power) = (0, 1_u64);
    while from < histogram.max() && !histogram.is_empty() {
        for step in [1, 2, 5] {
            let to = power.saturating_mul(step);
            let count = histogram.count_between(from + 1, to);
            if (count > 0 || !bars.is_empty()) && from < histogram.max() {
                bars.push(Bar { to, count });
            }
            from = to;
        }
        power = power.saturating_mul(10);
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_every_time_once() {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).unwrap();
        for micros in [90, 100, 101, 450, 501, 70_000] {
            histogram.record(micros).unwrap();
        }
        let bars: Vec<_> = bars(&histogram).iter().map(|bar| (bar.to, bar.count)).collect();
        assert_eq!(bars.first(), Some(&(100, 2)));
        assert_eq!(bars.last(), Some(&(100_000, 1)));
        assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), 6);
        assert!(super::bars(&Histogram::new_with_bounds(1, 10, 3).unwrap()).is_empty());
    }
}
