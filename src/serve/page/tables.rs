//! Workloads and nodes, one a row.

use super::markup::{amount, cores, escape, memory};
use crate::serve::autoscalers::problem;
use crate::serve::catalog::Entry;
use crate::serve::overview::NodeRow;
use oppscale_cluster::Autoscaler;
use oppscale_core::headroom::Limit;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS};
use oppscale_core::share::{Share, ShareLimit};

/// The workloads, with the HPAs that scale them.
pub(super) fn workloads(
    workloads: &[(Entry, Result<Share, String>)],
    hpas: Option<&[Autoscaler]>,
) -> String {
    if workloads.is_empty() {
        return "<p class=\"dim\">None. Label a Deployment, StatefulSet or ReplicaSet \
                <code>oppscale.dev/opportunistic=true</code>.</p>"
            .to_owned();
    }
    let rows: String = workloads.iter().map(|(entry, share)| row(entry, share, hpas)).collect();
    let note = match hpas {
        None => {
            "<p class=\"dim\">HPAs may not be read: grant get, list and watch on \
                 horizontalpodautoscalers.autoscaling to see them here.</p>"
        }
        Some(_) => "",
    };
    format!(
        "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">Workload</th>\
         <th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Fit</th>\
         <th scope=\"col\" class=\"n\">Ready</th><th scope=\"col\">Stopped by</th>\
         <th scope=\"col\" class=\"n\">Remaining</th><th scope=\"col\">Policy</th>\
         <th scope=\"col\">HPA</th></tr></thead><tbody>{rows}</tbody></table></div>{note}"
    )
}

fn row(entry: &Entry, share: &Result<Share, String>, hpas: Option<&[Autoscaler]>) -> String {
    let id = &entry.id;
    let name = format!(
        "<th scope=\"row\">{}<small>{} · {}</small></th>",
        escape(&id.name),
        escape(&id.namespace),
        id.kind.name
    );
    let ready =
        format!("<td class=\"n\" data-of=\"Ready\">{}/{}</td>", entry.ready, entry.replicas);
    let hpa = hpa(entry, hpas);
    match (share, &entry.claimant) {
        (Ok(share), Ok(claimant)) => {
            let policy = &claimant.policy;
            let most =
                policy.max_replicas.map(|most| format!(" · at most {most}")).unwrap_or_default();
            format!(
                "<tr>{name}<td><span class=\"good\">served</span></td>\
                 <td class=\"n\" data-of=\"Fit\"><b>{}</b></td>{ready}\
                 <td data-of=\"Stopped by\">{}</td>\
                 <td class=\"n\" data-of=\"Remaining\">{} cores<small>{}</small></td>\
                 <td class=\"two\" data-of=\"Policy\">weight {} · priority {}<small>reserve {}{most}</small></td>\
                 {hpa}</tr>",
                share.fit,
                limit(&share.limit),
                cores(share.remaining.get(CPU)),
                memory(share.remaining.get(MEMORY)),
                policy.weight,
                policy.priority,
                policy.reserve,
            )
        }
        (Err(why), _) | (_, Err(why)) => format!(
            "<tr class=\"held\">{name}<td class=\"wide\"><span class=\"bad\">held</span>\
             <small>{}</small></td><td class=\"n\" data-of=\"Fit\">–</td>{ready}<td></td>\
             <td></td><td></td>{hpa}</tr>",
            escape(why)
        ),
    }
}

fn limit(limit: &ShareLimit) -> String {
    match limit {
        ShareLimit::MaxReplicas => "its own max-replicas".to_owned(),
        ShareLimit::Headroom(Limit::Slots) => "no node has room for one more".to_owned(),
        ShareLimit::Headroom(Limit::Remaining(name)) => format!("{} runs out", escape(name)),
    }
}

