//! Updates of the page as server-sent events, rendered once for all subscribers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use oppscale_cluster::compute;

use super::{CpuHistory, Pieces, View};
use crate::http_port::stopped;
use crate::serve::state::MetricsState;
use crate::shares::autoscalers::Autoscalers;

/// Interval between two renderings at least: nobody can read faster.
const MIN_INTERVAL: Duration = Duration::from_millis(250);
/// Interval between two renderings at most: the age of the data is shown in seconds.
const MAX_INTERVAL: Duration = Duration::from_secs(1);

/// Everything that the page is rendered from.
pub(in crate::serve) struct Page {
    pub(in crate::serve) state: MetricsState,
    pub(in crate::serve) history: Arc<CpuHistory>,
    pub(in crate::serve) autoscalers: Autoscalers,
}

impl Page {
    pub(in crate::serve) fn view(&self, all_nodes: bool) -> View<'_> {
        View {
            state: &self.state,
            history: &self.history,
            autoscalers: self.autoscalers.all(),
            all_nodes,
        }
    }

    /// Publishes updates while there are subscribers, at changes and each second, until `stop`.
    pub(in crate::serve) async fn publish(
        self: Arc<Self>,
        updates: [watch::Sender<Arc<PageUpdate>>; 2],
        mut stop: watch::Receiver<bool>,
    ) {
        let mut changes = self.state.cluster_state().changes();
        let mut due = [Instant::now(); 2];
        loop {
            for ((sender, due), all_nodes) in updates.iter().zip(&mut due).zip([false, true]) {
                // One receiver is the port's own, from which it makes others.
                if sender.receiver_count() > 1 && *due <= Instant::now() {
                    let (page, last) = (Arc::clone(&self), Arc::clone(&sender.borrow()));
                    let update = compute(move || last.next(page.view(all_nodes).pieces())).await;
                    *due = Instant::now() + min_interval(update.all.len());
                    sender.send_replace(Arc::new(update));
                }
            }
            tokio::select! {
                () = stopped(&mut stop) => return,
                () = tokio::time::sleep(MIN_INTERVAL) => {}
            }
            tokio::select! {
                () = stopped(&mut stop) => return,
                changed = changes.changed() => if changed.is_err() {
                    tokio::time::sleep(MAX_INTERVAL).await
                },
                () = tokio::time::sleep(MAX_INTERVAL) => {}
            }
        }
    }
}

/// Pieces of the page at one time, and which of them are new.
#[derive(Debug, Clone, Default)]
pub(in crate::serve) struct PageUpdate {
    /// Sequence number.
    pub(in crate::serve) number: u64,
    pieces: Pieces,
    /// Event with all pieces.
    pub(in crate::serve) all: Bytes,
    /// Event with the pieces that differ from the update before; `None` if none does.
    pub(in crate::serve) changed: Option<Bytes>,
}

impl PageUpdate {
    /// The update that follows `self`.
    pub(in crate::serve) fn next(&self, pieces: Pieces) -> Self {
        let changed: Vec<_> = pieces.iter().filter(|piece| !self.pieces.contains(piece)).collect();
        let changed = (!changed.is_empty()).then(|| event(changed.into_iter()));
        Self { number: self.number + 1, all: event(pieces.iter()), pieces, changed }
    }
}

/// An event without pieces, which shows that the server is alive.
pub(in crate::serve) fn keep_alive() -> Bytes {
    event(std::iter::empty())
}

fn event<'p>(pieces: impl Iterator<Item = &'p (&'static str, String)>) -> Bytes {
    let pieces: Map<String, Value> =
        pieces.map(|(id, html)| ((*id).to_owned(), Value::from(html.as_str()))).collect();
    // JSON has no line breaks, which would end the event.
    let data = json!({"version": env!("CARGO_PKG_VERSION"), "pieces": pieces});
    Bytes::from(format!("data: {data}\n\n"))
}

/// The last rendering of a text, which all requests of about that time share.
///
/// Clients are not authenticated, so requests must not keep the process busy, nor fill its
/// memory with copies for clients that do not read.
#[derive(Debug, Default)]
pub(in crate::serve) struct CachedText(Mutex<Option<(Instant, Bytes)>>);

impl CachedText {
    /// The text, rendered again if it is older than `max_age`; a large one is kept longer.
    pub(in crate::serve) fn get(
        &self,
        max_age: Duration,
        render: impl FnOnce() -> String,
    ) -> Bytes {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, text)) = &*last
            && at.elapsed() < max_age.max(min_interval(text.len()))
        {
            return text.clone();
        }
        let text = Bytes::from(render());
        *last = Some((Instant::now(), text.clone()));
        text
    }
}

/// Interval between two renderings of so many bytes at least: a second for a megabyte. Together
/// with the port's write timeout this bounds the memory of answers that clients do not read.
fn min_interval(bytes: usize) -> Duration {
    Duration::from_micros(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_has_what_is_new() {
        let pieces = |nodes: &str| vec![("status", "up".into()), ("nodes", nodes.into())];
        let first = PageUpdate::default().next(pieces("six"));
        let second = first.next(pieces("seven\nor so"));
        let third = second.next(pieces("seven\nor so"));
        assert_eq!((first.number, second.number, third.number), (1, 2, 3));
        assert_eq!(first.changed.as_ref(), Some(&first.all));
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            second.changed.unwrap(),
            format!(
                "data: {{\"version\":\"{version}\",\"pieces\":{{\"nodes\":\"seven\\nor so\"}}}}\n\n"
            )
        );
        assert_eq!(third.changed, None);
        assert_eq!(third.all, second.all);
    }

    #[test]
    fn requests_in_a_row_share_a_text() {
        let cached = CachedText::default();
        let hour = Duration::from_secs(3600);
        assert_eq!(cached.get(hour, || "one".to_owned()), "one");
        assert_eq!(cached.get(hour, || "two".to_owned()), "one");
        let large = CachedText::default();
        assert_eq!(large.get(Duration::ZERO, || "x".repeat(4 << 20)).len(), 4 << 20);
        assert_eq!(large.get(Duration::ZERO, || "soon".to_owned()).len(), 4 << 20, "it is large");
    }
}
