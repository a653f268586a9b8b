//! An object in the encoding in which it came.

use oppscale_core::model::Pod;
use oppscale_core::protobuf::{self, Envelope, Field, Fields};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// An object as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodedObject<'a> {
    /// Its JSON.
    Json(&'a str),
    /// Its protobuf message, without the envelope.
    Protobuf(&'a [u8]),
}

/// The readable part of an object that cannot be decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) name: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) uid: Option<String>,
    /// `spec.nodeName` of a pod.
    pub(crate) node: Option<String>,
    /// Why it cannot be read.
    pub(crate) problem: String,
}

impl<'a> From<&'a str> for EncodedObject<'a> {
    fn from(json: &'a str) -> Self {
        Self::Json(json)
    }
}

impl<'a> EncodedObject<'a> {
    /// Reads the fields of `T`.
    ///
    /// # Errors When it is no object of that type, with its readable part.
    pub(crate) fn read<T: Deserialize<'a> + Field<'a> + Default>(self) -> Result<T, Unreadable> {
        match self {
            Self::Json(json) => {
                serde_json::from_str(json).map_err(|error| Unreadable::json(json, &error))
            }
            Self::Protobuf(message) => match protobuf::read(message) {
                (object, Ok(())) => Ok(object),
                (_, Err(error)) => Err(Unreadable::protobuf(message, error)),
            },
        }
    }

    /// Reads the fields of `T`; `None` when it is no object of that type.
    pub fn decode<T: Deserialize<'a> + Field<'a> + Default>(self) -> Option<T> {
        self.read().ok()
    }

    /// `metadata.resourceVersion`; empty when it has none.
    pub(crate) fn version(self) -> String {
        match self {
            Self::Json(json) => {
                let object: Versioned = serde_json::from_str(json).unwrap_or_default();
                object.metadata.resource_version
            }
            Self::Protobuf(message) => {
                let text = member(message, 1).and_then(|metadata| member(metadata, 6));
                text.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
            }
        }
    }

    /// Whether it has an annotation of this value.
    pub(crate) fn has_annotation(self, key: &str, value: &str) -> bool {
        match self {
            Self::Json(json) => {
                let object: Versioned = serde_json::from_str(json).unwrap_or_default();
                let annotations = object.metadata.annotations.unwrap_or_default();
                annotations.get(key).is_some_and(|found| found == value)
            }
            Self::Protobuf(message) => {
                let Some(metadata) = member(message, 1) else { return false };
                let pairs = Fields::of(metadata).filter_map(|field| match field {
                    Ok((12, pair)) => pair.bytes().ok(),
                    _ => None,
                });
                pairs.into_iter().any(|pair| {
                    member(pair, 1) == Some(key.as_bytes())
                        && member(pair, 2) == Some(value.as_bytes())
                })
            }
        }
    }
}

/// The bytes of a field of a message.
fn member(message: &[u8], number: u32) -> Option<&[u8]> {
    Fields::of(message).find_map(|field| match field {
        Ok((found, value)) if found == number => value.bytes().ok(),
        _ => None,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Versioned {
    metadata: VersionedMeta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VersionedMeta {
    resource_version: String,
    annotations: Option<std::collections::HashMap<String, String>>,
}

impl Unreadable {
    fn json(json: &str, error: &serde_json::Error) -> Self {
        let object: Value = serde_json::from_str(json).unwrap_or_default();
        let text = |path: &str| {
            let text = object.pointer(path)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            name: text("/metadata/name"),
            namespace: text("/metadata/namespace"),
            uid: text("/metadata/uid"),
            node: text("/spec/nodeName"),
            problem: error.to_string(),
        }
    }

    fn protobuf(message: &[u8], error: protobuf::DecodeError) -> Self {
        // What comes before the error was read.
        let (object, _) = protobuf::read::<Pod<'_>>(message);
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            name: text(&object.metadata.name),
            namespace: text(&object.metadata.namespace),
            uid: text(&object.metadata.uid),
            node: text(&object.spec.node_name),
            problem: error.to_string(),
        }
    }
}

/// What an API server says of itself, or of a failure: a `Status`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub(crate) code: u16,
    pub(crate) message: String,
}

/// `details` of a `Status`: what a failure is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusDetails {
    /// The object's name.
    pub(crate) name: String,
    /// Causes, such as `NamespaceTerminating`.
    pub(crate) causes: Vec<IgnoredAny>,
}

impl StatusDetails {
    /// Reads those of a `Status` in JSON; empty when it is something else.
    pub(crate) fn read(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Detailed {
            details: StatusDetails,
        }
        serde_json::from_slice::<Detailed>(body).unwrap_or_default().details
    }
}

impl Status {
    /// Reads one in its envelope, or as JSON; `None` when it is something else.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        if body.starts_with(protobuf::MAGIC) {
            let envelope = Envelope::open(body).ok()?;
            return (envelope.kind == "Status")
                .then(|| Self::of(EncodedObject::Protobuf(envelope.raw)));
        }
        serde_json::from_slice(body).ok()
    }

    /// Reads one.
    pub(crate) fn of(object: EncodedObject<'_>) -> Self {
        let mut status = Self::default();
        match object {
            EncodedObject::Json(json) => status = serde_json::from_str(json).unwrap_or_default(),
            EncodedObject::Protobuf(message) => {
                for field in Fields::of(message).flatten() {
                    match field {
                        (3, protobuf::Value::Bytes(text)) => {
                            status.message = String::from_utf8_lossy(text).into_owned();
                        }
                        (6, protobuf::Value::Varint(code)) => {
                            status.code = u16::try_from(code).unwrap_or_default();
                        }
                        _ => {}
                    }
                }
            }
        }
        status
    }
}
