//! YAML as kubectl reads it: into JSON values, by the rules of YAML 1.1.
//!
//! `serde_yaml` parses. What differs from kubectl (sigs.k8s.io/yaml, on go-yaml v2) is done here:
//! merge keys, booleans such as `yes`, octal numbers such as `010`, underscores in numbers, keys
//! that are not strings, and anchors of one name. kubectl 1.32 is the oracle of the tests.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Number, Value};

use super::yaml_anchors::DistinctAnchors;

/// Why a text is not the YAML that it should be; it has a location.
pub use serde_yaml::Error;

/// Number of values that a document may have beyond the bytes of its text. Only aliases make more.
const EXTRA_VALUES: usize = 500_000;
/// Bytes of strings that a document may have beyond its text.
const EXTRA_BYTES: usize = 64 << 20;

/// Most tags `!!bool` of words other than `true` and `false` that are read in a text.
const MAX_BOOLEAN_TAGS: usize = 64;

/// How deep brackets may be nested. The parser takes time with the square of the depth, though it
/// then reads no value deeper than 128.
const MAX_BRACKETS: usize = 5_000;

/// Treatment of duplicate keys of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// An error, as of `kubectl --validate=strict`.
    Refuse,
    /// The last one counts, as of kubectl where it does not validate: `get -f`, kubeconfigs.
    LastWins,
}

/// The documents of a text, in order; an empty one is null. Ends after the first error.
///
/// A key that comes behind a merge key `<<` overrides what is merged. As in kubectl, a merge key
/// overrides keys before it; of a list of mappings, the first mapping that has the key wins.
///
/// # Errors
/// When the text is not YAML, or aliases make more of it than a multiple of its size.
pub fn documents(
    text: &str,
    duplicates: DuplicateKeys,
) -> impl Iterator<Item = Result<Value, Error>> {
    let untagged = without_boolean_tags(text, duplicates);
    let untagged = untagged.map(|text| with_anchors(&text, duplicates).collect::<Vec<_>>());
    let as_it_is = untagged.is_none().then(|| with_anchors(text, duplicates));
    untagged.into_iter().flatten().chain(as_it_is.into_iter().flatten())
}

/// The text without the tags `!!bool` of words such as `yes`, which the parser refuses, and which
/// are booleans without it, too; `None` if it has none.
fn without_boolean_tags(text: &str, duplicates: DuplicateKeys) -> Option<String> {
    const TAG: &str = "!!bool";
    let mut untagged = None;
    // Each is found by reading the text once more.
    for _ in 0..text.matches(TAG).count().min(MAX_BOOLEAN_TAGS) {
        let now = untagged.as_deref().unwrap_or(text);
        let Some(Err(error)) = with_anchors(now, duplicates).find(Result::is_err) else { break };
        // The parser gives the place of the scalar's properties, in lines and characters.
        let Some(place) = error.location() else { break };
        let lines = now.split_inclusive('\n').take(place.line().saturating_sub(1));
        let line: usize = lines.map(str::len).sum();
        let column = now[line..].char_indices().nth(place.column().saturating_sub(1));
        let Some(start) = column.map(|(at, _)| line + at) else { break };
        let properties = &now[start..];
        let Some(at) = properties.find(TAG) else { break };
        let (before, after) = (&properties[..at], &properties[at + TAG.len()..]);
        let is_of_scalar = before.is_empty() || before.starts_with('&') && !before.contains('\n');
        let value = after.trim_start_matches(' ');
        let scalar = match value.strip_prefix('&').and_then(|anchor| anchor.split_once(' ')) {
            Some((_, scalar)) => scalar.trim_start_matches(' '),
            None => value,
        };
        let end = scalar.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(scalar.len());
        let (word, rest) = scalar.split_at(end);
        let rest = rest.trim_start_matches(' ');
        let is_whole = rest.is_empty() || rest.starts_with([',', ']', '}', '#', '\r', '\n']);
        let is_boolean = value.len() < after.len() && resolve(word).is_boolean() && is_whole;
        if !is_of_scalar || !is_boolean {
            break;
        }
        let mut next = now.to_owned();
        next.replace_range(start + at..start + at + TAG.len(), &" ".repeat(TAG.len()));
        untagged = Some(next);
    }
    untagged
}

