//! Checks for what Kubernetes has retired: components, flags and API versions.

use serde_json::Value;

use crate::manifest::Document;
use oppscale_core::check::{CheckId, Finding, Outcome, retired};
use oppscale_core::kinds::DEPLOYMENT;
use oppscale_core::units::plural;

use super::context::CheckContext;
use super::running_flags;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let heapster = gone(
        context,
        CheckId::HeapsterGone,
        "heapster",
        "it is retired, and nothing reads it: kubectl -n kube-system delete deploy,svc heapster; \
         metrics-server took its place",
    );
    let heapster = heapster.await;
    let tiller = gone(
        context,
        CheckId::TillerGone,
        "tiller-deploy",
        "Helm 2 is gone, and everybody who reaches Tiller's port usually is cluster-admin: helm \
         2to3 convert, then kubectl -n kube-system delete deploy,svc tiller-deploy and its \
         ClusterRoleBinding",
    );
    let mut findings = vec![heapster, tiller.await];
    let flags = [CheckId::RetiredFlags];
    findings.extend(CheckId::each(&flags, retired_flags(context).await));
    findings.extend(check_manifests(&context.target.manifests));
    findings
}

async fn gone(context: &mut CheckContext<'_>, id: CheckId, name: &str, fix: &str) -> Finding {
    let deployment = DEPLOYMENT.object(Some("kube-system"), name);
    match context.exists(&deployment).await {
        Ok(true) => id.warning(format!("{deployment} exists")).fix(fix),
        Ok(false) => id.passed(),
        Err(outcome) => id.with(outcome),
    }
}

async fn retired_flags(context: &mut CheckContext<'_>) -> Result<Vec<Finding>, Outcome> {
    const ID: CheckId = CheckId::RetiredFlags;
    let Some(flags) = running_flags::retired(context).await? else {
        return Ok(vec![ID.skipped("the control plane's command lines are not visible")]);
    };
    let findings: Vec<_> =
        flags.iter().map(|(component, flag)| refused(ID, flag).about(*component)).collect();
    Ok(if findings.is_empty() { vec![ID.passed()] } else { findings })
}

fn refused(id: CheckId, flag: &retired::RetiredFlag) -> Finding {
    id.failed(format!("--{} is refused today", flag.name)).fix(flag.instead)
}

/// Checks manifests for what is retired. This needs no server.
pub fn check_manifests(documents: &[Document]) -> Vec<Finding> {
    const ID: CheckId = CheckId::RetiredManifests;
    if documents.is_empty() {
        return vec![ID.skipped("no manifests were given (-f FILE)")];
    }
    let mut findings = Vec::new();
    for document in documents {
        let name = format!("{}: {}", document.source(), document.key());
        if let Some(api) = retired::api(document.api_version(), document.kind()) {
            let text = format!(
                "{} of {} was removed after {}: every later server refuses it",
                api.api_version,
                document.kind(),
                api.last
            );
            findings.push(ID.failed(text).about(&name).fix(format!("write {}", api.instead)));
        }
        for (component, args) in kubeadm_args(document) {
            let flags = retired::flags(args.iter().map(String::as_str), component);
            let of = format!("{name}, {component}");
            findings.extend(flags.into_iter().map(|flag| refused(ID, flag).about(&of)));
        }
        let mut words = Vec::new();
        collect_words(document.value(), &mut words);
        // A program is named in full, or by its image: the last part of either counts.
        let is_manager = words.iter().any(|word| {
            let name = word.rsplit('/').next().unwrap_or_default();
            name.split([':', '@']).next() == Some("kube-controller-manager")
        });
        let component = if is_manager { "kube-controller-manager" } else { "" };
        let flags = retired::flags(words, component);
        findings.extend(flags.into_iter().map(|flag| refused(ID, flag).about(&name)));
    }
    if findings.is_empty() {
        findings.push(ID.passed_with(plural(documents.len(), "object")));
    }
    findings
}

/// The flags that a configuration of kubeadm gives each component: `extraArgs` is a map until
/// `v1beta3`, and a list of names and values since.
fn kubeadm_args(document: &Document) -> Vec<(&'static str, Vec<String>)> {
    const PLACES: [(&str, &str); 4] = [
        ("/apiServer/extraArgs", "kube-apiserver"),
        ("/controllerManager/extraArgs", "kube-controller-manager"),
        ("/scheduler/extraArgs", "kube-scheduler"),
        ("/nodeRegistration/kubeletExtraArgs", "kubelet"),
    ];
    if !document.api_version().starts_with("kubeadm.k8s.io/") {
        return Vec::new();
    }
    let names = |args: &Value| -> Vec<String> {
        let of_map = args.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let of_list = args.as_array().into_iter().flatten().filter_map(|arg| arg["name"].as_str());
        of_map.chain(of_list).map(|name| format!("--{}", name.trim_start_matches('-'))).collect()
    };
    let found = PLACES.map(|(place, component)| {
        (component, document.value().pointer(place).map(names).unwrap_or_default())
    });
    found.into_iter().filter(|(_, args)| !args.is_empty()).collect()
}

/// Collects the words of all texts in an object, scripts over several lines included.
fn collect_words<'v>(value: &'v Value, words: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => words.extend(text.split([' ', '\n', '\t', '"', '\'', ','])),
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        Value::Object(fields) => fields.values().for_each(|field| collect_words(field, words)),
        _ => {}
    }
}
