//! The views of the live screen.

use oppscale_core::view::{By, RowKind};

use super::column::Column;
use super::pane::Order;

/// The subject of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// All nodes, or those of a pool.
    Nodes {
        /// The pool: a value of the label that names pools.
        pool: Option<String>,
    },
    /// Namespaces.
    Namespaces,
    /// Pools of nodes.
    Pools,
    /// All workloads, or those of a namespace.
    Workloads {
        /// The namespace.
        namespace: Option<String>,
    },
    /// The nodes with pods of a workload.
    NodesOfWorkload {
        /// The workload's namespace.
        namespace: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// The pods of a node, or its workloads in a recording.
    OnNode {
        /// The node.
        name: String,
    },
    /// HorizontalPodAutoscalers.
    Hpas,
}

/// The views that have a tab, in order.
pub(super) const TABS: [View; 5] = [
    View::Nodes { pool: None },
    View::Namespaces,
    View::Pools,
    View::Workloads { namespace: None },
    View::Hpas,
];

impl View {
    /// The view of `--by`.
    pub fn of(by: &By) -> Self {
        match by {
            // Pods, containers and fillers are not rows of the screen.
            By::Node | By::Pod | By::Container | By::Filler => Self::Nodes { pool: None },
            By::Pool(_) => Self::Pools,
            By::Namespace => Self::Namespaces,
            By::Workload => Self::Workloads { namespace: None },
        }
    }

    /// The kind of its rows; `None` for HPAs. Where pods are known by name, they are the rows of
    /// [`View::OnNode`].
    pub(super) fn row_kind(&self) -> Option<RowKind> {
        Some(match self {
            Self::Nodes { .. } => RowKind::Node,
            Self::Namespaces => RowKind::Namespace,
            Self::Pools => RowKind::Pool,
            Self::Workloads { .. } | Self::OnNode { .. } => RowKind::Workload,
            Self::NodesOfWorkload { .. } => RowKind::NodeOfWorkload,
            Self::Hpas => return None,
        })
    }

    /// The title of its tab.
    pub(super) fn tab(&self) -> &'static str {
        match self {
            Self::Nodes { .. } | Self::OnNode { .. } => "nodes",
            Self::Namespaces => "namespaces",
            Self::Pools => "pools",
            Self::Workloads { .. } | Self::NodesOfWorkload { .. } => "workloads",
            Self::Hpas => "HPAs",
        }
    }

    /// The title above the table. A recording does not name pods, so a node shows its workloads.
    pub(super) fn title(&self, knows_pods: bool) -> String {
        match self {
            Self::Nodes { pool: Some(pool) } if pool.is_empty() => "nodes without a pool".into(),
            Self::Nodes { pool: Some(pool) } => format!("nodes of pool {pool}"),
            Self::Workloads { namespace: Some(namespace) } => format!("workloads of {namespace}"),
            Self::NodesOfWorkload { namespace, kind, name } => {
                format!("nodes of {namespace}/{}/{name}", kind.to_lowercase())
            }
            Self::OnNode { name } if knows_pods => format!("pods on {name}"),
            Self::OnNode { name } => format!("workloads on {name}"),
            _ => self.tab().to_owned(),
        }
    }

    /// The first order of its rows.
    pub(super) fn order(&self) -> Order {
        let (column, descending) = match self {
            Self::Nodes { .. } | Self::Pools => (Column::amount("remaining"), true),
            Self::Namespaces | Self::Workloads { .. } => (Column::amount("others"), true),
            Self::NodesOfWorkload { .. } => (Column::PODS, true),
            Self::OnNode { .. } => (Column::amount("request"), true),
            Self::Hpas => (Column::NAME, false),
        };
        Order { column, descending }
    }
}
