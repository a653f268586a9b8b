//! The user's own workload, read as it is: a Deployment, or any kind that an HPA can scale. What
//! of its file decides sizes, what the namespace must allow for it, and advice for its user.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DeploymentStrategy, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    Container, PodSpec, PodTemplateSpec, ResourceRequirements, ServiceSpec,
};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::manifest::{self, Document, Origin};
use oppscale_cluster::containers::{self, amount, limit, request};
use oppscale_cluster::{PodRules, custom_kind};
use oppscale_core::defaulting::{footprint_of_template, is_guaranteed};
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::limits;
use oppscale_core::malformed::Malformed;
use oppscale_core::model;
use oppscale_core::placement::Placement;
use oppscale_core::policy::{Basis, Policy, parse_burn};
use oppscale_core::record::priority_of;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS};
use oppscale_core::units::quantity_text;
use oppscale_core::usage;

use super::complete::add_to_node_terms;
use super::pod_security;
use super::render::UsageBasis;

/// The annotation that says what must stay free.
pub(super) const RESERVE: &str = "oppscale.dev/reserve";
/// The older name of the same setting: the share that fillers may use.
pub(super) const TARGET_UTILIZATION: &str = "oppscale.dev/target-utilization";
/// The annotation that says how many replicas there may be.
pub(super) const MAX_REPLICAS: &str = "oppscale.dev/max-replicas";
/// Annotation of the basis.
pub(super) const BASIS: &str = "oppscale.dev/basis";
/// Annotation of what a replica burns on the usage basis.
pub(super) const BURN: &str = "oppscale.dev/burn";

/// A file with one workload, and what belongs to it.
#[derive(Debug, Clone)]
pub struct UserWorkload {
    file: String,
    pub(super) documents: Vec<Document>,
    /// Index of the workload among the documents.
    pub(super) at: usize,
    kind: &'static Kind,
    /// Labels and spec of its pods.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) pod: PodSpec,
    /// Objects that were printed by a server, with what it had filled in.
    pub(super) exported: Vec<String>,
}

impl UserWorkload {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it does not hold one scalable workload, or an object in it is not what the API takes.
    pub fn read(file: &str, text: &str) -> Result<Self, Error> {
        let mut documents = manifest::documents(file, text, Origin::User)?;
        let mut exported = Vec::new();
        for document in &mut documents {
            let mut value = document.value().clone();
            let was_stored = remove_server_fields(&mut value);
            if was_stored {
                *document = document.with_value(value);
                exported.push(document.key().to_string());
            }
            document.check()?;
        }
        // A Deployment may come with workloads of other kinds, which then stay as they are.
        let all = documents.iter().enumerate();
        let all: Vec<_> = all.filter_map(|(at, d)| Some((at, d, scalable_kind(d)?))).collect();
        let deployments: Vec<_> =
            all.iter().filter(|(.., kind)| *kind == &kinds::DEPLOYMENT).copied().collect();
        let found = if deployments.is_empty() { all } else { deployments };
        let own =
            |problem: String, hint: &str| Error::failure(format!("{file}: {problem}")).hint(hint);
        let (at, kind) = match found[..] {
            [(at, _, kind)] => (at, kind),
            [] => {
                return Err(own(
                    "it holds no Deployment of apps/v1, nor another workload that an HPA can scale"
                        .to_owned(),
                    "oppscale render-hpa --workload FILE takes the file of a Deployment, a \
                     StatefulSet, or a custom resource with a pod template and a /scale \
                     subresource",
                ));
            }
            [(_, a, kind), (_, b, other), ..] => {
                let what = match kind == other {
                    true => format!("{}s: {} and {}", kind.name, a.name(), b.name()),
                    false => format!("workloads: {} and {}", a.key(), b.key()),
                };
                return Err(own(
                    format!("it holds several {what}"),
                    "put each into a file of its own; each has an HPA of its own",
                ));
            }
        };
        // Null is as if the field were not there, and so is an empty name.
        let mut value = documents[at].value().clone();
        remove_nulls(&mut value);
        remove_empty_names(&mut value);
        let template: PodTemplateSpec = oppscale_cluster::typed::read(&value["spec"]["template"])
            .map_err(|refusal| {
            let dot = if refusal.field().is_empty() { ": " } else { "." };
            own(format!("spec.template{dot}{refusal}"), "see kubectl explain")
        })?;
        documents[at] = documents[at].with_value(value);
        let own_file = Self {
            file: file.to_owned(),
            documents,
            at,
            kind,
            labels: template.metadata.and_then(|metadata| metadata.labels).unwrap_or_default(),
            pod: template.spec.unwrap_or_default(),
            exported,
        };
        let target = own_file.document().name();
        let scaler = own_file.documents.iter().find(|document| {
            let scaled = &document.value()["spec"]["scaleTargetRef"];
            matches!(document.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
                && scaled["name"] == target
                // KEDA takes it for a Deployment where it does not say.
                && scaled["kind"].as_str().unwrap_or("Deployment") == kind.name
        });
        if let Some(scaler) = scaler {
            return Err(own(
                format!("{} scales {} {target} already: two would fight", scaler.key(), kind.name),
                "take it out of the file; the one that is rendered takes its place",
            ));
        }
        Ok(own_file)
    }

    /// The other objects of the file.
    pub(super) fn others(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().enumerate().filter(|(at, _)| *at != self.at).map(|(_, d)| d)
    }

    pub(super) fn document(&self) -> &Document {
        // `at` was found in this list, which does not change.
        &self.documents[self.at]
    }

    pub(super) fn problem(&self, problem: String, hint: &str) -> Error {
        Error::failure(format!("{}: {problem}", self.file)).hint(hint)
    }

    /// Its kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Kind and name, for messages.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind.name, self.name())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.document().name()
    }

