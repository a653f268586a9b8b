//! From a request to every number of the manifests, each with its reason.

use oppscale_core::error::Error;
use oppscale_core::headroom::Query;
use oppscale_core::hole::HoleNode;
use oppscale_core::ledger::Ledger;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::units::{cores, counted, quantity_text};

use super::request::{Growth, GrowthSource, Pipeline, ReplicaChoice, ReserveChoice, SizingRequest};
use super::usable_nodes::{UsableNode, UsableNodes, choose_shape};
use crate::ControllerConfig;
use crate::verdict::{
    self, LoopContext, ReserveNeed, Stability, Verdict, VerdictError, recommended_spec,
};

/// Assumed growth of paid work if none is given: one of the largest paid pods in so many
/// seconds, as the article's demonstration has it (15 pods in 5 minutes).
const SECONDS_PER_POD: Amount = 20;

/// Every number of the manifests.
#[derive(Debug, Clone)]
pub struct Sizing {
    /// Requests of a replica.
    pub replica: Replica,
    /// The reserve.
    pub reserve: Reserve,
    /// `minReplicas`.
    pub min: u32,
    /// `maxReplicas`.
    pub max: u32,
    /// Quota of all replicas together, the number of pods included.
    pub quota: Resources,
    /// The HPA model's verdict on the loop.
    pub stability: Stability,
    /// The nodes that may be filled, by name.
    pub nodes: Vec<String>,
    /// Derivation of each number.
    pub lines: Vec<Line>,
}

/// Sizes a workload for a cluster.
///
/// # Errors
/// When there is nothing to fill, or what is wanted cannot be had.
pub fn size(ledger: &Ledger, request: &SizingRequest) -> Result<Sizing, Error> {
    let query = Query {
        placement: request.placement.clone(),
        filler_priority: request.priority,
        nodes: request.nodes.clone(),
        ..Query::default()
    };
    let nodes = UsableNodes::of(ledger, &query)?;
    let mut lines = Vec::new();
    let (replica, line) = match &request.replica {
        ReplicaChoice::Given(replica) => {
            let line = Line::new(Subject::Replica, "requests", replica, request.origins.replica);
            (replica.clone(), line)
        }
        ReplicaChoice::Auto { memory_per_core } => choose_shape(&nodes, *memory_per_core),
    };
    lines.push(line);
    let each = replica.footprint().get(CPU);
    let no_cpu = || {
        Error::failure(format!("a replica of {replica} requests no cpu: the loop is one of cores"))
            .hint("add cpu to --replica, or to resources.requests of the pods")
    };
    if each == 0 {
        return Err(no_cpu());
    }
    let slots = match request.one_per_node {
        true => nodes.able_to_hold(&replica),
        false => nodes.slots(&replica),
    };
    if slots == 0 {
        return Err(nodes.closest(&replica));
    }
    let growth = growth(request, &nodes);
    let context = loop_context(&nodes, request, each, growth.milli_per_second);
    let need = need(request, &context, (1, bounded(slots))).map_err(|_| no_cpu())?;
    let (reserve, line) = reserve(request, &nodes, &need, &growth);
    lines.push(line);
    let Limits { found, max, quota } =
        most(request, &nodes, &replica, slots, &reserve, &mut lines)?;
    let min = least(request, max, found, slots, &mut lines)?;
    let verdict = judge(request, &context, (min, max), reserve.clone()).map_err(|_| no_cpu())?;
    behavior(request, &need, verdict.stability, &verdict.why, &mut lines);
    Ok(Sizing {
        replica,
        reserve,
        min,
        max,
        quota,
        stability: verdict.stability,
        nodes: nodes.nodes.into_iter().map(|node| node.name).collect(),
        lines,
    })
}

fn growth(request: &SizingRequest, nodes: &UsableNodes) -> Growth {
    match &request.reserve {
        ReserveChoice::Auto(Some(growth)) => growth.clone(),
        _ => Growth {
            milli_per_second: nodes.largest_paid_milli / SECONDS_PER_POD,
            source: GrowthSource::Given,
        },
    }
}

