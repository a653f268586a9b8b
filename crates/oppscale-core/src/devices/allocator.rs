//! Allocates devices on one node, as far as counting needs it.

use std::collections::HashMap;

use super::inventory::{DeviceId, DeviceInventory, PoolDevice};
use super::model::{DeviceToleration, ExactRequest};
use super::selector::{DeviceOfDriver, DeviceSelector};
use crate::quantity::Quantity;
use crate::resources::Amount;

/// Requirements of one device of a request.
#[derive(Debug, Clone)]
pub(super) struct DeviceRequirements<'r> {
    pub(super) class: usize,
    pub(super) selectors: Vec<DeviceSelector>,
    pub(super) tolerations: &'r [DeviceToleration],
    /// The capacity that is consumed of a shared device, by name.
    pub(super) capacity: Vec<(&'r str, Quantity)>,
}

impl DeviceRequirements<'_> {
    /// Any device of a class.
    pub(super) fn any_of(class: usize) -> Self {
        Self { class, selectors: Vec::new(), tolerations: &[], capacity: Vec::new() }
    }
}

impl<'r> DeviceRequirements<'r> {
    /// The requirements of `request`; `None` if it cannot be read.
    pub(super) fn of(request: &'r ExactRequest, class: usize) -> Option<Self> {
        let expressions = request.selectors.iter().map(|selector| selector.cel.as_ref());
        let selectors = expressions.map(|cel| Some(DeviceSelector::parse(&cel?.expression)));
        let capacity = request.capacity.iter().flat_map(|capacity| &capacity.requests);
        let capacity = capacity.map(|(name, text)| Some((name.as_str(), text.parse().ok()?)));
        Some(Self {
            class,
            selectors: selectors.collect::<Option<_>>()?,
            tolerations: &request.tolerations,
            capacity: capacity.collect::<Option<_>>()?,
        })
    }
}

/// Devices of a node that are allocated in a trial, beside those that are in fact.
#[derive(Debug, Clone)]
pub(super) struct Allocator<'i> {
    inventory: &'i DeviceInventory,
    devices: &'i [DeviceId],
    taken: HashMap<DeviceId, Vec<Vec<i128>>>,
    counters: HashMap<(usize, usize), i128>,
}

/// Why nothing is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AllocationFailure {
    /// No such device is left.
    Exhausted,
    /// It is unknown whether a device is selected.
    Unknown,
}

impl<'i> Allocator<'i> {
    /// An allocator of these devices, in their order.
    pub(super) fn new(inventory: &'i DeviceInventory, devices: &'i [DeviceId]) -> Self {
        Self { inventory, devices, taken: HashMap::new(), counters: HashMap::new() }
    }

    /// Allocates one device that `accepts` accepts.
    pub(super) fn allocate(
        &mut self,
        wanted: &DeviceRequirements<'_>,
        accepts: impl Fn(&str, &PoolDevice) -> bool,
    ) -> Result<DeviceId, AllocationFailure> {
        for id in self.devices {
            let Some(device) = self.inventory.device(*id) else { continue };
            let driver = self.inventory.driver(*id);
            if accepts(driver, device)
                && self.is_wanted(*id, device, wanted)?
                && self.take(*id, device, wanted)
            {
                return Ok(*id);
            }
        }
        Err(AllocationFailure::Exhausted)
    }

    /// The devices of the class that could be allocated one after the other, at most `most`.
    pub(super) fn count(
        mut self,
        class: usize,
        most: Amount,
    ) -> Result<Vec<DeviceId>, AllocationFailure> {
        let wanted = DeviceRequirements::any_of(class);
        let mut allocated = Vec::new();
        let devices = self.devices;
        for id in devices {
            let Some(device) = self.inventory.device(*id) else { continue };
            if !self.is_wanted(*id, device, &wanted)? {
                continue;
            }
            while (allocated.len() as Amount) < most && self.take(*id, device, &wanted) {
                allocated.push(*id);
            }
        }
        Ok(allocated)
    }

    /// Whether every device that is wanted is free, and how many there are.
    pub(super) fn allocate_all(
        &mut self,
        wanted: &DeviceRequirements<'_>,
    ) -> Result<(), AllocationFailure> {
        let mut found = false;
        for id in self.devices {
            let Some(device) = self.inventory.device(*id) else { continue };
            if self.is_wanted(*id, device, wanted)? {
                found = true;
                if !self.take(*id, device, wanted) {
                    return Err(AllocationFailure::Exhausted);
                }
            }
        }
        if found { Ok(()) } else { Err(AllocationFailure::Exhausted) }
    }

    fn is_wanted(
        &self,
        id: DeviceId,
        device: &PoolDevice,
        wanted: &DeviceRequirements<'_>,
    ) -> Result<bool, AllocationFailure> {
        if !device.is_of(wanted.class).ok_or(AllocationFailure::Unknown)? {
            return Ok(false);
        }
        let of_driver =
            DeviceOfDriver { driver: self.inventory.driver(id), device: &device.device };
        for selector in &wanted.selectors {
            if !selector.selects(of_driver).ok_or(AllocationFailure::Unknown)? {
                return Ok(false);
            }
        }
        Ok(device.is_tolerated(wanted.tolerations))
    }

    /// Takes the device, or a share of it. Whether that was possible.
    fn take(&mut self, id: DeviceId, device: &PoolDevice, wanted: &DeviceRequirements<'_>) -> bool {
        let taken = self.taken.get(&id).map_or(&[][..], |shares| shares);
        let Some(share) = device.share(taken, &wanted.capacity) else { return false };
        let is_first = device.allocations.is_empty() && taken.is_empty();
        // A shared device consumes its counters once.
        if is_first {
            let free = |(counter, amount): &(usize, i128)| {
                let used = self.counters.get(&(id.pool, *counter)).copied().unwrap_or(0);
                self.inventory.counter(id.pool, *counter) - used >= *amount
            };
            if !device.counters.iter().all(free) {
                return false;
            }
            for (counter, amount) in &device.counters {
                *self.counters.entry((id.pool, *counter)).or_default() += amount;
            }
        }
        self.taken.entry(id).or_default().push(share);
        true
    }
}
