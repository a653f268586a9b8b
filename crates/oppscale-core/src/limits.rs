//! The limits of a pod and its containers, and its quality of service.
//!
//! Follows `PodLimits` of `k8s.io/component-helpers/resource` and `ComputePodQOS` of
//! `pkg/apis/core/v1/helper/qos` (1.36): a resource without a limit in any container has none.
//! The scheduler looks at neither.

use std::borrow::Cow;

use super::footprint::{counts_at_pod_level, resize_is_infeasible, status_of};
use super::malformed::Malformed;
use super::model::{Container, ContainerStatus, Pod, PodSpec, ResourceList, RestartPolicy};
use super::requests::Requests;
use super::resources::{Amount, CPU, MEMORY, Resources};

/// The limits in a container's spec and in its status, if the kubelet has reported some.
struct Limits<'p, 'a> {
    spec: Cow<'p, ResourceList<'a>>,
    status: Option<Cow<'p, ResourceList<'a>>>,
}

/// The sum of the limits of `pod`, pod-level ones first.
///
/// # Errors
/// When a limit is no quantity, is negative or out of range.
pub fn of_pod(pod: &Pod<'_>) -> Result<Resources, Malformed> {
    let infeasible = resize_is_infeasible(pod);
    let (spec, status) = (&pod.spec, &pod.status);
    let read = |containers: &'_ [Container<'_>], statuses: &'_ [ContainerStatus<'_>]| {
        let limits = containers.iter().map(|one| Limits::of(one, status_of(statuses, one)));
        limits.map(|limits| limits?.in_force(infeasible)).collect::<Result<Vec<_>, _>>()
    };
    let mut running = Resources::default();
    read(&spec.containers, &status.container_statuses)?.iter().for_each(|one| running.add(one));
    let (mut sidecars, mut peak) = (Resources::default(), Resources::default());
    let inits = read(&spec.init_containers, &status.init_container_statuses)?;
    for (container, limits) in spec.init_containers.iter().zip(&inits) {
        if container.restart_policy == RestartPolicy::Always {
            running.add(limits);
            sidecars.add(limits);
            raise(&mut peak, &sidecars);
        } else {
            let mut with_sidecars = sidecars.clone();
            with_sidecars.add(limits);
            raise(&mut peak, &with_sidecars);
        }
    }
    raise(&mut running, &peak);
    let mut total = running;
    if let Some(pod_level) = &spec.resources {
        let list = read_list(&pod_level.limits)?;
        let listed = Requests::parse(&list, || "spec.resources.limits".to_owned())?;
        let listed = listed.to_resources()?;
        for (name, amount) in listed.present().filter(|(name, _)| counts_at_pod_level(name)) {
            total.set(name, amount);
        }
    }
    let overhead = Requests::parse(&spec.overhead, || "spec.overhead".to_owned())?;
    for (name, amount) in overhead.to_resources()?.present() {
        if total.get(name) != 0 {
            total.set(name, total.get(name) + amount);
        }
    }
    Ok(total)
}

/// Millicores that a pod of a template may use; 0 if a container has no CPU limit.
///
/// # Errors
/// As [`of_pod`].
pub fn cpu_of_template(template: &PodSpec<'_>) -> Result<Amount, Malformed> {
    let mut sum = 0;
    if let Some(pod_level) = &template.resources {
        let list = read_list(&pod_level.limits)?;
        let listed = Requests::parse(&list, || "spec.resources.limits".to_owned())?;
        sum = listed.to_resources()?.get(CPU);
    }
    if sum > 0 {
        return Ok(sum);
    }
    let sidecars = template.init_containers.iter();
    let sidecars = sidecars.filter(|one| one.restart_policy == RestartPolicy::Always);
    for container in template.containers.iter().chain(sidecars) {
        let limit = Limits::of(container, None)?.in_force(false)?.get(CPU);
        if limit == 0 {
            return Ok(0);
        }
        sum += limit;
    }
    Ok(sum)
}

/// The limits of a container.
///
/// # Errors
/// As [`of_pod`].
pub fn of_container(container: &Container<'_>, pod: &Pod<'_>) -> Result<Resources, Malformed> {
    let status = &pod.status;
    let status = status_of(&status.container_statuses, container)
        .or_else(|| status_of(&status.init_container_statuses, container));
    Limits::of(container, status)?.in_force(resize_is_infeasible(pod))
}

impl<'p, 'a> Limits<'p, 'a> {
    fn of(
        container: &'p Container<'a>,
        status: Option<&'p ContainerStatus<'a>>,
    ) -> Result<Self, Malformed> {
        let spec = read_list(&container.resources.limits)?;
        let status = status.and_then(|status| status.resources.as_ref());
        let status = status.map(|resources| read_list(&resources.limits)).transpose()?;
        Ok(Self { spec, status })
    }

    /// The greater of spec and status; without the spec when the resize can never happen.
    fn in_force(&self, infeasible: bool) -> Result<Resources, Malformed> {
        let path = || "resources.limits".to_owned();
        let spec = Requests::parse(&self.spec, path)?;
        let Some(status) = &self.status else { return spec.to_resources() };
        let mut granted = Requests::parse(status, path)?;
        if !infeasible {
            granted.raise_to(&spec);
        }
        granted.to_resources()
    }
}