/// The documents of a text, each anchor of which may have a name that another has.
fn with_anchors(
    text: &str,
    duplicates: DuplicateKeys,
) -> impl Iterator<Item = Result<Value, Error>> {
    let distinct = [false, true].into_iter().find_map(|is_comment| {
        let distinct = DistinctAnchors::of(text, is_comment)?;
        let values = as_parsed(&distinct.text, duplicates);
        let restored = values.map(|value| Ok(distinct.restore(value?)));
        // What looked like an anchor was other text, or nothing can be read anyhow.
        restored.collect::<Result<Vec<Value>, Error>>().ok()
    });
    let parsed = distinct.is_none().then(|| as_parsed(text, duplicates));
    let distinct = distinct.into_iter().flatten().map(Ok);
    distinct.chain(parsed.into_iter().flatten())
}

/// The documents of a text whose anchors the parser tells apart.
fn as_parsed(text: &str, duplicates: DuplicateKeys) -> impl Iterator<Item = Result<Value, Error>> {
    let mut has_failed = false;
    let mut too_deep = is_too_deep(text);
    let mut documents = serde_yaml::Deserializer::from_str(text);
    std::iter::from_fn(move || {
        if std::mem::take(&mut too_deep) {
            has_failed = true;
            return Some(Err(de::Error::custom("brackets are nested too deeply")));
        }
        let document = if has_failed { None } else { documents.next() }?;
        let value = (&Reader::of(text, duplicates)).deserialize(document);
        has_failed = value.is_err();
        Some(value)
    })
}

/// Whether brackets that may begin a sequence or a mapping are nested deeper than any object's.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    // An opening bracket counts where a value may begin; a closing one anywhere.
    let mut may_begin = true;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' if may_begin => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return true;
        }
        may_begin =
            matches!(byte, b'[' | b'{' | b',' | b':' | b'-' | b'?') || byte.is_ascii_whitespace();
    }
    false
}

/// The only document of a text; null if it is empty.
///
/// # Errors
/// When the text is not YAML, or has several documents.
pub fn document(text: &str, duplicates: DuplicateKeys) -> Result<Value, Error> {
    let mut found = documents(text, duplicates);
    let first = found.next().unwrap_or(Ok(Value::Null))?;
    match found.next() {
        None => Ok(first),
        Some(Err(error)) => Err(error),
        Some(Ok(_)) => Err(de::Error::custom("expected one YAML document, found several")),
    }
}

/// The JSON documents of a text, which may stand one after another.
///
/// # Errors
/// When the text is not JSON.
pub(crate) fn json_documents(
    text: &str,
    duplicates: DuplicateKeys,
) -> Result<Vec<Value>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let reader = Reader::of(text, duplicates);
    let mut values = Vec::new();
    while json.end().is_err() {
        values.push((&reader).deserialize(&mut json)?);
    }
    Ok(values)
}

/// Reads a value.
struct Reader<'t> {
    text: &'t str,
    duplicates: DuplicateKeys,
    values_left: Cell<usize>,
    bytes_left: Cell<usize>,
}

impl<'t> Reader<'t> {
    fn of(text: &'t str, duplicates: DuplicateKeys) -> Self {
        Self {
            text,
            duplicates,
            values_left: Cell::new(text.len() + EXTRA_VALUES),
            bytes_left: Cell::new(text.len() + EXTRA_BYTES),
        }
    }

    /// Counts a value of so many bytes against the limits.
    fn count<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        match (self.values_left.get().checked_sub(1), self.bytes_left.get().checked_sub(bytes)) {
            (Some(values), Some(left)) => {
                self.values_left.set(values);
                self.bytes_left.set(left);
                Ok(())
            }
            _ => Err(E::custom("aliases make more of this document than oppscale reads")),
        }
    }

    /// How a scalar stands in the text. Only scalars that stand there as they are come borrowed:
    /// no block scalars, and none with an escape or a line break.
    fn style(&self, scalar: &str) -> Style<'_> {
        let at = (scalar.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let Some(before) = at.and_then(|at| self.text.get(..at)) else { return Style::Quoted };
        if before.ends_with(['"', '\'']) {
            return Style::Quoted;
        }
        // Properties stand before a scalar: an anchor, a tag, or both.
        let mut before = before.trim_end();
        loop {
            let start = before.rfind(|c: char| c.is_whitespace() || "[{,".contains(c));
            let (rest, token) = match start {
                Some(at) => {
                    before.split_at(at + before[at..].chars().next().map_or(1, char::len_utf8))
                }
                None => ("", before),
            };
            match token.chars().next() {
                Some('!') if !token.ends_with(':') => return Style::Tagged(token),
                Some('&') if !token.ends_with(':') => before = rest.trim_end(),
                _ => return Style::Plain,
            }
        }
    }

    fn scalar(&self, scalar: &str) -> Value {
        match self.style(scalar) {
            Style::Plain | Style::Tagged("!!bool" | "!!int" | "!!float") => resolve(scalar),
            Style::Quoted | Style::Tagged(_) => scalar.into(),
        }
    }

    /// Puts what `<<` refers to into `map`.
    fn merge<E: de::Error>(&self, map: &mut Map<String, Value>, merged: Value) -> Result<(), E> {
        let mut merge_one = |value| match value {
            Value::Object(members) => {
                map.extend(members);
                Ok(())
            }
            _ => Err(E::custom("map merge requires map or sequence of maps as the value")),
        };
        match merged {
            Value::Array(all) => all.into_iter().rev().try_for_each(merge_one),
            one => merge_one(one),
        }
    }
}

