//! CAs, and the certificates that they sign.
//!
//! ECDSA P-256 for both: every aggregator takes it, and OpenSSL 3.0 reads its key, which it
//! does not for the PKCS#8 v2 of Ed25519.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use thiserror::Error;
use time::OffsetDateTime;

use super::certificate::{Certificate, CertificateError, parse_pem};
use super::key::{KeyError, PrivateKey};
use super::spec::{CertificateSpec, SpecError};
use super::stored::SecretString;
use super::verify::verify;

/// Prefix of a CA's common name. The rest is its time of issue: two CAs with the same name make
/// chains ambiguous.
pub(super) const CA_NAME: &str = "oppscale-ca@";

/// Why a certificate cannot be issued.
#[derive(Debug, Error)]
pub enum IssueError {
    /// The specification is invalid.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// An external CA cannot be used.
    #[error("the CA cannot sign: {0}")]
    Ca(String),
    /// The private key of an external CA cannot be used.
    #[error("the CA cannot sign: its private key {0}")]
    CaKey(#[from] KeyError),
    /// The library fails.
    #[error("cannot issue a certificate: {0}")]
    Library(#[from] rcgen::Error),
    /// A certificate cannot be parsed.
    #[error(transparent)]
    Malformed(#[from] CertificateError),
}

/// A CA with its private key.
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    key: SecretString,
    not_after: i64,
}

/// A serving certificate with its key and its CA.
#[derive(Debug, Clone)]
pub struct IssuedCertificate {
    /// Certificate of the CA, in PEM.
    pub ca: String,
    /// The serving certificate, followed by its CA, in PEM.
    pub chain: String,
    /// Its private key, in PKCS#8 PEM.
    pub key: SecretString,
    /// Private key of the CA; empty if it is unknown.
    pub ca_key: SecretString,
}

impl CertificateAuthority {
    /// Generates a CA that may sign for the names of `spec` only.
    ///
    /// # Errors
    /// When the specification is invalid.
    pub fn generate(spec: &CertificateSpec, now: i64) -> Result<Self, IssueError> {
        spec.validate()?;
        let (not_before, not_after) = spec.ca_validity(now);
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = distinguished_name(&format!("{CA_NAME}{now}"));
        params.not_before = at(not_before)?;
        params.not_after = at(not_after)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: spec.dns_names().into_iter().map(GeneralSubtree::DnsName).collect(),
            excluded_subtrees: Vec::new(),
        });
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let pem = params.self_signed(&key)?.pem();
        let secret = SecretString::new(key.serialize_pem());
        Ok(Self { issuer: Issuer::new(params, key), pem, key: secret, not_after })
    }

    /// Parses an external CA.
    ///
    /// # Errors
    /// When it cannot be parsed, or cannot sign.
    pub fn from_pem(pem: &str, key: &SecretString) -> Result<Self, IssueError> {
        let ders = parse_pem(pem)?;
        let [der] = &ders[..] else {
            let problem = format!("its file contains {} certificates, not one", ders.len());
            return Err(IssueError::Ca(problem));
        };
        let facts = Certificate::parse(der)?;
        if !facts.can_sign() {
            return Err(IssueError::Ca(format!(
                "{} is not a CA: it lacks CA:TRUE or the key usage keyCertSign",
                facts.subject
            )));
        }
        let key_file = PrivateKey::parse(key)?;
        let kind = key_file.to_string();
        let PrivateKey { public_key, pair, .. } = key_file;
        if public_key.is_some_and(|public_key| public_key != facts.public_key) {
            return Err(IssueError::Ca("its key does not belong to the certificate".to_owned()));
        }
        let key_pair = pair.ok_or_else(|| {
            IssueError::Ca(format!(
                "oppscale does not sign with a key of {kind}, only with ECDSA P-256 and P-384, \
                 Ed25519, and RSA of 2048 to 4096 bits"
            ))
        })?;
        let issuer = Issuer::from_ca_cert_der(&der.clone().into(), key_pair)?;
        Ok(Self { issuer, pem: pem.to_owned(), key: key.clone(), not_after: facts.not_after })
    }

    /// Issues a serving certificate with a new key.
    ///
    /// # Errors
    /// When the specification is invalid, or the aggregator would reject the certificate: an
    /// external CA may have expired, or not be allowed to sign for these names.
    pub fn issue(&self, spec: &CertificateSpec, now: i64) -> Result<IssuedCertificate, IssueError> {
        spec.validate()?;
        let (not_before, not_after) = spec.validity(now);
        if not_after > self.not_after {
            let left = (self.not_after - now).max(0) / 86_400;
            return Err(IssueError::Ca(format!(
                "it expires in {left} days, before the {} days of the certificate",
                spec.days
            )));
        }
        let mut params = serving_params(spec)?;
        params.not_before = at(not_before)?;
        params.not_after = at(not_after)?;
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let leaf = params.signed_by(&key, &self.issuer)?.pem();
        let issued = IssuedCertificate {
            ca: self.pem.clone(),
            chain: format!("{leaf}{}", self.pem),
            key: SecretString::new(key.serialize_pem()),
            ca_key: self.key.clone(),
        };
        let verification = verify(&issued.chain, Some(&issued.ca), &spec.server_name(), now);
        match verification.problems.first() {
            None => Ok(issued),
            Some(problem) => Err(IssueError::Ca(problem.to_string())),
        }
    }
}

/// Issues a serving certificate with a new CA.
///
/// # Errors
/// When the specification is invalid.
pub fn issue(spec: &CertificateSpec, now: i64) -> Result<IssuedCertificate, IssueError> {
    CertificateAuthority::generate(spec, now)?.issue(spec, now)
}

/// A signing request for an external CA, and its private key.
///
/// # Errors
/// When the specification is invalid.
pub fn signing_request(spec: &CertificateSpec) -> Result<(String, SecretString), IssueError> {
    spec.validate()?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let request = serving_params(spec)?.serialize_request(&key)?.pem()?;
    Ok((request, SecretString::new(key.serialize_pem())))
}

/// Parameters of a serving certificate, without its dates.
fn serving_params(spec: &CertificateSpec) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(spec.dns_names().to_vec())?;
    // A common name has at most 64 characters; names are found in the SANs anyway.
    params.distinguished_name = distinguished_name("oppscale");
    params.is_ca = IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn distinguished_name(common_name: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn at(seconds: i64) -> Result<OffsetDateTime, IssueError> {
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_err(|_| IssueError::Spec(SpecError::Lifetime { days: 0 }))
}

/// Whether `key` belongs to the first certificate of `chain`; `None` if one of them cannot be
/// parsed, or the key does not contain its public key.
pub fn key_matches(chain: &str, key: &SecretString) -> Option<bool> {
    let leaf = Certificate::parse(parse_pem(chain).ok()?.first()?).ok()?;
    Some(PrivateKey::parse(key).ok()?.public_key? == leaf.public_key)
}
