//! `oppscale top --explain POD`: where a pod's number comes from.

use anyhow::Context;

use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::table::columns;
use oppscale_cluster::{Operation, SavedFiles};
use oppscale_core::error::Error;
use oppscale_core::explain::{self, Explanation};
use oppscale_core::model::Pod;

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
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        (namespace, String::from_utf8(cluster.get(&operation, &path).await?)?)
    } else {
        let namespace = given.unwrap_or("default").to_owned();
        let files = SavedFiles::load(&args.from)?;
        let json = files.pod(&namespace, name)?.map(str::to_owned).ok_or_else(|| {
            Error::failure(format!("the saved lists hold no pod {namespace}/{name}")).hint(
                match given {
                    Some(_) => {
                        "see what they hold: kubectl get pods -A -o wide, when they are saved"
                    }
                    None => "name the namespace too: --explain NAMESPACE/POD",
                },
            )
        })?;
        (namespace, json)
    };
    let pod: Pod<'_> =
        serde_json::from_str(&json).with_context(|| format!("pod {namespace}/{name}"))?;
    let explanation = explain::explain(&pod)
        .with_context(|| format!("pod {namespace}/{name} cannot be counted"))?;
    printer.data(&text(&format!("{namespace}/{name}"), &pod, &explanation))?;
    Ok(Exit::Ok)
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
    let total = explain::footprint_text(&explanation.total);
    rows.push(vec!["TOTAL".to_owned(), total, "what the scheduler sets aside".to_owned()]);
    let defaulted = if explanation.defaulted {
        "It never passed an API server; the server's defaults were filled in first.\n"
    } else {
        ""
    };
    format!("{name}: {standing}\n{defaulted}\n{}", columns(rows))
}
