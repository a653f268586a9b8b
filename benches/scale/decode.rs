//! (a) Lean decode and fold against the decode of k8s-openapi's `Pod`.

use std::time::Instant;

use k8s_openapi::List;
use k8s_openapi::api::core::v1::Pod;
use oppscale_cluster::SnapshotBuilder;
use oppscale_core::ownership::Ownership;

use super::{generate, measure};

/// As many pods as the API server puts on 8 pages.
const PODS: usize = 4_000;
const RUNS: usize = 7;

pub fn run() {
    let page = page(PODS);
    let megabytes = page.len() as f64 / 1e6;
    println!(
        "(a) decode of {PODS} pods, {megabytes:.1} MB ({:.1} KB a pod)",
        megabytes * 1e3 / PODS as f64
    );
    let full = best(|| full(&page));
    let lean = best(|| lean(&page));
    println!("    k8s-openapi Pod          {:7.1} ms  {:6.0} MB/s", full * 1e3, megabytes / full);
    println!("    lean decode + fold       {:7.1} ms  {:6.0} MB/s", lean * 1e3, megabytes / lean);
    let this = std::env::current_exe().unwrap();
    let peak = |how: &str| {
        measure::cost(1, this.to_str().unwrap(), &["child-decode", how, &PODS.to_string()]).peak_mib
    };
    let (input, full_peak, lean_peak) = (peak("none"), peak("full"), peak("lean"));
    println!(
        "    peak memory              {full_peak:.0} MiB and {lean_peak:.0} MiB, the text itself {input:.0} MiB"
    );
    println!("    ratio of time            {:.1} times less", full / lean);
    println!(
        "    ratio of peak memory     {:.1} times less, {:.1} times without the text",
        full_peak / lean_peak,
        (full_peak - input) / (lean_peak - input).max(0.1)
    );
}

/// Decodes in a process of its own, for its peak memory.
pub fn child(how: &str, pods: usize) {
    let page = page(pods);
    match how {
        "full" => full(&page),
        "lean" => lean(&page),
        _ => {}
    }
}

fn page(pods: usize) -> String {
    // Made in place, so that the peak is the text's and not that of its making.
    let mut page = String::with_capacity(pods * 12_000);
    page.push_str(r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":["#);
    for number in 0..pods {
        if number > 0 {
            page.push(',');
        }
        page.push_str(&generate::pod(number, 130));
    }
    page.push_str("]}");
    page
}

fn full(page: &str) {
    let list: List<Pod> = serde_json::from_str(page).unwrap();
    assert_eq!(std::hint::black_box(list).items.len() % 2, 0);
}

fn lean(page: &str) {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    builder.pod_page(page.as_bytes()).unwrap();
    assert!(std::hint::black_box(builder).pods() > 0);
}

fn best(work: impl Fn()) -> f64 {
    (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::MAX, f64::min)
}
