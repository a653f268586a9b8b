//! A caBundle: the authorities that an APIService trusts, each once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::facts::{CertificateError, Facts, certificates};

/// Authorities in an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle(Vec<Vec<u8>>);

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// When it holds no certificate, or one that is none.
    pub fn parse(pem: &str) -> Result<Self, CertificateError> {
        let mut bundle = Self::default();
        for (number, der) in (1..).zip(certificates(pem)?) {
            Facts::of(&der).map_err(|error| match error {
                CertificateError::Malformed { problem, .. } => {
                    CertificateError::Malformed { number, problem }
                }
                other => other,
            })?;
            bundle.add(der);
        }
        Ok(bundle)
    }

    /// Reads the base64 of an APIService's `caBundle`.
    ///
    /// # Errors
    /// When it is no base64, or holds no certificate.
    pub fn decode(base64: &str) -> Result<Self, CertificateError> {
        let bytes = STANDARD.decode(base64.trim()).map_err(|_| CertificateError::NoPem)?;
        Self::parse(&String::from_utf8(bytes).map_err(|_| CertificateError::NoPem)?)
    }

    fn add(&mut self, der: Vec<u8>) {
        if !self.0.contains(&der) {
            self.0.push(der);
        }
    }

    /// With those of `other` after its own, none twice.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        for der in &other.0 {
            self.add(der.clone());
        }
        self
    }

    /// Without those that have ended at `now`.
    #[must_use]
    pub fn without_expired(mut self, now: i64) -> Self {
        self.0.retain(|der| Facts::of(der).is_ok_and(|facts| facts.not_after >= now));
        self
    }

    /// Whether all authorities of `other` are in it.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.iter().all(|der| self.0.contains(der))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What they say of themselves.
    pub fn facts(&self) -> Vec<Facts> {
        self.0.iter().filter_map(|der| Facts::of(der).ok()).collect()
    }

    /// As PEM.
    pub fn pem(&self) -> String {
        let mut text = String::new();
        for der in &self.0 {
            text.push_str("-----BEGIN CERTIFICATE-----\n");
            let encoded = STANDARD.encode(der);
            let mut rest = encoded.as_str();
            while !rest.is_empty() {
                // Base64 is ASCII; RFC 7468 has lines of 64.
                let (line, after) = rest.split_at(rest.len().min(64));
                text.push_str(line);
                text.push('\n');
                rest = after;
            }
            text.push_str("-----END CERTIFICATE-----\n");
        }
        text
    }

    /// As an APIService has it.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.pem())
    }
}
