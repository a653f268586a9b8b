//! Retired API versions and flags, with their replacements.

/// An API version that no server of 1.33 or later serves.
pub struct RetiredApi {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// `kind`; empty for every kind of it.
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

macro_rules! apis {
    ($($api:literal $kind:literal $last:literal $instead:literal;)*) => {
        &[$(RetiredApi { api_version: $api, kind: $kind, last: $last, instead: $instead }),*]
    };
}

/// From <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.
pub const APIS: &[RetiredApi] = apis![
    "extensions/v1beta1" "Ingress" "1.21" "networking.k8s.io/v1";
    "extensions/v1beta1" "NetworkPolicy" "1.15" "networking.k8s.io/v1";
    "extensions/v1beta1" "PodSecurityPolicy" "1.15" "the namespace label pod-security.kubernetes.io/enforce";
    "extensions/v1beta1" "" "1.15" "apps/v1";
    "apps/v1beta1" "" "1.15" "apps/v1";
    "apps/v1beta2" "" "1.15" "apps/v1";
    "rbac.authorization.k8s.io/v1alpha1" "" "1.21" "rbac.authorization.k8s.io/v1";
    "rbac.authorization.k8s.io/v1beta1" "" "1.21" "rbac.authorization.k8s.io/v1";
    "apiregistration.k8s.io/v1beta1" "" "1.21" "apiregistration.k8s.io/v1";
    "apiextensions.k8s.io/v1beta1" "" "1.21" "apiextensions.k8s.io/v1";
    "admissionregistration.k8s.io/v1beta1" "MutatingWebhookConfiguration" "1.21" "admissionregistration.k8s.io/v1";
    "admissionregistration.k8s.io/v1beta1" "ValidatingWebhookConfiguration" "1.21" "admissionregistration.k8s.io/v1";
    "autoscaling/v2beta1" "" "1.24" "autoscaling/v2: metric{name,selector}, target{type,value,averageValue}";
    "autoscaling/v2beta2" "" "1.25" "autoscaling/v2";
    "batch/v1beta1" "" "1.24" "batch/v1";
    "batch/v2alpha1" "" "1.20" "batch/v1";
    "policy/v1beta1" "PodSecurityPolicy" "1.24" "the namespace label pod-security.kubernetes.io/enforce";
    "policy/v1beta1" "" "1.24" "policy/v1";
    "networking.k8s.io/v1beta1" "" "1.21" "networking.k8s.io/v1";
    "scheduling.k8s.io/v1alpha1" "PriorityClass" "1.16" "scheduling.k8s.io/v1";
    "scheduling.k8s.io/v1beta1" "PriorityClass" "1.21" "scheduling.k8s.io/v1";
    "storage.k8s.io/v1beta1" "" "1.26" "storage.k8s.io/v1";
    "discovery.k8s.io/v1beta1" "" "1.24" "discovery.k8s.io/v1";
    "certificates.k8s.io/v1beta1" "" "1.21" "certificates.k8s.io/v1";
    "coordination.k8s.io/v1beta1" "" "1.21" "coordination.k8s.io/v1";
];

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
pub fn api(api_version: &str, kind: &str) -> Option<&'static RetiredApi> {
    let same = APIS.iter().filter(|api| api.api_version == api_version);
    let exact = same.clone().find(|api| api.kind == kind);
    exact.or_else(|| same.clone().find(|api| api.kind.is_empty()))
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
