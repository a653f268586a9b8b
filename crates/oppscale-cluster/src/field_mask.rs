//! Lists of large objects, reduced to the few fields that are read.
//!
//! Of a pod's 10 KB of JSON, 1.5 KB matter. A JSON reader spends most of its time on the
//! rest, of which managedFields are the half. This one walks only the objects on the way
//! to a wanted field and jumps over every other value 64 bytes at a time, as simdjson
//! does: bit masks of quotes, backslashes and brackets tell where a value ends without
//! looking at its parts. What is wanted is copied out as JSON and read as usual.
//!
//! What is jumped over is not checked, but for balanced brackets and quotes. Anything
//! unexpected ends the skim without a word; the caller then reads the list the long way
//! and gets the error from there.

use wide::u8x16;

/// Which members of an object are kept. Arrays are looked through: each element is
/// treated as the object would be.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldMask {
    /// The whole value.
    Whole,
    /// Only these members of it.
    Members(&'static [(&'static str, FieldMask)]),
}

/// Hands each element of the list's `items`, reduced to `keep`, to `each`.
///
/// `None` when the text is not what a kube-apiserver writes, or `each` says stop; some
/// items may have been handed over by then.
pub(super) fn items(
    json: &[u8],
    mask: &FieldMask,
    mut each: impl FnMut(&str) -> Option<()>,
) -> Option<()> {
    let mut cursor = Cursor { bytes: json, at: 0 };
    let mut item = Vec::with_capacity(4096);
    let mut found = false;
    cursor.members(|cursor, key| {
        if key != b"items" {
            return cursor.skip();
        }
        found = true;
        if cursor.peek()? != b'[' {
            return cursor.skip();
        }
        cursor.elements(|cursor| {
            item.clear();
            cursor.copy(mask, &mut item)?;
            each(std::str::from_utf8(&item).ok()?)
        })
    })?;
    cursor.end()?;
    found.then_some(())
}

/// The type of a watch event, whose object is put into `object`, reduced to `keep`.
///
/// `None` when the text is not what a kube-apiserver writes.
pub(super) fn event<'j>(
    json: &'j [u8],
    mask: &FieldMask,
    object: &mut Vec<u8>,
) -> Option<&'j [u8]> {
    let mut cursor = Cursor { bytes: json, at: 0 };
    let mut kind = None;
    object.clear();
    cursor.members(|cursor, key| match key {
        b"type" => {
            kind = Some(cursor.string()?);
            Some(())
        }
        b"object" => cursor.copy(mask, object),
        _ => cursor.skip(),
    })?;
    cursor.end()?;
    kind.filter(|_| !object.is_empty())
}

/// A place in a JSON text.
struct Cursor<'j> {
    bytes: &'j [u8],
    at: usize,
}

impl<'j> Cursor<'j> {
    /// The next byte that is no white space, without taking it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes `byte`, which must come next.
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Only white space may be left.
    fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Takes a string and gives what stands between its quotes, escapes as written.
    fn string(&mut self) -> Option<&'j [u8]> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.bytes.get(start..self.at - 1)
    }

    /// Takes an object; `each` must take the value of each key.
    fn members(&mut self, mut each: impl FnMut(&mut Self, &'j [u8]) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            each(self, key)?;
            match self.peek()? {
                b',' => self.at += 1,
                _ => return self.take(b'}'),
            }
        }
    }

    /// Takes an array; `each` must take each element.
    fn elements(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            return self.take(b']');
        }
        loop {
            each(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                _ => return self.take(b']'),
            }
        }
    }

    /// Copies the value to `out`, reduced to `keep`.
    fn copy(&mut self, mask: &FieldMask, out: &mut Vec<u8>) -> Option<()> {
        let members = match mask {
            FieldMask::Members(members) => *members,
            FieldMask::Whole => return self.copy_whole(out),
        };
        match self.peek()? {
            b'{' => {
                out.push(b'{');
                let empty = out.len();
                self.members(|cursor, key| {
                    let Some((_, mask)) = members.iter().find(|(name, _)| name.as_bytes() == key)
                    else {
                        return cursor.skip();
                    };
                    if out.len() > empty {
                        out.push(b',');
                    }
                    out.push(b'"');
                    out.extend_from_slice(key);
                    out.extend_from_slice(b"\":");
                    cursor.copy(mask, out)
                })?;
                out.push(b'}');
            }
            b'[' => {
                out.push(b'[');
                let empty = out.len();
                self.elements(|cursor| {
                    if out.len() > empty {
                        out.push(b',');
                    }
                    cursor.copy(mask, out)
                })?;
                out.push(b']');
            }
            _ => return self.copy_whole(out),
        }
        Some(())
    }

    fn copy_whole(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        out.extend_from_slice(self.bytes.get(start..self.at)?);
        Some(())
    }

    /// Takes any value.
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' | b'[' => {
                self.at = end_of_container(self.bytes, self.at)?;
                Some(())
            }
            _ => {
                let rest = &self.bytes[self.at..];
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.at += length;
                (length > 0).then_some(())
            }
        }
    }
}

