//! `oppscale certs generate`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{AuthorityArgs, LifeArgs, folder, write_folder};
use crate::certificates::{
    self, CaBundle, CertificateSpec, IssuedCertificate, KEY, REQUEST, StoredCertificate, date,
    verify,
};
use crate::commands::args::{ClusterArgs, ServerArgs};
use crate::exit::Exit;
use crate::files;
use crate::manifest::{Templates, stream};
use crate::printer::Printer;
use crate::setup::api_services::{self, HELM_RENEWAL_HINT};
use crate::setup::{local_clock, server_clock, server_flags, tls_secret};
use oppscale_cluster::{Cluster, ClusterError};
use oppscale_core::error::Error;

/// Arguments of `oppscale certs generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale certs generate --output-dir certs
      files: ca.crt, tls.crt, tls.key
  oppscale certs generate --to-secret
      the Secret oppscale/oppscale-tls
  oppscale certs generate --csr --output-dir certs
      tls.csr for your own CA, and its key
  oppscale certs generate --cert-manager | kubectl apply --server-side -f -
      leave all of it to cert-manager

Existing certificates with more than 30 % of their life left are kept. Keys are
written with mode 0600 and never shown. The CA's key is discarded unless you ask
for it: every renewal creates a new CA.")]
pub struct GenerateArgs {
    /// Write ca.crt, tls.crt and tls.key to this folder
    #[arg(long, alias = "dir", value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Write the Secret to the cluster
    #[arg(long)]
    pub to_secret: bool,
    /// The metrics server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Lifetimes.
    #[command(flatten)]
    pub life: LifeArgs,
    /// Replace certificates that are still good
    #[arg(long)]
    pub force: bool,
    /// Keep the CA's key as ca.key in the folder
    #[arg(long, requires = "output_dir")]
    pub keep_ca_key: bool,
    /// The CA.
    #[command(flatten)]
    pub authority: AuthorityArgs,
    /// Create a key and a signing request for another CA
    #[arg(long, requires = "output_dir", conflicts_with_all = ["to_secret", "ca_cert", "keep_ca_key"])]
    pub csr: bool,
    /// Print an Issuer and a Certificate for cert-manager instead
    #[arg(long, conflicts_with_all = ["output_dir", "to_secret", "csr", "ca_cert"])]
    pub cert_manager: bool,
    /// Take over fields of the Secret that other field managers own
    #[arg(long)]
    pub force_conflicts: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Creates certificates.
///
/// # Errors
/// When no place for them is given, the aggregator would reject them, or they cannot be written.
pub(super) async fn run(args: GenerateArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let spec = args.server.spec(&args.life)?;
    if args.cert_manager {
        let context = serde_json::json!({
            "namespace": spec.namespace, "names": spec.dns_names(),
            "secret": args.server.secret, "days": args.life.days, "ca_days": args.life.ca_days
        });
        let documents = Templates::new(None)?.render("cert-manager.yaml", context)?;
        printer.data(&stream(&documents))?;
        return Ok(Exit::Ok);
    }
    if args.csr {
        return signing_request(&args, &spec, printer);
    }
    if args.output_dir.is_none() && !args.to_secret {
        return Err(Error::usage("nowhere to put the certificates")
            .hint("--output-dir DIR for files, --to-secret for a Secret, or both")
            .into());
    }
    let object = args.server.secret_object();
    let (cluster, now, secret) = match args.to_secret {
        true => {
            let cluster = args.cluster.connect().await?;
            let now = server_clock(&cluster).await?;
            let secret = tls_secret::read(&cluster, &object).await?;
            (Some(cluster), now, secret)
        }
        false => (None, local_clock(), None),
    };
    let files = args.output_dir.as_deref().map(folder).transpose()?;
    if let (Some(folder), Some(name), false) =
        (&args.output_dir, files.as_ref().and_then(StoredCertificate::invalid_file), args.force)
    {
        let what = if name == KEY { "private key" } else { "certificate" };
        let path = folder.join(name);
        return Err(Error::failure(format!("{} exists and holds no {what}", path.display()))
            .hint("name another folder, or overwrite it with --force")
            .into());
    }
    let is_in_use = secret.as_ref().is_some_and(|secret| secret.chain.is_some());
    // Each place that was given, with the remaining lifetime of its certificates.
    let places = [args.output_dir.as_ref().map(|_| files), args.to_secret.then_some(secret)];
    let places: Vec<_> = places.into_iter().flatten().map(Option::unwrap_or_default).collect();
    let left = |stored: &StoredCertificate| {
        stored.good_for(&spec.server_name(), now).filter(|_| !args.force)
    };
    if let Some(percents) = places.iter().map(left).collect::<Option<Vec<_>>>() {
        let percent = percents.into_iter().min().unwrap_or_default();
        printer
            .data(&format!("kept: {percent} % of their life is left (--force makes new ones)\n"))?;
        return Ok(Exit::Ok);
    }
    // Both places get the same certificates, so good ones of one are copied to the other.
    let good = places.iter().filter(|stored| left(stored).is_some());
    let issued = match good.filter_map(StoredCertificate::issued).next() {
        Some(issued) => issued,
        None => args.authority.issue(&spec, now)?,
    };
    if let Some(cluster) = cluster.as_ref().filter(|_| is_in_use) {
        require_trust(cluster, &args, &spec, &issued, printer).await?;
    }
    if let Some(folder) = &args.output_dir {
        write_folder(folder, &issued, args.keep_ca_key && !issued.ca_key.expose().is_empty())?;
    }
    if let Some(cluster) = &cluster {
        let force = args.force_conflicts;
        tls_secret::write(cluster, &object, &args.server.service, &issued, force).await?;
    }
    printer.data(&summary(&args, &spec, &issued, now))?;
    Ok(Exit::Ok)
}

/// Refuses to replace certificates in use by ones that the APIServices do not trust: every
/// request would fail from then on.
async fn require_trust(
    cluster: &Cluster,
    args: &GenerateArgs,
    spec: &CertificateSpec,
    issued: &IssuedCertificate,
    printer: &Printer,
) -> anyhow::Result<()> {
    let new = CaBundle::parse(&issued.ca)?;
    let services = match api_services::of(cluster, spec).await {
        Err(ClusterError::Forbidden { message, .. }) => {
            printer.warn(&format!("whether an API trusts the new CA is unknown: {message}"));
            return Ok(());
        }
        services => services?,
    };
    // An APIService without a readable caBundle trusts nothing now, either.
    let distrusts = |bundle: CaBundle| !bundle.contains_all(&new);
    let Some(service) = services.iter().find(|service| service.trusted().is_some_and(distrusts))
    else {
        return Ok(());
    };
    Err(Error::failure(format!(
        "APIService {} does not trust the new CA, and {} is in use: its requests would fail",
        service.name(),
        args.server.secret_object()
    ))
    .hint(match service.release() {
        Some(_) => HELM_RENEWAL_HINT.to_owned(),
        None => format!(
            "oppscale certs renew --force{} replaces both without a failed request",
            server_flags(&spec.namespace, &spec.service, &args.server.secret)
        ),
    })
    .into())
}

fn signing_request(
    args: &GenerateArgs,
    spec: &CertificateSpec,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    // clap requires it.
    let Some(folder) = &args.output_dir else { return Ok(Exit::Usage) };
    if folder.join(KEY).exists() && !args.force {
        return Err(Error::usage(format!("{} exists already", folder.join(KEY).display()))
            .hint("--force replaces the key; certificates that were signed for it become useless")
            .into());
    }
    let (text, key) = certificates::signing_request(spec)?;
    files::private_folder(folder)
        .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for (name, text) in [(KEY, key.expose()), (REQUEST, text.as_str())] {
        let path = folder.join(name);
        files::write_private(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    printer.data(&format!("{}\n", folder.join(REQUEST).display()))?;
    printer.note(&format!(
        "let your CA sign it for {}, save the certificate as tls.crt and the CA as ca.crt in the\n\
         same folder, and verify them as the API server does:\n\
         oppscale certs status -f {}",
        spec.dns_names().join(" and "),
        folder.display()
    ));
    Ok(Exit::Ok)
}

fn summary(
    args: &GenerateArgs,
    spec: &CertificateSpec,
    issued: &IssuedCertificate,
    now: i64,
) -> String {
    let verification = verify(&issued.chain, Some(&issued.ca), &spec.server_name(), now);
    let mut lines: Vec<(&str, String)> = Vec::new();
    if let Some(folder) = &args.output_dir {
        lines.push(("folder", folder.display().to_string()));
    }
    if args.to_secret {
        lines.push(("Secret", format!("{}/{}", args.server.namespace, args.server.secret)));
    }
    lines.push(("for", spec.dns_names().join(", ")));
    if let Some(leaf) = verification.leaf {
        lines.push(("until", date(leaf.not_after)));
        lines.push(("SHA-256", leaf.fingerprint));
    }
    if let Some(ca) = verification.cas.into_iter().next() {
        lines.push(("CA", ca.subject));
        lines.push(("CA until", date(ca.not_after)));
        lines.push(("CA SHA-256", ca.fingerprint));
    }
    lines.into_iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect()
}
