//! Checks of the connection: the API server answers, and which one it is.

use k8s_openapi::api::core::v1::Node;

use crate::setup::local_clock;
use oppscale_cluster::server_info;
use oppscale_core::check::{CheckId, ClusterTraits, Distribution, Finding, ServerVersion};

use super::context::CheckContext;

/// The difference of the clocks from which it is a warning, in seconds.
const MAX_SKEW: i64 = 60;

pub(super) async fn check(context: &mut CheckContext<'_>) -> Vec<Finding> {
    let info = server_info(context.cluster).await;
    let local = local_clock();
    let info = match info {
        Ok(info) => info,
        Err(error) => {
            context.error = Some(error.kind());
            let finding = CheckId::ApiServerReachable.failed(error.to_string());
            return vec![finding.fix(error.hint().unwrap_or_default())];
        }
    };
    context.version = ServerVersion::parse(&info.version);
    context.now = info.date.unwrap_or(local);
    let nodes = context.nodes().await.unwrap_or_default();
    let node_markers: Vec<_> = nodes.iter().flat_map(markers).collect();
    let detected = Distribution::detect(&ClusterTraits {
        version: &info.version,
        server: context.cluster.server(),
        node_markers: &node_markers,
    });
    context.distribution = context.target.distribution.unwrap_or(detected);
    vec![
        CheckId::ApiServerReachable.passed_with(context.cluster.server()),
        version(context.version.as_ref(), &info.version),
        clock_skew(info.date.map(|date| date - local)),
        match context.distribution {
            Distribution::Unknown => CheckId::DistributionKnown
                .passed_with("unknown, so fixes are general")
                .fix("name it with --distribution"),
            known => CheckId::DistributionKnown.passed_with(known.name()),
        },
    ]
}

fn version(version: Option<&ServerVersion>, text: &str) -> Finding {
    const ID: CheckId = CheckId::ServerVersion;
    match version {
        None => ID.warning(format!("{text:?} is not a version of Kubernetes")),
        Some(version) if version.is_too_old() => {
            ID.warning(format!("{version} is older than 1.33: it may refuse what oppscale writes"))
        }
        Some(version) if version.is_too_new() => {
            ID.warning(format!("{version} is newer than 1.37, the last tested version"))
        }
        Some(version) => ID.passed_with(&version.text),
    }
}

/// `skew` is how far the server's clock is ahead, in seconds.
fn clock_skew(skew: Option<i64>) -> Finding {
    const ID: CheckId = CheckId::ClockSkew;
    match skew {
        Some(skew) if skew.abs() > MAX_SKEW => ID
            .warning(format!(
                "the server's clock is {} s {} yours: certificates and tokens that you make may \
                 not be valid there",
                skew.abs(),
                if skew > 0 { "ahead of" } else { "behind" }
            ))
            .fix("timedatectl set-ntp true, here and on the control plane"),
        Some(_) => ID.passed(),
        None => ID.skipped("the server sends no Date header"),
    }
}

/// The keys of a node's labels and annotations, and its providerID.
fn markers(node: &Node) -> Vec<String> {
    let metadata = &node.metadata;
    let keys = [&metadata.labels, &metadata.annotations].into_iter().flatten();
    let provider = node.spec.as_ref().and_then(|spec| spec.provider_id.clone());
    keys.flat_map(|map| map.keys().cloned()).chain(provider).collect()
}
