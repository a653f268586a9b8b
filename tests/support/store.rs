//! Objects that the fake API server stores: applied, created, deleted; tokens; reviews.
//!
//! Answers are shaped as a real kube-apiserver 1.36.2 gave them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::answer;
use super::body::Body;
use super::managed::{Managed, leaves, merge};
use super::place::Place;
use super::refusal::{conflict, not_found, status};
use super::request::Request;
use super::review::{Need, Rights, forbidden};

/// The token that is handed out; tests look for it where it must not be.
pub const TOKEN: &str = "eyJhbGciOiJub25lIn0.c2VjcmV0LXRva2Vu.very-secret-token";

/// What the server holds besides a world's nodes and pods.
#[derive(Default)]
pub struct Store(Mutex<Inner>);

/// What a test may set.
pub struct Inner {
    pub objects: BTreeMap<String, Managed>,
    /// Of ServiceAccounts, as access reviews tell them.
    pub account_rights: Rights,
    pub rights: Rights,
    pub user: String,
    /// API groups beyond the built-in ones.
    pub groups: BTreeSet<String>,
    /// `--service-account-max-token-expiration`, seconds.
    pub longest_token: Option<u64>,
    /// Whether pods of Deployments become ready.
    pub deployments_start: bool,
    /// What an APIService's Available condition says: status, reason, message. `None` for no
    /// condition.
    pub available: Option<(&'static str, &'static str, &'static str)>,
    /// What the metric is, `None` for an empty list.
    pub metric: Option<&'static str>,
    /// How many times pods still say that they serve the old certificate.
    pub lag: usize,
    /// Rules that the user does not hold by RBAC, as a refusal to grant them words it: whatever
    /// access reviews say.
    pub not_held: Option<&'static str>,
    /// `/flagz`, where the version has it.
    pub flags: Option<Value>,
    pub served: Option<i64>,
    revision: u64,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            rights: Rights::default(),
            account_rights: Rights::default(),
            user: "kubernetes-admin".to_owned(),
            groups: BTreeSet::new(),
            longest_token: None,
            deployments_start: true,
            available: Some(("True", "Passed", "all checks passed")),
            metric: Some("17"),
            lag: 0,
            not_held: None,
            flags: None,
            served: None,
            revision: 1000,
        }
    }
}

const GROUPS: [&str; 12] = [
    "",
    "batch",
    "apps",
    "autoscaling",
    "rbac.authorization.k8s.io",
    "apiregistration.k8s.io",
    "scheduling.k8s.io",
    "policy",
    "discovery.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "networking.k8s.io",
];

impl Store {
    /// Changes what it holds.
    pub fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// An object, by its path.
    pub fn object(&self, path: &str) -> Option<Value> {
        self.0.lock().unwrap().objects.get(path).map(|object| object.value.clone())
    }

    /// The paths of all objects.
    pub fn paths(&self) -> Vec<String> {
        self.0.lock().unwrap().objects.keys().cloned().collect()
    }

    /// The answer, if that is the store's business.
    pub fn serve(&self, request: &Request) -> Option<Response<Body>> {
        self.0.lock().unwrap().serve(request)
    }
}

impl Inner {
    /// Puts an object there that `manager` owns.
    pub fn put(&mut self, path: &str, manager: &str, value: Value) {
        let owners = [(manager.to_owned(), leaves(&value).into_iter().collect())].into();
        let value = self.finished(path, value);
        self.objects.insert(path.to_owned(), Managed { value, owners });
    }

