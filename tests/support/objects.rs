//! Objects of any kind: read one by one, listed by kind, and applied as a dry run.

use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::answer;
use super::body::Body;
use super::request::Request;
use super::world::World;

/// The answer to a request for an object; `None` where the path names none.
pub fn serve(world: &World, request: &Request) -> Option<Response<Body>> {
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match parts[..] {
        ["api", version, ref rest @ ..] => (version.to_owned(), rest),
        ["apis", group, version, ref rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return None,
    };
    let (namespace, plural, name) = match rest {
        ["namespaces", namespace, plural] => (Some(*namespace), *plural, None),
        ["namespaces", namespace, plural, name] => (Some(*namespace), *plural, Some(*name)),
        [plural, name] => (None, *plural, Some(*name)),
        _ => return None,
    };
    let here = |object: &&Value| {
        let kind = object["kind"].as_str().unwrap().to_lowercase();
        object["apiVersion"] == *group
            && (format!("{kind}s") == plural || format!("{kind}es") == plural)
            && object["metadata"]["namespace"].as_str() == namespace
    };
    let Some(name) = name else {
        let items: Vec<_> = world.objects.iter().filter(here).collect();
        let list = json!({"kind": "List", "apiVersion": group, "metadata": {}, "items": items});
        return Some(answer::json(StatusCode::OK, &list));
    };
    let live = world.objects.iter().filter(here).find(|o| o["metadata"]["name"] == *name);
    if request.method == Method::PATCH {
        return Some(applied(world, request, live, namespace));
    }
    Some(match live {
        Some(object) => answer::json(StatusCode::OK, object),
        None => not_found(&format!("{plural} \"{name}\" not found")),
    })
}

/// What server-side apply makes of an object, as a dry run.
fn applied(
    world: &World,
    request: &Request,
    live: Option<&Value>,
    namespace: Option<&str>,
) -> Response<Body> {
    assert_eq!(request.parameter("dryRun"), Some("All"), "nothing may be changed");
    assert_eq!(request.parameter("fieldManager"), Some("oppscale"));
    assert_eq!(request.header("content-type"), ["application/apply-patch+yaml"]);
    let is_there = |namespace: &str| {
        let mut objects = world.objects.iter();
        objects.any(|o| o["kind"] == "Namespace" && o["metadata"]["name"] == namespace)
    };
    if let Some(namespace) = namespace.filter(|namespace| !is_there(namespace)) {
        return not_found(&format!("namespaces \"{namespace}\" not found"));
    }
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    let mut merged = live.cloned().unwrap_or_else(|| json!({}));
    merge(&mut merged, &sent);
    // What a server adds to every object, and what no difference may be made of.
    merged["metadata"]["uid"] = "5f3759df".into();
    merged["metadata"]["managedFields"] = json!([{"manager": "oppscale"}]);
    merged["metadata"]["resourceVersion"] = "4711".into();
    answer::json(if live.is_some() { StatusCode::OK } else { StatusCode::CREATED }, &merged)
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn not_found(message: &str) -> Response<Body> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": "NotFound", "code": 404
    });
    answer::json(StatusCode::NOT_FOUND, &status)
}
