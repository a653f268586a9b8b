//! `oppscale kubeconfig`: a kubeconfig for a ServiceAccount, which ends and can be revoked.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use crate::certificates::{SecretString, date, parse_pem};
use crate::commands::args::{AddressArgs, ConnectionArgs};
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use crate::setup::kubeconfig::Entry;
use crate::setup::service_account::{self as account, Account, Holder, Token, TokenRequest};
use oppscale_cluster::Cluster;
use oppscale_core::error::Error;
use oppscale_core::units::parse_duration;

/// Arguments of `oppscale kubeconfig`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale kubeconfig --serviceaccount ci --create --out ci.kubeconfig
  oppscale kubeconfig --serviceaccount ci --duration 24h > ci.kubeconfig
  oppscale kubeconfig --serviceaccount ci --merge ~/.kube/config
  oppscale kubeconfig --serviceaccount ci --revoke

The token lives with the Secret oppscale-kubeconfig-NAME: when that is deleted,
the token is refused within 12 seconds. A pod of the cluster needs none of this:
it has a token of its own.")]
pub struct KubeconfigArgs {
    /// Name of the ServiceAccount
    #[arg(long, visible_alias = "sa", value_name = "NAME", default_value = "oppscale")]
    pub serviceaccount: String,
    /// Namespace of the ServiceAccount
    #[arg(short, long, value_name = "NAME", default_value = "oppscale")]
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
    #[arg(long, value_name = "FILE", conflicts_with = "merge")]
    pub out: Option<PathBuf>,
    /// Merge into an existing kubeconfig; its current context stays
    #[arg(long, value_name = "FILE")]
    pub merge: Option<PathBuf>,
    /// Replace a file or entries that hold something else
    #[arg(long)]
    pub force: bool,
    /// Revoke the tokens issued before
    #[arg(long, conflicts_with_all = ["create", "legacy_token", "out", "merge", "audience"])]
    pub revoke: bool,
    /// Only show what would be done; no token is requested
    #[arg(long)]
    pub dry_run: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ConnectionArgs,
}

/// Makes a kubeconfig.
///
/// # Errors
/// When there is no such ServiceAccount, the server refuses, or the file cannot be written.
pub async fn run(args: KubeconfigArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let account = Account { namespace: args.namespace.clone(), name: args.serviceaccount.clone() };
    let cluster = args.cluster.connect(&AddressArgs::default()).await?;
    if args.revoke {
        return revoke(&args, &account, &cluster, printer).await;
    }
    let seconds = seconds(&args)?;
    // All that may be wrong with files is found before there is a token.
    let authority = authority(&args)?;
    let name =
        args.name.clone().unwrap_or_else(|| format!("{}-{}", account.namespace, account.name));
    let into = merge_target(&args)?;
    replaceable(&args, &name)?;
    let endpoint = cluster.endpoint();
    let authority = authority.or(endpoint.authority_pem.clone()).map(|pem| STANDARD.encode(pem));
    let given = args.server.clone();
    let config = |token: &SecretString| {
        let entry = Entry {
            name: &name,
            server: given.as_deref().unwrap_or(&endpoint.server),
            authority: authority.as_deref(),
            tls_server_name: endpoint.tls_server_name.as_deref().filter(|_| given.is_none()),
            namespace: &account.namespace,
            token,
        };
        match &into {
            Some(into) => entry.merged(into.clone(), args.force).map_err(|error| {
                Error::failure(error.to_string())
                    .hint("choose another --name, or replace it with --force")
            }),
            None => Ok(entry.whole()),
        }
    };
    config(&SecretString::new(""))?;
    let secret = if args.legacy_token { account.legacy_secret() } else { account.revoker() };
    if account::holder(&cluster, &account, &secret).await? == Holder::Other {
        return Err(foreign(&account, &secret));
    }
    if args.dry_run {
        return plan(&args, &account, &cluster, printer).await;
    }
    prepare(&args, &account, &cluster, printer).await?;
    let token = match args.legacy_token {
        true => account::legacy_token(&cluster, &account).await?,
        false => {
            let (name, uid) = account::revoker(&cluster, &account).await?;
            let request = TokenRequest {
                namespace: &account.namespace,
                account: &account.name,
                audiences: &args.audience,
                seconds,
                bound_to: Some((&name, &uid)),
            };
            account::request_token(&cluster, &request).await?
        }
    };
    write(&args, &config(&token.secret)?, printer)?;
    explain(&args, &account, &token, &name, printer);
    Ok(Exit::Ok)
}

/// A Secret of somebody else under the name of ours.
fn foreign(account: &Account, secret: &str) -> anyhow::Error {
    Error::owned(format!(
        "Secret {}/{secret} is not one that oppscale made for this",
        account.namespace
    ))
    .hint("see whose it is, and choose another ServiceAccount with --serviceaccount")
    .into()
}

