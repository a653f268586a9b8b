//! Configuration of an installation, and its objects in the order in which they are applied.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::certificates::{CaBundle, CertificateSpec, IssuedCertificate, issue};
use crate::manifest::{ADAPTER_RULES, DASHBOARD, Document, ManifestError, Templates};
use crate::metrics_api::{CUSTOM, EXTERNAL};
use crate::serve::HttpAuth;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::reserve::Reserve;

use super::helm::{ADAPTER, ADAPTER_SECRET};
use super::local_clock;
use super::server_pod::PodSettings;

/// Pipeline of the capacity metric to the HPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Pipeline {
    /// The metrics server answers the API itself
    #[default]
    Native,
    /// Prometheus scrapes it, prometheus-adapter answers
    Prometheus,
    /// KEDA reads its /metrics
    Keda,
}

/// Configuration of an installation.
#[derive(Debug, Clone)]
pub struct InstallConfig {
    /// Pipeline of the metric.
    pub pipeline: Pipeline,
    /// Namespace of the metrics server.
    pub namespace: String,
    /// Name of the Service, the Deployment and the ServiceAccount.
    pub service: String,
    /// Name of the Secret with certificates.
    pub secret: String,
    /// Container image.
    pub image: String,
    /// Number of pods.
    pub replicas: u32,
    /// Whether to serve custom.metrics.k8s.io.
    pub custom: bool,
    /// Whether to serve external.metrics.k8s.io.
    pub external: bool,
    /// Whether cert-manager issues the certificates.
    pub cert_manager: bool,
    /// Lifetimes of the CA and of the serving certificate, in days.
    pub days: (u32, u32),
    /// Reserve, for the next rendered workload.
    pub reserve: Reserve,
    /// Labels by which Prometheus selects ServiceMonitors.
    pub monitor_labels: Vec<(String, String)>,
    /// Whether to install the dashboard.
    pub dashboard: bool,
    /// Whether to install the alerts, and the ServiceMonitor that they depend on.
    pub alerts: bool,
    /// Labels by which Prometheus selects PrometheusRules.
    pub rule_labels: Vec<(String, String)>,
    /// Settings of the server's pods.
    pub pod: PodSettings,
    /// Whether a NetworkPolicy opens only the server's ports.
    pub network_policy: bool,
    /// Namespaces whose pods may connect to port 8080; empty for every client.
    pub http_from: Vec<String>,
    /// Who may read the page and `/metrics`.
    pub http_auth: HttpAuth,
}

/// The objects of an installation, in three parts.
#[derive(Debug, Clone)]
pub struct InstallObjects {
    /// The namespace, which must exist for a dry run of the others.
    pub namespace: Document,
    /// Objects that run the server.
    pub server: Vec<Document>,
    /// APIServices, applied once the server is ready.
    pub api: Vec<Document>,
}

/// Certificates that oppscale issues for an installation.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Contents of the Secret; `None` keeps the Secret as it is.
    pub secret: Option<IssuedCertificate>,
    /// caBundle of the APIServices; `None` leaves them out.
    pub bundle: Option<CaBundle>,
}

/// Reviews that the server creates if it reviews tokens.
pub const REVIEWS: [&Kind; 2] = [&kinds::TOKEN_REVIEW, &kinds::SUBJECT_ACCESS_REVIEW];

impl InstallConfig {
    /// Whether the server answers an API of the cluster.
    pub fn serves(&self) -> bool {
        self.pipeline == Pipeline::Native && (self.custom || self.external)
    }

    /// The server of the metrics API: its Service, and the Secret with its certificate.
    pub fn api_server(&self) -> Option<(&str, &str)> {
        match self.pipeline {
            Pipeline::Native => self.serves().then_some((&*self.service, &*self.secret)),
            Pipeline::Prometheus => Some((ADAPTER, ADAPTER_SECRET)),
            Pipeline::Keda => None,
        }
    }

    /// Whether objects of the Prometheus operator are installed.
    pub fn is_scraped(&self) -> bool {
        self.pipeline == Pipeline::Prometheus || self.alerts
    }

    /// The APIs to register: version, group and priority.
    pub fn apis(&self) -> Vec<(&'static str, &'static str, u32)> {
        let mut apis = Vec::new();
        if self.serves() && self.custom {
            // All versions of a group have one owner: clients use the preferred version only.
            apis.push(("v1beta1", CUSTOM, 100));
            apis.push(("v1beta2", CUSTOM, 200));
        }
        if self.serves() && self.external {
            apis.push(("v1beta1", EXTERNAL, 100));
        }
        if self.pipeline == Pipeline::Prometheus {
            // As the adapter's own chart does.
            apis.push(("v1beta1", CUSTOM, 100));
        }
        apis
    }

    /// The settings of an installation with defaults only.
    pub fn new(namespace: &str, service: &str, image: &str) -> Self {
        Self {
            pipeline: Pipeline::default(),
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            secret: format!("{service}-tls"),
            image: image.to_owned(),
            replicas: 2,
            custom: true,
            external: false,
            cert_manager: false,
            days: (3650, 365),
            // A sixth of the capacity, as the article's 30 of 184 cores.
            reserve: Reserve::share(150_000_000),
            monitor_labels: Vec::new(),
            dashboard: false,
            alerts: false,
            rule_labels: Vec::new(),
            pod: PodSettings::default(),
            network_policy: true,
            http_from: Vec::new(),
            http_auth: HttpAuth::None,
        }
    }

