//! The API server's way to other servers: what it publishes, and what it runs with.

use serde_json::Value;

use crate::certificates::{CaBundle, Validity, date};
use oppscale_core::check::Outcome;

use super::doctor::{Doctor, Found, Look};
use super::running_flags;

pub(super) const CONFIG_MAP: &str =
    "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
const RIGHT: &str = "--verb=get --resource=configmaps, in kube-system";
/// What depends on the ConfigMap.
const ITS: [&str; 4] = ["OPP-AGG-001", "OPP-AGG-002", "OPP-AGG-003", "OPP-AGG-004"];

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let names = match doctor.look(CONFIG_MAP, RIGHT).await {
        Look::Found(map) => published(doctor, &map["data"], found),
        Look::Absent => {
            found.fixed_by(
                ITS[0],
                Outcome::Failed(
                    "ConfigMap kube-system/extension-apiserver-authentication is not there: the \
                     API server aggregates nothing"
                        .to_owned(),
                ),
                doctor.distribution.set_flag("requestheader-client-ca-file", "FRONT_PROXY_CA"),
            );
            for id in &ITS[1..] {
                found.skip(id, "there is no ConfigMap");
            }
            None
        }
        other => {
            for id in ITS {
                found.add(id, other.unknown());
            }
            None
        }
    };
    running(doctor, names.as_deref(), found).await;
}

/// Judges the ConfigMap; gives the allowed names.
fn published(doctor: &Doctor<'_>, data: &Value, found: &mut Found) -> Option<Vec<String>> {
    let Some(pem) = data["requestheader-client-ca-file"].as_str().filter(|pem| !pem.is_empty())
    else {
        found.fixed_by(
            ITS[0],
            Outcome::Failed(
                "it holds no requestheader-client-ca-file: servers behind the API server cannot \
                 tell it from others, and refuse it"
                    .to_owned(),
            ),
            doctor.distribution.set_flag("requestheader-client-ca-file", "FRONT_PROXY_CA"),
        );
        for id in &ITS[1..] {
            found.skip(id, "no CA is published");
        }
        return None;
    };
    match CaBundle::parse(pem) {
        Err(error) => {
            found.add(ITS[0], Outcome::Failed(format!("requestheader-client-ca-file: {error}")));
            found.skip(ITS[1], "the CA cannot be read");
        }
        Ok(bundle) => {
            found.add(ITS[0], Outcome::Passed(None));
            let facts = bundle.certificates();
            let last = facts.iter().max_by_key(|ca| ca.not_after);
            let life = last.map(|ca| Validity::at(doctor.now, ca.not_before, ca.not_after));
            match life {
                Some(validity) if validity.seconds_left < 0 => found.fixed_by(
                    ITS[1],
                    Outcome::Failed(format!("it expired on {}", date(validity.not_after))),
                    doctor.distribution.renew_front_proxy(),
                ),
                Some(validity) if validity.expires_soon() => found.fixed_by(
                    ITS[1],
                    Outcome::Warning(format!("it ends on {}", date(validity.not_after))),
                    doctor.distribution.renew_front_proxy(),
                ),
                Some(validity) => found.pass(ITS[1], format!("until {}", date(validity.not_after))),
                None => found.skip(ITS[1], "there is no CA"),
            }
        }
    }
    let list = |key: &str| -> Vec<String> {
        serde_json::from_str(data[key].as_str().unwrap_or_default()).unwrap_or_default()
    };
    let lacks =
        |key: &str, header: &str| !list(key).iter().any(|name| name.eq_ignore_ascii_case(header));
    let missing: Vec<_> = [
        ("requestheader-username-headers", "X-Remote-User"),
        ("requestheader-group-headers", "X-Remote-Group"),
    ]
    .into_iter()
    .filter(|(key, header)| lacks(key, header))
    .collect();
    match missing.first() {
        None => found.add(ITS[2], Outcome::Passed(None)),
        Some((key, header)) => found.fixed_by(
            ITS[2],
            Outcome::Warning(format!("{key} lacks {header}, the header that all servers expect")),
            doctor.distribution.set_flag(key, header),
        ),
    }
    let names = list("requestheader-allowed-names");
    if names.is_empty() {
        found.fixed_by(
            ITS[3],
            Outcome::Warning(
                "requestheader-allowed-names is empty: every certificate of that CA may speak for \
                 any user"
                    .to_owned(),
            ),
            doctor
                .distribution
                .set_flag("requestheader-allowed-names", doctor.distribution.front_proxy_names()),
        );
    } else {
        found.pass(ITS[3], names.join(", "));
    }
    Some(names)
}

/// Judges what the API server runs with.
async fn running(doctor: &mut Doctor<'_>, published: Option<&[String]>, found: &mut Found) {
    let running = match running_flags::of_api_server(doctor).await {
        Ok(running) => running,
        Err(unknown) => {
            found.add("OPP-AGG-005", unknown.clone());
            found.add("OPP-AGG-006", unknown);
            return;
        }
    };
    let is_set = |flag: &str| running.flags.get(flag).is_some_and(|value| !value.is_empty());
    let needed =
        ["requestheader-client-ca-file", "proxy-client-cert-file", "proxy-client-key-file"];
    let missing: Vec<_> = needed.into_iter().filter(|flag| !is_set(flag)).collect();
    match (missing.first(), running.complete) {
        (None, _) => found.pass("OPP-AGG-005", format!("by {}", running.source)),
        // k3s has them in its own process.
        (Some(_), false) => {
            found.pass("OPP-AGG-005", format!("by {}, which overrides none", running.source));
        }
        (Some(first), true) => found.fixed_by(
            "OPP-AGG-005",
            Outcome::Failed(format!(
                "by {}, it runs without {}: other servers are asked without proof of who asks",
                running.source,
                missing.join(", ")
            )),
            doctor.distribution.set_flag(first, "FILE"),
        ),
    }
    let names = running.flags.get("requestheader-allowed-names");
    let names: Vec<&str> = names
        .map(|text| {
            text.trim_matches(['[', ']']).split([',', ' ']).filter(|n| !n.is_empty()).collect()
        })
        .unwrap_or_default();
    match published {
        None => {
            found.add("OPP-AGG-006", Outcome::Unknown("what is published is not known".to_owned()))
        }
        Some(_) if !running.complete => found.skip("OPP-AGG-006", "the flag is not told"),
        // Then every name passes.
        Some([]) => found.add("OPP-AGG-006", Outcome::Passed(None)),
        Some(published) => {
            // The ConfigMap is merged, never pruned: it may hold more.
            let stale: Vec<_> =
                names.iter().filter(|name| !published.iter().any(|p| p == *name)).collect();
            match stale.first() {
                None => found.add("OPP-AGG-006", Outcome::Passed(None)),
                Some(name) => found.fixed_by(
                    "OPP-AGG-006",
                    Outcome::Failed(format!(
                        "it runs with the name {name}, which is not published: servers refuse it"
                    )),
                    "restart the API server; it publishes its names when it starts",
                ),
            }
        }
    }
}
