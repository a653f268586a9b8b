//! TLS to a server, as kubectl does it.

use std::sync::Arc;

use hyper_rustls::{
    ConfigBuilderExt as _, FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::identity::{Identity, certificates};

/// TLS to one server.
pub(super) struct Tls {
    config: ClientConfig,
    server_name: Option<ServerName<'static>>,
}

/// Who vouches for a server.
pub(super) enum Trust<'a> {
    /// The authorities in a text in PEM.
    Authorities(&'a [u8]),
    /// The authorities of the system.
    System,
    /// Nobody: any certificate is taken.
    Unverified,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// A certificate of an authority cannot be used.
    #[error("a certificate authority cannot be used: {0}")]
    Authority(#[source] rustls::Error),
    /// The system has no authorities.
    #[error("the system's certificate authorities cannot be used: {0}")]
    System(#[source] rustls::Error),
    /// The client certificate or its key cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Identity(#[source] rustls::Error),
    /// The name that the server should have cannot be one.
    #[error("the TLS server name {0:?} is neither a DNS name nor an IP address")]
    ServerName(String),
}

impl Tls {
    /// TLS to a server that has a certificate for `server_name`, or else for the host of its URL,
    /// with a client certificate if it is to have one.
    pub(super) fn new(
        trust: &Trust<'_>,
        server_name: Option<&str>,
        identity: Option<&Identity>,
    ) -> Result<Self, TlsError> {
        let builder = ClientConfig::builder();
        let builder = match trust {
            Trust::Authorities(pem) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(pem) {
                    roots.add(certificate).map_err(TlsError::Authority)?;
                }
                builder.with_root_certificates(roots)
            }
            Trust::System => builder.try_with_platform_verifier().map_err(TlsError::System)?,
            Trust::Unverified => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TakesAny))
            }
        };
        let config = match identity.map(Identity::parts) {
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain, key).map_err(TlsError::Identity)?
            }
            None => builder.with_no_client_auth(),
        };
        let server_name = server_name.map(|name| {
            let name = name.to_owned();
            ServerName::try_from(name.clone()).map_err(|_| TlsError::ServerName(name))
        });
        Ok(Self { config, server_name: server_name.transpose()? })
    }

    /// `connector` with TLS where a URL is of HTTPS.
    pub(super) fn over<C>(&self, connector: C) -> HttpsConnector<C> {
        let mut builder =
            HttpsConnectorBuilder::new().with_tls_config(self.config.clone()).https_or_http();
        if let Some(name) = &self.server_name {
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone()));
        }
        builder.enable_http1().wrap_connector(connector)
    }
}

/// Takes any certificate, as `insecure-skip-tls-verify` says.
#[derive(Debug)]
struct TakesAny;

impl ServerCertVerifier for TakesAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
