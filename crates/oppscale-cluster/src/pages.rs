//! Paged lists, each item of which is counted as soon as it is there.

use std::time::Duration;

use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use super::client::{Cluster, Operation};
use super::decode::{ListEnd, ListReader};
use super::encoded_object::EncodedObject;
use super::encoding::Encoding;
use super::error::ClusterError;
use super::transport;
use super::typed;
use oppscale_core::kinds::{self, Kind, percent_encode};

/// Objects in a page, as kubectl has it: 3 MB of pods, or 5 MB as JSON.
pub(super) const PAGE: u32 = 500;
/// Number of times that an expired list (410) is started again.
const RESTARTS: u32 = 3;
/// Number of times that a failed page after the first one is read again.
const PAGE_RETRIES: u32 = 3;
/// The pause before that; each is twice as long as the one before: 1.75 s in all.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

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

/// Takes a list as it comes.
pub(super) trait ListSink {
    /// The list begins, or begins anew: what came does not count.
    fn begin(&mut self);
    /// A page begins. If it `is_repeated`, the items since the last page began come once more.
    fn begin_page(&mut self, is_repeated: bool);
    /// More of its items.
    fn items(&mut self, items: &[EncodedObject<'_>]);
}

/// Loads a list to its end into `sink`, and gives its version.
///
/// # Errors
/// When the server refuses or fails, or answers with something else.
pub(super) async fn load(
    cluster: &Cluster,
    listing: &Listing,
    encoding: Encoding,
    sink: &mut impl ListSink,
) -> Result<String, ClusterError> {
    let operation = Operation::new(format!("list {}", listing.noun), &listing.required_rbac);
    let first = listing.with(&format!("limit={PAGE}"));
    let mut path = first.clone();
    let (mut starts, mut failures) = (1, 0);
    sink.begin();
    loop {
        let is_first = path.len() == first.len();
        sink.begin_page(failures > 0);
        let page = page(cluster, &operation, listing.kind, &path, encoding, sink);
        let end = match cluster.in_time(&operation, page).await {
            Ok(end) => end,
            Err(ClusterError::Expired { action, .. }) if starts > RESTARTS => {
                return Err(ClusterError::Expired { action, times: starts });
            }
            Err(ClusterError::Expired { .. }) => {
                starts += 1;
                failures = 0;
                path.clone_from(&first);
                sink.begin();
                continue;
            }
            // A page behind the first one is of a fixed version and may be read again, while
            // the list from its start would be hundreds of requests.
            Err(error) if !is_first && failures < PAGE_RETRIES && error.is_passing() => {
                let pause = FIRST_PAUSE * 2_u32.pow(failures);
                failures += 1;
                tracing::info!(?pause, "{error}; the page is read again");
                tokio::time::sleep(pause).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        failures = 0;
        match end.continue_token {
            Some(token) => path = next_page(cluster, &operation, &first, &path, &token)?,
            None => return Ok(end.resource_version.unwrap_or_default()),
        }
    }
}

/// The path of the page at `token` of the list that begins at `first`, after the page at `path`.
///
/// # Errors
/// When that is the same page: a cache in front of the API server that ignores `continue` answers
/// every request with the same page, and the list would never end.
pub(super) fn next_page(
    cluster: &Cluster,
    operation: &Operation<'_>,
    first: &str,
    path: &str,
    token: &str,
) -> Result<String, ClusterError> {
    let next = format!("{first}&continue={}", percent_encode(token));
    match next == path {
        true => Err(cluster.invalid_response(
            &operation.description,
            "it names itself as its next page, so its end cannot be read",
        )),
        false => Ok(next),
    }
}

/// Loads a page.
async fn page(
    cluster: &Cluster,
    operation: &Operation<'_>,
    kind: &'static Kind,
    path: &str,
    encoding: Encoding,
    sink: &mut impl ListSink,
) -> Result<ListEnd, ClusterError> {
    let invalid = |cause: String| cluster.invalid_response(&operation.description, cause);
    let (encoding, mut body) = cluster.begin(operation, path, encoding).await?;
    let mut reader = ListReader::new(encoding, kind);
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| transport::cut(&operation.description, cluster.server(), &error))?;
        if let Some(data) = frame.data_ref() {
            let items = reader.push(data).map_err(invalid)?;
            if !items.is_empty() {
                sink.items(&items);
            }
        }
    }
    let (items, end) = reader.finish().map_err(invalid)?;
    sink.items(&items);
    Ok(end)
}

/// Lists objects, and collects the results of `decode`; `None` leaves an object out.
///
/// # Errors
/// When the server refuses or fails, or answers with something else.
pub async fn list_objects<T>(
    cluster: &Cluster,
    listing: &Listing,
    encoding: Encoding,
    decode: impl FnMut(EncodedObject<'_>) -> Option<T>,
) -> Result<Vec<T>, ClusterError> {
    let mut collection = Collection { objects: Vec::new(), of_whole_pages: 0, decode };
    load(cluster, listing, encoding, &mut collection).await?;
    Ok(collection.objects)
}

/// As [`list_objects`], by JSON and each item into its type as it comes.
///
/// # Errors
/// As [`list_objects`], and when an item is not of the type.
pub(super) async fn list_typed<T: DeserializeOwned>(
    cluster: &Cluster,
    listing: &Listing,
) -> Result<Vec<T>, ClusterError> {
    let mut problem = None;
    let objects = list_objects(cluster, listing, Encoding::Json, |object| {
        // A list that was asked for as JSON has no others.
        let EncodedObject::Json(json) = object else { return None };
        typed::from_slice(json.as_bytes()).map_err(|refusal| problem = Some(refusal)).ok()
    });
    let objects = objects.await?;
    match problem {
        None => Ok(objects),
        Some(refusal) => {
            Err(cluster.invalid_response(&format!("list {}", listing.kind.plural), refusal))
        }
    }
}

/// The objects of a list.
struct Collection<T, F> {
    objects: Vec<T>,
    /// How many of them are of pages that came to their end.
    of_whole_pages: usize,
    decode: F,
}

impl<T, F: FnMut(EncodedObject<'_>) -> Option<T>> ListSink for Collection<T, F> {
    fn begin(&mut self) {
        self.objects.clear();
        self.of_whole_pages = 0;
    }

    fn begin_page(&mut self, is_repeated: bool) {
        match is_repeated {
            true => self.objects.truncate(self.of_whole_pages),
            false => self.of_whole_pages = self.objects.len(),
        }
    }

    fn items(&mut self, items: &[EncodedObject<'_>]) {
        self.objects.extend(items.iter().filter_map(|item| (self.decode)(*item)));
    }
}
