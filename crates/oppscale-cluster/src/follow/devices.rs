//! Devices of Dynamic Resource Allocation, kept current by watches.
//!
//! Classes are always followed; slices, claims and claim templates as soon as there is a class, so
//! that a cluster without devices costs one quiet watch. A server without the API is asked for it
//! now and then. What may not be read makes devices unknown, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oppscale_core::devices::model::{
    DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice,
};
use oppscale_core::devices::{DeviceInventory, DeviceObjects};
use oppscale_core::kinds::{self, Kind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::cluster_state::ClusterState;
use super::handler::{Change, Objects, SharedStatus};
use super::reflector::{Reflector, ReflectorConfig};
use crate::client::Cluster;
use crate::error::ClusterError;
use crate::pages::Listing;
use crate::typed;

/// Changes within this time are counted together.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// The pause after a count, in multiples of its duration: counting takes a twentieth of a core at
/// most.
const PAUSE_FACTOR: u32 = 20;
/// The least pause after a count.
const MIN_PAUSE: Duration = Duration::from_millis(400);

/// Follows the devices of a cluster.
pub(super) struct DeviceFollower {
    pub(super) cluster: Cluster,
    pub(super) cluster_state: ClusterState,
    pub(super) reflector_config: ReflectorConfig,
}

/// The objects that are known. Clones share them.
#[derive(Debug, Clone, Default)]
struct Store(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<Known>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Known {
    classes: Kept<DeviceClass>,
    slices: Kept<ResourceSlice>,
    claims: Kept<ResourceClaim>,
    templates: Kept<ResourceClaimTemplate>,
    /// Whether something other than claims has changed since this was last counted.
    is_new: bool,
    /// Whether claims have.
    has_new_claims: bool,
}

/// What has changed since devices were counted last.
enum News {
    /// Anything, so that all is read anew.
    All(Box<DeviceInventory>),
    /// Claims, and nothing else.
    Claims(Vec<ResourceClaim>),
    None,
}

/// Namespace and name.
type Name = (String, String);

/// The objects of a kind.
#[derive(Debug)]
struct Kept<T> {
    objects: BTreeMap<Name, Result<T, String>>,
    /// The names of the list that is being read, while one is.
    listed: Option<BTreeSet<Name>>,
    /// Why the kind is not known as a whole.
    unknown: Option<String>,
    /// Whether the server does not have the kind.
    is_missing: bool,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        let unknown = Some("they have not been read yet".to_owned());
        Self { objects: BTreeMap::new(), listed: None, unknown, is_missing: false }
    }
}

#[derive(Deserialize)]
struct Named {
    metadata: NamedMeta,
}

#[derive(Deserialize)]
struct NamedMeta {
    #[serde(default)]
    namespace: String,
    name: String,
}

impl<T: DeserializeOwned + PartialEq> Kept<T> {
    /// Applies a change. Whether anything that counts is different.
    fn change(&mut self, kind: &Kind, change: Change<'_>) -> bool {
        match change {
            Change::Begin => {
                self.listed = Some(BTreeSet::new());
                false
            }
            Change::Applied(json) => {
                let Some(name) = name(json) else { return false };
                if let Some(listed) = &mut self.listed {
                    listed.insert(name.clone());
                }
                let of = &name.1;
                let object = typed::from_slice(json.as_bytes())
                    .map_err(|error| format!("{} {of} is malformed: {error}", kind.name));
                let is_new = self.objects.get(&name) != Some(&object);
                self.objects.insert(name, object);
                is_new
            }
            Change::Gone(json) => {
                name(json).is_some_and(|name| self.objects.remove(&name).is_some())
            }
            Change::End => {
                let before = self.objects.len();
                if let Some(listed) = self.listed.take() {
                    self.objects.retain(|name, _| listed.contains(name));
                }
                let was_unknown = self.unknown.take().is_some();
                let was_missing = std::mem::take(&mut self.is_missing);
                was_unknown || was_missing || self.objects.len() < before
            }
            Change::Refused(error) => {
                let is_missing = matches!(error, ClusterError::NotFound { .. });
                let unknown = (!is_missing).then(|| error.to_string());
                let is_new = (is_missing, &unknown) != (self.is_missing, &self.unknown);
                self.listed = None;
                self.objects.clear();
                (self.is_missing, self.unknown) = (is_missing, unknown);
                is_new
            }
        }
    }

    /// Why not all objects are known, if that is so.
    fn unknown(&self) -> Option<&String> {
        self.unknown.as_ref().or_else(|| self.objects.values().find_map(|of| of.as_ref().err()))
    }
}

impl<T: Clone> Kept<T> {
    fn all(&self) -> Vec<T> {
        self.objects.values().flatten().cloned().collect()
    }
}

fn name(json: &str) -> Option<Name> {
    let Named { metadata } = serde_json::from_str(json).ok()?;
    Some((metadata.namespace, metadata.name))
}

impl Known {
    fn has_classes(&self) -> bool {
        !self.classes.objects.is_empty()
    }

    fn take_news(&mut self) -> News {
        let (is_new, has_new_claims) = (self.is_new, self.has_new_claims);
        (self.is_new, self.has_new_claims) = (false, false);
        match (is_new, has_new_claims) {
            (true, _) => News::All(Box::new(self.inventory())),
            (false, true) => News::Claims(self.claims.all()),
            (false, false) => News::None,
        }
    }

    fn inventory(&self) -> DeviceInventory {
        let classes_unknown = self.classes.unknown();
        let unknown = match classes_unknown {
            None if self.has_classes() => self.slices.unknown().or(self.claims.unknown()),
            of_classes => of_classes,
        };
        DeviceInventory::of(DeviceObjects {
            classes: self.classes.all(),
            slices: self.slices.all(),
            claims: self.claims.all(),
            // Claims of templates that may not be read are unknown one by one.
            templates: self.templates.all(),
            unknown: unknown.cloned(),
        })
    }
}

impl Store {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Objects are taken in whole.
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, apply: impl FnOnce(&mut Known) -> bool) {
        if apply(&mut self.known()) {
            self.0.changed.notify_one();
        }
    }
}

