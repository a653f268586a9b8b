//! The devices of a cluster, sorted by pool, with what holds them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::allocator::{AllocationFailure, Allocator, DeviceRequirements};
use super::model::{
    ClaimSpec, Device, DeviceClass, DeviceRequest, DeviceToleration, ExactRequest, NodeAccess,
    ResourceClaim, ResourceClaimTemplate, ResourceSlice,
};
use super::selector::{DeviceOfDriver, DeviceSelector};
use super::{ClaimRef, IMPLICIT_PREFIX, resource_of};
use crate::node::NodeRecord;
use crate::placement::Placement;
use crate::quantity::Quantity;
use crate::record::PodKey;
use crate::resources::{Amount, PODS, Resources};

/// The objects of Dynamic Resource Allocation as they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeviceObjects {
    /// DeviceClasses.
    pub classes: Vec<DeviceClass>,
    /// ResourceSlices.
    pub slices: Vec<ResourceSlice>,
    /// ResourceClaims of all namespaces.
    pub claims: Vec<ResourceClaim>,
    /// ResourceClaimTemplates, at least those that are needed.
    pub templates: Vec<ResourceClaimTemplate>,
    /// Why the slices or claims are not known, if that is so.
    pub unknown: Option<String>,
}

/// The place of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId {
    pub(super) pool: usize,
    device: usize,
}

/// Devices of a cluster, their classes, and the claims that hold them.
#[derive(Debug, Clone, Default)]
pub struct DeviceInventory {
    classes: Vec<Class>,
    pools: Vec<Pool>,
    /// Devices that only one node reaches, by its name.
    local: HashMap<String, Vec<DeviceId>>,
    /// Devices that several nodes may reach.
    network: Vec<DeviceId>,
    claims: HashMap<(String, String), Claim>,
    templates: HashMap<(String, String), ClaimSpec>,
    unknown: Option<String>,
    unknown_resources: Vec<String>,
}

#[derive(Debug, Clone)]
struct Class {
    name: String,
    resource: String,
    extended: Option<String>,
}

#[derive(Debug, Clone)]
struct Pool {
    driver: String,
    name: String,
    /// Why its devices cannot be counted.
    problem: Option<String>,
    devices: Vec<PoolDevice>,
    /// Rest of each counter beside all allocations.
    counters: Vec<i128>,
}

/// A device of the newest generation of its pool.
#[derive(Debug, Clone)]
pub(super) struct PoolDevice {
    pub(super) device: Device,
    access: Access,
    /// Whether each class selects it.
    classes: Vec<Option<bool>>,
    /// Consumption of the counters of its pool.
    pub(super) counters: Vec<(usize, i128)>,
    /// Consumption of its capacities by each allocation, in their order.
    pub(super) allocations: Vec<Vec<i128>>,
}

#[derive(Debug, Clone)]
enum Access {
    Node(String),
    Selected(Placement),
    All,
    Nobody,
}

/// A claim.
#[derive(Debug, Clone)]
struct Claim {
    spec: ClaimSpec,
    is_allocated: bool,
    /// Number of devices of each class that it holds.
    held: Resources,
    /// The devices, and what each allocation consumes of their capacities.
    devices: Vec<(DeviceId, Vec<i128>)>,
    /// A node that reaches its devices, if it is known.
    node: Option<String>,
    /// The pods that may use it, each by its uid and by its name: redacted lists have no uids.
    consumers: Vec<[PodKey; 2]>,
    holder: Option<PodKey>,
}

/// Claims of a pod that were not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MissingClaims {
    /// Number of claims of its spec.
    pub claims: usize,
    /// Whether the one of its extended resources was read.
    pub is_served: bool,
}

/// Devices of a class on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailableDevices {
    /// Number of devices that could be allocated beside all allocations.
    pub available: Amount,
    /// Number of them that other nodes may reach, too.
    pub shared: Vec<DeviceId>,
}

impl DeviceInventory {
    /// Sorts what was read.
    pub fn of(objects: DeviceObjects) -> Self {
        let mut inventory = Self { unknown: objects.unknown, ..Self::default() };
        let selectors = inventory.add_classes(objects.classes);
        inventory.add_pools(objects.slices, &selectors);
        inventory.set_claims(objects.claims);
        for template in objects.templates {
            let name = (template.metadata.namespace, template.metadata.name);
            inventory.templates.insert(name, template.spec.spec);
        }
        inventory
    }

