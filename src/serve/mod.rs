//! `oppscale serve`: the metrics APIs over TLS, and a port for people and Prometheus.
//!
//! ```text
//! API server ─ watches ─→ Follower ┬→ ClusterState ──┐
//!                                  ├→ FillerState ───┼→ MetricsState ┬→ metrics_api ─→ api_port
//!                                  └→ TrustStore ─→ api_port         ├→ prometheus ─┐
//! metrics.k8s.io, every 15 s ───────→ UsageStore ────┤               └→ page ───────┴→ web_port
//! kubelets, if the guard is on ─────→ PressureStore ─┘
//! API server ←─ Events on held workloads ─ events
//! ```

mod api_port;
pub mod certificate;
pub(crate) mod counters;
mod events;
pub mod front_proxy;
mod health;
pub mod overview;
mod page;
mod pending_pods;
pub mod pressure;
mod prometheus;
pub mod state;
mod token_review;
mod usage;
mod watches;
mod web_port;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::http_port::{OpenPorts, Port};
use crate::metrics_api::{Api, Groups};
use crate::open_files;
use api_port::{ApiPort, RejectionLog};
use certificate::{CertificateError, CertificateSource, ClientCertificates, ServingCertificate};
use counters::{ChangeCounter, RequestCounter};
use health::HealthReporter;
use oppscale_cluster::{Cluster, Heartbeat, KindRef, Tasks};
use oppscale_core::kinds::{self, Kind};
use page::CpuHistory;
use page::update::{Page, PageUpdate};
use pressure::{PressureSettings, PressureStore};
use prometheus::Exporter;
use state::StalenessPolicy;
pub use token_review::HttpAuth;
use token_review::TokenReviewer;
use watches::Watches;
use web_port::WebPort;

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Served APIs; with none, there is no port for them.
    pub groups: Groups,
    /// Address of the APIs; `None` is every address, port 10250, which the control planes of GKE
    /// and EKS can reach.
    pub api_address: Option<SocketAddr>,
    /// Address of the page and `/metrics`; `None` is every address, port 8080.
    pub web_address: Option<SocketAddr>,
    /// Who may read the page and `/metrics`.
    pub http_auth: HttpAuth,
    /// Serving certificate of the APIs, and of the page and `/metrics` if they have TLS.
    pub certificate: CertificateSource,
    /// The age at which data counts as stale, and the answer then.
    pub staleness: StalenessPolicy,
    /// Kinds of workloads to serve besides those of the table.
    pub workload_kinds: Vec<KindRef>,
    /// Namespaces that are open to opportunistic work; `None` if their label decides.
    pub namespaces: Option<BTreeSet<String>>,
    /// Whether `/metrics` has the article's ten gauges.
    pub legacy_metrics: bool,
    /// Whether `/metrics` has a series for each node.
    pub node_metrics: bool,
    /// The pressure guard of the usage basis; `None` if it is off.
    pub pressure: Option<PressureSettings>,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The serving certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS cannot be configured.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// A port cannot be opened.
    #[error("cannot listen for {what} on {address}: {error}")]
    Port {
        /// Service of the port.
        what: &'static str,
        /// Address.
        address: String,
        /// Error of the system.
        error: io::Error,
    },
}

/// Default port of the APIs.
const API_PORT: u16 = 10250;
/// Number of ports that share the process's open files.
const PORTS: u64 = 2;
/// Connections of a port at most: far more than API servers and people open, and little memory.
const MAX_CONNECTIONS: usize = 512;
/// Time after which the count for the chart, of which there is one every 5 s, never ends: far more
/// than the longest of a large cluster on a throttled processor.
const MAX_COUNT: Duration = Duration::from_secs(35);
/// Default port of the page.
const WEB_PORT: u16 = 8080;

/// A server with open ports that does not answer yet.
pub struct Server {
    settings: Settings,
    certificate: ServingCertificate,
    api: Option<Port>,
    web: Port,
}

/// A server that answers.
pub struct RunningServer {
    health: HealthReporter,
    ports: OpenPorts,
    /// Tasks beside the ports, aborted when dropped; the watches likewise.
    tasks: Tasks,
    watches: Watches,
}

impl Server {
    /// Reads the certificate and opens the ports, which are the steps that may fail.
    ///
    /// # Errors
    /// If the certificate cannot be used or a port cannot be opened.
    pub async fn open(settings: Settings) -> Result<Self, ServeError> {
        let certificate = ServingCertificate::new(settings.certificate.clone()).await?;
        let api = if settings.groups.custom || settings.groups.external {
            let tls = TlsAcceptor::from(certificate.tls(ClientCertificates::Optional)?);
            let what = "the metrics API";
            Some(open(what, settings.api_address, API_PORT, Some(tls)).await?)
        } else {
            None
        };
        let what = "the page and /metrics";
        let tls = match settings.http_auth {
            HttpAuth::None => None,
            // A token would be read by everybody on the way.
            HttpAuth::TokenReview => {
                Some(TlsAcceptor::from(certificate.tls(ClientCertificates::Unused)?))
            }
        };
        let web = open(what, settings.web_address, WEB_PORT, tls).await?;
        Ok(Self { settings, certificate, api, web })
    }

