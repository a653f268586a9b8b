//! Paged lists: a page is folded while the next one loads, in memory that goes round.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use tokio::sync::mpsc;

use super::client::{Cluster, Operation};
use super::decode::list_end;
use super::error::ClusterError;
use oppscale_core::kinds::{self, Kind};

/// Objects in a page, as kubectl has it: about 5 MB of pods.
const PAGE: u32 = 500;
/// Pages in memory: one on its way and one at work keep both sides busy.
pub(super) const BUFFERS: usize = 2;
/// How often a list that expired (410) is started again.
const RESTARTS: u32 = 3;

/// A kind of object as the API server lists and watches it.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The kind of its items.
    pub kind: &'static Kind,
    /// Name of the list in messages: `pods`.
    pub noun: &'static str,
    /// The RBAC rule that allows it, as flags of `kubectl create clusterrole`.
    pub required_rbac: String,
    /// URL path: `/api/v1/pods`.
    pub path: String,
    /// Selectors, percent-encoded: `labelSelector=a%3Db`; empty for all objects.
    pub query: String,
    /// Whether the server may lack the kind. A missing kind then counts as refused, and is
    /// retried.
    pub is_optional: bool,
}

impl Listing {
    /// The objects of `kind` in a namespace, or in all.
    pub fn of(kind: &'static Kind, namespace: Option<&str>, query: impl Into<String>) -> Self {
        Self {
            kind,
            noun: kind.plural,
            required_rbac: kind.permission("list,watch"),
            path: kind.list_path(namespace),
            query: query.into(),
            is_optional: kind.is_custom(),
        }
    }

    /// All nodes.
    pub fn nodes() -> Self {
        let required_rbac = kinds::permission("list,watch", &[&kinds::NODE, &kinds::POD]);
        Self { required_rbac, ..Self::of(&kinds::NODE, None, "") }
    }

    /// All pods that occupy something. Those that have ended may be many, so the server
    /// leaves them out.
    pub fn pods() -> Self {
        let selector = percent_encode("status.phase!=Succeeded,status.phase!=Failed");
        let query = format!("fieldSelector={selector}");
        Self { required_rbac: Self::nodes().required_rbac, ..Self::of(&kinds::POD, None, query) }
    }

    /// The path of a request for it, with more parameters.
    pub(super) fn with(&self, parameters: &str) -> String {
        let and = if self.query.is_empty() { "" } else { "&" };
        format!("{}?{parameters}{and}{}", self.path, self.query)
    }
}

/// What a list comes as.
pub(super) enum Piece {
    /// A page of it.
    Page(Vec<u8>),
    /// It expired half-way and begins anew: what came does not count.
    Restart,
}

/// Loads a list to its end into `taker` and gives its version; `empties` brings back the
/// memory of pages that were taken.
///
/// # Errors
/// When the server refuses or fails, or answers with something else.
pub(super) async fn load<W: From<Piece>>(
    cluster: &Cluster,
    listing: &Listing,
    taker: &mpsc::Sender<W>,
    empties: &mut mpsc::UnboundedReceiver<Vec<u8>>,
) -> Result<String, ClusterError> {
    let operation = Operation::new(format!("list {}", listing.noun), &listing.required_rbac);
    let first = listing.with(&format!("limit={PAGE}"));
    let mut path = first.clone();
    let mut starts = 1;
    let mut buffers = 0;
    loop {
        let buffer = if buffers < BUFFERS {
            buffers += 1;
            Vec::new()
        } else {
            // None comes when the other side has failed, which sending tells.
            empties.recv().await.unwrap_or_default()
        };
        let body = match cluster.get_into(&operation, &path, buffer).await {
            Err(ClusterError::Expired { action, .. }) if starts > RESTARTS => {
                return Err(ClusterError::Expired { action, times: starts });
            }
            Err(ClusterError::Expired { .. }) => {
                starts += 1;
                // Its buffer went with the answer.
                buffers -= 1;
                path.clone_from(&first);
                if taker.send(Piece::Restart.into()).await.is_err() {
                    return Ok(String::new());
                }
                continue;
            }
            answer => answer?,
        };
        // What is no list is left for the fold to report, with the place. An empty list of
        // something else must not pass for an empty cluster.
        let end = list_end(&body).unwrap_or_default();
        let is_other = |kind: &String| kind.strip_suffix("List") != Some(listing.kind.name);
        if let Some(kind) = end.kind.filter(is_other) {
            let (action, server) = (operation.description.to_string(), cluster.server().to_owned());
            let cause = format!("it is a {kind}, not a {}List", listing.kind.name);
            return Err(ClusterError::Garbage { action, server, cause });
        }
        if taker.send(Piece::Page(body).into()).await.is_err() {
            return Ok(String::new());
        }
        match end.continue_token {
            Some(token) => path = format!("{first}&continue={}", percent_encode(&token)),
            None => return Ok(end.resource_version.unwrap_or_default()),
        }
    }
}

/// What RFC 3986 does not reserve stays.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Encodes the value of a query parameter, such as a selector.
pub fn percent_encode(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, QUERY_VALUE)
}
