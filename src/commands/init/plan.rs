//! The plan of `oppscale init`: made, told, carried out.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::checks;
use crate::commands::journal::{Cleanup, Journal};
use crate::exit::Exit;
use crate::manifest::{Document, Templates};
use crate::printer::{Printer, Style};
use crate::progress::Progress;
use crate::setup::config::{InstallConfig, InstallObjects, Trust};
use crate::setup::install::{self, InstallError};
use crate::setup::permissions::{self, Rule};
use crate::setup::plan::{self, Change, Step};
use oppscale_cluster::{Cluster, Operation};
use oppscale_core::error::Error;
use oppscale_core::units;

use super::adapter::{ApiServer, api_server};
use super::args::InitArgs;
use super::grant::lacking;
use super::trust::{is_missing, known_kinds, trust};

/// What would be done.
pub(super) struct Plan {
    namespace: Step,
    server: Vec<Step>,
    api: Vec<Step>,
    /// The Deployment that answers the API, where that is not ours.
    adapter: Option<String>,
    known: Known,
}

/// What came to light on the way.
#[derive(Default)]
pub(super) struct Known {
    /// What the user should hear.
    pub(super) notes: Vec<String>,
    /// What is refused.
    pub(super) denied: Vec<Denied>,
}

/// Something that is refused for a missing right.
#[derive(Debug, Clone)]
pub(super) struct Denied {
    /// The server's words.
    pub(super) message: String,
    /// Where; `None` for the whole cluster.
    pub(super) namespace: Option<String>,
}

impl From<&Rule> for Denied {
    fn from(rule: &Rule) -> Self {
        Self { message: format!("you may not {rule}"), namespace: rule.namespace.clone() }
    }
}

impl Plan {
    pub(super) async fn make(
        args: &InitArgs,
        config: &InstallConfig,
        templates: &Templates,
        cluster: &Cluster,
        now: i64,
    ) -> anyhow::Result<Self> {
        let mut known = Known::default();
        let api_server = api_server(config, cluster, &mut known).await?;
        let trust = match api_server {
            ApiServer::Foreign => Trust { secret: None, bundle: None },
            _ => trust(config, cluster, now, &mut known).await?,
        };
        let InstallObjects { namespace, server, mut api } = config.render(templates, &trust)?;
        let adapter = match api_server {
            ApiServer::Own => None,
            ApiServer::Adapter(path) => Some(path),
            ApiServer::Awaited | ApiServer::Foreign => {
                api.clear();
                None
            }
        };
        known_kinds(cluster, server.iter().chain(&api)).await?;
        let is_fresh = is_missing(cluster, &config.namespace).await?;
        let fresh = is_fresh.then_some(config.namespace.as_str());
        let force = args.force_conflicts;
        let one = |document: Document| plan::step(cluster, document, fresh, force);
        let namespace = one(namespace).await?;
        let mut steps = (Vec::new(), Vec::new());
        for document in server {
            steps.0.push(one(document).await?);
        }
        for document in api {
            steps.1.push(one(document).await?);
        }
        let mut plan = Self { namespace, server: steps.0, api: steps.1, adapter, known };
        if plan.pending() > 0 {
            // What is to live in a new namespace cannot be tried, and neither can looking on and
            // taking an API back; rights can be asked for all the same.
            let missing = permissions::missing(cluster, &config.namespace).await?;
            let is_inside = |rule: &Rule| fresh.is_some() && rule.namespace.as_deref() == fresh;
            // Who may write without reading is told so object by object.
            let unseen = missing.iter().filter(|rule| {
                is_inside(rule) && rule.verb != "get" || permissions::is_of_waiting(rule)
            });
            plan.known.denied.extend(unseen.map(Denied::from));
        }
        Ok(plan)
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(&self.namespace).chain(&self.server).chain(&self.api)
    }

    pub(super) fn pending(&self) -> usize {
        self.steps().filter(|step| step.is_pending()).count()
    }

    /// Says what stands in the way, if anything does.
    pub(super) async fn refused(
        &self,
        args: &InitArgs,
        cluster: &Cluster,
        printer: &Printer,
    ) -> anyhow::Result<Option<Exit>> {
        let mut owned = Vec::new();
        let mut denied = self.known.denied.clone();
        let mut api_owned = None;
        for step in self.steps() {
            match &step.change {
                Change::Foreign(who) => {
                    if step.document.kind() == "APIService" {
                        api_owned = step.document.value()["spec"]["group"].as_str();
                    }
                    owned.push(format!("{} belongs to {who}", step.name()));
                }
                Change::Conflict(conflicts) => {
                    let fields: Vec<_> =
                        conflicts.iter().map(|(who, what)| format!("{who} owns {what}")).collect();
                    owned.push(format!("{}: {}", step.name(), fields.join(", ")));
                }
                Change::Denied(message) => denied.push(Denied {
                    message: message.clone(),
                    namespace: step.document.namespace().map(str::to_owned),
                }),
                Change::Create | Change::Update(_) | Change::Keep => {}
            }
        }
        if !denied.is_empty() {
            return lacking(args, cluster, &self.namespace, &denied, printer).await.map(Some);
        }
        if owned.is_empty() {
            return Ok(None);
        }
        printer.data(&self.text(printer))?;
        let hint = match api_owned {
            Some(group) => checks::alternative(group).to_owned(),
            None => "change it where its owner has it, or take it over with --force-conflicts"
                .to_owned(),
        };
        Err(Error::owned(owned.join("\n       ")).hint(hint).into())
    }

