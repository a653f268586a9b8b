//! `oppscale top` on a terminal: the live screen.

use std::sync::Arc;
use std::time::Instant;

use crate::cluster::follow::{Feed, Health, Phase, Picture};
use crate::cluster::{self, Request};
use crate::core::headroom::Query;
use crate::exit::Exit;
use crate::live::{self, Setup};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::terminal::{self, Left, Look};

use super::top_args::{Output, TopArgs, TopSettings};

/// Whether the cluster is shown live: on a terminal, where nothing else was asked for.
pub(super) fn is_wanted(args: &TopArgs) -> bool {
    let asks_for_words = args.once
        || args.explain.is_some()
        || args.fail_below.is_some()
        || args.usage
        || args.output != Output::Table
        || !args.from.is_empty();
    !asks_for_words && terminal::has_screen()
}

/// Shows the cluster until somebody ends it.
///
/// # Errors
/// When the cluster cannot be read, or the terminal not be used.
pub(super) async fn run(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let request = Request {
        workload: args.workload.clone(),
        namespace: args.namespace.clone(),
        ..Request::default()
    };
    let cluster = args.cluster.connect().await?;
    let progress = Progress::new(printer.shows_progress());
    let (snapshot, workload) = cluster::read(&cluster, &request, &progress).await?;
    let feed = || Feed { phase: Phase::Following, heard: Some(Instant::now()), restarts: 0 };
    let health = Health { nodes: feed(), pods: feed(), version: None };
    let setup = Setup {
        look: Look { unicode: printer.is_unicode(), color: printer.is_colored() },
        context: args.cluster.context_name().unwrap_or_else(|| cluster.server().to_owned()),
        query: Query {
            replica: args.replica.clone().or(workload.replica).unwrap_or_default(),
            reserve: settings.reserve,
            placement: workload.placement,
            nodes: args.selector.clone().unwrap_or_default(),
            pods_unknown: false,
        },
        ownership: workload.ownership,
        workload: args.workload.clone(),
        namespace: args.namespace.clone().unwrap_or_else(|| cluster.namespace().to_owned()),
        by: settings.by.clone(),
        sort: args.sort.map(|sort| (sort.key, sort.descending)),
        resources: args.resources.clone(),
        only_namespace: args.namespace.clone(),
        show_unusable: args.show_unusable,
        has_cluster: true,
    };
    let picture = Picture::new(snapshot, health);
    let source = live::Live { picture, cluster: Some(cluster) };
    match live::live(Arc::new(source), setup).await? {
        Left::Quit => Ok(Exit::Ok),
        Left::Interrupted => Ok(Exit::Interrupted),
    }
}
