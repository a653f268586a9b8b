//! Reads JSON values into types, and notes which field is unknown or wrong.
//!
//! The deserializer has no type parameters: the types of k8s-openapi are large, and each further
//! deserializer that reads them adds megabytes to the program.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// What was noted while a document was read.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Path of the value that could not be read.
    pub(super) failed: Option<String>,
    /// Path of the first field that its type does not have.
    pub(super) unknown: Option<String>,
}

/// A value of a document, to be read into a type.
pub(super) struct Tracked<'de, 'p> {
    value: &'de Value,
    path: Path<'p>,
    notes: &'p RefCell<Notes>,
}

/// The way from the document to a value, printed as `spec.containers.1.image`.
#[derive(Clone, Copy)]
enum Path<'p> {
    Document,
    Field(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl<'de, 'p> Tracked<'de, 'p> {
    /// A whole document.
    pub(super) fn document(value: &'de Value, notes: &'p RefCell<Notes>) -> Self {
        Self { value, path: Path::Document, notes }
    }

    /// Reads the value. The innermost failure is the one that is noted.
    fn read<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let Self { path, notes, .. } = self;
        seed.deserialize(self).inspect_err(|_| {
            notes.borrow_mut().failed.get_or_insert_with(|| path.to_string());
        })
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
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let (key, value) = self.next.take().unwrap_or(("", &Value::Null));
        let path = Path::Field(self.path, key);
        Tracked { value, path, notes: self.notes }.read(seed)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = |parent: &Path<'_>| if matches!(parent, Path::Document) { "" } else { "." };
        match self {
            Path::Document => Ok(()),
            Path::Field(parent, name) => write!(f, "{parent}{}{name}", dot(parent)),
            Path::Item(parent, number) => write!(f, "{parent}{}{number}", dot(parent)),
        }
    }
}
