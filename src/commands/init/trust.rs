//! What an installation finds: certificates that are good, a namespace that is there.

use crate::certificates::{CaBundle, CertificateSpec, issue, key_matches};
use crate::manifest::Document;
use crate::setup::api_services::{self, ApiService};
use crate::setup::config::{InstallConfig, Trust};
use crate::setup::tls_secret::{self, SecretRef};
use oppscale_cluster::{Cluster, ClusterError, Operation};
use oppscale_core::error::Error;

use super::plan::{Denied, Known};
use crate::commands::certs;

/// Certificates: those that are there, if they are good; else new ones.
pub(super) async fn trust(
    config: &InstallConfig,
    cluster: &Cluster,
    now: i64,
    known: &mut Known,
) -> anyhow::Result<Trust> {
    let Some((service, secret)) = config.api_server().filter(|_| !config.cert_manager) else {
        return Ok(Trust { secret: None, bundle: None });
    };
    let spec = CertificateSpec::new(service, &config.namespace);
    let at = SecretRef { namespace: config.namespace.clone(), name: secret.to_owned() };
    let stored = match tls_secret::read(cluster, &at).await {
        Ok(stored) => stored,
        // Who may not read it must not replace what may be in use.
        Err(ClusterError::Forbidden { message, .. }) => {
            let namespace = Some(config.namespace.clone());
            known.denied.push(Denied { message, namespace });
            return Ok(Trust { secret: None, bundle: None });
        }
        Err(error) => return Err(error.into()),
    };
    let usable = stored.as_ref().is_some_and(|stored| {
        let verification = stored.chain.as_deref().map(|chain| {
            crate::certificates::verify(chain, stored.ca.as_deref(), &spec.server_name(), now)
        });
        let fits = match (&stored.chain, &stored.key) {
            (Some(chain), Some(key)) => key_matches(chain, key) != Some(false),
            _ => false,
        };
        fits && stored.ca.is_some() && verification.is_some_and(|j| j.problems.is_empty())
    });
    if let Some(stored) = stored.filter(|_| usable) {
        if certs::good_for(&stored, &spec, now).is_none() {
            known.notes.push(
                "less than 30 % of the certificate's life is left: oppscale certs renew".to_owned(),
            );
        }
        let bundle = CaBundle::parse(stored.ca.as_deref().unwrap_or_default())?;
        let bundle = widest(config, cluster, bundle).await?;
        return Ok(Trust { secret: None, bundle: Some(bundle) });
    }
    let issued = issue(&spec, now)?;
    let bundle = CaBundle::parse(&issued.ca)?;
    Ok(Trust { secret: Some(issued), bundle: Some(bundle) })
}

/// While a renewal is under way, APIServices trust more than one authority; that stays.
pub(super) async fn widest(
    config: &InstallConfig,
    cluster: &Cluster,
    ours: CaBundle,
) -> anyhow::Result<CaBundle> {
    for (version, group, _) in config.apis() {
        let path = format!("{}/{version}.{group}", api_services::PATH);
        let operation = Operation::new("get APIService", "--verb=get --resource=apiservices");
        let Ok(Some(live)) = cluster.find(&operation, &path).await else { continue };
        let live = ApiService::new(live);
        let bundle = live.ca_bundle().and_then(|text| CaBundle::decode(text).ok());
        if let Some(bundle) = bundle.filter(|bundle| bundle.len() > 1 && bundle.contains_all(&ours))
        {
            return Ok(bundle);
        }
    }
    Ok(ours)
}

/// Refuses what needs kinds that the cluster does not have, before anything is written.
pub(super) async fn known_kinds(
    cluster: &Cluster,
    documents: impl Iterator<Item = &Document>,
) -> anyhow::Result<()> {
    let mut versions: Vec<&str> = documents.map(Document::api_version).collect();
    versions.sort_unstable();
    versions.dedup();
    for version in versions {
        let (what, hint) = match version.split_once('/').map(|(group, _)| group) {
            Some("cert-manager.io") => (
                "cert-manager",
                "install cert-manager first, or leave --certificates cert-manager out",
            ),
            Some("monitoring.coreos.com") => (
                "Prometheus operator",
                "install one first, as with kube-prometheus-stack, whose values oppscale init --with\n\
                 prometheus-stack --export DIR writes; or leave out --with alerts and --pipeline\n\
                 prometheus, which need it",
            ),
            // The API server's own are always there.
            _ => continue,
        };
        // Discovery is open to everybody who is known.
        let operation = Operation::new("look for the kinds of an API", "");
        if cluster.find(&operation, &format!("/apis/{version}")).await?.is_none() {
            let words = format!("there is no {what} in this cluster: it has no API {version}");
            return Err(Error::failure(words).hint(hint).into());
        }
    }
    Ok(())
}

/// Whether the namespace is not there.
pub(super) async fn is_missing(cluster: &Cluster, namespace: &str) -> anyhow::Result<bool> {
    let operation =
        Operation::new(format!("get Namespace {namespace}"), "--verb=get --resource=namespaces");
    let live = match cluster.find(&operation, &format!("/api/v1/namespaces/{namespace}")).await {
        Err(ClusterError::Forbidden { .. }) => return Ok(false),
        live => live?,
    };
    let Some(live) = live else { return Ok(true) };
    if live["status"]["phase"] == "Terminating" {
        let conditions = live["status"]["conditions"].as_array().into_iter().flatten();
        let why: Vec<_> = conditions
            .filter(|condition| condition["status"] == "True")
            .filter_map(|condition| condition["message"].as_str())
            .collect();
        let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
        return Err(Error::failure(
            format!("namespace {namespace} is being deleted{why}")).hint("wait for its end, or choose another with --namespace. If it hangs, an APIService may\n\
             be unavailable: oppscale check --only owners")
        .into());
    }
    Ok(false)
}
