//! The state of the live screen: everything that drawing depends on.

use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use crate::terminal::Theme;
use oppscale_cluster::follow::Health;
use oppscale_cluster::{RequestedNames, ResolvedWorkload, WorkloadRef};
use oppscale_core::figures::{Figure, Format};
use oppscale_core::headroom::Query;
use oppscale_core::ownership::Ownership;
use oppscale_core::policy::Basis;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, Resources};
use oppscale_core::selector::Selector;
use oppscale_core::usage::PaidUsage;
use oppscale_core::view::By;

use super::column::{Column, Table};
use super::draw::{Layout, highest_detail};
use super::history::History;
use super::hpas::HpaItem;
use super::measurement::{Measurement, MeasurementRequest};
use super::pane::{Items, Measure};
use super::pane::{Order, Pane};
use super::pods::PodItem;
use super::query::QueryError;
use super::source::Replay;
use super::view::{TABS, View};

/// Least time between two frames of new data, at first.
pub(super) const FRAME: Duration = Duration::from_millis(100);
/// The greatest value that `+` sets for it.
const SLOWEST: Duration = Duration::from_secs(10);

/// Screen width from which further columns are shown by default.
const ROOMY: u16 = 160;

/// The state of the screen.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) setup: Setup,
    /// Whether more columns are shown; otherwise the width decides.
    pub(super) wide: Option<bool>,
    /// Whether amounts are in percent of allocatable.
    pub(super) percent: bool,
    pub(super) frozen: bool,
    pub(super) help: bool,
    /// First line of the help on the screen, where not all fit.
    pub(super) help_from: usize,
    /// Whether the filter is being typed.
    pub(super) prompt: bool,
    /// Index of the selected resource.
    pub(super) focus: usize,
    /// Least time between two frames of new data.
    pub(super) min_interval: Duration,
    /// Basis of free CPU.
    basis: Basis,
    /// Usage of paid pods on each node, or why it is unknown.
    paid_usage: Result<PaidUsage, String>,
    pub(super) measured: Option<Measurement>,
    pub(super) history: History,
    pub(super) replay: Option<Replay>,
    /// Failure of the last query of the open table.
    pub(super) query_error: Option<QueryError>,
    /// Notices that the user has dismissed.
    pub(super) dismissed: Vec<String>,
    /// Number of HPAs that are not shown.
    pub(super) other_hpas: usize,
    /// Size of the screen.
    pub(super) area: Rect,
    /// The present.
    pub(super) now: Instant,
    /// The present in seconds since 1970, for ages of objects.
    pub(super) unix_now: i64,
    /// Start of the session.
    start: Instant,
    tab: usize,
    tabs: Vec<Pane>,
    /// Tables that were opened from the tab, the last one on top.
    opened: Vec<Pane>,
    /// Number of times that a table was opened.
    opening: u64,
    /// All HPAs of the last answer, shown or not.
    hpas: Option<Vec<HpaItem>>,
}

impl State {
    /// A screen before the first measurement.
    pub fn new(setup: Setup, now: Instant) -> Self {
        let view = View::of(&setup.by);
        let tab = TABS.iter().position(|tab| *tab == view).unwrap_or(0);
        let mut tabs: Vec<_> = TABS.into_iter().map(Pane::new).collect();
        if let (Some((key, descending)), Some(pane)) = (setup.sort, tabs.get_mut(tab)) {
            let column = match key.formats.contains(&Format::Live) {
                true => Column::of(key, 0),
                false => Column::amount("remaining"),
            };
            pane.order = Order { column, descending };
        }
        Self {
            min_interval: setup.interval.unwrap_or(FRAME).max(FRAME),
            percent: setup.percent,
            wide: setup.wide.then_some(true),
            basis: setup.basis,
            paid_usage: Err("metrics.k8s.io has not been read yet".to_owned()),
            setup,
            frozen: false,
            help: false,
            help_from: 0,
            prompt: false,
            focus: 0,
            measured: None,
            history: History::default(),
            replay: None,
            query_error: None,
            dismissed: Vec::new(),
            other_hpas: 0,
            area: Rect::new(0, 0, 80, 24),
            now,
            unix_now: 0,
            start: now,
            tab,
            tabs,
            opened: Vec::new(),
            opening: 0,
            hpas: None,
        }
    }

