//! Our server: its pods, its APIService, and a value read as the HPA controller reads it.

use jiff::Timestamp;
use serde_json::Value;

use crate::certificates::{CertificateProblem, Fix};
use crate::metrics_api::{CUSTOM, EXTERNAL};
use crate::setup::api_services::ApiService;
use crate::setup::rights::HPA_CONTROLLER;
use hpa_model::verdict::METRIC_NAME;
use oppscale_cluster::{Action, Ask};
use oppscale_core::check::Outcome;

use super::adapter;
use super::doctor::{Doctor, Found, Look, Subject, unknown};
use super::owners::services;

/// Opportunistic Deployments.
pub(super) const WORKLOADS: &str =
    "/apis/apps/v1/deployments?labelSelector=oppscale.dev%2Fopportunistic%3Dtrue";
/// Opportunistic StatefulSets.
pub(super) const STATEFUL_SETS: &str =
    "/apis/apps/v1/statefulsets?labelSelector=oppscale.dev%2Fopportunistic%3Dtrue";
pub(super) const WORKLOADS_RIGHT: &str =
    "--verb=list --resource=deployments.apps,statefulsets.apps";
/// A value older than this is two scrapes old, seconds.
const OLD: i64 = 60;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let (namespace, name) = (doctor.subject.namespace.clone(), doctor.subject.service.clone());
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
    let init = doctor.subject.command("init");
    match doctor.look(&path, "--verb=get --resource=deployments.apps").await {
        Look::Found(deployment) => {
            pods(&deployment, &namespace, &name, found);
            if serves_nothing(&deployment) {
                // As with --pipeline prometheus and --pipeline keda.
                return adapter::check(doctor, found).await;
            }
        }
        Look::Absent if !doctor.subject.installed => {
            for id in ["OPP-SRV-001", "OPP-SRV-002", "OPP-SRV-003"] {
                found.skip(id, "oppscale is not installed here: oppscale init");
            }
            return;
        }
        Look::Absent => found.fixed_by(
            "OPP-SRV-001",
            Outcome::Failed(format!("there is no Deployment {namespace}/{name}")),
            init.clone(),
        ),
        other => found.add("OPP-SRV-001", other.unknown()),
    }
    let Some(services) = served_by(doctor, found).await else { return };
    let ours: Vec<_> = services.into_iter().filter(|s| s.leads_to(&namespace, &name)).collect();
    if ours.is_empty() {
        let why = "no APIService leads to oppscale: HPAs ask somebody else, or nobody";
        found.fixed_by("OPP-SRV-002", Outcome::Failed(why.to_owned()), init);
        found.skip("OPP-SRV-003", "no APIService leads to oppscale");
        return;
    }
    for service in &ours {
        let (outcome, fix) = available(service, doctor, &doctor.subject, &init);
        found.about("OPP-SRV-002", Some(service.name()), outcome, fix);
    }
    let logs = format!("kubectl -n {namespace} logs deploy/{name}");
    value(doctor, &ours, &|_| logs.clone(), found).await;
}

/// The APIServices; without them nothing is known of what is served.
pub(super) async fn served_by(
    doctor: &mut Doctor<'_>,
    found: &mut Found,
) -> Option<Vec<ApiService>> {
    match services(doctor).await {
        Ok(services) => Some(services),
        Err(outcome) => {
            found.add("OPP-SRV-002", outcome.clone());
            found.add("OPP-SRV-003", outcome);
            None
        }
    }
}

/// Whether the server is there for its /metrics alone.
fn serves_nothing(deployment: &Value) -> bool {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let args = containers.into_iter().flatten().flat_map(|c| c["args"].as_array());
    args.flatten().any(|arg| arg == "--apis=none")
}

fn pods(deployment: &Value, namespace: &str, name: &str, found: &mut Found) {
    let count = |field: &str| deployment["status"][field].as_u64().unwrap_or(0);
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = count("readyReplicas");
    if ready >= wanted && ready > 0 {
        return found.pass("OPP-SRV-001", format!("{ready} of {wanted}"));
    }
    let text = format!("{ready} of {wanted} pods are ready");
    found.fixed_by(
        "OPP-SRV-001",
        // One answers as well as two, until it is moved.
        if ready > 0 { Outcome::Warning(text) } else { Outcome::Failed(text) },
        format!("kubectl -n {namespace} describe pods -l app.kubernetes.io/instance={name}; kubectl -n {namespace} logs deploy/{name}"),
    );
}

