//! `oppscale certs`: the certificates of the metrics API, made, looked at and renewed.

mod authority;
mod generate;
mod renew;
mod status;

use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::certificates::{
    CA_CERT, CA_KEY, CERT, CaBundle, CertificateSpec, IssuedCertificate, KEY, StoredCertificate,
    read_folder, verify,
};
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use crate::setup::api_services::BY_HELM;
use crate::setup::rotation::RotationError;
use crate::setup::tls_secret::SecretRef;
use oppscale_core::error::Error;

use crate::commands::args::ServerArgs;

use generate::GenerateArgs;
use renew::RenewArgs;
use status::StatusArgs;

/// Subcommands of `oppscale certs`.
#[derive(Debug, Subcommand)]
pub enum CertsArgs {
    /// Create a CA and a serving certificate in files, in a Secret, or both
    Generate(Box<GenerateArgs>),
    /// Show whether the API server's aggregator would accept the certificates
    Status(Box<StatusArgs>),
    /// Replace certificates before they expire, without a failed request
    Renew(Box<RenewArgs>),
}

/// Lifetimes of certificates.
#[derive(Debug, Clone, Args)]
pub struct LifeArgs {
    /// DNS domain of the cluster, for the fully qualified name
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,
    /// Lifetime of the serving certificate, in days
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub days: u32,
    /// Lifetime of a new CA, in days
    #[arg(long, value_name = "DAYS", default_value_t = 3650)]
    pub ca_days: u32,
}

impl ServerArgs {
    /// The recipe of its certificates.
    pub(super) fn spec(&self, life: &LifeArgs) -> CertificateSpec {
        CertificateSpec {
            domain: life.cluster_domain.clone(),
            days: life.days,
            ca_days: life.ca_days,
            ..CertificateSpec::new(&self.service, &self.namespace)
        }
    }

    /// The flags that differ from their defaults, each after a space.
    pub(super) fn flags(&self) -> String {
        let Self { namespace, service, secret } = self;
        [
            ("-n", namespace, "oppscale"),
            ("--service", service, "oppscale"),
            ("--secret", secret, "oppscale-tls"),
        ]
        .into_iter()
        .filter(|(_, value, usual)| value != usual)
        .map(|(flag, value, _)| format!(" {flag} {value}"))
        .collect()
    }

    /// Where they are in the cluster.
    pub(super) fn secret(&self) -> SecretRef {
        SecretRef { namespace: self.namespace.clone(), name: self.secret.clone() }
    }
}

/// Runs one of them.
///
/// # Errors
/// Whatever it says.
pub async fn run(args: CertsArgs, printer: &Printer) -> anyhow::Result<Exit> {
    match args {
        CertsArgs::Generate(args) => generate::run(*args, printer).await,
        CertsArgs::Status(args) => status::run(*args, printer).await,
        CertsArgs::Renew(args) => renew::run(*args, printer).await,
    }
}

/// Whether what is there is good for more than 30 % of its life, and how much that is.
pub(super) fn good_for(
    stored: &StoredCertificate,
    spec: &CertificateSpec,
    now: i64,
) -> Option<i64> {
    let (chain, key) = (stored.chain.as_deref()?, stored.key.as_ref()?);
    let verification = verify(chain, stored.ca.as_deref(), &spec.server_name(), now);
    let validity = verification.validity?;
    let fits = crate::certificates::key_matches(chain, key).unwrap_or(true);
    (verification.problems.is_empty() && fits && !validity.needs_renewal())
        .then_some(validity.percent_left)
}

/// Writes certificates to the files of a folder; the authority's key only where asked.
pub(super) fn write_folder(
    folder: &Path,
    issued: &IssuedCertificate,
    keep_ca_key: bool,
) -> anyhow::Result<()> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        files::write_private(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    };
    files::private_folder(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    // The key first: a certificate whose key is missing is worse than a key without one.
    write(KEY, issued.key.expose())?;
    if keep_ca_key {
        write(CA_KEY, issued.ca_key.expose())?;
    }
    write(CA_CERT, &issued.ca)?;
    write(CERT, &issued.chain)
}

/// Reads a folder of certificates.
pub(super) fn folder(path: &Path) -> anyhow::Result<StoredCertificate> {
    read_folder(path).with_context(|| format!("cannot read the certificates of {}", path.display()))
}

/// The authorities of what is stored; none where they cannot be read.
pub(super) fn authorities(stored: &StoredCertificate) -> CaBundle {
    stored.ca.as_deref().and_then(|ca| CaBundle::parse(ca).ok()).unwrap_or_default()
}

/// An error of a rotation with what to do about it.
pub(super) fn rotation_error(error: RotationError) -> anyhow::Error {
    match error {
        RotationError::Cluster(error) => error.into(),
        RotationError::Owned { .. } => Error::owned(
            error.to_string()).hint("change it where its owner has it, or take the fields over with --force-conflicts")
        .into(),
        RotationError::Released { .. } => {
            Error::owned(error.to_string()).hint(BY_HELM).into()
        }
        RotationError::NotSeen { .. } => Error::failure(
            error.to_string()).hint("run oppscale certs renew again, with the right get pods/proxy or a --timeout of 3m or\n\
             more: it goes on where this stopped")
        .into(),
        RotationError::NotServed { .. } => Error::failure(
            error.to_string()).hint("see what the pods say (kubectl logs), restart them if they mount the Secret with a\n\
             subPath, and run oppscale certs renew again: it goes on where this stopped")
        .into(),
    }
}