/// Where the object or array that begins at `start` ends: behind its closing bracket.
fn end_of_container(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_u32;
    let mut escape = 0_u64;
    let mut in_string = 0_u64;
    let mut at = start;
    while at < bytes.len() {
        let masks = match bytes.get(at..at + BLOCK).and_then(|b| <&[u8; BLOCK]>::try_from(b).ok()) {
            Some(block) => Masks::of(block),
            None => {
                let mut block = [0; BLOCK];
                let rest = &bytes[at..];
                block[..rest.len()].copy_from_slice(rest);
                Masks::of(&block)
            }
        };
        let quotes = masks.quotes & !escaped(masks.backslashes, &mut escape);
        let strings = prefix_xor(quotes) ^ in_string;
        in_string = if strings >> 63 == 1 { u64::MAX } else { 0 };
        let (opens, closes) = (masks.opens & !strings, masks.closes & !strings);
        if depth > closes.count_ones() {
            // The value cannot end in this block.
            depth = depth + opens.count_ones() - closes.count_ones();
        } else {
            let mut brackets = opens | closes;
            while brackets != 0 {
                let bit = brackets & brackets.wrapping_neg();
                if opens & bit != 0 {
                    depth += 1;
                } else {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at + bit.trailing_zeros() as usize + 1);
                    }
                }
                brackets ^= bit;
            }
        }
        at += BLOCK;
    }
    None
}

/// Bytes looked at in one step: a bit each in a `u64`.
const BLOCK: usize = 64;

/// Where certain bytes stand in a block, the first byte in the lowest bit.
struct Masks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Masks {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
        let (lanes, _) = block.as_chunks::<16>();
        for (number, lane) in lanes.iter().enumerate() {
            let lane = u8x16::new(*lane);
            // Curly and square brackets differ in this bit only.
            let folded = lane | u8x16::splat(0x20);
            let bits = |equal: u8x16| u64::from(equal.to_bitmask() & 0xffff) << (16 * number);
            masks.quotes |= bits(lane.simd_eq(u8x16::splat(b'"')));
            masks.backslashes |= bits(lane.simd_eq(u8x16::splat(b'\\')));
            masks.opens |= bits(folded.simd_eq(u8x16::splat(b'{')));
            masks.closes |= bits(folded.simd_eq(u8x16::splat(b'}')));
        }
        masks
    }
}

/// Which bytes are escaped by a backslash before them (simdjson's `find_escaped`):
/// those behind an odd run of backslashes. `carry` tells whether the block before ended
/// in one.
fn escaped(backslashes: u64, carry: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let backslashes = backslashes & !*carry;
    let follows = backslashes << 1 | *carry;
    let odd_starts = backslashes & !EVEN & !follows;
    let (on_even, overflow) = odd_starts.overflowing_add(backslashes);
    *carry = u64::from(overflow);
    (EVEN ^ (on_even << 1)) & follows
}

/// Each bit becomes the parity of all bits up to it: between quotes it is set.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

const REQUESTS: FieldMask = FieldMask::Members(&[("requests", FieldMask::Whole)]);

const CONTAINER: FieldMask = FieldMask::Members(&[
    ("name", FieldMask::Whole),
    (
        "resources",
        FieldMask::Members(&[("requests", FieldMask::Whole), ("limits", FieldMask::Whole)]),
    ),
    ("restartPolicy", FieldMask::Whole),
]);

const CONTAINER_STATUS: FieldMask = FieldMask::Members(&[
    ("name", FieldMask::Whole),
    ("resources", REQUESTS),
    ("allocatedResources", FieldMask::Whole),
]);

