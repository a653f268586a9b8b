//! Capacity over time, stacked: paid work below, opportunistic work on it, and the line of
//! what there is.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::markup::{cores, seconds};
use crate::serve::history::{Cpu, Sample};
use oppscale_core::resources::Amount;

const WIDTH: Amount = 720;
const HEIGHT: Amount = 200;
/// The chart grows with the first samples up to this; before, it would be a sliver.
const SHORTEST: Duration = Duration::from_secs(60);

/// The chart as SVG, with its axes in words below and above it. It ends with what is now.
pub(super) fn chart(samples: &[Sample], now: Instant, cpu: Option<Cpu>) -> String {
    let mut known: Vec<(Amount, Option<Cpu>)> =
        samples.iter().map(|s| (millis(now.saturating_duration_since(s.at)), s.cpu)).collect();
    if !known.is_empty() {
        known.push((0, cpu));
    }
    let Some((first, _)) = known.first() else {
        return "<p class=\"dim\">Samples are taken every 5 s; none yet.</p>".to_owned();
    };
    let span = (*first).max(millis(SHORTEST));
    let top = known
        .iter()
        .filter_map(|(_, cpu)| cpu.as_ref())
        .map(|cpu| cpu.allocatable.max(cpu.paid + cpu.opportunistic));
    // A little air above the line.
    let top = top.max().unwrap_or(0).max(1) * 21 / 20;
    let x = |age: Amount| WIDTH - age * WIDTH / span;
    let y = |amount: Amount| HEIGHT - amount.max(0) * HEIGHT / top;
    let mut shapes = String::new();
    for run in known.split(|(_, cpu)| cpu.is_none()) {
        let run: Vec<(Amount, Cpu)> =
            run.iter().filter_map(|(age, cpu)| Some((x(*age), (*cpu)?))).collect();
        if run.is_empty() {
            continue;
        }
        let paid = |cpu: &Cpu| y(cpu.paid);
        let both = |cpu: &Cpu| y(cpu.paid + cpu.opportunistic);
        area(&mut shapes, "paid", &run, paid, |_| HEIGHT);
        area(&mut shapes, "own", &run, both, paid);
        let _ = write!(shapes, "<polyline class=\"all\" points=\"");
        for (x, cpu) in &run {
            let _ = write!(shapes, "{x},{} ", y(cpu.allocatable));
        }
        shapes.push_str("\"/>");
    }
    let last = known.iter().rev().find_map(|(_, cpu)| *cpu);
    let label = last.map_or("Not heard".to_owned(), |cpu| {
        format!(
            "Now {} of {} cores are taken by paid work, {} by opportunistic work",
            cores(cpu.paid),
            cores(cpu.allocatable),
            cores(cpu.opportunistic)
        )
    });
    let highest = cores(top * 20 / 21);
    let since = seconds(Duration::from_millis(u64::try_from(span).unwrap_or(0)));
    format!(
        "<p class=\"axis\"><span>{highest} cores</span></p>\
         <svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{label}\"><title>{label}</title>{shapes}</svg>\
         <p class=\"axis\"><span>{since} ago</span><span>now</span></p>"
    )
}

fn area(
    shapes: &mut String,
    class: &str,
    run: &[(Amount, Cpu)],
    upper: impl Fn(&Cpu) -> Amount,
    lower: impl Fn(&Cpu) -> Amount,
) {
    let _ = write!(shapes, "<polygon class=\"{class}\" points=\"");
    for (x, cpu) in run {
        let _ = write!(shapes, "{x},{} ", upper(cpu));
    }
    for (x, cpu) in run.iter().rev() {
        let _ = write!(shapes, "{x},{} ", lower(cpu));
    }
    shapes.push_str("\"/>");
}

fn millis(span: Duration) -> Amount {
    Amount::try_from(span.as_millis()).unwrap_or(Amount::MAX)
}
