//! API discovery: which kind a name means on this server, and whether it can be scaled.

use std::sync::{Mutex, PoisonError};

use futures::future::try_join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    APIGroup, APIGroupList, APIResource, APIResourceList,
};
use serde::de::DeserializeOwned;

use oppscale_core::error::Error;
use oppscale_core::kinds::{self, Kind, split_resource};
use oppscale_core::nearest::nearest;

use super::client::{Cluster, Operation};
use super::error::ClusterError;

/// The kind that `text` names: `KIND`, `KIND.GROUP` or `KIND.VERSION.GROUP`, where KIND is its
/// plural, singular or short name.
///
/// # Errors
/// When the server has no such kind, or it has no `/scale` subresource.
pub(super) async fn scalable_kind(cluster: &Cluster, text: &str) -> anyhow::Result<&'static Kind> {
    let (resource, group) = split_resource(text);
    let lists = match group {
        Some(group) => lists_of_group(cluster, group).await?,
        None => {
            let groups: APIGroupList = get(cluster, "/apis").await?;
            try_join_all(groups.groups.iter().map(|group| preferred(cluster, group))).await?
        }
    };
    let found = lists.iter().find_map(|list| {
        let of_kind = list.resources.iter().find(|one| has_name(one, resource))?;
        Some((list, of_kind))
    });
    let Some((list, kind)) = found else {
        let names = lists.iter().flat_map(|list| list.resources.iter().map(|one| &*one.name));
        let hint = match nearest(resource, names.filter(|name| !name.contains('/'))) {
            Some(name) => format!("did you mean {name}?"),
            None => "list the kinds that it has: kubectl api-resources".to_owned(),
        };
        return Err(Error::usage(format!("the API server has no kind {text:?}")).hint(hint).into());
    };
    let scale = format!("{}/scale", kind.name);
    if !list.resources.iter().any(|one| one.name == scale) {
        return Err(Error::usage(format!(
            "{} of {} has no scale subresource: an HPA cannot scale it",
            kind.kind, list.group_version
        ))
        .hint("select pods by label instead: --workload KEY=VALUE")
        .into());
    }
    let (group, version) = list.group_version.rsplit_once('/').unwrap_or(("", &list.group_version));
    Ok(custom_kind(group, version, &kind.kind, &kind.name, kind.namespaced))
}

/// The kind of this `apiVersion` and `kind`, from the table or by API discovery.
///
/// # Errors
/// When the server has no such kind.
pub(super) async fn kind_of(
    cluster: &Cluster,
    api_version: &str,
    name: &str,
) -> anyhow::Result<&'static Kind> {
    if let Some(kind) = kinds::find(api_version, name) {
        return Ok(kind);
    }
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let root = if group.is_empty() { "api" } else { "apis" };
    let list = match get::<APIResourceList>(cluster, &format!("/{root}/{api_version}")).await {
        Err(ClusterError::NotFound { .. }) => APIResourceList::default(),
        list => list?,
    };
    let mut resources = list.resources.iter();
    let found = resources.find(|one| one.kind == name && !one.name.contains('/'));
    let found = found.ok_or_else(|| {
        Error::usage(format!("the API server has no kind {name} of {api_version}"))
            .hint("list the kinds that it has: kubectl api-resources")
    })?;
    Ok(custom_kind(group, version, name, &found.name, found.namespaced))
}

/// The kind of these names: that of the table, or a custom one. Custom kinds are never
/// freed: a process meets few of them.
pub fn custom_kind(
    group: &str,
    version: &str,
    name: &str,
    plural: &str,
    namespaced: bool,
) -> &'static Kind {
    static KNOWN: Mutex<Vec<&'static Kind>> = Mutex::new(Vec::new());
    let is_it = |kind: &&&Kind| {
        (kind.group, kind.version, kind.name, kind.plural) == (group, version, name, plural)
    };
    if let Some(known) = kinds::ALL.iter().find(is_it) {
        return known;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.iter().find(is_it) {
        return known;
    }
    fn leak(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }
    let [group, version, name, plural] = [group, version, name, plural].map(leak);
    let kind = Box::leak(Box::new(Kind::custom(group, version, name, plural, namespaced)));
    known.push(kind);
    kind
}

/// Whether `text` is a name of `kind`, as far as that shows without discovery.
pub(super) fn is_named(text: &str, kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    text == kind || text.strip_suffix('s') == Some(&kind)
}

fn has_name(resource: &APIResource, name: &str) -> bool {
    let is_short = || resource.short_names.iter().flatten().any(|short| short == name);
    !resource.name.contains('/')
        && (resource.name == name || resource.kind.eq_ignore_ascii_case(name) || is_short())
}

/// The resources of `GROUP`, or of `VERSION.GROUP`.
async fn lists_of_group(
    cluster: &Cluster,
    group: &str,
) -> Result<Vec<APIResourceList>, ClusterError> {
    match get::<APIGroup>(cluster, &format!("/apis/{group}")).await {
        Ok(found) => Ok(vec![preferred(cluster, &found).await?]),
        Err(ClusterError::NotFound { .. }) => {
            let Some((version, group)) = group.split_once('.') else { return Ok(Vec::new()) };
            match get(cluster, &format!("/apis/{group}/{version}")).await {
                Ok(list) => Ok(vec![list]),
                Err(ClusterError::NotFound { .. }) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The resources of a group's preferred version. A group whose server is down has none.
async fn preferred(cluster: &Cluster, group: &APIGroup) -> Result<APIResourceList, ClusterError> {
    let version = group.preferred_version.as_ref().or(group.versions.first());
    let Some(version) = version else { return Ok(APIResourceList::default()) };
    match get(cluster, &format!("/apis/{}", version.group_version)).await {
        Err(ClusterError::Status { .. } | ClusterError::NotFound { .. }) => {
            tracing::info!(group = group.name, "its resources cannot be discovered");
            Ok(APIResourceList::default())
        }
        list => list,
    }
}

async fn get<T: DeserializeOwned>(cluster: &Cluster, path: &str) -> Result<T, ClusterError> {
    let words = format!("discover {path}");
    let required_rbac = format!("--verb=get --non-resource-url={path}");
    cluster.get_json(&Operation::new(words, required_rbac), path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_kind_is_one_kind_however_often_it_is_met() {
        let sets = || custom_kind("x-k8s.io", "v1", "Set", "sets", true);
        assert!(std::ptr::eq(sets(), sets()));
        let known = custom_kind("apps", "v1", "Deployment", "deployments", true);
        assert!(std::ptr::eq(known, &kinds::DEPLOYMENT));
    }
}
