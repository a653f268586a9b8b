//! Parsed certificates, and bundles of CAs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use thiserror::Error;
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::{GeneralName, GeneralSubtree, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};
use x509_parser::signature_algorithm::RsaSsaPssParams;

/// Why a text contains no usable certificate.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CertificateError {
    /// No PEM, or no certificate among it.
    #[error("it contains no PEM certificate (-----BEGIN CERTIFICATE-----)")]
    NoPem,
    /// A certificate that cannot be decoded.
    #[error("certificate {number} cannot be parsed: {problem}")]
    Malformed {
        /// Position in the text, from 1.
        number: usize,
        /// Parser's message.
        problem: String,
    },
}

impl CertificateError {
    /// The error, about the certificate at `number` in the text.
    pub(super) fn at(self, number: usize) -> Self {
        match self {
            Self::Malformed { problem, .. } => Self::Malformed { number, problem },
            other => other,
        }
    }
}

/// The parts of an X.509 certificate that decide whether it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Subject, such as `CN=oppscale`.
    pub subject: String,
    /// Subject of the CA that signed it.
    pub issuer: String,
    /// Start of its validity, in seconds since 1970.
    pub not_before: i64,
    /// End of its validity, in seconds since 1970.
    pub not_after: i64,
    /// DNS names of the subject alternative name, in order.
    pub dns_names: Vec<String>,
    /// IP addresses of the subject alternative name: 4 or 16 bytes.
    pub ip_addresses: Vec<Vec<u8>>,
    /// Whether the subject alternative name has other entries than DNS names.
    pub has_other_names: bool,
    /// Basic constraint CA:TRUE.
    pub is_ca: bool,
    /// Whether it is of version 3, the only one with extensions.
    pub is_v3: bool,
    /// Number of CAs that may follow it in a chain; `None` for any number.
    pub path_length: Option<u32>,
    /// Whether the key usage, if restricted, includes keyCertSign.
    pub key_cert_sign: bool,
    /// Whether the extended key usage includes serverAuth; `None` if it is unrestricted.
    pub server_auth: Option<bool>,
    /// Whether the extended key usage includes clientAuth; `None` if it is unrestricted.
    pub client_auth: Option<bool>,
    /// Name constraints.
    pub constraints: NameConstraints,
    /// Object identifier of a critical extension that verifiers do not know, and reject.
    pub unknown_extension: Option<String>,
    /// Its signature by the issuer's key.
    pub signature: Signature,
    /// Public key bits.
    pub public_key: Vec<u8>,
    /// Curve of an ECDSA key, as an object identifier.
    pub curve: Option<String>,
    /// Subject in DER.
    pub subject_der: Vec<u8>,
    /// Issuer in DER.
    pub issuer_der: Vec<u8>,
    /// SHA-256 fingerprint, in the form of `openssl x509 -fingerprint -sha256`.
    pub fingerprint: String,
}

/// The names that a CA may sign for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// Permitted DNS subtrees; empty for all names.
    pub permitted: Vec<String>,
    /// Excluded DNS subtrees.
    pub excluded: Vec<String>,
    /// Permitted IP subnets, address and mask; empty for all addresses.
    pub permitted_ips: Vec<Vec<u8>>,
    /// Excluded IP subnets, address and mask.
    pub excluded_ips: Vec<Vec<u8>>,
}

/// The signature of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Algorithm, as an object identifier.
    pub algorithm: String,
    /// Hash function of RSASSA-PSS, as an object identifier.
    pub hash: Option<String>,
    /// The bytes that are signed.
    pub signed: Vec<u8>,
    /// The signature itself.
    pub value: Vec<u8>,
}

