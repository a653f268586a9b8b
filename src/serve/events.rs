//! Events on workloads that are held, so that `kubectl describe` says why.
//!
//! Every server counts alone, and so writes what it counts. The name of an Event follows from the
//! workload and the reason: the API server refuses it to the second server, and to one that was
//! restarted, because it exists.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use http::StatusCode;
use oppscale_cluster::{ApiRequest, Cluster, ClusterError, Operation, compute};
use oppscale_core::kinds;
use oppscale_core::share::Share;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::state::{Freshness, MetricsState, wall_clock};
use crate::shares::workloads::{ServedWorkload, WorkloadId};

/// Time between two looks for workloads that are held.
const INTERVAL: Duration = Duration::from_secs(2);
/// Events that are written after each interval at most: tenants who create workloads must not
/// decide how often the server writes to the API server.
const MAX_WRITES: usize = 4;
/// Time between two Events on one workload at least.
const MIN_TIME_BETWEEN: Duration = Duration::from_secs(60);
/// The API server deletes an Event after an hour (`--event-ttl`): then it is written again.
const RENEWAL: Duration = Duration::from_secs(65 * 60);
/// Bytes of a message, as `events.k8s.io` limits its note.
const MAX_MESSAGE: usize = 1024;
/// Bytes of the part of an Event's name that is the workload's: names have 253.
const MAX_NAME: usize = 236;

/// Writes an Event on each workload when it becomes held, for as long as the server runs.
pub(super) async fn write_events(cluster: Cluster, state: MetricsState) {
    let mut writer = EventWriter::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        // What is not known yet holds every workload for a moment.
        if matches!(state.freshness(), Freshness::Fresh(_)) {
            let own = state.clone();
            let counted = compute(move || own.counted()).await;
            writer.write(&cluster, &counted.workloads).await;
        }
    }
}

/// The Events that were written.
#[derive(Debug, Default)]
struct EventWriter {
    /// The last reason that was written for each workload, and when.
    written: HashMap<WorkloadId, (String, Instant)>,
    /// Why workloads were held at the last look: what holds for a moment alone gets no Event.
    held: HashMap<WorkloadId, String>,
    /// Whether the log has the server's refusal.
    has_logged_refusal: bool,
}

impl EventWriter {
    /// Writes those that are due. One that cannot be written waits like one that is.
    async fn write(
        &mut self,
        cluster: &Cluster,
        workloads: &[(ServedWorkload, Result<Share, String>)],
    ) {
        for (served, why) in self.due(workloads) {
            let event = event(served, why);
            if let Err(error) = create(cluster, &event).await {
                let is_refusal = matches!(error, ClusterError::Forbidden { .. });
                if is_refusal && !std::mem::replace(&mut self.has_logged_refusal, true) {
                    let hint = error.hint().unwrap_or_default();
                    tracing::warn!(
                        reason = "EventRefused",
                        "no Events are written on held workloads: {error}; {hint}"
                    );
                }
                if !is_refusal {
                    tracing::debug!(reason = "EventFailed", "{error}");
                    self.written.insert(served.id.clone(), (String::new(), Instant::now()));
                    continue;
                }
            }
            self.written.insert(served.id.clone(), (why.to_owned(), Instant::now()));
        }
    }

    /// Workloads whose reason was the same at the last look and was not written yet, or so long ago
    /// that its Event is gone. Those that are served again are forgotten, and those that are gone.
    fn due<'w>(
        &mut self,
        workloads: &'w [(ServedWorkload, Result<Share, String>)],
    ) -> Vec<(&'w ServedWorkload, &'w str)> {
        let held: Vec<_> = workloads
            .iter()
            .filter_map(|(served, share)| Some((served, share.as_ref().err()?.as_str())))
            .collect();
        let now = held.iter().map(|(served, why)| (served.id.clone(), (*why).to_owned())).collect();
        let before = std::mem::replace(&mut self.held, now);
        self.written
            .retain(|id, (_, at)| self.held.contains_key(id) || at.elapsed() < MIN_TIME_BETWEEN);
        let is_due = |(served, why): &(&ServedWorkload, &str)| {
            before.get(&served.id).is_some_and(|before| before == why)
                && self.written.get(&served.id).is_none_or(|(written, at)| {
                    at.elapsed() >= if written == why { RENEWAL } else { MIN_TIME_BETWEEN }
                })
        };
        held.into_iter().filter(is_due).take(MAX_WRITES).collect()
    }
}

/// Creates an Event; one that exists is as good.
async fn create(cluster: &Cluster, event: &Value) -> Result<(), ClusterError> {
    let kind = &kinds::EVENT;
    let operation = Operation::new("create an Event", kind.permission("create"));
    let path = kind.list_path(event["metadata"]["namespace"].as_str());
    let response = cluster.send(&operation, &ApiRequest::post(path, event)).await?;
    // Its namespace may be gone, or some policy may refuse it: it would be refused again.
    let is_final = match response.status {
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            false
        }
        StatusCode::FORBIDDEN => response.is_refused_by_admission(),
        status => status.is_client_error(),
    };
    if is_final { Ok(()) } else { response.success(&operation).map(drop) }
}

/// The Event that a workload is held.
fn event(served: &ServedWorkload, why: &str) -> Value {
    let WorkloadId { namespace, kind, name } = &served.id;
    let (namespace, name, uid) = (&**namespace, &**name, &*served.uid);
    let mut hasher = DefaultHasher::new();
    (kind.name, uid, why).hash(&mut hasher);
    let start = truncated(name, MAX_NAME).trim_end_matches(['-', '.']);
    let event_name = format!("{start}.{:016x}", hasher.finish());
    let time = wall_clock(OffsetDateTime::now_utc());
    json!({
        "apiVersion": "v1",
        "kind": kinds::EVENT.name,
        "metadata": {"name": event_name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": kind.api_version(),
            "kind": kind.name,
            "namespace": namespace,
            "name": name,
            "uid": uid,
        },
        "reason": "WorkloadHeld",
        "type": "Warning",
        "message": format!("held: {}", truncated(why, MAX_MESSAGE - 6)),
        "source": {"component": "oppscale"},
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    })
}

/// The first bytes of a text.
fn truncated(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
