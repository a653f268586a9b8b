//! `oppscale why`: why an HPA in the cluster has the count it has, and what it will do next.

use anyhow::bail;
use clap::Args;
use hpa_model::application::ambiguous;
use hpa_model::{
    Behavior, ControllerConfig, DryRun, DryRunStep, KubernetesVersion, SelectPolicy, Tolerance,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as QuantityText;
use oppscale_cluster::autoscaler::{HpaReader, MetricStatus};
use oppscale_cluster::{Autoscaler, Cluster, Operation, autoscalers};
use oppscale_core::error::Error;
use oppscale_core::kinds::{self, percent_encode};
use oppscale_core::quantity::Quantity;
use oppscale_core::resources::MEMORY;
use oppscale_core::units;
use serde::Deserialize;

use crate::commands::args::{ClusterArgs, parse_namespace};
use crate::completion::Values;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::terminal;
use oppscale_core::names::{is_dns_label, is_subdomain};

/// Arguments of `oppscale why`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oppscale why shop/web
      why the HPA web has its count, and what it will do at its next sync

It reads the HPA's status, its events and its behavior, what its metrics are
now, and which other HPAs scale its target; it writes nothing. A warning names
what of these it cannot read, and the answer goes by the status.
docs/simulate.md explains what an HPA does.")]
pub struct WhyArgs {
    /// The HPA
    #[arg(value_name = "[NAMESPACE/]NAME", add = Values::Objects(&kinds::HPA))]
    pub hpa: String,
    /// Namespace of the HPA [default: the one before its name, or the context's]
    #[arg(short, long, value_name = "NAMESPACE", value_parser = parse_namespace, add = Values::Names(&kinds::NAMESPACE))]
    pub namespace: Option<String>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// An event about the HPA.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    reason: Option<String>,
    message: Option<String>,
    last_timestamp: Option<String>,
    event_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Events {
    #[serde(default)]
    items: Vec<Event>,
}

/// Number of Events that are shown at most.
const MAX_EVENTS: usize = 3;

/// Reads the HPA and explains it.
///
/// # Errors
/// When it cannot be read, or does not exist.
pub async fn run(args: &WhyArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let (stated, name) = match args.hpa.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, &*args.hpa),
    };
    if !stated.is_none_or(is_dns_label) || !is_subdomain(name) {
        bail!(Error::usage(format!("{:?} is not [NAMESPACE/]NAME of an HPA", args.hpa)));
    }
    if let (Some(option), Some(namespace)) = (args.namespace.as_deref(), stated)
        && namespace != option
    {
        let text = format!("{} is in namespace {namespace}, and -n names {option}", args.hpa);
        bail!(Error::usage(text).hint("leave one of the two out"));
    }
    let cluster = args.cluster.connect().await?;
    let namespace = stated.or(args.namespace.as_deref()).unwrap_or(cluster.namespace());
    let operation = Operation::new(
        format!("get {} {namespace}/{name}", kinds::HPA.name),
        kinds::HPA.permission("get"),
    );
    let path = kinds::HPA.path(Some(namespace), name);
    let Some(hpa) = cluster.find::<Autoscaler>(&operation, &path).await? else {
        bail!(
            Error::usage(format!("there is no {} {namespace}/{name}", kinds::HPA.name))
                .hint("kubectl get hpa -A lists them")
        );
    };
    let about = format!("involvedObject.kind={},involvedObject.name={name}", kinds::HPA.name);
    let events = kinds::EVENT.list_path(Some(namespace));
    let events = format!("{events}?fieldSelector={}", percent_encode(&about));
    let operation = Operation::new("list events", kinds::EVENT.permission("list"));
    let events = cluster.find::<Events>(&operation, &events).await.unwrap_or_else(|error| {
        printer.warn(&format!("the events are left out: {error}"));
        None
    });
    let events = events.unwrap_or_default();
    let others = autoscalers(&cluster, namespace).await.unwrap_or_else(|error| {
        printer.warn(&format!("other HPAs on its target are unknown: {error}"));
        Some(Vec::new())
    });
    if others.is_none() {
        printer.warn(&format!(
            "other HPAs on its target are unknown: permission to list HPAs in {namespace} is missing"
        ));
    }
    let others = others.unwrap_or_default();
    let target = hpa.target();
    let is_other = |other: &&Autoscaler| {
        other.name() != name && other.scales(namespace, &target.kind, &target.name)
    };
    let others: Vec<_> = others.iter().filter(is_other).collect();
    let now = metrics_now(&cluster, namespace, &hpa).await.unwrap_or_else(|why| {
        printer.warn(&format!(
            "cannot read what the controller reads now: {why}; the answer goes by the status of the \
             HPA alone"
        ));
        None
    });
    let sentences = explain(&hpa, &others, now.as_ref(), &events.items);
    let text: String = sentences.iter().map(|sentence| paragraph(sentence)).collect();
    printer.data(&text)?;
    Ok(Exit::Ok)
}

