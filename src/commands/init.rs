//! `oppscale init`: a cluster set up, with a plan that is shown first, and proved.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::certificates::{Bundle, Recipe, mint};
use crate::checks::{self, Doctor, Patience, Subject, examine};
use crate::cluster::{Action, Ask, Cluster};
use crate::core::check::{Category, Finding, Outcome};
use crate::exit::{Exit, Hinted, OwnedByOthers, UsageError};
use crate::manifest::{Document, Templates};
use crate::printer::{Printer, Style};
use crate::progress::Progress;
use crate::render::findings;
use crate::setup::api_services::{self, ApiService};
use crate::setup::desired::{Desired, Pipeline, Trust, Wishes};
use crate::setup::install::{self, InstallError, Journal};
use crate::setup::plan::{self, Change, Step};
use crate::setup::tls_secret::SecretRef;
use crate::setup::{clock, rights, tls_secret};

pub use super::init_args::InitArgs;
use super::init_args::{Answer, DryRunArg, can_ask, confirm};
use super::{certs, init_export};

/// The binding of `--grant-cluster-admin`.
const BOOTSTRAP: &str = "oppscale-bootstrap-admin";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
/// How long the proof may take: APIs that were just handed over are answered after a moment.
const PROOF: Duration = Duration::from_secs(30);

/// Sets a cluster up.
///
/// # Errors
/// When something is missing, belongs to somebody else, or does not come up.
pub async fn run(args: InitArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let applies = args.export.is_none() && args.dry_run.is_none();
    let wishes = match args.wishes(applies && !args.yes && can_ask()).await? {
        Answer::Given(wishes) => wishes,
        Answer::Cancelled => {
            printer.note("nothing was changed");
            return Ok(Exit::Interrupted);
        }
    };
    if args.export.is_some() {
        return init_export::run(&args, &wishes, printer);
    }
    if !args.with.is_empty() {
        return Err(UsageError::new("--with writes Helm values, which are files")
            .hint("add --export DIR; the charts themselves are installed with helm")
            .into());
    }
    let templates = Templates::new(None)?;
    if args.dry_run == Some(DryRunArg::Client) {
        return client_dry_run(&wishes, &templates, printer);
    }
    let cluster = args.cluster.connect().await?;
    let mut wishes = wishes;
    let progress = Progress::new(printer.shows_progress());
    let before = look(&args, &wishes, &cluster, &progress).await;
    progress.finish();
    printer.data(&findings::short(&before.findings, printer))?;
    if let Some(finding) = stopper(&before.findings) {
        return Ok(stopped(finding, printer));
    }
    wishes.monitor_labels = before.monitor_labels;
    let mut journal = Journal::new(printer, 0);
    if args.grant_cluster_admin && args.dry_run.is_none() {
        grant(&cluster, &mut journal, printer).await?;
    }
    let plan = Plan::make(&args, &wishes, &templates, &cluster, before.now).await?;
    if let Some(exit) = plan.refused(&args, &cluster, printer).await? {
        take_back(&args, &cluster, &mut journal).await?;
        return Ok(exit);
    }
    printer.data(&plan.text(printer))?;
    let pending = plan.pending();
    if args.dry_run.is_some() {
        journal.close();
        return Ok(Exit::Ok);
    }
    if pending > 0 && !args.yes {
        if !can_ask() {
            return Err(UsageError::new(format!(
                "{pending} changes are to be made, and nobody can be asked"
            ))
            .hint("--yes makes them without asking, --dry-run=server only shows them")
            .into());
        }
        match confirm(&format!("Make these {pending} changes?")).await? {
            Some(true) => {}
            Some(false) => return Ok(Exit::Finding),
            None => return Ok(Exit::Interrupted),
        }
    }
    journal.plan(pending);
    plan.carry_out(&args, &cluster, &mut journal, &progress, printer).await?;
    take_back(&args, &cluster, &mut journal).await?;
    journal.close();
    if args.no_wait {
        printer.note("it was not waited for: oppscale check --wait proves it, and oppscale init hands the API over");
        return Ok(Exit::Ok);
    }
    prove(&args, &wishes, &cluster, pending, printer).await
}

