//! The user's own workload, read as it is: a Deployment, or any kind that an HPA can scale.

use serde_json::{Map, Value};

use crate::manifest::{self, Document, Origin};
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::kinds::{self, Kind};
use oppscale_core::model::PodTemplate;
use oppscale_core::placement::Placement;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{CPU, MEMORY, PODS};

use super::FillerError;

/// The annotation that says what must stay free.
pub(super) const RESERVE: &str = "oppscale.dev/reserve";
/// The annotation that says how many replicas there may be.
pub(super) const MAX_REPLICAS: &str = "oppscale.dev/max-replicas";

/// A file with one workload, and what belongs to it.
#[derive(Debug, Clone)]
pub struct UserWorkload {
    file: String,
    pub(super) documents: Vec<Document>,
    /// Index of the workload among the documents.
    pub(super) at: usize,
    kind: &'static Kind,
    /// Objects that were printed by a server, with what it had filled in.
    pub(super) exported: Vec<String>,
}

impl UserWorkload {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it does not hold one scalable workload, or an object in it is not what the API takes.
    pub fn read(file: &str, text: &str) -> Result<Self, FillerError> {
        let mut documents = manifest::documents(file, text, Origin::User)?;
        let mut exported = Vec::new();
        for document in &mut documents {
            let mut value = document.value().clone();
            let was_stored = remove_server_fields(&mut value);
            if was_stored {
                *document = document.with_value(value);
                exported.push(document.key().to_string());
            }
            document.check()?;
        }
        // A Deployment may come with workloads of other kinds, which then stay as they are.
        let all = documents.iter().enumerate();
        let all: Vec<_> = all.filter_map(|(at, d)| Some((at, d, scalable_kind(d)?))).collect();
        let deployments: Vec<_> =
            all.iter().filter(|(.., kind)| *kind == &kinds::DEPLOYMENT).copied().collect();
        let found = if deployments.is_empty() { all } else { deployments };
        let own = |problem: String, hint: &str| FillerError::User {
            file: file.to_owned(),
            problem,
            hint: hint.to_owned(),
        };
        let (at, kind) = match found[..] {
            [(at, _, kind)] => (at, kind),
            [] => {
                return Err(own(
                    "it holds no Deployment of apps/v1, nor another workload that an HPA can scale"
                        .to_owned(),
                    "oppscale render-hpa --workload FILE takes the file of a Deployment, a \
                     StatefulSet, or a custom resource with a pod template and a /scale \
                     subresource",
                ));
            }
            [(_, a, kind), (_, b, other), ..] => {
                let what = match kind == other {
                    true => format!("{}s: {} and {}", kind.name, a.name(), b.name()),
                    false => format!("workloads: {} and {}", a.key(), b.key()),
                };
                return Err(own(
                    format!("it holds several {what}"),
                    "put each into a file of its own; each has an HPA of its own",
                ));
            }
        };
        let own_file = Self { file: file.to_owned(), documents, at, kind, exported };
        let target = own_file.document().name();
        let scaler = own_file.documents.iter().find(|document| {
            let scaled = &document.value()["spec"]["scaleTargetRef"];
            matches!(document.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
                && scaled["name"] == target
                // KEDA takes it for a Deployment where it does not say.
                && scaled["kind"].as_str().unwrap_or("Deployment") == kind.name
        });
        if let Some(scaler) = scaler {
            return Err(own(
                format!("{} scales {} {target} already: two would fight", scaler.key(), kind.name),
                "take it out of the file; the one that is rendered takes its place",
            ));
        }
        Ok(own_file)
    }

    /// What else is in the file.
    pub(super) fn others(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().enumerate().filter(|(at, _)| *at != self.at).map(|(_, d)| d)
    }

    pub(super) fn document(&self) -> &Document {
        // `at` was found in this list, which does not change.
        &self.documents[self.at]
    }

    pub(super) fn problem(&self, problem: String, hint: &str) -> FillerError {
        FillerError::User { file: self.file.clone(), problem, hint: hint.to_owned() }
    }

    /// Its kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Kind and name, for messages.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind.name, self.name())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.document().name()
    }

