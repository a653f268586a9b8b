//! A client certificate with its key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::AuthInfo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde_json::json;

use crate::typed;

/// A client certificate with its key, which TLS can use.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Why a certificate and a key are no identity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// The first is no certificate.
    #[error("the client certificate is not a certificate in PEM")]
    Certificate,
    /// The second is no key.
    #[error("the client key is not an unencrypted private key in PEM")]
    Key,
    /// They do not belong together.
    #[error("the client certificate and key do not belong together")]
    Pair,
}

impl Identity {
    /// A certificate and its key, both in PEM.
    ///
    /// # Errors
    /// When TLS cannot use them.
    pub(crate) fn new(certificate: Vec<u8>, key: Vec<u8>) -> Result<Self, IdentityError> {
        let chain = certificates(&certificate);
        if chain.is_empty() {
            return Err(IdentityError::Certificate);
        }
        let private = PrivateKeyDer::from_pem_slice(&key).map_err(|_| IdentityError::Key)?;
        let provider = rustls::crypto::ring::default_provider();
        match CertifiedKey::from_der(chain, private, &provider) {
            Ok(_) => Ok(Self { certificate, key }),
            Err(rustls::Error::InconsistentKeys(_)) => Err(IdentityError::Pair),
            Err(rustls::Error::InvalidCertificate(_)) => Err(IdentityError::Certificate),
            Err(_) => Err(IdentityError::Key),
        }
    }

    /// The same as the client library takes it.
    pub(crate) fn auth_info(&self) -> Result<AuthInfo, typed::Refusal> {
        typed::read(&json!({
            "client-certificate-data": STANDARD.encode(&self.certificate),
            "client-key-data": STANDARD.encode(&self.key),
        }))
    }
}

/// The certificates of a text in PEM. What is none is left out, as Go does.
pub(crate) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}
