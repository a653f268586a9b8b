//! Devices of Dynamic Resource Allocation, kept current by watches.
//!
//! Classes are always followed; slices, claims and claim templates as soon as there is a class, so
//! that a cluster without devices costs one quiet watch. A server without the API is asked for it
//! now and then. What may not be read makes devices unknown, and nothing else.

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
use super::object_store::{ListState, ObjectStore};
use super::reflector::{Reflector, ReflectorConfig};
use crate::client::Cluster;
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

/// The objects of a kind, or why one is malformed.
type Kept<T> = ObjectStore<Name, Result<T, String>>;

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

/// Applies a change. Returns whether anything that counts is different.
fn change<T>(kept: &mut Kept<T>, kind: &Kind, change: Change<'_>) -> bool
where
    T: DeserializeOwned + PartialEq,
{
    let decode = |json: &str| {
        let name = name(json)?;
        let object = typed::from_slice(json.as_bytes())
            .map_err(|error| format!("{} {} is malformed: {error}", kind.name, name.1));
        Some((name, Some(object)))
    };
    let mut is_new = false;
    let is_other = kept.change(change, decode, |_, old, new| is_new |= old != new);
    is_new || is_other
}

/// Why not all objects are known, if that is so.
fn unknown<T>(kept: &Kept<T>) -> Option<&str> {
    match kept.state() {
        ListState::Pending => Some("they have not been read yet"),
        ListState::Refused(why) => Some(why),
        ListState::Complete | ListState::Missing => {
            kept.values().find_map(|object| object.as_ref().err()).map(String::as_str)
        }
    }
}

fn all<T: Clone>(kept: &Kept<T>) -> Vec<T> {
    kept.values().flatten().cloned().collect()
}

fn name(json: &str) -> Option<Name> {
    let Named { metadata } = serde_json::from_str(json).ok()?;
    Some((metadata.namespace, metadata.name))
}

impl Known {
    fn has_classes(&self) -> bool {
        !self.classes.is_empty()
    }

    fn take_news(&mut self) -> News {
        let (is_new, has_new_claims) = (self.is_new, self.has_new_claims);
        (self.is_new, self.has_new_claims) = (false, false);
        match (is_new, has_new_claims) {
            (true, _) => News::All(Box::new(self.inventory())),
            (false, true) => News::Claims(all(&self.claims)),
            (false, false) => News::None,
        }
    }

    fn inventory(&self) -> DeviceInventory {
        let unknown = match unknown(&self.classes) {
            None if self.has_classes() => unknown(&self.slices).or(unknown(&self.claims)),
            of_classes => of_classes,
        };
        DeviceInventory::of(DeviceObjects {
            classes: all(&self.classes),
            slices: all(&self.slices),
            claims: all(&self.claims),
            // Claims of templates that may not be read are unknown one by one.
            templates: all(&self.templates),
            unknown: unknown.map(str::to_owned),
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
                let is_new = self::change(&mut known.classes, &kinds::DEVICE_CLASS, change);
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
                let is_new = self::change(&mut known.slices, &kinds::RESOURCE_SLICE, change);
                known.is_new |= is_new;
                is_new
            });
        });
        let claims = self.follow(&kinds::RESOURCE_CLAIM, move |change| {
            claims.change(|known| {
                let was_unknown = unknown(&known.claims).map(str::to_owned);
                let is_new = self::change(&mut known.claims, &kinds::RESOURCE_CLAIM, change);
                known.has_new_claims |= is_new;
                known.is_new |= was_unknown.as_deref() != unknown(&known.claims);
                is_new
            });
        });
        let templates = self.follow(&kinds::RESOURCE_CLAIM_TEMPLATE, move |change| {
            templates.change(|known| {
                let kind = &kinds::RESOURCE_CLAIM_TEMPLATE;
                let is_new = self::change(&mut known.templates, kind, change);
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
    fn a_kind_is_unknown_until_it_is_listed_and_while_an_object_is_malformed() {
        let mut kept = Kept::<DeviceClass>::default();
        let mut apply = |change| {
            let is_new = self::change(&mut kept, &kinds::DEVICE_CLASS, change);
            (is_new, unknown(&kept).map(str::to_owned), all(&kept).len())
        };
        assert!(!apply(Change::Begin).0);
        let (is_new, unknown, _) = apply(Change::Applied(CLASS));
        assert!(is_new && unknown.is_some());
        assert!(!apply(Change::Applied(CLASS)).0, "the same again");
        assert_eq!(apply(Change::End), (true, None, 1));
        assert!(!apply(Change::Begin).0 && apply(Change::End).0, "it is gone");
        let (is_new, unknown, _) = apply(Change::Applied(r#"{"metadata":{"name":"b"},"spec":5}"#));
        assert!(is_new && unknown.is_some_and(|why| why.starts_with("DeviceClass b is malformed")));
        assert_eq!(apply(Change::Gone(r#"{"metadata":{"name":"b"}}"#)), (true, None, 0));
    }
}
