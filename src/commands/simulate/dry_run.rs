//! `oppscale simulate --live`: an HPA beside the one in the cluster; and the replay of a recording.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use hpa_model::application::{Target, stopped};
use hpa_model::{
    ClusterReading, ControllerConfig, DryRun, DryRunStep, HpaSpec, KubernetesVersion, LoadShare,
    MetricSpec,
};
use oppscale_cluster::autoscaler::{HpaReader, SCALED_OBJECT};
use oppscale_cluster::{Autoscaler, Cluster, ClusterError, Operation, autoscalers, server_info};
use oppscale_core::error::Error;
use oppscale_core::kinds;

use super::args::{MetricKind, Output, SimulateArgs};
use crate::commands::shutdown::Shutdown;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::dry_run::{self, Summary};
use crate::scenario::{
    self, Manifest, RecordedHpa, Recording, RecordingHeader, SourceFile, SourceFileError,
    line_of_reading,
};

/// `--horizontal-pod-autoscaler-sync-period` of kube-controller-manager, if it has none.
const SYNC_PERIOD: Duration = Duration::from_secs(15);
/// Delay of the dry run behind a sync of the cluster's controller. The time of a sync is known in
/// whole seconds, and a sync takes some milliseconds more than the period.
const LAG_MS: u64 = 2_000;

/// An HPA of a file that runs beside the cluster's own controller.
struct DryRunHpa {
    namespace: String,
    manifest: Manifest,
    shares: Vec<LoadShare>,
    is_stated: bool,
    reader: HpaReader,
    run: DryRun,
    /// Path of the HPA in the cluster that scales the same target.
    live_hpa: Option<String>,
}

/// Runs beside the cluster until a signal or the end of `--duration`.
///
/// # Errors
/// When the cluster cannot be reached at first, or an HPA cannot be read.
pub(super) async fn live(args: &SimulateArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let mut shutdown = Shutdown::new()?;
    let period = args.sync_period.unwrap_or(SYNC_PERIOD);
    let (cluster, dry_runs, version) = tokio::select! {
        exit = shutdown.requested() => return Ok(exit),
        started = start(args, printer) => started?,
    };
    let mut dry_runs = dry_runs;
    let mut report =
        Report::new(args, dry_runs.iter().map(DryRunHpa::full_name).collect(), printer);
    let mut recorder = match &args.record {
        Some(path) => Some(Recorder::create(path, version, &dry_runs)?),
        None => None,
    };
    report.begin()?;
    let end = args.duration.map(|duration| tokio::time::Instant::now() + duration);
    let syncs = async {
        let recorder = &mut recorder;
        // At least one, however long the cluster takes to answer.
        let mut next = sync(&cluster, &mut dry_runs, period, &mut report, recorder).await?;
        let further = async {
            loop {
                tokio::time::sleep(Duration::from_millis(next.saturating_sub(now_ms()))).await;
                next = sync(&cluster, &mut dry_runs, period, &mut report, recorder).await?;
            }
        };
        match end {
            Some(end) => tokio::time::timeout_at(end, further).await.unwrap_or(Ok(Exit::Ok)),
            None => further.await,
        }
    };
    let exit: anyhow::Result<Exit> = tokio::select! {
        exit = shutdown.requested() => Ok(exit),
        exit = syncs => exit,
    };
    let exit = exit?;
    report.end()?;
    Ok(exit)
}

/// Reads, counts and prints once. The time of the next sync, in milliseconds since 1970.
async fn sync(
    cluster: &Cluster,
    dry_runs: &mut [DryRunHpa],
    period: Duration,
    report: &mut Report<'_>,
    recorder: &mut Option<Recorder>,
) -> anyhow::Result<u64> {
    let period_ms = u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1);
    let started = now_ms();
    let mut synced_ms = None;
    for (at, hpa) in dry_runs.iter_mut().enumerate() {
        let (reading, synced) =
            tokio::join!(hpa.reader.read(cluster), last_sync(cluster, hpa.live_hpa.as_deref()));
        synced_ms = synced_ms.or(synced);
        if let Some(recorder) = recorder {
            recorder.write(at, &reading)?;
        }
        report.step(at, &hpa.run.sync(&reading))?;
    }
    Ok(next_sync(started, period_ms, synced_ms))
}