    /// The settings of the count.
    pub(super) fn query(&self) -> Query {
        let query = self.query_by_requests();
        if !self.is_by_usage() {
            return query;
        }
        let paid = self.paid_usage.as_ref().ok().cloned();
        match (self.burn(), paid) {
            (Some(burn), Some(paid)) => query.on_usage_basis(paid, burn),
            // Without usage nothing fits that is known; any burn will do.
            (burn, _) => query.on_usage_basis(PaidUsage::default(), burn.unwrap_or(1)),
        }
    }

    /// Whether CPU counts by what paid pods leave idle.
    pub(super) fn is_by_usage(&self) -> bool {
        self.basis == Basis::Usage
    }

    /// Counts on the other basis.
    pub(super) fn switch_basis(&mut self) {
        self.basis = match self.basis {
            Basis::Requests => Basis::Usage,
            Basis::Usage => Basis::Requests,
        };
    }

    /// Millicores that a replica burns on the usage basis; `None` if unknown.
    pub(super) fn burn(&self) -> Option<Amount> {
        let Setup { replica, resolved, burn, .. } = &self.setup;
        let stated = || replica.as_ref().map(|replica| replica.footprint().get(CPU));
        let burn = burn.or_else(|| resolved.policy.burn.map(Amount::from)).or_else(stated);
        burn.or_else(|| self.query_by_requests().burn_by_size()).filter(|burn| *burn > 0)
    }

    /// Sets what paid pods use, or why that is unknown.
    pub(super) fn take_usage(&mut self, paid: Result<PaidUsage, String>) {
        self.paid_usage = paid;
    }

    /// Why idle CPU is unknown on the usage basis, if it is.
    pub(super) fn usage_problem(&self) -> Option<&str> {
        if !self.is_by_usage() {
            return None;
        }
        if self.burn().is_none() {
            return Some("the cores that a replica uses are unknown; name them: --burn 1");
        }
        self.paid_usage.as_ref().err().map(String::as_str)
    }

    fn query_by_requests(&self) -> Query {
        let Setup { replica, reserve, nodes, resolved, .. } = &self.setup;
        Query {
            replica: replica.clone().or_else(|| resolved.replica.clone()).unwrap_or_default(),
            reserve: if self.setup.own_reserve { &resolved.policy.reserve } else { reserve }
                .clone(),
            max_replicas: resolved.policy.max_replicas,
            is_of_workload: matches!(resolved.ownership, Ownership::Workload(_)),
            placement: resolved.placement.clone(),
            filler_priority: resolved.priority,
            nodes: nodes.clone(),
            one_per_node: resolved.rules.is_one_per_node,
            pods_unknown: false,
            ..Query::default()
        }
    }

    /// The measurement that the open table needs.
    pub fn asked(&self) -> MeasurementRequest {
        let Setup { replica, resolved, .. } = &self.setup;
        let claims = match replica {
            Some(_) => &[][..],
            None => &resolved.claims,
        };
        MeasurementRequest {
            query: self.query(),
            claims: (resolved.namespace.clone(), claims.to_vec()),
            resources: self.setup.resources.clone(),
            view: self.pane().view.clone(),
            pool_label: match &self.setup.by {
                By::Pool(label) => label.clone(),
                _ => None,
            },
            namespace: self.setup.only_namespace.clone(),
            typed: self.setup.typed.clone(),
        }
    }

    /// Sets the measurement. Its rows are dropped if another table is open by now.
    pub fn take(&mut self, mut measured: Measurement) {
        let rows = std::mem::take(&mut measured.rows);
        let is_open = measured.view == self.pane().view;
        let shares = measured.shares();
        // Before pods are known, the shares are unknown.
        if shares.is_some() || self.measured.is_some() {
            self.history.push(self.elapsed(), shares);
        }
        let looked_at = self.resource().to_owned();
        self.measured = Some(measured);
        self.keep_resource_selected(&looked_at);
        if !is_open {
            return;
        }
        match self.pane().view {
            View::Hpas => self.show_hpas(),
            View::OnNode { .. } if self.setup.has_cluster => {}
            _ => self.fill(Items::Rows(rows)),
        }
    }

    /// Sets the pods of a node, or the failure of the query.
    pub(super) fn take_pods(&mut self, node: &str, answer: Result<Vec<PodItem>, QueryError>) {
        if !matches!(&self.pane().view, View::OnNode { name } if name == node) {
            return;
        }
        match answer {
            Ok(pods) => {
                self.query_error = None;
                self.fill(Items::Pods(pods));
            }
            Err(error) => self.query_error = Some(error),
        }
    }

    fn fill(&mut self, items: Items) {
        self.pane_mut().items = items;
        self.sort_and_filter();
    }

