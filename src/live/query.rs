//! The queries of the open table to the API server, for what the watches do not cover: when they
//! are due, and how they fail.

use std::time::{Duration, Instant};

use oppscale_cluster::ClusterError;
use oppscale_core::resources::Resources;

use super::state::State;
use super::view::View;

/// Least time between two queries for the pods of a node.
const PODS_AGAIN: Duration = Duration::from_secs(1);
/// Interval between queries for HPAs: the controller changes them every 15 s.
const HPAS_AGAIN: Duration = Duration::from_secs(5);
/// Least time between a failure and the next query.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The schedule of the queries of the open table.
#[derive(Debug, Default)]
pub(super) struct QuerySchedule {
    /// Whether a query is running.
    is_running: bool,
    /// Number of the opening for which the last query was sent: a table that is opened again has
    /// no rows yet.
    opening: Option<u64>,
    /// Time of the last query or answer, and whether it failed.
    asked: Option<(Instant, bool)>,
    /// Requests on the node at that time.
    on_node: Option<(Resources, Resources)>,
}

impl QuerySchedule {
    /// Time until the next query; `None` if the table needs none.
    pub(super) fn due(&self, state: &State, now: Instant) -> Option<Instant> {
        let view = &state.pane().view;
        let asks = matches!(view, View::OnNode { .. } | View::Hpas);
        if !asks || self.is_running || !state.setup.has_cluster {
            return None;
        }
        // A frozen screen needs the first answer, too.
        if self.opening != Some(state.opening()) {
            return Some(now);
        }
        if state.frozen {
            return None;
        }
        let (asked, has_failed) = self.asked?;
        match view {
            _ if has_failed => Some(asked + AFTER_FAILURE),
            View::Hpas => Some(asked + HPAS_AGAIN),
            _ => {
                let (_, on_node) = state.on_node()?;
                let has_changed = on_node.is_some() && on_node != self.on_node.as_ref();
                has_changed.then(|| asked + PODS_AGAIN)
            }
        }
    }

    /// Records that the query is sent.
    pub(super) fn sent(&mut self, state: &State, now: Instant) {
        self.is_running = true;
        self.opening = Some(state.opening());
        self.asked = Some((now, false));
        self.on_node = state.on_node().and_then(|(_, on_node)| on_node.cloned());
    }

    /// Records the answer or the failure.
    pub(super) fn answered(&mut self, has_failed: bool, now: Instant) {
        self.is_running = false;
        self.asked = Some((now, has_failed));
    }
}

/// A failed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryError {
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

impl From<ClusterError> for QueryError {
    fn from(error: ClusterError) -> Self {
        Self { why: error.to_string(), hint: error.hint() }
    }
}

/// The result of a query.
pub(super) type QueryResult<T> = Result<T, QueryError>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::query::QueryError;
    use crate::live::testing::Bench;
    use ratatui::crossterm::event::KeyCode;

    /// What is done when it is due: it is asked and answered.
    fn answered(queries: &mut QuerySchedule, bench: &Bench, now: Instant) {
        assert_eq!(queries.due(&bench.state, now), Some(now));
        queries.sent(&bench.state, now);
        assert_eq!(queries.due(&bench.state, now), None, "one at a time");
        queries.answered(false, now);
    }

    #[test]
    fn a_table_asks_each_time_that_it_is_runninged() {
        let (mut bench, mut queries, now) =
            (Bench::blog(), QuerySchedule::default(), Instant::now());
        assert_eq!(queries.due(&bench.state, now), None, "nodes come by watches");
        bench.code(KeyCode::Enter);
        answered(&mut queries, &bench, now);
        assert_eq!(queries.due(&bench.state, now), None, "nothing on it has changed");
        bench.code(KeyCode::Esc);
        assert_eq!(queries.due(&bench.state, now), None);
        bench.code(KeyCode::Enter);
        answered(&mut queries, &bench, now);
        bench.type_in("5");
        answered(&mut queries, &bench, now);
        assert_eq!(queries.due(&bench.state, now), Some(now + HPAS_AGAIN));
        queries.answered(true, now);
        assert_eq!(queries.due(&bench.state, now), Some(now + AFTER_FAILURE));
        bench.type_in("u");
        answered(&mut queries, &bench, now);
    }

    #[test]
    fn a_refusal_that_comes_too_late_is_not_shown() {
        let mut bench = Bench::blog();
        let refusal = || Err(QueryError { why: "no right".to_owned(), hint: None });
        bench.type_in("5");
        bench.state.take_hpas(refusal());
        assert!(bench.screen(80, 24).contains("! no right"));
        bench.type_in("1");
        bench.state.take_hpas(refusal());
        assert!(!bench.screen(80, 24).contains("no right"));
    }

    #[test]
    fn a_frozen_screen_asks_once_for_what_it_has_not_shown_yet() {
        let (mut bench, mut queries, now) =
            (Bench::blog(), QuerySchedule::default(), Instant::now());
        bench.type_in("f5");
        answered(&mut queries, &bench, now);
        assert_eq!(queries.due(&bench.state, now), None);
        bench.type_in("f");
        assert_eq!(queries.due(&bench.state, now), Some(now + HPAS_AGAIN));
    }
}
