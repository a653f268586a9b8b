//! How a command that goes on until it is told to stop is told to.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// SIGTERM and Ctrl-C, waited for.
pub(super) struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    /// From now on both do only what is done about them here.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until it is told, and how the process must end then: SIGTERM is how Kubernetes
    /// ends a pod, Ctrl-C is a person's.
    pub(super) async fn told(&mut self) -> Exit {
        tokio::select! {
            _ = self.terminate.recv() => Exit::Ok,
            _ = self.interrupt.recv() => Exit::Interrupted,
        }
    }

    /// How long a server is to be unready before it closes: where a person waits at a
    /// terminal, nobody has to be told first.
    pub(super) fn delay(exit: Exit, delay: Duration) -> Duration {
        match exit {
            Exit::Interrupted => Duration::ZERO,
            _ => delay,
        }
    }
}
