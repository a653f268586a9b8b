//! `oppscale kubeconfig`: a kubeconfig for a ServiceAccount, which expires and can be revoked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::Value;

use crate::certificates::{SecretString, date, parse_pem};
use crate::commands::args::{AddressArgs, ConnectionArgs};
use crate::completion::Values;
use crate::exit::Exit;
use crate::files::{self, FileLock};
use crate::printer::Printer;
use crate::setup::kubeconfig::Entry;
use crate::setup::service_account::{Account, Holder, Token};
use oppscale_cluster::{Cluster, kubeconfig_document};
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, ObjectRef};
use oppscale_core::units::parse_duration;

/// Time limit for another program's lock on a kubeconfig; kubectl holds it for milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// Arguments of `oppscale kubeconfig`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale kubeconfig --serviceaccount ci --create --output-file ci.kubeconfig
  oppscale kubeconfig --serviceaccount ci --duration 24h > ci.kubeconfig
  oppscale kubeconfig --serviceaccount ci --merge ~/.kube/config
  oppscale kubeconfig --serviceaccount ci --revoke

The token is bound to the Secret oppscale-kubeconfig-NAME: within 12 seconds of
its deletion, the API server rejects the token. A pod of the cluster needs no
kubeconfig: it has a token of its own.")]
pub struct KubeconfigArgs {
    /// Name of the ServiceAccount
    #[arg(long, alias = "sa", value_name = "NAME", default_value = "oppscale",
          add = Values::Names(&kinds::SERVICE_ACCOUNT))]
    pub serviceaccount: String,
    /// Namespace of the ServiceAccount
    #[arg(short, long, value_name = "NAME", default_value = "oppscale", add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: String,
    /// Create the ServiceAccount if it does not exist; it gets no permissions
    #[arg(long)]
    pub create: bool,
    /// Lifetime of the token, at least 10m; the server may shorten it
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub duration: Duration,
    /// Audience of the token; repeatable [default: the API server]
    #[arg(long, value_name = "NAME")]
    pub audience: Vec<String>,
    /// Use a Secret token, which never expires, for clients that cannot renew one
    #[arg(long, conflicts_with_all = ["audience", "duration"])]
    pub legacy_token: bool,
    /// Address of the API server as seen by the user of the file
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// CA of the API server in PEM, instead of your kubeconfig's
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Name of the cluster, user and context entries
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Write this file with mode 0600, instead of stdout
    #[arg(long, alias = "out", value_name = "FILE", conflicts_with = "merge")]
    pub output_file: Option<PathBuf>,
    /// Merge into an existing kubeconfig; its current context stays
    #[arg(long, value_name = "FILE")]
    pub merge: Option<PathBuf>,
    /// Replace a file or entries that hold something else
    #[arg(long)]
    pub force: bool,
    /// Revoke the tokens issued before
    #[arg(long, conflicts_with_all = ["create", "legacy_token", "output_file", "merge", "audience"])]
    pub revoke: bool,
    /// Only show the plan; no token is requested
    #[arg(long)]
    pub dry_run: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ConnectionArgs,
}

