//! Every output of `oppscale top` shows the figures of the registry, and nothing else.

use std::time::{Duration, Instant};

use oppscale::live::{Measurement, Setup, State, draw};
use oppscale::terminal::Theme;
use oppscale_cluster::follow::{Health, Phase, WatchStatus};
use oppscale_cluster::{Request, SavedFiles, Snapshot, read_saved_as};
use oppscale_core::figures::{self, Choice, Column, Context, FIGURES, Figure, Format, Kind, Value};
use oppscale_core::headroom::{self, Query};
use oppscale_core::view::{self, By, Row};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::artefacts::pin;
use crate::support::bin::TestEnv;
use crate::support::fixture;

const POOL_FREE: &str = "pool-free/nodes-pods.kubectl.json";
const MIXED: &str = "mixed-cluster/nodes-pods.kubectl.json";

fn top(name: &str, args: &[&str]) -> String {
    let file = fixture(name);
    let from = ["top", "-q", "--show-unusable", "--from", file.to_str().unwrap()];
    TestEnv::new().run(from.iter().chain(args)).stdout
}

fn snapshot(name: &str) -> Snapshot {
    let path = fixture(name).display().to_string();
    let request = Request { limits: true, ..Request::default() };
    read_saved_as(&SavedFiles::load(&[path]).unwrap(), &request).unwrap().0
}

/// The rows of a cluster, and its totals where a table has them.
fn rows(snapshot: &Snapshot, by: &By) -> (Vec<Row>, Vec<Row>) {
    let query = Query { reserve: "30".parse().unwrap(), ..Query::default() };
    let headroom = headroom::measure(&snapshot.ledger, &query);
    let is_counted = |node: &str| headroom.nodes.iter().any(|known| known.name == node);
    let rows = match by {
        By::Node => view::by_node(&headroom),
        By::Pool(_) => view::by_pool(&headroom, Some("pool")),
        By::Namespace => view::by_namespace(snapshot.ledger.bound(), is_counted),
        By::Workload => view::by_workload(snapshot.ledger.bound(), is_counted),
        By::Pod | By::Container | By::Filler => unreachable!(),
    };
    let totals = if by.row_kind().is_of_nodes() { view::totals(&headroom).into() } else { vec![] };
    (rows, totals)
}

