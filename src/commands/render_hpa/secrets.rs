//! Secret values from files and standard input, which no process list or shell history shows.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;

use super::RenderHpaArgs;
use oppscale_core::error::Error;

/// Longest value, in bytes: a Secret has at most 1 MiB in all.
const MAX_LENGTH: u64 = 1 << 20;

/// Puts the contents of the files that `--wallet-file` and `--secret-env NAME=@FILE` name in the
/// place of their names.
///
/// # Errors
/// When a file cannot be read, is empty, too long, or not text.
pub(super) fn resolve(args: &mut RenderHpaArgs) -> anyhow::Result<()> {
    if let Some(path) = args.wallet_file.take() {
        args.wallet = Some(read("--wallet-file", &path)?);
    }
    for (name, value) in &mut args.secret_env {
        if let Some(path) = value.strip_prefix('@') {
            *value = read(&format!("--secret-env {name}"), Path::new(path))?;
        }
    }
    Ok(())
}

/// The contents of a file without the line break at its end.
fn read(flag: &str, path: &Path) -> anyhow::Result<String> {
    let is_stdin = path == Path::new("-");
    let shown = if is_stdin { "standard input".into() } else { path.display().to_string() };
    let reader: Box<dyn Read> = match is_stdin {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).with_context(|| format!("cannot read {shown}"))?),
    };
    let mut bytes = Vec::new();
    reader
        .take(MAX_LENGTH + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {shown}"))?;
    let refused = |why: &str| Error::usage(format!("{flag}: {shown} {why}"));
    if bytes.len() as u64 > MAX_LENGTH {
        return Err(refused("is longer than 1 MiB, the limit of a Secret").into());
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("is not valid UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() { Err(refused("is empty").into()) } else { Ok(text.to_owned()) }
}