/// What is known before anything is planned.
struct Before {
    findings: Vec<Finding>,
    now: i64,
    monitor_labels: Vec<(String, String)>,
}

fn subject(args: &InitArgs, wishes: &Wishes, installed: bool) -> Subject {
    Subject {
        namespace: wishes.namespace.clone(),
        service: wishes.service.clone(),
        secret: wishes.secret.clone(),
        distribution: args.distribution,
        manifests: Vec::new(),
        installed,
    }
}

/// The checks that an installation depends on.
async fn look(args: &InitArgs, wishes: &Wishes, cluster: &Cluster, progress: &Progress) -> Before {
    let mut doctor = Doctor::new(cluster, subject(args, wishes, false));
    let categories = [Category::Connection, Category::Aggregation];
    let verdicts = examine(&mut doctor, &categories, Patience::default(), progress).await;
    let monitor_labels = match wishes.pipeline {
        Pipeline::Prometheus => checks::wanted_monitor_labels(&mut doctor).await,
        _ => Vec::new(),
    };
    Before { findings: verdicts.findings, now: doctor.now, monitor_labels }
}

/// What makes going on pointless.
fn stopper(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| {
        let blocks = finding.check.fatal || finding.check.id == "OPP-AGG-001";
        blocks && matches!(finding.outcome, Outcome::Failed(_))
    })
}

fn stopped(finding: &Finding, printer: &Printer) -> Exit {
    let text = finding.outcome.text().unwrap_or_default();
    printer.error(&format!("error: {}: {text}\n", finding.check.id));
    printer.note("nothing was changed");
    if text.contains("no answer from") { Exit::TimedOut } else { Exit::Error }
}

fn client_dry_run(
    wishes: &Wishes,
    templates: &Templates,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let recipe = Recipe::new(&wishes.service, &wishes.namespace);
    let minted = mint(&recipe, clock::local())?;
    let bundle = Some(Bundle::parse(&minted.ca)?);
    let desired = wishes.render(templates, &Trust { secret: Some(minted), bundle })?;
    let mut text = String::new();
    for document in desired.all() {
        let _ = writeln!(text, "apply  {}", document.key());
    }
    printer.data(&text)?;
    Ok(Exit::Ok)
}

/// What would be done.
struct Plan {
    namespace: Step,
    server: Vec<Step>,
    api: Vec<Step>,
    known: Known,
}

/// What came to light on the way.
#[derive(Default)]
struct Known {
    /// What the user should hear.
    notes: Vec<String>,
    /// What may not be looked at, in the server's words.
    denied: Vec<String>,
}

impl Plan {
    async fn make(
        args: &InitArgs,
        wishes: &Wishes,
        templates: &Templates,
        cluster: &Cluster,
        now: i64,
    ) -> anyhow::Result<Self> {
        let mut known = Known::default();
        let trust = trust(wishes, cluster, now, &mut known).await?;
        let Desired { namespace, server, api } = wishes.render(templates, &trust)?;
        let is_fresh = is_missing(cluster, &wishes.namespace).await?;
        let fresh = is_fresh.then_some(wishes.namespace.as_str());
        if is_fresh {
            // What is to live in it cannot be tried; rights can be asked for all the same.
            let missing = rights::missing(cluster, &wishes.namespace).await?;
            let inside = missing.iter().filter(|rule| rule.namespace.as_deref() == fresh);
            known.denied.extend(inside.map(|rule| format!("you may not {rule}")));
        }
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
        Ok(Self { namespace, server: steps.0, api: steps.1, known })
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(&self.namespace).chain(&self.server).chain(&self.api)
    }

    fn pending(&self) -> usize {
        self.steps().filter(|step| step.is_pending()).count()
    }

    /// Says what stands in the way, if anything does.
    async fn refused(
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
                Change::Denied(message) => denied.push(message.clone()),
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
        Err(OwnedByOthers::new(owned.join("\n       "), hint).into())
    }

