//! Authentication of the front proxy, kube-apiserver's aggregation layer, by the ConfigMap
//! `kube-system/extension-apiserver-authentication`.
//!
//! The rules of `k8s.io/apiserver/pkg/authentication/request/headerrequest` (1.36): the
//! chain of the client certificate leads to the requestheader CA, it may be used for
//! clients (or for anything), its common name (the last one, if there are several) is one of the
//! allowed (an empty list allows all), and a header names the user.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use rustls::RootCertStore;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage,
    RequiredEkuNotFoundContext,
};

/// Name of the ConfigMap.
pub const CONFIG_MAP: &str = "extension-apiserver-authentication";
/// Namespace of the ConfigMap.
pub const NAMESPACE: &str = "kube-system";

/// A front proxy, as the ConfigMap describes it.
#[derive(Debug)]
pub struct FrontProxy {
    authorities: RootCertStore,
    algorithms: WebPkiSupportedAlgorithms,
    /// Allowed common names; empty allows every name.
    allowed_names: Vec<String>,
    username_headers: Vec<String>,
    group_headers: Vec<String>,
}

/// The requesting user, as the front proxy asserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// User.
    pub user: String,
    /// Groups.
    pub groups: Vec<String>,
}

/// Why a request is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The client sent no certificate.
    #[error("no client certificate")]
    NoCertificate,
    /// The chain does not lead to the CA, has expired, or is for something else.
    #[error("the client certificate is not valid: {0}")]
    Chain(String),
    /// The certificate has another common name.
    #[error("the client certificate is for {0:?}, which is not an allowed name")]
    Name(String),
    /// No header names a user.
    #[error("the front proxy's headers name no user")]
    NoUser,
    /// There is no valid ConfigMap to check against.
    #[error("ConfigMap {NAMESPACE}/{CONFIG_MAP} is not known")]
    NotConfigured,
}

/// Why the ConfigMap cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfigMap {
    /// It is not a ConfigMap.
    #[error("it is not a valid ConfigMap: {0}")]
    Json(#[from] serde_json::Error),
    /// A key is missing or empty.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A key is not a list of names.
    #[error("{0} is not a JSON list of strings: {1}")]
    List(&'static str, serde_json::Error),
    /// It holds no usable certificate.
    #[error("requestheader-client-ca-file holds no valid certificate: {0}")]
    Authority(String),
}

#[derive(Deserialize)]
struct ConfigMap {
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default, rename = "requestheader-client-ca-file")]
    ca: String,
    #[serde(default, rename = "requestheader-allowed-names")]
    allowed_names: String,
    #[serde(default, rename = "requestheader-username-headers")]
    username_headers: String,
    #[serde(default, rename = "requestheader-group-headers")]
    group_headers: String,
}

impl FrontProxy {
    /// Decodes the ConfigMap.
    ///
    /// # Errors
    /// If a key is missing or invalid.
    pub fn of(json: &str) -> Result<Self, BadConfigMap> {
        let data = serde_json::from_str::<ConfigMap>(json)?.data.unwrap_or_default();
        if data.ca.is_empty() {
            return Err(BadConfigMap::Missing("requestheader-client-ca-file"));
        }
        let username_headers = list("requestheader-username-headers", &data.username_headers)?;
        if username_headers.is_empty() {
            return Err(BadConfigMap::Missing("requestheader-username-headers"));
        }
        let mut roots = RootCertStore::empty();
        let mut unusable = None;
        // During a rotation the bundle holds the old CA and the new one; an invalid one must not
        // exclude the others.
        for certificate in CertificateDer::pem_slice_iter(data.ca.as_bytes()) {
            let added = certificate
                .map_err(|error| error.to_string())
                .and_then(|certificate| roots.add(certificate).map_err(|e| e.to_string()));
            if let Err(error) = added {
                tracing::warn!(%error, "ignored an invalid certificate of requestheader-client-ca-file");
                unusable = Some(error);
            }
        }
        if roots.is_empty() {
            let problem = unusable.unwrap_or_else(|| "there is none in it".to_owned());
            return Err(BadConfigMap::Authority(problem));
        }
        Ok(Self {
            authorities: roots,
            algorithms: rustls::crypto::ring::default_provider().signature_verification_algorithms,
            allowed_names: list("requestheader-allowed-names", &data.allowed_names)?,
            username_headers,
            group_headers: list("requestheader-group-headers", &data.group_headers)?,
        })
    }

    /// Verifies a chain, the client's own certificate first.
    ///
    /// # Errors
    /// If it is not the front proxy's.
    pub fn check(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), AuthError> {
        let (leaf, intermediates) = chain.split_first().ok_or(AuthError::NoCertificate)?;
        let (algorithms, roots) = (self.algorithms.all, &self.authorities.roots);
        EndEntityCert::try_from(leaf)
            .and_then(|client| {
                client
                    .verify_for_usage(
                        algorithms,
                        roots,
                        intermediates,
                        now,
                        ClientUsage,
                        None,
                        None,
                    )
                    .map(drop)
            })
            .map_err(|error| AuthError::Chain(error.to_string()))?;
        if self.allowed_names.is_empty() {
            return Ok(());
        }
        let name = common_name(leaf).unwrap_or_default();
        if self.allowed_names.contains(&name) { Ok(()) } else { Err(AuthError::Name(name)) }
    }

