//! `oppscale load`: requests at a constant rate, and what came of them.

mod args;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::json;

use crate::exit::Exit;
use crate::filler::literal;
use crate::load::{self, Client, Ended, Plan, Summary, Tally};
use crate::manifest::{Templates, stream};
use crate::open_files;
use crate::printer::Printer;
use crate::progress::Meter;
use crate::render;
use oppscale_core::error::Error;
use oppscale_core::units;

use crate::commands::args::is_image;
use crate::commands::shutdown::Ending;
pub use args::LoadArgs;
use args::LoadOutput;

/// How often the line of progress tells something new.
const GLANCE: Duration = Duration::from_millis(200);
/// How often a log does, where there is no such line: in a Job.
const LINE: Duration = Duration::from_secs(10);
/// How much longer than its load a Job may take: to be scheduled and to get its image.
const JOB_SLACK: Duration = Duration::from_secs(300);

/// Sends the load, or prints the Job that does.
///
/// # Errors
/// When the command line makes no sense, the host has no address, or nothing was answered.
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
            "this process may open only so many files that {most} requests can be under way, not {}; \
             see ulimit -n",
            plan.most_under_way
        ));
    }
    let tally = Arc::new(Tally::new().context("no memory for the figures")?);
    let mut ending = Ending::new()?;
    let exit = Cell::new(None);
    let ended = {
        let told = async { exit.set(Some(ending.told().await)) };
        tokio::pin!(told);
        tokio::select! {
            found = resolve(&plan) => found?,
            () = &mut told => {
                // Nothing has been sent yet, so there is nothing to tell.
                return Ok(exit.get().unwrap_or(Exit::Interrupted));
            }
        }
        let (rate, total) = (plan.rate, plan.total());
        let span = units::duration(plan.duration);
        printer.note(&format!("{rate} for {span}: {total} requests"));
        let meter = Meter::new(printer, plan.duration);
        tokio::select! {
            ended = load::run(&plan, &client, &tally, told) => ended,
            never = tell(&tally, &meter, !printer.shows_progress()) => match never {},
        }
    };
    let summary = tally.summary();
    let is_whole = ended == Ended::Whole;
    printer.data(&match args.output.format {
        LoadOutput::Text => render::load::text(&plan, &summary, is_whole, printer),
        LoadOutput::Json => render::load::json(&plan, &summary, is_whole),
    })?;
    match exit.get() {
        Some(Exit::Interrupted) => Ok(Exit::Interrupted),
        // Kubernetes ends a pod so; what came of it counts all the same.
        _ => verdict(&args, &plan, &summary),
    }
}

/// Whether it went well.
fn verdict(args: &LoadArgs, plan: &Plan, summary: &Summary) -> anyhow::Result<Exit> {
    if summary.answered() == 0 {
        let why = summary.failures.values().map(|(_, words)| words.clone()).next();
        let why = why.unwrap_or_else(|| "it ended before there was time to".to_owned());
        return Err(anyhow::Error::msg(why).context(format!("{} answered nothing", plan.url)));
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

/// Whoever mistypes a name need not wait five minutes to be told.
async fn resolve(plan: &Plan) -> anyhow::Result<()> {
    let (host, port) = plan.server();
    match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(_) => Ok(()),
        Err(error) => bail!(Error::failure(format!("{host} has no address: {error}")).hint(
            "names of Services are known within the cluster only: there with --job IMAGE,\n\
             or from here by kubectl port-forward"
        )),
    }
}

/// Tells how it goes, until it is dropped.
async fn tell(tally: &Tally, meter: &Meter, logs: bool) -> std::convert::Infallible {
    let mut lines = 0;
    loop {
        tokio::time::sleep(GLANCE).await;
        let (answered, failed, p99) = tally.glance();
        let p99 = units::latency(p99);
        meter.tell(format!("{answered} answered, {failed} failed, p99 {p99}"));
        let due = tally.elapsed().as_secs() / LINE.as_secs();
        if logs && due > lines {
            lines = due;
            tracing::info!(answered, failed, p99, "under way");
        }
    }
}

/// The Job that does it in a cluster.
fn job(args: &LoadArgs, plan: &Plan, image: &str) -> anyhow::Result<String> {
    if !is_image(image) {
        bail!(Error::usage(format!("--job: {image:?} is no image")));
    }
    if args.certificate_authority.is_some() {
        bail!(
            Error::usage("--certificate-authority is a file of this machine, not of the Job's")
                .hint("ask http:// within the cluster, or write the Job's volume by hand")
        );
    }
    let mut words = vec![
        "load".to_owned(),
        plan.url.to_string(),
        format!("--rate={}", plan.rate.argument()),
        format!("--duration={}", units::duration(plan.duration)),
        format!("--timeout={}", units::duration(plan.timeout)),
        format!("--most-under-way={}", plan.most_under_way),
    ];
    if !plan.keep_alive {
        words.push("--no-keep-alive".to_owned());
    }
    if plan.method != hyper::Method::GET {
        words.push(format!("--method={}", plan.method));
    }
    for (name, value) in &args.headers {
        words.push(format!("--header={name}: {}", value.to_str().unwrap_or_default()));
    }
    if !plan.body.is_empty() {
        words.push(format!("--body={}", plan.body));
    }
    if let Some(most) = args.fail_above {
        words.push(format!("--fail-above={}%", f64::from(most) / 1000.0));
    }
    // Logs hold both outputs: figures for a script stand alone.
    words.push(match args.output.format {
        LoadOutput::Text => "--verbose".to_owned(),
        LoadOutput::Json => "--output=json".to_owned(),
    });
    let deadline = plan.duration + plan.timeout + JOB_SLACK;
    let context = json!({
        "name": args.name, "namespace": args.namespace, "image": image,
        "args": words.iter().map(|word| literal(word)).collect::<Vec<_>>(),
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
