//! `oppscale serve`: the metrics APIs over TLS, and a port for people and Prometheus.
//!
//! ```text
//!  API server ─ watches ─→ Follower ─→ Picture ─┐
//!                             ├─→ Catalog ──────┼─→ Board ─┬─→ metrics_api ─→ api_port (TLS)
//!                             ├─→ Autoscalers ──┘          ├─→ prometheus ──┐
//!                             └─→ Trust ─→ api_port        └─→ page ────────┴─→ web_port
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `board` | [`board::Board`]: what is known now, counted when somebody asks |
//! | `catalog`, `autoscalers` | the workloads that are served, and the HPAs on the page |
//! | `front_proxy`, `trust`, `ask_only` | who is believed |
//! | `certificate` | the serving certificate, replaced while it runs |
//! | `api_port`, `web_port`, `health` | what is answered where |
//! | `prometheus`, `tally` | `/metrics` |
//! | `actual`, `waits` | what it tells of workloads and HPAs, and of paid pods that wait |
//! | `overview`, `history`, `page`, `issue` | the web page, and what of it is new |
//! | `shared` | a text for all who ask |
//! | `background` | what goes on beside requests |
//! | `watches` | what is followed, and where it goes |

mod actual;
mod api_port;
mod ask_only;
pub mod autoscalers;
mod background;
pub mod board;
pub mod catalog;
pub mod certificate;
pub mod front_proxy;
mod health;
mod history;
mod issue;
pub mod overview;
mod page;
mod prometheus;
mod shared;
mod tally;
pub mod trust;
mod waits;
mod watches;
mod web_port;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::http_port::{OpenPorts, Port};
use crate::metrics_api::{Api, Groups};
use crate::open_files;
use actual::Scalers;
use api_port::{ApiPort, Refusals};
use board::Patience;
use certificate::{CertificateError, CertificateSource, ServingCertificate};
use health::Health;
use history::History;
use issue::Issue;
use oppscale_cluster::{Cluster, KindRef};
use oppscale_core::kinds::{self, Kind};
use prometheus::Exporter;
use tally::{ChangeTally, RequestTally};
use watches::Watches;
use web_port::{Page, WebPort};

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which APIs are served; with none, there is no port for them.
    pub groups: Groups,
    /// Where the APIs are served; `None` is every address, port 10250, which the control
    /// planes of GKE and EKS may reach.
    pub api_address: Option<SocketAddr>,
    /// Where the page and `/metrics` are; `None` is every address, port 8080.
    pub web_address: Option<SocketAddr>,
    /// The serving certificate of the APIs.
    pub certificate: CertificateSource,
    /// When the cluster counts as unheard.
    pub patience: Patience,
    /// Kinds of workloads that are served besides those of the table.
    pub workload_kinds: Vec<KindRef>,
    /// Whether `/metrics` has the article's ten gauges.
    pub legacy_metrics: bool,
    /// Whether `/metrics` has a series for each node.
    pub node_metrics: bool,
}

/// Why a server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// A port.
    #[error("cannot listen for {what} on {address}: {error}")]
    Port {
        /// What would be served there.
        what: &'static str,
        /// Where.
        address: String,
        /// Why not.
        error: io::Error,
    },
}

/// The port of the APIs, unless it is said otherwise.
const API_PORT: u16 = 10250;
/// Ports that share the files of the process.
const PORTS: u64 = 2;
/// Connections that a port takes where files are plenty: far more than API servers and people
/// have, and little enough memory.
const MOST_CONNECTIONS: usize = 512;
/// The port of the page, unless it is said otherwise.
const WEB_PORT: u16 = 8080;

/// A server that has its ports.
pub struct Server {
    settings: Settings,
    certificate: ServingCertificate,
    api: Option<Port>,
    web: Port,
}

/// A server that runs.
pub struct Running {
    health: Health,
    ports: OpenPorts,
    /// Ended with the server; the watches with them.
    beside: Vec<AbortHandle>,
    _watches: Watches,
}

