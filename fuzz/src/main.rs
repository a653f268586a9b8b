//! Runs fuzz targets without libFuzzer, with any toolchain: seeds from the test fixtures, mutated
//! blindly. An input that panics, or takes longer than two seconds, is kept.
//!
//! Usage: oppscale-fuzz TARGET|all SECONDS [SEED] | oppscale-fuzz TARGET FILE

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oppscale_fuzz::TARGETS;
use serde_json::{Value, json};

/// An input that takes longer is a finding.
const SLOW: Duration = Duration::from_secs(2);
/// The largest seed, bytes: of larger fixtures, parts are seeds.
const MAX_SEED: usize = 16 << 10;
/// What people and machines leave in files, and what parsers dislike.
const PIECES: [&str; 56] = [
    "\n",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\u{feff}",
    "é",
    "🙂",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "- ",
    "---\n",
    "...\n",
    "? ",
    "| ",
    "> ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "#",
    "null",
    "~",
    "true",
    "yes",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "-1",
    "1",
    "0x",
    "010",
    "1e9",
    "1e400",
    "1e-400",
    "0.1",
    "999999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "Ei",
    "m",
    "n",
    "Ki",
    "\\u0000",
    "\\ud800",
    "\"items\":",
    "\"kind\":\"List\"",
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let name = args.first().map_or("", String::as_str);
    let named: Vec<_> =
        TARGETS.iter().filter(|(known, _)| *known == name || name == "all").collect();
    if named.is_empty() {
        let known: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "usage: oppscale-fuzz TARGET|all SECONDS|FILE [SEED]; targets: {}",
            known.join(", ")
        );
        std::process::exit(2);
    }
    let what = args.get(1).map_or("10", String::as_str);
    let Ok(seconds) = what.parse() else {
        let input = std::fs::read(what).expect("the file");
        return named.iter().for_each(|(_, target)| target(&input));
    };
    let seed = args.get(2).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let length = Duration::from_secs(seconds);
    let findings: usize =
        named.iter().map(|(name, target)| run(name, *target, length, Random(seed))).sum();
    std::process::exit(i32::from(findings > 0));
}

/// Runs a target for so long. Returns how many findings there were.
fn run(name: &str, target: fn(&[u8]), length: Duration, mut random: Random) -> usize {
    let seeds = seeds(name);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    let (start, mut rounds, mut findings) = (Instant::now(), 0_u64, Vec::<String>::new());
    // A panic is a finding; its words are shown with it.
    std::panic::set_hook(Box::new(|_| {}));
    while start.elapsed() < length {
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..random.below(6) {
            mutate(&mut input, &seeds, &mut random);
        }
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        rounds += 1;
        let problem = match outcome {
            Err(panic) => words(&*panic),
            Ok(()) if began.elapsed() > SLOW => format!("took {:?}", began.elapsed()),
            Ok(()) => continue,
        };
        // The same words with other numbers are the same finding.
        let kind: String = problem.chars().filter(|c| !c.is_ascii_digit()).take(60).collect();
        if findings.contains(&kind) {
            continue;
        }
        let _ = std::fs::create_dir_all(&fixtures);
        let file = fixtures.join(format!("{name}-{}", findings.len()));
        let _ = std::fs::write(&file, &input);
        println!("{}: {problem}", file.display());
        findings.push(kind);
    }
    println!(
        "{name}: {rounds} inputs of {} seeds in {} s, {} findings",
        seeds.len(),
        start.elapsed().as_secs(),
        findings.len()
    );
    findings.len()
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// The fixtures that a target begins with.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = |folders: &[&str]| -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        folders.iter().for_each(|folder| add(&root.join(folder), &mut found));
        found.iter().filter_map(|path| std::fs::read(path).ok()).collect()
    };
    let clusters = || files(&["tests/fixtures/counting", "tests/fixtures/mixed-cluster"]);
    let mut seeds: Vec<Vec<u8>> = match name {
        "objects" => {
            let all = clusters().into_iter().filter_map(|bytes| serde_json::from_slice(&bytes).ok());
            all.flat_map(|list: Value| list["items"].as_array().cloned().unwrap_or_default())
                .map(|item| item.to_string().into_bytes())
                .collect()
        }
        "lists" => clusters(),
        "quantities" => {
            let text = "1 100m 1.5Gi 1e3 0.001 12E 3n 4u -5k +6M 7Ki .5 5. 1E+3 16Ei 9223372036854775807";
            text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
        }
        "selectors" => [
            "a=b,c!=d,e in (f,g),h notin (i),j,!k",
            "device.driver == 'gpu.example.com' && device.attributes['x'].model in ['a', \"b\"]",
            "device.capacity['x'].memory.compareTo(quantity('10Gi')) >= 0 || !has(device.attributes.a)",
            "cel.bind(a, device.attributes['x'], a.v.isGreaterThan(semver('1.2.3')) ? true : false)",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        "saved_lists" => files(&["tests/fixtures/counting", "tests/fixtures/saved-lists"]),
        "kubeconfigs" => vec![json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {
                "server": "https://u:p@[fd00::1]:6443/a?b#c", "proxy-url": "socks5://x:1",
                "tls-server-name": "x", "certificate-authority-data": "LS0tLS1CRUdJTg=="
            }}],
            "users": [{"name": "u", "user": {
                "token": "t", "tokenFile": "none", "as": "j", "as-groups": ["g"],
                "as-user-extra": {"k": ["v"]}, "client-key-data": "AAAA"
            }}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "n"}}]
        })
        .to_string()
        .into_bytes()],
        "histories" => vec![HISTORY.as_bytes().to_vec()],
        "watch_events" => {
            let mut seeds = files(&["tests/fixtures/mixed-cluster/nodes.watch.pb"]);
            seeds.push(WATCH.as_bytes().to_vec());
            seeds
        }
        "scenarios" => {
            let mut seeds = files(&["crates/hpa-model/tests/golden"]);
            let page = files(&["docs/simulate.md"]).concat();
            let page = String::from_utf8_lossy(&page).into_owned();
            let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
            seeds.extend(blocks.map(|block| block.as_bytes().to_vec()));
            seeds
        }
        _ => Vec::new(),
    };
    for seed in &mut seeds {
        seed.truncate(MAX_SEED * 4);
    }
    if seeds.len() > 1 {
        seeds.retain(|seed| seed.len() <= MAX_SEED);
    }
    assert!(!seeds.is_empty(), "no seeds for {name}");
    seeds
}

