//! Discovery of groups, versions and resources: static and never empty, because clients print
//! "Got empty response" on every run for a group without resources.

use serde_json::{Value, json};

use super::metric::Metric;
use super::response::Response;
use super::{CUSTOM, EXTERNAL, Groups};
use oppscale_core::kinds::Kind;

/// Content type of aggregated discovery; clients compare it literally.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// All documents, rendered once.
#[derive(Debug)]
pub(super) struct Documents {
    aggregated: Response,
    legacy: Response,
    /// By group.
    groups: Vec<(&'static str, Response)>,
    /// By group and version.
    versions: Vec<(&'static str, &'static str, Response)>,
}

/// A resource in discovery.
struct Resource {
    name: String,
    kind: &'static str,
    namespaced: bool,
}

impl Documents {
    pub(super) fn new(groups: Groups, kinds: &[&Kind]) -> Self {
        let mut served: Vec<(&'static str, &'static [&'static str], Vec<Resource>)> = Vec::new();
        if groups.custom {
            served.push((CUSTOM, &["v1beta2", "v1beta1"], custom(kinds)));
        }
        if groups.external {
            served.push((EXTERNAL, &["v1beta1"], external()));
        }
        let aggregated: Vec<Value> =
            served.iter().map(|(group, versions, r)| aggregated(group, versions, r)).collect();
        let legacy: Vec<Value> =
            served.iter().map(|(group, versions, _)| api_group(group, versions)).collect();
        let aggregated = json!({
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {}, "items": aggregated,
        });
        Self {
            aggregated: Response::text(200, AGGREGATED, aggregated.to_string()),
            legacy: Response::json(&json!({
                "kind": "APIGroupList", "apiVersion": "v1", "groups": legacy,
            })),
            groups: served
                .iter()
                .map(|(group, versions, _)| {
                    let mut object = api_group(group, versions);
                    object["kind"] = "APIGroup".into();
                    object["apiVersion"] = "v1".into();
                    (*group, Response::json(&object))
                })
                .collect(),
            versions: served
                .iter()
                .flat_map(|(group, versions, resources)| {
                    let list = |version: &&'static str| {
                        (*group, *version, resource_list(group, version, resources))
                    };
                    versions.iter().map(list).collect::<Vec<_>>()
                })
                .collect(),
        }
    }

    /// `/apis`: aggregated discovery if the client accepts it.
    pub(super) fn groups(&self, accept: &str) -> Response {
        let is_aggregated = accept.split(',').any(|offer| {
            let has = |wanted: &str| offer.split(';').any(|part| part.trim() == wanted);
            has("application/json")
                && has("g=apidiscovery.k8s.io")
                && has("v=v2")
                && has("as=APIGroupDiscoveryList")
        });
        if is_aggregated { self.aggregated.clone() } else { self.legacy.clone() }
    }

    pub(super) fn group(&self, group: &str) -> Option<Response> {
        self.groups.iter().find(|(name, _)| *name == group).map(|(_, response)| response.clone())
    }

    pub(super) fn version(&self, group: &str, version: &str) -> Option<Response> {
        let mut versions = self.versions.iter();
        let found = versions.find(|(known, v, _)| *known == group && *v == version)?;
        Some(found.2.clone())
    }

    /// An empty schema: without one the aggregator logs an error every minute.
    pub(super) fn openapi_v2(&self) -> Response {
        Response::json(&json!({
            "swagger": "2.0",
            "info": {"title": "oppscale", "version": env!("CARGO_PKG_VERSION")},
            "paths": {},
        }))
    }

    pub(super) fn openapi_v3(&self) -> Response {
        Response::json(&json!({"paths": {}}))
    }
}

fn custom(kinds: &[&Kind]) -> Vec<Resource> {
    let resource = |of: String, namespaced, metric: Metric| Resource {
        name: format!("{of}/{}", metric.name()),
        kind: "MetricValueList",
        namespaced,
    };
    let mut resources = Vec::new();
    for metric in Metric::ALL {
        for kind in kinds {
            resources.push(resource(kind.resource(), true, metric));
        }
        resources.push(resource("namespaces".to_owned(), false, metric));
        if metric != Metric::FitReplicas {
            resources.push(resource("nodes".to_owned(), false, metric));
        }
    }
    resources
}

fn external() -> Vec<Resource> {
    let resource = |metric: Metric| Resource {
        name: metric.name().to_owned(),
        kind: "ExternalMetricValueList",
        namespaced: true,
    };
    Metric::ALL.into_iter().map(resource).collect()
}

fn api_group(group: &str, versions: &[&str]) -> Value {
    let version =
        |version: &&str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({
        "name": group,
        "versions": versions.iter().map(version).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(version),
    })
}

/// Only `get`: with `list` and `delete` the namespace controller would try to delete them.
fn resource_list(group: &str, version: &str, resources: &[Resource]) -> Response {
    let resource = |resource: &Resource| {
        json!({
            "name": resource.name, "singularName": "", "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": ["get"],
        })
    };
    Response::json(&json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": format!("{group}/{version}"),
        "resources": resources.iter().map(resource).collect::<Vec<_>>(),
    }))
}

/// In aggregated discovery, `a/b` is the subresource `b` of the resource `a`.
fn aggregated(group: &str, versions: &[&str], resources: &[Resource]) -> Value {
    let scope = |resource: &Resource| if resource.namespaced { "Namespaced" } else { "Cluster" };
    let kind = |resource: &Resource| json!({"group": "", "version": "", "kind": resource.kind});
    let mut listed: Vec<Value> = Vec::new();
    let mut parents: Vec<(&str, bool, Vec<Value>)> = Vec::new();
    for resource in resources {
        match resource.name.split_once('/') {
            None => listed.push(json!({
                "resource": resource.name, "responseKind": kind(resource),
                "scope": scope(resource), "singularResource": "", "verbs": ["get"],
            })),
            Some((parent, name)) => {
                let below = json!({
                    "subresource": name, "responseKind": kind(resource), "verbs": ["get"],
                });
                match parents.iter_mut().find(|(known, ..)| *known == parent) {
                    Some((.., subresources)) => subresources.push(below),
                    None => parents.push((parent, resource.namespaced, vec![below])),
                }
            }
        }
    }
    for (parent, namespaced, subresources) in parents {
        listed.push(json!({
            "resource": parent,
            "scope": if namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": "", "verbs": [], "subresources": subresources,
        }));
    }
    let version =
        |version: &&str| json!({"version": version, "freshness": "Current", "resources": listed});
    json!({
        "metadata": {"name": group},
        "versions": versions.iter().map(version).collect::<Vec<_>>(),
    })
}
