//! The permissions that an installation takes, which are missing, and the roles that grant them.
//!
//! Each rule has an access review of its own, with its group and resource: that needs no
//! discovery, and authorizers without rules (webhooks, IAM) answer, too.

use std::fmt;

use futures::future::try_join_all;
use k8s_openapi::api::authentication::v1::{SelfSubjectReview, UserInfo};
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::InstallConfig;
use crate::manifest::Templates;
use oppscale_cluster::{Cluster, ClusterError, Operation};
use oppscale_core::kinds::{API_SERVICE, CLUSTER_ROLE, CONFIG_MAP, Kind, ObjectRef, ROLE};

/// The user as which the HPA controller reads metrics.
pub const HPA_CONTROLLER: &str = "system:serviceaccount:kube-system:horizontal-pod-autoscaler";

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `create`.
    pub verb: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Resource.
    pub resource: String,
    /// The only object that it is for, if it is restricted to one.
    pub name: Option<String>,
    /// The namespace that it is for; `None` for the whole cluster.
    pub namespace: Option<String>,
}

impl Rule {
    /// A permission on all objects of a resource.
    pub fn new(verb: &str, group: &str, resource: &str) -> Self {
        let [verb, group, resource] = [verb, group, resource].map(str::to_owned);
        Self { verb, group, resource, name: None, namespace: None }
    }

    /// A permission on all objects of a kind.
    pub fn of(verb: &str, kind: &Kind) -> Self {
        Self::new(verb, kind.group, kind.plural)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        write!(f, "{} {}{dot}{}", self.verb, self.resource, self.group)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}

/// Verbs of `oppscale init` on what it installs: what cannot be read cannot be compared with what
/// is wanted.
const INSTALL: [&str; 3] = ["create", "patch", "get"];

/// The permissions that an installation takes.
#[derive(Debug, Clone, Default)]
pub struct RequiredPermissions {
    /// To write the objects, and to remove an APIService that does not become available.
    to_write: Vec<Rule>,
    /// The rules of the server's ClusterRole: to write a role takes holding its rules.
    to_grant: Vec<Rule>,
}

impl RequiredPermissions {
    /// The permissions of an installation with these settings, whatever exists already.
    ///
    /// # Errors
    /// When the objects cannot be rendered.
    pub fn of(config: &InstallConfig, templates: &Templates) -> anyhow::Result<Self> {
        let mut required = Self::default();
        for document in config.render_new(templates)? {
            let Some(ObjectRef { kind, namespace, .. }) = document.object() else { continue };
            let deletes = (*kind == API_SERVICE).then_some("delete");
            for verb in INSTALL.into_iter().chain(deletes) {
                let rule = Rule { namespace: namespace.clone(), ..Rule::of(verb, kind) };
                if !required.to_write.contains(&rule) {
                    required.to_write.push(rule);
                }
            }
            if *kind == CLUSTER_ROLE {
                let rules = Vec::<PolicyRule>::deserialize(&document.value()["rules"])?;
                required.to_grant.extend(rules.iter().flat_map(rules_of));
            }
        }
        Ok(required)
    }

    /// All of them.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.to_write.iter().chain(&self.to_grant)
    }

    /// The permissions that the user lacks.
    ///
    /// # Errors
    /// When access cannot be reviewed.
    pub async fn missing(&self, cluster: &Cluster) -> Result<Vec<Rule>, ClusterError> {
        let mut missing = lacking(cluster, &self.to_write).await?;
        let ungrantable = lacking(cluster, &self.to_grant).await?;
        let escalate = ["escalate", "bind"].map(|verb| Rule::of(verb, &CLUSTER_ROLE));
        // A user who may escalate and bind need not hold the rules of the server's role.
        if !ungrantable.is_empty() && !lacking(cluster, &escalate).await?.is_empty() {
            missing.extend(ungrantable);
        }
        // Creating a binding also takes the role's own rules, or `bind` on the role.
        let in_kube_system = |rule: Rule, name: &str| Rule {
            name: Some(name.to_owned()),
            namespace: Some("kube-system".to_owned()),
            ..rule
        };
        let bind =
            in_kube_system(Rule::of("bind", &ROLE), "extension-apiserver-authentication-reader");
        let watch =
            in_kube_system(Rule::of("watch", &CONFIG_MAP), "extension-apiserver-authentication");
        if !is_allowed(cluster, &bind).await? && !is_allowed(cluster, &watch).await? {
            missing.push(bind);
        }
        Ok(missing)
    }
}

/// The permissions of a rule of a role.
fn rules_of(rule: &PolicyRule) -> Vec<Rule> {
    let mut rules = Vec::new();
    for group in rule.api_groups.iter().flatten() {
        for resource in rule.resources.iter().flatten() {
            rules.extend(rule.verbs.iter().map(|verb| Rule::new(verb, group, resource)));
        }
    }
    rules
}

/// Whether a rule is for what no dry run tries: waiting for objects, and removing an APIService.
pub fn is_of_waiting(rule: &Rule) -> bool {
    matches!(
        (&*rule.verb, &*rule.resource, rule.namespace.is_some()),
        ("get" | "delete", "apiservices", _) | ("get", "deployments", true)
    )
}

