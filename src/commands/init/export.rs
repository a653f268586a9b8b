//! `oppscale init --output-dir`: the manifests, or a Helm chart, as files or on stdout. It needs no
//! cluster.

use std::path::Path;

use anyhow::Context;

use super::args::{ChartArg, InitArgs};
use crate::certificates::{CaBundle, CertificateSpec, IssuedCertificate, issue};
use crate::exit::Exit;
use crate::files;
use crate::manifest::{DASHBOARD, File, Templates, folder, stream};
use crate::printer::Printer;
use crate::setup::chart::{TLS_VALUES, chart, tls_values};
use crate::setup::config::{InstallConfig, Pipeline, Trust};
use crate::setup::helm::{self, ADAPTER, API_SERVICE, Values};
use crate::setup::local_clock;
use oppscale_core::check::Distribution;
use oppscale_core::error::Error;

/// Exports the installation.
///
/// # Errors
/// When the flags contradict each other, or a file cannot be written.
pub(super) fn run(
    args: &InitArgs,
    config: &InstallConfig,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    match (args.output_dir.as_deref().unwrap_or("-"), args.chart) {
        ("-", true) => Err(Error::usage("a chart is a folder: --output-dir DIR").into()),
        (target, true) => export_chart(args, config, target, printer),
        (target, false) => export_manifests(args, config, target, printer),
    }
}

fn export_manifests(
    args: &InitArgs,
    config: &InstallConfig,
    target: &str,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let api_server = config.api_server().filter(|_| !config.cert_manager);
    let issued = match api_server.filter(|_| args.export_secrets) {
        Some((service, _)) => Some(new_certificate(config, service)?),
        None => None,
    };
    let bundle = issued.as_ref().map(|issued| CaBundle::parse(&issued.ca)).transpose()?;
    let left_out = api_server.filter(|_| issued.is_none()).map(|(service, _)| service);
    let templates = Templates::new(None)?;
    let adapter = issued.clone().filter(|_| config.pipeline == Pipeline::Prometheus);
    let values = values(args, config, adapter.as_ref());
    let mut desired = config.render(&templates, &Trust { secret: issued, bundle })?;
    // The adapter is installed before its APIService.
    let last = match config.pipeline {
        Pipeline::Prometheus => std::mem::take(&mut desired.api),
        _ => Vec::new(),
    };
    let documents = desired.all();
    if target == "-" {
        if !values.is_empty() {
            return Err(Error::usage("Helm values are files of their own")
                .hint("--output-dir DIR instead of --output-dir -")
                .into());
        }
        if args.kustomize {
            return Err(Error::usage("--kustomize needs a folder: --output-dir DIR").into());
        }
        printer.data(&stream(&documents))?;
    } else {
        let mut files = folder(&templates, &documents)?;
        files.retain(|file| args.kustomize || file.name != "kustomization.yaml");
        let file = |name: &str, text| File { name: name.to_owned(), text, private: false };
        if config.dashboard {
            files.push(file("grafana-dashboard.json", DASHBOARD.to_owned()));
        }
        files.extend(values.iter().map(file_of));
        if !last.is_empty() {
            let comment = "# Apply this last, when prometheus-adapter is ready:\n\
                           # kubectl apply --server-side --field-manager oppscale -f this\n";
            files.push(file(API_SERVICE, format!("{comment}{}", stream(&last))));
        }
        write(Path::new(target), &files, printer)?;
    }
    if let Some(service) = left_out {
        printer.note(&format!(
            "the Secret and the APIServices of {service} are left out, because they need a private\n\
             key and its CA. In the cluster, oppscale init creates them; or export them with\n\
             --export-secrets, or leave them to cert-manager with --certificates cert-manager",
        ));
    } else if !last.is_empty() && target == "-" {
        printer.note(
            "the APIService of prometheus-adapter comes last, when the adapter is ready: oppscale\n\
             init creates it then, and --output-dir DIR writes it to a file of its own",
        );
    }
    Ok(Exit::Ok)
}

fn export_chart(
    args: &InitArgs,
    config: &InstallConfig,
    target: &str,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    if config.dashboard || config.alerts {
        return Err(Error::usage("the chart contains neither --with dashboard nor --with alerts")
            .hint("export them without --chart; they need none of its values")
            .into());
    }
    let adapter = match args.export_secrets && config.pipeline == Pipeline::Prometheus {
        true => Some(new_certificate(config, ADAPTER)?),
        false => None,
    };
    let mut files = chart(config);
    files.extend(values(args, config, adapter.as_ref()).iter().map(file_of));
    let needs_certificates = config.serves() && !config.cert_manager;
    if needs_certificates && args.export_secrets {
        files.push(file_of(&tls_values(&new_certificate(config, &config.service)?)));
    }
    write(Path::new(target), &files, printer)?;
    if needs_certificates && !args.export_secrets {
        printer.note(
            "certificates are left out, because they have a private key: --export-secrets writes\n\
             them to a file of their own, --certificates cert-manager needs none",
        );
        return Ok(Exit::Ok);
    }
    let tls = Path::new(target).join(TLS_VALUES);
    let tls = if needs_certificates { format!(" -f {}", tls.display()) } else { String::new() };
    printer.note(&format!(
        "install it with:\nhelm upgrade --install {} {target} --namespace {} --create-namespace{tls}",
        config.service, config.namespace
    ));
    Ok(Exit::Ok)
}

fn new_certificate(config: &InstallConfig, service: &str) -> anyhow::Result<IssuedCertificate> {
    Ok(issue(&CertificateSpec::new(service, &config.namespace), local_clock())?)
}

/// Writes files, and prints their names; those with a key are readable by their owner only.
fn write(folder: &Path, new: &[File], printer: &Printer) -> anyhow::Result<()> {
    for file in new {
        let path = folder.join(&file.name);
        let parent = path.parent().unwrap_or(folder);
        files::private_folder(parent)
            .with_context(|| format!("cannot create the folder {}", parent.display()))?;
        let write = if file.private { files::write_private } else { files::write_whole };
        write(&path, file.text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        printer.data(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

fn file_of(values: &Values) -> File {
    File { name: values.file.to_owned(), text: values.text(), private: values.private }
}

/// Values for the Helm charts of other projects, with the adapter's certificate if there is one.
fn values(
    args: &InitArgs,
    config: &InstallConfig,
    adapter: Option<&IssuedCertificate>,
) -> Vec<Values> {
    let mut values = Vec::new();
    if config.pipeline == Pipeline::Prometheus && args.output_dir.as_deref() != Some("-") {
        // The headless Service that the operator creates for every Prometheus; the user may have to
        // change the namespace.
        let url = "http://prometheus-operated.monitoring.svc";
        values.push(helm::adapter(&config.namespace, url));
        values.extend(adapter.map(|issued| helm::adapter_with_key(&config.namespace, url, issued)));
    }
    for chart in &args.with {
        values.push(match chart {
            // Objects, which are among the documents.
            ChartArg::Dashboard | ChartArg::Alerts => continue,
            ChartArg::MetricsServer => {
                helm::metrics_server(args.distribution.unwrap_or(Distribution::Unknown))
            }
            ChartArg::PrometheusStack => helm::prometheus_stack(),
        });
    }
    values
}
