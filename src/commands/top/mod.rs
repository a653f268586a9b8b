//! `oppscale top`: what is left of a cluster, once.

mod args;
mod explain;
mod follow;
mod screen;
mod usage;
mod watch;
mod what_if;

use crate::exit::Exit;
use std::collections::HashSet;

use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::{self, Report, csv, json, table};
use crate::shares::{CountedWorkload, FillerState};
use oppscale_cluster::{
    self, Cluster, ClusterError, NameKind, Operation, ResolvedWorkload, SavedFiles, Snapshot,
    WorkloadRef,
};
use oppscale_core::error::Error;
use oppscale_core::figures::{AmountStyle, Column, Context};
use oppscale_core::headroom::{self, Headroom, NodeHeadroom, Query};
use oppscale_core::kinds;
use oppscale_core::ledger::Bound;
use oppscale_core::ownership::Ownership;
use oppscale_core::pods::{PodDetail, PodQuery};
use oppscale_core::policy::Basis;
use oppscale_core::resources::CPU;
use oppscale_core::selector::Selector;
use oppscale_core::units::quantity_text;
use oppscale_core::view::{self, By, Row};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub use args::TopArgs;
use args::{Limits, Output, REPLICAS, Sort, TopSettings};

/// Reads a cluster or saved lists, counts, and prints.
///
/// # Errors
/// When the input cannot be read; see [`crate::exit::report`].
pub async fn run(mut args: TopArgs, printer: &Printer) -> anyhow::Result<Exit> {
    if args.basis == Basis::Requests && args.burn.is_some() && !screen::is_wanted(&args) {
        let error = Error::usage("--burn is for the usage basis");
        return Err(error.hint("add --basis usage, or leave it out").into());
    }
    let settings = args.resolve()?;
    if let Some(pod) = &args.explain {
        return explain::run(pod, &args, &settings, printer).await;
    }
    let is_live = screen::is_wanted(&args);
    args.usage |= args.basis == Basis::Usage && !is_live;
    if let Some(path) = &args.live.replay {
        return match is_live {
            true => screen::replay(path, &args, &settings, printer).await,
            false => watch::replay(path, &args, &settings, printer),
        };
    }
    if args.live.watch {
        return watch::run(&args, &settings, printer).await;
    }
    if is_live {
        return match (args.live.demo, args.from.is_empty()) {
            (true, _) => screen::demo(&args, &settings, printer).await,
            (false, true) => screen::run(&args, &settings, printer).await,
            (false, false) => screen::saved(&args, &settings, printer).await,
        };
    }
    if args.live.record.is_some() {
        return follow::run(&args, printer).await;
    }
    let Input { mut snapshot, workload, cluster, fillers } =
        prepared(&args, &settings, printer).await?;
    let uncertain = check_names(&args, &settings, &snapshot, cluster.as_ref()).await?;
    let policy = workload.policy.clone();
    let placement_notes = workload.placement_notes();
    let mut query = query(&args, &settings, &snapshot, workload);
    if args.basis == Basis::Usage {
        query = usage::query(&args, query, &policy, &snapshot)?;
    }
    let what_if = match args.what_if.is_asked() {
        true => Some(what_if::run(&args.what_if, &query, &mut snapshot)?),
        false => None,
    };
    let mut report = report(&args, &settings, &snapshot, query);
    report.what_if = what_if;
    if let Some(fillers) = fillers {
        report.rows = filler_rows(&fillers, &mut snapshot);
    }
    add_rows(&mut report, &args, &settings, &snapshot)?;
    // The report holds everything that is shown; a table of thousands of rows needs the memory.
    drop(std::mem::take(&mut snapshot.ledger));
    let mut notes = snapshot.notes.clone();
    let text = match args.output.format {
        Output::Table => {
            let (text, hidden) = table::compact(&report, args.show_unusable, printer);
            notes.extend(hidden);
            text
        }
        Output::Wide => table::wide(&report, args.show_unusable, printer),
        Output::Json => json::json(&report),
        Output::Yaml => json::yaml(&report)?,
        Output::Csv => csv::csv(&report),
        Output::Name => render::names(&report, args.show_unusable),
    };
    printer.data(&text)?;
    // Warnings follow the table, where they are seen.
    if let Some(why) = &snapshot.pods_unknown {
        printer.warn(&format!("pods are unknown: {why}"));
    }
    uncertain.iter().for_each(|warning| printer.warn(warning));
    for note in notes.iter().chain(&placement_notes) {
        printer.note(note);
    }
    if let Some(note) = usage::note(&report.headroom, &report.query) {
        printer.note(&note);
    }
    if policy.basis == Basis::Usage && args.basis == Basis::Requests {
        printer.note("the workload is on the usage basis: --basis usage counts for that");
    }
    Ok(verdict(&args, &snapshot, &report, printer))
}

