//! The web page: written here in full, so that it needs no JavaScript; the script only
//! puts newer pieces into place as they come.
//!
//! | file | holds |
//! |---|---|
//! | `markup` | text and amounts as HTML |
//! | `chart` | capacity over time, as SVG |
//! | `tables` | workloads and nodes |
//! | `page.css`, `page.js`, `icon.svg` | what the page loads from here, and nothing from elsewhere |

mod chart;
mod markup;
mod tables;

use std::time::Instant;

use super::board::{Board, Sight};
use super::history::{Cpu, History};
use super::overview::{self, Totals};
use markup::{amount, cores, escape, seconds};
use oppscale_cluster::Autoscaler;
use oppscale_core::resources::{MEMORY, PODS};

/// The style sheet.
pub(super) const CSS: &str = include_str!("page.css");
/// The script.
pub(super) const SCRIPT: &str = include_str!("page.js");
/// The icon.
pub(super) const ICON: &str = include_str!("icon.svg");

/// Nothing from elsewhere, nothing inline, in nobody's frame.
pub(super) const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Rows of nodes that a page shows unless all are asked for: a page of thousands is slow on
/// a phone, and would be sent anew with every change.
const NODES: usize = 100;

/// The pieces of the page that change, by the id of their element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pieces(pub(super) Vec<(&'static str, String)>);

/// What the page shows.
pub(super) struct View<'v> {
    pub(super) board: &'v Board,
    pub(super) history: &'v History,
    /// `None` when they may not be read.
    pub(super) autoscalers: Option<Vec<Autoscaler>>,
    pub(super) all_nodes: bool,
}

impl View<'_> {
    /// Writes the pieces.
    pub(super) fn pieces(&self) -> Pieces {
        let sight = self.board.sight();
        let mut pieces = vec![("status", status(&sight))];
        if matches!(sight, Sight::Starting(_)) {
            return Pieces(pieces);
        }
        let totals = overview::totals(self.board);
        let counted = self.board.counted();
        let nodes = overview::nodes(self.board);
        let shown = if self.all_nodes { nodes.len() } else { NODES };
        let hpas = self.autoscalers.as_deref();
        pieces.push(("totals", tiles(&totals)));
        let now = matches!(sight, Sight::Clear(_)).then(|| Cpu::of(&totals));
        pieces.push(("chart", chart::chart(&self.history.samples(), Instant::now(), now)));
        pieces.push(("workloads", tables::workloads(&counted.workloads, hpas)));
        pieces.push(("nodes", tables::nodes(&nodes, shown)));
        Pieces(pieces)
    }

    /// Writes the whole page.
    pub(super) fn page(&self) -> String {
        let pieces = self.pieces();
        let piece = |id: &str| {
            let found = pieces.0.iter().find(|(known, _)| *known == id);
            found.map_or("", |(_, html)| html.as_str())
        };
        let mut sections = String::new();
        for (id, title) in [
            ("totals", ""),
            ("chart", "CPU over time"),
            ("workloads", "Workloads"),
            ("nodes", "Nodes"),
        ] {
            let title = if title.is_empty() { title.into() } else { format!("<h2>{title}</h2>") };
            sections.push_str(&format!(
                "<section>{title}<div id=\"{id}\">{}</div></section>\n",
                piece(id)
            ));
        }
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <title>oppscale</title><link rel=\"stylesheet\" href=\"page.css\">\
             <link rel=\"icon\" href=\"icon.svg\" type=\"image/svg+xml\">\
             <noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\
             <script src=\"page.js\" defer></script></head>\n\
             <body><header><h1>oppscale</h1>\
             <div id=\"status\" role=\"status\">{}</div>\
             <noscript><p class=\"dim\">Without JavaScript the page is renewed every 30 s.</p>\
             </noscript></header>\n<main>{sections}</main>\n\
             <footer class=\"dim\">oppscale {} · <a href=\"metrics\">metrics</a></footer>\
             </body></html>\n",
            piece("status"),
            env!("CARGO_PKG_VERSION"),
        )
    }
}

fn status(sight: &Sight) -> String {
    match sight {
        Sight::Clear(age) => format!(
            "<p class=\"good\"><span class=\"dot\"></span>Current: last heard \
             <b>{}</b> ago</p>",
            seconds(*age)
        ),
        Sight::Starting(why) => {
            format!("<p class=\"warn\"><span class=\"dot\"></span>Starting: {}</p>", escape(why))
        }
        Sight::Blind(why, _) => format!(
            "<p class=\"bad\"><span class=\"dot\"></span><b>Blind</b>: {}. Metrics are \
             refused or 0; what stands below is the last that was heard.</p>",
            escape(why)
        ),
    }
}

/// The sums, as tiles that are the chart's legend too.
fn tiles(totals: &Totals) -> String {
    let cpu = Cpu::of(totals);
    let free = cpu.allocatable - cpu.paid - cpu.opportunistic;
    let memory =
        |resources: &oppscale_core::resources::Resources| amount(MEMORY, resources.get(MEMORY));
    let mut free_memory = totals.allocatable.minus(&totals.paid);
    free_memory.subtract(&totals.opportunistic);
    let tile = |class: &str, name: &str, main: String, below: String| {
        format!(
            "<div class=\"tile {class}\"><dt>{name}</dt><dd><b>{main}</b><small>{below}</small>\
             </dd></div>"
        )
    };
    let share = |part| match cpu.allocatable {
        0 => String::new(),
        whole => format!(" · {}%", part * 100 / whole),
    };
    let pods = totals.paid.get(PODS) + totals.opportunistic.get(PODS);
    let mut nodes = format!("{} pods, {} waiting", pods, totals.waiting);
    if totals.unusable > 0 {
        nodes = format!("{} unusable · {nodes}", totals.unusable);
    }
    if totals.unknown > 0 {
        nodes = format!("{} unknown · {nodes}", totals.unknown);
    }
    let tiles = [
        tile(
            "paid",
            "Paid",
            format!("{} cores", cores(cpu.paid)),
            format!("{}{}", memory(&totals.paid), share(cpu.paid)),
        ),
        tile(
            "own",
            "Opportunistic",
            format!("{} cores", cores(cpu.opportunistic)),
            format!("{}{}", memory(&totals.opportunistic), share(cpu.opportunistic)),
        ),
        tile(
            "free",
            "Free",
            format!("{} cores", cores(free)),
            format!("{}{}", memory(&free_memory), share(free)),
        ),
        tile(
            "all",
            "Nodes",
            totals.nodes.to_string(),
            format!("{} cores · {nodes}", cores(cpu.allocatable)),
        ),
    ];
    format!("<dl class=\"tiles\">{}</dl>", tiles.concat())
}
