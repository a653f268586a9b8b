//! Lists in YAML, item by item.
//!
//! A YAML parser needs some thirty times the memory of its text. Of a list as kubectl prints it,
//! each item is the text between two dashes at the list's indentation, and is read alone: with
//! what stands before it whose anchors it refers to, be it other items or the head of the list.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use serde_json::Value;

use crate::yaml::{self, DuplicateKeys};
use crate::yaml_anchors::{aliases, anchors};

/// How often an item that cannot be read is read again with the one behind it: a string in quotes
/// may have lines that look like the beginning of an item.
const MAX_LONGER: usize = 8;

/// A list: a sequence, or a mapping with `items`, in block style.
#[derive(Debug)]
pub(crate) struct YamlList<'t> {
    text: &'t str,
    /// Position of the line of `items`; `None` for a bare sequence.
    items_line: Option<Range<usize>>,
    /// Start of each item, and the end of the last one.
    bounds: Vec<usize>,
}

/// A line: where it begins, how far it is indented, and what is on it.
struct Line<'t> {
    at: usize,
    indent: usize,
    words: &'t str,
}

/// The lines of a text that have words other than a comment.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    let all = text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        let words = line.trim_start_matches(' ');
        Line { at: start, indent: line.len() - words.len(), words: words.trim_end() }
    });
    all.filter(|line| !line.words.is_empty() && !line.words.starts_with('#'))
}

impl Line<'_> {
    fn is_item(&self) -> bool {
        self.words == "-" || self.words.starts_with("- ")
    }

    /// Whether the key `items` is all that is on the line, but for an anchor of the list.
    fn is_items(&self) -> bool {
        let value = self.words.strip_prefix("items:").map(str::trim_start);
        value.is_some_and(|value| {
            value.is_empty() || value.starts_with('&') && !value.contains(char::is_whitespace)
        })
    }
}

impl<'t> YamlList<'t> {
    /// The list that a text is, if it is one in block style.
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        let mut lines = lines(text).peekable();
        let mut items_line = None;
        if !lines.peek()?.is_item() {
            let line = lines.find(|line| line.indent == 0 && line.is_items())?;
            items_line = Some(line.at..lines.peek()?.at);
        }
        let indent = lines.peek().filter(|line| line.is_item())?.indent;
        let mut bounds = Vec::new();
        let mut end = text.len();
        for line in lines {
            if line.indent == indent && line.is_item() {
                bounds.push(line.at);
            } else if line.indent <= indent {
                end = line.at;
                break;
            }
        }
        bounds.push(end);
        // Behind a sequence there can be nothing else.
        let is_whole = items_line.is_some() || end == text.len();
        is_whole.then_some(Self { text, items_line, bounds })
    }

    /// What the list says of itself: an object, or null if it is a sequence. `None` if it has to be
    /// read as a whole.
    pub(crate) fn head(&self) -> Option<Value> {
        let Some(items) = &self.items_line else { return Some(Value::Null) };
        let behind = &self.text[*self.bounds.last()?..];
        if aliases(behind).next().is_some() {
            // It may refer to an item.
            return None;
        }
        let head = format!("{}{behind}", &self.text[..items.start]);
        let value = yaml::document(&head, DuplicateKeys::LastWins).ok()?;
        value.as_object().is_some_and(|head| !head.contains_key("items")).then_some(value)
    }

    /// The items in order, mostly one at a time. Ends with `None` at what cannot be read.
    pub(crate) fn items(&self) -> impl Iterator<Item = Option<Vec<Value>>> {
        let mut at = 0;
        let head = self.items_line.as_ref().map_or("", |items| &self.text[..items.end]);
        let mut known = Anchors::of_head(head);
        // What aliases make of a text is limited as it would be for the whole.
        let mut left = self.text.len() * 16 + (8 << 20);
        std::iter::from_fn(move || {
            let (start, _) = (*self.bounds.get(at)?, self.bounds.get(at + 1)?);
            let last = self.bounds.len() - 1;
            let longer = (at + 1..=last).take(MAX_LONGER);
            for next in longer.chain((at + MAX_LONGER < last).then_some(last)) {
                let range = start..self.bounds[next];
                let needed = known.needed_by(&self.text[range.clone()]);
                let before = needed.items.iter().map(|index| &known.items[*index]);
                let start = if needed.head { head.to_owned() } else { String::new() };
                let (text, count) = before.fold((start, 0), |(text, count), item| {
                    (text + &self.text[item.range.clone()], count + item.count)
                });
                let text = text + &self.text[range.clone()];
                let value =
                    yaml::document(&text, DuplicateKeys::LastWins).map(|value| match value {
                        Value::Object(mut list) if needed.head => list.remove("items"),
                        value => Some(value),
                    });
                let Ok(Some(Value::Array(mut values))) = value else {
                    left = left.saturating_sub(text.len());
                    continue;
                };
                let own = values.split_off(count.min(values.len()));
                let made = match text.contains('*') {
                    true => own.iter().map(size).sum(),
                    false => 0,
                };
                left = left.saturating_sub(text.len() + made);
                if left == 0 {
                    break;
                }
                known.add(self.text, range, own.len(), needed);
                at = next;
                return Some(Some(own));
            }
            at = last;
            Some(None)
        })
    }
}

/// About how many bytes a value is written with.
fn size(value: &Value) -> usize {
    8 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.iter().map(|(key, value)| key.len() + size(value)).sum(),
        _ => 0,
    }
}

