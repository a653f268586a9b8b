//! What an API server would have filled in, for pods that never passed one.
//!
//! Follows `SetDefaults_Pod` and `SetDefaults_ResourceList` of
//! `pkg/apis/core/v1/defaults.go` (1.36): a request that is missing becomes the limit,
//! pod-level requests follow from pod-level limits, and every quantity is rounded up to
//! thousandths. A pod that an API server stored has all of that already. A pod
//! *template* has not, even on the server: the defaults are set on the pods made of it.

use std::borrow::Cow;

use super::footprint;
use super::limits::qos_class;
use super::malformed::Malformed;
use super::model::{Pod, PodSpec, RawQuantity, Requirements, ResourceList};
use super::quantity::Quantity;
use super::requests::Requests;
use super::resources::Resources;

/// The footprint of a pod of the template `spec`.
///
/// # Errors
/// As [`footprint::of_pod`].
pub fn footprint_of_template(spec: &PodSpec<'_>) -> Result<Resources, Malformed> {
    let mut pod = Pod { spec: spec.clone(), ..Pod::default() };
    set_defaults(&mut pod)?;
    footprint::of_pod(&pod)
}

/// Whether pods of a template are Guaranteed.
///
/// # Errors
/// As [`set_defaults`].
pub fn is_guaranteed(spec: &PodSpec<'_>) -> Result<bool, Malformed> {
    let mut pod = Pod { spec: spec.clone(), ..Pod::default() };
    set_defaults(&mut pod)?;
    Ok(qos_class(&pod) == "Guaranteed")
}

/// Fills in what an API server would have.
///
/// # Errors
/// On a limit or request that is no quantity.
pub fn set_defaults(pod: &mut Pod<'_>) -> Result<(), Malformed> {
    for container in pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers) {
        let path = format!("spec.containers {:?}", &*container.name);
        let limits = limits_of(&container.resources, &path)?;
        fill(&mut container.resources.requests, &limits, |_| true);
        ceil_to_milli(&mut container.resources.requests);
    }
    ceil_to_milli(&mut pod.spec.overhead);
    let Some(pod_level) = &pod.spec.resources else { return Ok(()) };
    let limits = limits_of(pod_level, "spec.resources")?;
    if limits.is_empty() {
        return Ok(());
    }
    let containers = {
        let aggregate = footprint::containers(pod, false, &mut footprint::NoTrace)?;
        to_list(&aggregate)
    };
    if let Some(pod_level) = &mut pod.spec.resources {
        fill(&mut pod_level.requests, &containers, footprint::counts_at_pod_level);
        fill(&mut pod_level.requests, &limits, footprint::counts_at_pod_level);
        ceil_to_milli(&mut pod_level.requests);
    }
    Ok(())
}

fn limits_of<'a>(
    requirements: &Requirements<'a>,
    path: &str,
) -> Result<ResourceList<'a>, Malformed> {
    let limits = requirements.limits.read();
    limits
        .map(Cow::into_owned)
        .map_err(|error| Malformed::whole(format_args!("{path}.resources.limits: {error}")))
}

/// Copies into `requests` what only `source` names.
fn fill<'a>(
    requests: &mut ResourceList<'a>,
    source: &ResourceList<'a>,
    applies: impl Fn(&str) -> bool,
) {
    for (name, quantity) in source.entries() {
        if applies(name) && requests.get(name).is_none() {
            requests.insert(name.clone(), quantity.clone());
        }
    }
}

fn ceil_to_milli(list: &mut ResourceList<'_>) {
    for quantity in list.values_mut() {
        // What is no quantity is left for the count to report.
        if let Ok(parsed) = quantity.as_str().parse::<Quantity>() {
            let rounded = parsed.ceil_to_milli();
            if rounded != parsed {
                *quantity = RawQuantity::from_text(rounded.to_string());
            }
        }
    }
}

fn to_list<'a>(requests: &Requests<'_>) -> ResourceList<'a> {
    let mut list = ResourceList::default();
    for (name, quantity) in requests.iter() {
        list.insert(name.to_owned().into(), RawQuantity::from_text(quantity.to_string()));
    }
    list
}
