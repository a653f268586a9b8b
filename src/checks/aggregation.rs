//! Checks of aggregation: what the API server publishes about its front proxy, and the flags it
//! runs with.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use crate::certificates::{CaBundle, Validity, date};
use oppscale_core::check::{CheckId, Finding};
use oppscale_core::kinds::CONFIG_MAP;

use super::context::CheckContext;
use super::running_flags::{self, RunningFlags};

/// The checks of the ConfigMap.
const PUBLISHED: [CheckId; 4] = [
    CheckId::FrontProxyCaPublished,
    CheckId::FrontProxyCaValid,
    CheckId::FrontProxyHeaders,
    CheckId::FrontProxyNames,
];

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let map = CONFIG_MAP.object(Some("kube-system"), "extension-apiserver-authentication");
    let map = context.read::<ConfigMap>(&map).await;
    let mut names = None;
    let mut findings = CheckId::each(
        &PUBLISHED,
        map.map(|map| {
            let data = map.map(|map| map.data.unwrap_or_default());
            published(context, data.as_ref(), &mut names)
        }),
    );
    match running_flags::of_api_server(context).await {
        Ok(running) => {
            findings.push(flags(context, &running));
            findings.push(running_names(&running, names.as_deref()));
        }
        Err(outcome) => {
            let ids = [CheckId::FrontProxyFlags, CheckId::RunningNamesPublished];
            findings.extend(CheckId::each(&ids, Err(outcome)));
        }
    }
    findings
}

/// Checks the ConfigMap, and sets the published `names`.
fn published(
    context: &CheckContext<'_>,
    data: Option<&BTreeMap<String, String>>,
    names: &mut Option<Vec<String>>,
) -> Vec<Finding> {
    let pem = data.and_then(|data| data.get("requestheader-client-ca-file"));
    let (Some(data), Some(pem)) = (data, pem.filter(|pem| !pem.is_empty())) else {
        let (text, why) = match data {
            None => (
                "ConfigMap kube-system/extension-apiserver-authentication does not exist: the API \
                 server aggregates nothing",
                "there is no ConfigMap",
            ),
            Some(_) => (
                "it holds no requestheader-client-ca-file: other servers cannot recognize the API \
                 server, and refuse it",
                "no CA is published",
            ),
        };
        let fix = context.distribution.set_flag("requestheader-client-ca-file", "FRONT_PROXY_CA");
        let mut findings = vec![PUBLISHED[0].failed(text).fix(fix)];
        findings.extend(PUBLISHED[1..].iter().map(|id| id.skipped(why)));
        return findings;
    };
    let list = |key: &str| -> Vec<String> {
        data.get(key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let lacks =
        |key: &str, header: &str| !list(key).iter().any(|name| name.eq_ignore_ascii_case(header));
    let headers = [
        ("requestheader-username-headers", "X-Remote-User"),
        ("requestheader-group-headers", "X-Remote-Group"),
    ];
    let mut findings = ca(context, pem);
    findings.push(match headers.into_iter().find(|(key, header)| lacks(key, header)) {
        None => CheckId::FrontProxyHeaders.passed(),
        Some((key, header)) => CheckId::FrontProxyHeaders
            .warning(format!("{key} lacks {header}, the header that all servers expect"))
            .fix(context.distribution.set_flag(key, header)),
    });
    let allowed = list("requestheader-allowed-names");
    findings.push(match allowed.is_empty() {
        true => CheckId::FrontProxyNames
            .warning(
                "requestheader-allowed-names is empty: every certificate of that CA may speak for \
                 any user",
            )
            .fix(
                context.distribution.set_flag(
                    "requestheader-allowed-names",
                    context.distribution.front_proxy_names(),
                ),
            ),
        false => CheckId::FrontProxyNames.passed_with(allowed.join(", ")),
    });
    *names = Some(allowed);
    findings
}

fn ca(context: &CheckContext<'_>, pem: &str) -> Vec<Finding> {
    let bundle = match CaBundle::parse(pem) {
        Ok(bundle) => bundle,
        Err(error) => {
            let text = format!("requestheader-client-ca-file: {error}");
            return vec![
                CheckId::FrontProxyCaPublished.failed(text),
                CheckId::FrontProxyCaValid.skipped("the CA cannot be read"),
            ];
        }
    };
    const VALID: CheckId = CheckId::FrontProxyCaValid;
    let facts = bundle.certificates();
    let last = facts.iter().max_by_key(|ca| ca.not_after);
    let fix = context.distribution.renew_front_proxy();
    let valid = match last.map(|ca| Validity::at(context.now, ca.not_before, ca.not_after)) {
        Some(validity) if validity.seconds_left < 0 => {
            VALID.failed(format!("it expired on {}", date(validity.not_after))).fix(fix)
        }
        Some(validity) if validity.expires_soon() => {
            VALID.warning(format!("it expires on {}", date(validity.not_after))).fix(fix)
        }
        Some(validity) => VALID.passed_with(format!("until {}", date(validity.not_after))),
        None => VALID.skipped("there is no CA"),
    };
    vec![CheckId::FrontProxyCaPublished.passed(), valid]
}

fn flags(context: &CheckContext<'_>, running: &RunningFlags) -> Finding {
    const ID: CheckId = CheckId::FrontProxyFlags;
    let is_set = |flag: &str| running.flags.get(flag).is_some_and(|value| !value.is_empty());
    let needed =
        ["requestheader-client-ca-file", "proxy-client-cert-file", "proxy-client-key-file"];
    let missing: Vec<_> = needed.into_iter().filter(|flag| !is_set(flag)).collect();
    match (missing.first(), running.complete) {
        (None, _) => ID.passed_with(format!("by {}", running.source)),
        // k3s has them in its own process.
        (Some(_), false) => {
            ID.passed_with(format!("by {}, which overrides none of them", running.source))
        }
        (Some(first), true) => ID
            .failed(format!(
                "by {}, it runs without {}: it cannot prove to other servers which user it \
                 forwards",
                running.source,
                missing.join(", ")
            ))
            .fix(context.distribution.set_flag(first, "FILE")),
    }
}

fn running_names(running: &RunningFlags, published: Option<&[String]>) -> Finding {
    const ID: CheckId = CheckId::RunningNamesPublished;
    let names = running.flags.get("requestheader-allowed-names").map_or("", String::as_str);
    let mut names = names.trim_matches(['[', ']']).split([',', ' ']).filter(|n| !n.is_empty());
    match published {
        None => ID.unknown("the published names are unknown"),
        Some(_) if !running.complete => ID.skipped("the flag is unknown"),
        // Then every name is accepted.
        Some([]) => ID.passed(),
        // The ConfigMap is merged, never pruned: it may hold more.
        Some(published) => match names.find(|name| !published.iter().any(|p| p == name)) {
            None => ID.passed(),
            Some(name) => ID
                .failed(format!(
                    "it runs with the name {name}, which is not published: servers refuse it"
                ))
                .fix("restart the API server; it publishes its names when it starts"),
        },
    }
}
