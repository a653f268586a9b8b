//! Anchors and aliases in the text of YAML.
//!
//! `serde_yaml` numbers anchors by how many names there are. Once a name stands a second time, the
//! next anchor gets the number of that one, and an alias of the name the other's value. So each
//! anchor gets a name of its own before such a text is parsed.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// An anchor or an alias, where one may stand; it may be other text.
struct Mark<'t> {
    is_anchor: bool,
    name: &'t str,
    /// End of the name.
    end: usize,
}

/// In the order of the text.
fn marks(text: &str) -> impl Iterator<Item = Mark<'_>> {
    text.match_indices(['&', '*']).filter_map(|(at, mark)| {
        let before = text[..at].chars().next_back();
        let may_stand = before.is_none_or(|c| c.is_whitespace() || "[{,:-?".contains(c));
        let rest = &text[at + mark.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        let end = at + mark.len() + name.len();
        (may_stand && !name.is_empty()).then_some(Mark { is_anchor: mark == "&", name, end })
    })
}

/// Names of anchors.
pub(crate) fn anchors(text: &str) -> impl Iterator<Item = &str> {
    marks(text).filter(|mark| mark.is_anchor).map(|mark| mark.name)
}

/// Names that aliases refer to.
pub(crate) fn aliases(text: &str) -> impl Iterator<Item = &str> {
    marks(text).filter(|mark| !mark.is_anchor).map(|mark| mark.name)
}

/// Starts of lines, and of possible comments in them.
struct Comments(Vec<(usize, Option<usize>)>);

impl Comments {
    fn of(text: &str) -> Self {
        let mut begin = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let start = begin;
            begin += line.len();
            let is_first = line.starts_with('#').then_some(0);
            let at = is_first.or_else(|| line.find(" #")).or_else(|| line.find("\t#"));
            (start, at.map(|at| start + at))
        });
        Self(lines.collect())
    }

    /// Whether the mark may be in a comment.
    fn contain(&self, mark: &Mark<'_>) -> bool {
        let line = self.0.partition_point(|(start, _)| *start < mark.end);
        let line = line.checked_sub(1).and_then(|line| self.0[line].1);
        line.is_some_and(|comment| comment < mark.end)
    }
}

/// A text in which no two anchors have one name.
pub(crate) struct DistinctAnchors {
    /// The text.
    pub(crate) text: String,
    /// Separator before the number that was added to a name.
    marker: String,
}

impl DistinctAnchors {
    /// `None` if no alias refers to a name that stands twice. What follows ` #` is passed over
    /// where it `is_comment`; it may be part of a string, too.
    pub(crate) fn of(text: &str, is_comment: bool) -> Option<Self> {
        // Most often there is none at all.
        if !text.contains('&') || !text.contains('*') {
            return None;
        }
        let comments = is_comment.then(|| Comments::of(text));
        let counts = |mark: &Mark<'_>| comments.as_ref().is_none_or(|all| !all.contain(mark));
        let mut seen = HashSet::new();
        let anchors = marks(text).filter(|mark| mark.is_anchor && counts(mark));
        let names = anchors.map(|mark| mark.name);
        let repeated: HashSet<&str> = names.filter(|name| !seen.insert(*name)).collect();
        if repeated.is_empty() || !aliases(text).any(|name| repeated.contains(name)) {
            return None;
        }
        let mut marker = "-oppscale-".to_owned();
        while text.contains(&marker) {
            marker.push('-');
        }
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let (mut distinct, mut copied) = (String::with_capacity(text.len() * 2), 0);
        for mark in marks(text).filter(|mark| repeated.contains(mark.name) && counts(mark)) {
            let number = numbers.entry(mark.name).or_default();
            *number += usize::from(mark.is_anchor);
            distinct.push_str(&text[copied..mark.end]);
            distinct.push_str(&marker);
            distinct.push_str(&number.to_string());
            copied = mark.end;
        }
        distinct.push_str(&text[copied..]);
        Some(Self { text: distinct, marker })
    }

    /// Takes the numbers out of what only looked like an anchor or an alias.
    pub(crate) fn restore(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.without_numbers(text)),
            Value::Array(items) => items.into_iter().map(|item| self.restore(item)).collect(),
            Value::Object(members) => {
                let restored = members
                    .into_iter()
                    .map(|(key, value)| (self.without_numbers(key), self.restore(value)));
                Value::Object(restored.collect())
            }
            other => other,
        }
    }

    fn without_numbers(&self, text: String) -> String {
        if !text.contains(&self.marker) {
            return text;
        }
        let mut parts = text.split(self.marker.as_str());
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.fold(first, |text, part| text + part)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::yaml::{DuplicateKeys, document};

    #[test]
    fn an_alias_means_the_last_anchor_of_its_name_before_it() {
        for (text, value) in [
            ("- &a 1\n- *a\n- &a 2\n- *a\n", json!([1, 1, 2, 2])),
            ("- &a 1\n- &a 2\n- [*a]\n- &b 3\n- *b\n", json!([1, 2, [2], 3, 3])),
            ("- &a 1\n- &a 2\n- *a\n- &a 3\n- &b 4\n- *a\n", json!([1, 2, 2, 3, 4, 3])),
            // As kubectl 1.32 has it.
            (
                "a: &s one\nb: &s two\nc: *s\nd: &q three\ne: *q\nf: *s\n",
                json!({"a": "one", "b": "two", "c": "two", "d": "three", "e": "three", "f": "two"}),
            ),
            (
                "- &a {x: yes}\n- &a {x: 010}\n- {<<: *a, q: &b z}\n",
                json!([{"x": true}, {"x": 8}, {"x": 8, "q": "z"}]),
            ),
            (
                "- &a x\n- &a w\n- *a\n- 'b &a c *a1, *a'\n- |\n  p &a q *a\n  &a\n- &c e\n",
                json!(["x", "w", "w", "b &a c *a1, *a", "p &a q *a\n&a\n", "e"]),
            ),
            ("- &a 1\n- d &a\n- *a\n", json!([1, "d &a", 1])),
            ("- &a 1\n- &a 2\n# &a is below\n- &b 3\n- *a # *b\n", json!([1, 2, 3, 2])),
            ("- &a 1\n- 's # &a'\n- &a 2\n- &b 3\n- *a\n", json!([1, "s # &a", 2, 3, 2])),
            (
                "- &a -oppscale-1\n- &a 2\n- *a\n- &b -oppscale--3\n",
                json!(["-oppscale-1", 2, 2, "-oppscale--3"]),
            ),
        ] {
            assert_eq!(document(text, DuplicateKeys::LastWins).unwrap(), value, "{text}");
        }
        // As of an alias without an anchor.
        assert!(document("- *a\n- &a 1\n- &a 2\n", DuplicateKeys::LastWins).is_err());
    }
}
