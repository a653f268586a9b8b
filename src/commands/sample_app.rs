//! `oppscale sample-app`: paid work that counts its requests.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::exit::Exit;
use crate::printer::Printer;
use crate::sample_app::SampleApp;
use oppscale_core::error::Error;
use oppscale_core::units::parse_duration;

use super::args::LogFormat;
use super::shutdown::Ending;

/// The port, unless it is said otherwise.
const PORT: u16 = 8080;
/// How long requests that came may take once the port is closed. With the delay before, it
/// stays within the 30 s that a pod has by default.
const PATIENCE: Duration = Duration::from_secs(15);

/// Arguments of `oppscale sample-app`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale sample-app --listen 127.0.0.1:8080    here
  oppscale load http://127.0.0.1:8080 --rate 10  and something to do for it
  oppscale render-hpa --workload sample-app --image REGISTRY/oppscale:VERSION
                                                 in a cluster

Every path answers with the name and the count. /metrics has
http_requests_total, /livez and /readyz are for probes; none is counted.")]
pub struct SampleAppArgs {
    /// Where to answer [default: every address, port 8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// What it calls itself; in a pod the pod's name
    #[arg(
        long,
        value_name = "NAME",
        env = "HOSTNAME",
        hide_env_values = true,
        default_value = "sample-app"
    )]
    pub name: String,
    /// How to log: text or json
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,
    /// How long to be unready before the port closes, on SIGTERM
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub shutdown_delay: Duration,
}

/// Answers until SIGTERM or Ctrl-C; a second one ends at once.
///
/// # Errors
/// When the port cannot be opened.
pub async fn run(args: SampleAppArgs, _: &Printer) -> anyhow::Result<Exit> {
    let SampleAppArgs { listen, name, log_format: _, shutdown_delay } = args;
    let mut ending = Ending::new()?;
    let app = SampleApp::start(name, listen, PORT).await.map_err(|error| {
        let at = listen.map_or_else(|| format!("port {PORT}"), |address| address.to_string());
        let hint = "something may listen there already; choose another with --listen";
        Error::failure(format!("cannot listen on {at}: {error}")).hint(hint)
    })?;
    tracing::info!(address = %app.address(), "serving the sample application");
    let exit = ending.told().await;
    tokio::select! {
        () = app.stop(Ending::delay(exit, shutdown_delay), PATIENCE) => {}
        _ = ending.told() => {}
    }
    Ok(exit)
}
