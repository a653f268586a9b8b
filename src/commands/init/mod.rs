//! `oppscale init`: sets a cluster up, after it has shown a plan, and verifies the result.

mod args;
mod export;
mod grant;
mod plan;

use std::time::Duration;

use crate::checks::{self, CheckContext, CheckTarget};
use crate::commands::journal::Journal;
use crate::exit::Exit;
use crate::manifest::Templates;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::findings;
use crate::setup::config::{InstallConfig, Pipeline};
use crate::setup::permissions::RequiredPermissions;
use crate::setup::server_pod::Installed;
use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::check::{Category, CheckId, Finding};
use oppscale_core::error::{Error, ErrorKind};
use oppscale_core::units::plural;

use crate::commands::prompt::{can_ask, confirm};
use crate::commands::shutdown::Interruption;
use args::DryRunArg;
pub use args::InitArgs;
use grant::{TemporaryGrant, report_missing};
use plan::{Denied, Plan};

/// Time limit of the verification: a new APIService takes a moment to answer.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(30);

/// Sets a cluster up.
///
/// # Errors
/// When something is missing, has another owner, or is not ready in time.
pub async fn run(args: InitArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let mut interruption = Interruption::new()?;
    let grant = TemporaryGrant::default();
    let outcome = interruption.ends(install(args, &grant, printer)).await;
    // A signal during this ends it, which is said.
    let revoked = interruption.ends(async { grant.revoke(printer).await.map(|()| Exit::Ok) }).await;
    // The first error is the one to report.
    match (outcome, revoked) {
        (Ok(_), Err(error)) => Err(error),
        (Ok(Exit::Ok), Ok(exit)) => Ok(exit),
        (outcome, _) => outcome,
    }
}

async fn install(
    args: InitArgs,
    grant: &TemporaryGrant,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let applies = args.output_dir.is_none() && args.dry_run.is_none();
    let asks_cluster = args.output_dir.is_none() && args.dry_run != Some(DryRunArg::Client);
    let interactive = applies && !args.yes && can_ask();
    let Some(args) = args.completed(interactive).await? else {
        printer.note("nothing was changed");
        return Ok(Exit::Interrupted);
    };
    let cluster = match asks_cluster {
        true => Some(args.cluster.connect().await),
        false => None,
    };
    let known = match &cluster {
        Some(Ok(cluster)) => args.installed(cluster).await,
        _ => Ok(None),
    };
    let is_new = matches!(known, Ok(None));
    // What is wrong with the flags is said before what is wrong with the connection. Only the image
    // may be missing because the installation could not be read.
    let (known, unread) = match known {
        Ok(known) => (known.unwrap_or_default(), None),
        Err(error) => {
            (Installed { image: Some("unread".to_owned()), ..Installed::default() }, Some(error))
        }
    };
    let mut config = args.config(known)?;
    if let Some(distribution) = args.distribution.filter(|_| is_new) {
        args.adapt(&mut config, distribution);
    }
    if args.output_dir.is_some() {
        return export::run(&args, &config, printer);
    }
    if args.with.iter().any(|what| !what.is_object()) {
        return Err(Error::usage("--with writes Helm values for a chart, which are files")
            .hint("add --output-dir DIR; the charts themselves are installed with helm")
            .into());
    }
    let templates = Templates::new(None)?;
    if args.dry_run == Some(DryRunArg::Client) {
        return client_dry_run(&config, &templates, printer);
    }
    let cluster = match cluster {
        Some(cluster) => cluster?,
        None => args.cluster.connect().await?,
    };
    let mut context = CheckContext::new(&cluster, target(&args, &config, false));
    let progress = Progress::new(printer.shows_progress());
    let checks = checks_of(&[Category::Connection, Category::Aggregation]);
    let report = checks::run(&mut context, &checks, None, &progress).await;
    progress.finish();
    printer.explanation(&findings::short(&report.findings, printer));
    if let Some(finding) = stopper(&report.findings) {
        printer.note("nothing was changed");
        return Err(stopped(finding, context.error.unwrap_or(ErrorKind::Failure)).into());
    }
    if is_new {
        args.adapt(&mut config, context.distribution);
    }
    let may_not_read = match unread {
        Some(ClusterError::Forbidden { .. }) => true,
        Some(error) => {
            printer.note("nothing was changed");
            return Err(error.into());
        }
        None => false,
    };
    let mut journal = Journal::new(printer, 0);
    let required = RequiredPermissions::of(&config, &templates)?;
    let granted = grant.make(&args, &config.namespace, &required, &cluster, &mut journal);
    if let Some(exit) = granted.await? {
        return Ok(exit);
    }
    if may_not_read {
        // The grant may have changed that.
        let known = match args.installed(&cluster).await {
            Err(ClusterError::Forbidden { message, .. }) => {
                let denied = [Denied { message, namespace: Some(config.namespace) }];
                return report_missing(&args, &cluster, &required, &denied, printer).await;
            }
            known => known?,
        };
        let is_new = known.is_none();
        config = args.config(known.unwrap_or_default())?;
        if is_new {
            args.adapt(&mut config, context.distribution);
        }
    }
    if config.is_scraped() {
        (config.monitor_labels, config.rule_labels) = checks::wanted_labels(&mut context).await;
    }
    let run = Run { args: &args, config: &config, cluster: &cluster, printer };
    let outcome = run.apply(&templates, context.now, &mut journal).await;
    // Before the verification, which takes no grant; `run` takes it back if this fails.
    if outcome.is_ok() {
        grant.revoke(printer).await?;
    }
    let changed = match outcome? {
        Applied::Ended(exit) => return Ok(exit),
        Applied::Changes(count) => count,
    };
    journal.close();
    if args.no_wait {
        printer.note(
            "pods were not waited for: oppscale check --wait verifies them, and oppscale init then\n\
             registers the API",
        );
        return Ok(Exit::Ok);
    }
    verify(&args, &config, &cluster, changed, printer).await
}

