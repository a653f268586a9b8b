//! Signals that end, stop and continue programs.

use nix::sys::signal::{Signal as Number, kill};
use nix::unistd::{Pid, getpgid, getpgrp, getppid, getsid};
use std::io;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// The meaning of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM or SIGHUP: the program ends. SIGINT is handled for every command in one place.
    End,
    /// SIGTSTP: the program stops until it is continued.
    Stop,
    /// SIGCONT: the process was stopped by SIGSTOP and continues.
    Continued,
}

/// The signals, waited for. To be made before the screen is opened: a signal must not
/// find it so.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    hang_up: Stream,
    stop: Stream,
    continued: Stream,
}

impl Signals {
    /// From now on these signals do only what is done about them here.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(Number::SIGTSTP as i32))?,
            continued: signal(SignalKind::from_raw(Number::SIGCONT as i32))?,
        })
    }

    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::End,
            _ = self.hang_up.recv() => Signal::End,
            _ = self.stop.recv() => Signal::Stop,
            _ = self.continued.recv() => Signal::Continued,
        }
    }

    /// Stops the process, and with it the whole job (as the terminal's own Ctrl-Z does),
    /// and comes back when it is continued. Does nothing if no shell could continue it.
    pub async fn stop(&mut self) {
        if is_orphaned() {
            return;
        }
        // Earlier SIGCONTs are discarded.
        while futures::FutureExt::now_or_never(self.continued.recv()).flatten().is_some() {}
        if kill(Pid::from_raw(0), Number::SIGSTOP).is_ok() {
            self.continued.recv().await;
        }
    }
}

/// Whether no shell looks after this job, so that the system would ignore SIGTSTP: the
/// program is a container's first process, or was not started by a shell at all. POSIX:
/// a process group is orphaned when no parent of a member is in the same session but in
/// another group.
fn is_orphaned() -> bool {
    let (session, group) = (getsid(None), getpgrp());
    let mut parent = Some(getppid());
    // A wrapper in the same group has a parent of its own that counts.
    while let Some(pid) = parent.filter(|pid| pid.as_raw() > 0) {
        if getsid(Some(pid)) != session {
            return true;
        }
        if getpgid(Some(pid)) != Ok(group) {
            return false;
        }
        parent = parent_of(pid);
    }
    true
}

#[cfg(target_os = "linux")]
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `PID (NAME) STATE PPID …`, and the name may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok().map(Pid::from_raw)
}

#[cfg(not(target_os = "linux"))]
fn parent_of(_pid: Pid) -> Option<Pid> {
    None
}