    /// Sorts and filters the open table.
    pub(super) fn arrange(&mut self) {
        if self.pane().view == View::Hpas && self.hpas.is_some() {
            return self.show_hpas();
        }
        self.sort_and_filter();
    }

    fn sort_and_filter(&mut self) {
        let show_unusable = self.setup.show_unusable;
        let (resources, whole) = (self.resources().to_vec(), self.whole().cloned());
        let (now, percent) = (self.unix_now, self.percent);
        let by = Measure { resources: &resources, whole: whole.as_ref(), now, percent };
        let keep = |items: &Items, at: usize| is_wanted(items, at, show_unusable);
        self.pane_mut().arrange(keep, by);
        // Also of those that a wider terminal shows, or `w`.
        let columns = Table { wide: true, ..self.table() }.all();
        let blank = columns.iter().map(|head| head.column);
        let blank = blank.filter(|column| self.pane().is_blank(*column, self.by())).collect();
        self.pane_mut().blank = blank;
        self.settle();
    }

    fn whole(&self) -> Option<&Resources> {
        self.measured.as_ref()?.total.allocatable.as_ref()
    }

    /// The context of the values of the open table.
    pub(super) fn by(&self) -> Measure<'_> {
        Measure {
            resources: self.resources(),
            whole: self.whole(),
            now: self.unix_now,
            percent: self.percent,
        }
    }

    /// The resources of the screen.
    pub(super) fn resources(&self) -> &[String] {
        static CPU_ALONE: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| vec![CPU.to_owned()]);
        match &self.measured {
            Some(measured) => &measured.resources,
            None if !self.setup.resources.is_empty() => &self.setup.resources,
            None => &CPU_ALONE,
        }
    }

    /// The selected resource.
    pub(super) fn resource(&self) -> &str {
        self.resources().get(self.focus).map_or(CPU, String::as_str)
    }

    /// The open table, as its columns depend on it.
    pub(super) fn table(&self) -> Table<'_> {
        let pane = self.pane();
        Table {
            view: &pane.view,
            knows_pods: self.setup.has_cluster,
            wide: self.is_wide(),
            knows_limits: self.setup.has_cluster || self.setup.is_saved,
            resources: self.resources(),
            focus: self.focus,
            longest: pane.longest,
            blank: &pane.blank,
        }
    }

    /// Whether more columns are shown.
    pub(super) fn is_wide(&self) -> bool {
        self.wide.unwrap_or(self.area.width >= ROOMY)
    }

    /// The sortable columns of the open table, with their keys.
    pub(super) fn sortable(&self) -> Vec<(Column, Option<char>)> {
        let heads = self.table().all().into_iter().filter(|head| head.sorts);
        heads.map(|head| (head.column, head.letter)).collect()
    }

    /// Number of rows on the screen.
    pub(super) fn page(&self) -> usize {
        usize::from(Layout::of(self, self.area).rows.height)
    }

    /// Stores the scroll position.
    pub(super) fn settle(&mut self) {
        let width = self.area.width;
        if self.pane().detail.is_none_or(|(at, _)| at != width) {
            self.pane_mut().detail = Some((width, highest_detail(self, width)));
        }
        let page = self.page();
        self.pane_mut().settle(page);
    }

    /// Doubles or halves the time between frames of new data.
    pub(super) fn change_pace(&mut self, slower: bool) {
        let least = if slower { self.min_interval * 2 } else { self.min_interval / 2 };
        self.min_interval = least.clamp(FRAME, SLOWEST.max(self.min_interval));
    }

    /// Time since the start of the session, or the position in the recording.
    pub(super) fn elapsed(&self) -> Duration {
        match &self.replay {
            Some(replay) => replay.position,
            None => self.now.saturating_duration_since(self.start),
        }
    }
}

/// Whether a row is visible without a filter: unusable nodes only with `u`, unknown ones always.
fn is_wanted(items: &Items, at: usize, show_unusable: bool) -> bool {
    let Items::Rows(rows) = items else { return true };
    rows.get(at).is_some_and(|row| show_unusable || !row.is_hidden())
}

