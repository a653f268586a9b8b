//! `oppscale load`: sends requests at a constant rate and reports the results.

mod args;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::json;

use crate::exit::Exit;
use crate::filler::literal;
use crate::load::{self, Client, Plan, Summary, Tally};
use crate::manifest::{Templates, stream};
use crate::open_files;
use crate::printer::Printer;
use crate::progress::Meter;
use crate::render;
use oppscale_core::error::Error;
use oppscale_core::units;

use crate::commands::args::is_image;
use crate::commands::shutdown::Shutdown;
pub use args::LoadArgs;
use args::LoadOutput;

/// Refresh interval of the progress line.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);
/// Interval of log lines where there is no progress line, as in a Job.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Time for a Job to be scheduled and to pull its image.
const JOB_SLACK: Duration = Duration::from_secs(300);

/// Sends the load, or prints the Job that does.
///
/// # Errors
/// When the command line makes no sense, the host has no address, or there was no response.
pub async fn run(args: LoadArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let plan = args.plan()?;
    if let Some(image) = &args.job {
        printer.data(&job(&args, &plan, image)?)?;
        return Ok(Exit::Ok);
    }
    let client = client(&args, &plan)?;
    let most = open_files::connections(1, plan.most_under_way);
    if most < plan.most_under_way {
        printer.warn(&format!(
            "the limit of open files allows {most} concurrent requests, not {}; see ulimit -n",
            plan.most_under_way
        ));
    }
    let tally = Arc::new(Tally::new().context("no memory for the figures")?);
    let mut shutdown = Shutdown::new()?;
    let exit = Cell::new(None);
    let is_interrupted = {
        let stop = async { exit.set(Some(shutdown.requested().await)) };
        tokio::pin!(stop);
        tokio::select! {
            found = resolve(&plan) => found?,
            () = &mut stop => {
                // Nothing has been sent yet.
                return Ok(exit.get().unwrap_or(Exit::Interrupted));
            }
        }
        let (rate, total) = (plan.rate, plan.total());
        let span = units::duration(plan.duration);
        printer
            .note(&format!("{rate} for {span}: {}", units::counted(&total.to_string(), "request")));
        let meter = Meter::new(printer, plan.duration);
        tokio::select! {
            ended = load::run(&plan, &client, &tally, stop) => ended,
            never = report_progress(&tally, &meter, !printer.shows_progress()) => match never {},
        }
    };
    let summary = tally.summary();
    printer.data(&match args.output.format {
        LoadOutput::Text => render::load::text(&plan, &summary, !is_interrupted, printer),
        LoadOutput::Json => render::load::json(&plan, &summary, !is_interrupted),
    })?;
    match exit.get() {
        Some(Exit::Interrupted) => Ok(Exit::Interrupted),
        // SIGTERM is how Kubernetes ends a pod: the results count.
        _ => verdict(&args, &plan, &summary),
    }
}

/// The exit code for the results.
fn verdict(args: &LoadArgs, plan: &Plan, summary: &Summary) -> anyhow::Result<Exit> {
    if summary.answered() == 0 {
        let why = summary.failures.values().map(|(_, message)| message.clone()).next();
        let why = why.unwrap_or_else(|| "stopped before the first response".to_owned());
        return Err(anyhow::Error::msg(why).context(format!("no response from {}", plan.url)));
    }
    let all = summary.answered() + summary.failed();
    let bad = summary.failed() + summary.refused();
    let is_above = args.fail_above.is_some_and(|most| bad * 100_000 > u64::from(most) * all);
    Ok(if is_above { Exit::Finding } else { Exit::Ok })
}

fn client(args: &LoadArgs, plan: &Plan) -> anyhow::Result<Client> {
    let Some(file) = &args.certificate_authority else { return Ok(Client::new(plan, None)?) };
    let name = file.display().to_string();
    let pem = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
    Ok(Client::new(plan, Some((&name, &pem)))?)
}

/// Fails fast on an unresolvable host.
async fn resolve(plan: &Plan) -> anyhow::Result<()> {
    let (host, port) = plan.server();
    match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(_) => Ok(()),
        Err(error) => bail!(Error::failure(format!("{host} has no address: {error}")).hint(
            "names of Services resolve only in the cluster: run the load there with --job IMAGE,\n\
             or use kubectl port-forward"
        )),
    }
}

/// Shows and logs progress until it is dropped.
async fn report_progress(tally: &Tally, meter: &Meter, logs: bool) -> std::convert::Infallible {
    let mut lines = 0;
    loop {
        tokio::time::sleep(PROGRESS_INTERVAL).await;
        let (answered, failed, p99) = tally.progress();
        let p99 = units::latency(p99);
        meter.update(format!("{answered} answered, {failed} failed, p99 {p99}"));
        let due = tally.elapsed().as_secs() / LOG_INTERVAL.as_secs();
        if logs && due > lines {
            lines = due;
            tracing::info!(answered, failed, p99, "under way");
        }
    }
}

/// The manifest of a Job that sends the load in a cluster.
fn job(args: &LoadArgs, plan: &Plan, image: &str) -> anyhow::Result<String> {
    if !is_image(image) {
        bail!(Error::usage(format!("--job: {image:?} is not an image")));
    }
    if args.certificate_authority.is_some() {
        bail!(
            Error::usage("--certificate-authority is a local file, which the Job cannot read")
                .hint("use http:// within the cluster, or add a volume to the Job")
        );
    }
    let mut arguments = vec![
        "load".to_owned(),
        plan.url.to_string(),
        format!("--rate={}", plan.rate.argument()),
        format!("--duration={}", units::duration(plan.duration)),
        format!("--timeout={}", units::duration(plan.timeout)),
        format!("--max-concurrent={}", plan.most_under_way),
    ];
    if !plan.keep_alive {
        arguments.push("--no-keep-alive".to_owned());
    }
    if plan.method != hyper::Method::GET {
        arguments.push(format!("--method={}", plan.method));
    }
    for (name, value) in &args.headers {
        arguments.push(format!("--header={name}: {}", value.to_str().unwrap_or_default()));
    }
    if !plan.body.is_empty() {
        arguments.push(format!("--body={}", plan.body));
    }
    if let Some(most) = args.fail_above {
        arguments.push(format!("--fail-above={}%", f64::from(most) / 1000.0));
    }
    // Logs mix both outputs, so JSON comes without log lines.
    arguments.push(match args.output.format {
        LoadOutput::Text => "--verbose".to_owned(),
        LoadOutput::Json => "--output=json".to_owned(),
    });
    let deadline = plan.duration + plan.timeout + JOB_SLACK;
    let context = json!({
        "name": args.name, "namespace": args.namespace, "image": image,
        "args": arguments.iter().map(|argument| literal(argument)).collect::<Vec<_>>(),
        "deadline_seconds": deadline.as_secs(),
    });
    let documents = Templates::new(None)?.render("load-job.yaml", &context)?;
    for document in &documents {
        document.check()?;
    }
    let issues = crate::manifest::lint::lint(&documents);
    if let Some(issue) = issues.first() {
        bail!(Error::usage(issue.to_string()));
    }
    Ok(stream(&documents))
}