/// Time of the next sync: a period later. If the time of a sync of the cluster's controller is
/// known, it is shortly after the controller's next one, so that both see the same values.
fn next_sync(started_ms: u64, period_ms: u64, synced_ms: Option<u64>) -> u64 {
    let Some(synced_ms) = synced_ms.filter(|synced| *synced <= started_ms) else {
        return started_ms + period_ms;
    };
    let first = synced_ms + LAG_MS.min(period_ms / 2);
    let earliest = started_ms + period_ms / 2;
    first + earliest.saturating_sub(first).div_ceil(period_ms) * period_ms
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Time at which the controller last wrote the HPA's status, milliseconds since 1970.
async fn last_sync(cluster: &Cluster, path: Option<&str>) -> Option<u64> {
    let operation =
        Operation::new(format!("get {}", kinds::HPA.name), kinds::HPA.permission("get"));
    let hpa: Autoscaler = cluster.find(&operation, path?).await.ok()??;
    let entries = hpa.0.metadata.managed_fields?;
    let of_status = entries.iter().filter(|entry| entry.subresource.as_deref() == Some("status"));
    let times = of_status.filter_map(|entry| Some(entry.time.as_ref()?.0.as_millisecond()));
    times.max().and_then(|ms| u64::try_from(ms).ok())
}

/// Reads the HPAs, and finds out how they are read and what they stand beside.
async fn start(
    args: &SimulateArgs,
    printer: &Printer,
) -> anyhow::Result<(Cluster, Vec<DryRunHpa>, String)> {
    let cluster = args.cluster.connect().await?;
    let info = server_info(&cluster).await?;
    let version = args.kubernetes_version.or_else(|| info.version.parse().ok());
    let version = version.unwrap_or_else(|| {
        let version = KubernetesVersion::default();
        printer.note(&format!(
            "Kubernetes {} is not modelled; the controller of {version} is",
            info.version
        ));
        version
    });
    let config = ControllerConfig::of(version);
    let mut dry_runs = Vec::new();
    for file in &args.hpas {
        let file = file.clone();
        let read = super::off_thread(move || {
            Ok(scenario::manifests(&SourceFile::read(&file)?, config.gates)?)
        });
        for mut manifest in read.await? {
            manifest.warnings.iter().for_each(|warning| printer.warn(warning));
            let namespace = match manifest.autoscaler.namespace() {
                "" => args.namespace.as_deref().unwrap_or_else(|| cluster.namespace()),
                namespace => namespace,
            };
            let namespace = namespace.to_owned();
            if let [Target::Paused { .. }] = scenario::targets(std::slice::from_ref(&manifest))[..]
            {
                printer.note(&format!(
                    "ScaledObject {} is paused in the file, so KEDA makes no HPA of it; this one runs \
                     as if it were not",
                    manifest.object["metadata"]["name"].as_str().unwrap_or_default()
                ));
            }
            let live_hpa = live_hpa(&cluster, &namespace, &manifest, printer).await?;
            if manifest.object["kind"] == SCALED_OBJECT {
                take_names(&mut manifest, live_hpa.as_ref(), printer)?;
            }
            let live_hpa = live_hpa.map(|hpa| kinds::HPA.path(Some(&namespace), hpa.name()));
            let shares = shares(&manifest.spec, args.metric, printer)?;
            let is_stated = args.metric.is_some();
            let of = &manifest.autoscaler;
            let reader = HpaReader::new(&cluster, &namespace, of, &manifest.spec).await?;
            let run = DryRun::new(&manifest.spec, config, &shares);
            dry_runs.push(DryRunHpa {
                namespace,
                manifest,
                shares,
                is_stated,
                reader,
                run,
                live_hpa,
            });
        }
    }
    Ok((cluster, dry_runs, version.to_string()))
}

impl DryRunHpa {
    fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.manifest.name())
    }
}

