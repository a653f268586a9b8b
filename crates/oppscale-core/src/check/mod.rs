//! What is checked of a cluster, and how it is told.
//!
//! | file | holds |
//! |---|---|
//! | `catalog` | every check: its ID, category and title. IDs are documented and do not change |
//! | `finding` | [`Finding`]: what became of one |
//! | `distribution` | whose Kubernetes it is, and how things are set there |
//! | `release` | [`Release`]: the server's version |
//! | `retired` | API versions and flags that are gone, and what took their place |

pub mod catalog;
pub mod distribution;
mod finding;
mod release;
pub mod retired;

pub use catalog::{CATALOG, Category, Check};
pub use distribution::Distribution;
pub use finding::{Finding, Outcome, Summary};
pub use release::Release;
