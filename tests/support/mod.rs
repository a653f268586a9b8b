//! What end-to-end tests need: the real binary, and an API server that can misbehave.

pub mod answer;
pub mod authority;
pub mod bin;
pub mod body;
pub mod browser;
pub mod describe;
pub mod discovery;
pub mod fake_apiserver;
pub mod kubeconfig;
pub mod managed;
pub mod objects;
pub mod place;
pub mod protobuf;
pub mod pty;
pub mod refusal;
pub mod request;
pub mod review;
pub mod routes;
pub mod sample_app;
pub mod served;
pub mod setup;
pub mod store;
pub mod stream;
pub mod terminal;
pub mod tools;
pub mod watch;
pub mod world;

use std::path::{Path, PathBuf};

/// A file of `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}
