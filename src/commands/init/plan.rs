//! The plan of `oppscale init`: what it finds in the cluster, what it changes, and the changes.

use std::fmt::Write as _;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::args::InitArgs;
use super::grant::report_missing;
use crate::certificates::{CaBundle, CertificateSpec, issue};
use crate::checks;
use crate::commands::journal::{Cleanup, Journal};
use crate::exit::Exit;
use crate::manifest::{Document, Templates};
use crate::metrics_api::CUSTOM;
use crate::printer::{Printer, Style};
use crate::progress::Progress;
use crate::setup::api_services::{self, ApiService};
use crate::setup::config::{InstallConfig, InstallObjects, Pipeline, Trust};
use crate::setup::helm::{ADAPTER, ADAPTER_CONFIG};
use crate::setup::permissions::{self, RequiredPermissions, Rule};
use crate::setup::plan::{self, Change, Planner, Step};
use crate::setup::tls_secret;
use oppscale_cluster::{Apply, Cluster, ClusterError, Operation};
use oppscale_core::error::Error;
use oppscale_core::kinds::{API_SERVICE, DEPLOYMENT, NAMESPACE, NETWORK_POLICY, ObjectRef, SECRET};
use oppscale_core::units;

/// The changes of an installation.
pub(super) struct Plan {
    namespace: Step,
    server: Vec<Step>,
    api: Vec<Step>,
    /// The Deployment that serves the API, if it is not ours.
    adapter: Option<ObjectRef>,
    found: Findings,
    required: RequiredPermissions,
}

/// Notes and missing permissions that planning found.
#[derive(Default)]
struct Findings {
    /// Notes for the user.
    notes: Vec<String>,
    /// Requests that need a missing permission.
    denied: Vec<Denied>,
}

/// A request that needs a missing permission.
#[derive(Debug, Clone)]
pub(super) struct Denied {
    /// The server's message.
    pub(super) message: String,
    /// Namespace of the request; `None` for the whole cluster.
    pub(super) namespace: Option<String>,
}

/// The server of the API.
enum ApiServer {
    /// Our server, or none.
    Own,
    /// prometheus-adapter, by its Deployment, which must be ready before the API is registered.
    Adapter(ObjectRef),
    /// prometheus-adapter, which is not installed yet.
    Awaited,
    /// An adapter that registers the API itself, or that oppscale does not manage.
    Foreign,
}

impl Findings {
    /// The answer, or `T::default()` with a note of the missing permission.
    fn or_denied<T: Default>(
        &mut self,
        answer: Result<T, ClusterError>,
        namespace: Option<&str>,
    ) -> Result<T, ClusterError> {
        match answer {
            Err(ClusterError::Forbidden { message, .. }) => {
                let namespace = namespace.map(str::to_owned);
                self.denied.push(Denied { message, namespace });
                Ok(T::default())
            }
            answer => answer,
        }
    }
}

impl Plan {
    /// Plans the installation. Nothing is changed.
    ///
    /// # Errors
    /// When the cluster lacks something that the configuration needs, and when the server fails.
    pub(super) async fn make(
        args: &InitArgs,
        config: &InstallConfig,
        templates: &Templates,
        cluster: &Cluster,
        now: i64,
    ) -> anyhow::Result<Self> {
        let mut found = Findings::default();
        let api_server = api_server(config, cluster, &mut found).await?;
        let trust = match api_server {
            ApiServer::Foreign => Trust::default(),
            _ => trust(config, cluster, now, &mut found).await?,
        };
        let InstallObjects { namespace, server, mut api } = config.render(templates, &trust)?;
        let adapter = match api_server {
            ApiServer::Own => None,
            ApiServer::Adapter(deployment) => Some(deployment),
            ApiServer::Awaited | ApiServer::Foreign => {
                api.clear();
                None
            }
        };
        require_apis(cluster, server.iter().chain(&api)).await?;
        let is_new = is_missing(cluster, &config.namespace).await?;
        let new_namespace = is_new.then_some(config.namespace.as_str());
        let planner = Planner { cluster, new_namespace, force: args.force_conflicts };
        let namespace = planner.step(namespace).await?;
        let (mut server_steps, mut api_steps) = (Vec::new(), Vec::new());
        for document in server {
            server_steps.push(planner.step(document).await?);
        }
        for document in api {
            api_steps.push(planner.step(document).await?);
        }
        if !config.network_policy {
            let policy = NETWORK_POLICY.object(Some(&config.namespace), &config.service);
            if let Ok(Some(IgnoredAny)) = cluster.read(&policy).await {
                found.notes.push(format!(
                    "{policy} is kept: kubectl delete networkpolicy -n {} {} removes it",
                    config.namespace, config.service
                ));
            }
        }
        let required = RequiredPermissions::of(config, templates)?;
        let (server, api) = (server_steps, api_steps);
        let mut plan = Self { namespace, server, api, adapter, found, required };
        if plan.pending() > 0 {
            // No dry run tries objects of a new namespace, waiting, and removing an APIService;
            // access reviews can.
            let missing = plan.required.missing(cluster).await?;
            let is_inside =
                |rule: &Rule| new_namespace.is_some() && rule.namespace.as_deref() == new_namespace;
            // Without the permission to read, each object's own step tells what is missing.
            let untried = missing.into_iter().filter(|rule| {
                is_inside(rule) && rule.verb != "get" || permissions::is_of_waiting(rule)
            });
            plan.found.denied.extend(untried.map(|rule| Denied {
                message: format!("you may not {rule}"),
                namespace: rule.namespace,
            }));
        }
        Ok(plan)
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(&self.namespace).chain(&self.server).chain(&self.api)
    }

