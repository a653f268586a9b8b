//! What the API server will do with the pods of a user's workload, as far as the file tells:
//! LimitRanges, ResourceQuotas and pod-security levels in it decide whether they are admitted, and
//! how many (plugins LimitRanger, ResourceQuota and PodSecurity, 1.36).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, LimitRangeItem, LimitRangeSpec, ResourceQuotaSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use oppscale_cluster::containers::{self, amount};
use oppscale_core::resources::{Amount, PODS};
use oppscale_core::units::{amount_of, counted, quantity_text};

use super::pod_security;
use super::user_workload::{UserWorkload, typed};
use crate::manifest::Document;

/// A limit on pods, and the number of pods that it admits; `None` if it admits none.
type Bound = (String, Option<Amount>);

impl UserWorkload {
    /// Sentences on what binds the pods of the workload, and the conclusion: how many of them the
    /// API server will admit into the namespace among `rendered`.
    pub(super) fn admission(&self, max: u32, rendered: &[Document]) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut admitted = Some(Amount::from(max));
        for (sentence, most) in self.bounds(max).into_iter().chain(self.refused_level(rendered)) {
            sentences.push(sentence);
            admitted = admitted.min(most);
        }
        let title = self.title();
        match admitted {
            None => sentences.push(format!("the API server will admit no pod of {title}")),
            Some(most) if most < max.into() => sentences
                .push(format!("the API server will admit {most} of up to {max} pods of {title}")),
            Some(_) => {}
        }
        sentences
    }

    /// The level that the Namespace of the set enforces, where the pods do not meet it.
    fn refused_level(&self, rendered: &[Document]) -> Option<Bound> {
        let enforce = "pod-security.kubernetes.io/enforce";
        let namespace = rendered.iter().find(|document| document.kind() == "Namespace")?;
        let enforced = namespace.value()["metadata"]["labels"][enforce].as_str()?;
        let meets = pod_security::level(&self.pod);
        let rank =
            |level: &str| ["privileged", "baseline", "restricted"].iter().position(|l| *l == level);
        (rank(meets) < rank(enforced)).then(|| {
            let name = namespace.name();
            (
                format!(
                    "Namespace {name} enforces the pod-security level {enforced}, and its pods meet \
                     {meets} only"
                ),
                None,
            )
        })
    }

    /// LimitRanges and ResourceQuotas of the file that bind the pods.
    fn bounds(&self, max: u32) -> Vec<Bound> {
        let ranges: Vec<_> = self.bound_by::<LimitRangeSpec>("LimitRange").collect();
        let mut bounds = Vec::new();
        let items: Vec<_> = ranges.iter().flat_map(|(_, range)| &range.limits).collect();
        for (name, range) in &ranges {
            let refusal = range.limits.iter().find_map(|item| match item.type_.as_str() {
                "Container" => self.containers().find_map(|c| refused_container(item, c)),
                "Pod" => self.refused_pod(item, &items),
                _ => None,
            });
            bounds.extend(refusal.map(|why| (format!("{name} refuses every pod: {why}"), None)));
        }
        for (name, quota) in self.bound_by::<ResourceQuotaSpec>("ResourceQuota") {
            let has_scope =
                quota.scope_selector.is_some() || quota.scopes.iter().flatten().next().is_some();
            if has_scope {
                continue;
            }
            let hard = quota.hard.unwrap_or_default();
            let ends = hard.keys().filter_map(|key| self.quota_end(key, &hard, &items)).min();
            if let Some((replicas, key)) = ends.filter(|(replicas, _)| *replicas < max.into()) {
                let amount = hard.get(key).map_or("", |quantity| &*quantity.0);
                let sentence = format!(
                    "{name} ends at {}, with {amount} of {key}; maxReplicas is {max}",
                    counted(&replicas.to_string(), "replica")
                );
                bounds.push((sentence, Some(replicas)));
            }
        }
        bounds
    }

    /// Objects of a kind that will be in the namespace of the pods, by kind and name.
    fn bound_by<T: serde::de::DeserializeOwned>(
        &self,
        kind: &'static str,
    ) -> impl Iterator<Item = (String, T)> {
        let here = self.namespace();
        let all = self.documents.iter().filter(move |d| d.kind() == kind);
        let here = all.filter(move |d| d.namespace().is_none_or(|other| Some(other) == here));
        here.filter_map(move |d| {
            Some((format!("{kind} {}", d.name()), typed::<T>(&d.value()["spec"])?))
        })
    }

    /// Number of replicas that one entry of a quota admits; `None` if the entry does not count
    /// them.
    fn quota_end<'k>(
        &self,
        key: &'k str,
        hard: &BTreeMap<String, Quantity>,
        ranges: &[&LimitRangeItem],
    ) -> Option<(Amount, &'k str)> {
        let (name, of): (_, Under) = match key {
            "pods" | "count/pods" => (PODS, |_, _, _| None),
            "cpu" | "memory" | "ephemeral-storage" => (key, request),
            _ => match key.split_once('.')? {
                ("requests", name) => (name, request),
                ("limits", name) => (name, limit),
                _ => return None,
            },
        };
        let whole = amount_of(name, hard.get(key)?.0.parse().ok()?)?;
        if name == PODS {
            return Some((whole, key));
        }
        let all = self.containers().filter_map(|c| under_ranges(of, c, name, ranges));
        let each: Amount = all.sum();
        (each > 0).then(|| (whole / each, key))
    }

    /// Why a range for whole pods refuses them: the sum of their containers is too large.
    fn refused_pod(&self, item: &LimitRangeItem, ranges: &[&LimitRangeItem]) -> Option<String> {
        item.max.iter().flatten().find_map(|(name, _)| {
            let most = amount(name, item.max.as_ref())?;
            let limits = self.containers().map(|c| under_ranges(limit, c, name, ranges));
            let text = |amount| quantity_text(name, amount);
            match limits.sum::<Option<Amount>>() {
                None => Some(format!("a container has no limit of {name}")),
                Some(all) if all > most => {
                    Some(format!("its limits of {name} are {}, above {}", text(all), text(most)))
                }
                Some(_) => None,
            }
        })
    }
}

