//! The strictest pod-security level that a pod spec meets (Pod Security Standards, 1.36).

use serde_json::Value;

use crate::manifest::lint::containers;

/// Capabilities that `baseline` allows to be added.
const BASELINE_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// Volumes that `restricted` allows.
const RESTRICTED_VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// `restricted`, `baseline` or `privileged`.
pub(super) fn level(spec: &Value) -> &'static str {
    if !is_baseline(spec) {
        "privileged"
    } else if !is_restricted(spec) {
        "baseline"
    } else {
        "restricted"
    }
}

fn volumes(spec: &Value) -> impl Iterator<Item = &Value> {
    spec["volumes"].as_array().into_iter().flatten()
}

fn is_baseline(spec: &Value) -> bool {
    let shares = ["hostNetwork", "hostPID", "hostIPC"].iter().any(|field| spec[*field] == true);
    let mounts_host = volumes(spec).any(|volume| !volume["hostPath"].is_null());
    let harmless = |container: &Value| {
        let security = &container["securityContext"];
        let mut added = security["capabilities"]["add"].as_array().into_iter().flatten();
        let mut ports = container["ports"].as_array().into_iter().flatten();
        security["privileged"] != true
            && added.all(|name| BASELINE_CAPABILITIES.iter().any(|known| *name == **known))
            && ports.all(|port| port["hostPort"].as_i64().unwrap_or(0) == 0)
            && security["procMount"].as_str().is_none_or(|mount| mount == "Default")
            && security["seccompProfile"]["type"] != "Unconfined"
    };
    let sysctls = spec["securityContext"]["sysctls"].as_array().is_some_and(|l| !l.is_empty());
    !shares
        && !mounts_host
        && !sysctls
        && spec["securityContext"]["seccompProfile"]["type"] != "Unconfined"
        && containers(spec).all(harmless)
}

fn is_restricted(spec: &Value) -> bool {
    let pod = &spec["securityContext"];
    let known_volume = |volume: &Value| {
        let mut kinds = volume.as_object().into_iter().flatten().map(|(kind, _)| kind);
        kinds.all(|kind| kind == "name" || RESTRICTED_VOLUMES.contains(&kind.as_str()))
    };
    let confined = |container: &Value| {
        let own = &container["securityContext"];
        let either = |field: &str| if own[field].is_null() { &pod[field] } else { &own[field] };
        let mut dropped = own["capabilities"]["drop"].as_array().into_iter().flatten();
        let mut added = own["capabilities"]["add"].as_array().into_iter().flatten();
        own["allowPrivilegeEscalation"] == false
            && *either("runAsNonRoot") == true
            && *either("runAsUser") != 0
            && either("seccompProfile")["type"].as_str().is_some()
            && dropped.any(|name| name == "ALL")
            && added.all(|name| name == "NET_BIND_SERVICE")
    };
    volumes(spec).all(known_volume) && containers(spec).all(confined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn levels_are_those_of_the_standard() {
        let confined = json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}
        });
        let pod = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        let of = |container: Value, volumes: Value| {
            level(&json!({
                "securityContext": pod, "volumes": volumes,
                "containers": [{"name": "x", "securityContext": container}]
            }))
        };
        assert_eq!(of(confined.clone(), json!([])), "restricted");
        assert_eq!(of(json!({}), json!([])), "baseline");
        assert_eq!(of(json!({"privileged": true}), json!([])), "privileged");
        assert_eq!(of(confined, json!([{"name": "h", "hostPath": {"path": "/"}}])), "privileged");
    }
}
