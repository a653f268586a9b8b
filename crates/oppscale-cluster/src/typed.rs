//! Reads JSON into types, and tells which field is unknown or wrong.
//!
//! All large types, those of k8s-openapi above all, are read here: each further deserializer that
//! reads them adds a megabyte to the program. So this one has no type parameters, and text becomes
//! a [`Value`] first.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Why a value is not of its type.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The type has no field of this path.
    Unknown(String),
    /// A field is missing or of the wrong type.
    Malformed {
        /// The path of the value; empty for the whole document.
        field: String,
        /// The problem.
        problem: String,
    },
}

impl Refusal {
    /// The path of the value; empty for the whole document.
    pub fn field(&self) -> &str {
        match self {
            Self::Unknown(field) | Self::Malformed { field, .. } => field,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(field) => write!(f, "{field}: unknown field"),
            Self::Malformed { field, problem } if field.is_empty() => f.write_str(problem),
            Self::Malformed { field, problem } => write!(f, "{field}: {problem}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Reads `value` into `T`, passing over fields that `T` does not have.
///
/// # Errors
/// When a field is missing or of the wrong type.
pub fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Refusal> {
    noted(value).0
}

/// Reads `value` into `T`. The types of k8s-openapi pass over fields that they do not have; those
/// are refused here.
///
/// # Errors
/// When a field is unknown, missing or of the wrong type.
pub fn read_strictly<T: DeserializeOwned>(value: &Value) -> Result<T, Refusal> {
    match noted(value) {
        (Ok(_), Some(field)) => Err(Refusal::Unknown(field)),
        (read, _) => read,
    }
}

/// Reads JSON into `T`, passing over fields that `T` does not have.
///
/// # Errors
/// When it is not JSON, or a field is missing or of the wrong type.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    let value = serde_json::from_slice(json)
        .map_err(|error| Refusal::Malformed { field: String::new(), problem: error.to_string() })?;
    read(&value)
}

/// What was read, and the path of the first field that `T` does not have.
fn noted<T: DeserializeOwned>(value: &Value) -> (Result<T, Refusal>, Option<String>) {
    let notes = RefCell::default();
    let read = T::deserialize(Tracked { value, path: Path::Document, notes: &notes });
    let Notes { failed, unknown } = notes.into_inner();
    let read = read.map_err(|error| Refusal::Malformed {
        field: failed.unwrap_or_default(),
        problem: error.to_string(),
    });
    (read, unknown)
}

/// What was noted while a document was read.
#[derive(Debug, Default)]
struct Notes {
    /// Path of the value that could not be read.
    failed: Option<String>,
    /// Path of the first field that its type does not have.
    unknown: Option<String>,
}

/// A value of a document, to be read into a type.
struct Tracked<'de, 'p> {
    value: &'de Value,
    path: Path<'p>,
    notes: &'p RefCell<Notes>,
}

/// The way from the document to a value, printed as `spec.containers[1].image`. As in Kubernetes, a
/// key with a dot is in brackets: `metadata.annotations[example.com/a]`.
#[derive(Clone, Copy)]
enum Path<'p> {
    Document,
    Field(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl<'de, 'p> Tracked<'de, 'p> {
    /// Reads the value. The innermost failure is the one that is noted.
    fn read<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let Self { path, notes, .. } = self;
        path.note_failure(notes, seed.deserialize(self))
    }
}

impl<'de> Deserializer<'de> for Tracked<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
                path: &self.path,
                notes: self.notes,
            }),
            Value::Object(fields) => visitor.visit_map(Fields {
                fields: fields.iter(),
                next: None,
                path: &self.path,
                notes: self.notes,
            }),
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    /// A type passes over the fields that it does not have.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.notes.borrow_mut().unknown.get_or_insert_with(|| self.path.to_string());
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

struct Items<'de, 'p> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    path: &'p Path<'p>,
    notes: &'p RefCell<Notes>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((number, value)) = self.items.next() else { return Ok(None) };
        let path = Path::Item(self.path, number);
        Tracked { value, path, notes: self.notes }.read(seed).map(Some)
    }
}

