//! The workload that the flags name, and checks of the flags that it needs.

use std::collections::BTreeSet;

use anyhow::bail;
use oppscale_cluster::documents::TextFile;
use oppscale_core::error::Error;
use oppscale_core::nearest::nearest;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

use super::args::{ConfigAs, RenderHpaArgs};
use crate::commands::args::is_image;
use crate::filler::{BuiltInWorkload, Miner, UserWorkload, Workload, priority_class};

/// The PriorityClass that all fillers once had: a file that names it may leave it to the set.
const SHARED_CLASS: &str = "opportunistic";
/// The names of built-in workloads.
pub(super) const NAMES: &str = "miner, transcode, batch, cache, sample-app";

/// The workload, and the image that it runs; empty for an own Deployment.
///
/// # Errors
/// When a name is unknown, a flag is missing or a placeholder, or the file is wrong.
pub(super) fn of(args: &RenderHpaArgs) -> anyhow::Result<(Workload, String)> {
    let name = args.workload.as_deref();
    if name != Some("miner") {
        let flags =
            [("--pool", &args.pool), ("--wallet", &args.wallet), ("--worker", &args.worker)];
        if let Some((flag, _)) = flags.iter().find(|(_, value)| value.is_some()) {
            bail!(Error::usage(format!("{flag} is for --workload miner")));
        }
    }
    let program = match name {
        None => BuiltInWorkload::any(),
        Some("miner") => BuiltInWorkload::miner(miner(args)?),
        Some("transcode") => BuiltInWorkload::transcode(),
        Some("batch") => BuiltInWorkload::batch(),
        Some("cache") => BuiltInWorkload::cache(),
        Some("sample-app") => {
            let program = BuiltInWorkload::sample_app();
            refuse_for_sample_app(args)?;
            refuse_unfit_flags(args, &program)?;
            let image = image(args, &program)?;
            return Ok((Workload::Paid(Box::new(program)), image));
        }
        Some(file) if file == "-" || file.contains(['.', '/']) => return own(args, file),
        Some(file) if std::path::Path::new(file).is_file() => return own(args, file),
        Some(other) => {
            let near = nearest(other, NAMES.split(", "));
            let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
            bail!(
                Error::usage(format!("{other:?} is not a workload"))
                    .hint(format!("{near}expected {NAMES}, or the file of a Deployment"))
            )
        }
    };
    let image = image(args, &program)?;
    refuse_unfit_flags(args, &program)?;
    Ok((Workload::Filler(Box::new(program)), image))
}

fn own(args: &RenderHpaArgs, file: &str) -> anyhow::Result<(Workload, String)> {
    let given = [
        ("--image", args.image.is_some()),
        ("--name", args.name.is_some()),
        ("--command", !args.command.is_empty()),
        ("--arg", !args.args.is_empty()),
        ("--env", !args.env.is_empty()),
        ("--secret-env", !args.secret_env.is_empty()),
        ("--label", !args.labels.is_empty()),
        ("--annotation", !args.annotations.is_empty()),
        ("--port", args.port.is_some()),
        ("--node-port", args.node_port.is_some()),
        ("--grace-period", args.grace_period.is_some()),
    ];
    if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
        bail!(
            Error::usage(format!("{flag} is for built-in workloads"))
                .hint(format!("write it into {file}; oppscale adds only what is missing"))
        );
    }
    let text = TextFile::read(file)?.text;
    let own = UserWorkload::read(file, &text)?;
    let class = args.priority_class.as_deref().or(own.brought_class()).unwrap_or(SHARED_CLASS);
    if let Some(has) = own.priority_class().filter(|has| *has != class) {
        let hint = match has.starts_with("system-") {
            true => "take it out: its pods would evict others".to_owned(),
            false => format!(
                "take it out, add the class to the file, or let oppscale render it: \
                 --priority-class {has}"
            ),
        };
        bail!(
            Error::failure(format!(
                "{file}: {} {} has the PriorityClass {has} already",
                own.kind().name,
                own.name()
            ))
            .hint(hint)
        );
    }
    if let (Some(asked), Some(has)) = (&args.namespace, own.namespace())
        && asked != has
    {
        bail!(
            Error::usage(format!("{file} says namespace {has}, and --namespace {asked}"))
                .hint("leave out one of the two")
        );
    }
    Ok((Workload::User(Box::new(own)), String::new()))
}

/// The PriorityClass of a workload: the one that is named, or its own.
pub(super) fn class(
    args: &RenderHpaArgs,
    workload: &Workload,
    namespace: &str,
    name: &str,
) -> String {
    let in_file = match workload {
        Workload::User(own) => own.priority_class(),
        _ => None,
    };
    let named = args.priority_class.as_deref().or(in_file);
    named.map_or_else(|| priority_class(namespace, name), str::to_owned)
}

fn miner(args: &RenderHpaArgs) -> anyhow::Result<Miner> {
    let needed = [("--pool", &args.pool), ("--wallet", &args.wallet), ("--worker", &args.worker)];
    let mut missing: Vec<_> =
        needed.iter().filter(|(_, value)| value.is_none()).map(|(flag, _)| *flag).collect();
    if args.image.is_none() {
        missing.insert(0, "--image");
    }
    let (Some(pool), Some(wallet), Some(worker), true) =
        (&args.pool, &args.wallet, &args.worker, args.image.is_some())
    else {
        bail!(Error::usage(format!("--workload miner needs {}", missing.join(", "))).hint(
            "there is no default: it would mine for somebody else. Give all four:\n\
             --image IMAGE --pool stratum+tcp://HOST:PORT --wallet ADDRESS --worker NAME"
        ));
    };
    for (flag, value) in needed {
        given(flag, value.as_deref().unwrap_or_default())?;
    }
    Ok(Miner {
        pool: pool.clone(),
        wallet: wallet.clone(),
        worker: worker.clone(),
        as_args: args.config_as == ConfigAs::Args,
    })
}

