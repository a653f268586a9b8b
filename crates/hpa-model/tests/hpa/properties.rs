//! Properties of any run.

use super::support::lab::*;
use hpa_model::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Move {
    after_ms: u64,
    load_milli: i64,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (15_000_u64..16_000, 0_i64..120_000)
        .prop_map(|(after_ms, load_milli)| Move { after_ms, load_milli });
    proptest::collection::vec(one, 1..80)
}

fn rules() -> impl Strategy<Value = ScalingRules> {
    let policy =
        (any::<bool>(), 1_i32..150, 1_i32..400).prop_map(|(pods, value, seconds)| Policy {
            kind: if pods { PolicyType::Pods } else { PolicyType::Percent },
            value,
            period_seconds: seconds,
        });
    let select = prop_oneof![
        Just(None),
        Just(Some(SelectPolicy::Max)),
        Just(Some(SelectPolicy::Min)),
        Just(Some(SelectPolicy::Disabled)),
    ];
    (
        proptest::option::of(0_i32..400),
        select,
        proptest::option::of(proptest::collection::vec(policy, 1..4)),
    )
        .prop_map(|(window, select_policy, policies)| ScalingRules {
            stabilization_window_seconds: window,
            select_policy,
            policies,
            tolerance: None,
        })
}

fn behavior() -> impl Strategy<Value = Option<Behavior>> {
    let both = (proptest::option::of(rules()), proptest::option::of(rules()));
    proptest::option::of(both.prop_map(|(scale_up, scale_down)| Behavior { scale_up, scale_down }))
}

/// Gives both directions the same longest period. The controller keeps events of one direction
/// only as long as that direction's policies look back, so with unequal periods it forgets some
/// that the other direction still counts; `tests/controller.rs` has that case.
fn leveled(behavior: Option<Behavior>) -> Behavior {
    let mut behavior = behavior.unwrap_or_default().defaulted();
    let mut lists: Vec<&mut Vec<Policy>> = [&mut behavior.scale_up, &mut behavior.scale_down]
        .into_iter()
        .filter_map(|rules| rules.as_mut()?.policies.as_mut())
        .collect();
    let all = lists.iter().flat_map(|list| list.iter());
    let longest = all.map(|policy| policy.period_seconds).max().unwrap_or(15);
    for list in &mut lists {
        list[0].period_seconds = longest;
    }
    behavior
}

/// The rules of `behavior` a second time, as slowly and plainly as they are told: full lists of
/// everything that happened, floats nowhere but in the percentage.
#[derive(Default)]
struct Plain {
    wishes: Vec<(u64, i64)>,
    rescales: Vec<(u64, i64)>,
}

