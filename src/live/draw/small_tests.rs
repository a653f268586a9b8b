//! Where there is little room, or much to put into it.

use insta::assert_snapshot;
use ratatui::crossterm::event::KeyCode;

use crate::live::testing::{Bench, setup};
use crate::terminal::Theme;

/// The heading of the table, after these keys.
fn heading(bench: &mut Bench, keys: &str) -> String {
    bench.type_in(keys);
    let screen = bench.screen(80, 24);
    screen.lines().find(|line| line.starts_with("NODE")).unwrap_or_default().to_owned()
}

/// The line above the table, and the last one.
fn around(bench: &mut Bench, width: u16, height: u16) -> String {
    let screen = bench.screen(width, height);
    let lines: Vec<_> = screen.lines().collect();
    let head = lines.iter().position(|line| line.starts_with("NODE")).unwrap();
    format!("{}\n{}", lines[head - 1], lines[lines.len() - 1])
}

#[test]
fn the_arrow_stands_by_its_own_heading_alone() {
    let mut bench = Bench::blog();
    let mut lines = String::new();
    for keys in ["r", "o", "a", "i", "s", "p", "t", "n", "r>"] {
        lines += &(heading(&mut bench, keys) + "\n");
    }
    bench.state.setup.theme = Theme { unicode: false, color: false };
    lines += &heading(&mut bench, "o");
    assert_snapshot!(lines, @"
    NODE       STATE     ALLOC OTHERS FILLER ↑REMAIN USE% CPU          SLOTS    PODS
    NODE       STATE    ALLOC ↓OTHERS  FILLER REMAIN USE% CPU          SLOTS    PODS
    NODE       STATE    ↓ALLOC OTHERS  FILLER REMAIN USE% CPU          SLOTS    PODS
    NODE       STATE     ALLOC OTHERS ↓FILLER REMAIN USE% CPU          SLOTS    PODS
    NODE       STATE     ALLOC OTHERS  FILLER REMAIN USE% CPU         ↓SLOTS    PODS
    NODE       STATE     ALLOC OTHERS  FILLER REMAIN USE% CPU          SLOTS   ↓PODS
    NODE       STATE↑    ALLOC OTHERS  FILLER REMAIN USE% CPU          SLOTS    PODS
    NODE↑      STATE     ALLOC OTHERS  FILLER REMAIN USE% CPU          SLOTS    PODS
    NODE       STATE     ALLOC OTHERS  FILLER REMAIN ↓USE CPU          SLOTS    PODS
    NODE       STATE    ALLOC >OTHERS  FILLER REMAIN USE% CPU          SLOTS    PODS
    ");
}

#[test]
fn a_long_filter_leaves_the_tabs_and_its_cursor_on_the_screen() {
    let mut bench = Bench::blog();
    bench.type_in(
        "/a filter that is much longer than any screen that anybody would look at here, so its end",
    );
    assert_snapshot!(around(&mut bench, 80, 24), @"
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs  /…t here, so its end (0/6)
    /…at is much longer than any screen that anybody would look at here, so its end
    ");
    assert_snapshot!(around(&mut bench, 40, 10), @"
     1 nodes 2 3 4 5  /…re, so its end (0/6)
    /…nybody would look at here, so its end
    ");
}

#[test]
fn what_is_hidden_is_told_in_as_many_words_as_there_is_room_for() {
    let mut bench = Bench::of("mixed-cluster", setup());
    let mut lines = String::new();
    for width in [80, 40, 30, 20] {
        lines += around(&mut bench, width, 12).lines().next().unwrap();
        lines += "\n";
    }
    assert_snapshot!(lines, @"
     1 nodes  2 namespaces  3 pools  4 workloads  5 HPAs      (9), 6 unusable hidden
     1 nodes 2 3 4 5  (9), 6 unusable hidden
     1 nodes         (9), 6 hidden
     1 nodes      (9), …
    ");
}

#[test]
fn help_scrolls_where_not_all_of_it_fits() {
    let mut bench = Bench::blog();
    bench.screen(40, 10);
    bench.type_in("?");
    assert_snapshot!(bench.screen(40, 10), @"
    ┌ keys ────────────────────────────────┐
    │ q, Ctrl-C     quit                   │
    │ arrows j k    choose a row; PgUp     │
    │               PgDn, g G Home End     │
    │ Enter         open what is chosen    │
    │ Esc           close, clear the       │
    │               filter, go back        │
    │ Tab 1 to 5    nodes, namespaces,     │
    │ lines 1 to 7 of 30; j k scroll       │
    └──────────────────────────────────────┘
    ");
    bench.type_in("jjk");
    bench.code(KeyCode::Down);
    assert!(bench.screen(40, 10).contains(" lines 3 to 9 of 30"), "{}", bench.screen(40, 10));
    for _ in 0..5 {
        bench.code(KeyCode::PageDown);
    }
    let screen = bench.screen(40, 10);
    assert!(screen.contains("close this") && screen.contains("lines 24 to 30 of 30"), "{screen}");
    bench.type_in("k");
    assert!(bench.screen(40, 10).contains(" lines 23 to 29 of 30"));
    bench.type_in("??");
    assert!(bench.screen(40, 10).contains(" lines 1 to 7 of 30"), "it begins anew");
    assert!(!bench.screen(80, 24).contains("j k scroll"), "all of it fits");
}

#[test]
fn names_of_hidden_nodes_take_no_room() {
    let mut bench = Bench::of("mixed-cluster", setup());
    let before = heading(&mut bench, "");
    bench.node(
        r#"{"metadata": {"name": "a-cordoned-node-with-a-name-that-is-very-long"},
            "spec": {"unschedulable": true}, "status": {
            "allocatable": {"cpu": "8", "pods": "10"},
            "conditions": [{"type": "Ready", "status": "True"}]}}"#,
    );
    assert_eq!(heading(&mut bench, ""), before);
    assert_ne!(heading(&mut bench, "u"), before);
}

#[test]
fn wide_shows_free_and_why_at_eighty_columns() {
    let mut bench = Bench::of("mixed-cluster", setup());
    bench.type_in("uw");
    let screen = bench.screen(80, 24);
    let table = screen.lines().skip_while(|line| !line.starts_with("NODE"));
    assert_snapshot!(table.collect::<Vec<_>>().join("\n"), @"
    NODE        STATE    OTHERS FILLER ↓REMAIN   FREE MEM-REMAIN SLOTS WHY
    big-0       Ready     48.55       0 142.94 142.94     1.46Ti   142
    gpu-1       Tainted    0.25       0  63.25  63.25      502Gi     0 taint nvidia…
    fake-00000  Ready         4      16     28     12     92.6Gi    28
    fake-00004  Ready         4      16     28     12     92.6Gi    28
    gpu-0       Tainted   36.25       0  27.25  27.25      310Gi     0 taint nvidia…
    fake-00002  Ready      5.25      15  26.75  11.75     91.7Gi    26
    fake-00003  Ready      6.25      15  25.75  10.75     94.6Gi    25
    fake-00001  Ready      9.25      14  22.75   8.75     91.6Gi    22
    fake-00005  Ready         4      14     20      6     92.6Gi    20
    draining-0  Draining   0.25       0  15.64  15.64     59.7Gi     0 draining: ta…
    karpenter-0 Draining   0.25       0   7.66   7.66     28.7Gi     0 draining: ta…
    hidden: GPU-FILLER, GPU-OTHERS, FPGA-FILLER, FPGA-OTHERS, MEM-FILLER, MEM-OTHER…
    q quit  ? help  Enter pods  / filter  f freeze  u unusable  w narrow  Tab view
    ");
}