/// A run on a cluster.
struct Run<'a> {
    args: &'a InitArgs,
    config: &'a InstallConfig,
    cluster: &'a Cluster,
    printer: &'a Printer,
}

/// The result of a run.
enum Applied {
    /// It ended early: refused, declined, or a dry run.
    Ended(Exit),
    /// The number of changes.
    Changes(usize),
}

impl Run<'_> {
    /// Plans, asks once, applies the plan.
    async fn apply(
        &self,
        templates: &Templates,
        now: i64,
        journal: &mut Journal<'_>,
    ) -> anyhow::Result<Applied> {
        let Self { args, config, cluster, printer } = *self;
        let progress = Progress::new(printer.shows_progress());
        progress.phase("planning");
        let plan = Plan::make(args, config, templates, cluster, now).await;
        progress.finish();
        let plan = plan?;
        if let Some(exit) = plan.refused(args, cluster, printer).await? {
            return Ok(Applied::Ended(exit));
        }
        printer.data(&plan.text(printer))?;
        for note in plan.notes() {
            printer.note(note);
        }
        let pending = plan.pending();
        if args.dry_run.is_some() {
            journal.close();
            return Ok(Applied::Ended(Exit::Ok));
        }
        if pending > 0 && !args.yes {
            if !can_ask() {
                return Err(Error::usage(format!(
                    "{} to confirm, and there is no terminal",
                    plural(pending, "change")
                ))
                .hint("--yes makes them without asking, --dry-run=server only shows them")
                .into());
            }
            let question = match pending {
                1 => "Make this change?".to_owned(),
                _ => format!("Make these {pending} changes?"),
            };
            match confirm(&question).await? {
                Some(true) => {}
                Some(false) => return Ok(Applied::Ended(Exit::Finding)),
                None => return Ok(Applied::Ended(Exit::Interrupted)),
            }
        }
        journal.plan(pending);
        // A finished progress line is not drawn again.
        let progress = Progress::new(printer.shows_progress());
        plan.carry_out(args, cluster, journal, &progress, printer).await?;
        Ok(Applied::Changes(pending))
    }
}

fn target(args: &InitArgs, config: &InstallConfig, installed: bool) -> CheckTarget {
    CheckTarget {
        namespace: config.namespace.clone(),
        service: config.service.clone(),
        secret: config.secret.clone(),
        distribution: args.distribution,
        manifests: Vec::new(),
        installed,
    }
}

fn checks_of(categories: &[Category]) -> Vec<CheckId> {
    categories.iter().flat_map(|category| category.checks()).collect()
}

/// A failure that makes an installation pointless.
fn stopper(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| {
        let blocks = finding.check.is_fatal() || finding.check == CheckId::FrontProxyCaPublished;
        blocks && finding.is_failed()
    })
}

fn stopped(finding: &Finding, kind: ErrorKind) -> Error {
    let text = finding.outcome.text().unwrap_or_default();
    Error::new(kind, format!("{}: {text}", finding.check))
}

fn client_dry_run(
    config: &InstallConfig,
    templates: &Templates,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let mut text = String::new();
    for document in config.render_new(templates)? {
        text.push_str(&format!("apply  {}\n", document.key()));
    }
    printer.data(&text)?;
    Ok(Exit::Ok)
}

/// Verifies the installation with the checks that an HPA depends on.
async fn verify(
    args: &InitArgs,
    config: &InstallConfig,
    cluster: &Cluster,
    changed: usize,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let mut text = match changed {
        0 => "nothing to change\n".to_owned(),
        count => format!("{} made\n", plural(count, "change")),
    };
    let categories = match config.pipeline {
        Pipeline::Native => vec![Category::Connection, Category::Certificates, Category::Server],
        Pipeline::Prometheus => vec![Category::Connection, Category::Prometheus, Category::Server],
        Pipeline::Keda => vec![Category::Connection, Category::Server],
    };
    let mut context = CheckContext::new(cluster, target(args, config, true));
    let progress = Progress::new(printer.shows_progress());
    // Selectors do not change by waiting, and pods were waited for.
    let timeout = config.serves().then_some(VERIFY_TIMEOUT);
    let report = checks::run(&mut context, &checks_of(&categories), timeout, &progress).await;
    progress.finish();
    text.push_str(&findings::short(&report.findings, printer));
    printer.data(&text)?;
    if report.summary().failed > 0 {
        return Ok(Exit::Finding);
    }
    if changed > 0 {
        printer.note(&next_steps(config));
    }
    Ok(Exit::Ok)
}

fn next_steps(config: &InstallConfig) -> String {
    let reserve = &config.reserve;
    let rendered = format!("oppscale render-hpa --workload FILE --reserve {reserve}");
    // Only the external API answers then.
    let pipeline = if config.custom { "" } else { " --pipeline external" };
    match config.pipeline {
        Pipeline::Native => {
            format!("the API answers; next, render the filler:\n{rendered}{pipeline}")
        }
        Pipeline::Prometheus => format!(
            "Prometheus scrapes the server; next, render the filler:\n\
             {rendered} --pipeline prometheus"
        ),
        Pipeline::Keda => format!(
            "KEDA reads http://{0}.{1}:8080/metrics; next, render the filler:\n\
             {rendered} --pipeline keda --metrics-url http://{0}.{1}:8080/metrics",
            config.service, config.namespace
        ),
    }
}
