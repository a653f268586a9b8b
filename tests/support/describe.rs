//! What `kubectl describe nodes` prints, read.

use std::collections::BTreeMap;

use oppscale_core::quantity::Quantity;
use serde_json::Value;

/// What `kubectl describe nodes` printed: requests of cpu and memory by node, and its pods.
pub fn described(text: &str) -> BTreeMap<String, (String, String, usize)> {
    let mut nodes = BTreeMap::new();
    let (mut name, mut pods, mut cpu) = (String::new(), 0, String::new());
    for line in text.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["Name:", node] => node.clone_into(&mut name),
            ["Non-terminated", "Pods:", count, ..] => {
                pods = count.trim_start_matches('(').parse().unwrap();
            }
            ["cpu", requests, ..] if line.contains('%') => requests.clone_into(&mut cpu),
            ["memory", requests, ..] if line.contains('%') => {
                nodes.insert(name.clone(), (cpu.clone(), requests.to_owned(), pods));
            }
            _ => {}
        }
    }
    nodes
}

/// Asserts that a node of `oppscale top -o json` has the sums that kubectl described.
pub fn assert_as_described(node: &Value, described: &BTreeMap<String, (String, String, usize)>) {
    let name = node["name"].as_str().unwrap();
    let (cpu, memory, pods) = &described[name];
    let sum = |resource: &str| {
        let of = &node["resources"][resource];
        of["others"].as_i64().unwrap() + of["opportunistic"].as_i64().unwrap()
    };
    let quantity = |text: &str| text.parse::<Quantity>().unwrap();
    assert_eq!(sum("cpu"), quantity(cpu).milli_value().value, "cpu of {name}");
    assert_eq!(sum("memory"), quantity(memory).value().value, "memory of {name}");
    assert_eq!(sum("pods"), i64::try_from(*pods).unwrap(), "pods of {name}");
}
