//! Decodes lists item by item. Of a page, only the item being read is kept.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use oppscale_core::kinds::Kind;
use oppscale_core::protobuf::{self, DecodeError, Envelope, Fields, Header};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::encoded_object::EncodedObject;
use crate::encoding::{Encoding, MAX_OBJECT};

/// Metadata of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListEnd {
    /// The list's kind, such as `PodList`.
    pub kind: Option<String>,
    /// Continue token; `None` on the last page.
    pub continue_token: Option<String>,
    /// The list's version, from which it can be watched.
    pub resource_version: Option<String>,
}

/// Reads the list `json`, handing each item to `each` as it comes.
///
/// # Errors
/// If `json` is not a list, or an item does not decode as `T`. Items before it were handed over.
pub fn fold_list<'b, T: Deserialize<'b>>(
    json: &'b str,
    each: impl FnMut(T),
) -> Result<ListEnd, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let end = Fold { each, item: PhantomData }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(end)
}

impl ListEnd {
    /// Takes the protobuf `ListMeta`.
    ///
    /// # Errors
    /// If it is not the metadata of a list.
    pub(super) fn metadata(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        for field in Fields::of(message) {
            let (number, value) = field?;
            let text = || value.bytes().map(|text| String::from_utf8_lossy(text).into_owned());
            match number {
                2 => self.resource_version = Some(text()?),
                3 => self.continue_token = Some(text()?).filter(|token| !token.is_empty()),
                _ => {}
            }
        }
        Ok(())
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(rename = "continue")]
    continue_token: Option<String>,
    resource_version: Option<String>,
}

impl ListMeta {
    fn tell(self, end: &mut ListEnd) {
        end.continue_token = self.continue_token.filter(|token| !token.is_empty());
        end.resource_version = self.resource_version;
    }
}

/// Reads a list object.
struct Fold<T, F> {
    each: F,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Fold<T, F> {
    type Value = ListEnd;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ListEnd, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Fold<T, F> {
    type Value = ListEnd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<ListEnd, A::Error> {
        let mut end = ListEnd::default();
        let mut has_items = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => end.kind = map.next_value()?,
                "metadata" => {
                    if let Some(metadata) = map.next_value::<Option<ListMeta>>()? {
                        metadata.tell(&mut end);
                    }
                }
                "items" => {
                    has_items = true;
                    map.next_value_seed(Items { each: &mut self.each, item: PhantomData })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if has_items { Ok(end) } else { Err(serde::de::Error::missing_field("items")) }
    }
}

/// Reads the items, which may be `null`.
struct Items<'f, T, F> {
    each: &'f mut F,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Items<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Items<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of items")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.each)(item);
        }
        Ok(())
    }
}

/// Takes a list as it comes, and gives its items as soon as their bytes are there.
#[derive(Debug)]
pub struct ListReader {
    kind: &'static Kind,
    buffer: Vec<u8>,
    /// Number of bytes of the buffer that have been read.
    read: usize,
    place: Place,
    end: ListEnd,
}

/// Position of a reader in a list.
#[derive(Debug)]
enum Place {
    Json(JsonPlace),
    Protobuf(ProtobufPlace),
}

/// Position of a reader in a protobuf list.
#[derive(Debug, Clone, Copy)]
enum ProtobufPlace {
    /// Before the envelope.
    Start,
    /// In the envelope, before the list.
    Envelope,
    /// In the list: number of bytes left. 0: in the envelope behind it.
    List(usize),
}

impl ListReader {
    /// A reader of a list of this kind in this encoding.
    pub fn new(encoding: Encoding, kind: &'static Kind) -> Self {
        let place = match encoding {
            Encoding::Json => Place::Json(JsonPlace::new()),
            Encoding::Protobuf => Place::Protobuf(ProtobufPlace::Start),
        };
        Self { kind, buffer: Vec::new(), read: 0, place, end: ListEnd::default() }
    }

    /// Takes bytes, and gives the items that are whole.
    ///
    /// # Errors
    /// If the bytes are not a list.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<EncodedObject<'_>>, String> {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
        let items = parts(&self.buffer, &mut self.read, &mut self.place, &mut self.end)?;
        check(self.kind, &self.end)?;
        Ok(items)
    }

    /// Gives the items that are left, and what the list says of itself.
    ///
    /// # Errors
    /// When the list is not whole.
    pub fn finish(&mut self) -> Result<(Vec<EncodedObject<'_>>, ListEnd), String> {
        self.buffer.drain(..self.read);
        self.read = 0;
        if let Place::Json(place) = &mut self.place {
            place.needed = 0;
        }
        let items = parts(&self.buffer, &mut self.read, &mut self.place, &mut self.end)?;
        check(self.kind, &self.end)?;
        let is_read = self.buffer[self.read..].iter().all(u8::is_ascii_whitespace);
        match &self.place {
            Place::Json(place) => place.finish(is_read).map_err(|error| error.to_string())?,
            Place::Protobuf(ProtobufPlace::List(0))
                if self.read == self.buffer.len() && self.end.kind.is_some() => {}
            Place::Protobuf(_) => return Err(DecodeError::Cut.to_string()),
        }
        Ok((items, std::mem::take(&mut self.end)))
    }
}