/// The initial settings of a screen.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Characters and colours.
    pub theme: Theme,
    /// Name of the cluster: the context of the kubeconfig, or the server.
    pub context: String,
    /// Replica shape; otherwise the workload's.
    pub replica: Option<Replica>,
    /// The reserve.
    pub reserve: Reserve,
    /// Whether the workload's own reserve counts instead.
    pub own_reserve: bool,
    /// Selector of the nodes that are counted.
    pub nodes: Selector,
    /// The opportunistic workload, as given on the command line.
    pub workload: Option<WorkloadRef>,
    /// Namespace of a workload that is given without one.
    pub namespace: String,
    /// The opportunistic workload, as found in the cluster.
    pub resolved: ResolvedWorkload,
    /// Kind of object that each row is of.
    pub by: By,
    /// The order of rows: a figure, and whether the greatest comes first.
    pub sort: Option<(&'static Figure, bool)>,
    /// Resources to show; empty means the usual ones.
    pub resources: Vec<String>,
    /// The only namespace whose rows are shown.
    pub only_namespace: Option<String>,
    /// Names of the command line; those that nothing has are warned of.
    pub typed: RequestedNames,
    /// Whether unusable nodes are shown.
    pub show_unusable: bool,
    /// Whether amounts are in percent of allocatable at first.
    pub percent: bool,
    /// Whether more columns are shown at first, whatever the width.
    pub wide: bool,
    /// Whether there is an API server for queries.
    pub has_cluster: bool,
    /// Whether the cluster is a saved list, which does not change.
    pub is_saved: bool,
    /// The basis at first.
    pub basis: Basis,
    /// Millicores that a replica burns on the usage basis; `None` for the workload's own.
    pub burn: Option<Amount>,
    /// Least time between two frames of new data; otherwise a tenth of a second.
    pub interval: Option<Duration>,
    /// Age from which data is stale.
    pub max_staleness: Duration,
}

impl State {
    pub(super) fn pane(&self) -> &Pane {
        self.opened.last().unwrap_or(&self.tabs[self.tab])
    }

    pub(super) fn pane_mut(&mut self) -> &mut Pane {
        self.opened.last_mut().unwrap_or(&mut self.tabs[self.tab])
    }

    /// Index of the tab that is open, or from which the open table was opened.
    pub(super) fn tab(&self) -> usize {
        self.tab
    }

    /// The tables that were opened from the tab.
    pub(super) fn opened(&self) -> &[Pane] {
        &self.opened
    }

    /// Number of times that a table was opened.
    pub(super) fn opening(&self) -> u64 {
        self.opening
    }

    /// Makes the query of the open table due, as if the table had just been opened.
    pub(super) fn requery(&mut self) {
        self.opening += 1;
    }

    /// Opens a tab.
    pub(super) fn open_tab(&mut self, tab: usize) {
        self.opened.clear();
        // Hidden tables keep their order and selection, but no rows.
        self.tabs[self.tab].items = Items::Unknown;
        self.tab = tab % TABS.len();
        self.forget();
        self.arrange();
    }

    /// Opens the selected row. Returns false if there is nothing to open.
    pub(super) fn open(&mut self) -> bool {
        let pane = self.pane();
        let Some(chosen) = pane.identity() else { return false };
        let view = match &pane.view {
            View::Nodes { .. } | View::NodesOfWorkload { .. } => View::OnNode { name: chosen.name },
            View::Pools => View::Nodes { pool: Some(chosen.name) },
            View::Namespaces => View::Workloads { namespace: Some(chosen.name) },
            View::Workloads { .. } => View::NodesOfWorkload {
                namespace: chosen.namespace,
                kind: chosen.kind,
                name: chosen.name,
            },
            View::OnNode { .. } | View::Hpas => return false,
        };
        let mut pane = Pane::new(view);
        pane.order.column = pane.order.column.of_resource(self.focus);
        if matches!(pane.view, View::OnNode { .. }) && !self.setup.has_cluster {
            pane.order = View::Namespaces.order();
        }
        self.opened.push(pane);
        self.forget();
        true
    }

    /// Goes back to the previous table. Returns false at the first one.
    pub(super) fn back(&mut self) -> bool {
        let went = self.opened.pop().is_some();
        if went {
            self.forget();
            self.arrange();
        }
        went
    }

    /// Drops the query and prompt of the table that was left.
    fn forget(&mut self) {
        self.requery();
        self.query_error = None;
        self.prompt = false;
    }

