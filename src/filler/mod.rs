//! The manifests of an opportunistic workload: which there are, and what stands in them.
//!
//! From a [`Workload`], a sizing and a few decisions to a linted set of documents. Reads and
//! writes nothing: files and clusters are the caller's.
//!
//! | file | holds |
//! |---|---|
//! | `program` | [`Program`]: the built-in workloads |
//! | `own` | [`UserWorkload`]: the user's |
//! | `complete` | what is added to it |
//! | `exported` | what a server filled in, taken out of it |
//! | `beside` | what else its file brings, and what that asks for |
//! | `advice` | what of it a filler would better be without |
//! | `container` | what a container's resources are, in a manifest's words |
//! | `guard` | [`NodeAutoscaler`]: what keeps fillers from buying nodes |
//! | `context` | the values that templates see |
//! | `set` | [`render`]: all documents in order |
//! | `explain` | where the numbers come from, as comments or as a table |
//! | `security` | the pod-security level that a pod spec meets |
//! | `text` | names and arguments that must be something else in a manifest |

mod advice;
mod beside;
mod complete;
mod container;
mod context;
mod explain;
mod exported;
mod guard;
mod own;
mod problem;
mod program;
mod security;
mod set;
mod text;

pub use explain::{comment, table};
pub use guard::{FILLABLE_LABEL, NodeAutoscaler};
pub use own::UserWorkload;
pub use problem::FillerError;
pub use program::{Miner, Program};
pub use set::{Decisions, Rendered, Workload, render};
pub use text::literal;
