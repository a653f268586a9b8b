//! The API server's clock, which decides when certificates and tokens expire.

use std::time::{SystemTime, UNIX_EPOCH};

use oppscale_cluster::{ApiRequest, Cluster, ClusterError, Operation};

/// Difference of the clocks above which a check warns, in seconds.
pub const SKEW: i64 = 60;

/// The local clock, in seconds since 1970.
pub fn local() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The API server's clock, in seconds since 1970; the local clock if an answer has no date.
///
/// # Errors
/// When the server cannot be reached.
pub async fn of_server(cluster: &Cluster) -> Result<i64, ClusterError> {
    let operation = Operation::new("get the server's version", "");
    let response = cluster.send(&operation, &ApiRequest::get("/version")).await?;
    Ok(response.date.unwrap_or_else(local))
}
