//! CPU pressure of a node's pods, from its kubelet's Summary API (`/stats/summary`).
//!
//! There are two ways to a kubelet. The API server's proxy takes `get nodes/proxy`, which also
//! permits running commands in every pod of the node (`InstallRequestHandler` and
//! `NewNodeAuthorizerAttributesGetter` of `pkg/kubelet/server`, 1.36). A kubelet that is asked
//! directly demands `get nodes/stats` for this path, and nothing else can be done with that; but
//! it must have a serving certificate that can be verified, for it is sent a token.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use oppscale_core::kinds::percent_encode;
use oppscale_core::pressure::{PodPressure, PressureReading};
use oppscale_core::record::PodKey;

use super::blocking::compute;
use super::client::{Cluster, Operation};
use super::error::ClusterError;

/// Bytes of an answer at most. A pod takes some 1.5 KB of it without its volumes and network, and a
/// node has at most some hundred pods.
const MAX_BYTES: usize = 8 << 20;
/// Pods of an answer at most: several times what a kubelet runs. As values, 8 MiB of empty pods
/// would be many times as large.
const MAX_PODS: usize = 4096;
/// Time until a kubelet must have answered: the summary is cached there.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Port of a kubelet that its Node does not tell.
const KUBELET_PORT: u16 = 10250;
/// The path at the kubelet; without storage and network, which take longest.
const SUMMARY: &str = "stats/summary?only_cpu_and_memory=true";

/// How kubelets are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KubeletAccess {
    /// Through the API server: takes `get nodes/proxy`.
    Proxy,
    /// Directly: takes `get nodes/stats`.
    Direct {
        /// The authority of kubelets' serving certificates, PEM; `None` if it is the API server's.
        authority: Option<PathBuf>,
    },
}

impl KubeletAccess {
    /// The subresource of nodes that reading takes the permission to get.
    pub fn subresource(&self) -> &'static str {
        match self {
            Self::Proxy => "nodes/proxy",
            Self::Direct { .. } => "nodes/stats",
        }
    }
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    node: NodeSummary,
    #[serde(default, deserialize_with = "read_pods")]
    pods: Vec<PodJson>,
}

#[derive(Default, Deserialize)]
struct NodeSummary {
    #[serde(default)]
    cpu: Option<CpuJson>,
}

#[derive(Deserialize)]
struct PodJson {
    #[serde(rename = "podRef")]
    reference: PodReference,
    #[serde(default)]
    cpu: Option<CpuJson>,
}

#[derive(Deserialize)]
struct PodReference {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    uid: String,
}

#[derive(Deserialize)]
struct CpuJson {
    #[serde(default)]
    psi: Option<PsiJson>,
}

#[derive(Deserialize)]
struct PsiJson {
    some: StallJson,
}

#[derive(Deserialize)]
struct StallJson {
    /// Since the cgroup was made; only whether it is 0 is of interest.
    #[serde(default)]
    total: f64,
    avg60: f64,
}

fn stall(cpu: Option<&CpuJson>) -> Option<&StallJson> {
    Some(&cpu?.psi.as_ref()?.some)
}

/// Reads a list of [`MAX_PODS`] pods at most.
fn read_pods<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<PodJson>, D::Error> {
    struct Pods;
    impl<'de> Visitor<'de> for Pods {
        type Value = Vec<PodJson>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of pods")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut pods = Vec::new();
            while let Some(pod) = list.next_element()? {
                if pods.len() == MAX_PODS {
                    return Err(A::Error::custom(format_args!("it has more than {MAX_PODS} pods")));
                }
                pods.push(pod);
            }
            Ok(pods)
        }
    }
    json.deserialize_seq(Pods)
}

/// Reads the CPU pressure of a node's pods.
///
/// # Errors
/// When the kubelet cannot be asked, or its answer is no summary, or does not come in time.
pub async fn read_pressure(
    cluster: &Cluster,
    access: &KubeletAccess,
    node: &str,
) -> Result<PressureReading, ClusterError> {
    let operation = Operation::new(
        format!("read the statistics of node {node}"),
        format!("--verb=get --resource={}", access.subresource()),
    );
    let read = async {
        match access {
            KubeletAccess::Proxy => {
                let path = format!("/api/v1/nodes/{}/proxy/{SUMMARY}", percent_encode(node));
                cluster.get_once(&operation, &path, MAX_BYTES).await
            }
            KubeletAccess::Direct { authority } => {
                let address = address_of(cluster, node).await?;
                let kubelet = cluster.kubelet(address, node, authority.as_deref()).await?;
                kubelet.get_once(&operation, &format!("/{SUMMARY}"), MAX_BYTES).await
            }
        }
    };
    let body =
        tokio::time::timeout(TIMEOUT, read).await.map_err(|_| ClusterError::TimedOut {
            action: operation.description.to_string(),
            server: cluster.server().to_owned(),
            seconds: TIMEOUT.as_secs_f64(),
        })??;
    // On a thread for such work: it takes some 10 ms for the longest answers.
    compute(move || parse(&body))
        .await
        .map_err(|cause| cluster.invalid_response(&operation.description, cause))
}

