//! From the bytes of a file to documents, as kubectl reads them: gzip, UTF-16, JSON, YAML.
//!
//! Everything that a user writes or saves is read here: manifests, saved lists, scenarios and
//! configurations.

use std::fmt;
use std::io::Read;

use anyhow::Context;
use flate2::read::MultiGzDecoder;
use oppscale_core::error::Error;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use crate::tar;
use crate::yaml::{self, DuplicateKeys};

/// Largest size of a decompressed file, bytes: a list of 150,000 pods has a third of it.
const MAX_UNPACKED: u64 = 4 << 30;
/// Size to which any compressed file may expand, bytes.
const SMALL: u64 = 64 << 20;
/// How many times its size a larger compressed file may hold. Lists have 10 to 60 times; gzip can
/// have 1032 times, of zeros.
const MAX_RATIO: u64 = 300;
/// The line before the logs of a container in what `kubectl cluster-info dump` prints.
pub(crate) const LOGS_START: &str = "==== START logs for container ";

/// A file as text, and the name that errors call it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// The file's name, or `standard input`.
    pub name: String,
    /// Its text, without a byte order mark.
    pub text: String,
}

impl TextFile {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read or is not text.
    pub fn read(file: &str) -> anyhow::Result<Self> {
        let (name, bytes) = read_bytes(file)?;
        Ok(Self::of(name, bytes)?)
    }

    /// The text of a file that holds these bytes.
    ///
    /// # Errors
    /// When they are not text.
    pub(crate) fn of(name: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        let text = decode(bytes).map_err(|error| error.of_file(name))?;
        Ok(Self { name: name.to_owned(), text })
    }
}

/// What a file holds, and the name that errors call it by; `-` is standard input.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_bytes(file: &str) -> anyhow::Result<(&str, Vec<u8>)> {
    let mut bytes = Vec::new();
    if file == "-" {
        let mut input = std::io::stdin().lock();
        input.read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(("standard input", bytes));
    }
    bytes = std::fs::read(file).with_context(|| format!("cannot read {file}"))?;
    Ok((file, bytes))
}

/// Why bytes are not text. The words follow the name of the file.
#[derive(Debug, thiserror::Error)]
pub enum NotText {
    /// A format that is not read.
    #[error("is {0}, which oppscale does not unpack")]
    Packed(&'static str),
    /// Gzip that ends early or is damaged.
    #[error("cannot be decompressed (truncated?): {0}")]
    Gzip(std::io::Error),
    /// More than 4 GiB, or than any list of its size.
    #[error("decompresses to more than {} MiB, which no list of its size does", .0 >> 20)]
    TooLarge(u64),
    /// The bytes of no encoding.
    #[error("is not valid {0}")]
    Encoding(&'static str),
}

impl NotText {
    /// The error of a file.
    pub(crate) fn of_file(&self, name: &str) -> Error {
        let words = Error::failure(format!("{name} {self}"));
        match self.hint() {
            Some(hint) => words.hint(hint),
            None => words,
        }
    }

    /// The hint.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Packed("Kubernetes protobuf") => Some("save it as JSON: kubectl get … -o json"),
            Self::Packed(_) => Some("unpack it, and name the file or the directory in it"),
            _ => None,
        }
    }
}

/// First bytes of a file, and the format that they mean.
const PACKED: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"k8s\0", "Kubernetes protobuf"),
];

/// The text of a file: unpacked if it is gzip, UTF-8 or UTF-16, without a byte order mark.
///
/// # Errors
/// When it is something else.
pub fn decode(bytes: Vec<u8>) -> Result<String, NotText> {
    let bytes = unpacked(bytes)?;
    if let Some((_, what)) = PACKED.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(NotText::Packed(what));
    }
    if tar::is_archive(&bytes) {
        return Err(NotText::Packed("a tar archive"));
    }
    match *bytes {
        [0xff, 0xfe, ..] => utf16(&bytes[2..], u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(&bytes[2..], u16::from_be_bytes),
        // Text begins with an ASCII character, if only with `{` or `-`.
        [1..=0x7f, 0, ..] => utf16(&bytes, u16::from_le_bytes),
        [0, 1..=0x7f, ..] => utf16(&bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

/// The bytes of a file, unpacked if they are gzip.
///
/// # Errors
/// When they are damaged, or hold more than any list.
pub(crate) fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, NotText> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let bytes = &bytes[..];
    let mut unpacked = Vec::new();
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).clamp(SMALL, MAX_UNPACKED);
    let mut decoder = MultiGzDecoder::new(bytes).take(limit + 1);
    decoder.read_to_end(&mut unpacked).map_err(NotText::Gzip)?;
    match unpacked.len() as u64 > limit {
        true => Err(NotText::TooLarge(limit)),
        false => Ok(unpacked),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or(NotText::Encoding("UTF-16"))
}

fn utf8(mut bytes: Vec<u8>) -> Result<String, NotText> {
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).or_else(|error| {
        let text = String::from_utf8_lossy(error.as_bytes());
        // Containers log what they like.
        match text.contains(LOGS_START) {
            true => Ok(text.into_owned()),
            false => Err(NotText::Encoding("UTF-8")),
        }
    })
}

/// Why a text is neither JSON nor YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The problem, without its location.
    pub problem: String,
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
}

