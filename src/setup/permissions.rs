//! What an installation takes of rights, and which are missing.
//!
//! One review for each rule, with group and resource given: discovery does not lie in between,
//! and authorizers that know no rules (webhooks, IAM) answer too.

use std::borrow::Cow;
use std::fmt;

use futures::future::try_join_all;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use serde_json::{Value, json};

use oppscale_cluster::{ApiRequest, Cluster, ClusterError, Operation};
use oppscale_core::kinds::{self, Installed, Kind};

/// Who reads metrics for HPAs.
pub const HPA_CONTROLLER: &str = "system:serviceaccount:kube-system:horizontal-pod-autoscaler";

/// A right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `create`.
    pub verb: Cow<'static, str>,
    /// The API group; empty for the core.
    pub group: Cow<'static, str>,
    /// The resource.
    pub resource: Cow<'static, str>,
    /// The object, where one is enough.
    pub name: Option<Cow<'static, str>>,
    /// Where it is needed: `None` for the whole cluster.
    pub namespace: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: String,
    /// Their groups.
    pub groups: Vec<String>,
}

impl Rule {
    /// A right on all objects of a kind.
    pub fn new(verb: &'static str, group: &'static str, resource: &'static str) -> Self {
        Self {
            verb: verb.into(),
            group: group.into(),
            resource: resource.into(),
            name: None,
            namespace: None,
        }
    }

    fn in_namespace(self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self }
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

const RBAC: &str = "rbac.authorization.k8s.io";

/// What `oppscale init` needs: of the whole cluster, and in the server's namespace.
pub fn needed(namespace: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for verb in kinds::install_verbs() {
        for kind in kinds::ALL {
            let rule = Rule::new(verb, kind.group, kind.plural);
            match kind.installed {
                Installed::No => {}
                Installed::Cluster => rules.push(rule),
                Installed::Namespace => rules.push(rule.in_namespace(namespace)),
                Installed::KubeSystem => rules.push(rule.in_namespace("kube-system")),
            }
        }
    }
    // To take an API back that does not become available.
    rules.push(Rule::new("delete", kinds::API_SERVICE.group, kinds::API_SERVICE.plural));
    rules.extend(held());
    rules
}

/// Rules of the server's ClusterRole. Granting a rule requires holding it.
fn held() -> impl Iterator<Item = Rule> {
    let rules = |kind: &'static Kind| {
        let verbs = kind.server_verbs.split(',').filter(|verb| !verb.is_empty());
        verbs.map(|verb| Rule::new(verb, kind.group, kind.plural))
    };
    kinds::ALL.iter().flat_map(move |kind| rules(kind))
}

/// Whether a rule is one that the server's role grants.
fn is_held(rule: &Rule) -> bool {
    held().any(|held| held == *rule)
}

/// Whether a rule is for what no dry run tries: waiting, and taking an API back.
pub fn is_of_waiting(rule: &Rule) -> bool {
    matches!(
        (&*rule.verb, &*rule.resource, rule.namespace.is_some()),
        ("get" | "delete", "apiservices", _) | ("get", "deployments", true)
    )
}

/// The rules that a refusal names: what the user may not do, and, where a role or a binding is
/// to be written, what of it they do not hold:
/// `{APIGroups:[""], Resources:["nodes" "pods"], Verbs:["list"]}` a line.
pub fn of_refusal(message: &str, namespace: Option<&str>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = plain(message).into_iter().collect();
    for line in message.lines().filter(|line| line.contains("APIGroups:[")) {
        let list = |field: &str| -> Vec<String> {
            let rest = line.split_once(&format!("{field}:[")).map(|(_, rest)| rest);
            let inside = rest.and_then(|rest| rest.split(']').next()).unwrap_or_default();
            inside.split('"').skip(1).step_by(2).map(str::to_owned).collect()
        };
        let names = list("ResourceNames");
        let names: Vec<_> = match names.is_empty() {
            true => vec![None],
            false => names.into_iter().map(|name| Some(name.into())).collect(),
        };
        let (groups, resources) = (list("APIGroups"), list("Resources"));
        let each = groups.iter().flat_map(|g| resources.iter().map(move |r| (g, r)));
        for ((group, resource), name) in each.flat_map(|each| names.iter().map(move |n| (each, n)))
        {
            rules.extend(list("Verbs").into_iter().map(|verb| Rule {
                verb: verb.into(),
                group: group.clone().into(),
                resource: resource.clone().into(),
                name: name.clone(),
                namespace: namespace.map(str::to_owned),
            }));
        }
    }
    rules
}

/// `User "dev" cannot get resource "secrets" in API group "" in the namespace "oppscale"`.
fn plain(message: &str) -> Option<Rule> {
    let (_, rest) = message.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource ")?;
    let quoted: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
    let (resource, group) = (*quoted.first()?, *quoted.get(1)?);
    // The server says a namespace of itself to be in itself.
    let is_within = rest.contains(" in the namespace ") && resource != "namespaces";
    Some(Rule {
        verb: verb.to_owned().into(),
        group: group.to_owned().into(),
        resource: resource.to_owned().into(),
        name: None,
        namespace: quoted.get(2).filter(|_| is_within).map(|name| (*name).to_owned()),
    })
}

