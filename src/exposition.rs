//! The Prometheus text format 0.0.4 and OpenMetrics 1.0, from one model.
//!
//! They differ in three things here: OpenMetrics calls a counter without its `_total`, has
//! units, and ends with `# EOF`.

use std::fmt::Write as _;
use std::time::Duration;

/// A metric family.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    /// The name of its samples; a counter's ends in `_total`.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    /// The unit, with which the name ends.
    pub(crate) unit: Option<&'static str>,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Suffix of the sample's name, such as `_bucket`.
    pub(crate) suffix: &'static str,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) value: String,
}

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    OpenMetrics,
}

impl Format {
    /// The format to answer with. Text unless OpenMetrics is asked for by name: KEDA, curl
    /// and telegraf take whatever comes for text.
    pub(crate) fn of(accept: &str) -> Self {
        let quality = |offer: &str| {
            let q = offer.split(';').find_map(|part| part.trim().strip_prefix("q="));
            q.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0))
        };
        let best = |wanted: &str| {
            let of = accept.split(',').filter(|offer| {
                offer.split(';').next().is_some_and(|kind| kind.trim() == wanted)
                    // Another version has another syntax.
                    && offer
                        .split(';')
                        .find_map(|part| part.trim().strip_prefix("version="))
                        .is_none_or(|version| matches!(version, "0.0.1" | "1.0.0" | "0.0.4"))
            });
            of.map(quality).fold(0.0, f32::max)
        };
        let open = best("application/openmetrics-text");
        if open > 0.0 && open >= best("text/plain") { Self::OpenMetrics } else { Self::Text }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Writes `families`; those without samples are left out.
    pub(crate) fn write(self, families: &[Family]) -> String {
        let mut text = String::new();
        for family in families.iter().filter(|family| !family.samples.is_empty()) {
            self.family(&mut text, family);
        }
        if self == Self::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }

    fn family(self, text: &mut String, family: &Family) {
        let name = match (self, family.kind) {
            (Self::OpenMetrics, Kind::Counter) => {
                family.name.strip_suffix("_total").unwrap_or(family.name)
            }
            _ => family.name,
        };
        let kind = match family.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(text, "# HELP {name} {help}");
        let _ = writeln!(text, "# TYPE {name} {kind}");
        if let (Self::OpenMetrics, Some(unit)) = (self, family.unit) {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        for sample in &family.samples {
            text.push_str(family.name);
            text.push_str(sample.suffix);
            for (number, (label, value)) in sample.labels.iter().enumerate() {
                let before = if number == 0 { '{' } else { ',' };
                let _ = write!(text, "{before}{label}=\"{}\"", escape(value));
            }
            if !sample.labels.is_empty() {
                text.push('}');
            }
            let _ = writeln!(text, " {}", sample.value);
        }
    }
}

impl Family {
    pub(crate) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Gauge)
    }

    pub(crate) fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Counter)
    }

    pub(crate) fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { name, help, kind, unit: None, samples: Vec::new() }
    }

    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Adds a sample.
    pub(crate) fn add(&mut self, labels: &[(&'static str, &str)], value: impl ToString) {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push(Sample { suffix: "", labels, value: value.to_string() });
    }

    /// Adds the only sample, without labels.
    pub(crate) fn set(&mut self, value: impl ToString) {
        self.add(&[], value);
    }

    /// The same with one sample without labels.
    pub(crate) fn with(mut self, value: impl ToString) -> Self {
        self.set(value);
        self
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> [Family; 3] {
        let mut gauge = Family::gauge("a_seconds", "A gauge.").unit("seconds");
        gauge.add(&[("x", "a \"b\"\\\n")], "1.5");
        [gauge, Family::counter("b_total", "A counter.").with(3), Family::gauge("c", "None.")]
    }

    #[test]
    fn both_formats_say_the_same() {
        assert_eq!(
            Format::Text.write(&families()),
            "# HELP a_seconds A gauge.\n# TYPE a_seconds gauge\n\
             a_seconds{x=\"a \\\"b\\\"\\\\\\n\"} 1.5\n\
             # HELP b_total A counter.\n# TYPE b_total counter\nb_total 3\n"
        );
        assert_eq!(
            Format::OpenMetrics.write(&families()),
            "# HELP a_seconds A gauge.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n\
             a_seconds{x=\"a \\\"b\\\"\\\\\\n\"} 1.5\n\
             # HELP b A counter.\n# TYPE b counter\nb_total 3\n# EOF\n"
        );
    }

    #[test]
    fn openmetrics_must_be_asked_for() {
        for accept in ["", "*/*", "text/plain", "application/openmetrics-text;version=2.0.0"] {
            assert_eq!(Format::of(accept), Format::Text, "{accept}");
        }
        // What Prometheus 3 sends, and 2 did.
        for accept in [
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,\
             */*;q=0.2",
            "application/openmetrics-text; version=1.0.0",
        ] {
            assert_eq!(Format::of(accept), Format::OpenMetrics, "{accept}");
        }
        let text_first = "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.1";
        assert_eq!(Format::of(text_first), Format::Text);
    }
}
