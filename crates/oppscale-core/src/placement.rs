//! Where a pod may go by its own rules: tolerations, node selector, required affinity.
//!
//! What the scheduler's filters TaintToleration, NodeAffinity and NodeUnschedulable
//! decide (1.36). Preferences are not rules and are not read.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};

use super::malformed::Malformed;
use super::model::{self, NodeSelectorTerm, PodSpec, SelectorRequirement, Taint, Text};
use super::nearest::nearest;
use super::selector::{Labels, Requirement};

/// The taint that stands for a cordon (`spec.unschedulable`).
const UNSCHEDULABLE_TAINT: &str = "node.kubernetes.io/unschedulable";

/// The effects that a taint may have.
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// The rules by which a pod chooses nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    tolerations: Vec<Toleration>,
    node_selector: Vec<(String, String)>,
    /// Terms of the required node affinity; `None` when there is none.
    affinity: Option<Vec<Term>>,
}

/// A toleration of a taint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
struct Toleration {
    key: String,
    operator: String,
    value: String,
    effect: String,
}

/// A taint as one types it: `KEY[=VALUE][:EFFECT]`. What is left out may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaintPattern {
    key: String,
    value: Option<String>,
    effect: Option<String>,
}

impl TaintPattern {
    /// The key of the taint.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether `taint` is one of those that are meant.
    pub fn matches(&self, taint: &Taint<'_>) -> bool {
        *self.key == *taint.key
            && self.value.as_deref().is_none_or(|value| *value == *taint.value)
            && self.effect.as_deref().is_none_or(|effect| *effect == *taint.effect)
    }
}

impl fmt::Display for TaintPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        self.value.iter().try_for_each(|value| write!(f, "={value}"))?;
        self.effect.iter().try_for_each(|effect| write!(f, ":{effect}"))
    }
}

impl FromStr for TaintPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (taint, effect) = match text.rsplit_once(':') {
            Some((taint, effect)) => (taint, Some(effect)),
            None => (text, None),
        };
        let (key, value) = match taint.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (taint, None),
        };
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err("expected KEY[=VALUE][:EFFECT], such as dedicated=batch:NoSchedule".into());
        }
        effect.map_or(Ok(()), check_effect)?;
        let [value, effect] = [value, effect].map(|part| part.map(str::to_owned));
        Ok(Self { key: key.to_owned(), value, effect })
    }
}

/// Refuses what is not the effect of a taint.
///
/// # Errors
/// What was expected.
pub(super) fn check_effect(effect: &str) -> Result<(), String> {
    if EFFECTS.contains(&effect) {
        return Ok(());
    }
    let near = nearest(effect, EFFECTS);
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Err(format!("expected the effect {}{near}", EFFECTS.join(", ")))
}

/// One alternative of a node affinity: all of its requirements must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Term {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

/// Bytes of text that the rules of a pod may have. Rules are compared with every node, and whoever
/// creates a pod decides how large they are: etcd takes 1.5 MB. 500 names of nodes are some 20 KiB.
const MAX_SIZE: usize = 32 << 10;
/// Bytes of JSON that are parsed for them. Pod affinity is a part of it and no rule here.
const MAX_JSON: usize = 4 * MAX_SIZE;

impl Placement {
    /// Reads the rules of a pod or pod template.
    ///
    /// # Errors
    /// When tolerations or affinity have another shape than the API allows, or the rules are too
    /// large to be compared with every node.
    pub fn of(spec: &PodSpec<'_>) -> Result<Self, Malformed> {
        let rules = match spec.tolerations.unread_len() + spec.affinity.unread_len() {
            ..=MAX_JSON => Self::of_any_size(spec)?,
            _ => return Err(Self::too_large()),
        };
        if rules.size() > MAX_SIZE { Err(Self::too_large()) } else { Ok(rules) }
    }

    /// The same without Windows nodes, which share no CPU by weight. kubelets keep the label up to
    /// date.
    #[must_use]
    pub fn without_windows(mut self) -> Self {
        let windows = SelectorRequirement {
            key: "kubernetes.io/os".into(),
            operator: "NotIn".into(),
            values: vec!["windows".into()],
        };
        let Some(requirement) = Requirement::from_object(&windows) else { return self };
        let any = Term { labels: vec![requirement.clone()], fields: Vec::new() };
        match &mut self.affinity {
            None => self.affinity = Some(vec![any]),
            // A term without requirements matches nothing, and must not match now.
            Some(terms) => {
                let terms = terms.iter_mut().filter(|term| !term.is_empty());
                terms.for_each(|term| term.labels.push(requirement.clone()));
            }
        }
        self
    }

    fn too_large() -> Malformed {
        Malformed::whole(format_args!(
            "its tolerations, node selector and affinity are larger than {} KiB",
            MAX_SIZE >> 10
        ))
    }

