//! What 2018 left behind.

use serde_json::Value;

use crate::manifest::Document;
use oppscale_core::check::{Finding, Outcome, retired};

use super::doctor::{Doctor, Found, Look};
use super::running_flags;

pub(super) async fn check(doctor: &mut Doctor<'_>, found: &mut Found) {
    gone(
        doctor,
        found,
        "OPP-OLD-001",
        "heapster",
        "it is retired, and nothing reads it any more: kubectl -n kube-system delete deploy,svc \
         heapster; metrics-server took its place",
    )
    .await;
    gone(
        doctor,
        found,
        "OPP-OLD-002",
        "tiller-deploy",
        "Helm 2 is gone, and Tiller usually is cluster-admin for whoever reaches its port: helm \
         2to3 convert, then kubectl -n kube-system delete deploy,svc tiller-deploy and its \
         ClusterRoleBinding",
    )
    .await;
    match running_flags::retired_flags(doctor).await {
        Err(unknown) => found.add("OPP-OLD-003", unknown),
        Ok(None) => {
            found.skip("OPP-OLD-003", "the control plane's command lines are not to be seen")
        }
        Ok(Some(flags)) if flags.is_empty() => found.add("OPP-OLD-003", Outcome::Passed(None)),
        Ok(Some(flags)) => {
            for (component, flag) in flags {
                found.about(
                    "OPP-OLD-003",
                    Some(component),
                    Outcome::Failed(format!("--{} is refused today", flag.name)),
                    Some(flag.instead.to_owned()),
                );
            }
        }
    }
    manifests(&doctor.subject.manifests, found);
}

async fn gone(doctor: &mut Doctor<'_>, found: &mut Found, id: &str, name: &str, fix: &str) {
    let path = format!("/apis/apps/v1/namespaces/kube-system/deployments/{name}");
    match doctor.look(&path, "--verb=get --resource=deployments.apps").await {
        Look::Found(_) => {
            let text = format!("Deployment kube-system/{name} is there");
            found.fixed_by(id, Outcome::Warning(text), fix);
        }
        Look::Absent => found.add(id, Outcome::Passed(None)),
        other => found.add(id, other.unknown()),
    }
}

/// The words of all texts in an object, scripts over several lines included.
fn words_of<'v>(value: &'v Value, words: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => words.extend(text.split([' ', '\n', '\t', '"', '\'', ','])),
        Value::Array(items) => items.iter().for_each(|item| words_of(item, words)),
        Value::Object(fields) => fields.values().for_each(|field| words_of(field, words)),
        _ => {}
    }
}

/// What is wrong with objects of files. No server is needed for them.
pub fn of_manifests(documents: &[Document]) -> Vec<Finding> {
    let mut found = Found::default();
    manifests(documents, &mut found);
    found.0
}

fn manifests(documents: &[Document], found: &mut Found) {
    const ID: &str = "OPP-OLD-004";
    if documents.is_empty() {
        return found.skip(ID, "no manifests were given (-f FILE)");
    }
    let mut all_well = true;
    for document in documents {
        let name = format!("{}: {}", document.source(), document.key());
        if let Some(api) = retired::api(document.api_version(), document.kind()) {
            all_well = false;
            let text = format!(
                "{} of {} left after {}: every server since refuses it",
                api.api_version,
                document.kind(),
                api.last
            );
            let fix = Some(format!("write {}", api.instead));
            found.about(ID, Some(&name), Outcome::Failed(text), fix);
        }
        let mut words = Vec::new();
        words_of(document.value(), &mut words);
        // A program is named in full, or by its image: the last part of either counts.
        let is_manager = words.iter().any(|word| {
            let name = word.rsplit('/').next().unwrap_or_default();
            name.split([':', '@']).next() == Some("kube-controller-manager")
        });
        let component = if is_manager { "kube-controller-manager" } else { "" };
        for flag in retired::flags(words, component) {
            all_well = false;
            let text = format!("--{} is refused today", flag.name);
            let fix = Some(flag.instead.to_owned());
            found.about(ID, Some(&name), Outcome::Failed(text), fix);
        }
    }
    if all_well {
        found.pass(ID, format!("{} objects", documents.len()));
    }
}
