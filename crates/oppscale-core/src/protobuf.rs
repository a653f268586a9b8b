//! Protobuf as Kubernetes writes it, read into borrowed fields.
//!
//! The fields of [`model`](super::model) name their numbers in upstream's `generated.proto` with
//! `message!`. A field without a name there is skipped by its length, so most of an object is
//! never looked at. Text is not copied. As in upstream's decoder, a field that comes again
//! replaces a scalar, is added to a list, and is merged into a message.

use std::fmt;

use super::model::{Pairs, Text};

/// Why bytes are no protobuf message of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends in the middle of a field.
    #[error("a field ends early")]
    Cut,
    /// A number has more than 64 bits, or a field has no number.
    #[error("a number is out of range")]
    Number,
    /// A wire type that protobuf does not know, or that Kubernetes does not use.
    #[error("a field has the unknown wire type {0}")]
    WireType(u8),
    /// A field has another wire type than its type demands.
    #[error("a field has the wrong type")]
    Type,
    /// Text is not UTF-8.
    #[error("text is not valid UTF-8")]
    Text,
}

/// The value of a field on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number or a boolean.
    Varint(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    /// A number of fixed width, which no field of ours has.
    Fixed,
}

impl<'a> Value<'a> {
    /// The bytes of text or of a message.
    ///
    /// # Errors
    /// When it is a number.
    pub fn bytes(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(DecodeError::Type),
        }
    }
}

/// The fields of a message, in the order in which they were written.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of `message`.
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Bytes that have not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Number and wire type of the next field, and the length of its value if that is bytes.
    ///
    /// # Errors
    /// [`DecodeError::Cut`] when the message ends before that, and when it is no field.
    pub fn header(&mut self) -> Result<(u32, Header), DecodeError> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| DecodeError::Number)?;
        if number == 0 {
            return Err(DecodeError::Number);
        }
        let header = match tag as u8 & 7 {
            0 => Header::Varint,
            1 => Header::Fixed(8),
            2 => Header::Bytes(usize::try_from(self.varint()?).map_err(|_| DecodeError::Number)?),
            5 => Header::Fixed(4),
            other => return Err(DecodeError::WireType(other)),
        };
        Ok((number, header))
    }

    fn field(&mut self) -> Result<(u32, Value<'a>), DecodeError> {
        let (number, header) = self.header()?;
        let value = match header {
            Header::Varint => Value::Varint(self.varint()?),
            Header::Bytes(length) => Value::Bytes(self.take(length)?),
            Header::Fixed(length) => self.take(length).map(|_| Value::Fixed)?,
        };
        Ok((number, value))
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for (at, byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if at == 9 && bits > 1 {
                return Err(DecodeError::Number);
            }
            value |= bits << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { DecodeError::Cut } else { DecodeError::Number })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Cut)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Wire type and value after the number of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// A varint.
    Varint,
    /// Length-delimited, with this number of bytes.
    Bytes(usize),
    /// A number of so many bytes.
    Fixed(usize),
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Type that a field of a message is read into.
pub trait Field<'a> {
    /// Takes a value of the field.
    ///
    /// # Errors
    /// When the value is of another type.
    fn take(&mut self, value: Value<'a>) -> Result<(), DecodeError>;
}

impl<'a> Field<'a> for Text<'a> {
    fn take(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        *self = std::str::from_utf8(value.bytes()?).map_err(|_| DecodeError::Text)?.into();
        Ok(())
    }
}

impl Field<'_> for bool {
    fn take(&mut self, value: Value<'_>) -> Result<(), DecodeError> {
        let Value::Varint(number) = value else { return Err(DecodeError::Type) };
        *self = number != 0;
        Ok(())
    }
}

impl Field<'_> for i64 {
    fn take(&mut self, value: Value<'_>) -> Result<(), DecodeError> {
        let Value::Varint(number) = value else { return Err(DecodeError::Type) };
        *self = number.cast_signed();
        Ok(())
    }
}

