//! The count itself: pure, synchronous, on integers.
//!
//! Nothing here uses a Kubernetes client, a clock, a file or the environment: the crate depends on
//! none, and `clippy.toml` forbids what the standard library has of them. Time and input are
//! parameters.
//!
//! ```text
//! model      an object, by JSON or protobuf        quantity   exact amounts as written
//!   │                                              │
//!   ├─ node ── placement, selector, pool         requests ── resources
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
//! policy         a workload's annotations         usage   CPU that paid pods use, by node
//!   │                                              │
//!   ├──────────────────────────────────────────────┘
//! share          what remains, divided between several workloads
//!
//! kinds, check, units, names, error    API kinds, checks, amounts and durations as people write
//!                                      them, valid names, the one error type
//! ```

pub mod check;
pub mod defaulting;
pub mod demand;
pub mod devices;
pub mod disruption;
pub mod error;
pub mod explain;
pub mod figures;
pub mod footprint;
pub mod headroom;
pub mod hole;
pub mod kinds;
pub mod ledger;
pub mod limits;
pub mod malformed;
pub mod model;
pub mod names;
pub mod nearest;
pub mod node;
pub mod ownership;
pub mod placement;
pub mod pods;
pub mod policy;
pub mod pool;
pub mod pressure;
pub mod price;
pub mod protobuf;
pub mod quantity;
pub mod record;
pub mod replica;
pub mod requests;
pub mod reserve;
pub mod resources;
pub mod selector;
pub mod share;
pub mod units;
pub mod usage;
pub mod view;
