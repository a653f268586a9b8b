//! prometheus-adapter, to which `init --pipeline prometheus` hands the API over once it is there.

use crate::metrics_api::CUSTOM;
use crate::setup::api_services::{self, ApiService};
use crate::setup::config::{InstallConfig, Pipeline};
use crate::setup::helm::{ADAPTER, ADAPTER_CONFIG};
use oppscale_cluster::{Cluster, ClusterError, Operation};
use oppscale_core::error::Error;

use super::plan::{Denied, Known};

/// How it stands with who answers the API.
pub(super) enum ApiServer {
    /// Our own server does, or nobody is to.
    Own,
    /// The adapter; its Deployment, which must be ready before the API is handed over.
    Adapter(String),
    /// The adapter, which is not there yet.
    Awaited,
    /// Somebody else's adapter, or one whose chart registers the API itself.
    Foreign,
}

/// Finds out who is to answer the API.
///
/// # Errors
/// When our own server answers it and would not any more, and when the cluster fails.
pub(super) async fn api_server(
    config: &InstallConfig,
    cluster: &Cluster,
    known: &mut Known,
) -> anyhow::Result<ApiServer> {
    if config.serves() {
        return Ok(ApiServer::Own);
    }
    let services = match api_services::all(cluster).await {
        Ok(services) => services,
        Err(ClusterError::Forbidden { message, .. }) => {
            known.denied.push(Denied { message, namespace: None });
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    let (namespace, service) = (&*config.namespace, &*config.service);
    if let Some(own) = services.iter().find(|one| one.leads_to(namespace, service)) {
        let error = format!(
            "APIService {} leads to oppscale, which would not answer it any more",
            own.name()
        );
        let hint = "oppscale uninstall --keep-namespace first: workloads go on running, and their \
                    HPAs\nhold them until the other way is set up";
        return Err(Error::failure(error).hint(hint).into());
    }
    if config.pipeline != Pipeline::Prometheus {
        return Ok(ApiServer::Own);
    }
    let mut of_group = services.iter().filter(|one| one.group() == CUSTOM);
    if let Some(foreign) = of_group.find(|one| !is_ours(one, namespace)) {
        known.notes.push(format!(
            "{}: that is left as it is. The adapter needs the rules of ConfigMap \
             {namespace}/{ADAPTER_CONFIG}",
            foreign.described()
        ));
        return Ok(ApiServer::Foreign);
    }
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{ADAPTER}");
    let operation = Operation::new(
        format!("get Deployment {namespace}/{ADAPTER}"),
        "--verb=get --resource=deployments.apps",
    );
    let live = match cluster.find(&operation, &path).await {
        Err(ClusterError::Forbidden { message, .. }) => {
            let namespace = Some(config.namespace.clone());
            known.denied.push(Denied { message, namespace });
            None
        }
        live => live?,
    };
    if live.is_some() {
        return Ok(ApiServer::Adapter(path));
    }
    known.notes.push(format!(
        "{CUSTOM} is handed over when there is a Deployment {namespace}/{ADAPTER}: install it with\n\
         the values that oppscale init --pipeline prometheus --export DIR writes, then run this again"
    ));
    Ok(ApiServer::Awaited)
}

/// Whether it leads to the adapter and nobody else looks after it, as Helm does where the values
/// hold the certificate.
fn is_ours(service: &ApiService, namespace: &str) -> bool {
    service.leads_to(namespace, ADAPTER) && !service.is_kept_by_others()
}
