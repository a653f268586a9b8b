//! `simulate --hpa` for HPAs that follow load: what each metric measures, the application behind
//! it, the load, and the runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use hpa_model::application::{
    Application, ApplicationSetup, Behaves, Demand, Measure, MetricPath, Run, Shape, judge,
    simulate,
};
use hpa_model::simulation::SyncTiming;
use hpa_model::verdict::uses_fit_replicas;
use hpa_model::{ControllerConfig, MetricSource, MetricSpec, ResourceName, Selector, TargetType};
use oppscale_core::error::Error;
use oppscale_core::resources::{CPU, MEMORY};
use oppscale_core::units;

use super::args::{Nature, SimulateArgs, meant};
use super::sweep::variants;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::application::{Comparison, Entry, amount};
use crate::scenario::{self, Document, Manifest, WorkloadFile};

/// From a pod's creation until its containers run, unless the user says so: scheduling, image,
/// start. Milliseconds.
const START_MS: u64 = 10_000;
/// Cpu request of a pod whose workload is unknown, millicores.
const UNKNOWN_REQUEST_MILLI: u64 = 1_000;
/// Share of its target that memory uses: it does not follow the load.
const MEMORY_SHARE: f64 = 0.75;
/// What a pod can do at most, in multiples of what it does at its target.
const USUAL_CAPACITY: f64 = 1.5;
/// Time in which a pod works off the queue that is its target, seconds.
const DRAIN_SECONDS: f64 = 30.0;
/// Capacity of a cold pod, as a share of a warm one's.
const COLD_SHARE: f64 = 0.5;
/// Low and high level of a shape, as shares of what `maxReplicas` serve at the target.
const LEVELS: (f64, f64) = (0.2, 0.7);
/// Number of samples of a run: more than a picture has columns.
const SAMPLES: u64 = 720;
/// How long is simulated at most: a year.
const MAX_LENGTH_MS: u64 = 366 * 86_400_000;

/// Everything that is going to be simulated.
pub(super) struct Plan {
    load: String,
    seed: u64,
    entries: Vec<Entry>,
    is_sweep: bool,
    pub(super) warnings: Vec<String>,
}

/// An HPA of a file, with what stands beside it.
struct Candidate {
    file: String,
    manifest: Manifest,
    workload: Option<WorkloadFile>,
    /// Other HPAs of the file that scale the same target.
    rivals: Vec<String>,
}

/// Reads the HPAs; `None` if they fill idle capacity, which another simulation shows.
///
/// # Errors
/// When a file cannot be read, or the HPAs are of both kinds.
pub(super) fn plan(args: &SimulateArgs) -> anyhow::Result<Option<Plan>> {
    if args.hpas.is_empty() {
        return Ok(None);
    }
    let config = ControllerConfig::of(args.kubernetes_version.unwrap_or_default());
    let mut candidates = Vec::new();
    for file in &args.hpas {
        let document = Document::read(file)?;
        let manifests = scenario::manifests(&document, config.gates)?;
        let rivals = rivals(&manifests);
        for (manifest, rivals) in manifests.into_iter().zip(rivals) {
            let workload = scenario::workload(&document, &manifest)?;
            candidates.push(Candidate { file: file.clone(), manifest, workload, rivals });
        }
    }
    let fillers = candidates.iter().filter(|candidate| is_filler(args, candidate)).count();
    if fillers == candidates.len() {
        return Ok(None);
    }
    if fillers > 0 {
        let names = |filler: bool| {
            let of_kind = candidates.iter().filter(|c| is_filler(args, c) == filler);
            of_kind.map(|c| c.manifest.name()).collect::<Vec<_>>().join(", ")
        };
        bail!(
            Error::usage(format!(
                "{} fill idle capacity, {} follow load: these are two simulations",
                names(true),
                names(false)
            ))
            .hint("simulate them one after the other; --metric says what a metric measures")
        );
    }
    staged(args, config, candidates).map(Some)
}

