//! Changes that `init` and `uninstall` have applied, for a run that ends early.

use crate::printer::Printer;

/// Applied changes, reported when a run ends early: on Ctrl-C, and on errors.
pub(super) struct Journal<'p> {
    printer: &'p Printer,
    applied: Vec<String>,
    planned: usize,
    open: bool,
    unresolved: Vec<(Cleanup, String)>,
}

/// A state of the cluster that must not outlast the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cleanup {
    /// Registered APIs that may not be available yet.
    Api,
}

impl<'p> Journal<'p> {
    /// An empty journal of `planned` changes.
    pub(super) fn new(printer: &'p Printer, planned: usize) -> Self {
        Self { printer, applied: Vec::new(), planned, open: true, unresolved: Vec::new() }
    }

    /// Sets the number of planned changes.
    pub(super) fn plan(&mut self, count: usize) {
        self.planned = count;
    }

    /// Adds an applied change.
    pub(super) fn done(&mut self, what: String) {
        self.applied.push(what);
    }

    /// Removes a change that was rolled back.
    pub(super) fn forget(&mut self, what: &str) {
        self.applied.retain(|known| known != what);
    }

    /// Prints `message` at the end of the run unless `cleanup` is resolved by then.
    pub(super) fn warn_unless_resolved(&mut self, cleanup: Cleanup, message: String) {
        self.resolve(cleanup);
        self.unresolved.push((cleanup, message));
    }

    /// Marks `cleanup` as resolved.
    pub(super) fn resolve(&mut self, cleanup: Cleanup) {
        self.unresolved.retain(|(known, _)| *known != cleanup);
    }

    /// Marks the run as complete, so that nothing is reported.
    pub(super) fn close(&mut self) {
        self.open = false;
    }
}

impl Drop for Journal<'_> {
    fn drop(&mut self) {
        match self.applied.len() {
            _ if !self.open => {}
            0 => self.printer.note("nothing was changed"),
            count => self.printer.note(&format!(
                "{count} of {} changes were made:\n{}\nrun it again to finish: what is done is kept",
                self.planned,
                self.applied.join("\n")
            )),
        }
        for (_, message) in &self.unresolved {
            self.printer.warn(message);
        }
    }
}
