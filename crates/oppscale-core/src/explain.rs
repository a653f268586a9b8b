//! Where a pod's number comes from, line by line.

use super::defaulting;
use super::footprint::{self, Step, Trace};
use super::malformed::Malformed;
use super::model::Pod;
use super::requests::Requests;
use super::resources::{PODS, Resources};
use super::units::quantity_text;

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Name of the term.
    pub what: String,
    /// Its amounts, as exact quantities: `cpu 250m  memory 64Mi`.
    pub amounts: String,
    /// Note on how it is counted.
    pub note: String,
}

/// An explained count.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The steps in order.
    pub lines: Vec<Line>,
    /// Their sum.
    pub total: Resources,
    /// Whether the API server's defaults were filled in first.
    pub defaulted: bool,
}

/// Explains what `pod` occupies.
///
/// # Errors
/// As [`footprint::of_pod`].
pub fn explain(pod: &Pod<'_>) -> Result<Explanation, Malformed> {
    let mut lines = Lines(Vec::new());
    let mut pod = pod.clone();
    let defaulted = !pod.metadata.passed_api_server();
    if defaulted {
        defaulting::set_defaults(&mut pod)?;
    }
    let total = footprint::traced(&pod, &mut lines)?;
    Ok(Explanation { lines: lines.0, total, defaulted })
}

struct Lines(Vec<Line>);

impl Lines {
    fn push(&mut self, what: impl Into<String>, amounts: &Requests<'_>, note: impl Into<String>) {
        self.0.push(Line { what: what.into(), amounts: text_of(amounts), note: note.into() });
    }
}

impl Trace for Lines {
    fn step(&mut self, step: Step<'_, '_>) {
        match step {
            Step::App(name, amounts) => {
                self.push(format!("container {name}"), amounts, "added");
            }
            Step::Sidecar(name, amounts) => {
                self.push(format!("sidecar {name}"), amounts, "added; runs beside what follows");
            }
            Step::Init(name, amounts) => {
                self.push(format!("init container {name}"), amounts, "with the sidecars before it");
            }
            Step::Resized { container, spec, infeasible } => {
                let what = match container {
                    Some(name) => format!("resize of {name}"),
                    None => "resize of the pod".to_owned(),
                };
                let note = if infeasible {
                    "spec, infeasible: only what the node granted counts"
                } else {
                    "spec: the greatest of spec, granted and actual counts"
                };
                self.push(what, spec, note);
            }
            Step::Peak { running, init } => {
                self.push("all running", running, "containers and sidecars");
                self.push("init peak", init, "the greater of the two counts, per resource");
            }
            Step::PodLevel(amounts) => {
                self.push("pod-level resources", amounts, "replace the containers' sum");
            }
            Step::Overhead(amounts) => {
                self.push("overhead", amounts, "added, from the RuntimeClass");
            }
        }
    }
}

fn text_of(requests: &Requests<'_>) -> String {
    let parts: Vec<_> = requests.iter().map(|(name, q)| format!("{name} {q}")).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join("  ") }
}

/// A footprint in words: `cpu 250m  memory 64Mi`.
pub fn footprint_text(total: &Resources) -> String {
    let parts: Vec<_> = total
        .present()
        .filter(|(name, _)| *name != PODS)
        .map(|(name, amount)| format!("{name} {}", quantity_text(name, amount)))
        .collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join("  ") }
}