const CONDITION: FieldMask = FieldMask::Members(&[
    ("type", FieldMask::Whole),
    ("status", FieldMask::Whole),
    ("reason", FieldMask::Whole),
]);

const OWNER: FieldMask = FieldMask::Members(&[
    ("kind", FieldMask::Whole),
    ("name", FieldMask::Whole),
    ("uid", FieldMask::Whole),
    ("controller", FieldMask::Whole),
]);

/// What is kept of a pod.
pub(super) const POD: FieldMask = FieldMask::Members(&[
    (
        "metadata",
        FieldMask::Members(&[
            ("name", FieldMask::Whole),
            ("namespace", FieldMask::Whole),
            ("uid", FieldMask::Whole),
            ("labels", FieldMask::Whole),
            ("ownerReferences", OWNER),
            ("creationTimestamp", FieldMask::Whole),
            ("deletionTimestamp", FieldMask::Whole),
        ]),
    ),
    (
        "spec",
        FieldMask::Members(&[
            ("nodeName", FieldMask::Whole),
            ("initContainers", CONTAINER),
            ("containers", CONTAINER),
            ("overhead", FieldMask::Whole),
            (
                "resources",
                FieldMask::Members(&[("requests", FieldMask::Whole), ("limits", FieldMask::Whole)]),
            ),
            ("nodeSelector", FieldMask::Whole),
            ("affinity", FieldMask::Whole),
            ("tolerations", FieldMask::Whole),
            ("priority", FieldMask::Whole),
            ("priorityClassName", FieldMask::Whole),
            ("preemptionPolicy", FieldMask::Whole),
            ("schedulingGates", FieldMask::Whole),
        ]),
    ),
    (
        "status",
        FieldMask::Members(&[
            ("phase", FieldMask::Whole),
            ("nominatedNodeName", FieldMask::Whole),
            ("conditions", CONDITION),
            ("containerStatuses", CONTAINER_STATUS),
            ("initContainerStatuses", CONTAINER_STATUS),
            ("resources", REQUESTS),
            ("allocatedResources", FieldMask::Whole),
        ]),
    ),
]);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const KEEP: FieldMask = FieldMask::Members(&[
        ("a", FieldMask::Members(&[("b", FieldMask::Whole)])),
        ("c", FieldMask::Whole),
    ]);

    /// The same, by a full parse.
    fn reduce(value: &Value, mask: &FieldMask) -> Value {
        match (mask, value) {
            (FieldMask::Members(members), Value::Object(fields)) => fields
                .iter()
                .filter_map(|(key, value)| {
                    let (_, mask) = members.iter().find(|(name, _)| name == key)?;
                    Some((key.clone(), reduce(value, mask)))
                })
                .collect(),
            (FieldMask::Members(_), Value::Array(items)) => {
                items.iter().map(|item| reduce(item, mask)).collect()
            }
            _ => value.clone(),
        }
    }

    fn skimmed(json: &str) -> Option<Vec<Value>> {
        let mut found = Vec::new();
        items(json.as_bytes(), &KEEP, |item| {
            found.push(serde_json::from_str(item).ok()?);
            Some(())
        })?;
        Some(found)
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = "[a-c\"\\\\{}\\[\\],: \u{e9}\n]{0,70}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, move |inner| {
            let key = prop::sample::select(vec!["a", "b", "c", "d", "k:{\"x\":\"}\"}"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..6).prop_map(|fields| fields
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_skim_finds_what_a_full_parse_finds(list in prop::collection::vec(value(), 0..8), pretty: bool) {
            let document = json!({"kind": "L", "x": list, "items": list, "y": list});
            let text = if pretty { format!("{document:#}") } else { document.to_string() };
            let expected: Vec<_> = list.iter().map(|item| reduce(item, &KEEP)).collect();
            prop_assert_eq!(skimmed(&text), Some(expected));
        }

        #[test]
        fn a_cut_text_is_never_taken_for_a_whole_one(list in prop::collection::vec(value(), 1..4), cut: prop::sample::Index) {
            let text = json!({"x": list, "items": list}).to_string();
            let mut end = cut.index(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            prop_assert_eq!(skimmed(&text[..end]), None);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a-c\"\\\\{}\\[\\],: 0-9]{0,200}") {
            let _ = skimmed(&text);
            let _ = skimmed(&format!("{{\"items\":[{text}]}}"));
        }
    }
}
