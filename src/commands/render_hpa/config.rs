//! From flags and facts to what is rendered and how it is sized.

use std::path::Path;

use anyhow::{Context, bail};

use crate::filler::{
    BuiltInWorkload, FILLABLE_LABEL, NodeAutoscaler, RenderConfig, UsageBasis, UserWorkload,
    Workload,
};
use crate::scenario::{self, SourceFile};
use hpa_model::sizing::{
    Growth, GrowthSource, Origins, Pipeline, ReplicaChoice, ReserveChoice, Sizing, SizingRequest,
};
use hpa_model::verdict::LoopContext;
use oppscale_cluster::Snapshot;
use oppscale_cluster::history;
use oppscale_core::error::Error;
use oppscale_core::kinds;
use oppscale_core::policy::Basis;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, MEMORY, Resources};
use oppscale_core::selector::Selector;
use oppscale_core::units::plural;
use oppscale_core::usage;

use super::args::RenderHpaArgs;
use super::args::{GrowthFlag, ReplicaFlag, ReserveFlag};
use super::facts::Facts;
use super::workload::class;

/// Default grace period of a filler, in seconds.
const GRACE_SECONDS: u32 = 5;
/// Default grace period of Kubernetes, in seconds.
const DEFAULT_GRACE_SECONDS: u32 = 30;
/// Requests of the article's sample application.
const SAMPLE_APP: &str = "cpu=4,memory=512Mi";
/// Its least replicas.
const SAMPLE_APP_MIN: u32 = 2;
/// Namespaces of Kubernetes itself, and the one of those who named none.
const SHARED: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// Number of nodes that a note names at most.
const NAMED_NODES: usize = 8;

/// Namespace of the workload.
pub(super) fn namespace(args: &RenderHpaArgs, workload: &Workload) -> String {
    let own = match workload {
        Workload::User(own) => own.namespace(),
        Workload::Paid(_) => Some("sample-app"),
        Workload::Filler(_) => None,
    };
    let chosen = args.namespace.as_deref().or(own);
    chosen.unwrap_or("opportunistic").to_owned()
}

/// Decides what flags leave open.
///
/// # Errors
/// When what was typed makes no sense, or a recording cannot be read.
pub(super) fn of(
    args: &RenderHpaArgs,
    workload: &Workload,
    image: String,
    snapshot: &Snapshot,
    facts: &Facts,
) -> anyhow::Result<(RenderConfig, SizingRequest)> {
    let namespace = namespace(args, workload);
    if SHARED.contains(&namespace.as_str()) {
        bail!(
            Error::usage(format!(
                "namespace {namespace} is shared: the LimitRange and the quota of objects of a \
                 filler would bind all in it"
            ))
            .hint(match (workload, &args.workload) {
                (Workload::User(own), Some(file)) if own.namespace().is_some() => format!(
                    "take namespace: {namespace} out of {file}, and give the filler one of its own: \
                     --namespace opportunistic"
                ),
                _ => "give the filler a namespace of its own: --namespace opportunistic".to_owned(),
            })
        );
    }
    let (name, grace_seconds) = match workload {
        Workload::User(own) => {
            (own.name().to_owned(), own.grace_seconds().unwrap_or(GRACE_SECONDS))
        }
        Workload::Filler(program) => (
            args.name.clone().unwrap_or_else(|| program.name.to_owned()),
            args.grace_period.unwrap_or(GRACE_SECONDS),
        ),
        Workload::Paid(program) => {
            (args.name.clone().unwrap_or_else(|| program.name.to_owned()), DEFAULT_GRACE_SECONDS)
        }
    };
    let pipeline = Pipeline::from(args.pipeline);
    let (replica, usage) = replica_and_basis(args, workload)?;
    let config = RenderConfig {
        kind: match workload {
            Workload::User(own) => own.kind(),
            _ => &kinds::DEPLOYMENT,
        },
        priority_class: class(args, workload, &namespace, &name),
        name,
        namespace,
        image,
        grace_seconds,
        run_as_user: args.run_as_user,
        labels: args.labels.iter().cloned().collect(),
        annotations: args.annotations.iter().cloned().collect(),
        monitor_labels: args.monitor_labels.iter().cloned().collect(),
        command: args.command.clone(),
        args: args.args.clone(),
        env: args.env.clone(),
        secret_env: args.secret_env.clone(),
        port: args.port,
        node_port: args.node_port,
        pipeline,
        version: facts.version,
        autoscaler: facts.autoscaler,
        autoscaler_source: facts.autoscaler_source.clone(),
        admission_policy: args.admission_policy,
        network_policy: args.network_policy,
        egress_ports: args.egress_ports.clone(),
        metrics_url: args.metrics_url.clone(),
        adapter_namespace: args.adapter_namespace.clone(),
        usage,
    };
    let is_paid = matches!(workload, Workload::Paid(_));
    let (placement, priority) = match workload {
        Workload::User(own) => (own.placement()?, own.priority()),
        _ => Default::default(),
    };

    let ask = SizingRequest {
        replica,
        reserve: if is_paid {
            ReserveChoice::Given(Reserve::default())
        } else {
            reserve(args, workload)?
        },
        min: args.min.or(is_paid.then_some(SAMPLE_APP_MIN)),
        max: match workload {
            Workload::User(own) if args.max.is_none() => own.max_replicas()?,
            _ => args.max,
        },
        quota: args.quota.clone().unwrap_or_default(),
        placement,
        priority,
        one_per_node: matches!(workload, Workload::User(own) if own.rules().is_one_per_node),
        nodes: fillable_nodes(snapshot, facts.autoscaler),
        version: facts.version,
        pipeline,
        grace_ms: u64::from(grace_seconds) * 1000,
        origins: origins(args, workload),
    };
    Ok((config, ask))
}

