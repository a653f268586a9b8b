//! The serving certificate: from files that may be replaced at any time, or self-signed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use super::ask_only::AskOnly;

/// How often the files are looked at. A mounted Secret changes by a swapped link, which
/// watching the files themselves would miss.
pub const LOOK: Duration = Duration::from_secs(2);
/// How long a self-signed certificate lasts, and how long before its end it is made anew.
const SELF_SIGNED_LIFE: time::Duration = time::Duration::days(365);
const RENEW_BEFORE: time::Duration = time::Duration::days(30);
/// Clocks differ: a new certificate has been valid for an hour already.
const BACKDATED: time::Duration = time::Duration::hours(1);

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// PEM files.
    Files {
        /// The certificate, and what leads to its CA.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made at the start, for these names, and kept in memory.
    SelfSigned(Vec<String>),
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what}: {problem}", path.display())]
    Garbage {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Certificate and key do not belong together, or cannot be used.
    #[error("the serving certificate cannot be used: {0}")]
    Unusable(String),
}

/// The certificate that is shown now. Clones are the same.
#[derive(Debug, Clone)]
pub struct ServingCertificate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: CertificateSource,
    current: RwLock<Current>,
    told: Mutex<Told>,
}

/// What the log was told of last: the files are looked at every other second, and a problem
/// may last for days.
#[derive(Debug, Default)]
struct Told {
    /// Why the certificate cannot be replaced.
    failure: Option<String>,
    /// How near the end of the certificate is.
    end: End,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    Far,
    Near,
    Past,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    /// What it was read from, to notice a change.
    texts: (Vec<u8>, Vec<u8>),
    expires: OffsetDateTime,
}

impl ServingCertificate {
    /// Reads or makes the certificate.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn new(source: CertificateSource) -> Result<Self, CertificateError> {
        let current = RwLock::new(Current::load(&source)?);
        let certificate = Self(Arc::new(Inner { source, current, told: Mutex::default() }));
        certificate.warn_of_end();
        Ok(certificate)
    }

    /// When it expires.
    pub fn expires(&self) -> OffsetDateTime {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).expires
    }

    /// Takes in what has changed in the files, or renews what was made here. While the
    /// files make no sense, as between the replacing of one and of the other, what was
    /// there before is shown on.
    pub fn refresh(&self) {
        if self.is_due() {
            self.replace();
        } else {
            self.0.told.lock().unwrap_or_else(PoisonError::into_inner).failure = None;
        }
        self.warn_of_end();
    }

    fn is_due(&self) -> bool {
        let inner = &self.0;
        match &inner.source {
            CertificateSource::SelfSigned(_) => {
                self.expires() - RENEW_BEFORE <= OffsetDateTime::now_utc()
            }
            CertificateSource::Files { .. } => {
                let known = inner.current.read().unwrap_or_else(PoisonError::into_inner);
                !texts(&inner.source).is_ok_and(|texts| texts == known.texts)
            }
        }
    }

    fn replace(&self) {
        let inner = &self.0;
        let loaded = Current::load(&inner.source);
        let mut told = inner.told.lock().unwrap_or_else(PoisonError::into_inner);
        match loaded {
            Ok(current) => {
                *inner.current.write().unwrap_or_else(PoisonError::into_inner) = current;
                *told = Told::default();
                tracing::info!(expires = %self.expires(), "serving certificate replaced");
            }
            Err(error) => {
                let failure = Some(error.to_string());
                if told.failure != failure {
                    tracing::warn!(
                        %error,
                        "serving certificate not replaced; the old one is shown on"
                    );
                    told.failure = failure;
                }
            }
        }
    }

    /// TLS with this certificate, whatever it is at the time. Clients are asked for a
    /// certificate and may have none; theirs is checked with each request.
    ///
    /// # Errors
    /// Never, with the protocol versions that are built in.
    pub fn tls(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(AskOnly::new(&provider)))
            .with_cert_resolver(Arc::new(self.clone()));
        // Resumed sessions would spare a handshake in hours, and cost memory for each client.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn warn_of_end(&self) {
        let expires = self.expires();
        let left = expires - OffsetDateTime::now_utc();
        let end = match &self.0.source {
            _ if left.is_negative() => End::Past,
            CertificateSource::Files { .. } if left < RENEW_BEFORE => End::Near,
            _ => End::Far,
        };
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut told.end, end) == end {
            return;
        }
        match end {
            End::Past => tracing::error!(%expires, "the serving certificate has expired"),
            End::Near => tracing::warn!(%expires, "the serving certificate expires soon"),
            End::Far => {}
        }
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.key))
    }
}

impl Current {
    fn load(source: &CertificateSource) -> Result<Self, CertificateError> {
        let texts = texts(source)?;
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
        let expires = not_after(leaf).map_err(|error| garbage("certificate", error))?;
        let key = PrivateKeyDer::from_pem_slice(&texts.1)
            .map_err(|error| garbage("private key", error.to_string()))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider)
            .map_err(|error| CertificateError::Unusable(error.to_string()))?;
        Ok(Self { key: Arc::new(key), texts, expires })
    }
}

/// The PEM of certificate and key.
fn texts(source: &CertificateSource) -> Result<(Vec<u8>, Vec<u8>), CertificateError> {
    let read = |path: &PathBuf| {
        std::fs::read(path)
            .map_err(|error| CertificateError::Unreadable { path: path.clone(), error })
    };
    match source {
        CertificateSource::Files { certificate, key } => Ok((read(certificate)?, read(key)?)),
        CertificateSource::SelfSigned(names) => self_signed(names)
            .map_err(|error| CertificateError::Unusable(format!("none can be made: {error}"))),
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

fn not_after(certificate: &CertificateDer<'_>) -> Result<OffsetDateTime, String> {
    let (_, certificate) =
        x509_parser::parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
    Ok(certificate.validity().not_after.to_datetime())
}
