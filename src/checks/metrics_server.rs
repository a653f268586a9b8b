//! metrics.k8s.io: what is used. HPAs on cpu or memory and `kubectl top` need it; oppscale's
//! own loop does not.

use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found, Look};
use super::owners::services;

const NODES: &str = "/apis/metrics.k8s.io/v1beta1/nodes";

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let services = services(doctor).await;
    let service = match &services {
        Err(outcome) => {
            found.add("OPP-MET-001", outcome.clone());
            found.add("OPP-MET-002", outcome.clone());
            None
        }
        Ok(all) => all.iter().find(|service| service.name() == "v1beta1.metrics.k8s.io"),
    };
    match service {
        None if services.is_ok() => {
            found.fixed_by(
                "OPP-MET-001",
                Outcome::Warning(
                    "nobody serves metrics.k8s.io: kubectl top and HPAs on cpu or memory have no \
                     values. oppscale's own loop needs none"
                        .to_owned(),
                ),
                doctor.distribution.install_metrics_server(),
            );
            found.skip("OPP-MET-002", "it is not registered");
            found.skip("OPP-MET-003", "it is not registered");
            return;
        }
        None => {}
        Some(service) => {
            let (namespace, name) = service.service().unwrap_or_default();
            found.pass("OPP-MET-001", format!("by Service {namespace}/{name}"));
            match service.available() {
                Some((true, ..)) => found.add("OPP-MET-002", Outcome::Passed(None)),
                Some((_, reason, message)) => found.fixed_by(
                    "OPP-MET-002",
                    Outcome::Failed(format!("{reason}: {message}")),
                    format!("kubectl -n {namespace} get pods,endpointslices; kubectl -n {namespace} logs deploy/{name}"),
                ),
                None => found.add(
                    "OPP-MET-002",
                    Outcome::Failed("the API server cannot load its caBundle".to_owned()),
                ),
            }
        }
    }
    match doctor.look(NODES, "--verb=list --resource=nodes.metrics.k8s.io").await {
        Look::Found(list) => match list["items"].as_array().map_or(0, Vec::len) {
            0 => found.fixed_by(
                "OPP-MET-003",
                Outcome::Failed("it answers, and knows no node".to_owned()),
                "kubectl -n kube-system logs deploy/metrics-server: kubelets whose certificates \
                 it does not trust are named there",
            ),
            count => found.pass("OPP-MET-003", format!("of {count} nodes")),
        },
        Look::Absent => found.add("OPP-MET-003", Outcome::Failed("it answers 404".to_owned())),
        other => found.add("OPP-MET-003", other.unknown()),
    }
}