/// Under Karpenter, the nodes that are labelled to be filled; all, as long as none is.
fn fillable_nodes(snapshot: &Snapshot, autoscaler: NodeAutoscaler) -> Selector {
    let is_labelled = |node: &oppscale_core::node::NodeRecord| {
        node.labels.get(FILLABLE_LABEL).is_some_and(|value| value.as_str() == "true")
    };
    match autoscaler == NodeAutoscaler::Karpenter && snapshot.ledger.records().any(is_labelled) {
        true => Selector::label(FILLABLE_LABEL, "true"),
        false => Selector::default(),
    }
}

/// The size of a replica by what it uses, and what it burns and requests on the usage basis.
fn replica_and_basis(
    args: &RenderHpaArgs,
    workload: &Workload,
) -> anyhow::Result<(ReplicaChoice, Option<UsageBasis>)> {
    let replica = replica(args, workload)?;
    let annotated = match workload {
        Workload::User(own) => own.basis()?,
        _ => None,
    };
    if args.basis.or(annotated).unwrap_or_default() == Basis::Requests {
        let flag = if args.burn_limit { Some("--burn-limit") } else { args.burn.map(|_| "--burn") };
        return match flag {
            Some(flag) => Err(Error::usage(format!("{flag} is for the usage basis"))
                .hint("add --basis usage, or leave it out")
                .into()),
            None => Ok((replica, None)),
        };
    }
    if matches!(workload, Workload::Paid(_)) {
        bail!(Error::usage("the sample application is paid: it has no basis"));
    }
    if let (Workload::User(own), ReplicaChoice::Given(requests)) = (workload, &replica) {
        if args.burn_limit {
            bail!(
                Error::usage("--burn-limit is for built-in workloads")
                    .hint("write the limit into the Deployment")
            );
        }
        let usage = own.usage_basis(args.burn, requests)?;
        let burn = usage.burn.map_or(requests.footprint().get(CPU), Amount::from);
        let burning = Replica::from_footprint(requests.footprint().clone().with(CPU, burn));
        return Ok((ReplicaChoice::Given(burning), Some(usage)));
    }
    let usage =
        UsageBasis { burn: args.burn, request: usage::REQUEST, is_limited: args.burn_limit };
    let burning = match (replica, args.burn) {
        (ReplicaChoice::Given(replica), Some(burn)) => ReplicaChoice::Given(
            Replica::from_footprint(replica.footprint().clone().with(CPU, burn.into())),
        ),
        (ReplicaChoice::Auto { memory_per_core }, Some(burn)) => {
            let memory = memory_per_core * Amount::from(burn) / 1000;
            let footprint = Resources::default().with(CPU, burn.into()).with(MEMORY, memory);
            ReplicaChoice::Given(Replica::from_footprint(footprint))
        }
        (replica, None) => replica,
    };
    if let ReplicaChoice::Given(replica) = &burning
        && replica.footprint().get(CPU) == 0
    {
        bail!(
            Error::usage("the cores that a replica uses are unknown").hint("name them: --burn 1")
        );
    }
    Ok((burning, Some(usage)))
}

