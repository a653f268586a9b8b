//! The server's clock: certificates and tokens live by it, not by ours.

use std::time::{SystemTime, UNIX_EPOCH};

use oppscale_cluster::{Action, Ask, Cluster, ClusterError};

/// The most that clocks may differ before it is worth a word, seconds.
pub const SKEW: i64 = 60;

/// Our own clock, seconds since 1970.
pub fn local() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The API server's clock, or ours where it does not tell.
///
/// # Errors
/// When it cannot be reached.
pub async fn of_server(cluster: &Cluster) -> Result<i64, ClusterError> {
    let action = Action { words: "get the server's version", right: "" };
    let reply = cluster.ask(&action, &Ask::get("/version")).await?;
    Ok(reply.date.unwrap_or_else(local))
}
