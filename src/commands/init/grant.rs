//! Rights of `oppscale init`: which are missing, and the grant that must be asked for.

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::commands::journal::{Cleanup, Journal};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::setup::permissions::{self, Rule};
use crate::setup::plan::{Change, Step};
use oppscale_cluster::{ApiRequest, Cluster, Operation};
use oppscale_core::error::Error;

use super::args::InitArgs;
use super::plan::Denied;
use crate::commands::prompt::{can_ask, confirm};

/// How long a new binding may take to count; watches of the API server take far less.
const HEARD: Duration = Duration::from_secs(5);
/// How often it is looked whether it does.
const LOOK: Duration = Duration::from_millis(200);

/// The binding of `--grant-cluster-admin`.
pub(in crate::commands) const BOOTSTRAP: &str = "oppscale-bootstrap-admin";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

/// What rights are missing, and the smallest grant.
pub(super) async fn lacking(
    args: &InitArgs,
    cluster: &Cluster,
    namespace: &Step,
    denied: &[Denied],
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let who = permissions::identity(cluster).await?;
    let name = namespace.document.name();
    let mut missing = permissions::missing(cluster, name).await?;
    let mut words = format!("{} may not do all of this:\n", who.user);
    for Denied { message, namespace } in denied {
        let _ = writeln!(words, "  {}", message.replace('\n', "\n    "));
        // Other authorizers than RBAC may allow what a review asks for; to grant a rule, RBAC
        // must, and only the refusal tells which.
        for rule in permissions::of_refusal(message, namespace.as_deref()) {
            if !missing.contains(&rule) {
                missing.push(rule);
            }
        }
    }
    printer.warn(words.trim_end());
    if missing.is_empty() {
        printer.note("no access review says which rule is missing: ask whoever runs the cluster");
        return Ok(Exit::Permissions);
    }
    let fresh = (namespace.change == Change::Create
        || matches!(namespace.change, Change::Denied(_)))
    .then_some(name);
    let mut text = String::new();
    for object in permissions::grant(&missing, &who.user, fresh) {
        let _ = write!(text, "---\n{}", serde_saphyr::to_string(&object)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
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

/// What became of `--grant-cluster-admin`.
pub(super) enum Grant {
    /// Nothing was granted: not asked for, or held already.
    None,
    /// To be taken back.
    Made,
    /// Not wanted after all.
    Declined(Exit),
}

/// Binds the user to cluster-admin, if they asked for it and are not yet.
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
    let who = permissions::identity(cluster).await?;
    if permissions::may(cluster, &everything, None).await? {
        printer.note(&format!("{} may do everything already; nothing was granted", who.user));
        return Ok(Grant::None);
    }
    if !args.yes {
        if !can_ask() {
            return Err(Error::usage("a grant is to be made, and nobody can be asked")
                .hint("--yes makes it, and the changes that follow, without asking")
                .into());
        }
        match confirm(&format!("Make {} cluster-admin until the end of this run?", who.user))
            .await?
        {
            Some(true) => {}
            Some(false) => return Ok(Grant::Declined(Exit::Finding)),
            None => return Ok(Grant::Declined(Exit::Interrupted)),
        }
    }
    bind(cluster, &who.user).await?;
    let how = format!("kubectl delete clusterrolebinding {BOOTSTRAP}");
    printer.note(&format!(
        "{} is cluster-admin until the end of this run; undo it with: {how}",
        who.user
    ));
    journal.warn_unless_resolved(
        Cleanup::Grant,
        format!("the grant is still there; take it back: {how}"),
    );
    // A binding counts once the API server's authorizer has heard of it.
    let end = Instant::now() + HEARD;
    while !permissions::may(cluster, &everything, None).await? && Instant::now() < end {
        sleep(LOOK).await;
    }
    Ok(Grant::Made)
}

async fn bind(cluster: &Cluster, user: &str) -> anyhow::Result<()> {
    let operation = Operation::new(
        "bind you to cluster-admin",
        "--verb=create --resource=clusterrolebindings.rbac.authorization.k8s.io, and \
                --verb=bind --resource=clusterroles --resource-name=cluster-admin",
    );
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": BOOTSTRAP, "labels": {
            "app.kubernetes.io/part-of": "oppscale", "app.kubernetes.io/managed-by": "oppscale"
        }},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user
        }]
    });
    let request = ApiRequest::post(format!("{BINDINGS}?fieldManager=oppscale"), &binding);
    let response = cluster.send(&operation, &request).await?;
    if response.status != StatusCode::CONFLICT {
        response.success(&operation)?;
        return Ok(());
    }
    // One that an interrupted run of the same user left is as good; another is not ours to use,
    // and not ours to delete.
    let live =
        cluster.find(&operation, &format!("{BINDINGS}/{BOOTSTRAP}")).await?.unwrap_or_default();
    let is_same = live["subjects"] == binding["subjects"]
        && live["roleRef"]["name"] == "cluster-admin"
        && live["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "oppscale";
    match is_same {
        true => Ok(()),
        false => Err(Error::owned(format!(
            "ClusterRoleBinding {BOOTSTRAP} is there already, and not for {user}"
        ))
        .hint(format!("see whose it is: kubectl describe clusterrolebinding {BOOTSTRAP}"))
        .into()),
    }
}

/// Takes the grant back, however the run went.
pub(super) async fn take_back(cluster: &Cluster, journal: &mut Journal<'_>) -> anyhow::Result<()> {
    let operation = Operation::new(
        "take the grant back",
        "--verb=delete --resource=clusterrolebindings.rbac.authorization.k8s.io",
    );
    cluster.remove(&operation, &format!("{BINDINGS}/{BOOTSTRAP}")).await?;
    journal.resolve(Cleanup::Grant);
    Ok(())
}
