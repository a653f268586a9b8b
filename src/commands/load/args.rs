//! The arguments of `oppscale load`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method};

use crate::load::{Plan, PlanError, Rate};
use oppscale_core::error::Error;
use oppscale_core::kinds;
use oppscale_core::units::{parse_duration, parse_percent, time_limit};

use crate::commands::args::OutputArgs;
use crate::completion::Values;

/// Longest duration; a longer one is a typo.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Arguments of `oppscale load`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale load http://127.0.0.1:8080            the article's: 10 a second, 5m
  oppscale load URL --rate 2000 --duration 30s -o json
  oppscale load http://sample-app.sample-app:8080 --job IMAGE |
    kubectl apply --server-side -f -             the same, inside a cluster

Requests are sent when they are due, however slow the responses are, and latency
counts from then. Ctrl-C stops the load and prints the results so far.

Exit codes: 0 done, or stopped by SIGTERM; 1 no response at all, or --fail-above
exceeded; 2 usage; 130 interrupted by Ctrl-C")]
pub struct LoadArgs {
    /// Target URL; http:// may be omitted
    #[arg(value_name = "URL")]
    pub url: String,
    /// Request rate per second, or per minute as in 30/m
    #[arg(long, value_name = "RATE", default_value = "10")]
    pub rate: Rate,
    /// Test duration
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub duration: Duration,
    /// Longest wait for one response
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// HTTP method
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    pub method: Method,
    /// Request header; repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Request body
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub body: String,
    /// Open a new connection for each request; behind a Service, a kept connection
    /// always leads to the same pod
    #[arg(long)]
    pub no_keep_alive: bool,
    /// Maximum number of concurrent requests; a request beyond it fails
    #[arg(
        long = "max-concurrent",
        alias = "most-under-way",
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub most_under_way: u16,
    /// CA certificates to trust for https, in PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Exit with 1 if more than this share of requests failed or got a status of 400
    /// or above
    #[arg(long, value_name = "PERCENT", value_parser = parse_share)]
    pub fail_above: Option<u32>,
    /// Output format
    #[command(flatten)]
    pub output: OutputArgs<LoadOutput>,
    /// Print a Job that runs this load in a cluster with this image, and send nothing
    #[arg(long, value_name = "IMAGE", help_heading = JOB)]
    pub job: Option<String>,
    /// Name of the Job
    #[arg(long, value_name = "NAME", default_value = "load", requires = "job", help_heading = JOB)]
    pub name: String,
    /// Namespace of the Job
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default", add = Values::Names(&kinds::NAMESPACE), requires = "job", help_heading = JOB)]
    pub namespace: String,
}

/// Heading of the options of `--job`.
const JOB: &str = "In a cluster";

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LoadOutput {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
}

impl LoadArgs {
    /// The load to send.
    ///
    /// # Errors
    /// When the URL or a duration is out of range.
    pub fn plan(&self) -> Result<Plan, Error> {
        let url = Plan::url(&self.url).map_err(|error| {
            let usage = Error::usage(error.to_string());
            match error {
                PlanError::User => usage,
                _ => usage.hint("such as http://HOST:PORT/PATH"),
            }
        })?;
        let duration =
            time_limit(self.duration).filter(|duration| *duration <= LONGEST).ok_or_else(|| {
                Error::usage("--duration must be more than 0 and at most 24h")
                    .hint("for a load without end, run a Deployment")
            })?;
        let timeout = time_limit(self.timeout)
            .filter(|timeout| *timeout <= LONGEST / 24)
            .ok_or_else(|| Error::usage("--timeout must be more than 0 and at most 1h"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            // The client sets these from the body.
            if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
                return Err(Error::usage(format!("--header {name}: is set from the body")));
            }
            headers.append(name, value.clone());
        }
        Ok(Plan {
            url,
            method: self.method.clone(),
            headers,
            body: self.body.clone(),
            rate: self.rate,
            duration,
            timeout,
            keep_alive: !self.no_keep_alive,
            most_under_way: self.most_under_way.into(),
        })
    }
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let error = || "expected a header such as 'Accept: text/plain'".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(error)?;
    let name = name.trim().parse().map_err(|_| error())?;
    let value = value.trim().parse().map_err(|_| error())?;
    Ok((name, value))
}

/// Parses a share such as `1%`, in thousandths of a percent.
fn parse_share(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let share = parse_percent(number).ok_or("expected a share between 0% and 100%, such as 1%")?;
    Ok(u32::try_from(share / 10_000).unwrap_or(u32::MAX))
}
