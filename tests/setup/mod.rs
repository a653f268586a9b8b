//! Clusters set up, looked at, and put back.

mod certificates;
mod certs_command;
mod checks;
mod export;
mod install;
mod interactive;
mod interrupted;
mod kubeconfig;
mod monitoring;
mod rights;
mod rotation;
mod uninstall;