/// How the value of each metric depends on the number of pods.
///
/// # Errors
/// When the metric changes with the pods in a way that cannot be computed from its value.
fn shares(
    spec: &HpaSpec,
    kind: Option<MetricKind>,
    printer: &Printer,
) -> anyhow::Result<Vec<LoadShare>> {
    let stated = match kind {
        None => None,
        Some(MetricKind::Load | MetricKind::Queue | MetricKind::ExcludesOwn) => {
            Some(LoadShare::Total)
        }
        Some(MetricKind::PerPod) => Some(LoadShare::PerPod),
        Some(MetricKind::IncludesOwn) => bail!(
            Error::usage(
                "--live with --metric includes-own: what the metric would be with other replicas \
                 cannot be read"
            )
            .hint("simulate it: oppscale simulate -f FILE --metric includes-own")
        ),
    };
    let of = |metric: &MetricSpec| {
        let share = LoadShare::of(metric);
        if metric.source.is_per_pod() {
            return share;
        }
        stated.unwrap_or_else(|| {
            let meaning = match share {
                LoadShare::PerPod => "falls as pods are added",
                LoadShare::Total | LoadShare::Constant => "does not depend on the replicas",
            };
            printer.note(&format!(
                "assumed that {} {meaning} where the counts differ; --metric states it",
                metric.source.name()
            ));
            share
        })
    };
    Ok(spec.effective_metrics().iter().map(of).collect())
}

/// Names the metrics of a ScaledObject as KEDA named them in the HPA that it made: the names hold
/// queues and topics by rules of each scaler.
///
/// # Errors
/// When the HPA has no such spec.
fn take_names(
    manifest: &mut Manifest,
    made: Option<&Autoscaler>,
    printer: &Printer,
) -> anyhow::Result<()> {
    let is_its = |hpa: &&Autoscaler| {
        hpa.scaled_object().is_some() && hpa.scaled_object() == manifest.autoscaler.scaled_object()
    };
    let Some(made) = made.filter(is_its) else {
        printer.note(
            "KEDA names the metrics of a ScaledObject when it makes the HPA; until then they \
                      cannot be read",
        );
        return Ok(());
    };
    let own =
        manifest.autoscaler.0.spec.iter_mut().flat_map(|spec| spec.metrics.iter_mut().flatten());
    // KEDA sorts the metrics by type, so only those of one type are in the order of the triggers.
    let own: Vec<_> = own.filter_map(|metric| metric.external.as_mut()).collect();
    let made: Vec<_> =
        made.metrics().iter().filter_map(|metric| metric.external.as_ref()).collect();
    if own.len() != made.len() {
        printer.note(&format!(
            "the ScaledObject of the file has {} External metrics, the HPA that KEDA made has {}: \
             their names are taken in this order",
            own.len(),
            made.len()
        ));
    }
    for (own, made) in own.into_iter().zip(made) {
        own.metric = made.metric.clone();
    }
    manifest.spec = manifest.autoscaler.spec()?;
    Ok(())
}

/// Finds the HPA in the cluster that scales the same target, and prints a note about it.
async fn live_hpa(
    cluster: &Cluster,
    namespace: &str,
    manifest: &Manifest,
    printer: &Printer,
) -> Result<Option<Autoscaler>, ClusterError> {
    let target = manifest.autoscaler.target();
    let object = format!("{} {namespace}/{}", target.kind, target.name);
    let Some(hpas) = autoscalers(cluster, namespace).await? else {
        printer.note(&format!(
            "permission to list HPAs in {namespace} is missing: NOW is the count of {object}, \
             whatever scales it"
        ));
        return Ok(None);
    };
    let mut same: Vec<_> = hpas
        .iter()
        .filter(|hpa| hpa.target().kind == target.kind && hpa.target().name == target.name)
        .collect();
    // Applying the file would replace the HPA of its name.
    same.sort_by_key(|hpa| hpa.name() != manifest.name());
    let Some(first) = same.first() else {
        printer.note(&format!(
            "no HPA in the cluster scales {object}: NOW is its count, which nothing changes"
        ));
        return Ok(None);
    };
    let names: Vec<_> = same.iter().map(|hpa| hpa.name()).collect();
    let is_in_file = first.name() == manifest.name();
    if same.len() > 1 {
        let advice = match is_in_file {
            true => String::new(),
            false => format!("; delete them when you apply {}", manifest.name()),
        };
        printer.note(&format!(
            "HPAs {} scale {object}, so {}{advice}",
            names.join(", "),
            stopped("them all", Autoscaler::common_bounds(same.iter().copied()))
        ));
    } else if !is_in_file {
        printer.note(&format!(
            "HPA {} scales {object} now; beside {} {}, so delete it when you apply the other",
            first.name(),
            manifest.name(),
            stopped("both", Autoscaler::common_bounds([*first, &manifest.autoscaler]))
        ));
    }
    let is_running = first.condition("ScalingActive").is_none_or(|c| c.status != "False");
    if !is_running {
        printer.note(&format!(
            "HPA {} does not scale now; oppscale why {namespace}/{0} shows why",
            first.name()
        ));
    }
    Ok(Some(Autoscaler::clone(first)))
}

