//! Signals that end, stop and continue programs.

use std::io;

use rustix::process::{Pid, RawPid, Signal as Number, kill_current_process_group};
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
            stop: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
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
        if kill_current_process_group(Number::STOP).is_ok() {
            self.continued.recv().await;
        }
    }
}

/// Whether no shell looks after this job, so that the system would ignore SIGTSTP: the
/// program is a container's first process, or was not started by a shell at all. POSIX:
/// a process group is orphaned when no parent of a member is in the same session but in
/// another group.
fn is_orphaned() -> bool {
    let Some(own) = Process::of(None) else { return true };
    let mut parent = own.parent;
    // A wrapper in the same group has a parent of its own that counts.
    while let Some(process) = parent.and_then(|parent| Process::of(Some(parent))) {
        if process.session != own.session {
            return true;
        }
        if process.group != own.group {
            return false;
        }
        parent = process.parent;
    }
    true
}

/// The place of a process among the jobs of a terminal. Group and session are 0 if they are from
/// outside of this PID namespace, as where a container is entered. `getpgid` and `getsid` of rustix
/// take that for impossible, so Linux is asked by `/proc`.
struct Process {
    parent: Option<Pid>,
    group: RawPid,
    session: RawPid,
}

impl Process {
    /// A process, or this one.
    #[cfg(target_os = "linux")]
    fn of(pid: Option<Pid>) -> Option<Self> {
        let name = pid.map_or_else(|| "self".to_owned(), |pid| pid.as_raw_pid().to_string());
        let stat = std::fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
        // `PID (NAME) STATE PPID PGRP SESSION …`, and the name may hold anything.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut numbers = rest.split_whitespace().skip(1).map_while(|word| word.parse().ok());
        Some(Self {
            parent: Pid::from_raw(numbers.next()?),
            group: numbers.next()?,
            session: numbers.next()?,
        })
    }

    /// A process, or this one. Only of this one the parent is known.
    #[cfg(not(target_os = "linux"))]
    fn of(pid: Option<Pid>) -> Option<Self> {
        use rustix::process::{getpgid, getppid, getsid};
        Some(Self {
            parent: if pid.is_none() { getppid() } else { None },
            group: getpgid(pid).ok()?.as_raw_pid(),
            session: getsid(pid).ok()?.as_raw_pid(),
        })
    }
}