/// The request or the limit of a container under a range.
type Under = fn(&Container, &str, &LimitRangeItem) -> Option<Amount>;

/// The same under several ranges: the first that gives one decides.
fn under_ranges(
    of: Under,
    container: &Container,
    name: &str,
    ranges: &[&LimitRangeItem],
) -> Option<Amount> {
    let given = ranges.iter().filter(|item| item.type_ == "Container");
    let mut given = given.filter_map(|item| of(container, name, item));
    given.next().or_else(|| of(container, name, &LimitRangeItem::default()))
}

/// The limit of a container under a range, which gives one where there is none.
fn limit(container: &Container, name: &str, item: &LimitRangeItem) -> Option<Amount> {
    let own = containers::limit(container.resources.as_ref(), name);
    own.or_else(|| amount(name, item.default.as_ref())).or_else(|| amount(name, item.max.as_ref()))
}

/// The request of a container under a range, which gives one where there is none.
fn request(container: &Container, name: &str, item: &LimitRangeItem) -> Option<Amount> {
    let own = containers::request(container.resources.as_ref(), name);
    own.or_else(|| amount(name, item.default_request.as_ref()))
        .or_else(|| amount(name, item.default.as_ref()))
        .or_else(|| amount(name, item.max.as_ref()))
        .or_else(|| amount(name, item.min.as_ref()))
}

/// Why a range for containers refuses one.
fn refused_container(item: &LimitRangeItem, container: &Container) -> Option<String> {
    let names = [&item.max, &item.min, &item.default, &item.default_request];
    names.into_iter().flatten().flat_map(BTreeMap::keys).find_map(|name| {
        let (request, limit) = (request(container, name, item), limit(container, name, item));
        let (most, least) = (amount(name, item.max.as_ref()), amount(name, item.min.as_ref()));
        let text = |amount: Option<Amount>| quantity_text(name, amount.unwrap_or(0));
        let container = &container.name;
        if limit.is_some() && request > limit {
            let (request, limit) = (text(request), text(limit));
            return Some(format!(
                "container {container} requests {request} of {name}, and its limit becomes {limit}"
            ));
        }
        if most.is_some() && limit > most {
            return Some(format!(
                "container {container} has a limit of {} of {name}, above {}",
                text(limit),
                text(most)
            ));
        }
        (least.is_some() && request < least).then(|| {
            format!(
                "container {container} requests {} of {name}, below {}",
                text(request),
                text(least)
            )
        })
    })
}