/// The cells of a row in a table.
fn cells(row: &Row, by: &By, format: Format, resources: &[String]) -> Vec<String> {
    let choice = Choice::default();
    let columns = figures::columns(&[by.row_kind()], format, &choice, resources.iter());
    let cell = |column: Column<'_>| {
        let (figure, resource) = (column.figure, column.resource.unwrap_or(""));
        let value = figure.of(row, &Context { resource, ..Context::default() });
        let is_total = row.row_kind != by.row_kind();
        match figure.id {
            "name" => row.title(),
            _ if is_total && value == Value::Absent && resource.is_empty() => String::new(),
            _ => figure.kind.text(&value, resource, format == Format::Wide).into_owned(),
        }
    };
    columns.into_iter().map(cell).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn every_output_shows_what_the_registry_computes() {
    let resources = ["cpu", "memory", "nvidia.com/gpu"].map(str::to_owned);
    for (by, name) in [
        (By::Node, "node"),
        (By::Pool(Some("pool".to_owned())), "pool=pool"),
        (By::Namespace, "namespace"),
        (By::Workload, "workload"),
    ] {
        let args = |output| {
            let names = "cpu,memory,nvidia.com/gpu";
            ["--by", name, "--resource", names, "--reserve", "30", "-o", output]
        };
        let (rows, totals) = rows(&snapshot(MIXED), &by);
        for (format, output) in [(Format::Table, "table"), (Format::Wide, "wide")] {
            let text = top(MIXED, &args(output));
            let split = |line: &str| -> Vec<String> {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .map(String::from)
                    .collect()
            };
            let shown: Vec<_> = text.lines().map(split).collect();
            for row in rows.iter().chain(&totals) {
                let expected = cells(row, &by, format, &resources);
                assert!(shown.contains(&expected), "{expected:?} is not in\n{text}");
            }
        }
        let json: serde_json::Value = serde_json::from_str(&top(MIXED, &args("json"))).unwrap();
        let yaml: serde_json::Value = serde_saphyr::from_str(&top(MIXED, &args("yaml"))).unwrap();
        assert_eq!(yaml, json);
        let csv = top(MIXED, &args("csv"));
        let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let lines: Vec<_> = lines.collect();
        for (row, resource) in rows.iter().flat_map(|row| resources.iter().map(move |r| (row, r))) {
            let field = format!("{}s", name.split('=').next().unwrap());
            let is_row = |json: &&serde_json::Value| {
                let names = ["namespace", "kind", "name"].map(|id| json[id].as_str().unwrap_or(""));
                names == <[&str; 3]>::from(row.names())
            };
            let json = json[&field].as_array().unwrap().iter().find(is_row).unwrap();
            let at = |id: &str| header.iter().position(|name| *name == id);
            let is_line = |line: &&Vec<&str>| {
                let text = |id| at(id).map_or("", |at| line[at]);
                (text("namespace"), text("kind"), text("name")) == row.names()
            };
            let line = lines.iter().find(is_line).unwrap();
            for figure in figures::shown(&[row.row_kind], Format::Data, &Choice::default()) {
                if figure.kind == Kind::Amount {
                    let value = figure.of(row, &Context { resource, ..Context::default() });
                    let number = value.number().map(|number| number as i64);
                    assert_eq!(json["resources"][resource][figure.id].as_i64(), number);
                    let unit = ["_millicores", "_bytes", ""]
                        [resources.iter().position(|r| r == resource).unwrap()];
                    let cell = line[at(&format!("{resource}_{}{unit}", figure.id)).unwrap()];
                    assert_eq!(cell.parse().ok(), number, "{} of {}", figure.id, row.name);
                }
            }
        }
        for (row, total) in totals.iter().zip(["usable", "all"]) {
            for figure in FIGURES
                .iter()
                .filter(|f| f.kind == Kind::Amount && f.formats.contains(&Format::Data))
            {
                let value = figure.of(row, &Context { resource: "cpu", ..Context::default() });
                let json = &json["totals"][total]["resources"]["cpu"][figure.id];
                assert_eq!(
                    json.as_i64(),
                    value.number().map(|n| n as i64),
                    "{total} {}",
                    figure.id
                );
            }
        }
    }
}

/// The live screen of a cluster, as wide as it likes to be.
fn screen(snapshot: &Snapshot, by: &By, resources: &[String]) -> String {
    let start = Instant::now();
    let feed = || WatchStatus { phase: Phase::Following, fresh_at: Some(start), restarts: 0 };
    let health = Health { nodes: feed(), pods: feed(), version: None };
    let setup = Setup {
        theme: Theme { unicode: true, palette: None },
        reserve: "30".parse().unwrap(),
        namespace: "default".to_owned(),
        by: by.clone(),
        resources: resources.to_vec(),
        show_unusable: true,
        has_cluster: true,
        max_staleness: Duration::from_secs(40),
        ..Setup::default()
    };
    let mut state = State::new(setup, start);
    let measured = Measurement::of(snapshot, &health, &state.asked());
    state.take(measured);
    let area = Rect::new(0, 0, 300, 80);
    let mut buffer = Buffer::empty(area);
    draw(&state, area, &mut buffer);
    let line = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..area.height).map(line).collect::<Vec<_>>().join(" \n")
}