impl Field<'_> for i32 {
    fn take(&mut self, value: Value<'_>) -> Result<(), DecodeError> {
        // A negative one is written with 64 bits.
        let Value::Varint(number) = value else { return Err(DecodeError::Type) };
        *self = number as Self;
        Ok(())
    }
}

impl<'a, T: Field<'a> + Default> Field<'a> for Option<T> {
    fn take(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        self.get_or_insert_default().take(value)
    }
}

impl<'a, T: Field<'a> + Default> Field<'a> for Vec<T> {
    fn take(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        let mut item = T::default();
        item.take(value)?;
        self.push(item);
        Ok(())
    }
}

/// A map: each value is a message of a key (1) and its value (2).
impl<'a, V: Field<'a> + Default> Field<'a> for Pairs<'a, V> {
    fn take(&mut self, value: Value<'a>) -> Result<(), DecodeError> {
        let (mut key, mut item) = (Text::default(), V::default());
        for field in Fields::of(value.bytes()?) {
            match field? {
                (1, value) => key.take(value)?,
                (2, value) => item.take(value)?,
                _ => {}
            }
        }
        self.insert(key, item);
        Ok(())
    }
}

/// Says which numbers the fields of a message have in upstream's `generated.proto`.
macro_rules! message {
    ($name:ident $fields:tt) => {
        $crate::protobuf::message!([] $name<'a> $fields);
    };
    ([$($bounds:tt)*] $name:ident<$($parameter:tt),*> {
        $($number:literal => $field:ident),* $(,)?
    }) => {
        impl<'a, $($bounds)*> $crate::protobuf::Field<'a> for $name<$($parameter),*> {
            fn take(
                &mut self,
                value: $crate::protobuf::Value<'a>,
            ) -> Result<(), $crate::protobuf::DecodeError> {
                for field in $crate::protobuf::Fields::of(value.bytes()?) {
                    match field? {
                        $(($number, value) => {
                            $crate::protobuf::Field::take(&mut self.$field, value)?;
                        })*
                        _ => {}
                    }
                }
                Ok(())
            }
        }
    };
}
pub(crate) use message;

/// Decodes a message. On an error, the fields decoded before it are kept.
pub fn read<'a, T: Field<'a> + Default>(message: &'a [u8]) -> (T, Result<(), DecodeError>) {
    let mut read = T::default();
    let outcome = read.take(Value::Bytes(message));
    (read, outcome)
}

/// The first bytes of an object or a list that a Kubernetes API server writes as protobuf.
pub const MAGIC: &[u8] = b"k8s\0";

/// `runtime.Unknown`, which an API server wraps every object in.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The object's kind.
    pub kind: &'a str,
    /// The object.
    pub raw: &'a [u8],
    /// Whether `raw` is encoded once more, which no API server does.
    pub is_encoded: bool,
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.kind, self.raw.len())
    }
}

impl<'a> Envelope<'a> {
    /// Opens the envelope of an object.
    ///
    /// # Errors
    /// If `bytes` are not an enveloped object.
    pub fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut envelope = Self::default();
        for field in Fields::of(bytes.strip_prefix(MAGIC).ok_or(DecodeError::Type)?) {
            let (number, value) = field?;
            envelope.field(number, value)?;
        }
        Ok(envelope)
    }

    /// Takes a field of it.
    ///
    /// # Errors
    /// When its value is of another type.
    pub fn field(&mut self, number: u32, value: Value<'a>) -> Result<(), DecodeError> {
        match number {
            1 => {
                for field in Fields::of(value.bytes()?) {
                    if let (2, kind) = field? {
                        self.kind =
                            std::str::from_utf8(kind.bytes()?).map_err(|_| DecodeError::Text)?;
                    }
                }
            }
            2 => self.raw = value.bytes()?,
            3 => self.is_encoded = !value.bytes()?.is_empty(),
            _ => {}
        }
        Ok(())
    }
}