    fn text(&self, printer: &Printer) -> String {
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

    async fn carry_out(
        &self,
        args: &InitArgs,
        cluster: &Cluster,
        journal: &mut Journal<'_>,
        progress: &Progress,
        printer: &Printer,
    ) -> anyhow::Result<()> {
        for note in &self.known.notes {
            printer.note(note);
        }
        let limit = args.timeout.0.unwrap_or(Duration::from_secs(u32::MAX.into()));
        let end = Instant::now() + limit;
        let force = args.force_conflicts;
        let first = std::iter::once(&self.namespace).chain(&self.server);
        for step in first.filter(|step| step.is_pending()) {
            install::apply(cluster, step, force).await.map_err(stumbled)?;
            journal.done(format!("applied {}", step.name()));
        }
        if args.no_wait {
            return Ok(());
        }
        progress.phase("waiting for the server's pods");
        for step in self.server.iter().filter(|step| step.document.kind() == "Deployment") {
            install::rolled_out(cluster, &step.path, end).await.map_err(stumbled)?;
        }
        let mut created = Vec::new();
        for step in self.api.iter().filter(|step| step.is_pending()) {
            install::apply(cluster, step, force).await.map_err(stumbled)?;
            journal.done(format!("applied {}", step.name()));
            if step.change == Change::Create {
                created.push(step);
            }
        }
        progress.phase("waiting for the API to be available");
        for step in &self.api {
            if let Err(error) = install::available(cluster, &step.path, end).await {
                progress.finish();
                roll_back(cluster, &created, journal, printer).await;
                return Err(stumbled(error));
            }
        }
        progress.finish();
        Ok(())
    }
}

/// Certificates: those that are there, if they are good; else new ones.
async fn trust(
    wishes: &Wishes,
    cluster: &Cluster,
    now: i64,
    known: &mut Known,
) -> anyhow::Result<Trust> {
    if !wishes.serves() || wishes.cert_manager {
        return Ok(Trust { secret: None, bundle: None });
    }
    let recipe = Recipe::new(&wishes.service, &wishes.namespace);
    let at = SecretRef { namespace: wishes.namespace.clone(), name: wishes.secret.clone() };
    let stored = match tls_secret::read(cluster, &at).await {
        Ok(stored) => stored,
        // Who may not read it must not replace what may be in use.
        Err(crate::cluster::ClusterError::Forbidden { message, .. }) => {
            known.denied.push(message);
            return Ok(Trust { secret: None, bundle: None });
        }
        Err(error) => return Err(error.into()),
    };
    let usable = stored.as_ref().is_some_and(|stored| {
        let judged = stored.chain.as_deref().map(|chain| {
            crate::certificates::judge(chain, stored.ca.as_deref(), &recipe.asked_name(), now)
        });
        stored.key.is_some() && stored.ca.is_some() && judged.is_some_and(|j| j.flaws.is_empty())
    });
    if let Some(stored) = stored.filter(|_| usable) {
        if certs::good_for(&stored, &recipe, now).is_none() {
            known.notes.push(
                "less than 30 % of the certificate's life is left: oppscale certs renew".to_owned(),
            );
        }
        let bundle = Bundle::parse(stored.ca.as_deref().unwrap_or_default())?;
        let bundle = widest(wishes, cluster, bundle).await?;
        return Ok(Trust { secret: None, bundle: Some(bundle) });
    }
    let minted = mint(&recipe, now)?;
    let bundle = Bundle::parse(&minted.ca)?;
    Ok(Trust { secret: Some(minted), bundle: Some(bundle) })
}

/// While a renewal is under way, APIServices trust more than one authority; that stays.
async fn widest(wishes: &Wishes, cluster: &Cluster, ours: Bundle) -> anyhow::Result<Bundle> {
    for (version, group, _) in wishes.apis() {
        let path = format!("{}/{version}.{group}", api_services::PATH);
        let action = Action { words: "get APIService", right: "--verb=get --resource=apiservices" };
        let Ok(Some(live)) = cluster.find(&action, &path).await else { continue };
        let live = ApiService::new(live);
        let bundle = live.ca_bundle().and_then(|text| Bundle::decode(text).ok());
        if let Some(bundle) = bundle.filter(|bundle| bundle.len() > 1 && bundle.holds(&ours)) {
            return Ok(bundle);
        }
    }
    Ok(ours)
}

/// Whether the namespace is not there.
async fn is_missing(cluster: &Cluster, namespace: &str) -> anyhow::Result<bool> {
    let words = format!("get Namespace {namespace}");
    let action = Action { words: &words, right: "--verb=get --resource=namespaces" };
    let live = match cluster.find(&action, &format!("/api/v1/namespaces/{namespace}")).await {
        Err(crate::cluster::ClusterError::Forbidden { .. }) => return Ok(false),
        live => live?,
    };
    let Some(live) = live else { return Ok(true) };
    if live["status"]["phase"] == "Terminating" {
        let conditions = live["status"]["conditions"].as_array().into_iter().flatten();
        let why: Vec<_> = conditions
            .filter(|condition| condition["status"] == "True")
            .filter_map(|condition| condition["message"].as_str())
            .collect();
        let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
        return Err(Hinted::new(
            format!("namespace {namespace} is being deleted{why}"),
            "wait for its end, or choose another with --namespace. If it hangs, an APIService may\n\
             be unavailable: oppscale check --only owners",
        )
        .into());
    }
    Ok(false)
}

/// What rights are missing, and the smallest grant.
async fn lacking(
    args: &InitArgs,
    cluster: &Cluster,
    namespace: &Step,
    denied: &[String],
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let who = rights::identity(cluster).await?;
    let missing = rights::missing(cluster, namespace.document.name()).await.unwrap_or_default();
    let mut words = format!("{} may not do all of this:\n", who.user);
    for message in denied {
        let _ = writeln!(words, "  {}", message.replace('\n', "\n    "));
    }
    printer.warn(words.trim_end());
    if !missing.is_empty() {
        let objects = rights::grant(&missing, &who.user);
        let mut text = String::new();
        for object in objects.as_array().into_iter().flatten() {
            let _ = write!(text, "---\n{}", serde_saphyr::to_string(object)?);
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        printer.data(&text)?;
    }
    let offer = if args.grant_cluster_admin {
        ""
    } else {
        ", or, if you may bind cluster-admin: oppscale init --grant-cluster-admin"
    };
    printer.note(&format!("an administrator can apply the above{offer}"));
    Ok(Exit::Rights)
}

/// Binds the user to cluster-admin, as they asked.
async fn grant(
    cluster: &Cluster,
    journal: &mut Journal<'_>,
    printer: &Printer,
) -> anyhow::Result<()> {
    let who = rights::identity(cluster).await?;
    let action = Action {
        words: "bind you to cluster-admin",
        right: "--verb=create --resource=clusterrolebindings.rbac.authorization.k8s.io, and \
                --verb=bind --resource=clusterroles --resource-name=cluster-admin",
    };
    let binding = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": BOOTSTRAP, "labels": {
            "app.kubernetes.io/part-of": "oppscale", "app.kubernetes.io/managed-by": "oppscale"
        }},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": who.user
        }]
    });
    let ask = Ask::post(format!("{BINDINGS}?fieldManager=oppscale"), &binding);
    let reply = cluster.ask(&action, &ask).await?;
    // One that an interrupted run left is as good.
    if reply.status.as_u16() != 409 {
        reply.success(&action)?;
    }
    let how = format!("kubectl delete clusterrolebinding {BOOTSTRAP}");
    printer.note(&format!(
        "{} is cluster-admin until the end of this run; undo it with: {how}",
        who.user
    ));
    journal.undo(Some(how));
    Ok(())
}

