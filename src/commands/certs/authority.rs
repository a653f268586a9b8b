//! The CA that signs certificates: a given one or a new one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::certificates::{
    CertificateAuthority, CertificateSpec, IssueError, IssuedCertificate, SecretString, issue,
};
use oppscale_core::error::Error;

/// The CA that signs.
#[derive(Debug, Args)]
pub struct AuthorityArgs {
    /// Sign with this CA instead of a new one
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    pub ca_cert: Option<PathBuf>,
    /// Key of that CA
    #[arg(long, value_name = "FILE", requires = "ca_cert")]
    pub ca_key: Option<PathBuf>,
}

impl AuthorityArgs {
    /// Whether a CA was given.
    pub(super) fn is_given(&self) -> bool {
        self.ca_cert.is_some()
    }

    /// Creates certificates, signed by the given CA or by a new one.
    pub(super) fn issue(
        &self,
        spec: &CertificateSpec,
        now: i64,
    ) -> anyhow::Result<IssuedCertificate> {
        let (Some(cert), Some(key)) = (&self.ca_cert, &self.ca_key) else {
            return Ok(issue(spec, now)?);
        };
        let read = |path: &Path| {
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let authority =
            CertificateAuthority::from_pem(&read(cert)?, &SecretString::new(read(key)?));
        let signed = authority.and_then(|authority| authority.issue(spec, now));
        signed.map_err(|error| match error {
            IssueError::Ca(_) => Error::failure(format!("{}: {error}", cert.display()))
                .hint("leave --ca-cert and --ca-key out for a new CA, or set --days")
                .into(),
            other => anyhow::Error::from(other).context(cert.display().to_string()),
        })
    }
}