    /// The user that the headers of a request name, whose chain has been verified.
    ///
    /// # Errors
    /// If no header names a user.
    pub fn identity(&self, headers: &HeaderMap) -> Result<Identity, AuthError> {
        let values = |names: &[String]| -> Vec<String> {
            let of = |name: &String| headers.get_all(name.as_str()).into_iter();
            let text = |value: &hyper::header::HeaderValue| {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            names.iter().flat_map(of).map(text).filter(|value| !value.is_empty()).collect()
        };
        let user = values(&self.username_headers).into_iter().next().ok_or(AuthError::NoUser)?;
        Ok(Identity { user, groups: values(&self.group_headers) })
    }
}

/// Decodes a list of the ConfigMap, a JSON list of strings; absent is empty.
fn list(key: &'static str, text: &str) -> Result<Vec<String>, BadConfigMap> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    // Go writes a nil list as `null`.
    serde_json::from_str::<Option<Vec<String>>>(text)
        .map(Option::unwrap_or_default)
        .map_err(|error| BadConfigMap::List(key, error))
}

fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    // Go keeps the last one.
    let names = certificate.subject().iter_common_name();
    names.filter_map(|name| name.as_str().ok()).last().map(str::to_owned)
}

/// Accepts certificates for clients, for anything (anyExtendedKeyUsage), and without a use, as Go's
/// `crypto/x509` does for the leaf and each certificate above it.
struct ClientUsage;

impl ExtendedKeyUsageValidator for ClientUsage {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        /// 1.3.6.1.5.5.7.3.2
        const CLIENT_AUTH: KeyPurposeId<'_> = KeyPurposeId::new(&[43, 6, 1, 5, 5, 7, 3, 2]);
        /// 2.5.29.37.0
        const ANY: KeyPurposeId<'_> = KeyPurposeId::new(&[85, 29, 37, 0]);
        let mut present = Vec::new();
        for usage in usages {
            let usage = usage?;
            if usage == CLIENT_AUTH || usage == ANY {
                return Ok(());
            }
            present.push(usage.to_decoded_oid());
        }
        match present.is_empty() {
            true => Ok(()),
            false => {
                let required = KeyUsage::client_auth();
                let context = RequiredEkuNotFoundContext { required, present };
                Err(webpki::Error::RequiredEkuNotFoundContext(context))
            }
        }
    }
}

/// Interval between two verifications of a connection's chain: a certificate may expire on a
/// connection that lives for days.
const VERIFY_INTERVAL: Duration = Duration::from_secs(60);

/// The front proxy that is trusted now, replaced while requests go on. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct TrustStore(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    /// Number of changes, by which connections notice them.
    number: u64,
    front_proxy: Option<Arc<FrontProxy>>,
    /// JSON that it was decoded from; every list repeats it.
    source: String,
    /// Why there is none, as it was last logged.
    missing: Option<&'static str>,
}

/// The chain of a client, and the outcome of its last verification.
#[derive(Debug, Default)]
pub struct Peer {
    chain: Vec<CertificateDer<'static>>,
    checked: Mutex<Option<Checked>>,
}

#[derive(Debug, Clone)]
struct Checked {
    number: u64,
    at: Instant,
    outcome: Result<(), AuthError>,
}

impl TrustStore {
    /// Trusts the front proxy that the ConfigMap describes. If the ConfigMap is invalid, no client
    /// is trusted: the one before is no longer the cluster's.
    pub fn set(&self, json: &str) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.source == json {
            return;
        }
        state.number += 1;
        state.missing = None;
        json.clone_into(&mut state.source);
        state.front_proxy = match FrontProxy::of(json) {
            Ok(front_proxy) => {
                tracing::info!("trusting the front proxy of ConfigMap {NAMESPACE}/{CONFIG_MAP}");
                Some(Arc::new(front_proxy))
            }
            Err(error) => {
                tracing::error!(
                    %error,
                    "ConfigMap {NAMESPACE}/{CONFIG_MAP} is invalid: every request is rejected"
                );
                None
            }
        };
    }

    /// Trusts no client any more; `is_missing` completes the sentence "the ConfigMap …".
    pub fn drop_all(&self, is_missing: &'static str) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // A missing permission is reported with every attempt.
        if state.missing != Some(is_missing) {
            tracing::error!(
                "ConfigMap {NAMESPACE}/{CONFIG_MAP} {is_missing}: every request is rejected"
            );
        }
        let (number, missing) = (state.number + 1, Some(is_missing));
        *state = State { number, missing, ..State::default() };
    }

    /// Whether a front proxy is trusted.
    pub fn is_known(&self) -> bool {
        self.current().1.is_some()
    }

    /// The user of a request over a connection of `peer` with these headers.
    ///
    /// # Errors
    /// If the client is not the front proxy.
    pub fn identify(&self, peer: &Peer, headers: &HeaderMap) -> Result<Identity, AuthError> {
        let (number, front_proxy) = self.current();
        let front_proxy = front_proxy.ok_or(AuthError::NotConfigured)?;
        peer.check(number, &front_proxy)?;
        front_proxy.identity(headers)
    }

    fn current(&self) -> (u64, Option<Arc<FrontProxy>>) {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (state.number, state.front_proxy.clone())
    }
}

impl Peer {
    /// A client that sent this chain in its handshake.
    pub fn new(chain: Vec<CertificateDer<'static>>) -> Self {
        Self { chain, checked: Mutex::default() }
    }

    /// Verifies the chain, or returns the outcome of a moment ago.
    fn check(&self, number: u64, front_proxy: &FrontProxy) -> Result<(), AuthError> {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*checked {
            Some(known) if known.number == number && known.at.elapsed() < VERIFY_INTERVAL => {
                known.outcome.clone()
            }
            _ => {
                let outcome = front_proxy.check(&self.chain, UnixTime::now());
                let at = Instant::now();
                *checked = Some(Checked { number, at, outcome: outcome.clone() });
                outcome
            }
        }
    }
}
