//! Work off the threads of the runtime, each of which runs many tasks, probes among them.
//!
//! A file may be a FIFO without a writer, or lie on a mount whose server is gone: reading has a
//! time limit. Counting a large cluster takes milliseconds, and ends.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Time limit for a file: far more than a slow disk takes.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum size of a file, in bytes: the API server takes no larger Secret or ConfigMap, and
/// devices never end.
const MAX_SIZE: u64 = 4 << 20;

/// Maximum number of threads that one file may block, however often it is tried.
const MAX_READS: usize = 4;

/// Files that are being read.
static PENDING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Reads a file of credentials or certificates.
///
/// # Errors
/// If it cannot be read within the time limit, or is larger than such a file can be.
pub async fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = path.to_owned();
    run(path, move || {
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > MAX_SIZE {
            true => Err(io::Error::other(format!("it is larger than {} MiB", MAX_SIZE >> 20))),
            false => Ok(bytes),
        }
    })
    .await?
}

/// Runs `work` that takes more than a millisecond on a thread for such work.
///
/// # Panics
/// If `work` panics.
pub async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime shuts down, and with it the task that waits.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs `work`, which reads `path`, on a thread of its own.
///
/// # Errors
/// If it takes longer than the time limit, or earlier runs still block.
pub(crate) async fn run<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let blocks = || {
        let text = format!("reading it takes longer than {} s", TIMEOUT.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, text)
    };
    let entry = PendingEntry::new(path).ok_or_else(blocks)?;
    let work = tokio::task::spawn_blocking(move || {
        let _entry = entry;
        work()
    });
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(done) => done.map_err(io::Error::other),
        Err(_) => Err(blocks()),
    }
}

/// A read, which has ended when this is dropped.
struct PendingEntry(PathBuf);

impl PendingEntry {
    /// `None` if too many reads of `path` block.
    fn new(path: &Path) -> Option<Self> {
        let mut pending = pending();
        let reads = pending.iter().filter(|read| *read == path).count();
        (reads < MAX_READS).then(|| {
            pending.push(path.to_owned());
            Self(path.to_owned())
        })
    }
}

impl Drop for PendingEntry {
    fn drop(&mut self) {
        let mut pending = pending();
        if let Some(at) = pending.iter().position(|read| *read == self.0) {
            pending.swap_remove(at);
        }
    }
}

fn pending() -> MutexGuard<'static, Vec<PathBuf>> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}
