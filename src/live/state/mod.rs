//! All that the screen depends on.
//!
//! | file | holds |
//! |---|---|
//! | `setup` | [`Setup`]: how a screen begins |
//! | `way` | which table is open, and the way to it and back |
//! | `hpas` | which HPAs are shown |
//! | `facts` | what drawing asks of the state |

mod facts;
mod hpas;
mod setup;
mod way;

pub use setup::Setup;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use crate::terminal::Look;
use oppscale_cluster::{ResolvedWorkload, WorkloadRef};
use oppscale_core::figures::Format;
use oppscale_core::headroom::Query;
use oppscale_core::ownership::Ownership;
use oppscale_core::replica::Replica;
use oppscale_core::resources::{CPU, Resources};

use crate::live::ask::Refusal;
use crate::live::ask::hpas::HpaItem;
use crate::live::ask::pods::PodItem;
use crate::live::column::{Column, Table};
use crate::live::draw::{Layout, highest_detail};
use crate::live::history::History;
use crate::live::item::{Items, Measure};
use crate::live::measured::{Asked, Measured};
use crate::live::order::Order;
use crate::live::pane::Pane;
use crate::live::source::Replay;
use crate::live::view::{TABS, View};

/// The least time between two frames of new data, at first.
pub(in crate::live) const FRAME: Duration = Duration::from_millis(100);
/// The most that `+` makes of it.
const SLOWEST: Duration = Duration::from_secs(10);

/// The state of the screen.
#[derive(Debug, Clone)]
pub struct State {
    pub(in crate::live) look: Look,
    pub(in crate::live) context: String,
    pub(in crate::live) ownership: Ownership,
    pub(in crate::live) workload: Option<WorkloadRef>,
    pub(in crate::live) namespace: String,
    pub(in crate::live) has_cluster: bool,
    pub(in crate::live) show_unusable: bool,
    pub(in crate::live) wide: bool,
    pub(in crate::live) frozen: bool,
    pub(in crate::live) help: bool,
    /// The first line of it on the screen, where not all fit.
    pub(in crate::live) help_from: usize,
    /// Whether the filter is being typed.
    pub(in crate::live) prompt: bool,
    /// The number of the resource that is looked at.
    pub(in crate::live) focus: usize,
    /// The least time between two frames of new data.
    pub(in crate::live) least: Duration,
    /// How old data is at the most while all is well.
    pub(in crate::live) fresh: Duration,
    pub(in crate::live) measured: Option<Measured>,
    pub(in crate::live) history: History,
    pub(in crate::live) replay: Option<Replay>,
    /// Why the open pane's own question was not answered.
    pub(in crate::live) refusal: Option<Refusal>,
    /// How many HPAs there are besides those that are shown.
    pub(in crate::live) other_hpas: usize,
    /// How large the screen is.
    pub(in crate::live) area: Rect,
    /// What time it is.
    pub(in crate::live) now: Instant,
    /// The same in seconds since 1970, for what objects say of their age.
    pub(in crate::live) wall: i64,
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
    /// Counts how often another table was opened, or the same one anew.
    opening: u64,
    /// All HPAs of the last answer, wanted or not.
    hpas: Option<Vec<HpaItem>>,
}

impl State {
    /// A screen that knows nothing yet.
    pub fn new(setup: Setup, now: Instant) -> Self {
        let (view, pool_label) = View::of(&setup.by);
        let tab = TABS.iter().position(|tab| *tab == view).unwrap_or(0);
        let mut tabs: Vec<_> = TABS.into_iter().map(Pane::new).collect();
        if let (Some((key, descending)), Some(pane)) = (setup.sort, tabs.get_mut(tab)) {
            let column = match key.formats.contains(&Format::Live) {
                true => Column::of(key, 0),
                false => Column::amount("remaining"),
            };
            pane.order = Order { column, descending };
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
            help_from: 0,
            prompt: false,
            focus: 0,
            least: setup.interval.unwrap_or(FRAME).max(FRAME),
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
            opening: 0,
            hpas: None,
        };
        state.resolve(setup.resolved);
        state
    }