impl DeviceFollower {
    /// Runs until it is dropped.
    pub(super) async fn run(self) {
        let store = Store::default();
        let is_there = Arc::new(Notify::new());
        let (seen, found) = (store.clone(), Arc::clone(&is_there));
        let classes = self.follow(&kinds::DEVICE_CLASS, move |change| {
            seen.change(|known| {
                let is_new = known.classes.change(&kinds::DEVICE_CLASS, change);
                known.is_new |= is_new;
                if known.has_classes() {
                    found.notify_one();
                }
                is_new
            });
        });
        let (slices, claims, templates) = (store.clone(), store.clone(), store.clone());
        let slices = self.follow(&kinds::RESOURCE_SLICE, move |change| {
            slices.change(|known| {
                let is_new = known.slices.change(&kinds::RESOURCE_SLICE, change);
                known.is_new |= is_new;
                is_new
            });
        });
        let claims = self.follow(&kinds::RESOURCE_CLAIM, move |change| {
            claims.change(|known| {
                let was_unknown = known.claims.unknown().cloned();
                let is_new = known.claims.change(&kinds::RESOURCE_CLAIM, change);
                known.has_new_claims |= is_new;
                known.is_new |= was_unknown.as_ref() != known.claims.unknown();
                is_new
            });
        });
        let templates = self.follow(&kinds::RESOURCE_CLAIM_TEMPLATE, move |change| {
            templates.change(|known| {
                let kind = &kinds::RESOURCE_CLAIM_TEMPLATE;
                let is_new = known.templates.change(kind, change);
                known.is_new |= is_new;
                is_new
            });
        });
        let rest = async {
            is_there.notified().await;
            tokio::join!(slices, claims, templates);
        };
        tokio::join!(classes, rest, self.count(&store));
    }

    /// Follows a kind.
    fn follow<F: FnMut(Change<'_>) + Send + 'static>(
        &self,
        kind: &'static Kind,
        on_change: F,
    ) -> impl Future<Output = ()> + use<F> {
        let listing = Listing { is_optional: true, ..Listing::of(kind, None, "") };
        let handler = Objects { on_change: Box::new(on_change), feed: SharedStatus::default() };
        let config = ReflectorConfig { relist: Arc::default(), ..self.reflector_config.clone() };
        Reflector::new(self.cluster.clone(), listing, config, handler).run()
    }

    /// Counts what has changed.
    async fn count(&self, store: &Store) {
        let mut changes = self.cluster_state.changes();
        loop {
            let has_classes = store.known().has_classes();
            tokio::select! {
                () = store.0.changed.notified() => {}
                // Pods and nodes that came may concern devices.
                _ = changes.changed(), if has_classes => {}
            }
            sleep(DEBOUNCE).await;
            changes.mark_unchanged();
            let began = Instant::now();
            let news = store.known().take_news();
            self.cluster_state.change(|builder, _| {
                match news {
                    News::All(inventory) => builder.set_devices(*inventory),
                    News::Claims(claims) => builder.set_claims(claims),
                    News::None => builder.recount_devices(),
                }
                builder.take_changed()
            });
            sleep((began.elapsed() * PAUSE_FACTOR).max(MIN_PAUSE)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: &str = r#"{"metadata":{"name":"gpu"},"spec":{"selectors":[]}}"#;

    #[test]
    fn a_kind_is_unknown_until_it_is_listed_and_while_it_is_refused() {
        let kind = &kinds::DEVICE_CLASS;
        let mut kept = Kept::<DeviceClass>::default();
        assert!(kept.unknown().is_some());
        assert!(!kept.change(kind, Change::Begin));
        assert!(kept.change(kind, Change::Applied(CLASS)));
        assert!(!kept.change(kind, Change::Applied(CLASS)), "the same again");
        assert!(kept.change(kind, Change::End));
        assert_eq!((kept.unknown(), kept.all().len()), (None, 1));
        assert!(!kept.change(kind, Change::Begin) && kept.change(kind, Change::End), "it is gone");
        assert!(kept.change(kind, Change::Applied(r#"{"metadata":{"name":"b"},"spec":5}"#)));
        assert!(kept.unknown().is_some_and(|why| why.starts_with("DeviceClass b is malformed")));
        assert!(kept.change(kind, Change::Gone(r#"{"metadata":{"name":"b"}}"#)));
        assert_eq!(kept.unknown(), None);
    }
}
