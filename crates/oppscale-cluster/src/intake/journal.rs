//! Who wants to know of every change that counts, in the order in which they happen.

use std::fmt::Debug;

use oppscale_core::node::NodeRecord;
use oppscale_core::record::{PodKey, PodRecord};

/// Is told of every change of the ledger, by the thread that makes it: be quick.
pub trait Journal: Debug + Send {
    /// A node is new, or has changed.
    fn node(&mut self, node: &NodeRecord);
    /// A node is gone.
    fn node_gone(&mut self, name: &str);
    /// A pod is new, or has changed in a way that counts.
    fn pod(&mut self, pod: &PodRecord<'_>);
    /// A pod is gone.
    fn pod_gone(&mut self, key: &PodKey);
    /// Nothing is known of pods, for this reason; or they are known again.
    fn pods_unknown(&mut self, why: Option<&str>);
    /// A list of pods begins, or is whole. What it tells may have happened long before.
    fn pods_listing(&mut self, _is_begun: bool) {}
}

/// Two who want to know, the first one first.
impl<A: Journal, B: Journal> Journal for (A, B) {
    fn node(&mut self, node: &NodeRecord) {
        self.0.node(node);
        self.1.node(node);
    }

    fn node_gone(&mut self, name: &str) {
        self.0.node_gone(name);
        self.1.node_gone(name);
    }

    fn pod(&mut self, pod: &PodRecord<'_>) {
        self.0.pod(pod);
        self.1.pod(pod);
    }

    fn pod_gone(&mut self, key: &PodKey) {
        self.0.pod_gone(key);
        self.1.pod_gone(key);
    }

    fn pods_unknown(&mut self, why: Option<&str>) {
        self.0.pods_unknown(why);
        self.1.pods_unknown(why);
    }

    fn pods_listing(&mut self, is_begun: bool) {
        self.0.pods_listing(is_begun);
        self.1.pods_listing(is_begun);
    }
}
