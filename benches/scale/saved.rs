//! Saved lists: how long `oppscale top --from` takes for a file, and how much memory beside its
//! size.

use serde_json::Value;

use super::generate::{Size, node, pod};
use super::measure::cost;

const RUNS: usize = 3;

/// One cluster, saved as kubectl saves it.
pub fn run(size: Size) {
    println!("(h) lists of {} nodes and {} pods, saved by kubectl", size.nodes, size.pods);
    let nodes = (0..size.nodes).map(node);
    let items = nodes.chain((0..size.pods).map(|number| pod(number, size.nodes)));
    let items: Vec<Value> = items.map(|item| serde_json::from_str(&item).unwrap()).collect();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        ("JSON, one line", list.to_string()),
        ("JSON of kubectl", serde_json::to_string_pretty(&list).unwrap()),
        ("YAML of kubectl", serde_saphyr::to_string(&list).unwrap()),
    ];
    for (what, text) in texts {
        let path = folder.path().join("list");
        std::fs::write(&path, &text).unwrap();
        let program = env!("CARGO_BIN_EXE_oppscale");
        let cost = cost(RUNS, program, &["top", "--from", path.to_str().unwrap()]);
        let mib = text.len() as f64 / f64::from(1 << 20);
        println!(
            "    {what:24} {mib:6.0} MiB  {:6.2} s  {:6.2} s CPU  {:6.0} MiB peak, {:.1} times the file",
            cost.wall.as_secs_f64(),
            cost.cpu.as_secs_f64(),
            cost.peak_mib,
            cost.peak_mib / mib
        );
    }
}
