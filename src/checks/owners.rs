//! Checks of API groups: which server owns custom and external metrics. A group has one owner,
//! for all of its versions.

use crate::metrics_api::{CUSTOM, EXTERNAL};
use crate::setup::api_services::ApiService;
use oppscale_core::check::{CheckId, Finding};

use super::context::CheckContext;

/// The server that an API group belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// No server.
    Nobody,
    /// Our server.
    Us,
    /// Another server, described as far as possible.
    Other(String),
    /// Several servers, each with a version.
    Split(String),
}

/// The owner of `group` among `services`.
pub fn owner_of(services: &[ApiService], group: &str, us: (&str, &str)) -> Owner {
    let of_group: Vec<_> = services.iter().filter(|s| s.group() == group).collect();
    let Some(first) = of_group.first() else { return Owner::Nobody };
    if of_group.iter().any(|s| s.service() != first.service()) {
        let names: Vec<_> = of_group.iter().map(|s| s.described()).collect();
        return Owner::Split(names.join("; "));
    }
    match first.leads_to(us.0, us.1) {
        true => Owner::Us,
        false => Owner::Other(first.described()),
    }
}

/// The hint for a group that another server answers.
pub fn alternative(group: &str) -> &'static str {
    match group {
        EXTERNAL => {
            "oppscale init --apis custom (the default) leaves it alone; or oppscale init \
             --pipeline keda"
        }
        _ => {
            "oppscale init --apis external, or oppscale init --pipeline keda, or --pipeline \
             prometheus with a rule for the adapter that is there"
        }
    }
}

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let groups = [(CheckId::CustomMetricsOwner, CUSTOM), (CheckId::ExternalMetricsOwner, EXTERNAL)];
    let services = context.api_services().await;
    let us = (context.target.namespace.as_str(), context.target.service.as_str());
    CheckId::each(
        &[groups[0].0, groups[1].0, CheckId::ApiServicesAvailable],
        services.map(|services| {
            let owners = groups.map(|(id, group)| owner(id, group, owner_of(&services, group, us)));
            owners.into_iter().chain(available(&services)).collect()
        }),
    )
}

fn owner(id: CheckId, group: &str, owner: Owner) -> Finding {
    match owner {
        Owner::Nobody => id.passed_with("no server owns it: it is free"),
        Owner::Us => id.passed_with("oppscale"),
        // This is no failure: other HPAs depend on it.
        Owner::Other(server) => id.passed_with(server).fix(alternative(group)),
        Owner::Split(servers) => id
            .failed(format!(
                "{servers}: HPAs read the preferred version only, so one is never read"
            ))
            .fix(format!("kubectl get apiservices | grep {group}, and remove those of one owner")),
    }
}

/// Checks the APIServices that other servers answer: ours, too, whose Deployment may be gone.
fn available(services: &[ApiService]) -> Vec<Finding> {
    const ID: CheckId = CheckId::ApiServicesAvailable;
    let is_served = |service: &&ApiService| service.service().is_some();
    let failed = services.iter().filter(is_served).filter_map(|service| {
        let why = match service.available() {
            Some((true, ..)) => return None,
            Some((false, reason, message)) => format!("{reason}: {message}"),
            None => {
                "it has no Available condition: the API server cannot load its caBundle".to_owned()
            }
        };
        let text =
            format!("{why}. Until it is available, no namespace of this cluster can be deleted");
        let name = service.name();
        let fix = format!("repair its server, or, if it is gone: kubectl delete apiservice {name}");
        Some(ID.failed(text).about(name).fix(fix))
    });
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { vec![ID.passed()] } else { failed }
}
