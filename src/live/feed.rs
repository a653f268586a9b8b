//! How well the cluster is heard, in words.

use std::time::{Duration, Instant};

use crate::cluster::follow::{Feed, Health, Phase};

use super::words;

/// Data that was confirmed so lately is called live without more words.
const LIVE: Duration = Duration::from_secs(15);
/// A server confirms a quiet watch with a bookmark about every minute. Without one for so
/// long the data is stale, whatever the watch says of itself.
const BOOKMARK: Duration = Duration::from_secs(90);

/// A state, and how good it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// How a state is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Plain,
    Warn,
}

/// The state in a few words.
pub(super) fn state(health: &Health, now: Instant) -> Words {
    let say = |text: String, tone| Words { text, tone };
    for (feed, what) in [(&health.nodes, "nodes"), (&health.pods, "pods")] {
        if let Phase::Listing(count) = feed.phase {
            return say(format!("listing {what}… {}", words::count(count)), Tone::Plain);
        }
    }
    let age = health.age(now).unwrap_or_default();
    let old = words::age(age);
    let stale = |what: &str| match age < LIVE {
        true => say(what.to_owned(), Tone::Warn),
        false => say(format!("{what}, stale {old}"), Tone::Warn),
    };
    if let Some(tries) = reconnecting(health) {
        return stale(&match tries {
            0 | 1 => "reconnecting".to_owned(),
            _ => format!("reconnecting, try {tries}"),
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
        return stale("pods refused");
    }
    match age {
        _ if age < LIVE => say("live".to_owned(), Tone::Good),
        _ if age < BOOKMARK => say(format!("live, quiet {old}"), Tone::Good),
        _ => say(format!("stale {old}"), Tone::Warn),
    }
}

/// What is wrong with the feeds: each a sentence, and what to do about it.
pub(super) fn troubles(health: &Health) -> Vec<(String, Option<&str>)> {
    let mut troubles: Vec<(String, Option<&str>)> = Vec::new();
    for (feed, what) in [(&health.nodes, "nodes"), (&health.pods, "pods")] {
        let (text, hint) = match &feed.phase {
            Phase::Refused { why, hint } => (format!("{what} are unknown: {why}"), hint.as_deref()),
            Phase::Reconnecting { why, .. } => (format!("reconnecting: {why}"), None),
            Phase::Relisting { why } => (format!("listing {what} again: {why}"), None),
            Phase::Listing(_) | Phase::Following => continue,
        };
        // Both lose a connection for the same reason.
        if !troubles.iter().any(|(known, _)| *known == text) {
            troubles.push((text, hint));
        }
    }
    troubles
}

/// When the words change next by the passing of time alone.
pub(super) fn next_change(health: &Health, now: Instant) -> Option<Duration> {
    let age = health.age(now)?;
    Some(match age.checked_sub(LIVE) {
        // At the next whole second of the age, or a little later.
        Some(_) => Duration::from_millis(1_001 - u64::from(age.subsec_millis())),
        None => LIVE - age,
    })
}

fn reconnecting(health: &Health) -> Option<u32> {
    let tries = |feed: &Feed| match feed.phase {
        Phase::Reconnecting { tries, .. } => Some(tries),
        _ => None,
    };
    tries(&health.nodes).max(tries(&health.pods))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(nodes: Phase, pods: Phase, heard: Option<Instant>) -> Health {
        let feed = |phase| Feed { phase, heard, restarts: 0 };
        Health { nodes: feed(nodes), pods: feed(pods), version: None }
    }

    #[test]
    fn the_state_is_told_with_its_age() {
        let start = Instant::now();
        let text = |nodes: Phase, pods: Phase, seconds| {
            let health = health(nodes, pods, Some(start));
            state(&health, start + Duration::from_secs(seconds)).text
        };
        let following = || Phase::Following;
        let lost = |tries| Phase::Reconnecting { why: "cut".into(), tries };
        assert_eq!(text(following(), following(), 14), "live");
        assert_eq!(text(following(), following(), 37), "live, quiet 37s");
        assert_eq!(text(following(), following(), 95), "stale 95s");
        assert_eq!(text(following(), lost(1), 3), "reconnecting");
        assert_eq!(text(lost(4), lost(2), 37), "reconnecting, try 4, stale 37s");
        assert_eq!(text(following(), Phase::Listing(12_345), 0), "listing pods… 12,345");
        let relisting = Phase::Relisting { why: "410".into() };
        assert_eq!(text(following(), relisting, 20), "listing again, stale 20s");
        let refused = Phase::Refused { why: "no".into(), hint: None };
        assert_eq!(text(following(), refused, 0), "pods refused");
    }

    #[test]
    fn one_trouble_is_told_once() {
        let lost = || Phase::Reconnecting { why: "cut".into(), tries: 1 };
        let health = health(lost(), lost(), None);
        assert_eq!(troubles(&health), [("reconnecting: cut".to_owned(), None)]);
    }

    #[test]
    fn nothing_need_be_done_while_it_is_live() {
        let start = Instant::now();
        let health = health(Phase::Following, Phase::Following, Some(start));
        let next = |millis| next_change(&health, start + Duration::from_millis(millis));
        assert_eq!(next(5_000), Some(Duration::from_secs(10)));
        assert_eq!(next(15_200), Some(Duration::from_millis(801)));
    }
}
