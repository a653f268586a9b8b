//! The application behind an HPA that follows load: what each metric measures, and what a pod of
//! the workload does.

use std::time::Duration;

use hpa_model::application::{Application, Measure, MetricPath, Target};
use hpa_model::{HpaSpec, MetricSource, MetricSpec, ResourceName};
use oppscale_cluster::Autoscaler;
use oppscale_cluster::autoscaler::paused_target;
use oppscale_core::resources::{CPU, MEMORY};
use oppscale_core::units;

use super::manifest::{ContainerCpu, Manifest, WorkloadFile};

/// From a pod's creation until its containers run, unless the user says so: scheduling, image,
/// start. Milliseconds.
const START_MS: u64 = 10_000;
/// Cpu request of a pod whose workload is unknown, millicores.
const UNKNOWN_REQUEST_MILLI: u64 = 1_000;
/// Share of its target that memory uses: it does not follow the load.
const MEMORY_SHARE: f64 = 0.75;
/// Share of its cpu request that a pod uses when it serves what it should, where no metric says so.
const USUAL_USAGE: f64 = 0.7;
/// Why there is no verdict on an HPA of memory alone.
const ONLY_MEMORY: &str = "Memory seldom falls when pods are added, and does not say how much load a pod \
                           can take. What this HPA does depends on how the application's memory grows, \
                           which no manifest tells; a metric that follows the load beside it would.";
/// Capacity of a pod, in multiples of its load at the target.
const USUAL_CAPACITY: f64 = 1.5;
/// Time in which a pod works off the queue that is its target, seconds.
const DRAIN_SECONDS: f64 = 30.0;
/// Capacity of a cold pod, as a share of a warm one's.
const COLD_SHARE: f64 = 0.5;

/// What an Object or External metric of an HPA that follows load measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadMetric {
    /// The whole load, which the replicas do not change.
    Load,
    /// Work that waits until the pods have done it.
    Queue,
    /// The load of each pod, which falls as pods are added.
    PerPod,
}

/// What the user states about a pod.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatedPod {
    /// Load that it serves at most.
    pub capacity: Option<f64>,
    /// Time until it is ready, milliseconds.
    pub start_ms: Option<u64>,
    /// Time from then until it is warm, milliseconds.
    pub warmup_ms: u64,
}

/// The target of each of these HPAs.
pub fn targets(manifests: &[Manifest]) -> Vec<Target> {
    let scales_same = |a: &Manifest, b: &Manifest| {
        let (a, b) = (&a.autoscaler, &b.autoscaler);
        let (target, other) = (a.target(), b.target());
        // Two of one generated name are not the same.
        let is_generated = a.name().ends_with('*') && !std::ptr::eq(a, b);
        (a.name() != b.name() || is_generated)
            && a.namespace() == b.namespace()
            && (&target.kind, &target.name) == (&other.kind, &other.name)
    };
    let of = |manifest: &Manifest| {
        if let Some(target) = paused_target(&manifest.object) {
            return target;
        }
        // The controller reads the scale first.
        if let Some(why) = manifest.autoscaler.target_without_scale() {
            return Target::NoScale(why);
        }
        let others = manifests.iter().filter(|other| scales_same(manifest, other));
        // KEDA deletes the HPA of a paused one.
        let others = others.filter(|other| paused_target(&other.object).is_none());
        let others: Vec<_> = others.collect();
        if others.is_empty() {
            return Target::Scalable;
        }
        let all = others.iter().copied().chain([manifest]);
        Target::Shared {
            bounds: Autoscaler::common_bounds(all.map(|manifest| &manifest.autoscaler)),
            others: others.iter().map(|other| other.name().to_owned()).collect(),
        }
    };
    manifests.iter().map(of).collect()
}

/// A pod of the workload, as far as its manifest or the user says.
pub struct PodAssumptions {
    request_milli: Option<u64>,
    /// Cpu that all its containers request, millicores.
    reserved_milli: u64,
    /// Containers without a request for cpu, which the HPA needs.
    without_request: Vec<String>,
    request_bytes: Option<u64>,
    limit_milli: Option<u64>,
    capacity: Option<f64>,
    start_ms: u64,
    warmup_ms: u64,
    grace_ms: u64,
}

