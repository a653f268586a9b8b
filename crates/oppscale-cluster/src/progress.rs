//! How a read of a cluster reports its progress.

/// Receives the progress of [`read`](crate::read). Clones report to the same place.
pub trait ReadProgress: Clone + Send + 'static {
    /// A list begins, for example "listing pods".
    fn phase(&self, what: &'static str);
    /// So many pods have been read.
    fn count(&self, pods: u64);
    /// Everything has been read.
    fn finish(&self);
}

/// Reports to nobody.
impl ReadProgress for () {
    fn phase(&self, _: &'static str) {}
    fn count(&self, _: u64) {}
    fn finish(&self) {}
}
