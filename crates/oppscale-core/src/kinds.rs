//! The one table of API kinds: names, scope, how a kind scales, and who needs which verbs on it.
//!
//! A new kind is one entry of [`ALL`]. Paths, RBAC rules, the server's ClusterRole, the kinds
//! that `serve` watches and that `--workload` accepts are all derived from it. Kinds that are
//! not listed here are found by API discovery, see [`Kind::custom`].

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// Verbs of a reader that lists and then watches.
pub const READ: &str = "get,list,watch";

/// Characters that RFC 3986 does not reserve stay as they are.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Those of a segment of a path besides (`pchar`), as in the names of RBAC objects.
const SEGMENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Encodes the value of a query parameter, such as a selector.
pub fn percent_encode(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, UNRESERVED)
}

/// Encodes a segment of a path, such as the name of an object.
pub fn encode_segment(name: &str) -> PercentEncode<'_> {
    utf8_percent_encode(name, SEGMENT)
}

/// A kind of object and what oppscale knows about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// `Deployment`.
    pub name: &'static str,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version of the group that oppscale reads and writes.
    pub version: &'static str,
    /// Name in URLs: `deployments`.
    pub plural: &'static str,
    /// Short names as in `kubectl api-resources`.
    pub short_names: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether it has a `/scale` subresource.
    pub scales: bool,
    /// JSON pointer to the pod template; `None` if objects of the kind make no pods.
    pub template: Option<&'static str>,
    /// Label that distinguishes the pods of one template. Its value is also the suffix of
    /// the ReplicaSet's name; `None` if pods are not controlled by such ReplicaSets.
    pub hash_label: Option<&'static str>,
    /// Verbs of the server's ClusterRole, comma-separated: [`READ`], `create`, or none.
    pub server_verbs: &'static str,
}

/// Kind, namespace and name of an object. Its `Display` is `Secret NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Kind.
    pub kind: &'static Kind,
    /// Namespace; `None` at cluster scope.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl ObjectRef {
    /// The path in the API.
    pub fn path(&self) -> String {
        self.kind.path(self.namespace.as_deref(), &self.name)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
        write!(f, "{} {namespace}{}", self.kind.name, self.name)
    }
}

impl Kind {
    const fn new(
        group: &'static str,
        version: &'static str,
        name: &'static str,
        plural: &'static str,
    ) -> Self {
        Self {
            name,
            group,
            version,
            plural,
            short_names: &[],
            namespaced: true,
            scales: false,
            template: None,
            hash_label: None,
            server_verbs: "",
        }
    }

    const fn cluster_scoped(self) -> Self {
        Self { namespaced: false, ..self }
    }

