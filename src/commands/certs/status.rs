//! `oppscale certs status`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{folder, no_certificate};
use crate::certificates::{
    CaBundle, Certificate, CertificateProblem, CertificateSpec, Fix, StoredCertificate, Validity,
    Verification, date, verify,
};
use crate::commands::args::{ClusterArgs, OutputArgs, ServerArgs};
use crate::exit::Exit;
use crate::printer::{Printer, Style};
use crate::setup::api_services::{self, ApiService, HELM_RENEWAL_HINT};
use crate::setup::{local_clock, server_clock, tls_secret};
use oppscale_cluster::ClusterError;
use oppscale_core::error::Error;
use oppscale_core::units::counted;

/// Arguments of `oppscale certs status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale certs status               the Secret, and the APIServices that trust it
  oppscale certs status -f certs      the files of a folder
  oppscale certs status -o json

Exit codes: 0 good, 1 the API server rejects them, or will within 60 days")]
pub struct StatusArgs {
    /// Folder with certificates, instead of the cluster's Secret
    #[arg(short = 'f', long, alias = "dir", value_name = "DIR")]
    pub filename: Option<PathBuf>,
    /// The metrics server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Output format
    #[command(flatten)]
    pub output: OutputArgs<Format>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Certificates and who trusts them.
struct Status {
    place: String,
    verification: Verification,
    now: i64,
    services: Vec<Trust>,
    unknown: Option<String>,
    /// Whether they are values of a Helm release.
    by_helm: bool,
}

/// An APIService that leads to the server.
struct Trust {
    name: String,
    problems: Vec<String>,
    note: Option<&'static str>,
}

/// Shows certificates.
///
/// # Errors
/// When there are none, or they cannot be read.
pub(super) async fn run(args: StatusArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let spec = CertificateSpec::new(&args.server.service, &args.server.namespace);
    spec.validate().map_err(|error| Error::usage(error.to_string()))?;
    let status = match &args.filename {
        Some(path) => of_stored(path.display().to_string(), &folder(path)?, &spec, local_clock())?,
        None => of_cluster(&args, &spec).await?,
    };
    let text = match args.output.format {
        Format::Json => format!("{:#}\n", json_of(&status)),
        Format::Table => table(&status, printer),
    };
    printer.data(&text)?;
    Ok(if status.is_good() { Exit::Ok } else { Exit::Finding })
}

fn of_stored(
    place: String,
    stored: &StoredCertificate,
    spec: &CertificateSpec,
    now: i64,
) -> anyhow::Result<Status> {
    let Some(verification) = stored.verify(&spec.server_name(), now) else {
        return Err(no_certificate(format!("{place}: there is no tls.crt")));
    };
    Ok(Status { place, verification, now, services: Vec::new(), unknown: None, by_helm: false })
}

async fn of_cluster(args: &StatusArgs, spec: &CertificateSpec) -> anyhow::Result<Status> {
    let cluster = args.cluster.connect().await?;
    let now = server_clock(&cluster).await?;
    let object = args.server.secret_object();
    let stored = tls_secret::read(&cluster, &object).await?.unwrap_or_default();
    let mut status = of_stored(object.to_string(), &stored, spec, now)?;
    let chain = stored.chain.unwrap_or_default();
    match api_services::of(&cluster, spec).await {
        Ok(services) => {
            status.by_helm = services.iter().any(|service| service.release().is_some());
            status.services =
                services.iter().map(|service| trust(service, &chain, spec, now)).collect();
        }
        Err(ClusterError::Forbidden { message, .. }) => status.unknown = Some(message),
        Err(error) => return Err(error.into()),
    }
    Ok(status)
}

fn trust(service: &ApiService, chain: &str, spec: &CertificateSpec, now: i64) -> Trust {
    let mut note = None;
    let problems = match service.ca_bundle().map(CaBundle::decode) {
        _ if service.is_insecure() => {
            vec!["insecureSkipTLSVerify: it trusts any server at that address".to_owned()]
        }
        None => {
            vec!["no caBundle: it trusts only the CAs of the API server's own system".to_owned()]
        }
        Some(Err(error)) => vec![format!(
            "the caBundle is not PEM ({error}): no condition reports it, and clients get 503"
        )],
        Some(Ok(bundle)) => {
            note = (bundle.len() > 1).then_some("a renewal is under way: it trusts several CAs");
            let verification = verify(chain, Some(&bundle.pem()), &spec.server_name(), now);
            verification.problems.iter().map(CertificateProblem::to_string).collect()
        }
    };
    Trust { name: service.name().to_owned(), problems, note }
}

impl Status {
    /// The fix as a sentence; Helm renews the values of its releases.
    fn fix(&self, fix: Fix) -> String {
        match fix {
            Fix::Renew(_) if self.by_helm => HELM_RENEWAL_HINT.to_owned(),
            Fix::Renew(rest) => format!("oppscale certs renew{rest}"),
            Fix::Other(text) => text.to_owned(),
        }
    }

