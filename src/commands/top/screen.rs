//! `oppscale top` on a terminal: the live screen.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::demo::Recording;
use crate::exit::Exit;
use crate::live::{self, Playback, Saved, Setup, Source};
use crate::printer::Printer;
use crate::terminal::{self, ScreenExit, Theme};
use oppscale_cluster::ResolvedWorkload;
use oppscale_cluster::history::Player;
use oppscale_core::policy::Basis;
use oppscale_core::resources::Amount;

use super::args::{Output, TopArgs, TopSettings};
use super::{Input, follow};

/// Time that the renewal of a watch may take before data is stale: a slow answer and jitter.
const RENEWAL: Duration = Duration::from_secs(10);

/// Name of the simulated cluster.
const DEMO: &str = "demo";
/// Speed at which it is played: its burst begins after 5 s.
const DEMO_SPEED: u32 = 60;

/// Whether the cluster is shown live: on a terminal, unless a flag asks for another output.
pub(super) fn is_wanted(args: &TopArgs) -> bool {
    let asks_for_words = args.live.once
        || args.explain.is_some()
        || args.fail_below.is_some()
        || args.usage
        // Usage over time is that of a cluster.
        || args.basis == Basis::Usage && !args.reads_cluster()
        || args.prints_once()
        || args.live.watch
        || args.output.format != Output::Table;
    !asks_for_words && terminal::has_screen()
}

/// Shows the cluster until the user quits.
///
/// # Errors
/// When the cluster cannot be read at first, or the terminal cannot be used.
pub(super) async fn run(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let (follower, recording) = follow::start(args, printer).await?;
    let resolved = follower.workload().borrow().clone();
    let cluster = follower.cluster();
    let setup = Setup {
        context: cluster.context().unwrap_or(cluster.server()).to_owned(),
        namespace: args.namespace.clone().unwrap_or_else(|| cluster.namespace().to_owned()),
        has_cluster: true,
        ..setup(args, settings, resolved, printer)
    };
    let failed = follower.failed();
    follow::recorded(failed, recording, show(Arc::new(follower), setup)).await
}

/// Shows saved lists until the user quits.
///
/// # Errors
/// When they cannot be read, or the terminal cannot be used.
pub(super) async fn saved(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let Input { snapshot, workload: resolved, .. } =
        super::prepared(args, settings, printer).await?;
    let setup = Setup {
        context: args.from.join(" "),
        is_saved: true,
        ..setup(args, settings, resolved, printer)
    };
    show(Arc::new(Saved::new(snapshot)), setup).await
}

/// Plays a recording on the screen until the user quits.
///
/// # Errors
/// When it cannot be read, or the terminal cannot be used.
pub(super) async fn replay(
    path: &Path,
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let name = path.display().to_string();
    let (player, speed) = (Player::open(path)?, args.live.speed.unwrap_or(1));
    play(player, name, speed, args.resources.clone(), args, settings, printer).await
}

/// Plays the simulated cluster on the screen until the user quits.
///
/// # Errors
/// When the terminal cannot be used.
pub(super) async fn demo(
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let (player, _) = simulated()?;
    let speed = args.live.speed.unwrap_or(DEMO_SPEED);
    let resources = settings.resources.clone();
    play(player, DEMO.to_owned(), speed, resources, args, settings, printer).await
}

/// The simulated cluster, and the time at which its burst is at its top.
///
/// # Errors
/// When the simulation contradicts itself, which tests rule out.
pub(super) fn simulated() -> anyhow::Result<(Player, Duration)> {
    let Recording { history, top_ms } = Recording::new(1)?;
    Ok((Player::of(Path::new(DEMO), history)?, Duration::from_millis(top_ms)))
}

async fn play(
    player: Player,
    name: String,
    speed: u32,
    resources: Vec<String>,
    args: &TopArgs,
    settings: &TopSettings,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let header = player.header();
    let context = header.context.as_ref().unwrap_or(&header.server).clone().into_owned();
    let playing = Playback::start(player, name, speed);
    let setup = Setup { context, resources, ..setup(args, settings, playing.resolved(), printer) };
    show(Arc::new(playing), setup).await
}

/// The settings of the screen that do not depend on the source.
fn setup(
    args: &TopArgs,
    settings: &TopSettings,
    resolved: ResolvedWorkload,
    printer: &Printer,
) -> Setup {
    Setup {
        theme: Theme::of(printer),
        replica: args.replica.first().cloned(),
        reserve: settings.reserve.clone().unwrap_or_default(),
        own_reserve: settings.reserve.is_none(),
        nodes: args.selector.clone().unwrap_or_default(),
        workload: args.workload.clone(),
        resolved,
        by: settings.by.clone(),
        sort: args.sort_by.as_ref().map(|sort| (sort.key.figure, sort.descending)),
        resources: args.resources.clone(),
        only_namespace: args.namespace.clone(),
        typed: args.requested_names(settings),
        show_unusable: args.show_unusable,
        percent: args.percent,
        wide: args.limits,
        interval: args.live.interval,
        max_staleness: args.live.watch_life + RENEWAL,
        basis: args.basis,
        burn: args.burn.map(Amount::from),
        ..Setup::default()
    }
}

async fn show(source: Arc<dyn Source>, setup: Setup) -> anyhow::Result<Exit> {
    match live::live(source, setup).await? {
        ScreenExit::Quit => Ok(Exit::Ok),
        ScreenExit::Interrupted => Ok(Exit::Interrupted),
    }
}
