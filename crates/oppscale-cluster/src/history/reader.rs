//! The file, moment by moment.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

use super::line::{Header, Line, MAGIC, VERSION};

/// Why a file is no history, or not one that can be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("{path} is no capacity history: {cause}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The text that was found.
        cause: String,
    },
    /// It holds nothing at all.
    #[error("{path} is empty: nothing was recorded, for want of a cluster perhaps")]
    Blank {
        /// The file.
        path: PathBuf,
    },
    /// It holds no moment.
    #[error("{path} ends before the cluster was listed, so there is nothing to see")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a later oppscale.
    #[error("{path} has version {version} of the format; this oppscale reads up to {VERSION}")]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A line that was written whole is not what it was.
    #[error("{path}, line {line}: {cause}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The problem.
        cause: String,
    },
}

/// Whether a file begins as a history does.
pub fn is_history(path: &Path) -> bool {
    let mut start = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    read.is_ok() && start == MAGIC
}

/// A history that can be read moment by moment, in any order.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: BufReader<Box<dyn Bytes>>,
    header: Header<'static>,
    moments: Vec<Moment>,
}

/// The bytes of a history, in a file or in memory.
pub(super) trait Bytes: Read + Seek + Send + std::fmt::Debug {}

impl<T: Read + Seek + Send + std::fmt::Debug> Bytes for T {}

/// Lines that hold from one time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since the first recording began, pauses between recordings left out.
    pub(super) at: Duration,
    /// Time of the moment.
    pub(super) wall: Timestamp,
    /// Byte range of its lines in the file.
    bytes: (u64, u64),
    /// The number of its first line.
    line: usize,
}

#[derive(Deserialize)]
struct Time {
    t: u64,
}

#[derive(Deserialize)]
struct Beginning<'l> {
    #[serde(borrow)]
    history: Header<'l>,
}

impl Reader {
    /// Opens a history and finds its moments. What follows the last one was cut off while
    /// it was written, and is left out; so is the same before a recording that was added.
    ///
    /// # Errors
    /// When the file is no history, or holds no moment.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let file = File::open(path)
            .map_err(|source| HistoryError::Unreadable { path: path.to_owned(), source })?;
        Self::of(path, Box::new(file))
    }

    /// Finds the moments of these bytes; errors call them `path`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn of(path: &Path, bytes: Box<dyn Bytes>) -> Result<Self, HistoryError> {
        let unreadable = |source| HistoryError::Unreadable { path: path.to_owned(), source };
        let mut file = BufReader::with_capacity(1 << 20, bytes);
        let (mut header, mut moments) = (None, Vec::new());
        let (mut base, mut last) = (Duration::ZERO, Duration::ZERO);
        let mut began = Timestamp::default();
        let (mut start, mut offset) = (0, 0);
        let (mut first_line, mut number) = (1, 0);
        let mut line = Vec::new();
        // A line that was torn, if a recording that goes on begins behind it or nothing does.
        let mut torn: Option<HistoryError> = None;
        loop {
            line.clear();
            let length = file.read_until(b'\n', &mut line).map_err(unreadable)?;
            if length == 0 || !line.ends_with(b"\n") {
                break;
            }
            number += 1;
            let is_beginning = line.starts_with(MAGIC);
            if let Some(error) = torn.take().filter(|_| !is_beginning) {
                return Err(error);
            }
            let at = offset;
            offset += length as u64;
            if is_beginning {
                let (begun, time) = match begin(path, number, &line) {
                    Err(error @ HistoryError::Damaged { .. }) => {
                        torn = Some(error);
                        continue;
                    }
                    begun => begun?,
                };
                began = time;
                header.get_or_insert(begun);
                (base, start, first_line) = (last, at, number);
            } else if header.is_none() {
                break;
            }
            if line.starts_with(b"{\"t\":") {
                let time: Time = match serde_json::from_slice(&line) {
                    Ok(time) => time,
                    Err(error) => {
                        torn = Some(damaged(path, number, &error));
                        continue;
                    }
                };
                // A clock that does not go back; a file that was tampered with might.
                let passed = Duration::from_millis(time.t);
                let at = last.max(base.saturating_add(passed));
                let wall = began.saturating_add(passed).unwrap_or(began);
                moments.push(Moment { at, wall, bytes: (start, offset), line: first_line });
                (last, start, first_line) = (at, offset, number + 1);
            }
        }
        let path = path.to_owned();
        let Some(header) = header else {
            if number == 0 && line.is_empty() {
                return Err(HistoryError::Blank { path });
            }
            let cause = "its first line says so".to_owned();
            return Err(HistoryError::Foreign { path, cause });
        };
        if moments.is_empty() {
            return Err(HistoryError::Empty { path });
        }
        Ok(Self { path, file, header, moments })
    }

    /// Header of the first recording.
    pub fn header(&self) -> &Header<'static> {
        &self.header
    }

    /// The moments, in the order of their times.
    pub(super) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Reads the lines of a moment.
    ///
    /// # Errors
    /// When they cannot be read, are no lines of a history, or `each` says why they make
    /// no sense.
    pub(super) fn read<E: std::fmt::Display>(
        &mut self,
        moment: &Moment,
        mut each: impl FnMut(Line<'_>) -> Result<(), E>,
    ) -> Result<(), HistoryError> {
        let (start, end) = moment.bytes;
        let unreadable = |source| HistoryError::Unreadable { path: self.path.clone(), source };
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        (&mut self.file).take(end - start).read_to_end(&mut text).map_err(unreadable)?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for (number, line) in (moment.line..).zip(lines) {
            let line: Line<'_> = serde_json::from_slice(line)
                .map_err(|error| damaged(&self.path, number, &error))?;
            each(line).map_err(|error| damaged(&self.path, number, &error))?;
        }
        Ok(())
    }
}

/// Header of a recording, and the time at which it began.
fn begin(
    path: &Path,
    number: usize,
    line: &[u8],
) -> Result<(Header<'static>, Timestamp), HistoryError> {
    let beginning: Beginning<'_> =
        serde_json::from_slice(line).map_err(|error| damaged(path, number, &error))?;
    let header = beginning.history;
    if header.version > VERSION {
        return Err(HistoryError::TooNew { path: path.to_owned(), version: header.version });
    }
    let began = header.started.parse().map_err(|error| damaged(path, number, &error))?;
    let header = Header {
        version: header.version,
        started: header.started.into_owned().into(),
        server: header.server.into_owned().into(),
        context: header.context.map(|context| context.into_owned().into()),
    };
    Ok((header, began))
}

fn damaged(path: &Path, line: usize, cause: &impl std::fmt::Display) -> HistoryError {
    HistoryError::Damaged { path: path.to_owned(), line, cause: cause.to_string() }
}
