//! A client certificate with its key.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// A client certificate with its key, which TLS can use.
#[derive(PartialEq, Eq)]
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        let (chain, key) = self.parts();
        Self { chain, key }
    }
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
    pub(crate) fn new(certificate: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain = certificates(certificate);
        if chain.is_empty() {
            return Err(IdentityError::Certificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::Key)?;
        let provider = rustls::crypto::ring::default_provider();
        match CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider) {
            Ok(_) => Ok(Self { chain, key }),
            Err(rustls::Error::InconsistentKeys(_)) => Err(IdentityError::Pair),
            Err(rustls::Error::InvalidCertificate(_)) => Err(IdentityError::Certificate),
            Err(_) => Err(IdentityError::Key),
        }
    }

    /// The certificate with those that vouch for it, and its key.
    pub(crate) fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), self.key.clone_key())
    }
}

/// The certificates of a text in PEM. What is none is left out, as Go does.
pub(crate) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}
