//! A replica that loses least of the nodes.

use oppscale_core::replica::{Replica, exact_text};
use oppscale_core::resources::{Amount, CPU, MEMORY, Resources};

use super::line::{Line, Subject};
use super::room::{Room, Rooms};

/// Shapes to try where a node has room for 8 cores, millicores. Smaller ones would lose less
/// and cost a pod sandbox, an image and a scheduling decision each.
const LARGE: [Amount; 5] = [1_000, 2_000, 4_000, 8_000, 16_000];
/// Shapes to try on small nodes, millicores.
const SMALL: [Amount; 5] = [250, 500, 1_000, 2_000, 4_000];
/// From which room on a node is large, millicores.
const LARGE_NODE: Amount = 8_000;
/// Memory is asked for in steps of this, bytes.
const STEP: Amount = 16 << 20;

/// The replica of which the nodes lose least cpu, at zero paid load and now together. Of equal
/// ones, the largest.
pub(super) fn choose(rooms: &Rooms, memory_per_core: Amount) -> (Replica, Line) {
    let cpu = |room: &Room| room.empty.get(CPU);
    let largest = rooms.nodes.iter().map(cpu).max().unwrap_or(0);
    let sizes = if largest >= LARGE_NODE { LARGE } else { SMALL };
    // No node is to run out of memory before it runs out of cpu.
    let lean = |room: &Room| room.empty.get(MEMORY) * 1000 / cpu(room).max(1);
    let leanest = rooms.nodes.iter().filter(|room| cpu(room) >= sizes[0]).map(lean).min();
    let per_core = memory_per_core.min(leanest.unwrap_or(memory_per_core));
    let total: Amount = rooms.nodes.iter().map(|room| cpu(room) + room.now.get(CPU)).sum();
    let tried = sizes.map(|cpu| {
        let memory = (per_core * cpu / 1000 / STEP * STEP).max(STEP);
        let footprint = Resources::default().with(CPU, cpu).with(MEMORY, memory);
        let replica = Replica::from_footprint(footprint);
        let filled = (rooms.slots(&replica) + rooms.slots_now(&replica)) * cpu;
        (total - filled, replica)
    });
    let share = |lost: Amount| {
        let tenths = lost * 1000 / total.max(1);
        format!("{}.{} %", tenths / 10, tenths % 10)
    };
    let words = |(lost, replica): &(Amount, Replica)| {
        format!("{} loses {}", exact_text(CPU, replica.footprint().get(CPU)), share(*lost))
    };
    let compared: Vec<_> = tried.iter().map(words).collect();
    let memory_words = match per_core < memory_per_core {
        true => "; memory is what the leanest node has for a core",
        false => "",
    };
    let why = format!(
        "loses least of the nodes' cpu, empty and now: {}{memory_words}",
        compared.join(", ")
    );
    // Where no node holds any, the smallest is what to compare the nodes with.
    let fits = |(_, replica): &(Amount, Replica)| rooms.slots(replica) > 0;
    let smallest = tried.first().cloned();
    // The first of equal ones is kept, so the largest comes first.
    let best = tried.into_iter().rev().filter(fits).min_by_key(|(lost, _)| *lost).or(smallest);
    let replica = best.map(|(_, replica)| replica).unwrap_or_default();
    let line = Line::new(Subject::Replica, "requests", &replica, why);
    (replica, line)
}
