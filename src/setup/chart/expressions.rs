//! Markers, which stand for values while templates are rendered, and become expressions.
//!
//! A template writes every value as a JSON string, composed ones too (`"NAMESPACE/SECRET"`).
//! Such a string becomes one expression that Helm quotes again: whatever a value holds, it
//! stays that string.

use serde_json::{Value, json};

use crate::setup::desired::Wishes;

const NAMESPACE: &str = "marker-namespace";
const SERVICE: &str = "marker-service";
const LABELS: &str = "marker-monitor-labels";
/// A number, for a string would not be what the API takes.
const REPLICAS: u32 = 1_000_000_007;

/// What a marker stands for. None is a part of another; those of certificates are base64.
const EXPRESSIONS: [(&str, &str); 9] = [
    (NAMESPACE, ".Release.Namespace"),
    (SERVICE, ".Values.service"),
    ("marker-image", ".Values.image"),
    ("marker-cluster-name", r#"include "oppscale.clusterName" ."#),
    ("marker-apis", r#"include "oppscale.apis" ."#),
    ("markerTlsCrt", ".Values.tls.crt | b64enc"),
    ("markerTlsKey", ".Values.tls.key | b64enc"),
    ("markerCaCert", ".Values.tls.ca | b64enc"),
    ("markerBundle", ".Values.tls.ca | b64enc"),
];

/// The wishes with a marker for each that a chart has a value for. Every API is wished for: a
/// chart has each of them on a condition.
pub(super) fn marked(wishes: &Wishes) -> Wishes {
    Wishes {
        namespace: NAMESPACE.to_owned(),
        service: SERVICE.to_owned(),
        secret: format!("{SERVICE}-tls"),
        image: "marker-image".to_owned(),
        replicas: REPLICAS,
        custom: true,
        external: true,
        monitor_labels: vec![(LABELS.to_owned(), LABELS.to_owned())],
        ..wishes.clone()
    }
}

/// Markers for what is computed, too.
pub(super) fn mark(context: &mut Value) {
    for (field, marker) in [
        ("cluster_name", "marker-cluster-name"),
        ("tls_crt", "markerTlsCrt"),
        ("tls_key", "markerTlsKey"),
        ("ca_crt", "markerCaCert"),
        ("ca_bundle", "markerBundle"),
    ] {
        context[field] = json!(marker);
    }
    if context["serves"] == true {
        context["apis"] = json!("marker-apis");
    }
}

/// A rendered document with expressions for its markers.
pub(super) fn written(text: &str) -> String {
    let mut written = String::new();
    for line in text.split_inclusive('\n') {
        if line.contains(LABELS) {
            let indent = line.split('"').next().unwrap_or_default();
            written.push_str(&format!(
                "{{{{- range $key, $value := .Values.serviceMonitor.labels }}}}\n\
                 {indent}{{{{ $key | quote }}}}: {{{{ $value | quote }}}}\n{{{{- end }}}}\n"
            ));
        } else {
            let replicas = REPLICAS.to_string();
            written.push_str(&strings(line).replace(&replicas, "{{ .Values.replicas }}"));
        }
    }
    written
}

/// A line with its strings replaced. A string never goes past a line: JSON escapes the break.
fn strings(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start);
        let end = end_of_string(string);
        text.push_str(&plain(before));
        let string = &string[..end];
        text.push_str(&expression(string).unwrap_or_else(|| plain(string)));
        rest = &rest[start + end..];
    }
    text.push_str(&plain(rest));
    text
}

/// What would be an expression to Helm and is none.
fn plain(text: &str) -> String {
    text.replace("{{", r#"{{ "{{" }}"#)
}

/// Where a JSON string ends, its quotes included.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The expression of a JSON string, if there are markers in it.
fn expression(string: &str) -> Option<String> {
    let mut format = string.replace('%', "%%");
    let mut found: Vec<_> = EXPRESSIONS
        .iter()
        .flat_map(|(marker, expression)| {
            format.match_indices(marker).map(move |(at, _)| (at, *expression))
        })
        .collect();
    if found.is_empty() {
        return None;
    }
    found.sort_unstable();
    for (marker, _) in EXPRESSIONS {
        format = format.replace(marker, "%s");
    }
    if let ([(_, expression)], "\"%s\"") = (&found[..], format.as_str()) {
        return Some(format!("{{{{ {expression} | quote }}}}"));
    }
    let arguments: Vec<_> = found.iter().map(|(_, expression)| argument(expression)).collect();
    Some(format!("{{{{ printf {format} {} | quote }}}}", arguments.join(" ")))
}

fn argument(expression: &str) -> String {
    if expression.contains(' ') { format!("({expression})") } else { expression.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_with_markers_becomes_one_expression() {
        for (text, expected) in [
            ("name: \"marker-service\"\n", "name: {{ .Values.service | quote }}\n"),
            ("replicas: 1000000007\n", "replicas: {{ .Values.replicas }}\n"),
            (
                "from: \"marker-namespace/marker-service-tls\"\n",
                "from: {{ printf \"%s/%s-tls\" .Release.Namespace .Values.service | quote }}\n",
            ),
            (
                "- \"--apis=marker-apis\"\n",
                "- {{ printf \"--apis=%s\" (include \"oppscale.apis\" .) | quote }}\n",
            ),
            (
                "a: \"5% \\\" marker-service\" # \"b\"\n",
                "a: {{ printf \"5%% \\\" %s\" .Values.service | quote }} # \"b\"\n",
            ),
            ("a: \"{{ x }}\"\n", "a: \"{{ \"{{\" }} x }}\"\n"),
            ("apiGroups: [\"\"]\n", "apiGroups: [\"\"]\n"),
            ("plain: text\n", "plain: text\n"),
        ] {
            assert_eq!(written(text), expected);
        }
    }
}
