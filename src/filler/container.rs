//! What a replica takes, in a manifest's words.

use std::collections::BTreeMap;

use oppscale_core::replica::Replica;
use oppscale_core::resources::{Amount, CPU, MEMORY, PODS, Resources};
use oppscale_core::units::quantity_text;

/// How much memory a replica may use, of what it requests: a filler that holds more than it
/// asked for is the first that a kubelet short of memory evicts, and this is how much more.
const MEMORY_LIMIT: Amount = 2;

/// `resources.requests`.
pub(super) fn requests(replica: &Replica) -> BTreeMap<String, String> {
    let own = replica.footprint().present().filter(|(name, _)| *name != PODS);
    own.map(|(name, amount)| (name.to_owned(), quantity_text(name, amount))).collect()
}

/// `resources.limits`: memory, and what cannot be overcommitted. No cpu: a limit would idle
/// cores that nobody else wants.
pub(super) fn limits(replica: &Replica) -> BTreeMap<String, String> {
    let own = replica.footprint().present().filter(|(name, _)| *name != PODS && *name != CPU);
    own.map(|(name, amount)| {
        let amount = if name == MEMORY { amount * MEMORY_LIMIT } else { amount };
        (name.to_owned(), quantity_text(name, amount))
    })
    .collect()
}

/// `hard` of a quota.
pub(super) fn hard(quota: &Resources) -> BTreeMap<String, String> {
    let key = |name: &str| if name == PODS { name.to_owned() } else { format!("requests.{name}") };
    quota.present().map(|(name, amount)| (key(name), quantity_text(name, amount))).collect()
}

/// The most memory that one container may use, bytes, where a replica is all there is to go
/// by.
pub(super) fn memory_limit(replica: &Replica) -> Amount {
    (replica.footprint().get(MEMORY) * MEMORY_LIMIT).max(512 << 20)
}
