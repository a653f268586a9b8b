//! Certificates in the files of a folder, by the names that a TLS Secret has for them.

use std::fs;
use std::io;
use std::path::Path;

use super::facts::{Facts, certificates};
use super::mint::CA_NAME;
use super::private::Private;

/// The serving certificate, and its authority's after it.
pub const CERT: &str = "tls.crt";
/// Its key.
pub const KEY: &str = "tls.key";
/// The authority's certificate.
pub const CA_CERT: &str = "ca.crt";
/// The authority's key, where it is kept.
pub const CA_KEY: &str = "ca.key";
/// A signing request for somebody else's authority.
pub const REQUEST: &str = "tls.csr";

/// What a folder or a Secret holds.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// `tls.crt`.
    pub chain: Option<String>,
    /// `tls.key`.
    pub key: Option<Private>,
    /// `ca.crt`.
    pub ca: Option<String>,
}

impl Stored {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.chain.is_none() && self.key.is_none() && self.ca.is_none()
    }

    /// The name of one that holds something else than it should.
    pub fn unreadable(&self) -> Option<&'static str> {
        let is_no_pem =
            |pem: &Option<String>| pem.as_deref().is_some_and(|pem| certificates(pem).is_err());
        let is_no_key = |key: &Private| !key.expose().contains("PRIVATE KEY-----");
        match () {
            () if is_no_pem(&self.chain) => Some(CERT),
            () if is_no_pem(&self.ca) => Some(CA_CERT),
            () if self.key.as_ref().is_some_and(is_no_key) => Some(KEY),
            () => None,
        }
    }

    /// The authority, where it is none that was made here: who signed the certificate, or one
    /// of those that are to be trusted. What cannot be read has none.
    pub fn foreign_authority(&self) -> Option<String> {
        let facts = |pem: &Option<String>| {
            let ders = pem.as_deref().and_then(|pem| certificates(pem).ok()).unwrap_or_default();
            ders.iter().filter_map(|der| Facts::of(der).ok()).collect::<Vec<_>>()
        };
        let issuer = facts(&self.chain).into_iter().next().map(|leaf| leaf.issuer);
        let trusted = facts(&self.ca).into_iter().map(|ca| ca.subject);
        let own = format!("CN={CA_NAME}");
        issuer.into_iter().chain(trusted).find(|name| !name.starts_with(&own))
    }
}

/// Reads what a folder holds; files that are not there are `None`.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn read_folder(folder: &Path) -> io::Result<Stored> {
    let read = |name: &str| match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok(Stored { chain: read(CERT)?, key: read(KEY)?.map(Private::new), ca: read(CA_CERT)? })
}