impl SyntaxError {
    /// An error of a parser, which writes places into its words: `… at line 2 column 1`.
    pub fn new(words: &str, line: usize) -> Self {
        let mut pieces = words.split(" at line ");
        let mut problem = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let is_place = |c: char| c.is_ascii_digit() || c == ' ';
            let rest = piece.trim_start_matches(is_place);
            problem
                .push_str(rest.strip_prefix("column").unwrap_or(rest).trim_start_matches(is_place));
        }
        Self { problem, line: (line > 0).then_some(line) }
    }

    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        Self::new(&error.to_string(), error.line())
    }

    pub(crate) fn of_yaml(error: &yaml::Error) -> Self {
        Self::new(&error.to_string(), error.location().map_or(0, |at| at.line()))
    }

    /// The same in a text that begins at `line`.
    pub(crate) fn starting_at(mut self, line: usize) -> Self {
        self.line = self.line.map(|own| own + line - 1);
        self
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} at line {line}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for SyntaxError {}

/// The text between the lines `---`: usually one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'t> {
    /// The text, without those lines.
    pub text: &'t str,
    /// The number of its first line, from 1.
    pub line: usize,
}

/// Splits a text at the lines `---`, as kubectl does. Leaves out parts without a word in them.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = Some(text);
    let mut line = 1;
    std::iter::from_fn(move || {
        let text = rest?;
        let first = line;
        let mut at = 0;
        for whole in text.split_inclusive('\n') {
            line += 1;
            if whole.starts_with("---") && whole.trim_end() == "---" {
                rest = Some(&text[at + whole.len()..]);
                return Some(Part { text: &text[..at], line: first });
            }
            at += whole.len();
        }
        rest = None;
        Some(Part { text, line: first })
    })
    .filter(|part| !part.text.trim().is_empty())
}

impl Part<'_> {
    /// Whether it begins as JSON does.
    pub fn looks_like_json(&self) -> bool {
        self.text.trim_start().starts_with(['{', '['])
    }

    /// The documents of the part: several of JSON may stand one after another.
    ///
    /// # Errors
    /// When it is neither JSON nor YAML.
    pub fn values(&self, duplicates: DuplicateKeys) -> Result<Vec<Value>, SyntaxError> {
        let json = match self.looks_like_json() {
            true => match yaml::json_documents(self.text, duplicates) {
                Ok(values) => return Ok(values),
                Err(error) if error.is_data() => {
                    return Err(SyntaxError::of_json(&error).starting_at(self.line));
                }
                Err(error) => Some(error),
            },
            false => None,
        };
        let values: Result<Vec<_>, _> = yaml::documents(self.text, duplicates).collect();
        values.map_err(|error| {
            let error = match json.filter(|_| self.is_meant_as_json()) {
                Some(json) => SyntaxError::of_json(&json),
                None => SyntaxError::of_yaml(&error),
            };
            error.starting_at(self.line)
        })
    }

    /// Whether it is JSON if it is anything: `{a: b}` is YAML.
    pub(crate) fn is_meant_as_json(&self) -> bool {
        let inner = self.text.trim_start().trim_start_matches(['{', '[']).trim_start();
        self.looks_like_json() && (inner.starts_with(['"', '{', '[']) || inner.is_empty())
    }
}

/// Every document of a text, JSON or YAML; empty ones are left out.
///
/// # Errors
/// When it is neither.
pub fn values(text: &str, duplicates: DuplicateKeys) -> Result<Vec<Value>, SyntaxError> {
    let mut all = Vec::new();
    for part in parts(text) {
        all.extend(part.values(duplicates)?.into_iter().filter(|value| !value.is_null()));
    }
    Ok(all)
}

/// The line of the value that `path` leads to in a document of a text, or of the deepest value
/// on the way that exists. Documents are counted as [`values`] returns them.
pub fn line_of(text: &str, document: usize, path: &[&str]) -> Option<usize> {
    let mut left = document;
    for part in parts(text) {
        let line = |line: usize| Some(line + part.line - 1).filter(|_| line > 0);
        if part.looks_like_json()
            && yaml::json_documents(part.text, DuplicateKeys::LastWins).is_ok()
        {
            let mut json = serde_json::Deserializer::from_str(part.text);
            while json.end().is_err() {
                if left == 0 {
                    return line(Locate(path).deserialize(&mut json).err()?.line());
                }
                IgnoredAny::deserialize(&mut json).ok()?;
                left -= 1;
            }
            continue;
        }
        let values = yaml::documents(part.text, DuplicateKeys::LastWins);
        for (value, document) in values.zip(serde_yaml::Deserializer::from_str(part.text)) {
            match value {
                Ok(Value::Null) => {}
                _ if left == 0 => {
                    return line(Locate(path).deserialize(document).err()?.location()?.line());
                }
                _ => left -= 1,
            }
        }
    }
    None
}

