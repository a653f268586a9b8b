//! The state of the connection to the cluster, as text.

use std::time::{Duration, Instant};

use oppscale_cluster::follow::{Health, Phase, WatchStatus};

use super::notices::Notice;
use oppscale_core::figures::Tone;
use oppscale_core::units;

/// Age from which stale data is mentioned while something is wrong.
const YOUNG: Duration = Duration::from_secs(2);

/// The state of the connection and its severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatusText {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// The state in a few words. Data older than `max_staleness` is stale: a working watch renews its
/// proof of freshness more often.
pub(super) fn state(health: &Health, max_staleness: Duration, now: Instant) -> StatusText {
    let say = |text: String, tone| StatusText { text, tone };
    for (feed, what) in [(&health.nodes, "nodes"), (&health.pods, "pods")] {
        if let Phase::Listing(count) = feed.phase {
            return say(format!("listing {what}… {}", units::count(count)), Tone::Plain);
        }
    }
    let age = health.age(now).unwrap_or_default();
    let old = units::age(age);
    let stale = |what: &str| match age < YOUNG {
        true => say(what.to_owned(), Tone::Warn),
        false => say(format!("{what}, stale {old}"), Tone::Warn),
    };
    if let Some((tries, next_try)) = reconnecting(health) {
        let left = next_try.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let next = match left.as_secs() {
            0 => String::new(),
            _ => format!(", next in {}", units::age(left)),
        };
        return stale(&match tries {
            0 | 1 => format!("reconnecting{next}"),
            _ => format!("reconnecting, try {tries}{next}"),
        });
    }
    let any = |is: fn(&Phase) -> bool| is(&health.nodes.phase) || is(&health.pods.phase);
    if any(|phase| matches!(phase, Phase::Relisting { .. })) {
        return stale("listing again");
    }
    if let Phase::Refused { .. } = health.nodes.phase {
        return stale("nodes refused");
    }
    if let Phase::Refused { .. } = health.pods.phase {
        // Refused pods have no age; nodes do.
        let good_for = match health.nodes.phase {
            Phase::Polling { every, .. } => max_staleness + every,
            _ => max_staleness,
        };
        let nodes = if age < good_for { String::new() } else { format!(", nodes stale {old}") };
        return say(format!("pods refused{nodes}"), Tone::Warn);
    }
    let polling = |feed: &WatchStatus| match feed.phase {
        Phase::Polling { every, .. } => Some(every),
        _ => None,
    };
    if let Some(every) = polling(&health.nodes).max(polling(&health.pods)) {
        let text = format!("polling every {}", units::age(every));
        return match age < max_staleness + every {
            true => say(text, Tone::Plain),
            false => say(format!("{text}, stale {old}"), Tone::Warn),
        };
    }
    match age < max_staleness {
        true => say("live".to_owned(), Tone::Good),
        false => say(format!("stale {old}"), Tone::Warn),
    }
}

/// The problems of the watches.
pub(super) fn troubles(health: &Health) -> Vec<Notice> {
    let mut troubles: Vec<Notice> = Vec::new();
    for (feed, what) in [(&health.nodes, "nodes"), (&health.pods, "pods")] {
        let (text, hint) = match &feed.phase {
            Phase::Refused { why, hint } => (format!("{what} are unknown: {why}"), hint.as_deref()),
            Phase::Reconnecting { why, .. } => (format!("reconnecting: {why}"), None),
            Phase::Relisting { why } => (format!("listing {what} again: {why}"), None),
            Phase::Polling { why, .. } => (format!("{what} are not watched: {why}"), None),
            Phase::Listing(_) | Phase::Following => continue,
        };
        // Both watches lose a connection for the same reason.
        if !troubles.iter().any(|known| known.text == text) {
            troubles.push(Notice { text, hint: hint.map(str::to_owned) });
        }
    }
    troubles
}

