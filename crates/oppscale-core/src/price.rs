//! Costs of capacity: prices that the user states, times amounts.

use std::str::FromStr;

use super::headroom::NodeHeadroom;
use super::resources::{Amount, Resources, Unit, unit_of};

/// Hours of a month: 365 days of 24 hours in twelve parts.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// The highest price of an hour. Above, what a large cluster costs in a month has no digits left.
const MAX_PRICE: f64 = 1e6;

/// Prices of one hour, of a pool or of all pools that have none of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    pool: Option<String>,
    /// By resource: of a core, of a GiB, of a device.
    of: Vec<(String, f64)>,
}

/// Monthly cost of the nodes of a cluster or a pool.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Cost of all of allocatable.
    pub allocatable: f64,
    /// The part that no paid pod requests.
    pub idle: f64,
    /// The part of that which fillers request.
    pub opportunistic: f64,
}

impl FromStr for Price {
    type Err = String;

    /// Reads `cpu=0.031,memory=0.004,nvidia.com/gpu=2.1,pool=batch`.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected prices per hour: cpu=0.031,memory=0.004[,gpu=2][,pool=NAME]";
        let mut price = Self { pool: None, of: Vec::new() };
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or(expected)?;
            if name == "pool" {
                if price.pool.replace(value.to_owned()).is_some() {
                    return Err("pool is given twice".to_owned());
                }
                continue;
            }
            let amount = value.parse().ok();
            let amount = amount.filter(|amount| (0.0..=MAX_PRICE).contains(amount));
            let amount = amount.filter(|_| !name.is_empty()).ok_or(expected)?;
            if price.of.iter().any(|(known, _)| known == name) {
                return Err(format!("{name} is given twice"));
            }
            price.of.push((name.to_owned(), amount));
        }
        if price.of.is_empty() { Err(expected.to_owned()) } else { Ok(price) }
    }
}

impl Price {
    /// The pool whose prices these are; `None` for those of pools that have none of their own.
    pub fn pool(&self) -> Option<&str> {
        self.pool.as_deref()
    }

    /// What has a price: a resource, or the end of its name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.of.iter().map(|(name, _)| name.as_str())
    }

    /// Whether `name` has the price of `resource`: `gpu` stands for every resource that ends in
    /// `/gpu`.
    pub fn is_of(name: &str, resource: &str) -> bool {
        name == resource || resource.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'))
    }

    /// Cost of `amounts` per hour.
    fn per_hour(&self, amounts: &Resources) -> f64 {
        let price = |resource: &str| {
            let price = self.of.iter().find(|(name, _)| Self::is_of(name, resource));
            price.map_or(0.0, |(_, price)| *price)
        };
        amounts.present().map(|(name, amount)| price(name) * units(name, amount)).sum()
    }
}

/// Monthly cost of `nodes`. Nodes of which something is unknown, and nodes of pools without a
/// price, cost nothing.
pub fn cost<'n>(prices: &[Price], nodes: impl Iterator<Item = &'n NodeHeadroom>) -> Cost {
    let mut cost = Cost::default();
    for node in nodes {
        let own = prices.iter().find(|price| price.pool.as_deref() == Some(node.pool(None)));
        let Some(price) = own.or(prices.iter().find(|price| price.pool.is_none())) else {
            continue;
        };
        let month = |amounts: &Resources| price.per_hour(amounts) * HOURS_PER_MONTH;
        let (Some(allocatable), Some(remaining), Some(opportunistic)) =
            (&node.allocatable, node.remaining(), &node.opportunistic)
        else {
            continue;
        };
        cost.allocatable += month(allocatable);
        cost.idle += month(&remaining.map(|amount| amount.max(0)));
        cost.opportunistic += month(opportunistic);
    }
    cost
}

/// Cores, GiB or devices.
fn units(name: &str, amount: Amount) -> f64 {
    let amount = amount as f64;
    match unit_of(name) {
        Unit::Millicores => amount / 1000.0,
        Unit::Bytes => amount / f64::from(1 << 30),
        Unit::Count => amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{CPU, MEMORY};

    #[test]
    fn an_hour_costs_cores_gibibytes_and_devices() {
        let amounts = Resources::default()
            .with(CPU, 2500)
            .with(MEMORY, 4 << 30)
            .with("nvidia.com/gpu", 2)
            .with("ephemeral-storage", 1 << 40);
        let price: Price = "cpu=0.04,memory=0.005,gpu=2".parse().unwrap();
        assert!((price.per_hour(&amounts) - (0.1 + 0.02 + 4.0)).abs() < 1e-9);
    }

    #[test]
    fn slips_are_refused() {
        for bad in [
            "",
            "cpu",
            "cpu=",
            "cpu=-1",
            "cpu=inf",
            "pool=a",
            "=1",
            "cpu=1e308",
            "cpu=NaN",
            "cpu=1,cpu=2",
            "cpu=1,pool=a,pool=b",
        ] {
            assert!(bad.parse::<Price>().is_err(), "{bad}");
        }
    }
}
