//! What the fuzz targets do with an input. None may panic, hang or take memory without a bound;
//! some hold a property besides.

use std::time::Duration;

use hpa_model::simulation::simulate;
use oppscale::scenario::{self, SourceFile};
use oppscale_cluster::documents;
use oppscale_cluster::history::Player;
use oppscale_cluster::yaml::DuplicateKeys;
use oppscale_cluster::{
    EncodedObject, Encoding, ListReader, SavedFiles, SnapshotBuilder, fuzzing, read_saved,
};
use oppscale_core::devices::selector::DeviceSelector;
use oppscale_core::headroom::{self, Query};
use oppscale_core::kinds;
use oppscale_core::ledger::Ledger;
use oppscale_core::quantity::Quantity;
use oppscale_core::selector::Selector;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 9] = [
    ("objects", objects),
    ("lists", lists),
    ("quantities", quantities),
    ("selectors", selectors),
    ("saved_lists", saved_lists),
    ("kubeconfigs", kubeconfigs),
    ("histories", histories),
    ("watch_events", watch_events),
    ("scenarios", scenarios),
];

/// Nodes and pods, as JSON and as protobuf: they are counted, or named.
pub fn objects(bytes: &[u8]) {
    let mut builder = SnapshotBuilder::default();
    builder.raw_node(EncodedObject::Protobuf(bytes));
    builder.raw_pod(EncodedObject::Protobuf(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        // One a line: each is taken for either kind.
        for line in text.lines() {
            builder.raw_node(line);
            builder.raw_pod(line);
        }
    }
    measure(&builder.finish().ledger);
}

/// Lists of pods, as they come over the wire, in pieces.
pub fn lists(bytes: &[u8]) {
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        for size in [7, 4096] {
            let mut builder = SnapshotBuilder::default();
            let mut reader = ListReader::new(encoding, &kinds::POD);
            let mut is_whole = true;
            for piece in bytes.chunks(size) {
                match reader.push(piece) {
                    Ok(items) => items.into_iter().for_each(|item| builder.raw_pod(item)),
                    Err(_) => is_whole = false,
                }
                if !is_whole {
                    break;
                }
            }
            if is_whole && let Ok((items, _)) = reader.finish() {
                items.into_iter().for_each(|item| builder.raw_pod(item));
            }
            measure(&builder.finish().ledger);
        }
    }
}

/// Quantities: what is written of one is the same one.
pub fn quantities(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for word in text.split_ascii_whitespace() {
        let Ok(quantity) = word.parse::<Quantity>() else { continue };
        let _ = (quantity.value(), quantity.milli_value(), quantity.is_negative());
        if !quantity.is_saturated() {
            let written = quantity.to_string();
            let again: Quantity = written.parse().unwrap_or_else(|e| panic!("{written}: {e}"));
            assert_eq!(again, quantity, "{word} as {written}");
        }
    }
}

/// Label selectors, and CEL selectors of devices.
pub fn selectors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines() {
        if let Ok(selector) = Selector::parse(line) {
            let _ = selector.matches(&Default::default());
        }
        let _ = DeviceSelector::parse(line);
    }
}

/// Saved lists of any format, counted; and the same as plain JSON, if they are one document.
pub fn saved_lists(bytes: &[u8]) {
    let directory = tempfile::tempdir_in(memory()).expect("a directory");
    let load = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        let files = SavedFiles::load(&[path.display().to_string()]).ok()?;
        let (snapshot, _) = read_saved(&files, None, "default").ok()?;
        let ledger = snapshot.ledger;
        measure(&ledger);
        Some((ledger.records().count(), ledger.bound().count(), ledger.waiting().count()))
    };
    let counted = load("list", bytes);
    let Ok(text) = documents::decode(bytes.to_vec()) else { return };
    let _ = documents::line_of(&text, 0, &["items", "0", "metadata"]);
    // An object of a JSON list that has a key twice is named and not counted; as a value it has the
    // last of both.
    let Ok(values) = documents::values(&text, DuplicateKeys::Refuse) else { return };
    if let ([value], Some(counted)) = (&values[..], counted) {
        let again = load("json", value.to_string().as_bytes());
        assert_eq!(again, Some(counted), "as it stands, and as plain JSON");
    }
}

/// Kubeconfigs, up to a connection that is not made.
pub fn kubeconfigs(bytes: &[u8]) {
    fuzzing::read_kubeconfig(bytes);
}

/// Capacity histories: played to the end, and sought back.
pub fn histories(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new_in(memory()).expect("a file");
    std::fs::write(file.path(), bytes).expect("a file");
    let Ok(mut player) = Player::open(file.path()) else { return };
    for _ in 0..100 {
        let Some(next) = player.next_at() else { break };
        if player.advance(next).is_err() {
            return;
        }
        player.cluster_state().read(|snapshot, _| measure(&snapshot.ledger));
    }
    let _ = player.seek(Duration::ZERO);
    let _ = scenario::from_history(file.path(), None);
}

/// Watches as they come over the wire, in pieces.
pub fn watch_events(bytes: &[u8]) {
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        for size in [5, 4096] {
            fuzzing::read_watch(encoding, bytes.chunks(size));
        }
    }
}

/// Scenarios, simulated for a minute if they are small, and series.
pub fn scenarios(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let document = SourceFile::new("fuzz", text);
    if let Ok(mut setup) = scenario::setup(&document)
        && setup.check().is_ok()
        && setup.nodes.iter().map(|pool| pool.count).sum::<u32>() < 50
    {
        setup.end_ms = setup.end_ms.min(60_000);
        setup.sample_ms = setup.sample_ms.max(1_000);
        let _ = simulate(&setup);
    }
    if let Ok(mut series) = scenario::series(&document) {
        series.end_ms = series.end_ms.min(series.sync_period_ms.saturating_mul(100));
        let _ = hpa_model::replay(&series);
    }
}

fn measure(ledger: &Ledger) {
    let _ = headroom::measure(ledger, &Query::default());
}

/// Where files cost no disk.
fn memory() -> &'static str {
    if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "." }
}