/// The reserve and where it comes from.
fn reserve(
    request: &SizingRequest,
    nodes: &UsableNodes,
    need: &ReserveNeed,
    growth: &Growth,
) -> (Reserve, Line) {
    let rate = format!("{} cores/s", cores(growth.milli_per_second));
    let rate = match (&request.reserve, &growth.source) {
        (ReserveChoice::Auto(Some(_)), GrowthSource::Given) => format!("{rate} as given"),
        (ReserveChoice::Auto(Some(_)), GrowthSource::Measured(file)) => {
            format!("{rate} in the fastest minute of {file}")
        }
        _ => format!(
            "{rate} taken for granted: one {}-core pod in 20 s",
            cores(nodes.largest_paid_milli)
        ),
    };
    let sum = format!(
        "growth {} ({rate}, over {} s: metric age {}, sync {}, window {}, grace {}) + largest \
         paid pod {} + tolerance {} + one replica {} = {}",
        cores(need.growth_milli),
        seconds(need.latency_ms()),
        seconds(need.metric_age_ms),
        seconds(need.sync_ms),
        seconds(need.window_ms),
        seconds(need.grace_ms),
        cores(need.largest_paid_milli),
        cores(need.tolerance_milli),
        cores(need.rounding_milli),
        counted(&cores(need.total_milli()), "core"),
    );
    match &request.reserve {
        ReserveChoice::Auto(_) => {
            let milli = need.whole_cores_milli();
            let reserve = Reserve::cpu(i64::try_from(milli).unwrap_or(i64::MAX));
            let line = Line::new(Subject::Reserve, "reserve", &reserve, sum);
            (reserve, line)
        }
        ReserveChoice::Given(reserve) => {
            let held = reserve.of(&nodes.allocatable).get(CPU);
            let judged = if held < need.total_milli() { "less" } else { "no less" };
            let why = format!(
                "{}: {} of {}; {judged} than the loop needs: {sum}",
                request.origins.reserve,
                cores(held),
                counted(&cores(nodes.allocatable.get(CPU)), "core")
            );
            (reserve.clone(), Line::new(Subject::Reserve, "reserve", reserve, why))
        }
    }
}

fn seconds(ms: u64) -> String {
    cores(Amount::from(ms))
}

/// Limits of the number of replicas.
struct Limits {
    /// Replicas that fit at zero paid load, after the reserve and within the quota.
    found: Amount,
    /// `maxReplicas`.
    max: u32,
    quota: Resources,
}

