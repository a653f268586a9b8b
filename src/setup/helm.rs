//! Values for Helm charts, with only what differs from their defaults.
//!
//! prometheus-adapter 5.3.0, metrics-server 3.13.1, kube-prometheus-stack 88.5.3.

use serde_json::{Value, json};

use crate::certificates::{IssuedCertificate, fingerprint};
use crate::manifest::ADAPTER_RULES;
use oppscale_core::check::Distribution;

/// A file of values.
#[derive(Debug, Clone)]
pub struct Values {
    /// Its name.
    pub file: &'static str,
    /// What it is for, and how it is used.
    pub comment: String,
    /// The values.
    pub values: Value,
    /// Whether it holds a key.
    pub private: bool,
}

/// What the chart's objects are called: the certificate is for this Service.
pub const ADAPTER: &str = "prometheus-adapter";
/// The Secret with its certificate, where that is not among its values.
pub const ADAPTER_SECRET: &str = "oppscale-adapter-tls";
/// The ConfigMap with its rules.
pub const ADAPTER_CONFIG: &str = "oppscale-adapter-config";

/// The rules, as values.
fn rules() -> Value {
    let config: Value = serde_saphyr::from_str(ADAPTER_RULES).unwrap_or_default();
    config["rules"].clone()
}

/// Values of prometheus-adapter without a key in them: ConfigMap and certificate are ours, and
/// live in `namespace`, and so must the adapter.
pub fn adapter(namespace: &str, url: &str) -> Values {
    let config = fingerprint(ADAPTER_RULES.as_bytes()).replace(':', "").to_lowercase();
    Values {
        file: "prometheus-adapter.values.yaml",
        comment: format!(
            "helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter \
             --version 5.3.0 -n {namespace} -f this\n\
             The rules are in ConfigMap {namespace}/{ADAPTER_CONFIG}, the certificate in Secret \
             {namespace}/{ADAPTER_SECRET}:\n\
             apply what oppscale init writes first. With these values the chart registers no \
             APIService:\n\
             when the adapter is there, oppscale init does, or {API_SERVICE}."
        ),
        values: json!({
            "fullnameOverride": ADAPTER,
            "prometheus": {"url": url},
            // The port that private control planes reach on pods.
            "listenPort": 10250,
            // Without default and custom rules the chart makes no APIService, which would trust
            // any certificate.
            "rules": {"default": false, "existing": ADAPTER_CONFIG},
            // The adapter reads its rules once, and the chart looks at no ConfigMap but its own.
            "podAnnotations": {"oppscale.dev/config-sha256": config},
            "extraArguments": [
                "--tls-cert-file=/var/run/serving-cert/tls.crt",
                "--tls-private-key-file=/var/run/serving-cert/tls.key"
            ],
            "extraVolumes": [{
                "name": "serving-cert",
                "secret": {"secretName": ADAPTER_SECRET, "defaultMode": 288}
            }],
            "extraVolumeMounts": [{
                "name": "serving-cert", "mountPath": "/var/run/serving-cert", "readOnly": true
            }]
        }),
        private: false,
    }
}

/// Values of prometheus-adapter with certificate and rules in them: simpler, but the key ends
/// up in the file and in Helm's release Secret.
pub fn adapter_with_key(namespace: &str, url: &str, issued: &IssuedCertificate) -> Values {
    Values {
        file: "prometheus-adapter.with-key.values.yaml",
        comment: format!(
            "helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter \
             --version 5.3.0 -n {namespace} -f this\n\
             The certificate is for that namespace. It holds a private key: keep it out of git."
        ),
        values: json!({
            "fullnameOverride": ADAPTER,
            "prometheus": {"url": url},
            // The port that private control planes reach on pods.
            "listenPort": 10250,
            "rules": {"default": false, "custom": rules()},
            "tls": {
                "enable": true, "ca": issued.ca, "certificate": issued.chain,
                "key": issued.key.expose()
            }
        }),
        private: true,
    }
}

/// The APIService in a file of its own: it comes last, when the adapter is ready.
pub const API_SERVICE: &str = "prometheus-adapter.api-service.yaml";

/// Values of metrics-server.
pub fn metrics_server(distribution: Distribution) -> Values {
    let mut values = json!({"replicas": 2});
    if matches!(distribution, Distribution::Kind | Distribution::Minikube) {
        // Their kubelets sign their own certificates.
        values["args"] = json!(["--kubelet-insecure-tls"]);
    }
    if distribution == Distribution::Eks {
        // 10250 is kubelet's where pods share the node's network.
        values["containerPort"] = json!(10251);
    }
    Values {
        file: "metrics-server.values.yaml",
        comment: "helm upgrade --install metrics-server metrics-server/metrics-server --version \
                  3.13.1 -n kube-system -f this"
            .to_owned(),
        values,
        private: false,
    }
}

/// Values of kube-prometheus-stack: its Prometheus takes ServiceMonitors and rules of others
/// too.
pub fn prometheus_stack() -> Values {
    Values {
        file: "kube-prometheus-stack.values.yaml",
        comment: "helm upgrade --install monitoring prometheus-community/kube-prometheus-stack \
                  --version 88.5.3 -n monitoring --create-namespace -f this"
            .to_owned(),
        values: json!({
            "prometheus": {"prometheusSpec": {
                "serviceMonitorSelectorNilUsesHelmValues": false,
                "ruleSelectorNilUsesHelmValues": false
            }}
        }),
        private: false,
    }
}

impl Values {
    /// As YAML, the comment first.
    pub fn text(&self) -> String {
        let body = serde_saphyr::to_string(&self.values).unwrap_or_default();
        format!("# {}\n{body}", self.comment.replace('\n', "\n# "))
    }
}