    /// Its namespace, if it says.
    pub fn namespace(&self) -> Option<&str> {
        self.document().namespace()
    }

    /// Its PriorityClass, if it says.
    pub fn priority_class(&self) -> Option<&str> {
        self.pod.priority_class_name.as_deref()
    }

    /// Its grace period, if it says, seconds.
    pub fn grace_seconds(&self) -> Option<u32> {
        self.pod.termination_grace_period_seconds.and_then(|seconds| u32::try_from(seconds).ok())
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        let text = self.document().value()["metadata"]["annotations"][name].as_str();
        text.filter(|text| !text.is_empty())
    }

    /// The reserve that it is annotated with, if it is.
    ///
    /// # Errors
    /// When the annotation is not a reserve.
    pub fn reserve(&self) -> Result<Option<Reserve>, Error> {
        let (name, parsed) = match (self.annotation(RESERVE), self.annotation(TARGET_UTILIZATION)) {
            (Some(text), _) => (RESERVE, text.parse::<Reserve>()),
            (None, Some(text)) => (TARGET_UTILIZATION, Reserve::from_target_utilization(text)),
            (None, None) => return Ok(None),
        };
        parsed.map(Some).map_err(|error| {
            self.problem(
                format!("annotation {name}: {error}"),
                "write cores (30), a share (15%), cpu=30,nvidia.com/gpu=1 or pod:cpu=4",
            )
        })
    }

    /// Highest number of replicas, by its annotation.
    ///
    /// # Errors
    /// When the annotation is not a number of replicas.
    pub fn max_replicas(&self) -> Result<Option<u32>, Error> {
        let Some(text) = self.annotation(MAX_REPLICAS) else { return Ok(None) };
        match text.parse::<i32>().ok().filter(|max| *max > 0) {
            Some(max) => Ok(Some(max.unsigned_abs())),
            None => Err(self.problem(
                format!("annotation {MAX_REPLICAS}: {text:?} is not a number of replicas"),
                "write a number such as 20, or take it out",
            )),
        }
    }

    /// The basis that it is annotated with, if it is.
    ///
    /// # Errors
    /// When the annotation is not a basis.
    pub fn basis(&self) -> Result<Option<Basis>, Error> {
        let parsed = self.annotation(BASIS).map(str::parse).transpose();
        parsed.map_err(|error| {
            self.problem(format!("annotation {BASIS}: {error}"), "write requests or usage")
        })
    }

