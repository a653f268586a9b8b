//! `oppscale top --watch`: a line of JSON for every change.

use std::path::Path;
use std::time::{Duration, SystemTime};

use k8s_openapi::jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::json;
use oppscale_cluster::follow::{ClusterState, Follower, Health};
use oppscale_cluster::history::Player;
use oppscale_cluster::{RequestedNames, ResolvedWorkload, Snapshot};
use oppscale_core::error::Error;

use super::args::{TopArgs, TopSettings};
use super::follow;

/// Default of `--interval`: least time between two lines.
const INTERVAL: Duration = Duration::from_secs(1);

/// Follows the cluster and writes what changes, until it is interrupted.
///
/// # Errors
/// When the cluster cannot be read at first, or stdout cannot be written.
pub(super) async fn run(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let (follower, recording) = follow::start(args, printer).await?;
    let failed = follower.failed();
    follow::recorded(failed, recording, write(&follower, args, settings, printer)).await
}

async fn write(
    follower: &Follower,
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let cluster_state = follower.cluster_state();
    let mut changes = cluster_state.changes();
    let mut workload = follower.workload();
    let mut lines = Lines::new(args, settings, printer);
    let notice = Instant::now() + follow::NOTICE_DELAY;
    let mut is_noticed = false;
    loop {
        let own = workload.borrow_and_update().clone();
        changes.mark_unchanged();
        let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        if let Some(line) = lines.next(cluster_state, own, now)? {
            printer.data(&line)?;
        }
        let earliest = Instant::now() + args.live.interval.unwrap_or(INTERVAL);
        // Both senders live as long as the follower.
        tokio::select! {
            _ = changes.changed() => {}
            _ = workload.changed() => {}
            () = sleep_until(notice), if !is_noticed => {
                is_noticed = true;
                if lines.last.is_empty() {
                    let server = follower.cluster().server();
                    printer.note(&format!("waiting for {server} to list its pods"));
                }
            }
        }
        sleep_until(earliest).await;
    }
}

/// Writes a line for every moment of a history, as fast as they are read.
///
/// # Errors
/// When the history cannot be read, or stdout cannot be written.
pub(super) fn replay(
    path: &Path,
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let mut player = Player::open(path)?;
    let mut lines = Lines::new(args, settings, printer);
    let mut earliest = Duration::ZERO;
    loop {
        let own = player.workload();
        if player.position() >= earliest
            && let Some(line) = lines.next(player.cluster_state(), own, player.wall())?
        {
            printer.data(&line)?;
            earliest = player.position() + args.live.interval.unwrap_or_default();
        }
        match player.next_at() {
            Some(next) => player.advance(next)?,
            None => return Ok(Exit::Ok),
        }
    }
}

/// Writes lines that differ from the one before.
struct Lines<'a> {
    args: &'a TopArgs,
    settings: &'a TopSettings,
    printer: &'a Printer,
    /// Names of the command line, until the cluster is known whole: then, what nothing has is
    /// warned of once, for it may yet come.
    unchecked: Option<RequestedNames>,
    /// Why devices are unknown, as it was warned of last.
    devices_unknown: Option<String>,
    /// The last notes about the workload's pod template and its slots.
    placement_notes: Vec<String>,
    /// The last line, without its time.
    last: String,
}

impl<'a> Lines<'a> {
    fn new(args: &'a TopArgs, settings: &'a TopSettings, printer: &'a Printer) -> Self {
        let unchecked = Some(args.requested_names(settings));
        Self {
            args,
            settings,
            printer,
            unchecked,
            devices_unknown: None,
            placement_notes: Vec::new(),
            last: String::new(),
        }
    }

    /// The line of the present state, if it differs from the last one.
    fn next(
        &mut self,
        cluster_state: &ClusterState,
        workload: ResolvedWorkload,
        time: Timestamp,
    ) -> Result<Option<String>, Error> {
        let line = cluster_state.read(|snapshot, health| self.line(snapshot, health, workload))?;
        Ok(line.filter(|line| *line != self.last).map(|line| {
            let timed = json::timed(&line, time);
            self.last = line;
            timed
        }))
    }

    fn line(
        &mut self,
        snapshot: &Snapshot,
        health: &Health,
        workload: ResolvedWorkload,
    ) -> Result<Option<String>, Error> {
        if !health.is_ready() {
            return Ok(None);
        }
        let devices = snapshot.ledger.devices_unknown();
        if self.devices_unknown.as_deref() != devices {
            self.devices_unknown = devices.map(str::to_owned);
            if let Some(why) = devices {
                self.printer.warn(&format!("devices are unknown: {why}"));
            }
        }
        let notes = workload.placement_notes();
        if self.placement_notes != notes {
            notes.iter().for_each(|note| self.printer.note(note));
            self.placement_notes = notes;
        }
        for unmatched in self.unchecked.take().iter().flat_map(|names| names.unmatched(snapshot)) {
            self.printer.warn(&unmatched.sentence());
        }
        let mut report = super::report(
            self.args,
            self.settings,
            snapshot,
            super::query(self.args, self.settings, snapshot, workload),
        );
        let has_rows = self.args.by.is_some() || self.args.namespace.is_some();
        if has_rows {
            super::add_rows(&mut report, self.args, self.settings, snapshot)?;
        }
        Ok(Some(json::line(&report, health, has_rows)))
    }
}
