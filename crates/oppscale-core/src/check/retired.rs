//! Retired API versions and flags, with their replacements.
//!
//! `retired.tsv` is the table of API versions, from upstream's own lifecycle data.

/// An API version that no server of 1.37 serves.
pub struct RetiredApi {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// `kind`.
    pub kind: &'static str,
    /// The last release that served it.
    pub last: &'static str,
    /// The replacement.
    pub instead: &'static str,
}

/// A flag with which a component does not start.
pub struct RetiredFlag {
    /// The flag, without dashes.
    pub name: &'static str,
    /// The component that rejects it; `None` for every component.
    pub of: Option<&'static str>,
    /// The remedy.
    pub instead: &'static str,
}

/// The table of retired API versions; its head names its sources.
const APIS: &str = include_str!("retired.tsv");

/// The retired API versions.
pub fn apis() -> impl Iterator<Item = RetiredApi> {
    APIS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(RetiredApi { api_version: next()?, kind: next()?, last: next()?, instead: next()? })
    })
}

/// Flags of 2018 that today's control plane rejects.
pub const FLAGS: &[RetiredFlag] = &[
    RetiredFlag {
        name: "horizontal-pod-autoscaler-use-rest-clients",
        of: None,
        instead: "leave it out: it is the only way since 1.11",
    },
    RetiredFlag {
        name: "horizontal-pod-autoscaler-downscale-delay",
        of: None,
        instead: "behavior.scaleDown.stabilizationWindowSeconds of the HPA",
    },
    RetiredFlag {
        name: "horizontal-pod-autoscaler-upscale-delay",
        of: None,
        instead: "behavior.scaleUp.stabilizationWindowSeconds of the HPA",
    },
    RetiredFlag {
        name: "experimental-encryption-provider-config",
        of: None,
        instead: "encryption-provider-config",
    },
    RetiredFlag {
        name: "insecure-port",
        of: None,
        instead: "leave it out: there is no insecure port any more",
    },
    RetiredFlag { name: "insecure-bind-address", of: None, instead: "leave it out" },
    RetiredFlag {
        name: "basic-auth-file",
        of: None,
        instead: "client certificates, OIDC or ServiceAccount tokens",
    },
    RetiredFlag { name: "admission-control", of: None, instead: "enable-admission-plugins" },
    RetiredFlag { name: "heapster-namespace", of: None, instead: "metrics-server" },
    RetiredFlag {
        name: "enable-aggregator-routing",
        of: Some("kube-controller-manager"),
        instead: "leave it out: it is a flag of kube-apiserver only",
    },
];

/// The retired API version of an object, if its version is retired.
#[must_use]
pub fn api(api_version: &str, kind: &str) -> Option<RetiredApi> {
    apis().find(|api| api.api_version == api_version && api.kind == kind)
}

/// The retired flags among the arguments of a component; an empty name stands for any component.
pub fn flags<'w>(
    words: impl IntoIterator<Item = &'w str>,
    component: &str,
) -> Vec<&'static RetiredFlag> {
    let names: Vec<_> = words
        .into_iter()
        .filter_map(|word| word.strip_prefix("--"))
        .map(|word| word.split('=').next().unwrap_or(word))
        .collect();
    let known = FLAGS.iter().filter(|flag| flag.of.is_none_or(|of| of == component));
    known.filter(|flag| names.contains(&flag.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        let all: Vec<_> = apis().map(|api| (api.api_version, api.kind)).collect();
        assert_eq!(all.len(), APIS.lines().filter(|line| !line.starts_with('#')).count());
        assert_eq!(all.len(), 91);
        assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]));
        for api in apis() {
            let minor: Option<u32> = api.last.strip_prefix("1.").and_then(|m| m.parse().ok());
            assert!(minor.is_some_and(|minor| minor < 37), "{} {}", api.api_version, api.kind);
            assert!(!api.instead.is_empty(), "{} {}", api.api_version, api.kind);
        }
    }

    #[test]
    fn a_version_is_retired_for_some_kinds_only() {
        let last = |api_version, kind| api(api_version, kind).map(|api| api.last);
        assert_eq!(last("storage.k8s.io/v1beta1", "CSIStorageCapacity"), Some("1.26"));
        assert_eq!(last("storage.k8s.io/v1beta1", "StorageClass"), Some("1.21"));
        assert_eq!(last("extensions/v1beta1", "Ingress"), Some("1.21"));
        assert_eq!(last("extensions/v1beta1", "ThirdPartyResource"), None, "it is not known");
        assert_eq!(last("coordination.k8s.io/v1beta1", "LeaseCandidate"), None, "1.37 serves it");
        assert_eq!(last("certificates.k8s.io/v1beta1", "ClusterTrustBundle"), None);
        assert_eq!(last("networking.k8s.io/v1beta1", "IPAddress"), Some("1.36"));
        assert_eq!(last("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"), Some("1.31"));
    }
}