    /// The number of objects to change.
    pub(super) fn pending(&self) -> usize {
        self.steps().filter(|step| step.is_pending()).count()
    }

    /// Notes for the user, before the prompt.
    pub(super) fn notes(&self) -> &[String] {
        &self.found.notes
    }

    /// Reports what prevents the plan: missing permissions as an exit code, other owners as an
    /// error; `None` if nothing does.
    pub(super) async fn refused(
        &self,
        args: &InitArgs,
        cluster: &Cluster,
        printer: &Printer,
    ) -> anyhow::Result<Option<Exit>> {
        let mut owned = Vec::new();
        let mut denied = self.found.denied.clone();
        let mut api_group = None;
        for step in self.steps() {
            match &step.change {
                Change::Foreign(owner) => {
                    if *step.object.kind == API_SERVICE {
                        api_group = step.object.name.split_once('.').map(|(_, group)| group);
                    }
                    owned.push(format!("{} belongs to {owner}", step.object));
                }
                Change::Conflict(owners) => owned.push(format!("{}: {owners}", step.object)),
                Change::Denied(message) => denied.push(Denied {
                    message: message.clone(),
                    namespace: step.object.namespace.clone(),
                }),
                Change::Create | Change::Update(_) | Change::Keep => {}
            }
        }
        if !denied.is_empty() {
            let reported = report_missing(args, cluster, &self.required, &denied, printer);
            return reported.await.map(Some);
        }
        if owned.is_empty() {
            return Ok(None);
        }
        printer.data(&self.text(printer))?;
        let hint = match api_group {
            Some(group) => checks::alternative(group),
            None => "change it where its owner has it, or take it over with --force-conflicts",
        };
        Err(Error::owned(owned.join("\n       ")).hint(hint).into())
    }

    /// The plan, an object a line, with the diffs of those that drifted.
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
            let word = printer.paint(style, &format!("{word:6}"));
            let _ = writeln!(text, "{word}  {}", step.object);
            if let Change::Update(diff) = &step.change {
                for line in diff.lines() {
                    let _ = writeln!(text, "        {line}");
                }
            }
        }
        text
    }

    /// Applies the changes: the server first, and the APIServices once it is ready.
    ///
    /// # Errors
    /// When an object cannot be applied or is not ready in time. APIServices that were created are
    /// deleted again.
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
        let how = Apply { dry_run: false, force: args.force_conflicts };
        let apply = |step| {
            let Step { object, document, .. }: &Step = step;
            cluster.apply(object, document.value(), how)
        };
        let first = std::iter::once(&self.namespace).chain(&self.server);
        for step in first.filter(|step| step.is_pending()) {
            journal.make(format!("applied {}", step.object), apply(step)).await?;
        }
        if args.no_wait {
            return Ok(());
        }
        progress.phase("waiting for the server's pods");
        let objects = self.server.iter().map(|step| &step.object);
        let deployments = objects.filter(|object| *object.kind == DEPLOYMENT);
        for deployment in deployments.chain(&self.adapter) {
            plan::rolled_out(cluster, deployment, end, progress).await?;
        }
        // APIServices of this run: each, and whether it is known to be applied.
        let mut created: Vec<(&Step, bool)> = Vec::new();
        let registered = async {
            for step in self.api.iter().filter(|step| step.is_pending()) {
                // Before it is applied: an answer that is lost may be that of an applied one.
                if step.change == Change::Create {
                    created.push((step, false));
                    journal.warn_unless_resolved(Cleanup::Api, unavailable(&created));
                }
                journal.make(format!("applied {}", step.object), apply(step)).await?;
                if let Some((last, is_applied)) = created.last_mut() {
                    *is_applied |= last.object == step.object;
                }
            }
            progress.phase("waiting for the API to be available");
            for step in &self.api {
                plan::available(cluster, &step.object, end).await?;
            }
            anyhow::Ok(())
        };
        let registered = registered.await;
        progress.finish();
        if registered.is_err() {
            roll_back(cluster, &created, journal, printer).await;
        }
        journal.resolve(Cleanup::Api);
        registered
    }
}

