//! The rules of a pod template that keep its pods apart or together, whatever they request:
//! NodePorts and InterPodAffinity of the scheduler (1.36). Those by which a node holds one pod only
//! are counted.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodAffinityTerm, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use oppscale_core::kinds::Kind;
use serde_json::Value;

use super::{containers, label_selector, typed};

/// What keeps the pods of a template apart or together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodRules {
    /// Whether a node holds one of them only.
    pub is_one_per_node: bool,
    /// Rules that are not counted, so that fewer pods may find a place than fit.
    pub uncounted: Vec<&'static str>,
}

/// Pods of a template.
struct Pods<'p> {
    labels: &'p BTreeMap<String, String>,
    spec: &'p PodSpec,
    /// Their namespace, if it is known.
    namespace: Option<&'p str>,
}

impl PodRules {
    /// The rules of pods with these labels and this spec, in `namespace` if it is known.
    pub fn of(labels: &BTreeMap<String, String>, spec: &PodSpec, namespace: Option<&str>) -> Self {
        let pods = Pods { labels, spec, namespace };
        Self { is_one_per_node: pods.are_one_per_node(), uncounted: pods.uncounted_rules() }
    }

    /// The rules of the pod template of an object of this kind; none if it has no valid template,
    /// which the scheduler would not see.
    pub fn of_object(kind: &Kind, object: &Value, namespace: Option<&str>) -> Self {
        let template = kind.template.and_then(|place| object.pointer(place));
        match template.and_then(|template| typed::read(template).ok()) {
            Some(PodTemplateSpec { metadata, spec: Some(spec) }) => {
                let labels = metadata.and_then(|metadata| metadata.labels).unwrap_or_default();
                Self::of(&labels, &spec, namespace)
            }
            _ => Self::default(),
        }
    }
}

impl<'p> Pods<'p> {
    fn are_one_per_node(&self) -> bool {
        self.have_host_port() || self.spread_terms().any(|term| self.keep_apart_by_host(term))
    }

    fn have_host_port(&self) -> bool {
        // In the network of the host, every port is one of the host.
        let is_host = self.spec.host_network == Some(true);
        let containers = containers::of_pod(self.spec);
        let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
        ports.any(|port| is_host || port.host_port.unwrap_or(0) != 0)
    }

    /// The rules that keep pods apart or together and are not counted, so that fewer pods may find
    /// a place than slots are counted.
    fn uncounted_rules(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        if self.spread_terms().any(|term| !self.keep_apart_by_host(term)) {
            found.push("a required podAntiAffinity");
        }
        let affinity = self.spec.affinity.as_ref().and_then(|a| a.pod_affinity.as_ref());
        let required =
            affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
        if required.is_some_and(|terms| !terms.is_empty()) {
            found.push("a required podAffinity");
        }
        let mut constraints = self.spec.topology_spread_constraints.iter().flatten();
        if constraints.any(|constraint| constraint.when_unsatisfiable != "ScheduleAnyway") {
            found.push("topologySpreadConstraints");
        }
        found
    }

    /// Required terms of anti-affinity.
    fn spread_terms(&self) -> impl Iterator<Item = &'p PodAffinityTerm> + use<'p> {
        let affinity = self.spec.affinity.as_ref().and_then(|a| a.pod_anti_affinity.as_ref());
        affinity
            .and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref())
            .into_iter()
            .flatten()
    }

    /// Whether a term keeps the pods on nodes of their own.
    fn keep_apart_by_host(&self, term: &PodAffinityTerm) -> bool {
        let namespaces = term.namespaces.as_deref().unwrap_or_default();
        let own_namespace = match &term.namespace_selector {
            // One that selects everything selects the own namespace, too.
            Some(selector) => *selector == LabelSelector::default(),
            None => namespaces.is_empty(),
        } || namespaces.iter().any(|name| Some(&**name) == self.namespace);
        let is_of_others = term.mismatch_label_keys.iter().flatten().next().is_some();
        let labels = self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        term.topology_key == "kubernetes.io/hostname"
            && own_namespace
            && !is_of_others
            && label_selector::matches(term.label_selector.as_ref(), labels)
    }
}
