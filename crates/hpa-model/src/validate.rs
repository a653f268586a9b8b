//! What the API server refuses, in its words (`pkg/apis/autoscaling/validation`, 1.36).
//!
//! Not looked at: object metadata, `scaleTargetRef` and API versions, which the model has not.

use std::fmt;

use thiserror::Error;

use super::config::FeatureGates;
use super::spec::{Behavior, HpaSpec, ScalingRules};

/// `MaxPeriodSeconds`.
const MAX_PERIOD_SECONDS: i32 = 1800;
/// `MaxStabilizationWindowSeconds`.
const MAX_WINDOW_SECONDS: i32 = 3600;

/// One complaint, printed as the API server prints it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// A field that must be set is not.
    #[error("{field}: Required value{}", detail_suffix(.detail))]
    Required {
        /// The path, such as `spec.metrics[0].external.target.averageValue`.
        field: String,
        /// The expected value.
        detail: &'static str,
    },
    /// A value is out of range.
    #[error("{field}: Invalid value: {value}: {detail}")]
    Invalid {
        /// The path.
        field: String,
        /// The value as JSON.
        value: String,
        /// The problem.
        detail: String,
    },
    /// A value is not one of the few that the field takes.
    #[error("{field}: Unsupported value: {value:?}: supported values: {supported}")]
    Unsupported {
        /// The path.
        field: String,
        /// The value.
        value: String,
        /// The values that it takes, in quotes.
        supported: String,
    },
    /// A field must not be set here.
    #[error("{field}: Forbidden: {detail}")]
    Forbidden {
        /// The path.
        field: String,
        /// Why not.
        detail: &'static str,
    },
}

impl FieldError {
    /// The path of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Self::Required { field, .. }
            | Self::Invalid { field, .. }
            | Self::Unsupported { field, .. }
            | Self::Forbidden { field, .. } => field,
        }
    }
}

/// Everything the API server has against an HPA; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Invalid {
    /// The complaints in the API server's order.
    pub errors: Vec<FieldError>,
}

/// Checks an HPA as the API server does on creation, after defaulting.
///
/// # Errors
///
/// All the complaints at once, as `kubectl apply` shows them.
pub fn validate(spec: &HpaSpec, gates: FeatureGates) -> Result<(), Invalid> {
    let mut found = FieldErrors::default();
    let lowest = u32::from(!gates.scale_to_zero);
    let (min, max) = (spec.effective_min(), spec.max_replicas);
    if min < lowest {
        let detail = format!("must be greater than or equal to {lowest}");
        found.invalid("spec.minReplicas".to_owned(), min, detail);
    }
    for (field, replicas) in [("spec.minReplicas", min), ("spec.maxReplicas", max)] {
        if i32::try_from(replicas).is_err() {
            // The real server fails earlier, when it decodes the number.
            found.invalid(field.to_owned(), replicas, "must fit into an int32");
        }
    }
    if max == 0 {
        found.required("spec.maxReplicas".to_owned(), "must be set and greater than 0");
    }
    if max < min {
        let detail = "must be greater than or equal to `minReplicas`";
        found.invalid("spec.maxReplicas".to_owned(), max, detail);
    }
    for (index, metric) in spec.metrics.iter().enumerate() {
        metric.validate(&format!("spec.metrics[{index}]"), &mut found);
    }
    if min == 0 && !spec.has_object_or_external_metric() {
        found.forbidden(
            "spec.metrics".to_owned(),
            "must specify at least one Object or External metric to support scaling to zero replicas",
        );
    }
    if let Some(behavior) = &spec.behavior {
        found.behavior(behavior, gates);
    }
    if found.errors.is_empty() { Ok(()) } else { Err(Invalid { errors: found.errors }) }
}

/// Complaints as they are found.
#[derive(Default)]
pub(super) struct FieldErrors {
    errors: Vec<FieldError>,
}

impl FieldErrors {
    pub(super) fn required(&mut self, field: String, detail: &'static str) {
        self.errors.push(FieldError::Required { field, detail });
    }

    pub(super) fn forbidden(&mut self, field: String, detail: &'static str) {
        self.errors.push(FieldError::Forbidden { field, detail });
    }

    pub(super) fn invalid(
        &mut self,
        field: String,
        value: impl ToString,
        detail: impl Into<String>,
    ) {
        self.errors.push(FieldError::Invalid {
            field,
            value: value.to_string(),
            detail: detail.into(),
        });
    }

    /// A name that becomes part of a URL path: `IsPathSegmentName`.
    pub(super) fn segment(&mut self, text: &str, path: &str, missing: &'static str) {
        if text.is_empty() {
            self.required(path.to_owned(), missing);
        } else if text == "." || text == ".." {
            self.invalid(path.to_owned(), format!("{text:?}"), format!("may not be '{text}'"));
        } else {
            for letter in ['/', '%'] {
                if text.contains(letter) {
                    let detail = format!("may not contain '{letter}'");
                    self.invalid(path.to_owned(), format!("{text:?}"), detail);
                }
            }
        }
    }

    fn behavior(&mut self, behavior: &Behavior, gates: FeatureGates) {
        for (key, rules) in [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)] {
            if let Some(rules) = rules {
                self.rules(rules, &format!("spec.behavior.{key}"), gates);
            }
        }
    }

    fn rules(&mut self, rules: &ScalingRules, path: &str, gates: FeatureGates) {
        if let Some(window) = rules.stabilization_window_seconds {
            let field = format!("{path}.stabilizationWindowSeconds");
            if window < 0 {
                self.invalid(field, window, "must be greater than or equal to zero");
            } else if window > MAX_WINDOW_SECONDS {
                let detail = format!("must be less than or equal to {MAX_WINDOW_SECONDS}");
                self.invalid(field, window, detail);
            }
        }
        if rules.policies.as_ref().is_some_and(Vec::is_empty) {
            self.required(format!("{path}.policies"), "must specify at least one Policy");
        }
        for (index, policy) in rules.policies.iter().flatten().enumerate() {
            let path = format!("{path}.policies[{index}]");
            if policy.value <= 0 {
                self.invalid(format!("{path}.value"), policy.value, "must be greater than zero");
            }
            let period = policy.period_seconds;
            if period <= 0 {
                let field = format!("{path}.periodSeconds");
                self.invalid(field, period, "must be greater than zero");
            } else if period > MAX_PERIOD_SECONDS {
                let detail = format!("must be less than or equal to {MAX_PERIOD_SECONDS}");
                self.invalid(format!("{path}.periodSeconds"), period, detail);
            }
        }
        // Without the gate the field is dropped before anybody looks at it.
        if let Some(tolerance) = rules.tolerance
            && gates.configurable_tolerance
            && tolerance.nano() < 0
        {
            let field = format!("{path}.tolerance");
            let detail = "must be greater than or equal to 0";
            self.invalid(field, format!("\"{tolerance}\""), detail);
        }
    }
}

impl fmt::Display for Invalid {
    /// One complaint as it is, several in brackets: `ErrorList.ToAggregate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.errors.as_slice() {
            return only.fmt(f);
        }
        f.write_str("[")?;
        for (index, error) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{error}")?;
        }
        f.write_str("]")
    }
}

fn detail_suffix(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}