/// Time after which the text changes without an event.
pub(super) fn next_change(
    health: &Health,
    max_staleness: Duration,
    now: Instant,
) -> Option<Duration> {
    let age = health.age(now)?;
    let good_for = |feed: &WatchStatus| match feed.phase {
        Phase::Following => Some(max_staleness),
        Phase::Polling { every, .. } => Some(max_staleness + every),
        _ => None,
    };
    let good_for = match health.pods.phase {
        Phase::Refused { .. } => good_for(&health.nodes),
        _ => good_for(&health.nodes).zip(good_for(&health.pods)).map(|(a, b)| a.max(b)),
    };
    Some(match good_for.and_then(|good| good.checked_sub(age)) {
        Some(left) if !left.is_zero() => left,
        // At the next full second of the age, or a little later.
        _ => Duration::from_millis(1_001 - u64::from(age.subsec_millis())),
    })
}

/// The number of tries since a watch was lost, and the time of the next one.
fn reconnecting(health: &Health) -> Option<(u32, Option<Instant>)> {
    let tries = |feed: &WatchStatus| match feed.phase {
        Phase::Reconnecting { tries, next_try, .. } => Some((tries, next_try)),
        _ => None,
    };
    tries(&health.nodes).max(tries(&health.pods))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Duration = Duration::from_secs(40);

    fn health(nodes: Phase, pods: Phase, fresh_at: Option<Instant>) -> Health {
        let feed = |phase| WatchStatus { phase, fresh_at, restarts: 0 };
        Health { nodes: feed(nodes), pods: feed(pods), version: None }
    }

    #[test]
    fn the_state_is_told_with_its_age() {
        let start = Instant::now();
        let text = |nodes: Phase, pods: Phase, seconds| {
            let health = health(nodes, pods, Some(start));
            state(&health, FRESH, start + Duration::from_secs(seconds)).text
        };
        let following = || Phase::Following;
        let lost = |tries| Phase::Reconnecting { why: "cut".into(), tries, next_try: None };
        assert_eq!(text(following(), following(), 39), "live");
        assert_eq!(text(following(), following(), 95), "stale 95s");
        assert_eq!(text(following(), lost(1), 1), "reconnecting");
        let next = |seconds| Phase::Reconnecting {
            why: "cut".into(),
            tries: 4,
            next_try: Some(start + Duration::from_secs(seconds)),
        };
        let expected = "reconnecting, try 4, next in 12s, stale 37s";
        assert_eq!(text(next(49), lost(2), 37), expected);
        assert_eq!(text(next(37), lost(2), 37), "reconnecting, try 4, stale 37s");
        assert_eq!(text(lost(4), lost(2), 37), "reconnecting, try 4, stale 37s");
        assert_eq!(text(following(), Phase::Listing(12_345), 0), "listing pods… 12,345");
        let relisting = Phase::Relisting { why: "410".into() };
        assert_eq!(text(following(), relisting, 20), "listing again, stale 20s");
        let refused = || Phase::Refused { why: "no".into(), hint: None };
        assert_eq!(text(following(), refused(), 20), "pods refused", "never heard, never stale");
        assert_eq!(text(following(), refused(), 95), "pods refused, nodes stale 95s");
        assert_eq!(text(refused(), following(), 20), "nodes refused, stale 20s");
    }

    #[test]
    fn one_trouble_is_told_once() {
        let lost = || Phase::Reconnecting { why: "cut".into(), tries: 1, next_try: None };
        let health = health(lost(), lost(), None);
        assert_eq!(troubles(&health), [Notice { text: "reconnecting: cut".into(), hint: None }]);
    }

    #[test]
    fn nothing_need_be_done_while_it_is_live() {
        let start = Instant::now();
        let health = health(Phase::Following, Phase::Following, Some(start));
        let next = |health: &Health, millis| {
            next_change(health, FRESH, start + Duration::from_millis(millis))
        };
        assert_eq!(next(&health, 5_000), Some(Duration::from_secs(35)));
        assert_eq!(next(&health, 45_200), Some(Duration::from_millis(801)));
        let refused = Phase::Refused { why: "no".into(), hint: None };
        let health = self::health(Phase::Following, refused, Some(start));
        assert_eq!(next(&health, 5_000), Some(Duration::from_secs(35)));
    }
}