/// Refuses to write over a file that is more than what was made here before.
fn replaceable(args: &KubeconfigArgs, name: &str) -> anyhow::Result<()> {
    let Some(path) = args.out.as_ref().or(args.merge.as_ref()) else { return Ok(()) };
    let shown = path.display();
    files::may_write_private(path).with_context(|| format!("cannot write {shown}"))?;
    if args.merge.is_some() || args.force || !path.exists() {
        return Ok(());
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let there: Value = serde_yaml::from_str(&text).unwrap_or_default();
    match Entry::is_all_of(name, &there) {
        true => Ok(()),
        false => Err(Error::usage(format!("{shown} is there already, and holds something else"))
            .hint("--merge puts the kubeconfig into it, --force replaces it")
            .into()),
    }
}

/// Refuses lifetimes that the server would refuse.
fn seconds(args: &KubeconfigArgs) -> anyhow::Result<u64> {
    let seconds = args.duration.as_secs();
    // TokenRequest's own limits: 10 minutes to 2^32 seconds.
    if !(600..=1 << 32).contains(&seconds) {
        return Err(Error::usage(format!("a token of {seconds} s is not given"))
            .hint("at least --duration 10m; for one that never ends see --legacy-token")
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

/// The kubeconfig to merge into; an empty one where there is none yet.
fn merge_target(args: &KubeconfigArgs) -> anyhow::Result<Option<Value>> {
    let Some(path) = &args.merge else { return Ok(None) };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Some(serde_json::json!({})));
        }
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    // The parser's words would show the text around a mistake, tokens and all.
    let value: Value = serde_yaml::from_str(&text)
        .map_err(|_| Error::usage(format!("{} is no YAML", path.display())))?;
    Ok(Some(if value.is_null() { serde_json::json!({}) } else { value }))
}

async fn plan(
    args: &KubeconfigArgs,
    account: &Account,
    cluster: &Cluster,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let known = account::exists(cluster, account).await?;
    let mut text = String::new();
    if !known && !args.create {
        return Err(missing(account));
    }
    if !known {
        text.push_str(&format!("create ServiceAccount {}\n", account.shown()));
    }
    text.push_str(&match args.legacy_token {
        true => format!("create Secret {}/{}\n", account.namespace, account.legacy_secret()),
        false => format!(
            "create Secret {}/{}, with which the token lives\nrequest a token\n",
            account.namespace,
            account.revoker()
        ),
    });
    printer.data(&text)?;
    Ok(Exit::Ok)
}

async fn prepare(
    args: &KubeconfigArgs,
    account: &Account,
    cluster: &Cluster,
    printer: &Printer,
) -> anyhow::Result<()> {
    if account::exists(cluster, account).await? {
        return Ok(());
    }
    if !args.create {
        return Err(missing(account));
    }
    account::create(cluster, account).await?;
    printer.note(&format!(
        "ServiceAccount {} was made; it may do nothing yet. What it is to read, grant with:\n\
         kubectl create rolebinding {name} --clusterrole=view --serviceaccount={ns}:{name} -n {ns}",
        account.shown(),
        name = account.name,
        ns = account.namespace
    ));
    Ok(())
}

fn missing(account: &Account) -> anyhow::Error {
    Error::failure(format!("there is no ServiceAccount {}", account.shown()))
        .hint("make it with --create, or name another one with --serviceaccount and --namespace")
        .into()
}

fn write(args: &KubeconfigArgs, config: &Value, printer: &Printer) -> anyhow::Result<()> {
    let text = serde_saphyr::to_string(config).context("cannot write the kubeconfig as YAML")?;
    match args.out.as_ref().or(args.merge.as_ref()) {
        None => Ok(printer.data(&text)?),
        Some(path) => files::write_private(path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display())),
    }
}

fn explain(args: &KubeconfigArgs, account: &Account, token: &Token, name: &str, printer: &Printer) {
    for warning in &token.warnings {
        printer.warn(&format!("the API server says: {warning}"));
    }
    let again = format!("-n {} --serviceaccount {}", account.namespace, account.name);
    let ends = match &token.expires {
        Some(moment) => {
            let seconds = moment.parse::<Timestamp>().map(Timestamp::as_second);
            let moment = seconds.map_or_else(|_| moment.clone(), date);
            format!("the token ends on {moment}")
        }
        None => {
            printer.warn(
                "the token never ends: keep the file safe, and revoke it when it is done with",
            );
            "the token never ends".to_owned()
        }
    };
    printer.note(&format!("{ends}; to revoke it before:\noppscale kubeconfig {again} --revoke"));
    if let Some(path) = args.out.as_ref().or(args.merge.as_ref()) {
        printer.note(&format!(
            "written to {}; try it: kubectl --kubeconfig {} --context {name} auth whoami",
            path.display(),
            path.display()
        ));
    }
}

async fn revoke(
    args: &KubeconfigArgs,
    account: &Account,
    cluster: &Cluster,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let names = [account.revoker(), account.legacy_secret()];
    let mut text = String::new();
    for name in names {
        match account::holder(cluster, account, &name).await? {
            Holder::Nobody => {}
            Holder::Other => return Err(foreign(account, &name)),
            Holder::Us if args.dry_run => {
                text.push_str(&format!("delete Secret {}/{name}\n", account.namespace));
            }
            Holder::Us => {
                account::delete_secret(cluster, account, &name).await?;
                text.push_str(&format!("deleted Secret {}/{name}\n", account.namespace));
            }
        }
    }
    if text.is_empty() {
        printer.data(&format!("nothing to revoke for ServiceAccount {}\n", account.shown()))?;
        return Ok(Exit::Ok);
    }
    printer.data(&text)?;
    if !args.dry_run {
        printer.note("the tokens that lived with it are refused within 12 seconds");
    }
    Ok(Exit::Ok)
}
