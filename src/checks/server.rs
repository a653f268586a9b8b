//! Checks of the server: its pods, its APIService, and a value as the HPA controller reads it.
//!
//! With `--pipeline prometheus`, prometheus-adapter serves the API in place of our server.

use http::StatusCode;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use serde::Deserialize;
use serde_json::json;

use crate::certificates::{CertificateProblem, Fix};
use crate::metrics_api::{CUSTOM, EXTERNAL};
use crate::serve::HttpAuth;
use crate::setup::api_services::ApiService;
use crate::setup::config::REVIEWS;
use crate::setup::helm::{ADAPTER, ADAPTER_CONFIG};
use crate::setup::permissions::HPA_CONTROLLER;
use crate::setup::server_pod::Installed;
use hpa_model::verdict::METRIC_NAME;
use oppscale_cluster::{ApiRequest, ApiResponse, Operation};
use oppscale_core::check::{CheckId, Finding, Outcome};
use oppscale_core::kinds::{self, CONFIG_MAP, DEPLOYMENT, percent_encode};
use oppscale_core::units::counted;

use super::context::{CheckContext, CheckTarget, FILLERS, full_name, is_opportunistic, unknown};
use super::permissions::account_may;

/// The age from which a value is stale, in seconds: two scrapes.
const MAX_AGE: i64 = 60;
/// The checks of the API.
const API: [CheckId; 2] = [CheckId::ServerApiAvailable, CheckId::MetricReadable];

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let CheckTarget { namespace, service, installed, .. } = context.target.clone();
    let object = DEPLOYMENT.object(Some(&namespace), &service);
    let init = context.target.command("init");
    let deployment = context.read(&object).await;
    let (mut serves_api, mut setup) = (true, Installed::default());
    let pods = match deployment {
        Ok(Some(deployment)) => {
            serves_api = !has_argument(&deployment, "--apis=none");
            setup = Installed::of(deployment.clone());
            ready(&deployment, &namespace, &service)
        }
        Ok(None) if !installed => {
            let ids = [CheckId::ServerPodsReady, API[0], API[1], CheckId::ServerPermissions];
            let why = "oppscale is not installed here: oppscale init";
            return CheckId::each(&ids, Err(Outcome::skipped(why)));
        }
        Ok(None) => {
            CheckId::ServerPodsReady.failed(format!("there is no {object}")).fix(init.clone())
        }
        Err(outcome) => CheckId::ServerPodsReady.with(outcome),
    };
    let api = match serves_api {
        true => api(context, &init).await,
        // As with --pipeline prometheus and --pipeline keda.
        false => adapter_api(context).await,
    };
    let permissions = CheckId::ServerPermissions.or_outcome(may_read(context, &setup, &init).await);
    [vec![pods], CheckId::each(&API, api), vec![permissions]].concat()
}

