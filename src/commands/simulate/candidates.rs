//! What `simulate` compares: a scenario, and the HPAs to try on it.

use std::path::Path;

use anyhow::{anyhow, bail};

use crate::filler::correct_hpa;
use crate::render::simulation::Entry;
use crate::scenario::{self, Manifest, SourceFile, WorkloadFile};
use hpa_model::simulation::{
    BuiltInScenario, Configuration, FillersInMetric, Load, MAX_SAMPLES, MetricModel, MetricUnit,
    PAID_USAGE, Run, Setup, UsageModel, configurations,
};
use hpa_model::verdict::{self, Change, LoopContext};
use hpa_model::{ControllerConfig, MetricSource};
use oppscale_cluster::autoscaler::quantities_as_text;
use oppscale_cluster::history;
use oppscale_cluster::{self, SavedFiles};
use oppscale_core::demand::FILLER_PRIORITY;
use oppscale_core::error::Error;
use oppscale_core::policy::Basis;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU};
use oppscale_core::units::quantity_text;

use super::args::{MetricKind, SimulateArgs, meant};

/// Everything that is going to be simulated.
#[derive(Debug)]
pub(super) struct Stage {
    /// Name of the scenario.
    pub(super) title: String,
    /// The seed of all.
    pub(super) seed: u64,
    /// In the order of the table; never empty.
    pub(super) candidates: Vec<Entry>,
    /// Notes for the user about the input.
    pub(super) warnings: Vec<String>,
    /// Facts that the files of the HPAs add.
    pub(super) notes: Vec<String>,
}

/// Reads the scenario and the HPAs.
///
/// # Errors
/// When a file cannot be read, or there is no such scenario or configuration.
pub(super) fn of(args: &SimulateArgs) -> anyhow::Result<Stage> {
    let (title, mut setup, mut warnings) = base(args)?;
    let unused = args.load_flags().into_iter();
    warnings
        .extend(unused.map(|flag| format!("{flag} is left out: no HPA is simulated under load")));
    let mut notes = Vec::new();
    setup.filler.autoscaler.config =
        ControllerConfig::of(args.kubernetes_version.unwrap_or_default());
    setup.seed = args.seed.unwrap_or(setup.seed);
    if let Some(duration) = args.duration {
        setup.end_ms = duration.as_millis() as u64;
        // How fine the samples are was chosen for another length.
        setup.sample_ms = setup.sample_ms.max(setup.end_ms.div_ceil(MAX_SAMPLES));
    }
    if setup.end_ms == 0 {
        match args.duration {
            Some(_) => bail!(Error::usage("--duration: expected more than 0")),
            None => bail!("{title}: duration: expected more than 0"),
        }
    }
    if args.basis == Some(Basis::Requests) && setup.usage.is_some() {
        let on_usage = Error::usage(format!("{title}: the workload is on the usage basis"));
        bail!(match (&args.workload, args.from.is_empty()) {
            (Some(_), _) => on_usage
                .hint("leave --basis out, or take oppscale.dev/basis out of its annotations"),
            (None, false) => on_usage.hint(
                "leave --basis out, or record a workload on the requests basis: oppscale top \
                 --workload ... --record FILE"
            ),
            (None, true) => Error::usage(format!("{title} is of the usage basis"))
                .hint("leave --basis out, or take the basis out of the file"),
        });
    }
    let paid_usage = paid_usage(args, &setup);
    if args.basis == Some(Basis::Usage) || setup.usage.is_some() {
        setup.on_usage_basis(args.burn.map(Amount::from), paid_usage.clone());
    }
    setup.check().map_err(|error| anyhow!("{title}: {error}"))?;
    let mut candidates = Vec::new();
    for file in &args.hpas {
        let source = SourceFile::read(file)?;
        for manifest in manifests(&source, file, &setup, &mut warnings)? {
            warnings.extend(manifest.warnings.iter().cloned());
            let workload = scenario::workload(&source, &manifest)?;
            let metric = metric_model(args, &manifest, workload.as_ref());
            notes.extend(assumption(args, &manifest));
            let mut setup = setup.clone();
            if let Some(workload) = &workload {
                workload.shape(&mut setup);
                let about = format!("{file}: {}", manifest.name());
                apply_basis(args, workload, &about, &paid_usage, &mut setup)?;
                let name = manifest.name();
                notes.push(taken(args, file, name, workload, &setup, &metric.reserve));
                let priority = setup.filler.template.priority;
                warnings.extend(without_class(file, manifest.name(), workload, priority));
            }
            setup.filler.autoscaler.spec = manifest.spec.clone();
            setup.filler.autoscaler.metric = metric;
            let title = format!("the HPA {} of {file}", manifest.name());
            let tried = entry(manifest.name().to_owned(), title, setup, manifest)?;
            let corrected = corrected(&tried)?;
            candidates.push(tried);
            candidates.extend(corrected);
        }
    }
    for name in args.config_names() {
        let configuration = Configuration::named(name).ok_or_else(|| no_configuration(name))?;
        let setup = configuration.apply(setup.clone());
        // Only replicas that fit are counted by usage; cores are those that no pod requests.
        if setup.usage.is_some() && setup.filler.autoscaler.metric.unit == MetricUnit::Cores {
            if args.configs.is_empty() {
                continue;
            }
            bail!(
                Error::usage(format!("--config {name}: its metric is of requests"))
                    .hint("the usage basis has --config oppscale, or -f")
            );
        }
        let spec = setup.filler.autoscaler.spec.clone();
        let manifest = Manifest::named("miner", spec);
        let title = configuration.title.to_owned();
        candidates.push(entry(configuration.key.to_owned(), title, setup, manifest)?);
    }
    let ignored = [("--burn", args.burn.is_some()), ("--paid-usage", args.paid_usage.is_some())];
    if let Some((flag, _)) = ignored.iter().find(|(_, is_given)| *is_given)
        && candidates.iter().all(|entry| entry.setup.usage.is_none())
    {
        bail!(
            Error::usage(format!("{flag}: no filler is on the usage basis"))
                .hint("add --basis usage")
        );
    }
    super::number_names(candidates.iter_mut().map(|entry| &mut entry.name));
    Ok(Stage { title, seed: setup.seed, candidates, warnings, notes })
}