    fn is_good(&self) -> bool {
        self.verification.problems.is_empty()
            && self.services.iter().all(|service| service.problems.is_empty())
            && !self.verification.validity.is_some_and(Validity::expires_soon)
    }
}

fn table(status: &Status, printer: &Printer) -> String {
    let mut text = format!("{}\n", printer.paint(Style::Bold, &status.place));
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<12} {value}");
    };
    if let Some(leaf) = &status.verification.leaf {
        line("for", &leaf.dns_names.join(", "));
        line("valid", &validity(leaf, status.now));
        line("SHA-256", &leaf.fingerprint);
    }
    for ca in &status.verification.cas {
        line("CA", &ca.subject);
        line("  valid", &validity(ca, status.now));
        line("  SHA-256", &ca.fingerprint);
    }
    for service in &status.services {
        let verification =
            if service.problems.is_empty() { "trusts it" } else { "does not trust it" };
        line("APIService", &format!("{} {verification}", service.name));
        for problem in &service.problems {
            line("", &printer.paint(Style::Bad, problem));
        }
        if let Some(note) = service.note {
            line("", note);
        }
    }
    if let Some(message) = &status.unknown {
        line("APIServices", &format!("unknown ({message})"));
    }
    for problem in &status.verification.problems {
        line("rejected", &printer.paint(Style::Bad, &problem.to_string()));
        line("  fix", &status.fix(problem.fix()));
    }
    for warning in &status.verification.warnings {
        line("warning", &printer.paint(Style::Warn, &warning.to_string()));
    }
    if status.verification.problems.is_empty()
        && status.verification.validity.is_some_and(Validity::expires_soon)
    {
        line("soon", &printer.paint(Style::Warn, "it expires within 60 days"));
        line("  fix", &status.fix(Fix::Renew("")));
    }
    text
}

fn validity(facts: &Certificate, now: i64) -> String {
    let validity = Validity::at(now, facts.not_before, facts.not_after);
    let left = match validity.days_left() {
        days if validity.seconds_left >= 0 => {
            let days = counted(&days.to_string(), "day");
            format!("{days} and {} % left", validity.percent_left)
        }
        days => format!("expired {} ago", counted(&(-days).to_string(), "day")),
    };
    format!("{} to {} ({left})", date(facts.not_before), date(facts.not_after))
}

fn json_of(status: &Status) -> Value {
    let certificate = |facts: &Certificate| {
        json!({
            "subject": facts.subject, "issuer": facts.issuer, "dnsNames": facts.dns_names,
            "notBefore": facts.not_before, "notAfter": facts.not_after,
            "sha256": facts.fingerprint, "isCA": facts.is_ca
        })
    };
    json!({
        "schemaVersion": 1,
        "place": status.place,
        "good": status.is_good(),
        "now": status.now,
        "certificate": status.verification.leaf.as_ref().map(certificate),
        "authorities": status.verification.cas.iter().map(certificate).collect::<Vec<_>>(),
        "secondsLeft": status.verification.validity.map(|validity| validity.seconds_left),
        "percentLeft": status.verification.validity.map(|validity| validity.percent_left),
        "flaws": status.verification.problems.iter().map(|problem| json!({
            "problem": problem.to_string(), "fix": status.fix(problem.fix())
        })).collect::<Vec<_>>(),
        "warnings": status.verification.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "apiServices": status.services.iter().map(|service| json!({
            "name": service.name, "trusted": service.problems.is_empty(), "problems": service.problems
        })).collect::<Vec<_>>(),
        "unknown": status.unknown
    })
}