/// Creates a kubeconfig.
///
/// # Errors
/// When there is no such ServiceAccount, the server refuses, or the file cannot be written.
pub async fn run(args: KubeconfigArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let account = Account { namespace: args.namespace.clone(), name: args.serviceaccount.clone() };
    let cluster = args.cluster.connect(&AddressArgs::default()).await?;
    if args.revoke {
        return revoke(&args, &account, &cluster, printer).await;
    }
    if args.server.as_deref().is_some_and(holds_login) {
        return Err(Error::usage("--server holds a user or a password, which would be recorded")
            .hint("leave out what stands before the @: the token is the credential")
            .into());
    }
    let seconds = seconds(&args)?;
    // Problems with files are found before a token exists.
    let authority = authority(&args)?;
    let name =
        args.name.clone().unwrap_or_else(|| format!("{}-{}", account.namespace, account.name));
    let target = args.merge.as_deref().map(MergeTarget::of).transpose()?;
    require_replaceable(&args, target.as_ref(), &name)?;
    let endpoint = cluster.endpoint();
    let given = args.server.as_deref();
    let is_insecure = endpoint.is_insecure && given.is_none() && authority.is_none();
    let authority = authority.or(endpoint.authority_pem.clone()).map(|pem| STANDARD.encode(pem));
    let none = SecretString::new("");
    let entry = |token| Entry {
        name: &name,
        server: given.unwrap_or(&endpoint.server),
        authority: authority.as_deref(),
        tls_server_name: endpoint.tls_server_name.as_deref().filter(|_| given.is_none()),
        proxy_url: endpoint.proxy_url.as_deref().filter(|_| given.is_none()),
        is_insecure,
        namespace: &account.namespace,
        token,
    };
    if let Some(target) = &target {
        let _locks = target.lock()?;
        entry(&none).merged(target.read()?.1, args.force)?;
    }
    let secret = if args.legacy_token { account.legacy_secret() } else { account.revoker() };
    if account.holder(&cluster, &secret).await? == Holder::Other {
        return Err(foreign(&secret));
    }
    if !account.exists(&cluster).await? {
        if !args.create {
            let text = format!("there is no ServiceAccount {account}");
            return Err(Error::failure(text)
                .hint("create it with --create, or name another with --serviceaccount and --namespace")
                .into());
        }
        match args.dry_run {
            true => printer.data(&format!("create ServiceAccount {account}\n"))?,
            false => create(&account, &cluster, printer).await?,
        }
    }
    if args.dry_run {
        printer.data(&match args.legacy_token {
            true => format!("create {secret}\n"),
            false => format!("create {secret}, to which the token is bound\nrequest a token\n"),
        })?;
        return Ok(Exit::Ok);
    }
    let token = match args.legacy_token {
        true => account.legacy_token(&cluster).await?,
        false => account.token(&cluster, &args.audience, seconds).await?,
    };
    write(&args, target.as_ref(), &entry(&token.secret), printer)?;
    explain(&args, &account, &token, &name, printer);
    Ok(Exit::Ok)
}

/// The error for a Secret of another owner with the name of ours.
fn foreign(secret: &ObjectRef) -> anyhow::Error {
    Error::owned(format!("oppscale did not create {secret}"))
        .hint("find its owner, and choose another ServiceAccount with --serviceaccount")
        .into()
}

/// Refuses to overwrite a file that holds more than oppscale wrote to it before.
fn require_replaceable(
    args: &KubeconfigArgs,
    target: Option<&MergeTarget>,
    name: &str,
) -> anyhow::Result<()> {
    let into = target.map(|target| &target.file);
    let Some(path) = args.output_file.as_ref().or(into) else { return Ok(()) };
    let shown = path.display();
    files::may_write_private(path).with_context(|| format!("cannot write {shown}"))?;
    if args.merge.is_some() || args.force || !path.exists() {
        return Ok(());
    }
    let there = kubeconfig_document(fs::read(path).unwrap_or_default(), path).unwrap_or_default();
    match Entry::is_all_of(name, &there) {
        true => Ok(()),
        false => Err(Error::usage(format!("{shown} exists already and holds something else"))
            .hint("--merge adds the entries to it, --force replaces it")
            .into()),
    }
}

/// Whether a URL has a user before its host.
fn holds_login(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// The lifetime, if the server accepts it.
fn seconds(args: &KubeconfigArgs) -> anyhow::Result<u64> {
    let seconds = args.duration.as_secs();
    // TokenRequest's own limits: 10 minutes to 2^32 seconds.
    if !(600..=1 << 32).contains(&seconds) {
        return Err(Error::usage(format!("the server issues no token of {seconds} s"))
            .hint("at least --duration 10m; for one that never expires see --legacy-token")
            .into());
    }
    Ok(seconds)
}

fn authority(args: &KubeconfigArgs) -> anyhow::Result<Option<String>> {
    let Some(path) = &args.certificate_authority else { return Ok(None) };
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    parse_pem(&text).with_context(|| format!("{shown} contains no CA certificate"))?;
    Ok(Some(text))
}

/// The kubeconfig to merge into.
struct MergeTarget {
    /// The path that was given.
    path: PathBuf,
    /// The file that a link leads to, or the path itself.
    file: PathBuf,
}

impl MergeTarget {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let file = match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_symlink() => fs::canonicalize(path)
                .with_context(|| format!("{} is a link that leads nowhere", path.display()))?,
            _ => path.to_owned(),
        };
        Ok(Self { path: path.to_owned(), file })
    }

    /// Locks it as kubectl does, by whichever of both names kubectl knows it.
    fn lock(&self) -> anyhow::Result<Vec<FileLock>> {
        let mut paths = vec![&self.path, &self.file];
        paths.dedup();
        let locks = paths.into_iter().map(|path| FileLock::take(path, LOCK_TIMEOUT));
        locks.collect::<io::Result<_>>().map_err(|error| {
            let is_taken = error.kind() == io::ErrorKind::WouldBlock;
            let failure = Error::failure(format!("cannot lock {}: {error}", self.path.display()));
            match is_taken {
                true => failure.hint("if no kubectl is running, delete that lock file").into(),
                false => failure.into(),
            }
        })
    }

    /// Its text and its contents; empty if it does not exist yet.
    fn read(&self) -> anyhow::Result<(String, Value)> {
        let bytes = match fs::read(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes.with_context(|| format!("cannot read {}", self.path.display()))?,
        };
        let value = kubeconfig_document(bytes.clone(), &self.path)
            .map_err(|error| Error::usage(error.to_string()))?;
        let text = String::from_utf8(bytes).unwrap_or_default();
        Ok((text, if value.is_null() { serde_json::json!({}) } else { value }))
    }
}

