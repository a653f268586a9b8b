//! The web page. The server renders all of it, so that it works without JavaScript; the script
//! only replaces pieces as newer ones come.
//!
//! Each piece is a template of this folder, and `page.html` is the frame around them. Templates
//! escape every value.

mod chart;
pub(super) mod update;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Instant;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::overview::{self, ClusterTotals, NodeSummary};
use super::state::{Counted, Freshness, MetricsState};
use crate::shares::autoscalers::problem;
use crate::shares::workloads::ServedWorkload;
pub(super) use chart::{CpuHistory, CpuUse};
use oppscale_cluster::Autoscaler;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::share::{Held, Share};
use oppscale_core::units;

/// Style sheet.
pub(super) const CSS: &str = include_str!("page.css");
/// Script.
pub(super) const SCRIPT: &str = include_str!("page.js");
/// Icon.
pub(super) const ICON: &str = include_str!("icon.svg");

/// Forbids resources from other origins, inline code, and frames.
pub(super) const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Number of nodes that the page shows by default: a page of thousands is slow on a phone, and
/// would be sent again with every change.
const MAX_NODES: usize = 100;

/// File names and texts of the templates; a piece's name is the id of its element.
const TEMPLATES: [(&str, &str); 6] = [
    ("page.html", include_str!("page.html")),
    ("status.html", include_str!("status.html")),
    ("totals.html", include_str!("totals.html")),
    ("chart.html", include_str!("chart.html")),
    ("workloads.html", include_str!("workloads.html")),
    ("nodes.html", include_str!("nodes.html")),
];

/// Templates, compiled. They escape what they print because their names end in `.html`.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    match SyntaxConfig::builder().trim_blocks(true).build() {
        Ok(syntax) => environment.set_syntax(syntax),
        Err(error) => tracing::error!(%error, "the page's template syntax is invalid"),
    }
    environment.add_filter("cores", |milli: Amount| units::amount(CPU, milli));
    environment.add_filter("memory", |bytes: Amount| units::amount(MEMORY, bytes));
    for (name, text) in TEMPLATES {
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(%error, "the page's template {name} cannot be compiled");
        }
    }
    environment
});

/// Pieces of the page that change: id of the element, and HTML.
pub(super) type Pieces = Vec<(&'static str, String)>;

/// Data that the page shows.
pub(super) struct View<'v> {
    pub(super) state: &'v MetricsState,
    pub(super) history: &'v CpuHistory,
    /// HPAs; `None` if they cannot be read.
    pub(super) autoscalers: Option<Vec<Autoscaler>>,
    pub(super) all_nodes: bool,
}

impl View<'_> {
    /// Renders every part that changes; before the first complete lists, the status alone.
    pub(super) fn pieces(&self) -> Pieces {
        let freshness = self.state.freshness();
        let mut pieces = vec![("status", status(&freshness))];
        if !matches!(freshness, Freshness::Starting(_)) {
            let counted = self.state.counted();
            let totals = overview::totals(self.state, &counted);
            let now = matches!(freshness, Freshness::Fresh(_)).then(|| CpuUse::of(&totals));
            pieces.push(("totals", tiles(&totals)));
            pieces.push(("chart", self.history.chart(Instant::now(), now)));
            pieces.push(("workloads", self.workloads(&counted)));
            pieces.push(("nodes", self.nodes(&counted)));
        }
        pieces.into_iter().map(|(id, context)| (id, render(id, context))).collect()
    }

    /// Renders the whole page.
    pub(super) fn page(&self) -> String {
        let pieces: BTreeMap<&str, String> = self.pieces().into_iter().collect();
        render("page", context! { version => env!("CARGO_PKG_VERSION"), ..Serde(pieces) })
    }

    fn workloads(&self, counted: &Counted) -> Value {
        let hpas = self.autoscalers.as_deref();
        let rows = counted.workloads.iter();
        let rows: Value = rows.map(|(served, share)| workload(served, share, hpas)).collect();
        context! { workloads => rows, hpas_refused => hpas.is_none() }
    }

    fn nodes(&self, counted: &Counted) -> Value {
        let nodes = overview::nodes(self.state, counted);
        let shown = if self.all_nodes { nodes.len() } else { MAX_NODES };
        let rows: Value = nodes.iter().take(shown).map(node).collect();
        context! { nodes => rows, hidden => nodes.len().saturating_sub(shown) }
    }
}