    fn serve(&mut self, request: &Request) -> Option<Response<Body>> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if request.path == "/flagz" {
            let answer = self.flags.as_ref().map(|flags| answer::json(StatusCode::OK, flags));
            return Some(answer.unwrap_or_else(|| answer::recorded("404-path")));
        }
        if self.lacks_group(&request.path) {
            return Some(answer::recorded("404-path"));
        }
        let place = Place::of(&request.path)?;
        // Who is bound to cluster-admin may do everything.
        let rights = if self.is_admin() {
            Rights::default()
        } else {
            let mut rights = self.rights.clone();
            rights.denied.retain(|denied| !self.is_granted(denied));
            rights
        };
        match place.resource {
            "selfsubjectreviews" => {
                let user = json!({"username": self.user, "groups": ["system:authenticated"]});
                let mut review = body;
                review["status"] = json!({"userInfo": user});
                return Some(answer::json(StatusCode::CREATED, &review));
            }
            "selfsubjectaccessreviews" => {
                let review = rights.review(body);
                return Some(answer::json(StatusCode::CREATED, &review));
            }
            "subjectaccessreviews" => {
                return Some(answer::json(StatusCode::CREATED, &self.account_rights.review(body)));
            }
            _ => {}
        }
        if let Some(refusal) = self.impersonation_refusal(request, &rights) {
            return Some(refusal);
        }
        let need = place.need(&request.method);
        if !rights.allow(&need) {
            let status =
                forbidden(&self.user, &need, place.namespace, place.name.unwrap_or_default());
            return Some(answer::json(StatusCode::FORBIDDEN, &status));
        }
        if place.group.ends_with(".metrics.k8s.io") {
            return Some(self.metrics(&request.path));
        }
        if place.sub == Some("proxy") {
            return Some(self.proxied());
        }
        if !GROUPS.contains(&place.group) && !self.groups.contains(place.group) {
            return (place.group != "metrics.k8s.io").then(|| answer::recorded("404-path"));
        }
        match request.method {
            Method::GET => self.get(&place, request),
            Method::PATCH => Some(self.patch(&place, request, &body)),
            Method::POST if place.sub == Some("token") => Some(self.token(&place, body)),
            Method::POST => Some(self.create(request, &place, body)),
            Method::DELETE => Some(self.delete(&place, &request.path)),
            _ => None,
        }
    }

    /// The refusal of a request in the name of a ServiceAccount that the user may not impersonate.
    fn impersonation_refusal(&self, request: &Request, rights: &Rights) -> Option<Response<Body>> {
        let user = request.header("impersonate-user");
        let (namespace, name) =
            user.first()?.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        let need = Need {
            verb: "impersonate".to_owned(),
            group: String::new(),
            resource: "serviceaccounts".to_owned(),
        };
        let status = forbidden(&self.user, &need, Some(namespace), name);
        (!rights.allow(&need)).then(|| answer::json(StatusCode::FORBIDDEN, &status))
    }

    /// Whether discovery is asked for a group of somebody's that is not there.
    fn lacks_group(&self, path: &str) -> bool {
        match path.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
            ["apis", "monitoring.coreos.com", _] => !self.groups.contains("monitoring.coreos.com"),
            _ => false,
        }
    }

    fn is_admin(&self) -> bool {
        let bindings =
            self.objects.iter().filter(|(path, _)| path.contains("/clusterrolebindings/"));
        bindings.into_iter().any(|(_, binding)| {
            binding.value["roleRef"]["name"] == "cluster-admin"
                && binding.value["subjects"][0]["name"] == *self.user
        })
    }

    /// Whether a role that is bound to the user grants what is denied otherwise.
    fn is_granted(&self, need: &Need) -> bool {
        let objects = || self.objects.iter();
        let bindings = objects().filter(|(path, binding)| {
            path.contains("rolebindings/") && binding.value["subjects"][0]["name"] == *self.user
        });
        let mut roles = bindings.filter_map(|(path, binding)| {
            let role = path.replace("rolebindings/", "roles/");
            let role = role.rsplit_once('/')?.0.to_owned();
            self.objects.get(&format!("{role}/{}", binding.value["roleRef"]["name"].as_str()?))
        });
        let has = |list: &Value, text: &str| list.as_array().unwrap().iter().any(|one| one == text);
        roles.any(|role| {
            role.value["rules"].as_array().unwrap().iter().any(|rule| {
                has(&rule["apiGroups"], &need.group)
                    && has(&rule["resources"], &need.resource)
                    && has(&rule["verbs"], &need.verb)
            })
        })
    }

    fn get(&self, place: &Place<'_>, request: &Request) -> Option<Response<Body>> {
        if place.name.is_some() {
            let found = self.objects.get(&request.path);
            if found.is_none() && matches!(place.resource, "nodes" | "pods" | "deployments") {
                return None;
            }
            return Some(match found {
                Some(object) => answer::json(StatusCode::OK, &object.shown()),
                None => not_found(place),
            });
        }
        // The world's lists, which are paged and watched.
        if place.namespace.is_none() && matches!(place.resource, "nodes" | "pods")
            || place.resource == "replicasets"
        {
            return None;
        }
        let selector = request.parameter("labelSelector").unwrap_or_default();
        let wanted: Vec<_> = selector.split(',').filter_map(|term| term.split_once('=')).collect();
        let items: Vec<_> = self
            .objects
            .iter()
            .filter(|(path, _)| {
                Place::of(path).is_some_and(|other| {
                    other.group == place.group
                        && other.resource == place.resource
                        && (place.namespace.is_none() || other.namespace == place.namespace)
                })
            })
            .map(|(_, object)| &object.value)
            .filter(|object| {
                wanted.iter().all(|(key, value)| object["metadata"]["labels"][key] == *value)
            })
            .collect();
        let list = json!({
            "kind": "List", "apiVersion": "v1",
            "metadata": {"resourceVersion": self.revision.to_string()}, "items": items
        });
        Some(answer::json(StatusCode::OK, &list))
    }

    /// Whether the namespace takes new objects; the refusal if not.
    fn closed(&self, place: &Place<'_>) -> Option<Response<Body>> {
        let namespace = place.namespace?;
        if matches!(namespace, "kube-system" | "default") {
            return None;
        }
        let Some(found) = self.objects.get(&format!("/api/v1/namespaces/{namespace}")) else {
            return Some(status(404, "NotFound", &format!("namespaces {namespace:?} not found")));
        };
        (found.value["status"]["phase"] == "Terminating").then(|| {
            let message = format!(
                "{} {:?} is forbidden: unable to create new content in namespace {namespace} because it is being terminated",
                place.resource, place.name.unwrap_or_default()
            );
            status(403, "Forbidden", &message)
        })
    }

    fn patch(&mut self, place: &Place<'_>, request: &Request, body: &Value) -> Response<Body> {
        let known = self.objects.get(&request.path).cloned();
        if known.is_none()
            && let Some(closed) = self.closed(place)
        {
            return closed;
        }
        assert_eq!(request.header("content-type"), ["application/apply-patch+yaml"]);
        let manager = request.parameter("fieldManager").unwrap();
        let force = request.parameter("force") == Some("true");
        let dry = request.parameter("dryRun") == Some("All");
        let create = Need { verb: "create".to_owned(), ..place.need(&request.method) };
        if known.is_none() && !self.is_admin() && !self.rights.allow(&create) {
            let name = place.name.unwrap_or_default();
            let refusal = forbidden(&self.user, &create, place.namespace, name);
            return answer::json(StatusCode::FORBIDDEN, &refusal);
        }
        if let Some(rules) = self.not_held.filter(|_| place.resource == "clusterroles") {
            let message = format!(
                "clusterroles.rbac.authorization.k8s.io {:?} is forbidden: user {:?} (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{rules}",
                place.name.unwrap_or_default(),
                self.user
            );
            return status(403, "Forbidden", &message);
        }
        let before = known.clone().unwrap_or_default();
        let mut next = match before.applied(manager, body, force) {
            Ok(next) => next,
            Err(conflicts) => return conflict(&conflicts),
        };
        if next.value["spec"]["insecureSkipTLSVerify"] == true
            && next.value["spec"]["caBundle"].is_string()
        {
            let message = "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present";
            return status(422, "Invalid", message);
        }
        next.value = self.finished(&request.path, next.value);
        let changed = next.value != before.value || next.owners != before.owners;
        if changed && !dry {
            self.revision += 1;
            next.value["metadata"]["resourceVersion"] = self.revision.to_string().into();
            self.objects.insert(request.path.clone(), next.clone());
        }
        let code = if known.is_none() { StatusCode::CREATED } else { StatusCode::OK };
        answer::json(code, &next.value)
    }

    /// What controllers and defaults make of an object.
    fn finished(&self, path: &str, mut value: Value) -> Value {
        let metadata = json!({
            "uid": format!("uid-of-{}", path.replace('/', "-")),
            "creationTimestamp": "2026-11-23T19:57:43Z"
        });
        merge(&mut value, &json!({"metadata": metadata}));
        let name = value["metadata"]["name"].clone();
        match value["kind"].as_str().unwrap_or_default() {
            "Namespace" => {
                let phase = value["status"]["phase"].as_str().unwrap_or("Active").to_owned();
                let labels = json!({"kubernetes.io/metadata.name": name});
                merge(
                    &mut value,
                    &json!({"metadata": {"labels": labels}, "status": {"phase": phase}}),
                );
            }
            "Deployment" if self.deployments_start => {
                let replicas = value["spec"]["replicas"].as_u64().unwrap_or(1);
                let status = json!({
                    "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                    "readyReplicas": replicas, "availableReplicas": replicas,
                    "conditions": [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}]
                });
                merge(&mut value, &json!({"status": status, "metadata": {"generation": 1}}));
            }
            "APIService" => {
                let condition = self.available.map(|(status, reason, message)| {
                    json!({"type": "Available", "status": status, "reason": reason, "message": message})
                });
                value["status"] = json!({"conditions": condition.into_iter().collect::<Vec<_>>()});
            }
            "Secret" if value["type"] == "kubernetes.io/service-account-token" => {
                let data = json!({"token": STANDARD.encode(TOKEN), "namespace": "", "ca.crt": ""});
                merge(&mut value, &json!({"data": data}));
            }
            _ => {}
        }
        value
    }

    fn create(&mut self, request: &Request, place: &Place<'_>, body: Value) -> Response<Body> {
        let name = body["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{}/{name}", request.path);
        if self.objects.contains_key(&path) {
            let message = format!("{} {name:?} already exists", place.resource);
            return status(409, "AlreadyExists", &message);
        }
        if let Some(closed) = self.closed(place) {
            return closed;
        }
        let value = self.finished(&path, body);
        if request.parameter("dryRun") != Some("All") {
            self.objects.insert(path, Managed { value: value.clone(), owners: BTreeMap::new() });
        }
        answer::json(StatusCode::CREATED, &value)
    }

    fn delete(&mut self, place: &Place<'_>, path: &str) -> Response<Body> {
        if self.objects.remove(path).is_none() {
            return not_found(place);
        }
        if place.resource == "namespaces" {
            self.objects.retain(|other, _| !other.starts_with(&format!("{path}/")));
        }
        let done = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": place.name, "group": place.group, "kind": place.resource}
        });
        answer::json(StatusCode::OK, &done)
    }
}
