//! Who wants to know of every change that counts, in the order in which they happen.

use std::fmt::Debug;

use crate::core::node::NodeRecord;
use crate::core::record::{PodKey, PodRecord};

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
}