fn render(name: &str, context: Value) -> String {
    let template = ENVIRONMENT.get_template(&format!("{name}.html"));
    template.and_then(|template| template.render(context)).unwrap_or_else(|error| {
        tracing::error!(%error, "the page's template {name}.html cannot be rendered");
        String::new()
    })
}

fn status(freshness: &Freshness) -> Value {
    match freshness {
        Freshness::Fresh(age) => context! { fresh => units::age(*age) },
        Freshness::Starting(reason) => context! { starting => reason },
        Freshness::Stale(reason, _) => context! { stale => reason },
    }
}

/// The sums as tiles, which are the chart's legend, too.
fn tiles(totals: &ClusterTotals) -> Value {
    let mut free = totals.allocatable.minus(&totals.paid);
    free.subtract(&totals.opportunistic);
    let cpu = totals.allocatable.get(CPU);
    let tile = |class, name, amounts: &Resources| {
        context! {
            class => class,
            name => name,
            cpu => amounts.get(CPU),
            memory => amounts.get(MEMORY),
            percent => units::percent(amounts.get(CPU), cpu),
        }
    };
    let tiles = vec![
        tile("paid", "Paid", &totals.paid),
        tile("own", "Opportunistic", &totals.opportunistic),
        tile("free", "Free", &free),
    ];
    context! {
        tiles => tiles,
        nodes => totals.nodes,
        cpu => cpu,
        unknown => totals.unknown,
        unusable => totals.unusable,
        pods => totals.paid.get(PODS) + totals.opportunistic.get(PODS),
        waiting => totals.waiting,
    }
}

fn workload(
    served: &ServedWorkload,
    share: &Result<Share, String>,
    hpas: Option<&[Autoscaler]>,
) -> Value {
    let hpas = hpas.unwrap_or_default().iter().filter(|hpa| served.is_scaled_by(hpa));
    let hpas: Value = hpas
        .map(|hpa| {
            let ((current, desired), (min, max)) = (hpa.replicas(), hpa.bounds());
            let (name, problem) = (hpa.name(), problem(hpa));
            context! { name, current, desired, min, max, problem }
        })
        .collect();
    let row = context! {
        name => &served.id.name,
        namespace => &served.id.namespace,
        kind => served.id.kind.name,
        ready => served.ready,
        replicas => served.replicas,
        hpas => hpas,
    };
    let details = match (share, &served.request) {
        (Ok(share), Ok(request)) => context! {
            held => (),
            fit => share.fit,
            limit => share.limit.to_string(),
            cpu => share.remaining.get(CPU),
            memory => share.remaining.get(MEMORY),
            weight => request.policy.weight,
            priority => request.policy.priority,
            reserve => request.policy.reserve.to_string(),
            max_replicas => request.policy.max_replicas,
            basis => request.policy.basis.name(),
            idle => share.idle.map(|idle| context! {
                cpu => idle.millicores,
                burn => idle.burn,
                unknown_nodes => idle.unknown_nodes,
                waiting_nodes => idle.waiting_nodes,
                crowded => idle.crowded,
            }),
        },
        (Err(reason), _) | (_, Err(Held { why: reason, .. })) => context! { held => reason },
    };
    context! { ..row, ..details }
}

fn node(node: &NodeSummary) -> Value {
    let reason = node.unknown.clone().unwrap_or_else(|| node.reasons.join("; "));
    let cpu = node.allocatable.get(CPU);
    let (paid, opportunistic) = (node.paid.get(CPU), node.opportunistic.get(CPU));
    let percent = |amount: Amount| (amount.max(0) * 100 / cpu.max(1)).min(100);
    let paid_percent = percent(paid);
    context! {
        name => &node.name,
        state => node.state,
        reason => if reason.eq_ignore_ascii_case(node.state) { "" } else { &reason },
        unknown => node.unknown.is_some(),
        paid_percent => paid_percent,
        opportunistic_percent => percent(paid + opportunistic) - paid_percent,
        remaining => node.remaining(CPU),
        paid => paid,
        opportunistic => opportunistic,
        cpu => cpu,
        memory => node.remaining(MEMORY),
        pods => node.paid.get(PODS) + node.opportunistic.get(PODS),
        max_pods => node.allocatable.get(PODS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_escape_every_value() {
        let html = render("status", context! { starting => "<img src=x onerror='a'>" });
        assert!(html.contains("&lt;img src=x onerror=&#x27;a&#x27;&gt;"), "{html}");
    }

    #[test]
    fn every_template_compiles() {
        for (name, _) in TEMPLATES {
            ENVIRONMENT.get_template(name).unwrap();
        }
    }
}
