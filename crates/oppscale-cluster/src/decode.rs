//! Lists, item by item: nothing of a page is kept but what the caller keeps.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

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
/// When `json` is no list, or an item is no `T`; those before it have been handed over.
pub fn fold_list<'b, T: Deserialize<'b>>(
    json: &'b str,
    each: impl FnMut(T),
) -> Result<ListEnd, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let end = Fold { each, item: PhantomData }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(end)
}

/// The end of the list `json`, without its items.
///
/// An API server writes the metadata first, so the start of the text usually tells.
/// `None` when it is no list, which reading the items will say better.
pub(super) fn list_end(json: &[u8]) -> Option<ListEnd> {
    let start = json.get(..json.len().min(HEAD))?;
    let items = start.windows(ITEMS.len()).position(|window| window == ITEMS);
    if let Some(head) = items.and_then(|at| str::from_utf8(&json[..at]).ok()) {
        let closed = format!("{}}}", head.trim_end().trim_end_matches(','));
        if let Ok(head) = serde_json::from_str::<Head>(&closed)
            && let (Some(kind), Some(metadata)) = (head.kind, head.metadata)
        {
            let mut end = ListEnd { kind: Some(kind), ..ListEnd::default() };
            metadata.tell(&mut end);
            return Some(end);
        }
    }
    fold_list::<IgnoredAny>(str::from_utf8(json).ok()?, |_| {}).ok()
}

/// The key of a list's items.
const ITEMS: &[u8] = b"\"items\"";
/// How far the head of a list may reach: continue tokens are some hundred bytes long.
const HEAD: usize = 4096;

#[derive(serde::Deserialize)]
struct Head {
    kind: Option<String>,
    metadata: Option<ListMeta>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_before_or_behind_the_items() {
        let token = |json: &str| list_end(json.as_bytes()).unwrap().continue_token;
        assert_eq!(
            token(r#"{"kind":"PodList","metadata":{"continue":"x"},"items":[{}]}"#).as_deref(),
            Some("x")
        );
        assert_eq!(
            token(r#"{"items":[{"metadata":{"continue":"no"}}],"metadata":{"continue":"y"}}"#)
                .as_deref(),
            Some("y")
        );
        assert_eq!(token(r#"{"metadata":{"continue":""},"items":null}"#), None);
        assert!(list_end(b"{}").is_none() && list_end(b"<html>").is_none());
    }
}