fn hpa(entry: &Entry, hpas: Option<&[Autoscaler]>) -> String {
    let Some(hpas) = hpas else {
        return "<td class=\"dim wide\" data-of=\"HPA\">unknown</td>".to_owned();
    };
    let found: Vec<&Autoscaler> = hpas.iter().filter(|hpa| entry.is_scaled_by(hpa)).collect();
    match found[..] {
        [] => "<td class=\"dim wide\" data-of=\"HPA\">none</td>".to_owned(),
        [hpa] => {
            let trouble = problem(hpa).map_or(String::new(), |problem| {
                format!("<small class=\"bad\">{}</small>", escape(&problem))
            });
            let (current, desired) = hpa.replicas();
            let (least, most) = hpa.bounds();
            format!(
                "<td class=\"wide\" data-of=\"HPA\">{current} → {desired}<small>{} ({least} to {most})</small>{trouble}</td>",
                escape(hpa.name())
            )
        }
        _ => format!(
            "<td class=\"bad wide\" data-of=\"HPA\">{} HPAs scale it: they fight</td>",
            found.len()
        ),
    }
}

/// The first `shown` nodes.
pub(super) fn nodes(nodes: &[NodeRow], shown: usize) -> String {
    let rows: String = nodes.iter().take(shown).map(node).collect();
    let more = match nodes.len().saturating_sub(shown) {
        0 => String::new(),
        more => format!(
            "<p class=\"dim\">{more} more nodes are not shown: \
             <a href=\"?nodes=all\">show all</a></p>"
        ),
    };
    format!(
        "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">Node</th>\
         <th scope=\"col\">State</th><th scope=\"col\">CPU</th>\
         <th scope=\"col\" class=\"n\">Remaining</th><th scope=\"col\" class=\"n\">Paid</th>\
         <th scope=\"col\" class=\"n\">Opportunistic</th><th scope=\"col\" class=\"n w\">Cores</th>\
         <th scope=\"col\" class=\"n w\">Memory left</th><th scope=\"col\" class=\"n w\">Pods</th>\
         </tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )
}

fn node(node: &NodeRow) -> String {
    let name = escape(&node.name);
    let state = match node.state {
        "Ready" => "<span class=\"good\">Ready</span>".to_owned(),
        state => {
            let why = node.unknown.clone().unwrap_or_else(|| node.reasons.join("; "));
            let why = if why.eq_ignore_ascii_case(state) { String::new() } else { escape(&why) };
            format!("<span class=\"warn\">{state}</span><small>{why}</small>")
        }
    };
    if node.unknown.is_some() {
        return format!(
            "<tr class=\"held\"><th scope=\"row\">{name}</th><td>{state}</td>\
             <td class=\"w\"></td><td class=\"n w\">–</td><td class=\"n w\">–</td>\
             <td class=\"n w\">–</td><td class=\"n w\">–</td><td class=\"n w\">–</td>\
             <td class=\"n w\">–</td></tr>"
        );
    }
    let all = node.allocatable.get(CPU);
    let (paid, own) = (node.paid.get(CPU), node.opportunistic.get(CPU));
    let pods = node.paid.get(PODS) + node.opportunistic.get(PODS);
    format!(
        "<tr><th scope=\"row\">{name}</th><td>{state}</td><td class=\"wide\">{}</td>\
         <td class=\"n\" data-of=\"Remaining\"><b>{}</b></td>\
         <td class=\"n\" data-of=\"Paid\">{}</td><td class=\"n\" data-of=\"Opportunistic\">{}</td>\
         <td class=\"n w\">{}</td><td class=\"n w\">{}</td><td class=\"n w\">{pods}/{}</td></tr>",
        bar(all, paid, own),
        cores(node.remaining(CPU)),
        cores(paid),
        cores(own),
        cores(all),
        amount(MEMORY, node.remaining(MEMORY)),
        node.allocatable.get(PODS),
    )
}

/// How full a node is, as a bar of 100.
fn bar(all: Amount, paid: Amount, own: Amount) -> String {
    let part = |amount: Amount| (amount.max(0) * 100 / all.max(1)).min(100);
    let (paid, both) = (part(paid), part(paid + own));
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><rect class=\"paid\" width=\"{paid}\" height=\"8\"/>\
         <rect class=\"own\" x=\"{paid}\" width=\"{}\" height=\"8\"/></svg>",
        both - paid
    )
}