    /// Burn and requests of a replica on the usage basis; `given` overrides the file.
    ///
    /// # Errors
    /// When the burn is unknown, or the pods are not such that paid pods go first.
    pub fn usage_basis(&self, given: Option<i64>, requests: &Replica) -> Result<UsageBasis, Error> {
        let title = self.title();
        let annotated = self.annotation(BURN).map(parse_burn).transpose().map_err(|error| {
            self.problem(format!("annotation {BURN}: {error}"), "write cores such as 1 or 500m")
        })?;
        let hint = "write quantities such as 500m or 1Gi";
        let limit = self.count(limits::cpu_of_template, hint)?;
        let limit = i64::try_from(limit).ok().filter(|limit| *limit > 0);
        let Some(burn) = given.or(annotated).or(limit) else {
            return Err(self.problem(
                format!("{title}: the cores that a replica uses are unknown"),
                "name them: --burn 1",
            ));
        };
        if self.count(is_guaranteed, hint)? {
            return Err(self.problem(
                format!(
                    "{title}: its limits are its requests, so that its pods are Guaranteed: they \
                     may get cores of their own, and then do not yield"
                ),
                "take the CPU limit out, or raise it above the request",
            ));
        }
        let is_given = self.without_requests().is_empty();
        let request = if is_given { requests.footprint().get(CPU) } else { usage::REQUEST };
        if request > usage::MAX_REQUEST {
            return Err(self.problem(
                format!(
                    "{title}: a replica requests {} of cpu: on the usage basis its weight must be \
                     small beside paid pods",
                    quantity_text(CPU, request)
                ),
                "request 10m of cpu, and name what it uses: --burn 1",
            ));
        }
        Ok(UsageBasis { burn: Some(burn), request, is_limited: false })
    }

    /// Requests of one of its pods; `given` if its only container has none.
    ///
    /// # Errors
    /// When a container has no requests, or both state them.
    pub fn replica(&self, given: Option<&Replica>) -> Result<Replica, Error> {
        let title = self.title();
        let containers =
            self.pod.containers.len() + self.pod.init_containers.as_ref().map_or(0, Vec::len);
        match (given, self.without_requests().as_slice()) {
            (Some(replica), [_]) if containers == 1 => return Ok(replica.clone()),
            (Some(_), []) => {
                return Err(self.problem(
                    format!("{title} has requests of its own, and --replica is given"),
                    "leave out one of the two",
                ));
            }
            (_, []) => {}
            (_, [(container, resource), ..]) => {
                return Err(self.problem(
                    format!(
                        "{title}: container {container} requests no {resource}: what a \
                         replica takes is unknown"
                    ),
                    "write resources.requests with cpu and memory, or name them for a workload \
                     of one container: --replica cpu=1,memory=1Gi",
                ));
            }
        }
        let footprint = self.count(footprint_of_template, "see docs/how-it-counts.md")?;
        Ok(Replica::from_footprint(footprint.with(PODS, 1)))
    }

    /// Placement of its pods.
    ///
    /// # Errors
    /// When its tolerations or affinity make no sense.
    pub fn placement(&self) -> Result<Placement, Error> {
        self.count(Placement::of, "see kubectl explain")
    }

    /// The priority of its pods, from the template or from a PriorityClass of the file; `None` if
    /// neither tells it.
    pub fn priority(&self) -> Option<i32> {
        let of_class = || {
            let class = self.priority_class()?;
            let class = self.documents.iter().find(|d| is(d, "PriorityClass", class))?;
            class.value()["value"].as_i64()?.try_into().ok()
        };
        self.count(|spec| Ok(priority_of(spec)), "").ok().flatten().or_else(of_class)
    }

    /// Reads the pod as an API server admits it: with the overhead of its RuntimeClass, and on the
    /// node that it names.
    fn count<T>(
        &self,
        read: impl FnOnce(&model::PodSpec<'_>) -> Result<T, Malformed>,
        hint: &str,
    ) -> Result<T, Error> {
        let mut template = self.document().value()["spec"]["template"].clone();
        if let Some(overhead) = self.overhead().filter(|_| self.pod.overhead.is_none()) {
            template["spec"]["overhead"] = json!(overhead);
        }
        if let Some(node) = &self.pod.node_name {
            let name = json!({"key": "metadata.name", "operator": "In", "values": [node]});
            add_to_node_terms(&mut template["spec"], "matchFields", &name);
        }
        let json = template.to_string();
        let counted = serde_json::from_str::<model::PodTemplate<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|template| read(&template.spec).map_err(|error| error.to_string()));
        counted.map_err(|problem| self.problem(format!("{}: {problem}", self.title()), hint))
    }

    /// The overhead of its RuntimeClass, where the file holds that.
    fn overhead(&self) -> Option<BTreeMap<String, Quantity>> {
        let name = self.pod.runtime_class_name.as_deref()?;
        let class = self.documents.iter().find(|d| is(d, "RuntimeClass", name))?;
        typed::<RuntimeClass>(class.value())?.overhead?.pod_fixed
    }