fn read_list<'p, 'a>(
    limits: &'p super::model::Lazy<'a, ResourceList<'a>>,
) -> Result<Cow<'p, ResourceList<'a>>, Malformed> {
    limits.read().map_err(|error| Malformed::whole(format_args!("resources.limits: {error}")))
}

fn raise(limits: &mut Resources, to: &Resources) {
    for (name, amount) in to.present() {
        if limits.get(name) < amount {
            limits.set(name, amount);
        }
    }
}

/// The QoS class of a pod: the API server's, else as it would compute it.
pub fn qos_class(pod: &Pod<'_>) -> &'static str {
    match &*pod.status.qos_class {
        "Guaranteed" => return "Guaranteed",
        "Burstable" => return "Burstable",
        "BestEffort" => return "BestEffort",
        _ => {}
    }
    let amounts = |requests: &ResourceList<'_>, limits: Result<Resources, Malformed>| {
        let limits = limits.unwrap_or_default();
        let parsed = Requests::parse(requests, String::new);
        let mut requests = parsed.and_then(|r| r.to_resources()).unwrap_or_default();
        for name in [CPU, MEMORY] {
            // The API server takes a missing request from the limit.
            if requests.get(name) == 0 {
                requests.set(name, limits.get(name));
            }
        }
        (requests, limits)
    };
    let mut is_guaranteed = true;
    let mut has_any = false;
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    // Pod-level resources, where there are any, decide alone.
    let all = match &pod.spec.resources {
        Some(pod_level) => {
            let limits = read_list(&pod_level.limits)
                .and_then(|list| Requests::parse(&list, String::new)?.to_resources());
            vec![amounts(&pod_level.requests, limits)]
        }
        None => {
            containers.map(|one| amounts(&one.resources.requests, of_container(one, pod))).collect()
        }
    };
    for (requests, limits) in all {
        for name in [CPU, MEMORY] {
            let (request, limit) = (requests.get(name), limits.get(name));
            has_any |= request != 0 || limit != 0;
            is_guaranteed &= limit != 0 && request == limit;
        }
    }
    match (has_any, is_guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(pod: &str) -> Resources {
        of_pod(&serde_json::from_str(pod).unwrap()).unwrap()
    }

    #[test]
    fn limits_are_those_of_kubectl_describe() {
        let app = r#"{"name":"a","resources":{"limits":{"cpu":"1"}}}"#;
        let sidecar =
            r#"{"name":"s","restartPolicy":"Always","resources":{"limits":{"cpu":"500m"}}}"#;
        let init = r#"{"name":"i","resources":{"limits":{"cpu":"2","memory":"1Gi"}}}"#;
        let pod = format!(
            r#"{{"spec":{{"containers":[{app}],"initContainers":[{sidecar},{init}],
                "overhead":{{"cpu":"100m","memory":"1Gi","ephemeral-storage":"1Gi"}}}}}}"#
        );
        let sum = limits(&pod);
        // The init phase needs more than what runs after it; overhead only where there is a limit.
        assert_eq!((sum.get(CPU), sum.get(MEMORY)), (2_600, 2 << 30));
        assert_eq!(sum.get("ephemeral-storage"), 0);
    }

    #[test]
    fn pod_level_limits_replace_those_of_containers() {
        let pod = r#"{"spec":{"resources":{"limits":{"cpu":"4","nvidia.com/gpu":"1"}},
            "containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}}"#;
        let sum = limits(pod);
        assert_eq!((sum.get(CPU), sum.get(MEMORY)), (4_000, 1 << 30));
        assert_eq!(sum.get("nvidia.com/gpu"), 0);
    }

    #[test]
    fn a_resize_counts_the_greater_limit_unless_it_is_infeasible() {
        let pod = |conditions: &str| {
            format!(
                r#"{{"spec":{{"containers":[{{"name":"a","resources":{{"limits":{{"cpu":"3"}}}}}}]}},
                "status":{{"conditions":[{conditions}],"containerStatuses":[{{"name":"a",
                    "resources":{{"limits":{{"cpu":"1"}}}}}}]}}}}"#
            )
        };
        assert_eq!(limits(&pod("")).get(CPU), 3_000);
        let infeasible = r#"{"type":"PodResizePending","status":"True","reason":"Infeasible"}"#;
        assert_eq!(limits(&pod(infeasible)).get(CPU), 1_000);
    }

    #[test]
    fn the_qos_class_of_a_pod_without_status_is_computed() {
        let qos = |resources: &str| {
            let pod =
                format!(r#"{{"spec":{{"containers":[{{"name":"a","resources":{resources}}}]}}}}"#);
            qos_class(&serde_json::from_str(&pod).unwrap())
        };
        assert_eq!(qos("{}"), "BestEffort");
        assert_eq!(qos(r#"{"requests":{"cpu":"1"}}"#), "Burstable");
        assert_eq!(qos(r#"{"limits":{"cpu":"1","memory":"1Gi"}}"#), "Guaranteed");
        let limited =
            r#""containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]"#;
        let qos = |more: &str| {
            let pod = format!(r#"{{"spec":{{{limited},{more}}}}}"#);
            qos_class(&serde_json::from_str(&pod).unwrap())
        };
        assert_eq!(qos(r#""initContainers":[{"name":"i"}]"#), "Burstable");
        let pod_level = r#""resources":{"requests":{"cpu":"10m"},"limits":{"memory":"1Gi"}}"#;
        assert_eq!(qos(pod_level), "Burstable");
    }
}
