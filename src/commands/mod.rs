//! The commands: a file or a folder for each, with its arguments and a short `run`.

pub mod args;
pub mod certs;
pub mod check;
pub mod completion;
pub mod demo;
pub mod init;
mod journal;
pub mod kubeconfig;
pub mod load;
pub mod man;
mod prompt;
pub mod render_hpa;
pub mod sample_app;
pub mod serve;
pub(crate) mod shutdown;
pub mod simulate;
pub mod templates;
pub mod top;
pub mod uninstall;
pub mod why;
