//! The shape of one replica, which slots are counted in.

use std::fmt;
use std::str::FromStr;

use super::devices::{IMPLICIT_PREFIX, resource_of};
use super::resources::{CPU, PODS, Resources, Unit, unit_of};
use super::units::{amount_of, parse_quantity, quantity_text};

/// Prefix of resources of which every node has one. A replica of which a node holds one only
/// requests such a resource of its own.
pub const ONE_PER_NODE: &str = "one-per-node:";

/// Requests of one replica: at least one of a node's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica(Resources);

/// Why a text is no replica shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a replica: {problem}")]
pub struct ReplicaError {
    text: String,
    problem: String,
}

impl Default for Replica {
    /// One core.
    fn default() -> Self {
        Self::from_footprint(Resources::default().with(CPU, 1000))
    }
}

impl Replica {
    /// The replica with this footprint. Implicit extended resources of a DeviceClass are its
    /// devices, for no node offers them by that name before a pod requests one.
    pub fn from_footprint(footprint: Resources) -> Self {
        let mut all = footprint.clone().with(PODS, 1);
        for (name, amount) in footprint.present() {
            if let Some(class) = name.strip_prefix(IMPLICIT_PREFIX) {
                let devices = resource_of(class);
                all.set(name, 0);
                all.set(&devices, all.get(&devices) + amount);
            }
        }
        Self(all)
    }

    /// Its footprint, `pods: 1` included.
    pub fn footprint(&self) -> &Resources {
        &self.0
    }
}

impl FromStr for Replica {
    type Err = ReplicaError;

    /// Reads `cpu=1,memory=2Gi,nvidia.com/gpu=1`.
    fn from_str(text: &str) -> Result<Self, ReplicaError> {
        let error = |problem: String| ReplicaError { text: text.to_owned(), problem };
        let mut footprint = Resources::default();
        for part in text.split(',') {
            let (name, quantity) =
                part.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                    error("expected RESOURCE=QUANTITY,... such as cpu=1,memory=2Gi".into())
                })?;
            if name == PODS {
                return Err(error("a replica is one pod; leave pods out".into()));
            }
            if footprint.get(name) != 0 {
                return Err(error(format!("{name} is given twice")));
            }
            let quantity = parse_quantity(quantity).ok_or_else(|| {
                error(format!("expected a quantity for {name}, such as 1 or 512Mi"))
            })?;
            let Some(amount) = amount_of(name, quantity) else {
                return Err(error(format!("{name} is out of range")));
            };
            if name != CPU
                && unit_of(name) == Unit::Count
                && quantity.milli_value().value % 1000 != 0
            {
                return Err(error(format!("{name} is counted in whole units")));
            }
            footprint.set(name, amount);
        }
        if footprint.present().next().is_none() {
            return Err(error("asks for nothing".into()));
        }
        Ok(Self::from_footprint(footprint))
    }
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, amount) in self.0.present().filter(|(name, _)| *name != PODS) {
            write!(f, "{separator}{name}={}", quantity_text(name, amount))?;
            separator = ",";
        }
        if separator.is_empty() { f.write_str("nothing but a place") } else { Ok(()) }
    }
}