    /// Its namespace, if it says.
    pub fn namespace(&self) -> Option<&str> {
        self.document().namespace()
    }

    /// Its PriorityClass, if it says.
    pub fn priority_class(&self) -> Option<&str> {
        self.pod_spec()["priorityClassName"].as_str()
    }

    /// Its grace period, if it says, seconds.
    pub fn grace_seconds(&self) -> Option<u32> {
        let seconds = self.pod_spec()["terminationGracePeriodSeconds"].as_u64()?;
        u32::try_from(seconds).ok()
    }

    /// The reserve that it is annotated with, if it is.
    ///
    /// # Errors
    /// When that is none.
    pub fn reserve(&self) -> Result<Option<Reserve>, FillerError> {
        let text = self.document().value()["metadata"]["annotations"][RESERVE].as_str();
        let parsed = text.map(str::parse::<Reserve>).transpose();
        parsed.map_err(|error| {
            self.problem(
                format!("annotation {RESERVE}: {error}"),
                "write cores (30) or a share (15%)",
            )
        })
    }

    /// The most replicas that it is annotated with, if it is.
    ///
    /// # Errors
    /// When that is none.
    pub fn max_replicas(&self) -> Result<Option<u32>, FillerError> {
        let text = self.document().value()["metadata"]["annotations"][MAX_REPLICAS].as_str();
        let parse = |text: &str| text.parse::<i32>().ok().filter(|max| *max > 0);
        match text.map(|text| (text, parse(text))) {
            None => Ok(None),
            Some((_, Some(max))) => Ok(Some(max.unsigned_abs())),
            Some((text, None)) => Err(self.problem(
                format!("annotation {MAX_REPLICAS}: {text:?} is no number of replicas"),
                "write a number such as 20, or take it out",
            )),
        }
    }

    fn template(&self) -> &Value {
        &self.document().value()["spec"]["template"]
    }

    pub(super) fn pod_spec(&self) -> &Value {
        &self.template()["spec"]
    }

    /// What one of its pods takes; `given` where its only container does not say.
    ///
    /// # Errors
    /// When a container asks for nothing, or both say.
    pub fn replica(&self, given: Option<&Replica>) -> Result<Replica, FillerError> {
        let missing = self.without_requests();
        let title = self.title();
        match (given, missing.as_slice()) {
            (Some(replica), [_]) if self.containers() == 1 => return Ok(replica.clone()),
            (Some(_), []) => {
                return Err(self.problem(
                    format!("{title} has requests of its own, and --replica is given"),
                    "leave out one of the two",
                ));
            }
            (_, []) => {}
            (_, [(container, resource), ..]) => {
                return Err(self.problem(
                    format!(
                        "{title}: container {container} requests no {resource}: what a \
                         replica takes is unknown"
                    ),
                    "write resources.requests with cpu and memory, or name them for a workload \
                     of one container: --replica cpu=1,memory=1Gi",
                ));
            }
        }
        let json = self.template().to_string();
        let footprint = serde_json::from_str::<PodTemplate<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|template| footprint_of_template(&template.spec).map_err(|e| e.to_string()));
        let footprint = footprint.map_err(|problem| {
            self.problem(format!("{title}: {problem}"), "see docs/how-it-counts.md")
        })?;
        Ok(Replica::from_footprint(footprint.with(PODS, 1)))
    }

    /// Where its pods may go.
    ///
    /// # Errors
    /// When its tolerations or affinity make no sense.
    pub fn placement(&self) -> Result<Placement, FillerError> {
        let json = self.template().to_string();
        let placement = serde_json::from_str::<PodTemplate<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|template| Placement::of(&template.spec).map_err(|e| e.to_string()));
        placement.map_err(|problem| {
            self.problem(format!("{}: {problem}", self.title()), "see kubectl explain")
        })
    }

    fn containers(&self) -> usize {
        let of = |field: &str| self.pod_spec()[field].as_array().map_or(0, Vec::len);
        of("containers") + of("initContainers")
    }

    /// Containers that ask for no cpu or no memory, and which; pod-level requests stand for
    /// all.
    pub(super) fn without_requests(&self) -> Vec<(&str, &'static str)> {
        let spec = self.pod_spec();
        let asks = |of: &Value, name: &str| {
            // A limit without a request is taken for one.
            !of["resources"]["requests"][name].is_null()
                || !of["resources"]["limits"][name].is_null()
        };
        // A sidecar stays beside the others; what a LimitRange gave it would come on top.
        let sidecars = spec["initContainers"].as_array().into_iter().flatten();
        let sidecars = sidecars.filter(|container| container["restartPolicy"] == "Always");
        let containers = spec["containers"].as_array().into_iter().flatten().chain(sidecars);
        let first_missing = |container| {
            let missing = [CPU, MEMORY].into_iter().find(|name| !asks(container, name));
            missing.filter(|name| !asks(spec, name))
        };
        containers
            .filter_map(|container| {
                Some((container["name"].as_str().unwrap_or_default(), first_missing(container)?))
            })
            .collect()
    }
}

