//! Permissions of `oppscale init`: which are missing, and the temporary grant of
//! `--grant-cluster-admin`.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::args::InitArgs;
use super::plan::Denied;
use crate::commands::journal::Journal;
use crate::commands::prompt::{can_ask, confirm};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::setup::labels;
use crate::setup::permissions::{self, RequiredPermissions, Rule};
use crate::setup::temporary_grant::{
    BOOTSTRAP, LeftoverGrant, admin_binding, bootstrap_objects, undo,
};
use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::error::Error;
use oppscale_core::kinds::{
    self, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, ObjectRef, ROLE, ROLE_BINDING,
};

/// Time limit for a new binding to take effect; the API server's watches take far less.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval between access reviews until it does.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Prints the missing permissions, and the smallest roles that grant them.
pub(super) async fn report_missing(
    args: &InitArgs,
    cluster: &Cluster,
    required: &RequiredPermissions,
    denied: &[Denied],
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let user = permissions::identity(cluster).await?.username.unwrap_or_default();
    let mut missing = required.missing(cluster).await?;
    let mut text = format!("{user} lacks permissions:\n");
    for Denied { message, namespace } in denied {
        let _ = writeln!(text, "  {}", message.replace('\n', "\n    "));
        // Other authorizers than RBAC may allow what a review asks for. To grant a rule, RBAC must
        // allow it, and only the refusal names such rules.
        for rule in permissions::of_refusal(message, namespace.as_deref()) {
            if !missing.contains(&rule) {
                missing.push(rule);
            }
        }
    }
    printer.warn(text.trim_end());
    if missing.is_empty() {
        printer
            .note("no access review names the missing rule: ask an administrator of the cluster");
        return Ok(Exit::Permissions);
    }
    let mut text = String::new();
    // Without the Namespace: `kubectl delete -f` of this file must not delete its contents.
    for object in permissions::grant(&missing, "oppscale-installer", &user, None) {
        let yaml = serde_saphyr::to_string(&object)?;
        let _ = writeln!(text, "---\n{}", yaml.trim_end());
    }
    printer.data(&text)?;
    let offer = if args.grant_cluster_admin {
        ""
    } else {
        ", or, if you may bind cluster-admin: oppscale init --grant-cluster-admin"
    };
    printer.note(&format!(
        "an administrator can grant the above: kubectl auth reconcile -f FILE, which adds to what \
         was\ngranted before, and creates a missing namespace{offer}"
    ));
    Ok(Exit::Permissions)
}

/// What a run has granted its user, or found granted by an earlier run that was killed. It outlives
/// the run's work, which a signal may end at any await.
#[derive(Default)]
pub(super) struct TemporaryGrant(RefCell<Option<Granted>>);

struct Granted {
    cluster: Cluster,
    /// In the order of creation; an object is here before it is requested.
    objects: Vec<ObjectRef>,
    /// Whether this run requested them.
    is_new: bool,
}

impl TemporaryGrant {
    /// Grants the user what the run needs, if the flag is set and they lack it: the missing rules
    /// where they may grant those, cluster-admin otherwise. Returns the exit code if they decline.
    ///
    /// # Errors
    /// When an access review or the grant fails.
    pub(super) async fn make(
        &self,
        args: &InitArgs,
        namespace: &str,
        required: &RequiredPermissions,
        cluster: &Cluster,
        journal: &mut Journal<'_>,
    ) -> anyhow::Result<Option<Exit>> {
        let printer = journal.printer();
        let is_dry = args.dry_run.is_some();
        let user = permissions::identity(cluster).await?.username.unwrap_or_default();
        if let Some(left) = LeftoverGrant::find(cluster).await.ok().flatten() {
            printer.warn(&left.text());
            if is_dry {
                return Ok(None);
            }
            if left.is_of(&user) {
                printer.note("it is used for this run, and deleted at its end");
                self.expect(cluster, bootstrap_objects(namespace), false);
                return Ok(None);
            }
        }
        if !args.grant_cluster_admin || is_dry {
            return Ok(None);
        }
        let everything = Rule::new("*", "*", "*");
        if permissions::is_allowed(cluster, &everything).await? {
            printer.note(&format!("{user} may do everything already; nothing was granted"));
            return Ok(None);
        }
        let roles = least_roles(cluster, namespace, required, &user).await?;
        let what = match &roles {
            Some(_) => format!("the permissions that {user} lacks"),
            None => format!("cluster-admin to {user}"),
        };
        if !args.yes {
            if !can_ask() {
                return Err(Error::usage("a grant needs confirmation, and there is no terminal")
                    .hint("--yes makes it, and the changes that follow, without asking")
                    .into());
            }
            match confirm(&format!("Grant {what} until the end of this run?")).await? {
                Some(true) => {}
                Some(false) => return Ok(Some(Exit::Finding)),
                None => return Ok(Some(Exit::Interrupted)),
            }
        }
        let manifests = roles.unwrap_or_else(|| vec![admin_binding(&user)]);
        self.expect(cluster, Vec::new(), true);
        for manifest in &manifests {
            self.create(cluster, manifest, &user, journal).await?;
        }
        printer
            .note(&format!("granted {what} until the end of this run; undo it with: {}", undo()));
        let end = Instant::now() + EFFECT_TIMEOUT;
        let awaited = match manifests.len() {
            1 => everything,
            // The last role comes into effect last.
            _ => Rule { name: Some(BOOTSTRAP.to_owned()), ..Rule::of("delete", &CLUSTER_ROLE) },
        };
        while !permissions::is_allowed(cluster, &awaited).await? && Instant::now() < end {
            sleep(POLL_INTERVAL).await;
        }
        Ok(None)
    }