/// Writes the readings to a file, a line each.
struct Recorder {
    file: File,
    path: String,
}

impl Recorder {
    /// # Errors
    /// When the file exists or cannot be written.
    fn create(path: &Path, kubernetes: String, dry_runs: &[DryRunHpa]) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::create_new(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::usage(format!("--record {name}: the file exists"))
                    .hint("name another file: a recording is one run")
                    .into()
            }
            _ => anyhow::Error::from(error).context(format!("cannot record to {name}")),
        })?;
        let hpas = dry_runs.iter().map(|hpa| RecordedHpa {
            namespace: hpa.namespace.clone(),
            manifest: hpa.manifest.object.clone(),
            shares: hpa.shares.clone(),
            is_stated: hpa.is_stated,
        });
        let header = RecordingHeader::new(kubernetes, hpas.collect());
        let mut recorder = Self { file, path: name };
        recorder.put(&(serde_json::to_string(&header)? + "\n"))?;
        Ok(recorder)
    }

    fn write(&mut self, hpa: usize, reading: &ClusterReading) -> anyhow::Result<()> {
        self.put(&line_of_reading(hpa, reading)?)
    }

    fn put(&mut self, line: &str) -> anyhow::Result<()> {
        let written = self.file.write_all(line.as_bytes());
        written.with_context(|| format!("cannot record to {}", self.path))
    }
}

/// Replays a recording: the same lines as the run that wrote it, or those of another HPA on the
/// same metrics.
///
/// # Errors
/// When the other HPA has a metric that was not recorded.
pub(super) fn replay(
    args: &SimulateArgs,
    file: &SourceFile,
    recording: Recording,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let RecordingHeader { kubernetes, hpas, .. } = &recording.header;
    let recorded = kubernetes
        .parse()
        .map_err(|error| SourceFileError::new(file, format!("kubernetes: {error}")))?;
    let config = ControllerConfig::of(args.kubernetes_version.unwrap_or(recorded));
    let mut runs = Vec::new();
    for (at, hpa) in hpas.iter().enumerate() {
        let name = format!("{}, HPA {}", file.name, at + 1);
        let manifest = one(&SourceFile::new(name, hpa.manifest.to_string()), config)?;
        runs.push((manifest, hpa));
    }
    if recording.is_cut {
        printer.warn(&format!("{}: the last line is incomplete and left out", file.name));
    }
    let other = match args.hpas.as_slice() {
        [] => None,
        [file] if runs.len() == 1 => Some(one(&SourceFile::read(file)?, config)?),
        _ => bail!(
            Error::usage("-f replaces the HPA of a recording of one HPA: give one -f")
                .hint("record one HPA at a time")
        ),
    };
    let mut dry_runs = Vec::new();
    let mut names = Vec::new();
    for (manifest, recorded) in &runs {
        let used = other.as_ref().unwrap_or(manifest);
        let order = order(&manifest.spec, &used.spec, &file.name)?;
        let shares = replayed_shares(recorded, &manifest.spec, &used.spec, &order);
        names.push(format!("{}/{}", recorded.namespace, used.name()));
        dry_runs.push((DryRun::new(&used.spec, config, &shares), order));
    }
    let mut report = Report::new(args, names, printer);
    report.begin()?;
    for (hpa, mut reading) in recording.readings {
        let Some((run, order)) = dry_runs.get_mut(hpa) else { continue };
        // Nothing was measured if the scale could not be read.
        if reading.scale.is_some() {
            let metrics = order.iter().filter_map(|at| reading.metrics.get(*at).cloned());
            reading.metrics = metrics.collect();
        }
        report.step(hpa, &run.sync(&reading))?;
    }
    report.end()?;
    Ok(Exit::Ok)
}

