//! `oppscale uninstall`: takes away what `init` brought, the API first.

mod plan;

use std::fmt::Write as _;

use clap::Args;

use crate::commands::args::ClusterArgs;
use crate::commands::journal::Journal;
use crate::exit::Exit;
use crate::printer::{Printer, Style};
use crate::setup::permissions::{self, Rule};
use oppscale_cluster::{Cluster, Operation};
use oppscale_core::error::Error;

use crate::commands::prompt::{can_ask, confirm};
use plan::{PlannedDeletion, UninstallPlan};

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
    #[arg(short, long, value_name = "NAME", default_value = "oppscale")]
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

/// Removes the installation.
///
/// # Errors
/// When it may not be looked at or deleted.
pub async fn run(args: UninstallArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let cluster = args.cluster.connect().await?;
    let found = UninstallPlan::discover(&cluster, &args).await?;
    if !found.unknown.is_empty() {
        for message in &found.unknown {
            printer.warn(&format!("it is not known what is to be deleted: {message}"));
        }
        printer.note("nothing was changed: half an uninstallation leaves an API without a server");
        return Ok(Exit::Permissions);
    }
    if !found.foreign.is_empty() {
        return Err(Error::owned(
            format!(
                "APIServices lead to Service {}/{} and are somebody else's: {}",
                args.namespace,
                args.service,
                found.foreign.join(", ")
            )).hint("while the server of one is gone, no namespace of the cluster can be deleted to its end.\n\
             Remove them where they come from, or with kubectl delete apiservice, and run it again")
        .into());
    }
    for note in &found.notes {
        printer.note(note);
    }
    let deletions = found.deletions;
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
    for one in &deletions {
        let _ = writeln!(text, "{}  {}", printer.paint(Style::Warn, "delete"), one.name);
    }
    printer.data(&text)?;
    let refused = undeletable(&cluster, &deletions).await?;
    if !refused.is_empty() {
        printer.warn(&format!("you may not {}", refused.join(", nor ")));
        printer.note("nothing was changed: half an uninstallation leaves an API without a server");
        return Ok(Exit::Permissions);
    }
    if args.dry_run {
        return Ok(Exit::Ok);
    }
    if !args.yes {
        if !can_ask() {
            return Err(Error::usage(format!(
                "{} objects are to be deleted, and nobody can be asked",
                deletions.len()
            ))
            .hint("--yes deletes them without asking, --dry-run only shows them")
            .into());
        }
        match confirm(&format!("Delete these {} objects?", deletions.len())).await? {
            Some(true) => {}
            answer => {
                printer.note("nothing was changed");
                return Ok(if answer.is_some() { Exit::Finding } else { Exit::Interrupted });
            }
        }
    }
    let mut journal = Journal::new(printer, deletions.len());
    for one in &deletions {
        let words = format!("delete {}", one.name);
        let right = one.kind.permission("delete");
        cluster.remove(&Operation::new(&words, &right), &one.path).await?;
        journal.done(format!("deleted {}", one.name));
    }
    journal.close();
    printer.data(&format!("{} objects deleted\n", deletions.len()))?;
    if !args.delete_workloads {
        printer
            .note("opportunistic workloads go on running; their HPAs get no metric and hold them");
    }
    Ok(Exit::Ok)
}

/// The rights to delete that are missing, each once.
async fn undeletable(
    cluster: &Cluster,
    deletions: &[PlannedDeletion],
) -> anyhow::Result<Vec<String>> {
    let mut rules: Vec<Rule> = Vec::new();
    for one in deletions {
        let rule = Rule::new("delete", one.kind.group, one.kind.plural);
        let rule = Rule { namespace: one.namespace.clone(), ..rule };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let mut refused = Vec::new();
    for rule in rules {
        if !permissions::may(cluster, &rule, rule.namespace.as_deref()).await? {
            refused.push(rule.to_string());
        }
    }
    Ok(refused)
}
