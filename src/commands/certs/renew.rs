//! `oppscale certs renew`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{AuthorityArgs, LifeArgs, folder, no_certificate, write_folder};
use crate::certificates::{
    CaBundle, Certificate, CertificateSpec, IssuedCertificate, StoredCertificate, date, parse_pem,
};
use crate::commands::args::{ClusterArgs, ServerArgs};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::setup::rotation::{Rotation, Served};
use crate::setup::{local_clock, server_clock, tls_secret};
use oppscale_core::error::Error;
use oppscale_core::units::{self, parse_duration};

/// Arguments of `oppscale certs renew`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale certs renew               in the cluster, if less than 30 % is left
  oppscale certs renew --force       in any case
  oppscale certs renew -f certs      the files of a folder
  oppscale certs renew --ca-cert ca.pem --ca-key ca-key.pem
                                     signed by your own CA

In the cluster, the APIServices trust the old CA and the new one until all pods
serve the new certificate, and then the new one alone: no request fails. The next
run finishes one that was interrupted.")]
pub struct RenewArgs {
    /// Folder whose certificates to renew, instead of the cluster's
    #[arg(short = 'f', long, alias = "dir", value_name = "DIR")]
    pub filename: Option<PathBuf>,
    /// The metrics server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Lifetimes.
    #[command(flatten)]
    pub life: LifeArgs,
    /// The CA.
    #[command(flatten)]
    pub authority: AuthorityArgs,
    /// Replace a CA that oppscale did not create
    #[arg(long, conflicts_with = "ca_cert")]
    pub new_ca: bool,
    /// Renew certificates that are still good
    #[arg(long)]
    pub force: bool,
    /// Take over fields that other field managers own
    #[arg(long)]
    pub force_conflicts: bool,
    /// Longest wait for pods to serve the new certificate
    // kubelet takes up to 60 s + 60 s for a Secret; the server rereads its files once a minute.
    #[arg(long, value_name = "DURATION", default_value = "4m", value_parser = parse_duration)]
    pub timeout: Duration,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Renews certificates.
///
/// # Errors
/// When they cannot be issued or written, or pods do not serve them in time.
pub(super) async fn run(args: RenewArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let spec = args.server.spec(&args.life)?;
    let Some(path) = &args.filename else { return in_cluster(&args, &spec, printer).await };
    let now = local_clock();
    let stored = folder(path)?;
    let place = path.display().to_string();
    if stored.is_empty() {
        return Err(nothing(&place));
    }
    if let Some(percent) = left(&args, &stored, &spec, now) {
        printer.data(&kept(percent))?;
        return Ok(Exit::Ok);
    }
    let issued = issue(&args, &place, &stored, &spec, now)?;
    write_folder(path, &issued, false)?;
    printer.data(&format!("renewed {place}, {}\n", until(&issued)))?;
    Ok(Exit::Ok)
}

async fn in_cluster(
    args: &RenewArgs,
    spec: &CertificateSpec,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let object = args.server.secret_object();
    let cluster = args.cluster.connect().await?;
    let now = server_clock(&cluster).await?;
    let Some(stored) = tls_secret::read(&cluster, &object).await? else {
        return Err(nothing(&object.to_string()));
    };
    let rotation =
        Rotation { cluster: &cluster, spec, secret: &object, force: args.force_conflicts };
    let percent = left(args, &stored, spec, now);
    let progress = Progress::new(printer.shows_progress());
    let issued = match stored.issued().filter(|_| percent.is_some()) {
        // Recent already: pods may not serve it yet, and older CAs may still be trusted.
        Some(issued) => issued,
        None => issue(args, &object.to_string(), &stored, spec, now)?,
    };
    let new = CaBundle::parse(&issued.ca)?;
    progress.phase("trusting both CAs");
    let services = rotation.widen(&new, &stored.authorities(), now).await?;
    let is_new = percent.is_none();
    if is_new {
        progress.phase("storing the new certificate");
        rotation.store(&issued).await?;
    }
    progress.phase("waiting for pods to serve it");
    let timeout = units::time_limit(args.timeout).unwrap_or(Duration::from_secs(u32::MAX.into()));
    let is_finished = services.iter().all(|service| service.trusted().as_ref() == Some(&new));
    let served = match !is_new && is_finished {
        true => None,
        false => Some(rotation.served(expiry(&issued), timeout).await?),
    };
    progress.phase("trusting the new CA alone");
    let changed = rotation.narrow(&new).await?;
    progress.finish();
    let mut text = match percent {
        Some(percent) if changed == 0 => kept(percent),
        Some(_) => format!("finished the renewal of {object}, {}\n", until(&issued)),
        None => format!("renewed {object}, {}\n", until(&issued)),
    };
    for service in &services {
        text.push_str(&format!("{} trusts its CA alone\n", service.name()));
    }
    printer.data(&text)?;
    match served {
        Some(Served::Elapsed) => printer.note(&format!(
            "pods could not be queried for their certificate (permission: get pods/proxy in {}; or\n\
             the API server does not reach them, or they are not oppscale's), so oppscale waited\n\
             {} s, longer than kubelet and the server take",
            spec.namespace,
            timeout.as_secs()
        )),
        Some(Served::NoPods) => printer.note("there is no pod yet that serves it"),
        Some(Served::Reported) | None => {}
    }
    if services.is_empty() {
        printer.note(&format!(
            "no APIService leads to Service {}/{}, so none had to trust it",
            spec.namespace, spec.service
        ));
    }
    Ok(Exit::Ok)
}

/// The remaining lifetime, in percent, if it need not be renewed.
fn left(
    args: &RenewArgs,
    stored: &StoredCertificate,
    spec: &CertificateSpec,
    now: i64,
) -> Option<i64> {
    stored.good_for(&spec.server_name(), now).filter(|_| !args.force)
}

/// Issues new certificates for those of `place`, unless their CA is an external one.
fn issue(
    args: &RenewArgs,
    place: &str,
    stored: &StoredCertificate,
    spec: &CertificateSpec,
    now: i64,
) -> anyhow::Result<IssuedCertificate> {
    if !args.new_ca
        && args.authority.ca_cert.is_none()
        && let Some(authority) = stored.external_ca()
    {
        return Err(Error::owned(format!(
            "{place} has the CA {authority}, which oppscale did not create"
        ))
        .hint("--ca-cert and --ca-key sign with it, --new-ca replaces it with a new one")
        .into());
    }
    args.authority.issue(spec, now)
}

/// Expiry, in seconds since 1970.
fn expiry(issued: &IssuedCertificate) -> i64 {
    let first = parse_pem(&issued.chain).ok().and_then(|ders| ders.into_iter().next());
    first.and_then(|der| Certificate::parse(&der).ok()).map_or(0, |leaf| leaf.not_after)
}

fn until(issued: &IssuedCertificate) -> String {
    format!("valid until {}", date(expiry(issued)))
}

fn kept(percent: i64) -> String {
    format!("kept: {percent} % of their life is left, and 30 % is enough (--force renews)\n")
}

fn nothing(place: &str) -> anyhow::Error {
    no_certificate(format!("{place}: there is nothing to renew"))
}