/// Fails at the value that a path leads to, or at the deepest value on the way that exists: the
/// parser names the line of an error.
#[derive(Clone, Copy)]
struct Locate<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let (Some((first, rest)), Some(key)) =
            (self.0.split_first(), map.next_key::<String>()?)
        {
            match key == *first {
                true => map.next_value_seed(Locate(rest))?,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Err(de::Error::custom("found"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if let Some((first, rest)) = self.0.split_first() {
            for _ in 0..first.parse().unwrap_or(0) {
                list.next_element::<IgnoredAny>()?;
            }
            list.next_element_seed(Locate(rest))?;
        }
        Err(de::Error::custom("found"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_encoding_is_read() {
        let text = "{\"name\": \"zwölf 🙂\"}\r\n";
        let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        let with = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&with(b"\xff\xfe", &utf16(u16::to_le_bytes))).unwrap();
        let gzip = gzip.finish().unwrap();
        for bytes in [
            text.into(),
            with("\u{feff}".as_bytes(), text.as_bytes()),
            with(b"\xff\xfe", &utf16(u16::to_le_bytes)),
            with(b"\xfe\xff", &utf16(u16::to_be_bytes)),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
            gzip.clone(),
        ] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
        let cut = &gzip[..gzip.len() - 9];
        assert!(decode(cut.to_vec()).unwrap_err().to_string().contains("truncated"));
        assert!(decode(b"\xff\xfe{".to_vec()).unwrap_err().to_string().contains("UTF-16"));
        assert!(decode(b"a\xffb".to_vec()).unwrap_err().to_string().contains("UTF-8"));
        let tar = [vec![b'x'; 257], b"ustar\0".to_vec()].concat();
        assert!(decode(tar).unwrap_err().to_string().contains("tar archive"));
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn a_gzip_bomb_ends_at_what_lists_of_its_size_hold() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b' '; 1 << 20];
        (0..65).for_each(|_| gzip.write_all(&zeros).unwrap());
        let error = decode(gzip.finish().unwrap()).unwrap_err().to_string();
        assert_eq!(error, "decompresses to more than 64 MiB, which no list of its size does");
    }

    #[test]
    fn documents_are_told_apart_as_kubectl_does() {
        let read = |text| values(text, DuplicateKeys::Refuse).unwrap();
        let three = [json!({"a": 1}), json!({"b": true}), json!({"c": 8})];
        for text in [
            "a: 1\n---\nb: yes\n---\nc: 010\n",
            "---\r\na: 1\r\n--- \r\n# c\r\nb: yes\r\n---\r\n\r\n---\r\nc: 010",
            "# x\n---\n{\"a\": 1}\n{\"b\":true}{\"c\":8}\n---\n",
            "a: 1\n...\n---\nb: yes\n--- # x\nc: 010",
            "{a: 1}\n---\n\t{\n\t\"b\":\ttrue\n}\n---\nc: 010\n",
        ] {
            assert_eq!(read(text), three, "{text}");
        }
        assert_eq!(read("{\"a\": \"\\ud83d\\ude42 \\/\"}"), [json!({"a": "🙂 /"})]);
        assert_eq!(read("\n# only\n---\n").len(), 0);
    }

    #[test]
    fn errors_name_the_line_of_the_text() {
        let fails = |text| values(text, DuplicateKeys::Refuse).unwrap_err();
        assert_eq!(fails("a: 1\n---\nb: 1\nc: [\n").line, Some(5));
        let truncated = fails("a: 1\n---\n{\"a\":\n{");
        assert_eq!(truncated.to_string(), "EOF while parsing an object at line 4");
        assert_eq!(
            fails("---\n{\"a\": 1,\n\"a\": 2}").to_string(),
            "duplicate key \"a\" at line 3"
        );
        assert_eq!(fails("{a: 1, b: [}").line, Some(1));
    }

    #[test]
    fn the_line_of_a_value_is_found() {
        let text = "{\"x\": 0}\n---\na: 1\nb:\n- c: 2\n- d: 3\n  e:\n    f: 4\n---\n{\n\"g\": 5}";
        assert_eq!(line_of(text, 0, &["x"]), Some(1));
        assert_eq!(line_of(text, 1, &["b", "1", "e", "f"]), Some(8));
        assert_eq!(line_of(text, 2, &["g"]), Some(11));
        assert_eq!(line_of(text, 9, &["g"]), None);
    }
}
