//! What one pod occupies on its node, as the kube-scheduler of Kubernetes 1.36 counts it.
//!
//! Follows `PodRequests` of `k8s.io/component-helpers/resource` with the options that
//! the default scheduler sets: in-place resize from the status on (GA), pod-level
//! resources on (beta since 1.34), pod-level resize from the status on (beta since
//! 1.36), node-allocatable device claims off (alpha). Older servers have no status of
//! that kind, so the same rule holds for them.
//!
//! Limits are never consulted. Ephemeral containers never count.

use super::malformed::{Malformed, Problem};
use super::model::{Container, ContainerStatus, Pod, ResourceList, RestartPolicy};
use super::requests::Requests;
use super::resources::{CPU, MEMORY, PODS, Resources};

/// One step of the count, which a [`Trace`] receives.
#[derive(Debug)]
pub enum Step<'s, 'a> {
    /// The effective request of an app container.
    App(&'s str, &'s Requests<'a>),
    /// The effective request of a sidecar.
    Sidecar(&'s str, &'s Requests<'a>),
    /// A plain init container, and it together with the sidecars started before it.
    Init(&'s str, &'s Requests<'a>),
    /// The request of a container or pod in its spec, where the status changed it.
    Resized {
        /// The container; `None` for pod-level resources.
        container: Option<&'s str>,
        /// Requests of the spec.
        spec: &'s Requests<'a>,
        /// Whether the resize is infeasible, so that the spec is not counted.
        infeasible: bool,
    },
    /// Apps and sidecars together, and the highest point of the init phase.
    Peak {
        /// The sum over apps and sidecars.
        running: &'s Requests<'a>,
        /// The peak of the init phase.
        init: &'s Requests<'a>,
    },
    /// Pod-level resources, which replace the sum of the containers.
    PodLevel(&'s Requests<'a>),
    /// The RuntimeClass overhead.
    Overhead(&'s Requests<'a>),
}

/// Hears the steps of a count, to explain it.
pub trait Trace {
    /// A step was taken.
    fn step(&mut self, step: Step<'_, '_>);
}

/// Ignores all steps.
pub(super) struct NoTrace;

impl Trace for NoTrace {
    fn step(&mut self, _: Step<'_, '_>) {}
}

/// The resources that `pod` occupies, `pods: 1` included.
///
/// # Errors
/// When the pod has no containers or a request is no quantity, is negative or out of range.
pub fn of_pod(pod: &Pod<'_>) -> Result<Resources, Malformed> {
    traced(pod, &mut NoTrace)
}

/// As [`of_pod`], and passes each step to `trace`.
///
/// # Errors
/// As [`of_pod`].
pub fn traced(pod: &Pod<'_>, trace: &mut impl Trace) -> Result<Resources, Malformed> {
    let mut resources = exact(pod, trace)?.to_resources()?;
    resources.set(PODS, 1);
    Ok(resources)
}

/// The exact effective requests of a pod, before they are rounded to integers.
///
/// # Errors
/// As [`of_pod`], but for amounts out of range.
pub fn exact<'p>(pod: &'p Pod<'_>, trace: &mut impl Trace) -> Result<Requests<'p>, Malformed> {
    let infeasible = resize_is_infeasible(pod);
    let mut total = containers(pod, infeasible, trace)?;
    if let Some(pod_level) = pod_level(pod, infeasible, trace)? {
        for (name, quantity) in pod_level.iter() {
            total.set(name, quantity);
        }
        trace.step(Step::PodLevel(&pod_level));
    }
    let overhead = Requests::parse(&pod.spec.overhead, || "spec.overhead".to_owned())?;
    if !overhead.is_empty() {
        total.add(&overhead);
        trace.step(Step::Overhead(&overhead));
    }
    Ok(total)
}

/// The effective requests of one container of `pod`.
///
/// # Errors
/// As [`of_pod`].
pub fn of_container(container: &Container<'_>, pod: &Pod<'_>) -> Result<Resources, Malformed> {
    let status = &pod.status;
    let status = match container.restart_policy == RestartPolicy::Always {
        true => status_of(&status.init_container_statuses, container),
        false => status_of(&status.container_statuses, container),
    };
    let path = || format!("container {:?}", &*container.name);
    effective(container, status, resize_is_infeasible(pod), path, &mut NoTrace)?.to_resources()
}

/// The containers' part: the greater of everything that runs together and the peak of
/// the init phase, where each sidecar goes on beside the init containers after it.
///
/// # Errors
/// As [`of_pod`].
pub(super) fn containers<'p>(
    pod: &'p Pod<'_>,
    infeasible: bool,
    trace: &mut impl Trace,
) -> Result<Requests<'p>, Malformed> {
    let (spec, status) = (&pod.spec, &pod.status);
    if spec.containers.is_empty() {
        return Err(Malformed::new("spec.containers", Problem::Missing));
    }
    let mut running = Requests::default();
    for (index, container) in spec.containers.iter().enumerate() {
        let path = || field("containers", index, container);
        let status = status_of(&status.container_statuses, container);
        let effective = effective(container, status, infeasible, path, trace)?;
        trace.step(Step::App(&container.name, &effective));
        running.add(&effective);
    }
    let mut sidecars = Requests::default();
    let mut peak = Requests::default();
    for (index, container) in spec.init_containers.iter().enumerate() {
        let path = || field("initContainers", index, container);
        if container.restart_policy == RestartPolicy::Always {
            let status = status_of(&status.init_container_statuses, container);
            let effective = effective(container, status, infeasible, path, trace)?;
            trace.step(Step::Sidecar(&container.name, &effective));
            running.add(&effective);
            sidecars.add(&effective);
            peak.raise_to(&sidecars);
        } else {
            let mut with_sidecars = effective(container, None, infeasible, path, trace)?;
            with_sidecars.add(&sidecars);
            trace.step(Step::Init(&container.name, &with_sidecars));
            peak.raise_to(&with_sidecars);
        }
    }
    if !spec.init_containers.is_empty() {
        trace.step(Step::Peak { running: &running, init: &peak });
    }
    running.raise_to(&peak);
    Ok(running)
}

/// The effective request of one container. A status without `resources` says nothing,
/// even when it has `allocatedResources`.
fn effective<'p>(
    container: &'p Container<'_>,
    status: Option<&'p ContainerStatus<'_>>,
    infeasible: bool,
    path: impl Fn() -> String,
    trace: &mut impl Trace,
) -> Result<Requests<'p>, Malformed> {
    let spec = Requests::parse(&container.resources.requests, || {
        format!("{}.resources.requests", path())
    })?;
    let Some((status, actual)) = status.and_then(|s| Some((s, s.resources.as_ref()?))) else {
        return Ok(spec);
    };
    let resized = Resize {
        actual: &actual.requests,
        allocated: &status.allocated_resources,
        infeasible,
        container: Some(&container.name),
    };
    resized.apply(spec, || format!("{} (status)", path()), trace)
}