    /// Whether there are no classes, so that nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Why devices are not known, if that is so.
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// The resources of all classes, and those that are requested and unknown.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        let classes = self.classes.iter().map(|class| class.resource.as_str());
        classes.chain(self.unknown_resources())
    }

    fn add_classes(&mut self, mut classes: Vec<DeviceClass>) -> Vec<Option<Vec<DeviceSelector>>> {
        // Of two classes with one extended resource the later one is meant, then the first by name.
        classes.sort_by(|a, b| {
            let (a, b) = (&a.metadata, &b.metadata);
            b.creation_timestamp.cmp(&a.creation_timestamp).then_with(|| a.name.cmp(&b.name))
        });
        let mut extended = HashSet::new();
        let mut selectors = Vec::new();
        for class in classes {
            let parsed = class.spec.selectors.iter().map(|selector| {
                selector.cel.as_ref().map(|cel| DeviceSelector::parse(&cel.expression))
            });
            selectors.push(parsed.collect());
            let name = class.spec.extended_resource_name;
            let is_first = !name.is_empty() && extended.insert(name.clone());
            self.classes.push(Class {
                resource: resource_of(&class.metadata.name),
                name: class.metadata.name,
                extended: is_first.then_some(name),
            });
        }
        selectors
    }

    fn add_pools(&mut self, slices: Vec<ResourceSlice>, selectors: &[Option<Vec<DeviceSelector>>]) {
        let mut pools: BTreeMap<(String, String), Vec<ResourceSlice>> = BTreeMap::new();
        for slice in slices {
            let name = (slice.spec.driver.clone(), slice.spec.pool.name.clone());
            pools.entry(name).or_default().push(slice);
        }
        for ((driver, name), mut slices) in pools {
            let newest = slices.iter().map(|slice| slice.spec.pool.generation).max();
            slices.retain(|slice| Some(slice.spec.pool.generation) == newest);
            slices.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
            let pool = Pool::of(driver, name, slices, selectors);
            for (device, of) in pool.devices.iter().enumerate() {
                let id = DeviceId { pool: self.pools.len(), device };
                match &of.access {
                    Access::Node(node) => self.local.entry(node.clone()).or_default().push(id),
                    Access::Selected(_) | Access::All => self.network.push(id),
                    Access::Nobody => {}
                }
            }
            self.pools.push(pool);
        }
    }

    /// Takes these claims in place of those before.
    pub(crate) fn set_claims(&mut self, claims: Vec<ResourceClaim>) {
        for claim in std::mem::take(&mut self.claims).into_values() {
            for (id, consumed) in claim.devices {
                if let Some(pool) = self.pools.get_mut(id.pool) {
                    pool.release(id.device, &consumed);
                }
            }
        }
        let places = self.pools.iter().enumerate();
        let places: HashMap<(String, String), usize> =
            places.map(|(at, pool)| ((pool.driver.clone(), pool.name.clone()), at)).collect();
        for claim in claims {
            self.add_claim(claim, &places);
        }
    }

    fn add_claim(&mut self, claim: ResourceClaim, places: &HashMap<(String, String), usize>) {
        let consumers = claim.status.reserved_for.iter().filter(|of| of.resource == "pods");
        let keys = |pod: &super::model::Consumer| {
            [&*pod.uid, ""].map(|uid| PodKey::of_parts(uid, &claim.metadata.namespace, &pod.name))
        };
        let consumers = consumers.map(keys).collect();
        let mut held = Resources::default();
        let mut devices = Vec::new();
        let mut node = None;
        let results = claim.status.allocation.iter().flat_map(|a| &a.devices.results);
        for result in results.filter(|result| result.admin_access != Some(true)) {
            let place = places.get(&(result.driver.clone(), result.pool.clone())).copied();
            let device = place.and_then(|at| Some((at, self.pools.get_mut(at)?.hold(result)?)));
            if let Some((pool, device)) = device {
                let id = DeviceId { pool, device };
                let device = &self.pools[pool].devices[device];
                devices.push((id, device.allocations.last().cloned().unwrap_or_default()));
                if let Access::Node(name) = &device.access {
                    node = Some(name.clone());
                }
                for (class, _) in
                    self.classes.iter().zip(&device.classes).filter(|(_, of)| **of == Some(true))
                {
                    held.set(&class.resource, held.get(&class.resource) + 1);
                }
            } else if let Some(class) = request_of(&claim.spec, &result.request) {
                // The device is in no slice any more; the pod holds it nonetheless.
                let resource = resource_of(&class.device_class_name);
                held.set(&resource, held.get(&resource) + 1);
            }
        }
        let is_allocated = claim.status.allocation.is_some();
        let name = (claim.metadata.namespace, claim.metadata.name);
        let (spec, holder) = (claim.spec, None);
        let claim = Claim { spec, is_allocated, held, devices, node, consumers, holder };
        self.claims.insert(name, claim);
    }

    pub(super) fn device(&self, id: DeviceId) -> Option<&PoolDevice> {
        self.pools.get(id.pool)?.devices.get(id.device)
    }

    pub(super) fn driver(&self, id: DeviceId) -> &str {
        self.pools.get(id.pool).map_or("", |pool| &pool.driver)
    }

    /// Rest of a counter of a pool.
    pub(super) fn counter(&self, pool: usize, counter: usize) -> i128 {
        self.pools.get(pool).and_then(|pool| pool.counters.get(counter)).copied().unwrap_or(0)
    }

    /// Lets the first pod of each claim that `is_bound` hold its devices, so that a claim that
    /// pods share counts once.
    pub fn assign(&mut self, is_bound: impl Fn(&PodKey) -> bool) {
        for claim in self.claims.values_mut() {
            claim.holder = claim.consumers.iter().flatten().find(|key| is_bound(key)).cloned();
        }
    }

    /// Devices of allocated claims that no pod uses, with a node that reaches them.
    pub fn unused(&self) -> impl Iterator<Item = (&Resources, &str)> {
        let unused = self.claims.values().filter(|claim| claim.holder.is_none());
        unused.filter_map(|claim| Some((&claim.held, claim.node.as_deref()?)))
    }

    /// The devices that a bound pod holds by its claims, and which of these were not read.
    pub fn held(
        &self,
        pod: &PodKey,
        namespace: &str,
        claims: &[ClaimRef],
    ) -> (Resources, MissingClaims) {
        let mut held = Resources::default();
        let mut missing = MissingClaims::default();
        for reference in claims {
            let claim = match reference {
                ClaimRef::Template(_) => None,
                ClaimRef::Claim(name) | ClaimRef::Extended(name) => self.claim(namespace, name),
            };
            match (claim, reference) {
                (Some(claim), reference) => {
                    missing.is_served |= matches!(reference, ClaimRef::Extended(_));
                    if claim.holder.as_ref() == Some(pod) {
                        held.add(&claim.held);
                    }
                }
                (None, ClaimRef::Extended(_)) => {}
                (None, _) => missing.claims += 1,
            }
        }
        (held, missing)
    }

    fn claim(&self, namespace: &str, name: &str) -> Option<&Claim> {
        self.claims.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether everything that these claims request is known.
    pub fn knows(&self, namespace: &str, claims: &[ClaimRef]) -> bool {
        self.unknown.is_none()
            && claims.iter().all(|claim| match claim {
                ClaimRef::Template(_) => self.spec(namespace, claim).is_some(),
                ClaimRef::Claim(name) | ClaimRef::Extended(name) => {
                    self.claim(namespace, name).is_some()
                }
            })
    }

    /// Lets a resource be unknown on every node.
    pub(crate) fn set_unknown_resource(&mut self, name: &str) {
        if self.unknown_resources.iter().all(|known| known != name) {
            self.unknown_resources.push(name.to_owned());
        }
    }

    /// Resources that are requested and unknown on every node.
    pub fn unknown_resources(&self) -> impl Iterator<Item = &str> {
        self.unknown_resources.iter().map(String::as_str)
    }

    /// The inventory as it were without the claims of pods that `is_own` accepts.
    pub(crate) fn released(&self, is_own: impl Fn(&PodKey) -> bool) -> Self {
        let mut inventory = self.clone();
        for claim in self.claims.values() {
            if claim.holder.as_ref().is_some_and(&is_own) {
                for (id, consumed) in &claim.devices {
                    if let Some(pool) = inventory.pools.get_mut(id.pool) {
                        pool.release(id.device, consumed);
                    }
                }
            }
        }
        inventory
    }

    /// The devices that a pod without a node needs at least. Claims that are allocated need no
    /// more.
    pub fn needed(&self, namespace: &str, claims: &[ClaimRef]) -> Resources {
        let mut needed = Resources::default();
        for claim in claims {
            if let Some(spec) = self.spec(namespace, claim) {
                needed.add(&self.least(spec));
            }
        }
        needed
    }

    /// The spec of a claim that is still to be allocated.
    fn spec(&self, namespace: &str, claim: &ClaimRef) -> Option<&ClaimSpec> {
        let key = |name: &str| (namespace.to_owned(), name.to_owned());
        match claim {
            ClaimRef::Template(name) => self.templates.get(&key(name)),
            ClaimRef::Claim(name) | ClaimRef::Extended(name) => {
                let claim = self.claims.get(&key(name))?;
                (!claim.is_allocated).then_some(&claim.spec)
            }
        }
    }

    /// Smallest number of devices of each class that a claim takes.
    fn least(&self, spec: &ClaimSpec) -> Resources {
        let mut least = Resources::default();
        for request in &spec.devices.requests {
            let Some(exact) = request.only().filter(|exact| exact.admin_access != Some(true))
            else {
                continue;
            };
            let Some(class) = self.class(&exact.device_class_name) else { continue };
            if self.tolerates_more(class, &exact.tolerations) {
                continue;
            }
            let resource = &self.classes[class].resource;
            let count = if exact.is_all() { 1 } else { Amount::from(exact.count()) };
            least.set(resource, least.get(resource) + count);
        }
        least
    }

    /// Whether a request with these tolerations may get devices of the class that do not count as
    /// available, because of their taints.
    fn tolerates_more(&self, class: usize, tolerations: &[DeviceToleration]) -> bool {
        let mut devices = self.pools.iter().flat_map(|pool| &pool.devices);
        devices.any(|device| {
            device.is_of(class) != Some(false)
                && !device.is_tolerated(&[])
                && device.is_tolerated(tolerations)
        })
    }

    fn class(&self, name: &str) -> Option<usize> {
        self.classes.iter().position(|class| class.name == name)
    }

    /// The class that an extended resource stands for.
    fn class_of_extended(&self, name: &str) -> Option<&Class> {
        match name.strip_prefix(IMPLICIT_PREFIX) {
            Some(class) => self.classes.iter().find(|of| of.name == class),
            None => self.classes.iter().find(|of| of.extended.as_deref() == Some(name)),
        }
    }

    /// Whether an extended resource stands for a class.
    pub fn maps(&self, name: &str) -> bool {
        self.class_of_extended(name).is_some()
    }

    /// The devices that extended resources of a footprint stand for, where `is_delegated` tells
    /// that no device plugin serves a resource.
    pub fn of_extended(
        &self,
        footprint: &Resources,
        is_delegated: impl Fn(&str) -> bool,
    ) -> Resources {
        let mut devices = Resources::default();
        for (name, amount) in footprint.present() {
            if let Some(class) = self.class_of_extended(name).filter(|_| is_delegated(name)) {
                devices.set(&class.resource, devices.get(&class.resource) + amount);
            }
        }
        devices
    }

    /// Every class as resource and extended resources.
    pub fn classes(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.classes.iter().map(|class| {
            let implicit = format!("{IMPLICIT_PREFIX}{}", class.name);
            (class.resource.as_str(), class.extended.iter().cloned().chain([implicit]).collect())
        })
    }

    /// The devices of each class that could be allocated on a node, in the order of
    /// [`Self::classes`]. `None` for a class that the node has nothing of.
    pub fn available_on(&self, node: &NodeRecord) -> Vec<Option<Result<AvailableDevices, String>>> {
        let reachable = self.reachable(node);
        let most = node.allocatable.as_ref().map_or(0, |allocatable| allocatable.get(PODS));
        let classes = 0..self.classes.len();
        classes.map(|class| self.available(class, &reachable, most)).collect()
    }

    /// The devices that a node reaches, in the order in which they are allocated.
    fn reachable(&self, node: &NodeRecord) -> Vec<DeviceId> {
        let local = self.local.get(&*node.name).into_iter().flatten().copied();
        let network = self.network.iter().copied().filter(|id| {
            self.device(*id).is_some_and(|device| match &device.access {
                Access::Selected(selected) => selected.selects(&node.name, &node.labels),
                Access::All => true,
                Access::Node(_) | Access::Nobody => false,
            })
        });
        let mut reachable: Vec<_> = local.chain(network).collect();
        reachable.sort_unstable();
        reachable
    }

    fn available(
        &self,
        class: usize,
        reachable: &[DeviceId],
        most: Amount,
    ) -> Option<Result<AvailableDevices, String>> {
        if let Some(problem) = self.problem(class, reachable) {
            return Some(Err(problem));
        }
        let has = |id: &DeviceId| {
            self.device(*id).is_some_and(|device| device.is_of(class) == Some(true))
        };
        if !reachable.iter().any(has) {
            return None;
        }
        let allocated = Allocator::new(self, reachable).count(class, most).ok()?;
        let is_shared = |id: &&DeviceId| {
            self.device(**id).is_some_and(|device| !matches!(device.access, Access::Node(_)))
        };
        Some(Ok(AvailableDevices {
            available: allocated.len() as Amount,
            shared: allocated.iter().filter(is_shared).copied().collect(),
        }))
    }

    /// The reason why the number of devices of a class among these is unknown.
    fn problem(&self, class: usize, reachable: &[DeviceId]) -> Option<String> {
        let is_unknown =
            |id: &&DeviceId| self.device(**id).is_some_and(|d| d.is_of(class).is_none());
        if reachable.iter().any(|id| is_unknown(&id)) {
            let name = &self.classes[class].name;
            return Some(format!("a CEL selector of DeviceClass {name} cannot be evaluated"));
        }
        let mut pools: Vec<usize> = reachable.iter().map(|id| id.pool).collect();
        pools.dedup();
        pools.into_iter().find_map(|at| {
            let pool = &self.pools[at];
            let problem = pool.problem.as_ref()?;
            let same_driver = self.pools.iter().filter(|other| other.driver == pool.driver);
            let mut devices = same_driver.flat_map(|pool| &pool.devices);
            let may_be = devices.any(|device| device.is_of(class) != Some(false));
            may_be.then(|| format!("pool {} of driver {} {problem}", pool.name, pool.driver))
        })
    }

    /// How often all of `claims`, of a replica, could be allocated on a node beside what is
    /// allocated; `None` if a class alone tells, or if there is nothing to allocate.
    ///
    /// # Errors With the reason if it is unknown.
    pub fn fitting(
        &self,
        node: &NodeRecord,
        namespace: &str,
        claims: &[ClaimRef],
    ) -> Result<Amount, String> {
        let specs: Vec<_> = claims.iter().filter_map(|claim| self.spec(namespace, claim)).collect();
        let reachable = self.reachable(node);
        let most = node.allocatable.as_ref().map_or(0, |allocatable| allocatable.get(PODS));
        let mut allocator = Allocator::new(self, &reachable);
        let mut fitting = 0;
        while fitting < most {
            for spec in &specs {
                match self.allocate(&mut allocator, spec, &reachable) {
                    Ok(true) => {}
                    Ok(false) => return Ok(fitting),
                    Err(problem) => return Err(problem),
                }
            }
            fitting += 1;
        }
        Ok(fitting)
    }

    /// Whether how many devices of each class they need ([`Self::needed`]) says all about these
    /// claims: one class, and no constraint between devices.
    pub fn is_counted_by_class(&self, namespace: &str, claims: &[ClaimRef]) -> bool {
        let specs = claims.iter().filter_map(|claim| self.spec(namespace, claim));
        let requests: Vec<_> = specs
            .flat_map(|spec| {
                let is_free = spec.devices.constraints.is_empty();
                spec.devices.requests.iter().map(move |request| request.only().filter(|_| is_free))
            })
            .collect();
        let mut classes: Vec<_> =
            requests.iter().flatten().map(|exact| &exact.device_class_name).collect();
        classes.dedup();
        classes.len() < 2
            && requests.iter().all(|request| request.is_some_and(|exact| exact.is_plain()))
    }

    fn allocate<'i>(
        &'i self,
        allocator: &mut Allocator<'i>,
        spec: &ClaimSpec,
        reachable: &[DeviceId],
    ) -> Result<bool, String> {
        let constraints = &spec.devices.constraints;
        let attribute = match &constraints[..] {
            [] => None,
            [only] => only.match_attribute.as_deref(),
            _ => None,
        };
        if !constraints.is_empty() && attribute.is_none() {
            return Err("its claim has constraints that are not evaluated".to_owned());
        }
        let Some(attribute) = attribute else {
            return self.allocate_requests(allocator, spec, &|_, _| true);
        };
        // One value after the other: the devices must agree on it.
        let value = |driver: &str, device: &PoolDevice| {
            let qualified = device.device.attributes.get(attribute);
            let own = attribute.split_once('/').filter(|(domain, _)| *domain == driver);
            qualified.or_else(|| device.device.attributes.get(own?.1)).cloned()
        };
        let mut tried = Vec::new();
        for id in reachable {
            let driver = self.driver(*id);
            let Some(wanted) = self.device(*id).and_then(|device| value(driver, device)) else {
                continue;
            };
            if tried.contains(&wanted) {
                continue;
            }
            let mut trial = allocator.clone();
            let agrees =
                |driver: &str, device: &PoolDevice| value(driver, device).as_ref() == Some(&wanted);
            if self.allocate_requests(&mut trial, spec, &agrees)? {
                *allocator = trial;
                return Ok(true);
            }
            tried.push(wanted);
        }
        Ok(false)
    }

    fn allocate_requests<'i>(
        &'i self,
        allocator: &mut Allocator<'i>,
        spec: &ClaimSpec,
        agrees: &dyn Fn(&str, &PoolDevice) -> bool,
    ) -> Result<bool, String> {
        for request in &spec.devices.requests {
            let alternatives = request.exactly.iter().chain(&request.first_available);
            let mut is_allocated = false;
            for exact in alternatives {
                let mut trial = allocator.clone();
                if self.allocate_exactly(&mut trial, exact, agrees)? {
                    *allocator = trial;
                    is_allocated = true;
                    break;
                }
            }
            if !is_allocated {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn allocate_exactly<'i>(
        &'i self,
        allocator: &mut Allocator<'i>,
        exact: &ExactRequest,
        agrees: &dyn Fn(&str, &PoolDevice) -> bool,
    ) -> Result<bool, String> {
        if exact.admin_access == Some(true) {
            return Ok(true);
        }
        let unknown = || format!("a request for {} cannot be evaluated", exact.device_class_name);
        let Some(class) = self.class(&exact.device_class_name) else { return Ok(false) };
        let wanted = DeviceRequirements::of(exact, class).ok_or_else(unknown)?;
        if exact.is_all() {
            return match allocator.allocate_all(&wanted) {
                Ok(()) => Ok(true),
                Err(AllocationFailure::Exhausted) => Ok(false),
                Err(AllocationFailure::Unknown) => Err(unknown()),
            };
        }
        for _ in 0..exact.count() {
            match allocator.allocate(&wanted, agrees) {
                Ok(_) => {}
                Err(AllocationFailure::Exhausted) => return Ok(false),
                Err(AllocationFailure::Unknown) => return Err(unknown()),
            }
        }
        Ok(true)
    }
}

/// The request that the result of an allocation names, or the alternative of it.
fn request_of<'s>(spec: &'s ClaimSpec, name: &str) -> Option<&'s ExactRequest> {
    let (main, _) = name.split_once('/').unwrap_or((name, ""));
    let request = spec.devices.requests.iter().find(|request| request.name == main)?;
    request.exactly.as_ref().or_else(|| request.first_available.first())
}

