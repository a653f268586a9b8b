//! Server-side apply, as far as tests need it: who owns which field, and conflicts.
//!
//! Lists are one field each: nothing that is tested here merges them by key.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// An object with the owners of its fields.
#[derive(Debug, Clone, Default)]
pub struct Managed {
    pub value: Value,
    pub owners: BTreeMap<String, BTreeSet<String>>,
}

/// A conflict: whose field.
pub type Conflict = (String, String);

impl Managed {
    /// The object with `metadata.managedFields`, as far as tests read it.
    pub fn shown(&self) -> Value {
        let mut value = self.value.clone();
        let owners = self.owners.iter().map(|(manager, fields)| {
            let mut tree = json!({});
            for field in fields {
                let mut at = &mut tree;
                for part in field.split('\u{1}').filter(|part| !part.is_empty()) {
                    at = &mut at[format!("f:{part}")];
                    if at.is_null() {
                        *at = json!({});
                    }
                }
            }
            json!({"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": tree})
        });
        value["metadata"]["managedFields"] = owners.collect();
        value
    }

    /// What becomes of it when `manager` applies `object`.
    pub fn applied(
        &self,
        manager: &str,
        object: &Value,
        force: bool,
    ) -> Result<Self, Vec<Conflict>> {
        let fields: BTreeSet<_> = leaves(object).into_iter().collect();
        let mut conflicts = Vec::new();
        let mut next = self.clone();
        for field in &fields {
            let differs = get(&self.value, field) != get(object, field);
            for (other, owned) in &mut next.owners {
                if other == manager || !differs || !owned.contains(field) {
                    continue;
                }
                if force {
                    owned.remove(field);
                } else {
                    conflicts.push((other.clone(), field.replace('\u{1}', ".")));
                }
            }
        }
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let before = next.owners.remove(manager).unwrap_or_default();
        for gone in before.difference(&fields) {
            if !next.owners.values().any(|owned| owned.contains(gone)) {
                remove(&mut next.value, gone);
            }
        }
        merge(&mut next.value, object);
        next.owners.insert(manager.to_owned(), fields);
        next.owners.retain(|_, owned| !owned.is_empty());
        Ok(next)
    }
}

/// The paths of all leaves but those that name the object.
pub fn leaves(object: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    walk(value, &format!("{path}\u{1}{key}"), found);
                }
            }
            Value::Null => {}
            _ => found.push(path.to_owned()),
        }
    }
    let mut found = Vec::new();
    walk(object, "", &mut found);
    let names =
        ["\u{1}apiVersion", "\u{1}kind", "\u{1}metadata\u{1}name", "\u{1}metadata\u{1}namespace"];
    found.retain(|path| !names.contains(&path.as_str()));
    found
}

fn get<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('\u{1}').skip(1).try_fold(value, |value, key| value.get(key))
}

fn remove(value: &mut Value, path: &str) {
    let keys: Vec<_> = path.split('\u{1}').skip(1).collect();
    let Some((last, parents)) = keys.split_last() else { return };
    let parent = parents.iter().try_fold(value, |value, key| value.get_mut(*key));
    if let Some(fields) = parent.and_then(Value::as_object_mut) {
        fields.remove(*last);
    }
}

/// Puts `object` over `value`; lists are replaced.
pub fn merge(value: &mut Value, object: &Value) {
    match (value, object) {
        (Value::Object(fields), Value::Object(new)) => {
            for (key, new) in new {
                if !new.is_null() {
                    merge(fields.entry(key.clone()).or_insert(Value::Null), new);
                }
            }
        }
        (value, new) => *value = new.clone(),
    }
}
