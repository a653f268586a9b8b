//! The serving certificate: from files that may be replaced at any time, or self-signed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use time::OffsetDateTime;

use oppscale_cluster::read_file;

/// Interval between readings of the files. A mounted Secret changes by a swapped link, which
/// watching the files themselves would miss.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Validity of a self-signed certificate, and time before its expiry at which it is renewed.
const SELF_SIGNED_LIFE: time::Duration = time::Duration::days(365);
const RENEW_BEFORE: time::Duration = time::Duration::days(30);
/// Start of a new certificate's validity before now, because clocks differ.
const BACKDATED: time::Duration = time::Duration::hours(1);

/// Source of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// PEM files.
    Files {
        /// Certificate, and intermediates up to its CA.
        certificate: PathBuf,
        /// Private key of the certificate.
        key: PathBuf,
    },
    /// Generated at the start for these names, and kept in memory.
    SelfSigned(Vec<String>),
}

/// Whether a port asks clients for certificates. Browsers would ask for one to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// Client certificates are requested, and verified with each HTTP request.
    Optional,
    /// Client certificates are not requested.
    Unused,
}

/// Why there is no serving certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        error: std::io::Error,
    },
    /// A file has other content.
    #[error("{} has no valid {what}: {problem}", path.display())]
    Garbage {
        /// Path of the file.
        path: PathBuf,
        /// Expected content.
        what: &'static str,
        /// Problem with the content.
        problem: String,
    },
    /// Certificate and key do not match, or are of an unsupported type.
    #[error("the serving certificate cannot be used: {0}")]
    Unusable(String),
}

/// The serving certificate, replaced while the server runs. Clones share it.
#[derive(Debug, Clone)]
pub struct ServingCertificate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: CertificateSource,
    current: RwLock<Current>,
    logged: Mutex<Logged>,
}

/// Last problems logged: the files are read every other second, and a problem may last for days.
#[derive(Debug, Default)]
struct Logged {
    /// Why the certificate could not be replaced.
    failure: Option<String>,
    expiry: Expiry,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Expiry {
    #[default]
    Far,
    Near,
    Past,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    /// The texts that it was decoded from, to notice a change.
    texts: Texts,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// PEM of certificate and key.
type Texts = (Vec<u8>, Vec<u8>);

impl ServingCertificate {
    /// Reads or generates the certificate.
    ///
    /// # Errors
    /// If it cannot be read or used.
    pub async fn new(source: CertificateSource) -> Result<Self, CertificateError> {
        let current = Current::of(&source, texts(&source).await?)?;
        let current = RwLock::new(current);
        let certificate = Self(Arc::new(Inner { source, current, logged: Mutex::default() }));
        certificate.warn_of_expiry();
        Ok(certificate)
    }

    /// Expiry.
    pub fn expires(&self) -> OffsetDateTime {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).not_after
    }

    /// Follows changes of the files, for ever.
    pub(super) async fn follow_files(self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            self.refresh().await;
        }
    }

    /// Replaces the certificate if its files have changed, or renews a self-signed one. Until the
    /// new certificate and key match and are valid, the old pair stays in use.
    async fn refresh(&self) {
        if self.is_file() || self.expires() - RENEW_BEFORE <= OffsetDateTime::now_utc() {
            let texts = texts(&self.0.source).await;
            self.replace(texts);
        }
        self.warn_of_expiry();
    }

    fn is_file(&self) -> bool {
        matches!(self.0.source, CertificateSource::Files { .. })
    }

    fn replace(&self, texts: Result<Texts, CertificateError>) {
        let inner = &self.0;
        let mut logged = inner.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let mut current = inner.current.write().unwrap_or_else(PoisonError::into_inner);
        if texts.as_ref().is_ok_and(|texts| *texts == current.texts) {
            logged.failure = None;
            return;
        }
        let new = texts.and_then(|texts| Current::of(&inner.source, texts)).and_then(|new| {
            let now = OffsetDateTime::now_utc();
            match new.is_valid(now) || !current.is_valid(now) {
                true => Ok(new),
                false => Err(CertificateError::Unusable(new.validity())),
            }
        });
        match new {
            Ok(new) => {
                tracing::info!(expires = %new.not_after, "serving certificate replaced");
                *current = new;
                *logged = Logged::default();
            }
            Err(error) => {
                let failure = Some(error.to_string());
                if logged.failure != failure {
                    tracing::warn!(
                        %error,
                        "serving certificate not replaced; the old one stays in use"
                    );
                    logged.failure = failure;
                }
            }
        }
    }