/// What a sync at this moment would do, on metrics read as the controller reads them; `None` before
/// the controller has processed the HPA.
///
/// # Errors
/// Why the metrics or the scale cannot be read, as a clause. What the controller would do without
/// a metric says nothing if it is this user who may not read it.
async fn metrics_now(
    cluster: &Cluster,
    namespace: &str,
    hpa: &Autoscaler,
) -> Result<Option<DryRunStep>, String> {
    if hpa.conditions().is_empty() {
        return Ok(None);
    }
    let spec = hpa.spec().map_err(|error| error.to_string())?;
    let reader = HpaReader::new(cluster, namespace, hpa, &spec).await;
    let reading = reader.map_err(|error| error.to_string())?.read(cluster).await;
    if !reading.failures.is_empty() {
        return Err(reading.failures.join("; "));
    }
    let config = ControllerConfig::of(KubernetesVersion::default());
    Ok(Some(DryRun::new(&spec, config, &[]).sync(&reading)))
}

/// A sentence in lines of at most 80 columns; all but the first are indented.
fn paragraph(sentence: &str) -> String {
    terminal::wrapped(sentence, 78).join("\n  ") + "\n"
}

/// The replicas that one metric proposes.
struct Proposal {
    sentence: String,
    /// Replicas; `None` if the metric has no value.
    replicas: Option<i64>,
}

/// The explanation, in sentences; `others` are HPAs of the same target, and `now` is what a sync at
/// this moment would do.
fn explain(
    hpa: &Autoscaler,
    others: &[&Autoscaler],
    now: Option<&DryRunStep>,
    events: &[Event],
) -> Vec<String> {
    let (min, max) = hpa.bounds();
    let (seen, desired) = hpa.replicas();
    // The status has 0 until the controller has read the scale.
    let is_status_read = has_read_scale(hpa);
    // The count of the scale may have changed since the last sync.
    let scale = now.and_then(|now| now.cluster_replicas).map(i64::from);
    let current = scale.or_else(|| is_status_read.then_some(seen.into()));
    let target = format!("{} {}", hpa.target().kind, hpa.target().name);
    let bounds = format!("between minReplicas {min} and maxReplicas {max}");
    let name = hpa.full_name();
    let mut text = vec![match current {
        Some(current) => {
            let has = units::plural(usize::try_from(current).unwrap_or(0), "replica");
            let wants = match is_status_read {
                true => format!("; the HPA wants {desired}"),
                false => String::new(),
            };
            format!("{name}: {target} has {has}, {bounds}{wants}.")
        }
        None => format!("{name} scales {target} {bounds}."),
    }];
    if let Some(owner) = hpa.scaled_object() {
        text.push(format!("KEDA made it of ScaledObject {owner}, and undoes edits."));
    }
    let common = Autoscaler::common_bounds(others.iter().copied().chain([hpa]));
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|other| other.name()).collect();
        text.push(format!(
            "{}: keep one, with the metrics of all.",
            ambiguous(&names, &format!("{target}, too"), common)
        ));
    }
    let failed: Vec<_> = ["AbleToScale", "ScalingActive"]
        .into_iter()
        .filter_map(|kind| hpa.condition(kind).filter(|condition| condition.status == "False"))
        .collect();
    for condition in &failed {
        let reason = condition.reason.as_deref().unwrap_or_default();
        let message = condition.message.as_deref().unwrap_or_default();
        let sentence = format!("{} is False: {reason}: {message}.", condition.type_);
        // The other HPAs are named above.
        let is_told = reason == "AmbiguousSelector" && !others.is_empty();
        let remedy = if is_told { "" } else { remedy(reason) };
        text.push(format!("{sentence} {remedy}").trim_end().to_owned());
    }
    if hpa.conditions().is_empty() {
        text.push(
            "The controller has not processed it yet: that takes one sync, 15 s after it was \
             created."
                .to_owned(),
        );
        return text;
    }
    let behavior = hpa.spec().ok().and_then(|spec| spec.behavior);
    // Without the scale the controller reads no metric.
    let proposals: Vec<_> = current.map_or_else(Vec::new, |current| {
        let readings = hpa.readings();
        readings.filter_map(|reading| proposal(reading, current, behavior.as_ref())).collect()
    });
    let told = proposals.iter().filter(|told| is_status_read || told.replicas.is_some());
    text.extend(told.map(|proposal| proposal.sentence.clone()));
    text.extend(now.map(|now| format!("Read now: {}.", now.reason)));
    // Metrics that failed at the last sync and can be read now stop nothing.
    let is_stopped = !others.is_empty()
        || failed.iter().any(|condition| {
            let reason = condition.reason.as_deref().unwrap_or_default();
            let lifted = now.is_some_and(|now| match reason {
                "FailedGetScale" => now.cluster_replicas.is_some(),
                // The controller sets it while there are 0 replicas.
                "ScalingDisabled" => now.cluster_replicas.is_some_and(|replicas| replicas > 0),
                _ => {
                    let is_of_metrics =
                        reason.starts_with("FailedGet") && reason.ends_with("Metric");
                    is_of_metrics && now.proposed_replicas.is_some()
                }
            });
            !lifted
        });
    text.push(match current {
        Some(current)
            if common.swing().is_some() && (i64::from(min)..=i64::from(max)).contains(&current) =>
        {
            format!("Next sync: it stays at {current}, from where another HPA moves it.")
        }
        Some(current) => next(hpa, current, &proposals, now, is_stopped),
        None => {
            "Next sync: no change, as long as the scale of the target cannot be read.".to_owned()
        }
    });
    let shown = events.iter().rev().take(MAX_EVENTS);
    text.extend(shown.map(|event| {
        let at = event.last_timestamp.as_ref().or(event.event_time.as_ref());
        format!(
            "{} {}: {}",
            at.map_or("event", String::as_str),
            event.reason.as_deref().unwrap_or_default(),
            event.message.as_deref().unwrap_or_default()
        )
    }));
    text
}

