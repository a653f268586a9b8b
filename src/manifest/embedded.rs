//! The templates that the program carries, in the order in which their objects are applied.

/// A template of the program.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Its file name in `templates/`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(Embedded { name: $name, text: include_str!(concat!("../../templates/", $name)) }),*]
    };
}

/// Every template.
pub const EMBEDDED: &[Embedded] = embedded![
    "namespace.yaml",
    "priority-class.yaml",
    "resource-quota.yaml",
    "resource-quota-side-effects.yaml",
    "limit-range.yaml",
    "admission-policy.yaml",
    "network-policy.yaml",
    "config-map.yaml",
    "secret.yaml",
    "service.yaml",
    "deployment.yaml",
    "sample-app.yaml",
    "hpa.yaml",
    "sample-app-hpa.yaml",
    "scaled-object.yaml",
    "service-monitor.yaml",
    "load-job.yaml",
    "adapter-rule.yaml",
    "kustomization.yaml",
    "cert-manager.yaml",
    "server-namespace.yaml",
    "server-rbac.yaml",
    "server-secret.yaml",
    "server.yaml",
    "server-monitor.yaml",
    "server-adapter.yaml",
    "server-api-service.yaml",
    "prometheus-rules.yaml",
    "grafana-dashboard.yaml",
];

/// The Grafana dashboard, as it is imported by hand.
pub const DASHBOARD: &str = include_str!("../../templates/grafana-dashboard.json");

/// What prometheus-adapter is to serve. One text, for whoever writes it: it goes into a ConfigMap of
/// which the adapter reads one only.
pub const ADAPTER_RULES: &str = include_str!("../../templates/adapter-rules.yaml");