    /// Selects a resource. Tables that are sorted by an amount are sorted by its amount.
    pub(super) fn select_resource(&mut self, number: usize) {
        if number >= self.resources().len() {
            return;
        }
        let is_same = self.focus == number;
        self.focus = number;
        let pane = self.pane_mut();
        let column = pane.order.column;
        let amount = match column.of_resource(usize::MAX) == column {
            // Sorted by a name or a count: the key sorts by amounts.
            true => pane.view.order().column.of_resource(number),
            false => column.of_resource(number),
        };
        match is_same && amount == column {
            true => pane.order = pane.order.inverted(),
            false if amount == column.of_resource(number) => pane.order.column = amount,
            false => pane.order = Order::by(amount),
        }
        self.sort_by_resource(number);
        self.arrange();
    }

    /// Keeps the same resource selected when its index changes.
    pub(super) fn keep_resource_selected(&mut self, resource: &str) {
        let number = self.resources().iter().position(|name| name == resource).unwrap_or(0);
        if self.focus != number {
            self.focus = number;
            self.sort_by_resource(number);
        }
    }

    /// Sorts all tables by the selected resource: they show no other.
    fn sort_by_resource(&mut self, number: usize) {
        for pane in self.tabs.iter_mut().chain(&mut self.opened) {
            pane.order.column = pane.order.column.of_resource(number);
        }
    }
}

impl State {
    /// The state of the watches.
    pub(super) fn health(&self) -> Option<&Health> {
        self.measured.as_ref().map(|measured| &measured.health)
    }

    /// Number of rows that match the filter, and of all rows.
    pub(super) fn matches(&self) -> (usize, usize) {
        let pane = self.pane();
        let items = &pane.items;
        let wanted = (0..items.len()).filter(|at| is_wanted(items, *at, self.setup.show_unusable));
        (pane.len(), wanted.count())
    }

    /// Number of unusable nodes that are not shown, of those that match the filter.
    pub(super) fn hidden_nodes(&self) -> usize {
        let (items, filter) = (&self.pane().items, self.pane().filter());
        let is_hidden = |at: &usize| !is_wanted(items, *at, self.setup.show_unusable);
        let matches = |at: &usize| filter.is_empty() || filter.matches(&items.full_name(*at));
        (0..items.len()).filter(|at| is_hidden(at) && matches(at)).count()
    }

    /// Name of the open node, and the requests on it.
    pub(super) fn on_node(&self) -> Option<(&str, Option<&(Resources, Resources)>)> {
        let View::OnNode { name } = &self.pane().view else { return None };
        let measured = self.measured.as_ref().filter(|m| m.view == self.pane().view);
        Some((name, measured.and_then(|measured| measured.on_node.as_ref())))
    }
}

impl State {
    /// Sets the HPAs, or the failure of the query.
    pub(super) fn take_hpas(&mut self, answer: Result<Vec<HpaItem>, QueryError>) {
        match answer {
            Ok(hpas) => {
                self.query_error = None;
                self.hpas = Some(hpas);
                if self.pane().view == View::Hpas {
                    self.show_hpas();
                }
            }
            // A failure is of no interest once another table is open.
            Err(error) if self.pane().view == View::Hpas => self.query_error = Some(error),
            Err(_) => {}
        }
    }

    /// Shows the HPAs of opportunistic workloads, or all of them with `u`.
    pub(super) fn show_hpas(&mut self) {
        // Before the first answer the HPAs are unknown.
        let Some(hpas) = &self.hpas else { return };
        let is_wanted = |hpa: &&HpaItem| self.setup.show_unusable || self.is_own(hpa);
        let wanted: Vec<_> = hpas.iter().filter(is_wanted).cloned().collect();
        self.other_hpas = hpas.len() - wanted.len();
        self.fill(Items::Hpas(wanted));
    }

    /// The namespace whose HPAs are listed; `None` means all.
    pub(super) fn hpa_namespace(&self) -> Option<String> {
        match &self.setup.workload {
            Some(WorkloadRef::Object { namespace, .. }) if !self.setup.show_unusable => {
                Some(namespace.clone().unwrap_or_else(|| self.setup.namespace.clone()))
            }
            _ => None,
        }
    }

    /// Whether an HPA scales an opportunistic workload.
    fn is_own(&self, hpa: &HpaItem) -> bool {
        let (kind, name) = &hpa.target;
        if let Some(WorkloadRef::Object { namespace, kind: wanted, name: wanted_name }) =
            &self.setup.workload
        {
            let namespace = namespace.as_ref().unwrap_or(&self.setup.namespace);
            return hpa.namespace == *namespace && wanted.is(kind) && name == wanted_name;
        }
        let key = (hpa.namespace.clone(), kind.clone(), name.clone());
        hpa.marked || self.measured.as_ref().is_some_and(|measured| measured.own.contains(&key))
    }
}