/// What an Available condition means, and what to do about it: `install` where the Service of
/// `subject` is not as it should be.
pub(super) fn available(
    service: &ApiService,
    doctor: &Doctor<'_>,
    subject: &Subject,
    install: &str,
) -> (Outcome, Option<String>) {
    let (namespace, name) = (&subject.namespace, &subject.service);
    let release = service.release();
    let install = match &release {
        Some(release) => format!("it is of {release}: helm upgrade puts it back"),
        None => install.to_owned(),
    };
    let renewal = |fix: Fix| subject.renewal(fix, release.as_deref());
    let Some((is_available, reason, message)) = service.available() else {
        let text = "it has no Available condition: the API server cannot load its caBundle, and \
                    clients get 503";
        return (Outcome::Failed(text.to_owned()), Some(renewal(Fix::Renew(""))));
    };
    if is_available {
        return (Outcome::Passed(None), None);
    }
    if let Some(problem) = CertificateProblem::from_message(message) {
        return (Outcome::Failed(problem.to_string()), Some(renewal(problem.fix())));
    }
    let look = format!(
        "kubectl -n {namespace} get svc,endpointslices,pods -l app.kubernetes.io/instance={name}"
    );
    let (text, fix) = match reason {
        "ServiceNotFound" => ("its Service is not there".to_owned(), install),
        "ServicePortError" => ("its Service has no such port".to_owned(), install),
        "EndpointsNotFound" | "MissingEndpoints" => {
            ("no pod behind its Service is ready".to_owned(), look)
        }
        _ if refuses(message) => (
            "the server refused the API server: it does not trust its front proxy".to_owned(),
            "oppscale check --only aggregation".to_owned(),
        ),
        _ if message.contains("connection refused") => {
            ("nothing listens behind its Service".to_owned(), look)
        }
        _ if is_late(message) => (
            format!("the API server cannot reach the pods: {message}"),
            doctor.distribution.open_port(10250),
        ),
        _ => (format!("{reason}: {message}"), look),
    };
    (Outcome::Failed(text), Some(fix))
}

/// `bad status from https://10.0.0.1:443/apis/…: 403`, as the aggregator words it.
fn refuses(message: &str) -> bool {
    let status = message.contains("bad status").then(|| message.rsplit(' ').next());
    matches!(status.flatten(), Some("401" | "403"))
}

/// The words of Go's network library for an address that does not answer.
fn is_late(message: &str) -> bool {
    ["timeout", "Timeout exceeded", "deadline exceeded", "no route to host", "request canceled"]
        .iter()
        .any(|words| message.contains(words))
}

/// Reads a value; `fix` says what to do where the answer has this status, or is not as it
/// should be.
pub(super) async fn value(
    doctor: &mut Doctor<'_>,
    ours: &[ApiService],
    fix: &dyn Fn(u16) -> String,
    found: &mut Found,
) {
    const ID: &str = "OPP-SRV-003";
    let newest = |of: &str| {
        let served = ours.iter().filter_map(|s| s.name().split_once('.'));
        served.filter(|(_, group)| *group == of).max()
    };
    // HPAs ask the custom API where both are served: it names the workload.
    let Some((version, group)) = newest(CUSTOM).or_else(|| newest(EXTERNAL)) else {
        return found.skip(ID, "oppscale serves no metrics here");
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
    let at = format!("/apis/{group}/{version}/namespaces/{namespace}");
    let path = match group {
        "external.metrics.k8s.io" => {
            format!("{at}/{METRIC_NAME}?labelSelector=deployment%3D{name}")
        }
        _ => format!("{at}/deployments.apps/{name}/{METRIC_NAME}"),
    };
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
        Err(error) => return found.add(ID, unknown(&error)),
    };
    let status = reply.status.as_u16();
    let fix = fix(status);
    if !how.is_empty() && status == 403 {
        // What the controller may read is its own affair.
        return found.add(
            ID,
            Outcome::denied(format!(
                "--verb=impersonate --resource=serviceaccounts, or --verb=get,list \
                 --resource=*.{group}"
            )),
        );
    }
    if !reply.status.is_success() {
        let text = format!("{status} for {namespace}/{name}: {}", reply.message());
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