impl Certificate {
    /// Parses a certificate in DER.
    ///
    /// # Errors
    /// When it is not a certificate.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| {
            CertificateError::Malformed { number: 1, problem: error.to_string() }
        })?;
        let malformed =
            |problem: &str| CertificateError::Malformed { number: 1, problem: problem.to_owned() };
        // RFC 5280, and Go since 1.23.
        if certificate.raw_serial().first().is_some_and(|byte| *byte >= 0x80) {
            return Err(malformed("its serial number is negative"));
        }
        let algorithm = &certificate.signature_algorithm;
        let key = certificate.public_key();
        let mut parsed = Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            dns_names: Vec::new(),
            ip_addresses: Vec::new(),
            has_other_names: false,
            is_ca: certificate.is_ca(),
            is_v3: certificate.version() == X509Version::V3,
            path_length: None,
            key_cert_sign: true,
            server_auth: None,
            client_auth: None,
            constraints: NameConstraints::default(),
            unknown_extension: None,
            signature: Signature {
                algorithm: algorithm.algorithm.to_id_string(),
                hash: algorithm.parameters.as_ref().and_then(pss_hash),
                signed: certificate.tbs_certificate.as_ref().to_vec(),
                value: certificate.signature_value.data.to_vec(),
            },
            public_key: key.subject_public_key.data.to_vec(),
            curve: key
                .algorithm
                .parameters
                .as_ref()
                .filter(|any| any.tag() == Tag::Oid)
                .and_then(|any| any.as_oid().ok())
                .map(|oid| oid.to_id_string()),
            subject_der: certificate.subject().as_raw().to_vec(),
            issuer_der: certificate.issuer().as_raw().to_vec(),
            fingerprint: fingerprint(der),
        };
        for extension in certificate.extensions() {
            let is_known = parsed.add_extension(extension.parsed_extension());
            if extension.critical && !is_known && parsed.unknown_extension.is_none() {
                parsed.unknown_extension = Some(extension.oid.to_id_string());
            }
        }
        Ok(parsed)
    }

    /// Takes in an extension; `false` if verifiers do not know it, or a part of it.
    fn add_extension(&mut self, extension: &ParsedExtension<'_>) -> bool {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                for name in &names.general_names {
                    match name {
                        GeneralName::DNSName(name) => self.dns_names.push((*name).to_owned()),
                        GeneralName::IPAddress(bytes) => self.ip_addresses.push(bytes.to_vec()),
                        _ => {}
                    }
                }
                self.has_other_names |= self.dns_names.len() < names.general_names.len();
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => self.key_cert_sign = usage.key_cert_sign(),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.server_auth = Some(usage.any || usage.server_auth);
                self.client_auth = Some(usage.any || usage.client_auth);
            }
            ParsedExtension::NameConstraints(constraints) => {
                let all = |trees: &Option<Vec<GeneralSubtree<'_>>>| {
                    let bases = || trees.iter().flatten().map(|tree| &tree.base);
                    let dns = bases().filter_map(|base| match base {
                        GeneralName::DNSName(name) => Some((*name).to_owned()),
                        _ => None,
                    });
                    let ips = bases().filter_map(|base| match base {
                        GeneralName::IPAddress(bytes) => Some(bytes.to_vec()),
                        _ => None,
                    });
                    let is_known = bases().all(|base| {
                        use GeneralName as N;
                        matches!(
                            base,
                            N::DNSName(_) | N::IPAddress(_) | N::RFC822Name(_) | N::URI(_)
                        )
                    });
                    (dns.collect(), ips.collect(), is_known)
                };
                let (permitted, permitted_ips, knows_permitted) =
                    all(&constraints.permitted_subtrees);
                let (excluded, excluded_ips, knows_excluded) = all(&constraints.excluded_subtrees);
                self.constraints =
                    NameConstraints { permitted, excluded, permitted_ips, excluded_ips };
                return knows_permitted && knows_excluded;
            }
            ParsedExtension::AuthorityKeyIdentifier(_)
            | ParsedExtension::SubjectKeyIdentifier(_)
            | ParsedExtension::CertificatePolicies(_)
            | ParsedExtension::CRLDistributionPoints(_)
            | ParsedExtension::AuthorityInfoAccess(_) => {}
            _ => return false,
        }
        true
    }

    /// Whether it can sign other certificates.
    pub fn can_sign(&self) -> bool {
        self.is_ca && self.key_cert_sign
    }
}

/// The hash function in the parameters of RSASSA-PSS (RFC 4055).
fn pss_hash(parameters: &Any<'_>) -> Option<String> {
    let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
    Some(parameters.hash_algorithm_oid().to_id_string())
}

/// The certificates of a PEM text in DER, in order. Other PEM sections are ignored.
///
/// # Errors
/// When there is no certificate, or one cannot be decoded.
pub fn parse_pem(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut ders = Vec::new();
    for section in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let number = ders.len() + 1;
        let der = section.map_err(|error| CertificateError::Malformed {
            number,
            problem: match error {
                PemError::MissingSectionEnd { .. } => "its END line is missing".to_owned(),
                PemError::Base64Decode(_) => "it is not valid base64".to_owned(),
                other => other.to_string(),
            },
        })?;
        ders.push(der.to_vec());
    }
    if ders.is_empty() { Err(CertificateError::NoPem) } else { Ok(ders) }
}

/// SHA-256 of `bytes`, in the form of `openssl x509 -fingerprint -sha256`: `AB:CD:…`.
pub fn fingerprint(bytes: &[u8]) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hex: Vec<_> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    hex.join(":")
}

/// The CAs that a caBundle contains, in order, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaBundle(Vec<Vec<u8>>);

impl CaBundle {
    /// Parses a bundle in PEM.
    ///
    /// # Errors
    /// When it contains no certificate, or one that cannot be parsed.
    pub fn parse(pem: &str) -> Result<Self, CertificateError> {
        let mut bundle = Self::default();
        for (number, der) in (1..).zip(parse_pem(pem)?) {
            Certificate::parse(&der).map_err(|error| error.at(number))?;
            bundle.add(der);
        }
        Ok(bundle)
    }

    /// Parses the base64 of an APIService's `caBundle`.
    ///
    /// # Errors
    /// When it is not base64, or contains no certificate.
    pub fn decode(base64: &str) -> Result<Self, CertificateError> {
        let bytes = STANDARD.decode(base64.trim()).map_err(|_| CertificateError::NoPem)?;
        Self::parse(std::str::from_utf8(&bytes).map_err(|_| CertificateError::NoPem)?)
    }

    fn add(&mut self, der: Vec<u8>) {
        if !self.0.contains(&der) {
            self.0.push(der);
        }
    }

    /// This bundle, followed by the CAs that only `other` contains.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        for der in &other.0 {
            self.add(der.clone());
        }
        self
    }

    /// This bundle without the CAs that have expired at `now`.
    #[must_use]
    pub fn without_expired(mut self, now: i64) -> Self {
        self.0.retain(|der| Certificate::parse(der).is_ok_and(|ca| ca.not_after >= now));
        self
    }

    /// Whether it contains every CA of `other`.
    pub fn contains_all(&self, other: &Self) -> bool {
        other.0.iter().all(|der| self.0.contains(der))
    }

    /// Number of CAs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it contains no CA.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The CAs, parsed.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.0.iter().filter_map(|der| Certificate::parse(der).ok()).collect()
    }

    /// The bundle in PEM.
    pub fn pem(&self) -> String {
        let sections: Vec<_> =
            self.0.iter().map(|der| Pem::new("CERTIFICATE", der.clone())).collect();
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        let texts: Vec<_> = sections.iter().map(|one| pem::encode_config(one, config)).collect();
        texts.concat()
    }

    /// The bundle as the manifest of an APIService contains it: PEM in base64.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.pem())
    }
}