/// Everything that is read. Saved lists are read once, as a pipe cannot be read again.
struct Input {
    snapshot: Snapshot,
    workload: ResolvedWorkload,
    /// The cluster, unless it is simulated or of saved lists.
    cluster: Option<Cluster>,
    /// The fillers, for rows of them.
    fillers: Option<FillerState>,
}

/// Reads a cluster or saved lists, with the devices that the replica and the columns need.
///
/// # Errors
/// When the input cannot be read.
async fn prepared(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Input> {
    let mut input = read(args, settings, printer).await?;
    let Input { snapshot, workload, .. } = &mut input;
    let ledger = &mut snapshot.ledger;
    ledger.expect_replicas([(&*workload.namespace, &*workload.claims)]);
    ledger.expect_devices(args.named_resources().map(|(_, name)| name));
    if let Some(why) = ledger.devices_unknown() {
        snapshot.notes.push(format!("devices are unknown: {why}"));
    }
    Ok(input)
}

/// One row for each filler.
fn filler_rows(fillers: &FillerState, snapshot: &mut Snapshot) -> Vec<Row> {
    let counted = fillers.divide(snapshot);
    let row = |(served, share): &CountedWorkload| {
        let id = &served.id;
        let replica = served.request.as_ref().ok().map(|request| request.replica.footprint());
        let share = share.as_ref().map_err(String::as_str);
        view::filler_row([&id.namespace, id.kind.name, &id.name], replica, share)
    };
    counted.iter().map(row).collect()
}

/// The query about the cluster.
pub(super) fn query(
    args: &TopArgs,
    settings: &TopSettings,
    snapshot: &Snapshot,
    workload: ResolvedWorkload,
) -> Query {
    let mut placement = workload.placement.clone();
    placement.tolerate(&args.tolerate);
    Query {
        replica: args
            .replica
            .first()
            .cloned()
            .or_else(|| workload.replica_on(&snapshot.ledger))
            .unwrap_or_default(),
        reserve: settings.reserve.clone().unwrap_or(workload.policy.reserve),
        max_replicas: workload.policy.max_replicas,
        is_of_workload: matches!(workload.ownership, Ownership::Workload(_)),
        placement,
        filler_priority: workload.priority,
        nodes: args.selector.clone().unwrap_or_default(),
        taints: args.taint_filter(),
        one_per_node: workload.rules.is_one_per_node,
        pods_unknown: snapshot.pods_unknown.is_some(),
        usage: None,
    }
}

/// Counts what was read; the rows are left to [`add_rows`].
pub(super) fn report(
    args: &TopArgs,
    settings: &TopSettings,
    snapshot: &Snapshot,
    query: Query,
) -> Report {
    let headroom = headroom::measure(&snapshot.ledger, &query);
    let further = args.replica.iter().skip(1).map(|replica| {
        let query = query.of_size(replica.clone());
        (replica.clone(), headroom::measure(&snapshot.ledger, &query))
    });
    let mut totals = view::totals(&headroom);
    let further: Vec<_> = further.collect();
    for (_, headroom) in &further {
        let [usable, all] = &mut totals;
        usable.further_slots.push(headroom.usable.slots);
        all.further_slots.push(headroom.all.slots);
    }
    Report {
        by: settings.by.clone(),
        kinds: settings.row_kinds(),
        choice: settings.choice.clone(),
        resources: render::resources(&settings.resources, &headroom),
        unknown: render::unknown(snapshot, &headroom),
        rows: Vec::new(),
        totals,
        rows_total: None,
        labels: args.label_columns.clone(),
        has_headings: !args.no_headers,
        is_tree: settings.tree.is_some(),
        further,
        what_if: None,
        prices: args.price.clone(),
        headroom,
        query,
    }
}

async fn read(args: &TopArgs, settings: &TopSettings, printer: &Printer) -> anyhow::Result<Input> {
    let of_nodes = settings.by.row_kind().is_of_nodes();
    let is_part = settings.pods.as_ref().is_some_and(PodQuery::is_filter);
    let request = oppscale_cluster::Request {
        workload: args.workload.clone(),
        namespace: args.namespace.clone(),
        node_usage: args.usage && of_nodes && !is_part || args.basis == Basis::Usage,
        pod_usage: args.usage && (!of_nodes || is_part || settings.tree.is_some())
            || args.basis == Basis::Usage,
        limits: args.limits
            || args.has_screen()
            || args.output.format == Output::Wide
            || settings.sort.key.figure.id == "limits"
            || args.columns.iter().any(|column| column.figure.id == "limits"),
        pods: settings.pods.clone(),
        ..Default::default()
    };
    let has_fillers = settings.by == By::Filler;
    if !args.from.is_empty() {
        let files = SavedFiles::load(&args.from)?;
        let (snapshot, workload) = oppscale_cluster::read_saved_as(&files, &request)?;
        let fillers = has_fillers.then(|| FillerState::read_saved(&files));
        return Ok(Input { snapshot, workload, cluster: None, fillers });
    }
    if args.live.demo {
        let (mut player, top) = screen::simulated()?;
        player.seek(top)?;
        let workload = player.workload();
        let snapshot = player.into_snapshot();
        return Ok(Input { snapshot, workload, cluster: None, fillers: None });
    }
    let cluster = args.cluster.connect().await?;
    let progress = Progress::new(printer.shows_progress());
    let (snapshot, workload) = oppscale_cluster::read(&cluster, &request, &progress).await?;
    let fillers = match has_fillers {
        true => Some(FillerState::read(&cluster).await?),
        false => None,
    };
    Ok(Input { snapshot, workload, cluster: Some(cluster), fillers })
}

/// Refuses names that nothing in the cluster has: their zeros would look like a full cluster.
/// Returns warnings about those of which it is not certain.
///
/// # Errors
/// When a name is certainly a typing error.
async fn check_names(
    args: &TopArgs,
    settings: &TopSettings,
    snapshot: &Snapshot,
    cluster: Option<&Cluster>,
) -> anyhow::Result<Vec<String>> {
    let mut warnings = Vec::new();
    for unmatched in args.requested_names(settings).unmatched(snapshot) {
        if unmatched.kind == NameKind::PodLabel
            && let (Some(cluster), Some(WorkloadRef::Labels(labels))) = (cluster, &args.workload)
            && unmatched.is_certain
            && has_pods(cluster, labels).await?
        {
            // As in saved lists, which have those that have ended.
            continue;
        }
        let is_certain = match (unmatched.kind, cluster, &args.namespace) {
            (NameKind::Namespace, Some(cluster), Some(namespace)) => {
                // It may exist and be empty. Where it may not be read, that is not known.
                let path = kinds::NAMESPACE.path(None, namespace);
                let exists = oppscale_cluster::exists(cluster, &path).await?;
                exists == Some(false)
            }
            _ => unmatched.is_certain,
        };
        if is_certain {
            return Err(Error::from(unmatched).into());
        }
        warnings.push(unmatched.sentence());
    }
    Ok(warnings)
}

/// Whether there is a pod with these labels, be it one that has ended.
async fn has_pods(cluster: &Cluster, labels: &Selector) -> Result<bool, ClusterError> {
    #[derive(Deserialize)]
    struct List {
        items: Vec<IgnoredAny>,
    }
    let operation = Operation::new("list pods", kinds::POD.permission("list"));
    let path = format!("{}&limit=1", kinds::POD.query_path(None, &labels.to_string()));
    let list: Option<List> = cluster.find(&operation, &path).await?;
    Ok(list.is_some_and(|list| !list.items.is_empty()))
}

/// Puts the rows into a report, sorted, and usage into rows and totals.
///
/// # Errors
/// When no label names the pools.
fn add_rows(
    report: &mut Report,
    args: &TopArgs,
    settings: &TopSettings,
    snapshot: &Snapshot,
) -> Result<(), Error> {
    let fillers = std::mem::take(&mut report.rows);
    let headroom = &report.headroom;
    let nodes: HashSet<&str> = headroom.nodes.iter().map(|node| &*node.name).collect();
    let is_counted = |node: &str| nodes.contains(node);
    let is_part = settings.pods.as_ref().is_some_and(PodQuery::is_filter);
    let has_phases = settings.pods.as_ref().is_some_and(|pods| !pods.phases.is_empty());
    let mut pods: Vec<&PodDetail> = snapshot.pods.values().collect();
    // A pod that waits occupies nothing, and is shown only where its phase is asked for.
    pods.retain(|pod| pod.node.as_deref().map_or(has_phases, is_counted));
    let bound = || -> Box<dyn Iterator<Item = Bound<'_>>> {
        match is_part {
            true => Box::new(pods.iter().filter_map(|pod| pod.as_bound())),
            false => Box::new(snapshot.ledger.bound()),
        }
    };
    if let Some(levels) = &settings.tree {
        let sort = |rows: &mut [Row], of: Option<&str>| sort_rows(rows, settings, headroom, of);
        let rows = view::tree(levels, &pods, headroom, &report.resources, is_part, &sort);
        report.rows = rows;
        if let Some(usage) = &snapshot.usage {
            render::add_usage(report, usage, &pods);
        }
        return Ok(());
    }
    let mut rows = match &settings.by {
        By::Node if is_part => {
            let mut rows = view::nodes_of(bound().filter(|pod| is_counted(pod.node)));
            for row in &mut rows {
                let node = headroom.nodes.iter().find(|node| node.name == row.name);
                row.allocatable = node.and_then(|node| node.allocatable.clone());
            }
            rows
        }
        By::Node => view::by_node(headroom),
        By::Pool(label) => {
            let label = label.as_deref();
            let has_pool = |node: &NodeHeadroom| !node.pool(label).is_empty();
            if label.is_none() && !headroom.nodes.is_empty() && !headroom.nodes.iter().any(has_pool)
            {
                return Err(Error::usage("no node has a label that usually names its pool").hint(
                    "name the label: --by pool=LABEL (see kubectl get nodes --show-labels)",
                ));
            }
            view::by_pool(headroom, label)
        }
        By::Namespace => view::by_namespace(bound(), is_counted),
        By::Workload => view::by_workload(bound(), is_counted),
        By::Pod => view::by_pod(pods.iter().copied()),
        By::Container => view::by_container(pods.iter().copied()),
        By::Filler => fillers,
    };
    if let Some(namespace) = args.namespace.as_ref().filter(|_| !is_part) {
        match settings.by {
            By::Namespace => rows.retain(|row| row.name == *namespace),
            By::Workload | By::Filler => {
                rows.retain(|row| row.namespace.as_ref() == Some(namespace))
            }
            By::Node | By::Pool(_) | By::Pod | By::Container => {}
        }
    }
    // The rows of nodes and of each further measurement are in the order of the nodes' names.
    if settings.by == By::Node && !is_part {
        for (at, row) in rows.iter_mut().enumerate() {
            let node = &headroom.nodes[at];
            row.further_slots =
                report.further.iter().map(|(_, further)| further.nodes[at].slots).collect();
            let labels = report.labels.iter();
            let label = |key: &String| Some((key.clone(), node.labels.get(key)?.to_string()));
            row.labels = labels.filter_map(label).collect();
        }
    }
    // A pod has what its node has, in percent.
    let allocatable = |name: &str| {
        let at = headroom.nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok()?;
        headroom.nodes[at].allocatable.clone()
    };
    for row in rows.iter_mut().filter(|row| row.node.is_some()) {
        row.allocatable = row.node.as_deref().and_then(allocatable);
    }
    report.rows = rows;
    if let Some(usage) = &snapshot.usage {
        render::add_usage(report, usage, if is_part { &pods } else { &[] });
    }
    sort_rows(&mut report.rows, settings, &report.headroom, None);
    if (!settings.by.row_kind().is_of_nodes() || is_part) && settings.by != By::Filler {
        report.rows_total = Some(view::sum_of(&report.rows, report.kinds[0].noun()));
    }
    Ok(())
}