    /// The rules between its pods.
    pub fn rules(&self) -> PodRules {
        PodRules::of(&self.labels, &self.pod, self.namespace())
    }

    /// Its containers that run beside each other: sidecars last.
    pub(super) fn containers(&self) -> impl Iterator<Item = &Container> {
        containers::of_pod(&self.pod)
    }

    /// Containers without a request of cpu or memory, and of which; pod-level requests stand for
    /// all.
    pub(super) fn without_requests(&self) -> Vec<(&str, &'static str)> {
        let names = |resources: &Option<ResourceRequirements>, name: &str| {
            let lists = resources.iter().flat_map(|r| [&r.requests, &r.limits]);
            lists.flatten().any(|list| list.contains_key(name))
        };
        // A sidecar stays beside the others; what a LimitRange gave it would come on top.
        let missing = self.containers().filter_map(|container| {
            let silent = |name: &&str| !names(&container.resources, name);
            let missing = [CPU, MEMORY].into_iter().find(silent)?;
            (!names(&self.pod.resources, missing)).then_some((container.name.as_str(), missing))
        });
        missing.collect()
    }

    /// Its PriorityClass, where the file holds that too.
    pub fn brought_class(&self) -> Option<&str> {
        let class = self.priority_class()?;
        self.documents.iter().any(|d| is(d, "PriorityClass", class)).then_some(class)
    }

    /// Lets the Namespace and the PriorityClass of the file stand where they are rendered
    /// otherwise; the Namespace with the labels that it lacks.
    pub(super) fn take_place(&self, rendered: &mut [Document]) {
        for place in rendered {
            let brought =
                self.documents.iter().find(|d| is(d, place.kind(), place.name())).cloned();
            let Some(brought) = brought else { continue };
            match place.kind() {
                "PriorityClass" => *place = brought,
                "Namespace" => *place = labelled(&brought, &place.value()["metadata"]["labels"]),
                _ => {}
            }
        }
    }

    /// Objects of the file that the namespace must admit.
    pub(super) fn side_effects(&self, max: u32) -> SideEffects {
        let mut effects = SideEffects::default();
        for (at, document) in self.documents.iter().enumerate() {
            match document.kind() {
                "PersistentVolumeClaim" => effects.claims += 1,
                "StatefulSet" => {
                    let Some(set) = typed::<StatefulSetSpec>(&document.value()["spec"]) else {
                        continue;
                    };
                    let each = set.volume_claim_templates.map_or(0, |claims| claims.len());
                    let replicas = match at == self.at {
                        true => u64::from(max),
                        false => u64::try_from(set.replicas.unwrap_or(1)).unwrap_or(0),
                    };
                    effects.claims += each as u64 * replicas;
                }
                "Service" if document.api_version() == "v1" => {
                    let Some(service) = typed::<ServiceSpec>(&document.value()["spec"]) else {
                        continue;
                    };
                    let ports = service.ports.map_or(0, |ports| ports.len()) as u64;
                    let (balancers, takes_ports) = match service.type_.as_deref() {
                        Some("LoadBalancer") => {
                            (1, service.allocate_load_balancer_node_ports != Some(false))
                        }
                        kind => (0, kind == Some("NodePort")),
                    };
                    effects.load_balancers += balancers;
                    effects.node_ports += if takes_ports { ports } else { 0 };
                }
                _ => {}
            }
        }
        // A claim for every pod that there may be.
        let volumes = self.pod.volumes.iter().flatten();
        let own = volumes.filter(|volume| volume.ephemeral.is_some()).count() as u64;
        effects.claims += own * u64::from(max);
        effects
    }

    /// Greatest memory limit or request of a container of the file, in bytes.
    pub(super) fn memory_limit(&self) -> Amount {
        let of_pod = |pod: PodSpec| {
            let all = pod.init_containers.into_iter().flatten().chain(pod.containers);
            let all = all.map(|container| container.resources).chain([pod.resources]);
            let most = |r: ResourceRequirements| {
                amount(MEMORY, r.limits.as_ref()).max(amount(MEMORY, r.requests.as_ref()))
            };
            all.flatten().filter_map(most).max()
        };
        self.documents.iter().filter_map(pod_spec).filter_map(of_pod).max().unwrap_or(0)
    }