    fn expect(&self, cluster: &Cluster, objects: Vec<ObjectRef>, is_new: bool) {
        self.0.replace(Some(Granted { cluster: cluster.clone(), objects, is_new }));
    }

    fn forget(&self, object: &ObjectRef) {
        if let Some(granted) = self.0.borrow_mut().as_mut() {
            granted.objects.retain(|expected| expected != object);
        }
    }

    async fn create(
        &self,
        cluster: &Cluster,
        manifest: &Value,
        user: &str,
        journal: &mut Journal<'_>,
    ) -> anyhow::Result<()> {
        let Some(object) = object_of(manifest) else { return Ok(()) };
        if let Some(granted) = self.0.borrow_mut().as_mut().filter(|_| object.name == BOOTSTRAP) {
            granted.objects.push(object.clone());
        }
        let end = Instant::now() + EFFECT_TIMEOUT;
        // All but the namespace is deleted at the end of the run.
        let what = format!("created {object}");
        let created = loop {
            let request = cluster.create::<IgnoredAny>(&object, manifest);
            let answer = match object.name == BOOTSTRAP {
                true => request.await,
                false => journal.make(what.clone(), request).await,
            };
            match answer {
                // The role that allows it may not be in effect yet.
                Err(ClusterError::Forbidden { .. })
                    if object.name != BOOTSTRAP && Instant::now() < end =>
                {
                    sleep(POLL_INTERVAL).await;
                }
                Err(error @ ClusterError::Forbidden { .. }) => {
                    // A refused object does not exist, so there is nothing to take back.
                    self.forget(&object);
                    return Err(error.into());
                }
                created => break created?.is_some(),
            }
        };
        if !created {
            journal.forget(&what);
        }
        if created || object.name != BOOTSTRAP {
            return Ok(());
        }
        // It has another owner: neither used nor deleted.
        self.forget(&object);
        Err(Error::owned(format!("{object} exists already, and not for {user}"))
            .hint(format!("find its owner: kubectl get {} {BOOTSTRAP} -o yaml", object.kind.plural))
            .into())
    }

    /// Takes everything back, however the run ended. A request that a signal cut off may still
    /// arrive, so what is not found is looked for once more.
    ///
    /// # Errors
    /// When the binding stays; that is said.
    pub(super) async fn revoke(&self, printer: &Printer) -> anyhow::Result<()> {
        let Some(Granted { cluster, objects, is_new }) = self.0.take() else { return Ok(()) };
        let stays = StaysWarning(printer, true);
        for object in objects.iter().rev() {
            let deleted = match cluster.delete(object).await {
                Ok(false) if is_new => {
                    sleep(POLL_INTERVAL).await;
                    cluster.delete(object).await
                }
                deleted => deleted,
            };
            match deleted {
                Ok(_) => {}
                // The rest of the permissions went with the binding: a role alone grants nothing.
                Err(ClusterError::Forbidden { .. }) if *object.kind == CLUSTER_ROLE => {}
                Err(error) => return Err(error.into()),
            }
        }
        stays.resolve();
        Ok(())
    }
}

/// Warns when it is dropped, unless the grant has been taken back: a second signal may end that.
struct StaysWarning<'p>(&'p Printer, bool);

impl StaysWarning<'_> {
    fn resolve(mut self) {
        self.1 = false;
    }
}

impl Drop for StaysWarning<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.warn(&format!("the grant is still in effect; revoke it: {}", undo()));
        }
    }
}

/// The roles with what the user lacks, and their bindings; `None` if the user may not grant
/// those, or if no review names what is missing: only RBAC's own refusals do.
async fn least_roles(
    cluster: &Cluster,
    namespace: &str,
    required: &RequiredPermissions,
    user: &str,
) -> anyhow::Result<Option<Vec<Value>>> {
    for verb in ["create", "escalate", "bind"] {
        if !permissions::is_allowed(cluster, &Rule::of(verb, &CLUSTER_ROLE)).await? {
            return Ok(None);
        }
    }
    let missing = required.missing(cluster).await?;
    if missing.is_empty() {
        return Ok(None);
    }
    // First, so that the run can take back what it grants.
    let undoing = [&ROLE_BINDING, &ROLE, &CLUSTER_ROLE_BINDING, &CLUSTER_ROLE]
        .map(|kind| Rule { name: Some(BOOTSTRAP.to_owned()), ..Rule::of("delete", kind) });
    let missing = [&undoing[..], &missing].concat();
    let has_namespace = cluster.read::<IgnoredAny>(&NAMESPACE.object(None, namespace)).await;
    // Without the permission to read it, it is created as well, which does nothing if it exists.
    let is_new = matches!(has_namespace, Ok(None) | Err(ClusterError::Forbidden { .. }));
    let mut objects = permissions::grant(&missing, BOOTSTRAP, user, is_new.then_some(namespace));
    for manifest in &mut objects {
        manifest["metadata"]["labels"] = labels();
        let Some(object) = object_of(manifest) else { return Ok(None) };
        let is_in_new = is_new && object.namespace.as_deref() == Some(namespace);
        let rule = Rule { namespace: object.namespace, ..Rule::of("create", object.kind) };
        // A role in a namespace that does not exist yet can be reviewed, and not tried.
        if !permissions::is_allowed(cluster, &rule).await? && !is_in_new {
            return Ok(None);
        }
    }
    Ok(Some(objects))
}

fn object_of(manifest: &Value) -> Option<ObjectRef> {
    let text = |value: &'_ Value| value.as_str().map(str::to_owned);
    let kind = kinds::find(manifest["apiVersion"].as_str()?, manifest["kind"].as_str()?)?;
    let metadata = &manifest["metadata"];
    Some(kind.object(text(&metadata["namespace"]).as_deref(), metadata["name"].as_str()?))
}