/// Whether the controller has read the scale of the target.
fn has_read_scale(hpa: &Autoscaler) -> bool {
    hpa.condition("AbleToScale")
        .is_some_and(|condition| condition.reason.as_deref() != Some("FailedGetScale"))
}

/// The hint for a condition that is False.
fn remedy(reason: &str) -> &'static str {
    match reason {
        "ScalingDisabled" => {
            "The target has 0 replicas, and an HPA does not start it from there: kubectl scale it to \
             1 or more."
        }
        "AmbiguousSelector" => "Other HPAs have the same pods: keep one, with the metrics of all.",
        "InvalidSelector" => "The target's scale has no usable selector.",
        "FailedGetResourceMetric" | "FailedGetContainerResourceMetric" => {
            "Look whether metrics-server runs (kubectl top pods) and whether every container of the \
             pods requests the resource."
        }
        "FailedGetExternalMetric" | "FailedGetObjectMetric" | "FailedGetPodsMetric" => {
            "Look whether an adapter serves the metric: oppscale check --only owners tells who \
             answers for the metrics APIs."
        }
        "FailedGetScale" => "Look whether the target exists and has a scale.",
        "FailedUpdateScale" => {
            "Look who refuses the new count: an admission webhook, a quota, or RBAC of the controller."
        }
        _ => "",
    }
}

/// The tolerance in the direction of `ratio`: that of the behavior, or the usual one.
fn tolerance(ratio: f64, behavior: Option<&Behavior>) -> f64 {
    let rules = behavior.and_then(|behavior| match ratio > 1.0 {
        true => behavior.scale_up.as_ref(),
        false => behavior.scale_down.as_ref(),
    });
    let own = rules.and_then(|rules| rules.tolerance).map(Tolerance::as_f64);
    own.unwrap_or(ControllerConfig::of(KubernetesVersion::default()).tolerance)
}

