//! Our server: its pods, its APIService, and a value read as the HPA controller reads it.

use jiff::Timestamp;
use serde_json::Value;

use crate::certificates::Flaw;
use crate::cluster::{Action, Ask};
use crate::core::check::{Distribution, Outcome};
use crate::core::verdict::METRIC_NAME;
use crate::setup::api_services::ApiService;
use crate::setup::rights::HPA_CONTROLLER;

use super::doctor::{Doctor, Found, Look};
use super::owners::services;

/// Opportunistic Deployments.
pub(super) const WORKLOADS: &str =
    "/apis/apps/v1/deployments?labelSelector=oppscale.dev%2Fopportunistic%3Dtrue";
pub(super) const WORKLOADS_RIGHT: &str = "--verb=list --resource=deployments.apps";
/// A value older than this is two scrapes old, seconds.
const OLD: i64 = 60;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let (namespace, name) = (doctor.subject.namespace.clone(), doctor.subject.service.clone());
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
    match doctor.look(&path, "--verb=get --resource=deployments.apps").await {
        Look::Found(deployment) => pods(&deployment, &namespace, &name, found),
        Look::Absent if !doctor.subject.installed => {
            for id in ["OPP-SRV-001", "OPP-SRV-002", "OPP-SRV-003"] {
                found.skip(id, "oppscale is not installed here: oppscale init");
            }
            return;
        }
        Look::Absent => found.fixed_by(
            "OPP-SRV-001",
            Outcome::Failed(format!("there is no Deployment {namespace}/{name}")),
            "oppscale init",
        ),
        other => found.add("OPP-SRV-001", other.unknown()),
    }
    let services = match services(doctor).await {
        Ok(services) => services,
        Err(outcome) => {
            found.add("OPP-SRV-002", outcome.clone());
            found.add("OPP-SRV-003", outcome);
            return;
        }
    };
    let ours: Vec<_> = services.into_iter().filter(|s| s.leads_to(&namespace, &name)).collect();
    if ours.is_empty() {
        let why = "no APIService leads to oppscale: HPAs ask somebody else, or nobody";
        found.fixed_by("OPP-SRV-002", Outcome::Failed(why.to_owned()), "oppscale init");
        found.skip("OPP-SRV-003", "no APIService leads to oppscale");
        return;
    }
    for service in &ours {
        let (outcome, fix) = available(service, doctor.distribution, &namespace, &name);
        found.about("OPP-SRV-002", Some(service.name()), outcome, fix);
    }
    value(doctor, &ours, found).await;
}

fn pods(deployment: &Value, namespace: &str, name: &str, found: &mut Found) {
    let count = |field: &str| deployment["status"][field].as_u64().unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = count("readyReplicas");
    if ready >= wanted.min(1) && ready > 0 {
        return found.pass("OPP-SRV-001", format!("{ready} of {wanted}"));
    }
    found.fixed_by(
        "OPP-SRV-001",
        Outcome::Failed(format!("{ready} of {wanted} pods are ready")),
        format!("kubectl -n {namespace} describe pods -l app.kubernetes.io/instance={name}; kubectl -n {namespace} logs deploy/{name}"),
    );
}

