//! The flags that control-plane components really run with: `/flagz`, mirror pods, or what k3s
//! writes on its nodes.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;

use oppscale_cluster::{Action, Ask};
use oppscale_core::check::{Outcome, retired};

use super::connection::{NODES, NODES_RIGHT};
use super::doctor::{Doctor, Look};

/// Components with flags that they do not start with.
pub(super) type Retired = Vec<(&'static str, &'static retired::RetiredFlag)>;

/// Flags and where they were read.
pub(super) struct Running {
    pub(super) source: &'static str,
    pub(super) flags: BTreeMap<String, String>,
    /// Whether flags that are not listed have their defaults, or are just not told.
    pub(super) complete: bool,
}

const FLAGZ: &str = "--verb=get --non-resource-url=/flagz";
const PODS: &str = "--verb=list --resource=pods, in kube-system";

/// Of kube-apiserver; why they are unknown, where they cannot be read.
pub(super) async fn of_api_server(doctor: &mut Doctor<'_>) -> Result<Running, Outcome> {
    let mut denied = None;
    if doctor.is_at_least(36) {
        let action = Action { words: "read /flagz", right: FLAGZ };
        let ask = Ask::get("/flagz").accept("application/json;v=v1beta1;g=config.k8s.io;as=Flagz");
        let reply = doctor.cluster.ask(&action, &ask).await;
        if reply.as_ref().is_ok_and(|reply| reply.status == StatusCode::FORBIDDEN) {
            denied = Some(FLAGZ);
        }
        if let Ok(reply) = reply
            && reply.status.is_success()
        {
            let flags = reply.json()["flags"].as_object().cloned().unwrap_or_default();
            let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
            let flags: BTreeMap<_, _> =
                flags.into_iter().map(|(key, value)| (key, text(value))).collect();
            if !flags.is_empty() {
                return Ok(Running { source: "/flagz", flags, complete: true });
            }
        }
    }
    match mirror_pod(doctor, "kube-apiserver").await {
        Ok(None) => {}
        Err(_) => denied = denied.or(Some(PODS)),
        Ok(Some(words)) => {
            return Ok(Running { source: "its mirror pod", flags: parsed(&words), complete: true });
        }
    }
    if let Look::Found(list) = doctor.look(NODES, NODES_RIGHT).await {
        let nodes = list["items"].as_array().into_iter().flatten();
        let args = nodes.filter_map(|n| n["metadata"]["annotations"]["k3s.io/node-args"].as_str());
        let args: Vec<String> = args
            .filter_map(|text| serde_json::from_str::<Vec<String>>(text).ok())
            .flatten()
            .collect();
        if !args.is_empty() {
            let passed = args.windows(2).filter(|two| two[0] == "--kube-apiserver-arg");
            let words: Vec<_> = passed.map(|two| format!("--{}", two[1])).collect();
            let flags = parsed(&words);
            return Ok(Running { source: "k3s's node annotation", flags, complete: false });
        }
    }
    let unknown = |why: &str| Outcome::Unknown(why.to_owned());
    Err(match denied {
        _ if doctor.distribution.is_managed() => unknown("the provider does not show the flags"),
        Some(right) => Outcome::denied(right),
        None => unknown("there is neither /flagz nor a mirror pod in kube-system"),
    })
}

/// The words with which a static pod's component was started; `None` where there is no such pod.
pub(super) async fn mirror_pod(
    doctor: &mut Doctor<'_>,
    component: &str,
) -> Result<Option<Vec<String>>, Outcome> {
    let path = format!("/api/v1/namespaces/kube-system/pods?labelSelector=component%3D{component}");
    let pods = doctor.list(&path, PODS).await?;
    let Some(pod) = pods.first() else { return Ok(None) };
    let container = &pod["spec"]["containers"][0];
    let words = ["command", "args"].into_iter().flat_map(|field| {
        let words = container[field].as_array().cloned().unwrap_or_default();
        words.into_iter().filter_map(|word| word.as_str().map(str::to_owned))
    });
    Ok(Some(words.collect()))
}

fn parsed(words: &[String]) -> BTreeMap<String, String> {
    let flags = words.iter().filter_map(|word| word.strip_prefix("--"));
    flags
        .map(|flag| flag.split_once('=').unwrap_or((flag, "true")))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Retired flags of the control plane, with the component that has them; `None` where no
/// component's command line is to be seen.
pub(super) async fn retired_flags(doctor: &mut Doctor<'_>) -> Result<Option<Retired>, Outcome> {
    let mut found = Vec::new();
    let mut seen = false;
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let Some(words) = mirror_pod(doctor, component).await? else { continue };
        seen = true;
        let flags = retired::flags(words.iter().map(String::as_str), component);
        found.extend(flags.into_iter().map(|flag| (component, flag)));
    }
    Ok(seen.then_some(found))
}
