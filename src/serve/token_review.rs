//! Who may read the second port: with `--http-auth token-review`, whoever has a token that
//! Kubernetes authenticates (TokenReview) and authorizes for `get /metrics` (SubjectAccessReview),
//! as with controller-runtime's `WithAuthenticationAndAuthorization`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use k8s_openapi::api::authentication::v1::{TokenReview, UserInfo};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use oppscale_cluster::{Cluster, ClusterError, Operation};
use oppscale_core::kinds::{SUBJECT_ACCESS_REVIEW, TOKEN_REVIEW};
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Who may read the page and `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum HttpAuth {
    /// Every client, without TLS
    #[default]
    None,
    /// Over TLS, bearers of tokens that may get /metrics
    TokenReview,
}

/// The permission of readers: a non-resource URL, which the ClusterRoles of Prometheus have
/// already.
const PATH: &str = "/metrics";
/// Time for which an admitted token is not reviewed again.
pub(super) const ADMISSION_LIFE: Duration = Duration::from_secs(60);
/// The same of a refused token: its permission may just be granted.
const REFUSAL_LIFE: Duration = Duration::from_secs(10);
/// Time for both reviews of a token; Prometheus waits for 10 s by default.
const REVIEW_TIMEOUT: Duration = Duration::from_secs(5);
/// Reviews at a time: clients that send invented tokens must not decide how often the API server is
/// asked.
const MAX_REVIEWS: usize = 8;
/// Time for which a refusal occupies one of them.
const REFUSAL_DELAY: Duration = Duration::from_millis(50);
/// Number of remembered tokens.
const MAX_REMEMBERED: usize = 1024;
/// Interval between log lines about reviews that fail.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// There is no token.
    #[error("a token is missing")]
    NoToken,
    /// Kubernetes does not authenticate the token.
    #[error("the token is not valid (any more)")]
    BadToken,
    /// The user of the token has no permission.
    #[error("user {0:?} may not get {PATH}")]
    Forbidden(String),
    /// The API server does not answer the review.
    #[error("the API server cannot review the token now")]
    Unreviewed,
}

type Verdict = Result<(), Refusal>;

/// Reviews tokens, and remembers the verdicts for a short time.
pub(super) struct TokenReviewer {
    cluster: Cluster,
    /// By the SHA-256 of the token: until when, and the verdict.
    remembered: Mutex<HashMap<[u8; 32], (Instant, Verdict)>>,
    slots: Semaphore,
    last_log: Mutex<Option<Instant>>,
}

impl TokenReviewer {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            remembered: Mutex::default(),
            slots: Semaphore::new(MAX_REVIEWS),
            last_log: Mutex::default(),
        }
    }

    /// Decides whether the sender of these headers may read.
    pub(super) async fn review(&self, headers: &HeaderMap) -> Verdict {
        let token = token(headers).ok_or(Refusal::NoToken)?;
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if let Some(verdict) = self.known(&key) {
            return verdict;
        }
        let all = timeout(REVIEW_TIMEOUT, async {
            // An error would mean that the semaphore was closed, which never happens.
            let slot = self.slots.acquire().await;
            // Another request with the token may have been faster.
            if let Some(verdict) = self.known(&key) {
                return Ok::<_, ClusterError>((verdict, slot));
            }
            let verdict = self.verdict(&token).await?;
            self.remember(key, verdict.clone());
            Ok((verdict, slot))
        });
        let failure = match all.await {
            Ok(Ok((Ok(()), _))) => return Ok(()),
            Ok(Ok((refused, slot))) => {
                tokio::time::sleep(REFUSAL_DELAY).await;
                drop(slot);
                return refused;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", REVIEW_TIMEOUT.as_secs()),
        };
        let mut last = self.last_log.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= LOG_INTERVAL) {
            *last = Some(Instant::now());
            tracing::warn!(reason = "TokenReviewFailed", "tokens cannot be reviewed: {failure}");
        }
        Err(Refusal::Unreviewed)
    }

    /// Asks the API server.
    async fn verdict(&self, token: &str) -> Result<Verdict, ClusterError> {
        let operation = Operation::new("review a token", TOKEN_REVIEW.permission("create"));
        let review = json!({
            "apiVersion": TOKEN_REVIEW.api_version(), "kind": TOKEN_REVIEW.name,
            "spec": {"token": token}
        });
        let review: TokenReview =
            self.cluster.post(&operation, &TOKEN_REVIEW.list_path(None), &review).await?;
        let status = review.status.unwrap_or_default();
        let Some(user) = status.user.filter(|_| status.authenticated == Some(true)) else {
            return Ok(Err(Refusal::BadToken));
        };
        let UserInfo { username, uid, groups, extra } = user;
        let operation = Operation::new(
            "review the access of a user",
            SUBJECT_ACCESS_REVIEW.permission("create"),
        );
        let review = json!({
            "apiVersion": SUBJECT_ACCESS_REVIEW.api_version(), "kind": SUBJECT_ACCESS_REVIEW.name,
            "spec": {
                "user": username, "uid": uid, "groups": groups, "extra": extra,
                "nonResourceAttributes": {"path": PATH, "verb": "get"}
            }
        });
        let review: SubjectAccessReview =
            self.cluster.post(&operation, &SUBJECT_ACCESS_REVIEW.list_path(None), &review).await?;
        Ok(match review.status.is_some_and(|status| status.allowed) {
            true => Ok(()),
            false => Err(Refusal::Forbidden(username.unwrap_or_default())),
        })
    }

    fn known(&self, key: &[u8; 32]) -> Option<Verdict> {
        let remembered = self.remembered();
        let (end, verdict) = remembered.get(key)?;
        (*end > Instant::now()).then(|| verdict.clone())
    }

    /// Remembers a verdict. If there are too many, a refused one goes first.
    fn remember(&self, key: [u8; 32], verdict: Verdict) {
        let now = Instant::now();
        let life = if verdict.is_ok() { ADMISSION_LIFE } else { REFUSAL_LIFE };
        let mut remembered = self.remembered();
        if remembered.len() >= MAX_REMEMBERED {
            remembered.retain(|_, (end, _)| *end > now);
        }
        if remembered.len() >= MAX_REMEMBERED {
            let of =
                |(key, (end, verdict)): (&_, &(Instant, Verdict))| (verdict.is_ok(), *end, *key);
            if let Some((.., first)) = remembered.iter().map(of).min() {
                remembered.remove(&first);
            }
        }
        remembered.insert(key, (now + life, verdict));
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<[u8; 32], (Instant, Verdict)>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token of a request: a bearer's, or the password of Basic, for which browsers ask.
fn token(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = match () {
        () if scheme.eq_ignore_ascii_case("bearer") => rest.trim().to_owned(),
        () if scheme.eq_ignore_ascii_case("basic") => {
            let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
            decoded.split_once(':')?.1.trim().to_owned()
        }
        () => return None,
    };
    (!token.is_empty()).then_some(token)
}