impl PodAssumptions {
    /// The pod of a workload, if it is known, with what the user states. `spec` is that of the
    /// HPA, which may look at one container only.
    pub fn of(workload: Option<&WorkloadFile>, spec: &HpaSpec, stated: &StatedPod) -> Self {
        let requested = |name: &str| {
            let of = |workload: &WorkloadFile| {
                u64::try_from(workload.replica.footprint().get(name)).ok().filter(|r| *r > 0)
            };
            workload.map(of)
        };
        let container = only_container(spec);
        let containers = workload.map(|workload| {
            let is_wanted = |one: &&ContainerCpu| container.is_none_or(|name| one.name == name);
            workload.containers.iter().filter(is_wanted).collect::<Vec<_>>()
        });
        let pod_level = workload.and_then(|workload| workload.pod_request_milli);
        let pod_level = pod_level.filter(|_| container.is_none());
        let request_milli = match &containers {
            None => Some(UNKNOWN_REQUEST_MILLI),
            Some(_) if pod_level.is_some() => pod_level,
            Some(containers) if containers.is_empty() => None,
            Some(containers) => containers.iter().map(|container| container.request).sum(),
        };
        let containers = containers.unwrap_or_default();
        let limit = containers.iter().map(|container| container.limit).sum::<Option<u64>>();
        let lacking = containers.iter().filter(|container| container.request.is_none());
        let mut lacking: Vec<_> = lacking.map(|container| container.name.clone()).collect();
        // A container that does not exist has no request either.
        lacking.extend(container.filter(|_| containers.is_empty()).map(str::to_owned));
        let probes = workload.map_or(0, |workload| workload.probe_ms);
        Self {
            request_milli: request_milli.filter(|milli| *milli > 0),
            reserved_milli: requested(CPU).map_or(UNKNOWN_REQUEST_MILLI, Option::unwrap_or_default),
            without_request: lacking,
            request_bytes: requested(MEMORY).unwrap_or(Some(1 << 30)),
            limit_milli: limit.filter(|milli| *milli > 0),
            capacity: stated.capacity,
            start_ms: stated.start_ms.unwrap_or(START_MS + probes),
            warmup_ms: stated.warmup_ms,
            grace_ms: workload.map_or(30_000, |workload| workload.grace_ms),
        }
    }

    /// The assumption about the pod, as a sentence.
    pub fn assumption(
        &self,
        (file, manifest, workload): (&str, &Manifest, Option<&WorkloadFile>),
        application: &Application,
        unit: &str,
    ) -> String {
        let time = |ms| units::duration(Duration::from_millis(ms));
        let request = match (workload, self.request_milli) {
            (None, _) => {
                let target = manifest.autoscaler.target();
                let (kind, name) = (&target.kind, &target.name);
                format!("requests 1 core, because {file} holds no {kind} {name}")
            }
            (Some(_), Some(milli)) => {
                format!("requests {}", units::counted(&units::cores(milli.into()), "core"))
            }
            (Some(_), None) => {
                format!("has no cpu request in {}", self.without_request.join(", "))
            }
        };
        let warm = match self.warmup_ms {
            0 => String::new(),
            ms => format!(", warm {} later", time(ms)),
        };
        format!(
            "A pod {request}, serves at most {} {unit}, is ready after {}{warm}, and gone {} after \
             its deletion.",
            amount(application.capacity),
            time(self.start_ms),
            time(self.grace_ms)
        )
    }
}

/// The container whose cpu the HPA looks at, if it looks at no other cpu.
fn only_container(spec: &HpaSpec) -> Option<&str> {
    let sources = spec.effective_metrics().iter().map(|metric| &metric.source);
    let cpu = sources.filter(|source| source.resource() == Some(&ResourceName::Cpu));
    let cpu = cpu.map(MetricSource::container);
    let mut cpu = cpu.peekable();
    let first = cpu.peek().copied().flatten()?;
    cpu.all(|container| container == Some(first)).then_some(first)
}

/// What oppscale assumes about the metrics of an HPA.
pub struct MetricAssumptions {
    /// The path of each metric, in the spec's order.
    pub paths: Vec<MetricPath>,
    /// Load of a pod at the target of the metric that the load is counted in.
    pub target_load: f64,
    /// Unit of the load.
    pub unit: String,
    /// Cpu that a unit needs, millicores, if the metrics say so.
    milli_per_unit: Option<f64>,
    /// Whether work that is not served waits.
    pub queues: bool,
    counts_cores: bool,
    /// The assumption about each metric, as a sentence.
    pub assumptions: Vec<String>,
    /// The flag that the user should give, if the verdict depends on it.
    pub question: Option<String>,
}

