//! The arguments of `oppscale top` about time: once, live, recorded, replayed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use oppscale_core::units::parse_nonzero_duration;

/// Arguments of `oppscale top` about time.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Live options")]
pub struct LiveArgs {
    /// Print one table and exit, also on a terminal
    #[arg(long, conflicts_with_all = ["watch", "record", "replay"])]
    pub once: bool,
    /// Print a line of JSON for every change until Ctrl-C, for scripts
    #[arg(short, long, conflicts_with_all = ["from", "output", "explain", "fail_below", "usage"])]
    pub watch: bool,
    /// Minimum time between two lines of --watch or two frames of the screen: 500ms, 10s
    #[arg(long, value_name = "DURATION", value_parser = parse_nonzero_duration)]
    pub interval: Option<Duration>,
    /// Also write the capacity history to a file, which grows and may be cut off
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "output", "explain", "fail_below"])]
    pub record: Option<PathBuf>,
    /// Replay a recorded capacity history instead of reading a cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "record", "workload", "explain", "usage", "fail_below", "output"])]
    pub replay: Option<PathBuf>,
    /// Replay speed as a factor: 1 to 86400
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        requires = "replay",
        value_parser = clap::value_parser!(u32).range(1..=86_400)
    )]
    pub speed: u32,
    /// Lifetime of a watch; a silent one is detected 5 s after it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_nonzero_duration)]
    pub watch_life: Duration,
}
