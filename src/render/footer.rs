//! The lines below a table: what the rows cannot show.

use crate::printer::{Printer, Style};
use oppscale_core::resources::{Amount, PODS, Resources};
use oppscale_core::units;

use super::Report;

/// Hidden nodes, overcommit, demand, reserve, and how many replicas fit.
pub(super) fn footer(
    report: &Report,
    show_unusable: bool,
    is_exact: bool,
    printer: &Printer,
) -> String {
    let headroom = &report.headroom;
    let mut lines = Vec::new();
    let hidden = report.rows.len() - report.shown_rows(show_unusable).count();
    if hidden > 0 {
        let nodes = if hidden == 1 { "1 node is" } else { &format!("{hidden} nodes are") };
        lines.push(format!("{nodes} not usable and not shown (--show-unusable)"));
    }
    let amount_text = if is_exact { units::exact_amount } else { units::amount };
    let text = |amounts: &mut dyn Iterator<Item = (&str, Amount)>| {
        let parts: Vec<_> = amounts
            .filter(|(_, amount)| *amount != 0)
            .map(|(name, amount)| format!("{name} {}", amount_text(name, amount)))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    };
    let listed = |resources: &Resources| {
        text(&mut report.resources.iter().map(|name| (name.as_str(), resources.get(name))))
    };
    // A shortage matters whether or not its resource has a column.
    let overcommit = headroom.usable.overcommit.as_ref();
    if let Some(overcommit) = overcommit.and_then(|short| text(&mut short.present())) {
        lines.push(printer.paint(Style::Bad, &format!("overcommitted: {overcommit}")));
    }
    let unoffered: Vec<_> = headroom.unoffered.names().collect();
    if !unoffered.is_empty() {
        lines.push(format!(
            "unknown: what is left of {}, which pods request and no node lists",
            unoffered.join(", ")
        ));
    }
    if let Some(demand) = &headroom.demand {
        if let Some(placeable) = listed(&demand.placeable) {
            lines.push(format!("paid pods without a node ask for {placeable}"));
        }
        for pod in &demand.unplaceable {
            let text = format!("unplaceable: pod {}/{} {}", pod.namespace, pod.name, pod.reason);
            lines.push(printer.paint(Style::Warn, &text));
        }
    }
    if let Some(reserve) = listed(&headroom.reserve) {
        lines.push(format!("kept free: {reserve}"));
    }
    lines.push(fit_line(report));
    format!("\n{}\n", lines.join("\n"))
}

fn fit_line(report: &Report) -> String {
    let replica = &report.query.replica;
    let headroom = &report.headroom;
    let Some(fit) = &headroom.fit else {
        return format!("replicas of {replica} that fit: unknown");
    };
    let running = headroom.usable.opportunistic.as_ref().map_or(0, |own| own.get(PODS));
    format!(
        "{} replicas of {replica} fit ({}); {running} opportunistic pods stand there now",
        fit.replicas, fit.limit
    )
}
