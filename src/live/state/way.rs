//! Which table is open, and the way to it and back.

use super::State;
use crate::live::item::Items;
use crate::live::order::Order;
use crate::live::pane::Pane;
use crate::live::view::{TABS, View};

impl State {
    pub(in crate::live) fn pane(&self) -> &Pane {
        self.opened.last().unwrap_or(&self.tabs[self.tab])
    }

    pub(in crate::live) fn pane_mut(&mut self) -> &mut Pane {
        self.opened.last_mut().unwrap_or(&mut self.tabs[self.tab])
    }

    /// The number of the tab that is open, or that the open table was reached from.
    pub(in crate::live) fn tab(&self) -> usize {
        self.tab
    }

    /// The tables that were opened from the tab.
    pub(in crate::live) fn opened(&self) -> &[Pane] {
        &self.opened
    }

    /// The number of the opening of the table that is open.
    pub(in crate::live) fn opening(&self) -> u64 {
        self.opening
    }

    /// What is open is asked for at once, as if it had just been opened.
    pub(in crate::live) fn ask_anew(&mut self) {
        self.opening += 1;
    }

    /// Opens a tab.
    pub(in crate::live) fn open_tab(&mut self, tab: usize) {
        self.opened.clear();
        // Tables that are not seen keep their sorting and their choice, but no rows.
        self.tabs[self.tab].items = Items::Unknown;
        self.tab = tab % TABS.len();
        self.forget();
        self.arrange();
    }

    /// Opens what is chosen; false where there is nothing more to see.
    pub(in crate::live) fn open(&mut self) -> bool {
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
    pub(in crate::live) fn back(&mut self) -> bool {
        let went = self.opened.pop().is_some();
        if went {
            self.forget();
            self.arrange();
        }
        went
    }

    /// Drops what belongs to a table that is no longer open.
    fn forget(&mut self) {
        self.ask_anew();
        self.refusal = None;
        self.prompt = false;
    }

    /// Looks at the resource with this number; tables are sorted by its figures then.
    pub(in crate::live) fn look_at(&mut self, number: usize) {
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
        self.sort_by_resource(number);
        self.arrange();
    }

    /// Looks at the same resource as before, whatever number it has by now.
    pub(super) fn go_on_looking_at(&mut self, resource: &str) {
        let number = self.resources().iter().position(|name| name == resource).unwrap_or(0);
        if self.focus != number {
            self.focus = number;
            self.sort_by_resource(number);
        }
    }

    /// Tables must not be sorted by what they do not show.
    fn sort_by_resource(&mut self, number: usize) {
        for pane in self.tabs.iter_mut().chain(&mut self.opened) {
            pane.order.column = pane.order.column.of_resource(number);
        }
    }
}