/// The replicas that a metric proposes, by its value in the status.
fn proposal(
    metric: MetricStatus<'_>,
    current: i64,
    behavior: Option<&Behavior>,
) -> Option<Proposal> {
    let MetricStatus { name, is_resource, target, value } = metric;
    let Some(value) = value else {
        let sentence = format!(
            "{name} has no value: the controller could not read it. While a metric is missing it \
             does not scale down."
        );
        return Some(Proposal { sentence, replicas: None });
    };
    let number = |text: &str| text.parse::<Quantity>().ok().map(|q| q.milli_value().value as f64);
    // The controller writes an average of memory as its bytes.
    let is_memory = is_resource && name == MEMORY;
    let shown = |text: &str| {
        let bytes = units::parse_quantity(text).filter(|_| is_memory);
        let bytes = bytes.and_then(|bytes| units::amount_of(MEMORY, bytes));
        bytes.map_or_else(|| text.to_owned(), |bytes| units::amount(MEMORY, bytes))
    };
    let quantities = |now: &Option<QuantityText>, wanted: &Option<QuantityText>| {
        let (now, wanted) = (now.as_ref()?, wanted.as_ref()?);
        Some((number(&now.0)? / number(&wanted.0)?, shown(&now.0), shown(&wanted.0)))
    };
    let percent = || {
        let (now, wanted) = (value.average_utilization?, target.average_utilization?);
        let ratio = f64::from(now) / f64::from(wanted);
        Some((ratio, format!("{now} % of the requests"), format!("{wanted} %")))
    };
    let averages = || {
        let (ratio, now, wanted) = quantities(&value.average_value, &target.average_value)?;
        Some((ratio, format!("{now} a pod"), wanted))
    };
    let (ratio, now, wanted) =
        percent().or_else(averages).or_else(|| quantities(&value.value, &target.value))?;
    let tolerance = tolerance(ratio, behavior);
    let is_within = (ratio - 1.0).abs() <= tolerance + 1e-9;
    let replicas = match is_within {
        true => current,
        false => (ratio * current as f64 - 1e-9).ceil() as i64,
    };
    let end = match is_within {
        true => {
            let percent = units::decimal((tolerance * 1e4).round() as i128, 2);
            format!(
                "within the tolerance of {percent} %, so it asks for the {current} that there are"
            )
        }
        false => format!("so it asks for about {replicas} (ready pods and missing ones decide)"),
    };
    let sentence = format!("{name} is {now}, its target {wanted}: {ratio:.2} times, {end}.");
    Some(Proposal { sentence, replicas: Some(replicas) })
}

