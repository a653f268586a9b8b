//! Paged lists: a page is folded while the next one loads, in memory that goes round.

use tokio::sync::mpsc;

use super::client::{Action, Cluster};
use super::decode::list_end;
use super::error::ClusterError;

/// Objects in a page, as kubectl has it: about 5 MB of pods.
const PAGE: u32 = 500;
/// Pages in memory: one on its way and one at work keep both sides busy.
pub(super) const BUFFERS: usize = 2;
/// How often a list that expired (410) is started again.
const RESTARTS: u32 = 3;

/// A kind of object as the API server lists and watches it.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The kind of the list: `PodList`.
    pub kind: &'static str,
    /// What it is called: `pods`.
    pub noun: &'static str,
    /// The rule that allows it, as flags of `kubectl create clusterrole`.
    pub right: &'static str,
    /// Where it is: `/api/v1/pods`.
    pub path: String,
    /// What narrows it down, percent-encoded: `labelSelector=a%3Db`; empty for all.
    pub query: String,
}

impl Listing {
    /// All nodes.
    pub fn nodes() -> Self {
        Self {
            kind: "NodeList",
            noun: "nodes",
            right: "--verb=list,watch --resource=nodes,pods",
            path: "/api/v1/nodes".to_owned(),
            query: String::new(),
        }
    }

    /// All pods that occupy something. Those that have ended may be many, so the server
    /// leaves them out.
    pub fn pods() -> Self {
        Self {
            kind: "PodList",
            noun: "pods",
            right: "--verb=list,watch --resource=nodes,pods",
            path: "/api/v1/pods".to_owned(),
            query: "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed"
                .to_owned(),
        }
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
    let words = format!("list {}", listing.noun);
    let action = Action { words: &words, right: listing.right };
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
        let body = match cluster.get_into(&action, &path, buffer).await {
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
        if let Some(kind) = end.kind.filter(|kind| kind != listing.kind) {
            let (action, server) = (action.words.to_owned(), cluster.server().to_owned());
            let cause = format!("it is a {kind}, not a {}", listing.kind);
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

/// Encodes a query value. Continue tokens are base64url today, but that is the server's
/// affair.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(byte as char);
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