/// Refuses a list of something else: an empty one would pass for an empty cluster.
fn check(kind: &Kind, end: &ListEnd) -> Result<(), String> {
    let is_other = |of: &&String| of.strip_suffix("List") != Some(kind.name);
    match end.kind.as_ref().filter(is_other) {
        Some(of) => Err(format!("it is a {of}, not a {}List", kind.name)),
        None => Ok(()),
    }
}

/// Reads the parts of a list that are whole, and gives the items among them.
fn parts<'b>(
    buffer: &'b [u8],
    read: &mut usize,
    place: &mut Place,
    end: &mut ListEnd,
) -> Result<Vec<EncodedObject<'b>>, String> {
    let mut items = Vec::new();
    loop {
        let rest = &buffer[*read..];
        let part = match place {
            Place::Json(place) => place.step(rest, end).map_err(|error| error.to_string())?,
            Place::Protobuf(place) => step(rest, place, end).map_err(|error| error.to_string())?,
        };
        match part {
            Some(Part { length, item }) => {
                *read += length;
                items.extend(item);
            }
            None if rest.len() > MAX_OBJECT => {
                return Err(format!("an item of more than {MAX_OBJECT} bytes"));
            }
            None => return Ok(items),
        }
    }
}

/// A part of a list.
struct Part<'b> {
    length: usize,
    /// The item, if it is one.
    item: Option<EncodedObject<'b>>,
}

/// Position of a reader in a JSON list.
#[derive(Debug)]
struct JsonPlace {
    state: JsonState,
    has_items: bool,
    /// Fewer bytes than this do not hold the next value: twice those that did not, so that a
    /// long value that comes in small pieces is not parsed over and over.
    needed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonState {
    /// Before the list's `{`.
    Start,
    /// In the list, before a key.
    Key { is_first: bool },
    /// Behind a key, before its colon.
    Colon(JsonKey),
    /// Behind the colon of a key, before its value.
    Value(JsonKey),
    /// In the items, before one.
    Item { is_first: bool },
    /// Behind a value, before a comma or the list's `}`.
    AfterValue,
    /// Behind an item, before a comma or the `]` of the items.
    AfterItem,
    /// Behind the list.
    End,
}

/// A key of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonKey {
    Kind,
    Metadata,
    Items,
    Other,
}

impl JsonPlace {
    fn new() -> Self {
        Self { state: JsonState::Start, has_items: false, needed: 0 }
    }

    /// Reads the next part of a JSON list. `None` when it is not there yet.
    fn step<'b>(
        &mut self,
        rest: &'b [u8],
        end: &mut ListEnd,
    ) -> Result<Option<Part<'b>>, serde_json::Error> {
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let Some(&next) = rest.get(blank) else { return Ok(None) };
        let mut item = None;
        let mut length = blank + 1;
        self.state = match (self.state, next) {
            (JsonState::Start, b'{') => JsonState::Key { is_first: true },
            (JsonState::Key { is_first: true }, b'}') | (JsonState::AfterValue, b'}') => {
                JsonState::End
            }
            (JsonState::Key { .. }, b'"') => {
                let Some((key, read)) = self.value::<Cow<'_, str>>(rest)? else { return Ok(None) };
                length = read;
                JsonState::Colon(match key.as_ref() {
                    "kind" => JsonKey::Kind,
                    "metadata" => JsonKey::Metadata,
                    "items" => JsonKey::Items,
                    _ => JsonKey::Other,
                })
            }
            (JsonState::Colon(key), b':') => JsonState::Value(key),
            (JsonState::Value(JsonKey::Items), b'[') => JsonState::Item { is_first: true },
            (JsonState::Value(key), _) => {
                let read = match key {
                    JsonKey::Kind => {
                        self.value(rest)?.map(|(kind, read)| (end.kind = kind, read).1)
                    }
                    JsonKey::Metadata => {
                        self.value::<Option<ListMeta>>(rest)?.map(|(metadata, read)| {
                            metadata.unwrap_or_default().tell(end);
                            read
                        })
                    }
                    // `null` is what Go writes for no items.
                    JsonKey::Items => self.value::<()>(rest)?.map(|((), read)| read),
                    JsonKey::Other => self.value::<IgnoredAny>(rest)?.map(|(_, read)| read),
                };
                let Some(read) = read else { return Ok(None) };
                length = read;
                self.has_items |= key == JsonKey::Items;
                JsonState::AfterValue
            }
            (JsonState::AfterValue, b',') => JsonState::Key { is_first: false },
            (JsonState::Item { is_first: true }, b']') | (JsonState::AfterItem, b']') => {
                self.has_items = true;
                JsonState::AfterValue
            }
            (JsonState::Item { .. }, _) => {
                let Some((raw, read)) = self.value::<&RawValue>(rest)? else { return Ok(None) };
                (length, item) = (read, Some(EncodedObject::Json(raw.get())));
                JsonState::AfterItem
            }
            (JsonState::AfterItem, b',') => JsonState::Item { is_first: false },
            (state, _) => return Err(state.unexpected(next)),
        };
        Ok(Some(Part { length, item }))
    }

    /// Reads a value from the start of `rest`, and how many bytes it took. `None` when it is not
    /// there yet, or when more of a number may come.
    fn value<'b, T: Deserialize<'b>>(
        &mut self,
        rest: &'b [u8],
    ) -> Result<Option<(T, usize)>, serde_json::Error> {
        if rest.len() < self.needed {
            return Ok(None);
        }
        // serde_json takes half a number for a malformed one, or for a whole one.
        let is_of_number =
            |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        if rest.trim_ascii_start().iter().all(is_of_number) {
            return Ok(None);
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
        match values.next() {
            Some(Ok(value)) if values.byte_offset() < rest.len() => {
                self.needed = 0;
                Ok(Some((value, values.byte_offset())))
            }
            Some(Err(error)) if !error.is_eof() => Err(error),
            _ => {
                self.needed = rest.len().saturating_mul(2);
                Ok(None)
            }
        }
    }

    /// Checks that the list is whole.
    fn finish(&self, is_read: bool) -> Result<(), serde_json::Error> {
        match self.state {
            JsonState::End if !self.has_items => Err(de::Error::missing_field("items")),
            JsonState::End if is_read => Ok(()),
            _ => Err(de::Error::custom("the list is not whole")),
        }
    }
}