/// Whether the server's ServiceAccount may read what it counts and serves, write Events, and do
/// what the options of `setup` take, by access reviews: the API server's decision matters, not the
/// text of the role.
async fn may_read(
    context: &CheckContext<'_>,
    setup: &Installed,
    init: &str,
) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::ServerPermissions;
    let CheckTarget { namespace, service, .. } = &context.target;
    let user = format!("system:serviceaccount:{namespace}:{service}");
    let of_kinds = kinds::ALL.iter().flat_map(|kind| {
        // What is listed and watched is not read one by one.
        let verbs = kind.server_verbs.split(',').filter(|verb| !matches!(*verb, "" | "get"));
        verbs.map(move |verb| {
            let text = format!("{verb} {}", kind.resource());
            // Values do not depend on Events.
            let loss = (**kind == kinds::EVENT).then_some("held workloads get no Events");
            (text, loss, json!({"verb": verb, "group": kind.group, "resource": kind.plural}))
        })
    });
    let reviews = REVIEWS.iter().filter(|_| setup.http_auth == HttpAuth::TokenReview);
    let reviews = reviews.map(|kind| {
        let attributes = json!({"verb": "create", "group": kind.group, "resource": kind.plural});
        (format!("create {}", kind.resource()), None, attributes)
    });
    let rules = setup.pod.rules();
    let of_options = rules.iter().flat_map(|(group, resources, verbs)| {
        let pairs =
            resources.iter().flat_map(move |name| verbs.iter().map(move |verb| (name, verb)));
        pairs.map(move |(name, verb)| {
            let (resource, subresource) = name.split_once('/').unwrap_or((name, ""));
            let guards = resource == "nodes" && !subresource.is_empty();
            let attributes = json!({
                "verb": verb, "group": group, "resource": resource, "subresource": subresource
            });
            let dot = if group.is_empty() { "" } else { "." };
            let loss = guards.then_some("the pressure guard knows nothing");
            (format!("{verb} {name}{dot}{group}"), loss, attributes)
        })
    });
    let front_proxy = json!({
        "verb": "get", "resource": "configmaps", "namespace": "kube-system",
        "name": "extension-apiserver-authentication"
    });
    let text = "get ConfigMap kube-system/extension-apiserver-authentication".to_owned();
    let all = of_kinds.chain(reviews).chain(of_options).chain([(text, None, front_proxy)]);
    let (mut missing, mut losses, mut stops_metrics) = (Vec::new(), Vec::new(), false);
    for (text, loss, attributes) in all {
        if !account_may(context.cluster, namespace, &user, &attributes).await? {
            missing.push(text);
            stops_metrics |= loss.is_none();
            losses.extend(loss);
        }
    }
    let text = format!("{user} may not {}", missing.join(", "));
    let finding = match (missing.is_empty(), stops_metrics) {
        (true, _) => return Ok(ID.passed()),
        (false, true) => ID.failed(text),
        (false, false) => ID.warning(format!("{text}, so {}", losses.join(", and "))),
    };
    Ok(finding.fix(format!("{init} puts its roles and bindings right")))
}

async fn api(context: &mut CheckContext<'_>, init: &str) -> Result<Vec<Finding>, Outcome> {
    let (namespace, name) = (context.target.namespace.clone(), context.target.service.clone());
    let mut ours = context.api_services().await?;
    ours.retain(|service| service.leads_to(&namespace, &name));
    if ours.is_empty() {
        let text = "no APIService leads to oppscale: HPAs get their metric from another server, or \
                    from none";
        return Ok(vec![
            API[0].failed(text).fix(init),
            API[1].skipped("no APIService leads to oppscale"),
        ]);
    }
    let available = |service| available(service, context, &context.target, init);
    let mut findings: Vec<_> = ours.iter().map(available).collect();
    let logs = format!("kubectl -n {namespace} logs deploy/{name}");
    findings.extend(metrics(context, &ours, &|_| logs.clone()).await);
    Ok(findings)
}

/// Checks the API, where our server serves none.
async fn adapter_api(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    let namespace = context.target.namespace.clone();
    let rules = CONFIG_MAP.object(Some(&namespace), ADAPTER_CONFIG);
    if context.read::<ConfigMap>(&rules).await?.is_none() {
        // KEDA reads its /metrics.
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
             {rules}: {logs}"
        ),
        500 => format!(
            "it cannot query Prometheus: see that Prometheus runs, and answers at the URL of the \
             adapter's values: {logs}"
        ),
        503 => "fix OPP-SRV-002 first".to_owned(),
        _ => logs.clone(),
    };
    findings.extend(metrics(context, &served, &fix).await);
    Ok(findings)
}

/// HPAs keep their replicas until a server owns the API. The adapter is installed after oppscale,
/// so this is not a failure yet; the HPA's own check fails when it matters.
async fn no_owner(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    let init = context.target.command("init --pipeline prometheus");
    let adapter = DEPLOYMENT.object(Some(&context.target.namespace), ADAPTER);
    let (why, fix) = match context.exists(&adapter).await {
        Ok(true) => (
            format!("{ADAPTER} exists, but {CUSTOM} is not registered for it: HPAs have no metric"),
            init,
        ),
        _ => (
            format!(
                "no server provides {CUSTOM}: there is no {ADAPTER} yet, and HPAs have no metric"
            ),
            format!("install it with the values that {init} --output-dir DIR writes, then {init}"),
        ),
    };
    Ok(vec![
        CheckId::ServerApiAvailable.warning(why).fix(fix),
        CheckId::MetricReadable.skipped(format!("no server provides {CUSTOM}")),
    ])
}

/// Whether the server runs with an argument.
fn has_argument(deployment: &Deployment, argument: &str) -> bool {
    let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let containers = pod.into_iter().flat_map(|pod| &pod.containers);
    containers.flat_map(|container| container.args.iter().flatten()).any(|arg| arg == argument)
}

