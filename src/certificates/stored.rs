//! Certificates and keys as a folder or a TLS Secret stores them: the same names in both.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use super::certificate::{CaBundle, Certificate, parse_pem};
use super::issue::{CA_NAME, IssuedCertificate};
use super::key::{KeyError, PrivateKey};
use super::problem::CertificateProblem;
use super::verify::{Verification, verify};

/// File of the serving certificate, followed by its CA.
pub const CERT: &str = "tls.crt";
/// File of its private key.
pub const KEY: &str = "tls.key";
/// File of the CA's certificate.
pub const CA_CERT: &str = "ca.crt";
/// File of the CA's private key, if it is kept.
pub const CA_KEY: &str = "ca.key";
/// File of a signing request for an external CA.
pub const REQUEST: &str = "tls.csr";

/// A private key or a token, which `Debug` never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(String);

impl SecretString {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(..)")
    }
}

/// Contents of a folder or a Secret.
#[derive(Debug, Clone, Default)]
pub struct StoredCertificate {
    /// Contents of `tls.crt`.
    pub chain: Option<String>,
    /// Contents of `tls.key`.
    pub key: Option<SecretString>,
    /// Contents of `ca.crt`.
    pub ca: Option<String>,
}

impl StoredCertificate {
    /// Whether all of them are missing.
    pub fn is_empty(&self) -> bool {
        self.chain.is_none() && self.key.is_none() && self.ca.is_none()
    }

    /// Verifies the certificate and its key for the name `expected`; `None` without a certificate.
    pub fn verify(&self, expected: &str, now: i64) -> Option<Verification> {
        use CertificateProblem as P;
        let chain = self.chain.as_deref()?;
        let mut verification = verify(chain, self.ca.as_deref(), expected, now);
        let problem = match self.key.as_ref().map(PrivateKey::parse) {
            None => Some(P::NoKey),
            Some(Err(error)) => Some(P::InvalidKey(error)),
            Some(Ok(key)) => {
                if key.pair.is_none() {
                    verification.warnings.push(P::UnservableKey(key.to_string()));
                }
                let leaf = verification.leaf.as_ref();
                let differs =
                    leaf.zip(key.public_key).is_some_and(|(leaf, key)| leaf.public_key != key);
                differs.then_some(P::OtherKey)
            }
        };
        verification.problems.extend(problem);
        Some(verification)
    }

    /// Whether there is a certificate with its key that the aggregator accepts.
    pub fn is_accepted(&self, expected: &str, now: i64) -> bool {
        self.verify(expected, now).is_some_and(|verification| verification.problems.is_empty())
    }

    /// The remaining lifetime, in percent, if the aggregator accepts the certificate and it is not
    /// due for renewal.
    pub fn good_for(&self, expected: &str, now: i64) -> Option<i64> {
        let validity = self.verify(expected, now)?.validity?;
        let is_good = self.is_accepted(expected, now) && !validity.needs_renewal();
        is_good.then_some(validity.percent_left)
    }

    /// The CAs that it stores; none if they cannot be parsed.
    pub fn authorities(&self) -> CaBundle {
        self.ca.as_deref().and_then(|ca| CaBundle::parse(ca).ok()).unwrap_or_default()
    }

    /// The stored certificate, without the CA's key, if it is complete.
    pub fn issued(&self) -> Option<IssuedCertificate> {
        Some(IssuedCertificate {
            ca: self.ca.clone()?,
            chain: self.chain.clone()?,
            key: self.key.clone()?,
            ca_key: SecretString::new(""),
        })
    }

    /// The first file whose contents are not what its name promises.
    pub fn invalid_file(&self) -> Option<&'static str> {
        let is_no_pem =
            |pem: &Option<String>| pem.as_deref().is_some_and(|pem| parse_pem(pem).is_err());
        let is_no_key = |key: &SecretString| {
            matches!(PrivateKey::parse(key), Err(KeyError::Empty | KeyError::NotPem))
        };
        match () {
            () if is_no_pem(&self.chain) => Some(CERT),
            () if is_no_pem(&self.ca) => Some(CA_CERT),
            () if self.key.as_ref().is_some_and(is_no_key) => Some(KEY),
            () => None,
        }
    }

    /// The subject of a CA that oppscale did not issue, among the certificate's issuer and the
    /// stored CAs. Unparsable certificates are ignored.
    pub fn external_ca(&self) -> Option<String> {
        let facts = |pem: &Option<String>| {
            let ders = pem.as_deref().and_then(|pem| parse_pem(pem).ok()).unwrap_or_default();
            ders.iter().filter_map(|der| Certificate::parse(der).ok()).collect::<Vec<_>>()
        };
        let issuer = facts(&self.chain).into_iter().next().map(|leaf| leaf.issuer);
        let trusted = facts(&self.ca).into_iter().map(|ca| ca.subject);
        let own = format!("CN={CA_NAME}");
        issuer.into_iter().chain(trusted).find(|name| !name.starts_with(&own))
    }
}

/// Reads the files of a folder; missing files are `None`.
///
/// # Errors
/// When a file exists and cannot be read.
pub fn read_folder(folder: &Path) -> io::Result<StoredCertificate> {
    let read = |name: &str| match fs::read(folder.join(name)) {
        // What is not text is not PEM, and is called that.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok(StoredCertificate {
        chain: read(CERT)?,
        key: read(KEY)?.map(SecretString::new),
        ca: read(CA_CERT)?,
    })
}
