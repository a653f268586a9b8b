//! The changes that an installation makes, object by object: planned, and waited for.

use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::manifest::{Document, unified_diff};
use crate::progress::Progress;
use oppscale_cluster::{ApiRequest, Apply, Cluster, ClusterError, Operation};
use oppscale_core::error::{Error, ErrorKind};
use oppscale_core::kinds::{API_SERVICE, NAMESPACE, ObjectRef, POD, PRIORITY_CLASS};

use super::api_services::ApiService;
use super::{annotation, label};

/// Interval between polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Time that an APIService may have no condition. After it, the API server cannot load its
/// caBundle, which it reports nowhere.
const NO_CONDITION_LIMIT: Duration = Duration::from_secs(10);

/// Hint on a server that does not become ready.
const FIND_CAUSE: &str = "find the cause: kubectl describe pods and logs in the server's namespace, \
                          and\noppscale check --only server,certificates,aggregation";

/// An object and its planned change.
#[derive(Debug, Clone)]
pub struct Step {
    /// The object as it should be.
    pub document: Document,
    /// The object in the cluster.
    pub object: ObjectRef,
    /// The planned change.
    pub change: Change,
}

/// The planned change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The object does not exist.
    Create,
    /// The object drifted: its diff.
    Update(String),
    /// The object is up to date.
    Keep,
    /// Other field managers own fields that would change: managers and fields.
    Conflict(String),
    /// The object has another owner: its description.
    Foreign(String),
    /// A permission is missing: the server's message.
    Denied(String),
}

impl Step {
    /// Whether applying would change anything.
    pub fn is_pending(&self) -> bool {
        matches!(self.change, Change::Create | Change::Update(_))
    }
}

/// Plans objects.
pub struct Planner<'a> {
    /// The connection.
    pub cluster: &'a Cluster,
    /// A namespace that does not exist yet: everything in it is new, and cannot be tried.
    pub new_namespace: Option<&'a str>,
    /// Whether to take over fields and objects of other managers.
    pub force: bool,
}

