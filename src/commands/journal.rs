//! Changes that `init` and `uninstall` have applied, for a run that ends early.

use crate::printer::Printer;
use oppscale_cluster::ClusterError;

/// Applied changes, reported when a run ends early: on Ctrl-C, and on errors.
pub(super) struct Journal<'p> {
    printer: &'p Printer,
    applied: Vec<String>,
    /// A change whose request was not answered, so that it may have been made.
    unanswered: Option<String>,
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
        let (applied, unanswered, unresolved) = (Vec::new(), None, Vec::new());
        Self { printer, applied, unanswered, planned, open: true, unresolved }
    }

    /// Prints the report.
    pub(super) fn printer(&self) -> &'p Printer {
        self.printer
    }

    /// Sets the number of changes that are planned beside those that are made already.
    pub(super) fn plan(&mut self, count: usize) {
        self.planned = self.applied.len() + count;
    }

    /// Makes a change by a request. It counts as made once that succeeds, and as perhaps made while
    /// the API server has neither accepted nor refused it.
    ///
    /// # Errors
    /// As the request.
    pub(super) async fn make<T>(
        &mut self,
        what: String,
        request: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        self.unanswered = Some(what);
        let answer = request.await;
        match &answer {
            Ok(_) => self.applied.extend(self.unanswered.take()),
            Err(error) if error.is_refusal() => self.unanswered = None,
            Err(_) => {}
        }
        answer
    }

    /// Removes a change that was rolled back.
    pub(super) fn forget(&mut self, what: &str) {
        self.applied.retain(|known| known != what);
        self.unanswered.take_if(|known| known == what);
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
        let mut made = self.applied.join("\n");
        if let Some(what) = &self.unanswered {
            made.push_str(&format!("\nit is not known whether one more was made: {what}"));
        }
        match self.applied.len() {
            _ if !self.open => {}
            0 if self.unanswered.is_none() => self.printer.note("nothing was changed"),
            count => self.printer.note(&format!(
                "{count} of {} changes were made:\n{}\nrun it again to finish: what is done is kept",
                self.planned.max(count),
                made.trim_start()
            )),
        }
        for (_, message) in &self.unresolved {
            self.printer.warn(message);
        }
    }
}
