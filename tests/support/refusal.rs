//! How the fake API server refuses: a Status, as a real one words it.

use http::{Response, StatusCode};
use serde_json::json;

use super::answer;
use super::body::Body;
use super::managed::Conflict;
use super::place::Place;

pub fn not_found(place: &Place<'_>) -> Response<Body> {
    let dot = if place.group.is_empty() { "" } else { "." };
    let name = place.name.unwrap_or_default();
    let message = format!("{}{dot}{} {name:?} not found", place.resource, place.group);
    status(404, "NotFound", &message)
}

pub fn status(code: u16, reason: &str, message: &str) -> Response<Body> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code
    });
    answer::json(StatusCode::from_u16(code).unwrap(), &status)
}

pub fn conflict(conflicts: &[Conflict]) -> Response<Body> {
    let causes: Vec<_> = conflicts
        .iter()
        .map(|(manager, field)| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {manager:?}"), "field": field
            })
        })
        .collect();
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("Apply failed with {} conflicts", conflicts.len()),
        "reason": "Conflict", "details": {"causes": causes}, "code": 409
    });
    answer::json(StatusCode::CONFLICT, &status)
}
