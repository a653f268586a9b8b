//! Load over time from where people have it: CSV, what Prometheus' `query_range` answers, and
//! what `promtool query range` prints; and the recording of a dry run.

use hpa_model::application::MAX_LEVEL;
use hpa_model::{ClusterReading, LoadShare, MetricReading};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::recording_file::{Recording, recording};
use super::source_file::{SourceFile, SourceFileError};

/// Times above this are milliseconds since 1970, not seconds.
const MILLISECONDS_FROM: f64 = 1e11;
/// Limit of the points of a load: a year of one a minute.
const MAX_POINTS: usize = 600_000;

/// A series of Prometheus' answer to a range query.
#[derive(Debug, Deserialize)]
struct Matrix {
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Moments in milliseconds since the first, and levels.
///
/// # Errors
/// When it is none of these forms, or holds no or several series.
pub fn load(file: &SourceFile) -> Result<Vec<(u64, f64)>, SourceFileError> {
    let error = |problem: String| SourceFileError::new(file, problem);
    let text = file.text();
    let dry_run = recording(file)?.map(|recording| Ok(of_dry_run(&recording)));
    let read = || match text.trim_start().chars().next() {
        Some('{') if !text.contains("=>") => of_json(text),
        Some('[') => of_json(text),
        _ if text.contains("=>") => of_promtool(text),
        _ => of_csv(text),
    };
    let mut points = dry_run.unwrap_or_else(read).map_err(error)?;
    points.retain(|(_, level)| level.is_finite());
    if points.len() > MAX_POINTS {
        let problem = format!("{} points; at most {MAX_POINTS} can be simulated", points.len());
        return Err(error(problem));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((first, _)) = points.first().copied() else {
        return Err(error("expected load over time, found no value".to_owned()));
    };
    if let Some((_, level)) = points.iter().find(|(_, level)| !(0.0..=MAX_LEVEL).contains(level)) {
        return Err(error(format!("a load of {level:?}: expected 0 to {MAX_LEVEL:e}")));
    }
    Ok(points.into_iter().map(|(at, level)| (((at - first) * 1000.0) as u64, level)).collect())
}

/// The load of a dry run's readings: the first metric that measures the load of all pods, else the
/// first.
fn of_dry_run(recording: &Recording) -> Vec<(f64, f64)> {
    let shares = recording.header.hpas.first().map(|hpa| hpa.shares.as_slice()).unwrap_or_default();
    let metric = shares.iter().position(|share| *share == LoadShare::Total).unwrap_or(0);
    let is_per_pod = shares.get(metric) == Some(&LoadShare::PerPod);
    let level = |reading: &ClusterReading| {
        let sum = match reading.metrics.get(metric)? {
            MetricReading::Failed(_) => return None,
            MetricReading::Object(value) => *value as f64,
            MetricReading::External(items) => items.iter().map(|item| *item as f64).sum(),
            MetricReading::Pods(pods) => {
                pods.iter().filter_map(|pod| pod.value).map(|value| value as f64).sum()
            }
        };
        let replicas = reading.scale.map_or(1, |scale| scale.spec_replicas);
        let factor = if is_per_pod { f64::from(replicas) } else { 1.0 };
        Some((reading.at_ms as f64 / 1000.0, sum * factor / 1000.0))
    };
    let of_first = recording.readings.iter().filter(|(hpa, _)| *hpa == 0);
    of_first.filter_map(|(_, reading)| level(reading)).collect()
}

/// The answer of `query_range`, whole or its `data` or `result` alone.
///
/// # Errors
/// When it is an error or an instant, or holds several series.
fn of_json(text: &str) -> Result<Vec<(f64, f64)>, String> {
    let answer: Value = serde_json::from_str(text).map_err(|why| format!("is not JSON: {why}"))?;
    if answer["status"] == "error" {
        return Err(format!(
            "Prometheus answered: {}",
            answer["error"].as_str().unwrap_or("error")
        ));
    }
    let data = answer.get("data").unwrap_or(&answer);
    if let Some(kind) = data["resultType"].as_str()
        && kind != "matrix"
    {
        return Err(format!("expected a matrix, as query_range answers, found a {kind}"));
    }
    let result = data.get("result").unwrap_or(data);
    let series = Vec::<Matrix>::deserialize(result)
        .map_err(|why| format!("expected Prometheus' answer to a range query: {why}"))?;
    let values = series.iter().map(|series| &series.values);
    let number = |(at, text): &(f64, String)| Some((*at, text.parse().ok()?));
    one(values.map(|values| values.iter().filter_map(number).collect()).collect())
}

/// Lines of `VALUE @[SECONDS]` below a line that ends in `=>`.
fn of_promtool(text: &str) -> Result<Vec<(f64, f64)>, String> {
    let mut series: Vec<Vec<(f64, f64)>> = Vec::new();
    for (at, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
        let line_error = || format!("line {}: expected VALUE @[SECONDS], found {line:?}", at + 1);
        if line.ends_with("=>") {
            series.push(Vec::new());
            continue;
        }
        let (value, moment) = line.split_once(" @[").ok_or_else(line_error)?;
        let moment = moment.strip_suffix(']').and_then(|moment| moment.parse().ok());
        let point = (moment.ok_or_else(line_error)?, value.parse().map_err(|_| line_error())?);
        series.last_mut().ok_or_else(line_error)?.push(point);
    }
    one(series)
}

fn one(mut series: Vec<Vec<(f64, f64)>>) -> Result<Vec<(f64, f64)>, String> {
    match (series.len(), series.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => Err("the query matched no series".to_owned()),
        (count, _) => Err(format!("expected one series, found {count}: sum() makes one of them")),
    }
}

/// Lines of time and value. Times are seconds, milliseconds since 1970, or RFC 3339.
fn of_csv(text: &str) -> Result<Vec<(f64, f64)>, String> {
    let mut points = Vec::new();
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let separator = [',', ';', '\t'].into_iter().find(|letter| line.contains(*letter));
        let cells = separator.map(|separator| line.split(separator).map(cell).collect::<Vec<_>>());
        let [time, level] = cells.as_deref().unwrap_or_default() else {
            return Err(format!("line {}: expected a time and a value, found {line:?}", at + 1));
        };
        match (moment(time), level.parse::<f64>()) {
            (Some(time), Ok(level)) => points.push((time, level)),
            // The heading.
            (None, Err(_)) if points.is_empty() => {}
            (None, _) => {
                return Err(format!(
                    "line {}: {time:?} is not a time: expected seconds or 2026-01-31T12:00:00Z",
                    at + 1
                ));
            }
            (_, Err(_)) => return Err(format!("line {}: {level:?} is not a number", at + 1)),
        }
    }
    Ok(points)
}

fn cell(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// Seconds since some start.
fn moment(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        let seconds = if number > MILLISECONDS_FROM { number / 1000.0 } else { number };
        return Some(seconds).filter(|seconds| seconds.is_finite());
    }
    let moment: Timestamp = text.parse().ok()?;
    Some(moment.as_millisecond() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u64, f64)>, String> {
        load(&SourceFile::new("file", text)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_is_the_same_load() {
        let expected = Ok(vec![(0, 3.0), (60_000, 4.5)]);
        for text in [
            "time,value\n0,3\n60,4.5\n",
            "1700000000;3\r\n1700000060;4.5",
            "1700000000000\t3\n1700000060000\t4.5\n",
            "# load\n\n\"Time\",\"rps\"\n2026-01-31T12:01:00Z,4.5\n2026-01-31T12:00:00Z,3\n",
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},
                "values":[[1700000000,"3"],[1700000030,"NaN"],[1700000060,"4.5"]]}]}}"#,
            r#"[{"metric":{"a":"b"},"values":[[1700000000,"3"],[1700000060,"4.5"]]}]"#,
            "{a=\"b\"} =>\n3 @[1700000000]\n4.5 @[1700000060]\n",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_load_is_named() {
        for (text, words) in [
            ("", "found no value"),
            ("a,b\n", "found no value"),
            ("0,3\nx,4\n", "line 2: \"x\" is not a time"),
            ("0,3\n1,four\n", "line 2: \"four\" is not a number"),
            ("0,-3\n", "a load of -3.0: expected 0 to 1e15"),
            ("1\n2\n", "line 1: expected a time and a value"),
            (r#"{"status":"error","error":"parse error"}"#, "Prometheus answered: parse error"),
            (r#"{"data":{"resultType":"vector","result":[]}}"#, "found a vector"),
            ("[]", "matched no series"),
            ("{a=\"b\"} =>\n1 @[1]\n{a=\"c\"} =>\n1 @[1]\n", "sum() makes one"),
            ("{broken", "is not JSON"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }
}
