//! Label selectors: `app=web,tier in (a,b),!canary`, and the same as objects write them.
//!
//! Grammar and meaning of `k8s.io/apimachinery/pkg/labels` (1.36). Node selectors add
//! `Gt` and `Lt`.

use std::fmt;

use serde_json::{Value, json};

use super::malformed::Malformed;
use super::model::{LabelSelectorJson, Pairs, SelectorRequirement, Text};
use super::names::{is_label_value, is_qualified_name};

/// Labels by key, as a pod or node carries them.
pub type Labels<'a> = Pairs<'a, Text<'a>>;

/// All requirements must hold; a selector without any matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

/// Requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
    Gt(i64),
    Lt(i64),
}

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a label selector: {problem}")]
pub struct SelectorError {
    text: String,
    problem: String,
}

impl Selector {
    /// Whether `labels` meet every requirement.
    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }

    /// The requirements on labels.
    pub fn requirements(&self) -> &[Requirement] {
        &self.0
    }

    /// Whether the selector selects everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The requirement that `key` has the value `value`.
    pub fn label(key: &str, value: &str) -> Self {
        Self(vec![Requirement { key: key.to_owned(), test: Test::In(vec![value.to_owned()]) }])
    }

    /// The selector of a workload's spec.
    ///
    /// # Errors
    /// On an operator that label selectors do not have.
    pub fn from_object(object: &LabelSelectorJson<'_>) -> Result<Self, Malformed> {
        let labels = object.match_labels.iter().map(|(key, value)| {
            Ok(Requirement { key: key.to_owned(), test: Test::In(vec![value.to_string()]) })
        });
        let expressions = object.match_expressions.iter().map(|expression| {
            Requirement::from_object(expression)
                .filter(|r| !matches!(r.test, Test::Gt(_) | Test::Lt(_)))
                .ok_or_else(|| Malformed::new("matchExpressions", bad_operator(expression)))
        });
        labels.chain(expressions).collect::<Result<_, _>>().map(Self)
    }

    /// Parses what `kubectl -l` takes.
    ///
    /// # Errors
    /// On anything that is no requirement, naming the part.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        split_requirements(text)
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                Requirement::parse(part.trim())
                    .map_err(|problem| SelectorError { text: text.to_owned(), problem })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Selector {
    /// The selector as `kubectl -l` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, requirement) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "," };
            let key = &requirement.key;
            match &requirement.test {
                Test::In(values) if values.len() == 1 => {
                    write!(f, "{separator}{key}={}", values[0])?
                }
                Test::In(values) => write!(f, "{separator}{key} in ({})", values.join(","))?,
                Test::NotIn(values) => write!(f, "{separator}{key} notin ({})", values.join(","))?,
                Test::Exists => write!(f, "{separator}{key}")?,
                Test::DoesNotExist => write!(f, "{separator}!{key}")?,
                Test::Gt(bound) => write!(f, "{separator}{key}>{bound}")?,
                Test::Lt(bound) => write!(f, "{separator}{key}<{bound}")?,
            }
        }
        Ok(())
    }
}

impl Requirement {
    /// The requirement as a `matchExpressions` list writes it.
    pub fn to_object(&self) -> Value {
        let (operator, values) = match &self.test {
            Test::In(values) => ("In", values.clone()),
            Test::NotIn(values) => ("NotIn", values.clone()),
            Test::Exists => ("Exists", Vec::new()),
            Test::DoesNotExist => ("DoesNotExist", Vec::new()),
            Test::Gt(bound) => ("Gt", vec![bound.to_string()]),
            Test::Lt(bound) => ("Lt", vec![bound.to_string()]),
        };
        json!({ "key": self.key, "operator": operator, "values": values })
    }

    /// A requirement of a `matchExpressions` list; `None` for an unknown operator.
    pub fn from_object(object: &SelectorRequirement<'_>) -> Option<Self> {
        let values = || object.values.iter().map(|value| value.to_string()).collect();
        let number = || object.values.first().and_then(|value| value.parse().ok());
        let test = match &*object.operator {
            "In" => Test::In(values()),
            "NotIn" => Test::NotIn(values()),
            "Exists" => Test::Exists,
            "DoesNotExist" => Test::DoesNotExist,
            "Gt" => Test::Gt(number()?),
            "Lt" => Test::Lt(number()?),
            _ => return None,
        };
        Some(Self { key: object.key.to_string(), test })
    }