fn ready(deployment: &Deployment, namespace: &str, name: &str) -> Finding {
    const ID: CheckId = CheckId::ServerPodsReady;
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let ready = deployment.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0);
    if ready >= wanted && ready > 0 {
        return ID.passed_with(format!("{ready} of {wanted}"));
    }
    let text = format!("{ready} of {wanted} pods are ready");
    // One pod serves as well as two, until it is moved.
    let finding = if ready > 0 { ID.warning(text) } else { ID.failed(text) };
    finding.fix(format!(
        "kubectl -n {namespace} describe pods -l app.kubernetes.io/instance={name}; kubectl -n \
         {namespace} logs deploy/{name}"
    ))
}

/// Explains an APIService's Available condition; `install` is the fix where the Service of
/// `target` is missing.
fn available(
    service: &ApiService,
    context: &CheckContext<'_>,
    target: &CheckTarget,
    install: &str,
) -> Finding {
    const ID: CheckId = CheckId::ServerApiAvailable;
    let (namespace, name) = (&target.namespace, &target.service);
    let release = service.release();
    let install = match &release {
        Some(release) => format!("it is of {release}: helm upgrade puts it back"),
        None => install.to_owned(),
    };
    let renewal = |fix: Fix| target.renewal(fix, release.as_deref());
    let endpoints = format!(
        "kubectl -n {namespace} get svc,endpointslices,pods -l app.kubernetes.io/instance={name}"
    );
    let (text, fix) = match service.available() {
        Some((true, ..)) => return ID.passed().about(service.name()),
        None => (
            "it has no Available condition: the API server cannot load its caBundle, and clients \
             get 503"
                .to_owned(),
            renewal(Fix::Renew("")),
        ),
        Some((false, reason, message)) => match (CertificateProblem::from_message(message), reason)
        {
            (Some(problem), _) => (problem.to_string(), renewal(problem.fix())),
            (_, "ServiceNotFound") => ("its Service does not exist".to_owned(), install),
            (_, "ServicePortError") => ("its Service has no such port".to_owned(), install),
            (_, "EndpointsNotFound" | "MissingEndpoints") => {
                ("no pod behind its Service is ready".to_owned(), endpoints)
            }
            _ if refuses(message) => (
                "the server refused the API server: it does not trust its front proxy".to_owned(),
                "oppscale check --only aggregation".to_owned(),
            ),
            _ if message.contains("connection refused") => {
                ("nothing listens behind its Service".to_owned(), endpoints)
            }
            _ if is_unreachable(message) => (
                format!("the API server cannot reach the pods: {message}"),
                context.distribution.open_port(10250),
            ),
            _ => (format!("{reason}: {message}"), endpoints),
        },
    };
    ID.failed(text).about(service.name()).fix(fix)
}

/// Whether the aggregator got 401 or 403. Only its text shows: `bad status from
/// https://10.0.0.1:443/apis/…: 403`.
fn refuses(message: &str) -> bool {
    let status = message.contains("bad status").then(|| message.rsplit(' ').next());
    matches!(status.flatten(), Some("401" | "403"))
}

/// Whether the address did not answer. Only the text of Go's network library shows.
fn is_unreachable(message: &str) -> bool {
    ["timeout", "Timeout exceeded", "deadline exceeded", "no route to host", "request canceled"]
        .iter()
        .any(|text| message.contains(text))
}

#[derive(Default, Deserialize)]
struct MetricValues {
    #[serde(default)]
    items: Vec<MetricValue>,
}

/// An item of custom and of external metrics.
#[derive(Deserialize)]
struct MetricValue {
    value: Option<String>,
    timestamp: Option<String>,
}

/// Most workloads whose values are read.
const MAX_READ: usize = 50;

