//! All that the screen depends on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use crate::cluster::follow::Health;
use crate::cluster::{ResolvedWorkload, WorkloadRef};
use crate::core::headroom::Query;
use crate::core::ownership::Ownership;
use crate::core::replica::Replica;
use crate::core::reserve::Reserve;
use crate::core::resources::{Amount, CPU, Resources};
use crate::core::selector::Selector;
use crate::core::view::{By, SortKey};
use crate::terminal::Look;

use super::ask::Refusal;
use super::ask::hpas::HpaItem;
use super::ask::pods::PodItem;
use super::column::{Column, Table};
use super::draw::Layout;
use super::history::History;
use super::item::{Items, Measure};
use super::measured::{Asked, Measured};
use super::order::Order;
use super::pane::Pane;
use super::source::Replay;
use super::view::{self, TABS, View};

/// The least time between two frames of new data, at first.
const FRAME: Duration = Duration::from_millis(100);
/// The most that `+` makes of it.
const SLOWEST: Duration = Duration::from_secs(10);

/// How a screen begins.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Which characters and colours the terminal takes.
    pub look: Look,
    /// What the cluster is called: the context of the kubeconfig, or the server.
    pub context: String,
    /// The shape of a replica; otherwise the workload's.
    pub replica: Option<Replica>,
    /// What must stay free.
    pub reserve: Reserve,
    /// Which nodes are looked at at all.
    pub nodes: Selector,
    /// The workload that was named.
    pub workload: Option<WorkloadRef>,
    /// The namespace of a workload that was named without one.
    pub namespace: String,
    /// What is known of it.
    pub resolved: ResolvedWorkload,
    /// What a row stands for at first.
    pub by: By,
    /// How rows are sorted at first: a key, and whether the greatest comes first.
    pub sort: Option<(SortKey, bool)>,
    /// The resources to show; empty means those that matter.
    pub resources: Vec<String>,
    /// Only rows of this namespace.
    pub only_namespace: Option<String>,
    /// Whether nodes that opportunistic work may not use are shown.
    pub show_unusable: bool,
    /// Whether there is an API server to ask for more.
    pub has_cluster: bool,
    /// The least time between two frames of new data; otherwise a tenth of a second.
    pub interval: Option<Duration>,
    /// How old data is at the most while all is well.
    pub fresh: Duration,
}

/// The state of the screen.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) look: Look,
    pub(super) context: String,
    pub(super) ownership: Ownership,
    pub(super) workload: Option<WorkloadRef>,
    pub(super) namespace: String,
    pub(super) has_cluster: bool,
    pub(super) show_unusable: bool,
    pub(super) wide: bool,
    pub(super) frozen: bool,
    pub(super) help: bool,
    /// Whether the filter is being typed.
    pub(super) prompt: bool,
    /// The number of the resource that is looked at.
    pub(super) focus: usize,
    /// The least time between two frames of new data.
    pub(super) least: Duration,
    /// How old data is at the most while all is well.
    pub(super) fresh: Duration,
    pub(super) measured: Option<Measured>,
    pub(super) history: History,
    pub(super) replay: Option<Replay>,
    /// Why the open pane's own question was not answered.
    pub(super) refusal: Option<Refusal>,
    /// How many HPAs there are besides those that are shown.
    pub(super) other_hpas: usize,
    /// How large the screen is.
    pub(super) area: Rect,
    /// What time it is.
    pub(super) now: Instant,
    /// The same in seconds since 1970, for what objects say of their age.
    pub(super) wall: i64,
    /// When the session began.
    start: Instant,
    replica: Option<Replica>,
    query: Arc<Query>,
    named: Arc<[String]>,
    only_namespace: Option<String>,
    pool_label: Option<String>,
    tab: usize,
    tabs: Vec<Pane>,
    /// What was opened from the tab, the last one on top.
    opened: Vec<Pane>,
    /// All HPAs of the last answer, wanted or not.
    hpas: Vec<HpaItem>,
}

