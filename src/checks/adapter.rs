//! Checks of the server where prometheus-adapter serves the API: it owns the API, it is available,
//! and it has a value.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::metrics_api::CUSTOM;
use crate::setup::api_services::ApiService;
use crate::setup::helm::{ADAPTER, ADAPTER_CONFIG};
use oppscale_core::check::{CheckId, Finding, Outcome};

use super::context::{CheckContext, CheckTarget};
use super::server::{available, metric};

/// Checks the API, where our server serves none.
pub(super) async fn check(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    let namespace = context.target.namespace.clone();
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/{ADAPTER_CONFIG}");
    if context.get::<ConfigMap>(&path, "--verb=get --resource=configmaps").await?.is_none() {
        // KEDA reads it.
        let why = "it serves no API here (--apis=none), only /metrics";
        return Err(Outcome::skipped(why));
    }
    let mut served = context.api_services().await?;
    served.retain(|service| service.group() == CUSTOM);
    let Some((home, name)) = served.first().and_then(ApiService::service) else {
        return no_owner(context).await;
    };
    let adapter = CheckTarget {
        namespace: home.to_owned(),
        service: name.to_owned(),
        ..context.target.adapter()
    };
    let mut findings = Vec::new();
    for service in &served {
        let install = format!(
            "install it again; until then, kubectl delete apiservice {}: while it is not \
             available, no namespace can be deleted",
            service.name()
        );
        findings.push(available(service, context, &adapter, &install));
    }
    let logs = format!("kubectl -n {home} logs deploy/{name}");
    let fix = |status: u16| match status {
        404 => format!(
            "it knows what Prometheus has scraped, and updates that every minute: wait for that; \
             see that Prometheus scrapes oppscale (oppscale check --only prometheus), that it \
             answers at the URL of the adapter's values, and that the adapter has the rules of \
             ConfigMap {namespace}/{ADAPTER_CONFIG}: {logs}"
        ),
        500 => format!(
            "it cannot query Prometheus: see that Prometheus runs, and answers at the URL of the \
             adapter's values: {logs}"
        ),
        503 => "fix OPP-SRV-002 first".to_owned(),
        _ => logs.clone(),
    };
    findings.push(CheckId::MetricReadable.or_outcome(metric(context, &served, &fix).await));
    Ok(findings)
}

/// HPAs hold until a server owns the API. The adapter is installed after us, so this is no failure
/// yet; the HPA's own check fails when it matters.
async fn no_owner(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    let init = context.target.command("init --pipeline prometheus");
    let path =
        format!("/apis/apps/v1/namespaces/{}/deployments/{ADAPTER}", context.target.namespace);
    let exists = context.exists(&path, "--verb=get --resource=deployments.apps").await;
    let (why, fix) = match exists {
        Ok(true) => (
            format!(
                "{CUSTOM} was not handed over to {ADAPTER}, which is there: HPAs have no metric"
            ),
            init,
        ),
        _ => (
            format!(
                "no server provides {CUSTOM}: there is no {ADAPTER} yet, and HPAs have no metric"
            ),
            format!("install it with the values that {init} --export DIR writes, then {init}"),
        ),
    };
    Ok(vec![
        CheckId::ServerApiAvailable.warning(why).fix(fix),
        CheckId::MetricReadable.skipped(format!("no server provides {CUSTOM}")),
    ])
}
