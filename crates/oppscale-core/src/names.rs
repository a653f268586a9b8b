//! Names of objects, labels and annotations, as the API server validates them
//! (`k8s.io/apimachinery/pkg/util/validation` and `pkg/api/validation/path`, 1.36).

/// The longest DNS-1123 subdomain, bytes: the name of most objects.
pub const MAX_SUBDOMAIN: usize = 253;

/// The longest DNS-1123 label and the longest value of a label, bytes: the name of a namespace, a
/// Service or a container.
pub const MAX_LABEL: usize = 63;

/// Whether `text` is a DNS-1123 subdomain (`IsDNS1123Subdomain`): the name of most objects.
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= MAX_SUBDOMAIN && text.split('.').all(is_dns_part)
}

/// Whether `text` is a DNS-1123 label (`IsDNS1123Label`): the name of a namespace or container.
pub fn is_dns_label(text: &str) -> bool {
    text.len() <= MAX_LABEL && is_dns_part(text)
}

fn is_dns_part(text: &str) -> bool {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_end)
        && text.ends_with(is_end)
        && text.chars().all(|c| is_end(c) || c == '-')
}

/// Whether `text` may be the key of a ConfigMap or Secret (`IsConfigMapKey`).
pub fn is_config_map_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SUBDOMAIN
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text != "."
        && !text.starts_with("..")
}

/// Whether `text` may be the name of an environment variable, since Kubernetes 1.30
/// (`IsRelaxedEnvVarName`).
pub fn is_variable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=')
}

/// Whether `text` may be the name of a PriorityClass that is not the system's own
/// (`ValidatePriorityClass`).
pub fn is_priority_class(text: &str) -> bool {
    is_subdomain(text) && !text.starts_with("system-")
}

/// Whether `text` may be a segment of a URL's path (`IsValidPathSegmentName`): the name of an RBAC
/// object.
pub fn is_path_segment(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '%'])
}

/// Whether `text` may be the value of a label (`IsValidLabelValue`).
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_qualified_part(text)
}

/// Whether `text` is `name` or `prefix/name`, the prefix a subdomain (`IsQualifiedName`): the key
/// of a label, the name of a resource.
pub fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        None => is_qualified_part(text),
        Some((prefix, name)) => is_subdomain(prefix) && is_qualified_part(name),
    }
}

/// Whether `text` may be the key of an annotation: a qualified name whose prefix may have capitals.
pub fn is_annotation_key(text: &str) -> bool {
    is_qualified_name(&text.to_ascii_lowercase())
}

fn is_qualified_part(text: &str) -> bool {
    let is_end = |c: char| c.is_ascii_alphanumeric();
    text.len() <= MAX_LABEL
        && text.starts_with(is_end)
        && text.ends_with(is_end)
        && text.chars().all(|c| is_end(c) || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_api_server_takes() {
        let (label, name) = ("a".repeat(64), "a".repeat(254));
        for (is_right, right, wrong) in [
            (
                is_subdomain as fn(&str) -> bool,
                vec!["a", "0", "a.b", "a-b.c", &label, &name[1..]],
                vec!["", "A", ".a", "a.", "a..b", "-a", "a-", "a_b", "ä", &name],
            ),
            (is_dns_label, vec!["a", "0", "a-b", &label[1..]], vec!["", "a.b", "A", "-a", &label]),
            (
                is_config_map_key,
                vec!["a", "A_b.c-d", ".a", "-", &name[1..]],
                vec!["", ".", "..", "..a", "a/b", &name],
            ),
            (is_variable, vec!["A", "a b.c-1"], vec!["", "A=B", "A\n", "ä"]),
            (is_priority_class, vec!["a", "system"], vec!["", "a_b", "system-a"]),
            (is_path_segment, vec!["a", "system:a", "A b"], vec!["", ".", "..", "a/b", "a%b"]),
            (is_label_value, vec!["", "A", "a_b.C-d", &label[1..]], vec!["-", "a.", "a/b", &label]),
            (
                is_qualified_name,
                vec!["a", "A_b", "x.y/A_b", "0/1"],
                vec!["", "/a", "a/", "X.y/a", "a/b/c", "a b", &label],
            ),
            (is_annotation_key, vec!["a", "X.y/a"], vec!["", "X_y/a"]),
        ] {
            for text in right {
                assert!(is_right(text), "{text:?}");
            }
            for text in wrong {
                assert!(!is_right(text), "{text:?}");
            }
        }
    }
}