impl State {
    /// A screen that knows nothing yet.
    pub fn new(setup: Setup, now: Instant) -> Self {
        let (view, pool_label) = View::of(&setup.by);
        let tab = TABS.iter().position(|tab| *tab == view).unwrap_or(0);
        let mut tabs: Vec<_> = TABS.into_iter().map(Pane::new).collect();
        if let (Some((key, descending)), Some(pane)) = (setup.sort, tabs.get_mut(tab)) {
            pane.order = Order { column: view::column_of(key), descending };
        }
        let mut state = Self {
            look: setup.look,
            context: setup.context,
            ownership: Ownership::default(),
            workload: setup.workload,
            namespace: setup.namespace,
            has_cluster: setup.has_cluster,
            show_unusable: setup.show_unusable,
            wide: false,
            frozen: false,
            help: false,
            prompt: false,
            focus: 0,
            least: setup.interval.unwrap_or(FRAME),
            fresh: setup.fresh,
            measured: None,
            history: History::default(),
            replay: None,
            refusal: None,
            other_hpas: 0,
            area: Rect::new(0, 0, 80, 24),
            now,
            wall: 0,
            start: now,
            replica: setup.replica,
            query: Arc::new(Query {
                reserve: setup.reserve,
                nodes: setup.nodes,
                ..Query::default()
            }),
            named: setup.resources.into(),
            only_namespace: setup.only_namespace,
            pool_label,
            tab,
            tabs,
            opened: Vec::new(),
            hpas: Vec::new(),
        };
        state.resolve(setup.resolved);
        state
    }

    /// Takes what is known of the opportunistic workload now.
    pub(super) fn resolve(&mut self, workload: ResolvedWorkload) {
        let query = Query {
            replica: self.replica.clone().or(workload.replica).unwrap_or_default(),
            placement: workload.placement,
            ..(*self.query).clone()
        };
        self.query = Arc::new(query);
        self.ownership = workload.ownership;
    }

    /// What is to be measured for the table that is open.
    pub fn asked(&self) -> Asked {
        Asked {
            query: Arc::clone(&self.query),
            resources: Arc::clone(&self.named),
            view: self.pane().view.clone(),
            pool_label: self.pool_label.clone(),
            namespace: self.only_namespace.clone(),
        }
    }

    /// Takes what was measured. Its rows are of no use when another table is open by now.
    pub fn take(&mut self, mut measured: Measured) {
        let rows = std::mem::take(&mut measured.rows);
        let is_open = measured.view == self.pane().view;
        let remaining = measured.remaining.clone();
        // Before pods are known, nothing is known of what remains.
        if remaining.is_some() || self.measured.is_some() {
            self.history.push(self.elapsed(), remaining);
        }
        self.measured = Some(measured);
        self.focus = self.focus.min(self.resources().len().saturating_sub(1));
        if !is_open {
            return;
        }
        match self.pane().view {
            View::Hpas => self.show_hpas(),
            View::OnNode { .. } if self.has_cluster => {}
            _ => self.fill(Items::Rows(rows)),
        }
    }

    /// Takes the pods of a node, or why there are none to be had.
    pub(super) fn take_pods(&mut self, node: &str, answer: Result<Vec<PodItem>, Refusal>) {
        if !matches!(&self.pane().view, View::OnNode { name } if name == node) {
            return;
        }
        match answer {
            Ok(pods) => {
                self.refusal = None;
                self.fill(Items::Pods(pods));
            }
            Err(refusal) => self.refusal = Some(refusal),
        }
    }

    /// Takes the HPAs, or why there are none to be had.
    pub(super) fn take_hpas(&mut self, answer: Result<Vec<HpaItem>, Refusal>) {
        match answer {
            Ok(hpas) => {
                self.refusal = None;
                self.hpas = hpas;
                if self.pane().view == View::Hpas {
                    self.show_hpas();
                }
            }
            Err(refusal) => self.refusal = Some(refusal),
        }
    }

    /// Shows the HPAs of opportunistic work; all of them where that was asked for.
    fn show_hpas(&mut self) {
        let wanted: Vec<_> = self
            .hpas
            .iter()
            .filter(|hpa| self.show_unusable || self.is_own(hpa))
            .cloned()
            .collect();
        self.other_hpas = self.hpas.len() - wanted.len();
        if !self.hpas.is_empty() || !matches!(self.pane().items, Items::Unknown) {
            self.fill(Items::Hpas(wanted));
        }
    }

    /// The namespace in which HPAs are looked for; `None` means all.
    pub(super) fn hpa_namespace(&self) -> Option<String> {
        match &self.workload {
            Some(WorkloadRef::Object { namespace, .. }) if !self.show_unusable => {
                Some(namespace.clone().unwrap_or_else(|| self.namespace.clone()))
            }
            _ => None,
        }
    }

