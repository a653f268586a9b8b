//! Who serves custom and external metrics? A group has one owner, for all of its versions.

use crate::metrics_api::{CUSTOM, EXTERNAL};
use crate::setup::api_services::{ApiService, PATH};
use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found};

pub(super) const RIGHT: &str = "--verb=list --resource=apiservices.apiregistration.k8s.io";

/// Who serves an API group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nobody.
    Nobody,
    /// Our server.
    Us,
    /// Somebody else; who, as far as that shows.
    Other(String),
    /// Several, one version each.
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

pub(super) async fn services(doctor: &mut Doctor<'_>) -> Result<Vec<ApiService>, Outcome> {
    Ok(doctor.list(PATH, RIGHT).await?.into_iter().map(ApiService::new).collect())
}

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let services = match services(doctor).await {
        Ok(services) => services,
        Err(outcome) => {
            for id in ["OPP-OWN-001", "OPP-OWN-002", "OPP-OWN-003"] {
                found.add(id, outcome.clone());
            }
            return;
        }
    };
    let us = (doctor.subject.namespace.clone(), doctor.subject.service.clone());
    for (id, group) in [("OPP-OWN-001", CUSTOM), ("OPP-OWN-002", EXTERNAL)] {
        match owner_of(&services, group, (&us.0, &us.1)) {
            Owner::Nobody => found.pass(id, "nobody: it is free"),
            Owner::Us => found.pass(id, "oppscale"),
            // Not wrong in itself: HPAs of others live by it.
            Owner::Other(who) => found.fixed_by(id, Outcome::Passed(Some(who)), alternative(group)),
            Owner::Split(who) => found.fixed_by(
                id,
                Outcome::Failed(format!(
                    "{who}: HPAs ask the preferred version only, so one of them is never asked"
                )),
                format!("kubectl get apiservices | grep {group}, and remove those of one owner"),
            ),
        }
    }
    unavailable(doctor, &services, found);
}

/// What to do where a group belongs to somebody else.
pub fn alternative(group: &str) -> &'static str {
    match group {
        "external.metrics.k8s.io" => {
            "oppscale init --apis custom (the default) leaves it alone; or oppscale init \
             --pipeline keda"
        }
        _ => {
            "oppscale init --apis external, or oppscale init --pipeline keda, or --pipeline \
             prometheus with a rule for the adapter that is there"
        }
    }
}

fn unavailable(doctor: &Doctor<'_>, services: &[ApiService], found: &mut Found) {
    let mut all_well = true;
    for service in services.iter().filter(|service| service.service().is_some()) {
        let why = match service.available() {
            Some((true, ..)) => continue,
            Some((false, reason, message)) => format!("{reason}: {message}"),
            None => {
                "it has no Available condition: the API server cannot load its caBundle".to_owned()
            }
        };
        // Ours has a check of its own.
        if service.leads_to(&doctor.subject.namespace, &doctor.subject.service) {
            continue;
        }
        all_well = false;
        let name = service.name();
        found.about(
            "OPP-OWN-003",
            Some(name),
            Outcome::Failed(format!(
                "{why}. While it is so, no namespace of this cluster can be deleted to its end"
            )),
            Some(format!("repair its server, or, if it is gone: kubectl delete apiservice {name}")),
        );
    }
    if all_well {
        found.add("OPP-OWN-003", Outcome::Passed(None));
    }
}
