//! Decodes lists item by item. Of a page, only the item being read is kept.

use std::fmt;
use std::marker::PhantomData;

use oppscale_core::kinds::Kind;
use oppscale_core::protobuf::{self, DecodeError, Envelope, Fields, Header};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::encoded_object::EncodedObject;
use crate::encoding::{Encoding, MAX_OBJECT};

/// What a list says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListEnd {
    /// The list's kind, such as `PodList`.
    pub kind: Option<String>,
    /// Where to go on; `None` on the last page.
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

#[derive(serde::Deserialize)]
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
///
/// Items of JSON are given at the end of the list: JSON has no lengths.
#[derive(Debug)]
pub struct ListReader {
    encoding: Encoding,
    kind: &'static Kind,
    buffer: Vec<u8>,
    /// How much of the buffer has been read.
    read: usize,
    place: Place,
    end: ListEnd,
}

/// Where a reader of a protobuf list stands.
#[derive(Debug, Clone, Copy)]
enum Place {
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
        let (place, end) = (Place::Start, ListEnd::default());
        Self { encoding, kind, buffer: Vec::new(), read: 0, place, end }
    }

    /// Refuses a list of something else: an empty one would pass for an empty cluster.
    fn check(&self, end: &ListEnd) -> Result<(), String> {
        let is_other = |of: &&String| of.strip_suffix("List") != Some(self.kind.name);
        match end.kind.as_ref().filter(is_other) {
            Some(of) => Err(format!("it is a {of}, not a {}List", self.kind.name)),
            None => Ok(()),
        }
    }

    /// Takes bytes, and gives the items that are whole.
    ///
    /// # Errors
    /// If the bytes are not a list.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<EncodedObject<'_>>, String> {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
        let mut items = Vec::new();
        if self.encoding == Encoding::Protobuf {
            loop {
                let rest = &self.buffer[self.read..];
                match step(rest, &mut self.place, &mut self.end) {
                    Ok(Some(Part { length, item })) => {
                        self.read += length;
                        items.extend(item.map(EncodedObject::Protobuf));
                    }
                    Ok(None) if rest.len() > MAX_OBJECT => {
                        return Err(format!("an item of more than {MAX_OBJECT} bytes"));
                    }
                    Ok(None) => break,
                    Err(error) => return Err(error.to_string()),
                }
            }
        }
        self.check(&self.end)?;
        Ok(items)
    }

    /// Gives the items that are left, and what the list says of itself.
    ///
    /// # Errors
    /// When the list is not whole.
    pub fn finish(&mut self) -> Result<(Vec<EncodedObject<'_>>, ListEnd), String> {
        match self.encoding {
            Encoding::Json => {
                let text = std::str::from_utf8(&self.buffer).map_err(|error| error.to_string())?;
                let mut items = Vec::new();
                let end =
                    fold_list(text, |raw: &RawValue| items.push(EncodedObject::Json(raw.get())))
                        .map_err(|error| error.to_string())?;
                self.check(&end)?;
                Ok((items, end))
            }
            Encoding::Protobuf => {
                let is_whole = matches!(self.place, Place::List(0))
                    && self.read == self.buffer.len()
                    && self.end.kind.is_some();
                match is_whole {
                    true => Ok((Vec::new(), std::mem::take(&mut self.end))),
                    false => Err(DecodeError::Cut.to_string()),
                }
            }
        }
    }
}

/// A part of a protobuf list.
struct Part<'b> {
    length: usize,
    /// The item, if it is one.
    item: Option<&'b [u8]>,
}

/// Reads the next part of a protobuf list. `None` when it is not there yet.
fn step<'b>(
    rest: &'b [u8],
    place: &mut Place,
    end: &mut ListEnd,
) -> Result<Option<Part<'b>>, DecodeError> {
    let mut fields = Fields::of(rest);
    match *place {
        Place::Start if rest.len() < protobuf::MAGIC.len() => Ok(None),
        Place::Start if !rest.starts_with(protobuf::MAGIC) => Err(DecodeError::Type),
        Place::Start => {
            *place = Place::Envelope;
            Ok(Some(Part { length: protobuf::MAGIC.len(), item: None }))
        }
        Place::Envelope | Place::List(0) => {
            match fields.header() {
                // The list itself, which is longer than what is there.
                Ok((2, Header::Bytes(length))) => {
                    *place = Place::List(length);
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
        Place::List(left) => {
            let (number, value) = match fields.next() {
                None | Some(Err(DecodeError::Cut)) if rest.len() >= left => {
                    return Err(DecodeError::Cut);
                }
                None | Some(Err(DecodeError::Cut)) => return Ok(None),
                Some(field) => field?,
            };
            let length = rest.len() - fields.rest().len();
            *place = Place::List(left.checked_sub(length).ok_or(DecodeError::Cut)?);
            match (number, value) {
                (1, protobuf::Value::Bytes(metadata)) => {
                    end.metadata(metadata)?;
                    Ok(Some(Part { length, item: None }))
                }
                (2, protobuf::Value::Bytes(item)) => Ok(Some(Part { length, item: Some(item) })),
                (1 | 2, _) => Err(DecodeError::Type),
                _ => Ok(Some(Part { length, item: None })),
            }
        }
    }
}
