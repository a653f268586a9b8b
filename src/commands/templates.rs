//! `oppscale templates`: writes the built-in templates to a folder, as a start for your own.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::exit::Exit;
use crate::files;
use crate::manifest::EMBEDDED;
use crate::printer::Printer;
use oppscale_core::error::Error;

/// Arguments of `oppscale templates`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale templates my-templates
      write them all; delete those that you do not change
  oppscale render-hpa --templates my-templates --workload my-deployment.yaml
      render with yours in place of the built-in ones

Which values a template may use: docs/manifests.md")]
pub struct TemplatesArgs {
    /// Folder to write to
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Overwrite existing files
    #[arg(long)]
    pub force: bool,
}

/// Writes every template into a folder.
///
/// # Errors
/// When a file exists already, or the folder cannot be written.
pub fn run(args: &TemplatesArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    if !args.force
        && let Some(known) = EMBEDDED.iter().find(|known| folder.join(known.name).exists())
    {
        bail!(
            Error::failure(format!("{} is there already", folder.join(known.name).display()))
                .hint("nothing was written; choose another folder, or write over it with --force")
        );
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for known in EMBEDDED {
        let path = folder.join(known.name);
        files::write_whole(&path, known.text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    printer.note(&format!(
        "wrote {} templates; use them with: oppscale render-hpa --templates {}",
        EMBEDDED.len(),
        folder.display()
    ));
    Ok(Exit::Ok)
}