    /// Bytes of text in the rules.
    fn size(&self) -> usize {
        let tolerations = self.tolerations.iter();
        let tolerations =
            tolerations.map(|t| t.key.len() + t.operator.len() + t.value.len() + t.effect.len());
        let selector = self.node_selector.iter().map(|(key, value)| key.len() + value.len());
        let terms = self.affinity.iter().flatten();
        let terms = terms.flat_map(|term| term.labels.iter().chain(&term.fields));
        let terms = terms.map(Requirement::size);
        // An empty item takes its place, too.
        tolerations.chain(selector).chain(terms).map(|bytes| bytes + 16).sum()
    }

    fn of_any_size(spec: &PodSpec<'_>) -> Result<Self, Malformed> {
        let tolerations = spec
            .tolerations
            .read()
            .map_err(|error| Malformed::whole(format_args!("spec.tolerations: {error}")))?;
        let affinity = spec
            .affinity
            .read()
            .map_err(|error| Malformed::whole(format_args!("spec.affinity: {error}")))?;
        let required = affinity.node_affinity.as_ref().and_then(|nodes| nodes.required.as_ref());
        Ok(Self {
            tolerations: tolerations.iter().map(Toleration::of).collect(),
            node_selector: spec
                .node_selector
                .iter()
                .map(|(key, value)| (key.to_owned(), value.to_string()))
                .collect(),
            affinity: required.map(|r| r.node_selector_terms.iter().map(Term::of).collect()),
        })
    }

    /// Also tolerates these taints.
    pub fn tolerate(&mut self, taints: &[TaintPattern]) {
        self.tolerations.extend(taints.iter().map(|taint| Toleration {
            key: taint.key.clone(),
            operator: if taint.value.is_some() { "Equal" } else { "Exists" }.to_owned(),
            value: taint.value.clone().unwrap_or_default(),
            effect: taint.effect.clone().unwrap_or_default(),
        }));
    }

    /// The rule that a NodeSelector states, as ResourceSlices have it.
    ///
    /// # Errors
    /// When it has another shape than the API allows.
    pub fn of_node_selector(selector: &Value) -> Result<Self, Malformed> {
        let text = selector.to_string();
        let selector: model::NodeSelector<'_> =
            serde_json::from_str(&text).map_err(Malformed::whole)?;
        let affinity = Some(selector.node_selector_terms.iter().map(Term::of).collect());
        Ok(Self { affinity, ..Self::default() })
    }

    /// The rules as a pod's spec writes them; [`Self::of`] reads the same from it.
    pub fn to_object(&self) -> Value {
        let mut spec = json!({
            "tolerations": self.tolerations,
            "nodeSelector": self.node_selector.iter().cloned().collect::<BTreeMap<_, _>>(),
        });
        if let Some(terms) = &self.affinity {
            let list = |list: &[Requirement]| list.iter().map(Requirement::to_object).collect();
            let terms: Vec<Value> = terms
                .iter()
                .map(|term| {
                    let (labels, fields): (Value, Value) = (list(&term.labels), list(&term.fields));
                    json!({ "matchExpressions": labels, "matchFields": fields })
                })
                .collect();
            let required = json!({ "nodeSelectorTerms": terms });
            spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
                required;
        }
        spec
    }

    /// Whether some toleration covers `taint`.
    pub fn tolerates(&self, taint: &Taint<'_>) -> bool {
        self.tolerations.iter().any(|toleration| toleration.covers(taint))
    }

    /// Whether a cordon is tolerated, as DaemonSet pods do.
    pub fn tolerates_cordon(&self) -> bool {
        self.tolerates(&Taint {
            key: UNSCHEDULABLE_TAINT.into(),
            value: Text::default(),
            effect: "NoSchedule".into(),
        })
    }

    /// The NoSchedule and NoExecute taints among `taints` that are not tolerated.
    pub fn untolerated<'n, 'a>(
        &self,
        taints: &'n [Taint<'a>],
    ) -> impl Iterator<Item = &'n Taint<'a>> {
        taints
            .iter()
            .filter(|taint| matches!(&*taint.effect, "NoSchedule" | "NoExecute"))
            .filter(|taint| !self.tolerates(taint))
    }

    /// The only nodes that the required affinity allows by name, as that of a DaemonSet's pods
    /// does; `None` where it names none.
    pub fn required_names(&self) -> Option<&[String]> {
        let [term] = self.affinity.as_deref()? else { return None };
        let names = term.fields.iter().filter(|r| r.key() == "metadata.name");
        names.map(Requirement::values).find(|names| !names.is_empty())
    }

    /// A label that a node must have, with the values it may have; `None` where there is none.
    pub fn required_label(&self) -> Option<(&str, &[String])> {
        if let Some((key, value)) = self.node_selector.first() {
            return Some((key, std::slice::from_ref(value)));
        }
        let [term] = self.affinity.as_deref()? else { return None };
        let found = term.labels.iter().find(|r| !r.values().is_empty())?;
        Some((found.key(), found.values()))
    }

    /// Whether node selector and required affinity allow a node of this name and labels.
    pub fn selects(&self, name: &str, labels: &Labels<'_>) -> bool {
        let label = |key: &str| labels.get(key).map(Text::as_str);
        self.node_selector.iter().all(|(key, value)| label(key) == Some(value))
            && self.affinity.as_ref().is_none_or(|terms| {
                // A list without terms, and a term without requirements, match nothing.
                terms.iter().any(|term| term.matches(name, labels))
            })
    }
}

