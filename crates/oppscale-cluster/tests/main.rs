//! Lists and watches, from bytes to a snapshot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod intake;
