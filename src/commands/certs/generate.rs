//! `oppscale certs generate`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::certificates::{
    self, CaBundle, CertificateSpec, IssuedCertificate, KEY, REQUEST, SecretString,
    StoredCertificate, date, verify,
};
use crate::exit::Exit;
use crate::files;
use crate::manifest::{Templates, stream};
use crate::printer::Printer;
use crate::setup::api_services::{self, BY_HELM};
use crate::setup::{clock, tls_secret};
use oppscale_cluster::{Applied, Apply, Cluster, ClusterError};
use oppscale_core::error::Error;

use crate::commands::args::{ClusterArgs, ServerArgs};

use super::authority::AuthorityArgs;
use super::{LifeArgs, folder, good_for, write_folder};

/// Arguments of `oppscale certs generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale certs generate --dir certs      files: ca.crt, tls.crt, tls.key
  oppscale certs generate --to-secret      the Secret oppscale/oppscale-tls
  oppscale certs generate --csr --dir certs
                                           tls.csr for your own CA, and its key
  oppscale certs generate --cert-manager | kubectl apply --server-side -f -
                                           leave all of it to cert-manager

What is there and has more than 30 % of its life left is kept. Keys are written
with mode 0600, and never shown; the CA's key is thrown away unless it is asked
for, for every renewal makes a new CA.")]
pub struct GenerateArgs {
    /// Folder for ca.crt, tls.crt and tls.key
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
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
    #[arg(long, requires = "dir")]
    pub keep_ca_key: bool,
    /// The CA.
    #[command(flatten)]
    pub authority: AuthorityArgs,
    /// Create a key and a signing request for another CA
    #[arg(long, requires = "dir", conflicts_with_all = ["to_secret", "ca_cert", "keep_ca_key"])]
    pub csr: bool,
    /// Print an Issuer and a Certificate for cert-manager instead
    #[arg(long, conflicts_with_all = ["dir", "to_secret", "csr", "ca_cert"])]
    pub cert_manager: bool,
    /// Take over fields of the Secret that other field managers own
    #[arg(long)]
    pub force_conflicts: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Makes certificates.
///
/// # Errors
/// When there is nowhere to put them, they would be refused, or cannot be written.
pub(super) async fn run(args: GenerateArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let spec = args.server.spec(&args.life);
    spec.validate().map_err(|error| Error::usage(error.to_string()))?;
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
    if args.dir.is_none() && !args.to_secret {
        return Err(Error::usage("nowhere to put the certificates")
            .hint("--dir DIR for files, --to-secret for a Secret, or both")
            .into());
    }
    let cluster = match args.to_secret {
        true => Some(args.cluster.connect().await?),
        false => None,
    };
    let now = match &cluster {
        Some(cluster) => clock::of_server(cluster).await?,
        None => clock::local(),
    };
    let secret = match &cluster {
        Some(cluster) => tls_secret::read(cluster, &args.server.secret()).await?,
        None => None,
    };
    let files = args.dir.as_deref().map(folder).transpose()?;
    if let (Some(folder), Some(name), false) =
        (&args.dir, files.as_ref().and_then(StoredCertificate::invalid_file), args.force)
    {
        return Err(Error::failure(format!(
            "{} is there, and holds no {}",
            folder.join(name).display(),
            what(name)
        ))
        .hint("name another folder, or let --force write over it")
        .into());
    }
    if let Some(percent) = kept(&args, files.as_ref(), secret.as_ref(), &spec, now) {
        printer
            .data(&format!("kept: {percent} % of their life is left (--force makes new ones)\n"))?;
        return Ok(Exit::Ok);
    }
    let in_use = secret.as_ref().is_some_and(|secret| secret.chain.is_some());
    // Both are to hold the same, so what is good in one goes to the other.
    let good = [files, secret].into_iter().flatten().find_map(|stored| {
        (!args.force && good_for(&stored, &spec, now).is_some()).then(|| reused(stored)).flatten()
    });
    let issued = match good {
        Some(issued) => issued,
        None => args.authority.issue(&spec, now)?,
    };
    if let Some(cluster) = cluster.as_ref().filter(|_| in_use) {
        trusted(cluster, &args, &spec, &issued, printer).await?;
    }
    if let Some(folder) = &args.dir {
        write_folder(folder, &issued, args.keep_ca_key && !issued.ca_key.expose().is_empty())?;
    }
    if let Some(cluster) = &cluster {
        to_secret(&args, cluster, &issued).await?;
    }
    printer.data(&summary(&args, &spec, &issued, now))?;
    Ok(Exit::Ok)
}

fn what(name: &str) -> &'static str {
    if name == KEY { "private key" } else { "certificate" }
}