impl Server {
    /// Reads the certificate and opens the ports: what can fail at the start fails here.
    ///
    /// # Errors
    /// When either cannot be done.
    pub async fn open(settings: Settings) -> Result<Self, ServeError> {
        let certificate = ServingCertificate::new(settings.certificate.clone())?;
        let api = if settings.groups.custom || settings.groups.external {
            let tls = TlsAcceptor::from(certificate.tls()?);
            let what = "the metrics API";
            Some(open(what, settings.api_address, API_PORT, Some(tls)).await?)
        } else {
            None
        };
        let what = "the page and /metrics";
        let web = open(what, settings.web_address, WEB_PORT, None).await?;
        Ok(Self { settings, certificate, api, web })
    }

    /// Follows `cluster` and answers.
    ///
    /// # Errors
    /// When it cannot even begin to. Whatever fails later is tried again.
    pub async fn start(self, cluster: Cluster) -> anyhow::Result<Running> {
        let Self { settings, certificate, api, web } = self;
        let mut kinds: Vec<&'static Kind> = kinds::scalable().collect();
        for named in &settings.workload_kinds {
            let kind = named.resolve(&cluster).await?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let changes = ChangeTally::default();
        let watches =
            Watches::start(cluster, &settings.patience, changes.clone(), api.is_some(), &kinds)
                .await?;
        let board = watches.board(settings.patience);
        let trust = watches.trust.clone();
        let health = Health::new(board.clone(), trust.clone());
        let history = Arc::new(History::default());
        let mut connections = vec![("web", web.connections())];
        connections.extend(api.as_ref().map(|api| ("api", api.connections())));
        let exporter = Arc::new(Exporter {
            board: board.clone(),
            certificate: api.is_some().then(|| certificate.clone()),
            requests: RequestTally::default(),
            changes,
            waits: watches.waits.clone(),
            scalers: Scalers {
                autoscalers: watches.autoscalers.clone(),
                feed: watches.hpas.clone(),
            },
            connections,
            legacy: settings.legacy_metrics,
            nodes: settings.node_metrics,
            started: OffsetDateTime::now_utc(),
        });
        let page = Arc::new(Page {
            board: board.clone(),
            history: Arc::clone(&history),
            autoscalers: watches.autoscalers.clone(),
        });
        let mut ports = OpenPorts::new();
        let (short, short_issues) = watch::channel(Arc::new(Issue::default()));
        let (all, all_issues) = watch::channel(Arc::new(Issue::default()));
        let beside = [
            tokio::spawn(background::renew(certificate)),
            tokio::spawn(background::remember(board.clone(), history)),
            tokio::spawn(background::tell(board.clone(), health.clone())),
            tokio::spawn(background::render(Arc::clone(&page), [short, all], ports.stopped())),
        ];
        let web_port = WebPort {
            health: health.clone(),
            exporter: Arc::clone(&exporter),
            page,
            issues: [short_issues, all_issues],
            shared: Default::default(),
        };
        ports.serve(web, Arc::new(web_port));
        if let (Some(api), Some(trust)) = (api, trust) {
            let api_port = ApiPort {
                api: Api::new(settings.groups, kinds),
                board,
                trust,
                health: health.clone(),
                exporter,
                refusals: Refusals::default(),
            };
            ports.serve(api, Arc::new(api_port));
        }
        let beside = beside.iter().map(tokio::task::JoinHandle::abort_handle).collect();
        Ok(Running { health, ports, beside, _watches: watches })
    }
}

impl Running {
    /// Ends in order: first no longer ready, for `delay`, so that nobody is sent here any
    /// more; then the ports close, and requests that came are answered. Gives up after
    /// `patience`.
    pub async fn stop(self, delay: Duration, patience: Duration) {
        let Self { health, ports, beside, _watches } = self;
        ports.end(|| health.stop(), delay, patience).await;
        beside.iter().for_each(AbortHandle::abort);
    }
}

async fn open(
    what: &'static str,
    address: Option<SocketAddr>,
    port: u16,
    tls: Option<TlsAcceptor>,
) -> Result<Port, ServeError> {
    let limit = open_files::connections(PORTS, MOST_CONNECTIONS);
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
