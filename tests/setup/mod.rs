//! Clusters set up, looked at, and put back.

mod certificates;
mod certs_command;
mod checks;
mod kubeconfig;
mod rotation;
