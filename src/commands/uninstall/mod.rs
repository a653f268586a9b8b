//! `oppscale uninstall`: deletes what `init` installed, the API first.

mod plan;

use std::fmt::Write as _;

use clap::Args;

use crate::commands::args::ClusterArgs;
use crate::commands::journal::Journal;
use crate::completion::Values;
use crate::exit::Exit;
use crate::printer::{Printer, Style};
use crate::setup::permissions::{self, Rule};
use oppscale_cluster::Cluster;
use oppscale_core::error::Error;

use crate::commands::prompt::{can_ask, confirm};
use oppscale_core::kinds::{self, ObjectRef};
use oppscale_core::units::plural;
use plan::UninstallPlan;

/// Arguments of `oppscale uninstall`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale uninstall               shows its plan, asks once
  oppscale uninstall --yes
  oppscale uninstall --dry-run     only the plan

The APIServices go first: one whose server is gone keeps every namespace of the
cluster from being deleted. Only what carries oppscale's labels is touched, and
the namespace is kept where somebody else lives in it. Workloads go on running;
their HPAs hold them where they are.")]
pub struct UninstallArgs {
    /// Namespace of the metrics server
    #[arg(short, long, value_name = "NAME", default_value = "oppscale", add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: String,
    /// Name of Service, Deployment and ServiceAccount
    #[arg(long, value_name = "NAME", default_value = "oppscale")]
    pub service: String,
    /// Keep the namespace
    #[arg(long)]
    pub keep_namespace: bool,
    /// Also delete the HPAs and ScaledObjects that render-hpa created, and the
    /// opportunistic workloads that they scale
    #[arg(long)]
    pub delete_workloads: bool,
    /// Only show the plan
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// The message when nothing is deleted for lack of permissions.
const UNCHANGED: &str =
    "nothing was changed: half an uninstallation would leave an API without a server";

/// Removes the installation.
///
/// # Errors
/// When objects may not be listed or deleted, or an APIService has another owner.
pub async fn run(args: UninstallArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let cluster = args.cluster.connect().await?;
    let UninstallPlan { deletions, unknown, notes, foreign } =
        UninstallPlan::discover(&cluster, &args).await?;
    if !unknown.is_empty() {
        for message in unknown {
            printer.warn(&format!("some objects to delete are unknown: {message}"));
        }
        printer.note(UNCHANGED);
        return Ok(Exit::Permissions);
    }
    if !foreign.is_empty() {
        return Err(Error::owned(format!(
            "APIServices of other owners lead to Service {}/{}: {}",
            args.namespace,
            args.service,
            foreign.join(", ")
        ))
        .hint(
            "without its server, each would prevent the deletion of every namespace. Delete them\n\
             where they come from, or with kubectl delete apiservice, and run this again",
        )
        .into());
    }
    for note in &notes {
        printer.note(note);
    }
    if deletions.is_empty() {
        if let Some((namespace, service)) = plan::other_installation(&cluster).await? {
            let (asked, named) = (&args.namespace, &args.service);
            return Err(Error::usage(format!(
                "nothing of oppscale's is in namespace {asked} under the name {named}"
            ))
            .hint(format!("did you mean -n {namespace} --service {service}?"))
            .into());
        }
        printer.data("nothing to delete\n")?;
        return Ok(Exit::Ok);
    }
    let mut text = String::new();
    for object in &deletions {
        let _ = writeln!(text, "{}  {object}", printer.paint(Style::Warn, "delete"));
    }
    printer.data(&text)?;
    let forbidden = forbidden(&cluster, &deletions).await?;
    if !forbidden.is_empty() {
        printer.warn(&format!("you may not {}", forbidden.join(", nor ")));
        printer.note(UNCHANGED);
        return Ok(Exit::Permissions);
    }
    if args.dry_run {
        return Ok(Exit::Ok);
    }
    let count = deletions.len();
    if !args.yes {
        if !can_ask() {
            return Err(Error::usage(format!(
                "{} to confirm, and there is no terminal",
                plural(count, "deletion")
            ))
            .hint("--yes deletes without asking, --dry-run only shows the plan")
            .into());
        }
        let question = match count {
            1 => "Delete this object?".to_owned(),
            _ => format!("Delete these {count} objects?"),
        };
        match confirm(&question).await? {
            Some(true) => {}
            answer => {
                printer.note("nothing was changed");
                return Ok(if answer.is_some() { Exit::Finding } else { Exit::Interrupted });
            }
        }
    }
    let mut journal = Journal::new(printer, count);
    for object in &deletions {
        journal.make(format!("deleted {object}"), cluster.delete(object)).await?;
    }
    journal.close();
    printer.data(&format!("{} deleted\n", plural(count, "object")))?;
    if !args.delete_workloads {
        printer.note(
            "opportunistic workloads keep running; without a metric, their HPAs leave the replicas\n\
             as they are",
        );
    }
    Ok(Exit::Ok)
}

/// The missing permissions to delete, each once.
async fn forbidden(cluster: &Cluster, deletions: &[ObjectRef]) -> anyhow::Result<Vec<String>> {
    let mut rules: Vec<Rule> = Vec::new();
    for object in deletions {
        let namespace = object.namespace.clone();
        let rule = Rule { namespace, ..Rule::of("delete", object.kind) };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let mut forbidden = Vec::new();
    for rule in rules {
        if !permissions::is_allowed(cluster, &rule).await? {
            forbidden.push(rule.to_string());
        }
    }
    Ok(forbidden)
}
