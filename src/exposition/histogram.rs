//! Histograms with fixed buckets.

use std::time::Duration;

use super::{Family, Sample};

/// An upper bound in microseconds, and how it is written in seconds.
pub(crate) type Bound = (u64, &'static str);

/// A histogram of durations over `N` buckets; what is longer is only counted.
#[derive(Debug)]
pub(crate) struct Histogram<const N: usize> {
    bounds: &'static [Bound; N],
    /// Each with what the ones before it hold, as it is written.
    buckets: [u64; N],
    count: u64,
    micros: u64,
}

impl<const N: usize> Histogram<N> {
    pub(crate) fn new(bounds: &'static [Bound; N]) -> Self {
        Self { bounds, buckets: [0; N], count: 0, micros: 0 }
    }

    /// Counts a duration.
    pub(crate) fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        for (bucket, (bound, _)) in self.buckets.iter_mut().zip(self.bounds) {
            *bucket += u64::from(micros <= *bound);
        }
        self.count += 1;
        self.micros = self.micros.saturating_add(micros);
    }

    /// Writes it into `family`, with these labels.
    pub(crate) fn write(&self, family: &mut Family, labels: &[(&'static str, &str)]) {
        let labels: Vec<_> =
            labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut add = |suffix, le: Option<&str>, value: String| {
            let mut labels = labels.clone();
            labels.extend(le.map(|le| ("le", le.to_owned())));
            family.samples.push(Sample { suffix, labels, value });
        };
        for (count, (_, le)) in self.buckets.iter().zip(self.bounds) {
            add("_bucket", Some(le), count.to_string());
        }
        add("_bucket", Some("+Inf"), self.count.to_string());
        let seconds = Duration::from_micros(self.micros).as_secs_f64();
        add("_sum", None, format!("{seconds}"));
        add("_count", None, self.count.to_string());
    }
}
