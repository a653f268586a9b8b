//! Amounts of resources as the scheduler counts them: integers, per resource name.
//!
//! CPU is in millicores, everything else in whole units (bytes or a count). These are
//! the units of kube-scheduler's `framework.Resource`, to which a pod's exact
//! quantities are rounded up once, after they have been summed.

use std::borrow::Cow;
use std::fmt;

/// An integer amount: millicores of cpu, bytes of memory and storage, or a count.
///
/// A single footprint stays within `i64`; the width is for sums over a cluster.
pub type Amount = i128;

/// The name of the resource `cpu`.
pub const CPU: &str = "cpu";
/// The name of the resource `memory`.
pub const MEMORY: &str = "memory";
/// The name of the resource `pods`: how many pods a node takes.
pub const PODS: &str = "pods";

/// Unit in which a resource is counted and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a core.
    Millicores,
    /// Bytes.
    Bytes,
    /// A plain number: pods, GPUs, other devices.
    Count,
}

/// The unit of the resource `name`.
pub fn unit_of(name: &str) -> Unit {
    match name {
        CPU => Unit::Millicores,
        MEMORY | "ephemeral-storage" | "storage" => Unit::Bytes,
        _ if name.starts_with("hugepages-") => Unit::Bytes,
        _ => Unit::Count,
    }
}

/// A vector of amounts, one per resource name. A resource not named is 0.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Resources {
    cpu: Amount,
    memory: Amount,
    pods: Amount,
    /// Sorted by name; amounts of 0 are kept out, so that equal vectors are equal.
    others: Vec<(Box<str>, Amount)>,
}

impl Resources {
    /// The amount of `name`, 0 when there is none.
    pub fn get(&self, name: &str) -> Amount {
        match name {
            CPU => self.cpu,
            MEMORY => self.memory,
            PODS => self.pods,
            _ => match self.position(name) {
                Ok(at) => self.others[at].1,
                Err(_) => 0,
            },
        }
    }

    /// The amounts of cpu, memory and pods, which every node lists.
    pub(crate) fn basics(&self) -> [Amount; 3] {
        [self.cpu, self.memory, self.pods]
    }

    /// Sets the amount of `name`.
    pub fn set(&mut self, name: &str, amount: Amount) {
        self.update(name, |_| amount);
    }

    /// Changes the amount of `name`.
    fn update(&mut self, name: &str, change: impl FnOnce(Amount) -> Amount) {
        match name {
            CPU => self.cpu = change(self.cpu),
            MEMORY => self.memory = change(self.memory),
            PODS => self.pods = change(self.pods),
            _ => match self.position(name) {
                Ok(at) => match change(self.others[at].1) {
                    0 => drop(self.others.remove(at)),
                    changed => self.others[at].1 = changed,
                },
                Err(at) => match change(0) {
                    0 => {}
                    amount => {
                        // Thousands of nodes keep a few for good.
                        self.others.reserve_exact(1);
                        self.others.insert(at, (name.into(), amount));
                    }
                },
            },
        }
    }

    /// The same vector with `name` set to `amount`.
    #[must_use]
    pub fn with(mut self, name: &str, amount: Amount) -> Self {
        self.set(name, amount);
        self
    }

    /// Adds every amount of `other`.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, |a, b| a + b);
    }

    /// Subtracts every amount of `other`; results may be negative.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |a, b| a - b);
    }

    /// This vector less `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        difference.subtract(other);
        difference
    }

    fn combine(&mut self, other: &Self, op: impl Fn(Amount, Amount) -> Amount) {
        self.cpu = op(self.cpu, other.cpu);
        self.memory = op(self.memory, other.memory);
        self.pods = op(self.pods, other.pods);
        for (name, amount) in &other.others {
            self.update(name, |own| op(own, *amount));
        }
    }

    /// The vector with `change` applied to each amount.
    #[must_use]
    pub fn map(&self, change: impl Fn(Amount) -> Amount) -> Self {
        let mut changed = Self::default();
        for (name, amount) in self.iter() {
            changed.set(name, change(amount));
        }
        changed
    }

    /// The vector without the amounts of `names`.
    pub fn without<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Cow<'_, Self> {
        let mut stripped = Cow::Borrowed(self);
        for name in names {
            if self.get(name) != 0 {
                stripped.to_mut().set(name, 0);
            }
        }
        stripped
    }

    /// Every named amount: cpu, memory and pods always, then the others by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Amount)> {
        [(CPU, self.cpu), (MEMORY, self.memory), (PODS, self.pods)]
            .into_iter()
            .chain(self.others.iter().map(|(name, amount)| (&**name, *amount)))
    }

    /// The amounts that are not 0.
    pub fn present(&self) -> impl Iterator<Item = (&str, Amount)> {
        self.iter().filter(|(_, amount)| *amount != 0)
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.others.binary_search_by(|(other, _)| (**other).cmp(name))
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.present()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_returns_to_zero_leaves_an_equal_vector() {
        let gpu = Resources::default().with("nvidia.com/gpu", 2);
        let mut sum = Resources::default().with(CPU, 250);
        let before = sum.clone();
        sum.add(&gpu);
        assert_eq!(sum.get("nvidia.com/gpu"), 2);
        sum.subtract(&gpu);
        assert_eq!(sum, before);
    }

    #[test]
    fn a_difference_may_be_negative() {
        let free =
            Resources::default().with(MEMORY, 1).minus(&Resources::default().with(MEMORY, 3));
        assert_eq!(free.get(MEMORY), -2);
    }

    #[test]
    fn hugepages_and_storage_are_bytes_and_devices_are_counted() {
        assert_eq!(unit_of("hugepages-2Mi"), Unit::Bytes);
        assert_eq!(unit_of("ephemeral-storage"), Unit::Bytes);
        assert_eq!(unit_of("nvidia.com/gpu"), Unit::Count);
    }
}
