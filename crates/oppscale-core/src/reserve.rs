//! What must stay free: amounts or shares of resources, and places for paid pods.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::devices::{IMPLICIT_PREFIX, class_of, resource_of};
use super::hole::Hole;
use super::names::is_qualified_name;
use super::quantity::Quantity;
use super::resources::{Amount, CPU, MEMORY, PODS, Resources, Unit, unit_of};
use super::units::{WHOLE, amount_of, parse_percent, parse_quantity, percentage, quantity_text};

/// Capacity that opportunistic work must leave free.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reserve {
    /// By resource. None of them is 0. Each count copies the reserves of all workloads.
    portions: Arc<BTreeMap<Box<str>, Portion>>,
    hole: Option<Hole>,
}

/// Part of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Portion {
    /// An amount.
    Amount(i64),
    /// A share of what usable nodes have allocatable, in billionths.
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

const PERCENTAGE: &str = "expected a percentage from 0% to 100%";
const EXPECTED: &str = "expected cores (30, 500m), a share (15%), amounts \
                        (cpu=30,memory=64Gi,nvidia.com/gpu=1) or a place for a pod (pod:cpu=4)";

impl Reserve {
    /// This many millicores of cpu.
    pub fn cpu(milli: i64) -> Self {
        Self::from_portions([(CPU, Portion::Amount(milli))])
    }

    /// This share of cpu and memory, in billionths.
    pub fn share(share: i128) -> Self {
        Self::from_portions([CPU, MEMORY].map(|name| (name, Portion::Share(share))))
    }

    /// The reserve that keeps the cluster at a utilisation such as `85%`.
    ///
    /// # Errors
    /// When `text` is no percentage from 0 to 100.
    pub fn from_target_utilization(text: &str) -> Result<Self, ReserveError> {
        let what = "target utilisation";
        let error =
            |problem: &str| ReserveError { text: text.to_owned(), what, problem: problem.into() };
        let number =
            text.strip_suffix('%').ok_or_else(|| error("expected a percentage such as 85%"))?;
        Ok(Self::share(WHOLE - parse_percent(number).ok_or_else(|| error(PERCENTAGE))?))
    }

    /// The same with this many millicores of cpu.
    #[must_use]
    pub fn with_cpu(mut self, milli: i64) -> Self {
        let portions = Arc::make_mut(&mut self.portions);
        portions.insert(CPU.into(), Portion::Amount(milli));
        portions.retain(|_, portion| !portion.is_nothing());
        self
    }

    fn from_portions<'n>(portions: impl IntoIterator<Item = (&'n str, Portion)>) -> Self {
        let portions = portions.into_iter().filter(|(_, portion)| !portion.is_nothing());
        let portions = portions.map(|(name, portion)| (name.into(), portion));
        Self { portions: Arc::new(portions.collect()), hole: None }
    }

    /// The places for paid pods that must stay free, if any. They are a part of the amounts.
    pub fn hole(&self) -> Option<&Hole> {
        self.hole.as_ref()
    }

    /// Millicores of cpu, if it is an amount of cpu and nothing else.
    pub fn cpu_alone(&self) -> Option<i64> {
        match (self.portions.len(), self.portions.get(CPU), &self.hole) {
            (0, _, None) => Some(0),
            (1, Some(Portion::Amount(milli)), None) => Some(*milli),
            _ => None,
        }
    }

    /// The resources of which something is held back.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        let hole = self.hole.iter().flat_map(|hole| hole.pod.footprint().present());
        self.portions.keys().map(|name| &**name).chain(hole.map(|(name, _)| name))
    }

    /// Amounts that are held back of `allocatable`, rounded up: of each resource the larger of its
    /// portion and what its places for paid pods take.
    pub fn of(&self, allocatable: &Resources) -> Resources {
        let mut held = Resources::default();
        for (name, portion) in &*self.portions {
            let amount = match portion {
                Portion::Amount(amount) => Amount::from(*amount),
                Portion::Share(share) => {
                    let amount = allocatable.get(name) * share;
                    // A remainder would take a second division of 128 bits.
                    let part = amount / WHOLE;
                    part + Amount::from(part * WHOLE != amount)
                }
            };
            held.set(name, amount);
        }
        if let Some(hole) = &self.hole {
            let amounts = hole.pod.footprint().present().filter(|(name, _)| *name != PODS);
            for (name, amount) in amounts {
                held.set(name, held.get(name).max(amount * Amount::from(hole.count)));
            }
        }
        held
    }
}

