//! Clusters set up, looked at, and put back.

mod adapter;
mod certificate_folders;
mod certificates;
mod certs_command;
mod checks;
mod export;
mod fault_matrix;
mod files;
mod hpas;
pub mod install;
mod interactive;
mod interrupted;
mod key_kinds;
mod kubeconfig;
mod lies;
mod merge;
mod monitoring;
mod requests;
mod rights;
mod rotation;
mod secrets;
mod temporary_grant;
mod uninstall;
mod why;