    /// TLS configuration that always uses the current certificate. Client certificates are
    /// optional and verified with each request.
    ///
    /// # Errors
    /// If the crypto provider supports no protocol version.
    pub fn tls(&self, clients: ClientCertificates) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = match clients {
            ClientCertificates::Optional => {
                config.with_client_cert_verifier(Arc::new(OptionalClientCert::new(&provider)))
            }
            ClientCertificates::Unused => config.with_no_client_auth(),
        };
        let mut config = config.with_cert_resolver(Arc::new(self.clone()));
        // Resumption would save a handshake in hours, and cost memory for each client.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn warn_of_expiry(&self) {
        let expires = self.expires();
        let left = expires - OffsetDateTime::now_utc();
        let expiry = match &self.0.source {
            _ if left.is_negative() => Expiry::Past,
            CertificateSource::Files { .. } if left < RENEW_BEFORE => Expiry::Near,
            _ => Expiry::Far,
        };
        let mut logged = self.0.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut logged.expiry, expiry) == expiry {
            return;
        }
        match expiry {
            Expiry::Past => tracing::error!(%expires, "the serving certificate has expired"),
            Expiry::Near => tracing::warn!(%expires, "the serving certificate expires soon"),
            Expiry::Far => {}
        }
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.key))
    }
}

/// Requests a client certificate, and accepts any or none.
///
/// Trust changes while connections are open, and a certificate rejected in the handshake shows
/// up as "unknown certificate authority" in the other end's log, where nobody looks. So only the
/// possession of the key is verified here, as Go's servers do; the chain is verified with each
/// request. The kubelet's probes have no certificate at all.
#[derive(Debug)]
pub(super) struct OptionalClientCert(WebPkiSupportedAlgorithms);

impl OptionalClientCert {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ClientCertVerifier for OptionalClientCert {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

impl Current {
    fn of(source: &CertificateSource, texts: Texts) -> Result<Self, CertificateError> {
        let garbage = |what, problem: String| match source {
            CertificateSource::SelfSigned(_) => CertificateError::Unusable(problem),
            CertificateSource::Files { certificate, key } => {
                let path = if what == "certificate" { certificate } else { key };
                CertificateError::Garbage { path: path.clone(), what, problem }
            }
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&texts.0)
            .collect::<Result<_, _>>()
            .map_err(|error| garbage("certificate", error.to_string()))?;
        let leaf =
            chain.first().ok_or_else(|| garbage("certificate", "there is none in it".into()))?;
        let (not_before, not_after) =
            validity(leaf).map_err(|error| garbage("certificate", error))?;
        let key = PrivateKeyDer::from_pem_slice(&texts.1)
            .map_err(|error| garbage("private key", error.to_string()))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider)
            .map_err(|error| CertificateError::Unusable(error.to_string()))?;
        Ok(Self { key: Arc::new(key), texts, not_before, not_after })
    }

    fn is_valid(&self, now: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    fn validity(&self) -> String {
        format!("it is valid only from {} to {}", self.not_before, self.not_after)
    }
}

/// PEM of certificate and key.
async fn texts(source: &CertificateSource) -> Result<Texts, CertificateError> {
    let read = async |path: &PathBuf| {
        read_file(path)
            .await
            .map_err(|error| CertificateError::Unreadable { path: path.clone(), error })
    };
    match source {
        CertificateSource::Files { certificate, key } => {
            Ok((read(certificate).await?, read(key).await?))
        }
        CertificateSource::SelfSigned(names) => self_signed(names)
            .map_err(|error| CertificateError::Unusable(format!("cannot generate one: {error}"))),
    }
}

fn self_signed(names: &[String]) -> Result<(Vec<u8>, Vec<u8>), rcgen::Error> {
    let mut params = rcgen::CertificateParams::new(names.to_vec())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "oppscale (self-signed)");
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let now = OffsetDateTime::now_utc();
    params.not_before = now - BACKDATED;
    params.not_after = now + SELF_SIGNED_LIFE;
    let key = rcgen::KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem().into_bytes(), key.serialize_pem().into_bytes()))
}

/// Begin and end of a certificate's validity.
fn validity(certificate: &CertificateDer<'_>) -> Result<(OffsetDateTime, OffsetDateTime), String> {
    let (_, certificate) =
        x509_parser::parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
    let validity = certificate.validity();
    Ok((validity.not_before.to_datetime(), validity.not_after.to_datetime()))
}
