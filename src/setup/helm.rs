//! Values for Helm charts, as far as they differ from the charts' defaults.
//!
//! prometheus-adapter 5.3.0, metrics-server 3.13.1, kube-prometheus-stack 88.5.3.

use serde_json::{Value, json};

use crate::certificates::{IssuedCertificate, fingerprint};
use crate::manifest::ADAPTER_RULES;
use oppscale_core::check::Distribution;

/// A values file.
#[derive(Debug, Clone)]
pub struct Values {
    /// File name.
    pub file: &'static str,
    /// Comment above the values: purpose and usage.
    pub comment: String,
    /// The values.
    pub values: Value,
    /// Whether it contains a private key.
    pub private: bool,
}

/// Name of the chart's objects; the certificate is for this Service.
pub const ADAPTER: &str = "prometheus-adapter";
/// The Secret with its certificate, unless that is among its values.
pub const ADAPTER_SECRET: &str = "oppscale-adapter-tls";
/// The ConfigMap with its rules.
pub const ADAPTER_CONFIG: &str = "oppscale-adapter-config";
/// The file of the APIService, which is applied last, when the adapter is ready.
pub const API_SERVICE: &str = "prometheus-adapter.api-service.yaml";

/// Values of prometheus-adapter without a key: oppscale writes its ConfigMap and its certificate
/// to `namespace`, where the adapter must run, too.
pub fn adapter(namespace: &str, url: &str) -> Values {
    let config = fingerprint(ADAPTER_RULES.as_bytes()).replace(':', "").to_lowercase();
    Values {
        file: "prometheus-adapter.values.yaml",
        comment: format!(
            "{}\n\
             The rules are in ConfigMap {namespace}/{ADAPTER_CONFIG}, the certificate in Secret \
             {namespace}/{ADAPTER_SECRET}:\n\
             apply the output of oppscale init first. With these values the chart registers no \
             APIService:\n\
             oppscale init does when the adapter is ready, or {API_SERVICE}.",
            install_adapter(namespace)
        ),
        values: json!({
            "fullnameOverride": ADAPTER,
            "prometheus": {"url": url},
            // The port that private control planes reach on pods.
            "listenPort": 10250,
            // Without default and custom rules the chart creates no APIService, which would trust
            // any certificate.
            "rules": {"default": false, "existing": ADAPTER_CONFIG},
            // The adapter reads its rules once, and the chart's checksum is of its own ConfigMap.
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

/// Values of prometheus-adapter with its certificate and rules: simpler, but the key ends up in the
/// file and in Helm's release Secret.
pub fn adapter_with_key(namespace: &str, url: &str, issued: &IssuedCertificate) -> Values {
    let rules: Value = serde_yaml::from_str(ADAPTER_RULES).unwrap_or_default();
    Values {
        file: "prometheus-adapter.with-key.values.yaml",
        comment: format!(
            "{}\n\
             The certificate is for that namespace. It holds a private key: keep it out of git.",
            install_adapter(namespace)
        ),
        values: json!({
            "fullnameOverride": ADAPTER,
            "prometheus": {"url": url},
            "listenPort": 10250,
            "rules": {"default": false, "custom": rules["rules"]},
            "tls": {
                "enable": true, "ca": issued.ca, "certificate": issued.chain,
                "key": issued.key.expose()
            }
        }),
        private: true,
    }
}

fn install_adapter(namespace: &str) -> String {
    format!(
        "helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter \
         --version 5.3.0 -n {namespace} -f this"
    )
}

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

/// Values of kube-prometheus-stack, whose Prometheus then selects ServiceMonitors and rules of
/// other releases, too.
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
    /// The file in YAML, with the comment first.
    pub fn text(&self) -> String {
        let body = serde_saphyr::to_string(&self.values).unwrap_or_default();
        format!("# {}\n{body}", self.comment.replace('\n', "\n# "))
    }
}
