//! Signals that end a command.

use std::io::{self, IsTerminal};
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

    /// Time for which a server stays unready before it closes: none after Ctrl-C, because no load
    /// balancer has to notice.
    pub(super) fn delay(exit: Exit, delay: Duration) -> Duration {
        match exit {
            Exit::Interrupted => Duration::ZERO,
            _ => delay,
        }
    }
}

/// Ends a command early on Ctrl-C, SIGTERM and SIGHUP, by dropping its future.
pub(crate) struct Interruption {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where SIGHUP is ignored, as `nohup` has it.
    hang_up: Option<Signal>,
}

impl Interruption {
    /// Handles the signals from now on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub(crate) fn new() -> io::Result<Self> {
        let hang_up = match is_ignored(SignalKind::hangup()) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up,
        })
    }

    /// Runs a command until it or a signal ends it.
    ///
    /// # Errors
    /// As the command.
    pub(crate) async fn ends(
        &mut self,
        command: impl Future<Output = anyhow::Result<Exit>>,
    ) -> anyhow::Result<Exit> {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The signals are caught before the command starts anything.
            biased;
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
            outcome = command => return outcome,
        }
        // A question on the terminal hides the cursor while it waits for keys.
        if io::stderr().is_terminal() {
            let _ = console::Term::stderr().show_cursor();
        }
        Ok(Exit::Interrupted)
    }
}

/// Whether this process was started with a signal ignored; unknown, so not, without `/proc`.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (kind.as_raw_value() - 1)) != 0)
}
