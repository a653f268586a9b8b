//! The version and clock of an API server, and the HPAs of a namespace.

use anyhow::Context;
use k8s_openapi::apimachinery::pkg::version::Info;
use serde::de::IgnoredAny;

use oppscale_core::check::ServerVersion;
use oppscale_core::kinds;

use super::api_request::ApiRequest;
use super::autoscaler::{Autoscaler, HPA};
use super::client::{Cluster, Operation};
use super::error::ClusterError;
use super::saved::SavedFiles;
use super::typed;

/// Version and clock of an API server.
#[derive(Debug, Clone, Default)]
pub struct ServerInfo {
    /// The version, such as `v1.36.2`; empty if the answer has none.
    pub version: String,
    /// The time by the `Date` header, in seconds since 1970; `None` if the answer has none.
    pub date: Option<i64>,
}

/// Version and clock of the API server.
///
/// # Errors
/// When they cannot be read.
pub async fn server_info(cluster: &Cluster) -> Result<ServerInfo, ClusterError> {
    let permission = "--verb=get --non-resource-url=/version";
    let operation = Operation::new("get the server's version", permission);
    let response =
        cluster.send(&operation, &ApiRequest::get("/version")).await?.success(&operation)?;
    let info: Info = response.json()?;
    Ok(ServerInfo { version: version_of(info), date: response.date })
}

/// The version as `v1.36.2`. A build without Kubernetes' linker flags reports the gitVersion
/// `v0.0.0-master+$Format:%H$`, and a proxy may report one of another form. Then major and minor
/// are right: `v1.36` of major `1` and minor `36+`.
fn version_of(info: Info) -> String {
    if ServerVersion::parse(&info.git_version).is_some_and(|version| version.major > 0) {
        return info.git_version;
    }
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    match (digits(&info.major), digits(&info.minor)) {
        (major, minor) if !major.is_empty() && !minor.is_empty() => format!("v{major}.{minor}"),
        _ => info.git_version,
    }
}

/// The HorizontalPodAutoscalers of a namespace; `None` when they may not be listed.
///
/// # Errors
/// When the server fails.
pub async fn autoscalers(
    cluster: &Cluster,
    namespace: &str,
) -> Result<Option<Vec<Autoscaler>>, ClusterError> {
    match cluster.list(&kinds::HPA, Some(namespace), "").await {
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        // A server before 1.23 has no autoscaling/v2, and so no HPAs that could be read.
        list => list.map(Some),
    }
}

/// The HorizontalPodAutoscalers of a namespace in saved lists, if those hold any.
///
/// # Errors
/// When one is malformed.
pub fn saved_autoscalers(files: &SavedFiles, namespace: &str) -> anyhow::Result<Vec<Autoscaler>> {
    let mut found = Vec::new();
    for json in files.of_kind("autoscaling", HPA) {
        let mut hpa: Autoscaler =
            typed::from_slice(json.as_bytes()).with_context(|| format!("a saved {HPA}"))?;
        let home = hpa.0.metadata.namespace.get_or_insert_with(|| "default".to_owned());
        if home == namespace {
            found.push(hpa);
        }
    }
    Ok(found)
}

/// Whether there is anything at `path`; `None` when it may not be read.
///
/// # Errors
/// When the server fails.
pub async fn exists(cluster: &Cluster, path: &str) -> Result<Option<bool>, ClusterError> {
    let operation = Operation::new(format!("get {path}"), "");
    match cluster.find::<IgnoredAny>(&operation, path).await {
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        found => Ok(Some(found?.is_some())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_another_form_is_put_together_from_its_numbers() {
        let version = |git: &str, major: &str, minor: &str| {
            let (git_version, major, minor) = (git.to_owned(), major.to_owned(), minor.to_owned());
            version_of(Info { git_version, major, minor, ..Info::default() })
        };
        assert_eq!(version("v1.36.2+k3s1", "1", "36"), "v1.36.2+k3s1");
        assert_eq!(version("", "1", "36+"), "v1.36");
        assert_eq!(version("release-2026-11", "1", "36"), "v1.36");
        assert_eq!(version("v0.0.0-master+$Format:%H$", "1", "36"), "v1.36");
        assert_eq!(version("v1.36.2", "", ""), "v1.36.2");
        assert_eq!(version("unknown", "", ""), "unknown");
    }
}