async fn take_back(
    args: &InitArgs,
    cluster: &Cluster,
    journal: &mut Journal<'_>,
) -> anyhow::Result<()> {
    if args.grant_cluster_admin && args.dry_run.is_none() {
        let action = Action {
            words: "take the grant back",
            right: "--verb=delete --resource=clusterrolebindings",
        };
        cluster.remove(&action, &format!("{BINDINGS}/{BOOTSTRAP}")).await?;
        journal.undo(None);
    }
    Ok(())
}

/// Takes back the APIs that this run handed over: while one is not available, no namespace of
/// the cluster can be deleted.
async fn roll_back(
    cluster: &Cluster,
    created: &[&Step],
    journal: &mut Journal<'_>,
    printer: &Printer,
) {
    for step in created {
        let words = format!("delete {}", step.name());
        let action = Action {
            words: &words,
            right: "--verb=delete --resource=apiservices.apiregistration.k8s.io",
        };
        match cluster.remove(&action, &step.path).await {
            Ok(_) => journal.done(format!("deleted {} again", step.name())),
            Err(error) => printer.warn(&format!(
                "{error}: while it is not available, namespaces cannot be deleted to their end: \
                 kubectl delete apiservice {}",
                step.document.name()
            )),
        }
    }
}

fn stumbled(error: InstallError) -> anyhow::Error {
    match error {
        InstallError::Cluster(error) => error.into(),
        InstallError::Owned { .. } => OwnedByOthers::new(
            error.to_string(),
            "somebody changed it meanwhile; run init again to see how it stands",
        )
        .into(),
        InstallError::NotReady { .. } => {
            let hint = "see why: kubectl describe pods and logs in the server's namespace, and\n\
                        oppscale check --only server,certificates,aggregation";
            anyhow::Error::from(crate::exit::TimedOut::new(error.to_string(), hint))
        }
    }
}

