//! The API where prometheus-adapter answers it: is it handed over, available, and is there a
//! value?

use crate::metrics_api::CUSTOM;
use crate::setup::api_services::ApiService;
use crate::setup::helm::{ADAPTER, ADAPTER_CONFIG};
use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found, Look, Subject};
use super::server::{available, served_by, value};

const SILENT: &str = "it serves no API here (--apis=none): its /metrics is what counts";

/// Checks it, where our server serves no API itself.
pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let namespace = doctor.subject.namespace.clone();
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/{ADAPTER_CONFIG}");
    match doctor.look(&path, "--verb=get --resource=configmaps").await {
        Look::Found(_) => {}
        // KEDA reads it.
        Look::Absent => {
            found.skip("OPP-SRV-002", SILENT);
            found.skip("OPP-SRV-003", SILENT);
            return;
        }
        other => {
            found.add("OPP-SRV-002", other.unknown());
            found.add("OPP-SRV-003", other.unknown());
            return;
        }
    }
    let Some(services) = served_by(doctor, found).await else { return };
    let served: Vec<_> = services.into_iter().filter(|one| one.group() == CUSTOM).collect();
    let Some((home, name)) = served.first().and_then(ApiService::service) else {
        nobody(doctor, found).await;
        return;
    };
    let adapter = Subject {
        namespace: home.to_owned(),
        service: name.to_owned(),
        ..doctor.subject.adapter()
    };
    for service in &served {
        let install = format!(
            "install it again; until then, kubectl delete apiservice {}: while it is not \
             available, namespaces cannot be deleted to their end",
            service.name()
        );
        let (outcome, fix) = available(service, doctor, &adapter, &install);
        found.about("OPP-SRV-002", Some(service.name()), outcome, fix);
    }
    let logs = format!("kubectl -n {home} logs deploy/{name}");
    let fix = |status: u16| match status {
        404 => format!(
            "it knows what Prometheus has scraped, and looks every minute: wait for that; see that \
             Prometheus scrapes oppscale (oppscale check --only prometheus), that it answers at \
             the URL of the adapter's values, and that the adapter has the rules of ConfigMap \
             {namespace}/{ADAPTER_CONFIG}: {logs}"
        ),
        500 => format!(
            "it cannot ask Prometheus: see that that runs, and answers at the URL of the \
             adapter's values: {logs}"
        ),
        503 => "what OPP-SRV-002 says comes first".to_owned(),
        _ => logs.clone(),
    };
    value(doctor, &served, &fix, found).await;
}

/// HPAs hold until somebody answers. The adapter is installed after us, so this is no failure
/// yet; the HPA's own check tells when it is.
async fn nobody(doctor: &mut Doctor<'_>, found: &mut Found) {
    let subject = doctor.subject.clone();
    let init = subject.command("init --pipeline prometheus");
    let path = format!("/apis/apps/v1/namespaces/{}/deployments/{ADAPTER}", subject.namespace);
    let (why, fix) = match doctor.look(&path, "--verb=get --resource=deployments.apps").await {
        Look::Found(_) => (
            format!("{CUSTOM} was not handed over to {ADAPTER}, which is there: HPAs ask nobody"),
            init,
        ),
        _ => (
            format!("nobody serves {CUSTOM}: there is no {ADAPTER} yet, and HPAs ask nobody"),
            format!("install it with the values that {init} --export DIR writes, then {init}"),
        ),
    };
    found.fixed_by("OPP-SRV-002", Outcome::Warning(why), fix);
    found.skip("OPP-SRV-003", &format!("nobody serves {CUSTOM}"));
}