/// Warns about APIServices of a run that ended before they were available.
fn unavailable(created: &[(&Step, bool)]) -> String {
    let names: Vec<_> = created.iter().map(|(step, _)| step.object.name.as_str()).collect();
    format!(
        "it is not known whether the API is available, and while one is not, namespaces cannot be \
         deleted to their end: run it again, or kubectl delete apiservice {}",
        names.join(" ")
    )
}

/// Deletes the APIServices that this run created: while one is not available, no namespace of the
/// cluster can be deleted. Of one whose answer was lost, only the API server knows whether it was
/// applied, or is by now somebody else's.
async fn roll_back(
    cluster: &Cluster,
    created: &[(&Step, bool)],
    journal: &mut Journal<'_>,
    printer: &Printer,
) {
    for (Step { object, document, .. }, is_applied) in created {
        let is_ours = |live: &ApiService| {
            let wanted = ApiService::deserialize(document.value());
            wanted.is_ok_and(|wanted| wanted.service() == live.service())
        };
        let deleted = match cluster.read::<ApiService>(object).await {
            Ok(Some(live)) if is_ours(&live) => cluster.delete(object).await,
            Ok(_) => Ok(false),
            Err(_) if *is_applied => cluster.delete(object).await,
            Err(error) => Err(error),
        };
        match deleted {
            Ok(existed) => {
                journal.forget(&format!("applied {object}"));
                if existed {
                    printer.note(&format!("deleted {object} again"));
                }
            }
            Err(error) => printer.warn(&format!(
                "{error}: while it is not available, namespaces cannot be deleted to their end: \
                 kubectl delete apiservice {}",
                object.name
            )),
        }
    }
}

/// Finds the server of the API.
async fn api_server(
    config: &InstallConfig,
    cluster: &Cluster,
    found: &mut Findings,
) -> anyhow::Result<ApiServer> {
    let services = match api_services::all(cluster).await {
        // Only another pipeline depends on them.
        Err(ClusterError::Forbidden { .. }) if config.serves() => Vec::new(),
        services => found.or_denied(services, None)?,
    };
    let (namespace, service) = (&*config.namespace, &*config.service);
    let is_answered = |one: &ApiService| {
        config.serves() && config.apis().iter().any(|(_, group, _)| *group == one.group())
    };
    let dropped = services.iter().find(|one| one.leads_to(namespace, service) && !is_answered(one));
    if let Some(own) = dropped.filter(|_| config.serves()) {
        let error = format!(
            "APIService {} leads to oppscale, which would not answer it with these --apis",
            own.name()
        );
        let hint = format!(
            "leave --apis out to keep it, or hand it over first: kubectl delete apiservice {}",
            own.name()
        );
        return Err(Error::failure(error).hint(hint).into());
    }
    if config.serves() {
        return Ok(ApiServer::Own);
    }
    if let Some(own) = dropped {
        let error = format!(
            "APIService {} leads to oppscale, which would not answer it any more",
            own.name()
        );
        let hint = "oppscale uninstall --keep-namespace first: workloads keep running, and their \
                    HPAs\nhold them until the other pipeline is set up";
        return Err(Error::failure(error).hint(hint).into());
    }
    if config.pipeline != Pipeline::Prometheus {
        return Ok(ApiServer::Own);
    }
    let is_ours =
        |service: &ApiService| service.leads_to(namespace, ADAPTER) && !service.has_other_manager();
    let mut of_group = services.iter().filter(|service| service.group() == CUSTOM);
    if let Some(foreign) = of_group.find(|service| !is_ours(service)) {
        found.notes.push(format!(
            "{}: that is left as it is. The adapter needs the rules of ConfigMap \
             {namespace}/{ADAPTER_CONFIG}",
            foreign.described()
        ));
        return Ok(ApiServer::Foreign);
    }
    let deployment = DEPLOYMENT.object(Some(namespace), ADAPTER);
    let live: Option<IgnoredAny> =
        found.or_denied(cluster.read(&deployment).await, Some(namespace))?;
    if live.is_some() {
        return Ok(ApiServer::Adapter(deployment));
    }
    found.notes.push(format!(
        "{CUSTOM} is handed over when there is a {deployment}: install it with\n\
         the values that oppscale init --pipeline prometheus --output-dir DIR writes, then run this again"
    ));
    Ok(ApiServer::Awaited)
}