    /// Watches `cluster` and answers requests.
    ///
    /// # Errors
    /// If a kind of workload cannot be resolved. Later failures are retried.
    pub async fn start(self, cluster: Cluster) -> anyhow::Result<RunningServer> {
        let Self { settings, certificate, api, web } = self;
        let mut kinds: Vec<&'static Kind> = kinds::scalable().collect();
        for named in &settings.workload_kinds {
            let kind = named.resolve(&cluster).await?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let changes = ChangeCounter::default();
        let watches =
            Watches::start(cluster.clone(), &settings, changes.clone(), api.is_some(), &kinds)
                .await?;
        let pressure = PressureStore::of(settings.pressure.as_ref());
        let state = watches.state(settings.staleness, pressure.clone());
        let trust = watches.trust.clone();
        let health = HealthReporter::new(state.clone(), trust.clone());
        let history = Arc::new(CpuHistory::default());
        let mut connections = vec![("web", web.connections())];
        connections.extend(api.as_ref().map(|api| ("api", api.connections())));
        let has_certificate = api.is_some() || settings.http_auth == HttpAuth::TokenReview;
        let exporter = Arc::new(Exporter {
            state: state.clone(),
            certificate: has_certificate.then(|| certificate.clone()),
            requests: RequestCounter::default(),
            changes,
            pending_pods: watches.pending_pods.clone(),
            autoscalers: watches.fillers.autoscalers.clone(),
            connections,
            legacy: settings.legacy_metrics,
            nodes: settings.node_metrics,
            started: OffsetDateTime::now_utc(),
        });
        let page = Arc::new(Page {
            state: state.clone(),
            history: Arc::clone(&history),
            autoscalers: watches.fillers.autoscalers.clone(),
        });
        let mut ports = OpenPorts::new();
        let (short, short_updates) = watch::channel(Arc::new(PageUpdate::default()));
        let (all, all_updates) = watch::channel(Arc::new(PageUpdate::default()));
        let (publisher, stop) = (Arc::clone(&page), ports.stopped());
        let mut tasks = Tasks::default();
        tasks.spawn(Heartbeat::new("the certificate"), certificate.follow_files());
        let counting = Heartbeat::progressing("the chart", MAX_COUNT);
        tasks.spawn(counting.clone(), {
            let state = state.clone();
            async move { history.record(state, counting).await }
        });
        tasks.spawn(Heartbeat::new("the log of readiness"), health.clone().log_changes());
        let events = events::write_events(cluster.clone(), state.clone());
        tasks.spawn(Heartbeat::new("the events"), events);
        if let Some(settings) = settings.pressure {
            let guard = pressure.follow(cluster.clone(), settings.access, state.clone());
            tasks.spawn(Heartbeat::new("the pressure guard"), guard);
        }
        let usage = state.usage().clone().follow(cluster.clone(), state.clone());
        tasks.spawn(Heartbeat::new("usage"), usage);
        let publish = async move { publisher.publish([short, all], stop).await };
        tasks.spawn(Heartbeat::new("the page"), publish);
        let web_port = WebPort {
            health: health.clone(),
            exporter: Arc::clone(&exporter),
            page,
            updates: [short_updates, all_updates],
            cache: Default::default(),
            reviewer: (settings.http_auth == HttpAuth::TokenReview)
                .then(|| TokenReviewer::new(cluster)),
        };
        let web_beat = Heartbeat::new("the port of the page");
        ports.serve(web_beat.clone(), web, Arc::new(web_port));
        let mut heartbeats: Vec<Heartbeat> =
            tasks.heartbeats().chain(watches.follower().heartbeats()).collect();
        heartbeats.push(web_beat);
        if let (Some(api), Some(trust)) = (api, trust) {
            let api_port = ApiPort {
                api: Api::new(settings.groups, kinds),
                state,
                trust,
                health: health.clone(),
                exporter,
                rejections: RejectionLog::default(),
            };
            let api_beat = Heartbeat::new("the port of the metrics API");
            ports.serve(api_beat.clone(), api, Arc::new(api_port));
            heartbeats.push(api_beat);
        }
        health.monitor(heartbeats);
        Ok(RunningServer { health, ports, tasks, watches })
    }
}

impl RunningServer {
    /// Waits until a task ends, which none should before [`RunningServer::stop`], and returns its
    /// name.
    pub async fn failed(&mut self) -> &'static str {
        tokio::select! {
            name = self.tasks.failed() => name,
            name = self.watches.follower().failed() => name,
            () = self.ports.failed() => "a port",
        }
    }

    /// Shuts down: `/readyz` fails for `delay`, so that no new clients are sent here; then the
    /// ports close, and open requests are answered within `timeout`.
    pub async fn stop(self, delay: Duration, timeout: Duration) {
        let Self { health, ports, tasks: _tasks, watches: _watches } = self;
        ports.stop(|| health.stop(), delay, timeout).await;
    }
}

async fn open(
    what: &'static str,
    address: Option<SocketAddr>,
    port: u16,
    tls: Option<TlsAcceptor>,
) -> Result<Port, ServeError> {
    let limit = open_files::connections(PORTS, MAX_CONNECTIONS);
    let opened = match address {
        Some(address) => Port::open(address, tls, limit).await,
        None => Port::open_all(port, tls, limit).await,
    };
    let error = |error| ServeError::Port {
        what,
        address: address.map_or_else(|| format!("port {port}"), |address| address.to_string()),
        error,
    };
    let opened = opened.map_err(error)?;
    tracing::info!(address = %opened.address().map_err(error)?, "serving {what}");
    Ok(opened)
}
