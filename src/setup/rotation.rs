//! New certificates without a failed request.
//!
//! 1. The caBundles trust the old CA and the new one.
//! 2. The Secret gets the new certificate.
//! 3. Every pod serves it: kubelet updates a mounted Secret within two minutes, and the server
//!    rereads its files.
//! 4. The caBundles trust the new CA alone.
//!
//! The API server uses a new caBundle within 0.3 s (kube-apiserver 1.36.2). The next run finishes
//! one that was interrupted: the Secret's certificate is recent and the caBundle too large.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::time::{Instant, sleep};

use crate::certificates::{CaBundle, CertificateSpec, IssuedCertificate};
use oppscale_cluster::{ApiRequest, Apply, Cluster, ClusterError, Operation};
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, ObjectRef};

use super::api_services::{self, ApiService, HELM_RENEWAL_HINT};
use super::tls_secret;

/// Interval between polls of the pods.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Time after which every pod serves a changed Secret: kubelet takes up to 60 s and 60 s, the
/// server another 60 s.
const MAX_DELAY: Duration = Duration::from_secs(180);
/// The metric with the expiry of the served certificate.
const METRIC: &str = "oppscale_serving_certificate_expiry_timestamp_seconds";

/// Evidence that the pods serve the new certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Every pod reports it.
    Reported,
    /// No pod could be queried, and the longest delay has passed.
    Elapsed,
    /// There is no pod.
    NoPods,
}

/// The cluster objects of a rotation. When a step fails, the steps before it stay, which is safe:
/// both CAs are trusted.
pub struct Rotation<'a> {
    /// The connection.
    pub cluster: &'a Cluster,
    /// Names and lifetimes.
    pub spec: &'a CertificateSpec,
    /// The Secret.
    pub secret: &'a ObjectRef,
    /// Whether to take over fields of other field managers.
    pub force: bool,
}