/// The certificates: existing ones if the aggregator accepts them, otherwise new ones.
async fn trust(
    config: &InstallConfig,
    cluster: &Cluster,
    now: i64,
    found: &mut Findings,
) -> anyhow::Result<Trust> {
    let Some((service, secret)) = config.api_server().filter(|_| !config.cert_manager) else {
        return Ok(Trust::default());
    };
    let spec = CertificateSpec::new(service, &config.namespace);
    let object = SECRET.object(Some(&config.namespace), secret);
    let stored = match tls_secret::read(cluster, &object).await {
        // What cannot be read may be in use, so it is not replaced.
        Err(ClusterError::Forbidden { message, .. }) => {
            let namespace = object.namespace;
            found.denied.push(Denied { message, namespace });
            return Ok(Trust::default());
        }
        stored => stored?,
    };
    let usable = stored.filter(|stored| stored.is_accepted(&spec.server_name(), now));
    if let Some((stored, ca)) = usable.and_then(|stored| stored.ca.clone().map(|ca| (stored, ca))) {
        if stored.good_for(&spec.server_name(), now).is_none() {
            let note = "less than 30 % of the certificate's life is left: oppscale certs renew";
            found.notes.push(note.to_owned());
        }
        let bundle = widest(config, cluster, CaBundle::parse(&ca)?).await;
        return Ok(Trust { secret: None, bundle: Some(bundle) });
    }
    let issued = issue(&spec, now)?;
    let bundle = CaBundle::parse(&issued.ca)?;
    Ok(Trust { secret: Some(issued), bundle: Some(bundle) })
}

/// The bundle of an APIService that trusts further CAs, as during a renewal; otherwise `ours`.
async fn widest(config: &InstallConfig, cluster: &Cluster, ours: CaBundle) -> CaBundle {
    for (version, group, _) in config.apis() {
        let object = API_SERVICE.object(None, &format!("{version}.{group}"));
        let live = cluster.read::<ApiService>(&object).await.ok().flatten();
        let bundle = live.and_then(|live| live.trusted());
        if let Some(bundle) = bundle.filter(|bundle| bundle.len() > 1 && bundle.contains_all(&ours))
        {
            return bundle;
        }
    }
    ours
}

/// Fails if the cluster lacks an API of the documents, before anything is written.
async fn require_apis(
    cluster: &Cluster,
    documents: impl Iterator<Item = &Document>,
) -> anyhow::Result<()> {
    let mut versions: Vec<&str> = documents.map(Document::api_version).collect();
    versions.sort_unstable();
    versions.dedup();
    for version in versions {
        let (what, hint) = match version.split_once('/').map(|(group, _)| group) {
            Some("cert-manager.io") => (
                "cert-manager",
                "install cert-manager first, or leave --certificates cert-manager out",
            ),
            Some("monitoring.coreos.com") => (
                "Prometheus operator",
                "install one first, for example with kube-prometheus-stack, whose values oppscale init --with\n\
                 prometheus-stack --output-dir DIR writes; or leave out --with alerts and --pipeline\n\
                 prometheus, which need it",
            ),
            // Every cluster has the built-in ones.
            _ => continue,
        };
        // Every authenticated user may use discovery.
        let operation = Operation::new("look for the kinds of an API", "");
        let found: Option<IgnoredAny> =
            cluster.find(&operation, &format!("/apis/{version}")).await?;
        if found.is_none() {
            let text = format!("there is no {what} in this cluster: it has no API {version}");
            return Err(Error::failure(text).hint(hint).into());
        }
    }
    Ok(())
}

/// Whether a namespace does not exist.
async fn is_missing(cluster: &Cluster, namespace: &str) -> anyhow::Result<bool> {
    let live: Option<Namespace> = match cluster.read(&NAMESPACE.object(None, namespace)).await {
        Err(ClusterError::Forbidden { .. }) => return Ok(false),
        live => live?,
    };
    let Some(live) = live else { return Ok(true) };
    let status = live.status.unwrap_or_default();
    if status.phase.as_deref() != Some("Terminating") {
        return Ok(false);
    }
    let conditions = status.conditions.unwrap_or_default();
    let why = conditions.into_iter().filter(|condition| condition.status == "True");
    let why: Vec<_> = why.filter_map(|condition| condition.message).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    Err(Error::failure(format!("namespace {namespace} is being deleted{why}"))
        .hint(
            "wait for its end, or choose another with --namespace. If it hangs, an APIService may\n\
             be unavailable: oppscale check --only owners",
        )
        .into())
}
