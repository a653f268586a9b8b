//! `behavior` of an HPA as it is written.

use serde::Deserialize;

use hpa_model::{Behavior, Policy, PolicyType, ScalingRules, SelectPolicy, Tolerance};

use super::wire::Amount;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BehaviorFile {
    scale_up: Option<RulesFile>,
    scale_down: Option<RulesFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RulesFile {
    stabilization_window_seconds: Option<i32>,
    select_policy: Option<SelectFile>,
    policies: Option<Vec<PolicyFile>>,
    tolerance: Option<Amount>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum SelectFile {
    Max,
    Min,
    Disabled,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyFile {
    r#type: TypeFile,
    value: i32,
    period_seconds: i32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum TypeFile {
    Pods,
    Percent,
}

impl BehaviorFile {
    pub(super) fn behavior(&self) -> Behavior {
        Behavior {
            scale_up: self.scale_up.as_ref().map(RulesFile::rules),
            scale_down: self.scale_down.as_ref().map(RulesFile::rules),
        }
    }
}

impl RulesFile {
    fn rules(&self) -> ScalingRules {
        let select = |policy| match policy {
            SelectFile::Max => SelectPolicy::Max,
            SelectFile::Min => SelectPolicy::Min,
            SelectFile::Disabled => SelectPolicy::Disabled,
        };
        let policies = |list: &Vec<PolicyFile>| list.iter().map(PolicyFile::policy).collect();
        ScalingRules {
            stabilization_window_seconds: self.stabilization_window_seconds,
            select_policy: self.select_policy.map(select),
            policies: self.policies.as_ref().map(policies),
            tolerance: self.tolerance.map(|amount| Tolerance::from_nano(amount.nano())),
        }
    }
}

impl PolicyFile {
    fn policy(&self) -> Policy {
        let kind = match self.r#type {
            TypeFile::Pods => PolicyType::Pods,
            TypeFile::Percent => PolicyType::Percent,
        };
        Policy { kind, value: self.value, period_seconds: self.period_seconds }
    }
}