impl DeviceRequest {
    /// The request, if it has no alternatives.
    fn only(&self) -> Option<&ExactRequest> {
        match (&self.exactly, &self.first_available[..]) {
            (Some(exact), _) | (None, [exact]) => Some(exact),
            _ => None,
        }
    }
}

impl ExactRequest {
    fn is_all(&self) -> bool {
        self.allocation_mode == "All"
    }

    fn count(&self) -> i64 {
        self.count.unwrap_or(1).clamp(0, 32)
    }

    /// Whether any device of the class will do.
    fn is_plain(&self) -> bool {
        self.selectors.is_empty()
            && !self.is_all()
            && self.tolerations.is_empty()
            && self.capacity.is_none()
            && self.admin_access != Some(true)
    }
}

impl Pool {
    fn of(
        driver: String,
        name: String,
        slices: Vec<ResourceSlice>,
        selectors: &[Option<Vec<DeviceSelector>>],
    ) -> Self {
        let mut problem = None;
        let expected = slices.first().map_or(0, |slice| slice.spec.pool.resource_slice_count);
        if slices.len() as i64 != expected {
            problem = Some(format!("is incomplete: {} of {expected} slices", slices.len()));
        }
        let mut counters = Vec::new();
        let mut places: HashMap<(String, String), usize> = HashMap::new();
        for set in slices.iter().flat_map(|slice| &slice.spec.shared_counters) {
            for (counter, amount) in &set.counters {
                match amount.value.parse::<Quantity>() {
                    Ok(amount) => {
                        places.insert((set.name.clone(), counter.clone()), counters.len());
                        counters.push(amount.nanos());
                    }
                    Err(error) => problem = Some(format!("has the counter {counter}: {error}")),
                }
            }
        }
        let mut pool = Self { driver, name, problem, devices: Vec::new(), counters };
        let mut names = HashSet::new();
        for slice in slices {
            for device in slice.spec.devices {
                if !names.insert(device.name.clone()) {
                    pool.problem = Some(format!("has two devices named {}", device.name));
                }
                let access = match slice.spec.per_device_node_selection {
                    true => Access::of(&device.access),
                    false => Access::of(&slice.spec.access),
                };
                let consumed = device.consumes_counters.iter().flat_map(|consumption| {
                    let set = &consumption.counter_set;
                    consumption.counters.iter().map(move |(name, amount)| (set, name, amount))
                });
                let consumed = consumed.map(|(set, name, amount)| {
                    let place = places.get(&(set.clone(), name.clone()))?;
                    Some((*place, amount.value.parse::<Quantity>().ok()?.nanos()))
                });
                let Some(consumed) = consumed.collect::<Option<Vec<_>>>() else {
                    pool.problem = Some(format!("has no counters for the device {}", device.name));
                    continue;
                };
                let of_driver = DeviceOfDriver { driver: &pool.driver, device: &device };
                let is_of = |selectors: &Option<Vec<DeviceSelector>>| {
                    let mut is_of = Some(true);
                    for selector in selectors.as_ref()? {
                        match selector.selects(of_driver) {
                            Some(true) => {}
                            Some(false) => return Some(false),
                            None => is_of = None,
                        }
                    }
                    is_of
                };
                let classes = selectors.iter().map(is_of).collect();
                let allocations = Vec::new();
                pool.devices.push(PoolDevice {
                    device,
                    access,
                    classes,
                    counters: consumed,
                    allocations,
                });
            }
        }
        pool
    }

