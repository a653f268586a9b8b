//! What a metric of an application measures, and how late the HPA reads it.

/// The quantity that a metric measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Cpu usage of each pod.
    Cpu,
    /// Memory usage of each pod, bytes, which does not follow the load.
    Memory(f64),
    /// Work that each pod does, times this factor.
    WorkOfPod(f64),
    /// The whole demand, which the replicas do not change, times this factor.
    Demand(f64),
    /// The demand for each ready pod, which falls as pods are added, times this factor.
    DemandPerPod(f64),
    /// Work that waits in the queue, which the pods drain, times this factor.
    Queue(f64),
    /// A value that does not depend on the application.
    Constant(f64),
    /// Nothing: the metrics API fails.
    Missing,
}

/// The way of a metric from the pods to the HPA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricPath {
    /// The quantity that the metric measures.
    pub measure: Measure,
    /// From one measurement to the next, milliseconds, positive.
    pub period_ms: u64,
    /// Time over which a measurement is averaged, milliseconds; 0 for a momentary value.
    pub window_ms: u64,
    /// From a measurement until the HPA can read it, milliseconds.
    pub delay_ms: u64,
}

impl MetricPath {
    /// metrics-server: usage between two scrapes 15 s apart, served 2 s later.
    #[must_use]
    pub fn metrics_server(measure: Measure) -> Self {
        Self { measure, period_ms: 15_000, window_ms: 15_000, delay_ms: 2_000 }
    }

    /// Prometheus and an adapter: scraped every 30 s, as a rate over 2 minutes, served 5 s later.
    #[must_use]
    pub fn prometheus(measure: Measure) -> Self {
        let window_ms = match measure {
            // A backlog or a constant is a gauge, not a rate.
            Measure::Queue(_) | Measure::Constant(_) => 0,
            _ => 120_000,
        };
        Self { measure, period_ms: 30_000, window_ms, delay_ms: 5_000 }
    }

    /// KEDA: read from the source at each sync.
    #[must_use]
    pub fn keda(measure: Measure) -> Self {
        Self { period_ms: 1_000, delay_ms: 0, ..Self::prometheus(measure) }
    }

    /// Age of a value at worst, half of its window included, milliseconds.
    #[must_use]
    pub fn worst_age_ms(&self) -> u64 {
        self.period_ms.saturating_add(self.delay_ms).saturating_add(self.window_ms / 2)
    }

    /// The last measurement that can be read at `now_ms`; the first is at `phase_ms` after 0.
    /// `None` before it.
    pub(super) fn measured_at(&self, now_ms: u64, phase_ms: u64) -> Option<u64> {
        let readable = now_ms.checked_sub(self.delay_ms)?.checked_sub(phase_ms)?;
        Some(phase_ms + readable - readable % self.period_ms.max(1))
    }
}