/// Values with anchors, which later items may refer to.
struct Anchors<'t> {
    /// Names in the head of the list.
    of_head: HashSet<&'t str>,
    items: Vec<Anchored>,
    /// The last item with an anchor of each name.
    by_name: HashMap<String, usize>,
}

/// Items that have an anchor.
struct Anchored {
    range: Range<usize>,
    /// Number of items.
    count: usize,
    /// Anchors that they refer to.
    needed: Needed,
}

/// Values that must be read before an item.
#[derive(Clone, Default)]
struct Needed {
    head: bool,
    /// Numbers of anchored items.
    items: BTreeSet<usize>,
}

impl<'t> Anchors<'t> {
    fn of_head(head: &'t str) -> Self {
        Self { of_head: anchors(head).collect(), items: Vec::new(), by_name: HashMap::new() }
    }

    fn add(&mut self, text: &str, range: Range<usize>, count: usize, needed: Needed) {
        let index = self.items.len();
        let mut is_anchored = false;
        for name in anchors(&text[range.clone()]) {
            is_anchored = true;
            self.by_name.insert(name.to_owned(), index);
        }
        if is_anchored {
            self.items.push(Anchored { range, count, needed });
        }
    }

    fn needed_by(&self, text: &str) -> Needed {
        aliases(text).fold(Needed::default(), |mut needed, name| {
            match self.by_name.get(name) {
                Some(index) => {
                    let of_item = &self.items[*index].needed;
                    needed.head |= of_item.head;
                    needed.items.extend(&of_item.items);
                    needed.items.insert(*index);
                }
                None => needed.head |= self.of_head.contains(name),
            }
            needed
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The items, read one by one; `None` when the text is read as a whole.
    fn read(text: &str) -> Option<Vec<Value>> {
        let list = YamlList::of(text)?;
        list.head()?;
        let items: Option<Vec<_>> = list.items().collect();
        items.map(|items| items.concat())
    }

    fn whole(text: &str) -> Option<Vec<Value>> {
        match yaml::document(text, DuplicateKeys::LastWins).ok()? {
            Value::Array(items) => Some(items),
            Value::Object(mut list) => list.remove("items")?.as_array().cloned(),
            _ => None,
        }
    }

    #[test]
    fn items_are_those_of_the_whole() {
        for text in [
            "apiVersion: v1\nitems:\n- a: 1\n  b: |\n    - x\n    y\n- c: [1,\n  2]\nkind: List\n",
            "items:\n  - a: 1\n  # c\n\n  -\n    b: 2\n  - - 1\n    - 2\nkind: List",
            "# c\r\nkind: List\r\nitems:\r\n- a: 1\r\n- b: 2\r\n",
            "- a: &x {k: 010}\n- b: *x\n- c: {<<: *x, z: &y yes}\n- [*x, *y]\n",
            "- &a 1\n- &b [*a]\n- &a 2\n- [*a, *b]\n",
            "- a: \"x\n- y\"\n- b: 'it''s'\n- c: a && b; c & d\n",
            "items:\n- null\n-\n- ~\n- x\nkind: NodeList\n",
            "x: &x 1\nitems:\n- *x\n- &x 2\n- [*x]\nkind: List\n",
            "x-pod: &pod {a: &b [1]}\nkind: List\nitems: &i\n- &y {<<: *pod, c: *b}\n- *y\n- 1\n",
            "&list\nkind: List\nitems:\n- a: 1\nmetadata: &m {}\n",
        ] {
            let items = read(text).unwrap_or_else(|| panic!("as a whole: {text}"));
            assert_eq!(Some(items), whole(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_this_form_is_read_as_a_whole() {
        for text in [
            "kind: Pod\n",
            "items: [a, b]\n",
            "items:\n  a: 1\n",
            "x: &x 1\nitems:\n- &x 2\ny: *x\n",
            "items:\n- a\nitems:\n- b\n",
            "items: !!seq\n- a\n",
            "- a: [\n- b\n",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn aliases_do_not_take_for_ever() {
        // Long text is limited as many nodes are, and is read more quickly.
        let mut text = format!("- &a [{}]\n", "x".repeat(300_000));
        text.push_str(&"- [*a]\n".repeat(20_000));
        assert_eq!(read(&text), None);
        let mut text = "- &a0 [x]\n".to_owned();
        (1..3000).for_each(|n| text.push_str(&format!("- &a{n} [*a{}]\n", n - 1)));
        let _ = read(&text);
        // The head is read again for each item that refers to it.
        let head = format!("x: &x [{}]\nitems:\n", "x".repeat(300_000));
        assert_eq!(read(&(head + &"- [*x]\n".repeat(20_000))), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = "[a-b\"'&*:{}#\\[\\]|>\n -]{0,20}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            text.prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-c]", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_item_is_lost(items in prop::collection::vec(value(), 1..6)) {
            let list = json!({"apiVersion": "v1", "items": items, "kind": "List"});
            for text in [serde_yaml::to_string(&list).unwrap(), serde_yaml::to_string(&items).unwrap()] {
                if let Some(read) = read(&text) {
                    prop_assert_eq!(Some(read), whole(&text), "{}", text);
                }
            }
        }

        #[test]
        fn what_is_read_is_what_the_whole_has(text in "(x: &x [ab]\n)?(items:( &x)?\n)?([-] |  |[a-b]: |[-]|\n|\n- |&x |\\*x|\"|'|\\[|,|\\]|[ab]|#|\\||\n  ){0,30}") {
            if let (Some(read), Some(whole)) = (read(&text), whole(&text)) {
                prop_assert_eq!(read, whole, "{}", text);
            }
        }
    }
}
