//! What `kubectl describe nodes` prints, read.

use std::collections::BTreeMap;

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
