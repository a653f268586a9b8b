//! The containers of a pod template, and what they request.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use oppscale_core::resources::Amount;
use oppscale_core::units::amount_of;

/// The containers that run beside each other: sidecars last.
pub fn of_pod(pod: &PodSpec) -> impl Iterator<Item = &Container> + Clone {
    let sidecars = pod.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|one| one.restart_policy.as_deref() == Some("Always"));
    pod.containers.iter().chain(sidecars)
}

/// How much of a resource a list of them holds; `None` if it has none, or no quantity.
pub fn amount(name: &str, list: Option<&BTreeMap<String, Quantity>>) -> Option<Amount> {
    amount_of(name, list?.get(name)?.0.parse().ok()?)
}

/// The request of a container or pod; a limit without a request stands for one.
pub fn request(resources: Option<&ResourceRequirements>, name: &str) -> Option<Amount> {
    let resources = resources?;
    amount(name, resources.requests.as_ref()).or(amount(name, resources.limits.as_ref()))
}

/// The limit of a container or pod.
pub fn limit(resources: Option<&ResourceRequirements>, name: &str) -> Option<Amount> {
    amount(name, resources?.limits.as_ref())
}
