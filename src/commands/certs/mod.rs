//! `oppscale certs`: creates, shows and renews the certificates of the metrics API.

mod generate;
mod renew;
mod status;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::certificates::{
    CA_CERT, CA_KEY, CERT, CertificateAuthority, CertificateSpec, IssueError, IssuedCertificate,
    KEY, SecretString, StoredCertificate, issue, read_folder,
};
use crate::commands::args::ServerArgs;
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, ObjectRef};
use oppscale_core::units::parse_duration;

use generate::GenerateArgs;
use renew::RenewArgs;
use status::StatusArgs;

/// A day, in seconds.
const DAY: u64 = 86_400;

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
    /// Lifetime of the serving certificate, in days: 365d or 8760h
    #[arg(long = "duration", alias = "days", value_name = "DURATION", default_value = "365d",
          value_parser = parse_days)]
    pub days: u32,
    /// Lifetime of a new CA, in days
    #[arg(long = "ca-duration", alias = "ca-days", value_name = "DURATION",
          default_value = "3650d", value_parser = parse_days)]
    pub ca_days: u32,
}

/// A lifetime in whole days. A number alone counts days, as it did in `--days`.
fn parse_days(text: &str) -> Result<u32, String> {
    if let Ok(days) = text.parse() {
        return Ok(days);
    }
    let seconds = parse_duration(text)?.as_secs();
    let days = u32::try_from(seconds / DAY).ok().filter(|_| seconds.is_multiple_of(DAY));
    days.ok_or_else(|| "expected whole days, such as 365d or 8760h".to_owned())
}

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
    /// Creates certificates, signed by the given CA or by a new one.
    fn issue(&self, spec: &CertificateSpec, now: i64) -> anyhow::Result<IssuedCertificate> {
        let (Some(cert), Some(key)) = (&self.ca_cert, &self.ca_key) else {
            return Ok(issue(spec, now)?);
        };
        let read = |path: &Path| {
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let text = fs::read(key).with_context(|| format!("cannot read {}", key.display()))?;
        // What is not text is not PEM, and is called that.
        let text = SecretString::new(String::from_utf8_lossy(&text));
        let authority = CertificateAuthority::from_pem(&read(cert)?, &text);
        let signed = authority.and_then(|authority| authority.issue(spec, now));
        signed.map_err(|error| match error {
            IssueError::CaKey(problem) => {
                let key = key.display().to_string();
                let failure = Error::failure(format!("{key}: the private key {problem}"));
                match problem.command(&key) {
                    Some(command) => failure.hint(command),
                    None => failure,
                }
                .into()
            }
            IssueError::Ca(_) => Error::failure(format!("{}: {error}", cert.display()))
                .hint("leave --ca-cert and --ca-key out for a new CA, or set --duration")
                .into(),
            other => anyhow::Error::from(other).context(cert.display().to_string()),
        })
    }
}

impl ServerArgs {
    /// Names and lifetimes of its certificates.
    ///
    /// # Errors
    /// When the aggregator would reject such certificates.
    fn spec(&self, life: &LifeArgs) -> Result<CertificateSpec, Error> {
        let spec = CertificateSpec {
            domain: life.cluster_domain.clone(),
            days: life.days,
            ca_days: life.ca_days,
            ..CertificateSpec::new(&self.service, &self.namespace)
        };
        spec.validate().map_err(|error| Error::usage(error.to_string()))?;
        Ok(spec)
    }

    /// The Secret with its certificates.
    fn secret_object(&self) -> ObjectRef {
        kinds::SECRET.object(Some(&self.namespace), &self.secret)
    }
}

/// Runs a subcommand.
///
/// # Errors
/// As the subcommand.
pub async fn run(args: CertsArgs, printer: &Printer) -> anyhow::Result<Exit> {
    match args {
        CertsArgs::Generate(args) => generate::run(*args, printer).await,
        CertsArgs::Status(args) => status::run(*args, printer).await,
        CertsArgs::Renew(args) => renew::run(*args, printer).await,
    }
}

/// Writes certificates to the files of a folder; the CA's key only on request.
fn write_folder(
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
        .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    // The key first: a key without a certificate is better than a certificate without a key.
    write(KEY, issued.key.expose())?;
    if keep_ca_key {
        write(CA_KEY, issued.ca_key.expose())?;
    }
    write(CA_CERT, &issued.ca)?;
    write(CERT, &issued.chain)
}

/// Reads a folder of certificates.
fn folder(path: &Path) -> anyhow::Result<StoredCertificate> {
    read_folder(path).with_context(|| format!("cannot read the certificates of {}", path.display()))
}

/// The error for a place without certificates.
fn no_certificate(text: String) -> anyhow::Error {
    Error::failure(text)
        .hint("oppscale certs generate creates certificates, oppscale init a whole installation")
        .into()
}