    /// Takes a device that is allocated. Its place, if the pool has it.
    fn hold(&mut self, result: &super::model::AllocatedDevice) -> Option<usize> {
        let at = self.devices.iter().position(|device| device.device.name == result.device)?;
        let device = &mut self.devices[at];
        if device.allocations.is_empty() {
            for (counter, amount) in &device.counters {
                if let Some(left) = self.counters.get_mut(*counter) {
                    *left -= amount;
                }
            }
        }
        let consumed = device.device.capacity.keys().map(|name| {
            let consumed = result.consumed_capacity.get(name);
            consumed.and_then(|text| text.parse::<Quantity>().ok()).map_or(0, Quantity::nanos)
        });
        let consumed = consumed.collect();
        device.allocations.push(consumed);
        Some(at)
    }

    /// Gives back what [`Self::hold`] took.
    fn release(&mut self, device: usize, consumed: &[i128]) {
        let Some(device) = self.devices.get_mut(device) else { return };
        let Some(at) = device.allocations.iter().position(|of| of == consumed) else { return };
        device.allocations.swap_remove(at);
        if device.allocations.is_empty() {
            for (counter, amount) in &device.counters {
                if let Some(left) = self.counters.get_mut(*counter) {
                    *left += amount;
                }
            }
        }
    }
}

