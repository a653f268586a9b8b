//! The Kubernetes release that is modelled, its feature gates and kube-controller-manager's flags.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A Kubernetes minor release this model knows, 1.33 to 1.37.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KubernetesVersion {
    /// 1.33: no overflow guards; tolerance alpha.
    V1_33,
    /// 1.34: External AverageValue guarded, so a negative sum means "as many as possible".
    V1_34,
    /// 1.35: tolerance on by default; External Value guarded too.
    V1_35,
    /// 1.36: scale to zero rewritten around the `ScaledToZero` condition, still off.
    #[default]
    V1_36,
    /// 1.37: scale to zero on by default.
    V1_37,
}

/// The version is not one of 1.33 to 1.37.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Kubernetes {version:?} is not modelled: the HPA model knows 1.33 to 1.37")]
pub struct UnsupportedVersion {
    /// The unknown version.
    pub version: String,
}

/// The two feature gates that change what an HPA does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureGates {
    /// `HPAConfigurableTolerance`: off, `tolerance` is dropped silently when the HPA is stored.
    pub configurable_tolerance: bool,
    /// `HPAScaleToZero`: off, `minReplicas: 0` is refused. Since 1.36 the
    /// kube-controller-manager needs it as well as the API server.
    pub scale_to_zero: bool,
}

impl KubernetesVersion {
    /// The gates as this release has them by default.
    #[must_use]
    pub fn default_gates(self) -> FeatureGates {
        FeatureGates {
            configurable_tolerance: self >= Self::V1_35,
            scale_to_zero: self >= Self::V1_37,
        }
    }

    /// kubernetes#127050: for External AverageValue a running sum below zero becomes
    /// `MaxInt64`, and the count is capped at `MaxInt32`.
    pub(super) fn guards_external_average(self) -> bool {
        self >= Self::V1_34
    }

    /// kubernetes#126979 and #133888: the same guards for ratios times ready pods and for the
    /// sum of External Value items.
    pub(super) fn guards_value(self) -> bool {
        self >= Self::V1_35
    }

    /// kubernetes#135118: at zero replicas the `ScaledToZero` condition decides. Before it,
    /// `minReplicas: 0` alone made the controller read the metrics.
    pub(super) fn remembers_scaled_to_zero(self) -> bool {
        self >= Self::V1_36
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_33 => "1.33",
            Self::V1_34 => "1.34",
            Self::V1_35 => "1.35",
            Self::V1_36 => "1.36",
            Self::V1_37 => "1.37",
        })
    }
}

impl FromStr for KubernetesVersion {
    type Err = UnsupportedVersion;

    /// Reads `1.36`, `v1.36` or `1.36.2`; the patch release is ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim_start_matches('v').split('.');
        match (parts.next(), parts.next()) {
            (Some("1"), Some("33")) => Ok(Self::V1_33),
            (Some("1"), Some("34")) => Ok(Self::V1_34),
            (Some("1"), Some("35")) => Ok(Self::V1_35),
            (Some("1"), Some("36")) => Ok(Self::V1_36),
            (Some("1"), Some("37")) => Ok(Self::V1_37),
            _ => Err(UnsupportedVersion { version: text.to_owned() }),
        }
    }
}

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