/// Whether the HPA is that of a filler: by `--metric`, by oppscale's metric, or because the user
/// names a cluster to fill.
fn is_filler(args: &SimulateArgs, candidate: &Candidate) -> bool {
    let spec = &candidate.manifest.spec;
    match args.metric {
        // The controller stops such HPAs, whatever they measure.
        _ if !candidate.rivals.is_empty() => false,
        Some(Nature::IncludesOwn | Nature::ExcludesOwn) => true,
        Some(Nature::Load | Nature::Queue | Nature::PerPod) => false,
        None if args.load.is_some() || !args.sweeps.is_empty() => false,
        None => {
            let names_a_cluster =
                args.scenario.is_some() || !args.from.is_empty() || !args.configs.is_empty();
            uses_fit_replicas(spec) || names_a_cluster
        }
    }
}

/// For each HPA, the others of the file with the same target.
fn rivals(manifests: &[Manifest]) -> Vec<Vec<String>> {
    let is_rival = |a: &Manifest, b: &Manifest| {
        let (a, b) = (&a.autoscaler, &b.autoscaler);
        let (target, other) = (a.target(), b.target());
        a.name() != b.name()
            && a.namespace() == b.namespace()
            && (&target.kind, &target.name) == (&other.kind, &other.name)
    };
    let of = |manifest: &Manifest| {
        let rivals = manifests.iter().filter(|other| is_rival(manifest, other));
        rivals.map(|other| other.name().to_owned()).collect()
    };
    manifests.iter().map(of).collect()
}

fn staged(
    args: &SimulateArgs,
    config: ControllerConfig,
    candidates: Vec<Candidate>,
) -> anyhow::Result<Plan> {
    let seed = args.seed.unwrap_or(1);
    let mut warnings = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut load = None;
    for candidate in &candidates {
        warnings.extend(candidate.manifest.warnings.iter().cloned());
        let pod = Pod::of(args, candidate);
        let reading = Reading::of(&candidate.manifest, args.metric, &pod);
        let application = reading.application(&pod);
        // One load for all: its levels come from the first HPA.
        let (title, demand, end_ms) = match &load {
            Some(load) => Clone::clone(load),
            None => {
                let spec = &candidate.manifest.spec;
                let at_max = f64::from(spec.max_replicas) * application.target_load;
                let new = demand(args, at_max, &reading.unit, seed)?;
                load.insert(new).clone()
            }
        };
        let setup = ApplicationSetup {
            spec: candidate.manifest.spec.clone(),
            config,
            timing: SyncTiming::default(),
            application,
            start_replicas: 1,
            demand,
            metrics: reading.paths.clone(),
            selector: match candidate.rivals.is_empty() {
                true => Selector::Valid,
                false => Selector::Ambiguous,
            },
            end_ms,
            sample_ms: (end_ms / SAMPLES).max(1_000),
            seed,
        };
        let mut assumptions = reading.assumptions.clone();
        assumptions.push(pod.assumption(candidate, &setup.application, &reading.unit));
        let question = reading.question.clone().filter(|_| args.metric.is_none());
        let entry = |name: String, setup: ApplicationSetup, manifest: Manifest| {
            let start = setup.needed(setup.demand.at(0));
            Entry {
                name,
                load: title.clone(),
                setup: ApplicationSetup { start_replicas: start, ..setup },
                manifest,
                swept: Vec::new(),
                rivals: candidate.rivals.clone(),
                assumptions: assumptions.clone(),
                question: question.clone(),
                is_capacity_given: args.pod_capacity.is_some(),
                verdict: None,
                run: Run::default(),
                is_best: false,
            }
        };
        let name = candidate.manifest.name().to_owned();
        if args.sweeps.is_empty() {
            entries.push(entry(name, setup, candidate.manifest.clone()));
            continue;
        }
        for variant in variants(&candidate.manifest, &args.sweeps, config.gates)? {
            let reading = Reading::of(&variant.manifest, args.metric, &pod);
            let spec = variant.manifest.spec.clone();
            // Only the target moves: the pods stay what they are.
            let target_load = match reading.queues {
                true => setup.application.target_load,
                false => reading.target_load,
            };
            let application = Application { target_load, ..setup.application };
            let setup = ApplicationSetup { spec, application, ..setup.clone() };
            let words: Vec<_> =
                variant.values.iter().map(|(field, value)| format!("{field}={value}")).collect();
            let name = format!("{name} {}", words.join(" "));
            let entry = entry(name, setup, variant.manifest);
            entries.push(Entry { swept: variant.values, ..entry });
        }
    }
    unique(&mut entries);
    let load = load.map(|(title, ..)| title).unwrap_or_default();
    Ok(Plan { load, seed, entries, is_sweep: !args.sweeps.is_empty(), warnings })
}

