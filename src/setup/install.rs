//! Applies a plan, waits, and remembers what was done.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::printer::Printer;
use oppscale_cluster::{Action, Applied, Apply, Cluster, ClusterError};

use super::api_services::ApiService;
use super::plan::Step;

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(500);
/// So long an APIService may be without a condition: then the API server cannot load its
/// caBundle, and says so nowhere.
const SILENCE: Duration = Duration::from_secs(10);

/// What was done, said when it is dropped before its end: on Ctrl-C, and on errors.
pub struct Journal<'p> {
    printer: &'p Printer,
    done: Vec<String>,
    planned: usize,
    open: bool,
    debts: Vec<(Debt, String)>,
}

/// What must not stay as it is when a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debt {
    /// A grant of cluster-admin.
    Grant,
    /// APIs that were handed over and may not be available yet.
    Api,
}

impl<'p> Journal<'p> {
    /// Nothing was done yet of so much.
    pub fn new(printer: &'p Printer, planned: usize) -> Self {
        Self { printer, done: Vec::new(), planned, open: true, debts: Vec::new() }
    }

    /// So much is going to be done.
    pub fn plan(&mut self, count: usize) {
        self.planned = count;
    }

    /// Something was done.
    pub fn done(&mut self, what: String) {
        self.done.push(what);
    }

    /// What was done is no more.
    pub fn undone(&mut self, what: &str) {
        self.done.retain(|known| known != what);
    }

    /// From now on there is something that must not stay; what is said of it if it does.
    pub fn owe(&mut self, debt: Debt, words: String) {
        self.settle(debt);
        self.debts.push((debt, words));
    }

    /// It is no more, or as it should be.
    pub fn settle(&mut self, debt: Debt) {
        self.debts.retain(|(known, _)| *known != debt);
    }

    /// All was done.
    pub fn close(&mut self) {
        self.open = false;
    }
}

impl Drop for Journal<'_> {
    fn drop(&mut self) {
        match self.done.len() {
            _ if !self.open => {}
            0 => self.printer.note("nothing was changed"),
            count => self.printer.note(&format!(
                "{count} of {} changes were made:\n{}\nrun it again to finish: what is done is kept",
                self.planned,
                self.done.join("\n")
            )),
        }
        for (_, words) in &self.debts {
            self.printer.warn(words);
        }
    }
}

/// Why an installation stopped.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The server refuses or fails.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Somebody took fields since the plan was made.
    #[error("{object} belongs to somebody else by now: {owners}")]
    Owned {
        /// Kind and name.
        object: String,
        /// Who and which.
        owners: String,
    },
    /// It did not become what it should in time.
    #[error("{object} was not ready within {seconds} s: {why}")]
    NotReady {
        /// Kind and name.
        object: String,
        /// How long was waited.
        seconds: u64,
        /// What it said last.
        why: String,
    },
}

/// Applies a step.
///
/// # Errors
/// When the server refuses or fails, or somebody else owns a field.
pub async fn apply(cluster: &Cluster, step: &Step, force: bool) -> Result<(), InstallError> {
    let name = step.name();
    let words = format!("apply {name}");
    let action = Action { words: &words, right: "--verb=create,patch" };
    let how = Apply { dry_run: false, force };
    match cluster.apply(&action, &step.path, step.document.value(), how).await? {
        Applied::Created(_) | Applied::Kept(_) => Ok(()),
        Applied::Conflict(conflicts) => {
            let owners: Vec<_> =
                conflicts.iter().map(|(who, field)| format!("{who} owns {field}")).collect();
            Err(InstallError::Owned { object: name, owners: owners.join(", ") })
        }
    }
}

/// Waits until a Deployment's pods are all new and ready.
///
/// # Errors
/// When they are not in time.
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
/// When it is not in time, or the API server says nothing about it at all.
pub async fn available(cluster: &Cluster, path: &str, end: Instant) -> Result<(), InstallError> {
    let start = Instant::now();
    let limit = end.min(start + SILENCE);
    let has_condition = Cell::new(true);
    let look = |service: &Value| {
        let service = ApiService::new(service.clone());
        let condition = service.available();
        has_condition.set(condition.is_some());
        match condition {
            Some((true, ..)) => Ok(()),
            Some((false, reason, message)) => Err(format!("{reason}: {message}")),
            None => {
                Err("the API server says nothing of it: it cannot load the caBundle".to_owned())
            }
        }
    };
    // Silence is judged sooner than a bad condition, which may get better.
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
    let words = format!("get {object}");
    let action = Action { words: &words, right: "--verb=get" };
    loop {
        let why = match cluster.find(&action, path).await? {
            Some(object) => match look(&object) {
                Ok(()) => return Ok(()),
                Err(why) => why,
            },
            None => "it is not there".to_owned(),
        };
        if Instant::now() >= end {
            let seconds = start.elapsed().as_secs();
            return Err(InstallError::NotReady { object, seconds, why });
        }
        sleep(LOOK.min(end - Instant::now())).await;
    }
}
