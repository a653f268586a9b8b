//! Mutated saved lists: nothing panics, and no pod goes without a word.
//!
//! The mutations are random but seeded, so a failure comes again. `OPPSCALE_FUZZ=N` tries N times
//! as many.

use std::io::Write;
use std::path::Path;

use oppscale_cluster::{SavedFiles, Snapshot, read_saved};
use serde_json::{Value, json};

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

fn rounds(usual: usize) -> usize {
    let times = std::env::var("OPPSCALE_FUZZ").ok().and_then(|times| times.parse().ok());
    usual * times.unwrap_or(1)
}

fn read(directory: &Path, files: &[&[u8]]) -> anyhow::Result<Snapshot> {
    let mut paths = Vec::new();
    for (at, bytes) in files.iter().enumerate() {
        let path = directory.join(format!("{at}.json"));
        std::fs::write(&path, bytes).unwrap();
        paths.push(path.to_str().unwrap().to_owned());
    }
    let files = SavedFiles::load(&paths)?;
    Ok(read_saved(&files, None, "default")?.0)
}

fn node() -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node", "uid": "0"},
        "status": {"allocatable": {"cpu": "8k", "memory": "1Ti", "pods": "1000"},
            "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn pod(number: usize, uid: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("p{number}"), "namespace": format!("ns{}", number % 3), "uid": uid},
        "spec": {"nodeName": "node", "containers": [
            {"name": "c", "resources": {"requests": {"cpu": "1"}}}]},
        "status": {"phase": "Running"}})
}

/// What became of the pods of a snapshot: counted, or named.
fn accounted(snapshot: &Snapshot) -> usize {
    let pods = snapshot.ledger.bound().count() + snapshot.ledger.waiting().count();
    let unknown = snapshot.ledger.unknown().count();
    let foreign = snapshot.notes.iter().filter_map(|note| {
        let (count, rest) = note.split_once(" Pod")?;
        rest.contains("not counted").then(|| count.parse::<usize>().ok()).flatten()
    });
    pods + unknown + snapshot.invalid_objects.len() + foreign.sum::<usize>()
}

/// Changes the items at random; each stays one pod, counted or named.
fn mutated(random: &mut Random, pods: &mut [Value]) {
    for pod in pods {
        match random.below(14) {
            0 => *pod = Value::Null,
            1 => *pod = json!(random.below(9)),
            2 => *pod = json!({}),
            3 => drop(pod.as_object_mut().unwrap().remove("kind")),
            4 => drop(pod.as_object_mut().unwrap().remove("apiVersion")),
            5 => pod["apiVersion"] = json!("acme.example/v1"),
            6 => pod["spec"] = json!("none"),
            7 => pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("1x"),
            8 => pod["spec"]["containers"] = json!([]),
            9 => pod["kind"] = Value::Null,
            10 => pod["spec"]
                .as_object_mut()
                .unwrap()
                .remove("nodeName")
                .map(drop)
                .unwrap_or_default(),
            _ => {}
        }
    }
}

/// Writes the objects in a form that people have.
fn written(random: &mut Random, pods: &[Value]) -> Vec<u8> {
    let mut all = vec![node()];
    all.extend_from_slice(pods);
    let text = match random.below(7) {
        0 => json!({"kind": "List", "items": all}).to_string(),
        1 => format!("{:#}", json!({"apiVersion": "v1", "kind": "List", "items": all})),
        2 => json!(all).to_string(),
        3 => {
            let typed = json!({"kind": "PodList", "apiVersion": "v1", "items": pods});
            format!("{}\n{typed}", node())
        }
        4 => {
            let inner = json!({"kind": "List", "items": pods});
            json!({"kind": "List", "items": [node(), inner]}).to_string()
        }
        5 => serde_yaml::to_string(&json!({"kind": "List", "items": all})).unwrap(),
        _ => serde_yaml::to_string(&all).unwrap(),
    };
    match random.below(4) {
        0 => {
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
        }
        1 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap()
        }
        2 => text.replace('\n', "\r\n").into_bytes(),
        _ => text.into_bytes(),
    }
}

#[test]
fn every_pod_is_counted_or_named() {
    let home = tempfile::tempdir().unwrap();
    for seed in 1..=rounds(400) {
        let mut random = Random(seed as u64);
        let is_redacted = random.below(4) == 0;
        let count = 1 + random.below(20);
        let uid = |number: usize| if is_redacted { "X".to_owned() } else { format!("u{number}") };
        let mut pods: Vec<_> = (0..count).map(|number| pod(number, &uid(number))).collect();
        mutated(&mut random, &mut pods);
        let bytes = written(&mut random, &pods);
        let snapshot =
            read(home.path(), &[&bytes]).unwrap_or_else(|error| panic!("{seed}: {error:#}"));
        assert_eq!(accounted(&snapshot), count, "seed {seed}: {snapshot:?}");
        assert_eq!(snapshot.ledger.records().count(), 1, "seed {seed}");
    }
}

/// The fixtures of the binary's tests, broken at random.
#[test]
fn no_bytes_make_it_panic() {
    let fixtures =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/saved-lists"));
    let mut texts: Vec<Vec<u8>> = std::fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    texts.sort();
    assert!(texts.len() > 10);
    let home = tempfile::tempdir().unwrap();
    let words: [&[u8]; 16] = [
        b"\n---\n",
        b"<<: *a",
        b"&a ",
        b"*a",
        b"- ",
        b"items:\n",
        b"\"",
        b"'",
        b"{",
        b"}",
        b"[",
        b"]",
        b"|\n",
        b"\xff\xfe",
        b"null",
        b"\n==== START logs for container a of pod b/c ====\n",
    ];
    for seed in 1..=rounds(600) {
        let mut random = Random(seed as u64);
        let mut bytes = random.one_of(&texts).clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            let end = (at + random.below(60)).min(bytes.len());
            match random.below(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, random.one_of(&words).iter().copied())),
                3 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (seed % 8)),
            }
        }
        // Whatever comes of it, in words or in figures.
        let _ = read(home.path(), &[&bytes]);
    }
}

/// However a list is cut, it is refused, or lacks no more than what is named.
#[test]
fn no_beginning_of_a_list_passes_for_all_of_it() {
    let home = tempfile::tempdir().unwrap();
    let items = [node(), pod(0, "a"), pod(1, "b")];
    let text = json!({"apiVersion": "v1", "items": items, "kind": "List"}).to_string();
    for end in 1..text.len() {
        assert!(read(home.path(), &[&text.as_bytes()[..end]]).is_err(), "{}", &text[..end]);
    }
    assert_eq!(accounted(&read(home.path(), &[text.as_bytes()]).unwrap()), 2);
    let yaml = serde_yaml::to_string(&json!({"apiVersion": "v1", "items": items, "kind": "List"}))
        .unwrap();
    let end = yaml.find("kind: List").unwrap();
    for cut in 1..=end {
        // kubectl writes the kind behind the items: without it the list is none.
        let cut = read(home.path(), &[&yaml.as_bytes()[..cut]]);
        assert!(
            cut.is_err() || cut.unwrap().notes.iter().any(|note| note.contains("without a kind"))
        );
    }
}