/// The sentence on the next sync of an HPA whose target has `current` replicas. It assumes the
/// metrics of now, or else those of the status.
fn next(
    hpa: &Autoscaler,
    current: i64,
    proposals: &[Proposal],
    now: Option<&DryRunStep>,
    is_stopped: bool,
) -> String {
    let (min, max) = hpa.bounds();
    let (min, max) = (i64::from(min), i64::from(max));
    if current == 0 && min > 0 {
        return "Next sync: it stays at 0, from where an HPA does not start its target.".to_owned();
    }
    let behavior = hpa.spec().ok().and_then(|spec| spec.behavior);
    let window = behavior.as_ref().map_or(300, |behavior| behavior.down(300).window_seconds);
    let is_off = |up: bool| {
        behavior.as_ref().is_some_and(|behavior| {
            let rules = if up { behavior.up() } else { behavior.down(300) };
            rules.select == SelectPolicy::Disabled
        })
    };
    let (most, is_missing) = match now {
        Some(now) => (now.proposed_replicas.map(i64::from), false),
        None => (
            proposals.iter().filter_map(|proposal| proposal.replicas).max(),
            proposals.iter().any(|proposal| proposal.replicas.is_none()),
        ),
    };
    if current > max || (current > 0 && current < min) {
        let bound = current.clamp(min, max);
        return format!("Next sync: {bound}, because {current} lies outside of its bounds.");
    }
    let Some(most) = most.filter(|_| !is_stopped || !is_missing) else {
        return match is_stopped && now.is_some() {
            true => format!("Next sync: it stays at {current} until that is mended."),
            false => format!("Next sync: it stays at {current}, because no metric can be read."),
        };
    };
    if is_stopped {
        return format!("Next sync: it stays at {current} until that is mended.");
    }
    let bounded = most.clamp(min, max);
    let because = match bounded == most {
        true => String::new(),
        false if most > max => format!(" (its metrics ask for {most}, but maxReplicas is {max})"),
        false => format!(" (its metrics ask for {most}, but minReplicas is {min})"),
    };
    match bounded {
        same if same == current => format!("Next sync: it stays at {current}{because}."),
        up if up > current && is_off(true) => {
            format!("Next sync: it stays at {current}, because scaleUp is Disabled{because}.")
        }
        up if up > current => format!(
            "Next sync: up towards {up}{because}, as fast as the policies and window of scaleUp \
             allow."
        ),
        _ if is_missing => {
            format!(
                "Next sync: it stays at {current}: it does not scale down while a metric fails."
            )
        }
        _ if is_off(false) => {
            format!("Next sync: it stays at {current}, because scaleDown is Disabled{because}.")
        }
        down => {
            let stabilized = hpa.condition("AbleToScale").and_then(|c| c.reason.as_deref());
            match stabilized == Some("ScaleDownStabilized") {
                true => format!(
                    "Next sync: it stays at {current} as long as more was asked for within the last \
                     {window} s (scaleDown.stabilizationWindowSeconds), then down towards \
                     {down}{because}."
                ),
                false => format!(
                    "Next sync: down towards {down}{because}, once nothing more was asked for \
                     within {window} s, as fast as the policies of scaleDown allow."
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn hpa() -> Value {
        json!({
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 2, "maxReplicas": 20,
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": 70}}},
                    {"type": "External", "external": {"metric": {"name": "jobs"},
                        "target": {"type": "AverageValue", "averageValue": "10"}}}
                ]
            },
            "status": {
                "currentReplicas": 10, "desiredReplicas": 10,
                "conditions": [
                    {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
                    {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}
                ],
                "currentMetrics": [
                    {"type": "Resource", "resource": {"name": "cpu",
                        "current": {"averageUtilization": 91, "averageValue": "455m"}}},
                    {"type": "External", "external": {"metric": {"name": "jobs"},
                        "current": {"averageValue": "9500m"}}}
                ]
            }
        })
    }

    fn of(change: impl FnOnce(&mut Value)) -> String {
        let mut object = hpa();
        change(&mut object);
        explain(&serde_json::from_value(object).unwrap(), &[], None, &[]).join("\n")
    }

    /// With `proposed` replicas that the metrics ask for at this moment.
    fn now(proposed: Option<i32>, change: impl FnOnce(&mut Value)) -> String {
        with_scale(10, proposed, change)
    }

    /// The same with a scale of `replicas` at this moment.
    fn with_scale(replicas: u32, proposed: Option<i32>, change: impl FnOnce(&mut Value)) -> String {
        let mut object = hpa();
        change(&mut object);
        let step = DryRunStep {
            at_ms: 0,
            cluster_replicas: Some(replicas),
            replicas: Some(replicas),
            proposed_replicas: proposed,
            reason: "cpu is what it is".to_owned(),
            has_failed: false,
        };
        explain(&serde_json::from_value(object).unwrap(), &[], Some(&step), &[]).join("\n")
    }

    #[test]
    fn the_metric_that_asks_for_the_most_decides() {
        let text = of(|_| {});
        for part in [
            "shop/web: Deployment web has 10 replicas, between minReplicas 2 and maxReplicas 20",
            "cpu is 91 % of the requests, its target 70 %: 1.30 times, so it asks for about 13",
            "jobs is 9500m a pod, its target 10: 0.95 times, within the tolerance of 10 %",
            "Next sync: up towards 13,",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    /// The status is of the last sync, which is up to 15 s ago; the next one reads what is read
    /// now.
    #[test]
    fn the_next_sync_goes_by_what_is_read_now() {
        assert!(now(Some(17), |_| {}).contains("Next sync: up towards 17,"));
        assert!(now(Some(10), |_| {}).contains("Next sync: it stays at 10."));
        assert!(now(Some(4), |_| {}).contains("Next sync: down towards 4,"));
        assert!(now(None, |_| {}).contains("Next sync: it stays at 10, because no metric can be"));
        let failed = |reason: &'static str| {
            move |hpa: &mut Value| {
                hpa["status"]["conditions"][1] =
                    json!({"type": "ScalingActive", "status": "False", "reason": reason});
            }
        };
        let text = now(Some(17), failed("FailedGetResourceMetric"));
        assert!(text.contains("Next sync: up towards 17,"), "it can be read again: {text}");
        let text = now(Some(17), failed("FailedGetScale"));
        assert!(text.contains("Next sync: up towards 17,"), "its scale was read: {text}");
        assert!(with_scale(25, None, |_| {}).contains("Next sync: 20, because 25 lies outside"));
        assert!(with_scale(0, None, |_| {}).contains("Next sync: it stays at 0, from where"));
        assert!(with_scale(17, Some(17), |_| {}).contains("Next sync: it stays at 17."));
        let text = now(Some(17), failed("AmbiguousSelector"));
        assert!(text.contains("Next sync: it stays at 10 until that is mended."), "{text}");
    }

    /// The others are of another target, or cannot be listed.
    #[test]
    fn pods_may_have_more_than_two_hpas() {
        let text = of(|hpa| {
            hpa["status"]["conditions"][1] = json!({"type": "ScalingActive",
                "status": "False", "reason": "AmbiguousSelector", "message": "why"});
        });
        let remedy = "why. Other HPAs have the same pods: keep one, with the metrics of all.";
        assert!(text.contains(remedy), "{text}");
    }

    /// The second one may be so new that no condition tells of it.
    #[test]
    fn other_hpas_of_the_same_target_are_named() {
        let hpa = serde_json::from_value(hpa()).unwrap();
        let mut other = self::hpa();
        other["metadata"]["name"] = "web-old".into();
        let old: Autoscaler = serde_json::from_value(other.clone()).unwrap();
        let text = explain(&hpa, &[&old], None, &[]).join("\n");
        assert!(text.contains("web-old scales Deployment web, too, so the controller"), "{text}");
        assert!(text.contains("Next sync: it stays at 10 until that is mended."), "{text}");
        // They are no reason to drop the remedy of another problem.
        let failed = |reason: &str| {
            let mut object = self::hpa();
            object["status"]["conditions"][1] = json!({"type": "ScalingActive",
                "status": "False", "reason": reason, "message": "why"});
            let hpa = serde_json::from_value(object).unwrap();
            explain(&hpa, &[&old], None, &[]).join("\n")
        };
        let text = failed("FailedGetResourceMetric");
        assert!(text.contains("FailedGetResourceMetric: why. Look whether"), "{text}");
        let text = failed("AmbiguousSelector");
        assert!(text.contains("AmbiguousSelector: why.\n"), "{text}");
        // Their bounds move the target all the same.
        for (bounds, next) in [
            ((30, 40), "it stays at 10, from where another HPA moves it."),
            ((1, 1), "it stays at 10, from where another HPA moves it."),
        ] {
            (other["spec"]["minReplicas"], other["spec"]["maxReplicas"]) =
                (bounds.0.into(), bounds.1.into());
            let other = serde_json::from_value(other.clone()).unwrap();
            let text = explain(&hpa, &[&other], None, &[]).join("\n");
            assert!(text.contains("replicas in turn: keep one"), "{text}");
            assert!(text.contains(&format!("Next sync: {next}")), "{text}");
        }
    }

    #[test]
    fn memory_is_shown_in_units() {
        let memory = |target: &str, current: &str| {
            of(|hpa| {
                hpa["spec"]["metrics"][0]["resource"] = json!({"name": "memory",
                    "target": {"type": "AverageValue", "averageValue": target}});
                hpa["status"]["currentMetrics"][0]["resource"] =
                    json!({"name": "memory", "current": {"averageValue": current}});
            })
        };
        let text = memory("500Mi", "1073741824");
        assert!(text.contains("memory is 1Gi a pod, its target 500Mi: 2.05 times"), "{text}");
        // The name of an External metric tells nothing of its unit.
        let text = of(|hpa| {
            hpa["spec"]["metrics"][1]["external"]["metric"]["name"] = "memory".into();
            hpa["status"]["currentMetrics"][1]["external"] = json!({"metric": {"name": "memory"},
                "current": {"averageValue": "1073741824"}});
        });
        assert!(text.contains("memory is 1073741824 a pod, its target 10:"), "{text}");
    }

    #[test]
    fn a_metric_has_no_value_of_another_type_with_its_name() {
        let text = of(|hpa| {
            hpa["spec"]["metrics"][1]["external"]["metric"]["name"] = "cpu".into();
            hpa["status"]["currentMetrics"][1] = json!({"type": ""});
        });
        assert!(text.contains("cpu is 91 %") && text.contains("cpu has no value"), "{text}");
    }

    /// `status.currentReplicas` is 0 then, whatever the target has.
    #[test]
    fn a_scale_that_nobody_has_read_is_not_zero_replicas() {
        let text = of(|hpa| {
            hpa["status"] = json!({"currentReplicas": 0, "desiredReplicas": 0, "conditions": [
                {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale",
                    "message": "deployments/scale.apps \"web\" not found"}
            ]});
        });
        for part in [
            "shop/web scales Deployment web between minReplicas 2 and maxReplicas 20.",
            "Look whether the target exists and has a scale.",
            "Next sync: no change, as long as the scale of the target cannot be read.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("0 replicas") && !text.contains("no value"), "{text}");
        let text = of(|hpa| hpa["status"] = json!({"desiredReplicas": 0}));
        assert!(text.starts_with("shop/web scales Deployment web between"), "{text}");
        // This command reads what the controller could not.
        let failed = |metrics: Value| {
            with_scale(10, Some(13), |hpa| {
                hpa["status"] = json!({"currentReplicas": 0, "desiredReplicas": 0,
                "currentMetrics": metrics, "conditions": [
                    {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale",
                        "message": "deployments/scale.apps \"web\" not found"}
                ]});
            })
        };
        let text = failed(Value::Null);
        let first = "shop/web: Deployment web has 10 replicas, between minReplicas 2 and \
                     maxReplicas 20.\n";
        assert!(text.starts_with(first), "{text}");
        assert!(!text.contains("HPA wants") && !text.contains("no value"), "{text}");
        assert!(text.contains("Next sync: up towards 13,"), "{text}");
        let text = failed(hpa()["status"]["currentMetrics"].clone());
        assert!(text.contains("1.30 times, so it asks for about 13"), "{text}");
        let text = of(|hpa| hpa["status"]["currentReplicas"] = 1.into());
        assert!(text.contains("has 1 replica, between"), "{text}");
        let text = of(|hpa| {
            hpa["status"]["conditions"][0] = json!({"type": "AbleToScale", "status": "False",
                "reason": "FailedUpdateScale", "message": "forbidden"});
        });
        assert!(text.contains("FailedUpdateScale: forbidden. Look who refuses"), "{text}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    }

    #[test]
    fn bounds_windows_and_disabled_directions_hold_it() {
        let text = of(|hpa| hpa["spec"]["maxReplicas"] = 10.into());
        assert!(
            text.contains("it stays at 10 (its metrics ask for 13, but maxReplicas is 10)"),
            "{text}"
        );
        let text = of(|hpa| {
            hpa["spec"]["behavior"] = json!({"scaleUp": {"selectPolicy": "Disabled"}});
        });
        assert!(text.contains("it stays at 10, because scaleUp is Disabled."), "{text}");
        let idle = |hpa: &mut Value| {
            hpa["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"] =
                35.into();
            hpa["status"]["currentMetrics"][1]["external"]["current"]["averageValue"] = "1".into();
        };
        let text = of(|hpa| {
            idle(hpa);
            hpa["status"]["conditions"][0]["reason"] = "ScaleDownStabilized".into();
        });
        assert!(
            text.contains("it stays at 10 as long as more was asked for within the last 300 s"),
            "{text}"
        );
        assert!(text.contains("then down towards 5"), "{text}");
        let text = of(|hpa| {
            idle(hpa);
            hpa["status"]["currentMetrics"][1] = json!({"type": ""});
        });
        assert!(text.contains("jobs has no value"), "{text}");
        assert!(text.contains("it does not scale down while a metric fails"), "{text}");
    }

    #[test]
    fn a_condition_that_is_false_comes_with_what_to_do() {
        let text = of(|hpa| {
            hpa["status"]["conditions"][1] = json!({"type": "ScalingActive", "status": "False",
                "reason": "FailedGetResourceMetric", "message": "missing request for cpu"});
            hpa["status"]["currentMetrics"] = json!(null);
        });
        assert!(
            text.contains("FailedGetResourceMetric: missing request for cpu. Look whether"),
            "{text}"
        );
        assert!(text.contains("it stays at 10, because no metric can be read."), "{text}");
        let text = of(|hpa| hpa["status"] = json!({"desiredReplicas": 0}));
        assert!(text.contains("has not processed it yet"), "{text}");
    }
}
