//! A laboratory: one HPA, pods that are ready at once, a run every 15.035 s.

use hpa_model::*;

/// One HPA under observation.
pub struct Lab {
    pub controller: Controller,
    pub spec: HpaSpec,
    pub now_ms: u64,
    pub replicas: u32,
    pub last: Option<Outcome>,
}

/// External AverageValue "1", min 1, max 50, both windows 0: the HPA of the measured table.
pub fn table_spec() -> HpaSpec {
    let window0 = ScalingRules { stabilization_window_seconds: Some(0), ..ScalingRules::default() };
    HpaSpec {
        min_replicas: None,
        max_replicas: 50,
        metrics: vec![external(MetricTarget::average_value(1000))],
        behavior: Some(Behavior { scale_up: Some(window0.clone()), scale_down: Some(window0) }),
    }
}

/// An External metric.
pub fn external(target: MetricTarget) -> MetricSpec {
    MetricSpec { source: MetricSource::External(MetricIdentifier::named("free")), target }
}

/// An Object metric.
pub fn object(target: MetricTarget) -> MetricSpec {
    MetricSpec {
        source: MetricSource::Object {
            metric: MetricIdentifier::named("free"),
            kind: "Service".to_owned(),
            name: "web".to_owned(),
        },
        target,
    }
}

/// What a run sees of so many replicas that are all ready.
pub fn seen<'a>(replicas: u32, metrics: &'a [Sample<'a>]) -> Observation<'a> {
    Observation {
        scale: Some(Scale { spec_replicas: replicas, status_replicas: replicas }),
        selector: Selector::Valid,
        pods: Pods::Counted { total: replicas, ready: replicas },
        metrics,
        update_accepted: true,
    }
}

impl Lab {
    pub fn new(spec: HpaSpec, replicas: u32) -> Self {
        Self::on(ControllerConfig::default(), spec, replicas)
    }

    pub fn on(config: ControllerConfig, spec: HpaSpec, replicas: u32) -> Self {
        Self { controller: Controller::new(config), spec, now_ms: 1_000_000, replicas, last: None }
    }

    /// One run with these answers; gives the replicas afterwards.
    pub fn run(&mut self, metrics: &[Sample<'_>]) -> u32 {
        let pods = Pods::Counted { total: self.replicas, ready: self.replicas };
        self.run_with(metrics, pods)
    }

    pub fn run_with(&mut self, metrics: &[Sample<'_>], pods: Pods<'_>) -> u32 {
        self.observe(&Observation { pods, ..seen(self.replicas, metrics) })
    }

    pub fn observe(&mut self, seen: &Observation<'_>) -> u32 {
        self.now_ms += 15_035;
        let outcome = self.controller.run(self.now_ms, &self.spec, seen);
        if let Some(to) = outcome.rescaled_to() {
            self.replicas = to;
        }
        self.last = Some(outcome);
        self.replicas
    }

    /// One run with one External metric whose items are given as quantities.
    pub fn serve(&mut self, items: &[&str]) -> u32 {
        let items: Vec<i64> = items.iter().map(|item| milli(item)).collect();
        self.run(&[Sample::External(&items)])
    }

    /// Runs until nothing moves any more.
    pub fn settle(&mut self, items: &[&str]) -> u32 {
        for _ in 0..40 {
            self.serve(items);
        }
        self.replicas
    }

    /// Runs until the count is reached.
    pub fn settle_until(&mut self, replicas: u32, items: &[&str]) {
        for _ in 0..40 {
            if self.serve(items) == replicas {
                return;
            }
        }
        panic!("stuck at {}", self.replicas);
    }

    pub fn conditions(&self) -> Conditions {
        *self.controller.conditions()
    }

    pub fn events(&self) -> Vec<(&'static str, String)> {
        let outcome = self.last.expect("a run");
        self.controller
            .events(&self.spec, "default", &outcome)
            .into_iter()
            .map(|event| (event.reason, event.message))
            .collect()
    }
}

/// The quantity times `scale`, rounded away from zero as Kubernetes does.
pub fn scaled(text: &str, scale: i128) -> i64 {
    let split =
        text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let (up, down): (i128, i128) = match suffix {
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "" => (1, 1),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        _ => panic!("quantity {text:?}"),
    };
    let negative = number.starts_with('-');
    let digits = number.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mantissa: i128 = format!("{whole}{fraction}").parse().unwrap();
    let divisor = down * 10_i128.pow(u32::try_from(fraction.len()).unwrap());
    let magnitude = (mantissa * up * scale + divisor - 1) / divisor;
    i64::try_from(if negative { -magnitude } else { magnitude }).unwrap()
}

/// `Quantity.MilliValue()`.
pub fn milli(text: &str) -> i64 {
    scaled(text, 1_000)
}
