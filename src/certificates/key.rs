//! Private keys in PEM: PKCS#8, PKCS#1 and SEC1.
//!
//! A file is read as Go's `tls.X509KeyPair` reads it (1.26): the first section whose label ends in
//! `PRIVATE KEY` counts, and others, such as `EC PARAMETERS`, are skipped.

use std::fmt;

use rcgen::{KeyPair, PublicKeyData};
use thiserror::Error;
use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag};

use super::stored::SecretString;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

/// Why a text is no private key that a server can use; its `Display` continues “the private key”.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// No PEM section of a private key.
    #[error("is not PEM (-----BEGIN PRIVATE KEY-----)")]
    NotPem,
    /// It needs a passphrase.
    #[error("is encrypted with a passphrase")]
    Encrypted,
    /// A PEM section that holds no key of RSA, ECDSA or Ed25519.
    #[error("cannot be parsed: its PEM holds no RSA, ECDSA or Ed25519 key")]
    Malformed,
}

impl KeyError {
    /// The command that makes a usable key of `path`, if there is one.
    pub fn command(self, path: &str) -> Option<String> {
        match self {
            Self::Encrypted => Some(format!("openssl pkey -in {path} -out {path}.open")),
            Self::NotPem => Some(format!("openssl pkey -inform DER -in {path} -out {path}.pem")),
            Self::Empty | Self::Malformed => None,
        }
    }
}

/// Kind of a key: `RSA 2048`, `ECDSA P-256`, `Ed25519`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// ECDSA on a curve.
    Ecdsa(&'static str),
    /// Ed25519.
    Ed25519,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::Ecdsa(curve) => write!(f, "ECDSA {curve}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// A private key.
pub struct PrivateKey {
    /// Kind of the key.
    pub kind: KeyKind,
    /// Bits of its public key, as a certificate holds them; `None` if the file does not contain
    /// them and they cannot be computed here.
    pub public_key: Option<Vec<u8>>,
    /// The key for signing; `None` for kinds that oppscale does not sign with: ECDSA P-224 and
    /// P-521, and RSA outside 2048 to 4096 bits.
    pub pair: Option<KeyPair>,
}

impl fmt::Display for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        f.write_str(if self.public_key.is_none() { " without its public key" } else { "" })
    }
}

impl PrivateKey {
    /// Parses a key in PEM.
    ///
    /// # Errors
    /// When there is none, it is encrypted, or it is of a kind that TLS does not know.
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        let text = text.expose();
        if text.trim().is_empty() {
            return Err(KeyError::Empty);
        }
        let sections = pem::parse_many(text).map_err(|_| KeyError::NotPem)?;
        let is_key = |section: &&pem::Pem| section.tag().ends_with("PRIVATE KEY");
        let section = sections.iter().find(is_key).ok_or(KeyError::NotPem)?;
        let encrypts = |(name, value): (&str, &str)| {
            name == "DEK-Info" || name == "Proc-Type" && value.contains("ENCRYPTED")
        };
        if section.tag() == "ENCRYPTED PRIVATE KEY" || section.headers().iter().any(encrypts) {
            return Err(KeyError::Encrypted);
        }
        // By contents, not by label: Go tries every form, too.
        let der = section.contents();
        pkcs8(der).or_else(|| pkcs1(der)).or_else(|| sec1(der, None)).ok_or(KeyError::Malformed)
    }

    /// `None` for a key whose numbers do not belong together.
    fn new(kind: KeyKind, public_key: Option<Vec<u8>>, pkcs8: &[u8]) -> Option<Self> {
        let pair = KeyPair::try_from(pkcs8).ok();
        let is_usual = match kind {
            // The library takes no public exponent below 65537, Go does.
            KeyKind::Rsa(bits) => {
                let exponent = [0x02, 0x03, 0x01, 0x00, 0x01];
                (2048..=4096).contains(&bits)
                    && public_key.as_ref().is_some_and(|key| key.ends_with(&exponent))
            }
            KeyKind::Ecdsa(curve) => matches!(curve, "P-256" | "P-384") && public_key.is_some(),
            KeyKind::Ed25519 => true,
        };
        if pair.is_none() && is_usual {
            return None;
        }
        let computed = pair.as_ref().map(|pair| pair.der_bytes().to_vec());
        Some(Self { kind, public_key: computed.or(public_key), pair })
    }
}

