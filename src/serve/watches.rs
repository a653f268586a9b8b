//! What is followed, and where it goes.

use std::time::Duration;

use super::autoscalers::Autoscalers;
use super::board::{Board, Patience};
use super::catalog::Catalog;
use super::front_proxy::{CONFIG_MAP, NAMESPACE};
use super::tally::ChangeTally;
use super::trust::Trust;
use super::waits::Waits;
use oppscale_cluster::follow::{Change, Followed, Follower, WATCH_LIFE, WatchConfig};
use oppscale_cluster::{Cluster, Listing};
use oppscale_core::kinds::{self, Kind};

/// The shortest life of a watch: renewing it more often would be polling.
const SHORTEST_WATCH: Duration = Duration::from_secs(2);

/// Everything that is followed, until it is dropped.
pub(super) struct Watches {
    follower: Follower,
    catalog: Catalog,
    kinds: Vec<(&'static Kind, Followed)>,
    pub(super) autoscalers: Autoscalers,
    /// How well HPAs are heard.
    pub(super) hpas: Followed,
    pub(super) waits: Waits,
    /// `None` where no API is served, which the front proxy would ask for.
    pub(super) trust: Option<Trust>,
}

impl Watches {
    /// Begins to follow nodes, pods, workloads, HPAs and, for an API, the front proxy's
    /// ConfigMap.
    ///
    /// In a cluster where nothing happens, the end of a watch is all that is heard. It must
    /// come well before `max_staleness`, or silence would be taken for blindness.
    pub(super) async fn start(
        cluster: Cluster,
        patience: &Patience,
        changes: ChangeTally,
        serves_api: bool,
        kinds: &[&'static Kind],
    ) -> anyhow::Result<Self> {
        let catalog = Catalog::default();
        let waits = Waits::new(catalog.clone());
        let wishes = WatchConfig {
            watch_life: Some((patience.max_staleness / 3).clamp(SHORTEST_WATCH, WATCH_LIFE)),
            observer: Some(Box::new((changes, waits.clone()))),
            ..WatchConfig::default()
        };
        let mut follower = Follower::start(cluster, wishes).await?;
        let autoscalers = Autoscalers::default();
        let kinds = kinds.iter().map(|&kind| {
            let catalog = catalog.clone();
            let followed =
                follower.follow(workloads(kind), move |change| catalog.change(kind, change));
            (kind, followed)
        });
        let kinds = kinds.collect();
        let seen = autoscalers.clone();
        let hpas =
            follower.follow(Listing::of(&kinds::HPA, None, ""), move |change| seen.change(change));
        let trust = serves_api.then(|| follow_trust(&mut follower));
        Ok(Self { follower, catalog, kinds, autoscalers, hpas, waits, trust })
    }

    /// The board of what is followed.
    pub(super) fn board(&self, patience: Patience) -> Board {
        let cluster_state = self.follower.cluster_state().clone();
        Board::new(cluster_state, self.catalog.clone(), self.kinds.clone(), patience)
    }
}

fn follow_trust(follower: &mut Follower) -> Trust {
    let trust = Trust::default();
    let (believed, mut is_named) = (trust.clone(), false);
    follower.follow(config_map(), move |change| match change {
        Change::Begin => is_named = false,
        Change::Applied(json) => {
            is_named = true;
            believed.set(json);
        }
        Change::Gone(_) => believed.drop_all("was deleted"),
        Change::End if !is_named => believed.drop_all("is not there"),
        Change::End => {}
        Change::Refused => believed.drop_all("may not be read"),
    });
    trust
}

fn workloads(kind: &'static Kind) -> Listing {
    // oppscale_core::ownership::OPPORTUNISTIC_LABEL=true, encoded.
    Listing::of(kind, None, "labelSelector=oppscale.dev%2Fopportunistic%3Dtrue")
}

/// The Role that grants it names the ConfigMap, so the request must, too.
fn config_map() -> Listing {
    let query = format!("fieldSelector=metadata.name%3D{CONFIG_MAP}");
    Listing {
        noun: "the front proxy's ConfigMap",
        right: format!(
            "{} --resource-name={CONFIG_MAP}",
            kinds::CONFIG_MAP.permission("list,watch")
        ),
        ..Listing::of(&kinds::CONFIG_MAP, Some(NAMESPACE), query)
    }
}