impl JsonState {
    fn unexpected(self, byte: u8) -> serde_json::Error {
        let expected = match self {
            Self::Start => "a list object",
            Self::Key { .. } => "a key",
            Self::Colon(_) => "a colon",
            Self::Value(_) | Self::Item { .. } => "a value",
            Self::AfterValue => "a comma or the end of the list",
            Self::AfterItem => "a comma or the end of the items",
            Self::End => "nothing behind the list",
        };
        de::Error::custom(format!("expected {expected}, not {:?}", char::from(byte)))
    }
}

/// Reads the next part of a protobuf list. `None` when it is not there yet.
fn step<'b>(
    rest: &'b [u8],
    place: &mut ProtobufPlace,
    end: &mut ListEnd,
) -> Result<Option<Part<'b>>, DecodeError> {
    let mut fields = Fields::of(rest);
    match *place {
        ProtobufPlace::Start if rest.len() < protobuf::MAGIC.len() => Ok(None),
        ProtobufPlace::Start if !rest.starts_with(protobuf::MAGIC) => Err(DecodeError::Type),
        ProtobufPlace::Start => {
            *place = ProtobufPlace::Envelope;
            Ok(Some(Part { length: protobuf::MAGIC.len(), item: None }))
        }
        ProtobufPlace::Envelope | ProtobufPlace::List(0) => {
            match fields.header() {
                // The list itself, which is longer than what is there.
                Ok((2, Header::Bytes(length))) => {
                    *place = ProtobufPlace::List(length);
                    Ok(Some(Part { length: rest.len() - fields.rest().len(), item: None }))
                }
                Ok(_) => {
                    let mut fields = Fields::of(rest);
                    let Some(field) = fields.next() else { return Ok(None) };
                    let (number, value) = match field {
                        Err(DecodeError::Cut) => return Ok(None),
                        field => field?,
                    };
                    let mut envelope = Envelope::default();
                    envelope.field(number, value)?;
                    if envelope.is_encoded {
                        return Err(DecodeError::Type);
                    }
                    if number == 1 {
                        end.kind = Some(envelope.kind.to_owned());
                    }
                    Ok(Some(Part { length: rest.len() - fields.rest().len(), item: None }))
                }
                Err(DecodeError::Cut) => Ok(None),
                Err(error) => Err(error),
            }
        }
        ProtobufPlace::List(left) => {
            let (number, value) = match fields.next() {
                None | Some(Err(DecodeError::Cut)) if rest.len() >= left => {
                    return Err(DecodeError::Cut);
                }
                None | Some(Err(DecodeError::Cut)) => return Ok(None),
                Some(field) => field?,
            };
            let length = rest.len() - fields.rest().len();
            *place = ProtobufPlace::List(left.checked_sub(length).ok_or(DecodeError::Cut)?);
            match (number, value) {
                (1, protobuf::Value::Bytes(metadata)) => {
                    end.metadata(metadata)?;
                    Ok(Some(Part { length, item: None }))
                }
                (2, protobuf::Value::Bytes(item)) => {
                    Ok(Some(Part { length, item: Some(EncodedObject::Protobuf(item)) }))
                }
                (1 | 2, _) => Err(DecodeError::Type),
                _ => Ok(Some(Part { length, item: None })),
            }
        }
    }
}
