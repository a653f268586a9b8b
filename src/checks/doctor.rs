//! Who looks: the connection, what was found out on the way, and what was seen already.

use std::collections::HashMap;

use serde_json::Value;

use crate::certificates::Fix;
use crate::manifest::Document;
use crate::setup::api_services::BY_HELM;
use crate::setup::helm::{ADAPTER, ADAPTER_SECRET};
use oppscale_cluster::{Action, Cluster, ClusterError};
use oppscale_core::check::{Check, Distribution, Finding, Outcome, Release};
use oppscale_core::error::ErrorKind;

/// What is checked.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The metrics server's namespace.
    pub namespace: String,
    /// The Service in front of it.
    pub service: String,
    /// The Secret with its certificates.
    pub secret: String,
    /// The distribution, where it was given.
    pub distribution: Option<Distribution>,
    /// Objects of files, to be checked for what is retired.
    pub manifests: Vec<Document>,
    /// Whether our server ought to be there: before an installation it need not.
    pub installed: bool,
}

impl Subject {
    /// prometheus-adapter, where that answers the API in place of our server.
    pub fn adapter(&self) -> Self {
        let (service, secret) = (ADAPTER.to_owned(), ADAPTER_SECRET.to_owned());
        Self { service, secret, ..self.clone() }
    }

    /// A command of oppscale about what is checked: with the flags that name it, where they
    /// differ from the defaults.
    pub fn command(&self, words: &str) -> String {
        let Self { namespace, service, secret, .. } = self;
        let mut text = format!("oppscale {words}");
        let usual = [("-n", namespace, "oppscale"), ("--service", service, "oppscale")];
        for (flag, value, usual) in usual {
            if value != usual {
                text.push_str(&format!(" {flag} {value}"));
            }
        }
        // init names the Secret after the Service by itself.
        if !words.starts_with("init") && secret != "oppscale-tls" {
            text.push_str(&format!(" --secret {secret}"));
        }
        text
    }

    /// What to do about certificates: `fix`, where that is not for Helm to do.
    pub fn renewal(&self, fix: Fix, release: Option<&str>) -> String {
        match (fix, release) {
            (Fix::Renew(_), Some(release)) => format!("they are values of {release}: {BY_HELM}"),
            (Fix::Renew(rest), None) => format!("{}{rest}", self.command("certs renew")),
            (Fix::Other(text), _) => text.to_owned(),
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub enum Look {
    /// It is there.
    Found(Value),
    /// It is not there.
    Absent,
    /// It may not be looked at; the right that is missing.
    Denied(String),
    /// The server failed.
    Broken(String),
}

/// Whoever checks.
pub struct Doctor<'a> {
    /// The connection.
    pub cluster: &'a Cluster,
    /// What is checked.
    pub subject: Subject,
    /// The server's version, once it is known.
    pub release: Option<Release>,
    /// Why the API server cannot be used, if it cannot.
    pub error: Option<ErrorKind>,
    /// The server's clock, once it is known.
    pub now: i64,
    /// The distribution, once it is known.
    pub distribution: Distribution,
    seen: HashMap<String, Look>,
}

/// What was found, in order.
#[derive(Debug, Default)]
pub struct Found(pub Vec<Finding>);

impl<'a> Doctor<'a> {
    /// Somebody who knows nothing yet.
    pub fn new(cluster: &'a Cluster, subject: Subject) -> Self {
        let distribution = subject.distribution.unwrap_or(Distribution::Unknown);
        let now = crate::setup::clock::local();
        Self {
            cluster,
            subject,
            release: None,
            error: None,
            now,
            distribution,
            seen: HashMap::new(),
        }
    }

    /// Forgets what was seen, to look again.
    pub fn blink(&mut self) {
        self.seen.clear();
    }

    /// Looks at `path`; `right` is the rule that allows it.
    pub async fn look(&mut self, path: &str, right: &str) -> Look {
        if let Some(seen) = self.seen.get(path) {
            return seen.clone();
        }
        let words = format!("get {path}");
        let look = match self.cluster.find(&Action { words: &words, right }, path).await {
            Ok(Some(value)) => Look::Found(value),
            Ok(None) => Look::Absent,
            Err(ClusterError::Forbidden { .. }) if !right.is_empty() => {
                Look::Denied(right.to_owned())
            }
            Err(error) => Look::Broken(error.to_string()),
        };
        self.seen.insert(path.to_owned(), look.clone());
        look
    }

    /// The items of a list.
    pub async fn list(&mut self, path: &str, right: &str) -> Result<Vec<Value>, Outcome> {
        match self.look(path, right).await {
            Look::Found(mut list) => Ok(match list["items"].take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            }),
            Look::Absent => Ok(Vec::new()),
            other => Err(other.unknown()),
        }
    }

    /// The version for rules that depend on it.
    pub fn is_at_least(&self, minor: u32) -> bool {
        self.release.as_ref().is_some_and(|release| release.is_at_least(minor))
    }
}

impl Look {
    /// Why nothing is known.
    pub fn unknown(&self) -> Outcome {
        match self {
            Self::Found(_) => Outcome::Passed(None),
            Self::Absent => Outcome::Unknown("it is not there".to_owned()),
            Self::Denied(right) => Outcome::denied(right),
            Self::Broken(why) => Outcome::Unknown(why.clone()),
        }
    }
}

/// What an error leaves unknown, and the right that would show it where that is why.
pub(super) fn unknown(error: &ClusterError) -> Outcome {
    match error {
        ClusterError::Forbidden { right, .. } if !right.is_empty() => Outcome::denied(right),
        other => Outcome::Unknown(other.to_string()),
    }
}

impl Found {
    /// Adds a finding.
    pub fn add(&mut self, id: &str, outcome: Outcome) {
        self.about(id, None, outcome, None);
    }

    /// Adds one with what to do.
    pub fn fixed_by(&mut self, id: &str, outcome: Outcome, fix: impl Into<String>) {
        self.about(id, None, outcome, Some(fix.into()));
    }

    /// Adds one about something.
    pub fn about(
        &mut self,
        id: &str,
        subject: Option<&str>,
        outcome: Outcome,
        fix: Option<String>,
    ) {
        let subject = subject.map(str::to_owned);
        self.0.push(Finding { check: Check::of(id), subject, outcome, fix });
    }

    /// Adds that all is well.
    pub fn pass(&mut self, id: &str, text: impl Into<String>) {
        self.add(id, Outcome::Passed(Some(text.into())));
    }

    /// Adds that it makes no sense here.
    pub fn skip(&mut self, id: &str, why: &str) {
        self.add(id, Outcome::Skipped(why.to_owned()));
    }

    /// Whether something fatal failed.
    pub fn is_fatal(&self) -> bool {
        self.0.iter().any(|f| f.check.fatal && matches!(f.outcome, Outcome::Failed(_)))
    }
}