    const fn short(self, short_names: &'static [&'static str]) -> Self {
        Self { short_names, ..self }
    }

    const fn pods_at(self, template: &'static str) -> Self {
        Self { template: Some(template), ..self }
    }

    /// A workload with a `/scale` subresource, which the server watches.
    const fn scalable(self) -> Self {
        Self { scales: true, template: Some("/spec/template"), ..self.served() }
    }

    const fn hash_label(self, label: &'static str) -> Self {
        Self { hash_label: Some(label), ..self }
    }

    const fn served(self) -> Self {
        Self { server_verbs: READ, ..self }
    }

    /// A kind of which the server creates objects, and reads none.
    const fn written(self) -> Self {
        Self { server_verbs: "create", ..self }
    }

    /// A scalable kind that is not in the table, as API discovery describes it.
    pub const fn custom(
        group: &'static str,
        version: &'static str,
        name: &'static str,
        plural: &'static str,
        namespaced: bool,
    ) -> Self {
        Self { namespaced, ..Self::new(group, version, name, plural).scalable() }
    }

    /// `apps/v1`.
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// The resource with its group, as kubectl and RBAC errors name it: `deployments.apps`.
    pub fn resource(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// The name in lower case: `deployment`.
    pub fn singular(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// The path of the list of a namespace, or of all namespaces.
    pub fn list_path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "api" } else { "apis" };
        let namespace = namespace.filter(|_| self.namespaced);
        let namespace = namespace.map(|name| format!("namespaces/{}/", encode_segment(name)));
        let namespace = namespace.unwrap_or_default();
        format!("/{root}/{}/{namespace}{}", self.api_version(), self.plural)
    }

    /// The path of a list of the objects that a label selector selects, all if it is empty.
    pub fn query_path(&self, namespace: Option<&str>, selector: &str) -> String {
        let path = self.list_path(namespace);
        match selector {
            "" => path,
            selector => format!("{path}?labelSelector={}", percent_encode(selector)),
        }
    }

    /// An object of the kind; the namespace of a cluster-scoped one is left out.
    pub fn object(&'static self, namespace: Option<&str>, name: &str) -> ObjectRef {
        let namespace = namespace.filter(|_| self.namespaced).map(str::to_owned);
        ObjectRef { kind: self, namespace, name: name.to_owned() }
    }

    /// The path of an object.
    pub fn path(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.list_path(namespace), encode_segment(name))
    }

    /// The RBAC rule for these verbs, as flags of `kubectl create clusterrole`.
    pub fn permission(&self, verbs: &str) -> String {
        permission(verbs, &[self])
    }

    /// Whether a CustomResourceDefinition brings it, so that a server may lack it.
    pub fn is_custom(&self) -> bool {
        self.group.contains('.') && !self.group.ends_with(".k8s.io")
    }

    /// Whether `text` names it as kubectl takes it: `deploy`, `Deployment`, `deployments.apps`,
    /// `deployments.v1.apps`.
    fn is_named(&self, text: &str) -> bool {
        let (resource, group) = split_resource(text);
        let known = self.plural == resource
            || self.name.eq_ignore_ascii_case(resource)
            || self.short_names.contains(&resource);
        known
            && group.is_none_or(|group| {
                group == self.group
                    || group.strip_prefix(self.version).and_then(|g| g.strip_prefix('.'))
                        == Some(self.group)
            })
    }
}

/// Resource and group of `deployments.apps`; the group may begin with a version.
pub fn split_resource(text: &str) -> (&str, Option<&str>) {
    text.split_once('.').map_or((text, None), |(resource, group)| (resource, Some(group)))
}

/// The RBAC rule for these verbs on all of `kinds`, as flags of `kubectl create clusterrole`.
pub fn permission(verbs: &str, kinds: &[&Kind]) -> String {
    let resources: Vec<_> = kinds.iter().map(|kind| kind.resource()).collect();
    format!("--verb={verbs} --resource={}", resources.join(","))
}

/// The kind of this `apiVersion` and `kind`.
pub fn find(api_version: &str, name: &str) -> Option<&'static Kind> {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let is_it = |kind: &&Kind| (kind.group, kind.version, kind.name) == (group, version, name);
    ALL.iter().copied().find(is_it)
}

/// The kind that `text` names as kubectl takes it: `deploy`, `Deployment`, `deployments.apps`.
pub fn named(text: &str) -> Option<&'static Kind> {
    let text = text.to_ascii_lowercase();
    ALL.iter().copied().find(|kind| kind.is_named(&text))
}

/// Workloads that an HPA can scale.
pub fn scalable() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().copied().filter(|kind| kind.scales)
}

/// A rule of the server's ClusterRole: API group, resources and verbs.
pub type ServerRule<'a> = (&'a str, Vec<&'a str>, Vec<&'a str>);

/// The rules of the server's ClusterRole for the kinds of the table.
pub fn server_rules() -> Vec<ServerRule<'static>> {
    let mut rules: Vec<ServerRule<'_>> = Vec::new();
    for kind in ALL.iter().filter(|kind| !kind.server_verbs.is_empty()) {
        let verbs: Vec<&str> = kind.server_verbs.split(',').collect();
        let of_kind = |rule: &&mut ServerRule<'_>| rule.0 == kind.group && rule.2 == verbs;
        match rules.iter_mut().find(of_kind) {
            Some((_, resources, _)) => resources.push(kind.plural),
            None => rules.push((kind.group, vec![kind.plural], verbs)),
        }
    }
    rules
}