    /// Whether `labels` meet the requirement. An absent label meets `NotIn`, as upstream.
    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.matches_value(labels.get(&self.key).map(Text::as_str))
    }

    /// Whether the value of the key, if any, meets the requirement.
    pub fn matches_value(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            Test::In(values) => value.is_some_and(|v| values.iter().any(|one| one == v)),
            Test::NotIn(values) => value.is_none_or(|v| values.iter().all(|one| one != v)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
            Test::Gt(bound) => number().is_some_and(|n| n > *bound),
            Test::Lt(bound) => number().is_some_and(|n| n < *bound),
        }
    }

    /// The key that is looked at.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Bytes of text in it.
    pub(crate) fn size(&self) -> usize {
        let values = match &self.test {
            Test::In(values) | Test::NotIn(values) => &**values,
            Test::Exists | Test::DoesNotExist | Test::Gt(_) | Test::Lt(_) => &[],
        };
        // An empty value takes its place, too.
        self.key.len() + values.iter().map(|value| value.len() + 1).sum::<usize>()
    }

    /// The values of which the label must have one; none for other tests.
    pub fn values(&self) -> &[String] {
        match &self.test {
            Test::In(values) => values,
            _ => &[],
        }
    }

    fn parse(part: &str) -> Result<Self, String> {
        let make = |key: &str, test| {
            let key = key.trim();
            check_key(key).map(|()| Self { key: key.to_owned(), test })
        };
        let one = |value: &str| check_value(value.trim()).map(|v| vec![v]);
        if let Some((key, value)) = part.split_once("!=") {
            return make(key, Test::NotIn(one(value)?));
        }
        if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            return make(key, Test::In(one(value)?));
        }
        if let Some(key) = part.strip_prefix('!') {
            return make(key, Test::DoesNotExist);
        }
        if let Some((head, list)) = part.split_once('(') {
            let list = list.strip_suffix(')').ok_or("a list of values must end with )")?;
            let values: Vec<_> =
                list.split(',').map(|v| check_value(v.trim())).collect::<Result<_, _>>()?;
            return match head.trim().rsplit_once(char::is_whitespace) {
                Some((key, "in")) => make(key, Test::In(values)),
                Some((key, "notin")) => make(key, Test::NotIn(values)),
                _ => Err(format!("expected KEY in (..) or KEY notin (..), found {part:?}")),
            };
        }
        make(part, Test::Exists)
    }
}

/// Splits at the commas that do not stand between parentheses.
fn split_requirements(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

fn check_key(key: &str) -> Result<(), String> {
    is_qualified_name(key).then_some(()).ok_or_else(|| format!("{key:?} is not a label key"))
}

fn check_value(value: &str) -> Result<String, String> {
    let is_value = is_label_value(value);
    is_value.then(|| value.to_owned()).ok_or_else(|| format!("{value:?} is not a label value"))
}

fn bad_operator(expression: &SelectorRequirement<'_>) -> super::malformed::Problem {
    super::malformed::Problem::Other(format!(
        "{:?} is not an operator on {:?}",
        &*expression.operator, &*expression.key
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &str) -> bool {
        let labels: Labels<'_> = serde_json::from_str(labels).unwrap();
        Selector::parse(selector).unwrap().matches(&labels)
    }

    #[test]
    fn requirements_mean_what_kubectl_means() {
        let labels = r#"{"app":"web","tier":"a"}"#;
        for (selector, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("zone!=a", true),
            ("app", true),
            ("!app", false),
            ("!zone", true),
            ("tier in (a, b)", true),
            ("tier notin (a,b)", false),
            ("zone notin (a)", true),
            ("app=web,tier in (b,c)", false),
            ("app = web , tier=a", true),
        ] {
            assert_eq!(matches(selector, labels), expected, "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused_by_its_part() {
        for bad in ["app in a", "app in (a", "a b", "app=we b", "=x", "tier within (a)"] {
            assert!(Selector::parse(bad).is_err(), "{bad}");
        }
    }
}
