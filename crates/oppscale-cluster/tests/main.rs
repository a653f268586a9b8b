//! Lists, from bytes to a snapshot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod intake;
// The other half of it is for watches.
#[allow(dead_code)]
#[path = "../../../tests/support/protobuf.rs"]
mod protobuf;
mod saved;
