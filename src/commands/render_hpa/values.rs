//! What the flags of `oppscale render-hpa` may be set to, and how it is read.

use clap::ValueEnum;

use hpa_model::sizing;
use oppscale_core::quantity::Quantity;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{Amount, CPU, PODS, Resources};
use oppscale_core::units::amount_of;

/// Where a miner's pool and worker go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ConfigAs {
    /// A ConfigMap, which variables are read from
    #[default]
    Configmap,
    /// Arguments
    Args,
}

/// How the metric gets to the HPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PipelineFlag {
    /// oppscale serves custom.metrics.k8s.io
    #[default]
    Native,
    /// oppscale serves external.metrics.k8s.io
    External,
    /// A ScaledObject on oppscale's /metrics
    Keda,
    /// Rules for prometheus-adapter
    Prometheus,
}

/// How the manifests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// One YAML stream
    #[default]
    Yaml,
    /// One List
    Json,
}

/// Where it is told where the numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Explain {
    /// Above the objects
    Comments,
    /// On stderr
    Table,
}

/// A replica's shape, or that it is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaFlag {
    /// This one.
    Given(Replica),
    /// The best one.
    Auto,
}

/// A reserve, or that it is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReserveFlag {
    /// This much.
    Given(Reserve),
    /// What the loop needs.
    Auto,
}

impl From<PipelineFlag> for sizing::Pipeline {
    fn from(flag: PipelineFlag) -> Self {
        match flag {
            PipelineFlag::Native => Self::Native,
            PipelineFlag::External => Self::External,
            PipelineFlag::Keda => Self::Keda,
            PipelineFlag::Prometheus => Self::Prometheus,
        }
    }
}

pub(super) fn parse_pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or_else(|| "expected NAME=VALUE".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) fn parse_replica(text: &str) -> Result<ReplicaFlag, String> {
    match text {
        "auto" => Ok(ReplicaFlag::Auto),
        _ => text
            .parse()
            .map(ReplicaFlag::Given)
            .map_err(|error: oppscale_core::replica::ReplicaError| error.to_string()),
    }
}

pub(super) fn parse_reserve(text: &str) -> Result<ReserveFlag, String> {
    match text {
        "auto" => Ok(ReserveFlag::Auto),
        _ => text
            .parse()
            .map(ReserveFlag::Given)
            .map_err(|error: oppscale_core::reserve::ReserveError| error.to_string()),
    }
}

/// Reads `12/m` or `0.2/s` as millicores per second, rounded up.
pub(super) fn parse_growth(text: &str) -> Result<Amount, String> {
    let error = || "expected cores in a time: 12/m, 0.2/s".to_owned();
    let (cores, time) = text.split_once('/').ok_or_else(error)?;
    let seconds = match time {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return Err(error()),
    };
    let cores: Quantity = cores.parse().map_err(|_| error())?;
    let milli = amount_of(CPU, cores).filter(|milli| *milli >= 0).ok_or_else(error)?;
    Ok((milli + seconds - 1) / seconds)
}

pub(super) fn parse_quota(text: &str) -> Result<Resources, String> {
    let error = || "expected amounts such as cpu=100,memory=300Gi,pods=120".to_owned();
    let mut quota = Resources::default();
    for part in text.split(',') {
        let (name, amount) = part.split_once('=').ok_or_else(error)?;
        let name = name.strip_prefix("requests.").unwrap_or(name);
        let quantity: Quantity = amount.parse().map_err(|_| error())?;
        let amount = amount_of(name, quantity).filter(|amount| *amount > 0).ok_or_else(error)?;
        if !sizing::has_scoped_quota(name) {
            return Err(format!(
                "{name}: a quota of a PriorityClass counts cpu, memory, pods and extended resources"
            ));
        }
        if name.is_empty() || (name == PODS && amount > Amount::from(i32::MAX)) {
            return Err(error());
        }
        quota.set(name, amount);
    }
    Ok(quota)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_cores_in_a_time() {
        assert_eq!(parse_growth("12/m"), Ok(200));
        assert_eq!(parse_growth("0.2/s"), Ok(200));
        assert_eq!(parse_growth("100m/min"), Ok(2), "rounded up");
        for bad in ["12", "12/d", "x/s", "-1/s", "/s"] {
            assert!(parse_growth(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quotas_are_amounts_above_zero() {
        let quota = parse_quota("requests.cpu=1500m,memory=2Gi,pods=3").unwrap();
        assert_eq!((quota.get("cpu"), quota.get("memory"), quota.get("pods")), (1500, 2 << 30, 3));
        for bad in ["", "cpu", "cpu=0", "cpu=-1", "=1", "cpu=x"] {
            assert!(parse_quota(bad).is_err(), "{bad}");
        }
    }
}
