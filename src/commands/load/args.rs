//! What is typed after `oppscale load`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method};

use crate::load::{Plan, PlanError, Rate};
use oppscale_core::error::Error;
use oppscale_core::units::{parse_duration, parse_percent, time_limit};

use crate::commands::args::OutputArgs;

/// A run that is longer has been mistyped.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Arguments of `oppscale load`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale load http://127.0.0.1:8080            the article's: 10 a second, 5m
  oppscale load URL --rate 2000 --duration 30s -o json
  oppscale load http://sample-app.sample-app:8080 --job IMAGE |
    kubectl apply --server-side -f -             the same, within a cluster

Requests are sent when they are due, however slow the answers are, and latency
counts from then. Ctrl-C ends it with the figures so far.

Exit codes: 0 done, or ended by SIGTERM; 1 nothing was answered, or --fail-above
was crossed; 2 usage; 130 interrupted by Ctrl-C")]
pub struct LoadArgs {
    /// What to ask; http:// may be left out
    #[arg(value_name = "URL")]
    pub url: String,
    /// Requests a second; or a minute, as in 30/m
    #[arg(long, value_name = "RATE", default_value = "10")]
    pub rate: Rate,
    /// For how long
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub duration: Duration,
    /// The longest that one answer may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// How to ask
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    pub method: Method,
    /// A header; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What to send with each request
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub body: String,
    /// Use a new connection for each request; behind a Service, one that is kept
    /// leads to one pod
    #[arg(long)]
    pub no_keep_alive: bool,
    /// Requests that may be under way at once; one beyond them is a failure
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub most_under_way: u16,
    /// Authorities to trust for https, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// End with exit code 1 when more than this share failed or was answered with
    /// a status of 400 and above
    #[arg(long, value_name = "PERCENT", value_parser = parse_share)]
    pub fail_above: Option<u32>,
    /// Output format
    #[command(flatten)]
    pub output: OutputArgs<LoadOutput>,
    /// Instead, print the Job that does this in a cluster, with this image
    #[arg(long, value_name = "IMAGE", help_heading = JOB)]
    pub job: Option<String>,
    /// What the Job is called
    #[arg(long, value_name = "NAME", default_value = "load", requires = "job", help_heading = JOB)]
    pub name: String,
    /// Where the Job runs
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default", requires = "job", help_heading = JOB)]
    pub namespace: String,
}

/// The heading of what is about a Job.
const JOB: &str = "In a cluster";

/// How figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LoadOutput {
    /// For people
    #[default]
    Text,
    /// One object
    Json,
}

impl LoadArgs {
    /// What is to be sent.
    ///
    /// # Errors
    /// When the URL or a time makes no sense.
    pub fn plan(&self) -> Result<Plan, Error> {
        let url = Plan::url(&self.url).map_err(|error| {
            let said = Error::usage(error.to_string());
            match error {
                PlanError::User => said,
                _ => said.hint("such as http://HOST:PORT/PATH"),
            }
        })?;
        let duration =
            time_limit(self.duration).filter(|duration| *duration <= LONGEST).ok_or_else(|| {
                Error::usage("--duration must be more than 0 and at most 24h")
                    .hint("a load that never ends is a Deployment's business, not this command's")
            })?;
        let timeout = time_limit(self.timeout)
            .filter(|timeout| *timeout <= LONGEST / 24)
            .ok_or_else(|| Error::usage("--timeout must be more than 0 and at most 1h"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            // What the body is decides these.
            if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
                return Err(Error::usage(format!("--header {name}: it is written by itself")));
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