/// `PrivateKeyInfo` of RFC 5958: version, algorithm, key.
fn pkcs8(der: &[u8]) -> Option<PrivateKey> {
    let [_, algorithm, key, ..] = &elements(der)?[..] else { return None };
    if algorithm.tag() != Tag::Sequence || key.tag() != Tag::OctetString {
        return None;
    }
    let algorithm = children(algorithm.data)?;
    match oid(algorithm.first()?)?.as_str() {
        RSA => pkcs1(key.data),
        EC => sec1(key.data, algorithm.get(1).and_then(oid)),
        ED25519 => PrivateKey::new(KeyKind::Ed25519, None, der),
        _ => None,
    }
}

/// `RSAPrivateKey` of RFC 8017: version, modulus, public exponent, and the secret numbers.
fn pkcs1(der: &[u8]) -> Option<PrivateKey> {
    let numbers = elements(der)?;
    let [_, modulus, exponent, ..] = &numbers[..] else { return None };
    if numbers.len() < 9 || numbers.iter().any(|number| number.tag() != Tag::Integer) {
        return None;
    }
    let digits = modulus.data.iter().position(|byte| *byte != 0).map(|at| &modulus.data[at..])?;
    let bits = digits.len() * 8 - digits.first()?.leading_zeros() as usize;
    let integer = |number: &Any<'_>| tlv(0x02, &[number.data]);
    let public_key = tlv(0x30, &[&integer(modulus), &integer(exponent)]);
    let pkcs8 = wrapped(&[&encoded_oid(RSA)?, &[0x05, 0x00]], der);
    PrivateKey::new(KeyKind::Rsa(bits), Some(public_key), &pkcs8)
}

/// `ECPrivateKey` of RFC 5915: version, number, and optionally the curve and the public key.
fn sec1(der: &[u8], curve: Option<String>) -> Option<PrivateKey> {
    let parts = elements(der)?;
    let [_, number, optional @ ..] = &parts[..] else { return None };
    if number.tag() != Tag::OctetString {
        return None;
    }
    let tagged = |tag: u32| {
        let found = optional.iter().find(|part| part.tag() == Tag(tag))?;
        Some(Any::from_der(found.data).ok()?.1)
    };
    let curve = curve.or_else(|| oid(&tagged(0)?))?;
    let name = match curve.as_str() {
        "1.3.132.0.33" => "P-224",
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        _ => return None,
    };
    // The first byte of a bit string counts unused bits.
    let public_key = tagged(1).and_then(|bits| bits.data.get(1..).map(<[u8]>::to_vec));
    let pkcs8 = wrapped(&[&encoded_oid(EC)?, &encoded_oid(&curve)?], der);
    PrivateKey::new(KeyKind::Ecdsa(name), public_key, &pkcs8)
}

/// The elements of the sequence that `der` is.
fn elements(der: &[u8]) -> Option<Vec<Any<'_>>> {
    let (_, sequence) = Any::from_der(der).ok()?;
    if sequence.tag() != Tag::Sequence { None } else { children(sequence.data) }
}

fn children(mut data: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut all = Vec::new();
    while !data.is_empty() {
        let (rest, one) = Any::from_der(data).ok()?;
        all.push(one);
        data = rest;
    }
    Some(all)
}

fn oid(any: &Any<'_>) -> Option<String> {
    (any.tag() == Tag::Oid).then(|| Oid::new(any.data.into()).to_id_string())
}

/// An object identifier in DER.
fn encoded_oid(id: &str) -> Option<Vec<u8>> {
    let parts: Option<Vec<u64>> = id.split('.').map(|part| part.parse().ok()).collect();
    Some(tlv(0x06, &[Oid::from(&parts?).ok()?.as_bytes()]))
}

/// A `PrivateKeyInfo` with an algorithm and a key.
fn wrapped(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[0x02, 0x01, 0x00], &tlv(0x30, algorithm), &tlv(0x04, &[key])])
}

/// An element of DER: tag, length, contents.
fn tlv(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = contents.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![tag];
    match contents.len() {
        short @ 0..0x80 => der.push(short as u8),
        _ => {
            der.push(0x80 | significant.len() as u8);
            der.extend_from_slice(significant);
        }
    }
    der.extend(contents);
    der
}
