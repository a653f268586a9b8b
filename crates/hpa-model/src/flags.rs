//! kube-controller-manager's settings for the HPA controller.

use super::version::FeatureGates;
use super::version::KubernetesVersion;

/// Version, gates and flags of the kube-controller-manager that runs the HPA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControllerConfig {
    /// The release whose rules apply.
    pub version: KubernetesVersion,
    /// The gates; normally [`KubernetesVersion::default_gates`].
    pub gates: FeatureGates,
    /// `--horizontal-pod-autoscaler-tolerance`, a ratio; 0.1 by default.
    pub tolerance: f64,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`, seconds; 300 by default.
    pub downscale_stabilization_seconds: u32,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`, milliseconds; 5 minutes.
    pub cpu_initialization_ms: u64,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`, milliseconds; 30 seconds.
    pub initial_readiness_delay_ms: u64,
    /// Saturate replica counts above `MaxInt32` everywhere instead of wrapping to `MinInt32` as
    /// Go does on amd64 (kubernetes#141397, on master since August 2026, after 1.37's branch).
    /// False in every release modelled here; set it for a backport or another architecture.
    pub saturate_replicas: bool,
}

// === impl ControllerConfig ===

impl ControllerConfig {
    /// A release as it comes: its default gates and default flags.
    #[must_use]
    pub fn of(version: KubernetesVersion) -> Self {
        Self {
            version,
            gates: version.default_gates(),
            tolerance: 0.1,
            downscale_stabilization_seconds: 300,
            cpu_initialization_ms: 300_000,
            initial_readiness_delay_ms: 30_000,
            saturate_replicas: false,
        }
    }
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self::of(KubernetesVersion::default())
    }
}