/// The rules that a refusal names: the forbidden request, and, where a role or a binding is
/// written, the rules that the user does not hold, a line each:
/// `{APIGroups:[""], Resources:["nodes" "pods"], Verbs:["list"]}`.
pub fn of_refusal(message: &str, namespace: Option<&str>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = of_request(message).into_iter().collect();
    for line in message.lines().filter(|line| line.contains("APIGroups:[")) {
        let list = |field: &str| -> Vec<&str> {
            let rest = line.split_once(&format!("{field}:[")).map(|(_, rest)| rest);
            let inside = rest.and_then(|rest| rest.split(']').next()).unwrap_or_default();
            inside.split('"').skip(1).step_by(2).collect()
        };
        let mut names: Vec<_> = list("ResourceNames").into_iter().map(Some).collect();
        if names.is_empty() {
            names.push(None);
        }
        for group in list("APIGroups") {
            for resource in list("Resources") {
                for name in &names {
                    rules.extend(list("Verbs").into_iter().map(|verb| Rule {
                        name: name.map(str::to_owned),
                        namespace: namespace.map(str::to_owned),
                        ..Rule::new(verb, group, resource)
                    }));
                }
            }
        }
    }
    rules
}

/// `User "dev" cannot get resource "secrets" in API group "" in the namespace "oppscale"`.
fn of_request(message: &str) -> Option<Rule> {
    let (_, rest) = message.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource ")?;
    let quoted: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
    let (resource, group) = (*quoted.first()?, *quoted.get(1)?);
    // The server calls a namespace an object in that namespace.
    let is_within = rest.contains(" in the namespace ") && resource != "namespaces";
    let namespace = quoted.get(2).filter(|_| is_within).map(|name| (*name).to_owned());
    Some(Rule { namespace, ..Rule::new(verb, group, resource) })
}

/// The rules that the user lacks.
async fn lacking(cluster: &Cluster, rules: &[Rule]) -> Result<Vec<Rule>, ClusterError> {
    let allowed = try_join_all(rules.iter().map(|rule| is_allowed(cluster, rule))).await?;
    let lacking = rules.iter().zip(allowed).filter(|(_, allowed)| !allowed);
    Ok(lacking.map(|(rule, _)| rule.clone()).collect())
}

/// Whether the user has a permission.
///
/// # Errors
/// When access cannot be reviewed.
pub async fn is_allowed(cluster: &Cluster, rule: &Rule) -> Result<bool, ClusterError> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": rule.verb, "group": rule.group, "resource": rule.resource,
            "name": rule.name.as_deref().unwrap_or_default(),
            "namespace": rule.namespace.as_deref().unwrap_or_default()
        }}
    });
    let operation = Operation::new("review your access", "");
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let review: SelfSubjectAccessReview = cluster.post(&operation, path, &review).await?;
    Ok(review.status.is_some_and(|status| status.allowed))
}

/// User and groups by which the API server knows the user; needs no permission.
///
/// # Errors
/// When they cannot be reviewed.
pub async fn identity(cluster: &Cluster) -> Result<UserInfo, ClusterError> {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let operation = Operation::new("review who you are", "");
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review: SelfSubjectReview = cluster.post(&operation, path, &review).await?;
    Ok(review.status.and_then(|status| status.user_info).unwrap_or_default())
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// The smallest roles of this `name` that grant `rules` to a user, and their bindings: a
/// ClusterRole for the cluster, a Role for each namespace. `new_namespace` must be created first.
pub fn grant(rules: &[Rule], name: &str, user: &str, new_namespace: Option<&str>) -> Vec<Value> {
    let mut scopes: Vec<Option<&str>> = Vec::new();
    for rule in rules {
        let scope = rule.namespace.as_deref();
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let mut objects = Vec::new();
    for scope in scopes {
        if scope.is_some() && scope == new_namespace {
            objects.push(json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scope}
            }));
        }
        let kind = if scope.is_some() { "Role" } else { "ClusterRole" };
        let mut metadata = json!({"name": name});
        if let Some(namespace) = scope {
            metadata["namespace"] = namespace.into();
        }
        let of_scope = rules.iter().filter(|rule| rule.namespace.as_deref() == scope);
        objects.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata,
            "rules": merged(of_scope)
        }));
        objects.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}Binding"),
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}]
        }));
    }
    objects
}

/// Rules of a role, with the verbs of each resource together.
fn merged<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<Value> {
    let mut merged: Vec<(&Rule, Vec<&str>)> = Vec::new();
    for rule in rules {
        let on = |rule: &Rule| (rule.group.clone(), rule.resource.clone(), rule.name.clone());
        match merged.iter_mut().find(|(known, _)| on(known) == on(rule)) {
            Some((_, verbs)) if verbs.contains(&&*rule.verb) => {}
            Some((_, verbs)) => verbs.push(&rule.verb),
            None => merged.push((rule, vec![&*rule.verb])),
        }
    }
    let policy_rule = |(rule, verbs): (&Rule, Vec<&str>)| {
        let mut value =
            json!({"apiGroups": [rule.group], "resources": [rule.resource], "verbs": verbs});
        if let Some(name) = &rule.name {
            value["resourceNames"] = json!([name]);
        }
        value
    };
    merged.into_iter().map(policy_rule).collect()
}
