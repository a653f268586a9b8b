//! Scenario files, as docs/simulate.md describes them: nodes, paid work over time, the filler.

use serde::Deserialize;
use std::time::Duration;

use hpa_model::simulation::{
    BuiltInScenario, Load, NodePool, PaidApp, PodTemplate, SchedulerOptions, Setup, Strategy,
};
use oppscale_core::replica::Replica;
use oppscale_core::resources::{self, CPU, MEMORY, PODS, Resources};
use oppscale_core::units;

use super::source_file::{SourceFile, SourceFileError};
use super::wire::{Amount, Count, Span};

/// Shortest length of a simulation, milliseconds.
const SHORTEST_MS: u64 = 3_600_000;
/// Time that it goes on after the last row, milliseconds.
const AFTER_LAST_MS: u64 = 900_000;
/// Default limit of the samples of a run.
const SAMPLES: u64 = 720;
/// The usual `maxPods` of a kubelet.
const PODS_OF_A_NODE: u32 = 110;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "name")]
    _name: Option<String>,
    duration: Option<Span>,
    sample_every: Option<Span>,
    seed: Option<u64>,
    nodes: Vec<PoolFile>,
    scheduler: Option<SchedulerFile>,
    #[serde(default)]
    paid: Vec<AppFile>,
    filler: Option<FillerFile>,
    /// Usage of paid pods over time, as a share of their requests, for a filler on the usage basis.
    #[serde(default)]
    paid_usage: Vec<UsageRowFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageRowFile {
    at: Span,
    percent: Count,
    #[serde(default)]
    ramp: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolFile {
    count: Count,
    cpu: Amount,
    memory: Amount,
    pods: Option<Count>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchedulerFile {
    #[serde(default)]
    strategy: StrategyFile,
    pods_per_second: Option<Count>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
enum StrategyFile {
    #[default]
    LeastAllocated,
    MostAllocated,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppFile {
    name: String,
    cpu: Option<Amount>,
    memory: Option<Amount>,
    priority: Option<i32>,
    #[serde(default = "yes")]
    preempts: bool,
    ready_after: Option<Span>,
    grace: Option<Span>,
    rows: Vec<RowFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowFile {
    at: Span,
    replicas: Count,
    cpu: Option<Amount>,
    #[serde(default)]
    ramp: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FillerFile {
    cpu: Option<Amount>,
    memory: Option<Amount>,
    start_replicas: Option<Count>,
    min_replicas: Option<Count>,
    max_replicas: Option<Count>,
    priority: Option<i32>,
    ready_after: Option<Span>,
    grace: Option<Span>,
    #[serde(default)]
    basis: BasisFile,
    burn: Option<Amount>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BasisFile {
    #[default]
    Requests,
    Usage,
}

fn yes() -> bool {
    true
}

/// Reads a scenario.
///
/// # Errors
/// When a field is missing, unknown or of the wrong type, or a row contradicts another.
pub fn setup(source: &SourceFile) -> Result<Setup, SourceFileError> {
    let file: File = source.parse()?;
    let error = |problem: String| SourceFileError::new(source, problem);
    // What a file does not say is as on the article's cluster.
    let mut setup = BuiltInScenario::Blog.setup();
    setup.nodes = file.nodes.iter().map(PoolFile::pool).collect();
    setup.paid = Vec::new();
    for (at, app) in file.paid.iter().enumerate() {
        let apps = app.apps().map_err(|problem| error(format!("paid[{at}]{problem}")))?;
        setup.paid.extend(apps);
    }
    if let Some(scheduler) = &file.scheduler {
        setup.scheduler = SchedulerOptions {
            strategy: match scheduler.strategy {
                StrategyFile::LeastAllocated => Strategy::LeastAllocated,
                StrategyFile::MostAllocated => Strategy::MostAllocated,
            },
            pods_per_second: scheduler.pods_per_second.map(|count| count.0),
        };
    }
    let filler = file.filler.unwrap_or_default();
    filler.fill(&mut setup);
    match filler.basis {
        BasisFile::Usage if file.paid_usage.is_empty() => {
            return Err(error("paid_usage: expected at least one row of at, percent".to_owned()));
        }
        BasisFile::Usage => {
            let paid = file.paid_usage.iter().fold(Load::default(), |load, row| {
                let level = row.percent.0.saturating_mul(10);
                match row.ramp {
                    true => load.ramp(row.at.ms, level),
                    false => load.step(row.at.ms, level),
                }
            });
            let burn = filler.burn.map(|burn| resources::Amount::from(burn.milli()));
            setup.on_usage_basis(burn, paid);
        }
        BasisFile::Requests if filler.burn.is_some() || !file.paid_usage.is_empty() => {
            return Err(error("filler.basis: burn and paid_usage need the basis usage".to_owned()));
        }
        BasisFile::Requests => {}
    }
    let last = file.paid.iter().flat_map(|app| &app.rows).map(|row| row.at.ms).max();
    let shortest = SHORTEST_MS.max(last.unwrap_or(0).saturating_add(AFTER_LAST_MS));
    setup.end_ms = file.duration.map_or(shortest, |span| span.ms);
    let sample_ms = (setup.end_ms / SAMPLES).div_ceil(1000).max(1) * 1000;
    setup.sample_ms = file.sample_every.map_or(sample_ms, |span| span.ms);
    setup.seed = file.seed.unwrap_or(1);
    Ok(setup)
}

impl PoolFile {
    fn pool(&self) -> NodePool {
        let pods = self.pods.map_or(PODS_OF_A_NODE, |count| count.0);
        let allocatable = of(Some(self.cpu), Some(self.memory)).with(PODS, pods.into());
        NodePool { count: self.count.0, allocatable }
    }
}

fn of(cpu: Option<Amount>, memory: Option<Amount>) -> Resources {
    let cpu = cpu.map_or(0, |amount| resources::Amount::from(amount.milli()));
    let memory = memory.map_or(0, |amount| resources::Amount::from(amount.0.value().value));
    Resources::default().with(CPU, cpu).with(MEMORY, memory)
}

impl AppFile {
    /// One application, or one for each size that its pods have in turn.
    fn apps(&self) -> Result<Vec<PaidApp>, String> {
        let mut template = PodTemplate::paid(0);
        template.replica = Replica::from_footprint(of(self.cpu, self.memory));
        template.priority = self.priority.unwrap_or(template.priority);
        template.preempts = self.preempts;
        template.start_ms = self.ready_after.map_or(template.start_ms, |span| span.ms);
        template.grace_ms = self.grace.map_or(template.grace_ms, |span| span.ms);
        let mut before = 0;
        for (at, row) in self.rows.iter().enumerate() {
            if row.at.ms < before {
                return Err(format!(
                    ".rows[{at}].at: {} lies before the row above; expected rows in order",
                    units::duration(Duration::from_millis(row.at.ms))
                ));
            }
            before = row.at.ms;
            if row.cpu.or(self.cpu).is_none() {
                return Err(format!(".rows[{at}].cpu: expected cpu here or on the application"));
            }
        }
        if self.rows.is_empty() {
            return Err(".rows: expected at least one row of at, replicas".to_owned());
        }
        if self.rows.iter().any(|row| row.ramp) {
            if self.rows.iter().any(|row| row.cpu.is_some()) || self.cpu.is_none() {
                return Err(".rows: a ramp needs pods of one size: give cpu on the application, \
                            not on its rows"
                    .to_owned());
            }
            let first = self.rows.first().is_some_and(|row| row.at.ms > 0);
            let start = if first { Load::constant(0) } else { Load::default() };
            let load = self.rows.iter().fold(start, |load, row| match row.ramp {
                true => load.ramp(row.at.ms, row.replicas.0),
                false => load.step(row.at.ms, row.replicas.0),
            });
            return Ok(vec![PaidApp::scripted(&self.name, template, load)]);
        }
        let milli = |row: &RowFile| row.cpu.or(self.cpu).map_or(0, |cpu| cpu.milli().into());
        let rows: Vec<_> =
            self.rows.iter().map(|row| (row.at.ms, row.replicas.0, milli(row))).collect();
        Ok(PaidApp::from_rows(&self.name, &template, &rows))
    }
}

impl FillerFile {
    fn fill(&self, setup: &mut Setup) {
        let template = &mut setup.filler.template;
        let cpu = self.cpu.map_or(1000, |cpu| cpu.milli().into());
        let footprint = of(None, self.memory).with(CPU, cpu);
        template.replica = Replica::from_footprint(footprint);
        template.priority = self.priority.unwrap_or(template.priority);
        template.start_ms = self.ready_after.map_or(template.start_ms, |span| span.ms);
        template.grace_ms = self.grace.map_or(template.grace_ms, |span| span.ms);
        let min = self.min_replicas.map_or(1, |count| count.0);
        let pods = setup.nodes.iter().map(|pool| {
            let each = pool.allocatable.get(CPU) / cpu.max(1);
            each.max(0).saturating_mul(pool.count.into())
        });
        let room = u32::try_from(pods.sum::<resources::Amount>()).unwrap_or(u32::MAX);
        let usual = room.min(1_000_000).max(min).max(1);
        let max = self.max_replicas.map_or(usual, |count| count.0);
        setup.filler.start_replicas = self.start_replicas.map_or(min, |count| count.0);
        let spec = &mut setup.filler.autoscaler.spec;
        (spec.min_replicas, spec.max_replicas) = (Some(min), max);
    }
}
