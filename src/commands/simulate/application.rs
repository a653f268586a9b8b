//! `simulate -f` for HPAs that follow load: what each metric measures, the application behind
//! it, the load, and the runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use hpa_model::ControllerConfig;
use hpa_model::application::{
    Application, ApplicationSetup, Demand, DominantDelays, MAX_LENGTH_MS, MAX_LEVEL, Run, Shape,
    SteadyState, Target, dominant_delays, judge, simulate,
};
use hpa_model::simulation::SyncTiming;
use hpa_model::verdict::uses_fit_replicas;
use oppscale_cluster::history;
use oppscale_core::error::Error;

use super::args::{MetricKind, SimulateArgs, meant};
use super::sweep::variants;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::application::{Comparison, Entry};
use crate::scenario::{
    self, Manifest, MetricAssumptions, PodAssumptions, SourceFile, StatedPod, WorkloadFile, amount,
};

/// Low and high level of a shape, as shares of what `maxReplicas` serve at the target.
const LEVELS: (f64, f64) = (0.2, 0.7);
/// Number of samples of a run: more than a chart has columns.
const SAMPLES: u64 = 720;

/// Everything that is going to be simulated.
pub(super) struct Plan {
    load: String,
    seed: u64,
    entries: Vec<Entry>,
    is_sweep: bool,
    pub(super) warnings: Vec<String>,
}

/// An HPA of a file, with its workload.
struct Candidate {
    file: String,
    manifest: Manifest,
    workload: Option<WorkloadFile>,
    target: Target,
}

/// Reads the HPAs; `recorded` is a load that was read already. `None` if all that the controller
/// does not stop fill idle capacity, which another simulation shows.
///
/// # Errors
/// When a file cannot be read, or the HPAs are of both kinds.
pub(super) fn plan(args: &SimulateArgs, recorded: Option<Demand>) -> anyhow::Result<Option<Plan>> {
    if args.hpas.is_empty() {
        return Ok(None);
    }
    let config = ControllerConfig::of(args.kubernetes_version.unwrap_or_default());
    let mut candidates = Vec::new();
    for file in &args.hpas {
        let source = SourceFile::read(file)?;
        let manifests = scenario::manifests(&source, config.gates)?;
        let targets = scenario::targets(&manifests);
        for (manifest, target) in manifests.into_iter().zip(targets) {
            let workload = scenario::workload(&source, &manifest)?;
            candidates.push(Candidate { file: file.clone(), manifest, workload, target });
        }
    }
    // One that the controller stops neither follows load nor fills anything.
    let (fillers, followers): (Vec<_>, Vec<_>) = candidates
        .iter()
        .filter(|c| c.target == Target::Scalable)
        .partition(|c| is_filler(args, c));
    // Beside HPAs that the controller stops, configurations are simulated alone.
    if followers.is_empty() && (!fillers.is_empty() || !args.configs.is_empty()) {
        return Ok(None);
    }
    if !fillers.is_empty() {
        let names = |of_kind: &[&Candidate]| {
            of_kind.iter().map(|c| c.manifest.name()).collect::<Vec<_>>().join(", ")
        };
        bail!(
            Error::usage(format!(
                "{} fill idle capacity, {} follow load: these are two simulations",
                names(&fillers),
                names(&followers)
            ))
            .hint("simulate them one after the other; --metric says what a metric measures")
        );
    }
    let unused = args.filler_flags();
    if let Some(flag) = unused.first()
        && !followers.is_empty()
    {
        bail!(
            Error::usage(format!(
                "{flag} is for HPAs of fillers, which fill idle capacity, and this one follows load"
            ))
            .hint(
                "leave it out, or name a cluster to fill (--scenario, --from) without --metric, \
                 --prometheus and --sweep"
            )
        );
    }
    let mut plan = staged(args, config, candidates, recorded)?;
    let why = "no HPA that is given changes its replicas";
    plan.warnings.extend(unused.iter().map(|flag| format!("{flag} is left out: {why}")));
    Ok(Some(plan))
}

/// Whether the HPA is that of a filler: by `--metric`, by oppscale's metric, or because the user
/// names a cluster to fill.
fn is_filler(args: &SimulateArgs, candidate: &Candidate) -> bool {
    let spec = &candidate.manifest.spec;
    match args.metric {
        Some(MetricKind::IncludesOwn | MetricKind::ExcludesOwn) => true,
        Some(MetricKind::Load | MetricKind::Queue | MetricKind::PerPod) => false,
        None if args.load.is_some() || args.prometheus.is_some() => false,
        None if !args.sweeps.is_empty() => false,
        None => {
            // Only the HPA of a filler has a correction.
            let names_a_cluster = args.corrected
                || args.scenario.is_some()
                || !args.from.is_empty()
                || !args.configs.is_empty();
            uses_fit_replicas(spec) || names_a_cluster
        }
    }
}

