//! What the user should know beside the figures: problems, each with what to do about it.

use oppscale_cluster::follow::Phase;

use super::connection;
use super::state::State;

/// A problem and a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

/// Number of uncountable objects that are named; the one-shot table names all.
const NAMED: usize = 2;

impl State {
    /// All notices, dismissed or not.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let plain = |text: String| Notice { text, hint: None };
        let mut notices = Vec::new();
        if let Some(error) = &self.query_error {
            notices.push(Notice { text: error.why.clone(), hint: error.hint.clone() });
        }
        let Some(measured) = &self.measured else { return notices };
        match (&self.replay, &measured.health.nodes.phase) {
            (None, _) => notices.extend(connection::troubles(&measured.health)),
            (Some(_), Phase::Reconnecting { why, .. }) => notices.push(plain(why.clone())),
            (Some(_), _) => {}
        }
        if let Some(why) = &measured.pods_unknown {
            let is_known =
                |notice: &Notice| notice.text.contains(why) || notice.hint.as_ref() == Some(why);
            if !notices.iter().any(is_known) {
                notices.push(plain(format!("pods are unknown: {why}")));
            }
        }
        notices.extend(measured.notes.iter().chain(&measured.unmatched).cloned().map(plain));
        notices.extend(self.setup.resolved.placement_notes().into_iter().map(plain));
        let unknown = &measured.unknown;
        notices.extend(unknown.iter().take(NAMED).cloned().map(plain));
        if unknown.len() > NAMED {
            let more = unknown.len() - NAMED;
            notices.push(plain(format!("{more} more cannot be counted; oppscale top --once")));
        }
        notices
    }
}
