//! Changes to a cluster: installation, certificate rotation, credentials and their removal.
//!
//! Serves `init`, `uninstall`, `certs` and `kubeconfig`. The commands prompt and print; this
//! module reads and writes the cluster.

pub mod api_services;
pub mod chart;
pub mod clock;
pub mod config;
pub mod helm;
pub mod install;
pub mod kubeconfig;
pub mod permissions;
pub mod plan;
pub mod rotation;
pub mod service_account;
pub mod tls_secret;
