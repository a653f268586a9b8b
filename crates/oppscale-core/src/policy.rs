//! The policy in a workload's annotations: how much capacity it may use.
//!
//! Annotations of a workload, all with the prefix `oppscale.dev/`:
//!
//! * `reserve`: capacity that stays free: cores (`30`, `500m`), a share (`15%`), amounts
//!   (`cpu=30,nvidia.com/gpu=1`) or slots of paid pods (`2xpod:cpu=4`). Default: none.
//! * `target-utilization`: `85%` is the same as a reserve of `15%`.
//! * `max-replicas`: upper limit of the metric. Default: no limit.
//! * `weight`: relative share among workloads of one priority, 1 to 1000000. Default: 100.
//! * `priority`: workloads with a higher one are served first, -1000000 to 1000000. Default: 0.
//! * `basis`: `requests` fills capacity that no pod requests, `usage` also capacity that is
//!   requested but idle. Default: `requests`.
//! * `burn`: cores (`1`, `500m`) that a replica uses on the usage basis. Default: its CPU limit.
//!
//! An invalid annotation is an error, not a default: a typo in `reserve` would otherwise fill
//! the cluster completely.
//!
//! Users who may edit a workload set these, so annotations of its Namespace, which only an
//! administrator edits, limit them:
//!
//! * `max-priority`: highest priority that counts against other namespaces. Default: 0.
//! * `max-weight`: highest sum of the weights of its workloads. Default: 100.
//! * `max-share`: largest part of the shared capacity for it (`50%`). Default: `100%`.

use std::fmt;
use std::str::FromStr;

use super::nearest::{distance, letters};
use super::reserve::Reserve;
use super::resources::Amount;
use super::units::{WHOLE, parse_percent, parse_quantity};

/// Prefix of these annotations.
pub const PREFIX: &str = "oppscale.dev/";

/// Names of the annotations of a workload, without the prefix.
pub const NAMES: [&str; 7] =
    ["reserve", "target-utilization", "max-replicas", "weight", "priority", "basis", "burn"];
const KNOWN_LIMITS: [&str; 3] = ["max-priority", "max-weight", "max-share"];
/// Number of characters of a value that an error quotes: the author of an annotation must not
/// decide how long a message is.
const MAX_QUOTED: usize = 64;
/// Number of characters of a reserve, which may name several resources.
const MAX_RESERVE: usize = 128;
/// Default weight.
const DEFAULT_WEIGHT: u32 = 100;
/// Limit of weights and priorities, so that products with costs fit into 128 bits.
const MAX_VALUE: i64 = 1_000_000;

/// Policy of a workload: how much capacity it may use, and its precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Capacity to keep free.
    pub reserve: Reserve,
    /// Upper limit of replicas.
    pub max_replicas: Option<u32>,
    /// Relative share among workloads of the same priority; never 0.
    pub weight: u32,
    /// Precedence; higher values are served first.
    pub priority: i32,
    /// Basis of free CPU.
    pub basis: Basis,
    /// Millicores that a replica burns on the usage basis; `None` for its CPU limit.
    pub burn: Option<i64>,
}

/// Basis of free CPU. Memory and pods count by requests on either basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Basis {
    /// CPU that paid pods do not request.
    #[default]
    Requests,
    /// CPU that paid pods do not use.
    Usage,
}

impl Basis {
    /// All, the default first.
    pub const ALL: [Self; 2] = [Self::Requests, Self::Usage];

    /// Its word in annotations, flags and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Usage => "usage",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Basis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|basis| basis.name() == text);
        named.ok_or_else(|| format!("{} is neither requests nor usage", quoted(text)))
    }
}

/// Millicores that a replica uses, such as `1` or `500m`: more than 0.
///
/// # Errors
/// If `text` is not a quantity of cores above 0.
pub fn parse_burn(text: &str) -> Result<i64, String> {
    let cores = parse_quantity(text).map(|quantity| quantity.milli_value());
    let cores = cores.filter(|cores| !cores.saturated && cores.value > 0);
    let error = || format!("{} is not a number of cores above 0, such as 1 or 500m", quoted(text));
    cores.map(|cores| cores.value).ok_or_else(error)
}