/// The kind of a document that an HPA can scale and that has a pod template. A custom resource
/// of another kind is taken for one if it has: whether it has a `/scale` subresource, only its
/// server knows.
fn scalable_kind(document: &Document) -> Option<&'static Kind> {
    if let Some(kind) = document.known_kind() {
        return kind.scales.then_some(kind);
    }
    let (group, version) = document.api_version().rsplit_once('/')?;
    let containers = document.value().pointer("/spec/template/spec/containers");
    let plural = format!("{}s", document.kind().to_ascii_lowercase());
    let kind = Kind::intern(group, version, document.kind(), &plural, true);
    (containers.is_some_and(Value::is_array) && kind.is_custom()).then_some(kind)
}

/// Fields of an object's metadata that are the server's.
const SERVER_METADATA: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];
/// Annotations that a controller or kubectl keeps its books in.
const SERVER_ANNOTATIONS: [&str; 2] =
    ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/// Removes what an API server fills in and `kubectl get -o yaml` prints; whether there was any.
///
/// Applied, a `resourceVersion` is a conflict, a `uid` a precondition, `managedFields` are
/// refused, and times change with every export.
fn remove_server_fields(value: &mut Value) -> bool {
    let was_stored = !value["metadata"]["uid"].is_null();
    let mut any = value.as_object_mut().is_some_and(|object| take(object, "status"));
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in SERVER_METADATA {
            any |= take(metadata, field);
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            for name in SERVER_ANNOTATIONS {
                any |= take(annotations, name);
            }
            if any && annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    if let Some(Value::Object(metadata)) = value.pointer_mut("/spec/template/metadata") {
        any |= take(metadata, "creationTimestamp");
    }
    // The address is taken, by the very Service that was printed.
    if was_stored
        && value["kind"] == "Service"
        && value["spec"]["clusterIP"] != "None"
        && let Some(Value::Object(spec)) = value.get_mut("spec")
    {
        any |= take(spec, "clusterIP") | take(spec, "clusterIPs");
    }
    any
}

fn take(map: &mut Map<String, Value>, field: &str) -> bool {
    map.shift_remove(field).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_server_filled_in_is_taken_out_and_nothing_else() {
        let mut stored = json!({
            "kind": "Service",
            "metadata": {
                "name": "x", "uid": "1", "resourceVersion": "2", "creationTimestamp": "3",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
            },
            "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "type": "ClusterIP"},
            "status": {"loadBalancer": {}}
        });
        assert!(remove_server_fields(&mut stored));
        let typed = json!({
            "kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}
        });
        assert_eq!(stored, typed);
        assert!(!remove_server_fields(&mut stored));
        let mut chosen = json!({"kind": "Service", "spec": {"clusterIP": "10.0.0.1"}});
        assert!(!remove_server_fields(&mut chosen), "an address that was chosen");
    }
}
