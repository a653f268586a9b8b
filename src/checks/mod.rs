//! The engine of checks: finds what works and what fails in a cluster, with the fix for each.
//!
//! Each category has its file; those of HPAs in manifests (`manifest_hpas.rs`), of the usage basis
//! (`usage_basis.rs`) and of running flags stand beside them. A check reads objects through
//! [`CheckContext::read`], which requests each once and distinguishes absent, forbidden and
//! unreadable ones. The nodes and pods are read once, too, for all checks of a run. A check that
//! cannot read what it needs is unknown, never failed.

mod aggregation;
mod autoscaling;
mod capacity;
mod certificates;
mod connection;
mod context;
mod leftovers;
mod manifest_hpas;
mod metrics_server;
mod node_autoscaler;
mod owners;
mod permissions;
mod prometheus;
mod running_flags;
mod server;
mod usage_basis;

use std::time::Duration;

use tokio::time::{Instant, sleep};

use oppscale_cluster::ReadProgress;
use oppscale_core::check::{Category, CheckId, Finding, Summary};

pub use context::{CheckContext, CheckTarget};
pub use leftovers::check_manifests;
pub use manifest_hpas::judge_manifests;
pub use owners::{Owner, alternative, owner_of};
pub use prometheus::wanted_labels;

/// Time between two runs of a category that is waited for.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// The findings of a run.
#[derive(Debug)]
pub struct CheckReport {
    /// The findings, by category.
    pub findings: Vec<Finding>,
    /// Whether something still failed when the time was up.
    pub timed_out: bool,
}

impl CheckReport {
    /// Counts the findings.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.findings)
    }
}

/// Runs `checks`, category by category. A category with failures is checked again until
/// `timeout`, which is one for all of them; without one it is checked once.
pub async fn run(
    context: &mut CheckContext<'_>,
    checks: &[CheckId],
    timeout: Option<Duration>,
    progress: &impl ReadProgress,
) -> CheckReport {
    let end = timeout.map(|timeout| Instant::now() + timeout);
    context.judges_hpas = checks.contains(&CheckId::HpaStable);
    let mut report = CheckReport { findings: Vec::new(), timed_out: false };
    for category in Category::ALL.iter().copied() {
        if !checks.iter().any(|check| check.category() == category) {
            continue;
        }
        progress.phase(category.name());
        let found = loop {
            let mut found = check(context, category).await;
            found.retain(|finding| checks.contains(&finding.check));
            let failed = found.iter().any(Finding::is_failed);
            match end {
                Some(end) if failed && Instant::now() < end => {
                    sleep(RETRY_INTERVAL.min(end - Instant::now())).await;
                    context.clear_cache();
                }
                _ => {
                    report.timed_out |= failed && end.is_some();
                    break found;
                }
            }
        };
        let is_fatal = found.iter().any(|finding| finding.check.is_fatal() && finding.is_failed());
        report.findings.extend(found);
        if is_fatal {
            break;
        }
    }
    report
}

async fn check(context: &mut CheckContext<'_>, category: Category) -> Vec<Finding> {
    match category {
        Category::Connection => connection::check(context).await,
        Category::Permissions => permissions::check(context).await,
        Category::Aggregation => aggregation::check(context).await,
        Category::MetricsServer => metrics_server::check(context).await,
        Category::Prometheus => prometheus::check(context).await,
        Category::Owners => owners::check(context).await,
        Category::Certificates => certificates::check(context).await,
        Category::Server => server::check(context).await,
        Category::Capacity => capacity::check(context).await,
        Category::Autoscaling => autoscaling::check(context).await,
        Category::NodeAutoscaler => node_autoscaler::check(context).await,
        Category::Leftovers => leftovers::check(context).await,
    }
}