impl Toleration {
    fn of(toleration: &model::Toleration<'_>) -> Self {
        Self {
            key: toleration.key.to_string(),
            operator: toleration.operator.to_string(),
            value: toleration.value.to_string(),
            effect: toleration.effect.to_string(),
        }
    }

    /// `ToleratesTaint` of k8s.io/api: an empty effect covers all effects, an empty key
    /// with `Exists` all keys.
    fn covers(&self, taint: &Taint<'_>) -> bool {
        let effect = self.effect.is_empty() || *self.effect == *taint.effect;
        let key = self.key.is_empty() || *self.key == *taint.key;
        let number = |text: &str| text.parse::<i64>().ok();
        effect
            && key
            && match &*self.operator {
                "" | "Equal" => *self.value == *taint.value,
                "Exists" => true,
                // KEP-5471; alpha in 1.35.
                "Lt" => number(&taint.value).zip(number(&self.value)).is_some_and(|(t, v)| t < v),
                "Gt" => number(&taint.value).zip(number(&self.value)).is_some_and(|(t, v)| t > v),
                _ => false,
            }
    }
}

impl Term {
    fn of(term: &NodeSelectorTerm<'_>) -> Self {
        // A requirement that cannot be read matches nothing, as the scheduler has it.
        let read = |list: &[SelectorRequirement<'_>]| -> Option<Vec<_>> {
            list.iter().map(Requirement::from_object).collect()
        };
        match (read(&term.match_expressions), read(&term.match_fields)) {
            (Some(labels), Some(fields)) => Self { labels, fields },
            _ => Self { labels: Vec::new(), fields: Vec::new() },
        }
    }

    fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    fn matches(&self, name: &str, labels: &Labels<'_>) -> bool {
        // The only field that node affinity knows is metadata.name.
        let field = |r: &Requirement| r.matches_value((r.key() == "metadata.name").then_some(name));
        !self.is_empty()
            && self.labels.iter().all(|r| r.matches(labels))
            && self.fields.iter().all(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_nodes_are_left_out_of_any_rules() {
        let uses = |spec: &str, os: &str, zone: &str| {
            let spec: PodSpec<'_> = serde_json::from_str(spec).unwrap();
            let labels = format!(r#"{{"kubernetes.io/os":"{os}","zone":"{zone}"}}"#);
            let labels: Labels<'_> = serde_json::from_str(&labels).unwrap();
            Placement::of(&spec).unwrap().without_windows().selects("n1", &labels)
        };
        let terms = |terms: &str| {
            format!(
                r#"{{"affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":
                    {{"nodeSelectorTerms":[{terms}]}}}}}}}}"#
            )
        };
        let zone = |zone: &str| {
            let zone = format!(r#"{{"key":"zone","operator":"In","values":["{zone}"]}}"#);
            format!(r#"{{"matchExpressions":[{zone}]}}"#)
        };
        let either = terms(&format!("{},{}", zone("a"), zone("b")));
        for spec in ["{}", &either] {
            assert!(uses(spec, "linux", "b") && !uses(spec, "windows", "b"), "{spec}");
        }
        assert!(!uses(&either, "linux", "c"));
        assert!(!uses(&terms("{}"), "linux", "a"), "a term without requirements matches nothing");
    }

    #[test]
    fn rules_that_are_too_large_are_refused() {
        let of = |values: usize, length: usize| {
            let values = vec!["v".repeat(length); values];
            let spec = json!({"affinity": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "k", "operator": "In", "values": values}]}]}}}});
            let text = spec.to_string();
            Placement::of(&serde_json::from_str(&text).unwrap()).map_err(|error| error.to_string())
        };
        assert!(of(500, 40).is_ok());
        for (values, length) in [(1_000, 40), (100_000, 14), (1, 1_400_000), (60_000, 0)] {
            let why = of(values, length).unwrap_err();
            assert!(why.contains("larger than 32 KiB") && why.len() < 100, "{why}");
        }
        let empty = vec![json!({}); 10_000];
        let spec = json!({ "tolerations": empty }).to_string();
        assert!(Placement::of(&serde_json::from_str(&spec).unwrap()).is_err());
    }
}
