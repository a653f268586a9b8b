//! What drawing asks of the state.

use super::{State, is_wanted};
use crate::live::view::View;
use oppscale_cluster::follow::Health;
use oppscale_core::resources::Resources;

impl State {
    /// How well the cluster is heard.
    pub(in crate::live) fn health(&self) -> Option<&Health> {
        self.measured.as_ref().map(|measured| &measured.health)
    }

    /// How many rows there are that could be shown, and how many of them match.
    pub(in crate::live) fn matches(&self) -> (usize, usize) {
        let pane = self.pane();
        let items = &pane.items;
        let wanted = (0..items.len()).filter(|at| is_wanted(items, *at, self.show_unusable));
        (pane.len(), wanted.count())
    }

    /// How many nodes are left out because they are not usable.
    pub(in crate::live) fn left_out(&self) -> usize {
        let items = &self.pane().items;
        (0..items.len()).filter(|at| !is_wanted(items, *at, self.show_unusable)).count()
    }

    /// What is on the node that is looked into, and its name.
    pub(in crate::live) fn on_node(&self) -> Option<(&str, Option<&(Resources, Resources)>)> {
        let View::OnNode { name } = &self.pane().view else { return None };
        let measured = self.measured.as_ref().filter(|m| m.view == self.pane().view);
        Some((name, measured.and_then(|measured| measured.on_node.as_ref())))
    }
}