impl MetricAssumptions {
    /// Reads the metrics of an HPA; `load_metric` is that of its Object and External metrics.
    pub fn of(manifest: &Manifest, load_metric: Option<LoadMetric>, pod: &PodAssumptions) -> Self {
        let metrics = manifest.spec.effective_metrics();
        let kinds: Vec<_> = metrics.iter().map(|metric| Kind::of(metric, load_metric)).collect();
        let driver = kinds.iter().position(|(kind, _)| kind.follows_load());
        let request = pod.request_milli.unwrap_or(UNKNOWN_REQUEST_MILLI) as f64 / 1000.0;
        let bytes = pod.request_bytes.unwrap_or(1 << 30) as f64;
        let target =
            |at: usize| metrics.get(at).map_or(1.0, |metric| target(metric, request, bytes));
        // Where no metric follows the load, it is counted in cores all the same.
        let of_driver = driver.and_then(|at| kinds.get(at)).map_or(Kind::Cpu, |(kind, _)| *kind);
        let at_target = driver.map_or(USUAL_USAGE * request, target);
        let capacity = pod.capacity.unwrap_or(match of_driver {
            Kind::Queue => at_target / DRAIN_SECONDS,
            _ => USUAL_CAPACITY * at_target,
        });
        let target_load = if of_driver == Kind::Queue { capacity } else { at_target };
        let factor = |at: usize| match of_driver {
            _ if Some(at) == driver => 1.0,
            _ => target(at) / target_load,
        };
        let measure = |at: usize, kind: Kind| match kind {
            Kind::Cpu => Measure::Cpu,
            Kind::Memory => Measure::Memory(MEMORY_SHARE * target(at)),
            Kind::WorkOfPod => Measure::WorkOfPod(factor(at)),
            Kind::Load => Measure::Demand(factor(at)),
            Kind::PerPod => Measure::DemandPerPod(factor(at)),
            Kind::Queue => Measure::Queue(factor(at)),
            Kind::Schedule => Measure::Constant(target(at)),
            Kind::NoSuchResource => Measure::Missing,
        };
        let keda = manifest.autoscaler.scaled_object().is_some();
        let path = |(at, (kind, _)): (usize, &(Kind, bool))| {
            let measure = measure(at, *kind);
            match kind {
                Kind::Cpu | Kind::Memory | Kind::NoSuchResource => {
                    MetricPath::metrics_server(measure)
                }
                _ if keda || keda_scaler(metrics[at].source.name()).is_some() => {
                    MetricPath::keda(measure)
                }
                _ => MetricPath::prometheus(measure),
            }
        };
        let max = manifest.spec.max_replicas;
        let sentence = |(metric, (kind, _)): (&MetricSpec, &(Kind, bool))| {
            let name = metric.source.name();
            match kind {
                Kind::Memory => format!(
                    "{name} {} More pods do not lower it: what stays above its target takes the \
                     HPA to maxReplicas {max}, and it stays there.",
                    kind.sentence()
                ),
                kind => format!("{name} {}", kind.sentence()),
            }
        };
        let of_name =
            driver.and_then(|at| metrics.get(at)).map_or("load", |metric| metric.source.name());
        let only_memory = kinds.iter().all(|(kind, _)| *kind == Kind::Memory);
        let unknown = metrics.iter().zip(&kinds).find(|(_, (_, is_known))| !is_known);
        let cpu = kinds.iter().position(|(kind, _)| *kind == Kind::Cpu);
        Self {
            paths: kinds.iter().enumerate().map(path).collect(),
            target_load,
            unit: match of_driver {
                Kind::Cpu => "cores of work".to_owned(),
                Kind::Queue => format!("units of {of_name} a second"),
                _ => format!("units of {of_name}"),
            },
            milli_per_unit: match cpu {
                _ if of_driver == Kind::Cpu => Some(1000.0),
                Some(at) => Some(1000.0 * target(at) / target_load),
                None => None,
            },
            queues: of_driver == Kind::Queue,
            counts_cores: of_driver == Kind::Cpu,
            assumptions: metrics.iter().zip(&kinds).map(sentence).collect(),
            question: only_memory.then(|| ONLY_MEMORY.to_owned()).or_else(|| {
                unknown.map(|(metric, _)| {
                format!(
                    "An HPA does not say what a metric measures. State it for {} with --metric: \
                     load (all of it, which the replicas do not change), queue (work that waits), \
                     per-pod (falls as pods are added), or, for idle capacity, includes-own or \
                     excludes-own.",
                    metric.source.name()
                )
            })
            }),
        }
    }