/// maxReplicas and the quota.
fn most(
    request: &SizingRequest,
    nodes: &UsableNodes,
    replica: &Replica,
    slots: Amount,
    reserve: &Reserve,
    lines: &mut Vec<Line>,
) -> Result<Limits, Error> {
    let empty = nodes.empty();
    let held = reserve.of(&nodes.allocatable);
    let after = empty.minus(&held);
    let footprint = replica.footprint();
    let by_sum = footprint.present().map(|(name, amount)| after.get(name).max(0) / amount);
    let by_sum = by_sum.min().unwrap_or(0);
    let beside_holes = reserve.hole().map(|hole| {
        let node = |node: &UsableNode| HoleNode { free: node.empty.clone(), running: 0 };
        hole.most_replicas(replica, &nodes.nodes.iter().map(node).collect::<Vec<_>>())
    });
    if let Some((0, hole)) = beside_holes.zip(reserve.hole()) {
        return Err(Error::failure(format!(
            "the reserve of {reserve} leaves nothing: replicas of {replica} could take every place \
             of {} on the usable nodes",
            hole.pod
        ))
        .hint("reserve fewer or smaller places with --reserve; see what there is: oppscale top"));
    }
    if by_sum == 0 {
        return Err(Error::failure(format!(
            "the reserve of {reserve} leaves nothing: the usable nodes have {} beside DaemonSets, \
             and a replica takes {replica}",
            counted(&cores(empty.get(CPU)), "core")
        ))
        .hint("keep less free with --reserve; see what there is: oppscale top"));
    }
    let by_quota =
        request.quota.present().map(|(name, amount)| (amount / footprint.get(name).max(1), name));
    let by_quota = by_quota.filter(|(_, name)| footprint.get(name) > 0).min();
    if let Some((0, name)) = by_quota {
        let quota = quantity_text(name, request.quota.get(name));
        return Err(Error::failure(format!(
            "the quota of {quota} {name} holds no replica of {replica}"
        ))
        .hint("raise --quota, or ask for less with --replica"));
    }
    let beside = beside_holes.unwrap_or(slots);
    let found = slots.min(by_sum).min(beside).min(by_quota.map_or(slots, |(replicas, _)| replicas));
    let on = if request.one_per_node { "one to a node, on" } else { "on" };
    let mut why = format!(
        "{} at zero paid load {on} {}; {} less {} for DaemonSets less the reserve of {} hold {by_sum}",
        counted(&slots.to_string(), "slot"),
        counted(&nodes.nodes.len().to_string(), "usable node"),
        counted(&cores(nodes.allocatable.get(CPU)), "core"),
        cores(nodes.standing.get(CPU)),
        cores(held.get(CPU)),
    );
    if let Some((replicas, hole)) = beside_holes.zip(reserve.hole()) {
        why.push_str(&format!("; {replicas} leave {hole} free wherever they run"));
    }
    if let (Some(max), Some((holds, name))) = (request.max, by_quota)
        && Amount::from(max) > holds
    {
        let quota = quantity_text(name, request.quota.get(name));
        return Err(Error::failure(format!(
            "max {max} is above the {} that the quota of {quota} {name} holds",
            counted(&holds.to_string(), "replica")
        ))
        .hint("lower --max, or raise --quota"));
    }
    if let Some((replicas, name)) = by_quota {
        why.push_str(&format!("; the quota of {name} holds {replicas}"));
    }
    let max = match request.max {
        None => bounded(found),
        Some(given) => {
            why = format!("{}; found: {found} ({why})", request.origins.max);
            given
        }
    };
    lines.push(Line::new(Subject::Bounds, "maxReplicas", max, why));
    let mut quota = Resources::default();
    for (name, amount) in footprint.present().filter(|(name, _)| has_scoped_quota(name)) {
        quota.set(name, amount * Amount::from(max));
    }
    let mut why = format!("{} of {replica}", counted(&max.to_string(), "replica"));
    let mut given = Vec::new();
    for (name, amount) in request.quota.present() {
        quota.set(name, amount);
        given.push(name);
    }
    if !given.is_empty() {
        why = format!("{} as given; else {why}", given.join(", "));
    }
    let shown =
        quota.present().map(|(name, amount)| format!("{name}={}", quantity_text(name, amount)));
    let shown: Vec<_> = shown.collect();
    lines.push(Line::new(Subject::Quota, "hard", shown.join(","), why));
    Ok(Limits { found, max, quota })
}

/// Whether a quota whose scope is a PriorityClass may count the resource: of the standard ones
/// only these (`IsResourceQuotaScopeValidForResource` of pkg/apis/core/helper, 1.36), and
/// extended resources, which have a domain.
pub fn has_scoped_quota(name: &str) -> bool {
    matches!(name, CPU | MEMORY | PODS) || name.contains('/')
}

/// minReplicas.
fn least(
    request: &SizingRequest,
    max: u32,
    found: Amount,
    slots: Amount,
    lines: &mut Vec<Line>,
) -> Result<u32, Error> {
    let zero = request.version.default_gates().scale_to_zero;
    let (min, why) = match (request.min, request.pipeline) {
        // The API server refuses it (`ValidateHorizontalPodAutoscaler`, HPAScaleToZero).
        (Some(0), Pipeline::Native | Pipeline::Prometheus) if !zero => {
            return Err(Error::failure(
                "min 0: before Kubernetes 1.37 an HPA keeps one replica at least",
            )
            .hint("leave --min out, or let KEDA go to zero: --pipeline keda"));
        }
        (Some(min), _) => (min, request.origins.min),
        (None, Pipeline::Keda) => (0, "KEDA goes to zero, so that all is given back"),
        (None, _) if zero => (0, "the HPA goes to zero since 1.37, so that all is given back"),
        (None, _) => (1, "the least that an HPA keeps before 1.37; a floor never yields by itself"),
    };
    if Amount::from(min) > found {
        return Err(Error::failure(format!(
            "min {min} is above the {} that can run at zero paid load ({}, less the reserve, within \
             any quota)",
            counted(&bounded(found).to_string(), "replica"),
            counted(&slots.to_string(), "slot")
        ))
        .hint("lower --min, or ask for less with --replica"));
    }
    if min > max {
        let problem = format!("min {min} is above max {max}");
        return Err(Error::failure(problem).hint("lower --min, or raise --max"));
    }
    lines.push(Line::new(Subject::Bounds, "minReplicas", min, why));
    Ok(min)
}