macro_rules! kinds {
    ($($id:ident = $kind:expr;)*) => {
        $(#[doc = concat!("The entry `", stringify!($id), "`.")] pub static $id: Kind = $kind;)*
        /// Every kind of the table.
        pub static ALL: &[&Kind] = &[$(&$id),*];
    };
}

const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

kinds! {
    NODE = Kind::new("", "v1", "Node", "nodes").short(&["no"]).cluster_scoped().served();
    POD = Kind::new("", "v1", "Pod", "pods").short(&["po"]).pods_at("").served();

    DEPLOYMENT = Kind::new("apps", "v1", "Deployment", "deployments")
        .short(&["deploy"])
        .scalable()
        .hash_label("pod-template-hash");
    REPLICA_SET = Kind::new("apps", "v1", "ReplicaSet", "replicasets").short(&["rs"]).scalable();
    STATEFUL_SET =
        Kind::new("apps", "v1", "StatefulSet", "statefulsets").short(&["sts"]).scalable();
    ROLLOUT = Kind::new("argoproj.io", "v1alpha1", "Rollout", "rollouts")
        .short(&["ro"])
        .scalable()
        .hash_label("rollouts-pod-template-hash");
    DAEMON_SET =
        Kind::new("apps", "v1", "DaemonSet", "daemonsets").short(&["ds"]).pods_at("/spec/template");
    JOB = Kind::new("batch", "v1", "Job", "jobs").pods_at("/spec/template");
    CRON_JOB = Kind::new("batch", "v1", "CronJob", "cronjobs")
        .short(&["cj"])
        .pods_at("/spec/jobTemplate/spec/template");
    HPA = Kind::new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
        .short(&["hpa"])
        .served();

    NAMESPACE = Kind::new("", "v1", "Namespace", "namespaces")
        .short(&["ns"])
        .cluster_scoped()
        .served();
    CLUSTER_ROLE = Kind::new(RBAC, "v1", "ClusterRole", "clusterroles")
        .cluster_scoped();
    CLUSTER_ROLE_BINDING = Kind::new(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings")
        .cluster_scoped();
    API_SERVICE = Kind::new("apiregistration.k8s.io", "v1", "APIService", "apiservices")
        .cluster_scoped();
    ROLE = Kind::new(RBAC, "v1", "Role", "roles");
    ROLE_BINDING =
        Kind::new(RBAC, "v1", "RoleBinding", "rolebindings");
    SERVICE_ACCOUNT = Kind::new("", "v1", "ServiceAccount", "serviceaccounts")
        .short(&["sa"]);
    SECRET = Kind::new("", "v1", "Secret", "secrets");
    SERVICE =
        Kind::new("", "v1", "Service", "services").short(&["svc"]);
    POD_DISRUPTION_BUDGET =
        Kind::new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
            .short(&["pdb"]);
    NODE_METRICS =
        Kind::new("metrics.k8s.io", "v1beta1", "NodeMetrics", "nodes").cluster_scoped().served();
    POD_METRICS = Kind::new("metrics.k8s.io", "v1beta1", "PodMetrics", "pods").served();
    RUNTIME_CLASS =
        Kind::new("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses").cluster_scoped().served();
    DEVICE_CLASS =
        Kind::new(RESOURCE, "v1", "DeviceClass", "deviceclasses").cluster_scoped().served();
    RESOURCE_SLICE =
        Kind::new(RESOURCE, "v1", "ResourceSlice", "resourceslices").cluster_scoped().served();
    RESOURCE_CLAIM = Kind::new(RESOURCE, "v1", "ResourceClaim", "resourceclaims").served();
    RESOURCE_CLAIM_TEMPLATE =
        Kind::new(RESOURCE, "v1", "ResourceClaimTemplate", "resourceclaimtemplates").served();
    EVENT = Kind::new("", "v1", "Event", "events").short(&["ev"]).written();
    TOKEN_REVIEW =
        Kind::new("authentication.k8s.io", "v1", "TokenReview", "tokenreviews").cluster_scoped();
    SUBJECT_ACCESS_REVIEW =
        Kind::new("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews")
            .cluster_scoped();
    CONFIG_MAP = Kind::new("", "v1", "ConfigMap", "configmaps").short(&["cm"]);
    PERSISTENT_VOLUME_CLAIM =
        Kind::new("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims").short(&["pvc"]);
    RESOURCE_QUOTA = Kind::new("", "v1", "ResourceQuota", "resourcequotas").short(&["quota"]);
    LIMIT_RANGE = Kind::new("", "v1", "LimitRange", "limitranges").short(&["limits"]);
    NETWORK_POLICY = Kind::new("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
        .short(&["netpol"]);
    PRIORITY_CLASS = Kind::new("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses")
        .short(&["pc"])
        .cluster_scoped();
    ADMISSION_POLICY =
        Kind::new(ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies")
            .cluster_scoped();
    ADMISSION_POLICY_BINDING = Kind::new(
        ADMISSION,
        "v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
    )
    .cluster_scoped();

    SCALED_OBJECT = Kind::new("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects").short(&["so"]);
    SERVICE_MONITOR =
        Kind::new("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors");
    PROMETHEUS_RULE =
        Kind::new("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules");
    PROMETHEUS = Kind::new("monitoring.coreos.com", "v1", "Prometheus", "prometheuses");
    ISSUER = Kind::new("cert-manager.io", "v1", "Issuer", "issuers");
    CERTIFICATE = Kind::new("cert-manager.io", "v1", "Certificate", "certificates");
    KUSTOMIZATION =
        Kind::new("kustomize.config.k8s.io", "v1beta1", "Kustomization", "kustomizations");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_every_name_that_kubectl_takes() {
        for text in ["deploy", "Deployment", "deployments", "deployments.apps", "deploy.v1.apps"] {
            assert_eq!(named(text), Some(&DEPLOYMENT), "{text}");
        }
        assert_eq!(named("rollout.argoproj.io"), Some(&ROLLOUT));
        assert_eq!(named("deployments.extensions"), None);
        assert_eq!(find("apps/v1", "StatefulSet"), Some(&STATEFUL_SET));
        assert_eq!(find("v1", "Pod"), Some(&POD));
    }

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(NAMESPACE.path(Some("n"), "x"), "/api/v1/namespaces/x");
        let path = "/apis/apps/v1/namespaces/n/deployments/x";
        assert_eq!(DEPLOYMENT.path(Some("n"), "x"), path);
        assert_eq!(POD.list_path(None), "/api/v1/pods");
        // A role's name stays as kubectl writes it; what would begin a query does not.
        let role = CLUSTER_ROLE.path(None, "system:auth-delegator");
        assert_eq!(role, "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:auth-delegator");
        let odd = POD.path(Some("a/b"), "x?y#z %41ü");
        assert_eq!(odd, "/api/v1/namespaces/a%2Fb/pods/x%3Fy%23z%20%2541%C3%BC");
        assert_eq!(POD.query_path(None, ""), "/api/v1/pods");
        for (selector, encoded) in [
            ("app.kubernetes.io/name=a_b-c,!d", "app.kubernetes.io%2Fname%3Da_b-c%2C%21d"),
            ("tier in (a, b),x!=y", "tier%20in%20%28a%2C%20b%29%2Cx%21%3Dy"),
            ("a=b&limit=1", "a%3Db%26limit%3D1"),
            ("a=1+1#%", "a%3D1%2B1%23%25"),
        ] {
            let path = format!("/api/v1/namespaces/n/pods?labelSelector={encoded}");
            assert_eq!(POD.query_path(Some("n"), selector), path);
        }
        let rule = "--verb=get --resource=deployments.apps,pods";
        assert_eq!(permission("get", &[&DEPLOYMENT, &POD]), rule);
    }
}
