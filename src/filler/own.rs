//! The user's own Deployment, read as it is.

use serde_json::Value;

use crate::manifest::{self, Document, Origin};
use oppscale_core::defaulting::footprint_of_template;
use oppscale_core::model::Workload;
use oppscale_core::placement::Placement;
use oppscale_core::replica::Replica;
use oppscale_core::reserve::Reserve;
use oppscale_core::resources::{CPU, MEMORY, PODS};

use super::exported;
use super::problem::FillerError;

/// The annotation that says what must stay free.
pub(super) const RESERVE: &str = "oppscale.dev/reserve";
/// The annotation that says how many replicas there may be.
pub(super) const MAX_REPLICAS: &str = "oppscale.dev/max-replicas";

/// A file with one Deployment, and whatever belongs to it.
#[derive(Debug, Clone)]
pub struct UserWorkload {
    file: String,
    pub(super) documents: Vec<Document>,
    /// Which of them is the Deployment.
    pub(super) at: usize,
    /// Objects that were printed by a server, with what it had filled in.
    pub(super) exported: Vec<String>,
}

impl UserWorkload {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it does not hold one Deployment, or an object in it is not what the API takes.
    pub fn read(file: &str, text: &str) -> Result<Self, FillerError> {
        let mut documents = manifest::documents(file, text, Origin::User)?;
        let mut exported = Vec::new();
        for document in &mut documents {
            let mut value = document.value().clone();
            let was_stored = exported::clean(&mut value);
            if octal_modes(&mut value) | was_stored {
                *document = document.with_value(value);
            }
            if was_stored {
                exported.push(document.key().to_string());
            }
            document.check()?;
        }
        let is_deployment = |d: &Document| d.kind() == "Deployment" && d.api_version() == "apps/v1";
        let mut found = documents.iter().enumerate().filter(|(_, d)| is_deployment(d));
        let (first, second) = (found.next(), found.next());
        let own = |problem: String, hint: &str| FillerError::Own {
            file: file.to_owned(),
            problem,
            hint: hint.to_owned(),
        };
        let at = match (first, second) {
            (Some((at, _)), None) => at,
            (None, _) => {
                return Err(own(
                    "it holds no Deployment of apps/v1".to_owned(),
                    "oppscale render-hpa --workload FILE takes the file of a Deployment",
                ));
            }
            (Some((_, a)), Some((_, b))) => {
                return Err(own(
                    format!("it holds several Deployments: {} and {}", a.name(), b.name()),
                    "put each into a file of its own; each has an HPA of its own",
                ));
            }
        };
        let own_file = Self { file: file.to_owned(), documents, at, exported };
        let target = own_file.deployment().name();
        let scaler = own_file.documents.iter().find(|document| {
            let scaled = &document.value()["spec"]["scaleTargetRef"];
            matches!(document.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
                && scaled["name"] == target
                // KEDA takes it for a Deployment where it does not say.
                && scaled["kind"].as_str().is_none_or(|kind| kind == "Deployment")
        });
        if let Some(scaler) = scaler {
            return Err(own(
                format!("{} scales Deployment {target} already: two would fight", scaler.key()),
                "take it out of the file; the one that is rendered takes its place",
            ));
        }
        Ok(own_file)
    }

    /// What else is in the file.
    pub(super) fn others(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().enumerate().filter(|(at, _)| *at != self.at).map(|(_, d)| d)
    }

    pub(super) fn deployment(&self) -> &Document {
        // `at` was found in this list, which does not change.
        &self.documents[self.at]
    }

    pub(super) fn problem(&self, problem: String, hint: &str) -> FillerError {
        FillerError::Own { file: self.file.clone(), problem, hint: hint.to_owned() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.deployment().name()
    }

    /// Its namespace, if it says.
    pub fn namespace(&self) -> Option<&str> {
        self.deployment().namespace()
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
        let text = self.deployment().value()["metadata"]["annotations"][RESERVE].as_str();
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
        let text = self.deployment().value()["metadata"]["annotations"][MAX_REPLICAS].as_str();
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

    pub(super) fn pod_spec(&self) -> &Value {
        &self.deployment().value()["spec"]["template"]["spec"]
    }

    /// What one of its pods takes; `given` where its only container does not say.
    ///
    /// # Errors
    /// When a container asks for nothing, or both say.
    pub fn replica(&self, given: Option<&Replica>) -> Result<Replica, FillerError> {
        let missing = self.without_requests();
        let name = self.name();
        match (given, missing.as_slice()) {
            (Some(replica), [_]) if self.containers() == 1 => return Ok(replica.clone()),
            (Some(_), []) => {
                return Err(self.problem(
                    format!("Deployment {name} has requests of its own, and --replica is given"),
                    "leave out one of the two",
                ));
            }
            (_, []) => {}
            (_, [(container, resource), ..]) => {
                return Err(self.problem(
                    format!(
                        "Deployment {name}: container {container} requests no {resource}: what a \
                         replica takes is unknown"
                    ),
                    "write resources.requests with cpu and memory, or name them for a Deployment \
                     of one container: --replica cpu=1,memory=1Gi",
                ));
            }
        }
        let json = self.deployment().value().to_string();
        let footprint = serde_json::from_str::<Workload<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|workload| {
                footprint_of_template(&workload.spec.template.spec).map_err(|e| e.to_string())
            });
        let footprint = footprint.map_err(|problem| {
            self.problem(format!("Deployment {name}: {problem}"), "see docs/how-it-counts.md")
        })?;
        Ok(Replica::from_footprint(footprint.with(PODS, 1)))
    }

    /// Where its pods may go.
    ///
    /// # Errors
    /// When its tolerations or affinity make no sense.
    pub fn placement(&self) -> Result<Placement, FillerError> {
        let json = self.deployment().value().to_string();
        let placement = serde_json::from_str::<Workload<'_>>(&json)
            .map_err(|error| error.to_string())
            .and_then(|w| Placement::of(&w.spec.template.spec).map_err(|e| e.to_string()));
        placement.map_err(|problem| {
            self.problem(format!("Deployment {}: {problem}", self.name()), "see kubectl explain")
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

/// Turns `mode: 0644` into the number that kubectl takes it for: in YAML 1.1 a leading zero
/// makes it octal, in YAML 1.2 a string. Tells whether there was any.
fn octal_modes(value: &mut Value) -> bool {
    match value {
        Value::Object(map) => {
            let mut any = false;
            for (key, value) in map.iter_mut() {
                let octal = value.as_str().filter(|_| key == "mode" || key == "defaultMode");
                let number = octal
                    .filter(|text| text.starts_with('0'))
                    .and_then(|text| i32::from_str_radix(text.trim_start_matches("0o"), 8).ok());
                match number {
                    Some(number) => {
                        *value = number.into();
                        any = true;
                    }
                    None => any |= octal_modes(value),
                }
            }
            any
        }
        Value::Array(list) => {
            // Every one, not only up to the first.
            let found = list.iter_mut().map(octal_modes).filter(|any| *any).count();
            found > 0
        }
        _ => false,
    }
}
