//! What a workload's annotations say of how much it may take.
//!
//! | annotation | value | default |
//! |---|---|---|
//! | `oppscale.dev/reserve` | cores (`30`, `500m`) or a share (`15%`) that stay free | nothing |
//! | `oppscale.dev/target-utilization` | `85%`: the same as a reserve of 15 % | |
//! | `oppscale.dev/max-replicas` | the most replicas that are offered | no limit |
//! | `oppscale.dev/weight` | 1 to 1000000: the share beside workloads of the same priority | 100 |
//! | `oppscale.dev/priority` | -1000000 to 1000000: the higher one takes first | 0 |
//!
//! An annotation that cannot be read is an error and never a default: a slip in `reserve`
//! would otherwise fill the cluster to the brim.

use super::nearest::{distance, letters};
use super::reserve::Reserve;

/// What the names of all these annotations begin with.
pub const PREFIX: &str = "oppscale.dev/";

const KNOWN: [&str; 5] = ["reserve", "target-utilization", "max-replicas", "weight", "priority"];
/// The weight of a workload that does not say: room for lighter ones.
const DEFAULT_WEIGHT: u32 = 100;
/// Keeps products of weights and costs within 128 bits, and is more than anybody needs.
const LARGEST: i64 = 1_000_000;

/// How much a workload may take, and before whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What must stay free while it takes one more replica.
    pub reserve: Reserve,
    /// The most replicas that are offered to it.
    pub max_replicas: Option<u32>,
    /// Its share beside others of the same priority. Never 0.
    pub weight: u32,
    /// Who takes first: the higher one.
    pub priority: i32,
}

/// An annotation that cannot be read.
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
        }
    }
}

impl Policy {
    /// Reads the policy among a workload's annotations, as `(name, value)`.
    ///
    /// # Errors
    /// On the first annotation, in the order given, that cannot be read, contradicts
    /// another, or looks like a slip of a known name.
    pub fn of<'a>(
        annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        let mut reserve = None;
        for (name, value) in annotations {
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let error = |problem: String| PolicyError { name: name.to_owned(), problem };
            let value = value.trim();
            match name {
                "reserve" | "target-utilization" => {
                    let read = match name {
                        "reserve" => value.parse(),
                        _ => Reserve::from_target_utilization(value),
                    };
                    if reserve.is_some() {
                        let problem = "reserve and target-utilization say the same; keep one";
                        return Err(error(problem.to_owned()));
                    }
                    reserve = Some(read.map_err(|problem| error(problem.to_string()))?);
                }
                "max-replicas" => {
                    // 0 stops the workload, which is something to want.
                    let most = i64::from(i32::MAX);
                    policy.max_replicas = Some(whole(value, 0, most).map_err(error)? as u32);
                }
                "weight" => policy.weight = whole(value, 1, LARGEST).map_err(error)? as u32,
                "priority" => {
                    policy.priority = whole(value, -LARGEST, LARGEST).map_err(error)? as i32;
                }
                _ => {
                    if let Some(meant) = KNOWN.iter().find(|known| is_slip(name, known)) {
                        return Err(error(format!("is not known; is {PREFIX}{meant} meant?")));
                    }
                }
            }
        }
        policy.reserve = reserve.unwrap_or_default();
        Ok(policy)
    }
}

fn whole(text: &str, least: i64, most: i64) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = text.parse().ok().filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()));
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{text:?} is not a whole number from {least} to {most}"))
}

/// Whether `text` is `known` but for upper case, separators, or two letters.
fn is_slip(text: &str, known: &str) -> bool {
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
        ]);
        let expected = Policy {
            reserve: "15%".parse().unwrap(),
            max_replicas: Some(150),
            weight: 300,
            priority: -5,
        };
        assert_eq!(policy.unwrap(), expected);
        let target = of(&[("oppscale.dev/target-utilization", "85%")]).unwrap();
        assert_eq!(target.reserve, expected.reserve);
    }

    #[test]
    fn a_slip_is_an_error_and_no_default() {
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
        assert_eq!(
            of(&[("oppscale.dev/weight", "many")]).unwrap_err(),
            "annotation oppscale.dev/weight: \"many\" is not a whole number from 1 to 1000000"
        );
    }
}