/// Refuses to replace certificates in use by some that the APIServices do not trust: every
/// request would fail from then on.
async fn trusted(
    cluster: &Cluster,
    args: &GenerateArgs,
    spec: &CertificateSpec,
    issued: &IssuedCertificate,
    printer: &Printer,
) -> anyhow::Result<()> {
    let new = CaBundle::parse(&issued.ca)?;
    let services = match api_services::of(cluster, spec).await {
        Ok(services) => services,
        Err(ClusterError::Forbidden { message, .. }) => {
            printer.warn(&format!("whether an API trusts the new CA is not known: {message}"));
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let doubting = services.iter().find(|service| {
        let bundle = service.ca_bundle().map(CaBundle::decode);
        // Where there is none, or one that cannot be read, nothing is trusted now either.
        bundle.is_some_and(|bundle| bundle.is_ok_and(|bundle| !bundle.contains_all(&new)))
    });
    let Some(service) = doubting else { return Ok(()) };
    Err(Error::failure(format!(
        "APIService {} does not trust the new CA, and {} is in use: its requests would fail",
        service.name(),
        args.server.secret().shown()
    ))
    .hint(match service.release() {
        Some(_) => BY_HELM.to_owned(),
        None => format!(
            "oppscale certs renew --force{} replaces both without a failed request",
            args.server.flags()
        ),
    })
    .into())
}

/// The percentage left, when every place that was asked for holds good certificates.
fn kept(
    args: &GenerateArgs,
    files: Option<&StoredCertificate>,
    secret: Option<&StoredCertificate>,
    spec: &CertificateSpec,
    now: i64,
) -> Option<i64> {
    if args.force {
        return None;
    }
    let files = match args.dir {
        Some(_) => Some(good_for(files?, spec, now)?),
        None => None,
    };
    let secret = match args.to_secret {
        true => Some(good_for(secret?, spec, now)?),
        false => None,
    };
    [files, secret].into_iter().flatten().min()
}

fn reused(stored: StoredCertificate) -> Option<IssuedCertificate> {
    Some(IssuedCertificate {
        ca: stored.ca?,
        chain: stored.chain?,
        key: stored.key?,
        ca_key: SecretString::new(""),
    })
}

async fn to_secret(
    args: &GenerateArgs,
    cluster: &Cluster,
    issued: &IssuedCertificate,
) -> anyhow::Result<()> {
    let how = Apply { dry_run: false, force: args.force_conflicts };
    let at = args.server.secret();
    match tls_secret::write(cluster, &at, &args.server.service, issued, how).await? {
        Applied::Created(_) | Applied::Kept(_) => Ok(()),
        Applied::Conflict(conflicts) => {
            let owners: Vec<_> =
                conflicts.iter().map(|(who, what)| format!("{who} owns {what}")).collect();
            Err(Error::owned(format!(
                "{} belongs to somebody else: {}",
                at.shown(),
                owners.join(", ")
            ))
            .hint("choose another name with --secret, or take it over with --force-conflicts")
            .into())
        }
    }
}

fn signing_request(
    args: &GenerateArgs,
    spec: &CertificateSpec,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    // clap demands it.
    let Some(folder) = &args.dir else { return Ok(Exit::Usage) };
    if folder.join(KEY).exists() && !args.force {
        return Err(Error::usage(format!("{} is there already", folder.join(KEY).display()))
            .hint("--force replaces the key, and what is signed for it is lost")
            .into());
    }
    let (text, key) = certificates::signing_request(spec)?;
    files::private_folder(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, text) in [(KEY, key.expose()), (REQUEST, text.as_str())] {
        let path = folder.join(name);
        files::write_private(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    printer.data(&format!("{}\n", folder.join(REQUEST).display()))?;
    printer.note(&format!(
        "let your CA sign it for {}, put the certificate into tls.crt and the CA into ca.crt\n\
         beside it, and see what the API server will make of it:\n\
         oppscale certs status --dir {}",
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
    let mut text = String::new();
    if let Some(folder) = &args.dir {
        text.push_str(&format!("folder       {}\n", folder.display()));
    }
    if args.to_secret {
        text.push_str(&format!("Secret       {}/{}\n", args.server.namespace, args.server.secret));
    }
    text.push_str(&format!("for          {}\n", spec.dns_names().join(", ")));
    if let Some(leaf) = &verification.leaf {
        text.push_str(&format!("until        {}\n", date(leaf.not_after)));
        text.push_str(&format!("SHA-256      {}\n", leaf.fingerprint));
    }
    if let Some(ca) = verification.cas.first() {
        text.push_str(&format!("CA           {}\n", ca.subject));
        text.push_str(&format!("CA until     {}\n", date(ca.not_after)));
        text.push_str(&format!("CA SHA-256   {}\n", ca.fingerprint));
    }
    text
}
