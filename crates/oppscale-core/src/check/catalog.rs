//! The catalog of checks. A test compares it with `docs/checks.md` and with the engine.

use std::fmt;
use std::str::FromStr;

named_enum! {
    /// A group of checks, in the order in which they run.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Category {
        /// The API server and its version.
        Connection = "connection",
        /// The permissions of the user and of the HPA controller.
        Permissions = "rights",
        /// The front proxy, by which the API server forwards requests to other servers.
        Aggregation = "aggregation",
        /// `metrics.k8s.io`.
        MetricsServer = "metrics-server",
        /// The Prometheus operator and its selectors.
        Prometheus = "prometheus",
        /// The servers of custom and external metrics.
        Owners = "owners",
        /// Serving certificates.
        Certificates = "certificates",
        /// The metrics server of oppscale.
        Server = "server",
        /// Checks of whether capacity can be counted.
        Capacity = "capacity",
        /// HPAs of opportunistic workloads.
        Autoscaling = "autoscaling",
        /// Interference of filler pods with node autoscalers.
        NodeAutoscaler = "node-autoscaler",
        /// Components, flags and API versions that Kubernetes has retired.
        Leftovers = "leftovers",
    }
}

macro_rules! catalog {
    ($($variant:ident $id:literal $category:ident $title:literal $($fatal:ident)?;)*) => {
        /// A check. Its text form, such as `OPP-CON-001`, is documented and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum CheckId {
            $(#[doc = concat!("`", $id, "`: ", $title, ".")] $variant,)*
        }

        impl CheckId {
            /// All checks, by category.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its documented ID.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// Its group.
            pub fn category(self) -> Category {
                match self {
                    $(Self::$variant => Category::$category,)*
                }
            }

            /// The statement that is true when the check passes.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }

            /// Whether no other check makes sense once it has failed.
            pub fn is_fatal(self) -> bool {
                match self {
                    $(Self::$variant => catalog!(@$($fatal)?),)*
                }
            }
        }
    };
    (@) => { false };
    (@fatal) => { true };
}

