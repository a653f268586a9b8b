//! Differences between a live and a merged object, in the unified form of `kubectl diff`.

use serde_json::{Map, Value};
use similar::TextDiff;

/// Metadata that the server sets with every write, which would be noise in a diff.
const NOISE: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];
/// Unchanged lines shown around a change.
const CONTEXT_LINES: usize = 3;

/// The unified diff; empty if the objects are equal. `None` is a missing object.
pub fn unified_diff(name: &str, live: Option<&Value>, merged: Option<&Value>) -> String {
    let (mut live, mut merged) = (live.cloned(), merged.cloned());
    mask(live.as_mut(), merged.as_mut());
    let text = |value: Option<Value>| match value {
        Some(value) => serde_saphyr::to_string(&without_noise(value)).unwrap_or_default(),
        None => String::new(),
    };
    let (before, after) = (text(live), text(merged));
    if before == after {
        return String::new();
    }
    let name = name.replace(' ', "/");
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(&format!("live/{name}"), &format!("merged/{name}"))
        .to_string()
}

fn without_noise(mut value: Value) -> Value {
    if let Value::Object(object) = &mut value {
        object.shift_remove("status");
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            for field in NOISE {
                metadata.shift_remove(field);
            }
        }
    }
    sorted(value)
}

/// Sorts keys, whose order differs between a server and a template.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.into_iter().map(|(key, v)| (key, sorted(v))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// Masks the data of Secrets as `kubectl diff` does: only whether a value differs is shown.
fn mask(live: Option<&mut Value>, merged: Option<&mut Value>) {
    let is_secret =
        |value: &Option<&mut Value>| value.as_ref().is_some_and(|value| value["kind"] == "Secret");
    if !is_secret(&live) && !is_secret(&merged) {
        return;
    }
    let entries = |value: &Option<&mut Value>| -> Map<String, Value> {
        let fields = ["data", "stringData"].into_iter();
        let maps = fields.filter_map(|field| value.as_ref()?[field].as_object().cloned());
        maps.flatten().collect()
    };
    let (before, after) = (entries(&live), entries(&merged));
    let hide = |value: Option<&mut Value>, other: &Map<String, Value>, word: &str| {
        let Some(value) = value else { return };
        for field in ["data", "stringData"] {
            for (key, secret) in value[field].as_object_mut().into_iter().flatten() {
                let differs = other.get(key).is_some_and(|there| there != secret);
                *secret = if differs { format!("*** ({word})").into() } else { "***".into() };
            }
        }
    };
    hide(live, &after, "before");
    hide(merged, &before, "after");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_shown_and_no_noise() {
        let live = json!({
            "kind": "ConfigMap", "metadata": {"name": "x", "uid": "1", "managedFields": []},
            "data": {"a": "1", "b": "2"}, "status": {}
        });
        let mut merged = live.clone();
        merged["metadata"]["uid"] = "2".into();
        assert_eq!(unified_diff("ConfigMap x", Some(&live), Some(&merged)), "");
        merged["data"]["a"] = "3".into();
        let diff = unified_diff("ConfigMap x", Some(&live), Some(&merged));
        assert!(diff.starts_with("--- live/ConfigMap/x\n+++ merged/ConfigMap/x\n@@"), "{diff}");
        assert!(diff.contains("\n-  a: \"1\"\n+  a: \"3\"\n"), "{diff}");
    }

    #[test]
    fn no_secret_is_shown() {
        let of =
            |wallet: &str| json!({"kind": "Secret", "data": {"wallet": wallet, "same": "c2Vj"}});
        let diff = unified_diff("Secret x", Some(&of("b2xk")), Some(&of("bmV3")));
        assert!(diff.contains("*** (before)") && diff.contains("*** (after)"), "{diff}");
        for secret in ["b2xk", "bmV3", "c2Vj"] {
            assert!(!diff.contains(secret), "{diff}");
        }
    }
}
