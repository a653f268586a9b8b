//! (a) Lean decode and fold against the decode of k8s-openapi's `Pod`.

use std::time::Instant;

use k8s_openapi::List;
use k8s_openapi::api::core::v1::Pod;
use oppscale_cluster::{Encoding, ListReader, SnapshotBuilder};
use oppscale_core::kinds;
use oppscale_core::ownership::Ownership;

use super::{generate, measure, protobuf};

/// As many pods as the API server puts on 8 pages.
const PODS: usize = 4_000;
const RUNS: usize = 7;

pub fn run() {
    let (page, binary) = (page(PODS), binary(PODS));
    println!(
        "(a) decode of {PODS} pods: {:.1} MB of JSON, {:.1} MB of protobuf",
        page.len() as f64 / 1e6,
        binary.len() as f64 / 1e6,
    );
    let line = |what: &str, bytes: usize, seconds: f64| {
        let rate = bytes as f64 / 1e6 / seconds;
        println!("    {what:30} {:7.1} ms  {rate:6.0} MB/s", seconds * 1e3);
    };
    let full = best(|| full(&page));
    let json = best(|| lean(Encoding::Json, page.as_bytes()));
    let protobuf = best(|| lean(Encoding::Protobuf, &binary));
    line("JSON to k8s-openapi's Pod", page.len(), full);
    line("JSON, lean decode and count", page.len(), json);
    line("protobuf, lean decode and count", binary.len(), protobuf);
    let this = std::env::current_exe().unwrap();
    let peak = |how: &str| {
        measure::cost(1, this.to_str().unwrap(), &["child-decode", how, &PODS.to_string()]).peak_mib
    };
    println!(
        "    peak memory: k8s-openapi {:.0} MiB, JSON {:.0}, protobuf {:.0}; the input {:.0} and {:.0}",
        peak("full"),
        peak("json"),
        peak("protobuf"),
        peak("none"),
        peak("none-protobuf"),
    );
    println!("    ratio of time: {:.1} and {:.1} times less", full / json, full / protobuf);
}

/// Decodes in a process of its own, for its peak memory.
pub fn child(how: &str, pods: usize) {
    match how {
        "full" => full(&page(pods)),
        "json" => lean(Encoding::Json, page(pods).as_bytes()),
        "protobuf" => lean(Encoding::Protobuf, &binary(pods)),
        "none-protobuf" => drop(std::hint::black_box(binary(pods))),
        _ => drop(std::hint::black_box(page(pods))),
    }
}

/// A page in protobuf, made pod by pod for its peak.
fn binary(pods: usize) -> Vec<u8> {
    let mut list = Vec::new();
    for number in 0..pods {
        let mut pod: serde_json::Value = serde_json::from_str(&generate::pod(number, 130)).unwrap();
        pod["kind"] = "Pod".into();
        pod["apiVersion"] = "v1".into();
        protobuf::item(&mut list, &pod).unwrap();
    }
    protobuf::envelope("PodList", &list)
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

/// As it comes over the network: in pieces.
fn lean(encoding: Encoding, body: &[u8]) {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    let mut reader = ListReader::new(encoding, &kinds::POD);
    for piece in body.chunks(64 << 10) {
        reader.push(piece).unwrap().iter().for_each(|item| builder.raw_pod(*item));
    }
    reader.finish().unwrap().0.iter().for_each(|item| builder.raw_pod(*item));
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