fn add(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        return found.push(path.to_owned());
    }
    let entries = std::fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().for_each(|path| add(path, found));
}

const HISTORY: &str = r#"{"history":{"version":1,"started":"2026-11-24T03:00:00Z","server":"https://x"}}
{"workload":{"replica":{"cpu":1000,"pods":1},"placement":{}}}
{"node":{"metadata":{"name":"a"},"status":{"allocatable":{"cpu":"8","memory":"8Gi","pods":"110"},"conditions":[{"type":"Ready","status":"True"}]}}}
{"host":[0,"a"]}
{"group":[0,"shop","Deployment","checkout"]}
{"footprint":[0,{"cpu":4000,"pods":1}]}
{"pod":["00000000000000000000000000000001",0,0,0,0]}
{"waiting":{"key":"=x","name":"w","group":0,"footprint":0,"own":0,"gated":false,"placement":{},"priority":5,"preempts":true,"created":"","nominatedNode":"a"}}
{"unknown":{"key":"=y","namespace":"n","name":"m","node":"a","problem":"p"}}
{"connection":{"nodes":["following",null],"pods":["reconnecting","why"]}}
{"t":0}
{"gone":"00000000000000000000000000000001"}
{"podsUnknown":"403"}
{"t":60000}
{"podsUnknown":null}
{"nodeGone":"a"}
{"unknownNode":["b","why"]}
{"t":180000}
"#;

const WATCH: &str = r#"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}}
{"object":{"metadata":{"name":"a","resourceVersion":"6"}},"type":"DELETED"}
{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}
{"type":"ERROR","object":{"kind":"Status","message":"too old","code":410}}
"#;

/// Changes an input: as a value, if it is JSON, or as bytes.
fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    if random.below(2) == 0
        && let Ok(mut value) = serde_json::from_slice::<Value>(input)
    {
        change(&mut value, random);
        *input = value.to_string().into_bytes();
        return;
    }
    let at = random.below(input.len() + 1);
    let end = (at + random.below(24)).min(input.len());
    match random.below(7) {
        0 => drop(input.drain(at..end)),
        1 => drop(input.splice(at..end, PIECES[random.below(PIECES.len())].bytes())),
        2 => drop(input.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
        3 => {
            let piece = input[at..end].to_vec();
            let to = random.below(input.len() + 1);
            drop(input.splice(to..to, piece));
        }
        4 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            let until = (from + random.below(200)).min(other.len());
            drop(input.splice(at..end, other[from..until].iter().copied()));
        }
        5 => input.truncate(at),
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

/// Changes one value somewhere in another.
fn change(value: &mut Value, random: &mut Random) {
    let count = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    // The deeper, the more there is.
    if count > 0 && random.below(8) > 0 {
        let at = random.below(count);
        match value {
            Value::Array(items) => {
                if random.below(12) == 0 {
                    let twin = items[at].clone();
                    return items.push(twin);
                }
                return change(&mut items[at], random);
            }
            Value::Object(members) => {
                let key = members.keys().nth(at).cloned().unwrap_or_default();
                if random.below(20) == 0 {
                    members.shift_remove(&key);
                } else if let Some(value) = members.get_mut(&key) {
                    change(value, random);
                }
                return;
            }
            _ => {}
        }
    }
    *value = match random.below(10) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(1e300),
        6 => json!(true),
        7 => json!("x".repeat(random.below(300))),
        8 => json!([value.clone(), value.clone()]),
        _ => PIECES[random.below(PIECES.len())].into(),
    };
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}