/// Reads the values of workloads as the HPA controller does; `fix` is the remedy for a status of
/// the answer. A workload that the server holds is a failure with its reason.
async fn metrics(
    context: &mut CheckContext<'_>,
    served: &[ApiService],
    fix: &(dyn Fn(u16) -> String + Sync),
) -> Vec<Finding> {
    const ID: CheckId = CheckId::MetricReadable;
    let newest = |of: &str| {
        let versions = served.iter().filter_map(|service| service.name().split_once('.'));
        versions.filter(|(_, group)| *group == of).max()
    };
    // HPAs use the custom API where both are served: it names the workload.
    let Some(api) = newest(CUSTOM).or_else(|| newest(EXTERNAL)) else {
        return vec![ID.skipped("oppscale serves no metrics here")];
    };
    let mut workloads: Vec<Deployment> = match context.list(&DEPLOYMENT, None, FILLERS).await {
        Ok(workloads) => workloads,
        Err(outcome) => return vec![ID.with(outcome)],
    };
    workloads.retain(|workload| is_opportunistic(&workload.metadata));
    if workloads.is_empty() {
        return vec![ID.skipped(format!("there is no Deployment labelled {FILLERS}"))];
    }
    let mut findings = Vec::new();
    for workload in workloads.iter().take(MAX_READ) {
        let finding = ID.or_outcome(metric(context, api, workload, fix).await);
        let is_unreadable = matches!(finding.outcome, Outcome::Denied(_) | Outcome::Unknown(_));
        findings.push(finding);
        if is_unreadable {
            break;
        }
    }
    match findings.iter().all(|finding| matches!(finding.outcome, Outcome::Passed(_))) {
        true => findings.truncate(1),
        false => findings.retain(|finding| !matches!(finding.outcome, Outcome::Passed(_))),
    }
    findings
}

async fn metric(
    context: &CheckContext<'_>,
    (version, group): (&str, &str),
    workload: &Deployment,
    fix: &(dyn Fn(u16) -> String + Sync),
) -> Result<Finding, Outcome> {
    const ID: CheckId = CheckId::MetricReadable;
    let full_name = full_name(&workload.metadata);
    let (namespace, name) = full_name.split_once('/').unwrap_or_default();
    let at = format!("/apis/{group}/{version}/namespaces/{namespace}");
    let path = match group {
        EXTERNAL => {
            let selector = format!("deployment={name}");
            format!("{at}/{METRIC_NAME}?labelSelector={}", percent_encode(&selector))
        }
        _ => format!("{at}/deployments.apps/{name}/{METRIC_NAME}"),
    };
    let operation = Operation::new("read a metric as the HPA controller", "");
    let request = ApiRequest::get(&path);
    let response = context.cluster.send(&operation, &request.clone().as_user(HPA_CONTROLLER)).await;
    let mut response = response.map_err(unknown)?;
    let may_not_impersonate = is_impersonation_refused(&response);
    if may_not_impersonate {
        response = context.cluster.send(&operation, &request).await.map_err(unknown)?;
    }
    let how = match may_not_impersonate {
        true => ", read as you: you may not impersonate the controller",
        false => "",
    };
    let status = response.status.as_u16();
    if may_not_impersonate && status == 403 {
        // This does not show what the controller may read.
        return Err(Outcome::denied(format!(
            "--verb=impersonate --resource=serviceaccounts, or --verb=get,list --resource=*.{group}"
        )));
    }
    let fix = fix(status);
    if !response.status.is_success() {
        let text = format!("{status} for {full_name}: {}", response.message());
        return Ok(ID.failed(text).fix(fix));
    }
    let items = match response.json() {
        Ok(MetricValues { items }) => items,
        Err(error) => return Ok(ID.failed(error.to_string()).fix(fix)),
    };
    let Some(item) = items.into_iter().next() else {
        let text = format!("the answer for {full_name} is empty: the HPA does nothing");
        return Ok(ID.failed(text).fix(fix));
    };
    let value = item.value.as_deref().unwrap_or("?");
    let time = item.timestamp.and_then(|text| text.parse::<Timestamp>().ok());
    Ok(match time.map(|time| context.now - time.as_second()) {
        Some(age) if age > MAX_AGE => {
            ID.warning(format!("{value} for {full_name} is {age} s old{how}")).fix(fix)
        }
        _ => {
            let replicas = counted(value, "replica");
            ID.passed_with(format!("room for {replicas} of {full_name}{how}"))
        }
    })
}

/// Whether the server refused the impersonation, not the metric: both are 403.
fn is_impersonation_refused(response: &ApiResponse) -> bool {
    let status: Status = response.json().unwrap_or_default();
    let resource = status.details.and_then(|details| details.kind);
    response.status == StatusCode::FORBIDDEN && resource.as_deref() == Some("serviceaccounts")
}