impl Access {
    fn of(access: &NodeAccess) -> Self {
        match access {
            NodeAccess { node_name, .. } if !node_name.is_empty() => Self::Node(node_name.clone()),
            NodeAccess { all_nodes: true, .. } => Self::All,
            NodeAccess { node_selector: Some(selector), .. } => {
                Placement::of_node_selector(selector).map_or(Self::Nobody, Self::Selected)
            }
            _ => Self::Nobody,
        }
    }
}

impl PoolDevice {
    /// Whether a class selects it; `None` if that is unknown.
    pub(super) fn is_of(&self, class: usize) -> Option<bool> {
        self.classes.get(class).copied().flatten()
    }

    /// Whether these tolerations cover all of its taints (`ToleratesTaint` of
    /// `k8s.io/dynamic-resource-allocation/resourceclaim`).
    pub(super) fn is_tolerated(&self, tolerations: &[DeviceToleration]) -> bool {
        let effective =
            self.device.taints.iter().filter(|t| matches!(&*t.effect, "NoSchedule" | "NoExecute"));
        effective.into_iter().all(|taint| {
            tolerations.iter().any(|toleration| {
                (toleration.effect.is_empty() || toleration.effect == taint.effect)
                    && (toleration.key.is_empty() || toleration.key == taint.key)
                    && match &*toleration.operator {
                        "" | "Equal" => toleration.value == taint.value,
                        "Exists" => true,
                        _ => false,
                    }
            })
        })
    }

