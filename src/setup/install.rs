//! Applies planned changes, and waits for them to take effect.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use oppscale_cluster::{Applied, Apply, Cluster, ClusterError, Operation};

use super::api_services::ApiService;
use super::plan::Step;

/// Interval between polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long an APIService may have no condition. Beyond, the API server cannot load its caBundle,
/// which it reports nowhere.
const NO_CONDITION_LIMIT: Duration = Duration::from_secs(10);

/// Why an installation stopped.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A request failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Another manager took over fields after the plan was made.
    #[error("{object} has a new owner since the plan was made: {owners}")]
    Owned {
        /// Kind and name.
        object: String,
        /// Managers and their fields.
        owners: String,
    },
    /// An object was not ready in time.
    #[error("{object} was not ready within {seconds} s: {why}")]
    NotReady {
        /// Kind and name.
        object: String,
        /// Time waited, in seconds.
        seconds: u64,
        /// Last known reason.
        why: String,
    },
}

/// Applies one planned change.
///
/// # Errors
/// When the request fails, or another manager owns a field.
pub async fn apply(cluster: &Cluster, step: &Step, force: bool) -> Result<(), InstallError> {
    let name = step.name();
    let operation = Operation::new(format!("apply {name}"), "--verb=create,patch");
    let how = Apply { dry_run: false, force };
    match cluster.apply(&operation, &step.path, step.document.value(), how).await? {
        Applied::Created(_) | Applied::Kept(_) => Ok(()),
        Applied::Conflict(conflicts) => {
            let owners: Vec<_> =
                conflicts.iter().map(|(who, field)| format!("{who} owns {field}")).collect();
            Err(InstallError::Owned { object: name, owners: owners.join(", ") })
        }
    }
}

/// Waits until all pods of a Deployment are updated and available.
///
/// # Errors
/// When they are not by `end`.
pub async fn rolled_out(cluster: &Cluster, path: &str, end: Instant) -> Result<(), InstallError> {
    wait(cluster, path, "Deployment", (Instant::now(), end), |deployment| {
        let status = &deployment["status"];
        let count = |field: &str| status[field].as_u64().unwrap_or(0);
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        let seen = status["observedGeneration"].as_u64().unwrap_or(0)
            >= deployment["metadata"]["generation"].as_u64().unwrap_or(0);
        if seen && count("updatedReplicas") >= wanted && count("availableReplicas") >= wanted {
            return Ok(());
        }
        let conditions = status["conditions"].as_array().into_iter().flatten();
        let bad = conditions.filter(|condition| condition["status"] == "False");
        let why = bad.filter_map(|condition| condition["message"].as_str()).next_back();
        let ready = format!("{} of {wanted} pods are available", count("availableReplicas"));
        Err(why.map_or(ready.clone(), |why| format!("{ready}: {why}")))
    })
    .await
}

/// Waits until an APIService is available.
///
/// # Errors
/// When it is not by `end`, or the API server sets no condition at all.
pub async fn available(cluster: &Cluster, path: &str, end: Instant) -> Result<(), InstallError> {
    let start = Instant::now();
    let limit = end.min(start + NO_CONDITION_LIMIT);
    let has_condition = Cell::new(true);
    let look = |service: &Value| {
        let service = ApiService::new(service.clone());
        let condition = service.available();
        has_condition.set(condition.is_some());
        match condition {
            Some((true, ..)) => Ok(()),
            Some((false, reason, message)) => Err(format!("{reason}: {message}")),
            None => Err("the API server sets no condition: it cannot load the caBundle".to_owned()),
        }
    };
    // A missing condition fails sooner than a false one, which may still become true.
    match wait(cluster, path, "APIService", (start, limit), look).await {
        Err(InstallError::NotReady { .. }) if has_condition.get() => {
            wait(cluster, path, "APIService", (start, end), look).await
        }
        other => other,
    }
}

async fn wait(
    cluster: &Cluster,
    path: &str,
    kind: &str,
    (start, end): (Instant, Instant),
    look: impl Fn(&Value) -> Result<(), String>,
) -> Result<(), InstallError> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let object = format!("{kind} {name}");
    let operation = Operation::new(format!("get {object}"), "--verb=get");
    loop {
        let why = match cluster.find(&operation, path).await? {
            Some(object) => match look(&object) {
                Ok(()) => return Ok(()),
                Err(why) => why,
            },
            None => "it does not exist".to_owned(),
        };
        if Instant::now() >= end {
            let seconds = start.elapsed().as_secs();
            return Err(InstallError::NotReady { object, seconds, why });
        }
        sleep(POLL_INTERVAL.min(end - Instant::now())).await;
    }
}
