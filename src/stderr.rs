//! Writing to stderr: at once, or for commands that run until they are ended through a queue, so
//! that nothing waits for whoever reads the log.
//!
//! A pipe that nobody reads, a full disk or a hung mount would otherwise stop whichever task logs
//! next, and with it a watch, a port or the shutdown. Lines that find the queue full or cannot be
//! written are dropped and counted.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::progress;

/// Capacity of the queue, in bytes: some thousand lines.
const CAPACITY: usize = 512 << 10;
/// Delay before another attempt on a stderr that cannot take more now (`EAGAIN`).
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// The queue, once it was started.
static QUEUE: OnceLock<&'static Queue> = OnceLock::new();

/// The number of lines that were dropped since the start.
pub(crate) fn dropped_lines() -> u64 {
    QUEUE.get().map_or(0, |queue| queue.dropped.load(Ordering::Relaxed))
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// Lines dropped since the start.
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines that are not written yet.
    waiting: Vec<u8>,
    /// Whether lines are being written.
    is_writing: bool,
    /// Lines dropped since the last line that was written.
    dropped: u64,
}

/// Writes to stderr from now on through a queue and a thread of its own.
///
/// # Errors
/// If the thread cannot be started.
pub(crate) fn start_queue() -> io::Result<()> {
    let queue: &'static Queue = Box::leak(Box::default());
    std::thread::Builder::new().name("log".to_owned()).spawn(|| queue.run(&mut io::stderr()))?;
    // Not before the thread runs: without it, nobody would write what is queued.
    let _ = QUEUE.set(queue);
    Ok(())
}

/// Writes to stderr. Ignores a stderr that cannot be written, as there is no other place to report
/// it.
pub(crate) fn write(text: &[u8]) {
    match QUEUE.get() {
        Some(queue) => queue.push(text),
        None => drop(progress::suspend(|| io::stderr().lock().write_all(text))),
    }
}

/// Waits until everything is written, for `timeout` at most.
pub(crate) fn flush(timeout: Duration) {
    if let Some(queue) = QUEUE.get() {
        queue.flush(timeout);
    }
}

impl Queue {
    fn push(&self, text: &[u8]) {
        let mut state = self.state();
        match state.waiting.len() + text.len() > CAPACITY {
            true => self.drop_lines(&mut state, lines(text)),
            false => state.waiting.extend_from_slice(text),
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Writes what comes, for ever.
    fn run(&self, output: &mut impl Write) {
        loop {
            let mut state = self.state();
            while state.waiting.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let text = std::mem::take(&mut state.waiting);
            state.is_writing = true;
            drop(state);
            let lost = lines(write_all(output, &text));
            let mut state = self.state();
            state.is_writing = false;
            self.drop_lines(&mut state, lost);
            let dropped = match lost {
                0 => std::mem::take(&mut state.dropped),
                _ => 0,
            };
            drop(state);
            self.changed.notify_all();
            if dropped > 0 {
                tracing::warn!(lines = dropped, "dropped log lines that stderr did not take");
            }
        }
    }

    fn drop_lines(&self, state: &mut State, lines: u64) {
        state.dropped += lines;
        self.dropped.fetch_add(lines, Ordering::Relaxed);
    }

    fn flush(&self, timeout: Duration) {
        let end = Instant::now() + timeout;
        let mut state = self.state();
        while !state.waiting.is_empty() || state.is_writing {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return };
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `text`, and returns what could not be written.
fn write_all<'t>(output: &mut impl Write, text: &'t [u8]) -> &'t [u8] {
    let mut rest = text;
    while !rest.is_empty() {
        match output.write(rest) {
            Ok(0) => break,
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(RETRY_DELAY);
            }
            Err(_) => break,
        }
    }
    rest
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    /// Takes a write when it is told to, and reports what came.
    struct Gate(mpsc::Receiver<io::Result<()>>, mpsc::Sender<String>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().unwrap_or(Err(io::ErrorKind::BrokenPipe.into()))?;
            let _ = self.1.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stderr_that_takes_nothing_stops_nobody() {
        let queue = Arc::new(Queue::default());
        let ((open, gate), (sender, written)) = (mpsc::channel(), mpsc::channel());
        let writer = Arc::clone(&queue);
        std::thread::spawn(move || writer.run(&mut Gate(gate, sender)));
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        queue.push(&line);
        // The first line alone is being written when the others come.
        while !queue.state().is_writing {
            std::thread::yield_now();
        }
        (0..2000).for_each(|_| queue.push(&line));
        assert!(queue.state().waiting.len() <= CAPACITY);
        assert!(queue.state().dropped > 400);
        let start = Instant::now();
        queue.flush(Duration::from_millis(50));
        assert!(start.elapsed() >= Duration::from_millis(50), "nothing has been written");
        // A disk that is full for a moment loses what was being written, and no more.
        open.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        (0..3).for_each(|_| open.send(Ok(())).unwrap());
        assert!(written.recv_timeout(Duration::from_secs(5)).unwrap().starts_with("xxx"));
        queue.flush(Duration::from_secs(5));
        assert_eq!(queue.state().dropped, 0, "reported");
        queue.push(b"later\n");
        assert_eq!(written.recv_timeout(Duration::from_secs(5)).unwrap(), "later\n");
    }
}