fn image(args: &RenderHpaArgs, program: &BuiltInWorkload) -> anyhow::Result<String> {
    let Some(image) = args.image.as_deref() else {
        let hint = match program.name {
            "sample-app" => "it is in oppscale's own: --image REGISTRY/oppscale:VERSION",
            _ => "it is your program that runs: --image REGISTRY/NAME@sha256:DIGEST",
        };
        let said = format!("--workload {} needs --image", program.name);
        bail!(Error::usage(said).hint(hint));
    };
    given("--image", image)?;
    if !is_image(image) {
        bail!(Error::usage(format!("--image: {image:?} is no image")));
    }
    Ok(image.to_owned())
}

/// Refuses a placeholder such as `<pool>` in a value.
fn given(flag: &str, value: &str) -> Result<(), Error> {
    let lower = value.trim().to_ascii_lowercase();
    let words =
        ["changeme", "change-me", "change_me", "todo", "xxx", "placeholder", "your-", "your_"];
    let is_placeholder = lower.is_empty()
        || (lower.starts_with('<') && lower.ends_with('>'))
        || words.iter().any(|word| lower.starts_with(word))
        || lower.ends_with("...")
        || lower.starts_with("registry.example")
        || matches!(lower.as_str(), "image" | "wallet" | "pool" | "worker" | "address" | "url");
    if !is_placeholder {
        return Ok(());
    }
    Err(Error::usage(format!("{flag} {value:?} is a placeholder")).hint("give the real one"))
}

fn refuse_for_sample_app(args: &RenderHpaArgs) -> Result<(), Error> {
    use super::args::PipelineFlag;
    let refused = [
        ("--reserve", args.reserve.is_some() || args.target_utilization.is_some()),
        ("--growth", args.growth.is_some()),
        ("--quota", args.quota.is_some()),
        ("--priority-class", args.priority_class.is_some()),
        ("--grace-period", args.grace_period.is_some()),
        ("--secret-env", !args.secret_env.is_empty()),
        ("--autoscaler", args.autoscaler.is_some()),
        ("--admission-policy", args.admission_policy),
        ("--pipeline keda", args.pipeline == PipelineFlag::Keda),
        ("--pipeline external", args.pipeline == PipelineFlag::External),
        // An HPA on a metric of pods has nothing to go by at zero.
        ("--min 0", args.min == Some(0)),
    ];
    let found = refused.iter().find(|(_, given)| *given);
    found.map_or(Ok(()), |(flag, _)| {
        Err(Error::usage(format!("{flag} is for fillers; sample-app is paid work")))
    })
}

/// Labels that oppscale sets itself, and the flag that they follow.
const LABELS: [(&str, &str); 3] = [
    ("app.kubernetes.io/name", "it follows --name"),
    ("app.kubernetes.io/managed-by", "leave it out"),
    (OPPORTUNISTIC_LABEL, "leave it out"),
];
/// The same of annotations.
const ANNOTATIONS: [(&str, &str); 3] = [
    ("oppscale.dev/reserve", "it follows --reserve"),
    ("oppscale.dev/max-replicas", "it follows --max"),
    ("oppscale.dev/config-hash", "leave it out"),
];

/// Refuses what would be rendered twice, or not at all.
///
/// # Errors
/// When there is such a flag.
fn refuse_unfit_flags(args: &RenderHpaArgs, program: &BuiltInWorkload) -> Result<(), Error> {
    refuse_rendered("--label", &args.labels, &LABELS)?;
    refuse_rendered("--annotation", &args.annotations, &ANNOTATIONS)?;
    for (flag, pairs) in [("--label", &args.labels), ("--annotation", &args.annotations)] {
        once(flag, pairs.iter().map(|(key, _)| key.as_str()))?;
    }
    let configured = program.config.iter().chain(&program.secret);
    let (variables, keys): (Vec<_>, Vec<_>) =
        configured.map(|(variable, key, _)| (*variable, *key)).unzip();
    let given = args.env.iter().chain(&args.secret_env).map(|(name, _)| name.as_str());
    once("variable", variables.into_iter().chain(given))?;
    // Keys of a Secret that the program fills itself.
    once("--secret-env", keys.into_iter().chain(args.secret_env.iter().map(|(n, _)| n.as_str())))?;
    if let Some(port) = args.node_port.filter(|_| program.port.is_none() && args.port.is_none()) {
        return Err(Error::usage(format!(
            "--node-port {port} leads nowhere: {} serves no port",
            program.name
        ))
        .hint("name the port that the program serves, too: --port PORT"));
    }
    Ok(())
}

fn refuse_rendered(
    flag: &str,
    given: &[(String, String)],
    rendered: &[(&str, &str)],
) -> Result<(), Error> {
    let found = rendered.iter().find(|(own, _)| given.iter().any(|(key, _)| key == own));
    found.map_or(Ok(()), |(own, hint)| {
        Err(Error::usage(format!("{flag} {own} is set by oppscale itself")).hint(*hint))
    })
}

/// Kubernetes would take the last of two, or refuse both when they are applied.
fn once<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::usage(format!("{what} {name} is there twice"))
                .hint("leave out one of the two"));
        }
    }
    Ok(())
}