fn base(args: &SimulateArgs) -> anyhow::Result<(String, Setup, Vec<String>)> {
    if let [file] = &args.from[..]
        && history::is_history(Path::new(file))
    {
        if args.workload.is_some() {
            bail!(
                Error::usage("--workload: a capacity history knows its workload")
                    .hint("name it when recording: oppscale top --workload ... --record FILE")
            );
        }
        let recorded = scenario::from_history(Path::new(file), args.burn)?;
        if recorded.basis == Basis::Usage && recorded.setup.usage.is_none() {
            bail!(
                Error::failure(format!("{file}: the cores that a replica uses are unknown"))
                    .hint("state --burn")
            );
        }
        return Ok((file.clone(), recorded.setup, recorded.warnings));
    }
    if !args.from.is_empty() {
        let files = SavedFiles::load(&args.from)?;
        let namespace = args.namespace.as_deref().unwrap_or("default");
        let (snapshot, mut workload) =
            oppscale_cluster::read_saved(&files, args.workload.as_ref(), namespace)?;
        let policy = &mut workload.policy;
        policy.burn = args.burn.or(policy.burn);
        if policy.basis == Basis::Usage && policy.burn.is_none() {
            bail!(
                Error::failure("--workload: the cores that a replica uses are unknown")
                    .hint("annotate the workload with oppscale.dev/burn, or state --burn")
            );
        }
        if let Some(why) = &snapshot.pods_unknown {
            bail!(
                Error::failure(format!("paid work is unknown: {why}"))
                    .hint("save pods too: kubectl get nodes,pods -A -o json > cluster.json")
            );
        }
        let unknown = snapshot
            .ledger
            .unknown()
            .map(|pod| format!("pod {}/{} is left out: {}", pod.namespace, pod.name, pod.problem));
        let invalid = snapshot.invalid_objects.iter().map(|object| {
            format!("{} {} is left out: {}", object.kind, object.name, object.problem)
        });
        let notes = snapshot.notes.iter().cloned().chain(workload.placement_notes());
        let warnings = unknown.chain(invalid).chain(notes).collect();
        return Ok((args.from.join(", "), scenario::from_cluster(&snapshot, &workload), warnings));
    }
    let scenario = args.scenario.as_deref().unwrap_or(BuiltInScenario::Blog.name());
    if let Ok(known) = scenario.parse::<BuiltInScenario>() {
        return Ok((known.name().to_owned(), known.setup(), Vec::new()));
    }
    // A word without a dot or a slash is a name that was mistyped, unless there is such a file.
    let is_name = !scenario.contains(['.', '/']) && scenario != "-";
    if is_name && !std::path::Path::new(scenario).exists() {
        let name = scenario.parse::<BuiltInScenario>().err().map(|error| error.to_string());
        let near = meant(scenario, &BuiltInScenario::ALL.map(BuiltInScenario::name));
        bail!(
            Error::usage(name.unwrap_or_default())
                .hint(format!("{near}or the name of a scenario file"))
        );
    }
    let file = SourceFile::read(scenario)?;
    let setup = scenario::setup(&file)?;
    Ok((file.name, setup, Vec::new()))
}

