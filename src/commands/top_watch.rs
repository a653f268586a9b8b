//! `oppscale top --watch`: a line of JSON for every change.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use crate::cluster::follow::{Follower, Health, Picture, Wishes};
use crate::cluster::{ResolvedWorkload, Snapshot};
use crate::exit::{Exit, UsageError};
use crate::printer::Printer;
use crate::render::json;

use super::top;
use super::top_args::{TopArgs, TopSettings};

/// The least time between two lines, unless it is said otherwise.
const INTERVAL: Duration = Duration::from_secs(1);

/// Follows the cluster and writes what changes, until it is interrupted.
///
/// # Errors
/// When the cluster cannot be read to begin with, or stdout not be written.
pub(super) async fn run(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let wishes = Wishes {
        workload: args.workload.clone(),
        namespace: args.namespace.clone(),
        watch_life: Some(args.live.watch_life),
        journal: None,
    };
    let mut follower = Follower::start(args.cluster.connect().await?, wishes).await?;
    follower.first().await?;
    let picture = follower.picture().clone();
    let mut changes = picture.changes();
    let mut workload = follower.workload();
    let mut lines = Lines { args, settings, last: String::new() };
    loop {
        let own = workload.borrow_and_update().clone();
        changes.mark_unchanged();
        if let Some(line) = lines.next(&picture, own)? {
            printer.data(&line)?;
        }
        let earliest = Instant::now() + args.live.interval.unwrap_or(INTERVAL);
        // Neither sender is gone before the follower is.
        tokio::select! {
            _ = changes.changed() => {}
            _ = workload.changed() => {}
        }
        sleep_until(earliest).await;
    }
}

/// Writes lines that differ from the one before.
struct Lines<'a> {
    args: &'a TopArgs,
    settings: &'a TopSettings,
    /// The last line, without its time.
    last: String,
}

impl Lines<'_> {
    /// The line that describes the picture, if that has changed.
    fn next(
        &mut self,
        picture: &Picture,
        workload: ResolvedWorkload,
    ) -> Result<Option<String>, UsageError> {
        let line = picture.look(|snapshot, health| self.line(snapshot, health, workload))?;
        Ok(line.filter(|line| *line != self.last).map(|line| {
            let timed = json::timed(&line, SystemTime::now());
            self.last = line;
            timed
        }))
    }

    fn line(
        &self,
        snapshot: &Snapshot,
        health: &Health,
        workload: ResolvedWorkload,
    ) -> Result<Option<String>, UsageError> {
        if !health.is_ready() {
            return Ok(None);
        }
        let report = top::report(self.args, self.settings, snapshot, workload)?;
        let has_rows = self.args.by.is_some() || self.args.namespace.is_some();
        Ok(Some(json::line(&report, health, has_rows)))
    }
}
