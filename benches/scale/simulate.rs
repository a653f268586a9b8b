//! (e) How much faster than a cluster a simulated one runs.

use std::time::Instant;

use hpa_model::simulation::{BuiltInScenario, Configuration, simulate};

/// The demonstration is so short that it is run often.
const DEMONSTRATIONS: u32 = 50;

pub fn run() {
    for key in ["naive", "settles", "oppscale"] {
        print(BuiltInScenario::Blog, key, DEMONSTRATIONS);
    }
    // A day of 500 nodes and some 10,000 pods: the quiet loop and the one that never rests.
    for key in ["oppscale", "naive"] {
        print(BuiltInScenario::Day, key, 1);
    }
}

fn print(scenario: BuiltInScenario, key: &str, runs: u32) {
    let setup = Configuration::named(key).unwrap().apply(scenario.setup());
    let start = Instant::now();
    let mut last = None;
    for _ in 0..runs {
        last = Some(simulate(&setup).unwrap());
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(runs);
    let outcome = last.unwrap().outcome;
    println!(
        "(e) simulate {scenario} under {key}: {:.3} s; {:.0} HPA-seconds a second on one core \
         ({} events, {} pods created)",
        seconds,
        outcome.length_ms as f64 / 1000.0 / seconds,
        outcome.events,
        outcome.pods_created
    );
}