/// Usage of paid pods over time: the flag's, else the scenario's.
fn paid_usage(args: &SimulateArgs, setup: &Setup) -> Load {
    let of_scenario = || Some(setup.usage.as_ref()?.paid.clone());
    let given = args.paid_usage.map(Load::constant);
    given.or_else(of_scenario).unwrap_or_else(|| Load::constant(PAID_USAGE))
}

/// Puts the filler on the basis of `workload`, the scenario or the flag. The workload, of which
/// `about` tells file and name, has shaped it.
fn apply_basis(
    args: &SimulateArgs,
    workload: &WorkloadFile,
    about: &str,
    paid: &Load,
    setup: &mut Setup,
) -> anyhow::Result<()> {
    let policy = &workload.policy;
    let burn = args.burn.or(policy.burn).map(Amount::from);
    if policy.basis == Basis::Requests {
        // The scenario's own filler may have been on the usage basis.
        if setup.usage.take().is_some() {
            setup.on_usage_basis(burn, paid.clone());
        }
        return Ok(());
    }
    if args.basis == Some(Basis::Requests) {
        bail!(
            Error::usage(format!("{about}: its workload is on the usage basis"))
                .hint("leave --basis out, or take oppscale.dev/basis out of the file")
        );
    }
    let Some(burn_milli) = burn.or((workload.cpu_limit > 0).then_some(workload.cpu_limit)) else {
        bail!(
            Error::failure(format!("{about}: the cores that a replica uses are unknown"))
                .hint("annotate its workload with oppscale.dev/burn, or state --burn")
        );
    };
    setup.usage = Some(UsageModel { basis: Basis::Usage, burn_milli, paid: paid.clone() });
    Ok(())
}

/// The HPAs of a file. Those that the controller stops are left out, with a warning.
fn manifests(
    source: &SourceFile,
    file: &str,
    setup: &Setup,
    warnings: &mut Vec<String>,
) -> anyhow::Result<Vec<Manifest>> {
    let manifests = scenario::manifests(source, setup.filler.autoscaler.config.gates)?;
    let targets = scenario::targets(&manifests);
    let mut moving = Vec::new();
    for (manifest, target) in manifests.into_iter().zip(targets) {
        match target.obstacle() {
            Some(why) => warnings.push(format!("{} is left out: {why}", manifest.name())),
            None => moving.push(manifest),
        }
    }
    for manifest in &moving {
        if manifest.spec.effective_metrics().iter().any(|metric| metric.source.is_per_pod()) {
            bail!(
                Error::failure(format!(
                    "{file}: HorizontalPodAutoscaler {}: spec.metrics: expected External or Object \
                     metrics of remaining capacity",
                    manifest.name()
                ))
                .hint(
                    "without --scenario, --from, --config, --corrected and --metric it is simulated \
                     under load"
                )
            );
        }
    }
    Ok(moving)
}

/// The settings that a workload beside its HPA gives, as a sentence.
fn taken(
    args: &SimulateArgs,
    file: &str,
    name: &str,
    workload: &WorkloadFile,
    setup: &Setup,
    reserve: &Reserve,
) -> String {
    let (replica, grace) = (&workload.replica, workload.grace_ms / 1000);
    let priority = setup.filler.template.priority;
    let is_its_own = args.burn.is_none() && workload.policy.basis == Basis::Usage;
    let burn = setup.usage.as_ref().filter(|_| is_its_own);
    let burn = burn.map(|usage| quantity_text(CPU, usage.burn_milli));
    let burn = burn.map(|burn| format!(", a burn of {burn}")).unwrap_or_default();
    format!(
        "{name}: {replica} a replica{burn}, reserve {reserve}, priority {priority} and a grace \
         period of {grace}s, as in {file}"
    )
}

/// The warning about a workload whose PriorityClass is not in the file.
fn without_class(file: &str, name: &str, workload: &WorkloadFile, priority: i32) -> Option<String> {
    match &workload.class {
        Some((class, None)) => Some(format!(
            "{name}: PriorityClass {class} is not in {file}, so its priority is the scenario's, \
             {priority}"
        )),
        _ => None,
    }
}

