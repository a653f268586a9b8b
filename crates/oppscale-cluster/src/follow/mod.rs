//! A cluster followed by watches: a [`Snapshot`](super::Snapshot) that is kept as the
//! cluster is.
//!
//! The client library's own watcher keeps whole objects, reads them in full and does not
//! notice a watch that went silent. This one folds lines as they come, with the same
//! skim as a list, and renews its watches every half minute.
//!
//! | file | holds |
//! |---|---|
//! | `follower` | [`Follower`]: starts the feeds, and ends them |
//! | `feed`, `stop` | one kind, listed and then watched, for ever, whatever stops it |
//! | `fold` | the thread that takes in what a feed has loaded |
//! | `sink`, `objects` | where the objects go |
//! | `own` | the opportunistic workload, as it is rolled out and changed |
//! | `event`, `lines` | what a watch is made of |
//! | `backoff`, `jump` | when to try again, and when not to trust the clock |
//! | `health` | [`Health`]: how well the cluster is heard |
//! | `picture` | [`Picture`]: what is known, shared by those who read and those who look |

mod backoff;
mod event;
mod feed;
mod fold;
mod follower;
mod health;
mod jump;
mod lines;
mod objects;
mod own;
mod picture;
mod sink;
mod stop;

pub use follower::{Followed, Follower, WATCH_LIFE, Wishes};
pub use health::{Feed, Health, Phase};
pub use objects::Change;
pub use picture::Picture;