    /// Takes what is known of the opportunistic workload now.
    pub(in crate::live) fn resolve(&mut self, workload: ResolvedWorkload) {
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
        let remaining = measured.total.remaining.clone();
        // Before pods are known, nothing is known of what remains.
        if remaining.is_some() || self.measured.is_some() {
            self.history.push(self.elapsed(), remaining);
        }
        let looked_at = self.resource().to_owned();
        self.measured = Some(measured);
        self.go_on_looking_at(&looked_at);
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
    pub(in crate::live) fn take_pods(&mut self, node: &str, answer: Result<Vec<PodItem>, Refusal>) {
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

    fn fill(&mut self, items: Items) {
        let show_unusable = self.show_unusable;
        let (resources, whole, now) = (self.resources().to_vec(), self.whole().cloned(), self.wall);
        let by = Measure { resources: &resources, whole: whole.as_ref(), now };
        let keep = |items: &Items, at: usize| is_wanted(items, at, show_unusable);
        let pane = self.pane_mut();
        pane.replace(items, keep, by);
        self.settle();
    }

    /// Sorts and filters the open table anew.
    pub(in crate::live) fn arrange(&mut self) {
        if self.pane().view == View::Hpas && self.hpas.is_some() {
            return self.show_hpas();
        }
        let show_unusable = self.show_unusable;
        let (resources, whole, now) = (self.resources().to_vec(), self.whole().cloned(), self.wall);
        let by = Measure { resources: &resources, whole: whole.as_ref(), now };
        let keep = |items: &Items, at: usize| is_wanted(items, at, show_unusable);
        self.pane_mut().arrange(keep, by);
        self.settle();
    }

    fn whole(&self) -> Option<&Resources> {
        self.measured.as_ref()?.total.allocatable.as_ref()
    }

    /// What the rows of the open table are measured against.
    pub(in crate::live) fn by(&self) -> Measure<'_> {
        Measure { resources: self.resources(), whole: self.whole(), now: self.wall }
    }

    /// The resources of the screen.
    pub(in crate::live) fn resources(&self) -> &[String] {
        static CPU_ALONE: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| vec![CPU.to_owned()]);
        match &self.measured {
            Some(measured) => &measured.resources,
            None if !self.named.is_empty() => &self.named,
            None => &CPU_ALONE,
        }
    }

    /// The resource that is looked at.
    pub(in crate::live) fn resource(&self) -> &str {
        self.resources().get(self.focus).map_or(CPU, String::as_str)
    }

    /// What the columns of the open table depend on.
    pub(in crate::live) fn table(&self) -> Table<'_> {
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
    pub(in crate::live) fn sortable(&self) -> Vec<(Column, Option<char>)> {
        let heads = self.table().all().into_iter().filter(|head| head.sorts);
        heads.map(|head| (head.column, head.letter)).collect()
    }

    /// How many rows of the table are on the screen.
    pub(in crate::live) fn page(&self) -> usize {
        usize::from(Layout::of(self, self.area).rows.height)
    }

    /// Remembers where the table stands.
    pub(in crate::live) fn settle(&mut self) {
        let width = self.area.width;
        if self.pane().detail.is_none_or(|(at, _)| at != width) {
            self.pane_mut().detail = Some((width, highest_detail(self, width)));
        }
        let page = self.page();
        self.pane_mut().settle(page);
    }

    /// More or less time between frames of new data.
    pub(in crate::live) fn change_pace(&mut self, slower: bool) {
        let least = if slower { self.least * 2 } else { self.least / 2 };
        self.least = least.clamp(FRAME, SLOWEST.max(self.least));
    }

    /// The time of the session, or of the record.
    pub(in crate::live) fn elapsed(&self) -> Duration {
        match &self.replay {
            Some(replay) => replay.position,
            None => self.now.saturating_duration_since(self.start),
        }
    }
}

/// Whether a row is wanted at all: unusable nodes only when asked for, unknown ones always.
fn is_wanted(items: &Items, at: usize, show_unusable: bool) -> bool {
    let Items::Rows(rows) = items else { return true };
    rows.get(at).is_some_and(|row| show_unusable || !row.is_hidden())
}
