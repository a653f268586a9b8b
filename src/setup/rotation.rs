//! New certificates without a failed request.
//!
//! 1. the caBundles trust the old authority and the new one,
//! 2. the Secret holds the new certificate,
//! 3. every pod serves it: kubelet brings a changed Secret within a minute or two, the server
//!    reads its files again by itself,
//! 4. the caBundles trust the new one alone.
//!
//! A caBundle counts within 0.3 s (kube-apiserver 1.36.2). A run that was interrupted is
//! finished by the next one: it finds the Secret's certificate young and the bundle too large.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::certificates::{CaBundle, CertificateSpec, IssuedCertificate};
use oppscale_cluster::{ApiRequest, Applied, Apply, Cluster, ClusterError, Operation};

use super::api_services::{self, ApiService};
use super::tls_secret::{self, SecretRef};

/// How often pods are asked what they serve.
const LOOK: Duration = Duration::from_secs(2);
/// So long kubelet (60 s and 60 s) and the server (60 s) may take for a changed Secret. Whoever
/// waited less and could ask nobody knows nothing.
const TAKEN_UP: Duration = Duration::from_secs(180);
/// The metric with the end of the served certificate.
const METRIC: &str = "oppscale_serving_certificate_expiry_timestamp_seconds";

/// What stops a rotation. What was done stays, and is safe: both authorities are trusted.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The API server refuses or fails.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Somebody else owns the object.
    #[error("{object} belongs to somebody else: {owners}")]
    Owned {
        /// Kind and name.
        object: String,
        /// Who, and which fields.
        owners: String,
    },
    /// What an APIService trusts is a value of a chart.
    #[error("APIService {name} is of {release}, and the certificates are its values")]
    Released {
        /// Which.
        name: String,
        /// Of which release.
        release: String,
    },
    /// Nobody could be asked, and too little time was waited to know without.
    #[error(
        "pods could not be asked what they serve, and {seconds} s are too few to know without: up \
         to {} s go by. Both CAs stay trusted, so nothing fails", TAKEN_UP.as_secs()
    )]
    NotSeen {
        /// How long was waited.
        seconds: u64,
    },
    /// A pod keeps the old certificate.
    #[error(
        "after {seconds} s, pods still serve the old certificate: {pods}. Both CAs stay trusted, \
         so nothing fails"
    )]
    NotServed {
        /// How long was waited.
        seconds: u64,
        /// Which.
        pods: String,
    },
}

/// How the new certificate was seen to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Every pod says so.
    ByPods(usize),
    /// Nobody could be asked; time was waited.
    ByTime,
    /// There is no pod.
    NoPods,
}

/// The cluster objects of a rotation.
pub struct Rotation<'a> {
    /// The connection.
    pub cluster: &'a Cluster,
    /// Names and lifetimes.
    pub spec: &'a CertificateSpec,
    /// The Secret.
    pub secret: &'a SecretRef,
    /// Take over fields of other managers.
    pub force: bool,
}

