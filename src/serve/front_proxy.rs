//! Whom to believe: the front proxy that kube-apiserver is, by the ConfigMap
//! `kube-system/extension-apiserver-authentication`.
//!
//! The rules of `k8s.io/apiserver/pkg/authentication/request/headerrequest` (1.36): the
//! chain of the client certificate leads to the requestheader CA, it may be used for
//! clients, its common name is one of the allowed (an empty list allows all), and a header
//! names the user.

use std::sync::Arc;

use hyper::HeaderMap;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use serde::Deserialize;

/// What the ConfigMap is called.
pub const CONFIG_MAP: &str = "extension-apiserver-authentication";
/// Where it is.
pub const NAMESPACE: &str = "kube-system";

/// A front proxy, as the ConfigMap tells of it.
#[derive(Debug)]
pub struct FrontProxy {
    verifier: Arc<dyn ClientCertVerifier>,
    /// Common names; empty allows every one.
    allowed_names: Vec<String>,
    username_headers: Vec<String>,
    group_headers: Vec<String>,
}

/// Who asks, as the front proxy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// No certificate was shown.
    #[error("no client certificate")]
    NoCertificate,
    /// The chain does not lead to the CA, has expired, or is for something else.
    #[error("the client certificate does not check out: {0}")]
    Chain(String),
    /// The certificate is someone else's.
    #[error("the client certificate is for {0:?}, which is none of the allowed names")]
    Name(String),
    /// No header names a user.
    #[error("the front proxy names no user")]
    NoUser,
    /// There is no ConfigMap to check against.
    #[error("ConfigMap {NAMESPACE}/{CONFIG_MAP} is not known")]
    NotConfigured,
}

/// Why the ConfigMap cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfigMap {
    /// It is no ConfigMap.
    #[error("it is no ConfigMap: {0}")]
    Json(#[from] serde_json::Error),
    /// A key is missing or empty.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A key is no list of names.
    #[error("{0} is no JSON list of strings: {1}")]
    List(&'static str, serde_json::Error),
    /// It holds no usable certificate.
    #[error("requestheader-client-ca-file holds no certificate that can be used: {0}")]
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
    /// Reads the ConfigMap's JSON.
    ///
    /// # Errors
    /// When something in it is missing or cannot be used.
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
        // During a rotation the bundle holds the old CA and the new one; what cannot be read
        // among them must not shut out the others.
        for certificate in CertificateDer::pem_slice_iter(data.ca.as_bytes()) {
            let added = certificate
                .map_err(|error| error.to_string())
                .and_then(|certificate| roots.add(certificate).map_err(|e| e.to_string()));
            if let Err(error) = added {
                tracing::warn!(%error, "a certificate of requestheader-client-ca-file is left out");
                unusable = Some(error);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| BadConfigMap::Authority(unusable.unwrap_or(error.to_string())))?;
        Ok(Self {
            verifier,
            allowed_names: list("requestheader-allowed-names", &data.allowed_names)?,
            username_headers,
            group_headers: list("requestheader-group-headers", &data.group_headers)?,
        })
    }

    /// Checks a chain, the client's own certificate first.
    ///
    /// # Errors
    /// When it is not the front proxy's.
    pub fn check(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Distrust> {
        let (leaf, intermediates) = chain.split_first().ok_or(Distrust::NoCertificate)?;
        self.verifier
            .verify_client_cert(leaf, intermediates, now)
            .map_err(|error| Distrust::Chain(error.to_string()))?;
        if self.allowed_names.is_empty() {
            return Ok(());
        }
        let name = common_name(leaf).unwrap_or_default();
        if self.allowed_names.contains(&name) { Ok(()) } else { Err(Distrust::Name(name)) }
    }

    /// Who asks, by the headers of a request whose chain has been checked.
    ///
    /// # Errors
    /// When no header names a user.
    pub fn identity(&self, headers: &HeaderMap) -> Result<Identity, Distrust> {
        let values = |names: &[String]| -> Vec<String> {
            let of = |name: &String| headers.get_all(name.as_str()).into_iter();
            let text = |value: &hyper::header::HeaderValue| {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            names.iter().flat_map(of).map(text).filter(|value| !value.is_empty()).collect()
        };
        let user = values(&self.username_headers).into_iter().next().ok_or(Distrust::NoUser)?;
        Ok(Identity { user, groups: values(&self.group_headers) })
    }
}

/// A JSON list of strings, as the ConfigMap writes lists; absent is empty.
fn list(key: &'static str, text: &str) -> Result<Vec<String>, BadConfigMap> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    // `null` is what Go makes of a list that is nil.
    serde_json::from_str::<Option<Vec<String>>>(text)
        .map(Option::unwrap_or_default)
        .map_err(|error| BadConfigMap::List(key, error))
}

fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?;
    name.as_str().ok().map(str::to_owned)
}
