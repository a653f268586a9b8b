//! One number of a manifest and its reason.

/// What a number is about, and so the objects it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The requests of a replica.
    Replica,
    /// What must stay free.
    Reserve,
    /// The replicas an HPA may choose between.
    Bounds,
    /// The most that all replicas may take.
    Quota,
    /// How the HPA moves.
    Behavior,
    /// What keeps fillers from buying nodes.
    Guard,
}

/// A number, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub subject: Subject,
    /// What it is called in the manifest.
    pub what: String,
    /// The number.
    pub value: String,
    /// Where it comes from, in one sentence without a period.
    pub why: String,
}

impl Line {
    /// A line.
    pub fn new(
        subject: Subject,
        what: impl Into<String>,
        value: impl ToString,
        why: impl Into<String>,
    ) -> Self {
        Self { subject, what: what.into(), value: value.to_string(), why: why.into() }
    }
}