    /// The request that a container without one may get without a pod becoming larger: that of the
    /// smallest container, or its part of the pod-level request, which containers may not exceed
    /// together.
    pub(super) fn spare_request(&self, name: &str) -> Option<Amount> {
        let of = |container: &Container| request(container.resources.as_ref(), name);
        let each: Vec<_> = self.containers().map(of).collect();
        let silent = each.iter().filter(|amount| amount.is_none()).count();
        match request(self.pod.resources.as_ref(), name) {
            Some(whole) if silent > 0 => {
                let given: Amount = each.iter().flatten().sum();
                Some((whole - given).max(0) / Amount::try_from(silent).unwrap_or(Amount::MAX))
            }
            _ => self.pod.containers.iter().filter_map(of).min(),
        }
    }

    /// The memory limit of its pods as a whole, which no container may exceed, bytes.
    pub(super) fn pod_memory_limit(&self) -> Option<Amount> {
        limit(self.pod.resources.as_ref(), MEMORY)
    }

    /// The strictest pod-security level that all pods of the file meet.
    pub(super) fn security(&self) -> &'static str {
        let pods = self.documents.iter().filter_map(pod_spec);
        let levels: Vec<_> = pods.map(|pod| pod_security::level(&pod)).collect();
        let loosest = ["privileged", "baseline"].into_iter().find(|level| levels.contains(level));
        loosest.unwrap_or("restricted")
    }

    /// Why the admission policies would refuse the workload or pods of the file.
    pub(super) fn refused_by_policy(&self, class: &str) -> Option<String> {
        let title = self.title();
        let annotations = self.document().value()["metadata"]["annotations"].as_object();
        let claims = annotations.into_iter().flatten();
        let claims = claims.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        // Charts render an empty one for none.
        if let Err(error) = Policy::of(claims.filter(|(_, value)| !value.is_empty())) {
            return Some(format!("{title}: {error}"));
        }
        if let Some(seconds) = self.grace_seconds().filter(|seconds| *seconds > 30) {
            return Some(format!(
                "{title}: its pods may take {seconds} s to go, and the policy allows 30"
            ));
        }
        if self.pod.volumes.iter().flatten().any(|volume| volume.host_path.is_some()) {
            return Some(format!(
                "{title}: its pods mount paths of their node, which the policy refuses"
            ));
        }
        let is_limited_to_request = |container: &&Container| {
            let resources = container.resources.as_ref();
            limit(resources, CPU)
                .is_some_and(|limit| request(resources, CPU).is_none_or(|request| request >= limit))
        };
        if let Some(container) = self.pod.containers.iter().find(is_limited_to_request) {
            return Some(format!(
                "{title}: the cpu limit of container {} is no more than its request, \
                 which the policy refuses",
                container.name
            ));
        }
        let mut others = self.others().filter(|d| {
            d.namespace().is_none_or(|namespace| Some(namespace) == self.namespace())
                && pod_spec(d).is_some_and(|pod| pod.priority_class_name.as_deref() != Some(class))
        });
        others.next().map(|other| {
            format!(
                "{} {}: its pods are not of the PriorityClass {class}, and the policy lets none \
                 into the namespace that would not yield",
                other.kind(),
                other.name()
            )
        })
    }

    /// Advice on what it keeps though a filler is better without it, one sentence each.
    pub(super) fn advice(&self, effects: SideEffects) -> Vec<String> {
        let mut advice = Vec::new();
        if *self.kind() == kinds::DEPLOYMENT
            && let Some(surge) = self.surge()
        {
            advice.push(format!(
                "a rollout makes pods beyond the slots (maxSurge {surge}); set it to 0"
            ));
        }
        match self.grace_seconds() {
            Some(0) => advice.push(
                "its pods are forgotten before they are gone (terminationGracePeriodSeconds 0); \
                 give them a few seconds"
                    .to_owned(),
            ),
            Some(seconds) if seconds > 30 => advice.push(format!(
                "paid pods wait up to {seconds} s for its pods to go \
                 (terminationGracePeriodSeconds)"
            )),
            _ => {}
        }
        advice.extend(self.cpu_limits());
        if let Some(node) = &self.pod.node_name {
            advice.push(format!(
                "its pods name their node, {node}: the scheduler does not place them, and the \
                 kubelet refuses those that do not fit"
            ));
        }
        let class = self.pod.runtime_class_name.as_deref();
        if let Some(class) = class.filter(|_| self.pod.overhead.is_none())
            && !self.documents.iter().any(|d| is(d, "RuntimeClass", class))
        {
            advice.push(format!(
                "the overhead of its RuntimeClass {class} is not counted: the file does not hold it"
            ));
        }
        let spread = self.rules().uncounted;
        if !spread.is_empty() {
            advice.push(format!(
                "slots do not consider {}: fewer pods may fit, and the rest wait for a node",
                spread.join(", ")
            ));
        }
        let title = self.title();
        let mut all: Vec<_> = advice.into_iter().map(|words| format!("{title}: {words}")).collect();
        let budgets = self.others().filter(|d| {
            let selector = d.value()["spec"]["selector"]["matchLabels"].as_object();
            let is_own = |(key, value): (&String, &Value)| {
                self.labels.get(key).is_some_and(|label| *value == label.as_str())
            };
            d.kind() == "PodDisruptionBudget" && selector.is_some_and(|s| s.iter().all(is_own))
        });
        all.extend(budgets.map(|budget| {
            format!(
                "{}: the scheduler spares pods with a budget and evicts better ones, and drains \
                 wait for them; take it out",
                budget.key()
            )
        }));
        let kinds = [
            (effects.claims, "volume claims"),
            (effects.load_balancers, "load balancers"),
            (effects.node_ports, "node ports"),
        ];
        let brought = kinds.iter().filter(|(count, _)| *count > 0);
        let brought: Vec<_> = brought.map(|(count, what)| format!("{what} {count}")).collect();
        if !brought.is_empty() {
            all.push(format!(
                "the quota no-side-effects lets through what the file brings: {}",
                brought.join(", ")
            ));
        }
        all
    }

    /// The surge of a rollout, unless it is 0.
    fn surge(&self) -> Option<String> {
        let strategy: DeploymentStrategy = typed(&self.document().value()["spec"]["strategy"])?;
        if strategy.type_.as_deref() == Some("Recreate") {
            return None;
        }
        let rolling = strategy.rolling_update.unwrap_or_default();
        // Where none is said, it is set to 0 if that can be.
        let surge = match (rolling.max_surge, rolling.max_unavailable) {
            (None, unavailable) if is_zero(unavailable.as_ref()) => return Some("25%".to_owned()),
            (surge, _) => surge.filter(|surge| !is_zero(Some(surge)))?,
        };
        Some(match surge {
            IntOrString::Int(pods) => pods.to_string(),
            IntOrString::String(text) => text,
        })
    }

    fn cpu_limits(&self) -> Option<String> {
        if self.count(is_guaranteed, "").unwrap_or(false) {
            return Some(
                "its pods are Guaranteed, and with the static CPU manager take cores that nobody \
                 else may use; leave the cpu limit out"
                    .to_owned(),
            );
        }
        let mut containers = self.containers();
        let limited = containers.find(|one| limit(one.resources.as_ref(), CPU).is_some())?;
        Some(format!(
            "container {} has a cpu limit: cores that nobody else wants stay idle",
            limited.name
        ))
    }
}