/// Sorts rows by the column of `--sort-by`, of `resource` where that does not name one.
fn sort_rows(
    rows: &mut [Row],
    settings: &TopSettings,
    headroom: &Headroom,
    resource: Option<&str>,
) {
    let Sort { key, descending } = &settings.sort;
    let first = settings.resources.first().map_or(CPU, String::as_str);
    let form = if key.percent { AmountStyle::Percent } else { AmountStyle::Absolute };
    let column = Column { figure: key.figure, resource: key.resource.as_deref(), form };
    let resource = resource.unwrap_or(first);
    let cluster = Some(&headroom.usable.allocatable);
    view::sort(rows, &column, *descending, &Context { resource, cluster, now: 0 });
}

/// The exit code. Warns about unknown objects and about limits that are not met.
fn verdict(args: &TopArgs, snapshot: &Snapshot, report: &Report, printer: &Printer) -> Exit {
    for unknown in &report.unknown {
        printer.warn(&unknown.to_string());
    }
    let mut exit = if snapshot.permissions_missing { Exit::Permissions } else { Exit::Ok };
    if report.what_if.as_ref().is_some_and(|what_if| !what_if.is_passed()) && exit == Exit::Ok {
        exit = Exit::Finding;
    }
    if let Some(Limits(limits)) = &args.fail_below {
        for (name, limit) in limits {
            let remaining = match name.as_str() {
                REPLICAS => report.headroom.fit.as_ref().map(|fit| fit.replicas),
                _ => report.headroom.remaining.as_ref().map(|r| r.get(name)),
            };
            let has = match remaining {
                Some(remaining) if remaining >= *limit => continue,
                Some(remaining) => format!("{} remains", quantity_text(name, remaining)),
                None => "what remains is unknown".to_owned(),
            };
            printer.warn(&format!("{name}: {has}, below {}", quantity_text(name, *limit)));
            exit = if exit == Exit::Ok { Exit::Finding } else { exit };
        }
    }
    exit
}
