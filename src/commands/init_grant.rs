//! Rights of `oppscale init`: which are missing, and the grant that must be asked for.

use std::fmt::Write as _;

use crate::cluster::{Action, Ask, Cluster};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::setup::install::Journal;
use crate::setup::plan::{Change, Step};
use crate::setup::rights;

use super::init_args::InitArgs;

/// The binding of `--grant-cluster-admin`.
const BOOTSTRAP: &str = "oppscale-bootstrap-admin";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

/// What rights are missing, and the smallest grant.
pub(super) async fn lacking(
    args: &InitArgs,
    cluster: &Cluster,
    namespace: &Step,
    denied: &[String],
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let who = rights::identity(cluster).await?;
    let name = namespace.document.name();
    let missing = rights::missing(cluster, name).await.unwrap_or_default();
    let mut words = format!("{} may not do all of this:\n", who.user);
    for message in denied {
        let _ = writeln!(words, "  {}", message.replace('\n', "\n    "));
    }
    printer.warn(words.trim_end());
    if !missing.is_empty() {
        let fresh = (namespace.change == Change::Create
            || matches!(namespace.change, Change::Denied(_)))
        .then_some(name);
        let mut text = String::new();
        for object in rights::grant(&missing, &who.user, fresh) {
            let _ = write!(text, "---\n{}", serde_saphyr::to_string(&object)?);
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
pub(super) async fn grant(
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

pub(super) async fn take_back(
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
