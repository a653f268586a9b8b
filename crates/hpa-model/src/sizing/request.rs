//! The request for a sizing.

use oppscale_core::placement::Placement;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, Resources};
use oppscale_core::selector::Selector;

use crate::KubernetesVersion;
use crate::simulation::{MetricModel, MetricTiming};

/// The given figures, and which ones are to be found.
#[derive(Debug, Clone)]
pub struct SizingRequest {
    /// The shape of a replica.
    pub replica: ReplicaChoice,
    /// Reserve.
    pub reserve: ReserveChoice,
    /// `minReplicas`, where it is given.
    pub min: Option<u32>,
    /// `maxReplicas`, where it is given.
    pub max: Option<u32>,
    /// The most that replicas may take together, where it is given; 0 is no limit.
    pub quota: Resources,
    /// Placement of replicas.
    pub placement: Placement,
    /// Whether a node takes one replica only, however many would fit: for a port of the node, or an
    /// anti-affinity by host name.
    pub one_per_node: bool,
    /// The priority of their pods; `None` if the pod template does not tell it.
    pub priority: Option<i32>,
    /// Selector of the nodes that are counted.
    pub nodes: Selector,
    /// Kubernetes version of the HPA controller.
    pub version: KubernetesVersion,
    /// Pipeline of the metric to the HPA.
    pub pipeline: Pipeline,
    /// The replicas' grace period, milliseconds.
    pub grace_ms: u64,
    /// Who decided the values that are given.
    pub origins: Origins,
}

/// Source of each given value, as it is printed.
#[derive(Debug, Clone, Copy)]
pub struct Origins {
    /// Source of the replica's requests.
    pub replica: &'static str,
    /// Source of the reserve.
    pub reserve: &'static str,
    /// Value of `minReplicas`.
    pub min: &'static str,
    /// Value of `maxReplicas`.
    pub max: &'static str,
}

impl Default for Origins {
    fn default() -> Self {
        let given = "as given";
        Self { replica: given, reserve: given, min: given, max: given }
    }
}

/// The shape of a replica.
#[derive(Debug, Clone)]
pub enum ReplicaChoice {
    /// This one.
    Given(Replica),
    /// The size that wastes the least capacity.
    Auto {
        /// Memory per core, in bytes.
        memory_per_core: Amount,
    },
}

/// The reserve, given or to be found.
#[derive(Debug, Clone)]
pub enum ReserveChoice {
    /// This much.
    Given(Reserve),
    /// The reserve that the loop needs.
    Auto(Option<Growth>),
}

/// Growth of paid requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// Millicores per second.
    pub milli_per_second: Amount,
    /// Source of the figure.
    pub source: GrowthSource,
}

/// Source of the growth of paid requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrowthSource {
    /// A flag.
    Given,
    /// A recording of this name: its fastest minute.
    Measured(String),
}

/// Pipeline of the metric to the HPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pipeline {
    /// oppscale serves custom.metrics.k8s.io itself.
    #[default]
    Native,
    /// oppscale serves external.metrics.k8s.io, beside another server of custom.metrics.k8s.io.
    External,
    /// KEDA reads oppscale's /metrics at every sync of the HPA.
    Keda,
    /// Prometheus scrapes it, and prometheus-adapter serves it.
    Prometheus,
}

impl Pipeline {
    /// The capacity metric of this pipeline, less this reserve.
    pub fn metric_model(self, reserve: Reserve) -> MetricModel {
        let model = MetricModel::oppscale(reserve);
        match self {
            Self::Native | Self::External | Self::Keda => model,
            Self::Prometheus => MetricModel {
                // kube-prometheus-stack scrapes every 30 s.
                timing: MetricTiming::Scraped { period_ms: 30_000, adapter_ms: 1_000 },
                ..model
            },
        }
    }
}