/// Limits of all workloads of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamespaceLimits {
    /// Highest priority that counts against workloads of other namespaces.
    pub max_priority: i32,
    /// Highest weight of its workloads together, beside other namespaces; never 0.
    pub max_weight: u32,
    /// Largest part of the shared capacity of any resource, in billionths.
    pub max_share: Amount,
}

/// An invalid annotation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("annotation {PREFIX}{name}: {problem}")]
pub struct PolicyError {
    name: String,
    problem: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            reserve: Reserve::default(),
            max_replicas: None,
            weight: DEFAULT_WEIGHT,
            priority: 0,
            basis: Basis::default(),
            burn: None,
        }
    }
}

impl Policy {
    /// Parses the policy from a workload's annotations, as `(name, value)`.
    ///
    /// # Errors
    /// On the first annotation, in the order given, that is invalid, contradicts another, or
    /// looks like a typo of a known name.
    pub fn of<'a>(
        annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        let mut reserve = None;
        for (name, value) in annotations {
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let error = |problem: String| PolicyError::new(name, problem);
            let value = value.trim();
            let most = if name == "reserve" { MAX_RESERVE } else { MAX_QUOTED };
            if value.len() > most && NAMES.contains(&name) {
                return Err(error(format!("is longer than {most} characters")));
            }
            match name {
                "reserve" | "target-utilization" => {
                    let read = match name {
                        "reserve" => value.parse(),
                        _ => Reserve::from_target_utilization(value),
                    };
                    if reserve.is_some() {
                        let problem =
                            "reserve and target-utilization are the same setting; keep one";
                        return Err(error(problem.to_owned()));
                    }
                    reserve = Some(read.map_err(|problem| error(problem.to_string()))?);
                }
                "max-replicas" => {
                    // 0 stops the workload.
                    let most = i64::from(i32::MAX);
                    policy.max_replicas = Some(whole(value, 0, most).map_err(error)? as u32);
                }
                "weight" => policy.weight = whole(value, 1, MAX_VALUE).map_err(error)? as u32,
                "priority" => {
                    policy.priority = whole(value, -MAX_VALUE, MAX_VALUE).map_err(error)? as i32;
                }
                "basis" => policy.basis = value.parse().map_err(error)?,
                "burn" => policy.burn = Some(parse_burn(value).map_err(error)?),
                _ => no_typo(name, &NAMES)?,
            }
        }
        policy.reserve = reserve.unwrap_or_default();
        Ok(policy)
    }
}

impl Default for NamespaceLimits {
    fn default() -> Self {
        Self { max_priority: 0, max_weight: DEFAULT_WEIGHT, max_share: WHOLE }
    }
}

impl NamespaceLimits {
    /// Parses the limits from a Namespace's annotations, as `(name, value)`.
    ///
    /// # Errors
    /// On the first annotation, in the order given, that is invalid or looks like a typo of a
    /// known name.
    pub fn of<'a>(
        annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PolicyError> {
        let mut limits = Self::default();
        for (name, value) in annotations {
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let error = |problem: String| PolicyError::new(name, problem);
            let value = value.trim();
            match name {
                "max-priority" => {
                    limits.max_priority =
                        whole(value, -MAX_VALUE, MAX_VALUE).map_err(error)? as i32;
                }
                "max-weight" => {
                    limits.max_weight = whole(value, 1, MAX_VALUE).map_err(error)? as u32;
                }
                "max-share" => {
                    let number = value.strip_suffix('%').and_then(parse_percent);
                    limits.max_share = number.ok_or_else(|| {
                        error(format!("{} is not a percentage from 0% to 100%", quoted(value)))
                    })?;
                }
                _ => no_typo(name, &KNOWN_LIMITS)?,
            }
        }
        Ok(limits)
    }
}

impl PolicyError {
    fn new(name: &str, problem: String) -> Self {
        Self { name: truncated(name), problem }
    }
}

/// Fails if the name of an annotation looks like a typo of a known one.
fn no_typo(name: &str, known: &[&str]) -> Result<(), PolicyError> {
    // Longer names are two letters away from none.
    let meant = known.iter().filter(|_| name.len() <= MAX_QUOTED);
    match meant.copied().find(|known| is_typo(name, known)) {
        Some(meant) => {
            Err(PolicyError::new(name, format!("is unknown; did you mean {PREFIX}{meant}?")))
        }
        None => Ok(()),
    }
}