#[test]
fn the_live_screen_shows_what_the_registry_computes() {
    let (snapshot, resources) = (snapshot(MIXED), ["cpu".to_owned()]);
    for by in [By::Node, By::Pool(Some("pool".to_owned())), By::Namespace, By::Workload] {
        let (rows, totals) = rows(&snapshot, &by);
        let text = screen(&snapshot, &by, &resources);
        let is_bar =
            |word: &&str| word.contains(['█', '▒', '·', '▏', '▎', '▍', '▌', '▋', '▊', '▉']);
        let words = |line: &str| -> Vec<String> {
            line.split_whitespace().filter(|w| !is_bar(w)).map(str::to_owned).collect()
        };
        let lines: Vec<_> = text.lines().map(words).collect();
        let (_, cluster) = self::rows(&snapshot, &By::Node);
        for row in &rows {
            let context =
                Context { resource: "cpu", cluster: cluster[0].allocatable.as_ref(), now: 0 };
            let expected: Vec<String> =
                figures::shown(&[row.row_kind], Format::Live, &Choice::default())
                    .filter(|figure| figure.kind != Kind::Bar)
                    .map(|figure| match figure.id {
                        "name" => row.title(),
                        _ => figure.kind.text(&figure.of(row, &context), "cpu", false).into_owned(),
                    })
                    .collect();
            let is_line = |line: &Vec<String>| {
                // A bar that is unknown, or hardly begun, is one more word.
                let mut rest = line.iter();
                expected.iter().all(|word| rest.any(|other| other == word))
            };
            assert!(lines.iter().any(is_line), "{expected:?} is not in\n{text}");
        }
        for (id, before) in [
            ("others", "█ paid "),
            ("opportunistic", "▒ filler "),
            ("free", "· free "),
            ("remaining", "remaining "),
        ] {
            let Some(total) = totals.first() else { continue };
            let figure = figures::find(id).unwrap();
            let value = figure.of(total, &Context { resource: "cpu", ..Context::default() });
            let expected = format!("{before}{} ", figure.kind.text(&value, "cpu", false));
            assert!(text.contains(&expected), "{expected} is not in\n{text}");
        }
    }
}

/// REMAINING and FREE are sums over the same nodes: those that are usable.
#[test]
fn a_cordoned_node_has_no_part_in_what_is_free() {
    let by = ["--by", "pool", "-o", "wide", "--resource", "cpu"];
    insta::assert_snapshot!(top(POOL_FREE, &by), @"
    POOL             NODES  ALLOCATABLE  OTHERS  OPPORTUNISTIC  LIMITS  REMAINING  FREE  SLOTS   PODS
    a                  1/2           20       4              9       0          6     6      6  2/220
    usable (1 node)                  10       4              0       0          6     6      6  1/110
    all (2 nodes)                    20       4              9       0          -     -      6  2/220

    6 replicas of cpu=1 fit (no node has room for one more); 0 opportunistic pods are on these nodes
    ");
    let json = top(POOL_FREE, &["--by", "pool", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    for row in [&json["pools"][0], &json["totals"]["usable"]] {
        let cpu = &row["resources"]["cpu"];
        assert_eq!((&cpu["remaining"], &cpu["free"]), (&6000.into(), &6000.into()), "{row}");
    }
    assert!(json["totals"]["all"]["resources"]["cpu"]["free"].is_null());
}

#[test]
fn the_figures_of_json_are_documented() {
    let path = fixture("../../docs/json.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- figures -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /figures -->").unwrap();
    let mut table = "\n| field | rows | is |\n|---|---|---|\n".to_owned();
    let is_data = |f: &&Figure| {
        [Format::Data, Format::Usage, Format::Limits].iter().any(|one| f.formats.contains(one))
    };
    for figure in FIGURES.iter().filter(is_data) {
        let by = [By::Node, By::Pool(None), By::Namespace, By::Workload, By::Filler];
        let names = ["nodes", "pools", "namespaces", "workloads", "fillers"];
        let rows: Vec<_> = by
            .iter()
            .zip(names)
            .filter(|(by, _)| figure.rows.contains(&by.row_kind()))
            .map(|(_, name)| name)
            .collect();
        let rows = match rows.len() {
            5 => "all".to_owned(),
            4 if !rows.contains(&"fillers") => "all but fillers".to_owned(),
            _ => rows.join(", "),
        };
        let field = if figure.is_of_resource() {
            format!("resources.R.{}", figure.id)
        } else {
            figure.id.to_owned()
        };
        table += &format!("| `{field}` | {rows} | {} |\n", figure.meaning);
    }
    pin("docs/json.md", &format!("{before}<!-- figures -->\n{table}\n<!-- /figures -->{after}"));
}