/// Pod-level requests that replace the containers' sum, if the pod has any that count.
fn pod_level<'p>(
    pod: &'p Pod<'_>,
    infeasible: bool,
    trace: &mut impl Trace,
) -> Result<Option<Requests<'p>>, Malformed> {
    let Some(resources) = &pod.spec.resources else { return Ok(None) };
    let listed = Requests::parse(&resources.requests, || "spec.resources.requests".to_owned())?;
    let mut spec = Requests::default();
    for (name, quantity) in listed.iter().filter(|(name, _)| counts_at_pod_level(name)) {
        spec.set(name, quantity);
    }
    if spec.is_empty() {
        return Ok(None);
    }
    let Some(actual) = &pod.status.resources else { return Ok(Some(spec)) };
    let resized = Resize {
        actual: &actual.requests,
        allocated: &pod.status.allocated_resources,
        infeasible,
        container: None,
    };
    let status = resized.apply(spec.clone(), || "status.resources".to_owned(), trace)?;
    // Only names of the spec are replaced; one that the status lacks is 0 when infeasible.
    let mut effective = Requests::default();
    for (name, _) in spec.iter() {
        effective.set(name, status.get(name).unwrap_or_default());
    }
    Ok(Some(effective))
}

/// Whether a resource may be given at pod level (`IsSupportedPodLevelResource`).
pub(super) fn counts_at_pod_level(name: &str) -> bool {
    name == CPU || name == MEMORY || name.starts_with("hugepages-")
}

/// The in-place resize of the status (KEP-1287).
struct Resize<'p, 's> {
    actual: &'p ResourceList<'p>,
    allocated: &'p ResourceList<'p>,
    infeasible: bool,
    container: Option<&'s str>,
}

impl<'p> Resize<'p, '_> {
    /// The greatest of spec, actual and allocated; without the spec when the resize can
    /// never happen. A deferred resize still counts in full (kubernetes#135107).
    fn apply(
        self,
        spec: Requests<'p>,
        path: impl Fn() -> String,
        trace: &mut impl Trace,
    ) -> Result<Requests<'p>, Malformed> {
        let mut granted = Requests::parse(self.actual, || format!("{}.requests", path()))?;
        granted.raise_to(&Requests::parse(self.allocated, || format!("{}.allocated", path()))?);
        let changed = granted.iter().any(|(name, q)| spec.get(name).is_none_or(|s| s != q))
            || spec.iter().any(|(name, _)| granted.get(name).is_none());
        if changed {
            let (container, infeasible) = (self.container, self.infeasible);
            trace.step(Step::Resized { container, spec: &spec, infeasible });
        }
        if !self.infeasible {
            granted.raise_to(&spec);
        }
        Ok(granted)
    }
}

/// Whether the first `PodResizePending` condition has the reason `Infeasible`; its own
/// status is not looked at, as upstream.
pub(super) fn resize_is_infeasible(pod: &Pod<'_>) -> bool {
    pod.status
        .conditions
        .iter()
        .find(|condition| &*condition.kind == "PodResizePending")
        .is_some_and(|condition| &*condition.reason == "Infeasible")
}

pub(super) fn status_of<'p, 'a>(
    statuses: &'p [ContainerStatus<'a>],
    container: &Container<'_>,
) -> Option<&'p ContainerStatus<'a>> {
    statuses.iter().find(|status| status.name == container.name)
}

fn field(list: &str, index: usize, container: &Container<'_>) -> String {
    format!("spec.{list}[{index}] {:?}", &*container.name)
}
