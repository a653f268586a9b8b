//! `oppscale serve`: follows a cluster and serves metrics until SIGTERM or Ctrl-C.

mod args;

use std::time::Duration;

use crate::exit::{self, Exit};
use crate::serve::{ServeError, Server};
use oppscale_core::error::Error;

use crate::commands::shutdown::Shutdown;
pub use args::ServeArgs;

/// Time for open requests once the ports are closed. With the delay before, it stays within the
/// 30 s that a pod has by default.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Serves until SIGTERM or Ctrl-C; a second one ends at once.
///
/// # Errors
/// When the command line makes no sense, there is no certificate or kubeconfig, or a port
/// cannot be opened. An API server that does not answer is no error: it is tried again.
pub async fn run(args: ServeArgs) -> anyhow::Result<Exit> {
    let settings = args.resolve()?;
    let mut shutdown = Shutdown::new()?;
    let opened = async {
        let cluster = args.cluster.connect().await?;
        anyhow::Ok((cluster, Server::open(settings).await.map_err(hinted)?))
    };
    let (cluster, server) = tokio::select! {
        opened = opened => opened?,
        exit = shutdown.requested() => return Ok(exit),
    };
    tracing::info!(server = cluster.server(), "following");
    let mut running = tokio::select! {
        running = server.start(cluster) => running?,
        exit = shutdown.requested() => return Ok(exit),
    };
    let exit = tokio::select! {
        exit = shutdown.requested() => exit,
        name = running.failed() => return Err(exit::task_ended(name).into()),
    };
    tokio::select! {
        () = running.stop(Shutdown::delay(exit, args.shutdown_delay), REQUEST_TIMEOUT) => {}
        _ = shutdown.requested() => {}
    }
    Ok(exit)
}

/// Adds what to do.
fn hinted(error: ServeError) -> anyhow::Error {
    let hint = match &error {
        ServeError::Port { error: io, .. } => match io.kind() {
            std::io::ErrorKind::AddrInUse => {
                "something listens there already; choose another with --listen or --listen-http"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 take a right; choose another with --listen or --listen-http"
            }
            _ => "check --listen and --listen-http",
        },
        ServeError::Certificate(_) => {
            "check --tls-cert-file and --tls-private-key-file: PEM, and of one another"
        }
        ServeError::Tls(_) => return error.into(),
    };
    let text = error.to_string();
    Error::failure(text).hint(hint).into()
}
