//! custom.metrics.k8s.io and external.metrics.k8s.io: from a request to its response.
//!
//! There is no socket here, no clock and no cluster: values come from a [`Source`], and the
//! caller is already authenticated. The contract is what a kube-apiserver 1.36 and its HPA
//! controller request, and nothing else (docs/serve.md has the table).
//!
//! * Discovery is static and always 200: a group that cannot be discovered blocks every
//!   namespace deletion of the cluster. Only metrics fail.
//! * Nothing carries `Retry-After`: client-go would sleep on it, and with it one of five
//!   HPA workers.
//! * Values are floored, never below 0: the HPA rounds up to the next thousandth, and takes
//!   a negative External value for *maxReplicas* since 1.34.

mod discovery;
mod metric;
mod reading;
mod request;
mod response;
mod values;

pub use metric::Metric;
pub use reading::{NodeReading, NodeReadings, Readings, Source, Values, WorkloadReading};
pub use request::Request;
pub use response::{Response, StatusError};

use discovery::Documents;
use oppscale_core::kinds::Kind;

/// The group of metrics of objects.
pub const CUSTOM: &str = "custom.metrics.k8s.io";
/// The group of metrics that belong to no object.
pub const EXTERNAL: &str = "external.metrics.k8s.io";

/// Which groups are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// custom.metrics.k8s.io, v1beta1 and v1beta2: a group is owned whole or not at all.
    pub custom: bool,
    /// external.metrics.k8s.io, v1beta1.
    pub external: bool,
}

/// The API.
#[derive(Debug)]
pub struct Api {
    groups: Groups,
    /// Kinds of workloads with metrics.
    kinds: Vec<&'static Kind>,
    documents: Documents,
}

/// A version of custom.metrics.k8s.io; they differ in how an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CustomVersion {
    V1beta1,
    V1beta2,
}

impl CustomVersion {
    fn name(self) -> &'static str {
        match self {
            Self::V1beta1 => "v1beta1",
            Self::V1beta2 => "v1beta2",
        }
    }
}

impl Api {
    /// An API of these groups, with metrics of workloads of these kinds.
    pub fn new(groups: Groups, kinds: Vec<&'static Kind>) -> Self {
        let documents = Documents::new(groups, &kinds);
        Self { groups, kinds, documents }
    }

    /// Responds to a request.
    pub fn respond(&self, request: &Request, source: &dyn Source) -> Response {
        self.try_respond(request, source).unwrap_or_else(|error| error.response())
    }

    fn try_respond(&self, request: &Request, source: &dyn Source) -> Result<Response, StatusError> {
        if request.method != "GET" {
            return Err(StatusError::method(&request.method));
        }
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["apis"] => Ok(self.documents.groups(&request.accept)),
            ["openapi", "v2"] => Ok(self.documents.openapi_v2()),
            ["openapi", "v3"] => Ok(self.documents.openapi_v3()),
            ["apis", group] => self.documents.group(group).ok_or_else(|| self.no_path(request)),
            ["apis", group, version] => {
                let found = self.documents.version(group, version);
                found.ok_or_else(|| self.no_path(request))
            }
            ["apis", CUSTOM, version, ref rest @ ..] if self.groups.custom => {
                let version = match version {
                    "v1beta1" => CustomVersion::V1beta1,
                    "v1beta2" => CustomVersion::V1beta2,
                    _ => return Err(self.no_path(request)),
                };
                values::custom(version, rest, &self.kinds, request, source)
            }
            ["apis", EXTERNAL, "v1beta1", "namespaces", namespace, metric]
                if self.groups.external =>
            {
                values::external(namespace, metric, request, source)
            }
            _ => Err(self.no_path(request)),
        }
    }

    fn no_path(&self, request: &Request) -> StatusError {
        StatusError::not_found(format!("oppscale does not serve {}", request.path))
    }
}
