//! `oppscale sample-app`: a paid application that counts its requests.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::exit::Exit;
use crate::printer::Printer;
use crate::sample_app::SampleApp;
use oppscale_core::error::Error;
use oppscale_core::units::parse_duration;

use super::args::LogFormat;
use super::shutdown::Shutdown;

/// Default port.
const PORT: u16 = 8080;
/// Time limit of open requests once the port is closed. With the delay before it, that is within
/// the default grace period of a pod, 30 s.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);

/// Arguments of `oppscale sample-app`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale sample-app --listen 127.0.0.1:8080    on this machine
  oppscale load http://127.0.0.1:8080 --rate 10  a load for it
  oppscale render-hpa --workload sample-app --image REGISTRY/oppscale:VERSION
                                                 in a cluster

Every path returns the name and the count. /metrics has http_requests_total,
/livez and /readyz are for probes; requests to these three are not counted.")]
pub struct SampleAppArgs {
    /// Address to listen on [default: every address, port 8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Name in responses; in a pod the pod's name
    #[arg(
        long,
        value_name = "NAME",
        env = "HOSTNAME",
        hide_env_values = true,
        default_value = "sample-app"
    )]
    pub name: String,
    /// Log format: text or json
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,
    /// On SIGTERM, time to be unready before the port closes
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub shutdown_delay: Duration,
}

/// Serves until SIGTERM or Ctrl-C; a second signal ends it at once.
///
/// # Errors
/// When the port cannot be opened.
pub async fn run(args: SampleAppArgs, _: &Printer) -> anyhow::Result<Exit> {
    let SampleAppArgs { listen, name, log_format: _, shutdown_delay } = args;
    let mut shutdown = Shutdown::new()?;
    let app = SampleApp::start(name, listen, PORT).await.map_err(|error| {
        let at = listen.map_or_else(|| format!("port {PORT}"), |address| address.to_string());
        let hint = "something may listen there already; choose another with --listen";
        Error::failure(format!("cannot listen on {at}: {error}")).hint(hint)
    })?;
    tracing::info!(address = %app.address(), "serving the sample application");
    let exit = shutdown.requested().await;
    tokio::select! {
        () = app.stop(Shutdown::delay(exit, shutdown_delay), DRAIN_TIMEOUT) => {}
        _ = shutdown.requested() => {}
    }
    Ok(exit)
}
