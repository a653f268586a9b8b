//! (h) What a frame of the live screen takes on a large cluster: to measure, on a thread of
//! its own; to sort and filter the rows; to draw them; and from a key to the frame.

use std::time::{Duration, Instant};

use oppscale::live::{Measurement, Setup, State, draw, handle_key};
use oppscale::palette::{ColorDepth, Palette, ThemeChoice};
use oppscale::terminal::Theme;
use oppscale_cluster::follow::{Health, Phase, WatchStatus};
use oppscale_cluster::{Snapshot, SnapshotBuilder};
use oppscale_core::view::By;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::generate::{self, Size};

/// Enough for a median.
const RUNS: usize = 21;

pub fn run(size: Size) {
    let snapshot = snapshot(size);
    println!("(h) a frame of {} nodes and {} pods, medians of {RUNS}", size.nodes, size.pods);
    println!(
        "    {:<12}{:>10}{:>10}{:>10}{:>16}",
        "view", "measure", "sort", "draw", "key to frame"
    );
    for (name, by) in [
        ("nodes", By::Node),
        ("namespaces", By::Namespace),
        ("pools", By::Pool(None)),
        ("workloads", By::Workload),
    ] {
        view(name, by, &snapshot);
    }
}

fn view(name: &str, by: By, snapshot: &Snapshot) {
    let now = Instant::now();
    let feed = || WatchStatus { phase: Phase::Following, fresh_at: Some(now), restarts: 0 };
    let health = Health { nodes: feed(), pods: feed(), version: None };
    let mut state = State::new(setup(by), now);
    let area = Rect::new(0, 0, 120, 40);
    let mut buf = Buffer::empty(area);
    let [mut measuring, mut sorting, mut drawing, mut answering] = [const { Vec::new() }; 4];
    for run in 0..RUNS {
        let asked = state.asked();
        let (time, measured) = timed(|| Measurement::of(snapshot, &health, &asked));
        measuring.push(time);
        sorting.push(timed(|| state.take(measured)).0);
        drawing.push(timed(|| draw(&state, area, &mut buf)).0);
        // Sorting by name and by what others have is the most that a key asks for.
        let letter = if run % 2 == 0 { 'n' } else { 'o' };
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
        answering.push(
            timed(|| {
                handle_key(&mut state, key);
                draw(&state, area, &mut buf);
            })
            .0,
        );
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        format!("{:.2} ms", times[times.len() / 2].as_secs_f64() * 1e3)
    };
    let [a, b, c, d] = [measuring, sorting, drawing, answering].map(median);
    println!("    {name:<12}{a:>10}{b:>10}{c:>10}{d:>16}");
}

fn timed<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn snapshot(size: Size) -> Snapshot {
    let mut builder = SnapshotBuilder::default();
    (0..size.nodes).for_each(|number| builder.raw_node(generate::node(number).as_str()));
    (0..size.pods).for_each(|number| builder.raw_pod(generate::pod(number, size.nodes).as_str()));
    builder.finish()
}

fn setup(by: By) -> Setup {
    Setup {
        theme: Theme {
            unicode: true,
            palette: Some(Palette::of(ThemeChoice::Auto, ColorDepth::Rgb)),
        },
        context: "bench".to_owned(),
        namespace: "default".to_owned(),
        by,
        has_cluster: true,
        max_staleness: Duration::from_secs(40),
        ..Setup::default()
    }
}
