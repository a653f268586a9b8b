//! A port that answers HTTP, with TLS or without: what `serve` and the sample application
//! stand on.
//!
//! | file | holds |
//! |---|---|
//! | `listener` | [`Port`]: accepts connections, and hands requests to a [`Handler`] |
//! | `connections` | [`Connections`]: how many there may be, and who goes first |
//! | `outlet` | how long an answer may lie about |
//! | `open_ports` | [`OpenPorts`]: ports that are served, and their end in order |

mod connections;
mod listener;
mod open_ports;
mod outlet;

pub(crate) use connections::Connections;
pub(crate) use listener::{Answered, Body, Handler, Port, accept, answer, full, stopped};
pub(crate) use open_ports::OpenPorts;