fn staged(
    args: &SimulateArgs,
    config: ControllerConfig,
    candidates: Vec<Candidate>,
    recorded: Option<Demand>,
) -> anyhow::Result<Plan> {
    let seed = args.seed.unwrap_or(1);
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let stated = StatedPod {
        capacity: args.pod_capacity,
        start_ms: args.ready_after.map(ms),
        warmup_ms: args.warm_up.map_or(0, ms),
    };
    let load_metric = args.metric.and_then(MetricKind::load_metric);
    let mut warnings = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut load = None;
    for candidate in &candidates {
        warnings.extend(candidate.manifest.warnings.iter().cloned());
        let spec = &candidate.manifest.spec;
        let pod = PodAssumptions::of(candidate.workload.as_ref(), spec, &stated);
        let reading = MetricAssumptions::of(&candidate.manifest, load_metric, &pod);
        let application = reading.application(&pod);
        // One load for all: its levels come from the first HPA.
        let (title, demand, end_ms) = match &load {
            Some(load) => Clone::clone(load),
            None => {
                let spec = &candidate.manifest.spec;
                let at_max = f64::from(spec.max_replicas) * application.target_load;
                let first = (&candidate.manifest, application.target_load);
                let new = demand(args, recorded.clone(), at_max, &reading.unit, seed, first)?;
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
            target: candidate.target.clone(),
            end_ms,
            sample_ms: (end_ms / SAMPLES).max(1_000),
            seed,
        };
        let beside = (&*candidate.file, &candidate.manifest, candidate.workload.as_ref());
        let mut assumptions = reading.assumptions.clone();
        assumptions.push(pod.assumption(beside, &setup.application, &reading.unit));
        let question = reading.question.clone().filter(|_| args.metric.is_none());
        let entry = |name: String, setup: ApplicationSetup, manifest: Manifest| {
            let start = match setup.target {
                Target::Paused { replicas: Some(replicas), .. } => replicas,
                Target::Shared { bounds, .. } => bounds.apply(setup.needed(setup.demand.at(0))),
                _ => setup.needed(setup.demand.at(0)),
            };
            Entry {
                name,
                load: title.clone(),
                setup: ApplicationSetup { start_replicas: start, ..setup },
                manifest,
                swept: Vec::new(),
                assumptions: assumptions.clone(),
                question: question.clone(),
                is_capacity_given: args.pod_capacity.is_some(),
                verdict: None,
                run: Run::default(),
                dominant_delays: DominantDelays::default(),
                is_best: false,
            }
        };
        let name = candidate.manifest.name().to_owned();
        if args.sweeps.is_empty() {
            entries.push(entry(name, setup, candidate.manifest.clone()));
            continue;
        }
        for variant in variants(&candidate.manifest, &args.sweeps, config.gates)? {
            let reading = MetricAssumptions::of(&variant.manifest, load_metric, &pod);
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
    super::number_names(entries.iter_mut().map(|entry| &mut entry.name));
    let load = load.map(|(title, ..)| title).unwrap_or_default();
    Ok(Plan { load, seed, entries, is_sweep: !args.sweeps.is_empty(), warnings })
}

/// Title, demand and length; `first` is an HPA and the load of its pods at the target.
fn demand(
    args: &SimulateArgs,
    recorded: Option<Demand>,
    at_max: f64,
    unit: &str,
    seed: u64,
    first: (&Manifest, f64),
) -> anyhow::Result<(String, Demand, u64)> {
    let wanted = args.load.as_deref().unwrap_or(Shape::Step.name());
    let flag = args.duration.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    let (word, levels) = match wanted.split_once(':') {
        Some((word, levels)) => (word, Some(levels)),
        None => (wanted, None),
    };
    let (title, demand, length) = if let Some(demand) = recorded {
        let length = flag.unwrap_or(demand.end_ms().max(60_000));
        (args.query.clone().unwrap_or_default(), demand, length)
    } else if let Ok(shape) = word.parse::<Shape>() {
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
        let (title, demand) = match history::is_history(Path::new(wanted)) {
            true => of_history(wanted, first)?,
            false => {
                let source = SourceFile::read(wanted)?;
                let demand = Demand::recorded(scenario::load(&source)?);
                (source.name, demand)
            }
        };
        let length = flag.unwrap_or(demand.end_ms().max(60_000));
        (title, demand, length)
    };
    if length == 0 {
        bail!(Error::usage("--duration: expected more than 0"));
    }
    if length > MAX_LENGTH_MS {
        bail!(Error::usage("at most 31 days can be simulated").hint("--duration takes less"));
    }
    Ok((title, demand, length))
}

/// The load that the replicas of the HPA's target carried in a capacity history, if each was at
/// the target.
fn of_history(file: &str, first: (&Manifest, f64)) -> anyhow::Result<(String, Demand)> {
    let (manifest, target_load) = first;
    let target = manifest.autoscaler.target();
    let workload = (manifest.autoscaler.namespace(), &*target.kind, &*target.name);
    let counts = scenario::recorded_pods(Path::new(file), workload)?;
    if counts.iter().all(|(_, count)| *count == 0) {
        bail!(
            Error::usage(format!("{file} has no pods of {} {}", target.kind, target.name))
                .hint("a capacity history knows the workloads that ran while it was recorded")
        );
    }
    let mut points: Vec<(u64, f64)> = Vec::new();
    for (at, count) in counts {
        // A count holds until the next: two points at one moment are a step.
        points.extend(points.last().map(|(_, level)| (at, *level)));
        points.push((at, f64::from(count) * target_load));
    }
    let title = format!(
        "what the replicas of {} {} in {file} serve at the target",
        target.kind, target.name
    );
    Ok((title, Demand::recorded(points)))
}

fn range(text: &str) -> Option<(f64, f64)> {
    let (low, high) = text.split_once("..")?;
    let number = |text: &str| text.parse().ok().filter(|n| (0.0..=MAX_LEVEL).contains(n));
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
    if let Some(entry) = entries.get_mut(shown) {
        let (setup, outcome) = (entry.setup.clone(), entry.run.outcome);
        let found = super::off_thread(move || Ok(dominant_delays(&setup, &outcome)?));
        entry.dominant_delays = found.await?;
    }
    Ok(Comparison { load: plan.load, seed: plan.seed, is_sweep: plan.is_sweep, entries, shown })
}

fn simulated(entry: Entry) -> anyhow::Result<Entry> {
    let error = |error| anyhow!("{}: {error}", entry.name);
    let run = simulate(&entry.setup).map_err(error)?;
    let mut verdict = judge(&entry.setup).map_err(error)?;
    // It holds whatever the metrics are.
    if entry.setup.target.obstacle().is_some() {
        return Ok(Entry { run, verdict: Some(verdict), ..entry });
    }
    if entry.setup.application.queues
        && !entry.is_capacity_given
        && verdict.steady_state != SteadyState::Inert
    {
        let each = amount(entry.setup.application.capacity);
        verdict.why.push_str(&format!(
            " That depends on how fast a pod works: {each} a second here, and --pod-capacity states \
             it."
        ));
    }
    if entry.setup.application.queues
        && matches!(verdict.steady_state, SteadyState::Oscillates { .. })
    {
        verdict.why.push_str(
            " A queue tells how much waits, not how much comes in: a metric of the arrivals, as the \
             whole load, would settle.",
        );
    }
    // Without knowing what the metric measures, only what holds for every metric is certain.
    let is_certain = entry.question.is_none()
        || matches!(verdict.steady_state, SteadyState::Inert | SteadyState::OneWay { .. });
    Ok(Entry { run, verdict: Some(verdict).filter(|_| is_certain), ..entry })
}

/// Marks the Pareto front of overload against cost, and returns the best of it: the one
/// nearest to the ideal point of both.
fn pareto(entries: &mut [Entry]) -> usize {
    let figures: Vec<(u64, u64)> = entries
        .iter()
        .map(|entry| {
            let outcome = &entry.run.outcome;
            (outcome.overloaded_ms, outcome.requested_milli_ms)
        })
        .collect();
    let dominates = |a: &(u64, u64), b: &(u64, u64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
    for (entry, own) in entries.iter_mut().zip(&figures) {
        entry.is_best = !figures.iter().any(|other| dominates(other, own));
    }
    let most = |of: fn(&(u64, u64)) -> u64| figures.iter().map(of).max().unwrap_or(0).max(1) as f64;
    let (most_overload, most_cost) = (most(|f| f.0), most(|f| f.1));
    let distance = |(overload, cost): &(u64, u64)| {
        let (overload, cost) = (*overload as f64 / most_overload, *cost as f64 / most_cost);
        overload * overload + cost * cost
    };
    let best = figures.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    best.map_or(0, |(at, _)| at)
}