impl Plain {
    fn run(&mut self, now: u64, spec: &HpaSpec, current: i64, wish: i64) -> i64 {
        if self.wishes.is_empty() {
            self.wishes.push((now - 1, current));
        }
        let behavior = spec.behavior.clone().unwrap_or_default();
        let (up, down) = (behavior.up(), behavior.down(300));
        let young = |at: u64, seconds: i32| now - at < u64::try_from(seconds).unwrap() * 1000;
        let recent = |seconds: i32| {
            let all = self.wishes.iter();
            all.filter(move |(at, _)| young(*at, seconds)).map(|(_, n)| *n)
        };
        let lowest = recent(up.window_seconds).min().unwrap_or(wish).min(wish);
        let highest = recent(down.window_seconds).max().unwrap_or(wish).max(wish);
        self.wishes.push((now, wish));
        let wanted = if current < lowest {
            lowest
        } else if current > highest {
            highest
        } else {
            current
        };
        let start = |policy: &Policy| {
            let all = self.rescales.iter();
            let moved = all.filter(|(at, _)| young(*at, policy.period_seconds));
            current - moved.map(|(_, by)| by).sum::<i64>()
        };
        let after = |policy: &Policy, sign: i64| {
            let (start, value) = (start(policy), i64::from(policy.value));
            match policy.kind {
                PolicyType::Pods => start + sign * value,
                PolicyType::Percent => {
                    let share = start as f64 * (1.0 + (sign * value) as f64 / 100.0);
                    if sign > 0 { share.ceil() as i64 } else { share.trunc() as i64 }
                }
            }
        };
        let (min, max) = (i64::from(spec.effective_min()), i64::from(spec.max_replicas));
        let result = if wanted > current {
            let allowed = up.policies.iter().map(|policy| after(policy, 1));
            let limit = match up.select {
                SelectPolicy::Max => allowed.max(),
                SelectPolicy::Min => allowed.min(),
                SelectPolicy::Disabled => None,
            };
            wanted.min(limit.unwrap_or(current).max(current)).min(max)
        } else if wanted < current {
            let allowed = down.policies.iter().map(|policy| after(policy, -1));
            let limit = match down.select {
                SelectPolicy::Max => allowed.min(),
                SelectPolicy::Min => allowed.max(),
                SelectPolicy::Disabled => None,
            };
            wanted.max(limit.unwrap_or(current).min(current)).max(min)
        } else {
            current
        };
        if result != current {
            self.rescales.push((now, result - current));
        }
        result
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 2))]

    #[test]
    fn once_in_range_always_in_range(
        behavior in behavior(),
        moves in moves(),
        start in 1_u32..200,
        min in 1_u32..20,
        extra in 0_u32..100,
        value in any::<bool>(),
    ) {
        let mut spec = table_spec();
        spec.behavior = behavior;
        (spec.min_replicas, spec.max_replicas) = (Some(min), min + extra);
        if value {
            spec.metrics = vec![external(MetricTarget::value(30_000))];
        }
        let mut lab = Lab::new(spec, start);
        let mut seen = (min..=min + extra).contains(&start);
        for step in &moves {
            lab.now_ms += step.after_ms - 15_000;
            let replicas = lab.run(&[Sample::External(&[step.load_milli])]);
            let inside = (min..=min + extra).contains(&replicas);
            prop_assert!(inside || !seen);
            seen |= inside;
        }
        prop_assert!(seen);
    }

    #[test]
    fn a_plain_second_telling_of_behavior_agrees(
        behavior in behavior(),
        moves in moves(),
        start in 1_u32..100,
        min in 1_u32..10,
    ) {
        let mut spec = table_spec();
        spec.behavior = Some(leveled(behavior));
        (spec.min_replicas, spec.max_replicas) = (Some(min), 100);
        let start = start.max(min);
        let mut plain = Plain::default();
        let mut lab = Lab::new(spec.clone(), start);
        for step in &moves {
            lab.now_ms += step.after_ms - 15_000;
            let before = i64::from(lab.replicas);
            let after = i64::from(lab.run(&[Sample::External(&[step.load_milli])]));
            let outcome = lab.last.expect("a run");
            let wish = i64::from(outcome.proposed_replicas.expect("a wish"));
            let told = plain.run(lab.now_ms, &spec, before, wish);
            prop_assert_eq!(after, told);
        }
    }

    /// The same history, then more load: never fewer replicas. Not so for negative sums.
    #[test]
    fn more_load_never_gives_fewer_replicas(
        behavior in behavior(),
        moves in moves(),
        start in 1_u32..100,
        load in 0_i64..120_000,
        more in 0_i64..60_000,
        value in any::<bool>(),
    ) {
        let mut spec = table_spec();
        spec.behavior = behavior;
        if value {
            spec.metrics = vec![external(MetricTarget::value(30_000))];
        }
        let run = |load: i64| {
            let mut lab = Lab::new(spec.clone(), start);
            for step in &moves {
                lab.run(&[Sample::External(&[step.load_milli])]);
            }
            lab.run(&[Sample::External(&[load])])
        };
        prop_assert!(run(load) <= run(load + more));
    }

    /// Wild specs and readings never panic, and never leave the range of the API.
    #[test]
    fn nothing_panics(
        behavior in behavior(),
        items in proptest::collection::vec(any::<i64>(), 0..4),
        target in any::<i64>(),
        kind in 0_usize..4,
        spec_replicas in any::<u32>(),
        status_replicas in any::<u32>(),
        max in any::<u32>(),
        min in proptest::option::of(any::<u32>()),
        now in any::<u64>(),
        version in 0_usize..5,
    ) {
        let version = [
            KubernetesVersion::V1_33,
            KubernetesVersion::V1_34,
            KubernetesVersion::V1_35,
            KubernetesVersion::V1_36,
            KubernetesVersion::V1_37,
        ][version];
        let metric = [
            external(MetricTarget::average_value(target)),
            external(MetricTarget::value(target)),
            object(MetricTarget::average_value(target)),
            MetricSpec {
                source: MetricSource::Resource(ResourceName::Cpu),
                target: MetricTarget::average_utilization(target as i32),
            },
        ][kind].clone();
        let spec = HpaSpec {
            min_replicas: min,
            max_replicas: max,
            metrics: vec![metric],
            behavior,
        };
        let readings: Vec<PodReading> = items.iter().map(|value| PodReading {
            value: (value % 5 != 0).then_some(*value),
            request: (value % 7 != 0).then_some(*value),
            timestamp_ms: now,
            window_ms: now,
        }).collect();
        let pods: Vec<Pod> = items.iter().map(|value| Pod {
            phase: if value % 3 == 0 { Phase::Pending } else { Phase::Running },
            deleting: value % 11 == 0,
            started_ms: Some(now),
            ready: Some(ReadyCondition { status: ReadyStatus::True, since_ms: 0 }),
        }).collect();
        let sample = match kind {
            0 | 1 => Sample::External(&items),
            2 => Sample::Object(target),
            _ => Sample::Pods(&readings),
        };
        let mut controller = Controller::new(ControllerConfig::of(version));
        for _ in 0..3 {
            let outcome = controller.run(now, &spec, &Observation {
                scale: Some(Scale { spec_replicas, status_replicas }),
                selector: Selector::Valid,
                pods: Pods::Listed(&pods),
                metrics: &[sample],
                update_accepted: true,
            });
            let _ = controller.events(&spec, "default", &outcome);
            let _ = outcome.conditions.render(&spec, "default");
            let _ = validate(&spec, version.default_gates());
        }
    }
}
