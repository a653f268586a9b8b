//! The target of a metric as it is written, and the names that go with it.

use serde::Deserialize;

use hpa_model::{MetricTarget, ResourceName, TargetType};

use super::wire::Amount;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TargetFile {
    r#type: Option<TypeFile>,
    value: Option<Amount>,
    average_value: Option<Amount>,
    average_utilization: Option<i32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum TypeFile {
    Value,
    AverageValue,
    Utilization,
}

impl TargetFile {
    /// The API wants it said, too.
    pub(super) fn has_type(&self) -> bool {
        self.r#type.is_some()
    }

    /// Without a type it follows from the field that is set.
    pub(super) fn target(&self) -> MetricTarget {
        let kind = match self.r#type {
            Some(TypeFile::Value) => TargetType::Value,
            Some(TypeFile::AverageValue) => TargetType::AverageValue,
            Some(TypeFile::Utilization) => TargetType::Utilization,
            None if self.value.is_some() => TargetType::Value,
            None if self.average_value.is_some() => TargetType::AverageValue,
            None => TargetType::Utilization,
        };
        MetricTarget {
            kind,
            value: self.value.map(Amount::milli),
            average_value: self.average_value.map(Amount::milli),
            average_utilization: self.average_utilization,
        }
    }
}

/// A resource by its name.
pub(super) fn resource(name: &str) -> ResourceName {
    match name {
        "cpu" => ResourceName::Cpu,
        "memory" => ResourceName::Memory,
        other => ResourceName::Other(other.to_owned()),
    }
}
