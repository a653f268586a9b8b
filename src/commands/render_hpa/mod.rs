//! `oppscale render-hpa`: manifests of an opportunistic workload, sized for a cluster.

mod args;
mod config;
mod facts;
mod secrets;
mod workload;

use std::path::Path;

use anyhow::{Context, bail};

use crate::exit::Exit;
use crate::files;
use crate::filler::{self, Rendered, Workload};
use crate::manifest::unified_diff;
use crate::manifest::{self, Document, Templates};
use crate::printer::Printer;
use crate::progress::Progress;
use hpa_model::sizing::{self, Sizing};
use oppscale_cluster::{self, Cluster, SavedFiles, Snapshot};
use oppscale_core::error::Error;
use oppscale_core::units::plural;

pub use args::RenderHpaArgs;
use args::{Explain, Output};
use facts::Facts;

/// Reads a cluster or saved lists, sizes the workload, renders and writes.
///
/// # Errors
/// When the input cannot be read, cannot be sized or does not hold together; nothing is
/// written then.
pub async fn run(mut args: RenderHpaArgs, printer: &Printer) -> anyhow::Result<Exit> {
    args.check()?;
    secrets::resolve(&mut args)?;
    let templates = Templates::new(args.templates.as_deref())?;
    let (workload, image) = workload::of(&args)?;
    let (snapshot, facts, cluster) = read(&args, &workload, printer).await?;
    if let Some(why) = &snapshot.pods_unknown {
        bail!(Error::failure(format!("paid work is unknown: {why}")).hint(
            "pods must be read to size a workload: kubectl get nodes,pods -A -o json > cluster.json"
        ));
    }
    // A resource that nobody has fits no node, which sizing explains; a typing error does not.
    let unmatched = args.requested_names().unmatched(&snapshot);
    if let Some(typo) = unmatched.into_iter().find(|unmatched| unmatched.is_near) {
        bail!(Error::from(typo));
    }
    let (config, ask) = config::of(&args, &workload, image, &snapshot, &facts)?;
    let sizing = sizing::size(&snapshot.ledger, &ask)?;
    facts.refuse_second_scaler(&config)?;
    let mut rendered = filler::render(&templates, &workload, &config, &sizing)?;
    rendered.notes.extend(facts.note_of_shared_namespace(&config));
    if let Some(cluster) = &cluster {
        facts::refuse_other_class(cluster, &rendered.documents).await?;
        if !matches!(workload, Workload::Paid(_)) {
            rendered.notes.extend(facts::note_of_other_class(cluster, &config).await?);
        }
    }
    let comments =
        args.explain == Some(Explain::Comments) && args.output.format == Output::Yaml && !args.diff;
    if comments {
        filler::comment(&mut rendered.documents, &rendered.lines);
    }
    let exit = write(&args, &templates, &rendered, cluster.as_ref(), printer).await?;
    if args.explain.is_some() && !comments {
        printer.explanation(&filler::table(&rendered.lines, printer.stderr_width()));
    }
    for note in words(&snapshot, &facts, &config, &sizing, &workload, rendered.notes) {
        printer.note(&note);
    }
    Ok(exit)
}

async fn read(
    args: &RenderHpaArgs,
    workload: &Workload,
    printer: &Printer,
) -> anyhow::Result<(Snapshot, Facts, Option<Cluster>)> {
    if !args.from.is_empty() {
        let files = SavedFiles::load(&args.from)?;
        let (snapshot, _) = oppscale_cluster::read_saved(&files, None, "default")?;
        let scalers =
            oppscale_cluster::saved_autoscalers(&files, &config::namespace(args, workload))?;
        let facts = facts::saved(args, &snapshot, scalers);
        return Ok((snapshot, facts, None));
    }
    let connection = args.cluster.connect().await?;
    let progress = Progress::new(printer.shows_progress());
    let (snapshot, _) =
        oppscale_cluster::read(&connection, &oppscale_cluster::Request::default(), &progress)
            .await?;
    let namespace = config::namespace(args, workload);
    let facts = facts::live(args, &connection, &snapshot, &namespace).await?;
    Ok((snapshot, facts, Some(connection)))
}

async fn write(
    args: &RenderHpaArgs,
    templates: &Templates,
    rendered: &Rendered,
    cluster: Option<&Cluster>,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let documents = &rendered.documents;
    if let (true, Some(cluster)) = (args.diff, cluster) {
        return differences(cluster, documents, printer).await;
    }
    if let Some(folder) = &args.output_dir {
        let written = manifest::folder(templates, documents)?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for file in &written {
            let path = folder.join(&file.name);
            let write = if file.private { files::write_private } else { files::write_whole };
            write(&path, file.text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let left = left_over(folder, &written);
        if !left.is_empty() {
            printer.note(&format!(
                "{} holds files that are not of this set, and that kustomization.yaml does not \
                 name: {}",
                folder.display(),
                left.join(", ")
            ));
        }
        printer.note(&format!(
            "wrote {}; apply them with: kubectl apply -k {}",
            plural(written.len(), "file"),
            folder.display()
        ));
        return Ok(Exit::Ok);
    }
    let text = match args.output.format {
        Output::Yaml => manifest::stream(documents),
        Output::Json => manifest::json(documents)?,
    };
    printer.data(&text)?;
    Ok(Exit::Ok)
}

/// Manifests of a folder that this set does not have, as those of another set with other
/// numbers.
fn left_over(folder: &Path, written: &[manifest::File]) -> Vec<String> {
    // What cannot be listed has just been written to; the words are a service, no more.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut left: Vec<_> = names
        .filter(|name| name.ends_with(".yaml") || name.ends_with(".yml"))
        .filter(|name| written.iter().all(|file| file.name != *name))
        .collect();
    left.sort();
    left
}

/// Prints what applying would change; nothing before all of it is known.
async fn differences(
    cluster: &Cluster,
    documents: &[Document],
    printer: &Printer,
) -> anyhow::Result<Exit> {
    let mut text = String::new();
    for document in documents {
        let key = document.key().to_string();
        let Some(object) = document.object() else {
            printer.warn(&format!("{key} is not compared: its kind is not known here"));
            continue;
        };
        let dry = cluster.dry_run(&object, document.value()).await?;
        if dry.live.is_none() && dry.merged.is_none() {
            tracing::info!("{key}: its namespace or kind is not there yet");
        }
        let merged = dry.merged.as_ref().unwrap_or(document.value());
        text.push_str(&unified_diff(&key, dry.live.as_ref(), Some(merged)));
    }
    printer.data(&text)?;
    Ok(if text.is_empty() { Exit::Ok } else { Exit::Finding })
}

/// Notes for the user.
fn words(
    snapshot: &Snapshot,
    facts: &Facts,
    config: &filler::RenderConfig,
    sizing: &Sizing,
    workload: &Workload,
    notes: Vec<String>,
) -> Vec<String> {
    let mut words = snapshot.notes.clone();
    words.extend(facts.notes.iter().cloned());
    words.extend(notes);
    let unknown = snapshot.ledger.unknown().count();
    if unknown > 0 {
        let pods = plural(unknown, "pod");
        words.push(format!("{pods} cannot be counted; the nodes of such pods are left out"));
    }
    words.extend(snapshot.invalid_objects.iter().map(|object| {
        format!("{} {} is not counted: {}", object.kind, object.name, object.problem)
    }));
    words.extend(config::notes(config, sizing, workload, snapshot));
    words
}