    /// What one more allocation consumes of the capacities, beside those that are in force and
    /// `taken`; `None` if it is not possible.
    pub(super) fn share(
        &self,
        taken: &[Vec<i128>],
        wanted: &[(&str, Quantity)],
    ) -> Option<Vec<i128>> {
        let wanted_of = |name: &str| wanted.iter().find(|(of, _)| *of == name).map(|(_, q)| *q);
        // A device without the capacity that is wanted does not qualify.
        if wanted.iter().any(|(name, _)| !self.device.capacity.contains_key(*name)) {
            return None;
        }
        if !self.device.allow_multiple_allocations {
            let is_enough = self.device.capacity.iter().all(|(name, capacity)| {
                let has = capacity.value.parse::<Quantity>().ok();
                wanted_of(name).is_none_or(|wanted| has.is_some_and(|has| has >= wanted))
            });
            let is_free = self.allocations.is_empty() && taken.is_empty();
            return (is_free && is_enough).then(Vec::new);
        }
        let mut share = Vec::new();
        for (at, (name, capacity)) in self.device.capacity.iter().enumerate() {
            let whole = capacity.value.parse::<Quantity>().ok()?.nanos();
            let consumed = capacity.consumed(wanted_of(name))?;
            let in_force = self.allocations.iter().chain(taken);
            let used: i128 = in_force.filter_map(|of| of.get(at)).sum();
            if used + consumed > whole {
                return None;
            }
            share.push(consumed);
        }
        Some(share)
    }
}

