//! `oppscale top`: what is left of a cluster, once.

mod args;
mod explain;
mod follow;
mod screen;
mod watch;

use crate::exit::Exit;
use std::collections::HashSet;

use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::{self, Report, csv, json, table};
use oppscale_cluster::{self, Cluster, ResolvedWorkload, SavedFiles, Snapshot, TypedName};
use oppscale_core::error::Error;
use oppscale_core::figures::Context;
use oppscale_core::headroom::{self, NodeHeadroom, Query};
use oppscale_core::kinds;
use oppscale_core::resources::CPU;
use oppscale_core::units::quantity_text;
use oppscale_core::view::{self, By};

pub use args::TopArgs;
use args::{Limits, Output, REPLICAS, TopSettings};

/// Reads a cluster or saved lists, counts, and prints.
///
/// # Errors
/// When the input cannot be read; see [`crate::exit::report`].
pub async fn run(args: TopArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let settings = args.resolve()?;
    if let Some(pod) = &args.explain {
        return explain::run(pod, &args, &settings, printer).await;
    }
    let is_live = screen::is_wanted(&args);
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
        return screen::run(&args, &settings, printer).await;
    }
    if args.live.record.is_some() {
        return follow::run(&args, printer).await;
    }
    let (mut snapshot, workload, cluster) = read(&args, &settings, printer).await?;
    let ledger = &mut snapshot.ledger;
    ledger.expect_replicas([(&*workload.namespace, &*workload.claims)]);
    ledger.expect_devices(args.named_resources().map(|(_, name)| name));
    if let Some(why) = ledger.devices_unknown() {
        snapshot.notes.push(format!("devices are unknown: {why}"));
    }
    let uncertain = check_names(&args, &settings, &snapshot, cluster.as_ref()).await?;
    let mut report = report(&args, &settings, &snapshot, workload);
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
    for note in &notes {
        printer.note(note);
    }
    Ok(verdict(&args, &snapshot, &report, printer))
}

/// What is asked of the cluster that was read.
fn query(
    args: &TopArgs,
    settings: &TopSettings,
    snapshot: &Snapshot,
    workload: ResolvedWorkload,
) -> Query {
    Query {
        replica: args
            .replica
            .clone()
            .or_else(|| workload.replica_on(&snapshot.ledger))
            .unwrap_or_default(),
        reserve: settings.reserve,
        placement: workload.placement,
        filler_priority: workload.priority,
        nodes: args.selector.clone().unwrap_or_default(),
        pods_unknown: snapshot.pods_unknown.is_some(),
    }
}

/// Counts what was read; the rows are left to [`add_rows`].
pub(super) fn report(
    args: &TopArgs,
    settings: &TopSettings,
    snapshot: &Snapshot,
    workload: ResolvedWorkload,
) -> Report {
    let query = query(args, settings, snapshot, workload);
    let headroom = headroom::measure(&snapshot.ledger, &query);
    Report {
        by: settings.by.clone(),
        resources: render::resources(&settings.resources, &headroom),
        unknown: render::unknown(snapshot, &headroom),
        rows: Vec::new(),
        totals: view::totals(&headroom),
        headroom,
        query,
        usage: args.usage,
    }
}

async fn read(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<(Snapshot, ResolvedWorkload, Option<Cluster>)> {
    if !args.from.is_empty() {
        let files = SavedFiles::load(&args.from)?;
        let namespace = args.namespace.as_deref().unwrap_or("default");
        let (snapshot, workload) =
            oppscale_cluster::read_saved(&files, args.workload.as_ref(), namespace)?;
        return Ok((snapshot, workload, None));
    }
    let by_owner = matches!(settings.by, By::Namespace | By::Workload);
    let request = oppscale_cluster::Request {
        workload: args.workload.clone(),
        namespace: args.namespace.clone(),
        node_usage: args.usage && !by_owner,
        pod_usage: args.usage && by_owner,
        ..Default::default()
    };
    let cluster = args.cluster.connect().await?;
    let progress = Progress::new(printer.shows_progress());
    let (snapshot, workload) = oppscale_cluster::read(&cluster, &request, &progress).await?;
    Ok((snapshot, workload, Some(cluster)))
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
    for unmatched in args.typed_names(settings).unmatched(snapshot) {
        let is_certain = match (unmatched.name, cluster, &args.namespace) {
            (TypedName::Namespace, Some(cluster), Some(namespace)) => {
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
    let headroom = &report.headroom;
    let nodes: HashSet<&str> = headroom.nodes.iter().map(|node| &*node.name).collect();
    let is_counted = |node: &str| nodes.contains(node);
    let mut rows = match &settings.by {
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
        By::Namespace => view::by_namespace(&snapshot.ledger, is_counted),
        By::Workload => view::by_workload(&snapshot.ledger, is_counted),
    };
    if let Some(namespace) = &args.namespace {
        match settings.by {
            By::Namespace => rows.retain(|row| row.name == *namespace),
            By::Workload => rows.retain(|row| row.namespace.as_ref() == Some(namespace)),
            By::Node | By::Pool(_) => {}
        }
    }
    report.rows = rows;
    if let Some(usage) = &snapshot.usage {
        render::add_usage(report, usage);
    }
    let resource = settings.resources.first().map_or(CPU, String::as_str);
    let context = Context { resource, ..Context::default() };
    view::sort(&mut report.rows, settings.sort.figure, settings.sort.descending, &context);
    Ok(())
}

/// The exit code. Warns about unknown objects and about limits that are not met.
fn verdict(args: &TopArgs, snapshot: &Snapshot, report: &Report, printer: &Printer) -> Exit {
    for unknown in &report.unknown {
        printer.warn(&unknown.to_string());
    }
    let mut exit = if snapshot.permissions_missing { Exit::Permissions } else { Exit::Ok };
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