impl Portion {
    fn is_nothing(self) -> bool {
        matches!(self, Self::Amount(0) | Self::Share(0))
    }

    /// Reads `30`, `64Gi` or `15%` of the resource `name`.
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        if let Some(number) = text.strip_suffix('%') {
            return parse_percent(number).map(Self::Share).ok_or_else(|| PERCENTAGE.to_owned());
        }
        let quantity = parse_quantity(text).ok_or(EXPECTED)?;
        let amount = amount_of(name, quantity).and_then(|amount| i64::try_from(amount).ok());
        let amount = amount.ok_or_else(|| format!("{name} is out of range"))?;
        if name != CPU && unit_of(name) == Unit::Count && quantity.milli_value().value % 1000 != 0 {
            return Err(format!("{name} is counted in whole units"));
        }
        Ok(Self::Amount(amount))
    }
}

impl FromStr for Reserve {
    type Err = ReserveError;

    /// Reads cores (`30`, `500m`), a share of cpu and memory (`15%`), amounts or shares of any
    /// resource (`cpu=30,memory=64Gi,nvidia.com/gpu=10%`), places for paid pods
    /// (`2xpod:cpu=4,memory=8Gi`), or both (`15%+pod:cpu=4`).
    fn from_str(text: &str) -> Result<Self, ReserveError> {
        let error = |problem| ReserveError { text: text.to_owned(), what: "reserve", problem };
        let (portions, hole) = Hole::split(text).map_err(error)?;
        let mut read: Vec<(Cow<'_, str>, Portion)> = Vec::new();
        let parts = portions.map(|portions| portions.split(','));
        for part in parts.into_iter().flatten() {
            let (names, amount): (Vec<Cow<'_, str>>, _) = match part.split_once('=') {
                Some((name, amount)) => {
                    check_name(name).map_err(error)?;
                    // Devices have one name each, whichever way they are asked for.
                    let class = name.strip_prefix(IMPLICIT_PREFIX).map(resource_of);
                    (vec![class.map_or(name.into(), Cow::Owned)], amount)
                }
                None if part.ends_with('%') => (vec![CPU.into(), MEMORY.into()], part),
                None => (vec![CPU.into()], part),
            };
            for name in names {
                if read.iter().any(|(known, _)| *known == name) {
                    return Err(error(format!("{name} is given twice")));
                }
                let portion = Portion::parse(&name, amount).map_err(error)?;
                read.push((name, portion));
            }
        }
        let read = read.iter().map(|(name, portion)| (&**name, *portion));
        Ok(Self { hole, ..Self::from_portions(read) })
    }
}

/// Fails if no node can have a resource of this name: its reserve would keep nothing free.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_native = matches!(name, CPU | MEMORY | PODS | "ephemeral-storage")
        || name.strip_prefix("hugepages-").is_some_and(|size| !size.is_empty());
    let is_extended = name.contains('/') && is_qualified_name(name);
    let is_device = class_of(name).is_some_and(|class| !class.is_empty());
    if is_native || is_extended || is_device {
        return Ok(());
    }
    Err(match name {
        "" => EXPECTED.to_owned(),
        name => format!(
            "nodes have no resource {name:?}: expected cpu, memory, ephemeral-storage, pods, \
             hugepages-2Mi or a name with a domain, such as nvidia.com/gpu"
        ),
    })
}