async fn create(account: &Account, cluster: &Cluster, printer: &Printer) -> anyhow::Result<()> {
    account.create(cluster).await?;
    printer.note(&format!(
        "created ServiceAccount {account}, without permissions. For example, to let it read:\n\
         kubectl create rolebinding {name} --clusterrole=view --serviceaccount={ns}:{name} -n {ns}",
        name = account.name,
        ns = account.namespace
    ));
    Ok(())
}

fn write(
    args: &KubeconfigArgs,
    target: Option<&MergeTarget>,
    entry: &Entry<'_>,
    printer: &Printer,
) -> anyhow::Result<()> {
    if let Some(target) = target {
        let _locks = target.lock()?;
        let (text, there) = target.read()?;
        let (text, keeps_comments) = entry.written(&text, &entry.merged(there, args.force)?)?;
        files::write_private(&target.file, text.as_bytes())
            .with_context(|| format!("cannot write {}", target.file.display()))?;
        if !keeps_comments {
            printer.warn(&format!("the comments of {} are lost", target.path.display()));
        }
        return Ok(());
    }
    let text = serde_saphyr::to_string(&entry.whole())?;
    match &args.output_file {
        None => Ok(printer.data(&text)?),
        Some(path) => files::write_private(path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display())),
    }
}

fn explain(args: &KubeconfigArgs, account: &Account, token: &Token, name: &str, printer: &Printer) {
    for warning in &token.warnings {
        printer.warn(&format!("the API server says: {warning}"));
    }
    let expiry = match token.expires {
        Some(seconds) => format!("the token expires on {}", date(seconds)),
        None => {
            printer.warn("the token never expires: keep the file safe, and revoke it after use");
            "the token never expires".to_owned()
        }
    };
    printer.note(&format!(
        "{expiry}; to revoke it earlier:\n\
         oppscale kubeconfig -n {} --serviceaccount {} --revoke",
        account.namespace, account.name
    ));
    if let Some(path) = args.output_file.as_ref().or(args.merge.as_ref()) {
        let path = path.display();
        printer.note(&format!(
            "written to {path}; try it: kubectl --kubeconfig {path} --context {name} auth whoami"
        ));
    }
}

async fn revoke(
    args: &KubeconfigArgs,
    account: &Account,
    cluster: &Cluster,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let mut text = String::new();
    for secret in [account.revoker(), account.legacy_secret()] {
        match account.holder(cluster, &secret).await? {
            Holder::Nobody => {}
            Holder::Other => return Err(foreign(&secret)),
            Holder::Us if args.dry_run => text.push_str(&format!("delete {secret}\n")),
            Holder::Us => {
                cluster.delete(&secret).await?;
                text.push_str(&format!("deleted {secret}\n"));
            }
        }
    }
    if text.is_empty() {
        printer.data(&format!("nothing to revoke for ServiceAccount {account}\n"))?;
        return Ok(Exit::Ok);
    }
    printer.data(&text)?;
    if !args.dry_run {
        printer.note("the API server rejects the tokens that were bound to it within 12 seconds");
    }
    Ok(Exit::Ok)
}
