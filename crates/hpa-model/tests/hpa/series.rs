//! Every recorded series: the same counts, each change within one sync period.

use super::support::scenario;
use hpa_model::Change;
use hpa_model::replay;

/// What "the same" means: equal counts, no change more than one sync period off.
fn assert_matches(name: &str, replayed: &[Change], recorded: &[Change]) {
    let counts = |changes: &[Change]| -> Vec<u32> {
        changes.iter().map(|change| change.spec_replicas).collect()
    };
    assert_eq!(counts(replayed), counts(recorded), "{name}: counts");
    for (ours, theirs) in replayed.iter().zip(recorded) {
        let apart = ours.at_ms.abs_diff(theirs.at_ms);
        assert!(apart <= 15_000, "{name}: {ours:?} but {theirs:?}");
    }
}

fn check(name: &str) {
    let series = scenario::parse(&scenario::file(&format!("{name}.json")));
    let recorded = scenario::recorded(&scenario::file(&format!("{name}.csv")));
    let replayed = replay(&series).expect("a valid scenario");
    assert_matches(name, &replayed, &recorded);
}

macro_rules! series {
    ($($test:ident $name:literal)*) => {
        $(#[test] fn $test() { check($name); })*

        /// A file that nobody replays proves nothing.
        #[test]
        fn no_series_is_forgotten() {
            let mut files: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
                .expect("the folder")
                .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
                .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
                .collect();
            files.sort();
            assert_eq!(files, [$($name),*]);
        }
    };
}

series! {
    avg_default "avg-default"
    avg_milli "avg-milli"
    avg_negative "avg-negative"
    avg_policies "avg-policies"
    avg_tolerance "avg-tolerance"
    avg_window0 "avg-window0"
    blog_avg_fixed "blog-avg-fixed"
    blog_closed "blog-closed"
    external_tolerance "external-tolerance"
    object_average "object-average"
    object_value "object-value"
    pods_average "pods-average"
    three_all_missing "three-all-missing"
    two_first_missing "two-first-missing"
    two_last_missing "two-last-missing"
    value_open "value-open"
}

/// Phase and drift of a recording are its own. With the measured drift there is, for each, a
/// phase that meets every change to the second, which is as fine as it was sampled.
#[test]
fn every_series_is_met_to_the_second_by_its_own_phase() {
    for (name, first_run_ms) in [
        ("avg-default", 13_700),
        ("avg-milli", 14_200),
        ("avg-negative", 14_200),
        ("avg-policies", 14_100),
        ("avg-tolerance", 14_100),
        ("avg-window0", 13_850),
        ("blog-avg-fixed", 14_800),
        ("blog-closed", 14_500),
        ("value-open", 14_700),
    ] {
        let recorded = scenario::recorded(&scenario::file(&format!("{name}.csv")));
        let mut series = scenario::parse(&scenario::file(&format!("{name}.json")));
        (series.first_run_ms, series.run_ms) = (first_run_ms, 35);
        let replayed = replay(&series).expect("a valid scenario");
        assert_matches(name, &replayed, &recorded);
        for (ours, theirs) in replayed.iter().zip(&recorded) {
            let apart = ours.at_ms.abs_diff(theirs.at_ms);
            assert!(apart <= 1_300, "{name}: {ours:?} but {theirs:?}");
        }
    }
}