/// A value as messages quote it.
fn quoted(value: &str) -> String {
    format!("{:?}", truncated(value))
}

fn truncated(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn whole(text: &str, least: i64, most: i64) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = text.parse().ok().filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()));
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{} is not a whole number from {least} to {most}", quoted(text)))
}

/// Whether `text` differs from `known` only in case, separators, or up to two letters.
fn is_typo(text: &str, known: &str) -> bool {
    distance(&letters(text), &letters(known)) <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(annotations: &[(&str, &str)]) -> Result<Policy, String> {
        Policy::of(annotations.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_workload_that_says_nothing_may_take_all() {
        assert_eq!(of(&[("team", "x"), ("oppscale.dev/note", "why")]).unwrap(), Policy::default());
    }

    #[test]
    fn every_annotation_is_read() {
        let policy = of(&[
            ("oppscale.dev/reserve", "15%"),
            ("oppscale.dev/max-replicas", "150"),
            ("oppscale.dev/weight", " 300 "),
            ("oppscale.dev/priority", "-5"),
            ("oppscale.dev/basis", "usage"),
            ("oppscale.dev/burn", "1500m"),
        ]);
        let expected = Policy {
            reserve: "15%".parse().unwrap(),
            max_replicas: Some(150),
            weight: 300,
            priority: -5,
            basis: Basis::Usage,
            burn: Some(1500),
        };
        assert_eq!(policy.unwrap(), expected);
        let target = of(&[("oppscale.dev/target-utilization", "85%")]).unwrap();
        assert_eq!(target.reserve, expected.reserve);
    }

    #[test]
    fn a_typo_is_an_error_and_no_default() {
        for (name, value) in [
            ("reserve", "thirty"),
            ("reserve", "-3"),
            ("target-utilization", "0.85"),
            ("max-replicas", "-1"),
            ("max-replicas", "1.5"),
            ("max-replicas", "+1"),
            ("weight", "0"),
            ("weight", ""),
            ("priority", "high"),
            ("basis", "Usage"),
            ("basis", ""),
            ("burn", "0"),
            ("burn", "-1"),
            ("burn", "a core"),
            ("base", "usage"),
            ("burns", "1"),
            ("Reserve", "30"),
            ("reserved", "30"),
            ("max_replicas", "30"),
            ("target-utilisation", "85%"),
        ] {
            let name = format!("oppscale.dev/{name}");
            assert!(of(&[(&name, value)]).is_err(), "{name}={value}");
        }
        assert!(
            of(&[("oppscale.dev/reserve", "1"), ("oppscale.dev/target-utilization", "9%")])
                .unwrap_err()
                .contains("keep one")
        );
        let long = "9".repeat(100_000);
        for name in ["reserve", "weight", "max-replicas"] {
            let error = of(&[(&format!("oppscale.dev/{name}"), &long)]).unwrap_err();
            assert!(error.len() < 200, "{} characters", error.len());
        }
        assert_eq!(
            of(&[("oppscale.dev/weight", "many")]).unwrap_err(),
            "annotation oppscale.dev/weight: \"many\" is not a whole number from 1 to 1000000"
        );
    }

    #[test]
    fn limits_of_a_namespace() {
        let of = |annotations: &[(&str, &str)]| {
            NamespaceLimits::of(annotations.iter().copied()).map_err(|error| error.to_string())
        };
        let default = NamespaceLimits { max_priority: 0, max_weight: 100, max_share: WHOLE };
        assert_eq!(of(&[("team", "x"), ("oppscale.dev/note", "why")]), Ok(default));
        let limits = of(&[
            ("oppscale.dev/max-priority", "-5"),
            ("oppscale.dev/max-weight", "300"),
            ("oppscale.dev/max-share", "12.5%"),
        ]);
        let expected = NamespaceLimits { max_priority: -5, max_weight: 300, max_share: WHOLE / 8 };
        assert_eq!(limits, Ok(expected));
        for (name, value) in [
            ("max-priority", "high"),
            ("max-priority", "1000001"),
            ("max-weight", "0"),
            ("max-share", "0.5"),
            ("max-share", "101%"),
            ("max_share", "50%"),
            ("maxPriority", "1"),
        ] {
            assert!(of(&[(&format!("oppscale.dev/{name}"), value)]).is_err(), "{name}={value}");
        }
    }
}
