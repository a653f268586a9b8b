//! API discovery: which kind a name means on this server, and whether it can be scaled.

use futures::future::try_join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    APIGroup, APIGroupList, APIResource, APIResourceList,
};
use serde::de::DeserializeOwned;

use oppscale_core::error::Error;
use oppscale_core::kinds::{Kind, split_resource};
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
    Ok(Kind::intern(group, version, &kind.kind, &kind.name, kind.namespaced))
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
    let body = cluster.get(&Operation::new(&words, &required_rbac), path).await?;
    serde_json::from_slice(&body).map_err(|error| ClusterError::Garbage {
        action: words,
        server: cluster.server().to_owned(),
        cause: error.to_string(),
    })
}