/// Numbers HPAs of the same name.
fn unique(entries: &mut [Entry]) {
    for at in 1..entries.len() {
        let (before, rest) = entries.split_at_mut(at);
        let name = rest[0].name.clone();
        let mut number = 1;
        while before.iter().any(|other| other.name == rest[0].name) {
            number += 1;
            rest[0].name = format!("{name} ({number})");
        }
    }
}

/// A pod of the workload, as far as its manifest or the flags say.
struct Pod {
    request_milli: Option<u64>,
    request_bytes: Option<u64>,
    limit_milli: Option<u64>,
    capacity: Option<f64>,
    start_ms: u64,
    warmup_ms: u64,
    grace_ms: u64,
}

impl Pod {
    fn of(args: &SimulateArgs, candidate: &Candidate) -> Self {
        let workload = candidate.workload.as_ref();
        let requested = |name: &str| {
            let of = |workload: &WorkloadFile| {
                u64::try_from(workload.replica.footprint().get(name)).ok().filter(|r| *r > 0)
            };
            workload.map(of)
        };
        let has_cpu = workload.is_none_or(|workload| workload.without_cpu.is_empty());
        let cpu = requested(CPU).unwrap_or(Some(UNKNOWN_REQUEST_MILLI));
        let probes = workload.map_or(0, |workload| workload.probe_ms);
        let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            request_milli: cpu.filter(|_| has_cpu),
            request_bytes: requested(MEMORY).unwrap_or(Some(1 << 30)),
            limit_milli: workload.and_then(|workload| workload.limit_milli),
            capacity: args.pod_capacity,
            start_ms: args.ready_after.map_or(START_MS + probes, ms),
            warmup_ms: args.warm_up.map_or(0, ms),
            grace_ms: workload.map_or(30_000, |workload| workload.grace_ms),
        }
    }

    /// What the pod is taken for, in a sentence.
    fn assumption(&self, of: &Candidate, application: &Application, unit: &str) -> String {
        let time = |ms| units::duration(std::time::Duration::from_millis(ms));
        let request = match (&of.workload, self.request_milli) {
            (None, _) => {
                let target = of.manifest.autoscaler.target();
                let (kind, name) = (&target.kind, &target.name);
                format!("requests 1 core, because {} holds no {kind} {name}", of.file)
            }
            (Some(_), Some(milli)) => format!("requests {} cores", units::cores(milli.into())),
            (Some(workload), None) => {
                format!("has no cpu request in {}", workload.without_cpu.join(", "))
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

/// What the metrics of an HPA are taken for.
struct Reading {
    paths: Vec<MetricPath>,
    /// Load of a pod at the target of the metric that the load is counted in.
    target_load: f64,
    /// Unit of the load.
    unit: String,
    /// Cpu that a unit needs, millicores, if the metrics say so.
    milli_per_unit: Option<f64>,
    queues: bool,
    counts_cores: bool,
    assumptions: Vec<String>,
    question: Option<String>,
}

impl Reading {
    fn of(manifest: &Manifest, nature: Option<Nature>, pod: &Pod) -> Self {
        let metrics = manifest.spec.effective_metrics();
        let kinds: Vec<_> = metrics.iter().map(|metric| Kind::of(metric, nature)).collect();
        let driver = kinds.iter().position(|(kind, _)| kind.follows_load()).unwrap_or(0);
        let request = pod.request_milli.unwrap_or(UNKNOWN_REQUEST_MILLI) as f64 / 1000.0;
        let bytes = pod.request_bytes.unwrap_or(1 << 30) as f64;
        let target =
            |at: usize| metrics.get(at).map_or(1.0, |metric| target(metric, request, bytes));
        let of_driver = kinds.get(driver).map_or(Kind::Load, |(kind, _)| *kind);
        let capacity = pod.capacity.unwrap_or(match of_driver {
            Kind::Queue => target(driver) / DRAIN_SECONDS,
            _ => USUAL_CAPACITY * target(driver),
        });
        let target_load = if of_driver == Kind::Queue { capacity } else { target(driver) };
        let factor = |at: usize| match of_driver {
            _ if at == driver => 1.0,
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
                _ if keda || keda_scaler(name(&metrics[at])).is_some() => MetricPath::keda(measure),
                _ => MetricPath::prometheus(measure),
            }
        };
        let sentence = |(metric, (kind, _)): (&MetricSpec, &(Kind, bool))| {
            format!("{} {}", name(metric), kind.sentence())
        };
        let unknown = metrics.iter().zip(&kinds).find(|(_, (_, is_known))| !is_known);
        let cpu = kinds.iter().position(|(kind, _)| *kind == Kind::Cpu);
        Self {
            paths: kinds.iter().enumerate().map(path).collect(),
            target_load,
            unit: match of_driver {
                Kind::Cpu => "cores of work".to_owned(),
                Kind::Queue => format!("units of {} a second", name(&metrics[driver])),
                _ => format!("units of {}", metrics.get(driver).map_or("load", name)),
            },
            milli_per_unit: match cpu {
                _ if of_driver == Kind::Cpu => Some(1000.0),
                Some(at) => Some(1000.0 * target(at) / target_load),
                None => None,
            },
            queues: of_driver == Kind::Queue,
            counts_cores: of_driver == Kind::Cpu,
            assumptions: metrics.iter().zip(&kinds).map(sentence).collect(),
            question: unknown.map(|(metric, _)| {
                format!(
                    "An HPA does not say what a metric measures. State it for {} with --metric: \
                     load (all of it, which the replicas do not change), queue (work that waits), \
                     per-pod (falls as pods are added), or, for idle capacity, includes-own or \
                     excludes-own.",
                    name(metric)
                )
            }),
        }
    }

    fn application(&self, pod: &Pod) -> Application {
        let limit = pod.limit_milli.filter(|_| self.counts_cores);
        let limit = limit.map(|milli| milli as f64 / 1000.0);
        let capacity = pod.capacity.or(limit).unwrap_or(match self.queues {
            true => self.target_load,
            false => USUAL_CAPACITY * self.target_load,
        });
        let request = pod.request_milli.unwrap_or(UNKNOWN_REQUEST_MILLI) as f64;
        Application {
            request_milli: pod.request_milli,
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

/// What a metric is taken for.
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
    /// What a metric is taken for, and whether that is known.
    fn of(metric: &MetricSpec, nature: Option<Nature>) -> (Self, bool) {
        match (&metric.source, nature) {
            (MetricSource::Resource(resource), _)
            | (MetricSource::ContainerResource { resource, .. }, _) => match resource {
                ResourceName::Cpu => (Self::Cpu, true),
                ResourceName::Memory => (Self::Memory, true),
                ResourceName::Other(_) => (Self::NoSuchResource, true),
            },
            (MetricSource::Pods(_), _) => (Self::WorkOfPod, true),
            (_, Some(Nature::Queue)) => (Self::Queue, true),
            (_, Some(Nature::PerPod)) => (Self::PerPod, true),
            (_, Some(Nature::Load | Nature::IncludesOwn | Nature::ExcludesOwn)) => {
                (Self::Load, true)
            }
            (_, None) => match keda_scaler(name(metric)) {
                Some(scaler) if is_queue(scaler) => (Self::Queue, true),
                Some(scaler) if scaler.starts_with("cron") => (Self::Schedule, true),
                // A Value is compared as it is, so it must be one of each pod to make sense.
                _ if is_value(metric) => (Self::PerPod, false),
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
            Self::Memory => "does not follow the load; it is taken for 75 % of its target.",
            Self::WorkOfPod => "is taken for the work of each pod, through Prometheus.",
            Self::Load => "is taken for the whole load, which the replicas do not change.",
            Self::PerPod => "is taken for the load of each pod, which falls as pods are added.",
            Self::Queue => "is taken for work that waits until the pods have done it.",
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

/// Whether the metric is compared as it is, and not divided among the pods.
fn is_value(metric: &MetricSpec) -> bool {
    match metric.source {
        // External goes by the field that is set.
        MetricSource::External(_) => metric.target.average_value.is_none(),
        _ => metric.target.kind == TargetType::Value,
    }
}

/// The metric as people call it.
fn name(metric: &MetricSpec) -> &str {
    match &metric.source {
        MetricSource::External(metric)
        | MetricSource::Pods(metric)
        | MetricSource::Object { metric, .. } => &metric.name,
        MetricSource::Resource(resource) | MetricSource::ContainerResource { resource, .. } => {
            match resource {
                ResourceName::Cpu => "cpu",
                ResourceName::Memory => "memory",
                ResourceName::Other(name) => name,
            }
        }
    }
}

/// The target in the metric's own unit, for one pod.
fn target(metric: &MetricSpec, request: f64, bytes: f64) -> f64 {
    let target = &metric.target;
    let requested = match &metric.source {
        MetricSource::Resource(ResourceName::Memory)
        | MetricSource::ContainerResource { resource: ResourceName::Memory, .. } => bytes,
        _ => request,
    };
    let percent = target.average_utilization.map(|percent| f64::from(percent) / 100.0 * requested);
    let milli = target.average_value.or(target.value).map(|milli| milli as f64 / 1000.0);
    milli.or(percent).unwrap_or(1.0)
}

/// Title, demand and length.
fn demand(
    args: &SimulateArgs,
    at_max: f64,
    unit: &str,
    seed: u64,
) -> anyhow::Result<(String, Demand, u64)> {
    let wanted = args.load.as_deref().unwrap_or(Shape::Step.name());
    let flag = args.duration.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    let (word, levels) = match wanted.split_once(':') {
        Some((word, levels)) => (word, Some(levels)),
        None => (wanted, None),
    };
    let (title, demand, length) = if let Ok(shape) = word.parse::<Shape>() {
        let (low, high) = match levels {
            None => (LEVELS.0 * at_max, LEVELS.1 * at_max),
            Some(levels) => range(levels).ok_or_else(|| {
                Error::usage(format!("--load {wanted}: expected levels such as {word}:5..40"))
            })?,
        };
        let length = flag.unwrap_or(shape.usual_length_ms());
        let title = match shape {
            Shape::Constant => format!("a constant {} {unit}", amount(high)),
            _ => format!("a {word} from {} to {} {unit}", amount(low), amount(high)),
        };
        (title, Demand::shaped(shape, (low, high), length.min(MAX_LENGTH_MS), seed), length)
    } else {
        let is_name = !wanted.contains(['.', '/']) && wanted != "-";
        if is_name && !std::path::Path::new(wanted).exists() {
            let near = meant(word, &Shape::ALL.map(Shape::name));
            bail!(Error::usage(format!("{word:?} is not a shape of load")).hint(format!(
                "{near}expected step, ramp, day, spike, noise, constant or the name of a file"
            )));
        }
        let document = Document::read(wanted)?;
        let demand = Demand::recorded(scenario::load(&document)?);
        let length = flag.unwrap_or(demand.end_ms().max(60_000));
        (document.name, demand, length)
    };
    if length == 0 {
        bail!(Error::usage("--duration: expected more than 0"));
    }
    if length > MAX_LENGTH_MS {
        bail!(Error::usage("--duration: at most a year can be simulated"));
    }
    Ok((title, demand, length))
}

fn range(text: &str) -> Option<(f64, f64)> {
    let (low, high) = text.split_once("..")?;
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    Some((number(low)?, number(high)?)).filter(|(low, high)| low <= high)
}

/// Simulates every configuration, beside each other and off the thread that hears Ctrl-C.
///
/// # Errors
/// When one cannot be simulated.
pub(super) async fn run(
    args: &SimulateArgs,
    plan: Plan,
    printer: &Printer,
) -> anyhow::Result<Comparison> {
    let shown = match plan.is_sweep {
        true => None,
        false => Some(args.shown(plan.entries.iter().map(|entry| entry.name.as_str()))?),
    };
    let progress = Progress::new(printer.shows_progress());
    progress.phase("configurations simulated");
    let done = Arc::new(AtomicU64::new(0));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let queue = Arc::new(std::sync::Mutex::new(plan.entries.into_iter().enumerate()));
    let work = |_| {
        let (progress, done, queue) = (progress.clone(), Arc::clone(&done), Arc::clone(&queue));
        tokio::task::spawn_blocking(move || {
            let mut finished = Vec::new();
            loop {
                let next = queue.lock().unwrap_or_else(|held| held.into_inner()).next();
                let Some((at, entry)) = next else { return Ok(finished) };
                finished.push((at, simulated(entry)?));
                progress.count(done.fetch_add(1, Ordering::Relaxed) + 1);
            }
        })
    };
    let tasks: Vec<_> = (0..workers).map(work).collect();
    let mut entries = Vec::new();
    for task in tasks {
        let finished: anyhow::Result<Vec<_>> = task.await.context("a simulation ended early")?;
        entries.extend(finished?);
    }
    progress.finish();
    entries.sort_by_key(|(at, _)| *at);
    let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    let best = pareto(&mut entries);
    let shown = shown.unwrap_or(best);
    Ok(Comparison { load: plan.load, seed: plan.seed, is_sweep: plan.is_sweep, entries, shown })
}

fn simulated(entry: Entry) -> anyhow::Result<Entry> {
    let error = |error| anyhow!("{}: {error}", entry.name);
    let run = simulate(&entry.setup).map_err(error)?;
    let mut verdict = judge(&entry.setup).map_err(error)?;
    if !entry.rivals.is_empty() {
        let others = entry.rivals.join(", ");
        verdict.why = format!(
            "{others} scales the same target, so the controller stops both (AmbiguousSelector): \
             the replicas stay what they are. Keep one, with the metrics of both."
        );
    }
    if entry.setup.application.queues && !entry.is_capacity_given {
        let each = amount(entry.setup.application.capacity);
        verdict.why.push_str(&format!(
            " That depends on how fast a pod works: {each} a second here, and --pod-capacity states \
             it."
        ));
    }
    // Without knowing what the metric measures, only what holds for every metric is certain.
    let is_certain = entry.question.is_none()
        || matches!(verdict.behaves, Behaves::Inert | Behaves::OneWay { .. });
    Ok(Entry { run, verdict: Some(verdict).filter(|_| is_certain), ..entry })
}

/// Marks the Pareto front of missing pods against cost, and returns the best of it: the one
/// nearest to the ideal point of both.
fn pareto(entries: &mut [Entry]) -> usize {
    let figures: Vec<(u64, u64)> = entries
        .iter()
        .map(|entry| {
            let outcome = &entry.run.outcome;
            (outcome.missing_pod_ms, outcome.requested_milli_ms)
        })
        .collect();
    let dominates = |a: &(u64, u64), b: &(u64, u64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
    for (entry, own) in entries.iter_mut().zip(&figures) {
        entry.is_best = !figures.iter().any(|other| dominates(other, own));
    }
    let most = |of: fn(&(u64, u64)) -> u64| figures.iter().map(of).max().unwrap_or(0).max(1) as f64;
    let (most_missing, most_cost) = (most(|f| f.0), most(|f| f.1));
    let distance = |(missing, cost): &(u64, u64)| {
        let (missing, cost) = (*missing as f64 / most_missing, *cost as f64 / most_cost);
        missing * missing + cost * cost
    };
    let best = figures.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    best.map_or(0, |(at, _)| at)
}
