//! Flags of `oppscale render-hpa` that a built-in workload does not go with.

use std::collections::BTreeSet;

use crate::filler::Program;
use oppscale_core::error::Error;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

use super::args::RenderHpaArgs;

/// Labels that are rendered whatever is asked for, and the flag that they follow.
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
pub(super) fn of_program(args: &RenderHpaArgs, program: &Program) -> Result<(), Error> {
    own("--label", &args.labels, &LABELS)?;
    own("--annotation", &args.annotations, &ANNOTATIONS)?;
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

fn own(flag: &str, given: &[(String, String)], rendered: &[(&str, &str)]) -> Result<(), Error> {
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
