//! Permissions of `oppscale init`: which are missing, and the temporary grant of
//! `--grant-cluster-admin`.

use std::fmt::Write as _;
use std::time::Duration;

use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::args::InitArgs;
use super::plan::Denied;
use crate::commands::journal::{Cleanup, Journal};
use crate::commands::prompt::{can_ask, confirm};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::setup::permissions::{self, Rule};
use crate::setup::plan::{Change, Step};
use crate::setup::{label, labels};
use oppscale_cluster::Cluster;
use oppscale_core::error::Error;
use oppscale_core::kinds::{CLUSTER_ROLE_BINDING, ObjectRef};

/// How long a new binding may take to take effect; the API server's watches take far less.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval between access reviews until it does.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Name of the binding of `--grant-cluster-admin`.
pub(in crate::commands) const BOOTSTRAP: &str = "oppscale-bootstrap-admin";

fn binding() -> ObjectRef {
    CLUSTER_ROLE_BINDING.object(None, BOOTSTRAP)
}

/// Prints the missing permissions, and the smallest roles that grant them.
pub(super) async fn report_missing(
    args: &InitArgs,
    cluster: &Cluster,
    namespace: &Step,
    denied: &[Denied],
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let user = permissions::identity(cluster).await?.username.unwrap_or_default();
    let name = &namespace.object.name;
    let mut missing = permissions::missing(cluster, name).await?;
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
    let is_new = matches!(namespace.change, Change::Create | Change::Denied(_));
    let mut text = String::new();
    for object in permissions::grant(&missing, &user, is_new.then_some(name)) {
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
         was\ngranted before{offer}"
    ));
    Ok(Exit::Permissions)
}

/// The result of `--grant-cluster-admin`.
pub(super) enum Grant {
    /// Nothing was granted: the flag is not set, or the user has all permissions.
    None,
    /// A binding that must be deleted at the end.
    Made,
    /// The user declined.
    Declined(Exit),
}

/// Binds the user to cluster-admin, if the flag is set and they are not bound yet.
pub(super) async fn grant(
    args: &InitArgs,
    cluster: &Cluster,
    journal: &mut Journal<'_>,
    printer: &Printer,
) -> anyhow::Result<Grant> {
    if !args.grant_cluster_admin || args.dry_run.is_some() {
        return Ok(Grant::None);
    }
    let everything = Rule::new("*", "*", "*");
    let user = permissions::identity(cluster).await?.username.unwrap_or_default();
    if permissions::is_allowed(cluster, &everything).await? {
        printer.note(&format!("{user} may do everything already; nothing was granted"));
        return Ok(Grant::None);
    }
    if !args.yes {
        if !can_ask() {
            return Err(Error::usage("a grant needs confirmation, and there is no terminal")
                .hint("--yes makes it, and the changes that follow, without asking")
                .into());
        }
        match confirm(&format!("Make {user} cluster-admin until the end of this run?")).await? {
            Some(true) => {}
            Some(false) => return Ok(Grant::Declined(Exit::Finding)),
            None => return Ok(Grant::Declined(Exit::Interrupted)),
        }
    }
    bind(cluster, &user).await?;
    let undo = format!("kubectl delete clusterrolebinding {BOOTSTRAP}");
    printer
        .note(&format!("{user} is cluster-admin until the end of this run; undo it with: {undo}"));
    journal.warn_unless_resolved(
        Cleanup::Grant,
        format!("the grant is still in effect; revoke it: {undo}"),
    );
    let end = Instant::now() + EFFECT_TIMEOUT;
    while !permissions::is_allowed(cluster, &everything).await? && Instant::now() < end {
        sleep(POLL_INTERVAL).await;
    }
    Ok(Grant::Made)
}

async fn bind(cluster: &Cluster, user: &str) -> anyhow::Result<()> {
    let manifest = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": BOOTSTRAP, "labels": labels()},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user
        }]
    });
    if cluster.create::<IgnoredAny>(&binding(), &manifest).await?.is_some() {
        return Ok(());
    }
    // A binding that an interrupted run left for the same user serves as well; another one is
    // neither used nor deleted.
    let live: ClusterRoleBinding = cluster.read(&binding()).await?.unwrap_or_default();
    let subjects = live.subjects.unwrap_or_default();
    let is_same = matches!(&subjects[..], [one] if one.kind == "User" && one.name == user)
        && live.role_ref.name == "cluster-admin"
        && label(&live.metadata, "app.kubernetes.io/managed-by") == Some("oppscale");
    match is_same {
        true => Ok(()),
        false => Err(Error::owned(format!("{} exists already, and not for {user}", binding()))
            .hint(format!("find its owner: kubectl describe clusterrolebinding {BOOTSTRAP}"))
            .into()),
    }
}

/// Deletes the binding, however the run ended.
pub(super) async fn revoke(cluster: &Cluster, journal: &mut Journal<'_>) -> anyhow::Result<()> {
    cluster.delete(&binding()).await?;
    journal.resolve(Cleanup::Grant);
    Ok(())
}
