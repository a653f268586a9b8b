//! The count itself: pure, synchronous, on integers.
//!
//! Nothing here knows of a Kubernetes client, a clock, a file or the environment; a test
//! keeps it so. Time and input are parameters.
//!
//! ```text
//! model      what an object's JSON says          quantity   exact amounts as written
//!   │                                              │
//!   ├─ node ── placement, selector               requests ── resources
//!   └─ record ── footprint, defaulting, ownership ┘
//!         │
//!      ledger      apply / delete / reset, sums per node
//!         │
//!      headroom ── demand, reserve, replica      remaining, slots, fit replicas
//!         │
//!       view       rows by node, pool, namespace, workload
//!         │
//!      figures     what tables, JSON and the live screen show of a row
//!
//! policy         what a workload's annotations say
//!   │
//! share          what remains, divided between several workloads
//!
//! hpa            the HorizontalPodAutoscaler controller, one run at a time
//!   │
//! simulation     nodes, a scheduler, paid load, a filler and its HPA, over time
//!   │
//! verdict        what an HPA will do, why, and what it should be instead
//!   │
//! sizing         how large a filler may be, and where each number comes from
//! ```

pub mod check;
pub mod defaulting;
pub mod demand;
pub mod error;
pub mod explain;
pub mod figures;
pub mod footprint;
pub mod headroom;
pub mod kinds;
pub mod ledger;
pub mod malformed;
pub mod model;
pub mod node;
pub mod ownership;
pub mod placement;
pub mod policy;
pub mod quantity;
pub mod record;
pub mod replica;
pub mod requests;
pub mod reserve;
pub mod resources;
pub mod selector;
pub mod share;
pub mod units;
pub mod view;