impl Rotation<'_> {
    fn how(&self) -> Apply {
        Apply { dry_run: false, force: self.force }
    }

    /// Step 1: trust `new` besides what is trusted, and besides `served`, the authorities of what
    /// pods serve meanwhile: a caBundle that was not there, or was another, does not hold them.
    /// Gives the APIServices.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn widen(
        &self,
        new: &CaBundle,
        served: &CaBundle,
        now: i64,
    ) -> Result<Vec<ApiService>, RotationError> {
        let services = self.ours().await?;
        for service in &services {
            let old = service.ca_bundle().map(CaBundle::decode).transpose().unwrap_or_default();
            let old = old.unwrap_or_default();
            if !old.contains_all(new) {
                let meanwhile = old.union(served).without_expired(now);
                self.trust(service, &new.clone().union(&meanwhile)).await?;
            }
        }
        Ok(services)
    }

    /// Step 2.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn store(&self, issued: &IssuedCertificate) -> Result<(), RotationError> {
        let applied =
            tls_secret::write(self.cluster, self.secret, &self.spec.service, issued, self.how())
                .await?;
        owned(&self.secret.shown(), applied)
    }

    /// Step 3: waits until every pod serves a certificate that ends at `not_after`.
    ///
    /// # Errors
    /// When one does not within `patience`.
    pub async fn served(&self, not_after: i64, patience: Duration) -> Result<Seen, RotationError> {
        let end = Instant::now() + patience;
        loop {
            let pods = self.pods().await?;
            if pods.is_empty() {
                return Ok(Seen::NoPods);
            }
            let mut late = Vec::new();
            let mut silent = 0;
            for pod in &pods {
                match self.serves(pod).await? {
                    Some(end) if end == not_after => {}
                    Some(_) => late.push(pod.as_str()),
                    None => silent += 1,
                }
            }
            if late.is_empty() && silent == 0 {
                return Ok(Seen::ByPods(pods.len()));
            }
            if Instant::now() >= end {
                if late.is_empty() && patience >= TAKEN_UP {
                    return Ok(Seen::ByTime);
                }
                if late.is_empty() {
                    return Err(RotationError::NotSeen { seconds: patience.as_secs() });
                }
                let pods = late.join(", ");
                return Err(RotationError::NotServed { seconds: patience.as_secs(), pods });
            }
            sleep(LOOK.min(end - Instant::now())).await;
        }
    }

    /// Step 4: trust `new` alone. Gives how many were changed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn narrow(&self, new: &CaBundle) -> Result<usize, RotationError> {
        let mut changed = 0;
        for service in self.ours().await? {
            let old = service.ca_bundle().map(CaBundle::decode).transpose().unwrap_or_default();
            if old.as_ref() != Some(new) {
                self.trust(&service, new).await?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    async fn ours(&self) -> Result<Vec<ApiService>, RotationError> {
        let services = api_services::of(self.cluster, self.spec).await?;
        Ok(services.into_iter().filter(|service| !service.is_injected()).collect())
    }

    async fn trust(&self, service: &ApiService, bundle: &CaBundle) -> Result<(), RotationError> {
        if let Some(release) = service.release().filter(|_| !self.force) {
            return Err(RotationError::Released { name: service.name().to_owned(), release });
        }
        let applied = api_services::trust(self.cluster, service, bundle, self.how()).await?;
        owned(&format!("APIService {}", service.name()), applied)
    }

    /// The pods behind the Service that run.
    async fn pods(&self) -> Result<Vec<String>, RotationError> {
        let operation = Operation::new(
            format!("list pods in {}", self.spec.namespace),
            "--verb=list --resource=pods",
        );
        let path = format!(
            "/api/v1/namespaces/{}/pods?labelSelector=app.kubernetes.io%2Finstance%3D{}",
            self.spec.namespace, self.spec.service
        );
        let list = match self.cluster.find(&operation, &path).await {
            Err(ClusterError::Forbidden { .. }) => return Ok(vec![String::new()]),
            list => list?.unwrap_or_default(),
        };
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let runs = |pod: &&Value| {
            pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
        };
        let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        Ok(items.iter().filter(runs).map(name).collect())
    }

    /// The end of the certificate that a pod serves, by its metrics; `None` when it cannot be
    /// asked.
    async fn serves(&self, pod: &str) -> Result<Option<i64>, RotationError> {
        if pod.is_empty() {
            return Ok(None);
        }
        let namespace = &self.spec.namespace;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:8080/proxy/metrics");
        let operation = Operation::new("read a pod's metrics", "--verb=get --resource=pods/proxy");
        let response =
            self.cluster.send(&operation, &ApiRequest::get(path).accept("text/plain")).await?;
        let text = String::from_utf8_lossy(&response.body);
        let value = text.lines().find_map(|line| {
            let rest = line.strip_prefix(METRIC)?;
            let number: f64 = rest.rsplit(' ').next()?.parse().ok()?;
            // Seconds since 1970 fit a double's 53 bits.
            Some(number as i64)
        });
        Ok(value.filter(|_| response.status.is_success()))
    }
}

/// A conflict as an error.
fn owned(object: &str, applied: Applied) -> Result<(), RotationError> {
    let Applied::Conflict(conflicts) = applied else { return Ok(()) };
    let owners: Vec<_> =
        conflicts.iter().map(|(manager, field)| format!("{manager} owns {field}")).collect();
    Err(RotationError::Owned { object: object.to_owned(), owners: owners.join(", ") })
}