/// The only HPA of a document.
fn one(file: &SourceFile, config: ControllerConfig) -> anyhow::Result<Manifest> {
    let mut manifests = scenario::manifests(file, config.gates)?;
    match (manifests.pop(), manifests.is_empty()) {
        (Some(manifest), true) => Ok(manifest),
        _ => bail!(SourceFileError::new(file, "expected one HorizontalPodAutoscaler")),
    }
}

/// For each metric of `used`, which one of `recorded` has its values.
fn order(recorded: &HpaSpec, used: &HpaSpec, file: &str) -> anyhow::Result<Vec<usize>> {
    let known = recorded.effective_metrics();
    let of = |metric: &MetricSpec| {
        let found = known.iter().position(|one| one.source == metric.source);
        found.ok_or_else(|| {
            Error::usage(format!("{file} has no values of the metric {}", metric.source.name()))
                .hint("record it: oppscale simulate --live -f FILE --record NEW")
                .into()
        })
    };
    used.effective_metrics().iter().map(of).collect()
}

/// How the value of each metric of `used` depends on the number of pods: as `--metric` stated when
/// `recorded` was written, else as its own target says.
fn replayed_shares(
    recorded: &RecordedHpa,
    spec: &HpaSpec,
    used: &HpaSpec,
    order: &[usize],
) -> Vec<LoadShare> {
    let known = spec.effective_metrics();
    let of = |(metric, at): (&MetricSpec, &usize)| {
        let assumed = known.get(*at).map(LoadShare::of);
        // A recording from before `isStated` tells only what differs from the assumption.
        let stated = recorded.shares.get(*at).copied();
        let stated = stated.filter(|share| recorded.is_stated || assumed != Some(*share));
        stated.unwrap_or_else(|| LoadShare::of(metric))
    };
    used.effective_metrics().iter().zip(order).map(of).collect()
}

/// The output, as it comes.
struct Report<'a> {
    format: Output,
    names: Vec<String>,
    printer: &'a Printer,
    summaries: Vec<Summary>,
}

impl<'a> Report<'a> {
    fn new(args: &SimulateArgs, mut names: Vec<String>, printer: &'a Printer) -> Self {
        super::number_names(names.iter_mut());
        let summaries = names.iter().cloned().map(Summary::new).collect();
        Self { format: args.output.format, names, printer, summaries }
    }

    fn begin(&self) -> anyhow::Result<()> {
        match self.format {
            Output::Table => self.printer.data(&dry_run::heading(&self.names, self.printer))?,
            Output::Json => {}
            Output::Csv => self.printer.data(dry_run::CSV_HEADER)?,
        }
        Ok(())
    }

    fn step(&mut self, hpa: usize, step: &DryRunStep) -> anyhow::Result<()> {
        let (Some(name), Some(summary)) = (self.names.get(hpa), self.summaries.get_mut(hpa)) else {
            return Ok(());
        };
        summary.add(step);
        self.printer.data(&match self.format {
            Output::Table => dry_run::row(&self.names, hpa, step, self.printer),
            Output::Json => dry_run::json(name, step),
            Output::Csv => dry_run::csv(name, step),
        })?;
        Ok(())
    }

    fn end(&self) -> anyhow::Result<()> {
        for summary in &self.summaries {
            match self.format {
                Output::Table => self.printer.data(&format!("\n{}\n", summary.text()))?,
                Output::Json => self.printer.data(&summary.json())?,
                Output::Csv => self.printer.note(&summary.text()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::next_sync;

    #[test]
    fn the_next_reading_comes_shortly_after_the_controller_synced() {
        assert_eq!(next_sync(100_000, 15_000, None), 115_000);
        // It synced at 92 s, so it does again at 107 and 122 s.
        assert_eq!(next_sync(100_000, 15_000, Some(92_000)), 109_000);
        assert_eq!(next_sync(109_000, 15_000, Some(107_000)), 124_000);
        // A clock ahead of this one tells nothing.
        assert_eq!(next_sync(100_000, 15_000, Some(200_000)), 115_000);
    }
}
