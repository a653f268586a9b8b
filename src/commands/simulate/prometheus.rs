//! The load of an application, read from Prometheus.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use hpa_model::application::Demand;
use hyper::{HeaderMap, Method};
use oppscale_core::error::Error;
use oppscale_core::kinds::percent_encode;

use crate::load::{Client, Failure, Plan, Rate};
use crate::scenario::{self, SourceFile};

/// Most points of an answer: Prometheus refuses more than 11,000.
const MAX_POINTS: u64 = 10_000;
/// Shortest step between two points, seconds: the usual scrape interval.
const SHORTEST_STEP: u64 = 15;
/// Longest wait for the answer by default.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait where there is no limit.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// The load that an expression had over the time until now.
///
/// # Errors
/// When Prometheus cannot be reached, refuses the expression, or answers with no or several series.
pub(super) async fn load(
    url: &str,
    query: &str,
    since: Duration,
    timeout: Option<Duration>,
) -> anyhow::Result<Demand> {
    let timeout = match timeout {
        Some(Duration::ZERO) => FOREVER,
        timeout => timeout.unwrap_or(TIMEOUT),
    };
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let start = end.saturating_sub(since.as_secs());
    let step = since.as_secs().div_ceil(MAX_POINTS).max(SHORTEST_STEP);
    let base = url.trim_end_matches('/');
    let address = format!(
        "{base}/api/v1/query_range?query={}&start={start}&end={end}&step={step}",
        percent_encode(query)
    );
    let plan = Plan {
        url: Plan::url(&address).map_err(|error| Error::usage(format!("--prometheus: {error}")))?,
        method: Method::GET,
        headers: HeaderMap::new(),
        body: String::new(),
        rate: Rate::ONE,
        duration: timeout,
        timeout,
        keep_alive: false,
        most_under_way: 1,
    };
    let (exchange, body) = Client::new(&plan, None)?.fetch().await;
    let text = String::from_utf8_lossy(&body).into_owned();
    let status = match exchange.result {
        Ok(status) => status,
        Err((Failure::TimedOut, problem)) => bail!(
            Error::timed_out(format!("Prometheus at {base} does not answer: {problem}")).hint(
                "wait longer with --request-timeout=2m (0 waits for ever), or ask for less with \
                 --since"
            )
        ),
        Err((_, problem)) => {
            bail!(Error::failure(format!("Prometheus at {base} does not answer: {problem}")))
        }
    };
    // An expression that is refused comes with Prometheus' reason, whatever the status.
    let is_answer = text.trim_start().starts_with('{');
    if !is_answer {
        bail!(Error::failure(format!("Prometheus at {base} answered {status}")).hint(
            "--prometheus takes the address of Prometheus itself, such as http://localhost:9090"
        ));
    }
    let source = SourceFile::new(format!("the answer of {base}"), text);
    Ok(Demand::recorded(scenario::load(&source)?))
}
