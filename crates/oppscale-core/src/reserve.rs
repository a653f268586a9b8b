//! What must stay free: cores, a share of allocatable, or a target utilisation.

use std::fmt;
use std::str::FromStr;

use super::quantity::Quantity;
use super::resources::{Amount, CPU, MEMORY, Resources};

/// Nano-units in a whole: a share of 1 is everything.
const WHOLE: i128 = 1_000_000_000;

/// What opportunistic work must leave free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserve {
    /// This many millicores of cpu.
    Cpu(i64),
    /// This share of the allocatable cpu and memory of the usable nodes, in billionths.
    Share(i128),
}

/// Why a text is no reserve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: {problem}")]
pub struct ReserveError {
    text: String,
    what: &'static str,
    problem: String,
}

impl Default for Reserve {
    fn default() -> Self {
        Self::Cpu(0)
    }
}

impl Reserve {
    /// The reserve that keeps the cluster at a utilisation such as `85%`.
    ///
    /// # Errors
    /// When `text` is no percentage from 0 to 100.
    pub fn from_target_utilization(text: &str) -> Result<Self, ReserveError> {
        let what = "target utilisation";
        let error = |problem: &str| ReserveError {
            text: text.to_owned(),
            what,
            problem: problem.to_owned(),
        };
        let percent =
            text.strip_suffix('%').ok_or_else(|| error("expected a percentage such as 85%"))?;
        Ok(Self::Share(WHOLE - share(percent).map_err(|problem| error(&problem))?))
    }

    /// What is held back of `allocatable`, rounded up.
    pub fn of(self, allocatable: &Resources) -> Resources {
        match self {
            Self::Cpu(milli) => Resources::default().with(CPU, Amount::from(milli)),
            Self::Share(share) => [CPU, MEMORY].iter().fold(Resources::default(), |held, name| {
                let amount = allocatable.get(name) * share;
                held.with(name, amount / WHOLE + Amount::from(amount % WHOLE != 0))
            }),
        }
    }
}

impl FromStr for Reserve {
    type Err = ReserveError;

    /// Reads `30`, `500m` (cores) or `15%` (a share of allocatable).
    fn from_str(text: &str) -> Result<Self, ReserveError> {
        let error =
            |problem: String| ReserveError { text: text.to_owned(), what: "reserve", problem };
        if let Some(percent) = text.strip_suffix('%') {
            return share(percent).map(Self::Share).map_err(error);
        }
        let cores = cores(text).map_err(error)?;
        Ok(Self::Cpu(cores))
    }
}

impl fmt::Display for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(milli) => write!(f, "{}", Quantity::from_milli(*milli)),
            Self::Share(share) => {
                let percent = share * 100;
                let (whole, rest) = (percent / WHOLE, percent % WHOLE);
                match rest {
                    0 => write!(f, "{whole}%"),
                    _ => write!(f, "{}%", format!("{whole}.{rest:09}").trim_end_matches('0')),
                }
            }
        }
    }
}

fn cores(text: &str) -> Result<i64, String> {
    let quantity = strict(text, "expected cores (30, 500m) or a share (15%)")?;
    let milli = quantity.milli_value();
    if milli.saturated {
        return Err("is out of range".to_owned());
    }
    Ok(milli.value)
}

fn share(percent: &str) -> Result<i128, String> {
    let expected = "expected a percentage from 0% to 100%";
    let nanos = strict(percent, expected)?.nanos();
    if !percent.bytes().all(|b| b.is_ascii_digit() || b == b'.') || nanos > 100 * WHOLE {
        return Err(expected.to_owned());
    }
    Ok(nanos / 100)
}

/// A quantity that a person typed: starts with a digit and is not negative. What an API
/// server forgives (`.`, `+`) is a slip here.
pub(super) fn strict(text: &str, expected: &str) -> Result<Quantity, String> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(expected.to_owned());
    }
    text.parse::<Quantity>().map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_shares_and_targets_say_the_same() {
        let allocatable = Resources::default().with(CPU, 184_000).with(MEMORY, 1001);
        let held = |reserve: &str| reserve.parse::<Reserve>().unwrap().of(&allocatable);
        assert_eq!(held("30").get(CPU), 30_000);
        assert_eq!(held("30").get(MEMORY), 0);
        assert_eq!(held("15%").get(CPU), 27_600);
        assert_eq!(held("15%").get(MEMORY), 151, "rounded up");
        let target = Reserve::from_target_utilization("85%").unwrap();
        assert_eq!(target, "15%".parse().unwrap());
        assert_eq!(target.to_string(), "15%");
        assert_eq!("12.5%".parse::<Reserve>().unwrap().to_string(), "12.5%");
    }

    #[test]
    fn slips_are_refused() {
        for bad in ["", "-1", "+1", ".", "101%", "%", "1m%", "30 cores", "1e99"] {
            assert!(bad.parse::<Reserve>().is_err(), "{bad}");
        }
        assert!(Reserve::from_target_utilization("85").is_err());
    }
}