/// Proves it as the HPA would see it.
async fn prove(
    args: &InitArgs,
    wishes: &Wishes,
    cluster: &Cluster,
    changed: usize,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let mut text = match changed {
        0 => "nothing to change\n".to_owned(),
        count => format!("{count} changes made\n"),
    };
    if wishes.serves() {
        let mut doctor = Doctor::new(cluster, subject(args, wishes, true));
        let categories = [Category::Connection, Category::Certificates, Category::Server];
        let progress = Progress::new(printer.shows_progress());
        let patience = Patience { limit: Some(PROOF) };
        let verdicts = examine(&mut doctor, &categories, patience, &progress).await;
        progress.finish();
        text.push_str(&findings::short(&verdicts.findings, printer));
        printer.data(&text)?;
        if verdicts.summary().failed > 0 {
            return Ok(Exit::Finding);
        }
    } else {
        printer.data(&text)?;
    }
    if changed > 0 {
        printer.note(&next_steps(args, wishes));
    }
    Ok(Exit::Ok)
}

fn next_steps(args: &InitArgs, wishes: &Wishes) -> String {
    let reserve = args.reserve.map_or("15%".to_owned(), |reserve| reserve_text(&reserve));
    let rendered = format!("oppscale render-hpa --reserve {reserve}");
    match wishes.pipeline {
        Pipeline::Native => {
            format!("the API answers; what fills the cluster comes next:\n{rendered}")
        }
        Pipeline::Prometheus => format!(
            "Prometheus scrapes the server; prometheus-adapter comes next, with the values that\n\
             oppscale init --pipeline prometheus --export DIR writes, then {rendered}"
        ),
        Pipeline::Keda => format!(
            "KEDA reads http://{}.{}:8080/metrics; a ScaledObject comes next: {rendered}",
            wishes.service, wishes.namespace
        ),
    }
}

fn reserve_text(reserve: &crate::core::reserve::Reserve) -> String {
    use crate::core::reserve::Reserve;
    match reserve {
        Reserve::Cpu(milli) => crate::core::quantity::Quantity::from_milli(*milli).to_string(),
        Reserve::Share(share) => format!("{}%", *share as f64 / 1e7),
    }
}
