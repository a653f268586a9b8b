//! The Helm chart of `charts/oppscale`, as `init --output-dir DIR --chart` writes it out.
//!
//! The templates are the chart's own files; `tests/packaging` renders them and compares the
//! objects with those that `init` exports. Only the defaults in `values.yaml` depend on the
//! installation's configuration.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::certificates::IssuedCertificate;
use crate::manifest::File;

use super::config::InstallConfig;
use super::helm::Values;
use super::server_pod::PodSettings;

/// The values file with the certificates; `.helmignore` keeps it out of packages.
pub const TLS_VALUES: &str = "tls.values.yaml";

/// A file of the chart: its path and its text.
macro_rules! chart_files {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../charts/oppscale/", $path)))),+]
    };
}

const VALUES: &str = "values.yaml";
const FILES: [(&str, &str); 17] = chart_files![
    "Chart.yaml",
    "values.yaml",
    "values.schema.json",
    ".helmignore",
    "templates/_helpers.tpl",
    "templates/refusals.yaml",
    "templates/NOTES.txt",
    "templates/namespace.yaml",
    "templates/rbac.yaml",
    "templates/cert-manager.yaml",
    "templates/secret.yaml",
    "templates/priority-class.yaml",
    "templates/network-policy.yaml",
    "templates/server.yaml",
    "templates/service-monitor.yaml",
    "templates/adapter.yaml",
    "templates/api-service.yaml",
];

/// The chart's files, with this configuration as the defaults of its values.
pub fn chart(config: &InstallConfig) -> Vec<File> {
    let file = |(path, text): (&str, &str)| {
        let text = if path == VALUES { values_yaml(text, config) } else { text.to_owned() };
        File { name: path.to_owned(), text, private: false }
    };
    FILES.into_iter().map(file).collect()
}

/// The values file with other defaults. Every key is on a line of its own, and no two keys
/// that change are alike.
fn values_yaml(text: &str, config: &InstallConfig) -> String {
    fn word_of(value: impl ValueEnum) -> Option<String> {
        value.to_possible_value().map(|value| value.get_name().to_owned())
    }
    let pod = &config.pod;
    // An empty one stands for the defaults, so that values replace them as a whole.
    let usual = PodSettings::default().resources();
    let resources = if pod.resources() == usual { json!({}) } else { pod.resources() };
    let defaults: [(&str, Value); 18] = [
        ("image:", json!(config.image)),
        ("replicas:", json!(config.replicas)),
        ("service:", json!(config.service)),
        ("pipeline:", json!(word_of(config.pipeline))),
        ("custom:", json!(config.custom)),
        ("external:", json!(config.external)),
        ("certManager:", json!(config.cert_manager)),
        ("priorityClassName:", json!(pod.priority_class.name)),
        ("priorityClassValue:", json!(pod.priority_class.value.unwrap_or(0))),
        ("networkPolicy:", json!(config.network_policy)),
        ("httpFrom:", json!(config.http_from)),
        ("httpAuth:", json!(word_of(config.http_auth))),
        ("imagePullSecrets:", json!(pod.pull_secrets)),
        ("nodeSelector:", json!(pod.node_selector)),
        ("tolerations:", json!(pod.tolerations)),
        ("resources:", resources),
        ("workloadKinds:", json!(pod.workload_kinds)),
        ("extraArgs:", json!(pod.extra_args)),
    ];
    let line = |line: &str| {
        let key = line.trim_start();
        let indent = &line[..line.len() - key.len()];
        match defaults.iter().find(|(name, _)| key.starts_with(name)) {
            Some((name, value)) => format!("{indent}{name} {value}\n"),
            None => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

/// Certificates as values of the chart, in a file of their own.
pub fn tls_values(issued: &IssuedCertificate) -> Values {
    Values {
        file: TLS_VALUES,
        comment:
            "Certificates of the metrics server, for helm -f. It holds a private key: keep it \
                  out of git."
                .to_owned(),
        values: json!({
            "tls": {"ca": issued.ca, "crt": issued.chain, "key": issued.key.expose()}
        }),
        private: true,
    }
}
