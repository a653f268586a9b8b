//! `--sweep`: the same HPA with other values of some fields.

use std::str::FromStr;

use anyhow::bail;
use hpa_model::FeatureGates;
use oppscale_core::error::Error;
use serde_json::{Value, json};

use crate::scenario::{self, Manifest, SourceFile};

/// The most configurations of a sweep.
const MAX_CONFIGURATIONS: usize = 2_000;

/// A field and the values to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The field, as the user wrote it.
    pub field: String,
    /// The values, in order.
    pub values: Vec<String>,
}

impl FromStr for Sweep {
    type Err = String;

    /// Reads `FIELD=A,B,C` or `FIELD=FROM..TO:STEP`.
    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected FIELD=A,B,C or FIELD=FROM..TO:STEP";
        let (field, values) = text.split_once('=').ok_or(EXPECTED)?;
        let values = match values.split_once("..") {
            None => values.split(',').map(str::trim).map(str::to_owned).collect(),
            Some((from, rest)) => range(from, rest).ok_or(EXPECTED)?,
        };
        if field.is_empty() || values.iter().any(String::is_empty) {
            return Err(EXPECTED.to_owned());
        }
        if values.len() > MAX_CONFIGURATIONS {
            return Err(format!("{} values; at most {MAX_CONFIGURATIONS}", values.len()));
        }
        Ok(Self { field: field.to_owned(), values })
    }
}

/// The values from one number to another; a percent sign stays.
fn range(from: &str, rest: &str) -> Option<Vec<String>> {
    let (to, step) = rest.split_once(':')?;
    let sign = if from.ends_with('%') || to.ends_with('%') { "%" } else { "" };
    let number = |text: &str| text.trim_end_matches('%').parse::<f64>().ok();
    let (from, to, step) = (number(from)?, number(to)?, number(step)?);
    let count = (to - from) / step;
    if !(0.0..=MAX_CONFIGURATIONS as f64).contains(&count) {
        return None;
    }
    let at = |step_number: usize| from + step * step_number as f64;
    // Steps of a tenth do not add up exactly.
    let rounded = |value: f64| (value * 1e6).round() / 1e6;
    Some((0..=(count + 1e-9) as usize).map(|n| format!("{}{sign}", rounded(at(n)))).collect())
}

/// One configuration of a sweep.
pub(super) struct Variant {
    /// Field and value of each sweep.
    pub(super) values: Vec<(String, String)>,
    pub(super) manifest: Manifest,
}

/// Every combination of the sweeps' values.
///
/// # Errors
/// When a field does not exist, or the API server would refuse a value.
pub(super) fn variants(
    manifest: &Manifest,
    sweeps: &[Sweep],
    gates: FeatureGates,
) -> anyhow::Result<Vec<Variant>> {
    let count: usize = sweeps.iter().map(|sweep| sweep.values.len()).product();
    if count > MAX_CONFIGURATIONS {
        bail!(Error::usage(format!(
            "--sweep: {count} configurations; at most {MAX_CONFIGURATIONS} are simulated"
        )));
    }
    // A ScaledObject is swept as the HPA that KEDA creates from it.
    let mut object = serde_json::to_value(&manifest.autoscaler.0)?;
    object["apiVersion"] = oppscale_cluster::autoscaler::HPA_API.into();
    object["kind"] = oppscale_cluster::autoscaler::HPA.into();
    let mut variants = vec![(Vec::new(), object)];
    for Sweep { field, values } in sweeps {
        let mut next = Vec::new();
        for (chosen, object) in &variants {
            for value in values {
                let mut object: Value = object.clone();
                set(&mut object["spec"], field, value).map_err(|problem| {
                    Error::usage(format!("--sweep {field}={value}: {problem}"))
                })?;
                let mut chosen: Vec<(String, String)> = chosen.clone();
                chosen.push((field.clone(), value.clone()));
                next.push((chosen, object));
            }
        }
        variants = next;
    }
    let read = |(values, object): (Vec<(String, String)>, Value)| {
        let words: Vec<_> =
            values.iter().map(|(field, value)| format!("{field}={value}")).collect();
        let source = SourceFile::new(format!("--sweep {}", words.join(" ")), object.to_string());
        let manifest = scenario::manifests(&source, gates)?.into_iter().next();
        let manifest = manifest.ok_or_else(|| Error::failure("--sweep: the HPA was lost"))?;
        Ok(Variant { values, manifest })
    };
    variants.into_iter().map(read).collect()
}

