//! What a certificate says of itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What is no certificate.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CertificateError {
    /// No PEM, or none of a certificate.
    #[error("it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")]
    NoPem,
    /// PEM that holds no certificate.
    #[error("certificate {number} of it cannot be read: {problem}")]
    Malformed {
        /// Which, from 1.
        number: usize,
        /// Why not.
        problem: String,
    },
}

/// What matters of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whose it is: `CN=oppscale`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The first moment at which it is valid.
    pub not_before: i64,
    /// The last one.
    pub not_after: i64,
    /// DNS names, in the order of the certificate.
    pub dns_names: Vec<String>,
    /// Whether it has names that are no DNS names, such as IP addresses.
    pub has_other_names: bool,
    /// CA:TRUE.
    pub is_ca: bool,
    /// Whether key usages, if there are any, allow signing certificates.
    pub signs: bool,
    /// Extended key usages: `None` where none restricts it; else whether serving is one.
    pub serves: Option<bool>,
    /// Extended key usages: `None` where none restricts it; else whether being a client is.
    pub is_client: Option<bool>,
    /// DNS names that an authority may sign for; empty for all.
    pub permitted: Vec<String>,
    /// DNS names that an authority may not sign for.
    pub excluded: Vec<String>,
    /// Whether it was signed with SHA-1, which nobody takes any more.
    pub is_sha1: bool,
    /// The public key's bits, to be compared.
    pub public_key: Vec<u8>,
    /// The subject as it is encoded, to be compared.
    pub subject_der: Vec<u8>,
    /// The issuer as it is encoded, to be compared.
    pub issuer_der: Vec<u8>,
    /// SHA-256 of all of it: `AB:CD:…`, as `openssl x509 -fingerprint -sha256` has it.
    pub fingerprint: String,
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(der: &[u8]) -> Result<Self, CertificateError> {
        let malformed = |problem: String| CertificateError::Malformed { number: 1, problem };
        let (_, certificate) =
            X509Certificate::from_der(der).map_err(|error| malformed(error.to_string()))?;
        let mut facts = Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            dns_names: Vec::new(),
            has_other_names: false,
            is_ca: certificate.is_ca(),
            signs: true,
            serves: None,
            is_client: None,
            permitted: Vec::new(),
            excluded: Vec::new(),
            is_sha1: is_sha1(&certificate.signature_algorithm.algorithm.to_id_string()),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            subject_der: certificate.subject().as_raw().to_vec(),
            issuer_der: certificate.issuer().as_raw().to_vec(),
            fingerprint: fingerprint(der),
        };
        for extension in certificate.extensions() {
            facts.take(extension.parsed_extension());
        }
        Ok(facts)
    }

    fn take(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                for name in &names.general_names {
                    match name {
                        GeneralName::DNSName(name) => self.dns_names.push((*name).to_owned()),
                        _ => self.has_other_names = true,
                    }
                }
            }
            ParsedExtension::KeyUsage(usage) => self.signs = usage.key_cert_sign(),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.serves = Some(usage.any || usage.server_auth);
                self.is_client = Some(usage.any || usage.client_auth);
            }
            ParsedExtension::NameConstraints(constraints) => {
                let names = |trees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
                    let trees = trees.iter().flatten();
                    let names = trees.filter_map(|tree| match &tree.base {
                        GeneralName::DNSName(name) => Some((*name).to_owned()),
                        _ => None,
                    });
                    names.collect()
                };
                self.permitted = names(&constraints.permitted_subtrees);
                self.excluded = names(&constraints.excluded_subtrees);
            }
            _ => {}
        }
    }

    /// Whether it may sign others.
    pub fn may_sign(&self) -> bool {
        self.is_ca && self.signs
    }
}

/// The certificates of a PEM text as DER, in order; what else it holds is passed over.
///
/// # Errors
/// When there is none, or one cannot be decoded.
pub fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut ders = Vec::new();
    let mut rest = pem;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let number = ders.len() + 1;
        let malformed =
            |problem: &str| CertificateError::Malformed { number, problem: problem.to_owned() };
        let (body, after) = after.split_once(END).ok_or_else(|| malformed("its end is missing"))?;
        let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        ders.push(STANDARD.decode(body).map_err(|_| malformed("it is no base64"))?);
        rest = after;
    }
    if ders.is_empty() { Err(CertificateError::NoPem) } else { Ok(ders) }
}

/// Signature algorithms with SHA-1: RSA, DSA, ECDSA.
fn is_sha1(oid: &str) -> bool {
    matches!(oid, "1.2.840.113549.1.1.5" | "1.2.840.10040.4.3" | "1.2.840.10045.4.1")
}

/// SHA-256 of bytes, as `openssl x509 -fingerprint -sha256` writes it.
pub fn fingerprint(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let provider = rustls::crypto::ring::default_provider();
    // rustls carries SHA-256 for its cipher suites; it is the one of TLS 1.3's AES-128.
    let hash = provider.cipher_suites.iter().find_map(|suite| {
        let suite = suite.tls13()?;
        (suite.common.hash_provider.output_len() == 32)
            .then(|| suite.common.hash_provider.hash(bytes))
    });
    let mut text = String::new();
    for (index, byte) in hash.iter().flat_map(|hash| hash.as_ref()).enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}
