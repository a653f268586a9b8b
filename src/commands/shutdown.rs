//! Signals that end a long-running command.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// Waits for SIGTERM or Ctrl-C.
pub(super) struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

impl Shutdown {
    /// Handles both signals from now on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal and returns the exit code: 0 for SIGTERM, which is how Kubernetes ends
    /// a pod, 130 for Ctrl-C.
    pub(super) async fn requested(&mut self) -> Exit {
        tokio::select! {
            _ = self.terminate.recv() => Exit::Ok,
            _ = self.interrupt.recv() => Exit::Interrupted,
        }
    }

    /// How long a server stays unready before it closes: no time after Ctrl-C, because no load
    /// balancer has to notice.
    pub(super) fn delay(exit: Exit, delay: Duration) -> Duration {
        match exit {
            Exit::Interrupted => Duration::ZERO,
            _ => delay,
        }
    }
}
