//! Which HPAs are shown.

use super::State;
use crate::live::ask::Refusal;
use crate::live::ask::hpas::HpaItem;
use crate::live::item::Items;
use crate::live::view::View;
use oppscale_cluster::WorkloadRef;

impl State {
    /// Takes the HPAs, or why there are none to be had.
    pub(in crate::live) fn take_hpas(&mut self, answer: Result<Vec<HpaItem>, Refusal>) {
        match answer {
            Ok(hpas) => {
                self.refusal = None;
                self.hpas = Some(hpas);
                if self.pane().view == View::Hpas {
                    self.show_hpas();
                }
            }
            // Whoever looks at something else by now need not know.
            Err(refusal) if self.pane().view == View::Hpas => self.refusal = Some(refusal),
            Err(_) => {}
        }
    }

    /// Shows the HPAs of opportunistic work; all of them where that was asked for.
    pub(super) fn show_hpas(&mut self) {
        // Before the first answer nothing is known, which is not the same as nothing.
        let Some(hpas) = &self.hpas else { return };
        let is_wanted = |hpa: &&HpaItem| self.show_unusable || self.is_own(hpa);
        let wanted: Vec<_> = hpas.iter().filter(is_wanted).cloned().collect();
        self.other_hpas = hpas.len() - wanted.len();
        self.fill(Items::Hpas(wanted));
    }

    /// The namespace in which HPAs are looked for; `None` means all.
    pub(in crate::live) fn hpa_namespace(&self) -> Option<String> {
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
            return hpa.namespace == *namespace && wanted.is(kind) && name == wanted_name;
        }
        let key = (hpa.namespace.clone(), kind.clone(), name.clone());
        hpa.marked || self.measured.as_ref().is_some_and(|measured| measured.own.contains(&key))
    }
}