    /// Renders all objects as for a cluster that has none of them, with a certificate that nothing
    /// uses.
    ///
    /// # Errors
    /// When no certificate can be issued, or a template is wrong.
    pub fn render_new(&self, templates: &Templates) -> anyhow::Result<Vec<Document>> {
        let issued = issue(&CertificateSpec::new(&self.service, &self.namespace), local_clock())?;
        let bundle = Some(CaBundle::parse(&issued.ca)?);
        Ok(self.render(templates, &Trust { secret: Some(issued), bundle })?.all())
    }

    /// Renders the Deployment and what stands beside it in its template.
    ///
    /// # Errors
    /// When the template is wrong.
    pub fn render_server(&self, templates: &Templates) -> Result<Vec<Document>, ManifestError> {
        // None of it depends on a certificate.
        templates.render("server.yaml", self.context(&Trust::default()))
    }

    /// Renders the objects.
    ///
    /// # Errors
    /// When a template is wrong.
    pub fn render(
        &self,
        templates: &Templates,
        trust: &Trust,
    ) -> Result<InstallObjects, ManifestError> {
        let context = &self.context(trust);
        let mut namespace = templates.render("server-namespace.yaml", context)?;
        let mut server = templates.render("server-rbac.yaml", context)?;
        let answering = self.answering(context);
        if self.api_server().is_some() {
            if self.cert_manager {
                server.extend(templates.render("cert-manager.yaml", &answering)?);
            } else if trust.secret.is_some() {
                server.extend(templates.render("server-secret.yaml", &answering)?);
            }
        }
        if self.pod.priority_class.value.is_some() {
            server.extend(templates.render("server-priority-class.yaml", context)?);
        }
        if self.network_policy {
            server.extend(templates.render("server-network-policy.yaml", context)?);
        }
        server.extend(templates.render("server.yaml", context)?);
        if self.is_scraped() {
            server.extend(templates.render("server-monitor.yaml", context)?);
        }
        if self.pipeline == Pipeline::Prometheus {
            server.extend(templates.render("server-adapter.yaml", context)?);
        }
        if self.alerts {
            server.extend(templates.render("prometheus-rules.yaml", context)?);
        }
        if self.dashboard {
            server.extend(templates.render("grafana-dashboard.yaml", context)?);
        }
        let api = match self.apis().is_empty() || !self.cert_manager && trust.bundle.is_none() {
            true => Vec::new(),
            false => templates.render("server-api-service.yaml", &answering)?,
        };
        let namespace = namespace.swap_remove(0);
        Ok(InstallObjects { namespace, server, api })
    }

    /// The template context for objects of the server of the API.
    fn answering(&self, context: &Value) -> Value {
        let mut context = context.clone();
        if self.pipeline == Pipeline::Prometheus {
            context["service"] = json!(ADAPTER);
            context["secret"] = json!(ADAPTER_SECRET);
            context["names"] = json!(CertificateSpec::new(ADAPTER, &self.namespace).dns_names());
        }
        context
    }

    fn context(&self, trust: &Trust) -> Value {
        let names = CertificateSpec::new(&self.service, &self.namespace).dns_names();
        let apis = match (self.serves(), self.custom, self.external) {
            (false, ..) => "none",
            (_, true, true) => "custom,external",
            (_, true, false) => "custom",
            (_, false, _) => "external",
        };
        let encode = |text: &str| STANDARD.encode(text);
        let secret = trust.secret.as_ref();
        let api_service = |(version, group, priority)| json!({"version": version, "group": group, "priority": priority});
        let api_services: Vec<_> = self.apis().into_iter().map(api_service).collect();
        let labels = |labels: &[(String, String)]| -> serde_json::Map<_, _> {
            labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect()
        };
        let http_auth = self.http_auth == HttpAuth::TokenReview;
        let reviews: &[&Kind] = if http_auth { &REVIEWS } else { &[] };
        let reviews = reviews.iter().map(|kind| (kind.group, vec![kind.plural], vec!["create"]));
        let rules = [kinds::server_rules(), self.pod.rules(), reviews.collect()].concat();
        json!({
            "namespace": self.namespace, "service": self.service, "secret": self.secret,
            "cluster_name": cluster_name(&self.namespace, &self.service), "image": self.image, "replicas": self.replicas,
            "serves": self.serves(), "apis": apis, "cert_manager": self.cert_manager,
            "names": names, "ca_days": self.days.0, "days": self.days.1,
            "tls_crt": secret.map(|issued| encode(&issued.chain)).unwrap_or_default(),
            "tls_key": secret.map(|issued| encode(issued.key.expose())).unwrap_or_default(),
            "ca_crt": secret.map(|issued| encode(&issued.ca)).unwrap_or_default(),
            "ca_bundle": trust.bundle.as_ref().map(CaBundle::base64).unwrap_or_default(),
            "api_services": api_services, "monitor_labels": labels(&self.monitor_labels),
            "rule_labels": labels(&self.rule_labels), "dashboard": DASHBOARD,
            "adapter_config": ADAPTER_RULES, "rules": rules,
            "pod": self.pod.context(), "network_policy": self.network_policy,
            "http_from": self.http_from, "http_auth": http_auth
        })
    }
}

/// Name of cluster-scoped objects; it contains the namespace if that is not the default.
pub fn cluster_name(namespace: &str, service: &str) -> String {
    match namespace == service {
        true => service.to_owned(),
        false => format!("{namespace}-{service}"),
    }
}

impl InstallObjects {
    /// All of them, in order.
    pub fn all(&self) -> Vec<Document> {
        std::iter::once(&self.namespace).chain(&self.server).chain(&self.api).cloned().collect()
    }
}
