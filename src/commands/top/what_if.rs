//! `oppscale top --without`, `--add` and `--survive`: the cluster with other nodes.

use std::collections::HashSet;

use anyhow::bail;

use oppscale_cluster::Snapshot;
use oppscale_core::demand::what_if::{FailureDomain, Loss, Outcome, Survival, WhatIf};
use oppscale_core::error::Error;
use oppscale_core::headroom::{self, Query};
use oppscale_core::nearest::suggestion;
use oppscale_core::resources::CPU;
use oppscale_core::selector::Selector;

use super::args::WhatIfArgs;

/// Changes the nodes of `snapshot`, and tries what is asked for.
///
/// # Errors
/// When pods are unknown, or a node or a label is not there.
pub(super) fn run(
    args: &WhatIfArgs,
    query: &Query,
    snapshot: &mut Snapshot,
) -> anyhow::Result<Outcome> {
    if let Some(why) = &snapshot.pods_unknown {
        bail!(Error::failure(format!("pods are unknown, so nothing can be tried: {why}")));
    }
    let Snapshot { ledger, pods, .. } = snapshot;
    let mut outcome = Outcome::default();
    let what_if = WhatIf::new(ledger, query, pods.values());
    let mut lost: HashSet<String> = HashSet::new();
    for text in &args.without {
        let selected: Vec<String> = match text.contains(['=', '!', ' ']) {
            true => {
                let labels = Selector::parse(text).map_err(|e| Error::usage(e.to_string()))?;
                let matching = ledger.records().filter(|node| labels.matches(&node.labels));
                matching.map(|node| node.name.to_string()).collect()
            }
            false => ledger.record(text).map(|node| node.name.to_string()).into_iter().collect(),
        };
        if selected.is_empty() {
            let error = Error::usage(format!("--without: there is no node {text}"));
            let names: Vec<&str> = ledger.records().map(|node| &*node.name).collect();
            let hint = suggestion(text, names);
            bail!(hint.into_iter().fold(error, Error::hint));
        }
        lost.extend(selected);
    }
    for nodes in &args.add {
        outcome.added += nodes.add_to(ledger, outcome.added + 1);
    }
    if !lost.is_empty() {
        let mut nodes: Vec<&str> = lost.iter().map(String::as_str).collect();
        nodes.sort_unstable();
        outcome.loss = Some(what_if.lose(ledger, query, &nodes));
    } else if outcome.added > 0 {
        outcome.unplaced = what_if.unplaced(ledger, query);
    }
    if let Some(domain) = &args.survive {
        let nodes = headroom::measure(ledger, query).nodes;
        let groups = domain.groups(&nodes);
        let word = match domain {
            FailureDomain::Node => "node",
            FailureDomain::Pool => "pool",
            FailureDomain::Label(label) => label,
        };
        let mut worst: Option<(String, Loss)> = None;
        let mut fatal = Vec::new();
        what_if.try_each(ledger, query, &groups, |name, loss| {
            if !loss.unplaced.is_empty() {
                fatal.push(name.to_owned());
            }
            let badness = |loss: &Loss| (loss.unplaced.len(), loss.requests.get(CPU));
            if worst.as_ref().is_none_or(|(_, worst)| badness(&loss) > badness(worst)) {
                worst = Some((name.to_owned(), loss));
            }
        });
        let Some((worst, loss)) = worst else {
            bail!(
                Error::usage(format!("--survive: no node has the label {word}"))
                    .hint("name the label by its key, or use --survive 1")
            );
        };
        let domain = word.to_owned();
        outcome.survival = Some(Survival { domain, tried: groups.len(), fatal, worst, loss });
    }
    Ok(outcome)
}
