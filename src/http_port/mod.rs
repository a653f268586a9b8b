//! HTTP ports, with TLS or without, for `serve` and the sample application.

mod connections;
mod listener;
mod write_timeout;

pub(crate) use connections::Connections;
pub(crate) use listener::{
    Answered, Body, Handler, OpenPorts, Port, accept, answer, full, stopped,
};
