//! Label selectors of typed objects.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use oppscale_core::model::Pairs;
use oppscale_core::selector::{Labels, Selector};

/// A label selector as kubectl writes it.
pub fn text(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().flatten();
    let mut parts: Vec<String> = labels.map(|(key, value)| format!("{key}={value}")).collect();
    for part in selector.match_expressions.iter().flatten() {
        let values = part.values.as_deref().unwrap_or_default().join(",");
        parts.push(match part.operator.as_str() {
            "Exists" => part.key.clone(),
            "DoesNotExist" => format!("!{}", part.key),
            operator => format!("{} {} ({values})", part.key, operator.to_lowercase()),
        });
    }
    parts.join(",")
}

/// Whether a selector matches these labels; none at all matches nothing.
pub fn matches<'a>(
    selector: Option<&LabelSelector>,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
) -> bool {
    let mut pairs: Labels<'_> = Pairs::default();
    for (key, value) in labels {
        pairs.insert(key.into(), value.into());
    }
    let parsed = selector.map(|selector| Selector::parse(&text(selector)));
    parsed.is_some_and(|parsed| parsed.is_ok_and(|selector| selector.matches(&pairs)))
}
