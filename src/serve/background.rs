//! What goes on beside requests: renewing certificates, remembering the hour, rendering the
//! page for those who look, and telling the log when the cluster goes out of sight.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::board::{Board, Sight};
use super::certificate::{LOOK, ServingCertificate};
use super::health::Health;
use super::history::{EVERY, History};
use super::issue::Issue;
use super::overview;
use super::shared::pace;
use super::web_port::Page;
use crate::http_port::stopped;

/// The least time between two renderings: more often than this nobody can read.
const RENDER: Duration = Duration::from_millis(250);
/// The longest: the age of the data is told each second.
const TICK: Duration = Duration::from_secs(1);

/// Follows the files of the serving certificate.
pub(super) async fn renew(certificate: ServingCertificate) {
    loop {
        tokio::time::sleep(LOOK).await;
        certificate.refresh();
    }
}

/// Takes samples for the chart.
pub(super) async fn remember(board: Board, history: Arc<History>) {
    loop {
        match board.sight() {
            Sight::Clear(_) => {
                history.add(Instant::now(), Some(&overview::totals(&board)));
            }
            Sight::Blind(..) => history.add(Instant::now(), None),
            // The first sample is the beginning of the chart.
            Sight::Starting(_) => {
                tokio::time::sleep(RENDER).await;
                continue;
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Renders the page while somebody looks, at changes and each second, until `stop`.
pub(super) async fn render(
    page: Arc<Page>,
    issues: [watch::Sender<Arc<Issue>>; 2],
    mut stop: watch::Receiver<bool>,
) {
    let mut changes = page.board.cluster_state().changes();
    let mut due = [Instant::now(); 2];
    loop {
        for ((sender, due), all_nodes) in issues.iter().zip(&mut due).zip([false, true]) {
            // One receiver is the port's own, for those to come.
            if sender.receiver_count() > 1 && *due <= Instant::now() {
                let issue = sender.borrow().next(page.view(all_nodes).pieces());
                *due = Instant::now() + pace(issue.whole.len());
                sender.send_replace(Arc::new(issue));
            }
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(RENDER) => {}
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            // Without a cluster state there is nothing to wait for but the second.
            changed = changes.changed() => if changed.is_err() { tokio::time::sleep(TICK).await },
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Tells the log when the cluster goes out of sight, and when it is back.
pub(super) async fn tell(board: Board, health: Health) {
    let mut was_blind = false;
    loop {
        // Readiness is told when it is asked for, or here.
        let _ = health.unready();
        match board.sight() {
            Sight::Blind(why, _) if !was_blind => {
                was_blind = true;
                tracing::error!(reason = "Blind", "blind: {why}");
            }
            Sight::Clear(_) if was_blind => {
                was_blind = false;
                tracing::info!(reason = "Seeing", "the cluster is heard again");
            }
            _ => {}
        }
        tokio::time::sleep(TICK).await;
    }
}