/// Sets a field of the spec. `target` is the target of the first metric; `scaleUp` and
/// `scaleDown` stand in `behavior`.
fn set(spec: &mut Value, field: &str, text: &str) -> Result<(), String> {
    let number = text.trim_end_matches('%').parse::<i64>().map(Value::from);
    if field == "target" {
        let target = first_target(spec).ok_or("the HPA has no metric")?;
        let keys = ["averageUtilization", "averageValue", "value"];
        let key = keys.into_iter().find(|key| !target[*key].is_null());
        let key = key.ok_or("the first metric has no target")?;
        let is_percent = text.ends_with('%');
        target[key] = match (key, number) {
            ("averageUtilization", Ok(percent)) => percent,
            ("averageUtilization", Err(_)) => return Err("expected whole per cent".to_owned()),
            _ if is_percent => return Err(format!("the target is {key}, not in per cent")),
            _ => text.into(),
        };
        return Ok(());
    }
    let path = match field {
        _ if field.starts_with("scaleUp.") || field.starts_with("scaleDown.") => {
            format!("behavior.{field}")
        }
        _ => field.trim_start_matches("spec.").to_owned(),
    };
    let mut place = spec;
    for step in path.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        place = match step.parse::<usize>() {
            Ok(at) => place.get_mut(at).ok_or_else(|| format!("there is no {field}"))?,
            Err(_) => {
                if place.is_null() {
                    *place = json!({});
                }
                match place.is_object() {
                    true => &mut place[step],
                    false => return Err(format!("there is no {field}")),
                }
            }
        };
    }
    let is_text = path.ends_with("tolerance") || path.ends_with("alue") && place.is_string();
    *place = match number {
        Ok(number) if !is_text => number,
        _ => text.into(),
    };
    Ok(())
}

fn first_target(spec: &mut Value) -> Option<&mut Value> {
    if spec["metrics"].is_null() {
        // What the API server adds.
        let target = json!({ "type": "Utilization", "averageUtilization": 80 });
        spec["metrics"] =
            json!([{ "type": "Resource", "resource": { "name": "cpu", "target": target } }]);
    }
    let metric = spec.pointer_mut("/metrics/0")?.as_object_mut()?;
    metric.values_mut().find_map(|block| block.get_mut("target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_a_list_or_a_range() {
        let values = |text: &str| text.parse::<Sweep>().map(|sweep| sweep.values);
        assert_eq!(values("target=50%..60%:5").unwrap(), ["50%", "55%", "60%"]);
        assert_eq!(values("scaleDown.tolerance=0..0.3:0.1").unwrap(), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(values("maxReplicas=5, 10").unwrap(), ["5", "10"]);
        for wrong in
            ["target", "=5", "target=", "target=5..1:1", "a=1..2:0", "a=1..2", "a=0..1e9:1"]
        {
            assert!(wrong.parse::<Sweep>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_field_is_found_and_another_is_not() {
        let spec = json!({"maxReplicas": 5, "metrics": [{"type": "Pods", "pods": {
            "metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "5"}}}]});
        let after = |field: &str, value: &str| {
            let mut spec = spec.clone();
            set(&mut spec, field, value).map(|()| spec)
        };
        assert_eq!(
            after("target", "7").unwrap()["metrics"][0]["pods"]["target"]["averageValue"],
            "7"
        );
        assert_eq!(after("minReplicas", "3").unwrap()["minReplicas"], 3);
        let after_window = after("scaleDown.stabilizationWindowSeconds", "60").unwrap();
        assert_eq!(after_window["behavior"]["scaleDown"]["stabilizationWindowSeconds"], 60);
        assert_eq!(
            after("scaleUp.tolerance", "0").unwrap()["behavior"]["scaleUp"]["tolerance"],
            "0"
        );
        assert!(after("target", "50%").unwrap_err().contains("not in per cent"));
        assert!(after("scaleUp.policies[0].value", "1").is_err());
    }
}
