//! `oppscale certs renew`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::certificates::{
    CaBundle, Certificate, IssuedCertificate, SecretString, StoredCertificate, date, parse_pem,
};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::setup::rotation::{Rotation, Seen};
use crate::setup::{clock, tls_secret};
use oppscale_core::error::Error;
use oppscale_core::units::{self, parse_duration};

use crate::commands::args::{ClusterArgs, ServerArgs};

use super::authority::AuthorityArgs;
use super::{LifeArgs, authorities, folder, good_for, rotation_error, write_folder};

/// Arguments of `oppscale certs renew`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale certs renew               in the cluster, if less than 30 % is left
  oppscale certs renew --force       in any case
  oppscale certs renew --dir certs   the files of a folder
  oppscale certs renew --ca-cert ca.pem --ca-key ca-key.pem
                                     signed by your own CA

In the cluster, the APIServices trust the old CA and the new one while pods take
up the new certificate, and the new one alone afterwards: no request fails. What
was interrupted is finished by the next run.")]
pub struct RenewArgs {
    /// Folder whose certificates to renew, instead of the cluster's
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
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
    // kubelet: up to 60 s + 60 s for a Secret; the server reads its files once a minute.
    #[arg(long, value_name = "DURATION", default_value = "4m", value_parser = parse_duration)]
    pub timeout: Duration,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Renews certificates.
///
/// # Errors
/// When they cannot be made, written, or are not taken up in time.
pub(super) async fn run(args: RenewArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let spec = args.server.spec(&args.life);
    spec.validate().map_err(|error| Error::usage(error.to_string()))?;
    if let Some(path) = &args.dir {
        let now = clock::local();
        let stored = folder(path)?;
        if stored.is_empty() {
            return Err(nothing(&path.display().to_string()));
        }
        if let Some(percent) = good_for(&stored, &spec, now).filter(|_| !args.force) {
            printer.data(&kept(percent))?;
            return Ok(Exit::Ok);
        }
        let issued = made(&args, &path.display().to_string(), &stored, now)?;
        write_folder(path, &issued, false)?;
        printer.data(&format!("renewed {}, {}\n", path.display(), until(&issued)))?;
        return Ok(Exit::Ok);
    }
    in_cluster(&args, printer).await
}

async fn in_cluster(args: &RenewArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let spec = args.server.spec(&args.life);
    let at = args.server.secret();
    let cluster = args.cluster.connect().await?;
    let now = clock::of_server(&cluster).await?;
    let Some(stored) = tls_secret::read(&cluster, &at).await? else {
        return Err(nothing(&at.shown()));
    };
    let rotation =
        Rotation { cluster: &cluster, spec: &spec, secret: &at, force: args.force_conflicts };
    let percent = good_for(&stored, &spec, now).filter(|_| !args.force);
    let served = authorities(&stored);
    let progress = Progress::new(printer.shows_progress());
    let issued = match (percent, stored.chain, stored.key, stored.ca) {
        // Young already: what remains is to see it served and to drop older authorities.
        (Some(_), Some(chain), Some(key), Some(ca)) => {
            IssuedCertificate { ca, chain, key, ca_key: SecretString::new("") }
        }
        (_, chain, key, ca) => made(args, &at.shown(), &StoredCertificate { chain, key, ca }, now)?,
    };
    let new = CaBundle::parse(&issued.ca)?;
    progress.phase("trusting both CAs");
    let services = rotation.widen(&new, &served, now).await.map_err(rotation_error)?;
    let is_new = percent.is_none();
    if is_new {
        progress.phase("storing the new certificate");
        rotation.store(&issued).await.map_err(rotation_error)?;
    }
    progress.phase("waiting for pods to serve it");
    let patience = units::time_limit(args.timeout).unwrap_or(Duration::from_secs(u32::MAX.into()));
    let end = end_of(&issued);
    let all_trust_it_alone = services.iter().all(|service| {
        service.ca_bundle().and_then(|text| CaBundle::decode(text).ok()).as_ref() == Some(&new)
    });
    let seen = if !is_new && all_trust_it_alone {
        None
    } else {
        Some(rotation.served(end, patience).await.map_err(rotation_error)?)
    };
    progress.phase("trusting the new CA alone");
    let changed = rotation.narrow(&new).await.map_err(rotation_error)?;
    progress.finish();
    let mut text = match percent {
        Some(percent) if changed == 0 => kept(percent),
        Some(_) => format!("finished the renewal of {}, {}\n", at.shown(), until(&issued)),
        None => format!("renewed {}, {}\n", at.shown(), until(&issued)),
    };
    for service in &services {
        text.push_str(&format!("{} trusts its CA alone\n", service.name()));
    }
    printer.data(&text)?;
    match seen {
        Some(Seen::ByTime) => printer.note(&format!(
            "pods could not be asked what they serve (right: get pods/proxy in {}; or the API\n\
             server does not reach them, or they are not oppscale's), so {} s were waited, which\n\
             is longer than kubelet and the server take",
            spec.namespace,
            patience.as_secs()
        )),
        Some(Seen::NoPods) => printer.note("there is no pod yet that serves it"),
        Some(Seen::ByPods(_)) | None => {}
    }
    if services.is_empty() {
        printer.note(&format!(
            "no APIService leads to Service {}/{}, so none had to trust it",
            spec.namespace, spec.service
        ));
    }
    Ok(Exit::Ok)
}

/// New certificates for those of `place`, by a CA that may take the place of theirs.
fn made(
    args: &RenewArgs,
    place: &str,
    stored: &StoredCertificate,
    now: i64,
) -> anyhow::Result<IssuedCertificate> {
    if !args.new_ca
        && !args.authority.is_given()
        && let Some(authority) = stored.external_ca()
    {
        return Err(Error::owned(format!(
            "{place} has the CA {authority}, which oppscale did not make"
        ))
        .hint("--ca-cert and --ca-key sign with it, --new-ca makes one in its place")
        .into());
    }
    args.authority.issue(&args.server.spec(&args.life), now)
}

fn end_of(issued: &IssuedCertificate) -> i64 {
    let first = parse_pem(&issued.chain).ok().and_then(|ders| ders.into_iter().next());
    first.and_then(|der| Certificate::parse(&der).ok()).map_or(0, |facts| facts.not_after)
}

fn until(issued: &IssuedCertificate) -> String {
    format!("valid until {}", date(end_of(issued)))
}

fn kept(percent: i64) -> String {
    format!("kept: {percent} % of their life is left, and 30 % is enough (--force renews)\n")
}

fn nothing(place: &str) -> anyhow::Error {
    Error::failure(format!("{place}: there is nothing to renew"))
        .hint("oppscale certs generate makes certificates, oppscale init sets all of it up")
        .into()
}
