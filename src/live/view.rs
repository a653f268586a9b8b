//! What a table is about, and where Enter leads.

use oppscale_core::view::{By, RowKind};

use super::column::Column;
use super::pane::Order;

/// What a table is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// Nodes; those of a pool, if one is named.
    Nodes {
        /// The value of the label that tells pools apart.
        pool: Option<String>,
    },
    /// Namespaces.
    Namespaces,
    /// Pools of nodes.
    Pools,
    /// Workloads; those of a namespace, if one is named.
    Workloads {
        /// The namespace.
        namespace: Option<String>,
    },
    /// The nodes on which the pods of a workload stand.
    NodesOfWorkload {
        /// The workload's namespace.
        namespace: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// What stands on a node.
    OnNode {
        /// The node.
        name: String,
    },
    /// HorizontalPodAutoscalers.
    Hpas,
}

/// The views that have a number, in its order.
pub(super) const TABS: [View; 5] = [
    View::Nodes { pool: None },
    View::Namespaces,
    View::Pools,
    View::Workloads { namespace: None },
    View::Hpas,
];

impl View {
    /// The view that `--by` means, and the label that tells pools apart.
    pub fn of(by: &By) -> (Self, Option<String>) {
        match by {
            By::Node => (Self::Nodes { pool: None }, None),
            By::Pool(label) => (Self::Pools, label.clone()),
            By::Namespace => (Self::Namespaces, None),
            By::Workload => (Self::Workloads { namespace: None }, None),
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

    /// What it is called among the tabs.
    pub(super) fn tab(&self) -> &'static str {
        match self {
            Self::Nodes { .. } | Self::OnNode { .. } => "nodes",
            Self::Namespaces => "namespaces",
            Self::Pools => "pools",
            Self::Workloads { .. } | Self::NodesOfWorkload { .. } => "workloads",
            Self::Hpas => "HPAs",
        }
    }

    /// What it is called on its own. Where pods are not known by name, as in a record, their
    /// workloads are what stands on a node.
    pub(super) fn title(&self, knows_pods: bool) -> String {
        match self {
            Self::Nodes { pool: Some(pool) } if pool.is_empty() => "nodes without a pool".into(),
            Self::Nodes { pool: Some(pool) } => format!("nodes of pool {pool}"),
            Self::Workloads { namespace: Some(namespace) } => format!("workloads of {namespace}"),
            Self::NodesOfWorkload { namespace, kind, name } => {
                format!("where {namespace}/{}/{name} stands", kind.to_lowercase())
            }
            Self::OnNode { name } if knows_pods => format!("pods on {name}"),
            Self::OnNode { name } => format!("workloads on {name}"),
            _ => self.tab().to_owned(),
        }
    }

    /// How its rows are sorted at first.
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