impl super::model::Capacity {
    /// What an allocation that wants so much consumes, in nano-units; `None` if the policy does
    /// not allow it.
    fn consumed(&self, wanted: Option<Quantity>) -> Option<i128> {
        let nanos = |text: &String| text.parse::<Quantity>().ok().map(Quantity::nanos);
        let Some(policy) = &self.request_policy else {
            return wanted.map(Quantity::nanos).or_else(|| nanos(&self.value));
        };
        let Some(wanted) = wanted.map(Quantity::nanos) else {
            return policy.default.as_ref().or(Some(&self.value)).and_then(nanos);
        };
        if !policy.valid_values.is_empty() {
            let values: Option<Vec<i128>> = policy.valid_values.iter().map(nanos).collect();
            return values?.into_iter().filter(|value| *value >= wanted).min();
        }
        let Some(range) = &policy.valid_range else { return Some(wanted) };
        let least = range.min.as_ref().map_or(Some(0), nanos)?;
        let mut amount = wanted.max(least);
        if let Some(step) = range.step.as_ref().and_then(nanos).filter(|step| *step > 0) {
            let over = (amount - least).rem_euclid(step);
            amount += if over == 0 { 0 } else { step - over };
        }
        let greatest = range.max.as_ref().map(nanos);
        match greatest {
            Some(greatest) => (amount <= greatest?).then_some(amount),
            None => Some(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::devices::model::Capacity;

    /// As `calculateConsumedCapacity` and `violatesPolicy` of
    /// `k8s.io/dynamic-resource-allocation/structured` (1.36) have it: the default counts only
    /// where nothing is wanted, and less than it may be wanted.
    #[test]
    fn an_allocation_consumes_what_the_policy_rounds_its_request_up_to() {
        let none = "";
        let default = r#"{"default": "8Gi"}"#;
        let range = r#"{"default": "8Gi", "validRange": {"min": "2Gi", "max": "10Gi"}}"#;
        let steps =
            r#"{"default": "8Gi", "validRange": {"min": "2Gi", "step": "3Gi", "max": "10Gi"}}"#;
        let values = r#"{"default": "8Gi", "validValues": ["2Gi", "8Gi", "20Gi"]}"#;
        let gi = |count: i128| Some(count * (1 << 30) * 1_000_000_000);
        for (policy, wanted, consumed) in [
            (none, None, gi(40)),
            (none, Some("3Gi"), gi(3)),
            (default, None, gi(8)),
            (default, Some("3Gi"), gi(3)),
            (default, Some("9Gi"), gi(9)),
            (range, None, gi(8)),
            (range, Some("1Gi"), gi(2)),
            (range, Some("3Gi"), gi(3)),
            (range, Some("11Gi"), None),
            (steps, None, gi(8)),
            (steps, Some("1Gi"), gi(2)),
            (steps, Some("3Gi"), gi(5)),
            (steps, Some("5Gi"), gi(5)),
            (steps, Some("6Gi"), gi(8)),
            (steps, Some("9Gi"), None),
            (values, None, gi(8)),
            (values, Some("1Gi"), gi(2)),
            (values, Some("3Gi"), gi(8)),
            (values, Some("9Gi"), gi(20)),
            (values, Some("21Gi"), None),
        ] {
            let policy = if policy.is_empty() { "null" } else { policy };
            let json = format!(r#"{{"value": "40Gi", "requestPolicy": {policy}}}"#);
            let capacity: Capacity = serde_json::from_str(&json).unwrap();
            let wanted_amount = wanted.map(|text| text.parse().unwrap());
            assert_eq!(capacity.consumed(wanted_amount), consumed, "{policy} {wanted:?}");
        }
    }
}
