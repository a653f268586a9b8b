//! The lines, put into a file that is only ever added to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::jiff::Timestamp;

use super::line::{Connection, Header, Line, MAGIC, VERSION, Workload};
use super::tape::Tape;
use crate::Journal;
use crate::follow::Picture;
use oppscale_core::error::Error;

/// How often what has changed is written: what a kill may cost.
pub const WRITE_EVERY: Duration = Duration::from_secs(1);
/// How often it is written that nothing has changed, so that a history tells a quiet
/// cluster from a recording that ended.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Writes a history.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    file: File,
    tape: Tape,
    started: Instant,
    /// When the last moment was written; `None` before the first.
    last: Option<Instant>,
    connection: Option<Connection>,
    workload: Option<Workload>,
    version: Option<String>,
}

impl Recorder {
    /// Opens a file that is new, empty or a history to be continued.
    ///
    /// # Errors
    /// When it cannot be written, or is something else.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let context = |error: io::Error| {
            anyhow::Error::from(error).context(format!("cannot record to {}", path.display()))
        };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(context)?;
        let mut start = Vec::new();
        let is_file = file.metadata().map_err(context)?.is_file();
        if is_file {
            // Given back when the file is closed, by a kill too. Some file systems have none.
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                return Err(Error::failure(format!(
                    "{} is being written by another oppscale",
                    path.display()
                ))
                .hint("name another file, or end that recording first")
                .into());
            }
            (&file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(context)?;
        }
        if !MAGIC.starts_with(&start) {
            return Err(Error::failure(format!(
                "{} is no capacity history, and is left alone",
                path.display()
            ))
            .hint("name a new file, or one that --record has written")
            .into());
        }
        if !start.is_empty() && start.len() < MAGIC.len() {
            // A recording was cut off at its first word: there is nothing to be continued.
            file.set_len(0).map_err(context)?;
        } else if is_file && ends_in_half_a_line(&mut file).map_err(context)? {
            // A recording was cut off there. The next header tells so.
            file.write_all(b"\n").map_err(context)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            tape: Tape::default(),
            started: Instant::now(),
            last: None,
            connection: None,
            workload: None,
            version: None,
        })
    }

    /// Begins a recording, and gives what must be told of every change.
    pub fn start(&mut self, server: &str) -> Box<dyn Journal> {
        self.started = Instant::now();
        let started = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        self.tape.write(&Line::History(Header {
            version: VERSION,
            started: format!("{started:.3}").into(),
            server: server.into(),
        }));
        Box::new(self.tape.clone())
    }

    /// Writes what has changed. It becomes a moment of the history once the cluster has
    /// been listed.
    ///
    /// # Errors
    /// When the file cannot be written. It may then be continued, from the last moment.
    pub fn write(&mut self, picture: &Picture, workload: &Workload) -> anyhow::Result<()> {
        let (is_ready, connection, version) = picture
            .look(|_, health| (health.is_ready(), Connection::of(health), health.version.clone()));
        if self.version != version
            && let Some(version) = version
        {
            self.tape.write(&Line::Kubernetes(version.as_str().into()));
            self.version = Some(version);
        }
        if self.workload.as_ref() != Some(workload) {
            self.tape.write(&Line::Workload(workload.clone()));
            self.workload = Some(workload.clone());
        }
        if is_ready && self.connection.as_ref() != Some(&connection) {
            self.tape.write(&Line::Connection(connection.clone()));
            self.connection = Some(connection);
        }
        let mut text = self.tape.take();
        let is_due = self.last.is_none_or(|last| last.elapsed() >= HEARTBEAT);
        if is_ready && (is_due || !text.is_empty()) {
            let now = self.started.elapsed().as_millis();
            text.extend_from_slice(format!("{{\"t\":{now}}}\n").as_bytes());
            self.last = Some(Instant::now());
        }
        self.file.write_all(&text).map_err(|error| {
            anyhow::Error::from(error)
                .context(format!("cannot go on recording to {}", self.path.display()))
        })
    }
}

fn ends_in_half_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