    /// Whether an HPA scales opportunistic work.
    fn is_own(&self, hpa: &HpaItem) -> bool {
        let (kind, name) = &hpa.target;
        if let Some(WorkloadRef::Object { namespace, kind: wanted, name: wanted_name }) =
            &self.workload
        {
            let namespace = namespace.as_ref().unwrap_or(&self.namespace);
            return hpa.namespace == *namespace && kind == wanted.name() && name == wanted_name;
        }
        let key = (hpa.namespace.clone(), kind.clone(), name.clone());
        hpa.marked || self.measured.as_ref().is_some_and(|measured| measured.own.contains(&key))
    }

    fn fill(&mut self, items: Items) {
        let show_unusable = self.show_unusable;
        let (resources, whole) = self.measure();
        let by = Measure { resources: &resources, whole: whole.as_ref() };
        let keep = |items: &Items, at: usize| is_wanted(items, at, show_unusable);
        let pane = self.pane_mut();
        pane.replace(items, keep, by);
        self.settle();
    }

    /// Sorts and filters the open table anew.
    pub(super) fn arrange(&mut self) {
        let show_unusable = self.show_unusable;
        if self.pane().view == View::Hpas {
            self.show_hpas();
        }
        let (resources, whole) = self.measure();
        let by = Measure { resources: &resources, whole: whole.as_ref() };
        let keep = |items: &Items, at: usize| is_wanted(items, at, show_unusable);
        self.pane_mut().arrange(keep, by);
        self.settle();
    }

    fn measure(&self) -> (Vec<String>, Option<Resources>) {
        let whole = self.measured.as_ref().map(|measured| measured.usable.allocatable.clone());
        (self.resources().to_vec(), whole)
    }

