//! Runs the categories in order, again and again where that is wished for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::progress::Progress;
use oppscale_core::check::{Category, Finding, Outcome, Summary};

use super::doctor::{Doctor, Found};

/// From one look to the next, where something is waited for.
const STEP: Duration = Duration::from_secs(2);

/// How long to wait for what is not right yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patience {
    /// One deadline for all of it; `None` looks once.
    pub limit: Option<Duration>,
}

/// What was found.
#[derive(Debug)]
pub struct Verdicts {
    /// By category, in order.
    pub findings: Vec<Finding>,
    /// Whether waiting was of no use.
    pub timed_out: bool,
}

impl Verdicts {
    /// How many of each.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.findings)
    }
}

/// Examines a cluster. What failed is looked at again until the deadline; what passed is not.
pub async fn examine(
    doctor: &mut Doctor<'_>,
    categories: &[Category],
    patience: Patience,
    progress: &Progress,
) -> Verdicts {
    let end = patience.limit.map(|limit| Instant::now() + limit);
    let mut findings = Vec::new();
    let mut timed_out = false;
    for category in Category::ALL.into_iter().filter(|one| categories.contains(one)) {
        progress.phase(category.name());
        let found = loop {
            let found = one(doctor, category).await;
            let failed = found.0.iter().any(|f| matches!(f.outcome, Outcome::Failed(_)));
            match end {
                Some(end) if failed && Instant::now() < end => {
                    sleep(STEP.min(end - Instant::now())).await;
                    doctor.blink();
                }
                Some(_) if failed => {
                    timed_out = true;
                    break found;
                }
                _ => break found,
            }
        };
        let is_fatal = found.is_fatal();
        findings.extend(found.0);
        if is_fatal {
            break;
        }
    }
    Verdicts { findings, timed_out }
}

async fn one(doctor: &mut Doctor<'_>, category: Category) -> Found {
    let mut found = Found::default();
    let to = &mut found;
    match category {
        Category::Connection => super::connection::check(doctor, to).await,
        Category::Rights => super::rights::check(doctor, to).await,
        Category::Aggregation => super::aggregation::check(doctor, to).await,
        Category::MetricsServer => super::metrics_server::check(doctor, to).await,
        Category::Prometheus => super::prometheus::check(doctor, to).await,
        Category::Owners => super::owners::check(doctor, to).await,
        Category::Certificates => super::certificates::check(doctor, to).await,
        Category::Server => super::server::check(doctor, to).await,
        Category::Capacity => super::capacity::check(doctor, to).await,
        Category::Autoscaling => super::autoscaling::check(doctor, to).await,
        Category::Nodes => super::nodes::check(doctor, to).await,
        Category::Leftovers => super::leftovers::check(doctor, to).await,
    }
    found
}