catalog! {
    ApiServerReachable "OPP-CON-001" Connection "the API server answers" fatal;
    ServerVersion "OPP-CON-002" Connection "the server's version is supported";
    ClockSkew "OPP-CON-003" Connection "the server's clock and yours agree";
    DistributionKnown "OPP-CON-004" Connection "the distribution is determined";
    UserIdentity "OPP-RBA-001" Permissions "the server knows who you are";
    ReadPermissions "OPP-RBA-002" Permissions "you can list nodes and pods";
    InstallPermissions "OPP-RBA-003" Permissions "you can install oppscale";
    HpaControllerPermissions "OPP-RBA-004" Permissions "the HPA controller can read metrics";
    NoLeftGrant "OPP-RBA-005" Permissions "no temporary grant of oppscale init is left";
    FrontProxyCaPublished "OPP-AGG-001" Aggregation "the front proxy's CA is published";
    FrontProxyCaValid "OPP-AGG-002" Aggregation "the front proxy's CA is valid";
    FrontProxyHeaders "OPP-AGG-003" Aggregation "the front proxy names the user in the usual headers";
    FrontProxyNames "OPP-AGG-004" Aggregation "the front proxy's client names are restricted";
    FrontProxyFlags "OPP-AGG-005" Aggregation "the API server runs with the flags of a front proxy";
    RunningNamesPublished "OPP-AGG-006" Aggregation "the API server's client names are published";
    ResourceMetricsRegistered "OPP-MET-001" MetricsServer "metrics.k8s.io is registered";
    ResourceMetricsAvailable "OPP-MET-002" MetricsServer "metrics.k8s.io is available";
    NodeMetrics "OPP-MET-003" MetricsServer "metrics.k8s.io has metrics of nodes";
    PrometheusOperator "OPP-PRO-001" Prometheus "the Prometheus operator is installed";
    ServiceMonitorSelected "OPP-PRO-002" Prometheus "a Prometheus selects the ServiceMonitor of oppscale";
    CustomMetricsOwner "OPP-OWN-001" Owners "custom.metrics.k8s.io has one owner for all versions";
    ExternalMetricsOwner "OPP-OWN-002" Owners "external.metrics.k8s.io has one owner";
    ApiServicesAvailable "OPP-OWN-003" Owners "every APIService is available";
    CertificateExists "OPP-CRT-001" Certificates "the serving certificate exists";
    CertificateAccepted "OPP-CRT-002" Certificates "the API server accepts the serving certificate";
    CertificateLifetime "OPP-CRT-003" Certificates "the serving certificate is valid for 60 more days";
    CaBundleTrusted "OPP-CRT-004" Certificates "the APIServices trust the serving certificate's CA";
    ServerPodsReady "OPP-SRV-001" Server "the server's pods are ready";
    ServerApiAvailable "OPP-SRV-002" Server "the server's APIService is available";
    MetricReadable "OPP-SRV-003" Server "the HPA controller can read a current value";
    ServerPermissions "OPP-SRV-004" Server "the server may read what it counts and serves";
    NodesKnown "OPP-CAP-001" Capacity "every node reports its allocatable";
    PodsCounted "OPP-CAP-002" Capacity "every pod is counted and requests cpu";
    FillerYields "OPP-CAP-003" Capacity "filler pods yield to paid pods";
    FillersStart "OPP-CAP-004" Capacity "filler pods can be created";
    NotHeld "OPP-CAP-005" Capacity "opportunistic workloads are not held";
    UsageBasis "OPP-CAP-006" Capacity "workloads on the usage basis are counted, and yield";
    HpaStable "OPP-HPA-001" Autoscaling "the HPA is stable";
    SingleHpa "OPP-HPA-002" Autoscaling "one HPA scales the workload";
    HpaActive "OPP-HPA-003" Autoscaling "the HPA reads its metric";
    HpaFloor "OPP-HPA-004" Autoscaling "the HPA can scale the filler down to 1";
    NodeScaleUp "OPP-NOD-001" NodeAutoscaler "filler pods trigger no scale-up of nodes";
    NodeScaleDown "OPP-NOD-002" NodeAutoscaler "filler pods block no scale-down of nodes";
    HeapsterGone "OPP-OLD-001" Leftovers "Heapster is gone";
    TillerGone "OPP-OLD-002" Leftovers "Tiller is gone";
    RetiredFlags "OPP-OLD-003" Leftovers "no control-plane component has a retired flag";
    RetiredManifests "OPP-OLD-004" Leftovers "no manifest has a retired API version or flag";
}

impl Category {
    /// Its checks.
    pub fn checks(self) -> impl Iterator<Item = CheckId> {
        CheckId::ALL.iter().copied().filter(move |check| check.category() == self)
    }
}

/// A text that is not the ID of a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no check {text:?}; did you mean {nearest}?")]
pub struct UnknownCheckId {
    /// The text.
    pub text: String,
    /// The ID that differs least.
    pub nearest: CheckId,
}

impl CheckId {
    /// The section of the documentation that explains it.
    pub fn page(self) -> String {
        format!("docs/checks.md#{}", self.id().to_ascii_lowercase())
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for CheckId {
    type Err = UnknownCheckId;

    fn from_str(text: &str) -> Result<Self, UnknownCheckId> {
        let mut nearest = (0, Self::ApiServerReachable);
        for id in Self::ALL.iter().copied() {
            if id.id().eq_ignore_ascii_case(text) {
                return Ok(id);
            }
            // All IDs have the same form: characters in their place tell how near one is.
            let pairs = id.id().chars().zip(text.chars());
            let same = pairs.filter(|(a, b)| a.eq_ignore_ascii_case(b)).count();
            if same > nearest.0 {
                nearest = (same, id);
            }
        }
        Err(UnknownCheckId { text: text.to_owned(), nearest: nearest.1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_reads_back_and_an_unknown_one_is_an_error_with_the_nearest() {
        for id in CheckId::ALL {
            assert_eq!(id.to_string().parse(), Ok(*id));
        }
        assert_eq!("opp-hpa-003".parse(), Ok(CheckId::HpaActive));
        for (text, nearest) in
            [("OPP-HPA-009", CheckId::HpaStable), ("OPP-CRD-004", CheckId::CaBundleTrusted)]
        {
            assert_eq!(text.parse::<CheckId>().unwrap_err().nearest, nearest, "{text}");
        }
    }
}
