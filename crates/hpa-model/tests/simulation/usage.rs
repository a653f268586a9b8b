//! The usage basis: what fillers burn, and what paid pods lose by it.

use hpa_model::simulation::{Configuration, Load, Scenario, Setup, simulate};

/// The article's cluster under oppscale's HPA; paid pods use so much of their requests.
fn setup(paid: Option<Load>) -> Setup {
    let mut setup = Scenario::Blog.setup();
    if let Some(paid) = paid {
        setup.on_usage_basis(None, paid);
    }
    Configuration::named("oppscale").unwrap().apply(setup)
}

#[test]
fn idle_cpu_is_burnt_and_paid_pods_lose_nothing_that_they_use() {
    let by_requests = simulate(&setup(None)).unwrap().outcome;
    let quarter = setup(Some(Load::constant(250)));
    let by_usage = simulate(&quarter).unwrap().outcome;
    // Ready replicas burn a core each, and request 10m.
    let ready = by_usage.harvested_milli_core_hours * 100;
    let burnt = by_usage.burnt_milli_core_hours;
    assert!(burnt * 100 >= ready * 95, "{by_usage:?}");
    assert!(by_usage.idle_used_milli_percent > 70_000, "{by_usage:?}");
    assert_eq!(by_usage.paid_lost_milli_core_seconds, 0, "{by_usage:?}");
    assert!(by_usage.idle_used_milli_percent <= 100_000, "{by_usage:?}");
    assert_eq!(by_requests.burnt_milli_core_hours, 0);
    // Equal seeds give equal runs.
    assert_eq!(simulate(&quarter).unwrap().outcome, by_usage);
}

#[test]
fn usage_that_rises_to_requests_leaves_what_the_requests_basis_has() {
    let half_ms = 3_000_000;
    let paid = Load::default().step(0, 250).step(half_ms, 1000);
    let run = simulate(&setup(Some(paid))).unwrap();
    let desired =
        |at_ms: u64| run.samples.iter().rfind(|s| s.at_ms <= at_ms).map_or(0, |s| s.filler_desired);
    assert!(desired(half_ms + 60_000) < desired(half_ms), "{:?}", run.rescales);
    // By weight fillers of 10m get one part in a hundred of what paid pods want.
    let all = 184_000 * (run.outcome.length_ms / 1000);
    let lost = run.outcome.paid_lost_milli_core_seconds;
    assert!(lost * 50 < all, "{lost} of {all}");
}

#[test]
fn a_replica_that_burns_nothing_is_refused() {
    let mut setup = setup(Some(Load::constant(250)));
    setup.usage.as_mut().unwrap().burn_milli = 0;
    assert!(simulate(&setup).is_err());
}