/// The metric of a manifest: oppscale's by its name, any other by the flags. The reserve of
/// oppscale's is the workload's.
fn metric_model(
    args: &SimulateArgs,
    manifest: &Manifest,
    workload: Option<&WorkloadFile>,
) -> MetricModel {
    let is_ours = verdict::uses_fit_replicas(&manifest.spec);
    let own = workload.filter(|_| is_ours).map(|workload| &workload.policy.reserve);
    let reserve = args.reserve_in_metric.as_ref().or(own).cloned().unwrap_or_default();
    let model = if is_ours {
        MetricModel::oppscale(reserve)
    } else {
        MetricModel { reserve, unit: MetricUnit::Cores, ..MetricModel::article() }
    };
    match args.metric {
        // Those follow load, and are not a filler's.
        None | Some(MetricKind::Load | MetricKind::Queue | MetricKind::PerPod) => model,
        Some(MetricKind::IncludesOwn) => {
            MetricModel { filler_pods: FillersInMetric::Included, ..model }
        }
        Some(MetricKind::ExcludesOwn) => {
            MetricModel { filler_pods: FillersInMetric::Excluded, counts_demand: true, ..model }
        }
    }
}

/// The assumption about the metric of a manifest, if neither its name nor a flag states its kind.
fn assumption(args: &SimulateArgs, manifest: &Manifest) -> Option<String> {
    if verdict::uses_fit_replicas(&manifest.spec) {
        return None;
    }
    let metrics = manifest.spec.effective_metrics();
    let taken = metrics.get(verdict::capacity_metric(&manifest.spec)?)?.source.name();
    let others = metrics.iter().map(|metric| &metric.source).filter(|source| !source.is_per_pod());
    let others: Vec<_> = others.map(MetricSource::name).filter(|name| *name != taken).collect();
    let name = manifest.name();
    match (args.metric, others.is_empty()) {
        (Some(_), true) => None,
        (Some(_), false) => Some(format!(
            "{name}: {taken} is assumed to be the metric of capacity, not {}",
            others.join(", ")
        )),
        (None, _) => Some(format!(
            "{name}: {taken} is assumed to be free cores, which the workload's own pods use up; --metric \
             states what it measures"
        )),
    }
}

fn no_configuration(name: &str) -> Error {
    let known: Vec<_> = configurations().iter().map(|known| known.key).collect();
    Error::usage(format!("{name:?} is not a configuration")).hint(format!(
        "{}expected one of {}",
        meant(name, &known),
        known.join(", ")
    ))
}

/// An HPA on the scenario, before it is simulated.
fn entry(name: String, title: String, setup: Setup, manifest: Manifest) -> anyhow::Result<Entry> {
    let scaler = &setup.filler.autoscaler;
    let context = LoopContext::of(&setup);
    let verdict = verdict::judge(&scaler.spec, &scaler.config, &scaler.metric, &context);
    let correction = verdict.as_ref().ok().and_then(|verdict| verdict.correction.as_ref());
    let metric = correction.map_or(&scaler.metric, |correction| &correction.metric);
    let (object, gates) = (&manifest.object, scaler.config.gates);
    let corrected =
        correct_hpa(object, &manifest.autoscaler, &manifest.spec, &metric.reserve, gates)?;
    Ok(Entry { name, title, setup, manifest, corrected, verdict, run: Run::default() })
}

/// The same with every correction, unless KEDA owns the HPA.
fn corrected(entry: &Entry) -> anyhow::Result<Option<Entry>> {
    let (Some(correction), Some(corrected)) = (entry.correction(), &entry.corrected) else {
        return Ok(None);
    };
    let mut setup = entry.setup.clone();
    setup.filler.autoscaler.spec = correction.spec.clone();
    setup.filler.autoscaler.metric = correction.metric.clone();
    if correction.changes.contains(&Change::LowerPriority) {
        let lowest = setup.paid.iter().map(|app| app.template.priority).min().unwrap_or(0);
        setup.filler.template.priority = FILLER_PRIORITY.min(lowest.saturating_sub(1));
    }
    let name = format!("{}, corrected", entry.name);
    let title = format!("{}, with every correction", entry.title);
    let mut object = corrected.object.clone();
    quantities_as_text(&mut object);
    let manifest = Manifest::of_object(object)?;
    self::entry(name, title, setup, manifest).map(Some)
}