struct Fields<'de, 'p> {
    fields: serde_json::map::Iter<'de>,
    next: Option<(&'de str, &'de Value)>,
    path: &'p Path<'p>,
    notes: &'p RefCell<Notes>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.fields.next() else { return Ok(None) };
        self.next = Some((key, value));
        // Types of ours refuse a key that they do not have.
        let read = seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some);
        Path::Field(self.path, key).note_failure(self.notes, read)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let (key, value) = self.next.take().unwrap_or(("", &Value::Null));
        let path = Path::Field(self.path, key);
        Tracked { value, path, notes: self.notes }.read(seed)
    }
}

impl Path<'_> {
    /// Notes that the value at this path could not be read, unless one within it was noted.
    fn note_failure<T>(self, notes: &RefCell<Notes>, read: Result<T, Error>) -> Result<T, Error> {
        read.inspect_err(|_| {
            notes.borrow_mut().failed.get_or_insert_with(|| self.to_string());
        })
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Document => Ok(()),
            Path::Field(parent, name) if name.contains('.') => write!(f, "{parent}[{name}]"),
            Path::Field(Path::Document, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, number) => write!(f, "{parent}[{number}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::Pod;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shelf {
        #[serde(default)]
        books: Vec<Book>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Book {
        title: String,
        #[serde(default)]
        format: Option<Format>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Format {
        Paper,
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_path() {
        for (value, wanted) in [
            (json!(5), "invalid type: integer `5`, expected struct Shelf"),
            (json!({"books": {}}), "books: invalid type: map, expected a sequence"),
            (
                json!({"books": [{"title": "a"}, {"title": 5}]}),
                "books[1].title: invalid type: integer `5`, expected a string",
            ),
            (json!({"books": [{"format": null}]}), "books[0]: missing field `title`"),
            (
                json!({"books": [{"title": "a", "format": "Wax"}]}),
                "books[0].format: unknown variant `Wax`, expected `Paper`",
            ),
            (
                json!({"labels": {"a": "b", "example.com/a": 5}}),
                "labels[example.com/a]: invalid type: integer `5`, expected a string",
            ),
            (json!({"books": [], "pages": 5}), "pages: unknown field `pages`"),
        ] {
            let refusal = read::<Shelf>(&value).unwrap_err().to_string();
            assert!(refusal.starts_with(wanted), "{value}: {refusal}");
        }
        let whole = json!({"books": [{"title": "a", "format": "Paper"}, {"title": "b", "x": 1}]});
        let book = |title: &str, format| Book { title: title.to_owned(), format };
        let books = vec![book("a", Some(Format::Paper)), book("b", None)];
        assert_eq!(read(&whole), Ok(Shelf { books, labels: BTreeMap::new() }));
    }

    #[test]
    fn fields_that_a_type_passes_over_are_refused_where_that_is_asked_for() {
        let pod =
            json!({"spec": {"containers": [{"name": "a"}, {"name": "b", "imgae": "c"}], "x": 1}});
        assert!(read::<Pod>(&pod).is_ok());
        let field = "spec.containers[1].imgae".to_owned();
        assert_eq!(read_strictly::<Pod>(&pod), Err(Refusal::Unknown(field)));
        // A wrong type is worse.
        let pod = json!({"spec": {"x": 1, "containers": [{"name": 5}]}});
        assert_eq!(read_strictly::<Pod>(&pod).unwrap_err().field(), "spec.containers[0].name");
    }

    #[test]
    fn text_that_is_no_json_has_no_path() {
        let refusal = from_slice::<Value>(b"{").unwrap_err();
        assert_eq!(refusal.field(), "");
        assert!(refusal.to_string().starts_with("EOF while parsing"), "{refusal}");
    }
}
