//! What an API server fills in, and `kubectl get -o yaml` prints with the rest.
//!
//! Applied, it is refused or tells lies: a `resourceVersion` is a conflict, a `uid` a
//! precondition, `managedFields` may not be there at all, and times change with every export.

use serde_json::{Map, Value};

/// Fields of an object's metadata that are the server's.
const METADATA: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];
/// Annotations that a controller or kubectl keeps its books in.
const ANNOTATIONS: [&str; 2] =
    ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/// Takes out what is the server's; tells whether there was any.
pub(super) fn clean(value: &mut Value) -> bool {
    let was_stored = !value["metadata"]["uid"].is_null();
    let mut any = value.as_object_mut().is_some_and(|object| take(object, "status"));
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in METADATA {
            any |= take(metadata, field);
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            for name in ANNOTATIONS {
                any |= take(annotations, name);
            }
            if any && annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    if let Some(Value::Object(metadata)) = value.pointer_mut("/spec/template/metadata") {
        any |= take(metadata, "creationTimestamp");
    }
    // The address is taken, by the very Service that was printed.
    if was_stored
        && value["kind"] == "Service"
        && value["spec"]["clusterIP"] != "None"
        && let Some(Value::Object(spec)) = value.get_mut("spec")
    {
        any |= take(spec, "clusterIP") | take(spec, "clusterIPs");
    }
    any
}

fn take(map: &mut Map<String, Value>, field: &str) -> bool {
    map.shift_remove(field).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_server_filled_in_is_taken_out_and_nothing_else() {
        let mut stored = json!({
            "kind": "Service",
            "metadata": {
                "name": "x", "uid": "1", "resourceVersion": "2", "creationTimestamp": "3",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
            },
            "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "type": "ClusterIP"},
            "status": {"loadBalancer": {}}
        });
        assert!(clean(&mut stored));
        let typed = json!({
            "kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}
        });
        assert_eq!(stored, typed);
        assert!(!clean(&mut stored));
        let mut chosen = json!({"kind": "Service", "spec": {"clusterIP": "10.0.0.1"}});
        assert!(!clean(&mut chosen), "an address that was chosen");
    }
}