    /// The application behind the HPA.
    pub fn application(&self, pod: &PodAssumptions) -> Application {
        let limit = pod.limit_milli.filter(|_| self.counts_cores);
        let limit = limit.map(|milli| milli as f64 / 1000.0);
        let capacity = pod.capacity.or(limit).unwrap_or(match self.queues {
            true => self.target_load,
            false => USUAL_CAPACITY * self.target_load,
        });
        let request = pod.request_milli.unwrap_or(UNKNOWN_REQUEST_MILLI) as f64;
        Application {
            request_milli: pod.request_milli,
            reserved_milli: pod.reserved_milli,
            request_bytes: pod.request_bytes,
            target_load: self.target_load,
            capacity,
            milli_per_unit: self.milli_per_unit.unwrap_or(request / capacity),
            start_ms: pod.start_ms,
            warmup_ms: pod.warmup_ms,
            cold_share: COLD_SHARE,
            grace_ms: pod.grace_ms,
            queues: self.queues,
        }
    }
}

/// Assumed kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cpu,
    Memory,
    WorkOfPod,
    Load,
    PerPod,
    Queue,
    Schedule,
    NoSuchResource,
}

impl Kind {
    /// The kind of a metric, and whether it is known rather than assumed.
    fn of(metric: &MetricSpec, load_metric: Option<LoadMetric>) -> (Self, bool) {
        match (metric.source.resource(), load_metric) {
            (Some(ResourceName::Cpu), _) => (Self::Cpu, true),
            (Some(ResourceName::Memory), _) => (Self::Memory, true),
            (Some(ResourceName::Other(_)), _) => (Self::NoSuchResource, true),
            (None, _) if metric.source.is_per_pod() => (Self::WorkOfPod, true),
            (None, Some(LoadMetric::Queue)) => (Self::Queue, true),
            (None, Some(LoadMetric::PerPod)) => (Self::PerPod, true),
            (None, Some(LoadMetric::Load)) => (Self::Load, true),
            (None, None) => match keda_scaler(metric.source.name()) {
                Some(scaler) if is_queue(scaler) => (Self::Queue, true),
                Some(scaler) if scaler.starts_with("cron") => (Self::Schedule, true),
                // A Value is compared as it is, so it must be one of each pod to make sense.
                _ if metric.is_value() => (Self::PerPod, false),
                _ => (Self::Load, false),
            },
        }
    }

    fn follows_load(self) -> bool {
        !matches!(self, Self::Memory | Self::Schedule | Self::NoSuchResource)
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Cpu => "is the usage of each pod, through metrics-server.",
            Self::Memory => "does not follow the load; it is assumed to be 75 % of its target.",
            Self::WorkOfPod => "is assumed to be the work of each pod, through Prometheus.",
            Self::Load => "is assumed to be the whole load, which the replicas do not change.",
            Self::PerPod => "is assumed to be the load of each pod, which falls as pods are added.",
            Self::Queue => "is assumed to be work that waits until the pods have done it.",
            Self::Schedule => "is a schedule; its time is taken not to have come.",
            Self::NoSuchResource => "is no resource that metrics-server serves.",
        }
    }
}

/// The scaler in KEDA's name for a metric: `s0-rabbitmq-jobs` is of rabbitmq.
fn keda_scaler(name: &str) -> Option<&str> {
    let (number, scaler) = name.strip_prefix('s')?.split_once('-')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(scaler)
}

/// Whether KEDA's scaler counts work that waits.
fn is_queue(scaler: &str) -> bool {
    const QUEUES: [&str; 17] = [
        "rabbitmq",
        "kafka",
        "apache-kafka",
        "aws-sqs",
        "azure-queue",
        "azure-servicebus",
        "gcp-ps",
        "gcp-pubsub",
        "redis",
        "nats-jetstream",
        "pulsar",
        "activemq",
        "artemis",
        "ibmmq",
        "solace",
        "beanstalkd",
        "stan",
    ];
    QUEUES.iter().any(|queue| scaler.starts_with(queue))
}

/// The target in the metric's own unit, for one pod.
fn target(metric: &MetricSpec, request: f64, bytes: f64) -> f64 {
    let target = &metric.target;
    let requested = match metric.source.resource() {
        Some(ResourceName::Memory) => bytes,
        _ => request,
    };
    let percent = target.average_utilization.map(|percent| f64::from(percent) / 100.0 * requested);
    let milli = target.average_value.or(target.value).map(|milli| milli as f64 / 1000.0);
    milli.or(percent).unwrap_or(1.0)
}

/// A number with as many digits as tell it apart.
pub fn amount(value: f64) -> String {
    if value >= 1e9 {
        return format!("{value:.2e}");
    }
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