/// What an Available condition means, and what to do about it.
pub(crate) fn available(
    service: &ApiService,
    distribution: Distribution,
    namespace: &str,
    name: &str,
) -> (Outcome, Option<String>) {
    let Some((is_available, reason, message)) = service.available() else {
        let text = "it has no Available condition: the API server cannot load its caBundle, and \
                    clients get 503";
        return (Outcome::Failed(text.to_owned()), Some("oppscale certs renew".to_owned()));
    };
    if is_available {
        return (Outcome::Passed(None), None);
    }
    if let Some(flaw) = Flaw::from_message(message) {
        return (Outcome::Failed(flaw.sentence()), Some(flaw.fix().to_owned()));
    }
    let look = format!(
        "kubectl -n {namespace} get svc,endpointslices,pods -l app.kubernetes.io/instance={name}"
    );
    let (text, fix) = match reason {
        "ServiceNotFound" => ("its Service is not there".to_owned(), "oppscale init".to_owned()),
        "ServicePortError" => {
            ("its Service has no such port".to_owned(), "oppscale init".to_owned())
        }
        "EndpointsNotFound" | "MissingEndpoints" => {
            ("no pod behind its Service is ready".to_owned(), look)
        }
        _ if message.contains("403") => (
            "the server refused the API server: it does not trust its front proxy".to_owned(),
            "oppscale check --only aggregation".to_owned(),
        ),
        _ if message.contains("connection refused") => {
            ("nothing listens behind its Service".to_owned(), look)
        }
        _ if message.contains("timeout") || message.contains("deadline exceeded") => (
            format!("the API server cannot reach the pods: {message}"),
            distribution.open_port(10250),
        ),
        _ => (format!("{reason}: {message}"), look),
    };
    (Outcome::Failed(text), Some(fix))
}

async fn value(doctor: &mut Doctor<'_>, ours: &[ApiService], found: &mut Found) {
    const ID: &str = "OPP-SRV-003";
    let newest = ours
        .iter()
        .filter_map(|s| s.name().split_once('.'))
        .filter(|(_, group)| *group == "custom.metrics.k8s.io")
        .max();
    let Some((version, group)) = newest else {
        return found.skip(ID, "oppscale serves no custom metrics here");
    };
    let workloads = match doctor.list(WORKLOADS, WORKLOADS_RIGHT).await {
        Ok(workloads) => workloads,
        Err(outcome) => return found.add(ID, outcome),
    };
    let is_ours = |w: &&Value| w["metadata"]["labels"]["oppscale.dev/opportunistic"] == "true";
    let Some(workload) = workloads.iter().find(is_ours) else {
        return found.skip(ID, "there is no Deployment labelled oppscale.dev/opportunistic=true");
    };
    let text = |field: &str| workload["metadata"][field].as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text("namespace"), text("name"));
    let path = format!(
        "/apis/{group}/{version}/namespaces/{namespace}/deployments.apps/{name}/{METRIC_NAME}"
    );
    let action = Action { words: "read a metric as the HPA controller", right: "" };
    let mut reply = doctor.cluster.ask(&action, &Ask::get(&path).as_user(HPA_CONTROLLER)).await;
    let mut how = "";
    if let Ok(refused) = &reply
        && refused.status.as_u16() == 403
        && refused.message().contains("impersonate")
    {
        how = ", read as you: you may not impersonate the controller";
        reply = doctor.cluster.ask(&action, &Ask::get(&path)).await;
    }
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => return found.add(ID, Outcome::Unknown(error.to_string())),
    };
    let fix =
        format!("kubectl -n {} logs deploy/{}", doctor.subject.namespace, doctor.subject.service);
    if !reply.status.is_success() {
        let text = format!("{} for {namespace}/{name}: {}", reply.status.as_u16(), reply.message());
        return found.fixed_by(ID, Outcome::Failed(text), fix);
    }
    let list = reply.json();
    let Some(item) = list["items"].as_array().and_then(|items| items.first()) else {
        let text = format!("the answer for {namespace}/{name} is empty: the HPA does nothing");
        return found.fixed_by(ID, Outcome::Failed(text), fix);
    };
    let value = item["value"].as_str().unwrap_or("?");
    let moment = item["timestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let age = moment.map(|moment| doctor.now - moment.as_second());
    match age {
        Some(age) if age > OLD => found.fixed_by(
            ID,
            Outcome::Warning(format!("{value} for {namespace}/{name} is {age} s old{how}")),
            fix,
        ),
        _ => found.pass(ID, format!("{value} replicas fit for {namespace}/{name}{how}")),
    }
}
