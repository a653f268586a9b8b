//! What must stay free: cores, a share of allocatable, or a target utilisation.

use std::fmt;
use std::str::FromStr;

use super::quantity::Quantity;
use super::resources::{Amount, CPU, MEMORY, Resources};
use super::units::{WHOLE, amount_of, parse_percent, parse_quantity, percentage, quantity_text};

/// What opportunistic work must leave free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserve {
    /// This many millicores of cpu.
    Cpu(i64),
    /// This many millicores of cpu and bytes of memory.
    CpuAndMemory(i64, i64),
    /// This share of the allocatable cpu and memory of the usable nodes, in billionths.
    Share(i128),
}

/// Why a text is no reserve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: {problem}")]
pub struct ReserveError {
    text: String,
    what: &'static str,
    problem: &'static str,
}

const PERCENTAGE: &str = "expected a percentage from 0% to 100%";

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
        let error = |problem| ReserveError { text: text.to_owned(), what, problem };
        let number =
            text.strip_suffix('%').ok_or_else(|| error("expected a percentage such as 85%"))?;
        Ok(Self::Share(WHOLE - parse_percent(number).ok_or_else(|| error(PERCENTAGE))?))
    }

    /// What is held back of `allocatable`, rounded up.
    pub fn of(self, allocatable: &Resources) -> Resources {
        match self {
            Self::Cpu(milli) => Resources::default().with(CPU, Amount::from(milli)),
            Self::CpuAndMemory(milli, bytes) => Resources::default()
                .with(CPU, Amount::from(milli))
                .with(MEMORY, Amount::from(bytes)),
            Self::Share(share) => [CPU, MEMORY].iter().fold(Resources::default(), |held, name| {
                let amount = allocatable.get(name) * share;
                held.with(name, amount / WHOLE + Amount::from(amount % WHOLE != 0))
            }),
        }
    }
}

impl FromStr for Reserve {
    type Err = ReserveError;

    /// Reads `30`, `500m` (cores), `cpu=30,memory=64Gi` or `15%` (a share of allocatable).
    fn from_str(text: &str) -> Result<Self, ReserveError> {
        let error = |problem| ReserveError { text: text.to_owned(), what: "reserve", problem };
        if let Some(number) = text.strip_suffix('%') {
            return parse_percent(number).map(Self::Share).ok_or_else(|| error(PERCENTAGE));
        }
        if text.contains('=') {
            return amounts(text).map_err(error);
        }
        let cores = parse_quantity(text)
            .ok_or_else(|| error("expected cores (30, 500m), cpu=30,memory=64Gi or a share (15%)"))?
            .milli_value();
        if cores.saturated {
            return Err(error("is out of range"));
        }
        Ok(Self::Cpu(cores.value))
    }
}

/// Reads `cpu=30,memory=64Gi`; either may be left out.
fn amounts(text: &str) -> Result<Reserve, &'static str> {
    let (mut cpu, mut memory) = (None, None);
    for part in text.split(',') {
        let (name, quantity) = part.split_once('=').ok_or("expected cpu=30,memory=64Gi")?;
        let slot = match name {
            CPU => &mut cpu,
            MEMORY => &mut memory,
            _ => return Err("only cpu and memory can be reserved: cpu=30,memory=64Gi"),
        };
        let quantity = parse_quantity(quantity).ok_or("expected cpu=30,memory=64Gi")?;
        let amount = amount_of(name, quantity).and_then(|amount| i64::try_from(amount).ok());
        if slot.replace(amount.ok_or("is out of range")?).is_some() {
            return Err("a resource is given twice");
        }
    }
    Ok(match memory {
        None => Reserve::Cpu(cpu.unwrap_or(0)),
        Some(memory) => Reserve::CpuAndMemory(cpu.unwrap_or(0), memory),
    })
}

impl fmt::Display for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(milli) => write!(f, "{}", Quantity::from_milli(*milli)),
            Self::CpuAndMemory(milli, bytes) => {
                let cpu = Quantity::from_milli(*milli);
                write!(f, "cpu={cpu},memory={}", quantity_text(MEMORY, Amount::from(*bytes)))
            }
            Self::Share(share) => f.write_str(&percentage(*share)),
        }
    }
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
        let both = "cpu=30,memory=64Gi".parse::<Reserve>().unwrap();
        assert_eq!(both.to_string(), "cpu=30,memory=64Gi");
        assert_eq!(both.of(&allocatable).get(MEMORY), 64 << 30);
        assert_eq!(held("cpu=500m"), held("500m"));
        assert_eq!(held("memory=1Ki").get(MEMORY), 1024);
        assert_eq!("12.5%".parse::<Reserve>().unwrap().to_string(), "12.5%");
    }

    #[test]
    fn slips_are_refused() {
        for bad in [
            "",
            "-1",
            "+1",
            ".",
            "101%",
            "%",
            "1m%",
            "30 cores",
            "1e99",
            "cpu=",
            "gpu=1",
            "cpu=1,cpu=2",
            "memory=1,",
        ] {
            assert!(bad.parse::<Reserve>().is_err(), "{bad}");
        }
        assert!(Reserve::from_target_utilization("85").is_err());
    }
}
