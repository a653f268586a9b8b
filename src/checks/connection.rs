//! Can the server be talked to, and which one is it?

use serde_json::Value;

use crate::setup::clock;
use oppscale_cluster::{Action, Ask};
use oppscale_core::check::distribution::Signs;
use oppscale_core::check::{Distribution, Outcome, Release};

use super::doctor::{Doctor, Found, Look};

/// Nodes that are looked at for what distribution they are of.
pub(super) const NODES: &str = "/api/v1/nodes?limit=50";
pub(super) const NODES_RIGHT: &str = "--verb=get,list,watch --resource=nodes,pods";

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    let action = Action { words: "get the server's version", right: "" };
    let reply = doctor.cluster.ask(&action, &Ask::get("/version")).await;
    let local = clock::local();
    let reply = match reply.and_then(|reply| reply.success(&action)) {
        Ok(reply) => reply,
        Err(error) => {
            doctor.error = Some(error.kind());
            let hint = error.hint().unwrap_or_default();
            found.fixed_by("OPP-CON-001", Outcome::Failed(error.to_string()), hint);
            return;
        }
    };
    found.pass("OPP-CON-001", doctor.cluster.server());
    let version = reply.json();
    let text = version["gitVersion"].as_str().unwrap_or_default().to_owned();
    doctor.release = Release::parse(&text);
    found.add("OPP-CON-002", release(doctor.release.as_ref(), &text));
    doctor.now = reply.date.unwrap_or(local);
    match reply.date.map(|date| date - local) {
        Some(skew) if skew.abs() > clock::SKEW => found.fixed_by(
            "OPP-CON-003",
            Outcome::Warning(format!(
                "the server's clock is {} s {} yours: certificates and tokens made by yours may \
                 not be valid there",
                skew.abs(),
                if skew > 0 { "ahead of" } else { "behind" }
            )),
            "timedatectl set-ntp true, here and on the control plane",
        ),
        Some(_) => found.add("OPP-CON-003", Outcome::Passed(None)),
        None => found.skip("OPP-CON-003", "the server tells no time"),
    }
    let nodes = doctor.look(NODES, NODES_RIGHT).await;
    let words = match &nodes {
        Look::Found(list) => words_of(list),
        _ => Vec::new(),
    };
    let signs = Signs { version: &text, server: doctor.cluster.server(), node_words: &words };
    let detected = Distribution::detect(&signs);
    doctor.distribution = doctor.subject.distribution.unwrap_or(detected);
    match doctor.distribution {
        Distribution::Unknown => found.fixed_by(
            "OPP-CON-004",
            Outcome::Passed(Some("none that is known; fixes are told in general terms".to_owned())),
            "name it with --distribution",
        ),
        known => found.pass("OPP-CON-004", known.name()),
    }
}

fn release(release: Option<&Release>, text: &str) -> Outcome {
    match release {
        None => Outcome::Warning(format!("{text:?} is no version that can be read")),
        Some(release) if release.is_too_old() => Outcome::Warning(format!(
            "{release} is older than 1.33; what oppscale writes may be refused"
        )),
        Some(release) if release.is_newer() => {
            Outcome::Warning(format!("{release} is newer than 1.37, the last that was tested"))
        }
        Some(release) => Outcome::Passed(Some(release.text.clone())),
    }
}

/// Keys of labels and annotations, and providerIDs.
fn words_of(list: &Value) -> Vec<String> {
    let mut words = Vec::new();
    for node in list["items"].as_array().into_iter().flatten() {
        for field in ["labels", "annotations"] {
            let keys = node["metadata"][field].as_object().into_iter().flatten();
            words.extend(keys.map(|(key, _)| key.clone()));
        }
        words.extend(node["spec"]["providerID"].as_str().map(str::to_owned));
    }
    words
}
