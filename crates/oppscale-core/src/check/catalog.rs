//! Every check. `docs/checks.md` has a section for each; a test compares the two.

/// A group of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Can the server be talked to, and which one is it?
    Connection,
    /// Who asks, and what may they?
    Rights,
    /// The API server's way to other servers.
    Aggregation,
    /// metrics.k8s.io.
    MetricsServer,
    /// Prometheus, its operator, its selectors.
    Prometheus,
    /// Who serves custom and external metrics?
    Owners,
    /// Serving certificates.
    Certificates,
    /// Our server.
    Server,
    /// What can be counted.
    Capacity,
    /// HPAs of opportunistic workloads.
    Autoscaling,
    /// Traps of node autoscalers.
    Nodes,
    /// What 2018 left behind.
    Leftovers,
}

/// A check.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Its stable name.
    pub id: &'static str,
    /// Its group.
    pub category: Category,
    /// What is right when it passes.
    pub title: &'static str,
    /// Whether nothing else makes sense when it fails.
    pub fatal: bool,
}

impl Category {
    /// All, in the order in which they are checked.
    pub const ALL: [Self; 12] = [
        Self::Connection,
        Self::Rights,
        Self::Aggregation,
        Self::MetricsServer,
        Self::Prometheus,
        Self::Owners,
        Self::Certificates,
        Self::Server,
        Self::Capacity,
        Self::Autoscaling,
        Self::Nodes,
        Self::Leftovers,
    ];

    /// Its name in tables and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Rights => "rights",
            Self::Aggregation => "aggregation",
            Self::MetricsServer => "metrics-server",
            Self::Prometheus => "prometheus",
            Self::Owners => "owners",
            Self::Certificates => "certificates",
            Self::Server => "server",
            Self::Capacity => "capacity",
            Self::Autoscaling => "autoscaling",
            Self::Nodes => "node-autoscaler",
            Self::Leftovers => "leftovers",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

impl Check {
    /// The check of this ID. Asking for one that is not in the catalog gives the first: a test
    /// holds every ID in the code against it.
    pub fn of(id: &str) -> &'static Self {
        CATALOG.iter().find(|check| check.id == id).unwrap_or(&CATALOG[0])
    }

    /// Where it is explained.
    pub fn page(&self) -> String {
        format!("docs/checks.md#{}", self.id.to_ascii_lowercase())
    }
}

macro_rules! catalog {
    ($($id:literal $category:ident $title:literal $($fatal:ident)?;)*) => {
        &[$(Check {
            id: $id, category: Category::$category, title: $title,
            fatal: catalog!(@$($fatal)?)
        }),*]
    };
    (@) => { false };
    (@fatal) => { true };
}

/// Every check, by category.
pub static CATALOG: &[Check] = catalog![
    "OPP-CON-001" Connection "the API server answers" fatal;
    "OPP-CON-002" Connection "its version is one that was tested";
    "OPP-CON-003" Connection "its clock and yours agree";
    "OPP-CON-004" Connection "its distribution is known";
    "OPP-RBA-001" Rights "the server knows who you are";
    "OPP-RBA-002" Rights "nodes and pods may be read";
    "OPP-RBA-003" Rights "oppscale may be installed";
    "OPP-RBA-004" Rights "the HPA controller may read metrics";
    "OPP-AGG-001" Aggregation "the front proxy's CA is published";
    "OPP-AGG-002" Aggregation "the front proxy's CA is valid";
    "OPP-AGG-003" Aggregation "the front proxy says who asks";
    "OPP-AGG-004" Aggregation "the front proxy's names are restricted";
    "OPP-AGG-005" Aggregation "the API server runs with the flags of a front proxy";
    "OPP-AGG-006" Aggregation "the published names are those the API server runs with";
    "OPP-MET-001" MetricsServer "metrics.k8s.io is registered";
    "OPP-MET-002" MetricsServer "metrics.k8s.io is available";
    "OPP-MET-003" MetricsServer "metrics.k8s.io has values of nodes";
    "OPP-PRO-001" Prometheus "the operator's kinds are there";
    "OPP-PRO-002" Prometheus "a Prometheus selects the ServiceMonitor of oppscale";
    "OPP-OWN-001" Owners "custom.metrics.k8s.io is served by one owner, whole";
    "OPP-OWN-002" Owners "external.metrics.k8s.io is served by one owner";
    "OPP-OWN-003" Owners "every APIService is available";
    "OPP-CRT-001" Certificates "the serving certificate is there";
    "OPP-CRT-002" Certificates "the serving certificate is one the API server takes";
    "OPP-CRT-003" Certificates "the serving certificate is good for 60 days more";
    "OPP-CRT-004" Certificates "the APIServices trust its CA";
    "OPP-SRV-001" Server "the server's pods are ready";
    "OPP-SRV-002" Server "its APIService is available";
    "OPP-SRV-003" Server "a value can be read as the HPA controller reads it";
    "OPP-CAP-001" Capacity "every node is known";
    "OPP-CAP-002" Capacity "every pod is counted, and says what it takes";
    "OPP-CAP-003" Capacity "opportunistic pods give way to paid ones";
    "OPP-HPA-001" Autoscaling "the HPA comes to rest where it should";
    "OPP-HPA-002" Autoscaling "one HPA scales a workload";
    "OPP-HPA-003" Autoscaling "the HPA reads its metric";
    "OPP-HPA-004" Autoscaling "the HPA can give all of it back";
    "OPP-NOD-001" Nodes "opportunistic pods make no autoscaler add nodes";
    "OPP-NOD-002" Nodes "opportunistic pods keep no node from being removed";
    "OPP-OLD-001" Leftovers "Heapster is gone";
    "OPP-OLD-002" Leftovers "Tiller is gone";
    "OPP-OLD-003" Leftovers "no retired flag is set";
    "OPP-OLD-004" Leftovers "no manifest has a retired API version";
];