fn replica(args: &RenderHpaArgs, workload: &Workload) -> anyhow::Result<ReplicaChoice> {
    let given = match &args.replica {
        Some(ReplicaFlag::Given(replica)) => Some(replica),
        Some(ReplicaFlag::Auto) | None => None,
    };
    let program = match workload {
        Workload::User(own) => return own_replica(args, own, given),
        Workload::Filler(program) | Workload::Paid(program) => program,
    };
    if let Some(replica) = given.filter(|replica| replica.footprint().get(MEMORY) == 0) {
        bail!(
            Error::usage(format!("--replica {replica} has no memory request"))
                .hint(format!("add what a replica needs: --replica {replica},memory=1Gi"))
        );
    }
    Ok(match (given, workload, &args.replica) {
        (Some(replica), _, _) => ReplicaChoice::Given(replica.clone()),
        (None, Workload::Paid(_), None) => ReplicaChoice::Given(SAMPLE_APP.parse()?),
        _ => ReplicaChoice::Auto { memory_per_core: program.memory_per_core },
    })
}

fn own_replica(
    args: &RenderHpaArgs,
    own: &UserWorkload,
    given: Option<&Replica>,
) -> anyhow::Result<ReplicaChoice> {
    if args.replica == Some(ReplicaFlag::Auto) {
        bail!(
            Error::usage("--replica auto is for built-in workloads")
                .hint("a Deployment of your own says what it needs, or --replica cpu=1,memory=1Gi")
        );
    }
    Ok(ReplicaChoice::Given(own.replica(given)?))
}

fn reserve(args: &RenderHpaArgs, workload: &Workload) -> anyhow::Result<ReserveChoice> {
    if let Some(reserve) = &args.target_utilization {
        return Ok(ReserveChoice::Given(reserve.clone()));
    }
    match (&args.reserve, workload) {
        (Some(ReserveFlag::Given(reserve)), _) => {
            return Ok(ReserveChoice::Given(reserve.clone()));
        }
        (None, Workload::User(own)) if args.growth.is_none() => {
            if let Some(reserve) = own.reserve()? {
                return Ok(ReserveChoice::Given(reserve));
            }
        }
        _ => {}
    }
    let growth = match &args.growth {
        Some(GrowthFlag::Rate(milli_per_second)) => {
            let milli_per_second = *milli_per_second;
            Some(Growth { milli_per_second, source: GrowthSource::Given })
        }
        Some(GrowthFlag::File(file)) => Some(measured(file)?),
        None => None,
    };
    Ok(ReserveChoice::Auto(growth))
}

/// Growth of the paid load in the fastest minute of a recording.
fn measured(file: &str) -> anyhow::Result<Growth> {
    let setup = if history::is_history(Path::new(file)) {
        scenario::from_history(Path::new(file), None)?.setup
    } else {
        scenario::setup(&SourceFile::read(file)?)
            .context("a recording is what oppscale top --record writes, or a scenario file")?
    };
    Ok(Growth {
        milli_per_second: LoopContext::of(&setup).growth_milli_per_second,
        source: GrowthSource::Measured(file.to_owned()),
    })
}

