//! Following a cluster, and recording it with `--record`.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;

use crate::exit::{self, Exit};
use crate::printer::Printer;
use crate::progress::Progress;
use oppscale_cluster::ResolvedWorkload;
use oppscale_cluster::follow::{ClusterState, Follower, WatchConfig};
use oppscale_cluster::history::{Recorder, WRITE_EVERY, Workload};
use oppscale_core::replica::Replica;

use super::args::TopArgs;

/// Time after which `top` says what it waits for.
pub(super) const NOTICE_DELAY: Duration = Duration::from_secs(5);

/// Starts to follow the cluster, and waits for its nodes.
///
/// # Errors
/// When the cluster cannot be read, or the recording cannot be written.
pub(super) async fn start(
    args: &TopArgs,
    printer: &Printer,
) -> anyhow::Result<(Follower, Option<Recording>)> {
    let mut recorder = args.live.record.as_deref().map(Recorder::open).transpose()?;
    let cluster = args.cluster.connect().await?;
    // Until there is something to show: the server may be slow or unreachable.
    let progress = Progress::new(printer.shows_progress());
    progress.phase("listing nodes");
    let server = cluster.server().to_owned();
    let config = WatchConfig {
        workload: args.workload.clone(),
        namespace: args.namespace.clone(),
        watch_life: Some(args.live.watch_life),
        limits: args.has_screen(),
        observer: recorder
            .as_mut()
            .map(|recorder| recorder.start(cluster.server(), cluster.context())),
    };
    let mut follower = Follower::start(cluster, config).await?;
    follower.cluster_state().change(|builder, _| {
        builder.expect_devices(args.named_resources().map(|(_, name)| name));
        false
    });
    let notice = async {
        tokio::time::sleep(NOTICE_DELAY).await;
        if !printer.shows_progress() {
            printer.note(&format!("waiting for {server} to list its nodes"));
        }
    };
    {
        let mut first = pin!(follower.first());
        tokio::select! {
            listed = &mut first => listed?,
            () = notice => first.await?,
        }
    }
    progress.finish();
    let recording = recorder.map(|recorder| Recording {
        recorder,
        cluster_state: follower.cluster_state().clone(),
        workload: follower.workload(),
        replica: args.replica.first().cloned(),
    });
    Ok((follower, recording))
}

/// A recording that goes on until it is dropped.
pub(super) struct Recording {
    recorder: Recorder,
    cluster_state: ClusterState,
    workload: watch::Receiver<ResolvedWorkload>,
    /// Replica shape of `--replica`, instead of the workload's.
    replica: Option<Replica>,
}

impl Recording {
    fn write(&mut self) -> anyhow::Result<()> {
        let workload = self.workload.borrow().clone();
        let of_workload =
            || self.cluster_state.read(|snapshot, _| workload.replica_on(&snapshot.ledger));
        let replica = self.replica.clone().or_else(of_workload).unwrap_or_default();
        let workload = Workload::of(&replica, &workload);
        self.recorder.write(&self.cluster_state, &workload)
    }

    async fn go_on(&mut self) -> anyhow::Result<Infallible> {
        loop {
            tokio::time::sleep(WRITE_EVERY).await;
            self.write()?;
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Writes the last changes. An error is ignored: the recording can be continued.
        let _ = self.write();
    }
}

/// Runs `show`, and records meanwhile.
///
/// # Errors
/// Those of `show`, when the recording cannot be written, and when a task of the follower has
/// `failed`.
pub(super) async fn recorded(
    failed: impl Future<Output = &'static str>,
    recording: Option<Recording>,
    show: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let record = async {
        match recording {
            Some(mut recording) => recording.go_on().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        outcome = show => outcome,
        failure = record => failure.map(|never| match never {}),
        name = failed => Err(exit::task_ended(name).into()),
    }
}

/// Records without showing anything, until it is interrupted.
///
/// # Errors
/// As [`start`] and [`recorded`].
pub(super) async fn run(args: &TopArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let (follower, recording) = start(args, printer).await?;
    printer.note("recording; Ctrl-C ends it");
    recorded(follower.failed(), recording, std::future::pending()).await
}