    /// The resources of the screen.
    pub(super) fn resources(&self) -> &[String] {
        static CPU_ALONE: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| vec![CPU.to_owned()]);
        match &self.measured {
            Some(measured) => &measured.resources,
            None if !self.named.is_empty() => &self.named,
            None => &CPU_ALONE,
        }
    }

    /// The resource that is looked at.
    pub(super) fn resource(&self) -> &str {
        self.resources().get(self.focus).map_or(CPU, String::as_str)
    }

    /// Looks at the resource with this number; tables are sorted by its figures then.
    pub(super) fn look_at(&mut self, number: usize) {
        if number >= self.resources().len() {
            return;
        }
        let is_same = self.focus == number;
        self.focus = number;
        let pane = self.pane_mut();
        let column = pane.order.column;
        let amount = match column.of_resource(usize::MAX) == column {
            // Sorted by a name or a count: the key asks for amounts.
            true => pane.view.order().column.of_resource(number),
            false => column.of_resource(number),
        };
        match is_same && amount == column {
            true => pane.order = pane.order.inverted(),
            false if amount == column.of_resource(number) => pane.order.column = amount,
            false => pane.order = Order::by(amount),
        }
        // The other tables must not be sorted by what they do not show.
        for pane in self.tabs.iter_mut().chain(&mut self.opened) {
            pane.order.column = pane.order.column.of_resource(number);
        }
        self.arrange();
    }

    pub(super) fn pane(&self) -> &Pane {
        self.opened.last().unwrap_or(&self.tabs[self.tab])
    }

    pub(super) fn pane_mut(&mut self) -> &mut Pane {
        self.opened.last_mut().unwrap_or(&mut self.tabs[self.tab])
    }

    /// The number of the tab that is open, or that the open table was reached from.
    pub(super) fn tab(&self) -> usize {
        self.tab
    }

    /// The tables that were opened from the tab.
    pub(super) fn opened(&self) -> &[Pane] {
        &self.opened
    }

    /// Opens a tab.
    pub(super) fn open_tab(&mut self, tab: usize) {
        self.opened.clear();
        // Tables that are not seen keep their sorting and their choice, but no rows.
        self.tabs[self.tab].items = Items::Unknown;
        self.tab = tab % TABS.len();
        self.forget();
        self.arrange();
    }

    /// Opens what is chosen; false where there is nothing more to see.
    pub(super) fn open(&mut self) -> bool {
        let pane = self.pane();
        let Some(chosen) = pane.identity() else { return false };
        let view = match &pane.view {
            View::Nodes { .. } | View::Places { .. } => View::OnNode { name: chosen.name },
            View::Pools => View::Nodes { pool: Some(chosen.name) },
            View::Namespaces => View::Workloads { namespace: Some(chosen.name) },
            View::Workloads { .. } => {
                View::Places { namespace: chosen.namespace, kind: chosen.kind, name: chosen.name }
            }
            // In a record, workloads stand for the pods that it does not name.
            View::OnNode { .. } | View::Hpas => return false,
        };
        let mut pane = Pane::new(view);
        pane.order.column = pane.order.column.of_resource(self.focus);
        if matches!(pane.view, View::OnNode { .. }) && !self.has_cluster {
            pane.order = View::Namespaces.order();
        }
        self.opened.push(pane);
        self.forget();
        true
    }

    /// Goes back to where the open table was reached from; false at the beginning.
    pub(super) fn back(&mut self) -> bool {
        let went = self.opened.pop().is_some();
        if went {
            self.forget();
            self.arrange();
        }
        went
    }

    /// Drops what belongs to a table that is no longer open.
    fn forget(&mut self) {
        self.refusal = None;
        self.prompt = false;
    }

    /// What the columns of the open table depend on.
    pub(super) fn table(&self) -> Table<'_> {
        let pane = self.pane();
        Table {
            view: &pane.view,
            knows_pods: self.has_cluster,
            wide: self.wide,
            resources: self.resources(),
            focus: self.focus,
            longest: pane.longest,
        }
    }

    /// The columns by which the open table can be sorted, with their keys.
    pub(super) fn sortable(&self) -> Vec<(Column, Option<char>)> {
        let heads = self.table().all().into_iter().filter(|head| head.column.sorts());
        heads.map(|head| (head.column, head.letter)).collect()
    }

    /// How many rows of the table are on the screen.
    pub(super) fn page(&self) -> usize {
        usize::from(Layout::of(self, self.area).rows.height)
    }

    /// Remembers where the table stands.
    pub(super) fn settle(&mut self) {
        let page = self.page();
        self.pane_mut().settle(page);
    }

    /// More or less time between frames of new data.
    pub(super) fn change_pace(&mut self, slower: bool) {
        let least = if slower { self.least * 2 } else { self.least / 2 };
        self.least = least.clamp(FRAME, SLOWEST.max(self.least));
    }

    /// The time of the session, or of the record.
    pub(super) fn elapsed(&self) -> Duration {
        match &self.replay {
            Some(replay) => replay.position,
            None => self.now.saturating_duration_since(self.start),
        }
    }

    /// How well the cluster is heard.
    pub(super) fn health(&self) -> Option<&Health> {
        self.measured.as_ref().map(|measured| &measured.health)
    }

    /// How many rows there are that could be shown, and how many of them match.
    pub(super) fn matches(&self) -> (usize, usize) {
        let pane = self.pane();
        let items = &pane.items;
        let wanted = (0..items.len()).filter(|at| is_wanted(items, *at, self.show_unusable));
        (pane.len(), wanted.count())
    }

    /// How many nodes are left out because they are not usable.
    pub(super) fn left_out(&self) -> usize {
        let items = &self.pane().items;
        (0..items.len()).filter(|at| !is_wanted(items, *at, self.show_unusable)).count()
    }

    /// What is on the node that is looked into, and its name.
    pub(super) fn on_node(&self) -> Option<(&str, Option<&(Resources, Resources)>)> {
        let View::OnNode { name } = &self.pane().view else { return None };
        let measured = self.measured.as_ref().filter(|m| m.view == self.pane().view);
        Some((name, measured.and_then(|measured| measured.on_node.as_ref())))
    }

    /// What is free of a resource now: what remains less what opportunistic pods have of it.
    pub(super) fn free(&self, resource: &str) -> Option<Amount> {
        let measured = self.measured.as_ref()?;
        let own = measured.usable.opportunistic.as_ref()?;
        Some(measured.remaining.as_ref()?.get(resource) - own.get(resource))
    }
}

/// Whether a row is wanted at all: unusable nodes only when asked for, unknown ones always.
fn is_wanted(items: &Items, at: usize, show_unusable: bool) -> bool {
    let Items::Rows(rows) = items else { return true };
    rows.get(at).is_some_and(|row| {
        let is_node = row.state.is_some();
        !is_node || show_unusable || row.state == Some("Unknown") || row.usable != Some(false)
    })
}
