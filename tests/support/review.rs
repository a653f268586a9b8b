//! Who may do what on the fake API server, as access reviews and refusals tell it.

use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::answer;
use super::body::Body;
use super::request::Request;

/// Path of reviews of tokens.
pub const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";

/// The answer to a review of a token, or of whether its user may get `/metrics`: the token `good`
/// is of a Prometheus that may, `poor` of somebody who may not, and others are not valid.
pub fn reviewed(request: &Request) -> Option<Response<Body>> {
    let mut review: Value = serde_json::from_slice(&request.body).ok()?;
    let spec = &review["spec"];
    let status = match &*request.path {
        _ if request.method != Method::POST => return None,
        TOKEN_REVIEWS => match spec["token"].as_str()? {
            token @ ("good" | "poor") => json!({"authenticated": true, "user": {
                "username": format!("of-{token}"), "uid": "1", "groups": ["system:authenticated"],
                "extra": {"authentication.kubernetes.io/credential-id": ["JTI=1"]}
            }}),
            _ => json!({"user": {}, "error": "invalid bearer token"}),
        },
        "/apis/authorization.k8s.io/v1/subjectaccessreviews" => {
            let is_asked = spec["nonResourceAttributes"]
                == json!({"path": "/metrics", "verb": "get"})
                && spec["groups"] == json!(["system:authenticated"])
                && spec["extra"]["authentication.kubernetes.io/credential-id"] == json!(["JTI=1"]);
            json!({"allowed": is_asked && spec["user"] == "of-good"})
        }
        _ => return None,
    };
    review["status"] = status;
    Some(answer::json(StatusCode::CREATED, &review))
}

/// What a request needs: `create`, `rbac.authorization.k8s.io`, `clusterrolebindings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub verb: String,
    pub group: String,
    pub resource: String,
}

/// Rights that the user lacks. `*` stands for any.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    pub denied: Vec<Need>,
}

impl Rights {
    /// Takes a right away: `patch`, `secrets` or `apiservices.apiregistration.k8s.io`.
    pub fn deny(&mut self, verb: &str, resource: &str) {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        self.denied.push(Need {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
        });
    }

    pub fn allow(&self, need: &Need) -> bool {
        // Who may do everything lacks nothing.
        if need.verb == "*" {
            return self.denied.is_empty();
        }
        let is = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        !self.denied.iter().any(|denied| {
            is(&denied.verb, &need.verb)
                && is(&denied.resource, &need.resource)
                && (denied.resource == "*" || denied.group == need.group)
        })
    }

    /// The answer to an access review of whichever kind.
    pub fn review(&self, mut review: Value) -> Value {
        let attributes = &review["spec"]["resourceAttributes"];
        let text = |field: &str| attributes[field].as_str().unwrap_or_default().to_owned();
        let subresource = text("subresource");
        let slash = if subresource.is_empty() { "" } else { "/" };
        let need = Need {
            verb: text("verb"),
            group: text("group"),
            resource: format!("{}{slash}{subresource}", text("resource")),
        };
        review["status"] = json!({"allowed": self.allow(&need)});
        review
    }
}

/// What a server says to somebody without a right.
pub fn forbidden(user: &str, need: &Need, namespace: Option<&str>, name: &str) -> Value {
    let full = if need.group.is_empty() {
        need.resource.clone()
    } else {
        format!("{}.{}", need.resource, need.group)
    };
    let quoted = if name.is_empty() { String::new() } else { format!(" {name:?}") };
    let scope = namespace
        .map_or("at the cluster scope".to_owned(), |name| format!("in the namespace {name:?}"));
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!(
            "{full}{quoted} is forbidden: User {user:?} cannot {} resource {:?} in API group {:?} {scope}",
            need.verb, need.resource, need.group
        ),
        "reason": "Forbidden",
        "details": {"group": need.group, "kind": need.resource, "name": name}, "code": 403
    })
}