/// The HPA's behavior, the notes on its version, and the model's verdict.
fn behavior(
    request: &SizingRequest,
    need: &ReserveNeed,
    stability: Stability,
    why: &str,
    lines: &mut Vec<Line>,
) {
    let mut line = |what: &str, value: &str, why: String| {
        lines.push(Line::new(Subject::Behavior, what, value, why));
    };
    line(
        "averageValue",
        "1",
        "the metric is the number of replicas that fit, own pods and reserve excluded".to_owned(),
    );
    line(
        "scaleDown",
        "at once",
        "paid work waits for nothing but one sync and the grace period".to_owned(),
    );
    line(
        "scaleUp",
        "after 60 s, by half or 10",
        "what is free for less than a minute is not worth a pod's start".to_owned(),
    );
    if request.version.default_gates().configurable_tolerance {
        line(
            "tolerance",
            "0",
            "every core counts; 10 % of the replicas would be overlooked".to_owned(),
        );
    } else {
        let cost = counted(&cores(need.tolerance_milli), "core");
        let covered = match request.reserve {
            ReserveChoice::Auto(_) => "the reserve holds as much more",
            ReserveChoice::Given(_) => "the reserve should hold as much more",
        };
        line(
            "tolerance",
            "10 %",
            format!(
                "before 1.35 it cannot be set: the HPA overlooks up to {cost} of replicas \
                 too many at maxReplicas; {covered}"
            ),
        );
    }
    line("verdict", &stability.to_string(), why.trim_end_matches('.').to_owned());
}

fn bounded(replicas: Amount) -> u32 {
    u32::try_from(replicas.max(0)).unwrap_or(u32::MAX).min(i32::MAX as u32)
}

/// The cluster around the HPA.
fn loop_context(
    nodes: &UsableNodes,
    request: &SizingRequest,
    replica_milli: Amount,
    growth_milli_per_second: Amount,
) -> LoopContext {
    LoopContext {
        allocatable_milli: nodes.allocatable.get(CPU),
        paid_milli: nodes.paid_milli,
        replica_milli,
        largest_paid_milli: nodes.largest_paid_milli,
        growth_milli_per_second,
        grace_ms: request.grace_ms,
        sync_period_ms: 15_000,
        // The rendered class is below every other and paid pods preempt unless told otherwise.
        preemption: true,
        has_lowest_priority: true,
    }
}

/// The HPA model's verdict on the rendered HPA.
fn judge(
    request: &SizingRequest,
    context: &LoopContext,
    bounds: (u32, u32),
    reserve: Reserve,
) -> Result<Verdict, VerdictError> {
    let config = ControllerConfig::of(request.version);
    let (min, max) = bounds;
    let spec = recommended_spec(("Deployment", "filler"), Some(min), max, config.gates);
    verdict::judge(&spec, &config, &request.pipeline.metric_model(reserve), context)
}

/// The reserve that the loop needs at zero paid load, where a tolerance overlooks most replicas.
fn need(
    request: &SizingRequest,
    context: &LoopContext,
    bounds: (u32, u32),
) -> Result<ReserveNeed, VerdictError> {
    let emptied = LoopContext { paid_milli: 0, ..*context };
    judge(request, &emptied, bounds, Reserve::default()).map(|verdict| verdict.reserve)
}

/// Subject of a number, which decides the objects that have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The requests of a replica.
    Replica,
    /// The reserve.
    Reserve,
    /// The replicas an HPA may choose between.
    Bounds,
    /// The most that all replicas may take.
    Quota,
    /// The HPA's behavior.
    Behavior,
    /// The guard against fillers that make a node autoscaler add nodes.
    Guard,
}

/// A number, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Subject of the number.
    pub subject: Subject,
    /// Its name in the manifest.
    pub what: String,
    /// The number.
    pub value: String,
    /// Its derivation, as a sentence without a period.
    pub why: String,
}

impl Line {
    /// A line.
    pub fn new(
        subject: Subject,
        what: impl Into<String>,
        value: impl ToString,
        why: impl Into<String>,
    ) -> Self {
        Self { subject, what: what.into(), value: value.to_string(), why: why.into() }
    }
}
