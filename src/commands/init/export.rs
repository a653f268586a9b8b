//! `oppscale init --export`: the manifests as files, or on stdout. No cluster is asked.

use std::path::Path;

use anyhow::Context;

use crate::certificates::{CaBundle, CertificateSpec, IssuedCertificate, issue};
use crate::exit::Exit;
use crate::files;
use crate::manifest::{DASHBOARD, Templates, folder, stream};
use crate::printer::Printer;
use crate::setup::clock;
use crate::setup::config::{InstallConfig, Pipeline, Trust};
use crate::setup::helm::{self, API_SERVICE, Values};
use oppscale_core::error::Error;

use super::args::{ChartArg, InitArgs};
use super::chart;

/// Writes them.
///
/// # Errors
/// When a template is wrong or a file cannot be written.
pub(super) fn run(
    args: &InitArgs,
    config: &InstallConfig,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    if args.chart {
        return chart::run(args, config, printer);
    }
    let target = args.export.as_deref().unwrap_or("-");
    let api_server = config.api_server().filter(|_| !config.cert_manager);
    let issued = match api_server.filter(|_| args.export_secrets) {
        Some((service, _)) => {
            Some(issue(&CertificateSpec::new(service, &config.namespace), clock::local())?)
        }
        None => None,
    };
    let bundle = issued.as_ref().map(|issued| CaBundle::parse(&issued.ca)).transpose()?;
    let left_out = api_server.filter(|_| issued.is_none()).map(|(service, _)| service);
    let templates = Templates::new(None)?;
    let adapter = issued.clone().filter(|_| config.pipeline == Pipeline::Prometheus);
    let values = values(args, config, adapter.as_ref());
    let mut desired = config.render(&templates, &Trust { secret: issued, bundle })?;
    // The adapter is installed in between.
    let last = match config.pipeline {
        Pipeline::Prometheus => std::mem::take(&mut desired.api),
        _ => Vec::new(),
    };
    let documents = desired.all();
    if target == "-" {
        if !values.is_empty() {
            return Err(Error::usage("Helm values are files of their own")
                .hint("--export DIR instead of --export -")
                .into());
        }
        if args.kustomize {
            return Err(Error::usage("--kustomize needs a folder: --export DIR").into());
        }
        printer.data(&stream(&documents))?;
    } else {
        let path = Path::new(target);
        files::private_folder(path).with_context(|| format!("cannot make the folder {target}"))?;
        for file in folder(&templates, &documents)?.files {
            if file.name == "kustomization.yaml" && !args.kustomize {
                continue;
            }
            write(&path.join(&file.name), &file.text, file.private)?;
            printer.data(&format!("{}\n", path.join(&file.name).display()))?;
        }
        if config.dashboard {
            let path = path.join("grafana-dashboard.json");
            write(&path, DASHBOARD, false)?;
            printer.data(&format!("{}\n", path.display()))?;
        }
        for one in values {
            write(&path.join(one.file), &one.text(), one.private)?;
            printer.data(&format!("{}\n", path.join(one.file).display()))?;
        }
        if !last.is_empty() {
            let path = path.join(API_SERVICE);
            let comment = "# Last of all, when prometheus-adapter is ready:\n\
                           # kubectl apply --server-side --field-manager oppscale -f this\n";
            write(&path, &format!("{comment}{}", stream(&last)), false)?;
            printer.data(&format!("{}\n", path.display()))?;
        }
    }
    if let Some(service) = left_out {
        printer.note(&format!(
            "the Secret and the APIServices of {service} are left out, for they need a private key\n\
             and its CA. In the cluster: oppscale init makes them; or export them with\n\
             --export-secrets, or leave them to cert-manager with --certificates cert-manager",
        ));
    } else if !last.is_empty() && target == "-" {
        printer.note(
            "the APIService of prometheus-adapter comes last, when that is ready: oppscale init\n\
             makes it then, and --export DIR writes it to a file of its own",
        );
    }
    Ok(Exit::Ok)
}

/// Writes a file, for its owner alone where it holds a key.
pub(super) fn write(path: &Path, text: &str, private: bool) -> anyhow::Result<()> {
    let write = if private { files::write_private } else { files::write_whole };
    write(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

/// Helm values for charts of others; with the adapter's certificate, where there is one.
pub(super) fn values(
    args: &InitArgs,
    config: &InstallConfig,
    adapter: Option<&IssuedCertificate>,
) -> Vec<Values> {
    let mut values = Vec::new();
    if config.pipeline == Pipeline::Prometheus && args.export.as_deref() != Some("-") {
        // The operator makes this headless Service beside every Prometheus; which namespace is
        // the user's to say.
        let url = "http://prometheus-operated.monitoring.svc";
        values.push(helm::adapter(&config.namespace, url));
        if let Some(issued) = adapter {
            values.push(helm::adapter_with_key(&config.namespace, url, issued));
        }
    }
    for chart in &args.with {
        values.push(match chart {
            // Objects, which are among the documents.
            ChartArg::Dashboard | ChartArg::Alerts => continue,
            ChartArg::MetricsServer => helm::metrics_server(
                args.distribution.unwrap_or(oppscale_core::check::Distribution::Unknown),
            ),
            ChartArg::PrometheusStack => helm::prometheus_stack(),
        });
    }
    values
}
