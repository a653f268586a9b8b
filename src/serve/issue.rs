//! The page's pieces as server-sent events: written once, for all who look.

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::page::Pieces;

/// What the page shows at one time, and what of it is new.
#[derive(Debug, Clone, Default)]
pub(super) struct Issue {
    /// Counts issues.
    pub(super) number: u64,
    pieces: Pieces,
    /// All pieces, as an event.
    pub(super) whole: Bytes,
    /// Those that differ from the issue before, as an event; `None` when none does.
    pub(super) change: Option<Bytes>,
}

impl Issue {
    /// The issue that follows `self`.
    pub(super) fn next(&self, pieces: Pieces) -> Self {
        let whole = event(pieces.0.iter());
        let changed: Vec<_> =
            pieces.0.iter().filter(|piece| !self.pieces.0.contains(piece)).collect();
        let change = (!changed.is_empty()).then(|| event(changed.into_iter()));
        Self { number: self.number + 1, pieces, whole, change }
    }
}

/// An event that changes nothing: the server is there.
pub(super) fn beat() -> Bytes {
    event(std::iter::empty())
}

fn event<'p>(pieces: impl Iterator<Item = &'p (&'static str, String)>) -> Bytes {
    let pieces: Map<String, Value> =
        pieces.map(|(id, html)| ((*id).to_owned(), Value::from(html.as_str()))).collect();
    // JSON has no line breaks, which would end the event.
    let data = json!({"version": env!("CARGO_PKG_VERSION"), "pieces": pieces});
    Bytes::from(format!("data: {data}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_tells_what_is_new() {
        let pieces = |nodes: &str| Pieces(vec![("status", "up".into()), ("nodes", nodes.into())]);
        let first = Issue::default().next(pieces("six"));
        let second = first.next(pieces("seven\nor so"));
        let third = second.next(pieces("seven\nor so"));
        assert_eq!((first.number, second.number, third.number), (1, 2, 3));
        assert_eq!(first.change.as_ref(), Some(&first.whole));
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            second.change.unwrap(),
            format!(
                "data: {{\"version\":\"{version}\",\"pieces\":{{\"nodes\":\"seven\\nor so\"}}}}\n\n"
            )
        );
        assert_eq!(third.change, None);
        assert_eq!(third.whole, second.whole);
    }
}