impl Planner<'_> {
    /// Plans one object.
    ///
    /// # Errors
    /// When the server fails, or rejects the object itself.
    pub async fn step(&self, document: Document) -> anyhow::Result<Step> {
        let object = document.object();
        let object = object.with_context(|| format!("{} is of no known kind", document.key()))?;
        let live: Option<Value> = match self.cluster.read(&object).await {
            Ok(live) => live,
            // A dry run needs no permission to read.
            Err(ClusterError::Forbidden { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let document = verifying(document, &object, live.as_ref());
        let exists = live.is_some();
        let change = match self.change(&document, &object, live).await {
            // Some fields stay what they were, such as the value of a PriorityClass and the role of
            // a binding.
            Err(error @ ClusterError::Status { code: 422, .. }) if exists => {
                let name = match *object.kind == PRIORITY_CLASS {
                    true => "choose another name with --priority-class NAME=VALUE, or ",
                    false => "",
                };
                let hint =
                    format!("{name}delete {object} if it may not be changed, and run this again");
                return Err(Error::failure(error.to_string()).hint(hint).into());
            }
            change => change?,
        };
        Ok(Step { document, object, change })
    }

    async fn change(
        &self,
        document: &Document,
        object: &ObjectRef,
        live: Option<Value>,
    ) -> Result<Change, ClusterError> {
        if let Some(owner) = live.as_ref().and_then(|live| owner(document, object, live)) {
            match () {
                // A namespace of another owner is used, but not taken over.
                () if *object.kind == NAMESPACE => return Ok(Change::Keep),
                () if *object.kind == API_SERVICE || !self.force => {
                    return Ok(Change::Foreign(owner));
                }
                () => {}
            }
        }
        let new_namespace = self.new_namespace;
        if live.is_none() && new_namespace.is_some() && document.namespace() == new_namespace {
            return Ok(Change::Create);
        }
        let how = Apply { dry_run: true, force: self.force };
        Ok(match (self.cluster.apply(object, document.value(), how).await, live) {
            (Err(ClusterError::Forbidden { message, .. }), _) => Change::Denied(message),
            (Err(ClusterError::Conflict { owners, .. }), _) => Change::Conflict(owners),
            // A binding to a role, or an object of a kind, that this plan creates.
            (Err(ClusterError::NotFound { .. }), None) => Change::Create,
            (Err(error), _) => return Err(error),
            (Ok(applied), _) if applied.is_new => Change::Create,
            (Ok(_), None) => {
                Change::Update("it may not be read, so its changes are unknown\n".to_owned())
            }
            (Ok(applied), Some(live)) => {
                let diff = unified_diff(&object.to_string(), Some(&live), Some(&applied.object));
                if diff.is_empty() { Change::Keep } else { Change::Update(diff) }
            }
        })
    }
}

/// An APIService that turns off the `insecureSkipTLSVerify` of the live one, which excludes a
/// caBundle. Otherwise the field is left out.
fn verifying(document: Document, object: &ObjectRef, live: Option<&Value>) -> Document {
    const FIELD: &str = "insecureSkipTLSVerify";
    if *object.kind != API_SERVICE || live.is_none_or(|live| live["spec"][FIELD] != true) {
        return document;
    }
    let mut value = document.value().clone();
    value["spec"][FIELD] = false.into();
    document.with_value(value)
}

/// The owner of a live object, if it is not this installation.
fn owner(document: &Document, object: &ObjectRef, live: &Value) -> Option<String> {
    if *object.kind == API_SERVICE {
        let [wanted, live] = [document.value(), live].map(ApiService::deserialize);
        let (wanted, live) = (wanted.ok()?, live.ok()?);
        return (live.service() != wanted.service()).then(|| live.server());
    }
    let metadata = ObjectMeta::deserialize(&live["metadata"]).unwrap_or_default();
    let is_namespace = *object.kind == NAMESPACE;
    match label(&metadata, "app.kubernetes.io/managed-by") {
        // render-hpa creates namespaces, too, for workloads; only init labels its own.
        Some("oppscale") if is_namespace => {
            let part_of = label(&metadata, "app.kubernetes.io/part-of");
            (part_of != Some("oppscale")).then(|| "its workloads".to_owned())
        }
        Some("oppscale") => None,
        Some(by) => {
            let release = annotation(&metadata, "meta.helm.sh/release-name");
            let release = release.map(|name| format!(" (release {name})")).unwrap_or_default();
            Some(format!("{by}{release}"))
        }
        None if is_namespace => Some("somebody else".to_owned()),
        // Without a label, server-side apply shows who owns which fields.
        None => None,
    }
}

/// The state of an object that is waited for.
enum State {
    Ready,
    /// Not yet; why.
    Pending(String),
    /// It will not be; why.
    Failed(String),
}

/// Waits until all pods of a Deployment are updated and available.
///
/// # Errors
/// When they are not by `end`.
pub async fn rolled_out(
    cluster: &Cluster,
    object: &ObjectRef,
    end: Instant,
    progress: &Progress,
) -> anyhow::Result<()> {
    let waited = wait(cluster, object, end, |deployment: &Deployment, _| {
        let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let status = deployment.status.clone().unwrap_or_default();
        let is_observed =
            status.observed_generation.unwrap_or(0) >= deployment.metadata.generation.unwrap_or(0);
        let updated = status.updated_replicas.unwrap_or(0);
        let available = status.available_replicas.unwrap_or(0);
        if is_observed && updated >= wanted && available >= wanted {
            return State::Ready;
        }
        progress.phase(format!("waiting for the server's pods {available}/{wanted}"));
        let conditions = status.conditions.unwrap_or_default();
        let failing = conditions.into_iter().filter(|condition| condition.status == "False");
        let why = failing.filter_map(|condition| condition.message).next_back();
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        State::Pending(format!("{available} of {wanted} pods are available{why}"))
    });
    let Err(error) = waited.await else { return Ok(()) };
    let is_timeout =
        error.downcast_ref::<Error>().is_some_and(|error| error.kind() == ErrorKind::TimedOut);
    match unready_pod(cluster, object).await.filter(|_| is_timeout) {
        Some(pod) => Err(Error::timed_out(format!("{error}\n{pod}")).hint(FIND_CAUSE).into()),
        None => Err(error),
    }
}

/// Lines of a pod's log that tell why it does not become ready.
const LOG_LINES: usize = 10;

/// The state of the container of a pod that is not ready, and the end of its log. `None` if there
/// is no such pod, or it may not be read.
async fn unready_pod(cluster: &Cluster, deployment: &ObjectRef) -> Option<String> {
    let namespace = deployment.namespace.as_deref()?;
    let selector = format!("app.kubernetes.io/instance={}", deployment.name);
    let pods: Vec<Pod> = cluster.list(&POD, Some(namespace), &selector).await.ok()?;
    let is_ready = |pod: &Pod| {
        let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
        conditions.into_iter().any(|one| one.type_ == "Ready" && one.status == "True")
    };
    let pod = pods.into_iter().find(|pod| !is_ready(pod))?;
    let name = pod.metadata.name.unwrap_or_default();
    let status = pod.status.unwrap_or_default();
    let unscheduled = status.conditions.iter().flatten().find(|one| one.status == "False");
    let unscheduled = unscheduled.and_then(|condition| condition.message.clone());
    let container = status.container_statuses.unwrap_or_default().into_iter().next();
    let waiting = container.and_then(|container| container.state?.waiting).map(|waiting| {
        let parts = [waiting.reason, waiting.message];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    });
    let mut text = format!("pod {name}");
    if let Some(why) = waiting.or(unscheduled) {
        text.push_str(&format!(": {why}"));
    }
    let operation = Operation::new(format!("read the log of pod {name}"), "");
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log?tailLines={LOG_LINES}");
    let request = ApiRequest::get(path).accept("text/plain");
    if let Ok(response) = cluster.send(&operation, &request).await
        && response.status.is_success()
    {
        let log = String::from_utf8_lossy(&response.body);
        for line in log.lines() {
            text.push_str(&format!("\n  {line}"));
        }
    }
    Some(text)
}

/// Waits until an APIService is available.
///
/// # Errors
/// When it is not by `end`, or the API server sets no condition at all.
pub async fn available(cluster: &Cluster, object: &ObjectRef, end: Instant) -> anyhow::Result<()> {
    wait(cluster, object, end, |service: &ApiService, waited| match service.available() {
        Some((true, ..)) => State::Ready,
        Some((false, reason, message)) => State::Pending(format!("{reason}: {message}")),
        None => {
            let why = "the API server sets no condition: it cannot load the caBundle".to_owned();
            if waited < NO_CONDITION_LIMIT { State::Pending(why) } else { State::Failed(why) }
        }
    })
    .await
}

async fn wait<T: DeserializeOwned>(
    cluster: &Cluster,
    object: &ObjectRef,
    end: Instant,
    state: impl Fn(&T, Duration) -> State,
) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let state = match cluster.read(object).await? {
            Some(live) => state(&live, start.elapsed()),
            None => State::Pending("it does not exist".to_owned()),
        };
        let why = match state {
            State::Ready => return Ok(()),
            State::Pending(_) if Instant::now() < end => {
                sleep(POLL_INTERVAL.min(end - Instant::now())).await;
                continue;
            }
            State::Pending(why) | State::Failed(why) => why,
        };
        let seconds = start.elapsed().as_secs();
        let text = format!("{object} was not ready within {seconds} s: {why}");
        return Err(Error::timed_out(text).hint(FIND_CAUSE).into());
    }
}
