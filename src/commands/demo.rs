//! `oppscale demo`: the whole loop on a simulated cluster, no Kubernetes needed.

use clap::Args;

use crate::demo::live::live;
use crate::demo::{Comparison, DISCLAIMER, MAX_SPEED, Race, View, plain};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::terminal::{self, ScreenExit, Theme};
use oppscale_core::policy::Basis;

/// Arguments of `oppscale demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale demo                  an hour in a minute, on this terminal
  oppscale demo --speed 300      in twelve seconds
  oppscale demo --plain          the same as lines, at once
  oppscale demo --basis usage    the requests basis beside the usage basis

Keys: space pauses, s steps 15 s, + and - change the speed, q quits, ? explains")]
pub struct DemoArgs {
    /// Simulated seconds per second
    #[arg(
        long,
        value_name = "N",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SPEED))
    )]
    pub speed: u32,
    /// Random seed; equal seeds give equal runs
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What is compared: two HPAs on the requests basis, or that basis and usage, on a cluster
    /// whose paid pods request more than they use
    #[arg(long, value_name = "BASIS", default_value_t)]
    pub basis: Basis,
    /// Print lines instead of a live screen, as without a terminal
    #[arg(long)]
    pub plain: bool,
}

/// Runs both HPAs side by side and compares them.
///
/// # Errors
/// When stdout or the terminal cannot be used.
pub async fn run(args: &DemoArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let mut race = Race::new(args.basis, args.seed)?;
    if args.plain || !terminal::has_screen() {
        plain(&mut race, |text| printer.data(text))?;
        return Ok(Exit::Ok);
    }
    let theme = Theme::of(printer);
    let mut view = View::new(race, args.speed, theme);
    match live(&mut view).await? {
        ScreenExit::Interrupted => Ok(Exit::Interrupted),
        ScreenExit::Quit => {
            let comparison = Comparison::of(&view.race).text();
            printer.data(&format!("{DISCLAIMER}\n\n{comparison}"))?;
            Ok(Exit::Ok)
        }
    }
}