/// Who decided the values that the sizing is given.
fn origins(args: &RenderHpaArgs, workload: &Workload) -> Origins {
    let whose = match workload {
        Workload::User(own) if *own.kind() == kinds::DEPLOYMENT => "as the Deployment has it",
        Workload::User(_) => "as the workload has it",
        Workload::Paid(_) => "as in the article",
        Workload::Filler(_) => return Origins::default(),
    };
    let origin = |by_flag: bool| if by_flag { "as given" } else { whose };
    Origins {
        replica: origin(args.replica.is_some()),
        reserve: origin(args.reserve.is_some() || args.target_utilization.is_some()),
        min: origin(args.min.is_some()),
        max: origin(args.max.is_some()),
    }
}

/// Notes for the user about the chosen settings.
pub(super) fn notes(
    config: &RenderConfig,
    sizing: &Sizing,
    workload: &Workload,
    snapshot: &Snapshot,
) -> Vec<String> {
    let mut notes = Vec::new();
    let image = config.image.as_str();
    let is_paid = matches!(workload, Workload::Paid(_));
    if !image.is_empty() && !image.contains("@sha256:") && !is_paid {
        notes.push(format!(
            "image {image} has no digest: nodes may run different ones; name it NAME@sha256:DIGEST"
        ));
    }
    if let Some(port) = config.node_port.filter(|port| !(30_000..=32_767).contains(port)) {
        notes.push(format!(
            "node port {port} is outside of 30000-32767, the default range of API servers \
             (--service-node-port-range)"
        ));
    }
    let reaches_pool = |program: &BuiltInWorkload| !program.egress_ports.is_empty();
    if let Workload::Filler(program) = workload
        && config.network_policy
        && program.name == "miner"
        && !reaches_pool(program)
    {
        notes.push(
            "the pool's URL has no port, so the network policy lets nothing out to it: name it \
             with --egress-port"
                .to_owned(),
        );
    }
    if config.name.len() > 242 {
        notes.push(format!(
            "the name has {} characters: a ReplicaSet adds 11 and may have 253",
            config.name.len()
        ));
    }
    if is_paid && config.pipeline == Pipeline::Native {
        notes.push(
            "the HPA reads http_requests of pods: prometheus-adapter must serve it \
             (--pipeline prometheus renders its rules)"
                .to_owned(),
        );
    }
    if is_paid {
        return notes;
    }
    if config.usage.is_some() {
        notes.push(
            "on the usage basis paid pods keep the CPU that they request, and share caches, memory \
             bandwidth, disk and network with fillers: see docs/usage-basis.md"
                .to_owned(),
        );
    }
    let namespace = &config.namespace;
    let others = snapshot
        .ledger
        .bound()
        .filter(|pod| !pod.opportunistic && *pod.group.namespace == **namespace);
    let strangers = others.filter(|pod| *pod.group.name != *config.name).count();
    if strangers > 0 {
        notes.push(format!(
            "namespace {namespace} holds {} beside opportunistic ones: the LimitRange and the quota of \
             objects would bind paid pods too",
            plural(strangers, "paid pod")
        ));
    }
    let unlabelled = fillable_nodes(snapshot, config.autoscaler).is_empty();
    let other = snapshot.ledger.bound().find(|pod| {
        pod.opportunistic && *pod.group.namespace == **namespace && *pod.group.name != *config.name
    });
    if let Some(other) = other {
        notes.push(format!(
            "namespace {namespace} holds pods of {} too: the LimitRange of each would bind both; \
             give each filler a namespace of its own",
            other.group.name
        ));
    }
    if config.autoscaler == NodeAutoscaler::Karpenter && unlabelled {
        let mut nodes =
            sizing.nodes.iter().take(NAMED_NODES).cloned().collect::<Vec<_>>().join(" ");
        if sizing.nodes.len() > NAMED_NODES {
            nodes.push_str(&format!(" ... ({} nodes)", sizing.nodes.len()));
        }
        notes.push(format!(
            "label the nodes that may be filled: kubectl label nodes {nodes} {FILLABLE_LABEL}=true"
        ));
    }
    notes
}