/// Style of a scalar.
enum Style<'t> {
    Plain,
    Quoted,
    Tagged(&'t str),
}

impl<'de> DeserializeSeed<'de> for &Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.count(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.count(0)?;
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.count(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.count(0)?;
        Ok(value.into())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.count(0)?;
        number(value).ok_or_else(|| E::custom(format!("{value} is not a number that JSON has")))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Value, E> {
        self.count(text.len())?;
        Ok(self.scalar(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.count(text.len())?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.count(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.count(0)?;
        let mut map = Map::new();
        // Only where duplicates are refused, and only behind a merge key: what was written.
        let mut written: Option<Vec<String>> = None;
        while let Some(key) = members.next_key_seed(Key(self))? {
            let value = members.next_value_seed(self)?;
            let Some(key) = key else {
                written.get_or_insert_with(|| map.keys().cloned().collect());
                self.merge(&mut map, value)?;
                continue;
            };
            let is_twice = match &mut written {
                None => map.contains_key(&key),
                Some(written) => {
                    let is_twice = written.contains(&key);
                    written.push(key.clone());
                    is_twice
                }
            };
            if is_twice && self.duplicates == DuplicateKeys::Refuse {
                return Err(de::Error::custom(format!("duplicate key {key:?}")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }

    /// A value with a tag of its own, `!Ref name`: a scalar is a string, as in kubectl.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (_, content) = tagged.variant::<de::IgnoredAny>()?;
        Ok(match content.newtype_variant_seed(self)? {
            Value::Bool(value) => value.to_string().into(),
            Value::Number(value) => value.to_string().into(),
            Value::Null => "".into(),
            value => value,
        })
    }
}

/// Reads a key; `None` is the merge key.
struct Key<'r, 't>(&'r Reader<'t>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, '_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is a string, a number or a boolean")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        let style = self.0.style(text);
        if text == "<<" && matches!(style, Style::Plain | Style::Tagged("!!merge")) {
            return Ok(None);
        }
        self.0.count(text.len())?;
        Ok(Some(match self.0.scalar(text) {
            Value::String(text) => text,
            other => other.to_string(),
        }))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.0.count(text.len())?;
        Ok(Some(text.to_owned()))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Self::Value, A::Error> {
        let (_, content) = tagged.variant::<de::IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }
}

/// A plain scalar that YAML 1.2 takes for a string, by the rules of YAML 1.1 as go-yaml v2 has
/// them (`resolve.go`). Neither base 60 nor dates are among them.
fn resolve(text: &str) -> Value {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return true.into(),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return false.into(),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-') {
        return text.into();
    }
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.split_at_checked(1) {
        Some(("-", digits)) => ("-", digits),
        Some(("+", digits)) => ("", digits),
        _ => ("", &*plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        if let Ok(value) = i64::from_str_radix(&format!("{sign}{digits}"), radix) {
            return value.into();
        }
        if let (true, Ok(value)) = (sign.is_empty(), u64::from_str_radix(digits, radix)) {
            return value.into();
        }
    }
    let is_float = plain.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let float = plain.parse().ok().filter(|_| is_float);
    float.and_then(number).unwrap_or_else(|| text.into())
}

/// A number as Go writes it in JSON: a float without a fraction is an integer.
fn number(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Some((value as i64).into());
    }
    Number::from_f64(value).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, Error> {
        document(text, DuplicateKeys::LastWins)
    }

    /// The value and what kubectl 1.32 made of it: `kubectl annotate --local -o json -f FILE a=b`.
    #[test]
    fn scalars_are_those_of_kubectl() {
        for (yaml, expected) in [
            ("[y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]", json!(vec![true; 11])),
            ("[n, N, no, No, NO, off, Off, OFF, false, False, FALSE]", json!(vec![false; 11])),
            ("[tRUE, oFF, yES, nULL]", json!(["tRUE", "oFF", "yES", "nULL"])),
            ("['y', \"no\", \"\\x79es\"]", json!(["y", "no", "yes"])),
            ("[~, null, Null, NULL, ]", json!([null, null, null, null])),
            ("[010, -010, +010, 0777_7, 00]", json!([8, -8, 8, 4095, 0])),
            ("[0o10, -0o7, 0x1F, -0x1F, +0x1f, 0x_1F]", json!([8, -7, 31, -31, 31, 31])),
            ("[0b101, -0b101]", json!([5, -5])),
            ("[08, 09.5, 0o8, 0b2, 0x, 0b]", json!([8, 9.5, "0o8", "0b2", "0x", "0b"])),
            ("[+12, 1_000, 1__0, 0_1, -_1, _1, _]", json!([12, 1000, 10, 1, -1, "_1", "_"])),
            ("[1_0.5, 1_000.5, .5, 5., +.5, .5e3]", json!([10.5, 1000.5, 0.5, 5, 0.5, 500])),
            ("[1e3, 1E+3, 1.0, 1e400, 1e, 0.1e-7]", json!([1000, 1000, 1, "1e400", "1e", 1e-8])),
            ("[12345678901234567890, 1e21]", json!([12_345_678_901_234_567_890_u64, 1e21])),
            ("123456789012345678901234567890", json!(1.2345678901234568e29)),
            ("[1:30, 2001-01-01, 750m, 0777m]", json!(["1:30", "2001-01-01", "750m", "0777m"])),
            ("[=, <, <<, \"<<\"]", json!(["=", "<", "<<", "<<"])),
            ("[!!str 010, !!str &a yes, *a, ! 010]", json!(["010", "yes", "yes", "010"])),
            ("[&b 010, *b, &c yes, *c]", json!([8, 8, true, true])),
            ("[!!float 1, !!bool true, !foo bar, !foo 12]", json!([1, true, "bar", "12"])),
            (
                "[ü, !!bool yes, !!bool &a off, &b !!bool y, *b]",
                json!(["ü", true, false, true, true]),
            ),
            (
                "{\"!!bool no\": !!bool no, k: '!!bool no'}",
                json!({"!!bool no": false, "k": "!!bool no"}),
            ),
            ("{\"a !b\": 010, k: |-\n  010\n}", json!({"a !b": 8, "k": "010"})),
            ("ä: 010\nö: yes\n\"ü\": \"yes\"\n", json!({"ä": 8, "ö": true, "ü": "yes"})),
            (
                "{8080: a, 010: b, 1.5: c, yes: d, 2001-01-01: e}",
                json!({"8080": "a", "8": "b", "1.5": "c", "true": "d", "2001-01-01": "e"}),
            ),
        ] {
            let yaml = yaml.replace("|-\n  010\n", "'010'");
            assert_eq!(read(&yaml).unwrap(), expected, "{yaml}");
        }
        assert_eq!(read("k: |-\n  010\nl: a\n  b\n").unwrap(), json!({"k": "010", "l": "a b"}));
        for yaml in [
            ".inf",
            "-.inf",
            ".nan",
            "{~: x}",
            "{[a]: b}",
            "!!int abc",
            "!!bool abc",
            "!!bool yes no",
            "*nope",
        ] {
            assert!(read(yaml).is_err(), "{yaml}");
        }
    }

    #[test]
    fn merge_keys_are_those_of_kubectl() {
        let base = "b: &b {a: 1, c: 2}\no: &o {a: 9, z: 5}\nx: ";
        for (yaml, expected) in [
            ("{<<: *b, a: X}", json!({"a": "X", "c": 2})),
            // go-yaml v2 reads in order, whatever YAML says.
            ("{a: X, <<: *b}", json!({"a": 1, "c": 2})),
            ("{<<: [*b, *o]}", json!({"a": 1, "c": 2, "z": 5})),
            ("{<<: {q: 1}, r: 2}", json!({"q": 1, "r": 2})),
            ("{\"<<\": *b}", json!({"<<": {"a": 1, "c": 2}})),
            ("{!!merge <<: *b}", json!({"a": 1, "c": 2})),
            ("&n {<<: *b, k: {<<: *o, z: Z}}", json!({"a": 1, "c": 2, "k": {"a": 9, "z": "Z"}})),
            ("{<<: {a: 1}, <<: {a: 2, b: 3}}", json!({"a": 2, "b": 3})),
            ("{a: {b: 1}, <<: {a: {c: 2}}}", json!({"a": {"c": 2}})),
            ("{<<: []}", json!({})),
        ] {
            let value = read(&format!("{base}{yaml}\n")).unwrap();
            assert_eq!(value["x"], expected, "{yaml}");
            let strict = document(&format!("{base}{yaml}\n"), DuplicateKeys::Refuse).unwrap();
            assert_eq!(strict["x"], expected, "{yaml}");
        }
        for yaml in ["{<<: 5}", "{<<: [1]}", "{<<: [[{a: b}]]}", "{<<: }"] {
            let error = read(&format!("{base}{yaml}\n")).unwrap_err().to_string();
            assert!(error.contains("map merge requires map or sequence of maps"), "{error}");
        }
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_or_the_last_one_counts() {
        for yaml in ["{a: 1, a: 2}", "{a: 1, <<: {b: 1}, a: 2}", "{<<: {b: 1}, a: 1, a: 2}"] {
            assert_eq!(read(yaml).unwrap()["a"], 2, "{yaml}");
            let error = document(yaml, DuplicateKeys::Refuse).unwrap_err();
            assert!(error.to_string().contains("duplicate key \"a\""), "{error}");
            assert_eq!(error.location().map(|at| at.line()), Some(1));
        }
    }

    #[test]
    fn documents_follow_each_other_up_to_an_error() {
        let all = |text| documents(text, DuplicateKeys::LastWins).collect::<Vec<_>>();
        let found = all("# only a comment\n---\na: 1\n...\n---\r\nb: yes\r\n--- # c\n{c: 010}\n");
        let values: Vec<_> = found.into_iter().map(Result::unwrap).collect();
        assert_eq!(values, [json!({"a": 1}), json!({"b": true}), json!({"c": 8})]);
        assert!(read("a: 1\n---\nb: 1\n").is_err());
        assert_eq!(read("").unwrap(), Value::Null);
        let found = all("a: 1\n---\nb: [\n---\nc: 1\n");
        assert_eq!((found.len(), found.last().unwrap().is_err()), (2, true));
    }

    #[test]
    fn aliases_do_not_fill_the_memory() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..10 {
            let refs = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
        }
        assert!(read(&bomb).is_err());
        let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(100));
        assert!(read(&wide).unwrap_err().to_string().contains("aliases"));
        let list = vec!["x"; 10_000].join(", ");
        let quadratic = format!("a: &a [{list}]\nb: [{}]\n", "*a, ".repeat(10_000));
        assert!(read(&quadratic).is_err());
        assert!(read("&a [*a]").is_err());
        assert!(read(&"[".repeat(10_000)).is_err());
    }

    /// Took 14 s and more, with the square of the depth.
    #[test]
    fn nesting_does_not_take_for_ever() {
        let started = std::time::Instant::now();
        for opening in ["[", "{", "- ", "? ", "{a: ", "[ &a ", "!t [", "- [{", "\n[", "{\"a\":["] {
            let deep = opening.repeat(50_000);
            assert!(read(&deep).is_err(), "{opening}");
            assert!(read(&format!("a: 1\n---\n{deep}")).is_err(), "{opening}");
        }
        assert!(read(&"[".repeat(50_000)).unwrap_err().to_string().contains("nested too deeply"));
        // A script or a log in a ConfigMap may have brackets without an end.
        let log = format!("a: |\n{}", "  [x\n  {\n".repeat(2_000));
        assert!(read(&log).is_ok());
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-b&*!<{}\\[\\],:|>'\"#%@~. \n01xyo_+é-]{0,80}") {
            let _ = read(&text);
        }

        /// What JSON says, YAML says.
        #[test]
        fn json_is_yaml(strings in prop::collection::vec("[ -~é]{0,9}", 0..6), number: i64, float: f32) {
            let value = json!({"s": strings, "n": number, "f": [float, true, null]});
            let as_kubectl: Value = match float.fract() == 0.0 && float.abs() < 9e15 {
                true => json!({"s": strings, "n": number, "f": [float as i64, true, null]}),
                false => value.clone(),
            };
            prop_assert_eq!(read(&value.to_string()).unwrap(), as_kubectl);
        }
    }
}