/// Objects that the namespace's quota forbids unless the file brings them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SideEffects {
    /// PersistentVolumeClaims.
    pub(super) claims: u64,
    /// Services of type LoadBalancer.
    pub(super) load_balancers: u64,
    /// Ports of nodes.
    pub(super) node_ports: u64,
}

/// A value as its type; a strict read has refused any other.
pub(super) fn typed<T: DeserializeOwned>(value: &Value) -> Option<T> {
    oppscale_cluster::typed::read(value).ok()
}

/// Whether so many pods are none.
pub(super) fn is_zero(pods: Option<&IntOrString>) -> bool {
    match pods {
        Some(IntOrString::Int(pods)) => *pods == 0,
        Some(IntOrString::String(text)) => matches!(text.as_str(), "0" | "0%"),
        None => false,
    }
}

fn is(document: &Document, kind: &str, name: &str) -> bool {
    document.kind() == kind && document.name() == name
}

/// The pod spec of whatever makes pods, or is one.
fn pod_spec(document: &Document) -> Option<PodSpec> {
    let place = match document.kind() {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    };
    typed::<PodSpec>(document.value().pointer(place)?).filter(|pod| !pod.containers.is_empty())
}

/// The user's Namespace with the labels that it lacks.
fn labelled(own: &Document, labels: &Value) -> Document {
    let mut value = own.value().clone();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        let mut all = match metadata.shift_remove("labels") {
            Some(Value::Object(own)) => own,
            _ => serde_json::Map::new(),
        };
        for (key, label) in labels.as_object().into_iter().flatten() {
            all.entry(key.clone()).or_insert_with(|| label.clone());
        }
        metadata.insert("labels".to_owned(), all.into());
    }
    own.with_value(value)
}

