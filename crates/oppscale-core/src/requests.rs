//! Exact requests on their way to a footprint: a list of names and quantities.

use super::malformed::{Malformed, Problem};
use super::model::{RawQuantity, ResourceList};
use super::quantity::Quantity;
use super::resources::{Amount, Resources};
use super::units::amount_of;

/// The integer amount of the resource `name` that a resource list states.
///
/// # Errors
/// On a text that is no quantity, on a negative one, which no API server accepts, and on one
/// beyond `i64`.
pub fn amount_in(name: &str, raw: &RawQuantity<'_>) -> Result<Amount, Problem> {
    amount_of(name, quantity_of(raw)?).ok_or_else(|| out_of_range(raw))
}

fn quantity_of(raw: &RawQuantity<'_>) -> Result<Quantity, Problem> {
    let quantity: Quantity = raw.as_str().parse()?;
    if quantity.is_negative() {
        return Err(Problem::Negative(raw.as_str().to_owned()));
    }
    if quantity.is_saturated() {
        return Err(out_of_range(raw));
    }
    Ok(quantity)
}

fn out_of_range(raw: &RawQuantity<'_>) -> Problem {
    Problem::OutOfRange(raw.as_str().to_owned())
}

/// Names and exact quantities. A name that is absent is not the same as one that is 0.
#[derive(Debug, Clone, Default)]
pub struct Requests<'a>(Vec<(&'a str, Quantity)>);

impl<'a> Requests<'a> {
    /// Parses a resource list; `path` names it in an error.
    ///
    /// # Errors
    /// As [`amount_in`].
    pub fn parse(list: &'a ResourceList<'_>, path: impl Fn() -> String) -> Result<Self, Malformed> {
        let mut requests = Vec::new();
        for (name, raw) in list.iter() {
            let quantity =
                quantity_of(raw).map_err(|p| Malformed::new(format!("{}.{name}", path()), p))?;
            requests.push((name, quantity));
        }
        Ok(Self(requests))
    }

    /// The quantity of `name`, if it is named at all.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, quantity)| *quantity)
    }

    /// Sets the quantity of `name`.
    pub fn set(&mut self, name: &'a str, quantity: Quantity) {
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = quantity,
            None => self.0.push((name, quantity)),
        }
    }

    /// Adds every quantity of `other`.
    pub fn add(&mut self, other: &Self) {
        for (name, quantity) in other.iter() {
            let sum = self.get(name).map_or(quantity, |old| old.saturating_add(quantity));
            self.set(name, sum);
        }
    }

    /// Raises each quantity to that of `other` where `other`'s is greater.
    pub fn raise_to(&mut self, other: &Self) {
        for (name, quantity) in other.iter() {
            if self.get(name).is_none_or(|old| old < quantity) {
                self.set(name, quantity);
            }
        }
    }

    /// Every name and quantity.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Quantity)> {
        self.0.iter().copied()
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rounds up to the scheduler's integers: millicores for cpu, units for the rest
    /// (`framework.Resource.Add`).
    ///
    /// # Errors
    /// When an amount is beyond `i64`, where upstream wraps around silently.
    pub fn to_resources(&self) -> Result<Resources, Malformed> {
        let mut resources = Resources::default();
        for (name, quantity) in self.iter() {
            let amount = amount_of(name, quantity)
                .ok_or_else(|| Malformed::new(name, Problem::OutOfRange(quantity.to_string())))?;
            resources.set(name, amount);
        }
        Ok(resources)
    }
}
