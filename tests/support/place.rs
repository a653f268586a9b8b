//! Where an object of the API lives, by its path.

use http::Method;

use super::review::Need;

/// A path taken apart.
pub struct Place<'p> {
    pub group: &'p str,
    pub namespace: Option<&'p str>,
    pub resource: &'p str,
    pub name: Option<&'p str>,
    pub sub: Option<&'p str>,
}

impl<'p> Place<'p> {
    pub fn of(path: &'p str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (group, rest) = match parts[..] {
            ["api", "v1", ref rest @ ..] => ("", rest),
            ["apis", group, _, ref rest @ ..] => (group, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let (resource, rest) = rest.split_first()?;
        Some(Self {
            group,
            namespace,
            resource,
            name: rest.first().copied(),
            sub: rest.get(1).copied(),
        })
    }

    pub fn need(&self, method: &Method) -> Need {
        let verb = match (method, self.name) {
            (&Method::GET, Some(_)) => "get",
            (&Method::GET, None) => "list",
            (&Method::POST, _) => "create",
            (&Method::PATCH, _) => "patch",
            _ => "delete",
        };
        let sub = self.sub.map(|sub| format!("/{sub}")).unwrap_or_default();
        Need {
            verb: verb.to_owned(),
            group: self.group.to_owned(),
            resource: format!("{}{sub}", self.resource),
        }
    }
}
