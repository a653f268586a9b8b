//! `oppscale init --export`: the manifests as files, or on stdout. No cluster is asked.

use std::path::Path;

use anyhow::Context;

use crate::certificates::{Bundle, Recipe, mint};
use crate::exit::{Exit, UsageError};
use crate::files;
use crate::manifest::{DASHBOARD, Templates, folder, stream};
use crate::printer::Printer;
use crate::setup::clock;
use crate::setup::desired::{Pipeline, Trust, Wishes};
use crate::setup::helm::{self, Values};

use super::init_args::{ChartArg, InitArgs};
use super::init_chart;

/// Writes them.
///
/// # Errors
/// When a template is wrong or a file cannot be written.
pub(super) fn run(args: &InitArgs, wishes: &Wishes, printer: &Printer) -> anyhow::Result<Exit> {
    if args.chart {
        return init_chart::run(args, wishes, printer);
    }
    let target = args.export.as_deref().unwrap_or("-");
    let recipe = Recipe::new(&wishes.service, &wishes.namespace);
    let minted = match args.export_secrets && wishes.serves() && !wishes.cert_manager {
        true => Some(mint(&recipe, clock::local())?),
        false => None,
    };
    let bundle = minted.as_ref().map(|minted| Bundle::parse(&minted.ca)).transpose()?;
    let left_out = wishes.serves() && !wishes.cert_manager && minted.is_none();
    let templates = Templates::new(None)?;
    let desired = wishes.render(&templates, &Trust { secret: minted, bundle })?;
    let documents = desired.all();
    let values = values(args, wishes)?;
    if target == "-" {
        if !values.is_empty() {
            return Err(UsageError::new("Helm values are files of their own")
                .hint("--export DIR instead of --export -")
                .into());
        }
        if args.kustomize {
            return Err(UsageError::new("--kustomize needs a folder: --export DIR").into());
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
        if wishes.dashboard {
            let path = path.join("grafana-dashboard.json");
            write(&path, DASHBOARD, false)?;
            printer.data(&format!("{}\n", path.display()))?;
        }
        for one in values {
            write(&path.join(one.file), &one.text(), one.private)?;
            printer.data(&format!("{}\n", path.join(one.file).display()))?;
        }
    }
    if left_out {
        printer.note(
            "the Secret and the APIServices are left out, for they need a private key and its CA.\n\
             In the cluster: oppscale init makes them; or export them with --export-secrets, or\n\
             leave them to cert-manager with --certificates cert-manager",
        );
    }
    Ok(Exit::Ok)
}

/// Writes a file, for its owner alone where it holds a key.
pub(super) fn write(path: &Path, text: &str, private: bool) -> anyhow::Result<()> {
    let write = if private { files::write_private } else { files::write_whole };
    write(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

/// Helm values for charts of others.
pub(super) fn values(args: &InitArgs, wishes: &Wishes) -> anyhow::Result<Vec<Values>> {
    let mut values = Vec::new();
    if wishes.pipeline == Pipeline::Prometheus && args.export.as_deref() != Some("-") {
        // The operator makes this headless Service beside every Prometheus; which namespace is
        // the user's to say.
        let url = "http://prometheus-operated.monitoring.svc";
        values.push(helm::adapter(&wishes.namespace, url));
        if args.export_secrets {
            let adapter = Recipe::new("prometheus-adapter", &wishes.namespace);
            let minted = mint(&adapter, clock::local())?;
            values.push(helm::adapter_with_key(&wishes.namespace, url, &minted));
        }
    }
    for chart in &args.with {
        values.push(match chart {
            // Objects, which are among the documents.
            ChartArg::Dashboard | ChartArg::Alerts => continue,
            ChartArg::MetricsServer => helm::metrics_server(
                args.distribution.unwrap_or(crate::core::check::Distribution::Unknown),
            ),
            ChartArg::PrometheusStack => helm::prometheus_stack(),
        });
    }
    Ok(values)
}