    /// What the user should hear of it, before anything is asked.
    pub(super) fn notes(&self) -> &[String] {
        &self.known.notes
    }

    pub(super) fn text(&self, printer: &Printer) -> String {
        let mut text = String::new();
        for step in self.steps() {
            let (word, style) = match &step.change {
                Change::Create => ("create", Style::Bold),
                Change::Update(_) => ("change", Style::Warn),
                Change::Keep => ("keep", Style::Dim),
                Change::Conflict(_) | Change::Foreign(_) => ("owned", Style::Bad),
                Change::Denied(_) => ("denied", Style::Bad),
            };
            let _ =
                writeln!(text, "{}  {}", printer.paint(style, &format!("{word:6}")), step.name());
            if let Change::Update(diff) = &step.change {
                for line in diff.lines() {
                    let _ = writeln!(text, "        {line}");
                }
            }
        }
        text
    }

    pub(super) async fn carry_out(
        &self,
        args: &InitArgs,
        cluster: &Cluster,
        journal: &mut Journal<'_>,
        progress: &Progress,
        printer: &Printer,
    ) -> anyhow::Result<()> {
        let limit = units::time_limit(args.timeout).unwrap_or(Duration::from_secs(u32::MAX.into()));
        let end = Instant::now() + limit;
        let force = args.force_conflicts;
        let first = std::iter::once(&self.namespace).chain(&self.server);
        for step in first.filter(|step| step.is_pending()) {
            install::apply(cluster, step, force).await.map_err(install_error)?;
            journal.done(format!("applied {}", step.name()));
        }
        if args.no_wait {
            return Ok(());
        }
        progress.phase("waiting for the server's pods");
        let ours = self.server.iter().filter(|step| step.document.kind() == "Deployment");
        for path in ours.map(|step| &step.path).chain(&self.adapter) {
            install::rolled_out(cluster, path, end).await.map_err(install_error)?;
        }
        let mut created = Vec::new();
        for step in self.api.iter().filter(|step| step.is_pending()) {
            if let Err(error) = install::apply(cluster, step, force).await {
                progress.finish();
                roll_back(cluster, &created, journal, printer).await;
                return Err(install_error(error));
            }
            journal.done(format!("applied {}", step.name()));
            if step.change == Change::Create {
                created.push(step);
                journal.warn_unless_resolved(Cleanup::Api, unavailable(&created));
            }
        }
        progress.phase("waiting for the API to be available");
        for step in &self.api {
            if let Err(error) = install::available(cluster, &step.path, end).await {
                progress.finish();
                roll_back(cluster, &created, journal, printer).await;
                return Err(install_error(error));
            }
        }
        journal.resolve(Cleanup::Api);
        progress.finish();
        Ok(())
    }
}

/// What is said of APIs that were handed over by a run that ends before they are available.
fn unavailable(created: &[&Step]) -> String {
    let names: Vec<_> = created.iter().map(|step| step.document.name()).collect();
    format!(
        "it is not known whether the API is available, and while one is not, namespaces cannot be \
         deleted to their end: run it again, or kubectl delete apiservice {}",
        names.join(" ")
    )
}

/// Takes back the APIs that this run handed over: while one is not available, no namespace of
/// the cluster can be deleted.
pub(super) async fn roll_back(
    cluster: &Cluster,
    created: &[&Step],
    journal: &mut Journal<'_>,
    printer: &Printer,
) {
    for step in created {
        let operation = Operation::new(
            format!("delete {}", step.name()),
            "--verb=delete --resource=apiservices.apiregistration.k8s.io",
        );
        match cluster.remove(&operation, &step.path).await {
            Ok(_) => {
                journal.forget(&format!("applied {}", step.name()));
                printer.note(&format!("deleted {} again", step.name()));
            }
            Err(error) => printer.warn(&format!(
                "{error}: while it is not available, namespaces cannot be deleted to their end: \
                 kubectl delete apiservice {}",
                step.document.name()
            )),
        }
    }
    // What could not be taken back has been told.
    journal.resolve(Cleanup::Api);
}

pub(super) fn install_error(error: InstallError) -> anyhow::Error {
    match error {
        InstallError::Cluster(error) => error.into(),
        InstallError::Owned { .. } => Error::owned(error.to_string())
            .hint("somebody changed it meanwhile; run init again to see how it stands")
            .into(),
        InstallError::NotReady { .. } => {
            let hint = "see why: kubectl describe pods and logs in the server's namespace, and\n\
                        oppscale check --only server,certificates,aggregation";
            Error::timed_out(error.to_string()).hint(hint).into()
        }
    }
}
