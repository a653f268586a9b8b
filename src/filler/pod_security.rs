//! The strictest pod-security level that a pod spec meets (Pod Security Standards, 1.36).

use k8s_openapi::api::core::v1::{Container, PodSpec, SeccompProfile, Volume};

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
/// `restricted`, `baseline` or `privileged`.
pub(super) fn level(spec: &PodSpec) -> &'static str {
    if !is_baseline(spec) {
        "privileged"
    } else if !is_restricted(spec) {
        "baseline"
    } else {
        "restricted"
    }
}

/// Every container, init containers first.
fn containers(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    spec.init_containers.iter().flatten().chain(&spec.containers)
}

fn is_unconfined(profile: Option<&SeccompProfile>) -> bool {
    profile.is_some_and(|profile| profile.type_ == "Unconfined")
}

fn is_baseline(spec: &PodSpec) -> bool {
    let shares = [spec.host_network, spec.host_pid, spec.host_ipc].contains(&Some(true));
    let mounts_host = spec.volumes.iter().flatten().any(|volume| volume.host_path.is_some());
    let is_harmless = |container: &Container| {
        let mut ports = container.ports.iter().flatten();
        let Some(security) = &container.security_context else {
            return ports.all(|port| port.host_port.unwrap_or(0) == 0);
        };
        let capabilities = security.capabilities.as_ref();
        let mut added = capabilities.iter().flat_map(|c| c.add.iter().flatten());
        security.privileged != Some(true)
            && added.all(|name| BASELINE_CAPABILITIES.contains(&name.as_str()))
            && ports.all(|port| port.host_port.unwrap_or(0) == 0)
            && security.proc_mount.as_deref().is_none_or(|mount| mount == "Default")
            && !is_unconfined(security.seccomp_profile.as_ref())
    };
    let security = spec.security_context.as_ref();
    let has_sysctls = security.is_some_and(|s| s.sysctls.iter().flatten().next().is_some());
    !shares
        && !mounts_host
        && !has_sysctls
        && !is_unconfined(security.and_then(|security| security.seccomp_profile.as_ref()))
        && containers(spec).all(is_harmless)
}

fn is_restricted(spec: &PodSpec) -> bool {
    let pod = spec.security_context.clone().unwrap_or_default();
    let is_confined = |container: &Container| {
        let Some(own) = &container.security_context else { return false };
        let Some(capabilities) = &own.capabilities else { return false };
        let mut added = capabilities.add.iter().flatten();
        own.allow_privilege_escalation == Some(false)
            && own.run_as_non_root.or(pod.run_as_non_root) == Some(true)
            && own.run_as_user.or(pod.run_as_user) != Some(0)
            && own.seccomp_profile.as_ref().or(pod.seccomp_profile.as_ref()).is_some()
            && capabilities.drop.iter().flatten().any(|name| name == "ALL")
            && added.all(|name| name == "NET_BIND_SERVICE")
    };
    spec.volumes.iter().flatten().all(is_restricted_volume) && containers(spec).all(is_confined)
}

/// Whether `restricted` allows the volume: one without a source is an emptyDir.
fn is_restricted_volume(volume: &Volume) -> bool {
    let allowed = Volume {
        name: volume.name.clone(),
        config_map: volume.config_map.clone(),
        csi: volume.csi.clone(),
        downward_api: volume.downward_api.clone(),
        empty_dir: volume.empty_dir.clone(),
        ephemeral: volume.ephemeral.clone(),
        persistent_volume_claim: volume.persistent_volume_claim.clone(),
        projected: volume.projected.clone(),
        secret: volume.secret.clone(),
        ..Volume::default()
    };
    allowed == *volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn levels_are_those_of_the_standard() {
        let confined = json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}
        });
        let pod = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        let of = |container: Value, volumes: Value| {
            let spec = json!({
                "securityContext": pod, "volumes": volumes,
                "containers": [{"name": "x", "securityContext": container}]
            });
            level(&serde_json::from_value(spec).unwrap())
        };
        assert_eq!(of(confined.clone(), json!([])), "restricted");
        assert_eq!(of(json!({}), json!([])), "baseline");
        assert_eq!(of(json!({"privileged": true}), json!([])), "privileged");
        assert_eq!(of(confined, json!([{"name": "h", "hostPath": {"path": "/"}}])), "privileged");
    }
}