/// Those of them that the user lacks.
///
/// # Errors
/// When access cannot be reviewed.
pub async fn missing(cluster: &Cluster, namespace: &str) -> Result<Vec<Rule>, ClusterError> {
    let needed = needed(namespace);
    let reviews = needed.iter().map(|rule| may(cluster, rule, rule.namespace.as_deref()));
    let allowed = try_join_all(reviews).await?;
    let lacks = needed.into_iter().zip(allowed).filter(|(_, allowed)| !allowed);
    let mut missing: Vec<_> = lacks.map(|(rule, _)| rule).collect();
    // Who may escalate and bind need not hold what the server's role allows.
    if missing.iter().any(is_held) {
        let verbs = ["escalate", "bind"].map(|verb| Rule::new(verb, RBAC, "clusterroles"));
        let may = try_join_all(verbs.iter().map(|rule| may(cluster, rule, None))).await?;
        missing.retain(|rule| !is_held(rule) || may.contains(&false));
    }
    // Binding takes more than writing: what the role allows, or `bind` on the role.
    let system = Some("kube-system");
    let bind = Rule {
        name: Some("extension-apiserver-authentication-reader".into()),
        ..Rule::new("bind", RBAC, "roles").in_namespace("kube-system")
    };
    let reads = Rule {
        name: Some("extension-apiserver-authentication".into()),
        ..Rule::new("watch", "", "configmaps")
    };
    if !may(cluster, &bind, system).await? && !may(cluster, &reads, system).await? {
        missing.push(bind);
    }
    Ok(missing)
}

/// Whether the user has a right.
///
/// # Errors
/// When access cannot be reviewed.
pub async fn may(
    cluster: &Cluster,
    rule: &Rule,
    namespace: Option<&str>,
) -> Result<bool, ClusterError> {
    let operation = Operation::new("review your access", "");
    let mut attributes = json!({"verb": rule.verb, "group": rule.group, "resource": rule.resource});
    if let Some(namespace) = namespace {
        attributes["namespace"] = namespace.into();
    }
    if let Some(name) = &rule.name {
        attributes["name"] = name.as_ref().into();
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes}
    });
    let request =
        ApiRequest::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review);
    let response = cluster.send(&operation, &request).await?.success(&operation)?;
    let review: SelfSubjectAccessReview = response.json()?;
    Ok(review.status.is_some_and(|status| status.allowed))
}

/// Who the user is to the server: works without any right.
///
/// # Errors
/// When it cannot be reviewed.
pub async fn identity(cluster: &Cluster) -> Result<Identity, ClusterError> {
    let operation = Operation::new("review who you are", "");
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let request = ApiRequest::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review);
    let response = cluster.send(&operation, &request).await?.success(&operation)?;
    let review: SelfSubjectReview = response.json()?;
    let info = review.status.and_then(|status| status.user_info).unwrap_or_default();
    Ok(Identity {
        user: info.username.unwrap_or_default(),
        groups: info.groups.unwrap_or_default(),
    })
}

/// The smallest roles that grant `rules`, and their bindings, as an administrator applies
/// them: a ClusterRole for what concerns the cluster, a Role for each namespace. `fresh` is a
/// namespace that must be made first.
pub fn grant(rules: &[Rule], user: &str, fresh: Option<&str>) -> Vec<Value> {
    const NAME: &str = "oppscale-installer";
    let mut scopes: Vec<Option<&str>> = Vec::new();
    for rule in rules {
        let scope = rule.namespace.as_deref();
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let mut objects = Vec::new();
    for scope in scopes {
        if scope.is_some() && scope == fresh {
            objects.push(json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}
            }));
        }
        let kind = if scope.is_some() { "Role" } else { "ClusterRole" };
        let mut metadata = json!({"name": NAME});
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
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": NAME},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}]
        }));
    }
    objects
}

/// Rules of a role, verbs of one resource together.
fn merged<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<Value> {
    let mut merged: Vec<(&Rule, Vec<&str>)> = Vec::new();
    for rule in rules {
        let same = |known: &&mut (&Rule, Vec<&str>)| {
            (&known.0.group, &known.0.resource, &known.0.name)
                == (&rule.group, &rule.resource, &rule.name)
        };
        match merged.iter_mut().find(same) {
            Some((_, verbs)) if verbs.contains(&&*rule.verb) => {}
            Some((_, verbs)) => verbs.push(&rule.verb),
            None => merged.push((rule, vec![&*rule.verb])),
        }
    }
    let written = merged.into_iter().map(|(rule, verbs)| {
        let mut value =
            json!({"apiGroups": [rule.group], "resources": [rule.resource], "verbs": verbs});
        if let Some(name) = &rule.name {
            value["resourceNames"] = json!([name]);
        }
        value
    });
    written.collect()
}