impl Rotation<'_> {
    /// Step 1: trusts `new` besides the trusted CAs and besides `served`, the CAs of the
    /// certificate that pods serve until then: a caBundle that was empty, or another, does not
    /// contain them. Returns the APIServices.
    ///
    /// # Errors
    /// When a caBundle cannot be written.
    pub async fn widen(
        &self,
        new: &CaBundle,
        served: &CaBundle,
        now: i64,
    ) -> anyhow::Result<Vec<ApiService>> {
        let services = self.services().await?;
        for service in &services {
            let old = service.trusted().unwrap_or_default();
            if !old.contains_all(new) {
                let meanwhile = old.union(served).without_expired(now);
                self.trust(service, &new.clone().union(&meanwhile)).await?;
            }
        }
        Ok(services)
    }

    /// Step 2: stores the new certificate.
    ///
    /// # Errors
    /// When the Secret cannot be written.
    pub async fn store(&self, issued: &IssuedCertificate) -> Result<(), ClusterError> {
        tls_secret::write(self.cluster, self.secret, &self.spec.service, issued, self.force).await
    }

    /// Step 3: waits until every pod serves a certificate that expires at `not_after`, in seconds
    /// since 1970.
    ///
    /// # Errors
    /// When a pod does not within `timeout`, or none can be queried within a `timeout` that is
    /// too short to know without.
    pub async fn served(&self, not_after: i64, timeout: Duration) -> anyhow::Result<Served> {
        let end = Instant::now() + timeout;
        loop {
            let pods = self.pods().await?;
            let (mut late, mut unknown) = (Vec::new(), pods.is_none());
            for pod in pods.iter().flatten() {
                match self.expiry(pod).await? {
                    Some(expiry) if expiry == not_after => {}
                    Some(_) => late.push(pod.as_str()),
                    None => unknown = true,
                }
            }
            if late.is_empty() && !unknown {
                let has_pods = pods.is_some_and(|pods| !pods.is_empty());
                return Ok(if has_pods { Served::Reported } else { Served::NoPods });
            }
            if Instant::now() < end {
                sleep(POLL_INTERVAL.min(end - Instant::now())).await;
                continue;
            }
            let seconds = timeout.as_secs();
            if !late.is_empty() {
                let pods = late.join(", ");
                return Err(Error::failure(format!(
                    "after {seconds} s, pods still serve the old certificate: {pods}. Both CAs \
                     stay trusted, so nothing fails"
                ))
                .hint(
                    "see the pods' logs, restart pods that mount the Secret with a subPath, and\n\
                     run oppscale certs renew again: it continues from here",
                )
                .into());
            }
            if timeout >= MAX_DELAY {
                return Ok(Served::Elapsed);
            }
            return Err(Error::failure(format!(
                "pods cannot be queried for their certificate, and they may take {} s to serve the \
                 new one, longer than {seconds} s. Both CAs stay trusted, so nothing fails",
                MAX_DELAY.as_secs()
            ))
            .hint(
                "run oppscale certs renew again with the permission to get pods/proxy, or with a\n\
                 --timeout of 3m or more: it continues from here",
            )
            .into());
        }
    }

    /// Step 4: trusts `new` alone. Returns the number of caBundles that changed.
    ///
    /// # Errors
    /// When a caBundle cannot be written.
    pub async fn narrow(&self, new: &CaBundle) -> anyhow::Result<usize> {
        let mut changed = 0;
        for service in self.services().await? {
            if service.trusted().as_ref() != Some(new) {
                self.trust(&service, new).await?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// The APIServices of the server whose caBundle cert-manager does not write.
    async fn services(&self) -> Result<Vec<ApiService>, ClusterError> {
        let mut services = api_services::of(self.cluster, self.spec).await?;
        services.retain(|service| !service.is_injected());
        Ok(services)
    }

    async fn trust(&self, service: &ApiService, bundle: &CaBundle) -> anyhow::Result<()> {
        if let Some(release) = service.release().filter(|_| !self.force) {
            return Err(Error::owned(format!(
                "APIService {} is of {release}, and the certificates are its values",
                service.name()
            ))
            .hint(HELM_RENEWAL_HINT)
            .into());
        }
        let how = Apply { dry_run: false, force: self.force };
        Ok(service.trust(self.cluster, bundle, how).await?)
    }

    /// Names of the running pods behind the Service; `None` if they may not be listed.
    async fn pods(&self) -> Result<Option<Vec<String>>, ClusterError> {
        let selector = format!("app.kubernetes.io/instance={}", self.spec.service);
        let namespace = Some(self.spec.namespace.as_str());
        let pods: Vec<Pod> = match self.cluster.list(&kinds::POD, namespace, &selector).await {
            Err(ClusterError::Forbidden { .. }) => return Ok(None),
            pods => pods?,
        };
        let is_running = |pod: &Pod| {
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            phase == Some("Running") && pod.metadata.deletion_timestamp.is_none()
        };
        let running = pods.into_iter().filter(is_running);
        Ok(Some(running.filter_map(|pod| pod.metadata.name).collect()))
    }

    /// Expiry of the certificate that a pod serves, by its metrics, in seconds since 1970; `None`
    /// if it cannot be queried.
    async fn expiry(&self, pod: &str) -> Result<Option<i64>, ClusterError> {
        let namespace = &self.spec.namespace;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:8080/proxy/metrics");
        let operation = Operation::new("read a pod's metrics", "--verb=get --resource=pods/proxy");
        let response =
            self.cluster.send(&operation, &ApiRequest::get(path).accept("text/plain")).await?;
        let text = String::from_utf8_lossy(&response.body);
        let value = text.lines().find_map(|line| {
            let number: f64 = line.strip_prefix(METRIC)?.rsplit(' ').next()?.parse().ok()?;
            // Seconds since 1970 fit a double's 53 bits.
            Some(number as i64)
        });
        Ok(value.filter(|_| response.status.is_success()))
    }
}
