//! Recordings of a dry run: a line of JSON that names the HPAs, then a line for each reading.

use hpa_model::{ClusterReading, LoadShare};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::source_file::{SourceFile, SourceFileError};

const KIND: &str = "HpaRecording";
const SCHEMA_VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordingHeader {
    kind: String,
    schema_version: u32,
    /// The Kubernetes release of the controller, such as `1.36`.
    pub kubernetes: String,
    /// The HPAs of the dry run.
    pub hpas: Vec<RecordedHpa>,
}

/// An HPA of the dry run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedHpa {
    /// Its namespace.
    pub namespace: String,
    /// The object.
    pub manifest: Value,
    /// How the value of each metric depends on the number of pods.
    pub shares: Vec<LoadShare>,
    /// Whether `--metric` stated it of the External and Object metrics.
    #[serde(default)]
    pub is_stated: bool,
}

/// A recording.
#[derive(Debug)]
pub struct Recording {
    /// Its first line.
    pub header: RecordingHeader,
    /// Number of the HPA, and what was read for it, in order of time.
    pub readings: Vec<(usize, ClusterReading)>,
    /// Whether the last line is incomplete, as after a kill.
    pub is_cut: bool,
}

#[derive(Serialize, Deserialize)]
struct Line<R> {
    hpa: usize,
    #[serde(flatten)]
    reading: R,
}

impl RecordingHeader {
    /// The first line of a recording of these HPAs.
    pub fn new(kubernetes: String, hpas: Vec<RecordedHpa>) -> Self {
        Self { kind: KIND.to_owned(), schema_version: SCHEMA_VERSION, kubernetes, hpas }
    }
}

/// The line of a reading, with a newline at its end.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn line_of_reading(hpa: usize, reading: &ClusterReading) -> serde_json::Result<String> {
    Ok(serde_json::to_string(&Line { hpa, reading })? + "\n")
}

/// Reads a recording; `None` if the document is something else.
///
/// # Errors
/// When it is of a later version, or a line is not a reading.
pub fn recording(file: &SourceFile) -> Result<Option<Recording>, SourceFileError> {
    let mut lines = file.text().lines().enumerate();
    let first: Option<Value> = lines.next().and_then(|(_, line)| serde_json::from_str(line).ok());
    let Some(first) = first.filter(|first| first["kind"] == KIND) else { return Ok(None) };
    let error = |line: usize, problem: String| {
        SourceFileError::new(file, format!("line {}: {problem}", line + 1))
    };
    let version = first["schemaVersion"].as_u64();
    if version != Some(u64::from(SCHEMA_VERSION)) {
        return Err(error(0, format!("expected schemaVersion {SCHEMA_VERSION}")));
    }
    let header: RecordingHeader =
        serde_json::from_value(first).map_err(|problem| error(0, problem.to_string()))?;
    let mut recording = Recording { header, readings: Vec::new(), is_cut: false };
    let is_whole = file.text().ends_with('\n');
    let last = file.text().lines().count().saturating_sub(1);
    for (at, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        match serde_json::from_str::<Line<ClusterReading>>(text) {
            Ok(line) if line.hpa < recording.header.hpas.len() => {
                recording.readings.push((line.hpa, line.reading));
            }
            Ok(line) => return Err(error(at, format!("there is no HPA number {}", line.hpa))),
            Err(_) if at == last && !is_whole => recording.is_cut = true,
            Err(problem) => return Err(error(at, problem.to_string())),
        }
    }
    Ok(Some(recording))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        let hpa = RecordedHpa {
            namespace: "shop".to_owned(),
            manifest: serde_json::json!({"kind": "HorizontalPodAutoscaler"}),
            shares: vec![LoadShare::Total],
            is_stated: false,
        };
        let header = RecordingHeader::new("1.36".to_owned(), vec![hpa]);
        let reading = ClusterReading { at_ms: 15_000, ..ClusterReading::default() };
        let line = line_of_reading(0, &reading).unwrap();
        format!("{}\n{line}{line}", serde_json::to_string(&header).unwrap())
    }

    #[test]
    fn a_recording_is_read_as_it_was_written() {
        let read = recording(&SourceFile::new("run", text())).unwrap().unwrap();
        assert_eq!(read.readings.len(), 2);
        assert_eq!(read.readings[1].1.at_ms, 15_000);
        assert!(!read.is_cut);
        assert!(recording(&SourceFile::new("x", "{\"metrics\": []}")).unwrap().is_none());
    }

    #[test]
    fn only_the_last_line_may_be_cut() {
        let text = text();
        let cut = &text[..text.len() - 9];
        let read = recording(&SourceFile::new("run", cut)).unwrap().unwrap();
        assert_eq!((read.readings.len(), read.is_cut), (1, true));
        let broken = text.replacen("{\"hpa\":0,", "{\"hpa\":", 1);
        let error = recording(&SourceFile::new("run", broken)).unwrap_err();
        assert!(error.to_string().starts_with("run: line 2: "), "{error}");
        let missing = text.replacen("\"hpa\":0", "\"hpa\":4", 1);
        let error = recording(&SourceFile::new("run", missing)).unwrap_err();
        assert!(error.to_string().contains("there is no HPA number 4"), "{error}");
    }
}
