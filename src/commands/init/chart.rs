//! `oppscale init --export DIR --chart`: the installation as a Helm chart.

use std::path::Path;

use anyhow::Context;

use crate::certificates::{CertificateSpec, issue};
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use crate::setup::chart::{TLS_VALUES, chart, tls_values};
use crate::setup::clock;
use crate::setup::config::{InstallConfig, Pipeline};
use crate::setup::helm::ADAPTER;
use oppscale_core::error::Error;

use super::args::InitArgs;
use super::export::{values, write};

/// Writes the chart, and values beside it.
///
/// # Errors
/// When a template is wrong or a file cannot be written.
pub(super) fn run(
    args: &InitArgs,
    config: &InstallConfig,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let target = args.export.as_deref().unwrap_or("-");
    if target == "-" {
        return Err(Error::usage("a chart is a folder: --export DIR").into());
    }
    if config.dashboard || config.alerts {
        return Err(Error::usage("--with dashboard and --with alerts are no part of the chart")
            .hint("export them without --chart; they need nothing of its values")
            .into());
    }
    let folder = Path::new(target);
    files::private_folder(&folder.join("templates"))
        .with_context(|| format!("cannot make the folder {target}"))?;
    for file in chart(config) {
        write(&folder.join(&file.name), &file.text, file.private)?;
        printer.data(&format!("{}\n", folder.join(&file.name).display()))?;
    }
    let adapter = match args.export_secrets && config.pipeline == Pipeline::Prometheus {
        true => Some(issue(&CertificateSpec::new(ADAPTER, &config.namespace), clock::local())?),
        false => None,
    };
    let mut beside = values(args, config, adapter.as_ref());
    let needs_certificates = config.serves() && !config.cert_manager;
    if needs_certificates && args.export_secrets {
        let spec = CertificateSpec::new(&config.service, &config.namespace);
        beside.push(tls_values(&issue(&spec, clock::local())?));
    }
    for one in beside {
        write(&folder.join(one.file), &one.text(), one.private)?;
        printer.data(&format!("{}\n", folder.join(one.file).display()))?;
    }
    let mut line = format!(
        "helm upgrade --install {} {target} --namespace {} --create-namespace",
        config.service, config.namespace
    );
    if needs_certificates {
        line.push_str(&format!(" -f {}", folder.join(TLS_VALUES).display()));
    }
    if needs_certificates && !args.export_secrets {
        printer.note(
            "certificates are left out, for there is a private key to them: --export-secrets\n\
             writes them to a file of their own, --certificates cert-manager needs none",
        );
    } else {
        printer.note(&format!("it is installed with:\n{line}"));
    }
    Ok(Exit::Ok)
}