impl fmt::Display for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |name: &str| match self.portions.get(name) {
            Some(Portion::Share(share)) => Some(*share),
            _ => None,
        };
        let shared = share(CPU).filter(|share_of_cpu| share(MEMORY) == Some(*share_of_cpu));
        let mut parts: Vec<String> = shared.map(percentage).into_iter().collect();
        for (name, portion) in &*self.portions {
            parts.push(match (&**name, portion) {
                (CPU | MEMORY, _) if shared.is_some() => continue,
                (CPU, Portion::Amount(milli)) if self.portions.len() == 1 => {
                    Quantity::from_milli(*milli).to_string()
                }
                (_, Portion::Amount(amount)) => {
                    format!("{name}={}", quantity_text(name, (*amount).into()))
                }
                (_, Portion::Share(share)) => format!("{name}={}", percentage(*share)),
            });
        }
        let portions = (!parts.is_empty()).then(|| parts.join(","));
        match (portions, &self.hole) {
            (None, None) => f.write_str("0"),
            (Some(portions), None) => f.write_str(&portions),
            (None, Some(hole)) => write!(f, "{hole}"),
            (Some(portions), Some(hole)) => write!(f, "{portions}+{hole}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GPU: &str = "nvidia.com/gpu";

    #[test]
    fn cores_shares_and_targets_say_the_same() {
        let allocatable = Resources::default().with(CPU, 184_000).with(MEMORY, 1001).with(GPU, 11);
        let held = |reserve: &str| reserve.parse::<Reserve>().unwrap().of(&allocatable);
        assert_eq!(held("30").get(CPU), 30_000);
        assert_eq!(held("30").get(MEMORY), 0);
        assert_eq!(held("15%").get(CPU), 27_600);
        assert_eq!(held("15%").get(MEMORY), 151, "rounded up");
        let target = Reserve::from_target_utilization("85%").unwrap();
        assert_eq!(target, "15%".parse().unwrap());
        assert_eq!(held("cpu=30,memory=64Gi").get(MEMORY), 64 << 30);
        assert_eq!(held("cpu=500m"), held("500m"));
        assert_eq!(held("memory=1Ki").get(MEMORY), 1024);
        assert_eq!(held("nvidia.com/gpu=2").get(GPU), 2);
        assert_eq!(held("nvidia.com/gpu=10%").get(GPU), 2, "rounded up");
        assert_eq!(held("15%,nvidia.com/gpu=1"), held("15%").with(GPU, 1));
    }

    #[test]
    fn places_for_pods_are_a_part_of_the_amounts() {
        let allocatable = Resources::default().with(CPU, 100_000).with(MEMORY, 1000);
        let held = |reserve: &str| reserve.parse::<Reserve>().unwrap().of(&allocatable);
        assert_eq!(held("pod:cpu=4"), held("4"));
        assert_eq!(held("3xpod:cpu=4,memory=1Ki"), held("cpu=12,memory=3Ki"));
        assert_eq!(held("15%+2xpod:cpu=4"), held("15%"));
        assert_eq!(held("1%+2xpod:cpu=4,nvidia.com/gpu=1").get(CPU), 8000);
        assert_eq!(held("1%+2xpod:cpu=4,nvidia.com/gpu=1").get(MEMORY), 10);
        assert_eq!(held("1%+2xpod:cpu=4,nvidia.com/gpu=1").get(GPU), 2);
    }

    #[test]
    fn a_reserve_is_written_as_it_is_read() {
        for text in [
            "0",
            "30",
            "500m",
            "15%",
            "12.5%",
            "cpu=15%",
            "cpu=30,memory=64Gi",
            "memory=64Gi",
            "nvidia.com/gpu=1",
            "15%,nvidia.com/gpu=1",
            "cpu=1,memory=15%,nvidia.com/gpu=50%,pods=10",
            "cpu=30,ephemeral-storage=100Gi,hugepages-2Mi=64Mi",
            "pod:cpu=4",
            "2xpod:cpu=4,memory=8Gi",
            "30+pod:cpu=4",
            "15%,nvidia.com/gpu=1+10xpod:cpu=500m,nvidia.com/gpu=1",
        ] {
            assert_eq!(text.parse::<Reserve>().unwrap().to_string(), text);
        }
        for (text, written) in
            [("0%", "0"), ("cpu=0", "0"), ("cpu=30", "30"), ("1xpod:cpu=4", "pod:cpu=4")]
        {
            assert_eq!(text.parse::<Reserve>().unwrap().to_string(), written, "{text}");
        }
        assert_eq!("cpu=30".parse::<Reserve>().unwrap(), Reserve::cpu(30_000));
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
            "=1",
            "gpu=1",
            "CPU=1",
            "mem=1Gi",
            "/gpu=1",
            "nvidia.com/=1",
            "nvidia.com/gpu",
            "nvidia.com/gpu=500m",
            "nvidia.com/gpu=-1",
            "nvidia.com/gpu=101%",
            "hugepages-=1",
            "cpu=1,cpu=2",
            "30,cpu=2",
            "15%,memory=1",
            "memory=1,",
            "pod:",
            "pod:4",
            "pod:cpu=0",
            "pod:cpu=15%",
            "pod:gpu=1",
            "pod:pods=1",
            "0xpod:cpu=4",
            "11xpod:cpu=4",
            "-1xpod:cpu=4",
            "xpod:cpu=4",
            "2pod:cpu=4",
            "+pod:cpu=4",
            "15%,pod:cpu=4",
            "pod:cpu=4+15%",
            "pod:cpu=4+pod:cpu=2",
        ] {
            assert!(bad.parse::<Reserve>().is_err(), "{bad}");
        }
        assert!(Reserve::from_target_utilization("85").is_err());
    }
}