/// Parses a summary.
fn parse(body: &[u8]) -> Result<PressureReading, String> {
    let summary: Summary = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut measured = summary.pods.iter().map(|pod| &pod.cpu).chain([&summary.node.cpu]);
    let has_psi = measured.any(|cpu| stall(cpu.as_ref()).is_some_and(|stall| stall.total > 0.0));
    let pods = summary.pods.iter().filter_map(|pod| {
        let PodReference { name, namespace, uid } = &pod.reference;
        // They are logged, and the owner of a node can make its kubelet answer anything.
        let is_name = |text: &str| {
            !text.is_empty()
                && text.len() <= 253
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        };
        (is_name(name) && is_name(namespace)).then(|| PodPressure {
            key: PodKey::of_parts(uid, namespace, name),
            name: format!("{namespace}/{name}").into(),
            waiting: stall(pod.cpu.as_ref()).map(|stall| stall.avg60),
        })
    });
    Ok(PressureReading { pods: pods.collect(), has_psi })
}

#[derive(Deserialize)]
struct NodeJson {
    #[serde(default)]
    status: NodeStatusJson,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeStatusJson {
    #[serde(default)]
    addresses: Vec<AddressJson>,
    #[serde(default)]
    daemon_endpoints: DaemonEndpointsJson,
}

#[derive(Deserialize)]
struct AddressJson {
    #[serde(rename = "type")]
    kind: String,
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DaemonEndpointsJson {
    #[serde(default)]
    kubelet_endpoint: EndpointJson,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EndpointJson {
    #[serde(default)]
    port: u16,
}

/// Address of a node's kubelet.
async fn address_of(cluster: &Cluster, node: &str) -> Result<SocketAddr, ClusterError> {
    let operation =
        Operation::new(format!("get node {node}"), "--verb=get --resource=nodes".to_owned());
    // From the API server's cache: addresses hardly change, and this is asked for every reading.
    let path = format!("/api/v1/nodes/{}?resourceVersion=0", percent_encode(node));
    let found: NodeJson = cluster.get_json(&operation, &path).await?;
    let internal = found.status.addresses.iter().filter(|address| address.kind == "InternalIP");
    let mut internal = internal.filter_map(|address| address.address.parse::<IpAddr>().ok());
    let address = internal.next().ok_or_else(|| {
        cluster.invalid_response(
            &operation.description,
            "its status has no address of the type InternalIP",
        )
    })?;
    let port = found.status.daemon_endpoints.kubelet_endpoint.port;
    Ok(SocketAddr::new(address, if port == 0 { KUBELET_PORT } else { port }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "c3a7f6b0-0001-4000-8000-000000000001";

    #[test]
    fn the_share_of_the_last_minute_is_read_for_each_pod() {
        let body = format!(
            r#"{{"node": {{"nodeName": "n1", "cpu": {{"time": "2026-01-01T00:00:00Z", "usageNanoCores": 1,
            "psi": {{"full": {{"total": 0, "avg10": 0, "avg60": 0, "avg300": 0}},
                     "some": {{"total": 9000000000, "avg10": 1, "avg60": 2.5, "avg300": 3}}}}}}}},
            "pods": [
              {{"podRef": {{"name": "a", "namespace": "shop", "uid": "{UID}"}}, "startTime": null,
                "containers": [{{"name": "x", "cpu": {{"psi": {{"some": {{"avg60": 99}}}}}}}}],
                "cpu": {{"psi": {{"full": {{"avg60": 0}}, "some": {{"total": 7, "avg60": 12.34}}}}}}}},
              {{"podRef": {{"name": "b", "namespace": "shop", "uid": ""}}, "cpu": {{}}}},
              {{"podRef": {{"name": "b\nERROR", "namespace": "shop", "uid": ""}}}}]}}"#
        );
        let reading = parse(body.as_bytes()).unwrap();
        assert!(reading.has_psi);
        let pods: Vec<_> = reading.pods.iter().map(|pod| (&*pod.name, pod.waiting)).collect();
        assert_eq!(pods, [("shop/a", Some(12.34)), ("shop/b", None)]);
        assert_eq!(reading.pods[0].key, PodKey::of_parts(UID, "", ""));
    }

    /// cAdvisor fills in zeros where the kernel has no PSI (`cadvisorPSIToStatsPSI`, 1.36).
    #[test]
    fn zeros_everywhere_are_no_pressure_information() {
        let zero =
            r#"{"psi": {"some": {"total": 0, "avg60": 0}, "full": {"total": 0, "avg60": 0}}}"#;
        let body = format!(
            r#"{{"node": {{"cpu": {zero}}},
                "pods": [{{"podRef": {{"name": "a", "namespace": "b", "uid": "c"}}, "cpu": {zero}}}]}}"#
        );
        assert!(!parse(body.as_bytes()).unwrap().has_psi);
        assert!(!parse(b"{}").unwrap().has_psi);
    }

    /// A pod without a name is not kept, but read it must be.
    #[test]
    fn more_pods_than_a_kubelet_runs_are_no_summary() {
        let body = |pods: usize| {
            let pods = vec![r#"{"podRef": {}, "containers": [[], [[]]]}"#; pods];
            format!(r#"{{"pods": [{}]}}"#, pods.join(","))
        };
        assert!(parse(body(MAX_PODS).as_bytes()).is_ok());
        let error = parse(body(MAX_PODS + 1).as_bytes()).unwrap_err();
        assert!(error.contains("more than 4096 pods"), "{error}");
    }

    #[test]
    fn anything_else_is_no_summary() {
        for body in ["", "[]x", "null", r#"{"pods": 1}"#, r#"{"pods": [{"podRef": 1}]}"#] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
