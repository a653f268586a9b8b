//! The flags that control-plane components run with: from `/flagz`, from mirror pods, or from
//! what k3s writes on its nodes.

use std::collections::BTreeMap;

use http::StatusCode;
use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;

use oppscale_cluster::{ApiRequest, Operation};
use oppscale_core::check::{Outcome, retired};
use oppscale_core::kinds::POD;

use super::context::CheckContext;
use crate::setup::annotation;

/// Components with flags that they do not start with.
pub(super) type Retired = Vec<(&'static str, &'static retired::RetiredFlag)>;

/// The flags of a component.
pub(super) struct RunningFlags {
    /// Place where the flags were read.
    pub(super) source: &'static str,
    /// The flags, without dashes.
    pub(super) flags: BTreeMap<String, String>,
    /// Whether flags that are not listed have their defaults; otherwise they are unknown.
    pub(super) complete: bool,
}

#[derive(Deserialize)]
struct Flagz {
    #[serde(default)]
    flags: BTreeMap<String, String>,
}

const FLAGZ: &str = "--verb=get --non-resource-url=/flagz";

/// The flags of kube-apiserver, or why they are unknown.
pub(super) async fn of_api_server(context: &mut CheckContext<'_>) -> Result<RunningFlags, Outcome> {
    let mut denied = None;
    if context.is_at_least(36) {
        let operation = Operation::new("read /flagz", FLAGZ);
        let request =
            ApiRequest::get("/flagz").accept("application/json;v=v1beta1;g=config.k8s.io;as=Flagz");
        match context.cluster.send(&operation, &request).await {
            Ok(response) if response.status == StatusCode::FORBIDDEN => {
                denied = Some(Outcome::denied(FLAGZ));
            }
            Ok(response) if response.status.is_success() => match response.json() {
                Ok(Flagz { flags }) if !flags.is_empty() => {
                    return Ok(RunningFlags { source: "/flagz", flags, complete: true });
                }
                Ok(_) => {}
                // An older server answers in another form, which other sources stand in for.
                Err(error) => tracing::info!("{error}"),
            },
            _ => {}
        }
    }
    match command_line(context, "kube-apiserver").await {
        Ok(None) => {}
        Err(outcome) => denied = denied.or(Some(outcome)),
        Ok(Some(args)) => {
            let flags = parsed(&args);
            return Ok(RunningFlags { source: "its mirror pod", flags, complete: true });
        }
    }
    let nodes = context.nodes().await.unwrap_or_default();
    let args = nodes.iter().filter_map(|node| {
        let args = annotation(&node.metadata, "k3s.io/node-args")?;
        serde_json::from_str::<Vec<String>>(args).ok()
    });
    let args: Vec<String> = args.flatten().collect();
    if !args.is_empty() {
        let passed = args.windows(2).filter(|two| two[0] == "--kube-apiserver-arg");
        let args: Vec<_> = passed.map(|two| format!("--{}", two[1])).collect();
        let flags = parsed(&args);
        return Ok(RunningFlags { source: "k3s's node annotation", flags, complete: false });
    }
    let unknown = |why: &str| Outcome::Unknown(why.to_owned());
    Err(match denied {
        _ if context.distribution.is_managed() => unknown("the provider does not show the flags"),
        Some(outcome) => outcome,
        None => unknown("there is neither /flagz nor a mirror pod in kube-system"),
    })
}

/// The command line of a static pod's component; `None` where there is no such pod.
async fn command_line(
    context: &mut CheckContext<'_>,
    component: &str,
) -> Result<Option<Vec<String>>, Outcome> {
    let selector = format!("component={component}");
    let pods: Vec<Pod> = context.list(&POD, Some("kube-system"), &selector).await?;
    let spec = pods.into_iter().next().map(|pod| pod.spec.unwrap_or_default());
    Ok(spec.map(|spec| {
        let container = spec.containers.into_iter().next().unwrap_or_default();
        [container.command, container.args].into_iter().flatten().flatten().collect()
    }))
}

fn parsed(args: &[String]) -> BTreeMap<String, String> {
    let flags = args.iter().filter_map(|arg| arg.strip_prefix("--"));
    flags
        .map(|flag| flag.split_once('=').unwrap_or((flag, "true")))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The retired flags of the control plane, each with its component; `None` where no component's
/// command line is visible.
pub(super) async fn retired(context: &mut CheckContext<'_>) -> Result<Option<Retired>, Outcome> {
    let mut found = None;
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let Some(args) = command_line(context, component).await? else { continue };
        let flags = retired::flags(args.iter().map(String::as_str), component);
        let found: &mut Retired = found.get_or_insert_default();
        found.extend(flags.into_iter().map(|flag| (component, flag)));
    }
    Ok(found)
}