/// Names of a pod that are absent where they are empty.
const NAMES: [&str; 9] = [
    "dnsPolicy",
    "hostname",
    "nodeName",
    "preemptionPolicy",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "serviceAccountName",
    "subdomain",
];

/// Removes names that are empty, as charts render them where a value is not set.
fn remove_empty_names(workload: &mut Value) {
    let mut remove = |place: &str, names: &[&str]| {
        let map = workload.pointer_mut(place).and_then(Value::as_object_mut);
        if let Some(map) = map {
            map.retain(|name, value| value != "" || !names.contains(&name.as_str()));
        }
    };
    remove("/metadata", &["namespace"]);
    remove("/spec/strategy", &["type"]);
    remove("/spec/updateStrategy", &["type"]);
    remove("/spec/template/spec", &NAMES);
    if let Some(Value::Object(spec)) = workload.get_mut("spec") {
        spec.retain(|name, value| name != "strategy" || *value != json!({}));
    }
}

/// Removes fields that are null, as an API server does.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(remove_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// The kind of a document that an HPA can scale and that has a pod template. A custom resource
/// of another kind is taken for one if it has: whether it has a `/scale` subresource, only its
/// server knows.
fn scalable_kind(document: &Document) -> Option<&'static Kind> {
    if let Some(kind) = document.known_kind() {
        return kind.scales.then_some(kind);
    }
    let (group, version) = document.api_version().rsplit_once('/')?;
    let containers = document.value().pointer("/spec/template/spec/containers");
    let plural = format!("{}s", document.kind().to_ascii_lowercase());
    let kind = custom_kind(group, version, document.kind(), &plural, true);
    (containers.is_some_and(Value::is_array) && kind.is_custom()).then_some(kind)
}

/// Fields of an object's metadata that are the server's.
const SERVER_METADATA: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];
/// Annotations that a controller or kubectl keeps its books in.
const SERVER_ANNOTATIONS: [&str; 2] =
    ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/// Removes what an API server fills in and `kubectl get -o yaml` prints; whether there was any.
///
/// Applied, a `resourceVersion` is a conflict, a `uid` a precondition, `managedFields` are
/// refused, and times change with every export.
pub(super) fn remove_server_fields(value: &mut Value) -> bool {
    let was_stored = !value["metadata"]["uid"].is_null();
    let mut any = value.as_object_mut().is_some_and(|object| take(object, "status"));
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in SERVER_METADATA {
            any |= take(metadata, field);
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            for name in SERVER_ANNOTATIONS {
                any |= take(annotations, name);
            }
            if any && annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    if let Some(Value::Object(metadata)) = value.pointer_mut("/spec/template/metadata") {
        any |= take(metadata, "creationTimestamp");
    }
    // The address is taken, by the very Service that was printed.
    if was_stored
        && value["kind"] == "Service"
        && value["spec"]["clusterIP"] != "None"
        && let Some(Value::Object(spec)) = value.get_mut("spec")
    {
        any |= take(spec, "clusterIP") | take(spec, "clusterIPs");
    }
    any
}

fn take(map: &mut Map<String, Value>, field: &str) -> bool {
    map.shift_remove(field).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_server_filled_in_is_taken_out_and_nothing_else() {
        let mut stored = json!({
            "kind": "Service",
            "metadata": {
                "name": "x", "uid": "1", "resourceVersion": "2", "creationTimestamp": "3",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
            },
            "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "type": "ClusterIP"},
            "status": {"loadBalancer": {}}
        });
        assert!(remove_server_fields(&mut stored));
        let typed = json!({
            "kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}
        });
        assert_eq!(stored, typed);
        assert!(!remove_server_fields(&mut stored));
        let mut chosen = json!({"kind": "Service", "spec": {"clusterIP": "10.0.0.1"}});
        assert!(!remove_server_fields(&mut chosen), "an address that was chosen");
    }
}
