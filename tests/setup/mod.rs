//! Clusters set up, looked at, and put back.

mod certificates;
mod certs_command;
mod checks;
mod install;
mod interactive;
mod kubeconfig;
mod rotation;
