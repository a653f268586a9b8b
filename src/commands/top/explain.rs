//! `oppscale top --explain POD`: where a pod's number comes from.

use anyhow::{Context, bail};

use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::table::columns;
use oppscale_cluster::{ClusterError, Operation, SavedFiles, object_names};
use oppscale_core::error::Error;
use oppscale_core::explain::{self, Explanation};
use oppscale_core::kinds;
use oppscale_core::model::Pod;
use oppscale_core::nearest::nearest_object;

use super::args::TopArgs;

/// Explains the pod named `pod`, as `NAMESPACE/NAME` or as a name in the namespace at hand.
///
/// # Errors
/// When the pod cannot be found, read or counted.
pub(super) async fn run(pod: &str, args: &TopArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let (given, name) = match pod.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (args.namespace.as_deref(), pod),
    };
    let (namespace, json) = if args.from.is_empty() {
        let cluster = args.cluster.connect().await?;
        let namespace = given.unwrap_or(cluster.namespace()).to_owned();
        let operation =
            Operation::new(format!("get pod {namespace}/{name}"), "--verb=get --resource=pods");
        let path = kinds::POD.path(Some(&namespace), name);
        let body = match cluster.get(&operation, &path).await {
            Err(error @ ClusterError::NotFound { .. }) => {
                let names = object_names(&cluster, &kinds::POD, None).await.unwrap_or_default();
                bail!(absent(error.to_string(), (&namespace, name), &names));
            }
            body => body?,
        };
        (namespace, String::from_utf8(body)?)
    } else {
        let namespace = given.unwrap_or("default").to_owned();
        let files = SavedFiles::load(&args.from)?;
        let Some(json) = files.pod(&namespace, name)?.map(str::to_owned) else {
            let message = format!("the saved lists hold no pod {namespace}/{name}");
            bail!(absent(message, (&namespace, name), &files.pod_names()?));
        };
        (namespace, json)
    };
    let pod: Pod<'_> =
        serde_json::from_str(&json).with_context(|| format!("pod {namespace}/{name}"))?;
    let explanation = explain::explain(&pod)
        .with_context(|| format!("pod {namespace}/{name} cannot be counted"))?;
    printer.data(&text(&format!("{namespace}/{name}"), &pod, &explanation))?;
    Ok(Exit::Ok)
}

/// The error that there is no such pod, with the pod that may have been meant.
fn absent(message: String, wanted: (&str, &str), names: &[(String, String)]) -> Error {
    Error::usage(message).hint(match nearest_object(wanted, names) {
        Some((namespace, name)) => format!("did you mean {namespace}/{name}?"),
        None => "name it with its namespace: --explain NAMESPACE/POD".to_owned(),
    })
}

fn text(name: &str, pod: &Pod<'_>, explanation: &Explanation) -> String {
    let standing = if pod.is_terminal() {
        format!("has ended ({}) and occupies nothing", &*pod.status.phase)
    } else if pod.is_bound() {
        format!("on node {}", &*pod.spec.node_name)
    } else {
        "has no node yet and occupies nothing".to_owned()
    };
    let mut rows: Vec<_> = explanation
        .lines
        .iter()
        .map(|line| vec![line.what.clone(), line.amounts.clone(), line.note.clone()])
        .collect();
    // What an ended pod requested is set aside for nobody.
    if !pod.is_terminal() {
        let total = explain::footprint_text(&explanation.total);
        rows.push(vec!["TOTAL".to_owned(), total, "what the scheduler sets aside".to_owned()]);
    }
    let defaulted = if explanation.defaulted {
        "It never passed an API server; the server's defaults were filled in first.\n"
    } else {
        ""
    };
    format!("{name}: {standing}\n{defaulted}\n{}", columns(rows))
}
